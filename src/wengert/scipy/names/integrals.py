"""scipy.integrate's integrals of functions by their own names: QUADPACK's value, and the derivative of sums over its intervals.

QUADPACK chooses intervals for plain values; the derivative is that of a quadrature on them which is at least as accurate (Gauss
and Legendre's rule inside, the double exponential one at the ends, where integrands may be singular: H. Takahasi, M. Mori,
"Double exponential formulas for numerical integration", Publ. RIMS 9, 1974). Under vmap and jit the same rules integrate
alone, with NaN where two of them of different length differ.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from ... import numpy as wnp
from ...core import Tracer, as_array, shape_of
from ...errors import NotSupportedError, WengertError
from ...transforms.derivatives import stop_gradient
from ...transforms.plain import NotPlain, PlainFunction, is_traced, levels_of, plain_tree
from ...transforms.vmap import vmap
from ...vocabulary import ArrayLike
from .arguments import as_tuple
from .entry import Entry

Named = dict[str, Any]
Rule = tuple[np.ndarray, np.ndarray, np.ndarray]  # of [0, 1]: distances from 0, distances from 1, weights


@functools.lru_cache(16)
def _gauss(n: int) -> Rule:
    x, w = np.polynomial.legendre.leggauss(n)
    return (1 + x) / 2, (1 - x) / 2, w / 2


@functools.lru_cache(16)
def double_exponential(per_unit: int, reach: float) -> Rule:
    t = np.arange(-round(reach * per_unit), round(reach * per_unit) + 1) / per_unit
    u = np.pi / 2 * np.sinh(t)
    low, high = 1 / (1 + np.exp(-2 * u)), 1 / (1 + np.exp(2 * u))
    return low, high, np.pi * np.cosh(t) * low * high / per_unit


_TOLD, _NEXT = (
    4,
    64,
)  # how many roundings a point is from an end that it can be told from, and those that are next to it


class _Integrand:
    """A function on an interval, of the variable that QUADPACK uses: itself, or s in ``a + (1 - s) / s``."""

    def __init__(self, f: Callable[[Any], Any], a: Any, b: Any) -> None:
        low, high = (not isinstance(v, Tracer) and bool(np.isinf(v)) for v in (a, b))
        self.sign = 1.0
        if (high and b < 0) or (low and a > 0):  # turned around
            a, b, low, high, self.sign = b, a, high, low, -1.0
        self.f, self.kind = f, (low, high)
        self.a, self.b = (0.0, 1.0) if low or high else (a, b)
        self.end = a if high else b

    def points(self, low: Any, high: Any, width: Any, start: Any, stop: Any) -> Any:
        """Points of an interval by their distances from both ends, exact at either."""
        return wnp.where(low < 0.5, start + width * low, stop - width * high)

    def __call__(self, s: Any) -> Any:
        """The integrand at a vector of points."""
        values = lambda x: _at(self.f, x)  # noqa: E731
        match self.kind:
            case (False, False):
                return values(s)
            case (True, True):
                x = (1 - s) / s
                return _scaled(values(x) + values(-x), 1 / s**2)
            case (False, True):
                return _scaled(values(self.end + (1 - s) / s), 1 / s**2)
            case _:
                return _scaled(values(self.end - (1 - s) / s), 1 / s**2)

    def sum(self, intervals: list[tuple[float, float]], ends: Rule, inside: Rule) -> tuple[Any, Any, Any]:
        """The integral over intervals given as parts of the whole, from 0 to 1, in order, that of its modulus, and the part of
        this next to the ends.

        Points that cannot be told from an end are left out: an integrand that is singular there would be infinite. What
        the points next to them contribute tells how much that may be.
        """
        points, weights, nearest = [], [], []
        whole = self.b - self.a
        for start, stop in intervals:
            low, high, w = ends if start <= 0 or stop >= 1 else inside
            width = (stop - start) * whole
            first, last = self.a + start * whole, self.a + stop * whole
            last = self.b if stop >= 1 else last
            at = self.points(low, high, width, first, last)
            w = w * width
            gone = near = np.False_
            for end, here in ((self.a, start <= 0), (self.b, stop >= 1)):
                if here:
                    end, distance = stop_gradient(end), wnp.abs(stop_gradient(at) - stop_gradient(end))
                    unit = np.finfo(float).eps * wnp.abs(end)
                    gone, near = gone | (distance <= _TOLD * unit), near | (distance <= _NEXT * unit)
            points.append(wnp.where(gone, first + 0.5 * width, at))
            weights.append(wnp.where(gone, 0.0, w))
            nearest.append(wnp.where(near & ~gone, stop_gradient(w), 0.0))
        values = self(wnp.concatenate(points))
        terms, plain = _scaled(values, wnp.concatenate(weights)), stop_gradient(values)
        beside = wnp.sum(wnp.abs(_scaled(plain, wnp.concatenate(nearest))), 0)
        return self.sign * wnp.sum(terms, 0), wnp.sum(wnp.abs(stop_gradient(terms)), 0), beside


def _scaled(values: ArrayLike, w: Any) -> Any:
    """Values along the first axis times weights; 0 where a value is, though the weight be infinite."""
    w = wnp.reshape(w, (-1, *[1] * (len(shape_of(values)) - 1)))
    zero = wnp.equal(values, 0)
    return wnp.where(zero, values, values * wnp.where(zero, 1.0, w))


def _at(f: Callable[[Any], Any], x: ArrayLike) -> Any:
    """A function of numbers at a vector of points: at all of them at once if it can be, otherwise one after another."""
    try:
        out: Any = vmap(f)(x)
        return out
    except (WengertError, TypeError, ValueError):
        return wnp.stack([as_array(f(x[i])) for i in range(shape_of(x)[0])])


_ENDS, _INSIDE = functools.partial(double_exponential, 8, 4.0), functools.partial(_gauss, 21)
_LARGER_ENDS, _LARGER_INSIDE = functools.partial(double_exponential, 16, 4.0), functools.partial(_gauss, 42)


def quad(entry: Entry, args: tuple[Any, ...], kwargs: Named) -> Any:
    """`scipy.integrate.quad`."""
    named = entry.bound(args, kwargs)
    f, a, b, extra = named["func"], named["a"], named["b"], as_tuple(named["args"])
    if named["weight"] is not None or named["complex_func"]:
        raise NotSupportedError(
            "scipy.integrate.quad of traced values takes no weight= and no complex_func=: write the weight into the function, and "
            "integrate real and imaginary part each"
        )

    def g(x: Any) -> Any:
        return f(x, *extra)

    integrand = _Integrand(g, a, b)
    if is_traced((named["points"],)):
        raise NotSupportedError(
            "scipy.integrate.quad: points= are traced, and what moves with them is not seen: split the integral there, or write "
            "stop_gradient of them where the integrand is continuous"
        )
    try:
        call = {**named, "func": PlainFunction(g), "args": (), "full_output": 1, **plain_tree({"a": a, "b": b})}
        found = entry.call(call)
        info = found[2]
        n = info["last"]
        out = found if named["full_output"] else found[:2]
        if plain_tree(a) == plain_tree(b):
            intervals = [(0.0, 1.0)]
        else:
            intervals = _parts(info["alist"][:n], info["blist"][:n], *plain_tree((integrand.a, integrand.b)))
        total, _, _ = integrand.sum(intervals, _ENDS(), _INSIDE())
        if not levels_of(total):
            return out
        left = abs(float(plain_tree(total)) - found[0])
        if not left <= max(1e-6 * abs(found[0]), 10 * found[1], 1e-9):
            raise NotSupportedError(
                f"scipy.integrate.quad: the integrand is too irregular to be differentiated under the integral (two rules differ by "
                f"{left:.1e}): say where with points=, or split the interval; where it is singular at an end b, integrate by the "
                f"distance, quad(lambda d: f(b - d), 0.0, b - a) with f written in d"
            )
        return (found[0] + (total - stop_gradient(total)), *out[1:])
    except NotPlain:
        pass
    if named["full_output"]:
        raise NotSupportedError("scipy.integrate.quad gives no full output under vmap and jit; leave it out")
    value, _ = _alone(integrand, named["epsabs"], named["epsrel"], named["points"])
    return value, np.nan  # the estimate has no value yet, and dblquad and its kin ask for it


def _parts(low: Any, high: Any, a: float, b: float) -> list[tuple[float, float]]:
    """QUADPACK's intervals as parts of the whole, in order; each in two, as derivatives may need more than values."""
    ends = np.unique(np.concatenate([low, high]))
    parts = np.clip(np.sort((ends - a) / (b - a)), 0, 1)
    parts[0], parts[-1] = 0.0, 1.0
    parts = np.sort(np.concatenate([parts, (parts[1:] + parts[:-1]) / 2]))
    return list(zip(parts[:-1].tolist(), parts[1:].tolist(), strict=True))


def _alone(integrand: _Integrand, epsabs: float, epsrel: float, points: Any) -> tuple[Any, Any]:
    """The integral without QUADPACK: by a rule and one of half its length, NaN where they differ."""
    parts = np.linspace(0, 1, 9)
    if points is not None:
        a, b = integrand.a, integrand.b
        if is_traced((a, b, points)):
            raise NotSupportedError("scipy.integrate.quad under vmap and jit takes points= between known bounds only")
        parts = np.unique(np.clip(np.concatenate([parts, (np.asarray(points, float) - a) / (b - a)]), 0, 1))
    intervals = list(zip(parts[:-1].tolist(), parts[1:].tolist(), strict=True))
    value, size, beside = integrand.sum(intervals, _LARGER_ENDS(), _LARGER_INSIDE())
    half, _, _ = integrand.sum(intervals, _ENDS(), _INSIDE())
    error = stop_gradient(wnp.abs(value - half))
    good = error <= wnp.maximum(max(epsabs, 1e-9), max(epsrel, 1e-9) * 10 * size)
    good = good & (beside <= 1e-6 * size)
    return value * wnp.where(good, 1.0, np.nan), error  # so that its derivative is NaN, too


def quad_vec(entry: Entry, args: tuple[Any, ...], kwargs: Named) -> Any:
    """`scipy.integrate.quad_vec`."""
    named = entry.bound(args, kwargs)
    f, a, b, extra = named["f"], named["a"], named["b"], as_tuple(named["args"])

    def g(x: Any) -> Any:
        return f(x, *extra)

    integrand = _Integrand(g, a, b)
    try:
        call = {**named, "f": PlainFunction(g), "args": (), "full_output": False, **plain_tree({"a": a, "b": b})}
        found = entry.call(call)
    except NotPlain:
        found = None
    value, error = _alone(integrand, named["epsabs"], named["epsrel"], named["points"])
    if found is None:
        return value, error
    if not levels_of(value):
        return found
    return found[0] + (value - stop_gradient(value)), found[1]


ANSWERS = {"integrate.quad": quad, "integrate.quad_vec": quad_vec}

__all__ = ["ANSWERS", "double_exponential"]
