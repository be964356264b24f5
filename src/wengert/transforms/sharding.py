"""Functions over a mesh: `shard_map`, `with_sharding_constraint`, and what says how an array is cut.

A mesh is one of JAX's, or a mapping from the names of its axes to their lengths, for which the backend finds devices. On backends
other than XLA the places of a mesh are computed together, as a batch.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from typing import Any

import numpy as np

from .. import trees
from ..core import Aval, aval_of
from ..errors import ArgumentError
from ..ops.shards import MeshAxis, Spec, cut, index_aval, mentioned, of_parts, shard_map_p, sharding_constraint_p
from ..ops.varying import varying
from ..prefixes import broadcast_prefix
from ..vocabulary import Function, Tree
from .batching import axis_env
from .forward import check_output
from .function import check_callable, name_of, shown, values_of
from .staging import stage


class PartitionSpec:
    """How an array is cut: for each of its axes the name of a mesh axis, a tuple of names, or None. JAX's is taken as well.

    Example:
        >>> from wengert.sharding import PartitionSpec as P
        >>> P("data", None)
        P('data', None)
    """

    __slots__ = ("_parts",)

    def __init__(self, *parts: Any) -> None:
        self._parts = parts

    def __iter__(self) -> Iterator[Any]:
        return iter(self._parts)

    def __len__(self) -> int:
        return len(self._parts)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PartitionSpec) and other._parts == self._parts

    def __hash__(self) -> int:
        return hash(self._parts)

    def __repr__(self) -> str:
        return f"P({', '.join(map(repr, self._parts))})"


class Mesh:
    """Names and lengths of the axes of a mesh, without devices.

    Args:
        axes: from names to lengths.

    Example:
        >>> from wengert.sharding import Mesh
        >>> Mesh({"data": 2, "model": 4}).size
        8
    """

    __slots__ = ("shape",)

    def __init__(self, axes: Mapping[Hashable, int]) -> None:
        if not axes or any(int(n) < 1 for n in axes.values()):
            raise ArgumentError(f"a mesh has axes of one place or more, got {dict(axes)}")
        self.shape = {name: int(n) for name, n in axes.items()}

    @property
    def axis_names(self) -> tuple[Hashable, ...]:
        return tuple(self.shape)

    @property
    def size(self) -> int:
        return int(np.prod(list(self.shape.values())))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Mesh) and list(other.shape.items()) == list(self.shape.items())

    def __hash__(self) -> int:
        return hash(tuple(self.shape.items()))

    def __repr__(self) -> str:
        return f"Mesh({self.shape})"


def as_mesh(mesh: Any) -> Any:
    """What has the axes of a mesh.

    Raises:
        ArgumentError: it is no mesh.
    """
    if isinstance(mesh, Mapping):
        return Mesh(mesh)
    if not hasattr(mesh, "axis_names") or not hasattr(mesh, "shape"):
        raise ArgumentError(
            f"a mesh is one of JAX's (jax.make_mesh) or a dict of the lengths of its axes, such as {{'data': 4}}; got {mesh!r}"
        )
    return mesh


def is_spec(x: Any) -> bool:
    return x is None or type(x).__name__ in ("PartitionSpec", "P")


def as_spec(spec: Any, mesh: Any) -> Spec:
    """A spec in the form of `ops.shards`.

    Raises:
        ArgumentError: it is none, names an axis that the mesh has not, or one twice.
    """
    if not is_spec(spec):
        raise ArgumentError(
            f"shard_map: a spec is a PartitionSpec, such as P('data'), or None for what is whole in each place; got {spec!r}"
        )
    parts = tuple(
        () if part is None else tuple(part) if isinstance(part, (tuple, list)) else (part,) for part in spec or ()
    )
    names = [name for part in parts for name in part]
    for name in names:
        if name not in mesh.shape:
            known = ", ".join(map(repr, mesh.shape))
            raise ArgumentError(f"shard_map: {spec!r} names the axis {name!r}; those of the mesh are {known}")
    if len(set(names)) < len(names):
        raise ArgumentError(f"shard_map: {spec!r} names an axis of the mesh twice")
    return parts


def _specs(prefix: Any, tree: Tree, mesh: Any, what: str) -> tuple[Spec, ...]:
    """A spec for each leaf."""
    found = broadcast_prefix(_boxed(prefix), tree, what=f"shard_map: {what}", root=what)
    return tuple(as_spec(box.spec, mesh) for box in found)


class _Box:
    """A spec as a leaf, None and tuples among them."""

    __slots__ = ("spec",)

    def __init__(self, spec: Any) -> None:
        self.spec = spec


def _boxed(prefix: Any) -> Any:
    return trees.map(_Box, prefix, is_leaf=lambda x: x is None or is_spec(x))


def shard_map(f: Function | None = None, *, mesh: Any, in_specs: Any, out_specs: Any, check_vma: bool = True) -> Any:
    """A function of whole arrays, computed by `f` on their parts, one for each place of a mesh.

    In `f` the names of the mesh's axes stand for the places along them: `lax.psum`, `lax.ppermute`, `lax.all_gather` and their
    kin exchange between places, `lax.axis_index` says which place this is. It may be differentiated, mapped and compiled.
    Under ``jit(..., backend="xla")`` every place is a device and exchanges are collectives of XLA; elsewhere the places are
    computed together, as by `vmap`, with the same results.

    Args:
        f: a function of arrays and pytrees of them, each the part of one place; left out, a decorator is returned.
        mesh: a ``jax.sharding.Mesh``, or a dict from names of axes to their lengths.
        in_specs: how arguments are cut: a `PartitionSpec`, None for what is whole in each place, or a tuple of these for the
            arguments, pytree prefixes of them.
        out_specs: how results are joined; a pytree prefix of them. What a spec does not name is the same in all places.
        check_vma: whether to refuse a result that may differ along an axis that its spec does not name; where not, the
            first place counts.

    Raises:
        ArgumentError: specs do not fit the arguments, or the results, or the mesh.
        ShapeError: an axis cannot be cut into equal parts.

    Example:
        >>> import wengert, wengert.numpy as wnp
        >>> from wengert.sharding import shard_map, PartitionSpec as P
        >>> def mean_of_parts(x):
        ...     return wengert.lax.pmean(wnp.mean(x), "data")
        >>> f = shard_map(mean_of_parts, mesh={"data": 2}, in_specs=P("data"), out_specs=P())
        >>> float(f(wnp.arange(4.0)))
        1.5
        >>> wengert.grad(f)(wnp.arange(4.0))
        array([0.25, 0.25, 0.25, 0.25])
    """
    if f is None:
        return lambda g: shard_map(g, mesh=mesh, in_specs=in_specs, out_specs=out_specs, check_vma=check_vma)
    check_callable(f, "shard_map")
    mesh = as_mesh(mesh)

    def sharded(*args: Any) -> Any:
        __tracebackhide__ = True
        try:
            return _run(f, args, mesh, in_specs, out_specs, check_vma)
        except Exception as error:
            raise shown(error)

    sharded.__name__ = sharded.__qualname__ = f"shard_map of {name_of(f)}"
    return sharded


def _run(f: Any, args: tuple[Any, ...], mesh: Any, in_specs: Any, out_specs: Any, check: bool) -> Any:
    leaves, tree = trees.flatten((args, {}))
    values = values_of(leaves, tree, "shard_map", f)
    args_tree = trees.structure(args)
    ins = _specs(list(in_specs) if isinstance(in_specs, list) else in_specs, args_tree, mesh, "in_specs")
    sizes: dict[Any, int] = dict(mesh.shape)
    paths = [path for path, _ in trees.flatten_with_paths(args)[0]]
    parts = []
    for v, spec, path in zip(values, ins, paths, strict=True):
        a = aval_of(v)
        parts.append(Aval(cut(a.shape, spec, sizes, f"the argument {path}"), a.dtype, a.weak))
    seen: list[Any] = []
    k = len(sizes)

    def body(*inputs: Any) -> list[Any]:
        axes = {name: MeshAxis(n, index) for (name, n), index in zip(sizes.items(), inputs, strict=False)}
        token = axis_env.set({**axis_env.get(), **axes})
        try:
            out = f(*trees.unflatten(args_tree, inputs[k:]))
        finally:
            axis_env.reset(token)
        out_leaves, out_tree = trees.flatten(out)
        seen.append(out_tree)
        return [check_output(x, f) for x in out_leaves]

    program, hoisted = stage(body, [*[index_aval()] * k, *parts], name_of(f), "shard_map")
    if hoisted:  # traced values that the function closes over, whole in each place
        n = len(hoisted)
        program.inputs = [*program.inputs[n : n + k], *program.inputs[:n], *program.inputs[n + k :]]
        ins = (*[()] * n, *ins)
        values = [*hoisted, *values]
    outs = _specs(out_specs, seen[0], mesh, "out_specs")
    differs = varying(program, of_parts(program, mesh, ins))
    for a, spec, found in zip(program.out_avals, outs, differs, strict=True):
        if len(spec) > len(a.shape):
            raise ArgumentError(
                f"shard_map of {name_of(f)}: a result of shape {a.shape} has a spec of {len(spec)} axes"
            )
        for name in found - mentioned(spec) if check else ():
            raise ArgumentError(
                f"shard_map of {name_of(f)}: a result may differ along {name!r}, which its spec does not name: name it in "
                f"out_specs, make the result the same everywhere (lax.psum, lax.pmean), or pass check_vma=False"
            )
    return trees.unflatten(seen[0], shard_map_p.bind(*values, body=program, mesh=mesh, ins=ins, outs=outs))


def with_sharding_constraint(x: Any, shardings: Any) -> Any:
    """The same arrays, which are to lie on devices as `shardings` say. On backends other than XLA that means nothing.

    Args:
        x: an array, or a pytree of them.
        shardings: a sharding of JAX's (``jax.sharding.NamedSharding``), or a pytree prefix of them.

    Example:
        >>> import wengert.numpy as wnp
        >>> from wengert.sharding import with_sharding_constraint
        >>> with_sharding_constraint(wnp.ones(2), None)
        array([1., 1.])
    """
    leaves, tree = trees.flatten(x)
    boxes = broadcast_prefix(
        trees.map(_Box, shardings, is_leaf=lambda s: s is None), tree, what="with_sharding_constraint", root="x"
    )
    values = values_of(leaves, tree, "with_sharding_constraint", root="x")
    out = [
        v if b.spec is None else sharding_constraint_p.bind(v, sharding=b.spec)
        for v, b in zip(values, boxes, strict=True)
    ]
    return trees.unflatten(tree, out)


__all__ = ["Mesh", "PartitionSpec", "shard_map", "with_sharding_constraint"]
