"""Pytrees: flatten nested containers of arrays to a list of leaves and a treedef, and back.

Everything goes through optree (C++), in one registry namespace. What is added here: the short way
for a lone leaf and for a tuple of leaves, which most calls of this library see and which never
reach optree; dataclasses as trees without being registered; paths; and errors that say where two
trees disagree. The public names, JAX's, are in `tree_util.py` and `tree.py`.

None is a tree without leaves; dicts are flattened in the order of their sorted keys. A treedef is
an `optree.PyTreeSpec`: it compares, hashes, and has `num_leaves`, `children()` and `unflatten`.

The hot path is `flatten`, guarded by `benchmarks/` (eager grad of small arrays): one membership
test for a lone leaf. No arrays are looked into here, and nothing is imported from above.
"""

from __future__ import annotations

import dataclasses
import inspect
import itertools
import operator
import warnings
from builtins import map as each  # `map` is this room's own
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar, cast

import numpy as np
import optree
from optree import _C, PyTreeKind
from optree import PyTreeSpec as TreeDef

from wengert.errors import TreeError
from wengert.tree_keys import DictKey, FlattenedIndexKey, GetAttrKey, KeyedEntry, KeyPath, SequenceKey, _key, keystr

from .vocabulary import Function, Tree

T = TypeVar("T")
C = TypeVar("C", bound=type)
IsLeaf = Callable[[Any], bool] | None

NAMESPACE = "wengert"
_flatten: Callable[..., tuple[list[Any], TreeDef]] = _C.flatten  # (tree, is_leaf, none_is_leaf, namespace)


# ---------------------------------------------------------------------------------------------
# Types of leaves. A type is looked at once, when the first leaf of it comes.

_declared_leaves: set[type] = set()  # by register_leaf; subclasses are leaves too
_registered: set[type] = set()  # nodes in our namespace
_ways: dict[type, tuple[Callable[[Any], Any], Callable[[Any, Any], Any]]] = {}  # how one is taken apart, and made
_automatic: set[type] = set()  # of these, the dataclasses nobody registered
_keys_of: dict[type, Callable[[Any], Iterable[Any]]] = {}  # what gives the keys of a node, asked for paths alone
_leaf_types: set[type] = {
    np.ndarray, bool, int, float, complex, str, bytes, type,
    *(np.dtype(c).type for c in np.typecodes["All"]),
}  # fmt: skip
_all_leaf_types = _leaf_types.issuperset


def _settle(leaf_types: Iterable[type], is_leaf: IsLeaf) -> bool:
    """Settle what each of these types of leaves is; say whether a dataclass became a node.

    Under is_leaf a container may come as a leaf, so that no other type is settled then.
    """
    changed = False
    for cls in set(leaf_types) - _leaf_types - _registered:
        if hasattr(cls, "__dataclass_fields__") and _declared_leaves.isdisjoint(cls.__mro__):
            register_dataclass(cls)
            _automatic.add(cls)
            changed = True
        elif is_leaf is None:
            _leaf_types.add(cls)
    return changed


def register_leaf(cls: C) -> C:
    """Declare a class, and every class below it, to be a leaf: a dataclass that is not a tree.

    >>> @register_leaf
    ... @dataclasses.dataclass(frozen=True)
    ... class Unit:
    ...     name: str
    >>> leaves([Unit("m"), 2.0])
    [Unit(name='m'), 2.0]
    """
    _declared_leaves.add(cls)
    _leaf_types.add(cls)
    return cls


# ---------------------------------------------------------------------------------------------
# Flatten, unflatten, map.

LEAF: TreeDef = _flatten(0.0, None, False, NAMESPACE)[1]
"""The treedef of a lone leaf; `flatten` returns this very object for one."""

_flat_tuples: list[TreeDef] = [
    _flatten((0.0,) * n, None, False, NAMESPACE)[1] for n in range(9)
]  # the treedefs of tuples of leaves, the usual `args`

_flat_dicts: dict[tuple[str, ...], tuple[Callable[[Any], tuple[Any, ...]], TreeDef]] = {}
# by keys in the order of insertion, which unflatten keeps: the dicts of leaves seen so far


def _learn_flat_dict(tree: dict[Any, Any]) -> None:
    keys = tuple(tree)
    # Only strings: 1, 1.0 and True are the same key to a dict, but not to the one who gave it.
    if keys and len(_flat_dicts) < 1024 and set(each(type, keys)) == {str}:
        get = operator.itemgetter(*sorted(keys))
        get_values = get if len(keys) > 1 else lambda tree: (get(tree),)
        _flat_dicts[keys] = get_values, _flatten(tree, None, False, NAMESPACE)[1]


def flatten(tree: Tree, is_leaf: IsLeaf = None) -> tuple[list[Any], TreeDef]:
    """Flatten a tree to its leaves, left to right, and its treedef.

    >>> flatten({"b": (1.0, None), "a": [2.0]})
    ([2.0, 1.0], PyTreeSpec({'a': [*], 'b': (*, None)}))
    """
    cls = type(tree)
    if cls in _leaf_types:
        return [tree], LEAF
    if cls is tuple and len(tree) < 9 and is_leaf is None and _all_leaf_types(each(type, tree)):
        return list(tree), _flat_tuples[len(tree)]
    if cls is dict and is_leaf is None and _all_leaf_types(each(type, tree.values())):
        known = _flat_dicts.get(tuple(tree))
        if known is not None:
            get_values, treedef = known
            return list(get_values(tree)), treedef
        _learn_flat_dict(tree)
    flat, treedef = _flatten(tree, is_leaf, False, NAMESPACE)
    while not _all_leaf_types(each(type, flat)) and _settle(each(type, flat), is_leaf):
        flat, treedef = _flatten(tree, is_leaf, False, NAMESPACE)
    return flat, LEAF if treedef.is_leaf() else treedef


def leaves(tree: Tree, is_leaf: IsLeaf = None) -> list[Any]:
    """The leaves of a tree, left to right.

    >>> leaves({"b": (1.0, None), "a": [2.0]})
    [2.0, 1.0]
    """
    return [tree] if type(tree) in _leaf_types else flatten(tree, is_leaf)[0]


def structure(tree: Tree, is_leaf: IsLeaf = None) -> TreeDef:
    """The treedef of a tree.

    >>> structure((1.0, [2.0, 3.0])).num_leaves
    3
    """
    return LEAF if type(tree) in _leaf_types else flatten(tree, is_leaf)[1]


def unflatten(treedef: TreeDef, leaves: Iterable[Any]) -> Any:
    """The tree of this structure with these leaves.

    >>> unflatten(structure({"a": 0, "b": [0]}), [1, 2])
    {'a': 1, 'b': [2]}
    """
    if treedef is LEAF:
        (leaf,) = leaves
        return leaf
    return treedef.unflatten(leaves)


def map(f: Function, tree: Tree, *rest: Any, is_leaf: IsLeaf = None) -> Any:
    """Apply f to the leaves of a tree, together with what stands at the same places in the rest.

    The rest may go deeper than the first tree: f then gets subtrees of them.

    >>> map(lambda x, y: x * y, {"a": 1, "b": 2}, {"a": 3, "b": 4})
    {'a': 3, 'b': 8}
    """
    if type(tree) in _leaf_types:
        return f(tree, *rest)
    first, treedef = flatten(tree, is_leaf)
    if not rest:
        return treedef.unflatten([f(x) for x in first])
    columns = [first]
    for index, other in enumerate(rest, 2):
        columns.append(flatten_up_to(treedef, other, f"tree_map: tree {index}", "the first tree"))
    return treedef.unflatten([f(*xs) for xs in zip(*columns, strict=True)])


def flatten_up_to(treedef: TreeDef, tree: Tree, what: str, reference: str) -> list[Any]:
    """The subtrees of a tree at the leaves of treedef; errors call the two what and reference."""
    try:
        return treedef.flatten_up_to(tree)
    except ValueError as error:
        difference = first_difference(treedef, structure(tree), prefix=True)
        if difference is None:
            raise TreeError(f"{what}: {error}") from None
        path, expected, got = difference
        raise TreeError(f"{what} has {describe(got)}{_at(path)}, where {reference} has {describe(expected)}") from None


# ---------------------------------------------------------------------------------------------
# Paths.


for _key_type in (SequenceKey, DictKey, GetAttrKey, FlattenedIndexKey):
    register_leaf(_key_type)


UNKNOWN: Any = object()  # the tree of a structure that is there alone


def key_paths(treedef: TreeDef, tree: object = UNKNOWN) -> list[KeyPath]:
    """The path of each leaf, as a tuple of keys. A class may read its keys off a node: off the tree, where it is given."""
    accessors = treedef.accessors()
    if any(entry.type in _keys_of or entry.type in STAND_INS for accessor in accessors for entry in accessor):
        return list(_paths_through(treedef, tree))
    return [tuple(_key(entry) for entry in accessor) for accessor in accessors]


# Types of nodes that stand for a tree, of which they hold the leaves and the structure, `tree`.
STAND_INS: set[type] = set()


# Types of nodes with one child, of which they tell something that comparisons of structures leave out, such as weakness.
MARKS: set[type] = set()


def bare(treedef: TreeDef) -> TreeDef:
    """A structure without marks."""
    if not MARKS:
        return treedef
    return structure(unflatten(treedef, range(treedef.num_leaves)), lambda x: type(x) in MARKS)


def unmarked(tree: Any) -> Any:
    """A tree without marks, what they mark in their place."""
    if not MARKS:
        return tree
    return map(lambda x: leaves(x)[0] if type(x) in MARKS else x, tree, is_leaf=lambda x: type(x) in MARKS)


def _meant(treedef: TreeDef) -> TreeDef:
    """A structure, or the one that its root stands for."""
    if treedef.type not in STAND_INS:
        return treedef
    return treedef.one_level().unflatten([None] * treedef.num_children).tree  # type: ignore[union-attr]


def _leaves_below(prefix: TreeDef, full: TreeDef) -> list[int] | None:
    """How many leaves of a structure are below each leaf of one that begins as it does; None if it does not."""
    if prefix.is_leaf():
        return [full.num_leaves]
    if full.is_leaf() or prefix.one_level() != full.one_level():
        return None
    found: list[int] = []
    for above, below in zip(prefix.children(), full.children(), strict=True):
        counts = _leaves_below(above, below)
        if counts is None:
            return None
        found += counts
    return found


def _paths_through(treedef: TreeDef, tree: object = UNKNOWN) -> Iterable[KeyPath]:
    """The path of each leaf; what a node stands for in that node's place."""
    if treedef.is_leaf():
        yield ()
        return
    if treedef.type in STAND_INS:
        keys, tree = key_paths(_meant(treedef)), UNKNOWN
    else:
        keys = [(key,) for key in child_keys(treedef, tree)]
    below: Iterable[Any] = itertools.repeat(UNKNOWN)
    if tree is not UNKNOWN:
        below = cast(Any, treedef.one_level()).flatten_up_to(tree)
    for path, child, subtree in zip(keys, treedef.children(), below, strict=False):
        yield from ((*path, *rest) for rest in _paths_through(child, subtree))


def child_keys(treedef: TreeDef, tree: object = UNKNOWN) -> list[Any]:
    """The keys of the children of the root; of a class that reads them off a node, from one with no children where there is
    no tree, and where its constructor refuses that, by their places.
    """
    one_level = treedef.one_level()
    keys = _keys_of.get(treedef.type)  # type: ignore[arg-type]
    if keys is not None and one_level is not None:
        try:
            return list(keys(one_level.unflatten([None] * one_level.num_leaves) if tree is UNKNOWN else tree))
        except Exception:  # noqa: BLE001 (a constructor may raise whatever)
            return [FlattenedIndexKey(i) for i in range(one_level.num_leaves)]
    return [] if one_level is None else [path[0] for path in key_paths(one_level)]


def flatten_with_paths(tree: Any, is_leaf: IsLeaf = None) -> tuple[list[tuple[str, Any]], TreeDef]:
    """The leaves, each with its path as text, and the treedef.

    >>> flatten_with_paths({"a": [1.0, 2.0]})[0]
    [("['a'][0]", 1.0), ("['a'][1]", 2.0)]
    """
    flat, treedef = flatten(tree, is_leaf)
    paths = [keystr(path) for path in key_paths(treedef, tree)]
    return list(zip(paths, flat, strict=True)), treedef


# ---------------------------------------------------------------------------------------------
# Prefixes and comparison.


def describe(treedef: TreeDef) -> str:
    """The root of a structure in words: 'a dict with keys ['W', 'b']'."""
    treedef = _meant(treedef)
    children, cls = treedef.num_children, treedef.type or object
    match treedef.kind:
        case PyTreeKind.LEAF:
            return "a leaf"
        case PyTreeKind.NONE:
            return "None"
        case PyTreeKind.TUPLE | PyTreeKind.LIST | PyTreeKind.DEQUE:
            return f"a {cls.__name__} of length {children}"
        case PyTreeKind.DICT | PyTreeKind.ORDEREDDICT | PyTreeKind.DEFAULTDICT:
            return f"{_article(cls)} with keys {treedef.entries()!r}"
    if cls in _registered and not hasattr(cls, "__dataclass_fields__"):
        return f"{_article(cls)} with {children} child{'' if children == 1 else 'ren'}"
    fields = [keystr((key,), simple=True) for key in child_keys(treedef)]
    return f"{_article(cls)} with fields {fields!r}"


def _article(cls: type) -> str:
    return f"{'an' if cls.__name__[0] in 'AEIOUaeiou' else 'a'} {cls.__name__}"


def _at(path: str) -> str:
    return f" at {path}" if path else ""


def _describe_value(tree: Tree) -> str:
    if tree is None or isinstance(tree, bool | int | float | str):
        return repr(tree)
    treedef = structure(tree)
    return _article(type(tree)) if treedef.is_leaf() else describe(treedef)


def first_difference(
    expected: TreeDef, got: TreeDef, *, prefix: bool = False, path: KeyPath = ()
) -> tuple[str, TreeDef, TreeDef] | None:
    """Where two structures first differ: the path as text and the two structures there.

    With prefix, a leaf of expected agrees with any structure.
    """
    expected, got = _meant(expected), _meant(got)
    if expected == got or (prefix and expected.is_leaf()):
        return None
    if expected.is_leaf() or got.is_leaf() or expected.one_level() != got.one_level():
        return keystr(path), expected, got
    children = zip(child_keys(expected), expected.children(), got.children(), strict=True)
    for key, below_expected, below_got in children:
        found = first_difference(below_expected, below_got, prefix=prefix, path=(*path, key))
        if found is not None:
            return found
    return None


def check_same_structure(expected_tree: Any, got_tree: Any, what: str) -> None:
    """Raise TreeError unless two trees (or treedefs) have the same structure.

    >>> check_same_structure({"a": 1, "b": (2, 3)}, {"a": 1, "b": 2}, "the new carry")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    wengert.errors.TreeError: the new carry has a leaf at ['b'], where a tuple of length 2 was \
expected...
    """
    expected = expected_tree if isinstance(expected_tree, TreeDef) else structure(expected_tree)
    got = got_tree if isinstance(got_tree, TreeDef) else structure(got_tree)
    if expected == got:
        return
    path, below_expected, below_got = first_difference(expected, got) or ("", expected, got)
    left, right = describe(below_got), describe(below_expected)
    if left == right:  # the same class with other metadata
        left, right = f"the structure {below_got}", f"the structure {below_expected}"
    raise TreeError(f"{what} has {left}{_at(path)}, where {right} was expected")


# ---------------------------------------------------------------------------------------------
# Registration.


def register(
    cls: C,
    flatten: Callable[[Any], tuple[Any, ...]],
    unflatten: Callable[[Any, Any], Any],
    *,
    entry: type[optree.PyTreeEntry] = optree.FlattenedEntry,
    keys: Callable[[Any], Iterable[Any]] | None = None,
) -> C:
    """Make a class a node: flatten gives (children, metadata), of which unflatten makes an instance.

    keys gives the keys of the children of an instance. It is asked for paths alone, so that flattening costs none.

    unflatten is called as unflatten(metadata, children). The metadata becomes part of the treedef, so it must compare and hash. A class is registered
    once; a dataclass that was only flattened so far may still be registered.

    >>> class Span:
    ...     def __init__(self, low, high):
    ...         self.low, self.high = low, high
    >>> _ = register(Span, lambda s: ((s.low, s.high), None), lambda _, ends: Span(*ends))
    >>> leaves(Span(1.0, 2.0))
    [1.0, 2.0]
    """
    if cls in _automatic:
        optree.unregister_pytree_node(cls, namespace=NAMESPACE)
        _automatic.discard(cls)
    with warnings.catch_warnings():  # optree warns where a named tuple is registered on its own
        warnings.simplefilter("ignore", UserWarning)
        optree.register_pytree_node(cls, flatten, unflatten, path_entry_type=entry, namespace=NAMESPACE)
    _registered.add(cls)
    _ways[cls] = (flatten, unflatten)
    if keys is not None:
        _keys_of[cls] = keys
    _leaf_types.discard(cls)
    return cls


def register_dataclass(
    cls: C,
    data_fields: Sequence[str] | None = None,
    meta_fields: Sequence[str] | None = None,
    drop_fields: Sequence[str] = (),
) -> C:
    """Make a class a node whose children are its data fields, and metadata its meta fields.

    Args:
      cls: a class with a constructor that takes all these fields by name.
      data_fields: names of the fields that hold trees. Of a dataclass they may be left out: all
        fields that the constructor takes, but for those with `metadata={"static": True}`.
      meta_fields: names of the fields that belong to the structure; their values must hash.
      drop_fields: names of fields of the constructor that are left to their defaults.

    Returns:
      cls, so that this serves as a decorator.

    Raises:
      ValueError: the fields named and the fields of the dataclass are not the same.

    >>> @register_dataclass
    ... @dataclasses.dataclass
    ... class Layer:
    ...     W: float
    ...     name: str = dataclasses.field(metadata={"static": True})
    >>> map(lambda x: 2 * x, Layer(1.5, "first"))
    Layer(W=3.0, name='first')
    """
    if (data_fields is None) != (meta_fields is None):
        raise TypeError("register_dataclass takes data_fields and meta_fields together, or neither")
    is_dataclass = bool(dataclasses.is_dataclass(cls))
    fields = {f.name: f for f in dataclasses.fields(cast(Any, cls))} if is_dataclass else {}
    if data_fields is None or meta_fields is None:
        if not is_dataclass:
            raise TypeError(f"{cls.__name__} is no dataclass: name its data_fields and meta_fields")
        init = [f for f in fields.values() if f.init and f.name not in drop_fields]
        data_fields = [f.name for f in init if not f.metadata.get("static", False)]
        meta_fields = [f.name for f in init if f.metadata.get("static", False)]
    elif fields:
        wanted = {f.name for f in fields.values() if f.init} - set(drop_fields)
        given = {*data_fields, *meta_fields}
        if missing := sorted(wanted - given):
            raise ValueError(f"data_fields and meta_fields of {cls.__name__} leave out {missing}")
        if unknown := sorted(given - set(fields)):
            raise ValueError(f"{cls.__name__} has no fields {unknown}")
    data, meta = tuple(data_fields), tuple(meta_fields)
    names = data + meta
    get_data, get_meta = _getter(data), _getter(meta)
    keys = tuple(GetAttrKey(name) for name in data)

    def build(metadata: tuple[Any, ...], children: Iterable[Any]) -> Any:
        return cls(**dict(zip(names, (*children, *metadata), strict=True)))

    def assemble(metadata: tuple[Any, ...], children: Iterable[Any]) -> Any:
        instance = object.__new__(cls)
        for name, value in zip(names, (*children, *metadata), strict=True):
            object.__setattr__(instance, name, value)
        return instance

    try:
        inspect.signature(cls).bind(**dict.fromkeys(names))
        unflatten = build
    except (TypeError, ValueError):  # a hand-written __init__, or an InitVar: set the fields
        unflatten = assemble
    return register(cls, lambda x: (get_data(x), get_meta(x), keys), unflatten, entry=KeyedEntry)


def _getter(names: tuple[str, ...]) -> Callable[[Any], tuple[Any, ...]]:
    if len(names) > 1:
        return operator.attrgetter(*names)
    return lambda x: tuple(getattr(x, name) for name in names)
