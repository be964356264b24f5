"""Loops and branches as native code against their Programs run equation by equation, and what makes them fast.

The oracle evaluates a traced Program with the NumPy implementation of each primitive and Python's own loops; it knows
nothing of the compiler. Rules of differentiation have their tests elsewhere: here a gradient is one more Program.
"""

import subprocess
import sys
import tracemalloc

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import wengert
import wengert.numpy as wnp
from wengert import jit, lax
from wengert.compile import allocation
from wengert.compile.control import tape
from wengert.lax import _at as at
from wengert.ops.control.pulling import pulling, results, started
from wengert.program import Literal

# --- the oracle ---------------------------------------------------------------------------------------------------


def evaluate(program, args):
    env = dict(zip(program.inputs, args, strict=True))
    value = lambda a: a.value if type(a) is Literal else env[a]
    for eqn in program.equations:
        outs = equation(eqn.primitive, [value(a) for a in eqn.inputs], eqn.params)
        for v, out in zip(eqn.outputs, outs, strict=True):
            env[v] = np.asarray(out, v.aval.dtype)[()] if not v.aval.weak else out
    return [value(a) for a in program.outputs]


def equation(primitive, args, p):
    name = primitive.name
    if name in ("call", "remat"):
        return evaluate(p["program"], args)
    if name == "cond":
        return evaluate(p["branches"][min(max(int(args[0]), 0), len(p["branches"]) - 1)], args[1:])
    if name == "scan":
        nk, n = p["operands"].carry, p["length"]
        consts, carry, xs = p["operands"].split(args)
        rows = [None] * n
        for i in range(n)[:: -1 if p["reverse"] else 1]:
            outs = evaluate(p["body"], [*consts, *carry, *[x[i] for x in xs]])
            carry, rows[i] = outs[:nk], outs[nk:]
        stacks = [np.zeros((n, *a.shape), a.dtype) for a in p["body"].out_avals[nk:]]
        for stack, ys in zip(stacks, zip(*rows, strict=True), strict=False):
            stack[...] = np.stack(ys)
        return [*carry, *stacks]
    if name == "while":
        tests, consts, carry = p["operands"].split(args)
        while evaluate(p["cond"], [*tests, *carry])[0]:
            carry = evaluate(p["body"], [*consts, *carry])
        return carry
    if name == "while_tangent":
        program = wengert.make_program(lambda *a: primitive.expand(*a, **p))(*args)
        return evaluate(program, args)
    if name in ("while_pull", "supported_pull"):
        return pulled(args, p)
    outs = primitive.impl(*args, **p)
    return outs if primitive.multiple_results else [outs]


def pulled(args, params):
    p = pulling(params)
    (tests, consts, carry), cotangents = params["operands"].apart(args)
    used, state, tape = p.taken.consts.of(consts), p.taken.carry.of(carry), []
    while evaluate(p.cond, [*tests, *state])[0]:
        outs = evaluate(p.forward, [*used, *state])
        state = outs[: len(state)]
        tape.append(outs[len(state) :])
    before = [] if p.invariant is None else evaluate(p.invariant, consts)
    fixed = [v if kind == "value" else (consts if kind == "argument" else before)[v] for kind, v in p.fixed]
    state = started(cotangents, params, p)
    while tape:
        slices = tape.pop()
        state = evaluate(p.back, [*fixed, *state, *[slices[i] for i in p.slices]])
    return results(state, params, p)


def check(f, *args, rtol=1e-9, native=True):
    """The compiled function against the oracle."""
    program = wengert.make_program(f)(*args)
    leaves = wengert.tree_util.tree_leaves
    expected = evaluate(program, leaves(args))
    compiled = jit(f)
    got = leaves(compiled(*args))
    if native:
        assert [c.eqn.primitive.name for c in compiled.lower(*args)._module.calls] == []
    assert len(got) == len(expected)
    for a, b in zip(got, expected, strict=True):
        assert np.shape(a) == np.shape(b) and np.asarray(a).dtype == np.asarray(b).dtype
        scale = np.max(np.abs(np.asarray(b, float)), initial=1.0)
        np.testing.assert_allclose(np.asarray(a, float), np.asarray(b, float), rtol=rtol, atol=rtol * scale)
    return got


# --- random bodies ------------------------------------------------------------------------------------------------

# Each takes and gives what is carried: an array, an integer, a boolean, and a table of 7; `w` and `x` are an array that
# the body closes over and a slice.


def with_a(f):
    return lambda a, i, b, t, w, x: (f(a, i, b, t, w, x).astype(a.dtype), i, b, t)


def inner_scan(a, i, b, t, w, x):
    out, ys = lax.scan(lambda c, r: (0.5 * c + r * x, c * r), a, t[:3].astype(a.dtype))
    return wnp.tanh(out + wnp.sum(ys, axis=0)), i, b, t


def inner_while(a, i, b, t, w, x):
    out = lax.while_loop(
        lambda s: wnp.logical_and(wnp.sum(s[0] * s[0]) > 0.5, s[1] < 4),
        lambda s: ((0.7 * wnp.sin(s[0]) * w).astype(a.dtype), s[1] + 1),
        (a, 0),
    )
    return (out[0] + out[1]).astype(a.dtype), i, b, t


def inner_update(a, i, b, t, w, x):
    t = lax.fori_loop(0, 5, lambda k, t: at(t)[k + 1].set(0.5 * t[k] + a[0].astype(t.dtype)), t)
    return a, i, b, t


def update_in_branch(a, i, b, t, w, x):
    t = lax.cond(b, lambda t: at(t)[i].add(1.0), lambda t: t, t)
    return a, i, b, t


STEPS = {
    "sines": with_a(lambda a, i, b, t, w, x: wnp.sin(a * w) + 0.5 * wnp.cos(x)),
    "sigmoid": with_a(lambda a, i, b, t, w, x: 1 / (1 + wnp.exp(-a * x))),
    "turned": with_a(lambda a, i, b, t, w, x: a[::-1] + wnp.concatenate([x[1:], w[:1]])),
    "padded": with_a(lambda a, i, b, t, w, x: wnp.pad(a[:-1], (1, 0)) + wnp.roll(a, 1)),
    "sums": with_a(lambda a, i, b, t, w, x: wnp.tanh(a - wnp.mean(a)) * wnp.max(wnp.abs(w)) + wnp.prod(x[:2])),
    "product": with_a(lambda a, i, b, t, w, x: wnp.tanh(wnp.outer(w, x) @ a)),
    "choice": with_a(lambda a, i, b, t, w, x: wnp.where(b, a, wnp.where(x > 0, x, w))),
    "looked up": with_a(lambda a, i, b, t, w, x: a * 0.5 + t[i] + w[i % 2] * a[i % 3]),
    "run": with_a(lambda a, i, b, t, w, x: wnp.tanh(wnp.cumsum(a) * 0.1)),
    "branch": with_a(lambda a, i, b, t, w, x: lax.cond(b, lambda a: wnp.sin(a), lambda a: a * w, a)),
    "switch": with_a(
        lambda a, i, b, t, w, x: lax.switch(i, [lambda a: a + x, lambda a: a * w, lambda a: wnp.cos(a)], a)
    ),
    "whole": lambda a, i, b, t, w, x: (a, (i * 3 + 1) % 7, b, t),
    "truth": lambda a, i, b, t, w, x: (a, i, wnp.logical_xor(b, wnp.sum(a) > 0.1), t),
    "written": lambda a, i, b, t, w, x: (a, i, b, at(t)[i].set(wnp.mean(a).astype(t.dtype))),
    "added": lambda a, i, b, t, w, x: (a, i, b, at(t)[wnp.array([1, 1, 5])].add(t[i] * 0.25)),
    "block": lambda a, i, b, t, w, x: (a, i, b, lax.dynamic_update_slice(t, t[:2] * 0.5, (i,))),
    "swapped": lambda a, i, b, t, w, x: (a, i, b, at(at(t)[i].set(t[0]))[0].set(t[i])),
    "inner scan": inner_scan,
    "inner while": inner_while,
    "inner update": inner_update,
    "update in branch": update_in_branch,
}
SMALL, LARGE = 3, 40  # arrays in registers, and in memory


def loop(names, length, reverse, kind):
    """``(a, w, xs, t) -> what is carried, and stacks``, by a scan or a while loop over these steps."""

    def step(state, x, w):
        for name in names:
            state = STEPS[name](*state, w, x)
        return state

    def f(a, w, xs, t):
        start = (a, 2, True, t)
        if kind == "scan":
            return lax.scan(
                lambda s, x: (step(s, x, w), (s[0] * 2.0, s[1], s[2])), start, xs, length=length, reverse=reverse
            )
        state = lax.while_loop(lambda s: s[0] < length, lambda s: (s[0] + 1, step(s[1], xs[0], w)), (0, start))
        return state

    return f


def arguments(size, dtype, length, table):
    rng = np.random.default_rng(size + length)
    make = lambda *s: rng.uniform(-1, 1, s).astype(dtype)
    return make(size), make(size), make(max(length, 0), size), rng.uniform(-1, 1, table)


CASES = {
    "names": st.lists(st.sampled_from(sorted(STEPS)), min_size=1, max_size=4),
    "length": st.sampled_from([0, 1, 2, 5]),
    "reverse": st.booleans(),
    "size": st.sampled_from([SMALL, LARGE]),
    "table": st.sampled_from([7, 30]),
    "kind": st.sampled_from(["scan", "while"]),
}
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@QUICK
@given(**CASES, dtype=st.sampled_from([np.float32, np.float64]))
def test_random_bodies(names, length, reverse, size, table, kind, dtype):
    args = arguments(size, dtype, max(length, int(kind == "while")), table)
    check(loop(names, length, reverse, kind), *args, rtol=1e-9 if dtype == np.float64 else 2e-4)


@QUICK
@given(**CASES)
def test_gradients_of_random_bodies(names, length, reverse, size, table, kind):
    args = arguments(size, np.float64, max(length, int(kind == "while")), table)
    f = loop(names, length, reverse, kind)

    def total(*args):
        leaves = wengert.tree_util.tree_leaves(f(*args))
        return sum(wnp.sum(wnp.sin(1.0 * y)) for y in leaves)

    # The derivative of sin(y) is as wrong as y is, which is eps |y|: bodies that grow are judged by what they grow to.
    program = wengert.make_program(f)(*args)
    values = evaluate(program, wengert.tree_util.tree_leaves(args))
    growth = max(np.max(np.abs(np.asarray(y, float)), initial=1.0) for y in values)
    assume(growth < 1e6)
    check(wengert.grad(total, (0, 1, 2, 3)), *args, rtol=1e-9 * max(1.0, growth / 1e2), native=False)


@pytest.mark.parametrize("name", sorted(STEPS))
@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_each_step(name, size):
    check(loop([name, "whole"], 5, False, "scan"), *arguments(size, np.float64, 5, 30))


# --- many at once, long ones, wrong ones ---------------------------------------------------------------------------


def test_old_values_are_read_before_they_are_overwritten():
    def f(x):
        def step(i, s):
            x, y, last = s
            new = at(at(x)[i].set(x[i + 1] + y[i]))[i + 1].add(x[i])
            return new, at(y)[i].set(x[i + 2]), new[i] + x[i]

        return lax.fori_loop(0, 25, step, (x, x[::-1] * 2, 0.0))

    check(f, np.cos(np.arange(30.0)))
    check(wengert.grad(lambda x: wnp.sum(f(x)[0] * f(x)[1]) + f(x)[2]), np.cos(np.arange(30.0)))


def test_an_old_array_that_is_kept_is_not_overwritten():
    def f(x):
        return lax.fori_loop(0, 20, lambda i, s: (at(s[0])[i].add(s[1][i + 1]), s[0]), (x, x))

    check(f, np.cos(np.arange(30.0)))


def test_nested_loops_in_place():
    """Insertion sort: loops, branches and updates of one array."""

    def insert(i, x):
        def shift(s):
            j, x = s
            return j - 1, at(at(x)[j].set(x[j - 1]))[j - 1].set(x[j])

        return lax.while_loop(
            lambda s: wnp.logical_and(s[0] > 0, s[1][wnp.maximum(s[0] - 1, 0)] > s[1][s[0]]), shift, (i, x)
        )[1]

    x = np.random.default_rng(0).normal(size=60)
    f = jit(lambda x: lax.fori_loop(1, 60, insert, x))
    np.testing.assert_array_equal(f(x), np.sort(x))
    (step,) = [s for s in f.lower(x)._module.plan.steps if hasattr(s, "bodies")]
    assert step.registers
    w = np.arange(60.0)
    g = jit(wengert.grad(lambda x: wnp.sum(w * lax.fori_loop(1, 60, insert, x))))
    np.testing.assert_array_equal(g(x), np.argsort(np.argsort(x)))


def test_a_loop_that_changes_one_element_costs_that_element():
    def f(x):
        return lax.fori_loop(1, 2000, lambda i, x: at(x)[i].set(0.5 * x[i - 1] + 1.0), x)

    compiled = jit(f)
    small, large = np.ones(2000), np.ones(200_000)
    np.testing.assert_allclose(compiled(large)[:2000], compiled(small))
    (step,) = [s for s in compiled.lower(large)._module.plan.steps if hasattr(s, "bodies")]
    assert step.registers or any(k in step.bodies["body"].held for k in range(3))


@pytest.mark.parametrize("n", [0, 1, 7, 1_000_000])
def test_reverse_through_many_steps_of_a_while_loop(n):
    """``x <- x cos(h)``, n times, found out by counting: the derivative is ``cos(h)**n`` and ``-n tan(h) cos(h)**n x``."""

    def f(x, h, n):
        return lax.while_loop(lambda s: s[0] < n, lambda s: (s[0] + 1, s[1] * wnp.cos(h)), (0, x))[1]

    g = jit(wengert.grad(f, (0, 1)))
    h = 1e-3
    dx, dh = g(2.0, h, n)
    c = np.cos(h) ** n
    np.testing.assert_allclose((dx, dh), (c, -2.0 * n * np.tan(h) * c), rtol=1e-9)
    assert g.lower(2.0, h, n)._module.calls == []


@pytest.mark.parametrize(("first", "most"), [(1, 1), (1, 40), (3, 1000)])
@pytest.mark.parametrize("size", [2, 50])
def test_a_tape_in_segments(monkeypatch, size, first, most):
    """Segments of one record, of some, of different lengths; refused in turn, and ended by an error of a step."""
    monkeypatch.setattr(wengert.config, "disk_cache", False)
    monkeypatch.setattr(tape, "FIRST", first)
    monkeypatch.setattr(tape, "MOST", most)

    def nested(x, n):
        """A loop in a loop, whose tape is used again and again."""
        inner = lambda c: lax.while_loop(lambda s: s[0] < n, lambda s: (s[0] + 1, wnp.sin(s[1]) * 1.1), (0, c))[1]
        return wnp.sum(lax.while_loop(lambda s: s[0] < 3, lambda s: (s[0] + 1, inner(s[1])), (0, x))[1])

    x = np.linspace(0.1, 1.0, size)
    gradient = wengert.grad(nested)
    compiled = jit(gradient)
    for n in (0, 1, 2, 3, 7, 100):
        np.testing.assert_allclose(compiled(x, n), gradient(x, n), rtol=1e-12)
    refused = 0
    while True:
        allocation.countdown[0] = refused + 1
        try:
            compiled(x, 20)
        except MemoryError:
            refused += 1
        else:
            break
    allocation.countdown[0] = 0
    assert refused > 4
    np.testing.assert_allclose(compiled(x, 20), gradient(x, 20), rtol=1e-12)


@pytest.mark.skipif(sys.platform != "linux", reason="limits its own memory")
def test_a_tape_that_finds_no_memory_is_an_error():
    code = """
import resource, numpy as np, wengert, wengert.numpy as wnp
from wengert import lax
for size in (2, 50):
    endless = lambda x: wnp.sum(lax.while_loop(lambda s: s[0] < 10**9, lambda s: (s[0] + 1, wnp.sin(s[1])), (0, x))[1])
    gradient = wengert.jit(wengert.grad(endless)).lower(np.ones(size)).compile()
    here = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (here + (1 << 28), resource.RLIM_INFINITY))
    try:
        gradient(np.ones(size))
    except MemoryError as error:
        assert "checkpoint" in str(error)
        print("caught")
    resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.stdout.split() == ["caught", "caught"], done.stderr


def test_no_python_memory_in_a_loop():
    f = jit(wengert.grad(lambda x: lax.scan(lambda c, _: (wnp.sin(c), c), x, None, length=1000)[0]))
    f(1.0)
    tracemalloc.start()
    f(1.0)
    assert tracemalloc.get_traced_memory()[1] < 20_000
    tracemalloc.stop()


@pytest.mark.parametrize("size", [4, 1000])
def test_an_index_out_of_range_ends_the_loop(size):
    f = jit(lambda x, n: lax.fori_loop(0, n, lambda i, x: at(x)[i].set(1.0), x))
    np.testing.assert_array_equal(f(np.zeros(size), 3)[:4], [1, 1, 1, 0])
    with pytest.raises(IndexError):
        f(np.zeros(size), size + 1)
    g = jit(
        wengert.grad(lambda t, n: lax.while_loop(lambda s: s[0] < n, lambda s: (s[0] + 1, s[1] * t[s[0]]), (0, 1.0))[1])
    )
    g(np.ones(size), size)
    with pytest.raises(IndexError):
        g(np.ones(size), size + 1)


def test_an_error_of_a_step_ends_the_loop():
    def f(a):
        return lax.scan(lambda c, m: (wnp.linalg.cholesky(m) @ c, None), np.ones(20), a)[0]

    good = np.stack([np.eye(20)] * 3)
    np.testing.assert_allclose(jit(f)(good), np.ones(20))
    with pytest.raises(np.linalg.LinAlgError):
        jit(f)(-good)


def test_a_step_may_call_numpy():
    """An operation without native code in a loop: the loop is native all the same."""
    f = lambda x: lax.scan(lambda c, _: (wnp.gcd(c, 12) + c, None), x, None, length=4)[0]
    check(f, np.int64(9), native=False)


def test_outer_products_of_steps_are_summed_after_the_loop():
    """The gradient of a recurrent network's matrix: one product of matrices, and none of its size in each step."""
    x, start = np.ones((40, 8)), np.zeros(8)
    f = lambda m: wnp.sum(lax.scan(lambda h, t: (wnp.tanh(m @ h + t), None), start, x)[0])  # noqa: E731
    text = jit(wengert.grad(f)).lower(np.full((8, 8), 0.1)).loops()
    assert [line for line in text.splitlines() if line.startswith("product") and "8x40 by 40x8" in line]


def test_products_move_out_of_loops():
    rng = np.random.default_rng(0)
    w, u, xs = rng.normal(size=(32, 32)) / 6, rng.normal(size=(32, 32)) / 6, rng.normal(size=(20, 32))

    def f(w, u, xs):
        out, ys = lax.scan(lambda h, x: (wnp.tanh(w @ h + u @ x), h), np.zeros(32), xs)
        return wnp.sum(out) + wnp.sum(ys)

    check(jit(f), w, u, xs)
    g = wengert.grad(f, (0, 1, 2))
    check(g, w, u, xs)
    program = jit(g).lower(w, u, xs).optimized
    loops = [e.params["body"] for e in program.equations if e.primitive.name == "scan"]
    inside = [e for body in loops for e in body.equations if e.primitive.name == "dot_general"]
    assert len(loops) == 2 and len(inside) == 2  # the product with the state, forwards and backwards


def test_what_nobody_wants_is_not_computed():
    def f(x):
        (a, b), ys = lax.scan(lambda c, _: ((wnp.sin(c[0]), wnp.exp(c[1]) * c[0]), c[1] * 2), (x, x), None, length=5)
        return a

    program = jit(f).lower(1.0).optimized
    (scan,) = [e for e in program.equations if e.primitive.name == "scan"]
    assert len(scan.outputs) == 1 and [e.primitive.name for e in scan.params["body"].equations] == ["sin"]


def test_guards_before_loops():
    """Another path through Python is traced again, though a loop of the first one would fail on it."""

    @jit
    def f(x, n):
        if n > 3:
            return x
        return lax.fori_loop(0, 5, lambda i, x: at(x)[i * n].set(1.0), x)

    np.testing.assert_array_equal(f(np.zeros(6), 1), [1, 1, 1, 1, 1, 0])
    np.testing.assert_array_equal(f(np.zeros(6), 9), np.zeros(6))
    np.testing.assert_array_equal(f(np.zeros(6), 1), [1, 1, 1, 1, 1, 0])


def test_batched_while_loops_and_branches():
    def f(x, y):
        n, z = lax.while_loop(lambda s: wnp.logical_and(s[0] < 50, s[1] < 4.0), lambda s: (s[0] + 1, s[1] * y), (0, x))
        return lax.cond(n > 10, lambda z: wnp.sin(z), lambda z: lax.fori_loop(0, 3, lambda i, z: z * 0.5, z), z) + n

    xs, ys = np.linspace(0.1, 5, 300), np.linspace(1.01, 2, 300)
    expected = [evaluate(wengert.make_program(f)(x, y), [x, y])[0] for x, y in zip(xs, ys, strict=True)]
    np.testing.assert_allclose(jit(wengert.vmap(f))(xs, ys), expected, rtol=1e-12)
    check(wengert.grad(lambda xs, ys: wnp.sum(wengert.vmap(f)(xs, ys)), (0, 1)), xs, ys)
