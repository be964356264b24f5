"""What the vector functions should give: samples over the whole range, and exact results by mpmath.

A reference is a float64 and the rest of the exact value to it, so that an error is measured in units in the last place
(ULP) of the exact result. float32 is measured against NumPy's and SciPy's float64 functions.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import mpmath as mp
import numpy as np
import scipy.special as special

from wengert.compile.vectormath import BOUNDS, FUNCTIONS, floor_of_error

SPECIAL_NAMES = {"sigmoid": "expit"}
BINARY = {
    *("power", "arctan2", "hypot", "logaddexp", "logaddexp2", "xlogy", "xlog1py", "over_squares"),
    *("fmod", "remainder", "floor_divide", "nextafter", "heaviside"),
}
EXACT = {"sign", "fmod", "remainder", "floor_divide", "nextafter", "heaviside"}
# Where each function has something to show, besides all bit patterns.
CORE: dict[str, tuple[float, float]] = {
    "exp": (-750, 712), "exp2": (-1080, 1026), "expm1": (-40, 40), "sigmoid": (-750, 40), "log": (0, 4),
    "log2": (0, 4), "log10": (0, 4), "log1p": (-1, 3), "logit": (0, 1), "arcsin": (-1, 1), "arccos": (-1, 1),
    "arctanh": (-1, 1), "arccosh": (1, 4), "sinh": (-712, 712), "cosh": (-712, 712), "tanh": (-20, 20), "sech2": (-356, 356),
    "erf": (-6.2, 6.2), "erfc": (-6, 27.5), "erfcx": (-26.8, 30), "erfinv": (-1, 1), "ndtr": (-39, 9),
    "log_ndtr": (-45, 39), "ndtri": (0, 1), "i0": (-713, 713), "i0e": (-40, 40), "i0e_slope": (-40, 40), "i1": (-713, 713),
    "i1e": (-40, 40), "gammaln": (-30, 30), "digamma": (-30, 30), "sin": (-1000, 1000), "cos": (-1000, 1000),
    "tan": (-1000, 1000),
}  # fmt: skip


def _sech2(x: Any) -> Any:
    with np.errstate(over="ignore"):
        return np.square(1 / np.cosh(x))


def _over_squares(x: Any, y: Any) -> Any:
    with np.errstate(all="ignore"):
        r = np.hypot(x, y)
        return np.where(np.isinf(x) & ~np.isnan(y), np.copysign(0.0, x), x / r / r)


def _i0e_slope(x: Any) -> Any:
    """``i1e - i0e``, which cancels for large x: there by their asymptotic ratio (NIST DLMF 10.40.1)."""
    a = np.abs(np.asarray(x, np.float64))
    with np.errstate(all="ignore"):
        w = 1 / a
        far = special.i0e(a) * w * (0.5 + w * (0.125 + w * 0.125))
        size = np.where(a > 1e4, far, special.i0e(a) - special.i1e(a))
    return np.where(a == 0, 0.0, np.copysign(size, -np.asarray(x)))


OWN: dict[str, Callable[..., Any]] = {
    "i0e_slope": _i0e_slope,
    "sech2": _sech2,
    "hypot1": lambda x: np.hypot(x, 1.0),
    "over_squares": _over_squares,
}


def ufunc(name: str) -> Callable[..., Any]:
    if name in OWN:
        return OWN[name]
    return getattr(special, SPECIAL_NAMES.get(name, name), None) or getattr(np, name)


def specials(dtype: str) -> Any:
    info = np.finfo(dtype)
    tiny, least = float(info.tiny), float(info.smallest_subnormal)
    values = [
        0.0,
        least,
        tiny / 2,
        tiny,
        1e-8,
        0.5,
        1.0,
        1.5,
        2.0,
        3.0,
        5.5,
        6.0,
        88.0,
        1e5,
        1e10,
        float(info.max),
        np.inf,
    ]
    values = np.array(values, dtype)
    return np.concatenate([values, -values, [np.array(np.nan, dtype)]]).astype(dtype)


def samples(name: str, dtype: str, count: int, seed: int = 0) -> list[Any]:
    """Arguments: a third of them spread over all bit patterns, the others where the function is not constant."""
    rng = np.random.default_rng(seed)
    arity = 2 if name in BINARY else 1
    bits, unsigned = (32, np.uint32) if dtype == "float32" else (64, np.uint64)

    def patterns(n: int) -> Any:
        steps = (np.arange(n) + rng.uniform(size=n)) / n
        return rng.permutation((steps * 2.0**bits).astype(unsigned)).view(dtype)

    def core(n: int) -> Any:
        low, high = CORE.get(name, (-4.0, 4.0))
        if dtype == "float32":
            low, high = max(low, -160.0), min(high, 130.0)
        wide = rng.uniform(low, high, n)
        narrow = rng.uniform(max(low, -3.0), min(high, 3.0), n)
        return np.where(np.arange(n) % 2, wide, narrow).astype(dtype)

    third = count // 3
    if arity == 1:
        return [np.concatenate([patterns(third), core(count - third)])]
    if name == "power":
        base = np.exp(rng.uniform(-20, 20, third))
        limit = (1100 if dtype == "float64" else 160) / np.abs(np.log2(base))
        exponent = rng.uniform(-1, 1, third) * limit
        near_one = 1 + rng.uniform(-1, 1, third) * 2.0 ** -rng.uniform(1, 20, third)
        limit = np.minimum((1100 if dtype == "float64" else 160) / np.abs(np.log2(near_one)), 1e6)
        pairs = [(base, exponent), (near_one, rng.uniform(-1, 1, third) * limit)]
    elif name in EXACT:
        ratio = 2.0 ** rng.uniform(-4, 60, third)
        y = rng.normal(size=third)
        pairs = [(rng.normal(size=third) * 5, y), (y * ratio, y)]
    else:
        pairs = [(core(third), core(third)), (core(third), rng.uniform(-30, 30, third))]
    x, y = (np.concatenate([np.asarray(p[k], dtype) for p in pairs]) for k in (0, 1))
    return [np.concatenate([patterns(third), x]), np.concatenate([patterns(third), y])]


# --- exact values -------------------------------------------------------------------------------------------------

mp.mp.dps = 40
HUGE = 1e4


def _erfcx(x: Any) -> Any:
    if x < 40:
        return mp.exp(x * x) * mp.erfc(x) if x > -HUGE else mp.inf
    term, total = mp.mpf(1), mp.mpf(1)
    for k in range(1, 15):
        term *= -(2 * k - 1) / (2 * x * x)
        total += term
    return total / (x * mp.sqrt(mp.pi))


def _loggamma(x: Any) -> Any:
    if x > 0:
        return mp.loggamma(x)
    return mp.log(mp.pi / abs(x * mp.sinpi(x))) - mp.loggamma(-x)


def _log_ndtr(x: Any) -> Any:
    if x > 0:
        return mp.log1p(-mp.erfc(x / mp.sqrt(2)) / 2) if x < HUGE else mp.mpf(0)
    return mp.log(_erfcx(-x / mp.sqrt(2)) / 2) - x * x / 2


def _erfinv(x: Any) -> Any:
    if abs(x) >= 1:
        raise ValueError("SciPy's value")
    start = mp.mpf(float(special.erfinv(float(x)))) or x
    step = lambda y: y - (mp.erf(y) - x) * mp.exp(y * y) * mp.sqrt(mp.pi) / 2  # noqa: E731
    with mp.workdps(70):
        return step(step(step(start)))


def _ndtri(p: Any) -> Any:
    if not 0 < p < 1:
        raise ValueError("SciPy's value")
    if p == mp.mpf(1) / 2:
        return mp.mpf(0)
    q = min(p, 1 - p)  # exact
    y = mp.mpf(float(-special.ndtri(float(q))))
    with mp.workdps(70):
        for _ in range(4):
            tail, density = mp.erfc(y / mp.sqrt(2)) / 2, mp.exp(-y * y / 2) / mp.sqrt(2 * mp.pi)
            y += (mp.log(tail) - mp.log(q)) * tail / density
    return y if p > q else -y


def _scaled_i(order: int, x: Any) -> Any:
    """``exp(-|x|) I(|x|)``."""
    if x < 1e3:
        return mp.exp(-x) * mp.besseli(order, x)
    term, total = mp.mpf(1), mp.mpf(1)  # NIST DLMF 10.40.1
    for k in range(1, 30):
        term *= -(4 * order * order - (2 * k - 1) ** 2) / (8 * k * x)
        total += term
    return total / mp.sqrt(2 * mp.pi * x)


def _i(order: int, x: Any) -> Any:
    return mp.sign(x) ** order * (_scaled_i(order, abs(x)) * mp.exp(abs(x)) if abs(x) < HUGE else mp.inf)


def _i0e_slope_exactly(x: Any) -> Any:
    with mp.workdps(80):
        a = abs(x)
        if a < 1e3:
            return mp.sign(x) * (_scaled_i(1, a) - _scaled_i(0, a))
        rest, term = mp.mpf(0), [mp.mpf(1), mp.mpf(1)]
        for k in range(1, 30):
            term = [t * -(4 * n * n - (2 * k - 1) ** 2) / (8 * k * a) for n, t in enumerate(term)]
            rest += term[1] - term[0]
        return mp.sign(x) * rest / mp.sqrt(2 * mp.pi * a)


def _power(x: Any, y: Any) -> Any:
    if x == 0:
        raise ValueError("NumPy's value")
    if x < 0 and y != mp.floor(y):
        return mp.nan
    sign = -1 if x < 0 and mp.fmod(y, 2) != 0 else 1
    return sign * _exp(y * mp.log(abs(x)))


def _exp(x: Any) -> Any:
    return mp.exp(x) if abs(x) < HUGE else (mp.inf if x > 0 else mp.mpf(0))


def _logaddexp(x: Any, y: Any, base: Any = mp.e) -> Any:
    high, d = max(x, y), abs(x - y)
    return high + (mp.log1p(mp.power(base, -d)) / mp.log(base) if d < HUGE else 0)


def _arctan2(y: Any, x: Any) -> Any:
    if x == 0 or y == 0:
        raise ValueError("NumPy's value: it depends on the sign of zero")
    return mp.atan2(y, x)


def _cbrt(x: Any) -> Any:
    return mp.sign(x) * mp.cbrt(abs(x))


def _bounded(f: Callable[..., Any], low: float, high: float) -> Callable[..., Any]:
    """`f` at the nearest point of an interval outside which it no longer changes in double precision."""
    return lambda x: f(min(max(x, low), high))


MP: dict[str, Callable[..., Any]] = {
    "exp": _exp, "exp2": lambda x: _exp(x * mp.ln2), "expm1": _bounded(mp.expm1, -HUGE, HUGE),
    "sigmoid": lambda x: 1 / (1 + mp.exp(-x)) if abs(x) < HUGE else mp.mpf(x > 0), "log": mp.log,
    "log2": lambda x: mp.log(x) / mp.ln2, "log10": mp.log10, "log1p": mp.log1p, "logit": lambda x: mp.log(x / (1 - x)),
    "cbrt": _cbrt, "sin": mp.sin, "cos": mp.cos, "tan": mp.tan, "arcsin": mp.asin, "arccos": mp.acos,
    "arctan": mp.atan, "sinh": _bounded(mp.sinh, -HUGE, HUGE), "cosh": _bounded(mp.cosh, -HUGE, HUGE),
    "tanh": _bounded(mp.tanh, -HUGE, HUGE), "sech2": _bounded(lambda x: mp.sech(x) ** 2, -HUGE, HUGE),
    "arcsinh": mp.asinh, "arccosh": mp.acosh, "arctanh": mp.atanh,
    "erf": _bounded(mp.erf, -HUGE, HUGE), "erfc": _bounded(mp.erfc, -HUGE, HUGE), "erfcx": _erfcx, "erfinv": _erfinv,
    "ndtr": _bounded(lambda x: mp.erfc(-x / mp.sqrt(2)) / 2, -HUGE, HUGE), "log_ndtr": _log_ndtr,
    "ndtri": _ndtri, "i0": lambda x: _i(0, x), "i0e": lambda x: _scaled_i(0, abs(x)), "i0e_slope": _i0e_slope_exactly,
    "i1": lambda x: _i(1, x), "i1e": lambda x: mp.sign(x) * _scaled_i(1, abs(x)),
    "gammaln": _loggamma, "digamma": mp.digamma, "power": _power, "arctan2": _arctan2, "hypot": mp.hypot,
    "hypot1": lambda x: mp.hypot(x, 1), "over_squares": lambda x, y: x / (x * x + y * y),
    "logaddexp": _logaddexp, "logaddexp2": lambda x, y: _logaddexp(x, y, mp.mpf(2)),
    "xlogy": lambda x, y: x * mp.log(y) if x else x, "xlog1py": lambda x, y: x * mp.log1p(y) if x else x,
}  # fmt: skip


def _ufunc_values(name: str, args: list[Any]) -> Any:
    with np.errstate(all="ignore"):
        high = np.array(ufunc(name)(*[np.asarray(a, np.float64) for a in args]), np.float64)
    if name == "erfinv":  # SciPy's erfinv(-0.0) is 0.0
        high = np.where(args[0] == 0, args[0], high)
    return high


def exact(name: str, args: list[Any]) -> tuple[Any, Any]:
    """The float64 nearest to each exact result, and the exact result less that."""
    high = _ufunc_values(name, args)
    low = np.zeros_like(high)
    finite = np.logical_and.reduce([np.isfinite(a) for a in args])
    f = MP[name]
    for i in np.flatnonzero(finite):
        try:
            value = f(*[mp.mpf(float(a[i])) for a in args])
        except (ValueError, ZeroDivisionError):
            continue  # a pole: NumPy's value stands
        if isinstance(value, mp.mpc) or mp.isnan(value):
            high[i] = np.nan
        elif value == 0:
            high[i] = np.copysign(0.0, high[i])
        else:
            high[i] = float(value)
            low[i] = float(value - mp.mpf(high[i])) if np.isfinite(high[i]) else 0.0
    return high, low


def reference(name: str, dtype: str, args: list[Any]) -> tuple[Any, Any]:
    if name not in EXACT and dtype == "float64":
        return exact(name, args)
    if name in EXACT:
        with np.errstate(all="ignore"):
            high = np.asarray(ufunc(name)(*args), np.float64)
    else:
        high = _ufunc_values(name, args)
    return high, np.zeros_like(high)


def ulps(name: str, dtype: str, args: list[Any], got: Any, want: tuple[Any, Any]) -> Any:
    """Errors in ULP of the exact result (or of `floor_of_error`, if that is larger); inf where a special value differs."""
    high, low = want
    with np.errstate(all="ignore"):
        rounded = high.astype(dtype)
        size = np.maximum(np.abs(rounded), np.asarray(floor_of_error(name, args), dtype))
        unit = np.spacing(np.minimum(size, np.finfo(dtype).max)).astype(np.float64)
        error = np.abs((got.astype(np.float64) - high) - low) / unit
        same = (np.isnan(got) & np.isnan(rounded)) | (got == rounded)
        other = ~np.isfinite(got) | ~np.isfinite(rounded)
    return np.where(other, np.where(same, 0.0, np.inf), error)


__all__ = ["BINARY", "BOUNDS", "EXACT", "FUNCTIONS", "exact", "reference", "samples", "specials", "ulps"]
