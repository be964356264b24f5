"""Which class a traced value says it has: that of the NumPy or Python value it stands for.

`isinstance` asks the type of an object first, and then its attribute `__class__`. So `isinstance(x, np.ndarray)` and
`isinstance(x, float)` in a function that is traced are answered as in a plain run, and take the same path. What computes with
classes of its own has to know the truth: this library, and those whose code goes on to read an array's memory (`FOREIGN`,
but for what NumPy has written for whatever computes: its polynomials).
`type(x)` is the truth everywhere.
"""
# pyright: strict, reportPrivateUsage=false

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from .frames import FOREIGN

_TRUTHFUL = frozenset({__name__.partition(".")[0], *FOREIGN})  # names of packages
_COMPUTING = "numpy.polynomial."
_PYTHON = {"b": bool, "i": int, "u": int, "f": float, "c": complex}
_real: Any = object.__dict__["__class__"]


def stands_for(x: Any) -> type:
    """The class of the value that a plain run would have in place of the traced value `x`."""
    if x.shape or x.mutable:
        return np.ndarray
    return _PYTHON.get(x.dtype.kind, np.ndarray) if x.weak else x.dtype.type


class Posing:
    """A value that answers `isinstance` as what it stands for, outside of this library."""

    __slots__ = ()

    @property
    def __class__(self) -> type:
        frame = sys._getframe(1)
        module = str(frame.f_globals.get("__name__"))
        truth = module.partition(".")[0] in _TRUTHFUL and not module.startswith(_COMPUTING)
        truth = truth and frame.f_code.co_name != "isscalar"  # NumPy's, which reads nothing
        return type(self) if truth else stands_for(self)

    @__class__.setter
    def __class__(self, cls: type) -> None:
        _real.__set__(self, cls)
