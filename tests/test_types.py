"""What type checkers know of transformed functions: a user's file is checked by basedpyright and mypy."""

import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import wengert

USER = Path(__file__).parent / "typing" / "user.py"
LINES = USER.read_text().splitlines()
WRONG = {i for i, line in enumerate(LINES, 1) if line.endswith("# wrong")}
SOURCE = Path(wengert.__file__).parents[1]


def test_it_is_typed():
    assert (SOURCE / "wengert" / "py.typed").exists() and len(WRONG) > 15


def test_basedpyright_knows_signatures(tmp_path):
    if importlib.util.find_spec("basedpyright") is None:
        pytest.skip("basedpyright is not installed")
    settings = {
        "include": [str(USER)], "extraPaths": [str(SOURCE)], "typeCheckingMode": "basic", "pythonVersion": "3.11",
    }  # fmt: skip
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(settings))
    command = [
        sys.executable,
        "-m",
        "basedpyright",
        "--outputjson",
        "-p",
        str(tmp_path),
        "--pythonpath",
        sys.executable,
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    found = json.loads(done.stdout)["generalDiagnostics"]
    errors = {d["range"]["start"]["line"] + 1: d["message"] for d in found if d["severity"] == "error"}
    assert set(errors) == WRONG, [(i, errors.get(i), LINES[i - 1]) for i in sorted(set(errors) ^ WRONG)]


def test_mypy_knows_signatures(tmp_path):
    if importlib.util.find_spec("mypy") is None:
        pytest.skip("mypy is not installed")
    (tmp_path / "mypy.ini").write_text(f"[mypy]\nmypy_path = {SOURCE}\n[mypy-wengert.*]\nfollow_imports = silent\n")
    command = [sys.executable, "-m", "mypy", "--config-file", str(tmp_path / "mypy.ini"), "--cache-dir", str(tmp_path)]
    done = subprocess.run([*command, "--no-error-summary", str(USER)], capture_output=True, text=True)
    errors = dict(re.findall(r"user\.py:(\d+): error: (.*)", done.stdout))
    lines = set(map(int, errors))
    assert lines == WRONG, [(i, errors.get(str(i)), LINES[i - 1]) for i in sorted(lines ^ WRONG)] + [done.stdout[-500:]]
