"""What README.md shows works as it says."""
import os
import re
from pathlib import Path

ROOT = Path(os.environ.get("SENNIT_ROOT", Path(__file__).resolve().parents[3]))


def test_the_examples_run() -> None:
    blocks = re.findall(r"^```python\n(.*?)^```", (ROOT / "bindings/python/README.md").read_text(), re.M | re.S)
    assert blocks
    for block in blocks:
        exec(compile(block, "README.md", "exec"), {})
