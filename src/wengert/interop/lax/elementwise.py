"""The operations of `jax.lax` that act on each element: which dtypes they take, and the library's operation for each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...core import LinearTracer, Value, dtype_of
from ...ops import bits
from ...ops import elementwise as ew
from ...ops.special import functions as special
from ...ops.special.gammas import gammainc_derivative_p
from ...ops.special.polygammas import digamma, gammaln, polygamma
from ..array import Array, wrap
from ..conversion import converted
from ..jax_modules.numpy import abs as _modulus_of
from .checks import accepts, fitting, kind, operand, operands, same_dtypes
from .enums import RoundingMethod

NUMBERS, SIGNED, REALS, INTEGERS, FLOATS, COMPLEX = "iufc", "ifc", "iuf", "iu", "fc", "c"
_ANY, _ORDERED, _BITS = "biufc", "biuf", "biu"
# The names by which JAX's primitives go where they are not those of the functions.
PRIMITIVE_NAMES = {
    "bitwise_and": "and", "bitwise_not": "not", "bitwise_or": "or", "bitwise_xor": "xor",
    "betainc": "regularized_incomplete_beta",
}  # fmt: skip


def _nary(name: str, kinds: str, function: Callable[..., Value], arity: int = 1, doc: str = "") -> Callable[..., Any]:
    shown = PRIMITIVE_NAMES.get(name, name)

    def unary(x: Any) -> Any:
        if type(x) is Array and x._value.dtype.kind in kinds:
            return wrap(function(x._value), x._weak)
        value, weak = operand(x, shown)
        accepts(shown, value, kinds)
        return wrap(function(value), weak)

    def rounded(x: Any, *, accuracy: Any = None) -> Any:
        return unary(x)

    def binary(x: Any, y: Any) -> Any:
        if type(x) is Array and type(y) is Array:
            a, b = x._value, y._value
            if a.dtype is b.dtype and a.shape == b.shape and a.dtype.kind in kinds:
                return wrap(function(a, b), x._weak and y._weak)
        values, weak = operands((x, y), shown)
        for i, v in enumerate(values):
            accepts(shown, v, kinds, i)
        return _met(name, shown, function, values, weak)

    def ternary(x: Any, y: Any, z: Any) -> Any:
        values, weak = operands((x, y, z), shown)
        for i, v in enumerate(values):
            accepts(shown, v, kinds, i)
        return _met(name, shown, function, values, weak)

    made = {1: unary, 2: binary, 3: ternary}[arity] if name not in _ACCURATE else rounded
    made.__name__ = made.__qualname__ = name
    made.__doc__ = doc or f"Elementwise `{name}` of arrays of one dtype ({', '.join(_DTYPES[k] for k in kinds)})."
    return made


_DTYPES = {"b": "bool", "i": "signed integers", "u": "unsigned integers", "f": "floats", "c": "complex numbers"}
_ACCURATE = frozenset("cbrt cos exp exp2 expm1 log log1p logistic rsqrt sin sqrt tan tanh".split())


def _met(name: str, shown: str, function: Callable[..., Value], values: list[Any], weak: bool) -> Any:
    """The result for values of one dtype whose shapes fit."""
    if any(v.dtype != values[0].dtype for v in values):
        same_dtypes(name, values)
    if any(v.shape != values[0].shape for v in values):
        fitting(shown, values)
    return wrap(function(*values), weak)


def modulus(x: Value) -> Value:
    """The absolute value, with JAX's derivative at 0."""
    return _modulus_of(wrap(x))._value


def _kept(function: Callable[..., Value]) -> Callable[..., Value]:
    """A function that NumPy or SciPy computes in a wider dtype than that of its arguments, which results have here."""

    def call(*args: Value) -> Value:
        out = function(*args)
        dtype = dtype_of(args[0])
        return out if dtype_of(out) == dtype else ew.convert(out, dtype)

    return call


def _sigmoid(x: Value) -> Value:
    if dtype_of(x).kind == "c":
        return ew.reciprocal(ew.add(ew.exp(ew.negative(x)), dtype_of(x).type(1)))
    return ew.sigmoid(x)


def _angle(y: Value, x: Value) -> Value:
    """The angle of a point; of complex coordinates by ``-i log((x + i y) / sqrt(x^2 + y^2))``."""
    dtype = dtype_of(x)
    if dtype.kind != "c":
        return ew.arctan2(y, x)
    i, size = dtype.type(1j), ew.sqrt(ew.add(ew.multiply(x, x), ew.multiply(y, y)))
    return ew.multiply(ew.negative(i), ew.log(ew.divide(ew.add(x, ew.multiply(i, y)), size)))


def _quotient(x: Value, y: Value) -> Value:
    """Integers are divided towards 0; by 0 the quotient has all bits set."""
    dtype = dtype_of(x)
    if dtype.kind not in "iu":
        return ew.divide(x, y)
    one, none = dtype.type(1), ew.equal(y, dtype.type(0))
    divisor = ew.where(none, one, y)
    q = ew.floor_divide(x, divisor)
    if dtype.kind == "i":
        rest, zero = ew.subtract(x, ew.multiply(q, divisor)), dtype.type(0)
        apart = ew.not_equal(ew.less(x, zero), ew.less(divisor, zero))
        q = ew.add(q, ew.convert(ew.logical_and(apart, ew.not_equal(rest, zero)), dtype))
    all_set = dtype.type(-1) if dtype.kind == "i" else dtype.type(np.iinfo(dtype).max)
    return ew.where(none, all_set, q)


def _rest(x: Value, y: Value) -> Value:
    """What is left of a division towards 0; of one by 0, the dividend."""
    dtype = dtype_of(x)
    if dtype.kind not in "iu":
        return ew.fmod(x, y)
    none = ew.equal(y, dtype.type(0))
    return ew.where(none, x, ew.fmod(x, ew.where(none, dtype.type(1), y)))


def _chosen(first: Callable[..., Value], real: Callable[..., Value]) -> Callable[..., Value]:
    """The greater or smaller of two, complex numbers by their real parts and then by their imaginary ones."""

    def function(x: Value, y: Value) -> Value:
        if dtype_of(x).kind != "c":
            return real(x, y)
        a, b, c, d = ew.real(x), ew.real(y), ew.imag(x), ew.imag(y)
        return ew.where(ew.logical_or(first(a, b), ew.logical_and(ew.equal(a, b), first(c, d))), x, y)

    return function


def _greater_bool(x: Value, y: Value) -> Value:
    return ew.logical_or(x, y) if dtype_of(x).kind == "b" else ew.maximum(x, y)


def _smaller_bool(x: Value, y: Value) -> Value:
    return ew.logical_and(x, y) if dtype_of(x).kind == "b" else ew.minimum(x, y)


def igamma_grad_a_of(a: Value, x: Value) -> Value:
    """The derivative of the regularised lower incomplete gamma function in its first argument."""
    return gammainc_derivative_p.bind(a, x, orders=(1,))


def _gamma_sample_slope(a: Value, x: Value) -> Value:
    """dx/da of a gamma variate x: minus the ratio of the derivatives of its distribution function in a and in x."""
    density = ew.exp(ew.subtract(ew.subtract(ew.multiply(ew.subtract(a, 1), ew.log(x)), x), gammaln(a)))
    return ew.divide(ew.negative(igamma_grad_a_of(a, x)), density)


def _conjugate(x: Value) -> Value:
    dtype = dtype_of(x)
    return ew.conj(x) if dtype.kind == "c" else ew.convert(x, np.result_type(dtype, np.complex64))


def complex_of(x: Value, y: Value) -> Value:
    """Complex numbers of real and imaginary parts."""
    dtype = np.result_type(dtype_of(x), np.complex64)
    return ew.add(ew.convert(x, dtype), ew.multiply(ew.convert(y, dtype), dtype.type(1j)))


def _rounded(x: Value, away: bool) -> Value:
    """The nearest whole number; of two the one farther from 0, or the even one."""
    if not away:
        return ew.rint(x)
    down = ew.trunc(x)
    more = ew.greater_equal(ew.absolute(ew.subtract(x, down)), dtype_of(x).type(0.5))
    return ew.where(more, ew.add(down, ew.sign(x)), down)


UNARY: dict[str, tuple[str, Callable[..., Value]]] = {
    "neg": (NUMBERS, ew.negative), "sign": (NUMBERS, ew.sign), "floor": ("f", ew.floor), "ceil": ("f", ew.ceil),
    "is_finite": ("f", ew.isfinite), "exp": (FLOATS, ew.exp), "exp2": (FLOATS, ew.exp2), "log": (FLOATS, ew.log),
    "expm1": (FLOATS, ew.expm1), "log1p": (FLOATS, ew.log1p), "tanh": (FLOATS, ew.tanh), "logistic": (FLOATS, _kept(_sigmoid)),
    "tan": (FLOATS, ew.tan), "sin": (FLOATS, ew.sin), "cos": (FLOATS, ew.cos), "asin": (FLOATS, ew.arcsin),
    "acos": (FLOATS, ew.arccos), "atan": (FLOATS, ew.arctan), "sinh": (FLOATS, ew.sinh), "cosh": (FLOATS, ew.cosh),
    "asinh": (FLOATS, ew.arcsinh), "acosh": (FLOATS, ew.arccosh), "atanh": (FLOATS, ew.arctanh), "real": ("c", ew.real),
    "imag": ("c", ew.imag), "abs": (SIGNED, modulus), "sqrt": (FLOATS, ew.sqrt), "rsqrt": (FLOATS, ew.rsqrt),
    "cbrt": ("f", ew.cbrt), "square": (NUMBERS, ew.square), "bitwise_not": (_BITS, ew.invert_p.bind),
    "population_count": (INTEGERS, bits.population_count_p.bind), "clz": (INTEGERS, bits.clz_p.bind),
    "lgamma": ("f", _kept(gammaln)), "digamma": ("f", _kept(digamma)), "erf": ("f", _kept(ew.erf)), "erfc": ("f", _kept(ew.erfc)),
    "erf_inv": ("f", _kept(ew.erfinv)), "bessel_i0e": ("f", _kept(special.i0e)), "bessel_i1e": ("f", _kept(special.i1e)),
}  # fmt: skip
BINARY: dict[str, tuple[str, Callable[..., Value]]] = {
    "add": (NUMBERS, ew.add), "sub": (NUMBERS, ew.subtract), "div": (NUMBERS, _quotient), "rem": (REALS, _rest),
    "max": (_ANY, _chosen(ew.greater, _greater_bool)), "min": (_ANY, _chosen(ew.less, _smaller_bool)),
    "shift_left": (INTEGERS, bits.shift_left), "shift_right_arithmetic": (INTEGERS, bits.shift_right_arithmetic),
    "shift_right_logical": (INTEGERS, bits.shift_right_logical), "eq": (_ANY, ew.equal), "ne": (_ANY, ew.not_equal),
    "ge": (_ORDERED, ew.greater_equal), "gt": (_ORDERED, ew.greater), "le": (_ORDERED, ew.less_equal),
    "lt": (_ORDERED, ew.less), "nextafter": ("f", ew.nextafter),
    "bitwise_and": (_BITS, ew.bitwise_and_p.bind), "bitwise_or": (_BITS, ew.bitwise_or_p.bind),
    "bitwise_xor": (_BITS, ew.bitwise_xor_p.bind), "igamma": ("f", _kept(special.gammainc)), "igammac": ("f", _kept(special.gammaincc)),
    "igamma_grad_a": ("f", _kept(igamma_grad_a_of)), "polygamma": ("f", _kept(polygamma)), "zeta": ("f", _kept(special.zeta)),
    "mulhi": (INTEGERS, bits.mulhi_p.bind), "random_gamma_grad": ("f", _kept(_gamma_sample_slope)),
}  # fmt: skip

(
    neg,
    sign,
    floor,
    ceil,
    is_finite,
    exp,
    exp2,
    log,
    expm1,
    log1p,
    tanh,
    logistic,
    tan,
    sin,
    cos,
    asin,
    acos,
    atan,
    sinh,
) = (
    _nary(name, *UNARY[name])
    for name in "neg sign floor ceil is_finite exp exp2 log expm1 log1p tanh logistic tan sin cos asin acos atan sinh".split()
)
cosh, asinh, acosh, atanh, real, imag, abs, sqrt, rsqrt, cbrt, square, bitwise_not, population_count, clz = (  # noqa: A001
    _nary(name, *UNARY[name])
    for name in "cosh asinh acosh atanh real imag abs sqrt rsqrt cbrt square bitwise_not population_count clz".split()
)
lgamma, digamma, erf, erfc, erf_inv, bessel_i0e, bessel_i1e = (
    _nary(name, *UNARY[name]) for name in "lgamma digamma erf erfc erf_inv bessel_i0e bessel_i1e".split()
)
add, sub, div, rem, max, min, shift_left, shift_right_arithmetic, shift_right_logical, eq, ne, ge, gt, le, lt = (  # noqa: A001
    _nary(name, *BINARY[name], arity=2)
    for name in "add sub div rem max min shift_left shift_right_arithmetic shift_right_logical eq ne ge gt le lt".split()
)
bitwise_and, bitwise_or, bitwise_xor, mulhi, random_gamma_grad = (
    _nary(name, *BINARY[name], arity=2) for name in "bitwise_and bitwise_or bitwise_xor mulhi random_gamma_grad".split()
)
_binary = {
    name: _nary(name, *BINARY[name], arity=2)
    for name in "nextafter igamma igammac igamma_grad_a polygamma zeta".split()
}
atan2 = _nary("atan2", FLOATS, _angle, arity=2)
_betainc = _nary("betainc", "f", _kept(special.betainc), arity=3)


def betainc(a: Any, b: Any, x: Any) -> Any:
    """The regularised incomplete beta function of arrays of floats of one dtype."""
    return _betainc(a, b, x)


def nextafter(x1: Any, x2: Any) -> Any:
    """The next number after `x1` on the way to `x2`, of floats of one dtype."""
    return _binary["nextafter"](x1, x2)


def igamma(a: Any, x: Any) -> Any:
    """The regularised lower incomplete gamma function of floats of one dtype."""
    return _binary["igamma"](a, x)


def igammac(a: Any, x: Any) -> Any:
    """The regularised upper incomplete gamma function of floats of one dtype."""
    return _binary["igammac"](a, x)


def igamma_grad_a(a: Any, x: Any) -> Any:
    """The derivative of `igamma` in its first argument."""
    return _binary["igamma_grad_a"](a, x)


def polygamma(m: Any, x: Any) -> Any:
    """The derivative of order `m` of the digamma function, of floats of one dtype."""
    return _binary["polygamma"](m, x)


def zeta(x: Any, q: Any) -> Any:
    """Hurwitz's zeta function of floats of one dtype."""
    return _binary["zeta"](x, q)


def mul(x: Any, y: Any, *, out_dtype: Any = None) -> Any:
    """Elementwise product of arrays of one dtype; `out_dtype` is the dtype in which it is taken."""
    if type(x) is Array and type(y) is Array and out_dtype is None:
        a, b = x._value, y._value
        if a.dtype is b.dtype and a.shape == b.shape and a.dtype.kind in NUMBERS:
            return wrap(ew.multiply(a, b), x._weak and y._weak)
    values, weak = operands((x, y), "mul")
    for i, v in enumerate(values):
        accepts("mul", v, NUMBERS, i)
    same_dtypes("mul", values)
    if out_dtype is not None:
        values, weak = [converted(v, out_dtype) for v in values], False
    return _met("mul", "mul", ew.multiply, values, weak)


def conj(x: Any) -> Any:
    """The complex conjugate; real numbers become complex ones."""
    value, weak = operand(x, "conj")
    if kind(value.dtype) not in "fc" or value.dtype.itemsize < 4:
        raise TypeError(
            f"conj does not accept dtype {value.dtype}. Accepted dtypes are subtypes of float32, complexfloating, float64."
        )
    return wrap(_conjugate(value), weak)


def complex(x: Any, y: Any) -> Any:  # noqa: A001
    """Complex numbers of two arrays of real ones."""
    values, weak = operands((x, y), "complex")
    for i, v in enumerate(values):
        if v.dtype.name not in ("float32", "float64"):
            raise TypeError(
                f"complex does not accept dtype {v.dtype} at position {i}. Accepted are float32 and float64."
            )
    return _met("complex", "complex", complex_of, values, weak)


def pow(x: Any, y: Any) -> Any:  # noqa: A001
    """``x ** y`` of floating or complex numbers; the exponents may be integers."""
    (a, b), weak = operands((x, y), "pow")
    accepts("pow", a, FLOATS, 0)
    accepts("pow", b, NUMBERS, 1)
    if a.dtype != b.dtype:
        if kind(b.dtype) not in INTEGERS:
            same_dtypes("pow", [a, b])
        fitting("pow", [a, b])
        return wrap(ew.power(a, ew.convert(b, a.dtype)), operand(x, "pow")[1])
    return _met("pow", "pow", ew.power, [a, b], weak)


def integer_pow(x: Any, y: int) -> Any:
    """`x` to a power that is a Python integer.

    Raises:
        TypeError: integers to a negative power.
    """
    value, weak = operand(x, "integer_pow")
    accepts("integer_pow", value, NUMBERS)
    y = y.__index__()
    if y < 0 and kind(value.dtype) in INTEGERS:
        raise TypeError(f"Integers cannot be raised to negative powers, got integer_pow({value.dtype}, {y})")
    if y == 0:
        return wrap(ew.add(ew.multiply(value, value.dtype.type(0)), value.dtype.type(1)), weak)
    return wrap(ew.reciprocal(value) if y == -1 else ew.power(value, y), weak)


def reciprocal(x: Any) -> Any:
    """``1 / x`` of floating or complex numbers."""
    return integer_pow(x, -1)


def round(x: Any, rounding_method: Any = RoundingMethod.AWAY_FROM_ZERO) -> Any:  # noqa: A001
    """The nearest whole numbers; in the middle of two the one farther from 0, or with `TO_NEAREST_EVEN` the even one."""
    value, weak = operand(x, "round")
    accepts("round", value, "f")
    return wrap(_rounded(value, RoundingMethod(rounding_method) is RoundingMethod.AWAY_FROM_ZERO), weak)


_value = operand


def reduce_precision(operand: Any, exponent_bits: int, mantissa_bits: int) -> Any:
    """The numbers rounded to so many bits of exponent and mantissa.

    Raises:
        ValueError: no bit of exponent, or fewer than none of mantissa.
    """
    value, weak = _value(operand, "reduce_precision")
    accepts("reduce_precision", value, "f")
    exponent_bits, mantissa_bits = exponent_bits.__index__(), mantissa_bits.__index__()
    if exponent_bits < 1 or mantissa_bits < 0:
        raise ValueError(
            f"reduce_precision: exponent_bits={exponent_bits} must be positive, mantissa_bits={mantissa_bits} not negative"
        )
    return wrap(bits.reduce_precision(value, exponent_bits, mantissa_bits), weak)


def clamp(min: Any, x: Any, max: Any) -> Any:  # noqa: A002
    """`x` limited to an interval whose ends are scalars or of its shape."""
    (low, value, high), weak = operands((min, x, max), "clamp")
    same_dtypes("clamp", [low, value, high])
    for name, end in (("min", low), ("max", high)):
        if end.shape not in ((), value.shape):
            raise TypeError(
                f"clamp requires {name}.shape == operand.shape or {name}.shape == (), got {name}.shape={end.shape}, "
                f"operand.shape={value.shape}."
            )
    return wrap(_limited(low, value, high), weak)


def _limited(low: Value, x: Value, high: Value) -> Value:
    """Within the interval `x` has the derivative, outside of it an end; where `x` is an end, nothing has it."""
    if dtype_of(x).kind == "c":
        above, below = BINARY["max"][1], BINARY["min"][1]
        return below(above(x, low), high)
    low = ew.where(ew.greater(low, high), high, low)
    inside = ew.logical_and(ew.less(low, x), ew.less(x, high))
    out = ew.where(inside, x, x if type(x) is LinearTracer else ew.stop_gradient_p.bind(x))
    out = ew.where(ew.greater(x, high), high, ew.where(ew.less(x, low), low, out))
    if kind(dtype_of(x)) == "f":
        out = ew.where(ew.logical_or(ew.isnan(low), ew.isnan(high)), dtype_of(x).type(np.nan), out)
    return out


__all__ = [
    "atan2", "betainc", "clamp", "complex", "conj", "integer_pow", "mul", "pow", "reciprocal", "reduce_precision", "round",
    *UNARY, *BINARY,
]  # fmt: skip
