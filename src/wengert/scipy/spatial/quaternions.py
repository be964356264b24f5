"""Rotations as quaternions ``(x, y, z, w)`` of length 1 in the last axis, from and to the other ways to write them.

Every conversion is smooth where the rotation is, at the identity and at small angles too: what divides by the angle is
there a power series in its square. Sources: Diebel (2006), "Representing attitude"; Shepperd (1978), "Quaternion from
rotation matrix"; Bernardes & Viollet (2022), "Quaternion to Euler angles conversion: a direct, general and
computationally efficient method"; Terzakis, Lourakis & Ait-Boudaoud (2018) (modified Rodrigues parameters).
"""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np

from ... import numpy as wnp
from ...core import Tracer, dtype_of, shape_of
from ...errors import ArgumentError, ShapeError
from ...numpy import arctan2, concatenate, cos, matmul, sin, sqrt, stack, sum, where
from ...ops.bounds import holds
from ...ops.elementwise import not_equal
from ...ops.indexing import take_along_axis
from ...ops.matrix_functions import polar_p
from ...ops.shape import expand_dims
from ...vocabulary import ArrayLike, Value

_TERMS = 9  # of the series, for squares of angles up to 1: the next is below the rounding error
_SINE = [(-1.0) ** k / (2 ** (2 * k + 1) * math.factorial(2 * k + 1)) for k in range(_TERMS)]  # sin(t/2) / t
_COSINE = [(-1.0) ** k / (4**k * math.factorial(2 * k)) for k in range(_TERMS)]  # cos(t/2)
_ARCTANGENT = [(-1.0) ** k / (2 * k + 1) for k in range(_TERMS)]  # arctan(r) / r, for squares of r up to _NEAR
_NEAR = 0.01


def _series(x: Any, coefficients: list[float]) -> Any:
    out: Any = coefficients[-1]
    for c in reversed(coefficients[:-1]):
        out = out * x + c
    return out


def _squares(x: Any) -> Any:
    return sum(x * x, -1, keepdims=True)


def _parts(q: Any) -> tuple[Any, Any]:
    """The vector part and the last component, ``(..., 3)`` and ``(..., 1)``."""
    return q[..., :3], q[..., 3:]


def normalized(q: Any) -> Any:
    """Quaternions of length 1; of plain numbers none may be zero."""
    squares = _squares(q)
    if not holds(not_equal(squares, 0)):
        raise ArgumentError("a quaternion of length 0 is no rotation")
    return q / sqrt(squares)


def canonical(q: ArrayLike) -> Value:
    """The one of `q` and `-q` whose last component is positive, or if that is 0 the first that is not."""
    sign: Any = 1.0
    for k in (2, 1, 0, 3):  # from the least important on
        sign = where(q[..., k : k + 1] > 0, 1.0, where(q[..., k : k + 1] < 0, -1.0, sign))
    return q * wnp.astype(sign, dtype_of(q))


def product(p: Any, q: Any) -> Any:
    """The quaternion of the rotation `q` followed by the rotation `p`."""
    (u, a), (v, b) = _parts(p), _parts(q)
    return concatenate([a * v + b * u + wnp.cross(u, v), a * b - sum(u * v, -1, keepdims=True)], -1)


def inverse(q: ArrayLike) -> Value:
    return q * np.array([-1, -1, -1, 1], dtype_of(q))


def rotated(q: Any, vectors: Any) -> Any:
    """Vectors ``(..., 3)`` turned by rotations ``(..., 4)``."""
    u, w = _parts(q)
    twice = 2 * wnp.cross(u, vectors)
    return vectors + w * twice + wnp.cross(u, twice)


# --- rotation vectors, angles -----------------------------------------------------------------------------------


def from_rotvec(v: Any) -> Any:
    square = _squares(v)
    near = square < 1
    inside, angle = where(near, square, 0), sqrt(where(near, 1, square))
    scale = where(near, _series(inside, _SINE), sin(angle / 2) / angle)
    return concatenate([v * scale, where(near, _series(inside, _COSINE), cos(angle / 2))], -1)


def as_rotvec(q: ArrayLike) -> Any:
    u, w = _parts(canonical(q))
    square = _squares(u)
    near = square < _NEAR * w * w
    safe = where(near, w, 1)
    length = sqrt(where(near, 1, square))
    angle = where(
        near, _series(where(near, square, 0) / (safe * safe), _ARCTANGENT) / safe, arctan2(length, w) / length
    )
    return 2 * angle * u


def magnitude(q: Any) -> Any:
    u, w = _parts(q)
    return 2 * arctan2(wnp.linalg.norm(u, axis=-1), wnp.abs(w[..., 0]))


def from_mrp(m: Any) -> Any:
    square = _squares(m)
    return concatenate([2 * m, 1 - square], -1) / (1 + square)


def as_mrp(q: ArrayLike) -> Any:
    u, w = _parts(canonical(q))
    return u / (1 + w)


# --- matrices ---------------------------------------------------------------------------------------------------


def as_matrix(q: Any) -> Any:
    x, y, z, w = (q[..., k] for k in range(4))
    rows = [
        [x * x - y * y - z * z + w * w, 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), y * y - x * x - z * z + w * w, 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), z * z - x * x - y * y + w * w],
    ]
    return stack([stack(row, -1) for row in rows], -2)


def _is_orthogonal(m: ArrayLike) -> bool:
    return not isinstance(m, Tracer) and np.allclose(m @ np.swapaxes(m, -1, -2), np.eye(3), atol=1e-12)


def from_matrix(m: ArrayLike, assume_valid: bool) -> Any:
    if shape_of(m)[-2:] != (3, 3):
        raise ShapeError(f"a rotation matrix has shape (..., 3, 3), got {shape_of(m)}")
    proper: Any = None
    if not assume_valid:
        turn = sum(m[..., 0] * wnp.cross(m[..., 1], m[..., 2]), -1)
        proper = turn > 0
        if not holds(proper):
            raise ArgumentError("a matrix whose determinant is not positive is no rotation")
        if not _is_orthogonal(m):
            m = polar_p.bind(m)[0]
    diagonal = [m[..., k, k] for k in range(3)]
    trace = diagonal[0] + diagonal[1] + diagonal[2]
    # Row k is the quaternion times 4 of its component k: the longest is taken.
    rows = []
    for i in range(3):
        j, k = (i + 1) % 3, (i + 2) % 3
        row: dict[int, Any] = {i: 1 - trace + 2 * diagonal[i], 3: m[..., k, j] - m[..., j, k]}
        row[j], row[k] = m[..., j, i] + m[..., i, j], m[..., k, i] + m[..., i, k]
        rows.append([row[c] for c in range(4)])
    rows.append([*[m[..., (i + 2) % 3, (i + 1) % 3] - m[..., (i + 1) % 3, (i + 2) % 3] for i in range(3)], 1 + trace])
    choice = wnp.argmax(stack([*diagonal, trace], -1), -1)
    every = stack([stack(row, -1) for row in rows], -2)
    places = wnp.broadcast_to(choice[..., None, None], (*shape_of(choice), 1, 4))
    q = normalized(take_along_axis(every, places, -2)[..., 0, :])
    return q if assume_valid else where(proper[..., None], q, np.nan)


# --- Euler angles -----------------------------------------------------------------------------------------------


def axes_of(sequence: str) -> tuple[list[int], bool]:
    """The axes of a sequence such as "zyx", and whether they turn with the body (capital letters)."""
    inside = sequence.isupper()
    letters = sequence.lower()
    mixed = not (inside or sequence.islower())
    if not 1 <= len(letters) <= 3 or mixed or set(letters) - set("xyz"):
        raise ArgumentError(
            f"a sequence of axes is 1 to 3 of xyz (fixed axes) or of XYZ (axes that turn), got {sequence!r}"
        )
    axes = ["xyz".index(c) for c in letters]
    if any(a == b for a, b in itertools.pairwise(axes)):
        raise ArgumentError(f"two axes that follow each other must differ, got {sequence!r}")
    return axes, inside


def from_euler(sequence: str, angles: Any) -> Any:
    """`angles` have the shape ``(..., number of axes)``."""
    axes, inside = axes_of(sequence)
    out: Any = None
    for k, axis in enumerate(axes):
        half = angles[..., k : k + 1] / 2
        turn = concatenate([sin(half) * np.eye(3, dtype=dtype_of(half))[axis], cos(half)], -1)
        out = turn if out is None else product(out, turn) if inside else product(turn, out)
    return out


def as_euler(sequence: str, q: ArrayLike) -> Any:
    """Angles in ``[-pi, pi]``, the second in ``[0, pi]`` or ``[-pi/2, pi/2]``; where it locks the others, one is 0."""
    axes, inside = axes_of(sequence)
    if len(axes) != 3:
        raise ArgumentError(f"as_euler needs three axes, got {sequence!r}")
    i, j, k = axes if not inside else axes[::-1]
    twice = i == k
    k = 3 - i - j if twice else k
    sign = (i - j) * (j - k) * (k - i) // 2
    w, qi, qj, qk = q[..., 3], q[..., i], q[..., j], q[..., k] * sign
    a, b, c, d = (w, qi, qj, qk) if twice else (w - qj, qi + qk, qj + w, qk - qi)
    upper, lower = a * a + b * b, c * c + d * d
    total = upper + lower
    small = 1e-14 * total  # of squares: an angle of 1e-7
    low, high = lower <= small, upper <= small
    one = dtype_of(q).type(1)
    c, d = where(low, one, c), where(low, 0 * one, d)
    a, b = where(high, one, a), where(high, 0 * one, b)
    middle = 2 * arctan2(sqrt(where(low, one, lower)), sqrt(where(high, one, upper)))
    middle = where(low, 0 * one, where(high, one * math.pi, middle))
    half_sum, half_difference = arctan2(b, a), arctan2(d, c)
    first, last = half_sum - half_difference, half_sum + half_difference
    # Where the middle angle locks them, the one that is turned last is 0 and the other holds the whole turn.
    whole = where(low, 2 * half_sum, 2 * half_difference * (1 if inside else -1))
    locked = low | high
    if inside:
        first, last = where(locked, 0 * one, first), where(locked, whole, last)
    else:
        first, last = where(locked, whole, first), where(locked, 0 * one, last)
    if not twice:
        last = last * sign
        middle = middle - math.pi / 2

    def wrapped(angle: Any) -> Any:
        turns = where(angle > math.pi, -2 * math.pi, where(angle < -math.pi, 2 * math.pi, 0.0))
        return angle + wnp.astype(turns, dtype_of(q))

    angles = [wrapped(first), middle, wrapped(last)]
    return stack(angles[::-1] if inside else angles, -1)


# --- mean -------------------------------------------------------------------------------------------------------


def mean(q: ArrayLike, weights: ArrayLike) -> Any:
    """The eigenvector of the largest eigenvalue of ``sum(w q q')`` (Markley et al. 2007, "Averaging quaternions").

    It is a root of ``K q = x q, q'q = 1``, of which its derivative is taken: the smaller eigenvalues may be equal.
    """
    from ...transforms.implicit import custom_root
    from ...transforms.vmap import vmap

    matrix = matmul(wnp.swapaxes(q, -1, -2) * expand_dims(weights, -2), q)

    def equations(unknown: Any) -> Any:
        vector, value = unknown[:4], unknown[4]
        return concatenate([matmul(matrix, vector) - value * vector, wnp.reshape(1 - sum(vector * vector), (1,)) / 2])

    def find(_: Any, guess: Any) -> Any:
        return guess

    def tangent(linear: Any, y: Any) -> Any:
        columns = vmap(linear, out_axes=-1)(np.eye(5, dtype=dtype_of(q)))
        return wnp.linalg.solve(columns, y[:, None])[:, 0]

    values, vectors = wnp.linalg.eigh(wnp.astype(_held(matrix), dtype_of(q)))
    guess = concatenate([vectors[:, -1], values[-1:]])
    return custom_root(equations, guess, find, tangent)[:4]


def _held(x: Any) -> Any:
    from ...transforms.derivatives import stop_gradient

    return stop_gradient(x)
