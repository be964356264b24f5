"""Weak leaves of what loops carry and branches give: they take the dtype that the body makes of them, and stay weak where they can."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

from ... import trees
from ...core import PYTHON_SCALARS, Value, as_value
from ...errors import WengertError
from ...transforms.jit import eval_shape
from ..array import Array, in_dtype, kind_of, wrap
from ..border import lift, lower, lowered_with
from ..jax_modules.numpy import array
from ..promotion import Kind, joined


def _values(leaves: list[Any], kinds: list[Kind]) -> list[Value]:
    return [
        in_dtype(x, k[0]) if type(x) in (Array, *PYTHON_SCALARS) else as_value(x)
        for x, k in zip(leaves, kinds, strict=True)
    ]


def _wide(init: Any, step: Callable[[Any], Any]) -> tuple[Any, list[bool], list[bool]]:
    """What a loop carries, lowered, and which leaves are weak in its body and after it: weak ones take the dtypes that
    `step` makes of them.

    Args:
        init: what is carried first.
        step: the carry after a step, from that before it.
    """
    leaves, tree = trees.flatten(init)
    kinds = [kind_of(x) for x in leaves]
    values = _values(leaves, kinds)
    if not any(weak for _, weak in kinds):
        return lowered_with(init, values), [False] * len(leaves), [False] * len(leaves)
    seen: list[Any] = []
    for _ in range(4):
        seen = []

        def once(*given: Any, kinds: Any = kinds, seen: Any = seen) -> Any:
            carry = trees.unflatten(tree, [wrap(v, weak) for v, (_, weak) in zip(given, kinds, strict=True)])
            out = trees.leaves(step(carry))
            seen[:] = [kind_of(x) for x in out]
            return [lower(x) for x in out]

        eval_shape(once, *values)
        if len(seen) != len(kinds):
            break
        met = [k if not k[1] or k[0] == s[0] else (joined(k, s)[0], False) for k, s in zip(kinds, seen, strict=True)]
        if met == kinds:
            break
        values = [in_dtype(v, k[0]) for v, k in zip(values, met, strict=True)]
        kinds = met
    after = (
        [k[1] and s[1] for k, s in zip(kinds, seen, strict=True)] if len(seen) == len(kinds) else [k[1] for k in kinds]
    )
    return lowered_with(init, values), [weak for _, weak in kinds], after


def at_once(
    init: Any, run: Callable[[Any, list[bool], Callable[[Any], Any]], Any], step: Callable[[Any], Any]
) -> tuple[Any, Any]:
    """A loop whose body is traced once where weak leaves of what it carries keep their dtypes.

    Args:
        init: what is carried first.
        run: the loop, given the lowered carry, which of its leaves are weak in the body, and what the carries that the body
            gives go through.
        step: the carry after a step, from that before it.

    Returns:
        The carry at the end, its leaves weak where they are so throughout, and what `run` gave beside it.
    """
    leaves = trees.leaves(init)
    kinds = [kind_of(x) for x in leaves]
    seen: list[Any] = []

    def noted(out: Any) -> Any:
        seen[:] = [kind_of(x) for x in trees.leaves(out)]
        return out

    if any(weak for _, weak in kinds):
        values = _values(leaves, kinds)
        with contextlib.suppress(WengertError):  # of dtypes that do not stay, or of the body, where it comes again
            out, more = run(lowered_with(init, values), [weak for _, weak in kinds], noted)
            if [k[0] for k in seen] == [k[0] for k in kinds]:
                return marked(lift(out), [k[1] and s[1] for k, s in zip(kinds, seen, strict=True)]), more
    carry, weak, after = _wide(init, step)
    out, more = run(carry, weak, noted)
    return marked(lift(out), after), more


def marked(tree: Any, weak: list[bool]) -> Any:
    """A carry for the user, its leaves weak where they are."""
    leaves, treedef = trees.flatten(tree)
    return trees.unflatten(
        treedef, [wrap(lower(x), w) if type(x) is Array else lift(x, w) for x, w in zip(leaves, weak, strict=True)]
    )


def of_numbers(out: Any) -> Any:
    """A tree with weak arrays for Python's numbers."""
    return trees.map(lambda v: array(v) if type(v) in PYTHON_SCALARS else v, out)


__all__ = ["at_once", "marked", "of_numbers"]
