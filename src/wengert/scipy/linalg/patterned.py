"""Matrices whose elements follow a pattern: toeplitz, hankel, circulant, companion, block_diag and the fixed ones.

Those made from vectors are differentiable in them; they stand in `wengert.scipy.linalg`.
"""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np

from ...config import config
from ...core import as_array, dtype_of, ndim_of, shape_of
from ...documented import with_example
from ...errors import ArgumentError, ShapeError
from ...ops.elementwise import absolute, conj, convert
from ...ops.indexing import getitem
from ...ops.shape import broadcast_to, concatenate, expand_dims, reshape
from ...vocabulary import ArrayLike, Value


def _vector(x: ArrayLike, name: str) -> Value:
    x = as_array(x)
    if ndim_of(x) == 0:
        x = reshape(x, (1,))
    if ndim_of(x) < 1:
        raise ShapeError(f"{name} needs a vector, got shape {shape_of(x)}")
    return x


def toeplitz(c: ArrayLike, r: ArrayLike | None = None) -> Value:
    """Matrices with one value along each diagonal: `c` is the first column, `r` the first row.

    Args:
        c: vectors, shape ``(..., m)``.
        r: vectors, shape ``(n,)``, whose first element is not read; the conjugate of `c` by default.

    Example:
        >>> toeplitz(np.array([1.0, 2.0]), np.array([1.0, 5.0]))
        array([[1., 5.],
               [2., 1.]])
    """
    c = _vector(c, "toeplitz")
    r = conj(c) if r is None else _vector(r, "toeplitz")
    m, n = shape_of(c)[-1], shape_of(r)[-1]
    # Element i, j is c[i - j] or r[j - i]: in the sequence r[n-1], ..., r[1], c[0], ..., c[m-1] at place i - j + n - 1.
    backwards = getitem(r, (Ellipsis, slice(n - 1, 0, -1))) if n > 1 else getitem(r, (Ellipsis, slice(0, 0)))
    sequence = concatenate([backwards, c], ndim_of(c) - 1)
    return getitem(sequence, (Ellipsis, np.arange(m)[:, None] - np.arange(n) + n - 1))


def hankel(c: ArrayLike, r: ArrayLike | None = None) -> Value:
    """The matrix with one value along each antidiagonal: `c` is the first column, `r` (zeros by default) the last row.

    Example:
        >>> hankel(np.array([1.0, 2.0]), np.array([0.0, 3.0]))
        array([[1., 2.],
               [2., 3.]])
    """
    c = _vector(c, "hankel")
    m = shape_of(c)[-1]
    r = np.zeros(m, dtype_of(c)) if r is None else _vector(r, "hankel")
    sequence = concatenate([c, getitem(r, slice(1, None))])
    return getitem(sequence, np.arange(m)[:, None] + np.arange(shape_of(r)[0]))


def circulant(c: ArrayLike) -> Value:
    """Matrices whose columns are `c` moved round by one more each.

    Example:
        >>> circulant(np.array([1.0, 2.0, 3.0]))
        array([[1., 3., 2.],
               [2., 1., 3.],
               [3., 2., 1.]])
    """
    c = _vector(c, "circulant")
    n = shape_of(c)[-1]
    return getitem(c, (Ellipsis, (np.arange(n)[:, None] - np.arange(n)) % max(n, 1)))


def companion(a: ArrayLike) -> Value:
    """The matrix whose eigenvalues are the roots of the polynomial with coefficients `a`, highest power first.

    Raises:
        ShapeError: `a` is no vector of at least two coefficients.

    Example:
        >>> import numpy as np
        >>> from wengert.scipy import linalg
        >>> linalg.companion(np.array([1.0, -5.0, 6.0]))
        array([[ 5., -6.],
               [ 1.,  0.]])
    """
    a = as_array(a)
    if ndim_of(a) != 1 or shape_of(a)[0] < 2:
        raise ShapeError(f"companion needs a vector of at least two coefficients, got shape {shape_of(a)}")
    a = convert(a, config.float_dtype) if dtype_of(a).kind == "b" else a
    first = -getitem(a, slice(1, None)) / getitem(a, 0)
    n = shape_of(a)[0] - 1
    return concatenate([reshape(first, (1, n)), np.eye(n - 1, n, dtype=dtype_of(first))], 0)


def convolution_matrix(a: ArrayLike, n: int, mode: str = "full") -> Value:
    """Matrices whose product with a vector of `n` elements is its convolution with `a`.

    Args:
        a: vectors, shape ``(..., m)``.
        n: how many columns.
        mode: "full" (``m + n - 1`` rows), "valid" or "same": which part of the convolution it is.

    Raises:
        ArgumentError: another `mode`, or `n` is not positive. ShapeError: `a` is empty.

    Example:
        >>> convolution_matrix(np.array([1.0, 2.0]), 2)
        array([[1., 0.],
               [2., 1.],
               [0., 2.]])
    """
    a = _vector(a, "convolution_matrix")
    m = shape_of(a)[-1]
    if m == 0:
        raise ShapeError("convolution_matrix needs a vector of at least one element")
    if mode not in ("full", "valid", "same") or n < 1:
        raise ArgumentError(
            f"convolution_matrix: mode is 'full', 'valid' or 'same' and n positive, got {mode!r}, {n!r}"
        )
    lead = shape_of(a)[:-1]
    zeros = np.zeros((*lead, n - 1), dtype_of(a))
    padded = concatenate([zeros, a, zeros], ndim_of(a) - 1)
    trimmed = {"full": 0, "same": min(m, n) - 1, "valid": 2 * (min(m, n) - 1)}[mode]
    first, rows = trimmed // 2, m + n - 1 - trimmed
    return getitem(padded, (Ellipsis, np.arange(first, first + rows)[:, None] - np.arange(n) + n - 1))


def fiedler(a: ArrayLike) -> Any:
    """The symmetric matrices of distances ``abs(a[i] - a[j])``; their derivative on the diagonal is 0.

    Example:
        >>> fiedler(np.array([1.0, 4.0]))
        array([[0., 3.],
               [3., 0.]])
    """
    a = _vector(a, "fiedler")
    return absolute(expand_dims(a, -1) - expand_dims(a, -2))


def fiedler_companion(a: ArrayLike) -> Value:
    """The pentadiagonal matrix whose eigenvalues are the roots of the polynomial with coefficients `a`, as `companion`.

    Source: Fiedler (2003), "A note on companion matrices".

    Args:
        a: coefficients, highest power first, shape ``(..., n + 1)``.

    Raises:
        ShapeError: `a` has fewer than two coefficients.

    Example:
        >>> fiedler_companion(np.array([1.0, -6.0, 11.0, -6.0]))
        array([[  6., -11.,   1.],
               [  1.,   0.,   0.],
               [  0.,   6.,   0.]])
    """
    a = _vector(a, "fiedler_companion")
    n = shape_of(a)[-1] - 1
    if n < 1:
        raise ShapeError(f"fiedler_companion needs at least two coefficients, got shape {shape_of(a)}")
    a = convert(a, config.float_dtype) if dtype_of(a).kind == "b" else a
    monic = -getitem(a, (Ellipsis, slice(1, None))) / getitem(a, (Ellipsis, slice(0, 1)))
    # Every element is a coefficient, a one or a zero: they are taken from the coefficients with 0 and 1 behind them.
    zero, one = n, n + 1
    fixed = np.broadcast_to(np.array([0.0, 1.0], dtype_of(monic)), (*shape_of(monic)[:-1], 2))
    places = np.full((n, n), zero)
    places[0, 0] = 0
    for row in range(n):
        if row % 2:
            places[row, max(row - 2, 0)] = one
            continue
        for column, element in ((row - 1, row), (row + 1, row + 1), (row + 2, one)):
            if 0 <= column < n:
                places[row, column] = element
    return getitem(concatenate([monic, fixed], ndim_of(monic) - 1), (Ellipsis, places))


def leslie(f: Any, s: Any) -> Value:
    """The Leslie matrix of a population: fecundities `f` in the first row, survival `s` below the diagonal.

    Args:
        f: shape ``(..., n)``. s: shape ``(..., n - 1)``.

    Raises:
        ShapeError: the lengths do not fit together.

    Example:
        >>> leslie(np.array([0.5, 2.0]), np.array([0.25]))
        array([[0.5 , 2.  ],
               [0.25, 0.  ]])
    """
    f, s = _vector(f, "leslie"), _vector(s, "leslie")
    n = shape_of(f)[-1]
    if n < 2 or shape_of(s)[-1] != n - 1:
        raise ShapeError(f"leslie: n fecundities, at least 2, and n - 1 survivals, got {shape_of(f)} and {shape_of(s)}")
    dtype = np.result_type(dtype_of(f), dtype_of(s))
    lead = np.broadcast_shapes(shape_of(f)[:-1], shape_of(s)[:-1])
    first = expand_dims(broadcast_to(convert(f, dtype), (*lead, n)), -2)
    below = expand_dims(broadcast_to(convert(s, dtype), (*lead, n - 1)), -1) * np.eye(n - 1, n, dtype=dtype)
    return concatenate([first, below], ndim_of(first) - 2)


def block_diag(*arrays: Any) -> Value:
    """Matrices along the diagonal of a larger one.

    Example:
        >>> block_diag(np.ones((1, 2)), np.array([[3.0]]))
        array([[1., 1., 0.],
               [0., 0., 3.]])
    """
    if not arrays:
        return np.zeros((1, 0), config.float_dtype)
    matrices = [as_array(a) for a in arrays]
    matrices = [reshape(m, (1,) * (2 - ndim_of(m)) + shape_of(m)) for m in matrices]
    dtype = np.result_type(*[dtype_of(m) for m in matrices])
    width, before, rows = sum(shape_of(m)[1] for m in matrices), 0, []
    for m in matrices:
        n, k = shape_of(m)
        sides = [np.zeros((n, before), dtype), convert(m, dtype), np.zeros((n, width - before - k), dtype)]
        rows.append(concatenate(sides, 1))
        before += k
    return concatenate(rows, 0)


def _constant(name: str, doc: str, **options: Any) -> Any:
    """SciPy's matrix of a name, in the library's dtypes; `options` are its arguments besides the order."""

    def call(n: int, *args: Any, **kwargs: Any) -> Any:
        import scipy.linalg

        out = getattr(scipy.linalg, name)(n, *args, **kwargs)
        return convert(out, {"f": config.float_dtype, "c": config.complex_dtype}.get(out.dtype.kind, out.dtype))

    call.__name__ = call.__qualname__ = name
    call.__doc__ = doc
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    parameters = [inspect.Parameter(k, kind, default=v) for k, v in options.items()]
    call.__signature__ = inspect.Signature([inspect.Parameter("n", kind), *parameters])
    return call


dft = _constant("dft", "The matrix of the discrete Fourier transform of `n` points, SciPy's arguments.", scale=None)
with_example(
    dft,
    """
    >>> from wengert.scipy import linalg
    >>> linalg.dft(2).real.round(12)
    array([[ 1.,  1.],
           [ 1., -1.]])
    """,
)
hadamard = _constant(
    "hadamard", "Hadamard's matrix of order `n`, a power of two: ones and minus ones, rows orthogonal.", dtype=int
)
with_example(
    hadamard,
    """
    >>> from wengert.scipy import linalg
    >>> linalg.hadamard(2)
    array([[ 1,  1],
           [ 1, -1]])
    """,
)
helmert = _constant(
    "helmert", "Helmert's matrix of order `n`: orthonormal contrasts, without the row of the mean.", full=False
)
with_example(
    helmert,
    """
    >>> import numpy as np
    >>> from wengert.scipy import linalg
    >>> (linalg.helmert(3) @ np.ones(3)).round(12)
    array([0., 0.])
    """,
)
hilbert = _constant("hilbert", "Hilbert's matrix of order `n`: elements ``1 / (i + j + 1)``.")
with_example(
    hilbert,
    """
    >>> from wengert.scipy import linalg
    >>> 6 * linalg.hilbert(2)
    array([[6., 3.],
           [3., 2.]])
    """,
)
invhilbert = _constant("invhilbert", "The inverse of Hilbert's matrix of order `n`.", exact=False)
with_example(
    invhilbert,
    """
    >>> from wengert.scipy import linalg
    >>> linalg.invhilbert(2)
    array([[ 4., -6.],
           [-6., 12.]])
    """,
)
invpascal = _constant(
    "invpascal",
    "The inverse of Pascal's matrix of order `n`; SciPy's arguments, as of `pascal`.",
    kind="symmetric",
    exact=True,
)
with_example(
    invpascal,
    """
    >>> from wengert.scipy import linalg
    >>> linalg.invpascal(2)
    array([[ 2, -1],
           [-1,  1]])
    """,
)
pascal = _constant("pascal", "Pascal's matrix of order `n`: binomial coefficients.", kind="symmetric", exact=True)
with_example(
    pascal,
    """
    >>> from wengert.scipy import linalg
    >>> linalg.pascal(3)
    array([[1, 1, 1],
           [1, 2, 3],
           [1, 3, 6]], dtype=uint64)
    """,
)

__all__ = [
    "block_diag", "circulant", "companion", "convolution_matrix", "dft", "fiedler", "fiedler_companion", "hadamard",
    "hankel", "helmert", "hilbert", "invhilbert", "invpascal", "leslie", "pascal", "toeplitz",
]  # fmt: skip
