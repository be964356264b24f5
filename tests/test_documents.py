"""What the documents show is what the library does."""

import doctest
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])


def test_the_examples_of_the_readme():
    failed, tried = doctest.testfile(str(ROOT / "README.md"), module_relative=False)
    assert tried > 5 and failed == 0


def test_the_examples_of_control_flow():
    failed, tried = doctest.testfile(str(ROOT / "docs/control-flow.md"), module_relative=False)
    assert tried == 5 and failed == 0


def test_the_examples_of_primitives():
    failed, tried = doctest.testfile(str(ROOT / "docs/primitives.md"), module_relative=False)
    assert tried == 7 and failed == 0


def test_the_examples_of_plain_numpy():
    failed, tried = doctest.testfile(str(ROOT / "docs/numpy.md"), module_relative=False)
    assert tried == 11 and failed == 0


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda p: p.name)
def test_links_lead_somewhere(document):
    targets = re.findall(r"\]\((?!https?:|#)([^)#]+)", document.read_text())
    assert [t for t in targets if not (document.parent / t).exists()] == []


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md"])
def test_commands_and_files_exist(document):
    text = (ROOT / document).read_text()
    commands = set(re.findall(r"\bmake ([a-z]+)(?=`|    #)", text))
    assert commands and commands <= set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    files = re.findall(r"`((?:src|tests|examples|docs)/[\w./]+\.\w+)", text)
    rooms = [f"src/wengert/{f}" for f in re.findall(r"`(ops/\w+\.py)`", text)]
    assert [f for f in [*files, *rooms] if not (ROOT / f).exists()] == []
