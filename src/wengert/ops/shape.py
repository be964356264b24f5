"""Shapes: reshape, transpose, broadcast and its transpose, the sum over axes; concatenate and composites of them.

All are linear; batch axes stand at the front.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..config import _NARROW, config
from ..core import (
    Aval,
    LinearTracer,
    Primitive,
    Value,
    as_array,
    as_value,
    aval_of,
    dtype_of,
    is_inexact,
    ndim_of,
    shape_of,
)
from ..errors import ShapeError
from ..lowering import index_maps, monoids
from ..vocabulary import BatchedResults, DTypeLike, Params, Pushed, Results, ShapeLike
from .axes import as_lengths, axis_list, canonical_axis
from .casts import convert
from .diagonal import Diagonal
from .linear import Linear
from .promotion import result_dtype
from .roots import joins, passes
from .slices import pad_p, slice_axis

ndarray = np.ndarray


def _x(*shape: int) -> ndarray:
    return np.random.default_rng(11).normal(size=shape)


# --- primitives -------------------------------------------------------------------------------------------------


def _asarray(x: Value) -> Value:
    return x if isinstance(x, (ndarray, np.generic)) else np.asarray(as_array(x))


reshape_p = Linear(
    "reshape",
    lambda x, *, shape: _asarray(x).reshape(shape),
    lambda x, *, shape: Aval(shape, x.dtype),
    lambda ct, x, *, shape: reshape(ct, x.shape),
    lambda n, x, *, shape: reshape_p.bind(x, shape=(n, *shape)),
    diagonal_rule=lambda x, *, shape: x.with_weights(reshape(x.weights, shape)),
    samples=lambda: [
        ((_x(2, 3),), {"shape": (6,)}),
        ((_x(6),), {"shape": (3, 2)}),
        ((_x(1),), {"shape": ()}),
        ((_x(0, 2),), {"shape": (2, 0, 3)}),
    ],
    native=index_maps.Reshape(),
)


def _inverse(perm: Sequence[int]) -> tuple[int, ...]:
    inverse = [0] * len(perm)
    for i, p in enumerate(perm):
        inverse[p] = i
    return tuple(inverse)


transpose_p = Linear(
    "transpose",
    lambda x, *, axes: x.transpose(axes),
    lambda x, *, axes: Aval(tuple(x.shape[i] for i in axes), x.dtype),
    lambda ct, x, *, axes: transpose_p.bind(ct, axes=_inverse(axes)),
    lambda n, x, *, axes: transpose_p.bind(x, axes=(0, *[a + 1 for a in axes])),
    samples=lambda: [
        ((_x(2, 3),), {"axes": (1, 0)}),
        ((_x(2, 3, 4),), {"axes": (1, 2, 0)}),
        ((_x(0, 3),), {"axes": (1, 0)}),
    ],
    native=index_maps.View(index_maps.transposed, axes=lambda *, axes: axes),
)


def _broadcast_impl(x: Value, *, shape: tuple[int, ...]) -> Value:
    a = _asarray(x)
    if a.ndim == 0 and math.prod(shape) < 16384:
        out = np.empty(shape, a.dtype)
        out.fill(a[()])
        return out
    return np.broadcast_to(a, shape)


def _broadcast_transpose(ct: Value, x: Any, *, shape: tuple[int, ...]) -> Value:
    return unbroadcast(ct, x.shape)


def _broadcast_batch(n: int, x: Value, *, shape: tuple[int, ...]) -> Value:
    have = shape_of(x)
    x = reshape(x, (n,) + (1,) * (len(shape) - len(have) + 1) + have[1:])
    return broadcast_to_p.bind(x, shape=(n, *shape))


broadcast_to_p = Linear(
    "broadcast_to",
    _broadcast_impl,
    lambda x, *, shape: Aval(shape, x.dtype),
    _broadcast_transpose,
    _broadcast_batch,
    samples=lambda: [
        ((_x(3),), {"shape": (2, 3)}),
        ((_x(2, 1),), {"shape": (2, 3)}),
        ((_x(),), {"shape": (2, 2)}),
        ((_x(1, 3),), {"shape": (0, 3)}),
    ],
    native=index_maps.View(index_maps.broadcast, spreads=True),
)

passes(reshape_p, transpose_p, broadcast_to_p)

reverse_p = Linear(
    "reverse",
    lambda x, *, axes: np.flip(x, axes),
    lambda x, *, axes: Aval(x.shape, x.dtype),
    lambda ct, x, *, axes: reverse_p.bind(ct, axes=axes),
    lambda n, x, *, axes: reverse_p.bind(x, axes=tuple(a + 1 for a in axes)),
    samples=lambda: [((_x(3),), {"axes": (0,)}), ((_x(2, 3),), {"axes": (0, 1)})],
    native=index_maps.View(index_maps.reversed_along),
)
passes(reverse_p)


class _Concatenate(Primitive):
    """``concatenate(*arrays, axis)``, all of one dtype."""

    pattern = "moves"

    def impl(self, *args: Value, axis: int) -> Value:
        try:
            return np.concatenate(args, axis)
        except (
            np.exceptions.DTypePromotionError
        ):  # NumPy's ufuncs take bfloat16 with other dtypes, concatenate does not
            dtype = result_dtype(*map(aval_of, args))
            return np.concatenate([_asarray(a).astype(dtype) for a in args], axis)

    def abstract(self, *avals: Aval, axis: int) -> Aval:
        first = avals[0].shape
        for a in avals:
            if a.shape[:axis] + a.shape[axis + 1 :] != first[:axis] + first[axis + 1 :]:
                raise ShapeError(f"concatenate along axis {axis}: shapes {[a.shape for a in avals]} do not fit")
        length = sum(a.shape[axis] for a in avals)
        return Aval((*first[:axis], length, *first[axis + 1 :]), result_dtype(*avals))

    def jvp(self, primals: Sequence[Value], tangents: Sequence[Value | None], params: Params) -> Pushed:
        out = self.bind(*primals, **params)
        if all(t is None for t in tangents) or not is_inexact(out):
            return out, None
        full = [
            np.zeros(shape_of(p), dtype_of(out)) if t is None else t for p, t in zip(primals, tangents, strict=True)
        ]
        return out, self.bind(*full, **params)

    def transpose(self, cotangent: Results, args: Sequence[Value], params: Params) -> Sequence[Value | None]:
        axis, start, out = params["axis"], 0, []
        for a in args:
            n = shape_of(a)[axis]
            linear = isinstance(a, LinearTracer)
            piece = slice_axis(cotangent, axis, start, start + n) if linear else None
            out.append(fit(piece, a.shape, a.dtype) if linear else None)
            start += n
        return out

    def batch(self, size: int, args: Sequence[Value], batched: Sequence[bool], params: Params) -> BatchedResults:
        return self.bind(*in_front(size, args, batched), axis=params["axis"] + 1), True


concatenate_p = _Concatenate(
    "concatenate",
    samples=lambda: [((_x(2, 3), _x(1, 3)), {"axis": 0}), ((_x(2, 3), _x(2, 0)), {"axis": 1}), ((_x(2),), {"axis": 0})],
    native=index_maps.Joined(),
)
joins(concatenate_p, moves=True)


def reshape(x: Value, shape: Any) -> Value:
    """`x` with another shape, in C order; one entry may be -1.

    Example:
        >>> import numpy as np
        >>> from wengert import lax
        >>> lax.reshape(np.arange(4), (2, 2))
        array([[0, 1],
               [2, 3]])
    """
    x = as_value(x)
    want = as_lengths(shape)
    have = shape_of(x)
    size = math.prod(have)
    if -1 in want:
        known = math.prod(n for n in want if n != -1)
        if want.count(-1) > 1 or known == 0 or size % known:
            raise ShapeError(f"cannot reshape an array of shape {have} to {want}")
        want = tuple(size // known if n == -1 else n for n in want)
    elif math.prod(want) != size:
        raise ShapeError(f"cannot reshape an array of shape {have} ({size} elements) to {want}")
    if want == have and not isinstance(x, (int, float, complex)):
        return x
    return reshape_p.bind(x, shape=want)


def transpose(x: Value, axes: Any = None) -> Value:
    """`x` with its axes permuted (reversed by default).

    Example:
        >>> import numpy as np
        >>> from wengert import lax
        >>> lax.transpose(np.array([[1, 2, 3], [4, 5, 6]]), (1, 0))
        array([[1, 4],
               [2, 5],
               [3, 6]])
    """
    x = as_array(x)
    n = ndim_of(x)
    if axes is None:
        perm = tuple(range(n))[::-1]
    else:
        perm = tuple(canonical_axis(a, n) for a in axes)
        if sorted(perm) != list(range(n)):
            raise ShapeError(
                f"axes {tuple(axes)} are no permutation of the {n} axes of an array of shape {shape_of(x)}"
            )
    return x if perm == tuple(range(n)) else transpose_p.bind(x, axes=perm)


def broadcast_to(x: Value, shape: ShapeLike) -> Value:
    """`x` broadcast to `shape` by NumPy's rules."""
    x = as_array(x)
    want = as_lengths(shape)
    have = shape_of(x)
    if have == want:
        return x
    if any(n < 0 for n in want):
        raise ShapeError(f"broadcast_to: negative dimensions are not allowed, got shape {want}")
    extra = len(want) - len(have)
    if extra < 0 or any(n not in (1, m) for n, m in zip(have, want[extra:], strict=True)):
        raise ShapeError(f"an array of shape {have} does not broadcast to {want}")
    return broadcast_to_p.bind(x, shape=want)


def expand_dims(x: Value, axis: int | Sequence[int]) -> Value:
    """`x` with axes of length 1 inserted where `axis` says.

    Example:
        >>> import numpy as np
        >>> from wengert import lax
        >>> lax.expand_dims(np.array([1, 2]), (0,))
        array([[1, 2]])
    """
    x = as_array(x)
    axes = axis if isinstance(axis, (tuple, list, range)) else (axis,)
    n = ndim_of(x) + len(axes)
    at = {canonical_axis(a, n) for a in axes}
    if len(at) != len(axes):
        raise ShapeError(f"axis {axis} names an axis twice")
    rest = iter(shape_of(x))
    return reshape(x, tuple(1 if i in at else next(rest) for i in range(n)))


def concatenate(arrays: Any, axis: int | None = 0, dtype: DTypeLike = None) -> Value:
    """Arrays joined along an existing axis (flattened first if `axis` is None).

    Example:
        >>> import numpy as np
        >>> from wengert import lax
        >>> lax.concatenate([np.array([[1, 2]]), np.array([[3, 4]])], 0)
        array([[1, 2],
               [3, 4]])
    """
    items = [as_array(a) for a in arrays]
    if not items:
        raise ShapeError("concatenate needs at least one array")
    if axis is None:
        items, axis = [reshape(a, (-1,)) for a in items], 0
    ndim = ndim_of(items[0])
    if ndim == 0:
        raise ShapeError("zero-dimensional arrays cannot be concatenated; use stack")
    for a in items:
        if ndim_of(a) != ndim:
            raise ShapeError(
                f"concatenate needs arrays of one number of dimensions, got shapes {[shape_of(a) for a in items]}"
            )
    want = np.dtype(dtype) if dtype is not None else result_dtype(*map(aval_of, items))
    return concatenate_p.bind(*[convert(a, want) for a in items], axis=canonical_axis(axis, ndim))


def stack(arrays: Any, axis: int = 0, dtype: Any = None) -> Value:
    """Arrays of one shape joined along a new axis."""
    items = [as_array(a) for a in arrays]
    if not items:
        raise ShapeError("stack needs at least one array")
    shapes = {shape_of(a) for a in items}
    if len(shapes) > 1:
        raise ShapeError(f"stack needs arrays of one shape, got {[shape_of(a) for a in items]}")
    axis = canonical_axis(axis, ndim_of(items[0]) + 1)
    return concatenate([expand_dims(a, axis) for a in items], axis, dtype)


def moveaxis(x: Value, source: Any, destination: Any) -> Value:
    """`x` with the axes `source` moved to `destination`."""
    x = as_array(x)
    n = ndim_of(x)
    src = [canonical_axis(a, n, "source") for a in axis_list(source)]
    dst = [canonical_axis(a, n, "destination") for a in axis_list(destination)]
    if len(src) != len(dst):
        raise ShapeError("moveaxis needs as many sources as destinations")
    for what, axes in (("source", src), ("destination", dst)):
        if len(set(axes)) != len(axes):
            raise ShapeError(f"moveaxis: the {what} {tuple(axes)} names an axis twice")
    order = [i for i in range(n) if i not in src]
    for d, s in sorted(zip(dst, src, strict=True)):
        order.insert(d, s)
    return transpose(x, order)


def in_front(size: int, args: Sequence[Value], batched: Sequence[bool]) -> list[Value]:
    """Arguments of a batch that all have its axis: those without one are broadcast along it."""
    return [a if b else broadcast_to(a, (size, *shape_of(a))) for a, b in zip(args, batched, strict=True)]


def reduced_shape(shape: tuple[int, ...], axes: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(n for i, n in enumerate(shape) if i not in axes)


def kept_shape(shape: tuple[int, ...], axes: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(1 if i in axes else n for i, n in enumerate(shape))


def _spread(ct: Value, x: Any, axes: tuple[int, ...]) -> Value:
    """The cotangent of a sum: the same over the reduced axes, which the pullback spreads where it must."""
    return ct if not shape_of(ct) else reshape(ct, kept_shape(x.shape, axes))


def narrow(x: Value) -> Value:
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


def reduce_samples(empty: bool = True, positive: bool = False) -> Any:
    def make() -> Any:
        shapes = _REDUCE_SAMPLES + ([((0, 3), (0,))] if empty else [])
        return [((np.abs(_x(*s)) + 0.5 if positive else _x(*s),), {"axes": a}) for s, a in shapes]

    return make


def sum_rule(x: Aval, *, axes: tuple[int, ...]) -> Aval:
    dtype = np.add.reduce(np.zeros((1,), x.dtype)).dtype
    return Aval(reduced_shape(x.shape, axes), dtype if config._x64 else _NARROW.get(dtype, dtype))


def _sum(x: Value, *, axes: tuple[int, ...]) -> Value:
    out = np.add.reduce(x, axes)
    return out if config._x64 else narrow(out)


sum_p = Linear(
    "reduce_sum",
    _sum,
    sum_rule,
    lambda ct, x, *, axes: _spread(ct, x, axes),
    lambda n, x, *, axes: sum_p.bind(x, axes=tuple(a + 1 for a in axes)),
    diagonal_rule=lambda x, *, axes: total(x) if len(axes) == ndim_of(x.weights) else None,
    samples=reduce_samples(),
    native=monoids.Reduction(monoids.SUM),
)


def reduce_sum(x: Value, axes: tuple[int, ...]) -> Value:
    """Sum over `axes` (a tuple of axes in range)."""
    return sum_p.bind(x, axes=axes)


def unbroadcast(g: Value, shape: tuple[int, ...]) -> Value:
    """Sum `g` over the axes that broadcasting added to `shape`: the transpose of broadcasting."""
    have = shape_of(g)
    if have == shape:
        return g
    extra = len(have) - len(shape)
    axes = tuple(range(extra)) + tuple(i + extra for i, n in enumerate(shape) if n == 1 and have[i + extra] != 1)
    if type(g) is ndarray:
        out = np.add.reduce(g, axes)
        return out if out.shape == shape else out.reshape(shape)

    if axes:
        g = reduce_sum(g, axes)
    return g if shape_of(g) == shape else reshape(g, shape)


def fit(g: Value, shape: tuple[int, ...], dtype: np.dtype) -> Value:
    """A cotangent fitted to the argument that it belongs to: summed to `shape`, cast to `dtype`."""
    if shape_of(g) != shape:
        g = unbroadcast(g, shape)
    if dtype_of(g) != dtype:
        g = convert(g, dtype if dtype.isnative else dtype.newbyteorder("="))
    return g


def spread(t: Value, shape: tuple[int, ...], dtype: np.dtype) -> Value:
    """A tangent spread to the result that it belongs to: broadcast to `shape`, cast to `dtype`."""
    if shape_of(t) != shape:
        t = broadcast_to(t, shape)
    if dtype_of(t) != dtype:
        t = convert(t, dtype if dtype.isnative else dtype.newbyteorder("="))
    return t


# --- the standard basis written out -----------------------------------------------------------------------------------


def dense(batch: Diagonal) -> Value:
    """The batch written out, shape ``(size, *weights.shape)``."""
    if batch.written is None:
        shape = shape_of(batch.weights)
        n = math.prod(shape)
        # Flattened, the elements stand n + 1 apart; padding with gaps is linear, so every transformation has it.
        first, last = batch.start * n, batch.start * n + (n - 1) * (n + 1) + 1
        config = ((first, batch.size * n - last, n),) if n else ((0, 0, 0),)
        flat = pad_p.bind(reshape(batch.weights, (n,)), config=config)
        batch.written = reshape(flat, (batch.size, *shape))
    return batch.written


def total(batch: Diagonal) -> Value:
    """The sum of each array, shape ``(size,)``."""
    n = math.prod(shape_of(batch.weights))
    return pad_p.bind(reshape(batch.weights, (n,)), config=((batch.start, batch.size - batch.start - n, 0),))
