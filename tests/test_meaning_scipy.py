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
    assert not unexplained(sweep, sweep.functions(module, ways=("plain",), every=1 + (module in ("linalg", "stats"))))


@pytest.mark.parametrize("module", MODULES)
def test_calls_under_transformations(sweep, module):
    assert not unexplained(sweep, sweep.functions(module, ways=("traced",), every=3))
    assert not unexplained(sweep, sweep.functions(module, ("float64",), ("compiled",), every=12))


def test_special_points(sweep):
    assert not unexplained(sweep, sweep.special_points())


def test_dtypes_of_universal_functions(sweep):
    assert not unexplained(sweep, sweep.dtypes())


def test_domains(sweep):
    assert not unexplained(sweep, sweep.domains())


def test_signatures(sweep):
    assert not unexplained(sweep, sweep.signatures())


@pytest.mark.parametrize(
    "name",
    [
        "norm",
        "expon",
        "t",
        "beta",
        "lognorm",
        "truncnorm",
        "gumbel_r",
        "poisson",
        "binom",
        "geom",
        "vonmises",
        "betabinom",
    ],
)
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


def test_calls_one_by_one(sweep):
    """What the whole sweep found: numbers and arrays without elements, complex numbers, singular matrices, dtypes."""
    import numpy as np
    import scipy.linalg
    import scipy.ndimage
    import scipy.signal
    import scipy.special
    import scipy.stats

    import wengert.scipy as ours

    ones, z = np.ones((2, 2)), np.array([0.3 + 0.1j, -1.5 + 0.2j])
    calls = {
        "expm of a number": lambda s: s.linalg.expm(2.0),
        "cholesky of a number": lambda s: s.linalg.cholesky(4.0),
        "solve of numbers": lambda s: s.linalg.solve(2.0, 4.0),
        "Lyapunov's equation of numbers": lambda s: s.linalg.solve_continuous_lyapunov(2.0, 4.0),
        "expm of a rectangle": lambda s: s.linalg.expm(np.ones((2, 3))),
        "eigh with imaginary parts on the diagonal": lambda s: s.linalg.eigvalsh(ones * (1 + 1j), ones + np.eye(2)),
        "eigh_tridiagonal with too many": lambda s: s.linalg.eigh_tridiagonal(np.ones(2), np.ones(2)),
        "logsumexp along an axis of a number": lambda s: s.special.logsumexp(2.0, axis=0),
        "logsumexp along no axis of a number": lambda s: s.special.logsumexp(2.0, axis=1),
        "logsumexp, signs of complex numbers": lambda s: s.special.logsumexp(z, return_sign=True),
        "logsumexp, complex weights": lambda s: s.special.logsumexp(z.real, b=z, return_sign=True),
        "fftconvolve of nothing": lambda s: s.signal.fftconvolve(np.zeros((0, 4)), np.zeros((0, 2))),
        "fftconvolve of numbers": lambda s: s.signal.fftconvolve(1.0, 2.0, axes=0),
        "hilbert of complex numbers": lambda s: s.signal.hilbert(z),
        "hilbert of nothing": lambda s: s.signal.hilbert(np.zeros(0)),
        "welch of nothing": lambda s: s.signal.welch(np.zeros((0, 4))),
        "stft of nothing": lambda s: s.signal.stft(np.zeros(0)),
        "periodogram of nothing": lambda s: s.signal.periodogram(np.zeros((2, 0))),
        "spline coefficients of a complex image": lambda s: s.ndimage.spline_filter1d(ones + 1j, 3, 0, np.float32),
        "gmean along the other axis": lambda s: s.stats.gmean(np.zeros((0, 4)), axis=1),
        "zscore of a number": lambda s: s.stats.zscore(2.0),
        "entropy of a singular covariance": lambda s: s.stats.multivariate_normal.entropy(None, ones),
        "multinomial of a number": lambda s: s.stats.multinomial.pmf(2, 3, [0.2, 0.8]),
        "dirichlet of a number": lambda s: s.stats.dirichlet.mean(2.0),
        "vonmises at infinity": lambda s: s.stats.vonmises.cdf([-np.inf, np.inf], 1.5),
    }
    for name, call in calls.items():
        got, expected = (sweep.outcome(lambda s=s: call(s)) for s in (ours, scipy))  # noqa: B023
        assert not sweep.compared(got, expected), f"{name}: {sweep.compared(got, expected)}"
