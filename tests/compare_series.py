"""Taylor mode and collapsed second derivatives of written programs, against nested forward mode; and the campaign.

``python tests/compare_series.py 0 10000`` prints a line for each program that disagrees, and counts; with ``10`` behind it
one of ten programs is compiled too, with ``eager`` none. Counts are printed after every 500 programs, from where it can go on.
"""

from __future__ import annotations

import collections
import sys
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from compare_written import EPS, Comparison, Traced
from written_programs import written

import wengert
from wengert.errors import WengertError

ORDER = 3


def nested(f: Callable[[Any], Any], order: int) -> list[list[Any]]:
    """Derivatives of a function of one number at 0, of orders 0 and more, by forward mode of forward mode."""
    found, d = [], f
    for _ in range(order + 1):
        found.append([np.asarray(o) for o in d(0.0)])
        d = (lambda g: lambda t: wengert.jvp(g, (t,), (1.0,))[1])(d)
    return found


def second(f: Callable[..., Any], at: Sequence[Any], row: Sequence[Any]) -> Any:
    """The second derivative along a direction as ``d H d``: at kinks it has the sides of the Hessian, not those of the direction."""
    first = lambda *xs: wengert.jvp(f, xs, tuple(row))[1]  # noqa: E731
    return wengert.jvp(first, tuple(at), tuple(row))[1]


def off(a: Any, b: Any, scale: float) -> float:
    """How far two arrays are apart in units of a scale; where one is not finite the other has to be neither."""
    a, b = np.asarray(a, complex), np.asarray(b, complex)
    if a.shape != b.shape:
        return float("inf")
    good = np.isfinite(a) & np.isfinite(b)
    if np.any(np.isfinite(a) != np.isfinite(b)):
        return float("inf")
    return float(np.max(np.abs(a - b), initial=0.0, where=good)) / scale


def compare(seed: int, compiles: bool = True, beside: bool = False) -> tuple[str, str]:
    """What was found for a seed: "agree", "refused", "skipped" (no float64 arguments), or what disagrees, and words.

    With `beside` the arguments are moved a little, away from ties and jumps where rounding decides about a value.
    """
    program = written(seed, 6)
    args = [np.array(a) for a in program.args]
    smooth = [i for i, a in enumerate(args) if a.dtype in (np.float64, np.complex128)]
    if not smooth or program.narrow or any(n in program.text or n in {a.dtype.name for a in args} for n in EPS):
        return "skipped", ""
    f = program.function(Traced)
    rng = np.random.default_rng([seed, 9])
    if beside:
        for i in smooth:
            args[i] = args[i] + 1e-2 * Comparison._like(args[i], rng)
    rows = [[Comparison._like(args[i], rng) for i in smooth] for _ in range(2)]

    def along(xs: Sequence[Any]) -> list[Any]:
        full = [a.copy() for a in args]
        for i, x in zip(smooth, xs, strict=True):
            full[i] = x
        return [o for o in f(*full) if np.dtype(o.dtype).kind in "fc"]

    at = [args[i] + 0.0 for i in smooth]  # nested modes look at x + 0 * direction, which is no negative zero
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            expected = [
                nested(lambda t, r=r: along([x + t * d for x, d in zip(at, r, strict=True)]), ORDER) for r in rows
            ]
            series = [[d, *[None] * (ORDER - 1)] for d in rows[0]]
            along_rows = [second(lambda *xs: along(xs), at, r) for r in rows]
            value, found = wengert.jet(lambda *xs: along(xs), tuple(at), series)
            by_rows = wengert.laplacian(
                lambda xs: along(xs), directions=[np.stack(parts) for parts in zip(*rows, strict=True)]
            )(at)
            compiled = (
                wengert.jit(lambda *xs: wengert.jet(lambda *v: along(v), xs, series)[1])(*at) if compiles else found
            )
    except WengertError as refusal:
        return "refused", f"{type(refusal).__name__}: {refusal}"
    if np.any([np.max(np.abs(o), initial=0) > 1e12 for d in expected[0] for o in d]):
        return "skipped", ""
    for j, v in enumerate(value):
        scale = 1.0
        for k in range(ORDER + 1):
            scale = max(
                scale, float(np.max(np.abs(expected[0][k][j]), initial=0, where=np.isfinite(expected[0][k][j])))
            )
        checks = [("value", v, expected[0][0][j])]
        checks += [(f"order {k}", found[j][k - 1], expected[0][k][j]) for k in range(1, ORDER + 1)]
        checks += [(f"compiled order {k}", compiled[j][k - 1], expected[0][k][j]) for k in range(1, ORDER + 1)]
        checks.append(("collapsed", by_rows[j], along_rows[0][j] + along_rows[1][j]))
        for what, a, b in checks:
            gap = off(a, b, scale)
            if gap > 1e-6:
                return what, f"result {j}: {gap:.1e} of {scale:.1e} apart\n{program.text}"
    return "agree", ""


def main() -> int:
    first, last = map(int, sys.argv[1:3])
    every = 0 if sys.argv[3:] == ["eager"] else int(sys.argv[3]) if sys.argv[3:] else 1
    counts: collections.Counter[str] = collections.Counter()
    for seed in range(first, last):
        try:
            kind, text = compare(seed, every > 0 and seed % every == 0)
        except Exception as error:
            kind, text = "raised", f"{type(error).__name__}: {error}"
        if kind not in ("agree", "skipped", "refused", "raised") and compare(seed, False, beside=True)[0] == "agree":
            kind = f"at the point alone: {kind}"
        counts[kind] += 1
        if kind not in ("agree", "skipped", "refused"):
            print(f"seed {seed}: {kind}: {text}", flush=True)
        if (seed + 1) % 500 == 0:
            print(f"up to {seed + 1}: {dict(counts)}", flush=True)
    print(dict(counts))
    return 0


if __name__ == "__main__":
    sys.exit(main())
