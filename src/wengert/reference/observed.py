"""What public functions do, seen by calling them: shapes and dtypes, which arguments have derivatives, batches, native code.

Nothing is declared here. The example in a function's docstring runs, its calls are written down with the types of their
arguments and results, and the last call with arrays is made again: in other dtypes, under `jvp`, `vjp`, `vmap`, and as a
Program that the compiler plans.
"""

from __future__ import annotations

import contextlib
import doctest
import importlib
import inspect
import io
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

import wengert

from .. import trees
from ..compile import fusion
from ..compile.engine import vector_bytes
from ..compile.pipeline import optimized, planned
from ..core import Primitive, Tracer, aval_of
from ..lowering import PRIMITIVES

YES, ZERO, NO, NONE = "✓", "0", "no", "–"
DTYPES = ("bool", "int32", "int64", "float16", "float32", "float64", "complex64", "complex128")
SECONDS = 2  # that calls in other dtypes may take


class Call(NamedTuple):
    """A call as it stands in an example: of the function, or of a method of the object."""

    f: Callable[..., Any]
    method: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    result: Any


class Seen(NamedTuple):
    """What one function was seen to do.

    Attributes:
        calls: the calls of its example, as pairs of types of arguments and of the result.
        dtypes: the dtype of the result by that of the arrays; an error's name where there is none.
        derivatives: by argument, the marks of forward and reverse mode.
        batch, native: a tick, a dash where it does not apply, or what is in the way.
    """

    calls: list[tuple[str, str]] = []  # noqa: RUF012
    dtypes: dict[str, str] = {}  # noqa: RUF012
    derivatives: dict[str, tuple[str, str]] = {}  # noqa: RUF012
    batch: str = NONE
    native: str = NONE


# --- the calls of an example -----------------------------------------------------------------------------------------


class _Methods:
    """Stands for an object with functions, such as a distribution, and notes their calls."""

    def __init__(self, value: Any, noting: Callable[..., Any]) -> None:
        self._value, self._noting = value, noting

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._value, name)
        return self._noting(found, name) if callable(found) else found

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        found = self._value(*args, **kwargs)
        return _Methods(found, self._noting)


def calls_of(f: Any, spaces: list[str]) -> list[Call]:
    """The calls of a function, or of an object's functions, in its docstring's example, in the order in which they end."""
    found: list[Call] = []
    depth = [0]

    def noting(g: Callable[..., Any], method: str = "") -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            depth[0] += 1
            try:
                result = g(*args, **kwargs)
            finally:
                depth[0] -= 1
            if not depth[0]:
                found.append(Call(g, method, args, kwargs, result))
            return result

        call.__dict__.update(getattr(g, "__dict__", {}))
        return call

    plain = inspect.isfunction(f) or inspect.isbuiltin(f)
    watched: Any = noting(f) if plain or not hasattr(f, "logpdf") and not hasattr(f, "logpmf") else _Methods(f, noting)
    name = getattr(f, "__name__", None)

    def same(value: Any) -> bool:  # as another name of it too, whose example is this one
        if value is f:
            return True
        return plain and inspect.isfunction(value) and value.__name__ == name and value.__doc__ == f.__doc__

    text = inspect.getdoc(f) or ""
    home = importlib.import_module(f.__module__) if getattr(f, "__module__", None) in sys.modules else None
    modules = [m for m in (*map(importlib.import_module, spaces), home) if m]
    places = [(m, n, v) for m in modules for n, v in vars(m).items() if same(v)]
    before = [dict(r) for r in (Primitive.registry, PRIMITIVES)]
    test = doctest.DocTestParser().get_doctest(text, dict(vars(home)) if home else {}, "example", None, None)
    for key, value in list(test.globs.items()):
        if same(value):
            test.globs[key] = watched
    try:
        for module, key, _ in places:
            setattr(module, key, watched)
        doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(test, out=lambda _: None, clear_globs=False)
    finally:
        for module, key, value in places:
            setattr(module, key, value)
        for registry, old in zip((Primitive.registry, PRIMITIVES), before, strict=True):
            for key in registry.keys() - old.keys():
                del registry[key]
    return found


# --- how a value is written ------------------------------------------------------------------------------------------


def kind(x: Any) -> str:
    """A value in short: an array by its dtype and shape, a number or text as it is."""
    if isinstance(x, (np.ndarray, np.generic, Tracer)):
        aval = aval_of(x) if isinstance(x, Tracer) else x
        return f"{aval.dtype}[{','.join(map(str, aval.shape))}]"
    if isinstance(x, (bool, int, float, complex, str, type(None), slice, np.dtype)):
        return repr(x) if len(repr(x)) < 25 else type(x).__name__
    if isinstance(x, type):
        return x.__name__
    if isinstance(x, (list, tuple)):
        if isinstance(x, list) and all(isinstance(v, (bool, int, float, complex)) for v in x) and x:
            a = np.array(x)
            return f"list of {len(x)} {'bool' if a.dtype.kind == 'b' else a.dtype.name}"
        inside = ", ".join(kind(v) for v in x[:4]) + (", …" if len(x) > 4 else "")
        if type(x) not in (list, tuple):
            return f"{type(x).__name__}({inside})"
        return f"[{inside}]" if isinstance(x, list) else f"({inside}{',' if len(x) == 1 else ''})"
    if isinstance(x, dict):
        return "{" + ", ".join(f"{k!r}: {kind(v)}" for k, v in list(x.items())[:4]) + "}"
    if callable(x) and not isinstance(x, type):
        return "function"
    return type(x).__name__


def written(call: Call) -> tuple[str, str]:
    parts = [kind(a) for a in call.args] + [f"{k}={kind(v)}" for k, v in call.kwargs.items()]
    text = ", ".join(parts)
    return (f"{call.method}({text})" if call.method else text), kind(call.result)


# --- a call made again -----------------------------------------------------------------------------------------------


def _number(x: Any) -> bool:
    return isinstance(x, (np.ndarray, np.generic)) and x.dtype.kind in "biufc"


class Again(NamedTuple):
    """A call whose arrays may be replaced: arguments by name, each a list of arrays and how it is made of them."""

    f: Callable[..., Any]
    names: list[str]
    values: list[Any]
    make: Callable[[list[Any]], tuple[tuple[Any, ...], dict[str, Any]]]

    def run(self, values: list[Any]) -> list[Any]:
        """The arrays of the result, for arrays in place of those of the call."""
        args, kwargs = self.make(values)
        return [x for x in trees.leaves(self.f(*args, **kwargs)) if isinstance(x, Tracer) or _number(x) or _plain(x)]


def _plain(x: Any) -> bool:
    return isinstance(x, (bool, int, float, complex))


def _as_arrays(x: Any) -> Any:
    """A list of numbers as an array; another value as it is."""
    if isinstance(x, list) and x:
        with contextlib.suppress(ValueError, TypeError):
            a = np.array(x)
            if a.dtype.kind in "fc" or (a.dtype.kind in "iu" and a.ndim):
                return a
    if type(x) is float:
        return np.float64(x)
    return x


def again(call: Call, lists: bool = True) -> Again:
    """A call whose arrays may be replaced; `lists`: lists of numbers are arrays too, which not all that are axes or shapes may be."""
    f = call.f
    change = _as_arrays if lists else lambda x: np.float64(x) if type(x) is float else x
    args = [change(a) for a in call.args]
    kwargs = {k: change(v) for k, v in call.kwargs.items()}
    leaves, tree = trees.flatten((args, kwargs))
    places = [i for i, x in enumerate(leaves) if _number(x)]
    owners: list[str] = []
    try:
        signature = inspect.signature(f)
        bound = list(signature.parameters.values())
    except (TypeError, ValueError):
        bound = []
    last = next((i for i, p in enumerate(bound) if p.kind is p.VAR_POSITIONAL), len(bound) - 1)  # that takes the rest
    for i, a in enumerate(args):
        p = bound[min(i, last)] if bound else None
        name = p.name if p is not None else f"argument {i}"
        if p is not None and p.kind is p.VAR_POSITIONAL:
            name = f"{name}[{i - bound.index(p)}]"
        owners += [name] * len(trees.leaves(a))
    for k in sorted(kwargs):
        owners += [k] * len(trees.leaves(kwargs[k]))

    def make(values: list[Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        new = list(leaves)
        for i, v in zip(places, values, strict=True):
            new[i] = v
        a, k = trees.unflatten(tree, new)
        return tuple(a), k

    return Again(f, [owners[i] for i in places], [leaves[i] for i in places], make)


def dtypes_of(call: Again) -> dict[str, str]:
    """The dtype of the result by that of the call's arrays of floats (of integers, where there are none)."""
    kinds = {v.dtype.kind for v in call.values}
    moved = "fc" if kinds & set("fc") else "iu"
    found: dict[str, str] = {}
    for dtype in DTYPES:
        values = [v.astype(dtype) if v.dtype.kind in moved else v for v in call.values]
        try:
            out = call.run(values)
        except (TypeError, wengert.errors.WengertError):
            found[dtype] = "refused"
            continue
        except Exception:  # noqa: BLE001 (whatever the function says of this dtype)
            continue
        names = [np.asarray(x).dtype.name if _number(x) else f"Python's {type(x).__name__}" for x in out]
        if names:
            found[dtype] = ", ".join(dict.fromkeys(names))
    return found


def _floats(call: Again) -> Again:
    """The same call with floats in place of integers, where it takes them."""
    if any(v.dtype.kind in "fc" for v in call.values):
        return call
    values = list(call.values)
    for i, v in enumerate(values):
        if v.dtype.kind in "iu":
            tried = [*values[:i], v.astype(float), *values[i + 1 :]]
            with contextlib.suppress(Exception):
                if any(np.asarray(x).dtype.kind in "fc" for x in call.run(tried)):
                    values = tried
    return call._replace(values=values)


def derivatives_of(call: Again) -> dict[str, tuple[str, str]]:
    """By argument, the marks of forward and reverse mode."""
    found: dict[str, tuple[str, str]] = {}
    rng = np.random.default_rng(5)
    for name in dict.fromkeys(call.names):
        live = [i for i, n in enumerate(call.names) if n == name and call.values[i].dtype.kind in "fc"]
        if not live:
            continue

        def f(*xs: Any, live: list[int] = live) -> list[Any]:
            values = list(call.values)
            for i, x in zip(live, xs, strict=True):
                values[i] = x
            out = call.run(values)
            return [o for o in out if isinstance(o, Tracer) or np.asarray(o).dtype.kind in "fc"]

        xs = tuple(call.values[i] for i in live)
        if not f(*xs):
            continue
        vs = tuple(np.asarray(rng.normal(size=x.shape)).astype(x.dtype)[()] for x in xs)
        try:
            tangents = wengert.jvp(f, xs, vs)[1]
            forward = YES if any(np.any(np.nan_to_num(t) != 0) for t in tangents) else ZERO
        except wengert.errors.WengertError:
            forward = NO
        try:
            outs, back = wengert.vjp(f, *xs)
            gs = back([np.ones(np.shape(o), np.asarray(o).dtype)[()] for o in outs])
            reverse = YES if any(np.any(np.nan_to_num(g) != 0) for g in gs) else ZERO
        except wengert.errors.WengertError:
            reverse = NO
        found[name] = (forward, reverse if reverse == NO or forward == NO else forward)
    return found


def batch_of(call: Again) -> str:
    live = [i for i, v in enumerate(call.values) if isinstance(v, (np.ndarray, np.floating))]
    if not live:
        return NONE
    same = {name for name, n in [(n, call.names.count(n)) for n in call.names] if n}

    def f(*xs: Any) -> list[Any]:
        values = list(call.values)
        for i, x in zip(live, xs, strict=True):
            values[i] = x
        return call.run(values)

    pairs = [np.stack([call.values[i]] * 2) for i in live]
    try:
        got = wengert.vmap(f)(*pairs)
    except (wengert.errors.WengertError, TypeError, ValueError, IndexError):
        return NO
    one = f(*[call.values[i] for i in live])
    fits = len(got) == len(one) and all(
        np.shape(g)[1:] == np.shape(o) and np.allclose(np.asarray(g)[0], o, 1e-4, 1e-6, equal_nan=True)
        for g, o in zip(got, one, strict=True)
        if np.asarray(o).dtype.kind in "biufc"
    )
    return (YES if fits else "other values") if same else NONE


def native_of(call: Again) -> str:
    live = [i for i, v in enumerate(call.values) if isinstance(v, (np.ndarray, np.floating))]
    if not live:
        return NONE

    def f(*xs: Any) -> list[Any]:
        values = list(call.values)
        for i, x in zip(live, xs, strict=True):
            values[i] = x
        return call.run(values)

    xs = [call.values[i] for i in live]
    try:
        try:
            program = wengert.make_program(f)(*xs)
        except wengert.errors.ConcretizationError:  # Python's control flow, which `jit` guards
            program = wengert.jit(f).lower(*xs).program
    except (wengert.errors.WengertError, TypeError, ValueError, IndexError):
        return NO
    steps = planned(optimized(program), vector_bytes()).steps
    through = sorted({s.eqn.primitive.name for s in steps if isinstance(s, fusion.Call)})
    return YES if not through else f"through Python: {', '.join(through)}"


class _Late(BaseException):  # which no `except Exception` on the way takes for its own
    pass


@contextlib.contextmanager
def _within(seconds: int) -> Iterator[None]:
    def late(*_: Any) -> None:
        raise _Late

    if not hasattr(signal, "SIGALRM") or threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def observe(f: Callable[..., Any], spaces: list[str]) -> Seen:
    """What a function does, by the calls of its example."""
    silent = contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO())
    with np.errstate(all="ignore"), warnings.catch_warnings(), silent[0], silent[1]:
        warnings.simplefilter("ignore")
        state = np.random.get_state()
        calls = calls_of(f, spaces)
        seen = Seen(list(dict.fromkeys(map(written, calls)))[:4])
        plain = [c for c in calls if not any(isinstance(x, Tracer) for x in trees.leaves((c.args, c.kwargs)))]
        plain = [c for c in plain if not callable(c.result)]
        for call, lists in [(c, way) for c in reversed(plain) for way in (True, False)]:
            with contextlib.suppress(_Late, wengert.errors.WengertError, TypeError, ValueError, IndexError, KeyError):
                one = again(call, lists)
                if not one.values or not one.run(one.values):
                    continue
                floats = _floats(one)
                seen = Seen(seen.calls, {}, derivatives_of(floats), batch_of(floats), native_of(floats))
                with _within(SECONDS):  # a loop may go on for ever in another dtype
                    seen = seen._replace(dtypes=dtypes_of(one))
                break
        np.random.set_state(state)
        return seen


__all__ = ["Seen", "observe"]
