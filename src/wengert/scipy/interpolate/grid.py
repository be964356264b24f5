"""Interpolation on a rectilinear grid in any number of dimensions, by straight lines or the nearest value."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from ... import numpy as wnp
from ...core import as_value, dtype_of, ndim_of, shape_of
from ...errors import ArgumentError, NotSupportedError, ShapeError
from ...ops.elementwise import convert
from ...ops.indexing import getitem
from ...ops.shape import moveaxis
from ...ops.special.declare import floating
from ...vocabulary import ArrayLike, Value
from .knots import Fields, beside, check_rising, interval, known, points, real_and_values, require_inside


def _method(what: str, method: Any) -> str:
    if method in ("slinear", "cubic", "quintic", "pchip", "splinef2d"):
        raise NotSupportedError(
            f"{what}: method is 'linear' or 'nearest' here, not {method!r}; take CubicSpline or PchipInterpolator along one "
            f"axis after the other, or scipy.ndimage.map_coordinates(order=3) where the grid is even"
        )
    if method not in ("linear", "nearest"):
        raise ArgumentError(f"{what}: method is 'linear' or 'nearest', got {method!r}")
    return method


class RegularGridInterpolator(Fields):
    """A function through values on a grid, whose points along each axis may lie unevenly.

    Differentiable in the points of evaluation, the values and the grid, in both modes and to any order; a pytree.

    Args:
        points: for each dimension a vector of coordinates, rising (or falling, where that is known).
        values: on the grid, ``(m1, ..., mn, ...)``.
        method: "linear" or "nearest".
        bounds_error: whether points outside are an error (under jit too), as they are by default.
        fill_value: the result outside, where that is no error; None for the function that goes on as it ends.
        solver, solver_args: SciPy's, of splines; taken and not needed.

    Raises:
        ShapeError: shapes do not fit. ArgumentError: no such method; known not to rise; points outside.
        NotSupportedError: SciPy's methods that are splines.

    Example:
        >>> x, y = np.array([0.0, 1.0, 3.0]), np.array([0.0, 2.0])
        >>> f = RegularGridInterpolator((x, y), x[:, None] + y, bounds_error=False)
        >>> print(f(np.array([[2.0, 1.0], [4.0, 1.0]])))
        [ 3. nan]
    """

    arrays = ("grid", "values", "fill_value")
    settings = ("method", "bounds_error")

    def __init__(
        self, points: Any, values: ArrayLike, method: str = "linear", bounds_error: bool = True, fill_value: ArrayLike = np.nan,
        *, solver: Any = None, solver_args: Any = None,
    ) -> None:  # fmt: skip
        what = "RegularGridInterpolator"
        self.method, self.bounds_error = _method(what, method), bool(bounds_error)
        axes = tuple(points)
        (values,) = floating(values)
        if len(axes) > ndim_of(values):
            raise ShapeError(f"{what}: {len(axes)} vectors of points, but values of {ndim_of(values)} dimensions")
        grid = []
        for i, p in enumerate(axes):
            p = real_and_values(what, p, values)[0]
            if ndim_of(p) != 1 or shape_of(p)[0] != shape_of(values)[i] or not shape_of(p)[0]:
                raise ShapeError(f"{what}: points[{i}] of shape {shape_of(p)} and values of shape {shape_of(values)} do "
                                 f"not fit: one coordinate for each value along axis {i}")  # fmt: skip
            numbers = known(p)
            if numbers is not None and shape_of(p)[0] > 1 and (np.diff(numbers) < 0).all():
                p, values = wnp.flip(p), wnp.flip(values, i)
            check_rising(what, p, f"points[{i}]")
            grid.append(p)
        self.grid, self.values = tuple(grid), values
        if fill_value is not None:
            fill_value = as_value(fill_value)
            if dtype_of(fill_value).kind == "c" and dtype_of(values).kind != "c":
                raise ArgumentError(f"{what}: a complex fill_value does not fit real values")
            fill_value = convert(fill_value, dtype_of(values))
        self.fill_value = fill_value

    def _coordinates(self, xi: ArrayLike) -> list[Any]:
        """One array of coordinates for each dimension."""
        what, n = "RegularGridInterpolator", len(self.grid)
        if isinstance(xi, tuple) and len(xi) == 1 < n:
            (xi,) = xi
        if isinstance(xi, tuple):
            if len(xi) != n:
                raise ShapeError(f"{what}: points have {len(xi)} coordinates, the grid has {n} dimensions")
            return list(wnp.broadcast_arrays(*[points(what, v, g) for v, g in zip(xi, self.grid, strict=True)]))
        xi = points(what, xi, self.grid[0])
        if ndim_of(xi) < 2:
            xi = wnp.reshape(xi, (-1, 1) if n == 1 else (1, -1))
        if shape_of(xi)[-1] != n:
            raise ShapeError(f"{what}: points have {shape_of(xi)[-1]} coordinates, the grid has {n} dimensions; points "
                             f"have the shape (..., {n})")  # fmt: skip
        columns = moveaxis(xi, -1, 0)
        return [columns[i] for i in range(n)]

    def __call__(self, xi: Any, method: str | None = None) -> Any:
        """The values at points ``(..., n)``, or a tuple of n arrays of coordinates: ``(..., *trailing axes)``."""
        what = "RegularGridInterpolator"
        method = self.method if method is None else _method(what, method)
        coordinates = self._coordinates(xi)
        inside: Any = True
        for v, g in zip(coordinates, self.grid, strict=True):
            inside = wnp.logical_and(inside, wnp.logical_and(v >= g[0], v <= g[-1]))
        if self.bounds_error:
            require_inside(what, inside, True, "fill_value=None too")
        rank = ndim_of(coordinates[0]) + ndim_of(self.values) - len(self.grid)
        out = self._linear(coordinates, rank) if method == "linear" else self._nearest(coordinates, rank)
        if self.fill_value is not None and not self.bounds_error:
            missing = wnp.logical_or(inside, sum(map(wnp.isnan, coordinates)))
            out = wnp.where(beside(missing, rank), out, self.fill_value)
        return out

    def _shares(self, coordinates: list[Any]) -> list[tuple[Any, Any]]:
        """For each dimension the interval, and where in it each point is: 0 at the lower end, 1 at the upper one."""
        out = []
        for v, g in zip(coordinates, self.grid, strict=True):
            if shape_of(g)[0] == 1:
                out.append((np.zeros(shape_of(v), int), 0 * v))
                continue
            i = interval(g, v)
            low = getitem(g, i)
            out.append((i, (v - low) / (getitem(g, i + 1) - low)))
        return out

    def _linear(self, coordinates: list[Any], rank: int) -> Value:
        corners = [
            [(i, 1 - share), (i + 1, share)] if shape_of(g)[0] > 1 else [(i, 1 + share)]
            for g, (i, share) in zip(self.grid, self._shares(coordinates), strict=True)
        ]
        total: Any = 0
        for corner in itertools.product(*corners):
            weight: Any = 1
            for _, share in corner:
                weight = weight * share
            total = total + getitem(self.values, tuple(i for i, _ in corner)) * beside(weight, rank)
        return total

    def _nearest(self, coordinates: list[Any], rank: int) -> Any:
        places = [wnp.where(share <= 0.5, i, i + 1) if shape_of(g)[0] > 1 else i
                  for g, (i, share) in zip(self.grid, self._shares(coordinates), strict=True)]  # fmt: skip
        out = getitem(self.values, tuple(places))
        unknown = sum(map(wnp.isnan, coordinates))
        return wnp.where(beside(unknown, rank), np.array(np.nan, dtype_of(out)), out)


def interpn(
    points: Any, values: Any, xi: Any, method: str = "linear", bounds_error: bool = True, fill_value: Any = np.nan
) -> Any:
    """Values on a grid interpolated at points; arguments as for `RegularGridInterpolator`.

    Example:
        >>> interpn((np.array([0.0, 1.0]),), np.array([0.0, 4.0]), np.array([0.25]))
        array([1.])
    """
    return RegularGridInterpolator(points, values, method, bounds_error, fill_value)(xi)
