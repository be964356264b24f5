"""`jax.tree_util` where it differs: a dataclass that nobody registered is a leaf, and dicts come sorted by their keys."""

from __future__ import annotations

import collections
import functools
from collections.abc import Callable
from typing import Any

import optree

from ... import tree_util as ours
from ... import trees
from ..border import in_order
from ..wording import worded
from .treedefs import PyTreeDef, spec_of


def _whole(x: Any) -> bool:
    cls = type(x)
    return hasattr(cls, "__dataclass_fields__") and (cls not in trees._registered or cls in trees._automatic)


def leaf(is_leaf: Callable[[Any], bool] | None) -> Callable[[Any], bool] | None:
    """`is_leaf`, and the dataclasses that nobody registered, as long as the library has made nodes of some."""
    if not trees._automatic:
        return is_leaf
    return _whole if is_leaf is None else lambda x: _whole(x) or is_leaf(x)


def spec_and_leaves(tree: Any, is_leaf: Callable[[Any], bool] | None = None) -> tuple[list[Any], Any]:
    """The leaves of a tree and its structure as optree has it. Hot.

    No dataclass becomes a node by it, as one does by `trees.flatten`.
    """
    return trees._flatten(tree, leaf(is_leaf) if trees._automatic else is_leaf, False, trees.NAMESPACE)


def _adapted(name: str, place: int) -> Callable[..., Any]:
    """A function of trees whose argument number `place` is `is_leaf` where it is not given by name."""
    f = getattr(ours, name)

    @functools.wraps(f)
    def function(*args: Any, **kwargs: Any) -> Any:
        if place < len(args):
            args = (*args[:place], leaf(args[place]), *args[place + 1 :])
        elif not kwargs.get("is_leaf_takes_path"):
            kwargs["is_leaf"] = leaf(kwargs.get("is_leaf"))
        return f(*args, **kwargs)

    return function


_flatten_with_path = _adapted("tree_flatten_with_path", 1)
tree_leaves_with_path, tree_all = _adapted("tree_leaves_with_path", 1), _adapted("tree_all", 1)
tree_reduce = _adapted("tree_reduce", 3)
_map_with_path = _adapted("tree_map_with_path", 10**6)


def tree_leaves(tree: Any, is_leaf: Callable[[Any], bool] | None = None) -> list[Any]:
    """The leaves of a tree, left to right."""
    return spec_and_leaves(tree, is_leaf)[0]


def tree_structure(tree: Any, is_leaf: Callable[[Any], bool] | None = None) -> PyTreeDef:
    """The structure of a tree."""
    return PyTreeDef(spec_and_leaves(tree, is_leaf)[1])


def tree_flatten(tree: Any, is_leaf: Callable[[Any], bool] | None = None) -> tuple[list[Any], PyTreeDef]:
    """The leaves of a tree, left to right, and its structure."""
    leaves, spec = spec_and_leaves(tree, is_leaf)
    return leaves, PyTreeDef(spec)


@functools.wraps(ours.tree_flatten_with_path)
def tree_flatten_with_path(tree: Any, *args: Any, **kwargs: Any) -> tuple[list[Any], PyTreeDef]:
    pairs, spec = _flatten_with_path(tree, *args, **kwargs)
    return pairs, PyTreeDef(spec)


def treedef_tuple(treedefs: Any) -> PyTreeDef:
    """The structure of a tuple of trees with these structures."""
    return PyTreeDef(ours.treedef_tuple([spec_of(t) for t in treedefs]))


def treedef_children(treedef: Any) -> list[PyTreeDef]:
    """The structures of the children of the root."""
    return [PyTreeDef(c) for c in spec_of(treedef).children()]


def treedef_is_leaf(treedef: Any) -> bool:
    """Whether a structure has no node but its root: that of a leaf, of None, or of an empty container."""
    return spec_of(treedef).num_nodes == 1


def tree_transpose(outer_treedef: Any, inner_treedef: Any, pytree_to_transpose: Any) -> Any:
    """Turn a tree of trees inside out: a list of dicts becomes a dict of lists."""
    return in_order(ours.tree_transpose(spec_of(outer_treedef), spec_of(inner_treedef), pytree_to_transpose))


def build_tree(treedef: Any, xs: Any) -> Any:
    """The tree of this structure from nested iterables of the same shape."""
    return ours.build_tree(spec_of(treedef), xs)


@worded
def tree_broadcast(prefix_tree: Any, full_tree: Any, is_leaf: Any = None) -> Any:
    """A tree like the full one, with each leaf of the prefix at all leaves below its place."""
    return in_order(ours.tree_broadcast(prefix_tree, full_tree, leaf(is_leaf)))


def tree_map(f: Callable[..., Any], tree: Any, *rest: Any, is_leaf: Any = None) -> Any:
    """Apply `f` to the leaves of a tree, together with what stands there in the rest."""
    leaves, spec = spec_and_leaves(tree, is_leaf)
    if not rest:
        return in_order(spec.unflatten([f(x) for x in leaves]))
    try:
        columns = [spec.flatten_up_to(other) for other in rest]
    except ValueError:
        columns = [_up_to(spec, other, i) for i, other in enumerate(rest, 2)]
    return in_order(spec.unflatten([f(*xs) for xs in zip(leaves, *columns, strict=True)]))


@worded
def _up_to(spec: Any, tree: Any, i: int) -> list[Any]:
    return trees.flatten_up_to(spec, tree, f"tree_map: tree {i}", "the first tree")


def tree_map_with_path(f: Callable[..., Any], tree: Any, *rest: Any, is_leaf: Any = None, **options: Any) -> Any:
    """Apply ``f(path, leaf, *others)`` to the leaves of a tree and what stands there in the rest."""
    return in_order(_map_with_path(f, tree, *rest, is_leaf=is_leaf, **options))


def tree_unflatten(treedef: Any, leaves: Any) -> Any:
    """The tree of this structure with these leaves."""
    if not isinstance(treedef, (PyTreeDef, optree.PyTreeSpec)):
        raise TypeError(f"tree_unflatten: the first argument is a PyTreeDef, got {treedef!r} of type {type(treedef)}")
    return (treedef if type(treedef) is PyTreeDef else PyTreeDef(treedef)).unflatten(leaves)


def is_tree_node(typ: type) -> bool:
    """Whether objects of a type are nodes of trees."""
    return typ in (
        tuple,
        list,
        dict,
        type(None),
        collections.OrderedDict,
        collections.defaultdict,
        collections.deque,
    ) or (typ in trees._registered and typ not in trees._automatic)


def _children(tree: Any) -> tuple[list[Any], Any]:
    if not (is_tree_node(type(tree)) or (isinstance(tree, tuple) and hasattr(tree, "_fields"))):
        raise ValueError(f"can't tree-flatten type: {type(tree)}")
    return trees.flatten(tree, lambda x: x is not tree)


def flatten_one_level(tree: Any) -> tuple[Any, Any]:
    """The children of a node, and what is kept beside them: the keys of a dict, the data of a registered type.

    Raises:
        ValueError: it is a leaf.

    Example:
        >>> flatten_one_level({"b": 1, "a": 2})
        ((2, 1), ('a', 'b'))
    """
    children, _node = _children(tree)
    if isinstance(tree, dict):
        return tuple(children), tuple(sorted(tree) if type(tree) is not collections.OrderedDict else tree)
    if type(tree) in trees._registered:
        entry = optree.register_pytree_node.get(type(tree), namespace=trees.NAMESPACE)
        if entry is not None:
            out = entry.flatten_func(tree)
            return tuple(out[0]), out[1]
    return (type(tree) if type(tree) in (list, tuple) else list)(children), None


def flatten_one_level_with_keys(tree: Any) -> tuple[list[tuple[Any, Any]], Any]:
    """The same, each child with its key.

    Raises:
        ValueError: it is a leaf.
    """
    children, node = _children(tree)
    keys = trees.child_keys(node, tree)
    return list(zip(keys, children, strict=True)), flatten_one_level(tree)[1]


class PyTreeRegistry:
    """The types that are nodes of trees: those of Python and those that were registered."""

    def flatten(self, tree: Any, is_leaf: Callable[[Any], bool] | None = None) -> tuple[list[Any], Any]:
        """The leaves of a tree, and its structure."""
        return tree_flatten(tree, is_leaf)

    def flatten_one_level(self, tree: Any) -> tuple[Any, Any] | None:
        """The children of a node and what is kept beside them; None of a leaf."""
        return flatten_one_level(tree) if is_tree_node(type(tree)) else None


default_registry = PyTreeRegistry()

__all__ = [
    "PyTreeDef", "PyTreeRegistry", "build_tree", "default_registry", "tree_broadcast", "tree_transpose", "treedef_children",
    "treedef_is_leaf", "treedef_tuple", "flatten_one_level", "flatten_one_level_with_keys", "is_tree_node",
    "tree_all", "tree_flatten", "tree_flatten_with_path", "tree_leaves", "tree_leaves_with_path", "tree_map",
    "tree_map_with_path", "tree_reduce", "tree_structure", "tree_unflatten",
]  # fmt: skip
