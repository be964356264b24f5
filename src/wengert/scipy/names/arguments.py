"""Arguments of the functions that SciPy's solvers are given: vectors, the further ones in `args`, those that are traced."""

from __future__ import annotations

from typing import Any

from ... import numpy as wnp
from ...core import as_array
from ...ops.special.declare import floating
from ...transforms.plain import is_traced

Named = dict[str, Any]


def as_tuple(args: Any) -> tuple[Any, ...]:
    return args if isinstance(args, tuple) else (args,)


def vector_of(x: Any) -> Any:
    return wnp.reshape(floating(as_array(x))[0], (-1,))


def split(named: Named) -> tuple[Named, Named]:
    """Arguments that are traced, and the rest."""
    traced = {k: v for k, v in named.items() if is_traced(v)}
    return traced, {k: v for k, v in named.items() if k not in traced}


def with_more(f: Any, extra: tuple[Any, ...]) -> Any:
    return lambda x, *rest: f(x, *rest, *extra)


__all__ = ["as_tuple", "split", "vector_of", "with_more"]
