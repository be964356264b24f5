"""Functions on trees of arrays under the names of `jax.tree_util`.

Thin: what the library itself uses stands in `trees.py`; here are the rest of the field's names for
it, written with what is there. A treedef is an `optree.PyTreeSpec`.
"""

from __future__ import annotations

__import__("wengert")  # waits where another thread is importing the library: Python locks its files one by one

import dataclasses
import functools
from collections.abc import Callable, Iterable
from typing import Any, TypeVar, cast

import optree

from wengert import trees
from wengert.errors import TreeError
from wengert.trees import (
    DictKey,
    FlattenedIndexKey,
    GetAttrKey,
    IsLeaf,
    KeyedEntry,
    KeyPath,
    SequenceKey,
    TreeDef,
    keystr,
    register_dataclass,
    register_leaf,
)
from wengert.trees import flatten as tree_flatten
from wengert.trees import leaves as tree_leaves
from wengert.trees import map as tree_map
from wengert.trees import structure as tree_structure
from wengert.trees import unflatten as tree_unflatten

from .nearest import nearest_names as _nearest_names
from .prefixes import broadcast_prefix
from .vocabulary import Function, Tree

__all__ = [
    "DictKey",
    "FlattenedIndexKey",
    "GetAttrKey",
    "KeyPath",
    "Partial",
    "PyTreeDef",
    "SequenceKey",
    "TreeError",
    "all_leaves",
    "build_tree",
    "keystr",
    "register_dataclass",
    "register_leaf",
    "register_pytree_node",
    "register_pytree_node_class",
    "register_pytree_with_keys",
    "register_pytree_with_keys_class",
    "register_static",
    "static",
    "tree_all",
    "tree_broadcast",
    "tree_flatten",
    "tree_flatten_with_path",
    "tree_leaves",
    "tree_leaves_with_path",
    "tree_map",
    "tree_map_with_path",
    "tree_reduce",
    "tree_reduce_associative",
    "tree_structure",
    "tree_transpose",
    "tree_unflatten",
    "treedef_children",
    "treedef_is_leaf",
    "treedef_tuple",
]

PyTreeDef = TreeDef
C = TypeVar("C", bound=type)
_MISSING: Any = object()


# ---------------------------------------------------------------------------------------------
# Reductions and broadcasts.


def tree_reduce(
    function: Callable[[Any, Any], Any],
    tree: Tree,
    initializer: Any = _MISSING,
    is_leaf: IsLeaf = None,
) -> Any:
    """Combine the leaves from the left: function(function(a, b), c).

    >>> tree_reduce(lambda total, x: total + x, {"a": 1, "b": (2, 3)})
    6
    """
    flat = tree_leaves(tree, is_leaf)
    if initializer is _MISSING:
        return functools.reduce(function, flat)
    return functools.reduce(function, flat, initializer)


def tree_reduce_associative(
    operation: Callable[[Any, Any], Any],
    tree: Tree,
    *,
    identity: Any = _MISSING,
    is_leaf: IsLeaf = None,
) -> Any:
    """Combine the leaves in pairs, and the pairs in pairs, so that few steps follow one another.

    Raises:
      TypeError: there is no leaf and no identity.

    >>> tree_reduce_associative(lambda x, y: f"({x}+{y})", list("abcde"))
    '(((a+b)+(c+d))+e)'
    """
    flat = tree_leaves(tree, is_leaf)
    if not flat:
        if identity is _MISSING:
            raise TypeError("tree_reduce_associative needs identity= for a tree without leaves")
        return identity
    while len(flat) > 1:
        odd = flat[len(flat) // 2 * 2 :]
        flat = [operation(x, y) for x, y in zip(flat[::2], flat[1::2], strict=False)] + odd
    return flat[0]


def tree_all(tree: Tree, *, is_leaf: IsLeaf = None) -> bool:
    """Whether all leaves are true.

    >>> tree_all({"a": True, "b": (1, None)})
    True
    """
    return all(tree_leaves(tree, is_leaf))


def tree_broadcast(prefix_tree: Any, full_tree: Any, is_leaf: IsLeaf = None) -> Any:
    """A tree like the full one, with each leaf of the prefix at all leaves below its place.

    >>> tree_broadcast({"a": 0, "b": 1}, {"a": (5.0, 6.0), "b": 7.0})
    {'a': (0, 0), 'b': 1}
    """
    treedef = tree_structure(full_tree, is_leaf)
    flat = broadcast_prefix(prefix_tree, treedef, is_leaf, none_is_leaf=False)
    return tree_unflatten(treedef, flat)


def tree_transpose(outer_treedef: TreeDef, inner_treedef: TreeDef | None, pytree_to_transpose: Any) -> Any:
    """Turn a tree of trees inside out: a list of dicts becomes a dict of lists.

    Args:
      outer_treedef: the structure of the outside.
      inner_treedef: the structure that each leaf of the outside has; None to find it.
      pytree_to_transpose: the tree.

    >>> pairs = [{"x": 1, "y": 2}, {"x": 3, "y": 4}]
    >>> tree_transpose(tree_structure([0, 0]), None, pairs)
    {'x': [1, 3], 'y': [2, 4]}
    """
    what, outside = "tree_transpose: the tree", "outer_treedef"
    rows = trees.flatten_up_to(outer_treedef, pytree_to_transpose, what, outside)
    if inner_treedef is None:
        if not rows:
            raise TypeError("tree_transpose needs inner_treedef where the outer one has no leaves")
        inner_treedef = tree_structure(rows[0])
    flat_rows = []
    for path, row in zip(trees.key_paths(outer_treedef), rows, strict=True):
        trees.check_same_structure(inner_treedef, row, f"tree_transpose: what stands at {keystr(path)}")
        flat_rows.append(tree_leaves(row))
    columns = zip(*flat_rows, strict=True) if flat_rows else [()] * inner_treedef.num_leaves
    return tree_unflatten(inner_treedef, [tree_unflatten(outer_treedef, xs) for xs in columns])


def all_leaves(iterable: Iterable[Any], is_leaf: IsLeaf = None) -> bool:
    """Whether each of these is a leaf; None and () are not.

    >>> all_leaves([1.0, 2.0]), all_leaves([1.0, None])
    (True, False)
    """
    items = list(iterable)
    flat = tree_leaves(items, is_leaf if is_leaf is None else lambda x: x is not items and is_leaf(x))
    return len(flat) == len(items) and all(x is y for x, y in zip(flat, items, strict=True))


# ---------------------------------------------------------------------------------------------
# Treedefs.


def treedef_tuple(treedefs: Iterable[TreeDef]) -> TreeDef:
    """The treedef of a tuple of trees with these treedefs.

    >>> treedef_tuple([tree_structure(0), tree_structure([0, 0])])
    PyTreeSpec((*, [*, *]))
    """
    return optree.treespec_tuple(treedefs, namespace=trees.NAMESPACE)


def treedef_children(treedef: TreeDef) -> list[TreeDef]:
    """The treedefs of the children of the root.

    >>> treedef_children(tree_structure((0, [0, 0])))
    [PyTreeSpec(*), PyTreeSpec([*, *])]
    """
    return treedef.children()


def treedef_is_leaf(treedef: TreeDef) -> bool:
    """Whether this is the treedef of a lone leaf.

    >>> treedef_is_leaf(tree_structure(0)), treedef_is_leaf(tree_structure(None))
    (True, False)
    """
    return treedef.is_leaf()


def build_tree(treedef: TreeDef, xs: Any) -> Any:
    """The tree of this structure from nested iterables of the same shape.

    >>> build_tree(tree_structure({"a": 0, "b": (0, 0)}), [1, [2, 3]])
    {'a': 1, 'b': (2, 3)}
    """
    if treedef.is_leaf():
        return xs
    children = [build_tree(child, x) for child, x in zip(treedef.children(), xs, strict=True)]
    one_level = treedef.one_level()
    return treedef.unflatten([]) if one_level is None else one_level.unflatten(children)


# ---------------------------------------------------------------------------------------------
# Paths.


def tree_flatten_with_path(
    tree: Tree, is_leaf: Callable[..., bool] | None = None, is_leaf_takes_path: bool = False
) -> tuple[list[tuple[KeyPath, Any]], TreeDef]:
    """The leaves, each with its path as a tuple of keys, and the treedef.

    Args:
      tree: a tree.
      is_leaf: tells what else is a leaf.
      is_leaf_takes_path: is_leaf is called as is_leaf(path, subtree).

    >>> tree_flatten_with_path({"a": [1.0]})[0]
    [((DictKey(key='a'), SequenceKey(idx=0)), 1.0)]
    """
    if is_leaf is not None and is_leaf_takes_path:
        is_leaf = _forget_paths(tree, is_leaf)
    flat, treedef = tree_flatten(tree, is_leaf)
    return list(zip(trees.key_paths(treedef, tree), flat, strict=True)), treedef


def _forget_paths(tree: Tree, is_leaf: Callable[..., bool]) -> IsLeaf:
    """A predicate without paths that says of each subtree what is_leaf says of it and its path.

    It counts: optree asks it once about each subtree, in the order of this walk.
    """
    answers: list[bool] = []

    def walk(subtree: Any, path: KeyPath) -> None:
        answers.append(bool(is_leaf(path, subtree)))
        if answers[-1]:
            return
        children, treedef = tree_flatten(subtree, lambda x: x is not subtree)
        if not treedef.is_leaf():
            for key, child in zip(trees.child_keys(treedef, subtree), children, strict=True):
                walk(child, (*path, key))

    tree_structure(tree)  # so that every dataclass in it is registered
    walk(tree, ())
    replies = iter(answers)
    return lambda subtree: next(replies)


def tree_leaves_with_path(
    tree: Tree, is_leaf: Callable[..., bool] | None = None, is_leaf_takes_path: bool = False
) -> list[tuple[KeyPath, Any]]:
    """The leaves, each with its path as a tuple of keys.

    >>> [(keystr(path), leaf) for path, leaf in tree_leaves_with_path((1.0, {"a": 2.0}))]
    [('[0]', 1.0), ("[1]['a']", 2.0)]
    """
    return tree_flatten_with_path(tree, is_leaf, is_leaf_takes_path)[0]


def tree_map_with_path(
    f: Function,
    tree: Tree,
    *rest: Any,
    is_leaf: Callable[..., bool] | None = None,
    is_leaf_takes_path: bool = False,
) -> Any:
    """Apply ``f(path, leaf, *others)`` to the leaves of a tree and what stands there in the rest.

    >>> tree_map_with_path(lambda path, x: keystr(path) + "=" + str(x), {"a": 1, "b": [2]})
    {'a': "['a']=1", 'b': ["['b'][0]=2"]}
    """
    flat, treedef = tree_flatten_with_path(tree, is_leaf, is_leaf_takes_path)
    columns: list[Any] = [[path for path, _ in flat], [leaf for _, leaf in flat]]
    for index, other in enumerate(rest, 2):
        what = f"tree_map_with_path: tree {index}"
        columns.append(trees.flatten_up_to(treedef, other, what, "the first tree"))
    return tree_unflatten(treedef, [f(*xs) for xs in zip(*columns, strict=True)])


# ---------------------------------------------------------------------------------------------
# Registration.


def register_pytree_node(
    nodetype: type,
    flatten_func: Callable[[Any], tuple[Any, Any]],
    unflatten_func: Callable[[Any, Any], Any],
    flatten_with_keys_func: Callable[[Any], tuple[Any, Any]] | None = None,
) -> None:
    """Make a class a node of trees.

    Args:
      nodetype: the class.
      flatten_func: gives (children, metadata) of an instance; the metadata compares and hashes.
      unflatten_func: makes an instance from (metadata, children). The children may be anything:
        arrays, tracers, None.
      flatten_with_keys_func: gives ((key, child) pairs, metadata), for readable paths.

    Raises:
      ValueError: the class is registered already.

    >>> class Interval:
    ...     def __init__(self, low, high):
    ...         self.low, self.high = low, high
    >>> register_pytree_node(
    ...     Interval, lambda i: ((i.low, i.high), None), lambda _, ends: Interval(*ends)
    ... )
    >>> tree_map(lambda x: -x, Interval(1.0, 2.0)).high
    -2.0
    """
    if flatten_with_keys_func is not None:
        register_pytree_with_keys(nodetype, flatten_with_keys_func, unflatten_func, flatten_func)
    else:
        trees.register(nodetype, flatten_func, unflatten_func)


def register_pytree_node_class(cls: C) -> C:
    """Make a class with methods `tree_flatten` and (class method) `tree_unflatten` a node.

    >>> @register_pytree_node_class
    ... class Pair:
    ...     def __init__(self, x, y):
    ...         self.x, self.y = x, y
    ...     def tree_flatten(self):
    ...         return (self.x, self.y), None
    ...     @classmethod
    ...     def tree_unflatten(cls, metadata, children):
    ...         return cls(*children)
    >>> tree_leaves(Pair(1, 2))
    [1, 2]
    """
    return trees.register(cls, lambda x: x.tree_flatten(), cls.tree_unflatten)


def register_pytree_with_keys(
    nodetype: C,
    flatten_with_keys: Callable[[Any], tuple[Any, Any]],
    unflatten_func: Callable[[Any, Any], Any],
    flatten_func: Callable[[Any], tuple[Any, Any]] | None = None,
) -> C:
    """Make a class a node whose children have keys of their own in paths.

    Args:
      nodetype: the class.
      flatten_with_keys: gives ((key, child) pairs, metadata) of an instance.
      unflatten_func: makes an instance from (metadata, children).
      flatten_func: gives (children, metadata); without keys, which are asked for paths alone, flattening is quicker.

    >>> class Model:
    ...     def __init__(self, W):
    ...         self.W = W
    >>> _ = register_pytree_with_keys(
    ...     Model, lambda m: (((GetAttrKey("W"), m.W),), None), lambda _, xs: Model(*xs)
    ... )
    >>> keystr(tree_leaves_with_path([Model(1.0)])[0][0])
    '[0].W'
    """
    if flatten_func is not None:
        return trees.register(
            nodetype, flatten_func, unflatten_func, keys=lambda node: [key for key, _ in flatten_with_keys(node)[0]]
        )

    def flatten(node: Any) -> tuple[Any, Any, Any]:
        pairs, metadata = flatten_with_keys(node)
        pairs = tuple(pairs)
        return [child for _, child in pairs], metadata, [key for key, _ in pairs]

    return trees.register(nodetype, flatten, unflatten_func, entry=KeyedEntry)


def register_pytree_with_keys_class(cls: C) -> C:
    """Make a class with `tree_flatten_with_keys` and (class method) `tree_unflatten` a node.

    >>> @register_pytree_with_keys_class
    ... class Gain:
    ...     def __init__(self, value):
    ...         self.value = value
    ...     def tree_flatten_with_keys(self):
    ...         return ((GetAttrKey("value"), self.value),), None
    ...     @classmethod
    ...     def tree_unflatten(cls, metadata, children):
    ...         return cls(*children)
    >>> keystr(tree_leaves_with_path(Gain(2.0))[0][0])
    '.value'
    """
    plain = (lambda x: x.tree_flatten()) if hasattr(cls, "tree_flatten") else None
    return register_pytree_with_keys(cls, lambda x: x.tree_flatten_with_keys(), cls.tree_unflatten, plain)


def register_static(cls: C) -> C:
    """Make instances of a class part of the structure: nodes without leaves. They must hash.

    >>> @register_static
    ... @dataclasses.dataclass(frozen=True)
    ... class Config:
    ...     steps: int
    >>> tree_leaves({"config": Config(3), "x": 1.0})
    [1.0]
    """
    return trees.register(cls, lambda x: ((), x), lambda x, _: x)


def static(**kwargs: Any) -> Any:
    """A field of a dataclass that belongs to the structure, not to the leaves.

    >>> @dataclasses.dataclass
    ... class Layer:
    ...     W: float
    ...     activation: str = static(default="tanh")
    >>> tree_leaves(Layer(1.0))
    [1.0]
    """
    metadata = {**(kwargs.pop("metadata", None) or {}), "static": True}
    return dataclasses.field(metadata=metadata, **kwargs)


class Partial(functools.partial):
    """A `functools.partial` that is a tree: its arguments are leaves, its function is structure.

    So a function closed over arrays passes through transformations as an argument or a result.
    Arguments held by a plain `functools.partial` given as func stay with the function.

    >>> double = Partial(lambda x, y: x * y, 2.0)
    >>> tree_leaves(double)
    [2.0]
    >>> tree_map(lambda x: 10 * x, double)(3.0)
    60.0
    """

    def __new__(cls, func: Function, /, *args: Any, **kwargs: Any) -> Partial:
        if type(func) is functools.partial:
            func = _Whole(cast(Any, func))  # else functools.partial would take it apart
        return super().__new__(cls, func, *args, **kwargs)


class _Whole:
    """A partial as one opaque function, the same as another if it holds the same partial."""

    def __init__(self, partial: functools.partial[Any]):
        self.partial = partial

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.partial(*args, **kwargs)

    def __repr__(self) -> str:
        return repr(self.partial)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Whole) and self.partial is other.partial

    def __hash__(self) -> int:
        return id(self.partial)


register_pytree_with_keys(
    Partial,
    lambda p: (((GetAttrKey("args"), p.args), (GetAttrKey("keywords"), p.keywords)), p.func),
    lambda func, parts: Partial(func, *parts[0], **parts[1]),
    lambda p: ((p.args, p.keywords), p.func),
)

__getattr__ = _nearest_names(__name__, __all__)
__dir__ = __all__.copy
