"""Elementwise equations in machine instructions: conversions, NumPy's loops, the formulas of declarations between them.

An operation that gives no formula for the dtypes at hand is called through NumPy.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from ..core import Aval, Primitive
from ..lowering import Formula, Scalar, computed_in, narrow
from ..lowering.formulas import EXACT, nextafter, truth
from ..ops.random import KEY
from .emitter import PAIRS, REGISTER_TYPES, Emitter, V
from .interleaved import REAL
from .narrow import rounded, to_float

_PYTHON_TYPES = {"b": bool, "i": int, "u": int, "f": float}


# By dtype: NumPy computes dtype.name anew each time it is asked for. A key of random numbers is two words.
REGISTERS = {**{np.dtype(name): type_ for name, type_ in REGISTER_TYPES.items()}, KEY: "i64"}
MEMORY_TYPES = {**REGISTERS, np.dtype(bool): "i8", np.dtype(np.float16): "i16"}


@lru_cache(maxsize=256)
def register_type(dtype: np.dtype) -> str | None:
    """The LLVM type of a dtype in registers, or None where there is none."""
    found = REGISTERS.get(dtype)
    if found is None and narrow(dtype):  # bfloat16, which is known once `ml_dtypes` is imported
        found = REGISTERS[dtype] = "float"
        MEMORY_TYPES[dtype] = "i16"
    return found


def number_type(dtype: np.dtype) -> str:
    """The LLVM type of a number in memory as it is copied: a complex one is a pair."""
    return PAIRS[REGISTERS[REAL[dtype]]] if dtype in REAL else MEMORY_TYPES[dtype]


# --- conversion -------------------------------------------------------------------------------------------------


def cast(e: Emitter, x: V, source: np.dtype, target: np.dtype) -> V:
    """A value of one dtype as another, by NumPy's ``astype``."""
    if source == target:
        return x
    if narrow(source) or narrow(target):
        return _narrow_cast(e, x, source, target)
    a, b = REGISTERS[source], REGISTERS[target]
    if x.const is not None and not (source.kind == "f" and target.kind in "iu"):
        with np.errstate(all="ignore"):
            return e.constant(np.array(x.const).astype(source).astype(target).item(), b, x.lanes)
    if target.kind == "b":
        return truth(e, source, x)
    if source.kind == "f":
        if target.kind == "f":
            return e.cast("fptrunc" if a == "double" else "fpext", x, b)
        # As C compilers do it for each width: what is out of range comes out as in NumPy.
        wide = e.freeze(e.cast("fptosi", x, "i32" if target.itemsize < 4 or target == np.dtype(np.int32) else "i64"))
        if target == np.dtype(np.uint64):
            limit = e.const(
                2.0**63, x
            )  # the upper half by the lower one, so that beyond it there is 0 on every machine
            high = e.freeze(e.cast("fptosi", e.fsub(x, limit), "i64"))
            return e.select(e.fcmp("oge", x, limit), e.xor(high, e.const(-(2**63), high)), wide)
        return wide if b == wide.type else e.cast("trunc", wide, b)
    if target.kind == "f":
        return e.cast("sitofp" if source.kind == "i" else "uitofp", x, b)
    if source.itemsize == target.itemsize and source.kind != "b":
        return x
    if source.kind == "b":
        return e.cast("zext", x, b)
    if source.itemsize > target.itemsize:
        return e.cast("trunc", x, b)
    return e.cast("sext" if source.kind == "i" else "zext", x, b)


def _narrow_cast(e: Emitter, x: V, source: np.dtype, target: np.dtype) -> V:
    """To or from floating point of 16 bits, which is float32 in registers."""
    if x.const is not None and target.kind not in "iu":
        with np.errstate(all="ignore"):
            return e.constant(np.array(x.const).astype(source).astype(target).item(), REGISTERS[target], x.lanes)
    wide = computed_in(target)
    if narrow(target) and source == np.dtype(np.float64):
        return rounded(e, to_float(e, x, target), target)
    return rounded(e, cast(e, x, computed_in(source), wide), target)


# --- elementwise equations --------------------------------------------------------------------------------------


def loop_dtypes(primitive: Primitive, avals: list[Aval], out: Aval) -> tuple[list[np.dtype], np.dtype] | None:
    """The dtypes that NumPy's loop takes and gives for arguments of these types; None if it cannot be told."""
    formula: Formula = primitive.native
    ufunc: Any = formula.loop or getattr(primitive, "function", None)
    if isinstance(ufunc, np.ufunc) and hasattr(ufunc, "resolve_dtypes") and ufunc.nout == 1:
        all_weak = all(a.weak for a in avals)
        kinds = [_PYTHON_TYPES.get(a.dtype.kind, complex) if a.weak and not all_weak else a.dtype for a in avals]
        if formula.truth:
            kinds = [a.dtype for a in avals]
        try:
            *ins, result = ufunc.resolve_dtypes((*kinds, None))
        except TypeError:
            return None
        if formula.order and _mixed(ins, avals):
            return None
        return ins, result
    if formula.loop is not None:
        return formula.loop(avals, out)
    if computed_in(out.dtype).kind == "f" and all(computed_in(a.dtype).kind == "f" or a.weak for a in avals):
        return [out.dtype] * len(avals), out.dtype
    return None


def _mixed(ins: list[np.dtype], avals: list[Aval]) -> bool:
    """Whether a comparison is of signed and unsigned numbers, or of a Python integer that may be out of range."""
    kinds = {d.kind for d in ins}
    return kinds == {"i", "u"} or (kinds == {"u"} and any(a.weak or a.dtype.kind == "i" for a in avals))


def emit_elementwise(
    e: Emitter,
    formula: Formula,
    loops: tuple[list[np.dtype], np.dtype],
    out: np.dtype,
    args: list[tuple[V, Any]],
    outline: bool = False,
) -> V:
    """One elementwise equation on values with their dtypes; the result has dtype `out`.

    Args:
        outline: whether to call a function of its own instead of writing the instructions here.
    """
    ins, result = loops
    lanes = 1
    for v, _ in args:
        lanes = max(lanes, v.lanes)
    values = []
    for (v, d), want in zip(args, ins, strict=True):
        v = v if d is want else cast(e, v, d, want)
        values.append(v if v.lanes == lanes else e.splat(v, lanes))
    dtype = computed_in(ins[-1])
    f = formula.floats if dtype.kind == "f" else formula.integers
    found = _outlined(e, f, dtype, values) if outline else f(e, dtype, *values)
    if narrow(result) and formula.meaning not in EXACT:
        found = rounded(e, found, result)
    return found if result is out else cast(e, found, result, out)


def _outlined(e: Emitter, f: Scalar, dtype: np.dtype, values: list[V]) -> V:
    """A call of an internal function, written once for each type and width."""
    first = values[0]
    function = f"{f.__name__}_{dtype.name}_{first.lanes}"
    if function not in e.functions:
        inner = Emitter()
        args = [V(f"%x{i}", v.type, v.lanes, 0) for i, v in enumerate(values)]
        result = f(inner, dtype, *args)
        body = "\n".join(inner.regions[0].lines)
        head = f"define internal {result.llvm} @{function}({', '.join(map(repr, args))}) #0"
        e.functions.update(inner.functions)
        e.declarations.update(inner.declarations)
        e.functions[function] = f"{head} {{\n{body}\n  ret {result!r}\n}}"
        e.results[function] = result.type
    type_ = e.results[function]
    vector = type_ if first.lanes == 1 else f"<{first.lanes} x {type_}>"
    call = f"call {vector} @{function}({', '.join(map(repr, values))})"
    return e.define(call, type_, first.lanes, max(v.depth for v in values))


_LOWERED: dict[Any, tuple[list[np.dtype], np.dtype] | None] = {}


def lowered(primitive: Primitive, avals: list[Aval], out: Aval) -> tuple[list[np.dtype], np.dtype] | None:
    """The loop dtypes of an elementwise equation that has native code; None if it has not."""
    key: Any = (primitive, out.dtype)
    for a in avals:
        key += (a.dtype, a.weak)
    if key not in _LOWERED:
        _LOWERED[key] = _find_lowered(primitive, avals, out)
    return _LOWERED[key]


def _find_lowered(primitive: Primitive, avals: list[Aval], out: Aval) -> tuple[list[np.dtype], np.dtype] | None:
    if not isinstance(primitive.native, Formula):
        return None
    if register_type(out.dtype) is None or None in [register_type(a.dtype) for a in avals]:
        return None
    loops = loop_dtypes(primitive, avals, out)
    if loops is None or None in [register_type(d) for d in (*loops[0], loops[1])]:
        return None
    kinds = primitive.native.kinds
    if narrow(loops[0][-1]):
        return loops if "f" in kinds and primitive.native.meaning is not nextafter else None
    return loops if loops[0][-1].kind in kinds else None
