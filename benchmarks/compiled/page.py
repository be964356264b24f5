"""Shows the numbers: a line for the terminal, a summary, and the tables of docs/benchmarks.md. Nothing is measured."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any

from benchmarks.harness import geometric_mean, table

Record = dict[str, Any]
FROM_NUMPY, WARM = "jax from NumPy", "wengert, disk cache warm"

INTRODUCTION = """## Compiled programs

Taken {date}{commits} on {machine}, Python {python}, {versions}.

`python benchmarks/compiled` measures them. The same code is compiled by each library; a row is one precision, and a
result that differs from JAX's fails its row. Run times end when the result is there; arguments are NumPy arrays for
wengert and arrays of its own for JAX. Compilation is by how much a first call of a new function, with nothing in any
cache, takes longer than the next one.
"""


def shown(seconds: float | None) -> str | None:
    """A time with three digits in the unit that suits it."""
    if seconds is None:
        return None
    for factor, unit in ((1.0, "s"), (1e3, "ms"), (1e6, "µs")):
        if seconds * factor >= 1 or unit == "µs":
            value = seconds * factor
            return (
                f"{value:.0f} {unit}"
                if value >= 100
                else f"{value:.1f} {unit}"
                if value >= 10
                else f"{value:.2f} {unit}"
            )
    raise AssertionError


def compilation(record: Record, library: str) -> float | None:
    """Tracing and compiling: a first call less the next; at least a twentieth of that, which noise can hide."""
    first = record["first"].get(library)
    if first is None:
        return None
    later = record["second"].get(library, record["run"].get(library, 0.0))
    return max(first - later, later / 20)


def factor(other: float | None, ours: float | None) -> float | None:
    """How many times longer the other takes."""
    return None if other is None or ours is None else other / ours


def run_factor(record: Record) -> float | None:
    return factor(record["run"].get("jax"), record["run"].get("wengert"))


def call_factor(record: Record) -> float | None:
    return factor(record["run"].get(FROM_NUMPY), record["run"].get("wengert"))


def compile_factor(record: Record, library: str = "wengert") -> float | None:
    return factor(compilation(record, "jax"), compilation(record, library))


def bandwidth(record: Record) -> float | None:
    """The part of a copy's bandwidth that the program reaches: it moves as many bytes."""
    return factor(record["run"].get("copy"), record["run"].get("wengert"))


def busy(record: Record) -> bool:
    """Whether others kept the processors busy: our own threads are at most one for each, and JAX's suffer most."""
    return record.get("load", 0.0) > 1.5 * (os.cpu_count() or 1)


def title(record: Record) -> str:
    return f"{record['title']}, {record['dtype']}"


def ratio(x: float | None) -> str | None:
    return None if x is None else f"{x:.2f}" if x < 10 else f"{x:.1f}"


def derivative_factor(record: Record, name: str) -> float | None:
    """How many times as long as the function a derivative takes."""
    return factor(record["derivative"].get(name), record["primal"].get(name))


def line(record: Record) -> str:
    """A row as the terminal shows it."""
    parts = [f"{name} {shown(t)}" for name, t in record["run"].items()]
    parts += [f"×{ratio(f)}" for f in [run_factor(record)] if f]
    compiled = [f"{n} {shown(compilation(record, n))}" for n in record["first"]]
    if compiled:
        parts.append("| compile: " + ", ".join(compiled))
    for name in ("wengert", "jax"):
        r = derivative_factor(record, name)
        parts += [f"| {name} gradient/primal {ratio(r)}"] if r else []
    parts += [f"| {name}: {text}" for name, text in record["errors"].items()]
    return f"{record['row']} {record['dtype']}: " + "  ".join(parts)


def spread(what: str, records: Iterable[Record], of: Callable[[Record], float | None]) -> str | None:
    """The geometric mean of a factor, and the row where it is least."""
    factors = {title(r): f for r in records if (f := of(r)) is not None}
    if not factors:
        return None
    least = min(factors, key=lambda k: factors[k])
    mean = geometric_mean(factors.values())
    count = f"{len(factors)} row" + "s" * (len(factors) > 1)
    return f"- {what}: {mean:.2f} times in the geometric mean of {count}; least {factors[least]:.2f} ({least})."


def summary(rows: dict[str, Record]) -> str:
    """The figures that the design sets budgets for."""
    work = [r for r in rows.values() if not r["overhead"]]
    calls = [r for r in rows.values() if r["overhead"]]
    ratios = [x for r in work if r["bounded"] and (x := derivative_factor(r, "wengert")) is not None]
    large = [r for r in work if r.get("bytes", 0) > 1e7]
    copies = {title(r): b for r in large if (b := bandwidth(r)) is not None}
    failures = [f"{title(r)} ({name}: {text})" for r in rows.values() for name, text in r["errors"].items()]
    hurried = [f"{title(r)} (load {r['load']:.1f})" for r in rows.values() if busy(r)]
    lines = [
        spread("Run time against JAX", work, run_factor),
        spread("Compilation against JAX", rows.values(), compile_factor),
        spread("Compilation with the disk cache warm", rows.values(), lambda r: compile_factor(r, WARM)),
        spread("Calls with NumPy arrays against JAX", calls, call_factor),
        f"- Gradient over primal on ADBench's rows: at most {max(ratios):.2f}." if ratios else None,
        *(f"- {name}: {100 * b:.0f} % of the bandwidth of a copy." for name, b in copies.items()),
        *(f"- Without a result: {text}." for text in failures),
        f"- Not to be trusted, since the machine had other work: {'; '.join(hurried)}." if hurried else None,
    ]
    return "\n".join(x for x in lines if x)


def markdown(numbers: dict[str, Any]) -> str:
    """The section of the page."""
    rows = numbers["rows"]
    records = list(rows.values())
    dates = [r["date"] for r in records]
    commits = sorted({r["commit"] for r in records if "commit" in r})
    parts = [
        INTRODUCTION.format(
            date=" to ".join(sorted({min(dates), max(dates)})),
            commits=f" of {', '.join(commits)}" if commits else "", machine=numbers["machine"], python=numbers["python"],
            versions=", ".join(f"{k} {v}" for k, v in numbers["versions"].items()),
        ),
        summary(rows),
    ]  # fmt: skip

    def add(heading: str, header: list[str], lines: list[list[Any]]) -> None:
        if lines:
            parts.append(f"### {heading}\n\n" + table(header, lines))

    def run_cell(record: Record, name: str) -> str | None:
        error = record["errors"].get(name) or record["errors"].get("process")
        return error.replace("|", "\\|") if error else shown(record["run"].get(name))

    add(
        "Run time", ["computation", "wengert", "JAX", "JAX / wengert"],
        [[title(r), run_cell(r, "wengert"), run_cell(r, "jax"), ratio(run_factor(r))]
         for r in records if not r["overhead"]],
    )  # fmt: skip
    add(
        "Calls", ["call", "wengert", "JAX, its own arrays", "JAX, NumPy arrays", "JAX, NumPy arrays / wengert"],
        [[title(r), run_cell(r, "wengert"), run_cell(r, "jax"), shown(r["run"].get(FROM_NUMPY)), ratio(call_factor(r))]
         for r in records if r["overhead"]],
    )  # fmt: skip
    warm = any(WARM in r["first"] for r in records)
    add(
        "Compilation",
        ["computation", "wengert", "JAX", "JAX / wengert", *(["disk cache warm", "JAX / warm"] if warm else [])],
        [[title(r), shown(compilation(r, "wengert")), shown(compilation(r, "jax")), ratio(compile_factor(r)),
          *([shown(compilation(r, WARM)), ratio(compile_factor(r, WARM))] if warm else [])]
         for r in records if r["first"]],
    )  # fmt: skip
    add(
        "Against a copy", ["computation", "copy", "wengert", "part of the copy's bandwidth", "JAX's part"],
        [[title(r), shown(r["run"]["copy"]), shown(r["run"].get("wengert")), percent(bandwidth(r)),
          percent(factor(r["run"]["copy"], r["run"].get("jax")))]
         for r in records if "copy" in r["run"]],
    )  # fmt: skip
    add(
        "Derivative over primal", ["computation", "wengert", "JAX"],
        [[title(r), *(ratio(derivative_factor(r, n)) for n in ("wengert", "jax"))]
         for r in records if r["primal"]],
    )  # fmt: skip
    peers = ("torch", "torch.compile", "autograd")
    add(
        "PyTorch and autograd", ["computation", "wengert", *peers],
        [[title(r), *(run_cell(r, n) for n in ("wengert", *peers))]
         for r in records if any(n in r["run"] or n in r["errors"] for n in peers)],
    )  # fmt: skip
    return "\n\n".join(p.strip() for p in parts if p)


def percent(x: float | None) -> str | None:
    return None if x is None else f"{100 * x:.0f} %"
