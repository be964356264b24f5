"""Elementwise functions of `jax.numpy` that give another dtype or value than NumPy's, or take complex numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ... import numpy as ours
from ...config import config
from ...core import inexact_dtype
from ...ops import elementwise as ew
from ..array import in_dtype, kind_of, promoted, wrap
from ..border import REFUSED_BY_NUMPY, bordered, lower, of_both_kinds
from ..promotion import floating, joined
from ..rules import checked, follow, keeping
from .kit import named, no_out
from .numpy import array, astype


def _unchanged(name: str, numbers: Any) -> Callable[..., Any]:
    def function(x: Any, /) -> Any:
        kind, weak = kind_of(checked(x, function, 0))
        value = in_dtype(x, kind)
        return wrap(numbers.bind(value) if kind.kind == "c" and name != "positive" else value, weak)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"NumPy's ``{name}``; what is not complex stays as it is."
    return function


conj, conjugate, positive = (
    _unchanged("conj", ew.conj_p),
    _unchanged("conjugate", ew.conj_p),
    _unchanged("positive", ew.conj_p),
)


def _default_floats(x: Any) -> Any:
    """Integers as the default floats, strong; floats as they are."""
    return x if inexact_dtype(kind_of(x)[0]) else astype(x, config.float_dtype)


_angle = bordered(ours.angle)


def angle(z: Any, deg: bool = False) -> Any:
    """The angle of complex numbers; of integers, as default floats."""
    return _angle(_default_floats(checked(z, angle, 0)), deg)


def rint(x: Any, /) -> Any:
    """The nearest whole number, even ones at halves; of integers, as default floats."""
    x = _default_floats(checked(x, rint, 0))
    return wrap(ours.rint(lower(x)), kind_of(x)[1])


def isfinite(x: Any, /) -> Any:
    """Whether numbers are finite."""
    kind, weak = kind_of(checked(x, isfinite, 0))
    return wrap(ours.isfinite(in_dtype(x, kind)), weak and inexact_dtype(kind))


_nan_to_num = bordered(ours.nan_to_num)


def nan_to_num(x: Any, copy: bool = True, nan: Any = 0.0, posinf: Any = None, neginf: Any = None) -> Any:
    """NaN and infinities replaced by numbers; of integers, themselves."""
    kind, weak = kind_of(checked(x, nan_to_num, 0))
    if not inexact_dtype(kind):
        return wrap(in_dtype(x, kind), weak)
    return _nan_to_num(x, copy, nan, posinf, neginf)


def with_complex(name: str, of_complex: Callable[[Any, Any], Any], weak: str = "joined") -> Callable[..., Any]:
    inner = named(name)

    def function(x1: Any, x2: Any, /) -> Any:
        if joined(kind_of(checked(x1, function, 0)), kind_of(checked(x2, function, 1)))[0].kind != "c":
            return inner(x1, x2)
        (x, y), weak = promoted((x1, x2))
        return wrap(of_complex(x, y), weak)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"NumPy's ``{name}``, of complex numbers too."
    return function


def _complex_arctan2(x: Any, y: Any) -> Any:
    """``-i log((y + i x) / sqrt(x² + y²))``, the angle of the point whose coordinates are complex."""
    return ew.multiply(
        -1j, ew.log(ew.divide(ew.add(y, ew.multiply(1j, x)), ew.sqrt(ew.add(ew.square(x), ew.square(y)))))
    )


def complex_logaddexp(x: Any, y: Any) -> Any:
    first = ew.greater_equal(ew.real(x), ew.real(y))
    large, small = ew.where(first, x, y), ew.where(first, y, x)
    out = ew.add(large, ew.log1p(ew.exp(ew.subtract(small, large))))
    angle = ew.imag(out)
    turn = ew.multiply(2 * np.pi, ew.rint(ew.divide(angle, 2 * np.pi)))
    return ew.subtract(out, ew.multiply(1j, turn))


def complex_logaddexp2(x: Any, y: Any) -> Any:
    log2 = np.log(2.0)
    return ew.divide(complex_logaddexp(ew.multiply(x, log2), ew.multiply(y, log2)), log2)


arctan2, atan2 = with_complex("arctan2", _complex_arctan2), with_complex("atan2", _complex_arctan2)


def interp(x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None) -> Any:
    """NumPy's ``interp``; `left` and `right` may be "extrapolate": the lines of the ends go on.

    Raises:
        ValueError: another text.
    """
    for end in (left, right):
        if isinstance(end, str) and end != "extrapolate":
            raise ValueError(f"the only valid string value of left and right is 'extrapolate', got {end!r}")
    kind = kind_of(fp)[0]
    if kind.kind == "c":
        parts = [
            _real_interp(x, xp, wrap(part(in_dtype(fp, kind))), left, right, period) for part in (ew.real, ew.imag)
        ]
        return parts[0] + 1j * parts[1]
    return _real_interp(x, xp, fp, left, right, period)


def _real_interp(x: Any, xp: Any, fp: Any, left: Any, right: Any, period: Any) -> Any:
    inner = follow("jax.numpy", "interp", ours.interp)
    ends = [None if isinstance(e, str) else e for e in (left, right)]
    dtype = joined(floating(joined(kind_of(x), kind_of(xp))), floating(kind_of(fp)))[0]
    given = [wrap(in_dtype(checked(v, interp, i), dtype), kind_of(v)[1]) for i, v in enumerate((x, xp, fp))]
    out = inner(*given, *ends, **({} if period is None else {"period": period}))
    if isinstance(left, str) or isinstance(right, str):
        from .numpy import where

        at, grid, values = array(x), array(xp), array(fp)
        for text, beyond, i, k in ((left, at < grid[0], 0, 1), (right, at > grid[-1], -1, -2)):
            if isinstance(text, str):
                slope = (values[k] - values[i]) / (grid[k] - grid[i])
                out = where(beyond, values[i] + slope * (at - grid[i]), out)
    return out


def float_power(x: Any, y: Any, /) -> Any:
    """``x ** y`` in floats."""
    (a, b), weak = promoted((x, y), inexact=True)
    return wrap(ew.power_p.bind(a, b), weak)


def ldexp(x1: Any, x2: Any, /) -> Any:
    """``x1 * 2 ** x2``.

    Raises:
        ValueError: `x2` holds no integers.
    """
    (of_x, _), (of_y, _) = kind_of(x1), kind_of(x2)
    if of_y.kind not in "iub":
        raise ValueError(f"ldexp not supported for input types {(of_x.name, of_y.name)}")
    dtype = floating(kind_of(x1))[0]
    x, y = in_dtype(x1, dtype), in_dtype(x2, np.dtype(np.int32) if of_y.kind == "b" or of_y.itemsize < 4 else of_y)
    return wrap(ours.ldexp(x, y))


def divmod(x1: Any, x2: Any, /) -> Any:  # noqa: A001
    """The quotients, rounded down, and the remainders."""
    (a, b), weak = promoted((x1, x2))
    if a.dtype.kind == "b":
        a, b = (in_dtype(v, np.dtype(np.int32)) for v in (a, b))
    try:
        return tuple(wrap(v, weak) for v in ours.divmod(a, b))
    except REFUSED_BY_NUMPY as error:
        raise of_both_kinds(error, "rem", (a.dtype, b.dtype)) from None


def _of_integers(name: str) -> Callable[..., Any]:
    inner = named(name)

    def function(x1: Any, x2: Any) -> Any:
        if joined(kind_of(x1), kind_of(x2))[0].kind not in "iu":
            raise ValueError(f"{name}: arguments must be integers")
        return inner(x1, x2)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"NumPy's ``{name}``.\n\n    Raises:\n        ValueError: the arguments are no integers."
    return function


gcd, lcm = _of_integers("gcd"), _of_integers("lcm")


_unwrap = follow("jax.numpy", "unwrap", ours.unwrap)
_bordered_unwrap = bordered(ours.unwrap)


def unwrap(p: Any, discont: Any = None, axis: int = -1, period: Any = 2 * np.pi) -> Any:
    """`p` with jumps of a period taken out; integers stay integers where the period is one."""
    kind = kind_of(checked(p, unwrap, 0))[0]
    if kind.kind in "iu" and isinstance(period, int):
        return _bordered_unwrap(p, discont, axis, period=period).astype(kind)
    return _unwrap(p, discont, axis, period=period)


_clip = follow("jax.numpy", "clip", ours.clip)


def clip(arr: Any = None, /, min: Any = None, max: Any = None) -> Any:  # noqa: A002
    """`arr` between bounds.

    Raises:
        ValueError: complex numbers, which have no order.
    """
    if any(v is not None and kind_of(v)[0].kind == "c" for v in (arr, min, max)):
        raise ValueError("Clip received a complex value either through the input or the min/max keywords")
    return _clip(arr, min, max)


def _rounding(name: str) -> Callable[..., Any]:
    inner = keeping(ours.round)

    def function(a: Any, decimals: int = 0, out: Any = None) -> Any:
        no_out(name, out)
        kind, weak = kind_of(checked(a, function, 0))
        if kind.kind == "b":
            raise ValueError(f"{name}: truth values are not rounded")
        if kind.kind in "iu":
            if decimals < 0:
                raise NotImplementedError(f"integer jnp.{name} not implemented for decimals < 0")
            return wrap(in_dtype(a, kind), weak)
        return inner(a, decimals)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"NumPy's ``{name}``; integers stay as they are."
    return function


round, around = _rounding("round"), _rounding("around")  # noqa: A001


__all__ = [
    "angle",
    "arctan2",
    "around",
    "atan2",
    "clip",
    "conj",
    "conjugate",
    "divmod",
    "float_power",
    "gcd",
    "interp",
    "isfinite",
    "lcm",
    "ldexp",
    "nan_to_num",
    "positive",
    "rint",
    "round",
    "unwrap",
]
