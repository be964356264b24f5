"""Jaxprs: Programs in JAX's form, to be printed, walked through, changed and evaluated.

A `Jaxpr` is made of a Program, and its equations are written when somebody asks for them (`translation.py`); or of
equations that a library wrote itself. The first kind is evaluated as the Program that it is, the second by binding each
primitive.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar, NamedTuple

from ...core import as_array
from ...program import Literal as OurLiteral
from ...program import Program
from ..array import wrap
from ..avals import shaped
from ..border import lift, lower
from .printing import Names, equation, printed


class Var:
    """A variable of a jaxpr."""

    __slots__ = ("__weakref__", "aval")
    initial_qdd = final_qdd = None

    def __init__(self, aval: Any, initial_qdd: Any = None, final_qdd: Any = None) -> None:
        self.aval = aval

    def __repr__(self) -> str:
        return f"Var(id={id(self)}):{self.aval}"


class DropVar(Var):
    """A result that is not used."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "_"


class Literal:
    """A number in a jaxpr."""

    __slots__ = ("aval", "val")

    def __init__(self, val: Any, aval: Any) -> None:
        self.val, self.aval = val, aval

    @property
    def hash(self) -> int | None:
        try:
            return hash((self.val.item(), self.val.dtype))
        except (TypeError, ValueError, AttributeError):
            return None

    def __repr__(self) -> str:
        return f"Literal({self.val})"


class JaxprEqn:
    """``outvars = primitive[params](invars)``."""

    __slots__ = ("ctx", "effects", "invars", "outvars", "params", "primitive", "source_info")

    def __init__(
        self, invars: Any, outvars: Any, primitive: Any, params: Any, effs: Any = frozenset(), source_info: Any = None, ctx: Any = None
    ) -> None:  # fmt: skip
        self.invars, self.outvars, self.primitive, self.params = list(invars), list(outvars), primitive, params
        self.effects, self.source_info, self.ctx = effs, source_info, ctx

    def replace(self, **changed: Any) -> JaxprEqn:
        """The equation with other parts."""
        parts = {s: getattr(self, s) for s in self.__slots__} | changed
        return JaxprEqn(
            *(parts[s] for s in ("invars", "outvars", "primitive", "params", "effects", "source_info", "ctx"))
        )

    def __repr__(self) -> str:
        return equation(self, Names(), 0)


def new_jaxpr_eqn(
    invars: Any, outvars: Any, primitive: Any, params: Any, effects: Any = frozenset(), source_info: Any = None, ctx: Any = None
) -> JaxprEqn:  # fmt: skip
    """An equation."""
    return JaxprEqn(invars, outvars, primitive, params, effects, source_info, ctx)


class DebugInfo(NamedTuple):
    """Where a function that was traced stands."""

    traced_for: str
    func_src_info: str
    arg_names: tuple[str, ...] | None
    result_paths: Any

    @property
    def func_name(self) -> str:
        return self.func_src_info.split(" ")[0]

    def with_unknown_names(self) -> DebugInfo:
        """The same without the names of arguments."""
        return self._replace(arg_names=None, result_paths=None)

    def resolve_result_paths(self) -> DebugInfo:
        return self


class Jaxpr:
    """A function in JAX's form, whose constants are arguments.

    Args:
        constvars, invars: the variables of constants and arguments.
        outvars: variables and literals.
        eqns: a list of `JaxprEqn`.

    Example:
        >>> from ..jax_modules.transformations import make_jaxpr
        >>> jaxpr = make_jaxpr(lambda x: x * 2.0)(1.0).jaxpr
        >>> [eqn.primitive.name for eqn in jaxpr.eqns]
        ['mul']
    """

    is_high = False
    program: Program | None
    _count: int
    _parts: Any
    equations_of: ClassVar[
        Callable[..., Any]
    ]  # the parts that a Program makes in JAX's form; `transformations` sets it

    def __init__(
        self, constvars: Any, invars: Any, outvars: Any, eqns: Any, effects: Any = frozenset(), debug_info: Any = None, is_high: bool = False
    ) -> None:  # fmt: skip
        self._parts, self._count = (list(constvars), list(invars), list(outvars), list(eqns)), 0
        self.effects, self.debug_info, self.program = effects, debug_info, None

    @classmethod
    def of(cls, program: Program, constants: int) -> Jaxpr:
        """The jaxpr of a Program whose first inputs are constants."""
        made = cls.__new__(cls)
        made.program, made._count, made._parts = program, constants, None
        made.effects, made.debug_info = frozenset(), DebugInfo("jit", f"{program.name} at program", None, None)
        return made

    def _written(self) -> Any:
        if self._parts is None and self.program is not None:
            self._parts = Jaxpr.equations_of(self.program, self._count)
        return self._parts

    constvars = property(lambda self: self._written()[0])
    invars = property(lambda self: self._written()[1])
    outvars = property(lambda self: self._written()[2])
    eqns = property(lambda self: self._written()[3])

    @property
    def in_avals(self) -> list[Any]:
        if self.program is not None:
            return [shaped(v.aval) for v in self.program.inputs[self._count :]]
        return [v.aval for v in self.invars]

    @property
    def out_avals(self) -> list[Any]:
        return (
            [shaped(v.aval) for v in self.program.outputs]
            if self.program is not None
            else [v.aval for v in self.outvars]
        )

    def replace(self, **changed: Any) -> Jaxpr:
        """The jaxpr with other parts."""
        names = ("constvars", "invars", "outvars", "eqns", "effects", "debug_info")
        return Jaxpr(**{n: changed.get(n, getattr(self, n)) for n in names})

    def pretty_print(self, **options: Any) -> str:
        return str(self)

    def __repr__(self) -> str:
        return printed(self)


class ClosedJaxpr:
    """A jaxpr and the values of its constants, as `make_jaxpr` gives them."""

    __slots__ = ("__weakref__", "consts", "jaxpr")

    def __init__(self, jaxpr: Jaxpr, consts: Sequence[Any]) -> None:
        self.jaxpr, self.consts = jaxpr, list(consts)

    literals = property(lambda self: self.consts)
    eqns = property(lambda self: self.jaxpr.eqns)
    effects = property(lambda self: self.jaxpr.effects)
    debug_info = property(lambda self: self.jaxpr.debug_info)
    in_avals = property(lambda self: self.jaxpr.in_avals)
    out_avals = property(lambda self: self.jaxpr.out_avals)
    constvars = property(lambda self: self.jaxpr.constvars)
    invars = property(lambda self: self.jaxpr.invars)
    outvars = property(lambda self: self.jaxpr.outvars)
    is_high = False

    def replace(self, *, jaxpr: Jaxpr | None = None, consts: Any = None) -> ClosedJaxpr:
        """The same with another jaxpr or other constants."""
        return ClosedJaxpr(self.jaxpr if jaxpr is None else jaxpr, self.consts if consts is None else consts)

    def map_jaxpr(self, f: Callable[[Jaxpr], Jaxpr]) -> ClosedJaxpr:
        """The same with ``f(jaxpr)``."""
        return ClosedJaxpr(f(self.jaxpr), self.consts)

    def pretty_print(self, **options: Any) -> str:
        return str(self)

    def __repr__(self) -> str:
        return printed(self.jaxpr)


# --- evaluation -------------------------------------------------------------------------------------------------


def eval_jaxpr(jaxpr: Jaxpr, consts: Any, *args: Any, propagate_source_info: bool = True) -> list[Any]:
    """The results of a jaxpr for its constants and arguments.

    Example:
        >>> from ..jax_modules.transformations import make_jaxpr
        >>> import numpy as np
        >>> closed = make_jaxpr(lambda x: x * 2.0)(np.ones(1))
        >>> eval_jaxpr(closed.jaxpr, closed.consts, np.ones(1))
        [Array([2.], dtype=float64)]
    """
    if jaxpr.program is not None:
        return lift(list(jaxpr.program.evaluate([as_array(v) for v in lower([*consts, *args])])))
    env: dict[Any, Any] = dict(zip(jaxpr.constvars, consts, strict=True))
    env.update(zip(jaxpr.invars, args, strict=True))

    def read(atom: Any) -> Any:
        return atom.val if isinstance(atom, Literal) else env[atom]

    for eqn in jaxpr.eqns:
        out = eqn.primitive.bind(*map(read, eqn.invars), **eqn.primitive.get_bind_params(eqn.params))
        env.update(zip(eqn.outvars, out if eqn.primitive.multiple_results else [out], strict=True))
    return [v if type(v) is not float and type(v) is not int else wrap(as_array(v)) for v in map(read, jaxpr.outvars)]


def jaxpr_as_fun(closed: ClosedJaxpr, *args: Any) -> Any:
    """The function of a closed jaxpr, from arrays to a list of arrays.

    Example:
        >>> from ..jax_modules.transformations import make_jaxpr
        >>> jaxpr_as_fun(make_jaxpr(lambda x: x * 2.0)(1.0))(3.0)
        [Array(6., dtype=float64)]
    """

    @functools.wraps(eval_jaxpr, assigned=())
    def function(*values: Any) -> list[Any]:
        return eval_jaxpr(closed.jaxpr, closed.consts, *values)

    del function.__wrapped__
    return function(*args) if args else function


def subjaxprs(jaxpr: Jaxpr) -> Iterator[Jaxpr]:
    """The jaxprs that equations of a jaxpr hold."""
    for eqn in jaxpr.eqns:
        yield from jaxprs_in_params(eqn.params)


def jaxprs_in_params(params: dict[str, Any]) -> Iterator[Jaxpr]:
    """The jaxprs among the parameters of an equation."""
    for value in params.values():
        for v in value if isinstance(value, (tuple, list)) else (value,):
            if isinstance(v, Jaxpr):
                yield v
            elif isinstance(v, ClosedJaxpr):
                yield v.jaxpr


def check_jaxpr(jaxpr: Jaxpr) -> None:
    """Raise where a variable of a jaxpr is used before it is defined, or defined twice.

    Raises:
        TypeError: naming the equation.
    """
    known = {*jaxpr.constvars, *jaxpr.invars}
    for eqn in jaxpr.eqns:
        for v in eqn.invars:
            if not isinstance(v, Literal) and v not in known:
                raise TypeError(f"Variable '{v}' not defined in equation {eqn}")
        for v in eqn.outvars:
            if v in known:
                raise TypeError(f"Variable '{v}' already bound in equation {eqn}")
            known.add(v)
    for sub in subjaxprs(jaxpr):
        check_jaxpr(sub)


def literal(a: OurLiteral) -> Literal:
    """A literal of a Program as one of a jaxpr."""
    return Literal(a.value if a.aval.weak else lift(as_array(a.value)), shaped(a.aval))


__all__ = [
    "ClosedJaxpr", "DebugInfo", "DropVar", "Jaxpr", "JaxprEqn", "Literal", "Var", "check_jaxpr", "eval_jaxpr", "jaxpr_as_fun",
    "jaxprs_in_params", "literal", "new_jaxpr_eqn", "subjaxprs",
]  # fmt: skip
