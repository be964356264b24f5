"""The ways to run code written for JAX: a call, a `with` block, IPython's extension, the environment, pytest's option."""

import subprocess
import sys
import textwrap

import numpy as np
import pytest

import wengert

SCRIPT = "import jax, jax.numpy as jnp; print(jax.grad(lambda x: jnp.sum(x * x))(jnp.arange(3.0)))"


def run(code, **variables):
    import os

    env = {**os.environ, **variables}
    return subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, env=env)


def test_a_call_holds_from_there_on():
    done = run(
        f"import wengert; kept = wengert.as_jax(); print(kept); {SCRIPT}; import wengert.numpy as wnp; print(wnp.ones(1).dtype)"
    )
    assert done.stdout.splitlines() == ["<import jax means wengert>", "[0. 2. 4.]", "float32"], done.stderr


def test_a_block_puts_back():
    before = {name for name in sys.modules if name.split(".")[0] == "jax"}
    with wengert.as_jax():
        import jax.numpy as jnp

        with wengert.as_jax():
            pass
        assert jnp.ones(2).dtype == np.float32 and jnp.ones(2).at[0].set(3.0)[0] == 3
    assert {name for name in sys.modules if name.split(".")[0] == "jax"} == before
    assert wengert.config.enable_x64


def test_the_environment():
    assert run(f"import wengert; {SCRIPT}", WENGERT_AS_JAX="1").stdout == "[0. 2. 4.]\n"
    assert "ValueError: WENGERT_AS_JAX is 1 or 0" in run("import wengert", WENGERT_AS_JAX="perhaps").stderr
    assert (
        run("import wengert, sys; print('wengert.interop.jax_names' in sys.modules)", WENGERT_AS_JAX="0").stdout
        == "False\n"
    )


def test_ipython_loads_and_unloads():
    code = f"""
        from IPython.core.interactiveshell import InteractiveShell
        shell = InteractiveShell.instance()
        shell.run_line_magic("load_ext", "wengert")
        shell.run_cell({SCRIPT!r}).raise_error()
        shell.run_line_magic("unload_ext", "wengert")
        import sys
        print(any(name.split(".")[0] == "jax" for name in sys.modules))
    """
    pytest.importorskip("IPython")
    assert run(code).stdout == "[0. 2. 4.]\nFalse\n"


@pytest.mark.parametrize("how", ["option", "environment", "neither"])
def test_pytest_runs_tests_written_for_jax(tmp_path, how):
    (tmp_path / "conftest.py").write_text("import sys\nASKED = '--as-jax' in sys.argv\n")
    (tmp_path / "test_it.py").write_text(
        "def test_it():\n    import jax\n    assert jax.grad(lambda x: x * x)(3.0).dtype == 'float32'\n    assert 'wengert' in repr(jax)\n"
    )
    import os

    env = {**os.environ, **({"WENGERT_AS_JAX": "1"} if how == "environment" else {})}
    words = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "pytest_wengert",
        "-p",
        "no:cacheprovider",
        *(["--as-jax"] if how == "option" else []),
        str(tmp_path),
    ]
    done = subprocess.run(words, capture_output=True, text=True, env=env, cwd=tmp_path)
    assert (done.returncode == 0) == (how != "neither"), done.stdout + done.stderr
