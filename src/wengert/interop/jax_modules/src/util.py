"""`jax._src.util`: `map` and `zip` of sequences of one length, and other small things."""

from __future__ import annotations

import functools
import types
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ..api_util import safe_map, safe_zip, unzip2


def unzip3(triples: Iterable[Any]) -> tuple[tuple[Any, ...], tuple[Any, ...], tuple[Any, ...]]:
    """The first, second and third elements of triples."""
    given = list(triples)
    return tuple(a for a, _, _ in given), tuple(b for _, b, _ in given), tuple(c for _, _, c in given)


def split_list(args: Sequence[Any], ns: Sequence[int]) -> list[list[Any]]:
    """A list in parts of the lengths `ns`, and what is left."""
    rest, out = list(args), []
    for n in ns:
        out.append(rest[:n])
        rest = rest[n:]
    return [*out, rest]


def partition_list(bs: Sequence[bool], values: Sequence[Any]) -> tuple[list[Any], list[Any]]:
    """The values that are marked False, and those that are marked True."""
    pairs = safe_zip(bs, values)
    return [v for b, v in pairs if not b], [v for b, v in pairs if b]


def wrap_name(transform_name: str, name: str) -> str:
    """A name under a transformation."""
    return f"{transform_name}({name})"


def canonicalize_axis(axis: int, num_dims: int) -> int:
    """An axis counted from the front.

    Raises:
        ValueError: there is no such axis.
    """
    if not -num_dims <= axis < num_dims:
        raise ValueError(f"axis {axis} is out of bounds for array of dimension {num_dims}")
    return axis % num_dims if num_dims else 0


def cache(max_size: int | None = 4096, **_: Any) -> Callable[..., Any]:
    """A decorator that keeps results by arguments."""
    return functools.lru_cache(max_size)


def weakref_lru_cache(call: Any, maxsize: int = 2048, **_: Any) -> Any:
    """A function that keeps results by arguments."""
    return functools.lru_cache(maxsize)(call)


def wraps(wrapped: Any, namestr: str | None = None, docstr: str | None = None, **_: Any) -> Callable[..., Any]:
    """A decorator that gives a function the name and text of another."""

    def decorator(fun: Any) -> Any:
        made = functools.update_wrapper(fun, wrapped) if isinstance(fun, types.FunctionType) else fun
        if namestr and isinstance(made, types.FunctionType):
            made.__name__ = namestr.format(fun=getattr(wrapped, "__name__", ""))
        return made

    return decorator


__all__ = [
    "cache", "canonicalize_axis", "partition_list", "safe_map", "safe_zip", "split_list", "unzip2", "unzip3", "weakref_lru_cache",
    "wrap_name", "wraps",
]  # fmt: skip
