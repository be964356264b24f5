"""The formulas of elementwise operations: one element in machine instructions, by NumPy's rules for its dtypes.

Each is a function ``(e, dtype, *values)``: `e` is the emitter (`compile.emitter`), `dtype` the one that NumPy's loop has for its
inputs. Declarations name them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from . import Long, Scalar

if TYPE_CHECKING:
    from ..compile.emitter import Emitter, V


def is_float(dtype: np.dtype) -> bool:
    return dtype.kind == "f"


def truth(e: Emitter, dtype: np.dtype, x: V) -> V:
    """Whether a number is not 0."""
    if dtype.kind == "b":
        return x
    if x.const is not None:
        return e.constant(bool(x.const), "i1", x.lanes)
    zero = e.const(0, x)
    return e.fcmp("une", x, zero) if is_float(dtype) else e.icmp("ne", x, zero)


# --- arithmetic -------------------------------------------------------------------------------------------------


def add(e: Emitter, dtype: np.dtype, x: V, y: V) -> V:
    if dtype.kind == "b":
        return e.or_(x, y)
    return e.sum("fadd", x, y) if is_float(dtype) else e.iadd(x, y)


def subtract(e: Emitter, dtype: np.dtype, x: V, y: V) -> V:
    return e.sum("fsub", x, y) if is_float(dtype) else e.isub(x, y)


def multiply(e: Emitter, dtype: np.dtype, x: V, y: V) -> V:
    return product(e, x, y) if is_float(dtype) else e.imul(x, y)


def accumulate(e: Emitter, dtype: np.dtype, total: V, term: V) -> V:
    """One more term of a sum of products, which may be fused with the product that it is."""
    return add(e, dtype, total, term) if dtype.kind != "f" else e.sum("fadd", total, term, of_products=True)


def product(e: Emitter, x: V, y: V) -> V:
    """A product of floats."""
    return e.binary("fmul contract", x, y)


def divide(e: Emitter, dtype: np.dtype, x: V, y: V) -> V:
    return e.fdiv(x, y)


def negative(e: Emitter, dtype: np.dtype, x: V) -> V:
    return e.fneg(x) if is_float(dtype) else e.isub(e.const(0, x), x)


def same(e: Emitter, dtype: np.dtype, x: V) -> V:
    return x


def zero(e: Emitter, dtype: np.dtype, x: V) -> V:
    return e.const(0, x)


def square(e: Emitter, dtype: np.dtype, x: V) -> V:
    return multiply(e, dtype, x, x)


def reciprocal(e: Emitter, dtype: np.dtype, x: V) -> V:
    return e.fdiv(e.const(1, x), x)


def sqrt(e: Emitter, dtype: np.dtype, x: V) -> V:
    return e.sqrt(x)


def rsqrt(e: Emitter, dtype: np.dtype, x: V) -> V:
    return e.fdiv(e.const(1, x), e.sqrt(x))


def absolute(e: Emitter, dtype: np.dtype, x: V) -> V:
    if is_float(dtype):
        return e.fabs(x)
    return x if dtype.kind in "ub" else e.select(e.icmp("slt", x, e.const(0, x)), e.isub(e.const(0, x), x), x)


def sign(e: Emitter, dtype: np.dtype, x: V) -> V:
    one, zero = e.const(1, x), e.const(0, x)
    if is_float(dtype):
        signed = e.copysign(one, x)
        signed = e.select(e.fcmp("oeq", x, zero), zero, signed)
        return e.select(e.fcmp("uno", x, x), x, signed)
    positive = e.select(e.icmp("ne", x, zero), one, zero)
    return positive if dtype.kind == "u" else e.select(e.icmp("slt", x, zero), e.const(-1, x), positive)


def floor_divide(e: Emitter, dtype: np.dtype, x: V, y: V) -> V:
    return _quotient_and_rest(e, dtype, x, y)[0]


def remainder(e: Emitter, dtype: np.dtype, x: V, y: V) -> V:
    return _quotient_and_rest(e, dtype, x, y)[1]


def _quotient_and_rest(e: Emitter, dtype: np.dtype, x: V, y: V) -> tuple[V, V]:
    """Integer quotient and remainder, both 0 where the divisor is; the quotient is rounded down."""
    if y.const is not None:
        return _by_number(e, dtype, x, int(y.const))
    zero, one = e.const(0, x), e.const(1, x)
    by_zero = e.icmp("eq", y, zero)
    if dtype.kind == "u":
        safe = e.select(by_zero, one, y)
        q, r = _truncated(e, dtype, x, safe)
        return e.select(by_zero, zero, q), e.select(by_zero, zero, r)
    minus = e.icmp("eq", y, e.const(-1, x))  # the least integer over -1 would trap
    safe = e.select(e.or_(by_zero, minus), one, y)
    q, r = _truncated(e, dtype, x, safe)
    down = e.and_(e.icmp("ne", r, zero), e.icmp("slt", e.xor(r, safe), zero))
    q, r = e.select(down, e.isub(q, one), q), e.select(down, e.iadd(r, safe), r)
    q = e.select(minus, e.isub(zero, x), e.select(by_zero, zero, q))
    return q, e.select(e.or_(minus, by_zero), zero, r)


def _by_number(e: Emitter, dtype: np.dtype, x: V, n: int) -> tuple[V, V]:
    """Integers divided by a number, for which LLVM multiplies by its inverse; by a power of two, shifts and masks."""
    zero, divisor = e.const(0, x), e.const(n, x)
    if n == 0:
        return zero, zero
    if n > 0 and n & (n - 1) == 0:
        places = e.const(n.bit_length() - 1, x)
        return (e.lshr if dtype.kind == "u" else e.ashr)(x, places), e.and_(x, e.const(n - 1, x))
    if n == -1:
        return e.isub(zero, x), zero
    q = e.binary("udiv" if dtype.kind == "u" else "sdiv", x, divisor)
    r = e.isub(x, e.imul(q, divisor))
    if dtype.kind == "u":
        return q, r
    sign = e.const(8 * dtype.itemsize - 1, x)
    down = e.ashr(r if n > 0 else e.isub(zero, r), sign)  # -1 where the remainder's sign is not the divisor's
    return e.iadd(q, down), e.iadd(r, e.and_(down, divisor))


def _truncated(e: Emitter, dtype: np.dtype, x: V, y: V) -> tuple[V, V]:
    """Quotient and remainder as processors give them; vectors, for which they have none, by floating point.

    Of whole numbers of b bits below 2**b a quotient that is not whole is ``1 / x`` of itself from the next whole number, at
    least, which a significand of b + 2 bits tells apart.
    """
    to, back, divide = ("uitofp", "fptoui", "udiv") if dtype.kind == "u" else ("sitofp", "fptosi", "sdiv")
    if x.lanes == 1 or dtype.itemsize == 8:
        return e.binary(divide, x, y), e.binary(divide.replace("div", "rem"), x, y)
    wide = "double" if dtype.itemsize == 4 else "float"
    quotient = e.fdiv(e.cast(to, x, wide), e.cast(to, y, wide))
    q = (
        e.cast(back, quotient, x.type)
        if dtype.itemsize == 4
        else e.cast("trunc", e.cast("fptosi", quotient, "i32"), x.type)
    )
    q = e.freeze(q)  # the least integer over -1, whose quotient is not used
    return q, e.isub(x, e.imul(q, y))


def fmod_integers(e: Emitter, dtype: np.dtype, x: V, y: V) -> V:
    """The remainder with the sign of `x`; 0 where `y` is."""
    zero, one = e.const(0, x), e.const(1, x)
    unsafe = e.icmp("eq", y, zero)
    if dtype.kind != "u":
        unsafe = e.or_(unsafe, e.icmp("eq", y, e.const(-1, x)))
    return e.select(unsafe, zero, _truncated(e, dtype, x, e.select(unsafe, one, y))[1])


def whole_power(e: Emitter, dtype: np.dtype, x: V, y: V) -> V:
    """Powers of integers whose exponents are not negative, modulo what the dtype holds."""
    return Long("whole_power")(e, dtype, x, y)


def gcd(e: Emitter, dtype: np.dtype, x: V, y: V) -> V:
    """Of the sizes of both, as unsigned numbers."""
    return Long("greatest_divisor")(e, dtype, absolute(e, dtype, x), absolute(e, dtype, y))


def lcm(e: Emitter, dtype: np.dtype, x: V, y: V) -> V:
    """``|x| / gcd |y|``, modulo what the dtype holds; 0 where one is 0."""
    size, other, divisor = absolute(e, dtype, x), absolute(e, dtype, y), gcd(e, dtype, x, y)
    safe = e.select(e.icmp("eq", divisor, e.const(0, x)), e.const(1, x), divisor)
    return e.imul(_truncated(e, np.dtype(f"u{dtype.itemsize}"), size, safe)[0], other)


def soft_sign(e: Emitter, dtype: np.dtype, x: V) -> V:
    return e.fdiv(x, e.fadd(e.const(1.0, x), e.fabs(x)))


def from_start(e: Emitter, dtype: np.dtype, index: V, length: V) -> V:
    return e.select(e.icmp("slt", index, e.const(0, index)), e.iadd(index, length), index)


def offset(e: Emitter, dtype: np.dtype, x: V, y: V) -> V:
    return e.select(e.fcmp("oeq", x, y), e.const(0, x), e.fsub(x, y))


# --- order ------------------------------------------------------------------------------------------------------


def _compare(predicate: str, real: str) -> Scalar:
    def emit(e: Emitter, dtype: np.dtype, x: V, y: V) -> V:
        if is_float(dtype):
            return e.fcmp(real, x, y)
        sign = "" if predicate in ("eq", "ne") else ("s" if dtype.kind == "i" else "u")
        return e.icmp(sign + predicate, x, y)

    return emit


equal, not_equal = _compare("eq", "oeq"), _compare("ne", "une")
less, less_equal = _compare("lt", "olt"), _compare("le", "ole")
greater, greater_equal = _compare("gt", "ogt"), _compare("ge", "oge")


def _extreme(real: str, integer: str, number: bool) -> Scalar:
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

    return emit


maximum, minimum = _extreme("ogt", "max", False), _extreme("olt", "min", False)
fmax, fmin = _extreme("ogt", "max", True), _extreme("olt", "min", True)


# --- rounding, classes of numbers, bits --------------------------------------------------------------------------


def _rounding(intrinsic: str) -> Scalar:
    def emit(e: Emitter, dtype: np.dtype, x: V) -> V:
        return e.intrinsic(intrinsic, x) if is_float(dtype) else x

    return emit


floor, ceil, trunc, rint = map(_rounding, ("floor", "ceil", "trunc", "roundeven"))


def isnan(e: Emitter, dtype: np.dtype, x: V) -> V:
    return e.fcmp("uno", x, x) if is_float(dtype) else e.constant(False, "i1", x.lanes)


def isinf(e: Emitter, dtype: np.dtype, x: V) -> V:
    if not is_float(dtype):
        return e.constant(False, "i1", x.lanes)
    return e.fcmp("oeq", e.fabs(x), e.const(np.inf, x))


def isfinite(e: Emitter, dtype: np.dtype, x: V) -> V:
    if not is_float(dtype):
        return e.constant(True, "i1", x.lanes)
    return e.fcmp("one", e.fabs(x), e.const(np.inf, x))


def signbit(e: Emitter, dtype: np.dtype, x: V) -> V:
    if is_float(dtype):
        x = e.cast("bitcast", x, "i32" if x.type == "float" else "i64")
    return e.icmp("slt", x, e.const(0, x)) if dtype.kind != "u" else e.constant(False, "i1", x.lanes)


def copysign(e: Emitter, dtype: np.dtype, x: V, y: V) -> V:
    return e.copysign(x, y)


def _logical(op: str) -> Scalar:
    def emit(e: Emitter, dtype: np.dtype, x: V, y: V) -> V:
        return e.binary(op, truth(e, dtype, x), truth(e, dtype, y))

    return emit


def _bitwise(op: str) -> Scalar:
    def emit(e: Emitter, dtype: np.dtype, x: V, y: V) -> V:
        return e.binary(op, x, y)

    return emit


logical_and, logical_or, logical_xor = map(_logical, ("and", "or", "xor"))
bitwise_and, bitwise_or, bitwise_xor = map(_bitwise, ("and", "or", "xor"))


def logical_not(e: Emitter, dtype: np.dtype, x: V) -> V:
    known = truth(e, dtype, x)
    return e.xor(known, e.const(True, known))


def invert(e: Emitter, dtype: np.dtype, x: V) -> V:
    return e.xor(x, e.const(True if x.type == "i1" else -1, x))


def left_shift(e: Emitter, dtype: np.dtype, x: V, y: V) -> V:
    bits = e.const(dtype.itemsize * 8, y)
    inside = e.icmp("ult", y, bits)
    zero = e.const(0, x)
    return e.select(inside, e.shl(x, e.select(inside, y, zero)), zero)


def right_shift(e: Emitter, dtype: np.dtype, x: V, y: V) -> V:
    bits = dtype.itemsize * 8
    inside = e.icmp("ult", y, e.const(bits, y))
    if dtype.kind == "u":
        zero = e.const(0, x)
        return e.select(inside, e.lshr(x, e.select(inside, y, zero)), zero)
    return e.ashr(x, e.select(inside, y, e.const(bits - 1, y)))


def where(e: Emitter, dtype: np.dtype, c: V, x: V, y: V) -> V:
    return e.select(c, x, y)


def converted(e: Emitter, dtype: np.dtype, x: V) -> V:
    """A number that has the dtype of the result by now."""
    return x


# --- functions of many instructions -------------------------------------------------------------------------------

exp, exp2, expm1, sigmoid, log, log2, log10, log1p = map(Long, "exp exp2 expm1 sigmoid log log2 log10 log1p".split())
logit, cbrt, hypot1, power, hypot, over_squares = map(Long, "logit cbrt hypot1 power hypot over_squares".split())
sin, cos, tan, arcsin, arccos, arctan, arctan2 = map(Long, "sin cos tan arcsin arccos arctan arctan2".split())
sinh, cosh, tanh, sech2, arcsinh, arccosh, arctanh = map(Long, "sinh cosh tanh sech2 arcsinh arccosh arctanh".split())
erf, erfc, erfcx, erfinv, ndtr, log_ndtr = map(Long, "erf erfc erfcx erfinv ndtr log_ndtr".split())
ndtri, i0, i0e, i0e_slope, i1, i1e = map(Long, "ndtri i0 i0e i0e_slope i1 i1e".split())
gammaln, digamma, logaddexp, logaddexp2 = map(Long, "gammaln digamma logaddexp logaddexp2".split())
xlogy, xlog1py, fmod, nextafter, heaviside = map(Long, "xlogy xlog1py fmod nextafter heaviside".split())
sine_and_cosine = Long("sin_and_cos")
floor_divide_floats, remainder_floats = map(Long, ("floor_divide", "remainder"))

# Of numbers that a narrower dtype has, these give such numbers: there is nothing to round.
EXACT = frozenset(
    {
        same,
        negative,
        absolute,
        sign,
        maximum,
        minimum,
        fmax,
        fmin,
        floor,
        ceil,
        trunc,
        rint,
        copysign,
        where,
        converted,
    }
)
