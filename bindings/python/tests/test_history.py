"""The text as it was, what changed, and who wrote it."""
import pickle
import random
import re
from html import unescape

import pytest

import sennit
from sennit import Document
from test_undo import Time


def test_the_text_at_versions_and_times() -> None:
    time = Time()
    doc = Document("one", clock=time)
    first, at = doc.version, time.now
    time.now += 60_000
    doc[0:3] = "two"
    assert doc.text_at(first) == "one" and doc.text_at(doc.version) == "two"
    assert doc.text_at(b"") == "" and doc.version_at(at) == first
    assert doc.text_at(doc.version_at(at - 1)) == ""
    with pytest.raises(sennit.CorruptError):
        doc.text_at(b"\xff")
    with pytest.raises(sennit.GoneError):
        doc.text_at(Document("x").version)


def test_each_change_has_a_version_before_and_after_it() -> None:
    time = Time()
    doc = Document("one", clock=time)
    time.now += 60_000
    doc.insert(3, " two")
    texts = []
    for number, _ in enumerate(doc.changes()):
        before, after = doc.change_versions(number)
        texts.append((doc.text_at(before), doc.text_at(after)))
    assert texts == [("", "one"), ("one", "one two")]
    with pytest.raises(sennit.RangeError):
        doc.change_versions(2)


@pytest.mark.parametrize("seed", range(10))
def test_a_diff_leads_from_any_text_to_any_other(seed: int) -> None:
    rnd = random.Random(seed)
    docs, versions = [Document("añ😀b")], []
    docs.append(docs[0].fork())
    for _ in range(60):
        doc = rnd.choice(docs)
        a, b = sorted(rnd.choices(range(len(doc) + 1), k=2))
        doc[a:b] = "".join(rnd.choices("aé\n😀", k=rnd.randrange(4)))
        docs[0].apply(docs[1].delta(docs[0].version))
        versions.append(docs[0].version)
    for _ in range(40):
        old, new = rnd.choices(versions, k=2)
        diff = docs[0].diff(old, new)
        shown = diff.old
        for p in diff:
            shown = shown[: p.pos] + (p.text or "") + shown[p.pos + p.removed :]
        assert diff.old == docs[0].text_at(old), f"seed {seed}"
        assert shown == diff.new == docs[0].text_at(new), f"seed {seed}"
    assert docs[0].diff(versions[0]).new == str(docs[0])


def test_blame_tells_who_wrote_what() -> None:
    time = Time()
    a = Document("hello", clock=time)
    b = Document.load(a.save())
    b.insert(5, " wörld")
    a.apply(b.delta(a.version))
    assert [(s.pos, s.text, s.replica) for s in a.blame()] == [(0, "hello", a.replica), (5, " wörld", b.replica)]
    assert [s.text for s in a.blame(3, 7)] == ["lo", " w"] and a.blame(2, 2) == ()
    assert a.blame()[0].unix_ms == time.now
    with pytest.raises(sennit.RangeError):
        a.blame(0, 99)
    with pytest.raises(TypeError):
        a.blame("x")  # type: ignore[arg-type]


def test_the_past_is_edited_for_who_has_seen_nothing_later() -> None:
    doc = Document("hello")
    then = doc.version
    doc.insert(0, ">> ")
    assert doc.splice_at(then, 5, 0, "!") == 8 and str(doc) == ">> hello!"
    doc.edit_at(then, [(0, 1, "H"), (4, 1, "O")])
    assert str(doc) == "H>> ellO!"  # behind what it was to follow: the start
    dump = doc.dump()
    for edits, error in (
        ([(0, 1, ""), (9, 0, "x")], sennit.RangeError), ([(0, 1)], TypeError), ([5], TypeError), (5, TypeError)
    ):
        with pytest.raises(error):
            doc.edit_at(then, edits)  # type: ignore[arg-type]
    assert doc.dump() == dump


def test_deleted_text_is_forgotten_up_to_a_version() -> None:
    doc = Document("secret text")
    del doc[:7]
    assert doc.cut == b""
    doc.compact(doc.version)
    assert doc.cut == doc.version and str(doc) == "text" and b"secret" not in doc.save()
    with pytest.raises(sennit.GoneError):
        doc.text_at(doc.version_at(0))
    with pytest.raises(sennit.CorruptError):
        doc.compact(b"\xff")


def test_redacted_text_is_gone_from_whoever_hears_of_it() -> None:
    doc = Document("pässwörd text")
    then, peer = doc.version, doc.fork()
    with pytest.raises(sennit.MisuseError, match="still in the text"):
        doc.redact(then, 0, 3)
    del doc[:9]
    doc.redact(then, 0, 8)
    kinds = []
    peer.apply(doc.delta(peer.version), admit=lambda change, kind: kinds.append(kind))
    assert kinds == [sennit.KIND_DELETE | sennit.KIND_REDACTION]
    for each in (doc, peer, Document.load(doc.save())):
        assert str(each) == "text"
        assert each.text_at(then) == "\x1a\x80\x1a\x1a\x1a\x80\x1a\x1a text"
        assert b"sswo" not in each.save() and b"rd" not in each.delta()
    assert doc.dump() == peer.dump()


def test_a_redaction_is_refused_whole() -> None:
    doc = Document("one two")
    then = doc.version
    del doc[:4]
    dump = doc.dump()
    cases: list[tuple[tuple[object, ...], type[BaseException]]] = [
        ((then, 0, 5), sennit.MisuseError), ((then, 5, 3), sennit.RangeError), ((then, -1, 3), ValueError),
        ((b"\xff", 0, 1), sennit.CorruptError), ((Document("x").version, 0, 1), sennit.GoneError),
        ((then, 0), TypeError), (("x", 0, 1), TypeError),
    ]
    for args, error in cases:
        with pytest.raises(error):
            doc.redact(*args)  # type: ignore[arg-type]
    with pytest.raises(OverflowError):
        doc.redact_all(-1)
    assert doc.dump() == dump


def test_all_that_a_replica_deleted_is_redacted() -> None:
    doc = Document("one two")
    peer = doc.fork()
    peer.insert(7, " three")
    del peer[:4], peer[:4]
    assert str(peer) == "three"
    peer.redact_all(doc.replica)
    doc.apply(peer.delta(doc.version))
    assert str(doc) == "three" and b"two" not in doc.save()
    peer.redact_all(peer.replica)  # of that nothing is deleted but the space
    assert doc.replica != peer.replica and str(peer) == "three"


HOSTILE = "<script>alert(1)</script>&\"'><img src=x onerror=alert(1)>\u202e</pre><b>"


def texts(html: str) -> str:
    """What a browser shows: everything but the tags, which must be those expected."""
    tags = re.findall("<[^>]*>", html)
    assert all(re.fullmatch(r'</?(pre|span)( (style|title)="[^"<>&]*")*>', tag) for tag in tags), tags
    return unescape(re.sub("<[^>]*>", "", html))


def test_a_notebook_shows_texts_and_nothing_that_acts() -> None:
    doc = Document(HOSTILE)
    then = doc.version
    assert texts(doc.blame()._repr_html_()) == HOSTILE
    doc[3:9] = HOSTILE
    diff = doc.diff(then)
    assert texts(diff._repr_html_()) == HOSTILE[:3] + HOSTILE + HOSTILE[3:]
    assert diff.new == str(doc)
    late = Document("x", clock=lambda: 2**47 - 1)
    assert texts(late.blame()._repr_html_()) == "x"
    assert len(Document("y" * 300_000).blame()._repr_html_()) < 210_000


def test_what_was_told_can_be_kept() -> None:
    doc = Document("hello")
    blame, diff = doc.blame(), doc.diff(b"")
    doc[:] = "bye"
    assert pickle.loads(pickle.dumps(blame)) == blame and blame[0].text == "hello"
    again = pickle.loads(pickle.dumps(diff))
    assert again == diff and again.old == "" and again.new == "hello"
