"""Reductions over axes: sum, product, maximum and minimum, any and all, arguments of extremes. Running ones: `cumulative.py`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..config import _NARROW, canonical_dtype, config
from ..core import Aval, Primitive, Value, as_array, dtype_of, is_inexact, ndim_of, shape_of
from ..errors import ShapeError
from ..lowering import monoids
from ..lowering.kernels import Kernel
from ..vocabulary import Axes, BatchedResults, DTypeLike, Params, Pushed
from . import elementwise as ew
from .axes import canonical_axes
from .casts import convert
from .cumulative import cumulative_prod, reverse
from .elementwise import equal, where
from .shape import (
    broadcast_to,
    concatenate,
    kept_shape,
    narrow,
    reduce_samples,
    reduce_sum,
    reduced_shape,
    reshape,
    sum_p,
    transpose,
)
from .slices import slice_axis

ndarray = np.ndarray


def _x(*shape: int) -> ndarray:
    return np.random.default_rng(12).normal(size=shape)


class Reduction(Primitive):
    """A reduction that is not linear; `tangent` is its rule in terms of ``(ans, x, t, axes)``."""

    def __init__(self, name: str, function: Any, tangent: Any = None, **kwargs: Any) -> None:
        super().__init__(name, **kwargs)
        self.function = function
        self.tangent = tangent

    def impl(self, x: Value, *, axes: tuple[int, ...]) -> Value:
        return narrow(self.function(x, axes))

    def abstract(self, x: Aval, *, axes: tuple[int, ...]) -> Aval:
        dtype = self.function(np.ones((1,), x.dtype), (0,)).dtype
        return Aval(reduced_shape(x.shape, axes), dtype if config._x64 else _NARROW.get(dtype, dtype))

    def jvp(self, primals: Sequence[Value], tangents: Sequence[Value | None], params: Params) -> Pushed:
        (x,), (t,), axes = primals, tangents, params["axes"]
        ans = self.bind(x, axes=axes)
        if t is None or not is_inexact(ans):
            return ans, None
        return ans, self.tangent(ans, x, t, axes)

    def batch(self, size: int, args: Sequence[Value], batched: Sequence[bool], params: Params) -> BatchedResults:
        return self.bind(args[0], axes=tuple(a + 1 for a in params["axes"])), True


def _extreme_tangent(ans: Value, x: Value, t: Value, axes: tuple[int, ...]) -> Value:
    """Ties share the tangent equally."""
    chosen = equal(x, reshape(ans, kept_shape(shape_of(x), axes)))
    dtype = dtype_of(ans)
    return reduce_sum(where(chosen, t, dtype.type(0)), axes) / reduce_sum(convert(chosen, dtype), axes)


def _prod_tangent(ans: Value, x: Value, t: Value, axes: tuple[int, ...]) -> Value:
    """Sum over elements of the tangent times the product of all other elements, exact where some are zero."""
    shape = shape_of(x)
    keep = [i for i in range(len(shape)) if i not in axes]
    order = (*keep, *axes)
    n = math.prod(shape[a] for a in axes)
    lead = tuple(shape[i] for i in keep)
    rows, trows = (reshape(transpose(v, order), (*lead, n)) for v in (x, t))
    if n == 0:
        return reduce_sum(trows, (len(lead),))
    last = len(lead)
    ones = np.ones((*lead, 1), dtype_of(x))
    before = concatenate([ones, slice_axis(cumulative_prod(rows, last), last, 0, n - 1)], last)
    back = reverse(rows, last)
    after = reverse(concatenate([ones, slice_axis(cumulative_prod(back, last), last, 0, n - 1)], last), last)
    return reduce_sum(trows * (before * after), (last,))


max_p = Reduction(
    "reduce_max",
    np.maximum.reduce,
    _extreme_tangent,
    samples=reduce_samples(False),
    native=monoids.Reduction(monoids.MAXIMUM),
)
min_p = Reduction(
    "reduce_min",
    np.minimum.reduce,
    _extreme_tangent,
    samples=reduce_samples(False),
    native=monoids.Reduction(monoids.MINIMUM),
)
prod_p = Reduction(
    "reduce_prod",
    np.multiply.reduce,
    _prod_tangent,
    samples=reduce_samples(),
    native=monoids.Reduction(monoids.PRODUCT),
)
any_p = Reduction(
    "reduce_any",
    np.logical_or.reduce,
    samples=reduce_samples(),
    native=monoids.Reduction(monoids.ANY),
)
all_p = Reduction(
    "reduce_all",
    np.logical_and.reduce,
    samples=reduce_samples(),
    native=monoids.Reduction(monoids.ALL),
)


class _ArgReduction(Primitive):
    def __init__(self, name: str, function: Any, **kwargs: Any) -> None:
        super().__init__(name, **kwargs)
        self.function = function

    def impl(self, x: Value, *, axis: int) -> Value:
        return narrow(self.function(x, axis))

    def abstract(self, x: Aval, *, axis: int) -> Aval:
        return Aval(reduced_shape(x.shape, (axis,)), config.int_dtype)

    def jvp(self, primals: Sequence[Value], tangents: Sequence[Value | None], params: Params) -> Pushed:
        return self.bind(primals[0], **params), None

    def batch(self, size: int, args: Sequence[Value], batched: Sequence[bool], params: Params) -> BatchedResults:
        return self.bind(args[0], axis=params["axis"] + 1), True


_ARG = lambda: [((_x(4),), {"axis": 0}), ((_x(2, 3),), {"axis": 1})]  # noqa: E731
argmax_p = _ArgReduction("argmax", np.argmax, samples=_ARG, native=Kernel("order.argument", largest=True))
argmin_p = _ArgReduction("argmin", np.argmin, samples=_ARG, native=Kernel("order.argument", largest=False))

# --- functions --------------------------------------------------------------------------------------------------


def sum(  # noqa: A001
    x: Value,
    axis: Axes = None,
    dtype: DTypeLike = None,
    keepdims: bool = False,
    initial: Value | None = None,
    where: Value | None = None,
) -> Value:
    """The sum of elements over `axis` (all by default), NumPy's arguments."""
    if axis is None and dtype is None and initial is None and where is None and not keepdims:
        x = as_array(x)
        return sum_p.bind(x, axes=tuple(range(ndim_of(x))))
    return _reduce(sum_p, x, axis, keepdims, initial, where, 0, dtype, "add")


def prod(
    x: Value,
    axis: Axes = None,
    dtype: DTypeLike = None,
    keepdims: bool = False,
    initial: Value | None = None,
    where: Value | None = None,
) -> Value:
    """The product of elements over `axis` (all by default), NumPy's arguments."""
    return _reduce(prod_p, x, axis, keepdims, initial, where, 1, dtype, "multiply")


def max(
    x: Value, axis: Axes = None, keepdims: bool = False, initial: Value | None = None, where: Value | None = None
) -> Value:  # noqa: A001
    """The largest element over `axis`; equal elements share the derivative."""
    return _reduce(max_p, x, axis, keepdims, initial, where, initial, None, "maximum")


def min(
    x: Value, axis: Axes = None, keepdims: bool = False, initial: Value | None = None, where: Value | None = None
) -> Value:  # noqa: A001
    """The smallest element over `axis`; equal elements share the derivative."""
    return _reduce(min_p, x, axis, keepdims, initial, where, initial, None, "minimum")


def any(x: Value, axis: Axes = None, keepdims: bool = False, where: Value | None = None) -> Value:  # noqa: A001
    """Whether any element over `axis` is true."""
    return _reduce(any_p, x, axis, keepdims, None, where, False, None, "logical_or")


def all(x: Value, axis: Axes = None, keepdims: bool = False, where: Value | None = None) -> Value:  # noqa: A001
    """Whether all elements over `axis` are true."""
    return _reduce(all_p, x, axis, keepdims, None, where, True, None, "logical_and")


def _reduce(
    primitive: Primitive,
    x: Value,
    axis: Axes,
    keepdims: bool,
    initial: Value,
    where: Value,
    neutral: Any,
    dtype: DTypeLike,
    combine: str,
) -> Value:
    x = as_array(x)
    if dtype is not None:
        x = ew.convert(x, dtype)
    if where is not None and where is not True:
        if neutral is None:
            raise ShapeError(f"{primitive.name} with where= needs initial=, the value of an empty selection")
        x = ew.where(where, x, np.asarray(neutral, dtype_of(x))[()])
    axes = canonical_axes(axis, ndim_of(x), scalars=True)
    if primitive in (max_p, min_p) and initial is None and math.prod(shape_of(x)[a] for a in axes) == 0:
        raise ShapeError(f"{primitive.name} of no elements (shape {shape_of(x)}, axis {axis}) needs initial=")
    if initial is not None and primitive in (max_p, min_p):
        if math.prod(shape_of(x)[a] for a in axes) == 0:
            shape = (kept_shape if keepdims else reduced_shape)(shape_of(x), axes)
            return broadcast_to(ew.convert(initial, dtype_of(x)), shape)
        extra = broadcast_to(
            ew.convert(initial, dtype_of(x)),
            tuple(1 if i == (axes or (0,))[0] else n for i, n in enumerate(shape_of(x))),
        )
        x = concatenate([x, extra], axes[0]) if axes else getattr(ew, combine)(x, ew.convert(initial, dtype_of(x)))
    out = primitive.bind(x, axes=axes)
    if keepdims:
        out = reshape(out, kept_shape(shape_of(x), axes))
    if dtype is not None and dtype_of(out) != canonical_dtype(dtype):  # small integers, summed in int64
        out = ew.convert(out, dtype)
    if initial is not None and primitive not in (max_p, min_p):
        out = getattr(ew, combine)(out, ew.convert(initial, dtype_of(out)))
    return out
