"""Every operation on floating point of 16 bits, integers of all widths and truth values: compiled against eager.

``python tests/compare_narrow.py [name ...]`` prints what disagrees, and which operations go through NumPy.
"""

from __future__ import annotations

import collections
import itertools
import sys
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

import wengert
from wengert import testing
from wengert.core import Aval, Primitive, aval_of
from wengert.lowering import Formula, computed_in
from wengert.program import Program

BFLOAT16 = np.dtype(__import__("ml_dtypes").bfloat16)
FLOATS = (np.dtype(np.float16), BFLOAT16)
INTEGERS = tuple(np.dtype(c) for c in "bBhHiIlL")
DTYPES = (*FLOATS, *INTEGERS, np.dtype(bool))
EPS = {"float16": 2.0**-10, "bfloat16": 2.0**-7, "float32": 2.0**-23, "float64": 2.0**-52}
UNITS = 8  # in the last place, by which elementary functions may differ from NumPy's
DIFFERENCES = {"i1e_slope": 96}  # more: a difference of which 1/30 is left
LENGTHS = (0, 1, 7, 1031)
# What is not compared: results that are no function of the values, those that hold whatever memory held, and what draws.
LEFT = {"empty", "random_bits", "host_call", "over_squares"}  # the last rounds its intermediate values eagerly
ZEROS = {"sign", "slope", "maximum", "minimum", "fmax", "fmin", "erfinv"}  # of either sign


def specials(dtype: np.dtype) -> np.ndarray:
    """Numbers of a dtype at which operations have corners."""
    if dtype.kind == "b":
        return np.array([False, True])
    if dtype.kind in "iu":
        info = np.iinfo(dtype)
        given = {0, 1, 2, 3, 7, 8, 100, info.max, info.max - 1, info.min, info.min + 1, -1, -2, -7, info.bits - 1}
        return np.array(sorted(x for x in given if info.min <= x <= info.max), dtype)
    top = {"float16": (65504.0, 6e-8, 6.1e-5), "bfloat16": (3.3895e38, 9.2e-41, 1.18e-38)}[dtype.name]
    numbers = [0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 7.0, 255.0, *top, np.inf]
    return np.array([*numbers, *[-x for x in numbers], np.nan]).astype(dtype)


def turned(x: Any, dtype: np.dtype, seed: int) -> Any:
    """An argument of a sample in another dtype; indices, masks and what is no number stay."""
    if not isinstance(x, (np.ndarray, np.generic)) or x.dtype != np.float64:
        return x
    if dtype.kind == "b":
        out = np.asarray(x) > np.median(x) if x.size else np.asarray(x, bool)
    elif dtype.kind in "iu":
        out = np.round(np.asarray(x) * 5)
        out = (np.abs(out) if dtype.kind == "u" else out).astype(dtype)
    else:
        out = np.asarray(x).astype(dtype)
    return out if out.shape else out[()]


def holds_program(x: Any) -> bool:
    """Whether a parameter is, or has, a Program, whose types are its own."""
    return isinstance(x, Program) or (isinstance(x, (list, tuple)) and any(map(holds_program, x)))


def listed(x: Any) -> list[Any]:
    return [np.asarray(o) for o in x] if isinstance(x, (list, tuple)) else [np.asarray(x)]


def declared(primitive: Primitive, args: Any, params: Any) -> list[Any]:
    """The types that the shape rule gives."""
    found = primitive.abstract(*map(aval_of, args), **params)
    return [found] if isinstance(found, Aval) else list(found)


def calls(primitive: Primitive, dtype: np.dtype) -> Iterator[tuple[str, tuple[Any, ...], dict[str, Any]]]:
    """Calls of an operation with a dtype: its samples, and for elementwise ones corners and lengths too."""
    samples = primitive.samples() if primitive.samples is not None else []
    samples = [s for s in samples if not any(map(holds_program, s[1].values()))]
    for i, (args, params) in enumerate(samples):
        if any(isinstance(x, np.ndarray) and x.dtype == np.float64 for x in args):
            yield str(i), tuple(turned(x, dtype, k) for k, x in enumerate(args)), params
    if not samples or primitive.name in LEFT or not isinstance(primitive.native, Formula) or not primitive.elementwise:
        return
    args, params = samples[0]
    kinds = {x.dtype.kind for x in args if isinstance(x, np.ndarray)}
    if kinds not in ({"f"}, {"i"}) or (kinds == {"i"} and dtype.kind not in "biu"):
        return
    given = specials(dtype)
    pairs = np.array(list(itertools.product(range(given.size), repeat=len(args)))).T
    yield "corners", tuple(given[p] for p in pairs), params
    rng = np.random.default_rng(len(primitive.name))
    for n in LENGTHS:
        drawn = [turned(rng.normal(size=2 * n), dtype, 0)[::2] for _ in args]
        yield f"length {n}", tuple(drawn), params


def off(eager: Any, compiled: Any, units: float, zeros: bool = True) -> str:
    """What two results differ by, in words; empty where they agree."""
    e, c = np.asarray(eager), np.asarray(compiled)
    if e.dtype != c.dtype or e.shape != c.shape:
        return f"{c.dtype}{c.shape} for {e.dtype}{e.shape}"
    if computed_in(e.dtype).kind not in "fc":
        return "" if np.array_equal(e, c) else f"{c.reshape(-1)[:6]} for {e.reshape(-1)[:6]}"
    wide = np.complex128 if e.dtype.kind == "c" else np.float64
    x, y = e.astype(wide).reshape(-1), c.astype(wide).reshape(-1)
    eps = EPS.get(e.dtype.name, 2.0**-52)
    smallest = {"float16": 2.0**-24, "bfloat16": 2.0**-133}.get(e.dtype.name, 0.0)
    same = (x == y) | (np.isnan(x) & np.isnan(y))
    with np.errstate(all="ignore"):
        near = np.abs(x - y) <= units * (eps * np.maximum(np.abs(x), np.abs(y)) + smallest)
    same |= near & np.isfinite(x) & np.isfinite(y)
    if wide is np.float64 and zeros:
        same &= np.isnan(x) | (np.signbit(x) == np.signbit(y)) | ((x != 0) | (y != 0))
    bad = np.flatnonzero(~same)
    return f"{y[bad[:4]]} for {x[bad[:4]]} at {bad[:4]} of {x.size}" if bad.size else ""


def compared(primitive: Primitive, dtype: np.dtype, most: int = 100) -> Iterator[tuple[str, str, bool]]:
    """For each call that eager code takes: its label, what differs, and whether NumPy is called."""
    for label, args, params in itertools.islice(calls(primitive, dtype), most):
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            try:
                eager = primitive.bind(*args, **params)
            except Exception:  # noqa: BLE001 (what eager code refuses is not compared)
                continue
            if [o.dtype for o in listed(eager)] != [a.dtype for a in declared(primitive, args, params)]:
                continue  # a dtype that the functions in front of the operation never give it
            f = wengert.jit(lambda *a: primitive.bind(*a, **params))  # noqa: B023 (called at once)
            try:
                compiled = f(*args)
                called = bool(f.lower(*args).cost().calls)
            except Exception as error:  # noqa: BLE001
                yield label, f"{type(error).__name__}: {str(error)[:200]}", False
                continue
        pairs = zip(listed(eager), listed(compiled), strict=True)
        size = max([np.size(a) for a in args], default=1)
        units = DIFFERENCES.get(primitive.name, UNITS) if primitive.elementwise else 4 + 2 * np.sqrt(size)
        yield label, "; ".join(filter(None, (off(e, c, units, primitive.name not in ZEROS) for e, c in pairs))), called


def main(names: list[str]) -> None:
    counts: dict[str, int] = collections.Counter()
    through: dict[str, set[str]] = collections.defaultdict(set)
    for primitive in testing.primitives():
        if primitive.name in LEFT or primitive.foreign or (names and primitive.name not in names):
            continue
        for dtype in DTYPES:
            for label, words, called in compared(primitive, dtype):
                counts["differ" if words else "agree"] += 1
                if called:
                    through[primitive.name].add(dtype.name)
                if words:
                    print(f"{primitive.name} {dtype.name} {label}: {words}", flush=True)
    print(dict(counts))
    for name, dtypes in through.items():
        print("through NumPy:", name, " ".join(sorted(dtypes)))


if __name__ == "__main__":
    main(sys.argv[1:])
