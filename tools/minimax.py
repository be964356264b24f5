"""Minimax polynomials for `wengert.compile.vectormath`: writes ``coefficients.py`` and
``special_coefficients.py``.

    python tools/minimax.py            # all of them, and the files
    python tools/minimax.py EXP LOG    # only these; the others keep what the files have

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
FOLDER = pathlib.Path(__file__).parent.parent / "src/wengert/compile/vectormath"
ELEMENTARY, SPECIAL = FOLDER / "coefficients.py", FOLDER / "special_coefficients.py"
HEADER = '''"""Coefficients of the minimax polynomials{of}, constant term first. Written by ``tools/minimax.py``; do not edit."""

'''
OF = {ELEMENTARY: "", SPECIAL: " of error functions, Bessel and gamma functions"}
Function = Callable[[mp.mpf], mp.mpf]


@dataclass
class Fit:
    """A polynomial in `u` on an interval that approximates `target`; `weight` makes its error a relative one."""

    meaning: str
    target: Function
    weight: Function
    interval: tuple[float, float]
    degrees: dict[str, int]  # LLVM type -> degree


def remez(grid: list[mp.mpf], values: list[mp.mpf], weights: list[mp.mpf], degree: int) -> list[mp.mpf]:
    """The polynomial p of a degree that minimises ``max |weights (p - values)|`` over a dense grid."""
    n = degree + 2
    middle, half = (grid[0] + grid[-1]) / 2, (grid[-1] - grid[0]) / 2
    scaled = [(u - middle) / half for u in grid]
    picks = [round((len(grid) - 1) * i / (n - 1)) for i in range(n)]
    coefficients: list[mp.mpf] = []
    for _ in range(30):
        rows = [[scaled[p] ** k for k in range(degree + 1)] + [(-1) ** i / weights[p]] for i, p in enumerate(picks)]
        solution = mp.lu_solve(mp.matrix(rows), mp.matrix([values[p] for p in picks]))
        coefficients, level = list(solution[: degree + 1]), abs(solution[degree + 1])
        errors = [w * (mp.polyval(coefficients[::-1], t) - v) for t, v, w in zip(scaled, values, weights)]
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
        if max(map(abs, errors)) < level * mp.mpf("1.02"):
            break
    # from the scaled variable t = (u - middle) / half back to u
    out = [mp.mpf(0)] * (degree + 1)
    for k, c in enumerate(coefficients):
        for j in range(k + 1):
            out[j] += c * mp.binomial(k, j) * (-middle) ** (k - j) / half**k
    return out


def least_squares(grid: list[mp.mpf], values: list[mp.mpf], weights: list[mp.mpf], degree: int) -> list[mp.mpf]:
    """The polynomial of least weighted squares on Chebyshev's nodes, nearly minimax."""
    rows = [[w * u**k for k in range(degree + 1)] for u, w in zip(grid, weights, strict=True)]
    a, b = mp.matrix(rows), mp.matrix([w * v for w, v in zip(weights, values, strict=True)])
    return list(mp.lu_solve(a.T * a, a.T * b))


def rounded(value: mp.mpf, type: str) -> float:
    return float(np.float32(float(value))) if type == "float" else float(value)


def fit(spec: Fit, type: str) -> tuple[list[float], float]:
    """The rounded coefficients and their largest error.

    Each coefficient is rounded in turn and the later ones are fitted again to make up for it: by exchange on an interval
    on one side of 0, by least squares (or not at all, if that is better) on others, where the rest of the polynomial
    cannot move the value at 0.
    """
    low, high = map(mp.mpf, spec.interval)
    degree = spec.degrees[type]
    count = 16 * (degree + 2)
    grid = [(low + high) / 2 - (high - low) / 2 * mp.cos(mp.pi * mp.mpf(i + 0.5) / count) for i in range(count)]
    target, weights = [spec.target(u) for u in grid], [abs(spec.weight(u)) for u in grid]

    def in_turn(method: Callable[..., list[mp.mpf]]) -> list[float]:
        p: list[float] = []
        rest = list(zip(grid, target, weights, strict=True))
        for k in range(degree + 1):
            # Points beside 0, where the weight vanishes, only make the equations singular.
            largest = max(w for _, _, w in rest)
            rest = [point for point in rest if point[2] > mp.mpf(10) ** -12 * largest]
            p.append(rounded(method(*map(list, zip(*rest, strict=True)), degree - k)[0], type))
            rest = [(u, (v - p[-1]) / u, w * abs(u)) for u, v, w in rest]
        return p

    def error(p: list[float]) -> float:
        return float(max(a * abs(mp.polyval(p[::-1], u) - v) for u, v, a in zip(grid, target, weights, strict=True)))

    if low < 0 < high:
        ways = [[rounded(c, type) for c in remez(grid, target, weights, degree)], in_turn(least_squares)]
    else:
        ways = [in_turn(remez)]
    best = min(ways, key=error)
    return best, error(best)


# --- what is approximated -----------------------------------------------------------------------------------------


def safe(f: Function) -> Function:
    """`f` with a removable singularity at 0: with digits enough for the cancellation beside it."""

    def evaluate(u: mp.mpf) -> mp.mpf:
        with mp.workdps(mp.mp.dps + 45):
            return f(u if abs(u) > mp.mpf(10) ** -12 else mp.mpf(10) ** -12)

    return evaluate


def odd(f: Function, u: mp.mpf) -> mp.mpf:
    """``(f(t) / t - 1) / t**2`` in ``u = t**2``: an odd function is ``t + t**3 p(t**2)``."""
    t = mp.sqrt(u)
    return (f(t) / t - 1) / u


def of_odd(f: Function, meaning: str, high: float, degrees: dict[str, int]) -> Fit:
    """The fit of an odd function on ``[0, sqrt(high)]``, relative to it."""
    weight = safe(lambda u: u * mp.sqrt(u) / f(mp.sqrt(u)))
    return Fit(
        f"({meaning}(t) / t - 1) / t**2 in u = t**2, relative", safe(lambda u: odd(f, u)), weight, (0.0, high), degrees
    )


def erfcx(a: mp.mpf) -> mp.mpf:
    if a > 40:
        return mp.nsum(lambda k: (-1) ** k * mp.fac2(2 * k - 1) / (2 * a * a) ** k, [0, 20]) / (a * mp.sqrt(mp.pi))
    return mp.exp(a * a) * mp.erfc(a)


ERFCX_SHIFT = 4


def scaled_erfcx(t: mp.mpf) -> mp.mpf:
    a = ERFCX_SHIFT * (1 + t) / (1 - t)
    return (a + mp.mpf(0.5)) * erfcx(a)


def erfinv_ratio(w: mp.mpf) -> mp.mpf:
    """``erfinv(x) / x`` where ``w = -log(1 - x**2)``."""
    x = mp.sqrt(-mp.expm1(-w))
    with mp.workdps(80):
        y = mp.mpf(mp.erfinv(x)) if x < mp.mpf("0.99") else _erfcinv(1 - mp.sqrt(1 - mp.exp(-w)))
    return y / x


def _erfcinv(c: mp.mpf) -> mp.mpf:
    y = mp.sqrt(-mp.log(c) - mp.log(-mp.log(c)) / 2)
    return mp.findroot(lambda t: mp.log(mp.erfc(t)) - mp.log(c), y)


def stirling_rest(a: mp.mpf) -> mp.mpf:
    return mp.loggamma(a) - (a - 0.5) * mp.log(a) + a - mp.log(2 * mp.pi) / 2


def of_erfinv(meaning: str, w: Function, interval: tuple[float, float], degrees: dict[str, int]) -> Fit:
    return Fit(
        f"erfinv(x) / x in u = {meaning}, w = -log(1 - x**2), relative",
        lambda u: erfinv_ratio(w(u)),
        lambda u: 1 / erfinv_ratio(w(u)),
        interval,
        degrees,
    )


def scaled_bessel(order: int, x: mp.mpf) -> mp.mpf:
    """``exp(-x) sqrt(x) I(x)``."""
    return mp.exp(-x) * mp.sqrt(x) * mp.besseli(order, x)


def _erfinv_far(s: mp.mpf) -> mp.mpf:
    """``erfinv(x) / s`` where ``s**2 = -log(1 - x**2)`` is so large that x is 1."""
    y = s
    with mp.workdps(60):
        c = -mp.expm1(mp.log1p(-mp.exp(-s * s)) / 2)  # 1 - x
        for _ in range(60):
            step = (mp.log(mp.erfc(y)) - mp.log(c)) * mp.erfc(y) * mp.sqrt(mp.pi) / 2 * mp.exp(y * y)
            y += step
            if abs(step) < mp.mpf(10) ** -50:
                break
    return y / s


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
    "EXP_SHORT": Fit(
        "(exp(u) - 1 - u) / u**2, for results rounded to float",
        safe(lambda u: (mp.expm1(u) - u) / u**2),
        safe(lambda u: u**2 / mp.exp(u)),
        (-LN2_2, LN2_2),
        {"double": 4},
    ),
    "COSH": Fit(
        "(cosh(r) - 1) / r**2 in u = r**2, relative to cosh(r)",
        safe(lambda u: (mp.cosh(mp.sqrt(u)) - 1) / u),
        safe(lambda u: u / mp.cosh(mp.sqrt(u))),
        (0.0, LN2_2**2),
        {"float": 2, "double": 4},
    ),
    "SINH": of_odd(mp.sinh, "sinh", LN2_2**2, {"float": 2, "double": 4}),
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
    "LOG_QUOTIENT_SHORT": Fit(
        "(2 artanh(s) - 2 s) / s**3 in u = s**2, for results rounded to float",
        safe(lambda u: (2 * mp.atanh(mp.sqrt(u)) - 2 * mp.sqrt(u)) / mp.sqrt(u) ** 3),
        safe(lambda u: mp.sqrt(u) ** 3 / (2 * mp.atanh(mp.sqrt(u)))),
        (0.0, 0.02944),
        {"double": 3},
    ),
    "LOG_QUOTIENT_REST": Fit(
        "(artanh(s) / s - 1 - s**2 / 3) / s**4 in u = s**2, relative to artanh(s) / s",
        safe(lambda u: (mp.atanh(mp.sqrt(u)) / mp.sqrt(u) - 1 - u / 3) / u**2),
        safe(lambda u: u**2 * mp.sqrt(u) / mp.atanh(mp.sqrt(u))),
        (0.0, 0.02944),
        {"double": 6},
    ),
    "SIN": of_odd(mp.sin, "sin", HALF_PI**2, {"float": 3, "double": 7}),
    "SIN_QUARTER": of_odd(mp.sin, "sin", 0.65, {"float": 2, "double": 5}),
    "COS_QUARTER": Fit(
        "(cos(r) - 1) / r**2 in u = r**2, relative to cos(r)",
        safe(lambda u: (mp.cos(mp.sqrt(u)) - 1) / u),
        safe(lambda u: u / mp.cos(mp.sqrt(u))),
        (0.0, 0.65),
        {"float": 3, "double": 6},
    ),
    "ARCSIN": of_odd(mp.asin, "arcsin", 0.25, {"float": 4, "double": 11}),
    "ARCTAN": of_odd(mp.atan, "arctan", 0.1716, {"float": 4, "double": 10}),
    "INVERSE_CBRT": Fit(
        "u**(-1/3), relative", lambda u: 1 / mp.cbrt(u), lambda u: mp.cbrt(u), (0.499, 4.01), {"float": 5, "double": 5}
    ),
    "ERF": Fit(
        "erf(x) / x - 1 in u = x**2, relative to erf(x) / x",
        safe(lambda u: mp.erf(mp.sqrt(u)) / mp.sqrt(u) - 1),
        safe(lambda u: mp.sqrt(u) / mp.erf(mp.sqrt(u))),
        (0.0, 0.4225),
        {"float": 4, "double": 9},
    ),
    "ERF_FAR": Fit(
        "-log(erfc(a)) in a, relative to erf(a)",
        lambda a: -mp.log(mp.erfc(a)),
        lambda a: mp.erfc(a) / mp.erf(a),
        (0.65, 5.95),
        {"float": 6, "double": 20},
    ),
    "ERFCX": Fit(
        "(a + 1/2) erfcx(a) in u = (a - 4) / (a + 4), relative",
        lambda u: scaled_erfcx(u),
        lambda u: 1 / scaled_erfcx(u),
        (-1.0, 1.0 - 1e-9),
        {"float": 12, "double": 23},
    ),
    "ERFINV_CENTRE": of_erfinv("w - 3.125", lambda u: u + 3.125, (-3.125, 3.125), {"float": 10, "double": 23}),
    "ERFINV_MIDDLE": of_erfinv("sqrt(w) - 3.25", lambda u: (u + 3.25) ** 2, (-0.75, 0.75), {"float": 7, "double": 19}),
    "ERFINV_TAIL": of_erfinv("sqrt(w) - 5", lambda u: (u + 5) ** 2, (-1.0, 1.07), {"double": 18}),
    "NDTRI_FAR": Fit(
        "erfinv(x) / s in u = (s - 13) / (s + 13), s = sqrt(-log(1 - x**2)), relative",
        lambda u: _erfinv_far(13 * (1 + u) / (1 - u)),
        lambda u: 1 / _erfinv_far(13 * (1 + u) / (1 - u)),
        (-0.366, 0.357),
        {"double": 22},
    ),
    "I0": Fit(
        "(I0(2 sqrt(u)) - 1) / u, relative to I0",
        safe(lambda u: (mp.besseli(0, 2 * mp.sqrt(u)) - 1) / u),
        safe(lambda u: u / mp.besseli(0, 2 * mp.sqrt(u))),
        (0.0, 36.0),
        {"double": 18},
    ),
    "I1": Fit(
        "(I1(2 sqrt(u)) / sqrt(u) - 1) / u, relative to I1 / sqrt(u)",
        safe(lambda u: (mp.besseli(1, 2 * mp.sqrt(u)) / mp.sqrt(u) - 1) / u),
        safe(lambda u: u * mp.sqrt(u) / mp.besseli(1, 2 * mp.sqrt(u))),
        (0.0, 36.0),
        {"double": 18},
    ),
    "I0_LARGE": Fit(
        "exp(-x) sqrt(x) I0(x) in u = 1 / x, relative",
        safe(lambda u: scaled_bessel(0, 1 / u)),
        safe(lambda u: 1 / scaled_bessel(0, 1 / u)),
        (1e-7, 1 / 12),
        {"double": 22},
    ),
    "I1_LARGE": Fit(
        "exp(-x) sqrt(x) I1(x) in u = 1 / x, relative",
        safe(lambda u: scaled_bessel(1, 1 / u)),
        safe(lambda u: 1 / scaled_bessel(1, 1 / u)),
        (1e-7, 1 / 12),
        {"double": 22},
    ),
    "I0_LESS_I1": Fit(
        "exp(-x) x sqrt(x) (I0(x) - I1(x)) in u = 1 / x, relative",
        safe(lambda u: (scaled_bessel(0, 1 / u) - scaled_bessel(1, 1 / u)) / u),
        safe(lambda u: u / (scaled_bessel(0, 1 / u) - scaled_bessel(1, 1 / u))),
        (1e-7, 1 / 12),
        {"double": 25},
    ),
    "GAMMALN": Fit(
        "gammaln(3/2 + u) / (u**2 - 1/4), relative",
        lambda u: mp.loggamma(1.5 + u) / (u * u - 0.25),
        lambda u: (u * u - 0.25) / mp.loggamma(1.5 + u),
        (-0.5, 0.5),
        {"double": 20},
    ),
    "GAMMALN_REST": Fit(
        "(gammaln(a) - (a - 1/2) log(a) + a - log(2 pi) / 2) a in u = a**-2, relative to gammaln(5)",
        lambda u: stirling_rest(1 / mp.sqrt(u)) / mp.sqrt(u),
        lambda u: mp.sqrt(u) / 3.1,
        (1e-7, 5.0**-2),
        {"double": 7},
    ),
    "DIGAMMA_REST": Fit(
        "(log(z) - 1 / (2 z) - digamma(z)) z**2 in u = z**-2, relative to digamma(5.5)",
        lambda u: (mp.log(1 / mp.sqrt(u)) - mp.sqrt(u) / 2 - mp.digamma(1 / mp.sqrt(u))) / u,
        lambda u: u / 1.6,
        (1e-7, 5.5**-2),
        {"double": 7},
    ),
}


def main(names: list[str]) -> None:
    kept = [block for target in OF if target.exists() for block in target.read_text().split("\n\n")[1:]]
    blocks: dict[str, str] = {}
    for block in kept:
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
    write({name: blocks[name] for name in SPECS})


def write(blocks: dict[str, str]) -> None:
    """Both files, of blocks in the order of `SPECS`: from ``ERF`` on they belong to special functions."""
    names = list(blocks)
    first = names.index("ERF")
    for target, some in ((ELEMENTARY, names[:first]), (SPECIAL, names[first:])):
        target.write_text(HEADER.format(of=OF[target]) + "\n\n".join(blocks[name] for name in some) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
