"""An explanation as text and as HTML."""

from __future__ import annotations

import html

from .picture import graph
from .step import Step, Steps, number


def lines_of(e: Steps) -> list[list[str]]:
    """A row of texts for each step: name, operation, value, derivatives by the operands, tangent or cotangent, line."""
    rows = []
    for step in e.steps:
        carried = step.tangent if e.mode == "forward" else step.cotangent
        what = f"{step.operation}({', '.join(step.operands)})" if step.operation else "input"
        rows.append([step.name, what, number(step.value), partials_of(step), number(carried), _near(step.line)])
    return rows


def _near(line: str) -> str:
    """The user's line without the folders of its file."""
    place, colon, text = line.partition(": ")
    return f"{place.rpartition('/')[2].rpartition(chr(92))[2]}{colon}{text}"


def partials_of(step: Step) -> str:
    found = []
    for name, source, p in zip(step.operands, step.sources, step.partials, strict=False):
        if source is not None and p is not None:
            found.append(f"by {name}: {number(p)}")
    return "; ".join(found)


def heads(e: Steps) -> list[str]:
    carried = "tangent" if e.mode == "forward" else "cotangent"
    return ["step", "operation", "value", "derivatives", carried, "your line"]


def table(e: Steps) -> str:
    rows = [heads(e), *lines_of(e)]
    limits = [12, 34, 34, 46, 34, 60]
    rows = [[_cut(c, n) for c, n in zip(row, limits, strict=True)] for row in rows]
    widths = [max(len(row[i]) for row in rows) for i in range(len(limits))]
    lines = ["  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in rows]
    lines.insert(1, "  ".join("-" * w for w in widths))
    way = "forwards" if e.mode == "forward" else "backwards, from the last step"
    return "\n".join([f"{e.title}: {e.mode} mode; read the {heads(e)[4]}s {way}.", "", *lines])


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def page(e: Steps) -> str:
    """The picture, and the table below it."""
    head = "".join(f"<th>{html.escape(h)}</th>" for h in heads(e))
    body = "".join(
        "<tr>" + "".join(f"<td style='text-align:left'>{html.escape(c)}</td>" for c in row) + "</tr>"
        for row in lines_of(e)
    )
    return (
        f"<div><p><b>{html.escape(e.title)}</b>, {e.mode} mode</p><div style='overflow-x:auto'>{graph(e)}</div>"
        f"<div style='overflow-x:auto'><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div></div>"
    )


__all__ = ["heads", "lines_of", "page", "partials_of", "table"]
