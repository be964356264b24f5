"""Ctrl-C while native code runs, and at random moments of tracing and compiling."""

import gc
import os
import re
import signal
import subprocess
import sys
import threading
import time
import traceback

import numpy as np
import pytest
from llvmlite.binding import ffi

import wengert as w
import wengert.numpy as wnp
from wengert import lax
from wengert.compile import interrupts, pieces, shelter, sidebyside
from wengert.compile.choices import drawn
from wengert.core import Tracer

pytestmark = pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="POSIX timers")
RNG = np.random.default_rng(3)
ENDLESS = 1e15


class Asked(Exception):
    """What the handler of these tests raises: any error of a handler's ends the call."""


@pytest.fixture
def alarm():
    """A function that sends a signal after some seconds; its handler notes when it ran, and raises."""
    came = []

    def handler(*_):
        came.append(time.perf_counter())
        raise Asked

    old = signal.signal(signal.SIGALRM, handler)
    try:
        yield lambda seconds: signal.setitimer(signal.ITIMER_REAL, seconds) and None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, old)


def counted(step):
    return lambda x: lax.while_loop(lambda c: c[0] < ENDLESS, lambda c: (c[0] + 1.0, step(c[1])), (0.0, x))[1]


def guarded(x):
    if x[0] > 2.0:  # a guard, of which native code knows before the loop
        return x[1]
    return counted(wnp.cos)(x[1])


LOOPS = {
    "numbers in registers": (counted(lambda c: wnp.sin(c) + 0.1), 0.5),
    "arrays": (counted(lambda c: wnp.sin(c) + 0.1), np.ones(300)),
    "matrices": (counted(lambda c: c @ c * 0.1), np.ones((40, 40))),
    "after a guard": (guarded, np.ones(3)),
    "a loop in a loop": (
        lambda x: lax.fori_loop(0, 10**7, lambda i, c: lax.fori_loop(0, 10**7, lambda j, c: wnp.sin(c), c), x),
        0.5,
    ),
    "reverse mode": (
        w.grad(lambda x: lax.fori_loop(0, 10**7, lambda i, c: lax.fori_loop(0, 100, lambda j, c: wnp.sin(c), c), x)),
        0.5,
    ),
    "a nest of loops": (lambda x: wnp.sum(wnp.exp(-((x[:, None] - x) ** 2)), axis=1), RNG.normal(size=200_000)),
    "a sum over all": (lambda x: wnp.sum(wnp.exp(-((x[:, None] - x) ** 2))), RNG.normal(size=200_000)),
}


@pytest.mark.parametrize("threads", [1, None])
@pytest.mark.parametrize("name", LOOPS)
def test_a_long_loop_ends_when_a_handler_raises(alarm, name, threads):
    f, x = LOOPS[name]
    f = w.jit(f)
    with w.config.override(threads=threads):
        f.lower(x).compile()  # so that the call below finds the code on disk, or is quick to make it
        alarm(0.2)
        begun = time.perf_counter()
        with pytest.raises(Asked):
            f(x)
        assert time.perf_counter() - begun < 5.0  # 0.05 after the signal on a machine that does nothing else
    assert not interrupts._kept
    assert float(w.jit(lambda x: wnp.sum(x * 2.0))(np.ones(100_000))) == 200_000.0


def test_a_handler_that_raises_nothing_ends_nothing():
    seen = []
    old = signal.signal(signal.SIGALRM, lambda *_: seen.append(1))
    f = w.jit(lambda x: lax.fori_loop(0, 30_000_000, lambda i, c: c + 1.0, x))
    f.lower(0.0).compile()
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)
        assert float(f(0.0)) == 3e7 and float(f(1.0)) == 3e7 + 1
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, old)
    assert len(seen) > 1


def test_other_threads_go_on(alarm):
    """An interrupt is the main thread's: loops that other threads run at the time end as they should."""
    f, x = w.jit(lambda x: lax.fori_loop(0, 50_000_000, lambda i, c: c + 1.0, x)), 1.0
    g, y = w.jit(LOOPS["a sum over all"][0]), RNG.normal(size=20_000)
    f.lower(x).compile()
    expected, found = g(y), []
    threads = [threading.Thread(target=lambda: found.append((float(f(x)), g(y)))) for _ in range(2)]
    for t in threads:
        t.start()
    alarm(0.05)
    with pytest.raises(Asked):
        w.jit(LOOPS["a nest of loops"][0])(LOOPS["a nest of loops"][1])
    for t in threads:
        t.join()
    assert found == [(5e7 + 1, expected)] * 2


def test_only_long_loops_ask():
    def asks(f, *args):
        return interrupts.NAME in w.jit(f).lower(*args).llvm()

    assert not asks(lambda x: wnp.sum(wnp.sin(x)), np.ones(10_000))
    assert not asks(lambda x: lax.fori_loop(0, 100, lambda i, c: wnp.sin(c), x), 0.5)
    assert not asks(lambda x: wnp.cumsum(x) @ x, np.ones(1000))
    assert asks(lambda x: wnp.zeros(4_000_000) + x, 0.5)  # of memory that the system has yet to find
    assert asks(lambda x: lax.fori_loop(0, 10**9, lambda i, c: wnp.sin(c), x), 0.5)
    assert interrupts.strip([100, 100_000], 1e9) == (1, 10_000)
    assert interrupts.strip([100, 100], 1e4) is None


COPIES = {
    "a fill": lambda x, i: wnp.cumsum(wnp.at(wnp.zeros(3000))[i].set(x[:7])),
    "a copy": lambda x, i: (wnp.at(x)[i].set(2.0), x),
    "a sort": lambda x, i: (wnp.sort(x), wnp.argsort(x)),
    "a loop": lambda x, i: lax.fori_loop(0, 3, lambda k, c: wnp.at(c)[i].add(wnp.sum(c)), x),
    "the argument as a result": lambda x, i: (x, wnp.cumsum(x), x[::-1]),
}


@pytest.mark.parametrize("name", COPIES)
def test_large_copies_and_fills_are_in_pieces(monkeypatch, name):
    """They ask in between, and are whole."""
    monkeypatch.setattr(w.config, "disk_cache", False)
    f, x, i = COPIES[name], RNG.normal(size=3000), np.arange(7) * 400
    assert interrupts.NAME not in w.jit(lambda *a: f(*a)).lower(x, i).llvm() or name == "a sort"
    monkeypatch.setattr(pieces, "MANY", 1000)
    g = w.jit(lambda *a: f(*a))
    for a, b in zip(w.tree_util.tree_leaves(g(x, i)), w.tree_util.tree_leaves(f(x, i)), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)
    assert interrupts.NAME in g.lower(x, i).llvm()


def test_an_interrupt_in_a_conversion_that_numpy_asks_for(monkeypatch):
    """NumPy makes a ValueError of whatever comes while it asks for a float."""

    def interrupted(self):
        raise KeyboardInterrupt

    def f(x):
        return wnp.sum(np.fromiter(iter([x[1] * 2]), float) * x)

    for t in (w.jit, w.grad, lambda f: w.jit(w.grad(f))):
        with monkeypatch.context() as changed:
            changed.setattr(Tracer, "__float__", interrupted)
            with pytest.raises(KeyboardInterrupt):
                t(f)(np.ones(3))


def test_a_thread_that_died_before_its_first_instruction(monkeypatch):
    """As one does where the process has no memory left: who compiles does the work of LLVM's thread."""
    monkeypatch.setattr(w.config, "disk_cache", False)
    time.sleep(3 * shelter.IDLE)  # so that there is no thread from before
    monkeypatch.setattr(shelter, "PATIENCE", 0.05)
    begun = []
    with monkeypatch.context() as changed:
        changed.setattr(shelter, "start_new_thread", lambda run, args: begun.append(run))
        changed.setattr(sidebyside, "start_new_thread", lambda run, args: begun.append(run))
        assert float(w.jit(lambda x: wnp.sum(x * 3.25))(np.ones(4))) == 13.0
        with w.config.override(threads=2), drawn(5):
            x = np.linspace(0.0, 1.0, 40)
            many = lambda x: (wnp.cumsum(wnp.sin(x)), wnp.sort(x)[::-1], wnp.outer(x, x) @ x, wnp.argmax(wnp.cos(x)))
            for a, b in zip(w.jit(lambda x: many(x))(x), many(x), strict=True):
                np.testing.assert_allclose(a, b, rtol=1e-12)
    assert begun
    assert float(w.jit(lambda x: wnp.sum(x * 4.25))(np.ones(4))) == 17.0


def sorted_often(x):
    for k in range(60):  # by NumPy: each is a call of Python from native code
        x = w.pure_callback(lambda v: v, w.ShapeDtypeStruct((3,), np.float64), x) if k % 2 else wnp.sort(x) + 0
    return x


@pytest.mark.parametrize("kind", ["callbacks", "a thread count of this context"])
def test_what_comes_as_native_code_calls_python_is_raised(alarm, kind):
    """A handler may raise before the first instruction of what is called, where nothing of Python's can catch it."""
    f, x = {
        "callbacks": (w.jit(sorted_often), np.arange(3.0)),
        "a thread count of this context": (w.jit(lambda x: wnp.sum(wnp.sin(x) * x)), np.ones(400_000)),
    }[kind]
    moments = np.random.default_rng(0).uniform(1e-5, 3e-4, 300)
    with w.config.override(threads=2):
        right = f(x)
        for moment in moments:
            with pytest.raises(Asked):
                alarm(moment)
                for _ in range(10_000):
                    assert np.all(f(x) == right)


ROWS = """
import signal, numpy as np, wengert as w, wengert.numpy as wnp
class Asked(Exception): pass
def handler(*_): raise Asked
signal.signal(signal.SIGALRM, handler)
x = np.random.default_rng(0).random((3000, 12_000))
f = w.jit(lambda x: wnp.argsort(x, axis=1))
f.lower(x).compile()
for delay in (0.05, 0.1, 0.15):
    signal.setitimer(signal.ITIMER_REAL, delay)
    try:
        f(x)
        raise SystemExit("nothing was raised")
    except Asked: pass
np.testing.assert_array_equal(f(x[:3]), np.argsort(x[:3], axis=1, kind="stable"))
"""


def test_an_interrupt_within_a_row_that_is_sorted_by_digits():
    """Rows of a length where the function that sorts one asks itself: what it is told reaches the loop around it."""
    environment = {**os.environ, "WENGERT_TARGET_CPU": "x86-64-v3", "WENGERT_THREADS": "1"}
    done = subprocess.run([sys.executable, "-c", ROWS], env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-1000:]


@pytest.mark.parametrize("dtype", [np.bool_, np.int8, np.uint16, np.int32, np.float32, np.float64, np.uint64])
@pytest.mark.parametrize("n", [40, 5000, 20_000])
def test_functions_that_ask_are_given_the_cell_of_their_call(dtype, n):
    """Within kernels: without a cell whoever called a function that has been told to stop would go on."""
    x = np.zeros((2, n), dtype)
    for f in (
        lambda x: wnp.argsort(x, axis=1),
        lambda x: wnp.searchsorted(x[0], x[1]),
        lambda x: wnp.cumsum(x, axis=1),
    ):
        text = w.jit(f).lower(x).llvm()
        functions = re.findall(r"define internal \w+ @([\w.]+)\(([^)]*)\)", text)
        asking = [name for name, parameters in functions if re.search(r"ptr %(stop|cell)\b", parameters)]
        for name in asking:
            calls = re.findall(rf"call \w+ @{re.escape(name)}\(([^)]*)\)", text)
            assert calls and not any(c.endswith("ptr null") for c in calls), name


def test_llvm_is_entered_on_a_thread_of_its_own_alone(monkeypatch):
    """An interrupt as another thread takes its lock would leave that held: by a look-up, or a destructor that the collector calls."""
    inside, outside, lock = 0, [], type(ffi.lib._lock)
    enter = lock.__enter__

    def entered(self):
        nonlocal inside
        if shelter._in_worker():
            inside += 1
        else:
            outside.append("".join(traceback.format_stack(limit=12)))
        return enter(self)

    monkeypatch.setattr(lock, "__enter__", entered)
    monkeypatch.setattr(w.config, "disk_cache", False)
    x = RNG.uniform(0.1, 1.0, 40)
    for f in (
        lambda x: wnp.sum(wnp.sin(x) * x) + wnp.sort(x)[::-1],
        lambda x: lax.while_loop(lambda c: c < 10.0, lambda c: c + x[0], 0.5),
        w.grad(lambda x: lax.while_loop(lambda c: c < 10.0, lambda c: c * (1.5 + x[0]), 0.5)),
        lambda x: wnp.linalg.solve(wnp.outer(x, x) + np.eye(40), x) + wnp.fft.fft(x).real,
        lambda x: w.pure_callback(np.cos, x, x) + w.scipy.special.j0(x) + w.random.gamma(w.random.key(0), x),
        lambda x: wnp.arange(1_000_000.0) * x[0],
    ):
        g = w.jit(f)
        g(x), g(x)
        circle = [g, g._native[0][0] if g._native else None]
        circle.append(circle)
        del g, circle
        gc.collect()
    with pytest.raises(IndexError):
        w.jit(lambda x, i: x[i])(x, 100)
    assert inside and not outside, outside[:1]
