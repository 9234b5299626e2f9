"""A replica id under which two copies went different ways: a copied disk, a restored
backup. The server's copy stands; this one keeps what both have, and issues the rest
again under an id of its own.

    0 ........ low ======?======= high ........ own
      the same                      not the same
"""
from __future__ import annotations

import contextlib
from collections.abc import Iterator

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

    def _told(self, count: int) -> Iterator[int]:
        """What the server may tell if it has the same: the shape where it has dropped text
        for good. Two copies do not type at the same moments."""
        document = self._document
        with contextlib.suppress(GoneError):
            yield document.digest(document.replica, count)
        yield document.digest_shape(document.replica, count)

    def take(self, digests: list[int]) -> None:
        """The server's, at counts(), as many as it has operations for."""
        counts = self.counts()
        if len(digests) > len(counts):
            raise malformed("more digests than were asked for")
        same = 0
        while same < len(digests) and digests[same] in self._told(counts[same]):
            same += 1
        if same < len(counts):
            self.high = counts[same]
        if same > 0:
            self.low = counts[same - 1]
        self.probe_due = True
