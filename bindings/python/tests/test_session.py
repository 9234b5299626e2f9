"""The session of a client, message by message, without a server and without waiting."""
from __future__ import annotations

from typing import Any

import pytest

from sennit import Document, version_dict
from sennit.aio import ProtocolError
from sennit.aio import _events as events
from sennit.aio._message import Message, Type, decode
from sennit.aio._session import Level, Session, State

NOW = 1_700_000_000_000


class End:
    """A session, and a server that the test plays."""

    def __init__(self, doc: Document) -> None:
        self.told: list[events.Event] = []
        self.session = Session(doc, "x", "", self.told.append)
        self.session.opened()
        assert [m.type for m in self.sent()] == [Type.HELLO]

    def take(self, type: Type, *fields: object) -> None:
        self.session.take(Message(type, 1, list(fields)), NOW)

    def welcome(self, version: bytes = b"", count: int = 0, time: int = NOW, permission: int = 3) -> None:
        lineage = self.session.document.lineage
        self.take(Type.WELCOME, 1, version, lineage, permission, time, 20_000, 1 << 20, 1, 7, count, 0)

    def sent(self) -> list[Message]:
        messages: list[Message] = []
        while frame := self.session.write(NOW):
            messages += decode(frame)
        return messages

    def deltas(self) -> Document:
        """What was sent, as whoever has nothing else would have it."""
        doc = Document()
        for m in self.sent():
            if m.type == Type.DELTA:
                for delta in m.fields[1]:
                    doc.apply(delta)
        return doc


def both() -> tuple[Document, Document]:
    """One that has its own and another's text, and the other."""
    other = Document("theirs ")
    mine = Document.load(other.save())
    mine.insert(7, "mine")
    return mine, other


def test_the_server_gets_what_it_lacks_of_anybody() -> None:
    mine, other = both()
    end = End(mine)
    end.welcome()
    assert str(end.deltas()) == "theirs mine"
    end = End(mine)
    end.welcome(other.version)
    assert set(version_dict(end.deltas().version)) <= {mine.replica}


def test_who_may_only_view_sends_nothing() -> None:
    end = End(both()[0])
    end.welcome(permission=1)
    assert end.sent() == [] and end.session.unsafe(Level.APPLIED) == 4


def test_all_is_safe_once_all_of_it_is_acknowledged() -> None:
    mine, _ = both()
    end = End(mine)
    end.welcome()
    goal = end.session.goal()
    serial = [m.fields[0] for m in end.sent()]
    assert serial == [1, 2]  # own operations, then those of others
    end.take(Type.ACK, 1, 1, 0)
    assert end.session.unsafe(Level.DURABLE) == 0 and not end.session.reached(goal, Level.DURABLE)
    end.take(Type.ACK, 1, 2, 0)
    assert end.session.reached(goal, Level.DURABLE) and not end.session.reached(goal, Level.REPLICATED)
    assert [e.level for e in end.told if isinstance(e, events.Safe)] == [0, 1]


def test_a_server_that_lost_what_was_durable_gets_it_again() -> None:
    doc = Document("hello")
    end = End(doc)
    end.welcome(doc.version, 5)
    end.take(Type.ACK, 1, 0, 0)
    assert end.session.unsafe(Level.DURABLE) == 0
    end.session.lost()
    end.session.opened()
    end.sent()
    end.welcome()
    assert events.Restored() in end.told and end.session.unsafe(Level.DURABLE) == 5
    assert str(end.deltas()) == "hello"


def test_what_is_missing_is_asked_for() -> None:
    doc, other = Document("a"), Document()
    other.apply(doc.delta())
    end = End(other)
    end.welcome(doc.version)
    doc.insert(1, "b")
    version = doc.version
    doc.insert(2, "c")
    end.take(Type.DELTA, 1, [doc.delta(version)])
    wanted = [m.fields for m in end.sent() if m.type == Type.WANT]
    assert wanted == [[doc.replica, 1]]
    end.take(Type.WANT, other.replica, 0)
    assert end.session.state == State.LIVE


@pytest.mark.parametrize("off", [-3_600_000, 3_600_000])
def test_times_are_those_of_the_server(off: int) -> None:
    doc = Document(clock=lambda: NOW)
    doc.insert(0, "early")
    end = End(doc)
    end.welcome(time=NOW + off)
    doc.insert(5, "!")
    times = [c.unix_ms for c in doc.changes()]
    assert times[-1] == NOW + off and times[0] == (NOW + off if off < 0 else NOW)
    assert events.ClockCorrected(off) in end.told


def test_one_is_not_ones_own_peer() -> None:
    end = End(Document("x"))
    end.welcome()
    for number in (7, 8):
        end.take(Type.PRESENCE, number, b"here", "ann")
    assert list(end.session.peers) == [8]
    end.session.lost()
    assert end.session.peers == {} and events.PeerChanged(8, None) in end.told


def test_what_the_host_gives_up_is_void_and_issued_anew() -> None:
    doc = Document("hello")
    end = End(doc)
    end.welcome()
    end.sent()
    end.take(Type.ERROR, 4403, "no")
    assert [m.type for m in end.sent()] == [Type.HELLO]
    old = doc.replica
    done = end.session.rebase()
    assert [m.type for m in end.sent()] == [Type.LEAVE, Type.HELLO]
    end.welcome()
    first: list[Any] = end.sent()[0].fields
    assert first == [old, 0, doc.replica] and done.operations == 5


@pytest.mark.parametrize("code", [4411, 4412])
def test_only_what_the_server_lacks_is_issued_anew(code: int) -> None:
    doc = Document("hello")
    end = End(doc)
    end.welcome()
    end.sent()
    doc.insert(5, "!!")
    end.sent()
    old = doc.replica
    end.take(Type.ERROR, code, "that one not")  # and "hello" was not acknowledged yet
    assert [m.type for m in end.sent()] == [Type.HELLO] and doc.replica == old
    end.welcome(count=5)
    assert [m.type for m in end.sent()] == [Type.LEAVE, Type.HELLO] and doc.replica != old
    end.welcome()
    assert [m.type for m in end.sent()] == [Type.VOID, Type.DELTA, Type.DELTA]
    assert doc.own_count == 2 and str(doc) == "hello!!"
    end.take(Type.ERROR, code, "nor that")  # no second time
    assert end.session.state == State.REFUSED and end.sent() == []
    assert end.session.retry_ms == (NOW + 3000 if code == 4411 else 0)


def test_who_may_not_send_what_it_sent_reads_on() -> None:
    doc, other = Document("mine"), Document()
    other.apply(doc.delta())
    other.insert(4, ", theirs")
    end = End(doc)
    end.welcome()
    assert [m.type for m in end.sent()] == [Type.DELTA]
    end.take(Type.ERROR, 4403, "no")
    assert any(isinstance(e, events.Refused) for e in end.told) and end.session.refusal is None
    assert [m.type for m in end.sent()] == [Type.HELLO]
    end.welcome()
    assert end.session.permission == 1 and end.sent() == []
    end.take(Type.DELTA, 1, [other.delta(doc.version)])
    assert str(doc) == "mine, theirs"
    end.session.rebase()  # since somebody else may send it
    assert [m.type for m in end.sent()] == [Type.LEAVE, Type.HELLO]
    end.welcome()
    assert end.session.permission == 3 and Type.DELTA in [m.type for m in end.sent()]


@pytest.mark.parametrize("acknowledged", [False, True])
def test_who_gives_way_to_a_copy_lets_it_be_heard_first(acknowledged: bool) -> None:
    end = End(Document("mine"))
    end.welcome()
    assert [m.type for m in end.sent()] == [Type.DELTA]
    if acknowledged:
        end.take(Type.ACK, 0, 1, 0)
    end.take(Type.ERROR, 4409, "elsewhere")
    assert end.session.state == State.GREETING
    assert [m.type for m in end.sent()] == ([Type.PROBE] if acknowledged else [])
    if not acknowledged:
        assert end.session.channel == 0
        assert [m.type for m in decode(end.session.write(NOW + 3000))] == [Type.LEAVE, Type.HELLO]


@pytest.mark.parametrize("dropped_here", [False, True])
def test_a_copy_finds_where_ways_part_also_below_what_was_dropped(dropped_here: bool) -> None:
    """Shapes are compared where there are no digests of the text any more."""
    server = Document("x" * 300)
    server.delete(0, 2)
    both, twin = server.own_count, Document.load(server.save(identity=True))
    if dropped_here:
        twin.compact(twin.version)
    server.insert(298, "theirs")
    twin.insert(0, "mine")
    replica = twin.replica
    end = End(twin)
    end.take(Type.ERROR, 4409, "another way")
    while end.session.renewals == 0:
        (probe,) = end.sent()
        assert probe.type == Type.PROBE
        counts = [n for n in probe.fields[1] if n <= server.known(replica)]
        end.take(Type.DIGESTS, replica, [server.digest_shape(replica, n) for n in counts])
    (renewed,) = [e for e in end.told if isinstance(e, events.Renewed)]
    assert renewed.rebased.start == both


def test_digests_are_taken_once_for_each_probe() -> None:
    end = End(Document("x" * 300))
    end.take(Type.ERROR, 4409, "another way")
    assert [m.type for m in end.sent()] == [Type.PROBE]
    replica = end.session.document.replica
    end.take(Type.DIGESTS, replica, [])
    with pytest.raises(ProtocolError):
        end.take(Type.DIGESTS, replica, [])
