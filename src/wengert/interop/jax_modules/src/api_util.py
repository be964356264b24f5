"""`jax._src.api_util`: what is in `jax.api_util`, and the numbers and names of arguments."""

from __future__ import annotations

import inspect
from typing import Any


def infer_argnums_and_argnames(sig: inspect.Signature, argnums: Any, argnames: Any) -> tuple[Any, Any]:
    """The numbers of arguments and their names, where only one of both is given."""
    names = [n for n, p in sig.parameters.items() if p.kind is not inspect.Parameter.VAR_POSITIONAL]
    if argnums is None and argnames is None:
        return (), ()
    if argnums is not None and argnames is not None:
        return _tuple(argnums), _tuple(argnames)
    if argnames is None:
        nums = _tuple(argnums)
        return nums, tuple(names[n] for n in nums if -len(names) <= n < len(names))
    given = _tuple(argnames)
    return tuple(i for i, n in enumerate(names) if n in given), given


def _tuple(x: Any) -> tuple[Any, ...]:
    return (x,) if isinstance(x, (int, str)) else tuple(x)


__all__ = ["infer_argnums_and_argnames"]
