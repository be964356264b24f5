"""`jax.experimental.checkify`: checks inside functions, whose outcome is a value that comes out beside the result.

A function under `checkify` runs as the Python that it is (compiled functions and loops of its own included), its checks are
collected and returned as an `Error`. Checks of the user's own may be of traced values. The automatic ones (`float_checks`,
`div_checks`, `index_checks`) look at known values: they find nothing under `jit`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

import numpy as np

from ... import trees
from ...config import config
from ...core import Tracer
from ...errors import NotSupportedError
from .. import places
from .numpy import array, asarray


class JaxRuntimeError(ValueError):
    """A check that did not hold."""


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


class Error:
    """The outcome of checks: a tree of truth values and of what their messages tell.

    Example:
        >>> init_error.get() is None
        True
    """

    def __init__(self, failed: list[Any], messages: list[str], values: list[Any]) -> None:
        self._failed, self._messages, self._values = failed, messages, values

    def get(self) -> str | None:
        """The message of the first check that did not hold, or None."""
        for failed, message, (args, kwargs) in zip(self._failed, self._messages, self._values, strict=True):
            hits = np.asarray(failed).reshape(-1)
            if hits.any():
                k = int(np.argmax(hits))
                chosen = trees.map(lambda v: _example(v, hits.size, k), (args, kwargs))  # noqa: B023 (called at once)
                return message.format(*chosen[0], **chosen[1])
        return None

    def throw(self) -> None:
        """Raise if a check did not hold.

        Raises:
            JaxRuntimeError: with its message.
        """
        message = self.get()
        if message is not None:
            raise JaxRuntimeError(message)

    def __repr__(self) -> str:
        return f"Error({self.get()})"


def _example(v: Any, n: int, k: int) -> Any:
    v = np.asarray(v)
    return v[k] if n > 1 and v.shape[:1] == (n,) else v


trees.register(Error, lambda e: ((e._failed, e._values), tuple(e._messages)), lambda m, c: Error(c[0], list(m), c[1]))
init_error = Error([], [], [])
_collected: ContextVar[list[Any] | None] = ContextVar("checks", default=None)


def _collect(failed: Any, message: str, args: Any = (), kwargs: Any = None) -> None:
    found = _collected.get()
    if found is not None:
        found.append((failed, message, (tuple(args), dict(kwargs or {}))))


def check(pred: Any, msg: str, *fmt_args: Any, debug: bool = False, **fmt_kwargs: Any) -> None:
    """Check that `pred` holds, under `checkify`; outside of it a known one is looked at.

    Args:
        pred: a truth value.
        msg: what to say if it does not; ``{}`` and ``{name}`` stand for the arguments.
        fmt_args, fmt_kwargs: arrays.
        debug: whether the check is left out outside of `checkify`.

    Raises:
        TypeError: `pred` is no truth value, or an argument of the message is no array.
        JaxRuntimeError: outside of `checkify`, it does not hold.
        ValueError: outside of `checkify`, it is traced.
    """
    pred = asarray(pred)
    if pred.dtype.kind != "b" or pred.shape != ():
        raise TypeError(f"check takes a scalar pred as argument, got {pred.dtype} of shape {pred.shape}")
    for value in (*fmt_args, *fmt_kwargs.values()):
        if not hasattr(value, "dtype"):
            raise TypeError(f"Formatting arguments to checkify.check need to be PyTrees of arrays, got {value!r}")
    if _collected.get() is not None:
        _collect(~pred, msg, fmt_args, fmt_kwargs)
    elif not debug:
        if isinstance(pred._value, Tracer):
            raise ValueError(
                "Cannot abstractly evaluate a checkify.check which was not functionalized: transform the function with "
                "checkify.checkify"
            )
        if not bool(pred):
            raise JaxRuntimeError(msg.format(*fmt_args, **fmt_kwargs))


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
    found = _collected.get()
    if found is None:
        error.throw()
    else:
        found.extend(zip(error._failed, error._messages, error._values, strict=True))


def checkify(f: Callable[..., Any], errors: frozenset[Any] = user_checks) -> Callable[..., Any]:
    """A function that returns ``(error, f(*args))``.

    Args:
        f: a function with checks.
        errors: the categories to look for, such as ``user_checks | nan_checks``.

    Raises:
        NotSupportedError: when called, automatic checks of traced values.

    Example:
        >>> error, y = checkify(lambda x: check(x > 0, "not positive") or x * 2)(array(-1.0))
        >>> error.get(), float(y)
        ('not positive', -2.0)
    """

    @functools.wraps(f)
    def function(*args: Any, **kwargs: Any) -> Any:
        found: list[Any] = []
        token = _collected.set(found)
        before = places.watched
        values = trees.leaves((args, kwargs))
        traced = any(isinstance(getattr(x, "_value", None), Tracer) for x in values)
        if traced and errors & automatic_checks:
            raise NotSupportedError(
                "checkify: automatic checks look at known values; call the function outside of jit and vmap"
            )
        try:
            if OOBError in errors:
                places.watched = lambda index, shape: _collect(
                    array(True), f"out-of-bounds indexing for array of shape {shape}: index {index} is out-of-bounds"
                )
            with config.override(disable_jit=True):
                out = _watched_floats(f, args, kwargs, errors)
        finally:
            _collected.reset(token)
            places.watched = before
        if FailedCheckError not in errors:
            found = [c for c in found if "out-of-bounds" in c[1] or c[1].startswith(("nan", "division"))]
        return Error([c[0] for c in found], [c[1] for c in found], [c[2] for c in found]), out

    return function


def _watched_floats(f: Callable[..., Any], args: Any, kwargs: Any, errors: Any) -> Any:
    """The result; that of known values is computed with NumPy's signals on first, to learn which operation gave one."""
    wanted = {}
    if NaNError in errors:
        wanted["invalid"] = "raise"
    if DivisionByZeroError in errors:
        wanted["divide"] = "raise"
    if wanted:
        found = _collected.get()
        before = len(found or ())
        try:
            with np.errstate(**wanted):
                f(*args, **kwargs)
        except FloatingPointError as error:
            del (found or [])[before:]
            name = str(error).rpartition(" ")[2]
            if "invalid" in str(error):
                _collect(array(True), f"nan generated by primitive: {name}.")
            elif name in ("divide", "divmod", "remainder", "floor_divide", "reciprocal"):
                _collect(array(True), "division by zero")
        else:
            del (found or [])[before:]
    return f(*args, **kwargs)


__all__ = [
    "Error", "ErrorCategory", "JaxRuntimeError", "all_checks", "automatic_checks", "check", "check_error", "checkify",
    "debug_check", "div_checks", "float_checks", "index_checks", "init_error", "nan_checks", "user_checks",
]  # fmt: skip
