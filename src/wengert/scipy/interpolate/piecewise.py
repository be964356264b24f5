"""`PPoly`: piecewise polynomials by their coefficients, which all splines here are."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ... import numpy as wnp
from ...core import as_value, dtype_of, ndim_of, shape_of
from ...errors import ArgumentError, NotSupportedError, ShapeError
from ...ops.axes import canonical_axis
from ...ops.indexing import getitem
from ...ops.shape import moveaxis
from ...vocabulary import ArrayLike, Value
from .knots import Fields, beside, check_rising, interval, placed, points, real_and_values


def _row_shape(c: ArrayLike) -> tuple[int, ...]:
    return (-1,) + (1,) * (ndim_of(c) - 1)


def _horner(c: ArrayLike, s: Any) -> Value:
    out = c[0]
    for i in range(1, shape_of(c)[0]):
        out = out * s + c[i]
    return out


def _differentiated(c: ArrayLike, nu: int) -> Value:
    """Coefficients of the derivative of order `nu`."""
    k = shape_of(c)[0]
    if nu >= k:
        return np.zeros((1, *shape_of(c)[1:]), dtype_of(c))
    factors = np.array([math.perm(k - 1 - j, nu) for j in range(k - nu)], dtype_of(c))
    return c[: k - nu] * factors.reshape(_row_shape(c)) if nu else c


def _integrated(c: ArrayLike, x: Any) -> Any:
    """Coefficients of the integral from the first breakpoint on."""
    k = shape_of(c)[0]
    c = c / np.arange(k, 0, -1).astype(dtype_of(c)).reshape(_row_shape(c))
    width = wnp.diff(x).reshape(_row_shape(c)[:-1])
    pieces = _horner(c, width) * width
    start = wnp.concatenate([np.zeros((1, *shape_of(pieces)[1:]), dtype_of(c)), wnp.cumsum(pieces, 0)[:-1]])
    return wnp.concatenate([c, start[None]])


class PPoly(Fields):
    """A piecewise polynomial: ``sum(c[m, i] * (v - x[i])**(k - m))`` on the interval from ``x[i]`` to ``x[i + 1]``.

    Differentiable in its coefficients, its breakpoints and the points at which it is evaluated, in both modes and to
    any order. It is a pytree with the leaves `c` and `x`.

    Args:
        c: coefficients ``(k + 1, m, ...)``, that of the highest power first.
        x: breakpoints ``(m + 1,)``, rising.
        extrapolate: whether the first and last polynomials go on outside (True, also for None), the result is NaN
            there (False), or the function repeats ("periodic").
        axis: where the two axes of `c` stand that come first above.

    Raises:
        ShapeError: `c` and `x` do not fit. ArgumentError: `x` is known not to rise, or no such `extrapolate`.

    Example:
        >>> import wengert
        >>> p = PPoly(np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([0.0, 1.0, 2.0]))  # x, then 1
        >>> print(p(0.5), p(1.5), p.integrate(0.0, 2.0), wengert.grad(p)(0.5))
        0.5 1.0 1.5 1.0
    """

    arrays = ("c", "x")
    settings = ("extrapolate", "axis")
    c: Any
    x: Any
    extrapolate: bool | str
    axis: int

    def __init__(self, c: ArrayLike, x: ArrayLike, extrapolate: Any = None, axis: int = 0) -> None:
        what = type(self).__name__
        x, c = real_and_values(what, x, c)
        if ndim_of(c) < 2:
            raise ShapeError(f"{what}: c has an axis of powers and one of intervals at least, got shape {shape_of(c)}")
        axis = canonical_axis(axis, ndim_of(c) - 1)
        c = moveaxis(c, (axis, axis + 1), (0, 1))
        if ndim_of(x) != 1 or shape_of(x)[0] < 2 or shape_of(c)[1] != shape_of(x)[0] - 1 or not shape_of(c)[0]:
            raise ShapeError(
                f"{what}: c of shape {shape_of(c)} must have one column for each interval of x, of shape {shape_of(x)}"
            )
        check_rising(what, x)
        self._hold(c, x, extrapolate, axis)

    def _hold(self, c: Any, x: Any, extrapolate: Any, axis: int) -> None:
        self.c, self.x, self.axis = c, x, axis
        self.extrapolate = _extrapolation(type(self).__name__, True if extrapolate is None else extrapolate)

    @classmethod
    def construct_fast(cls, c: Any, x: Any, extrapolate: Any = None, axis: int = 0) -> Any:
        """The polynomial of coefficients ``(k + 1, m, ...)`` and breakpoints that fit, without checks."""
        out = object.__new__(cls)
        PPoly._hold(out, c, x, extrapolate, axis)
        return out

    def __call__(self, x: ArrayLike, nu: int = 0, extrapolate: ArrayLike | None = None) -> Value:
        """The value at points of any shape, which takes the place of the axis of interpolation.

        Args:
            x: points. nu: the order of a derivative. extrapolate: instead of the one given at first.
        """
        what = type(self).__name__
        extrapolate = self.extrapolate if extrapolate is None else _extrapolation(what, extrapolate)
        if nu < 0:
            raise ArgumentError(f"{what}: the order of a derivative is not negative, got {nu}; use antiderivative")
        v = points(what, x, self.x)
        first, last = self.x[0], self.x[-1]
        if extrapolate == "periodic":
            v = first + wnp.mod(v - first, last - first)
        i = interval(self.x, v)
        s = v - getitem(self.x, i)
        c = getitem(_differentiated(self.c, nu), (slice(None), i))
        out = _horner(c, beside(s, ndim_of(c) - 1))
        bad = None
        if extrapolate is False:
            bad = wnp.logical_not(wnp.logical_and(v >= first, v <= last))
        elif shape_of(c)[0] == 1:  # in which s does not occur
            bad = wnp.isnan(v)
        if bad is not None:
            out = wnp.where(beside(bad, ndim_of(out)), np.array(np.nan, dtype_of(out)), out)
        return placed(out, ndim_of(v), self.axis)

    def derivative(self, nu: int = 1) -> PPoly:
        """The derivative of order `nu`, a `PPoly`; an antiderivative if that is negative."""
        if nu < 0:
            return self.antiderivative(-nu)
        return PPoly.construct_fast(_differentiated(self.c, nu), self.x, self.extrapolate, self.axis)

    def antiderivative(self, nu: int = 1) -> PPoly:
        """The integral from ``x[0]`` on, `nu` times, a `PPoly`; of a periodic function one that is not continued."""
        if nu <= 0:
            return self.derivative(-nu)
        c = self.c
        for _ in range(nu):
            c = _integrated(c, self.x)
        extrapolate = False if self.extrapolate == "periodic" else self.extrapolate
        return PPoly.construct_fast(c, self.x, extrapolate, self.axis)

    def integrate(self, a: Any, b: Any, extrapolate: ArrayLike | None = None) -> Any:
        """The integral from `a` to `b`, numbers or arrays of one shape."""
        what = type(self).__name__
        extrapolate = self.extrapolate if extrapolate is None else _extrapolation(what, extrapolate)
        whole = self.antiderivative()
        if extrapolate != "periodic":
            return whole(b, extrapolate=extrapolate) - whole(a, extrapolate=extrapolate)
        first, period = self.x[0], self.x[-1] - self.x[0]
        total = whole(self.x[-1], extrapolate=True)

        def until(v: Any) -> Any:
            v = points(what, v, self.x) - first
            count = wnp.floor(v / period)
            rest = whole(first + (v - count * period), extrapolate=True)
            return placed(beside(count, ndim_of(rest)) * total, ndim_of(v), self.axis) + rest

        return until(b) - until(a)

    def roots(self, discontinuity: bool = True, extrapolate: Any = None) -> Any:
        """Not here: how many roots there are depends on the numbers."""
        raise NotSupportedError(
            "PPoly: roots are not here, since their number depends on the coefficients; for plain arrays write "
            "scipy.interpolate.PPoly(p.c, p.x).roots(), and make one of them, r, differentiable by a step of Newton's "
            "method: r - p(r) / stop_gradient(p(r, 1))"
        )

    def solve(self, y: Any = 0.0, discontinuity: bool = True, extrapolate: Any = None) -> Any:
        """Not here: how many solutions there are depends on the numbers."""
        return self.roots()

    def extend(self, c: Any, x: Any) -> None:
        """Not here: a piecewise polynomial is a value. Make another one of the joined arrays."""
        raise NotSupportedError(
            "PPoly: extend changes in place; write PPoly(np.concatenate([p.c, c], 1), np.append(p.x, x))"
        )


def _extrapolation(what: str, extrapolate: ArrayLike) -> bool | str:
    if isinstance(extrapolate, str):
        if extrapolate != "periodic":
            raise ArgumentError(f"{what}: extrapolate is True, False or 'periodic', got {extrapolate!r}")
        return extrapolate
    return bool(as_value(extrapolate))
