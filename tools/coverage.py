"""Write docs/coverage.md: which functions of NumPy the library has, and what each of them was seen to do.

    .venv/bin/python tools/coverage.py

Nothing in the table is declared: every function is called on the sample of `coverage_calls.py`. Its value is compared
with NumPy's, its derivative with central differences of NumPy's own function, the reverse mode with the forward mode,
a batch with a loop, and the compiler's plan is asked which operations go through NumPy.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from coverage_calls import CALLS, Call  # noqa: E402

import wengert  # noqa: E402
import wengert.numpy as wnp  # noqa: E402
from wengert import trees  # noqa: E402
from wengert.compile.engine import vector_bytes  # noqa: E402
from wengert.compile.pipeline import optimized, planned  # noqa: E402
from wengert.core import as_value  # noqa: E402

PAGE = Path(__file__).resolve().parents[1] / "docs" / "coverage.md"
YES, NO, NONE = "✓", "no", "–"
NAMESPACES = (("numpy", np, wnp), ("numpy.linalg", np.linalg, wnp.linalg), ("numpy.fft", np.fft, wnp.fft))

# What is not about arrays of numbers, by subject. Classes (dtypes, `ufunc`, `matrix`, `poly1d`) are not functions.
OUTSIDE = {
    "files": "fromfile fromregex fromstring genfromtxt load loadtxt save savetxt savez savez_compressed",
    "text": "array2string array_repr array_str base_repr binary_repr format_float_positional format_float_scientific "
    "get_printoptions printoptions set_printoptions typename",
    "dates": "busday_count busday_offset datetime_as_string datetime_data is_busday isnat",
    "NumPy itself": "get_include getbufsize geterr geterrcall info setbufsize seterr seterrcall show_config show_runtime "
    "test",
    "the class numpy.matrix": "asmatrix bmat",
}
# Functions on arrays of numbers that are missing, each with its reason.
MISSING = {
    "nested_iters": "walks through memory with iterators that write; write the loops, or `vmap`",
}
# A derivative that is zero here, as in JAX, where differences see the identity.
ZERO = ("nextafter",)


class Row(NamedTuple):
    """What one function was seen to do."""

    name: str
    forward: str
    reverse: str
    batch: str
    native: str


def functions(module: Any) -> list[str]:
    """The names of the functions of a namespace that are about arrays of numbers."""
    outside = {name for names in OUTSIDE.values() for name in names.split()}
    names = [n for n in sorted(dir(module)) if not n.startswith("_") and n not in outside]
    return [n for n in names if callable(getattr(module, n)) and not isinstance(getattr(module, n), type)]


def _leaves(tree: Any) -> list[Any]:
    return [x if isinstance(x, (str, type, np.dtype)) else as_value(x) for x in trees.leaves(tree)]


def _arrays(call: Callable[..., Any], f: Any) -> Callable[..., list[Any]]:
    return lambda *arrays: [x for x in _leaves(call(f, *arrays)) if not isinstance(x, (str, type, np.dtype))]


def _close(got: Iterable[Any], expected: Iterable[Any], tolerance: float) -> bool:
    pairs = list(zip(got, expected, strict=True))
    return all(
        np.shape(g) == np.shape(e) and np.allclose(g, e, rtol=tolerance, atol=tolerance, equal_nan=True)
        for g, e in pairs
    )


def _value(ours: Any, theirs: Any, call: Call) -> None:
    got, expected = _leaves(call[0](ours, *call[1])), _leaves(call[0](theirs, *call[1]))
    numbers = [not isinstance(e, (str, type, np.dtype)) for e in expected]
    same = len(got) == len(expected) and _close(
        [g for g, n in zip(got, numbers, strict=True) if n],
        [e for e, n in zip(expected, numbers, strict=True) if n],
        1e-10,
    )
    if not same or any(g != e for g, e, n in zip(got, expected, numbers, strict=True) if not n):
        raise AssertionError(f"{theirs.__name__} gives {got}, NumPy {expected}")


def _derivatives(ours: Any, theirs: Any, call: Call) -> tuple[str, str]:
    """The marks of forward and reverse mode."""
    arrays = call[1]
    live = [i for i, a in enumerate(arrays) if isinstance(a, np.ndarray) and a.dtype.kind in "fc"]
    if not live:
        return NONE, NONE
    ours_of, theirs_of = _arrays(call[0], ours), _arrays(call[0], theirs)
    outs = theirs_of(*arrays)
    kept = [i for i, o in enumerate(outs) if np.asarray(o).dtype.kind in "fc"]
    if not kept:
        return NONE, NONE
    rng = np.random.default_rng(17)
    xs = [np.where(np.isnan(arrays[i]), arrays[i], arrays[i]) for i in live]
    vs = [rng.normal(size=x.shape) + (1j * rng.normal(size=x.shape) if x.dtype.kind == "c" else 0) for x in xs]
    vs = [np.asarray(v, x.dtype) for v, x in zip(vs, xs, strict=True)]

    def f(function: Callable[..., Any]) -> Callable[..., list[Any]]:
        def call_with(*values: Any) -> list[Any]:
            full = list(arrays)
            for i, v in zip(live, values, strict=True):
                full[i] = v
            out = function(*full)
            return [out[i] for i in kept]

        return call_with

    step = 1e-3 if any(np.asarray(outs[i]).dtype == np.float32 for i in kept) else 1e-6
    ends = [f(theirs_of)(*[x + s * step * v for x, v in zip(xs, vs, strict=True)]) for s in (1, -1)]
    expected = [(np.asarray(a) - np.asarray(b)) / (2 * step) for a, b in zip(*ends, strict=True)]
    tangents = wengert.jvp(f(ours_of), tuple(xs), tuple(vs))[1]
    if theirs.__name__ in ZERO:
        expected = [0 * e for e in expected]
    if not _close(tangents, expected, 1e-3 if step > 1e-5 else 1e-5):
        raise AssertionError(f"{theirs.__name__}: tangents {tangents}, differences {expected}")
    if not any(np.any(np.nan_to_num(t)) for t in tangents):
        return "0", "0"
    ws = [np.asarray(rng.normal(size=np.shape(t)), np.asarray(t).dtype)[()] for t in tangents]
    back = wengert.vjp(f(ours_of), *xs)[1](ws)
    left = sum(np.real(np.nansum(w * t)) for w, t in zip(ws, tangents, strict=True))
    right = sum(np.real(np.nansum(g * v)) for g, v in zip(back, vs, strict=True))
    if not np.isclose(left, right, rtol=1e-4 if step > 1e-5 else 1e-8):
        raise AssertionError(f"{theirs.__name__}: <w, Jv> = {left}, <J'w, v> = {right}")
    return YES, YES


def _batched(ours: Any, call: Call) -> str:
    arrays = call[1]
    if not arrays or not _arrays(call[0], ours)(*arrays):
        return NONE
    pairs = [np.stack([a, np.flip(a) if a.dtype.kind == "f" else a]) for a in map(np.asarray, arrays)]
    try:
        got = wengert.vmap(_arrays(call[0], ours))(*pairs)
    except (wengert.errors.WengertError, TypeError, ValueError):
        return NO
    rows = [_arrays(call[0], ours)(*[p[k] for p in pairs]) for k in range(2)]
    expected = [np.stack(parts) for parts in zip(*rows, strict=True)]
    if not _close(got, expected, 1e-9):
        raise AssertionError(f"{ours}: batch {got}, loop {expected}")
    return YES


def _native(ours: Any, call: Call) -> str:
    if not call[1] or not _arrays(call[0], ours)(*call[1]):
        return NONE
    flat = _arrays(call[0], ours)
    try:
        program = wengert.make_program(flat)(*call[1])
    except wengert.errors.ConcretizationError:
        try:  # Python control flow, which `jit` guards
            program = wengert.jit(flat).lower(*call[1]).program
        except wengert.errors.WengertError:
            return NO
    calls = {
        s.eqn.primitive.name for s in planned(optimized(program), vector_bytes()).steps if type(s).__name__ == "Call"
    }
    return YES if not calls else f"NumPy's {', '.join(sorted(calls))}"


def measure(name: str, ours: Any, theirs: Any, call: Call) -> Row:
    """Call one function in every way."""
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _value(ours, theirs, call)
        forward, reverse = _derivatives(ours, theirs, call)
        return Row(name, forward, reverse, _batched(ours, call), _native(ours, call))


def rows(space: str) -> list[Row]:
    """The rows of one namespace."""
    module, mine = {name: (m, w) for name, m, w in NAMESPACES}[space]
    return [
        measure(name, getattr(mine, name), getattr(module, name), CALLS[space][name])
        for name in functions(module)
        if name not in MISSING and name != "test"
    ]


HEAD = """# NumPy's functions

Which functions of NumPy {version} have a counterpart in `wengert.numpy`, and what each was seen to do when
`tools/coverage.py` called it: its value was compared with NumPy's, its derivative with central differences of NumPy's own
function, reverse mode with forward mode, a batch with a loop.

| column | ✓ | otherwise |
| --- | --- | --- |
| forward, reverse | `jvp`, `grad` | 0: constant in pieces, so the derivative is zero; –: nothing to differentiate (no floating input or result) |
| batch | `vmap` | –: takes no arrays; no: the result has no one shape, or the values must be known |
| native | `jit` compiles all of it to native code | which operations call NumPy from the compiled program; no: the values must be known |

{count} functions on arrays of numbers, of which {missing} missing ({share:.1f} %).
"""


STANDARD = """## The Python array API standard

`wengert.numpy` is a namespace of the standard, version 2024.12, with its extensions `linalg` and `fft`, for NumPy arrays and
for values under transformation. `tests/test_array_api.py` goes over every function: its signature as published, the dtype
of its result for every dtype that it takes, eager and traced, and the special cases that the standard lists for elementwise
functions, eager and compiled. What differs:

| what | why |
| --- | --- |
| `expm1` of complex numbers is NaN in some part where the real part is infinite or NaN and the imaginary one 0, infinite or NaN | as NumPy computes it |
| `tanh(0 + inf j)`, `tanh(0 + NaN j)` have the real part NaN | as the C library computes it; the standard warns of it |
| `sqrt(inf + b j)` is `inf + 0j`, `sqrt(-inf + b j)` is `0 + inf j` | C99; the published text exchanges the two |
| a new length of what `nonzero` and the `unique_` functions give is a new compiled program under `jit` | the shape of a compiled result does not depend on values |
| arrays outside transformations answer `__array_namespace__` with `numpy` | they are NumPy's own |
| one device, "cpu" | arrays live in the host's memory |
"""


def page() -> str:
    """The text of the page."""
    total = sum(len(functions(m)) for _, m, _ in NAMESPACES) - 2  # without `test` of linalg and fft
    version = ".".join(np.__version__.split(".")[:2])
    lines = [HEAD.format(version=version, count=total, missing=len(MISSING), share=100 * len(MISSING) / total)]
    lines += ["## Missing", "", "| function | why |", "| --- | --- |"]
    lines += [f"| `numpy.{name}` | {reason} |" for name, reason in sorted(MISSING.items())]
    for space, _, _ in NAMESPACES:
        lines += [
            "",
            f"## {space}",
            "",
            "| function | forward | reverse | batch | native |",
            "| --- | --- | --- | --- | --- |",
        ]
        lines += [f"| `{r.name}` | {r.forward} | {r.reverse} | {r.batch} | {r.native} |" for r in rows(space)]
    lines += ["", STANDARD.rstrip(), "", "## Not about arrays of numbers", ""]
    lines += [f"- {subject}: {', '.join(f'`{n}`' for n in names.split())}" for subject, names in OUTSIDE.items()]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page())
    print(f"wrote {PAGE}")
