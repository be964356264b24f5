"""Polynomials of `jax.numpy`: in floats, from arrays of coefficients."""

from __future__ import annotations

from typing import Any

import numpy as np

from ... import numpy as ours
from ...core import Tracer
from ...ops import elementwise as ew
from ..array import in_dtype, kind_of, promoted, wrap
from ..border import lower
from ..promotion import floating, joined
from ..rules import checked
from .kit import named
from .numpy import array


def _vector(x: Any, name: str) -> Any:
    x = array(x)
    if not x.ndim:
        raise IndexError(f"{name}: polynomials are arrays of coefficients, got a number")
    return x


_polyadd = named("polyadd")


def polyadd(a1: Any, a2: Any) -> Any:
    """The sum of two polynomials.

    Raises:
        IndexError: one of them is a number.
    """
    return _polyadd(_vector(a1, "polyadd"), _vector(a2, "polyadd"))


_polysub = named("polysub")


def polysub(a1: Any, a2: Any) -> Any:
    """The difference of two polynomials.

    Raises:
        IndexError: one of them is a number.
    """
    return _polysub(_vector(a1, "polysub"), _vector(a2, "polysub"))


def _trimmed(p: Any) -> Any:
    """A known polynomial without its leading zeros."""
    if isinstance(p._value, Tracer):
        return p
    hits = np.flatnonzero(np.asarray(p._value))
    return p[int(hits[0]) :] if len(hits) else p[-1:]


def polymul(a1: Any, a2: Any, *, trim_leading_zeros: bool = False) -> Any:
    """The product of two polynomials, in floats; without their leading zeros, if these are known and it is asked for.

    Raises:
        TypeError: one of them is a number.
    """
    if not (np.ndim(lower(a1)) and np.ndim(lower(a2))):
        raise TypeError("polymul: polynomials are arrays of coefficients, got a number")
    (a, b), _ = promoted((array(a1), array(a2)), inexact=True)
    a, b = wrap(ours.atleast_1d(a)), wrap(ours.atleast_1d(b))
    if trim_leading_zeros:
        a, b = _trimmed(a), _trimmed(b)
    return wrap(ours.convolve(lower(a), lower(b)))


def polydiv(u: Any, v: Any, *, trim_leading_zeros: bool = False) -> tuple[Any, Any]:
    """The quotient and the remainder of two polynomials; the remainder has as many coefficients as `u`, or, if it is asked
    for, none that are 0 in front.
    """
    (a, b), _ = promoted((array(u), array(v)), inexact=True)
    quotient, rest = ours.polydiv(a, b)
    missing = np.shape(a)[0] - np.shape(rest)[0]
    if np.shape(b)[0] == 1:
        missing = np.shape(a)[0] - 1
    rest = wrap(ours.concatenate([np.zeros(max(missing, 0), a.dtype), rest]) if missing > 0 else rest)
    return wrap(quotient), _trimmed(rest) if trim_leading_zeros else rest


def polyder(p: Any, m: int = 1) -> Any:
    """The `m`-th derivative of a polynomial, in floats."""
    return wrap(ours.polyder(in_dtype(checked(p, polyder, 0), floating(kind_of(p))[0]), m))


_poly = named("poly")


def poly(seq_of_zeros: Any) -> Any:
    """The polynomial with these roots; complex where the roots are, those of a matrix among them, whatever they are."""
    out = _poly(seq_of_zeros)
    given = array(seq_of_zeros)
    if given.ndim != 2 and given.dtype.kind != "c":
        return out
    value = lower(out)
    return wrap(ew.convert(value, joined((value.dtype, False), (np.dtype(np.complex64), False))[0]))


def roots(p: Any, *, strip_zeros: bool = True) -> Any:
    """The roots of a polynomial. With ``strip_zeros=False`` it may be traced, and leading zeros give NaN.

    Raises:
        ValueError: `p` is no vector.
    """
    p = array(p)
    if p.ndim != 1:
        raise ValueError(f"Input must be a rank-1 array, got {p.ndim} dimensions")
    value = in_dtype(p, floating(kind_of(p))[0])
    if strip_zeros or isinstance(value, Tracer) or value[0] != 0:
        out = ours.roots(value)
        dtype = joined((value.dtype, False), (np.dtype(np.complex64), False))[0]
        return wrap(ew.convert(out, dtype))
    return wrap(
        np.full(
            len(value) - 1, complex(np.nan, np.nan), joined((value.dtype, False), (np.dtype(np.complex64), False))[0]
        )
    )


__all__ = [
    "poly",
    "polyadd",
    "polyder",
    "polydiv",
    "polymul",
    "polysub",
    "roots",
]
