"""Real parts of complex operands in formulas, and the real operations that formulas of complex numbers are made of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from . import formulas as f


class Real:
    """A real operand or result as formulas have it: operators are equations of the Program that is written.

    Args:
        write: ``(meaning, *operands)``, the result of the operation with a meaning; numbers take the dtype of the others.
        atom: the operand in that Program. number: its value, where that is known.
    """

    __slots__ = ("atom", "dtype", "number", "write")

    def __init__(self, write: Callable[..., Any], atom: Any, number: Any = None) -> None:
        self.write, self.atom, self.number = write, atom, number
        self.dtype: np.dtype = atom.aval.dtype

    def __add__(self, other: Any) -> Real:
        return self.write(f.add, self, other)

    def __radd__(self, other: Any) -> Real:
        return self.write(f.add, other, self)

    def __sub__(self, other: Any) -> Real:
        return self.write(f.subtract, self, other)

    def __rsub__(self, other: Any) -> Real:
        return self.write(f.subtract, other, self)

    def __mul__(self, other: Any) -> Real:
        return self.write(f.multiply, self, other)

    def __rmul__(self, other: Any) -> Real:
        return self.write(f.multiply, other, self)

    def __truediv__(self, other: Any) -> Real:
        return self.write(f.divide, self, other)

    def __rtruediv__(self, other: Any) -> Real:
        return self.write(f.divide, other, self)

    def __neg__(self) -> Real:
        return self.write(f.negative, self)

    def like(self, n: float) -> Real:
        """A number with the dtype."""
        return self.write(None, n, self)


Pair = tuple[Real, Real]


def _operation(meaning: Any) -> Callable[..., Real]:
    def apply(*operands: Any) -> Real:
        return next(x for x in operands if isinstance(x, Real)).write(meaning, *operands)

    return apply


_abs, _root, _hypot, _arctan2, _copysign = map(_operation, (f.absolute, f.sqrt, f.hypot, f.arctan2, f.copysign))
_exp, _expm1, _log, _log1p, _rint = map(_operation, (f.exp, f.expm1, f.log, f.log1p, f.rint))
_sin, _cos, _tan, _sinh, _cosh, _arcsinh = map(_operation, (f.sin, f.cos, f.tan, f.sinh, f.cosh, f.arcsinh))
_equal, _not_equal, _less, _greater = map(_operation, (f.equal, f.not_equal, f.less, f.greater))
_less_equal, _greater_equal = map(_operation, (f.less_equal, f.greater_equal))
_and, _or, _xor, _not = map(_operation, (f.logical_and, f.logical_or, f.logical_xor, f.logical_not))
_isnan, _isinf, _isfinite, _choose = map(_operation, (f.isnan, f.isinf, f.isfinite, f.where))
_maximum, _minimum, _floor = map(_operation, (f.maximum, f.minimum, f.floor))


class _Range:
    """Where functions of a dtype are scaled: `huge` and `tiny` sizes; exponents from `most` on, smaller by `less`."""

    def __init__(self, x: Real) -> None:
        wide = x.dtype.itemsize == 8
        self.huge, self.tiny, self.lift = (1e307, 1e-290, 108) if wide else (1e37, 1e-30, 48)
        self.most, self.less = (709.0, 680.0) if wide else (88.0, 70.0)
