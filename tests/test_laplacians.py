"""Laplacians and other operators against the Hessian and the Jacobian, which they do not compute."""

import numpy as np
import pytest

import wengert
import wengert.numpy as wnp
from wengert import bilaplacian, curl, divergence, errors, hessian_diagonal, laplacian, lax

RNG = np.random.default_rng(3)
X = RNG.uniform(0.3, 1.5, 6)
M = RNG.normal(size=(6, 6))
W = RNG.normal(size=(6, 4)), RNG.normal(size=(4, 3))


def branches(x):
    return lax.cond(x[0] > 0.1, lambda v: wnp.sum(v[:3] * v[3:]) ** 2, lambda v: wnp.sum(v), x)


def loop(x):
    return lax.fori_loop(0, 4, lambda i, c: wnp.sin(c) * x[i] + x[i + 1] ** 2, x[0])


def until(x):
    return lax.while_loop(lambda c: c < 6.0, lambda c: c * (1 + x[1]) + x[0] * x[2], x[3])


@wengert.custom_jvp
def doubled(x):
    return wnp.sum(x**2)


doubled.defjvp(lambda p, t: (doubled(p[0]), wnp.sum(4 * p[0] * t[0])))

FUNCTIONS = {
    "polynomial": lambda x: wnp.sum(x**3) * x[0],
    "network": lambda x: wnp.sum(wnp.tanh(wnp.tanh(x @ W[0]) @ W[1])),
    "product": lambda x: wnp.prod(x) + wnp.cumprod(x)[3],
    "quotient": lambda x: (x[0] * x[1]) / (x[2] + x[3] ** 2) + x[4] ** x[5],
    "norms": lambda x: wnp.linalg.norm(x) + wnp.linalg.norm(x[:3] - x[3:]) ** 3,
    "linear algebra": lambda x: wnp.linalg.slogdet(wnp.diag(x) + M @ M.T)[1] + x @ wnp.linalg.solve(M @ M.T + wnp.diag(x), x),
    "eigenvalue": lambda x: wnp.linalg.eigvalsh(wnp.diag(x) + M + M.T)[2],
    "indices": lambda x: wnp.sum(wnp.sort(x)[:3] ** 2 * x[::-1][:3]) + wnp.where(x > 0.8, x**3, x)[2],
    "writing": lambda x: wnp.sum(wnp.zeros(3) + wnp.exp(x[:3]) * wnp.flip(x[3:])),
    "branches": branches,
    "loop": loop,
    "until": until,
    "call": lambda x: wengert.jit(lambda v: wnp.sum(wnp.sin(v) * v[0]))(x) + wengert.checkpoint(lambda v: wnp.prod(v))(x),
    "custom rule": doubled,
    "gradient inside": lambda x: wnp.sum(wengert.grad(lambda v: wnp.sum(wnp.exp(v) * v[0]))(x) ** 2),
    "softmax": lambda x: wnp.sum((wnp.exp(x) / wnp.sum(wnp.exp(x))) ** 2),
    "constant": lambda x: 3.0,
    "linear": lambda x: wnp.sum(x),
}  # fmt: skip


@pytest.mark.parametrize("name", FUNCTIONS)
def test_second_order_operators_are_those_of_the_hessian(name):
    f = FUNCTIONS[name]
    hessian = np.zeros((6, 6)) if name == "constant" else np.asarray(wengert.hessian(f)(X))
    close = {"rtol": 1e-9, "atol": 1e-9 * (1 + np.max(np.abs(hessian)))}
    for found in (laplacian(f)(X), wengert.jit(laplacian(f))(X), wengert.vmap(laplacian(f))(np.stack([X, X]))[1]):
        np.testing.assert_allclose(found, np.trace(hessian), **close)
    weights = np.arange(6.0) - 2
    np.testing.assert_allclose(laplacian(f, weights=weights)(X), weights @ np.diag(hessian), **close)
    np.testing.assert_allclose(laplacian(f, weights=weights**2)(X), weights**2 @ np.diag(hessian), **close)
    rows = M[:3]
    np.testing.assert_allclose(laplacian(f, directions=rows)(X), np.trace(rows @ hessian @ rows.T), **close)
    np.testing.assert_allclose(hessian_diagonal(f)(X), np.diag(hessian), **close)


def test_laplacians_of_arrays_and_trees():
    f = lambda p, c: {"u": c * p["a"] ** 3 * p["b"][0], "v": p["b"]}  # noqa: E731
    p = {"a": 2.0, "b": np.array([1.0, 3.0])}
    found = laplacian(f)(p, 5.0)
    assert float(found["u"]) == 5 * 6 * 2 * 1
    np.testing.assert_array_equal(found["v"], [0, 0])
    assert float(laplacian(lambda c, p: f(p, c)["u"], argnums=1, weights={"a": 2.0, "b": 0.0})(5.0, p)) == 120
    diagonal = hessian_diagonal(lambda p: p["a"] ** 2 * p["b"][1] ** 2)(p)
    assert float(diagonal["a"]) == 18
    np.testing.assert_array_equal(diagonal["b"], [0, 8])


def test_a_diagonal_costs_no_matrix():
    """The derivatives of elementwise functions stay a diagonal, for a million unknowns."""
    x = np.linspace(0.1, 1, 1_000_000)
    np.testing.assert_allclose(laplacian(lambda v: wnp.sin(v) * wnp.exp(v))(x), 2 * np.cos(x) * np.exp(x), rtol=1e-9)


def test_estimates_have_the_right_mean():
    f = FUNCTIONS["network"]
    exact = float(laplacian(f)(X))
    found = float(laplacian(f, samples=4000, key=wengert.random.key(1))(X))
    spread = np.asarray(wengert.hessian(f)(X))
    deviation = np.sqrt(2 * (np.sum(spread**2) - np.sum(np.diag(spread) ** 2)) / 4000)
    assert abs(found - exact) < 5 * deviation + 1e-12
    assert found != exact


def test_higher_operators():
    f = lambda x: wnp.sum(x * x) ** 2  # noqa: E731
    np.testing.assert_allclose(bilaplacian(f)(X), 8 * 6 * (6 + 2), rtol=1e-12)
    gradient = wengert.grad(laplacian(lambda x: wnp.sum(x**4)))(X)
    np.testing.assert_allclose(gradient, 24 * X, rtol=1e-12)
    np.testing.assert_allclose(laplacian(lambda z: z[0] ** 3 * z[1])(np.array([1 + 1j, 2.0])), 6 * (1 + 1j) * 2)
    wave = lambda x: wnp.exp(1j * (x[0] + 2 * x[1]))  # noqa: E731
    np.testing.assert_allclose(laplacian(wave)(X), -5 * np.exp(1j * (X[0] + 2 * X[1])), rtol=1e-12)


def test_first_order_operators():
    np.testing.assert_allclose(divergence(lambda x: M @ x**2)(X), np.sum(np.diag(M) * 2 * X), rtol=1e-12)
    field = lambda x: wnp.stack([x[1] * x[2], x[0] ** 2, wnp.sin(x[1])])  # noqa: E731
    x, y, z = X[:3]
    np.testing.assert_allclose(curl(field)(X[:3]), [np.cos(y), y, 2 * x - z], rtol=1e-12)
    np.testing.assert_allclose(curl(lambda v: wnp.stack([-(v[1] ** 2), v[0]]))(X[:2]), 1 + 2 * y)
    np.testing.assert_allclose(divergence(curl(field))(X[:3]), 0, atol=1e-15)
    np.testing.assert_allclose(wengert.vmap(curl(field))(np.stack([X[:3]] * 2))[1], curl(field)(X[:3]))


def test_first_derivatives_of_single_precision_stay_there():
    assert laplacian(FUNCTIONS["polynomial"])(X.astype(np.float32)).dtype == np.float32


def test_errors():
    with pytest.raises(errors.ArgumentError, match="one of weights"):
        laplacian(wnp.sum, weights=1.0, directions=np.ones((1, 6)))
    with pytest.raises(errors.ArgumentError, match="random key"):
        laplacian(wnp.sum, samples=3)
    with pytest.raises(errors.ShapeError, match="directions of shape"):
        laplacian(wnp.sum, directions=np.ones((2, 5)))(X)
    with pytest.raises(errors.ShapeError, match="weights of shape"):
        laplacian(wnp.sum, weights=np.ones(5))(X)
    with pytest.raises(errors.ShapeError, match="not one number"):
        hessian_diagonal(lambda x: x)(X)
    with pytest.raises(errors.ShapeError, match="same"):
        divergence(lambda x: x[:3])(X)
    with pytest.raises(errors.ShapeError, match="curl"):
        curl(lambda x: x)(X)
    with pytest.raises(errors.DtypeError):
        laplacian(wnp.sum)(np.arange(3))


def test_the_modulus_of_complex_numbers_on_the_way():
    f = lambda x: wnp.sum(wnp.abs((x + 0.5j) * (x - 0.25j) + 2.5) + wnp.real(wnp.conj(x * 1j) * x**2))  # noqa: E731
    np.testing.assert_allclose(laplacian(f)(X), np.trace(wengert.hessian(f)(X)), rtol=1e-12)


KINKS = {
    "cos": (lambda x: wnp.sum(wnp.cos(wnp.abs(x))), -1.0),
    "cosh of a call": (lambda x: wnp.sum(wengert.jit(wnp.cosh)(wnp.abs(x))), 1.0),
    "square": (lambda x: wnp.sum(wnp.abs(x) ** 2), 2.0),
    "modulus": (lambda x: wnp.sum(wnp.abs(x)), 0.0),
    "exp": (lambda x: wnp.sum(wnp.exp(-wnp.abs(x))), 1.0),
}


@pytest.mark.parametrize("name", KINKS)
def test_kinks_have_the_second_derivative_of_both_sides(name):
    f, each = KINKS[name]
    x = np.array([0.0, 0.0])
    for run in (lambda g: g(x), lambda g: wengert.jit(g)(x)):
        np.testing.assert_allclose(run(laplacian(f)), 2 * each)
        np.testing.assert_allclose(run(hessian_diagonal(f)), [each, each])
    np.testing.assert_allclose(wengert.taylor(f, x, 2, np.array([1.0, 0.0]))[2], each / 2)


def test_functions_that_write_into_plain_arrays():
    def f(x):
        out = np.zeros(3)
        for i in range(3):
            out[i] = x[i] ** 3
        return np.sum(out * x[:3])

    np.testing.assert_allclose(laplacian(f)(X), np.sum(12 * X[:3] ** 2))
    np.testing.assert_allclose(hessian_diagonal(f)(X), [*12 * X[:3] ** 2, 0, 0, 0])
    np.testing.assert_allclose(wengert.taylor(f, X, 4)[4], 3.0)


def test_an_operand_that_stands_twice_is_one():
    h = lambda x: wnp.copysign(x, x) ** 2 + wnp.copysign(x, x)
    for point in (0.0, -0.0, 1.0, -2.0):
        assert float(wengert.laplacian(h)(point)) == 2.0


def test_arguments_without_elements():
    f = lambda x: {"sum": wnp.sum(x**2), "rest": wnp.ones(2)}
    found = laplacian(f)(np.zeros(0))
    assert float(found["sum"]) == 0 and found["rest"].tolist() == [0, 0]
    assert float(laplacian(lambda x: wnp.sum(x**2), directions=np.zeros((0, 3)))(X[:3])) == 0
    assert hessian_diagonal(lambda x: wnp.sum(x**2))(np.zeros(0)).shape == (0,)
    assert float(divergence(lambda x: x**2)(np.zeros(0))) == 0
