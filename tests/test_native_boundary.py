"""Where Python's objects meet native code: what is refused, who owns what, and what happens when memory runs out.

What would end the process runs in a process of its own, with freed and fresh memory filled, so that a read of either shows.
"""

import gc
import os
import subprocess
import sys
import sysconfig
import textwrap

import numpy as np
import pytest

import wengert as w
import wengert.numpy as wnp
from wengert import lax
from wengert.compile import allocation, layout
from wengert.errors import DtypeError

HEAD = """
import gc, sys, threading, time
import numpy as np, wengert as w, wengert.numpy as wnp
from wengert import lax
"""


def alone(code: str, timeout: float = 60) -> None:
    """Run a program in a process of its own, with freed memory filled."""
    environment = {**os.environ, "MALLOC_PERTURB_": "2"}
    if not sysconfig.get_config_var("Py_GIL_DISABLED"):  # such builds have one allocator
        environment["PYTHONMALLOC"] = "malloc"
    command = [sys.executable, "-X", "faulthandler", "-c", HEAD + textwrap.dedent(code)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, env=environment)
    assert done.returncode == 0, done.stderr[-2000:]


# --- dtypes -------------------------------------------------------------------------------------------------------

NO_NUMBERS = {
    "objects": np.array([1.5, {"a": 1}, "text"], object),
    "numbers as objects": np.array([1.5, 2.0, 3.0], object),
    "one object": np.array(None, object),
    "nothing": np.zeros(0, object),
    "bytes": np.array([b"a", b"bc", b"d"]),
    "text": np.array(["a", "bc", "d"]),
    "strings": np.array(["a", "bc", "d"], np.dtypes.StringDType()),
    "dates": np.array(["2020", "2021", "2022"], "M8[D]"),
    "spans": np.array([1, 2, 3], "m8[s]"),
    "a date": np.datetime64("2020"),
    "raw bytes": np.zeros(3, "V8"),
    "records": np.zeros(3, [("a", "f8"), ("b", "i4")]),
    "records of arrays": np.zeros(3, [("a", "f8", (2,))]),
    "records of objects": np.zeros(3, [("a", "f8"), ("b", object)]),
    "a record": np.zeros(3, [("a", "f8")])[0],
    "a record array": np.rec.array([(1.0, 2.0)] * 3, dtype=[("a", "f8"), ("b", "f8")]),
    "a record array of objects": np.rec.array([(1.0, "a")] * 3, dtype=[("a", "f8"), ("b", object)]),
}
same = lambda x: x
one = lambda x: 1.0
TRANSFORMATIONS = {
    "jit": lambda x: w.jit(same)(x),
    "jit, in a tree": lambda x: w.jit(same)({"a": [1.0, (x, None)]}),
    "jit, by name": lambda x: w.jit(lambda *, k: k)(k=x),
    "jit, unused": lambda x: w.jit(lambda x, y: y)(x, 1.0),
    "jit, closed over": lambda x: w.jit(lambda y: (x, y))(1.0),
    "jit, donated": lambda x: w.jit(same, donate_argnums=0)(x),
    "jit of a branch": lambda x: w.jit(lambda y: lax.cond(y > 0, lambda y: x, lambda y: x, y))(1.0),
    "grad": lambda x: w.grad(one)(x),
    "value_and_grad": lambda x: w.value_and_grad(one)(x),
    "grad, in a tree": lambda x: w.grad(one)([1.0, x]),
    "jvp": lambda x: w.jvp(same, (x,), (x,)),
    "jvp, tangent": lambda x: w.jvp(same, (1.0,), (x,)),
    "vjp": lambda x: w.vjp(same, x),
    "vjp, cotangent": lambda x: w.vjp(same, np.ones(3))[1](x),
    "vmap": lambda x: w.vmap(same)(x),
    "vmap, result": lambda x: w.vmap(lambda y: x)(np.ones(3)),
    "linearize": lambda x: w.linearize(same, x),
    "jacfwd": lambda x: w.jacfwd(same)(x),
    "jacrev": lambda x: w.jacrev(same)(x),
    "hessian": lambda x: w.hessian(one)(x),
    "hvp": lambda x: w.hvp(one, (x,), (x,)),
    "linear_transpose": lambda x: w.linear_transpose(same, x),
    "make_program": lambda x: w.make_program(same)(x),
    "eval_shape": lambda x: w.eval_shape(same, x),
    "eval_shape of a struct": lambda x: w.eval_shape(same, w.ShapeDtypeStruct(x.shape, x.dtype)),
    "closure_convert": lambda x: w.closure_convert(same, x),
    "checkpoint": lambda x: w.grad(lambda y: w.checkpoint(lambda y, x: y)(y, x))(1.0),
    "scan, carried": lambda x: lax.scan(lambda c, _: (c, c), x, None, length=2),
    "scan, slices": lambda x: lax.scan(lambda c, y: (c, y), 0.0, x),
    "scan, closed over": lambda x: lax.scan(lambda c, y: (c, x), 0.0, np.ones(2)),
    "while_loop": lambda x: lax.while_loop(lambda c: False, lambda c: c, x),
    "fori_loop": lambda x: lax.fori_loop(0, 2, lambda i, c: c, x),
    "cond": lambda x: lax.cond(True, same, same, x),
    "switch": lambda x: lax.switch(0, [same, same], x),
    "map": lambda x: lax.map(same, x),
    "associative_scan": lambda x: lax.associative_scan(lambda a, b: a, x),
    "debug.callback": lambda x: w.jit(lambda y: (w.debug.callback(same, x), y)[1])(1.0),
}
NOT_GIVEN = [
    name for name in TRANSFORMATIONS if any(part in name for part in ("closed", "tangent", "result", "branch"))
]
NOT_GIVEN += ["debug.callback"]


@pytest.mark.parametrize("name", TRANSFORMATIONS)
def test_what_is_no_number_is_refused_on_entry(name):
    for kind, x in NO_NUMBERS.items():
        if kind == "numbers as objects" and name in NOT_GIVEN:
            continue  # as NumPy makes one of a list of traced numbers
        for _ in range(2):
            with pytest.raises(DtypeError) as caught:
                TRANSFORMATIONS[name](x)
        message = str(caught.value)
        assert str(x.dtype) in message, (kind, message)
        assert any(word in message for word in ("write ", "pass ", "number the texts")), (kind, message)


def test_the_message_names_the_argument():
    x = np.array(["a", "b"])
    with pytest.raises(DtypeError, match=r"jit of f: argument 1 \(params\)\['w'\]\[0\]: .*<U1"):

        def f(y, params):
            return y

        w.jit(f)(1.0, {"w": [x]})
    with pytest.raises(DtypeError, match=r"jit of <lambda>: argument k: "):
        w.jit(lambda *, k: k)(k=x)
    with pytest.raises(DtypeError, match=r"scan of <lambda>: xs\['a'\]: "):
        lax.scan(lambda c, y: (c, y), 0.0, {"a": x})


def test_arrays_of_other_byte_order_and_small_floats_and_keys_are_numbers():
    import ml_dtypes

    f = w.jit(lambda x: x * 2)
    for x in (np.arange(3.0).astype(">f8"), np.arange(3, dtype=">i4"), np.ones(3, ml_dtypes.bfloat16)):
        for _ in range(3):
            assert (np.asarray(f(x), float) == 2 * np.asarray(x, float)).all()
        assert (np.asarray(w.vmap(lambda y: y * 2)(x), float) == 2 * np.asarray(x, float)).all()
    loop = lambda x: lax.fori_loop(0, 3, lambda i, c: c + 1, x)
    for g in (loop, w.jit(loop), w.jit(loop, donate_argnums=0)):
        assert (g(np.arange(3.0).astype(">f8")) == [3.0, 4.0, 5.0]).all()
    assert (w.grad(lambda x: wnp.sum(loop(x) ** 2))(np.ones(2, ">f8")) == 8.0).all()
    key = w.random.key(3)
    assert w.jit(same)(key) == key


LONG = {
    "product": lambda x: x * 2 + 1,
    "sum": lambda x: wnp.sum(x * x),
    "numbers": lambda x: (x[0], x[1] * x[2], wnp.sum(x), wnp.prod(x), wnp.ones(2, x.dtype)),
    "constants": lambda x: x + np.arange(6).astype(x.dtype) + np.longdouble(1) / 3,
    "matrix product": lambda x: x.reshape(2, 3) @ x.reshape(3, 2),
    "scan": lambda x: lax.scan(lambda c, y: (c / 2 + y, c), wnp.zeros((), x.dtype), x),
    "while": lambda x: lax.while_loop(lambda c: wnp.abs(c) < 10, lambda c: c * 2 + 1, x[0]),
    "cond": lambda x: lax.cond(wnp.abs(x[0]) > 0, lambda x: x * 2, lambda x: x, x),
    "gradient": lambda x: w.grad(lambda x: wnp.sum(wnp.abs(x) ** 2))(x),
    "elements": lambda x: (x[::2], x[np.array([0, 0, 1])], wnp.sort(x), wnp.cumsum(x)),
    "converted": lambda x: (wnp.abs(x).astype(float), x.astype(np.clongdouble)),
    "parts": lambda x: (wnp.conj(x) * 2, wnp.real(x), wnp.imag(x), wnp.vdot(x, x), wnp.abs(x), wnp.angle(x)),
    "transforms": lambda x: (wnp.fft.fft(x), wnp.fft.hfft(x), wnp.fft.irfft(x, 5), w.jvp(wnp.fft.ifft, (x,), (x,))[1]),
    "transforms of signals": lambda x: (wnp.fft.rfft(x.real.copy()), wnp.fft.ihfft(x.real.copy())),
}


@pytest.mark.parametrize("name", LONG)
@pytest.mark.parametrize("dtype", [np.longdouble, np.clongdouble])
def test_long_doubles_are_right(name, dtype):
    x = (np.arange(6) + (1j if dtype is np.clongdouble else 1)).astype(dtype) / 3
    f = LONG[name]
    compiled = w.jit(f)
    expected = w.tree_util.tree_leaves(f(x))
    for _ in range(3):
        for a, b in zip(w.tree_util.tree_leaves(compiled(x)), expected, strict=True):
            a, b = np.asarray(a), np.asarray(b)
            assert a.dtype == b.dtype and a.shape == b.shape
            scale = np.max(np.abs(b))
            assert (np.abs(a - b) <= 8 * np.finfo(a.dtype).eps * scale).all()


def test_long_doubles_have_what_each_operation_gives():
    """Operations whose formula stands for some dtypes only: those of other dtypes are no such formula."""
    from wengert.core import Primitive
    from wengert.lowering import Formula

    tried = 0
    for p in Primitive.registry.values():
        if not isinstance(p.native, Formula) or p.samples is None or p.native.kinds == "biufV":
            continue
        args, params = p.samples()[0]
        x = [np.asarray(a).astype(np.clongdouble) * np.clongdouble(1 + 0.5j) for a in args]
        try:
            expected = p.bind(*x, **params)
        except TypeError:
            continue
        found, tried = w.jit(lambda *a, p=p, params=params: p.bind(*a, **params))(*x), tried + 1
        assert found.dtype == expected.dtype, p.name
        np.testing.assert_allclose(found, expected, rtol=1e-18, err_msg=p.name)
    assert tried > 15


def test_many_long_results_beside_one_another():
    alone("""
        f = w.jit(lambda x: [wnp.sum(x) + k for k in range(40)])
        x = (np.arange(6.0) + 1j).astype(np.clongdouble)
        for _ in range(5):
            for k, v in enumerate(f(x)):
                assert v == 15 + 6j + k and v.dtype == np.clongdouble
        """)


# --- ownership ----------------------------------------------------------------------------------------------------


def test_containers_change_in_other_threads_during_calls():
    alone("""
        w.config.threads = 1
        n = 400_000
        f = w.jit(lambda p, q: wnp.sum(wnp.sin(p["a"]) * wnp.exp(-p["b"][1] * p["a"])) + q[0][0])
        make = lambda v: np.full(n, v)
        p, q = {"a": make(0.5), "b": [None, make(0.25)]}, [[make(1.0)]]
        f = w.jit(lambda p, q: wnp.sum(wnp.sin(p["a"]) * wnp.exp(-p["b"][1] * p["a"]) + q[0][0]))
        right, stop = f(p, q), []
        def trainer():
            while not stop:
                p["a"] = make(0.5)
                p["b"] = [None, make(0.25)]
                p["b"][1] = make(0.25)
                q[0] = [make(1.0)]
        thread = threading.Thread(target=trainer)
        thread.start()
        end, bad = time.time() + 2, 0
        while time.time() < end:
            bad += f(p, q) != right
        stop.append(1)
        thread.join()
        assert not bad, bad
        """)


def test_arrays_change_in_other_threads_during_calls():
    """Their shape, dtype, flags; and NumPy refuses to resize one that is in use, even with refcheck=False."""
    alone("""
        n = 400_000
        f = w.jit(lambda p: wnp.sum(wnp.sin(p[0]) * wnp.cos(p[0])))
        p = [np.full(n, 0.5)]
        right, stop, refused = f(p), [], []
        def change(a):
            while not stop:
                try:
                    a.resize(10, refcheck=False)
                    a.resize(n, refcheck=False)
                    a[:] = 0.5
                except ValueError:
                    refused.append(1)
                a.flags.writeable = False
                a.flags.writeable = True
                time.sleep(0.0003)
        f(p)
        thread = threading.Thread(target=change, args=(p[0],))
        thread.start()
        end = time.time() + 1
        while time.time() < end:
            f(p)
        stop.append(1)
        thread.join()
        assert refused
        """)


def test_keys_that_run_python_while_arguments_are_matched():
    alone("""
        class Key:
            def __init__(self): self.seen = 0
            def __hash__(self): return hash("b")
            def __eq__(self, other):
                d.clear()
                gc.collect()
                return False
        f = w.jit(lambda d: d["a"] * 2)
        f({"a": np.ones(1000)}), f({"a": np.ones(1000)})
        g = w.jit(lambda d: d["a"] * d["b"])
        for _ in range(2): g({"a": np.ones(1000), "b": np.ones(1000)})
        for _ in range(20):
            d = {Key(): 1.0, "a": np.ones(1000)}
            try: g(d)
            except Exception: pass
        assert (g({"a": np.ones(1000), "b": np.ones(1000)}) == 1).all()
        """)


def test_a_compiled_function_lives_as_long_as_anyone_who_has_it():
    alone("""
        f = w.jit(lambda x: {"y": x * 2.0, "z": [wnp.cumsum(x) + np.arange(3.0)]})
        x = np.ones(3)
        f(x), f(x)
        call = f._native[0][0]
        del f
        for _ in range(3): gc.collect()
        junk = [w.jit(lambda x, k=k: x * k)(x) for k in range(3)]
        for _ in range(100):
            out = call(((x,), {}))
            assert (out["y"] == 2).all() and out["z"][0][2] == 5
        repr(call), call.__name__, call.__doc__
        bound = call.__call__
        del call
        gc.collect()
        assert (bound(((x,), {}))["y"] == 2).all()
        """)


def test_a_function_that_is_dropped_while_another_thread_runs_it():
    alone("""
        x = np.full(300_000, 0.5)
        made = lambda k: w.jit(lambda x: wnp.sum(wnp.sin(x) * wnp.cos(x) * k))
        for k in range(6):
            f = made(float(k))
            right = f(x)
            results = []
            def run(f=f):
                for _ in range(20): results.append(f(x))
            threads = [threading.Thread(target=run) for _ in range(2)]
            del run
            for t in threads: t.start()
            f.clear_cache()
            del f
            gc.collect()
            for t in threads: t.join()
            assert len(results) == 40 and np.allclose(results, right)
        """)


def test_references_are_given_back():
    def f(p, k):
        return {"a": (p["x"] * k, p["y"][0].sum()), "b": [None, 3 * p["y"][1]]}

    g, p = w.jit(f), {"x": np.arange(3.0), "y": [np.ones((2, 2)), np.ones(2)]}
    g(p, 2.0)
    g(p, 2.0)
    objects = [p["x"], p["y"], *p["y"], p]
    before = [sys.getrefcount(x) for x in objects]
    for _ in range(50):
        g(p, 2.0)
        g({**p, "x": np.ones(3)}, 2.0)
        with pytest.raises(KeyError):
            g({"x": p["x"]}, 2.0)
    gc.collect()
    assert [sys.getrefcount(x) for x in objects] == before


# --- callbacks ----------------------------------------------------------------------------------------------------


def test_a_callback_keeps_what_it_is_given():
    kept = []

    @w.jit
    def step(x):
        y = wnp.cumsum(x) * 2
        w.debug.callback(lambda *a: kept.append(a), y, x, y[-1])
        return wnp.sum(y)

    for k in range(4):
        step(np.full(1000, float(k)))
    for k, (y, x, last) in enumerate(kept):
        assert y[-1] == last == 2000.0 * k and (x == k).all() and y.flags.owndata


def overwrite(*arrays):
    for a in arrays:
        if isinstance(a, np.ndarray):
            a[...] = -1


@pytest.mark.parametrize("wrap", [lambda f: f, w.jit, w.grad, lambda f: w.jit(w.grad(f)), w.checkpoint])
def test_a_callback_changes_nothing_of_anyone_else(wrap):
    def f(x):
        y = wnp.sin(x)
        w.debug.callback(overwrite, x, y)
        return wnp.sum(y * x)

    def quiet(x):
        return wnp.sum(wnp.sin(x) * x)

    x = np.arange(3.0)
    expected = wrap(quiet)(x)
    compiled = wrap(f)
    for _ in range(3):
        assert np.array_equal(compiled(x), expected)
        assert (x == np.arange(3.0)).all()


def test_each_example_of_a_batch_has_arrays_of_its_own():
    seen = []

    def note(a, b):
        seen.append((a.sum(), b.sum()))
        overwrite(a, b)

    x, y = np.arange(6.0).reshape(3, 2), np.ones(2)
    for f in (w.vmap, lambda f, **k: w.jit(w.vmap(f, **k))):
        seen.clear()
        f(lambda a, b: (w.debug.callback(note, a, b), a)[1], in_axes=(0, None))(x, y)
        assert seen == [(1.0, 2.0), (5.0, 2.0), (9.0, 2.0)]
    assert (x == np.arange(6.0).reshape(3, 2)).all() and (y == 1).all()


def test_the_frames_of_a_failed_callback_hold_no_views():
    def fail(a):
        raise OSError("no")

    @w.jit
    def f(x):
        y = wnp.cumsum(x) * 2
        w.debug.callback(fail, y)
        return y

    for _ in range(3):
        with pytest.raises(OSError, match="no") as caught:
            f(np.ones(5000))
        traceback = caught.value.__traceback__
        while traceback is not None:
            for value in traceback.tb_frame.f_locals.values():
                if isinstance(value, np.ndarray):
                    base = value
                    while isinstance(base, np.ndarray) and base.base is not None:
                        base = base.base
                    assert isinstance(base, np.ndarray), type(base)
            traceback = traceback.tb_next


# --- memory -------------------------------------------------------------------------------------------------------

PROGRAMS = {
    "a number": (lambda x: wnp.sum(x), (np.ones(3),)),
    "an array": (lambda x: x * 2, (np.ones(3),)),
    "trees": (
        lambda p, k: {"a": (p["x"] * k, p["x"][0]), "b": [None, {"c": wnp.sum(p["x"])}, []], "d": ()},
        ({"x": np.ones(3)}, 2.0),
    ),
    "a workspace": (lambda x: wnp.cumsum(wnp.sin(wnp.cumsum(x)))[::-1] * wnp.cumsum(x), (np.ones(5000),)),
    "a large result": (lambda x: (x + 1, x * 2), (np.ones(1_200_000),)),
    "LAPACK": (lambda a: wnp.linalg.solve(a, a[0]), (np.eye(40) * 2,)),
    "many results": (lambda x: [x[i] * i for i in range(60)] + [x * i for i in range(60)], (np.ones(60),)),
    "other threads": (lambda p: wnp.sum(wnp.sin(p["x"]) * p["x"]), ({"x": np.ones(300_000)},)),
    "a loop in reverse": (
        w.grad(lambda x: lax.while_loop(lambda c: c < 1e6, lambda c: c * x + wnp.sin(c), x)),
        (1.5,),
    ),
    "a loop of arrays in reverse": (
        w.grad(lambda x: wnp.sum(lax.while_loop(lambda c: wnp.sum(c) < 1e6, lambda c: c * x + wnp.sin(c[::-1]), x))),
        (np.full(40, 1.5),),
    ),
    "keys": (lambda k: w.random.split(k, 3), (w.random.key(1),)),
    "donated": (None, (np.ones(5000),)),
}


@pytest.mark.skipif(layout.found() is None, reason="what is counted are allocations of the native call")
@pytest.mark.parametrize("name", PROGRAMS)
def test_each_allocation_in_turn_fails(name):
    f, args = PROGRAMS[name]
    if f is None:
        g = w.jit(lambda x: (x + 1, wnp.sum(x)), donate_argnums=0)
        call = lambda: g(args[0].copy())
    else:
        g = w.jit(f)
        call = lambda: g(*args)
    expected = call()
    call()
    leaves = [x for x in w.tree_util.tree_leaves(args) if isinstance(x, np.ndarray)]
    before = [sys.getrefcount(x) for x in leaves]
    refused = 0
    try:
        for n in range(1, 2000):
            allocation.countdown[0] = n
            try:
                call()
            except MemoryError:
                assert allocation.countdown[0] == 0
                refused += 1
            else:
                break
        assert allocation.countdown[0] == n - refused  # every allocation was refused once, and then none
    finally:
        allocation.countdown[0] = 0
    least = {"trees": 8, "many results": 60, "a loop in reverse": 2, "a loop of arrays in reverse": 2, "donated": 0}
    assert refused >= least.get(name, 1)
    gc.collect()
    assert [sys.getrefcount(x) for x in leaves] == before
    for a, b in zip(w.tree_util.tree_leaves(call()), w.tree_util.tree_leaves(expected), strict=True):
        assert np.array_equal(a, b)


def test_a_failed_call_leaves_no_memory_behind():
    alone("""
        from wengert.compile import allocation
        f = w.jit(lambda x: {"a": [x * 2.0, x + 1.0], "b": (x[::-1] * 1.0, wnp.sum(x)), "c": wnp.cumsum(wnp.cumsum(x)) + x})
        x = np.ones(20_000)
        f(x), f(x)
        def resident(): return int(open("/proc/self/statm").read().split()[1]) * 4096
        def fail():
            n = 1
            while True:
                allocation.countdown[0] = n
                try: f(x)
                except MemoryError: n += 1
                else: break
            allocation.countdown[0] = 0
            return n
        assert fail() > 8
        for _ in range(20): fail()
        before = resident()
        for _ in range(100): fail()
        assert resident() - before < 4 << 20, resident() - before
        """)


@pytest.mark.skipif(sys.platform != "linux", reason="a limit of address space is one on Linux")
def test_out_of_memory_is_an_error_and_no_more():
    alone("""
        import resource
        a = np.random.default_rng(0).random(4_000_000)
        f = w.jit(lambda a: wnp.sum(wnp.cumsum(wnp.sin(wnp.cumsum(a))) * wnp.cumsum(a)[::-1]))
        right = f(a)
        g = w.jit(lambda a: [a + k for k in range(12)])
        current = int(open("/proc/self/statm").read().split()[0]) * 4096
        before = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (current + (20 << 20), before[1]))
        for h in (f, g, f, g):
            try: h(a)
            except MemoryError: continue
            assert h is f
        resource.setrlimit(resource.RLIMIT_AS, before)
        assert f(a) == right and (g(a)[11] == a + 11).all()
        """)


def test_many_arguments_in_a_thread_with_a_small_stack():
    alone("""
        f = w.jit(lambda *a: [x + 1.0 for x in a])
        xs = [float(i) for i in range(1000)]
        f(*xs)
        threading.stack_size(256 * 1024)
        out = []
        t = threading.Thread(target=lambda: out.append(f(*xs)))
        t.start(), t.join()
        assert out and out[0][999] == 1000.0
        """)


def test_a_callback_cannot_resize_an_argument():
    x = np.arange(30_000.0)
    refused = []

    def shrink(total):
        try:
            x.resize(1, refcheck=False)
        except ValueError:
            refused.append(total)
        return total

    f = w.jit(lambda x: wnp.sum(x * w.pure_callback(shrink, w.ShapeDtypeStruct((), np.float64), x[-1])))
    right = np.sum(np.arange(30_000.0)) * 29_999.0
    for call in (lambda: f(x), lambda: f(x), lambda: f(x=x), lambda: w.value_and_grad(lambda s: s * f(x))(1.0)[0]):
        np.testing.assert_allclose(call(), right)
        assert len(x) == 30_000
    assert len(refused) >= 4


@pytest.mark.parametrize("kind", ["f2", "f4", "f8", "i2", "i4", "i8", "u2", "u4", "u8", "c8", "c16"])
def test_arguments_in_the_other_byte_order(kind):
    """Values are the numbers and not the bytes, on every way in: arrays, numbers, closed over, carried."""
    x = np.arange(6).reshape(2, 3).astype(np.dtype(kind).newbyteorder("S"))
    plain = x.astype(kind)
    functions = {
        "sum": lambda x: (x + x).sum(),
        "moved": lambda x: (x.T, x[::-1] * x),
        "carried": lambda x: w.lax.scan(lambda c, y: (c + y, c), x[0], x),
        "closed over": lambda y: y * x,
        "condition": lambda x: w.lax.while_loop(lambda c: abs(c.sum()) < 100, lambda c: c + c, x),
    }
    for name, f in functions.items():
        got, want = w.tree.leaves(w.jit(f)(x)), w.tree.leaves(f(plain))
        for a, b in zip(got, want, strict=True):
            np.testing.assert_array_equal(a, b, err_msg=name)
    assert w.jit(lambda x: x + x)(x[1, 2]) == 10


@pytest.mark.parametrize("kind", ["f4", "f8", "c8", "c16"])
def test_factorisations_in_the_other_byte_order(kind):
    x = (np.arange(9).reshape(3, 3) ** 2 % 7 + 5 * np.eye(3)).astype(np.dtype(kind).newbyteorder("S"))
    for f in (
        lambda x: wnp.linalg.solve(x, x[0]),
        wnp.linalg.inv,
        wnp.linalg.det,
        lambda x: wnp.abs(wnp.linalg.qr(x)[1]),
        lambda x: wnp.linalg.svd(x)[1],
        lambda x: wnp.linalg.cholesky(x @ x.T),
    ):
        np.testing.assert_allclose(w.jit(f)(x), f(x.astype(kind)), rtol=2e-4)


@pytest.mark.parametrize("kind", ["f8", "f4", "i2", "u8", "c8", "f2"])
@pytest.mark.parametrize("values", [[1, 1, 1], [0, 0, 0], [1, 2, 3]])
def test_constants_in_the_other_byte_order(kind, values):
    """One number everywhere becomes a literal, and NumPy's numbers are native: the compiler converted it without end."""
    c, x = np.array(values, np.dtype(kind).newbyteorder("S")), np.arange(1.0, 4.0)
    for f in (
        lambda x: wnp.asarray(c) * x,
        lambda x: wnp.where(x > 1, c, x),
        lambda x: -wnp.asarray(c),
        lambda x: lax.fori_loop(0, 2, lambda i, y: y + wnp.sum(wnp.asarray(c)).real, x),
        lambda x: (x * 0 + 1).astype(c.dtype) * 1,
    ):
        got, expected = w.jit(f)(x), f(x)
        assert got.dtype.newbyteorder("=") == expected.dtype.newbyteorder("=")
        np.testing.assert_allclose(got, expected, rtol=1e-6)


STEPS = {
    "fori_loop": lambda call: lambda y: lax.fori_loop(0, 3, lambda i, c: c + call(y), y),
    "scan": lambda call: lambda y: lax.scan(lambda c, t: (c + call(y), t), y, np.ones(3))[0],
    "while_loop": lambda call: lambda y: lax.while_loop(lambda s: s[0] < 3, lambda s: (s[0] + 1, s[1] + call(y)), (0, y))[1],
    "map": lambda call: lambda y: lax.map(lambda r: r + call(y), np.ones(3)).sum(0) + y - 3,
    "checkpoint": lambda call: lambda y: w.checkpoint(lambda z: z + call(y) * 3)(y),
    "nested": lambda call: lambda y: lax.fori_loop(0, 3, lambda i, c: lax.cond(i >= 0, lambda: c + call(y), lambda: c), y),
}  # fmt: skip


@pytest.mark.parametrize("way", ["vmap", "jit of vmap", "vmap of jit", "vmap of vmap"])
@pytest.mark.parametrize("name", STEPS)
def test_callbacks_in_bodies_of_what_was_there_before(name, way):
    """A callback of a batch around the loop belongs into the loop's body, and its result to the batch."""
    called = []
    call = lambda y: w.pure_callback(lambda v: called.append(1) or v * 2, w.ShapeDtypeStruct(y.shape, y.dtype), y)
    f, x = STEPS[name](call), np.arange(8.0).reshape(4, 2)
    ways = {"vmap": w.vmap, "jit of vmap": lambda f: w.jit(w.vmap(f)), "vmap of jit": lambda f: w.vmap(w.jit(f))}
    ways["vmap of vmap"] = lambda f: lambda x: w.vmap(w.vmap(f))(x[None])[0]
    np.testing.assert_array_equal(ways[way](f)(x), x * 7)
    assert len(called) == (4 if name == "checkpoint" else 12)
