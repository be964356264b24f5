"""Traced numbers as keys of dictionaries, elements of sets and arguments of caches: right or an error, never another value."""

import collections
import functools
import pickle
import statistics

import numpy as np
import pytest

import wengert
from wengert import grad, jit, jvp, vmap
from wengert.errors import ConcretizationError, LeakedTracerError

TABLE = {0: 3.0, 1: 5.0}


@jit
def by_dict(i, x):
    return TABLE[i] * x


@jit
def by_set(i, x):
    return 2.0 * x if i in {1, 4} else x


def test_integers_are_found_by_value():
    assert by_dict(1, 2.0) == 10.0 and by_dict(0, 2.0) == 6.0
    assert by_set(1, 2.0) == 4.0 and by_set(0, 2.0) == 2.0 and by_set(4, 2.0) == 4.0
    assert jit(lambda i: TABLE.get(i, 7.0) + 0.0 * i)(9) == 7.0
    assert jit(lambda b: {True: 1.0, False: 2.0}[b] + b)(True) == 2.0
    assert grad(jit(lambda x, i: TABLE[i] * x))(2.0, 1) == 5.0
    with pytest.raises(KeyError):
        by_dict(5, 2.0)
    assert vmap(lambda i: TABLE[i])(np.arange(2)).tolist() == [TABLE[0], TABLE[1]]


LOOKUPS = {
    "in a set": lambda x: x * 5.0 if x in {1.0, 1.5} else x,
    "a key": lambda x: {1.5: 3.0}[x] * x,
    "get": lambda x: {1.5: 3.0}.get(x, 1.0) * x,
    "a set of them": lambda x: len({x, 1.5}) * x,
    "set()": lambda x: len(set([x, 1.5])) * x,  # noqa: C405
    "a dict of them": lambda x: {x: 2.0}[1.5] * x,
    "stored": lambda x: x if {}.setdefault(x, 1.0) else x,
    "a comprehension": lambda x: len({y for y in (x, 1.5)}) * x,  # noqa: C416
    "counted": lambda x: collections.Counter([x])[1.5] * x,
    "hash": lambda x: x * (hash(x) == hash(1.5)),
}
WAYS = {
    "grad": lambda f: grad(f)(1.5),
    "jvp": lambda f: jvp(f, (1.5,), (1.0,)),
    "jit": lambda f: jit(f)(1.5),
    "vmap": lambda f: vmap(f)(np.full(2, 1.5)),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", LOOKUPS)
def test_other_numbers_are_refused(name, way):
    with pytest.raises(ConcretizationError, match="key of a dictionary or set"):
        WAYS[way](LOOKUPS[name])


def test_lists_compare():
    assert grad(lambda x: 5.0 * x if x in [1.0, 1.5] else x)(1.5) == 5.0


def test_arrays_have_no_hash():
    for way in (grad, jit):
        with pytest.raises(TypeError, match="unhashable"):
            way(lambda x: {x: 1.0}[x] * np.sum(x))(np.ones(2))


def test_caches_take_each_traced_value_for_another():
    @functools.lru_cache(None)
    def legendre(n, x):
        return (1.0, x)[n] if n < 2 else ((2 * n - 1) * x * legendre(n - 1, x) - (n - 1) * legendre(n - 2, x)) / n

    slope = (35 * 4 * 0.3**3 - 60 * 0.3) / 8
    for _ in range(2):
        np.testing.assert_allclose(grad(lambda x: legendre(4, x))(0.3), slope)
        np.testing.assert_allclose(vmap(grad(lambda x: legendre(4, x)))(np.full(2, 0.3)), slope)
        np.testing.assert_allclose(jit(grad(lambda x: legendre(4, x)))(0.3), slope)
    np.testing.assert_allclose(legendre(4, 0.3), (35 * 0.3**4 - 30 * 0.3**2 + 3) / 8)
    square = functools.lru_cache(None)(lambda x: x * x)
    assert grad(lambda x, y: square(x) * square(y), argnums=(0, 1))(1.5, 1.5) == (6.75, 6.75)


def test_pickles_and_pythons_numbers():
    with pytest.raises(ConcretizationError, match="pickled"):
        grad(lambda x: pickle.loads(pickle.dumps(x)))(1.5)
    with pytest.raises(ConcretizationError, match="np.mean"):
        grad(lambda x: statistics.mean([x, x]))(1.5)
    assert grad(lambda x: x * 2.0 if x.is_integer() else x)(3.0) == 2.0


def test_xarray_under_jit():
    xarray = pytest.importorskip("xarray")
    out = jit(lambda x: (xarray.DataArray([1.0, 2.0]) * x).sum().data)(1.5)
    assert isinstance(out, (float, np.floating, np.ndarray)) and out == 4.5


def test_sliding_windows():
    windows = np.lib.stride_tricks.sliding_window_view
    x = np.arange(12.0).reshape(3, 4)
    for shape, axis in (((2, 3), None), (2, 1), ((2, 2), (0, 0)), ((3,), (-1,))):
        expected = windows(x, shape, axis)
        np.testing.assert_array_equal(jit(lambda x, s=shape, a=axis: windows(x, s, a))(x), expected)
        weights = np.sin(np.arange(expected.size)).reshape(expected.shape)
        got = grad(lambda x, s=shape, a=axis, c=weights: np.sum(windows(x, s, axis=a) ** 2 * c))(x)
        step = x.copy()
        step[1, 2] += 1e-6
        slope = np.sum((windows(step, shape, axis=axis) ** 2 - expected**2) * weights) / 1e-6
        np.testing.assert_allclose(got[1, 2], slope, rtol=1e-5)
    with pytest.raises(ValueError, match="windows of length 5"):
        grad(lambda x: np.sum(windows(x, 5, axis=1)))(x)
    with pytest.raises(ValueError, match="no axis"):
        grad(lambda x: np.sum(windows(x, 5)))(x)


def test_functions_of_pythons_numbers_with_a_rule():
    import math

    calls = []

    @wengert.custom_jvp
    def gamma(x):
        calls.append(x)
        return np.float64(math.gamma(float(x)))

    gamma.defjvp(lambda p, t: (gamma(p[0]), 7.0 * p[0] * t[0]))
    compiled = jit(lambda x: 2.0 * gamma(x))
    assert compiled(4.0) == 12.0 and compiled(5.0) == 48.0
    assert grad(compiled)(4.0) == 56.0 and jit(grad(lambda x: gamma(x)))(3.0) == 21.0
    np.testing.assert_allclose(vmap(compiled)(np.array([4.0, 5.0])), [12.0, 48.0])
    assert all(not isinstance(c, wengert.core.Tracer) for c in calls[-1:])


def test_a_stored_value_is_still_named():
    kept = []
    grad(lambda x: (kept.append(x), x)[1])(1.5)
    with pytest.raises(LeakedTracerError):
        kept[0] * 2
