"""scipy.interpolate's classes and functions over FITPACK: splines that are fitted, in one variable and on a rectangle."""

from __future__ import annotations

from typing import Any

import numpy as np

from ... import numpy as wnp
from ...core import TRACED, as_array, shape_of
from ...errors import NotSupportedError
from ...ops.special.declare import floating
from ...transforms.plain import is_traced
from .entry import Entry
from .interpolating import Spline, made, outside

Named = dict[str, Any]


def univariate(entry: Entry, args: tuple[Any, ...], kwargs: Named) -> Any:
    """The call of `scipy.interpolate.UnivariateSpline`."""
    named = entry.bound(args, kwargs)
    this = named["self"]
    ext = this.ext if named["ext"] is None else named["ext"]
    return outside(_fitpack(this), named["x"], named["nu"], ext)


def _fitpack(this: Any) -> Spline:
    """The spline of a `UnivariateSpline`."""
    t, c, k = this._eval_args
    return made(this) or Spline(t, c[: len(t) - k - 1], k)


def made_univariate(entry: Entry, args: tuple[Any, ...], kwargs: Named) -> None:
    """``__init__`` of `scipy.interpolate.UnivariateSpline` and of the one that interpolates: affine in the values without smoothing."""
    named = entry.bound(args, kwargs)
    this, y = named.pop("self"), as_array(named.pop("y"))
    others = [k for k, v in named.items() if is_traced(v)]
    if others:
        raise NotSupportedError(
            f"scipy.{entry.name} of traced {', '.join(others)} has no derivative here; use stop_gradient on it"
        )
    if named.get("s", 0) != 0:
        raise NotSupportedError(f"scipy.{entry.name} of traced values needs s=0: what it smooths depends on values")
    kind, n = type(this), shape_of(y)[0]
    fits = [kind(y=e, **named) for e in (np.zeros(n), *np.eye(n))]
    t, zero, k = fits[0]._eval_args
    size = len(t) - k - 1
    c = zero[:size] + np.stack([f._eval_args[1][:size] - zero[:size] for f in fits[1:]], -1) @ y
    vars(this).update(vars(fits[0]))
    vars(this)[TRACED] = Spline(t, c, k)
    this._eval_args = t, c, k


def univariate_integral(entry: Entry, args: tuple[Any, ...], kwargs: Named) -> Any:
    """`UnivariateSpline.integral`: of what is 0 beyond the ends."""
    named = entry.bound(args, kwargs)
    return _between(_fitpack(named["self"]), named["a"], named["b"])


def splint(entry: Entry, args: tuple[Any, ...], kwargs: Named) -> Any:
    """`scipy.interpolate.splint`."""
    named = entry.bound(args, kwargs)
    t, c, k = named["tck"]
    if named["full_output"] or isinstance(c, (list, tuple)) or len(shape_of(as_array(c))) != 1:
        raise NotSupportedError("scipy.interpolate.splint of traced values takes one spline, and gives no full output")
    return _between(Spline(t, as_array(c)[: len(t) - k - 1], k), named["a"], named["b"])


def _between(spline: Spline, a: Any, b: Any) -> Any:
    low, high = spline.t[spline.k], spline.t[-spline.k - 1]
    return spline.integrate(wnp.clip(as_array(a), low, high), wnp.clip(as_array(b), low, high))


def _surface(tx: Any, ty: Any, c: Any, kx: int, ky: int, x: Any, y: Any, dx: int, dy: int, grid: bool) -> Any:
    """A tensor product of splines at the points of a grid, or at pairs; beyond the ends it is that at the ends, as FITPACK has it."""
    rows, columns = len(tx) - kx - 1, len(ty) - ky - 1
    x = wnp.clip(floating(as_array(x))[0], tx[kx], tx[-kx - 1])
    y = wnp.clip(floating(as_array(y))[0], ty[ky], ty[-ky - 1])
    c = wnp.reshape(as_array(c), (rows, columns))
    along = Spline(tx, c, kx)(x, dx)  # points, then coefficients in y
    if grid:
        out, axes = Spline(ty, wnp.moveaxis(along, -1, 0), ky)(y, dy), range(len(shape_of(y)))
        return wnp.moveaxis(out, list(axes), [a - len(axes) for a in axes]) if axes else out
    weights = Spline(ty, np.eye(columns), ky)(y, dy)
    return wnp.sum(along * weights, -1)


def bivariate(entry: Entry, args: tuple[Any, ...], kwargs: Named) -> Any:
    """The call and `ev` of `scipy.interpolate.RectBivariateSpline` and its kin."""
    named = entry.bound(args, kwargs)
    this = named["self"]
    grid = named.get("grid", False)
    x, y = named.get("x", named.get("xi")), named.get("y", named.get("yi"))
    if not grid:
        x, y = wnp.broadcast_arrays(as_array(x), as_array(y))
    tx, ty, c = made(this) or this.tck
    kx, ky = this.degrees
    return _surface(tx, ty, c, kx, ky, x, y, named["dx"], named["dy"], grid)


def bisplev(entry: Entry, args: tuple[Any, ...], kwargs: Named) -> Any:
    """`scipy.interpolate.bisplev`."""
    named = entry.bound(args, kwargs)
    tx, ty, c, kx, ky = named["tck"]
    return _surface(tx, ty, c, kx, ky, named["x"], named["y"], named["dx"], named["dy"], True)


def made_rectangle(entry: Entry, args: tuple[Any, ...], kwargs: Named) -> None:
    """``__init__`` of `scipy.interpolate.RectBivariateSpline`: linear in the values without smoothing, one axis after the other."""
    named = entry.bound(args, kwargs)
    this, z = named["self"], as_array(named["z"])
    if named["s"] != 0 or any(is_traced(named[k]) for k in ("x", "y", "bbox")):
        raise NotSupportedError(f"scipy.{entry.name} of traced values takes s=0, and plain x, y and bbox")
    entry.original(this, **{**{k: v for k, v in named.items() if k != "self"}, "z": np.zeros(shape_of(z))})
    tx, ty, _ = this.tck
    kx, ky = this.degrees

    def basis(t: np.ndarray, k: int, x: Any) -> np.ndarray:
        return np.asarray(Spline(t, np.eye(len(t) - k - 1), k)(np.asarray(x, float)))

    inner = wnp.linalg.solve(basis(tx, kx, named["x"]), z)
    this.tck = tx, ty, wnp.reshape(wnp.linalg.solve(basis(ty, ky, named["y"]), inner.T).T, (-1,))
    vars(this)[TRACED] = this.tck


ANSWERS: dict[str, Any] = {
    "interpolate.UnivariateSpline.__init__": made_univariate,
    "interpolate.InterpolatedUnivariateSpline.__init__": made_univariate,
    "interpolate.UnivariateSpline.__call__": univariate,
    "interpolate.UnivariateSpline.integral": univariate_integral,
    "interpolate.splint": splint,
    "interpolate.RectBivariateSpline.__init__": made_rectangle,
    "interpolate._BivariateSplineBase.__call__": bivariate,
    "interpolate.BivariateSpline.ev": bivariate,
    "interpolate.bisplev": bisplev,
}

__all__ = ["ANSWERS"]
