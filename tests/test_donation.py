"""jit(donate_argnums=...): results that change some elements of a donated array are that array."""

import pickle
import sys

import numpy as np
import pytest
from compare_programs import numbered

import wengert as w
import wengert.lax as lax
import wengert.numpy as wnp
from wengert.compile import layout
from wengert.errors import ArgumentError


def put(x, i, v):
    return wnp.at(x)[i].set(v)


def test_an_update_is_made_in_the_donated_array():
    f = w.jit(put, donate_argnums=0)
    x = np.arange(100.0)
    for k in range(3):  # the first call compiles
        want = put(x, k, -1.0)
        out = f(x, k, -1.0)
        assert out is x
        np.testing.assert_array_equal(x, want)


def test_without_donation_arguments_are_left():
    x = np.arange(10.0)
    out = w.jit(put)(x, 2, 5.0)
    assert out is not x and x[2] == 2.0 and out[2] == 5.0


UPDATES = {
    "set": lambda x, v: wnp.at(x)[3:6].set(v),
    "add": lambda x, v: wnp.at(x)[np.array([1, 1, 4])].add(v),
    "slice": lambda x, v: lax.dynamic_update_slice(x, wnp.stack([v, v]), (2,)),
    "two": lambda x, v: wnp.at(wnp.at(x)[1].set(v))[2].multiply(v),
    "a loop": lambda x, v: lax.fori_loop(0, 5, lambda i, x: wnp.at(x)[i].add(v * x[i + 1]), x),
    "read before": lambda x, v: wnp.at(x)[wnp.argmax(x)].set(v + wnp.sum(x)),
}


def written(x, v):
    x[1:3] = v
    return x


@pytest.mark.parametrize("name", UPDATES)
def test_updates(name):
    f = UPDATES[name]
    x = np.random.default_rng(0).normal(size=5000)
    want = w.jit(f)(x.copy(), 1.5)
    given = w.numpy.array(x)
    out = w.jit(f, donate_argnums=0)(given, 1.5)
    np.testing.assert_array_equal(out, want)
    assert out is given


NOT_IN_PLACE = {
    "written": lambda x, v: written(x, v),
    "shifted": lambda x, v: x[::-1] * v + x,
    "neighbours": lambda x, v: wnp.roll(x, 1) - v * x,
    "read after, elementwise": lambda x, v: (x * v, wnp.sort(x)),
    "itself a result": lambda x, v: (x * v, x),
    "its own index": lambda x, v: x * v + x[wnp.astype(wnp.abs(x), int) % 300],
    "also a result": lambda x, v: (put(x, 0, v), x),
    "read after": lambda x, v: (put(x, 0, v), wnp.sort(x)),
    "another shape": lambda x, v: wnp.sum(x) * v,
}


@pytest.mark.parametrize("name", NOT_IN_PLACE)
def test_results_are_right_where_the_memory_cannot_be_used(name):
    f = NOT_IN_PLACE[name]
    x = np.random.default_rng(0).normal(size=300)
    want, given = f(x.copy(), 1.5), x.copy()
    got = w.jit(f, donate_argnums=(0,))(given, 1.5)
    for a, b in zip(w.tree.leaves(got), w.tree.leaves(want), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-14)


ELEMENTWISE = {
    "scaled": lambda x, y, v: x * v,
    "of two": lambda x, y, v: x * y + v * wnp.sin(x),
    "with a sum": lambda x, y, v: (x * v, wnp.sum((x * v) ** 2 * y)),
    "from a sum": lambda x, y, v: x / wnp.sum(x * x) + y,
    "another result": lambda x, y, v: (x * v, x - y, x > 0),
    "truth values": lambda x, y, v: wnp.where(x > y, x, v),
    "broadcast": lambda x, y, v: x + wnp.sum(x) * wnp.arange(x.size),
}


@pytest.mark.parametrize("size", [2, 7, 1000, 4099, 300_007])
@pytest.mark.parametrize("name", ELEMENTWISE)
def test_elementwise_results_take_the_memory_of_the_donated_array(name, size):
    """Of lengths that are no multiples of vectors, too, in threads, and again and again."""
    f, rng = ELEMENTWISE[name], np.random.default_rng(1)
    x, y = rng.normal(size=size), rng.normal(size=size)
    plain, donating = w.jit(f), w.jit(f, donate_argnums=0)
    for _ in range(3):
        want, given = plain(x, y, 1.5), x.copy()
        got = donating(given, y, 1.5)
        first = got[0] if isinstance(got, tuple) else got
        assert first is given
        for a, b in zip(w.tree.leaves(got), w.tree.leaves(want), strict=True):
            np.testing.assert_array_equal(a, b)
        x = np.asarray(first).copy()


def test_a_step_of_an_optimiser():
    def adam(state, g):
        p, m, v = state
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
        return p - 0.01 * m / (wnp.sqrt(v) + 1e-8), m, v

    rng = np.random.default_rng(2)
    state, g = [rng.normal(size=(37, 41)) ** 2 for _ in range(3)], rng.normal(size=(37, 41))
    want = w.jit(adam)(state, g)
    got = w.jit(adam, donate_argnums=0)(state, g)
    for a, b, given in zip(got, want, state, strict=True):
        np.testing.assert_array_equal(a, b)
        assert a is given


@pytest.mark.parametrize("dtype", [np.float32, np.int32, np.int8, np.uint64, bool])
def test_elementwise_dtypes(dtype):
    f = (lambda x, y: x ^ y) if dtype is bool else (lambda x, y: x + y * x)
    rng = np.random.default_rng(3)
    x, y = (rng.integers(0, 5, (53, 7)).astype(dtype) for _ in range(2))
    want, given = w.jit(f)(x, y), x.copy()
    assert w.jit(f, donate_argnums=0)(given, y) is given
    np.testing.assert_array_equal(given, want)


def test_another_shape_of_the_donated_array():
    x = np.arange(6.0).reshape(2, 3)
    out = w.jit(lambda x: wnp.reshape(wnp.at(x)[0].set(5.0), -1), donate_argnums=0)(x)
    np.testing.assert_array_equal(out, [5.0, 5.0, 5.0, 3.0, 4.0, 5.0])


def test_arrays_that_must_not_be_written_to_are_copied():
    f = w.jit(put, donate_argnums=0)
    fixed = np.arange(6.0)
    fixed.flags.writeable = False
    np.testing.assert_array_equal(f(fixed, 1, 9.0), [0, 9, 2, 3, 4, 5])
    np.testing.assert_array_equal(fixed, np.arange(6.0))
    x = np.arange(6.0)
    both = w.jit(lambda x, y: (put(x, 0, 7.0), y + 1), donate_argnums=0)
    np.testing.assert_array_equal(both(x, x[:3])[1], [1, 2, 3])
    np.testing.assert_array_equal(x, np.arange(6.0))
    strided = np.arange(12.0)[::2]
    np.testing.assert_array_equal(f(strided, 1, 9.0), [0, 9, 4, 6, 8, 10])
    assert strided[1] == 2.0


def test_pytrees_names_and_keywords():
    state = {"a": np.zeros(50), "b": np.ones(50)}
    f = w.jit(lambda state, v: {k: put(x, 3, v) for k, x in state.items()}, donate_argnames="state")
    out = f(state, 2.0)
    assert out["a"] is state["a"] and out["b"] is state["b"] and state["a"][3] == 2.0
    again = f(v=3.0, state=state)
    assert again["a"] is state["a"] and state["a"][3] == 3.0


def test_several_results_of_one_array_are_not_mixed_up():
    f = w.jit(lambda x: (put(x, 0, 1.0), put(x, 0, 2.0)), donate_argnums=0)
    a, b = f(np.zeros(40))
    assert a is not b and a[0] == 1.0 and b[0] == 2.0


def test_transformations_and_guards():
    f = w.jit(put, donate_argnums=0)
    x = np.arange(5.0)
    np.testing.assert_array_equal(w.grad(lambda x: wnp.sum(f(x, 1, 0.0) ** 2))(x), [0, 0, 4, 6, 8])
    np.testing.assert_array_equal(w.vmap(f, in_axes=(0, None, None))(np.ones((2, 3)), 0, 4.0)[:, 0], [4.0, 4.0])
    np.testing.assert_array_equal(x, np.arange(5.0))
    g = w.jit(lambda x, v: put(x, 0, v) if v > 0 else put(x, 1, v), donate_argnums=0)
    for v in (1.0, -1.0, 2.0):
        np.testing.assert_array_equal(g(np.zeros(3), v), [max(v, 0.0), min(v, 0.0), 0.0])


def test_an_index_out_of_range_is_an_error():
    f = w.jit(put, donate_argnums=0)
    with pytest.raises(IndexError):
        f(np.zeros(3), 7, 1.0)
    np.testing.assert_array_equal(f(np.zeros(3), 2, 1.0), [0, 0, 1])


def test_pickles_decorators_and_bad_arguments():
    f = pickle.loads(pickle.dumps(w.jit(put, donate_argnums=0)))
    x = np.zeros(4)
    assert f(x, 0, 1.0) is x

    @w.jit(donate_argnums=(0,))
    def g(x):
        return put(x, 0, 1.0)

    assert g(x) is x
    with pytest.raises(ArgumentError, match="static or donated"):
        w.jit(put, static_argnums=0, donate_argnums=0)
    with pytest.raises(ArgumentError, match="donate_argnums"):
        w.jit(put, donate_argnums=0.5)
    with pytest.raises(ArgumentError, match="donate_argnums has 3, but it takes 3"):
        w.jit(put, donate_argnums=3)
    with pytest.raises(ArgumentError, match="donate_argnames has 'y'"):
        w.jit(put, donate_argnames="y")


def test_negative_numbers():
    f = w.jit(lambda v, x: put(x, 0, v), donate_argnums=-1)
    x = np.zeros(5)
    assert f(2.0, x) is x and x[0] == 2.0


def test_random_programs():
    """All arguments donated; the results have the same bits."""
    in_place = 0
    with w.config.override(disk_cache=False), np.errstate(all="ignore"):
        for seed in range(9_000, 9_150):
            program, _ = numbered(seed)
            want = w.jit(lambda *xs, f=program: f(*xs))(*program.inputs)
            given = [x.copy() if isinstance(x, np.ndarray) else x for x in program.inputs]
            got = w.jit(lambda *xs, f=program: f(*xs), donate_argnums=tuple(range(len(given))))(*given)
            in_place += any(y is x for x in given for y in got if isinstance(x, np.ndarray))
            for a, b in zip(got, want, strict=True):
                np.testing.assert_array_equal(a, b)
    assert in_place > 10


@pytest.mark.skipif(layout.found() is None, reason="calls are made from Python here")
def test_native_calls_with_donated_arguments():
    """They count references, and leave arrays alone that are not theirs to write to."""
    f = w.jit(lambda state, v: {"x": state["x"] * 2 + v, "n": state["n"] + 1}, donate_argnums=0)
    x, v = np.arange(5.0), np.ones(5)
    state = {"x": x, "n": 0}
    before = sys.getrefcount(x), sys.getrefcount(v)
    for _ in range(2_000):
        np.multiply(x, 0, out=x)
        state = f(state, v)
        assert state["x"] is x
    assert state["n"] == 2_000 and len(f._native) == 2  # of a Python number, then of one of NumPy's
    assert sys.getrefcount(x) == before[0] and sys.getrefcount(v) == before[1]
    np.testing.assert_array_equal(x, v)
    fixed = np.arange(5.0)
    fixed.flags.writeable = False
    both = np.arange(10.0)
    for given, other in ((fixed, v), (both[2:7], both[4:9]), (both[:5], both[:5])):
        want = given * 2 + other
        out = f({"x": given, "n": np.int64(0)}, other)
        assert out["x"] is not given
        np.testing.assert_array_equal(out["x"], want)
    np.testing.assert_array_equal(both, np.arange(10.0))
    apart = f({"x": both[:5], "n": np.int64(0)}, both[5:])  # neighbours share nothing
    np.testing.assert_array_equal(both[:5], apart["x"])
    plain = w.jit(f._f)
    x = np.arange(5.0)
    for _ in range(3):
        assert plain({"x": x, "n": 0}, v)["x"] is not x  # compiled for both, each in its own way
    np.testing.assert_array_equal(x, np.arange(5.0))


def test_a_native_call_that_fails():
    f = w.jit(lambda x, i: (x * 2.0, wnp.ones(3)[i]), donate_argnums=0)
    for _ in range(3):
        f(np.ones(4), 1)
        with pytest.raises(IndexError):
            f(np.ones(4), 7)
