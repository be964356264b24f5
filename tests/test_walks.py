"""The walks in `docs/architecture.md` are what happens: the functions of their rows are called, in their order."""

import re
import sys
from pathlib import Path

import numpy as np
import pytest

import wengert as w

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs/architecture.md").read_text().split("## Three walks")[1]
WALKS = {"`grad`": w.grad, "`jit`": w.jit}


def called(run):
    """The functions of the library that are called, in the order of their first calls."""
    found = {}

    def note(frame, event, arg):
        code = frame.f_code
        if event == "call" and "/wengert/" in code.co_filename:
            found.setdefault((code.co_filename.rpartition("/wengert/")[2], code.co_qualname), None)

    sys.setprofile(note)
    try:
        run()
    finally:
        sys.setprofile(None)
    return list(found)


@pytest.mark.parametrize("name", WALKS)
def test_a_walk(name):
    text = next(part for part in PAGE.split("\n\n**") if f"through {name}" in part)
    rows = re.findall(r"^\| `([^`]+)` \| `([^`]+)` \|", text, re.M)
    x = np.linspace(0.1, 1.0, 8)
    made = lambda: WALKS[name](lambda x: np.sum(np.sin(x) * x))  # noqa: E731
    with w.config.override(disk_cache=False):
        made()(x)
        f = made()
        found = called(lambda: f(x))
    assert len(rows) > 8 and not [row for row in rows if row not in found]
    assert sorted(rows, key=found.index) == rows


def test_what_a_walk_names_exists():
    names = re.findall(r"\(?`((?:\w+/)+\w*\.?\w*|\w+\.py)`", PAGE.split("**A new operation**")[1])
    assert len(names) > 5 and [n for n in names if not (ROOT / "src/wengert" / n).exists()] == []
