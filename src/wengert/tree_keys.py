"""Keys of paths in trees: the steps to items, fields and children, and paths as text."""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable, Iterable
from typing import Any

import optree


@dataclasses.dataclass(frozen=True)
class SequenceKey:
    """The step to an item of a list or tuple, by its index.

    >>> str(SequenceKey(0))
    '[0]'
    """

    idx: int

    def __str__(self) -> str:
        return f"[{self.idx!r}]"


@dataclasses.dataclass(frozen=True)
class DictKey:
    """The step to a value of a dict, by its key.

    >>> str(DictKey("a"))
    "['a']"
    """

    key: Hashable

    def __str__(self) -> str:
        return f"[{self.key!r}]"


@dataclasses.dataclass(frozen=True)
class GetAttrKey:
    """The step to a field of a namedtuple or dataclass, by its name.

    >>> str(GetAttrKey("x"))
    '.x'
    """

    name: str

    def __str__(self) -> str:
        return f".{self.name}"


@dataclasses.dataclass(frozen=True)
class FlattenedIndexKey:
    """The step to a child of a registered type, by its place among the children.

    >>> str(FlattenedIndexKey(1))
    '[<flat index 1>]'
    """

    key: int

    def __str__(self) -> str:
        return f"[<flat index {self.key}>]"


class KeyedEntry(optree.PyTreeEntry):
    """How optree carries a step that is already one of the keys above, or the user's own."""

    def __call__(self, obj: Any) -> Any:
        raise NotImplementedError("a key of a registered type is a label, not an accessor")

    def codify(self, node: str = "") -> str:
        return f"{node}{self.entry}"


KeyPath = tuple[Any, ...]


def _key(entry: optree.PyTreeEntry) -> Any:
    if isinstance(entry, KeyedEntry):
        return entry.entry
    if isinstance(entry, optree.NamedTupleEntry | optree.StructSequenceEntry):
        return GetAttrKey(entry.field)
    if isinstance(entry, optree.GetAttrEntry):
        return GetAttrKey(entry.entry)
    if isinstance(entry, optree.MappingEntry):
        return DictKey(entry.entry)
    if isinstance(entry, optree.SequenceEntry):
        return SequenceKey(entry.entry)
    return FlattenedIndexKey(entry.entry)


def keystr(path: Iterable[Any], *, simple: bool = False, separator: str = "") -> str:
    """A path as text: `['a'][0].x`, or with simple only the names, `a0x`, joined by separator.

    >>> keystr((DictKey("a"), SequenceKey(0), GetAttrKey("x")))
    "['a'][0].x"
    >>> keystr((DictKey("a"), SequenceKey(0), GetAttrKey("x")), simple=True, separator="/")
    'a/0/x'
    """
    return separator.join([_simple(key) if simple else str(key) for key in path])


def _simple(key: Any) -> str:
    match key:
        case SequenceKey(idx=name) | DictKey(key=name) | GetAttrKey(name=name):
            return str(name)
        case FlattenedIndexKey(key=name):
            return str(name)
    return str(key)
