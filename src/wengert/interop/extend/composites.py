"""Operations of one element that are one primitive here and several in JAX, in JAX's form: its formulas, in its primitives.

Libraries that read jaxprs have rules for JAX's primitives alone. What JAX gives a derivative of its own (`xlogy`) stays one
equation, whose formula would have another derivative.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...core import Aval
from ..lax import primitives as P  # noqa: N812
from .table import met
from .translation import ROWS


class _Elements:
    """Writes formulas of arguments that have one dtype and one shape."""

    def __init__(self, e: Any, aval: Aval) -> None:
        self.e, self.real = e, Aval(aval.shape, aval.dtype)
        self.truth = Aval(aval.shape, np.dtype(bool))

    def __call__(self, name: str, *xs: Any, **params: Any) -> Any:
        """A primitive whose result has the dtype of its arguments."""
        return self.e(getattr(P, f"{name}_p"), list(xs), self.real, **params)

    def asked(self, name: str, *xs: Any) -> Any:
        """A primitive whose result is of truth values."""
        return self.e(getattr(P, f"{name}_p"), list(xs), self.truth)

    def exact(self, name: str, x: Any) -> Any:
        return self(name, x, accuracy=None)

    def product(self, x: Any, y: Any) -> Any:
        return self("mul", x, y, out_dtype=None)

    def where(self, condition: Any, x: Any, y: Any) -> Any:
        return self("select_n", condition, self.spread(y), self.spread(x))

    def spread(self, x: Any) -> Any:
        """An argument, or a number, as an array of the dtype and shape."""
        return met(self.e, x, self.real.dtype, self.real.shape, False)

    def number(self, value: float) -> Any:
        """A number of the dtype, which primitives of two arguments take beside an array."""
        return self.e.constant(self.real.dtype.type(value))

    def infinite(self, x: Any) -> Any:
        return self.asked("eq", self("abs", x), self.number(np.inf))


def _logaddexp(m: _Elements, x: Any, y: Any, exp: str = "exp", scale: float | None = None) -> Any:
    difference = m("sub", x, y)
    power = m.exact("log1p", m.exact(exp, m("neg", m("abs", difference))))
    power = power if scale is None else m.product(power, m.number(scale))
    return m.where(m.asked("ne", difference, difference), m("add", x, y), m("add", m("max", x, y), power))


def _offset(m: _Elements, x: Any, y: Any) -> Any:
    same = m.asked("and", m.asked("eq", x, y), m.infinite(x))
    return m.where(same, m.number(0.0), m("sub", x, y))


def _hypot(m: _Elements, x: Any, y: Any) -> Any:
    x, y = m("abs", x), m("abs", y)
    either = m.asked("or", m.infinite(x), m.infinite(y))
    most, zero = m("max", x, y), m.number(0.0)
    none = m.asked("eq", most, zero)
    ratio = m("div", m("min", x, y), m.where(none, m.number(1.0), most))
    root = m.exact("sqrt", m("add", m.number(1.0), m("integer_pow", ratio, y=2)))
    return m.where(either, m.number(np.inf), m.where(none, most, m.product(most, root)))


def _remainder(m: _Elements, x: Any, y: Any) -> Any:
    left, zero = m("rem", x, y), m.number(0.0)
    signs = m.asked("ne", m.asked("lt", left, zero), m.asked("lt", y, zero))
    return m.where(m.asked("and", signs, m.asked("ne", left, zero)), m("add", left, y), left)


def _soft_sign(m: _Elements, x: Any) -> Any:
    return m("div", x, m("add", m("abs", x), m.number(1.0)))


def _trunc(m: _Elements, x: Any) -> Any:
    return m.where(m.asked("lt", x, m.number(0.0)), m("ceil", x), m("floor", x))


def _ndtr(m: _Elements, x: Any) -> Any:
    """By erf near 0 and by erfc elsewhere (Cody 1969), as JAX computes it."""
    half, one, two = m.number(np.sqrt(0.5)), m.number(1.0), m.number(2.0)
    x = m.product(x, half)
    size = m("abs", x)
    rest = m("erfc", size)
    tails = m.where(m.asked("gt", x, m.number(0.0)), m("sub", two, rest), rest)
    near = m("add", one, m("erf", x))
    return m.product(m.number(0.5), m.where(m.asked("lt", size, half), near, tails))


_FORMULAS: dict[str, Callable[..., Any]] = {
    "logaddexp": _logaddexp,
    "logaddexp2": lambda m, x, y: _logaddexp(m, x, y, "exp2", 1 / np.log(2)),
    "offset": _offset, "hypot": _hypot, "remainder": _remainder, "soft_sign": _soft_sign, "trunc": _trunc, "ndtr": _ndtr,
    "isinf": lambda m, x: m.infinite(x),
    "logit": lambda m, x: m.exact("log", m("div", x, m("sub", m.number(1.0), x))),
}  # fmt: skip


def _row(formula: Callable[..., Any]) -> Any:
    def written(e: Any, xs: Any, outs: Any) -> Any:
        (out,) = outs
        dtype = out.dtype if out.dtype.kind == "f" else e.aval(xs[0]).dtype
        if dtype.kind != "f" or any(e.aval(x).dtype.kind not in "iuf" for x in xs):
            return None
        m = _Elements(e, Aval(out.shape, dtype))
        return formula(m, *map(m.spread, xs))

    return written


ROWS.update({name: _row(formula) for name, formula in _FORMULAS.items()})
FORMULAS = tuple(_FORMULAS)

__all__ = ["FORMULAS"]
