"""Python control flow under jit: one Program for each way through the function, told apart by guards."""

import contextlib
import functools
import math

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import wengert as w
import wengert.numpy as wnp

floats = st.floats(-3, 3)


def programs_of(f):
    return [program for key, entries in f._cache.items() if key != "native" for program, _ in entries]


def piecewise(x):
    if x.sum() > 1:
        return wnp.sin(x) * 2
    if x[0] < 0:
        return x * x
    return -x


@settings(deadline=None)
@given(st.lists(floats, min_size=3, max_size=3))
def test_branches_agree_with_eager(values):
    x = np.array(values)
    np.testing.assert_allclose(COMPILED(x), piecewise(x), rtol=1e-13, atol=1e-13)
    np.testing.assert_allclose(
        w.grad(lambda x: COMPILED(x).sum())(x), w.grad(lambda x: piecewise(x).sum())(x), rtol=1e-13, atol=1e-13
    )


COMPILED = w.jit(piecewise)


def test_one_program_for_each_path():
    f = w.jit(piecewise)
    for x in ([2.0, 0, 0], [-1.0, 0, 0], [0.5, 0, 0], [3.0, 1, 0], [-2.0, 0, 1], [0.1, 0.2, 0]):
        np.testing.assert_array_equal(f(np.array(x)), piecewise(np.array(x)))
    assert len(programs_of(f)) == 3


def newton(a):
    x = a
    while abs(x * x - a) > 1e-12:
        x = 0.5 * (x + a / x)
    return x


@settings(max_examples=20, deadline=None)
@given(st.floats(1.5, 20))  # at 1 the loop does not run, and the derivative is that of no steps
def test_loops(a):
    f = w.jit(newton)
    assert f(a) == pytest.approx(np.sqrt(a), rel=1e-9)
    expected = w.grad(newton)(a)  # not 0.5 / sqrt(a): from a = 1 no step is taken
    assert w.grad(f)(a) == pytest.approx(expected, rel=1e-9)
    assert w.jit(w.grad(newton))(a) == pytest.approx(expected, rel=1e-9)


def test_a_loop_that_takes_no_step():
    assert w.grad(w.jit(newton))(1.0) == w.jit(w.grad(newton))(1.0) == w.grad(newton)(1.0) == 1.0


def test_numbers_python_asks_for():
    f = w.jit(lambda n, x: sum((x**i for i in range(n)), 0.0))
    assert [float(f(n, 2.0)) for n in (1, 3, 5, 3)] == [1.0, 7.0, 31.0, 7.0]
    g = w.jit(lambda x: x * int(x) + float(x))
    assert [float(g(v)) for v in (2.5, 3.5, 2.5)] == [7.5, 14.0, 7.5]

    @w.jit
    def positive(x):
        assert x.min() > 0, "not positive"
        return wnp.log(x)

    positive(np.ones(3))
    with pytest.raises(AssertionError, match="not positive"):
        positive(-np.ones(3))
    np.testing.assert_array_equal(positive(np.ones(3)), np.zeros(3))


def test_nan_takes_its_own_path():
    f = w.jit(lambda x: "positive" and x * 2 if x > 0 else x * 3)
    assert np.isnan(f(np.nan)) and f(1.0) == 2.0 and f(-1.0) == -3.0


def test_jit_inside_jit():
    inner = w.jit(piecewise)
    outer = w.jit(lambda x: inner(x) + 1)
    for x in (np.array([2.0, 0, 0]), np.array([-1.0, 0, 0]), np.array([3.0, 0, 0])):
        np.testing.assert_allclose(outer(x), piecewise(x) + 1, rtol=1e-14)
        np.testing.assert_allclose(w.jit(lambda x: inner(x) + 1)(x), piecewise(x) + 1, rtol=1e-14)


def test_higher_orders_and_modes():
    f = w.jit(lambda x: x**3 if x > 0 else x**2)
    for x, d in ((2.0, 12.0), (-2.0, 2.0)):
        assert w.grad(w.grad(f))(x) == pytest.approx(d)
        assert w.jvp(w.grad(f), (x,), (1.0,))[1] == pytest.approx(d)
        assert w.hessian(f)(np.float64(x)) == pytest.approx(d)


def test_examples_under_vmap_take_paths():
    f = w.jit(piecewise)
    x = np.array([[1.0, 2.0, 3.0], [-1.0, -2.0, -3.0], [0.5, -0.25, 0.125]])
    np.testing.assert_allclose(w.vmap(f)(x), [piecewise(row) for row in x], rtol=1e-15)
    np.testing.assert_allclose(
        w.vmap(w.grad(lambda x: wnp.sum(f(x))))(x), [w.grad(lambda x: wnp.sum(f(x)))(r) for r in x]
    )
    with pytest.raises(w.errors.ConcretizationError, match="wengert.numpy.where"):
        w.vmap(w.jit(lambda x: x * float(x)))(np.arange(2.0))


def test_limit(monkeypatch):
    monkeypatch.setattr(w.config, "max_paths", 3)
    f = w.jit(lambda x: x * float(x))
    for v in range(3):
        f(float(v))
    with pytest.raises(w.errors.TooManyPathsError, match="(?s)lax.cond.*float.*test_guards.py"):
        f(9.0)
    assert f(2.0) == 4.0


def test_a_bad_index_on_the_other_path():
    @w.jit
    def f(x, i):
        return x[i] if i < 3 else x[0]

    x = np.arange(3.0)
    assert [float(f(x, i)) for i in (1, 5, 2, 7)] == [1.0, 0.0, 2.0, 0.0]
    with pytest.raises(IndexError):
        f(x, -9)


def test_an_error_of_numpy_on_the_other_path():
    """What NumPy raises before the guards are tested is an error only if this is the path."""

    @w.jit
    def f(x, z):
        return wnp.real(wnp.sum(wnp.linalg.inv(z))) if wnp.sum(x) > 0 else wnp.sum(x)

    x, regular, singular = np.ones(3), np.eye(2) * 2j + 1, np.zeros((2, 2), complex)
    expected = np.real(np.linalg.inv(regular).sum())
    for _ in range(3):
        assert f(x, regular) == pytest.approx(expected)
        assert f(-x, singular) == -3.0
    with pytest.raises(np.linalg.LinAlgError, match="Singular"):
        f(x, singular)
    assert f(-x, singular) == -3.0 and f(x, regular) == pytest.approx(expected)


# --- every dtype ---------------------------------------------------------------------------------------------------

SMALL = ("bfloat16", "float8_e4m3fn", "float8_e5m2")
EVERY = [*np.typecodes["AllInteger"], "?", *np.typecodes["AllFloat"], *SMALL]
ASKED = {
    "int": lambda x: x * int(x),
    "float": lambda x: x * float(x),
    "complex": lambda x: x * complex(x),
    "bool": lambda x: x * 2 if x else x,
    "index": lambda x: x * list(range(9))[x],
    "range": lambda x: sum([x for _ in range(x)]),
    "round": lambda x: x * round(x),
    "trunc": lambda x: x * math.trunc(x),
    "math": lambda x: x * math.sqrt(x),
    "compared": lambda x: x * 3 if x > 1 else x,
    "item": lambda x: x * x.item(),
}


def dtype_named(name):
    return np.dtype(getattr(ml_dtypes, name) if name in SMALL else name)


@pytest.mark.filterwarnings("ignore")  # a complex number that loses its imaginary part
@pytest.mark.parametrize("name", ASKED)
@pytest.mark.parametrize("dtype", EVERY)
def test_python_asks_for_a_number_of_every_dtype(name, dtype):
    """What NumPy's own number answers or refuses, compiled: the first call, the native one, and another value."""
    f, dtype = ASKED[name], dtype_named(dtype)
    compiled = w.jit(f)
    for value in (2, 2, 1, 0, 2):
        x = dtype.type(value)
        try:
            expected = f(x)
        except TypeError:
            with contextlib.suppress(TypeError):
                compiled(x)
            continue
        got = compiled(x)
        assert complex(got) == complex(expected), (value, got, expected)


@pytest.mark.filterwarnings("ignore:invalid value")
@pytest.mark.parametrize("dtype", [np.complex64, np.complex128, np.clongdouble])
def test_both_parts_of_a_complex_number_are_compared(dtype):
    paths = []

    @w.jit
    def f(x):
        z = complex(x)
        paths.append(z)
        return x * 0 + z

    for z in (1 + 2j, 1 + 3j, 2 + 2j, 1 + 2j, 1 + 3j, complex(np.nan, 1), complex(np.nan, 1), complex(0, np.inf)):
        f(dtype(z))
    assert len(paths) == 5
    assert f(dtype(1 + 3j)) == 1 + 3j


def test_functions_of_no_module_and_with_odd_names():
    names = {"np": np}
    exec("def f(x):\n    y = np.zeros(2)\n    y[0] = x\n    return y.sum() * x", names)
    f = names["f"]

    class Odd:
        __name__ = 3

        def __call__(self, x):
            return x * x

    class Compared:
        def __eq__(self, other):
            return np.array([True, False])

        def __hash__(self):
            return 1

        def __call__(self, x):
            return x * x

    def named(name):
        g = lambda x: x * x
        g.__name__ = g.__qualname__ = name
        return g

    unnamed = lambda x: x * x
    unnamed.__module__ = None
    times = functools.partial(lambda a, x: a * x * x, 1.0)
    functions = [
        f,
        unnamed,
        Odd(),
        Compared(),
        named("a\0b"),
        named("{x} %s \n"),
        named(""),
        times,
        functools.partial(times),
    ]
    for g in functions:
        for transformed in (w.jit(g), w.checkpoint(g) if g is not f else w.jit(g)):
            assert transformed(3.0) == 9.0
        assert w.grad(g)(3.0) == w.jit(w.grad(g))(3.0) == w.grad(w.jit(g))(3.0) == 6.0
        assert w.jvp(g, (3.0,), (1.0,))[1] == w.vjp(g, 3.0)[1](1.0)[0] == 6.0
        assert (w.vmap(g)(np.ones(2)) == 1).all()
        assert isinstance(repr(w.jit(g)), str) and str(w.make_program(g)(3.0)).startswith("program")
