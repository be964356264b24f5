"""Recipe: all that is needed to run a compiled Program, as it is kept on disk.

Machine code, and what it is called with besides the arguments. Constants that are arrays and equations that go through
NumPy are named by their numbers in the Program after the passes, which is made again where there are any.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np

from ..program import Equation, Literal, Program
from .fusion import literal_arrays
from .objectfile import is_object

_LENGTH = struct.Struct("<Q")


@dataclass
class Recipe:
    """A compiled Program.

    Attributes:
        symbols: the names of outside functions.
        literals: the further arguments of `main`: the number of an array among the Program's, or of a result that is a
            number, with its bytes.
        calls: the numbers of the equations that go through NumPy, or -1 for one that is not the Program's own.
        failures: the messages of the errors of factorisations.
        workspace: in bytes.
        release: whether other Python threads may run meanwhile.
        tapes: whether a loop has a tape, for which memory may be missing.
        objects: object files.
        held: results that are in the memory of an argument, with its number.
    """

    symbols: list[str]
    literals: list[tuple[int, str | None]]
    calls: list[int]
    failures: list[str]
    workspace: int
    release: bool
    tapes: bool = False
    objects: list[bytes] = field(default_factory=list)
    held: list[tuple[int, int]] = field(default_factory=list)

    def portable(self) -> bool:
        """Whether it means the same with the Program made again."""
        return -1 not in self.calls

    def needs_program(self) -> bool:
        """Whether arrays or equations of the Program after the passes are needed."""
        return bool(self.calls) or any(content is None for _, content in self.literals)

    def to_bytes(self) -> bytes:
        head = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "objects"}
        text = json.dumps({**head, "lengths": [len(o) for o in self.objects]}).encode()
        return b"".join([_LENGTH.pack(len(text)), text, *self.objects])

    @staticmethod
    def is_one(data: bytes) -> bool:
        """Whether bytes are those of a recipe, as far as can be told without its Program."""
        try:
            found = Recipe.from_bytes(data)
            texts, numbers = [*found.symbols, *found.failures], [found.workspace]
            numbers += [n + 1 for n in found.calls]  # -1 is one that is not the Program's own
            numbers += [n for pair in found.held for n in pair] + [n for n, _ in found.literals]
            return (
                all(type(t) is str for t in texts)
                and all(type(n) is int and 0 <= n < 1 << 48 for n in numbers)
                and all(content is None or bytes.fromhex(content) for _, content in found.literals)
                and sum(map(len, found.objects)) + _LENGTH.unpack_from(data)[0] + _LENGTH.size == len(data)
                and all(len(pair) == 2 for pair in found.held)
                and len(found.objects) > 0
                and all(map(is_object, found.objects))
            )
        except (ValueError, TypeError, KeyError, AttributeError, struct.error, RecursionError):
            return False

    @staticmethod
    def from_bytes(data: bytes) -> Recipe:
        (n,) = _LENGTH.unpack_from(data)
        at = _LENGTH.size + n
        head = json.loads(data[_LENGTH.size : at])
        objects = []
        for length in head.pop("lengths"):
            objects.append(data[at : at + length])
            at += length
        head["literals"] = [(number, content) for number, content in head["literals"]]
        return Recipe(**head, objects=objects)


def literal_numbers(program: Program, arguments: Sequence[Any]) -> list[tuple[int, str | None]]:
    """How the literals among the arguments of `main` are found again: see `Recipe.literals`.

    Passes on loops make no arrays of their own: those would be none of the Program's.
    """
    arrays = {id(a): i for i, a in enumerate(literal_arrays(program))}
    results = {id(a): i for i, a in enumerate(program.outputs) if type(a) is Literal and a.aval.shape == ()}
    found: list[tuple[int, str | None]] = []
    for a in arguments:
        if type(a) is Literal:
            if id(a) in results:
                found.append((results[id(a)], np.asarray(a.value, a.aval.dtype).tobytes().hex()))
            else:
                found.append((arrays[id(a)], None))
    return found


def call_numbers(program: Program, calls: Sequence[Equation]) -> list[int]:
    """The numbers of equations in a Program; -1 for those that it has not."""
    numbers = {id(e): i for i, e in enumerate(program.equations)}
    return [numbers.get(id(e), -1) for e in calls]


def literal_values(recipe: Recipe, program: Program | None, results: Sequence[Any]) -> list[np.ndarray]:
    """The arrays that the literals of a recipe stand for.

    Args:
        program: after the passes; None if the recipe needs none.
        results: the types of the results.
    """
    arrays = [] if program is None else literal_arrays(program)
    values = []
    for number, content in recipe.literals:
        if content is not None:
            a = np.ndarray((), results[number].dtype, bytes.fromhex(content))
        else:
            a = np.ascontiguousarray(arrays[number].value, arrays[number].aval.dtype)
        values.append(a)
    return values
