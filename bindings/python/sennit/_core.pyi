"""The compiled part. Every call that fails raises a sennit.Error (or MemoryError)
and leaves the document as it was. Positions and lengths are in codepoints.

Documents are independent of each other. Several threads may call the same one:
short calls take turns, and while a long one is at work without the GIL (loading,
saving, large edits and deltas) those of other threads raise BusyError, having done
nothing. Nothing that a document handed out is affected by what is done to it later.

Bytes are taken from anything that has a buffer, without a copy; long calls give up
the GIL if they are bytes, which nobody can change meanwhile."""
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Literal, Optional, final

from ._history import Blame, Diff
from ._marks import Meta, Run, Value
from ._values import (
    Anchor,
    Applied,
    Away,
    Change,
    Chunk,
    Info,
    Patch,
    Rebased,
    Stat,
    Step,
    Transaction,
)

_Bytes = bytes | bytearray | memoryview

BEFORE: int  # anchors: clings to the character after it
AFTER: int  # clings to the character before it
START: int  # start of the document
END: int  # end of the document

BYTES: int  # units, for count and convert
CODEPOINTS: int
UTF16: int
LINES: int

KIND_INSERT: int  # kinds of operations, for apply(admit=)
KIND_DELETE: int
KIND_TOGGLE: int
KIND_MARK: int
KIND_SET: int
KIND_REDACTION: int

PATCH_TEXT: int  # Patch.what
PATCH_MARK: int
PATCH_META: int

@final
class Table:
    """Replica ids that both ends of one connection know by heart, so that deltas
    name a replica in one byte. Each end has one for each direction."""

    def __new__(cls) -> Table: ...

@final
class Document:
    """Text that many people edit at once.

    It reads like a str and edits like a list: len(doc), doc[a:b], str(doc),
    doc[a:b] = "text", del doc[a:b].

    clock gives the time in Unix milliseconds at each edit; None asks the system.
    replica is drawn at the first edit unless given: two documents must never
    write under one. The rest are limits; 0 means the library's."""

    def __new__(
        cls,
        text: str = "",
        /,
        *,
        replica: int = 0,
        clock: Optional[Callable[[], int]] = None,
        coalesce_ms: int = 0,
        text_bytes: int = 0,
        replicas: int = 0,
        parked_bytes: int = 0,
        patches: int = 0,
    ) -> Document: ...
    @classmethod
    def seed(
        cls,
        name: str,
        text: str,
        /,
        *,
        replica: int = 0,
        clock: Optional[Callable[[], int]] = None,
        coalesce_ms: int = 0,
        text_bytes: int = 0,
        replicas: int = 0,
        parked_bytes: int = 0,
        patches: int = 0,
    ) -> Document:
        """A document that holds a text everybody already has: those seeded with the
        same name and text merge without doubling it."""
    @classmethod
    def load(
        cls,
        data: _Bytes,
        /,
        *,
        replica: int = 0,
        clock: Optional[Callable[[], int]] = None,
        coalesce_ms: int = 0,
        text_bytes: int = 0,
        replicas: int = 0,
        parked_bytes: int = 0,
        patches: int = 0,
    ) -> Document:
        """Open what save returned."""
    def save(self, *, identity: bool = False, live_only: bool = False) -> bytes:
        """The document as bytes. With identity, editing goes on under the same
        replica after a load: give such bytes to nobody else. live_only leaves out
        deleted text; what is loaded from it cannot serve what came before."""
    def fork(self) -> Document:
        """A copy that edits under a replica id of its own."""
    def __reduce__(self) -> tuple[Any, ...]: ...
    def __len__(self) -> int: ...
    def __str__(self) -> str: ...
    def __getitem__(self, key: int | slice, /) -> str: ...
    def __setitem__(self, key: int | slice, text: str, /) -> None: ...
    def __delitem__(self, key: int | slice, /) -> None: ...
    def insert(self, pos: int, text: str, /) -> None:
        """Insert text at a position, 0 to len."""
    def delete(self, pos: int, n: int, /) -> None:
        """Delete n codepoints from pos on."""
    def splice(self, pos: int, n: int, text: str, /) -> None:
        """Delete n codepoints at pos and insert text there, both or neither."""
    def replace(self, text: str, pos: int = 0, n: Optional[int] = None) -> None:
        """Make n codepoints from pos on (None: to the end) read as text, by edits as
        small as is affordable: for a host that only has the whole new text."""
    def transaction(self) -> Transaction:
        """Keep all edits of a `with` together, or none after an exception."""
    def begin(self) -> None:
        """Open a transaction: what `transaction` does with a `with`."""
    def commit(self) -> None:
        """Keep the edits of the open transaction."""
    def abort(self) -> None:
        """Take back the edits of the open transaction."""
    def count(self, unit: int, /) -> int:
        """How much text there is in BYTES, CODEPOINTS, UTF16 or LINES."""
    def convert(self, unit: int, pos: int, to: int, /) -> int:
        """A position in one unit as one in another: BYTES, CODEPOINTS, UTF16, LINES."""
    def line_column(self, pos: int, /) -> tuple[int, int]:
        """Line and column of a position, both from 0."""
    def at_line(self, line: int, column: int, /) -> int:
        """The position of a line and column; past the end of the line, its end."""
    def chunks(self, pos: int = 0, /) -> Iterator[Chunk]:
        """The text from pos on, by who wrote it. Do not edit meanwhile."""
    @property
    def version(self) -> bytes:
        """How many operations of each replica are known; see version_dict."""
    @property
    def replica(self) -> int:
        """Id of this replica; 0 before its first edit."""
    @property
    def lineage(self) -> bytes:
        """What tells related documents from others, 16 bytes; zeros while it has none."""
    @property
    def own_count(self) -> int:
        """How many operations this replica has made."""
    def known(self, replica: int, /) -> int:
        """How many operations of a replica are known."""
    def digest(self, replica: int, count: int, /) -> int:
        """Digest the first operations of a replica: equal digests, equal operations."""
    def digest_shape(self, replica: int, count: int, /) -> int:
        """The same but for what was typed: also where that was compacted away or redacted."""
    def delta(self, since: _Bytes = b"", table: Optional[Table] = None) -> bytes:
        """All that a version lacks; b"" if that is nothing."""
    def own_delta(self, start: int, table: Optional[Table] = None) -> bytes:
        """This replica's own operations from number start on."""
    def delta_part(
        self, since: _Bytes, most: int, *, own: bool = True, others: bool = True
    ) -> tuple[bytes, bytes]:
        """The first of what a version lacks, in about most bytes: of what this replica
        wrote, others wrote, or both. Also the version of whoever has taken it, for the
        next part."""
    def apply(
        self,
        delta: _Bytes,
        table: Optional[Table] = None,
        admit: Optional[Callable[[Change, int], object]] = None,
    ) -> Applied:
        """Apply a delta, or a whole snapshot, from anywhere: in any order, as often
        as you like. admit is asked about each change that is new, with its kinds
        of operations (KIND_INSERT and so on, or'ed); what it raises refuses the delta."""
    def missing(self) -> Iterator[tuple[int, int]]:
        """What parked operations wait for: (replica, send all after so many)."""
    def changes(self) -> Iterator[Change]:
        """The changes known, oldest first as they arrived here."""
    def mark(self, pos: int, n: int, name: str, value: Value = True, *, grows: bool = False) -> None:
        """Mark n codepoints from pos on with a name and a value. What is typed at its end
        has it, too, if it grows."""
    def unmark(self, pos: int, n: int, name: str, *, grows: bool = False) -> None:
        """Take marks of a name off, growing as they do."""
    def block(self, pos: int, value: Value, /) -> None:
        """Let the line that pos is in be a block, such as a heading; None: none."""
    def split(self, pos: int, /) -> None:
        """Insert a newline so that both halves of the line have its block."""
    def embed(self, pos: int, value: Value, /) -> None:
        """Insert something that is no text, such as a picture: one character U+FFFC."""
    def runs(self, pos: int = ..., n: int = ..., /) -> list[Run]:
        """The text from pos on as stretches with the same marks."""
    @property
    def meta(self) -> Meta:
        """The metadata, as a dict that all replicas share."""
    def set_meta(self, key: str, value: Value, /) -> None:
        """Set a value of the metadata; the last one counts."""
    def delete_meta(self, key: str, /) -> None:
        """Let a key have no value any more."""
    def get_meta(self, key: str, default: object = None, /) -> object:
        """The value of a key; the default if it has none."""
    def metadata(self) -> dict[str, Value]:
        """A copy of all keys and values."""
    def text_at(self, version: _Bytes, /) -> str:
        """The text at a version; GoneError if not all of that is known here."""
    def version_at(self, unix_ms: int, /) -> bytes:
        """The version of all changes up to a time, by their authors' clocks."""
    def change_versions(self, number: int, /) -> tuple[bytes, bytes]:
        """The versions just before and just after a change, by its number in changes()."""
    def diff(self, old: _Bytes, new: _Bytes = ..., /) -> Diff:
        """What leads from the text at one version to that at another (now, if it is not
        given), in any direction; by what became of each character, not by looks."""
    def blame(self, pos: int = ..., end: int = ..., /) -> Blame:
        """Who wrote what, from pos up to end."""
    def splice_at(self, version: _Bytes, pos: int, n: int, text: str, /) -> int:
        """Edit the text as it was at a version; where in the text of now it landed. What
        was typed since stays."""
    def edit_at(self, version: _Bytes, edits: Iterable[tuple[int, int, str]], /) -> None:
        """Make several such edits, (pos, removed, text), all or none; each counts in the
        text of that version, as if it were the only one."""
    def compact(self, cut: _Bytes, /) -> None:
        """Drop the bytes of text that was deleted up to a version, for good and here only:
        it must be known to all who still write."""
    @property
    def cut(self) -> bytes:
        """The version it was compacted to; b"" if it was not."""
    def redact(self, version: _Bytes, pos: int, n: int, /) -> None:
        """Erase n codepoints that stood at pos at a version and are deleted now, for good
        and in every replica; stand-ins take their place in the past. MisuseError if some of
        it is in the text. What was saved and sent before is not reached."""
    def redact_all(self, replica: int, /) -> None:
        """Erase all text of a replica that is deleted now."""
    def watch(
        self, remote: bool = True, local: bool = False, *, marks: bool = False, meta: bool = False
    ) -> None:
        """Choose what becomes patches from now on; drops those not yet taken."""
    def patches(self) -> Iterator[Patch]:
        """Take the patches that wait, in the order in which things happened."""
    def anchor(self, pos: int, side: int = ..., /) -> Anchor:
        """A place that moves with the text. BEFORE: text typed at pos comes before
        the anchor; AFTER: after it."""
    def resolve(self, anchor: Anchor, /) -> int:
        """Where an anchor is now."""
    def set_clock_offset(self, ms: int, /) -> None:
        """Correct the clock by so many milliseconds from now on."""
    def adopt(self, lineage: _Bytes, /) -> None:
        """Take the lineage of a document elsewhere, which must be that of this one
        already if it has operations."""
    def restamp(self, unix_ms: int, /) -> None:
        """Give own operations that were never given out a new time: for a host that
        learns that its clock was ahead."""
    def rebase(self, start: int, /) -> Rebased:
        """Take back own operations from number start on and issue them again under a
        new replica id: the way out when they can never be accepted as they are."""
    def retype(self, start: int, /) -> Rebased:
        """As rebase(), but text that was deleted before and brought back since is typed
        anew: the way out when somebody has dropped it for good (GoneError)."""
    def void(self, replica: int, start: int, renewed: int = 0, accepted: int = 0) -> Rebased:
        """Drop another replica's operations from number start on, which its author
        issued anew under renewed; accepted own ones stay under this id."""
    def stat(self) -> Stat:
        """How large the document is inside."""
    def check(self) -> None:
        """Recompute every sum, order and index, and compare; CorruptError says which is wrong."""
    def dump(self) -> str:
        """A readable dump, for people: equal operations, equal dumps."""

@final
class Undo:
    """Undo and redo of one user in one document: local edits become steps while it
    exists. What is taken back is what this user did and nothing else.

    An edit pause_ms after the last begins a new step (0: 1,000); depth steps are
    kept (0: 1,000)."""

    def __new__(cls, document: Document, *, pause_ms: int = 0, depth: int = 0) -> Undo: ...
    @classmethod
    def load(
        cls, document: Document, data: _Bytes, /, *, pause_ms: int = 0, depth: int = 0
    ) -> Undo:
        """Go on with the steps of a saved undo, in a document saved then or later with
        its identity."""
    def save(self) -> bytes:
        """All steps, for this device only."""
    @property
    def document(self) -> Document:
        """Whose edits it takes back."""
    @property
    def can_undo(self) -> int:
        """How many steps can be taken back."""
    @property
    def can_redo(self) -> int:
        """How many can be done again."""
    @property
    def selection(self) -> tuple[Anchor, ...]:
        """What is selected: set it whenever that changes other than by an edit. A step
        remembers it from when it began, and undoing gives that back."""
    @selection.setter
    def selection(self, anchors: tuple[Anchor, ...]) -> None: ...
    def undo(self) -> bool:
        """Take back the last step; False if there is none."""
    def redo(self) -> bool:
        """Do again the step taken back last; False if there is none."""
    def range(
        self,
        replicas: Optional[Sequence[int]] = None,
        since: _Bytes = b"",
        until: Optional[_Bytes] = None,
    ) -> None:
        """Take back what some replicas (None: all) did between two versions (None: up to
        now), as a step of its own."""
    def end_step(self) -> None:
        """The next edit begins a new step."""
    def step(self) -> Step:
        """Make the edits of a `with` one step."""
    def track(self, on: bool, /) -> None:
        """Whether edits are this user's from now on."""
    def away(self) -> Away:
        """Make the edits of a `with` not this user's."""

def version_number() -> int:
    """Of the library: 10,000 * major + 100 * minor + patch."""
def compare(a: _Bytes, b: _Bytes, /) -> Literal["equal", "before", "after", "concurrent"]:
    """How two versions stand to each other: "before": b knows more."""
def meet(a: _Bytes, b: _Bytes, /) -> bytes:
    """The version of what two versions both know."""

def version_dict(version: _Bytes, /) -> dict[int, int]:
    """A version as replica: operations known."""

def inspect(delta: _Bytes, table: Table = ..., /) -> Info:
    """What a delta or snapshot holds, read without applying it."""
def snapshot_text(data: _Bytes, /) -> str:
    """The text inside a snapshot, without opening it."""

def anchor_encode(anchor: Anchor, /) -> bytes:
    """An anchor as bytes."""
def anchor_decode(data: _Bytes, /) -> Anchor:
    """An anchor out of bytes."""
def anchor_rebase(rebased: Rebased, anchor: Anchor, /) -> Anchor:
    """Move an anchor along with a rebase."""
