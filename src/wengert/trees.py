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
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Any, TypeVar, cast

import numpy as np
import optree
from optree import _C, PyTreeKind
from optree import PyTreeSpec as TreeDef

from wengert.errors import TreeError

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


def flatten(tree: Any, is_leaf: IsLeaf = None) -> tuple[list[Any], TreeDef]:
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


def leaves(tree: Any, is_leaf: IsLeaf = None) -> list[Any]:
    """The leaves of a tree, left to right.

    >>> leaves({"b": (1.0, None), "a": [2.0]})
    [2.0, 1.0]
    """
    return [tree] if type(tree) in _leaf_types else flatten(tree, is_leaf)[0]


def structure(tree: Any, is_leaf: IsLeaf = None) -> TreeDef:
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


def map(f: Callable[..., Any], tree: Any, *rest: Any, is_leaf: IsLeaf = None) -> Any:
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


def flatten_up_to(treedef: TreeDef, tree: Any, what: str, reference: str) -> list[Any]:
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


@register_leaf
@dataclasses.dataclass(frozen=True)
class SequenceKey:
    """The step to an item of a list or tuple, by its index.

    >>> str(SequenceKey(0))
    '[0]'
    """

    idx: int

    def __str__(self) -> str:
        return f"[{self.idx!r}]"


@register_leaf
@dataclasses.dataclass(frozen=True)
class DictKey:
    """The step to a value of a dict, by its key.

    >>> str(DictKey("a"))
    "['a']"
    """

    key: Hashable

    def __str__(self) -> str:
        return f"[{self.key!r}]"


@register_leaf
@dataclasses.dataclass(frozen=True)
class GetAttrKey:
    """The step to a field of a namedtuple or dataclass, by its name.

    >>> str(GetAttrKey("x"))
    '.x'
    """

    name: str

    def __str__(self) -> str:
        return f".{self.name}"


@register_leaf
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


def key_paths(treedef: TreeDef) -> list[KeyPath]:
    """The path of each leaf, as a tuple of keys."""
    accessors = treedef.accessors()
    if STAND_INS and any(entry.type in STAND_INS for accessor in accessors for entry in accessor):
        return list(_paths_through(treedef))
    return [tuple(_key(entry) for entry in accessor) for accessor in accessors]


# Types of nodes that stand for a tree, of which they hold the leaves and the structure, `tree`.
STAND_INS: set[type] = set()


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


def _paths_through(treedef: TreeDef) -> Iterable[KeyPath]:
    """The path of each leaf; what a node stands for in that node's place."""
    if treedef.is_leaf():
        yield ()
        return
    keys = key_paths(_meant(treedef)) if treedef.type in STAND_INS else [(key,) for key in child_keys(treedef)]
    for path, below in zip(keys, treedef.children(), strict=True):
        yield from ((*path, *rest) for rest in _paths_through(below))


def child_keys(treedef: TreeDef) -> list[Any]:
    """The keys of the children of the root."""
    one_level = treedef.one_level()
    return [] if one_level is None else [path[0] for path in key_paths(one_level)]


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


def flatten_with_paths(tree: Any, is_leaf: IsLeaf = None) -> tuple[list[tuple[str, Any]], TreeDef]:
    """The leaves, each with its path as text, and the treedef.

    >>> flatten_with_paths({"a": [1.0, 2.0]})[0]
    [("['a'][0]", 1.0), ("['a'][1]", 2.0)]
    """
    flat, treedef = flatten(tree, is_leaf)
    paths = [keystr(path) for path in key_paths(treedef)]
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


def _describe_value(tree: Any) -> str:
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


def leaves_or_none(treedef: TreeDef, tree: Any, what: str) -> list[Any]:
    """The leaves of a tree of tangents or cotangents at the leaves of treedef; None stands for a zero subtree.

    >>> leaves_or_none(structure({"a": (0, 0), "b": None, "c": 0}), {"a": None, "b": None, "c": 1.0}, "the tangent")
    [None, None, 1.0]
    """
    flat, got = flatten(tree)
    if got == treedef:
        return flat
    out: list[Any] = []

    def unlike(got: TreeDef, treedef: TreeDef, path: KeyPath) -> TreeError:
        left, right = describe(got), describe(treedef)
        if left == right:  # the same class with other metadata
            left, right = f"the structure {got}", f"the structure {treedef}"
        return TreeError(f"{what} has {left}{_at(keystr(path))}, where {right} was expected")

    def below_stand_in(meant: TreeDef, got: TreeDef, below: Any, given: Any, path: KeyPath) -> None:
        """The same below a node that stands for another: `below` and `given` are its children, in the order of leaves."""
        if got.kind == PyTreeKind.NONE:
            out.extend([None] * sum(next(below).num_leaves for _ in range(meant.num_leaves)))
        elif meant.is_leaf() and got.is_leaf():
            walk(next(below), next(given), path)
        elif meant.is_leaf() or got.is_leaf() or meant.one_level() != got.one_level():
            raise unlike(got, meant, path)
        else:
            for key, m, g in zip(child_keys(meant), meant.children(), got.children(), strict=True):
                below_stand_in(m, g, below, given, (*path, key))

    def walk(treedef: TreeDef, tree: Any, path: KeyPath) -> None:
        if tree is None:
            out.extend([None] * treedef.num_leaves)
            return
        got = structure(tree)
        if treedef.is_leaf() and got.is_leaf():
            out.append(tree)
            return
        if treedef.type in STAND_INS and got.type is treedef.type:
            children, one = flatten(tree, lambda x: x is not tree)
            below_stand_in(_meant(treedef), _meant(one), iter(treedef.children()), iter(children), path)
            return
        if treedef.is_leaf() or got.is_leaf() or treedef.one_level() != got.one_level():
            raise unlike(got, treedef, path)
        one_level = treedef.one_level()
        assert one_level is not None  # it is not a leaf
        children = one_level.flatten_up_to(tree)
        for key, below, child in zip(child_keys(treedef), treedef.children(), children, strict=True):
            walk(below, child, (*path, key))

    walk(treedef, tree, ())
    return out


def broadcast_prefix(
    prefix_tree: Any,
    full_tree: Any,
    is_leaf: IsLeaf = None,
    *,
    what: str = "the prefix",
    root: str = "tree",
    none_is_leaf: bool = True,
) -> list[Any]:
    """The leaves of a prefix, each repeated for every leaf of the full tree below it.

    Args:
      prefix_tree: a tree whose leaves stand where the full tree has a leaf or a subtree. None is
        such a leaf: it stands for "None for all of this subtree", as in `in_axes`.
      full_tree: a tree, or the treedef of one.
      is_leaf: tells what else is a leaf of the prefix.
      what, root: the names of the prefix and of the full tree in errors.

    Returns:
      A list with one entry for each leaf of the full tree.

    Raises:
      TreeError: naming the place where the prefix has a container that the tree has not.

    >>> broadcast_prefix((0, None), ({"W": 1.0, "b": 2.0}, 3.0))
    [0, 0, None]
    >>> broadcast_prefix(((0, 1), None), ({"W": 1.0, "b": 2.0}, 3.0), what="in_axes", root="args")
    Traceback (most recent call last):
        ...
    wengert.errors.TreeError: in_axes has a tuple of length 2 at args[0], but what stands there is \
a dict with keys ['W', 'b']...
    """
    treedef = full_tree if isinstance(full_tree, TreeDef) else structure(full_tree)
    if type(prefix_tree) in _leaf_types or (prefix_tree is None and none_is_leaf):
        return [prefix_tree] * treedef.num_leaves
    out: list[Any] = []

    def walk(prefix: Any, treedef: TreeDef, path: KeyPath) -> None:
        if (
            type(prefix) in _leaf_types
            or (prefix is None and none_is_leaf)
            or (is_leaf is not None and is_leaf(prefix))
        ):
            out.extend([prefix] * treedef.num_leaves)
            return
        if treedef.type in STAND_INS and type(prefix) not in STAND_INS:
            found = broadcast_prefix(
                prefix, _meant(treedef), is_leaf, what=what, root=root + keystr(path), none_is_leaf=none_is_leaf
            )
            for x, below in zip(found, treedef.children(), strict=True):
                out.extend([x] * below.num_leaves)
            return
        children, one_level = flatten(prefix, lambda x: x is not prefix)
        if one_level.is_leaf():
            out.extend([prefix] * treedef.num_leaves)
            return
        if treedef.type in STAND_INS and one_level.type is treedef.type:
            places = iter(treedef.children())
            counts = _leaves_below(_meant(one_level), _meant(treedef))
            if counts is not None:
                for child, count in zip(children, counts, strict=True):
                    for below in itertools.islice(places, count):
                        walk(child, below, path)
                return
        if treedef.is_leaf() or treedef.one_level() != one_level:
            raise TreeError(
                f"{what} has {_describe_value(prefix)} at {root}{keystr(path)}, "
                f"but what stands there is {describe(treedef)}"
            )
        for key, child, below in zip(child_keys(one_level), children, treedef.children(), strict=True):
            walk(child, below, (*path, key))

    walk(prefix_tree, treedef, ())
    return out


# ---------------------------------------------------------------------------------------------
# Registration.


def register(
    cls: C,
    flatten: Callable[[Any], tuple[Any, ...]],
    unflatten: Callable[[Any, Any], Any],
    *,
    entry: type[optree.PyTreeEntry] = optree.FlattenedEntry,
) -> C:
    """Make a class a node: flatten gives (children, metadata), of which unflatten makes an instance.

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
    with warnings.catch_warnings():  # of a named tuple that is registered for itself
        warnings.simplefilter("ignore", UserWarning)
        optree.register_pytree_node(cls, flatten, unflatten, path_entry_type=entry, namespace=NAMESPACE)
    _registered.add(cls)
    _ways[cls] = (flatten, unflatten)
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
