"""One version everywhere, and the files that a package needs. `make package` builds it and installs it."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import wengert

ROOT = Path(__file__).resolve().parents[1]


def read(name):
    return (ROOT / name).read_text()


def test_one_version():
    released = re.findall(r"^## \[(\d+\.\d+\.\d+)\]", read("CHANGELOG.md"), re.MULTILINE)
    assert wengert.__version__ == released[0]
    assert re.search(r"^version: (\S+)$", read("CITATION.cff"), re.MULTILINE)[1] == wengert.__version__
    assert [*map(int, released[0].split("."))] == max([*map(int, v.split("."))] for v in released)


def test_the_changelog_is_in_order():
    """Keep-a-Changelog: Unreleased, then versions with dates; entries under headings from its list, none twice."""
    text = read("CHANGELOG.md")
    heads = re.findall(r"^## (.*)$", text, re.MULTILINE)
    assert heads[0] == "[Unreleased]"
    assert all(re.fullmatch(r"\[\d+\.\d+\.\d+\] - \d{4}-\d\d-\d\d", h) for h in heads[1:])
    for part in text.split("\n## ")[1:]:
        kinds = re.findall(r"^### (.*)$", part, re.MULTILINE)
        assert len(kinds) == len(set(kinds))
        assert set(kinds) <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
        if not part.startswith("[Unreleased]"):
            assert not re.search(r"^- ", part.split("### ")[0], re.MULTILINE), "an entry without a kind"


def test_dependencies_have_lowest_versions():
    project = tomllib.loads(read("pyproject.toml"))["project"]
    for dependency in [*project["dependencies"], *project["optional-dependencies"]["notebooks"]]:
        assert re.fullmatch(r"[\w-]+>=\d+\.\d+", dependency), f"{dependency}: tools/package.py --lowest reads NAME>=X.Y"
    recorded = read("docs/stability.md")
    for dependency in project["dependencies"]:
        name, version = dependency.split(">=")
        assert re.search(rf"{name} {re.escape(version)}\.\d", recorded, re.IGNORECASE), f"no record of {dependency}"


def test_types_are_for_other_projects_too():
    assert (Path(wengert.__file__).parent / "py.typed").exists()


def test_python_dash_m_wengert():
    done = subprocess.run([sys.executable, "-m", "wengert", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"wengert {wengert.__version__}\n"
