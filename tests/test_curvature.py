"""Operators of curvature against the matrices that they stand for."""

import numpy as np
import pytest
from scipy.sparse.linalg import cg, eigsh

import wengert
import wengert.numpy as wnp
from wengert import errors, fisher_operator, gauss_newton_operator, gradient_norms, hessian_operator

RNG = np.random.default_rng(5)
A = RNG.normal(size=(7, 3))
TARGET = RNG.normal(size=7)
X = RNG.normal(size=3)


def residual(x):
    return wnp.tanh(A @ x) - TARGET


def loss(x):
    return wnp.sum(residual(x) ** 2) / 2 + wnp.sum(wnp.exp(x))


def dense(operator):
    return np.stack([operator @ e for e in np.eye(operator.shape[0])])


def test_the_hessian():
    operator = hessian_operator(loss, X)
    np.testing.assert_allclose(dense(operator), wengert.hessian(loss)(X), rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(dense(operator.T), dense(operator))
    found, info = cg(hessian_operator(lambda x: wnp.sum((A @ x) ** 2) / 2 + wnp.sum(x**2), X), X, rtol=1e-12)
    assert info == 0
    np.testing.assert_allclose((A.T @ A + 2 * np.eye(3)) @ found, X, rtol=1e-9)


def test_gauss_newton():
    j = np.asarray(wengert.jacrev(residual)(X))
    np.testing.assert_allclose(dense(gauss_newton_operator(residual, X)), j.T @ j, rtol=1e-10)
    softplus = lambda r: wnp.sum(wnp.logaddexp(0.0, r))  # noqa: E731
    h = np.asarray(wengert.hessian(softplus)(residual(X)))
    np.testing.assert_allclose(dense(gauss_newton_operator(residual, X, loss=softplus)), j.T @ h @ j, rtol=1e-10)
    assert eigsh(gauss_newton_operator(residual, X), k=1, return_eigenvectors=False)[0] > 0


def test_trees_of_parameters():
    p = {"w": X, "b": np.float64(0.3)}
    model = lambda p, a: wnp.tanh(a @ p["w"] + p["b"])  # noqa: E731
    operator = gauss_newton_operator(model, p, A)
    assert operator.shape == (4, 4)
    j = wengert.jacrev(model)(p, A)
    rows = np.concatenate([np.asarray(j["b"])[:, None], np.asarray(j["w"])], 1)
    np.testing.assert_allclose(dense(operator), rows.T @ rows, rtol=1e-10)
    f = lambda p, a: wnp.sum(model(p, a) ** 2)  # noqa: E731
    np.testing.assert_allclose(dense(hessian_operator(f, p, A)), dense(hessian_operator(f, p, A)).T, rtol=1e-10)


def test_fisher_and_norms():
    logs = lambda x: -(residual(x) ** 2) / 2  # noqa: E731
    g = np.asarray(wengert.jacrev(logs)(X))
    np.testing.assert_allclose(dense(fisher_operator(logs, X)), g.T @ g / 7, rtol=1e-10)
    each = lambda x, a, t: (wnp.tanh(a @ x) - t) ** 2 / 2  # noqa: E731
    for norms in (gradient_norms(each, (None, 0, 0)), wengert.jit(gradient_norms(each, (None, 0, 0)))):
        np.testing.assert_allclose(norms(X, A, TARGET), np.linalg.norm(g, axis=1), rtol=1e-10)
    tree = lambda p, a: wnp.sum(p["u"] * a) * p["v"]  # noqa: E731
    found = gradient_norms(tree)({"u": X, "v": 2.0}, A)
    np.testing.assert_allclose(found, np.sqrt(np.sum((2 * A) ** 2, 1) + (A @ X) ** 2), rtol=1e-12)


def test_errors():
    with pytest.raises(errors.NonScalarOutputError, match="hessian_operator"):
        hessian_operator(residual, X)
    with pytest.raises(errors.ShapeError, match="one axis"):
        fisher_operator(loss, X)
    with pytest.raises(errors.ArgumentError, match="in_axes"):
        gradient_norms(loss, (0, 0))
