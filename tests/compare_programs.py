"""Random programs, compiled and eager: how they are compared, and the campaign over many of them.

``python tests/compare_programs.py --count 20000 --seed 0 --record docs/compiler-campaign.md``. Workers are processes of
their own, for code that is wrong in LLVM's eyes ends its process; the seed that a worker died of is reported.
"""

from __future__ import annotations

import argparse
import datetime
import json
import subprocess
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import llvmlite.binding as llvm
import numpy as np
from random_operations import OPS, random_program
from random_programs import Arrays, NumpySource, RandomProgram

import wengert as w
import wengert.numpy as wnp
from wengert.errors import WengertError

RELATIVE = {"float64": 1e-9, "float32": 2e-4}  # of the largest number in a result
MODES = ("value",) * 11 + ("grad",) * 4 + ("grad of jit",) * 2 + ("vmap",) * 2 + ("jvp",)


class Disagreement(AssertionError):
    """Compiled and eager results differ."""


# --- ways to run a program ----------------------------------------------------------------------------------------


def _floats(args: Sequence[Any]) -> list[int]:
    return [i for i, x in enumerate(args) if isinstance(x, (np.ndarray, np.floating)) and x.dtype.kind == "f"]


def _total(f: Callable[..., Arrays]) -> Callable[..., Any]:
    """The sum of the floats among the results, each with weights of its own."""

    def total(*args: Any) -> Any:
        out = 0.0
        for k, y in enumerate(f(*args)):
            if np.dtype(getattr(y, "dtype", type(y))).kind == "f":
                size = int(np.prod(np.shape(y)))
                weights = np.linspace(1.0, 2.0 + k, size).reshape(np.shape(y))
                out = out + wnp.sum(y * weights)
        return out

    return total


def ways(f: Callable[..., Arrays], args: Sequence[Any], mode: str) -> tuple[Any, Any, Sequence[Any]] | None:
    """``(compiled, eager, arguments)`` for a mode; None where it makes no sense."""
    floats = tuple(_floats(args))
    if mode == "value":
        return w.jit(f), f, args
    if mode == "vmap":
        arrays = [isinstance(x, np.ndarray) for x in args]
        if not any(arrays):
            return None
        batched = [np.stack([x, np.roll(x, 1)]) if b else x for x, b in zip(args, arrays, strict=True)]
        axes = tuple(0 if b else None for b in arrays)
        return w.jit(w.vmap(f, in_axes=axes)), w.vmap(f, in_axes=axes), batched
    if not floats:
        return None
    if mode == "jvp":

        def tangents(*xs: Any) -> Any:
            moved = tuple(xs[i] for i in floats)

            def g(*some: Any) -> Any:
                full = list(xs)
                for i, x in zip(floats, some, strict=True):
                    full[i] = x
                return f(*full)

            return w.jvp(g, moved, moved)

        return w.jit(tangents), tangents, args
    total = _total(f)
    eager = w.grad(total, argnums=floats)
    return (w.jit(eager) if mode == "grad" else w.grad(_total(w.jit(f)), argnums=floats)), eager, args


# --- comparison -----------------------------------------------------------------------------------------------------


def _leaves(x: Any) -> list[Any]:
    return [y for part in x for y in _leaves(part)] if isinstance(x, (tuple, list)) else [x]


def differences(got: Any, expected: Any, slack: float) -> str:
    """What is wrong with a result; empty if nothing is."""
    for k, (a, b) in enumerate(zip(_leaves(got), _leaves(expected), strict=True)):
        a, b = np.asarray(a), np.asarray(b)
        if (a.shape, a.dtype) != (b.shape, b.dtype):
            return f"result {k} is {a.dtype}{list(a.shape)}, expected {b.dtype}{list(b.shape)}"
        if b.dtype.kind != "f":
            if not np.array_equal(a, b):
                return f"result {k}: {_shown(a)}, expected {_shown(b)}"
            continue
        finite = np.isfinite(b)
        if not np.array_equal(a[~finite], b[~finite], equal_nan=True) or not np.all(np.isfinite(a[finite])):
            return f"result {k} has other infinities or NaN: {_shown(a)}, expected {_shown(b)}"
        a, b = a[finite].astype(float), b[finite].astype(float)
        scale = max(1.0, float(np.max(np.abs(b), initial=0.0)))
        if not np.all(np.abs(a - b) <= slack * scale):
            at = int(np.argmax(np.abs(a - b)))
            return f"result {k} differs by {np.max(np.abs(a - b)):.3g} of {scale:.3g}: {a[at]!r}, expected {b[at]!r}"
    return ""


def _shown(a: np.ndarray) -> str:
    with np.printoptions(threshold=8, edgeitems=2):
        return repr(a)


def _nudged(args: Sequence[Any], seed: int) -> list[Any]:
    """Arguments moved by a rounding error or a few."""
    rng = np.random.default_rng(seed)
    out = []
    for x in args:
        if isinstance(x, (np.ndarray, np.floating)) and x.dtype.kind == "f":
            eps = 8 * np.finfo(x.dtype).eps
            x = (x * (1 + eps * rng.uniform(-1, 1, np.shape(x)))).astype(x.dtype)
        out.append(x)
    return out


def _single(program: RandomProgram, args: Sequence[Any], results: Sequence[Any]) -> bool:
    """Whether single precision is used anywhere."""
    values = [*args, *results]
    mentions = any(
        "float32" in repr(s.params)
        or any(isinstance(v, (np.ndarray, np.generic)) and v.dtype == np.float32 for v in s.params.values())
        for s in program.steps
    )
    return mentions or any(getattr(x, "dtype", None) == np.float32 for x in values)


def verify(jitted: Any) -> int:
    """Check every Program that a jitted function was compiled to, before and after the passes, and its LLVM text."""
    checked = 0
    for key, entries in jitted._cache.items():
        if key == "native":
            continue
        for program, _ in entries:
            program.check()
            for executable in [made for key, made in program.cache.items() if key[0] == "compiled"]:
                executable.optimized.check()
                llvm.parse_assembly(executable.module.text).verify()
                checked += 1
    return checked


def compare(program: RandomProgram, mode: str) -> str:
    """Run a program in both ways: "agrees", "does not apply", or "ill-conditioned" (rounding decides the results).

    Raises:
        Disagreement: the results differ, with the program.
    """
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = ways(program, program.inputs, mode)
        if found is None:
            return "does not apply"
        compiled, eager, args = found
        try:
            expected = eager(*args)
        except (WengertError, TypeError, ValueError, IndexError) as error:
            try:
                compiled(*args)
            except type(error):
                return "does not apply"
            raise Disagreement(f"{mode}: eager raised {error!r}, compiled did not\n{program}") from None
        try:
            got = [compiled(*args)]
            if mode != "grad of jit":
                got.append(compiled(*args))  # the native call
                verify(compiled)
        except Exception as error:
            raise Disagreement(f"{mode}: compiled raised {type(error).__name__}: {error}\n{program}") from error
        leaves = _leaves(expected)
        slack = RELATIVE["float32" if _single(program, args, leaves) else "float64"]
        for number, result in enumerate(got):
            wrong = differences(result, expected, slack)
            if wrong:
                for seed in range(4):
                    try:
                        if differences(eager(*_nudged(args, seed)), expected, slack / 16):
                            return "ill-conditioned"
                    except (WengertError, TypeError, ValueError, IndexError):
                        return "ill-conditioned"
                raise Disagreement(f"{mode}, call {number}: {wrong}\n{program}")
    return "agrees"


def numbered(seed: int) -> tuple[RandomProgram, str]:
    """The program and mode of a number."""
    source = NumpySource(seed)
    special = source.integer(0, 9) == 0
    mode = MODES[source.integer(0, len(MODES) - 1)]
    most = (8, 14, 14, 30)[source.integer(0, 3)]
    return random_program(source, special, most), mode


def smaller(program: RandomProgram, mode: str) -> RandomProgram:
    """A program with fewer outputs and steps that still disagrees."""

    def fails(p: RandomProgram) -> bool:
        try:
            compare(p, mode)
        except Disagreement:
            return True
        return False

    best = program
    for outputs in [[o] for o in program.outputs]:
        candidate = RandomProgram(program.inputs, program.steps, outputs)
        if fails(candidate):
            best = candidate
            break
    best = best.live()
    n = len(best.inputs)
    for k in range(len(best.steps)):  # an earlier result instead of the last
        candidate = RandomProgram(best.inputs, best.steps[: k + 1], [n + k]).live()
        if fails(candidate):
            return candidate
    return best


# --- the campaign -----------------------------------------------------------------------------------------------------


def work(first: int, count: int) -> None:
    """Compare programs; a line of JSON before each and after each."""
    w.config.disk_cache = False
    for seed in range(first, first + count):
        print(json.dumps({"begin": seed}), flush=True)
        program, mode = numbered(seed)
        line: dict[str, Any] = {"end": seed, "mode": mode, "ops": [s.op for s in program.steps]}
        try:
            line["outcome"] = compare(program, mode)
        except Disagreement as error:
            line["outcome"], line["error"] = "failure", str(error)
        print(json.dumps(line), flush=True)


def _chunk(first: int, count: int) -> list[dict[str, Any]]:
    """What the workers said about some programs; one is started anew after a program that ended it."""
    lines: list[dict[str, Any]] = []
    position, end = first, first + count
    while position < end:
        begun, done = position, position - 1
        command = [sys.executable, __file__, "--worker", str(position), str(end - position)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            for text in process.stdout:
                line = json.loads(text)
                if "begin" in line:
                    begun = line["begin"]
                else:
                    done = line["end"]
                    lines.append(line)
        position = done + 1
        if position < end:
            error = f"the worker ended with {process.returncode}"
            lines.append({"end": begun, "mode": numbered(begun)[1], "ops": [], "outcome": "failure", "error": error})
            position = begun + 1
    return lines


def campaign(seed: int, count: int, jobs: int = 1, path: Path | None = None, chunk: int = 200) -> dict[str, Any]:
    """Compare `count` programs, numbered from `seed`, in worker processes, `jobs` of them at a time.

    The record is written to `path` after every chunk.
    """
    outcomes, modes, ops = Counter[str](), Counter[str](), Counter[str]()
    failures: list[tuple[int, str]] = []
    result: dict[str, Any] = {}
    started, done = time.time(), 0
    firsts = range(seed, seed + count, chunk)
    with ThreadPoolExecutor(jobs) as pool:
        for lines in pool.map(lambda first: _chunk(first, min(chunk, seed + count - first)), firsts):
            done += len(lines)
            for line in lines:
                outcomes[line["outcome"]] += 1
                modes[line["mode"]] += 1
                ops.update(line["ops"])
                if line["outcome"] == "failure":
                    failures.append((line["end"], line["error"]))
                    print(f"seed {line['end']}: {line['error']}\n", flush=True)
            result = {
                "seed": seed,
                "count": done,
                "outcomes": outcomes,
                "modes": modes,
                "ops": ops,
                "failures": failures,
            }
            if path is not None:
                path.write_text(record(result))
            print(f"{done} programs, {len(failures)} failures, {time.time() - started:.0f} s", flush=True)
    return result


def commit() -> str:
    """What this is a record of."""
    asked = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, cwd=Path(__file__).parent
    )
    return asked.stdout.strip() or "an unknown commit"


def record(result: dict[str, Any]) -> str:
    """A campaign as a document."""
    outcomes, ops = result["outcomes"], result["ops"]
    lines = [
        "# Compiled and eager, on random programs",
        "",
        f"Written by `python tests/compare_programs.py --seed {result['seed']} --count {result['count']} --record "
        f"docs/compiler-campaign.md` on {datetime.date.today()}, of {commit()} (NumPy {np.__version__}, LLVM "
        f"{'.'.join(map(str, llvm.llvm_version_info))}, {llvm.get_host_cpu_name()}).",
        "",
        "Each program is built at random from the operations below, and run eagerly and compiled. Shapes, dtypes, the "
        "places of infinities and NaN must agree, integers and booleans exactly, floats to rounding "
        f"({RELATIVE['float64']:g} of the largest number in double precision, {RELATIVE['float32']:g} in single). The "
        "Program is checked before and after the passes, LLVM's text by LLVM's verifier. A program is ill-conditioned "
        "if the eager results move as much when the inputs move by rounding errors; none of these is counted as "
        "agreeing. A mode does not apply to a program without floats, or one that eager mode refuses too.",
        "",
        "| outcome | programs |",
        "| --- | ---: |",
        *[f"| {k} | {outcomes.get(k, 0)} |" for k in ("agrees", "does not apply", "ill-conditioned", "failure")],
        "",
        "| mode | programs |",
        "| --- | ---: |",
        *[f"| {k} | {n} |" for k, n in result["modes"].most_common()],
        "",
        f"{sum(ops.values())} steps, by operation: " + ", ".join(f"{k} {n}" for k, n in ops.most_common()) + ".",
        "",
    ]
    lines += [f"- seed {s} fails: `{e.splitlines()[0]}`" for s, e in result["failures"]]
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=1, help="worker processes at a time")
    parser.add_argument("--record", type=Path, help="write the record to this file")
    parser.add_argument("--show", type=int, help="show the program of a seed, made smaller if it fails")
    parser.add_argument("--worker", type=int, nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.worker:
        work(*given.worker)
        return 0
    if given.show is not None:
        w.config.disk_cache = False
        program, mode = numbered(given.show)
        try:
            print(f"{mode}\n{program}\n{compare(program, mode)}")
        except Disagreement:
            try:
                compare(smaller(program, mode), mode)
            except Disagreement as error:
                print(error)
        return 0
    result = campaign(given.seed, given.count, given.jobs, given.record)
    unused = sorted(set(OPS) - set(result["ops"]))
    print(f"{dict(result['outcomes'])}; operations never used: {unused}")
    return 1 if result["failures"] else 0


if __name__ == "__main__":
    raise SystemExit(main())
