"""Rich text and metadata."""
import gc
import math
from collections.abc import Callable

import pytest

import sennit
from sennit import Document, Run, Undo


def pair(text: str) -> tuple[Document, Document]:
    a = Document(text)
    return a, Document.load(a.save())


def meet(a: Document, b: Document) -> None:
    a.apply(b.delta(a.version))
    b.apply(a.delta(b.version))
    assert a.runs() == b.runs() and dict(a.meta) == dict(b.meta)


def test_runs_are_the_text_with_its_marks() -> None:
    doc = Document("a héllo 😀")
    doc.mark(2, 5, "bold", grows=True)
    doc.mark(4, 5, "link", "x://y")
    assert doc.runs() == [
        Run(0, "a ", {}), Run(2, "hé", {"bold": True}), Run(4, "llo", {"bold": True, "link": "x://y"}),
        Run(7, " 😀", {"link": "x://y"}),
    ]
    assert doc.runs(3, 2) == [Run(3, "é", {"bold": True}), Run(4, "l", {"bold": True, "link": "x://y"})]
    assert doc.runs(9) == [] and doc.runs(2, 0) == []
    doc.unmark(2, 5, "bold", grows=True)
    assert [r.text for r in doc.runs()] == ["a hé", "llo 😀"]


def test_some_marks_grow_and_others_do_not() -> None:
    doc = Document("bold link")
    doc.mark(0, 4, "bold", grows=True)
    doc.mark(5, 4, "link", "x")
    doc.insert(9, "!")
    doc.insert(4, "er")
    assert [(r.text, sorted(r.marks)) for r in doc.runs()] == [
        ("bolder", ["bold"]), (" ", []), ("link", ["link"]), ("!", []),
    ]


def test_what_two_mark_at_once_is_the_same_for_both() -> None:
    a, b = pair("The fox jumped")
    a.mark(0, 7, "bold", grows=True)
    b.mark(4, 10, "bold", grows=True)
    b.mark(0, 3, "colour", "red")
    a.mark(0, 3, "colour", "blue")
    meet(a, b)
    assert all("bold" in r.marks for r in a.runs())
    assert a.runs()[0].marks["colour"] in ("red", "blue")


@pytest.mark.parametrize("value", [None, True, False, 0, -(2**63), 2**63 - 1, 1.5, -0.0, "", "é😀\0", b"", b"\xff\0"])
def test_values_come_back_as_they_were(value: sennit.Value) -> None:
    doc = Document("x")
    doc.mark(0, 1, "name", value)
    doc.meta["key"] = value
    again = Document.load(doc.save())
    for back in (again.runs()[0].marks["name"], again.meta["key"]):
        assert back == value and type(back) is type(value)
    doc.meta["nan"] = math.nan
    assert math.isnan(doc.meta["nan"])  # type: ignore[arg-type]


def test_blocks_and_embeds() -> None:
    doc = Document("title\ntext")
    doc.block(2, "h1")
    doc.split(2)
    assert str(doc) == "ti\ntle\ntext"
    assert [r.text for r in doc.runs() if r.marks.get("block") == "h1"] == ["\n", "\n"]
    doc.block(0, None)
    assert [r.pos for r in doc.runs() if "block" in r.marks] == [6]
    doc.embed(0, "picture.png")
    assert doc.runs()[0] == Run(0, "\ufffc", {"embed": "picture.png"})


def test_metadata_is_a_dict() -> None:
    a, b = pair("x")
    a.meta["title"] = "one"
    a.meta.update(n=1, data=b"\0")
    meet(a, b)
    assert dict(b.meta) == {"title": "one", "n": 1, "data": b"\0"} and len(b.meta) == 3
    assert list(b.meta) == ["data", "n", "title"] and "n" in b.meta and "m" not in b.meta
    del b.meta["n"]
    assert b.meta.get("n", 5) == 5 and b.meta.pop("title") == "one"
    with pytest.raises(KeyError):
        del b.meta["n"]
    meet(a, b)
    assert repr(a.meta) == "Meta({'data': b'\\x00'})"


def test_marks_and_metadata_are_undone() -> None:
    doc = Document("text")
    undo = Undo(doc)
    with undo.step():
        doc.mark(0, 4, "bold", grows=True)
        doc.meta["title"] = "t"
    assert undo.undo() and doc.runs() == [Run(0, "text", {})] and not doc.meta
    assert undo.redo() and doc.runs() == [Run(0, "text", {"bold": True})] and doc.meta["title"] == "t"


def test_patches_tell_of_them_to_who_wants_to_know() -> None:
    a, b = pair("hello")
    b.watch(marks=True, meta=True)
    a.mark(1, 3, "bold")
    a.meta["title"] = "x"
    a.insert(0, "!")
    b.apply(a.delta(b.version))
    told = [(p.what, p.pos, p.removed, p.text, p.name) for p in b.patches()]
    assert sorted(told, key=str) == [
        (sennit.PATCH_TEXT, 0, 0, "!", None), (sennit.PATCH_MARK, 1, 3, None, "bold"),
        (sennit.PATCH_META, 0, 0, None, "title"),
    ]
    b.watch()
    a.mark(0, 1, "bold")
    b.apply(a.delta(b.version))
    assert list(b.patches()) == []


def test_what_is_wrong_changes_nothing() -> None:
    doc = Document("hello")
    dump = doc.dump()
    cases: list[tuple[Callable[[], object], type[BaseException]]] = [
        (lambda: doc.mark(3, 3, "x"), sennit.RangeError),
        (lambda: doc.mark(0, 1, ""), sennit.Error),
        (lambda: doc.mark(0, 0, "x"), sennit.Error),
        (lambda: doc.mark(0, 1, "n" * 256), sennit.LimitError),
        (lambda: doc.mark(0, 1, "x", "v" * 65_536), sennit.LimitError),
        (lambda: doc.mark(0, 1, "x", 2**63), OverflowError),
        (lambda: doc.mark(0, 1, "x", []), TypeError),  # type: ignore[arg-type]
        (lambda: doc.mark(0, 1, "\ud800"), UnicodeEncodeError),
        (lambda: doc.set_meta("", 1), sennit.Error),
        (lambda: doc.set_meta("x", {}), TypeError),  # type: ignore[arg-type]
        (lambda: doc.block(6, 1), sennit.RangeError),
        (lambda: doc.embed(6, 1), sennit.RangeError),
        (lambda: doc.split(6), sennit.RangeError),
        (lambda: doc.runs(0, 6), sennit.RangeError),
        (lambda: doc.runs(6), sennit.RangeError),
    ]
    for call, error in cases:
        with pytest.raises(error):
            call()
    assert doc.dump() == dump


class Nosy:
    """In a cycle, so that collecting garbage finds it: it edits the document then."""

    def __init__(self, doc: Document) -> None:
        self.doc, self.me = doc, self

    def __del__(self) -> None:
        try:
            self.doc.insert(0, "!")
        except sennit.BusyError:
            pass


def test_code_that_runs_meanwhile_is_kept_from_the_document() -> None:
    doc = Document("x" * 400)
    for i in range(0, 400, 2):
        doc.mark(i, 1, f"m{i}", i)
        doc.meta[f"k{i}"] = "v"
    thresholds = gc.get_threshold()
    gc.set_threshold(1)
    try:
        for _ in range(20):
            Nosy(doc)
            runs = doc.runs()
            assert sum(len(r.text) for r in runs) in (len(doc), len(doc) - 1)
            Nosy(doc)
            assert len(doc.metadata()) == 200
    finally:
        gc.set_threshold(*thresholds)
    doc.check()
