"""Conversions between dtypes, and the parts of complex numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..config import canonical_dtype, config
from ..core import PYTHON_SCALARS, Aval, Value, as_array, demote, dtype_of, inexact_dtype, is_weak
from ..errors import DtypeError
from ..lowering import Formula, complexes, formulas
from .fits import check_fits
from .linear import Linear
from .roots import passes
from .samples import REAL, SHAPES, inside

ndarray = np.ndarray


def own(avals: Sequence[Aval], out: Aval) -> tuple[list[np.dtype], np.dtype]:
    """The dtypes of the loop of an operation that leaves numbers as they are."""
    return [avals[0].dtype], avals[0].dtype


def _complex_samples() -> list[tuple[tuple[Value, ...], dict[str, Any]]]:
    return [((inside(*REAL)(s, 2) + 1j * inside(*REAL)(s, 3),), {}) for s in SHAPES]


def _same_shape_rule(function: Any) -> Callable[..., Aval]:
    def rule(x: Aval) -> Aval:
        return Aval(x.shape, canonical_dtype(function(np.empty((0,), x.dtype)).dtype))

    return rule


def _copied(x: Any) -> Value:
    """A copy of an array, or of a number of Python's or NumPy's."""
    out = np.array(x)
    return out if out.ndim else out[()]


def _real_transpose(ct: Value, x: Any) -> Value:
    return convert(ct, x.dtype)


def _imag_transpose(ct: Value, x: Any) -> Value:
    return ct * x.dtype.type(-1j) if x.dtype.kind == "c" else ct * x.dtype.type(0)


real_p = Linear(
    "real",
    lambda x: _copied(np.real(x)),
    _same_shape_rule(np.real),
    _real_transpose,
    lambda n, x: real(x),
    samples=_complex_samples,
    mixes=0,
    native=Formula(formulas.same, loop=own, kinds="f", parts=complexes.real),
)
imag_p = Linear(
    "imag",
    lambda x: _copied(np.imag(x)),
    _same_shape_rule(np.imag),
    _imag_transpose,
    lambda n, x: imag(x),
    pattern=None,  # of ones it is 0
    samples=_complex_samples,
    mixes=0,
    native=Formula(formulas.zero, loop=own, kinds="f", parts=complexes.imaginary),
)
conj_p = Linear(
    "conj",
    np.conj,
    _same_shape_rule(np.conj),
    lambda ct, x: conj(ct),
    lambda n, x: conj(x),
    samples=_complex_samples,
    mixes=0,
    native=Formula(formulas.same, loop=own, kinds="f", parts=complexes.conjugate),
)


def _to_unsigned(x: ndarray, dtype: np.dtype) -> Value:
    """Floating numbers as uint32 or uint64: those below 0 count from the end, as C compilers do it by signed integers of 64
    bits. C leaves open what becomes of numbers out of range, and NumPy's loops for single numbers and for arrays differ."""
    if dtype.itemsize == 4:
        return x.astype(np.int64).astype(dtype)
    high = np.asarray(x >= 2.0**63)
    if not high.any():
        return x.astype(np.int64).astype(dtype)
    wide = np.asarray(x, np.float64)
    less = np.where(high, wide - 2.0**63, wide).astype(np.int64).astype(dtype)
    return np.where(high, less ^ dtype.type(1 << 63), less)[()]


def _convert_impl(x: Value, *, dtype: np.dtype) -> Value:
    if type(x) in PYTHON_SCALARS:
        return dtype.type(x.real if dtype.kind != "c" and type(x) is complex else x)
    if x.dtype.kind == "c" and dtype.kind not in "cb":
        x = x.real
    if dtype.kind == "u" and dtype.itemsize > 2 and x.dtype.kind not in "iub":
        return _to_unsigned(x, dtype)
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
    native=Formula(formulas.converted, loop=lambda avals, out: ([out.dtype], out.dtype), parts=complexes.same),
)
passes(convert_p)


def convert(x: Value, dtype: Any) -> Value:
    """`x` with another dtype (always a strong one); the real part where a complex value becomes real.

    Raises:
        OverflowError: a Python integer that a dtype of integers cannot hold.

    Example:
        >>> import numpy as np
        >>> from wengert import lax
        >>> lax.convert_element_type(np.array([1.7, -1.7]), "int32")
        array([ 1, -1], dtype=int32)
    """
    d = canonical_dtype(dtype)
    if is_weak(x):
        if d.kind in "iu" and dtype_of(x).kind == "i":
            check_fits(x, d)
    elif dtype_of(x) == d:
        return x
    return convert_p.bind(x, dtype=d)


def in_own_order(x: Value) -> Value:
    """A value of the other byte order in this machine's, which what is computed of it has."""
    dtype = dtype_of(x)
    return x if dtype.isnative else convert(x, dtype.newbyteorder("="))


def as_inexact(x: Any) -> Value:
    """`x` as a strong value of floating or complex numbers; integers and truth values in the default floating dtype."""
    x = as_array(x)
    return x if inexact_dtype(dtype_of(x)) else convert(x, config.float_dtype)


def as_positions(x: Value, what: str = "") -> Value:
    """Integers that count along axes, in a dtype in which adding the length of an axis does not overflow.

    With `what` anything but integers and truth values is a TypeError that names that function; without it, it stays as it is.
    """
    x = as_array(x)
    if dtype_of(x).kind in "biu":
        return convert(x, config.int_dtype)
    if what:
        raise DtypeError(f"{what}: indices must be integers, got {dtype_of(x)}")
    return x


def real(x: Value) -> Value:
    """The real part.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.real(wnp.array([1 + 2j, 3.0]))
        array([1., 3.])
    """
    x = as_array(x)
    return real_p.bind(x) if dtype_of(x).kind == "c" else x


def imag(x: Value) -> Value:
    """The imaginary part (zero for real `x`).

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.imag(wnp.array([1 + 2j, 3.0]))
        array([2., 0.])
    """
    return imag_p.bind(as_array(x))


def conj(x: Value) -> Value:
    """The complex conjugate.

    Example:
        >>> import numpy as np
        >>> from wengert import lax
        >>> lax.conj(np.array([1 + 2j]))
        array([1.-2.j])
    """
    if type(x) is ndarray and x.dtype.kind == "f":
        return x if config._x64 else demote(x)
    x = as_array(x)
    return conj_p.bind(x) if dtype_of(x).kind == "c" else x
