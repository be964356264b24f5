"""compile.engine: the addresses of outside functions, in a fresh process, where nothing else has loaded libraries."""

import subprocess
import sys


def test_functions_of_the_c_library_are_found():
    code = (
        "import wengert as w, wengert.numpy as wnp; print(w.jit(lambda x: wnp.sin(x) + wnp.cos(x))(wnp.full(3, 1e9)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith("[")
