"""A client of sennit.aio and the real server keep a document in step."""
from __future__ import annotations

import asyncio
import random
import re
import tempfile
import time
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Callable

import pytest

from server import Server, token
from sennit import Document, Undo, aio

DEADLINE = 20.0


def run(test: Coroutine[Any, Any, None]) -> None:
    async def limited() -> None:
        await asyncio.wait_for(test, DEADLINE)

    asyncio.run(limited())


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    one = Server("--open")
    yield one
    one.stop()


@asynccontextmanager
async def client(
    server: Server, name: str, doc: Document | None = None, **options: Any
) -> AsyncIterator[aio.Client]:
    options.setdefault("retry", (0.01, 0.05))
    async with aio.Client(doc or Document(), server.url, name, **options) as one:
        yield one


async def until(is_so: Callable[[], bool]) -> None:
    """For what is seen in a document only. The deadline is that of the test."""
    while not is_so():
        await asyncio.sleep(0.005)


async def event(one: aio.Client, kind: type[Any]) -> Any:
    async for e in one:
        if isinstance(e, kind):
            return e
    raise AssertionError("closed")


def test_two_clients_end_with_the_same_text(server: Server) -> None:
    async def test() -> None:
        async with client(server, "two") as a, client(server, "two") as b:
            with a.edit() as doc:
                doc.insert(0, "hello")
            await a.saved()
            await until(lambda: str(b.document) == "hello")
            b.document.insert(5, " world")  # found without a word
            a.document.insert(0, "> ")
            await asyncio.gather(a.saved(), b.saved())
            await until(lambda: str(a.document) == str(b.document) == "> hello world")
            assert a.unsaved() == b.unsaved() == 0
        assert server.text("two") == "> hello world"

    run(test())


def test_what_changed_comes_as_patches(server: Server) -> None:
    async def test() -> None:
        async with client(server, "patches") as a, client(server, "patches") as b:
            await b.live()
            b.document.watch()
            a.document.insert(0, "héllo")
            await event(b, aio.Changed)
            assert [(p.pos, p.text) for p in b.document.patches()] == [(0, "héllo")]

    run(test())


def test_a_large_document_goes_in_parts(server: Server) -> None:
    text = "".join(f"line {i}\n" for i in range(60_000))

    async def test() -> None:
        async with client(server, "large") as a, client(server, "large") as b:
            await a.live()
            a.document.insert(0, "first")
            await a.saved()
            a.document.insert(5, text)
            await a.saved()
            await until(lambda: len(b.document) == len(text) + 5)
            assert str(b.document) == "first" + text

    run(test())


def test_edits_made_offline_arrive_later(server: Server) -> None:
    async def test() -> None:
        async with client(server, "offline") as a, client(server, "offline") as b:
            a.document.insert(0, "base")
            await a.saved()
            await until(lambda: str(b.document) == "base")
            a.go_offline()
            await event(a, aio.Offline)
            assert a.state == aio.State.OFFLINE
            a.document.insert(4, " mine")
            b.document.insert(0, "yours ")
            await b.saved()
            assert str(a.document) == "base mine" and a.unsaved() == 5
            a.go_online()
            await a.saved()
            await until(lambda: str(a.document) == str(b.document) == "yours base mine")

    run(test())


def test_a_killed_server_is_met_again() -> None:
    async def test(server: Server) -> None:
        async with client(server, "kill") as a, client(server, "kill") as b:
            await asyncio.gather(a.live(), b.live())
            for round in range(3):
                a.document.insert(len(a.document), f"a{round} ")
                await a.saved()
                text = str(a.document)
                server.kill()
                await event(a, aio.Offline)
                b.document.insert(0, f"b{round} ")
                assert b.unsaved() >= 3
                await asyncio.to_thread(server.start)
                assert text in server.text("kill")
                await asyncio.gather(a.saved(), b.saved())
                await until(lambda: str(a.document) == str(b.document))

    server = Server("--open")
    try:
        run(test(server))
        assert server.text("kill") == "b2 b1 b0 a0 a1 a2 "
    finally:
        server.stop()


def test_a_document_goes_on_after_a_restart_of_the_program(server: Server) -> None:
    async def test() -> None:
        async with client(server, "restart") as a:
            a.document.insert(0, "one")
            await a.saved()
        a.document.insert(3, " two")
        again = Document.load(a.document.save(identity=True))
        async with client(server, "restart", again) as b:
            await b.saved()
        assert server.text("restart") == "one two"
        with pytest.raises(RuntimeError, match="closed"):
            await a.saved()

    run(test())


def test_a_copied_replica_finds_its_way(server: Server) -> None:
    async def test() -> None:
        async with client(server, "fork") as a:
            a.document.insert(0, "x" * 300)
            await a.saved()
            copy = a.document.save(identity=True)
            a.document.insert(300, "theirs")
            await a.saved()
        twin = Document.load(copy)
        twin.insert(0, "mine")
        old = twin.replica
        async with client(server, "fork", twin) as b:
            early = asyncio.ensure_future(b.saved())  # asked for under the old id
            done = (await event(b, aio.Renewed)).rebased
            assert (done.old, done.start, done.operations) == (old, 300, 4)
            await early
            assert str(twin) == "mine" + "x" * 300 + "theirs"
        assert server.text("fork") == str(twin)

    run(test())


def test_a_clock_ahead_is_corrected(server: Server) -> None:
    def ahead() -> int:
        return time.time_ns() // 1_000_000 + 3_600_000

    async def test() -> None:
        doc = Document("hello", clock=ahead)
        async with client(server, "clock", doc, now=ahead) as a:
            corrected = await event(a, aio.ClockCorrected)
            assert abs(corrected.offset_ms + 3_600_000) < 2_000
            await a.saved()
            doc.insert(5, "!")
            await a.saved()
        assert all(c.unix_ms < ahead() - 3_500_000 for c in doc.changes())
        assert server.text("clock") == "hello!"

    run(test())


def test_text_that_an_undo_brings_back_is_typed_anew_if_the_server_has_dropped_it() -> None:
    def behind() -> int:
        return time.time_ns() // 1_000_000 - 3 * 86_400_000

    async def test(server: Server) -> None:
        doc = Document(clock=behind)
        undo = Undo(doc)
        doc.insert(0, "one secret two")
        undo.end_step()
        doc.delete(4, 7)
        async with client(server, "dropped", doc) as a, client(server, "dropped") as b:
            await a.saved()
            await until(lambda: str(b.document) == "one two")
            chance = random.Random(7)
            b.document.insert(7, " " + "".join(chr(33 + chance.randrange(94)) for _ in range(500_000)))
            await b.saved()
            while not re.search("compactions_total [1-9]", server.get("/metrics")):
                await asyncio.sleep(0.01)
            undo.undo()
            doc.insert(0, "> ")
            await a.saved()
            assert (await event(a, aio.Renewed)).rebased.renewed == doc.replica
            assert str(doc).startswith("> one secret two ")
            await until(lambda: str(b.document) == str(doc))
            b.document.insert(0, ">")  # they go on
            await until(lambda: str(b.document) == str(doc))
            await a.saved()
        assert server.text("dropped") == str(doc)

    server = Server("--open", "--keep-deleted", "1")
    try:
        run(test(server))
    finally:
        server.stop()


def test_an_open_transaction_makes_what_comes_wait(server: Server) -> None:
    async def test() -> None:
        async with client(server, "wait") as a, client(server, "wait") as b:
            await asyncio.gather(a.live(), b.live())
            b.document.begin()
            b.document.insert(0, "b")
            a.document.insert(0, "a")
            await a.saved()
            assert str(b.document) == "b"
            b.document.commit()
            await b.saved()
            await until(lambda: sorted(str(b.document)) == ["a", "b"])

    run(test())


def test_people_see_each_other(server: Server) -> None:
    async def test() -> None:
        async with client(server, "people") as a:
            a.document.insert(0, "hello")
            await a.saved()
            shown = aio.Presence("Ann", "#aa00ff", a.document.anchor(1), a.document.anchor(3))
            a.set_presence(shown)
            async with client(server, "people") as b:
                peer = (await event(b, aio.PeerChanged)).peer
                assert peer.presence == shown and peer.user == ""
                assert b.document.resolve(peer.presence.head) == 3
                a.set_presence(b"\xff of no form")
                peer = (await event(b, aio.PeerChanged)).peer
                assert peer.presence is None and peer.state == b"\xff of no form"
                a.set_presence(None)
                assert (await event(b, aio.PeerChanged)).peer is None and b.peers == {}
                b.set_presence(b"here")
                assert (await event(a, aio.PeerChanged)).peer.state == b"here"
            assert (await event(a, aio.PeerChanged)).peer is None  # it left

    run(test())


def test_who_may_only_view_is_told_so() -> None:
    async def test(server: Server, view: str, edit: str) -> None:
        async with client(server, "notes", token=view) as reader:
            async with client(server, "notes", token=edit) as writer:
                writer.document.insert(0, "read this")
                await writer.saved()
                await until(lambda: str(reader.document) == "read this")
                await reader.saved()
                assert reader.permission == aio.Permission.VIEW
                with pytest.raises(aio.ForbiddenError, match="view only"):
                    with reader.edit():
                        raise AssertionError("it may edit")
                reader.document.insert(0, "I ")
                with pytest.raises(aio.ForbiddenError, match="view only"):
                    await reader.saved()
                reader.set_token(edit)  # somebody gave it
                await reader.saved()
                await until(lambda: str(writer.document) == "I read this")

    async def refused(server: Server, name: str, wrong: str, edit: str) -> None:
        async with client(server, name, token=wrong) as one:
            one.document.insert(0, "kept")
            with pytest.raises(aio.TokenError) as failure:
                await one.saved()
            assert failure.value.status == 4401 and failure.value.reason
            assert (await event(one, aio.Refused)).error is failure.value
            assert str(one.document) == "kept" and one.state == aio.State.REFUSED
            one.set_token(edit)
            await one.saved()
        assert server.process.poll() is None

    with tempfile.TemporaryDirectory() as folder:
        words = ["--doc", "*", "--user"]
        view = token(Path(folder), *words, "vic", "--permission", "view")
        edit = token(Path(folder), *words, "eve")
        server = Server("--token-key", folder + "/key.public")
        try:
            run(test(server, view, edit))
            run(refused(server, "wrong", edit[:-4] + "AAAA", edit))
            run(refused(server, "none", "", edit))
        finally:
            server.stop()


def test_an_unrelated_document_is_refused_and_kept(server: Server) -> None:
    async def test() -> None:
        async with client(server, "name") as a:
            a.document.insert(0, "one")
            await a.saved()
        async with client(server, "name", Document.seed("other", "two")) as b:
            with pytest.raises(aio.UnrelatedError):
                await b.saved()
            assert str(b.document) == "two"

    run(test())


def test_an_address_that_is_none_ends_the_client() -> None:
    async def test() -> None:
        async with aio.Client(Document(), "no address", "x") as one:
            with pytest.raises(Exception, match="no address"):
                await one.live()
            with pytest.raises(Exception, match="no address"):
                await event(one, aio.Live)

    run(test())


def test_many_who_edit_at_once_end_with_the_same_text(server: Server) -> None:
    rnd = random.Random(11)

    async def type_(one: aio.Client) -> None:
        for _ in range(60):
            doc = one.document
            at = rnd.randrange(len(doc) + 1)
            if rnd.randrange(4) == 0 and at < len(doc):
                del doc[at]
            else:
                doc.insert(at, rnd.choice("añ😀\n"))
            if rnd.randrange(20) == 0:
                one.go_offline()
            elif rnd.randrange(3) == 0:
                one.go_online()
            await asyncio.sleep(0)
        one.go_online()
        await one.saved()

    async def test() -> None:
        async with client(server, "many") as a, client(server, "many") as b, client(server, "many") as c:
            await asyncio.gather(a.live(), b.live(), c.live())
            await asyncio.gather(type_(a), type_(b), type_(c))
            await until(lambda: a.document.version == b.document.version == c.document.version)
            assert str(a.document) == str(b.document) == str(c.document)
            a.document.check()

    run(test())
