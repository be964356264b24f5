"""Calls that look odd and have a meaning: empty carries, no operands, choices that are known, rules of odd callables."""

import functools
import math
import operator

import numpy as np
import pytest

import wengert
import wengert.numpy as wnp
from wengert import checkpoint, custom_jvp, custom_vjp, grad, hessian, jacfwd, jit, lax, value_and_grad, vmap
from wengert.errors import ArgumentError, ShapeError, TreeError, WengertError


@pytest.mark.parametrize("nothing", [None, (), {}, []])
def test_loops_over_nothing(nothing):
    carry, ys = lax.scan(lambda c, x: (c, 1.0), nothing, None, length=2)
    assert carry == nothing
    np.testing.assert_array_equal(ys, [1.0, 1.0])
    assert lax.scan(lambda c, x: (c, None), nothing, nothing, length=2) == (nothing, None)
    np.testing.assert_array_equal(lax.scan(lambda c, x: (c, 1.0), nothing, None, length=0)[1], np.zeros(0))
    np.testing.assert_array_equal(lax.scan(lambda c, x: (c, 2 * x), nothing, np.arange(2.0))[1], [0.0, 2.0])
    assert lax.while_loop(lambda _: False, lambda c: c, nothing) == nothing
    assert lax.fori_loop(0, 3, lambda i, c: c, nothing) == nothing
    inside = jit(lambda x: lax.scan(lambda c, y: (c, 1.0), nothing, None, length=2)[1] + x)
    np.testing.assert_array_equal(inside(1.0), [2.0, 2.0])
    np.testing.assert_array_equal(vmap(inside)(np.ones(2)), np.full((2, 2), 2.0))
    assert grad(lambda x: lax.scan(lambda c, y: (c, x), nothing, None, length=2)[1].sum())(1.0) == 2.0


def test_branches_of_nothing():
    one, two = (lambda _: 1.0), (lambda _: 2.0)
    for wrapped in (lambda f: f(True), lambda f: jit(f)(True), lambda f: jit(f)(np.bool_(True))):
        assert wrapped(lambda p: lax.cond(p, one, two, operand=None)) == 1.0
        assert wrapped(lambda p: lax.cond(p, lambda: 1.0, lambda: 2.0)) == 1.0
        assert wrapped(lambda p: lax.cond(p, one, two, None)) == 1.0
        assert wrapped(lambda p: lax.switch(p * 1, [one, two], operand=None)) == 2.0
        assert wrapped(lambda p: lax.cond(p, lambda: None, lambda: None)) is None


DIFFERENT = {
    "structure": (lambda a: a, lambda a: (a, a), TreeError),
    "shape": (lambda a: a, lambda a: a[:1], ShapeError),
    "dtype": (lambda a: a * 1.0, lambda a: wnp.round(a).astype(int), ShapeError),
}


@pytest.mark.parametrize("kind", DIFFERENT)
@pytest.mark.parametrize("known", [True, False])
def test_branches_agree_whether_the_choice_is_known_or_not(kind, known):
    f, g, error = DIFFERENT[kind]
    run = (lambda h: h(True)) if known else (lambda h: jit(h)(True))
    with pytest.raises(error):
        run(lambda p: lax.cond(p, f, g, np.ones(2)))
    with pytest.raises(error):
        run(lambda p: lax.switch(p * 1, [f, g], np.ones(2)))
    if known:
        with pytest.raises(error):
            grad(lambda x: wnp.sum(lax.cond(True, f, g, x)))(np.ones(2))


def test_known_choices_are_still_python():
    x, i = np.arange(3.0), 7
    assert lax.cond(i < 3, lambda: x[i], lambda: 0.0) == 0.0  # the other branch would raise

    def factorial(n):
        return lax.cond(n <= 1, lambda n: 1, lambda n: n * factorial(n - 1), n)

    assert factorial(5) == 120


PLACES = [0, 1, 4, 5, -1, -5]
TABLE = np.arange(12.0).reshape(3, 4)


@pytest.mark.parametrize("i", PLACES)
def test_insert_at_a_traced_place(i):
    x = np.arange(5.0)
    traced = jit(lambda a, i, v: wnp.insert(a, i, v))
    np.testing.assert_array_equal(traced(x, i, 9.0), np.insert(x, i, 9.0))
    np.testing.assert_array_equal(traced(x, i, np.array([7.0, 8.0])), np.insert(x, i, [7.0, 8.0]))
    np.testing.assert_array_equal(vmap(lambda i: wnp.insert(x, i, 9.0))(np.array([i, 0]))[0], np.insert(x, i, 9.0))
    assert grad(lambda v: wnp.sum(traced(x, i, v) * 2))(1.0) == 2.0
    j = i % 3
    for values in (9.0, np.arange(3.0), np.arange(6.0).reshape(2, 3)):
        along = jit(lambda a, i, v: np.insert(a, i, v, axis=1))
        np.testing.assert_array_equal(along(TABLE, j, values), np.insert(TABLE, j, values, axis=1))


@pytest.mark.parametrize("places", [[0, 2], [2, 0], [1, 1], [-1, 0], [5, 5], [3]])
def test_insert_at_traced_places(places):
    x, places = np.arange(5.0), np.array(places)
    values = np.arange(len(places)) + 7.0
    traced = jit(lambda a, i, v: wnp.insert(a, i, v))
    np.testing.assert_array_equal(traced(x, places, 9.0), np.insert(x, places, 9.0))
    np.testing.assert_array_equal(traced(x, places, values), np.insert(x, places, values))


def test_insert_out_of_range():
    for i in (6, -6):
        with pytest.raises(IndexError):
            jit(lambda a, i: wnp.insert(a, i, 9.0))(np.arange(5.0), i)


class Scaled:
    factor = 2.0

    def __call__(self, x):
        return self.factor * x

    def method(self, x):
        return self.factor * x


CALLABLES = {
    "partial by name": functools.partial(lambda x, a: a * x, a=0.1),
    "partial by position": functools.partial(lambda a, x: a * x, 0.1),
    "keyword-only default": lambda x, *, s=2.0: x * s,
    "object": Scaled(),
    "method": Scaled().method,
    "ufunc": np.sin,
    "function of the namespace": wnp.sin,
    "operator": operator.neg,
    "builtin": abs,
    "of math": math.sin,
    "jit": jit(lambda x: 2 * x),
    "several": lambda *xs: sum(xs),
}


@pytest.mark.parametrize("name", CALLABLES)
def test_rules_of_any_callable(name):
    f = CALLABLES[name]
    plain = f(1.5)
    forward = custom_jvp(f)
    forward.defjvp(lambda p, t: (plain * p[0] / 1.5, 5 * t[0]))
    backward = custom_vjp(f)
    backward.defvjp(lambda x: (plain * x / 1.5, None), lambda _, c: (7 * c,))
    assert forward(1.5) == backward(1.5) == plain
    assert grad(forward)(1.5) == 5.0 and grad(backward)(1.5) == 7.0
    if name != "of math":
        assert jit(grad(forward))(1.5) == 5.0 and vmap(grad(backward))(np.full(2, 1.5))[0] == 7.0


def test_a_keyword_that_the_rule_would_not_see():
    f = custom_jvp(functools.partial(lambda x, a: a * x, a=0.1))
    f.defjvp(lambda p, t: (0.1 * p[0], 0.1 * t[0]))
    with pytest.raises(ArgumentError, match="keyword-only"):
        grad(lambda x: f(x, a=0.3))(1.0)


def user(x):
    """The user's own words."""
    return x * x


@pytest.mark.parametrize("t", [jit, grad, value_and_grad, vmap, jacfwd, hessian, custom_jvp, custom_vjp, checkpoint])
def test_names_and_docs_are_the_users(t):
    f = t(user)
    assert f.__name__ == f.__qualname__ == "user" and f.__wrapped__ is user or t is hessian
    assert f.__doc__ == "The user's own words."
    f.__name__, f.__doc__ = "other", "else"
    assert (f.__name__, f.__doc__) == ("other", "else")
    wrapped = functools.wraps(user)(t(lambda x: x))
    assert wrapped.__name__ == "user" and wrapped.__doc__ == user.__doc__ and wrapped.__wrapped__ is user


def test_a_step_that_returns_no_pair():
    with pytest.raises(WengertError, match="return carry, y"):
        lax.scan(lambda c, x: c, 0.0, np.arange(3.0))
    with wengert.config.override(disable_jit=True), pytest.raises(WengertError, match="return carry, y"):
        lax.scan(lambda c, x: c, 0.0, np.arange(3.0))


def test_a_black_box_with_a_rule_in_compiled_code():
    def cube(x):
        return wengert.pure_callback(lambda v: float(v) ** 3, wengert.ShapeDtypeStruct((), float), x)

    f = custom_jvp(cube)
    f.defjvp(lambda p, t: (f(p[0]), 3 * p[0] ** 2 * t[0]))
    for run in (f, jit(f)):
        assert run(2.0) == 8.0 and grad(run)(2.0) == 12.0 and jit(grad(run))(2.0) == 12.0
    np.testing.assert_array_equal(jit(vmap(f))(np.array([1.0, 2.0])), [1.0, 8.0])
    np.testing.assert_array_equal(vmap(grad(f))(np.array([1.0, 2.0])), [3.0, 12.0])
    with pytest.raises(WengertError, match="custom_jvp"):
        grad(cube)(2.0)
    plain = custom_jvp(lambda x: np.float64(float(x)) ** 3)
    plain.defjvp(lambda p, t: (plain(p[0]), 3 * p[0] ** 2 * t[0]))
    assert jit(plain)(2.0) == 8.0 and grad(jit(plain))(2.0) == 12.0
