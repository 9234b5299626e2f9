"""The test vectors of docs/FORMAT.md, done through the binding."""
import os
import re
import struct
from pathlib import Path
from typing import Callable, Optional

import pytest

import sennit
from sennit import Document

HERE = Path(os.environ.get("SENNIT_VECTORS", Path(__file__).resolve().parents[3] / "tests" / "vectors"))
FILES = sorted(HERE.glob("good/*.vec")) + sorted(HERE.glob("bad/*.vec"))

STATUS = {
    "CORRUPT": sennit.CorruptError,
    "VERSION": sennit.VersionError,
    "LINEAGE": sennit.LineageError,
    "FORK": sennit.ForkError,
    "GONE": sennit.GoneError,
}
ESCAPE = re.compile(r'\\(n|"|\\|x..)')


def unhex(word: str) -> bytes:
    return b"" if word == "-" else bytes.fromhex(word)


def unquote(args: str) -> list[str]:
    def plain(m: re.Match[str]) -> str:
        return {"n": "\n", '"': '"', "\\": "\\"}.get(m[1]) or chr(int(m[1][1:], 16))

    return [ESCAPE.sub(plain, s) for s in re.findall(r'"((?:[^"\\]|\\.)*)"', args)]


def payload(value: sennit.Value) -> bytes:
    """A value as in a payload; docs/FORMAT.md, section 7."""
    if value is None or isinstance(value, bool):
        return bytes([{None: 1, False: 2, True: 3}[value]])
    if isinstance(value, int):
        return b"\x04" + varint(value << 1 ^ value >> 63)
    if isinstance(value, float):
        return b"\x05" + struct.pack("<d", value)
    return b"\x06" + value.encode() if isinstance(value, str) else b"\x07" + value


def varint(n: int) -> bytes:
    n &= 2**64 - 1
    return bytes([n & 127 | 128]) + varint(n >> 7) if n > 127 else bytes([n])


class Runner:
    def __init__(self) -> None:
        self.keys: Optional[list[tuple[str, sennit.Value]]] = None
        self.runs: Optional[list[sennit.Run]] = None
        self.doc, self.table = Document(), sennit.Table()
        self.entries: list[tuple[int, int]] = []

    def run(self, path: Path) -> int:
        done = 0
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            word, _, args = line.partition(" ")
            do: Optional[Callable[[str], None]] = getattr(self, "do_" + word.replace("-", "_"), None)
            if word in ("#", "op", "identity"):  # op, identity: the binding does not show them
                continue
            self.keys = self.keys if word == "meta" else None
            self.runs = self.runs if word == "run" else None
            assert do is not None, f"{path}:{number}: unknown word {word}"
            try:
                do(args)
            except Exception as e:
                raise AssertionError(f"{path}:{number}: {word}") from e
            done += 1
        self.doc.check()
        return done

    def do_fresh(self, _: str) -> None:
        self.doc = Document()

    def do_seed(self, args: str) -> None:
        name, text = unquote(args)
        self.doc = Document.seed(name, text)

    def do_open(self, args: str) -> None:
        self.doc = Document.load(unhex(args))
        assert sennit.snapshot_text(unhex(args)) == str(self.doc)

    def do_delta(self, args: str) -> None:
        self.doc.apply(unhex(args))

    do_other = do_delta

    def do_tabled(self, args: str) -> None:
        self.doc.apply(unhex(args), self.table)

    def do_text(self, args: str) -> None:
        assert str(self.doc) == unquote(args)[0]

    def do_version(self, args: str) -> None:
        assert self.doc.version == unhex(args)
        self.entries = list(sennit.version_dict(self.doc.version).items())

    def do_entry(self, args: str) -> None:
        replica, count = args.split()
        assert self.entries.pop(0) == (int(replica, 16), int(count))

    def do_digest(self, args: str) -> None:
        replica, count, digest = args.split()
        assert self.doc.digest(int(replica, 16), int(count)) == int(digest, 16)

    def do_waiting(self, args: str) -> None:
        assert self.doc.stat().parked == int(args)

    def do_since(self, args: str) -> None:
        since, delta = args.split()
        assert self.doc.delta(unhex(since)) == unhex(delta)

    def do_save(self, args: str) -> None:
        flag, data = args.split()
        assert self.doc.save(live_only=flag == "live") == unhex(data)

    def do_meta(self, args: str) -> None:
        if self.keys is None:
            self.keys = list(self.doc.metadata().items())
        key, value = self.keys.pop(0)
        assert (key.encode(), payload(value)) == tuple(map(unhex, args.split()))

    def do_run(self, args: str) -> None:
        if self.runs is None:
            self.runs = self.doc.runs()
        run = self.runs.pop(0)
        told = [f"{name.encode().hex()}={payload(value).hex()}" for name, value in run.marks.items()]
        assert run.text == unquote(args)[0] and args[args.rindex('"') + 1 :].split() == told

    def do_anchor(self, args: str) -> None:
        data, place = args.split()
        anchor = sennit.anchor_decode(unhex(data))
        assert sennit.anchor_encode(anchor) == unhex(data)
        try:
            at = str(self.doc.convert(sennit.CODEPOINTS, self.doc.resolve(anchor), sennit.BYTES))
        except sennit.GoneError:
            at = "gone"
        assert at == place

    def refuse(self, args: str, read: Callable[[bytes], object]) -> None:
        status, at, data = args.split()
        before = self.doc.dump()
        with pytest.raises(STATUS[status]) as failure:
            read(unhex(data))
        assert failure.value.position == int(at) or at == "0"
        assert self.doc.dump() == before

    def do_refuse(self, args: str) -> None:
        self.refuse(args, self.doc.apply)

    def do_refuse_tabled(self, args: str) -> None:
        self.refuse(args, lambda data: self.doc.apply(data, self.table))

    def do_refuse_open(self, args: str) -> None:
        self.refuse(args, Document.load)

    def do_refuse_version(self, args: str) -> None:
        status, _, data = args.split()
        self.refuse(f"{status} 0 {data}", self.doc.delta)

    def do_refuse_anchor(self, args: str) -> None:
        status, _, data = args.split()
        self.refuse(f"{status} 0 {data}", sennit.anchor_decode)

    def none_taken(self, cases: list[bytes], read: Callable[[bytes], object]) -> None:
        for data in cases:
            with pytest.raises(sennit.Error):
                read(data)

    def do_cuts(self, args: str) -> None:
        self.none_taken([unhex(args)[:n] for n in range(1, len(unhex(args)))], self.doc.apply)

    def do_cuts_open(self, args: str) -> None:
        self.none_taken([unhex(args)[:n] for n in range(len(unhex(args)))], Document.load)

    def flips(self, args: str) -> list[bytes]:
        data = unhex(args)
        return [
            data[:i] + bytes([data[i] ^ 1 << bit]) + data[i + 1:] for i in range(len(data)) for bit in range(8)
        ]

    def do_flips(self, args: str) -> None:
        self.none_taken(self.flips(args), self.doc.apply)

    def do_flips_open(self, args: str) -> None:
        self.none_taken(self.flips(args), Document.load)


@pytest.mark.parametrize("path", FILES, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_vectors(path: Path) -> None:
    assert Runner().run(path) > 0


def test_there_are_vectors() -> None:
    assert len(FILES) > 20
