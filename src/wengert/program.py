"""Program: the one intermediate form. Typed, single-assignment, printable, checkable.

Inputs, equations and outputs; control flow and calls are equations whose parameters hold sub-Programs. Programs are
built by `transforms.staging`; here they are represented, checked, printed and evaluated. No transformation and no
compiler lives here.
"""
# pyright: strict, reportPrivateUsage=false
# (an underscore is private to the package)

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .core import NESTED_TYPES, NUMPY_TYPES, Aval, LinearTracer, Value
from .equations import AVAL, Atom, Equation, Literal, Var
from .errors import ProgramError
from .packed import UNPACKING, Packed
from .places import NOTING, READERS, step_begins
from .vocabulary import Params

WORTH_PACKING = 32  # equations


class Program:
    """A function as a list of typed equations.

    Attributes:
        inputs: one `Var` for each argument.
        equations: in an order in which they can run.
        outputs: variables or literals.
        name: of the function it was made from.
        masked: whether it is the linear part of a function with choices in it, so that its transpose must not let
            zero cotangents meet infinite coefficients.
        backend: the name of the backend that runs it; None for that of the settings.
        placement: how its inputs and outputs lie on devices, as the backend has it; None where nothing is said of it.
        guards: values that Python asked for while the function was traced. Their variables are the last outputs; the
            Program computes the function where they come out the same.
        paths: of functions under `vmap` in it, the paths that the Program has (`transforms.path_programs`).

    Example:
        >>> import wengert, wengert.numpy as wnp
        >>> wengert.make_program(lambda x: wnp.sin(x) * 2.0)(np.ones(3))
        program(a: float64[3]) {
          b: float64[3] = sin a
          c: float64[3] = multiply b 2.0
          return c
        }
    """

    __slots__ = (
        "_packed",
        "_steps",
        "backend",
        "cache",
        "equations",
        "guards",
        "in_tree",
        "inputs",
        "masked",
        "name",
        "out_tree",
        "outputs",
        "paths",
        "placement",
    )

    def __init__(
        self,
        inputs: Sequence[Var],
        equations: Sequence[Equation],
        outputs: Sequence[Atom],
        name: str = "program",
        masked: bool = False,
    ) -> None:
        self.inputs = list(inputs)
        self.equations = list(equations)
        self._packed: Packed | None = None
        self.outputs = list(outputs)
        self.name = name
        self.masked = masked
        self.guards: list[Any] = []
        self.paths: Any = None
        self.backend: str | None = None
        self.placement: tuple[list[Any], list[Any]] | None = None
        self.in_tree: Any = None
        self.out_tree: Any = None
        self.cache: dict[Any, Any] = {}  # transformations of this program
        self._steps: Any = None

    def __getstate__(self) -> Any:
        """All but what was made of it."""
        made = ("_packed", "_steps", "cache", "placement")
        return None, {s: getattr(self, s) for s in self.__slots__ if s not in made}

    def __setstate__(self, state: Any) -> None:
        self._steps, self.cache, self.placement, self._packed = None, {}, None, None
        for name, value in state[1].items():
            setattr(self, name, value)

    def pack(self) -> None:
        """Keep the equations in little memory until they are read. Nobody else may be reading this Program meanwhile."""
        if self._packed is None and len(self.equations) >= WORTH_PACKING:
            self._packed = Packed(self.equations, [*self.inputs, *[a for a in self.outputs if isinstance(a, Var)]])
            self._steps = None
            del self.equations

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """The equations of a packed Program. A slot that is empty costs nothing as long as it is full, as a property would."""
            if name != "equations":
                raise AttributeError(f"a Program has no {name}")
            with UNPACKING:
                if self._packed is not None:
                    self.equations = self._packed.unpacked()
                    self._packed = None
            return Program.__dict__["equations"].__get__(self)  # the slot's own error where it was never filled

    @property
    def in_avals(self) -> list[Aval]:
        return list(map(AVAL, self.inputs))

    @property
    def out_avals(self) -> list[Aval]:
        return list(map(AVAL, self.outputs))

    # --- evaluation ---------------------------------------------------------------------------------------------

    def evaluate(self, args: Sequence[Value]) -> list[Value]:
        """Run on values: NumPy arrays, or tracers of any trace. Values are freed after their last use."""
        if NOTING.on:
            return self._evaluate_noting(args)
        steps, template, n_inputs, out_slots = self._steps or self._prepare()
        if len(args) != n_inputs:
            raise ProgramError(f"{self.name} takes {n_inputs} values, got {len(args)}")
        env = template.copy()
        env[:n_inputs] = args
        for bind, ins, params, outs, dead in steps:
            result = bind(*[env[i] for i in ins], **params)
            if type(outs) is int:
                env[outs] = result
            else:
                for slot, value in zip(outs, result, strict=True):
                    env[slot] = value
            for i in dead:
                env[i] = None
        return [env[i] for i in out_slots]

    def _evaluate_noting(self, args: Sequence[Value]) -> list[Value]:
        """The same; what is made meanwhile has the places of the equations that it is made for."""
        env: dict[int, Value] = {id(v): a for v, a in zip(self.inputs, args, strict=True)}
        for eqn in self.equations:
            place = eqn.place
            given = [env[id(a)] if isinstance(a, Var) else a.value for a in eqn.inputs]
            if place is not None:
                for a in given:
                    if type(a) is LinearTracer and a._trace.nodes is not None:
                        step_begins(a._trace, len(a._trace.nodes), place)
            result = eqn.primitive.bind(*given, **eqn.params)
            results = result if eqn.primitive.multiple_results else [result]
            env.update((id(v), r) for v, r in zip(eqn.outputs, results, strict=True))
        return [env[id(a)] if isinstance(a, Var) else a.value for a in self.outputs]

    def _prepare(self) -> Any:
        slots: dict[int, int] = {id(v): i for i, v in enumerate(self.inputs)}
        template: list[Any] = [None] * len(self.inputs)

        def slot(atom: Atom) -> int:
            key = id(atom)
            if key not in slots:
                slots[key] = len(template)
                template.append(atom.value if isinstance(atom, Literal) else None)
            return slots[key]

        rows: list[tuple[Equation, list[int], list[int]]] = []
        for eqn in self.equations:
            ins = [slot(a) for a in eqn.inputs]
            outs = [slot(v) for v in eqn.outputs]
            rows.append((eqn, ins, outs))
        out_slots = [slot(a) for a in self.outputs]
        kept = set(out_slots) | {i for i, v in enumerate(template) if v is not None}
        steps: list[tuple[Any, ...]] = []
        for eqn, ins, outs in reversed(rows):
            dead = [i for i in dict.fromkeys(ins + outs) if i not in kept]
            kept.update(dead)
            single = not eqn.primitive.multiple_results
            steps.append((eqn.primitive.bind, ins, eqn.params, outs[0] if single else outs, dead))
        steps.reverse()
        self._steps = (steps, template, len(self.inputs), out_slots)
        return self._steps

    # --- checks -------------------------------------------------------------------------------------------------

    def check(self) -> None:
        """Verify the rules of the form: defined before use, assigned once, types as the shape rules say.

        Raises:
            ProgramError: naming the equation that breaks a rule.
        """
        defined: set[int] = set()
        for v in self.inputs:
            if id(v) in defined:
                raise ProgramError(f"{self.name}: an input stands twice among the inputs")
            defined.add(id(v))
        for number, eqn in enumerate(self.equations):
            where = f"{self.name}, equation {number} ({eqn.primitive.name})"
            for a in eqn.inputs:
                if isinstance(a, Var) and id(a) not in defined:
                    raise ProgramError(f"{where} uses a variable before its definition")
            avals = eqn.primitive.abstract(*[a.aval for a in eqn.inputs], **eqn.params)
            expected = avals if eqn.primitive.multiple_results else [avals]
            if [a.shape for a in expected] != [v.aval.shape for v in eqn.outputs] or [a.dtype for a in expected] != [
                v.aval.dtype for v in eqn.outputs
            ]:
                raise ProgramError(f"{where} has outputs {[v.aval for v in eqn.outputs]}, its rule says {expected}")
            for v in eqn.outputs:
                if id(v) in defined:
                    raise ProgramError(f"{where} assigns a variable a second time")
                defined.add(id(v))
            for sub in subprograms(eqn):
                sub.check()
        for a in self.outputs:
            if isinstance(a, Var) and id(a) not in defined:
                raise ProgramError(f"{self.name}: an output is not defined")

    # --- printing -----------------------------------------------------------------------------------------------

    def __repr__(self) -> str:
        return "\n".join(_lines(self, "program"))

    __str__ = __repr__

    def __len__(self) -> int:
        return len(self.equations)


READERS[Program._evaluate_noting.__code__] = lambda given, outer: (given.get("place"), False)


def live_equations(equations: Sequence[Equation], outputs: Sequence[Atom], failing: bool = True) -> list[Equation]:
    """The equations that the outputs depend on, those with an effect, and, if `failing`, those that may fail."""
    needed = {id(a) for a in outputs if isinstance(a, Var)}
    kept: list[Equation] = []
    for eqn in reversed(equations):
        wanted = False
        for v in eqn.outputs:
            wanted = wanted or id(v) in needed
        if wanted or has_effect(eqn) or (failing and eqn.primitive.indices_from is not None and may_fail(eqn)):
            kept.append(eqn)
            for a in eqn.inputs:
                if isinstance(a, Var):
                    needed.add(id(a))
    kept.reverse()
    return kept


def subprograms(eqn: Equation) -> Iterator[Program]:
    """The Programs among the parameters of an equation."""
    yield from programs_of(eqn.params)


def programs_of(params: Params) -> list[Program]:
    """The Programs among the parameters of an operation."""
    found: list[Program] = []
    for value in params.values():
        if isinstance(value, Program):
            found.append(value)
        elif isinstance(value, NESTED_TYPES):
            found += [v for v in value if isinstance(v, Program)]
    return found


def has_effect(eqn: Equation) -> bool:
    """Whether an equation does something beside giving results, indices in the Programs that it holds included."""
    if eqn.primitive.effect:
        return True
    if not eqn.params:
        return False
    return any(has_effect(e) or may_fail(e) for program in subprograms(eqn) for e in program.equations)


def may_fail(eqn: Equation) -> bool:
    """Whether an equation reads or writes at computed places, which may be out of range."""
    first = eqn.primitive.indices_from
    return first is not None and any(isinstance(a, Var) for a in eqn.inputs[first:])


def variable_names(program: Program) -> dict[Var, str]:
    """The names that a Program's variables have when it is printed."""
    variables = [*program.inputs, *[v for eqn in program.equations for v in eqn.outputs]]
    return {v: _letters(i) for i, v in enumerate(variables)}


def _letters(i: int) -> str:
    name = ""
    i += 1
    while i:
        i, r = divmod(i - 1, 26)
        name = chr(97 + r) + name
    return name


def _lines(program: Program, head: str) -> list[str]:
    names: dict[int, str] = {}

    def name(v: Var) -> str:
        if id(v) not in names:
            names[id(v)] = _letters(len(names))
        return names[id(v)]

    def atom(a: Atom) -> str:
        if isinstance(a, Var):
            return name(a)
        if a.aval.shape == ():
            return repr(a.value.item() if isinstance(a.value, NUMPY_TYPES) else a.value)
        return f"<{a.aval!r}>"

    lines = [f"{head}({', '.join(f'{name(v)}: {v.aval!r}' for v in program.inputs)}) {{"]
    for eqn in program.equations:
        inputs = " ".join(atom(a) for a in eqn.inputs)
        plain = {k: v for k, v in eqn.params.items() if not isinstance(v, Program)}
        shown = f"[{', '.join(f'{k}={_parameter(v)}' for k, v in plain.items())}]" if plain else ""
        outputs = ", ".join(f"{name(v)}: {v.aval!r}" for v in eqn.outputs)
        lines.append(f"  {outputs} = {eqn.primitive.name}{shown} {inputs}".rstrip())
        for key, value in eqn.params.items():
            if isinstance(value, Program):
                lines += ["    " + line for line in _lines(value, key)]
    lines.append(f"  return {', '.join(atom(a) for a in program.outputs)}".rstrip())
    lines.append("}")
    return lines


def _parameter(value: Any) -> str:
    if isinstance(value, np.dtype):
        return value.name
    return getattr(value, "__name__", None) or repr(value).replace(" ", "")
