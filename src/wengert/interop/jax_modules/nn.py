"""`jax.nn` where derivatives at kinks are others than the library's: `relu6` and what is made of it have 0 there."""

from __future__ import annotations

from typing import Any

from .numpy import array, where


def relu6(x: Any) -> Any:
    """``min(max(x, 0), 6)``, with derivative 0 at 0 and at 6.

    Example:
        >>> relu6(array([-1.0, 2.0, 7.0]))
        Array([0., 2., 6.], dtype=float64)
    """
    x = array(x)
    return where(x <= 0, 0, where(x >= 6, 6, x))


def hard_sigmoid(x: Any) -> Any:
    """``relu6(x + 3) / 6``."""
    return relu6(array(x) + 3.0) / 6.0


def hard_silu(x: Any) -> Any:
    """``x * hard_sigmoid(x)``."""
    return array(x) * hard_sigmoid(x)


hard_swish = hard_silu

__all__ = ["hard_sigmoid", "hard_silu", "hard_swish", "relu6"]
