"""Elementwise operations: JAX's function of the same name in `jax.numpy` or `jax.scipy.special`, computed in the dtype of NumPy's
loop; and those that JAX has under another name or with another meaning.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core import Primitive, inexact_dtype
from ..lowering import formulas
from ..ops.families import Elementwise
from ..ops.promotion import result_dtype
from .formulas import FORMULAS, Function
from .real import jax, jnp, lax, special
from .special import SPECIAL
from .tracing import RULES, Rule, Site, converted, declaring, rule


def loop_dtype(site: Site) -> np.dtype:
    """What the operands are computed in: the result's dtype, or where that tells nothing of them, what they promote to."""
    out, kinds = site.dtype, [a.dtype.kind for a in site.inputs]
    if out.kind == "b" or (out.kind != "c" and "c" in kinds):
        return result_dtype(*site.inputs)
    return out


@declaring
def declared(primitive: Primitive) -> Rule | None:
    """The rule of an elementwise primitive; None for another, or where JAX has no such function."""
    if primitive.foreign:
        return None
    if primitive.native.meaning is formulas.same:
        return lambda site, x, **params: x
    if not isinstance(primitive, Elementwise):
        return None
    function = (
        FUNCTIONS.get(primitive.name) or getattr(jnp, primitive.name, None) or getattr(special, primitive.name, None)
    )
    if function is None and isinstance(primitive.function, np.ufunc):  # of another name here than in NumPy
        function = getattr(jnp, primitive.function.__name__, None)
    if function is None:
        return None

    def apply(site: Site, *values: Any) -> Any:
        dtype = loop_dtype(site)
        if primitive.name in FLOATING and not inexact_dtype(dtype):
            dtype = np.dtype(np.float64)
        return function(*[converted(x, dtype) for x in values])

    RULES[primitive.name] = apply
    return apply


FLOATING = frozenset("isfinite isinf isnan signbit".split())


def _integer_parts(x: Any, y: Any) -> tuple[Any, Any]:
    """Quotient and remainder of integers, 0 where the divisor is, rounded down."""
    none, one = y == 0, jnp.ones((), x.dtype)
    safe = jnp.where(none, one, y)
    if x.dtype.kind == "i":
        minus = safe == -1  # the least integer over -1
        q = jnp.where(minus, -x, jnp.floor_divide(x, jnp.where(minus, one, safe)))
        r = jnp.where(minus, 0, jnp.remainder(x, jnp.where(minus, one, safe)))
    else:
        q, r = lax.div(*jnp.broadcast_arrays(x, safe)), lax.rem(*jnp.broadcast_arrays(x, safe))
    return jnp.where(none, 0, q), jnp.where(none, 0, r)


def _float_parts(x: Any, y: Any) -> tuple[Any, Any]:
    """NumPy's quotient and remainder of floats: the remainder of C's fmod, moved to the divisor's sign."""
    rest = jnp.fmod(x, y)
    quotient = (x - rest) / y
    moved = (rest != 0) & ((y < 0) != (rest < 0))
    remainder = jnp.where(rest != 0, jnp.where(moved, rest + y, rest), jnp.copysign(jnp.zeros((), rest.dtype), y))
    quotient = jnp.where(moved, quotient - 1, quotient)
    floor = jnp.floor(quotient)
    floor = jnp.where(quotient - floor > 0.5, floor + 1, floor)
    whole = jnp.where(quotient != 0, floor, jnp.copysign(jnp.zeros((), rest.dtype), x / y))
    whole = jnp.where(y == 0, x / y, whole)
    return whole, jnp.where(y == 0, jnp.nan, jnp.where(jnp.isnan(rest), rest, remainder))


def _floor_divide(x: Any, y: Any) -> Any:
    return (_float_parts if inexact_dtype(x.dtype) else _integer_parts)(x, y)[0]


def _remainder(x: Any, y: Any) -> Any:
    return (_float_parts if inexact_dtype(x.dtype) else _integer_parts)(x, y)[1]


def _fmod(x: Any, y: Any) -> Any:
    if inexact_dtype(x.dtype):
        return jnp.fmod(x, y)
    none = y == 0
    safe = jnp.where(none | ((y == -1) if x.dtype.kind == "i" else none), 1, y)
    return jnp.where(none, 0, lax.rem(*jnp.broadcast_arrays(x, safe)))


def _power(x: Any, y: Any) -> Any:
    if inexact_dtype(x.dtype):
        return jnp.power(x, y)
    out, base, rest = jnp.ones(jnp.broadcast_shapes(x.shape, y.shape), x.dtype), x, y
    for _ in range(8 * x.dtype.itemsize):  # by squaring, modulo 2^bits as NumPy
        out, base, rest = jnp.where(rest & 1, out * base, out), base * base, rest >> 1
    return out


def _shifted(shift: Function) -> Function:
    def apply(x: Any, y: Any) -> Any:
        bits = 8 * x.dtype.itemsize
        over = (y < 0) | (y >= bits) if x.dtype.kind == "i" else y >= bits
        beyond = jnp.where(x < 0, -1, 0).astype(x.dtype) if shift is jnp.right_shift else jnp.zeros((), x.dtype)
        return jnp.where(over, beyond, shift(x, jnp.where(over, 0, y)))

    return apply


def _sigmoid(x: Any) -> Any:
    if x.dtype.kind == "c":
        return 1 / (1 + jnp.exp(-x))
    return jax.nn.sigmoid(x)


FUNCTIONS: dict[str, Function] = {
    **FORMULAS,
    **SPECIAL,
    "zeta_by_loop": special.zeta,
    "floor_divide": _floor_divide,
    "remainder": _remainder,
    "fmod": _fmod,
    "power": _power,
    "left_shift": _shifted(jnp.left_shift),
    "right_shift": _shifted(jnp.right_shift),
    "rsqrt": lambda x: 1 / jnp.sqrt(x),
    "reciprocal": lambda x: 1 / x,
    "sigmoid": _sigmoid,
    "soft_sign": lambda x: x / (1 + jnp.abs(x)),
    "stop_gradient": lambda x: x,
    "absolute": jnp.abs,
    "polygamma": lambda n, x: special.polygamma(n.astype(jnp.int64), x),
}


@rule("where")
def where(site: Site, condition: Any, x: Any, y: Any) -> Any:
    if jnp.issubdtype(x.dtype, jax.dtypes.prng_key):
        return jnp.where(condition != 0, x, y)
    if condition.dtype != bool:
        condition = condition != 0
    return jnp.where(condition, converted(x, site.dtype), converted(y, site.dtype))


@rule("logical_and", "logical_or", "logical_xor", "logical_not")
def logical(site: Site, *values: Any) -> Any:
    return getattr(jnp, site.primitive.name)(*[x != 0 for x in values])


@rule("equal", "not_equal", "less", "less_equal", "greater", "greater_equal")
def compared(site: Site, x: Any, y: Any) -> Any:
    """Signed with unsigned numbers are compared as numbers."""
    compare = getattr(jnp, site.primitive.name)
    pair = {x.dtype.kind, y.dtype.kind}
    if pair == {"i", "u"} and jnp.uint64 in (x.dtype, y.dtype) and not any(a.weak for a in site.inputs):
        signed, unsigned = (x, y) if x.dtype.kind == "i" else (y, x)
        out = compare(*[jnp.maximum(v, 0).astype(jnp.uint64) if v.dtype.kind == "i" else v for v in (x, y)])
        below = compare(*[jnp.int32(-1) if v is signed else jnp.int32(0) for v in (x, y)])
        return jnp.where(jnp.broadcast_to(signed < 0, jnp.broadcast_shapes(x.shape, unsigned.shape)), below, out)
    dtype = result_dtype(*site.inputs)
    return compare(converted(x, dtype), converted(y, dtype))


@rule("ldexp")
def ldexp(site: Site, x: Any, i: Any) -> Any:
    return jnp.ldexp(converted(x, site.dtype), i.astype(jnp.int32))


@rule("real", "imag", "conj")
def part(site: Site, x: Any) -> Any:
    return getattr(jnp, site.primitive.name)(x)


@rule("convert", "name", "reduce_precision")
def convert(site: Site, x: Any, **params: Any) -> Any:
    if site.primitive.name == "reduce_precision":
        return lax.reduce_precision(x, params["exponent_bits"], params["mantissa_bits"])
    return x if site.primitive.name == "name" else converted(x, site.dtype)


@rule("bitcast_convert_type")
def bitcast_convert_type(site: Site, x: Any, *, dtype: Any) -> Any:
    if x.dtype == bool or dtype == bool:
        return x.view(dtype)
    return lax.bitcast_convert_type(x, dtype)
