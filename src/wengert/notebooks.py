"""Running a notebook cell by cell, with a progress bar, and the page that is left behind.

nbclient runs the cells, nbconvert makes the page, rich draws the bar; here they are put together.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

from .errors import NotSupportedError


def _libraries() -> Any:
    try:
        import jupyter_client
        import nbclient
        import nbconvert
        import nbformat
        import rich.progress
    except ImportError as error:
        raise NotSupportedError(
            f"running notebooks needs {error.name}: install it with pip install 'wengert[notebooks]'"
        ) from None
    return jupyter_client, nbclient, nbconvert, nbformat, rich.progress


def first_line(source: str) -> str:
    """The first line of a cell that says something."""
    lines = [line.strip() for line in source.splitlines() if line.strip()]
    return next((line for line in lines if not line.startswith("%")), lines[0] if lines else "")


def _client(nb: Any, folder: Path, as_jax: bool, timeout: int | None) -> Any:
    jupyter_client, nbclient, *_ = _libraries()
    from jupyter_client.kernelspec import KernelSpec

    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    if as_jax:
        argv.append("--IPKernelApp.exec_lines=import wengert.interop.jax_names as _names; _names.install(); del _names")
    manager = jupyter_client.AsyncKernelManager(kernel_name="python3")
    manager._kernel_spec = KernelSpec(argv=argv, display_name="Python 3", language="python")
    return nbclient.NotebookClient(nb, km=manager, timeout=timeout, resources={"metadata": {"path": str(folder)}})


def run_notebook(
    path: Path, output: Path, as_jax: bool = False, timeout: int | None = None, keep_going: bool = False
) -> int:
    """Run a notebook; write it with its results, and a page of it, to the folder `output`.

    Args:
        path: the notebook.
        output: the folder to write to, made if need be.
        as_jax: whether ``import jax`` means this library.
        timeout: seconds that a cell may take; None for any.
        keep_going: whether to go on after a cell that raised.

    Returns:
        The number of cells that raised.
    """
    _, nbclient, _, nbformat, progress = _libraries()
    nb = nbformat.read(str(path), as_version=4)
    nb.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    client = _client(nb, path.resolve().parent, as_jax, timeout)
    cells = [i for i, c in enumerate(nb.cells) if c.cell_type == "code" and c.source.strip()]
    failures: list[tuple[int, str]] = []
    timings: list[tuple[int, str, float]] = []
    columns = ("[progress.description]{task.description}", progress.BarColumn(), progress.MofNCompleteColumn(),
               progress.TimeElapsedColumn())  # fmt: skip
    with client.setup_kernel(), progress.Progress(*columns, disable=not sys.stdout.isatty()) as bar:
        task = bar.add_task(path.name, total=len(cells))
        for number, index in enumerate(cells, 1):
            line = first_line(nb.cells[index].source)
            bar.update(task, description=f"{number:3d}  {line[:60]}")
            start = time.perf_counter()
            try:
                client.execute_cell(nb.cells[index], index)
            except nbclient.exceptions.CellExecutionError as error:
                failures.append((number, str(error)))
            seconds = time.perf_counter() - start
            nb.cells[index].metadata["seconds"] = round(seconds, 4)
            timings.append((number, line, seconds))
            if bar.disable:
                print(f"[{number}/{len(cells)}] {seconds:7.2f} s  {line[:80]}", flush=True)
            bar.advance(task)
            if failures and not keep_going:
                break
    output.mkdir(parents=True, exist_ok=True)
    executed = output / f"{path.stem}.ipynb"
    nbformat.write(nb, str(executed))
    page = output / f"{path.stem}.html"
    page.write_text(_page(nb, path.stem, timings), encoding="utf-8")
    for number, text in failures:
        print(f"\ncell {number} raised:\n{text}", file=sys.stderr)
    total = sum(t for *_, t in timings)
    print(f"{len(timings)} of {len(cells)} cells in {total:.1f} s, {len(failures)} raised; see {page}")
    return len(failures)


def _page(nb: Any, title: str, timings: list[tuple[int, str, float]]) -> str:
    """The notebook as one HTML page, with what each cell took at its end."""
    _, _, nbconvert, nbformat, _ = _libraries()
    shown = nbformat.from_dict(nb)
    rows = [f"| {n} | `{line[:70].replace('|', ' ')}` | {s:.3f} |" for n, line, s in timings]
    table = "\n".join(
        ["## What each cell took", "", "| cell | first line | seconds |", "| ---: | :--- | ---: |", *rows]
    )
    shown.cells = [*shown.cells, nbformat.v4.new_markdown_cell(table)]
    body, _ = nbconvert.HTMLExporter(template_name="classic").from_notebook_node(
        shown, resources={"metadata": {"name": title}}
    )
    return body
