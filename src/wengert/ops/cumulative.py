"""Running operations: sums, products, extremes, and logarithms of sums; the doubling scan that their tangents are written with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..config import _NARROW, config
from ..core import Aval, Primitive, Value, dtype_of, is_inexact, shape_of
from ..lowering import monoids
from ..lowering.kernels import Kernel
from ..vocabulary import BatchedResults, Function, Params, Pushed
from .casts import convert
from .elementwise import equal, logaddexp, logaddexp_p, where
from .indexing import take_along_axis
from .linear import Linear
from .shape import concatenate, narrow, reverse_p, spread, sum_rule
from .slices import slice_axis


def _x(*shape: int) -> np.ndarray:
    return np.random.default_rng(12).normal(size=shape)


def doubling_scan(combine: Function, pair: Sequence[Value], axis: int) -> Sequence[Value]:
    """The inclusive scan of pairs of arrays along `axis` by an associative `combine(earlier, later)`.

    Hillis & Steele (1986), "Data parallel algorithms": log2(n) steps, each on whole arrays.
    """
    n, step = shape_of(pair[0])[axis], 1
    while step < n:
        head = [slice_axis(v, axis, 0, step) for v in pair]
        earlier = [slice_axis(v, axis, 0, n - step) for v in pair]
        later = [slice_axis(v, axis, step, n) for v in pair]
        pair = [concatenate([h, c], axis) for h, c in zip(head, combine(earlier, later), strict=True)]
        step *= 2
    return pair


class _CumLogSumExp(Primitive):
    """``log(cumsum(exp(x)))``; its tangent is the running mean of tangents weighted by ``exp(x)``."""

    def impl(self, x: Value, *, axis: int) -> Value:
        return np.logaddexp.accumulate(x, axis)

    def abstract(self, x: Aval, *, axis: int) -> Aval:
        return Aval(x.shape, x.dtype)

    def jvp(self, primals: Sequence[Value], tangents: Sequence[Value | None], params: Params) -> Pushed:
        (x,), (t,), axis = primals, tangents, params["axis"]
        ans = self.bind(x, axis=axis)
        if t is None:
            return ans, None

        partials: Any = logaddexp_p.partials
        of_first, of_second = partials

        def combine(earlier: Sequence[Value], later: Sequence[Value]) -> tuple[Value, Value]:
            (s1, t1), (s2, t2) = earlier, later
            s = logaddexp(s1, s2)
            return s, t1 * of_first(s, s1, s2) + t2 * of_second(s, s1, s2)

        return ans, spread(doubling_scan(combine, (x, t), axis)[1], shape_of(ans), dtype_of(ans))

    def batch(self, size: int, args: Sequence[Value], batched: Sequence[bool], params: Params) -> BatchedResults:
        return self.bind(args[0], axis=params["axis"] + 1), True


def _samples() -> list[Any]:
    x = np.random.default_rng(41).normal(size=(3, 5))
    return [((x[0],), {"axis": 0}), ((x,), {"axis": 0}), ((x,), {"axis": 1}), ((x[:, :0],), {"axis": 1})]


cumlogsumexp_p = _CumLogSumExp(
    "cumlogsumexp",
    samples=_samples,
    reasons={"transpose": "not linear"},
    native=Kernel("scans.running", operation=logaddexp_p),
)


def reverse(x: Value, axis: int) -> Value:
    return reverse_p.bind(x, axes=(axis,))


_CUM = lambda: [((_x(4),), {"axis": 0}), ((_x(2, 3),), {"axis": 1}), ((_x(0, 3),), {"axis": 0})]  # noqa: E731

cumsum_p = Linear(
    "cumsum",
    lambda x, *, axis: narrow(np.cumsum(x, axis)),
    lambda x, *, axis: Aval(x.shape, sum_rule(x, axes=(0,)).dtype if x.shape else x.dtype),
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
        return narrow(self.function(x, axis))

    def abstract(self, x: Aval, *, axis: int) -> Aval:
        dtype = self.function(np.ones((1,), x.dtype), 0).dtype
        return Aval(x.shape, dtype if config._x64 else _NARROW.get(dtype, dtype))

    def jvp(self, primals: Sequence[Value], tangents: Sequence[Value | None], params: Params) -> Pushed:
        (x,), (t,), axis = primals, tangents, params["axis"]
        ans = self.bind(x, axis=axis)
        if t is None or not is_inexact(ans):
            return ans, None
        return ans, self.tangent(ans, x, t, axis)

    def batch(self, size: int, args: Sequence[Value], batched: Sequence[bool], params: Params) -> BatchedResults:
        return self.bind(args[0], axis=params["axis"] + 1), True


def _cumprod_tangent(ans: Value, x: Value, t: Value, axis: int) -> Value:
    """The product rule over a scan of pairs (product, its tangent): exact at zeros, and n log n in time and memory."""

    def combine(earlier: Sequence[Value], later: Sequence[Value]) -> tuple[Value, Value]:
        (p, dp), (q, dq) = earlier, later
        return p * q, dp * q + p * dq

    return doubling_scan(combine, (x, t), axis)[1]


def _cumextreme_tangent(ans: Value, x: Value, t: Value, axis: int) -> Value:
    """The tangent of the last element that set the running extreme."""
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
