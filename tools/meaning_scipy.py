"""Compare the functions of wengert.scipy with SciPy's of the same names: values, dtypes, shapes, errors, signatures.

    .venv/bin/python tools/meaning_scipy.py [module ...]

Every call of `meaning_scipy_cases.py` is made with float64, float32, int64, bool and complex arrays, with arrays in
Fortran's order, strided, with none or one number; each plain, under `jvp`, and compiled. Distributions are taken at all
combinations of parameters and points. What differs and is not on the list of deviations is printed, one line a call; then
how often each reason was met.
"""

from __future__ import annotations

import importlib
import inspect
import itertools
import re
import sys
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from meaning_scipy_cases import (  # noqa: E402
    CASES,
    DEVIATIONS,
    DISTRIBUTIONS,
    PLACES_AND_SCALES,
    POINTS,
    PROBABILITIES,
    SPECIAL_ENDS,
    Case,
)

import wengert  # noqa: E402

VARIANTS = ("float64", "float32", "int64", "bool", "complex128", "fortran", "strided", "number", "empty")
WAYS = ("plain", "traced", "compiled")
PARAMETERS_ALONE = ("entropy", "mean", "var", "std", "median", "support")
HIGHER = ("stats", "moment")
METHODS = ("pdf", "logpdf", "pmf", "logpmf", "cdf", "logcdf", "sf", "logsf", "ppf", "isf", *PARAMETERS_ALONE)


class Finding(NamedTuple):
    """A call that differs: of which function, how it was made, and in what."""

    module: str
    label: str
    variant: str
    way: str
    kind: str  # value, dtype, shape, error, refused, allowed, structure
    text: str


def varied(arrays: tuple[Any, ...], variant: str) -> tuple[Any, ...] | None:
    """The arrays of a case in another dtype, layout or shape; None where that is nothing new."""
    arrays = tuple(np.asarray(a) for a in arrays)
    if variant == "float64":
        return arrays
    if not arrays:
        return None
    if variant in ("float32", "int64", "bool", "complex128"):
        if any(a.dtype.kind == "c" for a in arrays) and variant in ("int64", "bool", "complex128"):
            return None
        if variant == "float32":
            return tuple(a.astype(np.complex64 if a.dtype.kind == "c" else np.float32) for a in arrays)
        if variant == "complex128":
            return tuple(a + (0.1j if i == 0 else 0j) for i, a in enumerate(arrays))
        with np.errstate(invalid="ignore"):
            return tuple(np.rint(3 * a).astype(variant) for a in arrays)
    if variant == "fortran":
        return tuple(np.asfortranarray(a) for a in arrays) if any(a.ndim > 1 for a in arrays) else None
    if variant == "strided":
        return tuple(np.repeat(a, 2, -1)[..., ::2] if a.ndim else a for a in arrays)
    if variant == "number":
        return tuple(a.ravel()[0] for a in arrays) if all(a.ndim and a.size for a in arrays) else None
    return tuple(a[:0] for a in arrays) if all(a.ndim for a in arrays) else None


def outcome(call: Callable[[], Any]) -> Any:
    """The leaves of a result as arrays, or the error."""
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            return [x if isinstance(x, str) else np.asarray(x) for x in _leaves(call())]
    except Exception as error:
        return error


def _leaves(tree: Any) -> list[Any]:
    if isinstance(tree, (tuple, list)):
        return [leaf for part in tree for leaf in _leaves(part)]
    if hasattr(tree, "as_quat"):
        return [tree.as_quat()]
    return [tree]


def compared(got: Any, expected: Any, tolerance: float = 1e-6) -> tuple[str, str] | None:
    """How an outcome differs from SciPy's, as a kind and a text; None where it does not."""
    if isinstance(expected, Exception):
        if not isinstance(got, Exception):
            return "allowed", f"SciPy: {type(expected).__name__}: {str(expected)[:60]}"
        if isinstance(got, type(expected)) or isinstance(expected, type(got)):
            return None
        return "error", f"{type(got).__name__}: {str(got)[:70]}; SciPy: {type(expected).__name__}: {str(expected)[:60]}"
    if isinstance(got, Exception):
        return "refused", f"{type(got).__name__}: {str(got)[:110]}"
    if len(got) != len(expected):
        return "structure", f"{len(got)} results; SciPy: {len(expected)}"
    for g, e in zip(got, expected, strict=True):
        if isinstance(g, str) or isinstance(e, str):
            if g != e:
                return "value", f"{g!r}; SciPy: {e!r}"
            continue
        if g.shape != e.shape:
            return "shape", f"{g.shape}; SciPy: {e.shape}"
        single = any(x.dtype in (np.float32, np.complex64) for x in (g, e))
        # where both are the largest numbers of a type or beyond, it is the same overflow
        near = np.isclose(g, e, rtol=2e-3 if single else tolerance, atol=2e-4 if single else 1e-9, equal_nan=True)
        if not np.all(near):
            at = np.unravel_index(np.argmin(near), near.shape)
            return "value", f"{g[at]}; SciPy: {e[at]} at {tuple(map(int, at))} of {g.shape}"
        if g.dtype != e.dtype:
            return "dtype", f"{g.dtype}; SciPy: {e.dtype}"
    return None


def in_way(call: Callable[..., Any], arrays: tuple[Any, ...], way: str) -> Callable[[], Any]:
    """The call made plainly, of values that are differentiated (whole numbers: batched), or compiled."""
    if way == "plain" or not arrays:
        return lambda: call(*arrays)
    if way == "compiled":
        return lambda: wengert.jit(lambda *a: _leaves(call(*a)))(*arrays)
    moving = [i for i, a in enumerate(arrays) if a.dtype.kind in "fc"]
    if not moving:
        return lambda: [x[0] for x in wengert.vmap(lambda *a: _leaves(call(*a)))(*(a[None] for a in arrays))]

    def of_moving(*values: Any) -> Any:
        given = list(arrays)
        for i, value in zip(moving, values, strict=True):
            given[i] = value
        return _leaves(call(*given))

    values = tuple(arrays[i] for i in moving)
    return lambda: wengert.jvp(of_moving, values, tuple(np.zeros_like(v) for v in values))[0]


def calls(module: str, case: Case, label: str, variants: tuple[str, ...], ways: tuple[str, ...]) -> Iterator[Finding]:
    """What one case is found to differ in."""
    ours, theirs = importlib.import_module(f"wengert.scipy.{module}"), importlib.import_module(f"scipy.{module}")
    call, arrays = case
    for variant in variants:
        given = varied(arrays, variant)
        if given is None:
            continue
        expected = outcome(lambda: call(theirs, *(a.copy() if a.ndim else a for a in given)))
        for way in ways if given else ("plain",):
            got = outcome(in_way(lambda *a: call(ours, *a), given, way))
            difference = compared(got, expected)
            if difference is not None:
                yield Finding(module, label, variant, way, *difference)


def functions(
    module: str, variants: tuple[str, ...] = VARIANTS, ways: tuple[str, ...] = WAYS, every: int = 1
) -> Iterator[Finding]:
    """The findings of the cases of a module, of each n-th of them with `every`."""
    for label, case in itertools.islice(CASES[module].items(), None, None, every):
        yield from calls(module, case, label, variants, ways)


def special_points() -> Iterator[Finding]:
    """The functions of one argument at ends of intervals, poles, infinities and NaN, and those of two at all pairs."""
    import scipy.special

    from wengert.scipy import special

    for label, (call, arrays) in CASES["special"].items():
        if len(arrays) not in (1, 2) or "(" in label or label == "hyp0f1":  # SciPy's divides by zero, aloud
            continue
        points = (SPECIAL_ENDS,) if len(arrays) == 1 else np.meshgrid(SPECIAL_ENDS, SPECIAL_ENDS)
        for dtype in (np.float64, np.float32):
            with np.errstate(over="ignore"):
                given = [np.ravel(p).astype(dtype) for p in points]
            expected = outcome(lambda: call(scipy.special, *given))
            difference = compared(outcome(lambda: call(special, *given)), expected)
            if difference is not None:
                where = (
                    ""
                    if "at (" not in difference[1]
                    else str([float(g[int(difference[1].split("at (")[1].split(",")[0])]) for g in given])
                )
                yield Finding("special", label, np.dtype(dtype).name, "points", difference[0], difference[1] + where)


OF_SEVERAL = (  # made of other functions, so that their domains are ours to tell
    "agm bdtr bdtrc chdtr chdtrc chdtri fdtr fdtrc fdtri gdtr gdtrc gdtrix nbdtr nbdtrc pdtr pdtrc poch voigt_profile "
    "hankel1 hankel2 huber pseudo_huber inv_boxcox inv_boxcox1p rel_entr kl_div kn yn"
).split()


def domains() -> Iterator[Finding]:
    """Functions of two and three numbers inside, at the ends and outside of their domains, and at NaN."""
    import scipy.special

    from wengert.scipy import special

    places = np.array([-2, -1, -0.5, 0, 0.5, 1, 1.5, 2, 3, np.nan])
    for name in OF_SEVERAL:
        theirs = getattr(scipy.special, name)
        given = [p.ravel() for p in np.meshgrid(*[places] * theirs.nin)]
        expected = outcome(lambda: theirs(*given))  # noqa: B023 (called at once)
        got = outcome(lambda: getattr(special, name)(*given))  # noqa: B023
        if isinstance(got, Exception) or isinstance(expected, Exception):
            yield Finding("special", name, "float64", "domain", *compared(got, expected))
            continue
        for i in np.flatnonzero(~np.isclose(got[0], expected[0], rtol=1e-9, equal_nan=True)):
            at = ", ".join(f"{p[i]:g}" for p in given)
            yield Finding(
                "special", f"{name}({at})", "float64", "domain", "value", f"{got[0][i]}; SciPy: {expected[0][i]}"
            )


NARROW = ("bool", "int8", "uint8", "int16", "int64", "uint64", "float16", "float32", "complex64")
OTHERS = (None, 2, 2.0, np.int64(2), np.array([2], np.int8), np.array([2.0], np.float16), np.array([2.0], np.float32))
ORDERS = ("eval_", "sph_harm")  # one whole number, or integers, come first


def dtypes() -> Iterator[Finding]:
    """SciPy's universal functions of arrays of one dtype, and with a number or an array of another one in each place."""
    import scipy.special

    from wengert.scipy import special

    for name in special.__all__:
        theirs, ours = getattr(scipy.special, name, None), getattr(special, name)
        if not isinstance(theirs, np.ufunc):
            continue
        for dtype, other in itertools.product(NARROW, OTHERS):
            for place in range(1 if other is None or theirs.nin == 1 else theirs.nin):
                if theirs.nin == 1 and other is not None:
                    continue
                values = ([0.5, 1.0], [1.5, 3.0], [2.0, 5.0], [0.25, 0.5]) if dtype[0] in "fc" else ([1, 2],) * 4
                given: list[Any] = [np.array(v).astype(dtype) for v in values[: theirs.nin]]
                if name.startswith(ORDERS):
                    given[: 1 + (name == "sph_harm_y")] = [2] * (1 + (name == "sph_harm_y"))
                if other is not None:
                    given[place] = other
                expected = outcome(lambda: theirs(*given))  # noqa: B023 (called at once)
                difference = compared(outcome(lambda: ours(*given)), expected)  # noqa: B023
                if difference is not None:
                    what = "" if other is None else f" with {other!r} in place {place}"
                    yield Finding("special", name, dtype, "mixed", difference[0], difference[1] + what)


def distributions(
    names: tuple[str, ...] = tuple(DISTRIBUTIONS), ways: tuple[str, ...] = ("plain",)
) -> Iterator[Finding]:
    """The methods of distributions at parameters and points inside, at ends, outside, at infinity and NaN."""
    import scipy.stats

    from wengert.scipy import stats

    for name in names:
        theirs, ours = getattr(scipy.stats, name), getattr(stats, name)
        counts = hasattr(theirs, "pmf")
        for method in METHODS:
            if method not in vars(ours):
                continue
            first = () if method in PARAMETERS_ALONE else (PROBABILITIES if method in ("ppf", "isf") else POINTS,)
            for *shapes, (loc, scale) in itertools.product(*DISTRIBUTIONS[name], PLACES_AND_SCALES):
                if counts and scale != 1:
                    continue
                given = tuple(np.asarray(v) for v in (*first, *shapes, *((loc,) if counts else (loc, scale))))
                expected = outcome(lambda: getattr(theirs, method)(*given))
                for way in ways:
                    got = outcome(in_way(getattr(ours, method), given, way))
                    difference = compared(got, expected)
                    if difference is not None:
                        at = difference[1].split("at (")
                        point = (
                            f" x = {first[0][int(at[1].split(',')[0])]}"
                            if first and len(at) > 1 and "()" not in at[1]
                            else ""
                        )
                        text = f"{[float(v) for v in given[len(first) :]]}{point}: {difference[1]}"
                        yield Finding("stats", f"{name}.{method}", "float64", way, difference[0], text)


def signatures() -> Iterator[Finding]:
    """Parameters that differ in name, order or default from those of SciPy's function."""
    for module in (*CASES, "optimize", "sparse.linalg"):
        ours, theirs = importlib.import_module(f"wengert.scipy.{module}"), importlib.import_module(f"scipy.{module}")
        for name in ours.__all__:
            if not hasattr(theirs, name) or isinstance(getattr(theirs, name), np.ufunc):
                continue
            try:
                mine, scipys = (inspect.signature(getattr(m, name)).parameters for m in (ours, theirs))
            except (TypeError, ValueError):
                continue
            differences = list(_parameters(mine, scipys))
            if differences:
                yield Finding(module, name, "", "", "signature", "; ".join(differences))


def _parameters(mine: Any, scipys: Any) -> Iterator[str]:
    positional = inspect.Parameter.POSITIONAL_OR_KEYWORD
    names = [n for n, p in mine.items() if p.kind is positional]
    for place, (name, p) in enumerate((n, p) for n, p in scipys.items() if p.kind is positional):  # noqa: B007 (as above)
        if place >= len(names) or names[place] != name:
            yield f"argument {place + 1} is not {name}"
            break
    for name, p in scipys.items():
        if p.kind in (p.VAR_KEYWORD, p.VAR_POSITIONAL):
            continue
        if name not in mine:
            yield f"no {name}"
        elif p.default is not p.empty and type(p.default) is not object and repr(mine[name].default) != repr(p.default):
            yield f"{name}={mine[name].default!r}, SciPy's {p.default!r}"


def line(f: Finding) -> str:
    """A finding in one line."""
    return f"{f.module}.{f.label} [{f.variant} {f.way}] {f.kind}: {f.text}".replace("\n", " ")


def reason(text: str) -> str:
    """Why a finding differs on purpose, or nothing."""
    return next((why for pattern, why in DEVIATIONS if re.search(pattern, text)), "")


def main(chosen: list[str]) -> None:
    counts: Counter[str] = Counter()
    for module in chosen or [*CASES, "points", "dtypes", "domains", "distributions", "signatures"]:
        special = {
            "points": special_points,
            "dtypes": dtypes,
            "domains": domains,
            "distributions": distributions,
            "signatures": signatures,
        }
        for f in special[module]() if module in special else functions(module):
            text = line(f)
            why = reason(text)
            counts[why or "NOT EXPLAINED"] += 1
            if not why:
                print(text, flush=True)
    print(*(f"{n:6} {why}" for why, n in counts.most_common()), sep="\n")


if __name__ == "__main__":
    main(sys.argv[1:])
