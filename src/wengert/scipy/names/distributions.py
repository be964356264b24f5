"""scipy.stats' distributions by their own names: ``scipy.stats.skewnorm.logpdf(x, a, loc, scale)``.

Where `wengert.scipy.stats` has the distribution, it answers. Otherwise values are SciPy's, of the standard form, as elementwise
operations; their derivatives are identities (the density is that of the distribution function, and quantiles invert it)
and, for densities and in shape parameters, those of SciPy's own formula, which is run on traced values. Where SciPy has
no formula of functions with derivatives, the error says so; the page ``docs/scipy-by-name.md`` lists it.
"""

from __future__ import annotations

import functools
import math
import threading
import types
from typing import Any

import numpy as np

from ... import numpy as wnp
from ...core import Tracer, dtype_of, shape_of
from ...errors import NotDifferentiableError, NotSupportedError, WengertError
from ...ops.elementwise import convert
from ...ops.families import Elementwise
from ...ops.special.declare import floating
from ...transforms.derivatives import stop_gradient
from ...transforms.jvp import jvp
from ...vocabulary import Function, Keywords
from .densities import BY_PROBABILITY, FORMULAS, INTEGRATED, PARTIALS
from .entry import Entry, entry_of
from .integrals import double_exponential
from .interpolating import asked, made_by

_lock = threading.RLock()
_made: dict[tuple[str, str], Any] = {}

# Shape parameters that are whole numbers, or in which SciPy's formula jumps.
_FIXED: dict[str, str] = {
    "erlang": "",
    "ksone": "n",
    "kstwo": "n",
    "irwinhall": "n",
    "hypergeom": "M n N",
    "nhypergeom": "M n r",
    "nchypergeom_fisher": "M n N",
    "nchypergeom_wallenius": "M n N",
    "randint": "low high",
    "zipfian": "n",
    "boltzmann": "N",
    "binom": "n",
    "betabinom": "n",
    "studentized_range": "k",
}
_FAILURES = (WengertError, TypeError, ValueError, IndexError, AttributeError, NotImplementedError)


class _Where:
    """What SciPy's formulas choose branches with, for traced values: both are computed, `where` keeps derivatives apart."""

    @staticmethod
    def apply_where(cond: Any, args: Any, f1: Any, f2: Any = None, /, *, fill_value: Any = None, **_: Any) -> Any:
        args = args if isinstance(args, (tuple, list)) else (args,)
        other = fill_value if f2 is None else f2(*args)
        return wnp.where(cond, f1(*args), other)

    @staticmethod
    def lazywhere(cond: Any, arrays: Any, f: Any, fillvalue: Any = None, f2: Any = None) -> Any:
        return wnp.where(cond, f(*arrays), fillvalue if f2 is None else f2(*arrays))

    @staticmethod
    def lazyselect(condlist: Any, choicelist: Any, arrays: Any, default: Any = 0) -> Any:
        out = default
        for c, f in reversed(list(zip(condlist, choicelist, strict=True))):
            out = wnp.where(c, f(*arrays), out)
        return out

    def __init__(self, module: Any) -> None:
        self.module = module

    def __getattr__(self, name: str) -> Any:
        return getattr(self.module, name)


class _Formulas:
    """A distribution of SciPy whose formulas run on traced values: copies of its methods with another `apply_where`."""

    def __init__(self, dist: Any) -> None:
        self._dist = dist

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._dist, name)
        function = getattr(found, "__func__", None)
        if isinstance(function, types.FunctionType) and getattr(found, "__self__", None) is self._dist:
            return types.MethodType(_copied(function), self)
        return found


_copies: dict[types.FunctionType, types.FunctionType] = {}


def _copied(function: types.FunctionType) -> types.FunctionType:
    """A function of SciPy, and the helpers beside it, with another `apply_where`."""
    if function in _copies:
        return _copies[function]
    entry = entry_of(function)
    own = entry.original if entry is not None else function
    names = dict(own.__globals__)
    new = types.FunctionType(own.__code__, names, own.__name__, own.__defaults__, own.__closure__)
    new.__kwdefaults__ = own.__kwdefaults__
    _copies[function] = new
    if "xpx" in names:
        names["xpx"] = _Where(names["xpx"])
    names.update(
        {k: v for k, v in (("_lazywhere", _Where.lazywhere), ("_lazyselect", _Where.lazyselect)) if k in names}
    )
    for name in own.__code__.co_names:
        inner = names.get(name)
        if isinstance(inner, types.FunctionType) and inner.__module__ == own.__module__:
            names[name] = _copied(inner)
    return new


def _refusal(dist: Any, key: str, name: str, why: str = "") -> NotDifferentiableError:
    return NotDifferentiableError(
        f"scipy.stats.{dist.name}.{key} has no derivative with respect to {name}{why or ': SciPy has no formula of it in '}"
        f"{'' if why else 'functions with derivatives'}; use stop_gradient on {name}, or "
        f"wengert.approximate(scipy.stats.{dist.name}.{key}) for differences"
    )


def _formula(dist: Any, key: str, k: int, name: str) -> Function:
    """The partial derivative of SciPy's formula for the standard form in its argument number `k`."""

    def partial(ans: Any, z: Any, *shapes: Any) -> Any:
        density, middle = of(dist, "pmf" if hasattr(dist, "pmf") else "pdf"), of(dist, "ppf")
        inside = stop_gradient(density.bind(z, *shapes)) > 0
        between = middle.bind(*_alike(0.5, *map(stop_gradient, shapes)))
        args = [wnp.where(inside, z, between), *shapes]
        full = np.broadcast_shapes(*map(shape_of, args))
        args = [wnp.broadcast_to(a, full) for a in args]
        if key == "cdf" and dist.name in INTEGRATED:
            return wnp.where(inside, _integrated(dist, k, args), 0.0)
        formula: Any = FORMULAS.get((dist.name, key)) or getattr(_Formulas(dist), f"_{key}")
        if (dist.name, key) in BY_PROBABILITY:
            formula = functools.partial(BY_PROBABILITY[dist.name, key], lambda k: of(dist, k))
        one = np.ones(full, dtype_of(args[k]))[()]
        with np.errstate(all="ignore"):
            try:
                rate = jvp(lambda v: formula(*args[:k], v, *args[k + 1 :]), (args[k],), (one,))[1]
            except _FAILURES as error:
                raise _refusal(dist, key, name) from error
        return wnp.where(inside, wnp.reshape(rate, full), 0.0)

    return partial


def _integrated(dist: Any, k: int, args: list[Any]) -> Any:
    """The derivative of a distribution function in a shape, as the integral of that of the density from below."""
    z, *shapes = [wnp.reshape(a, (*shape_of(a), 1)) for a in args]
    part, rest, weights = double_exponential(32, 4.0)
    low = float(dist.a)
    points = (
        wnp.where(part < 0.5, low + (z - low) * part, z - (z - low) * rest) if np.isfinite(low) else z - rest / part
    )
    scale = (z - low) if np.isfinite(low) else 1 / part**2
    slope = of(dist, "pdf").partials[k](None, points, *shapes)
    zero = wnp.equal(slope, 0)
    return wnp.sum(wnp.where(zero, 0.0, slope * wnp.where(zero, 0.0, scale)) * weights, -1)


def _alike(*values: Any) -> list[Any]:
    return floating(*values)


def _partials(dist: Any, key: str) -> list[Any]:
    """The partial derivatives of a function of the standard form, in its variable and in each shape."""
    names = [p.strip() for p in dist.shapes.split(",")] if dist.shapes else []
    counts = hasattr(dist, "pmf")
    density: Any = of(dist, "pmf" if counts else "pdf") if key not in ("pdf", "pmf") else None
    fixed = _FIXED.get(dist.name, "").split()
    if counts and key in ("ppf", "isf"):
        return [None] * (1 + len(names))

    def chosen(k: int, name: str) -> Any:
        if (dist.name, key, k) in PARTIALS:
            return lambda ans, *args: PARTIALS[dist.name, key, k](lambda other: of(dist, other), *args)
        if name in fixed:

            def refuse(*_: Any) -> Any:
                raise _refusal(dist, key, name, ", a whole number")

            return refuse
        match key:
            case "pdf" | "pmf" | "logpdf" | "logpmf":
                if key.startswith("log"):
                    base = _chain(of(dist, key[3:]), k)
                    return lambda ans, *args: base(None, *args) / of(dist, key[3:]).bind(*args)
                return _formula(dist, key, k, name)
            case "cdf":
                return _formula(dist, "cdf", k, name)
            case "sf":
                partial = _chain(of(dist, "cdf"), k)
                return lambda ans, *args: -partial(None, *args)
            case "logcdf" | "logsf":
                partial = _chain(of(dist, key[3:]), k)
                return lambda ans, *args: partial(None, *args) * wnp.exp(-ans)
            case _:
                partial = _chain(of(dist, "cdf"), k)
                return lambda ans, q, *shapes: -partial(None, ans, *shapes) / density.bind(ans, *shapes)

    out: list[Any] = []
    if counts:
        out.append(None)
    else:
        first = {
            "cdf": lambda ans, z, *s: density.bind(z, *s),
            "sf": lambda ans, z, *s: -density.bind(z, *s),
            "logcdf": lambda ans, z, *s: density.bind(z, *s) * wnp.exp(-ans),
            "logsf": lambda ans, z, *s: -density.bind(z, *s) * wnp.exp(-ans),
            "ppf": lambda ans, q, *s: 1 / density.bind(ans, *s),
            "isf": lambda ans, q, *s: -1 / density.bind(ans, *s),
        }
        out.append(first[key] if key in first else chosen(0, "x"))
    return out + [chosen(k + 1, name) for k, name in enumerate(names)]


def _chain(primitive: Any, k: int) -> Function:
    """A partial derivative of one of these operations as it is declared."""

    def partial(_: Any, *args: Any) -> Any:
        found = primitive.partials[k]
        return 0.0 if found is None else found(None, *args)

    return partial


def of(dist: Any, key: str) -> Any:
    """The elementwise operation of a distribution's standard form: of the variable and the shapes."""
    name = f"scipy.stats.{dist.name}.{key}"
    with _lock:
        found = _made.get((dist.name, key))
        if found is None:
            method = getattr(dist, key)

            def value(*args: Any) -> Any:
                with np.errstate(all="ignore"):
                    return method(*args)

            reasons = {"samples": "made when a distribution of SciPy meets traced values"}
            found = Elementwise(name, value, _partials(dist, key), reasons=reasons)
            found.foreign = True
            _made[dist.name, key] = found
    return found


def answer(entry: Entry, args: tuple[Any, ...], kwargs: Keywords) -> Any:
    """A method of a distribution: ours, or one of SciPy's by its standard form."""
    from .. import stats

    dist, *rest = args
    key = entry.name.rpartition(".")[2]
    ours = getattr(stats, dist.name, None) if type(dist).__module__.startswith("scipy.") else None
    if ours is not None and (key in vars(ours) or key in ("stats", "moment")):
        return getattr(ours, key)(*rest, **kwargs)
    if key not in _METHODS:
        raise NotSupportedError(
            f"scipy.stats.{dist.name}.{key} has no derivatives here; wengert.scipy.stats has it for the distributions that it has"
        )
    first = rest[0] if rest else kwargs.pop("q" if key in ("ppf", "isf") else "k" if hasattr(dist, "pmf") else "x")
    shapes, loc, scale = dist._parse_args(*rest[1:], **kwargs)
    counts = hasattr(dist, "pmf")
    x, loc, scale, *shapes = [
        convert(v, np.dtype(float)) if dtype_of(v).kind in "biu" else v for v in floating(first, loc, scale, *shapes)
    ]
    operation = of(dist, key)
    if key in ("ppf", "isf"):
        return operation.bind(x, *shapes) * scale + loc
    z = x - loc if counts else (x - loc) / scale
    out = operation.bind(z, *shapes)
    if key == "pdf":
        out = out / scale
    elif key == "logpdf":
        out = out - wnp.log(scale)
    if not counts and (isinstance(scale, Tracer) or np.any(np.asarray(scale) <= 0)):
        out = wnp.where(scale > 0, out, math.nan)
    return out


def of_vectors(entry: Entry, args: tuple[Any, ...], kwargs: Keywords) -> Any:
    """A method of a distribution of vectors: ours, which is of the name of SciPy's class without ``_gen``."""
    from .. import stats

    _, kind, method = entry.name.split(".")
    ours = getattr(stats, kind.removesuffix("_gen"))
    if method != "__call__":
        return getattr(ours, method)(*args[1:], **kwargs)
    return ours(*args[1:], **kwargs)


def _kde(*args: Any, **kwargs: Any) -> Any:
    from .. import stats

    return stats.gaussian_kde(*args, **kwargs)


def _of_kde(this: Any) -> Any:
    from .. import stats

    return stats.gaussian_kde(this.dataset, bw_method=this.factor, weights=this.weights)


def pearsonr(entry: Entry, args: tuple[Any, ...], kwargs: Keywords) -> Any:
    """`scipy.stats.pearsonr` of vectors: the coefficient and the probability under independence."""
    from scipy.stats._stats_py import PearsonRResult

    from .. import stats

    named = entry.bound(args, kwargs)
    if named["alternative"] != "two-sided" or named["method"] is not None:
        raise NotSupportedError("scipy.stats.pearsonr of traced values is two-sided and takes no method=")
    x, y = (v - wnp.mean(v) for v in floating(named["x"], named["y"]))
    r = wnp.sum(x * y) / wnp.sqrt(wnp.sum(x * x) * wnp.sum(y * y))
    n = shape_of(x)[0]
    p = 2 * stats.beta.sf(wnp.abs(r), n / 2 - 1, n / 2 - 1, loc=-1, scale=2)
    made: Any = PearsonRResult
    return made(statistic=r, pvalue=p, alternative="two-sided", n=n, x=x, y=y, axis=0)


def linregress(entry: Entry, args: tuple[Any, ...], kwargs: Keywords) -> Any:
    """`scipy.stats.linregress`."""
    from scipy.stats._stats_py import LinregressResult

    from .. import stats

    named = entry.bound(args, kwargs)
    if named["alternative"] != "two-sided":
        raise NotSupportedError("scipy.stats.linregress of traced values is two-sided")
    x, y = floating(named["x"], named["y"])
    n, middle, level = shape_of(x)[0], wnp.mean(x), wnp.mean(y)
    xx, yy, xy = (
        wnp.mean(a * b) for a, b in ((x - middle, x - middle), (y - level, y - level), (x - middle, y - level))
    )
    slope, r = xy / xx, xy / wnp.sqrt(xx * yy)
    error = wnp.sqrt((1 - r * r) * yy / xx / (n - 2))
    t = r * wnp.sqrt((n - 2) / ((1 - r) * (1 + r)))
    made: Any = LinregressResult
    return made(
        slope=slope, intercept=level - slope * middle, rvalue=r, pvalue=2 * stats.t.sf(wnp.abs(t), n - 2), stderr=error,
        intercept_stderr=error * wnp.sqrt(xx + middle * middle),
    )  # fmt: skip


_METHODS = frozenset("pdf logpdf pmf logpmf cdf logcdf sf logsf ppf isf".split())
CONTINUOUS = "pdf logpdf cdf logcdf sf logsf ppf isf"
DISCRETE = "pmf logpmf cdf logcdf sf logsf ppf isf"
GENERIC = "mean var std median interval entropy moment stats support"
ANSWERS = {
    f"stats.{kind}.{m}": answer
    for kind, methods in (("rv_continuous", CONTINUOUS), ("rv_discrete", DISCRETE), ("rv_generic", GENERIC))
    for m in methods.split()
}
ANSWERS |= {
    f"stats.{kind}.{m}": of_vectors
    for kind, m in (
        *[("multivariate_normal_gen", m) for m in ("pdf", "logpdf", "__call__")],
        *[("dirichlet_gen", m) for m in ("pdf", "logpdf", "__call__")],
        *[("multinomial_gen", m) for m in ("pmf", "logpmf", "__call__")],
    )
}
ANSWERS["stats.gaussian_kde.__init__"] = made_by(_kde)
ANSWERS |= {
    f"stats.gaussian_kde.{m}": asked("__call__" if m == "pdf" else m, _of_kde)
    for m in "evaluate __call__ pdf logpdf".split()
}
ANSWERS |= {"stats.pearsonr": pearsonr, "stats.linregress": linregress}

__all__ = ["ANSWERS", "CONTINUOUS", "DISCRETE", "GENERIC", "of"]
