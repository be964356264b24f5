"""Build the documentation: a copy of docs/ with a reference page for every public name, read by Sphinx.

    python tools/site.py build/site          # writes the sources; `make docs` then calls sphinx-build on them

The reference is made of docstrings. The marks of a function (forward, reverse, batch, native) are those that
`tools/coverage.py` saw and wrote into docs/coverage.md.
"""

from __future__ import annotations

import importlib
import inspect
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[1]

# Namespaces in the order in which the contents list them, by subject.
SUBJECTS = {
    "Transformations": ["wengert", "wengert.lax", "wengert.debug", "wengert.testing"],
    "NumPy": ["wengert.numpy", "wengert.numpy.linalg", "wengert.numpy.fft"],
    "Networks and random numbers": ["wengert.nn", "wengert.initializers", "wengert.random"],
    "SciPy": [
        "wengert.scipy.cluster.vq",
        "wengert.scipy.fft",
        "wengert.scipy.integrate",
        "wengert.scipy.interpolate",
        "wengert.scipy.linalg",
        "wengert.scipy.ndimage",
        "wengert.scipy.optimize",
        "wengert.scipy.signal",
        "wengert.scipy.sparse.linalg",
        "wengert.scipy.spatial.transform",
        "wengert.scipy.special",
        "wengert.scipy.stats",
    ],
    "Trees and errors": ["wengert.tree", "wengert.tree_util", "wengert.flatten_util", "wengert.errors"],
}
NAMESPACES = [name for names in SUBJECTS.values() for name in names]


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


def marks() -> dict[str, dict[str, str]]:
    """What `tools/coverage.py` saw each function of NumPy's do, by the function's path here."""
    found: dict[str, dict[str, str]] = {}
    space = ""
    for line in (ROOT / "docs" / "coverage.md").read_text().splitlines():
        if line.startswith("## "):
            space = "wengert." + line[3:].strip()
        row = re.match(r"\| `([\w.]+)` \| ([^|]+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|", line)
        if row:
            found[f"{space}.{row[1]}"] = dict(
                zip(("forward", "reverse", "batch", "native"), row.groups()[1:], strict=True)
            )
    return found


def page(entry: Entry, seen: dict[str, str] | None, again: bool) -> str:
    """The page of a public name, in reStructuredText; `again` where it has another page under another name."""
    title = entry.path
    # In no contents: a thousand entries beside each of a thousand pages would be most of the site, and of its building.
    lines = [":orphan:", "", title, "=" * len(title), "", f"A name of :doc:`/reference/{entry.space}`.", ""]
    if seen:
        lines += [".. rst-class:: marks", "", " · ".join(f"{mode}: {mark.strip()}" for mode, mark in seen.items()), ""]
    if entry.kind in ("class", "exception"):
        lines += [f".. auto{entry.kind}:: {entry.path}", "   :members:"]
    else:
        lines += [f".. auto{entry.kind}:: {entry.path}"]
    return "\n".join([*lines, *(["   :no-index:"] if again else []), ""])


def contents(space: str, names: list[Entry], seen: dict[str, dict[str, str]]) -> str:
    """The page of a namespace: its purpose, and its names with a sentence each."""
    doc = inspect.getdoc(importlib.import_module(space)) or ""
    own, others = [e for e in names if e.own], [e.name for e in names if not e.own]
    lines = [space, "=" * len(space), "", doc, "", ".. list-table::", "   :widths: auto", ""]
    for e in own:
        mark = seen.get(e.path)
        modes = ", ".join(m for m, what in mark.items() if what.strip().startswith("✓")) if mark else ""
        lines += [f"   * - :doc:`{e.name} <{space}/{e.name}>`", f"     - {e.summary}"]
        if any(k.startswith(space + ".") for k in seen):
            lines.append(f"     - {modes}")
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


def write(target: Path) -> int:
    """Copy docs/ and write the reference beside it; the number of names that have a page."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(ROOT / "docs", target)
    (target / "changelog.md").write_text(_inside((ROOT / "CHANGELOG.md").read_text()))
    reference = target / "reference"
    reference.mkdir(exist_ok=True)
    seen, count, known = marks(), 0, set[int]()
    index = ["Reference", "=========", ""]
    for subject, spaces in SUBJECTS.items():
        index += [".. toctree::", "   :maxdepth: 1", f"   :caption: {subject}", "", *(f"   {s}" for s in spaces), ""]
    (reference / "index.rst").write_text("\n".join(index))
    for space in NAMESPACES:
        names = list(entries(space))
        (reference / f"{space}.rst").write_text(contents(space, names, seen))
        (reference / space).mkdir()
        for e in names:
            if e.own:
                (reference / space / f"{e.name}.rst").write_text(page(e, seen.get(e.path), id(e.value) in known))
                known.add(id(e.value))
                count += 1
    return count


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build" / "site"
    print(f"{write(target)} names have a page in {target}")
