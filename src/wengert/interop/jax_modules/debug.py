"""`jax.debug`: looking at values while a program runs."""

from __future__ import annotations

import pdb
import sys
from collections.abc import Callable
from typing import Any

from ... import debug as ours
from ...debug import _check_format
from ..border import lower
from .callbacks import debug_callback as callback


class DebugEffect:
    """The effect of a call that looks at values."""


class OrderedDebugEffect(DebugEffect):
    """The same, of calls that come in order; all do here."""


def print(  # noqa: A001 (JAX's name)
    fmt: str, *args: Any, ordered: bool = False, partitioned: bool = False, skip_format_check: bool = False,
    _use_logging: bool = False, **kwargs: Any,
) -> None:  # fmt: skip
    """`wengert.debug.print`: values as they are when the program runs.

    Args:
        fmt: a format string.
        args, kwargs: arrays.
        ordered, partitioned: lines come in order in any case, and from the one device.
        skip_format_check: whether arguments without a place in `fmt` are let pass.
    """
    if not skip_format_check:
        _check_format(fmt, args, kwargs, "jax.debug.print")
    trees = any(isinstance(x, (dict, list, tuple)) for x in (*args, *kwargs.values()))  # which show the class of arrays
    if trees or skip_format_check:

        def show(*a: Any, **k: Any) -> None:
            sys.stdout.write(fmt.format(*a, **k) + "\n")

        callback(show, *args, **kwargs)
    else:
        ours.print(fmt, *lower(args), ordered=ordered, **lower(kwargs))


def log(fmt: str, *args: Any, **options: Any) -> None:
    """`print` to the log of Python's module logging, under the name jax."""
    import logging

    names = ("ordered", "partitioned", "skip_format_check", "_use_logging")
    kwargs = {k: v for k, v in options.items() if k not in names}
    fmt.format(*args, **kwargs)  # raises where a place has no argument
    callback(lambda *a, **k: logging.getLogger("jax").info(fmt.format(*a, **k)), *args, **kwargs)


def breakpoint(  # noqa: A001 (JAX's name)
    *, backend: str | None = None, filter_frames: bool = True, num_frames: int | None = None, ordered: bool = False, token: Any = None,
    **kwargs: Any,
) -> None:  # fmt: skip
    """Stop in Python's debugger whenever the program comes here; the keywords are looked at there by name."""

    def stop(**values: Any) -> None:
        pdb.Pdb().set_trace(sys._getframe())

    callback(stop, **kwargs)


def inspect_array_sharding(value: Any, *, callback: Callable[[Any], None]) -> None:
    """Call a function with the sharding of an array: it is on the one device."""
    from .sharding import SingleDeviceSharding

    callback(SingleDeviceSharding())


def visualize_sharding(
    shape: Any,
    sharding: Any,
    *,
    use_color: bool = True,
    scale: float = 1.0,
    min_width: int = 9,
    max_width: int = 80,
    color_map: Any = None,
) -> None:
    """Print how an array lies on devices: whole, on the one there is.

    Raises:
        ValueError: the array has not one or two axes.
    """
    if len(shape) not in (1, 2):
        raise ValueError("`visualize_sharding` only works for shapes of length 1 and 2.")
    width = min(max(min_width, int(16 * scale)), max_width)
    line = "─" * width
    sys.stdout.write(f"┌{line}┐\n│{'CPU 0'.center(width)}│\n└{line}┘\n")


def visualize_array_sharding(arr: Any, **kwargs: Any) -> None:
    """`visualize_sharding` of an array."""
    visualize_sharding(arr.shape, None, **kwargs)


__all__ = [
    "DebugEffect", "OrderedDebugEffect", "breakpoint", "callback", "inspect_array_sharding", "log", "print",
    "visualize_array_sharding", "visualize_sharding",
]  # fmt: skip
