"""Functions with a rule in JAX's form: `custom_jvp_call_p` and `custom_vjp_call_p`, and a rule of the library's as functions."""

from __future__ import annotations

from typing import Any

from ...core import as_array
from ...ops.custom import custom_call_p
from ..alias import transformation
from ..border import lift, lower
from .linear_util import WrappedFun, wrap_init
from .primitive import Primitive
from .traces import Trace, bare


class CustomCall(Primitive):
    """A call of a function that has a derivative rule.

    `bind` takes what an equation has: the library's rule, as the parameter `rule`; or, as interpreters of libraries do, the
    function and its rule as ``subfuns``.
    """

    multiple_results = True
    function = None  # a rule cannot be given to it

    def bind(self, *args: Any, **params: Any) -> Any:
        """The results of the call."""
        if "rule" in params:
            return lift(custom_call_p.bind(*[as_array(v) for v in lower(args)], rule=params["rule"]))
        if "subfuns" in params:
            return called(params["subfuns"], args)
        return called(args[:2], args[2:])

    def bind_with_trace(self, trace: Any, args: Any, *rest: Any) -> Any:
        """The same; the rule is differentiated where the arguments are."""
        params = rest[-1]
        return called(params["subfuns"], args) if "subfuns" in params else called(args[:2], args[2:])

    def abstract_eval(self, *avals: Any, **params: Any) -> Any:
        return params["rule"].program.out_avals, frozenset()


def called(subfuns: Any, args: Any) -> list[Any]:
    """The results of a function, which takes and gives lists of arrays, differentiated by its rule: the second of two functions
    takes primals and tangents in one list, and gives results and their tangents so."""
    fun, rule = subfuns[0], subfuns[1]

    def of_arrays(*xs: Any) -> list[Any]:
        return list(fun.call_wrapped(*xs))

    def with_tangents(primals: Any, tangents: Any) -> Any:
        out = list(rule.call_wrapped(*primals, *tangents))
        n = len(out) // 2
        return out[:n], out[n:]

    made = transformation("custom_jvp")(of_arrays)
    made.defjvp(with_tangents)
    return made(*args)


def wrapped_rule(rule: Any) -> WrappedFun:
    """The function of a rule of the library's."""
    return wrap_init(lambda *xs: list(map(bare, lift(list(rule.run(*[as_array(v) for v in lower(xs)]))))))


def wrapped_jvp(rule: Any) -> WrappedFun:
    """The derivative of a rule of the library's: of primals and tangents in one list."""

    def with_tangents(*xs: Any) -> list[Any]:
        values = [as_array(v) for v in lower(xs)]
        n = len(values) // 2
        outs, dots = rule.jvp(values[:n], values[n:])
        from ...transforms.forward import zeros_like

        dots = [zeros_like(o) if d is None else d for o, d in zip(outs, dots, strict=True)]
        return list(map(bare, lift([*outs, *dots])))

    return wrap_init(with_tangents)


custom_jvp_call_p = CustomCall("custom_jvp_call")
custom_vjp_call_p = CustomCall("custom_vjp_call")

__all__ = ["called", "custom_jvp_call_p", "custom_vjp_call_p", "wrapped_jvp", "wrapped_rule"]


Trace.as_custom = staticmethod(lambda rule: (custom_jvp_call_p, wrapped_rule(rule), wrapped_jvp(rule)))
