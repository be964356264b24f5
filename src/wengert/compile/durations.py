"""About how long a step of a plan takes."""

from __future__ import annotations

from typing import Any

from . import interrupts
from .control.step import Control
from .fusion import Kernel
from .products import Product


def _work(step: Any) -> int:
    """About how many additions a step takes."""
    if isinstance(step, Kernel):
        return step.size * max(len(step.nest.nodes), 1)
    if isinstance(step, Product):
        return step.batch * step.m * step.n * step.k
    return getattr(step, "work", 0)


def _nanoseconds(step: Any) -> float:
    """About how long a step takes for which nobody has looked for interrupts, in nanoseconds."""
    if isinstance(step, Control):  # it looks for itself
        return min(step.work, interrupts.LIMIT / 4)
    return _work(step) / (8 if isinstance(step, Product) else 2)
