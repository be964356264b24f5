"""What functions are outside of their domain: NaN."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...core import dtype_of
from ...ops.elementwise import isnan, where_p
from ...vocabulary import ArrayLike, Value


def nan_or(value: ArrayLike, *xs: Any) -> Value:
    """`value`, and NaN with a derivative that is NaN where one of `xs` is."""
    for x in xs:
        value = where_p.bind(isnan(x), dtype_of(x).type(np.nan) * x, value)
    return value


__all__ = ["nan_or"]
