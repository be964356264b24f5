"""Measures first derivatives over the whole range of floats, and writes ``docs/accuracy.md`` and ``docs/campaigns/tails.md``.

python tools/accuracy_table.py [number of arguments for each function] [names]

With names (of functions, or beginnings of theirs with ``*``) only those rows are measured again.
"""

from __future__ import annotations

import pathlib
import sys
import time

ROOT = pathlib.Path(__file__).parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from accuracy_cases import CASES, Case  # noqa: E402
from accuracy_reference import measured  # noqa: E402
from accuracy_special import EACH  # noqa: E402
from accuracy_statistics import TAILS  # noqa: E402

HEAD = """# How exact first derivatives are

Written by `python tools/accuracy_table.py`; `tests/test_accuracy.py` measures a part of it again.

Errors of first derivatives in units in the last place (ULP), divided by the condition of the derivative where that is more
than 1: by how much it magnifies relative changes of the arguments, which are rounded before anything is computed. The
largest over some {count} arguments for each function and format: spread evenly by exponent over all normal numbers, evenly
over the interval where the function is not constant, and close to poles and zeros; those are left out where the exact
value or derivative is no normal number. Exact are difference quotients of the function in up to 6400 bits, which know no
derivative rule. *Reverse* is `grad`, *forward* `jvp`, *compiled* `jit(grad)`; *value* is the error of the function itself.

Run on 30 November 2026, all rows on commit 3c6b727, but `i0`, `i1`, `i0e`, `i1e` and `ndtri`, whose compiled code is another since 2a2fe31 ([vectormath.md](vectormath.md)), on
38336e4.

The bound is 16; for functions that SciPy computes (marked †) it is four times the error of SciPy's value, where that is
more. {beyond}

Second derivatives are derivatives of the same formulas; quotients, logarithms and arctan2 form no squares that overflow or
vanish on the way, so that `hessian` of `1e200 * x / (1e200 * x + 1e200)` is as exact as that of `x / (x + 1)`.

Those of `softmax`, `log_softmax` and `logsumexp` are of rows of two; the difference of 1 and a weight close to 1, which cancels,
is the sum of the other weights, and `log_softmax` and `logsumexp` are not 0 where it is less than the spacing of floats. Where
you write these functions yourself, as `exp(x - max(x))` over its sum, the difference cancels; so it does in second derivatives of
`logsumexp` with factors `b` that are negative, 0 or traced.

The functions of the distributions and the special functions of several arguments are in [another table](campaigns/tails.md).

| function | f64 reverse | forward | compiled | value | f32 reverse | forward | compiled | value |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
"""


TAILS_HEAD = """# How exact derivatives are in the tails

Written by `python tools/accuracy_table.py`; `tests/test_accuracy.py` measures a part of it again, one function for each cause that was
found, and holds the page to its bounds.

Every function of every distribution on the line (of `gennorm` the densities), in the variable and in each shape parameter, and the special functions of several
arguments, in each argument that has a derivative: errors as in [the table of functions of one argument](../accuracy.md), the largest
over {count} arguments in each format; an empty cell where none of them had a value and a
derivative that are normal numbers. Exact are difference quotients of definitions in mpmath, which know no derivative rule.
{run}
{beyond}

What the first run found, by cause:

| cause | functions | before, f64 ULP | now |
| --- | --- | --- | --- |
| ``psi(a + b) - psi(a)`` cancels where b is small | `beta`, `betaln`, `binom`, `comb`, `poch` | up to 3e15 | a sum of differences that do not |
| the norm and the exponent of Student's density, each nearly constant in many degrees of freedom | `t`, `stdtr`, `stdtrit` | 800 to 1e270 | two functions of their own |
| tails as a difference from the middle | `stdtr` in `df` from ``t**2 > 1.5`` on | 3e9 | integrated as tails |
| exponents of hundreds, rounded, in densities | `gammainc` and `betainc` in their parameters, all inverses | 10 to 1e11 | by the distance from the peak; \
quotients of density and probability without exponents |
| ``1 - x`` of a result close to 1 | `betaincinv`, `beta.isf` | 3e11 | the complement, `betainccinv` |
| slopes that vanish at the mode | `logistic`, `gumbel_r`, `gumbel_l` `.pdf`, `.logpdf` | 1e10 | ``tanh``, ``expm1`` |
| squares that overflow or vanish | `cauchy.logpdf`, `.logcdf`, `.logsf`, `t.pdf` | 1e16 | logarithms of the argument apart |
| probabilities that underflow | `.logcdf`, `.logsf` of `gamma`, `chi2`, `invgamma`, `beta`, `t` | infinite | logarithms of their own |
| ``1 - 2 ndtr(-x)``, ``ndtr(b) - ndtr(a)`` | `halfnorm`, `truncnorm` | 1e15 | `erf`; Mills' ratios, Gauss's rule |
| neighbouring orders that cancel | `ive` of fractional orders, `struve`, `elliprg`, `lpmv` at 1 | 60 to 5e6 | integrals; other recurrences |
| ``1 - (1 - p)`` | `ellipkm1` | infinite | p itself |
| ``(a + 1) - 1`` in a series; small `a` as a difference | `hyp1f1` in `b` | 3e7 | from `a` on; `a` as a factor |

| function | f64 reverse | forward | compiled | value | f32 reverse | forward | compiled | value |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
"""
PAGES = {"docs/accuracy.md": (HEAD, CASES), "docs/campaigns/tails.md": (TAILS_HEAD, [*TAILS, *EACH])}
RUN = """
Run on 30 November 2026, all rows on commit 3c6b727, SciPy 1.17.1, on a machine that others used too; no row is beyond its bound."""


def row(case: Case, count: int) -> str:
    start = time.perf_counter()
    cells = [case.name + (" †" if case.scipy else "")]
    for dtype in ("float64", "float32"):
        found = measured(case, dtype, count, seed=1)
        if not found.errors:
            cells += [""] * 4
            continue
        errors = [found.errors[way][0] for way in ("eager", "forward", "compiled")]
        cells += [f"{error:.2g}" if error < 100 else f"{error:.0f}" for error in (*errors, found.value)]
        if max(errors) > found.allowed(case):
            print(f"BEYOND {case.name} {dtype}: {found}", flush=True)
    print(*cells, f"{time.perf_counter() - start:.1f} s", flush=True)
    return "| " + " | ".join(cells) + " |"


def chosen(case: Case, names: list[str]) -> bool:
    return any(case.name == n or (n.endswith("*") and case.name.startswith(n[:-1])) for n in names)


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    names = sys.argv[2:]
    for page, (head, cases) in PAGES.items():
        path = ROOT / page
        lines = path.read_text().splitlines() if path.exists() else []
        known = {line[2:].split(" | ")[0].removesuffix(" †"): line for line in lines if line.startswith("| ")}
        for case in cases:
            if not names or chosen(case, names):
                known[case.name] = row(case, count)
        reasons = "; ".join(f"`{case.name}` ({case.bound:.0f}: {case.beyond})" for case in cases if case.beyond)
        text = head.format(count=count, beyond=f"Beyond it: {reasons}.", run=RUN)
        path.write_text(text + "\n".join(known[case.name] for case in cases if case.name in known) + "\n")


if __name__ == "__main__":
    main()
