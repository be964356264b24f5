"""What somebody wishes who deploys a gradient in a service, written down before looking at what exists; see run.py."""

import json
import os
import pathlib
import pickle
import subprocess
import sys
import tempfile
import textwrap
import threading
import time

import numpy as np
from helpers import listed

import wengert
from wengert import grad, jit

WISHES, wish = listed()
tmp = pathlib.Path(tempfile.mkdtemp())


def py(code, env=None, timeout=120):
    e = dict(os.environ, **(env or {}))
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, env=e, timeout=timeout
    )


def ok(r):
    assert r.returncode == 0, r.stdout[-500:] + r.stderr[-1500:]
    return r.stdout


def loss(w, x):
    return np.sum(np.tanh(x @ w) ** 2)


g = jit(grad(loss))
w, x = np.ones((8, 4)), np.linspace(0, 1, 80).reshape(10, 8)
M = tmp / "mod.py"
M.write_text(
    "import numpy as np\nfrom wengert import grad, jit\ndef loss(w,x): return np.sum(np.tanh(x@w)**2)\ng=jit(grad(loss))\ndef call(a): return g(a[0],a[1]).sum()\n"
)
E = {"PYTHONPATH": str(tmp)}


@wish
def C01():
    """pip install wheel in a fresh venv without compilers."""
    assert "site-packages" in wengert.__file__


@wish
def C02():
    """import time below 1 s."""
    r = py("import time;t=time.process_time();import wengert;print(time.process_time()-t)")
    assert float(ok(r)) < 1.0


@wish
def C03():
    """jit(grad(f)) in 16 threads gives the same result."""
    want = g(w, x)
    out = []
    ts = [threading.Thread(target=lambda: out.append(g(w, x))) for _ in range(16)]
    [t.start() for t in ts]
    [t.join() for t in ts]
    assert len(out) == 16 and all(np.array_equal(o, want) for o in out)


@wish
def C04():
    """first call compile once even if 16 threads come at once."""
    r = py("""
    import threading, numpy as np, wengert
    from wengert import jit, grad
    f=jit(grad(lambda w: np.sum(np.sin(w)**3)))
    with wengert.profile() as p:
        ts=[threading.Thread(target=f,args=(np.ones(100),)) for _ in range(16)]
        [t.start() for t in ts];[t.join() for t in ts]
    print(len(p.compilations))
    """)
    assert int(ok(r)) == 1


@wish
def C05():
    """fork after warm-up (multiprocessing fork) works."""
    r = py(
        """
    import multiprocessing as mp, mod, numpy as np
    w,x=np.ones((8,4)),np.ones((10,8)); a=mod.call((w,x))
    with mp.get_context('fork').Pool(4) as p: assert np.allclose(p.map(mod.call,[(w,x)]*8),a)
    """,
        E,
    )
    ok(r)


@wish
def C06():
    """spawn pool works with jitted function by module."""
    f = tmp / "sp.py"
    f.write_text(
        "import multiprocessing as mp, mod, numpy as np\nif __name__=='__main__':\n    w,x=np.ones((8,4)),np.ones((10,8))\n    with mp.get_context('spawn').Pool(2) as p: assert np.allclose(p.map(mod.call,[(w,x)]*4),mod.call((w,x)))\n"
    )
    r = subprocess.run([sys.executable, str(f)], capture_output=True, text=True, env=dict(os.environ, **E), timeout=200)
    ok(r)


@wish
def C07():
    """pickle a jitted function of module level."""
    ok(
        py(
            "import pickle, mod, numpy as np; h=pickle.loads(pickle.dumps(mod.g)); assert h(np.ones((8,4)),np.ones((10,8))).shape==(8,4)",
            E,
        )
    )


@wish
def C08():
    """cloudpickle? pickle of arrays results - plain ndarray."""
    v = g(w, x)
    assert type(v) is np.ndarray and np.array_equal(pickle.loads(pickle.dumps(v)), v)
    json.dumps(v.tolist())


@wish
def C09():
    """cache: second process starts quicker (disk cache)."""
    d = str(tmp / "cache")
    c = "import time, mod, numpy as np\nt=time.process_time(); mod.g(np.ones((8,4)),np.ones((10,8))); print(time.process_time()-t)"
    a = float(ok(py(c, {**E, "WENGERT_CACHE_DIR": d})))
    b = float(ok(py(c, {**E, "WENGERT_CACHE_DIR": d})))
    assert b < a, (a, b)


@wish
def C10():
    """WENGERT_CACHE_DIR respected; read-only directory works with a warning/no crash."""
    d = tmp / "ro"
    d.mkdir()
    os.chmod(d, 0o555)
    ok(py("import mod, numpy as np; mod.g(np.ones((8,4)),np.ones((10,8)))", {**E, "WENGERT_CACHE_DIR": str(d / "x")}))
    ok(
        py(
            "import mod, numpy as np; mod.g(np.ones((8,4)),np.ones((10,8)))",
            {**E, "WENGERT_CACHE_DIR": "/proc/nothing"},
        )
    )


@wish
def C11():
    """cache size limit, clear it from command."""
    r = subprocess.run([sys.executable, "-m", "wengert", "--help"], capture_output=True, text=True)
    assert "cache" in r.stdout, r.stdout
    r = subprocess.run(
        [sys.executable, "-m", "wengert", "cache", "clear"],
        capture_output=True,
        text=True,
        env=dict(os.environ, WENGERT_CACHE_DIR=str(tmp / "cache")),
    )
    assert r.returncode == 0, r.stderr


@wish
def C12():
    """turn off cache by env."""
    d = tmp / "c12"
    ok(
        py(
            "import mod, numpy as np; mod.g(np.ones((8,4)),np.ones((10,8)))",
            {**E, "WENGERT_CACHE_DIR": str(d), "WENGERT_CACHE": "0"},
        )
    )
    assert not d.exists() or not any(p.is_file() for p in d.rglob("*")), list(d.rglob("*"))


@wish
def C13():
    """wengert config lists settings."""
    r = subprocess.run([sys.executable, "-m", "wengert", "config"], capture_output=True, text=True)
    assert "debug_nans" in r.stdout.lower() and r.returncode == 0


@wish
def C14():
    """explain why recompiled; compilations log."""
    f = jit(lambda x: np.sum(x))
    f(np.ones(3))
    f(np.ones(4))
    assert any("float64[4]" in str(c) for c in wengert.explain(f, np.ones(3)).compilations)


@wish
def C15():
    """WENGERT_LOG=compile prints."""
    r = py("import mod, numpy as np; mod.g(np.ones((8,4)),np.ones((10,8)))", {**E, "WENGERT_LOG": "compile"})
    ok(r)
    assert "loss" in r.stderr, r.stderr


@wish
def C16():
    """profile() in a service, chrome trace."""
    with wengert.profile() as p:
        g(w, x)
    p.chrome_trace(tmp / "t.json")
    assert json.load(open(tmp / "t.json"))["traceEvents"]


@wish
def C17():
    """memory does not grow over 10000 calls with the same shape."""

    r = py(
        """
    import mod, numpy as np, resource
    w,x=np.ones((8,4)),np.ones((10,8))
    for i in range(2000): mod.g(w,x)
    a=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for i in range(20000): mod.g(w,x)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss-a)
    """,
        E,
    )
    assert int(ok(r)) < 2000


@wish
def C18():
    """memory bounded for many shapes (cache of programs evicts)."""
    r = py(
        """
    import mod, numpy as np, resource
    rss=lambda: int(open('/proc/self/statm').read().split()[1])*4
    out=[]
    for n in range(1,41):
        mod.g(np.ones((8,4)),np.ones((n,8)))
        if n in (20,40): out.append(rss())
    print((out[1]-out[0])/20)
    """,
        E,
    )
    assert float(ok(r)) < 500  # kB a shape


@wish
def C19():
    """Ctrl-C in a long native loop."""
    import signal

    p = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import numpy as np\nfrom wengert import jit, lax\nf=jit(lambda x: lax.fori_loop(0,10**11,lambda i,c: np.sin(c)+1,x))\nprint('go',flush=True)\nf(1.0)",
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    p.stdout.readline()
    time.sleep(6)
    p.send_signal(signal.SIGINT)
    _, e = p.communicate(timeout=60)
    assert "KeyboardInterrupt" in e


@wish
def C20():
    """limit threads by env/config."""
    assert hasattr(wengert.config, "threads") or any("thread" in k for k in dir(wengert.config))
    r = subprocess.run([sys.executable, "-m", "wengert", "config"], capture_output=True, text=True)
    assert "THREADS" in r.stdout.upper()


@wish
def C21():
    """wrong shape -> error class to catch, wengert.errors."""
    try:
        g(np.ones((7, 4)), x)
    except wengert.errors.ShapeError as e:
        assert "7" in str(e)
    else:
        raise AssertionError


@wish
def C22():
    """ahead-of-time: jit(f).lower(x).compile()."""
    c = jit(lambda w: np.sum(w**2)).lower(np.ones(3)).compile()
    assert c(np.ones(3)) == 3


@wish
def C23():
    """save parameters and load."""
    p = {"w": w}
    np.savez(tmp / "p.npz", **p)
    assert np.array_equal(np.load(tmp / "p.npz")["w"], w)
    wengert.states.save(tmp / "st", p, 1)
    assert np.array_equal(wengert.states.restore(tmp / "st", p)["w"], w)


@wish
def C24():
    """asyncio run_in_executor."""
    import asyncio

    async def main():
        return await asyncio.gather(*[asyncio.get_running_loop().run_in_executor(None, g, w, x) for _ in range(4)])

    assert len(asyncio.run(main())) == 4


@wish
def C25():
    """version: wengert.__version__, wengert --version."""
    r = subprocess.run([sys.executable, "-m", "wengert", "--version"], capture_output=True, text=True)
    assert wengert.__version__ in r.stdout, r.stdout + r.stderr
