"""Loops and branches over complex values as ones over their parts: carried values as two, arrays of slices interleaved."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..core import Aval, Primitive
from ..lowering import index_maps as maps
from ..lowering import kinds
from ..lowering.complexes import multiply
from ..ops.control.operands import LoopOperands, ScanOperands
from ..ops.derived import strong
from ..program import Atom, Literal, Program, Var
from ..vocabulary import Params
from .checks import alive
from .interleaved import REAL
from .parted import Parted
from .rewriter import registered

PAIR, PACKED = "pair", "packed"  # how a complex value goes into a Program, or comes out; None: it is real
Forms = tuple[Any, ...]
SHORT = 16  # elements of a carried array up to which its parts are apart, whatever makes it


def has_complex(program: Program) -> bool:
    """Whether a Program, or one that it holds, has complex values."""
    found = program.cache.get("has complex")
    if found is None:
        found = program.cache["has complex"] = _has_complex(program)
    return found


def _has_complex(program: Program) -> bool:
    for v in (*program.inputs, *program.outputs):
        if v.aval.dtype in REAL:
            return True
    for eqn in program.equations:
        for v in eqn.outputs:
            if v.aval.dtype in REAL:
                return True
        for p in eqn.params.values():
            if type(p) is Program:
                if has_complex(p):
                    return True
            elif type(p) is tuple and [q for q in p if type(q) is Program and has_complex(q)]:
                return True
    return False


# --- values as arguments of Programs -------------------------------------------------------------------------------


def _form(x: Any) -> Any:
    return None if x.aval.dtype not in REAL else PAIR if x.apart else PACKED


def _atoms(values: Sequence[Any], forms: Forms) -> list[Atom]:
    found: list[Atom] = []
    for x, form in zip(values, forms, strict=True):
        found += [x] if form is None else list(x.arrays) if form is PAIR else [x.packed]
    return found


def _values(r: Any, atoms: Sequence[Atom], avals: Sequence[Aval], forms: Forms) -> list[Any]:
    left, found = iter(atoms), []
    for aval, form in zip(avals, forms, strict=True):
        aval = Aval(aval.shape, aval.dtype)
        if form is None:
            found.append(next(left))
        elif form is PAIR:
            found.append(Parted(r, aval, (next(left), next(left))))
        else:
            found.append(Parted(r, aval, packed=next(left)))
    return found


def _avals(avals: Sequence[Aval], forms: Forms) -> list[Aval]:
    found: list[Aval] = []
    for a, form in zip(avals, forms, strict=True):
        if form is None:
            found.append(a)
        elif form is PAIR:
            found += [Aval(a.shape, REAL[a.dtype])] * 2
        else:
            found.append(Aval((*a.shape, 2), REAL[a.dtype]))
    return found


def _count(forms: Forms) -> int:
    return sum(2 if form is PAIR else 1 for form in forms)


def body_in_parts(r: Any, program: Program, given: Forms, wanted: Forms | None = None) -> tuple[Program, Forms]:
    """A Program with arguments and results in some forms; without `wanted` results come as they are made."""
    key = ("in parts", given, wanted)
    if key not in program.cache:
        program.cache[key] = _body_in_parts(type(r), program, given, wanted)
    return program.cache[key]


def _body_in_parts(kind: Any, program: Program, given: Forms, wanted: Forms | None) -> tuple[Program, Forms]:
    r = kind()
    inputs = [Var(a) for a in _avals(program.in_avals, given)]
    outs = [r.typed(o, a.aval) for o, a in zip(
        r.run(program, _values(r, inputs, program.in_avals, given)), program.outputs, strict=True
    )]  # fmt: skip
    forms = tuple(map(_form, outs)) if wanted is None else wanted
    outputs = _atoms(outs, forms)
    made = Program(inputs, alive(r.equations, outputs), outputs, program.name, program.masked)
    made.guards = program.guards
    return made, forms


def _real(avals: Sequence[Aval], forms: Sequence[Any]) -> Forms:
    return tuple(None if a.dtype not in REAL else f for a, f in zip(avals, forms, strict=True))


# --- equations -----------------------------------------------------------------------------------------------------


def parted(r: Any, primitive: Primitive, inputs: Sequence[Any], params: Params, avals: Sequence[Aval]) -> Any:
    """The results of a loop or a branch."""
    programs = [p for v in params.values() for p in (v if type(v) is tuple else (v,)) if isinstance(p, Program)]
    kind = primitive.native.meaning
    rule = _RULES.get(kind)
    if not any(map(has_complex, programs)) or rule is None or any(p.guards for p in programs):
        wholes = [a.whole if type(a) is Parted else a for a in inputs]
        return [r.value(o) for o in r.written(primitive, wholes, params, avals)]
    return rule(r, primitive, list(inputs), params)


def _carried(values: Sequence[Any], avals: Sequence[Aval]) -> list[Any]:
    return [None if a.dtype not in REAL else PAIR for a in avals]


def _settled(forms: list[Any], made: Sequence[Any], avals: Sequence[Aval]) -> bool:
    """Whether carried values leave a step in the form in which they came; else their forms are changed."""
    same = True
    for k, (form, out, a) in enumerate(zip(forms, made, avals, strict=False)):
        if form is PAIR and out is PACKED and a.size > SHORT:
            forms[k], same = PACKED, False
    return same


def _scan(r: Any, primitive: Primitive, inputs: list[Any], params: Params) -> list[Any]:
    body, operands = params["body"], params["operands"]
    nk = operands.carry
    fixed, init, rows = operands.split(inputs)
    avals = operands.split(body.in_avals)[1]
    consts, xs = tuple(map(_form, fixed)), tuple(map(_form, rows))
    carry = _carried(init, avals)
    made = body_in_parts(r, body, (*consts, *carry, *xs))[1]
    if not _settled(carry, made, avals):
        made = body_in_parts(r, body, (*consts, *carry, *xs))[1]
    forms = (*carry, *made[nk:])
    step = body_in_parts(r, body, (*consts, *carry, *xs), forms)[0]
    derived = {**params, "body": step, "operands": ScanOperands(*map(_count, (consts, tuple(carry), xs)))}
    atoms = _atoms(inputs, (*consts, *carry, *xs))
    length = params["length"]
    results = [*body.out_avals[:nk], *[Aval((length, *a.shape), a.dtype) for a in body.out_avals[nk:]]]
    outs = r.written(primitive, atoms, derived, [strong(a) for a in _avals(results, forms)])
    return _values(r, outs, results, forms)


def _while(r: Any, primitive: Primitive, inputs: list[Any], params: Params) -> list[Any]:
    cond, body, operands = params["cond"], params["body"], params["operands"]
    avals = body.in_avals[operands.consts :]
    of_cond, of_body, init = operands.split(inputs)
    tests, consts = tuple(map(_form, of_cond)), tuple(map(_form, of_body))
    carry = _carried(init, avals)
    _settled(carry, body_in_parts(r, body, (*consts, *carry))[1], avals)
    forms = tuple(carry)
    derived = dict(
        params,
        cond=body_in_parts(r, cond, (*tests, *forms))[0],
        body=body_in_parts(r, body, (*consts, *forms), forms)[0],
        operands=LoopOperands(*map(_count, (tests, consts, forms))),
    )
    atoms = _atoms(inputs, (*tests, *consts, *forms))
    outs = r.written(primitive, atoms, derived, [strong(a) for a in _avals(body.out_avals, forms)])
    return _values(r, outs, body.out_avals, forms)


def _branch(r: Any, primitive: Primitive, inputs: list[Any], params: Params) -> list[Any]:
    index, *rest = inputs
    given = tuple(map(_form, rest))
    made = [body_in_parts(r, b, given)[1] for b in params["branches"]]
    forms = tuple(
        None if f[0] is None else PACKED if all(x is PACKED for x in f) else PAIR for f in zip(*made, strict=True)
    )
    branches = tuple(body_in_parts(r, b, given, forms)[0] for b in params["branches"])
    avals = params["branches"][0].out_avals
    outs = r.written(
        primitive,
        [index, *_atoms(rest, given)],
        {**params, "branches": branches},
        [strong(a) for a in _avals(avals, forms)],
    )
    return _values(r, outs, avals, forms)


def running_product(r: Any, x: Parted, axis: int, out: Aval) -> Parted:
    """The products of the first numbers along an axis, of the first two, and so on: a loop that carries both parts."""
    n, rank = out.shape[axis], len(out.shape)
    first = (axis, *[i for i in range(rank) if i != axis])
    inner, real = type(r)(), REAL[out.dtype]
    inputs = [Var(Aval(out.shape[:axis] + out.shape[axis + 1 :], real)) for _ in range(4)]
    made = [m.atom for m in multiply(*[tuple(map(inner.real, inputs[k : k + 2])) for k in (0, 2)])]
    body = Program(inputs, inner.equations, [*made, *made], "running product")
    start = [r.one(maps.broadcast, Literal(real.type(k)), shape=inputs[0].aval.shape) for k in (1, 0)]
    rows = [r.one(maps.transposed, r.cast(a, real), axes=first) for a in x.arrays]
    params: dict[str, Any] = {"body": body, "operands": ScanOperands.of((), start, rows), "length": n}
    params["reverse"] = False
    outs = r.written(
        registered(kinds.Scan),
        [*start, *rows],
        params,
        [*[v.aval for v in inputs[:2]], *[a.aval for a in rows]],
    )
    back = tuple(first.index(i) for i in range(rank))
    return Parted(r, out, tuple(r.one(maps.transposed, a, axes=back) for a in outs[2:]))


def _pullback(r: Any, primitive: Primitive, inputs: list[Any], params: Params) -> list[Any]:
    def walked(programs: Sequence[Program], groups: Sequence[Sequence[Any]], slices: Sequence[int]) -> list[Any]:
        cond, forward, back = programs
        tests, used, carry, fixed, start = groups
        of_tests, of_used, of_fixed = (tuple(map(_form, g)) for g in (tests, used, fixed))
        forms = _real([a.aval for a in carry], [PAIR] * len(carry))
        state = _real([a.aval for a in start], [PAIR] * len(start))
        kept = body_in_parts(r, forward, (*of_used, *forms))[1][len(forms) :]
        step = body_in_parts(r, forward, (*of_used, *forms), (*forms, *kept))[0]
        turned = body_in_parts(r, back, (*of_fixed, *state, *[kept[i] for i in slices]), state)[0]
        places, count = [], 0  # of the slices, in which complex ones are two
        for form in kept:
            places.append(range(count, count + _count((form,))))
            count += _count((form,))
        atoms = [_atoms(g, f) for g, f in zip(groups, (of_tests, of_used, forms, of_fixed, state), strict=True)]
        test = body_in_parts(r, cond, (*of_tests, *forms))[0]
        made = r.loops.walk(r, (test, step, turned), atoms, [k for i in slices for k in places[i]])
        return _values(r, made, back.out_avals, state)

    return r.loops.pulled(r, primitive, inputs, params, r.known, walked)


_RULES: dict[Any, Any] = {kinds.Pullback: _pullback, kinds.Scan: _scan, kinds.While: _while, kinds.Branch: _branch}

__all__ = ["body_in_parts", "has_complex", "parted"]
