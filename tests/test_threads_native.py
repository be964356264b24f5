"""Large loops of compiled functions run on several threads, with the bits that one thread gives."""

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import wengert as w
import wengert.numpy as wnp
from wengert.compile import chunks, pool

RNG = np.random.default_rng(11)


def wave(x):
    return wnp.tanh(x) ** 2 * wnp.exp(-x * x) + wnp.sin(x)


def normal(*shape, dtype=np.float64):
    return RNG.normal(size=shape).astype(dtype)


def pieces(f, *args):
    """How many pieces each of the function's nests is cut into; 1 for those that are not cut."""
    kernels = [kernel for kernel, _ in w.jit(f).lower(*args)._module.kernels]
    return [1 if k.chunks is None else k.chunks.count for k in kernels]


@pytest.fixture
def small(monkeypatch):
    """Nests of any size are cut, so that arrays can be small enough for a quick test."""
    monkeypatch.setattr(chunks, "LEAST", 0.0)
    monkeypatch.setattr(chunks, "PIECE", 0.1)
    monkeypatch.setattr(chunks, "POINTS", 1)


@pytest.fixture(autouse=True)
def restored():
    with w.config.override(threads=None):
        yield


CASES = {
    "elementwise": (wave, [normal(4096)]),
    "odd length": (wave, [normal(4099)]),
    "one more than a few vectors": (lambda x: x * 2.0, [normal(33)]),
    "just short of whole vectors": (lambda x: x * 2.0, [normal(1023)]),
    "float32": (wave, [normal(5003, dtype=np.float32)]),
    "integers": (lambda i: i * 3 - i // 7, [RNG.integers(-99, 99, 3001)]),
    "comparison": (lambda x: x > 0.25, [normal(2007)]),
    "two axes, broadcast": (lambda x, y: wave(x) * y[:, None], [normal(67, 131), normal(67)]),
    "transposed": (lambda x: x.T * 2.0 + 1.0, [normal(61, 133)]),
    "transposed sum": (lambda x, y: wnp.sin(x.T) + y, [normal(61, 133), normal(133, 61)]),
    "few long rows": (lambda x, y: wave(x + y.T), [normal(3, 2001), normal(2001, 3)]),
    "three axes": (lambda x: wnp.transpose(x, (2, 0, 1)) * 0.5, [normal(7, 33, 29)]),
    "pieces of an array": (lambda x: wnp.concatenate([wave(x), x[::-1], wnp.pad(x, 3)]), [normal(2003)]),
    "sums of rows": (lambda x: wnp.sum(wave(x), axis=1), [normal(67, 131)]),
    "sums of few rows": (lambda x: wnp.sum(wave(x), axis=1), [normal(2, 5003)]),
    "sums of columns": (lambda x: wnp.sum(wave(x), axis=0), [normal(501, 67)]),
    "sums of columns, float32": (lambda x: wnp.sum(x, axis=0), [normal(501, 257, dtype=np.float32)]),
    "largest and smallest": (lambda x: (wnp.max(x, axis=0), wnp.min(x, axis=1)), [normal(301, 67)]),
    "full sum": (lambda x: wnp.sum(wave(x)), [normal(10007)]),
    "full sum, float32": (lambda x: wnp.sum(wave(x)), [normal(10007, dtype=np.float32)]),
    "full product": (lambda x: wnp.prod(x), [1.0 + normal(3001) / 1000.0]),
    "largest": (lambda x: wnp.max(x), [normal(3001)]),
    "any, all": (lambda x: (wnp.any(x > 9.0), wnp.all(x < 9.0)), [normal(3001)]),
    "count": (lambda x: wnp.sum(x > 0.0), [normal(3001)]),
    "several results": (lambda x: (wnp.sum(x), wnp.sum(wave(x)), wave(x), wnp.max(x)), [normal(5001)]),
    "value and gradient": (w.value_and_grad(lambda x: wnp.sum(wave(x))), [normal(6007)]),
    "gather": (lambda x, i: wnp.sin(x[i]) * 2.0, [normal(501), RNG.integers(0, 501, 5003)]),
    "softmax": (lambda x: wnp.exp(x - wnp.max(x, axis=1, keepdims=True)), [normal(101, 97)]),
}


@pytest.mark.parametrize("name", CASES)
def test_the_same_bits_on_any_number_of_threads(small, name):
    f, args = CASES[name]
    assert max(pieces(f, *args)) > 1
    compiled, eager = w.jit(f), w.trees.leaves(f(*args))
    found = []
    for number in (1, 2, 3, 8):
        w.config.threads = number
        found += [w.trees.leaves(compiled(*args)) for _ in range(3)]
    for other in found[1:]:
        assert all(a.tobytes() == b.tobytes() for a, b in zip(found[0], other, strict=True))
    for a, b in zip(found[0], eager, strict=True):
        assert (a.shape, a.dtype) == (b.shape, b.dtype)
        scale = 1e-4 if a.dtype == np.float32 else 1e-12
        np.testing.assert_allclose(a, b, rtol=scale, atol=scale * (1.0 + np.abs(np.asarray(b, float)).max()))


def test_only_large_loops_are_cut():
    assert pieces(lambda x: x + 1.0, normal(100_000)) == [1]
    assert pieces(w.grad(lambda x: wnp.sum(wave(x))), normal(1_000)) == [1]
    assert pieces(lambda x: x + 1.0, normal(2_000_000)) != [1]


def test_a_program_without_large_loops_has_no_pool():
    lowered = w.jit(lambda x: wnp.sum(wave(x))).lower(normal(1000))
    assert pool.NAME not in lowered.llvm()


def test_blocks_make_float32_sums_more_exact():
    x = RNG.uniform(size=3_000_000).astype(np.float32)
    exact = x.sum(dtype=np.float64)
    assert abs(float(w.jit(wnp.sum)(x)) - exact) <= 4 * np.finfo(np.float32).eps * exact


def test_a_bad_index_in_any_piece_is_an_error(small):
    x, i = normal(500), RNG.integers(0, 500, 20_000)
    f = w.jit(lambda x, i: wnp.sin(x[i]))
    assert max(pieces(lambda x, i: wnp.sin(x[i]), x, i)) > 1
    for place in (0, 7_001, 19_999):
        bad = i.copy()
        bad[place] = 500
        for _ in range(5):
            with pytest.raises(IndexError, match="out of range"):
                f(x, bad)
    np.testing.assert_allclose(f(x, i), np.sin(x[i]), rtol=1e-13)


def test_python_threads_call_at_the_same_time():
    functions = [w.jit(w.grad(lambda x, k=k: wnp.sum(wave(x * (1.0 + k))))) for k in range(4)]
    functions += [w.jit(lambda x, k=k: wnp.sum(wave(x + k))) for k in range(4)]
    x = normal(200_001)
    w.config.threads = 1
    expected = [f(x) for f in functions]
    w.config.threads = 4
    with ThreadPoolExecutor(8) as executor:
        for _ in range(5):
            for got, want in zip(executor.map(lambda f: f(x), functions), expected, strict=True):
                assert got.tobytes() == want.tobytes()


@pytest.mark.parametrize("path", ["native", "ctypes"])
def test_other_python_threads_run_meanwhile(path):
    """With switches only where Python's lock is given up, another thread counts while native code runs."""
    f, x = w.jit(wave), normal(3_000_000)
    f(x)
    executable = f.lower(x).compile().executable
    call = executable.native if path == "native" else executable
    argument = ((x,), {}) if path == "native" else [x]
    counted, stop, interval = [0], [], sys.getswitchinterval()

    def count():
        while not stop:
            counted[0] += 1
            time.sleep(0)

    with ThreadPoolExecutor(1) as executor:
        running = executor.submit(count)
        sys.setswitchinterval(1000.0)
        try:
            progress = []
            for _ in range(10):
                before = counted[0]
                call(argument)
                progress.append(counted[0] - before)
        finally:
            sys.setswitchinterval(interval)
            stop.append(True)
        running.result()
    assert max(progress) > 0


def test_the_number_may_change_while_functions_run():
    f, x = w.jit(wave), normal(100_003)
    expected = f(x)
    with ThreadPoolExecutor(2) as executor:
        calls = [executor.submit(lambda: [f(x) for _ in range(30)]) for _ in range(2)]
        for k in range(40):
            w.config.threads = 1 + k % 5
            time.sleep(0.001)
        for call in calls:
            assert all(r.tobytes() == expected.tobytes() for r in call.result())


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_child_has_threads_of_its_own():
    w.config.threads = 3
    f, x = w.jit(w.grad(lambda x: wnp.sum(wave(x)))), normal(300_007)
    expected = f(x)
    stop = []

    def busy():
        while not stop:
            f(x)

    with ThreadPoolExecutor(1) as executor:
        running = executor.submit(busy)  # so that the pool is at work in the parent when it forks
        try:
            for _ in range(3):
                child = os.fork()
                if child == 0:
                    os._exit(0 if all(f(x).tobytes() == expected.tobytes() for _ in range(3)) else 1)
                assert os.waitpid(child, 0)[1] == 0
        finally:
            stop.append(True)
        running.result()
    assert f(x).tobytes() == expected.tobytes()


SCRIPT = """
import os, threading, time
import numpy as np
import wengert as w, wengert.numpy as wnp

def threads():
    time.sleep(0.2)  # a thread that was waited for is gone from the list a little later
    return len(os.listdir("/proc/self/task")) if os.path.isdir("/proc/self/task") else -1

x = np.linspace(-1.0, 1.0, 400_000)
before = threads()
small = w.jit(lambda x: wnp.sum(x * 2.0))
small(x[:100])
assert threads() == before
f = w.jit(w.grad(lambda x: wnp.sum(wnp.sin(x) * wnp.exp(x))))
for _ in range(3):
    y = f(x)
assert before == -1 or threads() == before + 2
np.testing.assert_allclose(y, (np.sin(x) + np.cos(x)) * np.exp(x), rtol=1e-12, atol=1e-14)
print("done")
"""


def test_a_process_ends_cleanly():
    began = time.monotonic()
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT],
            env={**os.environ, "WENGERT_THREADS": "3", "OPENBLAS_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "")
    assert time.monotonic() - began < 60


def test_the_setting():
    cell = w.config.thread_cell
    with w.config.override(threads=3):
        assert (w.config.threads, w.config.thread_count(), cell[0]) == (3, 3, -1)
    assert w.config.threads is None
    if hasattr(os, "sched_getaffinity"):
        assert w.config.thread_count() == len(os.sched_getaffinity(0))
    for wrong in (0, -1, "many", 10**6):
        with pytest.raises(ValueError, match="whole number from 1"):
            w.config.threads = wrong
    assert w.config.threads is None


def test_a_platform_without_posix_threads(monkeypatch):
    """There `parallel` is a loop, which compiles and needs nothing from outside."""
    import ctypes

    from wengert.compile import engine

    monkeypatch.setattr(sys, "platform", "win32")
    module = pool.text()
    assert "pthread" not in module
    code = engine.load([engine.emit(module, verify=True)])
    parallel = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p)(code.main)(None)
    seen = []
    piece = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64)(lambda context, i: seen.append((context, i)))
    ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64)(parallel)(piece, 64, 3)
    assert seen == [(64, 0), (64, 1), (64, 2)]


def test_the_pool_passes_llvms_verifier():
    from wengert.compile import engine

    assert engine.emit(pool.text(), verify=True)
