"""NumPy's and Python's own C functions on traced values (`wengert.plain`), and that nothing changes for anybody else."""

import cmath
import math
import subprocess
import sys
import textwrap
import threading
import time
import timeit
from math import log1p, tanh

import numpy as np
import pytest
from numpy import array, asarray

import wengert as w
from wengert.ops import written
from wengert.ops.written import STATES

X = np.array([0.7, 1.3, 0.4])


def by_indices(x, rng):
    """A program of random views and writes, as NumPy runs it; the same choices each time."""
    a = np.zeros((3, 4)) if rng.random() < 0.5 else np.zeros((4, 3)).T
    shown = [a]
    for _ in range(6):
        base = shown[rng.integers(len(shown))]
        made = [
            lambda b: b[::-1], lambda b: b.T, lambda b: b[1:], lambda b: b[..., 0:2], lambda b: b[..., None],
            lambda b: b.reshape(b.shape, copy=None), lambda b: b[..., ::2], lambda b: b[0], lambda b: b.swapaxes(0, -1),
        ][rng.integers(9)](base)  # fmt: skip
        if getattr(made, "shape", ()):
            shown.append(made)
        target = shown[rng.integers(len(shown))]
        v = x[rng.integers(3)] * (1 + rng.integers(3))
        if target.ndim == 0 or rng.random() < 0.3:
            target[...] = v
        elif rng.random() < 0.5:
            target[rng.integers(target.shape[0])] = v
        else:
            target += v
    return sum(np.sum(s * (k + 1)) for k, s in enumerate(shown)) + np.sum(a**2)


@pytest.mark.parametrize("seed", range(60))
def test_views_of_one_memory(seed):
    f = lambda x: by_indices(x, np.random.default_rng(seed))  # noqa: E731
    value, slope = w.value_and_grad(f)(X)
    np.testing.assert_allclose(value, f(X), rtol=1e-13)
    numeric = [(f(X + d) - f(X - d)) / 2e-5 for d in 1e-5 * np.eye(3)]
    np.testing.assert_allclose(slope, numeric, rtol=1e-7, atol=1e-8)


def test_a_view_that_is_hidden_is_no_wrong_number():
    """The views are looked for; one that cannot be found shows NaN and not the value of before."""

    class Hidden:
        def __init__(self, x):
            self.view = lambda kept=[[[iter([[[[[x[:1]]]]]])]]]: kept  # noqa: B006 - deeper than anybody looks

    def f(x):
        a = np.zeros(3)
        h = Hidden(a)
        a[0] = x[0]
        return next(h.view()[0][0][0])[0][0][0][0][0] + x[1]

    value, slope = w.value_and_grad(f)(X)
    assert np.isnan(value) or (value == X[0] + X[1] and slope[0] == 1)


FUNCTIONS = {
    "asarray": lambda x: np.sum(asarray(x, dtype=float) ** 2),
    "array of a list": lambda x: np.sum(np.sin(np.array([1.0, x[0]]))),
    "array with dtype": lambda x: np.prod(array([x[0], 2, x[1]], dtype=np.float64)),
    "array with ndmin": lambda x: array(x, ndmin=2).shape[0] * np.sum(array(x, ndmin=2)),
    "array of nested lists": lambda x: np.linalg.det(np.array([[x[0], 1], [2.0, x[1]]])),
    "array of rows": lambda x: np.linalg.norm(np.array([x, x**2, [1, 2, 3]])),
    "array of an array": lambda x: [y := np.array(x), y.__setitem__(0, 5.0), np.sum(x * y)][-1],
    "ascontiguousarray": lambda x: np.sum(np.ascontiguousarray(x.T) ** 2),
    "r_": lambda x: np.sum(np.r_[x, 1.0, x[0]] ** 2),
    "c_": lambda x: np.sum(np.c_[x, x**2] ** 2),
    "full": lambda x: np.sum(np.full((2, 2), x[0]) * np.full(2, x[1] ** 2)),
    "atleast": lambda x: np.sum(np.atleast_2d(x) ** 2),
    "float64": lambda x: np.float64(x[0]) * np.float64(2.0) * x[1],
    "item": lambda x: x[0].item() ** 2 + (x * x).item(1),
    "tolist": lambda x: sum(v**3 for v in x.tolist()),
    "objects": lambda x: np.sum(np.array([x[0], x[1] ** 2], dtype=object)),
    "object arrays filled": lambda x: [o := np.empty(2, object), o.__setitem__(0, x[0]), o.__setitem__(1, 2.0), o[0] * o[1]][-1],
    "assert_allclose": lambda x: [np.testing.assert_allclose(x, x + 1e-12), np.sum(x**2)][-1],
    "math": lambda x: math.sin(x[0]) * tanh(x[1]) + log1p(x[2]) + math.log(x[0], 3) + math.fsum([x[0], x[1] ** 2]),
    "math of several": lambda x: math.hypot(x[0], x[1], 2.0) + math.dist([x[0], 1.0], [0.0, x[1]]) + math.prod([x[0], x[1]]),
    "math special": lambda x: math.gamma(x[0] + 2) + math.lgamma(x[1]) + math.erf(x[2]) + math.erfc(x[0]),
    "math of parts": lambda x: math.fmod(x[0] * 5, 2.0) + math.remainder(x[1] * 3, 2.0) + math.modf(x[2] * 4)[0],
    "math rounding": lambda x: x[0] * math.floor(x[1] + 3) + x[1] * math.ceil(x[0]) + x[2] * math.trunc(3.7),
    "math indices": lambda x: np.arange(10.0)[math.floor(x[1] * 3)] * x[0],
    "cmath": lambda x: cmath.exp(1j * x[0]).real + abs(cmath.sqrt(x[1] - 3.0)) + cmath.phase(x[0] + 1j * x[1]),
    "methods": lambda x: np.arange(4.0).dot(np.array([*x, 1.0])) + np.ones(3).dot(x),
    "linspace": lambda x: np.sum(np.linspace(0.0, x[0], 5) ** 2),
    "min and max": lambda x: min(x[0], x[1]) * max(x[2], 0.5),
    "lists into slices": lambda x: [a := np.ones(4), a.__setitem__(slice(0, 2), [x[0], x[1] ** 2]), np.prod(a)][-1],
}  # fmt: skip


@pytest.mark.parametrize("name", FUNCTIONS)
def test_numbers_that_are_asked_for(name):
    f = FUNCTIONS[name]
    numeric = np.array([float(f(X + d) - f(X - d)) / 2e-6 for d in 1e-6 * np.eye(3)])
    value, slope = w.value_and_grad(f)(X)
    np.testing.assert_allclose(float(value), float(f(X)), rtol=1e-12)
    np.testing.assert_allclose(slope, numeric, rtol=1e-7, atol=1e-8)
    np.testing.assert_allclose(w.jacfwd(f)(X), numeric, rtol=1e-7, atol=1e-8)
    if name == "assert_allclose":
        with pytest.raises(w.errors.ConcretizationError, match="needs values.*outside"):
            w.jit(f)(X)
        return
    np.testing.assert_allclose(w.jit(f)(X), float(f(X)), rtol=1e-12)
    np.testing.assert_allclose(w.jit(w.grad(f))(X), slope, rtol=1e-10)
    if name != "min and max":  # which asks for one truth
        np.testing.assert_allclose(w.vmap(w.grad(f))(np.stack([X, X]))[1], slope, rtol=1e-10)


def test_what_python_keeps_for_itself():
    with pytest.raises(
        w.errors.ConcretizationError, match=r"derivative would be lost.*np.sin[^!]*float\(x\[0\]\) \* 2"
    ):
        w.grad(lambda x: float(x[0]) * 2)(X)
    with pytest.raises(ValueError, match="math domain error|expected a nonnegative input"):  # Python 3.14's words
        w.grad(lambda x: math.sqrt(x[0] - 5))(X)
    with pytest.raises(TypeError):
        w.grad(lambda x: math.sin(x))(X)
    with pytest.raises(TypeError, match="bytes-like") as caught:
        w.grad(lambda x: memoryview(x)[0])(X)
    assert "wengert.pure_callback" in caught.value.__notes__[-1]


def test_the_function_runs_once():
    runs, before = [], set(STATES)

    def f(x):
        runs.append(1)
        out = np.zeros(3)
        out[1:] = x[1:] ** 2
        return out.sum()

    for transform in (w.grad(f), w.jit(f), w.vmap(f, in_axes=None, axis_size=2)):
        runs.clear()
        transform(X)
        assert len(runs) == 1
    assert set(STATES) <= before


def test_a_thread_that_never_traces():
    """What it makes, writes and reads while another one traces is NumPy's, of NumPy's types."""
    begun, done, seen = threading.Event(), threading.Event(), []

    def look():
        begun.wait(10)
        a = np.zeros(3)
        a[0], a[1:] = 1.5, [2.0, 3.0]
        b = np.array([a[0], 2.0])
        b += 1
        o = np.array([None, "text"])
        o[0] = 3
        seen.extend(
            [type(a), type(b), type(a[0]), type(math.sin(a[0])), type(np.float64(1)), a.tolist(), b.tolist(), o[0]]
        )
        with pytest.raises(IndexError, match="out of bounds"):
            a[7]
        with pytest.raises(ValueError, match="could not convert string"):
            a[0] = "x"
        with pytest.raises(TypeError):
            math.sin("x")
        done.set()

    def f(x):
        out = np.zeros(3)
        out[0] = x[0]
        begun.set()
        assert done.wait(10)
        out[1] = x[1]
        return out.sum()

    thread = threading.Thread(target=look)
    thread.start()
    np.testing.assert_array_equal(w.grad(f)(X), [1, 1, 0])
    thread.join()
    assert seen == [np.ndarray, np.ndarray, np.float64, float, np.float64, [1.5, 2.0, 3.0], [2.5, 3.0], 3]


def run(code):
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=True
    ).stdout


PROGRAM = """
    import math, numpy as np, wengert as w
    def f(x):
        out = np.zeros(2)
        out[0] = math.sin(x[0]); out[1] = np.array([x[1], 2.0]).prod()
        return out.sum()
    x = np.array([0.5, 2.0])
"""


def test_elsewhere_the_code_is_compiled():
    out = run("\n    import platform; platform.machine = lambda: 'another'" + PROGRAM + "    print(*w.grad(f)(x))")
    np.testing.assert_allclose([float(v) for v in out.split()], [math.cos(0.5), 2.0])


def test_where_the_trial_fails_all_is_as_it_was():
    out = run(
        PROGRAM
        + """
    from wengert.plain import hooks
    hooks._works = lambda: False
    places = [(p, h.original) for h in hooks._hooks() for p in h.places]
    try:
        w.grad(f)(x)
    except w.errors.ConcretizationError as error:
        print("np.sin(x) for math.sin(x)" in str(error))
    print(all(hooks._pointer.from_address(p).value == o for p, o in places))
    print(w.grad(lambda x: (x * x).sum())(x))
    """
    )
    assert out.split("\n")[:3] == ["True", "True", "[1. 4.]"]


def test_what_it_costs_others():
    """Less than 100 ns for a call: measured against slots that were not touched, those of a subclass."""

    class Old(np.ndarray):
        pass

    w.grad(lambda x: x * x)(1.0)
    assert written.ENABLED
    a, values = np.arange(10.0), [1.0, 2.0, 3.0]
    least = lambda f: min(timeit.repeat(f, timer=time.process_time, number=5000, repeat=9)) / 5000  # noqa: E731
    assert least(lambda: a[3]) < 1e-6 and least(lambda: a.__setitem__(3, 1.0)) < 1e-6
    assert least(lambda: np.array(values)) < 3e-6 and least(lambda: math.sin(0.5)) < 1e-6
    assert (
        least(lambda: np.shape(a)) < 3e-6
        and least(lambda: np.exp(values)) < 1e-5
        and least(lambda: np.sum(values)) < 3e-5
    )


def test_the_code_that_is_kept_is_that_of_the_text():
    """``python -m wengert.plain.assemble`` writes it anew; another LLVM may choose other instructions."""
    import base64

    import llvmlite.binding as llvm

    from wengert.plain import assemble, machine_code, trampolines

    assert machine_code.CODE.keys() == trampolines.MAIN.keys()
    if llvm.llvm_version_info[0] == 22:
        for kind, (entry, places, text) in machine_code.CODE.items():
            assert assemble.kept(kind) == (entry, places, base64.b85decode("".join(text))), kind


def test_buffers_of_other_libraries_stay_plain():
    """Compiled code reads them: SciPy's solver must not go on with what it finds there."""
    from scipy.optimize import minimize

    def share(price):
        rule = {"type": "eq", "fun": lambda x: price @ x - 1.0}
        return minimize(
            lambda x: -np.sum(np.log(x)), np.full(2, 0.3), constraints=rule, bounds=[(0.01, None)] * 2, tol=1e-12
        ).x

    np.testing.assert_allclose(w.jacrev(share)(np.array([1.0, 2.0])), [[-0.5, 0.0], [0.0, -0.125]], atol=1e-6)


LISTS = {
    "sum of arrays": lambda x: np.sum([x[:2], x[1:]], axis=0),
    "mean of a tuple": lambda x: np.mean((x, 2.0 * x), axis=1),
    "exp of numbers": lambda x: np.exp((x[0], 2.0, x[1])),
    "maximum of lists": lambda x: np.maximum([x[0], 0.4, x[2]], [0.5, x[1], 0.0]),
    "maximum.reduce": lambda x: np.maximum.reduce([x, x[::-1], 0.4 * x]),
    "where=": lambda x: np.add([x[0], x[1]], 1.0, where=[True, False], out=np.zeros(2)),
    "det": lambda x: np.linalg.det([[x[0], 2.0], [1.0, x[1]]]),
    "solve": lambda x: np.linalg.solve([[x[0], 2.0], [1.0, x[1]]], [x[2], 1.0]),
    "fft": lambda x: np.abs(np.fft.fft([x[0], 1.0, x[2]])),
    "meshgrid": lambda x: np.stack(np.meshgrid([x[0], 1.0], [x[1], x[2], 2.0])),
    "emath": lambda x: np.emath.sqrt([x[0], -x[1]]).imag,
    "squeeze": lambda x: np.squeeze([[x], [x * x]]),
    "linspace": lambda x: np.linspace([x[0], 1.0], [2.0, x[1]], 4),
    "an array that was written into": lambda x: np.cumsum([filled(x), x], axis=0),
    "a list in a list": lambda x: np.prod([[1.0, [x[0]][0]], [x[1], x[2]]], axis=0),
    "isnan": lambda x: np.where(np.isnan([x[0], 1.0, np.nan]), 2.0, [x[1], x[2], 3.0]),
}  # fmt: skip


def filled(x):
    y = np.zeros(3)
    y[1] = x[1]
    return y


@pytest.mark.parametrize("name", LISTS)
def test_functions_of_lists(name):
    """NumPy's C code takes the memory of what is in a list: it is an array before."""
    f, x = LISTS[name], np.array([0.3, 0.7, 1.1])
    number = lambda x: np.sum(np.cos(f(x)))  # noqa: E731
    slope = [(number(x + h) - number(x - h)) / 2e-6 for h in 1e-6 * np.eye(3)]
    np.testing.assert_allclose(w.grad(number)(x), slope, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(w.jit(f)(x), f(x), rtol=1e-12)
    np.testing.assert_allclose(w.vmap(w.grad(number))(np.stack([x, x]))[1], slope, rtol=1e-6, atol=1e-8)


def test_compiled_code_that_reads_memory():
    """Qhull's classes go on without a look at what they were given, and ended the process; each in a process of its own."""
    out = run(
        """
        import numpy as np, scipy.spatial as sd, wengert as w
        from numpy import ascontiguousarray as contiguous
        x = np.random.default_rng(0).normal(size=(6, 2))
        for kind in (sd.ConvexHull, sd.Delaunay, sd.Voronoi):
            try:
                w.grad(lambda x: np.sum(kind(x).points))(x)
            except w.errors.ConcretizationError:
                print("refused")
        print(w.grad(lambda x: np.sum(contiguous(x)) + np.sum(list(map(np.ascontiguousarray, [x]))[0]))(x)[0])
        """
    )
    assert out.split("\n")[:4] == ["refused", "refused", "refused", "[2. 2.]"]


def test_how_far_into_lists_it_is_looked():
    """One among the first 64 elements, at any depth, is found; one behind them is asked for its value."""
    x = np.array([0.5, 2.0])
    assert w.grad(lambda x: np.sum([np.zeros(2)] * 63 + [x]))(x).tolist() == [1.0, 1.0]
    with pytest.raises(w.errors.ConcretizationError):
        w.grad(lambda x: np.sum([np.zeros(2)] * 64 + [x]))(x)
