"""Replay a recorded editing session through a library for Python:

    python3 replay.py TRACES/automerge-paper.json.gz [LIBRARY...]

A library per process, so that none pays for another's memory. CPU time, the median of
five; if it is more than five seconds, of one. The text at the end is compared.
"""
from __future__ import annotations

import gzip
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.metadata import version

Patches = list[tuple[int, int, str]]
Replay = Callable[[Patches], str]

RUNS, LONG = 5, 5.0


def with_sennit(patches: Patches) -> str:
    from sennit import Document

    doc = Document()
    insert, delete, splice = doc.insert, doc.delete, doc.splice
    for pos, removed, text in patches:
        if not removed:
            insert(pos, text)
        elif not text:
            delete(pos, removed)
        else:
            splice(pos, removed, text)
    return str(doc)


def with_pycrdt(patches: Patches) -> str:
    """With one transaction for all it takes 27 times as long. Positions are bytes there,
    which is the same in a text that is ASCII."""
    from pycrdt import Doc, Text

    doc = Doc()
    doc["text"] = text = Text()
    for pos, removed, new in patches:
        if removed:
            del text[pos : pos + removed]
        if new:
            text.insert(pos, new)
    return str(text)


def with_loro(patches: Patches) -> str:
    from loro import LoroDoc

    doc = LoroDoc()
    text = doc.get_text("text")
    for pos, removed, new in patches:
        if removed:
            text.delete(pos, removed)
        if new:
            text.insert(pos, new)
    doc.commit()
    return text.to_string()


LIBRARIES: dict[str, tuple[str, str, Replay]] = {
    "sennit": ("sennit", "a call for each edit", with_sennit),
    "loro": ("loro", "one transaction", with_loro),
    "pycrdt": ("pycrdt", "a transaction for each edit", with_pycrdt),
}


def read(path: str) -> tuple[Patches, str]:
    with gzip.open(path) as file:
        trace = json.load(file)
    return [tuple(p) for txn in trace["txns"] for p in txn["patches"]], trace["endContent"]


def took(replay: Replay, patches: Patches) -> tuple[float, str]:
    before = time.process_time()
    text = replay(patches)
    return time.process_time() - before, text


def measure(path: str, name: str) -> str:
    """A line of the table. What takes long is measured once."""
    (package, how, replay), (patches, end) = LIBRARIES[name], read(path)
    runs = [took(replay, patches)]
    while len(runs) < RUNS and runs[0][0] < LONG:
        runs.append(took(replay, patches))
    assert all(text == end for _, text in runs), f"{name}: another text"
    ms = statistics.median(seconds for seconds, _ in runs) * 1000
    return f"| {package} {version(package)}, {how} | {ms:,.1f} | {ms * 1e6 / len(patches):,.0f} |"


def main() -> None:
    path, names = sys.argv[1], sys.argv[2:] or list(LIBRARIES)
    if len(names) == 1:
        print(measure(path, names[0]), flush=True)
        return
    print("| | ms | ns an edit |\n|---|---:|---:|", flush=True)
    for name in names:
        subprocess.run([sys.executable, __file__, path, name], check=True)


main()
