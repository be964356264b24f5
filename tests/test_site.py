"""The documentation's sources: every page is in the contents, every public name has a page, every example is right."""

import doctest
import importlib.util
import re
import warnings
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted((ROOT / "docs").rglob("*.md"))
TUTORIALS = sorted((ROOT / "docs" / "tutorials").glob("*.md"))


@pytest.fixture(scope="module")
def site():
    spec = importlib.util.spec_from_file_location("site_tool", ROOT / "tools" / "site.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_page_is_in_the_contents():
    listed = {"index"}
    for page in PAGES:
        room = page.parent.relative_to(ROOT / "docs")
        for tree in re.findall(r"```\{toctree\}\n(.*?)```", page.read_text(), re.DOTALL):
            listed |= {str(room / entry) for entry in tree.split() if re.fullmatch(r"[\w/*-]+", entry)}
    missing = [p for p in PAGES if not any(p.relative_to(ROOT / "docs").match(f"{entry}.md") for entry in listed)]
    assert missing == []


def test_every_public_name_has_a_page(site, tmp_path):
    site.write(tmp_path / "site")
    reference = tmp_path / "site" / "reference"
    own = [e for space in site.NAMESPACES for e in site.entries(space) if e.own]
    assert len(own) > 900
    assert [e.path for e in own if not (reference / e.space / f"{e.name}.rst").exists()] == []
    assert [e.path for e in own if not e.summary] == []


@pytest.mark.parametrize("page", sorted((ROOT / "docs" / "how-to").glob("*.md")), ids=lambda p: p.stem)
def test_examples_of_how_to(page):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # NumPy's, in the page about NaN
        failed, tried = doctest.testfile(str(page), module_relative=False, optionflags=doctest.ELLIPSIS)
    assert failed == 0 and (tried > 0 or page.stem == "index")


@pytest.mark.parametrize("page", TUTORIALS, ids=lambda p: p.stem)
def test_tutorials_are_notebooks_as_text(page):
    """`make docs` runs them; here their cells are read, so that a page without cells or with a broken one is seen."""
    text = page.read_text()
    assert text.startswith("---\nfile_format: mystnb\n")
    cells = re.findall(r"```\{code-cell\}\n(.*?)```", text, re.DOTALL)
    assert len(cells) >= 5
    for i, cell in enumerate(cells):
        compile(re.sub(r"^:tags:.*\n", "", cell), f"{page.name}[{i}]", "exec")
