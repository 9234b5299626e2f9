"""A document kept in step with a server over a WebSocket."""
from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Optional

import websockets
from websockets.exceptions import InvalidURI, WebSocketException
from websockets.typing import Subprotocol

from .._core import Document
from .._values import Rebased
from . import _faults as faults
from ._connection import Connection
from ._events import Event, Events, Offline
from ._presence import Peer, Presence
from ._session import Level, Permission, Session, State

SUBPROTOCOL = Subprotocol("sennit")
FRAME_MOST = 16 << 20


class Client:
    """Keeps a document in step with a server's, under a name, over reconnects.

    Edit the document as you like, on the event loop's thread: a look for edits is taken
    every `poll` seconds, at once after flush and edit. While there is no connection,
    edits wait in the document. The document must not be another client's, and it
    outlives this one.

    `retry` is in seconds: the first wait before a reconnect, and the longest; each is
    twice the one before, half of it by chance. `now` gives Unix milliseconds, and must be
    the document's clock if that has one of its own.
    """

    def __init__(
        self,
        document: Document,
        url: str,
        name: str,
        *,
        token: str = "",
        poll: float = 0.05,
        retry: tuple[float, float] = (0.25, 30.0),
        max_frame: int = FRAME_MOST,
        now: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.document = document
        self.url = url
        self.failure: Optional[Exception] = None  # what ended it
        self._events = Events()
        self._session = Session(document, name, token, self._events.add)
        self._poll, self._retry, self._max_frame = poll, retry, max_frame
        self._now, self._chance = now, chance
        self._waiting: set[asyncio.Future[None]] = set()
        self._kick = asyncio.Event()  # there may be something to write
        self._wanted = asyncio.Event()  # not offline by choice
        self._wanted.set()
        self._again = asyncio.Event()  # connect now
        self._connection: Optional[Connection] = None
        self._task: Optional[asyncio.Task[None]] = None

    # ---- Beginning and end

    async def __aenter__(self) -> Client:
        if self._task is not None:
            raise RuntimeError("a client is used once")
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Leave; the document stays as it is. What was not sent stays unsent."""
        if self._task is None:
            return
        if self._connection is not None:
            await self._connection.leave()
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task
        self._session.lost()
        self._wake()

    def go_offline(self) -> None:
        """Drop the connection until go_online."""
        self._wanted.clear()
        self._wake()

    def go_online(self) -> None:
        self._wanted.set()
        self._again.set()

    # ---- Looking

    @property
    def state(self) -> State:
        return self._session.state

    @property
    def permission(self) -> Permission:
        return self._session.permission

    @property
    def refusal(self) -> Optional[faults.ServerError]:
        """Why the server refuses the document, while it does."""
        return self._session.refusal

    @property
    def peers(self) -> dict[int, Peer]:
        """Who is there, by the number of their session; this one is not among them."""
        return dict(self._session.peers)

    def unsaved(self, level: Level = Level.DURABLE) -> int:
        """How many own operations are not known to be so safe: 0 is what may be called
        saved."""
        return self._session.unsafe(level)

    # ---- Editing, waiting

    def flush(self) -> None:
        """Send what was edited now."""
        self._kick.set()

    @contextmanager
    def edit(self) -> Iterator[Document]:
        """A transaction, sent at its end. ForbiddenError if the token permits none."""
        self._permitted()
        with self.document.transaction() as document:
            yield document
        self.flush()

    def _permitted(self) -> None:
        session = self._session
        if session.state == State.LIVE and session.permission < Permission.COMMENT:
            raise faults.fault(faults.FORBIDDEN, "the token permits to view only")

    async def live(self) -> None:
        """Wait until the document is in step, as of the server's greeting."""
        await self._until(lambda: self._session.state == State.LIVE)

    async def saved(self, level: Level = Level.DURABLE) -> None:
        """Wait until all that the document knows now is so safe at the server, as long as
        that takes. A ServerError if it refuses."""
        session = self._session
        goal, renewals = session.goal(), session.renewals

        def is_reached() -> bool:
            nonlocal goal, renewals
            if session.renewals != renewals:
                goal, renewals = session.goal(), session.renewals
            if session.unsafe(Level.APPLIED):
                self._permitted()
            return session.reached(goal, level)

        self.flush()
        await self._until(is_reached)

    async def _until(self, is_so: Callable[[], bool]) -> None:
        while not is_so():
            if self.failure is not None:
                raise self.failure
            refusal = self._session.refusal
            if refusal is not None and refusal.status in faults.FINAL:
                raise refusal
            if self._task is None or self._task.done():
                raise RuntimeError("the client is closed")
            await self._change()

    async def _change(self) -> None:
        future = asyncio.get_running_loop().create_future()
        self._waiting.add(future)
        try:
            await future
        finally:
            self._waiting.discard(future)

    async def __aiter__(self) -> AsyncIterator[Event]:
        """What happens, for one reader, until the client is closed. Raises what ended it."""
        while True:
            event = self._events.take()
            if event is not None:
                yield event
            elif self.failure is not None:
                raise self.failure
            elif self._task is None or self._task.done():
                return
            else:
                await self._change()

    # ---- Presence, another token, another id

    def set_presence(self, presence: Presence | bytes | None) -> None:
        """Say what the others shall see of this user; None: nothing."""
        state = presence.encode() if isinstance(presence, Presence) else presence
        self._session.set_presence(state or None)
        self.flush()

    def set_token(self, token: str) -> None:
        """Use another token from now on; also after one was refused."""
        self._session.set_token(token)
        self._again.set()
        self._wake()

    def rebase(self) -> Rebased:
        """Issue what the server has not taken again, under a new id, after a
        ForbiddenError, when somebody else may send it now."""
        done = self._session.rebase()
        self._again.set()
        self._wake()
        return done

    # ---- Connecting

    def _wake(self) -> None:
        self._kick.set()
        for future in self._waiting:
            if not future.done():
                future.set_result(None)

    async def _run(self) -> None:
        """Connect again and again, until something is wrong for good."""
        retries = 0
        try:
            while True:
                await self._wanted.wait()
                reason = await self._connect()
                retries = 0 if self._session.welcomed else retries + 1
                self._session.lost()
                delay = self._delay(retries)
                self._events.add(Offline(reason, delay))
                self._wake()
                await self._pause(delay)
        except Exception as error:  # given to whoever waits
            self.failure = error
            self._session.lost()
            self._events.add(Offline(error, None))
        finally:
            asyncio.get_running_loop().call_soon(self._wake)

    async def _connect(self) -> Optional[Exception]:
        """One connection, to its end; returns what ended it."""
        try:
            async with websockets.connect(  # type: ignore[attr-defined]
                self.url, subprotocols=[SUBPROTOCOL], max_size=self._max_frame,
                compression=None, ping_interval=None, close_timeout=1,
            ) as socket:
                self._connection = Connection(self._session, socket, self._now, self._kick, self._wake)
                await self._connection.serve(self._poll, self._wanted.is_set)
        except InvalidURI:
            raise
        except (OSError, asyncio.TimeoutError, WebSocketException) as error:
            return error
        finally:
            self._connection = None
        return None

    def _delay(self, retries: int) -> float:
        least, most = self._retry
        wait = min(least * 2.0 ** min(retries, 60), most)
        return wait / 2 + self._chance() * wait / 2

    async def _pause(self, delay: float) -> None:
        """Wait, but not for a server that refuses until there is something new to say."""
        self._again.clear()
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._again.wait(), None if self.refusal else delay)
