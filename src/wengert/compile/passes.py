"""Passes over Programs: calls inlined, constants folded, what is computed twice computed once, algebra, dead code.

One walk does all of it: each equation is rewritten from inputs that are rewritten already. Rules keep every value to
rounding, infinities and NaN included; the sign of a zero may change (``x + 0`` becomes ``x``). Loop nests come later.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..core import Aval, Primitive
from ..ops.control.programs import alone
from ..ops.families import Elementwise
from ..program import Atom, Equation, Literal, Program, Var, live_equations
from .products import turned
from .summed import products_summed

Rule = Callable[["Rewriter", Equation, list[Atom]], "Atom | None"]
RULES: dict[str, Rule] = {}
LOOPS = frozenset({"scan", "while", "cond", "while_pull", "walk"})  # see the package `control`


def rule(*names: str) -> Callable[[Rule], Rule]:
    """Register a rewriting for equations of some primitives: it returns an atom, or None to keep the equation."""

    def add(f: Rule) -> Rule:
        for name in names:
            RULES[name] = f
        return f

    return add


def number(a: Atom) -> Any:
    """The Python number that a scalar literal holds, or None."""
    if type(a) is not Literal or a.aval.shape != ():
        return None
    return a.value.item() if isinstance(a.value, (np.generic, np.ndarray)) else a.value


def optimize(program: Program) -> Program:
    """A Program that computes the same with less.

    Example:
        >>> import wengert, wengert.numpy as wnp
        >>> optimize(wengert.make_program(lambda x: (x * 1.0 + x * 1.0) ** 1)(np.ones(3)))
        program(a: float64[3]) {
          b: float64[3] = add a a
          return b
        }
    """
    rewriter = Rewriter()
    outputs = rewriter.run(program, program.inputs)
    optimized = Program(program.inputs, live_equations(rewriter.equations, outputs), outputs, program.name)
    optimized.guards = program.guards
    optimized = products_summed(optimized)
    if any(e.primitive.name in LOOPS for e in optimized.equations):
        from .control.tidy import pruned

        return pruned(optimized)
    return optimized


class Rewriter:
    """The equations written so far, and who defines what."""

    def __init__(self) -> None:
        self.equations: list[Equation] = []
        self.producer: dict[Var, Equation] = {}
        self._seen: dict[Any, list[Var]] = {}
        self._literals: dict[Any, Literal] = {}
        self._places: dict[tuple[int, ...], Literal] = {}
        self.scope = 0  # equations of different scopes are not shared: what checkpoint recomputes stays recomputed

    def run(self, program: Program, arguments: Sequence[Atom]) -> list[Atom]:
        """Write the equations of a Program for some arguments; returns its results."""
        env: dict[Atom, Atom] = dict(zip(program.inputs, arguments, strict=True))

        def atom(a: Atom) -> Atom:
            return self.literal(a) if type(a) is Literal else env[a]

        for eqn in program.equations:
            outs = self.apply(eqn.primitive, [atom(a) for a in eqn.inputs], eqn.params, [v.aval for v in eqn.outputs])
            env.update(zip(eqn.outputs, outs, strict=True))
        return [atom(a) for a in program.outputs]

    def literal(self, a: Literal) -> Atom:
        """A literal; an array that holds one number everywhere is a broadcast of it."""
        shape, value = a.aval.shape, a.value
        if shape == ():
            return a
        known = self._literals.get(id(value))
        if known is not None:
            return known
        array = np.asarray(value)
        if array.dtype.kind in "biuf" and array.size and _uniform(array):
            first = array[(0,) * array.ndim]
            return self.apply(registered("broadcast_to"), [Literal(first)], {"shape": shape}, [a.aval])[0]
        self._literals[id(value)] = a
        return a

    def apply(
        self, primitive: Primitive, inputs: list[Atom], params: dict[str, Any], avals: Sequence[Aval]
    ) -> list[Atom]:
        """Results of a primitive, simplified."""
        sub = called(primitive, params, inputs)
        if sub is not None:
            if primitive.name != "remat":
                return [self.fitted(o, a) for o, a in zip(self.run(sub, inputs), avals, strict=True)]
            outer, self.scope = self.scope, self.scope + len(self.equations) + 1
            outs, self.scope = self.run(sub, inputs), outer
            return outs
        if primitive.name in LOOPS:
            from .control.bodies import simplified

            found = simplified(self, primitive, inputs, params)
            return [self.fitted(o, a) for o, a in zip(found, avals, strict=True)]
        return self.written(primitive, inputs, params, avals)

    def written(
        self, primitive: Primitive, inputs: list[Atom], params: dict[str, Any], avals: Sequence[Aval]
    ) -> list[Atom]:
        """Results of a primitive as one equation, unless a rule knows better or it stands already."""
        eqn = Equation(primitive, inputs, [Var(a) for a in avals], params)
        if isinstance(primitive, Elementwise) and all(number(a) is not None for a in inputs):
            with np.errstate(all="ignore"):
                value = primitive.impl(*[a.value for a in inputs], **params)  # type: ignore[union-attr]
            return [self.fitted(Literal(value), avals[0])]
        found = RULES.get(primitive.name)
        if found is not None:
            simpler = found(self, eqn, inputs)
            if simpler is not None:
                return [self.fitted(simpler, avals[0])]
        key = self._key(eqn)
        known = self._seen.get(key) if key is not None else None
        if known is not None:
            return list(known)
        self.equations.append(eqn)
        for v in eqn.outputs:
            self.producer[v] = eqn
        if key is not None:
            self._seen[key] = eqn.outputs
        return list(eqn.outputs)

    def one(self, name: str, *inputs: Atom, **params: Any) -> Atom:
        """The result of a primitive by name, its type from its shape rule."""
        primitive = registered(name)
        aval = primitive.abstract(*[a.aval for a in inputs], **params)
        return self.apply(primitive, list(inputs), params, [aval])[0]

    def fitted(self, a: Atom, aval: Aval) -> Atom:
        """An atom with the type that an equation's result had: Python's numbers, which are weak, become arrays."""
        if a.aval.dtype != aval.dtype or (a.aval.weak and not aval.weak):
            a = self.one("convert", a, dtype=aval.dtype)
        if a.aval.shape != aval.shape:
            a = self.one("broadcast_to", a, shape=aval.shape)
        return a

    def places(self, shape: tuple[int, ...]) -> Literal:
        """The numbers 0, 1, … in a shape; the same literal each time."""
        if shape not in self._places:
            self._places[shape] = Literal(np.arange(math.prod(shape), dtype=np.int32).reshape(shape))
        return self._places[shape]

    def made_by(self, a: Atom, name: str) -> Equation | None:
        """The equation that defines an atom, if it is of this primitive."""
        eqn = self.producer.get(a) if type(a) is Var else None
        return eqn if eqn is not None and eqn.primitive.name == name else None

    def _key(self, eqn: Equation) -> Any:
        if eqn.primitive.effect:
            return None
        parts: list[Any] = [eqn.primitive.name, self.scope]
        for a in eqn.inputs:
            if type(a) is Var:
                parts.append(a)
            else:
                n = number(a)
                parts.append((a.aval.dtype, a.aval.weak, repr(n)) if n is not None else id(a.value))
        try:
            key = (*parts, tuple(sorted(eqn.params.items())))
            hash(key)
        except TypeError:
            return None
        return key


def registered(name: str) -> Primitive:
    return Primitive.registry[name]


def _uniform(array: np.ndarray) -> bool:
    if not any(array.strides):
        return True
    first = array[(0,) * array.ndim]
    if array[(-1,) * array.ndim] != first:
        return False
    return bool((array == first).all())


def called(primitive: Primitive, params: dict[str, Any], inputs: Sequence[Atom] = ()) -> Program | None:
    """The Program that an equation calls, if it is a call or written in terms of others."""
    if primitive.name == "while_tangent":
        return alone(primitive.expand, params["body"], [a.aval for a in inputs], params)  # type: ignore[attr-defined]
    if primitive.name == "linear_solve":
        return params["system"].solve
    program = params.get("program")
    if isinstance(program, Program) and primitive.name in ("call", "remat"):
        return program
    inner = getattr(params.get("rule"), "program", None)
    return inner if primitive.name == "custom_call" and isinstance(inner, Program) else None


# --- algebra ----------------------------------------------------------------------------------------------------


def _same_type(a: Atom, eqn: Equation) -> bool:
    out = eqn.outputs[0].aval
    return a.aval.dtype == out.dtype and a.aval.shape == out.shape


@rule("name")
def _named(r: Rewriter, eqn: Equation, inputs: list[Atom]) -> Atom | None:
    """Names are for derivatives, which are taken by now."""
    return inputs[0]


@rule("stop_gradient", "positive")
def _identity(r: Rewriter, eqn: Equation, inputs: list[Atom]) -> Atom | None:
    return inputs[0] if inputs[0].aval.dtype == eqn.outputs[0].aval.dtype else None


def _scalars_bare(r: Rewriter, eqn: Equation, inputs: list[Atom]) -> list[Atom]:
    """Operands that are broadcasts of one number, without the broadcast where the others give the shape."""
    shape = eqn.outputs[0].aval.shape
    if not any(a.aval.shape == shape and not _broadcast_scalar(r, a) for a in inputs):
        return inputs
    out = []
    for a in inputs:
        source = _broadcast_scalar(r, a)
        out.append(a if source is None else r.fitted(source, Aval((), a.aval.dtype)))
    return out


def _broadcast_scalar(r: Rewriter, a: Atom) -> Atom | None:
    made = r.made_by(a, "broadcast_to")
    return made.inputs[0] if made is not None and number(made.inputs[0]) is not None else None


def _elementwise(f: Rule) -> Rule:
    @functools.wraps(f)
    def simplified(r: Rewriter, eqn: Equation, inputs: list[Atom]) -> Atom | None:
        bare = _scalars_bare(r, eqn, inputs)
        if bare is not inputs:
            eqn.inputs[:] = bare
        return f(r, eqn, eqn.inputs)

    return simplified


@rule("multiply")
@_elementwise
def _multiply(r: Rewriter, eqn: Equation, inputs: list[Atom]) -> Atom | None:
    for x, y in (inputs, inputs[::-1]):
        n = number(y)
        if n == 1 and _same_type(x, eqn):
            return x
        if n == -1 and _same_type(x, eqn) and x.aval.dtype.kind == "f":
            return r.one("negative", x)
        plain = _unpoisoned(r, x, y)
        if plain is not None:  # where the other factor is 0 the product is, whatever this one is
            zero = Literal(eqn.outputs[0].aval.dtype.type(0))
            return r.one("where", r.one("equal", y, Literal(0)), zero, r.one("multiply", plain, y))
    return None


def _unpoisoned(r: Rewriter, x: Atom, y: Atom) -> Atom | None:
    """`c`, if `x` is 0 where `y` is 0 and `c` is not finite, and `c` elsewhere: see `families.without_poison`."""
    chosen = r.made_by(x, "where")
    both = r.made_by(chosen.inputs[0], "logical_and") if chosen is not None else None
    if chosen is None or both is None or number(chosen.inputs[1]) != 0 or x.aval.dtype.kind != "f":
        return None
    c = chosen.inputs[2]
    zero, infinite = r.made_by(both.inputs[0], "equal"), r.made_by(both.inputs[1], "logical_not")
    finite = r.made_by(infinite.inputs[0], "isfinite") if infinite is not None else None
    if zero is None or finite is None or zero.inputs[0] is not y or number(zero.inputs[1]) != 0:
        return None
    return c if finite.inputs[0] is c else None


@rule("logical_and")
@_elementwise
def _logical_and(r: Rewriter, eqn: Equation, inputs: list[Atom]) -> Atom | None:
    for x, y in (inputs, inputs[::-1]):
        n = number(x)
        if n is not None and not n:
            return Literal(np.False_)
        if n is not None and _same_type(y, eqn):
            return y
    return None


@rule("add")
@_elementwise
def _add(r: Rewriter, eqn: Equation, inputs: list[Atom]) -> Atom | None:
    x, y = inputs
    return _added(r, eqn, x, y, "subtract") or _added(r, eqn, y, x, "subtract")


@rule("subtract")
@_elementwise
def _subtract(r: Rewriter, eqn: Equation, inputs: list[Atom]) -> Atom | None:
    x, y = inputs
    return _added(r, eqn, x, y, "add")


def _added(r: Rewriter, eqn: Equation, x: Atom, y: Atom, opposite: str) -> Atom | None:
    """`x` with 0, or with the negative of something, added or subtracted."""
    if not _same_type(x, eqn):
        return None
    if number(y) == 0:
        return x
    negated = r.made_by(y, "negative")
    if negated is not None and negated.inputs[0].aval.dtype == x.aval.dtype:
        return r.one(opposite, x, negated.inputs[0])
    return None


@rule("divide")
@_elementwise
def _divide(r: Rewriter, eqn: Equation, inputs: list[Atom]) -> Atom | None:
    x, y = inputs
    n = number(y)
    if n == 1 and _same_type(x, eqn):
        return x
    if isinstance(n, (int, float)) and x.aval.dtype.kind == "f" and _same_type(x, eqn):
        with np.errstate(all="ignore"):
            divisor = x.aval.dtype.type(n)
            inverse = 1 / divisor
            if abs(np.frexp(divisor)[0]) == 0.5 and np.isfinite(inverse):  # a power of two: exact
                return r.one("multiply", x, Literal(inverse))
    return None


@rule("negative")
def _negative(r: Rewriter, eqn: Equation, inputs: list[Atom]) -> Atom | None:
    inner = r.made_by(inputs[0], "negative")
    if inner is not None:
        return inner.inputs[0]
    difference = r.made_by(inputs[0], "subtract")
    if difference is not None and all(a.aval.dtype == eqn.outputs[0].aval.dtype for a in difference.inputs):
        return r.one("subtract", *difference.inputs[::-1])
    return None


# NumPy from 2.4 on takes the root for a single exponent of 0.5; they differ at -inf and -0.0.
_HALF_IS_ROOT = bool(np.signbit(np.power(np.array([-0.0]), 0.5))[0])


@rule("power")
def _power(r: Rewriter, eqn: Equation, inputs: list[Atom]) -> Atom | None:
    x, y = inputs
    if _HALF_IS_ROOT and number(y) == 0.5 and x.aval.dtype.kind == "f" and _same_type(x, eqn):
        return r.one("sqrt", x)
    half = _broadcast_scalar(r, y)
    if half is not None and number(half) == 0.5:
        return None
    return _whole_power(r, eqn, inputs)


@_elementwise
def _whole_power(r: Rewriter, eqn: Equation, inputs: list[Atom]) -> Atom | None:
    x, y = inputs
    n = number(y)
    if n is None or isinstance(n, (bool, complex)) or x.aval.dtype.kind != "f" or not _same_type(x, eqn):
        return None
    if n == 1:
        return x
    if n == -1:
        return r.one("divide", Literal(x.aval.dtype.type(1)), x)
    if n in (2, 3, 4):
        square = r.one("multiply", x, x)
        return square if n == 2 else r.one("multiply", square, x if n == 3 else square)
    return None


@rule("where")
@_elementwise
def _where(r: Rewriter, eqn: Equation, inputs: list[Atom]) -> Atom | None:
    c, x, y = inputs
    n = number(c)
    if n is not None:
        return x if n else y
    return x if x is y else None


@rule("equal", "not_equal", "less", "less_equal", "greater", "greater_equal")
@_elementwise
def _compare(r: Rewriter, eqn: Equation, inputs: list[Atom]) -> Atom | None:
    """Python's integers are compared by their value, also where the array's dtype cannot hold it."""
    for k, x in enumerate(inputs):
        y, dtype = inputs[1 - k], x.aval.dtype
        if x.aval.weak or dtype.kind not in "iu" or not y.aval.weak or y.aval.dtype.kind != "i":
            continue
        n, info = number(y), np.iinfo(dtype)
        if n is None:
            if dtype == np.uint64:
                return None
            wide = [r.fitted(a, Aval(a.aval.shape, np.dtype(np.int64))) for a in inputs]
            return r.one(eqn.primitive.name, *wide)
        if info.min <= n <= info.max:
            eqn.inputs[1 - k] = Literal(dtype.type(n))
            return None
        zero = dtype.type(0)
        return Literal(eqn.primitive.impl(*((zero, n) if k == 0 else (n, zero))))
    return None


for _name, _primitive in list(Primitive.registry.items()):
    if isinstance(_primitive, Elementwise) and _name not in RULES:
        RULES[_name] = _elementwise(lambda r, eqn, inputs: None)


@rule("convert")
def _convert(r: Rewriter, eqn: Equation, inputs: list[Atom]) -> Atom | None:
    (x,) = inputs
    n = number(x)
    if n is not None and not isinstance(n, complex):
        with np.errstate(all="ignore"):
            return Literal(eqn.primitive.impl(x.value, **eqn.params))  # type: ignore[union-attr]
    if x.aval.dtype == eqn.params["dtype"] and not x.aval.weak:
        return x
    source = _broadcast_scalar(r, x)
    if source is not None:
        return r.one("broadcast_to", r.one("convert", source, **eqn.params), shape=x.aval.shape)
    return None


# --- structure --------------------------------------------------------------------------------------------------


@rule("broadcast_to")
def _broadcast_to(r: Rewriter, eqn: Equation, inputs: list[Atom]) -> Atom | None:
    (x,) = inputs
    shape = eqn.params["shape"]
    if x.aval.shape == shape and not x.aval.weak:
        return x
    inner = r.made_by(x, "broadcast_to")
    return r.one("broadcast_to", inner.inputs[0], shape=shape) if inner is not None else None


@rule("reshape")
def _reshape(r: Rewriter, eqn: Equation, inputs: list[Atom]) -> Atom | None:
    (x,) = inputs
    shape = eqn.params["shape"]
    if x.aval.shape == shape and not x.aval.weak:
        return x
    inner = r.made_by(x, "reshape")
    if inner is not None:
        return r.one("reshape", inner.inputs[0], shape=shape)
    spread = r.made_by(x, "broadcast_to")
    if spread is not None and spread.inputs[0].aval.shape == ():
        return r.one("broadcast_to", spread.inputs[0], shape=shape)
    return _diagonal(r, x, shape)


def _diagonal(r: Rewriter, x: Atom, shape: tuple[int, ...]) -> Atom | None:
    """A vector padded to a diagonal matrix, as a choice between it and 0: no array of zeros is written."""
    padded = r.made_by(x, "pad_zero")
    if padded is None or len(padded.params["config"]) != 1:
        return None
    (vector,) = padded.inputs
    n = vector.aval.shape[0]
    if padded.params["config"] != ((0, 0, n),) or n < 2:
        return None
    split = next((k for k in range(len(shape) + 1) if math.prod(shape[:k]) == n == math.prod(shape[k:])), None)
    if split is None:
        return None
    rows = r.places((*shape[:split], *[1] * (len(shape) - split)))
    columns = r.places(shape[split:])
    zero = Literal(vector.aval.dtype.type(0))
    return r.one("where", r.one("equal", rows, columns), r.one("reshape", vector, shape=shape[split:]), zero)


@rule("transpose")
def _transpose(r: Rewriter, eqn: Equation, inputs: list[Atom]) -> Atom | None:
    (x,) = inputs
    axes = eqn.params["axes"]
    if axes == tuple(range(len(axes))):
        return x
    inner = r.made_by(x, "transpose")
    if inner is not None:
        return r.one("transpose", inner.inputs[0], axes=tuple(inner.params["axes"][i] for i in axes))
    spread = r.made_by(x, "broadcast_to")
    if spread is not None and spread.inputs[0].aval.shape == ():
        return r.one("broadcast_to", spread.inputs[0], shape=eqn.outputs[0].aval.shape)
    moved = [i for i in axes if x.aval.shape[i] != 1]
    if moved == sorted(moved):  # only axes of length 1 change places
        return r.one("reshape", x, shape=eqn.outputs[0].aval.shape)
    return None


@rule("dot_general")
def _dot_general(r: Rewriter, eqn: Equation, inputs: list[Atom]) -> Atom | None:
    """Factors are taken as they lie in memory, and transposed where the product wants other rows and columns."""
    x, y = inputs
    (cx, cy), (bx, by) = eqn.params["dims"]
    x, cx, bx = _untransposed(r, x, cx, bx)
    y, cy, by = _untransposed(r, y, cy, by)
    turns = turned([x.aval.shape, y.aval.shape], ((cx, cy), (bx, by)))
    if turns is not None:
        turn_x, turn_y = turns
        if turn_x is not None:
            x = r.one("transpose", x, axes=turn_x)
            cx, bx = tuple(turn_x.index(i) for i in cx), tuple(turn_x.index(i) for i in bx)
        if turn_y is not None:
            y = r.one("transpose", y, axes=turn_y)
            cy, by = tuple(turn_y.index(i) for i in cy), tuple(turn_y.index(i) for i in by)
    eqn.inputs[:] = [x, y]
    eqn.params = {"dims": ((cx, cy), (bx, by))}
    return None


def _untransposed(r: Rewriter, a: Atom, contracted: Any, batch: Any) -> tuple[Atom, Any, Any]:
    """The source of a factor that is a transpose, with its axes, where the free ones keep their order."""
    made = r.made_by(a, "transpose")
    if made is None:
        return a, contracted, batch
    axes = made.params["axes"]
    free = [axes[i] for i in range(len(axes)) if i not in contracted and i not in batch]
    if free != sorted(free):
        return a, contracted, batch
    return made.inputs[0], tuple(axes[i] for i in contracted), tuple(axes[i] for i in batch)


@rule("index")
def _index(r: Rewriter, eqn: Equation, inputs: list[Atom]) -> Atom | None:
    (x,) = inputs
    full = all(
        isinstance(e, tuple) and range(n)[slice(*e)] == range(n)
        for e, n in zip(eqn.params["index"], x.aval.shape, strict=False)
    )
    if full and len(eqn.params["index"]) <= len(x.aval.shape):
        return x
    source = _broadcast_scalar(r, x)
    return r.one("broadcast_to", source, shape=eqn.outputs[0].aval.shape) if source is not None else None


@rule("reduce_sum")
def _reduce_sum(r: Rewriter, eqn: Equation, inputs: list[Atom]) -> Atom | None:
    (x,) = inputs
    axes = eqn.params["axes"]
    source = _broadcast_scalar(r, x)
    if source is not None and x.aval.dtype.kind == "f":
        count = float(np.prod([x.aval.shape[a] for a in axes]))
        total = Literal(x.aval.dtype.type(number(source) * count if count else 0))
        return r.one("broadcast_to", total, shape=eqn.outputs[0].aval.shape)
    if all(x.aval.shape[a] == 1 for a in axes) and _same_kind(x, eqn):
        return r.one("reshape", x, shape=eqn.outputs[0].aval.shape)
    return None


@rule("scatter_add", "scatter_set", "scatter_multiply", "scatter_max", "scatter_min")
def _scatter(r: Rewriter, eqn: Equation, inputs: list[Atom]) -> Atom | None:
    """At flat positions that were looked up in a table of all positions: the indices themselves are used."""
    x, updates, *places = inputs
    if len(places) != 1 or len(x.aval.shape) != 1 or eqn.params["axes"] != (0,):
        return None
    flat = r.made_by(places[0], "reshape")
    made = r.made_by(places[0] if flat is None else flat.inputs[0], "gather")
    if made is None or not _counts(made.inputs[0]):
        return None
    shape, wanted = made.inputs[0].aval.shape, made.outputs[0].aval.shape
    if math.prod(shape) != x.aval.shape[0] or updates.aval.shape not in ((), places[0].aval.shape):
        return None
    if updates.aval.shape != ():
        updates = r.one("reshape", updates, shape=wanted)
    whole = r.one(eqn.primitive.name, r.one("reshape", x, shape=shape), updates, *made.inputs[1:], **made.params)
    return r.one("reshape", whole, shape=x.aval.shape)


def _counts(a: Atom) -> bool:
    """Whether an atom is the numbers 0, 1, … in some shape."""
    if type(a) is not Literal or a.aval.dtype.kind not in "iu" or not a.aval.shape:
        return False
    flat = np.asarray(a.value).reshape(-1)
    return flat.size > 1 and flat[-1] == flat.size - 1 and np.array_equal(flat, np.arange(flat.size))


def _same_kind(x: Atom, eqn: Equation) -> bool:
    return x.aval.dtype == eqn.outputs[0].aval.dtype


__all__ = ["RULES", "called", "number", "optimize", "rule"]
