"""The interpreter: a backend that runs Programs equation by equation with NumPy, loops as Python's.

It knows the operations' NumPy implementations and nothing else, so that its results are an oracle for the other backends'.
Every value is looked at: one of another shape or dtype than its equation says is an error here, and not wrong numbers further on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import numpy as np

from .config import config
from .core import Aval, Value
from .costs import Cost, interpreted
from .errors import ProgramError
from .program import Equation, Literal, Program, Var


class Interpreter:
    """The backend of this name.

    Example:
        >>> import wengert, wengert.numpy as wnp
        >>> f = wengert.jit(lambda x: wnp.sum(x * x), backend="interpreter")
        >>> float(f(wnp.array([1.0, 2.0])))
        5.0
    """

    name = "interpreter"

    def compile(self, program: Program, donated: tuple[int, ...] = ()) -> Interpreted:
        """Nothing is compiled, and donated arguments stay as they are."""
        return Interpreted(program)

    def lower(self, program: Program) -> Lowered:
        return Lowered(program)

    def cost(self, program: Program) -> Cost:
        return interpreted(program)

    def cache_key(self, program: Program) -> bytes | None:
        """None: a Program is at hand as soon as it is traced."""
        return None


class Interpreted:
    """A Program that is interpreted when it is called."""

    native: Callable[[Any], Any] | None = None

    def __init__(self, program: Program) -> None:
        self.program = program

    def __call__(self, args: Sequence[Value]) -> list[Value]:
        with np.errstate(all="ignore"):
            if config.backend == BACKEND.name:
                return _run(self.program, args)
            with config.override(backend=BACKEND.name):  # loops run their Programs by themselves
                return _run(self.program, args)

    def raise_error(self) -> NoReturn:
        raise AssertionError("there is no native call that could have failed")


class Lowered:
    """A Program as it is interpreted, to look at: as it was traced."""

    def __init__(self, program: Program) -> None:
        self.program = self.optimized = program

    def as_text(self) -> str:
        return str(self.program)

    def cost(self) -> Cost:
        return interpreted(self.program)

    cost_analysis = cost

    def compile(self) -> Interpreted:
        return Interpreted(self.program)

    def __repr__(self) -> str:
        return f"<{self.program.name} lowered for the interpreter: {len(self.program)} equations>"


def _run(program: Program, args: Sequence[Value]) -> list[Value]:
    if len(args) != len(program.inputs):
        raise ProgramError(f"{program.name} takes {len(program.inputs)} values, got {len(args)}")
    env: dict[Any, Value] = {
        v: _typed(a, v.aval, lambda: program.name) for v, a in zip(program.inputs, args, strict=True)
    }
    last: dict[Any, int] = {a: i for i, eqn in enumerate(program.equations) for a in (*eqn.inputs, *eqn.outputs)}
    last.update(dict.fromkeys(program.outputs, len(program.equations)))
    for i, eqn in enumerate(program.equations):
        outs = _outputs(eqn, [a.value if type(a) is Literal else _given(env[a], a.aval) for a in eqn.inputs])
        for v, out in zip(eqn.outputs, outs, strict=True):
            env[v] = _typed(out, v.aval, lambda eqn=eqn: f"{program.name}: {eqn.primitive.name}")
        for a in {*eqn.inputs, *eqn.outputs}:
            if last[a] == i and type(a) is Var:
                del env[a]
    given = {id(a) for a in args}
    return [_new(_typed(a.value, a.aval, str) if type(a) is Literal else env[a], given) for a in program.outputs]


def _outputs(eqn: Equation, values: Sequence[Any]) -> Sequence[Value]:
    called = eqn.primitive.called(eqn.params)
    if called is not None:
        return _run(called, values)
    out = eqn.primitive.interpret(*values, **eqn.params)
    return out if eqn.primitive.multiple_results else [out]


def _given(x: Any, aval: Aval) -> Any:
    """A value as an operation gets it: a weak one is a Python number, whose dtype gives way."""
    return x.item() if aval.weak else x


def _typed(x: Any, aval: Aval, where: Callable[[], str]) -> Value:
    """A value with the dtype that its type says; eagerly it may still be a Python number, or a 64-bit one in 32-bit mode.

    Raises:
        ProgramError: it has another shape, or a dtype of another kind.
    """
    a = np.asarray(x)
    if a.shape != aval.shape:
        raise ProgramError(f"{where()} gave a value of shape {a.shape}, its type is {aval!r}")
    if a.dtype != aval.dtype:
        narrowed = a.dtype.kind == aval.dtype.kind and (aval.weak or not config.enable_x64)
        if type(x) not in (bool, int, float, complex) and not narrowed:
            raise ProgramError(f"{where()} gave a value of dtype {a.dtype}, its type is {aval!r}")
        a = a.astype(aval.dtype)
    return a[()] if a.ndim == 0 else a


def _new(x: Any, given: set[int]) -> Value:
    """A result that is nobody else's array."""
    if type(x) is not np.ndarray:
        return x
    if id(x) in given or x.base is not None or not x.flags.c_contiguous or not x.flags.writeable:
        x = np.array(x, order="C")
    given.add(id(x))
    return x


BACKEND = Interpreter()
