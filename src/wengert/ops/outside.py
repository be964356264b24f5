"""Operations that are declared outside of the library: `primitive`, and the two kinds that it makes."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from inspect import signature
from typing import Any

import numpy as np

from ..core import Aval, Primitive, Value, as_value, dtype_of, shape_of
from ..errors import ArgumentError, ShapeError
from ..lowering import Composition
from ..lowering.index_maps import Affine, Coordinate, Symbols, View
from ..vocabulary import Function, Params, Shape
from .families import Elementwise, Partial
from .linear import Linear
from .scatters import scatter_add_p
from .shape import moveaxis, reshape

_DECLARED: set[str] = set()  # names that may be declared again, as a cell of a notebook that is run again does


def primitive(
    name: str,
    function: Function | None = None,
    *,
    derivatives: Sequence[Partial] | None = None,
    formula: Function | None = None,
    index_map: Callable[..., Sequence[Any]] | None = None,
    shape: Callable[..., Sequence[int]] | None = None,
) -> Function:
    """An operation of your own, with everything the library's have: all transformations, and native code under `jit`.

    An elementwise operation is given by `function`, its `derivatives` and its `formula`; an operation that moves elements by
    its `shape` and `index_map` alone.

    Args:
        name: what Programs show.
        function: how NumPy computes it: of arrays that broadcast, each element from the elements at its place.
        derivatives: for each argument the partial derivative, a function of ``(ans, *args)`` written with `wengert.numpy`; 1
            or -1; or None where it is zero everywhere. Without them they are those of the formula.
        formula: the same as `function`, in functions of `wengert.numpy` and operators, of which the compiler makes code.
            Without it compiled programs call `function`.
        index_map: ``(point, **params)``: for an element of the result at the coordinates `point` those of the operand's
            element. Coordinates can be added, and multiplied by integers.
        shape: ``(shape, **params)``: the result's shape from the operand's.

    Returns:
        A function of arrays, and of parameters by keyword (hashable ones), which it hands on to `index_map` and `shape`.

    Raises:
        ArgumentError: the name is one of the library's, or the arguments make neither kind.
        ShapeError: an index map leaves the operand; from the returned function.

    Example:
        >>> import numpy as np, wengert, wengert.numpy as wnp
        >>> softsign = wengert.primitive(
        ...     "softsign", lambda x: x / (1 + np.abs(x)), formula=lambda x: x / (1 + wnp.abs(x)),
        ...     derivatives=[lambda ans, x: 1 / (1 + wnp.abs(x)) ** 2],
        ... )
        >>> wengert.jit(wengert.grad(softsign))(1.0)
        np.float64(0.25)
        >>> stride = wengert.primitive(
        ...     "stride", shape=lambda shape, by: (-(-shape[0] // by),), index_map=lambda point, by: (by * point[0],)
        ... )
        >>> stride(np.arange(5.0), by=2)
        array([0., 2., 4.])
    """
    if name in Primitive.registry and name not in _DECLARED:
        raise ArgumentError(f"primitive: {name!r} is the name of an operation of the library; choose another")
    structural, elementwise = (index_map, shape), (function, derivatives, formula)
    if (function is None) == (index_map is None) or any(
        a is not None for a in (elementwise if index_map else structural)
    ):
        raise ArgumentError(
            "primitive: give a function (with derivatives and a formula) for an elementwise operation, or an index_map and a "
            "shape for one that moves elements"
        )
    if function is not None and derivatives is None and formula is None:
        raise ArgumentError(
            "primitive: give the derivatives, or a formula, of which they are taken; [None] says that they are zero everywhere"
        )
    if index_map is not None and shape is None:
        raise ArgumentError("primitive: an index_map needs a shape, a function of the operand's shape")
    before = Primitive.registry.pop(name, None)
    try:
        if index_map is not None and shape is not None:
            made: Primitive = moved(name, index_map, shape)
        else:
            assert function is not None
            native = None if formula is None else Composition(formula)
            partials = derivatives if derivatives is not None or formula is None else _partials(formula)
            made = Elementwise(name, function, partials, native=native, reasons=_OUTSIDE)
    except BaseException:
        if before is not None:
            Primitive.registry[name] = before
        raise
    made.foreign = True
    _DECLARED.add(name)

    def call(*args: Any, **params: Any) -> Value:
        return made.bind(*[as_value(a) for a in args], **params)

    call.__name__ = call.__qualname__ = name
    call.__doc__ = f"The operation {name!r}, declared by `wengert.primitive`."
    return call


def _partials(formula: Function) -> list[Partial]:
    """The partial derivatives of a formula, by the library's own rules."""

    def partial(k: int) -> Callable[..., Value]:
        def derivative(ans: Value, *args: Value) -> Value:
            from ..transforms.jvp import jvp

            one = np.ones(shape_of(args[k]), dtype_of(args[k]))[()]
            return jvp(lambda x: formula(*args[:k], x, *args[k + 1 :]), (args[k],), (one,))[1]

        return derivative

    return [partial(k) for k in range(len(signature(formula).parameters))]


_OUTSIDE = {"samples": "declared outside of the library"}


def _check_within(name: str, source: Sequence[Any], out: Shape, have: Shape) -> None:
    """Refuse an index map that leaves its operand."""
    for axis, x in enumerate(source):
        low, high = _bounds(x, out)
        if low < 0 or high >= have[axis]:
            raise ShapeError(
                f"{name}: the index map reads at {low} to {high} along axis {axis} of an operand of shape {have}"
            )


def moved(
    name: str, index_map: Callable[..., Sequence[Any]], shape: Callable[..., Sequence[int]], **kwargs: Any
) -> Linear:
    """An operation whose elements are the operand's, by an index map; `lead` axes of a batch come before."""

    def lengths(have: tuple[int, ...], params: Params) -> tuple[int, ...]:
        return tuple(int(n) for n in shape(have, **params))

    def source(point: Any, have: tuple[int, ...], params: Params) -> list[Any]:
        found = list(index_map(tuple(point), **params))
        if len(found) != len(have):
            raise ShapeError(f"{name}: the index map gives {len(found)} coordinates for an operand of shape {have}")
        return found

    @lru_cache(1024)
    def checked(have: tuple[int, ...], items: tuple[Any, ...]) -> tuple[int, ...]:
        """The shape of a result; an index map that leaves its operand is an error."""
        params = dict(items)
        out = lengths(have, params)
        if 0 not in out:
            point = [Coordinate(Symbols, Affine.axis(i)) for i in range(len(out))]
            _check_within(name, source(point, have, params), out, have)
        return out

    @lru_cache(64)
    def places(have: tuple[int, ...], items: tuple[Any, ...]) -> np.ndarray:
        """The flat positions of a result's elements in the operand."""
        out = checked(have, items)
        if 0 in out:
            return np.zeros(out, np.int64)
        found = source(np.indices(out), have, dict(items))
        return np.ravel_multi_index([np.broadcast_to(x, out) for x in found], have)

    def parts(x: Any, lead: int, params: Params) -> tuple[tuple[int, ...], tuple[int, ...], Any]:
        have = tuple(shape_of(x))
        return have[:lead], have[lead:], tuple(sorted(params.items()))

    def implementation(x: Value, *, lead: int = 0, **params: Any) -> Value:
        first, have, items = parts(x, lead, params)
        return np.reshape(x, (*first, math.prod(have)))[..., places(have, items)]

    def shape_rule(x: Aval, *, lead: int = 0, **params: Any) -> Aval:
        first, have, items = parts(x, lead, params)
        return Aval((*first, *checked(have, items)), x.dtype)

    def transpose_rule(ct: Value, x: Any, *, lead: int = 0, **params: Any) -> Value:
        first, have, items = parts(x, lead, params)
        at = places(have, items).reshape(-1)
        rows = moveaxis(reshape(ct, (*first, at.size)), -1, 0)
        zeros = np.zeros((math.prod(have), *first), x.dtype)
        return reshape(moveaxis(scatter_add_p.bind(zeros, rows, at, axes=(0,)), 0, -1), x.shape)

    def batch_rule(size: int, x: Value, *, lead: int = 0, **params: Any) -> Value:
        return made.bind(x, lead=lead + 1, **params)

    def view(nest: Any, point: Any, have: Any, out: Any, /, lead: int = 0, **params: Any) -> list[Any]:
        here = [Coordinate(nest, x) for x in point[lead:]]
        found = source(here, tuple(have[lead:]), params)
        return [*point[:lead], *[Affine((), int(x)) if not isinstance(x, Coordinate) else x.raw for x in found]]

    made = Linear(
        name, implementation, shape_rule, transpose_rule, batch_rule, pattern="drops", native=View(view, drops=True),
        reasons=_OUTSIDE, **kwargs,
    )  # fmt: skip
    return made


def _bounds(x: Any, out: Sequence[int]) -> tuple[int, int]:
    """The least and the largest of an affine coordinate over the points of a shape."""
    raw = x.raw if isinstance(x, Coordinate) else Affine((), int(x))
    ends = [(0, c * (out[i] - 1)) for i, c in raw.terms]
    return raw.constant + sum(map(min, ends)), raw.constant + sum(map(max, ends))


__all__ = ["moved", "primitive"]
