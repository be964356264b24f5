"""Takes the numbers of rows in one precision, in one process: ``python -m benchmarks.compiled.measure`` (see `runner`).

JAX's precision is a setting of the process, and a row that ends its process must not take the others with it; so the
runner starts this file with the rows to measure, and reads a line of JSON for each row.
"""

from __future__ import annotations

import gc
import json
import math
import os
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import optree

from benchmarks import harness

from .libraries import MAKERS, Runtime, disk_cache
from .programs import ROWS
from .row import Row

FROM_NUMPY = "jax from NumPy"
COPY = "copy"
BATCH = 3e-4  # seconds: shorter runs are timed many at once, so that reading the clock costs nothing
LONG = 0.02  # seconds: longer runs are not repeated before the next library's turn


def arguments(row: Row, dtype: str, tiny: bool = False) -> Any:
    """The row's arguments as NumPy arrays of one precision, of integers too; the same at every call."""

    def cast(x: Any) -> np.ndarray:
        x = np.asarray(x)
        kinds = {"f": dtype, "i": dtype.replace("float", "int")}
        return x.astype(kinds[x.dtype.kind]) if x.dtype.kind in kinds else x

    return optree.tree_map(cast, (row.tiny if tiny else row.inputs)(np.random.default_rng(0)))


def disagreement(got: list[np.ndarray], want: list[np.ndarray], rtol: float) -> str | None:
    """In what two results differ, or None; differences are in units of the largest entry of each array."""
    if len(got) != len(want):
        return f"{len(got)} arrays for {len(want)}"
    for i, (a, b) in enumerate(zip(got, want, strict=True)):
        if a.shape != b.shape or a.dtype != b.dtype:
            return f"array {i} is {a.dtype}{list(a.shape)}, not {b.dtype}{list(b.shape)}"
        least = float(np.finfo(b.dtype).tiny) if b.dtype.kind == "f" else 1.0
        scale = max(float(np.max(np.abs(b), initial=0.0)), least)
        apart = float(np.max(np.abs(a - b), initial=0.0)) / scale
        if not apart <= rtol:
            return f"array {i} differs by {apart:.1e} (at most {rtol:.0e})"
    return None


def timed(runs: dict[str, Callable[[], Any]], seconds: float) -> dict[str, float]:
    """The least time of each run, taken alternately; what is short runs many times for each reading of the clock."""
    numbers, batches, longest = {}, {}, 0.0
    for name, run in runs.items():
        run()
        start = time.perf_counter()
        run()
        once = time.perf_counter() - start
        longest = max(longest, once)
        numbers[name] = max(1, math.ceil(BATCH / once))

        def batch(run: Callable[[], Any] = run, number: int = numbers[name]) -> None:
            for _ in range(number):
                run()

        batches[name] = run if numbers[name] == 1 else batch
    least = harness.best(batches, seconds, repeat=1 if longest > LONG else 3)
    return {name: t / numbers[name] for name, t in least.items()}


def call(runtime: Runtime, f: Callable[..., Any], args: Any, out: Any) -> Callable[[], Any]:
    """A run without arguments that ends when the result is there; `out` is an earlier result."""
    wait = runtime.wait(out) if runtime.wait else None
    return partial(f, *args) if wait is None else lambda: wait(f(*args))


class Measurement:
    """The record of one row. What fails in one library stands in ``record["errors"]``, and the others go on."""

    def __init__(self, row: Row, dtype: str, runtimes: dict[str, Runtime], seconds: float, tries: int) -> None:
        self.row, self.dtype, self.seconds, self.tries = row, dtype, seconds, tries
        self.runtimes = {
            name: r
            for name, r in runtimes.items()
            if (name in ("wengert", "jax") or name in row.others) and not self.lacking(r)
        }
        self.errors: dict[str, str] = {}
        self.record: dict[str, Any] = {
            "row": row.name, "title": row.title, "dtype": dtype, "errors": self.errors, "overhead": row.overhead,
            "run": {}, "first": {}, "second": {}, "primal": {}, "derivative": {}, "bounded": row.bounded,
            "date": time.strftime("%Y-%m-%d"), "commit": harness.commit(), "load": os.getloadavg()[0],
        }  # fmt: skip
        for name, r in runtimes.items():
            if name in ("wengert", "jax") and self.lacking(r):
                self.errors[name] = f"has no {', '.join(self.lacking(r))}"

    def lacking(self, runtime: Runtime) -> list[str]:
        return [n for n in self.row.needs if getattr(runtime.library, n) is None]

    def attempt(self, name: str, run: Callable[[], Any]) -> Any:
        """What `run` returns; or None, and the library is left out from here on."""
        try:
            return run()
        except Exception as error:
            text = " ".join(str(error).split())
            self.errors[name] = f"{type(error).__name__}: {text[:200]}"
            self.runtimes.pop(name, None)
            return None

    def take(self) -> dict[str, Any]:
        args = arguments(self.row, self.dtype)
        given = {name: r.arguments(args) for name, r in self.runtimes.items()}
        runs = self.checked_runs(given)
        if self.row.overhead and "jax" in runs:
            jax = self.runtimes["jax"]
            f = jax.library.jit(self.row.build(jax.library))
            runs[FROM_NUMPY] = call(jax, f, args, f(*args))
        if self.row.copy:
            source, target = args[0], np.empty_like(args[0])
            runs[COPY] = lambda: np.copyto(target, source)
            self.record["bytes"] = 2 * source.nbytes
        self.record["run"] = timed(runs, self.seconds)
        if self.row.primal:
            self.take_primal(given, runs)
        runs.clear()
        self.first_calls(given)
        return self.record

    def checked_runs(self, given: dict[str, Any]) -> dict[str, Callable[[], Any]]:
        """A run for each library whose result is JAX's, or, without JAX, for each that gives one."""
        runs: dict[str, Callable[[], Any]] = {}
        results: dict[str, list[np.ndarray]] = {}
        for name, r in list(self.runtimes.items()):
            if r.forget:  # code compiled for another row's sizes may serve this row too, but not as well
                r.forget()
            start = time.perf_counter()

            def run(name: str = name, r: Runtime = r) -> Callable[[], Any]:
                f = r.library.jit(self.row.build(r.library))
                out = f(*given[name])
                results[name] = [np.asarray(x) for x in optree.tree_leaves(out)]
                return call(r, f, given[name], out)

            made = self.attempt(name, run)
            if made is not None:
                runs[name] = made
                if name == "torch.compile":  # takes seconds to minutes, so it is not done again
                    self.record["first"][name] = time.perf_counter() - start
        if "jax" in results:
            rtol = dict(self.row.rtol)[self.dtype]
            for name in list(runs):
                wrong = disagreement(results[name], results["jax"], rtol)
                if wrong:
                    self.errors[name] = f"wrong result: {wrong}"
                    del runs[name], self.runtimes[name]
        return runs

    def take_primal(self, given: dict[str, Any], runs: dict[str, Callable[[], Any]]) -> None:
        """Times of the function and of its derivative side by side, each library by itself."""
        for name in [n for n in ("wengert", "jax") if n in self.runtimes]:
            r = self.runtimes[name]
            f = r.library.jit(self.row.primal(r.library))
            primal = self.attempt(name, lambda r=r, f=f, name=name: call(r, f, given[name], f(*given[name])))
            if primal is not None:
                times = timed({"primal": primal, "derivative": runs[name]}, self.seconds / 2)
                for what, t in times.items():
                    self.record[what][name] = t

    def first_calls(self, given: dict[str, Any]) -> None:
        """Least times of a first call of a new function with nothing compiled, and with wengert's disk cache warm.

        The call after it is timed too: what differs between them is tracing and compiling, and both are equally noisy.
        """
        first, second, cache = self.record["first"], self.record["second"], disk_cache()
        end = time.perf_counter() + 10 * self.seconds
        for attempt in range(self.tries):
            if attempt and time.perf_counter() > end:
                break
            for name in [n for n in ("wengert", "jax") if n in self.runtimes]:
                r = self.runtimes[name]
                r.forget()
                keys = [name]
                if name == "wengert" and cache is not None:
                    cache.clear()
                    keys.append("wengert, disk cache warm")
                for key in keys:
                    f = r.library.jit(self.row.build(r.library))
                    gc.collect()
                    for times in (first, second):
                        start = time.perf_counter()
                        out = f(*given[name])
                        if r.wait:
                            r.wait(out)(out)
                        times[key] = min(times.get(key, math.inf), time.perf_counter() - start)
                        del out


def main() -> None:
    task = json.loads(sys.argv[1])
    rows = [row for row in ROWS if row.name in task["rows"]]
    wanted = {"wengert", "jax", *(name for row in rows for name in row.others)} & set(task["libraries"])
    runtimes = {}
    for name in [n for n in MAKERS if n in wanted]:
        try:
            runtimes[name] = MAKERS[name]()
        except ImportError:
            print(f"{name} is not installed: its column is left out", file=sys.stderr)
    say = partial(print, flush=True)
    say(json.dumps({"distributions": [d for r in runtimes.values() for d in r.distributions]}))
    for row in rows:
        say(json.dumps({"started": row.name}))
        say(json.dumps(Measurement(row, task["dtype"], runtimes, task["seconds"], task["tries"]).take()))


if __name__ == "__main__":
    main()
