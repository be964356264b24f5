"""Numbers that a loop's body closes over and that differ from call to call: they become arguments of its Program.

Outside of `jit` a loop is compiled when it is first met, and a number in its body, such as a step size that shrinks, is a
constant of that code. When a body comes again with other numbers in the same places, these places become arguments, and
the code made then serves all that follow.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import numpy as np

from ..core import INNERMOST, Value
from ..locks import lock
from ..places import NOTING
from ..program import Equation, Literal, Program, Var
from .known_programs import content

MOST = 256  # forms of bodies that are remembered


class _Form:
    """Bodies that are equal but for numbers: the first one, its numbers, and which of them have been others since."""

    def __init__(self, program: Program, numbers: list[Any]) -> None:
        self.program, self.numbers = program, numbers
        self.changing: tuple[int, ...] = ()
        self.made = program


_forms: OrderedDict[Any, _Form] = OrderedDict()
_lock = lock()


def general(program: Program) -> tuple[Program, list[Value]]:
    """A Program that does the same with some numbers as its first arguments; and these numbers.

    While another Program is being written, and for one that asks for values, it is the Program itself.
    """
    if getattr(INNERMOST, "trace", None) is not None or NOTING.on or program.guards or program.paths:
        return program, []
    numbers: list[Any] = []

    def number(a: Literal) -> Any:
        if not _counts(a):
            return None
        numbers.append(a.value)
        return (type(a.value), a.aval)

    try:
        key = content(program, number)
    except TypeError:  # a parameter has no hash
        return program, []
    if not numbers:
        return program, []
    with _lock:
        form = _forms.setdefault(key, _Form(program, numbers))
        _forms.move_to_end(key)
        if len(_forms) > MOST:
            _forms.popitem(last=False)
        if form.program is not program:
            differ = [i for i, (a, b) in enumerate(zip(form.numbers, numbers, strict=True)) if repr(a) != repr(b)]
            if not {*form.changing}.issuperset(differ):
                form.changing = tuple(sorted({*form.changing, *differ}))
                form.made = _opened(form.program, form.changing)
        return form.made, [numbers[i] for i in form.changing]


def _counts(a: Literal) -> bool:
    """Whether a literal is a number that may be an argument."""
    return a.aval.shape == () and a.aval.dtype.kind in "fic" and isinstance(a.value, (float, int, complex, np.generic))


def _opened(program: Program, places: tuple[int, ...]) -> Program:
    """A Program with some of its numbers, counted in the order of its equations, as arguments in front."""
    variables: list[Var] = []
    equations: list[Equation] = []
    count = 0
    for eqn in program.equations:
        inputs = list(eqn.inputs)
        for k, a in enumerate(inputs):
            if type(a) is Literal and _counts(a):
                if count in places:
                    inputs[k] = Var(a.aval)
                    variables.append(inputs[k])  # type: ignore[arg-type]
                count += 1
        equations.append(Equation(eqn.primitive, inputs, eqn.outputs, eqn.params))
    made = Program([*variables, *program.inputs], equations, program.outputs, program.name, program.masked)
    made.in_tree, made.out_tree = program.in_tree, program.out_tree
    return made


__all__ = ["general"]
