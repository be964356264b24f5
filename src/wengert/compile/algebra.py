"""Rules of algebra for elementwise equations. They keep every value to rounding, infinities and NaN included."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from ..core import Aval
from ..lowering import Formula, complexes
from ..lowering import formulas as f
from ..lowering import index_maps as maps
from ..lowering.kernels import Scatter
from ..lowering.monoids import ANY, SUM
from ..ops.promotion import broadcast_shapes
from ..program import Atom, Equation, Literal, Var
from .refusals import NEGATIVE_POWER, REFUSE, WHOLE_POWER
from .rewriter import RULES, Rewriter, Rule, number, rule
from .rewrites import on


def _same_type(a: Atom, eqn: Equation) -> bool:
    out = eqn.outputs[0].aval
    return a.aval.dtype == out.dtype and a.aval.shape == out.shape


@rule(f.same)
def _identity(r: Rewriter, eqn: Equation, inputs: list[Atom]) -> Atom | None:
    (x,) = inputs
    if x.aval.dtype.kind == "c" and eqn.primitive.native.parts is not complexes.same:
        return None  # the conjugate of long doubles, which have no parts here
    return x if x.aval.dtype == eqn.outputs[0].aval.dtype else None


def _scalars_bare(r: Rewriter, eqn: Equation, inputs: list[Atom]) -> list[Atom]:
    """Operands that are broadcasts of one number, without the broadcast where the others give all but axes of length 1."""
    spread = [r.number_spread(a) for a in inputs]
    if not any(spread):
        return inputs
    shape = eqn.outputs[0].aval.shape
    shapes = [a.aval.shape for a, source in zip(inputs, spread, strict=True) if source is None]
    given = broadcast_shapes("operands", *shapes)
    if given != shape and (given == () or math.prod(given) != math.prod(shape)):
        return inputs
    return [
        a if source is None else r.fitted(source, Aval((), a.aval.dtype))
        for a, source in zip(inputs, spread, strict=True)
    ]


def _elementwise(inner: Rule) -> Rule:
    @functools.wraps(inner)
    def simplified(r: Rewriter, eqn: Equation, inputs: list[Atom]) -> Atom | None:
        numbers, spread, broadcasts = [], False, False
        for a in inputs:
            if type(a) is Var:
                source = r.broadcast_of(a)
                made = None if source is None or number(source) is None else source
                spread, broadcasts = spread or made is not None, broadcasts or source is not None
            else:
                made = a if number(a) is not None else None
            if made is not None:
                numbers.append(made)
        if len(numbers) == len(inputs):  # all spread alike
            known = [n if n is a else r.fitted(n, Aval((), a.aval.dtype)) for n, a in zip(numbers, inputs, strict=True)]
            return r.one(maps.broadcast, r.one(eqn.primitive, *known, **eqn.params), shape=eqn.outputs[0].aval.shape)
        bare = _scalars_bare(r, eqn, inputs) if spread else inputs
        if bare is not inputs:
            shape = eqn.outputs[0].aval.shape
            if broadcast_shapes("operands", *[a.aval.shape for a in bare]) != shape:  # without axes of length 1
                return r.one(maps.Reshape, r.one(eqn.primitive, *bare, **eqn.params), shape=shape)
            eqn.inputs[:] = bare
        simpler = inner(r, eqn, eqn.inputs)
        return _before_broadcasts(r, eqn) if simpler is None and broadcasts else simpler

    return simplified


def _before_broadcasts(r: Rewriter, eqn: Equation) -> Atom | None:
    """A result that no operand varies along some axis of, computed without it and broadcast."""
    out, sources = eqn.outputs[0].aval, list[Atom]()
    for a in eqn.inputs:
        source = r.broadcast_of(a)
        sources.append(a if source is None else r.fitted(source, Aval(source.aval.shape, a.aval.dtype)))
    shape = broadcast_shapes("operands", *[a.aval.shape for a in sources])
    if math.prod(shape) >= math.prod(out.shape):
        return None
    return r.one(maps.broadcast, r.one(eqn.primitive, *sources, **eqn.params), shape=out.shape)


@rule(f.multiply)
@_elementwise
def _multiply(r: Rewriter, eqn: Equation, inputs: list[Atom]) -> Atom | None:
    for x, y in (inputs, inputs[::-1]):
        n = number(y)
        if n == 1 and _same_type(x, eqn):
            return x
        if n == -1 and _same_type(x, eqn) and x.aval.dtype.kind == "f":
            return r.one(f.negative, x)
    return _of_choices(r, eqn, inputs)


def _of_choices(r: Rewriter, eqn: Equation, inputs: list[Atom]) -> Atom | None:
    """A product, sum or difference of two choices between something and 0 by one condition, as one choice by it."""
    out = eqn.outputs[0].aval
    if out.dtype.kind != "f":
        return None
    for a in inputs:
        if a.aval.dtype != out.dtype or a.aval.shape != out.shape:
            return None
    x, y = _choice(r, inputs[0]), None
    if x is not None:
        y = _choice(r, inputs[1])
    if x is None or y is None or x[0] is not y[0]:
        return None
    inner = r.one(eqn.primitive, *[_with_axes(r, value, shape, out.shape) for _, value, shape in (x, y)])
    condition = x[0] if x[0].aval.shape == out.shape else r.one(maps.Reshape, x[0], shape=out.shape)
    return r.one(f.where, condition, inner, Literal(out.dtype.type(0)))


def _choice(r: Rewriter, a: Atom) -> tuple[Atom, Atom, tuple[int, ...]] | None:
    """The condition, the value and the shape of a choice between it and 0, where `a` is one but for axes of length 1."""
    made = r.made_by(_bare(r, a), f.where)
    if made is None:
        return None
    c, x, y = made.inputs
    n, shape = number(y), made.outputs[0].aval.shape
    if n != 0 or np.signbit(n) or c.aval.shape != shape or x.aval.dtype != a.aval.dtype:
        return None
    return _bare(r, c), x, shape


def _bare(r: Rewriter, a: Atom) -> Atom:
    """What an array was before axes of length 1 were put in or taken out."""
    made = r.made_by(a, maps.Reshape)
    if made is not None and _long(made.inputs[0].aval.shape) == _long(a.aval.shape):
        return made.inputs[0]
    return a


def _long(shape: tuple[int, ...]) -> list[int]:
    return [n for n in shape if n != 1]


def _with_axes(r: Rewriter, x: Atom, shape: tuple[int, ...], new: tuple[int, ...]) -> Atom:
    """What broadcasts to `new` as `x` does to `shape`, which differs from it in axes of length 1."""
    if shape == new or x.aval.shape == ():
        return x
    mine = iter(
        [
            n
            for n, whole in zip((1,) * (len(shape) - len(x.aval.shape)) + x.aval.shape, shape, strict=True)
            if whole != 1
        ]
    )
    return r.one(maps.Reshape, x, shape=tuple(1 if n == 1 else next(mine) for n in new))


@rule(f.logical_and, f.bitwise_and)
@_elementwise
def _and(r: Rewriter, eqn: Equation, inputs: list[Atom]) -> Atom | None:
    return _decided(eqn, inputs, False)


@rule(f.logical_or, f.bitwise_or)
@_elementwise
def _or(r: Rewriter, eqn: Equation, inputs: list[Atom]) -> Atom | None:
    return _decided(eqn, inputs, True)


def _decided(eqn: Equation, inputs: list[Atom], truth: bool) -> Atom | None:
    """What is known of two truth values where one is: it is the result, or the other one is."""
    if eqn.outputs[0].aval.dtype.kind != "b":
        return None
    for x, y in (inputs, inputs[::-1]):
        n = number(x)
        if n is not None and bool(n) == truth:
            return Literal(np.bool_(truth))
        if n is not None and _same_type(y, eqn):
            return y
    return None


@rule(f.add)
@_elementwise
def _add(r: Rewriter, eqn: Equation, inputs: list[Atom]) -> Atom | None:
    x, y = inputs
    return (
        _added(r, eqn, x, y, f.subtract)
        or _added(r, eqn, y, x, f.subtract)
        or _scattered_onto(r, eqn, x, y)
        or _scattered_onto(r, eqn, y, x)
        or _of_choices(r, eqn, inputs)
    )


def _scattered_onto(r: Rewriter, eqn: Equation, x: Atom, y: Atom) -> Atom | None:
    """An argument, and zeros with something added at some places: added to the argument itself, perhaps in place."""
    made = r.made_by(y, Scatter) if on("scattered_onto") else None
    if (
        made is None
        or made.primitive.native.monoid is not SUM
        or type(x) is not Var
        or x in r.producer
        or not (_same_type(x, eqn) and _same_type(y, eqn))
    ):
        return None
    zeros = r.made_by(made.inputs[0], maps.broadcast)
    if zeros is None or number(zeros.inputs[0]) != 0:
        return None
    return r.one(made.primitive, x, *made.inputs[1:], **made.params)


@rule(f.subtract)
@_elementwise
def _subtract(r: Rewriter, eqn: Equation, inputs: list[Atom]) -> Atom | None:
    x, y = inputs
    return _added(r, eqn, x, y, f.add) or _of_choices(r, eqn, inputs)


def _added(r: Rewriter, eqn: Equation, x: Atom, y: Atom, opposite: Any) -> Atom | None:
    """`x` with 0, or with the negative of something, added or subtracted."""
    if not _same_type(x, eqn):
        return None
    n = number(y)
    if n == 0:
        # -0.0 changes nothing that it is added to, 0.0 nothing that it is subtracted from.
        exact = x.aval.dtype.kind != "f" or bool(np.signbit(n)) == (opposite == f.subtract)
        if exact or on("zero_signs") or (r.is_padding(y) and on("padding_dropped")):
            return x
    negated = r.made_by(y, f.negative)
    if negated is not None and negated.inputs[0].aval.dtype == x.aval.dtype:
        return r.one(opposite, x, negated.inputs[0])
    return None


@rule(f.divide)
@_elementwise
def _divide(r: Rewriter, eqn: Equation, inputs: list[Atom]) -> Atom | None:
    x, y = inputs
    n = number(y)
    if n == 1 and _same_type(x, eqn):
        return x
    if isinstance(n, (int, float)) and x.aval.dtype.kind == "f" and _same_type(x, eqn):
        with np.errstate(all="ignore"):
            divisor = x.aval.dtype.type(n)
            inverse = 1 / divisor
            if abs(np.frexp(divisor)[0]) == 0.5 and np.isfinite(inverse):  # a power of two: exact
                return r.one(f.multiply, x, Literal(inverse))
    return None


@rule(f.negative)
def _negative(r: Rewriter, eqn: Equation, inputs: list[Atom]) -> Atom | None:
    inner = r.made_by(inputs[0], f.negative)
    if inner is not None:
        return inner.inputs[0]
    difference = r.made_by(inputs[0], f.subtract)
    free = on("zero_signs") or eqn.outputs[0].aval.dtype.kind in "iu"
    if free and difference is not None and all(a.aval.dtype == eqn.outputs[0].aval.dtype for a in difference.inputs):
        return r.one(f.subtract, *difference.inputs[::-1])
    return None


# NumPy from 2.4 on takes the root for a single exponent of 0.5; they differ at -inf and -0.0.
_HALF_IS_ROOT = bool(np.signbit(np.power(np.array([-0.0]), 0.5))[0])


@rule(f.power)
def _power(r: Rewriter, eqn: Equation, inputs: list[Atom]) -> Atom | None:
    x, y = inputs
    if _HALF_IS_ROOT and number(y) == 0.5 and x.aval.dtype.kind == "f" and _same_type(x, eqn):
        return r.one(f.sqrt, x)
    half = r.number_spread(y)
    if half is not None and number(half) == 0.5:
        return None
    return _whole_power(r, eqn, inputs)


@_elementwise
def _whole_power(r: Rewriter, eqn: Equation, inputs: list[Atom]) -> Atom | None:
    x, y = inputs
    n = number(y)
    if n is None and eqn.outputs[0].aval.dtype.kind == "i":
        return _checked_power(r, eqn, x, y)
    if type(n) is int and n >= 0 and x.aval.dtype.kind in "iu" and _same_type(x, eqn):
        return _integer_power(r, x, n)
    n = n if on("whole_powers") else None
    if n is None or isinstance(n, (bool, complex)) or x.aval.dtype.kind != "f" or not _same_type(x, eqn):
        return None
    if n == 1:
        return x
    if n == -1:
        return r.one(f.divide, Literal(x.aval.dtype.type(1)), x)
    if n in (2, 3, 4):
        square = r.one(f.multiply, x, x)
        return square if n == 2 else r.one(f.multiply, square, x if n == 3 else square)
    return None


def _checked_power(r: Rewriter, eqn: Equation, x: Atom, y: Atom) -> Atom:
    """Of integers with computed exponents, which NumPy refuses where one is negative."""
    dtype = eqn.outputs[0].aval.dtype
    x, y = (r.one(f.converted, a, dtype=dtype) for a in (x, y))
    if 0 in eqn.outputs[0].aval.shape:  # no power is taken
        return r.one(WHOLE_POWER, x, y)
    negative = r.one(f.less, y, Literal(dtype.type(0)))
    found = r.one(ANY, negative, axes=tuple(range(len(y.aval.shape)))) if y.aval.shape else negative
    r.one(REFUSE, found, error=NEGATIVE_POWER)
    return r.one(WHOLE_POWER, x, y)


def _integer_power(r: Rewriter, x: Atom, n: int) -> Atom:
    """Modulo what the dtype holds, as any order of products gives it."""
    result: Atom | None = None
    while n:
        if n & 1:
            result = x if result is None else r.one(f.multiply, result, x)
        n >>= 1
        x = r.one(f.multiply, x, x) if n else x
    return result or r.one(maps.broadcast, Literal(x.aval.dtype.type(1)), shape=x.aval.shape)


@rule(f.where)
@_elementwise
def _where(r: Rewriter, eqn: Equation, inputs: list[Atom]) -> Atom | None:
    c, x, y = inputs
    n = number(c)
    if n is not None:
        return x if n else y
    return x if x is y else None


@rule(f.equal, f.not_equal, f.less, f.less_equal, f.greater, f.greater_equal)
@_elementwise
def _compare(r: Rewriter, eqn: Equation, inputs: list[Atom]) -> Atom | None:
    """Python's integers are compared by their value, also where the array's dtype cannot hold it."""
    truth = _truth(r, eqn, inputs)
    if truth is not None:
        return truth
    for k, x in enumerate(inputs):
        y, dtype = inputs[1 - k], x.aval.dtype
        if x.aval.weak or dtype.kind not in "iu" or not y.aval.weak or y.aval.dtype.kind != "i":
            continue
        n, info = number(y), np.iinfo(dtype)
        if n is None:
            if dtype == np.uint64:
                return None
            wide = [r.fitted(a, Aval(a.aval.shape, np.dtype(np.int64))) for a in inputs]
            return r.one(eqn.primitive, *wide)
        if info.min <= n <= info.max:
            eqn.inputs[1 - k] = Literal(dtype.type(n))
            return None
        zero = dtype.type(0)
        return Literal(eqn.primitive.impl(*((zero, n) if k == 0 else (n, zero))))
    return None


def _truth(r: Rewriter, eqn: Equation, inputs: list[Atom]) -> Atom | None:
    """A choice between two numbers, or a truth value as a number, compared with a number: the condition, or its opposite."""
    for k, a in enumerate(inputs):
        n = number(inputs[1 - k])
        if n is None or a.aval.shape != eqn.outputs[0].aval.shape:
            continue
        moved = _moved_truth(r, eqn, a, inputs[1 - k], k)
        if moved is not None:
            return moved
        chosen, converted = r.made_by(a, f.where), r.made_by(a, f.converted)
        if chosen is not None:
            c, *values = chosen.inputs
        elif converted is not None and converted.inputs[0].aval.dtype.kind == "b":
            c, values = converted.inputs[0], [Literal(a.aval.dtype.type(t)) for t in (1, 0)]
        else:
            continue
        numbers = [number(r.number_spread(v) or v) for v in values]
        if c.aval.shape != a.aval.shape or any(v is None for v in numbers):
            continue
        compare, other = eqn.primitive.impl, inputs[1 - k].value  # type: ignore[union-attr]
        typed = [a.aval.dtype.type(v) for v in numbers]
        truths = [bool(compare(v, other) if k == 0 else compare(other, v)) for v in typed]
        if truths[0] == truths[1]:
            return r.one(maps.broadcast, Literal(np.bool_(truths[0])), shape=c.aval.shape)
        return c if truths[0] else r.one(f.logical_not, c)
    return None


def _moved_truth(r: Rewriter, eqn: Equation, a: Atom, n: Atom, k: int) -> Atom | None:
    """Truth values as numbers, gathered or written into, that are told from 0: the same of the truth values themselves.

    Masks go through loops as numbers, because sums tell where any of several reaches; a step that moves them would
    otherwise go over all of them twice.
    """
    made = r.made_by(a, maps.Gather) or r.made_by(a, Scatter)
    if made is None or set(made.params) != {"axes"}:
        return None
    converted = r.made_by(made.inputs[0], f.converted)
    if converted is None or converted.inputs[0].aval.dtype.kind != "b":
        return None
    compare, other, typed = eqn.primitive.impl, n.value, a.aval.dtype.type  # type: ignore[union-attr]
    told = lambda v: bool(compare(v, other) if k == 0 else compare(other, v))  # noqa: E731
    if not told(typed(1)) or told(typed(0)):
        return None
    native, (_, *rest) = made.primitive.native, made.inputs
    if isinstance(native, Scatter):
        value = number(rest[0])
        if native.monoid is not None or value is None:
            return None
        rest[0] = Literal(np.bool_(told(typed(value))))
    return r.one(made.primitive, converted.inputs[0], *rest, **made.params)


RULES[Formula] = _elementwise(lambda r, eqn, inputs: None)


@rule(f.converted)
def _convert(r: Rewriter, eqn: Equation, inputs: list[Atom]) -> Atom | None:
    (x,) = inputs
    n = number(x)
    if (
        n is not None and not isinstance(n, complex) and eqn.params["dtype"].isnative
    ):  # a scalar's order is the machine's
        with np.errstate(all="ignore"):
            return Literal(eqn.primitive.impl(x.value, **eqn.params))  # type: ignore[union-attr]
    if x.aval.dtype == eqn.params["dtype"] and not x.aval.weak:
        return x
    source = r.number_spread(x)
    if source is not None:
        return r.one(maps.broadcast, r.one(f.converted, source, **eqn.params), shape=x.aval.shape)
    return None
