"""What users show each other: who they are and where they are in the text."""
from __future__ import annotations

import re
from typing import NamedTuple, Optional

import msgpack  # type: ignore[import]

from .._core import anchor_decode, anchor_encode
from .._errors import Error
from .._values import Anchor

NAME_MOST = 64
COLOR = re.compile("#[0-9a-fA-F]{6}")


class Presence(NamedTuple):
    """What the others shall see."""

    name: str
    color: str  # "#rrggbb"
    anchor: Optional[Anchor] = None  # where the selection begins
    head: Optional[Anchor] = None  # where its cursor is

    def encode(self) -> bytes:
        anchor, head = (a and anchor_encode(a) for a in (self.anchor, self.head))
        fields = {"name": self.name[:NAME_MOST], "color": self.color, "anchor": anchor, "head": head}
        return bytes(msgpack.packb(fields))


class Peer(NamedTuple):
    """Somebody who is there."""

    session: int  # as the server numbers them
    user: str  # who that is by the server's word; "" where nobody has a name
    state: bytes  # what they show
    presence: Optional[Presence]  # that, if it is of this form: anybody may put there anything


def _place(data: object) -> Optional[Anchor]:
    try:
        return anchor_decode(data) if isinstance(data, bytes) else None
    except Error:
        return None


def presence_decode(state: bytes) -> Optional[Presence]:
    """What somebody shows; None if the bytes are no presence."""
    try:
        value = msgpack.unpackb(state, max_map_len=64, max_array_len=64, max_ext_len=0)
    except (ValueError, msgpack.UnpackException):
        return None
    if not isinstance(value, dict):
        return None
    name, color = value.get("name"), value.get("color")
    if not isinstance(name, str) or not isinstance(color, str) or not COLOR.fullmatch(color):
        return None
    return Presence(name[:NAME_MOST], color, _place(value.get("anchor")), _place(value.get("head")))
