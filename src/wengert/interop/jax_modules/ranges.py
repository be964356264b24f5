"""`linspace`, `logspace` and `geomspace` of `jax.numpy`: their dtypes follow from JAX's promotion of the two ends."""

from __future__ import annotations

from typing import Any

import numpy as np

from ... import numpy as ours
from ...config import canonical_dtype
from ...ops import elementwise as ew
from ..array import in_dtype, kind_of, wrap
from ..border import lower
from ..conversion import converted
from ..promotion import floating, joined
from ..rules import checked

_WIDE = {2: np.dtype(np.float32)}  # narrow floats are computed in single precision


def _ends(start: Any, stop: Any, dtype: Any, f: Any) -> tuple[Any, Any, np.dtype, np.dtype]:
    """The ends in the dtype of the computation, the dtype of the result, and that of the computation as JAX has it."""
    kinds = [kind_of(checked(x, f, i)) for i, x in enumerate((start, stop))]
    own = floating(joined(*kinds))[0]
    out = own if dtype is None else canonical_dtype(dtype)
    computed = floating((out, False))[0]
    if own.kind == "c" and computed.kind != "c":
        computed = joined((own, False), (computed, False))[0]
    wide = _WIDE.get(computed.itemsize, computed)
    return in_dtype(start, wide), in_dtype(stop, wide), out, computed


def _number(num: Any, name: str) -> int:
    try:
        n = num if type(num) is int else num.__index__()
    except AttributeError:
        raise TypeError(f"'{type(num).__name__}' object cannot be interpreted as an integer") from None
    if n < 0:
        raise ValueError(f"Number of samples, {n}, must be non-negative.")
    return n


def linspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, retstep: bool = False, dtype: Any = None, axis: int = 0,
    *, device: Any = None,
) -> Any:  # fmt: skip
    """`num` numbers at equal distances from `start` to `stop`.

    Args:
        start, stop: numbers or arrays that broadcast together.
        num: how many.
        endpoint: whether `stop` is the last one.
        retstep: whether the distance is returned too.
        dtype: of the result; integers are rounded down.
        axis: along which axis of the result, where the ends are arrays.
        device: of the result, of which there is one.

    Raises:
        ValueError: `num` is negative.
    """
    n = _number(num, "linspace")
    a, b, out, computed = _ends(start, stop, dtype, linspace)
    found, step = ours.linspace(a, b, n, endpoint, True, axis=axis)
    values = wrap(converted(ew.floor(found) if out.kind in "iu" else found, out))
    if not retstep:
        return values
    if not n - bool(endpoint) > 0:
        step = np.full(np.broadcast_shapes(np.shape(a), np.shape(b)), np.nan)
    return values, wrap(
        converted(
            lower(step)
            if isinstance(step, np.ndarray)
            else np.asarray(step)
            if isinstance(step, (float, np.generic))
            else step,
            computed,
        )
    )


def logspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, base: Any = 10.0, dtype: Any = None, axis: int = 0
) -> Any:
    """Powers of `base` whose exponents are at equal distances."""
    n = _number(num, "logspace")
    a, b, out, _ = _ends(start, stop, dtype, logspace)
    exponents = ours.linspace(a, b, n, endpoint, axis=axis)
    return wrap(converted(ours.power(lower(base), converted(exponents, a.dtype)), out))


def geomspace(start: Any, stop: Any, num: int = 50, endpoint: bool = True, dtype: Any = None, axis: int = 0) -> Any:
    """`num` numbers at equal ratios from `start` to `stop`; NaN where an end is 0."""
    n = _number(num, "geomspace")
    a, b, out, computed = _ends(start, stop, dtype, geomspace)
    if computed.kind == "c":
        return wrap(converted(ours.geomspace(a, b, n, endpoint, axis=axis), out))
    sign = ew.where(ew.logical_and(ew.less(a, 0), ew.less(b, 0)), -1.0, 1.0)
    with np.errstate(all="ignore"):
        lines = ours.linspace(ew.log10(ew.multiply(a, sign)), ew.log10(ew.multiply(b, sign)), n, endpoint, axis=axis)
        powers = ours.power(10.0, lines)
    found = ew.multiply(powers, ours.expand_dims(sign, axis) if np.ndim(sign) else sign)
    return wrap(converted(found, out))


__all__ = ["geomspace", "linspace", "logspace"]
