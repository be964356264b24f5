"""Padding, windows of reductions and convolutions, with the arguments that JAX's `lax` gives them."""

from __future__ import annotations

from typing import Any

import numpy as _np

from ..core import as_array as _as_array
from ..core import as_value as _as_value
from ..errors import ShapeError as _ShapeError
from ..ops import windows as _windows
from ..ops.convolution_general import conv_dimension_numbers
from ..ops.convolution_general import convolve_general as _convolve_general
from ..ops.elementwise import convert as convert_element_type
from ..ops.padding import pad as _pad
from ..ops.pooling import pooled as _pooled


def pad(operand: Any, padding_value: Any, padding_config: Any) -> Any:
    """An array with a value before, behind and between its elements.

    Args:
        operand: the array.
        padding_value: one number.
        padding_config: for each axis ``(low, high, interior)``; negative `low` and `high` take elements away.

    Raises:
        ShapeError: there are not as many entries as axes, or more is taken away than there is.

    Example:
        >>> pad(_np.array([1.0, 2.0]), 9.0, [(1, 0, 1)])
        array([9., 1., 9., 2.])
    """
    x = _as_array(operand)
    if any(len(entry) != 3 for entry in padding_config):
        raise _ShapeError(f"pad: each axis takes (low, high, interior), got {padding_config}")
    config = [(int(lo), int(hi), int(between)) for lo, hi, between in padding_config]
    if len(config) != len(x.shape) or any(between < 0 for _, _, between in config):
        raise _ShapeError(
            f"pad: an array of shape {x.shape} takes (low, high, interior) for each axis, got {padding_config}"
        )
    return _pad(x, convert_element_type(_as_value(padding_value), x.dtype), config)


def reduce_window(
    operand: Any, computation: str, window_dimensions: Any, window_strides: Any = None, padding: Any = "VALID",
    base_dilation: Any = None, window_dilation: Any = None,
) -> Any:  # fmt: skip
    """The sum, product or extreme of each window that slides over an array; what is padded counts for nothing.

    Args:
        operand: the array.
        computation: "add", "mul", "max", "min", "and", "or" or "xor".
        window_dimensions, window_strides: the lengths and steps of the window along each axis.
        padding: "VALID", "SAME", "SAME_LOWER", or pairs of numbers.
        base_dilation, window_dilation: distances between elements of the operand, and of the window.

    Raises:
        ShapeError: there are not as many entries as axes.

    Example:
        >>> reduce_window(_np.arange(4.0), "max", (2,), (2,))
        array([1., 3.])
    """
    x = _as_array(operand)
    n = len(x.shape)
    sizes = _windows.entries_of(window_dimensions, n, "reduce_window: window_dimensions")
    strides, base, dilation = (
        _windows.entries_of(v, n, "reduce_window") for v in (window_strides, base_dilation, window_dilation)
    )
    own = [_windows.dilated(k, b) for k, b in zip(x.shape, base, strict=True)]
    reach = [_windows.dilated(k, d) for k, d in zip(sizes, dilation, strict=True)]
    pads = _windows.pads_of(padding, own, reach, strides, "reduce_window")
    return _pooled(computation, x, sizes, strides, pads, base, dilation)


def conv_general_dilated(
    lhs: Any, rhs: Any, window_strides: Any, padding: Any, lhs_dilation: Any = None, rhs_dilation: Any = None,
    dimension_numbers: Any = None, feature_group_count: int = 1, batch_group_count: int = 1,
) -> Any:  # fmt: skip
    """The convolution (as in neural networks: the kernel is not turned round) of two arrays over their spatial axes.

    Args:
        lhs, rhs: the operand and the kernel, of n + 2 axes.
        window_strides: n steps of the kernel.
        padding: "SAME", "SAME_LOWER", "VALID", or n pairs of numbers of zeros at both ends; negative ones take away.
        lhs_dilation, rhs_dilation: n distances between the elements of the operand and of the kernel.
        dimension_numbers: None (features before space), or three texts such as ``("NHWC", "HWIO", "NHWC")``.
        feature_group_count, batch_group_count: how many groups of features, or of examples, are convolved apart.

    Raises:
        ShapeError: the shapes, the groups and the dimension numbers do not fit.

    Example:
        >>> conv_general_dilated(_np.ones((1, 1, 4)), _np.ones((1, 1, 2)), (1,), "VALID")
        array([[[2., 2., 2.]]])
    """
    x, w = _as_array(lhs), _as_array(rhs)
    dtype = _np.result_type(x.dtype, w.dtype)
    x, w = convert_element_type(x, dtype), convert_element_type(w, dtype)
    numbers = conv_dimension_numbers(x.shape, w.shape, dimension_numbers)
    n, what = len(x.shape) - 2, "conv_general_dilated"
    strides = _windows.entries_of(window_strides, n, f"{what}: window_strides")
    between, steps = _windows.entries_of(lhs_dilation, n, what), _windows.entries_of(rhs_dilation, n, what)
    own = [_windows.dilated(x.shape[i], d) for i, d in zip(numbers.lhs_spec[2:], between, strict=True)]
    reach = [_windows.dilated(w.shape[i], d) for i, d in zip(numbers.rhs_spec[2:], steps, strict=True)]
    pads = _windows.pads_of(padding, own, reach, strides, what)
    return _convolve_general(x, w, strides, pads, between, steps, numbers, feature_group_count, batch_group_count)


def conv(lhs: Any, rhs: Any, window_strides: Any, padding: Any) -> Any:
    """`conv_general_dilated` of images with features before space, without dilation and groups.

    Args:
        lhs, rhs: the operand, of examples, features and n axes of space; the kernel, of new features, features and n axes.
        window_strides: n steps of the kernel.
        padding: "SAME", "SAME_LOWER", "VALID", or n pairs of numbers of zeros at both ends.

    Raises:
        ShapeError: the shapes do not fit.

    Example:
        >>> conv(_np.arange(6.0).reshape(1, 2, 3), _np.ones((1, 2, 2)), (1,), "VALID")
        array([[[ 8., 12.]]])
    """
    return conv_general_dilated(lhs, rhs, window_strides, padding)
