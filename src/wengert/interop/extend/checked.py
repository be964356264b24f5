"""Programs whose checks are results: `checked` runs one and carries the first check that does not hold along.

A check is an equation of `check_p`, which `jax.experimental.checkify.check` writes. The state that is carried, through calls,
loops and branches too, is the number of the first check that failed (0: none) and, for each check, the values of its message.
Under `vmap` a check is that of the first example for which it does not hold.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from typing import Any, NamedTuple

import numpy as np

from ... import trees
from ...core import Aval, Value, as_array, aval_of, inexact_dtype
from ...core import Primitive as Operation
from ...ops import elementwise as ew
from ...ops.control.operands import LoopOperands, ScanOperands
from ...ops.control.primitives import cond_p, scan_p, while_p
from ...ops.reduction import any as any_
from ...program import Equation, Literal, Program, programs_of
from ...transforms.staging import stage
from ..primitive_names import NAMES
from .primitive import BATCHERS, JVPS, Primitive

staging: ContextVar[bool] = ContextVar("checkify", default=False)  # whether a function is traced for its checks

USER, NAN, DIVISION, INDEX = "check", "nan", "division by zero", "out-of-bounds"


class JaxRuntimeError(ValueError):
    """A check that did not hold."""


class Message(NamedTuple):
    """What a check says: a format, and the tree of the arguments that it takes."""

    text: str
    tree: Any

    def of(self, values: Sequence[Any]) -> str:
        """The message with values in it."""
        args, kwargs = trees.unflatten(self.tree, list(values))
        return self.text.format(*args, **kwargs)


_, NOTHING = trees.flatten(((), {}))


# --- the operation ----------------------------------------------------------------------------------------------

check_p = Primitive("check")
check_p.multiple_results = True


def _run(holds: Any, *values: Any, message: Message, kind: str) -> list[Any]:
    if not bool(np.all(holds)):
        raise JaxRuntimeError(message.of(values))
    return []


def _types(holds: Any, *values: Any, message: Message, kind: str) -> Any:
    if not staging.get():
        raise ValueError(
            "Cannot abstractly evaluate a checkify.check which was not functionalized. This probably means that a function with "
            "a `check` was staged (jit, scan, ...): transform it with checkify.checkify first"
        )
    return [], frozenset()


def _batched(args: Sequence[Any], dims: Sequence[Any], **params: Any) -> Any:
    holds, *values = args
    if dims[0] is None and any(d is not None for d in dims):
        check_p.bind(holds, *[v if d is None else v[0] for v, d in zip(values, dims[1:], strict=True)], **params)
    else:
        first = (~holds).argmax()
        values = [v if d is None else v[first] for v, d in zip(values, dims[1:], strict=True)]
        check_p.bind(holds.all(), *values, **params)
    return [], []


check_p.def_impl(_run)
check_p.def_effectful_abstract_eval(_types)
JVPS[check_p] = lambda primals, tangents, **params: (check_p.bind(*primals, **params), [])
BATCHERS[check_p] = _batched


# --- a Program with its checks ----------------------------------------------------------------------------------


class _Site(NamedTuple):
    number: int
    message: Message
    avals: tuple[Aval, ...]
    offset: int  # of its values in the state


_COMPUTED = frozenset(
    "dot_general reduce_sum reduce_prod reduce_max reduce_min cumsum cumprod cumlogsumexp logsumexp softmax convolution norm cholesky "
    "linear_solve triangular_solve".split()
)
_UNCHANGED = frozenset("where convert stop_gradient negative copy".split())
_DIVISIONS = frozenset("divide floor_divide mod fmod remainder reciprocal".split())


class Checked:
    """A Program whose checks of some kinds are numbered.

    Attributes:
        messages: what each check says, and how many values it takes.
    """

    def __init__(self, program: Program, kinds: frozenset[str]) -> None:
        self.program, self.kinds = program, kinds
        self.sites: dict[tuple[int, str], _Site] = {}
        self.messages: list[tuple[Message, int]] = []
        self._with: dict[int, bool] = {}
        self._size = 0
        self._number(program)

    def _add(self, eqn: Equation, kind: str, message: Message, avals: Sequence[Aval]) -> None:
        strong = tuple(Aval(a.shape, a.dtype) for a in avals)
        self.messages.append((message, len(strong)))
        self.sites[id(eqn), kind] = _Site(len(self.messages), message, strong, self._size)
        self._size += len(strong)

    def _number(self, program: Program) -> bool:
        known = self._with.get(id(program))
        if known is not None:
            return known
        before = len(self.messages)
        for eqn in program.equations:
            if _is_check(eqn):
                params = eqn.params["params"]
                if params["kind"] in self.kinds:
                    self._add(eqn, USER, params["message"], [a.aval for a in eqn.inputs[1:]])
                continue
            inner = _programs(eqn)
            if inner:
                for p in inner:
                    self._number(p)
                continue
            if DIVISION in self.kinds and eqn.primitive.name in _DIVISIONS:
                self._add(eqn, DIVISION, Message("division by zero", NOTHING), ())
            if NAN in self.kinds and _may_be_nan(eqn):
                name = NAMES.get(eqn.primitive.name, eqn.primitive.name)
                self._add(eqn, NAN, Message(f"nan generated by primitive: {name}.", NOTHING), ())
        self._with[id(program)] = found = len(self.messages) > before
        return found

    def _has(self, programs: Sequence[Program]) -> bool:
        return any(self._number(p) for p in programs)

    def beginning(self) -> list[Value]:
        """The state before the first check."""
        values: list[Value] = [np.zeros(a.shape, a.dtype) for s in self.sites.values() for a in s.avals]
        return [np.int32(0), *values]

    def run(self, values: Sequence[Value]) -> tuple[list[Value], list[Value]]:
        """The results of the Program and the state at its end."""
        return self._run(self.program, list(values), self.beginning())

    def _run(self, program: Program, values: list[Value], state: list[Value]) -> tuple[list[Value], list[Value]]:
        env: dict[Any, Any] = dict(zip(program.inputs, values, strict=True))

        def read(a: Any) -> Any:
            return a.value if isinstance(a, Literal) else env[a]

        for eqn in program.equations:
            xs = [read(a) for a in eqn.inputs]
            outs, state = self._equation(eqn, xs, state)
            env.update(zip(eqn.outputs, outs, strict=True))
        return [as_array(read(a)) for a in program.outputs], state

    def _equation(self, eqn: Equation, xs: list[Value], state: list[Value]) -> tuple[Sequence[Value], list[Value]]:
        if _is_check(eqn):
            site = self.sites.get((id(eqn), USER))
            return [], state if site is None else self._noted(site, ew.logical_not(xs[0]), xs[1:], state)
        inner = _programs(eqn)
        if inner and self._has(inner):
            way = _WAYS.get(eqn.primitive.name)
            if way is None:  # a call
                return self._run(inner[0], [as_array(x) for x in xs], state)
            return way(self, eqn, xs, state)
        site = self.sites.get((id(eqn), DIVISION))
        if site is not None:
            by = as_array(xs[-1])
            state = self._noted(site, any_(ew.equal(by, by.dtype.type(0))), (), state)
        out = eqn.primitive.bind(*xs, **eqn.params)
        outs = list(out) if eqn.primitive.multiple_results else [out]
        site = self.sites.get((id(eqn), NAN))
        if site is not None:
            for o in outs:
                if inexact_dtype(aval_of(o).dtype):
                    state = self._noted(site, any_(ew.not_equal(o, o)), (), state)
        return outs, state

    def _noted(self, site: _Site, failed: Value, values: Sequence[Value], state: list[Value]) -> list[Value]:
        """The state after a check: that of the first one that fails stays."""
        now = ew.logical_and(failed, ew.equal(state[0], np.int32(0)))
        state = [ew.where(now, np.int32(site.number), state[0]), *state[1:]]
        for k, (v, a) in enumerate(zip(values, site.avals, strict=True), 1 + site.offset):
            state[k] = ew.where(now, ew.convert(as_array(v), a.dtype), state[k])
        return state

    # loops and branches

    def _staged(self, program: Program, before: int) -> Program:
        """A body with the state after its first inputs, `before` of them; its results are the state's and its own."""
        avals = list(program.in_avals)
        own = [Aval(np.shape(v), as_array(v).dtype) for v in self.beginning()]

        def body(*values: Value) -> list[Value]:
            given = [*values[:before], *values[before + len(own) :]]
            outs, state = self._run(program, given, list(values[before : before + len(own)]))
            return [*state, *outs]

        return stage(body, [*avals[:before], *own, *avals[before:]], program.name)[0]

    def _scan(self, eqn: Equation, xs: list[Value], state: list[Value]) -> tuple[Sequence[Value], list[Value]]:
        consts, carry, slices = eqn.params["operands"].split(xs)
        m, carry = len(state), [*state, *carry]
        body, operands = self._staged(eqn.params["body"], len(consts)), ScanOperands.of(consts, carry, slices)
        outs = scan_p.bind(*consts, *carry, *slices, **{**eqn.params, "body": body, "operands": operands})
        return outs[m:], list(outs[:m])

    def _while(self, eqn: Equation, xs: list[Value], state: list[Value]) -> tuple[Sequence[Value], list[Value]]:
        cond, body, m = eqn.params["cond"], eqn.params["body"], len(state)
        nc, nb, _ = eqn.params["operands"]
        carry = list(body.in_avals[nb:])
        own = [Aval(np.shape(v), as_array(v).dtype) for v in self.beginning()]
        one, two = list(cond.in_avals[:nc]), list(body.in_avals[:nb])

        def goes_on(*values: Value) -> list[Value]:
            return self._run(cond, [*values[:nc], *values[nc + m :]], list(values[nc : nc + m]))[0]

        def step(*values: Value) -> list[Value]:
            of_cond, of_body, now = values[:nc], values[nc : nc + nb], list(values[nc + nb : nc + nb + m])
            rest = values[nc + nb + m :]
            if self._has([cond]):
                now = self._run(cond, [*of_cond, *rest], now)[1]
            outs, now = self._run(body, [*of_body, *rest], now)
            return [*now, *outs]

        tests, consts, start = eqn.params["operands"].split(xs)
        consts, start = [*tests, *consts], [*state, *start]
        params = {
            **eqn.params, "cond": stage(goes_on, [*one, *own, *carry], cond.name)[0],
            "body": stage(step, [*one, *two, *own, *carry], body.name)[0],
            "operands": LoopOperands.of(tests, consts, start),
        }  # fmt: skip
        outs = while_p.bind(*tests, *consts, *start, **params)
        return outs[m:], list(outs[:m])

    def _cond(self, eqn: Equation, xs: list[Value], state: list[Value]) -> tuple[Sequence[Value], list[Value]]:
        branches = tuple(self._staged(p, 0) for p in eqn.params["branches"])
        outs = cond_p.bind(xs[0], *state, *xs[1:], **{**eqn.params, "branches": branches})
        return outs[len(state) :], list(outs[: len(state)])


_WAYS: dict[str, Callable[..., Any]] = {"scan": Checked._scan, "while": Checked._while, "cond": Checked._cond}


def _is_check(eqn: Equation) -> bool:
    return eqn.params.get("primitive") is check_p


def _programs(eqn: Equation) -> list[Program]:
    """The Programs of an equation that are looked into: those of calls, rules, loops and branches."""
    p: Operation = eqn.primitive
    if p.name in ("call", "remat", *_WAYS):
        return list(programs_of(eqn.params))
    if p.name == "custom_call":
        inner = getattr(eqn.params["rule"], "program", None)
        return [inner] if isinstance(inner, Program) and len(inner.inputs) == len(eqn.inputs) else []
    return []


def _may_be_nan(eqn: Equation) -> bool:
    p = eqn.primitive
    if p.name in _UNCHANGED or not (p.elementwise or p.name in _COMPUTED):
        return False
    return any(inexact_dtype(v.aval.dtype) and math.prod(v.aval.shape) for v in eqn.outputs)


__all__ = ["DIVISION", "INDEX", "NAN", "NOTHING", "USER", "Checked", "JaxRuntimeError", "Message", "check_p", "staging"]
