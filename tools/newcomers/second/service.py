"""What somebody wishes who deploys a gradient in a service: the second list; see run.py."""

import importlib.metadata
import json
import os
import sys
import threading
import urllib.request

import numpy as np
from helpers import HERE, command, listed, message, python

import wengert
from wengert import grad, jit, vmap

WISHES, wish = listed()
MODEL = """
import numpy as np
from wengert import jit, grad
def loss(w, x):
    return np.mean(np.log1p(np.exp(-x @ w)))
gradient = jit(grad(loss))
"""
(HERE / "model.py").write_text(MODEL)
sys.path.insert(0, str(HERE))
import model  # noqa: E402

W, X = np.linspace(-1, 1, 5), np.random.default_rng(0).normal(size=(20, 5))
RUN = "import sys; sys.path.insert(0, '.')\nimport numpy as np, model\nW, X = np.linspace(-1, 1, 5), np.ones((20, 5))\n"


@wish
def G01():
    """In a container: no HOME, nothing writable, another user's cache."""
    environ = {"PATH": "/nonexistent", "PYTHONPATH": os.environ.get("PYTHONPATH", ""), "HOME": "/nonexistent"}
    environ["XDG_CACHE_HOME"] = "/proc"
    out = python(RUN + "print(model.gradient(W, X).shape)", "-W", "error", environ=environ, clean=True)
    assert "(5,)" in out


@wish
def G02():
    """It needs what README says and nothing else."""
    needs = [r for r in importlib.metadata.requires("wengert") or [] if "extra ==" not in r]
    assert sorted(r.split(">")[0].split("=")[0].split("<")[0].strip() for r in needs) == [
        "llvmlite", "ml-dtypes", "numpy", "opt-einsum", "optree", "scipy"
    ], needs  # fmt: skip


@wish
def G03():
    """No JAX, IPython or matplotlib is imported by importing it, and no thread is started."""
    out = python(
        "import sys, threading, wengert\n"
        "print([m for m in ('jax', 'IPython', 'matplotlib', 'torch', 'pandas') if m in sys.modules], threading.active_count())"
    )
    assert out == "[] 1\n", out


@wish
def G04():
    """Warm in the master, then fork workers while the master has threads (gunicorn --preload)."""
    out = python(
        RUN + "import os, threading\na = model.gradient(W, X)\n"
        "t = threading.Thread(target=lambda: [model.gradient(W, X) for _ in range(2000)]); t.start()\n"
        "pids = []\n"
        "for _ in range(4):\n"
        "    p = os.fork()\n"
        "    if p == 0:\n"
        "        os._exit(0 if np.array_equal(model.gradient(W, X), a) and model.gradient(W, X[:3]).shape == (5,) else 1)\n"
        "    pids.append(p)\n"
        "t.join()\nprint([os.waitpid(p, 0)[1] for p in pids])"
    )
    assert "[0, 0, 0, 0]" in out


@wish
def G05():
    """A threaded HTTP server answers fifty requests at once, each with its own answer."""
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            w = np.array(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            body = json.dumps(model.gradient(w, X).tolist()).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    class Server(ThreadingHTTPServer):
        request_queue_size = 100

    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    found = {}

    def ask(i):
        data = json.dumps((W * i).tolist()).encode()
        with urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}", data) as answer:
            found[i] = json.loads(answer.read())

    ts = [threading.Thread(target=ask, args=(i,)) for i in range(50)]
    [t.start() for t in ts]
    [t.join() for t in ts]
    server.shutdown()
    assert all(np.allclose(found[i], model.gradient(W * i, X)) for i in range(50))


@wish
def G06():
    """A warm call of a small gradient takes microseconds: the median of a thousand below 100."""
    import time

    model.gradient(W, X)
    times = []
    for _ in range(1000):
        t = time.perf_counter()
        model.gradient(W, X)
        times.append(time.perf_counter() - t)
    assert np.median(times) < 1e-4


@wish
def G07():
    """Compile at the start for shapes alone, without data."""
    spec = wengert.ShapeDtypeStruct((20, 5), np.float64)
    compiled = jit(grad(model.loss)).lower(W, spec).compile()
    assert np.allclose(compiled(W, X), model.gradient(W, X))


@wish
def G08():
    """See that a function compiled again, and why; for an alarm."""
    f = jit(lambda x: np.sum(x**2))
    for n in (1, 2, 3):
        f(np.ones(n))
    with wengert.profile() as p:
        f(np.ones(3))
        f(np.ones(9))
    assert len(p.compilations) == 1 and "9" in str(p.compilations[0])


@wish
def G09():
    """JSON gives lists: what happens with a list of numbers where the function wants an array."""
    assert np.allclose(model.gradient(W.tolist(), X), model.gradient(W, X))  # a list of numbers, as JAX's trees have it
    message(lambda: model.gradient([0.1, 0.2], X), "(2,)", "model.py")


@wish
def G10():
    """float32 in, float32 out; a float32 model is not promoted by Python's numbers."""
    f = jit(grad(lambda w: 0.5 * np.sum(w**2) + 2))
    assert f(np.ones(3, np.float32)).dtype == np.float32


@wish
def G11():
    """NaN and inf in requests: NaN out, no exception, no warning, the next request is right."""
    out = python(
        RUN
        + "model.gradient(W, X)\nprint(np.isnan(model.gradient(W * np.nan, X)).all(), model.gradient(W, X)[0] != 0)",
        "-W",
        "error",
    )
    assert out == "True True\n", out


@wish
def G12():
    """Writing into a result or an argument does not change later results."""
    a = model.gradient(W, X)
    b = a.copy()
    a[:] = 7
    assert np.array_equal(model.gradient(W, X), b)
    assert np.array_equal(W, np.linspace(-1, 1, 5))


@wish
def G13():
    """Read-only, memory-mapped, strided, Fortran-ordered and unaligned arrays give the same result."""
    want = model.gradient(W, X)
    X.tofile(HERE / "x.bin")
    ro = X.copy()
    ro.flags.writeable = False
    wide = np.zeros((40, 10))
    wide[::2, ::2] = X
    bytes_ = np.zeros(X.nbytes + 1, np.uint8)
    odd = bytes_[1:].view(np.float64).reshape(X.shape)
    odd[:] = X
    for x in (
        np.memmap(HERE / "x.bin", dtype=float, mode="r", shape=X.shape),
        ro,
        wide[::2, ::2],
        np.asfortranarray(X),
        odd,
    ):
        assert np.allclose(model.gradient(W, x), want, rtol=1e-12)


@wish
def G14():
    """A request with no rows does not kill the process."""
    import warnings

    f = jit(grad(lambda w, x: np.sum(np.tanh(x @ w))))
    assert np.array_equal(f(W, X[:0]), np.zeros(5))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert model.gradient(W, X[:0]).shape == (5,)


@wish
def G15():
    """A time limit by signal.alarm reaches a long native loop."""
    out = python(
        "import signal, numpy as np\nfrom wengert import jit, lax\n"
        "class Late(Exception): pass\n"
        "def late(*_): raise Late\n"
        "f = jit(lambda x: lax.fori_loop(0, 10**11, lambda i, c: np.sin(c) + 1, x))\n"
        "signal.signal(signal.SIGALRM, late); signal.alarm(5)\n"
        "try:\n    f(1.0)\nexcept Late:\n    print('late')"
    )
    assert out == "late\n"


@wish
def G16():
    """What is compiled goes to `logging`, where my service collects what libraries say."""
    out = python(
        RUN + "import logging, sys\nlogging.basicConfig(level=logging.DEBUG, stream=sys.stdout)\nmodel.gradient(W, X)",
    )
    assert "wengert" in out and "loss" in out, out


@wish
def G17():
    """How large the cache on disk is and where, in the command and from Python."""
    done = command("cache", WENGERT_CACHE_DIR=str(HERE / "cache"))
    assert done.returncode == 0 and str(HERE / "cache") in done.stdout
    assert wengert.config.cache_bytes > 0


@wish
def G18():
    """The types: py.typed, and jit(f) keeps the signature that inspect shows."""
    import inspect
    from pathlib import Path

    assert (Path(wengert.__file__).parent / "py.typed").exists()
    assert list(inspect.signature(jit(model.loss)).parameters) == ["w", "x"]
    assert list(inspect.signature(grad(model.loss)).parameters) == ["w", "x"]


@wish
def G19():
    """A compiled function as a file that another process loads and calls: pickle of what compile() returns."""
    import pickle

    compiled = model.gradient.lower(W, X).compile()
    (HERE / "f.pickle").write_bytes(pickle.dumps(compiled))
    out = python(
        RUN
        + "import pickle\nf = pickle.loads(open('f.pickle', 'rb').read())\nprint(np.allclose(f(W, X), model.gradient(W, X)))"
    )
    assert out == "True\n"


@wish
def G20():
    """The number of threads follows the processors that the process may use (taskset, containers)."""
    if hasattr(os, "sched_setaffinity"):
        out = python(
            "import os\nos.sched_setaffinity(0, {sorted(os.sched_getaffinity(0))[0]})\nimport wengert\nprint(wengert.config.threads)"
        )
        assert out in ("1\n", "None\n"), out


@wish
def G21():
    """python -O and -OO: the library does not lean on asserts or docstrings."""
    for flag in ("-O", "-OO"):
        assert "(5,)" in python(RUN + "print(model.gradient(W, X).shape)", flag)


@wish
def G22():
    """The same bits on every run and whatever the number of threads, on request."""
    code = RUN + "X = np.random.default_rng(0).normal(size=(3000, 5))\nprint(model.gradient(W, X).tobytes().hex())"
    outs = {python(code, environ={"WENGERT_REPRODUCIBLE": "1", "WENGERT_THREADS": n}) for n in ("1", "2", "3")}
    assert len(outs) == 1


@wish
def G23():
    """Forget compiled functions in a long-lived process: clear_caches, and a function's own clear_cache."""
    f = jit(lambda x: x * 3)
    f(1.0)
    f.clear_cache()
    wengert.clear_caches()
    assert f(2.0) == 6


@wish
def G24():
    """One function for single requests and batches: vmap(jit(f)) equals row by row."""
    f = lambda w, x: np.log1p(np.exp(-x @ w))
    single = jit(grad(f))
    batch = jit(vmap(grad(f), in_axes=(None, 0)))
    assert np.allclose(batch(W, X), [single(W, x) for x in X], rtol=1e-12)


@wish
def G25():
    """One class to catch for all of the library's errors, with the user's line in the message."""

    def wrong(w):
        return np.sum(w @ np.ones(7))

    try:
        jit(grad(wrong))(np.ones(3))
    except wengert.errors.WengertError as error:
        assert "service.py" in str(error) or any("service.py" in n for n in getattr(error, "__notes__", [])), str(error)
    else:
        raise AssertionError("no error")
