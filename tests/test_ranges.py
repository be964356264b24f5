"""Ranges of loop counters (`compile.control.ranges`): checks fall away only where an index cannot be out of range."""

import numpy as np
import pytest

import wengert.numpy as wnp
from wengert import jit, lax

N = 12
X = np.arange(10.0, 10.0 + N)


def _read(places):
    """The sum of what places read, or that one is out of range, by Python alone."""
    total = 0.0
    for k in places:
        if not -N <= k < N:
            return IndexError
        total += X[k]
    return total


def _outcome(f, *args):
    try:
        return float(f(*args))
    except IndexError:
        return IndexError


@pytest.mark.parametrize("seed", range(12))
def test_counted_loops_read_or_raise_as_python_does(seed):
    rng = np.random.default_rng(seed)
    for _ in range(4):
        start, by, steps = int(rng.integers(-14, 14)), int(rng.choice([-3, -1, 1, 2])), int(rng.integers(0, 8))
        scale, offset = int(rng.choice([-1, 1, 2])), int(rng.integers(-3, 4))

        def scanned(x, start=start, by=by, steps=steps, scale=scale, offset=offset):
            def step(carry, _):
                i, total = carry
                return (i + by, total + x[scale * i + offset]), None

            return lax.scan(step, (start, 0.0), None, length=steps)[0][1]

        def while_(x, start=start, by=by, steps=steps, scale=scale, offset=offset):
            end = start + by * steps

            def goes_on(carry):
                return carry[0] < end if by > 0 else carry[0] > end

            def step(carry):
                i, total = carry
                return i + by, total + x[scale * i + offset]

            return lax.while_loop(goes_on, step, (start, 0.0))[1]

        places = [scale * (start + by * k) + offset for k in range(steps)]
        for f in (scanned, while_):
            assert _outcome(jit(f), X) == _read(places), (f.__name__, places)


@pytest.mark.parametrize("last", [N - 1, N])
def test_the_last_step_alone_may_be_out_of_range(last):
    def f(x, n):
        return lax.fori_loop(0, last + 1, lambda i, t: t + x[i] * n, 0.0)

    assert _outcome(jit(f), X, 1.0) == _read(range(last + 1))


def test_a_bound_that_is_not_known_leaves_the_check():
    f = jit(lambda x, n: lax.fori_loop(0, n, lambda i, t: t + x[i], 0.0))
    assert _outcome(f, X, N) == X.sum()
    assert _outcome(f, X, N + 1) is IndexError
    g = jit(lambda x, i: lax.fori_loop(0, 3, lambda k, t: t + x[i + k], 0.0))
    assert _outcome(g, X, N - 3) == X[-3:].sum()
    assert _outcome(g, X, N - 2) is IndexError
    assert _outcome(g, X, -2) == X[-2] + X[-1] + X[0]


def test_a_counter_that_wraps_has_no_range():
    def f(x):
        def step(carry, _):
            i, total = carry
            return (i + np.int8(1), total + x[i]), i

        return lax.scan(step, (np.int8(120), 0.0), None, length=20)

    x = np.arange(128.0)
    (_, total), places = jit(f)(x)
    want = np.arange(120, 140).astype(np.int8)
    np.testing.assert_array_equal(places, want)
    assert total == x[want].sum()


def test_comparisons_and_clamps_of_counters_are_decided():
    def f(x):
        def step(i, t):
            j = wnp.where(i < 0, i + N, i)
            return t + x[wnp.clip(j, 0, N - 1)] * wnp.where(i >= 5, 2.0, 1.0)

        return lax.fori_loop(0, N, step, 0.0)

    compiled = jit(f)
    assert compiled(X) == X.sum() + X[5:].sum()
    loop = next(e for e in compiled.lower(X).optimized.equations if e.primitive.name == "while")
    names = [e.primitive.name for e in loop.params["body"].equations]
    assert "less" not in names and "clip" not in names and "maximum" not in names
    assert names.count("greater_equal") == 1 and names.count("where") == 1


def test_loops_in_loops_and_values_that_stay():
    def f(x, k):
        def row(i, carry):
            total, at = carry
            inner = lax.fori_loop(0, i + 1, lambda j, t: t + x[i - j] * x[at], 0.0)
            return total + inner, at

        return lax.fori_loop(0, N, row, (0.0, k))[0]

    want = sum(X[: i + 1].sum() * X[3] for i in range(N))
    np.testing.assert_allclose(jit(f)(X, 3), want, rtol=1e-13)
    assert _outcome(jit(f), X, N) is IndexError
    np.testing.assert_allclose(jit(lambda x: f(x, 3))(X), want, rtol=1e-13)


def test_an_index_that_no_step_changes_fails_where_a_step_runs():
    f = jit(lambda x, k: lax.fori_loop(0, 4, lambda i, t: t + x[k] + i, 0.0))
    assert f(X, 2) == 4 * X[2] + 6 and _outcome(f, X, N) is IndexError
    g = jit(lambda x, k: lax.fori_loop(0, 0, lambda i, t: t + x[k] + i, 0.0))
    assert g(X, N) == 0.0
    h = jit(lambda x, k, n: lax.fori_loop(0, n, lambda i, t: t + x[k] + i, 0.0))
    assert h(X, N, 0) == 0.0 and _outcome(h, X, N, 1) is IndexError
    branch = jit(lambda x, k, b: lax.cond(b, lambda: lax.fori_loop(0, 3, lambda i, t: t + x[k], 0.0), lambda: 1.0))
    assert branch(X, N, False) == 1.0 and _outcome(branch, X, N, True) is IndexError


def test_writes_at_counters():
    def f(x):
        def step(i, a):
            return wnp.at(a)[i + 1].add(a[i])

        return lax.fori_loop(0, N - 1, step, x)

    np.testing.assert_allclose(jit(f)(X), np.cumsum(X), rtol=1e-13)


def test_values_of_arrays_of_integers_have_the_range_of_the_array():
    order = np.array([3, 0, 11, 2])
    f = jit(lambda x, t: lax.fori_loop(0, 4, lambda i, s: s + x[wnp.asarray(order)[i]] * t, 0.0))
    assert f(X, 1.0) == X[order].sum()
    wrong = np.array([3, 0, 12, 2])
    g = jit(lambda x, t: lax.fori_loop(0, 4, lambda i, s: s + x[wnp.asarray(wrong)[i]] * t, 0.0))
    assert _outcome(g, X, 1.0) is IndexError
