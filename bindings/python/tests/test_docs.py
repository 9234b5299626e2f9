"""The examples of the documentation do what they say."""
import doctest
from pathlib import Path

import pytest

import sennit
from server import ROOT

PAGES = sorted((ROOT / "bindings/python/docs").glob("*.rst"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.stem))
def test_the_examples_of_a_page(page: Path) -> None:
    assert doctest.testfile(str(page), module_relative=False).failed == 0


def test_there_are_examples() -> None:
    assert sum(page.read_text().count(">>> ") for page in PAGES) > 40
    assert doctest.testmod(sennit) == (0, 6)
