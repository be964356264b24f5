"""`jax.tree_util.PyTreeDef`: the structure of a tree, which prints, and is taken apart, as JAX's."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import optree

from ... import tree_util as ours
from ... import trees
from ..border import in_order
from ..wording import in_jax_words

_KINDS = optree.PyTreeKind


class PyTreeDef:
    """The structure of a tree.

    Args:
        spec: optree's.

    Example:
        >>> PyTreeDef(trees.structure({"a": (1, None)}))
        PyTreeDef({'a': (*, None)})
    """

    __slots__ = ("spec",)
    __module__ = "jax.tree_util"

    def __init__(self, spec: Any) -> None:
        self.spec = spec

    @property
    def num_leaves(self) -> int:
        return self.spec.num_leaves

    @property
    def num_nodes(self) -> int:
        return self.spec.num_nodes

    def children(self) -> list[PyTreeDef]:
        """The structures of the children of the root."""
        return [PyTreeDef(c) for c in self.spec.children()]

    def node_data(self) -> tuple[type, Any] | None:
        """The type of the root and what is kept beside its children; None of a leaf."""
        kind = self.spec.kind
        if kind == _KINDS.LEAF:
            return None
        if kind == _KINDS.NONE:
            return type(None), None
        if kind == _KINDS.DICT:
            return dict, list(self.spec.entries())
        if kind in (_KINDS.TUPLE, _KINDS.LIST):
            return self.spec.type, None
        return self.spec.type, _metadata(self.spec)

    def is_leaf(self, strict: bool = True) -> bool:
        return self.spec.is_leaf(strict=strict)

    def unflatten(self, leaves: Iterable[Any]) -> Any:
        """The tree with these leaves.

        Raises:
            ValueError: they are too few or too many.
        """
        try:
            return in_order(ours.tree_unflatten(self.spec, leaves))
        except (TypeError, ValueError) as error:
            raise in_jax_words(error, "tree_unflatten")  # noqa: B904 (the same error)

    def flatten_up_to(self, tree: Any) -> list[Any]:
        """What stands in another tree at the leaves of this structure.

        Raises:
            ValueError: the other tree has another structure above them.
        """
        try:
            return self.spec.flatten_up_to(tree)
        except (TypeError, ValueError) as error:
            raise ValueError(str(error).replace("PyTreeSpec", "PyTreeDef")) from None

    def compose(self, inner: Any) -> PyTreeDef:
        """The structure with another one at each leaf."""
        return PyTreeDef(self.spec.compose(spec_of(inner)))

    def walk(self, f_node: Callable[..., Any], f_leaf: Callable[[Any], Any] | None, leaves: Iterable[Any]) -> Any:
        """The leaves from below: `f_leaf` of each, and of each node ``f_node(children, data)``."""
        return _walked(self.spec, f_node, f_leaf or (lambda x: x), iter(leaves))

    def from_iterable_tree(self, xs: Any) -> Any:
        """The tree of nested iterables of the same structure."""
        return ours.build_tree(self.spec, xs)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, (PyTreeDef, optree.PyTreeSpec)) and self.spec == spec_of(other)

    def __hash__(self) -> int:
        return hash(self.spec)

    def __repr__(self) -> str:
        return f"PyTreeDef({_text(self.spec)})"

    def __reduce__(self) -> Any:
        return PyTreeDef, (self.spec,)


def spec_of(treedef: Any) -> Any:
    """The structure as optree has it."""
    return treedef.spec if type(treedef) is PyTreeDef else treedef


def _walked(spec: Any, f_node: Callable[..., Any], f_leaf: Callable[[Any], Any], leaves: Any) -> Any:
    if spec.kind == _KINDS.LEAF:
        return f_leaf(next(leaves))
    children = tuple(_walked(c, f_node, f_leaf, leaves) for c in spec.children())
    data = PyTreeDef(spec).node_data()
    return f_node(children, None if data is None else data[1])


def _metadata(spec: Any) -> Any:
    """What is kept beside the children of a node of another type than tuple, list and dict."""
    if spec.kind == _KINDS.NAMEDTUPLE:
        return spec.type
    if spec.kind == _KINDS.ORDEREDDICT:
        return tuple(spec.entries())
    if spec.kind == _KINDS.DEFAULTDICT:
        return _one_level(spec).default_factory, tuple(spec.entries())
    entry = optree.register_pytree_node.get(spec.type, namespace=trees.NAMESPACE)
    return None if entry is None else entry.flatten_func(_one_level(spec))[1]


def _one_level(spec: Any) -> Any:
    """A node of this structure, with whatever as its children."""
    return spec.one_level().unflatten([None] * spec.num_children)


def _text(spec: Any) -> str:
    kind = spec.kind
    if kind == _KINDS.LEAF:
        return "*"
    if kind == _KINDS.NONE:
        return "None"
    children = [_text(c) for c in spec.children()]
    if kind == _KINDS.TUPLE:
        return f"({children[0]},)" if len(children) == 1 else f"({', '.join(children)})"
    if kind == _KINDS.DICT:
        return f"{{{', '.join(f'{k!r}: {c}' for k, c in zip(spec.entries(), children, strict=True))}}}"
    listed = f"[{', '.join(children)}]"
    if kind == _KINDS.LIST:
        return listed
    if kind == _KINDS.NAMEDTUPLE:
        return f"CustomNode(namedtuple[{spec.type.__name__}], {listed})"
    data = _metadata(spec)
    if kind == _KINDS.ORDEREDDICT:
        data = f"({data!r})" if not data else f"({', '.join(map(repr, data))}{',' if len(data) == 1 else ''})"
    return f"CustomNode({spec.type.__name__}[{data}], {listed})"


__all__ = ["PyTreeDef", "spec_of"]
