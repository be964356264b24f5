"""What is made of scan: map and associative_scan."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from .. import trees
from ..core import Value, as_array, shape_of
from ..errors import ArgumentError, ShapeError
from ..ops.axes import canonical_axis
from ..ops.shape import concatenate, moveaxis, reshape
from .control import named, run_scan, steps_of
from .function import check_callable, shown, values_of
from .vmap import vmap


def associative_scan(fn: Callable[[Any, Any], Any], elems: Any, reverse: bool = False, axis: int = 0) -> Any:
    """Running results of an associative operation: ``x0``, ``fn(x0, x1)``, ``fn(fn(x0, x1), x2)`` …

    On a processor the fastest way through is one element after another, so that is how it runs, natively.

    Args:
        fn: the operation on pytrees; it gets slices that keep the axis, with length 1, as for JAX it works along it.
        elems: a pytree of arrays of one length along `axis`.
        reverse: whether it runs from the end.
        axis: along which it runs.

    Raises:
        ShapeError, TreeError: lengths differ, or `fn` changes structure, shape or dtype.

    Example:
        >>> import numpy as np
        >>> associative_scan(lambda a, b: a * b, np.array([1.0, 2.0, 3.0]))
        array([1., 2., 6.])
    """
    __tracebackhide__ = True
    try:
        return _associative(fn, elems, bool(reverse), operator.index(axis))
    except Exception as error:
        raise shown(error)


def _associative(fn: Any, elems: Any, reverse: bool, axis: int) -> Any:
    check_callable(fn, "associative_scan")
    leaves, tree = trees.flatten(elems)
    values = [as_array(x) for x in values_of(leaves, tree, "associative_scan", fn, "elems")]
    for x in values:
        if not shape_of(x):
            raise ShapeError(
                "associative_scan: an element is a single number; each array needs the axis that it runs along"
            )
    axes = [canonical_axis(axis, len(shape_of(x))) for x in values]
    front = [moveaxis(x, k, 0) if k else x for x, k in zip(values, axes, strict=True)]
    n = steps_of(None, front, [""] * len(front), "associative_scan")
    if n < 2:
        return trees.unflatten(tree, values)

    def kept(x: Value, k: int) -> Value:
        """A slice with its axis back, of length 1."""
        shape = shape_of(x)
        return reshape(x, (*shape[:k], 1, *shape[k:]))

    def step(carry: Any, x: Any) -> Any:
        pair = [
            trees.unflatten(tree, [kept(v, k) for v, k in zip(part, axes, strict=True)])
            for part in (trees.leaves(carry), trees.leaves(x))
        ]
        out = fn(*pair)
        out = [reshape(o, shape_of(v)) for o, v in zip(trees.leaves(out), trees.leaves(carry), strict=True)]
        return out, list(out)

    first = [x[-1 if reverse else 0] for x in front]
    rest = [x[:-1] if reverse else x[1:] for x in front]
    _, ys = run_scan(named(step, fn), first, rest, None, reverse, "associative_scan")
    outs = [concatenate([y, f[None]] if reverse else [f[None], y], 0) for f, y in zip(first, ys, strict=True)]
    return trees.unflatten(tree, [moveaxis(o, 0, k) if k else o for o, k in zip(outs, axes, strict=True)])


def map_(f: Callable[[Any], Any], xs: Any, *, batch_size: int | None = None) -> Any:
    """`f` of each slice of `xs` along the first axis, stacked: like `vmap`, one after another.

    Args:
        f: a function of one slice, a pytree.
        xs: a pytree of arrays of one length.
        batch_size: how many slices `vmap` takes at once; None for one at a time.

    Example:
        >>> import numpy as np
        >>> map_(lambda x: x * x, np.arange(3.0))
        array([0., 1., 4.])
    """
    __tracebackhide__ = True
    try:
        check_callable(f, "map")
        if batch_size is None:
            return run_scan(named(lambda _, x: ((), f(x)), f), (), xs, None, False, "map")[1]
        return _in_batches(f, xs, operator.index(batch_size))
    except Exception as error:
        raise shown(error)


def _in_batches(f: Any, xs: Any, size: int) -> Any:
    if size < 1:
        raise ArgumentError(f"map: batch_size is at least 1, got {size}")
    slices = [as_array(x) for x in trees.leaves(xs)]
    tree = trees.structure(xs)
    n = steps_of(None, slices, ["" for _ in slices], "map")
    whole = n - n % size
    parts: list[Any] = []
    if whole:
        blocks = [reshape(x[:whole], (whole // size, size, *shape_of(x)[1:])) for x in slices]
        outs = run_scan(named(lambda _, x: ((), vmap(f)(x)), f), (), trees.unflatten(tree, blocks), None, False, "map")[
            1
        ]
        parts.append(trees.map(lambda y: reshape(y, (whole, *shape_of(y)[2:])), outs))
    if whole < n:
        parts.append(vmap(f)(trees.unflatten(tree, [x[whole:] for x in slices])))
    if not parts:
        return run_scan(named(lambda _, x: ((), f(x)), f), (), xs, None, False, "map")[1]
    return parts[0] if len(parts) == 1 else trees.map(lambda a, b: concatenate([a, b], 0), *parts)


__all__ = ["associative_scan", "map_"]
