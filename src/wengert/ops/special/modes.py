"""Exponents of densities around their modes: their slopes vanish there, as differences that would cancel.

``log(cosh(x))`` of the logistic density, ``exp(x) - x`` of Gumbel's, and ``|x|**p`` of the generalised normal one, whose derivatives
at 0 are those of a power also where the exponent is not known.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...core import Value, dtype_of
from ..declare import quietly
from ..elementwise import absolute, equal, expm1, log, logical_and, tanh, where
from .declare import special

_REAL = {"complex": "densities are for real numbers"}


def _exp_less(x: Any) -> Value:
    with np.errstate(over="ignore", invalid="ignore"):
        return np.exp(x) - np.where(np.isinf(x) & (x > 0), 0, x)


def _log_cosh(x: Value) -> Value:
    """``log(cosh(x))``, by ``log1p(2 sinh(x / 2)**2)`` where it is small."""
    dtype = dtype_of(x).type if dtype_of(x).kind == "f" else np.float64
    size = np.absolute(np.asarray(x, dtype))
    near = size < 1
    half = np.sinh(np.where(near, size, 0) / 2)
    return np.where(near, np.log1p(2 * half * half), size + np.log1p(np.expm1(-2 * size) / 2)).astype(dtype)[()]


log_cosh_p = special("log_cosh", (lambda ans, x: tanh(x),), (-2.0, 2.0), function=_log_cosh, reasons=_REAL)
exp_less_p = special("exp_less", (lambda ans, x: expm1(x),), (-2.0, 2.0), function=_exp_less, reasons=_REAL)


def _in_exponent(ans: Value, x: Value, p: Value) -> Value:
    """``|x|**p log|x|`` with the sign of `ans`; at 0 the limit for positive exponents."""
    at_zero = equal(x, 0)
    return where(at_zero, 0.0, ans * log(where(at_zero, 1.0, absolute(x))))


def _falling(other: Any) -> Any:
    """``p`` times the `other` power by an exponent less; 0 at 0 of exponent 0, where both sides are straight."""

    def rule(ans: Value, x: Value, p: Value) -> Value:
        flat = logical_and(equal(x, 0), equal(p, 0))
        return where(flat, 0.0, p * other().bind(x, where(flat, 1.0, p - 1)))

    return quietly(rule)


def _signed(x: Any, p: Any) -> Value:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.sign(x) * np.power(np.absolute(x), p)


def _absolute_power(x: Any, p: Any) -> Value:
    with np.errstate(divide="ignore"):
        return np.power(np.absolute(x), p)


# ``|x|**p`` and ``sign(x) |x|**p``: each is the derivative of the other
abs_power_p = special(
    "abs_power",
    (_falling(lambda: signed_power_p), quietly(_in_exponent)),
    (0.4, 2.0),
    (1.2, 3.0),
    function=_absolute_power,
    reasons=_REAL,
)
signed_power_p = special(
    "signed_power",
    (_falling(lambda: abs_power_p), quietly(_in_exponent)),
    (0.4, 2.0),
    (1.2, 3.0),
    function=_signed,
    reasons=_REAL,
)
