"""Running a notebook cell by cell in a kernel of its own, with a progress bar and a clear account of failures.

nbclient runs the cells; here are the order of events, the kernel that is started, and what is said about it.
"""

from __future__ import annotations

import re
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import NotSupportedError
from .progress import progress_of

AS_JAX = "import wengert.interop.jax_names as _names; _names.install(); del _names"
ANSI = re.compile(r"\x1b\[[0-9;]*m")


@dataclass
class Failure:
    """Why a cell did not end well."""

    error: str  # the error's class
    message: str
    line: int | None = None  # of the cell, counted from 1
    traceback: str = ""
    fatal: bool = False  # whether the kernel is gone, so that no later cell can run


@dataclass
class Outcome:
    """What became of one code cell."""

    number: int  # among the code cells, counted from 1
    name: str  # the cell's id
    title: str  # its first line
    seconds: float
    failure: Failure | None = None


def _check_libraries() -> None:
    try:
        import ipykernel  # noqa: F401
        import latex2mathml  # noqa: F401
        import nbclient  # noqa: F401
        import nbconvert  # noqa: F401
        import rich  # noqa: F401
    except ImportError as error:
        raise NotSupportedError(
            f"running notebooks needs {error.name}: install it with pip install 'wengert[notebooks]'"
        ) from None


def first_line(source: str) -> str:
    """The first line of a cell that says something."""
    lines = [line.strip() for line in source.splitlines() if line.strip()]
    return next((line for line in lines if not line.startswith("%")), lines[0] if lines else "")


def _client(nb: Any, folder: Path, as_jax: bool, timeout: int | None) -> Any:
    import nbclient
    from jupyter_client.kernelspec import KernelSpec
    from jupyter_client.manager import AsyncKernelManager

    # This interpreter, whatever kernels are installed for the user; plots go into the page, whatever MPLBACKEND says.
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}", "--log-level=ERROR"]
    if as_jax:
        argv.append(f"--IPKernelApp.exec_lines={AS_JAX}")
    env = {"MPLBACKEND": "module://matplotlib_inline.backend_inline"}
    manager = AsyncKernelManager(kernel_name="python3")
    manager._kernel_spec = KernelSpec(argv=argv, display_name="Python 3", language="python", env=env)
    client = nbclient.NotebookClient(
        nb,
        km=manager,
        timeout=timeout,
        interrupt_on_timeout=True,
        error_on_timeout={"ename": "Timeout", "evalue": "", "traceback": []},
        resources={"metadata": {"path": str(folder)}},
    )
    client.log.setLevel("CRITICAL")  # what it logs is said here, once and in full
    return client


def _failure(cell: Any, error: Exception, timeout: int | None) -> Failure:
    """What a cell's error comes to, with the line of the cell at which it arose."""
    shown = next((o for o in cell.outputs if o.output_type == "error"), None)
    traceback = "\n".join(shown.traceback) if shown else ""
    # IPython heads each frame with the cell it is in; the first such head of this cell is the line that it had reached.
    found = re.search(rf"Cell In\[{cell.execution_count}\], line (\d+)", ANSI.sub("", traceback))
    line = int(found[1]) if found else None
    name = getattr(error, "ename", type(error).__name__)
    if name == "Timeout":
        return Failure("Timeout", f"it was stopped after {timeout} s, the limit that --timeout sets", line, traceback)
    return Failure(name, str(getattr(error, "evalue", error)), line, traceback)


def _run_cell(client: Any, nb: Any, index: int, timeout: int | None) -> Failure | None:
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    cell = nb.cells[index]
    try:
        client.execute_cell(cell, index)
    except DeadKernelError:
        message = "the kernel died while it ran this cell: it ran out of memory, exited, or crashed in native code"
        return Failure("DeadKernel", message, fatal=True)
    except (CellExecutionError, CellTimeoutError) as error:
        return _failure(cell, error, timeout)
    return None


def _read(path: Path) -> Any:
    """The notebook, without what an earlier run left in it: a cell that is not reached must show nothing."""
    import nbformat

    try:
        nb = nbformat.read(str(path), as_version=4)
    except (ValueError, AttributeError, nbformat.ValidationError) as error:
        raise NotSupportedError(f"{path} is no notebook: {str(error).splitlines()[0]}") from None
    nb.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    for cell in nb.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
            cell.metadata.pop("seconds", None)
    return nb


def run_notebook(
    path: Path, output: Path, as_jax: bool = False, timeout: int | None = None, keep_going: bool = False
) -> int:
    """Run a notebook; write it with its results, and a page of it, to the folder `output`.

    Args:
        path: the notebook.
        output: the folder to write to, made if need be.
        as_jax: whether ``import jax`` means this library.
        timeout: seconds that a cell may take; None for any.
        keep_going: whether to go on after a cell that failed.

    Returns:
        The number of cells that failed.

    Raises:
        NotSupportedError: the libraries for notebooks are not installed, or the file is no notebook.
        KeyboardInterrupt: the run was interrupted; what had run by then is written.

    Example:
        >>> from pathlib import Path
        >>> run_notebook(Path("examples/tour.ipynb"), Path("out"))  # doctest: +SKIP
        0
    """
    _check_libraries()
    nb = _read(path)
    cells = [i for i, c in enumerate(nb.cells) if c.cell_type == "code" and c.source.strip()]
    outcomes: list[Outcome] = []
    client = _client(nb, path.resolve().parent, as_jax, timeout)
    interrupted = False
    try:
        with client.setup_kernel(), progress_of(path.name, len(cells)) as progress:
            for number, index in enumerate(cells, 1):
                cell = nb.cells[index]
                title = first_line(cell.source)
                progress.starts(number, title)
                start = time.perf_counter()
                failure = _run_cell(client, nb, index, timeout)
                seconds = time.perf_counter() - start
                cell.metadata["seconds"] = round(seconds, 4)
                outcomes.append(Outcome(number, cell.get("id", ""), title, seconds, failure))
                progress.ends(seconds, failure.error if failure else "")
                if failure and (failure.fatal or not keep_going):
                    break
    except KeyboardInterrupt:  # what has run is written all the same
        interrupted = True
        print()
    page = _write(nb, path.stem, output, outcomes, len(cells))
    _report(path, [nb.cells[i] for i in cells], outcomes, page)
    if interrupted:
        raise KeyboardInterrupt
    return sum(o.failure is not None for o in outcomes)


def _write(nb: Any, name: str, output: Path, outcomes: list[Outcome], total: int) -> Path:
    import nbformat

    from .page import page_of

    output.mkdir(parents=True, exist_ok=True)
    nbformat.write(nb, str(output / f"{name}.ipynb"))
    page = output / f"{name}.html"
    page.write_text(page_of(nb, name, outcomes, total), encoding="utf-8")
    return page


def _report(path: Path, cells: list[Any], outcomes: list[Outcome], page: Path) -> None:
    colour = sys.stderr.isatty()
    failed = [o for o in outcomes if o.failure]
    for o in failed:
        f = o.failure
        assert f is not None
        where = f", line {f.line}" if f.line else ""
        print(f"\n{path.name}: cell {o.number} of {len(cells)} ({o.name}){where}: {f.error}", file=sys.stderr)
        lines = cells[o.number - 1].source.splitlines()
        if f.line and f.line <= len(lines):
            print(f"    {f.line} | {lines[f.line - 1]}", file=sys.stderr)
        if f.traceback:
            print(f.traceback if colour else ANSI.sub("", f.traceback), file=sys.stderr)
        if not f.traceback or f.error == "Timeout":
            print(f"{f.error}: {f.message}", file=sys.stderr)
    seconds = sum(o.seconds for o in outcomes)
    left = len(cells) - len(outcomes)
    print(
        f"{len(outcomes) - len(failed)} of {len(cells)} cells ran in {seconds:.1f} s"
        + (f", {len(failed)} failed" if failed else "")
        + (f", {left} not reached" if left else "")
        + f"; the page is {page}",
        flush=True,
    )
