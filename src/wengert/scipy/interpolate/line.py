"""`interp1d`: interpolation along one axis by neighbours, straight lines or a cubic spline."""

from __future__ import annotations

from typing import Any

import numpy as np

from ... import numpy as wnp
from ...core import as_value, dtype_of, ndim_of, shape_of
from ...errors import ArgumentError, NotSupportedError, ShapeError
from ...ops.axes import canonical_axis
from ...ops.elementwise import convert
from ...ops.indexing import getitem
from ...ops.shape import broadcast_to, moveaxis
from ...vocabulary import ArrayLike, Value
from .cubic import CubicSpline
from .knots import Fields, beside, check_rising, interval, known, placed, points, real_and_values, require_inside

_STEPS = ("nearest", "nearest-up", "previous", "next")
_NAMES = {**{k: k for k in ("linear", "cubic", *_STEPS)}, "slinear": "linear", 1: "linear", 3: "cubic"}


class interp1d(Fields):  # noqa: N801 (SciPy's name)
    """A function through points, evaluated by calling it.

    Differentiable in the points of evaluation, the values and the knots, in both modes and to any order; a pytree.

    Args:
        x: knots ``(n,)``. y: values, of length n along `axis`.
        kind: "linear" (or 1), "nearest" (the lower of two as near), "nearest-up" (the upper), "previous", "next",
            "cubic" (or 3: the spline that is `CubicSpline` by default).
        axis: the axis of interpolation. copy: taken for SciPy's sake.
        bounds_error: True: points outside are an error. False: the result there is `fill_value`. None: an error where
            the points are known; in a Program (under jit) the result there is `fill_value`.
        fill_value: the result outside, or a pair of those below and above; "extrapolate": the function goes on.
        assume_sorted: whether `x` rises; else the points are sorted.

    Raises:
        ShapeError: shapes do not fit.
        ArgumentError: no such `kind`; too few points; known not to rise; points outside; both errors and extrapolation.
        NotSupportedError: splines of other degrees.

    Example:
        >>> f = interp1d(np.array([0.0, 1.0, 3.0]), np.array([0.0, 2.0, 6.0]))
        >>> print(f(2.0), interp1d(f.x, f.y, "previous", fill_value="extrapolate")(np.array([0.5, 9.0])))
        4.0 [0. 6.]
    """

    arrays = ("x", "y", "below", "above", "spline")
    settings = ("kind", "axis", "bounds_error")

    def __init__(
        self, x: ArrayLike, y: ArrayLike, kind: Any = "linear", axis: int = -1, copy: bool = True, bounds_error: bool | None = None,
        fill_value: Any = np.nan, assume_sorted: bool = False,
    ) -> None:  # fmt: skip
        if kind not in _NAMES:
            if kind in ("zero", "quadratic") or isinstance(kind, (int, np.integer)):
                raise NotSupportedError(f"interp1d: kind={kind!r} is not here; take 'previous', 'linear' or 'cubic'")
            raise ArgumentError(f"interp1d: kind is 'linear', 'nearest', 'nearest-up', 'previous', 'next' or 'cubic', got {kind!r}")  # fmt: skip
        self.kind = _NAMES[kind]
        x, y = real_and_values("interp1d", x, y)
        if ndim_of(x) != 1 or ndim_of(y) == 0:
            raise ShapeError(f"interp1d: x is a vector and y has its length along axis {axis}, got shapes {shape_of(x)} "
                             f"and {shape_of(y)}")  # fmt: skip
        self.axis = canonical_axis(axis, ndim_of(y))
        n, least = shape_of(x)[0], {"linear": 2, "cubic": 4}.get(self.kind, 1)
        if shape_of(y)[self.axis] != n:
            raise ShapeError(f"interp1d: {n} points x, but y of shape {shape_of(y)} has {shape_of(y)[self.axis]} values "
                             f"along axis {self.axis}")  # fmt: skip
        if n < least:
            raise ArgumentError(f"interp1d: kind={kind!r} needs at least {least} points, got {n}")
        if not assume_sorted:
            order = wnp.argsort(x)
            x, y = getitem(x, order), moveaxis(getitem(moveaxis(y, self.axis, 0), order), 0, self.axis)
        if self.kind in _STEPS:
            values = known(x)
            if values is not None and (np.diff(values) < 0).any():
                raise ArgumentError("interp1d: x must not decrease; leave assume_sorted=False")
        else:
            check_rising("interp1d", x)
        self.x, self.y = x, y
        self.spline = CubicSpline(x, y, self.axis) if self.kind == "cubic" else None
        self._outside(bounds_error, fill_value)

    def _outside(self, bounds_error: bool | None, fill_value: Any) -> None:
        """What the result outside is: values, or None for the function itself."""
        rest = (*shape_of(self.y)[: self.axis], *shape_of(self.y)[self.axis + 1 :])
        dtype = dtype_of(self.y)
        if isinstance(fill_value, str):
            if fill_value != "extrapolate":
                raise ArgumentError(f"interp1d: fill_value is a value, a pair of them or 'extrapolate', got {fill_value!r}")  # fmt: skip
            if bounds_error:
                raise ArgumentError("interp1d: bounds_error=True and fill_value='extrapolate' exclude each other")
            missing = broadcast_to(np.array(np.nan, dtype), rest)
            self.below = missing if self.kind == "previous" else None
            self.above = missing if self.kind == "next" else None
            self.bounds_error: bool | None = False
            return
        pair = fill_value if isinstance(fill_value, tuple) and len(fill_value) == 2 else (fill_value, fill_value)
        for name, value in zip(("below", "above"), map(as_value, pair), strict=True):
            if dtype_of(value).kind == "c" and dtype.kind != "c":
                raise ArgumentError("interp1d: a complex fill_value does not fit real values")
            try:
                setattr(self, name, broadcast_to(convert(value, dtype), rest))
            except ValueError:
                raise ShapeError(f"interp1d: fill_value of shape {shape_of(value)} does not fit the values at one "
                                 f"point, of shape {rest}") from None  # fmt: skip
        self.bounds_error = bounds_error

    def __call__(self, x: ArrayLike) -> Value:
        """The value at points of any shape, which takes the place of the axis of interpolation."""
        v = points("interp1d", x, self.x)
        low, high = v < self.x[0], v > self.x[-1]
        if self.bounds_error is not False:
            inside = wnp.logical_not(wnp.logical_or(low, high))
            require_inside("interp1d", inside, self.bounds_error is True, "fill_value='extrapolate'")
        if self.spline is not None:
            out = self.spline(v)
            out = moveaxis(out, tuple(range(self.axis, self.axis + ndim_of(v))), tuple(range(ndim_of(v))))
        else:
            out = self._neighbours(v, moveaxis(self.y, self.axis, 0))
        for outside, fill in ((low, self.below), (high, self.above)):
            if fill is not None:
                out = wnp.where(beside(outside, ndim_of(out)), fill, out)
        return placed(out, ndim_of(v), self.axis)

    def _neighbours(self, v: Any, y: ArrayLike) -> Value:
        x, last = self.x, shape_of(self.x)[0] - 1
        if self.kind == "linear":
            i = interval(x, v)
            x0, y0 = getitem(x, i), getitem(y, i)
            share = (v - x0) / (getitem(x, i + 1) - x0)
            return y0 + beside(share, ndim_of(y0)) * (getitem(y, i + 1) - y0)
        if self.kind == "previous":
            i = wnp.searchsorted(x, v, "right") - 1
        elif self.kind == "next":
            i = wnp.searchsorted(x, v, "left")
        else:
            i = wnp.searchsorted(x[1:] / 2 + x[:-1] / 2, v, "left" if self.kind == "nearest" else "right")
        return getitem(y, wnp.clip(i, 0, last))
