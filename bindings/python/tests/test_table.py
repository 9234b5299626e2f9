"""docs/bindings.md lists every call of the header, and what it names is there."""
import inspect
import os
import re
from functools import reduce
from pathlib import Path

import sennit

ROOT = Path(os.environ.get("SENNIT_ROOT", Path(__file__).resolve().parents[3]))


def declared() -> list[str]:
    header = re.sub(r"^#.*$", "", (ROOT / "include/sennit/sennit.h").read_text(), flags=re.M)
    return [re.findall(r"(sennit_\w+)\(", d)[0] for d in re.findall(r"SENNIT_API [^;(]*\(", header)]


def listed() -> dict[str, str]:
    rows = re.findall(r"^\| `(sennit_\w+)` \| ([^|]+?) \|", (ROOT / "docs/bindings.md").read_text(), re.M)
    assert len(rows) == len(dict(rows)), "a call is listed twice"
    return dict(rows)


def test_every_call_is_listed() -> None:
    assert sorted(declared()) == sorted(listed())


def test_what_is_listed_is_there() -> None:
    for call, entry in listed().items():
        if entry.startswith("–"):
            assert len(entry) > 5, f"{call}: why not?"
            continue
        path = entry.strip("`").split(".")
        assert path[0] == "sennit" and reduce(getattr, path[1:], sennit) is not None


def test_help_says_what_everything_is() -> None:
    for owner in (sennit, sennit.Document, sennit.Undo):
        for name in vars(owner):
            if not name.startswith("_") and name != "Value" and not isinstance(getattr(owner, name), int):
                assert getattr(owner, name).__doc__, name
    assert str(inspect.signature(sennit.Document.insert)) == "(self, pos, text, /)"
    assert inspect.signature(sennit.Document).parameters["replica"].default == 0
