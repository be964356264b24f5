"""Products in `jax.lax`: over contracted and batch axes, of groups of different lengths, of scaled blocks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...core import Value
from ...ops import elementwise as ew
from ...ops import shape as sh
from ...ops.contraction import dot_general as _dot_general
from ..array import in_dtype, wrap
from ..conversion import converted
from ..promotion import joined
from .checks import given, kind, operand, operands, whole
from .enums import DotAlgorithm, DotAlgorithmPreset, Precision, RaggedDotDimensionNumbers


def checked_precision(precision: Any) -> None:
    """Raises:
    ValueError: it is none of JAX's precisions.
    """
    if isinstance(precision, (Precision, DotAlgorithmPreset, DotAlgorithm, type(None))):
        return
    pair = precision if isinstance(precision, (list, tuple)) else (precision,)
    if len(pair) <= 2:
        try:
            for p in pair:
                if not isinstance(p, DotAlgorithmPreset):
                    _named(p)
            return
        except ValueError:
            pass
    raise ValueError(
        f"Precision argument must be one of: None, a string such as 'default', 'high', 'highest', a lax.Precision, a pair of "
        f"these, a lax.DotAlgorithm or a lax.DotAlgorithmPreset; got {precision!r}"
    )


def _named(precision: Any) -> Any:
    if isinstance(precision, str) and precision in DotAlgorithmPreset.__members__:
        return DotAlgorithmPreset[precision]
    return Precision(precision)


def not_narrower(dtype: np.dtype, preferred: Any) -> None:
    """Raises:
    TypeError: the dtype of a result is of another kind than that of the arguments, or narrower.
    """
    if preferred is None:
        return
    wanted = given(preferred)
    if kind(wanted).replace("u", "i") != kind(dtype).replace("u", "i"):
        raise TypeError(
            "`preferred_element_type` and the original type must both be integral, both be floating point, or both complex."
        )
    if wanted.itemsize < dtype.itemsize:
        raise TypeError("`preferred_element_type` must not be narrower than the original type.")


def accumulated(product: Callable[[Value, Value], Value], x: Value, y: Value, preferred: Any = None) -> Value:
    """A product in the dtype that both arguments and the result meet in, converted to that of the result."""
    wanted = None if preferred is None else given(preferred)
    kinds = [(x.dtype, False), (y.dtype, False), *([] if wanted is None else [(wanted, False)])]
    dtype = joined(*kinds)[0]
    out = product(in_dtype(x, dtype), in_dtype(y, dtype))
    return out if wanted is None or out.dtype == wanted else converted(out, wanted)


def _axes(axes: Any) -> tuple[int, ...]:
    return (int(axes),) if isinstance(axes, (int, np.integer)) else whole(axes, "dimension_numbers")


def dot_general(
    lhs: Any, rhs: Any, dimension_numbers: Any, precision: Any = None, preferred_element_type: Any = None, *,
    out_sharding: Any = None,
) -> Any:  # fmt: skip
    """The product over contracted and batch axes, ``dimension_numbers = ((lhs, rhs) contracted, (lhs, rhs) batch)``.

    Args:
        lhs, rhs: arrays.
        dimension_numbers: as above, each a sequence of axes.
        precision: taken; products are computed in their full dtype.
        preferred_element_type: the dtype of the result.

    Returns:
        An array with the batch axes first, then the free axes of `lhs`, then those of `rhs`.

    Raises:
        TypeError: axes that are paired differ in length, are named twice, or are none of the arrays'.
    """
    checked_precision(precision)
    (x, y), _ = operands((lhs, rhs), "dot_general")
    (cx, cy), (bx, by) = dimension_numbers
    cx, cy, bx, by = _axes(cx), _axes(cy), _axes(bx), _axes(by)
    for what, a, b in (("contracting", cx, cy), ("batch", bx, by)):
        if len(a) != len(b):
            raise TypeError(f"dot_general requires equal numbers of {what} dimensions of lhs and rhs, got {a} and {b}.")
        for side, v, axes in (("lhs", x, a), ("rhs", y, b)):
            if any(not 0 <= i < len(v.shape) for i in axes):
                raise TypeError(f"dot_general requires {what} dimensions of {side} to be nonnegative and less than its rank, "
                                f"got {axes} for {v.shape}.")  # fmt: skip
            if len(set(axes)) != len(axes):
                raise TypeError(f"dot_general requires {side} {what} dimensions to be distinct, got {axes}.")
        sizes = tuple(x.shape[i] for i in a), tuple(y.shape[j] for j in b)
        if sizes[0] != sizes[1]:
            name = (
                "contracting dimensions" if what == "contracting" else "lhs batch dimensions and rhs batch dimensions"
            )
            raise TypeError(f"dot_general requires {name} to have the same shape, got {sizes[0]} and {sizes[1]}.")
    for side, c, b in (("lhs", cx, bx), ("rhs", cy, by)):
        if set(c) & set(b):
            raise TypeError(
                f"dot_general requires {side} batch dimensions to be disjoint from contracting dimensions, got {b} and {c}."
            )
    dims = ((cx, cy), (bx, by))
    return wrap(accumulated(lambda a, b: _dot_general(a, b, dims), x, y, preferred_element_type))


def dot(
    lhs: Any, rhs: Any, *args: Any, dimension_numbers: Any = None, precision: Any = None, preferred_element_type: Any = None,
    out_sharding: Any = None,
) -> Any:  # fmt: skip
    """The product of vectors and matrices, or over the axes of `dimension_numbers`, as `dot_general` has it.

    Raises:
        ValueError: arrays of other numbers of axes, or whose axes do not fit.
    """
    if args:  # dot(lhs, rhs, precision, preferred_element_type), as it was
        precision = args[0]
        preferred_element_type = args[1] if len(args) > 1 else preferred_element_type
    (x, y), _ = operands((lhs, rhs), "dot_general")
    if dimension_numbers is None:
        if not (1 <= len(x.shape) <= 2 and 1 <= len(y.shape) <= 2 and x.shape[-1] == y.shape[0]):
            raise ValueError(
                f"jax.lax.dot: dimension_numbers must be specified when not performing simple un-batched matrix-matrix, "
                f"matrix-vector or vector-vector products; got shapes {x.shape} and {y.shape}"
            )
        dimension_numbers = (((len(x.shape) - 1,), (0,)), ((), ()))
    return dot_general(lhs, rhs, dimension_numbers, precision, preferred_element_type)


def batch_matmul(lhs: Any, rhs: Any, precision: Any = None) -> Any:
    """The products of matrices, batch axes first.

    Raises:
        ValueError: an array has fewer than 2 axes, or their numbers of axes differ.
    """
    nx, ny = len(np.shape(lhs) if not hasattr(lhs, "shape") else lhs.shape), len(rhs.shape)
    if min(nx, ny) < 2:
        raise ValueError(f"Arguments to batch_matmul must be at least 2D, got {nx}, {ny}")
    if nx != ny:
        raise ValueError(f"Arguments to batch_matmul must have same ndim, got {nx}, {ny}")
    batch = tuple(range(nx - 2))
    return dot_general(lhs, rhs, (((nx - 1,), (ny - 2,)), (batch, batch)), precision)


# --- groups of different lengths --------------------------------------------------------------------------------


def ragged_dot(
    lhs: Any, rhs: Any, group_sizes: Any, precision: Any = None, preferred_element_type: Any = None, group_offset: Any = None,
    out_sharding: Any = None,
) -> Any:  # fmt: skip
    """The rows of a matrix, in groups of given lengths, times the matrix of each group; rows of no group give 0.

    Args:
        lhs: shape ``(m, k)``.
        rhs: shape ``(groups, k, n)``.
        group_sizes: shape ``(groups,)``, integers.
    """
    numbers = RaggedDotDimensionNumbers((((1,), (1,)), ((), ())), [0], [0])
    return ragged_dot_general(lhs, rhs, group_sizes, numbers, precision, preferred_element_type, group_offset)


def ragged_dot_general(
    lhs: Any, rhs: Any, group_sizes: Any, ragged_dot_dimension_numbers: Any, precision: Any = None,
    preferred_element_type: Any = None, group_offset: Any = None, out_sharding: Any = None,
) -> Any:  # fmt: skip
    """`dot_general` whose first array's ragged axis is divided into groups of given lengths.

    A free ragged axis: each group meets its slice of `rhs`. A contracted one: the result has an axis of groups in front. A
    batch axis: groups change nothing.

    Args:
        lhs, rhs: arrays.
        group_sizes: lengths of groups, the last axis; before it the batch axes, and the others of `lhs` before the ragged one.
        ragged_dot_dimension_numbers: a `RaggedDotDimensionNumbers`.

    Raises:
        TypeError: the axes do not fit.
        NotImplementedError: `group_offset`, as in JAX.
    """
    if group_offset is not None:
        raise NotImplementedError("Unimplemented group_offset support.")
    checked_precision(precision)
    numbers = ragged_dot_dimension_numbers
    (cx, cy), (bx, by) = numbers.dot_dimension_numbers
    (x, y), _ = operands((lhs, rhs), "ragged_dot_general")
    sizes, _ = operand(group_sizes, "ragged_dot_general")
    if len(numbers.lhs_ragged_dimensions) != 1:
        raise TypeError(
            f"ragged_dot_general expects exactly one lhs ragged dimension, got {numbers.lhs_ragged_dimensions}."
        )
    if sizes.dtype.kind not in "iu" or not sizes.shape:
        raise TypeError(
            f"ragged_dot_general: group_sizes are an array of integers, got {sizes.dtype} of shape {sizes.shape}"
        )
    (ragged,) = numbers.lhs_ragged_dimensions
    groups = sizes.shape[-1]
    if ragged in bx:
        return dot_general(lhs, rhs, numbers.dot_dimension_numbers, precision, preferred_element_type)
    ends = _running(sizes)
    starts = ew.subtract(ends, sizes)
    along = np.arange(x.shape[ragged])
    column = sh.expand_dims(starts, -1), sh.expand_dims(ends, -1)
    inside = ew.logical_and(ew.greater_equal(along, column[0]), ew.less(along, column[1]))  # ..., groups, ragged
    lead = [*bx] if len(sizes.shape) > 1 else []
    if len(sizes.shape) - 1 not in (0, len(bx)):
        lead = [a for a in (*bx, *[a for a in range(len(x.shape)) if a not in bx]) if a != ragged][
            : len(sizes.shape) - 1
        ]
    lengths = [1] * len(x.shape)
    for a in (*lead, ragged):
        lengths[a] = x.shape[a]
    order = sorted([*lead, ragged])
    mask = sh.moveaxis(inside, -2, 0)  # groups, lead, ragged
    mask = sh.transpose(mask, (0, *[1 + [*lead, ragged].index(a) for a in order]))
    mask = sh.reshape(mask, (groups, *lengths))

    def product(x: Value, y: Value) -> Value:
        apart = ew.where(mask, sh.expand_dims(x, 0), x.dtype.type(0))  # groups, then x
        up = lambda axes: tuple(a + 1 for a in axes)  # noqa: E731
        if ragged in cx:
            if numbers.rhs_group_dimensions:
                raise TypeError(
                    "ragged_dot_general requires zero group dimensions in the rhs when lhs contracting is ragged."
                )
            out = _dot_general(apart, y, ((up(cx), cy), (up(bx), by)))
            return sh.moveaxis(out, len(bx), 0)
        (group,) = _one_group(numbers, y, groups)
        return _dot_general(apart, y, (((0, *up(cx)), (group, *cy)), (up(bx), by)))

    return wrap(accumulated(product, x, y, preferred_element_type))


def _one_group(numbers: RaggedDotDimensionNumbers, y: Value, groups: int) -> tuple[int, ...]:
    if len(numbers.rhs_group_dimensions) != 1:
        raise TypeError(
            f"ragged_dot_general requires exactly one rhs group dimension when lhs noncontracting dimension is ragged, got "
            f"{numbers.rhs_group_dimensions}."
        )
    if y.shape[numbers.rhs_group_dimensions[0]] != groups:
        raise TypeError(
            f"expected rhs group dimension size to be {groups}, got {y.shape[numbers.rhs_group_dimensions[0]]}."
        )
    return numbers.rhs_group_dimensions


def _running(sizes: Value) -> Value:
    from ...ops.cumulative import cumsum_p

    return cumsum_p.bind(sizes, axis=len(sizes.shape) - 1)


def scaled_dot(
    lhs: Any, rhs: Any, *, lhs_scale: Any = None, rhs_scale: Any = None, dimension_numbers: Any = None,
    preferred_element_type: Any = None,
) -> Any:  # fmt: skip
    """The product of arrays of which blocks have scales: each axis of a scale divides that of its array.

    Args:
        lhs, rhs: arrays.
        lhs_scale, rhs_scale: of the same numbers of axes; None for 1.
        dimension_numbers: as `dot_general` has them; matrices by default, with batch axes first.
        preferred_element_type: the dtype of the result, bfloat16 by default.
    """
    import ml_dtypes

    (x, y), _ = operands((lhs, rhs), "scaled_dot")
    if dimension_numbers is None:
        n = len(x.shape)
        batch = tuple(range(n - 2))
        dimension_numbers = (((n - 1,), (n - 2,)), (batch, batch))
    wanted = given(ml_dtypes.bfloat16 if preferred_element_type is None else preferred_element_type)
    wide = np.dtype(np.float32) if wanted.itemsize < 4 else wanted
    left, right = (_scaled(v, s, wide) for v, s in ((x, lhs_scale), (y, rhs_scale)))
    (cx, cy), (bx, by) = dimension_numbers
    return wrap(converted(_dot_general(left, right, ((_axes(cx), _axes(cy)), (_axes(bx), _axes(by)))), wanted))


def _scaled(x: Value, scale: Any, dtype: np.dtype) -> Value:
    x = converted(x, dtype)
    if scale is None:
        return x
    s, _ = operand(scale, "scaled_dot")
    s = converted(s, dtype)
    if len(s.shape) != len(x.shape) or any(k == 0 or n % k for n, k in zip(x.shape, s.shape, strict=True)):
        raise ValueError(f"scaled_dot: a scale of shape {s.shape} does not divide an array of shape {x.shape}")
    between = tuple(k for n, b in zip(s.shape, x.shape, strict=True) for k in (n, 1))
    blocks = tuple(k for n, b in zip(s.shape, x.shape, strict=True) for k in (n, b // n))
    return ew.multiply(x, sh.reshape(sh.broadcast_to(sh.reshape(s, between), blocks), tuple(x.shape)))


__all__ = ["batch_matmul", "dot", "dot_general", "ragged_dot", "ragged_dot_general", "scaled_dot"]
