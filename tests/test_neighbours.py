"""Smaller work has the form of somewhat larger work: what `tools/neighbours.py` measures, told by what is compiled."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

import wengert as w
from wengert.compile.pipeline import optimize, planned

_spec = importlib.util.spec_from_file_location("neighbours", Path(__file__).parents[1] / "tools" / "neighbours.py")
assert _spec is not None and _spec.loader is not None
neighbours = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(neighbours)

# Sizes between which the form of a program does not change.
ALIKE = {
    "product": (5, 6, 7, 8, 12, 100),
    "points": (16, 63, 64, 1023, 1024, 4000),
    "convolution": (8, 300, 400, 4096),
    "softmax": (9, 500, 1023, 1024, 4096),
    "gather": (9, 1023, 4096),
}


@pytest.mark.parametrize("name", ALIKE)
def test_forms_do_not_change(name):
    kinds = []
    for n in ALIKE[name]:
        f, args = neighbours.FAMILIES[name].make(n)
        steps = planned(optimize(w.make_program(f)(*args)), 64).steps
        kinds.append([type(s).__name__ for s in steps])
    assert all(k == kinds[0] for k in kinds), kinds


@pytest.mark.parametrize("name", neighbours.FAMILIES)
def test_families_are_compiled(name):
    """No step of theirs goes through NumPy; the results are the eager ones."""
    for n in (3, 7, 33):
        f, args = neighbours.FAMILIES[name].make(n)
        jitted = w.jit(f)
        np.testing.assert_allclose(jitted(*args), f(*args), rtol=1e-9, atol=1e-12)
        assert not jitted.lower(*args).cost().calls


def test_a_loop_of_small_products_has_one_form():
    """Products of five rows and more are written as those of eight are, not as sums that read columns."""
    for n in (5, 6, 7, 8):
        f, args = neighbours.FAMILIES["scan of powers"].make(n)
        assert "register tiles" in w.jit(f).lower(*args).loops(), n
