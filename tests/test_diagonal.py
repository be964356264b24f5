"""Jacobians through the structured basis (`ops.diagonal`) against ones whose basis is written out."""

import numpy as np
import pytest

import wengert as w
import wengert.numpy as wnp
from wengert import jacfwd, jacrev, jit
from wengert.ops import diagonal, shape
from wengert.ops.diagonal import Diagonal
from wengert.transforms import batching
from wengert.transforms.batching import BatchTracer

X = np.random.default_rng(5).uniform(0.3, 1.5, size=(2, 3))
C = np.array([0.5, -1.0, 2.0])

FUNCTIONS = {
    "elementwise": lambda x: wnp.tanh(x) ** 2 / (1 + x),
    "two terms": lambda x: x * wnp.sin(x) - x / wnp.exp(x),
    "broadcast constant": lambda x: x * C,
    "broadcast of the argument": lambda x: x + wnp.sum(x, axis=0),
    "outer": lambda x: wnp.sum(x) * x,
    "sum over all": lambda x: wnp.sum(wnp.exp(x)),
    "sum over one": lambda x: wnp.sum(x**3, axis=1),
    "reshape, then mix": lambda x: wnp.reshape(wnp.sqrt(x), (3, 2)) @ np.array([[1.0, 2.0], [3.0, 4.0]]),
    "indexing": lambda x: x[:, 1:] * x[:, :-1],
    "where": lambda x: wnp.where(x > 1, x * x, wnp.log(x)),
    "relu": lambda x: wnp.maximum(x - 1, 0.0),
    "convert": lambda x: (2 * x).astype(np.float32).astype(np.float64) * x,
    "divided by itself": lambda x: 1 / (x * x),
    "constant": lambda x: X,
    "transposed": lambda x: wnp.cos(x).T,
}


def dense_columns(f, x):
    """The Jacobian by one jvp for each element."""
    columns = [w.jvp(f, (x,), (np.eye(x.size)[i].reshape(x.shape),))[1] for i in range(x.size)]
    return np.stack(columns, -1).reshape(*np.shape(f(x)), *x.shape)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_jacobians(name):
    f = FUNCTIONS[name]
    expected = dense_columns(f, X)
    for jacobian in (w.jacfwd(f), w.jacrev(f), w.jit(w.jacfwd(f)), w.jit(w.jacrev(f))):
        np.testing.assert_allclose(jacobian(X), expected, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_second_order_by_every_route(name):
    f = FUNCTIONS[name]
    g = lambda x: dense_columns(f, x) if isinstance(x, np.ndarray) else w.jacfwd(f)(x)
    expected = dense_columns(g, X)
    for outer in (w.jacfwd, w.jacrev):
        for inner in (w.jacfwd, w.jacrev):
            np.testing.assert_allclose(outer(inner(f))(X), expected, rtol=1e-6, atol=1e-9)


def test_batched_jacobian():
    xs = np.stack([X, X + 0.1])
    f = FUNCTIONS["elementwise"]
    expected = np.stack([w.jacfwd(f)(x) for x in xs])
    np.testing.assert_allclose(w.vmap(w.jacfwd(f))(xs), expected)
    np.testing.assert_allclose(w.vmap(w.jacrev(f))(xs), expected)


def test_several_leaves_of_several_shapes():
    tree = {"a": X, "b": np.array([2.0, 3.0, 4.0]), "c": 0.7, "d": np.zeros((0, 2))}
    f = lambda t: {"y": t["a"] * t["b"] + t["c"], "z": wnp.sin(t["b"]), "e": t["d"] * t["c"]}
    forward, reverse = w.jacfwd(f)(tree), w.jacrev(f)(tree)
    for out in forward:
        for k in tree:
            np.testing.assert_allclose(forward[out][k], reverse[out][k])
    np.testing.assert_allclose(forward["z"]["b"], np.diag(np.cos(tree["b"])))
    np.testing.assert_allclose(forward["y"]["c"], np.ones((2, 3)))
    assert forward["e"]["d"].shape == (0, 2, 0, 2)


def test_complex():
    z = np.array([1.0 + 2.0j, 0.5 - 1.0j])
    expected = np.diag(2 * z * np.exp(z * z))
    f = lambda z: wnp.exp(z * z)
    np.testing.assert_allclose(w.jacfwd(f, holomorphic=True)(z), expected)
    np.testing.assert_allclose(w.jacrev(f, holomorphic=True)(z), expected)


def test_infinite_derivatives_do_not_reach_other_elements():
    x = np.array([0.0, 4.0])
    with np.errstate(divide="ignore"):
        expected = np.array([[np.inf, 0.0], [0.0, 0.25]])
        np.testing.assert_array_equal(w.jacfwd(wnp.sqrt)(x), expected)
        np.testing.assert_array_equal(w.jacrev(wnp.sqrt)(x), expected)


def test_results_can_be_written_to_and_share_nothing():
    f = lambda x: (2 * x, 2 * x, X)
    y = lambda x: (lambda t: (t, t))(wnp.sin(x))
    for jacobian in (w.jacfwd(f)(X), w.jacrev(f)(X), w.jacfwd(y)(X), w.jacrev(y)(X)):
        for k, block in enumerate(jacobian):
            others = [b.copy() for j, b in enumerate(jacobian) if j != k]
            block[...] = -1.0
            for before, after in zip(others, [b for j, b in enumerate(jacobian) if j != k], strict=True):
                np.testing.assert_array_equal(before, after)


def test_zeros_are_not_written_out(monkeypatch):
    written = []
    monkeypatch.setattr(batching, "dense", lambda d: written.append(d) or shape.dense(d))
    f = lambda x: wnp.sum(wnp.tanh(x) ** 2 / (1 + x))
    w.jacfwd(w.grad(f))(X)
    assert len(written) == 1  # the result


def test_dense_and_total():
    d = Diagonal(np.array([1.0, 2.0]), 1, 4)
    np.testing.assert_array_equal(shape.dense(d), [[0, 0], [1, 0], [0, 2], [0, 0]])
    np.testing.assert_array_equal(shape.total(d), [0, 1, 2, 0])
    assert diagonal.on_weights(np.add, [d, Diagonal(d.weights, 0, 4)]) is None
    assert diagonal.on_weights(np.multiply, [d, np.ones((3, 1))]) is None
    assert BatchTracer.weak is False


def test_a_product_with_a_basis_picks_rows_of_the_other_factor():
    rng = np.random.default_rng(8)
    a, b, x, y = rng.normal(size=(4, 3)), rng.normal(size=(3, 5)), rng.normal(size=3), rng.normal(size=(2, 3))
    np.testing.assert_array_equal(jacfwd(lambda x: a @ x)(x), a)
    np.testing.assert_array_equal(jacfwd(lambda x: x @ b)(x), b.T)
    np.testing.assert_array_equal(jacrev(lambda x: a @ x)(x), a)
    t = rng.normal(size=(5, 2, 3))
    np.testing.assert_array_equal(jacfwd(lambda y: wnp.tensordot(t, y, 2))(y), t)
    np.testing.assert_array_equal(jacfwd(lambda y: wnp.einsum("ij,kji->k", y, t.transpose(0, 2, 1)))(y), t)
    for f in (lambda u, v: a @ u + np.ones((4, 5)) @ wnp.exp(v), lambda u, v: wnp.sin(a @ wnp.sin(u)) * v[0]):
        u, v = x, rng.normal(size=5)
        for transform in (jacfwd, jacrev):
            both = transform(f, (0, 1))
            compiled = jit(both)(u, v)
            for k, (got, also) in enumerate(zip(both(u, v), compiled, strict=True)):
                h = 1e-6
                step = np.eye(3 if k == 0 else 5) * h
                args = lambda e, k=k: (u + e, v) if k == 0 else (u, v + e)
                want = np.stack([(f(*args(e)) - f(*args(-e))) / (2 * h) for e in step], -1)
                np.testing.assert_allclose(got, want, rtol=1e-7, atol=1e-8)
                np.testing.assert_allclose(also, got, rtol=1e-13)
    infinite = np.array([[np.inf, 1.0, 2.0]])  # which a zero of another column does not meet
    np.testing.assert_array_equal(jacfwd(lambda x: infinite @ x)(x), infinite)
    np.testing.assert_array_equal(jit(jacfwd(lambda x: infinite @ x))(x), infinite)
    assert "dot_general" not in str(jit(jacfwd(lambda x, a: wnp.exp(a @ x))).lower(x, a).program).split("exp")[1]
