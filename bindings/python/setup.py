"""The extension module; everything else is in pyproject.toml.

It compiles the library in, as one file. A source distribution has that file; in
a checkout of sennit it is put together here. What help() shows comes from the stubs."""
import subprocess
import sys
from pathlib import Path

from setuptools import Extension, setup

here = Path(__file__).resolve().parent
one_file = here / "src" / "one"
joiner = here.parent.parent / "tools" / "amalgam.sh"
if joiner.exists():
    subprocess.run(["sh", joiner, one_file], cwd=joiner.parent.parent, check=True)

one_file.mkdir(exist_ok=True)
subprocess.run(
    [sys.executable, here / "docstrings.py", here / "sennit" / "_core.pyi", one_file / "docstrings.h"],
    check=True,
)

sources = sorted(p.relative_to(here).as_posix() for p in (here / "src").rglob("*.c"))
headers = sorted(p.relative_to(here).as_posix() for p in (here / "src").rglob("*.h"))

setup(
    ext_modules=[
        Extension(
            "sennit._core",
            sources,
            depends=headers,
            include_dirs=["src/one"],
            define_macros=[("NDEBUG", "1"), ("Py_LIMITED_API", "0x030b0000")],
            extra_compile_args=["-std=c11", "-O3", "-g0", "-fvisibility=hidden"],
            py_limited_api=True,
        )
    ],
    options={"bdist_wheel": {"py_limited_api": "cp311"}},
)
