"""The guided notebook runs from top to bottom, and its page has the pictures."""

import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"


@pytest.fixture(scope="module")
def tour(tmp_path_factory):
    """The folder that running the tour leaves."""
    output = tmp_path_factory.mktemp("tour")
    command = [sys.executable, "-m", "wengert.cli", "run", EXAMPLES / "tour.ipynb", "--output", output]
    done = subprocess.run([*command, "--timeout", "120"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return output


def test_every_cell_ran(tour):
    cells = [c for c in json.loads((tour / "tour.ipynb").read_text())["cells"] if c["cell_type"] == "code"]
    assert len(cells) > 40
    assert [c["execution_count"] for c in cells] == list(range(1, len(cells) + 1))
    kinds = {(o["output_type"], o.get("name", "")) for c in cells for o in c["outputs"]}
    assert kinds == {("stream", "stdout"), ("display_data", "")}  # no error, and no warning on stderr
    assert sum(c["metadata"]["seconds"] for c in cells) < 120


def test_the_page(tour):
    html = (tour / "tour.html").read_text()
    source = (EXAMPLES / "tour.py").read_text()
    assert html.count("data:image/png;base64,") == source.count("plt.show()") >= 8
    assert html.count("<h2 ") == len(re.findall(r"^# ## ", source, re.MULTILINE))
    assert "<script" not in html and "<code>\\" not in html  # needs no network, and every formula was understood
    assert html.count('class="time"') == len(re.findall(r"^# %% [\w-]+$", source, re.MULTILINE))


def test_the_notebook_is_built_from_its_source(monkeypatch):
    spec = importlib.util.spec_from_file_location("build", EXAMPLES / "build.py")
    build = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "build", build)
    spec.loader.exec_module(build)
    expected = build.text_of(EXAMPLES / "tour.py")
    assert (EXAMPLES / "tour.ipynb").read_text() == expected, "run python examples/build.py"
    assert expected == build.text_of(EXAMPLES / "tour.py")
    cells = json.loads(expected)["cells"]
    assert all(not c.get("outputs") and c.get("execution_count") is None for c in cells)
    assert len({c["id"] for c in cells}) == len(cells)
