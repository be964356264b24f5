"""`jax.ops`: reductions of the rows of an array that belong to the same segment."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...core import Tracer
from ...errors import ArgumentError
from ..array import wrap
from ..places import Place
from .numpy import asarray, full, where


def _least(dtype: np.dtype) -> Any:
    return -np.inf if dtype.kind not in "iub" else False if dtype.kind == "b" else np.iinfo(dtype).min


def _greatest(dtype: np.dtype) -> Any:
    return np.inf if dtype.kind not in "iub" else True if dtype.kind == "b" else np.iinfo(dtype).max


def _segments(name: str, update: str, start: Callable[[np.dtype], Any], what: str) -> Callable[..., Any]:
    def function(
        data: Any, segment_ids: Any, num_segments: int | None = None, indices_are_sorted: bool = False,
        unique_indices: bool = False, bucket_size: Any = None, mode: Any = None,
    ) -> Any:  # fmt: skip
        data = asarray(data)
        ids: Any = asarray(segment_ids)
        if num_segments is None:
            if isinstance(ids._value, Tracer):
                raise ArgumentError(f"{name}: say num_segments where the segments are traced")
            num_segments = int(np.max(np.asarray(ids), initial=-1)) + 1
        out = full((num_segments, *data.shape[ids.ndim :]), start(data.dtype), data.dtype)
        if ids.dtype.kind == "i":  # negative ones are left out, too
            ids = wrap(np.asarray(ids)) if not isinstance(ids._value, Tracer) else ids
            ids = where(ids < 0, num_segments, ids)
            return getattr(Place(out, ids._value), update)(data, mode=mode)
        return getattr(out.at[ids], update)(data, mode=mode)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"""The {what} of the rows of each segment.

    Args:
        data: an array.
        segment_ids: the number of the segment of each row; rows of none of them are left out.
        num_segments: how many segments there are; needed where `segment_ids` are traced.
    """
    return function


segment_sum = _segments("segment_sum", "add", lambda d: 0, "sum")
segment_prod = _segments("segment_prod", "multiply", lambda d: 1, "product")
segment_max = _segments("segment_max", "max", _least, "greatest element")
segment_min = _segments("segment_min", "min", _greatest, "least element")

__all__ = ["segment_max", "segment_min", "segment_prod", "segment_sum"]
