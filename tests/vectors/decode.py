"""A decoder of sennit's bytes, written from docs/FORMAT.md and nothing else.

Slow and plain: each byte is an operation, the text is a tree that is read anew
each time. It refuses what section 14 of that document lists; a refusal begins
with its number there.
"""

MASK = (1 << 64) - 1
MAX_TEXT = (1 << 30) - 1
MAX_SEQ = (1 << 32) - 16
MAX_MS = (1 << 47) - 1
TABLE_MAX = 127
SHORT_MAX = 64
WIDE_MAX = 64
FAR = 200
NAME_MAX = 255
VALUE_MAX = 65535
NOTE_MAX = 2 + NAME_MAX + 1 + VALUE_MAX


class Bad(Exception):
    """Bytes that are refused, and why: CORRUPT, VERSION, LINEAGE, FORK or GONE."""

    def __init__(self, why, status="CORRUPT"):
        super().__init__(why)
        self.status = status


def need(good, why, status="CORRUPT"):
    if not good:
        raise Bad(why, status)


# ---- numbers and hashes -------------------------------------------------------

P1, P2, P3 = 0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9
P4, P5 = 0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5


def rotl(v, n):
    return ((v << n) | (v >> (64 - n))) & MASK


def xxh64(seed, data):
    def lane(acc, v):
        return rotl((acc + v * P2) & MASK, 31) * P1 & MASK

    def word(at, n):
        return int.from_bytes(data[at:at + n], "little")

    at = 0
    if len(data) >= 32:
        acc = [(seed + P1 + P2) & MASK, (seed + P2) & MASK, seed, (seed - P1) & MASK]
        while len(data) - at >= 32:
            acc = [lane(acc[i], word(at + 8 * i, 8)) for i in range(4)]
            at += 32
        h = sum(rotl(acc[i], n) for i, n in enumerate((1, 7, 12, 18))) & MASK
        for a in acc:
            h = ((h ^ lane(0, a)) * P1 + P4) & MASK
    else:
        h = (seed + P5) & MASK
    h = (h + len(data)) & MASK
    while len(data) - at >= 8:
        h = (rotl(h ^ lane(0, word(at, 8)), 27) * P1 + P4) & MASK
        at += 8
    if len(data) - at >= 4:
        h = (rotl(h ^ (word(at, 4) * P1 & MASK), 23) * P2 + P3) & MASK
        at += 4
    for b in data[at:]:
        h = rotl(h ^ (b * P5 & MASK), 11) * P1 & MASK
    h = (h ^ h >> 33) * P2 & MASK
    h = (h ^ h >> 29) * P3 & MASK
    return h ^ h >> 32


def sum64(seed, data):
    def word(at):
        return int.from_bytes(data[at:at + 8], "little")

    n = len(data)
    data = data + bytes(-n % 64)
    lanes = [(seed + k) & MASK for k in range(4)]
    for at in range(0, len(data), 64):
        for k in range(4):
            mixed = (lanes[k] ^ word(at + 16 * k)) * P1 & MASK
            lanes[k] = (rotl(mixed, 29) + word(at + 16 * k + 8)) & MASK
    h = n
    for lane in lanes:
        h = rotl(h ^ lane, 29) * P1 & MASK
    return h ^ h >> 32


def u64(v):
    return v.to_bytes(8, "little")


def check_of(seed, data, n):
    return u64(xxh64(seed, data))[:n]


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def left(self):
        return len(self.data) - self.at

    def take(self, n):
        need(n <= self.left(), "1: bytes end too early")
        self.at += n
        return self.data[self.at - n:self.at]

    def u8(self):
        return self.take(1)[0]

    def u64(self):
        return int.from_bytes(self.take(8), "little")

    def varint(self, most=MASK):
        v = shift = 0
        while True:
            b = self.u8()
            v |= (b & 0x7F) << shift
            shift += 7
            if b < 0x80:
                break
            need(shift < 70, "2: a varint of more than ten bytes")
        need(b > 0 or shift == 7, "2: a varint not in its shortest form")
        need(v <= MASK, "2: a varint above 64 bits")
        need(v <= most, "2: a number above its limit")
        return v

    def zigzag(self):
        v = self.varint()
        return v >> 1 if v % 2 == 0 else -(v >> 1) - 1

    def part(self, n):
        return Reader(self.take(n))

    def end(self):
        need(self.left() == 0, "1: bytes left over")


def is_inside(byte):
    """Whether a byte goes on with a character; None is one that is gone."""
    return byte is not None and byte & 0xC0 == 0x80


def width(byte):
    return 1 if byte < 0x80 else 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4


STAND_INS = {1: b"\x1a", 2: b"\xc2\x80", 3: b"\xef\xbf\xbe", 4: b"\xf0\x9f\xbf\xbe"}


def stand_ins(data):
    """For each character the stand-in that has as many bytes."""
    return b"".join(STAND_INS[width(byte)] for byte in data if not is_inside(byte))


def need_utf8(data):
    try:
        bytes(data).decode("utf-8")
    except UnicodeDecodeError:
        raise Bad("8: ill-formed UTF-8") from None


# ---- versions and anchors ---------------------------------------------------------

def version(data):
    r, entries = Reader(data), []
    while r.left() > 0:
        entry = (r.u64(), r.varint())
        need(entry[1] > 0 and (not entries or entries[-1][0] < entry[0]), "9: entries of a version")
        entries.append(entry)
    return entries


def anchor(r):
    side = r.u8()
    need(side <= 3, "9: side of an anchor")
    return (side, r.u64(), r.varint()) if side < 2 else (side,)


# ---- payloads -----------------------------------------------------------------------

def payload(data):
    """Name and value, the latter as bytes."""
    r = Reader(data)
    name = r.take(r.varint(NAME_MAX))
    need(len(name) > 0, "30: a name of no bytes")
    need_utf8(name)
    value, tag = data[r.at:], r.u8()
    need(tag < 8, "6: a value of a later release", "VERSION")
    need(r.left() <= VALUE_MAX, "30: a value that is too long")
    if tag == 4:
        r.varint()
    elif tag == 5:
        r.take(8)
    elif tag == 6:
        need_utf8(r.take(r.left()))
    elif tag == 7:
        r.take(r.left())
    r.end()
    return bytes(name), bytes(value)


# ---- names ------------------------------------------------------------------------

class Names:
    """Reads names, with a table (a list) or without one. New ones of the table
    are in fresh until learn() puts them there."""

    def __init__(self, table):
        self.table, self.fresh = table, []

    def read(self, r):
        if self.table is None:
            return r.u64()
        known = self.table + self.fresh
        i = r.varint()
        need(i <= len(known), "7: a name above the table's length")
        if i < len(known):
            return known[i]
        replica = r.u64()
        need(replica not in known, "7: an id that the table holds")
        if i < TABLE_MAX:
            self.fresh.append(replica)
        return replica

    def learn(self):
        if self.table is not None:
            self.table += self.fresh


# ---- blocks -----------------------------------------------------------------------

class Record:
    """insert: n bytes at (parent, side). delete: n times len bytes from ref on.
    toggle: side says whether on. mark: one end, side says whether behind the byte.
    ref: (replica, number or seq), None for the root, or an end of the document. Of
    the last record of a mark, and of a set, len is the length of its payload, note."""

    def __init__(self, kind, side=0, n=1, ref=None, len=0, more=False):
        self.kind, self.side, self.n, self.ref, self.len, self.more = kind, side, n, ref, len, more
        self.note = b""
        self.redacts = False  # a delete that is a redaction
        self.several = more  # one of several ranges; a reader knows this of the last one later

    def low(self):
        return self.ref[1] - (self.n - 1) * self.len if self.side else self.ref[1]


class Segment:
    def __init__(self, replica, hlc, seq, number):
        self.replica, self.hlc, self.seq, self.number = replica, hlc, seq, number
        self.records = []


class Context:
    """What foresees refs, for readers and writers of a block. Replicas are ids."""

    def __init__(self):
        self.ring = [None, None, None]
        self.prev = None  # record before, its author, the number of its first byte

    def foresee(self, rec):
        if self.prev is None or self.prev[0].kind not in ("insert", "delete"):
            return None
        p, author, number = self.prev
        if p.kind == "insert":
            last = number + p.n - 1
            at = last + 1 - rec.len if rec.kind == "delete" else number if rec.side else last
            replica = author
        else:
            low = p.low()
            at = low - rec.len if rec.kind == "delete" else low if rec.side else low - 1
            replica = p.ref[0]
        return (replica, at) if at >= 0 else None

    def visit(self, rec, told, author, number):
        """told: 0 foreseen, 1 .. 3 a place of the ring, 4 named."""
        self.prev = (rec, author, number)
        if rec.kind not in ("insert", "delete") or rec.ref is None:
            return
        here = (rec.ref[0], rec.low() if rec.kind == "delete" else rec.ref[1])
        one, two, three = self.ring
        if told == 0 or (told == 1 and abs(here[1] - one[1]) <= FAR):
            self.ring = [here, two, three]
        elif told == 2:
            self.ring = [here, one, three]
        else:
            self.ring = [here, one, two]


class Columns:
    def __init__(self, heads, refs, counts, extras):
        self.heads, self.refs, self.counts, self.extras = heads, refs, counts, extras

    def record(self, context, ids):
        head = self.heads.u8()
        where, named, name = head >> 2 & 3, False, None
        rec = Record("delete" if head & 2 else "insert", head & 1)
        rec.len = 1 if rec.kind == "delete" else 0
        if head & 16:
            named, name = self.extra(rec, ids)
        if rec.kind == "set":
            need(where == 0 and not named, "29: a set at a place")
        else:
            rec.ref = self.ref(rec, where, named, name, context, ids)
        rec.n = (head >> 5) + 1
        if head >> 5 == 7:
            rec.n = self.counts.varint(MAX_TEXT) + 8
        self.judge(rec, named)
        return rec, 4 if named else where

    def extra(self, rec, ids):
        extra = self.extras.varint()
        kind = extra >> 2 & 3
        need(extra > 0, "14: an extra that is 0")
        if kind > 0:
            need(rec.kind == "insert", "14: a toggle that is a delete")
            rec.kind = ("toggle", "mark", "set")[kind - 1]
        if extra & 0b1101 == 0b1101:
            need(extra & 2, "15: a redaction that is not named")
            rec.kind, rec.redacts, rec.len = "delete", True, (extra >> 4) + 1
            need(rec.len <= MAX_TEXT, "2: a range above the limit")
        elif rec.kind == "delete":
            rec.more = bool(extra & 1)
            rec.len = (extra >> 4) + 1
            need(rec.len <= MAX_TEXT, "2: a range above the limit")
        elif kind > 1:
            rec.more, rec.len = bool(extra & 1), extra >> 4
            need(rec.len == 0 if rec.more else 3 <= rec.len <= NOTE_MAX, "29: length of a payload")
        else:
            need(extra & ~0b1110 == 0, "14: an extra with bits of a delete")
        if not extra & 2:
            return False, None
        name = self.extras.varint()
        need(name <= len(ids), "10: a name that is none of the ids")
        return True, name

    def ref(self, rec, where, named, name, context, ids):
        if named:
            need(where == 0, "13: a place told twice")
            if name == 0:
                return None
            return ids[name - 1], self.refs.varint(MAX_SEQ)
        if where == 0:
            ref = context.foresee(rec)
            need(ref is not None, "13: nothing is foreseen")
            return ref
        spot = context.ring[where - 1]
        distance = self.refs.zigzag()
        need(spot is not None, "13: an empty place")
        return spot[0], (spot[1] + distance) & MASK

    @staticmethod
    def judge(rec, named):
        if rec.kind in ("mark", "set"):
            need(rec.n == 1 and named == (rec.kind == "mark"), "29: a mark or a set")
            need(rec.kind == "mark" or not rec.side, "29: a set with a flag")
        elif rec.ref is None:
            need(rec.kind == "insert" and not rec.side, "14: the root")
        need(rec.kind != "toggle" or (named and rec.n == 1), "14: a toggle")
        need(rec.ref is None or rec.ref[1] <= (MAX_SEQ if rec.kind == "toggle" else MAX_TEXT),
             "2: a number above its limit")
        if rec.kind != "delete":
            return
        need(rec.n > 1 or not rec.side, "15: a run of one")
        need(rec.n == 1 or not rec.redacts, "15: redactions in a run")
        need(rec.len == 1 or rec.n <= WIDE_MAX, "15: a run that is too long")
        need(not rec.more or rec.n == 1, "15: a run of several ranges")
        need(rec.low() >= 0 and rec.low() + rec.n * rec.len <= MAX_TEXT, "15: a run out of range")


def check_ranges(ranges):
    for (r, at, n), (s, next_at, _) in zip(ranges, ranges[1:]):
        need(r != s or at + n != next_at, "16: a range continues the one before")
    ordered = sorted(ranges)
    for (r, at, n), (s, next_at, _) in zip(ordered, ordered[1:]):
        need(r != s or at + n <= next_at, "16: ranges with a byte in common")


class Block:
    def __init__(self, r, names):
        r_ids = r.varint(r.left())
        r_segments = r.varint(r.left())
        lens = [r.varint(r.left()) for _ in range(5)]
        self.ids = [names.read(r) for _ in range(r_ids)]
        need(len(set(self.ids)) == len(self.ids), "10: an id stands twice")
        segments, heads, refs, counts, extras = [r.part(n) for n in lens]
        columns, context = Columns(heads, refs, counts, extras), Context()
        self.segments, self.next, self.ms = [], {}, 0
        for _ in range(r_segments):
            self.segment(segments, columns, context)
        for column in (segments, heads, refs, counts, extras):
            column.end()
        records = [rec for s in self.segments for rec in s.records]
        self.text_len = sum(rec.n for rec in records if rec.kind == "insert")
        self.notes = [rec for rec in records if rec.kind in ("mark", "set") and not rec.more]
        self.notes_len = sum(rec.len for rec in self.notes)

    def segment(self, r, columns, context):
        place, ms, counter, n = r.varint(), r.varint(MAX_MS), r.varint(0xFFFF), r.varint()
        need(place < len(self.ids) and 0 < n <= columns.heads.left(), "11: a segment")
        self.ms += ms
        need(self.ms <= MAX_MS, "11: a time above its limit")
        hlc, replica = self.ms << 16 | counter, self.ids[place]
        if replica not in self.next:
            self.next[replica] = r.varint(MAX_SEQ), r.varint(MAX_TEXT)
            need(self.next[replica][1] <= self.next[replica][0], "11: more bytes than operations")
        need(hlc > 0, "11: no time")
        last = self.segments[-1] if self.segments else None
        need(last is None or (last.hlc, last.replica) < (hlc, replica), "11: segments out of order")
        seq, number = self.next[replica]
        seg = Segment(replica, hlc, seq, number)
        for _ in range(n):
            rec, told = columns.record(context, self.ids)
            context.visit(rec, told, replica, number)
            if rec.kind == "insert":
                number += rec.n
            seq += 0 if rec.more else rec.n
            need(seq <= MAX_SEQ and number <= MAX_TEXT, "2: too many operations")
            seg.records.append(rec)
        self.check_parts(seg.records)
        self.next[replica] = seq, number
        self.segments.append(seg)

    @staticmethod
    def check_parts(records):
        ranges, start = [], None
        for rec in records:
            if start is not None or rec.kind == "mark":
                need(rec.kind == "mark" and rec.more == (start is None), "29: a mark of one end")
                need(not ranges, "16: a delete that does not end")
                start = rec if rec.more else None
                continue
            if ranges or rec.more:
                need(rec.kind == "delete" and rec.n == 1 and not rec.redacts, "16: a delete that does not end")
                ranges.append((*rec.ref, rec.len))
            if not rec.more and ranges:
                check_ranges(ranges)
                ranges = []
        need(not ranges, "16: a delete that does not end")
        need(start is None, "29: a mark of one end")

    def check_notes(self, notes, gaps=False):
        """With gaps, payloads may be left out: they count as NULs."""
        r, gap = Reader(notes), 0
        for rec in self.notes:
            if gaps and gap == 0 and r.left() > 0 and r.data[r.at] == 0:
                r.u8()
                gap = r.varint()
                need(gap > 0, "26: no payloads are left out")
            if gap > 0:
                need(rec.len > 0, "26: a payload of nothing")
                rec.note, gap = bytes(rec.len), gap - 1
                continue
            rec.note = r.take(rec.len)
            payload(rec.note)
        need(gap == 0, "26: more payloads are left out than there are")
        r.end()

    def check_text(self, text):
        need(len(text) == self.text_len, "17: text is not as long as its inserts")
        need_utf8(text)
        at = 0
        for seg in self.segments:
            for rec in seg.records:
                if rec.kind == "insert":
                    need(not is_inside(text[at]), "17: an insert that cuts a character")
                    at += rec.n

    def operations(self, text):
        """Each operation alone, in order, with its byte if text is not None."""
        at = 0
        for seg in self.segments:
            seq, number, ranges, start = seg.seq, seg.number, [], None
            for rec in seg.records:
                for k in range(rec.n):
                    byte = None
                    if rec.kind == "insert":
                        op = ("insert", rec.ref, rec.side) if k == 0 else ("insert", (seg.replica, number - 1), 0)
                        byte = text[at] if text is not None else None
                        at += 1
                    elif rec.kind == "delete":
                        first = rec.ref[1] + (-k if rec.side else k) * rec.len
                        ranges.append((rec.ref[0], first, rec.len))
                        if rec.more:
                            continue
                        op, ranges = ("redact" if rec.redacts else "delete", tuple(ranges)), []
                    elif rec.kind == "mark":
                        if rec.more:
                            start = rec.ref, rec.side
                            continue
                        op = ("mark", start, (rec.ref, rec.side), bytes(rec.note))
                    elif rec.kind == "set":
                        op = ("set", bytes(rec.note))
                    else:
                        op = ("toggle", rec.ref, rec.side)
                    yield Operation(seg.replica, seq, seg.hlc, number, op, byte)
                    seq += 1
                    number += op[0] == "insert"


class Operation:
    """what: ("insert", parent, side), ("delete", ranges), ("toggle", target, on),
    ("mark", start, end, payload) with ends (byte, side), ("set", payload).
    number: of its byte, or of the next byte its replica inserts."""

    def __init__(self, replica, seq, hlc, number, what, byte):
        self.replica, self.seq, self.hlc = replica, seq, hlc
        self.number, self.what, self.byte = number, what, byte

    def key(self):
        return self.hlc, self.replica, self.seq


# ---- deltas -----------------------------------------------------------------------

class Delta:
    def __init__(self, data, table=None):
        r = Reader(data)
        need(r.u8() == 0xD0, "3: no delta")
        need(r.u8() == 1, "5: a format of a later release", "VERSION")
        flags = r.u8()
        need(len(data) >= 7, "1: bytes end too early")
        need(check_of(0, data[:-4], 4) == data[-4:], "4: check")
        r.data = data[:-4]
        need(flags < 4, "5: a format of a later release", "VERSION")
        need(bool(flags & 1) == (table is not None), "7: with a table, or without one")
        self.lineage = r.take(16) if flags & 2 else None
        self.names = Names(table)
        self.block = Block(r, self.names)
        need(r.left() == self.block.text_len + self.block.notes_len, "17: bytes of text and notes")
        self.text = r.take(self.block.text_len)
        self.block.check_text(self.text)
        self.block.check_notes(r.take(r.left()))

    def operations(self):
        return self.block.operations(self.text)


class Short:
    lineage = None

    def __init__(self, data, table=None):
        r = Reader(data)
        head = r.u8()
        kind, self.side, self.where = head & 3, head >> 2 & 1, head >> 3 & 3
        need(kind < 3, "6: an operation of a later release", "VERSION")
        need(bool(head & 64) == (table is not None), "7: with a table, or without one")
        need(len(data) >= 3, "1: bytes end too early")
        r.data = data[:-2]
        self.names, self.insert = Names(table), kind != 1
        self.replica, self.seq = self.names.read(r), r.varint(MAX_SEQ)
        need(self.seq > 0, "18: a first operation")
        self.time = (r.varint(MAX_MS), r.varint(0xFFFF)) if head & 32 else None
        if self.insert:
            need(self.where < 3 and not (self.where == 0 and self.side), "18: a place that is none")
        self.target = self.replica
        if self.where == (2 if self.insert else 3):
            self.target = self.names.read(r)
            need(self.target != self.replica, "10: the replica itself")
        self.ref = None
        if self.where > (0 if self.insert else 1):
            self.ref = r.varint(MAX_TEXT)
        self.text = b""
        if self.insert:
            n = r.varint(SHORT_MAX) if kind == 2 else width(r.data[r.at]) if r.left() > 0 else 1
            need(n > 0, "18: no text")
            self.text = r.take(n)
            need_utf8(self.text)
        else:
            self.len = r.varint(MAX_TEXT) if self.side else 1
            need(self.len > 1 or not self.side, "18: a length of one")
        r.end()
        need(check_of(self.replica, r.data, 2) == data[-2:], "4: check")


# ---- documents --------------------------------------------------------------------

class Waits(Exception):
    pass


class Replica:
    def __init__(self):
        self.ops = []      # Operation by seq
        self.bytes = []    # byte by number; None: gone
        self.seqs = []     # seq by number

    def copy(self):
        c = Replica()
        c.ops, c.bytes, c.seqs = list(self.ops), list(self.bytes), list(self.seqs)
        return c


def is_gone(what):
    """Whether the payload of a mark or a set was left out."""
    return what[0] in ("mark", "set") and what[-1][:1] == b"\0"


class Document:
    def __init__(self):
        self.replicas, self.lineage, self.waiting = {}, None, []
        self.redacted = set()  # bytes, (replica, number), that have stand-ins
        self.identity, self.cuts = None, {}  # cuts: replica -> (operations, digest of them)

    # -- applying --

    def apply(self, data, table=None):
        if not data:
            return
        if data[0] == 0xD5:
            other = Document.open(data)
            if any(self.count(r) < n for r, (n, _) in other.cuts.items()):
                return self.adopt(other)
            items = [op for op in other.in_order() if op.seq >= other.cut_of(op.replica)]
            lineage, names = other.lineage, Names(None)
        elif data[0] < 0x80:
            short = Short(data, table)
            lineage, items, names = None, [short], short.names
        else:
            delta = Delta(data, table)
            lineage, items, names = delta.lineage, list(delta.operations()), delta.names
        need(None in (lineage, self.lineage) or lineage == self.lineage, "19: lineage", "LINEAGE")
        before = {r: rep.copy() for r, rep in self.replicas.items()}, list(self.waiting)
        try:
            self.take(items)
        except Bad:
            self.replicas, self.waiting = before
            raise
        self.lineage = self.lineage or lineage
        names.learn()

    def adopt(self, other):
        """Put another document in place of this one, with what this one knows beyond it."""
        need(self.lineage in (None, other.lineage), "19: lineage", "LINEAGE")
        for op in self.in_order():
            if op.seq < other.count(op.replica):
                other.check_known(op)
        lacking = [op for op in self.in_order() if op.seq >= other.count(op.replica)]
        need(all(op.seq >= self.cut_of(op.replica) for op in lacking), "28: text that is gone", "GONE")
        other.take(lacking)
        self.replicas, self.lineage, self.cuts = other.replicas, other.lineage, other.cuts
        self.take([])

    def take(self, items):
        blocked = set()
        for item in items:
            if isinstance(item, Operation):
                self.check_own(item)
            try:
                if item.replica in blocked:
                    raise Waits
                self.integrate(item)
            except Waits:
                blocked.add(item.replica)
                self.waiting.append(item)
        progress = True
        while progress:
            progress, waiting, self.waiting = False, self.waiting, []
            for item in waiting:
                try:
                    progress = self.integrate(item) or progress
                except Waits:
                    self.waiting.append(item)
                except Bad:
                    pass  # dropped alone

    def count(self, replica):
        return len(self.replicas[replica].ops) if replica in self.replicas else 0

    def text_of(self, replica):
        return self.replicas[replica].bytes if replica in self.replicas else []

    def integrate(self, item):
        """Returns whether it was new."""
        if isinstance(item, Short):
            news = [self.integrate(op) for op in self.resolve(item)]
            return any(news)
        op = item
        self.check_own(op)
        if op.seq < self.count(op.replica):
            self.check_known(op)
            return False
        if op.seq > self.count(op.replica) or not self.is_ready(op):
            raise Waits
        self.check_new(op)
        self.check_cuts(op)
        self.store(op)
        return True

    def store(self, op):
        rep = self.replicas.setdefault(op.replica, Replica())
        rep.ops.append(op)
        self.redact(op)
        if op.what[0] == "insert":
            rep.bytes.append(op.byte)
            rep.seqs.append(op.seq)

    def redact(self, op):
        """Put stand-ins for what a redaction names, where the text is there."""
        for r, at, n in op.what[1] if op.what[0] == "redact" else ():
            rep = self.replicas[r]
            if None in rep.bytes[at:at + n]:
                continue
            for k, byte in enumerate(stand_ins(rep.bytes[at:at + n]), at):
                rep.bytes[k] = rep.ops[rep.seqs[k]].byte = byte
            self.redacted.update((r, k) for k in range(at, at + n))

    # -- checking --

    def named(self, op):
        """The bytes and operations it names: (replica, first, how many, by seq?)"""
        kind, ref = op.what[0], op.what[1]
        if kind == "insert":
            return [] if ref is None else [(*ref, 1, False)]
        if kind in ("delete", "redact"):
            return [(r, at, n, False) for r, at, n in ref]
        if kind == "mark":
            return [(*byte, 1, False) for byte, _ in op.what[1:3] if byte is not None]
        if kind == "set":
            return []
        return [(*ref, 1, True)]

    def check_own(self, op):
        for r, at, n, by_seq in self.named(op):
            need(r != op.replica or at + n <= (op.seq if by_seq else op.number), "22: names a later one")

    def check_known(self, op):
        mine = self.replicas[op.replica].ops[op.seq]
        what = mine.what
        if is_gone(what) or is_gone(op.what):  # what may be gone cannot be compared
            what = (*what[:-1], op.what[-1]) if len(what[-1]) == len(op.what[-1]) else what
        same = (mine.hlc, mine.number, what) == (op.hlc, op.number, op.what)
        gone = mine.byte is None or (op.replica, op.number) in self.redacted
        need(same and (gone or mine.byte == op.byte), "20: other content", "FORK")

    def is_ready(self, op):
        return all(at + n <= (self.count(r) if by_seq else len(self.text_of(r)))
                   for r, at, n, by_seq in self.named(op))

    def check_new(self, op):
        rep = self.replicas.get(op.replica, Replica())
        need(op.number == len(rep.bytes), "21: numbers do not follow")
        need(not rep.ops or op.hlc >= rep.ops[-1].hlc, "21: time runs backwards")
        for r, at, n, by_seq in self.named(op):
            other = self.replicas[r]
            newest = other.ops[at if by_seq else other.seqs[at + n - 1]]
            need(newest.key() < op.key(), "22: not newer than what it names")
        if op.what[0] == "toggle":
            r, seq = op.what[1]
            kind = self.replicas[r].ops[seq].what[0]
            need(kind in ("delete", "mark", "set"), "24: a toggle of what cannot be switched")
            need(op.what[2] or seq >= self.cut_of(r), "28: what is gone", "GONE")

    def check_cuts(self, op):
        def boundary(r, at):
            text = self.text_of(r)
            return at >= len(text) or not is_inside(text[at])

        if op.what[0] == "insert" and not is_inside(op.byte) and op.what[1] is not None:
            r, at = op.what[1]
            need(boundary(r, at if op.what[2] else at + 1), "23: cuts a character")
        if op.what[0] in ("delete", "redact"):
            for r, at, n in op.what[1]:
                need(boundary(r, at) and boundary(r, at + n), "23: cuts a character")
        if op.what[0] == "mark":
            for byte, side in op.what[1:3]:
                need(byte is None or boundary(byte[0], byte[1] + side), "23: cuts a character")

    # -- short deltas --

    def resolve(self, s):
        """The operations of a short delta, told in full."""
        if s.seq > self.count(s.replica):
            raise Waits
        prev = self.replicas[s.replica].ops[s.seq - 1]
        number = prev.number + (prev.what[0] == "insert")
        what = self.resolve_insert(s, number) if s.insert else self.resolve_delete(s, prev)
        hlc = prev.hlc
        if s.time is not None:
            ms = (prev.hlc >> 16) + s.time[0]
            hlc = ms << 16 | s.time[1]
            need(hlc > prev.hlc and ms <= MAX_MS, "25: a change that is not later")
        if not s.insert:
            return [Operation(s.replica, s.seq, hlc, number, what, None)]
        ops = []
        for k, byte in enumerate(s.text):
            ops.append(Operation(s.replica, s.seq + k, hlc, number + k, what, byte))
            what = ("insert", (s.replica, number + k), 0)
        return ops

    @staticmethod
    def resolve_insert(s, number):
        if s.where > 0:
            return "insert", (s.target, s.ref), s.side
        need(number > 0, "25: nothing typed yet")
        return "insert", (s.replica, number - 1), 0

    @staticmethod
    def resolve_delete(s, prev):
        if s.where > 1:
            return "delete", ((s.target, s.ref, s.len),)
        if prev.what[0] == "insert":
            need(s.where == 0, "25: behind an insert")
            replica, at = s.replica, prev.number + 1 - s.len
        else:
            need(prev.what[0] == "delete" and len(prev.what[1]) == 1, "25: several ranges, or a toggle")
            replica, first, n = prev.what[1][0]
            at = first - s.len if s.where == 0 else first + n
        need(at >= 0, "25: bytes below 0")
        return "delete", ((replica, at, s.len),)

    # -- the text --

    def in_order(self):
        """All operations in ascending order of keys."""
        ops = [op for rep in self.replicas.values() for op in rep.ops]
        return sorted(ops, key=Operation.key)

    def order(self):
        """All bytes, (replica, number), as they stand."""
        children = {}
        for op in self.in_order():
            if op.what[0] == "insert":
                children.setdefault((op.what[1], op.what[2]), []).append((op.replica, op.number))
        todo, order = [(byte, False) for byte in children.get((None, 0), [])], []
        while todo:
            byte, expanded = todo.pop()
            if expanded:
                order.append(byte)
                continue
            todo += [(c, False) for c in children.get((byte, 0), [])]
            todo.append((byte, True))
            todo += [(c, False) for c in reversed(children.get((byte, 1), []))]
        return order

    def off(self):
        """Operations, (replica, seq), that are switched off."""
        off = set()
        for op in self.in_order():
            if op.what[0] == "toggle":
                (off.discard if op.what[2] else off.add)(op.what[1])
        return off

    def dead(self):
        off, dead = self.off(), set()
        for op in self.in_order():
            if op.what[0] in ("delete", "redact") and (op.replica, op.seq) not in off:
                dead.update((r, at + k) for r, at, n in op.what[1] for k in range(n))
        return dead

    def text(self):
        dead = self.dead()
        return bytes(self.replicas[r].bytes[n] for r, n in self.order() if (r, n) not in dead)

    # -- notes --

    def meta(self):
        """The metadata, by key: bytes of values."""
        off, out = self.off(), {}
        for op in self.in_order():
            if op.what[0] == "set" and (op.replica, op.seq) not in off and not is_gone(op.what):
                name, value = payload(op.what[1])
                out[name] = value
        return {k: v for k, v in out.items() if v != b"\0"}

    def runs(self):
        """The text in stretches: (bytes, {name: value})."""
        off, dead, order = self.off(), self.dead(), self.order()
        place = {byte: 2 * i for i, byte in enumerate(order)}
        marks = []
        for op in self.in_order():
            if op.what[0] == "mark" and (op.replica, op.seq) not in off and not is_gone(op.what):
                ends = [place[byte] + side if byte is not None else 2 * len(order) if side else -1
                        for byte, side in op.what[1:3]]
                marks.append((*ends, *payload(op.what[3])))
        out = []
        for i, (r, n) in enumerate(order):
            if (r, n) in dead:
                continue
            here = {name: v for start, end, name, v in marks if start <= 2 * i and end >= 2 * i + 1}
            here = {name: v for name, v in here.items() if v != b"\0"}
            if not out or out[-1][1] != here:
                out.append((bytearray(), here))
            out[-1][0].append(self.replicas[r].bytes[n])
        return out

    def place(self, a):
        """The byte of the text an anchor is at; None if its own is not known."""
        if a[0] == 2:
            return 0
        at, dead, order = 0, self.dead(), self.order()
        if a[0] < 2 and a[2] >= len(self.text_of(a[1])):
            return None
        for byte in order:
            if a[0] < 2 and byte == a[1:]:
                return at + (a[0] == 1 and byte not in dead)
            at += byte not in dead
        return at

    # -- compaction --

    def cut_of(self, replica):
        return self.cuts.get(replica, (0, 0))[0]

    def bytes_below(self, replica, n):
        return sum(op.what[0] == "insert" for op in self.replicas[replica].ops[:n])

    def erased(self, cuts):
        """Bytes, (replica, number), that are erased below these cuts."""
        toggled = {op.what[1] for op in self.in_order() if op.what[0] == "toggle"}
        bytes_below = {r: self.bytes_below(r, n) for r, (n, _) in cuts.items()}
        return {(r, k) for i, (n, _) in cuts.items() for op in self.replicas[i].ops[:n]
                if op.what[0] in ("delete", "redact") and (i, op.seq) not in toggled
                for r, at, size in op.what[1] for k in range(at, at + size)
                if k < bytes_below.get(r, 0)}

    def superseded(self, cuts):
        """Notes, (replica, seq), whose payloads are left out below these cuts."""
        toggled = {op.what[1] for op in self.in_order() if op.what[0] == "toggle"}
        place, gone, over = {byte: 2 * i for i, byte in enumerate(self.order())}, set(), {}
        for op in reversed(list(self.in_order())):  # the greatest key first
            if op.what[0] not in ("mark", "set") or op.seq >= cuts.get(op.replica, (0, 0))[0]:
                continue
            if is_gone(op.what):
                gone.add((op.replica, op.seq))
            elif (op.replica, op.seq) not in toggled:
                start = end = 0
                grows = True
                if op.what[0] == "mark":
                    start, end = (place[byte] + side if byte is not None else 2 * len(place) if side else -1
                                  for byte, side in op.what[1:3])
                    grows = op.what[2][0] is None or not op.what[2][1]
                newer = over.setdefault((op.what[0], payload(op.what[-1])[0]), [])
                if (op.what[0] == "mark" and start >= end) or any(
                        a <= start and end <= b and (g or not grows) for a, b, g in newer):
                    gone.add((op.replica, op.seq))
                newer.append((start, end, grows))
        return gone

    # -- snapshots --

    @staticmethod
    def open(data):
        sections = read_sections(data)
        need({2, 3} <= sections.keys(), "26: a section is missing")
        r = Reader(sections[3])
        flags = r.u8()
        need(flags < 8, "5: a format of a later release", "VERSION")
        need(1 in sections, "26: a section is missing")
        doc = Document()
        doc.lineage = r.take(16) if flags & 1 else None
        cuts = read_cuts(r) if flags & 2 else {}
        block = Block(r, Names(None))
        r.end()
        need((4 in sections) == (block.notes_len > 0), "26: notes are there or not")
        need(flags & 4 or len(sections.get(4, b"")) == block.notes_len, "26: bytes of notes")
        block.check_notes(sections.get(4, b""), bool(flags & 4))
        for op in block.operations(None):
            need(op.seq == doc.count(op.replica), "26: operations are missing")
            doc.check_own(op)
            need(doc.is_ready(op), "26: names what is not there")
            doc.check_new(op)
            doc.store(op)
        need(all(n <= doc.count(i) for i, (n, _) in cuts.items()), "26: a cut above what is there")
        need(not any(op.what[0] in ("mark", "set") and is_gone(op.what) and op.seq >= cuts.get(op.replica, (0, 0))[0]
                     for op in doc.in_order()), "26: a payload that is missing")
        doc.cuts = cuts
        doc.fill(sections[2], sections[1], block.ids)
        doc.check_records(block)
        for r, (n, _) in cuts.items():
            text, at = doc.text_of(r), doc.bytes_below(r, n)
            need(at >= len(text) or not is_inside(text[at]), "26: a cut inside a character")
        for op in doc.in_order():
            doc.check_cuts(op)
        doc.read_identity(sections.get(128))
        return doc

    def fill(self, text, deleted, ids):
        dead = self.dead()
        visible = [byte for byte in self.order() if byte not in dead]
        dead -= self.erased(self.cuts)
        gone = [(i, n) for i in ids for n in range(len(self.text_of(i))) if (i, n) in dead]
        need(len(visible) == len(text), "26: visible text")
        need(len(gone) == len(deleted), "26: deleted text")
        for (r, n), byte in list(zip(visible, text)) + list(zip(gone, deleted)):
            self.replicas[r].bytes[n] = byte
        for rep in self.replicas.values():
            need_utf8(b or 0 for b in rep.bytes)
            for byte, seq in zip(rep.bytes, rep.seqs):
                rep.ops[seq].byte = byte
        for op in self.in_order():
            self.redact(op)

    def check_records(self, block):
        numbers = {}
        for seg in block.segments:
            for rec in seg.records:
                if rec.kind == "insert":
                    number = numbers.get(seg.replica, 0)
                    need(not is_inside(self.text_of(seg.replica)[number]), "17: an insert that cuts a character")
                    numbers[seg.replica] = number + rec.n

    def read_identity(self, data):
        if data is None:
            return
        need(len(data) == 16, "26: an identity")
        r = Reader(data)
        self.identity = r.u64(), r.u64()
        need(self.identity[1] < 1 << 63, "26: the time of an identity")


def read_sections(data, wanted=(1, 2, 3, 4, 128)):
    """The sections of a snapshot by id; checks the list, and those wanted."""
    r = Reader(data)
    need(r.take(8)[:7] == b"\xd5SENNIT", "3: no snapshot")
    need(data[7] == 1, "5: a format of a later release", "VERSION")
    n = r.u8()
    need(n <= 32, "26: too many sections")
    entries = [(r.u8(), r.u64(), r.take(8)) for _ in range(n)]
    listed = r.at
    need(r.take(8) == check_of(0, data[:listed], 8), "4: check of the list")
    sections, last = {}, 0
    for i, size, check in entries:
        need(i > last, "26: sections out of order")
        last = i
        part = r.take(size)
        need(i in (1, 2, 3, 4) or i >= 128, "6: a section of a later release", "VERSION")
        if i in wanted:
            need(u64(sum64(i, part)) == check, "4: check of a section")
            sections[i] = part
    r.end()
    return sections


def read_cuts(r):
    counts = version(r.take(r.varint()))
    need(counts, "26: a cut that is none")
    return {replica: (n, r.u64()) for replica, n in counts}


def snapshot_text(data):
    """The text of a snapshot, without opening it."""
    sections = read_sections(data, (2,))
    need(2 in sections, "26: a section is missing")
    need_utf8(sections[2])
    return sections[2]


def seeded(name, text):
    """A document that holds a text everybody already has."""
    doc = Document()
    for k, byte in enumerate(text):
        what = ("insert", (0, k - 1), 0) if k > 0 else ("insert", None, 0)
        doc.store(Operation(0, k, 1, k, what, byte))
    doc.lineage = b"".join(u64(xxh64((xxh64(2 * i + 1, name) + len(name)) & MASK, text)) for i in range(2))
    return doc
