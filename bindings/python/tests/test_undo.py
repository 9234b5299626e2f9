"""Undo takes back what one user did, and nothing else."""
import gc
import random

import pytest

import sennit
from sennit import Document, Undo


class Time:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = 1_700_000_000_000

    def __call__(self) -> int:
        return self.now


def test_steps_end_where_somebody_paused() -> None:
    time = Time()
    doc = Document(clock=time)
    undo = Undo(doc, pause_ms=500)
    for c in "ab":
        doc.insert(len(doc), c)
    time.now += 600
    doc.insert(2, "c")
    assert undo.can_undo == 2
    assert undo.undo() and str(doc) == "ab"
    assert undo.undo() and str(doc) == ""
    assert not undo.undo() and undo.can_redo == 2
    assert undo.redo() and undo.redo() and str(doc) == "abc"
    assert not undo.redo()


def test_what_others_wrote_stays() -> None:
    a = Document("hello")
    undo = Undo(a)
    a.insert(5, " world")
    b = Document.load(a.save())
    b.insert(6, "wide ")
    a.apply(b.delta(a.version))
    assert undo.undo() and str(a) == "hellowide "


def test_deleted_text_comes_back_with_the_anchors_on_it() -> None:
    doc = Document("hello world")
    undo, anchor = Undo(doc), doc.anchor(8, sennit.AFTER)
    del doc[5:]
    assert doc.resolve(anchor) == 5
    undo.undo()
    assert str(doc) == "hello world" and doc.resolve(anchor) == 8


def test_a_with_is_one_step_or_none_of_this_user() -> None:
    doc = Document("x")
    undo = Undo(doc)
    with undo.step() as inside:
        inside.insert(1, "a")
    with undo.step():
        doc.insert(2, "b")
        del doc[0]
    with undo.away():
        doc.insert(0, ">")
    assert str(doc) == ">ab"
    assert undo.undo() and str(doc) == ">xa"
    assert undo.undo() and str(doc) == ">x" and undo.can_undo == 0


def test_the_selection_comes_back() -> None:
    doc = Document("hello")
    undo = Undo(doc)
    assert undo.selection == ()
    undo.selection = (doc.anchor(0), doc.anchor(5))
    doc[:] = ""
    undo.selection = (doc.anchor(0),)
    undo.undo()
    assert [doc.resolve(a) for a in undo.selection] == [0, 5]
    undo.selection = ()
    assert undo.selection == ()
    with pytest.raises(TypeError):
        undo.selection = ("nowhere",)  # type: ignore[assignment]
    with pytest.raises(TypeError):
        undo.selection = 5  # type: ignore[assignment]


def test_all_that_one_author_did_since_a_version() -> None:
    a = Document("one ")
    b = Document.load(a.save())
    since = a.version
    b.insert(4, "two ")
    a.insert(4, "three ")
    a.apply(b.delta(since))
    undo = Undo(a)
    undo.range([b.replica], since)
    assert str(a) == "one three "
    assert undo.undo() and sorted(str(a).split()) == ["one", "three", "two"]
    undo.range(until=since)
    assert "one" not in str(a)


def test_steps_survive_a_restart() -> None:
    doc = Document("a")
    undo = Undo(doc)
    doc.insert(1, "b")
    again = Document.load(doc.save(identity=True))
    undone = Undo.load(again, undo.save())
    assert undone.undo() and str(again) == "a"
    with pytest.raises(sennit.CorruptError):
        Undo.load(again, undo.save()[:-1])
    with pytest.raises(TypeError):
        Undo.load("document", b"")  # type: ignore[arg-type]


def test_in_a_transaction_there_is_no_undo() -> None:
    doc = Document("a")
    undo = Undo(doc)
    doc.insert(1, "b")
    with doc.transaction(), pytest.raises(sennit.BusyError):
        undo.undo()


@pytest.mark.parametrize("seed", range(5))
def test_undo_all_redo_all_ends_where_it_began(seed: int) -> None:
    rnd = random.Random(seed)
    doc, undo = Document(), None
    undo = Undo(doc, depth=10_000)
    for _ in range(300):
        a, b = sorted(rnd.choices(range(len(doc) + 1), k=2))
        doc[a:b] = "".join(rnd.choices("aé\n😀", k=rnd.randrange(1, 5)))
        if rnd.randrange(3) == 0:
            undo.end_step()
    text = str(doc)
    while undo.undo():
        pass
    assert str(doc) == "", f"seed {seed}"
    while undo.redo():
        pass
    assert str(doc) == text, f"seed {seed}"
    doc.check()


def test_an_undo_outlives_nothing_and_is_outlived_by_its_document() -> None:
    doc = Document("a")
    undo = Undo(doc)
    doc.insert(1, "b")
    del doc
    gc.collect()
    assert undo.undo() and str(undo.document) == "a"
    doc = undo.document
    del undo
    doc.insert(1, "c")
    doc.check()


def test_an_undo_may_go_while_a_call_is_at_work() -> None:
    other = Document("b")
    doc = Document.load(other.save())
    undos = [Undo(doc) for _ in range(3)]
    other.insert(1, "c")

    def let_go(change: sennit.Change, kinds: int) -> None:
        undos.clear()

    assert doc.apply(other.delta(doc.version), admit=let_go).applied == 1
    doc.insert(0, "y")
    doc.check()
