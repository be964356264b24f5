"""`jax.ref`: mutable references, whose value `Array`s are read from and written into; functional underneath.

A reference holds an `Array`, and a write binds a new one. Where references are arguments of a function under `jit`, their
values go in as arguments and come out as results (`with_refs`). One that a loop's body or a compiled function closes over
cannot be written there: carry it, or hand it on as an argument.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ... import trees
from ...provided import provide
from ..array import wrap
from ..border import _loaded
from .numpy import array


class AbstractRef:
    """The type of a reference: that of its value.

    Example:
        >>> from wengert.interop.jax_modules.core import ShapedArray
        >>> AbstractRef(ShapedArray((2,), np.dtype("float32")))
        Ref{float32[2]}
    """

    def __init__(self, inner_aval: Any, memory_space: Any = None, kind: Any = None) -> None:
        self.inner_aval, self.memory_space, self.kind = inner_aval, memory_space, kind

    shape = property(lambda self: self.inner_aval.shape)
    dtype = property(lambda self: self.inner_aval.dtype)

    def __repr__(self) -> str:
        return f"Ref{{{self.inner_aval.str_short()}}}"


class Ref:
    """A reference to an array, made by `new_ref`: ``ref[...]`` reads, ``ref[index] = value`` writes."""

    __slots__ = ("__weakref__", "_value")
    __hash__ = object.__hash__

    def __init__(self, value: Any) -> None:
        self._value = value
        _loaded.add("ref")

    shape = property(lambda self: self._value.shape)
    dtype = property(lambda self: self._value.dtype)
    ndim = property(lambda self: self._value.ndim)
    size = property(lambda self: self._value.size)
    weak_type = property(lambda self: self._value.weak_type)
    aval = property(lambda self: AbstractRef(self._value.aval))

    def __getitem__(self, index: Any) -> Any:
        return self._value[index]

    def __setitem__(self, index: Any, value: Any) -> None:
        whole = index is Ellipsis or (isinstance(index, tuple) and not index)
        new = array(value)
        old = self._value
        if whole and new.shape == old.shape and new.dtype == old.dtype:
            self._value = wrap(new._value, old.weak_type)
        else:
            self._value = old.at[index].set(new)

    @property
    def at(self) -> Any:
        """Not there: a view of a part of a reference.

        Raises:
            NotImplementedError: always; write ``ref[index]``.
        """
        raise NotImplementedError("Ref.at: views of references are not supported; write ref[index]")

    def __len__(self) -> int:
        return len(self._value)

    def __repr__(self) -> str:
        return f"Ref({self._value!r})"


def new_ref(init_val: Any, *, memory_space: Any = None, kind: Any = None) -> Ref:
    """A reference to a copy of a value.

    Example:
        >>> ref = new_ref(np.zeros(2))
        >>> ref[0] = 3.0
        >>> freeze(ref)
        Array([3., 0.], dtype=float64)
    """
    return Ref(array(init_val))


def empty_ref(ty: Any, memory_space: Any = None) -> Ref:
    """A reference to an array of this shape and dtype, of zeros."""
    return Ref(array(np.zeros(ty.shape, ty.dtype)))


def freeze(ref: Ref) -> Any:
    """The value of a reference that is not written any more."""
    return ref[...]


def free_ref(ref: Ref) -> None:
    """Give a reference up: its memory goes when nobody refers to its value."""


def _index(idx: Any) -> Any:
    return Ellipsis if idx is None else idx


def get(ref: Ref, idx: Any = None) -> Any:
    """``ref[idx]``."""
    return ref[_index(idx)]


def set(ref: Ref, idx: Any, value: Any) -> None:  # noqa: A001 (JAX's name)
    """``ref[idx] = value``."""
    ref[_index(idx)] = value


def swap(ref: Ref, idx: Any, value: Any, _function_name: str = "ref_swap") -> Any:
    """``ref[idx]``, after which the place holds `value`."""
    old = ref[_index(idx)]
    ref[_index(idx)] = value
    return old


def addupdate(ref: Ref, idx: Any, x: Any) -> None:
    """``ref[idx] += x``, all of it where indices repeat."""
    ref._value = ref._value.at[_index(idx)].add(x)


def refs_in(tree: Any) -> list[Ref]:
    """The references among the leaves of a tree, each once."""
    found: dict[int, Ref] = {}
    for leaf in trees.leaves(tree, lambda x: type(x) is Ref):
        if type(leaf) is Ref:
            found[id(leaf)] = leaf
    return list(found.values())


@provide
def is_ref(x: Any) -> bool:
    """Whether something is a reference."""
    return type(x) is Ref


@provide
def with_refs(make: Callable[[Callable[..., Any]], Callable[..., Any]], fun: Callable[..., Any]) -> Callable[..., Any]:
    """A transformed function whose arguments may hold references.

    Args:
        make: the transformation.
        fun: the function; it is called with references of its own, whose last values are written into the caller's.
    """
    made: dict[Any, Callable[..., Any]] = {}

    def call(*args: Any, **kwargs: Any) -> Any:
        leaves, tree = trees.flatten((args, kwargs), lambda x: type(x) is Ref)
        refs = refs_in(leaves)
        place = {id(r): k for k, r in enumerate(refs)}
        slots = tuple(place.get(id(x), -1) if type(x) is Ref else -1 for x in leaves)
        if (tree, slots) not in made:

            def functional(values: list[Any], rest: list[Any], tree: Any = tree, slots: Any = slots) -> Any:
                own = [Ref(array(v)) for v in values]
                others = iter(rest)
                inside, named = trees.unflatten(tree, [own[s] if s >= 0 else next(others) for s in slots])
                out = fun(*inside, **named)
                return out, [r._value for r in own]

            made[tree, slots] = make(functional)
        out, values = made[tree, slots]([r._value for r in refs], [x for x in leaves if type(x) is not Ref])
        for r, v in zip(refs, values, strict=True):
            r._value = v
        return out

    return call


__all__ = ["AbstractRef", "Ref", "addupdate", "empty_ref", "free_ref", "freeze", "get", "new_ref", "set", "swap"]
