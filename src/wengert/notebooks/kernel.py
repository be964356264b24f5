"""The kernel in which cells run: how long they may take, how they are interrupted, and what is done if that is no use.

nbclient speaks with the kernel. Its own time limit leaves a kernel that does not react to the interrupt as it is, and the
next cell waits for the one before; so the limit is kept here.
"""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from jupyter_core.utils import ensure_async
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError

from .outcome import ANSI, Failure

AS_JAX = "import wengert.interop.jax_names as _names; _names.install(); del _names"
NO_INPUT = "nobody answers input() in a run: give the value in the cell, or by a variable of the environment"
INTERRUPT_SECONDS = 3.0  # that a cell has to react to an interrupt

Says = Callable[[str, str], None]  # of a stream's name and what was printed to it


class _Client(NotebookClient):
    """Tells what is printed as it comes."""

    says: Says

    def process_message(self, msg: Any, cell: Any, cell_index: int) -> Any:
        if msg["msg_type"] == "stream":
            self.says(msg["content"]["name"], msg["content"]["text"])
        return super().process_message(msg, cell, cell_index)


class Kernel:
    """One process in which cells run, one at a time."""

    def __init__(self, nb: Any, folder: Path, as_jax: bool, says: Says, hurry: asyncio.Event) -> None:
        # This interpreter, whatever kernels are installed for the user; plots go into the page, whatever MPLBACKEND says.
        argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}", "--log-level=ERROR"]
        if as_jax:
            argv.append(f"--IPKernelApp.exec_lines={AS_JAX}")
        env = {"MPLBACKEND": "module://matplotlib_inline.backend_inline"}
        self.manager = AsyncKernelManager(kernel_name="python3")
        self.manager._kernel_spec = KernelSpec(argv=argv, display_name="Python 3", language="python", env=env)
        self.client = _Client(nb, km=self.manager, timeout=None, resources={"metadata": {"path": str(folder)}})
        self.client.says = says
        self.client.log.setLevel("CRITICAL")  # what it logs is said here, once and in full
        self.client.on_cell_executed = self._replied
        self.nb, self.hurry, self.exits = nb, hurry, False

    async def start(self) -> None:
        await self.client.async_start_new_kernel()
        await self.client.async_start_new_kernel_client()

    def _replied(self, cell: Any, cell_index: int, execute_reply: Any) -> None:
        """Note whether the cell called `exit()`, which ends a kernel where somebody sits in front of it."""
        payload = execute_reply.get("content", {}).get("payload", ())
        self.exits = self.exits or any(p.get("source") == "ask_exit" for p in payload)

    async def run(self, index: int, timeout: int | None, stop: asyncio.Event) -> Failure | None:
        """Run a cell, no longer than `timeout` seconds, nor much longer than until `stop` is set."""
        cell = self.nb.cells[index]
        if not await ensure_async(self.manager.is_alive()):
            return Failure("DeadKernel", "the kernel died after the cell before this one had ended", fatal=True)
        task = asyncio.ensure_future(self.client.async_execute_cell(cell, index))
        await first_of(task, stop, timeout)
        late = not task.done()
        if late:
            await ensure_async(self.manager.interrupt_kernel())
            await first_of(task, self.hurry, INTERRUPT_SECONDS)
        stuck = not task.done()
        if stuck:
            task.cancel()
        (error,) = await asyncio.gather(task, return_exceptions=True)
        if late:
            return _late(cell, timeout, stuck)
        if isinstance(error, DeadKernelError):
            message = "the kernel died while it ran this cell: it ran out of memory, exited, or crashed in native code"
            return Failure("DeadKernel", message, fatal=True)
        if isinstance(error, CellExecutionError):
            traceback = _traceback(cell)
            line, message = _line(cell, traceback), error.evalue
            if error.ename == "StdinNotImplementedError":  # whose frames are the kernel's
                traceback, message = "", NO_INPUT
            return Failure(error.ename, message, line, traceback)
        if isinstance(error, BaseException):
            raise error
        return None

    async def end(self, now: bool) -> None:
        """End the process: `now`, or after it had the time to end by itself."""
        if self.manager.has_kernel:
            await ensure_async(self.manager.shutdown_kernel(now=now))
        await ensure_async(self.manager.cleanup_resources())
        if self.client.kc is not None:
            await ensure_async(self.client.kc.stop_channels())


async def first_of(task: asyncio.Future[Any], event: asyncio.Event, timeout: float | None) -> None:
    """Wait until a task is done or an event set, `timeout` seconds at most."""
    watch = asyncio.ensure_future(event.wait())
    await asyncio.wait({task, watch}, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
    watch.cancel()


def _traceback(cell: Any) -> str:
    shown = next((o for o in cell.outputs if o.output_type == "error"), None)
    return "\n".join(shown.traceback) if shown else ""


def _line(cell: Any, traceback: str) -> int | None:
    """The line of the cell that was reached: IPython heads each frame with its cell, and the cell's own comes first."""
    found = re.search(rf"Cell In\[{cell.execution_count}\], line (\d+)", ANSI.sub("", traceback))
    return int(found[1]) if found else None


def _late(cell: Any, timeout: int | None, stuck: bool) -> Failure:
    traceback = _traceback(cell)
    message = f"it was stopped after {timeout} s, the limit that --timeout sets"
    if stuck:
        message += f"; it did not react to an interrupt within {INTERRUPT_SECONDS:.0f} s, so its kernel was ended"
    return Failure("Timeout", message, _line(cell, traceback), traceback, stuck=stuck)
