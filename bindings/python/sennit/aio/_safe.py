"""How safe this replica's operations are, by the server's acknowledgements."""
from __future__ import annotations

from typing import NamedTuple

from .._core import Document, version_dict
from ._message import malformed

LEVELS = 3
SENT_MOST = 1000  # deltas whose fate is told apart; beyond, they are told together


def version_of(counts: dict[int, int]) -> bytes:
    """A version of such counts; docs/FORMAT.md, section 3."""
    return b"".join(who.to_bytes(8, "little") + _varint(n) for who, n in sorted(counts.items()) if n)


def _varint(n: int) -> bytes:
    groups = bytearray()
    while n >= 128:
        groups.append(n & 127 | 128)
        n >>= 7
    groups.append(n)
    return bytes(groups)


class Goal(NamedTuple):
    """A version to become safe."""

    counts: dict[int, int]
    welcomes: int  # how often the server had greeted by then
    received: int  # serial of its last delta since


class Safety:
    """By level; what is safe at one is safe at those below.

    own      so many own operations are so safe
    mine     all of the server's deltas up to this serial
    yours    all of this end's
    """

    def __init__(self) -> None:
        self.own = [0] * LEVELS
        self._mine, self._yours = [0] * LEVELS, [0] * LEVELS
        self._sent: list[tuple[int, int]] = []  # serial, own operations with it and before
        self._welcomes = 0
        self._lacked = 0  # serial of the last delta with what the server lacked at its welcome

    def greeted(self, count: int) -> None:
        """The server has so many own operations."""
        self.own = [count, *(min(n, count) for n in self.own[1:])]
        self._mine, self._yours = [0] * LEVELS, [0] * LEVELS
        self._sent = [(0, count)]
        self._welcomes += 1
        self._lacked = 0

    def renewed(self) -> None:
        self.own = [0] * LEVELS

    def note_sent(self, serial: int, own: int, was_lacked: bool) -> None:
        if was_lacked:
            self._lacked = serial
        if len(self._sent) >= SENT_MOST:
            self._sent.pop()
        self._sent.append((serial, own))

    def take(self, level: int, yours: int, mine: int, sent: int, received: int) -> list[int]:
        """An acknowledgement; returns the levels at which more is safe now."""
        if level >= LEVELS or yours > sent or mine > received:
            raise malformed("an acknowledgement of what never was")
        done = [own for serial, own in self._sent if serial <= yours]
        raised = [at for at in range(level + 1) if done and done[-1] > self.own[at]]
        for at in range(level + 1):
            self.own[at] = max(self.own[at], done[-1] if done else 0)
            self._mine[at] = max(self._mine[at], mine)
            self._yours[at] = max(self._yours[at], yours)
        if level >= 1 and done:
            del self._sent[: len(done) - 1]
        return raised

    def goal(self, version: bytes, received: int) -> Goal:
        return Goal(version_dict(version), self._welcomes, received)

    def reached(self, document: Document, goal: Goal, level: int) -> bool:
        """Whether all of a goal is so safe. What others wrote is, if the server had it, got
        it after its welcome, or sent it."""
        foreign = self._yours[level] >= self._lacked and (
            goal.welcomes < self._welcomes or self._mine[level] >= goal.received
        )
        return all(
            self.own[level] >= n if who == document.replica else foreign and document.known(who) >= n
            for who, n in goal.counts.items()
        )
