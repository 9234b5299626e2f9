"""What the server answers over HTTP."""

import signal
import threading
import time

from harness import DURABLE, Client, Closed, Refused, Server, Socket, Typist, main, until

OPEN = "--open"


def write(server, document, text):
    typist = Typist(server, document)
    for character in text:
        typist.type(character)
    typist.wait(DURABLE)
    return typist


def in_background(call):
    """Start a request; its answer is in the list that is returned, once it is there."""
    answers = []
    thread = threading.Thread(target=lambda: answers.append(call()))
    thread.start()
    return answers, thread


def check_health(folder):
    with Server(folder, OPEN) as server:
        assert server.get("/healthz")[::2] == (200, "ok\n")
        assert server.get("/readyz")[::2] == (200, "ready\n")
        status, headers, text = server.get("/")
        assert status == 200 and (text.startswith("sennitd: ") or headers["Content-Type"].startswith("text/html"))


def check_unknown_paths_and_methods(folder):
    with Server(folder, OPEN) as server:
        for path in ("/nothing", "/docs", "/docs/", "/docs/a/b", "/docs/a%20b", "/docs/%00", "/docs/%c3%a4",
                     "/docs/" + "x" * 129, "/healthz/"):
            assert server.get(path)[0] == 404, path
        assert server.get("/docs/" + "x" * 128)[0] == 404
        for method in ("POST", "PUT", "DELETE", "OPTIONS", "PATCH"):
            assert server.get("/healthz", method)[0] == 405, method


def check_a_document_and_its_tag(folder):
    with Server(folder, OPEN) as server:
        assert server.get("/docs/x")[0] == 404
        typist = write(server, "x", "one")
        status, headers, text = server.get("/docs/x")
        assert (status, text) == (200, "one")
        assert headers["Content-Type"] == "text/plain; charset=utf-8"
        assert headers["Cache-Control"] == "no-store" and headers["X-Content-Type-Options"] == "nosniff"
        tag = headers["ETag"]
        assert server.get("/docs/x", "HEAD")[::2] == (200, "")
        for ask in (tag, "*", '"other", ' + tag, "W/" + tag):
            status, headers, text = server.get("/docs/x", If_None_Match=ask)
            assert (status, text, headers["ETag"]) == (304, "", tag), ask
            assert headers["Cache-Control"] == "no-store"
        assert server.get("/docs/x", If_None_Match='"other"')[0] == 200
        typist.type("!")
        typist.wait(DURABLE)
        status, headers, text = server.get("/docs/x", If_None_Match=tag)
        assert (status, text) == (200, "one!") and headers["ETag"] != tag


def check_min_waits_for_a_version(folder):
    with Server(folder, OPEN) as server:
        typist = write(server, "x", "one")
        _, headers, _ = server.get("/docs/x")
        here = headers["ETag"]
        for ask in (here, here.strip('"'), ""):
            assert server.get("/docs/x?min=" + ask)[::2] == (200, "one"), ask
        assert server.get("/docs/x?other=1&min=" + here)[0] == 200
        later = (typist.replica.to_bytes(8, "little") + bytes([4])).hex()
        answers, thread = in_background(lambda: server.get("/docs/x?min=" + later))
        until(lambda: server.metrics()["sennit_connections"] == 1, "the typist is there")
        assert not answers
        typist.type("!")
        thread.join(30)
        assert answers and answers[0][::2] == (200, "one!"), answers


def check_min_that_does_not_come_is_too_early(folder):
    with Server(folder, OPEN, "--wait-ms", "200") as server:
        typist = write(server, "x", "one")
        later = (typist.replica.to_bytes(8, "little") + bytes([9])).hex()
        start = time.monotonic()
        status, headers, _ = server.get("/docs/x?min=" + later)
        assert (status, headers["Retry-After"]) == (425, "1")
        assert headers["Cache-Control"] == "no-store"
        assert 0.15 < time.monotonic() - start < 30
        typist.close()
        for bad in ("xyz", "0", "00", "0000000000000000", "g0", here_and_there()):
            assert server.get("/docs/x?min=" + bad)[0] == 400, bad


def here_and_there():
    """Two entries in the wrong order."""
    return (b"\2" + bytes(7) + b"\1" + b"\1" + bytes(7) + b"\1").hex()


def check_who_waits_is_answered_when_the_server_stops(folder):
    with Server(folder, OPEN, "--wait-ms", "60000") as server:
        typist = write(server, "x", "one")
        later = (typist.replica.to_bytes(8, "little") + bytes([9])).hex()
        typist.close()
        answers, thread = in_background(lambda: server.get("/docs/x?min=" + later))
        until(lambda: server.metrics()['sennit_http_requests_total{status="2xx"}'] > 3, "it was asked")
        assert server.stop() == 0
        thread.join(30)
        assert answers and answers[0][0] in (425, 503), answers


def check_the_name_of_the_server(folder):
    with Server(folder, OPEN, "--origin", "http://notes.example", "--origin", "https://proxied.example") as server:
        write(server, "x", "secret")
        assert server.get("/docs/x", Host="evil.example")[0] == 421
        assert server.get("/metrics", Host="evil.example")[0] == 421
        assert server.get("/docs/x", Host="localhost:%d" % server.port)[0] == 200
        assert server.get("/docs/x", Host="notes.example")[0] == 200
        assert server.get("/docs/x", Host="proxied.example")[0] == 200


def check_origins(folder):
    with Server(folder, OPEN, "--origin", "https://notes.example") as server:
        for good in ("https://notes.example", "http://localhost:%d" % server.port, "http://" + server.address):
            Socket(server, Origin=good).close()
        for bad in ("https://notes.example.org", "http://notes.example", "https://notes.example:443", "null",
                    "http://localhost:%d" % (server.port ^ 1), "http://localhost"):
            try:
                Socket(server, Origin=bad)
                raise AssertionError("a page of %s connects" % bad)
            except (Refused, Closed) as e:
                assert e.args[0] in (403, 1006), e
        assert server.metrics()["sennit_origins_refused_total"] == 6
        assert [line["origin"] for line in server.log("refused")][-1] == "http://localhost"


def check_it_is_not_ready_while_it_stops(folder):
    with Server(folder, OPEN) as server:
        client = Client(server)
        client.join("x")
        server.process.send_signal(signal.SIGTERM)
        assert client.error() in (4503, 1001)
        client.close()
        assert server.process.wait(30) == 0


main(globals())
