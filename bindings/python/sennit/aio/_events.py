"""What a client tells."""
from __future__ import annotations

from collections import OrderedDict
from typing import NamedTuple, Optional, Union

from .._values import Rebased
from ._faults import ServerError
from ._presence import Peer


class Live(NamedTuple):
    """In step with the server."""


class Offline(NamedTuple):
    """No connection: edits wait in the document."""

    reason: Optional[Exception]
    retry: Optional[float]  # seconds until the next attempt; None: there is none


class Changed(NamedTuple):
    """Somebody else changed the document: take its patches."""


class Safe(NamedTuple):
    """More of this replica's operations are so safe (a Level)."""

    level: int


class PeerChanged(NamedTuple):
    """Somebody came, moved, or (peer None) went."""

    session: int
    peer: Optional[Peer]


class Refused(NamedTuple):
    """The server does not take the document, or not from this user."""

    error: ServerError


class ClockCorrected(NamedTuple):
    """The clock of this machine is off; that of the document is not any more."""

    offset_ms: int


class Renewed(NamedTuple):
    """Own operations were issued anew: save the document, and move anchors with
    sennit.anchor_rebase."""

    rebased: Rebased


class Restored(NamedTuple):
    """The server lost what it had called durable; it gets everything again."""


Event = Union[
    Live, Offline, Changed, Safe, PeerChanged, Refused, ClockCorrected, Renewed, Restored
]

WAITING_MOST = 10_000


class Events:
    """Those that nobody took yet. Of the same kind, about the same, the last counts, so
    that they stay few; but each Renewed counts."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[object, Event] = OrderedDict()

    def add(self, event: Event) -> None:
        key: object = type(event)
        if isinstance(event, (Renewed, PeerChanged, Safe)):
            key = (key, event[0])
        self._waiting.pop(key, None)
        self._waiting[key] = event
        if len(self._waiting) > WAITING_MOST:
            self._waiting.popitem(last=False)

    def take(self) -> Optional[Event]:
        return self._waiting.popitem(last=False)[1] if self._waiting else None
