"""A process of ``wengert launch``: it joins the others by JAX's distributed runtime and runs the script."""

from __future__ import annotations

import importlib
import os
import runpy
import sys
import threading
import traceback

from ..launching import ADDRESS, COUNT, LIFELINE, NUMBER


def end_with_parent(lifeline: int) -> None:
    """End when the launcher has: its end of the pipe is closed then, whatever ended it."""

    def wait() -> None:
        os.read(lifeline, 1)
        os._exit(1)

    threading.Thread(target=wait, daemon=True).start()


def main() -> None:
    """Join, run, leave.

    Raises:
        SystemExit: the script ended so.
    """
    path, *arguments = sys.argv[1:]
    end_with_parent(int(os.environ[LIFELINE]))
    status = 1
    try:
        jax = importlib.import_module("jax")
        jax.distributed.initialize(os.environ[ADDRESS], int(os.environ[COUNT]), int(os.environ[NUMBER]))
        sys.argv = [path, *arguments]
        sys.path.insert(0, os.path.dirname(os.path.abspath(path)))
        runpy.run_path(path, run_name="__main__")
        status = 0
    except SystemExit as error:
        status = error.code if isinstance(error.code, int) else int(error.code is not None)
        if isinstance(error.code, str):
            print(error.code, file=sys.stderr)
    except BaseException as error:  # noqa: BLE001 (told, and the process ends)
        traceback.print_exc()
        if getattr(error, "__notes__", None):  # which stand below the error
            print(f"{type(error).__name__}: {error}", file=sys.stderr)
    sys.stdout.flush()
    sys.stderr.flush()
    if status:
        os._exit(status)  # at once: an orderly end would wait for processes that may wait for this one
    jax.distributed.shutdown()


if __name__ == "__main__":
    main()
