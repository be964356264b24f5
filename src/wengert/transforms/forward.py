"""Forward mode: jvp."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..core import (
    NUMBERS,
    NUMPY_TYPES,
    PYTHON_SCALARS,
    RECORDS,
    TAKING,
    PrimalTracer,
    Primitive,
    Trace,
    Tracer,
    Value,
    ValueTracer,
    as_array,
    as_value,
    check_numbers,
    dtype_of,
    is_inexact,
    next_level,
    shape_of,
    taker,
)
from ..errors import DtypeError, ShapeError
from ..ops.casts import in_own_order
from ..ops.objects import unpacked
from ..ops.terms import plus
from ..ops.written import STATES, give_back
from ..vocabulary import Params, Results
from .function import given, name_of

ndarray = np.ndarray
FLOAT0 = np.dtype([("float0", np.void, 0)])
RECORDS.add(FLOAT0)


class JVPTracer(PrimalTracer):
    """A value and its tangent."""

    __slots__ = ()
    tangent: Any = ValueTracer.second
    differentiated = True

    def __init__(self, trace: JVPTrace, primal: Value, tangent: Value) -> None:
        self._trace = trace
        self.primal = primal
        self.tangent = tangent
        self.views = None
        if type(primal) is ndarray:
            self.shape, self.dtype = primal.shape, primal.dtype
        else:
            self.shape, self.dtype = shape_of(primal), dtype_of(primal)

    def parts(self) -> tuple[Value, ...]:
        return self.primal, self.tangent

    def __repr__(self) -> str:
        return f"JVPTracer<{self.aval!r}>(primal={self.primal!r}, tangent={self.tangent!r})"


class JVPTrace(Trace):
    """Carries tangents along with values."""

    __slots__ = ("kinked", "open")
    name = "jvp"

    def __init__(self) -> None:
        self.level = next_level()
        self.open = True
        self.kinked = False

    @property
    def ended(self) -> bool:
        return not self.open

    def process(self, primitive: Primitive, args: tuple[JVPTracer | Any, ...], params: Params) -> Results:
        if TAKING and (inner := taker(self, primitive)) is not None:
            return inner.process(primitive, args, params)
        if not self.open:
            raise self.leaked()
        if len(args) == 1 and not primitive.multiple_results:
            (a,) = args
            out, tangent = primitive.jvp((a.primal,), (a.tangent,), params)
            return out if tangent is None else JVPTracer(self, out, tangent)
        if len(args) == 2 and not primitive.multiple_results:
            x, y = args
            tx = ty = None
            if type(x) is JVPTracer and x._trace is self:
                x, tx = x.primal, x.tangent
            if type(y) is JVPTracer and y._trace is self:
                y, ty = y.primal, y.tangent
            out, tangent = primitive.jvp((x, y), (tx, ty), params)
            return out if tangent is None else JVPTracer(self, out, tangent)
        primals = list(args)
        tangents = [None] * len(primals)
        for i, a in enumerate(args):
            if type(a) is JVPTracer and a._trace is self:
                primals[i] = a.primal
                tangents[i] = a.tangent
        out, tangent = primitive.jvp(primals, tangents, params)
        if primitive.multiple_results:
            return [self.joined(o, t) for o, t in zip(out, tangent, strict=True)]
        return out if tangent is None else JVPTracer(self, out, tangent)

    def joined(self, out: Value, tangent: Value | None) -> Value:
        """A result and its tangent. A custom rule that closes over values of this trace gives a result that has one of
        its own, by what is closed over; the rule's is by the arguments, and a value, whatever it was computed from."""
        if isinstance(out, Tracer):
            out, beside = self.split(out)
            if beside is not None:
                tangent = beside if tangent is None else plus(beside, self.split(tangent)[0])
        if tangent is None:
            return out
        return JVPTracer(self, out, self.split(tangent)[0] if isinstance(tangent, Tracer) else tangent)

    def split(self, x: Value) -> tuple[Value, Value | None]:
        if type(x) is JVPTracer and x._trace is self:
            return x.primal, x.tangent
        return (self.outside(x), None) if not isinstance(x, Tracer) or not x.mutable else self.split(x.now())


def zeros_like(x: Value) -> Value:
    """An explicit zero tangent of a value: `float0` for integers and booleans, as JAX has it."""
    dtype = dtype_of(x)
    if not is_inexact(x):
        return np.zeros(shape_of(x), FLOAT0)
    shape = shape_of(x)
    return np.zeros(shape, dtype if dtype.isnative else dtype.newbyteorder("=")) if shape else dtype.type(0)


def strong(x: Value) -> Value:
    """A result as it leaves a transformation: Python numbers become NumPy scalars."""
    if type(x) is ndarray:
        return x
    return as_array(x) if type(x) in PYTHON_SCALARS else x


def jvp_flat(
    f: Callable[..., Sequence[Value]], primals: Sequence[Value], tangents: Sequence[Value | None]
) -> tuple[list[Value], list[Value | None]]:
    """jvp of a function from values to values; symbolic zeros are None."""
    trace = JVPTrace()
    args = [p if t is None else JVPTracer(trace, p, t) for p, t in zip(primals, tangents, strict=True)]
    try:
        pairs = [trace.split(o) for o in f(*args)]
    finally:
        trace.open = False
        if STATES:
            give_back()
    return [p for p, _ in pairs], [t for _, t in pairs]


def check_tangent(p: Value, t: Value, place: str, what: str = "jvp") -> tuple[Value, Value | None]:
    """A primal and its tangent, made to fit; raises where they do not."""
    kind = "primal"
    try:
        p = given(p)
        if t is None:
            return p, None
        kind = "tangent"
        t = as_value(t) if not (isinstance(t, ndarray) and t.dtype == FLOAT0) else t
    except DtypeError as error:
        raise type(error)(f"{what}: the {kind}{place}: {error.message}") from None
    if shape_of(t) != shape_of(p):
        raise ShapeError(
            f"{what}: the tangent{place} has shape {shape_of(t)}, its primal has shape {shape_of(p)}; they must be equal"
        )
    if dtype_of(t) == FLOAT0:
        return p, None
    if type(p) is int and is_inexact(t):
        p = float(p)
    p = in_own_order(p)
    if not is_inexact(p):
        raise DtypeError(
            f"{what}: the primal{place} has dtype {dtype_of(p)}, which has no tangents; convert it to float, or give a "
            f"tangent of None"
        )
    if dtype_of(t) != dtype_of(p):
        if dtype_of(t).kind == "c" and dtype_of(p).kind != "c":
            raise DtypeError(f"{what}: the tangent{place} is complex ({dtype_of(t)}), its primal is {dtype_of(p)}")
        from ..ops.elementwise import convert

        t = convert(t, dtype_of(p))
    return p, t


def check_output(x: Value, f: Any) -> Value:
    """A leaf of a function's result, which must be a number or an array of them."""
    if isinstance(x, (ndarray, Tracer, np.generic)) or type(x) in PYTHON_SCALARS:
        if isinstance(x, Tracer):
            return x.now() if x.mutable else x
        if type(x) is ndarray and x.dtype.hasobject:
            x = unpacked(x)
        if isinstance(x, NUMPY_TYPES) and x.dtype.kind not in NUMBERS:
            try:
                check_numbers(x)
            except DtypeError as error:
                raise type(error)(f"{name_of(f)} returned what no transformed function can: {error.message}") from None
        return x
    try:
        return as_value(x)
    except DtypeError:
        raise DtypeError(
            f"{name_of(f)} returned {'text' if isinstance(x, str) else repr(x)} of type {type(x).__name__}; a transformed function must return numbers, "
            f"arrays, or pytrees of them"
        ) from None
