"""JAX itself: loaded once, also where ``import jax`` means this library (`interop.jax_names`)."""

from __future__ import annotations

import importlib
from contextlib import ExitStack
from functools import cache
from typing import Any

from . import HIDING

MODULES = (
    "jax",
    "jax.numpy",
    "jax.lax",
    "jax.scipy.special",
    "jax.scipy.linalg",
    "jax.scipy.signal",
    "jax.experimental",
)
REMEDY = "install it with: pip install 'wengert[xla]'"


def _load() -> list[Any]:
    with ExitStack() as stack:
        for really in HIDING:
            stack.enter_context(really())
        try:
            found = [importlib.import_module(name) for name in MODULES]
        except ImportError as error:
            text = f'backend="xla" runs Programs on JAX, which cannot be imported ({error}); {REMEDY}'
            raise type(error)(text, name=error.name) from error
    version = tuple(int(part) for part in found[0].__version__.split(".")[:2])
    if version < (0, 10):
        raise ImportError(f'backend="xla" needs JAX 0.10 or later, this is {found[0].__version__}; {REMEDY}')
    return found


jax: Any
jnp: Any
lax: Any
special: Any
linalg: Any
signal: Any
experimental: Any
jax, jnp, lax, special, linalg, signal, experimental = _load()
Array: Any = jax.Array


def wide() -> Any:
    """A context with 64-bit numbers, whatever the process has set."""
    return jax.enable_x64(True)


@cache
def exact() -> Any:
    """The precision of products in which no digit of a dtype is left out.

    Processors have no other, and XLA has its fast kernels for products that ask for none; GPUs and TPUs round operands unless asked.
    """
    for platform in ("gpu", "tpu"):
        try:
            jax.devices(platform)
        except RuntimeError:
            continue
        return lax.Precision.HIGHEST
    return lax.Precision.DEFAULT if jax.default_backend() == "cpu" else lax.Precision.HIGHEST


__all__ = ["Array", "exact", "experimental", "jax", "jnp", "lax", "linalg", "signal", "special", "wide"]
