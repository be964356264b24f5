"""`jax.api_util`: functions of trees as functions of lists of arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ... import trees
from ...prefixes import broadcast_prefix
from ..extend.jaxpr import DebugInfo
from ..extend.linear_util import WrappedFun, transformation_with_aux2
from .extend_core import shaped_abstractify
from .tree_util import tree_flatten, tree_unflatten
from .treedefs import spec_of


def debug_info(
    traced_for: str, fun: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any], **_: Any
) -> DebugInfo:
    """Where a function that is traced stands."""
    code = getattr(fun, "__code__", None)
    place = f"{code.co_filename}:{code.co_firstlineno}" if code is not None else "<unknown>"
    return DebugInfo(traced_for, f"{getattr(fun, '__name__', '<unnamed function>')} at {place}", None, None)


@transformation_with_aux2
def flatten_fun(below: Any, store: Any, in_tree: Any, *args_flat: Any) -> list[Any]:
    """A function of the leaves of ``(args, kwargs)``, and what reads the structure of its result."""
    args, kwargs = tree_unflatten(in_tree, args_flat)
    leaves, tree = tree_flatten(below(*args, **kwargs))
    store.store(tree)
    return leaves


@transformation_with_aux2
def flatten_fun_nokwargs(below: Any, store: Any, in_tree: Any, *args_flat: Any) -> list[Any]:
    """A function of the leaves of its arguments, and what reads the structure of its result."""
    leaves, tree = tree_flatten(below(*tree_unflatten(in_tree, args_flat)))
    store.store(tree)
    return leaves


def argnums_partial(
    f: WrappedFun, dyn_argnums: Any, args: Sequence[Any], require_static_args_hashable: bool = True
) -> tuple[WrappedFun, tuple[Any, ...]]:
    """A function of some of its arguments, the others fixed, and these arguments.

    Raises:
        ValueError: one that is fixed has no hash, and must.
    """
    places = tuple(n % len(args) for n in ((dyn_argnums,) if isinstance(dyn_argnums, int) else dyn_argnums))
    if require_static_args_hashable:
        for i, a in enumerate(args):
            if i not in places:
                try:
                    hash(a)
                except TypeError:
                    raise ValueError(f"argument {i} is static and has no hash: {a!r}") from None
    fixed = list(args)

    def layer(below: Any, *dynamic: Any, **kwargs: Any) -> Any:
        full = list(fixed)
        for i, x in zip(places, dynamic, strict=True):
            full[i] = x
        return below(*full, **kwargs)

    return f.wrap(layer, (), None), tuple(args[i] for i in places)


def donation_vector(donate_argnums: Any, donate_argnames: Any, in_tree: Any, kws: bool = True) -> tuple[bool, ...]:
    """For each leaf of the arguments whether its memory is given up."""
    nums = (donate_argnums,) if isinstance(donate_argnums, int) else tuple(donate_argnums or ())
    names = (donate_argnames,) if isinstance(donate_argnames, str) else tuple(donate_argnames or ())
    args, kwargs = tree_unflatten(in_tree, [0] * in_tree.num_leaves) if kws else (tree_unflatten(in_tree, [0] * in_tree.num_leaves), {})  # fmt: skip
    found = [i in nums for i, a in enumerate(args) for _ in trees.leaves(a)]
    return tuple(found + [k in names for k in sorted(kwargs) for _ in trees.leaves(kwargs[k])])


def rebase_donate_argnums(donate_argnums: Sequence[int], static_argnums: Sequence[int]) -> tuple[int, ...]:
    """Numbers of arguments whose memory is given up, counted without those that are static."""
    return tuple(d - sum(s < d for s in static_argnums) for d in sorted(donate_argnums))


def flatten_axes(name: str, treedef: Any, axis_tree: Any, *, kws: bool = False, tupled_args: bool = False) -> list[Any]:
    """The entry of a prefix tree for each leaf."""
    return broadcast_prefix(axis_tree, spec_of(treedef), what=name)


def safe_map(f: Callable[..., Any], *sequences: Any) -> list[Any]:
    """The list of ``f(x, ...)`` for sequences of one length.

    Raises:
        ValueError: the lengths differ.
    """
    given = [list(s) for s in sequences]
    if len({len(s) for s in given}) > 1:
        raise ValueError(f"safe_map() arguments of different lengths: {[len(s) for s in given]}")
    return list(map(f, *given))


def safe_zip(*sequences: Any) -> list[Any]:
    """The list of tuples of the elements of sequences of one length.

    Raises:
        ValueError: the lengths differ.
    """
    return safe_map(lambda *xs: xs, *sequences)


def unzip2(pairs: Any) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """The first and the second elements of pairs."""
    pairs = list(pairs)
    return tuple(a for a, _ in pairs), tuple(b for _, b in pairs)


__all__ = [
    "argnums_partial", "debug_info", "donation_vector", "flatten_axes", "flatten_fun", "flatten_fun_nokwargs", "rebase_donate_argnums",
    "safe_map", "shaped_abstractify",
]  # fmt: skip
