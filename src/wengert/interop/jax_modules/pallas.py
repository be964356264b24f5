"""`jax.experimental.pallas` and the modules of its backends: kernels for accelerators, which raise when they are used.

Libraries import them beside code for processors, which runs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...errors import NotSupportedError


def _absent(name: str) -> Callable[..., Any]:
    def function(*args: Any, **kwargs: Any) -> Any:
        raise NotSupportedError(
            f"pallas.{name}: kernels are not written by hand here; write the function with jax.numpy"
        )

    function.__name__ = function.__qualname__ = name
    function.__doc__ = "Not here: it raises when it is called."
    return function


def cdiv(a: int, b: int) -> int:
    """The quotient, rounded up."""
    return -(-a // b)


_NAMES = (
    "BlockSpec CompilerParams CostEstimate Element GridDimensionSemantics GridSpec Squeezed atomic_add atomic_and atomic_cas "
    "atomic_max atomic_min atomic_or atomic_xchg atomic_xor core_map debug_print delay dot ds dslice kernel load loop "
    "multiple_of num_programs pallas_call program_id reciprocal run_scoped semaphore_signal semaphore_wait store swap when"
).split()
globals().update({name: _absent(name) for name in _NAMES})

__all__ = ["cdiv", *_NAMES]  # noqa: PLE0604 (names of the table)
