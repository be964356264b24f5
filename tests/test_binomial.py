"""Binomial checkpointing: the schedule against the optimum by dynamic programming, derivatives against those of loops
that keep everything, and what a plan takes against its budget.
"""

import math
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import wengert as w
import wengert.numpy as wnp
from wengert import lax
from wengert.errors import ArgumentError
from wengert.ops.control import pulling
from wengert.ops.control.binomial import BOOKS, CACHE, MOST, SHARE, Blocks, Checkpoint, planned, runs_of, walked

# --- the schedule ------------------------------------------------------------------------------------------------


@cache
def optimum(blocks, slots):
    """How often blocks are run before they are taped, at least: by trying every place for the next snapshot."""
    if blocks == 1:
        return 0
    if slots == 1:
        return blocks * (blocks - 1) // 2
    return min(a + optimum(blocks - a, slots - 1) + optimum(a, slots) for a in range(1, blocks))


def repetitions(blocks, slots):
    """The least r with ``C(slots + r, r)`` as many as there are blocks."""
    return next(r for r in range(blocks + 1) if math.comb(slots + r, r) >= blocks)


def counted(blocks, slots, known):
    """How often each block is run, by the walk in Python; the walk back must go through all in order."""
    runs, back = [0] * blocks, []

    def forward(carry):
        runs[carry[0]] += 1
        return [carry[0] + 1], [carry[0]]

    def backward(state, slices):
        back.append(slices[0])
        return state

    plan = Blocks(1, slots, blocks if known else -1)
    walked(plan, lambda carry: carry[0] < blocks, forward, backward, [0], [])
    assert back == list(range(blocks))[::-1]
    return runs


LENGTHS = [*range(1, 14), 20, 35, 56, 57, 100, 237]


@pytest.mark.parametrize("slots", range(2, 9))
def test_a_known_number_of_blocks_is_run_as_little_as_possible(slots):
    for blocks in LENGTHS:
        runs = counted(blocks, slots, True)
        assert max(runs) <= 1 + repetitions(blocks, slots)
        assert sum(runs) - blocks == runs_of(blocks, slots)
        if blocks <= 100:
            assert runs_of(blocks, slots) == optimum(blocks, slots)


@pytest.mark.parametrize("slots", range(2, 9))
def test_an_unknown_number_of_blocks_is_repeated_as_little_as_possible(slots):
    """The sweep that finds the number counts as one run. A snapshot beside the start and the bound are as for revolve."""
    for blocks in LENGTHS:
        runs = counted(blocks, slots, False)
        assert max(runs) <= 1 + repetitions(blocks, slots - 1)
        assert sum(runs) <= 2 * blocks + runs_of(blocks, slots - 1)  # as revolve with one fewer, after the sweep
    assert counted(1, slots, False) == [1]  # nothing is run again where one block is all


def test_more_runs_than_this_would_be_needed_without_snapshots():
    assert sum(counted(237, 8, True)) < 237 * 5 < sum(counted(237, 2, True)) < sum(range(237))


@pytest.mark.parametrize("loop", ["scan", "while"])
@pytest.mark.parametrize("steps", [1, 3])
def test_native_loops_run_as_often_as_planned(loop, steps, monkeypatch):
    """Steps that call back into Python, once in the loop itself and then whenever the walk back runs them."""
    plans = lambda c, kept, carried: Blocks(steps, c.budget, -1 if c.length is None else -(-c.length // steps))  # noqa: E731
    monkeypatch.setattr(pulling, "planned", plans)
    seen = []

    def body(s):
        w.debug.callback(lambda i: seen.append(int(i)), s[0])
        return s[0] + 1, wnp.sin(s[1]) * 1.1 + 0.01 * s[0]

    def run(x, n, slots):
        options = {"checkpoint": "auto", "budget": slots}
        if loop == "while":
            return lax.while_loop(lambda s: s[0] < n, body, (0, x), **options)[1]
        return lax.scan(lambda s, _: (body(s), None), (0, x), length=n, **options)[0][1]

    for slots in (2, 3, 5):
        derivative = w.jit(w.grad(run), static_argnums=(1, 2) if loop == "scan" else 2)
        for n in (2, 3, 7, 20, 41):
            seen.clear()
            derivative(0.3, n, slots)
            blocks = -(-n // steps)
            expected = np.repeat(counted(blocks, slots, loop == "scan"), steps)[:n]
            np.testing.assert_array_equal(np.bincount(seen, minlength=n) - 1, expected)


# --- plans -------------------------------------------------------------------------------------------------------

SIZES = st.integers(1, 10**5)


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.none(), st.integers(1, 10**7)), SIZES, SIZES, st.floats(1.0, 1e4))
def test_a_plan_keeps_within_its_budget(length, kept, carried, more):
    least = math.ceil((kept + carried + BOOKS) / SHARE)
    budget = int(least * more)
    plan = planned(Checkpoint(budget, 0, 0, length, "scan"), kept, carried)
    assert plan.steps >= 1 and 2 <= plan.slots <= MOST + 1
    assert plan.steps * kept + (plan.slots - 1) * (carried + BOOKS) <= SHARE * budget
    if length is not None:
        assert (plan.count - 1) * plan.steps < length <= plan.count * plan.steps
        # One that has all its memory for snapshots, or half of it, is not much better, even where a plan takes less
        # memory than it might.
        beyond = 1 + 0.05 * math.log2(max(budget / CACHE, 1))
        for steps in (1, max(int(SHARE * budget) // 2 // kept, 1)):
            slots = min((int(SHARE * budget) - steps * kept) // (carried + BOOKS), MOST)
            if slots >= 1 and steps <= length and kept + carried > 10_000:  # blocks of small steps cost something
                again = runs_of(-(-length // steps), 1 + slots) * steps
                assert runs_of(plan.count, plan.slots) * plan.steps + 3 * length <= 1.3 * beyond * (again + 3 * length)
    with pytest.raises(ArgumentError, match=f"needs a budget of {least:,} bytes"):
        planned(Checkpoint(least - 1, 0, 0, length, "scan"), kept, carried)


# --- derivatives -------------------------------------------------------------------------------------------------

rng = np.random.default_rng(3)
A = rng.normal(size=(3, 3)) * 0.5
C = {"a": rng.normal(size=3), "b": (np.float64(0.4), rng.normal(size=(2, 2)))}
XS = (rng.normal(size=(60, 3)), rng.normal(size=60))


def scanned(a, c, xs, n=23, reverse=False, **options):
    def body(c, x):
        v = wnp.tanh(a @ c["a"] + x[0] * c["b"][0])
        u = wnp.sin(c["b"][0] + x[1]) * 0.9
        return {"a": v, "b": (u, c["b"][1] * u + 0.1)}, {"v": v * v, "u": (u, c["b"][1])}

    c, ys = lax.scan(body, c, (xs[0][:n], xs[1][:n]), reverse=reverse, **options)
    return sum(wnp.sum(leaf * leaf) for leaf in w.tree.leaves((c, ys)))


def backwards(a, c, xs, n=23, **options):
    return scanned(a, c, xs, n, True, **options)


def looped(a, c, xs, n=23, **options):
    """The number of steps depends on what is carried."""

    def body(s):
        i, t, v = s
        return i + 1, t + 0.5 + 0.4 * wnp.sin(t) * c["b"][0], wnp.sin(a @ v) + wnp.at(xs[0])[i].get() * t

    i, t, v = lax.while_loop(lambda s: s[1] < 0.4 * n + s[2][0] * 0.01, body, (0, c["b"][0] * 0.1, c["a"]), **options)
    return wnp.sum(v * v) * t + i


def counting(a, c, xs, n=23, **options):
    return wnp.sum(
        lax.fori_loop(2, n, lambda i, v: wnp.sin(a @ v) + wnp.at(xs[0])[i].get() * 0.1 * i, c["a"], **options) ** 2
    )


def around(a, c, xs, n=23, **options):
    """Known bounds, and nothing differentiated that is carried at first."""
    body = lambda i, v: wnp.sin(a @ v) + c["a"] * 0.1 * i  # noqa: E731
    return wnp.sum(lax.fori_loop(2, n, body, np.array([0.3, 0.1, -0.2]), **options) ** 2)


def counting_to(a, c, xs, n=23, **options):
    """A bound that is traced."""
    upper = wnp.asarray(n + 0 * (a[0, 0] > 5.0))
    return wnp.sum(
        lax.fori_loop(0, upper, lambda i, v: wnp.sin(a @ v) + wnp.at(xs[0])[i].get() * 0.1 * i, c["a"], **options) ** 2
    )


LOOPS = {f.__name__: f for f in (scanned, backwards, looped, counting, around, counting_to)}
OPTIONS = [
    {"checkpoint": 1}, {"checkpoint": 4}, {"checkpoint": 100},
    {"checkpoint": "auto", "budget": 700}, {"checkpoint": "auto", "budget": 2_500}, {"checkpoint": "auto"},
]  # fmt: skip


def close(got, expected, rtol=1e-11):
    for g, e in zip(w.tree.leaves(got), w.tree.leaves(expected), strict=True):
        assert g.shape == e.shape and g.dtype == e.dtype
        np.testing.assert_allclose(g, e, rtol=rtol, atol=rtol)


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("name", LOOPS)
def test_gradients(name, compiled):
    plain, args = LOOPS[name], (A, C, XS)
    for n in (0, 1, 2, 9, 23):
        expected = w.grad(plain, (0, 1, 2))(*args, n)
        for options in OPTIONS:
            f = lambda *a: plain(*a, n, **options)  # noqa: B023, E731
            g = w.grad(f, (0, 1, 2))
            close((w.jit(g) if compiled else g)(*args), expected)
            if n == 9:
                close(f(*args), plain(*args, n))


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(sorted(LOOPS)), st.integers(0, 60), st.integers(700, 20_000), st.booleans())
def test_gradients_at_any_length_and_budget(name, n, budget, compiled):
    plain, args = LOOPS[name], (A, C, XS)
    g = w.grad(lambda *a: plain(*a, n, checkpoint="auto", budget=budget), (0, 1, 2))
    close((w.jit(g) if compiled else g)(*args), w.grad(plain, (0, 1, 2))(*args, n))


@pytest.mark.parametrize("options", [{"checkpoint": 3}, {"checkpoint": "auto", "budget": 6_000}], ids=["3", "budget"])
@pytest.mark.parametrize("name", LOOPS)
def test_higher_derivatives(name, options):
    plain, args = LOOPS[name], (A, C, XS)
    f = lambda *a: plain(*a, 11, **options)  # noqa: E731
    p = lambda *a: plain(*a, 11)  # noqa: E731
    tangents = w.tree.map(lambda x: np.cos(np.arange(np.size(x))).reshape(np.shape(x)) * 0.3, args)
    close(w.jvp(f, args, tangents), w.jvp(p, args, tangents))
    every = (0, 1, 2)
    over = lambda f: lambda *a: w.jvp(w.grad(f, every), a, tangents)[1]  # noqa: E731
    under = lambda f: w.grad(lambda *a: w.jvp(f, a, tangents)[1], every)  # noqa: E731
    twice = lambda f: w.grad(lambda *a: w.tree.reduce(  # noqa: E731
        lambda s, x: s + x, w.tree.map(lambda g, t: wnp.sum(g * t), w.grad(f, every)(*a), tangents)), every)  # fmt: skip
    expected = over(p)(*args)
    for mode in (over, under, twice):
        close(mode(f)(*args), expected, 1e-9)
        close(w.jit(mode(f))(*args), expected, 1e-9)


@pytest.mark.parametrize("third", ["frr", "rrr", "rfr"])
def test_third_derivatives(third):
    def of(**options):
        f = lambda v: looped(A, {**C, "a": v}, XS, 7, **options)  # noqa: E731
        for letter in reversed(third):
            f = {"f": w.jacfwd, "r": w.jacrev}[letter](f)
        return f(C["a"])

    close(of(checkpoint=2), of(), 1e-9)


BATCHES = {
    "carry": (None, 0, None), "closed over": (0, None, None), "slices": (None, None, 0), "all": (0, 0, 0)
}  # fmt: skip


@pytest.mark.parametrize("batch", BATCHES)
@pytest.mark.parametrize("name", LOOPS)
def test_batches(name, batch):
    """Of `looped` examples run for numbers of steps of their own."""
    plain, axes = LOOPS[name], BATCHES[batch]
    args = [
        w.tree.map(lambda x: np.stack([x, 0.5 * x, -x]), a) if axis == 0 else a
        for a, axis in zip((A, C, XS), axes, strict=True)
    ]
    f = lambda *a: plain(*a, 9, checkpoint=2)  # noqa: E731
    p = lambda *a: plain(*a, 9)  # noqa: E731
    expected = [
        w.grad(p, (0, 1, 2))(*[w.tree.map(lambda x: x[i], a) if axis == 0 else a for a, axis in zip(args, axes)])  # noqa: B023, B905
        for i in range(3)
    ]
    expected = w.tree.map(lambda *g: np.stack(g), *expected)
    g = w.vmap(w.grad(f, (0, 1, 2)), axes)
    close(g(*args), expected, 1e-10)
    close(w.jit(g)(*args), expected, 1e-10)
    total = lambda f: w.grad(lambda *a: wnp.sum(w.vmap(f, axes)(*a)), (0, 1, 2))  # noqa: E731
    close(total(f)(*args), total(p)(*args), 1e-10)


def test_other_types():
    """Integers and complex numbers along with what is differentiated, and no slices at all."""

    def f(x, z, **options):
        def body(c, _):
            i, x, z, k = c
            return (i + 1, x * 1.01 + wnp.real(z), z * (0.9 + 0.1j) + x, k ^ 5), (i, z)

        c, (_, zs) = lax.scan(body, (np.int32(0), x, z, np.uint32(7)), length=31, **options)
        return c[1] + wnp.sum(wnp.abs(zs) ** 2)

    args = (np.float32(0.3), np.complex64(0.2 + 0.5j))
    for options in ({"checkpoint": 4}, {"checkpoint": "auto", "budget": 200}):
        close(w.grad(lambda *a: f(*a, **options), (0, 1))(*args), w.grad(f, (0, 1))(*args), 1e-4)  # noqa: B023


def test_python_control_flow_in_a_body():
    """Steps with guards run in Python, and so does the walk back."""

    def f(x, **options):
        def body(c, t):
            return (wnp.sin(c) + t if x > 0 else c * t), None

        return lax.scan(body, x, wnp.arange(12.0) * 0.1, **options)[0]

    for options in ({"checkpoint": 3}, {"checkpoint": "auto", "budget": 100}):
        for x in (0.5, -0.5):
            close(w.jit(w.grad(lambda x: f(x, **options)))(x), w.grad(f)(x))  # noqa: B023


@pytest.mark.parametrize("order", [1, 2])
def test_a_step_costs_its_slices_however_many_there_are(order):
    """Nothing in the loops goes over all rows of the slices, their cotangents, the snapshots or the tape."""

    def f(c, xs):
        c, ys = lax.scan(lambda c, x: (wnp.sin(c + x), c * x), c, xs, checkpoint="auto", budget=40_000, reverse=True)
        return wnp.sum(c) + wnp.sum(ys**2)

    first = w.grad(f, (0, 1))
    second = w.grad(lambda c, xs: wnp.sum(first(c, xs)[0] ** 2) + wnp.sum(first(c, xs)[1] ** 3), (0, 1))
    text = w.jit(second if order == 2 else first).lower(np.ones(50), np.ones((777, 50))).loops()
    inside = [line for line in text.splitlines() if line.startswith("  ")]
    assert any("over [50]" in line for line in inside)
    assert not [line for line in inside if "over [" in line and "777" in line.split("over ")[1]]


def test_snapshots_and_tape_change_in_place():
    """The books' three arrays, a snapshot of the count and of the vector, the tape, and the cotangent."""
    f = lambda c, n: wnp.sum(  # noqa: E731
        lax.while_loop(lambda s: s[0] < n, lambda s: (s[0] + 1, wnp.sin(s[1])), (0, c), checkpoint=20)[1]
    )
    text = w.jit(w.grad(f)).lower(np.ones(50), 100).loops()
    *_, last = [line for line in text.splitlines() if line.startswith("  in place: ")]
    assert last.count(",") == 6


def test_errors():
    f = lambda c, **k: lax.scan(lambda c, _: (wnp.sin(c), None), c, length=100, **k)[0]  # noqa: E731
    with pytest.raises(ArgumentError, match=r"scan: a step that carries 8,016 bytes .* needs a budget of .* got 1,000"):
        f(np.ones(1001), checkpoint="auto", budget=1_000)
    # A budget that takes a gradient and not the Jacobian, whose cotangents are 40 times as large.
    g = w.grad(lambda c: wnp.sum(f(c, checkpoint="auto", budget=2_000)))
    g(np.ones(40))
    with pytest.raises(ArgumentError, match="give it more"):
        w.jacrev(g)(np.ones(40))
