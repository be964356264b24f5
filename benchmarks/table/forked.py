"""Takes a row in a copy of this process that has imported the libraries: importing them takes longer than most rows do."""

from __future__ import annotations

import importlib
import json
import os
import selectors
import signal
from typing import Any

MODULES = {
    "wengert": ("wengert", "wengert.numpy", "wengert.scipy", "wengert.lax", "wengert.compile.engine"),
    "jax": ("jax", "jax.numpy", "jax.scipy", "jax.lax", "jax.random", "jax.nn"),
    "torch": ("torch", "torch.func"),
    "torch compiled": ("torch", "torch.func"),
    "numba": ("numba",),
    "numpy": ("numpy", "scipy.special", "scipy.linalg", "scipy.signal", "scipy.stats"),
    "autograd": ("autograd.numpy", "autograd.scipy"),
}


def import_all(libraries: list[str]) -> None:
    """Imports what rows will, before anything starts a thread, on one thread each."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
        os.environ[name] = "1"
    for library in libraries:
        for module in MODULES[library]:
            importlib.import_module(module)


def taken(name: str, libraries: list[str], seconds: float, limit: float) -> dict[str, Any]:
    """The record of a row, of processor time; TimeoutError after `limit` seconds, ChildProcessError where the copy dies."""
    from . import measure

    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        status = 1
        try:
            record = measure.taken(name, libraries, seconds, processor=True)
            with os.fdopen(writing, "w") as out:
                out.write(json.dumps(record))
            status = 0
        finally:
            os._exit(status)
    os.close(writing)
    text = b""
    with selectors.DefaultSelector() as ready, os.fdopen(reading, "rb") as source:
        ready.register(source, selectors.EVENT_READ)
        while ready.select(limit):
            part = os.read(source.fileno(), 1 << 16)
            if not part:
                break
            text += part
        else:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            raise TimeoutError
    status = os.waitpid(child, 0)[1]
    if status:
        raise ChildProcessError(f"the process ended with status {status}")
    return json.loads(text)
