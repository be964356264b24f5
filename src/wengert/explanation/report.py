"""Profiles and explanations of compiled functions as text, as HTML, and as a picture."""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .compiled import CompiledExplanation, Measured
    from .profile import Profile

MOST = 12  # rows of a table
BAR, WIDE = 22, 760


def seconds(x: float) -> str:
    """A time with three digits: ``12.3 µs``."""
    for unit, scale in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if x >= scale:
            return f"{x / scale:.3g} {unit}"
    return f"{x / 1e-9:.3g} ns"


def many(n: float) -> str:
    """A count with a letter: ``2.5M``."""
    for letter, scale in (("G", 1e9), ("M", 1e6), ("k", 1e3)):
        if n >= scale:
            return f"{n / scale:.3g}{letter}"
    return f"{n:.0f}"


def _table(rows: Sequence[Sequence[str]], most: int = 76) -> list[str]:
    cut = [[c if len(c) <= most else c[: most - 1] + "…" for c in row] for row in rows]
    widths = [max(len(row[i]) for row in cut) for i in range(len(cut[0]))]
    lines = ["  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in cut]
    lines.insert(1, "  ".join("-" * w for w in widths))
    return lines


def _line_rows(e: CompiledExplanation) -> list[list[str]]:
    total = sum(line.seconds for line in e.lines) or 1.0
    rows = [["time", "share", "flops", "bytes", "steps", "", "line"]]
    rows += [
        [
            seconds(line.seconds) + (" *" if line.shared else ""), f"{line.seconds / total:.0%}", many(line.flops),
            many(line.bytes), ", ".join(map(str, line.steps)), "back" if line.back else "", line.text,
        ]
        for line in e.lines
    ]  # fmt: skip
    return rows


def _step_rows(e: CompiledExplanation) -> list[list[str]]:
    rows = [["step", "what", "time", "lines in it"]]

    def add(steps: Sequence[Measured], before: str) -> None:
        for i, step in enumerate(steps):
            parts = ", ".join(f"{name} {part:.0%}" if len(step.parts) > 1 else name for name, part in step.parts)
            rows.append([f"{before}{i}", step.kind, seconds(step.seconds), parts])
            add(step.within, f"{before}{i}.")

    add(e.steps, "")
    return rows


def _notes(e: CompiledExplanation) -> list[str]:
    notes = []
    if any(line.shared for line in e.lines):
        notes.append(
            "* a step that holds several lines is shared among them by their instructions, not measured by line"
        )
    if e.python:
        notes.append("through Python: " + "; ".join(e.python))
    if e.saved:
        total = sum(k.bytes for k in e.saved)
        notes.append(f"saved for the way back: {many(total)} bytes in {len(e.saved)} arrays")
        notes += [f"  {k.type} of {k.line}" for k in sorted(e.saved, key=lambda k: -k.bytes)[:MOST]]
    elif any(line.back for line in e.lines):
        notes.append("saved for the way back: nothing, the loops that need a value compute it")
    if e.workspace:
        notes.append(f"temporary arrays: {many(e.workspace)} bytes")
    if e.compilations:
        notes.append("compiled:")
        notes += [f"  {text}" for text in e.compilations[-MOST:]]
    return notes


def _head(e: CompiledExplanation) -> str:
    return f"{e.name}: {seconds(e.seconds)} a call, {seconds(e.native)} of it in compiled code (medians, {e.runs} calls timed)"


def compiled_text(e: CompiledExplanation) -> str:
    """The tables of an explanation."""
    return "\n".join([_head(e), "", *_table(_line_rows(e)), "", *_table(_step_rows(e)), "", *_notes(e)]).rstrip()


def _html_table(rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f"<th style='text-align:left'>{html.escape(c)}</th>" for c in rows[0])
    body = "".join(
        "<tr>" + "".join(f"<td style='text-align:left'>{html.escape(c)}</td>" for c in row) + "</tr>"
        for row in rows[1:]
    )
    return f"<div style='overflow-x:auto'><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"


def compiled_page(e: CompiledExplanation) -> str:
    """The picture, the tables and the notes."""
    notes = "".join(f"<div>{html.escape(n)}</div>" for n in _notes(e))
    return (
        f"<div><p>{html.escape(_head(e))}</p><div style='overflow-x:auto'>{e.svg()}</div>"
        f"{_html_table(_line_rows(e))}{_html_table(_step_rows(e))}{notes}</div>"
    )


def bars(rows: Sequence[tuple[str, float]]) -> str:
    """Times as bars, an SVG element."""
    rows = rows[:MOST]
    most, total = max((t for _, t in rows), default=0.0) or 1.0, sum(t for _, t in rows) or 1.0
    parts = []
    for i, (name, t) in enumerate(rows):
        y = i * (BAR * 2 - 4) + 4
        text = html.escape(name if len(name) <= 96 else name[:95] + "…")
        parts.append(
            f'<text x="4" y="{y + 12}" font-size="12" fill="#0f172a">{text}</text>'
            f'<rect x="4" y="{y + 17}" width="{max((WIDE - 150) * t / most, 1):.1f}" height="14" rx="3" fill="#0284c7"/>'
            f'<text x="{8 + (WIDE - 150) * t / most:.1f}" y="{y + 28}" font-size="11" fill="#334155">'
            f"{seconds(t)}, {t / total:.0%}</text>"
        )
    height = len(rows) * (BAR * 2 - 4) + 8
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDE}" height="{height}" viewBox="0 0 {WIDE} {height}" role="img" '
        f'aria-label="time by line" font-family="sans-serif" style="background:#fff">{"".join(parts)}</svg>'
    )


def _function_rows(p: Profile) -> list[list[str]]:
    rows = [["function", "calls", "time", "a call", "steps", "temporary"]]
    for f in p.functions[:MOST]:
        a_call = seconds(f.seconds / max(f.calls, 1))
        rows.append([f.name, str(f.calls), seconds(f.seconds), a_call, str(len(f.steps)), f"{many(f.workspace)} bytes"])
    return rows


def _profile_rows(p: Profile) -> list[list[str]]:
    total = sum(p.lines.values()) or 1.0
    return [["time", "share", "line"], *([seconds(t), f"{t / total:.0%}", k] for k, t in list(p.lines.items())[:MOST])]


def _profile_notes(p: Profile) -> list[str]:
    notes = []
    if any(f.shared for f in p.functions):
        notes.append("steps that hold several lines are shared among them by their instructions")
    sparse = [f.name for f in p.functions if f.timed < f.calls]
    if sparse:
        notes.append(f"short calls were timed one in several: {', '.join(dict.fromkeys(sparse))}")
    notes += [str(c) for c in p.compilations[:MOST]]
    if len(p.compilations) > MOST:
        notes.append(f"... and {len(p.compilations) - MOST} compilations more")
    return notes


def profile_text(p: Profile) -> str:
    """The tables of a profile."""
    spent = sum(f.seconds for f in p.functions)
    head = f"profile of {seconds(p.seconds)}, of which compiled functions took {seconds(spent)}"
    tables = [*_table(_function_rows(p)), "", *_table(_profile_rows(p)), ""] if p.functions else []
    return "\n".join([head, "", *tables, *_profile_notes(p)]).rstrip()


def profile_page(p: Profile) -> str:
    """The same with a picture."""
    notes = "".join(f"<div>{html.escape(n)}</div>" for n in _profile_notes(p))
    picture = f"<div style='overflow-x:auto'>{bars(list(p.lines.items()))}</div>" if p.lines else ""
    return f"<div>{picture}{_html_table(_function_rows(p))}{_html_table(_profile_rows(p))}{notes}</div>"


__all__ = ["bars", "compiled_page", "compiled_text", "many", "profile_page", "profile_text", "seconds"]
