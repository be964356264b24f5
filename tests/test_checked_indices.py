"""compile.checks: an index that a function reaches is checked, used or not, compiled as eagerly."""

import numpy as np
import pytest

import wengert as w
import wengert.numpy as wnp
from wengert import grad, jit, lax
from wengert.compile.pipeline import optimize

at = lax._at
X = np.arange(12.0).reshape(4, 3)
V = np.arange(4.0)
I = np.array([0, 1, 2])  # noqa: E741

REACHED = {
    "unused": lambda x, v, i: (x[i], v * 2)[1],
    "unused write": lambda x, v, i: (at(v)[i].add(1.0), v * 2)[1],
    "unused set": lambda x, v, i: (at(v)[i].set(0.0), v * 2)[1],
    "derivative that is constant": lambda x, v, i: grad(lambda v: wnp.sum(at(v)[i].add(1.0)))(v),
    "derivative of a read": lambda x, v, i: grad(lambda v: wnp.sum(v[i] * 0.0) + wnp.sum(v))(v),
    "the first rows": lambda x, v, i: x[i][:1],
    "some columns": lambda x, v, i: (x[i] * 2.0)[:, :1][0],
    "a place of it": lambda x, v, i: wnp.sin(v[i])[0],
    "read again": lambda x, v, i: v[i][np.array([0, 0])],
    "reversed and cut": lambda x, v, i: v[i][::-1][2:],
    "joined, a place of it": lambda x, v, i: v[wnp.concatenate([i, i])][0],
    "stacked, a place of it": lambda x, v, i: v[wnp.stack([i[2], i[0]])][1],
    "padded and cut": lambda x, v, i: wnp.pad(v[i], 1)[:2],
    "no columns": lambda x, v, i: x[:, :0][i],
    "labels": lambda x, v, i: x[wnp.arange(3), i % 4 + (i - i % 4)][:1],
    "in a sum of nothing": lambda x, v, i: wnp.sum(v[i][:0]),
    "multiplied by zero": lambda x, v, i: wnp.sum(v[i] * 0.0),
    "a choice that is known": lambda x, v, i: wnp.where(True, v, v[i[2]]),
    "in each step": lambda x, v, i: lax.scan(lambda c, k: ((v[k], c)[1], None), 0.0, i)[0],
    "in each step, unused": lambda x, v, i: (lax.scan(lambda c, k: (c, v[k]), 0.0, i), v)[1],
    "in each step, in part": lambda x, v, i: lax.scan(lambda c, k: (c, x[k]), 0.0, i)[1][:, 0][:1],
    "in each step of large arrays": lambda x, v, i: lax.scan(
        lambda c, k: ((c[k], c * 0.5)[1], None), wnp.zeros((4, 100)), i
    )[0],
    "in a loop": lambda x, v, i: lax.fori_loop(0, 3, lambda k, c: (v[i[k]], c + 1)[1], 0.0),
    "in a loop over nothing else": lambda x, v, i: lax.while_loop(
        lambda s: s[0] < 3, lambda s: (s[0] + 1, at(s[1])[i[s[0]]].set(1.0)), (0, v)
    )[0],
    "in a branch that is taken": lambda x, v, i: lax.cond(i[0] >= 0, lambda: (v[i[2]], v)[1], lambda: v),
    "batched": lambda x, v, i: w.vmap(lambda k: (v[k], 1.0 * k)[1])(i),
    "a checkpoint": lambda x, v, i: grad(w.checkpoint(lambda v: wnp.sum(at(v)[i].add(1.0))))(v),
}  # fmt: skip


@pytest.mark.parametrize("bad", [4, 100, -5, -(2**40)])
@pytest.mark.parametrize("name", REACHED)
def test_an_index_that_is_reached_is_checked(name, bad):
    f = REACHED[name]
    compiled = jit(f)
    np.testing.assert_array_equal(compiled(X, V, I), f(X, V, I))
    i = np.array([0, 1, bad])
    for g in (f, compiled):
        with pytest.raises(IndexError):
            g(X, V, i)
    np.testing.assert_array_equal(compiled(X, V, I), f(X, V, I))


GUARDED = {
    "a read": lambda v, i: lax.cond(i < 4, lambda: v[i] * 2, lambda: -1.0),
    "a write": lambda v, i: lax.cond(i < 4, lambda: at(v)[i].set(9.0), lambda: v)[3],
    "a call": lambda v, i: lax.cond(i < 4, lambda: jit(lambda v: v[i] ** 2)(v), lambda: -1.0),
    "one of three": lambda v, i: lax.switch(i // 4, [lambda: v[i], lambda: v[i - 4], lambda: v[i - 40]]),
    "a branch in a branch": lambda v, i: lax.cond(
        i < 9, lambda: lax.cond(i < 4, lambda: v[i], lambda: v[i - 5]), lambda: v[i - 40]
    ),
    "a loop around": lambda v, i: lax.scan(
        lambda c, k: (lax.cond(k < 4, lambda: c + v[k] ** 2, lambda: c), None), 0.0, i + np.arange(3)
    )[0],
}


@pytest.mark.parametrize("name", GUARDED)
def test_examples_that_do_not_take_a_branch_do_not_reach_its_indices(name):
    """Examples of a batch, of which all run both branches, in values and derivatives of both modes."""
    f, i = GUARDED[name], np.array([0, 3, 6, 41])
    each = lambda v, i: w.vmap(f, (None, 0))(v, i)  # noqa: E731
    for d in (lambda f: f, grad, w.jacfwd, lambda f: w.jacfwd(grad(f))):
        want = np.stack([d(f)(V, k) for k in i])
        for g in (w.vmap(d(f), (None, 0)), jit(w.vmap(d(f), (None, 0)))):
            np.testing.assert_array_equal(g(V, i), want)
    np.testing.assert_array_equal(jit(w.jacrev(each))(V, i), np.stack([grad(f)(V, k) for k in i]))
    bad = {"one of three": 3 + 4 * 20, "a loop around": -7}.get(name, -9)
    for g in (each, jit(each)):
        with pytest.raises(IndexError):
            g(V, np.array([0, bad]))


def test_examples_whose_loop_has_ended_reach_no_index():
    """A body with a product of large matrices, which all examples run until the last one ends."""
    m, v = np.eye(10), np.arange(1.0, 6.0)

    def f(s, v):
        def body(c):
            return c[0] + s, c[1] + m @ c[1] * lax.scan(lambda t, k: (t + v[c[0] + k], None), 0.0, np.zeros(2, int))[0]

        return lax.while_loop(lambda c: c[0] < 5, body, (0 * s, np.ones(10)))[1][0]

    s = np.array([5, 3, 1])
    every = lambda s, v: w.vmap(f, (0, None))(s, v)  # noqa: E731
    for g in (every, jit(every)):
        np.testing.assert_allclose(g(s, v), [f(k, v) for k in s])
    rows = [grad(f, 1)(k, v) for k in s]
    for g in (w.jacfwd(every, 1), jit(w.jacrev(every, 1))):
        np.testing.assert_allclose(g(s, v), rows)
    for g in (every, jit(every)):
        with pytest.raises(IndexError):
            g(np.array([5, -1]), v)


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int32", "uint64"])
def test_large_arrays_of_indices(dtype):
    """On vectors and on threads, the last index alone out of range."""
    v, i = np.arange(100.0), np.zeros(300_001, dtype)
    f = jit(lambda v, i: (v[i][:3], v)[0])
    np.testing.assert_array_equal(f(v, i), np.zeros(3))
    i[-1] = 100
    with pytest.raises(IndexError):
        f(v, i)


def names(f, *args):
    return [e.primitive.name for e in optimize(w.make_program(f)(*args)).equations]


def test_nothing_is_checked_twice():
    assert "check_index" not in names(lambda x, i: x[i] * 2.0, V, I)
    assert "check_index" not in names(lambda x, i: (x[i], (2 * x)[i])[0], V, I)
    assert "check_index" not in names(lambda x, i: (at(x)[i].set(0.0), x[i])[1], V, I)
    assert "check_index" not in names(grad(lambda x, i: wnp.sum(wnp.sin(x[i]))), V, I)
    assert names(lambda x, i: (x[i], x[i] + 1.0, at(x)[i].set(0.0), x)[3], V, I) == ["check_index"]
    assert names(lambda x, i: x[i][:2], V, I).count("check_index") == 1
    assert "check_index" not in names(lambda x, i: x[I], V, I)  # what is known is checked when it is traced


def test_lengths_that_differ_are_checked_each():
    f = lambda x, v, i: (x[i], v[i], x[:, :0])[2]  # noqa: E731
    long, short = np.zeros((9, 2)), np.zeros(4)
    jit(f)(long, short, np.array([3]))
    for g in (f, jit(f)):
        with pytest.raises(IndexError):
            g(long, short, np.array([5]))
