"""What a document tells of its past, and how a notebook shows that."""
from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timezone
from html import escape
from typing import NamedTuple

from ._values import Patch

HTML_MOST = 200_000  # characters that are shown


class Stretch(NamedTuple):
    """Text that one replica wrote at one time and that stands together."""

    pos: int
    text: str
    replica: int  # who wrote it; 0: it was seeded
    unix_ms: int  # when, by the writer's clock


def _when(unix_ms: int) -> str:
    try:
        return datetime.fromtimestamp(unix_ms / 1000, timezone.utc).isoformat(" ", "seconds")
    except (OverflowError, ValueError):
        return f"{unix_ms} ms"


def _hue(replica: int) -> int:
    return replica * 0x9E3779B97F4A7C15 % 2**64 * 360 >> 64


def _page(spans: Iterable[tuple[str, str]]) -> str:
    """A <pre> of spans, each the attributes of its tag and its text, which is escaped."""
    html, left = [], HTML_MOST
    for attributes, text in spans:
        html.append(f"<span{attributes}>{escape(text[:left])}</span>")
        left -= len(text)
        if left < 0:
            html.append("…")
            break
    return '<pre style="white-space: pre-wrap">' + "".join(html) + "</pre>"


class Blame(tuple[Stretch, ...]):
    """Who wrote what, in the order of the text. A notebook shows it in colours."""

    def _repr_html_(self) -> str:
        return _page(
            (
                f' style="background: hsl({_hue(s.replica)}, 70%, 85%); color: #000"'
                f' title="{s.replica:016x}, {_when(s.unix_ms)}"',
                s.text,
            )
            for s in self
        )


class Diff(tuple[Patch, ...]):
    """The patches from one text, `old`, to another. A notebook shows both in one."""

    old: str

    def __new__(cls, patches: Iterable[Patch], old: str) -> Diff:
        self = super().__new__(cls, patches)  # type: ignore[arg-type]
        self.old = old
        return self

    def __getnewargs__(self) -> tuple[tuple[Patch, ...], str]:
        return tuple(self), self.old

    @property
    def new(self) -> str:
        return "".join(text for kind, text in self.parts() if kind != "-")

    def parts(self) -> Iterator[tuple[str, str]]:
        """The text in pieces: ("=", kept), ("-", removed) and ("+", inserted)."""
        at, moved = 0, 0  # in the old text; by how much the new one is longer up to there
        for p in self:
            start = p.pos - moved
            if start > at:
                yield "=", self.old[at:start]
            if p.removed:
                yield "-", self.old[start : start + p.removed]
            if p.text:
                yield "+", p.text
            at, moved = start + p.removed, moved + p.inserted - p.removed
        if at < len(self.old):
            yield "=", self.old[at:]

    def _repr_html_(self) -> str:
        looks = {
            "=": "",
            "-": ' style="background: #ffd7d5; color: #000; text-decoration: line-through"',
            "+": ' style="background: #ccffd8; color: #000"',
        }
        return _page((looks[kind], text) for kind, text in self.parts())
