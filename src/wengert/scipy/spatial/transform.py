"""scipy.spatial.transform: rotations of space, and the way between them, for values under transformation.

A `Rotation` is a pytree whose one leaf is its quaternions, and a `Slerp` one of its arrays, so that both pass through
`jit`, `vmap` and derivatives. The formulas are in `quaternions.py`.
"""

from __future__ import annotations

__import__("wengert")  # waits where another thread is importing the library: Python locks its files one by one

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from ... import numpy as wnp
from ... import trees
from ...config import canonical_dtype, config
from ...core import Tracer, as_array, dtype_of, ndim_of, shape_of
from ...errors import ArgumentError, DtypeError, ShapeError
from ...nearest import nearest_names as _nearest_names
from ...ops.bounds import holds
from ...ops.special.declare import floating
from ...vocabulary import ArrayLike, DTypeLike, ShapeLike, Value
from . import quaternions as _q


def _numbers(x: ArrayLike, last: int | None, what: str) -> Value:
    (x,) = floating(as_array(x))
    if dtype_of(x).kind == "c":
        raise DtypeError(f"{what} are real numbers, got {dtype_of(x)}")
    if last is not None and (ndim_of(x) < 1 or shape_of(x)[-1] != last):
        raise ShapeError(f"{what} have shape (..., {last}), got {shape_of(x)}")
    return x


def _turns(x: ArrayLike, degrees: bool) -> Value:
    return x * dtype_of(x).type(math.pi / 180) if degrees else x


class Rotation:
    """Rotations of space, of any shape, held as quaternions of length 1.

    Derivatives exist at the identity and at small angles, of any order. Where a way to write rotations has a jump or a
    fold there is none to be had: rotation vectors at half a turn, Euler angles where the second one locks the others
    (there the derivative is 0 for the angle that is set to 0), and `magnitude` at the identity (0, as of a norm).

    Args:
        quat: quaternions ``(x, y, z, w)``, shape ``(..., 4)``.
        normalize: whether they are divided by their length. copy: taken, and changes nothing.
        scalar_first: whether they are ``(w, x, y, z)``.

    Raises:
        ShapeError: the last axis has another length. ArgumentError: one of them is zero (of values that are traced
            it becomes NaN).

    Example:
        >>> import numpy as np
        >>> quarter = Rotation.from_euler("z", 90, degrees=True)
        >>> quarter.apply(np.array([1.0, 0.0, 0.0])).round(6) + 0.0
        array([0., 1., 0.])
    """

    quat: Any

    def __init__(self, quat: ArrayLike, normalize: bool = True, copy: bool = True, scalar_first: bool = False) -> None:
        quat = _numbers(quat, 4, "quaternions")
        quat = wnp.roll(quat, -1, axis=-1) if scalar_first else quat
        self.quat = _q.normalized(quat) if normalize else quat

    # --- made from ---

    @classmethod
    def _of(cls, quat: Any) -> Rotation:
        out = cls.__new__(cls)
        out.quat = quat
        return out

    @classmethod
    def from_quat(cls, quat: ArrayLike, *, scalar_first: bool = False) -> Rotation:
        """From quaternions ``(x, y, z, w)``, or ``(w, x, y, z)``, of any length but 0."""
        quat = _numbers(quat, 4, "quaternions")
        return cls(wnp.roll(quat, -1, axis=-1) if scalar_first else quat)

    @classmethod
    def from_matrix(cls, matrix: ArrayLike, *, assume_valid: bool = False) -> Rotation:
        """From matrices ``(..., 3, 3)``: those of the nearest rotations, unless `assume_valid` says that they are some.

        The derivative is that of the nearest rotation too: a change of the matrix that is no turn counts for nothing.

        Raises:
            ArgumentError: a determinant is not positive (of values that are traced the result is NaN).
        """
        return cls._of(_q.from_matrix(_numbers(matrix, 3, "rotation matrices"), assume_valid))

    @classmethod
    def from_rotvec(cls, rotvec: ArrayLike, degrees: bool = False) -> Rotation:
        """From vectors along the axis, ``(..., 3)``, whose length is the angle.

        Example:
            >>> import numpy as np, wengert
            >>> turn = wengert.jacfwd(lambda v: Rotation.from_rotvec(v).as_matrix())(np.zeros(3))
            >>> turn[..., 2]
            array([[ 0., -1.,  0.],
                   [ 1.,  0.,  0.],
                   [ 0.,  0.,  0.]])
        """
        return cls._of(_q.from_rotvec(_turns(_numbers(rotvec, 3, "rotation vectors"), degrees)))

    @classmethod
    def from_euler(cls, seq: str, angles: ArrayLike, degrees: bool = False) -> Rotation:
        """From turns about axes, one after another.

        Args:
            seq: 1 to 3 of "xyz" for axes that stay, or of "XYZ" for axes that turn with the body.
            angles: ``(..., len(seq))``; of one axis a number too.
            degrees: whether the angles are degrees.
        """
        angles = _turns(_numbers(angles, None, "angles"), degrees)
        if len(seq) == 1 and ndim_of(angles) == 0:
            angles = angles[..., None]
        if ndim_of(angles) < 1 or shape_of(angles)[-1] != len(seq):
            raise ShapeError(f"from_euler: angles of {seq!r} have shape (..., {len(seq)}), got {shape_of(angles)}")
        return cls._of(_q.from_euler(seq, angles))

    @classmethod
    def from_mrp(cls, mrp: ArrayLike) -> Rotation:
        """From modified Rodrigues parameters ``(..., 3)``: along the axis, with the length ``tan(angle / 4)``."""
        return cls._of(_q.from_mrp(_numbers(mrp, 3, "modified Rodrigues parameters")))

    @classmethod
    def identity(cls, num: int | None = None, dtype: DTypeLike = None, *, shape: ShapeLike | None = None) -> Rotation:
        """The rotation that changes nothing, or `num` of them, or an array of them of a shape."""
        shape = (() if num is None else (num,)) if shape is None else np.empty(shape).shape
        dtype = config.float_dtype if dtype is None else canonical_dtype(np.dtype(dtype))
        return cls._of(np.broadcast_to(np.array([0, 0, 0, 1], dtype), (*shape, 4)).copy())

    @classmethod
    def random(cls, random_key: ArrayLike, num: int | None = None, *, shape: ShapeLike | None = None) -> Rotation:
        """Rotations drawn uniformly, from a key of `wengert.random`.

        Example:
            >>> import wengert
            >>> Rotation.random(wengert.random.key(0), 3).as_matrix().shape
            (3, 3, 3)
        """
        from ...random import normal

        shape = (() if num is None else (num,)) if shape is None else np.empty(shape).shape
        return cls(normal(random_key, (*shape, 4)))

    @classmethod
    def concatenate(cls, rotations: Rotation | Iterable[Rotation]) -> Rotation:
        """Rotations one after another along the first axis; single ones count as one."""
        if isinstance(rotations, Rotation):
            return cls._of(rotations.quat)
        parts = [wnp.atleast_2d(r.quat) for r in rotations]
        if not parts:
            raise ArgumentError("concatenate: there are no rotations")
        return cls._of(wnp.concatenate(parts))

    # --- written as ---

    def as_quat(self, canonical: bool = False, *, scalar_first: bool = False) -> Any:
        """Quaternions ``(x, y, z, w)``, or ``(w, x, y, z)``; the ones with positive `w` where `canonical`."""
        quat = _q.canonical(self.quat) if canonical else self.quat
        return wnp.roll(quat, 1, axis=-1) if scalar_first else quat

    def as_matrix(self) -> Any:
        """Matrices ``(..., 3, 3)``."""
        return _q.as_matrix(self.quat)

    def as_rotvec(self, degrees: bool = False) -> Any:
        """Vectors along the axis, ``(..., 3)``, whose length is the angle, up to half a turn."""
        out = _q.as_rotvec(self.quat)
        return out * dtype_of(out).type(180 / math.pi) if degrees else out

    def as_euler(self, seq: str, degrees: bool = False, **_: Any) -> Any:
        """Angles about three axes (see `from_euler`), ``(..., 3)``.

        Where the second angle locks the others, what is determined is their sum or difference: the third is 0.
        """
        out = _q.as_euler(seq, self.quat)
        return out * dtype_of(out).type(180 / math.pi) if degrees else out

    def as_mrp(self) -> Any:
        """Modified Rodrigues parameters ``(..., 3)``, of length 1 at most."""
        return _q.as_mrp(self.quat)

    def magnitude(self) -> Any:
        """The angles, from 0 to pi."""
        return _q.magnitude(self.quat)

    # --- calculation ---

    def apply(self, vectors: ArrayLike, inverse: bool = False) -> Any:
        """Vectors ``(..., 3)``, turned, or turned back; their axes and those of the rotations broadcast."""
        vectors = _numbers(vectors, 3, "vectors")
        quat = _q.inverse(self.quat) if inverse else self.quat
        return _q.rotated(quat, vectors)

    def __mul__(self, other: Rotation) -> Rotation:
        """The rotation `other` followed by this one."""
        if not isinstance(other, Rotation):
            return NotImplemented
        # Of quaternions of length 1, whose rounding errors must not add up over many products.
        return self._of(_q.normalized(_q.product(self.quat, other.quat)))

    def __pow__(self, n: Any, modulus: None = None) -> Rotation:
        """The rotation `n` times, for any real number `n`."""
        if modulus is not None:
            raise ArgumentError("powers of rotations have no modulus")
        return self.from_rotvec(self.as_rotvec() * n)

    def inv(self) -> Rotation:
        """The rotations back."""
        return self._of(_q.inverse(self.quat))

    def mean(self, weights: Any = None) -> Rotation:
        """The rotation that is nearest to all of them (in the chordal metric), weighted.

        Args:
            weights: numbers that are not negative, of the shape of the rotations.
        """
        if self.single:
            raise ShapeError("mean of a single rotation; it is its own")
        if weights is None:
            weights = np.ones(self.shape, dtype_of(self.quat))
        weights = wnp.astype(as_array(weights), dtype_of(self.quat))
        if shape_of(weights) != self.shape:
            raise ShapeError(f"mean: weights of shape {shape_of(weights)} of rotations of shape {self.shape}")
        if not holds(weights >= 0):
            raise ArgumentError("mean: a weight is negative")
        return self._of(_q.mean(wnp.reshape(self.quat, (-1, 4)), wnp.reshape(weights, (-1,))))

    def approx_equal(self, other: Rotation, atol: Any = None, degrees: bool = False) -> Any:
        """Whether the angle between rotations is below `atol` (1e-8 by default)."""
        atol = 1e-8 if atol is None else math.radians(atol) if degrees else atol
        return (self * other.inv()).magnitude() < atol

    # --- as an array ---

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the rotations, () of a single one."""
        return shape_of(self.quat)[:-1]

    @property
    def single(self) -> bool:
        """Whether this is one rotation, no array of them."""
        return ndim_of(self.quat) == 1

    def __len__(self) -> int:
        if self.single:
            raise TypeError("a single rotation has no length")
        return self.shape[0]

    def __bool__(self) -> bool:
        return True

    def __getitem__(self, index: ArrayLike) -> Rotation:
        if self.single:
            raise TypeError("a single rotation has no elements")
        if isinstance(index, Tracer) and dtype_of(index).kind in "iu":
            return self._of(wnp.take(self.quat, index, axis=0))
        index = index if isinstance(index, tuple) else (index,)
        return self._of(self.quat[(*index, slice(None)) if Ellipsis in index else index])

    def __iter__(self) -> Iterator[Rotation]:
        return (self[i] for i in range(len(self)))

    def __repr__(self) -> str:
        return f"Rotation({self.quat!r})"


class Slerp:
    """The shortest way through rotations, at constant speed from each to the next.

    Args:
        times: two or more rising times, shape ``(N,)``.
        rotations: N rotations.

    Raises:
        ShapeError: the numbers of times and rotations differ. ArgumentError: times do not rise.

    Example:
        >>> import numpy as np
        >>> slerp = Slerp([0.0, 2.0], Rotation.from_euler("z", [[0], [90]], degrees=True))
        >>> slerp(1.0).as_euler("zyx", degrees=True).round(6) + 0.0
        array([45.,  0.,  0.])
    """

    times: Any
    timedelta: Any
    rotations: Rotation
    rotvecs: Any

    def __init__(self, times: ArrayLike, rotations: Rotation) -> None:
        if not isinstance(rotations, Rotation):
            raise ArgumentError(f"Slerp takes a Rotation, got {type(rotations).__name__}")
        (times,) = floating(as_array(times))
        if rotations.single or len(rotations.shape) != 1 or len(rotations) < 2 or shape_of(times) != rotations.shape:
            raise ShapeError(
                f"Slerp: as many times as rotations, at least two, got {shape_of(times)} and {rotations.shape}"
            )
        steps = wnp.diff(times)
        if not holds(steps > 0):
            raise ArgumentError("Slerp: times must rise")
        self.times, self.timedelta, self.rotations = times, steps, rotations[:-1]
        self.rotvecs = (self.rotations.inv() * rotations[1:]).as_rotvec()

    @classmethod
    def init(cls, times: Any, rotations: Rotation) -> Slerp:
        """The constructor, under JAX's name."""
        return cls(times, rotations)

    def __call__(self, times: ArrayLike) -> Rotation:
        """The rotations at times of any shape; differentiable in them.

        Raises:
            ArgumentError: a time lies outside (of values that are traced the result is NaN).
        """
        (times,) = floating(as_array(times))
        outside = (times < self.times[0]) | (times > self.times[-1])
        if not holds(wnp.logical_not(outside)):
            raise ArgumentError("Slerp: a time lies outside of the times given")
        last = shape_of(self.timedelta)[0] - 1
        place = wnp.clip(wnp.searchsorted(self.times, times) - 1, 0, last)
        begin, step, quat, rotvec = (
            wnp.take(x, place, axis=0) for x in (self.times, self.timedelta, self.rotations.quat, self.rotvecs)
        )
        part = wnp.where(outside, np.nan, (times - begin) / step)
        return Rotation._of(quat) * Rotation.from_rotvec(rotvec * part[..., None])


def _rebuilt(_: Any, children: Sequence[Any]) -> Rotation:
    return Rotation._of(children[0])  # as it is: a transformation may put anything in the place of the array


def _slerp_rebuilt(_: Any, children: Sequence[Any]) -> Slerp:
    out = Slerp.__new__(Slerp)
    out.times, out.timedelta, out.rotations, out.rotvecs = children
    return out


trees.register(Rotation, lambda r: ((r.quat,), None), _rebuilt)
trees.register(Slerp, lambda s: ((s.times, s.timedelta, s.rotations, s.rotvecs), None), _slerp_rebuilt)

__all__ = ["Rotation", "Slerp"]

__getattr__ = _nearest_names(__name__, __all__)
__dir__ = __all__.copy
