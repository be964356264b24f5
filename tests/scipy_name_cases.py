"""Calls of SciPy by its own names, as functions of one number: for `test_scipy_names` and `tools/scipy_by_name.py`.

Each is a function that knows NumPy and SciPy alone, the number at which it is looked at, and how far differences can be
trusted there (solvers stop at their tolerance). `CLOSED` has the exact first and second derivative where there is a formula.
"""

import numpy as np
import scipy.fft as sf
import scipy.fftpack as fp
import scipy.integrate as sg
import scipy.interpolate as si
import scipy.linalg as la
import scipy.ndimage as ni
import scipy.optimize
import scipy.signal as ss
import scipy.sparse as sp
import scipy.sparse.linalg as sl
import scipy.spatial.distance as sd
import scipy.stats as st
from scipy.integrate import quad, solve_ivp
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
    "optimize.newton complex": (lambda a: np.real(so.newton(lambda x: x**2 + a, 1j) * 1j), 1.2, 1e-6),
    "optimize.root_scalar halley": (
        lambda a: root_scalar(lambda x: x**3 - a, x0=1.0, fprime=lambda x: 3 * x * x, fprime2=lambda x: 6 * x, method="halley").root, 2.0, 1e-6,
    ),
    "optimize.fsolve of a number": (lambda a: so.fsolve(lambda x: x**3 - a, 1.0)[0], 2.0, 1e-6),
    "optimize.fmin_l_bfgs_b": (lambda a: so.fmin_l_bfgs_b(lambda x: np.sum((x - a) ** 2) + a**3, np.zeros(2), approx_grad=True)[1], 1.2, 1e-4),
    "optimize.curve_fit bounds": (
        lambda a: so.curve_fit(lambda x, p, q: p * np.exp(-q * x), X, np.cos(a * X), bounds=(0, [0.9, 5.0]), xtol=1e-14, ftol=1e-14)[0][1], 1.2, 1e-3,
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
T = np.linspace(0, 3, 9)
U = np.sin(T)
LONG = np.linspace(0, 3, 40)
cubic, basis, pchip = si.CubicSpline(T, U), si.make_interp_spline(T, U), si.PchipInterpolator(T, U)
radial, line, curve = si.RBFInterpolator(T[:, None], U), si.interp1d(T, U), si.interp1d(T, U, kind="cubic")
surface = si.RectBivariateSpline(np.linspace(0, 3, 7), np.linspace(0, 3, 6), np.cos(np.arange(42.0)).reshape(7, 6))
bernstein = si.BPoly([[1.0, 2.0], [0.5, 0.3], [2.0, 1.0], [2.0, 4.0]], [0.0, 1.0, 3.0])
smooth, akima = si.UnivariateSpline(T, U, s=0), si.Akima1DInterpolator(T, U)
grid = si.RegularGridInterpolator((T, T), np.outer(U, U))
BAND = sp.diags([4.0, -1.0, -1.5], [0, 1, -1], shape=(9, 9)).tocsc()
SOS = ss.butter(2, 0.3, output="sos")


def squares(x):
    return np.sum(np.abs(x) ** 2)


def prey(t, y, a):
    return [a * y[0] - y[0] * y[1], y[0] * y[1] - y[1]]


def fall(a):
    """The time that a ball falls from a height."""
    hit = lambda t, y: y[0]
    hit.terminal, hit.direction = True, -1
    found = solve_ivp(lambda t, y: [y[1], -9.81], (0, 100), np.stack([a, 0 * a]), events=hit, rtol=1e-9, atol=1e-9)
    return found.t_events[0][0] + found.t[-1] + found.y[0, -1]


RTOL = {"RK23": 1e-4, "Radau": 1e-4, "BDF": 1e-4, "LSODA": 1e-4}
TIGHT = {"rtol": 1e-9, "atol": 1e-10}
CASES |= {
    "integrate.quad": (lambda a: quad(lambda x: np.exp(-a * x) * np.sin(x), 0, 2)[0], 1.5, 1e-7),
    "integrate.quad bounds": (lambda a: quad(lambda x: np.exp(-x), a, a * a)[0], 1.5, 1e-7),
    "integrate.quad infinite": (lambda a: quad(lambda x, b: np.exp(-b * x * x), -np.inf, np.inf, args=(a,))[0], 1.5, 1e-6),
    "integrate.quad singular": (lambda a: quad(lambda x: x ** (-a) * np.cos(x), 0, 1)[0], 0.5, 1e-6),
    "integrate.quad branches": (lambda a: quad(lambda x: a * x if x < 0.3 else a * a * 0.3, 0, 1, points=[0.3])[0], 0.5, 1e-6),
    "integrate.quad_vec": (lambda a: sg.quad_vec(lambda x: np.stack([np.exp(-a * x), np.sin(a * x)]), 0, 2)[0].sum(), 1.5, 1e-7),
    "integrate.dblquad": (lambda a: sg.dblquad(lambda y, x: np.exp(-a * x * y), 0, 1, 0, lambda x: x)[0], 0.5, 1e-6),
    "integrate.fixed_quad": (lambda a: sg.fixed_quad(lambda x: np.exp(-a * x), 0, 2)[0], 1.5, 1e-7),
    **{
        f"integrate.solve_ivp {m}": (
            lambda a, m=m: solve_ivp(prey, (0, 1), [1.0, 2.0], method=m, args=(a,), t_eval=[0.5, 1.0], rtol=RTOL.get(m, 1e-7), atol=1e-8).y.sum(),
            0.7, 1e-2 if m in RTOL else 1e-5,
        )
        for m in ("RK23", "RK45", "DOP853", "Radau", "BDF", "LSODA")
    },
    "integrate.solve_ivp start": (lambda a: solve_ivp(lambda t, y: -(y**2), (0, 2), np.stack([a, a * a]), **TIGHT).y[0, -1], 0.7, 1e-5),
    "integrate.solve_ivp end": (lambda a: solve_ivp(lambda t, y: -(y**2), (0, a), [1.0, 2.0], **TIGHT).y[0, -1], 0.7, 1e-5),
    "integrate.solve_ivp event": (fall, 2.0, 1e-5),
    "integrate.solve_ivp dense_output": (
        lambda a: solve_ivp(lambda t, y: -a * y, (0, 2), [1.0], dense_output=True, **TIGHT).sol(a)[0], 0.7, 1e-5,
    ),
    "integrate.odeint": (lambda a: sg.odeint(lambda y, t: -a * y, [1.0, 2.0], np.array([0, 1.0, 2.0]))[-1].sum(), 0.7, 1e-5),
    "integrate.trapezoid": (lambda a: sg.trapezoid(np.cos(a * T), T), 1.2, 1e-7),
    "integrate.cumulative_trapezoid": (lambda a: squares(sg.cumulative_trapezoid(np.cos(a * T), T)), 1.2, 1e-7),
    "integrate.simpson": (lambda a: sg.simpson(np.cos(a * T), x=T), 1.2, 1e-7),
    "integrate.cumulative_simpson": (lambda a: squares(sg.cumulative_simpson(np.cos(a * T), x=T)), 1.2, 1e-7),
    "integrate.romb": (lambda a: sg.romb(np.cos(a * T)), 1.2, 1e-7),
    "interpolate.CubicSpline": (lambda a: si.CubicSpline(T, np.cos(a * T))(1.1), 1.2, 1e-7),
    "interpolate.CubicSpline point": (lambda a: cubic(a) + cubic(a, 1) + cubic.integrate(0.1, a) + cubic.derivative()(a), 1.2, 1e-7),
    "interpolate.PchipInterpolator": (lambda a: si.PchipInterpolator(T, np.exp(a * T))(1.1) + pchip(a), 1.2, 1e-6),
    "interpolate.Akima1DInterpolator": (lambda a: akima(a), 1.2, 1e-7),
    "interpolate.BSpline": (lambda a: si.BSpline(basis.t, basis.c * a**2, 3)(a) + basis(a) + basis(a, 1) + basis.integrate(0.2, a), 1.2, 1e-7),
    "interpolate.make_interp_spline": (lambda a: si.make_interp_spline(T, np.cos(a * T))(1.1), 1.2, 1e-7),
    "interpolate.make_lsq_spline": (lambda a: si.make_lsq_spline(T, np.cos(a * T), np.r_[(0,) * 4, 1.5, (3,) * 4])(1.1), 1.2, 1e-7),
    "interpolate.make_smoothing_spline": (lambda a: si.make_smoothing_spline(T, np.cos(a * T), lam=0.1)(1.1), 1.2, 1e-7),
    "interpolate.splev": (lambda a: si.splev(a, si.splrep(T, np.cos(a * T))), 1.2, 1e-7),
    "interpolate.UnivariateSpline": (lambda a: smooth(a) + smooth(a, 1), 1.2, 1e-7),
    "interpolate.UnivariateSpline of values": (
        lambda a: si.UnivariateSpline(T, np.cos(a * T), s=0)(1.1) + smooth.integral(a, 2.5) + si.splint(0.3, a, si.splrep(T, np.cos(a * T))), 1.2, 1e-6,
    ),
    "interpolate.InterpolatedUnivariateSpline": (lambda a: si.InterpolatedUnivariateSpline(T, np.cos(a * T), k=4)(a), 1.2, 1e-6),
    "interpolate.RectBivariateSpline": (
        lambda a: si.RectBivariateSpline(T, T, np.outer(np.cos(a * T), T**3))(np.stack([0.3, a]), 0.7).sum() + surface.ev(a, a / 2, dx=1), 1.2, 1e-6,
    ),
    "interpolate.bisplev": (lambda a: si.bisplev(a, a / 2, (*surface.tck, *surface.degrees), dy=1), 1.2, 1e-6),
    "interpolate.BPoly": (
        lambda a: si.BPoly(np.stack([[a, 1.0], [a * a, 2.0], [3.0, 2.0 * a]]), [0.0, 1.0, 3.0])(1.1, 1) + bernstein(a), 1.2, 1e-6,
    ),
    "interpolate.BarycentricInterpolator": (lambda a: si.BarycentricInterpolator(T[:4], np.cos(a * T[:4]))(1.1), 1.2, 1e-6),
    "interpolate.interp1d": (lambda a: line(a) + curve(a) + si.interp1d(T, np.cos(a * T))(1.1), 1.2, 1e-6),
    "interpolate.RegularGridInterpolator": (
        lambda a: grid(np.stack([a, a / 2]))[0] + si.RegularGridInterpolator((T, T), np.outer(np.cos(a * T), T))([[1.1, 0.3]])[0], 1.2, 1e-6,
    ),
    "interpolate.RBFInterpolator": (
        lambda a: radial(np.stack([a, a / 2])[:, None]).sum() + si.RBFInterpolator((T**2 * a)[:, None], U, kernel="gaussian", epsilon=2.0)(np.array([[1.1]]))[0],
        1.2, 1e-5,
    ),
    "signal.savgol_filter": (lambda a: squares(ss.savgol_filter(np.cos(a * T), 5, 2)), 1.2, 1e-7),
    "signal.filtfilt": (lambda a: squares(ss.filtfilt([0.3, 0.2], [1, -0.2], np.cos(a * LONG))), 1.2, 1e-7),
    "signal.sosfilt": (lambda a: squares(ss.sosfilt(SOS, np.cos(a * T))), 1.2, 1e-7),
    "signal.sosfiltfilt": (lambda a: squares(ss.sosfiltfilt(SOS, np.cos(a * LONG))), 1.2, 1e-7),
    "signal.lfilter": (lambda a: squares(ss.lfilter([0.3, 0.2], [1, -0.2], np.cos(a * T))), 1.2, 1e-7),
    "signal.welch": (lambda a: squares(ss.welch(np.cos(a * LONG), nperseg=16)[1]), 1.2, 1e-7),
    "signal.resample": (lambda a: squares(ss.resample(np.cos(a * T), 12)), 1.2, 1e-7),
    "signal.decimate": (lambda a: squares(ss.decimate(np.cos(a * LONG), 2)), 1.2, 1e-7),
    "fftpack.fft": (lambda a: squares(fp.fft(np.cos(a * T)) ** 2), 1.2, 1e-6),
    "fftpack.rfft": (lambda a: squares(fp.rfft(np.cos(a * T)) ** 2), 1.2, 1e-6),
    "fftpack.dct": (lambda a: squares(fp.dct(np.cos(a * T))), 1.2, 1e-6),
    "fft.fft": (lambda a: squares(sf.fft(np.cos(a * T)) ** 2), 1.2, 1e-6),
    "sparse.linalg.spsolve": (lambda a: squares(sl.spsolve(BAND, np.cos(a * T))), 1.2, 1e-7),
    "sparse.linalg.splu": (
        lambda a: squares(sl.splu(BAND).solve(np.cos(a * T))) + squares(sl.splu(BAND).solve(np.cos(a * T), "T")) + sl.splu(BAND).nnz, 1.2, 1e-7,
    ),
    "sparse.linalg.factorized": (lambda a: squares(sl.factorized(BAND)(np.cos(a * T))), 1.2, 1e-7),
    "sparse.linalg.cg": (lambda a: squares(sl.cg(BAND.T @ BAND, np.cos(a * T), rtol=1e-13)[0]), 1.2, 1e-6),
    "sparse.linalg.gmres": (lambda a: squares(sl.gmres(BAND, np.cos(a * T), rtol=1e-13)[0]), 1.2, 1e-6),
    "sparse.linalg.expm_multiply": (lambda a: squares(sl.expm_multiply(BAND * 0.1, np.cos(a * T))), 1.2, 1e-7),
    "linalg.solve_banded": (lambda a: squares(la.solve_banded((1, 1), 1 + a * np.array([[0.0], [3.0], [0.0]]) * np.ones((3, 9)), T)), 1.2, 1e-7),
    "linalg.solve_triangular": (lambda a: squares(la.solve_triangular(np.eye(9) * a + np.tri(9), T, lower=True)), 1.2, 1e-7),
    "linalg.cho_solve": (lambda a: squares(la.cho_solve(la.cho_factor(np.eye(9) * a + 1), T)), 1.2, 1e-7),
    "linalg.lu_solve": (lambda a: squares(la.lu_solve(la.lu_factor(np.eye(9) * a + 1), T)), 1.2, 1e-7),
    "linalg.expm": (lambda a: squares(la.expm(np.array([[0, 1.0], [-1, 0]]) * a + np.eye(2) * a * a)), 1.2, 1e-7),
    "linalg.solve_continuous_are": (
        lambda a: la.solve_continuous_are(np.array([[0, 1.0], [-1, 0]]) * a, np.eye(2), np.eye(2), np.eye(2) * a)[0, 0], 1.2, 1e-6,
    ),
    "linalg.solve_discrete_are": (
        lambda a: la.solve_discrete_are(np.array([[0, 1.0], [-1, 0]]) * a, np.eye(2), np.eye(2), np.eye(2) * a)[0, 0], 1.2, 1e-6,
    ),
    "ndimage.gaussian_filter": (lambda a: squares(ni.gaussian_filter(np.cos(a * np.outer(T, T)), 1.0)), 1.2, 1e-7),
    "ndimage.map_coordinates": (lambda a: ni.map_coordinates(np.outer(U, U), [np.stack([a]), np.stack([2 * a])])[0], 1.2, 1e-6),
    "spatial.distance.pdist": (lambda a: np.sum(sd.pdist(np.stack([np.cos(a * T), U, T]))), 1.2, 1e-7),
    "spatial.distance.cdist": (lambda a: np.sum(sd.cdist(np.stack([np.cos(a * T), U]), np.stack([T + a, U]), "cosine")), 1.2, 1e-7),
    "stats.norm": (lambda a: st.norm.logpdf(T, a, a**2).sum() + st.norm(a, 2.0).cdf(0.3), 1.2, 1e-6),
    "stats.gamma": (lambda a: st.gamma.cdf(1.3, a) + st.gamma.ppf(0.3, a), 1.2, 1e-5),
    "stats.skewnorm": (lambda a: st.skewnorm.logpdf(T, a).sum() + st.skewnorm(a).cdf(0.3) + st.skewnorm.ppf(0.3, a), 1.2, 1e-5),
    "stats.multivariate_normal": (lambda a: st.multivariate_normal.logpdf(T[:2], np.stack([a, a * 2]), np.eye(2)), 1.2, 1e-6),
    "stats.gaussian_kde": (lambda a: st.gaussian_kde(np.cos(a * T))(0.3)[0], 1.2, 1e-6),
    "stats.zscore": (lambda a: np.sum(st.zscore(np.cos(a * T)) ** 3), 1.2, 1e-6),
    "stats.pearsonr": (lambda a: st.pearsonr(np.cos(a * T), T)[0] + st.pearsonr(np.cos(a * T), T).pvalue, 1.2, 1e-6),
    "stats.linregress": (lambda a: st.linregress(T, np.cos(a * T)).slope + st.linregress(T, np.cos(a * T)).stderr, 1.2, 1e-6),
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
    "integrate.quad infinite": (-np.sqrt(np.pi) / 2 * 1.5**-1.5, 0.75 * np.sqrt(np.pi) * 1.5**-2.5),
    "integrate.quad bounds": (-np.exp(-1.5) + 3 * np.exp(-2.25), np.exp(-1.5) + 2 * np.exp(-2.25) - 9 * np.exp(-2.25)),
    "integrate.solve_ivp start": (1 / 2.4**2, -4 / 2.4**3),
    "integrate.solve_ivp end": (-1 / 1.7**2, 2 / 1.7**3),
    "integrate.solve_ivp event": (np.sqrt(2 / 9.81) / np.sqrt(2), -np.sqrt(2 / 9.81) / 4 / np.sqrt(2)),
}
