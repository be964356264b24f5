"""`jax.custom_derivatives`: the rules of `wengert`, and `custom_gradient`, written with them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ... import trees
from ...core import as_array
from ...transforms.forward import zeros_like
from ...transforms.symbolic import CustomVJPPrimal, SymbolicZero
from ..border import lift, lower
from ..extend.custom import custom_jvp_call_p, custom_vjp_call_p
from .transformations import closure_convert, custom_jvp, custom_vjp


def custom_gradient(fun: Callable[..., Any]) -> Callable[..., Any]:
    """A function whose pullback it returns itself: ``fun(*args) == (result, pullback)``.

    Args:
        fun: a function of arrays and pytrees; its pullback takes a cotangent and gives one for each argument, or the
            one alone if there is one argument.

    Returns:
        A function that returns the result only.

    Example:
        >>> import wengert
        >>> @custom_gradient
        ... def double(x):
        ...     return x, lambda cotangent: 2 * cotangent
        >>> float(wengert.grad(double)(3.0))
        2.0
    """

    @custom_vjp
    def function(*args: Any) -> Any:
        return fun(*args)[0]

    def forward(*args: Any) -> Any:
        return fun(*args)[0], args

    def backward(args: Any, cotangent: Any) -> Any:
        out = fun(*args)[1](cotangent)  # run again: a pullback is a closure, and residuals are arrays
        return out if isinstance(out, tuple) else (out,)

    function.defvjp(forward, backward)
    return function


def linear_call(
    fun: Callable[..., Any], fun_transpose: Callable[..., Any], residual_args: Any, linear_args: Any
) -> Any:
    """``fun(residual_args, linear_args)``, linear in the second, whose transpose is given.

    Args:
        fun: a function of residuals and of what it is linear in.
        fun_transpose: of residuals and a cotangent of the result, the cotangent of `linear_args`.
        residual_args, linear_args: trees of arrays.

    Example:
        >>> import wengert
        >>> f = lambda x: linear_call(lambda r, v: r * v, lambda r, g: r * g, 2.0, x)
        >>> float(wengert.grad(f)(3.0))
        2.0
    """

    @custom_vjp
    def function(residuals: Any, linear: Any) -> Any:
        return fun(residuals, linear)

    def forward(residuals: Any, linear: Any) -> Any:
        return fun(residuals, linear), residuals

    def backward(residuals: Any, cotangent: Any) -> Any:
        return trees.map(lambda x: 0 * x, residuals), fun_transpose(residuals, cotangent)

    function.defvjp(forward, backward)
    return function(residual_args, linear_args)


def custom_vjp_primal_tree_values(tree: Any) -> Any:
    """A tree with the values of its `CustomVJPPrimal`s.

    Raises:
        TypeError: a leaf is none.
    """

    def value(x: Any) -> Any:
        if type(x) is not CustomVJPPrimal:
            raise TypeError(f"unexpected type of custom_vjp primal leaf: {type(x)}")
        return x.value

    return trees.map(value, tree)


def zero_from_primal(primal: Any, symbolic_zeros: bool = False) -> Any:
    """A tree of tangents that are zero: arrays of zeros, of dtype float0 for integers, or `SymbolicZero`s.

    Example:
        >>> zero_from_primal(3.0)
        Array(0., dtype=float64)
    """
    if symbolic_zeros:
        return trees.map(SymbolicZero.from_primal_value, primal)
    return trees.map(lambda x: lift(zeros_like(as_array(lower(x)))), primal)


__all__ = [
    "CustomVJPPrimal", "SymbolicZero", "closure_convert", "custom_gradient", "custom_jvp", "custom_vjp",
    "custom_jvp_call_p", "custom_vjp_call_p", "custom_vjp_primal_tree_values", "linear_call", "zero_from_primal",
]  # fmt: skip
