"""`shard_map_p`: a Program of what one place of a mesh does with its parts of arrays; all places run it.

``*results = shard_map(*arrays)`` where each array is cut into parts by its spec: for each of its axes the mesh axes along which
that is cut. What is not cut along a mesh axis, each place along it has whole. The body's first inputs are the place's indices
along the axes of the mesh; collectives (`ops.collectives`) are operations between places.

On a backend that knows no mesh the places are a batch (`unrolled`): that is what an equation means. Derivatives are those
of the body. Whatever is whole along an axis is the same in each place along it, and counts as the mean of its copies: its cotangent is
shared among the places, and that of a whole argument is the sum over them. `simplified` then finds the sums of what is the
same everywhere, which are products and need no exchange.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np

from ..config import config
from ..core import Aval, LinearTracer, Value, shape_of
from ..errors import ArgumentError, ShapeError
from ..lowering import Formula, formulas
from ..program import Program
from ..vocabulary import BatchedResults, Batching, Linearizing, Params, Pushed, Results, Tape
from .call import call_p
from .collectives import psum_p
from .derived import (
    batched_program,
    dependence,
    execute,
    jvp_program,
    linearized_programs,
    once,
    strong,
    transposed_program,
)
from .effects import EffectPrimitive
from .elementwise import multiply, sin
from .linear import Linear
from .shape import broadcast_to, moveaxis, reshape, transpose
from .varying import varying

Spec = tuple[tuple[Hashable, ...], ...]  # for each axis of an array the mesh axes along which it is cut


class MeshAxis:
    """A named axis of a mesh, where the body is traced.

    Attributes:
        whole: the number of places along it.
    """

    __slots__ = ("_index", "whole")

    def __init__(self, size: int, index: Any) -> None:
        self.whole, self._index = size, index

    @property
    def level(self) -> int:
        return self._index._trace.level

    @property
    def size(self) -> int:
        return self.whole

    def index(self) -> Any:
        return self._index

    def asked(self, what: str) -> None:
        """All places run together."""


def index_aval() -> Aval:
    return Aval((), np.dtype(np.int64 if config.enable_x64 else np.int32))


def cut(shape: Sequence[int], spec: Spec, sizes: dict[Hashable, int], what: str) -> tuple[int, ...]:
    """The shape of a part.

    Raises:
        ShapeError: an axis cannot be cut into parts of equal length.
        ArgumentError: the spec has more axes than the array.
    """
    if len(spec) > len(shape):
        raise ArgumentError(f"shard_map: the spec of {what} has {len(spec)} axes, its shape is {tuple(shape)}")
    out = list(shape)
    for axis, names in enumerate(spec):
        n = math.prod(sizes[name] for name in names)
        if out[axis] % n:
            raise ShapeError(
                f"shard_map: axis {axis} of {what} has length {out[axis]}, which cannot be cut into {n} equal parts along "
                f"{', '.join(map(repr, names))}; pad it to a multiple of {n}"
            )
        out[axis] //= n
    return tuple(out)


def joined(aval: Aval, spec: Spec, sizes: dict[Hashable, int]) -> Aval:
    """The type of an array of the type of its parts."""
    shape = list(aval.shape)
    for axis, names in enumerate(spec):
        shape[axis] *= math.prod(sizes[name] for name in names)
    return Aval(tuple(shape), aval.dtype)


def mentioned(spec: Spec) -> frozenset[Hashable]:
    return frozenset(name for names in spec for name in names)


class ShardMap(EffectPrimitive):
    """A Program run at each place of a mesh.

    Parameters:
        body: ``(*indices, *parts) -> parts of the results``.
        mesh: has ``shape``, from the names of its axes to their lengths.
        ins, outs: a `Spec` for each argument and result.
    """

    multiple_results = True

    def impl(self, *args: Value, body: Program, mesh: Any, ins: Sequence[Spec], outs: Sequence[Spec]) -> list[Value]:
        return execute(unrolled(body, mesh, ins, outs), args)

    def abstract(self, *avals: Aval, body: Program, mesh: Any, ins: Sequence[Spec], outs: Sequence[Spec]) -> list[Aval]:
        return [joined(a, spec, dict(mesh.shape)) for a, spec in zip(body.out_avals, outs, strict=True)]

    def expansion(self, inputs: Sequence[Any], params: Params) -> Program:
        return unrolled(**params)

    def dependence(self, given: Sequence[bool], params: Params, results: int) -> list[bool]:
        return dependence(params["body"], [*_none(params), *given])

    def series_through(self, order: int, primals: Sequence[Value], coefficients: Any, params: Params) -> Any:
        return call_p.series_through(order, primals, coefficients, {"program": unrolled(**params)})

    # --- derivatives ---------------------------------------------------------------------------------------------

    def jvp(self, primals: Sequence[Value], tangents: Sequence[Value | None], params: Params) -> Pushed:
        nonzero = [t is not None for t in tangents]
        derived, live = jvp_program(params["body"], (*_none(params), *nonzero))
        outs = self.bind(
            *primals,
            *[t for t in tangents if t is not None],
            body=derived,
            mesh=params["mesh"],
            ins=(*params["ins"], *_those(params["ins"], nonzero)),
            outs=(*params["outs"], *_those(params["outs"], live)),
        )
        rest = iter(outs[len(live) :])
        return outs[: len(live)], [next(rest) if b else None for b in live]

    def linearize(
        self, trace: Linearizing, primals: Sequence[Value], tangents: Sequence[Any], params: Params
    ) -> Results:
        nonzero = tuple(t is not None for t in tangents)
        first, second, live, saved = _linearized(nonzero, **params)
        outs = self.bind(*primals, **first)
        n = len(live)
        if not any(live):
            return outs[:n]
        if second["body"].masked:
            trace.tape.masked = True
        args = (*outs[n:], *[t for t in tangents if t is not None])
        nodes = iter(trace.tape.append_many(self, args, second, saved))
        return [trace.tracer(o, next(nodes)) if b else o for o, b in zip(outs[:n], live, strict=True)]

    def record(self, tape: Tape, args: Sequence[Value], params: Params) -> Results:
        """Results that do not depend on the linear arguments are computed now."""
        from .control.programs import rewired

        body, outs = params["body"], params["outs"]
        given = tuple(tape.owns(a) for a in args)
        linear = tuple(self.dependence(given, params, len(outs)))
        known: Sequence[Value] = []
        if not all(linear):
            rest = [o for o, b in zip(body.outputs, linear, strict=True) if not b]
            marked = [*_none(params), *given]
            first = once(
                body, ("known", given), lambda: rewired(body, [v for v, b in zip(body.inputs, marked, strict=True) if not b], rest)
            )  # fmt: skip
            free = [not b for b in given]
            constants = [a for a, b in zip(args, free, strict=True) if b]
            known = self.bind(
                *constants, body=first, mesh=params["mesh"], ins=_those(params["ins"], free),
                outs=_those(outs, [not b for b in linear]),
            )  # fmt: skip
        live = [o for o, b in zip(body.outputs, linear, strict=True) if b]
        second = once(body, ("linear", linear), lambda: rewired(body, body.inputs, live))
        params = {**params, "body": second, "outs": _those(outs, linear)}
        nodes = iter(tape.append_many(self, tuple(args), params, self.abstract(**params)))
        values = iter(known)
        return [next(nodes) if b else next(values) for b in linear]

    def transpose(self, cotangent: Results, args: Sequence[Value], params: Params) -> Sequence[Value | None]:
        tape = max((a._trace for a in args if type(a) is LinearTracer), key=lambda t: t.level)
        linear = tuple(type(a) is LinearTracer and a._trace is tape for a in args)
        back, live = _transposed(linear, tuple(c is not None for c in cotangent), **params)
        avals = self.abstract(**params)
        given = [broadcast_to(c, a.shape) for c, a in zip(cotangent, avals, strict=True) if c is not None]
        outs = iter(self.bind(*[a for a, b in zip(args, linear, strict=True) if not b], *given, **back))
        grads = iter([next(outs) if b else None for b in live])
        return [next(grads) if b else None for b in linear]

    # --- batching ------------------------------------------------------------------------------------------------

    def batch_in(
        self, trace: Batching, args: Sequence[Value], batched: Sequence[bool], params: Params
    ) -> BatchedResults:
        derived, flags = batched_program(params["body"], trace.size, (*_none(params), *batched), trace.axis_name)

        def front(specs: Sequence[Spec], flags: Sequence[bool]) -> tuple[Spec, ...]:
            return tuple(((), *spec) if b else spec for spec, b in zip(specs, flags, strict=True))

        ins, outs = front(params["ins"], batched), front(params["outs"], flags)
        return self.bind(*args, body=derived, mesh=params["mesh"], ins=ins, outs=outs), flags


def _none(params: Params) -> list[bool]:
    """For the indices among a body's inputs."""
    return [False] * len(params["mesh"].shape)


def _those(specs: Sequence[Any], flags: Sequence[bool]) -> tuple[Any, ...]:
    return tuple(s for s, b in zip(specs, flags, strict=True) if b)


def of_parts(body: Program, mesh: Any, ins: Sequence[Spec]) -> list[frozenset[Hashable]]:
    """Along which axes the inputs of a body differ among places."""
    return [*[frozenset([name]) for name in mesh.shape], *map(mentioned, ins)]


def _linearized(
    nonzero: tuple[bool, ...], *, body: Program, mesh: Any, ins: tuple[Spec, ...], outs: tuple[Spec, ...]
) -> Any:
    """The parameters of the primal and of the linear part, which results have tangents, and the types of these.

    What the linear part needs of the primal one is cut along the axes along which it differs among places.
    """
    from ..transforms.staging import stage

    k = len(mesh.shape)

    def make() -> Any:
        forward, linear, live = linearized_programs(body, (*[False] * k, *nonzero))
        n = len(live)
        differs = varying(forward, of_parts(body, mesh, ins))[n:]
        rows = [tuple(name for name in mesh.shape if name in found) for found in differs]

        def stacked(*values: Value) -> list[Value]:
            found = forward.evaluate(values)
            return [*found[:n], *[reshape(r, (1, *shape_of(r))) for r in found[n:]]]

        def unstacked(*values: Value) -> list[Value]:
            m = k + len(rows)
            return linear.evaluate([*[reshape(r, shape_of(r)[1:]) for r in values[k:m]], *values[m:]])

        first = stage(stacked, body.in_avals, forward.name)[0]
        saved = [Aval((1, *a.shape), a.dtype) for a in forward.out_avals[n:]]
        tangents = [strong(a) for a, b in zip(body.in_avals[k:], nonzero, strict=True) if b]
        second = stage(unstacked, [*body.in_avals[:k], *saved, *tangents], linear.name)[0]
        second.masked = linear.masked
        return first, second, live, tuple((r, *[()] * (a.ndim - 1)) for r, a in zip(rows, saved, strict=True))

    first, second, live, saved = once(body, ("shards linearized", nonzero, mesh, ins), make)
    ones = {"body": first, "mesh": mesh, "ins": ins, "outs": (*outs, *saved)}
    others = {"body": second, "mesh": mesh, "ins": (*saved, *_those(ins, nonzero)), "outs": _those(outs, live)}
    return ones, others, live, shard_map_p.abstract(**others)


def _transposed(
    linear: tuple[bool, ...],
    given: tuple[bool, ...],
    *,
    body: Program,
    mesh: Any,
    ins: tuple[Spec, ...],
    outs: tuple[Spec, ...],
) -> Any:
    from ..transforms.staging import stage

    sizes = dict(mesh.shape)
    k = len(sizes)
    argued, asked = _those(ins, linear), _those(outs, given)

    def whole(spec: Spec) -> list[Hashable]:
        return [name for name in sizes if name not in mentioned(spec)]

    def make() -> Any:
        derived, live = transposed_program(body, (*[False] * k, *linear), given, False)
        n = len(linear) - sum(linear) + k

        def run(*values: Value) -> list[Value]:
            shares = []
            for c, spec in zip(values[n:], asked, strict=True):
                copies = math.prod(sizes[name] for name in whole(spec))
                shares.append(c if copies == 1 else c * np.asarray(1 / copies, c.dtype)[()])
            grads = derived.evaluate([*values[:n], *shares])
            sums = []
            for g, spec in zip(grads, _those(argued, live), strict=True):
                for name in whole(spec):
                    g = psum_p.bind(g, axis_name=name, size=sizes[name])
                sums.append(g)
            return sums

        return stage(run, derived.in_avals, derived.name)[0], live

    derived, live = once(body, ("shards transposed", linear, given, mesh, ins, outs), make)
    constants = _those(ins, [not b for b in linear])
    return {"body": derived, "mesh": mesh, "ins": (*constants, *asked), "outs": _those(argued, live)}, live


# --- without a mesh -------------------------------------------------------------------------------------------------


def unrolled(body: Program, mesh: Any, ins: Sequence[Spec], outs: Sequence[Spec]) -> Program:
    """The Program of all places together, as batches over the axes of the mesh."""
    from ..transforms.staging import stage

    sizes: dict[Hashable, int] = dict(mesh.shape)
    names = list(sizes)

    def make() -> Program:
        program = body
        differs = [set(found) for found in of_parts(body, mesh, ins)]
        found: list[list[bool]] = []
        for name in reversed(names):
            program, flags = batched_program(program, sizes[name], tuple(name in d for d in differs), name)
            found.append(flags)
        batched = [[n for n, flags in zip(names, reversed(found), strict=True) if flags[i]] for i in range(len(outs))]

        def run(*values: Value) -> list[Value]:
            places = [np.arange(sizes[name], dtype=body.inputs[i].aval.dtype) for i, name in enumerate(names)]
            parts = [_split(v, spec, sizes) for v, spec in zip(values, ins, strict=True)]
            results = program.evaluate([*places, *parts])
            return [_join(r, b, spec, sizes) for r, b, spec in zip(results, batched, outs, strict=True)]

        avals = [joined(v.aval, s, sizes) for v, s in zip(body.inputs[len(names) :], ins, strict=True)]
        made, _ = stage(run, avals, body.name)
        made.masked = body.masked
        return made

    return once(body, ("unrolled", tuple(sizes.items()), tuple(ins), tuple(outs), config.enable_x64), make)


def _split(x: Value, spec: Spec, sizes: dict[Hashable, int]) -> Value:
    """Parts, in front the mesh axes along which an array is cut."""
    shape: list[int] = []
    where: dict[Hashable, int] = {}
    for axis, n in enumerate(shape_of(x)):
        for name in spec[axis] if axis < len(spec) else ():
            where[name] = len(shape)
            shape.append(sizes[name])
            n //= sizes[name]
        shape.append(n)
    order = [where[name] for name in sizes if name in where]
    return moveaxis(reshape(x, tuple(shape)), order, tuple(range(len(order))))


def _join(x: Value, batched: Sequence[Hashable], spec: Spec, sizes: dict[Hashable, int]) -> Value:
    """An array of its parts, which have mesh axes in front."""
    cuts = mentioned(spec)
    kept = list(batched)
    for name in batched:
        if name not in cuts:  # the same in each place
            x = moveaxis(x, kept.index(name), 0)[0]
            kept.remove(name)
    missing = [name for name in sizes if name in cuts and name not in kept]
    x = broadcast_to(x, (*[sizes[name] for name in missing], *shape_of(x)))
    front = [*missing, *kept]
    order: list[int] = []
    shape: list[int] = []
    for axis, n in enumerate(shape_of(x)[len(front) :]):
        names = spec[axis] if axis < len(spec) else ()
        order += [front.index(name) for name in names] + [len(front) + axis]
        shape.append(n * math.prod(sizes[name] for name in names))

    return reshape(transpose(x, tuple(order)), tuple(shape))


class _Sample:
    """A mesh of two places."""

    shape = {"sample": 2}  # noqa: RUF012


def _samples() -> list[Any]:
    from ..transforms.staging import stage

    part = Aval((2,), np.dtype(np.float64))

    def run(i: Value, x: Value, y: Value) -> list[Value]:
        return [sin(multiply(x, y)), psum_p.bind(multiply(x, x), axis_name="sample", size=2)]

    body, _ = stage(run, [index_aval(), part, part], "sample")
    cut, whole = (("sample",),), ((),)
    params = {"body": body, "mesh": _Sample(), "ins": (cut, whole), "outs": (cut, whole)}
    return [((np.array([0.3, -0.5, 1.0, 0.7]), np.array([1.0, -0.4])), params)]


shard_map_p = ShardMap("shard_map", samples=_samples, reasons={"complex": "a Program is typed"})


sharding_constraint_p = Linear(
    "sharding_constraint",
    lambda x, sharding: x,
    lambda aval, sharding: aval,
    lambda cotangent, x, sharding: sharding_constraint_p.bind(cotangent, sharding=sharding),
    lambda size, x, sharding: sharding_constraint_p.bind(x, sharding=_behind(sharding)),
    samples=lambda: [((np.array([0.5, -1.0]),), {"sharding": None})],
    native=Formula(formulas.same, loop=lambda avals, out: ([out.dtype], out.dtype)),
)


def _behind(sharding: Any) -> Any:
    """The sharding of a batch."""
    return sharding if sharding is None else type(sharding)(sharding.mesh, type(sharding.spec)(None, *sharding.spec))


__all__ = ["MeshAxis", "ShardMap", "Spec", "shard_map_p", "sharding_constraint_p", "unrolled"]
