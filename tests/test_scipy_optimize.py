"""wengert.scipy.optimize and .sparse.linalg: solutions against SciPy's and closed forms, derivatives against differences."""

import numpy as np
import pytest
import scipy.optimize
import scipy.sparse

import wengert as w
import wengert.numpy as wnp
from wengert.errors import ArgumentError, NotSupportedError, ShapeError
from wengert.scipy import optimize
from wengert.scipy.sparse import linalg
from wengert.testing import check_grads

RNG = np.random.default_rng(0)


def rosenbrock(x, a=1.0, b=100.0):
    return wnp.sum(b * (x[1:] - x[:-1] ** 2) ** 2 + (a - x[:-1]) ** 2)


X0 = np.array([-1.2, 1.0, 0.8])


@pytest.mark.parametrize("method", [
    None, "CG", "BFGS", "L-BFGS-B", "TNC", "SLSQP", "Newton-CG", "trust-ncg", "trust-krylov", "trust-exact", "dogleg",
    "trust-constr", "Nelder-Mead", "Powell",
])  # fmt: skip
def test_every_method(method):
    start = np.array([1.05, 1.1, 1.2]) if method == "dogleg" else X0
    tol = 1e-4 if method in ("Nelder-Mead", "Powell", "CG") else 1e-13 if method == "TNC" else 1e-8
    found = optimize.minimize(
        rosenbrock, start, method=method, tol=tol, options={"maxfun" if method == "TNC" else "maxiter": 5000}
    )
    np.testing.assert_allclose(found.x, np.ones(3), atol=5e-3 if tol > 1e-6 else 1e-5)
    assert found.success or method == "TNC"
    assert found.fun < 1e-4 and found.nfev > 0


def test_the_minimum_as_a_function_of_parameters():
    a = RNG.normal(size=(3, 3))
    a = a @ a.T + np.eye(3)
    b = RNG.normal(size=3)

    def solve(a, b):  # of a quartic with a quadratic part
        f = lambda x, p: 0.5 * x @ p["a"] @ x - p["b"] @ x + wnp.sum(x**4) / 12  # noqa: E731
        return optimize.minimize(f, np.zeros(3), ({"a": a, "b": b},), tol=1e-13)

    check_grads(lambda b: solve(a, b).x, (b,), order=1, rtol=1e-5)
    check_grads(lambda b: solve(a, b).fun, (b,), order=1, rtol=1e-5)
    x = solve(a, b).x
    inverse = np.linalg.inv(a + np.diag(x**2))
    np.testing.assert_allclose(w.jacrev(lambda b: solve(a, b).x)(b), inverse, rtol=1e-6)
    np.testing.assert_allclose(w.jacfwd(lambda b: solve(a, b).x)(b), inverse, rtol=1e-6)
    np.testing.assert_allclose(w.jit(w.jacfwd(lambda b: solve(a, b).x))(b), inverse, rtol=1e-6)
    np.testing.assert_allclose(w.grad(lambda b: solve(a, b).fun)(b), -x, rtol=1e-6)  # the envelope theorem
    np.testing.assert_allclose(w.hessian(lambda b: solve(a, b).fun)(b), -inverse, rtol=1e-5)
    many = w.vmap(lambda b: solve(a, b).x)(np.stack([b, 2 * b]))
    np.testing.assert_allclose(many, np.stack([x, solve(a, 2 * b).x]), rtol=1e-6)


def test_second_derivatives_of_a_minimum():
    solve = lambda a: optimize.minimize(lambda x, a: x**4 / 4 + x - a * x, 1.5, (a,), tol=1e-14).x  # noqa: E731
    np.testing.assert_allclose(w.grad(solve)(9.0), 1 / 12, rtol=1e-6)  # x**3 = a - 1
    np.testing.assert_allclose(w.grad(w.grad(solve))(9.0), -2 / 9 * 8 ** (-5 / 3), rtol=1e-5)


def test_a_minimum_on_a_bound():
    def solve(c):
        return optimize.minimize(
            lambda x, c: wnp.sum((x - c) ** 2), np.zeros(2), (c,), bounds=[(0, 1), (None, None)], tol=1e-12
        ).x

    np.testing.assert_allclose(w.jacrev(solve)(np.array([2.0, 3.0])), [[0, 0], [0, 1]], atol=1e-8)
    np.testing.assert_allclose(w.jacrev(solve)(np.array([0.5, 3.0])), np.eye(2), atol=1e-8)
    interior = lambda c: (
        optimize.minimize(  # noqa: E731
            lambda x, c: wnp.sum((x - c) ** 2), np.zeros(2), (c,), "trust-constr", [(0, 1), (0, None)], tol=1e-10
        ).x
    )
    np.testing.assert_allclose(w.jacrev(interior)(np.array([2.0, 2.0])), [[0, 0], [0, 1]], atol=1e-8)
    with pytest.raises(NotSupportedError, match="constraints"):
        constraint = {"type": "ineq", "fun": lambda x: 1 - x.sum()}
        w.jacrev(lambda c: optimize.minimize(lambda x, c: wnp.sum((x - c) ** 2), np.zeros(2), (c,), constraints=constraint).x)(np.ones(2))  # fmt: skip


def test_what_closes_over_a_traced_value():
    with pytest.raises(NotSupportedError, match="through args"):
        w.grad(lambda a: optimize.minimize(lambda x: (x - a) ** 2, 0.0).x)(1.0)


def test_trees_and_compiled_search():
    target = {"u": np.array([1.0, 2.0]), "v": 3.0}
    f = lambda x, t: wnp.sum((x["u"] - t["u"]) ** 2) + (x["v"] - t["v"]) ** 4  # noqa: E731
    found = optimize.minimize(f, {"u": np.zeros(2), "v": 1.0}, (target,), jit=True, tol=1e-9)
    np.testing.assert_allclose(found.x["u"], [1, 2], atol=1e-6)
    np.testing.assert_allclose(found.x["v"], 3, atol=1e-2)


def test_root():
    f = lambda x, a: wnp.stack([x[0] * wnp.cos(x[1]) - a[0], x[0] * x[1] - x[1] - a[1]])  # noqa: E731
    a = np.array([4.0, 5.0])
    for method in ("hybr", "lm"):
        found = optimize.root(f, np.ones(2), (a,), method=method, tol=1e-13)
        np.testing.assert_allclose(found.x, scipy.optimize.root(lambda x: f(x, a), np.ones(2)).x, rtol=1e-6)
        assert found.success
    check_grads(lambda a: optimize.root(f, np.ones(2), (a,), tol=1e-14).x, (a,), order=1, rtol=1e-4)
    third = w.grad(w.grad(w.grad(lambda a: optimize.root(lambda x, a: x * x - a, 1.0, (a,), tol=1e-14).x)))
    np.testing.assert_allclose(third(2.0), 3 / 8 * 2.0**-2.5, rtol=1e-8)
    with pytest.raises(ShapeError, match="least_squares"):
        optimize.root(lambda x: wnp.concatenate([x, x]), np.ones(2))
    with pytest.raises(ArgumentError, match="hybr"):
        optimize.root(f, np.ones(2), (a,), method="krylov")


def test_least_squares():
    t = np.linspace(0, 1, 8)
    y = 2 * np.exp(-1.5 * t) + 0.05 * RNG.normal(size=8)
    f = lambda c, y: c[0] * wnp.exp(-c[1] * t) - y  # noqa: E731
    fit = lambda y, **o: optimize.least_squares(f, np.ones(2), args=(y,), ftol=1e-15, xtol=1e-15, gtol=1e-15, **o)  # noqa: E731
    theirs = scipy.optimize.least_squares(lambda c: f(c, y), np.ones(2), ftol=1e-15, xtol=1e-15, gtol=1e-15)
    np.testing.assert_allclose(fit(y).x, theirs.x, rtol=1e-6)
    np.testing.assert_allclose(fit(y).cost, theirs.cost, rtol=1e-8)
    check_grads(lambda y: fit(y).x, (y,), order=1, rtol=1e-4)
    check_grads(lambda y: fit(y).cost, (y,), order=1, rtol=1e-4)
    bounded = w.jacrev(lambda y: fit(y, bounds=([0, 0], [5, 1.0])).x)(y)
    np.testing.assert_allclose(bounded[1], 0, atol=1e-8)


# --- derivatives given to SciPy by hand ---------------------------------------------------------------------------


def test_scipy_with_our_derivatives():
    """What a user writes who does not know of `wengert.scipy`."""
    found = scipy.optimize.minimize(
        rosenbrock, X0, jac=w.grad(rosenbrock), hess=w.hessian(rosenbrock), method="trust-exact"
    )
    np.testing.assert_allclose(found.x, 1, rtol=1e-6)
    fast = w.jit(w.value_and_grad(rosenbrock))
    np.testing.assert_allclose(scipy.optimize.minimize(fast, X0, jac=True).x, 1, rtol=1e-4)
    product = lambda x, v: w.hvp(rosenbrock, (x,), (v,))  # noqa: E731
    found = scipy.optimize.minimize(rosenbrock, X0, jac=w.grad(rosenbrock), hessp=product, method="Newton-CG")
    np.testing.assert_allclose(found.x, 1, rtol=1e-4)
    residuals = lambda x: wnp.concatenate([10 * (x[1:] - x[:-1] ** 2), 1 - x[:-1]])  # noqa: E731
    found = scipy.optimize.least_squares(residuals, X0, jac=w.jacfwd(residuals))
    np.testing.assert_allclose(found.x, 1, rtol=1e-6)


def test_solve_ivp_with_our_jacobian():
    from scipy.integrate import solve_ivp

    def stiff(t, y):  # Robertson's reactions
        a, b = 0.04 * y[0] - 1e4 * y[1] * y[2], 3e7 * y[1] ** 2
        return wnp.stack([-a, a - b, b])

    jacobian = w.jit(w.jacfwd(stiff, 1))
    ours = solve_ivp(w.jit(stiff), (0, 10), [1.0, 0.0, 0.0], method="BDF", jac=jacobian, rtol=1e-6, atol=1e-10)
    theirs = solve_ivp(stiff, (0, 10), [1.0, 0.0, 0.0], method="BDF", rtol=1e-6, atol=1e-10)
    np.testing.assert_allclose(ours.y[:, -1], theirs.y[:, -1], rtol=1e-4)
    assert ours.success and ours.nfev < 1.2 * theirs.nfev


# --- linear equations --------------------------------------------------------------------------------------------

HALF = RNG.normal(size=(4, 4))
SPD = HALF @ HALF.T + 2 * np.eye(4)
B = RNG.normal(size=4)


@pytest.mark.parametrize("name", ["cg", "gmres", "bicgstab"])
def test_iterative_solvers(name):
    solve = lambda a, b: getattr(linalg, name)(lambda v: a @ v, b, tol=1e-13)[0]  # noqa: E731
    a = SPD if name == "cg" else SPD + np.triu(HALF)
    np.testing.assert_allclose(solve(a, B), np.linalg.solve(a, B), rtol=1e-9)
    np.testing.assert_allclose(w.jit(solve)(a, B), np.linalg.solve(a, B), rtol=1e-9)
    np.testing.assert_allclose(getattr(linalg, name)(a, B, tol=1e-13)[0], np.linalg.solve(a, B), rtol=1e-9)
    coo = scipy.sparse.csr_array(a)
    np.testing.assert_allclose(getattr(linalg, name)(coo, B, tol=1e-13)[0], np.linalg.solve(a, B), rtol=1e-9)
    check_grads(lambda s, b: solve((s + s.T) / 2 if name == "cg" else s, b), (a, B), rtol=1e-5)
    rows = w.vmap(solve, (None, 0))(a, np.stack([B, 2 * B]))
    np.testing.assert_allclose(rows, np.linalg.solve(a, np.stack([B, 2 * B]).T).T, rtol=1e-9)
    both = w.vmap(w.grad(lambda a, b: wnp.sum(solve(a, b) ** 2), 1))(np.stack([a, 2 * a]), np.stack([B, B]))
    exact = [w.grad(lambda b: wnp.sum(wnp.linalg.solve(m, b) ** 2))(B) for m in (a, 2 * a)]  # noqa: B023
    np.testing.assert_allclose(both, exact, rtol=1e-7)


def test_options_of_iterative_solvers():
    b = {"u": B[:1], "v": B[1:]}

    def apply(v):
        x = SPD @ wnp.concatenate([v["u"], v["v"]])
        return {"u": x[:1], "v": x[1:]}

    x, info = linalg.cg(apply, b, tol=1e-13)
    assert info == 0
    np.testing.assert_allclose(np.concatenate([x["u"], x["v"]]), np.linalg.solve(SPD, B), rtol=1e-9)
    start = np.linalg.solve(SPD, B) + 1e-3
    np.testing.assert_allclose(linalg.cg(SPD, B, start, tol=1e-13)[0], np.linalg.solve(SPD, B), rtol=1e-9)
    inverse = np.linalg.inv(SPD)
    np.testing.assert_allclose(
        linalg.cg(SPD, B, tol=1e-13, M=lambda v: inverse @ v, maxiter=2)[0], inverse @ B, rtol=1e-9
    )
    with pytest.raises(ShapeError, match="must give what it takes"):
        linalg.cg(lambda v: v[:2], B)
    with pytest.raises(ArgumentError, match="square"):
        linalg.cg(np.ones((2, 3)), B)
