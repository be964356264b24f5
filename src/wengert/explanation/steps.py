"""The steps of a function with their values, partial derivatives, and tangents or cotangents.

A trace notes each operation with the user's line. What a step did to derivatives is asked of the operation alone: partial
derivatives by forward mode along ones (elementwise operations) or as a small Jacobian, cotangents by its pullback.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeGuard

import numpy as np

from .. import trees
from ..core import (
    PrimalTracer,
    Primitive,
    Trace,
    Value,
    ValueTracer,
    as_value,
    dtype_of,
    inexact_dtype,
    next_level,
    shape_of,
)
from ..errors import ArgumentError, NonScalarOutputError
from ..frames import user_line
from ..prefixes import leaves_or_none
from ..transforms.derivatives import jacrev
from ..transforms.forward import check_output, check_tangent, jvp_flat
from ..transforms.function import argument_name, check_argnums, check_callable, name_of, shown
from ..transforms.gradient import ValueAndGrad
from ..transforms.jitted import Jit
from ..transforms.reverse import vjp
from ..vocabulary import Function, Keywords, Params
from .picture import graph
from .show import page, table
from .step import Step, Steps
from .step import number as text_of

MOST = 100  # steps that a person can read
SMALL = 36  # elements of a Jacobian that is shown


class _Tracer(PrimalTracer):
    """A value and the number of the step that made it."""

    __slots__ = ()
    step = ValueTracer.second

    def __init__(self, trace: _Trace, primal: Value, step: int) -> None:
        self._trace = trace
        self.primal, self.step, self.views = primal, step, None
        self.shape, self.dtype = shape_of(primal), dtype_of(primal)

    def parts(self) -> tuple[Value, ...]:
        return (self.primal,)


class _Trace(Trace):
    """Runs operations at once and notes them."""

    __slots__ = ("calls", "open", "steps")
    name = "explain"

    def __init__(self) -> None:
        self.level = next_level()
        self.open = True
        self.steps: list[Step] = []
        self.calls: list[Any] = []  # for each step what was bound: primitive, values, parameters, which of its results

    @property
    def ended(self) -> bool:
        return not self.open

    def note(self, step: Step, call: Any) -> int:
        if len(self.steps) >= MOST:
            raise ArgumentError(
                f"explain: the function takes more than {MOST} steps, which nobody reads: explain a part of it, or a smaller "
                f"input (arrays count once, however long they are)"
            )
        self.steps.append(step)
        self.calls.append(call)
        return len(self.steps) - 1

    def process(self, primitive: Primitive, args: tuple[Value, ...], params: Params) -> Any:
        if not self.open:
            raise self.leaked()
        program = primitive.called(params)
        if program is not None and len(program.inputs) == len(args):
            return program.evaluate(args)
        values = [a.primal if self.owns(a) else a for a in args]
        out = primitive.bind(*values, **params)
        outs = out if primitive.multiple_results else [out]
        line, results = user_line(), []
        for j, o in enumerate(outs):
            step = Step("", primitive.name, line, o)
            step.sources = [a.step if self.owns(a) else None for a in args]
            step.operands = [self.steps[a.step].name if self.owns(a) else _constant(a) for a in args]
            number = self.note(step, (primitive, values, params, j))
            step.name = f"v{sum(1 for s in self.steps if s.operation)}"
            results.append(_Tracer(self, o, number))
        return results if primitive.multiple_results else results[0]

    def owns(self, x: Value) -> TypeGuard[_Tracer]:
        return type(x) is _Tracer and x._trace is self


def _constant(x: Value) -> str:
    return text_of(x)


class Explanation(Steps):
    """What `explain` gives: printed a table, in a notebook a table with the graph."""

    def __repr__(self) -> str:
        return table(self)

    def _repr_html_(self) -> str:
        return page(self)

    def svg(self) -> str:
        """The graph as a picture: a box for each step, its arrows with the partial derivatives."""
        return graph(self)

    def __len__(self) -> int:
        return len(self.steps)


def explain(f: Function, *args: Any, tangents: Any = None, **kwargs: Any) -> Any:
    """The chain rule as it is used for a gradient or a derivative, step by step with its numbers; of a compiled function
    what it costs, line by line.

    Args:
        f: ``grad(g)`` or ``value_and_grad(g)``, or a function whose result is one number: the cotangents of each step,
            backwards from the result. ``jit(g)``: it is run some hundred times, with a clock in its code.
        args: the arguments at which it is explained, arrays and pytrees of them; keyword arguments are constants.
        tangents: a tuple with a tangent for each argument, None for zero: the tangents of each step, forwards, of a function
            with any result.

    Returns:
        An `Explanation`: printed it is a table with each step's line, operation, value and derivatives; a notebook shows
        the graph too. Of ``jit(g)`` a `CompiledExplanation`: the user's lines with operations, bytes and time, the steps of
        the compiled code with the lines in them, what goes through Python, what is saved for the way back, and why it
        was compiled each time.

    Raises:
        ArgumentError: the function takes more than a hundred steps, or is a transformation that has no chain of steps to
            show.
        NonScalarOutputError: the result is no number, and there are no tangents.
        NotSupportedError: ``jit(g)`` on another backend than the native one, within another transformation, or on Windows.

    Example:
        >>> import wengert
        >>> e = wengert.explain(wengert.grad(lambda x: np.sin(x) * x), 2.0)
        >>> for step in e.steps:
        ...     print(step.name, step.operation, step.operands, round(float(step.value), 3), round(float(step.cotangent), 3))
        x  [] 2.0 0.077
        v1 sin ['x'] 0.909 2.0
        v2 multiply ['v1', 'x'] 1.819 1.0
        >>> costs = wengert.explain(wengert.jit(lambda x: np.sum(x * x)), np.ones(1000))
        >>> len(costs.steps), costs.lines[0].flops, costs.lines[0].bytes, costs.compilations
        (1, 2000, 8008, [])
    """
    __tracebackhide__ = True
    try:
        check_callable(f, "explain")
        if isinstance(f, Jit) and tangents is None:
            from .compiled import explain_compiled

            return explain_compiled(f, args, kwargs)
        return _explained(f, args, kwargs, tangents)
    except Exception as error:
        raise shown(error)


def _explained(f: Any, args: tuple[Any, ...], kwargs: Keywords, tangents: Any) -> Explanation:
    title, argnums = name_of(f), tuple(range(len(args)))
    if isinstance(f, ValueAndGrad):
        if tangents is not None:
            raise ArgumentError("explain: a gradient is explained backwards; give tangents with the function itself")
        title = f"{f.transformation} of {name_of(f._f)}"
        found = check_argnums(f._f, f.argnums, len(args), f.transformation)
        argnums = (found,) if isinstance(found, int) else tuple(found)
        has_aux, f = f.has_aux, f._f
    else:
        has_aux = False
        if getattr(f, "transformation", None) not in (None, "jit", "vmap"):
            raise ArgumentError(
                f"explain takes grad(f), value_and_grad(f), or a function, with tangents for forward mode; {f.transformation} "
                f"has no one chain of steps"
            )
    trace = _Trace()
    boxed = list(args)
    directions: dict[int, Value | None] = {}
    for i in argnums:
        leaves, tree = trees.flatten(args[i])
        given = None if tangents is None or tangents[i] is None else tangents[i]
        rows = [None] * len(leaves) if given is None else leaves_or_none(tree, given, "explain: tangents")
        inputs = []
        for path, x, t in zip(trees.key_paths(tree), leaves, rows, strict=True):
            label = argument_name(f, i).split(" ")[-1].strip("'`\"()") + trees.keystr(path)
            x, t = check_tangent(x, t, f" of {label}", "explain") if tangents is not None else (as_value(x), None)
            number = trace.note(Step(label, "", "", x), None)
            directions[number] = t
            inputs.append(_Tracer(trace, x, number))
        boxed[i] = trees.unflatten(tree, inputs)
    try:
        out = f(*boxed, **kwargs)
        out = out[0] if has_aux else out
        leaves, tree = trees.flatten(out)
        results = [check_output(o, f) for o in leaves]
    finally:
        trace.open = False
    value = trees.unflatten(tree, [o.primal if trace.owns(o) else o for o in results])
    for step, call in zip(trace.steps, trace.calls, strict=True):
        if call is not None:
            step.partials = _partials(call, step)
    if tangents is not None:
        _forward(trace, directions)
        return Explanation(trace.steps, value, "forward", f"derivative of {title} along the tangents")
    if len(results) != 1 or shape_of(results[0]) != () or not inexact_dtype(dtype_of(results[0])):
        raise NonScalarOutputError(
            f"explain: {name_of(f)} returned no single real number: give tangents for forward mode, or explain grad of a sum"
        )
    (result,) = results
    if trace.owns(result):
        _backward(trace, result.step)
    return Explanation(trace.steps, value, "reverse", title)


def _moving(call: Any, step: Step) -> list[int]:
    """The operands that may carry derivatives."""
    values = call[1]
    return [i for i, s in enumerate(step.sources) if s is not None and inexact_dtype(dtype_of(values[i]))]


def _alone(call: Any, at: Sequence[int]) -> Callable[..., list[Value]]:
    """The step as a function of some of its operands."""
    primitive, values, params, which = call

    def run(*xs: Value) -> list[Value]:
        full = list(values)
        for i, x in zip(at, xs, strict=True):
            full[i] = x
        out = primitive.bind(*full, **params)
        return [out[which] if primitive.multiple_results else out]

    return run


def _partials(call: Any, step: Step) -> list[Value | None]:
    primitive, values, _, _ = call
    found: list[Value | None] = [None] * len(values)
    if not inexact_dtype(dtype_of(step.value)):
        return found
    for i in _moving(call, step):
        x = values[i]
        if primitive.elementwise:
            ones = np.ones(shape_of(x), dtype_of(x))
            _, (t,) = jvp_flat(_alone(call, [i]), [x], [ones if ones.ndim else ones[()]])
            found[i] = np.zeros(shape_of(step.value)) if t is None else t
        elif int(np.prod(shape_of(x), dtype=int)) * int(np.prod(shape_of(step.value), dtype=int)) <= SMALL:
            if dtype_of(step.value).kind == "f" and dtype_of(x).kind == "f":
                found[i] = jacrev(lambda v, i=i: _alone(call, [i])(v)[0])(x)
    return found


def _forward(trace: _Trace, directions: dict[int, Value | None]) -> None:
    for number, (step, call) in enumerate(zip(trace.steps, trace.calls, strict=True)):
        if call is None:
            step.tangent = directions.get(number)
            continue
        at = [i for i in _moving(call, step) if trace.steps[step.sources[i] or 0].tangent is not None]
        if at and inexact_dtype(dtype_of(step.value)):
            moved = [trace.steps[step.sources[i] or 0].tangent for i in at]
            _, (step.tangent,) = jvp_flat(_alone(call, at), [call[1][i] for i in at], moved)


def _backward(trace: _Trace, last: int) -> None:
    value = trace.steps[last].value
    trace.steps[last].cotangent = dtype_of(value).type(1)
    for number in range(last, -1, -1):
        step, call = trace.steps[number], trace.calls[number]
        if call is None or step.cotangent is None:
            continue
        at = _moving(call, step)
        if not at:
            continue
        _, pull = vjp(_alone(call, at), *[call[1][i] for i in at])
        for i, c in zip(at, pull([np.asarray(step.cotangent, dtype_of(step.value))[()]]), strict=True):
            source = trace.steps[step.sources[i] or 0]
            if np.any(np.asarray(c) != 0) or source.cotangent is not None:
                source.cotangent = c if source.cotangent is None else source.cotangent + c


__all__ = ["Explanation", "explain"]
