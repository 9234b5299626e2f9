"""What help() shows, out of the stubs, so that it is written once:

    docstrings.py sennit/_core.pyi src/one/docstrings.h
"""
from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from inspect import cleandoc
from pathlib import Path


def decorators(function: ast.FunctionDef) -> list[str]:
    return [ast.unparse(d) for d in function.decorator_list]


def signature(function: ast.FunctionDef, first: str) -> str:
    """As C gives it to Python: without types, `first` in place of self."""
    args = function.args
    for arg in [*args.posonlyargs, *args.args, *args.kwonlyargs]:
        arg.annotation = None
    if first != "$module":
        del (args.posonlyargs or args.args)[0]
    return ", ".join(part for part in (first, ast.unparse(args)) if part)


def docstring(function: ast.FunctionDef, name: str, first: str) -> str:
    text = cleandoc(ast.get_docstring(function) or "")
    if "property" in decorators(function):
        return text
    return f"{name}({signature(function, first)})\n--\n\n{text}"


def of_class(cls: ast.ClassDef) -> Iterator[tuple[str, str]]:
    text = cleandoc(ast.get_docstring(cls) or "")
    for item in cls.body:
        if not isinstance(item, ast.FunctionDef) or any(d.endswith(".setter") for d in decorators(item)):
            continue
        if item.name == "__new__":
            text = f"{cls.name}({signature(item, '')})\n--\n\n{text}"
        elif not item.name.startswith("__"):
            first = "$type" if "classmethod" in decorators(item) else "$self"
            yield f"{cls.name}_{item.name}", docstring(item, item.name, first)
    yield cls.name, text


def of_stubs(stubs: str) -> Iterator[tuple[str, str]]:
    for item in ast.parse(stubs).body:
        if isinstance(item, ast.ClassDef):
            yield from of_class(item)
        elif isinstance(item, ast.FunctionDef):
            yield item.name, docstring(item, item.name, "$module")


def literal(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return " \\\n".join(f'    "{line}\\n"' for line in escaped.split("\n"))[: -len('\\n"')] + '"'


def main(stubs: Path, out: Path) -> None:
    defines = [f"#define DOC_{name} \\\n{literal(text)}\n" for name, text in of_stubs(stubs.read_text())]
    out.write_text("/* Made by docstrings.py out of the stubs. */\n" + "".join(defines))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
