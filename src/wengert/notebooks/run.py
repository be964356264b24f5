"""Running a notebook cell by cell in a kernel of its own: the order of events, signals included.

The kernel is `kernel.py`, files are `files.py`, what is said is `outcome.py` and `progress.py`.
"""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import NotSupportedError
from .outcome import ANSI, Failure, Outcome, Run
from .progress import progress_of

if TYPE_CHECKING:
    from .files import Results

KEEP_SECONDS = 10.0  # between saves of what there is so far


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


def run_notebook(
    path: Path, output: Path, as_jax: bool = False, timeout: int | None = None, keep_going: bool = False
) -> Run:
    """Run a notebook; write it with its results, and a page of it, to the folder `output`.

    The folder is made and tried before anything runs. An interrupt, SIGTERM and SIGHUP end the run; what had run by then
    is written. A cell that is over its time is interrupted; if it does not react, its kernel is replaced, and the next
    cell starts in a new one.

    Args:
        path: the notebook.
        output: the folder to write to, made if need be.
        as_jax: whether ``import jax`` means this library.
        timeout: seconds that a cell may take; None for any.
        keep_going: whether to go on after a cell that failed. After one that ended the kernel nothing goes on.

    Returns:
        What became of it: ``status`` is the command's exit status, ``outcomes`` has an item for each cell that was run,
        ``summary()`` is what ``--json`` says.

    Raises:
        NotSupportedError: the libraries for notebooks are not installed, the file is no notebook, or the folder cannot be
            written to.

    Example:
        >>> from pathlib import Path
        >>> run_notebook(Path("examples/tour.ipynb"), Path("out")).status  # doctest: +SKIP
        0
    """
    _check_libraries()
    from .files import Results, read

    nb = read(path)
    results = Results(path, output)
    cells = [i for i, c in enumerate(nb.cells) if c.cell_type == "code" and c.source.strip()]
    run = Run(path, len(cells))
    going = _run(run, nb, cells, results, as_jax, timeout, keep_going)
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        asyncio.run(going)
    else:  # called in a notebook, say, whose thread has a loop
        with ThreadPoolExecutor(1) as pool:
            pool.submit(asyncio.run, going).result()
    run.report([nb.cells[i].source for i in cells])
    return run


@contextmanager
def _signals(run: Run, stop: asyncio.Event, hurry: asyncio.Event) -> Iterator[None]:
    """The first signal to end sets `stop`, a second one `hurry`; results are written all the same."""
    loop = asyncio.get_running_loop()

    def ends(number: int) -> None:
        if run.ended_by is not None:
            hurry.set()
        else:
            run.ended_by = number
            stop.set()

    numbers = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before: dict[int, Any] = {}
    try:
        for number in numbers:
            before[number] = signal.getsignal(number)
            try:
                loop.add_signal_handler(number, ends, number)
            except NotImplementedError:  # on Windows
                signal.signal(number, lambda number, _: loop.call_soon_threadsafe(ends, number))
    except (RuntimeError, ValueError):
        before.clear()  # not the main thread: signals are somebody else's
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


async def _run(
    run: Run, nb: Any, cells: list[int], results: Results, as_jax: bool, timeout: int | None, keep_going: bool
) -> None:
    stop, hurry = asyncio.Event(), asyncio.Event()
    with _signals(run, stop, hurry):
        keeping = asyncio.ensure_future(_keep(results, nb))
        try:
            if cells:
                with progress_of(run.path.name, len(cells)) as progress:
                    await _run_cells(run, nb, cells, progress, stop, hurry, as_jax, timeout, keep_going)
        finally:
            keeping.cancel()
            if (
                run.outcomes or run.ended_by or not cells
            ):  # else nothing has run, and there may be results of an earlier run
                results.write(nb, run)


async def _keep(results: Results, nb: Any) -> None:
    wait = KEEP_SECONDS
    while True:
        await asyncio.sleep(wait)
        start = time.perf_counter()
        results.keep(nb)
        wait = max(KEEP_SECONDS, 20 * (time.perf_counter() - start))  # large notebooks less often


async def _run_cells(
    run: Run, nb: Any, cells: list[int], progress: Any, stop: Any, hurry: Any, as_jax: bool, timeout: Any, on: bool
) -> None:
    from .kernel import Kernel, first_of

    kernel, fresh = None, None
    try:
        for number, index in enumerate(cells, 1):
            if kernel is None:
                kernel = Kernel(nb, run.path.resolve().parent, as_jax, progress.says, hurry)
                starting = asyncio.ensure_future(kernel.start())
                await first_of(starting, stop, None)
                if stop.is_set():
                    starting.cancel()
                    await asyncio.gather(starting, return_exceptions=True)
                    return
                starting.result()
            cell = nb.cells[index]
            title = first_line(cell.source)
            progress.starts(number, title)
            start = time.perf_counter()
            failure: Failure | None = await kernel.run(index, timeout, stop)
            if stop.is_set():
                progress.breaks()
                return
            seconds = time.perf_counter() - start
            cell.metadata["seconds"] = round(seconds, 4)
            run.outcomes.append(Outcome(number, cell.get("id", ""), title, seconds, failure, fresh))
            progress.ends(seconds, failure.error if failure else "")
            if failure and (failure.fatal or not on):
                return
            if kernel.exits:  # the notebook ends itself, as a script does
                return
            if failure and failure.stuck:
                await kernel.end(now=True)
                kernel, fresh = None, number
    finally:
        if kernel is not None:
            last = run.outcomes[-1].failure if run.outcomes else None
            await kernel.end(now=stop.is_set() or (last is not None and last.stuck))


__all__ = ["ANSI", "Failure", "Outcome", "Run", "first_line", "run_notebook"]
