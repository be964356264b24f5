"""A campaign: functions of public packages, as they are, in all modes. Not collected by pytest.

    python -m pip install numpy-financial empyrical-reloaded transforms3d colour-science pvlib fluids ht thermo lmfit
        statsmodels scikit-learn filterpy tensorly astropy scikit-rf pymap3d seawater vg
    python tests/compare_packages.py [PACKAGE ...]

Packages that are not installed are left out. Each call's value and gradient are compared with the plain function's: the
gradient with central differences, then `jit`, `jit` of `grad`, `vmap` of `grad`, `jvp`, and the Hessian times a vector with
differences of the gradient. What was found stands in docs/campaigns/public-packages.md.
"""

from __future__ import annotations

import importlib
import sys
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

import wengert as w

RNG = np.random.default_rng(0)
RETURNS, OTHERS = RNG.normal(0.001, 0.01, 50), RNG.normal(0.001, 0.01, 50)
MATRIX, TARGET = RNG.normal(size=(6, 3)), RNG.normal(size=6)
SCATTERING = (RNG.normal(size=(1, 2, 2)) + 1j * RNG.normal(size=(1, 2, 2))) * 0.3

# Module, names of functions, the call (`f` is the function, `m` the module), the point.
CALLS: list[tuple[str, str, Callable[..., Any], Any]] = [
    ("numpy_financial", "npv", lambda f, m, x: f(x[0], x[1:]), [0.08, -100, 30, 40, 60]),
    ("numpy_financial", "irr", lambda f, m, x: f(x), [-100.0, 39, 59, 55, 20]),
    ("numpy_financial", "mirr", lambda f, m, x: f(x[:4], x[4], x[5]), [-100.0, 39, 59, 55, 0.1, 0.12]),
    ("empyrical", "cum_returns max_drawdown annual_volatility sharpe_ratio sortino_ratio calmar_ratio omega_ratio "
     "stability_of_timeseries tail_ratio conditional_value_at_risk", lambda f, m, x: f(x), RETURNS),
    ("empyrical", "excess_sharpe capture", lambda f, m, x: f(x, OTHERS), RETURNS),
    ("transforms3d.euler", "euler2mat euler2quat", lambda f, m, x: f(*x), [0.1, 0.2, 0.3]),
    ("transforms3d.euler", "mat2euler", lambda f, m, x: f(m.euler2mat(*x)), [0.1, 0.2, 0.3]),
    ("transforms3d.quaternions", "quat2mat qinverse", lambda f, m, x: f(x), [0.9, 0.2, 0.3, 0.1]),
    ("colour", "XYZ_to_xyY XYZ_to_Lab XYZ_to_Luv XYZ_to_sRGB XYZ_to_Oklab XYZ_to_IPT RGB_to_HSV HSV_to_RGB RGB_to_HSL "
     "RGB_to_YCbCr XYZ_to_CAM16UCS", lambda f, m, x: f(x), [0.2, 0.3, 0.4]),
    ("colour.difference", "delta_E_CIE2000 delta_E_CMC", lambda f, m, x: f(x[:3], x[3:]), [48.0, 12, 30, 50, 14, 28]),
    ("pvlib.pvsystem", "i_from_v", lambda f, m, x: f(x[0], x[1], x[2] * 1e-8, *x[3:]), [20.0, 7, 3, 0.1, 300, 1.5]),
    ("pvlib.irradiance", "aoi", lambda f, m, x: f(*x), [30.0, 180, 40, 170]),
    ("pvlib.atmosphere", "get_relative_airmass", lambda f, m, x: f(x), [30.0, 50, 70]),
    ("fluids", "friction_factor", lambda f, m, x: f(x[0], x[1]) * 10, [1e5, 1e-4]),
    ("ht", "LMTD", lambda f, m, x: f(*x) * 0.1, [100.0, 60, 30, 40.2]),
    ("thermo.eos", "PR", lambda f, m, x: f(Tc=507.6, Pc=3.025e6, omega=0.2975, T=x[0], P=x[1] * 1e6).V_l * 1e4, [400.0, 1.0]),
    ("lmfit.lineshapes", "gaussian lorentzian voigt pvoigt moffat pearson7 damped_oscillator lognormal students_t expgaussian "
     "doniach skewed_gaussian skewed_voigt", lambda f, m, x: f(x, 1.1, 1.2, 0.7), [0.3, 0.8, 1.9]),
    ("statsmodels.api", "OLS", lambda f, m, x: f(x, MATRIX).fit().params, TARGET),
    ("statsmodels.api", "Logit", lambda f, m, x: f((TARGET > 0) * 1.0, MATRIX).loglike(x), [0.1, 0.2, 0.3]),
    ("statsmodels.tsa.stattools", "acf", lambda f, m, x: f(x, nlags=4, fft=False), OTHERS[:12]),
    ("sklearn.metrics.pairwise", "rbf_kernel laplacian_kernel polynomial_kernel cosine_similarity manhattan_distances",
     lambda f, m, x: f(x.reshape(4, 2), MATRIX[:3, :2]), RNG.normal(size=8)),
    ("tensorly", "unfold", lambda f, m, x: f(x.reshape(2, 2, 3), 1), np.arange(1.0, 13) * 0.1),
    ("skrf.network", "s2z s2t s2a s2y", lambda f, m, x: np.abs(f(SCATTERING * x[0])), [0.9]),
    ("seawater", "dens svel", lambda f, m, x: f(*x) * 0.01, [35.0, 10.0, 100.0]),
    ("pymap3d", "enu2aer", lambda f, m, x: f(*x), [186.0, 286, 939]),
    ("vg", "angle project", lambda f, m, x: f(x[:3], x[3:]) if f.__name__ == "angle" else f(x[:3], onto=x[3:]), [1.0, 2, 3, 3, 1, 0.5]),
]  # fmt: skip


def total(out: Any) -> Any:
    """A number of all that a function gave."""
    if isinstance(out, (tuple, list)):
        return sum(total(o) for o in out)
    return np.sum(np.cos(getattr(out, "values", out) if not callable(getattr(out, "values", None)) else out))


def close(a: Any, b: Any) -> bool:
    size = max(float(np.max(np.abs(b))), 1e-8)
    return np.allclose(np.asarray(a, float), np.asarray(b, float), rtol=2e-4, atol=2e-4 * size)


def differing(g: Callable[..., Any], x: np.ndarray) -> list[str]:
    """The modes in which a scalar function does not give what it gives on plain arrays, with the error if there is one."""
    steps = [1e-6 * max(1.0, abs(v)) * e for v, e in zip(x, np.eye(x.size), strict=True)]
    slope = np.array([(g(x + s) - g(x - s)) / (2 * s.sum()) for s in steps])
    v, h, gradient = np.cos(np.arange(x.size)), 1e-5, w.grad(g)
    modes = {
        "grad": (lambda: gradient(x), lambda: slope),
        "jit": (lambda: w.jit(g)(x), lambda: g(x)),
        "jit of grad": (lambda: w.jit(gradient)(x), lambda: slope),
        "vmap of grad": (lambda: w.vmap(gradient)(np.stack([x, x])), lambda: np.stack([slope, slope])),
        "jvp": (lambda: w.jvp(g, (x,), (v,))[1], lambda: slope @ v),
        "hvp": (lambda: w.jvp(gradient, (x,), (v,))[1], lambda: (gradient(x + h * v) - gradient(x - h * v)) / (2 * h)),
    }
    out = []
    for mode, (got, want) in modes.items():
        try:
            if not close(got(), want()):
                out.append(f"{mode}: {got()}, not {want()}")
        except Exception as error:
            out.append(f"{mode}: {type(error).__name__}: {str(error).splitlines()[0][:160]}")
            if mode == "grad":
                break
    return out


def main(wanted: list[str]) -> int:
    warnings.simplefilter("ignore")
    right = 0
    for module, names, call, point in CALLS:
        if wanted and module.split(".")[0] not in wanted:
            continue
        try:
            m = importlib.import_module(module)
        except ImportError as error:
            print(f"{module}: not tried ({error})")
            continue
        for name in names.split():
            g = lambda x, f=getattr(m, name), m=m, call=call: total(call(f, m, x * 1.0))  # noqa: E731
            found = differing(g, np.asarray(point, float))
            right += not found
            print(f"{module}.{name}: {'right' if not found else ''}", *found, sep="\n    ")
    print(f"{right} right")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
