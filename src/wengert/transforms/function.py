"""What every transformed function is: a callable object that knows the function it came from.

A plain class and not a closure, because creating one costs a fraction of `functools.wraps`, and people create them
in inner loops: ``grad(lambda x: vdot(grad(f)(x), v))(x)``.
"""

from __future__ import annotations

import functools
import importlib
import inspect
import operator
import sys
import types
from collections.abc import Sequence
from typing import Any, cast

import numpy as np

from .. import trees
from ..config import config
from ..core import NUMPY_TYPES, OBJECTS, Tracer, as_value, check_numbers, demote
from ..errors import ArgumentError, DtypeError
from ..tracebacks import interrupt_of, without_library_frames
from ..vocabulary import Function, Tree, Value


def name_of(f: Any) -> str:
    """A function's name for messages."""
    if isinstance(f, functools.partial):
        return name_of(f.func)
    name = getattr(f, "__name__", None)
    return name if name and isinstance(name, str) else type(f).__name__


def follows_values(f: Any) -> bool:
    """Whether Python may ask for values of traced numbers in a function: not in one written for JAX, where it raises."""
    return getattr(f, "follows_values", True)


def narrowed(arguments: Any) -> Any:
    """The arguments, in 32-bit mode with 32 bits: of a function that is called as it is, with plain values."""
    if config._x64:
        return arguments
    return trees.map(lambda v: demote(v) if isinstance(v, (np.ndarray, np.generic)) else v, arguments)


def check_callable(f: Any, what: str) -> None:
    if not callable(f):
        got = f"a traced {f.aval!r}" if isinstance(f, Tracer) else f"{f!r} of type {type(f).__name__}"
        raise ArgumentError(f"{what} transforms a function, got {got}: the function comes first")


def _named(module: str, name: str) -> Any:
    """What goes by a name in a module, if that can be imported and there is something."""
    found: Any = importlib.import_module(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    return found


def _found(module: str, name: str) -> Any:
    """The transformed function of that name in a module, for one that is unpickled.

    Raises:
        AttributeError: there is none.
    """
    found = _named(module, name)
    if found is None:
        raise AttributeError(
            f"a transformed function was pickled as {module}.{name}, which is not in this process: define it in a module "
            f"that both processes import, or pickle with cloudpickle, which takes the functions of __main__ along"
        )
    return found


def _taken_along() -> bool:
    """Whether the pickler takes functions of ``__main__`` along: cloudpickle, in whatever package, or dill."""
    frame: types.FrameType | None = sys._getframe(2)
    while frame is not None:
        parts = str(frame.f_globals.get("__name__", "")).split(".")
        if "cloudpickle" in parts or "dill" in parts:
            return True
        frame = frame.f_back
    return False


class Transformed:
    """A function made from another one by a transformation."""

    transformation = "transformed"

    def __init__(self, f: Function) -> None:
        if not callable(f):
            check_callable(f, self.transformation)
        self._f = f
        self.__doc__ = getattr(f, "__doc__", None)
        self.__module__ = getattr(f, "__module__", None) or ""

    @property
    def __wrapped__(self) -> Function:
        return self.__dict__.get("_wrapped") or self._f

    @__wrapped__.setter
    def __wrapped__(self, f: Function) -> None:  # `functools.wraps` sets it
        self._wrapped = f

    @property
    def __name__(self) -> str:
        return self.__dict__.get("_name") or name_of(self._f)

    @__name__.setter
    def __name__(self, name: str) -> None:
        self._name = name

    def options(self) -> str:
        return ""

    def shown(self) -> str:
        """The function and the options, for `repr`: ``f, argnums=0``."""
        inner = self._f
        what = repr(inner) if isinstance(inner, Transformed) else getattr(inner, "__qualname__", None)
        options = self.options()
        return f"{what or self.__name__}{', ' + options if options else ''}"

    def __repr__(self) -> str:
        return f"<{self.transformation} of {self.shown()}>"

    def __reduce_ex__(self, protocol: Any) -> Any:
        """A function that was decorated is known by its name, as other functions are."""
        inner = self._f
        while isinstance(inner, Transformed):
            inner = inner._f
        module, name = getattr(inner, "__module__", None), getattr(inner, "__qualname__", None)
        if module in sys.modules and name and _named(module, name) is self:
            if module != "__main__" or not _taken_along():
                return _found, (module, name)
        return super().__reduce_ex__(protocol)

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else types.MethodType(cast(Any, self), instance)

    def __getattr__(self, attribute: str) -> Any:
        if attribute in ("__qualname__", "__annotations__", "__defaults__", "__kwdefaults__"):
            return getattr(self.__dict__.get("_f"), attribute, None)
        raise AttributeError(f"{type(self).__name__} object has no attribute {attribute!r}")


class Made(Transformed):
    """A function that a transformation makes as a closure, known by the function that it was made from."""

    def __init__(self, f: Function, transformation: str, run: Function, options: str) -> None:
        self.transformation = transformation
        super().__init__(f)
        self._run, self._options = run, options

    def options(self) -> str:
        return self._options

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        return self._run(*args, **kwargs)


def of_a_list(what: str) -> str:
    """What to write where a list is indexed."""
    if what in ("float()", "complex()"):
        return "; a function of Python's numbers is called by wengert.pure_callback(f, result_shape_dtypes, x)"
    return "; for an element of a list write wengert.numpy.array(the_list)[i]" if "index" in what else ""


def shown(error: BaseException) -> BaseException:
    """The error as the user should see it. Raise it without ``from``, which would drop the user's own ``from``."""
    return interrupt_of(error) or without_library_frames(error)


def argument_name(f: Any, i: int) -> str:
    """``argument 0 (x)``, for messages."""
    try:
        parameters = list(inspect.signature(f).parameters.values())
        p = parameters[min(i, len(parameters) - 1)]
        return f"argument {i} ({p.name})"
    except (TypeError, ValueError, IndexError):
        return f"argument {i}"


def values_of(
    leaves: Sequence[Any], tree: Tree, what: str, f: Any = None, root: str = "", without: Sequence[int] = ()
) -> list[Any]:
    """The leaves of what a function is given, as values.

    Args:
        tree: of ``(args, kwargs)``, or of what goes by the name `root`.
        without: positions of arguments that `tree` does not have (static ones).

    Raises:
        DtypeError: a leaf is no number and no array of numbers; the message says where it is.
    """
    try:
        values = [as_value(x) for x in leaves]
        for x, v in zip(leaves, values, strict=True):
            if v is not x and type(x) is np.ndarray:
                check_given(x)
        return values
    except DtypeError as error:
        raise located(error, leaves, tree, what, f, root, without=without) from None


def check_given(x: np.ndarray) -> None:
    """Refuse an argument of objects, though they be numbers, unless traced ones are among them: an array that comes from
    outside has the dtype that its owner gave it, one that the function makes of its numbers does not.
    """
    if x.dtype is OBJECTS and not any(isinstance(item, Tracer) for item in x.reshape(-1).tolist()):
        check_numbers(x)


def given(x: Value) -> Value:
    """One argument as a value."""
    if type(x) is np.ndarray:
        check_given(x)
    return as_value(x)


def check_arrays(operands: Any, what: str) -> None:
    """Refuse arrays of what is no number where anything else may be handed on as it is."""
    leaves, tree = trees.flatten(operands)
    arrays = [x if isinstance(x, NUMPY_TYPES) else 0.0 for x in leaves]
    values_of(arrays, tree, what, root="operands")


def located(
    error: DtypeError,
    leaves: Sequence[Any],
    tree: Tree,
    what: str,
    f: Any,
    root: str = "",
    check: Any = given,
    without: Sequence[int] = (),
) -> DtypeError:
    """An error about one of the leaves, with its place in front."""
    paths = trees.key_paths(tree) if tree is not None else []
    for x, path in zip(leaves, paths, strict=True):
        try:
            check(x)
        except DtypeError:
            of = f"{what} of {name_of(f)}" if f is not None else what
            place = root + trees.keystr(path) if root else _place(f, path, without)
            return type(error)(f"{of}: {place}: {error.message}{_no_number(x, what, path, root)}")
    return error


def _place(f: Any, path: Any, without: Sequence[int] = ()) -> str:
    """Where something is in ``(args, kwargs)``, of whose arguments some are left out."""
    which, *rest = path
    if which.idx == 0:
        i = rest[0].idx
        for j in sorted(without):
            i += j <= i
        return argument_name(f, i) + trees.keystr(rest[1:])
    return f"argument {rest[0].key}{trees.keystr(rest[1:])}"


def _no_number(x: Any, what: str, path: Any, root: str) -> str:
    """What to write where an argument, or a leaf of one, is a text, a function, or another object of Python's own."""
    if type(x).__module__ != "builtins" or isinstance(x, (int, float, complex)):
        return ""
    if root or what not in ("jit", "vmap"):
        return ": close over it instead, or leave it out"
    if len(path) > 2:
        return (
            ": leave it out of the tree (in a dataclass it is a field of wengert.tree_util.static()) and close over it"
        )
    if what == "jit":
        return ": name the argument in static_argnames where the function depends on what it is"
    return ": close over it, vmap(lambda x: f(x, ...))"


def check_argnums(f: Any, argnums: int | Sequence[int], n: int, what: str) -> Any:
    """`argnums` as indices in ``range(n)``: an int or a tuple of ints.

    Raises:
        ArgumentError: an index is out of range, or appears twice.
    """
    if isinstance(argnums, int):
        if not -n <= argnums < n:
            raise ArgumentError(
                f"{what} of {name_of(f)} with argnums={argnums} was called with {n} positional "
                f"argument{'s' * (n != 1)}; pass what is differentiated by position"
            )
        return argnums % n
    out = tuple(check_argnums(f, i, n, what) for i in argnums)
    if len(set(out)) != len(out):
        raise ArgumentError(f"{what} of {name_of(f)}: argnums={tuple(argnums)} names an argument twice")
    return out


def check_argnums_type(argnums: Any, what: str) -> Any:
    """`argnums` must be an int or a sequence of ints; checked when the transformation is made."""
    if type(argnums) is int:
        return argnums
    try:
        if isinstance(argnums, (tuple, list)):
            return tuple(operator.index(i) for i in argnums)
        return operator.index(argnums)
    except TypeError:
        raise ArgumentError(f"{what}: argnums must be an integer or a sequence of integers, got {argnums!r}") from None


def split_aux(out: Any, f: Any) -> tuple[Any, Any]:
    """The result and the extra result of a function with ``has_aux=True``."""
    if not isinstance(out, (tuple, list)) or len(out) != 2:
        raise ArgumentError(
            f"with has_aux=True, {name_of(f)} must return a pair (output, extra results), got {type(out).__name__}"
            + (f" of length {len(out)}" if isinstance(out, (tuple, list)) else "")
        )
    return out[0], out[1]
