"""Reductions, running operations, orders and windows of `jax.lax`: dtypes stay as they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ... import trees
from ...core import Value
from ...ops import cumulative, folding
from ...ops import elementwise as ew
from ...ops import reduction as red
from ...ops import shape as sh
from ...ops.cumulative import cummax_p, cummin_p, cumprod_p, cumsum_p
from ...ops.indexing import take_along_axis
from ...ops.sorting import argsort_p, sort_p
from ...transforms.vmap import vmap
from ..array import Array, in_dtype, wrap
from ..border import lower
from ..conversion import converted
from . import elementwise as lax_elementwise
from .checks import accepts, axis_of, given, kind, operand, operands


def _axes(name: str, value: Any, axes: Any) -> tuple[int, ...]:
    found = tuple([int(a.__index__()) for a in axes])
    if len(set(found)) != len(found):
        raise ValueError(f"duplicate value in 'axes' of reduction: {found}")
    if any(not 0 <= a < len(value.shape) for a in found):
        raise ValueError(f"reduction axes {found} contains out-of-bounds indices for {value.dtype}{list(value.shape)}.")
    return found


def _reduction(name: str, by: str, kinds: str, doc: str) -> Callable[..., Any]:
    def function(operand: Any, axes: Any) -> Any:
        return _reduced(name, by, kinds, operand, axes)

    def sharded(operand: Any, axes: Any, *, out_sharding: Any = None) -> Any:
        return _reduced(name, by, kinds, operand, axes)

    made = sharded if name == "reduce_sum" else function
    made.__name__ = made.__qualname__ = name
    made.__doc__ = f"{doc} over the axes `axes`, a sequence; the dtype stays as it is."
    return made


def _reduced(name: str, by: str, kinds: str, x: Any, axes: Any) -> Any:
    value, weak = operand(x, name)
    accepts(name, value, kinds)
    return wrap(folding.reduce_by(by, value, _axes(name, value, axes)), weak)


reduce_sum = _reduction("reduce_sum", "add", "iufc", "The sum")
reduce_prod = _reduction("reduce_prod", "mul", "iufc", "The product")
reduce_max = _reduction("reduce_max", "max", "biufc", "The greatest element")
reduce_min = _reduction("reduce_min", "min", "biufc", "The least element")
reduce_and = _reduction("reduce_and", "and", "biu", "Bitwise `and`")
reduce_or = _reduction("reduce_or", "or", "biu", "Bitwise `or`")
reduce_xor = _reduction("reduce_xor", "xor", "biu", "Bitwise `xor`")


def _index_of(name: str, greatest: bool) -> Callable[..., Any]:
    def function(operand: Any, axis: int, index_dtype: Any) -> Any:
        value, _ = _operand(operand, name)
        dtype, axis = given(index_dtype), int(axis.__index__())
        if dtype.kind not in "iu":
            raise TypeError(f"index_dtype must be an integer type, but got {dtype}")
        if not 0 <= axis < len(value.shape):
            raise ValueError(f"Invalid axis {axis} for operand shape {tuple(value.shape)}")
        if not value.shape[axis]:
            raise ValueError(
                f"argmin and argmax require non-empty reduced dimension. operand.shape={tuple(value.shape)} axis={axis}"
            )
        accepts(name, value, "biuf")
        return wrap(ew.convert((red.argmax_p if greatest else red.argmin_p).bind(value, axis=axis), dtype))

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"Where the {'greatest' if greatest else 'least'} element along an axis is; NaN counts as that."
    return function


def _operand(x: Any, name: str) -> tuple[Any, bool]:
    return operand(x, name)


argmax, argmin = _index_of("argmax", True), _index_of("argmin", False)


# --- any computation --------------------------------------------------------------------------------------------

# The operations that have reductions of their own, by the function or primitive of them.
_KNOWN: dict[Any, str] = {
    lax_elementwise.add: "add", lax_elementwise.mul: "mul", lax_elementwise.max: "max", lax_elementwise.min: "min",
    lax_elementwise.bitwise_and: "and", lax_elementwise.bitwise_or: "or", lax_elementwise.bitwise_xor: "xor",
    np.add: "add", np.multiply: "mul", np.maximum: "max", np.minimum: "min",
}  # fmt: skip


def _known(computation: Any, count: int) -> str | None:
    if count != 1:
        return None
    try:
        if computation in _KNOWN:
            return _KNOWN[computation]
    except TypeError:
        return None
    name = getattr(computation, "name", None)  # a primitive
    if name in ("add", "mul", "max", "min", "and", "or", "xor") and type(computation).__name__ == "Named":
        return name
    for own, known in (("add", "add"), ("multiply", "mul"), ("maximum", "max"), ("minimum", "min")):
        if computation is Array.means.function(own):
            return known
    return None


def _pairwise(computation: Callable[..., Any], tree: Any, weak: Sequence[bool]) -> folding.Combine:
    """The computation, of scalars, on lists of arrays."""

    def scalars(a: Sequence[Value], b: Sequence[Value]) -> list[Value]:
        first, second = (trees.unflatten(tree, [wrap(v) for v in side]) for side in (a, b))
        out = trees.leaves(lower(computation(first, second)))
        return [in_dtype(o, v.dtype) for o, v in zip(out, a, strict=True)]

    def combine(a: list[Value], b: list[Value]) -> list[Value]:
        shape = tuple(a[0].shape)
        flat = [[sh.reshape(v, (-1,)) if shape else sh.reshape(v, (1,)) for v in side] for side in (a, b)]
        if not flat[0][0].shape[0]:
            return a
        return [sh.reshape(v, shape) for v in vmap(scalars)(*flat)]

    return combine


def reduce(
    operands: Any, init_values: Any, computation: Callable[..., Any], dimensions: Any, out_sharding: Any = None
) -> Any:
    """Arrays reduced over axes by an associative computation on scalars.

    Args:
        operands: an array, or a tree of arrays of one shape.
        init_values: what it begins with: a scalar, or a tree of scalars of the same structure.
        computation: a function of two scalars, or of two trees of them, that gives such a one.
        dimensions: the axes.

    Raises:
        ValueError: a begin is no scalar, structures differ, or there is no such axis.
        TypeError: the computation gives other dtypes or structures.
    """
    leaves, tree = trees.flatten(operands)
    begins, other = trees.flatten(init_values)
    if tree != other:
        raise ValueError(f"Operands must have the same tree structure as init_values: {tree} vs. {other}")
    values, weak = _operands(leaves, "reduce")
    firsts, _ = _operands(begins, "reduce")
    if any(f.shape for f in firsts):
        raise ValueError(f"reduce found non-scalar initial value: {[tuple(f.shape) for f in firsts]}")
    if len({tuple(v.shape) for v in values}) != 1:
        raise TypeError(f"reduce requires operands of one shape, got {[tuple(v.shape) for v in values]}")
    axes = _axes("reduce", values[0], dimensions)
    firsts = [converted(f, v.dtype) for f, v in zip(firsts, values, strict=True)]
    name = _known(computation, len(values)) if tree == trees.structure(0) else None
    if name is not None:
        x, first = values[0], firsts[0]
        out = folding.reduce_by(name, x, axes)
        if not _changes_nothing(name, first):
            out = folding.pair_by(name, sh.broadcast_to(first, tuple(out.shape)), out)
        return wrap(out, weak)
    combine = _pairwise(computation, tree, [])
    rest = tuple(n for i, n in enumerate(values[0].shape) if i not in axes)
    many = folding.front(values[0], axes).shape[0] if axes else 1
    start = [sh.broadcast_to(f, rest) for f in firsts]
    if many == 0:
        out = start
    else:
        out = folding.fold([folding.front(v, axes) for v in values], combine)
        out = combine(start, out)
    return trees.unflatten(tree, [wrap(v, weak and not v.shape and not rest and len(values) == 1) for v in out])


def _operands(xs: Sequence[Any], name: str) -> tuple[list[Any], bool]:
    return operands(xs, name)


def _changes_nothing(name: str, first: Any) -> bool:
    from ...core import Tracer

    if isinstance(first, Tracer):
        return False
    return bool(first == folding.identity(name, first.dtype))


# --- running ----------------------------------------------------------------------------------------------------


def _running(name: str, run: Callable[[Value, int], Value], what: str) -> Callable[..., Any]:
    def function(operand: Any, axis: int = 0, reverse: bool = False) -> Any:
        value, weak = _operand(operand, name)
        accepts(name, value, "fc" if name == "cumlogsumexp" else "iufc")
        if axis < 0:
            raise ValueError("XLA operations do not allow negative axes")
        if axis >= len(value.shape):
            raise ValueError(f"axis {axis} is out of bounds for array of shape {tuple(value.shape)}")
        if reverse:
            value = sh.reverse_p.bind(value, axes=(axis,))
        out = ew.convert(run(value, axis), value.dtype)
        return wrap(sh.reverse_p.bind(out, axes=(axis,)) if reverse else out, weak)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"The running {what} along an axis, from its end if `reverse`; the dtype stays as it is."
    return function


def _extremes(greatest: bool) -> Callable[[Value, int], Value]:
    real = cummax_p if greatest else cummin_p

    def run(x: Value, axis: int) -> Value:
        if x.dtype.kind != "c":
            return real.bind(x, axis=axis)
        name = "max" if greatest else "min"
        return cumulative.doubling_scan(lambda a, b: [folding.pair_by(name, a[0], b[0])], [x], axis)[0]

    return run


def _logsumexp(x: Value, axis: int) -> Value:
    if x.dtype.kind == "c":
        return ew.log(cumsum_p.bind(ew.exp(x), axis=axis))
    return cumulative.cumlogsumexp_p.bind(x, axis=axis)


cumsum = _running("cumsum", lambda x, axis: cumsum_p.bind(x, axis=axis), "sum")
cumprod = _running("cumprod", lambda x, axis: cumprod_p.bind(x, axis=axis), "product")
cummax = _running("cummax", _extremes(True), "greatest element")
cummin = _running("cummin", _extremes(False), "least element")
cumlogsumexp = _running("cumlogsumexp", _logsumexp, "logarithm of the sum of exponentials")


# --- orders -----------------------------------------------------------------------------------------------------


def sort(operand: Any, dimension: int = -1, is_stable: bool = True, num_keys: int = 1) -> Any:
    """An array in ascending order along an axis, NaN last; of several arrays, all moved as the keys, which come first.

    Args:
        operand: an array, or a sequence of arrays of one shape.
        dimension: the axis.
        is_stable: whether equal elements keep their order; they always do.
        num_keys: how many of the arrays are keys, the first one before the second.

    Raises:
        ValueError: there are not so many arrays, or there is no such axis.
        TypeError: shapes differ, or there are no arrays.
    """
    if not isinstance(operand, (tuple, list)):
        value, weak = _operand(operand, "sort")
        axis = axis_of(dimension, len(value.shape))
        return wrap(sort_p.bind(value, axis=axis), weak)
    if not operand:
        raise TypeError("Sort requires at least one operand")
    if not 1 <= num_keys <= len(operand):
        raise ValueError(f"num_keys={num_keys} must be between 1 and len(operand)={len(operand)}")
    pairs = [_operand(x, "sort") for x in operand]
    values = [v for v, _ in pairs]
    shapes = [tuple(v.shape) for v in values]
    if len(set(shapes)) > 1:
        raise TypeError(f"Arguments to sort must have equal shapes, got: {' '.join(map(str, shapes))}")
    axis = axis_of(dimension, len(shapes[0]))
    order = argsort_p.bind(values[num_keys - 1], axis=axis)
    for key in reversed(values[: num_keys - 1]):
        order = take_along_axis(order, argsort_p.bind(take_along_axis(key, order, axis), axis=axis), axis)
    return tuple([wrap(take_along_axis(v, order, axis), weak) for v, weak in pairs])


def sort_key_val(keys: Any, values: Any, dimension: int = -1, is_stable: bool = True) -> tuple[Any, Any]:
    """Keys in order along an axis, and the values moved as they were."""
    axis = axis_of(dimension, len(_operand(keys, "sort")[0].shape))
    return sort((keys, values), axis, is_stable, 1)


def top_k(operand: Any, k: int, *, axis: int = -1) -> Any:
    """The `k` greatest elements along an axis in falling order, NaN first, and their indices; of equal ones the first.

    Raises:
        ValueError: `k` is negative or greater than the axis, there is no such axis, or the numbers are complex.
    """
    value, weak = _operand(operand, "top_k")
    if kind(value.dtype) == "c":
        raise ValueError("top_k is not compatible with complex inputs.")
    k = int(k.__index__())
    if k < 0:
        raise ValueError(f"k argument to top_k must be nonnegative, got {k}")
    axis = axis_of(axis, len(value.shape))
    n = value.shape[axis]
    if k > n:
        raise ValueError(
            f"k argument to top_k must be no larger than size along axis; got k={k} with shape={list(value.shape)} and {axis=}"
        )
    # the stable order of the array turned round, turned round: equal elements stand as they did
    back = argsort_p.bind(sh.reverse_p.bind(value, axes=(axis,)), axis=axis)
    back = sh.slice_axis(back, axis, n - k, n)
    order = ew.subtract(back.dtype.type(n - 1), sh.reverse_p.bind(back, axes=(axis,)))
    return [wrap(take_along_axis(value, order, axis), weak), wrap(ew.convert(order, np.int32))]


def _approximate(name: str, greatest: bool) -> Callable[..., Any]:
    def function(
        operand: Any, k: int, reduction_dimension: int = -1, recall_target: float = 0.95,
        reduction_input_size_override: int = -1, aggregate_to_topk: bool = True,
    ) -> Any:  # fmt: skip
        value, _ = _operand(operand, name)
        if kind(value.dtype) != "f":
            raise ValueError("operand must be a floating type")
        axis = axis_of(reduction_dimension, len(value.shape))
        if greatest:
            return top_k(wrap(value), k, axis=axis)
        found, places = top_k(wrap(ew.negative(value)), k, axis=axis)
        return [wrap(ew.negative(found._value)), places]

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"""The `k` {"greatest" if greatest else "least"} elements along an axis and their indices; all of them.

    Args:
        operand: an array of floats.
        k: how many.
        reduction_dimension: the axis.
        recall_target, reduction_input_size_override, aggregate_to_topk: taken; the result is exact.
    """
    return function


approx_max_k, approx_min_k = _approximate("approx_max_k", True), _approximate("approx_min_k", False)

__all__ = [
    "approx_max_k", "approx_min_k", "argmax", "argmin", "cumlogsumexp", "cummax", "cummin", "cumprod", "cumsum", "reduce",
    "reduce_and", "reduce_max", "reduce_min", "reduce_or", "reduce_prod", "reduce_sum", "reduce_xor", "sort", "sort_key_val",
    "top_k",
]  # fmt: skip
