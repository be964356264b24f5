"""Trees that begin as another does: prefixes such as in_axes, and tangents with None for subtrees that are zero."""

from __future__ import annotations

import itertools
from typing import Any

from optree import PyTreeKind
from optree import PyTreeSpec as TreeDef

from wengert.errors import TreeError
from wengert.tree_keys import KeyPath, keystr

from .trees import (
    STAND_INS,
    IsLeaf,
    _at,
    _describe_value,
    _leaf_types,
    _leaves_below,
    _meant,
    child_keys,
    describe,
    flatten,
    structure,
)


def _unlike(what: str, got: TreeDef, treedef: TreeDef, path: KeyPath) -> TreeError:
    left, right = describe(got), describe(treedef)
    if left == right:  # the same class with other metadata
        left, right = f"the structure {got}", f"the structure {treedef}"
    return TreeError(f"{what} has {left}{_at(keystr(path))}, where {right} was expected")


def leaves_or_none(treedef: TreeDef, tree: Any, what: str) -> list[Any]:
    """The leaves of a tree of tangents or cotangents at the leaves of treedef; None stands for a zero subtree.

    >>> leaves_or_none(structure({"a": (0, 0), "b": None, "c": 0}), {"a": None, "b": None, "c": 1.0}, "the tangent")
    [None, None, 1.0]
    """
    flat, got = flatten(tree)
    if got == treedef:
        return flat
    out: list[Any] = []

    def below_stand_in(meant: TreeDef, got: TreeDef, below: Any, given: Any, path: KeyPath) -> None:
        """The same below a node that stands for another: `below` and `given` are its children, in the order of leaves."""
        if got.kind == PyTreeKind.NONE:
            out.extend([None] * sum(next(below).num_leaves for _ in range(meant.num_leaves)))
        elif meant.is_leaf() and got.is_leaf():
            walk(next(below), next(given), path)
        elif meant.is_leaf() or got.is_leaf() or meant.one_level() != got.one_level():
            raise _unlike(what, got, meant, path)
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
            raise _unlike(what, got, treedef, path)
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
