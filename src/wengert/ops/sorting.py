"""Order: sort, argsort, and the place of values in sorted arrays. What is found (indices) has no derivative."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..config import config
from ..core import Aval, Primitive, Value, ndim_of, shape_of
from ..lowering.kernels import Kernel
from ..vocabulary import BatchedResults, Function, Params, Pushed
from .indexing import take_along_axis
from .shape import broadcast_to

ndarray = np.ndarray


def _x(*shape: int) -> ndarray:
    return np.random.default_rng(51).normal(size=shape)


_SAMPLES: Callable[[], list[Any]] = lambda: [  # noqa: E731
    ((_x(4),), {"axis": 0}),
    ((_x(3, 2),), {"axis": 0}),
    ((_x(2, 3),), {"axis": 1}),
    ((_x(0, 3),), {"axis": 0}),
]


def _few_axes(sort: Function, x: Any, axis: int, **options: Any) -> Any:
    """A sort of NumPy's, which takes 32 axes, of arrays with more."""
    if x.ndim <= 32:
        return sort(x, axis, **options)
    before, after = math.prod(x.shape[:axis]), math.prod(x.shape[axis + 1 :])
    return sort(x.reshape(before, x.shape[axis], after), 1, **options).reshape(x.shape)


class _Argsort(Primitive):
    """The indices that sort along `axis`, stable."""

    def impl(self, x: Value, *, axis: int) -> Value:
        return _few_axes(np.argsort, x, axis, kind="stable").astype(config.int_dtype, copy=False)

    def abstract(self, x: Aval, *, axis: int) -> Aval:
        return Aval(x.shape, config.int_dtype)

    def jvp(self, primals: Sequence[Value], tangents: Sequence[Value | None], params: Params) -> Pushed:
        return self.bind(primals[0], **params), None

    def batch(self, size: int, args: Sequence[Value], batched: Sequence[bool], params: Params) -> BatchedResults:
        return self.bind(args[0], axis=params["axis"] + 1), True


argsort_p = _Argsort(
    "argsort",
    samples=_SAMPLES,
    reasons={"transpose": "indices have no tangent"},
    native=Kernel("sorting.sort", indices=True),
)


class _Sort(Primitive):
    """The elements in order along `axis`, NaN last. The tangent goes where its element goes."""

    def impl(self, x: Value, *, axis: int) -> Value:
        return _few_axes(np.sort, x, axis)

    def abstract(self, x: Aval, *, axis: int) -> Aval:
        return Aval(x.shape, x.dtype)

    def jvp(self, primals: Sequence[Value], tangents: Sequence[Value | None], params: Params) -> Pushed:
        (x,), (t,), axis = primals, tangents, params["axis"]
        if t is None:
            return self.bind(x, axis=axis), None
        order = argsort_p.bind(x, axis=axis)
        return take_along_axis(x, order, axis), take_along_axis(t, order, axis)

    def batch(self, size: int, args: Sequence[Value], batched: Sequence[bool], params: Params) -> BatchedResults:
        return self.bind(args[0], axis=params["axis"] + 1), True


sort_p = _Sort(
    "sort",
    samples=_SAMPLES,
    reasons={"transpose": "a permutation that depends on the values"},
    native=Kernel("sorting.sort", selects=True, indices=False),
)


class _Searchsorted(Primitive):
    """``searchsorted(a, v)``: the place in sorted ``a[..., :]`` of each of the values that have its leading axes."""

    def impl(self, a: Value, v: Value, *, side: Any) -> Value:
        lead = a.shape[:-1]
        if not lead:
            return np.asarray(np.searchsorted(a, v, side), config.int_dtype)[()]
        n = math.prod(lead)
        rows, values = a.reshape(n, a.shape[-1]), np.reshape(v, (n, math.prod(np.shape(v)[len(lead) :])))
        out = np.empty(values.shape, config.int_dtype)
        for row, value, place in zip(rows, values, out, strict=True):
            place[...] = np.searchsorted(row, value, side)
        return out.reshape(np.shape(v))

    def abstract(self, a: Aval, v: Aval, *, side: str) -> Aval:
        return Aval(v.shape, config.int_dtype)

    def jvp(self, primals: Sequence[Value], tangents: Sequence[Value | None], params: Params) -> Pushed:
        return self.bind(*primals, **params), None

    def batch(self, size: int, args: Sequence[Value], batched: Sequence[bool], params: Params) -> BatchedResults:
        (a, v), (batched_a, batched_v) = args, batched
        if not batched_a:
            if ndim_of(a) > 1:
                a = broadcast_to(a, (size, *shape_of(a)))
            return self.bind(a, v, **params), True
        v = v if batched_v else broadcast_to(v, (size, *shape_of(v)))
        return self.bind(a, v, **params), True


searchsorted_p = _Searchsorted(
    "searchsorted",
    samples=lambda: [
        ((np.array([0.0, 1.0, 2.0]), np.array([0.5, 1.0, 3.0])), {"side": "left"}),
        ((np.array([0.0, 1.0, 2.0]), np.array(1.0)), {"side": "right"}),
        ((np.array([[0.0, 1.0], [2.0, 3.0]]), np.array([[0.5], [2.5]])), {"side": "left"}),
    ],
    reasons={"transpose": "indices have no tangent"},
    native=Kernel("order.searchsorted"),
)
