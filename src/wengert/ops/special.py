"""Special functions that SciPy computes: Bessel, gamma, beta, exponential integrals, normal distribution functions.

SciPy is imported on the first call. Sources of the derivatives: NIST DLMF 6.2 (exponential integrals), 8.8 and 8.17
(incomplete gamma and beta functions), 10.29 and 10.6 (Bessel functions), 25.11 (zeta).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..core import Value, as_value, dtype_of
from ..errors import NotDifferentiableError
from .elementwise import binary, digamma, exp, function_of, gammaln, log, log1p, sign, unary
from .families import Elementwise

SQRT_2PI = math.sqrt(2 * math.pi)


def _scipy(name: str) -> Callable[..., Any]:
    def call(*args: Any) -> Any:
        import scipy.special

        return getattr(scipy.special, name)(*args)

    call.__name__ = name
    return call


def _none(name: str, argument: str) -> Callable[..., Value]:
    """A partial derivative that has no formula: an error, where None would say that it is zero."""

    def partial(ans: Value, *args: Value) -> Value:
        raise NotDifferentiableError(
            f"{name} has no derivative with respect to {argument} here; use stop_gradient if {argument} is a constant"
        )

    return partial


def _unary(name: str, derivative: Any, domain: tuple[float, float] = (-2.0, 2.0)) -> Elementwise:
    return unary(name, _scipy(name), derivative, domain)


i0_p = _unary("i0", lambda ans, x: i1(x))
i1_p = _unary("i1", lambda ans, x: (i0(x) + iv(2, x)) / 2)
i0e_p = _unary("i0e", lambda ans, x: i1e(x) - sign(x) * ans, (0.3, 2.0))
i1e_p = _unary("i1e", lambda ans, x: (i0e(x) + ive(2, x)) / 2 - sign(x) * ans, (0.3, 2.0))
j0_p = _unary("j0", lambda ans, x: -j1(x))
j1_p = _unary("j1", lambda ans, x: (j0(x) - jv(2, x)) / 2)
gamma_p = unary(
    "gamma",
    _scipy("gamma"),
    lambda ans, x: ans * digamma(x),
    (0.4, 3.0),
    reasons={"complex": "its second derivative needs the zeta function, which SciPy has for real numbers"},
)
erfcx_p = _unary("erfcx", lambda ans, x: 2 * x * ans - 2 / math.sqrt(math.pi))
ndtr_p = _unary("ndtr", lambda ans, x: exp(-0.5 * x * x) / SQRT_2PI)
log_ndtr_p = _unary("log_ndtr", lambda ans, x: exp(-0.5 * x * x - ans) / SQRT_2PI)
ndtri_p = _unary("ndtri", lambda ans, x: SQRT_2PI * exp(0.5 * ans * ans), (0.1, 0.9))
expi_p = _unary("expi", lambda ans, x: exp(x) / x, (0.3, 2.0))
exp1_p = _unary("exp1", lambda ans, x: -exp(-x) / x, (0.3, 2.0))
spence_p = _unary("spence", lambda ans, x: log(x) / (1 - x), (0.2, 0.8))
logit_p = _unary("logit", lambda ans, x: 1 / (x * (1 - x)), (0.1, 0.9))
gammasgn_p = Elementwise("gammasgn", _scipy("gammasgn"), None, samples=gamma_p.samples)

_POSITIVE = ((0.4, 2.0), (0.4, 2.0))
beta_p = binary(
    "beta",
    _scipy("beta"),
    lambda ans, a, b: ans * (digamma(a) - digamma(a + b)),
    lambda ans, a, b: ans * (digamma(b) - digamma(a + b)),
    _POSITIVE,
)
xlogy_p = binary("xlogy", _scipy("xlogy"), lambda ans, x, y: log(y), lambda ans, x, y: x / y, _POSITIVE)
xlog1py_p = binary("xlog1py", _scipy("xlog1py"), lambda ans, x, y: log1p(y), lambda ans, x, y: x / (1 + y), _POSITIVE)


# --- functions of a parameter that is a constant, and of a variable ----------------------------------------------


def _parametric(
    name: str,
    parameters: str,
    derivative: Any,
    values: tuple[float, ...],
    domain: tuple[float, float],
    reasons: dict[str, str] | None = None,
) -> Elementwise:
    names = parameters.split()
    partials = (*[_none(name, p) for p in names], derivative)
    return Elementwise(
        name,
        _scipy(name),
        partials,
        samples=lambda: [((*values, np.linspace(*domain, 3)), {}), ((*values, domain[0]), {})],
        reasons=reasons,
    )


gammainc_p = _parametric("gammainc", "a", lambda ans, a, x: exp((a - 1) * log(x) - x - gammaln(a)), (1.5,), (0.4, 2.0))
gammaincc_p = _parametric(
    "gammaincc", "a", lambda ans, a, x: -exp((a - 1) * log(x) - x - gammaln(a)), (1.5,), (0.4, 2.0)
)
betainc_p = _parametric(
    "betainc",
    "a b",
    lambda ans, a, b, x: exp((a - 1) * log(x) + (b - 1) * log1p(-x)) / beta(a, b),
    (1.5, 2.5),
    (0.2, 0.8),
)
expn_p = _parametric("expn", "n", lambda ans, n, x: -expn(n - 1, x), (3,), (0.4, 2.0))
iv_p = _parametric("iv", "v", lambda ans, v, x: (iv(v - 1, x) + iv(v + 1, x)) / 2, (2,), (-1.0, 2.0))


def _ive_dx(ans: Value, v: Value, x: Value) -> Value:
    if dtype_of(x).kind == "c":
        raise NotDifferentiableError(
            "ive of complex numbers is scaled by the real part, which has no complex derivative: differentiate "
            "iv(v, x) * exp(-abs(real(x)))"
        )
    return (ive(v - 1, x) + ive(v + 1, x)) / 2 - sign(x) * ans


ive_p = _parametric(
    "ive", "v", _ive_dx, (2,), (0.3, 2.0), {"complex": "scaled by the real part: no complex derivative"}
)
jv_p = _parametric("jv", "v", lambda ans, v, x: (jv(v - 1, x) - jv(v + 1, x)) / 2, (2,), (-1.0, 2.0))
zeta_p = _parametric("zeta", "x", lambda ans, x, q: -x * zeta(x + 1, q), (2.5,), (0.4, 2.0))

i0, i1, i0e, i1e, j0, j1 = map(function_of, (i0_p, i1_p, i0e_p, i1e_p, j0_p, j1_p))
iv, ive, jv = map(function_of, (iv_p, ive_p, jv_p))
gamma, gammasgn, erfcx, ndtr, log_ndtr, ndtri = map(
    function_of, (gamma_p, gammasgn_p, erfcx_p, ndtr_p, log_ndtr_p, ndtri_p)
)
expi, exp1, spence, logit = map(function_of, (expi_p, exp1_p, spence_p, logit_p))
beta, xlogy, xlog1py, gammainc, gammaincc, expn, zeta = map(
    function_of, (beta_p, xlogy_p, xlog1py_p, gammainc_p, gammaincc_p, expn_p, zeta_p)
)


def betainc(a: Value, b: Value, x: Value) -> Value:
    """The regularised incomplete beta function; differentiable in `x`."""
    return betainc_p.bind(as_value(a), as_value(b), as_value(x))
