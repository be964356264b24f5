"""The specification of loops, run with NumPy (`compile.reference`), against the interpreter of Programs: the plan of every
operation's samples, loops in memory and in place, donated arguments, threads' pieces. What compiled code gives is held to the
interpreter in the tests of each operation.
"""

import warnings

import numpy as np
import pytest
import test_safety as safety

import wengert as w
import wengert.numpy as wnp
from wengert import lax
from wengert.backends import OtherPath, named
from wengert.compile import reference
from wengert.compile.choices import chosen, drawn
from wengert.compile.pipeline import lowered, optimized
from wengert.lowering.index_maps import Affine
from wengert.testing import cases, primitives

WIDTH = 32


def plan_of(program, donated=()):
    return lowered(optimized(program), WIDTH, donated)


def same(program, args, rtol=1e-9, donated=()):
    expected = named("interpreter").compile(program)([np.copy(a) for a in args])
    got = reference.run(plan_of(program, donated), args)
    for a, b in zip(got, expected, strict=True):
        assert a.dtype == np.asarray(b).dtype and a.shape == np.shape(b)
        if a.dtype.kind in "fc":
            np.testing.assert_allclose(a, b, rtol=rtol, atol=1e-12)
        else:
            np.testing.assert_array_equal(a, b)


def sampled():
    for p in primitives():
        for label, args, params in cases(p):
            yield pytest.param(p, args, params, id=f"{p.name} {label}")


SAMPLES = list(sampled())


@pytest.mark.parametrize("part", range(8))
def test_every_operation(part):
    """Where a sample is a Program whose results can be compared."""
    seen = 0
    for case in SAMPLES[part::8]:
        p, args, params = case.values
        arrays = [k for k, a in enumerate(args) if isinstance(a, (np.ndarray, np.generic)) and a.dtype.kind != "O"]

        def f(*xs, p=p, args=args, params=params, arrays=arrays):
            full = list(args)
            for k, x in zip(arrays, xs, strict=True):
                full[k] = x
            return p.bind(*full, **params)

        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            try:
                program = w.make_program(f)(*[args[k] for k in arrays])
                expected = named("interpreter").compile(program)([args[k] for k in arrays])
            except Exception:  # it needs more than values
                continue
            if p.effect or any(np.asarray(o).dtype.kind not in "biufcV" for o in expected):
                continue
            try:
                same(program, [np.asarray(args[k]) for k in arrays])
                seen += 1
            except AssertionError as error:
                raise AssertionError(f"{case.id}: {error}") from error
    assert seen > len(SAMPLES) // 16


@pytest.mark.parametrize("name", safety.LOOPS)
def test_loops(name, monkeypatch):
    monkeypatch.setattr("wengert.compile.control.prepare.fits", lambda step: False)
    body, x = safety.LOOPS[name], np.linspace(-1.0, 1.0, safety.N)
    for f in (
        lambda x: lax.fori_loop(0, 9, body, x),
        lambda x: lax.while_loop(lambda s: s[0] < 9, lambda s: (s[0] + 1, body(s[0], s[1])), (0, x)),
        lambda x: lax.scan(lambda c, i: (body(i, c), wnp.sum(c)), x, wnp.arange(7), reverse=True),
    ):
        same(w.make_program(f)(x), [x])


@pytest.mark.parametrize("name", safety.PAIRS)
def test_two_carried_arrays(name, monkeypatch):
    monkeypatch.setattr("wengert.compile.control.prepare.fits", lambda step: False)
    x, y = np.linspace(-1.0, 1.0, safety.N), np.linspace(3.0, 4.0, safety.N)
    same(w.make_program(lambda x, y: lax.fori_loop(0, 7, safety.PAIRS[name], (x, y)))(x, y), [x, y])


@pytest.mark.parametrize("name", safety.DONATED)
def test_donated(name):
    x, y = np.linspace(-1.0, 1.0, safety.N), np.linspace(2.0, 3.0, safety.N)
    same(w.make_program(safety.DONATED[name][0])(x, y), [x, y], donated=(0, 1))


def test_pullbacks_of_loops(monkeypatch):
    """A walk back along a tape."""
    x = np.linspace(0.1, 1.0, 30)
    f = w.grad(lambda x: lax.while_loop(lambda s: s[0] < 5, lambda s: (s[0] + 1, wnp.sin(s[1]) * x), (0, x))[1].sum())
    for memory in (False, True):
        if memory:
            monkeypatch.setattr("wengert.compile.control.prepare.fits", lambda step: False)
        same(w.make_program(f)(x), [x])


def test_pieces_and_choices():
    """Nests that threads share, partial sums, products where they lie, rows taken apart."""
    x = np.linspace(0.1, 1.0, 600).reshape(40, 15)
    fs = (
        lambda x: (wnp.sum(wnp.sin(x) * x), wnp.sum(x, 0), x @ x.T, wnp.max(x, 1)),
        w.vmap(lambda r: wnp.outer(r[:3], r[:3]) @ r[:3] + wnp.cross(r[:3], r[3:6])),
        lambda x: (wnp.exp(1j * x) * x, wnp.sum(x + 1j * x, 0), (x + 1j * x) @ x.T),
        lambda x: wnp.concatenate([x[::-1], x * 2.0], 1)[:, ::3].T,
    )
    for f in fs:
        program = w.make_program(f)(x)
        with chosen(chunks__LEAST=0.0, chunks__PIECE=1.0, chunks__POINTS=1):
            same(program, [x])
        for seed in range(3):
            with drawn(seed):
                same(program, [x])


def test_errors_and_guards():
    x, i = np.ones(5), np.array([1, 9])
    for f in (lambda x, i: x[i], lambda x, i: [x[i], x][1], lambda x, i: x.at[i].set(1.0)):
        with pytest.raises(IndexError):
            reference.run(plan_of(w.make_program(f)(x, i)), [x, i])
    g = w.jit(lambda x: x * 2 if bool(x[0] > 0) else x)
    program = g.lower(x).program
    np.testing.assert_array_equal(reference.run(plan_of(program), [x])[0], 2 * x)
    with pytest.raises(OtherPath):
        reference.run(plan_of(program), [-x])
    with pytest.raises(np.linalg.LinAlgError):
        reference.run(plan_of(w.make_program(np.linalg.inv)(np.eye(3))), [np.zeros((3, 3))])


def test_a_wrong_plan_gives_wrong_numbers():
    """It follows the plan, not the Program: a node, a place or an order that is another one is told."""
    program, x = w.make_program(lambda x: wnp.cumsum(x * 2.0)[::-1] + 1.0)(np.arange(1.0, 9.0)), np.arange(1.0, 9.0)
    expected = named("interpreter").compile(program)([x])[0]
    np.testing.assert_array_equal(reference.run(plan_of(program), [x])[0], expected)
    for change in (
        lambda plan: plan.steps.reverse(),
        lambda plan: setattr(plan.steps[0].nest.nodes[1], "data", 3.0),
        lambda plan: setattr(plan.steps[-1].roots[0], "offset", Affine(((0, -1),), 7)),
    ):
        plan = plan_of(program)
        change(plan)
        assert not np.array_equal(reference.run(plan, [x])[0], expected)
