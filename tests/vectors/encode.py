"""The canonical bytes of a document's operations, by section 11 of docs/FORMAT.md."""

from decode import (MASK, SHORT_MAX, TABLE_MAX, WIDE_MAX, Context, Record, Segment,
                    check_of, is_inside, sum64, u64, width)


def varint(v):
    out = bytearray()
    while v >= 0x80:
        out.append(v & 0x7F | 0x80)
        v >>= 7
    out.append(v)
    return bytes(out)


def zigzag(v):
    return varint(2 * v if v >= 0 else -2 * v - 1)


def name(table, replica):
    """A replica by its place in the table, to which it may be added, or in full."""
    if table is None:
        return u64(replica)
    for i in range(len(table) - 1, -1, -1):
        if table[i] == replica:
            return varint(i)
    place = varint(len(table))
    if len(table) < TABLE_MAX:
        table.append(replica)
    return place + u64(replica)


# ---- runs -------------------------------------------------------------------------

def join(rec, last, op):
    """Let an operation join the record before it, whose last byte is `last`."""
    what = op.what
    if rec is None or rec.more or rec.redacts or rec.kind != what[0]:
        return False
    if rec.kind == "insert" and what[1:] == ((op.replica, last), 0):
        rec.n += 1
        return True
    if rec.kind != "delete" or rec.several or len(what[1]) > 1:
        return False
    replica, at, n = what[1][0]
    if (replica, n) != (rec.ref[0], rec.len) or (n > 1 and rec.n == WIDE_MAX):
        return False
    up, down = at == rec.ref[1] + rec.n * n, at == rec.ref[1] - rec.n * n
    if not (up or down if rec.n == 1 else down if rec.side else up):
        return False
    rec.side, rec.n = int(down), rec.n + 1
    return True


def noted(rec, note):
    rec.note, rec.len = note, len(note)
    return rec


def records_of(op):
    kind = op.what[0]
    if kind == "mark":
        (start, before), (end, after), note = op.what[1:]
        return [Record(kind, before, 1, start, more=True), noted(Record(kind, after, 1, end), note)]
    if kind == "set":
        return [noted(Record(kind), op.what[1])]
    if kind == "redact":
        replica, at, n = op.what[1][0]
        rec = Record("delete", 0, 1, (replica, at), n)
        rec.redacts = True
        return [rec]
    if kind != "delete":
        return [Record(kind, op.what[2], 1, op.what[1])]
    ranges, records = op.what[1], []
    for i, (replica, at, n) in enumerate(ranges):
        records.append(Record("delete", 0, 1, (replica, at), n, i + 1 < len(ranges)))
        records[-1].several = len(ranges) > 1
    return records


def skip(rec, k, replica, number):
    """What is left of a record of which k operations are known."""
    rec.n -= k
    if rec.kind == "insert":
        rec.ref, rec.side = (replica, number - 1), 0
    elif rec.kind == "delete":
        rec.ref = rec.ref[0], rec.ref[1] + (-k if rec.side else k) * rec.len
        rec.side = rec.side if rec.n > 1 else 0


def segments_of(doc, since, until=None):
    """A segment for each change that has operations which `since` lacks, below
    the counts of `until`, if that is given."""
    segments = []
    for replica, rep in doc.replicas.items():
        ops = rep.ops if until is None else rep.ops[:until.get(replica, 0)]
        start = since.get(replica, 0)
        while 0 < start < len(ops) and is_inside(ops[start].byte):
            start -= 1  # back to the start of a character
        changes = {}
        for op in ops:
            changes.setdefault(op.hlc, []).append(op)
        segments += [cut(ops, start) for ops in changes.values() if ops[-1].seq >= start]
    return sorted(segments, key=lambda s: (s.hlc, s.replica))


def cut(ops, start):
    """The records of a change from an operation on."""
    runs = []  # record, and seq and number of its first operation
    for op in ops:
        if not runs or not join(runs[-1][0], op.number - 1, op):
            runs += [(rec, op.seq, op.number) for rec in records_of(op)]
    wanted = [op for op in ops if op.seq >= start]
    first = wanted[0]
    seg = Segment(first.replica, first.hlc, first.seq, first.number)
    seg.text = [op.byte for op in wanted if op.what[0] == "insert"]
    for rec, seq, number in runs:
        if seq + rec.n <= start:
            continue
        if seq < start:
            skip(rec, start - seq, first.replica, first.number)
        seg.records.append(rec)
    return seg


# ---- blocks -----------------------------------------------------------------------

def told_from(context, rec):
    """How to tell a record's ref: 0 foreseen, 1 .. 3 a place of the ring, 4 named."""
    if rec.kind == "set":
        return 0
    if rec.kind in ("toggle", "mark") or rec.redacts or rec.ref is None:
        return 4
    if context.foresee(rec) == rec.ref:
        return 0
    places = [(len(zigzag(rec.ref[1] - spot[1])), i + 1)
              for i, spot in enumerate(context.ring) if spot is not None and spot[0] == rec.ref[0]]
    return min(places)[1] if places else 4


class Columns:
    def __init__(self):
        self.heads, self.refs, self.counts, self.extras = bytearray(), bytearray(), bytearray(), bytearray()

    def put(self, rec, context, places):
        told = told_from(context, rec)
        where, named = (0, 2) if told == 4 else (told, 0)
        extra = named | {"toggle": 4, "mark": 8, "set": 12}.get(rec.kind, 0) | (1 if rec.more else 0)
        if rec.redacts:
            extra |= 13
        if rec.kind == "delete":
            extra |= (rec.len - 1) << 4
        elif rec.kind in ("mark", "set"):
            extra |= rec.len << 4
        if extra:
            self.extras += varint(extra)
        if named:
            self.extras += varint(0 if rec.ref is None else places[rec.ref[0]] + 1)
        if told == 4 and rec.ref is not None:
            self.refs += varint(rec.ref[1])
        elif where:
            self.refs += zigzag(rec.ref[1] - context.ring[where - 1][1])
        if rec.n > 7:
            self.counts += varint(rec.n - 8)
        self.heads.append(rec.side | (2 if rec.kind == "delete" and not rec.redacts else 0) | where << 2 |
                          (16 if extra else 0) | (7 if rec.n > 7 else rec.n - 1) << 5)
        return told


def ids_of(segments):
    """Replicas in the order in which they are used."""
    ids = {}
    for seg in segments:
        for replica in [seg.replica] + [rec.ref[0] for rec in seg.records if rec.ref is not None]:
            ids.setdefault(replica, len(ids))
    return ids


def block(segments, table):
    ids = ids_of(segments)
    columns, context, told_of, ms, out = Columns(), Context(), set(), 0, bytearray()
    for seg in segments:
        out += varint(ids[seg.replica]) + varint((seg.hlc >> 16) - ms) + varint(seg.hlc & 0xFFFF)
        out += varint(len(seg.records))
        if seg.replica not in told_of:
            out += varint(seg.seq) + varint(seg.number)
        told_of.add(seg.replica)
        ms, number = seg.hlc >> 16, seg.number
        for rec in seg.records:
            told = columns.put(rec, context, ids)
            context.visit(rec, told, seg.replica, number)
            number += rec.n if rec.kind == "insert" else 0
    parts = (out, columns.heads, columns.refs, columns.counts, columns.extras)
    numbers = [len(ids), len(segments)] + [len(part) for part in parts]
    return b"".join([varint(n) for n in numbers] + [name(table, i) for i in ids] + [bytes(p) for p in parts])


# ---- deltas and snapshots ---------------------------------------------------------

def notes_of(segments):
    return b"".join(rec.note for seg in segments for rec in seg.records)


def notes_with_gaps(segments, gone):
    out, gap = b"", 0
    for seg in segments:
        seq = seg.seq
        for rec in seg.records:
            if rec.note and (seg.replica, seq) in gone:
                gap += 1
            elif rec.note:
                out += (b"\0" + varint(gap) if gap else b"") + rec.note
                gap = 0
            seq += 0 if rec.more else rec.n
    return out + (b"\0" + varint(gap) if gap else b"")


def delta(doc, since, until=None, table=None):
    """The canonical delta of what a version (counts by replica) lacks."""
    segments = segments_of(doc, since, until)
    if not segments:
        return b""
    flags = (1 if table is not None else 0) | (2 if doc.lineage else 0)
    out = bytes([0xD0, 1, flags]) + (doc.lineage or b"") + block(segments, table)
    out += b"".join(bytes(seg.text) for seg in segments) + notes_of(segments)
    return out + check_of(0, out, 4)


def short(doc, replica, seq, end, table=None):
    """The canonical short delta of a replica's operations [seq, end)."""
    ops, text = doc.replicas[replica].ops[seq:end], b""
    op, prev = ops[0], doc.replicas[replica].ops[seq - 1]
    what = op.what
    foreign = what[1][0] != replica if what[0] == "insert" else what[1][0][0] != replica
    if what[0] == "insert":
        text = bytes(o.byte for o in ops)
        kind = 0 if len(text) == width(text[0]) else 2
        ref, side = what[1], what[2]
        where = 2 if foreign else 0 if ref[1] == op.number - 1 and not side else 1
        assert len(text) <= SHORT_MAX and all(o.what == ("insert", (replica, o.number - 1), 0) for o in ops[1:])
    else:
        (ref_replica, at, n), kind = what[1][0], 1
        side = int(n > 1)
        ref, where = (ref_replica, at), 3 if foreign else 2
        end = at + n
        if prev.what[0] == "insert" and not foreign and end == op.number:
            where = 0
        elif prev.what[0] == "delete" and len(prev.what[1]) == 1 and prev.what[1][0][0] == ref_replica:
            _, before, length = prev.what[1][0]
            where = 0 if end == before else 1 if at == before + length else where
    change = op.hlc != prev.hlc
    out = bytes([kind | side << 2 | where << 3 | change << 5 | (table is not None) << 6])
    out += name(table, replica) + varint(seq)
    if change:
        out += varint((op.hlc >> 16) - (prev.hlc >> 16)) + varint(op.hlc & 0xFFFF)
    if where == (2 if what[0] == "insert" else 3):
        out += name(table, ref[0])
    if where > (0 if what[0] == "insert" else 1):
        out += varint(ref[1])
    out += varint(len(text)) if kind == 2 else varint(n) if kind == 1 and side else b""
    out += text
    return out + check_of(replica, out, 2)


def snapshot(doc, live=False):
    segments, cuts = segments_of(doc, {}), doc.cuts
    if live:
        cuts = {r: (len(rep.ops), digest(doc, r, len(rep.ops))) for r, rep in doc.replicas.items()}
    gone = doc.superseded(cuts)
    flags = (1 if doc.lineage else 0) | (2 if cuts else 0) | (4 if gone else 0)
    operations = bytes([flags]) + (doc.lineage or b"")
    if cuts:
        told = b"".join(u64(r) + varint(cuts[r][0]) for r in sorted(cuts))
        operations += varint(len(told)) + told + b"".join(u64(cuts[r][1]) for r in sorted(cuts))
    dead = doc.dead() - doc.erased(cuts)
    deleted = bytes(doc.replicas[r].bytes[n] for r in ids_of(segments)
                    for n in range(len(doc.text_of(r))) if (r, n) in dead)
    sections = [(1, deleted), (2, doc.text()), (3, operations + block(segments, None))]
    if notes_of(segments):
        sections.append((4, notes_with_gaps(segments, gone) if gone else notes_of(segments)))
    out = b"\xd5SENNIT\x01" + bytes([len(sections)])
    for i, part in sections:
        out += bytes([i]) + u64(len(part)) + u64(sum64(i, part))
    return out + check_of(0, out, 8) + b"".join(part for _, part in sections)


# ---- digests ------------------------------------------------------------------------

(CHANGE, RIGHT, LEFT, ROOT, DELETE, MORE, FORTH, BACK, OFF, ON, BEFORE, AFTER, START, END,
 NOTE) = range(256, 271)


def beside(op, before):
    """FORTH or BACK if a delete takes as much as the one before, beside it."""
    if before is None or before.what[0] != "delete" or len(op.what[1]) + len(before.what[1]) > 2:
        return None
    (replica, at, n), (was, start, length) = op.what[1][0], before.what[1][0]
    if (replica, n) != (was, length):
        return None
    return FORTH if at == start + n else BACK if at + n == start else None


def words(op, before):
    if before is None or op.hlc != before.hlc:
        yield from (CHANGE, op.hlc)
    kind = op.what[0]
    if kind == "toggle":
        yield from (ON if op.what[2] else OFF, *op.what[1])
    elif kind in ("mark", "set"):
        for byte, side in op.what[1:-1]:
            yield from ((START, END)[side],) if byte is None else ((BEFORE, AFTER)[side], *byte)
        yield from (NOTE, len(op.what[-1]), *op.what[-1])
    elif kind == "delete" and beside(op, before):
        yield beside(op, before)
    elif kind == "delete":
        for i, told in enumerate(op.what[1]):
            yield from (MORE if i + 1 < len(op.what[1]) else DELETE, *told)
    else:
        if op.what[1] is None:
            yield ROOT
        elif op.what[1:] != ((op.replica, op.number - 1), 0):
            yield from (LEFT if op.what[2] else RIGHT, *op.what[1])
        yield op.byte


def digest(doc, replica, count):
    """Section 19 of docs/FORMAT.md."""
    h, before = replica * 0x9E3779B97F4A7C15 & MASK, None
    ops, start = doc.replicas[replica].ops, doc.cut_of(replica)
    if start > 0:
        h, before = doc.cuts[replica][1], ops[start - 1]
    for op in ops[start:count]:
        for word in words(op, before):
            h = (h ^ word) * 0x9E3779B97F4A7C15 & MASK
        before = op
    return h
