"""Ctrl-C while native code runs, and at random moments of tracing and compiling."""

import signal
import threading
import time

import numpy as np
import pytest

import wengert as w
import wengert.numpy as wnp
from wengert import lax
from wengert.compile import interrupts

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
    assert asks(lambda x: lax.fori_loop(0, 10**9, lambda i, c: wnp.sin(c), x), 0.5)
    assert interrupts.strip([100, 100_000], 1e9) == (1, 10_000)
    assert interrupts.strip([100, 100], 1e4) is None


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
