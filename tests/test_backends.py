"""Backends: what runs Programs. The interpreter's results are an oracle for the compiler's, and the contract is tested."""

import importlib
import os
import pickle
import subprocess
import sys
import threading

import numpy as np
import pytest
from compare_programs import differences, numbered

import wengert as w
import wengert.numpy as wnp
from wengert import backends, config, lax
from wengert.core import Aval
from wengert.errors import NotSupportedError, ProgramError, TooManyPathsError
from wengert.ops.elementwise import sin_p
from wengert.program import Equation, Program, Var
from wengert.testing import cases, primitives

NAMES = ("native", "interpreter")
WRITTEN = [
    (f, x)
    for name in ("finance", "graphics", "learning", "physics", "signals", "statistics")
    for f, x in importlib.import_module(f"programs.{name}").PROGRAMS
]


def both(f, *args):
    return [w.tree_util.tree_leaves(w.jit(f, backend=name)(*args)) for name in NAMES]


def agree(f, *args, tolerance=1e-9):
    native, interpreted = both(f, *args)
    assert [(np.shape(a), a.dtype) for a in native] == [(np.shape(a), a.dtype) for a in interpreted]
    assert differences(interpreted, native, tolerance) == ""


# --- the same values on both -------------------------------------------------------------------------------------


@pytest.mark.parametrize("f, x", WRITTEN[::2], ids=lambda a: getattr(a, "__name__", ""))
def test_written_programs(f, x):
    agree(f, x)
    agree(w.grad(lambda x: np.sum(f(x))), x, tolerance=1e-7)


@pytest.mark.parametrize("first", range(0, 60, 20))
def test_random_programs(first):
    for seed in range(first, first + 20):
        program, _ = numbered(seed)
        with np.errstate(all="ignore"):
            narrow = any(np.asarray(a).dtype == np.float32 for a in program.inputs)
            agree(program, *program.inputs, tolerance=1e-5 if narrow else 1e-9)


LOOPS = {
    "scan": lambda x: lax.scan(lambda c, a: (c * a + 1.0, (c, 2.0 * a)), 0.5, x),
    "scan in scan": lambda x: lax.scan(lambda c, a: lax.scan(lambda d, b: (d + a * b, d), c, x), 0.0, x),
    "while": lambda x: lax.while_loop(lambda s: s[1] < 5, lambda s: (s[0] * 1.5 + x, s[1] + 1), (x, 0)),
    "branch": lambda x: lax.cond(x[0] > 0, lambda v: v * 2, lambda v: v - 1, x),
    "batch of branches": w.vmap(lambda x: lax.cond(x > 0.5, lambda v: v * 2, lambda v: v - 1, x)),
    "fori with a write": lambda x: lax.fori_loop(0, 3, lambda i, s: s.at[i].set(s[i] * i), x),
    "call": w.jit(lambda x: w.jit(lambda y: y * 3, backend="native")(x) + 1),
    "rematerialised": w.grad(w.checkpoint(lambda x: np.sum(np.sin(x) * x))),
    "gradient of scan": w.grad(lambda x: lax.scan(lambda c, a: (np.sin(c) * a, None), 0.5, x)[0]),
    "gradient of while": w.grad(
        lambda x: lax.while_loop(lambda s: s[1] < 4, lambda s: (np.sin(s[0]) * x, s[1] + 1), (x, 0))[0].sum()
    ),
    "linear solve": lambda x: np.linalg.solve(np.outer(x, x) + np.eye(4), x),
    "random": lambda x: x + w.random.normal(w.random.key(3), (4,)),
    "weak": lambda x: (np.float32(1.5) * wnp.where(x[0] > 0, 2.0, 3.0), wnp.sum(x.astype("float32")) * 2),
    "nothing": lambda x: (),
    "argument and constant": lambda x: (x, x, np.arange(3), 2.0),
}


@pytest.mark.parametrize("x64", [True, False])
@pytest.mark.parametrize("name", LOOPS)
def test_loops_and_calls(name, x64):
    with config.override(enable_x64=x64):
        agree(LOOPS[name], wnp.asarray([0.7, 0.2, 0.9, 0.4]), tolerance=1e-9 if x64 and name != "weak" else 1e-4)


def test_samples_of_operations():
    """A sample of each operation: also a test of the types that their rules say, which the interpreter looks at."""
    checked = 0
    for p in primitives():
        for _, args, params in cases(p)[:1]:
            arrays = [
                k for k, a in enumerate(args) if isinstance(a, (np.ndarray, np.generic)) and a.dtype.kind in "fiub"
            ]

            def f(*xs, p=p, args=args, params=params, arrays=arrays):
                full = list(args)
                for k, x in zip(arrays, xs, strict=True):
                    full[k] = x
                return p.bind(*full, **params)

            try:
                w.make_program(f)(*[args[k] for k in arrays])
            except w.errors.WengertError:
                continue  # of a trace of its own
            got = w.tree_util.tree_leaves(w.jit(f, backend="interpreter")(*[args[k] for k in arrays]))
            expected = w.tree_util.tree_leaves(p.bind(*args, **params))
            assert differences(expected, got, 1e-12) == "", p.name
            checked += 1
    assert checked > 200


# --- which backend -----------------------------------------------------------------------------------------------


class Recorder:
    """A backend of one's own, which notes what it is asked."""

    name = "recorder"

    def __init__(self):
        self.inner, self.compiled = backends.named("interpreter"), []

    def compile(self, program, donated=()):
        self.compiled.append((program.name, donated))
        return self.inner.compile(program, donated)

    def lower(self, program):
        return self.inner.lower(program)

    def cost(self, program):
        return self.inner.cost(program)

    def cache_key(self, program):
        return None


@pytest.fixture
def recorder(monkeypatch):
    monkeypatch.setattr(backends, "_known", dict(backends._known))
    made = Recorder()
    backends.register("recorder", made)
    assert isinstance(made, backends.Backend)
    return made


def f(x):
    return np.sum(np.sin(x) * 2.0)


def test_by_function(recorder):
    x = np.ones(3)
    g = w.jit(f, backend="recorder")
    assert g(x) == w.jit(f)(x) == g(x)
    assert recorder.compiled == [("f", ())]
    w.grad(g)(x)  # what is derived runs there too, forwards and backwards
    w.vmap(g)(np.ones((2, 3)))
    w.jvp(g, (x,), (x,))
    names = [name for name, _ in recorder.compiled]
    assert {"forward of f", "transpose of linear part of f", "batch of f", "jvp of f"} <= set(names)


def test_by_settings(recorder):
    x = np.ones(3)
    g = w.jit(lambda x: f(x) + 1)
    usual = g(x)
    assert not recorder.compiled
    with config.override(backend="recorder"):
        assert g(x) == usual == g(x)  # though there is native code for these arguments
        assert len(recorder.compiled) == 1
        lax.scan(lambda c, a: (c + a, None), 0.0, x)
        assert len(recorder.compiled) == 2
        assert w.jit(f, backend="interpreter")(x) == f(x)  # a function's own comes first
        assert len(recorder.compiled) == 2
    assert g(x) == usual
    assert len(recorder.compiled) == 2


def test_a_function_has_each_backend_by_itself(recorder):
    x = np.ones(3)

    def mine(x):
        return x + 1

    w.jit(mine)(x), w.jit(mine)(x)
    w.jit(mine, backend="recorder")(x)
    assert len(recorder.compiled) == 1
    assert w.jit(mine)._native and not w.jit(mine, backend="recorder")._native


def test_in_another_function_it_runs_where_that_does(recorder):
    inner = w.jit(f, backend="recorder")
    w.jit(lambda x: inner(x) + 1)(np.ones(3))
    assert not recorder.compiled


def test_donated_arguments_are_told(recorder):
    x = np.ones(3)
    w.jit(lambda x: x + 1, backend="recorder", donate_argnums=0)(x)
    assert recorder.compiled[-1][1] == (0,)
    np.testing.assert_array_equal(x, np.ones(3))  # which the interpreter leaves as they are


def test_copies_keep_their_backend():
    g = pickle.loads(pickle.dumps(w.jit(np.sin, backend="interpreter")))
    assert g.backend == "interpreter"
    assert w.jit(backend="interpreter")(f).backend == "interpreter"


def test_cpu_is_the_default():
    assert w.jit(f, backend="cpu").backend is None


def test_unknown_backends():
    with pytest.raises(NotSupportedError, match="no backend 'gpu'.*native, interpreter"):
        w.jit(f, backend="gpu")
    with pytest.raises(ValueError, match="no backend named 'gpu'"):
        config.backend = "gpu"
    with pytest.raises(ValueError, match="already"):
        backends.register("native", "elsewhere:BACKEND")
    with pytest.raises(ValueError, match="a word"):
        backends.register("cpu", "elsewhere:BACKEND")


def test_a_backend_is_imported_when_it_is_used():
    code = (
        "import sys, numpy as np, wengert as w\n"
        "from wengert import backends\n"
        "backends.register('mine', 'a_module_of_mine:BACKEND')\n"
        "f = w.jit(lambda x: x + 1)\nprint(f(np.ones(2)))\n"
        "print('llvmlite' in sys.modules, 'wengert.compile' in sys.modules)\n"
        "try:\n    w.jit(lambda x: x, backend='mine')(np.ones(2))\nexcept ImportError as error:\n    print(error.name)\n"
    )
    environ = {**os.environ, "WENGERT_BACKEND": "interpreter"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environ)
    assert done.stdout == "[2. 2.]\nFalse False\na_module_of_mine\n", done.stderr


# --- the contract ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
class TestContract:
    def test_results_are_new(self, name):
        x = np.ones(3)
        out, again, view = w.jit(lambda x: (x, x, x[::-1]), backend=name)(x)
        assert not any(np.may_share_memory(a, b) for a, b in [(x, out), (x, view), (out, again), (out, view)])
        compiled = backends.named(name).compile(w.make_program(lambda x: (x, x, x[::-1]))(x))
        for a in compiled([x]):
            assert a.flags.writeable and a.flags.c_contiguous and not np.may_share_memory(a, x)

    def test_numbers(self, name):
        (out,) = backends.named(name).compile(w.make_program(lambda x: x * 2)(1.5))([1.5])
        assert type(out) is np.float64 and out == 3.0

    def test_guards(self, name):
        g = w.jit(lambda x: x * 2 if x[0] > 0 else x * 3, backend=name)
        x = np.ones(2)
        for _ in range(2):
            np.testing.assert_array_equal(g(x), [2, 2])
            np.testing.assert_array_equal(g(-x), [-3, -3])
        assert len(next(v for k, v in g._cache.items() if k != "native")) == 2

    def test_guards_that_never_hold(self, name):
        g = w.jit(lambda x: x * float(x[0]), backend=name)
        with config.override(max_paths=3), pytest.raises(TooManyPathsError):
            for k in range(5):
                g(np.array([float(k)]))

    def test_errors(self, name):
        i = np.array([0, 7])
        with pytest.raises(IndexError):
            w.jit(lambda x, i: x[i], backend=name)(np.ones(3), i)
        with pytest.raises(IndexError):  # though its result is not used
            w.jit(lambda x, i: [x[i], x][1], backend=name)(np.ones(3), i)
        with pytest.raises(np.linalg.LinAlgError):
            w.jit(np.linalg.inv, backend=name)(np.zeros((2, 2)))
        with pytest.raises(ZeroDivisionError):
            w.jit(lambda x: w.pure_callback(lambda v: 1 / 0, x, x), backend=name)(1.0)

    def test_effects_in_order(self, name):
        seen = []

        def g(x):
            w.debug.callback(lambda v: seen.append(float(v)), x)
            w.debug.callback(lambda v: seen.append(float(v) + 0.5), x)
            return lax.fori_loop(0, 3, lambda i, c: [w.debug.callback(seen.append, i), c + 1][1], x)

        w.jit(g, backend=name)(1.0)
        assert [float(v) for v in seen] == [1.0, 1.5, 0.0, 1.0, 2.0]

    def test_lower_and_cost(self, name):
        lowered = w.jit(lambda x: np.sum(x * 2.0 + 1.0), backend=name).lower(np.ones(1000))
        assert "program" in lowered.as_text() and lowered.optimized.outputs
        assert lowered.cost().flops == 3000 and lowered.cost().results == 8
        assert lowered.cost() == backends.named(name).cost(lowered.program)
        out = lowered.compile()(np.ones(1000))
        assert out == 3000

    def test_cache_keys(self, name):
        backend = backends.named(name)
        one, two, other = (w.make_program(lambda x, s=s: np.sin(x * s))(np.ones(3)) for s in (2.0, 2.0, 3.0))
        assert backend.cache_key(one) == backend.cache_key(two)
        if backend.cache_key(one) is not None:
            assert backend.cache_key(one) != backend.cache_key(other)
            with config.override(disk_cache=False):
                assert backend.cache_key(one) is None
            with config.override(reproducible=True):
                key = backend.cache_key(one)
            assert key != backend.cache_key(one)

    def test_threads(self, name):
        g, outs = w.jit(lambda x: lax.scan(lambda c, a: (c + a, None), 0.0, x)[0], backend=name), []
        threads = [threading.Thread(target=lambda k=k: outs.append(g(np.full(4, k)) == 4 * k)) for k in range(8)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        assert outs == [True] * 8 and config.backend == "native"

    def test_debugging(self, name):
        with config.override(debug_nans=True), pytest.raises(w.errors.NonFiniteError), np.errstate(all="ignore"):
            w.jit(lambda x: np.log(x), backend=name)(-1.0)
        with config.override(disable_jit=True):
            assert w.jit(f, backend=name)(np.ones(3)) == f(np.ones(3))


def test_the_interpreter_looks_at_types():
    """A rule that says another shape or dtype than its operation gives is told, not computed with."""
    x, y = Var(Aval((3,), np.dtype(float))), Var(Aval((4,), np.dtype(float)))
    with pytest.raises(ProgramError, match=r"sin gave a value of shape \(3,\)"):
        backends.named("interpreter").compile(Program([x], [Equation(sin_p, [x], [y], {})], [y]))([np.ones(3)])
    y = Var(Aval((3,), np.dtype(np.int64)))
    with pytest.raises(ProgramError, match="sin gave a value of dtype float64"):
        backends.named("interpreter").compile(Program([x], [Equation(sin_p, [x], [y], {})], [y]))([np.ones(3)])
    with pytest.raises(ProgramError, match="takes 1 values"):
        backends.named("interpreter").compile(Program([x], [], [x]))([])


def test_the_interpreter_drops_what_it_no_longer_needs():
    """The workspace that its cost says is what it has."""
    import tracemalloc

    x = np.ones(100_000)
    lowered = w.jit(lambda x: np.sum(np.sin(np.cos(np.sin(np.cos(x))))), backend="interpreter").lower(x)
    compiled = lowered.compile().executable
    assert lowered.cost().workspace == 2 * x.nbytes
    tracemalloc.start()
    compiled([x])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert 1.9 * x.nbytes < peak < 2.2 * x.nbytes
