"""Campaigns against interrupts, forks and threads; what they found is recorded in docs/soundness.md.

    python tools/processes.py interrupts 10000 [seed]
    python tools/processes.py forks 200 [seed]
    python tools/processes.py threads SECONDS [seed]

Each ends with a line that begins with the number of attempts, and with status 0 if all results were right.
"""

from __future__ import annotations

import faulthandler
import gc
import os
import random
import signal
import sys
import threading
import time
import warnings

import numpy as np
import scipy.special

import wengert as w
import wengert.numpy as wnp
from wengert import lax

HUNG = 900.0  # seconds for a job: at the lowest priority beside other work even an import takes more than one minute
X = np.linspace(0.1, 1.0, 50)
LARGE = np.linspace(0.0, 1.0, 400_000)


def curve(k):
    return lambda x: wnp.sum(wnp.sin(x * k) * wnp.exp(-x))


def slope(k):
    return (k * np.cos(X * k) - np.sin(X * k)) * np.exp(-X)


def chain(k):
    return lambda x: lax.scan(lambda c, t: (wnp.sin(c * k) + t, c), 0.0, x)[0]


def chain_value(k):
    c = 0.0
    for t in X:
        c = np.sin(c * k) + t
    return c


def determinant(k):
    return lambda x: wnp.linalg.det(wnp.outer(x[:3], x[:3]) * k + np.eye(3))


def root(k):
    return lambda x: lax.while_loop(lambda s: s[0] < 300_000, lambda s: (s[0] + 1, 0.5 * (s[1] + k / s[1])), (0, x))[1]


IMAGE = np.linspace(0.0, 1.0, 2 * 20 * 20 * 3).reshape(2, 20, 20, 3)
KERNEL = np.linspace(-1.0, 1.0, 3 * 3 * 3 * 4).reshape(3, 3, 3, 4)


def convolved(k):
    f = lambda x: lax.conv_general_dilated(x, KERNEL * k, (1, 1), "VALID", dimension_numbers=("NHWC", "HWIO", "NHWC"))
    return w.jit(w.value_and_grad(lambda x: wnp.sum(f(x) ** 2)))(IMAGE)


def convolved_value(k):
    windows = np.lib.stride_tricks.sliding_window_view(IMAGE, (3, 3), (1, 2))
    y = np.einsum("nijcab,abco->nijo", windows, KERNEL * k)
    slope = np.zeros_like(IMAGE)
    for a in range(3):
        for b in range(3):
            slope[:, a : a + 18, b : b + 18] += 2 * np.einsum("nijo,co->nijc", y, KERNEL[a, b] * k)
    return np.append(np.sum(y**2), slope)


def path(x):
    n = 0
    while x > 0.5:
        x, n = x - 0.2, n + 1
    return x * n if n > 1 else wnp.sin(x)


def path_value(x):
    n = 0
    while x > 0.5:
        x, n = x - 0.2, n + 1
    return x * n if n > 1 else np.sin(x)


LINES = np.linspace(-1.0, 1.0, 60 * 400).reshape(60, 400)


def halvings(k):
    """How often a number is halved, in vector lanes."""
    return lambda x: lax.while_loop(lambda s: s[0] * k > 1e-4, lambda s: (s[0] * 0.5, s[1] + 1), (x, 0))[1]


def halvings_value(x, k):
    n = 0
    while x * k > 1e-4:
        x, n = x * 0.5, n + 1
    return n


def chain_of(k):
    return lambda x: lax.fori_loop(0, 30, lambda i, c: c * (1 + 0.01 * k * x), 1.0)


def chain_of_slope(x, k):
    return 30 * 0.01 * k * (1 + 0.01 * k * x) ** 29


def flat(pair):
    return np.append(pair[0], pair[1])


# What is done with a number that no call before had, and what must come of it.
JOBS = [
    (lambda k: w.grad(curve(k))(X), slope),
    (lambda k: w.jit(w.grad(curve(k)))(X), slope),
    (lambda k: w.jacfwd(curve(k))(X), slope),
    (lambda k: w.vmap(w.jit(w.grad(curve(k))))(np.stack([X, X]))[1], slope),
    (lambda k: w.jit(chain(k))(X), chain_value),
    (lambda k: w.jit(w.value_and_grad(chain(k)))(X)[0], chain_value),
    (lambda k: w.jit(determinant(k))(X), lambda k: 1.0 + k * X[:3] @ X[:3]),
    (lambda k: w.jit(lambda x: wnp.sum(wnp.sin(x * k)))(LARGE), lambda k: np.sum(np.sin(LARGE * k))),
    (lambda k: w.jit(root(k))(1.0), np.sqrt),
    (lambda k: w.jit(lambda x: wnp.sort(x * k)[::-1] + wnp.cumsum(x))(X), lambda k: (X * k)[::-1] + np.cumsum(X)),
    (lambda k: flat(convolved(k)), convolved_value),
    (lambda k: w.jit(lambda x: wnp.fft.fft(x * k))(LARGE[:4096]), lambda k: np.fft.fft(LARGE[:4096] * k)),
    (lambda k: w.jit(lambda x: w.scipy.special.jv(0.5, x * k))(LARGE), lambda k: scipy.special.jv(0.5, LARGE * k)),
    (
        lambda k: w.jit(lambda a: w.random.gamma(w.random.key(3), a * k))(X),
        lambda k: w.random.gamma(w.random.key(3), X * k),
    ),
    (lambda k: w.jit(lambda x: wnp.cumsum(wnp.exp(x * 1j * k)))(LARGE), lambda k: np.cumsum(np.exp(LARGE * 1j * k))),
    (
        lambda k: w.jit(lambda x: wnp.floor(x * 9).astype(np.int8) // 2 + (x > k).astype(np.float16))(X),
        lambda k: np.floor(X * 9).astype(np.int8) // 2 + (k < X).astype(np.float16),
    ),
    (lambda k: w.jit(w.vmap(lambda x: path(x * k)))(X), lambda k: [path_value(x * k) for x in X]),
    (lambda k: w.jit(w.vmap(halvings(k)))(LARGE[:9000]), lambda k: [halvings_value(x, k) for x in LARGE[:9000]]),
    (lambda k: w.jit(w.vmap(w.grad(chain_of(k))))(X), lambda k: chain_of_slope(X, k)),
    (lambda k: w.jit(lambda x: wnp.fft.fft(x * k, axis=0))(LINES), lambda k: np.fft.fft(LINES * k, axis=0)),
    (lambda k: w.jit(lambda x: wnp.fft.rfft(x * k))(LARGE[:1009]), lambda k: np.fft.rfft(LARGE[:1009] * k)),
    (
        lambda k: w.jit(lambda x: w.scipy.special.i0e(x * k) + w.scipy.special.ndtri(x / 3))(LARGE),
        lambda k: scipy.special.i0e(LARGE * k) + scipy.special.ndtri(LARGE / 3),
    ),
    (
        lambda k: w.jit(lambda x: wnp.sum(x[x * k > 0.5]) + wnp.sum(wnp.nonzero(x * k > 0.7)[0]))(LARGE),
        lambda k: np.sum(LARGE[LARGE * k > 0.5]) + np.sum(np.nonzero(LARGE * k > 0.7)[0]),
    ),
]


def check(job, k):
    run, right = JOBS[job]
    np.testing.assert_allclose(run(k), right(k), rtol=1e-9, atol=1e-12)


def interrupts(count, rng):
    """An interrupt at a random moment of each job, then another job that must be right."""
    armed, came = [False], [0]
    lost: list[object] = []
    sys.unraisablehook = lambda what: lost.append(what.exc_type)

    def handler(*_):
        if armed[0]:
            armed[0] = False
            came[0] += 1
            raise KeyboardInterrupt

    signal.signal(signal.SIGALRM, handler)
    known, kept, raised = {}, {}, 0
    for i in range(count):
        faulthandler.dump_traceback_later(HUNG, exit=True)
        job, k = rng.randrange(len(JOBS)), rng.uniform(0.5, 1.5)
        if job not in known:
            check(job, 1.25)
            begun = time.perf_counter()
            check(job, 1.5)
            known[job] = time.perf_counter() - begun
        # Times are not equally likely: more of them are early, where a call is traced and compiled.
        delay = max(known[job] * 1.2 * rng.random() ** 1.5, 1e-5)
        try:
            armed[0] = True
            signal.setitimer(signal.ITIMER_REAL, delay)
            check(job, k)
            armed[0] = False
        except KeyboardInterrupt:
            raised += 1
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        armed[0] = False
        check(job, k)
        check(rng.randrange(4), rng.uniform(0.5, 1.5))
        f, z = kept.setdefault(i % 7, (w.jit(w.grad(curve(i))), float(i)))  # compiled before, called again
        np.testing.assert_allclose(f(X), slope(z), rtol=1e-9, atol=1e-12)
        if i % 50 == 49:
            kept.clear()
            gc.collect()
    faulthandler.cancel_dump_traceback_later()
    print(f"{count} jobs, {came[0]} interrupted, {raised} raised, {len(lost)} came in a destructor; all results right")


def forks(count, rng):
    """Forks while threads compile, run and drop; each child traces, compiles and runs."""
    stop: list[int] = []

    def busy(seed):
        mine = random.Random(seed)
        while not stop:
            check(mine.randrange(len(JOBS)), mine.uniform(0.5, 1.5))

    threads = [threading.Thread(target=busy, args=(rng.random(),)) for _ in range(3)]
    for t in threads:
        t.start()
    bad = 0
    try:
        for i in range(count):
            time.sleep(rng.uniform(0.0, 0.03))
            pid = os.fork()
            if not pid:
                faulthandler.dump_traceback_later(HUNG, exit=True)
                try:
                    for job in {1, 7, rng.randrange(len(JOBS))}:
                        check(job, rng.uniform(0.5, 1.5))
                    os._exit(0)
                except BaseException as error:
                    print(f"child {i}: {error!r}", file=sys.stderr)
                    os._exit(1)
            bad += os.waitpid(pid, 0)[1] != 0
    finally:
        stop.append(1)
        for t in threads:
            t.join()
    print(f"{count} forks, {bad} children that died, hung or were wrong")
    assert not bad


def threads(seconds, rng):
    """Eight threads that call, compile, mutate and drop."""
    end, errors, calls = time.monotonic() + seconds, [], [0] * 8
    shared = {"a": np.full(1000, 0.5), "b": np.full(1000, 0.25)}
    shared_f = w.jit(lambda p: wnp.sum(p["a"] * 2.0 + p["b"]))
    plain = np.ones(60_000)  # large enough to be kept, were arrays kept

    def work(number, seed):
        mine = random.Random(seed)
        kept = []
        try:
            while time.monotonic() < end:
                check(mine.randrange(len(JOBS)), mine.uniform(0.5, 1.5))
                calls[number] += 1
                if number % 2:
                    shared["a"], shared["b"] = np.full(1000, 0.5), np.full(1000, 0.25)
                    plain[number] = 1.0
                assert float(shared_f(shared)) == 1250.0
                assert float(w.grad(lambda x: wnp.sum(plain * x))(1.0)) == 60_000.0
                with w.config.override(enable_x64=bool(number % 3)):
                    dtype = wnp.sin(1.0).dtype
                    assert dtype == (np.float64 if number % 3 else np.float32), dtype
                k = mine.uniform(0.5, 1.5)
                kept.append((w.jit(w.grad(curve(k))), k))
                f, k = mine.choice(kept)
                np.testing.assert_allclose(f(X), slope(k), rtol=1e-9, atol=1e-12)
                if len(kept) > 20:
                    del kept[: mine.randrange(20)]
        except BaseException as error:
            errors.append(error)
            raise

    all_ = [threading.Thread(target=work, args=(i, rng.random())) for i in range(8)]
    for t in all_:
        t.start()
    for t in all_:
        t.join()
    print(f"{sum(calls)} rounds of 8 threads in {seconds} s, {len(errors)} errors")
    assert not errors


if __name__ == "__main__":
    warnings.simplefilter("ignore", DeprecationWarning)  # of forks in processes with threads
    faulthandler.enable()
    kind, amount = sys.argv[1], int(sys.argv[2])
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 0
    {"interrupts": interrupts, "forks": forks, "threads": threads}[kind](amount, random.Random(seed))
