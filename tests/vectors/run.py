"""Does what the test vectors say, with the decoder and encoder beside this file.

    python3 tests/vectors/run.py [FILE...]        all files in good/ and bad/ if none is named

The language of the files is described in docs/FORMAT.md, "Test vectors". What
is taken from a file as canonical has to come out again, byte for byte; and the
examples in that document have to be those of good/example.vec.
"""

import os
import re
import sys
import traceback

import decode
import encode

HERE = os.path.dirname(os.path.abspath(__file__))
FORMAT = os.path.join(HERE, "..", "..", "docs", "FORMAT.md")


def unhex(word):
    return b"" if word == "-" else bytes.fromhex(word)


def unquote(args):
    """The strings of a line."""
    strings = re.findall(r'"((?:[^"\\]|\\.)*)"', args)

    def plain(m):
        return {"n": b"\n", '"': b'"', "\\": b"\\"}.get(m[1]) or bytes([int(m[1][1:], 16)])

    escape = re.compile(r'\\(n|"|\\|x..)')
    out = []
    for s in strings:
        parts = escape.split(s)  # text, escape, text ...
        out.append(b"".join(plain(("", p)) if i % 2 else p.encode() for i, p in enumerate(parts)))
    return out


def quote(data):
    text = data.decode().replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return '"%s"' % re.sub(r"[\x00-\x1f\x7f]", lambda m: "\\x%02x" % ord(m[0]), text)


def same(have, want):
    assert have == want, "have %r, want %r" % (have, want)


class Runner:
    def __init__(self):
        self.table, self.sender = [], []
        self.do_fresh("-")

    def run(self, path):
        with open(path, encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                word, _, args = line.rstrip("\n").partition(" ")
                if word == "#":
                    continue
                try:
                    getattr(self, "do_" + word.replace("-", "_"))(args)
                except Exception as e:
                    print("%s:%d: %s: %s" % (path, number, word, e or type(e).__name__))
                    raise

    # -- making a document --

    def do_fresh(self, _):
        self.doc, self.entries = decode.Document(), []
        self.look_anew()

    def look_anew(self):
        self.ops = self.keys = self.runs = None

    def do_seed(self, args):
        self.doc = decode.seeded(*unquote(args))

    def do_open(self, args):
        data = unhex(args)
        self.doc = decode.Document.open(data)
        self.look_anew()
        same(decode.snapshot_text(data), self.doc.text())

    def take(self, data, table):
        self.look_anew()
        self.doc.apply(data, table)

    def do_other(self, args):
        self.take(unhex(args), None)

    def do_delta(self, args):
        data = unhex(args)
        self.take(data, None)
        self.again(data, None, None)

    def do_tabled(self, args):
        data, before = unhex(args), list(self.table)
        self.take(data, self.table)
        self.again(data, before, self.sender)

    def again(self, data, before, sender):
        """What was taken has to come out again, unless some of it waits."""
        if data[:1] == b"\xd5" or not data:
            return
        if data[0] < 0x80:
            s = decode.Short(data, before)
            end = s.seq + (len(s.text) or 1)
            if self.doc.count(s.replica) >= end:
                same(encode.short(self.doc, s.replica, s.seq, end, sender).hex(), data.hex())
            return
        d = decode.Delta(data, before)
        since = {r: len(rep.ops) for r, rep in self.doc.replicas.items()}
        first = {}
        for segment in d.block.segments:
            first.setdefault(segment.replica, segment.seq)
        since.update(first)
        until = {r: d.block.next[r][0] for r in first}
        if all(self.doc.count(r) >= until[r] for r in until):
            same(encode.delta(self.doc, since, until, sender).hex(), data.hex())

    # -- looking at it --

    def do_text(self, args):
        same(quote(self.doc.text()), args)

    def do_version(self, args):
        self.entries = decode.version(unhex(args))
        have = sorted((r, len(rep.ops)) for r, rep in self.doc.replicas.items())
        same(self.entries, have)

    def do_entry(self, args):
        replica, count = args.split()
        same(self.entries.pop(0), (int(replica, 16), int(count)))

    def do_digest(self, args):
        replica, count, digest = args.split()
        same("%016x" % encode.digest(self.doc, int(replica, 16), int(count)), digest)

    def do_waiting(self, args):
        same(len(self.waiting()), int(args))

    def waiting(self):
        """Operations that wait, each once."""
        ids = set()
        for item in self.doc.waiting:
            n = len(item.text) or 1 if isinstance(item, decode.Short) else 1
            ids |= {(item.replica, item.seq + k) for k in range(n)}
        return ids

    def do_since(self, args):
        since, delta = args.split()
        same(encode.delta(self.doc, dict(decode.version(unhex(since)))).hex(), unhex(delta).hex())

    def do_save(self, args):
        flags, data = args.split()
        same(encode.snapshot(self.doc, flags == "live").hex(), data)

    def do_identity(self, args):
        replica, time = args.split()
        same(self.doc.identity, (int(replica, 16), int(time)))

    def do_meta(self, args):
        name, value = args.split()
        if self.keys is None:
            self.keys = sorted(self.doc.meta().items())
        same(self.keys.pop(0), (unhex(name), unhex(value)))

    def do_run(self, args):
        if self.runs is None:
            self.runs = self.doc.runs()
        text, marks = self.runs.pop(0)
        told = [name.hex() + "=" + value.hex() for name, value in sorted(marks.items())]
        same(" ".join([quote(text)] + told), args)

    def do_anchor(self, args):
        data, place = args.split()
        r = decode.Reader(unhex(data))
        anchor = decode.anchor(r)
        r.end()
        have = self.doc.place(anchor)
        same("gone" if have is None else str(have), place)
        again = bytes([anchor[0]])
        if anchor[0] < 2:
            again += encode.u64(anchor[1]) + encode.varint(anchor[2])
        same(again, unhex(data))

    def do_op(self, args):
        if self.ops is None:
            self.ops = list(self.show())
        same(self.ops.pop(0), args)

    def show(self):
        for seg in encode.segments_of(self.doc, {}):
            seq, at = seg.seq, 0
            for rec in seg.records:
                ref = "root" if rec.ref is None else "%016x.%d" % rec.ref
                head = "%016x %d %d+%d " % (seg.replica, seq, seg.hlc >> 16, seg.hlc & 0xFFFF)
                if rec.kind == "insert":
                    text = bytes(seg.text[at:at + rec.n])
                    at += rec.n
                    yield head + "insert %s %s %s" % ("left" if rec.side else "right", ref, quote(text))
                elif rec.kind == "mark":
                    where = ("before ", "after ")[rec.side] + ref
                    if rec.ref is None:
                        where = ("start", "end")[rec.side]
                    yield head + ("mark " + where if rec.more else "to %s %s" % (where, rec.note.hex()))
                elif rec.kind == "set":
                    yield head + "set " + rec.note.hex()
                elif rec.redacts:
                    yield head + "redact %d %s" % (rec.len, ref)
                elif rec.kind == "toggle":
                    yield head + "toggle %s %s" % ("on" if rec.side else "off", ref)
                elif rec.several:
                    yield head + "range %d %s" % (rec.len, ref)
                else:
                    yield head + "delete %d %d %s %s" % (rec.n, rec.len, "down" if rec.side else "up", ref)
                seq += 0 if rec.more else rec.n

    # -- what must not be taken --

    def refuse(self, status, read):
        before = encode.delta(self.doc, {}) if not self.doc.cuts else None
        table, waiting = list(self.table), list(self.doc.waiting)
        try:
            read()
        except decode.Bad as e:
            assert status in (e.status, None), "refused as %s: %s" % (e.status, e)
        else:
            raise AssertionError("taken")
        same(self.table, table)
        same(self.doc.waiting, waiting)
        if before is not None:
            same(encode.delta(self.doc, {}), before)

    def do_refuse(self, args, table=None):
        status, _, data = args.split()
        self.refuse(status, lambda: self.doc.apply(unhex(data), table))

    def do_refuse_tabled(self, args):
        self.do_refuse(args, self.table)

    def do_refuse_open(self, args):
        status, _, data = args.split()
        self.refuse(status, lambda: decode.Document.open(unhex(data)))

    def do_refuse_version(self, args):
        status, _, data = args.split()
        self.refuse(status, lambda: decode.version(unhex(data)))

    def do_refuse_anchor(self, args):
        status, _, data = args.split()
        self.refuse(status, lambda: decode.anchor(decode.Reader(unhex(data))))

    def cuts(self, data, first, read):
        for n in range(first, len(data)):
            self.refuse(None, lambda: read(data[:n]))

    def flips(self, data, read):
        for bit in range(8 * len(data)):
            flipped = bytearray(data)
            flipped[bit // 8] ^= 1 << bit % 8
            self.refuse(None, lambda: read(bytes(flipped)))

    def do_cuts(self, args):
        self.cuts(unhex(args), 1, self.doc.apply)

    def do_flips(self, args):
        self.flips(unhex(args), self.doc.apply)

    def do_cuts_open(self, args):
        self.cuts(unhex(args), 0, decode.Document.open)

    def do_flips_open(self, args):
        self.flips(unhex(args), decode.Document.open)


# ---- the examples of docs/FORMAT.md ---------------------------------------------

def examples(text):
    """The bytes of each indented block of the section on examples, and whether
    they go on."""
    section = text[text.index("\n## 17."):]
    section = section[:section.index("\n## ", 1)] if "\n## " in section[1:] else section
    for block in re.findall(r"(?:^    .*\n(?:\n(?=    ))?)+", section, re.M):
        data, goes_on = bytearray(), False
        for line in block.splitlines():
            words = line.split()
            for i, w in enumerate(words):
                if w == "..." and words[i + 1:i + 2] == ["40"]:
                    data += b"\x40" * 14
                elif w == "...":
                    goes_on = True
                elif re.fullmatch("[0-9a-f]{2}", w):
                    data += bytes.fromhex(w)
                else:
                    break
        yield bytes(data), goes_on


def check_examples():
    with open(os.path.join(HERE, "good", "example.vec"), encoding="utf-8") as file:
        words = [unhex(w) for line in file for w in line.split()[1:]
                 if line[0] != "#" and re.fullmatch("(?:[0-9a-f]{2})+|-", w)]
    known = words + [a + b for a in words for b in words]  # two in one block
    with open(FORMAT, encoding="utf-8") as file:
        found = list(examples(file.read()))
    assert len(found) >= 6, "examples are missing from FORMAT.md"
    for data, goes_on in found:
        good = any(k.startswith(data) for k in known) if goes_on else data in known
        assert good, "an example of FORMAT.md is not in example.vec: " + data.hex()
    return len(found)


def main(paths):
    paths = paths or [os.path.join(HERE, folder, name) for folder in ("good", "bad")
                      for name in sorted(os.listdir(os.path.join(HERE, folder))) if name.endswith(".vec")]
    failed = 0
    for path in paths:
        try:
            Runner().run(path)
        except Exception as e:
            failed += 1
            if not isinstance(e, (AssertionError, decode.Bad)):
                traceback.print_exc()
    n = check_examples()
    print("%d files and %d examples, %d failed" % (len(paths), n, failed))
    return failed > 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
