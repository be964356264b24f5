"""wengert.scipy.ndimage: values against SciPy (and NumPy's padding), derivatives against differences."""

import numpy as np
import pytest
import scipy.ndimage as theirs

import wengert as w
import wengert.numpy as wnp
from wengert.errors import ArgumentError, DtypeError, ShapeError
from wengert.interop.jax_modules import ndimage as jax_names
from wengert.scipy import ndimage as ours
from wengert.testing import check_grads

RNG = np.random.default_rng(2)
MODES = ["constant", "grid-constant", "nearest", "mirror", "reflect", "grid-mirror", "wrap", "grid-wrap"]


def close(got, expected, tolerance=1e-9):
    np.testing.assert_allclose(got, expected, rtol=tolerance, atol=tolerance)


def coordinates(shape):
    """Near the edges, far outside, and on and half-way between pixels."""
    near = [RNG.uniform(-0.9, n - 0.1, 60) for n in shape]
    far = [RNG.uniform(-2.5 * n, 3.5 * n, 60) for n in shape]
    halves = [RNG.integers(-4 * n, 5 * n, 60) / 2 for n in shape]
    return np.concatenate([near, far, halves], 1)


@pytest.mark.parametrize("order", range(6))
@pytest.mark.parametrize("mode", MODES)
def test_map_coordinates(mode, order):
    for shape in ((20,), (1,), (2,), (5,), (7, 8), (4, 2, 3)):
        image, places = RNG.normal(size=shape), coordinates(shape)
        if mode in ("reflect", "grid-mirror") and order > 1:  # SciPy's own filter is off for short axes
            expected = theirs.map_coordinates(np.pad(image, 99, "symmetric"), places + 99, order=order, mode="mirror")
        elif mode == "nearest" and order > 1:  # SciPy ends its splines twelve pixels outside
            expected = theirs.map_coordinates(np.pad(image, 60, "edge"), places + 60, order=order, mode="nearest")
        else:
            expected = theirs.map_coordinates(image, places, order=order, mode=mode, cval=1.5)
        tolerance = 2e-4 if mode == "nearest" and order > 1 else 1e-9
        close(ours.map_coordinates(image, places, order, mode, 1.5), expected, tolerance)


@pytest.mark.parametrize("order", [2, 3, 4, 5])
def test_nearest_agrees_with_scipy_around_the_image(order):
    image, places = RNG.normal(size=(9, 11)), np.stack([RNG.uniform(-5, 14, 50), RNG.uniform(-5, 16, 50)])
    expected = theirs.map_coordinates(image, places, order=order, mode="nearest")
    close(ours.map_coordinates(image, places, order, "nearest"), expected)


@pytest.mark.parametrize("order", [2, 3, 4, 5])
@pytest.mark.parametrize("mode", MODES)
def test_spline_filters(mode, order):
    image = RNG.normal(size=(40, 45))
    expected = theirs.spline_filter(image, order, mode=mode)
    close(ours.spline_filter(image, order, mode), expected)
    close(ours.spline_filter1d(image, order, 0, mode), theirs.spline_filter1d(image, order, 0, mode=mode))
    small, places = image[:4, :5], RNG.uniform(0, 3, (2, 9))
    filtered = ours.spline_filter(small, order, "mirror")
    close(ours.map_coordinates(filtered, places, order, "mirror", prefilter=False), ours.map_coordinates(small, places, order, "mirror"))  # fmt: skip
    close(ours.map_coordinates(small, np.indices(small.shape), order, mode), small)  # it goes through the pixels
    assert ours.spline_filter1d(image, 1) is image


IMAGE = RNG.normal(size=(5, 6))
INSIDE = np.stack([RNG.uniform(0.1, 3.9, 5), RNG.uniform(0.1, 4.9, 5)])
OUTSIDE = np.stack([RNG.uniform(-7, 12, 5), RNG.uniform(-7, 12, 5)])


@pytest.mark.parametrize("order", [0, 1, 2, 3])
@pytest.mark.parametrize("mode", MODES)
def test_derivatives_and_transformations(mode, order):
    f = lambda image, places, c: ours.map_coordinates(image, places, order, mode, c)  # noqa: E731
    both = np.concatenate([INSIDE, OUTSIDE], 1)
    check_grads(f, (IMAGE, both, 1.5), atol=1e-5, rtol=1e-5)
    value = f(IMAGE, both, 1.5)
    close(w.jit(f)(IMAGE, both, 1.5), value)
    close(w.vmap(f, (None, 1, None))(IMAGE, both, 1.5), value)
    close(w.vmap(f, (0, None, None))(np.stack([IMAGE, IMAGE**2]), both, 1.5), [value, f(IMAGE**2, both, 1.5)])
    g = w.grad(lambda *args: wnp.sum(f(*args) ** 2), (0, 1, 2))
    for got, expected in zip(w.jit(g)(IMAGE, both, 1.5), g(IMAGE, both, 1.5), strict=True):
        close(got, expected)
    assert w.jit(g).lower(IMAGE, both, 1.5).cost().calls == ()


@pytest.mark.parametrize("dtype", [np.int32, np.uint8, np.int64, np.float32, np.complex64, np.complex128])
def test_dtypes(dtype):
    image = IMAGE * 60 + 70
    image = (image + 1j * image[::-1] if np.dtype(dtype).kind == "c" else image).astype(dtype)
    for order in (0, 1, 3, 5):
        expected = theirs.map_coordinates(image, INSIDE, order=order, mode="mirror")
        f = lambda image: ours.map_coordinates(image, INSIDE, order, "mirror")  # noqa: B023, E731
        for run in (f, w.jit(f)):
            assert run(image).dtype == dtype
            close(run(image), expected, 1e-5)
    big = np.array([0, 255, 255, 0], np.uint8)  # splines swing beyond the pixels
    expected = theirs.map_coordinates(big, [[0.2, 1.5]], order=3)
    close(ours.map_coordinates(big, [[0.2, 1.5]]), expected)


def test_places_of_other_shapes():
    x = np.arange(5.0)
    assert ours.map_coordinates(x, [1.5], 1) == 1.5
    close(ours.map_coordinates(IMAGE, [np.array([[0.5], [1.5]]), 2], 1), (IMAGE[:2, 2:3] + IMAGE[1:3, 2:3]) / 2)
    with np.errstate(all="raise"):
        for mode in MODES:
            for order in (0, 1, 3):
                out = ours.map_coordinates(x, [np.array([np.nan, 2.0])], order, mode)
                close(out, [np.nan, 2.0])
        close(ours.map_coordinates(x, [[1e300, -np.inf]], 1, cval=7.0), [7.0, 7.0])


def test_jaxs_names():
    x, places = np.arange(5.0) ** 2, [np.array([-0.7, 4.3, 2.5, 7.2])]
    # what jax 0.10.2 gives
    close(jax_names.map_coordinates(x, places, 1, "constant", 9.0), [6.3, 13.9, 6.5, 9.0])
    close(jax_names.map_coordinates(x, places, 1, "wrap"), [11.2, 11.2, 6.5, 5.0])
    close(jax_names.map_coordinates(x, places, 1, "mirror"), [0.7, 13.9, 6.5, 0.8])
    close(jax_names.spline_filter(x, mode="wrap"), ours.spline_filter(x, mode="grid-wrap"))
    close(jax_names.spline_filter1d(x, mode="wrap"), ours.spline_filter1d(x, mode="grid-wrap"))


def test_complaints():
    with pytest.raises(ArgumentError, match="order is a whole number"):
        ours.map_coordinates(IMAGE, INSIDE, 6)
    with pytest.raises(ArgumentError, match="order is a whole number"):
        ours.map_coordinates(IMAGE, INSIDE, order=np.float64)
    with pytest.raises(ArgumentError, match="'grid-wrap'"):
        ours.map_coordinates(IMAGE, INSIDE, mode="other")
    with pytest.raises(ArgumentError, match="mode is one of"):
        ours.spline_filter(IMAGE, mode="other")
    with pytest.raises(ShapeError, match="3 arrays of coordinates for an image of 2 axes"):
        ours.map_coordinates(IMAGE, np.ones((3, 4)))
    with pytest.raises(ShapeError, match="0 arrays of coordinates"):
        ours.map_coordinates(IMAGE, 1.0)
    with pytest.raises(ShapeError, match="no axes"):
        ours.map_coordinates(1.0, [])
    with pytest.raises(DtypeError, match="truth values"):
        ours.map_coordinates(IMAGE > 0, INSIDE)
    with pytest.raises(DtypeError, match="complex cval"):
        ours.map_coordinates(IMAGE, INSIDE, cval=1j)
    with pytest.raises(DtypeError, match="must be real"):
        ours.map_coordinates(IMAGE, INSIDE + 0j)


@pytest.mark.parametrize("name, args", [
    ("gaussian_filter", (1,)), ("gaussian_filter1d", (1.0,)), ("uniform_filter", (3,)), ("uniform_filter1d", (3,)),
    ("laplace", ()), ("gaussian_laplace", (1.0,)), ("gaussian_gradient_magnitude", (1.0,)), ("correlate", (np.ones((3, 3)) / 5,)),
    ("convolve1d", ([0.5, 0.2, 0.4],)),
])  # fmt: skip
def test_filters_of_truth_values_cut_off_as_scipy_does(name, args):
    mask = np.array([[True, False, True, True], [False, True, True, True], [True, True, True, True]])
    expected = getattr(theirs, name)(mask, *args)
    for got in (getattr(ours, name)(mask, *args), w.jit(lambda x: getattr(ours, name)(x, *args))(mask)):
        assert got.dtype == np.bool_ and np.array_equal(got, expected)


@pytest.mark.parametrize("order", [0, 1])
def test_masks_are_moved_with_orders_0_and_1(order):
    mask = np.random.default_rng(1).random((5, 6)) < 0.7
    for name, args in (("zoom", (2,)), ("shift", ((1, 0.5),)), ("affine_transform", (np.eye(2) * 0.75,))):
        expected = getattr(theirs, name)(mask, *args, order=order)
        got = getattr(ours, name)(mask, *args, order=order)
        assert got.dtype == np.bool_ and np.array_equal(got, expected), name
    with pytest.raises(DtypeError, match="order=0"):
        ours.shift(mask, 1)
