"""The page of a notebook that has run: one HTML file that needs nothing from the network.

nbconvert turns cells into HTML. Here formulas become MathML, which browsers draw themselves, and the page gets a list
of contents, the time of every cell, and a style of its own (page.css).
"""

from __future__ import annotations

import platform
import re
from html import escape, unescape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from jinja2 import pass_context
from latex2mathml.converter import convert
from nbconvert import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

from .. import __version__

if TYPE_CHECKING:
    from .run import Outcome

HERE = Path(__file__).parent
# A function's name gets thin spaces, as TeX sets it, unless a bracket or an exponent follows.
FUNCTION_NAME = re.compile(r"(?<!<msup>)(?<!<msub>)<mi>[a-z]{2,}</mi>(?!<mo[^>]*>&#x00028;)")
THIN = '<mspace width="0.17em"/>'
# Outputs of widgets and plotting libraries that bring scripts rely on these two; nothing is loaded for other pages.
SCRIPTS = """
<script src="https://cdnjs.cloudflare.com/ajax/libs/require.js/2.3.6/require.min.js"></script>
<script src="https://cdnjs.cloudflare.com/ajax/libs/jquery/3.7.1/jquery.min.js"></script>
"""


def mathml(formula: str, display: str) -> str:
    """A LaTeX formula as MathML; as code where it cannot be read."""
    try:
        tags = convert(formula.strip(), display=display)
    except Exception:  # noqa: BLE001 the converter raises all kinds of errors for what it does not know
        return f"<code>{escape(formula)}</code>"
    return FUNCTION_NAME.sub(rf"{THIN}\g<0>{THIN}", tags)


class _Renderer(IPythonRenderer):
    """Markdown to HTML, with formulas as MathML and headings that remember themselves."""

    headings: list[tuple[int, str, str]]

    def block_math(self, body: str) -> str:
        return mathml(body, "block")

    def inline_math(self, body: str) -> str:
        return mathml(body, "inline")

    def latex_environment(self, name: str, body: str) -> str:
        return mathml(rf"\begin{{{name}}}{body}\end{{{name}}}", "block")

    def heading(self, text: str, level: int, **attrs: Any) -> str:
        anchor = re.sub(r"[^\w]+", "-", re.sub(r"<.*?>", "", text)).strip("-").lower()
        same = sum(a == anchor or a.rpartition("--")[0] == anchor for _, a, _ in self.headings)
        anchor = f"{anchor}--{same + 1}" if same else anchor
        self.headings.append((level, anchor, text))
        return f'<h{level} id="{anchor}">{text}</h{level}>\n'


class _Exporter(HTMLExporter):
    """nbconvert's exporter with this page's template and renderer."""

    def __init__(self, **options: Any) -> None:
        super().__init__(template_file=str(HERE / "page.html.j2"), template_name="classic", **options)
        self.headings: list[tuple[int, str, str]] = []

    @pass_context
    def markdown2html(self, context: Any, source: str) -> str:
        attachments = context.get("cell", {}).get("attachments", {})
        renderer = _Renderer(escape=False, attachments=attachments, exclude_anchor_links=True)
        renderer.headings = self.headings
        return MarkdownWithMath(renderer=renderer).render(source)


def duration(seconds: float) -> str:
    """A time in the unit that suits it."""
    if seconds >= 1:
        return f"{seconds:.1f} s"
    return f"{1e3 * seconds:.0f} ms" if seconds >= 0.001 else "< 1 ms"


def _needs_scripts(nb: Any) -> bool:
    for cell in nb.cells:
        for out in cell.get("outputs", []):
            data = out.get("data", {})
            if "application/javascript" in data or "<script" in "".join(data.get("text/html", "")):
                return True
    return False


def _contents(headings: list[tuple[int, str, str]]) -> str:
    rows = [f'<li class="level{n}"><a href="#{anchor}">{text}</a></li>' for n, anchor, text in headings if n <= 3]
    return f"<nav><ol>{''.join(rows)}</ol></nav>" if len(rows) > 2 else ""


def _timings(outcomes: list[Outcome]) -> str:
    """A row for each cell: its name, its time, and a bar as long as its share of the longest."""
    longest = max((o.seconds for o in outcomes), default=1.0) or 1.0
    rows = []
    for o in outcomes:
        mark = f'<b class="failed">{escape(o.failure.error)}</b> ' if o.failure else ""
        rows.append(
            f'<tr><td>{o.number}</td><td><a href="#cell-{escape(o.name)}">{mark}<code>{escape(o.title[:72])}</code></a>'
            f"</td><td>{duration(o.seconds)}</td>"
            f'<td><i style="width:{100 * o.seconds / longest:.1f}%"></i></td></tr>'
        )
    return f"<table>{''.join(rows)}</table>"


def page_of(nb: Any, name: str, outcomes: list[Outcome], total: int) -> str:
    """The HTML of a notebook that has run.

    Args:
        nb: the notebook, with outputs; the seconds of each cell under ``metadata.seconds``.
        name: the file's name without its ending, the title where the notebook has no heading of first level.
        outcomes: what became of each cell that ran.
        total: the number of code cells.
    """
    exporter = _Exporter()
    failed = [o for o in outcomes if o.failure]
    state = f"{len(outcomes) - len(failed)} of {total} cells in {duration(sum(o.seconds for o in outcomes))}"
    state += f", {len(failed)} failed" if failed else ""
    versions = (
        f"Wengert {__version__}, NumPy {np.__version__}, Python {platform.python_version()}, {platform.machine()}"
    )
    resources = {
        "metadata": {"name": name},
        "style": (HERE / "page.css").read_text(encoding="utf-8"),
        "scripts": SCRIPTS if _needs_scripts(nb) else "",
        "summary": f"{state} · {versions}",
        "failed": {o.name for o in failed},
        "timings": _timings(outcomes),
        "duration": duration,
    }
    body, _ = exporter.from_notebook_node(nb, resources=resources)
    title = next((unescape(re.sub(r"<.*?>", "", text)) for level, _, text in exporter.headings if level == 1), name)
    return body.replace("<!-- title -->", escape(title)).replace("<!-- contents -->", _contents(exporter.headings))
