"""Sweep: in 32-bit mode no function, operator or method returns 64 bits, plain, traced or compiled.

    .venv/bin/python tools/narrow_sweep.py [--modes plain,jvp,vmap,jit] [--share K/N]

The calls are those of `meaning_numpy.py`, of the functions of `coverage_calls.py`, of wengert.scipy (`meaning_scipy_cases.py`)
and of `narrow_calls.py`; arrays are given in 64 and in 32 bits.
"""

from __future__ import annotations

import importlib
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
import meaning_numpy as mn  # noqa: E402
import meaning_scipy as ms  # noqa: E402
import narrow_calls  # noqa: E402
from coverage_calls import CALLS  # noqa: E402
from meaning_scipy_cases import CASES as SCIPY  # noqa: E402

import wengert as w  # noqa: E402

WIDE = ("float64", "int64", "uint64", "complex128")
# Asked for by name, and so NumPy's own: dtypes themselves, and what is no array.
OUTSIDE = frozenset("result_type promote_types common_type min_scalar_type mintypecode einsum_path finfo iinfo".split())

# Whose calls here end in NumPy's own functions of the results, or ask for shapes.
USERS = frozenset("argpartition ndim shape size eigvals qr svd frompyfunc eigh histogram histogram_bin_edges".split())


def cases() -> Iterator[mn.Case]:
    for case in mn.cases():
        if case.name not in OUTSIDE:
            yield case
    for module, calls in CALLS.items():
        space = {"numpy": "numpy", "numpy.linalg": "linalg", "numpy.fft": "fft"}[module]
        for name, (call, arrays) in calls.items():
            if name in OUTSIDE or not all(isinstance(a, np.ndarray) for a in arrays):
                continue
            for width in (64, 32):
                given = tuple(
                    a if width == 64 else a.astype(np.dtype(a.dtype.char.lower() if a.dtype.kind == "f" else a.dtype))
                    for a in arrays
                )
                if width == 32:
                    given = tuple(
                        a.astype({"f": np.float32, "c": np.complex64, "i": np.int32}.get(a.dtype.kind, a.dtype))
                        for a in arrays
                    )
                yield mn.Case(space, name, -2, given, f"sample {width}", call)


def operators() -> Iterator[tuple[str, Any, Any]]:
    """Operators and methods of arrays, traced: name and function of one array."""
    import operator

    for name in "add sub mul truediv floordiv mod pow matmul and_ or_ xor lshift rshift lt le eq ne gt ge".split():
        f = getattr(operator, name)
        for other in (np.arange(1, 4), np.ones(3), 2, 1.5, 1j, True, np.float64(2), np.int64(3)):
            yield f"{name} {other!r}", lambda x, f=f, o=other: f(x, o), None
            yield f"r{name} {other!r}", lambda x, f=f, o=other: f(o, x), None
    for name in "sum prod mean std var max min argmax argmin cumsum cumprod all any argsort sort copy conj ravel nonzero round trace ptp".split():
        yield f".{name}()", lambda x, n=name: getattr(x, n)(), None
    yield ".astype(float)", lambda x: x.astype(float), None
    yield ".astype(int)", lambda x: x.astype(int), None
    yield ".dot", lambda x: x.dot(np.arange(3)), None
    yield ".clip", lambda x: x.clip(0.5, 2), None
    yield ".at.add", lambda x: x.at[0].add(2.5), None


def beside(modes: tuple[str, ...], chosen: Any = lambda name: True) -> Iterator[str]:
    """What stands beside NumPy's namespace and returns 64 bits: functions of `narrow_calls.py`."""
    for name, f in narrow_calls.CALLS.items():
        if not chosen(name):
            continue
        for dtype in ("float64", "float32", "int64"):
            x = (narrow_calls.F + (dtype == "int64")).astype(dtype)
            for mode in modes:
                with w.config.override(enable_x64=False):
                    got = mn.outcome(_in_mode(f, mode), x)
                if text := wide(got):
                    yield f"{name} of {dtype}, {mode}: {text}"


def _in_mode(f: Any, mode: str) -> Any:
    return {
        "plain": f,
        "jvp": lambda x: w.jvp(f, (x,), (x,)),
        "vmap": lambda x: w.vmap(f)(x[None]),
        "jit": lambda x: w.jit(f)(x),
    }[mode]


# Whose calls end in NumPy's own functions of the results.
SCIPY_USERS = frozenset({"cho_factor"})


def of_scipy(modes: tuple[str, ...], chosen: Any = lambda name: True) -> Iterator[str]:
    """The calls of wengert.scipy that return 64 bits."""
    ways = {"plain": "plain", "jvp": "traced", "jit": "compiled"}
    for module, scipy_cases in SCIPY.items():
        ours = importlib.import_module(f"wengert.scipy.{module}")
        for label, (call, arrays) in scipy_cases.items():
            if not chosen(f"{module}.{label}") or label in SCIPY_USERS:
                continue
            for variant in ("float64", "float32", "int64", "bool", "complex128"):
                given = ms.varied(arrays, variant)
                for mode in modes if given is not None else ():
                    if mode not in ways or (not given and mode != "plain"):
                        continue
                    with w.config.override(enable_x64=False):
                        got = mn.outcome(lambda: ms._leaves(ms.in_way(lambda *a: call(ours, *a), given, ways[mode])()))
                    if text := wide(got):
                        yield f"{module}.{label} of {variant}, {mode}: {text}"


def wide(out: Any) -> str:
    if isinstance(out, Exception):
        return ""
    for o in out:
        d = getattr(o, "dtype", None)
        if d is not None and np.dtype(d).name in WIDE:
            return f"returns {np.dtype(d).name}"
    return ""


def check(case: mn.Case, modes: tuple[str, ...]) -> list[str]:
    ours = getattr(mn.SPACES[case.space][1], case.name, None)
    out = []
    with w.config.override(enable_x64=False):
        for mode in modes:
            got = mn.narrow_outcome(mode, ours, case) if ours is not None else None
            if got is not None and (text := wide(got)):
                out.append(f"{case!r}, {mode}: {text}")
    return out


def main(argv: list[str]) -> int:
    modes, k, n = ("plain", "jvp", "vmap", "jit"), 0, 1
    it = iter(argv)
    for a in it:
        if a == "--modes":
            modes = tuple(next(it).split(","))
        elif a == "--share":
            k, n = map(int, next(it).split("/"))
    share = lambda name: zlib.crc32(name.encode()) % n == k  # noqa: E731
    seen = bad = 0
    for case in cases():
        if mn.chosen(case, k, n) and case.name not in USERS:
            seen += 1
            for text in check(case, modes):
                bad += 1
                print(text, flush=True)
    with w.config.override(enable_x64=False):
        for name, f, _ in operators():
            for dtype in ("bool", "int8", "int32", "int64", "uint8", "float16", "float32", "float64", "complex64"):
                x = mn.array(dtype, (3,))
                for mode, call in (("vmap", lambda x, f=f: w.vmap(f)(x[None])), ("jit", w.jit(f))):
                    if mode not in modes:
                        continue
                    got = mn.outcome(call, x)
                    seen += 1
                    if text := wide(got):
                        bad += 1
                        print(f"{name} of {dtype}, {mode}: {text}")
    for text in (*of_scipy(modes, share), *beside(modes, share)):
        bad += 1
        print(text)
    print(f"{seen} cases of NumPy's functions and the others, {bad} return 64 bits")
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
