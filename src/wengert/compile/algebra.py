"""Rules of algebra for elementwise equations. They keep every value to rounding, infinities and NaN included."""

from __future__ import annotations

import functools

import numpy as np

from ..core import Aval, Primitive
from ..ops.families import Elementwise
from ..program import Atom, Equation, Literal, Var
from .rewriter import RULES, Rewriter, Rule, number, rule
from .rewrites import on


def _same_type(a: Atom, eqn: Equation) -> bool:
    out = eqn.outputs[0].aval
    return a.aval.dtype == out.dtype and a.aval.shape == out.shape


@rule("name")
def _named(r: Rewriter, eqn: Equation, inputs: list[Atom]) -> Atom | None:
    """Names are for derivatives, which are taken by now."""
    return inputs[0]


@rule("stop_gradient", "positive")
def _identity(r: Rewriter, eqn: Equation, inputs: list[Atom]) -> Atom | None:
    return inputs[0] if inputs[0].aval.dtype == eqn.outputs[0].aval.dtype else None


def _scalars_bare(r: Rewriter, eqn: Equation, inputs: list[Atom]) -> list[Atom]:
    """Operands that are broadcasts of one number, without the broadcast where the others give the shape."""
    shape = eqn.outputs[0].aval.shape
    if not any(a.aval.shape == shape and not r.number_spread(a) for a in inputs):
        return inputs
    out = []
    for a in inputs:
        source = r.number_spread(a)
        out.append(a if source is None else r.fitted(source, Aval((), a.aval.dtype)))
    return out


def _elementwise(f: Rule) -> Rule:
    @functools.wraps(f)
    def simplified(r: Rewriter, eqn: Equation, inputs: list[Atom]) -> Atom | None:
        bare = _scalars_bare(r, eqn, inputs)
        if bare is not inputs:
            eqn.inputs[:] = bare
        return f(r, eqn, eqn.inputs)

    return simplified


@rule("multiply")
@_elementwise
def _multiply(r: Rewriter, eqn: Equation, inputs: list[Atom]) -> Atom | None:
    for x, y in (inputs, inputs[::-1]):
        n = number(y)
        if n == 1 and _same_type(x, eqn):
            return x
        if n == -1 and _same_type(x, eqn) and x.aval.dtype.kind == "f":
            return r.one("negative", x)
    return None


@rule("ratio")
@_elementwise
def _ratio(r: Rewriter, eqn: Equation, inputs: list[Atom]) -> Atom | None:
    x, size = inputs
    zero, at_zero = Literal(eqn.outputs[0].aval.dtype.type(0)), r.one("equal", size, Literal(0))
    if zero.aval.dtype.kind == "c":  # divided by NumPy, which would warn
        size = r.one("where", at_zero, Literal(size.aval.dtype.type(1)), size)
    return r.one("where", at_zero, zero, r.one("divide", x, size))


@rule("norm")
def _norm(r: Rewriter, eqn: Equation, inputs: list[Atom]) -> Atom | None:
    (x,), axes = inputs, eqn.params["axes"]
    if x.aval.dtype.kind == "c":
        squares = r.one("add", r.one("square", r.one("real", x)), r.one("square", r.one("imag", x)))
    else:
        squares = r.one("square", x)
    return r.one("sqrt", r.one("reduce_sum", squares, axes=axes))


@rule("logical_and")
@_elementwise
def _logical_and(r: Rewriter, eqn: Equation, inputs: list[Atom]) -> Atom | None:
    for x, y in (inputs, inputs[::-1]):
        n = number(x)
        if n is not None and not n:
            return Literal(np.False_)
        if n is not None and _same_type(y, eqn):
            return y
    return None


@rule("add")
@_elementwise
def _add(r: Rewriter, eqn: Equation, inputs: list[Atom]) -> Atom | None:
    x, y = inputs
    return (
        _added(r, eqn, x, y, "subtract")
        or _added(r, eqn, y, x, "subtract")
        or _scattered_onto(r, eqn, x, y)
        or _scattered_onto(r, eqn, y, x)
    )


def _scattered_onto(r: Rewriter, eqn: Equation, x: Atom, y: Atom) -> Atom | None:
    """An argument, and zeros with something added at some places: added to the argument itself, perhaps in place."""
    made = r.made_by(y, "scatter_add") if on("scattered_onto") else None
    if made is None or type(x) is not Var or x in r.producer or not (_same_type(x, eqn) and _same_type(y, eqn)):
        return None
    zeros = r.made_by(made.inputs[0], "broadcast_to")
    if zeros is None or number(zeros.inputs[0]) != 0:
        return None
    return r.one("scatter_add", x, *made.inputs[1:], **made.params)


@rule("subtract")
@_elementwise
def _subtract(r: Rewriter, eqn: Equation, inputs: list[Atom]) -> Atom | None:
    x, y = inputs
    return _added(r, eqn, x, y, "add")


def _added(r: Rewriter, eqn: Equation, x: Atom, y: Atom, opposite: str) -> Atom | None:
    """`x` with 0, or with the negative of something, added or subtracted."""
    if not _same_type(x, eqn):
        return None
    n = number(y)
    if n == 0:
        # -0.0 changes nothing that it is added to, 0.0 nothing that it is subtracted from.
        exact = x.aval.dtype.kind != "f" or bool(np.signbit(n)) == (opposite == "subtract")
        if exact or on("zero_signs") or (r.is_padding(y) and on("padding_dropped")):
            return x
    negated = r.made_by(y, "negative")
    if negated is not None and negated.inputs[0].aval.dtype == x.aval.dtype:
        return r.one(opposite, x, negated.inputs[0])
    return None


@rule("divide")
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
                return r.one("multiply", x, Literal(inverse))
    return None


@rule("negative")
def _negative(r: Rewriter, eqn: Equation, inputs: list[Atom]) -> Atom | None:
    inner = r.made_by(inputs[0], "negative")
    if inner is not None:
        return inner.inputs[0]
    difference = r.made_by(inputs[0], "subtract")
    free = on("zero_signs") or eqn.outputs[0].aval.dtype.kind in "iu"
    if free and difference is not None and all(a.aval.dtype == eqn.outputs[0].aval.dtype for a in difference.inputs):
        return r.one("subtract", *difference.inputs[::-1])
    return None


# NumPy from 2.4 on takes the root for a single exponent of 0.5; they differ at -inf and -0.0.
_HALF_IS_ROOT = bool(np.signbit(np.power(np.array([-0.0]), 0.5))[0])


@rule("power")
def _power(r: Rewriter, eqn: Equation, inputs: list[Atom]) -> Atom | None:
    x, y = inputs
    if _HALF_IS_ROOT and number(y) == 0.5 and x.aval.dtype.kind == "f" and _same_type(x, eqn):
        return r.one("sqrt", x)
    half = r.number_spread(y)
    if half is not None and number(half) == 0.5:
        return None
    return _whole_power(r, eqn, inputs)


@_elementwise
def _whole_power(r: Rewriter, eqn: Equation, inputs: list[Atom]) -> Atom | None:
    x, y = inputs
    n = number(y) if on("whole_powers") else None
    if n is None or isinstance(n, (bool, complex)) or x.aval.dtype.kind != "f" or not _same_type(x, eqn):
        return None
    if n == 1:
        return x
    if n == -1:
        return r.one("divide", Literal(x.aval.dtype.type(1)), x)
    if n in (2, 3, 4):
        square = r.one("multiply", x, x)
        return square if n == 2 else r.one("multiply", square, x if n == 3 else square)
    return None


@rule("where")
@_elementwise
def _where(r: Rewriter, eqn: Equation, inputs: list[Atom]) -> Atom | None:
    c, x, y = inputs
    n = number(c)
    if n is not None:
        return x if n else y
    return x if x is y else None


@rule("equal", "not_equal", "less", "less_equal", "greater", "greater_equal")
@_elementwise
def _compare(r: Rewriter, eqn: Equation, inputs: list[Atom]) -> Atom | None:
    """Python's integers are compared by their value, also where the array's dtype cannot hold it."""
    for k, x in enumerate(inputs):
        y, dtype = inputs[1 - k], x.aval.dtype
        if x.aval.weak or dtype.kind not in "iu" or not y.aval.weak or y.aval.dtype.kind != "i":
            continue
        n, info = number(y), np.iinfo(dtype)
        if n is None:
            if dtype == np.uint64:
                return None
            wide = [r.fitted(a, Aval(a.aval.shape, np.dtype(np.int64))) for a in inputs]
            return r.one(eqn.primitive.name, *wide)
        if info.min <= n <= info.max:
            eqn.inputs[1 - k] = Literal(dtype.type(n))
            return None
        zero = dtype.type(0)
        return Literal(eqn.primitive.impl(*((zero, n) if k == 0 else (n, zero))))
    return None


for _name, _primitive in list(Primitive.registry.items()):
    if isinstance(_primitive, Elementwise) and _name not in RULES:
        RULES[_name] = _elementwise(lambda r, eqn, inputs: None)


@rule("convert")
def _convert(r: Rewriter, eqn: Equation, inputs: list[Atom]) -> Atom | None:
    (x,) = inputs
    n = number(x)
    if n is not None and not isinstance(n, complex):
        with np.errstate(all="ignore"):
            return Literal(eqn.primitive.impl(x.value, **eqn.params))  # type: ignore[union-attr]
    if x.aval.dtype == eqn.params["dtype"] and not x.aval.weak:
        return x
    source = r.number_spread(x)
    if source is not None:
        return r.one("broadcast_to", r.one("convert", source, **eqn.params), shape=x.aval.shape)
    return None
