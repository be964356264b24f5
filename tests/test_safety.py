"""Safety analyses: in place, donation, aliasing, liveness, fingerprints, guards. `tools/mutations.py` breaks each of them and
runs these tests; docs/campaigns/mutations.md has what it found. The interpreter is the oracle, the verifier of loops is on.
"""

import importlib
from pathlib import Path

import numpy as np
import pytest

import wengert as w
import wengert.numpy as wnp
from wengert import config, lax
from wengert.backends import named
from wengert.compile.donated import overwrites
from wengert.compile.executable import Executable, cache_key
from wengert.compile.fingerprint import fingerprint
from wengert.compile.nest import Node
from wengert.compile.pipeline import lowered, optimized
from wengert.core import Aval
from wengert.lowering.index_maps import Affine
from wengert.program import Equation, Literal, Program, Var
from wengert.transforms.donation import _separate
from wengert.transforms.guards import Guard
from wengert.transforms.ownership import own_results

N = 40


@pytest.fixture(autouse=True)
def no_disk():
    with config.override(disk_cache=False, verify=True):
        yield


def same(f, *args, donated=()):
    """The compiled results are the interpreter's, arguments that are not donated stay as they were."""
    program = w.make_program(f)(*args)
    expected = named("interpreter").compile(program)([np.copy(a) for a in args])
    given = [np.copy(a) for a in args]
    executable = Executable(program, donated=donated)
    got = executable(given)
    for a, b in zip(got, expected, strict=True):
        assert a.dtype == b.dtype and a.shape == b.shape
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-13)
    for i, (a, b) in enumerate(zip(given, args, strict=True)):
        if i not in donated:
            np.testing.assert_array_equal(a, b)
    return executable


# --- liveness: temporaries in the workspace ----------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(12))
def test_temporaries(seed):
    """Running sums cannot be fused: each is an array of its own, used again at a random place further on."""
    rng = np.random.default_rng(seed)
    picks = rng.integers(0, 1 << 30, (12, 2))
    sizes = rng.integers(3, 30, 12)

    def f(x):
        made = [x]
        for (i, j), n in zip(picks, sizes, strict=True):
            a, b = made[i % len(made)], made[j % len(made)]
            made.append(wnp.cumsum(wnp.concatenate([a[:n], b[:1]])) / 8.0)
        return made[-1], made[-2], wnp.cumsum(made[3])

    same(f, rng.normal(size=9))


def test_workspace_is_used_again():
    def f(x):
        for _ in range(8):
            x = wnp.cumsum(x) / 1000.0
        return x

    module = same(f, np.ones(1000)).module
    assert module.memory.size <= 4 * 8192


# --- in place ------------------------------------------------------------------------------------------------------


def from_the_new(i, c):
    """The old array is read after the new one, and at a place that depends on it."""
    d = c.at[i].set(5.0)
    return d.at[0].set(c[wnp.cumsum(d)[-1].astype(int) % N])


def of_both(i, c):
    """The step right after the write reads the old array and the new one."""
    d = c.at[i].set(5.0)
    return d.at[0].set(wnp.sum(c[::-1] * d) / 64.0)


LOOPS = {
    "write": lambda i, c: c.at[i].set(c[i] * 2.0 + 1.0),
    "write, old value read after": lambda i, c: c.at[i].set(5.0) + 0.0 * wnp.sum(c),
    "write from the whole": lambda i, c: c.at[i].set(wnp.sum(c) / 64.0),
    "two writes": lambda i, c: c.at[i].set(1.5).at[i + 1].add(c[i]),
    "two writes of one": lambda i, c: c.at[i].set(1.5) + c.at[i + 1].set(2.5)[::-1] / 4.0,
    "write and keep": lambda i, c: wnp.where(wnp.cumsum(c)[i] > 0, c.at[i].set(-1.0), c),
    "old value at a place from the new": lambda i, c: from_the_new(i, c),
    "old and new together": of_both,
    "turned": lambda i, c: c[::-1].at[i].set(1.0),
    "branch": lambda i, c: lax.cond(c[i] > 0, lambda c: c.at[i].set(-2.0), lambda c: c, c),
    "branch of different arrays": lambda i, c: lax.cond(c[i] > 0, lambda c: c.at[i].set(-2.0), lambda c: c * 0.5, c),
    "loop in a loop": lambda i, c: lax.fori_loop(0, 3, lambda j, d: d.at[i + j].add(c[j]), c),
    "slice update": lambda i, c: lax.dynamic_update_slice(c, wnp.cumsum(c)[:5], (i,)),
}


@pytest.fixture(params=["registers", "memory"])
def form(request, monkeypatch):
    """Loops as they come, and with all they carry in memory."""
    if request.param == "memory":
        monkeypatch.setattr("wengert.compile.control.prepare.fits", lambda step: False)


@pytest.mark.parametrize("name", LOOPS)
def test_loops_that_write(name, form):
    body = LOOPS[name]
    x = np.linspace(-1.0, 1.0, N)
    same(lambda x: lax.fori_loop(0, 9, body, x), x)
    same(lambda x: lax.while_loop(lambda s: s[0] < 9, lambda s: (s[0] + 1, body(s[0], s[1])), (0, x)), x)
    same(lambda x: lax.scan(lambda c, i: (body(i, c), wnp.sum(c)), x, wnp.arange(7)), x)


def written_and_read(i, c):
    d = c[0].at[i].set(5.0)
    return d, wnp.cumsum(c[0]) / 8.0


def written_read_and_followed(i, c):
    d = c[0].at[i].set(5.0)
    return d, wnp.cumsum(c[0]) / 8.0 + wnp.cumsum(wnp.cumsum(d)) / 99.0


def twice_both_wanted(i, c):
    d = c[0].at[i].set(1.5)
    return d.at[i + 1].set(2.5), d


def seen_in_another_shape(i, c):
    d = c[0].at[i].set(2.0)
    return d, wnp.cumsum(d.reshape(5, 8), 1).reshape(N)


def written_and_read_late(i, c):
    """What reads the old array waits for steps that the write does not wait for."""
    later = wnp.cumsum(wnp.cumsum(wnp.cumsum(c[1])))
    return c[0].at[i].set(5.0), wnp.cumsum(c[0] * later) / 1e6


def of_two_arrays_read_after(i, c):
    """One branch changes the first array, the other one the second before it reads the first."""
    make = lambda a, b: (b.at[i].set(3.0), wnp.cumsum(wnp.cumsum(wnp.cumsum(b) * 1e-3) + a) / 99.0)  # noqa: E731
    return lax.cond(i % 2 == 0, make, lambda a, b: (a.at[i].set(-2.0), b * 0.5), *c)


def of_two_arrays(i, c):
    take = lax.cond(c[0][i] > 0, lambda a, b: a.at[i].set(-2.0), lambda a, b: b.at[i].set(3.0), *c)
    return take, c[0]


PAIRS = {
    "swapped": lambda i, c: (c[1].at[i].set(c[0][i]), c[0].at[i].set(c[1][i])),
    "added": lambda i, c: (c[0].at[i].add(1.0), c[0] + c[1]),
    "one from the other": lambda i, c: (c[0].at[i].add(c[1][i]), c[0].at[i].set(9.0)),
    "written and read": written_and_read,
    "written, read and followed": written_read_and_followed,
    "twice, both wanted": twice_both_wanted,
    "seen in another shape": seen_in_another_shape,
    "branches of two arrays": of_two_arrays,
    "branches of two arrays, read after": of_two_arrays_read_after,
    "written and read late": written_and_read_late,
}


@pytest.mark.parametrize("name", PAIRS)
def test_two_carried_arrays(name, form):
    x, y = np.linspace(-1.0, 1.0, N), np.linspace(3.0, 4.0, N)
    same(lambda x, y: lax.fori_loop(0, 7, PAIRS[name], (x, y)), x, y)


def test_writes_are_in_place(monkeypatch):
    """The analysis finds what it is there for: a step of a loop costs what it changes, and readers come first."""
    monkeypatch.setattr("wengert.compile.control.prepare.fits", lambda step: False)
    x = np.ones(500)
    for body in (LOOPS["write"], LOOPS["two writes"], LOOPS["write from the whole"]):
        (loop,) = same(lambda x, body=body: lax.fori_loop(0, 9, body, x), x).plan.steps
        assert loop.bodies["body"].held
    (loop,) = same(lambda x: lax.fori_loop(0, 9, written_and_read, (x, x)), x).plan.steps
    assert len(loop.bodies["body"].held) >= 1
    (loop,) = same(lambda x: lax.fori_loop(0, 9, written_and_read_late, (x, x)), x).plan.steps
    assert loop.bodies["body"].held


# --- donation ------------------------------------------------------------------------------------------------------

DONATED = {
    "elementwise": (lambda x, y: (x * 2.0 + y,), {0: 0}),
    "reversed": (lambda x, y: (x[::-1] + y,), {}),
    "read again": (lambda x, y: (x * 2.0 + y, wnp.cumsum(x)), None),
    "sum of it": (lambda x, y: (x * 2.0 + wnp.sum(x),), {0: 0}),
    "returned too": (lambda x, y: (x * 2.0, x), {}),
    "update": (lambda x, y: (x.at[3].set(7.0),), {0: 0}),
    "update, old value too": (lambda x, y: (x.at[3].set(7.0), wnp.cumsum(x)), None),
    "two results": (lambda x, y: (x + 1.0, y + x), None),
    "shifted": (lambda x, y: (wnp.concatenate([x[1:], x[:1]]) + y,), None),
    "gathered": (lambda x, y: (x[wnp.argsort(y)] + x,), None),
    "other dtype": (lambda x, y: ((x + y).astype("float32"),), {}),
    "other shape": (lambda x, y: (wnp.stack([x, y]),), {}),
    "matrix": (lambda x, y: (wnp.outer(x, y) @ x,), None),
    "sorted": (lambda x, y: (wnp.sort(x) + x,), None),
    "places from itself": (lambda x, y: (x[(wnp.abs(x) * 7).astype(int) % 40] + 1.0,), {}),
    "clipped places from itself": (lambda x, y: (wnp.take(x, (x * 30).astype(int), mode="clip") + 1.0,), {}),
    "loop": (lambda x, y: (lax.fori_loop(0, 5, lambda i, c: c.at[i].add(y[i]), x),), None),
}


@pytest.mark.parametrize("name", DONATED)
@pytest.mark.parametrize("donated", [(0,), (1,), (0, 1)])
def test_donated(name, donated):
    f, held = DONATED[name]
    x, y = np.linspace(-1.0, 1.0, N), np.linspace(2.0, 3.0, N)
    made = same(f, x, y, donated=donated).plan
    if held is not None and donated == (0,):
        assert made.held == held


def test_nests_that_overwrite():
    """Of each load of the argument it is asked whether it stands where the result is written, and nowhere else."""
    program = w.make_program(lambda x: x * 2.0 + 1.0)(np.ones(N))
    plan = lowered(optimized(program), 32)
    (kernel,), (x,), (y,) = plan.steps, plan.program.inputs, plan.program.outputs
    (k,) = [k for k, node in enumerate(kernel.nest.nodes) if node.kind == "load"]
    load = kernel.nest.nodes[k]
    index = Node("index", (), Affine.axis(0), np.dtype(np.int64))
    kernel.nest.nodes.append(index)
    at = len(kernel.nest.nodes) - 1
    for args, offset, good in (
        ((), Affine.axis(0), True),
        ((), Affine(((0, 1),), 1), False),  # one further
        ((), Affine(((0, -1),), N - 1), False),  # from the end
        ((at,), Affine(()), False),  # at a computed place, with no other reason to refuse it
        ((at,), Affine.axis(0), False),
    ):
        kernel.nest.nodes[k] = Node("load", args, (x, offset, False), load.dtype)
        assert overwrites(plan, kernel, x, y) == good, (args, offset)
    kernel.nest.nodes[k] = load
    for atom in (Var(Aval((N, 1), x.aval.dtype)), Var(Aval((N,), np.dtype(np.float32)))):
        plan.roots[atom] = atom
        assert not overwrites(plan, kernel, atom, y)


def test_donated_arrays_that_overlap_are_copied():
    base = np.arange(20.0)
    x, part, frozen = base[:10], base[5:15], np.ones(10)
    frozen.flags.writeable = False
    for values in ([x, part], [frozen, x], [base[::2], frozen]):
        out = _separate(values, (0,))
        assert out[0] is not values[0] and not np.may_share_memory(out[0], values[0]) and out[1] is values[1]
    alone = np.ones(10)
    assert _separate([alone, x], (0,))[0] is alone


# --- aliasing: whose memory results are ----------------------------------------------------------------------------


def test_results_are_nobody_elses():
    x = np.arange(6.0)
    readonly = np.arange(3.0)
    readonly.flags.writeable = False
    base = np.arange(8.0)
    outs = own_results([x, x[1:], readonly, base[:4], base[4:], base], [x])
    for i, a in enumerate(outs):
        assert a.flags.writeable and not np.may_share_memory(a, x)
        assert not any(np.may_share_memory(a, b) for b in outs[i + 1 :])
    assert own_results([alone := np.ones(2)], [x])[0] is alone
    once, twice = own_results([alone := np.ones(3), alone], [x])
    assert once is alone and not np.may_share_memory(once, twice)
    whole, part = own_results([base := np.ones(8), base[2:]], [x])
    assert whole is base and not np.may_share_memory(whole, part)
    view = x[2:]
    assert not np.may_share_memory(own_results([x], [view])[0], x)


def test_pullbacks_do_not_see_changes():
    x = np.arange(1.0, 5.0)
    for f in (lambda x: wnp.sum(x * x), lambda x: wnp.sum(x[1:] * x[:-1]), lambda x: wnp.sum(wnp.sin(x) * x.T)):
        expected = w.grad(f)(x)
        given = x.copy()
        _, pull = w.vjp(f, given)
        given[:] = 99.0
        np.testing.assert_allclose(pull(1.0)[0], expected)


def test_one_array_given_twice():
    x = np.linspace(0.0, 1.0, N)
    f = w.jit(lambda a, b: (a.at[0].set(5.0), b + a), donate_argnums=0)
    y = x.copy()
    first, second = f(y, y)
    np.testing.assert_array_equal(second, 2 * x)
    assert first[0] == 5.0 and not np.may_share_memory(first, second)


# --- fingerprints --------------------------------------------------------------------------------------------------


def made(f, *args):
    return w.make_program(f)(*args)


A = np.ones(3)
DIFFERENT = [
    (lambda x: wnp.sin(x), A),
    (lambda x: wnp.cos(x), A),
    (lambda x: wnp.sin(x), np.ones(4)),
    (lambda x: wnp.sin(x), np.ones(3, np.float32)),
    (lambda x: wnp.sin(x), 1.0),
    (lambda x: wnp.sin(x), np.float64(1.0)),
    (lambda x: x * 2.0, A),
    (lambda x: x * 3.0, A),
    (lambda x: x * 2, A),
    (lambda x: x * np.float64(2.0), A),
    (lambda x: x * 0.0, A),
    (lambda x: x * -0.0, A),
    (lambda x: x * np.array([1.0, 2.0, 3.0]), A),
    (lambda x: x * np.array([1.0, 2.0, 4.0]), A),
    (lambda x: x * np.array([1, 2, 3]), A),
    (lambda x: wnp.sum(x.reshape(1, 3), 0), A),
    (lambda x: wnp.sum(x.reshape(1, 3), 1), A),
    (lambda x: x - wnp.sin(x), A),
    (lambda x: wnp.sin(x) - x, A),
    (lambda x: (x, wnp.sin(x)), A),
    (lambda x: (wnp.sin(x), x), A),
    (lambda x: wnp.sin(x) + wnp.cos(x), A),
    (lambda x: [wnp.sin(x), wnp.cos(x)][0] + x, A),
    (lambda x: lax.fori_loop(0, 3, lambda i, c: c * 2.0, x), A),
    (lambda x: lax.fori_loop(0, 3, lambda i, c: c * 3.0, x), A),
    (lambda x: lax.fori_loop(0, 4, lambda i, c: c * 2.0, x), A),
    (lambda x: lax.cond(x[0] > 0, lambda v: v, lambda v: v * 2, x), A),
    (lambda x: lax.cond(x[0] > 0, lambda v: v * 2, lambda v: v, x), A),
    (lambda x: w.jit(lambda y: y * 2.0)(x) + 1, A),
    (lambda x: w.jit(lambda y: y * 4.0)(x) + 1, A),
    (lambda x: x[1:], A),
    (lambda x: x[:2], A),
    (lambda x: x.astype(np.float32), A),
    (lambda x: x.astype(np.int32), A),
    (lambda x: wnp.einsum("i,i->", x, x), A),
]


def test_fingerprints_differ():
    found = {}
    for number, (f, x) in enumerate(DIFFERENT):
        key = fingerprint(made(f, x))
        assert key is not None and key == fingerprint(made(f, x)), number
        assert found.setdefault(key, number) == number, (found[key], number)


def test_fingerprints_of_shared_constants():
    """Whether two constants are one array is known to the passes."""
    a, b = np.arange(3.0), np.arange(3.0)
    assert fingerprint(made(lambda x: x * a + a, A)) != fingerprint(made(lambda x: x * a + b, A))


def test_fingerprints_of_guards():
    def program(value):
        v, out = Var(Aval((), np.dtype(float))), Var(Aval((), np.dtype(float)))
        p = Program([v], [Equation(w.ops.elementwise.sin_p, [v], [out], {})], [out, v])
        p.guards = [Guard(v, np.asarray(value), "float()", "")]
        return p

    keys = [fingerprint(program(value)) for value in (1.0, 2.0, np.float32(1.0), -0.0, 0.0)]
    assert len(set(keys)) == 5 and None not in keys


def test_fingerprints_that_there_are_not():
    """What another process cannot know has none."""
    assert fingerprint(made(lambda x: w.pure_callback(lambda v: v, x, x), A)) is None
    x = np.array([object()])
    v = Var(Aval((3,), np.dtype(float)))
    literal = Literal(np.zeros(1))
    literal.value = x
    assert fingerprint(Program([v], [], [literal])) is None


def test_keys_on_disk():
    with config.override(disk_cache=True):
        p = made(lambda x: x * 2.0 + x.at[0].set(1.0), A)
        keys = [cache_key(p), cache_key(p, (0,))]
        for settings in ({"reproducible": True}, {"without_passes": "rows"}, {"without_passes": "sums"}):
            with config.override(**settings):
                keys.append(cache_key(p))
        assert len(set(keys)) == 5 and None not in keys
        with config.override(dump="fuse"):
            assert cache_key(p) is None
    assert cache_key(p) is None
    with config.override(disk_cache=True, enable_x64=False):
        assert cache_key(p) not in keys


# --- guards --------------------------------------------------------------------------------------------------------


def test_guards_in_native_code():
    """Each value of a guard that is another one is told before results are taken; those within rounding are not."""
    cases = [
        (lambda x: x * 2 if bool(x[0] > 0) else x, [np.ones(3)], [-np.ones(3), np.array([np.nan, 1, 1])]),
        (lambda x: x * int(x[0].astype(int)), [np.full(3, 3.0), np.full(3, 3.5)], [np.full(3, 4.0), np.full(3, -3.0)]),
        (
            lambda x: x * float(x[0]),
            [np.full(3, 0.7), np.full(3, 0.7) * (1 + 4e-16)],
            [np.full(3, 0.7) * (1 + 1e-13), np.full(3, -0.7), np.full(3, np.nan), np.full(3, np.inf)],
        ),
        (
            lambda x: x * float(x[0]),
            [np.full(3, -0.7)],
            [np.full(3, -0.7) * (1 - 1e-13), np.full(3, -0.7) * (1 + 1e-13)],
        ),
        (lambda x: x * float(x[0]), [np.full(3, np.nan)], [np.ones(3)]),
        (lambda x: x * float(x[0]), [np.full(3, np.inf)], [np.ones(3), np.full(3, -np.inf)]),
        (lambda x: x * float(wnp.sum(wnp.cumsum(x))), [np.ones(3)], [np.full(3, 1.5)]),
    ]
    for f, fits, others in cases:
        for x in [*fits, *others]:
            traced = []
            g = w.jit(lambda x, f=f, traced=traced: [traced.append(1), f(x)][1])
            g(fits[0])
            with np.errstate(invalid="ignore"):
                for _ in range(2):
                    np.testing.assert_allclose(g(x), f(x), rtol=1e-12)
            assert len(traced) == (1 if any(x is y for y in fits) else 2), x


def test_guards_come_before_errors():
    """What fails on the wrong path is nobody's error."""
    i = np.array([0, 1])

    def f(x, i):
        return x[i] if wnp.sum(i) < 5 else x[i * 0]

    g = w.jit(f)
    g(np.ones(3), i)
    np.testing.assert_array_equal(g(np.ones(3), i + 9), [1.0, 1.0])

    def inverse(a):
        return np.linalg.inv(a) if wnp.sum(a) > 0 else a

    h = w.jit(inverse)
    h(np.eye(3))
    np.testing.assert_array_equal(h(np.zeros((3, 3))), np.zeros((3, 3)))


def test_guards_hold():
    def guard(value):
        return Guard(Var(Aval((), np.dtype(float))), np.asarray(value), "float()", "")

    assert guard(1.0).holds(1.0 + 2e-16) and not guard(1.0).holds(1.0 + 1e-13)
    assert guard(np.nan).holds(np.nan) and not guard(np.nan).holds(1.0) and not guard(0.0).holds(1e-300)
    assert guard(3).holds(3) and not guard(3).holds(4) and not guard(True).holds(False)
    assert guard(np.inf).holds(np.inf) and not guard(np.inf).holds(-np.inf)


# --- checks of indices ---------------------------------------------------------------------------------------------


def test_indices_are_checked():
    x, i = np.ones(5), np.array([1, 9])
    for f in (
        lambda x, i: x[i],
        lambda x, i: [x[i], x][1],
        lambda x, i: x[i][:1],
        lambda x, i: x.at[i].set(1.0),
        lambda x, i: [x.at[i].set(1.0), x][1],
        lambda x, i: x[i] + x[i - 8],
        lambda x, i: (x[:2] + 0.0)[i - 7],
        lambda x, i: [x[i], wnp.ones(20)[i]][1],  # unused along the shorter axis, used along the longer one
        lambda x, i: [wnp.concatenate([x, x, x])[i] + 1.0, x.at[i].set(2.0)][0],
    ):
        program = w.make_program(f)(x, i)
        with pytest.raises(IndexError):
            Executable(program)([x, i])


def test_each_mutation_finds_its_place(monkeypatch):
    """A change of the source that a mutation names would end the campaign, which is run by hand."""
    root = Path(__file__).resolve().parents[1]
    monkeypatch.setenv("WENGERT_VERIFY", "1")  # which the tool sets when it is imported
    monkeypatch.syspath_prepend(str(root / "tools"))
    mutations = importlib.import_module("mutations")
    assert len(mutations.MUTATIONS) > 80
    places = [(m, (root / "src/wengert" / m.file).read_text().count(m.old)) for m in mutations.MUTATIONS]
    assert [(m.file, m.what, n) for m, n in places if n != 1] == []
