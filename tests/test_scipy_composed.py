"""What is composed of other functions: distances, filters of images, special functions; against SciPy and differences."""

import numpy as np
import pytest
import scipy.ndimage
import scipy.spatial.distance
import scipy.special

import wengert as w
from wengert.scipy import ndimage, special
from wengert.scipy.spatial import distance
from wengert.testing import check_grads

RNG = np.random.default_rng(0)
U, V, WEIGHTS = RNG.uniform(0.2, 1, (3, 5))
X, Y = RNG.normal(size=(7, 3)), RNG.normal(size=(5, 3))
PAIRS = (
    "braycurtis canberra chebyshev cityblock correlation cosine euclidean jensenshannon mahalanobis minkowski seuclidean "
    "sqeuclidean"
).split()  # fmt: skip


@pytest.mark.parametrize("name", PAIRS)
def test_distances(name):
    theirs = getattr(scipy.spatial.distance, name)
    if name not in ("mahalanobis", "seuclidean", "jensenshannon"):
        for weights in (None, WEIGHTS):
            np.testing.assert_allclose(getattr(distance, name)(U, V, w=weights), theirs(U, V, w=weights), rtol=1e-12)
        check_grads(getattr(distance, name), (U, V), rtol=1e-5)
    a, b = (np.abs(X), np.abs(Y)) if name == "jensenshannon" else (X, Y)
    np.testing.assert_allclose(distance.cdist(a, b, name), scipy.spatial.distance.cdist(a, b, name), atol=1e-12)
    np.testing.assert_allclose(
        w.jit(lambda a: distance.pdist(a, name))(a), scipy.spatial.distance.pdist(a, name), atol=1e-12
    )
    check_grads(lambda a, b: distance.cdist(a, b, name), (a, b), rtol=1e-4, atol=1e-5)


def test_pairs():
    flat = scipy.spatial.distance.pdist(X)
    np.testing.assert_array_equal(distance.squareform(flat), scipy.spatial.distance.squareform(flat))
    np.testing.assert_array_equal(distance.squareform(distance.squareform(flat)), flat)
    assert distance.pdist(X[:1]).shape == (0,) and distance.cdist(X[:0], Y).shape == (0, 5)
    for call in (
        lambda m: m.cdist(X, Y[:, :2]), lambda m: m.cdist(X, Y, "what"), lambda m: m.pdist(U), lambda m: m.euclidean(U, V[:2]),
        lambda m: m.minkowski(U, V, 0), lambda m: m.squareform(U[:4]),
    ):  # fmt: skip
        for m in (distance, scipy.spatial.distance):
            with pytest.raises(ValueError):
                call(m)


IMAGE, KERNEL = RNG.normal(size=(6, 7)), RNG.normal(size=(3, 4))
MODES = ("reflect", "mirror", "nearest", "wrap", "constant", "grid-wrap", "grid-mirror", "grid-constant")
FILTERS = {
    **{f"correlate {m}": lambda s, x, m=m: s.correlate(x, KERNEL, mode=m, cval=0.3) for m in MODES},
    **{f"convolve1d {m}": lambda s, x, m=m: s.convolve1d(x, KERNEL[0], 1, mode=m, origin=1) for m in MODES},
    **{f"gaussian_filter {m}": lambda s, x, m=m: s.gaussian_filter(x, 1.3, mode=m) for m in MODES[:5]},
    **{f"gaussian, order {k}": lambda s, x, k=k: s.gaussian_filter(x, [0.8, 1.1], order=[k, 1]) for k in range(4)},
    "correlate, origin": lambda s, x: s.correlate(x, KERNEL, origin=(1, -1)),
    "convolve, origin": lambda s, x: s.convolve(x, KERNEL, origin=(-1, 1)),
    "uniform_filter": lambda s, x: s.uniform_filter(x, [3, 2]),
    "uniform_filter, axes": lambda s, x: s.uniform_filter(x, 3, axes=(1,)),
    "sobel": lambda s, x: s.sobel(x),
    "prewitt": lambda s, x: s.prewitt(x, 0),
    "laplace": lambda s, x: s.laplace(x),
    "gaussian_laplace": lambda s, x: s.gaussian_laplace(x, 1.1),
    "gaussian_gradient_magnitude": lambda s, x: s.gaussian_gradient_magnitude(x, 1.1),
    "median_filter": lambda s, x: s.median_filter(x, (2, 3)),
    "maximum_filter": lambda s, x: s.maximum_filter(x, 3, mode="constant", cval=0.3),
    "maximum_filter, axes": lambda s, x: s.maximum_filter(x, 3, axes=(0,)),
    "minimum_filter": lambda s, x: s.minimum_filter(x, footprint=[[1, 0, 1], [0, 1, 0]]),
    "shift": lambda s, x: s.shift(x, (0.5, -1.2), order=1),
    "shift, nearest": lambda s, x: s.shift(x, 1.5, mode="nearest"),
    "zoom": lambda s, x: s.zoom(x, 1.7, order=1),
    "zoom, grid_mode": lambda s, x: s.zoom(x, (2, 0.6), mode="nearest", grid_mode=True),
    "rotate": lambda s, x: s.rotate(x, 30, order=1),
    "rotate in place": lambda s, x: s.rotate(x, -50, reshape=False, order=1, mode="nearest"),
    "affine_transform": lambda s, x: s.affine_transform(x, [[0.9, 0.1], [-0.2, 1.1]], [0.3, -0.4], order=1),
    "affine_transform, homogeneous": lambda s, x: s.affine_transform(
        x, [[0.9, 0.1, 0.3], [-0.2, 1.1, 0.1], [0, 0, 1]], order=1
    ),
    "center_of_mass": lambda s, x: s.center_of_mass(x * x),
}


@pytest.mark.parametrize("name", FILTERS)
def test_filters(name):
    f = FILTERS[name]
    expected = f(scipy.ndimage, IMAGE)
    np.testing.assert_allclose(f(ndimage, IMAGE), expected, rtol=1e-9, atol=1e-10)
    np.testing.assert_allclose(w.jit(lambda x: f(ndimage, x))(IMAGE), expected, rtol=1e-9, atol=1e-10)
    check_grads(lambda x: f(ndimage, x), (IMAGE,), rtol=1e-4, atol=1e-5)


def test_filters_of_whole_numbers_and_in_options():
    whole = RNG.integers(0, 50, (6, 7))
    for name in ("uniform_filter", "sobel", "median_filter", "maximum_filter, axes", "laplace"):
        got, expected = FILTERS[name](ndimage, whole), FILTERS[name](scipy.ndimage, whole)
        np.testing.assert_array_equal(got, expected)
        assert got.dtype == expected.dtype
    check_grads(lambda k: ndimage.correlate(IMAGE, k), (KERNEL,))
    check_grads(lambda s: ndimage.gaussian_filter(IMAGE, s, radius=4), (1.2,))
    check_grads(lambda s: ndimage.shift(IMAGE, s, mode="nearest"), (np.array([0.3, 0.4]),), rtol=1e-5)
    check_grads(lambda a: ndimage.rotate(IMAGE, a, reshape=False, mode="nearest"), (33.0,), rtol=1e-4)
    with pytest.raises(w.errors.ConcretizationError, match="radius"):
        w.grad(lambda s: ndimage.gaussian_filter(IMAGE, s).sum())(1.0)
    with pytest.raises(w.errors.ConcretizationError, match="reshape=False"):
        w.grad(lambda a: ndimage.rotate(IMAGE, a).sum())(1.0)
    for call in (
        lambda m: m.correlate(IMAGE, U),
        lambda m: m.correlate1d(IMAGE, U, origin=9),
        lambda m: m.uniform_filter1d(IMAGE, 0),
    ):
        for m in (ndimage, scipy.ndimage):
            with pytest.raises((ValueError, RuntimeError)):
                call(m)


P, A, B, S = RNG.uniform(0.2, 0.8, 6), RNG.uniform(1, 4, 6), RNG.uniform(1, 4, 6), RNG.uniform(-0.9, 0.9, 6)
DEGREES = np.array([0, 30, 45, 90, 135, 180, 225.5, 270, 359, 720, -45, -90, 1e5])
K = np.arange(6.0)
FUNCTIONS = {
    "bdtr": (K, 5, P), "bdtrc": (K - 1, 5, P), "chdtr": (A, B), "chdtrc": (A, B), "chdtri": (A, P), "fdtr": (A, B, P),
    "fdtrc": (A, B, P), "fdtri": (A, B, P), "gdtr": (A, B, P), "gdtrc": (A, B, P), "gdtrix": (A, B, P), "pdtr": (K, A),
    "pdtrc": (K, A), "exp10": (S,), "cosm1": (S,), "powm1": (A, S), "radian": (A, B, P), "sinc": (S,), "agm": (A, B),
    "zetac": (A + 1.1,), "voigt_profile": (S, A, B), "perm": (np.array([5.5, 7.0, 3.0]), np.array([2.0, 0.5, 3.0])),
    "jvp": (A, B), "yvp": (A, B), "ivp": (A, B), "kvp": (A, B),
}  # fmt: skip


@pytest.mark.parametrize("name", FUNCTIONS)
def test_special_functions(name):
    args = FUNCTIONS[name]
    ours, expected = getattr(special, name), getattr(scipy.special, name)(*args)
    np.testing.assert_allclose(ours(*args), expected, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(w.jit(ours)(*args), expected, rtol=1e-9, atol=1e-12)
    fixed = args[:-1] if name in ("bdtr", "bdtrc", "pdtr", "pdtrc") else ()
    moving = args[len(fixed) :]
    if name == "perm":
        moving = (np.array([5.5, 7.2]), np.array([2.2, 0.5]))
    check_grads(lambda *v: ours(*fixed, *v), moving, rtol=1e-4, atol=1e-5)


def test_negative_binomial_functions():
    k = np.arange(6)
    for name in ("nbdtr", "nbdtrc"):
        np.testing.assert_allclose(getattr(special, name)(k, 3, P), getattr(scipy.special, name)(k, 3, P), rtol=1e-12)


@pytest.mark.parametrize("name", ["sindg", "cosdg", "tandg", "cotdg"])
def test_degrees(name):
    x = DEGREES if name in ("sindg", "cosdg") else DEGREES[DEGREES % 90 != 0]
    np.testing.assert_allclose(getattr(special, name)(x), getattr(scipy.special, name)(x), rtol=1e-12, atol=1e-14)
    check_grads(getattr(special, name), (np.array([3.3, 99.0, 200.0, -20.0]),))


def test_polynomials():
    for n in (0, 1, 2, 5, 9):
        for kind in ("legendre", "chebyt", "chebyu", "laguerre", "hermite", "hermitenorm"):
            ours, theirs = getattr(special, f"eval_{kind}"), getattr(scipy.special, f"eval_{kind}")
            np.testing.assert_allclose(ours(n, S), theirs(n, S), rtol=1e-10, atol=1e-12)
        np.testing.assert_allclose(
            special.eval_jacobi(n, A, B, S), scipy.special.eval_jacobi(n, A, B, S), rtol=1e-9, atol=1e-11
        )
        np.testing.assert_allclose(
            special.eval_gegenbauer(n, A, S), scipy.special.eval_gegenbauer(n, A, S), rtol=1e-9, atol=1e-11
        )
        np.testing.assert_allclose(
            special.eval_genlaguerre(n, A, S), scipy.special.eval_genlaguerre(n, A, S), rtol=1e-9, atol=1e-11
        )
    check_grads(lambda a, b, x: special.eval_jacobi(4, a, b, x), (A, B, S), rtol=1e-4, atol=1e-4)
    with pytest.raises(ValueError, match="whole number"):
        special.eval_legendre(1.5, S)
    for n in (3, 4):
        x = np.concatenate([np.linspace(-20, 20, 41), 2 * np.pi * np.arange(-3, 4)])
        np.testing.assert_allclose(special.diric(x, n), scipy.special.diric(x, n), atol=1e-9)


def test_the_page_of_names_is_up_to_date():
    import sys
    from pathlib import Path

    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))
    import scipy_names

    assert scipy_names.PAGE.read_text() == scipy_names.page(), "run tools/scipy_names.py"
