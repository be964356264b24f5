"""`jax.lax`'s convolutions: any dimension numbers, strides, padding, dilation and groups, and their shapes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...core import Value
from ...errors import ShapeError
from ...ops import shape as sh
from ...ops import windows as sliding
from ...ops.convolution_general import (
    ConvDimensionNumbers,
    conv_dimension_numbers,
    conv_general_permutations,
    convolve_general,
)
from ..array import wrap
from ..conversion import converted
from .checks import operands, same_dtypes, whole
from .products import accumulated, checked_precision, not_narrower

_LAST = {1: ("NHC", "HIO", "NHC"), 2: ("NHWC", "HWIO", "NHWC"), 3: ("NHWDC", "HWDIO", "NHWDC")}


def _each(value: Any, n: int, what: str, name: str = "conv_general_dilated") -> tuple[int, ...]:
    out = (1,) * n if value is None else (value,) * n if isinstance(value, int) else whole(value, what)
    if len(out) != n:
        raise ShapeError(f"{name} {what} must have length {n}, the number of spatial axes, got {value!r}")
    if min(out, default=1) < 1:
        raise ShapeError(f"{what} must have every element be positive, got {value!r}")
    return out


def padtype_to_pads(in_shape: Any, window_shape: Any, window_strides: Any, padding: Any) -> list[tuple[int, int]]:
    """The padding of each axis that "SAME", "SAME_LOWER" or "VALID" stands for.

    Raises:
        RuntimeError: another text.
        TypeError: something else.
    """
    if not isinstance(padding, str):
        raise TypeError(f"Unknown padding type: {padding}.")
    name = padding.upper()
    if name == "VALID":
        return [(0, 0)] * len(in_shape)
    if name not in ("SAME", "SAME_LOWER"):
        raise RuntimeError(f"Unrecognized padding type: expected 'VALID', 'SAME', or 'SAME_LOWER', got {padding}.")
    sizes = [[int(k) for k in v] for v in (in_shape, window_shape, window_strides)]
    return sliding.same_pads(*sizes, lower=name == "SAME_LOWER")


def _pads(padding: Any, n: int) -> list[tuple[int, int]]:
    """Pairs of numbers.

    Raises:
        ValueError, TypeError: there are not `n` of them, or they are none.
    """
    try:
        out = [(int(lo), int(hi)) for lo, hi in padding]
    except (TypeError, ValueError):
        raise ShapeError(f"padding argument to conv_general_dilated should be a string or a sequence of (low, high) pairs, "
                         f"got {padding}") from None  # fmt: skip
    if len(out) != n:
        raise ShapeError(f"padding argument to conv_general_dilated has {len(out)} pairs for {n} spatial axes")
    return out


def conv_general_dilated(
    lhs: Any, rhs: Any, window_strides: Any, padding: Any, lhs_dilation: Any = None, rhs_dilation: Any = None,
    dimension_numbers: Any = None, feature_group_count: int = 1, batch_group_count: int = 1, precision: Any = None,
    preferred_element_type: Any = None, out_sharding: Any = None,
) -> Any:  # fmt: skip
    """The convolution (as in neural networks: the kernel is not turned round) of two arrays over their spatial axes.

    Args:
        lhs, rhs: the operand and the kernel, of n + 2 axes and one dtype.
        window_strides: n steps of the kernel.
        padding: "SAME", "SAME_LOWER", "VALID", or n pairs of numbers of zeros at both ends; negative ones cut.
        lhs_dilation, rhs_dilation: n distances between the elements of the operand and of the kernel.
        dimension_numbers: as `conv_dimension_numbers` takes them.
        feature_group_count, batch_group_count: how many groups of features, or of examples, are convolved apart.
        precision: taken; products are computed in their full dtype.
        preferred_element_type: the dtype of the result.

    Raises:
        TypeError: the dtypes differ, or options do not fit the number of spatial axes.
        ValueError: the numbers of features, examples and groups do not fit.

    Example:
        >>> conv_general_dilated(np.ones((1, 1, 4)), np.ones((1, 1, 2)), (1,), "VALID")
        Array([[[2., 2., 2.]]], dtype=float64)
    """
    name = "conv_general_dilated"
    checked_precision(precision)
    (x, w), _ = operands((lhs, rhs), name)
    numbers = conv_dimension_numbers(x.shape, w.shape, dimension_numbers)
    n = len(x.shape) - 2
    strides = _each(window_strides, n, "window_strides")
    steps, between = _each(rhs_dilation, n, "rhs_dilation"), _each(lhs_dilation, n, "lhs_dilation")
    _check_groups(x, w, numbers, feature_group_count, batch_group_count)
    same_dtypes(name, [x, w])
    not_narrower(x.dtype, preferred_element_type)
    if isinstance(padding, str):
        if any(d != 1 for d in between):
            raise ValueError(
                "String padding is not implemented for transposed convolution using this op. Please either exactly specify the "
                "required padding or use conv_transpose."
            )
        reach = [sliding.dilated(w.shape[i], d) for i, d in zip(numbers.rhs_spec[2:], steps, strict=True)]
        pads = padtype_to_pads([x.shape[i] for i in numbers.lhs_spec[2:]], reach, strides, padding)
    else:
        pads = _pads(padding, n)
        own = [sliding.dilated(x.shape[i], d) for i, d in zip(numbers.lhs_spec[2:], between, strict=True)]
        if any(k + lo + hi < 0 for k, (lo, hi) in zip(own, pads, strict=True)):
            raise ShapeError(
                f"Negative padding is larger than the size of the corresponding dimension: got padding={tuple(pads)} for "
                f"{tuple(own)}"
            )

    def convolve(x: Value, w: Value) -> Value:
        return convolve_general(x, w, strides, pads, between, steps, numbers, feature_group_count, batch_group_count)

    return wrap(accumulated(convolve, x, w, preferred_element_type))


def _check_groups(x: Any, w: Any, numbers: ConvDimensionNumbers, groups: Any, batches: Any) -> None:
    for what, k in (("feature_group_count", groups), ("batch_group_count", batches)):
        if not isinstance(k, (int, np.integer)) or k <= 0:
            raise ShapeError(f"conv_general_dilated {what} must be a positive integer, got {k}.")
    features, many = x.shape[numbers.lhs_spec[1]], x.shape[numbers.lhs_spec[0]]
    outputs, inputs = w.shape[numbers.rhs_spec[0]], w.shape[numbers.rhs_spec[1]]
    if features != inputs * groups:
        raise ShapeError(
            f"conv_general_dilated lhs feature dimension size divided by feature_group_count must equal the rhs input feature "
            f"dimension size, but {features} // {groups} != {inputs}."
        )
    if outputs % groups:
        raise ShapeError(
            f"conv_general_dilated rhs output feature dimension size must be a multiple of feature_group_count, but {outputs} "
            f"is not a multiple of {groups}."
        )
    if groups > 1 and batches > 1:
        raise ShapeError(
            f"At most one of batch_group_count and feature_group_count may be > 1, got {batches} and {groups}"
        )
    if many % batches or outputs % batches:
        raise ShapeError(
            f"conv_general_dilated lhs batch dimension size and rhs output feature dimension size must be multiples of "
            f"batch_group_count, but {many} and {outputs} are not both multiples of {batches}."
        )


def conv(
    lhs: Any, rhs: Any, window_strides: Any, padding: Any, precision: Any = None, preferred_element_type: Any = None
) -> Any:
    """`conv_general_dilated` with features before space."""
    return conv_general_dilated(
        lhs, rhs, window_strides, padding, precision=precision, preferred_element_type=preferred_element_type
    )


def conv_with_general_padding(
    lhs: Any, rhs: Any, window_strides: Any, padding: Any, lhs_dilation: Any, rhs_dilation: Any, precision: Any = None,
    preferred_element_type: Any = None,
) -> Any:  # fmt: skip
    """`conv_general_dilated` with features before space, and dilation."""
    return conv_general_dilated(
        lhs, rhs, window_strides, padding, lhs_dilation, rhs_dilation, precision=precision,
        preferred_element_type=preferred_element_type,
    )  # fmt: skip


def _pads_of_transpose(size: int, stride: int, padding: str, dilated: int | None = None) -> tuple[int, int]:
    if padding == "SAME":
        total = size + stride - 2
        low = size - 1 if stride > size - 1 else -(-total // 2)
    elif padding == "VALID":
        total, low = size + stride - 2 + max(size - stride, 0), size - 1
    else:
        raise ValueError("Padding mode must be `SAME` or `VALID`.")
    return low, total - low


def conv_transpose(
    lhs: Any, rhs: Any, strides: Any, padding: Any, rhs_dilation: Any = None, dimension_numbers: Any = None,
    transpose_kernel: bool = False, precision: Any = None, preferred_element_type: Any = None,
    use_consistent_padding: bool = False,
) -> Any:  # fmt: skip
    """The transpose of a convolution in its operand, with zeros between its elements for strides.

    Args:
        lhs, rhs, rhs_dilation, dimension_numbers: as `conv_general_dilated` has them; space comes before features by
            default.
        strides: n steps, which the result is larger by.
        padding: "SAME", "VALID", or pairs of numbers.
        transpose_kernel: whether the kernel is that of the convolution this is the transpose of.
        use_consistent_padding: whether pairs of numbers are the padding of that convolution, which is undone here.
    """
    (x, w), _ = operands((lhs, rhs), "conv_transpose")
    if len(x.shape) != len(w.shape) or len(x.shape) <= 2:
        raise ValueError(
            f"conv_transpose takes arrays of the same number of axes, more than 2, got {x.shape} and {w.shape}"
        )
    n = len(x.shape) - 2
    if dimension_numbers is None:
        if n not in _LAST:
            raise ValueError("No 4+ dimensional dimension_number defaults.")
        dimension_numbers = _LAST[n]
    numbers = conv_dimension_numbers(x.shape, w.shape, dimension_numbers)
    strides = _each(strides, n, "strides", "conv_transpose")
    steps = _each(rhs_dilation, n, "rhs_dilation", "conv_transpose")
    reach = [sliding.dilated(w.shape[i], d) for i, d in zip(numbers.rhs_spec[2:], steps, strict=True)]
    if isinstance(padding, str):
        padding = [_pads_of_transpose(k, s, padding) for k, s in zip(reach, strides, strict=True)]
    elif use_consistent_padding:
        padding = [(k - 1 - lo, k - 1 - hi) for k, (lo, hi) in zip(reach, padding, strict=True)]
    if transpose_kernel:
        w = sh.reverse_p.bind(w, axes=tuple(numbers.rhs_spec[2:]))
        order = list(range(n + 2))
        a, b = numbers.rhs_spec[:2]
        order[a], order[b] = b, a
        w = sh.transpose(w, tuple(order))
    return conv_general_dilated(
        wrap(x), wrap(w), (1,) * n, padding, strides, rhs_dilation, numbers, precision=precision,
        preferred_element_type=preferred_element_type,
    )  # fmt: skip


def conv_general_dilated_patches(
    lhs: Any, filter_shape: Any, window_strides: Any, padding: Any, lhs_dilation: Any = None, rhs_dilation: Any = None,
    dimension_numbers: Any = None, precision: Any = None, preferred_element_type: Any = None,
) -> Any:  # fmt: skip
    """The patches that a convolution's kernel meets, as features of an array: for each feature all places of the kernel.

    Args:
        lhs: the operand.
        filter_shape: the lengths of the kernel.
        window_strides, padding, lhs_dilation, rhs_dilation, dimension_numbers: as `conv_general_dilated` has them.
    """
    (x,), _ = operands((lhs,), "conv_general_dilated_patches")
    sizes = whole(filter_shape, "filter_shape")
    n = len(sizes)
    spec = dimension_numbers
    if isinstance(spec, tuple) and not isinstance(spec, ConvDimensionNumbers) and len(spec) == 3:
        kernel_shape = {"O": 1, "I": 1} | dict(zip([c for c in spec[1] if c not in "OI"], sizes, strict=True))
        shape = tuple(kernel_shape[c] for c in spec[1])
    else:
        shape = (1, 1, *sizes)
    numbers = conv_dimension_numbers(x.shape, shape, spec)
    strides = _each(window_strides, n, "window_strides")
    steps, between = _each(rhs_dilation, n, "rhs_dilation"), _each(lhs_dilation, n, "lhs_dilation")
    reach = [sliding.dilated(k, d) for k, d in zip(sizes, steps, strict=True)]
    own = [sliding.dilated(x.shape[i], d) for i, d in zip(numbers.lhs_spec[2:], between, strict=True)]
    pads = padtype_to_pads(own, reach, strides, padding) if isinstance(padding, str) else _pads(padding, n)
    not_narrower(x.dtype, preferred_element_type)
    if preferred_element_type is not None:
        x = converted(x, preferred_element_type)
    x = sh.transpose(x, tuple(numbers.lhs_spec))
    patches = sliding.windows(x, range(2, n + 2), sizes, strides, pads, between, steps)
    patches = sh.moveaxis(patches, -1, 2)  # examples, features, taps, space
    space = patches.shape[3:]
    out = sh.reshape(patches, (x.shape[0], x.shape[1] * math.prod(sizes), *space))
    order = list(numbers.out_spec)
    return wrap(sh.transpose(out, tuple(order.index(i) for i in range(n + 2))))


def conv_general_dilated_local(
    lhs: Any, rhs: Any, window_strides: Any, padding: Any, filter_shape: Any, lhs_dilation: Any = None,
    rhs_dilation: Any = None, dimension_numbers: Any = None, precision: Any = None,
) -> Any:  # fmt: skip
    """A convolution whose kernel is another one at each place.

    Args:
        lhs: the operand.
        rhs: the kernels: output features, patches (features times the places of the kernel), and the place.
        filter_shape: the lengths of a kernel.
        window_strides, padding, lhs_dilation, rhs_dilation, dimension_numbers: as `conv_general_dilated` has them.
    """
    checked_precision(precision)
    (x, w), _ = operands((lhs, rhs), "conv_general_dilated_local")
    patches = conv_general_dilated_patches(
        lhs, filter_shape, window_strides, padding, lhs_dilation, rhs_dilation, dimension_numbers
    )._value
    numbers = conv_dimension_numbers(x.shape, w.shape, dimension_numbers)
    p = sh.transpose(patches, tuple(numbers.out_spec))  # examples, features, space
    k = sh.transpose(w, tuple(numbers.rhs_spec))  # outputs, features, space
    n = len(p.shape) - 2
    if tuple(k.shape[1:]) != tuple(p.shape[1:]):
        raise TypeError(
            f"conv_general_dilated_local: kernels for {k.shape[1]} inputs at places {k.shape[2:]} do not fit patches of "
            f"{p.shape[1]} at places {p.shape[2:]}"
        )
    space = tuple(range(2, n + 2))
    from ...ops.contraction import dot_general

    out = dot_general(p, k, (((1,), (1,)), (space, space)))  # space, examples, outputs
    out = sh.transpose(out, (n, n + 1, *range(n)))
    order = list(numbers.out_spec)
    return wrap(sh.transpose(out, tuple(order.index(i) for i in range(n + 2))))


# --- shapes -----------------------------------------------------------------------------------------------------


def conv_shape_tuple(
    lhs_shape: Any, rhs_shape: Any, strides: Any, pads: Any, batch_group_count: int = 1
) -> tuple[int, ...]:
    """The shape of a convolution's result; all shapes have features before space."""
    if isinstance(pads, str):
        pads = padtype_to_pads(lhs_shape[2:], rhs_shape[2:], strides, pads)
    if len(pads) != len(lhs_shape) - 2:
        raise TypeError(
            f"Wrong number of explicit pads for convolution: expected {len(lhs_shape) - 2}, got {len(pads)}."
        )
    space = sliding.window_shape(
        lhs_shape[2:], rhs_shape[2:], strides, pads, (1,) * len(strides), (1,) * len(strides)
    )  # fmt: skip
    if batch_group_count > 1 and lhs_shape[0] % batch_group_count:
        raise ValueError(f"a batch of {lhs_shape[0]} is no multiple of batch_group_count={batch_group_count}")
    return (lhs_shape[0] // batch_group_count, rhs_shape[0], *space)


def conv_general_shape_tuple(
    lhs_shape: Any, rhs_shape: Any, window_strides: Any, padding: Any, dimension_numbers: Any
) -> tuple[int, ...]:
    """The shape of a convolution's result, its axes numbered by `dimension_numbers`."""
    lhs, rhs, out = conv_general_permutations(dimension_numbers)
    found = conv_shape_tuple([lhs_shape[i] for i in lhs], [rhs_shape[i] for i in rhs], window_strides, padding)
    return tuple(found[out.index(i)] for i in range(len(out)))


def conv_transpose_shape_tuple(
    lhs_shape: Any, rhs_shape: Any, window_strides: Any, padding: Any, dimension_numbers: Any
) -> tuple[int, ...]:
    """The shape of a transposed convolution's result."""
    lhs, rhs, out = conv_general_permutations(dimension_numbers)
    x, w = [lhs_shape[i] for i in lhs], [rhs_shape[i] for i in rhs]
    if isinstance(padding, str):
        padding = [_pads_of_transpose(k, s, padding) for k, s in zip(w[2:], window_strides, strict=True)]
    space = [
        (n - 1) * s + 1 + lo + hi - k + 1
        for n, s, k, (lo, hi) in zip(x[2:], window_strides, w[2:], padding, strict=True)
    ]
    found = (x[0], w[0], *space)
    return tuple(found[out.index(i)] for i in range(len(out)))


__all__ = [
    "conv", "conv_dimension_numbers", "conv_general_dilated", "conv_general_dilated_local", "conv_general_dilated_patches",
    "conv_general_permutations", "conv_general_shape_tuple", "conv_shape_tuple", "conv_transpose",
    "conv_transpose_shape_tuple", "conv_with_general_padding", "padtype_to_pads",
]  # fmt: skip
