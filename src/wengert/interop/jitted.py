"""`jax.jit` of functions of trees: arguments and results cross the border as flat lists of values.

`PjitFunction` is what the alias's ``jit`` gives. A call whose arguments are arrays alone goes to the library's `Jit` as it is. Any
other one is taken apart once, by optree, with `Array`s as leaves; for each structure, weakness of its leaves and static
arguments there is a compiled function of the values alone, which gives a tuple of values. So classes that a library
registered, of any depth, are not looked into by the compiler, and cost what a dict costs: their functions that take them
apart and put them together run once a call, around native code.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .. import trees
from ..config import config, default_dtype
from ..core import PYTHON_SCALARS, Tracer
from ..errors import WengertError
from ..transforms.function import name_of
from ..transforms.jit import jit as our_jit
from .array import Array, wrap
from .border import Outer, _loaded, in_order, lift, lower
from .donation import give_up, given_up, kept
from .leaks import Watch, check
from .searches import returned
from .wording import in_jax_words

ndarray = np.ndarray
KEPT = 256  # structures that a function is remembered for: those used last
_NUMBERS = frozenset(PYTHON_SCALARS)
_ALONE = frozenset({Array, ndarray, *PYTHON_SCALARS})
_alone = _ALONE.issuperset
_flatten = trees._flatten  # as optree has it: leaves of other types than arrays and numbers are met below


class _Flat:
    """A compiled function for one structure of arguments."""

    __slots__ = ("call", "donated", "out", "varied")

    def __init__(self, call: Callable[..., Any]) -> None:
        self.call = call
        self.donated: tuple[int, ...] = ()  # which leaves are
        self.out: Any = None  # the structure of the result, and which leaves are weak, once it was traced
        self.varied = False  # whether that depends on the way through the function


class PjitFunction(Outer):
    """A function under `jit` of the alias; libraries know it by the name of JAX's class.

    Args:
        inner: the library's `Jit` of the lowered function, for calls with arrays alone and for looking at programs.
        fun: the user's function.
        remade: the transformation, for functions that are handed references.
        options: those of the library's `jit` that hold for the flat functions as well.
    """

    def __init__(self, inner: Any, fun: Any, remade: Any, options: dict[str, Any]) -> None:
        super().__init__(inner, fun)
        self.remade = (remade, None)
        self.options = options
        self.flat: dict[Any, _Flat] = {}
        self.simple = not (getattr(inner, "static_argnums", ()) or getattr(inner, "static_argnames", ()))
        self.quick = self.simple  # whether calls with arrays alone go to `inner` as they are

    def __repr__(self) -> str:
        return f"<PjitFunction of {self.__wrapped__!r}>"

    def _cache_size(self) -> int:
        """How many kinds of arguments the function was traced for."""
        own = sum(len(entries) for key, entries in self.inner._cache.items() if key != "native")
        return own + len(self.flat)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        try:
            if not kwargs and self.quick and not _loaded and not config.debugging and _alone(map(type, args)):
                try:
                    out = self.inner(*[a._value if type(a) is Array and not a._weak else lower(a, True) for a in args])
                except WengertError as error:
                    raise in_jax_words(error, self.__name__)  # noqa: B904 (the same error)
                if Watch.on:
                    check()
                return wrap(out) if type(out) is ndarray else lift(out)
            if "ref" in _loaded and not config.disable_jit:
                return self._with_refs(self.remade, args, kwargs, lambda: self._without_refs(args, kwargs))
            return self._without_refs(args, kwargs)
        except np.linalg.LinAlgError:  # compiled code says it of singular matrices, whose solutions are infinite in JAX
            from ..ops.linalg import infinite_solutions

            with infinite_solutions(), config.override(disable_jit=True), np.errstate(all="ignore"):
                return self._plain(args, kwargs)

    def _without_refs(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if config.debugging:
            return self._plain(args, kwargs)
        if self.simple and not kwargs:
            rest = _ALONE.symmetric_difference(_ALONE.union(map(type, args)))
            if all(issubclass(t, np.generic) for t in rest):  # arrays of no axes, by their dtypes
                return self._plain(
                    tuple([np.asarray(a) if isinstance(a, np.generic) else a for a in args]) if rest else args, kwargs
                )
        return self._flattened(args, kwargs)

    def _flattened(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The result of a call with trees, by the function of their leaves."""
        if self.simple:
            static, given = None, (args, kwargs)
        else:
            form = self.inner.form(args, kwargs)
            static, given = form.apart(args, kwargs)
            static = form, static
        leaves, tree = _flatten(given, None, False, trees.NAMESPACE)
        weak: list[int] = []
        values: list[Any] = []
        for x in leaves:
            t = type(x)
            if t is Array:
                if x._weak and x._value.dtype.kind != "b":
                    weak.append(len(values))
                values.append(x._value)
            elif t in _NUMBERS or isinstance(x, (ndarray, np.generic, Tracer)):
                values.append(x)
            else:  # what becomes an array, or what the library refuses and says where it is
                return self._plain(args, kwargs)
        key = (tree, tuple(weak), static)
        try:
            known = self.flat.get(key)
        except TypeError:  # no hash, of which the library says where it is
            return self._plain(args, kwargs)
        if known is None:
            rebuild = None if self.simple else self.inner.split(args, kwargs)[3]
            known = self._remember(
                key, tree, flat_function(self.__wrapped__, tree, frozenset(weak), rebuild), args, kwargs
            )
        found = kept(leaves, known.donated) if known.donated else None
        out = known.call(*values)
        if known.varied:
            return self._plain(args, kwargs)
        if Watch.on:
            check()
        out_tree, marks = known.out
        results = [wrap(v, m) if type(v) is ndarray else lift(v, m) for v, m in zip(out, marks, strict=True)]
        if found:
            give_up(found, results)
        return out_tree.unflatten(results)

    def _donated(self, tree: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[int, ...]:
        """Which leaves of the arguments that are not static are donated."""
        return ()

    def _remember(self, key: Any, tree: Any, made: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> _Flat:
        function, entry = made
        options = dict(self.options)
        if not self.quick:
            entry.donated = self._donated(tree, args, kwargs)
        if entry.donated:
            options["donate_argnums"] = entry.donated
        entry.call = our_jit(function, **options)
        if len(self.flat) >= KEPT:
            self.flat.pop(next(iter(self.flat)))
        self.flat[key] = entry
        return entry


class DonatingPjitFunction(PjitFunction):
    """One whose donated arguments are deleted."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.quick = False

    def _plain(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        found = given_up(args, kwargs, self.inner.donate_argnums or (), self.inner.donate_argnames or ())
        out = super()._plain(args, kwargs)
        if found:
            give_up(found, trees.leaves(out))
        return out

    def _donated(self, tree: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[int, ...]:
        nums, names = self.inner.donate_argnums or (), self.inner.donate_argnames or ()
        static, fixed = self.inner.static_argnums, self.inner.static_argnames
        n = len(args)
        marks = [i in nums or i - n in nums for i in range(n) if i not in static and i - n not in static]
        marks += [k in names for k in sorted(kwargs) if k not in fixed]
        parts = [c for both in tree.children() for c in both.children()]
        ends = np.cumsum([0, *[p.num_leaves for p in parts]]).tolist()
        return tuple(i for k, mark in enumerate(marks) if mark for i in range(ends[k], ends[k + 1]))


def flat_function(fun: Any, tree: Any, weak: frozenset[int], rebuild: Any) -> tuple[Callable[..., Any], _Flat]:
    """The function of values alone, and where it notes the structure of its result."""
    entry = _Flat(fun)

    def function(*values: Any) -> Any:
        given = trees.unflatten(tree, [lift(v, i in weak) for i, v in enumerate(values)])
        args, kwargs = given if rebuild is None else rebuild(given)
        leaves, out_tree = trees.flatten(in_order(fun(*args, **kwargs)))
        if _loaded:
            returned(fun)
        marks, out = [], []
        for x in leaves:
            t = type(x)
            if t is Array:
                marks.append(x._weak and x._value.dtype.kind != "b")
                out.append(x._value)
            elif t in _NUMBERS:
                marks.append(t is not bool)
                out.append(np.asarray(x, default_dtype(t))[()])
            else:
                marks.append(isinstance(x, Tracer) and x.weak)
                out.append(x.__jax_array__()._value if hasattr(x, "__jax_array__") else x)
        found = (out_tree, marks)
        if entry.out is not None and entry.out != found:
            entry.varied = True
        entry.out = found
        return tuple(out)

    function.__name__ = function.__qualname__ = name_of(fun)
    function.follows_values = False
    return function, entry


__all__ = ["DonatingPjitFunction", "PjitFunction", "flat_function"]
