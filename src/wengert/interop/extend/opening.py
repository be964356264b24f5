"""What a function closes over becomes constants of its jaxpr: known arrays count as arguments while it is traced, as in JAX.

Two functions of one code, one of which closes over known arrays and one over traced ones, then have jaxprs with as many
constants, which is how libraries exchange one for the other in loops and branches.
"""

from __future__ import annotations

import dis
import functools
import types
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ... import trees
from ...core import Aval, Tracer, Value
from ...transforms.staging import StagingTrace, StagingTracer
from ..array import Array, wrap
from ..border import LiftedTree
from ..jax_modules.tree_util import is_tree_node

_DEPTH = 50  # of functions in functions that are looked into


class Opened:
    """A function whose closure's known arrays are tracers of a trace of its own.

    Attributes:
        function: the function to be traced.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self.trace = StagingTrace("make_jaxpr")
        self.trace.examples = {}
        self._seen: dict[int, Any] = {}
        self._values: dict[int, Any] = {}
        self.function = self._open(function, _DEPTH)
        if not self._values:
            self.function = function

    def known(self, values: Sequence[Value]) -> list[Value]:
        """What constants of the jaxpr are: those of the trace are computed."""
        found = [self._known(v) for v in values]
        self.trace.close()
        return found

    def _known(self, v: Value) -> Value:
        while isinstance(v, StagingTracer) and v._trace is self.trace:
            v = self.trace._evaluate(v.atom)
        return v

    def _open(self, x: Any, depth: int) -> Any:
        if type(x) is Array:
            return self._array(x)
        if not depth or type(x) in _LEAVES or isinstance(x, (type, types.ModuleType)):
            return x
        known = self._seen.get(id(x))  # what is one object stays one
        if known is None:
            self._seen[id(x)] = (x, x)  # while it is looked into, and where it holds itself
            kind = isinstance(x, (types.FunctionType, types.MethodType, functools.partial))
            known = self._seen[id(x)] = (x, self._function(x, depth - 1) if kind else self._node(x, depth))
        return known[1]

    def _node(self, x: Any, depth: int) -> Any:
        """A node of a tree with its children opened."""
        if type(x) is LiftedTree:  # such as a linear function, with the values that it saved
            leaves, tree = trees.flatten(x.inner)
            opened = [self._value(v) if isinstance(v, (np.ndarray, np.generic)) else v for v in leaves]
            return LiftedTree(trees.unflatten(tree, opened)) if opened else x
        if not is_tree_node(type(x)) and not (isinstance(x, tuple) and hasattr(x, "_fields")):
            return x
        children, node = trees.flatten(x, lambda y: y is not x)
        opened = [self._open(c, depth) for c in children]
        if all(a is b for a, b in zip(opened, children, strict=True)):
            return x
        return trees.unflatten(node, opened)

    def _array(self, x: Array) -> Array:
        value = x._value
        if isinstance(value, Tracer):
            return x
        known = self._values.get(id(x))
        if known is None:
            known = self._values[id(x)] = (x, wrap(self._value(value), x._weak))
        return known[1]

    def _value(self, value: Any) -> Any:
        known = self._values.get(id(value))
        if known is None:
            tracer = self.trace.input(Aval(value.shape, value.dtype))
            assert self.trace.examples is not None
            self.trace.examples[tracer.atom] = value
            known = self._values[id(value)] = (value, tracer)
        return known[1]

    def _function(self, f: Any, depth: int) -> Any:
        if isinstance(f, types.MethodType):
            of = self._open(f.__self__, depth)
            return f if of is f.__self__ else types.MethodType(f.__func__, of)
        if isinstance(f, functools.partial):
            parts = (f.func, f.args, f.keywords)
            opened = [self._open(p, depth) for p in parts]
            if all(a is b for a, b in zip(opened, parts, strict=True)):
                return f
            return functools.partial(opened[0], *opened[1], **opened[2])
        cells = f.__closure__ or ()
        try:
            contents = [c.cell_contents for c in cells]
        except ValueError:  # one is empty yet
            return f
        written = _written(f.__code__)
        opened = [
            c if name in written else self._open(c, depth)
            for name, c in zip(f.__code__.co_freevars, contents, strict=True)
        ]
        defaults = self._open(f.__defaults__, depth)
        if defaults is f.__defaults__ and all(a is b for a, b in zip(opened, contents, strict=True)):
            return f
        closure = [c if a is b else types.CellType(a) for c, a, b in zip(cells, opened, contents, strict=True)]
        made = types.FunctionType(f.__code__, f.__globals__, f.__name__, defaults, tuple(closure))
        made.__kwdefaults__, made.__qualname__ = f.__kwdefaults__, f.__qualname__
        made.__dict__.update({k: v for k, v in f.__dict__.items() if not k.startswith("_wengert")})
        return made


@functools.lru_cache(4096)
def _written(code: types.CodeType) -> frozenset[str]:
    """The names of outer functions' variables that a function writes."""
    return frozenset(i.argval for i in dis.get_instructions(code) if i.opname == "STORE_DEREF") & set(code.co_freevars)


_LEAVES = frozenset({int, float, complex, bool, str, bytes, type(None)})

__all__ = ["Opened"]
