"""A document kept in step with a server::

    import asyncio
    from sennit import Document, aio

    async def main() -> None:
        doc = Document()
        async with aio.Client(doc, "ws://127.0.0.1:8377/sync", "notes") as client:
            await client.live()
            doc.insert(0, "hello")
            await client.saved()  # the server has it in its storage

    asyncio.run(main())

Needs websockets and msgpack: pip install sennit[aio].
"""
from ._client import Client
from ._events import (
    Changed,
    ClockCorrected,
    Event,
    Live,
    Offline,
    PeerChanged,
    Refused,
    Renewed,
    Restored,
    Safe,
)
from ._faults import (
    AwayError,
    ClockAheadError,
    DroppedError,
    ForbiddenError,
    ForkedError,
    NameRefusedError,
    ProtocolError,
    RateError,
    ReleaseError,
    ServerError,
    ServerStorageError,
    SilenceError,
    TokenError,
    TooLargeError,
    UnrelatedError,
)
from ._presence import Peer, Presence
from ._session import Level, Permission, State

__all__ = [
    "AwayError", "Changed", "Client", "ClockAheadError", "ClockCorrected", "DroppedError",
    "Event", "ForbiddenError", "ForkedError", "Level", "Live", "NameRefusedError", "Offline", "Peer",
    "PeerChanged", "Permission", "Presence", "ProtocolError", "RateError", "Refused",
    "ReleaseError", "Renewed", "Restored", "Safe", "ServerError", "ServerStorageError",
    "SilenceError", "State", "TokenError", "TooLargeError", "UnrelatedError",
]
