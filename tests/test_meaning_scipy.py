"""What functions of wengert.scipy mean is what SciPy's functions of the same names mean: a part of `tools/meaning_scipy.py`."""

import re
import sys
from pathlib import Path

import pytest

TOOLS = Path(__file__).resolve().parents[1] / "tools"


@pytest.fixture(scope="module")
def sweep():
    sys.path.insert(0, str(TOOLS))
    import meaning_scipy

    yield meaning_scipy
    sys.path.remove(str(TOOLS))


def unexplained(sweep, findings):
    return [line for f in findings if (line := sweep.line(f)) and not sweep.reason(line)]


MODULES = (
    "special", "linalg", "stats", "signal", "fft", "integrate", "interpolate", "ndimage", "cluster.vq", "spatial.transform",
)  # fmt: skip


@pytest.mark.parametrize("module", MODULES)
def test_plain_calls(sweep, module):
    assert not unexplained(sweep, sweep.functions(module, ("float64",), ("plain",)))
    assert not unexplained(sweep, sweep.functions(module, ("float32", "int64", "empty"), ("plain",), every=3))


@pytest.mark.parametrize("module", MODULES)
def test_calls_under_transformations(sweep, module):
    assert not unexplained(sweep, sweep.functions(module, ("float64",), ("traced", "compiled"), every=8))


def test_special_points(sweep):
    assert not unexplained(sweep, sweep.special_points())


def test_signatures(sweep):
    assert not unexplained(sweep, sweep.signatures())


@pytest.mark.parametrize("name", ["norm", "expon", "t", "beta", "lognorm", "truncnorm", "gumbel_r", "poisson", "binom"])
def test_distributions(sweep, name):
    assert not unexplained(sweep, sweep.distributions((name,)))


def test_a_difference_is_found(sweep):
    import numpy as np

    right = [np.array([1.0, 2.0])]
    for wrong, kind in (
        ([np.array([1.0, 2.1])], "value"),
        ([np.ones((2, 1))], "shape"),
        ([], "structure"),
        (right * 2, "structure"),
    ):
        assert sweep.compared(wrong, right)[0] == kind
    assert sweep.compared([np.array([1, 2])], right)[0] == "dtype"
    assert sweep.compared(TypeError(), right)[0] == "refused" and sweep.compared(right, TypeError())[0] == "allowed"
    assert sweep.compared(KeyError(), ValueError())[0] == "error" and not sweep.compared(right, right)


def test_deviations_are_patterns_with_reasons(sweep):
    from meaning_scipy_cases import DEVIATIONS

    assert all(re.compile(pattern) and len(why) > 10 for pattern, why in DEVIATIONS)
