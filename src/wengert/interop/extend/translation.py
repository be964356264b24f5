"""Equations of Programs in JAX's form: the primitives of `jax.lax` with their parameters.

`TABLE` says it for each operation of the library that JAX has under another name or with other parameters: a function of
the avals of its arguments, of its results and of its parameters that gives JAX's primitive and JAX's parameters, or None
where this application is none of JAX's. An operation without a row, or of None, is shown as an `Own` primitive: it has the
library's parameters, and its `bind` is that operation.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

from ...core import Primitive as Operation
from ...core import as_array
from ...ops.elementwise import add_p
from ...program import Equation, Program
from ...program import Literal as OurLiteral
from ..avals import shaped
from ..border import lift, lower
from ..lax.primitives import named
from .jaxpr import JaxprEqn, Literal, Var, literal
from .primitive import Applied, Primitive, no_effects

# The names that JAX gives to primitives that have others here.
NAMES = {
    "multiply": "mul", "subtract": "sub", "divide": "div", "negative": "neg", "absolute": "abs", "power": "pow",
    "maximum": "max", "minimum": "min", "arctan2": "atan2", "arcsin": "asin", "arccos": "acos", "arctan": "atan",
    "arcsinh": "asinh", "arccosh": "acosh", "arctanh": "atanh", "equal": "eq", "not_equal": "ne", "less": "lt",
    "less_equal": "le", "greater": "gt", "greater_equal": "ge", "sum": "reduce_sum", "prod": "reduce_prod", "amax": "reduce_max",
    "amin": "reduce_min", "convert": "convert_element_type", "where": "select_n", "call": "jit", "custom_call": "custom_jvp_call",
    "reverse": "rev", "index": "slice", "fmod": "rem",
    "pad_zero": "pad", "reduce_any": "reduce_or", "reduce_all": "reduce_and", "logical_and": "and", "logical_or": "or",
    "logical_xor": "xor", "logical_not": "not", "erfinv": "erf_inv", "left_shift": "shift_left",
    "right_shift": "shift_right_arithmetic", "broadcast_to": "broadcast_in_dim", "rint": "round", "scatter_set": "scatter",
    "scatter_add": "scatter-add", "scatter_multiply": "scatter-mul", "scatter_max": "scatter-max",
    "scatter_min": "scatter-min", "remat": "checkpoint", "i0e": "bessel_i0e", "i1e": "bessel_i1e", "gammainc": "igamma",
    "gammaincc": "igammac", "betainc": "regularized_incomplete_beta", "linear_solve": "custom_linear_solve", "rfft": "fft",
    "irfft": "fft", "psum_scatter": "reduce_scatter", "host_call": "pure_callback", "cholesky_or_nan": "cholesky",
}  # fmt: skip


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
TABLE: dict[str, Any] = {}


def translated(operation: Operation, inputs: Sequence[Any], outputs: Any, params: dict[str, Any]) -> Any:
    """The primitive of an application and its parameters in JAX's form, and which of its arguments it takes.

    Args:
        operation: the library's.
        inputs: its arguments: atoms of a Program, or values.
        outputs: the avals of its results.
        params: the library's parameters.
    """
    if isinstance(operation, Applied):
        return params["primitive"], params["params"], inputs
    row = TABLE.get(operation.name)
    found = None if row is None else row(inputs, outputs, params)
    return (own(operation), params, inputs) if found is None else found


def equations_of(program: Program, constants: int) -> tuple[list[Any], list[Any], list[Any], list[JaxprEqn]]:
    """The constant variables, variables, results and equations of a Program in JAX's form."""
    from .source import SourceInfo

    variables: dict[Any, Any] = {}

    def atom(a: Any) -> Any:
        if isinstance(a, OurLiteral):
            return literal(a)
        if a not in variables:
            variables[a] = Var(shaped(a.aval))
        return variables[a]

    def equation(e: Equation) -> JaxprEqn:
        primitive, params, inputs = translated(e.primitive, e.inputs, [v.aval for v in e.outputs], e.params)
        ins, outs = [atom(a) for a in inputs], [atom(v) for v in e.outputs]
        return JaxprEqn(ins, outs, primitive, params, no_effects, SourceInfo())

    inputs = [atom(v) for v in program.inputs]
    equations = [equation(e) for e in program.equations]
    return inputs[:constants], inputs[constants:], [atom(a) for a in program.outputs], equations


_ = (named, Literal)
__all__ = ["NAMES", "TABLE", "Own", "add_jaxvals_p", "equations_of", "own", "translated"]
