"""A replica id under which two copies went different ways: a copied disk, a restored
backup. The server's copy stands; this one keeps what both have, and issues the rest
again under an id of its own.

    0 ........ low ======?======= high ........ own
      the same                      not the same
"""
from __future__ import annotations

from .._core import Document
from .._errors import GoneError
from ._message import malformed

COUNTS = 64


class Search:
    """For how many operations both have, by digests at up to 64 counts at a time."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self.low = 0
        self.high = document.own_count + 1
        self.probe_due = True

    @property
    def over(self) -> bool:
        return self.high - self.low <= 1

    def counts(self) -> list[int]:
        between = self.high - self.low - 1
        if between <= COUNTS:
            return list(range(self.low + 1, self.high))
        return [self.low + between * (i + 1) // COUNTS for i in range(COUNTS)]

    def take(self, digests: list[int]) -> None:
        """The server's, at counts(), as many as it has operations for."""
        counts = self.counts()
        if len(digests) > len(counts):
            raise malformed("more digests than were asked for")
        try:
            mine = [self._document.digest(self._document.replica, n) for n in counts]
        except GoneError:  # it cannot be told: nothing is taken for the same
            self.high = self.low + 1
            return
        same = 0
        while same < len(digests) and digests[same] == mine[same]:
            same += 1
        if same < len(counts):
            self.high = counts[same]
        if same > 0:
            self.low = counts[same - 1]
        self.probe_due = True
