"""Measures the vector functions and writes ``docs/vectormath.md``: bounds, errors, instructions and speed.

python tools/vectormath_table.py
"""

from __future__ import annotations

import pathlib
import sys
import time
from typing import Any

import numpy as np

ROOT = pathlib.Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from vectormath_kernel import Kernel  # noqa: E402
from vectormath_reference import BINARY, reference, samples, ufunc, ulps  # noqa: E402

from wengert.compile.vectormath import BOUNDS, FUNCTIONS  # noqa: E402

HEAD = """# Vector functions

Written by `python tools/vectormath_table.py`; the tests hold the bounds.

Each function of `wengert.compile.vectormath` is straight-line LLVM IR for any number of lanes; sin, cos, tan and fmod leave
arguments beyond their reduction to the C library, out of line. Bounds and measured errors are in units in the last place
(ULP) of the exact result, over all bit patterns and denser where the function varies; float32 against float64, float64
against mpmath. Special values, the sign of zero and denormal numbers are NumPy's and SciPy's. Exceptions to a bound
relative to the result, near zeros that are no zeros of an argument: logaddexp and logaddexp2 count ULP of the largest of
the result and the arguments; digamma of the larger of the result and 4 (for negative x: the largest of the result, 8 and
log |x|); gammaln of the larger of the result and 4 for negative x.
Bounds above 4 are those of i0, i0e and i1e, exponentials times sums of many terms, and of i0e_slope, a difference of these below 12.

Instructions are those of the IR for one application; nanoseconds per element are the least of repeated runs over 2**16
elements in cache, one thread, with the machine's widest vectors ({lanes} bytes here), beside NumPy or SciPy.

| function | f32 bound | measured | IR | ns | NumPy ns | f64 bound | measured | IR | ns | NumPy ns |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
"""


def nanoseconds(run: Any, n: int) -> float:
    best = 1e9
    for _ in range(7):
        start = time.perf_counter()
        run()
        best = min(best, time.perf_counter() - start)
    return best / n * 1e9


def row(name: str, dtype: str) -> list[str]:
    arity = 2 if name in BINARY else 1
    kernel = Kernel(name, dtype, 16 if dtype == "float32" else 8, arity)
    args = samples(name, dtype, 300_000 if dtype == "float32" else 6_000, seed=1)
    error = float(ulps(name, dtype, args, kernel(*args), reference(name, dtype, args)).max())
    n = 1 << 16
    rng = np.random.default_rng(0)
    low, high = (1.1, 3.0) if name in ("arccosh",) else (0.1, 0.9)
    xs = [rng.uniform(low, high, n).astype(dtype) for _ in range(arity)]
    out = np.empty(n, dtype)
    ours = nanoseconds(lambda: kernel.run(xs, out), n)
    theirs = nanoseconds(lambda: ufunc(name)(*xs), n)
    figures = [f"{BOUNDS[name, dtype]:g}", f"{error:.2f}", str(kernel.instructions), f"{ours:.2f}", f"{theirs:.2f}"]
    print(name, dtype, *figures, flush=True)
    return figures


def main() -> None:
    rows = [f"| {name} | " + " | ".join(row(name, "float32") + row(name, "float64")) + " |" for name in FUNCTIONS]
    (ROOT / "docs/vectormath.md").write_text(HEAD.format(lanes=64) + "\n".join(rows) + "\n")


if __name__ == "__main__":
    main()
