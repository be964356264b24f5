"""`jax.ref`: mutable references, whose value `Array`s are read from and written into; functional underneath.

A reference holds an `Array`, and a write binds a new one. A function that is traced for later (under `jit`, the body of a loop,
a branch) gets the values of the references that it uses as arguments, and gives their last ones as results: those it is
handed (`with_refs`), and those it closes over, which the trace of a first call meets (`attempt`); that call ends with the trace.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ... import trees
from ...core import PYTHON_SCALARS
from ...errors import ArgumentError
from ...transforms.function import name_of
from ...transforms.jit import eval_shape
from ..array import Array, kind_of, wrap
from ..border import BOXES, Outer, _loaded, lower
from ..searches import Search, looking, named, returned
from .numpy import array

_alive = [0]


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
        _alive[0] += 1
        _loaded.add("ref")
        for search in looking.searches:
            search.own[id(self)] = self

    def __del__(self) -> None:
        _alive[0] -= 1
        if not _alive[0]:
            _loaded.discard("ref")

    shape = property(lambda self: self._value.shape)
    dtype = property(lambda self: self._value.dtype)
    ndim = property(lambda self: self._value.ndim)
    size = property(lambda self: self._value.size)
    weak_type = property(lambda self: self._value.weak_type)
    aval = property(lambda self: AbstractRef(self._value.aval))

    def _now(self) -> Any:
        """The value, noted by searches that are under way."""
        for search in looking.searches:
            if id(self) not in search.own:
                search.met.setdefault(id(self), (self, self._value))
        return self._value

    def __getitem__(self, index: Any) -> Any:
        return self._now()[self._checked(index)]

    def _checked(self, index: Any) -> Any:
        """An index, in range where it is known.

        Raises:
            ValueError: an integer is out of range.
        """
        entries = index if type(index) is tuple else (index,)
        if Ellipsis not in [e for e in entries if type(e) is not Array]:
            for entry, n in zip(entries, self.shape, strict=False):
                if type(entry) is int and entry >= n:
                    raise ValueError(f"Out of bound indexer: idx={entry}, dim={n}.")
        return index

    def _fitting(self, index: Any, value: Any, what: str) -> Any:
        """A value for the place at an index, whose shape and dtype it has.

        Raises:
            ValueError: it has another shape or dtype.
        """
        old, (dtype, weak) = self._now(), kind_of(value)
        shape = old.shape if index is Ellipsis else eval_shape(lambda v: lower(wrap(v)[index]), old._value).shape
        if tuple(np.shape(lower(value))) != tuple(shape):
            raise ValueError(
                f"Invalid shape for `{what}`. Ref shape: {old.shape}. Expected shape: {tuple(shape)}. Value shape: "
                f"{tuple(np.shape(lower(value)))}. Broadcast it first: a reference takes values of the shape of the place"
            )
        narrow = weak and dtype.kind == "f" and old.dtype.kind == "V"  # bfloat16 and its kin
        if dtype != old.dtype and (
            what == "addupdate" or not (narrow or ((weak or old.weak_type) and dtype.kind == old.dtype.kind))
        ):
            raise ValueError(f"Invalid dtype for `{what}`. Ref dtype: {old.dtype}. Value dtype: {dtype}. ")
        return array(value, old.dtype)

    def __setitem__(self, index: Any, value: Any) -> None:
        whole = index is Ellipsis or (isinstance(index, tuple) and not index)
        new, old = self._fitting(Ellipsis if whole else self._checked(index), value, "swap"), self._value
        self._value = wrap(new._value, old.weak_type) if whole else old.at[index].set(new)

    def addupdate(self, x: Any, idx: Any = Ellipsis) -> None:
        """``ref[idx] += x``, all of it where indices repeat."""
        new = self._fitting(self._checked(idx), x, "addupdate")
        self._value = self._value.at[idx].add(new)

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
        return repr(self._value).replace("Array(", "Ref(", 1)

    def __str__(self) -> str:
        return repr(self)


BOXES.add(Ref)  # goes through transformations as what they know nothing of


def new_ref(init_val: Any, *, memory_space: Any = None, kind: Any = None) -> Ref:
    """A reference to a copy of a value.

    Example:
        >>> ref = new_ref(np.zeros(2))
        >>> ref[0] = 3.0
        >>> freeze(ref)
        Array([3., 0.], dtype=float64)
    """
    if type(init_val) is Ref or not (
        isinstance(init_val, (Array, np.ndarray, np.generic)) or type(init_val) in PYTHON_SCALARS
    ):
        if not hasattr(init_val, "__jax_array__"):
            raise TypeError(
                f"Error interpreting argument to new_ref as a JAX value. The problematic value is of type {type(init_val)} and "
                f"was passed to new_ref at position 0."
            )
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
    ref.addupdate(x, _index(idx))


def closed_over(f: Callable[..., Any], operands: Sequence[Any]) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    """A function of those operands that are no references, which it closes over, and these."""
    leaves, tree = trees.flatten(tuple(operands), lambda x: type(x) is Ref)

    def function(*others: Any) -> Any:
        rest = iter(others)
        return f(*trees.unflatten(tree, [x if type(x) is Ref else next(rest) for x in leaves]))

    return named(function, f), tuple([x for x in leaves if type(x) is not Ref])


def refs_in(tree: Any) -> list[Ref]:
    """The references among the leaves of a tree, each once."""
    found: dict[int, Ref] = {}
    for leaf in trees.leaves(tree, lambda x: type(x) is Ref):
        if type(leaf) is Ref:
            found[id(leaf)] = leaf
    return list(found.values())


def begins() -> bool:
    """Whether a function that references matter to is called, and by anything but its own `attempt`."""
    begun, looking.begun = looking.begun, False
    return "ref" in _loaded and not begun


def attempt(call: Callable[..., Any], *functions: Callable[..., Any], fun: Any = None) -> tuple[Any, list[Ref]]:
    """What a call of such a function gives, and the references that it used and did not make, which have their values again.

    Where there are some, the result does not count: the call is to be made with their values as arguments. It ends when the
    function that met them has been traced, before anything is compiled or run, so that effects come once.

    Args:
        call: the call, given the functions; of a loop or branch, which does not attempt it again.
        functions: what it traces. Those that it comes to after the first that meets references are left to the next attempt.
        fun: the function under `jit` that the call is one of, instead of `functions`.
    """
    search, out = Search(fun), None
    looking.searches.append(search)
    looking.begun = fun is None
    try:
        out = call(*map(search.ending, functions))
    except Exception:
        if not search.met:
            raise
    finally:
        looking.begun = False
        looking.searches.pop()
        for ref, value in search.met.values():
            ref._value = value
    return out, [ref for ref, _ in search.met.values()]


def carrying(call: Callable[..., Any], carried: Callable[..., Any], *functions: Callable[..., Any]) -> Any:
    """What a loop or branch gives whose functions may close over references.

    Args:
        call: the loop or branch, given its functions.
        carried: the same that also carries values along, given these and functions `with_values`; it gives the result and
            the last values.
        functions: the user's.
    """
    out, refs = attempt(call, *functions)
    if refs:
        out, values = carried(values_of(refs), *[with_values(refs, f) for f in functions])
        give(refs, values)
    return out


def values_of(refs: Sequence[Ref]) -> list[Any]:
    """The values of references."""
    return [r._now() for r in refs]


def give(refs: Sequence[Ref], values: Sequence[Any]) -> None:
    """Write values into references."""
    for r, v in zip(refs, values, strict=True):
        r._value = wrap(lower(v), r._now().weak_type)


def with_values(refs: Sequence[Ref], f: Callable[..., Any]) -> Callable[..., Any]:
    """A function of the values of references and of the arguments of `f`, which uses those: its result and their last values."""

    def function(values: Sequence[Any], *args: Any, **kwargs: Any) -> Any:
        before = [r._value for r in refs]
        for r, v in zip(refs, values, strict=True):
            r._value = wrap(lower(v))  # strong, as JAX's are in programs
        here = [(s, id(r)) for s in looking.searches for r in refs if id(r) not in s.own]
        for search, i in here:  # these are looked for no more
            search.own[i] = search
        try:
            return f(*args, **kwargs), [r._value for r in refs]
        finally:
            for search, i in here:
                del search.own[i]
            for r, v in zip(refs, before, strict=True):
                r._value = v

    return named(function, f)


def with_refs(
    make: Callable[..., Callable[..., Any]], axes: Callable[..., Any] | None, fun: Callable[..., Any]
) -> Callable[..., Any]:
    """A transformed function that is handed references or closes over some.

    Args:
        make: the transformation, of a function of the values of references and of a list of other arrays.
        axes: the mapped axes of the leaves of arguments, where `make` is a map over axes; it is given them as well.
        fun: the function; it is called with references of its own, whose last values are written into the caller's.

    Returns:
        A function of arguments, of which of them are static, and of a call without regard to references.
    """
    made: dict[Any, tuple[Callable[..., Any], list[Ref]] | None] = {}

    def call(
        args: tuple[Any, ...], kwargs: dict[str, Any], static: Callable[[Any], bool], plain: Callable[[], Any]
    ) -> Any:
        leaves, tree = trees.flatten((args, kwargs), lambda x: type(x) is Ref)
        refs = refs_in(leaves)
        if axes is not None and not refs:
            return plain()
        _each_once(fun, refs, leaves)
        place = {id(r): k for k, r in enumerate(refs)}
        slots = [place.get(id(x), -1) if type(x) is Ref else -1 for x in leaves]
        fixed = _static_leaves([*enumerate(args), *sorted(kwargs.items())], leaves, slots, static)
        kinds = [
            x if i in fixed else str(x.aval) if type(x) is Ref else (kind_of(x), np.shape(lower(x)))
            for i, x in enumerate(leaves)
        ]
        along = axes(args, kwargs) if axes is not None else []
        key = (tree, tuple(slots), tuple(kinds), tuple(along))
        rest = [x for i, x in enumerate(leaves) if slots[i] < 0 and i not in fixed]

        def transformed(closed: list[Ref]) -> Callable[..., Any]:
            def functional(values: list[Any], rest: list[Any]) -> Any:
                mine = [Ref(array(v)) for v in values[: len(refs)]]
                others = iter(rest)
                given = [
                    mine[slots[i]] if slots[i] >= 0 else x if i in fixed else next(others) for i, x in enumerate(leaves)
                ]
                inside, named = trees.unflatten(tree, given)
                out, last = with_values(closed, fun)(values[len(refs) :], *inside, **named)
                no_refs(out, fun)
                returned(fun)
                return out, [r._value for r in mine] + last

            functional.__name__ = functional.__qualname__ = name_of(fun)
            if axes is None:
                return make(functional)
            of = [along[slots.index(k)] for k in range(len(refs))]
            return make(functional, of, [a for i, a in enumerate(along) if slots[i] < 0 and i not in fixed])

        def run(f: Callable[..., Any], used: list[Ref]) -> Any:
            out, values = f([r._now() for r in used], rest)
            give(used, values)
            return out

        try:
            known = key in made
        except TypeError:  # static arguments without a hash, of which the library says so
            return plain()
        if known:
            found = made[key]
            return plain() if found is None else run(found[0], [*refs, *found[1]])
        f = transformed([])
        if axes is not None:
            made[key] = (f, [])
            return run(f, refs)
        out, met = attempt((lambda: run(f, refs)) if refs else plain, fun=fun)
        closed = [r for r in met if id(r) not in place]
        if not closed:
            made[key] = (f, []) if refs else None
            no_refs(out, fun)
            return run(f, refs) if met else out
        f = transformed(closed)
        made[key] = (f, closed)
        return run(f, [*refs, *closed])

    return call


def _each_once(fun: Callable[..., Any], refs: list[Ref], leaves: Sequence[Any]) -> None:
    """Raises:
    ValueError: a reference is handed on twice.
    """
    if sum(type(x) is Ref for x in leaves) > len(refs):
        twice = next(x for i, x in enumerate(leaves) if type(x) is Ref and any(x is y for y in leaves[:i]))
        raise ValueError(
            f"only one reference to a mutable array may be passed as an argument to a function, but when tracing "
            f"{told(fun)} for jit the mutable array reference of type {twice.aval} appeared more than once"
        )


def told(fun: Callable[..., Any]) -> str:
    """A function by its name and where it stands."""
    code = getattr(fun, "__code__", None)
    return name_of(fun) + (f" at {code.co_filename}:{code.co_firstlineno}" if code is not None else "")


def _static_leaves(
    given: Any, leaves: Sequence[Any], slots: Sequence[int], static: Callable[[Any], bool]
) -> frozenset[int]:
    """The places of leaves that are no arrays, or belong to static arguments."""
    count = 0
    found: list[int] = []
    for n, arg in given:
        size = len(trees.leaves(arg, lambda x: type(x) is Ref))
        if static(n):
            found.extend(range(count, count + size))
        count += size
    for i, x in enumerate(leaves):
        if slots[i] < 0 and not isinstance(x, (Array, np.ndarray, np.generic)) and type(x) not in PYTHON_SCALARS:
            found.append(i)
    return frozenset(found)


def no_refs(out: Any, fun: Callable[..., Any]) -> None:
    """Raises:
    ValueError: a result is a reference.
    """
    for x in refs_in(out):
        raise ArgumentError(
            f"function {told(fun)} traced for jit returned a mutable array reference of type {x.aval}, but mutable array "
            f"references cannot be returned."
        )


Outer.handed_refs = staticmethod(with_refs)

__all__ = ["AbstractRef", "Ref", "addupdate", "empty_ref", "free_ref", "freeze", "get", "new_ref", "set", "swap"]
