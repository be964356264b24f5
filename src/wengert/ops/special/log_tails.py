"""Logarithms of incomplete gamma and beta functions and of Student's distribution function, finite where these underflow.

Their derivatives are quotients of a density and a probability, which have the rounding of large exponents each; together they
are what `OverDensity` has.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...core import Value
from ...vocabulary import Function
from ..declare import quietly
from ..elementwise import absolute, exp, isinf, log, where
from . import gamma_steps
from .declare import Domain, OverDensity, kept, scipy_function, special
from .gammas import _beta_density, _gamma_density, betainc_over_density_p, gammainc_over_density_p
from .polygammas import digamma
from .student import _t_density, stdtr_over_density_p

ndarray = np.ndarray
_LEAST = 1e-290


def _log_gamma_density(a: ndarray, x: ndarray) -> ndarray:
    return gamma_steps.gamma_front(a, x) - np.log(x)


def _log_beta_density(a: ndarray, b: ndarray, x: ndarray) -> ndarray:
    return gamma_steps.beta_front(a, b, x, 1 - x) - np.log(x) - np.log1p(-x)


def _log_t_density(df: ndarray, t: ndarray) -> ndarray:
    norm = gamma_steps.half_step((0,), df / 2) - 0.5 * np.log(2 * np.pi)
    return norm - (df + 1) * np.log(np.hypot(1, t / np.sqrt(df)))


def _log_tail(
    name: str,
    over: OverDensity,
    density: Callable[..., Value],
    log_density: Callable[..., ndarray],
    parts: tuple[Function, Function],
    ends: tuple[float, float],
    upper: bool,
    beyond: float,
    falling: int | None,
    *domains: Domain,
) -> Any:
    """The logarithm of one of both `parts`, the lower or the `upper` one.

    Args:
        ends: of the variable; there the parts are exact.
        beyond: the derivative at infinity.
        falling: the parameter by which the derivative is the logarithm of the distance from the end where the part vanishes.
    """
    one, other = parts[::-1] if upper else parts

    def value(*args: Any) -> Any:
        given = np.broadcast_arrays(*[np.asarray(a, np.float64) for a in args])
        with np.errstate(all="ignore"):
            p = np.asarray(one(*given))
            out = np.where(p < 0.5, np.log(p), np.log1p(-other(*given)))
            small = (p < _LEAST) & (given[-1] > ends[0]) & (given[-1] < ends[1])
            for parameter in given[:-1]:
                small &= np.isfinite(parameter)
            if small.any():
                rest = [a[small] for a in given]
                out[small] = log_density(*rest) + np.log(np.abs(over.kernel((0,) * (len(rest) - 1), *rest)))
        return out[()]

    def slope(ans: Value, args: tuple[Value, ...]) -> Value:
        """The derivative in the variable; a part that vanishes at a finite end has a pole there."""
        x, sign = args[-1], -1.0 if upper else 1.0
        scaled = over.bind(*args, orders=(0,) * (len(args) - 1))
        own = (scaled < 0) | (x == ends[1]) if upper else (scaled > 0) | (x == ends[0])
        out = sign * where(own, 1 / absolute(where(own, scaled, 1.0)), density(*args) * exp(-ans))
        if falling is not None:  # that of a power of the distance
            p, distance = args[falling], _distance(x)
            gone = (distance == 0) & (p > 0)
            out = where(gone, sign * p / where(gone, distance, 1.0), out)
        return where(isinf(x), beyond, out)

    def _distance(x: Value) -> Value:
        return ends[1] - x if upper else x

    def in_parameter(i: int) -> Any:
        def rule(ans: Value, *args: Value) -> Value:
            orders = tuple(int(k == i) for k in range(len(args) - 1))
            out = over.bind(*args, orders=orders) * slope(ans, args)
            if falling is None:
                return out
            x, p = args[-1], args[i]
            gone = (x == ends[int(upper)]) & (p > 0)
            # The part is the power of the distance from the end by a parameter p, over gamma(p + 1), times gamma(a + b) / gamma(b).
            both = digamma(args[0] + args[1]) if len(args) > 2 else 0.0
            if i == falling:
                return where(gone, log(where(gone, _distance(x), 1.0)) - digamma(p + 1) + both, out)
            return where(gone, both - digamma(p), out)

        return quietly(rule)

    rules = [in_parameter(i) for i in range(len(domains) - 1)]
    return special(
        name,
        (*rules, quietly(lambda ans, *args: slope(ans, args))),
        *domains,
        function=kept(value),
        reasons={"complex": "probabilities are of real numbers"},
    )


def _pair(
    name: str,
    over: OverDensity,
    density: Any,
    log_density: Any,
    parts: Any,
    ends: tuple[float, float],
    beyond: float,
    *domains: Domain,
) -> tuple[Any, Any]:
    last = len(domains) - 2 if np.isfinite(ends[1]) else None
    lower = _log_tail(f"log_{name}", over, density, log_density, parts, ends, False, 0.0, 0, *domains)
    return lower, _log_tail(f"log_{name}c", over, density, log_density, parts, ends, True, beyond, last, *domains)


_GAMMA = (scipy_function("gammainc"), scipy_function("gammaincc"))
_BETA = (scipy_function("betainc"), scipy_function("betaincc"))
log_gammainc_p, log_gammaincc_p = _pair(
    "gammainc",
    gammainc_over_density_p,
    _gamma_density,
    _log_gamma_density,
    _GAMMA,
    (0.0, np.inf),
    -1.0,
    (0.6, 3.0),
    (0.3, 4.0),
)
log_betainc_p, log_betaincc_p = _pair(
    "betainc",
    betainc_over_density_p,
    _beta_density,
    _log_beta_density,
    _BETA,
    (0.0, 1.0),
    0.0,
    (0.6, 3.0),
    (0.6, 3.0),
    (0.2, 0.8),
)


def _stdtr(df: Any, t: Any) -> Any:
    import scipy.special as sp

    return sp.stdtr(df, t)


log_stdtr_p = _log_tail(
    "log_stdtr",
    stdtr_over_density_p,
    _t_density,
    _log_t_density,
    (_stdtr, lambda df, t: _stdtr(df, -t)),
    (-np.inf, np.inf),
    False,
    0.0,
    None,
    (1.0, 5.0),
    (-2.0, 2.0),
)

__all__ = ["log_betainc_p", "log_betaincc_p", "log_gammainc_p", "log_gammaincc_p", "log_stdtr_p"]
