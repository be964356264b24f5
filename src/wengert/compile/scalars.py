"""What one element of an elementwise operation is in machine instructions, by NumPy's rules for its dtypes.

`SCALARS` maps the names of primitives to functions ``(e, dtype, *values)``, where `dtype` is the one NumPy's loop has
for its inputs. A primitive that is not here, and gives no `native` formula of its own, is called through NumPy.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..core import Aval, Primitive
from ..ops.families import Elementwise
from ..ops.random import KEY
from .emitter import FLOATS, REGISTER_TYPES, Emitter, V
from .rewrites import on

Scalar = Callable[..., V]
SCALARS: dict[str, Scalar] = {}
_PYTHON_TYPES = {"b": bool, "i": int, "u": int, "f": float}


# By dtype: NumPy computes dtype.name anew each time it is asked for. A key of random numbers is two words.
REGISTERS = {**{np.dtype(name): type_ for name, type_ in REGISTER_TYPES.items()}, KEY: "i64"}
MEMORY_TYPES = {**REGISTERS, np.dtype(bool): "i8"}


def scalar(*names: str) -> Callable[[Scalar], Scalar]:
    def add(f: Scalar) -> Scalar:
        for name in names:
            SCALARS[name] = f
        return f

    return add


def register_type(dtype: np.dtype) -> str | None:
    """The LLVM type of a dtype in registers, or None where there is none."""
    return REGISTERS.get(dtype)


def is_float(dtype: np.dtype) -> bool:
    return dtype.kind == "f"


# --- conversion -------------------------------------------------------------------------------------------------


def cast(e: Emitter, x: V, source: np.dtype, target: np.dtype) -> V:
    """A value of one dtype as another, by NumPy's ``astype``."""
    if source == target:
        return x
    a, b = REGISTERS[source], REGISTERS[target]
    if x.const is not None and not (source.kind == "f" and target.kind in "iu"):
        with np.errstate(all="ignore"):
            return e.constant(np.array(x.const).astype(source).astype(target).item(), b, x.lanes)
    if target.kind == "b":
        zero = e.const(0, x)
        return e.fcmp("une", x, zero) if a in FLOATS else e.icmp("ne", x, zero)
    if source.kind == "f":
        if target.kind == "f":
            return e.cast("fptrunc" if a == "double" else "fpext", x, b)
        # As C compilers do it for each width: what is out of range comes out as in NumPy.
        wide = e.freeze(e.cast("fptosi", x, "i32" if target.itemsize < 4 or target == np.dtype(np.int32) else "i64"))
        if target == np.dtype(np.uint64):
            limit = e.const(2.0**63, x)
            high = e.freeze(e.cast("fptoui", x, "i64"))
            return e.select(e.fcmp("oge", x, limit), high, wide)
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


# --- arithmetic -------------------------------------------------------------------------------------------------


# LLVM fuses a product and a sum where both are marked. Products always are; sums of the user's are not (`rewrites`), those
# of reductions and products of matrices are (`accumulated`).


def _sum(e: Emitter, op: str, marked: bool, x: V, y: V) -> V:
    return e.binary(f"{op} contract" if marked else op, x, y)


@scalar("add")
def _add(e: Emitter, dtype: np.dtype, x: V, y: V) -> V:
    if dtype.kind == "b":
        return e.or_(x, y)
    return _sum(e, "fadd", on("contraction"), x, y) if is_float(dtype) else e.iadd(x, y)


@scalar("subtract")
def _subtract(e: Emitter, dtype: np.dtype, x: V, y: V) -> V:
    return _sum(e, "fsub", on("contraction"), x, y) if is_float(dtype) else e.isub(x, y)


@scalar("multiply")
def _multiply(e: Emitter, dtype: np.dtype, x: V, y: V) -> V:
    return product(e, x, y) if is_float(dtype) else e.imul(x, y)


@scalar("accumulate")
def accumulated(e: Emitter, dtype: np.dtype, total: V, term: V) -> V:
    """One more term of a sum of products, which may be fused with the product that it is."""
    if dtype.kind != "f":
        return _add(e, dtype, total, term)
    return _sum(e, "fadd", on("product_sums") or on("contraction"), total, term)


def product(e: Emitter, x: V, y: V) -> V:
    """A product of floats."""
    return e.binary("fmul contract", x, y)


@scalar("divide")
def _divide(e: Emitter, dtype: np.dtype, x: V, y: V) -> V:
    return e.fdiv(x, y)


@scalar("negative")
def _negative(e: Emitter, dtype: np.dtype, x: V) -> V:
    return e.fneg(x) if is_float(dtype) else e.isub(e.const(0, x), x)


@scalar("positive", "stop_gradient", "conj", "real")
def _same(e: Emitter, dtype: np.dtype, x: V) -> V:
    return x


@scalar("square")
def _square(e: Emitter, dtype: np.dtype, x: V) -> V:
    return SCALARS["multiply"](e, dtype, x, x)


@scalar("reciprocal")
def _reciprocal(e: Emitter, dtype: np.dtype, x: V) -> V:
    return e.fdiv(e.const(1, x), x)


@scalar("sqrt")
def _sqrt(e: Emitter, dtype: np.dtype, x: V) -> V:
    return e.sqrt(x)


@scalar("rsqrt")
def _rsqrt(e: Emitter, dtype: np.dtype, x: V) -> V:
    return e.fdiv(e.const(1, x), e.sqrt(x))


@scalar("absolute")
def _absolute(e: Emitter, dtype: np.dtype, x: V) -> V:
    if is_float(dtype):
        return e.fabs(x)
    return x if dtype.kind in "ub" else e.select(e.icmp("slt", x, e.const(0, x)), e.isub(e.const(0, x), x), x)


@scalar("sign")
def _sign(e: Emitter, dtype: np.dtype, x: V) -> V:
    one, zero = e.const(1, x), e.const(0, x)
    if is_float(dtype):
        signed = e.copysign(one, x)
        signed = e.select(e.fcmp("oeq", x, zero), zero, signed)
        return e.select(e.fcmp("uno", x, x), x, signed)
    positive = e.select(e.icmp("ne", x, zero), one, zero)
    return positive if dtype.kind == "u" else e.select(e.icmp("slt", x, zero), e.const(-1, x), positive)


@scalar("floor_divide")
def _floor_divide(e: Emitter, dtype: np.dtype, x: V, y: V) -> V:
    return _divmod(e, dtype, x, y)[0]


@scalar("remainder")
def _remainder(e: Emitter, dtype: np.dtype, x: V, y: V) -> V:
    return _divmod(e, dtype, x, y)[1]


def _divmod(e: Emitter, dtype: np.dtype, x: V, y: V) -> tuple[V, V]:
    """Integer quotient and remainder, both 0 where the divisor is; the quotient is rounded down."""
    zero, one = e.const(0, x), e.const(1, x)
    by_zero = e.icmp("eq", y, zero)
    if dtype.kind == "u":
        safe = e.select(by_zero, one, y)
        q, r = e.binary("udiv", x, safe), e.binary("urem", x, safe)
        return e.select(by_zero, zero, q), e.select(by_zero, zero, r)
    minus = e.icmp("eq", y, e.const(-1, x))  # the least integer over -1 would trap
    safe = e.select(e.or_(by_zero, minus), one, y)
    q, r = e.binary("sdiv", x, safe), e.binary("srem", x, safe)
    down = e.and_(e.icmp("ne", r, zero), e.icmp("slt", e.xor(r, safe), zero))
    q, r = e.select(down, e.isub(q, one), q), e.select(down, e.iadd(r, safe), r)
    q = e.select(minus, e.isub(zero, x), e.select(by_zero, zero, q))
    return q, e.select(e.or_(minus, by_zero), zero, r)


@scalar("soft_sign")
def _soft_sign(e: Emitter, dtype: np.dtype, x: V) -> V:
    return e.fdiv(x, e.fadd(e.const(1.0, x), e.fabs(x)))


@scalar("offset")
def _offset(e: Emitter, dtype: np.dtype, x: V, y: V) -> V:
    return e.select(e.fcmp("oeq", x, y), e.const(0, x), e.fsub(x, y))


# --- order ------------------------------------------------------------------------------------------------------


def _compare(name: str, predicate: str, real: str) -> None:
    def emit(e: Emitter, dtype: np.dtype, x: V, y: V) -> V:
        if is_float(dtype):
            return e.fcmp(real, x, y)
        sign = "" if predicate in ("eq", "ne") else ("s" if dtype.kind == "i" else "u")
        return e.icmp(sign + predicate, x, y)

    SCALARS[name] = emit


for _name, _p, _r in (
    ("equal", "eq", "oeq"),
    ("not_equal", "ne", "une"),
    ("less", "lt", "olt"),
    ("less_equal", "le", "ole"),
    ("greater", "gt", "ogt"),
    ("greater_equal", "ge", "oge"),
):
    _compare(_name, _p, _r)


def _extreme(name: str, real: str, integer: str, number: bool) -> None:
    def emit(e: Emitter, dtype: np.dtype, x: V, y: V) -> V:
        if is_float(dtype):
            # maximum(x, y) with NaN from either side; fmax without.
            chosen = e.select(e.fcmp(real, x, y), x, y)
            if number:
                return e.select(e.fcmp("uno", y, y), x, chosen)
            return e.select(e.fcmp("uno", x, x), x, chosen)
        if dtype.kind == "b":
            return e.or_(x, y) if integer == "max" else e.and_(x, y)
        return e.intrinsic(("s" if dtype.kind == "i" else "u") + integer, x, y)

    SCALARS[name] = emit


_extreme("maximum", "ogt", "max", False)
_extreme("minimum", "olt", "min", False)
_extreme("fmax", "ogt", "max", True)
_extreme("fmin", "olt", "min", True)


# --- rounding, classes of numbers, bits --------------------------------------------------------------------------


def _rounding(name: str, intrinsic: str) -> None:
    def emit(e: Emitter, dtype: np.dtype, x: V) -> V:
        return e.intrinsic(intrinsic, x) if is_float(dtype) else x

    SCALARS[name] = emit


for _name, _i in (("floor", "floor"), ("ceil", "ceil"), ("trunc", "trunc"), ("rint", "roundeven")):
    _rounding(_name, _i)


@scalar("isnan")
def _isnan(e: Emitter, dtype: np.dtype, x: V) -> V:
    return e.fcmp("uno", x, x) if is_float(dtype) else e.constant(False, "i1", x.lanes)


@scalar("isinf")
def _isinf(e: Emitter, dtype: np.dtype, x: V) -> V:
    if not is_float(dtype):
        return e.constant(False, "i1", x.lanes)
    return e.fcmp("oeq", e.fabs(x), e.const(np.inf, x))


@scalar("isfinite")
def _isfinite(e: Emitter, dtype: np.dtype, x: V) -> V:
    if not is_float(dtype):
        return e.constant(True, "i1", x.lanes)
    return e.fcmp("one", e.fabs(x), e.const(np.inf, x))


@scalar("signbit")
def _signbit(e: Emitter, dtype: np.dtype, x: V) -> V:
    if is_float(dtype):
        x = e.cast("bitcast", x, "i32" if x.type == "float" else "i64")
    return e.icmp("slt", x, e.const(0, x)) if dtype.kind != "u" else e.constant(False, "i1", x.lanes)


@scalar("copysign")
def _copysign(e: Emitter, dtype: np.dtype, x: V, y: V) -> V:
    return e.copysign(x, y)


def _logical(name: str, op: str) -> None:
    def emit(e: Emitter, dtype: np.dtype, x: V, y: V) -> V:
        boolean = np.dtype(bool)
        return e.binary(op, cast(e, x, dtype, boolean), cast(e, y, dtype, boolean))

    SCALARS[name] = emit


for _name, _op in (("logical_and", "and"), ("logical_or", "or"), ("logical_xor", "xor")):
    _logical(_name, _op)
for _name, _op in (("bitwise_and", "and"), ("bitwise_or", "or"), ("bitwise_xor", "xor")):
    SCALARS[_name] = lambda e, dtype, x, y, op=_op: e.binary(op, x, y)


@scalar("logical_not")
def _logical_not(e: Emitter, dtype: np.dtype, x: V) -> V:
    truth = cast(e, x, dtype, np.dtype(bool))
    return e.xor(truth, e.const(True, truth))


@scalar("invert")
def _invert(e: Emitter, dtype: np.dtype, x: V) -> V:
    return e.xor(x, e.const(True if x.type == "i1" else -1, x))


@scalar("left_shift")
def _left_shift(e: Emitter, dtype: np.dtype, x: V, y: V) -> V:
    bits = e.const(dtype.itemsize * 8, y)
    inside = e.icmp("ult", y, bits)
    zero = e.const(0, x)
    return e.select(inside, e.shl(x, e.select(inside, y, zero)), zero)


@scalar("right_shift")
def _right_shift(e: Emitter, dtype: np.dtype, x: V, y: V) -> V:
    bits = dtype.itemsize * 8
    inside = e.icmp("ult", y, e.const(bits, y))
    if dtype.kind == "u":
        zero = e.const(0, x)
        return e.select(inside, e.lshr(x, e.select(inside, y, zero)), zero)
    return e.ashr(x, e.select(inside, y, e.const(bits - 1, y)))


@scalar("where")
def _where(e: Emitter, dtype: np.dtype, c: V, x: V, y: V) -> V:
    return e.select(c, x, y)


# --- dtypes of an equation --------------------------------------------------------------------------------------


def loop_dtypes(primitive: Elementwise, avals: list[Aval], out: Aval) -> tuple[list[np.dtype], np.dtype] | None:
    """The dtypes that NumPy's loop takes and gives for arguments of these types; None if it cannot be told."""
    if primitive.name == "where":
        common = out.dtype
        return [np.dtype(bool), common, common], common
    if primitive.name in ("stop_gradient", "conj", "real"):
        return [avals[0].dtype], avals[0].dtype
    ufunc = np.power if primitive.name == "power" else primitive.function
    if isinstance(ufunc, np.ufunc) and hasattr(ufunc, "resolve_dtypes") and ufunc.nout == 1:
        all_weak = all(a.weak for a in avals)
        kinds = [_PYTHON_TYPES.get(a.dtype.kind, complex) if a.weak and not all_weak else a.dtype for a in avals]
        if ufunc in _TRUTH:
            kinds = [a.dtype for a in avals]
        try:
            *ins, result = ufunc.resolve_dtypes((*kinds, None))
        except TypeError:
            return None
        if ufunc in _ORDER and _mixed(ins, avals):
            return None
        return ins, result
    if out.dtype.kind == "f" and all(a.dtype.kind in "f" or a.weak for a in avals):
        return [out.dtype] * len(avals), out.dtype
    return None


def _mixed(ins: list[np.dtype], avals: list[Aval]) -> bool:
    """Whether a comparison is of signed and unsigned numbers, or of a Python integer that may be out of range."""
    kinds = {d.kind for d in ins}
    return kinds == {"i", "u"} or (kinds == {"u"} and any(a.weak or a.dtype.kind == "i" for a in avals))


_ORDER = {np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal}
_TRUTH = {np.logical_and, np.logical_or, np.logical_xor, np.logical_not}


def formula(primitive: Primitive) -> Scalar | None:
    """How an element is computed: the primitive's own `native`, an instruction, or a vector function."""
    if primitive.native is not None:
        return primitive.native
    found = SCALARS.get(primitive.name)
    if found is not None:
        return found
    function = _vector_functions().get(primitive.name)
    return None if function is None else lambda e, dtype, *xs: function(e, *xs)


_INTEGER_ONLY = {"floor_divide", "remainder"}
_FUNCTIONS: dict[str, Any] | None = None


def _vector_functions() -> dict[str, Any]:
    global _FUNCTIONS
    if _FUNCTIONS is None:
        try:
            from .vectormath import FUNCTIONS
        except ImportError:
            FUNCTIONS = {}
        _FUNCTIONS = dict(FUNCTIONS)
    return _FUNCTIONS


def emit_elementwise(
    e: Emitter,
    primitive: Elementwise,
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
    lanes = max(v.lanes for v, _ in args)
    values = [e.splat(cast(e, v, d, want), lanes) for (v, d), want in zip(args, ins, strict=True)]
    f = _formula_for(primitive, ins[-1])
    assert f is not None
    if outline:
        return cast(e, _outlined(e, primitive.name, f, ins[-1], values), result, out)
    return cast(e, f(e, ins[-1], *values), result, out)


def _outlined(e: Emitter, name: str, f: Scalar, dtype: np.dtype, values: list[V]) -> V:
    """A call of an internal function, written once for each type and width."""
    first = values[0]
    function = f"{name}_{dtype.name}_{first.lanes}"
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


def is_vector_function(primitive: Primitive) -> bool:
    """Whether an operation is many instructions."""
    return primitive.native is None and primitive.name not in SCALARS and primitive.name in _vector_functions()


def _formula_for(primitive: Primitive, dtype: np.dtype) -> Scalar | None:
    if primitive.name in _INTEGER_ONLY and dtype.kind == "f":
        function = _vector_functions().get(primitive.name)
        return None if function is None else lambda e, dtype, *xs: function(e, *xs)
    return formula(primitive)


_LOWERED: dict[Any, tuple[list[np.dtype], np.dtype] | None] = {}


def lowered(primitive: Elementwise, avals: list[Aval], out: Aval) -> tuple[list[np.dtype], np.dtype] | None:
    """The loop dtypes of an elementwise equation that has native code; None if it has not."""
    key = (primitive, out.dtype, *[(a.dtype, a.weak) for a in avals])
    if key not in _LOWERED:
        _LOWERED[key] = _find_lowered(primitive, avals, out)
    return _LOWERED[key]


def _find_lowered(primitive: Elementwise, avals: list[Aval], out: Aval) -> tuple[list[np.dtype], np.dtype] | None:
    if register_type(out.dtype) is None or any(register_type(a.dtype) is None for a in avals):
        return None
    loops = loop_dtypes(primitive, avals, out)
    if loops is None or any(register_type(d) is None for d in (*loops[0], loops[1])):
        return None
    name = primitive.name
    own = primitive.native is not None or (name in SCALARS and name not in _INTEGER_ONLY)
    if not own:
        kind = loops[0][-1].kind
        if name in _INTEGER_ONLY and kind in "iu":
            return loops
        if kind != "f" or name not in _vector_functions():
            return None
    if name in ("reciprocal", "divide", "sqrt", "rsqrt", "copysign") and loops[0][0].kind != "f":
        return None
    return loops
