"""Operations over a named axis of `vmap` or of a mesh (`ops.shards`): sums, extremes, gathers, exchanges, the index along it."""

from __future__ import annotations

import operator
from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np

from .. import trees
from ..core import Aval, Primitive, Tracer, Value, as_array, as_value, dtype_of, is_inexact, ndim_of, shape_of
from ..errors import ArgumentError, ShapeError
from ..transforms.paths import check_no_pairs, collected
from ..vocabulary import AxisName, BatchedResults, Batching, Params, Pushed, Results
from . import reduction
from .elementwise import where
from .indexing import getitem
from .shape import broadcast_to, moveaxis, reduce_sum, reshape


def _size(axis_name: Hashable) -> int:
    from ..transforms.batching import axis_env

    env = axis_env.get()
    if axis_name not in env:
        known = ", ".join(map(repr, env)) or "none"
        raise ArgumentError(
            f"there is no axis named {axis_name!r} here (defined: {known}): call this inside "
            f"vmap(..., axis_name={axis_name!r}), or inside a shard_map over a mesh that has it"
        )
    return env[axis_name].whole


class Collective(Primitive):
    """An operation over an axis; a trace of another axis just maps it."""

    def over(self, x: Value) -> Value:
        """The result for values with the axis in front."""
        raise NotImplementedError

    def same(self, x: Value, size: int) -> Value:
        """The result where every example has the same `x`."""
        return x

    def impl(self, x: Value, *, axis_name: Hashable, size: int) -> Value:
        return self.same(x, size)

    def abstract(self, aval: Aval, *, axis_name: Hashable, size: int) -> Aval:
        return Aval(aval.shape, aval.dtype)

    def batch_in(
        self, trace: Batching, args: Sequence[Value], batched: Sequence[bool], params: Params
    ) -> BatchedResults:
        if trace.axis_name == params["axis_name"]:
            return collected(trace).result(trace, self.name, lambda: self.over(args[0])), False
        check_no_pairs(trace, self.name, params["axis_name"])
        return self.other_axis(args[0], params), True

    def other_axis(self, x: Value, params: Params) -> Value:
        return self.bind(x, **params)


class _Linear(Collective):
    """One that is linear in its argument."""

    def jvp(self, primals: Sequence[Value], tangents: Sequence[Value | None], params: Params) -> Pushed:
        out = self.bind(*primals, **params)
        t = tangents[0]
        return out, None if t is None or not is_inexact(out) else self.bind(t, **params)


class _Psum(_Linear):
    def over(self, x: Value) -> Value:
        return reduce_sum(x, (0,))

    def same(self, x: Value, size: int) -> Value:
        return x * np.asarray(size, dtype_of(x))[()]

    def transpose(self, cotangent: Results, args: Sequence[Value], params: Params) -> Sequence[Value | None]:
        # Every example's result holds every example's argument: the cotangents of all of them add up.
        return (self.bind(cotangent, **params),)


class _Extreme(Collective):
    def __init__(self, name: str, reduce: Any, **kwargs: Any) -> None:
        super().__init__(name, **kwargs)
        self.reduce = reduce

    def over(self, x: Value) -> Value:
        return self.reduce(x, axis=0)


class _AllGather(_Linear):
    """Every example's value, along a new axis in front."""

    def over(self, x: Value) -> Value:
        return x

    def same(self, x: Value, size: int) -> Value:
        return broadcast_to(x, (size, *shape_of(x)))

    def abstract(self, aval: Aval, *, axis_name: Hashable, size: int) -> Aval:
        return Aval((size, *aval.shape), aval.dtype)

    def other_axis(self, x: Value, params: Params) -> Value:
        return moveaxis(self.bind(x, **params), 0, 1)

    def transpose(self, cotangent: Results, args: Sequence[Value], params: Params) -> Sequence[Value | None]:
        return (psum_scatter_p.bind(cotangent, **params),)


class Exchange(_Linear):
    """A linear operation of which every example gets another result, though all give the same.

    Attributes:
        back: its transpose: the primitive and its parameters.
    """

    def bind(self, x: Value, **params: Any) -> Value:
        from ..transforms.batching import axis_env

        axis = axis_env.get().get(params["axis_name"])
        if axis is not None and not (isinstance(x, Tracer) and x._trace.level >= axis.level):
            x = where(axis.index() >= 0, x, x)  # the same for all examples, and now one for each
        return super().bind(x, **params)

    def back(self, params: Params) -> tuple[Primitive, dict[str, Any]]:
        raise NotImplementedError

    def batch_in(
        self, trace: Batching, args: Sequence[Value], batched: Sequence[bool], params: Params
    ) -> BatchedResults:
        if trace.axis_name == params["axis_name"]:
            rows = collected(trace).result(trace, self.name, lambda: self.exchanged(args[0], params))
            return rows if trace.group is None else getitem(rows, trace.group.examples), True
        check_no_pairs(trace, self.name, params["axis_name"])
        return self.other_axis(args[0], params), True

    def exchanged(self, x: Value, params: Params) -> Value:
        """The result for values with the axis in front."""
        raise NotImplementedError

    def transpose(self, cotangent: Results, args: Sequence[Value], params: Params) -> Sequence[Value | None]:
        primitive, params = self.back(params)
        return (primitive.bind(cotangent, **params),)


class _PsumScatter(Exchange):
    """The sum over the examples of arrays with a row for each of them; every example gets its row."""

    def exchanged(self, x: Value, params: Params) -> Value:
        return reduce_sum(x, (0,))

    def other_axis(self, x: Value, params: Params) -> Value:
        return self.bind(moveaxis(x, 0, 1), **params)

    def impl(self, x: Value, *, axis_name: Hashable, size: int) -> Value:
        return x[0]  # of one example, as in the samples; more of them are a batch (`bind`)

    def abstract(self, aval: Aval, *, axis_name: Hashable, size: int) -> Aval:
        return Aval(aval.shape[1:], aval.dtype)

    def back(self, params: Params) -> tuple[Primitive, dict[str, Any]]:
        return all_gather_p, params


class _Permute(Exchange):
    """Every example's value sent to another one, by the pairs of the parameter `perm`."""

    def exchanged(self, x: Value, params: Params) -> Value:
        source = np.full(params["size"], -1)
        for s, d in params["perm"]:
            source[d] = s
        out = getitem(x, np.maximum(source, 0))
        if (source >= 0).all():
            return out
        got = (source >= 0).reshape(-1, *[1] * (ndim_of(x) - 1))
        return where(got, out, np.zeros((), dtype_of(out)))

    def impl(self, x: Value, *, axis_name: Hashable, size: int, perm: tuple[tuple[int, int], ...]) -> Value:
        return x if perm else np.zeros_like(x)  # of one example

    def abstract(self, aval: Aval, **params: Any) -> Aval:
        return Aval(aval.shape, aval.dtype)

    def back(self, params: Params) -> tuple[Primitive, dict[str, Any]]:
        return self, {**params, "perm": tuple((d, s) for s, d in params["perm"])}


class _AllToAll(Exchange):
    """Row `i` of every example's array goes to example `i`, which has them in the order of their senders."""

    def exchanged(self, x: Value, params: Params) -> Value:
        return moveaxis(x, 0, 1)

    def other_axis(self, x: Value, params: Params) -> Value:
        return moveaxis(self.bind(moveaxis(x, 0, 1), **params), 0, 1)

    def back(self, params: Params) -> tuple[Primitive, dict[str, Any]]:
        return self, params


def _samples() -> list[Any]:
    return [((np.array([0.5, -1.0]),), {"axis_name": "sample", "size": 1})]


psum_p = _Psum("psum", samples=_samples)
pmax_p = _Extreme("pmax", reduction.max, samples=_samples, reasons={"jvp": "no tangent rule, as in JAX"})
pmin_p = _Extreme("pmin", reduction.min, samples=_samples, reasons={"jvp": "no tangent rule, as in JAX"})
all_gather_p = _AllGather("all_gather", samples=_samples)
psum_scatter_p = _PsumScatter(
    "psum_scatter", samples=lambda: [((np.array([[0.5, -1.0]]),), {"axis_name": "sample", "size": 1})]
)
all_to_all_p = _AllToAll(
    "all_to_all", samples=lambda: [((np.array([[0.5, -1.0]]),), {"axis_name": "sample", "size": 1})]
)
ppermute_p = _Permute(
    "ppermute",
    samples=lambda: [
        ((np.array([0.5, -1.0]),), {"axis_name": "sample", "size": 1, "perm": perm}) for perm in (((0, 0),), ())
    ],
)


def _each(primitive: Collective, x: Any, axis_name: AxisName) -> Any:
    names = axis_name if isinstance(axis_name, (tuple, list)) else (axis_name,)
    for name in names:
        size = _called(name, primitive.name)
        x = trees.map(lambda v: primitive.bind(as_array(as_value(v)), axis_name=name, size=size), x)  # noqa: B023
    return x


def _called(axis_name: Hashable, what: str) -> int:
    """The number of examples, all of which an operation asks for."""
    from ..transforms.batching import axis_env

    size = _size(axis_name)
    axis_env.get()[axis_name].asked(what)
    return size


def psum(x: Any, axis_name: AxisName) -> Any:
    """The sum of `x` over the examples of a named axis (a name, or a tuple of them); `x` may be a pytree.

    Example:
        >>> import wengert, wengert.numpy as wnp
        >>> wengert.vmap(lambda x: x / wengert.lax.psum(x, "i"), axis_name="i")(wnp.array([1.0, 3.0]))
        array([0.25, 0.75])
    """
    return _each(psum_p, x, axis_name)


def axis_size(axis_name: AxisName) -> int:
    """The number of examples along a named axis.

    Example:
        >>> import numpy as np
        >>> import wengert
        >>> from wengert import lax
        >>> wengert.vmap(lambda x: x / lax.axis_size("i"), axis_name="i")(np.array([2.0, 4.0]))
        array([1., 2.])
    """
    names = axis_name if isinstance(axis_name, (tuple, list)) else (axis_name,)
    size = 1
    for name in names:
        size *= _size(name)
    return size


def pmean(x: Any, axis_name: AxisName) -> Any:
    """The mean of `x` over the examples of a named axis.

    Example:
        >>> import numpy as np
        >>> import wengert
        >>> from wengert import lax
        >>> wengert.vmap(lambda x: x - lax.pmean(x, "i"), axis_name="i")(np.array([1.0, 2.0, 6.0]))
        array([-2., -1.,  3.])
    """
    n = axis_size(axis_name)
    return trees.map(lambda v: v / n, psum(x, axis_name))


def pmax(x: Any, axis_name: AxisName) -> Any:
    """The maximum of `x` over the examples of a named axis.

    Example:
        >>> import numpy as np
        >>> import wengert
        >>> from wengert import lax
        >>> wengert.vmap(lambda x: lax.pmax(x, "i"), axis_name="i")(np.array([3, 9, 4]))
        array([9, 9, 9])
    """
    return _each(pmax_p, x, axis_name)


def pmin(x: Any, axis_name: AxisName) -> Any:
    """The minimum of `x` over the examples of a named axis.

    Example:
        >>> import numpy as np
        >>> import wengert
        >>> from wengert import lax
        >>> wengert.vmap(lambda x: lax.pmin(x, "i"), axis_name="i")(np.array([3, 9, 4]))
        array([3, 3, 3])
    """
    return _each(pmin_p, x, axis_name)


def all_gather(x: Any, axis_name: AxisName, *, axis: int = 0, tiled: bool = False) -> Any:
    """Every example's `x` along a named axis, on a new axis of the result (an existing one if `tiled`).

    Example:
        >>> import numpy as np
        >>> import wengert
        >>> from wengert import lax
        >>> wengert.vmap(lambda x: lax.all_gather(x, "i"), axis_name="i")(np.array([1, 2]))
        array([[1, 2],
               [1, 2]])
    """

    def gather(v: Any) -> Value:
        out = _each(all_gather_p, v, axis_name)
        out = moveaxis(out, 0, axis)
        if not tiled:
            return out
        shape = list(shape_of(out))
        at = axis % ndim_of(as_value(v))
        return out.reshape(*shape[:at], shape[at] * shape[at + 1], *shape[at + 2 :])

    return trees.map(gather, x)


def psum_scatter(x: Any, axis_name: Hashable, *, scatter_dimension: int = 0, tiled: bool = False) -> Any:
    """The sum over a named axis of arrays with a slice for each example, of which every example gets its own.

    Args:
        x: an array, or a pytree of them, whose axis `scatter_dimension` has a slice for each example; with `tiled`
            a block of slices, and the axis stays.
        axis_name: a name.

    Example:
        >>> import wengert, wengert.numpy as wnp
        >>> wengert.vmap(lambda x: wengert.lax.psum_scatter(x, "i"), axis_name="i")(wnp.array([[1.0, 2.0], [3.0, 4.0]]))
        array([4., 6.])
    """
    n = _called(axis_name, "psum_scatter")

    def scatter(v: Any) -> Value:
        v = moveaxis(as_array(v), scatter_dimension, 0)
        if shape_of(v)[0] % n or (not tiled and shape_of(v)[0] != n):
            raise ShapeError(
                f"psum_scatter: axis {scatter_dimension} has length {shape_of(v)[0]}, the axis {axis_name!r} has {n} "
                f"examples; give each example a slice" + (", or pass tiled=True" if not shape_of(v)[0] % n else "")
            )
        if not tiled:
            return psum_scatter_p.bind(v, axis_name=axis_name, size=n)
        v = reshape(v, (n, shape_of(v)[0] // n, *shape_of(v)[1:]))
        return moveaxis(psum_scatter_p.bind(v, axis_name=axis_name, size=n), 0, scatter_dimension)

    return trees.map(scatter, x)


def ppermute(x: Any, axis_name: Hashable, perm: Sequence[tuple[int, int]]) -> Any:
    """Send `x` from example to example of a named axis; who receives nothing gets zeros.

    Args:
        x: an array, or a pytree of them.
        axis_name: a name.
        perm: pairs ``(source, destination)``, each source and each destination at most once.

    Example:
        >>> import wengert, wengert.numpy as wnp
        >>> send = lambda x: wengert.lax.ppermute(x, "i", [(0, 1), (1, 2)])
        >>> wengert.vmap(send, axis_name="i")(wnp.array([1.0, 2.0, 3.0]))
        array([0., 1., 2.])
    """
    n = _called(axis_name, "ppermute")
    pairs = tuple((operator.index(s), operator.index(d)) for s, d in perm)
    for k, (s, d) in enumerate(pairs):
        if not (0 <= s < n and 0 <= d < n) or any(s == source or d == other for source, other in pairs[:k]):
            raise ArgumentError(
                f"ppermute: {(s, d)} in {list(perm)}: of {n} examples each is at most once a source and at most once a "
                f"destination; all_gather gives everyone's value to all"
            )
    return trees.map(lambda v: ppermute_p.bind(as_array(as_value(v)), axis_name=axis_name, size=n, perm=pairs), x)


def pshuffle(x: Any, axis_name: Hashable, perm: Sequence[int]) -> Any:
    """`ppermute` by a permutation: example i receives `x` of example ``perm[i]``.

    Example:
        >>> import numpy as np
        >>> import wengert
        >>> from wengert import lax
        >>> wengert.vmap(lambda x: lax.pshuffle(x, "i", [2, 0, 1]), axis_name="i")(np.array([10, 20, 30]))
        array([30, 10, 20])
    """
    return ppermute(x, axis_name, [(s, d) for d, s in enumerate(perm)])


def all_to_all(x: Any, axis_name: Hashable, split_axis: int, concat_axis: int, *, tiled: bool = False) -> Any:
    """Example i gets slice i along `split_axis` of every example's `x`, stacked along `concat_axis`.

    With `tiled`, example i gets block i of slices, and the blocks are joined along `concat_axis`.

    Example:
        >>> import numpy as np
        >>> import wengert
        >>> from wengert import lax
        >>> wengert.vmap(lambda x: lax.all_to_all(x, "i", 0, 0), axis_name="i")(np.array([[1, 2], [3, 4]]))
        array([[1, 3],
               [2, 4]])
    """
    n = _called(axis_name, "all_to_all")

    def exchange(v: Any) -> Value:
        v = as_array(v)
        shape, split = shape_of(v), split_axis % ndim_of(v)
        if shape[split] % n or (not tiled and shape[split] != n):
            raise ShapeError(
                f"all_to_all: axis {split_axis} has length {shape[split]}, the axis {axis_name!r} has {n} examples"
            )
        if tiled:
            v = reshape(v, (*shape[:split], n, shape[split] // n, *shape[split + 1 :]))
        out = all_to_all_p.bind(moveaxis(v, split, 0), axis_name=axis_name, size=n)  # a row for each example
        out = moveaxis(out, 0, concat_axis)
        if not tiled:
            return out
        at, sizes = concat_axis % ndim_of(v), shape_of(out)
        return reshape(out, (*sizes[:at], sizes[at] * sizes[at + 1], *sizes[at + 2 :]))

    return trees.map(exchange, x)


def axis_index(axis_name: Hashable) -> Value:
    """The position of this example along a named axis.

    Example:
        >>> import numpy as np
        >>> import wengert
        >>> from wengert import lax
        >>> wengert.vmap(lambda x: x + lax.axis_index("i"), axis_name="i")(np.array([10, 20, 30]))
        array([10, 21, 32])
    """
    from ..transforms.batching import axis_env

    _size(axis_name)
    return axis_env.get()[axis_name].index()
