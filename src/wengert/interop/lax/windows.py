"""Reductions over windows in `jax.lax`, their shapes, and the pooling that is made of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from ... import trees
from ...core import Value
from ...errors import ShapeError
from ...ops import elementwise as ew
from ...ops import folding
from ...ops import reduction as red
from ...ops import shape as sh
from ...ops import windows as sliding
from ...ops.indexing import take_along_axis
from ...ops.pooling import pooled
from ..array import wrap
from ..conversion import converted
from .checks import operands, whole
from .convolution import padtype_to_pads
from .reductions import _changes_nothing, _known, _pairwise


def _options(
    name: str, rank: int, shape: Sequence[int], sizes: Any, strides: Any, padding: Any, base: Any, dilation: Any
) -> tuple[tuple[int, ...], tuple[int, ...], list[tuple[int, int]], tuple[int, ...], tuple[int, ...]]:
    """Lengths, steps, pads and dilations of a window, an entry for each axis."""
    ones = (1,) * rank
    sizes = whole(sizes, "window_dimensions")
    strides = ones if strides is None else whole(strides, "window_strides")
    base = ones if base is None else whole(base, "base_dilation")
    dilation = ones if dilation is None else whole(dilation, "window_dilation")
    for what, v in (
        ("window_dimensions", sizes), ("window_strides", strides), ("base_dilation", base), ("window_dilation", dilation)
    ):  # fmt: skip
        if any(k < 1 for k in v):
            raise TypeError(f"{what} must have every element be positive, got {v}.")
        if len(v) != rank:
            raise TypeError(f"{name} {what} must have length {rank}, the number of axes of the operand, got {v}.")
    if isinstance(padding, str):
        reach = [sliding.dilated(k, d) for k, d in zip(sizes, dilation, strict=True)]
        pads = padtype_to_pads(shape, reach, strides, padding)  # of the array without its gaps, as JAX has it
    else:
        pads = [(int(lo), int(hi)) for lo, hi in padding]
        if len(pads) != rank:
            raise ValueError(f"{name} padding has {len(pads)} pairs for an operand of {rank} axes")
    return sizes, strides, pads, base, dilation


def reduce_window_shape_tuple(
    operand_shape: Any, window_dimensions: Any, window_strides: Any, padding: Any, base_dilation: Any = None,
    window_dilation: Any = None,
) -> tuple[int, ...]:  # fmt: skip
    """The shape of a reduction over windows."""
    shape = whole(operand_shape, "operand_shape")
    sizes, strides, pads, base, dilation = _options(
        "reduce_window", len(shape), shape, window_dimensions, window_strides, padding, base_dilation, window_dilation
    )
    return sliding.window_shape(shape, sizes, strides, pads, base, dilation)


def reduce_window(
    operand: Any, init_value: Any, computation: Callable[..., Any], window_dimensions: Any, window_strides: Any = None,
    padding: Any = "VALID", base_dilation: Any = None, window_dilation: Any = None,
) -> Any:  # fmt: skip
    """An associative computation over each window of arrays.

    Args:
        operand: an array, or a tree of arrays of one shape.
        init_value: what each window begins with, and what stands at the ends: a scalar, or a tree of scalars.
        computation: a function of two scalars, or of two trees of them, that gives such a one.
        window_dimensions, window_strides: the lengths and steps of the window along each axis.
        padding: "VALID", "SAME", "SAME_LOWER", or pairs of numbers.
        base_dilation, window_dilation: distances between elements of the operand, and of the window.

    Raises:
        TypeError: options do not fit the number of axes.
        ValueError: a begin is no scalar, or structures differ.

    Example:
        >>> from .elementwise import add
        >>> import numpy as np
        >>> reduce_window(np.arange(4.0), 0.0, add, (2,), (2,))
        Array([1., 5.], dtype=float64)
    """
    leaves, tree = trees.flatten(operand)
    begins, other = trees.flatten(init_value)
    if not leaves:
        raise ValueError("reduce_window must have at least one operand.")
    if tree != other:
        raise ValueError(f"Operands must have the same tree structure as init_values: {tree} vs. {other}")
    values, _ = operands(leaves, "reduce_window")
    firsts, _ = operands(begins, "reduce_window")
    if any(f.shape for f in firsts):
        raise ShapeError(f"reduce_window expected init_values to be scalars but init_values have shapes "
                         f"{[tuple(f.shape) for f in firsts]}.")  # fmt: skip
    if len({tuple(v.shape) for v in values}) > 1:
        raise ValueError(f"All arrays must have the same shape, got {[tuple(v.shape) for v in values]}")
    shape = tuple(values[0].shape)
    given = _options(
        "reduce_window", len(shape), shape, window_dimensions, window_strides, padding, base_dilation, window_dilation
    )
    firsts = [converted(f, v.dtype) for f, v in zip(firsts, values, strict=True)]
    name = _known(computation, len(values)) if tree == trees.structure(0) else None
    sizes, strides, pads, base, dilation = given
    want = sliding.window_shape(shape, sizes, strides, pads, base, dilation)
    if name is not None:
        value, first = values[0], firsts[0]
        out = pooled(name, value, *given)  # the ends count for nothing
        if not _changes_nothing(name, first):
            out = folding.pair_by(name, out, sh.broadcast_to(first, want))
        return wrap(out)
    combine = _pairwise(computation, tree, [])
    patches = [
        sliding.reduce_windows(v, lambda w, axis: sh.moveaxis(w, axis, 0), f, *given)
        for v, f in zip(values, firsts, strict=True)
    ]
    out = folding.fold(patches, combine)
    out = combine([sh.broadcast_to(f, want) for f in firsts], out)
    return trees.unflatten(tree, [wrap(v) for v in out])


# --- choices ----------------------------------------------------------------------------------------------------


def _selected(
    operand: Value, greatest: bool, sizes: Sequence[int], strides: Sequence[int], pads: Any, base: Sequence[int],
    dilation: Sequence[int],
) -> Value:  # fmt: skip
    """For each window of an array the place of its greatest (or least) element, flat; of equal ones the first."""
    import numpy as np

    shape = tuple(operand.shape)
    fill = folding.identity("max" if greatest else "min", operand.dtype)
    best = sliding.reduce_windows(
        operand, lambda w, axis: (red.argmax_p if greatest else red.argmin_p).bind(w, axis=axis), fill, sizes, strides, pads,
        base, dilation,
    )  # fmt: skip
    places = np.arange(math.prod(shape)).reshape(shape)
    where = sliding.reduce_windows(places, lambda w, axis: w, -1, sizes, strides, pads, base, dilation)
    return sh.reshape(take_along_axis(where, sh.expand_dims(best, -1), -1), tuple(best.shape))


def select_and_scatter_add(
    source: Any, operand: Any, select_prim: Any, window_dimensions: Any, window_strides: Any, padding: Any
) -> Any:
    """For each window the element of `source` for it, added where the operand's greatest (or least) element is.

    Args:
        source: as many elements as windows.
        operand: an array.
        select_prim: the primitive ``ge`` or ``gt`` for the greatest, ``le`` or ``lt`` for the least.
        window_dimensions, window_strides, padding: as `reduce_window` has them.
    """
    from ...ops.scatters import scatter_add_p

    (x, s), _ = operands((operand, source), "select_and_scatter_add")
    greatest = getattr(select_prim, "name", getattr(select_prim, "__name__", "")) in ("ge", "gt")
    given = _options(
        "select_and_scatter_add", len(x.shape), x.shape, window_dimensions, window_strides, padding, None, None
    )
    flat = sh.reshape(_selected(x, greatest, *given), (-1,))
    size = math.prod(x.shape)
    flat = ew.where(ew.less(flat, 0), flat.dtype.type(size), flat)
    out = scatter_add_p.bind(
        ew.convert(sh.broadcast_to(s.dtype.type(0), (size + 1,)), s.dtype), sh.reshape(s, (-1,)), flat, axes=(0,)
    )
    return wrap(sh.reshape(out[:size], tuple(x.shape)))


def select_and_gather_add(
    tangents: Any, operand: Any, select_prim: Any, window_dimensions: Any, window_strides: Any, padding: Any,
    base_dilation: Any = None, window_dilation: Any = None,
) -> Any:  # fmt: skip
    """For each window the element of `tangents` that stands where the operand's greatest (or least) element is.

    Args:
        tangents, operand: arrays of one shape.
        select_prim, window_dimensions, window_strides, padding, base_dilation, window_dilation: as above.
    """
    from ...ops.scatters import gather_p

    (t, x), _ = operands((tangents, operand), "select_and_gather_add")
    greatest = getattr(select_prim, "name", getattr(select_prim, "__name__", "")) in ("ge", "gt")
    given = _options(
        "select_and_gather_add", len(x.shape), x.shape, window_dimensions, window_strides, padding, base_dilation,
        window_dilation,
    )  # fmt: skip
    places = _selected(x, greatest, *given)
    flat = sh.reshape(t, (-1,))
    out = gather_p.bind(flat, ew.maximum(places, 0), axes=(0,))
    return wrap(ew.where(ew.less(places, 0), t.dtype.type(0), out))


__all__ = ["reduce_window", "reduce_window_shape_tuple"]
