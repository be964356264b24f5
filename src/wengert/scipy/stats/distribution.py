"""What a distribution is: formulas for its standard form, and the functions that follow from them.

`loc` and `scale`, the support, logarithms, complements and densities are the same for all and stand here; the formulas of
each kind stand in `continuous` and `discrete`.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

from ...core import as_array, dtype_of
from ...errors import ArgumentError
from ...ops import elementwise as ew
from ...ops.special.declare import floating

Formula = Callable[..., Any]
INF = math.inf


def log_of(p: Any, complement: Any) -> Any:
    """``log(p)``, exact where `p` is close to 1, and -inf at 0 without a warning."""
    small, positive = ew.less(p, 0.5), ew.greater(p, 0)
    near_one = ew.log1p(-ew.where(small, 0.25, complement))
    return ew.where(small, ew.where(positive, ew.log(ew.where(positive, p, 1.0)), -INF), near_one)


class Distribution:
    """The functions of a kind of distribution: ``norm.logpdf(x, loc, scale)``.

    Shape parameters come after `x` (or the probability `q`), then `loc` and, for densities, `scale`, by position or by
    name; all of them broadcast together. Called with parameters, it gives a distribution in which they are fixed.
    """

    def __init__(self, name: str, parameters: str, functions: dict[str, Formula], defaults: dict[str, float]) -> None:
        self.__name__ = name
        self._parameters = parameters.split()
        self._defaults = defaults
        for key, function in functions.items():
            setattr(self, key, self._named(key, function))

    def _named(self, key: str, function: Formula) -> Formula:
        first = (
            []
            if key in _OF_PARAMETERS
            else ["q" if key in ("ppf", "isf") else "k" if "loc" in self._only_loc() else "x"]
        )
        names = [*first, *self._parameters]
        full = f"{self.__name__}.{key}"

        def call(*args: Any, **kwargs: Any) -> Any:
            if len(args) > len(names):
                raise ArgumentError(f"{full} takes {', '.join(names)}; got {len(args)} arguments")
            given = dict(zip(names, args)) | kwargs  # noqa: B905
            if first and "x" in kwargs:
                given[first[0]] = given.pop("x")
            unknown = set(given) - set(names)
            missing = [n for n in names if n not in given and n not in self._defaults]
            if unknown or missing or len(given) < len(args) + len(kwargs):
                what = f"there is no {', '.join(sorted(unknown))}" if unknown else f"{', '.join(missing)} is missing"
                raise ArgumentError(f"{full} takes {', '.join(names)}: {what}")
            return function(*floating(*[given.get(n, self._defaults.get(n)) for n in names]))

        call.__name__, call.__qualname__ = key, full
        call.__doc__ = f"{_MEANING[key]} of the distribution `{self.__name__}`; arguments ``({', '.join(names)})``."
        return call

    def _only_loc(self) -> list[str]:
        return self._parameters[-1:]

    def __call__(self, *args: Any, **kwargs: Any) -> Frozen:
        return Frozen(self, args, kwargs)

    def __repr__(self) -> str:
        return f"<distribution {self.__name__}>"

    def __getattr__(self, key: str) -> Any:
        have = ", ".join(k for k in vars(self) if not k.startswith("_"))
        raise AttributeError(f"stats.{self.__name__} has no {key!r} here; it has {have}")


_OF_PARAMETERS = {"entropy", "mean", "var", "std"}
_MEANING = {
    "pdf": "The density",
    "logpdf": "The logarithm of the density",
    "pmf": "The probability",
    "logpmf": "The logarithm of the probability",
    "cdf": "The distribution function",
    "logcdf": "The logarithm of the distribution function",
    "sf": "The survival function, ``1 - cdf``",
    "logsf": "The logarithm of the survival function",
    "ppf": "The quantile function, the inverse of `cdf`",
    "isf": "The inverse of `sf`",
    "entropy": "The entropy",
    "mean": "The mean",
    "var": "The variance",
    "std": "The standard deviation",
}


class Frozen:
    """A distribution with its parameters fixed: ``norm(loc, scale).logpdf(x)``."""

    def __init__(self, distribution: Distribution, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self._distribution, self._args, self._kwargs = distribution, args, kwargs

    def __getattr__(self, key: str) -> Any:
        function = getattr(self._distribution, key)
        if key in _OF_PARAMETERS:
            return functools.partial(function, *self._args, **self._kwargs)
        return lambda x: function(x, *self._args, **self._kwargs)


def continuous(
    name: str,
    shapes: str = "",
    *,
    logpdf: Formula,
    cdf: Formula | None = None,
    sf: Formula | None = None,
    logcdf: Formula | None = None,
    logsf: Formula | None = None,
    ppf: Formula | None = None,
    isf: Formula | None = None,
    entropy: Formula | None = None,
    mean: Formula | None = None,
    var: Formula | None = None,
    support: Formula | None = None,
) -> Distribution:
    """A distribution on the line from the formulas ``f(z, *shapes)`` of its standard form.

    Args:
        support: ``(*shapes) -> (low, high, a point between)``; the whole line if it is not given. Formulas see
            points of the support only.
    """
    functions: dict[str, Formula] = {}

    def inside(z: Any, a: Any) -> tuple[Any, Any, Any, Any]:
        """The point made safe, whether it was, and whether it lies below or above."""
        if support is None:
            return z, None, None, None
        low, high, between = support(*a)
        below, above = ew.less(z, low), ew.greater(z, high)
        ok = ew.logical_not(ew.logical_or(below, above))  # nan stays
        return ew.where(ok, z, between), ok, below, above

    def density(x: Any, *rest: Any) -> Any:
        *a, loc, scale = rest
        z, ok, _, _ = inside((x - loc) / scale, a)
        out = logpdf(z, *a) - ew.log(scale)
        return out if ok is None else ew.where(ok, out, -INF)

    functions["logpdf"] = density
    functions["pdf"] = lambda *args: ew.exp(density(*args))

    def probability(formula: Formula, at_low: float, at_high: float) -> Formula:
        def function(x: Any, *rest: Any) -> Any:
            *a, loc, scale = rest
            z, ok, below, _ = inside((x - loc) / scale, a)
            out = formula(z, *a)
            return out if ok is None else ew.where(ok, out, ew.where(below, one(x, at_low), one(x, at_high)))

        return function

    if cdf is not None:
        upper = sf if sf is not None else lambda *args: 1 - cdf(*args)
        functions["cdf"] = probability(cdf, 0.0, 1.0)
        functions["sf"] = probability(upper, 1.0, 0.0)
        functions["logcdf"] = probability(logcdf or (lambda *args: log_of(cdf(*args), upper(*args))), -INF, 0.0)
        functions["logsf"] = probability(logsf or (lambda *args: log_of(upper(*args), cdf(*args))), 0.0, -INF)

    def quantile(formula: Formula, low_at: float) -> Formula:
        def function(q: Any, *rest: Any) -> Any:
            *a, loc, scale = rest
            low, high, _ = support(*a) if support is not None else (-INF, INF, 0.0)
            ok = ew.logical_and(ew.greater(q, 0), ew.less(q, 1))
            value = formula(ew.where(ok, q, 0.5), *a) * scale + loc
            at = ew.where(ew.equal(q, low_at), low, ew.where(ew.equal(q, 1 - low_at), high, one(q, math.nan)))
            return ew.where(ok, value, at * scale + loc)

        return function

    if ppf is not None:
        functions["ppf"] = quantile(ppf, 0)
        functions["isf"] = quantile(isf or (lambda q, *a: ppf(1 - q, *a)), 1)
    if entropy is not None:
        functions["entropy"] = lambda *args: entropy(*args[:-2]) + ew.log(args[-1]) + 0 * args[-2]
    if mean is not None:
        functions["mean"] = lambda *args: mean(*args[:-2]) * args[-1] + args[-2]
    if var is not None:
        functions["var"] = lambda *args: var(*args[:-2]) * args[-1] * args[-1] + 0 * args[-2]
        functions["std"] = lambda *args: ew.sqrt(var(*args[:-2])) * args[-1] + 0 * args[-2]
    return Distribution(name, f"{shapes} loc scale", functions, {"loc": 0.0, "scale": 1.0})


def discrete(
    name: str,
    shapes: str,
    *,
    logpmf: Formula,
    cdf: Formula | None = None,
    sf: Formula | None = None,
    support: Formula,
    quantiles: Any = None,
    entropy: Formula | None = None,
    mean: Formula | None = None,
    var: Formula | None = None,
) -> Distribution:
    """A distribution of counts from formulas ``f(k, *shapes)`` at whole `k` in its support ``(low, high)``."""
    functions: dict[str, Formula] = {}

    def mass(k: Any, *rest: Any) -> Any:
        *a, loc = rest
        k = k - loc
        low, high = support(*a)
        ok = ew.logical_and(ew.equal(ew.floor(k), k), ew.logical_and(ew.greater_equal(k, low), ew.less_equal(k, high)))
        return ew.where(ok, logpmf(ew.where(ok, k, low), *a), -INF)

    functions["logpmf"] = mass
    functions["pmf"] = lambda *args: ew.exp(mass(*args))

    def probability(formula: Formula, at_low: float, at_high: float) -> Formula:
        def function(k: Any, *rest: Any) -> Any:
            *a, loc = rest
            k = ew.floor(k - loc)
            low, high = support(*a)
            below, above = ew.less(k, low), ew.greater_equal(k, high)
            out = formula(ew.where(ew.logical_or(below, above), low, k), *a)
            return ew.where(below, at_low, ew.where(above, at_high, out))

        return function

    if cdf is not None:
        upper = sf if sf is not None else lambda *args: 1 - cdf(*args)
        functions["cdf"] = probability(cdf, 0.0, 1.0)
        functions["sf"] = probability(upper, 1.0, 0.0)
        functions["logcdf"] = probability(lambda *args: log_of(cdf(*args), upper(*args)), -INF, 0.0)
        functions["logsf"] = probability(lambda *args: log_of(upper(*args), cdf(*args)), 0.0, -INF)
    if quantiles is not None:
        for key, primitive in zip(("ppf", "isf"), quantiles, strict=True):
            functions[key] = lambda *args, primitive=primitive: primitive.bind(*args[:-1]) + args[-1]
    if entropy is not None:
        functions["entropy"] = lambda *args: entropy(*args[:-1]) + 0 * args[-1]
    if mean is not None:
        functions["mean"] = lambda *args: mean(*args[:-1]) + args[-1]
    if var is not None:
        functions["var"] = lambda *args: var(*args[:-1]) + 0 * args[-1]
        functions["std"] = lambda *args: ew.sqrt(var(*args[:-1])) + 0 * args[-1]
    return Distribution(name, f"{shapes} loc", functions, {"loc": 0.0})


def one(x: Any, value: float = 1.0) -> Any:
    """A number of the dtype of `x`."""
    return dtype_of(as_array(x)).type(value)
