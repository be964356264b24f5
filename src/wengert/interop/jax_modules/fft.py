"""`jax.numpy.fft` where it refuses axes that NumPy takes: transforms of two axes along others than two, and repeated axes."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from ...numpy import fft
from ..rules import follow


def _of_axes(name: str) -> Callable[..., Any]:
    inner, pairs = follow("jax.numpy.fft", name, getattr(fft, name)), name.endswith("2")

    @functools.wraps(inner)
    def function(a: Any, s: Any = None, axes: Any = (-2, -1) if pairs else None, norm: Any = None) -> Any:
        if pairs and (axes is None or len(axes) != 2):
            raise ValueError(f"jax.numpy.fft.{name} only supports 2 axes. Got axes = {axes!r}.")
        if axes is not None and len(set(axes)) != len(axes):
            raise ValueError(f"jax.numpy.fft.{name} does not support repeated axes. Got axes {axes!r}.")
        return inner(a, s, axes, norm)

    return function


fft2, ifft2, rfft2, irfft2 = map(_of_axes, ("fft2", "ifft2", "rfft2", "irfft2"))
fftn, ifftn, rfftn, irfftn = map(_of_axes, ("fftn", "ifftn", "rfftn", "irfftn"))

__all__ = ["fft2", "fftn", "ifft2", "ifftn", "irfft2", "irfftn", "rfft2", "rfftn"]
