"""Equations of Programs in JAX's form: the primitives of `jax.lax` with their parameters, as `table.py` says.

An operation without a row there is shown as an `Own` primitive: it has the library's parameters, and its `bind` is that operation.
A jaxpr has it as it is; a trace that a library wrote is asked for the operations that it is composed of, where it is.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ...core import PYTHON_SCALARS, Aval, Tracer, as_array, aval_of
from ...core import Primitive as Operation
from ...ops.elementwise import add_p
from ...program import Equation, Program
from ...program import Literal as OurLiteral
from ..array import wrap
from ..avals import shaped
from ..border import lift, lower
from ..primitive_names import NAMES
from .jaxpr import JaxprEqn, Literal, Var, literal
from .primitive import Applied, Primitive, no_effects

Row = Callable[..., Any]
ROWS: dict[str, Row] = {}  # by the name of the operation; `table` fills it


def row(*names: str) -> Callable[[Row], Row]:
    """Make a function the row of operations."""

    def noted(f: Row) -> Row:
        ROWS.update(dict.fromkeys(names, f))
        return f

    return noted


class Own(Primitive):
    """An operation of the library's that JAX has none of, or none with these parameters."""

    def __init__(self, operation: Operation, name: str | None = None) -> None:
        super().__init__(name or NAMES.get(operation.name, operation.name))
        self.operation, self.multiple_results = operation, operation.multiple_results
        self.function = operation.bind

    def bind(self, *args: Any, **params: Any) -> Any:
        """The operation on arrays."""
        return lift(self.operation.bind(*[as_array(v) for v in lower(args)], **params))

    def impl(self, *args: Any, **params: Any) -> Any:
        return self.bind(*args, **params)

    def abstract_eval(self, *avals: Any, **params: Any) -> Any:
        out = self.operation.abstract(*avals, **params)
        return [shaped(a) for a in out] if self.multiple_results else shaped(out), no_effects


@functools.cache
def own(operation: Operation) -> Own:
    """The primitive that stands for an operation of the library's."""
    return Own(operation)


add_jaxvals_p = Own(add_p, "add_any")


class Writer:
    """Writes equations of a jaxpr."""

    def __init__(self) -> None:
        from .source import SourceInfo

        self.equations: list[JaxprEqn] = []
        self.place = SourceInfo

    def __call__(self, primitive: Primitive, xs: Sequence[Any], avals: Any, /, **params: Any) -> Any:
        """An equation; the variables of its results."""
        many = isinstance(avals, list)
        outs = [Var(shaped(a)) for a in (avals if many else [avals])]
        self.equations.append(JaxprEqn(xs, outs, primitive, params, no_effects, self.place()))
        return outs if many else outs[0]

    @staticmethod
    def aval(x: Any) -> Any:
        return x.aval

    @staticmethod
    def known(x: Any) -> Any:
        """The value of a literal; None of a variable."""
        return lower(x.val) if isinstance(x, Literal) else None

    @staticmethod
    def is_number(x: Any) -> bool:
        return isinstance(x, Literal)

    @staticmethod
    def number(x: Any, dtype: np.dtype) -> Literal:
        """A literal in a dtype."""
        return Writer.constant(np.asarray(lower(x.val)).astype(dtype)[()])

    @staticmethod
    def constant(value: Any) -> Literal:
        """A NumPy scalar as a literal."""
        return Literal(value, shaped(Aval(value.shape, value.dtype)))


_HOLDING = frozenset({"call", "cond", "while", "scan"})


def equations_of(program: Program, constants: int) -> tuple[list[Any], list[Any], list[Any], list[JaxprEqn]]:
    """The constant variables, variables, results and equations of a Program in JAX's form."""
    variables: dict[Any, Any] = {}
    e = Writer()

    def atom(a: Any) -> Any:
        if isinstance(a, OurLiteral):
            return literal(a)
        if a not in variables:
            variables[a] = Var(shaped(a.aval))
        return variables[a]

    used = {
        a
        for eqn in program.equations
        if not eqn.primitive.name in _HOLDING
        for a in eqn.inputs
        if not isinstance(a, OurLiteral)
    }
    results = set(map(id, program.outputs))

    def write(equations: Sequence[Equation]) -> None:
        for eqn in equations:
            if _only_strengthens(eqn) and (eqn.outputs[0] not in used or id(eqn.outputs[0]) not in results):
                variables[eqn.outputs[0]] = atom(eqn.inputs[0])  # results of JAX's may be weak
                continue
            parts = composed(eqn)
            if parts is None:
                variables.update(zip(eqn.outputs, written(e, eqn, [atom(a) for a in eqn.inputs]), strict=True))
                continue
            variables.update(zip(parts.inputs, [atom(a) for a in eqn.inputs], strict=True))
            write(parts.equations)
            variables.update(zip(eqn.outputs, [atom(a) for a in parts.outputs], strict=True))

    inputs = [atom(v) for v in program.inputs]
    write(program.equations)
    return inputs[:constants], inputs[constants:], [atom(a) for a in program.outputs], e.equations


def _only_strengthens(eqn: Equation) -> bool:
    """Whether an equation gives a weak value its own dtype, which JAX's primitives do without where all are weak."""
    if eqn.primitive.name != "convert":
        return False
    (x,) = eqn.inputs
    return not isinstance(x, OurLiteral) and x.aval.weak and x.aval.dtype == eqn.outputs[0].aval.dtype


def composed(eqn: Equation) -> Program | None:
    """The Program of other operations that JAX's form of an equation is, where the table has no row for it."""

    p = eqn.primitive
    if isinstance(p, Applied) or p.name in ROWS or p.effect:
        return None
    parts = p.expansion(eqn.inputs, eqn.params)
    if parts is None or any(not isinstance(a, OurLiteral) and a.aval.weak for a in eqn.inputs):
        return None
    made = [v.aval for v in parts.outputs]
    return parts if [(a.shape, a.dtype) for a in made] == [(v.aval.shape, v.aval.dtype) for v in eqn.outputs] else None


def written(e: Any, eqn: Equation, xs: Sequence[Any]) -> list[Any]:
    """The results of an equation, written by `e` in JAX's form."""
    avals = [v.aval for v in eqn.outputs]
    many = eqn.primitive.multiple_results
    out = in_jaxs_form(e, eqn.primitive, xs, avals, eqn.params)
    if out is None:
        out = e(own(eqn.primitive), xs, avals if many else avals[0], **eqn.params)
    return list(out) if many else [out]


def in_jaxs_form(e: Any, operation: Operation, xs: Sequence[Any], avals: list[Any], params: dict[str, Any]) -> Any:
    """The results of an operation as the table writes it; None where it has no row for it."""
    if isinstance(operation, Applied):
        primitive = params["primitive"]
        out = e(primitive, xs, avals if primitive.multiple_results else avals[0], **params["params"])
        return out if primitive.multiple_results else [out]
    row = ROWS.get(operation.name)
    return None if row is None else row(e, xs, avals, **params)


class Applier:
    """Applies primitives in JAX's form to values, by a function of a primitive, its arguments and parameters."""

    def __init__(self, process: Callable[..., Any], given: Callable[[Any], Any]) -> None:
        self.process, self.given = process, given

    def __call__(self, primitive: Primitive, xs: Sequence[Any], avals: Any, /, **params: Any) -> Any:
        """The results of a primitive: of the library's values, values."""
        if not any(isinstance(x, Tracer) for x in xs):
            out = primitive.bind(*[wrap(as_array(x)) for x in xs], **params)
        else:
            out = self.process(primitive, [self.given(x) for x in xs], params)
        return [lower(x) for x in out] if primitive.multiple_results else lower(out)

    aval = staticmethod(aval_of)

    @staticmethod
    def known(x: Any) -> Any:
        return None if isinstance(x, Tracer) else x

    @staticmethod
    def is_number(x: Any) -> bool:
        return type(x) in PYTHON_SCALARS

    @staticmethod
    def number(x: Any, dtype: np.dtype) -> Any:
        return np.asarray(x).astype(dtype)[()]

    @staticmethod
    def constant(value: Any) -> Any:
        return value


__all__ = ["ROWS", "Applier", "Own", "Row", "add_jaxvals_p", "equations_of", "in_jaxs_form", "own", "row"]
