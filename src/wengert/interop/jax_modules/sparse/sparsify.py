"""`sparsify`: functions of dense arrays, run on sparse ones by a rule for each operation."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import numpy as np

from ....core import Primitive, Tracer
from ....ops.control.operands import LoopOperands, ScanOperands
from ....ops.families import Elementwise
from ....program import Literal, Program, programs_of
from ...border import lift, lower
from . import moving, products
from .arithmetic import add
from .base import JAXSparse, jax, jnp, lax
from .bcoo import BCOO
from .compressed import BCSR

MARK = "sparse.todense"
_RULES: dict[str, Callable[..., Any]] = {}


def sparsify(f: Callable[..., Any], use_tracer: bool = False) -> Callable[..., Any]:
    """The function for arguments of which some are sparse; results stay sparse where they have few elements.

    Args:
        f: a function of arrays, written for dense ones.
        use_tracer: no effect: the function is traced once, and its operations run by their rules.

    Raises:
        NotImplementedError: an operation on a sparse array that has no rule, such as one that is not 0 at 0.

    Example:
        >>> import numpy as np
        >>> m = BCOO.fromdense(np.array([[0.0, 2.0], [3.0, 0.0]]))
        >>> sparsify(lambda m: (2 * m.T).sum(0))(m).todense()
        Array([4., 6.], dtype=float64)
    """

    @functools.wraps(f)
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        is_sparse = lambda x: isinstance(x, JAXSparse)  # noqa: E731
        leaves, tree = jax.tree.flatten((args, kwargs), is_leaf=is_sparse)
        leaves = [x.to_bcoo() if isinstance(x, BCSR) else x for x in leaves]
        if not any(map(is_sparse, leaves)):
            return f(*args, **kwargs)
        shown = [jax.ShapeDtypeStruct(x.shape, x.dtype) if is_sparse(x) else x for x in leaves]
        dense_args, dense_kwargs = jax.tree.unflatten(tree, shown)
        out_tree: list[Any] = []

        def flat(*xs: Any, **ks: Any) -> Any:
            out, told = jax.tree.flatten(f(*xs, **ks))
            out_tree.append(told)
            return out

        closed = jax.make_jaxpr(flat)(*dense_args, **dense_kwargs)
        results = run(closed.jaxpr.program, [*map(lower, closed.consts), *map(_lowered, leaves)])
        for r in results:
            if isinstance(r, _Beside):
                r.refuse()
        return jax.tree.unflatten(out_tree[-1], [r if is_sparse(r) else lift(r) for r in results])

    return wrapped


def _lowered(x: Any) -> Any:
    return x if isinstance(x, JAXSparse) else lower(jnp.asarray(x))


def run(program: Program, args: Sequence[Any]) -> list[Any]:
    """The results of a Program for values of which some are sparse."""
    env: dict[int, Any] = {id(v): a for v, a in zip(program.inputs, args, strict=True)}
    for eqn in program.equations:
        values = [a.value if isinstance(a, Literal) else env[id(a)] for a in eqn.inputs]
        if any(isinstance(v, JAXSparse) for v in values):
            out = _sparse(eqn.primitive, values, eqn.params)
        else:
            out = eqn.primitive.bind(*values, **eqn.params)
        outs = out if eqn.primitive.multiple_results else [out]
        env.update((id(v), o) for v, o in zip(eqn.outputs, outs, strict=True))
    return [a.value if isinstance(a, Literal) else env[id(a)] for a in program.outputs]


def _sparse(primitive: Primitive, values: list[Any], params: dict[str, Any]) -> Any:
    elementwise = isinstance(primitive, Elementwise) or primitive.name in ("convert", "real", "imag", "conj")
    if elementwise and (found := _by_places(primitive, values, params)) is not None:
        return found
    for v in values:
        if isinstance(v, _Beside):
            v.refuse()
    rule = _RULES.get(primitive.name)
    if rule is not None:
        return rule(*values, **params)
    raise NotImplementedError(f"sparse rule for {primitive.name} is not implemented.")


class _Beside(BCOO):
    """A function of the elements of a sparse array that is not 0 where there are none: `beside` is its value there."""

    beside: Any
    of: str

    def refuse(self) -> NoReturn:
        """Raise: the array is dense."""
        raise NotImplementedError(
            f"sparse rule for {self.of} is not implemented because it would result in dense output. If this is your "
            "intent, use sparse.todense() to convert your arguments to dense matrices."
        )


def _by_places(primitive: Primitive, values: list[Any], params: dict[str, Any]) -> Any:
    """An elementwise function of arrays of the same places, and of numbers: of their elements, and of what is beside them."""
    mats = [v for v in values if isinstance(v, BCOO)]
    if any(isinstance(v, JAXSparse) and not isinstance(v, BCOO) for v in values):
        return None
    first = mats[0]
    if any(m.indices is not first.indices for m in mats):
        return None
    if (len(mats) > 1 and not first.unique_indices) or any(np.ndim(v) for v in values if not isinstance(v, JAXSparse)):
        return None
    beside = [
        (v.beside if isinstance(v, _Beside) else v.dtype.type(0)) if isinstance(v, JAXSparse) else v for v in values
    ]
    there = primitive.bind(*beside, **params)
    if not first.unique_indices and primitive.name not in _ADDITIVE and isinstance(primitive, Elementwise):
        first = first.sum_duplicates()
        mats[0] = first
        values = [first if isinstance(v, JAXSparse) else v for v in values]
    data = lift(primitive.bind(*[lower(v.data) if isinstance(v, JAXSparse) else v for v in values], **params))
    if isinstance(there, Tracer) or np.any(np.asarray(there)):
        out: Any = _Beside.tree_unflatten(first.tree_flatten()[1], (data, first.indices))
        out.beside, out.of = there, primitive.name
        return out
    return first.with_data(data)


# Linear functions, for which the elements at one place need not be added first.
_ADDITIVE = ("negative", "positive", "multiply", "divide")


def _rule(*names: str) -> Callable[[Any], Any]:
    def put(rule: Any) -> Any:
        for name in names:
            _RULES[name] = rule
        return rule

    return put


def _lifted(x: Any) -> Any:
    return x if isinstance(x, JAXSparse) else lift(x)


def _back(x: Any) -> Any:
    return x if isinstance(x, JAXSparse) else lower(x)


@_rule("multiply")
def _multiply(x: Any, y: Any) -> Any:
    return x * lift(y) if not isinstance(y, BCOO) else _lifted(x) * y if isinstance(x, BCOO) else y * lift(x)


@_rule("divide")
def _divide(x: Any, y: Any) -> Any:
    if not isinstance(x, BCOO):
        raise NotImplementedError("sparse rule for div by a sparse array is not implemented: it divides by 0")
    return x / _lifted(y)


@_rule("add")
def _add(x: Any, y: Any) -> Any:
    if not (isinstance(x, BCOO) and isinstance(y, BCOO)):
        raise NotImplementedError(
            "Addition between a sparse array and a dense array is not implemented: the result is dense; use sparse.todense()"
        )
    return add(x, y)


@_rule("subtract")
def _subtract(x: Any, y: Any) -> Any:
    return _add(x, y.with_data(-y.data) if isinstance(y, BCOO) else lift(y))


@_rule("power")
def _power(x: Any, y: Any) -> Any:
    raise NotImplementedError("sparse rule for pow is not implemented for exponents that are arrays")


@_rule("dot_general")
def _dot(x: Any, y: Any, *, dims: Any, **_: Any) -> Any:
    return _back(products.bcoo_dot_general(_lifted(x), _lifted(y), dimension_numbers=dims))


@_rule("reduce_sum")
def _sum(x: BCOO, *, axes: Any, **_: Any) -> Any:
    out = products.bcoo_reduce_sum(x, axes=axes)
    return lower(out.todense()) if not out.ndim else out


@_rule("transpose")
def _transpose(x: BCOO, *, axes: Any) -> BCOO:
    return moving.bcoo_transpose(x, permutation=axes)


@_rule("reshape")
def _reshape(x: BCOO, *, shape: Any, **_: Any) -> BCOO:
    return moving.bcoo_reshape(x, new_sizes=shape)


@_rule("broadcast_to")
def _broadcast(x: BCOO, *, shape: Any) -> BCOO:
    dims = range(len(shape) - x.ndim, len(shape))
    return moving.bcoo_broadcast_in_dim(x, shape=shape, broadcast_dimensions=dims)


@_rule("concatenate")
def _concatenate(*operands: Any, axis: int) -> BCOO:
    if not all(isinstance(m, BCOO) for m in operands):
        raise NotImplementedError("sparse rule for concatenate of sparse and dense arrays is not implemented.")
    return moving.bcoo_concatenate(operands, dimension=axis)


@_rule("index")
def _index(x: BCOO, *, index: Any) -> BCOO:
    return moving.getitem(x, tuple(slice(*k) if isinstance(k, tuple) else k for k in index))


@_rule("reverse")
def _reverse(x: BCOO, *, axes: Any) -> BCOO:
    return moving.bcoo_rev(x, axes)


@_rule("gather")
def _gather(x: Any, *places: Any, axes: Any) -> BCOO:
    if not isinstance(x, BCOO) or tuple(axes) != (0,) or any(isinstance(p, JAXSparse) for p in places):
        raise NotImplementedError("sparse rule for gather is there for indices of the first axis.")
    return moving.getitem(x, lift(places[0]))


@_rule("call", "checkpoint", "jit")
def _call(*values: Any, **params: Any) -> Any:
    (program,) = programs_of(params)
    return run(program, values)


@_rule("cond")
def _cond(index: Any, *operands: Any, branches: Any, **_: Any) -> Any:
    if isinstance(index, JAXSparse):
        raise NotImplementedError("sparse rule for cond by a sparse value is not implemented.")
    functions = [lambda *xs, b=b: tuple(map(_lifted, run(b, [*map(_back, xs)]))) for b in branches]
    return [_back(r) for r in lax.switch(lift(index), functions, *map(_lifted, operands))]


@_rule("while")
def _while(*values: Any, operands: LoopOperands, **params: Any) -> Any:
    test, body = programs_of(params)
    before, after, start = operands.split(values)
    carry = tuple(map(_lifted, start))
    out = lax.while_loop(
        lambda c: lift(run(test, [*before, *map(_back, c)])[0]),
        lambda c: tuple(map(_lifted, run(body, [*after, *map(_back, c)]))),
        carry,
    )
    return [_back(r) for r in out]


@_rule("scan")
def _scan(*values: Any, operands: ScanOperands, length: int, reverse: bool, **params: Any) -> Any:
    (body,) = programs_of(params)
    fixed, start, rows = operands.split(values)
    if any(isinstance(x, JAXSparse) for x in rows):
        raise NotImplementedError("sparse rule for scan with x values.")

    def step(c: Any, x: Any) -> Any:
        out = [*map(_lifted, run(body, [*fixed, *map(_back, c), *map(lower, x)]))]
        return tuple(out[: operands.carry]), tuple(out[operands.carry :])

    last, ys = lax.scan(step, tuple(map(_lifted, start)), tuple(map(lift, rows)), length=length, reverse=reverse)
    return [_back(r) for r in (*last, *ys)]


def _name(x: Any, *, name: str, **_: Any) -> Any:
    return lower(x.todense()) if name == MARK else x


_RULES["name"] = _name
