"""Bessel functions of all orders at once, Hankel functions, spherical harmonics, Legendre functions; derivatives of Bessel functions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...core import Tracer, as_value, dtype_of
from ...documented import with_example
from ...errors import ArgumentError
from ...ops.casts import convert
from ...ops.elementwise import trunc
from ...ops.shape import stack
from ...ops.special import functions as _ops
from ...ops.special.declare import floating, of_loops
from ...ops.special.functions import jv, lpmv, sph_harm_y, yv
from ...vocabulary import ArrayLike, Value


def bessel_jn(z: ArrayLike, *, v: int, n_iter: int = 50) -> Value:
    """The Bessel functions J of orders 0 to `v`, stacked along a new first axis; `n_iter` is taken for JAX's sake.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import special
        >>> special.bessel_jn(np.array(0.0), v=2)
        array([1., 0., 0.])
    """
    z = floating(z)[0]
    return stack([jv(float(k), z) for k in range(v + 1)])


def _of_whole_order(name: str, what: str, f: Any) -> Any:
    """A Bessel function of whole orders: the decimals of others are cut off, as SciPy does."""

    def call(n: Any, x: Any, /) -> Any:
        if isinstance(n, float):
            return f(float(int(n)) if math.isfinite(n) else n, x)
        n = as_value(n)
        if dtype_of(n).kind == "f":
            return f(trunc(n), x)
        return f(n, of_loops(x, narrow=np.float64)[0])  # SciPy's loop of integers and float64

    call.__name__ = call.__qualname__ = name
    call.__doc__ = f"The {what} of whole order `n` at `x`; decimals of `n` are cut off."
    return call


kn = _of_whole_order("kn", "modified Bessel function of the second kind", _ops.kv)


with_example(
    kn,
    """
    >>> from wengert.scipy import special
    >>> abs(special.kn(0, 1.0) - special.k0(1.0)).round(12)
    np.float64(0.0)
    """,
)


yn = _of_whole_order("yn", "Bessel function of the second kind", _ops.yv)


with_example(
    yn,
    """
    >>> from wengert.scipy import special
    >>> abs(special.yn(0, 3.0) - special.y0(3.0)).round(12)
    np.float64(0.0)
    """,
)


def _complex(v: Any, z: Any) -> Any:
    """`z` as a complex number: of negative ones the functions are complex."""
    z = of_loops(v, z)[1]
    return z if dtype_of(z).kind == "c" else convert(z, np.result_type(dtype_of(z), np.complex64))


def hankel1(v: Any, z: Any) -> Any:
    """The Hankel function of the first kind, ``jv + 1j * yv``, for real or complex `z`.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import special
        >>> (abs(special.hankel1(0.5, 2.0)).round(12) ** 2 * np.pi).round(12)
        np.float64(1.000000000001)
    """
    z = _complex(v, z)
    return jv(v, z) + 1j * yv(v, z)


def hankel2(v: ArrayLike, z: ArrayLike) -> Value:
    """The Hankel function of the second kind, ``jv - 1j * yv``.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import special
        >>> special.hankel2(1.0, 2.0) == np.conj(special.hankel1(1.0, 2.0))
        np.True_
    """
    z = _complex(v, z)
    return jv(v, z) - 1j * yv(v, z)


def sph_harm(m: ArrayLike, n: Any, theta: ArrayLike, phi: ArrayLike) -> Value:
    """`sph_harm_y` with the order first, `theta` the azimuth and `phi` the polar angle, as SciPy had it before 1.17.

    Example:
        >>> from wengert.scipy import special
        >>> special.sph_harm(0, 0, 0.0, 0.0).real.round(6)
        np.float64(0.282095)
    """
    return sph_harm_y(n, m, phi, theta)


def lpmn_values(m: int, n: int, z: ArrayLike, is_normalized: bool = False) -> Value:
    """Legendre's associated functions of orders 0 to `m` and degrees 0 to `n` at points `z`: ``(m + 1, n + 1, len(z))``.

    Args:
        is_normalized: whether they are those of the spherical harmonics, with their norm and phase.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import special
        >>> special.lpmn_values(1, 1, np.array([0.5]), False)[1, 1].round(4)
        array([-0.866])
    """
    z = floating(z)[0]
    rows = []
    for i in range(m + 1):
        row = []
        for j in range(n + 1):
            norm = (
                math.sqrt((2 * j + 1) / (4 * math.pi) * math.factorial(j - i) / math.factorial(j + i))
                if i <= j
                else 0.0
            )
            value = lpmv(i, float(j), z) if i <= j else 0 * z
            row.append(value * norm if is_normalized else value)
        rows.append(stack(row))
    return stack(rows)


def _derivatives(name: str, of: str, f: Any, sign: int, factor: int = 1) -> Any:
    def call(v: Any, z: Any, n: int = 1) -> Any:
        if isinstance(n, Tracer) or n != int(n) or n < 0:
            raise ArgumentError(f"{name}: n is a whole number from 0 on, got {n!r}")
        n = int(n)
        v = as_value(v)
        terms = [math.comb(n, k) * sign**k * f(v - n + 2 * k, z) for k in range(n + 1)]
        return sum(terms[1:], terms[0]) * (factor / 2) ** n

    call.__name__ = call.__qualname__ = name
    call.__doc__ = f"The n-th derivative of `{of}(v, z)` in `z`."
    return call


jvp = _derivatives("jvp", "jv", _ops.jv, -1)


with_example(
    jvp,
    """
    >>> from wengert.scipy import special
    >>> abs(special.jvp(0, 2.0) + special.j1(2.0)).round(12)
    np.float64(0.0)
    """,
)


yvp = _derivatives("yvp", "yv", _ops.yv, -1)


with_example(
    yvp,
    """
    >>> from wengert.scipy import special
    >>> abs(special.yvp(0, 3.0) + special.y1(3.0)).round(12)
    np.float64(0.0)
    """,
)


ivp = _derivatives("ivp", "iv", _ops.iv, 1)


with_example(
    ivp,
    """
    >>> from wengert.scipy import special
    >>> abs(special.ivp(0, 1.0) - special.iv(1, 1.0)).round(12)
    np.float64(0.0)
    """,
)


kvp = _derivatives("kvp", "kv", _ops.kv, 1, -1)


with_example(
    kvp,
    """
    >>> from wengert.scipy import special
    >>> abs(special.kvp(0, 1.0) + special.k1(1.0)).round(12)
    np.float64(0.0)
    """,
)


__all__ = ["bessel_jn", "hankel1", "hankel2", "ivp", "jvp", "kn", "kvp", "lpmn_values", "sph_harm", "yn", "yvp"]
