"""The command: notebooks that succeed, fail, hang, die; scripts; what is said and with which exit status."""

import json
import os
import signal
import subprocess
import sys

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from wengert import cli
from wengert.notebooks.page import mathml
from wengert.notebooks.run import ANSI, first_line


def notebook(folder, *sources, name="small"):
    path = folder / f"{name}.ipynb"
    cells = [new_code_cell(s, id=f"cell-{i}") if isinstance(s, str) else s for i, s in enumerate(sources, 1)]
    nbformat.write(new_notebook(cells=cells), str(path))
    return path


def command(*arguments, **options):
    return subprocess.run(
        [sys.executable, "-m", "wengert.cli", *map(str, arguments)], capture_output=True, text=True, **options
    )


def run(path, *options):
    """Run a notebook as a person would: nbclient leaves sockets behind that would be warnings in this process."""
    return command("run", path, "--output", path.parent / "out", *options)


def executed(path):
    return json.loads((path.parent / "out" / path.name).read_text())["cells"]


def text(cell):
    return "".join("".join(o.get("text", "")) for o in cell["outputs"])


def page(path):
    return (path.parent / "out" / f"{path.stem}.html").read_text()


# --- notebooks ---------------------------------------------------------------------------------------------------


def test_a_notebook_that_succeeds(tmp_path, monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "Agg")  # plots must reach the page all the same
    (tmp_path / "beside.py").write_text("number = 6\n")
    path = notebook(
        tmp_path,
        new_markdown_cell("# A title & more\n\nA formula $\\frac{1}{2}$ and a list:\n\n## One\n## Two\n## Three"),
        "from beside import number\nimport wengert\nprint(wengert.grad(lambda x: x**2)(0.5 * number))",
        "",
        "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()",
        "1 < 2",
    )
    done = run(path)
    assert (done.returncode, done.stderr) == (0, "")
    cells = executed(path)
    assert text(cells[1]) == "6.0\n"
    assert [c["metadata"]["seconds"] >= 0 for c in cells if c["cell_type"] == "code" and c["source"]] == [True] * 3
    assert "3/3" in done.stdout and "[####################]" in done.stdout
    assert "3 of 3 cells ran in" in done.stdout and str(tmp_path / "out" / "small.html") in done.stdout
    html = page(path)
    assert "<title>A title &amp; more</title>" in html
    assert "data:image/png;base64," in html
    assert "<mfrac>" in html and "$" not in html
    assert "<script" not in html and "<link" not in html and 'src="http' not in html  # it needs no network
    assert '<a href="#two">Two</a>' in html
    assert "True" in html and "What each cell took" in html


def test_a_cell_that_fails(tmp_path):
    stale = new_code_cell("print('later')", id="later", outputs=[new_output("stream", text="from an earlier run")])
    path = notebook(tmp_path, "x = 1", "y = x\nz = y / 0\n", stale)
    done = run(path)
    assert done.returncode == 1
    assert "small.ipynb: cell 2 of 3 (cell-2), line 2: ZeroDivisionError" in done.stderr
    assert "    2 | z = y / 0" in done.stderr
    assert "division by zero" in done.stderr and "\x1b[" not in done.stderr
    assert "1 of 3 cells ran" in done.stdout and "1 failed" in done.stdout and "1 not reached" in done.stdout
    assert executed(path)[2]["outputs"] == []
    assert 'class="code failed" id="cell-cell-2"' in page(path)
    assert "ZeroDivisionError" in page(path)


def test_keep_going_and_the_line_of_each_failure(tmp_path):
    expected = new_code_cell("1 / 0", id="expected", metadata={"tags": ["raises-exception"]})
    sources = ["undefined", "def f():\n    raise ValueError('deep')", "pass\n\nf()", "a = 1\nb = = 2", expected]
    path = notebook(tmp_path, *sources, "print('went on')")
    done = run(path, "--keep-going")
    assert done.returncode == 1
    assert "cell 1 of 6 (cell-1), line 1: NameError" in done.stderr
    assert "cell 3 of 6 (cell-3), line 3: ValueError" in done.stderr
    assert "cell 4 of 6 (cell-4), line 2: SyntaxError" in done.stderr
    assert "ZeroDivisionError" not in done.stderr  # the cell says that it is expected
    assert "3 of 6 cells ran" in done.stdout and "3 failed" in done.stdout and "not reached" not in done.stdout
    assert text(executed(path)[5]) == "went on\n"


def test_timeout(tmp_path):
    path = notebook(tmp_path, "import time\ntime.sleep(60)", "print('went on')")
    done = run(path, "--timeout", "1", "--keep-going")
    assert done.returncode == 1
    assert "cell 1 of 2 (cell-1), line 2: Timeout" in done.stderr
    assert "it was stopped after 1 s, the limit that --timeout sets" in done.stderr
    assert text(executed(path)[1]) == "went on\n"


def test_a_kernel_that_dies(tmp_path):
    path = notebook(tmp_path, "import os\nos._exit(3)", "print('never')")
    done = run(path, "--keep-going")
    assert done.returncode == 1
    assert "cell 1 of 2 (cell-1): DeadKernel" in done.stderr and "the kernel died" in done.stderr
    assert "1 not reached" in done.stdout


def test_an_interrupted_run_leaves_what_has_run(tmp_path):
    path = notebook(tmp_path, "print('first')", "import time\ntime.sleep(60)")
    arguments = [sys.executable, "-m", "wengert.cli", "run", str(path), "--output", str(tmp_path / "out")]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        said = process.stdout.readline()
        while "2/2" not in said:  # the second cell is running
            said += process.stdout.read(1)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130 and "wengert run: interrupted" in err
    assert "1 of 2 cells ran" in out and "1 not reached" in out
    assert text(executed(path)[0]) == "first\n"


def test_as_jax_and_scripts_in_the_page(tmp_path):
    source = "import jax\nimport jax.numpy as jnp\nprint(jax.grad(jnp.sin)(0.0), jnp.ones(1).dtype)"
    path = notebook(tmp_path, source, "from IPython.display import HTML\nHTML('<script>1</script>')")
    assert run(path, "--as-jax").returncode == 0
    assert text(executed(path)[0]) == "1.0 float32\n"
    assert "require.min.js" in page(path)


def test_a_terminal_gets_a_bar(tmp_path):
    pty = pytest.importorskip("pty")  # there is none on Windows
    path = notebook(tmp_path, "x = [1]", "1 / 0")
    master, slave = pty.openpty()
    arguments = [sys.executable, "-m", "wengert.cli", "run", str(path), "--output", str(tmp_path / "out")]
    with subprocess.Popen(arguments, stdout=slave, stderr=slave, env={**os.environ, "TERM": "xterm"}) as process:
        os.close(slave)
        said = b""
        try:
            while part := os.read(master, 4096):
                said += part
        except OSError:  # Linux says so when the other end is closed
            pass
    os.close(master)
    assert process.returncode == 1
    plain = ANSI.sub("", said.decode())
    assert "small.ipynb" in plain and "2/2" in plain and "ZeroDivisionError in 1 / 0" in plain


# --- what is not run ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name, content, message",
    [
        ("missing.ipynb", None, "there is no file"),
        ("notes.txt", "words", "neither a notebook (.ipynb) nor a script (.py)"),
        ("broken.ipynb", "words", "is no notebook"),
        ("other.ipynb", '{"a": 1}', "is no notebook"),
    ],
)
def test_nothing_to_run(tmp_path, capsys, name, content, message):
    if content is not None:
        (tmp_path / name).write_text(content)
    assert cli.main(["run", str(tmp_path / name)]) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("seconds", ["0", "-1", "soon"])
def test_a_timeout_that_makes_no_sense(tmp_path, capsys, seconds):
    with pytest.raises(SystemExit) as stop:
        cli.main(["run", str(notebook(tmp_path, "1")), f"--timeout={seconds}"])
    assert stop.value.code == 2
    assert "whole number of seconds above 0" in capsys.readouterr().err


def test_arguments_for_a_notebook(tmp_path, capsys):
    assert cli.main(["run", str(notebook(tmp_path, "1")), "--", "extra"]) == 2
    assert "a notebook takes no arguments, got extra" in capsys.readouterr().err


def test_libraries_that_are_missing(tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "nbclient", None)
    assert cli.main(["run", str(notebook(tmp_path, "1"))]) == 2
    said = capsys.readouterr().err
    assert "nbclient" in said and "pip install 'wengert[notebooks]'" in said


# --- scripts -----------------------------------------------------------------------------------------------------


def test_a_script(tmp_path):
    (tmp_path / "beside.py").write_text("factor = 3.0\n")
    script = tmp_path / "script.py"
    script.write_text(
        "import sys\nimport jax\nfrom beside import factor\n"
        "print(__name__, sys.argv[1:], jax.grad(lambda x: factor * x)(1.0))\n"
    )
    done = command("run", script, "--as-jax", "--", "--epochs", 3)
    assert (done.returncode, done.stdout, done.stderr) == (0, "__main__ ['--epochs', '3'] 3.0\n", "")


def test_a_script_that_fails(tmp_path):
    script = tmp_path / "script.py"
    script.write_text("import jax\n\n\ndef f():\n    raise ValueError('on purpose')\n\n\nf()\n")
    done = command("run", script, "--as-jax")
    assert done.returncode == 1 and done.stdout == ""
    assert "ValueError: on purpose" in done.stderr and "line 5, in f" in done.stderr
    assert "runpy" not in done.stderr and "cli.py" not in done.stderr


def test_a_script_with_a_syntax_error(tmp_path):
    script = tmp_path / "script.py"
    script.write_text("a = = 1\n")
    done = command("run", script)
    assert done.returncode == 1 and "SyntaxError" in done.stderr and "script.py" in done.stderr


def test_the_status_of_a_script_that_exits(tmp_path):
    script = tmp_path / "script.py"
    script.write_text("import sys\nsys.exit(7)\n")
    assert command("run", script).returncode == 7


def test_help_and_version():
    done = command("run", "--help", env={**os.environ, "COLUMNS": "100"})
    assert done.returncode == 0 and "--as-jax" in done.stdout and "exit status" in done.stdout
    assert command("--version").stdout.startswith("wengert 0.")


# --- pieces ------------------------------------------------------------------------------------------------------


def test_first_line():
    assert first_line("\n%matplotlib inline\n\n  x = 1\ny = 2") == "x = 1"
    assert first_line("%timeit f()") == "%timeit f()"
    assert first_line("") == ""


def test_formulas():
    assert mathml(r"\frac{a}{b}", "block").startswith("<math") and "<mfrac>" in mathml(r"\frac{a}{b}", "block")
    assert "mspace" in mathml(r"e\sin E", "inline")
    assert mathml(r"\frac{", "inline") == r"<code>\frac{</code>"  # what cannot be read is shown as it is
