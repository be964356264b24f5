"""The convolution of neural networks, of any strides, padding, dilation and groups, by the forms of `convolution_forms`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from ..core import Value, shape_of
from ..errors import ShapeError
from .convolution_forms import conv_operand_p, conv_p
from .padding import pad
from .shape import moveaxis, reshape, reverse_p, transpose
from .windows import Pads, dilated, window_shape


class ConvDimensionNumbers(NamedTuple):
    """Which axis of each array is what: batch (or output features), features, and the spatial ones.

    Example:
        >>> from wengert import lax
        >>> lax.conv_dimension_numbers((1, 2, 8, 8), (4, 2, 3, 3), ("NCHW", "OIHW", "NCHW")).lhs_spec
        (0, 1, 2, 3)
    """

    lhs_spec: Sequence[int]
    rhs_spec: Sequence[int]
    out_spec: Sequence[int]


def conv_dimension_numbers(lhs_shape: Any, rhs_shape: Any, dimension_numbers: Any) -> ConvDimensionNumbers:
    """Dimension numbers from None (features before space) or three texts, such as ``("NHWC", "HWIO", "NHWC")``.

    Raises:
        TypeError: they do not fit the numbers of axes.

    Example:
        >>> conv_dimension_numbers((1, 5, 2), (3, 2, 4), ("NHC", "HIO", "NHC"))
        ConvDimensionNumbers(lhs_spec=(0, 2, 1), rhs_spec=(2, 1, 0), out_spec=(0, 2, 1))
    """
    if isinstance(dimension_numbers, ConvDimensionNumbers):
        return dimension_numbers
    rank = len(lhs_shape)
    if len(rhs_shape) != rank:
        raise ShapeError(f"convolution requires lhs and rhs ndim to be equal, got {rank} and {len(rhs_shape)}.")
    if dimension_numbers is None:
        return ConvDimensionNumbers(*[tuple(range(rank))] * 3)
    if not isinstance(dimension_numbers, (list, tuple)):
        raise ShapeError(f"convolution dimension_numbers must be tuple/list or None, got {type(dimension_numbers)}.")
    texts = tuple(dimension_numbers)
    if len(texts) != 3:
        raise ShapeError(f"convolution dimension_numbers list/tuple must be length 3, got {len(texts)}.")
    for i, text in enumerate(texts):
        if not isinstance(text, str):
            raise ShapeError(
                f"convolution dimension_numbers elements must be strings, got {type(text)} for element {i}."
            )
        if len(text) != rank:
            raise ShapeError(
                f"convolution dimension_numbers[{i}] must have len equal to the ndim of lhs and rhs, got {len(text)} for lhs "
                f"and rhs of shapes {tuple(lhs_shape)} and {tuple(rhs_shape)}."
            )
    return ConvDimensionNumbers(*conv_general_permutations(texts))


def conv_general_permutations(dimension_numbers: Any) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    """For each of three texts the axes of examples (or output features), of features, and of space.

    Raises:
        TypeError: a text lacks a letter, or their spatial letters differ.
    """
    lhs, rhs, out = dimension_numbers
    for i, (text, (a, b)) in enumerate(((lhs, "NC"), (rhs, "OI"), (out, "NC"))):
        if text.count(a) != 1 or text.count(b) != 1:
            raise ShapeError(
                f"convolution dimension_numbers[{i}] must contain the characters '{a}' and '{b}' exactly once, got {text}."
            )
        if len(set(text)) != len(text):
            raise ShapeError(f"convolution dimension_numbers[{i}] cannot have duplicate characters, got {text}.")
    space = [c for c in rhs if c not in "OI"]
    if not set(space) == set(lhs) - set("NC") == set(out) - set("NC"):
        raise ShapeError(
            f"convolution dimension_numbers elements must each have the same set of spatial characters, got "
            f"{tuple(dimension_numbers)}."
        )
    return (
        (lhs.index("N"), lhs.index("C"), *[lhs.index(c) for c in space]),
        (rhs.index("O"), rhs.index("I"), *[rhs.index(c) for c in space]),
        (out.index("N"), out.index("C"), *[out.index(c) for c in space]),
    )


def convolve_general(
    x: Value, w: Value, strides: Sequence[int], pads: Pads, lhs_dilation: Sequence[int], rhs_dilation: Sequence[int],
    numbers: ConvDimensionNumbers, feature_groups: int = 1, batch_groups: int = 1,
) -> Value:  # fmt: skip
    """The convolution of two arrays over their spatial axes; the kernel is not turned round.

    Args:
        x, w: the operand and the kernel, of n + 2 axes and one dtype.
        strides: n steps of the kernel.
        pads: n pairs of numbers of zeros at both ends; negative ones take away.
        lhs_dilation, rhs_dilation: n distances between the elements of the operand and of the kernel.
        numbers: which axis is what.
        feature_groups, batch_groups: how many groups of features, or of examples, are convolved apart.

    Raises:
        ShapeError: the numbers of features, examples and groups do not fit.
    """
    lhs, rhs = tuple(numbers.lhs_spec), tuple(numbers.rhs_spec)
    x = transpose(x, (lhs[0], *lhs[2:], lhs[1]))
    w = transpose(w, (*rhs[2:], rhs[1], rhs[0]))
    (many, *xs, features), (*ws, inputs, outputs) = shape_of(x), shape_of(w)
    n, groups, batches = len(ws), feature_groups, batch_groups
    if features != inputs * groups or outputs % (groups * batches) or many % batches:
        raise ShapeError(
            f"a convolution of {many} examples of {features} features with a kernel from {inputs} to {outputs} features does "
            f"not fit {groups} groups of features and {batches} of examples"
        )
    if batches > 1:
        many //= batches
        x = reshape(moveaxis(reshape(x, (batches, many, *xs, features)), 0, n + 1), (many, *xs, batches * features))
        groups *= batches
    pads = [
        (-dilated(i, b), 0) if dilated(i, b) + lo + hi < 0 else (lo, hi)
        for i, b, (lo, hi) in zip(xs, lhs_dilation, pads, strict=True)
    ]
    ys = window_shape(xs, ws, strides, pads, lhs_dilation, rhs_dilation)
    if any(b > 1 for b in lhs_dilation) and all(s == 1 for s in strides):
        out = _transposed(x, w, ys, pads, lhs_dilation, rhs_dilation, groups)
    else:
        if any(b > 1 for b in lhs_dilation):
            x = pad(x, 0, [(0, 0, 0), *[(0, 0, b - 1) for b in lhs_dilation], (0, 0, 0)])
            xs = shape_of(x)[1:-1]
        low = tuple(lo for lo, _ in pads)
        out = conv_p.bind(
            x, w, strides=tuple(strides), dilation=tuple(rhs_dilation), low=low, groups=groups,
            sizes=(tuple(xs), tuple(ws), tuple(ys)),
        )  # fmt: skip
    spec = tuple(numbers.out_spec)
    order = [0] * (n + 2)
    for at, axis in zip(spec, (0, n + 1, *range(1, n + 1)), strict=True):
        order[at] = axis
    return transpose(out, tuple(order))


def _transposed(
    x: Value, w: Value, ys: Sequence[int], pads: Pads, gaps: Sequence[int], dilation: Sequence[int], groups: int
) -> Value:
    """A convolution of an operand with gaps, by steps of one: the gradient of one with strides in its operand."""
    *ws, inputs, outputs = shape_of(w)
    n = len(ws)
    w = reverse_p.bind(w, axes=tuple(range(n)))
    w = reshape(w, (*ws, inputs, groups, outputs // groups))
    w = transpose(w, (*range(n), n + 2, n + 1, n))
    w = reshape(w, (*ws, outputs // groups, groups * inputs))
    low = tuple(d * (k - 1) - lo for d, k, (lo, _) in zip(dilation, ws, pads, strict=True))
    sizes = (tuple(ys), tuple(ws), shape_of(x)[1:-1])
    return conv_operand_p.bind(x, w, strides=tuple(gaps), dilation=tuple(dilation), low=low, groups=groups, sizes=sizes)


__all__ = ["ConvDimensionNumbers", "conv_dimension_numbers", "conv_general_permutations", "convolve_general"]
