"""The core axes of generalised universal functions, such as those of matrices in `matmul`: NumPy's ``axes=``, ``axis=``, ``keepdims=``."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np

from ..core import Value, as_array, ndim_of
from ..errors import ArgumentError
from ..vocabulary import Axes
from .axes import canonical_axis
from .shape import expand_dims, transpose


def along(
    ufunc: np.ufunc,
    f: Callable[..., Value],
    axes: Any = None,
    axis: Axes = None,
    keepdims: bool = False,
    **unknown: Any,
) -> Callable[..., Value]:
    """`f`, which works over the last axes of its arrays as `ufunc` does, over the axes that NumPy's options name.

    Raises:
        TypeError: there is no such option, or it has no meaning for this function.
    """
    name = ufunc.__name__
    for option in unknown or (() if ufunc.signature else ("axes",)):
        raise TypeError(f"{name}() got an unexpected keyword argument {option!r}")
    given, made = [
        [re.findall(r"[^(),]+", core) for core in re.findall(r"\([^)]*\)", side)]
        for side in (ufunc.signature or "").split("->")
    ]
    if (axis is not None or keepdims) and (made[0] or len({len(core) for core in given}) > 1):
        raise TypeError(
            f"{name}: its arrays have different axes, so that it takes neither axis nor keepdims; write axes"
        )
    if axes is not None and not isinstance(axes, list):
        raise TypeError(f"{name}: axes should be a list with the axes of each array, got {axes!r}")
    if axes is None:
        axes = [-1 if axis is None else axis] * len(given) if axis is not None or not made[0] else None
    return lambda *arrays: _called(name, f, given, made[0], axes, keepdims, [as_array(x) for x in arrays])


def _called(
    name: str, f: Callable[..., Value], given: Any, made: Any, axes: Any, keepdims: bool, arrays: list[Value]
) -> Value:
    """The function of arrays whose core axes are moved to the end, and its result with its own moved back.

    Raises:
        ArgumentError: `axes` has not an entry for each array, or an entry not a number for each core axis.
    """
    # An axis that may be missing, "n?", is so in a vector, and then in the result.
    ranks = [min(ndim_of(x), len(c)) if "?" in "".join(c) else len(c) for c, x in zip(given, arrays, strict=True)]
    left = len(made) - sum(len(core) - n for core, n in zip(given, ranks, strict=True))
    entries = [tuple(a) if isinstance(a, (tuple, list)) else (a,) for a in axes]
    if len(entries) == len(given) and not left:
        entries.append(entries[0] if keepdims else ())
    if [len(e) for e in entries] != [*ranks, ranks[0] if keepdims else left]:
        raise ArgumentError(f"{name}: axes={axes} must have {[*ranks, left]} numbers, for each array and the result")
    result = f(*[_moved(x, entry) for x, entry in zip(arrays, entries, strict=False)])
    return expand_dims(result, entries[-1]) if keepdims else _moved(result, entries[-1], back=True)


def _moved(x: Value, axes: tuple[int, ...], back: bool = False) -> Value:
    """`x` with its axes `axes` behind all others; with `back`, its last axes at the places `axes`."""
    rank = ndim_of(x)
    at = [canonical_axis(a, rank) for a in axes]
    rest = [i for i in range(rank) if i not in at]
    order = [*rest, *at]
    return transpose(x, tuple(order.index(i) for i in range(rank)) if back else tuple(order))


__all__ = ["along"]
