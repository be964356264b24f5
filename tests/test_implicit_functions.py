"""`implicit_root`, `implicit_minimum`, `implicit_fixed_point`: every order, both modes, batched, compiled, any solver."""

import math
import subprocess
import sys

import numpy as np
import pytest
import scipy.optimize

import wengert
import wengert.numpy as wnp
from wengert import grad, hessian, jacfwd, jacrev, jit, vmap

MATRIX = np.array([[3.0, 1.0], [1.0, 2.0]])
RIGHT = np.array([1.0, 2.0])


@wengert.implicit_root(lambda x, a: x * x - a)
def root(a):
    return math.sqrt(a)


def test_orders_and_modes():
    for order, expected in enumerate([2.0, 1 / 4, -1 / 32, 3 / 256, -15 / 2048]):
        f = root
        for k in range(order):
            f = grad(f) if k % 2 else jacfwd(f)
        assert abs(float(f(4.0)) - expected) < 1e-12


def test_batched_and_compiled():
    a = np.array([1.0, 4.0, 9.0])
    first, second = 0.5 / np.sqrt(a), -0.25 * a**-1.5
    np.testing.assert_allclose(vmap(root)(a), np.sqrt(a))
    np.testing.assert_allclose(vmap(grad(root))(a), first)
    np.testing.assert_allclose(grad(lambda a: vmap(root)(a).sum())(a), first)
    np.testing.assert_allclose(vmap(grad(grad(root)))(a), second)
    np.testing.assert_allclose(jit(vmap(grad(root)))(a), first)
    compiled = jit(grad(root))
    np.testing.assert_allclose([compiled(x) for x in a], first)
    np.testing.assert_allclose([jit(root)(x) for x in a], np.sqrt(a))
    np.testing.assert_allclose(grad(jit(root))(4.0), 0.25)
    np.testing.assert_allclose(jit(grad(grad(root)))(4.0), -1 / 32)


@pytest.mark.parametrize(
    "linear", ["dense", "cg", "gmres", "bicgstab", lambda matvec, b: wnp.linalg.solve(jacfwd(matvec)(b), b)]
)
def test_linear_solvers(linear):
    @wengert.implicit_root(lambda x, m, b: m @ x + 0.1 * x**3 - b, linear_solve=linear)
    def solve(m, b):
        return scipy.optimize.root(lambda x: m @ x + 0.1 * x**3 - b, np.zeros(2), tol=1e-13).x

    @wengert.implicit_root(lambda x, m, b: m @ x + 0.1 * x**3 - b)
    def dense(m, b):
        return solve._f(m, b)

    loss = lambda f: lambda m, b: wnp.sum(f(m, b) ** 2)
    for mine, right in zip(
        grad(loss(solve), (0, 1))(MATRIX, RIGHT), grad(loss(dense), (0, 1))(MATRIX, RIGHT), strict=True
    ):
        np.testing.assert_allclose(mine, right, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(
        hessian(loss(solve), 1)(MATRIX, RIGHT), hessian(loss(dense), 1)(MATRIX, RIGHT), rtol=1e-7, atol=1e-9
    )
    np.testing.assert_allclose(
        vmap(grad(loss(solve), 1), (None, 0))(MATRIX, np.stack([RIGHT, 2 * RIGHT])),
        [grad(loss(dense), 1)(MATRIX, b) for b in (RIGHT, 2 * RIGHT)], rtol=1e-7,
    )  # fmt: skip


def test_the_derivative_is_that_of_differences():
    def value(b):
        return np.sum(np.sin(scipy.optimize.root(lambda x: MATRIX @ x + 0.1 * x**3 - b, np.zeros(2), tol=1e-13).x))

    @wengert.implicit_root(lambda x, b: MATRIX @ x + 0.1 * x**3 - b)
    def solve(b):
        return scipy.optimize.root(lambda x: MATRIX @ x + 0.1 * x**3 - b, np.zeros(2), tol=1e-13).x

    e = 1e-5 * np.eye(2)
    expected = [(value(RIGHT + d) - value(RIGHT - d)) / 2e-5 for d in e]
    np.testing.assert_allclose(grad(lambda b: np.sum(np.sin(solve(b))))(RIGHT), expected, rtol=1e-7)


def test_trees():
    @wengert.implicit_root(lambda x, p: {"u": x["u"] ** 2 - p["a"], "v": x["v"] - x["u"] * p["b"]})
    def solve(p):
        return {"u": np.sqrt(p["a"]), "v": np.sqrt(p["a"]) * p["b"]}

    p = {"a": 4.0, "b": np.array([1.0, 3.0])}
    found = jacrev(lambda p: solve(p)["v"])(p)
    np.testing.assert_allclose(found["a"], [0.25, 0.75])
    np.testing.assert_allclose(found["b"], 2 * np.eye(2))


def test_a_program_as_the_solver():
    @wengert.implicit_root(lambda x, a: x**3 - a)
    def cube_root(a):
        code = f"print({float(a)!r} ** (1 / 3))"
        return float(subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, check=True).stdout)

    assert abs(float(grad(cube_root)(8.0)) - 1 / 12) < 1e-12
    np.testing.assert_allclose(vmap(grad(cube_root))(np.array([8.0, 1.0])), [1 / 12, 1 / 3])
    assert abs(float(jit(grad(cube_root))(8.0)) - 1 / 12) < 1e-12


def test_what_the_equations_close_over():
    def f(a):
        @wengert.implicit_root(lambda x: x**3 - a)
        def solve():
            return scipy.optimize.brentq(lambda x: x**3 - a, 0, 5)

        return solve()

    np.testing.assert_allclose(grad(f)(8.0), 1 / 12)
    np.testing.assert_allclose(vmap(grad(f))(np.array([8.0, 1.0])), [1 / 12, 1 / 3])
    np.testing.assert_allclose(jit(grad(f))(8.0), 1 / 12)


def test_fixed_points():
    @wengert.implicit_fixed_point(lambda x, a: wnp.cos(a * x))
    def settle(a):
        x = 0.5
        for _ in range(200):
            x = math.cos(a * x)
        return x

    def exact(a):
        x = settle._f(a)
        return -x * math.sin(a * x) / (1 + a * math.sin(a * x))

    for f in (grad(settle), jit(grad(settle)), jacfwd(settle)):
        np.testing.assert_allclose(f(1.0), exact(1.0), rtol=1e-12)
    np.testing.assert_allclose(grad(grad(settle))(1.0), (exact(1.0 + 1e-5) - exact(1.0 - 1e-5)) / 2e-5, rtol=1e-8)


def projected(a):
    """The nearest point of the simplex: sort and threshold (Held, Wolfe and Crowder, 1974)."""
    u = np.sort(a)[::-1]
    thresholds = (np.cumsum(u) - 1) / np.arange(1, len(a) + 1)
    return np.maximum(a - thresholds[np.nonzero(u > thresholds)[0][-1]], 0)


@wengert.implicit_minimum(
    lambda x, a: np.sum((x - a) ** 2), equalities=lambda x, a: np.sum(x) - 1.0, inequalities=lambda x, a: x
)
def on_simplex(a):
    return projected(np.asarray(a))


def test_constrained_minima():
    for a in (np.array([0.6, 0.5, -2.0]), np.array([0.3, 0.5, 0.4])):
        free = projected(a) > 0
        expected = np.diag(free * 1.0) - np.outer(free, free) / free.sum()
        for f in (jacfwd(on_simplex), jacrev(on_simplex), jit(jacfwd(on_simplex))):
            np.testing.assert_allclose(f(a), expected, atol=1e-9)
    batch = np.array([[0.6, 0.5, -2.0], [-0.6, -0.5, 2.0]])
    np.testing.assert_allclose(
        vmap(jacfwd(on_simplex))(batch)[0], [[0.5, -0.5, 0], [-0.5, 0.5, 0], [0, 0, 0]], atol=1e-9
    )
    np.testing.assert_allclose(vmap(jacfwd(on_simplex))(batch)[1], 0, atol=1e-9)


def test_second_derivatives_of_constrained_minima():
    """The least distance of the circle of radius r from a point p is at r p / |p|."""

    @wengert.implicit_minimum(lambda x, p, r: np.sum((x - p) ** 2), equalities=lambda x, p, r: np.sum(x * x) - r * r)
    def nearest(p, r):
        return r * np.asarray(p) / np.linalg.norm(p)

    exact = lambda p, r: r * p / wnp.linalg.norm(p)
    p = np.array([1.0, 2.0])
    np.testing.assert_allclose(jacfwd(jacrev(nearest))(p, 0.7), jacfwd(jacrev(exact))(p, 0.7), atol=1e-9)
    np.testing.assert_allclose(jacfwd(jacfwd(nearest, 1), 0)(p, 0.7), jacfwd(jacfwd(exact, 1), 0)(p, 0.7), atol=1e-9)


def test_errors():
    with pytest.raises(wengert.errors.ShapeError, match="1 equations for 2 unknowns"):
        grad(lambda a: wengert.implicit_root(lambda x, a: np.sum(x) - a)(lambda a: np.array([a / 2, a / 2]))(a)[0])(1.0)
    double = wengert.implicit_root(lambda x, a: (x - a) ** 2)(lambda a: a)
    with pytest.raises(wengert.errors.NotDifferentiableError, match="singular"):
        grad(double)(1.0)
    with pytest.raises(wengert.errors.ArgumentError, match="'dense', 'cg', 'gmres'"):
        grad(wengert.implicit_root(lambda x, a: x - a, linear_solve="lu")(lambda a: float(a)))(1.0)
