"""What goes wrong, one class for each status of the library."""


class Error(Exception):
    """Anything the library refuses; the document is as it was before.

    status    the library's number for it
    position  offset of the guilty byte, where bytes were read; else 0
    reason    in words
    """

    def __init__(self, status: int, position: int, reason: str) -> None:
        super().__init__(status, position, reason)
        self.status = status
        self.position = position
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.reason} (at {self.position})" if self.position else self.reason


class MisuseError(Error, ValueError):
    """The program called wrongly."""


class RangeError(Error, IndexError):
    """A position past the end."""


class Utf8Error(Error, ValueError):
    """Ill-formed text, or a position inside a character."""


class CorruptError(Error, ValueError):
    """Bytes that no sennit wrote, or that were damaged."""


class VersionError(Error):
    """Bytes of a later release."""


class LimitError(Error):
    """A limit of the document would be passed."""


class LineageError(Error):
    """A delta of an unrelated document."""


class ForkError(Error):
    """One operation id with two contents: a copied replica."""


class BusyError(Error, RuntimeError):
    """A transaction is open, or another thread is at work in the document."""


class GoneError(Error, LookupError):
    """Something names text that is not here, or not any more."""


class AuthError(Error):
    """Not allowed to whoever asks."""


class ClockError(Error):
    """The time of an operation is too far ahead."""


class StorageError(Error):
    """Storage or network failed."""


class ClosedError(Error):
    """The other end is gone."""


BY_STATUS: dict[int, type[Error]] = {
    -2: MisuseError,
    -3: RangeError,
    -4: Utf8Error,
    -5: CorruptError,
    -6: VersionError,
    -7: LimitError,
    -8: LineageError,
    -9: ForkError,
    -10: BusyError,
    -11: GoneError,
    -12: AuthError,
    -13: ClockError,
    -14: StorageError,
    -15: ClosedError,
}
