"""Values that functions refuse because a condition on them does not hold, as far as that is known: traced or not."""

from __future__ import annotations

import numpy as np

from ..core import Tracer, ndim_of
from ..errors import ConcretizationError
from ..vocabulary import Value
from .reduction import all_p


def holds(condition: Value) -> bool:
    """Whether a condition on values holds throughout, as far as that is known (`answer`)."""
    return answer(condition) is not False


def answer(condition: Value) -> bool | None:
    """Whether a condition on values holds throughout: for each example of a batch, and for the values at hand while a
    function is compiled. That is a guard of the Program then, so that later values are looked at, too. None in bodies of loops
    and in branches, where values are not known."""
    while isinstance(condition, Tracer):
        inner = getattr(condition, "value", None)  # of all examples
        if inner is None:
            break
        condition = inner
    if not isinstance(condition, Tracer):
        return bool(np.all(condition))
    try:
        return bool(all_p.bind(condition, axes=tuple(range(ndim_of(condition)))))
    except ConcretizationError:
        return None


__all__ = ["answer", "holds"]
