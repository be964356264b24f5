"""Elementwise operations: each a name, a NumPy function and its partial derivatives.

A partial is a formula in ``ans`` (the result) and the arguments. Sources: NIST DLMF 4.20, 4.35 (elementary
functions), 7.2 (error functions), 5.2 (gamma functions).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..config import canonical_dtype, config
from ..core import (
    PYTHON_SCALARS,
    Aval,
    LinearTracer,
    Primitive,
    Tracer,
    Value,
    as_array,
    as_value,
    demote,
    dtype_of,
    inexact_dtype,
    is_inexact,
    is_weak,
    shape_of,
)
from ..errors import DtypeError, NotDifferentiableError, NotLinearError
from ..lowering import Composition, Formula, formulas
from ..provided import provide
from .bounds import check_fits
from .declare import REAL, SHAPES, binary, function_of, inside, lazy_special, quietly, samples, unary
from .diagonal import on_weights
from .families import Elementwise, Linear, _coefficient, broadcast_shapes, fit, plus, spread, times, weighted_sum
from .power_series import POWER, PRODUCT, QUOTIENT, SQUARE
from .quiet import Quiet
from .sides import ASIDE, Slope
from .squares import Root, joins, known, passes, quotients_pass, squares_ask

ndarray = np.ndarray
LARGE = 256  # elements from which on several quick passes of NumPy cost less than one slow function


# --- arithmetic -------------------------------------------------------------------------------------------------


def _power(x: Any, y: Any) -> Any:
    if type(y) is int and y < 0 and type(x) in (int, bool):
        x = float(x)
    return np.power(x, y)


class _Mul(Elementwise):
    def jvp(self, primals: Sequence[Value], tangents: Sequence[Value | None], params: dict[str, Any]) -> Any:
        # What `Elementwise.jvp` does, spelled out: derivatives of products of tangents are full of these.
        (x, y), (tx, ty) = primals, tangents
        ans = self.bind(x, y)
        dtype = dtype_of(ans)
        if not inexact_dtype(dtype):
            return ans, None
        if tx is None:
            t = times(x, ty)
        else:
            t = times(tx, y) if ty is None else plus(times(tx, y), times(x, ty))
        if type(t) is not ndarray or t.shape != shape_of(ans) or t.dtype is not dtype:
            t = spread(t, shape_of(ans), dtype)
        return ans, t

    def keeps_zeros(self, zero: Sequence[bool]) -> bool:
        return True

    def record(self, tape: Any, args: Sequence[Value], params: dict[str, Any]) -> Any:
        x, y = args
        if tape.owns(x) and tape.owns(y):
            raise NotLinearError("the product of two tangents is not linear in them")
        t, c = (x, y) if tape.owns(x) else (y, x)
        if type(c) is int:
            c = float(c)
        shape = broadcast_shapes("multiply", shape_of(x), shape_of(y))
        dtype = self.abstract(
            x.aval if isinstance(x, Tracer) else _aval(x), y.aval if isinstance(y, Tracer) else _aval(y)
        ).dtype
        return tape.append(weighted_sum, ([c], [t]), None, shape, dtype)


class _Div(Elementwise):
    def jvp(self, primals: Sequence[Value], tangents: Sequence[Value | None], params: dict[str, Any]) -> Any:
        if tangents[0] is None or tangents[1] is None:
            return super().jvp(primals, tangents, params)
        # ``(tx - ans ty) / y``, by one inverse for both
        (x, y), (tx, ty) = primals, tangents
        ans = self.bind(x, y)
        dtype = dtype_of(ans)
        if not inexact_dtype(dtype):
            return ans, None
        t = times(plus(tx, times(ty, -ans)), _coefficient(_inverse, ans, primals))
        if type(t) is not ndarray or t.shape != shape_of(ans) or t.dtype is not dtype:
            t = spread(t, shape_of(ans), dtype)
        return ans, t

    def linearize(self, trace: Any, primals: Sequence[Value], tangents: Sequence[Any], params: dict[str, Any]) -> Any:
        tx, ty = tangents
        if tx is None or ty is None:
            return super().linearize(trace, primals, tangents, params)
        ans = self.bind(*primals)
        shape, dtype = shape_of(ans), dtype_of(ans)
        if not inexact_dtype(dtype):
            return ans
        minus = -ans
        t = trace.tape.append(
            weighted_sum, ([1, float(minus) if type(minus) is int else minus], [tx, ty]), None, shape, dtype
        )
        return trace.step(ans, shape, dtype, weighted_sum, ([_coefficient(_inverse, ans, primals)], [t]), None)

    def keeps_zeros(self, zero: Sequence[bool]) -> bool:
        return not zero[1]

    def record(self, tape: Any, args: Sequence[Value], params: dict[str, Any]) -> Any:
        if tape.owns(args[1]):
            raise NotLinearError("divide is not linear in its second argument")
        return Primitive.record(self, tape, args, params)

    def transpose(self, cotangent: Any, args: Sequence[Value], params: dict[str, Any]) -> Sequence[Value | None]:
        x, y = args
        if not hasattr(x, "index") or (isinstance(y, Tracer) and y._trace is x._trace):
            raise NotLinearError("divide is not linear in its second argument")
        return (fit(cotangent / y, x.shape, x.dtype), None)


def _inverse(ans: Value, x: Value, y: Value) -> Value:
    return 1 / y


def _aval(x: Value) -> Aval:
    from ..core import aval_of

    return aval_of(x)


add_p = binary("add", np.add, 1, 1, weak=True, linear=True, native=formulas.add)
sub_p = binary("subtract", np.subtract, 1, -1, weak=True, linear=True, native=formulas.subtract)
neg_p = unary("negative", np.negative, -1, weak=True, linear=True, native=formulas.negative)
mul_p = _Mul(
    "multiply",
    np.multiply,
    (lambda ans, x, y: y, lambda ans, x, y: x),
    weak=True,
    samples=samples(REAL, REAL),
    native=formulas.multiply,
    recurrence=PRODUCT,
)
div_p = _Div(
    "divide",
    np.true_divide,
    (_inverse, (_inverse, lambda ans, x, y: -ans)),
    weak=True,
    samples=samples(REAL, (0.3, 2.0)),
    native=Formula(formulas.divide, cost=4, kinds="f"),
    recurrence=QUOTIENT,
)


def _power_dx(ans: Value, x: Value, y: Value) -> Value:
    if type(y) in (int, float):
        if y == 0:
            return 0.0
        if y in (1, 2):
            return y if y == 1 and type(y) is float else (1.0 if y == 1 else 2 * x)
        if abs(y) >= 0.5 or y - 1 + 1 == y or dtype_of(ans).kind != "f":
            return y * power(x, y - 1)
    # Only the corner is chosen by value: elsewhere at exponent 0 the derivative in y of this is 1 / x.
    at_zero = equal(x, 0)
    corner = logical_and(at_zero, equal(y, 0))
    if type(at_zero) in (ndarray, np.bool_) and not at_zero.any():
        slope = y * power(x, y - 1)
    else:  # at 0 the derivative in y is that of the power alone, which is infinite where both are
        factor = where(at_zero, stop_gradient_p.bind(y), y)
        slope = where(corner, 0.0, factor * power(x, where(corner, 1.0, y - 1)))
    # A small exponent is rounded where 1 is taken from it, by log(x) / 2 ULP of the power.
    if dtype_of(ans).kind != "f":
        return slope
    small = logical_and(less(absolute(y), 0.5), logical_not(at_zero))
    if type(small) in (ndarray, np.bool_) and not small.any():
        return slope
    return where(small, y * (ans / where(small, x, 1.0)), slope)


def _power_dy(ans: Value, x: Value, y: Value) -> Value:
    # ``x**y log(x)``. At x == 0 it behaves like ``-x**y``, in value and derivative, but at exponents 0 and 1.
    at_zero = equal(x, 0)
    if type(at_zero) in (ndarray, np.bool_) and not at_zero.any():
        return ans * log(x)
    end = where(at_zero, x, 1.0) if dtype_of(ans).kind == "f" else 0.0 * y
    at_end = where(equal(y, 0), -np.inf, where(equal(y, 1), -sqrt(end), -ans))
    return where(at_zero, at_end, ans * log(where(at_zero, 1.0, x)))


power_p = binary(
    "power",
    _power,
    quietly(_power_dx),
    quietly(_power_dy),
    ((0.3, 2.0), REAL),
    weak=True,
    native=Formula(formulas.power, loop=np.power),
    recurrence=POWER,
)
mod_p = binary(
    "remainder",
    np.remainder,
    1,
    lambda ans, x, y: -floor_divide(x, y),
    ((0.1, 0.25), (0.3, 2.0)),
    weak=True,
    native=Formula(formulas.remainder, cost=10, floats=formulas.remainder_floats),
)
fmod_p = binary("fmod", np.fmod, 1, lambda ans, x, y: -trunc(x / y), ((0.1, 0.25), (0.3, 2.0)), native=formulas.fmod)
floor_divide_p = Elementwise(
    "floor_divide",
    np.floor_divide,
    None,
    weak=True,
    samples=samples(REAL, (0.3, 2.0)),
    native=Formula(formulas.floor_divide, cost=10, floats=formulas.floor_divide_floats),
)
pos_p = unary("positive", np.positive, 1, weak=True, linear=True, native=Formula(formulas.same, selects=True))


class _OfModulus(Elementwise):
    """A function whose rule for complex numbers is `complex_tangent`: it is not holomorphic."""

    def complex_tangent(self, ans: Value, x: Value, t: Value) -> Value:
        raise NotImplementedError

    def jvp(self, primals: Sequence[Value], tangents: Sequence[Value | None], params: dict[str, Any]) -> Any:
        (x,), (t,) = primals, tangents
        if dtype_of(x).kind != "c" or t is None:
            return super().jvp(primals, tangents, params)
        ans = self.bind(x)
        return ans, self.complex_tangent(ans, x, t)

    def linearize(self, trace: Any, primals: Sequence[Value], tangents: Sequence[Any], params: dict[str, Any]) -> Any:
        if dtype_of(primals[0]).kind == "c":
            return Primitive.linearize(self, trace, primals, tangents, params)
        return super().linearize(trace, primals, tangents, params)


def _ratio(x: Any, size: Any) -> Any:
    with np.errstate(divide="ignore", invalid="ignore"):
        out = np.true_divide(x, size)
    missing = np.equal(size, 0)
    return np.where(missing, out.dtype.type(0), out)[()] if missing.any() else out


def _ratio_by_choice(x: Value, size: Value) -> Value:
    at_zero = equal(size, 0)
    if "c" in (dtype_of(x).kind, dtype_of(size).kind):  # divided by NumPy, which would warn
        size = where(at_zero, dtype_of(size).type(1), size)
    out = divide(x, size)
    return where(at_zero, dtype_of(out).type(0), out)


def _curvature(size: Value) -> Value:
    """``1 / size``, and NaN at 0, where the curvature of a norm is unbounded."""
    return 1 / where(equal(size, 0), dtype_of(size).type(np.nan), size)


# ``x / size`` where `size` is a norm of which `x` is a component: how the norm grows with it, and 0 at 0, the least
# of the subgradients. The next derivative is NaN there: it is infinite, and no direction has more of a claim than others.
ratio_p = binary(
    "ratio",
    _ratio,
    quietly(lambda ans, x, size: _curvature(size)),
    quietly(lambda ans, x, size: -ans * _curvature(size)),
    native=Composition(_ratio_by_choice),
)
ratio = ratio_p.bind


class _Abs(_OfModulus):
    kink = True

    def jvp(self, primals: Sequence[Value], tangents: Sequence[Value | None], params: dict[str, Any]) -> Any:
        (x,), (t,) = primals, tangents
        if ASIDE.on and t is not None and inexact_dtype(dtype_of(x)) and dtype_of(x).kind != "c":
            return self.bind(x), multiply(slope_toward_p.bind(x, t), t)
        return super().jvp(primals, tangents, params)

    def complex_tangent(self, ans: Value, x: Value, t: Value) -> Value:
        return real(conj(ratio(x, ans)) * t)


class _Sign(_OfModulus):
    """``z / |z|`` of a complex number turns with it: its tangent is at a right angle to it. At 0 there is none."""

    def complex_tangent(self, ans: Value, x: Value, t: Value) -> Value:
        size = absolute(x)
        turn = imag(conj(ans) * t) / where(equal(size, 0), dtype_of(size).type(np.inf), size)
        return ans * (convert(turn, dtype_of(ans)) * dtype_of(ans).type(1j))


def _sum_of_squares(two: Callable[[], tuple[Value, Value]], *source: Value) -> Root:
    def total() -> Value:
        x, y = two()
        return square(x) + square(y)

    def parts() -> Value:
        from .shape import broadcast_to, stack

        x, y = two()
        shape = broadcast_shapes("hypot", shape_of(x), shape_of(y))
        return stack([broadcast_to(x, shape), broadcast_to(y, shape)])

    return Root(square=total, parts=parts, source=source)


def _of_modulus(x: Value) -> Root:
    """Of ``|x|``; of a complex number the square is a sum of two."""
    if dtype_of(x).kind == "c":
        return _sum_of_squares(lambda: (real(x), imag(x)), x)
    return Root(signed=lambda: x, source=(x,))


abs_p = _Abs(
    "absolute",
    np.absolute,
    (lambda ans, x: slope_p.bind(x),),
    weak=True,
    samples=samples(REAL),
    native=formulas.absolute,
)
known(abs_p, _of_modulus)
sign_p = _Sign("sign", np.sign, None, samples=samples(REAL), native=Formula(formulas.sign, bounded=True))


def _toward(x: Any, t: Any) -> Any:
    return np.where(np.equal(x, 0), np.sign(t), np.sign(x))[()]


# How ``|x|`` grows with a real x: as its sign says, and at the kink 0 or, beside it, as the sign of how x moves.
_REALS = {"complex": "a slope is that of the modulus of a real number"}
slope_p = Slope("slope", np.sign, samples=samples(REAL), reasons=_REALS, native=Formula(formulas.sign, bounded=True))
slope_toward_p = Slope(
    "slope_toward",
    _toward,
    samples=lambda: [((np.array([0.4, -0.5, 2.0]), np.array([-0.3, 0.2, 0.7])), {})],
    reasons=_REALS,
    native=Composition(lambda x, t: where(equal(x, 0), sign(t), sign(x))),
)
Slope.toward = slope_toward_p.bind
square_p = unary("square", np.square, lambda ans, x: 2 * x, native=formulas.square, recurrence=SQUARE)
squares_ask(square_p, power_p, mul_p)
quotients_pass(div_p)
passes(neg_p, pos_p, sign=True)
reciprocal_p = unary(
    "reciprocal",
    np.reciprocal,
    (lambda ans, x: ans, lambda ans, x: -ans),
    (0.3, 2.0),
    native=Formula(formulas.reciprocal, cost=4, kinds="f"),
)
sqrt_p = unary(
    "sqrt", np.sqrt, quietly(lambda ans, x: 0.5 / ans), (0.2, 3.0), native=Formula(formulas.sqrt, cost=6, kinds="f")
)
cbrt_p = unary("cbrt", np.cbrt, quietly(lambda ans, x: 1 / (3 * ans * ans)), (0.2, 3.0), native=formulas.cbrt)
rsqrt_p = unary(
    "rsqrt",
    lambda x: 1 / np.sqrt(x),
    quietly(lambda ans, x: -0.5 * ans / x),
    (0.2, 3.0),
    native=Formula(formulas.rsqrt, cost=8, kinds="f"),
)

# --- exponentials and logarithms --------------------------------------------------------------------------------

LN2, LN10 = float(np.log(2.0)), float(np.log(10.0))
exp_p = unary("exp", np.exp, lambda ans, x: ans, native=Formula(formulas.exp, bounded="below 0"))
exp2_p = unary("exp2", np.exp2, lambda ans, x: LN2 * ans, native=formulas.exp2)
expm1_p = unary("expm1", np.expm1, lambda ans, x: exp(x), native=formulas.expm1)
log_p = unary("log", np.log, lambda ans, x: 1 / x, (0.2, 3.0), native=formulas.log)
log2_p = unary("log2", np.log2, lambda ans, x: 1 / (LN2 * x), (0.2, 3.0), native=formulas.log2)
log10_p = unary("log10", np.log10, lambda ans, x: 1 / (LN10 * x), (0.2, 3.0), native=formulas.log10)
log1p_p = unary("log1p", np.log1p, lambda ans, x: 1 / (1 + x), (-0.5, 3.0), native=formulas.log1p)


_OVERFLOW = Quiet("over")


def _sigmoid(x: Any) -> Any:
    if (type(x) is np.float64 or type(x) is float) and -700 < x < 700:
        return np.float64(1 / (1 + math.exp(-x)))
    dtype = dtype_of(x)
    if dtype == np.float32:  # in which the exponential overflows where the result does not vanish
        return _sigmoid(np.asarray(x, np.float64)).astype(np.float32)
    if dtype.kind == "c":
        raise DtypeError("sigmoid is for real numbers; write 1 / (1 + exp(-x))")
    before = _OVERFLOW.begin()
    out = np.exp(np.negative(x, dtype=dtype if dtype.kind == "f" else np.float64))
    if type(out) is ndarray:
        out += 1
        np.reciprocal(out, out)
    else:
        out = 1 / (1 + out)
    _OVERFLOW.end(before)
    return out


sigmoid_p = unary("sigmoid", _sigmoid, lambda ans, x: ans * sigmoid(-x), native=Formula(formulas.sigmoid, bounded=True))
# ``x / (1 + |x|)``: its derivative as that of a quotient would cancel for large x.
soft_sign_p = unary(
    "soft_sign",
    lambda x: x / (1 + np.absolute(x)),
    lambda ans, x: square(1 / (1 + absolute(x))),
    reasons={"complex": "it is not holomorphic"},
    native=Formula(formulas.soft_sign, cost=8),
)
# The weight of x in ``exp(x) + exp(y)`` is a function of ``x - y`` alone: half where both are infinite alike.
logaddexp_p = binary(
    "logaddexp",
    np.logaddexp,
    lambda ans, x, y: sigmoid(offset_p.bind(x, y)),
    lambda ans, x, y: sigmoid(offset_p.bind(y, x)),
    (REAL, REAL),
    native=formulas.logaddexp,
)
logaddexp2_p = binary(
    "logaddexp2",
    np.logaddexp2,
    lambda ans, x, y: sigmoid(LN2 * offset_p.bind(x, y)),
    lambda ans, x, y: sigmoid(LN2 * offset_p.bind(y, x)),
    (REAL, REAL),
    native=formulas.logaddexp2,
)


def _offset(x: Any, y: Any) -> Any:
    if np.isfinite(y).all():
        return x - y
    with np.errstate(invalid="ignore"):
        return np.where(x == y, dtype_of(x).type(0), x - y)[()]


# ``x - y``, and 0 where they are equal infinities: how far exponents stand from the largest.
offset_p = binary("offset", _offset, 1, -1, (REAL, REAL), native=formulas.offset)


# --- trigonometry -----------------------------------------------------------------------------------------------

sin_p = unary(
    "sin",
    np.sin,
    lambda ans, x: cos(x),
    native=Formula(formulas.sin, bounded=True, shares="turn", both=(formulas.sine_and_cosine, 0)),
)
cos_p = unary(
    "cos",
    np.cos,
    lambda ans, x: -sin(x),
    native=Formula(formulas.cos, bounded=True, shares="turn", both=(formulas.sine_and_cosine, 1)),
)
tan_p = unary(
    "tan",
    np.tan,
    lambda ans, x: sech2(x * 1j) if dtype_of(x).kind == "c" else 1 + square(ans),
    (-1.2, 1.2),
    native=formulas.tan,
)
arcsin_p = unary(
    "arcsin", np.arcsin, quietly(lambda ans, x: 1 / sqrt(1 - square(x))), (-0.9, 0.9), native=formulas.arcsin
)
arccos_p = unary(
    "arccos", np.arccos, quietly(lambda ans, x: -1 / sqrt(1 - square(x))), (-0.9, 0.9), native=formulas.arccos
)
arctan_p = unary("arctan", np.arctan, quietly(lambda ans, x: 1 / (1 + square(x))), native=formulas.arctan)
sinh_p = unary("sinh", np.sinh, lambda ans, x: cosh(x), native=formulas.sinh)
cosh_p = unary("cosh", np.cosh, lambda ans, x: sinh(x), native=formulas.cosh)


def _sech2(x: Any) -> Any:
    if dtype_of(x).kind == "c":  # by the exponential that does not overflow
        u = np.exp(np.where(np.real(x) < 0, 2 * x, -2 * x))[()]
        return (4 * u / np.square(1 + u)).astype(dtype_of(x))
    if type(x) is float and -100 < x < 100:
        out = 1 / math.cosh(x)
        return np.float64(out * out)
    before = _OVERFLOW.begin()
    out = np.reciprocal(np.cosh(x))
    _OVERFLOW.end(before)
    return np.multiply(out, out, out) if type(out) is np.ndarray else out * out


# ``1 / cosh(x)**2``, the derivative of tanh: ``1 - tanh(x)**2`` is 0 where tanh has rounded to 1.
sech2_p = unary("sech2", _sech2, lambda ans, x: -2 * ans * tanh(x), native=Formula(formulas.sech2, shares="exp(-2|x|)"))
tanh_p = unary(
    "tanh", np.tanh, lambda ans, x: sech2(x), native=Formula(formulas.tanh, bounded=True, shares="exp(-2|x|)")
)
arcsinh_p = unary("arcsinh", np.arcsinh, lambda ans, x: 1 / _root_of_one_and_square(x), native=formulas.arcsinh)
arccosh_p = unary(
    "arccosh", np.arccosh, quietly(lambda ans, x: rsqrt(x - 1) / sqrt(x + 1)), (1.2, 3.0), native=formulas.arccosh
)
arctanh_p = unary("arctanh", np.arctanh, lambda ans, x: 1 / (1 - square(x)), (-0.9, 0.9), native=formulas.arctanh)


def _hypot1(x: Any) -> Any:
    if np.size(x) < LARGE:
        return np.hypot(x, 1.0)
    with np.errstate(over="ignore"):  # NumPy's hypot is slow
        out = np.sqrt(1 + np.square(x))
    return out if np.isfinite(out).all() else np.where(np.isinf(out), np.abs(x), out)


hypot1_p = unary(
    "hypot1",
    _hypot1,
    lambda ans, x: x / ans,
    reasons={"complex": "hypot is for real numbers"},
    native=formulas.hypot1,
)


def _root_of_one_and_square(x: Value) -> Value:
    if dtype_of(x).kind == "c":
        ix = x * 1j
        return sqrt(1 + ix) * sqrt(1 - ix)
    return hypot1(x)


def _over_squares(x: Any, y: Any) -> Any:
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        r = np.hypot(x, y)
        out = x / r / r
        if (out == out) if not shape_of(out) else not np.isnan(out).any():
            return out
        limit = np.copysign(out.dtype.type(0), x)  # at infinite numbers
        return np.where(np.isinf(x) & ~np.isnan(y), limit, out).astype(out.dtype)[()]


# ``x / (x**2 + y**2)``, also where the squares overflow or vanish: with z = x + iy the real part of 1/z, and its
# derivatives are those of ``-1 / z**2``.
over_squares_p = binary(
    "over_squares",
    _over_squares,
    (lambda ans, x, y: over_squares(y, x) - ans, lambda ans, x, y: over_squares(y, x) + ans),
    (lambda ans, x, y: ans, lambda ans, x, y: -2 * over_squares(y, x)),
    reasons={"complex": "arctan2, whose derivative it is, is for real numbers"},
    native=formulas.over_squares,
)
arctan2_p = binary(
    "arctan2",
    np.arctan2,
    lambda ans, x, y: over_squares(y, x),
    lambda ans, x, y: -over_squares(x, y),
    ((0.3, 2.0), REAL),
    native=formulas.arctan2,
)
hypot_p = binary(
    "hypot", np.hypot, lambda ans, x, y: ratio(x, ans), lambda ans, x, y: ratio(y, ans), native=formulas.hypot
)
known(hypot_p, lambda x, y: _sum_of_squares(lambda: (x, y), x, y))

# --- special functions (scipy.special) --------------------------------------------------------------------------

_2_SQRTPI = 2 / float(np.sqrt(np.pi))
erf_p = unary(
    "erf",
    lazy_special("erf"),
    quietly(lambda ans, x: _2_SQRTPI * exp(-x * x)),
    native=Formula(formulas.erf, bounded=True),
)
erfc_p = unary("erfc", lazy_special("erfc"), quietly(lambda ans, x: -_2_SQRTPI * exp(-x * x)), native=formulas.erfc)
erfinv_p = unary(
    "erfinv", lazy_special("erfinv"), lambda ans, x: exp(ans * ans) / _2_SQRTPI, (-0.9, 0.9), native=formulas.erfinv
)
gammaln_p = unary("gammaln", lazy_special("gammaln"), lambda ans, x: digamma(x), (0.4, 4.0), native=formulas.gammaln)
digamma_p = unary(
    "digamma",
    lazy_special("digamma"),
    lambda ans, x: polygamma(1.0, x),
    (0.4, 4.0),
    reasons={"complex": "its derivative needs the zeta function, which SciPy has for real numbers"},
    native=formulas.digamma,
)


def _polygamma(n: Any, x: Any) -> Any:
    # DLMF 5.15: psi^(n)(x) = (-1)^(n+1) n! zeta(n+1, x)
    import scipy.special as sp

    n, x = np.asarray(n), np.asarray(x)
    dtype = np.result_type(n, x, np.float32) if np.result_type(n, x).kind == "f" else np.float64
    value = np.where(n == 0, sp.digamma(x), (-1.0) ** (n + 1) * sp.gamma(n + 1.0) * sp.zeta(n + 1.0, x))
    return value.astype(dtype)[()]


def _no_order_derivative(ans: Value, n: Value, x: Value) -> Value:
    raise NotDifferentiableError("polygamma has no derivative in its order n; wrap n in stop_gradient")


polygamma_p = Elementwise(
    "polygamma",
    _polygamma,
    (_no_order_derivative, lambda ans, n, x: polygamma(n + 1.0, x)),
    samples=lambda: [((np.full(s, 1), inside(0.4, 4.0)(s, 5)), {}) for s in SHAPES],
)

# --- choice and order -------------------------------------------------------------------------------------------


def _share(x: Value, y: Value, ans: Value, wins: Value) -> Value:
    """1 where x was chosen, 1/2 at a tie, 0 where it was not; NaN where the choice is."""
    number = dtype_of(ans).type
    lost: Value = number(0)
    unknown = isnan(ans) if isinstance(ans, Tracer) else np.isnan(ans)
    if isinstance(unknown, Tracer) or unknown.any():
        lost = where(unknown, number(np.nan), lost)
    return where(equal(x, y), number(0.5), where(wins, number(1), lost))


def _extreme(name: str, function: Any, ahead: Callable[[Value, Value], Value], **options: Any) -> Elementwise:
    """The argument that is ahead of the other; ties are shared."""
    return binary(
        name,
        function,
        lambda ans, x, y: _share(x, y, ans, ahead(x, y)),
        lambda ans, x, y: _share(y, x, ans, ahead(y, x)),
        choice=True,
        **options,
    )


maximum_p = _extreme("maximum", np.maximum, lambda x, y: greater(x, y), weak=False, native=formulas.maximum)
minimum_p = _extreme("minimum", np.minimum, lambda x, y: less(x, y), native=formulas.minimum)
# A number wins over NaN.
fmax_p = _extreme("fmax", np.fmax, lambda x, y: logical_or(greater(x, y), isnan(y)), native=formulas.fmax)
fmin_p = _extreme("fmin", np.fmin, lambda x, y: logical_or(less(x, y), isnan(y)), native=formulas.fmin)

# --- no derivative: rounding, comparison, logic, bits ------------------------------------------------------------

_NO_TANGENT: dict[str, Elementwise] = {}


def _flat(name: str, function: Any, arity: int = 1, **kw: Any) -> Elementwise:
    p = Elementwise(name, function, None, samples=samples(*[REAL] * arity), **kw)
    _NO_TANGENT[name] = p
    return p


def _int_samples(arity: int) -> Callable[[], list[tuple[tuple[Value, ...], dict[str, Any]]]]:
    def make() -> list[tuple[tuple[Value, ...], dict[str, Any]]]:
        rng = np.random.default_rng(3)
        return [(tuple(rng.integers(0, 5, shape) for _ in range(arity)), {}) for shape in SHAPES]

    return make


floor_p = _flat("floor", np.floor, native=formulas.floor)
ceil_p = _flat("ceil", np.ceil, native=formulas.ceil)
trunc_p = _flat("trunc", np.trunc, native=formulas.trunc)
rint_p = _flat("rint", np.rint, native=formulas.rint)
equal_p = _flat("equal", np.equal, 2, weak=True, native=Formula(formulas.equal, order=True))
not_equal_p = _flat("not_equal", np.not_equal, 2, weak=True, native=Formula(formulas.not_equal, order=True))
less_p = _flat("less", np.less, 2, weak=True, native=Formula(formulas.less, order=True))
less_equal_p = _flat("less_equal", np.less_equal, 2, weak=True, native=Formula(formulas.less_equal, order=True))
greater_p = _flat("greater", np.greater, 2, weak=True, native=Formula(formulas.greater, order=True))
greater_equal_p = _flat(
    "greater_equal", np.greater_equal, 2, weak=True, native=Formula(formulas.greater_equal, order=True)
)
logical_and_p = _flat("logical_and", np.logical_and, 2, native=Formula(formulas.logical_and, truth=True))
logical_or_p = _flat("logical_or", np.logical_or, 2, native=Formula(formulas.logical_or, truth=True))
logical_xor_p = _flat("logical_xor", np.logical_xor, 2, native=Formula(formulas.logical_xor, truth=True))
logical_not_p = _flat("logical_not", np.logical_not, native=Formula(formulas.logical_not, truth=True))
isfinite_p = _flat("isfinite", np.isfinite, native=formulas.isfinite)
isinf_p = _flat("isinf", np.isinf, native=formulas.isinf)
isnan_p = _flat("isnan", np.isnan, native=formulas.isnan)
signbit_p = _flat("signbit", np.signbit, native=formulas.signbit)
nextafter_p = _flat("nextafter", np.nextafter, 2, native=formulas.nextafter)
heaviside_p = binary(
    "heaviside",
    np.heaviside,
    None,
    lambda ans, x, y: convert(equal(x, 0), dtype_of(ans)),
    choice=True,
    native=formulas.heaviside,
)


def _bits(name: str, function: Any, arity: int = 2, **kw: Any) -> Elementwise:
    return Elementwise(name, function, None, weak=True, samples=_int_samples(arity), **kw)


bitwise_and_p = _bits("bitwise_and", np.bitwise_and, native=formulas.bitwise_and)
bitwise_or_p = _bits("bitwise_or", np.bitwise_or, native=formulas.bitwise_or)
bitwise_xor_p = _bits("bitwise_xor", np.bitwise_xor, native=formulas.bitwise_xor)
invert_p = _bits("invert", np.invert, 1, native=formulas.invert)
left_shift_p = _bits("left_shift", np.left_shift, native=formulas.left_shift)
right_shift_p = _bits("right_shift", np.right_shift, native=formulas.right_shift)
gcd_p = _bits("gcd", np.gcd)
lcm_p = _bits("lcm", np.lcm)
copysign_p = binary(
    "copysign", np.copysign, lambda ans, x, y: sign(x) * sign(ans), None, native=Formula(formulas.copysign, kinds="f")
)
ldexp_p = Elementwise(
    "ldexp",
    np.ldexp,
    (lambda ans, x, n: exp2(n.astype(dtype_of(ans)) if hasattr(n, "astype") else float(n)), None),
    samples=lambda: [((np.array([0.5, -1.5]), np.array([1, 2])), {})],
)


def _own(avals: Sequence[Aval], out: Aval) -> tuple[list[np.dtype], np.dtype]:
    """The dtypes of the loop of an operation that leaves numbers as they are."""
    return [avals[0].dtype], avals[0].dtype


stop_gradient_p = Elementwise(
    "stop_gradient",
    lambda x: x,
    None,
    weak=True,
    samples=samples(REAL),
    native=Formula(formulas.same, selects=True, loop=_own),
)

# --- complex ----------------------------------------------------------------------------------------------------


def _complex_samples() -> list[tuple[tuple[Value, ...], dict[str, Any]]]:
    return [((inside(*REAL)(s, 2) + 1j * inside(*REAL)(s, 3),), {}) for s in SHAPES]


def _same_shape_rule(function: Any) -> Callable[..., Aval]:
    def rule(x: Aval) -> Aval:
        return Aval(x.shape, canonical_dtype(function(np.empty((0,), x.dtype)).dtype))

    return rule


def _real_transpose(ct: Value, x: Any) -> Value:
    return convert(ct, x.dtype)


def _imag_transpose(ct: Value, x: Any) -> Value:
    return ct * x.dtype.type(-1j) if x.dtype.kind == "c" else ct * x.dtype.type(0)


real_p = Linear(
    "real",
    lambda x: np.real(x) + 0,
    _same_shape_rule(np.real),
    _real_transpose,
    lambda n, x: real(x),
    samples=_complex_samples,
    mixes=0,
)
imag_p = Linear(
    "imag",
    lambda x: np.imag(x).copy(),
    _same_shape_rule(np.imag),
    _imag_transpose,
    lambda n, x: imag(x),
    pattern=None,  # of ones it is 0
    samples=_complex_samples,
    mixes=0,
)
conj_p = Linear(
    "conj",
    np.conj,
    _same_shape_rule(np.conj),
    lambda ct, x: conj(ct),
    lambda n, x: conj(x),
    samples=_complex_samples,
    mixes=0,
)


# --- convert ----------------------------------------------------------------------------------------------------


def _convert_impl(x: Value, *, dtype: np.dtype) -> Value:
    if type(x) in PYTHON_SCALARS:
        return dtype.type(x.real if dtype.kind != "c" and type(x) is complex else x)
    if x.dtype.kind == "c" and dtype.kind not in "cb":
        x = x.real
    return x.astype(dtype)


convert_p = Linear(
    "convert",
    _convert_impl,
    lambda x, *, dtype: Aval(x.shape, dtype),
    lambda ct, x, *, dtype: convert(ct, x.dtype),
    lambda n, x, *, dtype: convert(x, dtype),
    diagonal_rule=lambda x, *, dtype: x.with_weights(convert(x.weights, dtype)),
    samples=lambda: [
        ((inside(*REAL)(s, 2),), {"dtype": np.dtype(d)}) for s in SHAPES for d in (np.float64, np.complex128, np.int64)
    ],
    native=Formula(formulas.converted, loop=lambda avals, out: ([out.dtype], out.dtype)),
)


passes(convert_p)


@provide
def convert(x: Value, dtype: Any) -> Value:
    """`x` with another dtype (always a strong one); the real part where a complex value becomes real.

    Raises:
        OverflowError: a Python integer that a dtype of integers cannot hold.
    """
    d = canonical_dtype(dtype)
    if is_weak(x):
        if d.kind in "iu" and dtype_of(x).kind == "i":
            check_fits(x, d)
    elif dtype_of(x) == d:
        return x
    return convert_p.bind(x, dtype=d)


def as_positions(x: Any, what: str = "") -> Value:
    """Integers that count along axes, in a dtype in which adding the length of an axis does not overflow.

    With `what` anything but integers and truth values is a TypeError that names that function; without it, it stays as it is.
    """
    x = as_array(x)
    if dtype_of(x).kind in "biu":
        return convert(x, config.int_dtype)
    if what:
        raise DtypeError(f"{what}: indices must be integers, got {dtype_of(x)}")
    return x


# --- where ------------------------------------------------------------------------------------------------------


class _Where(Elementwise):
    """``where(condition, x, y)``: linear in x and y; what is not chosen receives no cotangent."""

    def impl(self, *args: Value) -> Value:
        condition, x, y = args
        if type(x) in PYTHON_SCALARS and type(y) in PYTHON_SCALARS:
            x = dtype_of(x).type(x) if type(x) is not bool or type(y) is bool else x
        out = np.where(condition, x, y)
        out = out[()] if out.ndim == 0 else out
        if not config._x64:
            from ..core import demote

            out = demote(out)
        return out

    def jvp(self, primals: Sequence[Value], tangents: Sequence[Value | None], params: dict[str, Any]) -> Any:
        c, x, y = primals
        _, tx, ty = tangents
        ans = self.bind(c, x, y)
        if (tx is None and ty is None) or not is_inexact(ans):
            return ans, None
        zero = np.zeros((), dtype_of(ans))[()]
        t = self.bind(c, zero if tx is None else tx, zero if ty is None else ty)
        return ans, spread(t, shape_of(ans), dtype_of(ans))

    def series(self, primals: Sequence[Value], given: Sequence[Any], params: dict[str, Any]) -> Any:
        def rule(k: int, own: Any, primals: Sequence[Value], given: Sequence[Any]) -> Value | None:
            x, y = (None if g is None else g(k) for g in given[1:])
            if x is None and y is None:
                return None
            zero = dtype_of(y if x is None else x).type(0)
            return self.bind(primals[0], zero if x is None else x, zero if y is None else y)

        return rule

    pattern = "drops"

    def linearize(self, trace: Any, primals: Sequence[Value], tangents: Sequence[Any], params: dict[str, Any]) -> Any:
        return Primitive.linearize(self, trace, primals, tangents, params)

    def batch_diagonal(self, args: Sequence[Any], batched: Sequence[bool], params: dict[str, Any]) -> Any:
        sides = [b or (not isinstance(a, Tracer) and shape_of(a) == () and a == 0) for a, b in zip(args, batched)]  # noqa: B905
        return on_weights(self.bind, args) if not batched[0] and all(sides[1:]) else None

    def record(self, tape: Any, args: Sequence[Value], params: dict[str, Any]) -> Any:
        for a in args[1:]:
            if not tape.owns(a) and (isinstance(a, Tracer) or np.any(np.asarray(a) != 0)):
                raise NotLinearError("where of a tangent and a value that is not zero is not linear in the tangent")
        return Primitive.record(self, tape, args, params)

    def transpose(self, cotangent: Any, args: Sequence[Value], params: dict[str, Any]) -> Sequence[Value | None]:

        c, x, y = args
        zero = np.zeros((), dtype_of(cotangent))[()]
        gx = fit(where(c, cotangent, zero), x.shape, x.dtype) if isinstance(x, LinearTracer) else None
        gy = fit(where(c, zero, cotangent), y.shape, y.dtype) if isinstance(y, LinearTracer) else None
        return (None, gx, gy)


def _where_samples() -> list[tuple[tuple[Value, ...], dict[str, Any]]]:
    make = inside(*REAL)
    return [((make(s, 1) > 0, make(s, 2), make(s, 3)), {}) for s in SHAPES] + [
        ((make((2, 1), 1) > 0, make((3,), 2), 0.5), {})
    ]


def _chosen_from(avals: Sequence[Aval], out: Aval) -> tuple[list[np.dtype], np.dtype]:
    return [np.dtype(bool), out.dtype, out.dtype], out.dtype


where_p = _Where(
    "where",
    np.where,
    (None, None, None),
    choice=True,
    samples=_where_samples,
    native=Formula(formulas.where, loop=_chosen_from),
)
joins(where_p, skip=1)


# --- functions --------------------------------------------------------------------------------------------------


add, subtract, negative, multiply, divide = map(function_of, (add_p, sub_p, neg_p, mul_p, div_p))
power, remainder, fmod, floor_divide, positive = map(function_of, (power_p, mod_p, fmod_p, floor_divide_p, pos_p))
absolute, sign, square, reciprocal = map(function_of, (abs_p, sign_p, square_p, reciprocal_p))
sqrt, cbrt, rsqrt = map(function_of, (sqrt_p, cbrt_p, rsqrt_p))
exp, exp2, expm1, log, log2, log10, log1p = map(function_of, (exp_p, exp2_p, expm1_p, log_p, log2_p, log10_p, log1p_p))
sigmoid, logaddexp, logaddexp2 = map(function_of, (sigmoid_p, logaddexp_p, logaddexp2_p))
soft_sign = function_of(soft_sign_p)
sin, cos, tan, arcsin, arccos, arctan = map(function_of, (sin_p, cos_p, tan_p, arcsin_p, arccos_p, arctan_p))
sinh, cosh, tanh, sech2, arcsinh, arccosh, arctanh = map(
    function_of, (sinh_p, cosh_p, tanh_p, sech2_p, arcsinh_p, arccosh_p, arctanh_p)
)
arctan2, hypot, hypot1, over_squares = map(function_of, (arctan2_p, hypot_p, hypot1_p, over_squares_p))
erf, erfc, erfinv, gammaln, digamma = map(function_of, (erf_p, erfc_p, erfinv_p, gammaln_p, digamma_p))
polygamma = function_of(polygamma_p)
maximum, minimum, fmax, fmin = map(function_of, (maximum_p, minimum_p, fmax_p, fmin_p))
floor, ceil, trunc, rint = map(function_of, (floor_p, ceil_p, trunc_p, rint_p))
equal, not_equal, less, less_equal, greater, greater_equal = map(
    function_of, (equal_p, not_equal_p, less_p, less_equal_p, greater_p, greater_equal_p)
)
logical_and, logical_or, logical_xor, logical_not = map(
    function_of, (logical_and_p, logical_or_p, logical_xor_p, logical_not_p)
)
isfinite, isinf, isnan, signbit = map(function_of, (isfinite_p, isinf_p, isnan_p, signbit_p))
nextafter, heaviside = map(function_of, (nextafter_p, heaviside_p))
bitwise_and, bitwise_or, bitwise_xor, invert = map(function_of, (bitwise_and_p, bitwise_or_p, bitwise_xor_p, invert_p))
left_shift, right_shift, gcd, lcm = map(function_of, (left_shift_p, right_shift_p, gcd_p, lcm_p))
copysign, ldexp = map(function_of, (copysign_p, ldexp_p))


def where(condition: Value, x: Value, y: Value) -> Value:
    """Elements of `x` where `condition` holds, of `y` elsewhere; the side not chosen never poisons a derivative."""
    return where_p.bind(as_value(condition), as_value(x), as_value(y))


def real(x: Value) -> Value:
    """The real part."""
    x = as_array(x)
    return real_p.bind(x) if dtype_of(x).kind == "c" else x


def imag(x: Value) -> Value:
    """The imaginary part (zero for real `x`)."""
    return imag_p.bind(as_array(x))


def conj(x: Value) -> Value:
    """The complex conjugate."""
    if type(x) is ndarray and x.dtype.kind == "f":
        return x if config._x64 else demote(x)
    x = as_array(x)
    return conj_p.bind(x) if dtype_of(x).kind == "c" else x
