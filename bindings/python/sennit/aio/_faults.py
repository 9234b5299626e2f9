"""What a server refuses with, one class for each code of docs/PROTOCOL.md."""
from .._errors import Error


class ServerError(Error):
    """The server, or what came from it, stands in the way; the document keeps everything.

    status is the code, reason the words.
    """


class ProtocolError(ServerError):
    """Something was malformed or out of turn."""


class TokenError(ServerError):
    """No token, or one that is wrong, expired or revoked: get another."""


class ForbiddenError(ServerError):
    """The token does not permit it."""


class NameRefusedError(ServerError):
    """That is no name of a document."""


class SilenceError(ServerError):
    """Nothing was heard for too long."""


class ForkedError(ServerError):
    """This replica went another way, and no way out was found."""


class UnrelatedError(ServerError):
    """The server has an unrelated document under this name."""


class ClockAheadError(ServerError):
    """The time of an operation is too far ahead."""


class DroppedError(ServerError):
    """It brings back text that the server has dropped for good, and no way out was found."""


class TooLargeError(ServerError):
    """A limit would be passed."""


class ReleaseError(ServerError):
    """The server is of a release that this client does not understand."""


class RateError(ServerError):
    """Too much in too short a time; it is tried again by itself."""


class ServerStorageError(ServerError):
    """The server cannot reach its storage now; it is tried again by itself."""


class AwayError(ServerError):
    """The server stops; it is tried again by itself."""


BY_CODE: dict[int, type[ServerError]] = {
    4400: ProtocolError,
    4401: TokenError,
    4403: ForbiddenError,
    4404: NameRefusedError,
    4408: SilenceError,
    4409: ForkedError,
    4410: UnrelatedError,
    4411: ClockAheadError,
    4412: DroppedError,
    4413: TooLargeError,
    4426: ReleaseError,
    4429: RateError,
    4500: ServerStorageError,
    4503: AwayError,
}
PROTOCOL, FORBIDDEN, FORKED, CLOCK, GONE = 4400, 4403, 4409, 4411, 4412
RATE, STORAGE, AWAY = 4429, 4500, 4503

# What trying again does not mend.
FINAL = frozenset({4400, 4401, 4403, 4404, 4409, 4410, 4412, 4413, 4426})


def fault(code: int, text: str) -> ServerError:
    """What stands for a code; one of a later release is a plain ServerError."""
    return BY_CODE.get(code, ServerError)(code, 0, text)
