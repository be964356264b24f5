"""Interrupts, forks, threads and the end of the process: the campaigns of tools/processes.py, in small, each in a process."""

import copy
import os
import pickle
import subprocess
import sys
import types
from pathlib import Path

import numpy as np
import pytest

import wengert as w
import wengert.numpy as wnp

TOOL = Path(__file__).parent.parent / "tools" / "processes.py"
pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="POSIX")


def run(*arguments, code=None, timeout=240):
    command = [sys.executable, *(["-c", code] if code is not None else [str(TOOL), *map(str, arguments)])]
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout, done.stderr


def test_interrupts_at_random_moments():
    out, _ = run("interrupts", 25, 3)
    assert int(out.split(" jobs, ")[1].split()[0]) > 5  # so many came while a job ran


def test_forks_while_threads_compile():
    run("forks", 3, 2)


def test_threads_that_call_compile_change_and_drop():
    run("threads", 2, 1)


HEAD = """
import sys, threading, time
import numpy as np, wengert as w, wengert.numpy as wnp
w.config.disk_cache = False
def busy():
    k = 0
    while True:
        k += 1
        w.jit(w.grad(lambda x: wnp.sum(wnp.sin(x) * k)))(np.ones(100_000))
def start(daemon):
    t = threading.Thread(target=busy, daemon=daemon)
    t.start()
"""
ENDS = {
    "daemon threads compile": "[start(True) for _ in range(3)]; time.sleep(0.7)",
    "daemon threads are told to exit": "[start(True) for _ in range(2)]; time.sleep(0.5); sys.exit(0)",
    "another thread compiles to its end": """
def last():
    time.sleep(0.05)
    print(w.jit(lambda x: wnp.sum(x * 3.0))(np.ones(4)))
threading.Thread(target=last).start()""",
    "a function is called at exit": """
import atexit
f = w.jit(lambda x: wnp.sum(x * 3.0)); f(np.ones(4))
atexit.register(lambda: print(f(np.ones(4)), w.jit(lambda x: wnp.sum(x * 5.0))(np.ones(4))))
[start(True) for _ in range(2)]; time.sleep(0.4)""",
}


@pytest.mark.parametrize("name", ENDS)
def test_a_process_ends_while_others_compile(name):
    out, err = run(code=HEAD + ENDS[name], timeout=60)
    assert "Fatal" not in err and "Segmentation" not in err
    if "print" in ENDS[name]:
        assert "12.0" in out


SENT = """
import ctypes, threading, time
import numpy as np, wengert as w, wengert.numpy as wnp
w.config.disk_cache = False
class Sent(Exception): pass
x, count, wrong, stop = np.linspace(0, 1, 4), [0], [], []
def work():
    while not stop:
        try:
            while not stop:
                try:
                    k = count[0] + 1
                    if not np.allclose(w.jit(w.grad(lambda x: wnp.sum(wnp.sin(x) * k)))(x), np.cos(x) * k):
                        wrong.append(k)
                except Sent: count[0] += 1
        except Sent: count[0] += 1
t = threading.Thread(target=work)
t.start()
time.sleep(0.2)
for _ in range(60):
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(t.ident), ctypes.py_object(Sent))
    time.sleep(0.005)
stop.append(1)
t.join()
assert not wrong and count[0] > 10, (wrong, count)
"""
FORKS = """
import os, signal, time
import numpy as np, wengert as w, wengert.numpy as wnp
w.config.disk_cache = False
def go(k):
    x = np.linspace(0, 1, 30)
    assert np.allclose(w.jit(w.grad(lambda x: wnp.sum(wnp.sin(x) * k)))(x), np.cos(x) * k)
go(0.5)
begun = time.perf_counter()
go(0.7)
took, children = time.perf_counter() - begun, []
def fork(*_):
    children.append(os.fork())
    if children[-1] == 0:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(30)
signal.signal(signal.SIGALRM, fork)
for i in range(8):
    signal.setitimer(signal.ITIMER_REAL, took * (i + 1) / 10)
    go(i + 1.0)
    if children[-1:] == [0]:
        os._exit(0)
    signal.setitimer(signal.ITIMER_REAL, 0)
assert children and not any(os.waitpid(pid, 0)[1] for pid in children)
"""


def test_exceptions_that_are_sent_to_a_thread_that_compiles():
    run(code=SENT, timeout=60)


def test_a_handler_that_forks_while_the_main_thread_compiles():
    run(code=FORKS, timeout=60)


SPAWNED = """
import multiprocessing, sys, threading
import numpy as np, wengert as w, wengert.numpy as wnp
sys.path.insert(0, {folder!r})
import spawned

if __name__ == "__main__":
    for method in ("spawn", "forkserver"):
        context = multiprocessing.get_context(method)
        with context.Pool(2) as pool:
            assert pool.map(spawned.slope, [1.0, 2.0]) == [spawned.slope(1.0), spawned.slope(2.0)]
            assert [float(v) for v in pool.map(spawned.compiled, [1.0, 2.0])] == [2.0, 4.0]
"""
MODULE = """
import numpy as np, wengert as w, wengert.numpy as wnp

@w.jit
def compiled(x):
    return x * 2.0

def slope(k):
    return float(w.jit(w.grad(lambda x: wnp.sum(x * x * k)))(np.ones(3))[0])
"""


def test_spawned_processes(tmp_path):
    (tmp_path / "spawned.py").write_text(MODULE)
    script = tmp_path / "main.py"
    script.write_text(SPAWNED.format(folder=str(tmp_path)))
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("module", [wnp, wnp.linalg, wnp.fft, w.scipy.special, w.lax, w.nn, w.random])
def test_functions_of_the_library_are_pickled(module):
    functions = [getattr(module, n) for n in module.__all__ if isinstance(getattr(module, n), types.FunctionType)]
    assert len(functions) > 10
    for f in functions:
        assert pickle.loads(pickle.dumps(f)) is f


def test_errors_are_pickled_with_the_line_of_the_first():
    with pytest.raises(w.errors.DtypeError) as caught:
        w.grad(lambda x: x)(np.array([None]))
    for again in (pickle.loads(pickle.dumps(caught.value)), copy.copy(caught.value)):
        assert (type(again), str(again), again.message) == (
            w.errors.DtypeError,
            str(caught.value),
            caught.value.message,
        )


def test_compiled_functions_are_pickled():
    import numpy as np
    from cache_programs import FUNCTIONS  # noqa: F401  # a module that other processes can import

    import wengert as w

    f = pickle.loads(pickle.dumps(w.jit(np.sin)))
    assert float(f(0.5)) == pytest.approx(np.sin(0.5))


def test_decorated_functions_of_the_main_module(monkeypatch):
    """By name, as plain functions are; by value for picklers that take functions of __main__ along (joblib's loky)."""
    import wengert as w

    main = sys.modules["__main__"]
    scope = {"__name__": "vendored.cloudpickle.cloudpickle"}
    exec("def reduced(f): return f.__reduce_ex__(4)", scope)
    for wrap in (w.jit, w.grad, w.custom_jvp):

        def twice(x):
            return x * 2.0

        twice.__module__, twice.__qualname__ = "__main__", "twice"
        f = wrap(twice)
        with monkeypatch.context() as m:
            m.setattr(main, "twice", f, raising=False)
            named = pickle.dumps(f)
            assert pickle.loads(named) is f
            make, arguments, *state = scope["reduced"](f)
            again = make(*arguments)
            if state and state[0]:
                again.__dict__.update(state[0])
            assert again is not f and again.__wrapped__ is twice and again(3.0) == f(3.0)
        with pytest.raises(AttributeError, match="define it in a module"):
            pickle.loads(named)


TRANSFORMATIONS = (w.jit, w.vmap, w.grad, w.value_and_grad, w.jacfwd, w.jacrev, w.hessian, w.checkpoint, w.custom_jvp)


@pytest.mark.parametrize("inner", TRANSFORMATIONS)
def test_functions_that_were_decorated_twice_are_pickled_by_their_name(inner, monkeypatch):
    module = types.ModuleType("decorated_twice")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    for outer in TRANSFORMATIONS:

        def f(x):
            return x * 2.0

        f.__module__, f.__qualname__ = module.__name__, "f"
        for module.f in (outer(inner(f)), outer(inner(w.vmap(f)))):
            assert pickle.loads(pickle.dumps(module.f)) is module.f, outer


NAMESPACES = """
import sys, threading
import wengert as w
sys.setswitchinterval(1e-6)
wrong, go = [], threading.Event()
names = {"random": "gamma", "lax": "scan", "numpy": "sin", "scipy": "special", "nn": "softmax", "sharding": "shard_map"}
def use(name):
    go.wait()
    try: getattr(getattr(w, name), names[name])
    except BaseException as error: wrong.append(error)
threads = [threading.Thread(target=use, args=(n,)) for n in [*names] * 3]
for t in threads: t.start()
go.set()
for t in threads: t.join()
assert not wrong, wrong
"""


def test_namespaces_that_several_threads_ask_for_first():
    run(code=NAMESPACES, timeout=120)


STATEMENTS = """
import threading
wrong, go = [], threading.Event()
names = (
    "numpy.sin scipy.special.gammaln numpy.linalg.solve scipy.sparse.linalg.cg scipy.spatial.distance.cdist scipy.sparse.linalg "
    "scipy.stats.norm scipy.linalg.expm random.normal lax.scan scipy.spatial.transform scipy.cluster.vq scipy.ndimage.zoom"
).split()
def use(name):
    module, _, name = name.rpartition(".")
    go.wait()
    try: exec(f"from wengert.{module} import {name}\\nimport wengert.{module} as m\\nm.{name}")
    except BaseException as error: wrong.append((module, name, error))
threads = [threading.Thread(target=use, args=(n,)) for n in [*names, *names[::-1]]]
for t in threads: t.start()
go.set()
for t in threads: t.join()
assert not wrong, wrong
"""


def test_import_statements_of_several_threads():
    run(code=STATEMENTS, timeout=120)


LOCKS = """
import threading

from wengert import locks

broken, taken = [], []


class Watched:
    def __init__(self):
        self.lock = threading.RLock()

    def acquire(self, *given):
        from wengert.compile import shelter

        if shelter._lock._is_owned() and not self.lock._is_owned():
            import traceback

            broken.append("".join(traceback.format_stack(limit=12)))
        taken.append(self)
        return self.lock.acquire(*given)

    def release(self):
        self.lock.release()

    __enter__ = acquire

    def __exit__(self, *_):
        self.release()


def lock():
    locks._locks.append(Watched())
    return locks._locks[-1]


locks.lock = lock
import numpy as np

import wengert as w
import wengert.numpy as wnp
from wengert.scipy import special

x = np.linspace(0.1, 1.0, 40)
for f in (
    lambda x: wnp.sum(wnp.sin(x) * x),
    lambda x: w.lax.fori_loop(0, 9, lambda i, c: c * 0.5 + x[i], 1.0),
    lambda x: wnp.linalg.solve(wnp.outer(x, x) + np.eye(40), x),
    lambda x: special.jv(0.5, x) + wnp.fft.fft(x).real + wnp.sort(x),
    lambda x: w.pure_callback(np.cos, x, x) + w.random.normal(w.random.key(0), (40,)),
    lambda x: (x * 7).astype(int) // 7 + wnp.cumsum(x) + (x * 1j).imag,
):
    w.jit(f)(x)
w.jit(w.hessian(lambda x: wnp.sum(wnp.sin(x) * x)))(x)
assert taken and not broken, broken[0]
"""


def test_no_lock_is_waited_for_inside_llvm(tmp_path):
    """A fork takes LLVM's lock last: who has it and waits for another one of the library's waits for the fork, which waits for it."""
    environment = {**os.environ, "WENGERT_CACHE_DIR": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", LOCKS], capture_output=True, text=True, timeout=120, env=environment)
    assert done.returncode == 0, done.stderr[-3000:]
