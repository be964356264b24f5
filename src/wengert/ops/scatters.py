"""Reading and writing at integer indices: `gather`, and the scatters that sum or set, its transposes.

A scatter writes at the places that `gather` would read. Those that multiply or take extremes: `combining_scatters.py`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..config import config
from ..core import Aval, LinearTracer, Primitive, Tracer, Value, dtype_of, is_inexact, ndim_of, shape_of
from ..errors import NotLinearError
from ..lowering import index_maps, kernels, monoids
from ..vocabulary import BatchedResults, DTypeLike, Params, Pushed, Results, Tape
from .casts import convert
from .elementwise import equal, where
from .promotion import broadcast_shapes, result_dtype
from .roots import passes
from .shape import broadcast_to, fit, moveaxis, reshape

ndarray = np.ndarray

MANY = 32  # axes that all of NumPy's functions take


def _x(*shape: int, seed: int = 31) -> ndarray:
    return np.random.default_rng(seed).normal(size=shape)


def wide(index: Value) -> Value:
    """Integers to which lengths of axes may be added, and which they may divide: 8 and 16 bits do not hold lengths."""
    dtype = dtype_of(index)
    return convert(index, config.int_dtype) if dtype.kind in "iu" and dtype.itemsize < 4 else index


class _Gather(Primitive):
    """``gather(x, *indices, axes)``: integer arrays, broadcast together, index `axes`.

    The result has the axes of the indices first, then the other axes of `x` in order.
    """

    indices_from = 1
    pattern = "drops"

    def fills(self, args: Sequence[Any], shape: tuple[int, ...], params: Params) -> tuple[int, ...] | None:
        """The axes without an index, and one that is indexed by all its positions. An index is in range, or raises an error."""
        if 0 in shape:
            return None
        argument, *indices = args
        axes = params["axes"]
        free = tuple(axis for axis in range(len(argument.shape)) if axis not in axes)
        for axis, index in zip(axes, indices, strict=True):
            n = argument.shape[axis]
            if not isinstance(index, Tracer) and np.size(index) >= n > 1 and len(np.unique(np.mod(index, n))) == n:
                return (*free, axis)
        return free

    def impl(self, x: Value, *indices: Value, axes: tuple[int, ...]) -> Value:
        if axes != tuple(range(len(axes))):
            x = np.moveaxis(x, axes, range(len(axes)))
        return x[indices]

    def abstract(self, x: Aval, *indices: Aval, axes: tuple[int, ...]) -> Aval:
        index_shape = broadcast_shapes(self.name, *[i.shape for i in indices])
        return Aval((*index_shape, *[n for i, n in enumerate(x.shape) if i not in axes]), x.dtype)

    def jvp(self, primals: Sequence[Value], tangents: Sequence[Value | None], params: Params) -> Pushed:
        x, *indices = primals
        out = self.bind(x, *indices, **params)
        if tangents[0] is None or not is_inexact(out):
            return out, None
        return out, self.bind(tangents[0], *indices, **params)

    def transpose(self, cotangent: Results, args: Sequence[Value], params: Params) -> Sequence[Value | None]:
        x, *indices = args
        axes = params["axes"]
        zeros = np.zeros(x.shape, x.dtype)
        return (scatter_add_p.bind(zeros, cotangent, *indices, axes=axes), *[None] * len(indices))

    def batch(self, size: int, args: Sequence[Value], batched: Sequence[bool], params: Params) -> BatchedResults:
        (x, *indices), (batched_x, *batched_indices), axes = args, batched, params["axes"]
        if any(batched_indices):
            indices, rank = _with_batch(size, indices, batched_indices)
            if batched_x:
                rows = np.arange(size).reshape((size,) + (1,) * rank)
                return self.bind(x, rows, *indices, axes=(0, *[a + 1 for a in axes])), True
            return self.bind(x, *indices, axes=axes), True
        out = self.bind(x, *indices, axes=tuple(a + 1 for a in axes))
        return moveaxis(out, max([ndim_of(i) for i in indices], default=0), 0), True


def _with_batch(size: int, indices: Sequence[Value], batched: Sequence[bool]) -> tuple[list[Value], int]:
    """Indices with a batch axis in front, ranks made equal; and the rank of an example."""
    rank = max(ndim_of(i) - b for i, b in zip(indices, batched, strict=True))
    out = []
    for i, b in zip(indices, batched, strict=True):
        shape = shape_of(i)[1:] if b else shape_of(i)
        out.append(reshape(i, (size if b else 1,) + (1,) * (rank - len(shape)) + shape))
    return out, rank


_I = np.array([2, 0, 2])

_GATHER_SAMPLES = lambda: [  # noqa: E731
    ((_x(3), _I), {"axes": (0,)}),
    ((_x(2, 3), _I), {"axes": (1,)}),
    ((_x(3, 4, 3), _I, np.array([[1], [2]])), {"axes": (0, 2)}),
    ((_x(3, 2), np.array([], int)), {"axes": (0,)}),
    ((_x(3, 2), np.array(1)), {"axes": (0,)}),
]

gather_p = _Gather("gather", samples=_GATHER_SAMPLES, native=index_maps.Gather())

passes(gather_p)


def _front(x: ndarray, axes: tuple[int, ...]) -> ndarray:
    return x if axes == tuple(range(len(axes))) else np.moveaxis(x, axes, range(len(axes)))


class Scatter(Primitive):
    """``scatter(x, updates, *indices, axes)``: a copy of `x` changed at the places that `gather` would read."""

    indices_from = 2

    def __init__(self, name: str, write: Callable[..., None], **kwargs: Any) -> None:
        super().__init__(name, **kwargs)
        self.write = write

    def impl(self, x: Value, updates: Value, *indices: Value, axes: tuple[int, ...]) -> Value:
        out = np.array(x, result_dtype(_aval(x), _aval(updates)))
        places = tuple(np.asarray(i) for i in indices)
        if max(out.ndim, *[i.ndim for i in places]) > MANY:
            return self._of_many_axes(out, updates, places, axes)
        self.write(_front(out, axes), places, updates)
        return out

    def _of_many_axes(self, x: ndarray, updates: Value, places: tuple[ndarray, ...], axes: tuple[int, ...]) -> ndarray:
        """NumPy's ``ufunc.at`` takes 32 axes: those with an index are made one, and so are the others."""
        front = _front(x, axes)
        shape, lead, rest = front.shape, front.shape[: len(axes)], front.shape[len(axes) :]
        found = broadcast_shapes(self.name, *[i.shape for i in places])
        index = np.zeros(found, np.intp)
        for n, place in zip(lead, places, strict=True):
            if place.size and not (-n <= place.min() and place.max() < n):
                raise IndexError(f"an index of {self.name} is out of bounds for an axis with size {n}")
            index = index * n + np.where(place < 0, place.astype(np.intp) + n, place)
        out = front.reshape(math.prod(lead), math.prod(rest))
        updates = np.broadcast_to(updates, (*found, *rest)).reshape(index.size, math.prod(rest))
        self.write(out, (index.reshape(-1),), updates)
        return np.moveaxis(out.reshape(shape), range(len(axes)), axes)

    def abstract(self, x: Aval, updates: Aval, *indices: Aval, axes: tuple[int, ...]) -> Aval:
        return Aval(x.shape, result_dtype(x, updates))

    def batch(self, size: int, args: Sequence[Value], batched: Sequence[bool], params: Params) -> BatchedResults:
        (x, u, *indices), (batched_x, batched_u, *batched_indices), axes = args, batched, params["axes"]
        x = x if batched_x else broadcast_to(x, (size, *shape_of(x)))
        index_shape = broadcast_shapes(
            self.name, *[shape_of(i)[b:] for i, b in zip(indices, batched_indices, strict=True)]
        )
        rest = tuple(n for i, n in enumerate(shape_of(x)[1:]) if i not in axes)
        u = broadcast_to(u, (size, *index_shape, *rest)) if batched_u else broadcast_to(u, (*index_shape, *rest))
        if not any(batched_indices):  # the same places in all examples
            rows = len(index_shape)
            u = (
                moveaxis(u, 0, rows)
                if batched_u
                else broadcast_to(reshape(u, (*index_shape, 1, *rest)), (*index_shape, size, *rest))
            )
            return self.bind(x, u, *indices, axes=tuple(a + 1 for a in axes)), True
        if not batched_u:
            u = broadcast_to(u, (size, *shape_of(u)))
        indices, rank = _with_batch(size, indices, batched_indices)
        rows = np.arange(size).reshape((size,) + (1,) * rank)
        return self.bind(x, u, rows, *indices, axes=(0, *[a + 1 for a in axes])), True


def _aval(x: Value) -> Aval:
    return Aval(shape_of(x), dtype_of(x))


def zeros_of(x: Value, dtype: DTypeLike = None) -> ndarray:
    return np.zeros(shape_of(x), dtype or dtype_of(x))


def gathered(x: Value, indices: Sequence[Value], axes: tuple[int, ...]) -> Value:
    return gather_p.bind(x, *indices, axes=axes)


class _Linear(Scatter):
    """Linear in `x` and `updates` together: what stands beside a tangent must be zero."""

    def record(self, tape: Tape, args: Sequence[Value], params: Params) -> Results:
        for a in args[:2]:
            if not tape.owns(a) and (isinstance(a, Tracer) or np.any(np.asarray(a) != 0)):
                raise NotLinearError(
                    f"{self.name} of a tangent and a value that is not zero is not linear in the tangent"
                )
        return super().record(tape, args, params)


class _ScatterAdd(_Linear):
    """The sum of `x` and of all updates that fall on one place."""

    pattern = "moves"

    def jvp(self, primals: Sequence[Value], tangents: Sequence[Value | None], params: Params) -> Pushed:
        x, u, *indices = primals
        tx, tu, *_ = tangents
        out = self.bind(x, u, *indices, **params)
        if (tx is None and tu is None) or not is_inexact(out):
            return out, None
        if tu is None:
            return out, tx
        tx = np.zeros(shape_of(out), dtype_of(out)) if tx is None else tx
        return out, self.bind(tx, tu, *indices, **params)

    def transpose(self, cotangent: Results, args: Sequence[Value], params: Params) -> Sequence[Value | None]:
        x, u, *indices = args
        gx = fit(cotangent, x.shape, x.dtype) if isinstance(x, LinearTracer) else None
        gu = None
        if isinstance(u, LinearTracer):
            gu = fit(gathered(cotangent, indices, params["axes"]), u.shape, u.dtype)
        return (gx, gu, *[None] * len(indices))


class _ScatterSet(_Linear):
    """The updates in place of the elements of `x`. Where positions repeat the last update stands, as NumPy has it."""

    pattern = "drops"

    def jvp(self, primals: Sequence[Value], tangents: Sequence[Value | None], params: Params) -> Pushed:
        x, u, *indices = primals
        tx, tu, *_ = tangents
        out = self.bind(x, u, *indices, **params)
        if (tx is None and tu is None) or not is_inexact(out):
            return out, None
        tx = np.zeros(shape_of(out), dtype_of(out)) if tx is None else tx
        tu = np.zeros((), dtype_of(out))[()] if tu is None else tu
        return out, self.bind(tx, tu, *indices, **params)

    def transpose(self, cotangent: Results, args: Sequence[Value], params: Params) -> Sequence[Value | None]:
        x, u, *indices = args
        axes = params["axes"]
        zero = np.zeros((), dtype_of(cotangent))[()]
        gx = gu = None
        if isinstance(x, LinearTracer):
            gx = fit(self.bind(cotangent, zero, *indices, axes=axes), x.shape, x.dtype)
        if isinstance(u, LinearTracer):
            g = gathered(cotangent, indices, axes)
            if not any(shape_of(i) for i in indices):  # one place, which cannot repeat
                return (gx, fit(g, u.shape, u.dtype), *[None] * len(indices))
            order = np.arange(math.prod(shape_of(g))).reshape(shape_of(g))
            last = self.bind(np.zeros(shape_of(cotangent), order.dtype), order, *indices, axes=axes)
            gu = fit(where(equal(gathered(last, indices, axes), order), g, zero), u.shape, u.dtype)
        return (gx, gu, *[None] * len(indices))


def _write_set(out: ndarray, index: Any, u: Value) -> None:
    out[index] = u


def scatter_samples() -> list[Any]:
    return [
        ((_x(4), _x(2, seed=5), np.array([3, 0])), {"axes": (0,)}),
        ((_x(4), _x(3, seed=5), np.array([1, 1, 2])), {"axes": (0,)}),
        ((_x(3, 4), _x(2, 3, seed=5), np.array([3, 0])), {"axes": (1,)}),
        ((_x(3, 4), _x(2, seed=5), np.array([2, 0]), np.array([1, 3])), {"axes": (0, 1)}),
        ((_x(3), _x(0, seed=5), np.array([], int)), {"axes": (0,)}),
    ]


scatter_add_p = _ScatterAdd(
    "scatter_add", lambda out, i, u: np.add.at(out, i, u), samples=scatter_samples, native=kernels.Scatter(monoids.SUM)
)

scatter_set_p = _ScatterSet("scatter_set", _write_set, samples=scatter_samples, native=kernels.Scatter(None))
