"""Reductions over axes: sum, product, maximum and minimum, any and all, arguments of extremes, cumulative ones."""

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
from . import elementwise as ew
from .families import Linear
from .shape import broadcast_to, canonical_axes, concatenate, reshape

ndarray = np.ndarray


def _x(*shape: int) -> ndarray:
    return np.random.default_rng(12).normal(size=shape)


def reduced_shape(shape: tuple[int, ...], axes: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(n for i, n in enumerate(shape) if i not in axes)


def kept_shape(shape: tuple[int, ...], axes: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(1 if i in axes else n for i, n in enumerate(shape))


def _spread(ct: Value, x: Any, axes: tuple[int, ...]) -> Value:
    """The cotangent of a sum: the same over the reduced axes, which the pullback spreads where it must."""
    return ct if not shape_of(ct) else reshape(ct, kept_shape(x.shape, axes))


def _narrow(x: Value) -> Value:
    if not config._x64:
        narrow = _NARROW.get(x.dtype)
        if narrow is not None:
            return x.astype(narrow)
    return x


_REDUCE_SAMPLES: list[tuple[tuple[int, ...], tuple[int, ...]]] = [
    ((3,), (0,)),
    ((2, 3), (0,)),
    ((2, 3), (0, 1)),
    ((2, 3, 2), (0, 2)),
    ((), ()),
]


def _reduce_samples(empty: bool = True, positive: bool = False) -> Any:
    def make() -> Any:
        shapes = _REDUCE_SAMPLES + ([((0, 3), (0,))] if empty else [])
        return [((np.abs(_x(*s)) + 0.5 if positive else _x(*s),), {"axes": a}) for s, a in shapes]

    return make


def _sum_rule(x: Aval, *, axes: tuple[int, ...]) -> Aval:
    dtype = np.add.reduce(np.empty((1,), x.dtype)).dtype
    return Aval(reduced_shape(x.shape, axes), dtype if config._x64 else _NARROW.get(dtype, dtype))


def _sum(x: Value, *, axes: tuple[int, ...]) -> Value:
    out = np.add.reduce(x, axes)
    return out if config._x64 else _narrow(out)


sum_p = Linear(
    "reduce_sum",
    _sum,
    _sum_rule,
    lambda ct, x, *, axes: _spread(ct, x, axes),
    lambda n, x, *, axes: sum_p.bind(x, axes=tuple(a + 1 for a in axes)),
    diagonal_rule=lambda x, *, axes: x.total() if len(axes) == ndim_of(x.weights) else None,
    samples=_reduce_samples(),
    native=monoids.Reduction(monoids.SUM, ew.add_p),
)


def reduce_sum(x: Value, axes: tuple[int, ...]) -> Value:
    """Sum over `axes` (a tuple of axes in range)."""
    return sum_p.bind(x, axes=axes)


class Reduction(Primitive):
    """A reduction that is not linear; `tangent` is its rule in terms of ``(ans, x, t, axes)``."""

    def __init__(self, name: str, function: Any, tangent: Any = None, **kwargs: Any) -> None:
        super().__init__(name, **kwargs)
        self.function = function
        self.tangent = tangent

    def impl(self, x: Value, *, axes: tuple[int, ...]) -> Value:
        return _narrow(self.function(x, axes))

    def abstract(self, x: Aval, *, axes: tuple[int, ...]) -> Aval:
        dtype = self.function(np.ones((1,), x.dtype), (0,)).dtype
        return Aval(reduced_shape(x.shape, axes), dtype if config._x64 else _NARROW.get(dtype, dtype))

    def jvp(self, primals: Sequence[Value], tangents: Sequence[Value | None], params: dict[str, Any]) -> Any:
        (x,), (t,), axes = primals, tangents, params["axes"]
        ans = self.bind(x, axes=axes)
        if t is None or not is_inexact(ans):
            return ans, None
        return ans, self.tangent(ans, x, t, axes)

    def batch(self, size: int, args: Sequence[Value], batched: Sequence[bool], params: dict[str, Any]) -> Any:
        return self.bind(args[0], axes=tuple(a + 1 for a in params["axes"])), True


def _extreme_tangent(ans: Value, x: Value, t: Value, axes: tuple[int, ...]) -> Value:
    """Ties share the tangent equally."""
    from .elementwise import convert, equal, where

    chosen = equal(x, reshape(ans, kept_shape(shape_of(x), axes)))
    dtype = dtype_of(ans)
    return reduce_sum(where(chosen, t, dtype.type(0)), axes) / reduce_sum(convert(chosen, dtype), axes)


def _prod_tangent(ans: Value, x: Value, t: Value, axes: tuple[int, ...]) -> Value:
    """Sum over elements of the tangent times the product of all other elements, exact where some are zero."""
    from .elementwise import equal
    from .shape import concatenate, slice_axis, transpose

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
    _ = equal
    return reduce_sum(trows * (before * after), (last,))


def reverse(x: Value, axis: int) -> Value:
    from .shape import reverse_p

    return reverse_p.bind(x, axes=(axis,))


max_p = Reduction(
    "reduce_max",
    np.maximum.reduce,
    _extreme_tangent,
    samples=_reduce_samples(False),
    native=monoids.Reduction(monoids.MAXIMUM, ew.maximum_p),
)
min_p = Reduction(
    "reduce_min",
    np.minimum.reduce,
    _extreme_tangent,
    samples=_reduce_samples(False),
    native=monoids.Reduction(monoids.MINIMUM, ew.minimum_p),
)
prod_p = Reduction(
    "reduce_prod",
    np.multiply.reduce,
    _prod_tangent,
    samples=_reduce_samples(),
    native=monoids.Reduction(monoids.PRODUCT, ew.mul_p),
)
any_p = Reduction(
    "reduce_any",
    np.logical_or.reduce,
    samples=_reduce_samples(),
    native=monoids.Reduction(monoids.ANY, ew.logical_or_p),
)
all_p = Reduction(
    "reduce_all",
    np.logical_and.reduce,
    samples=_reduce_samples(),
    native=monoids.Reduction(monoids.ALL, ew.logical_and_p),
)


class _ArgReduction(Primitive):
    def __init__(self, name: str, function: Any, **kwargs: Any) -> None:
        super().__init__(name, **kwargs)
        self.function = function

    def impl(self, x: Value, *, axis: int) -> Value:
        return _narrow(self.function(x, axis))

    def abstract(self, x: Aval, *, axis: int) -> Aval:
        return Aval(reduced_shape(x.shape, (axis,)), config.int_dtype)

    def jvp(self, primals: Sequence[Value], tangents: Sequence[Value | None], params: dict[str, Any]) -> Any:
        return self.bind(primals[0], **params), None

    def batch(self, size: int, args: Sequence[Value], batched: Sequence[bool], params: dict[str, Any]) -> Any:
        return self.bind(args[0], axis=params["axis"] + 1), True


_ARG = lambda: [((_x(4),), {"axis": 0}), ((_x(2, 3),), {"axis": 1})]  # noqa: E731
argmax_p = _ArgReduction("argmax", np.argmax, samples=_ARG, native=Kernel("order.argument", largest=True))
argmin_p = _ArgReduction("argmin", np.argmin, samples=_ARG, native=Kernel("order.argument", largest=False))

# --- cumulative -------------------------------------------------------------------------------------------------

_CUM = lambda: [((_x(4),), {"axis": 0}), ((_x(2, 3),), {"axis": 1}), ((_x(0, 3),), {"axis": 0})]  # noqa: E731

cumsum_p = Linear(
    "cumsum",
    lambda x, *, axis: _narrow(np.cumsum(x, axis)),
    lambda x, *, axis: Aval(x.shape, _sum_rule(x, axes=(0,)).dtype if x.shape else x.dtype),
    lambda ct, x, *, axis: reverse(cumsum_p.bind(reverse(ct, axis), axis=axis), axis),
    lambda n, x, *, axis: cumsum_p.bind(x, axis=axis + 1),
    samples=_CUM,
    native=Kernel("scans.running", operation=monoids.SUM),
)


class _Cumulative(Primitive):
    def __init__(self, name: str, function: Any, tangent: Any, **kwargs: Any) -> None:
        super().__init__(name, **kwargs)
        self.function = function
        self.tangent = tangent

    def impl(self, x: Value, *, axis: int) -> Value:
        return _narrow(self.function(x, axis))

    def abstract(self, x: Aval, *, axis: int) -> Aval:
        dtype = self.function(np.ones((1,), x.dtype), 0).dtype
        return Aval(x.shape, dtype if config._x64 else _NARROW.get(dtype, dtype))

    def jvp(self, primals: Sequence[Value], tangents: Sequence[Value | None], params: dict[str, Any]) -> Any:
        (x,), (t,), axis = primals, tangents, params["axis"]
        ans = self.bind(x, axis=axis)
        if t is None or not is_inexact(ans):
            return ans, None
        return ans, self.tangent(ans, x, t, axis)

    def batch(self, size: int, args: Sequence[Value], batched: Sequence[bool], params: dict[str, Any]) -> Any:
        return self.bind(args[0], axis=params["axis"] + 1), True


def _cumprod_tangent(ans: Value, x: Value, t: Value, axis: int) -> Value:
    """The product rule over a scan of pairs (product, its tangent): exact at zeros, and n log n in time and memory."""
    from .cumulative import doubling_scan

    def combine(earlier: Sequence[Value], later: Sequence[Value]) -> tuple[Value, Value]:
        (p, dp), (q, dq) = earlier, later
        return p * q, dp * q + p * dq

    return doubling_scan(combine, (x, t), axis)[1]


def _cumextreme_tangent(ans: Value, x: Value, t: Value, axis: int) -> Value:
    """The tangent of the last element that set the running extreme."""
    from .elementwise import convert, equal, where
    from .indexing import take_along_axis

    shape = shape_of(x)
    position = np.arange(shape[axis]).reshape([-1 if i == axis else 1 for i in range(len(shape))])
    hit = where(equal(x, ans), position, 0)
    source = cummax_p.bind(convert(hit, config.int_dtype), axis=axis)
    return take_along_axis(t, source, axis)


cumprod_p = _Cumulative(
    "cumprod", np.cumprod, _cumprod_tangent, samples=_CUM, native=Kernel("scans.running", operation=monoids.PRODUCT)
)
cummax_p = _Cumulative(
    "cummax",
    np.maximum.accumulate,
    _cumextreme_tangent,
    samples=_CUM,
    native=Kernel("scans.running", selects=True, operation=monoids.MAXIMUM),
)
cummin_p = _Cumulative(
    "cummin",
    np.minimum.accumulate,
    _cumextreme_tangent,
    samples=_CUM,
    native=Kernel("scans.running", selects=True, operation=monoids.MINIMUM),
)


def cumulative_prod(x: Value, axis: int) -> Value:
    return cumprod_p.bind(x, axis=axis)


# --- functions --------------------------------------------------------------------------------------------------


def sum(  # noqa: A001
    x: Value, axis: Any = None, dtype: Any = None, keepdims: bool = False, initial: Any = None, where: Any = None
) -> Value:
    """The sum of elements over `axis` (all by default), NumPy's arguments."""
    if axis is None and dtype is None and initial is None and where is None and not keepdims:
        x = as_array(x)
        return sum_p.bind(x, axes=tuple(range(ndim_of(x))))
    return _reduce(sum_p, x, axis, keepdims, initial, where, 0, dtype, "add")


def prod(
    x: Value, axis: Any = None, dtype: Any = None, keepdims: bool = False, initial: Any = None, where: Any = None
) -> Value:
    """The product of elements over `axis` (all by default), NumPy's arguments."""
    return _reduce(prod_p, x, axis, keepdims, initial, where, 1, dtype, "multiply")


def max(x: Value, axis: Any = None, keepdims: bool = False, initial: Any = None, where: Any = None) -> Value:  # noqa: A001
    """The largest element over `axis`; equal elements share the derivative."""
    return _reduce(max_p, x, axis, keepdims, initial, where, initial, None, "maximum")


def min(x: Value, axis: Any = None, keepdims: bool = False, initial: Any = None, where: Any = None) -> Value:  # noqa: A001
    """The smallest element over `axis`; equal elements share the derivative."""
    return _reduce(min_p, x, axis, keepdims, initial, where, initial, None, "minimum")


def any(x: Value, axis: Any = None, keepdims: bool = False, where: Any = None) -> Value:  # noqa: A001
    """Whether any element over `axis` is true."""
    return _reduce(any_p, x, axis, keepdims, None, where, False, None, "logical_or")


def all(x: Value, axis: Any = None, keepdims: bool = False, where: Any = None) -> Value:  # noqa: A001
    """Whether all elements over `axis` are true."""
    return _reduce(all_p, x, axis, keepdims, None, where, True, None, "logical_and")


def _reduce(
    primitive: Primitive,
    x: Value,
    axis: Any,
    keepdims: bool,
    initial: Any,
    where: Any,
    neutral: Any,
    dtype: Any,
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
