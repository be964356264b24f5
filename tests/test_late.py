"""compile.control.late: chains of instructions in the steps of loops are regrouped; sines of scalars by branches."""

import numpy as np
import pytest
import vectormath_reference as reference

import wengert as w
import wengert.lax as lax
import wengert.numpy as wnp
from wengert.compile.control.late import Timed
from wengert.compile.emitter import V
from wengert.compile.rewrites import switched
from wengert.compile.serial.writer import Text
from wengert.compile.vectormath.trigonometric import cos, sin

FUNCTIONS = {"sin": wnp.sin, "cos": wnp.cos}


def each(f):
    """A loop that computes a function of one number after another, in registers."""
    return w.jit(lambda x: lax.scan(lambda s, a: (s + f(a), f(a)), x[0] * 0, x)[1])


def arguments(dtype):
    rng = np.random.default_rng(0)
    count = 20_000 if dtype == "float32" else 1_000
    turns = np.round(np.geomspace(1, 1e4, count)) * (np.pi / 2)
    x = np.concatenate(
        [rng.uniform(-4, 4, count), rng.uniform(-1, 1, count) * 10.0 ** rng.integers(-9, 13, count), turns]
    )
    x = x.astype(dtype)
    return np.concatenate([x, np.nextafter(x, np.array(0, dtype)), -x[-count:]])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_error_of_scalars(name, dtype):
    x = arguments(dtype)
    got = each(FUNCTIONS[name])(x)
    assert got.dtype == dtype and np.max(np.abs(got)) <= 1
    errors = reference.ulps(name, dtype, [x], got, reference.reference(name, dtype, [x]))
    assert np.max(errors) <= 3


@pytest.mark.parametrize("name", FUNCTIONS)
def test_special_values(name):
    x = np.array([np.nan, 0.0, np.inf, -np.inf, 1e300, 5e-324, -1e22])
    with np.errstate(invalid="ignore"):
        np.testing.assert_allclose(each(FUNCTIONS[name])(x), getattr(np, name)(x), rtol=1e-15)


class Chain(Timed, Text):
    pass


@switched(late_sums=True)
def test_a_multiple_of_a_sine_in_a_sum_is_known_as_early_as_the_sine():
    e = Chain()
    x, y, k = V("%c1.0", "double", 1, 0), V("%c1.1", "double", 1, 0), e.constant(0.1, "double")
    for f in (sin, cos):
        s = f(e, x)
        for op in ("fadd contract", "fsub contract"):
            for first in (True, False):
                product = e.binary("fmul contract", k, s)
                z = e.binary(op, *((y, product) if first else (product, y)))
                again = e.binary(op, x, e.binary("fmul contract", z, k))
                assert e.ready(product) == e.ready(z) == e.ready(s)
                assert e.ready(again) <= e.ready(s) + 1  # for a sign


def test_what_is_known_later_still_is_not_held_up():
    e = Chain()
    x = V("%c1.0", "double", 1, 0)
    s = sin(e, x)
    later = e.fdiv(s, x)
    assert e.ready(e.binary("fadd contract", s, later)) == e.ready(later) + 4


FORMS = {
    "sums": lambda s, y, f: y + 0.1 * f(s) - y * 0.3,
    "differences": lambda s, y, f: (y - (0.2 * f(s) - 0.7)) * 0.5 - y,
    "signs": lambda s, y, f: -(0.5 - f(s) * 2.0) + y,
    "two": lambda s, y, f: y + 0.1 * f(s) - 0.3 * f(s + y),
    "many": lambda s, y, f: 0.9 * (y + 0.8 * (y - 0.7 * (y + 0.6 * (y - 0.5 * f(s))))),
    "products": lambda s, y, f: y * (0.25 * (s * s - f(s))),
    "nested": lambda s, y, f: f(y + 0.1 * f(y + 0.1 * f(s))),
    "large factors": lambda s, y, f: 1e-30 * (1e30 * f(s) + y),
}


@pytest.fixture(params=[False, True], ids=["as written", "regrouped"])
def regrouped(request):
    with switched(contraction=request.param, late_sums=request.param):
        yield


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", FORMS)
def test_values_and_gradients(name, dtype, regrouped):
    ys = np.random.default_rng(1).normal(size=40).astype(dtype)

    def f(s, ys):
        total = s * 0
        for y in ys:
            s = FORMS[name](s, y, wnp.sin) + FORMS[name](y, s, wnp.cos) * 0.1
            total = total + s
        return total

    def loop(s, ys):
        def step(state, y):
            s, total = state
            s = FORMS[name](s, y, wnp.sin) + FORMS[name](y, s, wnp.cos) * 0.1
            return (s, total + s), None

        return lax.scan(step, (s, s * 0), ys)[0][1]

    start = np.asarray(0.4, dtype)
    got, want = w.jit(w.value_and_grad(loop, (0, 1)))(start, ys), w.value_and_grad(f, (0, 1))(start, ys)
    for a, b in zip(w.tree.leaves(got), w.tree.leaves(want), strict=True):
        assert a.dtype == dtype
        np.testing.assert_allclose(
            a, b, rtol=1e-3 if dtype == "float32" else 1e-11, atol=1e-4 if dtype == "float32" else 1e-12
        )


@pytest.mark.parametrize("y", [np.inf, -np.inf, np.nan, 1.7e308, -1.7e308, 0.0])
def test_infinite_and_large_terms(y):
    """An infinite term makes an infinite sum, and what does not overflow as it is written does not overflow regrouped."""

    def step(s, y):
        s = np.float64(0.9) + 0.0 * s
        return s, (
            y + 0.5 * wnp.sin(s),
            y - 2.0 * wnp.sin(s),
            0.5 * (y - wnp.sin(s)),
            y * (0.5 * wnp.sin(s)),
            wnp.sin(s) * y,
        )

    run = lambda ys: lax.scan(step, np.float64(0.0), ys)[1]
    for got, want in zip(w.jit(run)(np.array([y, y])), step(np.float64(0.0), y)[1], strict=True):
        np.testing.assert_allclose(got, [want, want], rtol=1e-15)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_sine_and_cosine_of_the_same_numbers(dtype):
    """They share branches, and are as exact as each alone."""
    x = arguments(dtype)
    both = w.jit(lambda x: lax.scan(lambda s, a: (s + wnp.sin(a), (wnp.sin(a), wnp.cos(a))), x[0] * 0, x)[1])
    for name, got in zip(FUNCTIONS, both(x), strict=True):
        assert got.dtype == dtype and np.max(np.abs(got)) <= 1
        assert np.max(reference.ulps(name, dtype, [x], got, reference.reference(name, dtype, [x]))) <= 3


def test_exact_values():
    np.testing.assert_array_equal(each(wnp.cos)(np.array([0.0, np.pi * 2, -np.pi])), [1.0, 1.0, -1.0])
    np.testing.assert_array_equal(each(wnp.sin)(np.array([0.0, np.pi / 2, -np.pi / 2])), [0.0, 1.0, -1.0])
