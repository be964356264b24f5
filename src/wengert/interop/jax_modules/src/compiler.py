"""`jax._src.compiler`: functions that libraries put others before, to forbid compiling; the compiler here calls none of them."""

from __future__ import annotations

from typing import Any

from ....errors import NotSupportedError


def backend_compile_and_load(*_: Any, **__: Any) -> Any:
    """Compile code in MLIR.

    Raises:
        NotSupportedError: always.
    """
    raise NotSupportedError("no MLIR is compiled here; jax.jit(f).lower(*args).compile() compiles a function")


__all__ = ["backend_compile_and_load"]
