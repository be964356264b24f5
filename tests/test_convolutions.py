"""The three forms of a convolution (result, operand, kernel), compiled and with NumPy, against sums written as loops."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import scipy.signal

import wengert.numpy as wnp
from wengert import config, grad, jit, lax, vjp, vmap
from wengert.compile import choices
from wengert.ops.convolution_forms import FORMS
from wengert.scipy import signal

DTYPES = (np.float64, np.float32, np.int32, np.complex128)
# sizes of the operand, the kernel, strides, dilation, low and high padding, groups, inputs, outputs, examples
FORMS_TRIED = [
    ((7,), (3,), (1,), (1,), (1,), (1,), 1, 1, 1, 1),
    ((40,), (9,), (1,), (1,), (8,), (8,), 1, 1, 1, 1),
    ((9, 8), (3, 3), (1, 1), (1, 1), (1, 1), (1, 1), 1, 3, 19, 2),
    ((9, 10), (3, 2), (2, 2), (1, 1), (1, 0), (0, 1), 1, 5, 8, 2),
    ((9, 8), (2, 3), (1, 1), (2, 3), (2, 0), (1, 2), 1, 2, 4, 1),
    ((9, 8), (2, 3), (3, 2), (2, 2), (1, 1), (1, 1), 1, 2, 5, 2),
    ((6, 7), (3, 3), (1, 2), (1, 1), (1, 1), (1, 1), 33, 1, 1, 2),
    ((6, 7), (3, 2), (1, 1), (1, 1), (0, 1), (0, 0), 3, 4, 6, 2),
    ((6, 6), (4, 4), (4, 4), (1, 1), (1, 1), (1, 1), 1, 3, 17, 3),
    ((5, 300), (1, 2), (1, 1), (1, 1), (0, 0), (0, 0), 1, 16, 5, 1),
    ((4, 5, 6), (2, 1, 3), (1, 1, 1), (1, 1, 1), (1, 0, 1), (0, 0, 1), 1, 2, 3, 2),
    ((5, 4), (1, 1), (1, 1), (1, 1), (0, 0), (0, 0), 2, 3, 9, 2),
    ((8, 9), (3, 3), (1, 1), (1, 1), (-1, -2), (1, -1), 1, 2, 2, 1),
    ((6,), (2,), (5,), (1,), (3,), (2,), 1, 1, 3, 1),
    ((), (), (), (), (), (), 2, 3, 5, 4),
    ((4, 0), (2, 2), (1, 1), (1, 1), (1, 1), (1, 1), 1, 2, 2, 1),
    ((4, 4), (2, 2), (1, 1), (1, 1), (0, 0), (0, 0), 1, 0, 2, 1),
]


def arrays(case, dtype, seed=0):
    xs, ws, strides, dilation, low, high, groups, inputs, outputs, many = case
    lengths = zip(xs, ws, strides, dilation, low, high, strict=True)
    ys = tuple((i + a + b - d * (k - 1) - 1) // s + 1 for i, k, s, d, a, b in lengths)
    params = {"strides": strides, "dilation": dilation, "low": low, "groups": groups, "sizes": (xs, ws, ys)}
    shapes = {
        "x": (many, *xs, groups * inputs),
        "w": (*ws, inputs, groups * outputs),
        "y": (many, *ys, groups * outputs),
    }
    rng = np.random.default_rng(seed)
    made = {
        r: rng.integers(-9, 9, s) + (1j * rng.integers(-9, 9, s) if dtype == np.complex128 else 0)
        for r, s in shapes.items()
    }
    return {r: v.astype(dtype) for r, v in made.items()}, params


def as_loops(gives, given, params, shape):
    """One array of the form, index by index."""
    (xs, ws, ys), groups = params["sizes"], params["groups"]
    out = np.zeros(shape, given[next(iter(given))].dtype)
    have = {r: v.reshape(*v.shape[:-1], groups, v.shape[-1] // groups) for r, v in {**given, gives: out}.items()}
    for p in itertools.product(*map(range, ys)):
        for k in itertools.product(*map(range, ws)):
            terms = zip(params["strides"], p, params["dilation"], k, params["low"], strict=True)
            i = tuple(s * a + d * b - lo for s, a, d, b, lo in terms)
            if any(a < 0 or a >= n for a, n in zip(i, xs, strict=True)):
                continue
            x, w, y = have["x"][:, *i], have["w"][k], have["y"][:, *p]
            if gives == "y":
                y += np.einsum("ngc,cgo->ngo", x, w)
            elif gives == "x":
                x += np.einsum("ngo,cgo->ngc", y, w)
            else:
                w += np.einsum("ngc,ngo->cgo", x, y)
    return out


@pytest.mark.parametrize("gives", FORMS)
def test_forms(gives):
    """Whole numbers, which every order of summation adds up exactly."""
    primitive = FORMS[gives]
    for number, case in enumerate(FORMS_TRIED):
        for dtype in {np.float64, DTYPES[number % len(DTYPES)]}:
            given, params = arrays(case, dtype)
            target = given.pop(gives)
            expected = as_loops(gives, given, params, target.shape)
            args = [given[r] for r in primitive.takes]
            eager = primitive.bind(*args, **params)
            compiled = jit(lambda a, b, params=params: primitive.bind(a, b, **params))(*args)
            for got in (eager, compiled):
                assert got.dtype == dtype, (case, dtype)
                np.testing.assert_array_equal(got, expected, err_msg=str((case, dtype)))


@pytest.mark.parametrize("gives", FORMS)
@pytest.mark.parametrize("width", [16, 64])
def test_pieces_and_widths(gives, width):
    """On threads, with vectors of other widths."""
    primitive = FORMS[gives]
    for case in FORMS_TRIED[:13]:
        given, params = arrays(case, np.float32, 1)
        target = given.pop(gives)
        expected = as_loops(gives, given, params, target.shape)
        with (
            choices.chosen(serial__step__LEAST=0.0, serial__step__PIECE=1.0, vector_bytes=width),
            config.override(threads=3),
        ):
            got = jit(lambda a, b, params=params: primitive.bind(a, b, **params))(*[given[r] for r in primitive.takes])
        np.testing.assert_array_equal(got, expected, err_msg=str(case))


def test_batches_of_any_arguments():
    for case in FORMS_TRIED[2:8]:
        for primitive in FORMS.values():
            given, params = arrays(case, np.float64, 2)
            args = [given[r] for r in primitive.takes]
            for which in ((0, None), (None, 0), (0, 0)):
                many = [a if b is None else np.stack([a, 2 * a, a[::-1]]) for a, b in zip(args, which, strict=True)]
                got = vmap(lambda a, b, p=primitive, q=params: p.bind(a, b, **q), in_axes=which)(*many)
                for i in range(3):
                    one = [a if b is None else a[i] for a, b in zip(many, which, strict=True)]
                    np.testing.assert_array_equal(got[i], primitive.bind(*one, **params))


@pytest.mark.parametrize("stride", [10**9, 2**40 + 1])
def test_strides_beyond_the_array(stride):
    """Compiling takes as long as for small ones: it goes over what places reach, not over the numbers between them."""
    case = ((6, 5), (3, 2), (stride, 2), (1, 1), (1, 0), (2, 1), 1, 2, 4, 2)
    for gives, primitive in FORMS.items():
        given, params = arrays(case, np.float64, 4)
        target = given.pop(gives)
        got = jit(lambda a, b, p=primitive, q=params: p.bind(a, b, **q))(*[given[r] for r in primitive.takes])
        np.testing.assert_array_equal(got, as_loops(gives, given, params, target.shape), err_msg=gives)


def test_infinite_gaps():
    """What stands around an array is zeros, whose products with infinities are not numbers, compiled as eagerly."""
    given, params = arrays(FORMS_TRIED[0], np.float64)
    w = np.array([1.0, np.inf, 1.0]).reshape(3, 1, 1)
    f = lambda x: FORMS["y"].bind(x, w, **params)  # noqa: E731
    np.testing.assert_array_equal(jit(f)(given["x"]), f(given["x"]))


def test_gradient_of_a_network_makes_no_python_call():
    import sys

    def loss(w, x):
        y = lax.conv_general_dilated(x, w, (2, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"))
        return (y * y).sum()

    rng = np.random.default_rng(3)
    w, x = rng.normal(size=(3, 3, 2, 8)), rng.normal(size=(2, 8, 8, 2))
    f = jit(grad(loss))
    f(w, x)
    calls = []
    sys.setprofile(lambda frame, event, arg: calls.append(event))
    try:
        out = f(w, x)
    finally:
        sys.setprofile(None)
    assert calls.count("call") <= 1  # the profiler's own switch aside
    h = 1e-6
    v = rng.normal(size=w.shape)
    np.testing.assert_allclose(np.vdot(out, v), (loss(w + h * v, x) - loss(w - h * v, x)) / (2 * h), rtol=1e-7)


# --- vectors, several axes, windows ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("n", "m"), [(33, 8), (7000, 40), (7, 100), (40, 9), (8, 8), (1, 1), (5, 3)])
def test_vectors(n, m):
    rng = np.random.default_rng(n)
    x, y = rng.normal(size=n), rng.normal(size=m)
    y[m // 2] = np.inf  # which meets nothing that stands around the array
    for a, b in ((x, y), (np.rint(x * 5).astype(int), np.arange(m) - 3)):
        np.testing.assert_allclose(jit(wnp.convolve)(a, b), np.convolve(a, b), rtol=1e-12)
        np.testing.assert_allclose(jit(wnp.correlate)(a, b), np.correlate(a, b), rtol=1e-12)


@pytest.mark.parametrize("method", ["direct", "fft"])
@pytest.mark.parametrize(("a", "b"), [((20,), (5,)), ((12, 9), (3, 4)), ((3, 4), (9, 8)), ((5, 6, 7), (2, 3, 2))])
def test_several_axes(a, b, method):
    rng = np.random.default_rng(len(a))
    x, y = rng.normal(size=a), rng.normal(size=b)
    for mode in ("full", "same"):
        f = lambda x, y: signal.convolve(x, y, mode, method)  # noqa: B023, E731
        np.testing.assert_allclose(jit(f)(x, y), scipy.signal.convolve(x, y, mode, method), rtol=1e-9, atol=1e-11)
        slope = grad(lambda x, y: wnp.sum(f(x, y) ** 3), (0, 1))  # noqa: B023
        for got, expected in zip(jit(slope)(x, y), slope(x, y), strict=True):
            np.testing.assert_allclose(got, expected, rtol=1e-9, atol=1e-9)
    v, h = rng.normal(size=b), 1e-5
    loss = lambda y: float((scipy.signal.convolve(x, y, "full", method) ** 3).sum())  # noqa: E731
    got = np.vdot(jit(grad(lambda y: wnp.sum(signal.convolve(x, y, "full", method) ** 3)))(y), v)
    np.testing.assert_allclose(got, (loss(y + h * v) - loss(y - h * v)) / (2 * h), rtol=1e-6)


def windows_as_loops(x, reduce, nothing, sizes, strides, pads, dilation):
    wide = np.pad(x, pads, constant_values=nothing)
    counts = [(n - (k - 1) * d - 1) // s + 1 for n, k, s, d in zip(wide.shape, sizes, strides, dilation, strict=True)]
    out = np.empty(counts, x.dtype)
    for p in itertools.product(*map(range, counts)):
        terms = zip(p, strides, sizes, dilation, strict=True)
        out[p] = reduce(wide[tuple(slice(i * s, i * s + (k - 1) * d + 1, d) for i, s, k, d in terms)])
    return out


POOLS = [
    ((2, 6, 6, 3), (1, 2, 2, 1), (1, 2, 2, 1), [(0, 0)] * 4, (1, 1, 1, 1)),
    ((2, 6, 7, 3), (1, 3, 3, 1), (1, 1, 2, 1), [(0, 0), (1, 1), (1, 0), (0, 0)], (1, 1, 1, 1)),
    ((2, 3, 6, 7), (1, 1, 3, 2), (1, 1, 2, 1), [(0, 0), (0, 0), (1, 1), (0, 1)], (1, 1, 1, 2)),
    ((4, 3, 5), (2, 1, 3), (1, 1, 1), [(0, 0), (0, 0), (1, 1)], (1, 1, 1)),
    ((40,), (20,), (3,), [(2, 3)], (1,)),
]


@pytest.mark.parametrize("case", POOLS, ids=lambda c: "x".join(map(str, c[0])))
@pytest.mark.parametrize(
    ("name", "reduce", "nothing"), [("max", np.max, -np.inf), ("min", np.min, np.inf), ("add", np.sum, 0)]
)
def test_windows(case, name, reduce, nothing):
    shape, sizes, strides, pads, dilation = case
    x = np.random.default_rng(7).integers(-3, 3, shape).astype(float)  # with many ties
    f = lambda x: lax.reduce_window(x, name, sizes, strides, pads, window_dilation=dilation)  # noqa: E731
    expected = windows_as_loops(x, reduce, nothing, sizes, strides, pads, dilation)
    np.testing.assert_array_equal(f(x), expected)
    np.testing.assert_array_equal(jit(f)(x), expected)
    ct = np.random.default_rng(8).normal(size=expected.shape)
    slope = lambda x: vjp(f, x)[1](ct)[0]  # noqa: E731
    np.testing.assert_allclose(jit(slope)(x), slope(x), rtol=1e-13, atol=1e-13)
    places = np.arange(x.size, dtype=float).reshape(shape)  # of equal extremes the first has the derivative
    if name != "add":
        wide, numbers = np.pad(x, pads, constant_values=nothing), np.pad(places, pads, constant_values=-1)
        by = np.argmax if name == "max" else np.argmin
        flat = np.zeros(x.size + 1)
        for p in itertools.product(*map(range, expected.shape)):
            terms = zip(p, strides, sizes, dilation, strict=True)
            at = tuple(slice(i * s, i * s + (k - 1) * d + 1, d) for i, s, k, d in terms)
            flat[int(numbers[at].ravel()[by(wide[at])])] += ct[p]
        np.testing.assert_allclose(slope(x), flat[:-1].reshape(shape), rtol=1e-13, atol=1e-13)


def test_a_nan_in_a_window_is_its_extreme():
    x = np.array([1.0, np.nan, 3.0, 2.0, 5.0])
    for name in ("max", "min"):
        f = lambda x: lax.reduce_window(x, name, (2,), (1,))  # noqa: B023, E731
        expected = [np.nan, np.nan, *([3, 5] if name == "max" else [2, 2])]
        np.testing.assert_array_equal(jit(f)(x), expected)
        np.testing.assert_array_equal(f(x), expected)
