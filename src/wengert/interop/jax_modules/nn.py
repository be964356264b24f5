"""`jax.nn` where derivatives at kinks are others than the library's, and functions that take more than the library's do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ... import nn as ours
from ... import numpy as wnp
from ...ops.contraction import dot_general
from ..array import Array, in_dtype, kind_of, wrap
from ..border import bordered, lower
from ..conversion import converted
from ..promotion import floating
from .numpy import array, astype, where


def relu6(x: Any) -> Any:
    """``min(max(x, 0), 6)``, with derivative 0 at 0 and at 6.

    Example:
        >>> relu6(array([-1.0, 2.0, 7.0]))
        Array([0., 2., 6.], dtype=float64)
    """
    x = array(x)
    return where(x <= 0, 0.0, where(x >= 6, 6.0, x))


def tanh(x: Any) -> Any:
    """`jax.numpy.tanh`, which JAX has here too.

    Example:
        >>> from wengert.interop import jax_names
        >>> float(tanh(0.0))
        0.0
    """
    return Array.means.function("tanh")(x)


def hard_sigmoid(x: Any) -> Any:
    """``relu6(x + 3) / 6``."""
    return relu6(array(x) + 3.0) / 6.0


def hard_silu(x: Any) -> Any:
    """``x * hard_sigmoid(x)``."""
    return array(x) * hard_sigmoid(x)


hard_swish = hard_silu


_standardize = bordered(ours.standardize)
_mean = bordered(wnp.mean)


def standardize(
    x: Any, axis: Any = -1, mean: Any = None, variance: Any = None, epsilon: Any = 1e-5, where: Any = None, *,
    algorithm: str = "fast",
) -> Any:  # fmt: skip
    """`x` moved and scaled to mean 0 and variance 1.

    Args:
        x: an array.
        axis: an axis or several.
        mean, variance: known ones.
        epsilon: added to the variance.
        where: which elements count.
        algorithm: of the variance: "fast" is the mean of squares less the square of the mean, "two_pass" the mean of the
            squared distances from the mean. They are the same number, unless `mean` is given and is another.

    Raises:
        ValueError: another algorithm.
    """
    if algorithm not in ("fast", "two_pass"):
        raise ValueError(f"algorithm must be 'fast' or 'two_pass', got {algorithm!r}")
    if mean is not None and variance is None and algorithm == "fast":
        x = array(x)
        squares = _mean(x * x, axis, keepdims=True, where=where)
        variance = squares - array(mean) * array(mean)
    dtype = floating(kind_of(x))[0]
    if kind_of(x)[0].kind in "iub":
        x = astype(x, dtype)
    out = _standardize(x, axis, mean, variance, epsilon, where)
    return wrap(in_dtype(out, dtype)) if dtype.kind in "fV" and out.dtype != dtype else out


_dot_product_attention = bordered(ours.dot_product_attention)


def dot_product_attention(
    query: Any, key: Any, value: Any, bias: Any = None, mask: Any = None, *, scale: Any = None, is_causal: bool = False,
    query_seq_lengths: Any = None, key_value_seq_lengths: Any = None, local_window_size: Any = None, implementation: Any = None,
    return_residual: bool = False,
) -> Any:  # fmt: skip
    """`wengert.nn.dot_product_attention`; `implementation` is None or "xla", the one there is on a processor.

    Raises:
        ValueError: another implementation.
    """
    if implementation not in (None, "xla"):
        raise ValueError(f"Unsupported implementation option: {implementation!r}; on a processor it is 'xla' or None")
    return _dot_product_attention(
        query, key, value, bias, mask, scale=scale, is_causal=is_causal, query_seq_lengths=query_seq_lengths,
        key_value_seq_lengths=key_value_seq_lengths, local_window_size=local_window_size, return_residual=return_residual,
    )  # fmt: skip


# --- products of numbers in blocks with a scale for each ----------------------------------------------------------


@dataclass
class BlockScaleConfig:
    """How a matrix is rounded to narrow floats in blocks: the format and the length of a block."""

    mode: str
    block_size: int
    data_type: Any
    scale_type: Any
    global_scale: Any = None
    infer_only: bool = False


def get_scaled_dot_general_config(mode: str, global_scale: Any = None) -> BlockScaleConfig:
    """The format of a name: "mxfp8" (blocks of 32, scales are powers of two) or "nvfp4" (blocks of 16).

    Raises:
        ValueError: another name.
    """
    import ml_dtypes

    if mode == "nvfp4":
        scale = array(1.0, np.float32) if global_scale is None else global_scale
        return BlockScaleConfig(mode, 16, ml_dtypes.float4_e2m1fn, ml_dtypes.float8_e4m3fn, scale)
    if mode == "mxfp8":
        return BlockScaleConfig(mode, 32, ml_dtypes.float8_e4m3fn, ml_dtypes.float8_e8m0fnu)
    raise ValueError(f"Unsupported mode: {mode}")


def scaled_matmul(
    lhs: Any, rhs: Any, lhs_scales: Any, rhs_scales: Any, preferred_element_type: Any = np.float32
) -> Any:
    """Products of matrices, ``lhs @ rhs.T``, whose rows are scaled block by block.

    Args:
        lhs, rhs: shapes ``(B, M, K)`` and ``(B, N, K)``.
        lhs_scales, rhs_scales: a factor for each block of a row: shapes ``(B, M, K / block)`` and ``(B, N, K / block)``.
        preferred_element_type: of the result.

    Raises:
        ValueError: shapes do not fit.
    """
    a, b, p, q = (array(v) for v in (lhs, rhs, lhs_scales, rhs_scales))
    if not all(v.ndim == 3 for v in (a, b, p, q)):
        raise ValueError("scaled_matmul requires all inputs to be 3-dimensional arrays")
    if a.shape[2] != b.shape[2] or a.shape[0] != b.shape[0] or p.shape[2] == 0 or a.shape[2] % p.shape[2]:
        raise ValueError(f"scaled_matmul: shapes {a.shape}, {b.shape} with scales {p.shape}, {q.shape} do not fit")
    wide = [
        wnp.repeat(lower(astype(s, np.float32)), v.shape[2] // s.shape[2], axis=2) * lower(astype(v, np.float32))
        for v, s in ((a, p), (b, q))
    ]
    return wrap(converted(wnp.matmul(wide[0], wnp.swapaxes(wide[1], 1, 2)), preferred_element_type))


def scaled_dot_general(
    lhs: Any, rhs: Any, dimension_numbers: Any, preferred_element_type: Any = np.float32, configs: Any = None,
    implementation: Any = None,
) -> Any:  # fmt: skip
    """`jax.lax.dot_general` of arrays rounded in blocks along the contracted axes, as the configurations say.

    Args:
        lhs, rhs: arrays.
        dimension_numbers: as for `jax.lax.dot_general`.
        preferred_element_type: of the result.
        configs: a `BlockScaleConfig` for each side; that of "mxfp8" by default.
        implementation: None: there is one.

    Raises:
        ValueError: several axes are contracted.
    """
    (contracted, _), kinds = dimension_numbers, configs or [get_scaled_dot_general_config("mxfp8")] * 2
    rounded = [_in_blocks(array(v), axes, c) for v, axes, c in zip((lhs, rhs), contracted, kinds, strict=False)]
    numbers: Any = tuple(tuple(tuple(int(i) for i in side) for side in pair) for pair in dimension_numbers)
    return wrap(converted(dot_general(lower(rounded[0]), lower(rounded[1]), numbers), preferred_element_type))


def _in_blocks(x: Any, axes: Any, config: BlockScaleConfig) -> Any:
    """`x`, each block along an axis divided by a scale, rounded to narrow floats, and multiplied by it again."""
    if len(axes) != 1:
        raise ValueError(f"scaled_dot_general: one axis is contracted, got {tuple(axes)}")
    from .numpy import abs as size

    x = astype(x, np.float32)
    last: Any = wrap(wnp.moveaxis(lower(x), axes[0], -1))
    n = last.shape[-1]
    blocks = last.reshape((*last.shape[:-1], max(n // config.block_size, 1), -1))
    largest: Any = wrap(wnp.max(lower(size(blocks)), -1, keepdims=True))
    largest = largest / _largest(config.data_type)
    if config.global_scale is not None:
        largest = largest / config.global_scale
    if config.mode == "mxfp8":  # scales are powers of two, not below the quotient
        largest = wrap(wnp.exp2(wnp.ceil(wnp.log2(lower(where(largest == 0, 1.0, largest))))))
    scale = astype(astype(largest, config.scale_type), np.float32)
    if config.global_scale is not None:
        scale = scale * config.global_scale
    most = _largest(config.data_type)
    fitting = wrap(wnp.clip(lower(blocks / where(scale == 0, 1.0, scale)), -most, most))
    narrow = astype(astype(fitting, config.data_type), np.float32) * scale
    return wrap(wnp.moveaxis(lower(narrow.reshape(last.shape)), -1, axes[0]))


def _largest(dtype: Any) -> float:
    import ml_dtypes

    return float(ml_dtypes.finfo(dtype).max)


__all__ = [
    "dot_product_attention", "get_scaled_dot_general_config", "hard_sigmoid", "hard_silu", "hard_swish", "relu6",
    "scaled_dot_general", "scaled_matmul", "standardize", "tanh",
]  # fmt: skip
