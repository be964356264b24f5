"""Primitives that a library declares as it would for JAX, and the registries in which it gives their rules.

A `Primitive` of JAX's form is applied by one operation of the library, which carries it as a parameter and asks the
registries: for the derivative (`JVPS`, `TRANSPOSES`), for a batch (`BATCHERS`, `AXIS_BATCHERS`), for code (`LOWERINGS`: the
function that the library hands to ``mlir.lower_fun`` is staged and inlined; what has none is called).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np

from ...core import Aval, LinearTracer, Value, as_array, aval_of, is_inexact
from ...errors import NotSupportedError
from ...ops.effects import EffectPrimitive
from ...ops.shape import moveaxis
from ...program import Program
from ...transforms.forward import FLOAT0
from ...transforms.staging import stage
from ..alias import transformation
from ..array import wrap
from ..avals import ShapedArray, shaped
from ..border import lift, lower
from .zeros import UndefinedPrimal, Zero, instantiated

no_effects: frozenset[Any] = frozenset()


class Primitive:
    """An operation in JAX's form.

    Args:
        name: what jaxprs show.

    Example:
        >>> double_p = Primitive("double")
        >>> double_p.def_impl(lambda x: 2 * x)  # doctest: +ELLIPSIS
        <function ...>
        >>> float(double_p.bind(3.0))
        6.0
    """

    multiple_results = False
    call_primitive = map_primitive = ref_primitive = ref_allocating = skip_canonicalization = False

    def __init__(self, name: str) -> None:
        self.name = name
        self.effectful = False

    def __repr__(self) -> str:
        return self.name

    def bind(self, *args: Any, **params: Any) -> Any:
        """The operation on arrays, under the transformations that they stand in.

        Raises:
            NotImplementedError: the rule that is needed was not given.
        """
        operation = effectful_p if self.effectful else applied_p
        values = [as_array(v) for v in lower(args)]
        out = lift(operation.bind(*values, primitive=self, params=params))
        return out if self.multiple_results else out[0]

    def bind_with_trace(self, trace: Any, args: Any, *rest: Any) -> Any:
        """The operation; which transformation it is for follows from its arguments."""
        return self.bind(*args, **rest[-1])

    def impl(self, *args: Any, **params: Any) -> Any:
        """The operation on known arrays.

        Raises:
            NotImplementedError: none was given to `def_impl`.
        """
        raise NotImplementedError(f"Evaluation rule for {self.name!r} not implemented")

    def abstract_eval(self, *avals: Any, **params: Any) -> Any:
        """The types of the results, and effects.

        Raises:
            NotImplementedError: no rule was given to `def_abstract_eval`.
        """
        raise NotImplementedError(f"Abstract evaluation for {self.name!r} not implemented")

    def def_impl(self, impl: Callable[..., Any]) -> Callable[..., Any]:
        """Say how it is computed."""
        self.impl = impl
        return impl

    def def_abstract_eval(self, rule: Callable[..., Any]) -> Callable[..., Any]:
        """Say the types of its results from those of its arguments."""
        self.abstract_eval = lambda *avals, **params: (rule(*avals, **params), no_effects)
        return rule

    def def_effectful_abstract_eval(self, rule: Callable[..., Any]) -> Callable[..., Any]:
        """Say the types of its results, and its effects: it is kept though its results are not used."""
        self.abstract_eval, self.effectful = rule, True
        return rule

    def_effectful_abstract_eval2 = def_effectful_abstract_eval

    def def_bind_with_trace(self, rule: Callable[..., Any]) -> Callable[..., Any]:
        """Say what its application to arrays under a trace is."""
        self.bind = lambda *args, **params: rule(None, args, params)
        return rule

    def get_bind_params(self, params: dict[str, Any]) -> dict[str, Any]:
        """What `bind` takes by keyword, for the parameters of an equation."""
        return dict(params)

    def is_effectful(self, params: dict[str, Any]) -> bool:
        return self.effectful

    def is_high(self, *avals: Any, **params: Any) -> bool:
        return False


class CallPrimitive(Primitive):
    """A primitive that calls a function: ``bind(fun, *args)``."""

    multiple_results = call_primitive = True

    def bind(self, *args: Any, **params: Any) -> Any:
        fun, *rest = args
        if "subfuns" in params:
            (fun,), rest = params["subfuns"], list(args)
        return fun.call_wrapped(*rest) if hasattr(fun, "call_wrapped") else fun(*rest)


# --- registries -------------------------------------------------------------------------------------------------


EXCHANGED: list[
    Callable[[str, Primitive], bool]
] = []  # told of a rule for one of JAX's own primitives; whether it is used


class Registry(dict[Primitive, Any]):
    """Rules by primitive. Operations of the library's own have theirs, which `derived` makes of their `bind`."""

    def __init__(self, what: str, derived: Callable[[Any], Any] | None = None) -> None:
        super().__init__()
        self.what, self.derived = what, derived

    def __setitem__(self, primitive: Primitive, rule: Any) -> None:
        own = getattr(primitive, "function", None) is not None and (self.what, primitive.name) not in _FREE
        if own and not any(told(self.what, primitive) for told in EXCHANGED):
            raise NotSupportedError(
                f"the {self.what} rule of {primitive.name} is this library's and is not exchanged: give a function around it a "
                f"rule with jax.custom_jvp, jax.custom_vjp or jax.custom_batching.custom_vmap"
            )
        super().__setitem__(primitive, rule)

    def __missing__(self, primitive: Primitive) -> Any:
        if self.derived is None or not hasattr(primitive, "function"):
            raise KeyError(primitive)
        return self.derived(primitive)


class _OwnRules(threading.local):
    """Whether an operation that is met next goes by its own rule, though code gave one (`overriding`): that rule asks for it."""

    def __init__(self) -> None:
        self.on = False

    @contextmanager
    def asked(self, on: bool = True) -> Iterator[None]:
        before, self.on = self.on, on
        try:
            yield
        finally:
            self.on = before


OWN = _OwnRules()


def _own_jvp(primitive: Any) -> Callable[..., Any]:
    def rule(primals: Any, tangents: Any, **params: Any) -> Any:
        moving = [i for i, t in enumerate(tangents) if type(t) is not Zero]

        def of_moving(*xs: Any) -> Any:
            full = list(primals)
            for i, x in zip(moving, xs, strict=True):
                full[i] = x
            return primitive.bind(*full, **params)

        with OWN.asked():
            return transformation("jvp")(
                of_moving, tuple(primals[i] for i in moving), tuple(tangents[i] for i in moving)
            )

    return rule


def _own_transpose(primitive: Any) -> Callable[..., Any]:
    def rule(cotangents: Any, *args: Any, **params: Any) -> list[Any]:
        linear = [i for i, a in enumerate(args) if type(a) is UndefinedPrimal]

        def of_linear(*xs: Any) -> Any:
            full = list(args)
            for i, x in zip(linear, xs, strict=True):
                full[i] = x
            return primitive.bind(*full, **params)

        given = [np.zeros(args[i].aval.shape, args[i].aval.dtype) for i in linear]
        found = iter(transformation("linear_transpose")(of_linear, *given)(instantiated(cotangents)))
        return [next(found) if i in linear else None for i in range(len(args))]

    return rule


def _own_batch(primitive: Any) -> Callable[..., Any]:
    def rule(args: Any, dims: Any, **params: Any) -> Any:
        with OWN.asked():
            out = transformation("vmap")(partial(primitive.bind, **params), in_axes=tuple(dims))(*args)
        return out, [0] * len(out) if primitive.multiple_results else 0

    return rule


_FREE = frozenset({("transpose", "stop_gradient")})  # where neither JAX nor this library has a rule
JVPS = Registry("derivative", _own_jvp)
TRANSPOSES = Registry("transpose", _own_transpose)
BATCHERS = Registry("batching", _own_batch)
AXIS_BATCHERS = Registry("batching")
FANCY_BATCHERS = Registry("batching")
LOWERINGS: dict[Primitive, Any] = {}


class LowerFun:
    """What ``mlir.lower_fun`` gives: a function that stands for a primitive in compiled code."""

    def __init__(self, fun: Callable[..., Any], multiple_results: bool) -> None:
        self.fun, self.multiple_results = fun, multiple_results

    def __call__(self, *args: Any, **params: Any) -> Any:
        raise NotSupportedError("rules of mlir.lower_fun are for mlir.register_lowering; call the function itself")


def computed(primitive: Primitive, args: Sequence[Any], params: dict[str, Any]) -> Any:
    """The results of a primitive by the function that stands for it in compiled code; `impl` where there is none."""
    rule = LOWERINGS.get(primitive)
    return rule.fun(*args, **params) if type(rule) is LowerFun else primitive.impl(*args, **params)


# --- the operation that applies them ----------------------------------------------------------------------------


def _lifted(values: Sequence[Value]) -> list[Any]:
    return [wrap(v) for v in values]


def _values(out: Any, primitive: Primitive) -> list[Value]:
    """Results of a rule as values."""
    return [as_array(v) for v in lower(list(out) if primitive.multiple_results else [out])]


def _aval(x: Value) -> ShapedArray:
    return shaped(aval_of(x))


class Applied(EffectPrimitive):
    """``primitive.bind(*args, **params)`` of a primitive in JAX's form: the list of its results."""

    multiple_results = True
    foreign = True

    def impl(self, *args: Value, primitive: Primitive, params: dict[str, Any]) -> list[Value]:
        if "impl" not in vars(primitive) and type(primitive).impl is Primitive.impl and primitive in LOWERINGS:
            return _values(computed(primitive, _lifted(args), params), primitive)
        return _values(primitive.impl(*_lifted(args), **params), primitive)

    def abstract(self, *avals: Aval, primitive: Primitive, params: dict[str, Any]) -> list[Aval]:
        out, _ = primitive.abstract_eval(*map(shaped, avals), **params)
        return [Aval(tuple(a.shape), a.dtype) for a in (out if primitive.multiple_results else [out])]

    def expansion(self, inputs: Sequence[Any], params: dict[str, Any]) -> Program | None:
        """The Program of the function that stands for the primitive; None where it has none, or takes values from elsewhere."""
        primitive, given = params["primitive"], params["params"]
        rule = LOWERINGS.get(primitive)
        if type(rule) is not LowerFun:
            return None
        avals = tuple(Aval(a.aval.shape, a.aval.dtype) for a in inputs)
        kept = _EXPANSIONS.setdefault(id(given), (given, {}))[1]
        key = (primitive, avals)
        if key not in kept:
            if len(_EXPANSIONS) > _MOST:
                _EXPANSIONS.pop(next(iter(_EXPANSIONS)))
            program, closed = stage(
                lambda *vs: _values(rule.fun(*_lifted(vs), **given), primitive), avals, primitive.name
            )
            kept[key] = None if closed else program
        return kept[key]

    def jvp(self, primals: Sequence[Value], tangents: Sequence[Value | None], params: dict[str, Any]) -> Any:
        primitive = params["primitive"]
        try:
            rule = JVPS[primitive]
        except KeyError:
            raise NotImplementedError(f"Differentiation rule for '{primitive.name}' not implemented") from None
        moved = [
            Zero(_aval(p).to_tangent_aval()) if t is None else wrap(t) for p, t in zip(primals, tangents, strict=True)
        ]
        out, dots = rule(_lifted(primals), moved, **params["params"])
        outs = _values(out, primitive)
        dots = list(dots) if primitive.multiple_results else [dots]
        return outs, [tangent_of(d) if is_inexact(o) else None for o, d in zip(outs, dots, strict=True)]

    def transpose(self, cotangent: Any, args: Sequence[Value], params: dict[str, Any]) -> Sequence[Value | None]:
        primitive = params["primitive"]
        try:
            rule = TRANSPOSES[primitive]
        except KeyError:
            raise NotImplementedError(f"Transpose rule (for reverse-mode differentiation) for '{primitive.name}' not implemented") from None  # fmt: skip
        tape = max((a._trace for a in args if type(a) is LinearTracer), key=lambda t: t.level)
        linear = [type(a) is LinearTracer and a._trace is tape for a in args]
        avals = self.abstract(*[aval_of(a) for a in args], **params)
        cts = [
            Zero(shaped(a).to_tangent_aval()) if c is None else wrap(c) for c, a in zip(cotangent, avals, strict=True)
        ]
        given = [UndefinedPrimal(_aval(a)) if b else wrap(a) for a, b in zip(args, linear, strict=True)]
        found = rule(cts if primitive.multiple_results else cts[0], *given, **params["params"])
        if found is Zero:  # the class: of all of them
            return [None] * len(args)
        return [tangent_of(c) if b else None for c, b in zip(found, linear, strict=True)]

    def batch_in(self, trace: Any, args: Sequence[Value], batched: Sequence[bool], params: dict[str, Any]) -> Any:
        primitive, given = params["primitive"], params["params"]
        xs, dims = _lifted(args), [0 if b else None for b in batched]
        if primitive in FANCY_BATCHERS:
            out, axes = FANCY_BATCHERS[primitive](AxisData(trace.axis_name, trace.size), xs, dims, **given)
        elif primitive in AXIS_BATCHERS:
            out, axes = AXIS_BATCHERS[primitive](trace.size, trace.axis_name, None, xs, dims, **given)
        else:
            try:
                rule = BATCHERS[primitive]
            except KeyError:
                raise NotImplementedError(f"Batching rule for '{primitive.name}' not implemented") from None
            out, axes = rule(xs, dims, **given)
        outs = _values(out, primitive)
        axes = list(axes) if primitive.multiple_results else [axes]
        moved = [o if d is None else moveaxis(o, d, 0) for o, d in zip(outs, axes, strict=True)]
        return moved, [d is not None for d in axes]


_EXPANSIONS: dict[int, Any] = {}  # by the parameters of an application: the Programs that stand for it
_MOST = 1000


class AxisData:
    """The axis of a batch: its name and how long it is."""

    spmd_name = explicit_mesh_axis = None

    def __init__(self, name: Any, size: int) -> None:
        self.name, self.size = name, size


def tangent_of(t: Any) -> Value | None:
    """A tangent or cotangent of a rule's as the library has it: None is zero."""
    if t is None or type(t) is Zero or t is Zero:
        return None
    t = lower(t)
    if getattr(t, "dtype", None) == FLOAT0:
        return None
    return as_array(t)


_REASONS: dict[str, str] = dict.fromkeys(
    ("jvp", "transpose", "batch", "complex"), "it is what the primitive's rule says"
)


def _sample() -> list[Any]:
    return [((np.arange(3.0),), {"primitive": _doubled_p, "params": {}})]


_doubled_p = Primitive("doubled")
_doubled_p.def_impl(lambda x: x + x)
_doubled_p.def_abstract_eval(lambda x: x)
JVPS[_doubled_p] = lambda primals, tangents: (_doubled_p.bind(*primals), _doubled_p.bind(*tangents))
TRANSPOSES[_doubled_p] = lambda cotangent, x: [_doubled_p.bind(cotangent)]
BATCHERS[_doubled_p] = lambda args, dims: (_doubled_p.bind(*args), dims[0])


class AppliedWithEffect(Applied):
    """The same of a primitive with an effect."""

    effect = True


applied_p = Applied("applied", samples=_sample, reasons=_REASONS)
effectful_p = AppliedWithEffect("applied_with_effect", samples=_sample, reasons=_REASONS)

__all__ = [
    "AXIS_BATCHERS", "BATCHERS", "FANCY_BATCHERS", "JVPS", "LOWERINGS", "TRANSPOSES", "AxisData", "CallPrimitive", "LowerFun",
    "Primitive", "applied_p", "computed", "effectful_p", "no_effects", "tangent_of", "EXCHANGED", "OWN",
]  # fmt: skip
