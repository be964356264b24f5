"""Fingerprint: the hash of a Program, by which its compiled code is found on disk before anything is done to it.

Two Programs have the same fingerprint if they have the same equations on the same types with the same constants, in
this process or another. What the compiled code depends on besides them (versions, the processor, this library's
source) is in the cache's keys.
"""

from __future__ import annotations

import hashlib
import types
from typing import Any

import numpy as np

from ..config import config
from ..core import PYTHON_SCALARS, Aval, Primitive
from ..program import Equation, Literal, Program, Var

_HOME = __name__.partition(".")[0]
_KNOWN: dict[Primitive, bool] = {}


class _Unknown(Exception):
    """Something whose content cannot be told from outside."""


def fingerprint(program: Program) -> bytes | None:
    """The hash of a Program; None if it holds something that has no hash that is the same in another process.

    Example:
        >>> import numpy as np, wengert, wengert.numpy as wnp
        >>> one, two, three = (wengert.make_program(lambda x, s=s: wnp.sin(x * s))(np.ones(3)) for s in (2.0, 2.0, 3.0))
        >>> fingerprint(one) == fingerprint(two) != fingerprint(three)
        True
    """
    writer = _Writer()
    try:
        writer.program(program)
    except _Unknown:
        return None
    hashed = hashlib.sha256("\\n".join(writer.lines).encode())
    for array in writer.arrays:
        hashed.update(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
    return hashed.digest()


class _Writer:
    """Writes Programs as lines, and collects the arrays in them. Variables have the numbers in which they come."""

    def __init__(self) -> None:
        self.lines: list[str] = [f"x64 {config.enable_x64}"]
        self.arrays: list[np.ndarray] = []
        self._arrays: dict[int, int] = {}
        self._names: dict[Any, str] = {}
        self._avals: dict[Any, str] = {}
        self._programs: dict[int, int] = {}

    def program(self, program: Program) -> None:
        outer, self._names = self._names, {}  # a Program is closed
        names, aval, atom = self._names, self.aval, self.atom
        for v in program.inputs:
            names[v] = name = f"v{len(names)}"
            self.lines.append(f"{name} {aval(v.aval)}")
        for eqn in program.equations:
            inputs = " ".join([names[a] if type(a) is Var else atom(a) for a in eqn.inputs])
            head = self.primitive(eqn) if not eqn.params else f"{self.primitive(eqn)} {self.parameters(eqn)}"
            for v in eqn.outputs:
                names[v] = name = f"v{len(names)}"
                head = f"{name} {aval(v.aval)} {head}"
            self.lines.append(f"{head} {inputs}")
        self.lines.append("return " + " ".join(map(atom, program.outputs)))
        for guard in program.guards:
            self.lines.append(f"guard {guard.value.dtype.str} {guard.value.tobytes().hex()}")
        self._names = outer

    def aval(self, a: Aval) -> str:
        key = (a.shape, a.dtype, a.weak)
        found = self._avals.get(key)
        if found is None:
            found = self._avals[key] = f"{_dtype(a.dtype)}{a.shape}{'*' if a.weak else ''}"
        return found

    def atom(self, a: Any) -> str:
        if type(a) is Var:
            return self._names[a]
        assert type(a) is Literal
        if a.aval.shape == ():
            return f"({self.value(a.value)} {self.aval(a.aval)})"
        return f"({self.array(a.value)} {self.aval(a.aval)})"

    def array(self, x: Any) -> str:
        """The same array has the same number each time: the passes know it by its identity."""
        if not isinstance(x, np.ndarray) or x.dtype.hasobject:
            raise _Unknown
        number = self._arrays.get(id(x))
        if number is None:
            number = self._arrays[id(x)] = len(self.arrays)
            self.arrays.append(x)
            self.lines.append(f"array {_dtype(x.dtype)} {x.shape}")
        return f"a{number}"

    def primitive(self, eqn: Equation) -> str:
        p = eqn.primitive
        known = _KNOWN.get(p)
        if known is None:
            known = _KNOWN[p] = _of_this_library(p)
        if not known:
            raise _Unknown
        return p.name

    def parameters(self, eqn: Equation) -> str:
        # The Programs among its parameters say all of a loop; what else is written in terms of others is one call.
        inner = eqn.primitive.called(eqn.params)
        if inner is not None:  # nothing else of the call is compiled
            return self.nested(inner)
        return " ".join([f"{k}={self.value(x)}" for k, x in sorted(eqn.params.items())])

    def nested(self, program: Program) -> str:
        number = self._programs.get(id(program))
        if number is None:
            number = self._programs[id(program)] = len(self._programs)
            self.lines.append(f"program {number} {{")
            self.program(program)
            self.lines.append("}")
        return f"p{number}"

    def value(self, x: Any) -> str:
        t = type(x)
        if x is None or x is Ellipsis or t in PYTHON_SCALARS or t is str or t is bytes:
            return repr(x)
        if t is list or isinstance(x, tuple):
            return f"{t.__name__}({','.join(map(self.value, x))})"
        if t is dict:
            return f"{{{','.join([f'{self.value(k)}:{self.value(v)}' for k, v in x.items()])}}}"
        if isinstance(x, np.dtype):
            return _dtype(x)
        if isinstance(x, np.generic):
            return f"{_dtype(x.dtype)} {x.tobytes().hex()}"
        if isinstance(x, np.ndarray):
            return self.array(x)
        if isinstance(x, Program):
            return self.nested(x)
        if isinstance(x, (slice, range)):
            return f"{t.__name__}({self.value((x.start, x.stop, x.step))})"
        if isinstance(x, type) and x.__module__ in ("builtins", "numpy"):
            return x.__name__
        raise _Unknown


def _dtype(dtype: np.dtype) -> str:
    if dtype.hasobject:
        raise _Unknown
    return f"{dtype.str}:{dtype.name}" if dtype.names is None else f"{dtype.descr}"


def _of_this_library(primitive: Primitive) -> bool:
    """Whether an operation is the library's own, so that its source is part of the cache's keys."""
    if primitive.foreign:
        return False
    parts = (primitive, primitive.native)
    functions = [x for part in parts for x in vars(part).values() if isinstance(x, types.FunctionType)]
    return all(map(_ours, (*map(type, parts), *functions)))


def _ours(x: Any) -> bool:
    return x.__module__.partition(".")[0] == _HOME


__all__ = ["fingerprint"]
