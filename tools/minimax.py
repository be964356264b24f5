"""Minimax polynomials for `wengert.compile.vectormath`: writes ``coefficients.py``.

    python tools/minimax.py            # all of them, and the file
    python tools/minimax.py EXP LOG    # only these; the others keep what the file has

Each is the polynomial of least maximal weighted error, found by the exchange algorithm of E. Remez (1934), in 45-digit
arithmetic, then rounded to the format; the error written beside it is that of the rounded polynomial, relative to the
function it stands for.
"""

from __future__ import annotations

import ast
import pathlib
import sys
from collections.abc import Callable
from dataclasses import dataclass

import mpmath as mp
import numpy as np

mp.mp.dps = 45
TARGET = pathlib.Path(__file__).parent.parent / "src/wengert/compile/vectormath/coefficients.py"
HEADER = '''"""Coefficients of the minimax polynomials, constant term first. Written by ``tools/minimax.py``; do not edit."""

'''
Function = Callable[[mp.mpf], mp.mpf]


@dataclass
class Fit:
    """A polynomial in `u` on an interval that approximates `target`; `weight` makes its error a relative one."""

    meaning: str
    target: Function
    weight: Function
    interval: tuple[float, float]
    degrees: dict[str, int]  # LLVM type -> degree


def remez(f: Function, w: Function, low: mp.mpf, high: mp.mpf, degree: int) -> list[mp.mpf]:
    """The polynomial p of a degree that minimises ``max |w (p - f)|``."""
    n = degree + 2
    middle, half = (low + high) / 2, (high - low) / 2
    # Sampled once, on a grid dense near the ends as the extrema are.
    count = 24 * n
    grid = [middle - half * mp.cos(mp.pi * (mp.mpf(i) + mp.mpf("0.37")) / (count + 1)) for i in range(count + 1)]
    scaled = [(u - middle) / half for u in grid]
    values, weights = [f(u) for u in grid], [abs(w(u)) for u in grid]
    picks = [round(count * i / (n - 1)) for i in range(n)]
    coefficients: list[mp.mpf] = []
    for _ in range(30):
        rows = [[scaled[p] ** k for k in range(degree + 1)] + [(-1) ** i / weights[p]] for i, p in enumerate(picks)]
        solution = mp.lu_solve(mp.matrix(rows), mp.matrix([values[p] for p in picks]))
        coefficients, level = list(solution[: degree + 1]), abs(solution[degree + 1])
        errors = [wt * (mp.polyval(coefficients[::-1], t) - v) for t, v, wt in zip(scaled, values, weights)]
        # One extremum in each run of equal signs; the smaller ends are dropped until n are left.
        runs: list[int] = []
        for i, e in enumerate(errors):
            if runs and (errors[runs[-1]] > 0) == (e > 0):
                if abs(e) > abs(errors[runs[-1]]):
                    runs[-1] = i
            else:
                runs.append(i)
        while len(runs) > n:
            runs.pop(0 if abs(errors[runs[0]]) < abs(errors[runs[-1]]) else -1)
        if len(runs) < n:
            break  # as good as the arithmetic resolves
        picks = runs
        if max(map(abs, errors)) < level * mp.mpf("1.01"):
            break
    # from the scaled variable t = (u - middle) / half back to u
    out = [mp.mpf(0)] * (degree + 1)
    for k, c in enumerate(coefficients):
        for j in range(k + 1):
            out[j] += c * mp.binomial(k, j) * (-middle) ** (k - j) / half**k
    return out


def rounded(value: mp.mpf, type: str) -> float:
    return float(np.float32(float(value))) if type == "float" else float(value)


def fit(spec: Fit, type: str) -> tuple[list[float], float]:
    low, high = map(mp.mpf, spec.interval)
    p = [rounded(c, type) for c in remez(spec.target, spec.weight, low, high, spec.degrees[type])]
    points = [low + (high - low) * mp.mpf(i + 0.5) / 1000 for i in range(1000)]
    error = max(abs(spec.weight(u) * (mp.polyval(p[::-1], u) - spec.target(u))) for u in points)
    return p, float(error)


# --- what is approximated -----------------------------------------------------------------------------------------


def safe(f: Function) -> Function:
    """`f` with a removable singularity at 0: with digits enough for the cancellation beside it."""

    def evaluate(u: mp.mpf) -> mp.mpf:
        with mp.workdps(mp.mp.dps + 45):
            return f(u if abs(u) > mp.mpf(10) ** -12 else mp.mpf(10) ** -12)

    return evaluate


LN2_2 = float(mp.log(2) / 2) * 1.003
HALF_PI = float(mp.pi / 2) + 0.02
SPECS: dict[str, Fit] = {
    "EXP": Fit(
        "(exp(u) - 1 - u) / u**2, relative to expm1(u)",
        safe(lambda u: (mp.expm1(u) - u) / u**2),
        safe(lambda u: u**2 / mp.expm1(u)),
        (-LN2_2, LN2_2),
        {"float": 4, "double": 9},
    ),
    "LOG": Fit(
        "(log1p(u) - u) / u**2, relative to log1p(u)",
        safe(lambda u: (mp.log1p(u) - u) / u**2),
        safe(lambda u: u**2 / mp.log1p(u)),
        (0.5**0.5 - 1, 2**0.5 - 1),
        {"float": 8},
    ),
    "LOG_QUOTIENT": Fit(
        "(2 artanh(s) - 2 s) / s**3 in u = s**2, relative to 2 artanh(s)",
        safe(lambda u: (2 * mp.atanh(mp.sqrt(u)) - 2 * mp.sqrt(u)) / mp.sqrt(u) ** 3),
        safe(lambda u: mp.sqrt(u) ** 3 / (2 * mp.atanh(mp.sqrt(u)))),
        (0.0, 0.02944),
        {"double": 6},
    ),
    "SIN": Fit(
        "(sin(r) / r - 1) / r**2 in u = r**2, relative to sin(r)",
        safe(lambda u: (mp.sin(mp.sqrt(u)) / mp.sqrt(u) - 1) / u),
        safe(lambda u: u * mp.sqrt(u) / mp.sin(mp.sqrt(u))),
        (0.0, HALF_PI**2),
        {"float": 3, "double": 7},
    ),
}


def main(names: list[str]) -> None:
    kept = TARGET.read_text() if TARGET.exists() else ""
    blocks: dict[str, str] = {}
    for block in kept.split("\n\n")[1:]:
        for node in ast.parse(block).body:
            if isinstance(node, ast.Assign):
                blocks[node.targets[0].id] = block.strip("\n")  # type: ignore[attr-defined]
    for name, spec in SPECS.items():
        if names and name not in names and name in blocks:
            continue
        lines = [f"# {spec.meaning}", f"{name} = {{"]
        for type in spec.degrees:
            p, error = fit(spec, type)
            low, high = spec.interval
            note = f"error 2**{np.log2(error):.1f} on [{low:.4g}, {high:.4g}]"
            lines += [f'    "{type}": (  # {note}', *[f"        {c!r}," for c in p], "    ),"]
            print(name, type, note, flush=True)
        blocks[name] = "\n".join([*lines, "}"])
    TARGET.write_text(HEADER + "\n\n".join(blocks[name] for name in SPECS) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
