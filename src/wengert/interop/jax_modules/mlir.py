"""`jax.interpreters.mlir`: how primitives in JAX's form are compiled: by the function that stands for them.

Code in MLIR means nothing here. A rule that writes it is kept, and the primitive's implementation is called in its place.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...errors import NotSupportedError
from ..extend.primitive import LOWERINGS, LowerFun, Primitive

_lowerings = LOWERINGS
LoweringRule = Callable[..., Any]


def lower_fun(fun: Callable[..., Any], multiple_results: bool = True) -> LowerFun:
    """A function of arrays as a rule for `register_lowering`."""
    return LowerFun(fun, multiple_results)


def register_lowering(
    prim: Primitive, rule: Any = None, platform: str | None = None, inline: bool = True, cacheable: bool = True
) -> Any:
    """Say how a primitive is compiled: by `lower_fun` of a function. Rules for other platforms than processors are not used."""
    if rule is None:
        return lambda given: (register_lowering(prim, given, platform), given)[1]
    if getattr(prim, "function", None) is not None:
        raise NotSupportedError(
            f"the code of {prim} is this library's and is not exchanged: declare a primitive of your own, or call another function in its "
            f"place"
        )
    if platform in (None, "cpu"):
        LOWERINGS[prim] = rule
    return rule


def _no_code(name: str) -> Callable[..., Any]:
    def function(*_: Any, **__: Any) -> Any:
        raise NotSupportedError(
            f"jax.interpreters.mlir.{name}: no MLIR is written here; give the primitive's function to mlir.lower_fun, or leave it to "
            f"the implementation that def_impl was given"
        )

    function.__name__ = function.__qualname__ = name
    function.__doc__ = "No MLIR is written here.\n\n    Raises:\n        NotSupportedError: always."
    return function


for _name in (
    "aval_to_ir_type aval_to_ir_types core_call_lowering dense_int_array dense_int_elements dtype_to_ir_type emit_python_callback "
    "i32_attr i64_attr ir_attribute ir_constant ir_constants jaxpr_subcomp lower_jaxpr_to_fun lower_jaxpr_to_module make_ir_context "
    "merge_mlir_modules module_to_bytecode module_to_string register_constant_handler shape_tensor token_type custom_call "
    "flatten_ir_types flatten_ir_values"
).split():
    globals()[_name] = _no_code(_name)


class LoweringRuleContext:
    """What a rule that writes MLIR is given; none is asked here."""


class LoweringParameters(LoweringRuleContext):
    """The same."""


ModuleContext = LoweringResult = ShardingContext = SPMDAxisContext = AxisContext = TokenSet = LoweringRuleContext
Value = object

__all__ = [  # noqa: PLE0604
    "LoweringParameters", "LoweringResult", "LoweringRule", "LoweringRuleContext", "ModuleContext", "ShardingContext", "SPMDAxisContext",
    "AxisContext", "TokenSet", "Value", "lower_fun", "register_lowering", "_lowerings",
    *[n for n, f in globals().items() if getattr(f, "__doc__", None) == "No MLIR is written here.\n\n    Raises:\n        NotSupportedError: always."],
]  # fmt: skip
