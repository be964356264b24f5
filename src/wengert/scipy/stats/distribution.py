"""What a distribution is: formulas for its standard form, and the functions that follow from them.

`loc` and `scale`, the support, logarithms, complements and densities are the same for all and stand here; the formulas of
each kind stand in `continuous` and `discrete`.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ...core import Tracer, as_array, dtype_of
from ...errors import ArgumentError
from ...ops import elementwise as ew
from ...ops.bounds import holds
from ...ops.special.declare import floating
from ...ops.special.functions import xlog1py, xlogy
from ...vocabulary import ArrayLike, Keywords, Value

Formula = Callable[..., Any]
INF = math.inf


def log_of(p: ArrayLike, complement: ArrayLike) -> Value:
    """``log(p)``, exact where `p` is close to 1, and -inf at 0 without a warning."""
    small, positive = ew.less(p, 0.5), ew.greater(p, 0)
    near_one = ew.log1p(-ew.where(small, 0.25, complement))
    return ew.where(small, ew.where(positive, ew.log(ew.where(positive, p, 1.0)), -INF), near_one)


def exp_of(rest: Any, powers: list[tuple[Formula, Any, Any]]) -> Any:
    """``exp(rest + sum(log_term(e, u)))``, where terms ``xlogy(e, u)`` and ``xlog1py(e, u)`` stand for powers of a base.

    The logarithm of a base of 0 is infinite, and a derivative through it NaN. Where the exponent is positive such a base
    stands as the power that it is.
    """
    factor: Any = None
    for log_term, e, u in powers:
        base = u if log_term is xlogy else 1 + u
        zero = ew.logical_and(ew.equal(base, 0), ew.greater(e, 0))
        if not isinstance(zero, Tracer) and not np.any(zero):
            rest = rest + log_term(e, u)
            continue
        rest = rest + ew.where(zero, 0.0, log_term(e, ew.where(zero, -0.5 if log_term is xlog1py else 0.5, u)))
        power = ew.power(ew.where(zero, base, 1.0), e)
        factor = power if factor is None else factor * power
    return ew.exp(rest) if factor is None else ew.exp(rest) * factor


def logs_of(powers: list[tuple[Formula, Any, Any]]) -> Any:
    """The sum of the logarithms of powers, as `exp_of` has them."""
    total: Any = 0
    for log_term, e, u in powers:
        total = total + log_term(e, u)
    return total


def positive(*shapes: Any) -> Any:
    """Where every shape parameter is positive, as most distributions want it."""
    return all_of(*[ew.greater(a, 0) for a in shapes])


def all_of(*conditions: Any) -> Any:
    """Where all of the conditions hold."""
    return functools.reduce(ew.logical_and, conditions) if conditions else True


def known(x: ArrayLike) -> Value:
    """0 with the shape of `x`, NaN where that is NaN: for results that depend on its shape alone."""
    return ew.where(ew.equal(x, x), one(x, 0.0), one(x, math.nan))


class Distribution:
    """The functions of a kind of distribution: ``norm.logpdf(x, loc, scale)``.

    Shape parameters come after `x` (or the probability `q`), then `loc` and, for densities, `scale`, by position or by
    name; all of them broadcast together. Called with parameters, it gives a distribution in which they are fixed.
    Where a parameter lies outside of its domain (a `scale` that is not positive, a probability above 1) every function
    is NaN, as in SciPy.

    Example:
        >>> from wengert.scipy import stats
        >>> stats.norm(loc=2.0, scale=3.0).mean(), stats.norm(loc=2.0, scale=3.0).std()
        (np.float64(2.0), np.float64(3.0))
    """

    def __init__(
        self, name: str, parameters: str, functions: dict[str, Formula], defaults: dict[str, float], domain: Formula
    ) -> None:
        self.__name__ = name
        self.__doc__ = (
            f"The distribution `{name}`, parameters ``({', '.join(parameters.split())})``: its functions, such as "
            f"``{name}.cdf``.\n\nCalled with parameters, it gives a distribution in which they are fixed."
        )
        self._parameters = parameters.split()
        self._defaults = defaults
        self._domain = domain
        for key, function in functions.items():
            setattr(self, key, self._named(key, function))

    def _named(self, key: str, function: Formula) -> Formula:
        counts = "scale" not in self._defaults
        first = _FIRST.get(key, "k" if counts else "x")
        names = [*([first] if first else []), *self._parameters]
        full = f"{self.__name__}.{key}"

        def call(*args: Any, **kwargs: Any) -> Any:
            if len(args) > len(names):
                raise ArgumentError(f"{full} takes {', '.join(names)}; got {len(args)} arguments")
            given = dict(zip(names, args)) | kwargs  # noqa: B905
            if first and "x" in kwargs:
                given[first] = given.pop("x")
            unknown = set(given) - set(names)
            missing = [n for n in names if n not in given and n not in self._defaults]
            if unknown or missing or len(given) < len(args) + len(kwargs):
                what = f"there is no {', '.join(sorted(unknown))}" if unknown else f"{', '.join(missing)} is missing"
                raise ArgumentError(f"{full} takes {', '.join(names)}: {what}")
            values = floating(*[given.get(n, self._defaults.get(n)) for n in names])
            at = 1 if first else 0
            return function(*values[:at], *self._defined(values[at:], "scale" in given))

        call.__name__, call.__qualname__ = key, full
        call.__doc__ = f"{_MEANING[key]} of the distribution `{self.__name__}`; arguments ``({', '.join(names)})``."
        return call

    def _defined(self, parameters: list[Any], scaled: bool) -> list[Any]:
        """The parameters, all of them NaN where one has no meaning, so that no formula sees what it has no value for."""
        shapes = parameters[: len(parameters) - len(self._defaults)]
        ok = self._domain(*shapes) if shapes else True
        if scaled:
            ok = ew.logical_and(ew.greater(parameters[-1], 0), ok)
        if ok is True or (not isinstance(ok, Tracer) and np.all(ok)):
            return parameters
        return [ew.where(ok, p, one(p, math.nan)) for p in parameters]

    def stats(self, *args: Any, moments: str = "mv", **kwargs: Any) -> Any:
        """The mean, the variance, the skewness and the excess: those named by the letters "mvsk", a tuple if several."""
        keys = {"m": "mean", "v": "var", "s": "_skewness", "k": "_excess"}
        out = tuple([getattr(self, key)(*args, **kwargs) for letter, key in keys.items() if letter in moments])
        return out[0] if len(out) == 1 else out

    def moment(self, order: int, *args: Any, **kwargs: Any) -> Any:
        """The mean of ``x**order``, for an order from 0 to 4.

        Raises:
            ArgumentError: `order` is another number; `wengert.scipy.integrate` has integrals.
        """
        if isinstance(order, Tracer) or order != int(order) or not 0 <= order <= 4:
            raise ArgumentError(f"{self.__name__}.moment: the order is a whole number from 0 to 4, got {order!r}")
        if order == 0:
            return 1 + known(self.median(*args, **kwargs))
        mean = self.mean(*args, **kwargs)
        if order == 1:
            return mean
        var = self.var(*args, **kwargs)
        if order == 2:
            return var + mean * mean
        third = self._skewness(*args, **kwargs) * ew.power(var, 1.5)
        if order == 3:
            return third + 3 * mean * var + mean * mean * mean
        fourth = (self._excess(*args, **kwargs) + 3) * var * var
        return fourth + 4 * mean * third + mean * mean * (6 * var + mean * mean)

    def __call__(self, *args: Any, **kwargs: Any) -> Frozen:
        return Frozen(self, args, kwargs)

    def __repr__(self) -> str:
        return f"<distribution {self.__name__}>"

    def __getattr__(self, key: str) -> Any:
        if key == "rvs":
            raise AttributeError(
                f"stats.{self.__name__} has no 'rvs' here: samples are drawn with a key, by wengert.random"
            )
        have = ", ".join(k for k in vars(self) if not k.startswith("_"))
        raise AttributeError(f"stats.{self.__name__} has no {key!r} here; it has {have}")


# The first argument of functions other than those of a value.
_FIRST = {
    "ppf": "q", "isf": "q", "interval": "confidence",
    "_skewness": "", "_excess": "", "entropy": "", "mean": "", "median": "", "var": "", "std": "", "support": "",
}  # fmt: skip
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
    "median": "The median",
    "support": "The ends of the support",
    "interval": "The ends of the interval around the median that holds a probability",
    "var": "The variance",
    "std": "The standard deviation",
    "_skewness": "The skewness",
    "_excess": "The excess of the kurtosis over that of the normal distribution",
}


class Frozen:
    """A distribution with its parameters fixed: ``norm(loc, scale).logpdf(x)``."""

    def __init__(self, distribution: Distribution, args: tuple[Any, ...], kwargs: Keywords) -> None:
        self._distribution, self._args, self._kwargs = distribution, args, kwargs

    def __getattr__(self, key: str) -> Any:
        function = getattr(self._distribution, key)
        if key == "stats":
            return lambda moments="mv": function(*self._args, moments=moments, **self._kwargs)
        if _FIRST.get(key) == "":
            return functools.partial(function, *self._args, **self._kwargs)
        return lambda x: function(x, *self._args, **self._kwargs)


def continuous(  # noqa: C901 (the functions that it makes are counted too)
    name: str,
    shapes: str = "",
    *,
    logpdf: Formula,
    pdf: Formula | None = None,
    powers: Formula | None = None,
    cdf: Formula | None = None,
    sf: Formula | None = None,
    logcdf: Formula | None = None,
    logsf: Formula | None = None,
    ppf: Formula | None = None,
    isf: Formula | None = None,
    entropy: Formula | None = None,
    mean: Formula | None = None,
    var: Formula | None = None,
    higher: tuple[Any, Any] | None = None,
    support: Formula | None = None,
    closed: bool = True,
    domain: Formula = positive,
) -> Distribution:
    """A distribution on the line from the formulas ``f(z, *shapes)`` of its standard form.

    Args:
        logpdf: the logarithm of the density, but for `powers`.
        pdf: the density on the whole line, where an exponential of its logarithm would have less digits.
        powers: ``(z, *shapes) -> [(xlogy or xlog1py, exponent, argument), ...]``, factors that may be 0 (`exp_of`).
        higher: skewness and excess, as numbers or formulas of the shapes.
        support: ``(*shapes) -> (low, high, a point between)``; the whole line if it is not given. Formulas see
            finite points of the support only.
        closed: whether formulas have a value at the lower end; where not, the density there is 0.
        domain: ``(*shapes)`` to where the distribution is defined.
    """
    functions: dict[str, Formula] = {}

    def ends(a: Any) -> tuple[Any, Any, Any]:
        return support(*a) if support is not None else (-INF, INF, 0.0)

    def inside(z: Any, a: Any) -> tuple[Any, Any, Any]:
        """The point made safe, whether it was, and whether it lies below."""
        if support is None:
            return z, None, None
        low, high, between = support(*a)
        below = (ew.less if closed else ew.less_equal)(z, low)
        above = ew.equal(z, INF) if isinstance(high, float) and high == INF else ew.greater(z, high)
        ok = ew.logical_not(ew.logical_or(below, above))  # nan stays
        return ew.where(ok, z, between), ok, below

    def density(x: Any, *rest: Any) -> Any:
        *a, loc, scale = rest
        z, ok, _ = inside((x - loc) / scale, a)
        out = logpdf(z, *a) - ew.log(scale)
        if powers is not None:
            out = logs_of(powers(z, *a)) + out
        return out if ok is None else ew.where(ok, out, -INF)

    def product(x: Any, *rest: Any) -> Any:
        *a, loc, scale = rest
        if pdf is not None:
            return pdf((x - loc) / scale, *a) / scale
        if powers is None:
            return ew.exp(density(x, *rest))
        z, ok, _ = inside((x - loc) / scale, a)
        out = exp_of(logpdf(z, *a) - ew.log(scale), powers(z, *a))
        return out if ok is None else ew.where(ok, out, 0.0)

    functions["logpdf"] = density
    functions["pdf"] = product

    def probability(formula: Formula, at_low: float, at_high: float) -> Formula:
        def function(x: Any, *rest: Any) -> Any:
            *a, loc, scale = rest
            z, ok, below = inside((x - loc) / scale, a)
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
            low, high, _ = ends(a)
            ok = ew.logical_and(ew.greater(q, 0), ew.less(q, 1))
            value = formula(ew.where(ok, q, 0.5), *a) * scale + loc
            at = ew.where(ew.equal(q, low_at), low, ew.where(ew.equal(q, 1 - low_at), high, one(q, math.nan)))
            return ew.where(ok, value, at * scale + loc)

        return function

    if ppf is not None:
        functions["ppf"] = quantile(ppf, 0)
        functions["isf"] = quantile(isf or (lambda q, *a: ppf(1 - q, *a)), 1)
    if entropy is not None:
        functions["entropy"] = lambda *args: entropy(*args[:-2]) + ew.log(args[-1]) + known(args[-2])
    if mean is not None:
        functions["mean"] = lambda *args: mean(*args[:-2]) * args[-1] + args[-2]
    if var is not None:
        functions["var"] = lambda *args: var(*args[:-2]) * args[-1] * args[-1] + known(args[-2])
        functions["std"] = lambda *args: ew.sqrt(var(*args[:-2])) * args[-1] + known(args[-2])
    functions |= _higher(higher, 2)

    def limits(*args: Any) -> tuple[Any, Any]:
        *a, loc, scale = args
        low, high, _ = ends(a)
        return low * scale + loc, high * scale + loc

    functions["support"] = limits
    return Distribution(name, f"{shapes} loc scale", _with_middle(functions), {"loc": 0.0, "scale": 1.0}, domain)


def _higher(pair: tuple[Any, Any] | None, placed: int) -> dict[str, Formula]:
    """Skewness and excess from numbers or formulas of the shapes, which the last `placed` parameters do not change."""

    def of(value: Any) -> Formula:
        def function(*args: Any) -> Any:
            unknown = known(args[-1]) + known(args[-placed])
            return (value(*args[:-placed]) if callable(value) else value) + unknown

        return function

    return {} if pair is None else {"_skewness": of(pair[0]), "_excess": of(pair[1])}


def _with_middle(functions: dict[str, Formula]) -> dict[str, Formula]:
    """The functions, with the median and the interval around it where there are quantiles."""
    ppf = functions.get("ppf")
    if ppf is None:
        return functions

    def interval(confidence: Any, *args: Any) -> tuple[Any, Any]:
        ok = ew.logical_and(ew.greater_equal(confidence, 0), ew.less_equal(confidence, 1))
        if not holds(ok):
            raise ArgumentError("interval: confidence lies between 0 and 1")
        return ppf((1 - confidence) / 2, *args), ppf((1 + confidence) / 2, *args)

    return functions | {"median": lambda *args: ppf(one(args[-1], 0.5), *args), "interval": interval}


def discrete(
    name: str,
    shapes: str,
    *,
    logpmf: Formula,
    powers: Formula | None = None,
    cdf: Formula | None = None,
    sf: Formula | None = None,
    support: Formula,
    quantiles: Any = None,
    entropy: Formula | None = None,
    mean: Formula | None = None,
    var: Formula | None = None,
    higher: tuple[Any, Any] | None = None,
    domain: Formula = positive,
) -> Distribution:
    """A distribution of counts from formulas ``f(k, *shapes)`` at whole `k` in its support ``(low, high)``.

    `powers`, `higher` and `domain` are as for `continuous`.
    """
    functions: dict[str, Formula] = {}

    def at(k: Any, *rest: Any) -> tuple[Any, Any, Any, Any]:
        """The number made safe, the shapes, where it was, and 0 or NaN for elsewhere."""
        *a, loc = rest
        k = k - loc
        low, high = support(*a)
        ok = all_of(ew.equal(ew.floor(k), k), ew.greater_equal(k, low), ew.less_equal(k, high), ew.less(k, INF))
        return ew.where(ok, k, low), a, ok, known(k) + known(low)

    def mass(*args: Any) -> Any:
        k, a, ok, unknown = at(*args)
        out = logpmf(k, *a) if powers is None else logs_of(powers(k, *a)) + logpmf(k, *a)
        return ew.where(ok, out, unknown - INF)

    def product(*args: Any) -> Any:
        if powers is None:
            return ew.exp(mass(*args))
        k, a, ok, unknown = at(*args)
        return ew.where(ok, exp_of(logpmf(k, *a), powers(k, *a)), unknown)

    functions["logpmf"] = mass
    functions["pmf"] = product

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
        functions["entropy"] = lambda *args: entropy(*args[:-1]) + known(args[-1])
    if mean is not None:
        functions["mean"] = lambda *args: mean(*args[:-1]) + args[-1]
    if var is not None:
        functions["var"] = lambda *args: var(*args[:-1]) + known(args[-1])
        functions["std"] = lambda *args: ew.sqrt(var(*args[:-1])) + known(args[-1])
    functions |= _higher(higher, 1)

    def limits(*args: Any) -> tuple[Any, Any]:
        low, high = support(*args[:-1])
        return low + args[-1], high + args[-1]

    functions["support"] = limits
    return Distribution(name, f"{shapes} loc", _with_middle(functions), {"loc": 0.0}, domain)


def one(x: ArrayLike, value: float = 1.0) -> Any:
    """A number of the dtype of `x`."""
    return dtype_of(as_array(x)).type(value)
