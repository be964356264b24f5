"""Traced values written into arrays that NumPy or `wengert.numpy` makes anywhere.

The oracle is the same function on plain arrays: NumPy's values, and complex steps for derivatives.
"""

import pickle
import threading
from functools import partial

import numpy as np
import pytest
from numpy import zeros as made_by_name

import wengert as w
import wengert.numpy as wnp
from wengert.ops.written import STATES

X = np.array([0.7, 1.3, 0.4])


def elements(np):
    def f(x):
        out = np.zeros(3, x.dtype)
        for i in range(3):
            out[i] = x[i] ** 2
        out[1:] *= out[0]
        return out

    return f


with_numpy, with_ours = elements(np), elements(wnp)


def slices_and_views(x):
    out = np.empty((2, 3), x.dtype)
    out[0] = x
    row = out[1]
    row[:] = x * out[0]
    out[:, ::2] += x[1]
    return out


def system(x):
    a = np.eye(3, dtype=x.dtype)
    a[0, 1] = x[0]
    a[2] = x
    return np.linalg.solve(a, np.arange(3.0))


def literal(x):
    y = np.array([1.0, 2.0, 3.0], x.dtype)
    y[np.arange(3)] *= x
    return y * np.linspace(0, 1, 3)[::-1]


def filled(x):
    y = np.full(4, 2.0, x.dtype)
    y[1:] = x
    z = np.ones_like(np.ones(3), x.dtype)
    z[x.real > 0.5] = 5
    return np.outer(y, z * x)


def by_name(x):
    y = helper(3, x.dtype)
    y[0] = x[0] * x[1]
    return y


def helper(n, dtype):
    return made_by_name(n, dtype)


def ufuncs(x):
    y, z = np.zeros(3, x.dtype), np.ones(3, x.dtype)
    np.add.at(y, [0, 0, 1], x)
    np.multiply(x, 2, out=z)
    z += y
    np.copyto(y, x, where=np.array([True, False, True]))
    other = y
    other += z
    y.flat[1] = x[2]
    return np.stack([y, z])


def with_defaults(x, *, scale=2.0):
    y = wnp.zeros(2, x.dtype)
    y[0] = scale * x[0]
    y[-1] = wnp.ones(1)[0] * y[0] * x[2]
    return y


class Model:
    def numpys(self, x):
        y = np.zeros(3, x.dtype)
        y[0] = x[0] ** 2
        return y

    def ours(self, x):
        return self.inner(x)

    def inner(self, x):
        y = wnp.zeros(3, x.dtype)
        y[0] = x[0] ** 3
        return y


PROGRAMS = {
    f.__name__: f for f in (slices_and_views, system, literal, filled, by_name, ufuncs, with_defaults)
} | {"with_numpy": with_numpy, "with_ours": with_ours, "method": Model().numpys, "methods": Model().ours,
     "partial": partial(with_defaults, scale=3.0)}  # fmt: skip


def total(f):
    def scalar(x):
        y = f(x)
        return (y * np.cos(np.arange(y.size)).reshape(y.shape)).sum()

    return scalar


def complex_step(f, x):
    return np.array([f(x + 1e-30j * e).imag / 1e-30 for e in np.eye(len(x))])


@pytest.mark.parametrize("name", PROGRAMS)
def test_second_runs(name):
    f = PROGRAMS[name]
    scalar = total(f)
    want, slope = f(X), complex_step(scalar, X)
    value, tangent = w.jvp(f, (X,), (np.ones(3),))
    np.testing.assert_allclose(value, want, rtol=1e-13)
    assert type(value) is np.ndarray and type(tangent) is np.ndarray
    for g in (w.grad(scalar), w.jit(w.grad(scalar)), w.jacfwd(scalar), w.jacrev(scalar)):
        np.testing.assert_allclose(g(X), slope, rtol=1e-11, atol=1e-14)
        np.testing.assert_allclose(g(X), slope, rtol=1e-11, atol=1e-14)  # what it kept of the first call
    np.testing.assert_allclose(w.vjp(scalar, X)[1](1.0)[0], slope, rtol=1e-11, atol=1e-14)
    np.testing.assert_allclose(w.linearize(scalar, X)[1](X), slope @ X, rtol=1e-11)
    np.testing.assert_allclose(w.jit(f)(X), want, rtol=1e-12)
    np.testing.assert_allclose(w.make_program(f)(X).evaluate([X])[0], want, rtol=1e-12)
    np.testing.assert_allclose(w.vmap(f)(np.stack([X, 2 * X])), [want, f(2 * X)], rtol=1e-12)
    h = w.hessian(scalar)(X)
    steps = [(complex_step(scalar, X + 1e-6 * e) - complex_step(scalar, X - 1e-6 * e)) / 2e-6 for e in np.eye(3)]
    np.testing.assert_allclose(h, steps, rtol=1e-7, atol=1e-8)


def test_jit_does_not_compile_for_each_value():
    f = w.jit(with_numpy)
    for k in range(3):
        f(X + k)
    assert len([key for key in f._cache if key != "native"]) == 1 and all(
        len(v) == 1 for key, v in f._cache.items() if key != "native"
    )


def test_loops_and_branches():
    def body(c, t):
        y = wnp.zeros(2)
        y[0] = c * t
        return c + y[0], y

    def f(x):
        return sum(map(np.sum, w.trees.leaves(w.lax.scan(body, x[0], x))))

    def by_hand(x):
        c, ys = x[0], 0.0
        for t in x:
            ys = ys + c * t
            c = c + c * t
        return c + ys

    np.testing.assert_allclose(w.grad(f)(X), complex_step(by_hand, X), rtol=1e-12)
    g = w.grad(lambda x: total(w.checkpoint(with_ours))(x))
    np.testing.assert_allclose(g(X), complex_step(total(with_ours), X), rtol=1e-12)


def test_masks_counters_and_places():
    def masked(x):
        keep = np.zeros(3, bool)
        keep[0], keep[2] = x[0] > 0, x[2] > 0
        return np.sum(np.where(keep, x, 0.0))

    many = np.stack([X, -X])
    np.testing.assert_allclose(w.vmap(masked)(many), [1.1, 0.0])
    np.testing.assert_allclose(w.vmap(w.grad(masked))(many), [[1, 0, 1], [0, 0, 0]])
    np.testing.assert_allclose(w.jit(masked)(X), 1.1)

    def placed(x, i):
        out = np.zeros(4)
        out[i] = x
        return out

    np.testing.assert_allclose(w.vmap(placed)(np.ones(2), np.array([1, 3])), np.eye(4)[[1, 3]])
    np.testing.assert_allclose(w.jacfwd(placed)(2.0, 1), np.eye(4)[1])


def test_an_object_that_is_called():
    class Norm:
        def __call__(self, x):
            rows = [np.zeros(3) for _ in range(2)]
            rows[1][:] = x
            return np.sum(np.vstack(rows) ** 2)

    np.testing.assert_allclose(w.grad(Norm())(X), 2 * X)
    np.testing.assert_allclose(w.jit(w.hessian(Norm()))(X), 2 * np.eye(3))


def test_nothing_is_left_over():
    before = set(STATES)  # arrays of tests before, that a compiled function wrote
    w.grad(total(with_numpy))(X)
    assert set(STATES) <= before and type(wnp.zeros(3)) is np.ndarray and type(np.zeros(3)) is np.ndarray

    def fails(x):
        y = wnp.zeros(3)
        y[0] = x[0]
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        w.grad(fails)(X)
    assert type(wnp.zeros(3)) is np.ndarray


def test_other_threads_are_left_alone():
    inside, checked, kinds = threading.Event(), threading.Event(), []

    def f(x):
        y = wnp.zeros(3)
        y[0] = x[0]
        inside.set()
        checked.wait(10)
        return y[0]

    def look():
        inside.wait(10)
        kinds.append(type(wnp.zeros(3)))
        checked.set()

    thread = threading.Thread(target=look)
    thread.start()
    w.grad(f)(X)
    thread.join()
    assert kinds == [np.ndarray]


SCALE = 2.0


def scaled(x):
    y = np.zeros(3)
    y[0] = SCALE * x[0]
    return y.sum()


def test_globals_are_those_of_the_call(monkeypatch):
    g = w.grad(scaled)
    assert g(X)[0] == 2.0
    monkeypatch.setitem(globals(), "SCALE", 5.0)
    assert g(X)[0] == 5.0
    assert pickle.loads(pickle.dumps(g))(X)[0] == 5.0
    assert g.__wrapped__.__name__ == "scaled" and "scaled" in repr(g)


def test_results_are_plain():
    (value, extra), slope = w.value_and_grad(lambda x: (by_name(x).sum(), wnp.ones(2)), has_aux=True)(X)
    assert type(extra) is np.ndarray and type(slope) is np.ndarray and np.ndim(value) == 0
    assert type(w.jit(lambda x: [by_name(x), np.zeros(2)])(X)[1]) is np.ndarray


OUTSIDE = np.zeros(3)


def test_an_array_from_outside_holds_what_the_function_wrote():
    """As after a plain run where the values are known; else who reads it is told, and who writes all of it may."""

    def f(x):
        OUTSIDE[0] = x[0] ** 2
        return OUTSIDE.sum()

    OUTSIDE[:] = 0
    for _ in range(2):
        np.testing.assert_allclose(w.grad(f)(X), [2 * X[0], 0, 0])
        assert type(OUTSIDE) is np.ndarray and list(OUTSIDE) == [X[0] ** 2, 0, 0]
    w.jvp(f, (X,), (X,))
    assert type(OUTSIDE) is np.ndarray and list(OUTSIDE) == [X[0] ** 2, 0, 0]
    assert w.jit(f)(X) == X[0] ** 2
    with pytest.raises(w.errors.LeakedTracerError):
        OUTSIDE.sum() + 1.0
    OUTSIDE[:] = [1.0, 2.0, 3.0]
    assert np.sum(OUTSIDE) == 6.0 and OUTSIDE[1] == 2.0

    def given(x, buffer):
        buffer[:] = x
        return (buffer**2).sum()

    buffer = np.zeros(3)
    np.testing.assert_allclose(w.grad(given)(X, buffer), 2 * X)
    assert type(buffer) is np.ndarray and list(buffer) == list(X)


def test_arrays_without_axes():
    def f(x):
        a = np.asarray(x[0] * 2)
        b = a
        a[...] = a * x[1]
        a[()] = a + 1
        a[a < 0] = 0.0
        a += 1.0  # of an array, so that `b` is changed too
        c = np.array(x[2])
        c += 1
        d = np.where(x[1] > 0, x[1], 0.0)
        d[np.isnan(d)] = 0.0
        d[d > 100] = 100.0
        e = x[0]
        e += 3  # of a number
        return b * c + d + x[0] * e

    x, h = np.array([1.0, 2.0, 3.0]), 1e-6
    slopes = [(f(x + h * v) - f(x - h * v)) / (2 * h) for v in np.eye(3)]
    np.testing.assert_allclose(w.grad(f)(x), slopes, atol=1e-7)
    np.testing.assert_allclose(w.jit(f)(x), f(x))
    np.testing.assert_allclose(w.jit(w.grad(f))(x), slopes, atol=1e-7)
    np.testing.assert_allclose(w.vmap(w.grad(f))(np.stack([x, x])), [slopes, slopes], atol=1e-7)
    with pytest.raises(TypeError, match="number cannot be written into"):
        w.grad(lambda x: x[0].__setitem__((), 1.0))(x)


def test_what_is_asked_of_memory():
    def f(x):
        assert x.flags.c_contiguous and x.flags["WRITEABLE"]
        assert x.strides == (24, 8) and x[0, 0].strides == () and x.base is None
        y = np.require(x, float, ["C", "W"])
        z = np.array(x, copy=np._CopyMode.IF_NEEDED).__array__()
        return np.sum(np.ascontiguousarray(x) * y) + np.sum(z.__array__(np.float32))

    x = np.arange(6.0).reshape(2, 3)
    np.testing.assert_allclose(w.grad(f)(x), 2 * x + 1)
    np.testing.assert_allclose(w.jit(f)(x), np.sum(x * x + x))
