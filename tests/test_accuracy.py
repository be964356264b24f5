"""Derivatives over the whole range of floats: within 16 ULP times the condition, eager and compiled, in both formats.

The campaign over more arguments is `tools/accuracy_table.py`, which writes docs/accuracy.md.
"""

from __future__ import annotations

import pathlib
import re

import numpy as np
import pytest
from accuracy_cases import CASES, QUICK, Case
from accuracy_reference import measured

TABLE = pathlib.Path(__file__).parent.parent / "docs/accuracy.md"


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("case", QUICK, ids=lambda case: case.name)
def test_first_derivatives_over_the_whole_range(case: Case, dtype: str) -> None:
    found = measured(case, dtype, 20)
    assert found.count >= 5
    for way, (error, at) in found.errors.items():
        assert error <= found.allowed(case), f"{way}: {error:.3g} ULP over the condition at {at}"


def test_the_page_lists_every_function_and_none_beyond_its_bound() -> None:
    rows = [
        re.split(r"\s*\|\s*", line.strip("| \n")) for line in TABLE.read_text().splitlines() if line.startswith("| ")
    ]
    stated = {cells[0].removesuffix(" †"): cells[1:] for cells in rows[2:]}
    assert set(stated) == {case.name for case in CASES}, "run tools/accuracy_table.py"
    for case in CASES:
        for first in (0, 4):  # eager, forward, compiled, the value; of each format
            *worst, value = [float(n) for n in stated[case.name][first : first + 4]]
            assert max(worst) <= (max(case.bound, 4 * value) if case.scipy else case.bound), case.name


def test_the_measure_finds_what_cancels() -> None:
    cancels = Case("tanh by its square", lambda x: np.tanh(x), lambda x: x - x**3 / 3, ((5.0, 20.0),))
    assert measured(cancels, "float64", 8).errors["eager"][0] > 1e6
