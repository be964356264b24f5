"""The table of libraries in docs/jax.md is made of what `tests/ecosystem/run.py --record` noted, and is of what is pinned."""

import importlib.util
import json
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def run():
    spec = importlib.util.spec_from_file_location("ecosystem_run", HERE / "ecosystem" / "run.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_table_is_that_of_the_record(run):
    known = json.loads(run.RECORD.read_text())
    page = (HERE.parent / "docs" / "jax.md").read_text()
    assert run.table(known) == page.partition(run.BEGIN)[2].partition(run.END)[0].strip()


def test_every_program_is_in_the_record_and_agrees(run):
    known = json.loads(run.RECORD.read_text())
    assert set(run.PROGRAMS) - set(known) <= {"across", "further"}  # which are not timed
    for name, found in known.items():
        reference = json.loads((run.HERE / "reference" / f"{name}.json").read_text())
        assert (
            "failed" not in found and not found["beyond"] and found["numbers"] == sum(map(len, reference.values()))
        ), name


def test_a_step_slower_than_the_limit_has_its_cause(run):
    known = json.loads(run.RECORD.read_text())
    slow = [n for n, f in known.items() if f["step"][1] < 0.8 * f["step"][0]]
    assert not set(slow) - set(run.reasons())
