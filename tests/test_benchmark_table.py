"""The table of rows: how numbers are taken, kept and shown; what some rows compute."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.table import measure, page  # noqa: E402
from benchmarks.table.libraries import MAKERS  # noqa: E402
from benchmarks.table.row import Row  # noqa: E402
from benchmarks.table.rows import ROWS  # noqa: E402


def test_there_are_rows_of_every_family():
    assert len(ROWS) >= 150
    assert 40 <= sum(r.quick for r in ROWS) <= 50
    assert {r.family for r in ROWS if r.quick} == {r.family for r in ROWS}


def test_results_are_compared_by_their_largest_number():
    a = np.array([1.0, 100.0])
    assert measure.apart(a + [0, 1], a) == pytest.approx(0.01)
    assert measure.apart((a, [a]), [a, a]) == 0
    assert measure.apart(np.array([np.nan, 1.0]), np.array([np.nan, 1.0])) == 0
    for wrong in (a[:1], a.astype(np.float32), (a, a)):
        with pytest.raises(ValueError, match=r"shape|float32|arrays"):
            measure.apart(wrong, a)


def test_a_row_is_measured_beside_what_has_its_names(monkeypatch):
    args = lambda rng: (rng.normal(size=8),)  # noqa: E731
    rows = [
        Row("sine", "test", lambda L: lambda x: L.np.sin(x), args),
        Row("slope", "test", lambda L: L.grad(lambda x: L.np.sum(x * x)), args, bytes=128.0),
    ]
    monkeypatch.setattr(measure, "ROWS", rows)
    monkeypatch.setattr(measure, "PAUSE", 0.0)
    sine, slope = (measure.taken(r.name, ["wengert", "numpy"], 0.001) for r in rows)
    assert set(sine["median"]) == {"wengert", "numpy"}
    assert not sine["errors"]
    assert set(slope["median"]) == {"wengert"}
    assert "grad" in slope["errors"]["numpy"]
    for record in (sine, slope):
        record["commit"] = "abc"
    numbers = {
        "rows": {"2 cores": {"sine": sine, "slope": slope}},
        "peaks": {"2 cores": {"copy": 1e9, "float64": 1e9, "float32": 2e9}},
    }
    text = page.text(numbers)
    assert "## 2 cores" in text
    assert "% of a copy" in text


@pytest.mark.parametrize("name", ["sum over rows, 1000x1000 float64", "betaln, 1e5 float64", "det of 1e4 3x3 float64"])
def test_rows_are_the_same_in_numpy(name):
    row = next(r for r in ROWS if r.name == name)
    args = row.args(np.random.default_rng(0))
    found, wanted = [], []
    for library, out in (("wengert", found), ("numpy", wanted)):
        made, ready, given, wait = MAKERS[library]()
        out.append(wait(ready(row.build(made))(*[given(a) for a in args])))
    assert measure.apart(found, wanted) < 1e-6
