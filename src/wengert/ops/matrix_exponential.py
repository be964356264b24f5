"""The exponential of matrices in terms of other operations, for compiled code: Padé's approximant, scaled and squared.

Source: Higham (2005), "The scaling and squaring method for the matrix exponential revisited", algorithm 2.3, with the degree
that the largest norms need.
"""

from __future__ import annotations

import numpy as np

from ..core import Value, dtype_of, shape_of
from .above import control_flow
from .contraction import matmul
from .elementwise import absolute, ceil, convert, exp2, isfinite, log2, maximum, minimum, where
from .linalg import solve_p
from .reduction import max_p
from .shape import concatenate, reshape, sum_p

# of degrees 13 and 7: coefficients of the numerator, from the constant on, and the norm up to which one is exact
_DOUBLE = (
    (64764752532480000.0, 32382376266240000.0, 7771770303897600.0, 1187353796428800.0, 129060195264000.0, 10559470521600.0,
     670442572800.0, 33522128640.0, 1323241920.0, 40840800.0, 960960.0, 16380.0, 182.0, 1.0),
    5.371920351148152,
)  # fmt: skip
_SINGLE = (17297280.0, 8648640.0, 1995840.0, 277200.0, 25200.0, 1512.0, 56.0, 1.0), 3.925724783138660
MOST = 1100.0  # halvings of the largest number there is


def expm_in_products(a: Value) -> Value:
    """The exponential of each matrix of a stack."""
    dtype = dtype_of(a)
    real = np.dtype(f"f{dtype.itemsize // (2 if dtype.kind == 'c' else 1)}")
    (coefficients, reach), lead = (_DOUBLE if real.itemsize == 8 else _SINGLE), shape_of(a)[:-2]
    axes = len(lead)
    norm = max_p.bind(sum_p.bind(absolute(a), axes=(axes,)), axes=(axes,))
    halvings = ceil(log2(maximum(norm, reach) / reach))
    halvings = minimum(where(isfinite(halvings), halvings, 0), MOST)
    number = convert(halvings, np.int64)
    a = a * convert(reshape(exp2(-halvings), (*lead, 1, 1)), dtype)
    x = _approximant(a, coefficients)
    most = max_p.bind(number, axes=tuple(range(axes))) if lead else number

    def squared(k: Value, x: Value) -> Value:
        return where(reshape(number > k, (*lead, 1, 1)), matmul(x, x), x) if lead else matmul(x, x)

    return control_flow().fori_loop(np.int64(0), most, squared, x)


def _approximant(a: Value, b: tuple[float, ...]) -> Value:
    eye = np.eye(shape_of(a)[-1], dtype=dtype_of(a))
    two = matmul(a, a)
    four = matmul(two, two)
    six = matmul(four, two)
    if len(b) == 8:
        odd = matmul(a, b[7] * six + b[5] * four + b[3] * two + b[1] * eye)
        even = b[6] * six + b[4] * four + b[2] * two + b[0] * eye
    else:
        high = matmul(six, b[13] * six + b[11] * four + b[9] * two)
        odd = matmul(a, high + b[7] * six + b[5] * four + b[3] * two + b[1] * eye)
        even = matmul(six, b[12] * six + b[10] * four + b[8] * two) + b[6] * six + b[4] * four + b[2] * two + b[0] * eye
    return solve_p.bind(even - odd, even + odd, transpose=False)


def frechet(a: Value, *directions: Value) -> Value:
    """The exponential, or its derivative in directions, by the block matrices of Mathias, and Higham and Relton."""
    n, dtype = shape_of(a)[-1], dtype_of(a)
    axes = (len(shape_of(a)) - 2, len(shape_of(a)) - 1)
    lead = shape_of(a)[:-2]
    size = lambda m: reshape(max_p.bind(absolute(m), axes=axes), (*lead, 1, 1))  # noqa: E731
    own, scale, block = maximum(size(a), 1e-3), None, a
    for e in directions:  # one as large as the matrix costs no accuracy; the result is scaled back
        length = size(e)
        by = where(length > 0, length / own, 1.0)
        scale = by if scale is None else scale * by
        e = e / convert(by, dtype)
        zero = np.zeros(shape_of(e), dtype)
        times = shape_of(block)[-1] // n
        rows = [concatenate([e if i == k else zero for k in range(times)], axes[1]) for i in range(times)]
        corner = concatenate(rows, axes[0])
        empty = np.zeros(shape_of(corner), dtype)
        block = concatenate([concatenate([block, corner], axes[1]), concatenate([empty, block], axes[1])], axes[0])
    out = expm_in_products(block)[..., :n, shape_of(block)[-1] - n :]
    return out if scale is None else out * convert(scale, dtype)


__all__ = ["expm_in_products", "frechet"]
