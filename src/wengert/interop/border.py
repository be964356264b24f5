"""Between code written for JAX and the library: values are taken out of `Array`s on the way in and put into them on the
way out, in functions that are handed on as well, whichever way they go.

`lower` is the way in, `lift` the way out. A function of the user's that the library is given becomes a `Lowered`, which
lifts its arguments and lowers its results; a function of the library's that the user is given becomes a `Lifted`. What
the library traces and compiles then holds its own values alone.

A weak array is a `Weak` in the trees that `jit` and its kin are given: part of the structure, so of every cache's key.
"""

from __future__ import annotations

import functools
import inspect
import types
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from .. import trees
from ..config import config, default_dtype
from ..core import PYTHON_SCALARS, Tracer, demoted
from ..errors import ArgumentError, DtypeError, WengertError
from ..transforms.forward import FLOAT0
from ..transforms.function import name_of
from ..transforms.symbolic import CustomVJPPrimal
from ..tree_util import Partial
from . import array_methods as _array_methods  # noqa: F401 - operators and methods of arrays
from .array import Array, wrap
from .leaks import Watch, check
from .searches import returned
from .wording import in_jax_words

ndarray = np.ndarray
_ATOMS: frozenset[type] = frozenset(
    {ndarray, str, bytes, type(None), type(Ellipsis), slice, type, np.dtype, *PYTHON_SCALARS}
)
_FUNCTIONS = (types.FunctionType, types.MethodType, functools.partial, types.BuiltinFunctionType, np.ufunc)


_WEAK_NUMBERS = frozenset({int, float, complex})


class Weak:
    """A value of a weak dtype, in the trees that the library is given."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value


trees.register(Weak, lambda w: ((w.value,), None), lambda _, values: Weak(*values))
trees.MARKS.add(Weak)


class Held:
    """The leaves of a node of a type that a library registered, whose constructor need not bear values or a `Weak`."""

    __slots__ = ("leaves", "tree")

    def __init__(self, leaves: Any, tree: Any) -> None:
        self.leaves, self.tree = leaves, tree


trees.register(Held, lambda h: (tuple(h.leaves), h.tree), lambda tree, leaves: Held(list(leaves), tree))
trees.STAND_INS.add(Held)


class Boxed:
    """Something that transformations know nothing of, a reference, as a node of trees without children."""

    __slots__ = ("held",)

    def __init__(self, held: Any) -> None:
        self.held = held


trees.register(Boxed, lambda b: ((), b.held), lambda held, _: Boxed(held))
BOXES: set[type] = set()  # whose objects are boxed

TREES: Any = ""  # nothing stays weak, and what is no array but can become one stays a node of trees where it is one
NUMBERS: Any = "numbers"
RESULTS: Any = "results"  # of a function under `jit` and its kin: Python numbers are weak arrays
WEAK: Any = "weak"  # of a function with a rule of the user's: weak arrays stay so, Python's numbers are numbers


def lower(x: Any, keep: Any = False) -> Any:  # noqa: C901 (the kinds of values, the frequent ones first)
    """What the library is given for a value of the alias, a container of them, or a function.

    Args:
        x: anything.
        keep: whether weak arrays stay weak, as `Weak`; `NUMBERS`: Python's floats too, `RESULTS`: all Python's numbers.
            False is for arguments of operations, which become arrays; trees keep their nodes, `TREES` for one.
    """
    t = type(x)
    if (keep is NUMBERS and t is float) or (keep is RESULTS and t in _WEAK_NUMBERS):
        return Weak(np.asarray(x, default_dtype(t))[()])
    if t is Array:
        if keep and x._weak and x._value.dtype.kind != "b":
            return Weak(x._value)
        return x._value
    if t in _ATOMS:
        return x
    if t is tuple:
        return tuple([lower(e, keep) for e in x])
    if t is list:
        return [lower(e, keep) for e in x]
    if t is dict:
        return {k: lower(e, keep) for k, e in x.items()}
    if t is Lifted or t is LiftedTree:
        return x.inner
    if isinstance(x, (Tracer, np.generic, type)):
        return x
    if _is_named(x) and t not in trees._ways:
        return t(*[lower(e, keep) for e in x])
    if t is Weak or t is Held:  # which were lowered before
        return x
    if t in trees._ways and (keep is not False or not hasattr(x, "__jax_array__")):
        return _mapped(lower, x, keep)
    if hasattr(x, "__jax_array__"):
        return lower(x.__jax_array__(), keep)
    if isinstance(x, (*_FUNCTIONS, Lowered, Outer)):
        return lowered(x, keep)
    if callable(x) and not hasattr(x, "dtype"):
        return lowered(x, keep)
    return Boxed(x) if t in BOXES else x


def lowered_with(x: Any, values: list[Any]) -> Any:
    """A tree as the library is given it, with other leaves."""
    return trees.unflatten(trees.structure(lower(x, TREES)), values)


def in_order(tree: Any) -> Any:
    """A tree whose dicts have their keys in order."""
    t = type(tree)
    if t is dict:
        try:
            return {k: in_order(tree[k]) for k in sorted(tree)}
        except TypeError:
            return {k: in_order(v) for k, v in tree.items()}
    if t is tuple or t is list:
        return t([in_order(x) for x in tree])
    return tree


def _is_named(x: Any) -> bool:
    """Whether something is a named tuple."""
    return isinstance(x, tuple) and hasattr(x, "_fields")


def _mapped(way: Callable[..., Any], x: Any, *options: Any) -> Any:
    """A node of a registered type with its children on the other side.

    What is lowered of a class of the user's is a `Held`: its constructor may look at the fields, which are `Array`s for it.
    """
    if way is lower and not _bears_values(type(x)):
        return _held(x, *options)
    apart, make = trees._ways[type(x)]
    children, metadata = apart(x)[:2]
    out = [way(c, *options) for c in children]
    if way is lower and any(type(c) is Weak or type(c) is Held for c in out):
        return _held(x, *options)
    return make(metadata, out)


def _held(x: Any, *options: Any) -> Held:
    leaves, tree = trees.flatten(x)
    return Held([lower(leaf, *options) for leaf in leaves], tree)


@functools.cache
def _bears_values(t: type) -> bool:
    """Whether nodes of a registered type may hold the library's values: containers of the library's and of Python's own."""
    return t.__module__.partition(".")[0] in ("wengert", "collections", "builtins", "types")


def lift(x: Any, weak: bool = False) -> Any:  # noqa: C901 (the kinds of values, the frequent ones first)
    """What the user is given for what the library gives: `Array`s for values; dicts in the order of their keys."""
    t = type(x)
    if t is ndarray:
        return wrap(x, weak) if x.dtype is not FLOAT0 else x  # which JAX has as NumPy's, too
    if t is tuple:
        return tuple([lift(e, weak) for e in x])
    if t in _ATOMS or t is Array:
        return x
    if isinstance(x, Tracer):
        return wrap(x.taken() if x.mutable else x, weak or x.weak)
    if isinstance(x, (np.generic, ndarray)):
        return wrap(x, weak)
    if t is Weak or t is Held or t is Boxed:
        return _marked(x)
    if t is list:
        return [lift(e, weak) for e in x]
    if t is dict:
        try:
            return {k: lift(x[k], weak) for k in sorted(x)}
        except TypeError:
            return {k: lift(e, weak) for k, e in x.items()}
    if t is Lowered:
        return x._f
    if _is_named(x) and t not in trees._ways:
        return t(*[lift(e, weak) for e in x])
    if t in DRESSED:
        return LiftedTree(x) if t in trees._registered else Lifted(x)
    if t is CustomVJPPrimal:
        return CustomVJPPrimal(lift(x.value, weak), x.perturbed)
    if _is_ours(x) and t is not Partial:
        return LiftedTree(x) if t in trees._registered else Lifted(x)
    if t in trees._registered:
        return _mapped(lift, x)
    return Lifted(x) if isinstance(x, _FUNCTIONS) else x


def _marked(x: Weak | Held | Boxed) -> Any:
    """The weak array, or the node with weak leaves, that something stands for; what is boxed."""
    if type(x) is Boxed:
        return x.held
    if type(x) is Held:
        return trees.unflatten(x.tree, [lift(leaf) for leaf in x.leaves])
    value = x.value  # type: ignore[union-attr]
    return lift(np.asarray(value)[()] if type(value) in PYTHON_SCALARS else value, True)


def _is_ours(x: Any) -> bool:
    """Whether something is an object of the library's that is called, such as what `vjp` returns."""
    module = type(x).__module__
    return callable(x) and module.startswith("wengert.") and module != __name__


class _Function:
    """What is called in another function's place, and has its name."""

    __name__: str

    def __init__(self, f: Any) -> None:
        self.__doc__ = getattr(f, "__doc__", None)
        self.__module__ = getattr(f, "__module__", None) or ""
        self.__name__ = name_of(f)
        self.__qualname__ = getattr(f, "__qualname__", self.__name__)

    @property
    def __signature__(self) -> inspect.Signature:  # else `inspect` takes it for a built-in function, for its __get__
        return inspect.signature(getattr(self, "__wrapped__", None) or self.inner)  # type: ignore[attr-defined]

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else types.MethodType(self, instance)  # type: ignore[arg-type]

    def __repr__(self) -> str:
        return f"<function {self.__qualname__}>"


AUX: Any = "aux"  # the second of two results keeps its weak arrays
KEPT_AUX: Any = "kept_aux"  # so does the first


class Lowered(_Function):
    """A function of the user's as the library calls it."""

    follows_values = False  # arrays of the alias have no values under `jit` and `vmap`

    def __init__(self, f: Callable[..., Any], keep: Any) -> None:
        super().__init__(f)
        self._f = self.__wrapped__ = f
        self.keep = keep

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        out = self._f(*[lift(a) for a in args], **{k: lift(v) for k, v in kwargs.items()})
        if _loaded:
            returned(self._f)
        if self.keep in (AUX, KEPT_AUX) and type(out) is tuple and len(out) == 2:
            return lower(out[0], RESULTS if self.keep is KEPT_AUX else TREES), lower(out[1], True)
        return lower(
            out, RESULTS if self.keep in (True, KEPT_AUX) else TREES if self.keep in (False, AUX) else self.keep
        )

    def __eq__(self, other: Any) -> bool:
        return type(other) is Lowered and other._f == self._f and other.keep == self.keep

    def __hash__(self) -> int:
        return hash((self._f, self.keep))

    def __reduce__(self) -> Any:
        return lowered, (self._f, self.keep)


def lowered(f: Callable[..., Any], keep: Any = False) -> Any:
    """The `Lowered` of a function, one for each function as long as that is there: caches go by it."""
    kept = getattr(f, "__dict__", None)
    name = f"_wengert_{keep}" if type(keep) is str else "_wengert_kept" if keep else "_wengert_lowered"
    if kept is not None:
        known = kept.get(name)
        if known is not None and known._f is f:
            return known
    made = Lowered(f, keep)
    if isinstance(f, (types.FunctionType, Outer)) or type(f) is functools.partial:
        f.__dict__[name] = made
    return made


class Lifted(_Function):
    """A function of the library's as the user calls it."""

    def __init__(self, inner: Callable[..., Any]) -> None:
        super().__init__(inner)
        self.inner = inner

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return lift(self.inner(*[lower(a, TREES) for a in args], **{k: lower(v, TREES) for k, v in kwargs.items()}))
        except WengertError as error:
            raise in_jax_words(error, self.__name__)  # noqa: B904 (the same error)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name == "inner":
            raise AttributeError(name)
        return lift(getattr(self.inner, name))


class LiftedTree(Lifted):
    """The same, of an object that is a tree of the values that it holds."""

    inner: Any

    def __mul__(self, other: Any) -> Any:
        return lift(self.inner * lower(other))

    def __getitem__(self, index: Any) -> Any:
        return lift(self.inner[lower(index)])

    def __len__(self) -> int:
        return len(self.inner)


class LiftedClass(Lifted):
    """A class of the library's whose objects and methods give `Array`s."""

    def __init__(self, inner: Any) -> None:
        super().__init__(inner)
        DRESSED.add(inner)

    def __repr__(self) -> str:
        return repr(self.inner)


DRESSED: set[type] = set()
trees.register(LiftedTree, lambda x: ((x.inner,), None), lambda _, children: LiftedTree(*children))


_loaded: set[str] = set()  # holds "ref" once there is a reference, for which arguments are looked through


class Outer(_Function):
    """A function that a transformation of the alias made.

    Args:
        inner: what the library's transformation made of the lowered function.
        f: the user's function.
        keep: whether weak arguments and results stay weak.
    """

    handed_refs: ClassVar[
        Callable[..., Any]
    ]  # a transformation of a function that is handed references; `jax_modules.ref` sets it
    stages: ClassVar[Any]  # a function without arguments that gives the room `jax.stages`; `jax_names` sets it

    def __init__(
        self, inner: Callable[..., Any], f: Any, keep: bool = True, way_in: Any = None, refs: Any = None
    ) -> None:  # `refs`: the transformation and its axes, for `with_refs`
        super().__init__(f)
        self.inner, self.__wrapped__, self.keep, self.way_in, self.refs = inner, f, keep, way_in, refs
        self.of_refs: Any = None

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self.refs is not None and "ref" in _loaded:
            return self._with_refs(self.refs, args, kwargs, lambda: self._plain(args, kwargs))
        return self._plain(args, kwargs)

    def _plain(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        keep, way_in = self.keep or TREES, self.way_in
        try:
            if way_in is not None:
                given = way_in(args)
            else:
                given = [a._value if type(a) is Array and not a._weak else lower(a, keep) for a in args]
            if kwargs:
                return lift(self.inner(*given, **{k: lower(v, keep) for k, v in kwargs.items()}))
            out = self.inner(*given)
        except WengertError as error:
            raise in_jax_words(error, self.__name__)  # noqa: B904 (the same error)
        if Watch.on:
            check()
        return wrap(out) if type(out) is ndarray else lift(out)

    def _with_refs(self, refs: Any, args: tuple[Any, ...], kwargs: dict[str, Any], plain: Any) -> Any:
        """The result of a call that references may be handed to or closed over in; `plain` is one without regard to them."""
        if self.of_refs is None:
            self.of_refs = self.handed_refs(*refs, self.__wrapped__)
        return self.of_refs(args, kwargs, self._is_static, plain)

    def _is_static(self, argument: int | str) -> bool:
        kind = "static_argnums" if type(argument) is int else "static_argnames"
        return argument in (getattr(self.inner, kind, None) or ())

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name == "inner":
            raise AttributeError(name)
        if name in ("lower", "trace", "eval_shape") and type(self.inner).__name__.endswith("Jit"):
            return _stage(self, name)
        found = getattr(self.inner, name)
        return Lifted(found) if callable(found) else found


OF_NUMPY = (TypeError, ValueError)
REFUSED_BY_NUMPY = (*OF_NUMPY, FloatingPointError)


def of_both_kinds(error: Exception, function: str = "", dtypes: tuple[Any, ...] = ()) -> Exception:
    """The error for arguments that NumPy refused: what is a ValueError there is a TypeError in JAX, or the other way round.

    So is a DtypeError; other errors of the library are as they are. It says what JAX says.
    """
    if type(error) in (*OF_NUMPY, DtypeError) or type(error).__module__.startswith("numpy"):
        error = ArgumentError(str(error)).with_traceback(error.__traceback__)
    return in_jax_words(error, function, dtypes)


def _stage(function: Outer, name: str) -> Callable[..., Any]:
    """A method of functions under `jit` that stages them for arguments."""
    stages = Outer.stages()
    if name == "eval_shape":
        return lambda *args, **kwargs: stages.Traced(function, args, kwargs).out_info
    kind = stages.Lowered if name == "lower" else stages.Traced
    return lambda *args, **kwargs: kind(function, args, kwargs)


_FLOAT32 = np.dtype(np.float32)  # which is narrow already


def bordered(f: Callable[..., Any]) -> Callable[..., Any]:
    """A function of the library's with the border around it: `Array`s in, `Array`s out."""

    @functools.wraps(f)
    def function(*args: Any, **kwargs: Any) -> Any:
        try:
            given = [a._value if type(a) is Array else lower(a) for a in args]
            out = f(*given, **{k: lower(v) for k, v in kwargs.items()}) if kwargs else f(*given)
            if not config._x64 and not (type(out) is ndarray and out.dtype is _FLOAT32):
                if type(out) is tuple:
                    out = tuple(map(demoted, out))
                else:
                    out = type(out)(*map(demoted, out)) if _is_named(out) else demoted(out)
            if type(out) is ndarray:
                for a in args:
                    if type(a) is ndarray and np.may_share_memory(a, out):
                        return wrap(out.copy())
                return wrap(out)
            return lift(out)
        except REFUSED_BY_NUMPY as error:
            dtypes = tuple([a.dtype for a in args if type(a) is Array])
            raise of_both_kinds(error, name_of(f), dtypes) from None

    return function
