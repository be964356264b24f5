"""scipy.interpolate by its own names: SciPy's classes, made of traced values or asked at traced points.

An object made of traced values keeps what stands for it (`transforms.plain.TRACED`), an object of `wengert.scipy.interpolate` or
of the classes here, which its methods ask. One made of plain values is told to ours where it is asked at traced points.
Formulas: C. de Boor, "A practical guide to splines", chapter X; radial basis functions as SciPy's page on `RBFInterpolator` has them.
"""

from __future__ import annotations

import importlib
import itertools
from collections.abc import Callable
from typing import Any

import numpy as np

from ... import numpy as wnp
from ...core import TRACED, as_array, shape_of
from ...errors import NotSupportedError
from ...ops.special.declare import floating
from ...transforms.derivatives import stop_gradient
from ...transforms.plain import is_traced
from ...vocabulary import ArrayLike, Axes, Function
from .entry import Entry

Named = dict[str, Any]


def _ours() -> Any:
    return importlib.import_module("wengert.scipy.interpolate")


def made(this: Any) -> Any:
    return vars(this).get(TRACED)


def made_by(make: Callable[..., Any], whole: bool = False) -> Callable[..., Any]:
    """The answer of ``__init__``: the object keeps what stands for it, and that's coefficients and knots.

    With `whole`, `make` is given the object too.
    """

    def answer(entry: Entry, args: tuple[Any, ...], kwargs: Named) -> None:
        this, *rest = args
        ours = make(*(args if whole else rest), **kwargs)
        vars(this)[TRACED] = ours
        for name in ("c", "x", "y", "t", "k", "axis", "extrapolate", "grid", "values"):
            if hasattr(ours, name):
                private = isinstance(getattr(type(this), name, None), property)
                vars(this)[f"_{name}" if private else name] = getattr(ours, name)

    return answer


def asked(method: str, make: Callable[[Any], Any]) -> Function:
    """The answer of a method: that of what stands for the object."""

    def answer(entry: Entry, args: tuple[Any, ...], kwargs: Named) -> Any:
        this, *rest = args
        ours = made(this)
        return getattr(make(this) if ours is None else ours, method)(*rest, **kwargs)

    return answer


def _class(name: str) -> Function:
    return lambda *args, **kwargs: getattr(_ours(), name)(*args, **kwargs)


def _ppoly(this: Any) -> Any:
    kind = Bernstein if type(this).__name__ == "BPoly" else _ours().PPoly
    return kind(this.c, this.x, this.extrapolate, this.axis)


def _pieces(this: Any, c: Any, x: Any, extrapolate: Any = None, axis: int = 0) -> Any:
    kind = Bernstein if type(this).__name__ == "BPoly" else _ours().PPoly
    return kind(c, x, True if extrapolate is None else extrapolate, axis)


class Bernstein:
    """Polynomials on intervals by Bernstein's basis: coefficients of rising index first, then intervals."""

    def __init__(self, c: Any, x: Any, extrapolate: Any = True, axis: int = 0) -> None:
        self.c, self.x, self.extrapolate, self.axis = floating(as_array(c))[0], as_array(x), extrapolate, axis
        if axis:
            raise NotSupportedError(
                "scipy.interpolate.BPoly of traced values takes axis=0 here; move the axes of the result"
            )

    def __call__(self, x: Any, nu: int = 0, extrapolate: Any = None) -> Any:
        degree = shape_of(self.c)[0] - 1
        if nu and not degree:
            return 0.0 * self(x, 0, extrapolate)
        if nu:
            width = wnp.reshape(self.x[1:] - self.x[:-1], (-1, *[1] * (len(shape_of(self.c)) - 2)))
            slope = (self.c[1:] - self.c[:-1]) * degree / width
            return Bernstein(slope, self.x, self.extrapolate)(x, nu - 1, extrapolate)
        extrapolate = self.extrapolate if extrapolate is None else extrapolate
        v, ends = floating(as_array(x))[0], self.x
        if extrapolate == "periodic":
            v = v - wnp.floor((v - ends[0]) / (ends[-1] - ends[0])) * (ends[-1] - ends[0])
        i = wnp.clip(wnp.searchsorted(ends, stop_gradient(v), "right") - 1, 0, shape_of(ends)[0] - 2)
        wide = (*shape_of(v), *[1] * (len(shape_of(self.c)) - 2))
        share = wnp.reshape((v - wnp.take(ends, i)) / (wnp.take(ends, i + 1) - wnp.take(ends, i)), wide)
        row = [wnp.take(self.c[j], i, 0) for j in range(degree + 1)]
        for r in range(degree):  # de Casteljau
            row = [(1 - share) * row[j] + share * row[j + 1] for j in range(degree - r)]
        if extrapolate is False:
            return wnp.where(wnp.reshape(wnp.logical_or(v < ends[0], v > ends[-1]), wide), np.nan, row[0])
        return row[0]


# --- splines ------------------------------------------------------------------------------------------------------


class Spline:
    """A spline of basis functions: knots `t`, coefficients `c` with their axis first, degree `k`."""

    def __init__(self, t: Any, c: ArrayLike, k: int, extrapolate: Any = True, axis: int = 0) -> None:
        if is_traced(t):
            raise NotSupportedError(
                "scipy.interpolate.BSpline of traced knots has no derivative here; use stop_gradient on them"
            )
        self.t, self.k, self.extrapolate, self.axis = np.asarray(t, float), int(k), extrapolate, axis
        self.c = wnp.moveaxis(floating(as_array(c))[0], axis, 0)

    def __call__(self, x: ArrayLike, nu: int = 0, extrapolate: Any = None) -> Any:
        extrapolate = self.extrapolate if extrapolate is None else extrapolate
        if nu:
            return self.derivative(nu)(x, extrapolate=extrapolate)
        x = floating(as_array(x))[0]
        shape = shape_of(x)
        v = wnp.reshape(x, (-1,))
        t, k, n = self.t, self.k, len(self.t) - self.k - 1
        low, high = t[k], t[n]
        if extrapolate == "periodic":
            v = low + (v - low) - wnp.floor((v - low) / (high - low)) * (high - low)
        i = wnp.clip(wnp.searchsorted(t, stop_gradient(v), "right") - 1, k, n - 1)
        rest = self.c.shape[1:]
        wide = (-1, *[1] * len(rest))
        d = [wnp.take(self.c, i - k + j, 0) for j in range(k + 1)]
        for r in range(1, k + 1):
            for j in range(k, r - 1, -1):
                start, stop = wnp.take(t, i + j - k), wnp.take(t, i + j + 1 - r)
                share = wnp.reshape((v - start) / (stop - start), wide)
                d[j] = (1 - share) * d[j - 1] + share * d[j]
        out = d[k]
        if extrapolate is False:
            out = wnp.where(wnp.reshape(wnp.logical_or(v < low, v > high), wide), np.nan, out)
        out = wnp.reshape(out, (*shape, *rest))
        return wnp.moveaxis(out, range(len(shape)), range(self.axis, self.axis + len(shape))) if self.axis else out

    def derivative(self, nu: int = 1) -> Spline:
        out = self
        for _ in range(nu):
            n = len(out.t) - out.k - 1
            width = (out.t[out.k + 1 : n + out.k] - out.t[1:n]).reshape(-1, *[1] * (len(out.c.shape) - 1))
            positive = width > 0
            c = out.c[:n]
            slope = wnp.where(positive, (c[1:] - c[:-1]) * (out.k / np.where(positive, width, 1.0)), 0.0)
            out = Spline(out.t[1:-1], slope, out.k - 1, out.extrapolate)
        new = Spline(out.t, out.c, out.k, self.extrapolate)
        new.axis = self.axis
        return new

    def antiderivative(self, nu: int = 1) -> Spline:
        out = self
        for _ in range(nu):
            n = len(out.t) - out.k - 1
            width = (out.t[out.k + 1 : n + out.k + 1] - out.t[:n]).reshape(-1, *[1] * (len(out.c.shape) - 1))
            sums = wnp.cumsum(out.c[:n] * width, 0) / (out.k + 1)
            c = wnp.concatenate([wnp.zeros_like(sums[:1]), sums, *[sums[-1:]] * (out.k + 1)])
            t = np.concatenate([out.t[:1], out.t, out.t[-1:]])
            out = Spline(t, c[: len(t) - out.k - 2], out.k + 1, out.extrapolate)
        new = Spline(out.t, out.c, out.k, False if self.extrapolate == "periodic" else self.extrapolate)
        new.axis = self.axis
        return new

    def integrate(self, a: Any, b: Any, extrapolate: Any = None) -> Any:
        whole = self.antiderivative()
        return whole(b) - whole(a)


def _spline(this: Any) -> Spline:
    return Spline(this.t, this.c, this.k, this.extrapolate, this.axis)


def fitted(values: str, result: Callable[[Any, Any, Any], Any], knots: tuple[str, ...] = ("x",)) -> Function:
    """The answer of a function that fits a spline, whose coefficients are affine in the values: SciPy fits each unit vector."""

    def answer(entry: Entry, args: tuple[Any, ...], kwargs: Named) -> Any:
        named = entry.bound(args, kwargs)
        y, axis = as_array(named[values]), named.get("axis", 0) or 0
        others = [k for k, v in named.items() if k != values and is_traced(v)]
        if others:
            raise NotSupportedError(
                f"scipy.{entry.name} of traced {', '.join(others)} has no derivative here; use stop_gradient on it"
            )
        if named.get("s") not in (None, 0, 0.0) or ("lam" in named and named["lam"] is None):
            raise NotSupportedError(
                f"scipy.{entry.name} of traced values needs s=0 (lam= where it takes that): what it smooths depends on values"
            )
        if axis:
            y, named["axis"] = wnp.moveaxis(y, axis, 0), 0
        n = shape_of(y)[0]
        first = entry.call({**named, values: np.zeros(n)})
        columns = [result(entry.call({**named, values: e}), None, None) - result(first, None, None) for e in np.eye(n)]
        matrix, flat = np.stack(columns, -1), wnp.reshape(y, (n, -1))
        c = wnp.reshape(matrix @ flat, (matrix.shape[0], *shape_of(y)[1:]))
        constant = result(first, None, None)
        c = c + constant.reshape(-1, *[1] * (len(shape_of(y)) - 1))
        return result(first, c, axis)

    return answer


def _of_spline(found: Any, c: Any, axis: Axes) -> Any:
    if c is None:
        return found.c
    vars(found)[TRACED] = Spline(found.t, c, found.k, found.extrapolate)
    vars(found)[TRACED].axis = axis
    vars(found)["_c" if isinstance(getattr(type(found), "c", None), property) else "c"] = c
    return found


def _of_tuple(found: Any, c: Any, axis: Axes) -> Any:
    return found[1] if c is None else (found[0], c, found[2])


def splev(entry: Entry, args: tuple[Any, ...], kwargs: Named) -> Any:
    """`scipy.interpolate.splev`."""
    named = entry.bound(args, kwargs)
    tck, ext = named["tck"], named["ext"]
    if hasattr(tck, "t"):
        return (made(tck) or _spline(tck))(named["x"], named["der"])
    t, c, k = tck
    c = wnp.stack(c, -1) if isinstance(c, (list, tuple)) else as_array(c)
    return outside(Spline(t, c[: len(t) - k - 1], k), named["x"], named["der"], ext)


def outside(spline: Spline, x: Any, nu: int, ext: int | str) -> Any:
    """FITPACK's ways beyond the ends: extrapolate, 0, an error, the value at the end."""
    x = as_array(x)
    low, high = spline.t[spline.k], spline.t[-spline.k - 1]
    outside = wnp.logical_or(x < low, x > high)
    if ext in (3, "const"):
        x = wnp.clip(x, low, high)
    if ext in (2, "raise"):
        raise NotSupportedError(
            "splines at traced points do not look whether these lie between the ends: leave ext=2 out"
        )
    out = spline(x, nu)
    return wnp.where(outside, 0.0, out) if ext in (1, "zeros") else out


# --- scattered points -----------------------------------------------------------------------------------------------

_KERNELS: dict[str, tuple[Callable[[Any], Any], int]] = {  # of the square of the distance; the least degree
    "linear": (lambda s: -_root(s), 0),
    "thin_plate_spline": (lambda s: wnp.where(s > 0, s * wnp.log(wnp.where(s > 0, s, 1.0)) / 2, 0.0), 1),
    "cubic": (lambda s: s * _root(s), 1),
    "quintic": (lambda s: -s * s * _root(s), 2),
    "multiquadric": (lambda s: -wnp.sqrt(1 + s), 0),
    "inverse_multiquadric": (lambda s: 1 / wnp.sqrt(1 + s), -1),
    "inverse_quadratic": (lambda s: 1 / (1 + s), -1),
    "gaussian": (lambda s: wnp.exp(-s), -1),
}


def _root(s: Any) -> Any:
    return wnp.where(s > 0, wnp.sqrt(wnp.where(s > 0, s, 1.0)), 0.0)


class Radial:
    """Interpolation by radial basis functions, of points `y` and values `d`."""

    def __init__(
        self,
        y: ArrayLike,
        d: ArrayLike,
        neighbors: Any = None,
        smoothing: ArrayLike = 0.0,
        kernel: str = "thin_plate_spline",
        epsilon: Any = None,
        degree: int | None = None,
    ) -> None:
        if neighbors is not None:
            raise NotSupportedError(
                "scipy.interpolate.RBFInterpolator of traced values takes no neighbors=; leave it out"
            )
        self.y, d = floating(as_array(y))[0], floating(as_array(d))[0]
        self.epsilon = 1.0 if epsilon is None else epsilon
        self.kernel, least = _KERNELS[kernel.lower()]
        self.degree = max(least, 0) if degree is None else degree
        n, dimension = shape_of(self.y)
        self.rest = shape_of(d)[1:]
        powers = [p for p in itertools.product(range(self.degree + 1), repeat=dimension) if sum(p) <= self.degree]
        self.powers = np.array(powers, int).reshape(-1, dimension)
        middle = stop_gradient(self.y)
        low, high = wnp.min(middle, 0), wnp.max(middle, 0)
        self.shift, self.scale = (low + high) / 2, wnp.where(high > low, (high - low) / 2, 1.0)
        m = len(self.powers)
        smooth = wnp.broadcast_to(as_array(smoothing), (n,))
        monomials = self._monomials(self.y)
        matrix = wnp.concatenate(
            [
                wnp.concatenate([self._between(self.y) + wnp.diag(smooth), monomials], 1),
                wnp.concatenate([monomials.T, np.zeros((m, m))], 1),
            ]
        )
        right = wnp.concatenate([wnp.reshape(d, (n, -1)), np.zeros((m, int(np.prod(self.rest))))])
        self.weights = wnp.linalg.solve(matrix, right)

    def _between(self, x: Any) -> Any:
        apart = (x[:, None] - self.y[None]) * self.epsilon
        return self.kernel(wnp.sum(apart * apart, -1))

    def _monomials(self, x: ArrayLike) -> Any:
        u = (x - self.shift) / self.scale
        columns = []
        for power in self.powers:
            term: Any = wnp.ones_like(u[:, 0])
            for axis, p in enumerate(power):
                term = term * u[:, axis] ** int(p) if p else term
            columns.append(term)
        return wnp.stack(columns, 1) if columns else np.zeros((shape_of(x)[0], 0))

    def __call__(self, x: ArrayLike) -> Any:
        x = floating(as_array(x))[0]
        out = wnp.concatenate([self._between(x), self._monomials(x)], 1) @ self.weights
        return wnp.reshape(out, (shape_of(x)[0], *self.rest))


def _radial(this: Any) -> Radial:
    degree = int(this.powers.sum(1).max()) if len(this.powers) else -1
    return Radial(
        this.y,
        this.d.reshape(len(this.y), *this.d_shape),
        this.neighbors,
        this.smoothing,
        this.kernel,
        this.epsilon,
        degree,
    )


def _line(this: Any) -> Any:
    kind = getattr(this, "_kind", "linear")
    if kind not in ("linear", "nearest", "nearest-up", "previous", "next") or hasattr(this, "_spline"):
        spline = this._spline
        out = Spline(spline.t, spline.c, spline.k)
        shape, axis = np.shape(this._y_extra_shape), this._y_axis
        return _Reshaped(out, this._y_extra_shape, axis) if shape != (0,) else lambda x: out(x)[..., 0]
    y = this._y.reshape(len(this.x), *this._y_extra_shape)
    fill = "extrapolate" if this._extrapolate else this.fill_value
    return _ours().interp1d(
        this.x,
        np.moveaxis(y, 0, this._y_axis),
        kind=kind,
        axis=this._y_axis,
        bounds_error=this.bounds_error,
        fill_value=fill,
    )


_DEGREES = {"zero": 0, "slinear": 1, "quadratic": 2}


def _made_line(
    x: Any, y: Any, kind: Any = "linear", axis: int = -1, copy: bool = True, bounds_error: bool | None = None, fill_value: Any = np.nan,
    assume_sorted: bool = False,
) -> Any:  # fmt: skip
    """What stands for `scipy.interpolate.interp1d` of traced values: degrees without a kind of ours are splines."""
    degree: Any = _DEGREES.get(kind, kind)
    kind = {0: "previous", 1: "linear", 3: "cubic"}.get(degree, kind)
    rest = (axis, copy, bounds_error, fill_value, assume_sorted)
    if kind in ("linear", "nearest", "nearest-up", "previous", "next", "cubic") or not isinstance(degree, int):
        return _ours().interp1d(x, y, kind, *rest)
    from scipy.interpolate import make_interp_spline

    if is_traced(x):
        raise NotSupportedError(
            f"scipy.interpolate.interp1d with kind={kind!r} of traced knots has no derivative here; use stop_gradient on them"
        )
    line = _ours().interp1d(x, y, "linear", *rest)
    if shape_of(line.x)[0] <= degree:
        raise ValueError(f"The number of derivatives at boundaries does not match: expected {degree - 1}, got 0+0")
    found: Any = make_interp_spline(np.asarray(line.x), line.y, k=degree, axis=line.axis)
    line.spline = made(found) or _spline(found)
    return line


class _Reshaped:
    def __init__(self, spline: Spline, extra: tuple[int, ...], axis: int) -> None:
        self.spline, self.extra, self.axis = spline, extra, axis

    def __call__(self, x: ArrayLike) -> Any:
        out = self.spline(x)
        rank = len(shape_of(as_array(x)))
        out = wnp.reshape(out, (*shape_of(out)[:rank], *self.extra))
        return wnp.moveaxis(out, range(rank), range(self.axis, self.axis + rank))


def along_line(entry: Entry, args: tuple[Any, ...], kwargs: Named) -> Any:
    """The call of `scipy.interpolate.interp1d`; SciPy's own text of others of its base, which compute with NumPy."""
    this, *rest = args
    if type(this).__name__ != "interp1d":
        return entry.original(*args, **kwargs)
    return (made(this) or _line(this))(*rest, **kwargs)


def _grid(this: Any) -> Any:
    return _ours().RegularGridInterpolator(this.grid, this.values, this.method, this.bounds_error, this.fill_value)


def pchip_interpolate(entry: Entry, args: tuple[Any, ...], kwargs: Named) -> Any:
    """`scipy.interpolate.pchip_interpolate`."""
    named = entry.bound(args, kwargs)
    if not isinstance(named["der"], int):
        raise NotSupportedError("scipy.interpolate.pchip_interpolate of traced values takes one number as der")
    return _ours().PchipInterpolator(named["xi"], named["yi"], axis=named["axis"])(named["x"], named["der"])


ANSWERS: dict[str, Any] = {
    "interpolate.CubicSpline.__init__": made_by(_class("CubicSpline")),
    "interpolate.PchipInterpolator.__init__": made_by(_class("PchipInterpolator")),
    "interpolate.Akima1DInterpolator.__init__": made_by(_class("Akima1DInterpolator")),
    "interpolate.CubicHermiteSpline.__init__": made_by(_class("CubicHermiteSpline")),
    "interpolate._PPolyBase.__init__": made_by(_pieces, whole=True),
    "interpolate._PPolyBase.__call__": asked("__call__", _ppoly),
    "interpolate.PPoly.derivative": asked("derivative", _ppoly),
    "interpolate.PPoly.antiderivative": asked("antiderivative", _ppoly),
    "interpolate.PPoly.integrate": asked("integrate", _ppoly),
    "interpolate.BSpline.__init__": made_by(Spline),
    "interpolate.BSpline.__call__": asked("__call__", _spline),
    "interpolate.BSpline.derivative": asked("derivative", _spline),
    "interpolate.BSpline.antiderivative": asked("antiderivative", _spline),
    "interpolate.BSpline.integrate": asked("integrate", _spline),
    "interpolate.interp1d.__init__": made_by(_made_line),
    "interpolate._Interpolator1D.__call__": along_line,
    "interpolate.RegularGridInterpolator.__init__": made_by(_class("RegularGridInterpolator")),
    "interpolate.RegularGridInterpolator.__call__": asked("__call__", _grid),
    "interpolate.RBFInterpolator.__init__": made_by(Radial),
    "interpolate.RBFInterpolator.__call__": asked("__call__", _radial),
    "interpolate.make_interp_spline": fitted("y", _of_spline),
    "interpolate.make_lsq_spline": fitted("y", _of_spline),
    "interpolate.make_smoothing_spline": fitted("y", _of_spline),
    "interpolate.splrep": fitted("y", _of_tuple),
    "interpolate.splev": splev,
    "interpolate.pchip_interpolate": pchip_interpolate,
}

__all__ = ["ANSWERS", "Radial", "Spline", "made", "outside"]
