"""Programs of functions with poles and infinite slopes, drawn at random: the orders of the modes are compared with each other.

Those of `special_programs`, with roots, logarithms, quotients, powers, norms, and infinite numbers. A finding is an entry of a
gradient or a Hessian that is finite in one order and not in another, or another finite number; of compiled derivatives also
infinite and NaN where eager ones are not the same. NaN beside an infinity of eager ones is no finding: forward mode adds up
infinite tangents, reverse mode finite factors (`docs/edges.md`).

    python -W ignore tests/steep_programs.py FIRST LAST [--eager]
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import special_programs
from special_programs import COMPILED, FIRST, SECOND

import wengert.numpy as wnp
from wengert import lax
from wengert.scipy import special

V = np.array
STEEP: dict[str, dict[str, Any]] = {
    "UNARY": {
        "sqrt": wnp.sqrt, "log": wnp.log, "1/x": lambda x: 1 / x, "cbrt": wnp.cbrt, "arcsin": wnp.arcsin, "arctanh": wnp.arctanh,
        "x**0.5": lambda x: x**0.5, "x**1.5": lambda x: x**1.5, "x**-1": lambda x: x**-1, "entr": special.entr, "log1p": wnp.log1p,
        "arccosh": wnp.arccosh, "logit": special.logit, "x log x": lambda x: special.xlogy(x, x), "infinite": lambda x: x * np.inf,
        "1/sqrt": lambda x: 1 / wnp.sqrt(x), "overflow": lambda x: wnp.exp(500 * x),
    },
    "BINARY": {
        "/": lambda x, y: x / y, "x**y": lambda x, y: x**y, "hypot": wnp.hypot, "xlogy": special.xlogy, "arctan2": wnp.arctan2,
        "where sqrt": lambda x, y: wnp.where(x > 0, wnp.sqrt(x), y), "where log": lambda x, y: wnp.where(x != 0, y, wnp.log(x)),
        "mod": wnp.mod,
    },
    "MANY": {
        "norm": wnp.linalg.norm, "std": wnp.std, "norm 3": lambda v: wnp.linalg.norm(v, 3), "index": lambda v: wnp.sqrt(v)[1],
        "slice": lambda v: wnp.sum(wnp.log(v)[1:]), "sort": lambda v: wnp.sqrt(wnp.sort(v))[2], "max": lambda v: wnp.max(wnp.sqrt(v)),
        "root of min": lambda v: wnp.sqrt(wnp.min(v)), "scan": lambda v: lax.scan(lambda c, t: (c + t, wnp.sqrt(t)), 0.0, v)[1][2],
        "while": lambda v: lax.while_loop(lambda c: c[0] < 2, lambda c: (c[0] + 1, wnp.sqrt(c[1]) * v), (0, v))[1][2],
        "cond": lambda v: lax.cond(v[0] > 0.7, lambda: wnp.sqrt(v)[1] * v[2], lambda: wnp.log(v)[2] * 1.0),
        "cumsum": lambda v: wnp.cumsum(wnp.log(v))[0], "take": lambda v: wnp.take(1 / v, V([2, 1])) @ v[:2],
        "mask": lambda v: wnp.sum(wnp.log(v), where=V([True, False, True])), "split": lambda v: wnp.split(wnp.sqrt(v), 3)[1][0],
        "fori": lambda v: lax.fori_loop(0, 2, lambda i, c: c * v[i + 1] + wnp.sqrt(v[1]), v[2]),
    },
}  # fmt: skip
USUAL, WILD = (0.0, 0.0, 1.0, 0.5, 2.0), (0.0, 0.0, 1.0, 1.0, -1.0, 0.5, 2.0, np.inf)


def _kinds(a: np.ndarray) -> np.ndarray:
    return np.where(np.isnan(a), 2, np.where(np.isinf(a), 1, 0))


def _differ(a: np.ndarray, b: np.ndarray, exactly: bool) -> bool:
    p, q = (_kinds(a), _kinds(b)) if exactly else (~np.isfinite(a), ~np.isfinite(b))
    both = np.isfinite(a) & np.isfinite(b)
    scale = 1 + np.abs(b[both]).max(initial=0)
    return bool((p != q).any()) or not np.allclose(a[both], b[both], rtol=1e-6, atol=1e-6 * scale)


def main(first: int, last: int, compiled: bool) -> None:
    np.seterr(all="ignore")
    for group, more in STEEP.items():
        getattr(special_programs, group).update({k: (f, None) for k, f in more.items()})
    bad = 0
    for number in range(first, last):
        rng = np.random.default_rng(number)
        n = int(rng.integers(1, 4))
        e = special_programs.program(rng, n, int(rng.integers(1, 5)))
        at = V([float(rng.choice(WILD if rng.random() < 0.3 else USUAL)) for _ in range(n)])
        found = []
        for ways in (FIRST, SECOND | COMPILED):
            given = {k: np.asarray(d(lambda v: special_programs.value(e, v, False))(at)) for k, d in ways.items() if compiled or "compiled" not in k and k != "hessian"}  # fmt: skip
            start, want = next(iter(given.items()))
            found += [
                f"{start} {want.tolist()} {k} {a.tolist()}" for k, a in given.items() if _differ(a, want, exactly=False)
            ]
            for k, a in given.items():
                eager = given.get(k.removeprefix("compiled "))
                if k.startswith("compiled ") and eager is not None and _differ(a, eager, exactly=True):
                    found.append(f"{k} {a.tolist()} eager {eager.tolist()}")
        if found:
            bad += 1
            print(number, e, at.tolist(), *found, sep="\n    ", flush=True)
    print(f"{last - first} programs, {bad} with findings")


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), "--eager" not in sys.argv)
