"""`wengert.debug`: looking at values from inside transformed functions."""

from __future__ import annotations

__import__("wengert")  # waits where another thread is importing the library: Python locks its files one by one

import builtins
import string
from typing import Any

from . import trees
from .core import as_value
from .nearest import nearest_names as _nearest_names
from .ops.callback import callback_p
from .vocabulary import Function, Tree


class _Call:
    """`callback` on trees: the arguments are put together again from their leaves."""

    def __init__(self, function: Function, tree: Tree) -> None:
        self.function, self.tree = function, tree
        self.__name__ = getattr(function, "__name__", type(function).__name__)

    def __call__(self, *leaves: Any) -> None:
        args, kwargs = trees.unflatten(self.tree, leaves)
        self.function(*args, **kwargs)


def callback(callback: Function, *args: Any, ordered: bool = False, **kwargs: Any) -> None:
    """Call a Python function with the values that arguments have when the program runs.

    Under `jit` it is called in every run, under `vmap` once for each example, under `grad` with the primal values.
    It has no part in derivatives.

    Args:
        callback: called with NumPy arrays and scalars; its result is ignored.
        args: pytrees of arrays; there may be none.
        ordered: accepted for code written for JAX; calls come in the order of the program in any case.
        kwargs: pytrees of arrays by name.

    Example:
        >>> import wengert
        >>> seen = []
        >>> @wengert.jit
        ... def f(x):
        ...     wengert.debug.callback(lambda y: seen.append(float(y)), x * 2)
        ...     return x
        >>> _ = f(1.0), f(2.0)
        >>> seen
        [2.0, 4.0]
    """
    leaves, tree = trees.flatten((args, kwargs))
    callback_p.bind(*[as_value(x) for x in leaves], function=_Call(callback, tree), ordered=ordered)


class _Print:
    """What `print` calls: formats, then prints."""

    __name__ = "print"

    def __init__(self, fmt: str) -> None:
        self.fmt = fmt

    def __call__(self, *args: Any, **kwargs: Any) -> None:
        builtins.print(self.fmt.format(*args, **kwargs))


def print(fmt: str, *args: Any, ordered: bool = False, **kwargs: Any) -> None:  # noqa: A001
    """Print values as they are when the program runs: ``print("x = {}", x)``, ``print("loss {loss:.3f}", loss=loss)``.

    Args:
        fmt: a format string; ``{}`` and ``{name}`` stand for the arguments.
        args: arrays and pytrees.
        ordered: accepted for code written for JAX; lines come in the order of the program in any case.
        kwargs: arrays and pytrees by name.

    Raises:
        ValueError: an argument that the format string has no place for.
        IndexError: a place of the format string that has no argument by position.
        KeyError: a place of the format string that has no argument of its name.

    Example:
        >>> import wengert
        >>> @wengert.jit
        ... def f(x):
        ...     wengert.debug.print("x is {x}", x=x)
        ...     return 2 * x
        >>> _ = f(3.0)
        x is 3.0
    """
    _check_format(fmt, args, kwargs, "debug.print")
    callback(_Print(fmt), *args, ordered=ordered, **kwargs)


def _check_format(fmt: str, args: Any, kwargs: Any, what: str) -> None:
    """Raise where a format string and its arguments do not fit.

    Raises:
        ValueError: there is no place for an argument.
        IndexError, KeyError: there is no argument for a place.
    """
    used: set[Any] = set()

    class Check(string.Formatter):
        def get_value(self, key: Any, args: Any, kwargs: Any) -> Any:
            used.add(key)
            return super().get_value(key, args, kwargs)

        def format_field(self, value: Any, format_spec: str) -> str:
            return ""

        def get_field(self, field_name: str, args: Any, kwargs: Any) -> Any:
            first = field_name.replace("[", ".").split(".")[0]
            key: Any = int(first) if first.isdigit() else first
            return self.get_value(key, args, kwargs), key

        def convert_field(self, value: Any, conversion: Any) -> Any:
            return value

    Check().vformat(fmt, args, kwargs)
    for kind, unused in (
        ("positional", [args[i] for i in range(len(args)) if i not in used]),
        ("keyword", [k for k in kwargs if k not in used]),
    ):
        if unused:
            raise ValueError(f"Unused {kind} arguments to `{what}`: {unused}: {fmt!r} has no place for them")


__all__ = ["callback", "print"]

__getattr__ = _nearest_names(__name__, __all__)
__dir__ = __all__.copy
