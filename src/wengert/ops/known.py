"""What is known of values when a function runs: whether they are plain, whether they are finite or hold zeros."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..core import VALUE_TYPES, Tracer, Value, ValueTracer

ndarray = np.ndarray


def has_zeros(values: Value) -> bool:
    """Whether values are known, and zeros are among them."""
    if type(values) is not ndarray and isinstance(values, Tracer):
        if not known(values) or is_diagonal(values):
            return False
        parts = values.parts() if isinstance(values, ValueTracer) else ()
        return has_zeros(parts[0]) if parts else False
    return not values.all() if type(values) is ndarray else not np.all(values)


def known(c: Any) -> bool:
    """Whether a value, and all that it carries if it is traced, is made of plain values. Hot."""
    if type(c) in VALUE_TYPES:
        return True
    parts = c.parts() if isinstance(c, ValueTracer) else ()
    for p in parts:  # noqa: SIM110 - hot
        if type(p) not in VALUE_TYPES and not known(p):
            return False
    return parts != ()


def finite(c: Value) -> bool:
    """Whether a value is known to be finite, with all that a tracer carries. Hot."""
    if type(c) is ndarray:
        if c.size < 10000 and c.dtype.char in "fdFD" and math.isfinite(np.vdot(c, c).real):
            return True
    elif isinstance(c, float):
        return math.isfinite(c)
    elif isinstance(c, Tracer):
        parts = c.parts() if isinstance(c, ValueTracer) else ()
        return bool(parts) and all(map(finite, parts))
    return bool(np.isfinite(c).all())


def is_diagonal(ct: Any) -> bool:
    """Whether a cotangent is a batch from the standard basis whose zeros are not written out. Hot."""
    return isinstance(ct, Tracer) and ct.basis


__all__ = ["finite", "has_zeros", "is_diagonal", "known"]
