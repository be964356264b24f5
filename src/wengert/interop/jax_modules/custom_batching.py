"""`jax.custom_batching`: functions with a rule of their own for `vmap`."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from ... import trees
from ...core import Aval, as_array
from ...transforms.custom_batching import custom_batch_p
from ...transforms.function import name_of
from ..array import wrap
from ..border import lift, lower
from .transformations import eval_shape
from .treedefs import PyTreeDef


class custom_vmap:  # noqa: N801 (JAX's name)
    """A function whose batches are computed by a rule: ``rule(axis_size, in_batched, *args) -> (out, out_batched)``.

    Example:
        >>> from .transformations import vmap
        >>> from .numpy import array
        >>> @custom_vmap
        ... def f(x):
        ...     return x + 1
        >>> @f.def_vmap
        ... def rule(axis_size, in_batched, x):
        ...     return x + 100, in_batched[0]
        >>> vmap(f)(array([1, 2])), f(1)
        (Array([101, 102], dtype=int64), Array(2, dtype=int64, weak_type=True))
    """

    def __init__(self, fun: Callable[..., Any]) -> None:
        functools.update_wrapper(self, fun)
        self.fun = fun
        self.vmap_rule: Callable[..., Any] | None = None

    def def_vmap(self, vmap_rule: Callable[..., Any]) -> Callable[..., Any]:
        """Set the rule; it is returned, so that this is a decorator."""
        self.vmap_rule = vmap_rule
        return vmap_rule

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        rule = self.vmap_rule
        if rule is None:
            raise AttributeError(
                f"No batching rule defined for custom_vmap function {name_of(self.fun)} using def_vmap."
            )
        if kwargs:
            bound = inspect.signature(self.fun).bind(*args, **kwargs)
            bound.apply_defaults()
            args = bound.args
        leaves, tree = trees.flatten(args)
        told = eval_shape(self.fun, *args)
        structs, out_tree = trees.flatten(told)
        weak = [s.weak_type for s in structs]

        def function(*values: Any) -> list[Any]:
            return [lower(x) for x in trees.leaves(self.fun(*trees.unflatten(tree, [lift(v) for v in values])))]

        def batched_by_rule(size: int, batched: list[bool], *values: Any) -> Any:
            given = trees.unflatten(tree, [lift(v) for v in values])
            answer = rule(size, list(trees.unflatten(tree, batched)), *given)
            if not isinstance(answer, tuple) or len(answer) != 2:
                raise TypeError(
                    f"custom vmap rule ({name_of(rule)}) must return a pair (output, out_batched), got {answer}"
                )
            out, which = answer
            outs = trees.leaves(out)
            marks = trees.leaves(which)
            if trees.structure(out) != trees.structure(which):
                raise ValueError(
                    f"structure of output value and output batching specification returned by custom vmap rule ({name_of(rule)}) "
                    f"do not match.\nOutput values: {PyTreeDef(trees.structure(out))}\nBatching spec: {PyTreeDef(trees.structure(which))}"
                )
            if trees.structure(out) != out_tree:
                raise ValueError(
                    f"structure of output returned by custom vmap rule ({name_of(rule)}) does not match that of original "
                    f"custom-vmapped function.\nOriginal output: {PyTreeDef(out_tree)}\nRule output: {PyTreeDef(trees.structure(out))}"
                )
            return [lower(x) for x in outs], marks

        avals = tuple(Aval(tuple(s.shape), s.dtype) for s in structs)
        outs = custom_batch_p.bind(
            *[as_array(lower(x)) for x in leaves], function=function, rule=batched_by_rule, avals=avals
        )
        return trees.unflatten(out_tree, [wrap(o, w) for o, w in zip(outs, weak, strict=True)])


def sequential_vmap(f: Callable[..., Any]) -> custom_vmap:
    """A function whose batches are computed one example after another, by a loop."""
    made = custom_vmap(f)

    @made.def_vmap
    def rule(axis_size: int, in_batched: Any, *args: Any) -> Any:
        from ..jax_names import alias_name

        leaves, tree = trees.flatten(args)
        marks = trees.leaves(in_batched)
        moving = [x for x, m in zip(leaves, marks, strict=True) if m]

        def one(some: Any) -> Any:
            rest = iter(some)
            return made(*trees.unflatten(tree, [next(rest) if m else x for x, m in zip(leaves, marks, strict=True)]))

        out = alias_name("jax.lax", "map")(one, moving)
        return out, trees.map(lambda _: True, out)

    return made


__all__ = ["custom_vmap", "sequential_vmap"]
