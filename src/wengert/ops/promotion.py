"""NumPy's rules for shapes and dtypes of results: broadcasting and promotion, of weak values too."""

from __future__ import annotations

import numpy as np

from ..config import _NARROW, config
from ..core import Aval
from ..errors import ShapeError


def broadcast_shapes(name: str, *shapes: tuple[int, ...]) -> tuple[int, ...]:
    """NumPy's broadcast of shapes, with an error that names the operation and shows the shapes."""
    try:
        return np.broadcast_shapes(*shapes) if max(map(len, shapes), default=0) <= 32 else _broadcast_many(*shapes)
    except ValueError:
        listing = " and ".join(map(str, shapes))
        raise ShapeError(f"{name}: shapes {listing} do not broadcast together") from None


def _broadcast_many(*shapes: tuple[int, ...]) -> tuple[int, ...]:
    """The same for more axes than NumPy's function takes."""
    rank = max(map(len, shapes))
    out: list[int] = []
    for lengths in zip(*[(1,) * (rank - len(s)) + tuple(s) for s in shapes], strict=True):
        found = set(lengths) - {1}
        if len(found) > 1:
            raise ValueError
        out.append(found.pop() if found else 1)
    return tuple(out)


PYTHON_TYPE = {"b": bool, "i": int, "u": int, "f": float, "c": complex}


def result_dtype(*avals: Aval) -> np.dtype:
    """NumPy's promotion of abstract values, weak ones included."""
    kinds = [PYTHON_TYPE[a.dtype.kind](0) if a.weak else a.dtype for a in avals]
    try:
        d = np.result_type(*kinds) if not all(a.weak for a in avals) else np.result_type(*[a.dtype for a in avals])
    except np.exceptions.DTypePromotionError:
        # bfloat16 with integers: what NumPy's universal functions compute in, which is what float16 leads to; with
        # float16, which has other numbers, float32
        half = np.dtype(np.float16 if np.dtype(np.float16) not in kinds else np.float32)
        like_half = [half if isinstance(k, np.dtype) and k.kind == "V" else k for k in kinds]
        found = np.result_type(*like_half)
        d = found if found != np.float16 else next(k for k in kinds if isinstance(k, np.dtype) and k.kind == "V")
    return d if config._x64 else _NARROW.get(d, d)


__all__ = ["PYTHON_TYPE", "broadcast_shapes", "result_dtype"]
