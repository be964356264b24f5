"""Where a mask holds that is not known: how many places there are is asked for, as Python asks for a number.

Under `jit` the count is guarded, so that another one is another Program; under `vmap` examples of one count run together.
"""

from __future__ import annotations

import math

import numpy as np

from ..config import config
from ..core import Tracer, Value, ndim_of, shape_of
from ..errors import ConcretizationError
from . import elementwise as ew
from .cumulative import cumsum_p
from .reduction import sum_p
from .scatters import scatter_set_p
from .shape import reshape
from .slices import slice_axis


def first_places(mask: Value, count: int) -> tuple[Value, ...]:
    """The indices of the first `count` true elements of a mask, an array for each of its axes, in C order.

    Where there are fewer, the indices behind them are anything.
    """
    shape = shape_of(mask)
    if 0 in shape:
        return tuple([np.zeros(count, config.int_dtype) for _ in shape])
    flat, n = reshape(mask, (-1,)), math.prod(shape)
    so_far = cumsum_p.bind(ew.convert(flat, config.int_dtype), axis=0)
    kept = ew.logical_and(flat, ew.less_equal(so_far, count))
    into = ew.where(kept, so_far - 1, count)  # what is not kept is written behind the others
    place = scatter_set_p.bind(
        np.zeros(count + 1, config.int_dtype), np.arange(n, dtype=config.int_dtype), into, axes=(0,)
    )
    place, out, stride = slice_axis(place, 0, 0, count), [], n
    for n in shape:
        stride //= n
        out.append(ew.remainder(ew.floor_divide(place, stride), n))
    return tuple(out)


def how_many(mask: Value) -> Value:
    """The number of true elements of a mask."""
    return sum_p.bind(ew.convert(mask, config.int_dtype), axes=tuple(range(ndim_of(mask))))


def true_places(mask: Value) -> tuple[Value, ...]:
    """The indices of the true elements of a mask, as ``np.nonzero(mask)`` gives them; asks for their number where it is not known.

    Raises:
        ConcretizationError: how many there are may not be asked for here.
    """
    if isinstance(mask, Tracer):
        try:
            mask = np.reshape(mask.concrete("a mask"), mask.shape)
        except ConcretizationError:
            return first_places(mask, int(how_many(mask)))
    return np.nonzero(mask)


__all__ = ["first_places", "how_many", "true_places"]
