"""Second runs of functions that, as they are, end in NumPy asking for the values of traced arrays.

- A plain array is indexed by a traced value: the arrays that the function closes over are opened (`opening.py`).
- A traced value is written into a plain array: the function's arrays accept them. Those are meant that `wengert.numpy`
  makes anywhere in the run (`ops.writable`), and those that NumPy makes (``np.zeros(n)``) in the function itself, in what
  it closes over, and in functions of its module that it calls by name.

Nothing changes for functions that run as they are.
"""

from __future__ import annotations

import functools
import types
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import trees
from ..errors import ConcretizationError
from ..ops.writable import accepting, is_refused, second_run
from .opening import constant, opened


def run_opened(run: Callable[[Callable[..., Any]], Any], f: Callable[..., Any]) -> Any:
    """``run(f)``, or what a second run of `f` makes possible."""
    try:
        return run(f)
    except Exception as error:
        first = error
        again = rewritten(error, f)
        if again is None and (not isinstance(error, ConcretizationError) or not getattr(error, "by_numpy", False)):
            raise
    if again is not None:
        return run_opened(run, again)
    inner = f.f if isinstance(f, SecondRun) else f
    other = opened(inner, {})
    if other is inner:
        raise first
    other = SecondRun(other) if isinstance(f, SecondRun) else other
    try:
        return run(lambda *args, **kwargs: trees.map(constant, other(*args, **kwargs)))
    except ConcretizationError as error:
        raise (first if getattr(error, "by_numpy", False) else error) from None


def run_writable(run: Callable[[Callable[..., Any]], Any], f: Callable[..., Any]) -> Any:
    """``run(f)``, or a second run in which arrays accept traced values, if the first ends in writing one into them."""
    try:
        return run(f)
    except Exception as error:
        again = rewritten(error, f)
        if again is None:
            raise
    return run(again)


def rewritten(error: BaseException, f: Any) -> Any:
    """`f` as a function whose arrays accept traced values, if its error says that it needs that and it is none yet."""
    if not is_refused(error) or isinstance(f, SecondRun):
        return None
    return SecondRun(f)


class SecondRun:
    """A function that is run with arrays that accept traced values; its globals are looked up again in each call."""

    def __init__(self, f: Callable[..., Any]) -> None:
        functools.update_wrapper(self, f, updated=())
        self.f = f

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        with second_run():
            return opened(self.f, {}, _replacement)(*args, **kwargs)


def _maker(name: str, kinds: str = "biufc") -> Callable[..., Any]:
    function = getattr(np, name)

    @functools.wraps(function)
    def make(*args: Any, **kwargs: Any) -> Any:
        out = function(*args, **kwargs)
        given = args and out is args[0]  # np.array(x, copy=False)
        return out if given or not isinstance(out, np.ndarray) or out.dtype.kind not in kinds else accepting(out)

    return make


_MAKERS = {
    n: _maker(n)
    for n in "zeros ones empty full eye identity tri array copy zeros_like ones_like empty_like full_like".split()
} | {n: _maker(n, "fc") for n in ("arange", "linspace")}
_BY_IDENTITY = {id(getattr(np, n)): make for n, make in _MAKERS.items()}


class _NumPy(types.ModuleType):
    """NumPy, of which some functions make arrays that accept traced values."""

    def __getattr__(self, name: str) -> Any:
        return _MAKERS.get(name) or getattr(np, name)


_NUMPY = _NumPy("numpy", np.__doc__)


def _replacement(value: Any) -> Any:
    return _NUMPY if value is np else _BY_IDENTITY.get(id(value), value)


__all__ = ["SecondRun", "rewritten", "run_opened", "run_writable"]
