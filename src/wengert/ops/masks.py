"""Where a mask holds that is not known: how many places there are is asked for, as Python asks for a number.

Under `jit` the count is guarded, so that another one is another Program; under `vmap` examples of one count run together.
"""

from __future__ import annotations

import math

import numpy as np

from ..config import config
from ..core import Tracer, Value, as_array, shape_of
from ..errors import ConcretizationError
from ..provided import provide
from . import elementwise as ew
from .cumulative import cumsum_p
from .reduction import sum_p
from .shape import reshape
from .sorting import searchsorted_p


@provide
def counted_places(mask: Tracer) -> tuple[Value, ...]:
    """The indices of the true elements of a mask, an array for each of its axes, in C order: ``np.nonzero(mask)``.

    Raises:
        ConcretizationError: how many there are may not be asked for here.
    """
    shape = shape_of(mask)
    flat = ew.convert(reshape(as_array(mask), (-1,)), config.int_dtype)
    count = int(sum_p.bind(flat, axes=(0,)))
    if not count:
        return tuple([np.zeros(0, config.int_dtype) for _ in shape])
    place = searchsorted_p.bind(
        cumsum_p.bind(flat, axis=0), np.arange(1, count + 1, dtype=config.int_dtype), side="left"
    )
    out, stride = [], math.prod(shape)
    for n in shape:
        stride //= n
        out.append(ew.remainder(ew.floor_divide(place, stride), n))
    return tuple(out)


def true_places(mask: Value) -> tuple[Value, ...]:
    """The same of any mask, without a question where its values are known."""
    if isinstance(mask, Tracer):
        try:
            mask = np.reshape(mask.concrete("a mask"), mask.shape)
        except ConcretizationError:
            return counted_places(mask)
    return np.nonzero(mask)


__all__ = ["counted_places", "true_places"]
