"""Indexing: reading with NumPy's whole index language, and the primitives of functional updates (`updates.py`).

Three kinds of primitive: `basic_index` (slices, integers and new axes known beforehand) with its transpose
`index_embed`, `gather` (integer arrays), and the scatters. A scatter writes at flat positions, so that one
primitive serves every form of index.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from ..config import config
from ..core import (
    PYTHON_SCALARS,
    Aval,
    LinearTracer,
    Primitive,
    Tracer,
    Value,
    as_array,
    as_value,
    dtype_of,
    is_inexact,
    ndim_of,
    shape_of,
)
from ..errors import ConcretizationError, IndexDtypeError, NotLinearError, ShapeError
from ..lowering import index_maps, kernels, monoids
from .families import Linear, broadcast_shapes, fit, result_dtype
from .shape import broadcast_to, canonical_axis, concatenate, moveaxis, reshape
from .squares import passes

ndarray = np.ndarray
MANY = 32  # axes that all of NumPy's functions take
# One entry per axis of x, or a None for a new axis: an integer, or (start, stop, step), stop None for "to the start".
Basic = tuple[Any, ...]


def _x(*shape: int, seed: int = 31) -> ndarray:
    return np.random.default_rng(seed).normal(size=shape)


def wide(index: Value) -> Value:
    """Integers to which lengths of axes may be added, and which they may divide: 8 and 16 bits do not hold lengths."""
    from .elementwise import convert

    dtype = dtype_of(index)
    return convert(index, config.int_dtype) if dtype.kind in "iu" and dtype.itemsize < 4 else index


# --- basic indices ----------------------------------------------------------------------------------------------


@lru_cache(maxsize=8192)
def _numpy_index(index: Basic) -> tuple[Any, ...]:
    return tuple(slice(*e) if type(e) is tuple else e for e in index)


def _basic_shape(shape: tuple[int, ...], index: Basic) -> tuple[int, ...]:
    out, axis = [], 0
    for e in index:
        if e is None:
            out.append(1)
            continue
        if type(e) is tuple:
            out.append(len(range(*slice(*e).indices(shape[axis]))))
        axis += 1
    return (*out, *shape[axis:])


def _embed(x: Value, *, index: Basic, shape: tuple[int, ...]) -> Value:
    out = np.zeros(shape, x.dtype)
    out[_numpy_index(index)] = x
    return out


_BASIC = [
    ((5,), ((1, 5, 2),)),
    ((4, 3), (1, (None, None, -1))),
    ((3,), (2,)),
    ((2, 3), (None, (0, 2, None), 1)),
    ((4,), ((2, 2, None),)),
]

basic_index_p = Linear(
    "index",
    lambda x, *, index: (np.asarray(x) if isinstance(x, PYTHON_SCALARS) else x)[_numpy_index(index)],
    lambda x, *, index: Aval(_basic_shape(x.shape, index), x.dtype),
    lambda ct, x, *, index: index_embed_p.bind(ct, index=index, shape=x.shape),
    lambda n, x, *, index: basic_index_p.bind(x, index=((None, None, None), *index)),
    pattern="drops",
    samples=lambda: [((_x(*s),), {"index": i}) for s, i in _BASIC],
    native=index_maps.View(index_maps.indexed, drops=True),
)

passes(basic_index_p)

index_embed_p = Linear(
    "index_embed",
    _embed,
    lambda x, *, index, shape: Aval(shape, x.dtype),
    lambda ct, x, *, index, shape: basic_index_p.bind(ct, index=index),
    lambda n, x, *, index, shape: index_embed_p.bind(x, index=((None, None, None), *index), shape=(n, *shape)),
    samples=lambda: [((_x(*_basic_shape(s, i)),), {"index": i, "shape": s}) for s, i in _BASIC],
    native=index_maps.IndexEmbedding(),
)


# --- gather -----------------------------------------------------------------------------------------------------


class _Gather(Primitive):
    """``gather(x, *indices, axes)``: integer arrays, broadcast together, index `axes`.

    The result has the axes of the indices first, then the other axes of `x` in order.
    """

    indices_from = 1
    pattern = "drops"

    def fills(self, args: Sequence[Any], shape: tuple[int, ...], params: dict[str, Any]) -> tuple[int, ...] | None:
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

    def jvp(self, primals: Sequence[Value], tangents: Sequence[Value | None], params: dict[str, Any]) -> Any:
        x, *indices = primals
        out = self.bind(x, *indices, **params)
        if tangents[0] is None or not is_inexact(out):
            return out, None
        return out, self.bind(tangents[0], *indices, **params)

    def transpose(self, cotangent: Any, args: Sequence[Value], params: dict[str, Any]) -> Sequence[Value | None]:
        x, *indices = args
        axes = params["axes"]
        zeros = np.zeros(x.shape, x.dtype)
        return (scatter_add_p.bind(zeros, cotangent, *indices, axes=axes), *[None] * len(indices))

    def batch(self, size: int, args: Sequence[Value], batched: Sequence[bool], params: dict[str, Any]) -> Any:
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


# --- scatter ----------------------------------------------------------------------------------------------------


def _front(x: ndarray, axes: tuple[int, ...]) -> ndarray:
    return x if axes == tuple(range(len(axes))) else np.moveaxis(x, axes, range(len(axes)))


class _Scatter(Primitive):
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

    def batch(self, size: int, args: Sequence[Value], batched: Sequence[bool], params: dict[str, Any]) -> Any:
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


def _zeros(x: Value, dtype: Any = None) -> ndarray:
    return np.zeros(shape_of(x), dtype or dtype_of(x))


def _gathered(x: Value, indices: Sequence[Value], axes: tuple[int, ...]) -> Value:
    return gather_p.bind(x, *indices, axes=axes)


class _ScatterAdd(_Scatter):
    """Linear in `x` and `updates` together."""

    pattern = "moves"

    def jvp(self, primals: Sequence[Value], tangents: Sequence[Value | None], params: dict[str, Any]) -> Any:
        x, u, *indices = primals
        tx, tu, *_ = tangents
        out = self.bind(x, u, *indices, **params)
        if (tx is None and tu is None) or not is_inexact(out):
            return out, None
        if tu is None:
            return out, tx
        tx = np.zeros(shape_of(out), dtype_of(out)) if tx is None else tx
        return out, self.bind(tx, tu, *indices, **params)

    def record(self, tape: Any, args: Sequence[Value], params: dict[str, Any]) -> Any:
        _only_zeros_beside(self, tape, args[:2])
        return super().record(tape, args, params)

    def transpose(self, cotangent: Any, args: Sequence[Value], params: dict[str, Any]) -> Sequence[Value | None]:
        x, u, *indices = args
        gx = fit(cotangent, x.shape, x.dtype) if isinstance(x, LinearTracer) else None
        gu = None
        if isinstance(u, LinearTracer):
            gu = fit(_gathered(cotangent, indices, params["axes"]), u.shape, u.dtype)
        return (gx, gu, *[None] * len(indices))


class _ScatterSet(_Scatter):
    """Linear in `x` and `updates` together. Where positions repeat the last update stands, as NumPy has it."""

    pattern = "drops"

    def jvp(self, primals: Sequence[Value], tangents: Sequence[Value | None], params: dict[str, Any]) -> Any:
        x, u, *indices = primals
        tx, tu, *_ = tangents
        out = self.bind(x, u, *indices, **params)
        if (tx is None and tu is None) or not is_inexact(out):
            return out, None
        tx = np.zeros(shape_of(out), dtype_of(out)) if tx is None else tx
        tu = np.zeros((), dtype_of(out))[()] if tu is None else tu
        return out, self.bind(tx, tu, *indices, **params)

    def record(self, tape: Any, args: Sequence[Value], params: dict[str, Any]) -> Any:
        _only_zeros_beside(self, tape, args[:2])
        return super().record(tape, args, params)

    def transpose(self, cotangent: Any, args: Sequence[Value], params: dict[str, Any]) -> Sequence[Value | None]:
        x, u, *indices = args
        axes = params["axes"]
        zero = np.zeros((), dtype_of(cotangent))[()]
        gx = gu = None
        if isinstance(x, LinearTracer):
            gx = fit(self.bind(cotangent, zero, *indices, axes=axes), x.shape, x.dtype)
        if isinstance(u, LinearTracer):
            from .elementwise import equal, where

            g = _gathered(cotangent, indices, axes)
            if not any(shape_of(i) for i in indices):  # one place, which cannot repeat
                return (gx, fit(g, u.shape, u.dtype), *[None] * len(indices))
            order = np.arange(math.prod(shape_of(g))).reshape(shape_of(g))
            last = self.bind(np.zeros(shape_of(cotangent), order.dtype), order, *indices, axes=axes)
            gu = fit(where(equal(_gathered(last, indices, axes), order), g, zero), u.shape, u.dtype)
        return (gx, gu, *[None] * len(indices))


def _only_zeros_beside(primitive: Primitive, tape: Any, args: Sequence[Value]) -> None:
    for a in args:
        if not tape.owns(a) and (isinstance(a, Tracer) or np.any(np.asarray(a) != 0)):
            raise NotLinearError(
                f"{primitive.name} of a tangent and a value that is not zero is not linear in the tangent"
            )


class _ScatterMultiply(_Scatter):
    """The product over updates that fall on one place; exact where some of them are zero."""

    def jvp(self, primals: Sequence[Value], tangents: Sequence[Value | None], params: dict[str, Any]) -> Any:
        from .elementwise import convert

        x, u, *indices = primals
        tx, tu, *_ = tangents
        out = self.bind(x, u, *indices, **params)
        if (tx is None and tu is None) or not is_inexact(out):
            return out, None
        factor, t = self._products(x, u, tu, indices, params["axes"], dtype_of(out))
        total = None if tx is None else tx * factor
        if t is not None:
            t = x * t
            total = t if total is None else total + t
        return out, convert(total, dtype_of(out))

    def _products(
        self, x: Value, u: Value, tu: Value | None, indices: Sequence[Value], axes: tuple[int, ...], dtype: np.dtype
    ) -> tuple[Value, Value | None]:
        """The product of the updates that fall on each place, and its tangent: polynomials, so right to every order.

        The updates are put in order of their places, and multiplied by a scan that starts anew with each place.
        """
        from .cumulative import doubling_scan
        from .elementwise import convert, where
        from .sorting import argsort_p

        lengths, indices = [shape_of(x)[a] for a in axes], [wide(i) for i in indices]
        rest = tuple(n for i, n in enumerate(shape_of(x)) if i not in axes)
        index_shape = np.broadcast_shapes(*[shape_of(i) for i in indices])
        count = math.prod(index_shape)
        places = [
            reshape(broadcast_to(where(i < 0, i + n, i), index_shape), (count,))
            for i, n in zip(indices, lengths, strict=True)
        ]
        place: Any = 0
        for i, n in zip(places, lengths, strict=True):
            place = place * n + i
        order = argsort_p.bind(place, axis=0)
        place, places = _gathered(place, [order], (0,)), [_gathered(i, [order], (0,)) for i in places]
        fresh = np.ones((count,), bool) if count < 2 else concatenate([np.ones(1, bool), place[1:] != place[:-1]], 0)
        fresh = broadcast_to(reshape(fresh, (count,) + (1,) * len(rest)), (count, *rest))

        def rows(v: Value) -> Value:
            v = reshape(broadcast_to(convert(v, dtype), (*index_shape, *rest)), (count, *rest))
            return _gathered(v, [order], (0,))

        def combine(earlier: Sequence[Value], later: Sequence[Value]) -> list[Value]:
            (f, p, *dp), (g, q, *dq) = earlier, later
            out = [f | g, where(g, q, p * q)]
            return [*out, where(g, dq[0], dp[0] * q + p * dq[0])] if dp else out

        scanned = doubling_scan(combine, [fresh, rows(u), *([] if tu is None else [rows(tu)])], 0)
        put = [
            scatter_set_p.bind(start, v, *places, axes=axes)
            for start, v in zip((np.ones(shape_of(x), dtype), np.zeros(shape_of(x), dtype)), scanned[1:])  # noqa: B905
        ]
        return put[0], put[1] if tu is not None else None


class _ScatterExtreme(_Scatter):
    """The largest (smallest) of `x` and the updates on each place; those equal to it share the tangent."""

    def jvp(self, primals: Sequence[Value], tangents: Sequence[Value | None], params: dict[str, Any]) -> Any:
        from .elementwise import convert, equal, where

        x, u, *indices = primals
        tx, tu, *_ = tangents
        axes = params["axes"]
        out = self.bind(x, u, *indices, **params)
        if (tx is None and tu is None) or not is_inexact(out):
            return out, None
        dtype = dtype_of(out)
        x_wins, u_wins = equal(x, out), equal(u, _gathered(out, indices, axes))
        count = scatter_add_p.bind(convert(x_wins, dtype), convert(u_wins, dtype), *indices, axes=axes)
        zero = dtype.type(0)
        total = None if tx is None else where(x_wins, tx, zero)
        if tu is not None:
            t = scatter_add_p.bind(_zeros(out), convert(where(u_wins, tu, zero), dtype), *indices, axes=axes)
            total = t if total is None else total + t
        return out, convert(total / count, dtype)


def _write_set(out: ndarray, index: Any, u: Value) -> None:
    out[index] = u


def _scatter_samples() -> list[Any]:
    return [
        ((_x(4), _x(2, seed=5), np.array([3, 0])), {"axes": (0,)}),
        ((_x(4), _x(3, seed=5), np.array([1, 1, 2])), {"axes": (0,)}),
        ((_x(3, 4), _x(2, 3, seed=5), np.array([3, 0])), {"axes": (1,)}),
        ((_x(3, 4), _x(2, seed=5), np.array([2, 0]), np.array([1, 3])), {"axes": (0, 1)}),
        ((_x(3), _x(0, seed=5), np.array([], int)), {"axes": (0,)}),
    ]


scatter_add_p = _ScatterAdd(
    "scatter_add", lambda out, i, u: np.add.at(out, i, u), samples=_scatter_samples, native=kernels.Scatter(monoids.SUM)
)
scatter_set_p = _ScatterSet("scatter_set", _write_set, samples=_scatter_samples, native=kernels.Scatter(None))
_NOT_LINEAR = {"transpose": "not linear"}
scatter_mul_p = _ScatterMultiply(
    "scatter_multiply",
    lambda out, i, u: np.multiply.at(out, i, u),
    samples=_scatter_samples,
    reasons=_NOT_LINEAR,
    native=kernels.Scatter(monoids.PRODUCT),
)
scatter_max_p = _ScatterExtreme(
    "scatter_max",
    lambda out, i, u: np.maximum.at(out, i, u),
    samples=_scatter_samples,
    reasons=_NOT_LINEAR,
    native=kernels.Scatter(monoids.MAXIMUM),
)
scatter_min_p = _ScatterExtreme(
    "scatter_min",
    lambda out, i, u: np.minimum.at(out, i, u),
    samples=_scatter_samples,
    reasons=_NOT_LINEAR,
    native=kernels.Scatter(monoids.MINIMUM),
)


# --- reading ----------------------------------------------------------------------------------------------------


def getitem(x: Value, key: Any) -> Value:  # noqa: C901 (the kinds of indices, the frequent ones first)
    """``x[key]`` with NumPy's index language: integers, slices, None, Ellipsis, integer arrays and masks.

    Raises:
        IndexError: an index is out of range, or there are too many.
        ConcretizationError: a mask whose number of true entries is not known.

    Example:
        >>> import numpy as np
        >>> getitem(np.arange(6.0).reshape(2, 3), (slice(None), np.array([2, 0])))
        array([[2., 0.],
               [5., 3.]])
    """
    shape = shape_of(x)
    if type(key) is int and shape:  # x[0], the usual index
        n = shape[0]
        if not -n <= key < n:
            raise IndexError(f"index {key} is out of range for axis 0 of length {n}")
        return basic_index_p.bind(x, index=(key % n,))
    if type(key) is slice and shape:
        entry = _slice_entry(key, shape[0])
        return x if entry == (None, None, None) else basic_index_p.bind(x, index=(entry,))
    entries = _entries(key, shape)
    basic: list[Any] = []
    arrays: list[Value] = []
    places: list[int] = []  # where in the result of the basic part each array applies
    axis = out_axis = 0
    for e in entries:
        if e is Ellipsis:
            continue
        if e is None:
            basic.append(None)
            out_axis += 1
        elif type(e) is slice:
            basic.append(_slice_entry(e, shape[axis]))
            axis += 1
            out_axis += 1
        elif type(e) is int:
            n = shape[axis]
            if not -n <= e < n:
                raise IndexError(f"index {e} is out of range for axis {axis} of length {n}")
            e %= n
            if any(_is_array(o) for o in entries):  # NumPy broadcasts integers with index arrays
                basic.append((None, None, None))
                arrays.append(np.array(e))
                places.append(out_axis)
                out_axis += 1
            else:
                basic.append(e)
            axis += 1
        elif type(e) is tuple:
            basic.append(None)
            arrays.append(e[0])
            places.append(out_axis)
            out_axis += 1
        else:
            basic.append((None, None, None))
            arrays.append(_checked(e, axis, shape[axis]))
            places.append(out_axis)
            axis += 1
            out_axis += 1
    if any(b != (None, None, None) for b in basic):
        x = basic_index_p.bind(x, index=tuple(basic))
    if not arrays:
        return x
    if len(arrays) > 1:
        try:
            broadcast_shapes("index", *map(shape_of, arrays))
        except ValueError:
            raise IndexError(
                f"index arrays of shapes {[shape_of(a) for a in arrays]} do not broadcast together"
            ) from None
    out = gather_p.bind(x, *arrays, axes=tuple(places))
    if _adjacent(entries) and places[0] > 0:
        k = max(ndim_of(a) for a in arrays)
        first = places[0]
        return moveaxis(out, tuple(range(k)), tuple(range(first, first + k))) if k else out
    return out


def _is_array(e: Any) -> bool:
    return not (e is None or e is Ellipsis or type(e) is slice or type(e) is int)


def _adjacent(entries: Sequence[Any]) -> bool:
    """Whether the advanced indices stand side by side, so that their axes take that place in the result."""
    at = [i for i, e in enumerate(entries) if _is_array(e) or type(e) is int]
    return at == list(range(at[0], at[-1] + 1))


def _entries(key: Any, shape: tuple[int, ...]) -> list[Any]:
    """The key as a list with one entry per axis: slice, int, or integer array; and None, each a new axis.

    Masks become integer arrays; True and False become a tuple of an index array for an axis that is yet to be made.
    An Ellipsis becomes slices, or stays where it stands for no axis: index arrays on both its sides are not side by side.
    """
    items = [_entry(e) for e in key] if isinstance(key, tuple) else [_entry(key)]
    used = [0 if e is None or e is Ellipsis or type(e) is tuple else ndim_of(e) if _is_mask(e) else 1 for e in items]
    left = len(shape) - sum(used)
    if left < 0:
        raise IndexError(f"too many indices: {sum(used)} for an array of shape {shape}")
    dots = [i for i, e in enumerate(items) if e is Ellipsis]
    if len(dots) > 1:
        raise IndexError("an index can only have a single Ellipsis")
    out: list[Any] = []
    axis = 0
    for e, n in zip(items, used, strict=True):
        if e is Ellipsis:
            out += [slice(None)] * left or [Ellipsis]
            axis += left
        elif _is_mask(e):
            mask = _known_mask(e)
            if any(
                m not in (0, k) for m, k in zip(mask.shape, shape[axis : axis + n], strict=True)
            ):  # 0 fits, in NumPy
                raise IndexError(
                    f"a mask of shape {mask.shape} does not fit the axes of lengths {shape[axis : axis + n]} of an array "
                    f"of shape {shape}"
                )
            out += np.nonzero(mask)
        else:
            out.append(e)
        axis += n
    return out if dots else out + [slice(None)] * left


def _is_mask(e: Any) -> bool:
    return isinstance(e, (ndarray, Tracer)) and dtype_of(e).kind == "b"


def _entry(e: Any) -> Any:
    """One item of a key: None, Ellipsis, slice, int, an array of integers or truth values, or a tuple for True or False."""
    if e is None or e is Ellipsis:
        return e
    if isinstance(e, slice):
        return slice(*[None if v is None else operator.index(v) for v in (e.start, e.stop, e.step)])
    if isinstance(e, (bool, np.bool_)):
        return (np.zeros(1 if e else 0, np.intp),)  # a mask of no axes: a new axis of length 1 or 0, an index array
    if isinstance(e, (int, np.integer)):
        return int(e)
    e = index_array(e)
    if dtype_of(e).kind == "b" and not shape_of(e):
        return (np.zeros(1 if _known_mask(e)[()] else 0, np.intp),)
    return e


def index_array(e: Any) -> Value:
    """An index that is an array, or that NumPy would make one of."""
    if not isinstance(e, (ndarray, np.generic, Tracer)):
        if hasattr(e, "__index__"):
            return np.asarray(operator.index(e))
        if isinstance(e, Sequence) and not isinstance(e, (str, bytes)):
            e = as_value(list(e))
            if not e.size:
                return np.zeros(shape_of(e), np.intp)
        elif not hasattr(e, "__array__") and not isinstance(e, (float, complex)):
            raise IndexDtypeError(
                f"an index must be an integer, a slice, None, Ellipsis or an array of integers or truth values, got {e!r}"
            )
    e = as_value(e)
    if dtype_of(e).kind not in "iub":
        raise IndexDtypeError(
            f"an index must be an integer, a slice, None, Ellipsis or a mask, got {dtype_of(e)} {shape_of(e)}"
        )
    return e


def _known_mask(mask: Value) -> ndarray:
    if isinstance(mask, Tracer):
        try:
            return np.reshape(mask.concrete("an index that is a mask"), shape_of(mask))
        except ConcretizationError:
            raise ConcretizationError(
                f"x[mask] has as many elements as the mask has true entries, which {mask._trace.name} does not know; "
                f"use where(mask, x, 0) and keep the shape"
            ) from None
    return np.asarray(mask)


def _slice_entry(s: slice, n: int) -> tuple[int | None, int | None, int | None]:
    if s.start is None and s.stop is None and s.step in (None, 1):
        return (None, None, None)
    start, stop, step = s.indices(n)
    if not range(start, stop, step):
        return (0, 0, 1)
    return (start, None if stop < 0 else stop, step)


def _checked(index: Value, axis: int, n: int) -> Value:
    """An index array, in range where that is known."""
    if not isinstance(index, Tracer):
        index = np.asarray(index)
        if index.size and (index.min() < -n or index.max() >= n):
            bad = index[(index < -n) | (index >= n)].flat[0]
            raise IndexError(f"index {bad} is out of range for axis {axis} of length {n}")
    return index


def take_along_axis(x: Value, indices: Value, axis: Any) -> Value:
    """Elements of `x` at `indices` along `axis`, the other axes matched one to one (NumPy's function)."""
    x, indices = as_array(x), as_value(indices)
    if axis is None:
        x, axis = reshape(x, (-1,)), 0
    axis = canonical_axis(axis, ndim_of(x))
    if ndim_of(indices) != ndim_of(x):
        raise ShapeError(f"take_along_axis: indices of shape {shape_of(indices)} for an array of shape {shape_of(x)}")
    n = ndim_of(x)
    index: list[Value] = []
    for i, length in enumerate(shape_of(x)):
        if i == axis:
            index.append(_checked(indices, axis, length))
        else:
            index.append(np.arange(length).reshape([-1 if j == i else 1 for j in range(n)]))
    return gather_p.bind(x, *index, axes=tuple(range(n)))
