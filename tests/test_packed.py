"""Programs that are compiled keep their equations in little memory, and give them back as they were."""

import gc
import pickle
import threading
import tracemalloc

import numpy as np
import pytest

import wengert
import wengert.numpy as wnp
from wengert import lax
from wengert.program import Literal, Var

X = np.linspace(0.1, 1.0, 6)


def many(x):
    for i in range(40):
        x = wnp.sin(x) * (0.5 + 0.01 * i) + 0.05 * wnp.sum(x, keepdims=True)
    return x


def with_loops(x):
    c, ys = lax.scan(lambda c, a: (c * a, c + a), 1.0, x)
    for i in range(40):
        c = lax.cond(c > 0.0, lambda c: c * 0.9, lambda c: -c, c) + i
    return c, ys, x


def with_several_results(x):
    a = wnp.outer(x, x) + wnp.eye(len(x))
    for _ in range(20):
        q, r = wnp.linalg.qr(a)
        a = q + r * True - 0.0
    return wnp.linalg.eigh(a + a.T), 1.0, -0.0


def kept(x):
    """Results that are arguments, constants, and used twice."""
    y = many(x)
    return x, y, y, 2.0, np.arange(3)


FUNCTIONS = [many, with_loops, with_several_results, kept]


def _packed(program):
    program.pack()
    assert program._packed is not None
    return program


@pytest.mark.parametrize("f", FUNCTIONS)
def test_equations_come_back_as_they_were(f):
    make = wengert.make_program(f)
    program, other = make(X), make(X)
    before = [(e.primitive, e.params, e.place, [a.aval for a in (*e.inputs, *e.outputs)]) for e in other.equations]
    text, ends = repr(program), [*program.inputs, *program.outputs]
    assert repr(_packed(program)) == text
    for e, (primitive, params, place, avals) in zip(program.equations, before, strict=True):
        assert e.primitive is primitive and e.place == place and repr(e.params) == repr(params)
        assert [(a.aval.shape, a.aval.dtype, a.aval.weak) for a in (*e.inputs, *e.outputs)] == [
            (a.shape, a.dtype, a.weak) for a in avals
        ]
    assert all(a is b for a, b in zip([*program.inputs, *program.outputs], ends, strict=True))
    program.check()
    assert program.equations is program.equations
    for a, b in zip(program.evaluate([X]), other.evaluate([X]), strict=True):
        np.testing.assert_array_equal(a, b)


def test_literals_that_are_equal_are_told_apart():
    program = wengert.make_program(lambda x: [x * c for c in (0.0, -0.0, 1, True, 1.0, np.float32(1))] * 8)(X)
    values = [a.value for e in program.equations for a in e.inputs if isinstance(a, Literal)]
    for _ in range(40 - len(program.equations)):  # enough to be worth it
        program.equations.append(program.equations[0].replaced(outputs=[Var(program.equations[0].outputs[0].aval)]))
    _packed(program)
    again = [a.value for e in program.equations for a in e.inputs if isinstance(a, Literal)]
    assert [repr(v) for v in again[: len(values)]] == [repr(v) for v in values]


def test_small_programs_stay_as_they_are():
    program = wengert.make_program(lambda x: x + 1.0)(X)
    equations = program.equations
    program.pack()
    assert program.equations is equations


@pytest.mark.parametrize("f", [many, kept])
def test_a_compiled_function_is_differentiated_looked_at_and_pickled_afterwards(f):
    g, h = wengert.jit(f), wengert.jit(f)
    g(X)
    (((program, _),),) = [entries for key, entries in g._cache.items() if key != "native"]
    assert program._packed is not None
    again = pickle.loads(pickle.dumps(program))
    assert repr(again) == repr(program) == repr(h.program(X))
    want = wengert.jacobian(lambda x: f(x)[1])(X) if f is kept else wengert.jacobian(f)(X)
    got = wengert.jacobian(lambda x: g(x)[1])(X) if f is kept else wengert.jacobian(g)(X)
    np.testing.assert_allclose(got, want, rtol=1e-12)
    np.testing.assert_allclose(wengert.vmap(g)(np.stack([X, X]))[1], wengert.vmap(f)(np.stack([X, X]))[1], rtol=1e-12)
    g(X)


def test_threads_that_read_a_packed_program_at_once_get_the_same_equations():
    program = _packed(wengert.make_program(many)(X))
    start, found = threading.Barrier(8), []
    threads = [threading.Thread(target=lambda: (start.wait(), found.append(program.equations))) for _ in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert len(found) == 8 and all(e is found[0] for e in found)


def test_what_a_compiled_function_keeps():
    """999 equations: less than 184 kB, a tenth of what their objects took."""

    def f(x):
        for i in range(333):
            x = wnp.sin(x) * 1.01 + float(i)
        return x

    wengert.jit(lambda x: wnp.sin(x) * 1.01 + 2.0)(X)  # what is imported and compiled once
    g = wengert.jit(f)
    gc.collect()
    tracemalloc.start()
    try:
        g(X)
        gc.collect()
        kept = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert kept < 184e3
