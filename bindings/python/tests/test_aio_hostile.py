"""What a hostile server sends ends as an exception, and the document is as it was."""
from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import Any, Callable

import msgpack  # type: ignore[import]
import pytest
import websockets

from sennit import Document, aio, version_dict
from sennit.aio._message import FIELDS, Type, decode, encode
from sennit.aio._session import Session, State
from test_aio import event, run, until

Talk = Callable[[Any], Awaitable[None]]


@asynccontextmanager
async def against(talk: Talk, doc: Document, **options: Any) -> AsyncIterator[aio.Client]:
    """A client of a server that talks like this on each connection."""

    async def serve(socket: Any, *_: object) -> None:
        await talk(socket)
        await socket.wait_closed()

    async with websockets.serve(serve, "127.0.0.1", 0, subprotocols=["sennit"]) as server:  # type: ignore
        port = next(iter(server.sockets)).getsockname()[1]
        options.setdefault("retry", (0.01, 0.05))
        async with aio.Client(doc, f"ws://127.0.0.1:{port}", "x", **options) as one:
            yield one


def welcome(doc: Document, **other: object) -> bytes:
    """A server's that has nothing."""
    fields: dict[str, object] = dict(
        protocol=1, version=b"", lineage=doc.lineage, permission=3, time=time.time_ns() // 1_000_000, heartbeat=20_000,
        frame=1 << 20, incarnation=1, session=1, count=0, digest=0,
    )
    fields.update(other)
    return encode(Type.WELCOME, 1, *fields.values())


def says(*frames: bytes | str) -> Talk:
    async def talk(socket: Any) -> None:
        await socket.recv()
        for frame in frames:
            await socket.send(frame)

    return talk


NOW = 1_700_000_000_000
DOC = Document("hello")
GOOD = Document.load(DOC.save())
GOOD.insert(5, "!")

ENDS = {
    "text": "hello",
    "no msgpack": b"\xc1",
    "cut off": welcome(DOC)[:-1],
    "a number": msgpack.packb(5),
    "an empty array": msgpack.packb([]),
    "a negative channel": msgpack.packb([1, -1]),
    "no channel": msgpack.packb([99, "x"]),
    "an array inside": msgpack.packb([5, 0, [1]]),
    "a map inside": b"\x93\x05\x00\x81\x01\x02",
    "nested": b"\x91" * 5000,
    "huge array": b"\xdd\xff\xff\xff\xff",
    "huge bytes": b"\x93\x01\x01\xc6\xff\xff\xff\xff",
    "too few elements": encode(Type.WELCOME, 1, 1, b""),
    "wrong kinds": encode(Type.WELCOME, 1, *["x"] * 11),
    "a float": msgpack.packb([5, 0, 1.5]),
    "a bool": msgpack.packb([5, 0, True]),
    "bad UTF-8": b"\x94\x07\x01\xcd\x11\x30\xa1\xff",
    "another protocol": welcome(DOC, protocol=2),
    "no permission": welcome(DOC, permission=9),
    "a short lineage": welcome(Document(), lineage=b"short"),
    "no version": welcome(DOC, version=b"\xff"),
    "the end of time": welcome(DOC, time=1 << 63),
    "a delta before welcome's serial": welcome(DOC) + encode(Type.DELTA, 1, 7, GOOD.delta()),
    "a second welcome": welcome(DOC) * 2,
    "digests nobody asked for": encode(Type.DIGESTS, 1, DOC.replica, 1),
    "an ack of what never was": welcome(DOC) + encode(Type.ACK, 1, 1, 99, 0),
    "an ack of no level": welcome(DOC) + encode(Type.ACK, 1, 9, 0, 0),
    "a hello": welcome(DOC) + encode(Type.HELLO, 1, 1, 1, "x", None, 0, 0, 0, b"", "", 0),
    "a welcome on channel 0": encode(Type.WELCOME, 0, *msgpack.unpackb(welcome(DOC))[2:]),
}


@pytest.mark.parametrize("frame", ENDS.values(), ids=ENDS.keys())
def test_malformed_bytes_end_the_client(frame: bytes | str) -> None:
    async def test() -> None:
        doc = Document.load(DOC.save(identity=True))
        before = doc.dump()
        if frame == ENDS["a short lineage"]:
            doc, before = Document(), Document().dump()
        async with against(says(frame), doc) as one:
            with pytest.raises(aio.ProtocolError) as failure:
                await event(one, type(None))
            assert one.failure is failure.value
            with pytest.raises(aio.ProtocolError):
                await one.saved()
        assert doc.dump() == before
        doc.check()

    run(test())


@pytest.mark.parametrize("seed", range(8))
def test_damaged_deltas_are_refused_and_change_nothing(seed: int) -> None:
    rnd = random.Random(seed)
    delta = bytearray(GOOD.delta(DOC.version))
    delta[rnd.randrange(len(delta))] ^= 1 << rnd.randrange(8)

    async def test() -> None:
        doc = Document.load(DOC.save())
        frames = welcome(DOC, version=DOC.version), encode(Type.DELTA, 1, 1, bytes(delta))
        async with against(says(*frames), doc) as one:
            refused = await event(one, aio.Refused)
            assert isinstance(refused.error, aio.ServerError), f"seed {seed}"
            assert refused.error.__cause__ is not None
        assert str(doc) == "hello" and doc.version == DOC.version
        doc.check()

    run(test())


@pytest.mark.parametrize("seed", range(3))
def test_random_frames_never_break_the_document(seed: int) -> None:
    rnd = random.Random(seed)
    frames = [welcome(DOC, version=DOC.version) + encode(Type.DELTA, 1, 1, GOOD.delta(DOC.version))]
    frames += [encode(Type.PRESENCE, 1, 3, b"\x81", "u"), encode(Type.VOID, 1, DOC.replica + 1, 0, 0)]

    async def talk(socket: Any) -> None:
        await socket.recv()
        for frame in frames:
            bad = bytearray(frame)
            for _ in range(rnd.randrange(3)):
                bad[rnd.randrange(len(bad))] = rnd.randrange(256)
            await socket.send(bytes(bad))
        await socket.close()

    async def test() -> None:
        for _ in range(25):
            doc = Document.load(DOC.save())
            async with against(talk, doc) as one:
                await asyncio.wait({asyncio.ensure_future(event(one, aio.Offline))})
            assert str(doc) in ("hello", "hello!"), f"seed {seed}"
            doc.check()

    run(test())


NUMBERS = [0, 1, 2, 65_535, 1 << 31, (1 << 32) - 1, 1 << 32, 1 << 47, 1 << 53, 1 << 63, (1 << 64) - 1]
BYTES = [b"", b"\1" * 16, DOC.lineage, DOC.version, GOOD.delta(), GOOD.delta(DOC.version), GOOD.save()]


@pytest.mark.parametrize("seed", range(3))
def test_any_numbers_in_any_message_leave_a_session_that_can_go_on(seed: int) -> None:
    rnd = random.Random(seed)
    kinds: dict[str, Callable[[], object]] = {
        "n": lambda: rnd.choice(NUMBERS[: rnd.choice([2, 99])]), "b": lambda: rnd.choice(BYTES),
        "s": lambda: "x", "B": lambda: rnd.choice([None, *BYTES]), "N": lambda: rnd.choice(NUMBERS), "D": lambda: rnd.choice(BYTES),
    }
    lives = 0
    for _ in range(400):
        doc = Document.load(DOC.save(identity=True))
        doc.insert(5, "!")
        session = Session(doc, "x", "", lambda event: None)
        session.opened()
        extreme = {rnd.choice(["frame", "heartbeat", "time", "count", "digest"]): rnd.choice(NUMBERS)}
        frames = [welcome(DOC, version=rnd.choice([b"", DOC.version]), **extreme)]
        for _ in range(6):
            type = rnd.choice(list(Type))
            frames.append(encode(type, 1, *(kinds[letter]() for letter in FIELDS[type])))
        try:
            for frame in frames:
                while session.write(NOW):
                    pass
                for message in decode(frame):
                    session.take(message, NOW)
                lives += session.state == State.LIVE
        except aio.ServerError:
            pass
        doc.check()
        doc.insert(0, "again ")
        assert str(doc).startswith("again hello"), f"seed {seed}"
    assert lives > 100


def test_a_server_that_says_everything_is_forked_is_given_up() -> None:
    async def talk(socket: Any) -> None:
        while True:
            for message in decode(await socket.recv()):
                if message.type == Type.HELLO:
                    await socket.send(encode(Type.ERROR, message.channel, 4409, "no"))
                elif message.type == Type.PROBE:
                    await socket.send(encode(Type.DIGESTS, message.channel, message.fields[0]))

    async def test() -> None:
        doc = Document("hello")
        async with against(talk, doc) as one:
            with pytest.raises(aio.ForkedError):
                await one.saved()
        assert str(doc) == "hello"
        doc.check()

    run(test())


def test_each_hello_opens_a_channel_of_its_own() -> None:
    """What comes on the one before is no answer to it."""
    session = Session(Document("mine"), "x", "", lambda event: None)

    def says() -> list[tuple[Type, int]]:
        return [(m.type, m.channel) for m in decode(session.write(0))]

    session.opened()
    assert says() == [(Type.HELLO, 1)] and session.channel == 1
    for m in decode(welcome(Document())):
        session.take(m, 0)
    assert session.state == State.LIVE
    session.rebase()
    assert session.state == State.GREETING and session.channel == 0
    assert says() == [(Type.LEAVE, 1), (Type.HELLO, 2)] and session.channel == 2
    for m in decode(encode(Type.ERROR, 2, 4412, "gone")):  # which ends it: there is none to leave
        session.take(m, 0)
    assert says() == [(Type.HELLO, 3)]
    assert session.leave() == encode(Type.LEAVE, 3)
    session.lost()
    session.opened()
    assert session.leave() == b"" and says() == [(Type.HELLO, 1)]


def test_what_comes_on_a_channel_that_was_left_is_passed_over() -> None:
    async def talk(socket: Any) -> None:
        async for frame in socket:
            for message in decode(frame):
                if message.type == Type.HELLO and message.channel == 1:
                    await socket.send(encode(Type.ERROR, 1, 4412, "gone"))
                elif message.type == Type.HELLO:
                    late = encode(Type.ERROR, 1, 4403, "no") + welcome(DOC, protocol=9)
                    answer = msgpack.unpackb(welcome(DOC, count=message.fields[5]))
                    await socket.send(late + encode(Type.WELCOME, message.channel, *answer[2:]))

    async def test() -> None:
        doc = Document.load(DOC.save(identity=True))
        async with against(talk, doc) as one:
            await one.live()
            assert one.refusal is None

    run(test())


def test_a_silent_server_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    async def test() -> None:
        async with against(says(welcome(DOC, heartbeat=1)), Document.load(DOC.save()), retry=(9, 9)) as one:
            await one.live()
            offline = await event(one, aio.Offline)
            assert "silent" in str(offline.reason)

    run(test())


def test_waits_between_attempts_grow_and_differ() -> None:
    one = aio.Client(Document(), "ws://x", "x", retry=(0.25, 30), chance=lambda: 0.5)
    waits = [one._delay(n) for n in range(12)]
    assert waits[0] == pytest.approx(0.1875) and waits == sorted(waits) and waits[-1] == 22.5
    two = aio.Client(Document(), "ws://x", "x", retry=(0.25, 30), chance=lambda: 0.1)
    assert two._delay(3) < one._delay(3)


def test_what_is_not_taken_is_sent_again_and_again() -> None:
    """A server that forgets everything at each connection."""
    got: list[int] = []

    async def talk(socket: Any) -> None:
        for message in decode(await socket.recv()):
            await socket.send(welcome(DOC))
        for message in decode(await socket.recv()):
            copy = Document()
            copy.apply(message.fields[1][0])
            got.append(sum(version_dict(copy.version).values()))
        await socket.close(4503)

    async def test() -> None:
        async with against(talk, Document.load(DOC.save(identity=True))):
            await until(lambda: len(got) >= 3)
        assert set(got) == {5}

    run(test())
