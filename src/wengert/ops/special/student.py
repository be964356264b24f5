"""Student's distribution: its density, distribution function and quantiles, differentiable in the degrees of freedom.

The logarithm of the density is the sum of a norm and of an exponent whose derivatives in the degrees of freedom nearly cancel
where these are many, each of them too: both are primitives of their own.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...core import Value, dtype_of
from ...documented import with_example
from ..declare import function_of, quietly
from ..elementwise import exp, over_squares, sqrt, square, where
from . import gamma_steps, kernels
from .declare import OverDensity, ParameterDerivative, few, kept, log_derivatives, special

half_step_p = ParameterDerivative(
    "half_step",
    gamma_steps.half_step,
    [],
    1,
    lambda: [(args, {"orders": (n,)}) for n in (0, 1) for args, _ in few((0.4, 20.0))()],
)


def _t_bend(u: Value) -> Value:
    """``log1p(u**2) - u**2 / (1 + u**2)``."""
    x = np.abs(np.asarray(u, np.float64))
    with np.errstate(all="ignore"):
        far, near = x > 1e8, x < 0.1
        y = np.where(far, 1.0, x)
        w = y * y
        series = np.zeros_like(w)
        for k in range(16, 1, -1):  # sum of (-1)**k (k - 1) / k w**k
            series = (series + (-1.0) ** k * (k - 1) / k) * w
        out = np.where(far, 2 * np.log(x) - 1, np.where(near, series * w, np.log1p(w) - w / (1 + w)))
    return out.astype(np.result_type(u, np.float32) if dtype_of(u).kind == "f" else np.float64)[()]


t_bend_p = special(
    "t_bend",
    (lambda ans, u: 2 * u * square(over_squares(u, dtype_of(ans).type(1))),),
    (-2.0, 2.0),
    function=_t_bend,
    reasons={"complex": "Student's density is for real numbers"},
)


def _t_exponent(z: Any, df: Any) -> Value:
    with np.errstate(over="ignore"):
        u = np.absolute(z / np.sqrt(df))
        far = u > 1e8
        return (
            (df + 1) / 2 * np.where(far, 2 * np.log(np.where(far, u, 1)), np.log1p(np.square(np.where(far, 0, u))))
        )[()]


# ``(df + 1) / 2 log1p(z**2 / df)``: neither a square that overflows nor, for large df, differences that cancel
t_exponent_p = special(
    "t_exponent",
    (
        lambda ans, z, df: (df + 1) * over_squares(z, sqrt(df)),
        lambda ans, z, df: (t_bend_p.bind(z / sqrt(df)) - z * over_squares(z, sqrt(df)) / df) / 2,
    ),
    (-2.0, 2.0),
    (1.0, 5.0),
    function=kept(_t_exponent),
    reasons={"complex": "Student's density is for real numbers"},
)


def t_log_density(df: Value, t: Value) -> Value:
    """The logarithm of Student's density, DLMF 5.11.13 for its norm."""
    return half_step_p.bind(df / 2, orders=(0,)) - 0.5 * math.log(2 * math.pi) - t_exponent_p.bind(t, df)


def _t_log_slope(df: Value, t: Value) -> Value:
    """The derivative in `df` of the logarithm of the density."""
    return half_step_p.bind(df / 2, orders=(1,)) / 2 - t_exponent_p.partials[1](None, t, df)  # type: ignore[index,operator]


def _t_density(df: Value, t: Value) -> Value:
    return exp(t_log_density(df, t))


def _t_density_in_df(orders: tuple[int, ...], df: Value, t: Value) -> Value:
    """Derivatives of the density in `df`, by those of its logarithm."""
    squares = square(t)

    def slope(k: int) -> Value:
        # of -(df + 1) / 2 log1p(t²/df) + half_step(df / 2), k times in df
        sign, fall = (-1.0) ** k, math.factorial(k - 1)
        power_of = lambda v, n: v ** (-float(n))  # noqa: E731
        logs = -sign * fall * (power_of(df + squares, k) - power_of(df, k))  # of log1p(t²/df) = log(df + t²) - log(df)
        below = sign * math.factorial(k - 2) * (power_of(df + squares, k - 1) - power_of(df, k - 1))
        return half_step_p.bind(df / 2, orders=(k,)) / 2.0**k - (df + 1) / 2 * logs - k / 2 * below

    return log_derivatives(_t_log_slope(df, t), slope, _t_density(df, t), orders[0])


stdtr_derivative_p = ParameterDerivative(
    "stdtr_derivative",
    kernels.stdtr,
    [_t_density_in_df],
    2,
    lambda: [(args, {"orders": (1,)}) for args, _ in few((1.0, 5.0), (-2.0, 2.0))()],
)


def _t_in_df(df: Value, t: Value) -> Value:
    return stdtr_derivative_p.bind(df, t, orders=(1,))


stdtr_p = special(
    "stdtr",
    (lambda ans, df, t: _t_in_df(df, t), lambda ans, df, t: _t_density(df, t)),
    (1.0, 5.0),
    (-2.0, -0.3),
)
stdtr_over_density_p = OverDensity(
    "stdtr_over_density",
    lambda orders, df, t: kernels.stdtr(orders, df, t, scaled=True),
    (_t_log_slope, lambda df, t: -(df + 1) * over_squares(t, sqrt(df))),
    _t_density_in_df,
    lambda: [(args, {"orders": (n,)}) for n in (0, 1) for args, _ in few((1.0, 5.0), (-2.0, 2.0))()],
)


def _inverse_in_p(ans: Value, df: Value, p: Value) -> Value:
    scaled = stdtr_over_density_p.bind(df, ans, orders=(0,))
    return where(scaled > 0, scaled, stdtr_p.bind(df, ans) / _t_density(df, ans)) / p


stdtrit_p = special(
    "stdtrit",
    (lambda ans, df, p: -stdtr_over_density_p.bind(df, ans, orders=(1,)), quietly(_inverse_in_p)),
    (1.0, 5.0),
    (0.1, 0.4),
)

stdtr = function_of(stdtr_p, "The distribution function of Student's t with `df` degrees of freedom.")
with_example(
    stdtr,
    """
    >>> import numpy as np
    >>> from wengert.scipy import special
    >>> special.stdtr(1.0, np.array([0.0, 1.0])).round(12)
    array([0.5 , 0.75])
    """,
)
stdtrit = function_of(stdtrit_p, "`t` with ``stdtr(df, t) = p``.")
with_example(
    stdtrit,
    """
    >>> from wengert.scipy import special
    >>> special.stdtrit(1.0, 0.75).round(12)
    np.float64(1.0)
    """,
)
