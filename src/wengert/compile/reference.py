"""Reference: loops run with NumPy, node by node, as `docs/loops.md` specifies them, for code to be compared with.

Memory is bytes: what lies in the memory of something else does so here, temporaries have the places in the workspace that
`Memory` gives them, and what is not written yet is garbage. Of the analyses only their results are taken. Operations are
their NumPy implementations, on the dtypes of NumPy's loops; what is summed is summed by NumPy, in an order of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from ..backends import OtherPath, named
from ..lowering import monoids
from ..lowering.index_maps import Affine
from ..lowering.kinds import Branch, Scan, While
from ..program import Literal, Program, Var
from .control.step import Control
from .fusion import Call, Fill, Kernel, Plan
from .memory import Memory
from .products import Product, Steps
from .refusals import failure
from .scalars import lowered
from .serial.step import Serial

GARBAGE = 0x5F  # each byte of memory that is not written yet
_UFUNCS: dict[Any, np.ufunc] = {
    monoids.SUM: np.add,
    monoids.PRODUCT: np.multiply,
    monoids.MAXIMUM: np.maximum,
    monoids.MINIMUM: np.minimum,
    monoids.ANY: np.logical_or,
    monoids.ALL: np.logical_and,
}


def run(plan: Plan, args: Sequence[Any], memory: Memory | None = None) -> list[np.ndarray]:
    """The results of a plan for some arguments, which stay as they are unless results are held in them.

    Args:
        memory: where its arrays lie, if that is known.

    Raises:
        IndexError: an index is out of range. LinAlgError: a factorisation failed.
        OtherPath: a guard came out otherwise.
    """
    given = [np.array(a, v.aval.dtype, order="C") for a, v in zip(args, plan.program.inputs, strict=True)]
    with np.errstate(all="ignore"):
        outs = _run(plan, [_bytes(a) for a in given], memory or Memory(plan))
    results = [o.view(a.dtype).reshape(a.shape) for o, a in zip(outs, plan.program.out_avals, strict=True)]
    n = len(results) - len(plan.program.guards)
    if not all(g.holds(r[()]) for g, r in zip(plan.program.guards, results[n:], strict=True)):
        raise OtherPath
    return results


def _bytes(a: np.ndarray) -> np.ndarray:
    return np.atleast_1d(a).reshape(-1).view(np.uint8)


def _garbage(aval: Any) -> np.ndarray:
    return np.full(aval.size * aval.dtype.itemsize, GARBAGE, np.uint8)


def _run(plan: Plan, inputs: Sequence[np.ndarray], memory: Memory) -> list[np.ndarray]:
    """The bytes of the results, those of held ones among the inputs'."""
    machine = _Machine(plan, inputs, memory)
    for step in plan.steps:
        machine.step(step)
    return [machine.bytes_of(a) for a in plan.program.outputs]


class _Machine:
    """The memory of a plan while it runs.

    Attributes:
        places: the bytes of each variable that has memory of its own.
    """

    def __init__(self, plan: Plan, inputs: Sequence[np.ndarray], memory: Memory) -> None:
        self.plan = plan
        self.places: dict[Var, np.ndarray] = dict(zip(plan.program.inputs, inputs, strict=True))
        workspace = np.full(memory.size, GARBAGE, np.uint8)
        for v, at in memory.offsets.items():
            self.places[v] = workspace[at : at + v.aval.size * v.aval.dtype.itemsize]

    def bytes_of(self, a: Any) -> np.ndarray:
        if type(a) is Literal:
            return _bytes(np.ascontiguousarray(a.value, a.aval.dtype))
        place = self.plan.memory[a]
        return self.places.setdefault(place, _garbage(place.aval)) if place not in self.places else self.places[place]

    def flat(self, a: Any) -> np.ndarray:
        return self.bytes_of(a).view(a.aval.dtype)

    def value(self, a: Any) -> Any:
        """What NumPy's implementations take."""
        x = self.flat(a).reshape(a.aval.shape)
        x = x if a.aval.shape else x[()]
        return x.item() if a.aval.weak and not a.aval.shape else x

    def put(self, v: Var, value: Any) -> None:
        self.flat(v)[...] = np.asarray(value).astype(v.aval.dtype).reshape(-1)

    def step(self, step: Any) -> None:
        if isinstance(step, Kernel):
            self.nest(step)
        elif isinstance(step, Product):
            self.product(step)
        elif isinstance(step, Fill):
            self.bytes_of(step.target)[...] = 0
        elif isinstance(step, Control):
            self.control(step)
        else:
            self.whole(step)

    # --- single equations ------------------------------------------------------------------------------------------

    def whole(self, step: Any) -> None:
        """A factorisation, a serial kernel, or what goes through NumPy."""
        eqn = step.eqn
        given = eqn.inputs if isinstance(step, Call) else step.inputs
        if isinstance(step, Serial) and eqn.inputs and not given:
            return  # blank
        args = [self.value(a) for a in given]
        for k, (a, known) in enumerate(zip(eqn.inputs, given, strict=True)):
            if known is not a and a.aval.shape:  # one number everywhere
                args[k] = np.full(a.aval.shape, args[k], a.aval.dtype)
        outs = eqn.primitive.interpret(*args, **eqn.params)
        for v, out in zip(eqn.outputs, outs if eqn.primitive.multiple_results else [outs], strict=True):
            self.put(v, out)
        if isinstance(step, Serial) and step.error is not None and self.value(eqn.outputs[0]):
            raise failure(step.error)

    def product(self, p: Product) -> None:
        def matrices(a: Any, rows: int, columns: int, steps: Steps) -> Any:
            flat = self.flat(a)
            return as_strided(flat, (p.batch, rows, columns), [s * flat.itemsize for s in steps])

        left, right = matrices(p.x, p.m, p.k, p.x_steps), matrices(p.y, p.k, p.n, p.y_steps)
        matrices(p.eqn.outputs[0], p.m, p.n, p.steps)[...] = left @ right

    # --- nests -----------------------------------------------------------------------------------------------------

    def nest(self, kernel: Kernel) -> None:
        """All points at once: each node is an array over the domain, or one that is broadcast to it."""
        grid = np.meshgrid(*map(np.arange, kernel.domain), indexing="ij", sparse=True)
        values: list[Any] = []
        for node in kernel.nest.nodes:
            values.append(getattr(self, f"_{node.kind}")(node, [values[i] for i in node.args], grid))
        made = [np.broadcast_to(values[r.node], kernel.domain) for r in kernel.roots]
        for root, value in zip(kernel.roots, made, strict=True):
            target, dtype = self.flat(root.target), root.target.aval.dtype
            at = _places(root.offset, grid)
            if root.combine is None:
                target[np.broadcast_to(at, kernel.domain)] = value
                continue
            if kernel.chunks is not None and root.target in kernel.chunks.partials:  # pieces of it: the first has all
                target[...] = root.combine.identity(dtype)
            value = value.astype(bool if root.combine.logical else dtype)
            axes = tuple(kernel.reduced)
            kept = tuple(1 if i in axes else n for i, n in enumerate(kernel.domain))
            ufunc = _UFUNCS[root.combine]
            target[np.broadcast_to(at, kept)] = ufunc.reduce(value, axis=axes, keepdims=True, dtype=value.dtype)

    def _load(self, node: Any, args: list[Any], grid: Any) -> Any:
        atom, offset, masked = node.data
        flat, at = self.flat(atom), _places(offset, grid)
        for d in args[: len(args) - masked]:
            at = at + d
        if not masked:
            assert np.all((at >= 0) & (at < flat.size)), f"a place outside of {atom.aval!r}"
            return flat[at]
        found = flat[np.where(args[-1], at, 0)] if flat.size else np.zeros(np.shape(at), flat.dtype)
        garbage = np.full(flat.itemsize, GARBAGE, np.uint8).view(flat.dtype)[0] if flat.dtype.kind != "b" else np.True_
        return np.where(args[-1], found, garbage)

    def _number(self, node: Any, args: list[Any], grid: Any) -> Any:
        if type(node.data) is int and node.dtype.kind in "fc":  # of any size
            return node.dtype.type(node.data)
        return np.asarray(node.data).astype(node.dtype)

    def _op(self, node: Any, args: list[Any], grid: Any) -> Any:
        eqn = node.data
        loops = lowered(eqn.primitive, [a.aval for a in eqn.inputs], eqn.outputs[0].aval)
        assert loops is not None
        given = [np.asarray(a).astype(d) for a, d in zip(args, loops[0], strict=True)]
        return np.asarray(eqn.primitive.interpret(*given, **eqn.params)).astype(node.dtype)

    def _index(self, node: Any, args: list[Any], grid: Any) -> Any:
        return _places(node.data, grid)

    def _inside(self, node: Any, args: list[Any], grid: Any) -> Any:
        low, high = node.data
        return (args[0] >= low) & (args[0] < high)

    def _and(self, node: Any, args: list[Any], grid: Any) -> Any:
        return args[0] & args[1]

    def _select(self, node: Any, args: list[Any], grid: Any) -> Any:
        return np.where(*args)

    def _checked(self, node: Any, args: list[Any], grid: Any) -> Any:
        i, length = np.asarray(args[0]), node.data
        i = i.astype(np.int64) + (length * (i < 0) if i.dtype.kind == "i" else 0)
        bad = (i < 0) | (i >= length)
        if np.any(bad & args[1] if len(args) > 1 else bad):
            raise IndexError(f"an index is out of range for an axis of length {length}")
        return np.where(bad, 0, i)

    def _scaled(self, node: Any, args: list[Any], grid: Any) -> Any:
        return np.asarray(args[0]).astype(np.int64) * node.data

    def _affine(self, node: Any, args: list[Any], grid: Any) -> Any:
        factor, shift = node.data
        return np.asarray(args[0]).astype(np.int64) * factor + shift

    def _sum(self, node: Any, args: list[Any], grid: Any) -> Any:
        return args[0] + args[1]

    def _product(self, node: Any, args: list[Any], grid: Any) -> Any:
        return np.asarray(args[0] * args[1]).astype(node.dtype)

    # --- loops and branches --------------------------------------------------------------------------------------------

    def control(self, step: Control) -> None:
        if step.registers:  # a Program, and no plan
            body = Program([v for v in step.eqn.inputs if type(v) is Var], [step.eqn], step.eqn.outputs)
            outs = named("interpreter").compile(body)([self._operand(step, v) for v in body.inputs])
            for v, out in zip(step.eqn.outputs, outs, strict=True):
                self.put(v, out)
            return
        kind = {Scan: self._scan, While: self._while, Branch: self._branch}
        kind.get(step.kind, self._walk)(step)

    def _operand(self, step: Control, v: Var) -> Any:
        return self.value(v) if v in self.plan.memory else np.zeros(v.aval.shape, v.aval.dtype)  # (a blank one)

    def start(self, step: Control, k: int, held: bool) -> np.ndarray:
        """The bytes of a carried value before the first step: the result's where the steps change it in place."""
        source = step.inputs[step.reuses[k]]
        target = self.bytes_of(step.eqn.outputs[k])
        begin = target if step.starts_blank(k) else self.bytes_of(source)
        if not held:
            return begin.copy()
        if begin is not target and not step.starts_blank(k):
            target[...] = begin
        return target

    def finish(self, step: Control, carry: Sequence[np.ndarray]) -> None:
        for v, x in zip(step.eqn.outputs, carry, strict=False):
            if x is not (target := self.bytes_of(v)):
                target[...] = x

    def _scan(self, step: Control) -> None:
        p, body = step.eqn.params, step.bodies["body"]
        nk, n = p["operands"].carry, p["length"]
        fixed, _, rows = p["operands"].split(step.inputs)
        consts = [self.bytes_of(a) for a in fixed]
        xs = [self.bytes_of(a).reshape(n, -1) for a in rows] if n else []
        carry = [self.start(step, k, k in body.held) for k in range(nk)]
        ys = [self.bytes_of(v) for v in step.eqn.outputs[nk:]]
        for i in range(n - 1, -1, -1) if p["reverse"] else range(n):
            outs = _run(body.plan, [*consts, *carry, *[x[i] for x in xs]], body.memory)
            carry = self._next(carry, outs, body)
            for y, out in zip(ys, outs[nk:], strict=True):
                y.reshape(n, -1)[i] = out
        self.finish(step, carry)

    @staticmethod
    def _next(carry: Sequence[np.ndarray], outs: Sequence[np.ndarray], body: Any) -> list[np.ndarray]:
        """What the next step gets: what is held is changed already, the rest may lie in what the step had."""
        return [c if k in body.held else out.copy() for k, (c, out) in enumerate(zip(carry, outs, strict=False))]

    def _going(self, step: Control, tests: Sequence[np.ndarray], carry: Sequence[np.ndarray]) -> bool:
        cond = step.bodies["cond"]
        return bool(_run(cond.plan, [*tests, *carry], cond.memory)[0].view(bool)[0])

    def _while(self, step: Control) -> None:
        body = step.bodies["body"]
        groups = step.eqn.params["operands"].split(step.inputs)
        tests, consts = ([self.bytes_of(a) for a in g] for g in groups[:2])
        carry = [self.start(step, k, k in body.held) for k in range(len(step.eqn.outputs))]
        while self._going(step, tests, carry):
            carry = self._next(carry, _run(body.plan, [*consts, *carry], body.memory), body)
        self.finish(step, carry)

    def _branch(self, step: Control) -> None:
        bodies = list(step.bodies.values())
        body = bodies[min(max(int(self.value(step.inputs[0])), 0), len(bodies) - 1)]
        given = [self.bytes_of(a) for a in step.inputs[1:]]
        for k, j in step.reuses.items():
            given[j - 1] = self.start(step, k, True)
        outs = _run(body.plan, given, body.memory)
        for k, v in enumerate(step.eqn.outputs):  # results are written while operands are read
            if k not in body.held:
                self.bytes_of(v)[...] = outs[k]

    def _walk(self, step: Control) -> None:
        tests, consts, init, fixed, state = step.eqn.params["operands"].split(step.inputs)
        forward, back = step.bodies["forward"], step.bodies["back"]
        of = lambda group: [self.bytes_of(a) for a in group]
        carry, tape = [x.copy() for x in of(init)], []
        while self._going(step, of(tests), carry):
            outs = [x.copy() for x in _run(forward.plan, [*of(consts), *carry], forward.memory)]
            carry = self._next(carry, outs, forward)
            tape.append(outs[len(init) :])
        carry = [self.start(step, k, k in back.held) for k in range(len(state))]
        for slices in reversed(tape):
            rows = [slices[k] for k in step.eqn.params["slices"]]
            carry = self._next(carry, _run(back.plan, [*of(fixed), *carry, *rows], back.memory), back)
        self.finish(step, carry)


def _places(a: Affine, grid: Any) -> Any:
    return sum((c * grid[i] for i, c in a.terms), np.int64(a.constant))


__all__ = ["run"]
