"""What a call costs: inserting a character, over calling what does nothing.

    python3 calls.py

Nanoseconds of CPU time, the least of 50 rounds of 20,000 calls.
"""
from __future__ import annotations

import time
from collections.abc import Callable

from sennit import Document

CALLS, ROUNDS = 20_000, 50


def least(prepare: Callable[[], Callable[[int], object]]) -> float:
    """Of a function of a number, called with 0, 1, 2 and so on."""
    best = float("inf")
    for _ in range(ROUNDS):
        call, numbers = prepare(), range(CALLS)
        before = time.process_time_ns()
        for n in numbers:
            call(n)
        best = min(best, (time.process_time_ns() - before) / CALLS)
    return best


def empty() -> Callable[[int], object]:
    nothing = Document().known  # takes a number, looks nothing up
    return lambda n: nothing(0)


def typed() -> Callable[[int], object]:
    insert = Document().insert
    return lambda n: insert(n, "x")


def scattered() -> Callable[[int], object]:
    doc = Document("some text\n" * 10_000)
    insert = doc.insert
    return lambda n: insert(n * 7919 % 100_000, "x")


def typed_with_clock() -> Callable[[int], object]:
    insert = Document(clock=lambda: 1_700_000_000_000).insert
    return lambda n: insert(n, "x")


base = least(empty)
print(f"an empty call {base:.0f} ns; over it:")
for name, prepare in (
    ("a character typed on", typed),
    ("with a clock in Python", typed_with_clock),
    ("a character somewhere in 100 KB", scattered),
):
    print(f"    {name} {least(prepare) - base:.0f} ns")
