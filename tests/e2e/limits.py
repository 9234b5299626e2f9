"""Every limit: who passes it is told or shut out, and nobody else notices."""

import socket

from harness import (DELTA, DURABLE, ERROR, HELLO, PRESENCE, WELCOME, Client, Closed, Refused, Server, Socket, Typist,
                     main, pack, until)


def answers_others(server):
    """Another client types, and is heard."""
    typist = Typist(server, "another")
    typist.type("a")
    typist.wait(DURABLE)
    typist.close()


def closed_with(client):
    try:
        while True:
            client.next()
    except Closed as e:
        return e.args[0]


def check_connections(folder):
    with Server(folder, "--open", "--max-connections", "3") as server:
        there = [Client(server) for _ in range(3)]
        for client in there:
            client.join("x")
        try:
            Client(server).hello("x")
            raise AssertionError("there is room for a fourth")
        except (Closed, Refused, OSError):
            pass
        there.pop().close()
        until(lambda: room(server), "there is room again")
        for client in there:
            client.close()


def room(server):
    try:
        Client(server).join("x")
        return True
    except (Closed, Refused, OSError):
        return False


def check_nothing_said_for_too_long(folder):
    with Server(folder, "--open", "--handshake-ms", "300") as server:
        silent = socket.create_connection(("127.0.0.1", server.port), 20)
        half = socket.create_connection(("127.0.0.1", server.port), 20)
        half.sendall(b"GET /sync HTTP/1.1\r\nHost: x\r\n")
        mute = Socket(server)
        assert mute_code(mute) == 4408
        assert silent.recv(1) == b""
        assert b"101" not in half.recv(4096)
        answers_others(server)


def mute_code(connection):
    try:
        connection.receive_frame()
        return closed_with(connection) if hasattr(connection, "next") else mute_code(connection)
    except Closed as e:
        return e.args[0]


def check_trickling_connections_keep_nobody_out(folder):
    with Server(folder, "--open", "--max-connections", "1500", "--handshake-ms", "60000") as server:
        crowd = [socket.create_connection(("127.0.0.1", server.port), 20) for _ in range(1000)]
        for one in crowd:
            one.sendall(b"GET /sy")
        answers_others(server)
        for one in crowd:
            one.sendall(b"nc HT")
        answers_others(server)
        for one in crowd:
            one.close()


def check_a_frame_too_long(folder):
    with Server(folder, "--open", "--max-frame", "4096") as server:
        client = Client(server)
        client.join("x")
        client.send_frame(bytes(4097))
        assert closed_with(client) == 1009
        answers_others(server)


def check_text_is_no_frame(folder):
    with Server(folder, "--open") as server:
        client = Client(server)
        client.send_frame(b"hello", 1)
        assert closed_with(client) == 1003


def check_malformed_messages_close_the_connection(folder):
    frames = [b"\xc1", b"\x90", b"\x91\x02", b"\x00", b"\x92\x02\x01", b"\xdd\xff\xff\xff\xff", b"\x93\x00\xc0\x01",
              pack([HELLO, 0]), pack([99, 0]), pack([WELCOME, 1]),
              pack([HELLO, 1, 1, 1, "x", None, 0, 0, 0, b"not a version", "", 0])]
    with Server(folder, "--open") as server:
        for frame in frames:
            client = Client(server)
            client.send_frame(frame)
            assert client.error() in (4400, 4426), frame
            client.close()
        client = Client(server)
        client.send(HELLO, 1, 9, 8, "x", None, 0, 0, 0, b"", "", 0)
        assert client.error() == 4426
        for line in server.log("refused"):
            assert line["code"] // 100 == 44, line
        answers_others(server)


def check_names_of_documents(folder):
    with Server(folder, "--open") as server:
        for bad in ("", "a/b", "ä", ".", "..", "a b", "x" * 129, "a\n", "a\0"):
            client = Client(server)
            assert client.hello(bad)[:3:2] == [ERROR, 4404], bad
            client.close()
        for good in ("x" * 128, "A-Z.a_9", "..."):
            client = Client(server)
            client.join(good)
            client.close()


def check_text_of_a_document(folder):
    with Server(folder, "--open", "--max-text", "10") as server:
        typist = Typist(server, "x")
        for _ in range(11):
            typist.type("a")
        assert typist.error() == 4413
        until(lambda: server.get("/docs/x")[2] == "a" * 10, "ten are there")
        answers_others(server)


def check_operations_that_came_too_early(folder):
    with Server(folder, "--open", "--max-parked", "1024") as server:
        typist = Typist(server, "x")
        typist.type("a")
        typist.wait(0)
        typist.typed += b"-"  # which is never sent
        for _ in range(200):
            typist.type("b" * 64)
        assert typist.error() == 4413
        assert server.get("/docs/x")[2] == "a"
        answers_others(server)


def check_presence(folder):
    with Server(folder, "--open", "--max-presence", "8") as server:
        client, other = Client(server), Client(server)
        client.join("x")
        other.join("x")
        client.send(PRESENCE, 1, 0, b"12345678", "")
        assert other.expect(PRESENCE)[3] == b"12345678"
        client.send(PRESENCE, 1, 0, b"123456789", "")
        assert client.error() == 4413


def check_rate(folder):
    with Server(folder, "--open", "--max-rate", "1024") as server:
        client = Client(server)
        client.join("x")
        code = None
        try:
            for _ in range(200):
                client.send(PRESENCE, 1, 0, bytes(500), "")
            code = client.error()
        except Closed as e:
            code = e.args[0]
        assert code in (4429, 1006), code
        assert [line["code"] for line in server.log("refused")] == [4429], server.log("refused")
        answers_others(server)


def check_documents_that_are_open(folder):
    with Server(folder, "--open", "--max-documents", "2", "--unload-ms", "50") as server:
        clients = [Client(server) for _ in range(3)]
        clients[0].join("a")
        clients[1].join("b")
        assert clients[2].hello("c")[0] == ERROR
        clients[0].close()
        again = lambda: Client(server).hello("c")[0] == WELCOME  # noqa: E731
        until(again, "one of them is unloaded")


def check_a_peer_that_does_not_read(folder):
    with Server(folder, "--open", "--max-queue", "16K", "--max-rate", "1G", "--heartbeat-ms", "60000") as server:
        stalled = Client(server, room=4096)
        stalled.join("x")
        typist = Typist(server, "x")
        for n in range(40000):
            typist.type("a" * (64 if n else 1))
            if n % 500 == 0:
                typist.wait(0)
        typist.wait(DURABLE)
        figures = server.metrics()
        assert figures["sennit_queued_bytes"] < 2 * 16384 and figures["sennit_catchups_total"] > 0, figures
        assert server.get("/docs/x")[2] == "a" * len(typist.typed)


main(globals())
