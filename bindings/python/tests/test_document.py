"""Documents read like a str, edit like a list, and merge."""
import copy
import gc
import pickle
import random
import sys
import threading
import time
import weakref
from collections.abc import Callable

import pytest

import sennit
from sennit import Document


def pair(text: str = "hello") -> tuple[Document, Document]:
    a, b = Document(text), Document()
    b.apply(a.delta())
    return a, b


def meet(a: Document, b: Document) -> str:
    a.apply(b.delta(a.version))
    b.apply(a.delta(b.version))
    assert str(a) == str(b) and a.version == b.version
    return str(a)


def test_reads_like_a_str() -> None:
    doc = Document("añ😀b")
    assert len(doc) == 4 and str(doc) == "añ😀b"
    assert doc[0] == "a" and doc[-1] == "b" and doc[1:3] == "ñ😀" and doc[:] == "añ😀b"
    assert doc[-2:] == "😀b" and doc[3:1] == "" and doc[9:] == ""
    with pytest.raises(IndexError):
        doc[4]
    with pytest.raises(ValueError):
        doc[::2]


def test_edits_like_a_list() -> None:
    doc = Document("abc")
    doc[1:2] = "XY"
    assert str(doc) == "aXYc"
    del doc[0]
    doc[len(doc):] = "!"
    doc[0] = ""
    assert str(doc) == "Yc!"
    doc.insert(0, ">")
    doc.delete(1, 2)
    doc.splice(0, 1, "<")
    assert str(doc) == "<!"


@pytest.mark.parametrize("seed", range(20))
def test_any_edits_do_what_they_do_to_a_str(seed: int) -> None:
    rnd = random.Random(seed)
    doc, text = Document(), ""
    for _ in range(200):
        a, b = sorted(rnd.choices(range(len(text) + 1), k=2))
        new = "".join(rnd.choices("aé\n😀中", k=rnd.randrange(4)))
        doc[a:b] = new
        text = text[:a] + new + text[b:]
    assert str(doc) == text
    for _ in range(100):
        a, b = rnd.randint(-9, 400), rnd.randint(-9, 400)
        assert doc[a:b] == text[a:b], f"seed {seed}"
    doc.check()


def test_two_who_edit_at_once_end_with_the_same_text() -> None:
    a, b = pair("hello")
    a.insert(5, " world")
    b.insert(0, "oh, ")
    assert meet(a, b) == "oh, hello world"


def test_a_delta_applied_twice_is_known() -> None:
    a, b = pair()
    assert b.apply(a.delta()) == sennit.Applied(0, 5, 0, 0)


def test_early_arrivals_wait_and_say_for_what() -> None:
    a, b = pair()
    a.insert(5, "!")
    version = a.version
    a.insert(6, "?")
    late = a.delta(version)
    assert b.apply(late).parked == 1
    assert list(b.missing()) == [(a.replica, 5)]
    assert b.apply(a.delta(b.version)).applied == 2
    assert list(b.missing()) == []


def test_replace_changes_no_more_than_what_differs() -> None:
    a, b = pair("one two three")
    cursor = a.anchor(8)
    b.insert(13, " four")
    a.replace("one 2 three")
    assert meet(a, b) == "one 2 three four"
    assert a.resolve(cursor) == 6


def test_a_transaction_is_kept_whole_or_not_at_all() -> None:
    doc = Document("abc")
    with doc.transaction() as inside:
        inside.insert(3, "d")
        del doc[0]
        with pytest.raises(sennit.BusyError):
            doc.delta()
    assert str(doc) == "bcd"
    with pytest.raises(ZeroDivisionError), doc.transaction():
        doc[:] = "gone"
        1 / 0
    assert str(doc) == "bcd"
    with pytest.raises(ValueError):
        doc.commit()


def test_patches_turn_the_old_text_into_the_new() -> None:
    a, b = pair("hello")
    b.watch(remote=True, local=True)
    shown = str(b)
    a[1:3] = "E😀"
    b.insert(0, "> ")
    b.apply(a.delta(b.version))
    for p in b.patches():
        shown = shown[: p.pos] + (p.text or "") + shown[p.pos + p.removed:]
    assert shown == str(b)
    assert list(b.patches()) == []


def test_anchors_move_with_the_text_and_travel_as_bytes() -> None:
    doc = Document("hello world")
    anchor = doc.anchor(6, sennit.BEFORE)
    doc.insert(0, ">> ")
    assert doc.resolve(sennit.anchor_decode(sennit.anchor_encode(anchor))) == 9
    assert doc.resolve(sennit.Anchor(0, 0, sennit.END)) == len(doc)
    with pytest.raises(sennit.GoneError):
        doc.resolve(sennit.Anchor(99, 1, sennit.BEFORE))
    with pytest.raises(TypeError):
        doc.resolve("nowhere")  # type: ignore[arg-type]


def test_units_and_lines_convert() -> None:
    doc = Document("a😀\nb")
    assert [doc.count(u) for u in (sennit.BYTES, sennit.CODEPOINTS, sennit.UTF16, sennit.LINES)] == [7, 4, 5, 1]
    assert doc.convert(sennit.UTF16, 3, sennit.CODEPOINTS) == 2
    assert doc.line_column(3) == (1, 0) and doc.at_line(0, 99) == 2
    with pytest.raises(sennit.RangeError):
        doc.line_column(5)


def test_saved_and_loaded_it_is_the_same() -> None:
    a, b = pair("hello")
    b.insert(5, " world")
    a.apply(b.delta())
    again = Document.load(a.save(identity=True))
    assert str(again) == str(a) and again.replica == a.replica and again.dump() == a.dump()
    assert sennit.snapshot_text(a.save()) == "hello world"
    assert Document.load(memoryview(bytearray(a.save()))).version == a.version
    assert str(Document.load(a.save(live_only=True))) == str(a)


def test_seeded_twice_it_merges_without_doubling() -> None:
    a, b = Document.seed("doc", "text"), Document.seed("doc", "text")
    assert a.lineage == b.lineage and meet(a, b) == "text"
    with pytest.raises(sennit.LineageError):
        a.apply(Document.seed("other", "text").delta())


def test_copies_edit_under_ids_of_their_own() -> None:
    doc = Document("hello")
    for twin in (doc.fork(), pickle.loads(pickle.dumps(doc)), copy.copy(doc)):
        twin.insert(5, "!")
        assert twin.replica not in (0, doc.replica)
        assert str(doc) == "hello"


def test_changes_say_who_and_when() -> None:
    time = 1_700_000_000_000
    doc = Document("hello", clock=lambda: time)
    assert [(c.replica, c.unix_ms, c.operations) for c in doc.changes()] == [(doc.replica, time, 5)]
    assert [(c.text, c.unix_ms) for c in doc.chunks()] == [("hello", time)]
    assert sennit.version_dict(doc.version) == {doc.replica: 5}
    assert (doc.known(doc.replica), doc.known(1), doc.own_count) == (5, 0, 5)


def test_versions_compare() -> None:
    a, b = pair()
    old = a.version
    a.insert(0, "x")
    assert sennit.compare(old, a.version) == "before"
    assert sennit.compare(a.version, old) == "after"
    assert sennit.compare(old, b.version) == "equal"
    b.insert(0, "y")
    assert sennit.compare(a.version, b.version) == "concurrent"
    assert sennit.meet(a.version, b.version) == old
    with pytest.raises(sennit.CorruptError):
        sennit.meet(a.version, b"?")


def test_a_table_makes_keystrokes_shorter() -> None:
    a, b = pair()
    out, into = sennit.Table(), sennit.Table()
    sizes = []
    for i in range(3):
        before = a.own_count
        a.insert(len(a), "x")
        delta = a.own_delta(before, out)
        b.apply(delta, into)
        sizes.append(len(delta))
    assert str(b) == "helloxxx" and sizes[-1] < sizes[0]


def test_whoever_is_asked_may_refuse() -> None:
    a, b = pair()
    a.insert(0, "x")
    asked = []

    def no(change: sennit.Change, kinds: int) -> None:
        asked.append((change.replica, change.operations, kinds))
        with pytest.raises(sennit.BusyError):
            b.insert(0, "!")
        raise PermissionError("no")

    with pytest.raises(PermissionError):
        b.apply(a.delta(), admit=no)
    assert asked == [(a.replica, 1, sennit.KIND_INSERT)] and str(b) == "hello"
    assert b.apply(a.delta(), admit=lambda c, k: None).applied == 1


def test_what_is_wrong_is_a_typed_exception_and_changes_nothing() -> None:
    doc = Document("hello")
    dump = doc.dump()
    cases: list[tuple[type[BaseException], Callable[[], object]]] = [
        (sennit.RangeError, lambda: doc.insert(6, "x")),
        (sennit.RangeError, lambda: doc.delete(4, 2)),
        (ValueError, lambda: doc.insert(-1, "x")),
        (UnicodeEncodeError, lambda: doc.insert(0, "\ud800")),
        (sennit.CorruptError, lambda: doc.apply(b"\xd0\x01garbage")),
        (sennit.CorruptError, lambda: doc.delta(b"\xff")),
        (sennit.CorruptError, lambda: Document.load(b"")),
        (TypeError, lambda: doc.insert("0", "x")),  # type: ignore[arg-type]
        (TypeError, lambda: doc.apply("text")),  # type: ignore[arg-type]
        (TypeError, lambda: doc.delta(table=5)),  # type: ignore[arg-type]
        (TypeError, lambda: Document(lineage=5)),  # type: ignore[call-arg]
        (sennit.LimitError, lambda: Document("12345", text_bytes=4)),
        (sennit.MisuseError, lambda: doc.count(9)),
    ]
    for kind, call in cases:
        with pytest.raises(kind):
            call()
    assert doc.dump() == dump
    with pytest.raises(sennit.CorruptError) as failure:
        doc.apply(bytes(Document("x").delta())[:-1])
    assert failure.value.status == -5 and failure.value.reason


def test_hostile_bytes_never_get_in() -> None:
    rnd = random.Random(7)
    doc = Document("hello")
    good = Document.load(doc.save()).delta()
    for _ in range(2000):
        bad = bytearray(good)
        bad[rnd.randrange(len(bad))] ^= 1 << rnd.randrange(8)
        try:
            doc.apply(bad)
        except sennit.Error:
            pass
    doc.check()
    assert str(doc) == "hello"


def test_what_can_change_is_read_under_the_lock() -> None:
    doc = Document("x" * 10_000 + "y")
    good = doc.save()
    for data in (bytearray(good), memoryview(good), memoryview(bytearray(good)).toreadonly()):
        assert str(Document.load(data)) == str(doc)
        assert Document().apply(data).applied == 10_001
    with pytest.raises(BufferError):
        Document().apply(memoryview(bytearray(good * 2))[::2])  # not in one piece

    target = bytearray(good)

    def overwrite(change: sennit.Change, kinds: int) -> None:
        target[:] = bytes(len(target))


    other = Document()
    assert other.apply(target, admit=overwrite).applied == 10_001 and str(other) == str(doc)


def test_a_document_goes_on_under_another_id() -> None:
    doc = Document("hello")
    anchor, old = doc.anchor(3), doc.replica
    twin = Document.load(doc.save(identity=True))
    twin.insert(5, "!")
    doc.insert(5, "?")
    with pytest.raises(sennit.ForkError):
        doc.apply(twin.delta())
    done = doc.rebase(5)
    assert (done.old, done.start, done.operations) == (old, 5, 1) and done.renewed == doc.replica
    assert doc.resolve(sennit.anchor_rebase(done, anchor)) == 3
    assert sorted(meet(doc, twin)) == sorted("hello!?")
    assert twin.void(done.renewed, 0).operations == 0 and "?" not in str(twin)
    with pytest.raises(sennit.RangeError):
        doc.rebase(99)
    with pytest.raises(TypeError):
        sennit.anchor_rebase(5, anchor)  # type: ignore[arg-type]


def test_a_lineage_is_adopted_and_times_are_corrected() -> None:
    a, b, time = Document("x"), Document(clock=lambda: 2_000_000_000_000), 1_700_000_000_000
    b.adopt(a.lineage)
    b.insert(0, "y")
    b.restamp(time)
    assert [c.unix_ms for c in b.changes()] == [time]
    a.apply(b.delta())
    with pytest.raises(sennit.LineageError):
        b.adopt(bytes(16))
    with pytest.raises(ValueError):
        b.adopt(b"short")


def test_a_delta_comes_in_parts_too() -> None:
    a, b = Document("0123456789" * 100), Document()
    then = b""
    for _ in range(1000):
        part, then = a.delta_part(then, 100)
        if part == b"":
            break
        b.apply(part)
    assert str(b) == str(a) and then == a.version
    assert a.delta_part(b"", 100, own=False)[0] == b""
    with pytest.raises(ValueError):
        a.delta_part(b"", 100, own=False, others=False)


def test_threads_are_safe_or_refused() -> None:
    doc, table, failures = Document("x" * 10_000), sennit.Table(), []

    def work(n: int) -> None:
        mine = Document("y" * 10_000)
        for i in range(40):
            try:
                doc.save()
                doc.insert(0, "y" * (5_000 if i % 4 == n else 1))
                mine.delta(table=table)
                doc.version
            except sennit.BusyError:
                pass
            except Exception as e:  # noqa: BLE001
                failures.append(e)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not failures
    doc.check()


def test_a_call_of_a_thread_is_not_in_the_way_of_others_elsewhere() -> None:
    """The GIL is given up: others run while a long call does."""
    data = Document("".join(map(chr, range(33, 0x3000))) * 30).save()
    done, ran = threading.Event(), 0

    def load() -> None:
        for _ in range(20):
            Document.load(data)
        done.set()

    thread = threading.Thread(target=load)
    old = sys.getswitchinterval()
    sys.setswitchinterval(1000)  # nobody is made to give it up
    try:
        thread.start()
        while not done.is_set():
            ran += 1
            time.sleep(0)
    finally:
        sys.setswitchinterval(old)
        thread.join()
    assert ran > 20


def test_nothing_is_leaked_by_a_hundred_thousand_documents() -> None:
    def resident() -> int:
        with open("/proc/self/statm") as f:
            return int(f.read().split()[1])

    def churn(n: int) -> None:
        for _ in range(n):
            doc = Document("x", clock=int)
            undo = sennit.Undo(doc)
            list(doc.changes())
            undo.selection = (doc.anchor(0),)
            doc.fork()
        gc.collect()

    churn(2_000)
    before = resident()
    churn(50_000)  # two documents each
    assert resident() - before < 512, "pages"


def test_cycles_through_a_clock_are_collected() -> None:
    class Owner:
        def __init__(self) -> None:
            self.doc = Document(clock=self.now)
            self.undo = sennit.Undo(self.doc)

        def now(self) -> int:
            return 1_700_000_000_000

    gone = weakref.ref(Owner())
    gc.collect()
    assert gone() is None
