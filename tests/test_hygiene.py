"""Derivatives in arrays some of whose elements are traps, and far out where formulas lose digits.

The points themselves are rows of docs/edges.md (test_edges.py); here they stand beside ordinary ones, which they must not
spoil, and no warning is given (warnings are errors). Oracles: closed forms, mpmath, differences.
"""

import mpmath as mp
import numpy as np
import pytest

import wengert as w
import wengert.numpy as wnp
from wengert import nn
from wengert.scipy import special

INF, NAN = np.inf, np.nan


def gradients(f, x):
    """The gradient of the sum by every route, eager and compiled."""
    total = lambda x: wnp.sum(f(x))  # noqa: E731
    return {
        "reverse": w.grad(total)(x),
        "forward": w.jacfwd(total)(x),
        "compiled": w.jit(w.grad(total))(x),
        "forward compiled": w.jit(w.jacfwd(total))(x),
    }


def check(f, x, expected, rtol=1e-12):
    for dtype, tolerance in ((np.float64, rtol), (np.float32, 1e-5)):
        at = np.asarray(x, dtype)
        for route, got in gradients(f, at).items():
            assert got.dtype == dtype or "forward" in route, route
            np.testing.assert_allclose(
                got, expected, rtol=tolerance, atol=tolerance, err_msg=f"{route} {dtype.__name__}"
            )


def test_where_masks():
    x = [4.0, -1.0, 0.0, NAN, INF]
    check(lambda x: wnp.where(x > 0, wnp.sqrt(wnp.where(x > 0, x, 1.0)), 0.0), x, [0.25, 0, 0, 0, 0])
    mask = np.array([True, True, False, False, False])
    with np.errstate(all="ignore"):
        bad = np.array([False, True, True, True, False])
        check(lambda x: wnp.where(bad, 2.0, wnp.log(x) / x), [1.0, -1.0, 0.0, NAN, np.e], [1, 0, 0, 0, 0])
    check(lambda x: wnp.sum(x * 3.0, where=mask), x, [3, 3, 0, 0, 0])
    check(lambda x: wnp.mean(x, where=mask), x, [0.5, 0.5, 0, 0, 0])
    check(lambda x: wnp.max(x, where=mask, initial=-9.0), x, [1, 0, 0, 0, 0])
    check(lambda x: np.sqrt(x, where=x > 1, out=np.zeros_like(x)), [4.0, 0.0, -1.0], [0.25, 0, 0])


def test_a_row_of_masked_scores_spoils_no_other():
    """Attention where one row attends to nothing: its weights are not used, and its gradient is zero."""
    scores = np.array([[1.0, 2.0, 3.0], [0.5, 0.1, 0.2]])
    seen = np.array([[True, True, False], [False, False, False]])

    def loss(s):
        masked = wnp.where(seen, s, -INF)
        norms = wnp.logsumexp(masked, axis=1)
        return wnp.sum(wnp.where(seen.any(1), norms, 0.0))

    share = np.exp(scores[0, :2]) / np.exp(scores[0, :2]).sum()
    check(loss, scores, [[*share, 0], [0, 0, 0]])
    check(lambda s: wnp.logsumexp(s + np.where(seen, 0.0, -INF), axis=1)[0], scores, [[*share, 0], [0, 0, 0]])


def test_infinite_exponents():
    check(wnp.logsumexp, [1.0, 1.0, -INF], [0.5, 0.5, 0])
    check(wnp.logsumexp, [-INF, -INF], [0.5, 0.5])
    check(wnp.logsumexp, [1.0, INF, INF], [0, 0.5, 0.5])
    check(np.logaddexp.reduce, [-INF, -INF, 2.0, 2.0], [0, 0, 0.5, 0.5])
    check(lambda x: np.logaddexp.accumulate(x)[-1], [-INF, 2.0, 2.0], [0, 0.5, 0.5])
    check(lambda x: wnp.logaddexp(x, x[::-1]), [-INF, -INF], [1, 1])
    check(lambda x: wnp.logaddexp2(x[0], x[1]), [INF, 3.0], [1, 0])
    check(lambda x: nn.softmax(x)[0], [0.0, -INF, 800.0], [0, 0, 0])
    check(lambda x: nn.log_softmax(x)[0], [-800.0, 0.0], [1, -1])
    p = 1 / (1 + np.e)
    check(lambda x: nn.log_softmax(x)[0], [0.0, 1.0, -INF], [1 - p, p - 1, 0])
    values = np.array([[-INF, -INF], [INF, 1.0], [2.0, -INF]])
    np.testing.assert_array_equal(wnp.logsumexp(values, axis=1), [-INF, INF, 2.0])
    np.testing.assert_array_equal(w.jit(lambda x: wnp.logsumexp(x, axis=1))(values), [-INF, INF, 2.0])
    assert np.isnan(wnp.logsumexp(np.array([1.0, NAN]))) and np.isnan(w.jit(wnp.logsumexp)(np.array([1.0, NAN])))


def test_moduli_at_zero():
    """The derivative is 0 there, the curvature unbounded, and those beside it are what they are."""
    x = np.array([0.0, 3.0])
    for f, second in (
        (lambda x: wnp.hypot(x, 4.0 * (x != 0)), [NAN, 16 / 125]),
        (lambda x: wnp.abs(x + 1j * (4.0 * (x != 0))), [NAN, 16 / 125]),
        (lambda x: np.hypot.reduce(wnp.stack([x, 4.0 * (x != 0), 0 * x])), [NAN, 16 / 125]),
        (lambda x: wnp.linalg.norm(wnp.stack([x, 4.0 * (x != 0)]), axis=0), [NAN, 16 / 125]),
        (lambda x: wnp.std(wnp.stack([x, -x]), axis=0), [NAN, 0]),
    ):
        check(f, x, [0, 1.0 if second[1] == 0 else 0.6])
        for g in (w.hessian(lambda x: wnp.sum(f(x))), w.jit(w.jacrev(w.grad(lambda x: wnp.sum(f(x)))))):  # noqa: B023
            np.testing.assert_allclose(np.diag(g(x)), second, atol=1e-12)


def test_numbers_win_over_nan():
    check(lambda x: wnp.fmax(x, np.array([NAN, 1.0, 2.0])), [1.0, NAN, 2.0], [1, 0, 0.5])
    check(lambda x: wnp.fmin(np.array([NAN, 1.0, 2.0]), x), [1.0, NAN, 1.0], [1, 0, 1])
    check(np.fmax.reduce, [1.0, NAN, 5.0], [0, 0, 1])
    check(wnp.nanmax, [1.0, NAN, 5.0], [0, 0, 1])
    check(wnp.nanmean, [1.0, NAN, 5.0], [0.5, 0, 0.5])


def test_products_with_zeros():
    check(wnp.prod, [0.0, 2.0, 3.0], [6, 0, 0])
    check(wnp.prod, [0.0, 2.0, 0.0], [0, 0, 0])
    check(lambda x: wnp.cumprod(x), [2.0, 0.0, 3.0], [1, 2 * (1 + 3), 0])
    check(lambda x: np.multiply.accumulate(x)[-1], [0.0, 2.0, 0.0], [0, 0, 0])
    h = w.hessian(wnp.prod)(np.array([0.0, 2.0, 0.0]))
    np.testing.assert_allclose(h, [[0, 0, 2], [0, 0, 0], [2, 0, 0]])


def test_powers_of_zero():
    p = np.array([0.0, 1.0, 2.0, 3.0])
    check(lambda x: x**p, np.zeros(4), [0, 1, 0, 0])
    np.testing.assert_allclose(np.diag(w.hessian(lambda x: wnp.sum(x**p))(np.zeros(4))), [0, 0, 2, 0])
    check(lambda p: wnp.power(0.0, p), [1.0, 2.0, 0.5], [0, 0, 0])
    check(lambda x: x**2.0, [-3.0, 0.0], [-6, 0])


def test_likelihoods_with_zeros():
    """Counts and probabilities that are 0 together: ``sum(n log p)`` and its kin."""
    counts, p = np.array([0.0, 3.0, 0.0]), np.array([0.0, 0.25, 0.75])
    check(lambda p: special.xlogy(counts, p), p, [0, 12, 0])
    check(lambda p: special.xlog1py(counts, -p), np.array([1.0, 0.25, 0.5]), [0, -4, 0])
    check(lambda p: special.rel_entr(counts, p), np.array([1.0, 0.25, 0.5]), [0, -12, 0])
    for g in (w.grad(special.entr), w.jit(w.grad(special.entr))):
        np.testing.assert_allclose([g(0.5), g(1.0)], [np.log(2) - 1, -1.0])


@pytest.mark.parametrize("order", [1, 2, 3])
def test_far_tails(order):
    """Where the normal distribution and its density are 0 in floating point their ratio is not."""
    points = [-1e9, -1e6, -3000.0, -60.0, -12.0, -1.0, 0.0, 3.0]
    with mp.workdps(60):

        def log_ndtr(x):
            return mp.log(mp.erfc(-x / mp.sqrt(2)) / 2)

        def ratio(x):  # by its continued fraction or directly
            return mp.npdf(x) / mp.ncdf(x) if x > -100 else 1 / _mills(-x)

        if order == 1:
            expected = [float(ratio(mp.mpf(x))) for x in points]
        else:
            expected = [
                float(mp.diff(ratio, mp.mpf(x), order - 1, h=mp.mpf(10) ** -15 * max(1, abs(x)))) for x in points
            ]
    f = special.log_ndtr
    for _ in range(order):
        f = (lambda g: lambda x: w.jvp(g, (x,), (np.ones_like(x),))[1])(f)
    x = np.array(points)
    for g in (f, w.jit(f)):
        np.testing.assert_allclose(g(x), expected, rtol=[1e-12, 2e-10, 1e-6][order - 1], atol=[0, 0, 1e-9][order - 1])


def _mills(x):
    """The Mills ratio for large x: the asymptotic series, NIST DLMF 7.12.1."""
    term, total = mp.mpf(1) / x, mp.mpf(0)
    for k in range(12):
        total += term
        term *= -(2 * k + 1) / (x * x)
    return total


def test_scaled_error_function_far_out():
    x = np.array([-2.0, 0.5, 20.0, 49.0, 51.0, 1e3, 1e8])
    with mp.workdps(50):
        f = lambda x: mp.exp(x * x) * mp.erfc(x)  # noqa: E731
        expected = [float(2 * mp.mpf(v) * f(mp.mpf(v)) - 2 / mp.sqrt(mp.pi)) for v in x[:-1]]
    got = w.grad(lambda x: wnp.sum(special.erfcx(x)))(x)
    np.testing.assert_allclose(got[:-1], expected, rtol=2e-12)
    np.testing.assert_allclose(got[-1], -1e-16 / np.sqrt(np.pi), rtol=1e-12)


def test_knots():
    xp, fp = np.array([0.0, 1.0, 2.0]), np.array([0.0, 1.0, 4.0])
    check(lambda x: wnp.interp(x, xp, fp), [-1.0, 0.0, 0.5, 1.0, 1.5, 2.0, 3.0], [0, 1, 1, 3, 3, 0, 0])
    a = np.array([1.0, 2.0, 4.0, 8.0])
    h = 1e-3
    q = np.array([0.1, 1 / 3, 0.5, 0.9])
    right = (np.quantile(a, q + h) - np.quantile(a, q)) / h
    got = np.array([w.grad(lambda q: wnp.quantile(a, q))(v) for v in q])
    np.testing.assert_allclose(got, right, rtol=1e-9)
    np.testing.assert_allclose(w.jit(w.jacfwd(lambda q: wnp.percentile(a, q)))(50.0), right[2] / 100, rtol=1e-9)
    np.testing.assert_allclose(w.grad(lambda q: wnp.nanquantile(np.append(a, NAN), q))(1.0), 12.0)
    finite = np.array([1.0, 2.0, INF])
    value, slope = w.value_and_grad(lambda q: wnp.quantile(finite, q))(0.5)
    assert value == 2.0 and slope == 0.0  # the slope on its right would be infinite
    check(wnp.median, [3.0, 3.0, 1.0], [1, 0, 0])
    check(lambda x: wnp.clip(x, 0.0, 1.0), [-1.0, 0.0, 0.5, 1.0, 2.0], [0, 0.5, 1, 0.5, 0])


def test_matrix_norms_at_zero_in_a_stack():
    a = np.stack([np.zeros((2, 2)), np.diag([3.0, 1.0])])
    for kind, expected in (("nuc", np.eye(2)), (2, np.diag([1.0, 0.0])), (-2, np.diag([0.0, 1.0]))):
        check(lambda a: wnp.linalg.norm(a, kind, axis=(1, 2)), a, [np.zeros((2, 2)), expected])  # noqa: B023
        np.testing.assert_allclose(w.jvp(lambda a: wnp.linalg.norm(a, kind, axis=(1, 2)), (a,), (a,))[0][0], 0.0)  # noqa: B023
