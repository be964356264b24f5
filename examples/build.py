"""Write the notebooks of this folder from their sources: tour.ipynb from tour.py.

A source is a Python file in the percent format that editors know. ``# %% name`` opens a code cell and
``# %% [markdown] name`` one of text, whose lines are comments. The name is the cell's id in the notebook: it stays
the same while cells come and go, so that a difference between two versions shows what changed and nothing else.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

HERE = Path(__file__).resolve().parent
MARK = re.compile(r"^# %%(?P<text> \[markdown\])? (?P<name>[\w-]+)\n", re.MULTILINE)


def notebook(source: str) -> Any:
    """The notebook that a source describes, without outputs."""
    marks = list(MARK.finditer(source))
    ends = [m.start() for m in marks[1:]] + [len(source)]
    cells = []
    for mark, end in zip(marks, ends, strict=True):
        body = source[mark.end() : end].strip("\n")
        if mark["text"]:
            text = "\n".join(
                line.removeprefix("#").removeprefix(" ") for line in body.splitlines()
            )
            cells.append(new_markdown_cell(text, id=mark["name"]))
        else:
            cells.append(new_code_cell(body, id=mark["name"]))
    metadata = {
        "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
        "language_info": {"name": "python"},
    }
    nb = new_notebook(cells=cells, metadata=metadata)
    nbformat.validate(nb)  # also that no two cells share a name
    return nb


def text_of(source: Path) -> str:
    """The notebook of a source as the text of its file."""
    return nbformat.writes(notebook(source.read_text(encoding="utf-8"))) + "\n"


if __name__ == "__main__":
    path = HERE / "tour.ipynb"
    path.write_text(text_of(path.with_suffix(".py")), encoding="utf-8")
    print(f"wrote {path.name}")
