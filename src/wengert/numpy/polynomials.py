"""Polynomials as vectors of coefficients, the highest power first: values, sums, products, derivatives, roots, fits."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from ..config import config
from ..core import Tracer, as_array, as_value, aval_of, demoted, dtype_of, inexact_dtype, ndim_of, shape_of
from ..errors import ArgumentError, ConcretizationError, NotSupportedError
from ..ops.casts import as_inexact, real
from ..ops.elementwise import add, convert, multiply, subtract
from ..ops.indexing import getitem
from ..ops.promotion import broadcast_shapes, result_dtype
from ..ops.reduction import sum as _sum
from ..ops.shape import broadcast_to, concatenate, expand_dims, reshape, stack
from ..ops.updates import at
from ..vocabulary import ArrayLike, Value
from .calculus import convolve
from .patterns import vander
from .searching import known


def _coefficients(p: ArrayLike) -> Value:
    p = as_array(p)
    return reshape(p, (1,)) if ndim_of(p) == 0 else p


def polyval(p: ArrayLike, x: ArrayLike) -> Value:
    """The polynomial with coefficients `p`, highest power first, at `x` (Horner's scheme).

    Example:
        >>> polyval([1.0, 0.0, 2.0], 3.0)
        np.float64(11.0)
    """
    p, x = _coefficients(p), as_array(x)
    dtype = result_dtype(aval_of(p), aval_of(x))
    shape = shape_of(p)[1:]
    dtype = dtype if shape_of(p)[0] else dtype_of(x)
    out = np.zeros(broadcast_shapes("polyval", shape_of(x), shape), dtype)[()]
    for i in range(shape_of(p)[0]):
        out = add(multiply(out, x), getitem(p, i))
    return out


def _padded(a1: ArrayLike, a2: ArrayLike) -> tuple[Any, Any]:
    a, b = _coefficients(a1), _coefficients(a2)
    n = max(shape_of(a)[0], shape_of(b)[0])
    a, b = (concatenate([np.zeros(n - shape_of(x)[0], dtype_of(x)), x]) for x in (a, b))
    return a, b


def polyadd(a1: ArrayLike, a2: ArrayLike) -> Value:
    """The sum of two polynomials.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.polyadd(wnp.array([1, 2]), [1, 0, 0])
        array([1, 1, 2])
    """
    a, b = _padded(a1, a2)
    return add(a, b)


def polysub(a1: ArrayLike, a2: ArrayLike) -> Value:
    """The difference of two polynomials.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.polysub(wnp.array([1, 2]), [1, 5])
        array([ 0, -3])
    """
    a, b = _padded(a1, a2)
    return subtract(a, b)


def polymul(a1: ArrayLike, a2: ArrayLike) -> Value:
    """The product of two polynomials.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.polymul(wnp.array([1, 1]), [1, -1])
        array([ 1,  0, -1])
    """
    return convolve(_coefficients(a1), _coefficients(a2))


def polydiv(u: ArrayLike, v: ArrayLike) -> tuple[Any, Any]:
    """The quotient and the remainder of two polynomials; the remainder keeps its leading zeros.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.polydiv(wnp.array([1.0, 0.0, -1.0]), [1.0, 1.0])
        (array([ 1., -1.]), array([0.]))
    """
    u, v = (as_inexact(_coefficients(x)) for x in (u, v))
    m, n = shape_of(u)[0] - 1, shape_of(v)[0] - 1
    r = u + getitem(v, 0) * 0
    quotients = []
    for k in range(m - n + 1):
        d = getitem(r, k) / getitem(v, 0)
        quotients.append(d)
        r = at(r)[k : k + n + 1].add(-d * v)
    q = stack(quotients) if quotients else np.zeros(1, dtype_of(r))
    return q, getitem(r, slice(max(m - n + 1, 0), None)) if n else np.zeros(1, dtype_of(r))


def polyder(p: ArrayLike, m: int = 1) -> Value:
    """The `m`-th derivative of a polynomial.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.polyder(wnp.array([1.0, 2.0, 3.0]))
        array([2., 2.])
    """
    p = _coefficients(p)
    for _ in range(_order("polyder", m)):
        n = shape_of(p)[0]
        p = multiply(getitem(p, slice(None, -1)), np.arange(n - 1, 0, -1, dtype=config.int_dtype))
    return p


def _order(name: str, m: int) -> int:
    if operator.index(m) < 0:
        raise ArgumentError(f"{name}: the order must not be negative, got {m}")
    return m


def polyint(p: ArrayLike, m: int = 1, k: ArrayLike | None = None) -> Value:
    """The `m`-th integral of a polynomial, with constants of integration `k` (0 by default).

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.polyint(wnp.array([2.0, 2.0]))
        array([1., 2., 0.])
    """
    p = _coefficients(p)
    if _order("polyint", m) == 0:
        return p
    p = convert(p, np.promote_types(dtype_of(p), config.float_dtype))
    constants = np.zeros(m, dtype_of(p)) if k is None else broadcast_to(convert(_coefficients(k), dtype_of(p)), (m,))
    for i in range(operator.index(m)):
        n = shape_of(p)[0]
        p = concatenate([p / convert(np.arange(n, 0, -1), dtype_of(p)), reshape(getitem(constants, i), (1,))])
    return p


def poly(seq_of_zeros: ArrayLike) -> Value:
    """The coefficients of the polynomial with these roots, or the characteristic one of a square matrix.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.poly(wnp.array([1.0, 2.0]))
        array([ 1., -3.,  2.])
    """
    from .factorizations import eigvals  # factorisations are imported when they are used

    roots_ = _coefficients(seq_of_zeros)
    is_real = ndim_of(roots_) == 2 and dtype_of(roots_).kind != "c"  # so is the polynomial, whatever its roots are
    if ndim_of(roots_) == 2:
        roots_ = eigvals(roots_)
    elif dtype_of(roots_).kind == "c":
        is_real = _in_pairs(roots_)
    out = np.ones(1, dtype_of(roots_) if inexact_dtype(dtype_of(roots_)) else config.float_dtype)
    for i in range(shape_of(roots_)[0]):
        out = concatenate([out, out[:1] * 0]) - concatenate([out[:1] * 0, out * getitem(roots_, i)])
    return real(out) if is_real else out


def _in_pairs(roots: Value) -> bool:
    """Whether complex roots are their own conjugates, where that is known: their polynomial is real then, as NumPy has it."""
    if isinstance(roots, Tracer) and not roots.known:
        return False
    given = np.asarray(known(roots, "poly"))
    return bool(np.all(np.sort(given) == np.sort(given.conj())))


def roots(p: ArrayLike) -> Value:
    """The roots of a polynomial, complex where they are traced; its first coefficient must not be zero unless `p` is known.

    Example:
        >>> import numpy as np
        >>> import wengert.numpy as wnp
        >>> np.sort(wnp.roots(wnp.array([1.0, -3.0, 2.0])).real).round(12)
        array([1., 2.])
    """
    from .factorizations import eigvals

    p = as_inexact(_coefficients(p))
    zeros_at_end = 0
    if not isinstance(p, Tracer) and config._x64:
        return np.roots(p)
    try:
        given = known(p, "roots")
    except ConcretizationError:
        given = None
    if given is not None:
        hit = np.flatnonzero(given)
        if not len(hit):
            return np.zeros(0, config.complex_dtype)
        zeros_at_end = len(given) - 1 - int(hit[-1])
        p = p[hit[0] : hit[-1] + 1]
    n = shape_of(p)[0]
    if n < 2:
        return np.zeros(zeros_at_end, np.result_type(dtype_of(p), np.complex64))
    top = reshape(-getitem(p, slice(1, None)) / getitem(p, 0), (1, n - 1))
    companion = concatenate([top, np.eye(n - 2, n - 1, dtype=dtype_of(p))])
    out = eigvals(companion)
    return concatenate([out, np.zeros(zeros_at_end, dtype_of(out))]) if zeros_at_end else out


def polyfit(
    x: ArrayLike,
    y: ArrayLike,
    deg: int,
    rcond: Any = None,
    full: bool = False,
    w: ArrayLike | None = None,
    cov: Any = False,
) -> Any:
    """The coefficients of the polynomial of degree `deg` that fits best, in least squares, weighted by `w`.

    Raises:
        NotSupportedError: `full` or `cov` on values under transformation.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.polyfit(wnp.array([0.0, 1.0, 2.0]), [1.0, 3.0, 5.0], 1).round(12)
        array([2., 1.])
    """
    if not any(isinstance(v, Tracer) for v in (x, y, w)):
        out = np.polyfit(as_array(x), as_array(y), deg, rcond, full, w, cov)
        return out if config._x64 else demoted(out)
    if full or cov:
        raise NotSupportedError("polyfit with full= or cov= under transformation; use numpy.linalg.lstsq with vander")
    from .linalg import lstsq

    if deg < 0:
        raise ArgumentError(f"polyfit: the degree must not be negative, got {deg}")
    x, y = as_array(x) + 0.0, as_array(y) + 0.0
    left = vander(x, deg + 1)
    if w is not None:
        w = as_value(w)
        left = left * expand_dims(w, 1)
        y = y * (w if ndim_of(y) == 1 else expand_dims(w, 1))
    scale = (_sum(left * left, 0)) ** 0.5
    c = lstsq(left / scale, y, shape_of(x)[0] * np.finfo(dtype_of(x)).eps if rcond is None else rcond)[0]
    return c / scale if ndim_of(c) == 1 else c / expand_dims(scale, 1)


__all__ = ["poly", "polyadd", "polyder", "polydiv", "polyfit", "polyint", "polymul", "polysub", "polyval", "roots"]
