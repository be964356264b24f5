"""Cubic splines: how each kind of them chooses its slopes at the knots; the rest is `PPoly`.

Sources: C. de Boor, "A practical guide to splines" (1978), chapter IV (cubic splines and their ends); F. N. Fritsch and
J. Butland, SIAM J. Sci. Stat. Comput. 5 (1984), and C. Moler, "Numerical computing with MATLAB" (2004), section 3.6, for
the ends (pchip); H. Akima, J. ACM 17 (1970); MATLAB's documentation of makima (modified Akima).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ... import numpy as wnp
from ...core import dtype_of, shape_of
from ...errors import ArgumentError, ShapeError
from ...ops.shape import moveaxis
from ...ops.special.declare import floating
from ...ops.tridiagonal import cyclic_tridiagonal_solve, tridiagonal_solve
from ...vocabulary import ArrayLike
from .knots import Samples, known
from .piecewise import PPoly


class _Cubic(PPoly):
    """A piecewise polynomial of third degree, from values and slopes at the knots."""

    def _fit(self, p: Samples, d: Any, extrapolate: Any) -> None:
        left, right = d[:-1], d[1:]
        bend = (left + right - 2 * p.slope) / p.h
        c = wnp.stack([bend / p.h, (p.slope - left) / p.h - bend, left, p.y[:-1]])
        self._hold(c, p.x, extrapolate, p.axis)


class CubicHermiteSpline(_Cubic):
    """The piecewise cubic polynomial with given values and slopes at its knots.

    Args:
        x: knots ``(n,)``, rising. y: values, of length n along `axis`. dydx: slopes, of the shape of `y`.
        axis: the axis of interpolation. extrapolate: as for `PPoly`.

    Raises:
        ShapeError: shapes do not fit. ArgumentError: fewer than two knots, or they are known not to rise.

    Example:
        >>> print(CubicHermiteSpline([0.0, 1.0], [0.0, 1.0], [0.0, 0.0])(0.25))
        0.15625
    """

    def __init__(self, x: Any, y: ArrayLike, dydx: ArrayLike, axis: int = 0, extrapolate: Any = None) -> None:
        y, dydx = floating(y, dydx)
        if shape_of(y) != shape_of(dydx):
            raise ShapeError(f"CubicHermiteSpline: y of shape {shape_of(y)} and dydx of shape {shape_of(dydx)} differ")
        p = Samples("CubicHermiteSpline", x, y, axis)
        self._fit(p, moveaxis(dydx, p.axis, 0), extrapolate)


# --- twice differentiable -----------------------------------------------------------------------------------------

_NAMED = {"not-a-knot": None, "clamped": (1, 0.0), "natural": (2, 0.0)}


def _conditions(p: Samples, bc_type: Any) -> list[Any]:
    """For each end None for not-a-knot, or the order of a derivative and its value."""
    what = "CubicSpline"
    if isinstance(bc_type, str):
        bc_type = (bc_type, bc_type)
    if not isinstance(bc_type, (tuple, list)) or len(bc_type) != 2:
        raise ArgumentError(f"{what}: bc_type is a name or a pair of conditions, one for each end, got {bc_type!r}")
    out: list[Any] = []
    for end in bc_type:
        if isinstance(end, str):
            if end not in _NAMED:
                hint = "; 'periodic' stands for both ends" if end == "periodic" else ""
                raise ArgumentError(f"{what}: bc_type is 'not-a-knot', 'clamped', 'natural' or (order, value), got {end!r}{hint}")  # fmt: skip
            out.append(_NAMED[end])
            continue
        if not isinstance(end, (tuple, list)) or len(end) != 2 or end[0] not in (1, 2):
            raise ArgumentError(f"{what}: a condition is (1, slope) or (2, second derivative), got {end!r}")
        value = floating(end[1], p.y)[0]
        if shape_of(value) not in ((), shape_of(p.y)[1:]):
            raise ShapeError(f"{what}: the value of a condition has shape {shape_of(value)}, expected {shape_of(p.y)[1:]}")  # fmt: skip
        out.append((end[0], value))
    return out


def _end(condition: Any, h: Any, slope: Any) -> tuple[Any, Any, Any]:
    """The first equation, ``a s[0] + b s[1] = r``; or, of distances and chords in reverse order, the last."""
    if condition is None:  # the third derivative does not jump at the next knot; s[2] is eliminated
        both = h[0] + h[1]
        return h[1], both, ((h[0] + 2 * both) * h[1] * slope[0] + h[0] ** 2 * slope[1]) / both
    order, value = condition
    if order == 0:  # a parabola
        return 1.0, 1.0, 2 * slope[0]
    if order == 1:
        return 1.0, 0.0, value
    return 2 * h[0], h[0], 3 * h[0] * slope[0] - value * h[0] ** 2 / 2


def _spline_slopes(p: Samples, ends: list[Any]) -> Any:
    """Slopes for which the second derivative does not jump: one equation for each knot."""
    h, slope = wnp.diff(p.x), p.slope
    if p.n == 2:
        ends = [(1, slope[0]) if end is None else end for end in ends]
    elif p.n == 3 and ends[0] is ends[1] is None:
        ends = [(0, None), (0, None)]
    if ends[1] is not None and ends[1][0] == 2:
        ends = [ends[0], (2, -ends[1][1])]  # in reverse order slopes change their sign, second derivatives do not
    a, b, r = _end(ends[0], h, slope)
    y, z, t = _end(ends[1], h[::-1], slope[::-1])
    rest = shape_of(slope)[1:]
    one, zero = np.ones(1, dtype_of(h)), np.zeros(1, dtype_of(h))
    below = wnp.concatenate([zero, h[1:], z * one])
    middle = wnp.concatenate([a * one, 2 * (h[:-1] + h[1:]), y * one])
    above = wnp.concatenate([b * one, h[:-1], zero])
    inner = 3 * (p.h[1:] * slope[:-1] + p.h[:-1] * slope[1:])
    right = wnp.concatenate([wnp.broadcast_to(r, rest)[None], inner, wnp.broadcast_to(t, rest)[None]])
    return _solved(tridiagonal_solve, [below, middle, above], right)


def _periodic_slopes(p: Samples) -> Any:
    h, slope = p.h, p.slope
    before = wnp.roll(h, 1, 0)
    right = 3 * (h * wnp.roll(slope, 1, 0) + before * slope)
    if p.n == 2:
        s = 0 * slope
    elif p.n == 3:  # both equations have the same right side
        s = right / (3 * (h + before))
    else:
        a, b = h.reshape((-1,)), before.reshape((-1,))
        s = _solved(cyclic_tridiagonal_solve, [a, 2 * (a + b), b], right)
    return wnp.concatenate([s, s[:1]])


def _solved(solve: Any, bands: list[Any], right: ArrayLike) -> Any:
    columns = right.reshape((shape_of(right)[0], -1))
    return solve(wnp.stack(bands), columns).reshape(shape_of(right))


class CubicSpline(_Cubic):
    """The cubic spline through points: twice continuously differentiable.

    The slopes at the knots solve tridiagonal equations, in time linear in the points. Differentiable in the points of
    evaluation, the values, the knots and the values of conditions, in both modes and to any order; a pytree.

    Args:
        x: knots ``(n,)``, rising. y: values, of length n along `axis`; they may be complex.
        axis: the axis of interpolation.
        bc_type: what holds at the ends: "not-a-knot" (the first two polynomials are one, and the last two), "clamped"
            (slope 0), "natural" (second derivative 0), "periodic"; or a pair of conditions, one for each end, that are
            one of the first three names, ``(1, slope)`` or ``(2, second derivative)``.
        extrapolate: as for `PPoly`; None stands for "periodic" where `bc_type` is, else for True.

    Raises:
        ShapeError: shapes do not fit.
        ArgumentError: fewer than two knots; they are known not to rise; no such condition; "periodic" where the first
            and the last value are known to differ.

    Example:
        >>> import wengert
        >>> x = np.linspace(0.0, np.pi, 9)
        >>> f = CubicSpline(x, np.sin(x), bc_type=((1, 1.0), (1, -1.0)))
        >>> print(f(1.0).round(3), wengert.grad(f)(1.0).round(3), f(1.0, 1).round(3), f.integrate(0.0, np.pi).round(3))
        0.841 0.54 0.54 2.0
    """

    def __init__(self, x: Any, y: Any, axis: int = 0, bc_type: Any = "not-a-knot", extrapolate: Any = None) -> None:
        p = Samples("CubicSpline", x, y, axis)
        if isinstance(bc_type, str) and bc_type == "periodic":
            ends = known(p.y[-1] - p.y[0])
            scale = known(p.y[0])
            if ends is not None and scale is not None and (np.abs(ends) > 1e-15 * (1 + np.abs(scale))).any():
                raise ArgumentError("CubicSpline: with bc_type='periodic' the last value of y must be the first one")
            slopes, extrapolate = _periodic_slopes(p), "periodic" if extrapolate is None else extrapolate
        else:
            slopes = _spline_slopes(p, _conditions(p, bc_type))
        self._fit(p, slopes, extrapolate)


# --- slopes by a formula of their neighbours ----------------------------------------------------------------------


class PchipInterpolator(_Cubic):
    """The cubic interpolant that rises where the points rise and falls where they fall, once differentiable.

    The slope at a knot is the harmonic mean of those of the chords beside it, weighted by Fritsch and Butland; 0 at
    extremes and where a chord is level, where its derivative is 0 too.

    Args:
        x: knots ``(n,)``, rising. y: real values, of length n along `axis`.
        axis: the axis of interpolation. extrapolate: as for `PPoly`.

    Raises:
        ShapeError: shapes do not fit. ArgumentError: fewer than two knots; known not to rise; complex values.

    Example:
        >>> print(PchipInterpolator([0.0, 1.0, 2.0, 3.0], [0.0, 0.0, 1.0, 1.0])(np.array([0.5, 1.5])))
        [0.  0.5]
    """

    def __init__(self, x: Any, y: Any, axis: int = 0, extrapolate: Any = None) -> None:
        p = Samples("PchipInterpolator", x, y, axis)
        p.real("PchipInterpolator")
        h, m = p.h, p.slope
        if p.n == 2:
            d = wnp.concatenate([m, m])
        else:
            left, right = m[:-1], m[1:]
            w, v = 2 * h[1:] + h[:-1], h[1:] + 2 * h[:-1]
            same = wnp.sign(left) * wnp.sign(right) > 0
            total = w * right + v * left
            inner = wnp.where(same, (w + v) * left * right / wnp.where(same, total, 1), 0)
            ends = [_pchip_end(h[0], h[1], m[0], m[1]), _pchip_end(h[-1], h[-2], m[-1], m[-2])]
            d = wnp.concatenate([ends[0][None], inner, ends[1][None]])
        self._fit(p, d, extrapolate)


def _pchip_end(h: Any, next_h: Any, m: Any, next_m: Any) -> Any:
    """The slope of a parabola, limited so that it has the sign of the chord, and three times its size at a turn."""
    d = ((2 * h + next_h) * m - h * next_m) / (h + next_h)
    turn = wnp.logical_and(wnp.sign(m) != wnp.sign(next_m), wnp.abs(d) > 3 * wnp.abs(m))
    return wnp.where(wnp.sign(d) != wnp.sign(m), 0, wnp.where(turn, 3 * m, d))


class Akima1DInterpolator(_Cubic):
    """Akima's interpolant, whose slopes are local, so that outliers do not make it swing; once differentiable.

    Args:
        x: knots ``(n,)``, rising. y: real values, of length n along `axis`.
        axis: the axis of interpolation. method: "akima", or "makima", the modification with less overshoot.
        extrapolate: as for `PPoly`, but NaN outside is the default.

    Raises:
        ShapeError: shapes do not fit.
        ArgumentError: fewer than two knots; known not to rise; complex values; no such `method`.

    Example:
        >>> print(Akima1DInterpolator([0.0, 1.0, 2.0, 3.0], [0.0, 1.0, 4.0, 9.0])(np.array([0.5, 4.0])))
        [0.25  nan]
    """

    def __init__(self, x: Any, y: Any, axis: int = 0, *, method: str = "akima", extrapolate: Any = None) -> None:
        if method not in ("akima", "makima"):
            raise ArgumentError(f"Akima1DInterpolator: method is 'akima' or 'makima', got {method!r}")
        p = Samples("Akima1DInterpolator", x, y, axis)
        p.real("Akima1DInterpolator")
        m = p.slope
        if p.n == 2:
            d = wnp.concatenate([m, m])
        else:
            a, b = 2 * m[:1] - m[1:2], 2 * m[-1:] - m[-2:-1]
            m = wnp.concatenate([2 * a - m[:1], a, m, b, 2 * b - m[-1:]])
            change = wnp.abs(wnp.diff(m, axis=0))
            if method == "makima":
                change = change + wnp.abs(m[1:] + m[:-1]) / 2
            left, right = m[1:-2], m[2:-1]
            before, after = change[:-2], change[2:]
            total = before + after
            defined = total > 1e-9 * wnp.max(total)
            weight = before / wnp.where(defined, total, 1)
            d = wnp.where(defined, left + weight * (right - left), (m[3:] + m[:-3]) / 2)
        self._fit(p, d, False if extrapolate is None else extrapolate)
