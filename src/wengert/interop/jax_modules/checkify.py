"""`jax.experimental.checkify`: checks inside functions, whose outcome is a value that comes out beside the result.

A function under `checkify` is traced to a Program with its checks, compiled functions and loops of its own included;
`extend/checked.py` runs that and carries the first check that fails along.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from ... import trees
from ...config import config
from ...core import Aval, Tracer, Value, as_array, aval_of
from ...program import Program
from ...transforms import nans
from ...transforms.function import name_of
from ...transforms.jit import jit as our_jit
from ...transforms.staging import stage
from .. import places
from ..array import Array, wrap
from ..border import lift, lower
from ..extend.checked import DIVISION, INDEX, NAN, USER, Checked, JaxRuntimeError, Message, check_p, staging
from ..jitted import PjitFunction, flat_function
from .numpy import asarray


class FailedCheckError:
    """The category of `check`."""


class NaNError:
    """The category of results that are NaN."""


class DivisionByZeroError:
    """The category of divisions by zero."""


class OOBError:
    """The category of indices out of range."""


ErrorCategory = type
user_checks = frozenset({FailedCheckError})
nan_checks = frozenset({NaNError})
div_checks = frozenset({DivisionByZeroError})
index_checks = frozenset({OOBError})
float_checks = nan_checks | div_checks
automatic_checks = float_checks | index_checks
all_checks = automatic_checks | user_checks
_KINDS = {FailedCheckError: USER, NaNError: NAN, DivisionByZeroError: DIVISION, OOBError: INDEX}


class Error:
    """The outcome of checks: a tree of the number of the one that failed first and of what the messages tell.

    Example:
        >>> init_error.get() is None
        True
    """

    def __init__(self, state: list[Any], messages: tuple[tuple[Message, int], ...]) -> None:
        self._state, self._messages = state, messages

    def get(self) -> str | None:
        """The message of the first check that did not hold, or None; under `vmap` one for each example."""
        numbers = np.asarray(self._state[0])
        found = []
        for place in np.argwhere(numbers > 0):
            index = tuple(place.tolist())
            values = [wrap(np.asarray(v)[index]) for v in self._state[1:]]
            number = int(numbers[index])
            first = sum(n for _, n in self._messages[: number - 1])
            message, count = self._messages[number - 1]
            text = message.of(values[first : first + count])
            found.append(f"at mapped index {', '.join(map(str, index))}: {text}" if index else text)
        return "\n".join(found) or None

    def throw(self) -> None:
        """Raise if a check did not hold.

        Raises:
            JaxRuntimeError: with its message.
        """
        message = self.get()
        if message is not None:
            raise JaxRuntimeError(message)

    def __repr__(self) -> str:
        traced = any(isinstance(getattr(v, "_value", v), Tracer) for v in self._state)
        return "Error(traced)" if traced else f"Error({self.get()})"


trees.register(Error, lambda e: (tuple(e._state), e._messages), lambda messages, state: Error(list(state), messages))
init_error = Error([np.int32(0)], ())


def check(pred: Any, msg: str, *fmt_args: Any, debug: bool = False, **fmt_kwargs: Any) -> None:
    """Check that `pred` holds: under `checkify` for its result; elsewhere at once.

    Args:
        pred: a truth value.
        msg: what to say if it does not; ``{}`` and ``{name}`` stand for the arguments.
        fmt_args, fmt_kwargs: arrays, and trees of them.
        debug: whether the check is left out outside of `checkify`.

    Raises:
        TypeError: `pred` is no truth value, or an argument of the message is no array.
        JaxRuntimeError: outside of `checkify`, it does not hold.
        ValueError: outside of `checkify`, the function is staged, as under `jit`.
    """
    pred = asarray(pred)
    if pred.dtype.kind != "b" or pred.shape != ():
        raise TypeError(f"check takes a scalar pred as argument, got {pred.dtype} of shape {pred.shape}")
    values, tree = trees.flatten((fmt_args, fmt_kwargs))
    for value in values:
        if not hasattr(value, "dtype"):
            raise TypeError(
                f"Formatting arguments to checkify.check need to be PyTrees of arrays, but got {value!r} of type {type(value)}."
            )
    if not debug or staging.get():
        check_p.bind(pred, *values, message=Message(f"{msg} (`check` failed)", tree), kind=USER)


def debug_check(pred: Any, msg: str, *fmt_args: Any, **fmt_kwargs: Any) -> None:
    """`check`, which is left out where the function is not under `checkify`."""
    check(pred, msg, *fmt_args, debug=True, **fmt_kwargs)


def check_error(error: Error) -> None:
    """A check that fails if `error` holds one.

    Raises:
        JaxRuntimeError: outside of `checkify`.
    """
    if not isinstance(error, Error):
        raise ValueError(f"check_error takes an Error as argument, got type {type(error)} instead.")
    if not staging.get() and not isinstance(lower(error._state[0]), Tracer):
        return error.throw()
    first = 1
    for number, (message, count) in enumerate(error._messages, 1):
        values = error._state[first : first + count]
        check_p.bind(asarray(error._state[0]) != number, *values, message=message, kind=USER)
        first += count
    return None


def _watch(index: int | Value, length: int, axis: int, shape: tuple[int, ...]) -> None:
    """Check an index of an array, as `index_checks` asks for."""
    places_, text = asarray(wrap(as_array(index))), f"out-of-bounds indexing for array of shape {shape}: "
    outside = ((places_ < -length) | (places_ >= length)).ravel()
    text += f"index {{}} is out of bounds for axis {axis} with size {length}. "
    tree = trees.flatten(((0,), {}))[1]
    if outside.size:
        before, places.watched = places.watched, None  # while the first of them is looked for
        try:
            first = places_.ravel()[outside.argmax()]
        finally:
            places.watched = before
        check_p.bind(~outside.any(), first, message=Message(text, tree), kind=INDEX)


class _Known:
    """What was found for one structure of arguments. What is static among these is kept: it is known by its id."""

    def __init__(self, run: Callable[..., Any], entry: Any, messages: Any, static: dict[int, Any]) -> None:
        self.run, self.entry, self.messages, self.static = run, entry, messages, static


def checkify(f: Callable[..., Any], errors: frozenset[Any] = user_checks) -> Callable[..., Any]:
    """A function that returns ``(error, f(*args))``.

    Args:
        f: a function with checks, of arrays and trees of them; it is traced, and runs compiled where it is under `jit`.
        errors: the categories to look for, such as ``user_checks | nan_checks``.

    Example:
        >>> from .numpy import array
        >>> error, y = checkify(lambda x: check(x > 0, "not positive") or x * 2)(array(-1.0))
        >>> error.get(), float(y)
        ('not positive (`check` failed)', -2.0)
    """
    kinds = frozenset(kind for category, kind in _KINDS.items() if category in errors)
    known: dict[Any, _Known] = {}

    @functools.wraps(f)
    def function(*args: Any, **kwargs: Any) -> Any:
        leaves, tree = trees.flatten((args, kwargs))
        static = {i: x for i, x in enumerate(leaves) if not _is_value(x)}
        values = [as_array(lower(x)) for i, x in enumerate(leaves) if i not in static]
        weak = [
            i for i, x in enumerate(leaves) if i not in static and (_is_number(x) or getattr(x, "weak_type", False))
        ]
        key = None
        if _is_compiled(f) and not any(isinstance(v, Tracer) for v in values):
            key = (tree, tuple(weak), _hashed(static), tuple((v.shape, v.dtype) for v in values), config.enable_x64)
        found = known.get(key) if key is not None else None
        if found is None:
            program, hoisted, entry = _traced(f, tree, static, frozenset(weak), values, kinds)
            checked = Checked(program, kinds)

            def run(*given: Value) -> tuple[Any, ...]:
                outs, state = checked.run([*hoisted, *given])
                return (*outs, *state)

            found = _Known(run, entry, tuple(checked.messages), static)
            if key is not None and not hoisted:
                found.run = our_jit(run)
                known[key] = found
        out_tree, marks = found.entry.out
        results = found.run(*values)
        n = len(marks)
        out = out_tree.unflatten([lift(v, m) for v, m in zip(results[:n], marks, strict=True)])
        return Error([lift(v) for v in results[n:]], found.messages), out

    return function


def _traced(
    f: Any, tree: Any, static: dict[int, Any], weak: frozenset[int], values: list[Value], kinds: frozenset[str]
) -> tuple[Program, list[Value], Any]:
    """The Program of a function with its checks, what it closes over, and where the structure of its result is noted."""

    def whole(leaves: Any) -> Any:
        return leaves

    size = len(values) + len(static)
    dynamic = [i for i in range(size) if i not in static]
    function, entry = flat_function(f, tree, weak, whole)

    def of_values(*given: Value) -> Any:
        full: list[Any] = [static.get(i) for i in range(size)]
        for i, v in zip(dynamic, given, strict=True):
            full[i] = v
        return function(*full)

    avals = [Aval(a.shape, a.dtype, i in weak) for i, a in zip(dynamic, map(aval_of, values), strict=True)]
    before, token = places.watched, staging.set(True)
    if INDEX in kinds:
        places.watched = _watch
    try:
        with nans.staged_loops():
            program, hoisted = stage(of_values, avals, name_of(f), "checkify")
    finally:
        staging.reset(token)
        places.watched = before
    return program, hoisted, entry


def _is_value(x: Any) -> bool:
    return isinstance(x, (Array, np.ndarray, np.generic, Tracer)) or _is_number(x)


def _is_number(x: Any) -> bool:
    return type(x) in (bool, int, float, complex)


def _is_compiled(f: Any) -> bool:
    """Whether a function is under `jit`, so that it may be traced once for all calls of one kind."""
    return isinstance(f, PjitFunction)


def _hashed(static: dict[int, Any]) -> Any:
    return tuple(sorted(((i, id(x)) for i, x in static.items())))


__all__ = [
    "Error", "ErrorCategory", "JaxRuntimeError", "all_checks", "automatic_checks", "check", "check_error", "checkify",
    "debug_check", "div_checks", "float_checks", "index_checks", "init_error", "nan_checks", "user_checks",
]  # fmt: skip
