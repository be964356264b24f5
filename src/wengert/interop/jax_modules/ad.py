"""`jax.interpreters.ad`: the derivative rules of primitives in JAX's form."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from ...transforms.forward import JVPTracer as _JVPTracer
from ..array import Array
from ..extend import overriding as _overriding  # noqa: F401 - rules for JAX's own primitives
from ..extend.primitive import JVPS, TRANSPOSES, Primitive
from ..extend.translation import add_jaxvals_p
from ..extend.zeros import UndefinedPrimal, Zero, instantiated, is_undefined_primal

primitive_jvps, primitive_transposes = JVPS, TRANSPOSES
instantiate_zeros = instantiated


class _Forward(type):
    def __instancecheck__(cls, x: Any) -> bool:
        return type(x._value if type(x) is Array else x) is _JVPTracer


class JVPTracer(metaclass=_Forward):
    """What ``isinstance(x, JVPTracer)`` asks: whether a value carries a tangent of forward mode."""


def get_primitive_transpose(p: Primitive) -> Callable[..., Any]:
    """The transpose rule of a primitive.

    Raises:
        NotImplementedError: it has none.
    """
    try:
        return primitive_transposes[p]
    except KeyError:
        raise NotImplementedError(f"Transpose rule (for reverse-mode differentiation) for '{p}' not implemented") from None  # fmt: skip


def zeros_like_aval(aval: Any) -> Any:
    """Zeros of a type."""
    return Zero(aval).instantiate()


def add_tangents(x: Any, y: Any) -> Any:
    """The sum of two tangents, symbolic zeros among them."""
    if type(x) is Zero:
        return y
    return x if type(y) is Zero else add_jaxvals(x, y)


def add_jaxvals(x: Any, y: Any) -> Any:
    """The sum of two arrays of one type."""
    return add_jaxvals_p.bind(x, y)


def deflinear(primitive: Primitive, transpose_rule: Callable[..., Any]) -> None:
    """Say that a primitive is linear in all its arguments, and its transpose: ``rule(cotangent, **params)``."""
    primitive_jvps[primitive] = partial(_linear_jvp, primitive)
    primitive_transposes[primitive] = lambda cotangent, *args, **params: transpose_rule(cotangent, **params)


def deflinear2(primitive: Primitive, transpose_rule: Callable[..., Any]) -> None:
    """The same with a rule that is given the arguments: ``rule(cotangent, *args, **params)``."""
    primitive_jvps[primitive] = partial(_linear_jvp, primitive)
    primitive_transposes[primitive] = transpose_rule


def _linear_jvp(primitive: Primitive, primals: Any, tangents: Any, **params: Any) -> Any:
    out = primitive.bind(*primals, **params)
    if all(type(t) is Zero for t in tangents):
        return (out, [_zero_of(o) for o in out]) if primitive.multiple_results else (out, _zero_of(out))
    return out, primitive.bind(*map(instantiated, tangents), **params)


def _zero_of(x: Any) -> Zero:
    from .transformations import typeof

    return Zero(typeof(x).to_tangent_aval())


def defjvp(primitive: Primitive, *jvprules: Callable[..., Any] | None) -> None:
    """Say the derivative of a primitive of one result by each argument: ``rule(tangent, *primals, **params)``."""
    defjvp2(primitive, *[r and (lambda t, ans, *xs, r=r, **params: r(t, *xs, **params)) for r in jvprules])


def defjvp2(primitive: Primitive, *jvprules: Callable[..., Any] | None) -> None:
    """The same with rules that are given the result: ``rule(tangent, ans, *primals, **params)``."""

    def rule(primals: Any, tangents: Any, **params: Any) -> Any:
        out = primitive.bind(*primals, **params)
        total: Any = _zero_of(out)
        for by, t in zip(jvprules, tangents, strict=True):
            if by is not None and type(t) is not Zero:
                total = add_tangents(total, by(t, out, *primals, **params))
        return out, total

    primitive_jvps[primitive] = rule


def defbilinear(prim: Primitive, lhs_rule: Callable[..., Any], rhs_rule: Callable[..., Any]) -> None:
    """Say that a primitive is linear in each of two arguments, and its transposes by them: ``lhs_rule(cotangent, x, y)``."""
    defjvp(
        prim,
        lambda t, x, y, **params: prim.bind(t, y, **params),
        lambda t, x, y, **params: prim.bind(x, t, **params),
    )

    def transpose(cotangent: Any, x: Any, y: Any, **params: Any) -> Any:
        if is_undefined_primal(x):
            return (Zero(x.aval) if type(cotangent) is Zero else lhs_rule(cotangent, x, y, **params)), None
        return None, (Zero(y.aval) if type(cotangent) is Zero else rhs_rule(cotangent, x, y, **params))

    primitive_transposes[prim] = transpose


def jvp(fun: Any, primals: Any = None, tangents: Any = None, has_aux: bool = False, instantiate: bool = True, transform_stack: bool = True) -> Any:  # fmt: skip
    """The function of primals and tangents that differentiates a `WrappedFun`; of arrays, if they are given."""
    from .transformations import jvp as of_arrays

    def with_tangents(xs: Any, ts: Any) -> Any:
        return of_arrays(fun.call_wrapped, tuple(xs), tuple(map(instantiated, ts)), has_aux=has_aux)

    return with_tangents if primals is None else with_tangents(primals, tangents)


def linearize(traceable: Any, *primals: Any, **options: Any) -> Any:
    """The results of a `WrappedFun` and its linear part."""
    from .transformations import linearize as of_arrays

    return of_arrays(traceable.call_wrapped, *primals)


__all__ = [
    "JVPTracer", "UndefinedPrimal", "Zero", "add_jaxvals", "add_jaxvals_p", "add_tangents", "defbilinear", "defjvp", "defjvp2",
    "deflinear", "deflinear2", "get_primitive_transpose", "instantiate_zeros", "is_undefined_primal", "jvp", "linearize",
    "primitive_jvps", "primitive_transposes", "zeros_like_aval",
]  # fmt: skip
