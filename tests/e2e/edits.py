"""Reading the past and editing over HTTP: GET /docs/ID?at=, POST /docs/ID/edits."""

import json
import os
import signal

from harness import DURABLE, SENNIT, Client, Server, Typist, main, run

JSON = "application/json"
ROOT = ""  # the version of nothing


def post(server, document, at, edits, more="", **headers):
    headers.setdefault("Content_Type", JSON)
    body = edits if isinstance(edits, bytes) else json.dumps(edits).encode()
    at = "" if at is None else "at=" + at
    return server.get("/docs/%s/edits?%s%s" % (document, at, more), "POST", body, **headers)


def good(answer):
    status, headers, text = answer
    assert status == 200, answer
    assert headers["ETag"] == '"%s"' % json.loads(text)["version"], answer
    return headers["ETag"]


def check_an_edit_of_what_was_read(folder):
    with Server(folder, "--open") as server:
        first = good(post(server, "x", ROOT, [{"at": 0, "insert": "one two three"}]))
        second = good(post(server, "x", first, [{"at": 4, "delete": 3, "insert": "2"}]))
        # Somebody who has seen the first only, and edits what the second changed.
        third = good(post(server, "x", first.strip('"'), [{"at": 0, "delete": 3, "insert": "1"},
                                                          {"at": 13, "insert": "!"}, {"at": 5, "delete": 1}]))
        assert server.get("/docs/x")[2] == "1 2 three!"
        for version, text in ((first, "one two three"), (second, "one 2 three"), (third, "1 2 three!"), (ROOT, "")):
            status, headers, got = server.get("/docs/x?at=" + version)
            assert (status, got) == (200, text), (version, got)
            assert headers["ETag"].strip('"') == version.strip('"')
            assert server.get("/docs/x?at=" + version, If_None_Match=headers["ETag"])[0] == 304
            assert server.get("/docs/x?at=" + version, "HEAD")[::2] == (200, "")
        assert good(post(server, "x", third, [])) == third


def check_places_count_what_is_asked_for(folder):
    with Server(folder, "--open") as server:
        version = good(post(server, "x", ROOT, [{"at": 0, "insert": "\U0001f642\u00e9x"}]))
        for more, at in (("", 2), ("&unit=codepoints", 2), ("&unit=utf16", 3), ("&unit=bytes", 6)):
            good(post(server, "x", version, [{"at": at, "insert": "."}], more))
        assert server.get("/docs/x")[2] == "\U0001f642\u00e9....x"
        assert post(server, "x", version, [{"at": 1, "insert": "."}], "&unit=bytes")[0] == 422
        assert post(server, "x", version, [{"at": 1, "insert": "."}], "&unit=utf16")[0] == 422
        for unit in ("", "lines", "byte", "codepointsx"):
            assert post(server, "x", version, [], "&unit=" + unit)[0] == 400, unit


def check_edits_go_round_and_are_kept(folder):
    with Server(folder, "--open") as server:
        typist = Typist(server, "x")
        for character in "hello":
            typist.type(character)
        typist.wait(DURABLE)
        other = Client(server)
        other.join("x")
        version = server.get("/docs/x")[1]["ETag"]
        good(post(server, "x", version, [{"at": 5, "insert": ", world"}]))
        assert server.stop(signal.SIGKILL) == -signal.SIGKILL  # 200 means that it is durable
    with Server(folder, "--open") as server:
        assert server.get("/docs/x")[2] == "hello, world"
        # It has another replica now; both may edit the same text.
        good(post(server, "x", server.get("/docs/x")[1]["ETag"], [{"at": 0, "delete": 1, "insert": "H"}]))
        assert server.get("/docs/x?at=" + version)[2] == "hello"
        assert server.get("/docs/x")[2] == "Hello, world"


def check_slow_storage_is_said(folder):
    with Server(folder, "--open", "--group-ms", "3000", "--wait-ms", "100") as server:
        status, headers, text = post(server, "x", ROOT, [{"at": 0, "insert": "a"}])
        assert status in (200, 202) and json.loads(text)["version"], (status, text)
        status, headers, text = post(server, "x", headers["ETag"], [{"at": 1, "insert": "b"}])
        assert status == 202, (status, text)
        assert server.get("/docs/x")[2] == "ab"


def check_bad_edits_change_nothing(folder):
    with Server(folder, "--open") as server:
        version = good(post(server, "x", ROOT, [{"at": 0, "insert": "text"}]))
        elsewhere = good(post(server, "y", ROOT, [{"at": 0, "insert": "text"}]))
        for body in (b"", b"[", b"{}", b"[1]", b'"x"', b"[{}]", b'[{"at": -1}]', b'[{"at": 1.5}]', b'[{"at": "1"}]',
                     b'[{"at": 0, "insert": 1}]', b'[{"at": 0, "insert": "\xff"}]', b'[{"at": 0, "insert": "\\ud800"}]',
                     b'[{"at": 0, "at": 0}]', b'[{"at": 0, "remove": 1}]', b'[{"at": 99999999999}]', b"[" * 100000):
            status, _, text = post(server, "x", version, body)
            assert status == 400 and text, (body[:40], status, text)
        for at in (None, "x", "0", "zz", "~", "~00", version + "00", '"' + version):
            assert post(server, "x", at, [{"at": 0, "insert": "x"}])[0] == 400, at
        for edit in ({"at": 5}, {"at": 4, "delete": 1}, {"at": 0, "delete": 4294967295}):
            assert post(server, "x", version, [{"at": 0, "insert": "x"}, edit])[0] == 422, edit
        for at in (elsewhere, "~" + "00" * 16):
            assert post(server, "x", at, [{"at": 0, "insert": "x"}])[0] == 409, at
        assert post(server, "x", version, [{"at": 0}] * 101)[0] == 413
        assert post(server, "x", version, b"[" + b" " * (1 << 20) + b"]")[0] == 413
        assert post(server, "x", version, [], Content_Type="text/plain")[0] == 415
        assert post(server, "x", version, [], Origin="http://elsewhere.example")[0] == 403
        assert post(server, "x", version, [], Host="elsewhere.example")[0] == 421
        assert server.get("/docs/x")[2] == "text"
        assert server.get("/docs/x?at=" + elsewhere)[0] == 404
        assert server.get("/docs/x?at=0g")[0] == 400
        assert server.get("/docs/nobody?at=" + version)[0] == 404
        assert post(server, "a/b", version, [])[0] == 405 and post(server, "", version, [])[0] == 405


def check_a_document_does_not_grow_past_its_limit(folder):
    with Server(folder, "--open", "--max-text", "10") as server:
        version = good(post(server, "x", ROOT, [{"at": 0, "insert": "0123456789"}]))
        assert post(server, "x", version, [{"at": 0, "delete": 1, "insert": "x"}])[0] == 413
        assert server.get("/docs/x")[2] == "0123456789"


def check_many_writers_have_a_brief_tag(folder):
    with Server(folder, "--open") as server:
        for i in range(60):
            typist = Typist(server, "x")
            typist.type("x")
            typist.wait(DURABLE)
            typist.close()
        tag = server.get("/docs/x")[1]["ETag"]
        assert tag.startswith('"~'), tag
        status, headers, text = post(server, "x", tag, [{"at": 0, "insert": "!"}])
        assert status == 200 and headers["ETag"].startswith('"~')
        assert server.get("/docs/x")[2] == "!" + 60 * "x"
        assert post(server, "x", tag, [{"at": 0, "insert": "!"}])[0] == 409  # it is not now any more
        version = json.loads(text)["version"]
        good_again = post(server, "x", version, [{"at": 61, "insert": "."}])
        assert good_again[0] == 200 and server.get("/docs/x")[2] == "!" + 60 * "x" + "."
        assert server.get("/docs/x?at=" + version)[2] == "!" + 60 * "x"
        assert server.get("/docs/x?at=" + tag)[0] == 404


def check_only_editors_edit(folder):
    keys = os.path.join(folder, "keys")
    assert run(SENNIT, "token", "keygen", keys)[0] == 0

    def token(permission):
        code, out, err = run(SENNIT, "token", "make", "--key", keys + ".secret", "--doc", "x", "--user", "ada",
                             "--permission", permission)
        assert code == 0, err
        return out.strip()

    with Server(folder, "--token-key", keys + ".public") as server:
        def ask(document, *permission):
            headers = {"Authorization": "Bearer " + token(*permission)} if permission else {}
            return post(server, document, ROOT, [{"at": 0, "insert": "x"}], **headers)[0]
        assert ask("x") == 401
        for permission in ("view", "comment"):
            assert ask("x", permission) == 403, permission
        assert ask("y", "edit") == 403
        assert ask("x", "edit") == 200 and ask("x", "admin") == 200


main(globals())
