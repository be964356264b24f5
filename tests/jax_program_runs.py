"""Programs written for JAX and what they print there, recorded in `data/jax_programs.json`.

Run this file where JAX is installed to record again: ``python tests/jax_program_runs.py``.
"""

import contextlib
import io
import json
import re
import runpy
import sys
from pathlib import Path

PROGRAMS = sorted((Path(__file__).parent / "jax_programs").glob("*.py"))
REFERENCE = Path(__file__).parent / "data" / "jax_programs.json"
NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|nan|inf")


def run(path):
    """Run a program as a script; returns what it printed."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        runpy.run_path(str(path), run_name="__main__")
    return out.getvalue()


def numbers(text):
    return [float(n) for n in NUMBER.findall(text)]


def main() -> int:
    import jax

    printed = {}
    for path in PROGRAMS:
        jax.config.update("jax_enable_x64", False)
        printed[path.name] = run(path).splitlines()
    REFERENCE.write_text(json.dumps({"jax": jax.__version__, "printed": printed}, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
