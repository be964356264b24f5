"""The page: rows that are behind first, then every family."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from .libraries import MAKERS

OTHERS = [k for k in MAKERS if k != "wengert"]
HEAD = """# Rows

Each row is the same code in each library, timed in turns in a process of its own: the median of at least 20 readings, results waited
for, what differs from JAX's result is no number. A ratio is a library's time over wengert's: above 1 wengert is faster. Bytes are those
of arguments and results, each once; operations those of the plain algorithm; both are shown as a part of what a copy of 64 MB and
a product of 1,024 rows of NumPy reach on the same cores. `make bench-all` takes the numbers and goes on where it was ended.
"""


def taken(record: dict[str, Any]) -> dict[str, float]:
    """The time of each library that is compared: of processor time the least, else the median."""
    return record.get(record.get("compared", "median"), {})


def ratio(record: dict[str, Any], other: str) -> float | None:
    times = taken(record)
    return times[other] / times["wengert"] if other in times and "wengert" in times else None


def fastest(record: dict[str, Any]) -> tuple[str, float] | None:
    """The fastest other library, and its ratio."""
    found = [(r, k) for k in OTHERS if (r := ratio(record, k)) is not None]
    return (min(found)[1], min(found)[0]) if found else None


def mean(values: Iterable[float]) -> float:
    values = list(values)
    return math.exp(sum(map(math.log, values)) / len(values)) if values else float("nan")


def duration(seconds: float | None) -> str:
    if seconds is None:
        return ""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if seconds >= size or unit == "µs":
            return f"{seconds / size:.3g} {unit}"
    return ""


def line(record: dict[str, Any]) -> str:
    times = taken(record)
    ratios = " ".join(f"{k} {r:.2f}" for k in OTHERS if (r := ratio(record, k)) is not None)
    wrong = record["errors"].get("wengert") or record["errors"].get("process", "")
    return f"{record['name']}: {duration(times.get('wengert'))} {ratios} {wrong}"


def of_peak(record: dict[str, Any], peaks: dict[str, float]) -> str:
    t = taken(record).get("wengert")
    parts = []
    if t and record.get("bytes"):
        parts.append(f"{100 * record['bytes'] / t / peaks['copy']:.0f} % of a copy")
    if t and record.get("flops"):
        kind = "float32" if "float32" in record["name"] else "float64"
        parts.append(f"{100 * record['flops'] / t / peaks[kind]:.0f} % of a product")
    return ", ".join(parts)


def _table(records: list[dict[str, Any]], peaks: dict[str, float]) -> list[str]:
    head = ["row", "wengert", *OTHERS, "of the peak", "limit"]
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    for r in records:
        cells = [f"{x:.2f}" if (x := ratio(r, k)) is not None else "" for k in OTHERS]
        own = duration(taken(r).get("wengert"))
        lines.append(f"| {' | '.join([r['name'], own, *cells, of_peak(r, peaks), r.get('limit', '')])} |")
    return lines


def text(numbers: dict[str, Any]) -> str:
    """The whole page, a part for each number of cores."""
    out = [HEAD]
    for cores, kept in sorted(numbers["rows"].items()):
        records, peaks = list(kept.values()), numbers["peaks"][cores]
        with_jax = [r for r in records if ratio(r, "jax") is not None]
        commits = sorted({r["commit"] for r in records})
        out += [f"## {cores.capitalize()}", ""]
        out.append(
            f"{len(records)} rows, of commit {', '.join(commits)}; JAX's time over wengert's "
            f"{mean(ratio(r, 'jax') for r in with_jax):.2f} in the geometric mean of {len(with_jax)}. A copy: "
            f"{peaks['copy'] / 1e9:.1f} GB/s, products: {peaks['float64'] / 1e9:.0f} Gflop/s in float64, "
            f"{peaks['float32'] / 1e9:.0f} in float32."
        )
        behind = [r for r in records if (f := fastest(r)) is not None and f[1] < 0.95]
        behind.sort(key=lambda r: fastest(r)[1])
        out += ["", "### Behind the fastest", "", *_table(behind, peaks)]
        out += ["", "### Families", "", "| family | rows | JAX | least | the fastest |", "|" + " --- |" * 5]
        families = sorted({r["family"] for r in records})
        for name in families:
            some = [r for r in with_jax if r["family"] == name]
            ratios = [ratio(r, "jax") for r in some]
            best = [f[1] for r in records if r["family"] == name and (f := fastest(r)) is not None]
            if ratios:
                out.append(f"| {name} | {len(some)} | {mean(ratios):.2f} | {min(ratios):.2f} | {mean(best):.2f} |")
        for name in families:
            some = [r for r in records if r["family"] == name]
            out += ["", f"### {name.capitalize()}", "", *_table(some, peaks)]
        wrong = [(r["name"], r["errors"][k]) for r in records for k in ("wengert", "process") if k in r["errors"]]
        if wrong:
            out += ["", "### Without a result", "", *[f"- {n}: {e}" for n, e in wrong]]
        out.append("")
    return "\n".join(out) + "\n"
