"""Clients of other releases: older ones, later ones, and what a later one might send."""

import secrets
import struct

from harness import (ACK, DELTA, DURABLE, ERROR, HELLO, PING, PONG, PRESENCE, WANT, WELCOME, Client, Closed, Server,
                     Typist, main, pack)
from decode import Document
from encode import varint

MALFORMED, NO_COMMON_VERSION = 4400, 4426
LATER = 90  # a type that no version knows yet


def seeded(server, text="kept", document="doc"):
    """A document with a text, and who typed it, still there."""
    typist = Typist(server, document)
    for character in text:
        typist.type(character)
    typist.wait(DURABLE)
    return typist


def text_of(server, document="doc"):
    return server.get("/docs/" + document)[2]


def goes_on(typist, server, what="!"):
    """Its connection is well: it types, and that is durable and shown."""
    typist.type(what)
    typist.wait(DURABLE)
    assert text_of(server, typist.document) == typist.typed.decode()


def hear(client, document, text):
    """Take what comes until the document reads like that."""
    while document.text() != text.encode():
        for delta in client.expect(DELTA)[3:]:
            document.apply(delta)


def close_code(client):
    try:
        while True:
            message = client.next()
            assert message[0] != ERROR, "an error of a channel, where the connection is to close: %s" % message
    except Closed as e:
        return e.args[0]


def check_the_oldest_version_alone_is_spoken(folder):
    with Server(folder, "--open") as server:
        typist = seeded(server)
        old = Client(server)
        answer = old.hello("doc", newest=1, oldest=1)
        assert answer[0] == WELCOME and answer[2] == 1, answer
        document = Document()
        hear(old, document, "kept")
        goes_on(typist, server)
        hear(old, document, "kept!")


def check_of_several_versions_the_common_one_is_chosen(folder):
    with Server(folder, "--open") as server:
        typist = seeded(server)
        for newest, oldest in ((2, 1), (90, 0), (1, 0), (2 ** 64 - 1, 1)):
            answer = Client(server).hello("doc", newest=newest, oldest=oldest)
            assert answer[0] == WELCOME and answer[2] == 1, (newest, oldest, answer)
        goes_on(typist, server)


def check_no_common_version_is_refused_and_other_channels_go_on(folder):
    with Server(folder, "--open") as server:
        typist = seeded(server)
        for newest, oldest in ((2, 2), (90, 80), (0, 0), (2 ** 64 - 1, 2 ** 64 - 1), (1, 2)):
            client = Client(server)
            assert client.hello("doc", channel=1)[0] == WELCOME
            client.send(HELLO, 2, newest, oldest, "other", None, 0, 0, 0, b"", "", 0)
            error = client.expect(ERROR)
            assert error[1:3] == [2, NO_COMMON_VERSION], ((newest, oldest), error)
            typist.type("+")  # what is typed still comes on the first channel, and no error with it
            while client.expect(DELTA, ERROR)[:2] != [DELTA, 1]:
                pass
            assert client.hello("other", channel=3)[0] == WELCOME
            client.close()
        typist.wait(DURABLE)
        assert text_of(server) == "kept+++++" and server.get("/docs/other")[0] == 404


def check_a_type_that_is_not_known_closes_the_connection_alone(folder):
    with Server(folder, "--open") as server:
        typist = seeded(server)
        for channel in (0, 1, 77):
            client = Client(server)
            client.join("doc")
            client.send(LATER, channel, "what", b"ever", 2 ** 63, None)
            assert close_code(client) == NO_COMMON_VERSION
        goes_on(typist, server)


def check_what_is_in_front_of_a_type_that_is_not_known_counts(folder):
    """And nothing behind it does."""
    with Server(folder, "--open") as server:
        typist = seeded(server, "k")
        first = typist.short(b"a")
        typist.typed += b"a"
        second = typist.short(b"b")
        typist.send_frame(pack([DELTA, 1, 2, first]) + pack([LATER, 1]) + pack([DELTA, 1, 3, second]))
        assert close_code(typist) == NO_COMMON_VERSION
        assert text_of(server) == "ka"


def check_elements_added_at_the_end_are_not_looked_at(folder):
    added = (7, "later", b"\xff", None, 2 ** 64 - 1)
    with Server(folder, "--open") as server:
        other = seeded(server, "x", "other")
        late = Typist.__new__(Typist)
        Client.__init__(late, server)
        late.document, late.replica = "doc", secrets.randbits(63) | 1
        late.typed, late.serial, late.acknowledged = bytearray(), 0, {0: 0, DURABLE: 0}
        late.send(HELLO, 1, 2, 1, "doc", None, late.replica, 0, 0, b"", "", 0, *added)
        welcome = late.expect(WELCOME, ERROR)
        assert welcome[0] == WELCOME and welcome[2] == 1, welcome
        late.lineage, late.hlc = welcome[4], welcome[6] << 16
        late.send(PRESENCE, 1, 0, b"here", "", *added)
        late.send(WANT, 1, 5, 0, *added)
        late.send(PING, 0, 6, *added)
        assert late.expect(PONG, ERROR)[:3] == [PONG, 0, 6]
        goes_on(late, server, "a")
        goes_on(other, server)


def check_a_form_that_was_changed_and_not_added_to_is_malformed(folder):
    with Server(folder, "--open") as server:
        typist = seeded(server)
        for message in ((PRESENCE, 1, 0, "no bytes", ""), (PRESENCE, 1, 0, b"", 5), (WANT, 1, b"r", 0), (WANT, 1, 5),
                        (DELTA, 1, 1, "no bytes"), (DELTA, 1, 1, b"\x00", 7), (PING, 0, None)):
            client = Client(server)
            client.join("doc")
            client.send(*message)
            assert close_code(client) == MALFORMED, message
        goes_on(typist, server)


def check_operations_of_a_later_format_end_the_channel_alone(folder):
    later = {
        "a kind of short delta": b"\x03" + struct.pack("<Q", 9) + varint(0) + b"a\0\0",
        "a format of deltas": b"\xd0\x02" + bytes(20),
    }
    with Server(folder, "--open") as server:
        typist = seeded(server)
        for what, delta in later.items():
            client = Client(server)
            client.join("doc")
            assert client.hello("other", channel=2)[0] == WELCOME
            client.send(DELTA, 1, 1, delta)
            error = client.expect(ERROR)
            assert error[1:3] == [1, NO_COMMON_VERSION], (what, error)
            client.send(DELTA, 2, 1)  # the other channel is still served
            assert client.expect(ACK, ERROR)[:2] == [ACK, 2], what
            assert client.hello("doc", channel=3)[0] == WELCOME
            client.close()
        goes_on(typist, server)


main(globals())
