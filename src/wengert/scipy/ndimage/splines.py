"""Images at any places by splines, `map_coordinates`, and the coefficients of these splines.

Source: M. Unser, A. Aldroubi, M. Eden, "Fast B-spline transforms for continuous image representation and interpolation",
IEEE Trans. PAMI 13 (1991). They find the coefficients by recursive filters; here they are solutions of tridiagonal
equations, which take linear time too and are exact at the edges.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ... import numpy as wnp
from ...config import canonical_dtype, config
from ...core import Tracer, as_value, dtype_of, ndim_of, shape_of
from ...errors import ArgumentError, DtypeError, ShapeError
from ...ops.axes import canonical_axis
from ...ops.elementwise import convert
from ...ops.indexing import getitem
from ...ops.shape import moveaxis
from ...ops.special.declare import floating
from ...ops.tridiagonal import cyclic_tridiagonal_solve, tridiagonal_solve
from ...vocabulary import ArrayLike, Value

PADDING = 12  # pixels around an image whose splines have no end of their own; as many as SciPy puts there

# How each mode continues the coefficients of a spline behind the edge.
_BEHIND = {
    "constant": "mirror", "grid-constant": "mirror", "mirror": "mirror", "wrap": "mirror", "nearest": "reflect",
    "reflect": "reflect", "grid-mirror": "reflect", "grid-wrap": "grid-wrap",
}  # fmt: skip


def _factors() -> dict[int, tuple[float, ...]]:
    """The B-spline of an order at whole numbers is a product of filters ``[1, -u, 1] / (2 - u)``: its u.

    With ``u = z + 1 / z`` they are the zeros of ``u + 6``, ``u + 4``, ``u**2 + 76 u + 228`` and ``u**2 + 26 u + 64``.
    """
    four, five = -38 - math.sqrt(1216), -13 - math.sqrt(105)
    return {0: (), 1: (), 2: (-6.0,), 3: (-4.0,), 4: (four, 228 / four), 5: (five, 64 / five)}


_FACTORS = _factors()


def _checked(what: str, order: Any, mode: Any) -> None:
    if not isinstance(order, (int, np.integer)) or not 0 <= order <= 5:
        raise ArgumentError(f"{what}: order is a whole number from 0 to 5, got {order!r}")
    if mode not in _BEHIND:
        raise ArgumentError(f"{what}: mode is one of {', '.join(map(repr, _BEHIND))}, got {mode!r}")


def _out_dtype(what: str, output: Any, image: ArrayLike) -> np.dtype | None:
    """The dtype that SciPy's `output` names for an image; arrays to write into are refused."""
    if output is None:
        return None
    if isinstance(output, (np.ndarray, Tracer)):
        raise ArgumentError(f"{what}: output is a dtype here, not an array to write into; take the result")
    dtype = np.dtype(output)
    if dtype_of(image).kind == "c" and dtype.kind != "c":  # SciPy keeps imaginary parts too
        dtype = np.result_type(dtype, np.complex64)
    return canonical_dtype(dtype)


def spline_filter1d(
    input: ArrayLike, order: int = 3, axis: int = -1, output: Any = None, mode: str = "mirror"
) -> Value:
    """The coefficients along one axis of the B-splines of an order that go through the pixels.

    Args:
        input: an image. order: 0 to 5; with 0 and 1 the coefficients are the pixels.
        axis: along which axis. output: a dtype, by default that of the image, floating; a mode here is `mode`, as in JAX.
        mode: how the image goes on behind its edges, as for `map_coordinates`.

    Returns:
        An image of the same shape, of floating numbers.

    Raises:
        ArgumentError: no such order or mode.

    Example:
        >>> spline_filter1d(np.array([1.0, 1.0, 1.0]))
        array([1., 1., 1.])
    """
    output, mode = (None, output) if output in _BEHIND else (output, mode)
    _checked("spline_filter1d", order, mode)
    dtype = _out_dtype("spline_filter1d", output, as_value(input))
    if dtype is not None:
        return convert(spline_filter1d(input, order, axis, mode=mode), dtype)
    (x,) = floating(input)
    axis = canonical_axis(axis, ndim_of(x))
    n = shape_of(x)[axis]
    if n < 2 or order < 2:
        return x
    x = moveaxis(x, axis, 0)
    columns = x.reshape((n, -1))
    behind = _BEHIND[mode]
    for u in _FACTORS[int(order)]:
        bands = np.repeat(np.array([[1.0], [-u], [1.0]]), n, 1)
        if behind == "mirror" or n == 2 and behind == "grid-wrap":
            bands[2, 0] = bands[0, -1] = 2
        elif behind == "reflect":
            bands[1, [0, -1]] += 1
        cyclic = behind == "grid-wrap" and n > 2
        bands = (bands / (2 - u)).astype(np.finfo(dtype_of(x)).dtype)
        columns = (cyclic_tridiagonal_solve if cyclic else tridiagonal_solve)(bands, columns)
    return moveaxis(columns.reshape(shape_of(x)), 0, axis)


def spline_filter(input: ArrayLike, order: int = 3, output: Any = None, mode: str = "mirror") -> Value:
    """The coefficients of B-splines along all axes; arguments as for `spline_filter1d`.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import ndimage
        >>> ndimage.spline_filter(np.full(5, 3.0), order=3).round(12)
        array([3., 3., 3., 3., 3.])
    """
    output, mode = (None, output) if output in _BEHIND else (output, mode)
    _checked("spline_filter", order, mode)
    dtype = _out_dtype("spline_filter", output, as_value(input))
    for axis in range(ndim_of(as_value(input))):
        input = spline_filter1d(input, order, axis, mode=mode)
    return input if dtype is None else convert(input, dtype)


# --- coordinates --------------------------------------------------------------------------------------------------


def _inside(x: Any, n: int, mode: str) -> Any:
    """Coordinates that stand for those outside of an axis of `n` pixels; halves are rounded as SciPy rounds them."""
    if n == 1 and mode not in ("constant", "grid-constant"):
        return 0 * x
    if mode == "nearest":
        return wnp.clip(x, 0, n - 1)
    if mode == "mirror":
        turned = wnp.mod(wnp.where(x < 0, -x, x), 2 * n - 2)
        return wnp.where(turned >= wnp.where(x < 0, n - 1, n), 2 * n - 2 - turned, turned)
    if mode in ("reflect", "grid-mirror"):
        x = wnp.mod(x + 0.5, 2 * n) - 0.5
        return wnp.where(x > n - 0.5, 2 * n - 1 - x, x)
    if mode == "wrap":
        above = wnp.where(x > n - 1, wnp.mod(x, n - 1), x)
        return wnp.where(x < 0, n - 1 - wnp.mod(-x, n - 1), above)
    return wnp.mod(x, n) if mode == "grid-wrap" else x


def _pixel(i: Any, n: int, behind: str) -> Any:
    """The pixel that stands for one outside of an axis of `n`."""
    if n == 1:
        return 0 * i
    if behind == "mirror":
        i = wnp.mod(i, 2 * n - 2)
        return wnp.minimum(i, 2 * n - 2 - i)
    if behind == "reflect":
        i = wnp.mod(i, 2 * n)
        return wnp.minimum(i, 2 * n - 1 - i)
    return wnp.mod(i, n) if behind == "grid-wrap" else wnp.clip(i, 0, n - 1)


def _weights(f: Any, order: int) -> list[Any]:
    """The B-spline of an order at ``f + order``, ..., ``f + 1``, ``f``, which is between 0 and 1 (Cox and de Boor)."""
    values: list[Any] = [1 + 0 * f]  # at f, f + 1, ...
    for k in range(1, order + 1):
        lower = [*values, 0.0]
        values = [((f + i) * lower[i] + ((k + 1 - i - f) * lower[i - 1] if i else 0.0)) / k for i in range(k + 1)]
    return values[::-1]


def _places(what: str, coordinates: ArrayLike, rank: int) -> Sequence[Value]:
    """The coordinates along each axis of an image, checked."""
    axes = coordinates if isinstance(coordinates, (tuple, list)) else as_value(coordinates)
    count = len(axes) if isinstance(axes, (tuple, list)) else (shape_of(axes) or (0,))[0]
    if not rank:
        raise ShapeError(f"{what}: the image has no axes")
    if count != rank:
        raise ShapeError(f"{what}: {count} arrays of coordinates for an image of {rank} axes")
    places = floating(*[axes[i] for i in range(rank)])
    if dtype_of(places[0]).kind == "c":
        raise DtypeError(f"{what}: coordinates must be real, got {dtype_of(places[0])}")
    return places


def map_coordinates(
    input: ArrayLike,
    coordinates: ArrayLike,
    output: Any = None,
    order: int = 3,
    mode: str = "constant",
    cval: ArrayLike = 0.0,
    prefilter: bool = True,
) -> Value:
    """An image at coordinates that need not be whole: ``out[...] = input[coordinates[0, ...], coordinates[1, ...], ...]``.

    Between pixels it is a spline of the given order. Differentiable in the image and the coordinates, in both modes and
    to any order; the derivative at a kink is the one to the right.

    Args:
        input: the image.
        coordinates: one array for each axis of `input`, counted in pixels.
        output: the dtype of the result, by default that of `input`. A whole number here is `order`, and `mode` and `cval`
            come next, as in JAX.
        order: 0 the nearest pixel, 1 straight lines, 2 to 5 splines, each once more differentiable.
        mode: what the image is outside, for pixels ``a b c d``: "constant", `cval` from the edge on; "grid-constant",
            ``k k a b c d k k``; "nearest", ``a a a b c d d d``; "mirror", ``c b a b c d c b``; "reflect" (or
            "grid-mirror"), ``b a a b c d d c``; "grid-wrap", ``c d a b c d a b``; "wrap", where ``a`` and ``d`` fall
            together. The names are SciPy's; JAX's "constant" and "wrap" are "grid-constant" and "grid-wrap" here.
        cval: the value outside for "constant" and "grid-constant".
        prefilter: whether `input` holds pixels; False where `spline_filter` has been applied to it.

    Returns:
        Values of the shape of one coordinate and of the dtype `output`; integers are rounded.

    Raises:
        ArgumentError: no such order or mode. ShapeError: not one coordinate for each axis, or no axes. DtypeError: truth values
            with an order above 1.

    Example:
        >>> import wengert
        >>> image = np.arange(12.0).reshape(3, 4)
        >>> value = lambda place: map_coordinates(image, place, order=1)
        >>> print(value(np.array([0.5, 1.5])), wengert.grad(value)(np.array([0.5, 1.5])))
        3.5 [4. 1.]
    """
    what = "map_coordinates"
    if isinstance(output, (int, np.integer)):  # JAX's order, without output
        given, order, output = order, int(output), None
        if isinstance(given, str):
            mode, cval = given, mode if not isinstance(mode, str) else cval
    image = as_value(input)
    wanted = _out_dtype(what, output, image)
    _checked(what, order, mode)
    dtype, rank = wanted or dtype_of(image), ndim_of(image)
    if dtype.kind == "b" and order > 1:
        raise DtypeError(
            f"{what}: of truth values splines of order {order} are 0.999… or 1 as rounding has it; give order=0 (the nearest "
            f"pixel) or 1, or convert the image to numbers and compare the result with 0.5"
        )
    (image,) = floating(image)
    if dtype_of(as_value(cval)).kind == "c" and dtype_of(image).kind != "c":
        raise DtypeError(f"{what}: a complex cval does not fit a real image")
    cval = convert(as_value(cval), dtype_of(image))
    places = _places(what, coordinates, rank)
    order, cut = int(order), None
    sizes = shape_of(image)
    if order > 1 and prefilter:
        if mode in ("nearest", "grid-constant"):
            how = {"mode": "edge"} if mode == "nearest" else {"mode": "constant", "constant_values": cval}
            image = wnp.pad(image, PADDING, **how)
            places = [p + PADDING for p in places]
            sizes = shape_of(image)
        image = spline_filter(image, order, mode=mode)
    if mode == "constant":
        within = [wnp.logical_and(p >= 0, p <= n - 1) for p, n in zip(places, sizes, strict=True)]
        cut = within[0]
        for w in within[1:]:
            cut = wnp.logical_and(cut, w)
    behind = _BEHIND[mode] if order > 1 or mode in ("mirror", "grid-wrap") else "nearest"
    supports = [_support(p, n, order, mode, behind) for p, n in zip(places, sizes, strict=True)]
    total: Any = 0
    for corner in itertools.product(*supports):
        term = getitem(image, tuple(i for i, _, _ in corner))
        for _, _, good in corner:
            if good is not None:
                term = wnp.where(good, term, cval)
        for _, weight, _ in corner:
            term = term * weight
        total = total + term
    if cut is not None:
        total = wnp.where(wnp.logical_or(cut, wnp.isnan(total)), total, cval)
    return _as_dtype(total, dtype)


def _support(place: Any, n: int, order: int, mode: str, behind: str) -> list[tuple[Any, Any, Any]]:
    """The pixels along an axis that a value depends on, their weights, and which of them are pixels of the image."""
    x = _inside(place, n, mode)
    if "constant" in mode:  # far outside all is alike, and the numbers of pixels are small
        x = wnp.clip(x, -order - 2, n + order + 2)
    low = wnp.floor(x if order % 2 else x + 0.5)
    f = x - low if order % 2 else x + 0.5 - low
    start = convert(wnp.where(wnp.isfinite(low), low, 0), config.int_dtype) - order // 2
    out = []
    for j, weight in enumerate(_weights(f, order)):
        i = start + j
        good = wnp.logical_and(i >= 0, i < n) if mode == "grid-constant" else None
        out.append((_pixel(i, n, behind), weight, good))
    return out


def _as_dtype(x: ArrayLike, dtype: np.dtype) -> Value:
    """Numbers of the dtype of the image: integers rounded, halves away from zero, and kept in range."""
    if dtype.kind in "fc" or dtype_of(x) == dtype:
        return convert(x, dtype)
    if dtype.kind == "b":
        return wnp.abs(x) >= 1  # cut off as by SciPy's conversion in C
    x = wnp.sign(x) * wnp.floor(wnp.abs(x) + 0.5)
    info = np.iinfo(dtype)
    return convert(wnp.clip(x, float(info.min), float(info.max)) if dtype.itemsize < 8 else x, dtype)


__all__ = ["map_coordinates", "spline_filter", "spline_filter1d"]
