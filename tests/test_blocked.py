"""Large products of matrices: packed blocks against NumPy, in every layout, at edges of tiles and blocks, on threads."""

import numpy as np
import pytest

import wengert as w
import wengert.numpy as wnp
from wengert import config
from wengert.compile import allocation, blocked, choices, engine

RNG = np.random.default_rng(0)
# Rows, columns, contracted places: whole tiles, one more and one less, few columns, many places.
SIZES = [(48, 48, 40), (97, 49, 33), (33, 131, 601), (191, 50, 64), (64, 300, 35), (40, 64, 520), (32, 2301, 33)]
LAYOUTS = ["nn", "nt", "tn", "tt"]

pytestmark = pytest.mark.skipif(engine.vector_bytes() < 32, reason="vectors of 16 bytes: BLAS computes these products")


def factors(m, n, k, layout, dtype, batch=()):
    a = RNG.normal(size=(*batch, *((m, k) if layout[0] == "n" else (k, m)))).astype(dtype)
    b = RNG.normal(size=(*batch, *((k, n) if layout[1] == "n" else (n, k)))).astype(dtype)
    return a, b


def product(layout):
    def f(a, b):
        x = a if layout[0] == "n" else wnp.swapaxes(a, -1, -2)
        return x @ (b if layout[1] == "n" else wnp.swapaxes(b, -1, -2))

    return f


def check(f, a, b):
    want = f(a.astype(np.float64), b.astype(np.float64))
    got = f(a, b) if isinstance(f, np.ufunc) else w.jit(lambda *args: f(*args))(a, b)
    assert got.dtype == a.dtype
    bound = (1e-14 if a.dtype == np.float64 else 1e-5) * np.sqrt(a.size / len(a)) * np.max(np.abs(want))
    np.testing.assert_allclose(got, want, rtol=0, atol=bound)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_against_numpy(layout, dtype):
    f = product(layout)
    for number, (m, n, k) in enumerate(SIZES):
        a, b = factors(m, n, k, layout, dtype)
        with choices.chosen(
            products__LIBRARY=0, blocked__ROWS=(32, 96)[number % 2], blocked__PLACES=(256, 50)[number % 2]
        ):
            assert "packed blocks" in w.jit(f).lower(a, b).loops()
            check(f, a, b)


@pytest.mark.parametrize("width", [32, 64])
def test_every_width_of_vectors(width):
    if width > engine.vector_bytes():
        pytest.skip("this machine's vectors are shorter")
    for layout in ("nn", "tt"):
        a, b = factors(101, 67, 300, layout, np.float64, (3,))
        with choices.chosen(products__LIBRARY=0, vector_bytes=width, multiply__SHARED=0):
            check(product(layout), a, b)


def test_what_is_no_whole_tile_belongs_to_one_block():
    """Blocks are computed at once, and none may write what another one adds to."""
    for unit in (1, 4, 6, 8, 12, 24, 48):
        for length in range(max(unit, 32), 700, 7):
            for most in (1, 32, 192):
                count, each = blocked._parts(length, unit, most)
                last = length - (count - 1) * each
                assert last >= unit and (count == 1 or (each >= unit and each % unit == 0))


def test_bits_do_not_depend_on_threads():
    a, b = factors(400, 300, 700, "nn", np.float64)
    f = w.jit(lambda a, b: a @ b)
    found = []
    for threads in (1, 2, 3):
        with config.override(threads=threads):
            found.append(f(a, b))
    assert all(np.array_equal(x, found[0]) for x in found)


def test_infinities_and_nan_stay_in_their_rows_and_columns():
    a, b = factors(200, 200, 300, "nn", np.float64)
    a[7, 290], b[299, 199], a[199, 0] = np.inf, np.nan, -np.inf
    with np.errstate(invalid="ignore"):
        want = a @ b
    got = w.jit(lambda a, b: a @ b)(a, b)
    np.testing.assert_array_equal(np.isfinite(got), np.isfinite(want))
    np.testing.assert_array_equal(np.isnan(got), np.isnan(want))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_without_memory_for_blocks(layout):
    """Where there is none the product is computed number by number."""
    a, b = factors(150, 60, 50, layout, np.float64)  # one block of rows and columns
    want = np.swapaxes(a, 0, 1) if layout[0] == "t" else a
    want = want @ (np.swapaxes(b, 0, 1) if layout[1] == "t" else b)
    with choices.chosen(products__LIBRARY=0):
        f = w.jit(product(layout))
        whole = f(a, b)
        for n in range(1, 9):  # the array of the result, the workspace ..., and the room for blocks
            allocation.countdown[0] = n
            try:
                got = f(a, b)
            except MemoryError:
                continue
            finally:
                left, allocation.countdown[0] = int(allocation.countdown[0]), 0
            np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-12)
            if left == 0:
                break
        else:
            pytest.fail("the room for blocks was never refused")
    np.testing.assert_allclose(whole, want, rtol=1e-12, atol=1e-12)


def test_gradients_of_a_layer():
    x, y = RNG.normal(size=(2, 300, 200))
    weights = RNG.normal(size=(200, 200)) / 14

    def loss(weights):
        return wnp.sum((wnp.tanh(x @ weights) - y) ** 2)

    got = w.jit(w.grad(loss))(weights)
    h = np.tanh(x @ weights)
    np.testing.assert_allclose(got, x.T @ (2 * (h - y) * (1 - h**2)), rtol=1e-9, atol=1e-10)
