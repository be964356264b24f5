"""Programs written for JAX, run as they are: they assert their own results, and print JAX's numbers.

Those named ``page_*``, written from what pages of JAX's documentation teach, print JAX's words too: types, weakness, jaxprs, classes
of errors and how messages begin. Two of them are run here, all with the peers' tests.
"""

import gc
import json
import subprocess
import sys
import warnings

import jax_program_runs as programs
import numpy as np
import pytest

from wengert.interop import jax_names

PRINTED = json.loads(programs.REFERENCE.read_text())["printed"]
BY_NAME = {path.name: path for path in programs.PROGRAMS}
PAGES = [name for name in BY_NAME if name.startswith("page_")]
QUICK = ["page_references.py", "page_state.py"]


def same_numbers(text, name):
    got, expected = programs.numbers(text), programs.numbers("\n".join(PRINTED[name]))
    assert len(got) == len(expected) > 0
    np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-5)


def test_every_program_is_recorded():
    assert set(PRINTED) == set(BY_NAME) and len(BY_NAME) >= 13


@pytest.mark.parametrize("name", [name for name in BY_NAME if name not in PAGES])
def test_program(name):
    with jax_names.as_jax():
        text = programs.run(BY_NAME[name])
    same_numbers(text, name)


def differing(name):
    gc.collect()  # references of programs before
    with jax_names.as_jax():
        return programs.differences(programs.run(BY_NAME[name]).splitlines(), PRINTED[name])


@pytest.mark.parametrize("name", QUICK)
def test_page(name):
    assert differing(name) == []


@pytest.mark.peers
@pytest.mark.parametrize("name", [name for name in PAGES if name not in QUICK])
def test_pages(name):
    """The alias prints what JAX printed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert differing(name) == []


def test_differences_of_lines_are_seen():
    line = "a [0] float32[2] weak [1.0, 2.0]"
    assert programs.differences([line], [line]) == []
    for other in (line.replace("32", "64"), line.replace(" weak", ""), line.replace("2.0", "2.1"), "b" + line[1:]):
        assert programs.differences([line], [other]) != []
    refused = "f raises Exception/TypeError/ValueError | Shapes differ: here"
    assert programs.differences([refused], ["f raises Exception/ValueError | Shapes differ."]) == []
    for other in ("f raises Exception/KeyError | Shapes differ", "f raises Exception/ValueError | Shape is"):
        assert programs.differences([refused], [other]) != []
    assert programs.differences([line], [line, line]) != []


def test_command():
    path = BY_NAME["index_updates.py"]
    done = subprocess.run(
        [sys.executable, "-m", "wengert.cli", "run", str(path), "--as-jax"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    same_numbers(done.stdout, path.name)
