"""Branches for users: cond and switch. The primitive is `cond_p` (ops/control/branch.py)."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from contextvars import ContextVar
from typing import Any

import numpy as np

from .. import trees
from ..config import config
from ..core import Tracer, Value, as_value, aval_of, shape_of
from ..errors import ArgumentError, DtypeError, ShapeError
from ..ops.control.primitives import cond_p
from ..ops.elementwise import convert
from ..program import Program, Var
from ..vocabulary import Function
from .bodies import Body, line_of, type_text
from .function import check_arrays, check_callable, name_of, narrowed, shown, values_of
from .known_programs import known_program
from .staging import signature

_NOTHING: Any = object()  # stands where no operand is given


def cond(
    pred: Value, true_fun: Any, false_fun: Any, *operands: Any, operand: Any = _NOTHING, linear: Any = None
) -> Any:
    """``true_fun(*operands)`` where `pred` holds, ``false_fun(*operands)`` otherwise; one of the two runs.

    Args:
        pred: one boolean (or number); where it is known, the function is just called.
        true_fun, false_fun: functions whose results have the same structure and types.
        operands: their arguments, pytrees.
        operand: the one argument, by name.

    Raises:
        TreeError, ShapeError: the results of the two differ in structure or type, whether `pred` is known or not.
        ArgumentError: `pred` is not one value.

    Example:
        >>> float(cond(True, lambda x: x + 1, lambda x: x * 2, 3.0))
        4.0
    """
    __tracebackhide__ = True
    if not callable(true_fun) and len(operands) >= 2 and callable(false_fun):  # cond(pred, a, f, b, g) of old
        a, f, b, g = true_fun, false_fun, operands[0], operands[1]
        return cond(pred, lambda ops: f(ops[0]), lambda ops: g(ops[1]), (a, b))
    if operand is not _NOTHING and not operands:
        operands = (operand,)
    try:
        check_callable(true_fun, "cond")
        check_callable(false_fun, "cond")
        pred = as_value(pred)
        if shape_of(pred):
            raise ArgumentError(
                f"cond: the predicate is one value, got an array of shape {shape_of(pred)}; use vmap or where for many"
            )
        if not isinstance(pred, Tracer):
            check_arrays(operands, "cond")
            _check_agreement([false_fun, true_fun], operands, "cond")
            return (true_fun if pred else false_fun)(*narrowed(operands))
        index = convert(pred if pred.dtype.kind == "b" else pred != 0, np.int32)
        return _branches(index, [false_fun, true_fun], operands, "cond")
    except Exception as error:
        raise shown(error)


def switch(index: Value, branches: Sequence[Function], *operands: Any, operand: Any = _NOTHING) -> Any:
    """``branches[index](*operands)``; an index out of range is moved into it.

    Args:
        index: one integer; where it is known, the function is just called.
        branches: functions whose results have the same structure and types.
        operands: their arguments, pytrees.

    Example:
        >>> float(switch(1, [lambda x: x, lambda x: x * x], 3.0))
        9.0
    """
    __tracebackhide__ = True
    if operand is not _NOTHING and not operands:
        operands = (operand,)
    try:
        branches = list(branches)
        if not branches:
            raise ArgumentError("switch: there are no branches")
        for f in branches:
            check_callable(f, "switch")
        index = as_value(index)
        if shape_of(index) or aval_of(index).dtype.kind not in "iu":
            raise ArgumentError(f"switch: the index is one integer, got {type_text(aval_of(index))}")
        if not isinstance(index, Tracer):
            check_arrays(operands, "switch")
            _check_agreement(branches, operands, "switch")
            return branches[min(max(int(index), 0), len(branches) - 1)](*narrowed(operands))
        if len(branches) == 1:
            return branches[0](*operands)
        return _branches(index, branches, operands, "switch")
    except Exception as error:
        raise shown(error)


def _branches(index: Value, functions: Sequence[Any], operands: Sequence[Any], what: str) -> Any:
    leaves, tree = trees.flatten(tuple(operands))
    values = values_of(leaves, tree, what, root="operands")
    avals = [aval_of(v) for v in values]
    bodies = [Body(f, tree, avals, what) for f in functions]
    _compare(bodies, functions, what)
    first = bodies[0]
    closed: dict[int, Value] = {}
    for b in bodies:
        closed.update((id(c), c) for c in b.closed)
    order = list(closed)
    programs = tuple(_with_closed(b, order, list(closed.values())) for b in bodies)
    outs = cond_p.bind(index, *closed.values(), *values, branches=programs)
    return trees.unflatten(first.tree, outs)


_agreed: OrderedDict[Any, None] = (
    OrderedDict()
)  # branches of known choices that were compared, with their arguments' types
_MOST = 1024
_depth: ContextVar[int] = ContextVar("comparisons of branches under way", default=0)


def _check_agreement(functions: Sequence[Any], operands: Sequence[Any], what: str) -> None:
    """Branches must agree where the choice is known, too. Those of the same code are traced once, for that.

    Raises:
        TreeError, ShapeError: the results of two differ in structure or type.
    """
    codes = [getattr(f, "__code__", None) for f in functions]
    if None in codes or _depth.get() > 1 or config.debugging:
        return
    leaves, tree = trees.flatten(tuple(operands))
    try:
        values = [as_value(x) for x in leaves]
    except DtypeError:
        return  # a known choice may be between functions of anything
    key = (tuple(codes), tree, signature(values), config.enable_x64)
    if key in _agreed:
        return
    token = _depth.set(_depth.get() + 1)
    try:
        with np.errstate(all="ignore"):
            bodies = [Body(f, tree, [aval_of(v) for v in values], what) for f in functions]
    except Exception:
        return  # what cannot be traced, as Python's choices by value, is called all the same
    finally:
        _depth.reset(token)
    _compare(bodies, functions, what)
    _agreed[key] = None
    if len(_agreed) > _MOST:
        _agreed.popitem(last=False)


def _compare(bodies: Sequence[Body], functions: Sequence[Any], what: str) -> None:
    first = bodies[0]
    for f, body in zip(functions[1:], bodies[1:], strict=True):
        if body.tree != first.tree:
            trees.check_same_structure(
                first.tree,
                body.tree,
                f"{what}: the result of {name_of(f)}{line_of(f)}, unlike that of {name_of(functions[0])}{line_of(functions[0])},",
            )
        for (path, a), b in zip(
            trees.flatten_with_paths(trees.unflatten(first.tree, first.program.out_avals))[0],
            body.program.out_avals,
            strict=True,
        ):
            if a.shape != b.shape:
                raise ShapeError(
                    f"{what}: {name_of(functions[0])}{line_of(functions[0])} and {name_of(f)}{line_of(f)} return different "
                    f"types{' at ' + path if path else ''}: {type_text(a)} and {type_text(b)}"
                )
    dtypes = [
        np.result_type(*[b.program.out_avals[k].dtype for b in bodies]) for k in range(len(first.program.out_avals))
    ]
    for k, d in enumerate(dtypes):
        for f, b in zip(functions, bodies, strict=True):
            if b.program.out_avals[k].dtype != d:
                raise ShapeError(
                    f"{what}: the branches return different dtypes: {name_of(f)}{line_of(f)} gives "
                    f"{b.program.out_avals[k].dtype} where another gives {d}; convert it with astype({d.name!r})"
                )


def _with_closed(body: Body, order: Sequence[int], values: Sequence[Value]) -> Program:
    """The Program of a branch that takes what all branches close over."""
    mine = {id(c): v for c, v in zip(body.closed, body.program.inputs, strict=False)}
    closed = [mine[i] if i in mine else Var(aval_of(v)) for i, v in zip(order, values, strict=True)]
    p = body.program
    return known_program(Program([*closed, *p.inputs[len(body.closed) :]], p.equations, p.outputs, p.name, p.masked))


__all__ = ["cond", "switch"]
