"""Rules that code gives for JAX's own primitives: ``ad.primitive_jvps[lax.sin_p] = rule``, ``batching.primitive_batchers``.

The operations of the library are not JAX's primitives, and have rules of their own. From the first such rule on an operation
whose row (`table.py`) writes a primitive with a given rule is differentiated, or batched, primitive by primitive: those that
were given one by it, the others by their own. Programs that were compiled before are forgotten.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...core import Primitive as Operation
from ...core import Tracer, Value, as_array, aval_of, is_inexact
from ...ops import import_all_operations
from ...ops.shape import moveaxis
from ...program import Literal, Var
from ...transforms.jitted import clear_caches
from ..alias import transformation
from ..array import wrap
from ..avals import shaped
from ..border import lower
from . import composites as _composites  # noqa: F401 - its rows
from . import table as _table  # noqa: F401 - its rows
from .primitive import BATCHERS, EXCHANGED, JVPS, OWN, Primitive, tangent_of
from .translation import ROWS, Applier, in_jaxs_form
from .zeros import Zero

GIVEN: dict[str, set[Primitive]] = {"derivative": set(), "batching": set()}


class _Stand:
    """A result in a row that is only looked at."""

    def __init__(self, aval: Any) -> None:
        self.aval = aval


class _Look(Applier):
    """Notes which primitives a row writes."""

    def __init__(self) -> None:
        self.found: set[Primitive] = set()

    def __call__(self, primitive: Primitive, xs: Sequence[Any], avals: Any, /, **params: Any) -> Any:
        self.found.add(primitive)
        return [_Stand(a) for a in avals] if isinstance(avals, list) else _Stand(avals)

    @staticmethod
    def aval(x: Any) -> Any:
        return x.aval if type(x) is _Stand else aval_of(x)

    @staticmethod
    def known(x: Any) -> Any:
        return None if isinstance(x, (Tracer, _Stand)) else x


class _Moved:
    """A value and its tangent, or the axis of its batch: what comes with it."""

    def __init__(self, value: Value, beside: Any) -> None:
        self.value, self.beside = value, beside


class _Rules(Applier):
    """Applies the primitives of a row by their rules of one kind."""

    def __init__(self) -> None:
        pass

    def __call__(self, primitive: Primitive, xs: Sequence[Any], avals: Any, /, **params: Any) -> Any:
        values = [wrap(as_array(x.value if type(x) is _Moved else x)) for x in xs]
        if not any(type(x) is _Moved for x in xs):
            out = primitive.bind(*values, **params)
            return [lower(o) for o in out] if primitive.multiple_results else lower(out)
        outs, beside = self.by_rule(primitive, values, [x.beside if type(x) is _Moved else None for x in xs], params)
        if not primitive.multiple_results:
            outs, beside = [outs], [beside]
        made = [self.made(lower(o), b) for o, b in zip(outs, beside, strict=True)]
        return made if primitive.multiple_results else made[0]

    def by_rule(self, primitive: Primitive, values: list[Any], beside: list[Any], params: dict[str, Any]) -> Any:
        raise NotImplementedError

    @staticmethod
    def made(value: Value, beside: Any) -> Any:
        raise NotImplementedError

    @staticmethod
    def aval(x: Any) -> Any:
        return aval_of(x.value if type(x) is _Moved else x)

    @staticmethod
    def known(x: Any) -> Any:
        return None if isinstance(x, (Tracer, _Moved)) else x


class _Derivatives(_Rules):
    def by_rule(self, primitive: Primitive, values: list[Any], beside: list[Any], params: dict[str, Any]) -> Any:
        dots = [
            Zero(shaped(aval_of(v._value)).to_tangent_aval()) if t is None else wrap(t)
            for v, t in zip(values, beside, strict=True)
        ]
        return JVPS[primitive](values, dots, **params)

    @staticmethod
    def made(value: Value, beside: Any) -> Any:
        tangent = tangent_of(beside)
        return value if tangent is None else _Moved(value, tangent)


class _Batches(_Rules):
    def by_rule(self, primitive: Primitive, values: list[Any], beside: list[Any], params: dict[str, Any]) -> Any:
        return BATCHERS[primitive](values, [None if b is None else 0 for b in beside], **params)

    @staticmethod
    def made(value: Value, beside: Any) -> Any:
        return value if beside is None else _Moved(moveaxis(value, beside, 0), 0)

    @staticmethod
    def aval(x: Any) -> Any:
        a = aval_of(x.value if type(x) is _Moved else x)
        return type(a)(a.shape[1:], a.dtype) if type(x) is _Moved else a


_LINEARIZED = frozenset({"sin"})  # what JAX linearizes by a rule beside that of its derivative, which stays


def _written(
    kind: str,
    operation: Operation,
    args: Sequence[Any],
    avals: Any,
    params: dict[str, Any],
    but: frozenset[str] = frozenset(),
) -> bool:
    """Whether the row of an operation writes a primitive that was given a rule."""
    look = _Look()
    in_jaxs_form(look, operation, args, avals, params)
    return any(p in GIVEN[kind] and p.name not in but for p in look.found)


def _parts(
    kind: str, operation: Operation, avals: Sequence[Any], params: dict[str, Any], but: frozenset[str] = frozenset()
) -> Any:
    """The Program of others that an operation without a row is composed of, where one of these writes such a primitive."""
    if operation.name in ROWS or operation.effect or operation.called(params) is not None:
        return None
    parts = operation.expansion([Var(a) for a in avals], params)
    if parts is None:
        return None
    for eqn in parts.equations:
        inner = [x.value if isinstance(x, Literal) else _Stand(x.aval) for x in eqn.inputs]
        if _written(kind, eqn.primitive, inner, [v.aval for v in eqn.outputs], eqn.params, but):
            return parts
    return None


def _types(operation: Operation, avals: Sequence[Any], params: dict[str, Any]) -> list[Any]:
    outs = operation.abstract(*avals, **params)
    return list(outs) if operation.multiple_results else [outs]


def _of_parts(operation: Operation, parts: Any, primals: Sequence[Value], tangents: Sequence[Value | None]) -> Any:
    """The values and tangents of a Program that stands for an operation."""
    moving = [i for i, t in enumerate(tangents) if t is not None]

    def run(*xs: Any) -> Any:
        full = list(primals)
        for i, x in zip(moving, xs, strict=True):
            full[i] = lower(x)
        return [wrap(o) for o in parts.evaluate([as_array(v) for v in full])]

    outs, dots = transformation("jvp")(
        run, tuple(wrap(primals[i]) for i in moving), tuple(wrap(tangents[i]) for i in moving)
    )
    values, moved = [lower(o) for o in outs], [tangent_of(d) for d in dots]
    return (values, moved) if operation.multiple_results else (values[0], moved[0])


def _exchange_derivative(operation: Operation) -> None:
    own_jvp, own_linearize = operation.jvp, operation.linearize

    def jvp(primals: Sequence[Value], tangents: Sequence[Value | None], params: dict[str, Any]) -> Any:
        if OWN.on:
            with OWN.asked(False):
                return own_jvp(primals, tangents, params)
        given = [aval_of(p) for p in primals]
        avals = _types(operation, given, params)
        if not _written("derivative", operation, primals, avals, params):
            parts = _parts("derivative", operation, given, params)
            return (
                own_jvp(primals, tangents, params) if parts is None else _of_parts(operation, parts, primals, tangents)
            )
        xs = [p if t is None else _Moved(p, t) for p, t in zip(primals, tangents, strict=True)]
        out = in_jaxs_form(_Derivatives(), operation, xs, avals, params)
        outs = list(out) if isinstance(out, (list, tuple)) else [out]
        values = [o.value if type(o) is _Moved else o for o in outs]
        dots = [o.beside if type(o) is _Moved and is_inexact(o.value) else None for o in outs]
        return (values, dots) if operation.multiple_results else (values[0], dots[0])

    def linearize(trace: Any, primals: Sequence[Value], tangents: Sequence[Any], params: dict[str, Any]) -> Any:
        given = [aval_of(p) for p in primals]
        avals = _types(operation, given, params)
        if not _written("derivative", operation, primals, avals, params, _LINEARIZED):
            parts = _parts("derivative", operation, given, params, _LINEARIZED)
            if parts is None:
                return own_linearize(trace, primals, tangents, params)
        return Operation.linearize(operation, trace, primals, tangents, params)

    operation.jvp, operation.linearize = jvp, linearize


def _exchange_batch(operation: Operation) -> None:
    own = operation.batch_in

    def batch_in(trace: Any, args: Sequence[Value], batched: Sequence[bool], params: dict[str, Any]) -> Any:
        if OWN.on:
            with OWN.asked(False):
                return own(trace, args, batched, params)
        one = [aval_of(a) for a in args]
        one = [type(a)(a.shape[1:], a.dtype) if b else a for a, b in zip(one, batched, strict=True)]
        avals = _types(operation, one, params)
        inner = [_Stand(a) if b else x for x, a, b in zip(args, one, batched, strict=True)]
        if not _written("batching", operation, inner, avals, params):
            return own(trace, args, batched, params)
        xs = [_Moved(a, 0) if b else a for a, b in zip(args, batched, strict=True)]
        out = in_jaxs_form(_Batches(), operation, xs, avals, params)
        outs = list(out) if isinstance(out, (list, tuple)) else [out]
        values, flags = [o.value if type(o) is _Moved else o for o in outs], [type(o) is _Moved for o in outs]
        return (values, flags) if operation.multiple_results else (values[0], flags[0])

    operation.batch_in = batch_in


_EXCHANGES = {"derivative": _exchange_derivative, "batching": _exchange_batch}


def give(kind: str, primitive: Primitive) -> bool:
    """Note that a primitive of JAX's was given a rule; whether rules of this kind can be given."""
    if kind not in GIVEN:
        return False
    if not GIVEN[kind]:
        import_all_operations()
        for operation in list(Operation.registry.values()):
            if operation.name in ROWS or (kind == "derivative" and not operation.effect):
                _EXCHANGES[kind](operation)
    GIVEN[kind].add(primitive)
    clear_caches()
    return True


EXCHANGED.append(give)

__all__ = ["GIVEN", "give"]
