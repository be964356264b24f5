"""XLA: a backend that runs Programs on JAX's compiler, on the devices that it knows. ``jit(f, backend="xla")``.

What is asked of JAX is its public interface alone. `real` loads it, `tracing` writes a Program as a function of JAX's, with the
rules of `elementwise`, `structure`, `loops`, `matrices` and `randomness`; `backend` compiles and calls that. JAX is an
extra of the installation (``wengert[xla]``) and is imported with `real`: this module imports nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

HIDING: list[Callable[[], AbstractContextManager[None]]] = []
"""What makes ``jax`` mean JAX for a while, where the name has another meaning (`interop.jax_names`)."""
