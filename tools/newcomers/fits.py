"""What somebody wishes who fits models in NumPy and SciPy, written down before looking at what exists; see run.py."""

import numpy as np
import scipy.optimize as so
from helpers import differences as fd
from helpers import listed

import wengert
from wengert import grad, hessian, hvp, jacfwd, jacobian, value_and_grad

WISHES, wish = listed()
rng = np.random.default_rng(0)
rosen = lambda x: np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


@wish
def B01():
    """gradient for scipy.optimize.minimize(BFGS, jac=grad)."""
    assert so.minimize(rosen, np.zeros(6), method="BFGS", jac=grad(rosen)).success


T = np.linspace(0, 3, 20)
Y = 2 * np.exp(-T * 0.7) + 0.01


@wish
def B02():
    """least_squares with jac=jacfwd/jacobian."""
    r = lambda p: p[0] * np.exp(-p[1] * T) + p[2] - Y
    s = so.least_squares(r, [1.0, 1.0, 0.0], jac=jacobian(r))
    assert np.allclose(s.x, [2, 0.7, 0.01], atol=1e-6)


@wish
def B03():
    """curve_fit with exact jac."""
    f = lambda t, a, b: a * np.exp(-b * t)
    J = jacfwd(lambda p, t: f(t, *p))
    p, c = so.curve_fit(f, T, Y, jac=lambda t, a, b: J(np.array([a, b]), t))
    assert len(p) == 2


@wish
def B04():
    """Newton-CG with hessp."""
    assert so.minimize(
        rosen, np.zeros(10), method="Newton-CG", jac=grad(rosen), hessp=lambda x, v: hvp(rosen, (x,), (v,))
    ).success


@wish
def B05():
    """logistic regression with np functions, logsumexp from scipy.special."""
    from scipy.special import logsumexp

    X = rng.normal(size=(30, 4))
    y = rng.integers(0, 3, 30)
    f = lambda w: -np.mean((X @ w.reshape(4, 3))[np.arange(30), y] - logsumexp(X @ w.reshape(4, 3), axis=1))
    w = rng.normal(size=12)
    assert np.allclose(grad(f)(w), fd(f, w), atol=1e-6)


@wish
def B06():
    """derivative through np.linalg.solve."""
    A = rng.normal(size=(3, 3))
    f = lambda b: np.sum(np.linalg.solve(A + np.diag(b), b) ** 2)
    b = rng.normal(size=3) + 3
    assert np.allclose(grad(f)(b), fd(f, b), atol=1e-5)


@wish
def B07():
    """derivative through cholesky + slogdet (GP)."""
    x = np.linspace(0, 1, 8)
    y = np.sin(5 * x)

    def nll(th):
        K = np.exp(th[0]) * np.exp(-0.5 * (x[:, None] - x[None]) ** 2 / np.exp(th[1])) + 1e-2 * np.eye(8)
        L = np.linalg.cholesky(K)
        a = np.linalg.solve(L, y)
        return 0.5 * a @ a + np.linalg.slogdet(K)[1] / 2

    th = np.array([0.1, -2.0])
    assert np.allclose(grad(nll)(th), fd(nll, th), atol=1e-4)


@wish
def B08():
    """derivative through np.interp."""
    xp = np.linspace(0, 1, 5)
    f = lambda v: np.sum(np.interp([0.1, 0.33, 0.8], xp, v) ** 2)
    v = rng.normal(size=5)
    assert np.allclose(grad(f)(v), fd(f, v), atol=1e-6)


@wish
def B09():
    """derivative through solve_ivp parameters."""
    from scipy.integrate import solve_ivp

    f = lambda k: solve_ivp(lambda t, y: -k * y, (0, 1), np.array([1.0]), rtol=1e-8, atol=1e-10).y[0, -1]
    assert np.isclose(grad(f)(1.3), -np.exp(-1.3), atol=1e-6)


@wish
def B10():
    """derivative through scipy.integrate.quad."""
    from scipy.integrate import quad

    f = lambda a: quad(lambda x: np.exp(-a * x), 0, 1)[0]
    assert np.isclose(grad(f)(2.0), fd(lambda a: f(float(a)), 2.0), atol=1e-6)


@wish
def B11():
    """derivative through brentq root by scipy's own name."""
    f = lambda a: so.brentq(lambda x: x**3 - a, 0, 5)
    assert np.isclose(grad(f)(8.0), 1 / 12)


@wish
def B12():
    """norm.logpdf of scipy.stats with grad by loc/scale."""
    from scipy.stats import norm

    x = rng.normal(size=10)
    f = lambda p: -np.sum(norm.logpdf(x, loc=p[0], scale=np.exp(p[1])))
    p = np.array([0.1, 0.2])
    assert np.allclose(grad(f)(p), fd(f, p), atol=1e-5)


@wish
def B13():
    """masked assignment x[mask] = 0 inside function."""

    def f(x):
        y = x * 2
        y[y > 1] = 0
        return np.sum(y**2)

    assert np.allclose(grad(f)(np.array([0.2, 0.9])), [1.6, 0])


@wish
def B14():
    """out= arguments and in-place +=."""

    def f(x):
        y = np.zeros(3)
        np.multiply(x, 2, out=y)
        y += x
        return np.sum(y**2)

    assert np.allclose(grad(f)(np.ones(3)), 18)


@wish
def B15():
    """loops with Python lists, np.stack."""

    def f(x):
        out = []
        for i in range(3):
            out.append(x[i] ** i)
        return np.sum(np.stack(out))

    assert np.allclose(grad(f)(np.array([1.0, 2.0, 3.0])), [0, 1, 6])


@wish
def B16():
    """einsum."""
    A = rng.normal(size=(3, 3))
    f = lambda x: np.einsum("i,ij,j->", x, A, x)
    x = rng.normal(size=3)
    assert np.allclose(grad(f)(x), (A + A.T) @ x)


@wish
def B17():
    """fft power spectrum derivative."""
    f = lambda x: np.sum(np.abs(np.fft.rfft(x)) ** 2 * np.arange(5))
    x = rng.normal(size=8)
    assert np.allclose(grad(f)(x), fd(f, x), atol=1e-4)


@wish
def B18():
    """pandas Series/DataFrame column as input data."""
    import pandas as pd

    df = pd.DataFrame({"t": T, "y": Y})
    f = lambda p: np.sum((p[0] * np.exp(-p[1] * df["t"]) - df["y"]) ** 2)
    p = np.array([1.0, 1.0])
    assert np.allclose(grad(f)(p), fd(f, p), atol=1e-5)


@wish
def B19():
    """complex numbers: grad of abs(fft)**2."""
    f = lambda x: np.sum(np.abs(np.fft.fft(x) * (1 + 2j) + 1j) ** 2)
    x = rng.normal(size=4)
    assert np.allclose(grad(f)(x), fd(f, x), atol=1e-4)


@wish
def B20():
    """sparse jacobian of a stencil residual, spsolve Newton step."""
    import scipy.sparse.linalg as sl

    r = lambda u: np.concatenate([[u[0]], u[2:] - 2 * u[1:-1] + u[:-2] - 1e-6 * u[1:-1] ** 3, [u[-1] - 1]])
    u = np.linspace(0, 1, 200)
    J = jacobian(r, sparse=True)
    for _ in range(5):
        u = u - sl.spsolve(J(u).tocsc(), r(u))
    assert np.abs(r(u)).max() < 1e-8


@wish
def B21():
    """error bars: inverse Hessian / Fisher."""
    r = lambda p: p[0] * np.exp(-p[1] * T) - Y
    f = lambda p: 0.5 * np.sum(r(p) ** 2)
    p = np.array([2.0, 0.7])
    C = np.linalg.inv(hessian(f)(p))
    assert np.all(np.diag(C) > 0)


@wish
def B22():
    """bounds with L-BFGS-B value_and_grad (jac=True)."""
    s = so.minimize(value_and_grad(rosen), np.zeros(4), jac=True, method="L-BFGS-B", bounds=[(0, 0.5)] * 4)
    assert s.x.max() <= 0.5


@wish
def B23():
    """gamma/beta functions derivative (gammaln, betainc)."""
    from scipy.special import betainc, gammaln

    f = lambda a: gammaln(a) + betainc(a, 2.0, 0.3)
    assert np.isclose(grad(f)(1.5), fd(lambda a: f(float(a)), 1.5), atol=1e-6)


@wish
def B24():
    """NaN found: debug_nans / find the line."""
    wengert.config.debug_nans = True
    try:
        grad(lambda x: np.sum(np.log(x - 1) * 0))(np.array([0.5, 2.0]))
    except wengert.errors.NonFiniteError as e:
        assert "log" in str(e) and "fits.py" in str(e), str(e)
    else:
        raise AssertionError
    finally:
        wengert.config.debug_nans = False


@wish
def B25():
    """a dict/dataclass of parameters (pytree, ravel_pytree)."""
    import dataclasses

    from wengert.flatten_util import ravel_pytree

    p = {"a": np.ones(2), "b": (1.0, np.zeros((2, 2)))}
    v, back = ravel_pytree(p)
    f = lambda v: np.sum(back(v)["a"] ** 2) + np.sum(back(v)["b"][1])
    s = grad(f)(v)
    assert s.shape == v.shape

    @wengert.tree_util.register_dataclass
    @dataclasses.dataclass
    class P:
        a: float
        b: float

    g = grad(lambda p: p.a * p.b)(P(2.0, 3.0))
    assert g.a == 3
