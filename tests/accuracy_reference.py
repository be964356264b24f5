"""Arguments over the whole range of floats, exact derivatives with their condition, and errors in ULP.

An exact derivative is a difference quotient of the exact function whose step and precision are refined until two
agree. The condition of a derivative is by how much it magnifies relative changes of the arguments.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Any

import mpmath as mp
import numpy as np
from accuracy_cases import Case

import wengert as w

LIMITS = {"float32": (1e-37, 3e38), "float64": (1e-307, 1.7e308)}
PRECISIONS = (160, 480, 1600, 6400)


def arguments(case: Case, dtype: str, count: int, seed: int = 0) -> list[Any]:
    """For each argument `count` numbers: spread evenly by exponent, evenly over the interval, and close to some points."""
    rng = np.random.default_rng([seed, zlib.crc32(f"{case.name} {dtype}".encode())])
    columns = []
    for k, (low, high) in enumerate(case.spans):
        least, most = LIMITS[dtype]
        low, high = max(low, -most), min(high, most)
        kind = rng.integers(0, 4 if case.near and k == case.argnum else 3, count)
        sign = np.where(rng.uniform(size=count) < 0.5, -1.0, 1.0)
        size = 10 ** rng.uniform(np.log10(least), np.log10(max(abs(low), abs(high))), count)
        tame = 10 ** rng.uniform(-6, 2, count)
        even = low + (high - low) * rng.uniform(size=count) if high - low < 1e5 else sign * tame
        close = rng.choice(case.near or [0.0], count) + sign * 10 ** rng.uniform(-16, -1, count)
        x = np.choose(kind, [sign * size, sign * tame, even, close])
        flipped = np.where((x < low) | (x > high), -x, x)
        x = np.where((flipped < low) | (flipped > high), low + np.abs(even - min(low, 0.0)), flipped)
        columns.append(np.clip(x, low, high).astype(dtype))
    if len(columns) > 1:  # half of them of like size, or the functions are those of one argument
        like = rng.uniform(size=count) < 0.5
        for k in range(1, len(columns)):
            low, high = case.spans[k]
            x = columns[0].astype(np.float64) * 10 ** rng.uniform(-2, 2, count)
            inside = (x > max(low, -LIMITS[dtype][1])) & (x < min(high, LIMITS[dtype][1]))
            columns[k] = np.where(like & inside, x, columns[k]).astype(dtype)
    return columns


def exact(case: Case, args: tuple[float, ...]) -> tuple[float, float, float, float] | None:
    """The value, the derivative, its condition and that of the value at a point; None where they cannot be told."""
    before = None
    for bits in PRECISIONS:
        with mp.workprec(bits):
            try:
                now = _differences(case, [mp.mpf(float(a)) for a in args], bits // 4)
            except (
                ValueError,
                ZeroDivisionError,
                mp.libmp.NoConvergence,
                OverflowError,
                TypeError,
                NotImplementedError,
            ):
                return None
            if now is None:
                return None
            if before is not None and _agree(before, now):
                value, slope, condition, own = now
                if value and not float(value):
                    return None
                limit = mp.mpf(1e300)
                return float(value), float(slope), float(min(condition, limit)), float(min(own, limit))
            before = now
    return None


def _agree(a: Any, b: Any) -> bool:
    slopes = abs(a[1] - b[1]) <= abs(b[1]) * mp.mpf(2) ** -60
    return slopes and abs(a[2] - b[2]) <= abs(b[2]) * 0.01 + 0.01


def _differences(case: Case, xs: list[Any], shift: int) -> Any:
    steps = [abs(x) * mp.mpf(2) ** -shift for x in xs]
    if any(h == 0 for h in steps):
        return None

    def at(*moves: tuple[int, int]) -> Any:
        ys = list(xs)
        for k, n in moves:
            ys[k] = ys[k] + n * steps[k]
        return case.exact(*ys)

    k = case.argnum
    h = steps[k]
    here, up, down = at(), at((k, 1)), at((k, -1))
    slope = (up - down) / (2 * h)
    if slope == 0:
        return None
    change = abs((up - 2 * here + down) / h**2 * xs[k])
    for j in range(len(xs)):
        if j != k:
            mixed = at((k, 1), (j, 1)) - at((k, -1), (j, 1)) - at((k, 1), (j, -1)) + at((k, -1), (j, -1))
            change += abs(mixed / (4 * h * steps[j]) * xs[j])
    own = abs(slope * xs[k] / here) if here else mp.mpf(0)
    return here, slope, change / abs(slope), own


def normal(value: float, slope: float, dtype: str) -> bool:
    """Whether a value and its derivative are normal numbers of a format, by a margin for rounding."""
    info = np.finfo(dtype)
    low, high = float(info.tiny) * 1.001, float(info.max) * 0.999
    return (value == 0 or low < abs(value) < high) and low < abs(slope) < high


def errors(got: Any, exact: Any, condition: Any, dtype: str) -> Any:
    """Errors in ULP of the exact number, over the condition where that is more than 1; infinite where one is NaN."""
    exact = np.asarray(exact, np.float64)
    unit = np.spacing(np.abs(exact).astype(dtype)).astype(np.float64)
    with np.errstate(all="ignore"):
        found = np.abs(np.asarray(got, np.float64) - exact) / unit / np.maximum(1.0, condition)
    return np.where(np.isfinite(np.asarray(got, np.float64)), found, np.inf)


def derivatives(case: Case, args: list[Any]) -> dict[str, Any]:
    """The derivative by reverse mode, as it is and compiled, and forward."""
    total = lambda *xs: w.numpy.sum(case.call(*xs))  # noqa: E731
    reverse = w.grad(total, argnums=case.argnum)
    k = case.argnum
    one = lambda x: case.call(*args[:k], x, *args[k + 1 :])  # noqa: E731 - a tangent of 0 would meet infinities
    return {
        "eager": reverse(*args),
        "compiled": w.jit(reverse)(*args),
        "forward": w.jvp(one, (args[k],), (np.ones_like(args[k]),))[1],
    }


@dataclass
class Measured:
    """The largest error of a derivative in each way of computing it, and where; and that of the function's value."""

    count: int
    errors: dict[str, tuple[float, tuple[float, ...]]]
    value: float

    def allowed(self, case: Case) -> float:
        """16 ULP times the condition; where SciPy computes the function, or four times its own error."""
        return max(case.bound, 4 * self.value) if case.scipy else case.bound


def measured(case: Case, dtype: str, count: int, seed: int = 0) -> Measured:
    count = min(count, case.most)
    args = arguments(case, dtype, count, seed)
    kept: list[int] = []
    known: list[tuple[float, ...]] = []
    for i in range(count):
        found = exact(case, tuple(float(a[i]) for a in args))
        if found is not None and normal(found[0], found[1], dtype):
            kept.append(i)
            known.append(found)
    if not kept:
        return Measured(0, {}, 0.0)
    args = [a[kept] for a in args]
    value, slope, condition, own = np.array(known).T
    worst = {}
    for way, got in derivatives(case, args).items():
        error = errors(got, slope, condition, dtype)
        k = int(np.argmax(error))
        worst[way] = float(error[k]), tuple(float(a[k]) for a in args)
    with np.errstate(all="ignore"):
        of_value = errors(case.call(*args), value, own, dtype)
    return Measured(len(kept), worst, float(of_value.max()))


__all__ = ["Measured", "arguments", "derivatives", "errors", "exact", "measured", "normal"]
