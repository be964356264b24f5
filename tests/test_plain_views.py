"""Arrays that are written into while other objects hold views of them, and `out=` of methods: NumPy's results, in all modes."""

import asyncio
import collections
import functools
import subprocess
import sys
import textwrap

import numpy as np
import pytest

import wengert as w

X = np.array([0.6, 0.35, 0.8])


def kept_in_a_default(a):
    def total(v=a[:2]):
        return v.sum()

    return total


def kept_in_a_keyword(a):
    def total(*, v=a[:2]):
        return v.sum()

    return total


def kept_in_a_class(a):
    class Holder:
        view = a[:2]

    return lambda: Holder.view.sum()


def kept_in_an_array(a):
    views = np.empty(2, object)
    views[0], views[1] = a[:1], a[1:2]
    return lambda: views[0].sum() + views[1].sum()


def kept_in_a_coroutine(a):
    class Pause:
        def __await__(self):
            yield

    async def total():
        view = a[:2]
        await Pause()
        return view.sum()

    task = total()
    task.send(None)

    def rest():
        with pytest.raises(StopIteration) as end:
            task.send(None)
        return end.value.value

    return rest


def kept_by_a_generator(a):
    def total():
        view = a[:2]
        yield
        yield view.sum()

    steps = total()
    next(steps)
    return lambda: next(steps)


HOLDERS = {
    "default": kept_in_a_default,
    "keyword default": kept_in_a_keyword,
    "class": kept_in_a_class,
    "array of objects": kept_in_an_array,
    "coroutine": kept_in_a_coroutine,
    "generator": kept_by_a_generator,
    "partial": lambda a: functools.partial(np.sum, a[:2]),
    "deque": lambda a: (d := collections.deque([a[:2]])) and (lambda: d[0].sum()),
    "iterator": lambda a: (i := iter([a[:2]])) and (lambda: next(i).sum()),
    "map": lambda a: (m := map(np.sum, [a[:1], a[1:2]])) and (lambda: sum(m)),
    "windows": lambda a: functools.partial(np.sum, np.lib.stride_tricks.sliding_window_view(a, 2)[0]),
}


def held(holder, x):
    a = np.zeros(4)
    total = holder(a)
    a[0] = x[0] ** 2
    return total() * x[1]


def base_written(x):
    view = np.zeros(4)[:2]
    view.base[0] = x[0] ** 2  # the one reference to the array is its view's
    return view.sum() * x[1]


MODES = {
    "grad": lambda f: w.grad(f)(X),
    "jit": lambda f: w.jit(w.grad(f))(X),
    "vmap": lambda f: w.vmap(w.grad(f))(np.stack([X, X]))[1],
    "jacfwd": lambda f: w.jacfwd(f)(X),
    "hessian": lambda f: w.hessian(f)(X)[0, 1] * np.array([X[1], X[0] / 2, 0.0]),  # which is [2 x0, …] of x0² x1
}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", [*HOLDERS, "base"])
def test_views_that_are_held_elsewhere(name, mode):
    f = base_written if name == "base" else functools.partial(held, HOLDERS[name])
    assert f(X) == X[0] ** 2 * X[1]
    np.testing.assert_allclose(MODES[mode](f), [2 * X[0] * X[1], X[0] ** 2, 0.0], rtol=1e-12)


def test_an_iterator_of_windows_is_no_memory_of_others():
    """What `as_strided` makes shows the array, through an object that only says where it lies."""

    def f(x):
        a = np.zeros(4)
        shown = np.lib.stride_tricks.as_strided(a, (2, 2), (16, 8))
        shown[1, 0] = x[0] ** 2
        return a[2] * x[1]

    np.testing.assert_allclose(w.grad(f)(X), [2 * X[0] * X[1], X[0] ** 2, 0.0], rtol=1e-12)


OUT = {
    "sum": ((), "axis dtype out"), "prod": ((), "axis dtype out"), "mean": ((), "axis dtype out"), "max": ((), "axis out"),
    "min": ((), "axis out"), "std": ((), "axis dtype out"), "var": ((), "axis dtype out"), "cumsum": ((), "axis dtype out"),
    "cumprod": ((), "axis dtype out"), "clip": ((0.4, 0.7), "min max out"), "round": ((2,), "decimals out"),
    "take": (([0, 2],), "indices axis out"), "compress": (([True, False, True],), "condition axis out"),
    "dot": ((np.array([1.0, 2.0, 3.0]),), "b out"), "argmax": ((), "axis out"), "all": ((), "axis dtype out"),
    "any": ((), "axis dtype out"), "argmin": ((), "axis out"),
}  # fmt: skip


@pytest.mark.parametrize("by_name", [True, False])
@pytest.mark.parametrize("name", OUT)
def test_methods_write_into_out(name, by_name):
    """In a plain array or a traced one; the result is that array."""
    args, names = OUT[name]

    def f(x, plain=True):
        like = getattr(np.asarray(X), name)(*args)
        target = np.zeros(np.shape(like), like.dtype)
        target = target if plain else target * x[0]
        if by_name:
            result = getattr(x, name)(*args, out=target)
        else:
            places = names.split()
            result = getattr(x, name)(*args, *[None] * (len(places) - 1 - len(args)), target)
        return np.sum(target * x[1]) + np.sum(result)

    want = [(f(X + d) - f(X - d)) / 2e-6 for d in 1e-6 * np.eye(3)]
    np.testing.assert_allclose(w.jacfwd(f)(X), want, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(w.jit(w.grad(f))(X), want, rtol=1e-6, atol=1e-8)


def test_out_of_a_trace_and_of_plain_methods():
    def f(x):
        y = np.zeros(2) * x[0]
        np.array([1.0, 2.0]).clip(x[:2], 3.0, out=y)
        z = np.zeros(())
        np.outer(x, x).trace(out=z)
        return np.sum(y * x[:2]) + z

    np.testing.assert_allclose(w.grad(f)(X), [1 + 2 * X[0], 2 + 2 * X[1], 2 * X[2]], rtol=1e-12)


def test_the_end_of_the_interpreter():
    """Objects that die when modules are gone still use NumPy, through the trampolines."""
    code = """
        import builtins, encodings, math, os, sys
        import numpy as np
        import wengert as w

        class Late:
            def __init__(self):
                self.x, self.sqrt, self.array, self.write = np.zeros(3), math.sqrt, np.array, os.write

            def __del__(self):
                self.x[0] = 1.0
                self.x[1] += self.sqrt(4.0)
                self.array(self.x.fill(2.0) or [self.x[2]])
                self.write(1, b"late ")

        def f(x):
            y = np.zeros(3)
            y[0] = x
            return y.sum()

        assert w.grad(f)(2.0) == 1.0
        late = Late()
        builtins.late = Late()
        sys.late = Late()
        np.late = Late()
        encodings.late = Late()
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("late") >= 3


def test_tasks_that_wait_within_a_trace():
    """Tasks that take turns while each has a trace of its own under way."""

    async def total(x, steps):
        y = np.zeros(steps)
        for i in range(steps):
            y[i] = x[i % 3] ** 2
            await asyncio.sleep(0)
        return y

    def f(x):
        async def both():
            a, b = await asyncio.gather(total(x, 4), total(x * 2, 5))
            return a.sum() + b.sum()

        return asyncio.run(both())

    want = [(f(X + d) - f(X - d)) / 2e-6 for d in 1e-6 * np.eye(3)]
    np.testing.assert_allclose(w.grad(f)(X), want, rtol=1e-7)


def parts_set(x):
    y = np.zeros(3, complex) * x[0]
    y.real = x
    y.imag = x**2
    y.real = y.imag * 2
    return np.sum(np.abs(y) ** 2)


def flat_set(x):
    y = np.zeros((3, 1))
    y[0] = x[0]
    y.flat = x**2
    return np.sum(y[:, 0] * x)


def real_set(x):
    y = np.ones(3)
    y[0] = x[0]
    y.real = x * 2
    return np.sum(y * x)


@pytest.mark.parametrize("f", [parts_set, flat_set, real_set])
def test_attributes_that_are_set(f):
    want = [(f(X + d) - f(X - d)) / 2e-6 for d in 1e-6 * np.eye(3)]
    np.testing.assert_allclose(w.jacfwd(f)(X), want, rtol=1e-7)
    np.testing.assert_allclose(w.jit(w.grad(f))(X), want, rtol=1e-7)


@pytest.mark.parametrize(
    "f",
    [
        lambda x: (y := np.ma.zeros(3), y.__setitem__(0, x[0]), y.sum())[-1],
        lambda x: (y := np.zeros(3), v := y.view(np.recarray), y.__setitem__(0, x[0]), v.sum())[-1],
        lambda x: (y := np.zeros(3), y.__setitem__(0, x[0]), np.ndarray.copy(y).sum())[-1],
        lambda x: (y := np.zeros(3), y.__setitem__(0, x[0]), np.ndarray.reshape(y, (3, 1)).sum())[-1],
        lambda x: (y := np.zeros(3), y.__setitem__(0, x[0]), np.ndarray.take(y, [0]).sum())[-1],
    ],
)
def test_memory_that_others_would_read_is_refused(f):
    """No zero and no NaN for what subclasses and C code see of the memory."""
    with pytest.raises(w.errors.NotSupportedError, match="copy"):
        w.grad(f)(X)


def test_numbers_of_derived_types():
    """Classes derived from NumPy's numbers before the first trace are made as before."""
    code = """
        import numpy as np
        class Length(np.float64): pass
        class Width(Length): pass
        import wengert as w
        assert w.grad(lambda x: np.float64(x) ** 2)(3.0) == 6.0
        for kind in (Length, Width):
            assert type(np.float64.__new__(kind, 2.0)) is kind and kind(2.0) == 2.0
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
