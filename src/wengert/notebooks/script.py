"""Running a script as ``python path`` would, with a traceback that begins in the script."""

from __future__ import annotations

import runpy
import sys
import time
import traceback
from pathlib import Path
from typing import Any


def run_script(path: Path, arguments: list[str], as_jax: bool) -> tuple[int, dict[str, Any]]:
    """Run a script; what it raises is shown from its first frame on.

    Args:
        path: the script.
        arguments: what it finds in ``sys.argv``.
        as_jax: whether ``import jax`` means this library.

    Returns:
        The exit status, which is what ``python path`` would have, and what ``--json`` says.
    """
    if as_jax:
        from ..interop.jax_names import install

        install()
    sys.argv = [str(path), *arguments]
    sys.path.insert(0, str(path.resolve().parent))
    status, failure, start = 0, None, time.perf_counter()
    try:
        runpy.run_path(str(path), run_name="__main__")
    except SystemExit as end:
        status = _status(end.code)
    except BaseException as error:  # noqa: BLE001 (shown as Python shows it)
        tb = error.__traceback__
        while tb is not None and tb.tb_frame.f_code.co_filename != str(path):
            tb = tb.tb_next  # this file's and runpy's frames say nothing about the script
        traceback.print_exception(type(error), error, tb)
        status = 130 if isinstance(error, KeyboardInterrupt) else 1
        failure = {"error": type(error).__name__, "message": str(error), "line": tb.tb_lineno if tb else None}
    state = "interrupted" if status == 130 else "failed" if status else "ok"
    seconds = round(time.perf_counter() - start, 4)
    return status, {
        "script": str(path),
        "status": state,
        "exit_status": status,
        "seconds": seconds,
        "failure": failure,
    }


def _status(code: Any) -> int:
    """The exit status that Python gives ``sys.exit(code)``."""
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 0xFF
    print(code, file=sys.stderr)
    return 1
