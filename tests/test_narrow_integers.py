"""Integers of 8 and 16 bits as indices of longer axes, and Python integers that they cannot hold, traced or not."""

import numpy as np
import pytest

import wengert as w
import wengert.numpy as wnp

RNG = np.random.default_rng(0)
X, M = RNG.normal(size=1071), RNG.normal(size=(3, 400))
INDICES = [np.array([3, 200, 7], np.uint8), np.array([-3, 100, -7], np.int8), np.array([-3, 900, 7], np.int16)]
READS = {
    "take wrap": lambda x, m, i: wnp.take(x, i, mode="wrap"),
    "take clip": lambda x, m, i: wnp.take(x, i, mode="clip"),
    "take fill": lambda x, m, i: wnp.take(x, i, mode="fill"),
    "take axis": lambda x, m, i: wnp.take(m, i, axis=1, mode="wrap"),
    "ravel_multi_index": lambda x, m, i: wnp.ravel_multi_index((i, i), (1071, 1071), mode="wrap") * x[0],
    "choose": lambda x, m, i: wnp.choose(i, [x[:3], x[3:6]], mode="wrap"),
    "bincount": lambda x, m, i: wnp.bincount(wnp.abs(i), weights=x[:3], length=901),
    "insert": lambda x, m, i: wnp.insert(x, i, 1.0),
    "read": lambda x, m, i: x[i],
    "multiplied": lambda x, m, i: wnp.at(x)[i].multiply(2.0),
}


@pytest.mark.parametrize("name", READS)
@pytest.mark.parametrize("i", INDICES, ids=lambda i: i.dtype.name)
def test_lengths_that_the_type_of_an_index_cannot_hold(name, i):
    f = READS[name]
    expected = f(X, M, i.astype(np.int64))
    np.testing.assert_array_equal(f(X, M, i), expected)
    np.testing.assert_array_equal(w.jit(f)(X, M, i), expected)
    pushed = w.jvp(lambda x, m: wnp.sum(f(x, m, i)), (X, M), (X, M))[1]
    np.testing.assert_allclose(pushed, w.jvp(lambda x, m: wnp.sum(f(x, m, i.astype(int))), (X, M), (X, M))[1])


def test_offsets_that_are_narrow():
    offset = np.uint8(200)
    np.testing.assert_array_equal(w.jit(lambda m: np.diagonal(m, offset))(M), np.diagonal(M, 200))
    np.testing.assert_array_equal(w.jit(lambda x: np.diag(x, offset))(X[:3]), np.diag(X[:3], 200))


def test_delete_at_traced_places():
    for i in (INDICES[0], INDICES[0][:1], X > 0):
        np.testing.assert_array_equal(w.jit(lambda x, i: np.delete(x, i))(X, i), np.delete(X, i))


SMALL, NEGATIVE = np.array([3, 200, 7], np.uint8), np.array([-3, 100, -7], np.int8)


def written(x, n):
    y = x * 1
    y[0] = n
    return y


def filled(x, n):
    y = x * 1
    y.fill(n)
    return y


def put(x, n):
    y = x * 1
    np.put(y, [0], n)
    return y


REFUSED = {
    "add": lambda x, n: x + n,
    "multiply": lambda x, n: n * x,
    "maximum": lambda x, n: np.maximum(x, n),
    "floor_divide": lambda x, n: x // n,
    "remainder": lambda x, n: n % x,
    "and": lambda x, n: x & n,
    "shift": lambda x, n: n << x,
    "divmod": lambda x, n: np.divmod(x, n)[0],
    "full_like": lambda x, n: np.full_like(x, n),
    "full": lambda x, n: wnp.full(3, n, x.dtype) + x,
    "insert": lambda x, n: np.insert(x, 1, n),
    "max": lambda x, n: np.max(x, initial=n),
    "at.set": lambda x, n: wnp.asarray(wnp.at(x)[:].set(n)),
    "at.add": lambda x, n: wnp.asarray(wnp.at(x)[0].add(n)),
    "written": written,
    "filled": filled,
    "put": put,
}


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.parametrize("x", [SMALL, NEGATIVE], ids=["uint8", "int8"])
def test_python_integers_that_do_not_fit_are_refused(name, x):
    f = REFUSED[name]
    for n in (1000, -1000):
        with pytest.raises(OverflowError, match=f"Python integer {n} out of bounds for {x.dtype}"):
            f(x, n)
        with pytest.raises(OverflowError, match=f"{n} out of bounds"):  # a number that the function closes over
            w.jit(lambda x: f(x, n))(x)  # noqa: B023
        compiled = w.jit(f)
        with pytest.raises(OverflowError, match=f"{n} out of bounds"):  # a traced one
            compiled(x, n)
        np.testing.assert_array_equal(compiled(x, 5), f(x, 5))
        for _ in range(2):
            np.testing.assert_array_equal(compiled(x, 100), f(x, 100))
        with pytest.raises(OverflowError, match=f"{n} out of bounds"):  # where code for smaller ones is known
            compiled(x, n)
        np.testing.assert_array_equal(compiled(x, 100), f(x, 100))


ACCEPTED = {
    "greater": lambda x, n: x > n,
    "equal": lambda x, n: x == n,
    "clip": lambda x, n: np.clip(x, n, 5),
    "outer": lambda x, n: np.multiply.outer(x, n),
    "divide": lambda x, n: x / n,
    "of the array": lambda x, n: x + np.asarray(n),
}


@pytest.mark.parametrize("name", ACCEPTED)
@pytest.mark.parametrize("x", [SMALL, NEGATIVE, SMALL.astype(np.uint64)], ids=["uint8", "int8", "uint64"])
def test_python_integers_that_need_not_fit(name, x):
    f = ACCEPTED[name]
    for n in (-1000, 3):
        expected = f(x, n)
        compiled = w.jit(lambda x: f(x, n))  # noqa: B023
        np.testing.assert_array_equal(compiled(x), expected)
        assert compiled(x).dtype == expected.dtype
        if name != "of the array":
            got = w.jit(f)(x, n)
            np.testing.assert_array_equal(got, expected)


INSIDE = {
    "scan": lambda x, n: w.lax.scan(lambda c, t: (c, x + n), 0.0, np.arange(2.0))[1],
    "fori_loop": lambda x, n: w.lax.fori_loop(0, 2, lambda i, c: c + n, x),
    "cond": lambda x, n: w.lax.cond(np.sum(x) > 0, lambda a: a + n, lambda a: a, x),
    "jit": lambda x, n: w.jit(lambda a, m: a + m)(x, n),
    "vmap": lambda x, n: w.vmap(lambda a: a + n)(x),
    "grad": lambda x, n: w.grad(lambda t: wnp.sum((x + n) * t))(2.0),
    "checkpoint": lambda x, n: w.checkpoint(lambda a: a + n)(x),
}


@pytest.mark.parametrize("name", INSIDE)
def test_python_integers_are_asked_inside_transformations(name):
    f = INSIDE[name]
    for g in (f, w.jit(f)):
        np.testing.assert_array_equal(g(SMALL, 5), f(SMALL, 5))
        with pytest.raises(OverflowError, match="Python integer 1000"):
            g(SMALL, 1000)
