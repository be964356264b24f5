"""Functions compiled ahead of time are called as they are; threads that meet a function at once compile it once."""

import pickle
import threading
import time
from pathlib import Path

import numpy as np
import pytest

import wengert as w
from wengert import config, lax
from wengert.transforms import underway


@w.jit
def model(p, x, *, scale=1.0):
    return {"y": scale * np.tanh(p["w"] @ x + p["b"]), "n": np.sum(x)}


P, X = {"w": np.arange(6.0).reshape(2, 3) / 6, "b": 0.5}, np.array([0.1, -0.2, 0.3])


@pytest.mark.parametrize("backend", ["native", "interpreter"])
def test_it_is_called_as_the_function_is(backend):
    f = w.jit(model._f, backend=backend)
    compiled = f.lower(P, X, scale=2.0).compile()
    got, want = compiled({"w": 2 * P["w"], "b": 1.0}, X, scale=3.0), model._f({"w": 2 * P["w"], "b": 1.0}, X, scale=3.0)
    np.testing.assert_allclose(got["y"], want["y"], rtol=1e-14)
    np.testing.assert_allclose(got["n"], want["n"])
    assert got["y"].base is None and repr(compiled).startswith("<model compiled for (float64[]*, float64[2,3]")


def test_shapes_without_data_and_static_arguments():
    f = w.jit(lambda x, n: x**n, static_argnums=1)
    compiled = f.lower(w.ShapeDtypeStruct((3,), "float64"), 3).compile()
    np.testing.assert_allclose(compiled(X), X**3)
    with config.override(debug_nans=True):
        np.testing.assert_allclose(compiled(X), X**3)
    with config.override(debug_nans=True), np.errstate(all="ignore"), pytest.raises(w.errors.NonFiniteError):
        w.jit(lambda x: np.log(x)).lower(X).compile()(-X)
    by_name = w.jit(lambda x, n: x**n, static_argnames="n").lower(X, n=3).compile()  # the second, of one by position
    with config.override(debug_nans=True):
        np.testing.assert_allclose(by_name(2 * X), 8 * X**3)


def test_it_never_compiles():
    compiled = model.lower(P, X).compile()
    with w.profile() as p:
        compiled(P, X)
        for arguments in ((P, X[:2]), (P, X.astype(np.float32)), (P["w"], X), (P,), (P, 1.0)):
            with pytest.raises(w.errors.ArgumentError, match="was compiled for .*call the function under jit"):
                compiled(*arguments)
        with pytest.raises(w.errors.ArgumentError, match="was compiled for"), config.override(enable_x64=False):
            compiled(P, X)
    assert p.compilations == []


@pytest.mark.parametrize("backend", ["native", "interpreter"])
def test_another_way_through_python_is_an_error(backend):
    compiled = w.jit(lambda x: x * 2 if x > 0 else -x, backend=backend).lower(3.0).compile()
    assert compiled(4.0) == 8
    with pytest.raises(w.errors.ArgumentError, match=r"another way through .*test_ahead.py:\d+"):
        compiled(-4.0)
    assert pickle.loads(pickle.dumps(model.lower(P, X).compile()))(P, X)["n"] == np.sum(X)


def test_under_transformations_it_is_its_program():
    compiled = w.jit(lambda x: np.sum(np.sin(x))).lower(X).compile()
    np.testing.assert_allclose(w.grad(compiled)(X), np.cos(X))
    np.testing.assert_allclose(w.vmap(compiled)(np.stack([X, 2 * X])), [np.sum(np.sin(X)), np.sum(np.sin(2 * X))])

    def around(y):
        with pytest.raises(w.errors.NotSupportedError, match="closes over traced values"):
            w.jit(lambda x: x * y).lower(1.0).compile()
        return y

    w.grad(around)(1.0)


def test_errors_of_the_function():
    compiled = w.jit(lambda x, i: x[i]).lower(X, 1).compile()
    with pytest.raises(IndexError):
        compiled(X, 7)

    def failing(x):
        raise ValueError("the user's")

    with pytest.raises(ValueError, match="the user's") as caught:
        w.jit(lambda x: w.pure_callback(failing, x, x)).lower(1.0).compile()(2.0)
    files = [Path(entry.path).name for entry in caught.traceback]
    assert files == ["test_ahead.py", "ahead.py", "test_ahead.py"]  # the library's frames are left out, as under jit
    with pytest.raises(OverflowError, match="write it as a float"):
        w.jit(lambda n: n + 1).lower(1).compile()(2**70)


def together(f, arguments):
    """The results of calls on threads that begin at once."""
    barrier, found = threading.Barrier(len(arguments)), {}

    def call(i):
        barrier.wait()
        found[i] = f(*arguments[i])

    threads = [threading.Thread(target=call, args=(i,)) for i in range(len(arguments))]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    return [found[i] for i in range(len(arguments))]


def compiled_in(block):
    made = []
    from wengert.compilations import LISTENERS

    LISTENERS.append(made.append)
    try:
        block()
    finally:
        LISTENERS.remove(made.append)
    return made


@pytest.mark.parametrize("donated", [None, 0])
def test_threads_that_meet_a_function_compile_it_once(donated):
    f = w.jit(lambda x: x.at[0].set(np.sin(x[1])) if hasattr(x, "at") else x, donate_argnums=donated)
    found = []
    made = compiled_in(lambda: found.extend(together(f, [(np.full(50, k),) for k in range(8)])))
    assert len(made) == 1 and [v[1] for v in found] == list(range(8)) and not underway._made


def test_threads_that_take_different_ways_compile_each_once():
    f = w.jit(lambda x: np.sin(x) if x > 0 else np.cos(x))
    found = []
    made = compiled_in(lambda: found.extend(together(f, [(float(k - 4),) for k in range(8)])))
    np.testing.assert_allclose(found, [np.sin(k - 4) if k > 4 else np.cos(k - 4) for k in range(8)])
    assert len(made) == 2


def test_one_that_fails_leaves_it_to_the_next():
    calls = []

    def f(x):
        calls.append(x)
        if len(calls) == 1:
            raise OSError("once")
        return x + 1

    g = w.jit(f)

    def call():
        try:
            return g(1.0)
        except OSError:
            return None

    assert (
        sorted(map(str, together(call, [()] * 3))) == ["2.0", "2.0", "None"] and len(calls) == 2 and not underway._made
    )


def test_static_arguments_are_not_compared_under_the_lock():
    """Two of one hash, whose comparison is the user's code and may wait for a thread that waits here."""
    held = []

    class Key:
        def __hash__(self):
            return 1

        def __eq__(self, other):
            held.append(underway._lock._is_owned())
            return self is other

    def f(x, k):
        time.sleep(0.1)  # so that the other begins meanwhile
        return x + 1

    assert together(w.jit(f, static_argnums=1), [(1.0, Key()), (1.0, Key())]) == [2.0, 2.0]
    assert held and not any(held)


def test_a_thread_that_compiles_waits_for_nobody():
    """Two functions that call each other's while they are traced, on two threads: each compiles what it needs."""
    both = threading.Barrier(2)

    def at(other):
        def f(x):
            both.wait(30)
            return x + other()(2.0)

        return w.jit(f)

    inner = w.jit(lambda x: x * 3)
    f, g = at(lambda: inner), at(lambda: inner)
    assert together(lambda h: h(1.0), [(f,), (g,)]) == [7.0, 7.0]


def test_others_run_while_the_first_call_does():
    """They wait for its code, not for its end."""
    barrier = threading.Barrier(2)

    def met(x):
        barrier.wait(30)
        return x

    f = w.jit(lambda x: w.pure_callback(met, x, x))
    assert together(f, [(1.0,), (2.0,)]) == [1.0, 2.0]


def test_loops_too():
    f = w.jit(lambda x: lax.fori_loop(0, 10, lambda i, c: c * 1.5, x))
    assert len(compiled_in(lambda: together(f, [(1.0,)] * 6))) == 1


def test_compilations_are_messages_of_a_logger(caplog):
    f = w.jit(lambda x: x - 0.25)
    f(1.0)
    with caplog.at_level("DEBUG", logger="wengert"):
        f(1.0)
        f(X)
    (record,) = caplog.records
    assert record.name == "wengert" and "x is float64[3]" in record.getMessage()


def test_a_profile_does_not_say_what_it_compiled_itself():
    f = w.jit(lambda x: x - 0.75)
    f(1.0)
    with w.profile() as p:
        f(1.0)
        f(X)
    assert [c.arguments for c in p.compilations] == ["float64[3]"]


def test_all_caches_are_forgotten():
    f = w.jit(lambda x: x - 0.5)
    f(1.0)
    w.clear_caches()
    assert len(compiled_in(lambda: f(1.0))) == 1 and compiled_in(lambda: f(1.0)) == []
