"""The examples of the documentation run, with their assertions, and leave a picture. `make docs` runs them again, as notebooks."""

import re
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "tutorials"
EXAMPLES = [
    "ode-fit", "gaussian-process", "hamiltonian-monte-carlo", "option-greeks", "pde", "transformer", "bundle-adjustment",
    "robot-arm", "quantum-circuit", "time-series",
]  # fmt: skip


@pytest.mark.parametrize("name", EXAMPLES)
def test_example(name, tmp_path):
    cells = re.findall(r"```\{code-cell\}\n(.*?)```", (FOLDER / f"{name}.md").read_text(), re.DOTALL)
    scope = {"__name__": name}
    with mpl.rc_context({"backend": "agg"}):
        plt.switch_backend("agg")
        for i, cell in enumerate(cells):
            exec(compile(cell, f"{name}.md[{i}]", "exec"), scope)
        assert plt.get_fignums()
        plt.savefig(tmp_path / "picture.png", dpi=50)
        plt.close("all")
    assert (tmp_path / "picture.png").stat().st_size > 2000
    assert "assert " in "".join(cells) or name == "pde"
