"""Marks on the text, and values beside it."""
from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from typing import TYPE_CHECKING, NamedTuple, Union

if TYPE_CHECKING:
    from ._core import Document

Value = Union[None, bool, int, float, str, bytes]
_NOTHING = object()


class Run(NamedTuple):
    """Text with the same marks."""

    pos: int
    text: str
    marks: dict[str, Value]


class Meta(MutableMapping[str, Value]):
    """The metadata of a document, such as its title, as a dict that all replicas share:
    for each key, what was set last counts."""

    def __init__(self, document: Document) -> None:
        self._document = document

    def __getitem__(self, key: str) -> Value:
        value = self._document.get_meta(key, _NOTHING)
        if value is _NOTHING:
            raise KeyError(key)
        return value  # type: ignore[return-value]

    def __setitem__(self, key: str, value: Value) -> None:
        self._document.set_meta(key, value)

    def __delitem__(self, key: str) -> None:
        self[key]
        self._document.delete_meta(key)

    def __iter__(self) -> Iterator[str]:
        return iter(self._document.metadata())

    def __len__(self) -> int:
        return len(self._document.metadata())

    def __repr__(self) -> str:
        return f"Meta({self._document.metadata()!r})"
