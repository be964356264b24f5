"""`jax.interpreters.partial_eval`: functions with layers (`linear_util`) as jaxprs, and jaxprs without what is not used."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...core import Aval, as_array
from ...transforms.staging import StagingTracer, stage
from ..array import Array, wrap
from ..avals import shaped
from ..border import lift, lower
from ..extend.jaxpr import Jaxpr, Literal


class _Staged(type):
    def __instancecheck__(cls, x: Any) -> bool:
        return type(x._value if type(x) is Array else x) is StagingTracer


class DynamicJaxprTracer(metaclass=_Staged):
    """What ``isinstance(x, DynamicJaxprTracer)`` asks: whether a value stands in a Program that is being written."""


JaxprTracer = DynamicJaxprTracer


class PartialVal(tuple[Any, Any]):
    """A value that is known, ``(None, value)``, or one of which the type is, ``(aval, None)``."""

    __slots__ = ()

    @classmethod
    def known(cls, const: Any) -> PartialVal:
        """A known value."""
        return cls((None, const))

    @classmethod
    def unknown(cls, aval: Any) -> PartialVal:
        """A value of a type."""
        return cls((aval, None))

    def is_known(self) -> bool:
        return self[0] is None

    def get_known(self) -> Any:
        """The value; None where it is not known."""
        return self[1] if self.is_known() else None

    def get_aval(self) -> Any:
        """The type of the value."""
        from .transformations import typeof

        return typeof(self[1]) if self.is_known() else self[0]


def _staged(function: Any, avals: Sequence[Any], name: str) -> tuple[Jaxpr, list[Any], list[Any]]:
    program, closed = stage(
        lambda *vs: [as_array(v) for v in lower(list(function(*[wrap(v) for v in vs])))],
        [Aval(a.shape, a.dtype) for a in avals],
        name,
    )
    return Jaxpr.of(program, len(closed)), [shaped(v.aval) for v in program.outputs], lift(list(closed))


def trace_to_jaxpr_dynamic(
    fun: Any, in_avals: Sequence[Any], *, keep_inputs: Any = None, lower: bool = False, auto_dce: bool = False
) -> tuple[Jaxpr, list[Any], list[Any]]:
    """The jaxpr of a `WrappedFun` for arguments of some types, the types of its results, and what it closes over.

    Args:
        fun: a `WrappedFun` that takes and gives lists of arrays.
        in_avals: the types of its arguments.
        keep_inputs, lower, auto_dce: taken, and change nothing.
    """
    return _staged(fun.call_wrapped, in_avals, getattr(fun, "__name__", "function"))


def trace_to_jaxpr_nounits(fun: Any, pvals: Sequence[PartialVal], instantiate: Any = False) -> Any:
    """The jaxpr of a `WrappedFun` of the arguments that are not known, its results, and what the jaxpr closes over.

    Results that do not depend on unknown arguments are known values, unless `instantiate` (one, or one for each result) says
    that they are results of the jaxpr.
    """
    unknown = [p for p in pvals if not p.is_known()]
    known: dict[int, Any] = {}
    count: list[int] = []

    def of_unknown(*xs: Any) -> list[Any]:
        given = iter(xs)
        outs = list(fun.call_wrapped(*[p.get_known() if p.is_known() else next(given) for p in pvals]))
        count.append(len(outs))
        wanted = instantiate if isinstance(instantiate, (tuple, list)) else [instantiate] * len(outs)
        kept = []
        for i, (o, w) in enumerate(zip(outs, wanted, strict=True)):
            if w or isinstance(o, DynamicJaxprTracer):
                kept.append(o)
            else:
                known[i] = o
        return kept

    jaxpr, out_avals, consts = _staged(
        of_unknown, [p.get_aval() for p in unknown], getattr(fun, "__name__", "function")
    )
    rest = iter(out_avals)
    outs = [PartialVal.known(known[i]) if i in known else PartialVal.unknown(next(rest)) for i in range(count[-1])]
    return jaxpr, outs, consts


def dce_jaxpr(jaxpr: Jaxpr, used_outputs: Any, instantiate: Any = False) -> tuple[Jaxpr, list[bool]]:
    """A jaxpr of some of its results without the equations that these do not need, and which arguments it still takes.

    Args:
        jaxpr: a `Jaxpr`.
        used_outputs: for each result, or for all, whether it is kept.
        instantiate: for each argument, or for all, whether it is kept in any case.
    """
    used = [used_outputs] * len(jaxpr.outvars) if isinstance(used_outputs, bool) else list(used_outputs)
    outs = [v for v, u in zip(jaxpr.outvars, used, strict=True) if u]
    needed = {v for v in outs if not isinstance(v, Literal)}
    equations = []
    for eqn in reversed(jaxpr.eqns):
        if eqn.effects or not needed.isdisjoint(eqn.outvars):
            equations.append(eqn)
            needed.update(v for v in eqn.invars if not isinstance(v, Literal))
    keep = [instantiate] * len(jaxpr.invars) if isinstance(instantiate, bool) else list(instantiate)
    flags = [k or v in needed for k, v in zip(keep, jaxpr.invars, strict=True)]
    invars = [v for v, f in zip(jaxpr.invars, flags, strict=True) if f]
    made = jaxpr.replace(invars=invars, outvars=outs, eqns=equations[::-1])
    return made, flags


def dce_jaxpr_consts(jaxpr: Jaxpr, used_outputs: Any, instantiate: Any = False) -> tuple[Jaxpr, list[bool], list[bool]]:
    """The same, of a jaxpr with constants; says which of these are still needed, too."""
    open_ = jaxpr.replace(constvars=[], invars=[*jaxpr.constvars, *jaxpr.invars])
    n = len(jaxpr.constvars)
    made, flags = dce_jaxpr(
        open_, used_outputs, [False] * n + ([instantiate] * len(jaxpr.invars) if isinstance(instantiate, bool) else list(instantiate))
    )  # fmt: skip
    m = sum(flags[:n])
    return made.replace(constvars=made.invars[:m], invars=made.invars[m:]), flags[:n], flags[n:]


custom_partial_eval_rules: dict[Any, Any] = {}
partial_eval_jaxpr_custom_rules: dict[Any, Any] = {}
dce_rules: dict[Any, Any] = {}
Val = object

__all__ = [
    "DynamicJaxprTracer", "JaxprTracer", "PartialVal", "Val", "custom_partial_eval_rules", "dce_jaxpr", "dce_jaxpr_consts", "dce_rules",
    "partial_eval_jaxpr_custom_rules", "trace_to_jaxpr_dynamic", "trace_to_jaxpr_nounits",
]  # fmt: skip
