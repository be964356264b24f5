"""What somebody wishes who fits models in NumPy and SciPy: the second list; see run.py."""

import functools
import multiprocessing
import warnings

import numpy as np
import scipy.optimize as so
from helpers import differences, listed, python

import wengert
from wengert import grad, hessian, jacfwd, jacobian, jit

WISHES, wish = listed()
RNG = np.random.default_rng(1)
T = np.linspace(0, 3, 30)
Y = 2 * np.exp(-0.7 * T) + 0.05 * RNG.normal(size=30)


def check(f, x, rtol=1e-4):
    g, d = grad(f)(np.asarray(x, float)), differences(f, x)
    assert np.allclose(g, d, rtol=rtol, atol=1e-5), (g, d)


@wish
def F01():
    """trust-constr with a constraint's Jacobian and Hessian."""
    f = lambda x: (x[0] - 1) ** 2 + (x[1] - 2.5) ** 2
    c = lambda x: np.array([x[0] ** 2 + x[1] ** 2])
    con = so.NonlinearConstraint(c, -np.inf, 4.0, jac=jacobian(c), hess=lambda x, v: hessian(lambda z: v @ c(z))(x))
    s = so.minimize(f, np.array([0.5, 0.5]), method="trust-constr", jac=grad(f), hess=hessian(f), constraints=[con])
    assert np.isclose(np.hypot(*s.x), 2, atol=1e-3)


@wish
def F02():
    """How do fitted parameters move with the data: through curve_fit by its own name."""
    f = lambda y: so.curve_fit(lambda t, a, b: a * np.exp(-b * t), T, y, p0=(1.0, 1.0), ftol=1e-12, xtol=1e-12)[0][1]
    d = (f(Y + 1e-4 * np.eye(30)[3]) - f(Y - 1e-4 * np.eye(30)[3])) / 2e-4
    assert np.isclose(grad(f)(Y)[3], d, rtol=1e-3)


@wish
def F03():
    """Linear least squares: derivative of np.linalg.lstsq's solution by the design matrix."""
    A = RNG.normal(size=(8, 3))
    b = RNG.normal(size=8)
    check(lambda A: np.sum(np.linalg.lstsq(A, b, rcond=None)[0] ** 2), A)


@wish
def F04():
    """A cubic spline through knots that are fitted: scipy's CubicSpline."""
    from scipy.interpolate import CubicSpline

    k = np.linspace(0, 3, 6)
    check(lambda v: np.sum((CubicSpline(k, v)(T) - Y) ** 2), np.exp(-k))


@wish
def F05():
    """Filters of scipy.signal: lfilter by its coefficients, savgol_filter by its data."""
    from scipy.signal import lfilter, savgol_filter

    check(lambda a: np.sum(lfilter(np.array([0.3]), np.array([1.0, -0.5]) * a, Y) ** 2), np.array([1.0, 1.1]))
    check(lambda y: np.sum(savgol_filter(y, 7, 2) ** 2), Y)


@wish
def F06():
    """Convolution of a model with an instrument's response, np.convolve."""
    check(
        lambda p: np.sum(np.convolve(p[0] * np.exp(-p[1] * T), np.exp(-(np.arange(-3, 4) ** 2) / p[2]), "same") ** 2),
        [2.0, 0.7, 1.5],
    )


@wish
def F07():
    """Maximum likelihood of a gamma distribution by scipy.stats' own logpdf."""
    from scipy.stats import gamma

    x = RNG.gamma(2.0, 1.5, 100)
    nll = lambda p: -np.sum(gamma.logpdf(x, np.exp(p[0]), scale=np.exp(p[1])))
    s = so.minimize(nll, np.zeros(2), jac=grad(nll))
    assert np.abs(grad(nll)(s.x)).max() < 1e-2 and s.success


@wish
def F08():
    """Standard errors from the Hessian of a Student-t likelihood with degrees of freedom free."""
    from scipy.stats import t

    x = 3 + RNG.standard_t(4, 200)
    nll = lambda p: -np.sum(t.logpdf(x, np.exp(p[2]), loc=p[0], scale=np.exp(p[1])))
    H = hessian(nll)(np.array([3.0, 0.0, 1.4]))
    D = np.stack(
        [
            (grad(nll)(np.array([3.0, 0.0, 1.4]) + e) - grad(nll)(np.array([3.0, 0.0, 1.4]) - e)) / 2e-5
            for e in 1e-5 * np.eye(3)
        ]
    )
    assert np.allclose(H, D, rtol=1e-3, atol=1e-3)


@wish
def F09():
    """A Poisson regression by Newton's method in a Python loop until the step is small."""
    X = RNG.normal(size=(50, 3))
    y = RNG.poisson(np.exp(X @ [0.3, -0.2, 0.5]))
    nll = lambda b: np.sum(np.exp(X @ b) - y * (X @ b))
    b = np.zeros(3)
    for _ in range(20):
        step = np.linalg.solve(hessian(nll)(b), grad(nll)(b))
        b = b - step
        if np.abs(step).max() < 1e-10:
            break
    assert np.abs(grad(nll)(b)).max() < 1e-8


@wish
def F10():
    """Propagation of uncertainty: J C J' of a function that returns several derived quantities."""
    f = lambda p: np.array([p[0] / p[1], np.hypot(p[0], p[1]), np.log(p[0] * p[1])])
    J = jacfwd(f)(np.array([3.0, 4.0]))
    assert np.allclose(J, [[0.25, -3 / 16], [0.6, 0.8], [1 / 3, 0.25]])


@wish
def F11():
    """The likelihood of a Kalman filter over a hundred points, in a Python loop, compiled."""
    y = np.cumsum(RNG.normal(size=100))

    def nll(p):
        q, r = np.exp(p)
        m, P, total = 0.0, 10.0, 0.0
        for v in y:
            P = P + q
            S = P + r
            e = v - m
            total = total + 0.5 * (np.log(S) + e**2 / S)
            K = P / S
            m, P = m + K * e, (1 - K) * P
        return total

    p = np.array([0.1, -0.3])
    assert np.allclose(jit(grad(nll))(p), differences(nll, p), rtol=1e-4)


@wish
def F12():
    """A class that keeps its data: the gradient of a method."""

    class Model:
        def __init__(self, t, y):
            self.t, self.y = t, y

        def loss(self, p):
            return np.sum((p[0] * np.exp(-p[1] * self.t) - self.y) ** 2)

    m = Model(T, Y)
    assert np.allclose(grad(m.loss)(np.array([1.0, 1.0])), differences(m.loss, [1.0, 1.0]), rtol=1e-5)
    assert np.allclose(jit(grad(m.loss))(np.array([1.0, 1.0])), grad(m.loss)(np.array([1.0, 1.0])))


@wish
def F13():
    """functools.partial, several arguments at once, keyword arguments left alone."""
    f = lambda a, b, c, *, power=2: np.sum((a * b - c) ** power)
    g = grad(functools.partial(f, power=4), argnums=(0, 2))(2.0, 3.0, np.ones(2))
    assert np.isclose(g[0], 2 * 4 * 5**3 * 3) and np.allclose(g[1], -4 * 125.0)
    assert np.isclose(grad(f)(2.0, 3.0, np.ones(2), power=3), 2 * 3 * 25 * 3)


@wish
def F14():
    """Data with gaps: np.nansum, np.nanmean, boolean masks of valid points; gradients are finite."""
    y = Y.copy()
    y[[2, 5]] = np.nan
    ok = ~np.isnan(y)
    f = lambda p: np.nansum((p[0] * np.exp(-p[1] * T) - y) ** 2) + np.mean((p[0] * np.exp(-p[1] * T[ok]) - y[ok]) ** 2)
    check(f, [1.0, 1.0])


@wish
def F15():
    """np.where beside a pole: the gradient of the branch taken, and where I learn what to write if it is NaN."""
    f = lambda x: np.sum(np.where(x > 0, np.log(np.where(x > 0, x, 1.0)), 0.0))
    assert np.allclose(grad(f)(np.array([2.0, 0.0, -1.0])), [0.5, 0, 0])


@wish
def F16():
    """np.piecewise, np.select, np.clip, np.heaviside in a model."""
    f = lambda x: np.sum(
        np.piecewise(x, [x < 1, x >= 1], [lambda v: v**2, lambda v: 2 * v - 1])
        + np.select([x > 2], [x**3], 0.0) + np.clip(x, 0.5, 1.5) ** 2 * np.heaviside(x - 0.7, 0.5)
    )  # fmt: skip
    check(f, [0.3, 0.9, 1.2, 2.5])


@wish
def F17():
    """Sums along time: trapezoid, cumsum, diff, gradient."""
    check(lambda y: np.trapezoid(y**2, T) + np.sum(np.cumsum(y) * np.gradient(y, T)) + np.sum(np.diff(y, 2) ** 2), Y)


@wish
def F18():
    """Data of different lengths, in a list: a hierarchical model."""
    groups = [RNG.normal(m, 1, n) for m, n in ((0, 5), (1, 9), (2, 3))]
    f = lambda p: (
        sum(np.sum((g - p[i]) ** 2) for i, g in enumerate(groups))
        + np.sum((p[:3] - p[3]) ** 2) * np.exp(-p[4])
        + 3 * p[4]
    )
    check(f, [0.1, 0.9, 2.0, 1.0, 0.2])


@wish
def F19():
    """A Markov model: scipy.linalg.expm of a rate matrix."""
    from scipy.linalg import expm

    Q = lambda r: np.array([[-r[0], r[0]], [r[1], -r[1]]])
    check(lambda r: np.log(expm(0.3 * Q(r))[0, 1]) + np.log(expm(2.0 * Q(r))[1, 1]), [0.5, 0.8])


@wish
def F20():
    """A sparse design matrix of scipy.sparse times parameters."""
    import scipy.sparse as sp

    A = sp.random(20, 6, 0.3, "csr", random_state=0)
    b = RNG.normal(size=20)
    f = lambda x: np.sum((A @ x - b) ** 2)
    assert np.allclose(grad(f)(np.ones(6)), 2 * A.T @ (A @ np.ones(6) - b))


@wish
def F21():
    """An older model with scipy.integrate.odeint."""
    from scipy.integrate import odeint

    f = lambda k: np.sum((odeint(lambda y, t, k: [-k[0] * y[0] + k[1]], [2.0], T, args=(k,))[:, 0] - Y) ** 2)
    k = np.array([0.7, 0.1])
    assert np.allclose(grad(f)(k), differences(f, k, 1e-4), rtol=1e-3, atol=1e-4)


def fitted(seed):
    rng = np.random.default_rng(seed)
    i = rng.integers(0, 30, 30)
    f = lambda p: np.sum((p[0] * np.exp(-p[1] * T[i]) - Y[i]) ** 2)
    return so.minimize(f, np.array([1.0, 1.0]), jac=grad(f)).x


@wish
def F22():
    """A bootstrap over processes: multiprocessing.Pool of fits."""
    with multiprocessing.get_context("fork").Pool(2) as pool:
        found = np.array(pool.map(fitted, range(6)))
    assert np.allclose(found[3], fitted(3)) and found.shape == (6, 2)


@wish
def F23():
    """scipy.optimize.root and fsolve with the exact Jacobian."""
    f = lambda x: np.array([x[0] ** 2 + x[1] - 3, np.exp(x[0]) - x[1]])
    a = so.root(f, [1.0, 1.0], jac=jacobian(f))
    b = so.fsolve(f, [1.0, 1.0], fprime=jacobian(f))
    assert a.success and np.allclose(a.x, b)


@wish
def F24():
    """Which line of my likelihood costs most: explain(jit(f), x) names lines of this file."""

    def slow(p):
        a = np.exp(-p[0] * T)
        b = np.linalg.inv(np.eye(30) + np.outer(a, a))
        return Y @ b @ Y

    s = str(wengert.explain(jit(slow), np.array([0.5])))
    assert "fits.py" in s and "inv" in s


@wish
def F25():
    """No warnings of the library's own in a fit that has none in NumPy, and np.errstate is respected."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        f = lambda p: np.sum((p[0] * np.exp(-p[1] * T) - Y) ** 2)
        so.minimize(f, np.array([1.0, 1.0]), jac=grad(f))
        with np.errstate(divide="ignore"):
            grad(lambda x: np.sum(np.log(x)))(np.array([0.0, 1.0]))
    assert python("import wengert, numpy as np\nprint(wengert.grad(np.sum)(np.ones(2)))", "-W", "error")
