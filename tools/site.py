"""Build the documentation: a copy of docs/ with a reference page for every public name, read by Sphinx.

    python tools/site.py build/site          # writes the sources; `make docs` then calls sphinx-build on them

The reference is made of docstrings and of what is known otherwise: `wengert.reference` has what shared parameters mean, formulas and their
sources, and runs each function's example to see shapes, dtypes and the marks (forward, reverse, batch, native).
"""

from __future__ import annotations

import importlib
import inspect
import json
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from wengert.reference.describe import docstring
from wengert.reference.formulas import derivatives, source_of
from wengert.reference.observed import Seen, observe
from wengert.reference.spaces import NAMESPACES, SUBJECTS

ROOT = Path(__file__).resolve().parents[1]


class Entry(NamedTuple):
    """A public name: where a user finds it, and what it is."""

    space: str
    name: str
    value: Any

    @property
    def path(self) -> str:
        return f"{self.space}.{self.name}"

    @property
    def kind(self) -> str:
        if isinstance(self.value, type):
            return "exception" if issubclass(self.value, BaseException) else "class"
        return "function" if callable(self.value) else "data"

    @property
    def own(self) -> bool:
        """Whether the library documents it: NumPy's dtypes and constants have their page in NumPy's documentation."""
        return str(getattr(self.value, "__module__", "")).startswith("wengert")

    @property
    def summary(self) -> str:
        return (inspect.getdoc(self.value) or "").strip().partition("\n")[0]


def entries(space: str) -> Iterator[Entry]:
    """The public names of a namespace, modules left out."""
    module = importlib.import_module(space)
    for name in sorted(getattr(module, "__all__", dir(module)), key=str.lower):
        value = getattr(module, name)
        if not name.startswith("_") and not inspect.ismodule(value):
            yield Entry(space, name, value)


def table(head: list[str], rows: list[list[str]]) -> list[str]:
    """A table in reStructuredText."""
    lines = [".. list-table::", "   :widths: auto", "   :header-rows: 1", ""]
    for row in [head, *rows]:
        lines += [f"   {'*' if i == 0 else ' '} - {cell}" for i, cell in enumerate(row)]
    return [*lines, ""]


def generated(entry: Entry, seen: Seen) -> list[str]:
    """What a page says beside the docstring: formula and source, shapes, dtypes, derivatives, batches, native code."""
    lines: list[str] = []
    rules = derivatives(entry.value)
    if rules:
        text = "; ".join(f"by `{name}`: ``{formula}``" for name, formula in rules)
        lines += [f"**Derivative**, as it is computed: {text}.", ""]
    source = source_of(entry.value)
    if source:
        lines += [f"**Source**: {source}.", ""]
    if seen.calls:
        lines += [".. rubric:: Shapes, in the example", ""]
        lines += table(["called with", "gives"], [[f"``{a or ' '}``", f"``{r}``"] for a, r in seen.calls])
    if seen.dtypes:
        lines += [".. rubric:: Dtypes, of its arrays and of the result", ""]
        lines += table(list(seen.dtypes), [list(seen.dtypes.values())])
    if seen.derivatives or seen.batch != "–" or seen.native != "–":
        lines += [".. rubric:: Under transformations, seen with the example's arguments", ""]
        rows = [[f"`{name}`", *marks] for name, marks in seen.derivatives.items()]
        if rows:
            lines += table(["argument", "forward", "reverse"], rows)
        lines += [f"batch: {seen.batch} · native: {seen.native}", ""]
    return lines


def page(entry: Entry, seen: Seen, again: bool) -> str:
    """The page of a public name, in reStructuredText; `again` where it has another page under another name."""
    title = entry.path
    # In no contents: a thousand entries beside each of a thousand pages would be most of the site, and of its building.
    lines = [":orphan:", "", title, "=" * len(title), "", f"A name of :doc:`/reference/{entry.space}`.", ""]
    if entry.kind in ("class", "exception"):
        lines += [f".. auto{entry.kind}:: {entry.path}", "   :members:"]
    else:
        lines += [f".. auto{entry.kind}:: {entry.path}"]
    return "\n".join([*lines, *(["   :no-index:"] if again else []), "", *generated(entry, seen), ""])


def _modes(seen: Seen) -> str:
    """The marks of a name in the contents: what was seen with its example."""
    rows = list(seen.derivatives.values())
    found = [m for i, m in enumerate(("forward", "reverse")) if any(row[i] == "✓" for row in rows)]
    return ", ".join(found + [m for m in ("batch", "native") if getattr(seen, m) == "✓"])


def contents(space: str, names: list[Entry], seen: dict[int, Seen]) -> str:
    """The page of a namespace: its purpose, and its names with a sentence and marks each."""
    doc = inspect.getdoc(importlib.import_module(space)) or ""
    own, others = [e for e in names if e.own], [e.name for e in names if not e.own]
    lines = [space, "=" * len(space), "", doc, ""]
    lines += [".. list-table::", "   :widths: auto", ""] if own else []
    for e in own:
        lines += [f"   * - :doc:`{e.name} <{space}/{e.name}>`", f"     - {e.summary}"]
        lines += [f"     - {_modes(seen.get(id(e.value), Seen()))}"]
    if others:
        lines += ["", "Beside them, NumPy's own: " + ", ".join(f"``{n}``" for n in others) + "."]
    return "\n".join([*lines, ""])


def _inside(text: str) -> str:
    """A page of the repository's root with its links: into docs/ they stay links, to other files they are their words."""

    def link(found: re.Match[str]) -> str:
        words, place = found.groups()
        if place.startswith("docs/"):
            return f"[{words}]({place.removeprefix('docs/')})"
        return found[0] if place.startswith(("http:", "https:")) else words

    return re.sub(r"\[([^]]+)\]\(([^)]+)\)", link, text)


def look(names: list[Entry]) -> dict[int, Seen]:
    """What each function was seen to do, by its identity."""
    found: dict[int, Seen] = {}
    for e in names:
        if e.own and e.kind == "function" and id(e.value) not in found:
            found[id(e.value)] = observe(e.value, NAMESPACES)
    return found


def write(target: Path) -> int:
    """Copy docs/ and write the reference beside it; the number of names that have a page."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(ROOT / "docs", target)
    (target / "changelog.md").write_text(_inside((ROOT / "CHANGELOG.md").read_text()))
    reference = target / "reference"
    reference.mkdir(exist_ok=True)
    index = ["Reference", "=========", ""]
    for subject, spaces in SUBJECTS.items():
        index += [".. toctree::", "   :maxdepth: 1", f"   :caption: {subject}", "", *(f"   {s}" for s in spaces), ""]
    (reference / "index.rst").write_text("\n".join(index))
    all_names = {space: list(entries(space)) for space in NAMESPACES}
    seen = look([e for names in all_names.values() for e in names])
    paths: dict[int, list[str]] = {}
    for names in all_names.values():
        for e in names:
            paths.setdefault(id(e.value), []).append(e.path)
    count, pages, docstrings = 0, set[int](), dict[str, list[str]]()
    for space, names in all_names.items():
        (reference / f"{space}.rst").write_text(contents(space, names, seen))
        (reference / space).mkdir()
        for e in names:
            if e.own:
                text = page(e, seen.get(id(e.value), Seen()), id(e.value) in pages)
                (reference / space / f"{e.name}.rst").write_text(text)
                if e.kind != "data":
                    docstrings[e.path] = docstring(paths[id(e.value)], e.value)
                pages.add(id(e.value))
                count += 1
    (target / "docstrings.json").write_text(json.dumps(docstrings))
    return count


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build" / "site"
    print(f"{write(target)} names have a page in {target}")
