"""Programs written for JAX, run as they are: they assert their own results, and print JAX's numbers."""

import json
import subprocess
import sys

import jax_program_runs as programs
import numpy as np
import pytest

from wengert.interop import jax_names

PRINTED = json.loads(programs.REFERENCE.read_text())["printed"]
BY_NAME = {path.name: path for path in programs.PROGRAMS}


def same_numbers(text, name):
    got, expected = programs.numbers(text), programs.numbers("\n".join(PRINTED[name]))
    assert len(got) == len(expected) > 0
    np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-5)


def test_every_program_is_recorded():
    assert set(PRINTED) == set(BY_NAME) and len(BY_NAME) >= 13


@pytest.mark.parametrize("name", BY_NAME)
def test_program(name):
    with jax_names.as_jax():
        text = programs.run(BY_NAME[name])
    same_numbers(text, name)


def test_command():
    path = BY_NAME["index_updates.py"]
    done = subprocess.run(
        [sys.executable, "-m", "wengert.cli", "run", str(path), "--as-jax"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    same_numbers(done.stdout, path.name)
