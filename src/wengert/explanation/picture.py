"""The graph of an explanation as SVG: a column for each depth, a box for each step, partial derivatives on the arrows."""

from __future__ import annotations

import html
from itertools import pairwise

from .step import Steps, number

WIDTH, HEIGHT, FREE, GAP_X, GAP_Y = 190, 74, 8, 120, 26


class _Layout:
    """Where boxes stand: a column for each depth, inputs beside their first use, places kept free for arrows that pass a column.

    The order in a column follows the mean of the neighbours (K. Sugiyama et al., IEEE Transactions on Systems, Man and
    Cybernetics 11 (1981)).
    """

    def __init__(self, e: Steps) -> None:
        n = len(e.steps)
        depth = [0] * n
        for i, step in enumerate(e.steps):
            depth[i] = max((depth[s] + 1 for s in step.sources if s is not None), default=0)
        uses = [[i for i, step in enumerate(e.steps) if k in step.sources] for k in range(n)]
        for k, step in enumerate(e.steps):
            if not step.operation and uses[k]:
                depth[k] = min(depth[i] for i in uses[k]) - 1
        self.columns: list[list[int]] = [[] for _ in range(max(depth, default=0) + 1)]
        for i, d in enumerate(depth):
            self.columns[d].append(i)
        self.ways: dict[tuple[int, int], list[int]] = {}  # arrows: the boxes and free places that they lead through
        links: list[list[int]] = [[] for _ in range(n)]
        for i, step in enumerate(e.steps):
            for s in dict.fromkeys(s for s in step.sources if s is not None):
                way = [s]
                for d in range(depth[s] + 1, depth[i]):
                    links.append([])
                    self.columns[d].append(len(links) - 1)
                    way.append(len(links) - 1)
                way.append(i)
                self.ways[s, i] = way
                for a, b in pairwise(way):
                    links[a].append(b)
                    links[b].append(a)
        for sweep in range(6):
            order = {k: float(r) for column in self.columns for r, k in enumerate(column)}
            for column in self.columns if sweep % 2 == 0 else reversed(self.columns):
                column.sort(key=lambda k: sum(order[m] for m in links[k]) / len(links[k]) if links[k] else order[k])
                order.update((k, float(r)) for r, k in enumerate(column))
        tall = [sum(HEIGHT if k < n else FREE for k in c) + GAP_Y * (len(c) + 1) for c in self.columns]
        self.height = max(tall, default=GAP_Y)
        self.width = len(self.columns) * (WIDTH + GAP_X) - GAP_X + 2 * GAP_Y
        self.place: dict[int, tuple[float, float, float]] = {}  # left, top, height
        for d, column in enumerate(self.columns):
            y = (self.height - tall[d]) / 2 + GAP_Y
            for k in column:
                size = HEIGHT if k < n else FREE
                self.place[k] = GAP_Y + d * (WIDTH + GAP_X), y, size
                y += size + GAP_Y

    def path(self, way: list[int]) -> tuple[str, tuple[float, float]]:
        """An arrow's path, and where its label stands."""
        middle = {k: self.place[k][1] + self.place[k][2] / 2 for k in way}
        x, y = self.place[way[0]][0] + WIDTH, middle[way[0]]
        parts, label = [f"M{x:.0f},{y:.0f}"], (x + GAP_X / 2, (y + middle[way[1]]) / 2 - 4)
        for k in way[1:]:
            to, end = self.place[k][0], middle[k]
            parts.append(f"C{x + GAP_X / 2:.0f},{y:.0f} {to - GAP_X / 2:.0f},{end:.0f} {to:.0f},{end:.0f}")
            x, y = to, end
            if k != way[-1]:
                x += WIDTH
                parts.append(f"L{x:.0f},{y:.0f}")
        return " ".join(parts), label


def graph(e: Steps) -> str:
    """The graph as an SVG element."""
    layout = _Layout(e)
    parts, labels = [], []
    for (s, i), way in layout.ways.items():
        path, (x, y) = layout.path(way)
        parts.append(f'<path d="{path}" fill="none" stroke="#888" marker-end="url(#wengert-arrow)"/>')
        shown = [
            _short(number(p))
            for k, p in zip(e.steps[i].sources, e.steps[i].partials, strict=False)
            if k == s and p is not None
        ]
        if shown:
            labels.append(_text(x, y, " + ".join(shown), 11, "#b45309", "middle"))
    parts += labels
    place, width, height = layout.place, layout.width, layout.height
    for i, step in enumerate(e.steps):
        x, y, _ = place[i]
        fill = "#e0f2fe" if not step.operation else "#f8fafc"
        parts.append(
            f'<rect x="{x:.0f}" y="{y:.0f}" width="{WIDTH}" height="{HEIGHT}" rx="8" fill="{fill}" stroke="#475569"/>'
        )
        title = f"{step.name} = {step.operation}" if step.operation else step.name
        carried = step.tangent if e.mode == "forward" else step.cotangent
        label = "tangent" if e.mode == "forward" else "cotangent"
        parts.append(_text(x + 10, y + 20, _short(title, 24), 13, "#0f172a", "start", bold=True))
        parts.append(_text(x + 10, y + 41, f"value {_short(number(step.value))}", 12, "#0f172a", "start"))
        parts.append(_text(x + 10, y + 60, f"{label} {_short(number(carried), 20)}", 12, "#1d4ed8", "start"))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}" '
        f'role="img" aria-label="{html.escape(e.title)}" font-family="sans-serif" style="background:#fff">'
        '<defs><marker id="wengert-arrow" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto">'
        f'<path d="M0,0 L10,5 L0,10 z" fill="#888"/></marker></defs>{"".join(parts)}</svg>'
    )


def _short(text: str, most: int = 22) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _text(x: float, y: float, text: str, size: int, colour: str, anchor: str, bold: bool = False) -> str:
    weight = ' font-weight="bold"' if bold else ""
    return (
        f'<text x="{x:.0f}" y="{y:.0f}" font-size="{size}" fill="{colour}" text-anchor="{anchor}"{weight}>'
        f"{html.escape(text)}</text>"
    )


__all__ = ["graph"]
