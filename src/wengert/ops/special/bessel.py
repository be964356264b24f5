"""Bessel functions and their kin, differentiable in the argument, and in the order where a stable formula is known.

Sources: NIST DLMF 10.6 and 10.29 (recurrences), 10.38 (orders; `bessel_orders`), 10.51 (spherical), 9.2 (Airy), 11.4
(Struve).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...core import Value, as_value, dtype_of
from ...documented import with_example
from ...errors import NotDifferentiableError
from ...lowering import Composition, formulas
from ..declare import function_of
from ..elementwise import absolute, exp, less, log, sign, where
from ..families import Elementwise
from . import bessel_orders, scaled_bessel
from .declare import SQRT_PI, ParameterDerivative, few, in_double, kept, none, scipy_function, special
from .polygammas import gammaln

_ANY, _POSITIVE = (-2.0, 2.0), (0.3, 3.0)


def _slope_of(name: str, order: float | None = None) -> Any:
    """The derivative in `x` of the scaled ``name(v, x)``, without cancellation; of a given order a rule of `x` alone."""
    if order is None:
        return lambda ans, v, x: SLOPES[name].bind(x, v, orders=(1,))
    return lambda ans, x: SLOPES[name].bind(x, order, orders=(1,))


_TINY = 1e-30  # whose squares are lost beside 1
_scipy_i0, _scipy_iv = scipy_function("i0"), scipy_function("iv")


def _i1_slope(x: Value, ratio: Value) -> Value:
    """``i0 - i1 / x``, infinite where both are."""
    return where(less(absolute(x), _TINY), 0.5, where(less(ratio, np.inf), i0(x) - ratio, i0(x)))


def _i1e_slope(a: Value) -> Value:
    """``i0e - i1e - i1e / a`` of ``a >= 0``, by the difference that does not cancel."""
    return where(less(a, _TINY), 0.5, -(i0e_slope_p.bind(a) + i1e(a) / a))


j0_p = special("j0", (lambda ans, x: -j1(x),), _ANY)
j1_p = special("j1", (lambda ans, x: (j0(x) - jv(2, x)) / 2,), _ANY)
y0_p = special("y0", (lambda ans, x: -y1(x),), _POSITIVE)
y1_p = special("y1", (lambda ans, x: (y0(x) - yv(2, x)) / 2,), _POSITIVE)
i0_p = special("i0", (lambda ans, x: i1(x),), _ANY, native=formulas.i0)
i1_slope_p = special(
    "i1_slope",
    (lambda ans, x: (3 * i1(x) + iv(3, x)) / 4,),
    _ANY,
    function=lambda x: in_double(i0_p, lambda y: (_scipy_i0(y) + _scipy_iv(2.0, y)) / 2, x),
    native=Composition(lambda x: in_double(i0_p, lambda y: _i1_slope(y, i1(y) / y), x)),
)
i1_p = special("i1", (lambda ans, x: i1_slope_p.bind(x),), _ANY, native=formulas.i1)
i0e_slope_p = special(
    "i0e_slope",
    (lambda ans, x: SLOPES["ive"].bind(x, 0.0, orders=(2,)),),
    _POSITIVE,
    function=lambda x: SLOPES["ive"].bind(x, 0.0, orders=(1,)),
    native=formulas.i0e_slope,
)
i0e_p = special("i0e", (lambda ans, x: i0e_slope_p.bind(x),), _POSITIVE, native=formulas.i0e)
i1e_slope_p = special(
    "i1e_slope",
    (lambda ans, x: SLOPES["ive"].bind(x, 1.0, orders=(2,)),),
    _POSITIVE,
    function=lambda x: in_double(i0_p, lambda y: SLOPES["ive"].bind(y, 1.0, orders=(1,)), x),
    native=Composition(lambda x: in_double(i0_p, lambda y: _i1e_slope(absolute(y)), x)),
)
i1e_p = special("i1e", (lambda ans, x: i1e_slope_p.bind(x),), _POSITIVE, native=formulas.i1e)
k0_p = special("k0", (lambda ans, x: -k1(x),), _POSITIVE)
k1_p = special("k1", (lambda ans, x: -(k0(x) + kv(2, x)) / 2,), _POSITIVE)
k0e_p = special("k0e", (_slope_of("kve", 0),), _POSITIVE)
k1e_p = special("k1e", (_slope_of("kve", 1),), _POSITIVE)

# --- of any order ------------------------------------------------------------------------------------------------


def _of_order(name: str, kernel: Any, recurrence: Any, in_x: Any, samples: Any) -> tuple[Elementwise, Any]:
    """``name(v, x)``: `recurrence` makes its derivative in `x` from the function at ``v - 1`` and ``v + 1``."""

    def in_order(n: int, v: Value, x: Value) -> Value:
        return primitive.bind(v, x) if n == 0 else derivative_p.bind(v, x, orders=(n,))

    def variable(orders: tuple[int, ...], v: Value, x: Value) -> Value:
        (n,) = orders
        return recurrence(in_order(n, v - 1, x), in_order(n, v + 1, x), in_order(n, v, x), x)

    def d_order(ans: Value, v: Value, x: Value) -> Value:
        if "c" in (dtype_of(v).kind, dtype_of(x).kind):
            raise NotDifferentiableError(
                f"{name} has a derivative with respect to the order at real arguments only; use stop_gradient if the "
                f"order is a constant"
            )
        return derivative_p.bind(v, x, orders=(1,))

    derivative_p = ParameterDerivative(
        f"{name}_derivative", kernel, [variable], 2, lambda: [(args, {"orders": (1,)}) for args, _ in samples()[:2]]
    )
    primitive = Elementwise(
        name,
        scipy_function(name),
        (d_order, in_x or (lambda ans, v, x: variable((0,), v, x))),
        samples=lambda: samples() + [((2, few(_POSITIVE)()[1][0][0]), {})],
        reasons={"complex": "its derivative in the order is for real numbers"},
    )
    return primitive, derivative_p


def _ive_dx(ans: Value, v: Value, x: Value) -> Value:
    if dtype_of(x).kind == "c":
        raise NotDifferentiableError(
            "ive of complex numbers is scaled by the real part, which has no complex derivative: differentiate "
            "iv(v, x) * exp(-abs(real(x)))"
        )
    return SLOPES["ive"].bind(x, v, orders=(1,))


def _kve_dx(ans: Value, v: Value, x: Value) -> Value:
    if dtype_of(x).kind == "c":
        return ans - (kve(v - 1, x) + kve(v + 1, x)) / 2
    return SLOPES["kve"].bind(x, v, orders=(1,))


_SAMPLES = few((1.2, 3.0), _POSITIVE)
jv_p, _ = _of_order("jv", bessel_orders.jv, lambda low, high, f, x: (low - high) / 2, None, _SAMPLES)
yv_p, _ = _of_order("yv", bessel_orders.yv, lambda low, high, f, x: (low - high) / 2, None, _SAMPLES)
iv_p, _ = _of_order("iv", bessel_orders.iv, lambda low, high, f, x: (low + high) / 2, None, _SAMPLES)
ive_p, _IVE_IN_ORDER = _of_order(
    "ive", bessel_orders.ive, lambda low, high, f, x: (low + high) / 2 - sign(x) * f, _ive_dx, _SAMPLES
)
kv_p, _ = _of_order("kv", bessel_orders.kv, lambda low, high, f, x: -(low + high) / 2, None, _SAMPLES)
kve_p, _KVE_IN_ORDER = _of_order(
    "kve", bessel_orders.kve, lambda low, high, f, x: f - (low + high) / 2, _kve_dx, _SAMPLES
)


def _slopes(name: str, kernel: Any, in_order: ParameterDerivative, recurrence: Any) -> ParameterDerivative:
    """Derivatives in `x`; that of theirs in the order by the recurrence from neighbouring orders."""

    def mixed(n: int, x: Value, v: Value) -> Value:
        if n == 0:
            return in_order.bind(v, x, orders=(1,))
        return recurrence(mixed(n - 1, x, v - 1), mixed(n - 1, x, v + 1), mixed(n - 1, x, v), x)

    return ParameterDerivative(
        f"{name}_slope",
        kernel,
        [lambda orders, x, v: mixed(orders[0], x, v)],
        2,
        lambda: [((np.array([0.7, 5.0, 40.0]), np.array([6.0, 5.0, 5.5])), {"orders": (n,)}) for n in (1, 2)],
    )


SLOPES = {
    "ive": _slopes("ive", scaled_bessel.ive, _IVE_IN_ORDER, lambda low, high, f, x: (low + high) / 2 - sign(x) * f),
    "kve": _slopes("kve", scaled_bessel.kve, _KVE_IN_ORDER, lambda low, high, f, x: f - (low + high) / 2),
}

# --- spherical ---------------------------------------------------------------------------------------------------


def _spherical_in(n: Any, z: Any) -> Any:
    """SciPy's, but near 0, where it vanishes with the Bessel function that it divides: there the first term of the series."""
    import scipy.special as sp

    out, near = sp.spherical_in(n, z), np.abs(z) < 1e-9
    if not near.any():
        return out
    small = np.where(near, z, 0)
    return np.where(near, np.power(small, n) * (SQRT_PI / 2) / (np.exp2(n) * sp.gamma(n + 1.5)), out)[()]


def _spherical(name: str, below: int, above: int, function: Any = None) -> Elementwise:
    """DLMF 10.51.2: ``(2n + 1) f_n' = below n f_(n-1) + above (n + 1) f_(n+1)``."""

    def dz(ans: Value, n: Value, z: Value) -> Value:
        lower = primitive.bind(where(as_value(n) > 0, as_value(n) - 1, 0), z)
        return (below * n * lower + above * (n + 1) * primitive.bind(n + 1, z)) / (2 * n + 1)

    function = function or scipy_function(name, ufunc=f"_ufuncs._{name}")
    primitive = special(name, (none(name, "the order n"), dz), 2, (0.3, 3.0), function=kept(function))
    return primitive


spherical_jn_p = _spherical("spherical_jn", 1, -1)
spherical_yn_p = _spherical("spherical_yn", 1, -1)
spherical_in_p = _spherical("spherical_in", 1, 1, _spherical_in)
spherical_kn_p = _spherical("spherical_kn", -1, -1)

# --- Airy and Struve ---------------------------------------------------------------------------------------------

airy_ai_p = special("airy_ai", (lambda ans, x: airy_aip_p.bind(x),), _ANY, function=scipy_function("airy", 0))
airy_aip_p = special("airy_aip", (lambda ans, x: x * airy_ai_p.bind(x),), _ANY, function=scipy_function("airy", 1))
airy_bi_p = special("airy_bi", (lambda ans, x: airy_bip_p.bind(x),), _ANY, function=scipy_function("airy", 2))
airy_bip_p = special("airy_bip", (lambda ans, x: x * airy_bi_p.bind(x),), _ANY, function=scipy_function("airy", 3))


def _struve_term(v: Value, x: Value) -> Value:
    """``(x / 2)**v / (sqrt(pi) gamma(v + 3/2))``, DLMF 11.4.27."""
    return exp(v * log(x / 2) - gammaln(v + 1.5)) / SQRT_PI


def _struve_rule(function: Any, sign_above: float) -> Any:
    """DLMF 11.4.25 and 11.4.27; away from 0, where the latter cancels, ``f(v - 1) - v f / x``."""

    def rule(ans: Value, v: Value, x: Value) -> Value:
        far = absolute(x) > 2
        z, y = where(far, x, 1.0), where(far, 1.0, x)
        below = function(v - 1, x)
        near = (where(far, 0.0, below) + sign_above * function(v + 1, y) + _struve_term(v, y)) / 2
        return where(far, below - v * (ans / z), near)

    return rule


struve_p = special(
    "struve",
    (none("struve", "the order v"), _struve_rule(lambda v, x: struve(v, x), -1)),  # noqa: PLW0108 - defined below
    1.5,
    (0.3, 3.0),
    function=kept(scipy_function("struve")),
)
modstruve_p = special(
    "modstruve",
    (none("modstruve", "the order v"), _struve_rule(lambda v, x: modstruve(v, x), 1)),  # noqa: PLW0108
    1.5,
    (0.3, 3.0),
    function=kept(scipy_function("modstruve")),
)

j0, j1, y0, y1 = map(function_of, (j0_p, j1_p, y0_p, y1_p))
with_example(
    j0,
    """
    >>> import numpy as np
    >>> from wengert.scipy import special
    >>> abs(special.j0(np.array([0.0, 2.404825557695773]))).round(12)
    array([1., 0.])
    """,
)
with_example(
    j1,
    """
    >>> import numpy as np
    >>> from wengert.scipy import special
    >>> abs(special.j1(np.array([0.0, 3.831705970207512]))).round(12)
    array([0., 0.])
    """,
)
with_example(
    y0,
    """
    >>> import numpy as np
    >>> from wengert.scipy import special
    >>> special.y0(np.array([0.0, 1.0])).round(6)
    array([    -inf, 0.088257])
    """,
)
with_example(
    y1,
    """
    >>> import numpy as np
    >>> from wengert.scipy import special
    >>> special.y1(np.array([0.0, 1.0])).round(6)
    array([     -inf, -0.781213])
    """,
)
i0, i1, i0e, i1e = map(function_of, (i0_p, i1_p, i0e_p, i1e_p))
with_example(
    i0,
    """
    >>> import numpy as np
    >>> from wengert.scipy import special
    >>> special.i0(np.array([0.0, 1.0])).round(6)
    array([1.      , 1.266066])
    """,
)
with_example(
    i0e,
    """
    >>> import numpy as np
    >>> from wengert.scipy import special
    >>> special.i0e(np.array([0.0, np.inf]))
    array([1., 0.])
    """,
)
with_example(
    i1,
    """
    >>> import numpy as np
    >>> from wengert.scipy import special
    >>> special.i1(np.array([0.0, 1.0])).round(6)
    array([0.      , 0.565159])
    """,
)
with_example(
    i1e,
    """
    >>> import numpy as np
    >>> from wengert.scipy import special
    >>> special.i1e(np.array([0.0, np.inf]))
    array([0., 0.])
    """,
)
k0, k1, k0e, k1e = map(function_of, (k0_p, k1_p, k0e_p, k1e_p))
with_example(
    k0,
    """
    >>> import numpy as np
    >>> from wengert.scipy import special
    >>> special.k0(np.array([0.0, np.inf]))
    array([inf,  0.])
    """,
)
with_example(
    k0e,
    """
    >>> import numpy as np
    >>> from wengert.scipy import special
    >>> (special.k0e(1.0) / (special.k0(1.0) * np.e)).round(12)
    np.float64(1.0)
    """,
)
with_example(
    k1,
    """
    >>> import numpy as np
    >>> from wengert.scipy import special
    >>> special.k1(np.array([0.0, np.inf]))
    array([inf,  0.])
    """,
)
with_example(
    k1e,
    """
    >>> import numpy as np
    >>> from wengert.scipy import special
    >>> (special.k1e(2.0) / (special.k1(2.0) * np.exp(2.0))).round(12)
    np.float64(1.0)
    """,
)
_BOTH = "differentiable in `x`, and in the order at positive `x`."
jv = function_of(jv_p, f"The Bessel function J of order `v`; {_BOTH}")
with_example(
    jv,
    """
    >>> import numpy as np
    >>> from wengert.scipy import special
    >>> abs(special.jn(2, np.array([0.0, 5.135622301840683]))).round(12)
    array([0., 0.])
    """,
)
yv = function_of(yv_p, f"The Bessel function Y of order `v`; {_BOTH}")
with_example(
    yv,
    """
    >>> from wengert.scipy import special
    >>> abs(special.yv(0, 3.0) - special.y0(3.0)).round(12)
    np.float64(0.0)
    """,
)
iv = function_of(iv_p, f"The modified Bessel function I of order `v`; {_BOTH}")
with_example(
    iv,
    """
    >>> import numpy as np
    >>> from wengert.scipy import special
    >>> (special.iv(0.5, 2.0) * np.sqrt(np.pi) / np.sinh(2.0)).round(12)
    np.float64(1.0)
    """,
)
ive = function_of(ive_p, f"``iv(v, x) * exp(-abs(x))``; {_BOTH}")
with_example(
    ive,
    """
    >>> import numpy as np
    >>> from wengert.scipy import special
    >>> special.ive(0.0, 0.0), (special.ive(1.0, 2.0) / (special.iv(1.0, 2.0) * np.exp(-2.0))).round(12)
    (np.float64(1.0), np.float64(1.0))
    """,
)
kv = function_of(kv_p, f"The modified Bessel function K of order `v`; {_BOTH}")
with_example(
    kv,
    """
    >>> from wengert.scipy import special
    >>> abs(special.kn(0, 1.0) - special.k0(1.0)).round(12)
    np.float64(0.0)
    """,
)
with_example(
    kv,
    """
    >>> import numpy as np
    >>> from wengert.scipy import special
    >>> (special.kv(0.5, 2.0) / (np.sqrt(np.pi / 4) * np.exp(-2.0))).round(12)
    np.float64(1.0)
    """,
)
kve = function_of(kve_p, f"``kv(v, x) * exp(x)``; {_BOTH}")
with_example(
    kve,
    """
    >>> import numpy as np
    >>> from wengert.scipy import special
    >>> (special.kve(0.5, 2.0) / np.sqrt(np.pi / 4)).round(12)
    np.float64(1.0)
    """,
)
struve = function_of(struve_p, "The Struve function H of order `v`; differentiable in `x`.")
with_example(
    struve,
    """
    >>> import numpy as np
    >>> from wengert.scipy import special
    >>> special.struve(0.0, np.array([0.0, 1.0])).round(6)
    array([0.      , 0.568657])
    """,
)
modstruve = function_of(modstruve_p, "The modified Struve function L of order `v`; differentiable in `x`.")
with_example(
    modstruve,
    """
    >>> import numpy as np
    >>> from wengert.scipy import special
    >>> special.modstruve(0.0, np.array([0.0, 1.0])).round(6)
    array([0.      , 0.710243])
    """,
)


def airy(z: Value, /) -> tuple[Value, Value, Value, Value]:
    """The Airy functions Ai, Ai', Bi and Bi'.

    Example:
        >>> from wengert.scipy import special
        >>> [round(float(v), 6) for v in special.airy(0.0)]
        [0.355028, -0.258819, 0.614927, 0.448288]
    """
    z = as_value(z)
    return airy_ai_p.bind(z), airy_aip_p.bind(z), airy_bi_p.bind(z), airy_bip_p.bind(z)


def _spherical_function(primitive: Elementwise, text: str) -> Any:
    def call(n: Value, z: Value, derivative: bool = False) -> Value:
        n, z = as_value(n), as_value(z)
        return primitive.partials[1](None, n, z) if derivative else primitive.bind(n, z)  # type: ignore[index,operator]

    call.__name__ = call.__qualname__ = primitive.name
    call.__doc__ = f"The {text} of whole order `n`, or its derivative in `z`; differentiable in `z`."
    return call


spherical_jn = _spherical_function(spherical_jn_p, "spherical Bessel function of the first kind")
with_example(
    spherical_jn,
    """
    >>> import numpy as np
    >>> from wengert.scipy import special
    >>> abs(special.spherical_jn(0, np.array([0.0, np.pi]))).round(12)
    array([1., 0.])
    """,
)
spherical_yn = _spherical_function(spherical_yn_p, "spherical Bessel function of the second kind")
with_example(
    spherical_yn,
    """
    >>> import numpy as np
    >>> from wengert.scipy import special
    >>> (special.spherical_yn(0, np.pi) * np.pi).round(12)
    np.float64(1.0)
    """,
)
spherical_in = _spherical_function(spherical_in_p, "modified spherical Bessel function of the first kind")
with_example(
    spherical_in,
    """
    >>> import numpy as np
    >>> from wengert.scipy import special
    >>> (special.spherical_in(0, 2.0) / np.sinh(2.0)).round(12)
    np.float64(0.5)
    """,
)
spherical_kn = _spherical_function(spherical_kn_p, "modified spherical Bessel function of the second kind")
with_example(
    spherical_kn,
    """
    >>> import numpy as np
    >>> from wengert.scipy import special
    >>> (special.spherical_kn(0, 2.0) * np.exp(2.0) * 4 / np.pi).round(12)
    np.float64(1.0)
    """,
)
