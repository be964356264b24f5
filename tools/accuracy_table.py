"""Measures first derivatives over the whole range of floats, and writes ``docs/accuracy.md``.

python tools/accuracy_table.py [number of arguments for each function] [names]
"""

from __future__ import annotations

import pathlib
import sys
import time

ROOT = pathlib.Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from accuracy_cases import CASES, Case  # noqa: E402
from accuracy_reference import measured  # noqa: E402

HEAD = """# How exact first derivatives are

Written by `python tools/accuracy_table.py`; `tests/test_accuracy.py` measures a part of it again.

Errors of first derivatives in units in the last place (ULP), divided by the condition of the derivative where that is more
than 1: by how much it magnifies relative changes of the arguments, which are rounded before anything is computed. The
largest over some {count} arguments for each function and format: spread evenly by exponent over all normal numbers, evenly
over the interval where the function is not constant, and close to poles and zeros; those are left out where the exact
value or derivative is no normal number. Exact are difference quotients of the function in up to 6400 bits, which know no
derivative rule. *Reverse* is `grad`, *forward* `jvp`, *compiled* `jit(grad)`; *value* is the error of the function itself.

The bound is 16; for functions that SciPy computes (marked †) it is four times the error of SciPy's value, where that is
more. {beyond}

Second derivatives are derivatives of the same formulas; quotients, logarithms and arctan2 form no squares that overflow or
vanish on the way, so that `hessian` of `1e200 * x / (1e200 * x + 1e200)` is as exact as that of `x / (x + 1)`.

Those of `softmax`, `log_softmax` and `logsumexp` are of rows of two; the difference of 1 and a weight close to 1, which cancels,
is the sum of the other weights, and `log_softmax` and `logsumexp` are not 0 where it is less than the spacing of floats. Where
you write these functions yourself, as `exp(x - max(x))` over its sum, the difference cancels; so it does in second derivatives of
`logsumexp` with factors `b`.

Known to be worse and not in the table: the partials of `beta` and `betaln` in the larger argument, `digamma(a) - digamma(a + b)`,
which cancel by ``a / b`` where b is much smaller (4000 ULP at a = 1/2, b = 1e-5); `stats.cauchy.logcdf` where ``1 / x**2`` vanishes.

| function | f64 reverse | forward | compiled | value | f32 reverse | forward | compiled | value |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
"""


def row(case: Case, count: int) -> str:
    start = time.perf_counter()
    cells = [case.name + (" †" if case.scipy else "")]
    for dtype in ("float64", "float32"):
        found = measured(case, dtype, count, seed=1)
        errors = [found.errors[way][0] for way in ("eager", "forward", "compiled")]
        cells += [f"{error:.2g}" if error < 100 else f"{error:.0f}" for error in (*errors, found.value)]
        if max(errors) > found.allowed(case):
            print(f"BEYOND {case.name} {dtype}: {found}", flush=True)
    print(*cells, f"{time.perf_counter() - start:.1f} s", flush=True)
    return "| " + " | ".join(cells) + " |"


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    if len(sys.argv) > 2:
        for case in CASES:
            if case.name in sys.argv[2:]:
                row(case, count)
        return
    rows = [row(case, count) for case in CASES]
    reasons = "; ".join(f"`{case.name}` ({case.bound:.0f}: {case.beyond})" for case in CASES if case.beyond)
    text = HEAD.format(count=count, beyond=f"Beyond it: {reasons}.")
    (ROOT / "docs/accuracy.md").write_text(text + "\n".join(rows) + "\n")


if __name__ == "__main__":
    main()
