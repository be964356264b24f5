"""`bind` of the primitives that hold programs, in JAX's form: jaxprs and the numbers of their arguments."""

from __future__ import annotations

from typing import Any

from ..alias import transformation
from ..extend.jaxpr import ClosedJaxpr, eval_jaxpr, jaxpr_as_fun


def jit(*args: Any, jaxpr: Any, name: str = "jit", **_: Any) -> list[Any]:
    """The results of a jaxpr, as a compiled function."""
    kept = _COMPILED.get(id(jaxpr))
    if kept is None or kept[0] is not jaxpr:
        if len(_COMPILED) > _MOST:
            _COMPILED.pop(next(iter(_COMPILED)))
        function = jaxpr_as_fun(jaxpr)
        function.__name__ = name
        kept = _COMPILED[id(jaxpr)] = (jaxpr, transformation("jit")(function))
    return kept[1](*args)


_COMPILED: dict[int, Any] = {}
_MOST = 500


def checkpoint(*args: Any, jaxpr: Any, policy: Any = None, **_: Any) -> list[Any]:
    """The results of a jaxpr that is computed again where it is differentiated."""

    def function(*xs: Any) -> list[Any]:
        closed = jaxpr if isinstance(jaxpr, ClosedJaxpr) else ClosedJaxpr(jaxpr, [])
        return eval_jaxpr(closed.jaxpr, closed.consts, *xs)

    return list(transformation("checkpoint")(function, policy=policy)(*args))


def closed_call(*args: Any, call_jaxpr: Any, **_: Any) -> list[Any]:
    """The results of a jaxpr."""
    return jaxpr_as_fun(call_jaxpr)(*args)


def scan(
    *args: Any, jaxpr: Any, num_consts: int, num_carry: int, length: int, reverse: bool = False, unroll: Any = 1, **_: Any
) -> list[Any]:  # fmt: skip
    """The last carries of a loop and what each step gave: ``jaxpr(*consts, *carries, *elements)``."""
    from . import control

    body = jaxpr_as_fun(jaxpr)
    consts, first = args[:num_consts], list(args[num_consts : num_consts + num_carry])
    elements = list(args[num_consts + num_carry :])

    def step(carry: Any, xs: Any) -> Any:
        out = body(*consts, *carry, *xs)
        return list(out[:num_carry]), list(out[num_carry:])

    last, given = control.scan(step, first, elements, length=length, reverse=reverse, unroll=unroll)
    return [*last, *given]


def while_loop(
    *args: Any, cond_nconsts: int, cond_jaxpr: Any, body_nconsts: int, body_jaxpr: Any, **_: Any
) -> list[Any]:
    """The last carries of a loop: ``cond_jaxpr(*consts, *carries)`` says whether ``body_jaxpr`` goes on."""
    from . import control

    test, body = jaxpr_as_fun(cond_jaxpr), jaxpr_as_fun(body_jaxpr)
    tested, used = args[:cond_nconsts], args[cond_nconsts : cond_nconsts + body_nconsts]
    return list(
        control.while_loop(
            lambda carry: test(*tested, *carry)[0],
            lambda carry: list(body(*used, *carry)),
            list(args[cond_nconsts + body_nconsts :]),
        )
    )


def cond(index: Any, *args: Any, branches: Any, **_: Any) -> list[Any]:
    """The results of the branch of a number."""
    from . import branches as branching

    return list(branching.switch(index, [jaxpr_as_fun(b) for b in branches], *args))


__all__ = ["checkpoint", "closed_call", "cond", "jit", "scan", "while_loop"]
