"""Every error class of the library, and how an error finds the user's line.

Each docstring is a runnable example and its remedy. Nothing here imports the rest of the library.
"""

from __future__ import annotations

import importlib
import linecache
import os
import re
import sys
from collections.abc import Callable, Iterable
from types import FrameType, TracebackType
from typing import Any

import numpy as np

_PACKAGE = os.path.dirname(os.path.abspath(__file__)) + os.sep


def is_library_frame(frame: FrameType) -> bool:
    """Whether a frame runs the library's own code (or a library it calls on the user's behalf)."""
    name = frame.f_code.co_filename
    return name.startswith((_PACKAGE, "<frozen", "<wengert,")) or f"{os.sep}optree{os.sep}" in name


FOREIGN = ("numpy", "scipy", "pandas", "xarray")
_PLACES = tuple(f"-packages{os.sep}{name}{os.sep}" for name in FOREIGN)
_STANDARD = os.path.dirname(os.__file__) + os.sep


def is_foreign_frame(frame: FrameType) -> bool:
    """Whether a frame runs Python code of NumPy, SciPy, pandas, xarray or the standard library."""
    name = frame.f_code.co_filename
    if name.startswith(_STANDARD):
        return "-packages" not in name or any(place in name for place in _PLACES)
    return any(place in name for place in _PLACES)


def _is_installed(frame: FrameType) -> bool:
    """Whether a frame runs code of an installed package or of the standard library."""
    name = frame.f_code.co_filename
    return f"-packages{os.sep}" in name or name.startswith(_STANDARD)


def _is_started_by(frame: FrameType) -> bool:
    """Whether a frame is the script that starts a program of an installed package, as that of pytest does."""
    return frame.f_back is None and f"{os.sep}bin{os.sep}" in frame.f_code.co_filename


def user_line() -> str:
    """Where the user's code is: ``file.py:12: the source line``, or an empty string when there is none."""
    place = user_place()
    return "" if place is None else line_text(*place)


def user_place() -> tuple[str, int] | None:
    """Where the user's code is, a file and a line; None where there is none."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and (is_library_frame(frame) or is_foreign_frame(frame)):
        frame = frame.f_back
    if frame is None:
        return None
    other = frame
    while other is not None and (
        _is_installed(other) or is_library_frame(other)
    ):  # matplotlib, say, that the user called
        other = other.f_back
    if other is not None and not _is_started_by(other):
        frame = other
    return frame.f_code.co_filename, frame.f_lineno


def place_text(name: str, line: int) -> str:
    """A line of code as Python or, for a cell of a notebook, IPython names it: ``Cell In[2], line 1``."""
    ipython = sys.modules.get("IPython")
    if ipython is not None and not os.path.isfile(name):
        try:
            label, cell = ipython.get_ipython().compile.format_code_name(name)
        except (AttributeError, TypeError):  # no shell, or none of its cells
            return f"{name}:{line}"
        return f"{label} {cell}, line {line}"
    return f"{name}:{line}"


def line_text(name: str, line: int) -> str:
    """A line of code, and what stands there."""
    text = linecache.getline(name, line).strip()
    return f"{place_text(name, line)}: {text}" if text else place_text(name, line)


def foreign_calls() -> tuple[str, list[str]] | None:
    """The library, other than NumPy, that the user's code has called here: its name, and its public functions.

    Those of SciPy come with the user's own call first: ``("scipy", ["special.softmax"])``.
    """
    frame: FrameType | None = sys._getframe(1)
    library, calls = "", []
    while frame is not None and (is_library_frame(frame) or is_foreign_frame(frame)):
        module: str = frame.f_globals.get("__name__", "")
        name = module.split(".")[0]
        if name == "scipy":
            calls = _public_names(frame, module) + calls
        if name in FOREIGN and name != "numpy":
            library = name
        frame = frame.f_back
    return (library, calls) if library else None


def caller() -> tuple[str, str]:
    """The first function outside of the library, and its module: ``("_matmul_dispatch", "scipy.sparse._base")``."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and (is_library_frame(frame) or frame.f_code.co_name in ("<listcomp>", "<genexpr>")):
        frame = frame.f_back
    return ("", "") if frame is None else (frame.f_code.co_name, frame.f_globals.get("__name__", ""))


def _public_names(frame: FrameType, module: str) -> list[str]:
    """What a user may know a frame of SciPy by: its function, what a decorator wraps, a method of a public object."""
    code, known = frame.f_code, frame.f_locals
    this = known.get("self")
    names = [(module, code.co_name)]
    names += [(getattr(v, "__module__", None), getattr(v, "__name__", "")) for v in map(known.get, code.co_freevars)]
    names += [(module, getattr(this, "__name__", "")), (module, f"{getattr(this, 'name', '')}.{code.co_name}")]
    found: list[str] = []
    for where, name in names:
        room = str(where).split(".")[1:2]
        public = vars(sys.modules.get(f"scipy.{''.join(room)}", sys))
        if name and not name.startswith("_") and name.split(".")[0] in public and ".__" not in name:
            found.append(".".join([*room, name]))
    return found


def user_operation() -> tuple[str, int]:
    """The instruction that the user's line is at, ("STORE_SUBSCR", 0) for ``x[i] = v``, and its argument."""
    import dis

    frame: FrameType | None = sys._getframe(1)
    while frame is not None and is_library_frame(frame):
        frame = frame.f_back
    if frame is None or frame.f_lasti < 0:
        return "", 0
    code = frame.f_code.co_code
    name = dis.opname[code[frame.f_lasti]]
    return "STORE_SUBSCR" if name == "STORE_SLICE" else name, code[frame.f_lasti + 1]  # Python 3.12, 3.13: x[a:b] = v


# What people look for that other libraries have under these names, and how it is written here.
INSTEAD = {
    "wengert.nn": {
        "dropout": "wengert.random.bernoulli(key, 1 - rate, x.shape) * x / (1 - rate)",
        "layer_norm": "wengert.nn.standardize(x, axis=-1) * scale + shift",
        "batch_norm": "wengert.nn.standardize(x, axis=(0, 1, 2)) * scale + shift",
        "cross_entropy": "-wengert.numpy.sum(labels * wengert.nn.log_softmax(x), axis=-1)",
        "conv": "wengert.lax.conv(x, kernel, strides, padding)",
    },
}


def no_attribute(module: str, name: str, known: Iterable[str]) -> AttributeError:
    """The error of a module that has no attribute of a name, with the nearest that it has."""
    import difflib

    near = difflib.get_close_matches(name, [k for k in known if not k.startswith("_")], 3) if name[:2] != "__" else []
    hint = f"; the nearest {'is' if len(near) == 1 else 'are'} {', '.join(near)}" if near else ""
    if name in INSTEAD.get(module, ()):
        hint = f"; write {INSTEAD[module][name]}"
    if module.startswith(("wengert.scipy", "wengert.numpy")) and not name.startswith("_"):
        original = module.partition(".")[2]
        found = getattr(_room(original), name, None)
        if callable(found) and any(answered(f"{original}.{name}") for answered in OWN_NAMES):
            hint += f"; {original}.{name} itself takes arguments under transformations: call it by that name"
        elif callable(found):
            hint += f"; {original}.{name} has no counterpart here: it can be called under transformations by "
            hint += "wengert.pure_callback, with a rule by custom_jvp or custom_vjp where it is differentiated"
    return AttributeError(f"module {module!r} has no attribute {name!r}{hint}")


def _room(name: str) -> Any:
    """NumPy's or SciPy's module of a name, None where there is none."""
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


OWN_NAMES: list[
    Callable[[str], bool]
] = []  # whether a function of SciPy is answered by its own name; `wengert.scipy` says


def nearest_names(module: str, known: Iterable[str]) -> Callable[[str], Any]:
    """A module's ``__getattr__`` that names what is nearest to what it has not."""

    def missing(name: str) -> Any:
        raise no_attribute(module, name, known)

    return missing


def modules_on_first_use(module: str, known: Iterable[str]) -> Callable[[str], Any]:
    """A package's ``__getattr__`` that imports its modules when they are first asked for, as SciPy does with its own."""

    def found(name: str) -> Any:
        if name in known:
            return importlib.import_module(f"{module}.{name}")
        raise no_attribute(module, name, known)

    return found


_FAULT = (
    "what wengert takes for granted does not hold here, a fault of wengert's own: please report it with the program"
)
_TOO_LARGE = "Python int too large to convert to C long"
_LARGE_REMEDY = "an integer of Python's under a transformation has 64 bits; write it as a float, or name the argument in static_argnums"
_HIDDEN = "wengert's own frames are left out; WENGERT_FULL_TRACEBACK=1 in the environment shows them"
_UNREADABLE = (
    "a compiled extension (C, Cython, Numba) was given a traced value and reads the memory of arrays, which it has none of: "
    "call the function by wengert.pure_callback(f, result_shape_dtypes, x), with a rule (wengert.custom_jvp) or "
    "wengert.approximate(f) where it is differentiated"
)
_UNREADABLE_WORDS = re.compile(  # the first is Python's, the others are Cython's
    r"bytes-like object is required, not '\w+Tracer'|expected numpy\.ndarray, got \w+Tracer|Cannot convert \w+Tracer to numpy|"
    r"^No matching signature found"
)


def _line(tb: TracebackType) -> int:
    """A traceback's line; -1, which Python shows as none, for instructions that stand on no line."""
    line: int | None = tb.tb_lineno
    return -1 if line is None else line


def without_library_frames(error: BaseException) -> BaseException:
    """The same error, its traceback without the library's frames (set WENGERT_FULL_TRACEBACK=1 to keep them).

    An error that arose in such a frame and is none of the library's own gets a note that says so; an assertion that
    failed without words says where it stands.
    """
    cause = error.__cause__
    # NumPy's "setting an array element", y[0] = t; calls from C code of SciPy
    if type(error) in (ValueError, SystemError) and isinstance(cause, WengertError):
        error = cause.with_traceback(error.__traceback__)
        error.__suppress_context__ = True
    frames: list[TracebackType] = []
    tb = last = error.__traceback__
    hidden = False
    while tb is not None:
        last, hidden = tb, is_library_frame(tb.tb_frame)
        if not hidden:
            frames.append(tb)
        tb = tb.tb_next
    if hidden and last is not None and type(error) is AssertionError and not error.args:
        where = f"{os.path.basename(last.tb_frame.f_code.co_filename)}:{_line(last)}"
        error.args = (f"{where}: {_FAULT}",)
    if hidden and type(error) is OverflowError and error.args == (_TOO_LARGE,):
        error.args = (f"{_TOO_LARGE}: {_LARGE_REMEDY}",)
    if os.environ.get("WENGERT_FULL_TRACEBACK"):
        return error
    if not frames:
        return error
    rebuilt: TracebackType | None = None
    for tb in reversed(frames):
        rebuilt = TracebackType(rebuilt, tb.tb_frame, tb.tb_lasti, _line(tb))
    if hidden and not isinstance(error, WengertError) and _HIDDEN not in getattr(error, "__notes__", ()):
        error.add_note(_HIDDEN)
    if (
        type(error) is TypeError
        and _UNREADABLE_WORDS.search(str(error))
        and _UNREADABLE not in getattr(error, "__notes__", ())
    ):
        error.add_note(_UNREADABLE)
    return error.with_traceback(rebuilt)


def interrupt_of(error: BaseException) -> BaseException | None:
    """Ctrl-C that came while NumPy asked for a number: NumPy makes a ValueError of whatever ends that."""
    cause = error.__cause__ if isinstance(error, (TypeError, ValueError)) else None
    return None if isinstance(cause, Exception) else cause


class WengertError(Exception):
    """The root of every error that the library raises on its own account.

    The message ends with the line of the user's code at which the error arose.

    Example:
        >>> import wengert
        >>> try:
        ...     wengert.grad(lambda x: x)(wengert.numpy.ones(3))
        ... except wengert.errors.WengertError as error:
        ...     print(type(error).__name__)
        NonScalarOutputError
    """

    def __init__(self, message: str, *args: Any) -> None:
        self.message = message  # without the line
        where = user_line()
        # By name: which `__init__` comes next beside a NumPy error differs between versions of Python.
        Exception.__init__(self, f"{message}\n  at {where}" if where else message, *args)

    def __reduce__(self) -> Any:
        """In another process, and in a copy, the line is that of the first."""
        return _again, (type(self), self.args, self.__dict__)


def _again(kind: type[WengertError], args: tuple[Any, ...], state: dict[str, Any]) -> WengertError:
    error = kind.__new__(kind, *args)
    error.args = args
    error.__dict__.update(state)
    return error


class NonScalarOutputError(WengertError, TypeError):
    """`grad` was given a function whose result is not one real number.

    Remedy: reduce the result to a scalar, or take `jacrev`/`jacfwd` for the whole Jacobian, or `vjp` with a
    cotangent.

    Example:
        >>> import wengert, wengert.numpy as wnp
        >>> wengert.grad(lambda x: wnp.sum(x ** 2))(wnp.ones(3))
        array([2., 2., 2.])
        >>> wengert.jacrev(lambda x: x ** 2)(wnp.ones(2))
        array([[2., 0.],
               [0., 2.]])
    """


class DtypeError(WengertError, TypeError):
    """A transformation was given a value of a dtype that it cannot differentiate.

    Remedy: convert integer inputs with ``astype(float)``, or leave them out of ``argnums``, or pass
    ``allow_int=True``; for complex functions pass ``holomorphic=True`` or take real and imaginary parts.

    Example:
        >>> import wengert, wengert.numpy as wnp
        >>> wengert.grad(lambda x: wnp.sum(x * x))(wnp.arange(3).astype(float))
        array([0., 2., 4.])
    """


class IndexDtypeError(DtypeError, IndexError):
    """An index is no integer, slice, None, Ellipsis, nor an array of integers or truth values.

    Remedy: convert whole floats with ``astype(int)``.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.take(wnp.arange(3.0), wnp.array([2.0, 0.0]).astype(int))
        array([2., 0.])
    """


class ObjectArrayError(DtypeError):
    """An array of objects that holds traced values, as ``np.array([t, u])`` makes one, met a function that needs numbers.

    Remedy: ``np.stack([t, u])``, or ``np.array([t, u], like=t)``.

    Example:
        >>> import numpy as np, wengert
        >>> wengert.grad(lambda t: np.sum(np.array([t, t * t], like=t)))(3.0)
        np.float64(7.0)
    """


class ShapeError(WengertError, TypeError, ValueError):
    """Shapes do not fit together; the message shows each of them.

    Example:
        >>> import wengert, wengert.numpy as wnp
        >>> y, push = wengert.linearize(wnp.sin, wnp.zeros(3))
        >>> push(wnp.ones(3))
        array([1., 1., 1.])
    """


class AxisError(ShapeError, np.exceptions.AxisError):
    """An axis is out of range, or named twice; NumPy's AxisError, and so an IndexError too.

    Example:
        >>> import numpy as np, wengert.numpy as wnp
        >>> try:
        ...     wnp.sum(wnp.ones((2, 3)), axis=2)
        ... except np.exceptions.AxisError as error:
        ...     print(type(error).__name__)
        AxisError
    """

    def __init__(self, message: str, *args: Any) -> None:
        ShapeError.__init__(self, message, *args)
        self.axis = self.ndim = None

    def __str__(self) -> str:
        return Exception.__str__(self)


class MatrixError(ShapeError, np.linalg.LinAlgError):
    """A function of matrices was given an array whose last two axes are none, or not square where they must be.

    Example:
        >>> import numpy as np, wengert.numpy as wnp
        >>> wnp.linalg.inv(np.diag([2.0, 4.0]))
        array([[0.5 , 0.  ],
               [0.  , 0.25]])
    """


class TreeError(WengertError, TypeError, ValueError):
    """Two pytrees that must have one structure do not; the message names the first path that differs.

    Example:
        >>> import wengert, wengert.numpy as wnp
        >>> f = lambda p: p["w"] * p["b"]
        >>> y, t = wengert.jvp(f, ({"w": 2.0, "b": 3.0},), ({"w": 1.0, "b": 0.0},))
        >>> float(t)
        3.0
    """


class ArgumentError(WengertError, TypeError, ValueError):
    """A transformation was called with arguments that make no sense, such as ``argnums`` out of range.

    Example:
        >>> import wengert
        >>> float(wengert.grad(lambda x, y: x * y, argnums=1)(2.0, 3.0))
        2.0
    """


class SparsityError(WengertError, ValueError):
    """A sparse derivative was prepared for one pattern, and a call may need another one.

    Example:
        >>> import numpy as np, wengert
        >>> f = lambda x: x * 2 if x[0] > 0 else x[::-1]
        >>> jacobian = wengert.jacobian(f, sparse=True).prepare(np.ones(2))
        >>> jacobian(-np.ones(2))
        Traceback (most recent call last):
        wengert.errors.SparsityError: sparse jacobian of <lambda> was prepared for another way through its Python control flow...
    """


class LeakedTracerError(WengertError, TypeError):
    """A value that stood for an input of a transformation was used after that transformation had ended.

    Remedy: return the value from the function (``has_aux=True`` gives extra results) instead of storing it in a
    global, a list or an attribute.

    Example:
        >>> import wengert, wengert.numpy as wnp
        >>> gradient, middle = wengert.grad(lambda x: (wnp.sin(x), x * x), has_aux=True)(3.0)
        >>> float(middle)
        9.0
    """


class ConcretizationError(WengertError, TypeError):
    """Python needed the value of an array that is not known yet (in a loop's body, in `make_program`), or many values (`float`
    under `vmap`).

    Remedy: `wengert.numpy.where` for a choice of values, `lax.cond` for a choice of computations,
    ``static_argnums`` for an argument that steers Python control flow.

    Example:
        >>> import wengert, wengert.numpy as wnp
        >>> program = wengert.make_program(lambda x: wnp.where(x > 0, x, 0.0))(1.0)
        >>> float(program.evaluate([-1.0])[0])
        0.0
    """


class TooManyPathsError(WengertError):
    """A function takes more ways through its Python control flow than `config.max_paths` allows under `jit`, or
    `config.max_vmap_paths` under `vmap`.

    Each way is compiled, or run, by itself. Remedy: `wengert.numpy.where` or `lax.cond` for the choice, `lax.while_loop` for the
    loop, or a larger ``wengert.config.max_paths``.

    Example:
        >>> import wengert
        >>> collatz = wengert.jit(lambda n: n // 2 if n % 2 == 0 else 3 * n + 1)
        >>> int(collatz(7)), int(collatz(22))
        (22, 11)
    """


class CustomRuleError(WengertError, TypeError):
    """A custom derivative rule is missing, or returned something that does not fit its function.

    Remedy: the message says which leaf was expected and which came.

    Example:
        >>> import wengert
        >>> @wengert.custom_vjp
        ... def half(x):
        ...     return x / 2
        >>> half.defvjp(lambda x: (half(x), None), lambda _, g: (g / 2,))
        >>> float(wengert.grad(half)(3.0))
        0.5
    """


class NotDifferentiableError(WengertError, TypeError):
    """An operation has no derivative of the kind that was asked for; the message names the operation.

    Remedy: `stop_gradient` where the derivative is to be zero, or `custom_jvp` to define it.

    Example:
        >>> import wengert
        >>> from wengert.scipy import special
        >>> try:
        ...     wengert.grad(special.struve)(1.5, 2.0)
        ... except wengert.errors.NotDifferentiableError as error:
        ...     print("the order" in str(error))
        True
    """


class ApproximationError(NotDifferentiableError):
    """A derivative by differences (`approximate`) has an estimated error above the tolerance.

    Remedy: accept more with ``rtol=``, begin with a ``step=`` over which the function is smooth, or give it a rule.

    Example:
        >>> import wengert
        >>> try:
        ...     wengert.grad(wengert.approximate(lambda x: round(x, 3), method="differences"))(0.1234)
        ... except wengert.errors.ApproximationError as error:
        ...     print("not smooth" in str(error))
        True
    """


class NotLinearError(NotDifferentiableError):
    """A function that must be linear in an argument (a tangent rule, `linear_transpose`) is not.

    Example:
        >>> import wengert
        >>> transposed = wengert.linear_transpose(lambda x: 3.0 * x, 1.0)
        >>> [float(v) for v in transposed(2.0)]
        [6.0]
    """


class NotSupportedError(WengertError, NotImplementedError):
    """The library does not do this; the message says what to write instead.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.at(wnp.zeros(3))[1].set(5.0)
        array([0., 5., 0.])
    """


class ProgramError(WengertError):
    """A `Program` breaks a rule of the intermediate form: a defect of a primitive or a pass, not of user code.

    Example:
        >>> import wengert
        >>> program = wengert.make_program(lambda x: x * 2.0)(1.0)
        >>> program.check()
    """


class StateError(WengertError):
    """A saved training state is not there, is damaged, or has other arrays than are asked for.

    Remedy: `wengert.states.steps` lists the states that are whole; `wengert.states.restore` takes a tree of the structure, shapes
    and dtypes that were saved.

    Example:
        >>> import wengert
        >>> wengert.states.restore("no such folder", {})
        Traceback (most recent call last):
            ...
        wengert.errors.StateError: there is no state in no such folder (there are: none)...
    """


class NonFiniteError(WengertError, FloatingPointError):
    """With `config.debug_nans` (or `config.debug_infs`) set, a result is NaN (or infinite).

    The message names the operation and the line of yours that made it, and, for a NaN that came of an infinity, the
    line that made that.

    Remedy: keep the argument away from the edge (``where`` around it, or `clip`), or take a function that is stable
    there, as ``docs/edges.md`` lists them.

    Example:
        >>> import wengert, wengert.numpy as wnp
        >>> with wengert.config.override(debug_nans=True):
        ...     try:
        ...         wengert.jit(lambda x: wnp.log(x))(-1.0)
        ...     except wengert.errors.NonFiniteError as error:
        ...         print(str(error)[:18])
        NaN comes of 'log'
    """


class ZeroDerivativeError(WengertError):
    """With `config.debug_zeros` set, a derivative is zero whatever the values are, because an operation lost it.

    The message names the operation (`round`, `argmax`, a comparison, ``astype(int)``, `stop_gradient`) and its line.

    Remedy: a smooth function in its place, or, where the zero is meant, leave the argument out of what is
    differentiated.

    Example:
        >>> import wengert, wengert.numpy as wnp
        >>> with wengert.config.override(debug_zeros=True):
        ...     try:
        ...         wengert.grad(lambda x: wnp.round(x) * 2.0)(1.3)
        ...     except wengert.errors.ZeroDerivativeError as error:
        ...         print("'round'" in str(error))
        True
    """


def closed_over(what: str, x: Any = None) -> CustomRuleError:
    name = "a transformation" if x is None else x._trace.name
    return CustomRuleError(
        f"{what} closes over a value that stands under {name}, and is used where that value is not known: pass the value "
        f"as an argument of the function that has the rule"
    )


__all__ = [
    "ArgumentError",
    "AxisError",
    "ConcretizationError",
    "CustomRuleError",
    "DtypeError",
    "IndexDtypeError",
    "LeakedTracerError",
    "MatrixError",
    "NonFiniteError",
    "NonScalarOutputError",
    "NotDifferentiableError",
    "NotLinearError",
    "NotSupportedError",
    "ObjectArrayError",
    "ProgramError",
    "ShapeError",
    "SparsityError",
    "StateError",
    "TreeError",
    "WengertError",
    "ZeroDerivativeError",
]

__getattr__ = nearest_names(__name__, __all__)
