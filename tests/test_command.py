"""The command never loses work: places for results checked before, ends by signals, kernels that hang; and its settings."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

import wengert as w
import wengert.numpy as wnp
from wengert import cli, environment
from wengert.notebooks import files, kernel
from wengert.notebooks import run as run_module
from wengert.notebooks.outcome import Outcome, Run

STUCK = "import signal, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\ntime.sleep(60)"


def notebook(folder, *sources, name="small"):
    path = folder / f"{name}.ipynb"
    cells = [new_code_cell(s, id=f"cell-{i}") for i, s in enumerate(sources, 1)]
    nbformat.write(new_notebook(cells=cells), str(path))
    return path


def command(*arguments, **environ):
    return subprocess.run(
        [sys.executable, "-m", "wengert", *map(str, arguments)],
        capture_output=True,
        text=True,
        env={**os.environ, **environ},
    )


def prints(path):
    return ["".join(o.get("text", "") for o in c.outputs) for c in nbformat.read(str(path), 4).cells]


# --- with a kernel -----------------------------------------------------------------------------------------------


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM that a process can answer")
def test_results_are_saved_on_sigterm_and_prints_are_shown_as_they_come(tmp_path):
    path = notebook(tmp_path, "print('first')", "import time\nprint('second begins')\ntime.sleep(60)", "print('third')")
    arguments = [sys.executable, "-m", "wengert", "run", str(path), "--output", str(tmp_path / "out"), "--json"]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        while "second begins" not in process.stderr.readline():  # it is shown while the cell runs
            assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=60)
    said = json.loads(out)  # and nothing else is on standard output
    assert process.returncode == 143 == said["exit_status"] and "wengert run: told to end" in err
    assert (said["status"], said["signal"]) == ("interrupted", "SIGTERM")
    assert (said["cells"], said["ran"], said["failed"], said["not_reached"]) == (3, 1, 0, 2)
    assert prints(said["executed"]) == ["first\n", "second begins\n", ""]
    assert os.path.exists(said["page"]) and sorted(os.listdir(tmp_path / "out")) == ["small.html", "small.ipynb"]


@pytest.mark.skipif(os.name == "nt", reason="interrupts cannot be ignored there")
def test_a_stuck_kernel_is_replaced_and_the_next_cell_not_blamed(tmp_path):
    path = notebook(tmp_path, "x = 1", STUCK, "print('x' in globals())", "x")
    done = command("run", path, "--output", tmp_path / "out", "--timeout", 3, "--keep-going", "--json")
    said = json.loads(done.stdout)
    first, stuck, next_one, last = said["outcomes"]
    assert first["failure"] is None and next_one["failure"] is None
    assert stuck["failure"]["error"] == "Timeout" and "did not react to an interrupt" in stuck["failure"]["message"]
    assert prints(said["executed"])[2] == "False\n" and next_one["kernel_replaced_after"] == 2
    assert last["failure"]["error"] == "NameError" and last["failure"]["line"] == 1
    assert "it ran in a new kernel, without what the cells up to 2 had made" in done.stderr
    assert done.returncode == 1 == said["exit_status"] and (said["ran"], said["failed"]) == (2, 2)


@pytest.mark.skipif(os.name == "nt", reason="another way to end")
def test_cells_that_ask_exit_or_die(tmp_path):
    """One run for what a notebook may do to its run: input(), magics, the shell, loops of its own, exit() and what follows."""
    path = notebook(
        tmp_path, "name = input('who? ')", "!echo from the shell\n%time 1 + 1", "import asyncio\nprint(await asyncio.sleep(0, 3))",
        "%run side.py", "for i in range(20_000): print(i)", "exit()", "print('never')", name="ünï ✓",
    )  # fmt: skip
    (tmp_path / "side.py").write_text("print('beside', __name__)\n")
    done = command("run", path, "--output", tmp_path / "out", "--keep-going", "--json")
    said = json.loads(done.stdout)
    first, *others = said["outcomes"]
    assert (
        first["failure"]["error"] == "StdinNotImplementedError"
        and first["failure"]["line"] == 1
        and first["id"] == "cell-1"
    )
    assert "nobody answers input()" in first["failure"]["message"] and "kernelbase" not in done.stderr
    assert [o["failure"] for o in others] == [None] * 5 and (said["not_reached"], done.returncode) == (1, 1)
    texts = prints(said["executed"])
    assert texts[1].startswith("from the shell") and texts[2:4] == ["3\n", "beside __main__\n"] and texts[6] == ""
    assert texts[4].endswith("\n19999\n") and texts[4].count("\n") == 20_000
    died = command(
        "run",
        notebook(tmp_path, "import os\nos._exit(3)", "2", name="dies"),
        "--output",
        tmp_path / "out",
        "--keep-going",
    )
    assert (
        died.returncode == 1
        and "the kernel died while it ran this cell" in died.stderr
        and "1 not reached" in died.stdout
    )


@pytest.mark.skipif(os.name == "nt", reason="interrupts cannot be ignored there")
def test_a_second_interrupt_does_not_wait_and_what_was_printed_is_kept(tmp_path):
    path = notebook(tmp_path, STUCK.replace("time.sleep", "print('begins', flush=True)\ntime.sleep"), "2")
    arguments = [sys.executable, "-m", "wengert", "run", str(path), "--output", str(tmp_path / "out")]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        while "begins" not in process.stdout.readline():
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        time.sleep(0.3)
        start = time.perf_counter()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130 and "wengert run: interrupted" in err and "2 not reached" in out
    assert prints(tmp_path / "out" / "small.ipynb")[0] == "begins\n" and time.perf_counter() - start < 20


# --- without one -------------------------------------------------------------------------------------------------


@pytest.fixture
def no_kernel(monkeypatch):
    """A run that starts a kernel fails."""

    def fails(*_):
        raise AssertionError("a kernel was started")

    monkeypatch.setattr(kernel.Kernel, "__init__", fails)


def refused(capsys, *arguments):
    """The one line that the command says of what it does not do."""
    assert cli.main(list(map(str, arguments))) == 2
    said = capsys.readouterr()
    assert said.out == "" and said.err.count("\n") == 1 and said.err.startswith(f"wengert {arguments[0]}: ")
    return said.err


def test_the_installed_script_is_no_line_of_the_user(tmp_path):
    """What pip writes into bin/ calls `main` from a file outside of the package."""
    script = tmp_path / "wengert"
    script.write_text("import sys\nfrom wengert.cli import main\nsys.exit(main())\n")
    done = subprocess.run([sys.executable, str(script), "run", "gone.ipynb"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (2, "wengert run: there is no file gone.ipynb\n")


def test_the_output_folder_is_checked_before_anything_runs(tmp_path, capsys, no_kernel):
    path = notebook(tmp_path, "1")
    (tmp_path / "file").write_text("words")
    (tmp_path / "there" / "small.html").mkdir(parents=True)
    assert "is a file; name another one with --output" in refused(capsys, "run", path, "--output", tmp_path / "file")
    assert "cannot be written to" in refused(capsys, "run", path, "--output", tmp_path / "file" / "below")
    assert "small.html is a folder" in refused(capsys, "run", path, "--output", tmp_path / "there")
    assert (tmp_path / "file").read_text() == "words"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_must_not_be_written_to(tmp_path, capsys, no_kernel):
    (tmp_path / "out").mkdir(mode=0o555)
    assert "Permission denied" in refused(capsys, "run", notebook(tmp_path, "1"), "--output", tmp_path / "out")


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="/proc is Linux's")
def test_a_folder_in_which_nothing_can_be_made(tmp_path, capsys, no_kernel):
    assert "cannot be written to" in refused(capsys, "run", notebook(tmp_path, "1"), "--output", "/proc/self")


@pytest.mark.parametrize("cells", [[], [new_markdown_cell("# Words", id="words")], [new_code_cell(" \n", id="blank")]])
def test_a_notebook_without_code(tmp_path, capsys, no_kernel, cells):
    path = tmp_path / "empty.ipynb"
    nbformat.write(new_notebook(cells=cells), str(path))
    assert cli.main(["run", str(path), "--output", str(tmp_path / "out")]) == 0
    assert capsys.readouterr().out == f"there is no code in it; the page is {tmp_path / 'out' / 'empty.html'}\n"
    assert (tmp_path / "out" / "empty.ipynb").exists() and (tmp_path / "out" / "empty.html").exists()


@pytest.mark.parametrize("content", [b"", b" \n", b"\xff\xfe\x00", b"[]", b"3", b'{"cells": 1}', b'{"cells": [1]}'])
def test_what_is_no_notebook(tmp_path, capsys, no_kernel, content):
    path = tmp_path / "small.ipynb"
    path.write_bytes(content)
    assert "is no notebook" in refused(capsys, "run", path, "--output", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_notebook_of_another_language(tmp_path, capsys, no_kernel):
    path = notebook(tmp_path, "x = 1")
    nb = nbformat.read(str(path), 4)
    nb.metadata["kernelspec"] = {"name": "julia-1.11", "display_name": "Julia", "language": "julia"}
    nbformat.write(nb, str(path))
    assert "is a notebook of julia" in refused(capsys, "run", path, "--output", tmp_path / "out")


def test_a_source_that_is_edited_while_it_runs_in_place_is_left_alone(tmp_path):
    path = notebook(tmp_path, "1")
    nb, results, run = files.read(path), files.Results(path, tmp_path), Run(path, 1)
    results.keep(nb)
    assert run.notebook is None and path.read_bytes() != b""
    path.write_text("edited")
    results.write(nb, run)
    assert path.read_text() == "edited" and run.notebook == tmp_path / "small-executed.ipynb" and run.notebook.exists()


def test_results_go_elsewhere_where_the_folder_cannot_take_them_any_more(tmp_path, monkeypatch):
    path = notebook(tmp_path, "1")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    results, run = files.Results(path, tmp_path / "out"), Run(path, 1, [Outcome(1, "cell-1", "1", 0.1)])
    (tmp_path / "out").rmdir()
    (tmp_path / "out").write_text("in the way")
    results.write(files.read(path), run)
    assert run.notebook.exists() and run.page.exists() and run.notebook.parent.name.startswith("wengert-")
    assert f"the results are in {run.notebook.parent}" in run.trouble and run.status == 0


def test_a_page_that_cannot_be_made_does_not_take_the_notebook_along(tmp_path, monkeypatch):
    path = notebook(tmp_path, "1")
    monkeypatch.setattr("wengert.notebooks.page.page_of", lambda *_: 1 / 0)
    results, run = files.Results(path, tmp_path / "out"), Run(path, 1)
    results.write(files.read(path), run)
    assert run.notebook.exists() and run.page is None and run.status == 1 and "ZeroDivisionError" in run.trouble


def test_an_error_of_the_command_is_one_line_and_json_if_asked(tmp_path):
    for arguments in (
        ["run", "missing.ipynb"],
        ["run", "x.py", "--timeout", "0"],
        ["cache", "burn"],
        [],
        ["config", "--", "x"],
    ):
        done = command(*arguments)
        assert done.returncode == 2 and done.stdout == "" and done.stderr.count("\n") == 1, done.stderr
    done = command("run", "missing.ipynb", "--json")
    assert done.returncode == 2 and "there is no file" in json.loads(done.stdout)["message"]


def test_an_error_that_nobody_foresaw_is_one_line_too(tmp_path, capsys, monkeypatch):
    monkeypatch.delenv("WENGERT_FULL_TRACEBACK", raising=False)
    monkeypatch.setattr("wengert.notebooks.run.run_notebook", lambda *_: [][0])
    assert "IndexError: list index out of range" in refused(capsys, "run", notebook(tmp_path, "1"))


def test_a_script_says_json_and_keeps_its_prints_apart(tmp_path):
    script = tmp_path / "script.py"
    script.write_text("import os\nprint('words')\nos.system('echo of a child')\nraise ValueError('on purpose')\n")
    done = command("run", script, "--json")
    said = json.loads(done.stdout)
    assert (done.returncode, said["status"], said["failure"]["error"], said["failure"]["line"]) == (
        1,
        "failed",
        "ValueError",
        4,
    )
    assert "words" in done.stderr and "of a child" in done.stderr and "on purpose" in done.stderr


def test_a_script_that_is_interrupted(tmp_path):
    script = tmp_path / "script.py"
    script.write_text("def f():\n    raise KeyboardInterrupt\n\n\nf()\n")
    done = command("run", script)
    assert done.returncode == 130 and "line 2, in f" in done.stderr and "runpy" not in done.stderr


# --- settings ----------------------------------------------------------------------------------------------------

EVERY = {
    "WENGERT_X64": ("off", False),
    "WENGERT_BACKEND": ("interpreter", "interpreter"),
    "WENGERT_REPRODUCIBLE": ("yes", True),
    "WENGERT_WITHOUT_PASSES": ("sums,rows", ["rows", "sums"]),
    "WENGERT_VERIFY": ("1", True),
    "WENGERT_DUMP": ("fuse", "fuse"),
    "WENGERT_MAX_VMAP_PATHS": ("77", 77),
    "WENGERT_MAX_PATHS": ("7", 7),
    "WENGERT_CHECKPOINT_BYTES": ("64MiB", 64 << 20),
    "WENGERT_CACHE": ("0", False),
    "WENGERT_CACHE_DIR": ("/nowhere/at/all", "/nowhere/at/all"),
    "WENGERT_CACHE_BYTES": ("1GB", 10**9),
    "WENGERT_THREADS": ("3", 3),
    "WENGERT_DEBUG_NANS": ("1", True),
    "WENGERT_DEBUG_INFS": ("true", True),
    "WENGERT_DEBUG_ZEROS": ("On", True),
    "WENGERT_DISABLE_JIT": ("1", True),
}


def test_every_setting_by_the_environment():
    assert set(EVERY) == set(environment.VARIABLES.values())
    done = command("config", "--json", **{name: text for name, (text, _) in EVERY.items()})
    rows = {row["variable"]: row for row in json.loads(done.stdout)}
    assert {name: rows[name]["value"] for name in EVERY} == {name: value for name, (_, value) in EVERY.items()}
    assert all(rows[name]["source"] == f"environment, {name}" for name in EVERY)
    assert set(environment.OTHERS) == set(rows) - set(EVERY)


def test_settings_of_the_environment_are_in_force():
    code = (
        "import wengert as w, wengert.numpy as wnp, numpy as np, traceback\n"
        "print(wnp.ones(1).dtype)\nnp.seterr(all='ignore')\n"
        "seen = []\nw.jit(lambda x: [seen.append(float(x)), x][1])(2.0)\nprint(seen)\n"
        "try:\n    w.grad(lambda x: wnp.sqrt(x) * 0.0)(-1.0)\n"
        "except w.errors.NonFiniteError as error:\n    print('named')\n"
    )
    environ = {**os.environ, "WENGERT_X64": "0", "WENGERT_DEBUG_NANS": "1", "WENGERT_DISABLE_JIT": "1"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environ)
    assert done.stdout == "float32\n[2.0]\nnamed\n", done.stderr


def test_the_list_of_settings(capsys):
    with w.config.override(debug_nans=True, checkpoint_bytes="3MiB"):
        assert cli.main(["config"]) == 0
        assert w.config.source("debug_nans") == "override" != w.config.source("debug_infs")
    lines = {line.split()[0]: line.split() for line in capsys.readouterr().out.splitlines()}
    assert lines["debug_nans"] == ["debug_nans", "on", "override", "WENGERT_DEBUG_NANS"]
    assert lines["checkpoint_bytes"] == ["checkpoint_bytes", "3MiB", "override", "WENGERT_CHECKPOINT_BYTES"]
    source = w.config.source("max_paths")  # other tests may have assigned it
    assert lines["max_paths"] == ["max_paths", str(w.config.max_paths), source, "WENGERT_MAX_PATHS"]
    assert set(environment.VARIABLES) <= set(lines)


@pytest.mark.parametrize(
    "name, text", [("WENGERT_THREADS", "many"), ("WENGERT_X64", "maybe"), ("WENGERT_CACHE_BYTES", "1 Giga")]
)
def test_a_variable_that_makes_no_sense(name, text):
    done = command("config", **{name: text})
    assert done.returncode == 2 and done.stderr.count("\n") == 1 and name in done.stderr and repr(text) in done.stderr
    done = subprocess.run(
        [sys.executable, "-c", "import wengert"], capture_output=True, text=True, env={**os.environ, name: text}
    )
    assert done.returncode == 1 and f"({name})" in done.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    "text, number",
    [
        ("0", 0), ("536870912", 536870912), ("1GB", 10**9), ("64MiB", 64 << 20), ("1.5 GiB", 3 << 29), ("2tb", 2 * 10**12),
        ("10 kB", 10_000), ("7b", 7), (".5KiB", 512), (10**9, 10**9), (1e6, 10**6), (np.int64(5), 5),
    ],
)  # fmt: skip
def test_sizes(text, number):
    with w.config.override(cache_bytes=text, checkpoint_bytes=text):
        assert w.config.cache_bytes == number == w.config.checkpoint_bytes


@pytest.mark.parametrize("text", ["", "GB", "1GX", "-1", "1e3.5", "1 000", "one", -1, 1.5, np.inf, np.nan, None, [1]])
def test_no_sizes(text):
    for name in environment.SIZES:
        with pytest.raises(ValueError, match=f"{name} .*number of bytes, such as"), w.config.override(**{name: text}):
            pass


def test_truths_are_taken_as_they_are_written():
    for text, value in (("0", False), ("no", False), ("On", True), (np.True_, True), (0, False)):
        with w.config.override(debug_nans=text, enable_x64=text):
            assert w.config.debug_nans is value and wnp.ones(1).dtype == (np.float64 if value else np.float32)
    with pytest.raises(ValueError, match="WENGERT_DEBUG_NANS"), w.config.override(debug_nans="2"):
        pass


@pytest.mark.parametrize("value", [0, -1, 2.5, "x", None])
def test_max_paths(value):
    with pytest.raises(ValueError, match="whole number from 1 on"), w.config.override(max_paths=value):
        pass


def test_the_document_lists_every_setting():
    text = (Path(__file__).parents[1] / "docs/command.md").read_text()
    table = dict(re.findall(r"^\| `(WENGERT_\w+)` \| `(\w+)` \| (?:.*) \|$", text, re.MULTILINE))
    assert table == {variable: name for name, variable in environment.VARIABLES.items()}
    defaults = dict(re.findall(r"^\| `WENGERT_\w+` \| `(\w+)` \| (.*) \|$", text, re.MULTILINE))
    shown = {r["setting"]: cli._value_of(r) for r in cli._settings() if r["setting"] and r["source"] == "default"}
    for name, value in shown.items():
        assert defaults[name] == value or value == "-", name
    assert len(shown) > 3 and all(variable in text for variable in environment.OTHERS)


def test_the_documents_numbers():
    text = (Path(__file__).parents[1] / "docs/command.md").read_text()
    assert f"within {kernel.INTERRUPT_SECONDS:.0f} seconds" in text
    assert run_module.KEEP_SECONDS == 10 and "every ten seconds" in text
