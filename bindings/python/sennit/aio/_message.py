"""Messages between the ends: msgpack arrays, one behind the other in a frame.

    [type, channel, ...]      docs/PROTOCOL.md
"""
from __future__ import annotations

from collections.abc import Iterator
from enum import IntEnum
from typing import Any, NamedTuple

import msgpack  # type: ignore[import]

from ._faults import PROTOCOL, ProtocolError


class Type(IntEnum):
    HELLO = 0
    WELCOME = 1
    DELTA = 2
    ACK = 3
    PRESENCE = 4
    PING = 5
    PONG = 6
    ERROR = 7
    LEAVE = 8
    WANT = 9
    VOID = 10
    PROBE = 11
    DIGESTS = 12


# What a type carries: n number, s str, b bytes, B bytes or None; then N numbers or D
# bytes to the end. Elements that a later release adds are not looked at.
FIELDS = {
    Type.HELLO: "nnsBnnnbsn", Type.WELCOME: "nbbnnnnnnnn", Type.DELTA: "nD", Type.ACK: "nnn",
    Type.PRESENCE: "nBs", Type.PING: "n", Type.PONG: "n", Type.ERROR: "ns", Type.LEAVE: "",
    Type.WANT: "nn", Type.VOID: "nnn", Type.PROBE: "nN", Type.DIGESTS: "nN",
}
ELEMENTS_MOST = 4098


class Message(NamedTuple):
    type: Type
    channel: int
    fields: list[Any]  # as FIELDS says; what ends a message, any number of them, is one list


def encode(type: Type, channel: int, *fields: object) -> bytes:
    return bytes(msgpack.packb([int(type), channel, *fields]))


def malformed(text: str) -> ProtocolError:
    return ProtocolError(PROTOCOL, 0, text)


def _fits(letter: str, value: object) -> bool:
    if letter in "nN":
        return type(value) is int and value >= 0
    if letter == "s":
        return isinstance(value, str)
    return isinstance(value, bytes) or (letter == "B" and value is None)


def _fields(type: Type, values: list[Any]) -> list[Any]:
    fields: list[Any] = []
    for i, letter in enumerate(FIELDS[type]):
        if letter in "ND":
            if not all(_fits(letter, v) for v in values[i:]):
                break
            return [*fields, values[i:]]
        if i >= len(values) or not _fits(letter, values[i]):
            break
        fields.append(values[i])
    else:
        return fields
    raise malformed(f"{type.name.lower()} with wrong elements")


def _message(value: object) -> Message | None:
    """The message; None if it is of a type that is not known."""
    if not isinstance(value, list) or len(value) < 2 or not all(_fits("n", v) for v in value[:2]):
        raise malformed("no message")
    if any(isinstance(v, (list, dict, msgpack.ExtType, msgpack.Timestamp)) for v in value):
        raise malformed("a message in a message")
    try:
        type = Type(value[0])
    except ValueError:
        return None
    return Message(type, value[1], _fields(type, value[2:]))


def decode(frame: bytes) -> Iterator[Message]:
    """The messages of a frame, those of a later release left out. ProtocolError."""
    unpacker = msgpack.Unpacker(
        max_buffer_size=max(len(frame), 1), max_array_len=ELEMENTS_MOST, max_map_len=0, max_ext_len=0
    )
    unpacker.feed(frame)
    while unpacker.tell() < len(frame):
        try:
            value = unpacker.unpack()
        except (ValueError, msgpack.UnpackException) as error:  # StackError and the like
            raise malformed("no msgpack") from error
        message = _message(value)
        if message is not None:
            yield message
