"""Roots, powers, exponentials and logarithms."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ...core import Value, dtype_of, inexact_dtype
from ...documented import with_example
from ...errors import DtypeError
from ...lowering import Formula, complex_functions, formulas
from ..declare import binary, function_of, quietly, unary
from ..families import Elementwise
from ..power_series import Coefficient, Given, Recurrence, known_exponent
from ..quiet import Quiet
from ..samples import REAL
from ..terms import product_of, sum_of
from .arithmetic import square
from .choice import stop_gradient_p, where
from .modulus import absolute
from .order import equal, less, logical_and, logical_not


def of_power(k: int, own: Coefficient, primals: Sequence[Value], given: Given) -> Value | None:
    """``p = x**a`` with a known exponent that is no natural number: ``x p' = a x' p``.

    At ``x == 0`` the coefficients of orders below `a` are 0, and the others are not finite.
    """
    (x, y), (dx, _) = primals, given
    a = known_exponent(y)
    assert a is not None and dx is not None
    terms = []
    for i in range(1, k + 1):
        term = product_of(dx(i), own(k - i))
        factor = ((a + 1) * i - k) / k
        terms.append(None if term is None or factor == 0 else term * factor)
    total = sum_of(terms)
    if total is None:
        return None
    out = total / x
    return where(equal(x, 0), dtype_of(out).type(0), out) if 0 < k < a else out


def _power_serves(primals: Sequence[Value], moving: Sequence[bool]) -> bool:
    a = None if moving[1] else known_exponent(primals[1])
    return a is not None and not (type(a) is int and a >= 0) and inexact_dtype(dtype_of(primals[0]))


POWER = Recurrence(of_power, _power_serves)


ndarray = np.ndarray


def _power(x: Any, y: Any) -> Value:
    if type(y) is int and y < 0 and type(x) in (int, bool):
        x = float(x)
    return np.power(x, y)


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
    native=Formula(
        formulas.power, integers=formulas.whole_power, kinds="uf", loop=np.power, parts=complex_functions.power
    ),
    recurrence=POWER,
)
sqrt_p = unary(
    "sqrt",
    np.sqrt,
    quietly(lambda ans, x: 0.5 / ans),
    (0.2, 3.0),
    native=Formula(formulas.sqrt, cost=6, kinds="f", parts=complex_functions.sqrt),
)
cbrt_p = unary("cbrt", np.cbrt, quietly(lambda ans, x: 1 / (3 * ans * ans)), (0.2, 3.0), native=formulas.cbrt)
rsqrt_p = unary(
    "rsqrt",
    lambda x: 1 / np.sqrt(x),
    quietly(lambda ans, x: -0.5 * ans / x),
    (0.2, 3.0),
    native=Formula(formulas.rsqrt, cost=8, kinds="f", parts=complex_functions.rsqrt),
)
LN2, LN10 = float(np.log(2.0)), float(np.log(10.0))
exp_p = unary(
    "exp", np.exp, lambda ans, x: ans, native=Formula(formulas.exp, bounded="below 0", parts=complex_functions.exp)
)
exp2_p = unary("exp2", np.exp2, lambda ans, x: LN2 * ans, native=Formula(formulas.exp2, parts=complex_functions.exp2))
expm1_p = unary("expm1", np.expm1, lambda ans, x: exp(x), native=Formula(formulas.expm1, parts=complex_functions.expm1))
log_p = unary(
    "log", np.log, lambda ans, x: 1 / x, (0.2, 3.0), native=Formula(formulas.log, parts=complex_functions.log)
)
log2_p = unary(
    "log2",
    np.log2,
    lambda ans, x: 1 / (LN2 * x),
    (0.2, 3.0),
    native=Formula(formulas.log2, parts=complex_functions.log2),
)
log10_p = unary(
    "log10",
    np.log10,
    lambda ans, x: 1 / (LN10 * x),
    (0.2, 3.0),
    native=Formula(formulas.log10, parts=complex_functions.log10),
)
log1p_p = unary(
    "log1p",
    np.log1p,
    lambda ans, x: 1 / (1 + x),
    (-0.5, 3.0),
    native=Formula(formulas.log1p, parts=complex_functions.log1p),
)
_OVERFLOW = Quiet("over")


def _sigmoid(x: Value) -> Any:
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


def _offset(x: Value, y: Any) -> Value:
    if np.isfinite(y).all():
        return x - y
    with np.errstate(invalid="ignore"):
        return np.where(x == y, dtype_of(x).type(0), x - y)[()]


# ``x - y``, and 0 where they are equal infinities: how far exponents stand from the largest.
offset_p = binary("offset", _offset, 1, -1, (REAL, REAL), native=formulas.offset)
ldexp_p = Elementwise(
    "ldexp",
    np.ldexp,
    (lambda ans, x, n: exp2(n.astype(dtype_of(ans)) if hasattr(n, "astype") else float(n)), None),
    samples=lambda: [((np.array([0.5, -1.5]), np.array([1, 2])), {})],
)


power = function_of(power_p)
with_example(
    power,
    """
    >>> import numpy as np
    >>> from wengert import lax
    >>> lax.pow(np.array([4.0, 9.0]), 0.5)
    array([2., 3.])
    """,
)
sqrt = function_of(sqrt_p)
with_example(
    sqrt,
    """
    >>> import numpy as np
    >>> from wengert import lax
    >>> lax.sqrt(np.array([4.0, 2.25]))
    array([2. , 1.5])
    """,
)
cbrt = function_of(cbrt_p)
with_example(
    cbrt,
    """
    >>> import numpy as np
    >>> from wengert import lax
    >>> lax.cbrt(np.array([8.0, -27.0]))
    array([ 2., -3.])
    """,
)
rsqrt = function_of(rsqrt_p)
with_example(
    rsqrt,
    """
    >>> import numpy as np
    >>> from wengert import lax
    >>> lax.rsqrt(np.array([4.0, 0.25]))
    array([0.5, 2. ])
    """,
)
exp = function_of(exp_p)
with_example(
    exp,
    """
    >>> import numpy as np
    >>> from wengert import lax
    >>> lax.exp(np.array([0.0, 1.0])) / np.array([1.0, np.e])
    array([1., 1.])
    """,
)
exp2 = function_of(exp2_p)
with_example(
    exp2,
    """
    >>> import numpy as np
    >>> from wengert import lax
    >>> lax.exp2(np.array([3.0, -1.0]))
    array([8. , 0.5])
    """,
)
expm1 = function_of(expm1_p)
with_example(
    expm1,
    """
    >>> from wengert import lax
    >>> lax.expm1(1e-20)
    np.float64(1e-20)
    """,
)
log = function_of(log_p)
with_example(
    log,
    """
    >>> import numpy as np
    >>> from wengert import lax
    >>> lax.log(np.array([1.0, np.e]))
    array([0., 1.])
    """,
)
log2 = function_of(log2_p)
with_example(
    log2,
    """
    >>> import wengert.numpy as wnp
    >>> wnp.log2(wnp.array([1.0, 8.0]))
    array([0., 3.])
    """,
)
log10 = function_of(log10_p)
with_example(
    log10,
    """
    >>> import wengert.numpy as wnp
    >>> wnp.log10(wnp.array([1.0, 100.0]))
    array([0., 2.])
    """,
)
log1p = function_of(log1p_p)
with_example(
    log1p,
    """
    >>> from wengert import lax
    >>> lax.log1p(1e-20)
    np.float64(1e-20)
    """,
)
sigmoid = function_of(sigmoid_p)
with_example(
    sigmoid,
    """
    >>> import numpy as np
    >>> from wengert import lax
    >>> lax.logistic(np.array([0.0, np.inf]))
    array([0.5, 1. ])
    """,
)
logaddexp = function_of(logaddexp_p)
with_example(
    logaddexp,
    """
    >>> import wengert.numpy as wnp
    >>> wnp.exp(wnp.logaddexp(wnp.log(2.0), wnp.log(3.0))).round(12)
    np.float64(5.0)
    """,
)
logaddexp2 = function_of(logaddexp2_p)
with_example(
    logaddexp2,
    """
    >>> import wengert.numpy as wnp
    >>> wnp.logaddexp2(3.0, 3.0)
    np.float64(4.0)
    """,
)
soft_sign = function_of(soft_sign_p)
ldexp = function_of(ldexp_p)
with_example(
    ldexp,
    """
    >>> import wengert.numpy as wnp
    >>> wnp.ldexp(0.75, wnp.array([1, 2, 3]))
    array([1.5, 3. , 6. ])
    """,
)
