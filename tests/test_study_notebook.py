"""The notebook written for JAX runs here, and prints JAX's numbers. Runs where the notebook is there."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

FOLDER = Path(__file__).resolve().parents[2] / "shared" / "notebooks"
NOTEBOOK, REFERENCE = FOLDER / "autodiff_study.ipynb", FOLDER / "autodiff_study.reference.json"
NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|nan|inf")


def numbers(text):
    text = re.sub(r"(?:float|int|uint)\d+|weak_type=True", "", text or "")
    return [float(n) for n in NUMBER.findall(text)]


@pytest.mark.skipif(not NOTEBOOK.exists(), reason="the study notebook is not part of the project")
def test_study_notebook(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "wengert.cli", "run", str(NOTEBOOK), "--as-jax", "--output", str(tmp_path)],
        capture_output=True, text=True, env={**os.environ, "MPLBACKEND": ""},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    cells = [c for c in json.loads((tmp_path / NOTEBOOK.name).read_text())["cells"] if c["cell_type"] == "code"]
    reference = json.loads(REFERENCE.read_text())["cells"]
    assert len(cells) == len(reference) == 38
    compared = 0
    for cell, expected in zip(cells, reference, strict=True):
        if expected["timing_cell"] or expected["error"]:
            continue
        out = "".join("".join(o["text"]) for o in cell["outputs"] if o.get("name") == "stdout")
        results = [o["data"] for o in cell["outputs"] if o["output_type"] in ("execute_result", "display_data")]
        figures = sum("image/png" in d for d in results)
        text = "".join("".join(d["text/plain"]) for d in results if "image/png" not in d and "Line2D" not in str(d))
        wanted = numbers(expected["stdout"]) + numbers(expected["result"] if not expected["figures"] else "")
        got = numbers(out) + numbers(text if not expected["figures"] else "")
        np.testing.assert_allclose(got, wanted, rtol=3e-6, atol=1e-6, err_msg=f"cell {expected['cell']}")
        assert figures == expected["figures"], f"cell {expected['cell']}"
        compared += len(wanted)
    assert compared > 100
    assert (tmp_path / "autodiff_study.html").stat().st_size > 10_000
