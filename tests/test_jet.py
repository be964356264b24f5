"""Taylor mode: every operation against nested forward mode, functions against mpmath, loops, branches and calls."""

import math

import mpmath
import numpy as np
import pytest

import wengert
import wengert.numpy as wnp
from wengert import derivative, errors, jet, lax, taylor
from wengert.core import inexact_dtype
from wengert.scipy import special
from wengert.testing import cases, differentiable, primitives


def direction(x, seed):
    if not isinstance(x, (np.ndarray, np.generic)) or not inexact_dtype(x.dtype):
        return None
    rng = np.random.default_rng(seed)
    d = rng.uniform(-1, 1, np.shape(x))
    return (d + 1j * rng.uniform(-1, 1, np.shape(x)) if x.dtype.kind == "c" else d).astype(x.dtype)[()]


def nested(f, args, directions, order):
    """Coefficients by forward mode of forward mode."""
    moving = [i for i, d in enumerate(directions) if d is not None]

    def curve(t):
        full = list(args)
        for i in moving:
            full[i] = args[i] + t * directions[i]
        return f(*full)

    found, d = [], curve
    for k in range(order + 1):
        found.append([np.asarray(o) / math.factorial(k) for o in as_list(d(0.0))])
        d = (lambda g: lambda t: wengert.jvp(lambda s: list(as_list(g(s))), (t,), (1.0,))[1])(d)
    return found


def as_list(out):
    return list(out) if isinstance(out, (list, tuple)) else [out]


SAMPLES = [
    pytest.param(p, args, params, id=f"{p.name}-{label}")
    for p in primitives()
    if differentiable(p) and not p.foreign
    for label, args, params in [c for c in cases(p) if any(np.size(a) for a in c[1])][:3]
    if any(direction(a, 0) is not None for a in args)
]
ORDER = 3


@pytest.mark.parametrize(("primitive", "args", "params"), SAMPLES)
def test_every_operation_against_nested_forward_mode(primitive, args, params):
    directions = [direction(a, i) for i, a in enumerate(args)]
    series = [None if d is None else [d, *[0 * d] * (ORDER - 1)] for d in directions]

    def f(*xs):
        return [o for o in as_list(primitive.bind(*xs, **params)) if inexact_dtype(np.dtype(o.dtype))]

    with np.errstate(all="ignore"):
        value, coefficients = jet(f, args, series, factorial_scaled=False)
        expected = nested(f, args, directions, ORDER)
    for j, o in enumerate(value):
        np.testing.assert_allclose(o, expected[0][j], rtol=1e-12, atol=1e-12)
        for k in range(ORDER):
            scale = max(
                1.0, float(np.max(np.abs(expected[k + 1][j]), initial=0, where=np.isfinite(expected[k + 1][j])))
            )
            np.testing.assert_allclose(coefficients[j][k], expected[k + 1][j], rtol=1e-8, atol=1e-9 * scale)


ELEMENTARY = {
    "exp": (wnp.exp, mpmath.exp, 0.3),
    "sin": (wnp.sin, mpmath.sin, 0.3),
    "tanh": (wnp.tanh, mpmath.tanh, 0.3),
    "log": (wnp.log, mpmath.log, 0.7),
    "sqrt": (wnp.sqrt, mpmath.sqrt, 0.7),
    "power 2.5": (lambda x: x**2.5, lambda x: x**2.5, 0.7),
    "power 7": (lambda x: x**7, lambda x: x**7, 0.7),
    "power -3": (lambda x: x**-3, lambda x: x**-3, 0.7),
    "x**x": (lambda x: x**x, lambda x: x**x, 0.7),
    "witch": (lambda x: 1 / (1 + x * x), lambda x: 1 / (1 + x * x), 0.7),
    "erf": (special.erf, mpmath.erf, 0.4),
    "gammaln": (special.gammaln, mpmath.loggamma, 1.7),
    "arctan": (wnp.arctan, mpmath.atan, 0.4),
    "arcsin": (wnp.arcsin, mpmath.asin, 0.4),
    "expit": (special.expit, lambda x: 1 / (1 + mpmath.exp(-x)), 0.4),
    "tan": (wnp.tan, mpmath.tan, 0.4),
    "j0": (special.j0, lambda x: mpmath.besselj(0, x), 0.9),
    "hyp": (lambda x: wnp.sinh(x) / wnp.cosh(x) - wnp.arctanh(x), lambda x: mpmath.tanh(x) - mpmath.atanh(x), 0.3),
}


@pytest.mark.parametrize("name", ELEMENTARY)
def test_taylor_coefficients_are_those_of_mpmath(name):
    f, exact, x = ELEMENTARY[name]
    order = 10
    with mpmath.workdps(50):
        expected = np.array([float(c) for c in mpmath.taylor(exact, mpmath.mpf(x), order)])
    scale = np.maximum(np.abs(expected), 1e-3)
    for g in (f, wengert.jit(f)):
        assert np.max(np.abs(taylor(g, x, order) - expected) / scale) < 1e-12
    assert np.max(np.abs(wengert.jit(lambda v: taylor(f, v, order))(x) - expected) / scale) < 1e-12


def test_powers_at_zero():
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(taylor(lambda x: x**2.5, 0.0, 2), [0, 0, 0])
        assert not np.isfinite(taylor(lambda x: x**2.5, 0.0, 4)[3])
        np.testing.assert_array_equal(taylor(lambda x: x**3, 0.0, 4), [0, 0, 0, 1, 0])
        np.testing.assert_array_equal(taylor(lambda x: abs(x) ** 2, 0.0, 3), [0, 0, 1, 0])


def everything(x):
    """Loops, branches, calls, a solve, eigenvalues, an index, a write."""
    carry, ys = lax.scan(lambda c, i: (wnp.sin(c) * x + c, c * c), x * 0 + 1.0, np.arange(4))
    grown = lax.while_loop(lambda c: c[0] < 5, lambda c: (c[0] + 1, wnp.exp(-c[1] * x)), (0, 1.0))[1]
    chosen = lax.cond(x > 0, wnp.sin, lambda v: v * 2, x)
    matrix = wnp.eye(2) * 2 + x * wnp.array([[0.0, 1.0], [1.0, 0.3]])
    solved = wnp.linalg.solve(matrix, wnp.array([1.0, x]))
    written = wnp.zeros(3).at[1].set(x**2) if hasattr(wnp.zeros(3), "at") else wnp.stack([x, x**2, x])
    return (
        carry + wnp.sum(ys) + grown + chosen + solved[0] + wnp.linalg.eigh(matrix)[0][0] + written[1]
        + lax.fori_loop(0, 3, lambda i, c: c * x + 1, 1.0) + wengert.jit(wnp.cos)(x) + wengert.checkpoint(wnp.tanh)(x)
        + wnp.sort(wnp.stack([x, x * x, 0.1]))[1] + wengert.grad(lambda v: wnp.sin(v) * x)(x)
    )  # fmt: skip


def test_what_a_program_is_made_of():
    expected = [float(c[0]) for c in nested(everything, (0.4,), (1.0,), 5)]
    for f in (
        lambda x: taylor(everything, x, 5),
        lambda x: taylor(wengert.jit(everything), x, 5),
        wengert.jit(lambda x: taylor(everything, x, 5)),
        lambda x: wengert.vmap(lambda v: taylor(everything, v, 5))(wnp.stack([x, x]))[1],
    ):
        np.testing.assert_allclose(f(0.4), expected, rtol=1e-9)


def test_taylor_mode_is_differentiable_and_differentiates():
    third = derivative(wnp.sin, 3)
    np.testing.assert_allclose(wengert.grad(third)(0.4), np.sin(0.4), rtol=1e-14)
    np.testing.assert_allclose(derivative(wengert.grad(wnp.sin), 2)(0.4), -np.cos(0.4), rtol=1e-14)
    np.testing.assert_allclose(derivative(third, 2)(0.4), np.cos(0.4) * -1 * -1, rtol=1e-14)
    np.testing.assert_allclose(wengert.vmap(third)(np.array([0.1, 0.2])), -np.cos([0.1, 0.2]), rtol=1e-14)
    assert derivative(wnp.sin, 0)(0.5) == np.sin(0.5)


def test_custom_rules_say_what_the_series_is():
    @wengert.custom_jvp
    def f(x):
        return wnp.sin(x)

    f.defjvp(lambda p, t: (f(p[0]), 2 * wnp.cos(p[0]) * t[0]))  # twice the slope, so that it shows
    np.testing.assert_allclose(taylor(f, 0.3, 3), [c * (2 if k else 1) for k, c in enumerate(taylor(wnp.sin, 0.3, 3))])

    @wengert.custom_vjp
    def g(x):
        return wnp.exp(x)

    g.defvjp(lambda x: (wnp.exp(x), x), lambda x, ct: (3 * wnp.exp(x) * ct,))
    np.testing.assert_allclose(taylor(g, 0.3, 3), [c * (3 if k else 1) for k, c in enumerate(taylor(wnp.exp, 0.3, 3))])


def test_trees_several_arguments_and_scaling():
    f = lambda p, y: {"a": p["u"] * p["v"], "n": 3, "b": wnp.sum(y)}  # noqa: E731
    p, dp = {"u": 2.0, "v": np.ones(2)}, {"u": 1.0, "v": np.array([0.0, 1.0])}
    zero = {"u": 0.0, "v": np.zeros(2)}
    value, rows = jet(f, (p, np.ones(2)), ([dp, zero], None))
    np.testing.assert_array_equal(value["a"], [2, 2])
    np.testing.assert_array_equal(rows["a"], [[1, 3], [0, 2]])
    assert value["n"] == 3
    assert [float(c) for c in rows["b"]] == [0, 0]
    _, scaled = jet(f, (p, np.ones(2)), ([dp, zero], None), factorial_scaled=False)
    np.testing.assert_array_equal(scaled["a"], [[1, 3], [0, 1]])
    assert jet(wnp.sin, (np.float32(0.5),), ([np.float32(1), np.float32(0)],))[1][1].dtype == np.float32
    z = taylor(wnp.exp, 0.3 + 0.1j, 3)
    np.testing.assert_allclose(z, np.exp(0.3 + 0.1j) / np.array([1, 1, 2, 6]), rtol=1e-14)


def test_the_cost_grows_with_the_square_of_the_order():
    def equations(order):
        return len(wengert.make_program(lambda x: taylor(lambda v: wnp.tanh(wnp.sin(v) * wnp.exp(v)), x, order))(0.3))

    assert equations(16) < 4.6 * equations(8)


def test_errors():
    with pytest.raises(errors.ShapeError, match="vmap"):
        derivative(wnp.sin)(np.ones(3))
    with pytest.raises(errors.ArgumentError, match="order"):
        derivative(wnp.sin, -1)
    with pytest.raises(errors.TreeError, match="same number"):
        jet(lambda x, y: x * y, (1.0, 2.0), ([1.0], [1.0, 0.0]))
    with pytest.raises(errors.ShapeError, match="jet"):
        jet(wnp.sin, (np.ones(3),), ([np.ones(2)],))
    with pytest.raises(errors.TreeError, match="1 primals"):
        jet(wnp.sin, (1.0,), ())


def test_real_parts_of_numbers():
    f = lambda x: wnp.abs(x + 1j * wnp.cos(x)) ** 2
    _, found = wengert.jet(f, (np.array(0.05),), ([1.0, 0.0],))
    np.testing.assert_allclose(found, [0.1 - np.sin(0.1), 2 - 2 * np.cos(0.1)], rtol=1e-9)


@pytest.mark.parametrize("point", ([0.0, 0.0], [0.0, -0.0, 1.0], [[0.0, 0.0], [1.0, 0.0]]))
def test_several_kinks_have_the_sides_of_the_curve(point):
    f = lambda x: np.sum(np.abs(x), -1) ** 2  # noqa: E731
    x = np.array(point)
    d = np.random.default_rng(0).normal(size=x.shape)
    beside = [(np.sum(np.sign(s * d) * d * (x == 0) + np.sign(x) * d, -1)) ** 2 for s in (1, -1)]
    expected = beside[0] + beside[1]  # twice the mean
    for run in (wengert.jet, lambda *a: wengert.jit(lambda x, d: wengert.jet(f, (x,), [[d, None]]))(x, d)):
        np.testing.assert_allclose(run(f, (x,), [[d, None]])[1][1], expected)
