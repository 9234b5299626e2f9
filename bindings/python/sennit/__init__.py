"""Text that many people edit at once.

    >>> from sennit import Document
    >>> alice, bob = Document("hello"), Document()
    >>> bob.apply(alice.delta())
    Applied(applied=5, known=0, parked=0, dropped=0)
    >>> bob[5:] = ", world"
    >>> alice.apply(bob.delta(alice.version)).applied
    7
    >>> str(alice)
    'hello, world'

Positions and lengths are in codepoints, like those of str.
"""
from ._core import (
    BEFORE,
    AFTER,
    START,
    END,
    BYTES,
    CODEPOINTS,
    UTF16,
    LINES,
    KIND_INSERT,
    KIND_DELETE,
    KIND_TOGGLE,
    KIND_MARK,
    KIND_SET,
    KIND_REDACTION,
    PATCH_TEXT,
    PATCH_MARK,
    PATCH_META,
    Document,
    Table,
    Undo,
    anchor_decode,
    anchor_encode,
    anchor_rebase,
    compare,
    meet,
    inspect,
    snapshot_text,
    version_dict,
    version_number,
)
from ._errors import (
    AuthError,
    BusyError,
    ClockError,
    ClosedError,
    CorruptError,
    Error,
    ForkError,
    GoneError,
    LimitError,
    LineageError,
    MisuseError,
    RangeError,
    StorageError,
    Utf8Error,
    VersionError,
)
from ._history import Blame, Diff, Stretch
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

__all__ = [
    "AFTER", "Anchor", "Applied", "AuthError", "Away", "BEFORE", "BYTES", "Blame", "BusyError",
    "CODEPOINTS", "Change", "Chunk", "ClockError", "ClosedError", "CorruptError", "Diff",
    "Document", "END", "Error", "ForkError", "GoneError", "Info", "KIND_DELETE", "KIND_INSERT",
    "KIND_MARK", "KIND_REDACTION", "KIND_SET", "KIND_TOGGLE", "LINES", "LimitError", "LineageError",
    "Meta", "MisuseError", "PATCH_MARK", "PATCH_META", "PATCH_TEXT", "Patch", "RangeError", "Rebased",
    "Run", "START", "Stat", "Step", "StorageError", "Stretch", "Table", "Transaction", "UTF16",
    "Undo", "Utf8Error", "Value", "VersionError", "anchor_decode", "anchor_encode", "anchor_rebase",
    "compare", "inspect", "meet", "snapshot_text", "version_dict", "version_number",
]

__version__ = "0.1.0"
