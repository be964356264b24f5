"""How many Python functions a first call of a compiled function calls, from tracing to the result, LLVM's thread aside.

    python tools/first_calls.py

The process is warm: other functions of the same operations were compiled before. Nothing is taken from the disk.
`tests/test_compile.py` holds the numbers to bounds.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

sys.path[:0] = [str(Path(__file__).resolve().parents[1] / "src")]

import wengert as w  # noqa: E402
import wengert.numpy as wnp  # noqa: E402

X, A = np.ones(100), np.ones((10, 10))
PROGRAMS: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    "product, sum": (lambda x: wnp.sum((x * 2.0 + 1.0) * x), (X,)),
    "sine, product, sum": (lambda x: wnp.sum(wnp.sin(x) * 2.0 + 1.0), (X,)),
    "sine of two": (lambda x, y: wnp.sum(wnp.sin(x) * y + 1.0), (X, X)),
    "sine, exponential": (lambda x: wnp.sum(wnp.sin(x) * wnp.exp(x)), (X,)),
    "logarithm, exponential": (lambda x: wnp.sum(wnp.log(wnp.exp(x) + 1.0)), (X,)),
    "tanh": (lambda x: wnp.tanh(x * 2.0 + 1.0) - x, (X,)),
    "matrices": (lambda a, b: wnp.sum(wnp.tanh(a @ b + 1.0)), (A, A)),
    "gradient": (w.grad(lambda x: wnp.sum(wnp.sin(x) ** 2)), (X,)),
}


def calls(f: Callable[..., Any], args: tuple[Any, ...]) -> int:
    """How many Python functions are called by the first call of ``jit(f)``."""
    g, count = w.jit(f), 0

    def note(frame: Any, event: str, arg: Any) -> None:
        nonlocal count
        count += event == "call"

    gc.collect()
    gc.disable()  # what is dropped meanwhile is none of its calls
    sys.setprofile(note)
    try:
        g(*args)
    finally:
        sys.setprofile(None)
        gc.enable()
    return count


def main() -> None:
    w.config.disk_cache = False
    for f, args in PROGRAMS.values():  # another function, with the same operations
        w.jit(lambda *xs, f=f: f(*xs) * 1.5)(*args)
    for name, (f, args) in PROGRAMS.items():
        equations = len(w.make_program(f)(*args).equations)
        print(f"{calls(f, args)} calls, {equations} equations: {name}")


if __name__ == "__main__":
    main()
