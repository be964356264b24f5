"""`jax.lax`'s convolutions: any dimension numbers, strides, padding, dilation and groups.

The windows of the padded operand are gathered along each axis, and one contraction does the rest, so that derivatives
and batches are those of these operations.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from .. import numpy as ours
from ..core import Value
from ..errors import ShapeError
from .array import promoted, wrap
from .conversion import converted


class ConvDimensionNumbers(NamedTuple):
    """Which axis of each array is what: batch (or output features), features, and the spatial ones."""

    lhs_spec: Sequence[int]
    rhs_spec: Sequence[int]
    out_spec: Sequence[int]


def conv_dimension_numbers(lhs_shape: Any, rhs_shape: Any, dimension_numbers: Any) -> ConvDimensionNumbers:
    """Dimension numbers from None (features before space) or three texts, such as ``("NHWC", "HWIO", "NHWC")``.

    Raises:
        ShapeError: they do not fit the numbers of axes.

    Example:
        >>> conv_dimension_numbers((1, 5, 2), (3, 2, 4), ("NHC", "HIO", "NHC"))
        ConvDimensionNumbers(lhs_spec=(0, 2, 1), rhs_spec=(2, 1, 0), out_spec=(0, 2, 1))
    """
    if isinstance(dimension_numbers, ConvDimensionNumbers):
        return dimension_numbers
    rank = len(lhs_shape)
    if len(rhs_shape) != rank or rank < 2:
        raise ShapeError(f"a convolution takes arrays of the same number of axes, got {lhs_shape} and {rhs_shape}")
    if dimension_numbers is None:
        return ConvDimensionNumbers(*[tuple(range(rank))] * 3)
    texts = tuple(dimension_numbers)
    if len(texts) != 3 or any(sorted(t) != sorted(set(t)) or len(t) != rank for t in texts):
        raise ShapeError(
            f"dimension_numbers are three texts of {rank} different letters each, got {dimension_numbers!r}"
        )
    lhs, rhs, out = texts
    for text, two in ((lhs, "NC"), (rhs, "OI"), (out, "NC")):
        if not set(two) <= set(text):
            raise ShapeError(f"dimension_numbers: {text!r} has no {' or '.join(two)}")
    space = [c for c in rhs if c not in "OI"]
    if any(set(space) != set(t) - {"N", "C"} for t in (lhs, out)):
        raise ShapeError(f"dimension_numbers: the spatial axes of {texts} are not the same")
    return ConvDimensionNumbers(
        (lhs.index("N"), lhs.index("C"), *[lhs.index(c) for c in space]),
        (rhs.index("O"), rhs.index("I"), *[rhs.index(c) for c in space]),
        (out.index("N"), out.index("C"), *[out.index(c) for c in space]),
    )


def _each(value: Any, n: int, what: str) -> tuple[int, ...]:
    out = (1,) * n if value is None else (value,) * n if isinstance(value, int) else tuple(map(int, value))
    if len(out) != n or min(out, default=1) < 1:
        raise ShapeError(f"a convolution over {n} axes takes {n} positive numbers as {what}, got {value!r}")
    return out


def padtype_to_pads(in_shape: Any, window_shape: Any, window_strides: Any, padding: Any) -> list[tuple[int, int]]:
    """The padding of each axis that "SAME", "SAME_LOWER" or "VALID" stands for."""
    name = str(padding).upper()
    if name == "VALID":
        return [(0, 0)] * len(in_shape)
    if name not in ("SAME", "SAME_LOWER"):
        raise ValueError(f"padding is 'SAME', 'SAME_LOWER', 'VALID' or pairs of numbers, got {padding!r}")
    pads = []
    for n, k, stride in zip(in_shape, window_shape, window_strides, strict=True):
        total = max((-(-n // stride) - 1) * stride + k - n, 0)
        low = total // 2 if name == "SAME" else total - total // 2
        pads.append((low, total - low))
    return pads


def _spread(x: Value, axis: int, step: int, low: int, high: int) -> Value:
    """An axis with ``step - 1`` zeros between its elements and zeros at its ends; negative padding cuts."""
    n = x.shape[axis]
    if step > 1 and n:
        x = ours.reshape(x, (*x.shape[: axis + 1], 1, *x.shape[axis + 1 :]))
        x = ours.pad(x, [(0, step - 1 if i == axis + 1 else 0) for i in range(len(x.shape))])
        x = ours.reshape(x, (*x.shape[:axis], n * step, *x.shape[axis + 2 :]))
        n = (n - 1) * step + 1
        x = x[(slice(None),) * axis + (slice(0, n),)]
    if max(low, high) > 0:
        x = ours.pad(x, [(max(low, 0), max(high, 0)) if i == axis else (0, 0) for i in range(len(x.shape))])
    if min(low, high) < 0:
        x = x[(slice(None),) * axis + (slice(max(-low, 0), x.shape[axis] - max(-high, 0)),)]
    return x


def _windows(x: Value, axis: int, size: int, stride: int, step: int) -> Value:
    """An axis as two: which window, and the place in it."""
    count = max((x.shape[axis] - (size - 1) * step - 1) // stride + 1, 0)
    if size == 1:
        out = x[(slice(None),) * axis + (slice(0, (count - 1) * stride + 1 if count else 0, stride),)]
        return ours.reshape(out, (*x.shape[:axis], count, 1, *x.shape[axis + 1 :]))
    places = np.arange(count)[:, None] * stride + np.arange(size) * step
    return ours.take(x, places, axis)


def conv_general_dilated(
    lhs: Any, rhs: Any, window_strides: Any, padding: Any, lhs_dilation: Any = None, rhs_dilation: Any = None,
    dimension_numbers: Any = None, feature_group_count: int = 1, batch_group_count: int = 1, precision: Any = None,
    preferred_element_type: Any = None, out_sharding: Any = None,
) -> Any:  # fmt: skip
    """The convolution (as in neural networks: the kernel is not turned round) of two arrays over their spatial axes.

    Args:
        lhs, rhs: the operand and the kernel, of n + 2 axes.
        window_strides: n steps of the kernel.
        padding: "SAME", "SAME_LOWER", "VALID", or n pairs of numbers of zeros at both ends; negative ones cut.
        lhs_dilation, rhs_dilation: n distances between the elements of the operand and of the kernel.
        dimension_numbers: as `conv_dimension_numbers` takes them.
        feature_group_count, batch_group_count: how many groups of features, or of examples, are convolved apart.
        precision: taken; products are computed in their full dtype.
        preferred_element_type: the dtype of the result.

    Raises:
        ShapeError: the shapes, the groups and the dimension numbers do not fit.

    Example:
        >>> conv_general_dilated(np.ones((1, 1, 4)), np.ones((1, 1, 2)), (1,), "VALID")
        Array([[[2., 2., 2.]]], dtype=float64)
    """
    (x, w), _ = promoted((lhs, rhs))
    numbers = conv_dimension_numbers(x.shape, w.shape, dimension_numbers)
    x, w = ours.transpose(x, tuple(numbers.lhs_spec)), ours.transpose(w, tuple(numbers.rhs_spec))
    n = len(x.shape) - 2
    strides = _each(window_strides, n, "window_strides")
    steps, between = _each(rhs_dilation, n, "rhs_dilation"), _each(lhs_dilation, n, "lhs_dilation")
    groups, batches = feature_group_count, batch_group_count
    if (
        x.shape[1] != w.shape[1] * groups
        or w.shape[0] % (groups * batches)
        or x.shape[0] % batches
        or min(groups, batches) < 1
    ):
        raise ShapeError(
            f"conv_general_dilated: {x.shape[1]} features of the operand, {w.shape[1]} of the kernel, {w.shape[0]} of the "
            f"result and {x.shape[0]} examples do not fit feature_group_count={groups}, batch_group_count={batches}"
        )
    if groups > 1 and batches > 1:
        raise ShapeError("conv_general_dilated: one of feature_group_count and batch_group_count must be 1")
    sizes = w.shape[2:]
    if isinstance(padding, str):
        reach = [(k - 1) * d + 1 for k, d in zip(sizes, steps, strict=True)]
        pads = padtype_to_pads(x.shape[2:], reach, strides, padding)
    else:
        pads = [(p, p) if isinstance(p, int) else tuple(p) for p in padding]
        if len(pads) != n:
            raise ShapeError(f"conv_general_dilated: padding has {len(pads)} pairs for {n} spatial axes")
    for i, (low, high) in enumerate(pads):
        x = _spread(x, i + 2, between[i], low, high)
        if x.shape[i + 2] < (sizes[i] - 1) * steps[i] + 1:
            x = x[(slice(None),) * (i + 2) + (slice(0, 0),)]
    for i in range(n):
        x = _windows(x, 2 * i + 2, sizes[i], strides[i], steps[i])
    space, taps = x.shape[2::2], math.prod(sizes)
    order = (0, 1, *range(2, 2 * n + 2, 2), *range(3, 2 * n + 3, 2))
    many, features, outputs = x.shape[0], x.shape[1], w.shape[0]
    x = ours.reshape(
        ours.transpose(x, order), (batches, many // batches, groups, features // groups, math.prod(space), taps)
    )
    w = ours.reshape(w, (batches, groups, outputs // (groups * batches), features // groups, taps))
    out = ours.einsum("bngcsk,bgock->nbgos", x, w)
    out = ours.reshape(out, (many // batches, outputs, *space))
    spec = list(numbers.out_spec)
    out = ours.transpose(out, tuple(spec.index(i) for i in range(n + 2)))
    return wrap(out if preferred_element_type is None else converted(out, preferred_element_type))


def conv(
    lhs: Any, rhs: Any, window_strides: Any, padding: Any, precision: Any = None, preferred_element_type: Any = None
) -> Any:
    """`conv_general_dilated` with features before space."""
    return conv_general_dilated(lhs, rhs, window_strides, padding, preferred_element_type=preferred_element_type)


def conv_with_general_padding(
    lhs: Any, rhs: Any, window_strides: Any, padding: Any, lhs_dilation: Any, rhs_dilation: Any, precision: Any = None,
    preferred_element_type: Any = None,
) -> Any:  # fmt: skip
    """`conv_general_dilated` with features before space, and dilation."""
    return conv_general_dilated(
        lhs, rhs, window_strides, padding, lhs_dilation, rhs_dilation, preferred_element_type=preferred_element_type
    )


_LAST = {1: ("NHC", "HIO", "NHC"), 2: ("NHWC", "HWIO", "NHWC"), 3: ("NHWDC", "HWDIO", "NHWDC")}


def _pads_of_transpose(size: int, stride: int, padding: str) -> tuple[int, int]:
    if padding == "SAME":
        total = size + stride - 2
        low = size - 1 if stride > size - 1 else -(-total // 2)
    elif padding == "VALID":
        total, low = size + stride - 2 + max(size - stride, 0), size - 1
    else:
        raise ValueError(f"conv_transpose: padding is 'SAME', 'VALID' or pairs of numbers, got {padding!r}")
    return low, total - low


def conv_transpose(
    lhs: Any, rhs: Any, strides: Any, padding: Any, rhs_dilation: Any = None, dimension_numbers: Any = None,
    transpose_kernel: bool = False, precision: Any = None, preferred_element_type: Any = None, use_consistent_padding: bool = False,
) -> Any:  # fmt: skip
    """The transpose of a convolution in its operand, with zeros between its elements for strides.

    Args:
        lhs, rhs, padding, rhs_dilation, dimension_numbers: as `conv_general_dilated` has them; space comes before
            features by default.
        strides: n steps, which the result is larger by.
        transpose_kernel: whether the kernel is that of the convolution this is the transpose of.
    """
    rank = len(np.shape(lhs) if not hasattr(lhs, "shape") else lhs.shape)
    if dimension_numbers is None:
        if rank - 2 not in _LAST:
            raise ShapeError(f"conv_transpose of {rank - 2} spatial axes needs dimension_numbers")
        dimension_numbers = _LAST[rank - 2]
    numbers = conv_dimension_numbers(lhs.shape, rhs.shape, dimension_numbers)
    strides = _each(strides, rank - 2, "strides")
    steps = _each(rhs_dilation, rank - 2, "rhs_dilation")
    sizes = [(rhs.shape[i] - 1) * d + 1 for i, d in zip(numbers.rhs_spec[2:], steps, strict=True)]
    if isinstance(padding, str):
        padding = [_pads_of_transpose(k, s, padding.upper()) for k, s in zip(sizes, strides, strict=True)]
    if transpose_kernel:
        (w,), _ = promoted((rhs,))
        w = ours.flip(w, tuple(numbers.rhs_spec[2:]))
        rhs = wrap(ours.swapaxes(w, numbers.rhs_spec[0], numbers.rhs_spec[1]))
    return conv_general_dilated(
        lhs,
        rhs,
        (1,) * (rank - 2),
        padding,
        strides,
        rhs_dilation,
        numbers,
        preferred_element_type=preferred_element_type,
    )


__all__ = [
    "ConvDimensionNumbers", "conv", "conv_dimension_numbers", "conv_general_dilated", "conv_transpose",
    "conv_with_general_padding", "padtype_to_pads",
]  # fmt: skip
