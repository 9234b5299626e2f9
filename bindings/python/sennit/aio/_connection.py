"""One connection: frames between a session and a socket, and heartbeats."""
from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from websockets.exceptions import ConnectionClosed, WebSocketException

from .._errors import BusyError
from . import _faults as faults
from ._message import Message, Type, decode, encode, malformed
from ._session import Session

BUSY_WAIT = 0.005  # seconds; until a transaction is over that a message has to wait for


class Connection:
    """From the opening of a socket to its loss.

    now   Unix milliseconds
    kick  set: there may be something to write
    wake  to be called when something happened
    """

    def __init__(
        self,
        session: Session,
        socket: Any,
        now: Callable[[], int],
        kick: asyncio.Event,
        wake: Callable[[], None],
    ) -> None:
        self._session, self._socket = session, socket
        self._now, self._kick, self._wake = now, kick, wake
        self._heard = self._spoke = time.monotonic()
        self._pings = 0
        self._pongs = b""

    async def serve(self, poll: float, is_wanted: Callable[[], bool]) -> None:
        """Read and write until the connection is lost, which raises why, or is not wanted
        any more. ProtocolError: the other end is none of ours."""
        self._session.opened()
        tasks = [asyncio.ensure_future(self._read()), asyncio.ensure_future(self._write(poll, is_wanted))]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        except faults.ProtocolError as error:
            with suppress(WebSocketException):
                await self._socket.close(error.status, error.reason[:100])
            raise
        except ConnectionClosed as error:
            self._closed(error)
            raise
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def _closed(self, error: ConnectionClosed) -> None:
        if error.rcvd is not None and error.rcvd.code in faults.FINAL and self._session.refusal is None:
            self._session.refuse(error.rcvd.code, error.rcvd.reason)

    async def leave(self) -> None:
        frame = self._session.leave()
        if not frame:
            return
        with suppress(WebSocketException, asyncio.TimeoutError):
            await asyncio.wait_for(self._socket.send(frame), 1)

    # ---- In

    async def _read(self) -> None:
        while True:
            frame = await self._socket.recv()
            if not isinstance(frame, bytes):
                raise malformed("a frame of text")
            self._heard = time.monotonic()
            try:
                for message in decode(frame):
                    await self._take(message)
            finally:
                self._wake()

    async def _take(self, message: Message) -> None:
        if message.channel == 0:
            return self._take_own(message)
        while message.channel == self._session.channel:
            try:
                return self._session.take(message, self._now())
            except BusyError:
                await asyncio.sleep(BUSY_WAIT)

    def _take_own(self, message: Message) -> None:
        """A message about the connection."""
        if message.type == Type.PING:
            self._pongs += encode(Type.PONG, 0, *message.fields)
        elif message.type == Type.ERROR:
            if message.fields[0] != faults.AWAY:
                self._session.refuse(*message.fields)
        elif message.type != Type.PONG:
            raise malformed(f"{message.type.name.lower()} on channel 0")

    # ---- Out

    async def _write(self, poll: float, is_wanted: Callable[[], bool]) -> None:
        while is_wanted():
            self._kick.clear()
            frame = self._session.write(self._now()) + self._pongs
            self._pongs = b""
            frame = frame or self._beat()
            if frame:
                self._spoke = time.monotonic()
                await self._socket.send(frame)
                continue
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._kick.wait(), poll)

    def _beat(self) -> bytes:
        now, heartbeat = time.monotonic(), self._session.heartbeat
        if now >= self._heard + 2 * heartbeat:
            raise asyncio.TimeoutError("the server is silent")
        if now < self._spoke + heartbeat:
            return b""
        self._pings += 1
        return encode(Type.PING, 0, self._pings)
