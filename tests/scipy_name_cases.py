"""Calls of SciPy by its own names, as functions of one number: for `test_scipy_names` and `tools/scipy_by_name.py`.

Each is a function that knows NumPy and SciPy alone, the number at which it is looked at, and how far differences can be
trusted there (solvers stop at their tolerance). `CLOSED` has the exact first and second derivative where there is a formula.
"""

import numpy as np
import scipy.optimize
from scipy.optimize import brentq, minimize, root_scalar  # imported by name too

X = np.linspace(0, 1, 20)
Y = 2 * np.exp(-1.5 * X) + 0.05 * np.sin(20 * X)
TALL = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.5]])
so = scipy.optimize
CASES = {
    "optimize.brentq": (lambda a: brentq(lambda x: x**3 - a, 0, 5), 2.0, 1e-6),
    "optimize.brentq args": (lambda a: brentq(lambda x, a: x**3 - a, 0, 5, args=(a,)), 2.0, 1e-6),
    "optimize.brentq bracket": (lambda a: brentq(lambda x: x**3 - 2.0, 0, a), 2.0, 1e-6),
    "optimize.brentq full_output": (lambda a: so.brentq(lambda x: np.cos(x) - a * x, 0, 5, full_output=True)[0], 2.0, 1e-6),
    "optimize.bisect": (lambda a: so.bisect(lambda x: np.exp(x) - a, 0, 5, xtol=1e-12), 2.0, 1e-6),
    "optimize.ridder": (lambda a: so.ridder(lambda x: np.exp(x) - a, 0, 5), 2.0, 1e-6),
    "optimize.toms748": (lambda a: so.toms748(lambda x: np.exp(x) - a, 0, 5), 2.0, 1e-6),
    "optimize.newton": (lambda a: so.newton(lambda x: x**3 - a, 1.0), 2.0, 1e-6),
    "optimize.newton fprime": (lambda a: so.newton(lambda x: x**3 - a, 1.0, fprime=lambda x: 3 * x**2), 2.0, 1e-6),
    "optimize.newton of arrays": (lambda a: so.newton(lambda x: x**3 - a, np.ones(3)).sum(), 2.0, 1e-6),
    "optimize.root_scalar": (lambda a: root_scalar(lambda x: x**3 - a, bracket=(0, 5)).root, 2.0, 1e-6),
    "optimize.root_scalar newton": (
        lambda a: root_scalar(lambda x: x**3 - a, x0=1.0, fprime=lambda x: 3 * x * x, method="newton").root, 2.0, 1e-6,
    ),
    "optimize.fixed_point": (lambda a: so.fixed_point(lambda x: np.cos(a * x), 0.5), 1.0, 1e-6),
    "optimize.fsolve": (lambda a: so.fsolve(lambda x: [x[0] ** 3 - a * x[1], x[1] ** 2 - a], [1.0, 1.0])[0], 2.0, 1e-6),
    "optimize.root": (lambda a: so.root(lambda x, b: np.stack([x[0] ** 3 - b * x[1], x[1] ** 2 - b]), np.ones(2), (a,)).x[0], 2.0, 1e-6),
    "optimize.root krylov": (lambda a: so.root(lambda x: x + 0.1 * x**3 - a, np.ones(3), method="krylov", tol=1e-10).x.sum(), 2.0, 1e-5),
    "optimize.minimize": (lambda a: minimize(lambda x: np.sum((x - a) ** 2 + a * x**4), np.zeros(2), tol=1e-9).x.sum(), 2.0, 1e-3),
    "optimize.minimize value": (lambda a: minimize(lambda x: np.sum((x - a) ** 2 + a * x**4), np.zeros(2)).fun, 2.0, 1e-6),
    "optimize.minimize jac": (
        lambda a: minimize(lambda x: np.sum(np.cosh(x - a)), np.zeros(2), jac=lambda x: np.sinh(x - a), tol=1e-12).x[0], 2.0, 1e-6,
    ),
    "optimize.minimize bounds": (
        lambda a: minimize(lambda x: np.sum((x - 5) ** 2) + x[0] * x[1], np.zeros(2), bounds=[(0, a**2), (None, None)], tol=1e-12).x.sum(),
        1.1, 1e-3,
    ),
    "optimize.minimize SLSQP": (
        lambda a: minimize(
            lambda x: np.sum((x - a) ** 2 * np.array([1.0, 2.0])), np.ones(2), tol=1e-12,
            constraints={"type": "eq", "fun": lambda x: x[0] * x[1] - a},
        ).x[0], 2.0, 1e-3,
    ),
    "optimize.minimize trust-constr": (
        lambda a: minimize(
            lambda x: np.sum(np.cosh(x - a)), np.ones(2), method="trust-constr", tol=1e-12,
            constraints=[so.NonlinearConstraint(lambda x: x[0] * x[1] - a, 0, 0, jac=lambda x: [[x[1], x[0]]], hess=lambda x, v: v[0] * np.array([[0.0, 1.0], [1.0, 0.0]]))],
            hess=lambda x: np.diag(np.cosh(x - a)), jac=lambda x: np.sinh(x - a),
        ).x[0], 0.5, None,
    ),
    "optimize.minimize_scalar": (lambda a: so.minimize_scalar(lambda x: (x - a) ** 2 + a * x**4).x, 2.0, 1e-4),
    "optimize.minimize_scalar bounded": (
        lambda a: so.minimize_scalar(lambda x: (x - a) ** 2 + a * x**4, bounds=(0, 1), method="bounded", options={"xatol": 1e-9}).x, 2.0, 1e-4,
    ),
    "optimize.fmin_bfgs": (lambda a: so.fmin_bfgs(lambda x: np.sum(np.cosh(x - a * a)), np.zeros(2), gtol=1e-9, disp=0).sum(), 1.2, 1e-3),
    "optimize.least_squares": (
        lambda a: so.least_squares(lambda p: p[0] * np.exp(-p[1] * X) - Y * (1 + a * X), [1.0, 1.0], loss="soft_l1", xtol=1e-14, ftol=1e-14, gtol=1e-14).x[1],
        0.3, 1e-4,
    ),
    "optimize.leastsq": (lambda a: so.leastsq(lambda p: p[0] * np.exp(-p[1] * X) - Y * (1 + a * X), [1.0, 1.0], xtol=1e-14)[0][1], 0.3, 1e-4),
    "optimize.curve_fit": (
        lambda a: so.curve_fit(lambda x, p, q: p * np.exp(-q * x), X, Y * (1 + a * X), xtol=1e-14)[0][1], 0.3, 1e-4,
    ),
    "optimize.curve_fit covariance": (
        lambda a: 1e4 * so.curve_fit(lambda x, p, q: p * np.exp(-q * x), X, Y * (1 + a * X), xtol=1e-14)[1][1, 1], 0.3, 1e-3,
    ),
    "optimize.nnls": (lambda a: so.nnls(TALL * a, np.stack([a, -a, a**2]))[0].sum(), 3.0, 1e-6),
    "optimize.lsq_linear": (lambda a: so.lsq_linear(TALL * a, TALL @ np.ones(2) * a**2, bounds=(-1, 2.5)).x.sum(), 2.0, 1e-6),
}  # fmt: skip
CLOSED = {
    "optimize.brentq": (2 ** (-2 / 3) / 3, -2 / 9 * 2 ** (-5 / 3)),
    "optimize.brentq args": (2 ** (-2 / 3) / 3, -2 / 9 * 2 ** (-5 / 3)),
    "optimize.brentq bracket": (0.0, 0.0),
    "optimize.bisect": (1 / 2, -1 / 4),
    "optimize.ridder": (1 / 2, -1 / 4),
    "optimize.toms748": (1 / 2, -1 / 4),
    "optimize.newton of arrays": (2 ** (-2 / 3), -2 / 3 * 2 ** (-5 / 3)),
    "optimize.fsolve": (2**-0.5 / 2, -(2**-1.5) / 4),
    "optimize.root": (2**-0.5 / 2, -(2**-1.5) / 4),
    "optimize.minimize jac": (1.0, 0.0),
    "optimize.fmin_bfgs": (4.8, 4.0),
    "optimize.lsq_linear": (2.0, 0.0),
}
