"""Native calls that a compiled function knows: those used last, by features of arguments, and by static arguments.

A native call finds out itself whether arguments are of its kind, so the few used last are tried one after another. Of more
of them a table gives those for the shapes at hand; what static arguments are is a key in front of all.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from optree import _C

from ..vocabulary import Keywords

TRIED = 3  # native calls that are tried before the table is asked
SAME = 64  # native calls with the same features: other dtypes, other ways through Python control flow
KINDS = 256  # of arguments, and of static ones, that are known: those that came last

ndarray = np.ndarray
_SIMPLE = frozenset((int, bool, str, type(None)))  # equal ones are the same
_INEXACT = (float, complex, np.inexact)
_MANY = 4096  # types that are noted
_whole: set[type] = set(_SIMPLE)  # types whose equal values are the same, as far as elements of static tuples had them
_all_whole = _whole.issuperset
_parts: Any = _C.flatten  # (tree, is_leaf, none_is_leaf, namespace)
Given = tuple[tuple[Any, ...], dict[str, Any]]


class Natives(list[Any]):
    """The native calls of a function, those used last first: ``(call, executable, whether in 64 bits)``.

    Attributes:
        more: all of them by `features` of the arguments.
        forms: how calls with static arguments come apart, which have native calls of their own.
    """

    __slots__ = ("forms", "more")

    def __init__(self) -> None:
        super().__init__()
        self.more: dict[Any, tuple[Any, ...]] = {}
        self.forms: dict[Any, Fixed] = {}

    def prefer(self, given: Given, entry: tuple[Any, Any, Any]) -> None:
        """Note a call as the one that was used last."""
        self[:] = [entry, *[e for e in self if e[1] is not entry[1]][: TRIED - 1]]
        key = features(given)
        others = [e for e in self.more.pop(key, ()) if e[1] is not entry[1]]
        self.more[key] = (entry, *others[: SAME - 1])
        _forget(self.more)

    def known(self, given: Given) -> tuple[Any, ...]:
        """Those for the features of some arguments, which are noted as used where there is not much room. Hot."""
        key = features(given)
        found = self.more.get(key, ())
        if found and len(self.more) > KINDS // 2:
            self.more.pop(key, None)
            self.more[key] = found
        return found

    def clear(self) -> None:
        super().clear()
        self.more.clear()
        for fixed in self.forms.values():
            fixed.known.clear()


def _forget(known: dict[Any, Any]) -> None:
    """Where there are too many, the first goes."""
    if len(known) > KINDS:
        for key in list(known):
            known.pop(key, None)
            break


def features(given: Given) -> Any:
    """What is quickly known of arguments of one kind: containers, shapes, types of the rest. Hot."""
    args, kwargs = given
    found = [a.shape if type(a) is ndarray else _deep(a) for a in args]
    if kwargs:
        found += [a.shape if type(a) is ndarray else _deep(a) for a in kwargs.values()]
    return tuple(found)


def _deep(x: Any) -> Any:
    t = type(x)
    if t is ndarray:
        return x.shape
    if t is tuple or t is list:
        return tuple([_deep(e) for e in x])
    if t is dict:
        return tuple([_deep(e) for e in x.values()])
    return t


def exact(v: Any) -> Any:
    """A static argument as a part of a key, beside its type: zeros of other signs and, in tuples, equal numbers of other types
    are not the same.
    """
    if isinstance(v, tuple):
        parts, form = _parts(v, None, True, "")  # of nested containers, natively
        kinds = tuple(map(type, parts))
        if _all_whole(kinds):
            return form, kinds, v
        if len(_whole) < _MANY:
            _whole.update([t for t in kinds if not issubclass(t, (tuple, frozenset, *_INEXACT))])
        kinds = tuple(map(type, v))
        return tuple([(t, e if t in _whole else exact(e)) for t, e in zip(kinds, v, strict=True)])
    if isinstance(v, frozenset):
        return frozenset([(type(e), exact(e)) for e in v])
    if isinstance(v, _INEXACT):
        return v if v.real and (v.imag or isinstance(v, float)) else (v, str(v))
    return v


class Fixed:
    """How calls of one form, so many positional arguments and these names, come apart in static arguments and others.

    Args:
        nums, names: which are static. count: how many positional arguments there are. given: the names.

    Attributes:
        apart: ``(args, kwargs)`` as a key, the static arguments with their types, and the pair of the others.
        known: the native calls by these keys.
    """

    __slots__ = ("apart", "known")

    def __init__(self, nums: tuple[int, ...], names: tuple[str, ...], count: int, given: tuple[str, ...]) -> None:
        fixed = {i + count if i < 0 else i for i in nums}
        self.apart = _apart([i for i in range(count) if i in fixed], count, [k for k in given if k in names])
        self.known: dict[Any, Natives] = {}

    def natives(self, key: Any) -> Natives:
        """The native calls for static arguments."""
        found = self.known.get(key)
        if found is None:
            found = self.known[key] = Natives()
            _forget(self.known)
        return found


def _apart(
    nums: list[int], count: int, names: list[str]
) -> Callable[[tuple[Any, ...], dict[str, Any]], tuple[Any, Given]]:
    if len(nums) == 1 and not names:
        (i,) = nums

        def one(args: tuple[Any, ...], kwargs: Keywords) -> tuple[Any, Given]:
            v = args[i]
            return (type(v), v if type(v) in _SIMPLE else exact(v)), (args[:i] + args[i + 1 :], kwargs)

        return one
    if len(names) == 1 and not nums:
        (name,) = names

        def named(args: tuple[Any, ...], kwargs: Keywords) -> tuple[Any, Given]:
            v = kwargs[name]
            return (type(v), v if type(v) in _SIMPLE else exact(v)), (
                args,
                {k: kwargs[k] for k in kwargs if k != name} if len(kwargs) > 1 else {},
            )

        return named
    kept, names = [i for i in range(count) if i not in nums], sorted(names)

    def some(args: tuple[Any, ...], kwargs: Keywords) -> tuple[Any, Given]:
        values = [args[i] for i in nums]
        if nums:
            args = tuple([args[i] for i in kept])
        if names:
            values += [kwargs[k] for k in names]
            kwargs = {k: v for k, v in kwargs.items() if k not in names} if len(kwargs) > len(names) else {}
        return (*map(type, values), *[v if type(v) in _SIMPLE else exact(v) for v in values]), (args, kwargs)

    return some


NONE = Natives()  # of arguments that are not known yet

__all__ = ["NONE", "Fixed", "Given", "Natives", "exact"]
