"""One document and a server, as a machine of states without I/O: messages and the time
go in, frames and events come out.

    OFFLINE --opened--> GREETING --welcome--> LIVE
       ^                    |                  |
       +------ lost --------+-- error ---------+--> REFUSED

The server's welcome says what it knows, so what it lacks is sent then, and what is made
later as it is made. Nothing is queued here: the document holds it all.

A call that raises BusyError, because the document has a transaction open or another
thread at work, did nothing: call again.
"""
from __future__ import annotations

import contextlib
from collections.abc import Callable
from enum import IntEnum
from typing import Any, Optional

from .._core import Document, version_dict
from .._errors import BusyError, ClockError, Error, ForkError, GoneError, LimitError, LineageError
from .._errors import VersionError
from .._values import Rebased
from . import _events as events
from . import _faults as faults
from ._fork import Search
from ._message import Message, Type, encode, malformed
from ._presence import Peer, presence_decode
from ._safe import Goal, Safety, version_of

PROTOCOL = 1
CLOCK_TOLERANCE_MS = 2000
FRAME_LEAST = 65_536  # taken by every server
PEERS_MOST = 10_000
FORKS_MOST = 4  # without a welcome between them: then it is the server
RETRY_MS = 3000
TIME_END = 1 << 47  # Unix milliseconds
PRESENCE_MS = 25_000  # a server drops one of about twice that age


class State(IntEnum):
    OFFLINE = 0  # edits wait in the document
    GREETING = 1
    LIVE = 2  # in step
    REFUSED = 3


class Permission(IntEnum):
    NOTHING = 0
    VIEW = 1
    COMMENT = 2
    EDIT = 3
    ADMIN = 4


class Level(IntEnum):
    """How safe an operation is."""

    APPLIED = 0  # the server has merged it
    DURABLE = 1  # it is in the server's storage
    REPLICATED = 2  # and in a second one


def _code(error: Error) -> int:
    """With which fault a delta is refused that the document refused."""
    kinds: dict[type[Error], int] = {
        ForkError: 4409, LineageError: 4410, GoneError: 4412, LimitError: 4413, VersionError: 4426
    }
    return kinds.get(type(error), faults.PROTOCOL)


class Anew(IntEnum):
    """How own operations are issued anew."""

    REBASE = 0
    RETYPE = 1  # without bringing back what the server has dropped


class Session:
    """See above.

    permission  what this user may do, by the server's last welcome
    refusal     why it is REFUSED
    channel     the one on this connection; 0: none, of which no message is
    renewals    how often own operations were issued anew
    welcomed    whether the server took it since there is a connection
    """

    def __init__(
        self, document: Document, name: str, token: str, tell: Callable[[events.Event], None]
    ) -> None:
        self.document, self.name, self.token = document, name, token
        self.state = State.OFFLINE
        self.permission = Permission.NOTHING
        self.refusal: Optional[faults.ServerError] = None
        self.peers: dict[int, Peer] = {}
        self.heartbeat = 20.0
        self.renewals = 0
        self.channel = 0
        self.connected = self.welcomed = False
        self.retry_ms = 0  # greet again then; 0: not by itself
        self._tell = tell
        self._safety = Safety()
        self._channels = 0  # on this connection so far
        self._leaving = 0  # the one to be left at the next hello
        self._max_frame = FRAME_LEAST
        self._incarnation = 0
        self._number = 0  # of this session at the server
        self._sent = 0  # own operations in frames, or at the server at its welcome
        self._theirs = b""  # what the server has, but for what was typed since
        self._out_serial = self._in_serial = 0
        self._muted = False  # what it sent is forbidden: it reads on
        self._forks = 0
        self._search: Optional[Search] = None
        self._voided: Optional[Rebased] = None
        self._anew: Optional[Anew] = None  # at the welcome, with what the server does not have
        self._tried: set[Anew] = set()  # since something was acknowledged
        self._presence: Optional[bytes] = None
        self._shown_ms = 0
        self._due: set[Type] = set()
        self._catching_up = False

    # ---- Opening and closing

    def opened(self) -> None:
        self.connected, self.welcomed = True, False
        self._channels = self.channel = self._leaving = 0
        self._muted = False
        self.greet()

    def greet(self) -> None:
        """Say hello, again perhaps: at once, or once there is a connection. On a channel
        of its own: what is under way on the one before is no answer."""
        self._leaving, self.channel = self.channel or self._leaving, 0
        self.state = State.GREETING if self.connected else State.OFFLINE
        self.refusal, self.retry_ms = None, 0
        self._due = {Type.HELLO}
        self._search, self._catching_up = None, False
        self._out_serial = self._in_serial = 0

    def set_token(self, token: str) -> None:
        """Use another from now on."""
        self.token, self._muted = token, False
        self.greet()

    def lost(self) -> None:
        self.connected = False
        for number in list(self.peers):
            self._set_peer(number, None)
        if self.refusal is None or self.refusal.status not in faults.FINAL:
            self.state, self.refusal = State.OFFLINE, None

    def refuse(self, code: int, text: str, cause: Optional[Exception] = None) -> None:
        self.refusal = faults.fault(code, text)
        self.refusal.__cause__ = cause
        self.state = State.REFUSED
        self._due.clear()
        self._tell(events.Refused(self.refusal))

    # ---- What is safe

    def unsafe(self, level: int) -> int:
        """How many own operations are not known to be so safe yet."""
        return max(self.document.own_count - self._safety.own[level], 0)

    def goal(self) -> Goal:
        """All that the document knows now."""
        return self._safety.goal(self.document.version, self._in_serial)

    def reached(self, goal: Goal, level: int) -> bool:
        return self.state == State.LIVE and not self._catching_up and self._safety.reached(self.document, goal, level)

    # ---- Messages in

    def take(self, message: Message, now_ms: int) -> None:
        """A message on the session's channel. ProtocolError: it is out of turn."""
        if self.state == State.REFUSED:  # what was under way passes
            return
        if message.type == Type.ERROR:
            self._take_error(message.fields[0], message.fields[1], now_ms)
        elif self.state == State.GREETING and message.type == Type.WELCOME:
            self._take_welcome(message.fields, now_ms)
        elif message.type == Type.DIGESTS and self._search is not None and not self._search.probe_due:
            self._take_digests(*message.fields)
        elif self.state == State.LIVE and message.type in self._TAKE:
            self._TAKE[message.type](self, *message.fields)
        elif self.state == State.LIVE or message.type not in self._TAKE:
            raise malformed(f"{message.type.name.lower()} out of turn")

    def _take_welcome(self, fields: list[Any], now_ms: int) -> None:
        protocol, version, lineage, permission, time, heartbeat, frame = fields[:7]
        incarnation, number, count, digest = fields[7:11]
        if protocol != PROTOCOL or permission > Permission.ADMIN or time >= TIME_END:
            raise malformed("a welcome that cannot be")
        try:
            version_dict(version)
            if self.document.stat().operations == 0:
                self.document.adopt(lineage)
        except (ValueError, LineageError) as error:
            raise malformed("a welcome with a wrong version or lineage") from error
        self.heartbeat = max(heartbeat, 1000) / 1000
        self._max_frame = min(frame, 1 << 30)
        if self._forked(count, digest):
            self._begin_search()
            return
        self._set_clock(time - now_ms, time)
        if self._anew is not None and count < self.document.own_count:
            self._reissue(count, self._anew)
            return
        self._anew = None
        if count < self._safety.own[Level.DURABLE]:
            self._tell(events.Restored())
        self.permission = Permission(min(permission, Permission.VIEW) if self._muted else permission)
        self.state, self.welcomed = State.LIVE, True
        self._incarnation, self._forks, self._search = incarnation, 0, None
        self._number = number
        self._theirs, self._sent = version, count
        self._safety.greeted(count)
        self._catching_up = True
        self._shown_ms = 0
        self._tell(events.Live())

    def _forked(self, count: int, digest: int) -> bool:
        """Whether the server has other operations of this replica."""
        if count > self.document.own_count:
            return True
        with contextlib.suppress(GoneError):
            mine = self.document.digest(self.document.replica, count) if count and digest else digest
            return mine != digest
        return False

    def _set_clock(self, offset: int, server_ms: int) -> None:
        right = abs(offset) < CLOCK_TOLERANCE_MS
        if offset < 0 and not right:
            with contextlib.suppress(ClockError):  # the server decides about those
                self.document.restamp(server_ms)
        self.document.set_clock_offset(0 if right else offset)
        if not right:
            self._tell(events.ClockCorrected(offset))

    def _take_delta(self, serial: int, deltas: list[bytes]) -> None:
        if serial != self._in_serial + 1:
            raise malformed("a delta out of turn")
        for delta in deltas:
            try:
                done = self.document.apply(delta)
            except BusyError:
                raise
            except Error as error:
                if not isinstance(error, GoneError) or not self._renews(Anew.RETYPE):
                    self.refuse(_code(error), f"a delta of the server: {error}", error)
                return
            if done.applied:
                self._tell(events.Changed())
            if done.parked:
                self._due.add(Type.WANT)
        self._in_serial += 1

    def _take_ack(self, level: int, yours: int, mine: int) -> None:
        for at in self._safety.take(level, yours, mine, self._out_serial, self._in_serial):
            self._tell(events.Safe(Level(at)))
        if yours > 0:
            self._tried.clear()

    def _take_presence(self, number: int, state: Optional[bytes], user: str) -> None:
        peer = Peer(number, user, state, presence_decode(state)) if state else None
        if number in self.peers or (peer and number != self._number and len(self.peers) < PEERS_MOST):
            self._set_peer(number, peer)

    def _set_peer(self, number: int, peer: Optional[Peer]) -> None:
        self.peers.pop(number, None)
        if peer is not None:
            self.peers[number] = peer
        self._tell(events.PeerChanged(number, peer))

    def _take_want(self, replica: int, after: int) -> None:
        """The server lacks some of what a delta of ours builds on."""
        self._catching_up = True

    def _take_void(self, replica: int, start: int, renewed: int) -> None:
        if replica == self.document.replica or self.document.known(replica) <= start:
            return
        try:
            done = self.document.void(replica, start, renewed, self._safety.own[Level.APPLIED])
        except BusyError:
            raise
        except Error:  # it cannot be done here: nothing is changed
            return
        self._tell(events.Changed())
        if done.renewed != done.old:  # what this one made of it goes with it
            self._renewed(done)

    def _take_error(self, code: int, text: str, now_ms: int) -> None:
        if code == faults.FORKED:
            if self.state == State.LIVE and self.unsafe(Level.APPLIED):
                self._give_way(now_ms)
            else:
                self._begin_search()
            return
        self.channel = 0  # it has ended
        if code == faults.FORBIDDEN and self.state == State.LIVE:
            self._mute(text)
        elif code not in self._ANEW or not self._renews(self._ANEW[code]):
            self.refuse(code, text)
            if code == faults.CLOCK:
                self._anew = Anew.REBASE
            if code in (faults.CLOCK, faults.RATE, faults.STORAGE):
                self.retry_ms = now_ms + RETRY_MS

    def _mute(self, text: str) -> None:
        """It keeps what it may not send."""
        self._muted = True
        self.greet()
        self._tell(events.Refused(faults.fault(faults.FORBIDDEN, text)))

    # The clock is corrected at the welcome: issued again, it is right.
    _ANEW = {faults.CLOCK: Anew.REBASE, faults.GONE: Anew.RETYPE}

    _TAKE: dict[Type, Callable[..., None]] = {
        Type.DELTA: _take_delta, Type.ACK: _take_ack, Type.PRESENCE: _take_presence,
        Type.WANT: _take_want, Type.VOID: _take_void,
    }

    # ---- Another id

    def _give_way(self, now_ms: int) -> None:
        """Another copy of this replica has come, and may have what was not sent from here:
        it is to be heard first, or both would issue it anew."""
        self.greet()
        self._due.clear()
        self.retry_ms = now_ms + RETRY_MS

    def _begin_search(self) -> None:
        self._forks += 1
        if self._forks > FORKS_MOST:
            self.refuse(faults.FORKED, "the server takes no replica of this document")
            return
        self.state, self._search = State.GREETING, Search(self.document)

    def _take_digests(self, replica: int, digests: list[int]) -> None:
        assert self._search is not None
        if replica != self.document.replica:
            raise malformed("digests of another replica")
        self._search.take(digests)
        if self._search.over:
            self._reissue(self._search.low)

    def _renews(self, how: Anew) -> bool:
        """Greet, to learn what the server has, and issue the rest anew: once, until that is
        acknowledged. Whether that is to be tried."""
        if how in self._tried or self.document.own_count == 0:
            return False
        self._tried.add(how)
        self._anew = how
        self.greet()
        return True

    def _reissue(self, start: int, how: Optional[Anew] = None) -> None:
        """how: None after a fork, when what there is under the old id is the other copy's."""
        retypes = how == Anew.RETYPE
        try:
            done = self.document.retype(start) if retypes else self.document.rebase(start)
        except BusyError:
            raise
        except Error as error:
            self._anew = None
            self.refuse(faults.FORKED, f"it cannot be issued anew: {error}", error)
            return
        self._anew = None
        self._voided = done if how is not None and done.operations else None
        self._renewed(done)
        if retypes:
            self._tell(events.Changed())

    def _renewed(self, done: Rebased) -> None:
        self.renewals += 1
        self._safety.renewed()
        self.greet()
        self._tell(events.Renewed(done))

    def rebase(self) -> Rebased:
        """Issue what the server has not taken again, under a new id, since somebody else
        may send it now."""
        done = self.document.rebase(self._safety.own[Level.APPLIED])
        self._muted = False
        self._voided = done if done.operations else None
        self._renewed(done)
        return done

    # ---- Messages out

    def write(self, now_ms: int) -> bytes:
        """The next frame; empty: nothing now."""
        if self.retry_ms and now_ms >= self.retry_ms:
            self.greet()
        if self._presence is not None and now_ms - self._shown_ms >= PRESENCE_MS:
            self._due.add(Type.PRESENCE)
        try:
            if Type.HELLO in self._due:
                return self._hello()
            if self._search is not None and self._search.probe_due:
                self._search.probe_due = False
                return encode(Type.PROBE, self.channel, self.document.replica, *self._search.counts())
            return self._live(now_ms) if self.state == State.LIVE else b""
        except BusyError:
            return b""

    def _hello(self) -> bytes:
        doc, own, digest = self.document, self.document.own_count, 0
        with contextlib.suppress(GoneError):  # then it cannot be told
            digest = doc.digest(doc.replica, own) if own else 0
        lineage = doc.lineage if doc.stat().operations else None
        leave = encode(Type.LEAVE, self._leaving) if self._leaving else b""
        hello = encode(
            Type.HELLO, self._channels + 1, PROTOCOL, 1, self.name, lineage, doc.replica, own, digest,
            doc.version, self.token, self._incarnation,
        )
        self._due.discard(Type.HELLO)
        self._channels += 1
        self.channel, self._leaving = self._channels, 0
        return leave + hello

    def _live(self, now_ms: int) -> bytes:
        frame = b""
        if (v := self._voided) is not None:
            frame += encode(Type.VOID, self.channel, v.old, v.start, v.renewed)
        frame += self._catch_up() if self._catching_up else self._own()
        if Type.WANT in self._due:
            frame += b"".join(encode(Type.WANT, self.channel, *m) for m in self.document.missing())
        if Type.PRESENCE in self._due:
            frame += encode(Type.PRESENCE, self.channel, 0, self._presence, "")
            self._shown_ms = now_ms
        self._due.clear()
        self._voided = None
        return frame

    @property
    def _part(self) -> int:
        """How long one delta may be, so that its frame is not too long."""
        return max(self._max_frame // 4, 256)

    def _delta(self, delta: bytes) -> bytes:
        self._out_serial += 1
        self._safety.note_sent(self._out_serial, self._sent, self._catching_up)
        return encode(Type.DELTA, self.channel, self._out_serial, delta)

    def _own(self) -> bytes:
        """Own operations that were not sent yet: about as many as a frame takes."""
        count = self.document.own_count
        if count <= self._sent or self.permission < Permission.COMMENT:
            return b""
        if count - self._sent > self._part // 4:
            known = {**version_dict(self.document.version), self.document.replica: self._sent}
            self._theirs, self._catching_up = version_of(known), True
            return self._catch_up()
        delta = self.document.own_delta(self._sent)
        self._sent = count
        return self._delta(delta)

    def _catch_up(self) -> bytes:
        """The next part of what the server lacks. Own operations and those of others go
        apart: it may pass over the latter without anybody being to blame."""
        turns = [(True, Permission.COMMENT), (False, Permission.EDIT)]
        for own in (own for own, needed in turns if self.permission >= needed):
            with contextlib.suppress(GoneError):  # compacted away
                delta, self._theirs = self.document.delta_part(
                    self._theirs, self._part, own=own, others=not own
                )
                if own:
                    known = version_dict(self._theirs).get(self.document.replica, 0)
                    self._sent = max(known, self._sent)
                if delta:
                    return self._delta(delta)
        self._catching_up = False
        return b""

    def leave(self) -> bytes:
        return encode(Type.LEAVE, self.channel) if self.channel else b""

    def set_presence(self, state: Optional[bytes]) -> None:
        self._presence = state
        self._shown_ms = 0
        if state is None and self.state == State.LIVE:
            self._due.add(Type.PRESENCE)
