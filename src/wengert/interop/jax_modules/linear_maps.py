"""`jax.vjp`, `linearize` and `linear_transpose`: linear functions, whose arguments have exactly the types that JAX expects."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ... import trees
from ...core import PYTHON_SCALARS, as_array
from ...transforms.forward import FLOAT0
from ...transforms.reverse import linearize as our_linearize
from ...transforms.reverse import vjp as our_vjp
from ...transforms.transposing import linear_transpose as our_linear_transpose
from ...tree_util import Partial
from ..alias import transformation
from ..array import Array, kind_of, wrap
from ..avals import ShapedArray
from ..border import AUX, KEPT_AUX, NUMBERS, LiftedTree, Weak, lift, lower, lowered, lowered_with
from ..conversion import converted
from ..wording import worded
from .noting import Noted, check_callable
from .shapes import ShapeDtypeStruct

Type = tuple[tuple[int, ...], np.dtype]


def _type_of(x: Any) -> Type | None:
    """Shape and dtype of a leaf; None of what is no array. Hot."""
    if type(x) is Array:
        return x._value.shape, x._value.dtype
    if type(x) is np.ndarray and x.dtype == FLOAT0:
        return x.shape, FLOAT0
    if isinstance(x, PYTHON_SCALARS):
        return (), kind_of(x)[0]
    if isinstance(x, (np.ndarray, np.generic)) or hasattr(x, "__jax_array__"):
        return tuple(np.shape(lower(x))), kind_of(x)[0]
    return None


def _text(of: Type) -> str:
    shape, dtype = of
    return f"{'float0' if dtype == FLOAT0 else dtype.name}[{','.join(map(str, shape))}]"


def _types_of(tree: Any) -> tuple[Type | None, ...]:
    """The types of the cotangents of a result."""
    out = []
    for x in trees.leaves(tree):
        found = _type_of(x)
        out.append(found if found is None or found[1].kind not in "iub" else (found[0], FLOAT0))
    return tuple(out)


def _unlike(leaves: list[Any], types: Sequence[Type | None]) -> tuple[Type, Type] | None:
    """The first type that is not the one expected, and that; where one of them is float0, their shapes count."""
    for x, want in zip(leaves, types, strict=True):
        got = _type_of(x)
        if got is None or want is None or got == want:
            continue
        if got[0] != want[0] or FLOAT0 not in (got[1], want[1]):
            return got, want
    return None


class Pullback(LiftedTree):
    """What `vjp` returns: a function of a cotangent, which has the type of the result.

    Raises:
        ValueError: when called, if it has another.
    """

    def __init__(self, inner: Any, types: tuple[Type | None, ...]) -> None:
        super().__init__(inner)
        self.types = types

    def __call__(self, *cotangents: Any) -> Any:
        leaves = trees.leaves(cotangents)
        unlike = _unlike(leaves, self.types) if len(leaves) == len(self.types) else None
        if unlike is not None:
            got, want = map(_text, unlike)
            raise ValueError(
                f"unexpected JAX type (e.g. shape/dtype) for argument to VJP function: got {got}, but expected {want} because "
                f"the corresponding output of the differentiated function had JAX type {want}"
            )
        return super().__call__(*cotangents)


trees.register(Pullback, lambda x: ((x.inner,), x.types), lambda types, children: Pullback(children[0], types))


@worded
def vjp(fun: Callable[..., Any], *primals: Any, has_aux: bool = False, reduce_axes: Any = ()) -> Any:
    """`wengert.vjp`; cotangents are as weak as their primals, and have the dtypes of the results.

    Raises:
        TypeError: `fun` is no function.
    """
    options: dict[str, Any] = {"has_aux": True} if has_aux else {}
    noted = Noted(fun, has_aux)
    out = lift(our_vjp(lowered(noted, AUX if has_aux else False), *lower(primals, NUMBERS), **options))
    value = noted.marked(out[0])
    return (value, Pullback(out[1].inner, _types_of(value)), *out[2:])


@worded
def linearize(fun: Callable[..., Any], *primals: Any, **options: Any) -> Any:
    """`wengert.linearize`; results are as weak as those of `fun`, tangents as weak as their primals."""
    check_callable(fun)
    given = lower(primals, True)
    value, tangent, *aux = our_linearize(lowered(fun, KEPT_AUX if options.get("has_aux") else True), *given, **options)
    leaves, _ = trees.flatten(given, lambda x: type(x) is Weak)
    marks = tuple(type(x) is Weak for x in leaves)
    called = Partial(_Tangents(marks, _types_of(primals)), LiftedTree(tangent))
    return (lift(value), called, *map(_aux, aux))


def _aux(tree: Any) -> Any:
    """Auxiliary results; a Python number that was passed in is one."""
    leaves, treedef = trees.flatten(tree, lambda x: type(x) is Weak)
    plain = [x.value if type(x) is Weak and type(x.value) in PYTHON_SCALARS else x for x in leaves]
    return lift(trees.unflatten(treedef, plain))


@worded
def _applied(linear: Callable[..., Any], tangents: Any) -> Any:
    return lift(linear(*tangents))


class _Tangents:
    """A linear function called with tangents that are as weak as its primals were."""

    def __init__(self, marks: tuple[bool, ...], types: tuple[Type | None, ...]) -> None:
        self.marks, self.types = marks, types

    def __call__(self, tangent: Any, *tangents: Any) -> Any:
        given = trees.leaves(tangents)
        if len(given) != len(self.marks):
            return tangent(*tangents)
        unlike = _unlike(given, self.types)
        if unlike is not None:
            got, want = map(_text, unlike)
            raise ValueError(
                f"linearized function called on tangent values inconsistent with the original primal values:\nGot tangent aval "
                f"{got} for primal aval {want} but expected {want}."
            )
        values = [as_array(lower(x)) for x in given]
        marked = [Weak(x) if m else x for x, m in zip(values, self.marks, strict=True)]
        return _applied(tangent.inner, lowered_with(tangents, marked))

    def __eq__(self, other: Any) -> bool:
        return type(other) is _Tangents and (other.marks, other.types) == (self.marks, self.types)

    def __hash__(self) -> int:
        return hash((self.marks, self.types))


@worded
def linear_transpose(fun: Callable[..., Any], *primals: Any, reduce_axes: Any = ()) -> Any:
    """`wengert.linear_transpose`, of functions of integers to integers too.

    Raises:
        TypeError: a function of floats to integers or the other way round; when called, a cotangent of another type than the
            result's.
    """
    dtypes = [kind_of(x)[0] for x in trees.leaves(primals)]
    results = trees.leaves(transformation("eval_shape")(fun, *primals))
    whole = bool(dtypes) and all(d.kind in "iu" for d in (*dtypes, *[r.dtype for r in results]))
    if not whole and any(d.kind in "iub" for d in (*dtypes, *[r.dtype for r in results])):
        raise TypeError(
            f"linear_transpose only supports [float or complex] -> [float or complex], and integer -> integer functions, but got "
            f"{dtypes} -> {[r.dtype for r in results]}."
        )
    given = trees.map(_in_floats, primals) if whole else primals
    transposed = lift(our_linear_transpose(lowered(fun), *lower(given, NUMBERS)))
    return _Transpose(transposed, tuple((tuple(r.shape), r.dtype) for r in results), dtypes if whole else None)


def _in_floats(x: Any) -> Any:
    return ShapeDtypeStruct(np.shape(lower(x)) if not hasattr(x, "shape") else x.shape, np.dtype(np.float64))


class _Transpose:
    """The transpose of a linear function."""

    def __init__(self, inner: Any, types: tuple[Type, ...], dtypes: list[np.dtype] | None) -> None:
        self.inner, self.types = inner, types  # of its argument
        self.dtypes = dtypes  # of its result, where they are integers

    def __call__(self, *cotangents: Any) -> Any:
        leaves, tree = trees.flatten(cotangents)
        if len(leaves) == len(self.types) and _unlike(leaves, self.types) is not None:
            expected = tuple(ShapedArray(*t) for t in self.types)
            raise TypeError(f"cotangent type does not match function output, expected {expected} but got {leaves}")
        if self.dtypes is not None:
            floats = [wrap(converted(as_array(lower(x)), np.float64)) for x in leaves]
            out, structure = trees.flatten(self.inner(*trees.unflatten(tree, floats)))
            kept = [wrap(converted(lower(x), d)) for x, d in zip(out, self.dtypes, strict=True)]
            return trees.unflatten(structure, kept)
        return self.inner(*cotangents)


__all__ = ["Pullback", "linear_transpose", "linearize", "vjp"]
