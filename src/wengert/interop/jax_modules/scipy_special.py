"""`jax.scipy.special` where it takes other arguments than SciPy's functions."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from ...scipy import special
from ..array import Array, in_dtype, kind_of, promoted, wrap
from ..border import bordered, lift, lower
from ..promotion import floating
from ..rules import follow
from .numpy import array

_log_ndtr = follow("jax.scipy.special", "log_ndtr", special.log_ndtr)


def log_ndtr(x: Any, series_order: int = 3) -> Any:
    """The logarithm of the normal distribution function; `series_order` says how JAX would sum its tail.

    Raises:
        ValueError: `series_order` is negative or above 30.
    """
    if type(series_order) is not int:
        raise TypeError(f"series_order must be a Python integer, got {series_order!r}")
    if not 0 <= series_order <= 30:
        raise ValueError(f"series_order must be between 0 and 30, got {series_order}")
    return _log_ndtr(x)


def sph_harm_y(n: Any, m: Any, theta: Any, phi: Any, diff_n: Any = None, n_max: int | None = None) -> Any:
    """The spherical harmonics of degree `n` and order `m`; 0 where the degree is above `n_max`.

    Raises:
        NotImplementedError: `diff_n` is given.
    """
    if diff_n is not None:
        raise NotImplementedError("sph_harm_y: derivatives by diff_n are not implemented in JAX; use jax.jacfwd")
    (angle, turn), _ = promoted((theta, phi), inexact=True)
    degree, order = (np.asarray(lower(v)) for v in (n, m))
    return lift(special.sph_harm_y(degree, order, angle, turn))


def multigammaln(a: Any, d: Any) -> Any:
    """The logarithm of the multivariate gamma function, of dimension `d`."""
    x = in_dtype(a, floating(kind_of(a))[0])
    d = int(np.asarray(lower(d)))
    out: Any = d * (d - 1) / 4 * float(np.log(np.pi))
    for i in range(d):
        out = out + special.gammaln(x - i / 2)
    return wrap(in_dtype(out, x.dtype)) if d > 1 or type(out) is Array or hasattr(out, "dtype") else array(0.0 * x)


_polygamma = follow("jax.scipy.special", "polygamma", special.polygamma)


def polygamma(n: Any, x: Any) -> Any:
    """The derivative of order `n` of digamma.

    Raises:
        ValueError: `n` holds no integers.
    """
    dtype = kind_of(n)[0]
    if dtype.kind not in "iu":
        raise ValueError(f"Argument `n` to polygamma must be of integer type. Got dtype {dtype}.")
    return _polygamma(n, x)


def _of_real_numbers(name: str, error: type[Exception], said: str) -> Any:
    inner = follow("jax.scipy.special", name, getattr(special, name))

    def function(x: Any) -> Any:
        if kind_of(x)[0].kind == "c":
            raise error(said.format(kind_of(x)[0].name))
        return inner(x)

    function.__name__ = function.__qualname__ = name
    function.__wrapped__ = inner
    function.__doc__ = f"SciPy's ``{name}`` of real numbers."
    return function


entr = _of_real_numbers("entr", ValueError, "entr does not support complex-valued inputs.")
erf, erfc = (
    _of_real_numbers(n, TypeError, n + " does not accept dtype {}. Accepted dtypes are subtypes of floating.")
    for n in ("erf", "erfc")
)


def factorial(n: Any, exact: bool = False) -> Any:
    """``n!`` in floats.

    Raises:
        NotImplementedError: `exact`, as Python's integers would be.
    """
    if exact:
        raise NotImplementedError("factorial with exact=True: use math.factorial")
    kind = floating(kind_of(n))
    return lift(in_dtype(special.factorial(in_dtype(n, kind[0])), kind[0]), kind[1])


_bernoulli = bordered(special.bernoulli)


def bernoulli(n: Any) -> Any:
    """The Bernoulli numbers up to the `n`-th.

    Raises:
        TypeError: `n` is no integer.
    """
    return _bernoulli(operator.index(n))


_betainc = follow("jax.scipy.special", "betainc", special.betainc)


def betainc(a: Any, b: Any, x: Any) -> Any:
    """The regularised incomplete beta function."""
    return _betainc(a, b, x)


__all__ = [
    "bernoulli",
    "betainc",
    "entr",
    "erf",
    "erfc",
    "factorial",
    "log_ndtr",
    "multigammaln",
    "polygamma",
    "sph_harm_y",
]
