"""Four processes on this machine: gradients over all of them, training that is killed and goes on."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from scaling_examples import FOLDER, transformer

import wengert as w

pytestmark = pytest.mark.peers
jax = pytest.importorskip("jax")
pytest.importorskip("safetensors")
if not hasattr(jax, "_src"):
    pytest.skip("jax is this library's alias here", allow_module_level=True)
HERE = Path(__file__).parent


def launched(script, *arguments, options=()):
    environment = {k: v for k, v in os.environ.items() if k != "XLA_FLAGS"}
    environment["PYTHONPATH"] = os.pathsep.join([str(HERE), os.environ.get("PYTHONPATH", "")])
    command = [sys.executable, "-m", "wengert", "launch", "-n", "4", *options, str(script), "--", *arguments]
    start = time.monotonic()
    out = subprocess.run(command, capture_output=True, text=True, timeout=150, env=environment)
    return out, time.monotonic() - start


def test_gradients_over_processes():
    out, _ = launched(HERE / "launched_gradients.py")
    assert out.returncode == 0, out.stderr[-2000:]
    for name in ("transformer", "stencil", "mixture"):
        assert all(f"[{k}] {name} agrees" in out.stdout for k in range(4))


def test_training_that_is_killed_goes_on(tmp_path):
    out, _ = launched(
        FOLDER / "train.py", "--model", "2", "--layers", "1", "--steps", "6", "--every", "2", "--folder", tmp_path, "--die", "2:3",
        options=("--restarts", "1"),
    )  # fmt: skip
    assert out.returncode == 0, out.stderr[-2000:]
    said = [line for line in out.stderr.splitlines() if line.startswith("wengert launch:")]
    assert "process 2 of 4 was ended by SIGKILL" in said[0] and "again" in said[1] and len(said) == 2
    assert "[0] goes on from step 2" in out.stdout
    step = w.jit(transformer.train_step(transformer.loss, transformer.adam()))
    state = transformer.begin(transformer.parameters(layers=1))
    for number in range(6):
        state, want = step(state, transformer.batch(number))
        got = [float(v) for v in re.findall(rf"\] step {number}: loss (\S+)", out.stdout)]
        assert len(set(got)) == 1 and len(got) >= 4  # the same in all processes, before and after the restart
        np.testing.assert_allclose(got[0], want, rtol=1e-12)
