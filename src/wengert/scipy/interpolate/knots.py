"""What all interpolators share: their knots checked, the interval that a point is in, and objects that are pytrees."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from ... import numpy as wnp
from ...core import Tracer, as_value, dtype_of, ndim_of, shape_of
from ...errors import ArgumentError, ConcretizationError, ShapeError
from ...ops.axes import canonical_axis
from ...ops.elementwise import convert
from ...ops.shape import moveaxis, transpose
from ...ops.special.declare import floating
from ...tree_util import GetAttrKey, register_pytree_with_keys
from ...vocabulary import ArrayLike, Value


class Fields:
    """A class whose instances are pytrees: `arrays` names the children, `settings` what belongs to the structure."""

    arrays: ClassVar[tuple[str, ...]] = ()
    settings: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls) -> None:
        def flatten(node: Any) -> Any:
            children = tuple((GetAttrKey(name), getattr(node, name)) for name in cls.arrays)
            return children, tuple(getattr(node, name) for name in cls.settings)

        def unflatten(settings: Any, children: Any) -> Any:
            node = object.__new__(cls)
            node.__dict__.update(zip(cls.arrays, children, strict=True))
            node.__dict__.update(zip(cls.settings, settings, strict=True))
            return node

        register_pytree_with_keys(cls, flatten, unflatten)


def known(x: Any) -> np.ndarray | None:
    """The numbers that `x` stands for, of all examples under vmap; None while a Program is being written.

    Unlike ``bool`` of a traced value it makes no guard.
    """
    while isinstance(x, Tracer):
        for name in ("primal", "value"):
            if hasattr(x, name):
                x = getattr(x, name)
                break
        else:
            return None
    return np.asarray(x)


def check_rising(what: str, x: Any, name: str = "x") -> None:
    """Raise where knots are known not to rise."""
    values = known(x)
    if values is None:
        return
    if not np.isfinite(values).all():
        raise ArgumentError(f"{what}: {name} holds NaN or infinite numbers; leave these points out")
    steps = np.diff(values, axis=-1)
    if (steps <= 0).any():
        i = np.nonzero(steps <= 0)[-1][0]
        raise ArgumentError(
            f"{what}: {name} must strictly increase, but {name}[{i + 1}] is not larger than {name}[{i}]; sort the points "
            f"with argsort({name}), and make one of those that are equal"
        )


def real_and_values(what: str, x: ArrayLike, *values: Any) -> list[Any]:
    """Knots and values as floating numbers of one precision; the values may be complex."""
    if dtype_of(as_value(x)).kind == "c":
        raise ArgumentError(f"{what}: x must be real, got {dtype_of(as_value(x))}; the values may be complex")
    *strong, _ = floating(*values, x)
    return [convert(as_value(x), np.finfo(dtype_of(strong[0])).dtype), *strong]


def require_inside(what: str, inside: Any, always: bool, continued: str) -> None:
    """Raise where points are known to be outside; with `always`, also under jit, where it is a guard of the Program."""
    values = known(inside)
    if values is None:
        if not always:
            return
        try:
            good = bool(wnp.all(inside))
        except ConcretizationError:
            raise ConcretizationError(
                f"{what}: bounds_error=True needs to know where the points are, and here a Program for all points is "
                f"written; with bounds_error=False the result outside is fill_value"
            ) from None
    else:
        good = bool(values.all())
    if not good:
        raise ArgumentError(
            f"{what}: a point is outside of the interval from the first knot to the last; with bounds_error=False the "
            f"result there is fill_value, and with {continued} the function goes on"
        )


class Samples:
    """Points ``(x, y)``, `y` with the axis of interpolation in front, and what formulas need of them.

    Attributes:
        x: ``(n,)``. y: ``(n, ...)``. axis: where the first axis of `y` stood.
        h: the widths of the intervals, with axes of length 1 to fit `y`. slope: of the chords.
    """

    def __init__(self, what: str, x: ArrayLike, y: ArrayLike, axis: int) -> None:
        self.x, y = real_and_values(what, x, y)
        if ndim_of(self.x) != 1 or ndim_of(y) == 0:
            raise ShapeError(f"{what}: x is a vector and y has its length along axis {axis}, got shapes "
                             f"{shape_of(self.x)} and {shape_of(y)}")  # fmt: skip
        self.axis = canonical_axis(axis, ndim_of(y))
        self.n = shape_of(self.x)[0]
        if shape_of(y)[self.axis] != self.n:
            raise ShapeError(f"{what}: {self.n} points x, but y of shape {shape_of(y)} has {shape_of(y)[self.axis]} "
                             f"values along axis {self.axis}")  # fmt: skip
        if self.n < 2:
            raise ArgumentError(f"{what}: needs at least two points, got {self.n}")
        check_rising(what, self.x)
        self.y = moveaxis(y, self.axis, 0)
        self.h = self.columns(self.x[1:] - self.x[:-1])
        self.slope = (self.y[1:] - self.y[:-1]) / self.h

    def columns(self, v: Any) -> Any:
        """A vector along the first axis of `y`."""
        return v.reshape((-1,) + (1,) * (ndim_of(self.y) - 1))

    def real(self, what: str) -> None:
        if dtype_of(self.y).kind == "c":
            raise ArgumentError(f"{what}: y must be real; interpolate its real and imaginary part, each for itself")


def points(what: str, x: ArrayLike, knots: Any) -> Any:
    """Where to evaluate, in the precision of the knots or a higher one."""
    (v, _) = floating(x, knots)
    if dtype_of(v).kind == "c":
        raise ArgumentError(f"{what}: points must be real, got {dtype_of(as_value(x))}")
    return v


def interval(knots: ArrayLike, v: Any) -> Any:
    """The interval that each point is in, ``knots[i] <= v < knots[i + 1]``, the first or the last for those outside."""
    return wnp.clip(wnp.searchsorted(knots, v, "right") - 1, 0, shape_of(knots)[0] - 2)


def beside(v: ArrayLike, rank: int) -> Value:
    """Points with axes of length 1 behind, `rank` axes in all."""
    return v.reshape((*shape_of(v), *[1] * (rank - ndim_of(v)))) if rank > ndim_of(v) else v


def placed(out: ArrayLike, points_rank: int, axis: int) -> Value:
    """The axes of the points, which come first, moved to where the axis of interpolation stood."""
    rest = range(points_rank, ndim_of(out))
    return transpose(out, (*rest[:axis], *range(points_rank), *rest[axis:])) if axis else out
