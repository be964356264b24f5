"""Programs on XLA against NumPy's: the benchmark's at their small size, and random ones; a campaign, where JAX is installed.

``python tests/compare_xla_programs.py --count 5000 --minutes 10`` prints each disagreement and counts. Random programs are those of
`random_programs`, in all ways of `compare_programs` (values, gradients, tangents, batches); the oracle is the eager function, which
runs NumPy; errors are compared by their class. Several processes share the work: ``--part 0/2`` and ``--part 1/2``.
"""

from __future__ import annotations

import argparse
import collections
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from compare_programs import RELATIVE, _leaves, _nudged, _single, differences, numbered, ways

import wengert as w
from wengert.errors import NotSupportedError, WengertError

FIRST = 230_000  # the number of the first random program
OURS = (WengertError, TypeError, ValueError, IndexError)


def compare(eager: Any, args: Any, slack: float) -> str:
    """ "agrees", "lacks", "ill-conditioned", "fails alike", or what is wrong."""
    wanted: Any = None
    try:
        wanted = eager(*args)
    except OURS as error:
        failure: Exception | None = error
    else:
        failure = None
    compiled = w.jit(eager, backend="xla")
    try:
        got = compiled(*args)
    except NotSupportedError as error:
        if "no rule" in str(error) or "JAX does not compute" in str(error):
            return "lacks: " + str(error).splitlines()[0][:90]
        return f"raises {error!r}"
    except Exception as error:
        if failure is not None:
            return "fails alike" if isinstance(error, type(failure)) else f"raises {error!r}, NumPy {failure!r}"
        return f"raises {type(error).__name__}: {str(error)[:300]}"
    if failure is not None:
        return f"does not raise {failure!r}"
    wrong = differences([np.asarray(x) for x in _leaves(got)], wanted, slack)
    if not wrong:
        return "agrees"
    if "infinities" in wrong and any(
        e.primitive.name.startswith("conv") for e in w.make_program(eager)(*args).equations
    ):
        return "agrees but for padding beside infinite numbers"  # docs/xla.md
    for seed in range(4):
        try:
            if differences(eager(*_nudged(args, seed)), wanted, slack / 16):
                return "ill-conditioned"
        except OURS:
            return "ill-conditioned"
    return wrong


def random_ones(first: int, count: int, step: int, until: float) -> collections.Counter[str]:
    counts: collections.Counter[str] = collections.Counter()
    for seed in range(first, FIRST + count, step):
        if time.process_time() > until:
            break
        program, mode = numbered(seed)
        found = ways(program, program.inputs, mode)
        if found is None:
            counts["does not apply"] += 1
            continue
        _, eager, args = found
        try:
            values = program(*program.inputs)
        except OURS:
            values = ()
        slack = RELATIVE["float32" if _single(program, args, _leaves(values)) else "float64"]
        verdict = compare(eager, args, slack)
        if verdict.partition(":")[0] not in (
            "agrees",
            "agrees but for padding beside infinite numbers",
            "ill-conditioned",
            "fails alike",
            "lacks",
        ):
            print(f"program {seed}, {mode}: {verdict}", flush=True)
            verdict = "disagrees"
        counts[verdict] += 1
        if sum(counts.values()) % 20 == 0:
            print(f"{sum(counts.values())} random programs so far:", dict(counts), flush=True)
    return counts


def benchmark_ones() -> collections.Counter[str]:
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    from benchmarks.compiled import libraries
    from benchmarks.compiled.programs import ROWS

    library = libraries.wengert().library
    counts: collections.Counter[str] = collections.Counter()
    for row in ROWS:
        if any(getattr(library, name) is None for name in row.needs):
            continue
        args = row.tiny(np.random.default_rng(5))
        f = row.build(library)
        f = getattr(f, "__wrapped__", f) if type(f).__name__ == "Jit" else f
        want = w.tree_util.tree_leaves(w.jit(f)(*args))
        try:
            got = [np.asarray(x) for x in w.tree_util.tree_leaves(w.jit(f, backend="xla")(*args))]
            verdict = differences(got, want, 1e-9) or "agrees"
        except Exception as error:  # noqa: BLE001 (told)
            verdict = f"raises {type(error).__name__}: {str(error)[:200]}"
        if verdict != "agrees":
            print(f"benchmark {row.name}: {verdict}", flush=True)
            verdict = "disagrees"
        counts[verdict] += 1
    return counts


def main() -> int:
    options = argparse.ArgumentParser()
    options.add_argument("--count", type=int, default=5000)
    options.add_argument("--minutes", type=float, default=10.0, help="of processor time")
    options.add_argument("--part", default="0/1")
    given = options.parse_args()
    part, parts = map(int, given.part.split("/"))
    warnings.simplefilter("ignore")
    with np.errstate(all="ignore"):
        counts = [benchmark_ones()] if part == 0 else []
        if counts:
            print("benchmark programs:", dict(counts[0]), flush=True)
        counts.append(random_ones(FIRST + part, given.count, parts, 60 * given.minutes))
    print(f"random programs: {sum(counts[-1].values())}", dict(counts[-1]), f"{time.process_time():.0f} s", flush=True)
    return int(any(c["disagrees"] for c in counts))


if __name__ == "__main__":
    sys.exit(main())
