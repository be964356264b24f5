"""Equations in little memory: a Program that is compiled is called without them, and asked for them seldom.

An equation takes some 400 bytes as objects. Here it takes a few numbers in an array: those of its primitive, parameters and
place in a table of different objects, and those of its variables. `Program.equations` makes the objects again when it is read,
for a derivative or to be looked at.
"""

from __future__ import annotations

import marshal
from array import array
from collections.abc import Sequence
from typing import Any

from .core import Aval
from .equations import Equation, Var
from .locks import lock

UNPACKING = lock()  # two threads that unpack the same Program must get the same variables


class _Table:
    """Different objects, and the number of each."""

    def __init__(self) -> None:
        self.objects: list[Any] = []
        self._numbers: dict[Any, int] = {}

    def number(self, thing: Any, key: Any = None) -> int:
        """The number of an object; of those with the same key, that of the first."""
        key = id(thing) if key is None else key
        found = self._numbers.get(key)
        if found is None:
            found = self._numbers[key] = len(self.objects)
            self.objects.append(thing)
        return found


def _key_of_aval(aval: Aval) -> Any:
    return (aval.shape, aval.dtype.str, aval.dtype.name, aval.weak) if type(aval) is Aval else None


def _key_of_params(params: dict[str, Any]) -> Any:
    """Parameters of the same values have the same key. `marshal` tells True from 1 and 0.0 from -0.0, and takes plain values."""
    try:
        return marshal.dumps(params)
    except ValueError:
        return None


class Packed:
    """The equations of a Program as numbers.

    Args:
        equations: what is packed.
        known: the inputs of the Program and the variables among its outputs, which stay the objects that they are.
    """

    __slots__ = ("_known", "_numbers", "_objects")

    def __init__(self, equations: Sequence[Equation], known: Sequence[Var]) -> None:
        table = _Table()
        self._known = list(known)
        atoms: dict[int, int] = {id(v): i for i, v in enumerate(known)}
        kept = len(known)
        defined = kept  # inner variables are numbered from here in the order of their definition
        numbers = array("q")
        for eqn in equations:
            place = -1 if eqn.place is None else table.number(eqn.place)
            params = table.number(eqn.params, _key_of_params(eqn.params))
            numbers.extend((table.number(eqn.primitive), params, place, len(eqn.inputs), len(eqn.outputs)))
            # Literals stay objects of the table, with negative numbers.
            numbers.extend([atoms[id(a)] if id(a) in atoms else -1 - table.number(a) for a in eqn.inputs])
            for v in eqn.outputs:
                number = atoms.get(id(v))
                if number is None:
                    number = atoms[id(v)] = defined
                    defined += 1
                numbers.append(number)
                numbers.append(-1 if number < kept else table.number(v.aval, _key_of_aval(v.aval)))
        self._numbers = array(next(c for c in "bhiq" if _fits(numbers, c)), numbers)
        self._objects = table.objects

    def unpacked(self) -> list[Equation]:
        """The equations as objects; variables inside are new ones."""
        objects, numbers, variables = self._objects, iter(self._numbers), self._known.copy()
        equations: list[Equation] = []
        for primitive in numbers:
            params, place, inputs, outputs = next(numbers), next(numbers), next(numbers), next(numbers)
            given = [variables[i] if i >= 0 else objects[-1 - i] for i in [next(numbers) for _ in range(inputs)]]
            made: list[Var] = []
            for _ in range(outputs):
                number, aval = next(numbers), next(numbers)
                if number == len(variables):
                    variables.append(Var(objects[aval]))
                made.append(variables[number])
            eqn = Equation(objects[primitive], given, made, objects[params])
            eqn.place = None if place < 0 else objects[place]
            equations.append(eqn)
        return equations


def _fits(numbers: array[int], code: str) -> bool:
    bits = 8 * array(code).itemsize - 1
    return not numbers or -(1 << bits) <= min(numbers) and max(numbers) < 1 << bits


__all__ = ["UNPACKING", "Packed"]
