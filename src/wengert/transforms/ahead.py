"""Functions compiled ahead of time: `jit(f).lower(x)`, to look at, and ``.compile()`` of it, to be called as the function is.

A compiled function never compiles: arguments of other types, and another way through Python's control flow, are errors.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import backends, trees
from ..config import config
from ..core import Aval, Tracer, Value, aval_of
from ..costs import Cost
from ..errors import ArgumentError, NotSupportedError
from ..program import Program
from ..vocabulary import Keywords
from .function import name_of, shown, values_of
from .guarded import run_guarded
from .ownership import own_results
from .shapes import ShapeDtypeStruct


class Lowered:
    """A function compiled for some arguments, to look at: what the backend's has, such as ``as_text()``, ``cost()``, and for the
    native one ``loops()``, ``llvm()``, ``assembly()``.

    Attributes:
        program: the Program that was traced. optimized: as it is run.

    Example:
        >>> import numpy as np, wengert
        >>> f = wengert.jit(lambda p, x: p["a"] * x)
        >>> lowered = f.lower({"a": 2.0}, np.ones(3))
        >>> lowered.compile()({"a": 5.0}, np.ones(3))
        array([5., 5., 5.])
    """

    def __init__(self, jitted: Any, given: Any, closed_over: int, found: backends.Lowered) -> None:
        self._jitted, self._given, self._closed_over, self._found = jitted, given, closed_over, found

    def compile(self) -> Compiled:
        """The compiled function, called as the function is, without the static arguments.

        Raises:
            NotSupportedError: it closes over values of a transformation around it.
        """
        if self._closed_over:
            raise NotSupportedError(
                f"{name_of(self._jitted._f)} closes over traced values, which the compiled function would not get: "
                f"make them its arguments"
            )
        return Compiled(self._jitted, self._given, self._found)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name == "_found":
            raise AttributeError(name)
        return getattr(self._found, name)

    def __dir__(self) -> list[str]:
        return sorted({*object.__dir__(self), *dir(self._found)})

    def __repr__(self) -> str:
        return repr(self._found)


class Compiled:
    """A function compiled for arguments of one kind, and for one way through its Python control flow.

    It is called as the function is, without static arguments. Under transformations it is its Program, and is differentiated and
    batched. It can be pickled where its function can; the other process compiles it when it is loaded, or finds it on disk.

    Attributes:
        program: the Program. executable: what the backend made of it, called with a list of values.

    Raises:
        ArgumentError: when called, with other types than it was compiled for, or where Python would go another way.
    """

    def __init__(self, jitted: Any, given: Any, lowered: Any) -> None:
        self._jitted, self._given, self._lowered = jitted, given, lowered
        self.executable: Any = lowered.compile()
        self.program: Program = lowered.program
        self._x64 = config.enable_x64
        self._native = self.executable.native

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        try:
            if self._native is not None and not config.debugging and config.enable_x64 == self._x64:
                out = self._native((args, kwargs))
                if out is Ellipsis:
                    self.executable.raise_error()
                if out is not NotImplemented:
                    return out
            return self._slowly(args, kwargs)
        except Exception as error:
            raise shown(error)

    def _slowly(self, args: tuple[Any, ...], kwargs: Keywords) -> Any:
        f, program = self._jitted._f, self.program
        leaves, tree = trees.flatten((args, kwargs))
        if tree != program.in_tree:
            raise ArgumentError(
                f"{name_of(f)} was compiled for arguments of the structure {program.in_tree}, and is called with {tree}: "
                f"lower it for these, or call the function under jit"
            )
        values = values_of(leaves, tree, "jit", f)
        found = [aval_of(v) for v in values]
        if config.enable_x64 != self._x64 or not all(map(_fits, found, program.in_avals)):
            raise ArgumentError(
                f"{name_of(f)} was compiled for ({_listed(program.in_avals)}), and is called with ({_listed(found)}): "
                f"lower it for these, or call the function under jit"
            )
        if config.debugging:
            static_args, static_kwargs = self._static()
            return self._jitted(*_merged(args, static_args), **kwargs, **static_kwargs)
        if any(isinstance(v, Tracer) for v in values):
            outs = run_guarded(program, values)
        else:
            try:
                outs = self._run(values)
            except backends.OtherPath:
                outs = None
        if outs is None:
            lines = ", ".join(dict.fromkeys(str(g.line) for g in program.guards))
            raise ArgumentError(
                f"{name_of(f)} was compiled for another way through its Python control flow than these arguments take "
                f"({lines}): call the function under jit, which compiles each, or use wengert.numpy.where and lax.cond"
            )
        return trees.unflatten(program.out_tree, self._jitted._given_back(program, outs))

    def _run(self, values: Sequence[Value]) -> list[Value] | None:
        program, outs = self.program, self.executable(values)
        n = len(outs) - len(program.guards)
        if not all(g.holds(o) for g, o in zip(program.guards, outs[n:], strict=True)):
            return None
        return own_results(outs[:n], values)

    def _static(self) -> tuple[dict[int, Any], dict[str, Any]]:
        (args, kwargs), nums, names = self._given, {*self._jitted.static_argnums}, self._jitted.static_argnames
        fixed = {i: a for i, a in enumerate(args) if {i, i - len(args)} & nums}
        return fixed, {k: v for k, v in kwargs.items() if k in names}

    def as_text(self) -> str:
        """The Program that was compiled."""
        return self._lowered.as_text()

    def cost(self) -> Cost:
        """What one call costs, from shapes alone."""
        return self._lowered.cost()

    cost_analysis = cost

    def __reduce__(self) -> Any:
        args, kwargs = self._given
        if not self.program.guards:  # else the values say which way it takes
            static_args, static_kwargs = self._static()
            args = tuple(a if i in static_args else trees.map(_type_of, a) for i, a in enumerate(args))
            kwargs = {k: v if k in static_kwargs else trees.map(_type_of, v) for k, v in kwargs.items()}
        return _compiled_again, (self._jitted, args, kwargs)

    def __repr__(self) -> str:
        return f"<{name_of(self._jitted._f)} compiled for ({_listed(self.program.in_avals)})>"


def _compiled_again(jitted: Any, args: Any, kwargs: Any) -> Compiled:
    return jitted.lower(*args, **kwargs).compile()


def _type_of(x: Any) -> Any:
    """What stands for an array where types are asked for; numbers stand for themselves."""
    return ShapeDtypeStruct(x.shape, x.dtype) if isinstance(x, np.ndarray) else x


def _merged(args: tuple[Any, ...], static: dict[int, Any]) -> list[Any]:
    full = list(args)
    for i in sorted(static):
        full.insert(i, static[i])
    return full


def _fits(found: Aval, wanted: Aval) -> bool:
    return found.shape == wanted.shape and found.dtype == wanted.dtype


def _listed(avals: Sequence[Aval]) -> str:
    return ", ".join(map(repr, avals))


__all__ = ["Compiled", "Lowered"]
