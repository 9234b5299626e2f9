"""Plain values that documents hand out."""
from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, NamedTuple, Optional

if TYPE_CHECKING:
    from ._core import Document, Undo


class Chunk(NamedTuple):
    """A stretch of visible text that one replica typed in one go."""

    text: str
    replica: int  # who wrote it; 0: it was seeded
    unix_ms: int  # when, by the writer's clock


class Applied(NamedTuple):
    """What became of the operations in a delta."""

    applied: int  # new, done now
    known: int  # seen before
    parked: int  # waiting for others
    dropped: int  # waited in vain


class Info(NamedTuple):
    """What a delta or snapshot holds."""

    lineage: bytes
    operations: int
    changes: int
    inserted_bytes: int


class Change(NamedTuple):
    """Operations with one author and one timestamp."""

    replica: int
    unix_ms: int
    first: int
    operations: int
    inserted_bytes: int


class Patch(NamedTuple):
    """One step from the text the host shows to the text the document has."""

    pos: int
    removed: int
    inserted: int
    text: Optional[str]  # None with reset (read the document anew), and if not of text
    replica: int
    local: bool
    reset: bool
    what: int = 0  # PATCH_TEXT; PATCH_MARK: removed characters from pos on may look
    #                otherwise; PATCH_META: a key has another value
    name: Optional[str] = None  # of the mark, or the key


class Anchor(NamedTuple):
    """A place in the text that moves with it; see Document.anchor."""

    replica: int
    number: int
    side: int


class Rebased(NamedTuple):
    """Operations from number `start` on, and bytes from `start_byte` on, of replica
    `old` that are now operations and bytes 0 on of replica `renewed`."""

    old: int
    renewed: int
    start: int
    start_byte: int
    operations: int
    bytes: int


class Stat(NamedTuple):
    """How large a document is inside."""

    heap_bytes: int
    visible_bytes: int
    inserted_bytes: int
    spans: int
    operations: int
    changes: int
    replicas: int
    parked: int
    parked_bytes: int


class Transaction:
    """What Document.transaction gives: edits in its `with` are kept together, or
    none of them if an exception leaves it."""

    def __init__(self, document: Document) -> None:
        self._document = document

    def __enter__(self) -> Document:
        self._document.begin()
        return self._document

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        if kind is None:
            self._document.commit()
        else:
            self._document.abort()


class Step:
    """What Undo.step gives: edits in its `with` are one step of the undo."""

    def __init__(self, undo: Undo) -> None:
        self._undo = undo

    def __enter__(self) -> Document:
        self._undo.end_step()
        return self._undo.document

    def __exit__(self, *error: object) -> None:
        self._undo.end_step()


class Away:
    """What Undo.away gives: edits in its `with` are not this user's."""

    def __init__(self, undo: Undo) -> None:
        self._undo = undo

    def __enter__(self) -> Document:
        self._undo.track(False)
        return self._undo.document

    def __exit__(self, *error: object) -> None:
        self._undo.track(True)
