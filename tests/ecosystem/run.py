"""Runs libraries that are written for JAX, unmodified, without JAX, and compares what they compute with what JAX gave.

A program of a library is ``programs/NAME.py``. It knows nothing of Wengert and has

    main() -> dict[str, list[float]]   losses, samples and values by name, all intermediate ones of some 50 steps
    step() -> Callable[[], Any]        makes a model and returns one jitted step, which waits for its result (for times)
    TOLERANCE                          a number, or a dict of names and numbers ("" for the rest)
    X64                                optional: whether it runs in 64 bits

What JAX gave stands in ``reference/NAME.json``, written by ``run.py --reference`` in an environment with JAX. The error of
a number is relative, or relative to a thousandth of the largest number of its list where that is more.

    run.py [NAME ...]                  compare the programs, each in a process of its own; all where none is named
    run.py --reference [NAME ...]      write what JAX gives, in the environment of JAX
    run.py --record PYTHON [NAME ...]  compare, and time a step and the first result beside those of JAX in the environment of
                                       PYTHON, in processor time; writes record.json, and the table of docs/jax.md from it
    run.py --record PYTHON --times     the same without comparing again
    run.py --one NAME                  run a program here and print its results as JSON
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import math
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PROGRAMS = {p.stem: p for p in sorted((HERE / "programs").glob("*.py"))}
# What `.ci/run` runs: the kinds of code that the others are made of, in a minute.
FEW = ("chex", "distrax", "flax_nnx", "haiku", "jraph")
RECORD = HERE / "record.json"
LEAST = 1e-3  # of the largest number of a list: what is smaller is compared on this scale


def load(name: str) -> Any:
    """The module of a program, under a name that hides no library."""
    spec = importlib.util.spec_from_file_location(f"program_of_{name}", PROGRAMS[name])
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def setting(name: str, key: str) -> str:
    """A constant of a program as it is written, without the program being imported."""
    for line in PROGRAMS[name].read_text().splitlines():
        if line.startswith(f"{key} = "):
            return line.partition("=")[2].partition("#")[0].strip()
    return ""


def environment(name: str, alias: bool) -> dict[str, str]:
    env = {k: v for k, v in os.environ.items() if not k.startswith("JAX_")}
    env |= {"JAX_ENABLE_X64": "1" if setting(name, "X64") == "True" else "0", "JAX_PLATFORMS": "cpu"}
    if alias:
        env["ECOSYSTEM_ALIAS"] = "1"
    return env


def begin() -> None:
    """Make ``import jax`` mean Wengert where the runner said so."""
    if os.environ.get("ECOSYSTEM_ALIAS"):
        import wengert

        wengert.as_jax()


def one(name: str) -> dict[str, list[float]]:
    """Run a program here."""
    begin()
    results = load(name).main()
    return {k: [float(x) for x in v] for k, v in results.items()}


def ran(name: str, alias: bool, limit: float) -> tuple[Any, float]:
    """What a program printed in a process of its own, or its error, and the seconds it took."""
    started = time.perf_counter()
    command = [sys.executable, str(HERE / "run.py"), "--one", name]
    try:
        done = subprocess.run(command, env=environment(name, alias), capture_output=True, text=True, timeout=limit)
    except subprocess.TimeoutExpired:
        return f"no result after {limit:.0f} s", limit
    seconds = time.perf_counter() - started
    if done.returncode:
        return (done.stderr or f"the process ended with {done.returncode}")[-1500:], seconds
    return json.loads(done.stdout.splitlines()[-1]), seconds


def error_of(got: list[float], expected: list[float]) -> float:
    """The largest relative error of a list of numbers; infinite where one alone is not finite, or lengths differ."""
    if len(got) != len(expected):
        return math.inf
    finite = [abs(b) for b in expected if math.isfinite(b)]
    scale = LEAST * max(finite, default=0.0) or sys.float_info.min
    worst = 0.0
    for a, b in zip(got, expected, strict=True):
        if a == b or (math.isnan(a) and math.isnan(b)):
            continue
        worst = max(worst, abs(a - b) / max(abs(b), scale) if math.isfinite(a) and math.isfinite(b) else math.inf)
    return worst


def tolerance_of(name: str) -> dict[str, float]:
    """The tolerances of a program by the names of its results, "" for the rest."""
    import ast

    module = ast.parse(PROGRAMS[name].read_text())
    for node in module.body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "TOLERANCE":
            found = ast.literal_eval(node.value)
            return found if isinstance(found, dict) else {"": found}
    raise ValueError(f"{name} has no TOLERANCE")


def compared(name: str, got: dict[str, list[float]]) -> list[str]:
    """Lines of what differs from JAX's results."""
    reference = HERE / "reference" / f"{name}.json"
    if not reference.exists():
        return ["there is no reference of JAX's: run.py --reference writes one"]
    expected = json.loads(reference.read_text())
    limits, lines = tolerance_of(name), []
    for key in sorted({*expected, *got}):
        if key not in got or key not in expected:
            lines.append(f"{key}: only {'JAX' if key in expected else 'Wengert'} has it")
            continue
        error, limit = error_of(got[key], expected[key]), limits.get(key, limits[""])
        if not error <= limit:
            lines.append(f"{key}: error {error:.1e} beyond {limit:.0e} ({len(expected[key])} numbers)")
    return lines


def compare(names: list[str], limit: float, jobs: int) -> int:
    """Run programs and compare them; print a line for each, and how many passed."""
    bad = 0
    with ThreadPoolExecutor(jobs) as pool:
        for name, (got, seconds) in zip(names, pool.map(lambda n: ran(n, True, limit), names), strict=True):
            if isinstance(got, str):
                lines, numbers = got.splitlines(), 0
            else:
                lines, numbers = compared(name, got), sum(map(len, got.values()))
            bad += bool(lines)
            print(f"{name:16} {'FAILED' if lines else 'agrees'} {numbers:6} numbers {seconds:6.1f} s", flush=True)
            for line in lines:
                print("    " + line)
    print(f"{len(names) - bad} passed, {bad} failed")
    return bad


def write(names: list[str], limit: float) -> int:
    """Write what JAX gives."""
    bad = 0
    for name in names:
        got, seconds = ran(name, False, limit)
        print(f"{name:16} {'no result' if isinstance(got, str) else 'written'} {seconds:6.1f} s", flush=True)
        if isinstance(got, str):
            print(got)
            bad += 1
        else:
            text = ",\n".join(f" {json.dumps(k)}: {json.dumps(v)}" for k, v in got.items())
            (HERE / "reference" / f"{name}.json").write_text("{\n" + text + "\n}\n")
    return bad


class Worker:
    """A process that has made a program's step and takes times when it is asked.

    Attributes:
        cold: seconds of processor time from the start of the process to the first result.
    """

    def __init__(self, python: str, name: str, alias: bool) -> None:
        command = [python, "-W", "ignore", str(HERE / "run.py"), "--worker", name]
        self.process = subprocess.Popen(
            command, env=environment(name, alias), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.cold = float(self.answer())

    def answer(self) -> str:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.startswith("worker: "):
                return line[8:]
        raise RuntimeError("the process ended")

    def ask(self, count: int) -> float:
        """Seconds of a step, as the mean of some."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{count}\n")
        self.process.stdin.flush()
        return float(self.answer())

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(30)


def worker(name: str) -> None:
    """Be the process of a `Worker`: a first step, then as many as each line of the input says."""
    begin()
    step = load(name).step()
    step()
    print(f"worker: {time.process_time()}", flush=True)
    for line in sys.stdin:
        count = int(line)
        started = time.process_time()
        for _ in range(count):
            step()
        print(f"worker: {(time.process_time() - started) / count}", flush=True)


def times(name: str, python: str, rounds: int = 12, seconds: float = 0.04, starts: int = 1) -> dict[str, list[float]]:
    """Processor time of a step and to the first result, here and with JAX: the least of rounds by turns."""
    sides = ((sys.executable, True), (python, False))
    cold = [_colds(name, sides) for _ in range(starts - 1)]
    workers = [Worker(python, name, alias) for python, alias in sides]
    cold = [min(pair) for pair in zip([w.cold for w in workers], *cold, strict=True)]
    for w in workers:
        w.ask(20)
    counts = [max(3, int(seconds / max(w.ask(20), 1e-7))) for w in workers]
    best = [math.inf, math.inf]
    for _ in range(rounds):
        for i, w in enumerate(workers):
            best[i] = min(best[i], w.ask(counts[i]))
    for w in workers:
        w.close()
    return {"step": best, "first": cold}


def _colds(name: str, sides: Any) -> list[float]:
    found = []
    for python, alias in sides:
        w = Worker(python, name, alias)
        found.append(w.cold)
        w.close()
    return found


def worst(name: str, got: dict[str, list[float]]) -> float:
    """The largest error of a program's numbers."""
    expected = json.loads((HERE / "reference" / f"{name}.json").read_text())
    return max(error_of(got.get(key, []), expected[key]) for key in expected)


def record(names: list[str], python: str, limit: float, again: bool) -> int:
    """Compare and time programs, and note what came out, each as soon as it is known; `again`: time them alone."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=HERE, capture_output=True, text=True, check=True
    ).stdout.strip()
    known = json.loads(RECORD.read_text()) if RECORD.exists() else {}
    bad = 0
    for name in names:
        found: dict[str, Any] = {"commit": commit, "date": time.strftime("%Y-%m-%d")}
        if again:
            known[name] = {**known.get(name, {}), **found, **times(name, python)}
            RECORD.write_text(json.dumps(dict(sorted(known.items())), indent=1) + "\n")
            print(name, known[name], flush=True)
            continue
        got, _ = ran(name, True, limit)
        if isinstance(got, str):
            found["failed"] = got.strip().splitlines()[-1]
        else:
            found |= {"numbers": sum(map(len, got.values())), "error": worst(name, got), "beyond": compared(name, got)}
            found |= times(name, python)
        bad += "failed" in found or bool(found["beyond"])
        known[name] = found
        RECORD.write_text(json.dumps(dict(sorted(known.items())), indent=1) + "\n")
        print(name, {k: v for k, v in found.items() if k not in ("commit", "date")}, flush=True)
    write_table(known)
    return bad


LIBRARIES = {"flax_linen": "flax", "flax_nnx": "flax", "haiku": "dm-haiku", "e3nn_jax": "e3nn-jax", "jax_md": "jax-md"}
BEGIN, END = "<!-- table of tests/ecosystem/run.py -->", "<!-- end of the table -->"


def version_of(name: str) -> str:
    """The version of a program's library that is pinned; of several libraries none."""
    pinned = dict(
        line.split("==")
        for line in (HERE / "requirements.txt").read_text().splitlines()
        if "==" in line and line[0] != "#"
    )
    return pinned.get(LIBRARIES.get(name, name), "")


def what_of(name: str) -> tuple[str, str]:
    """A program's library and what it runs, as its first lines say."""
    import ast

    title, _, what = (ast.get_docstring(ast.parse(PROGRAMS[name].read_text())) or "").partition(":")
    return title.replace("'s", ",").strip(), " ".join(what.split("\n\n")[0].split()).rstrip(".")


def error_text(name: str, found: dict[str, Any]) -> str:
    """The largest error, or, of a program that was only seen to agree, its tolerance."""
    return f"{found['error']:.0e}" if "error" in found else f"within {max(tolerance_of(name).values()):.0e}"


def reasons() -> dict[str, str]:
    """Why a step is slower than 0.8 of JAX's, and what of a library does not run: `notes.toml`."""
    import tomllib

    return tomllib.loads((HERE / "notes.toml").read_text())


def table(known: dict[str, Any]) -> str:
    """The table of docs/jax.md."""
    rows = [
        "| library | version | what is run | numbers beside JAX's | largest error | step, µs | JAX's | ratio | first result, s | JAX's | ratio | commit | what does not run, or is slower, and why |",
        "| --- | --- | --- | --: | --: | --: | --: | --: | --: | --: | --: | --- | --- |",
    ]
    notes, steps, firsts = reasons(), [], []
    for name, found in known.items():
        title, what = what_of(name)
        if "failed" in found:
            rows.append(
                f"| {title} | {version_of(name)} | {what} | | | | | | | | | {found['commit']} | {found['failed']} |"
            )
            continue
        (a, b), (c, d) = found["step"], found["first"]
        steps.append(b / a)
        firsts.append(d / c)
        rows.append(
            f"| {title} | {version_of(name)} | {what} | {found['numbers']:,} | {error_text(name, found)} | {a * 1e6:.1f} | {b * 1e6:.1f} | "
            f"{b / a:.2f} | {c:.2f} | {d:.2f} | {d / c:.1f} | "
            f"{found['commit']} | {notes.get(name, '')} |"
        )
    geometric = lambda xs: math.exp(sum(map(math.log, xs)) / len(xs))  # noqa: E731
    rows += [
        "",
        f"`python tests/ecosystem/run.py --record PYTHON_OF_JAX` in the environment of `make ecosystem`, at the commits in the table, beside JAX 0.10.2, "
        f"processor time: of steps the least of seven to twelve rounds, two processes by turns; of first results one start of "
        f"each; on the rows of d7d7cfb the least of three starts here, and one of JAX's, which favours this library. Geometric mean of {len(steps)} steps {geometric(steps):.1f} times as quick as "
        f"JAX's, the least {min(steps):.2f}; of first results (with bytecode and compiled code on disk) {geometric(firsts):.1f}, their arithmetic mean "
        f"{sum(firsts) / len(firsts):.1f}.",
    ]
    return "\n".join(rows)


def write_table(known: dict[str, Any]) -> None:
    page = HERE.parents[1] / "docs" / "jax.md"
    before, _, rest = page.read_text().partition(BEGIN)
    page.write_text(f"{before}{BEGIN}\n\n{table(known)}\n\n{END}{rest.partition(END)[2]}")


def main() -> int:
    parser = argparse.ArgumentParser(description="Libraries written for JAX, run without it and compared with it.")
    parser.add_argument("names", nargs="*", help="programs; all where none is named")
    parser.add_argument("--few", action="store_true", help="the small selection")
    parser.add_argument("--reference", action="store_true", help="write what JAX gives")
    parser.add_argument(
        "--record", metavar="PYTHON", help="compare, and times beside JAX in the environment of this interpreter"
    )
    parser.add_argument("--times", action="store_true", help="with --record: do not compare again")
    parser.add_argument("--one", metavar="NAME", help="run a program here")
    parser.add_argument("--worker", metavar="NAME", help=argparse.SUPPRESS)
    parser.add_argument("--limit", type=float, default=300.0, help="seconds for each program")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="programs at the same time")
    options = parser.parse_args()
    if options.one:
        print(json.dumps(one(options.one)))
        return 0
    if options.worker:
        worker(options.worker)
        return 0
    names = options.names or list(FEW if options.few else PROGRAMS)
    if options.reference:
        return write(names, options.limit)
    if options.record:
        return record(names, options.record, options.limit, options.times)
    return compare(names, options.limit, options.jobs)


if __name__ == "__main__":
    sys.exit(main())
