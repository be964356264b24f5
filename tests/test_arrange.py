"""compile.arrange and compile.multiply: products that read and write matrices where they lie, against NumPy."""

import itertools

import numpy as np
import pytest

import wengert as w
import wengert.numpy as wnp
from wengert.compile import multiply
from wengert.compile.products import Product

RNG = np.random.default_rng(0)
LENGTHS = {"b": 3, "c": 2, "m": 13, "n": 11, "k": 9}


def array(axes, dtype):
    return RNG.normal(size=[LENGTHS[a] for a in axes]).astype(dtype)


def steps(f, *args):
    return w.jit(f).lower(*args)._module.plan.steps


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("batch", ["", "b", "bc"])
def test_every_order_of_axes(batch, dtype):
    """A batch, rows and columns in any order in both factors and the result."""
    orders = [["".join(p) for p in itertools.permutations([*batch, *rest])] for rest in ("mk", "kn", "mn")]
    cases = list(itertools.product(*orders))
    for i in RNG.permutation(len(cases))[:40]:
        x, y, out = cases[i]
        formula = f"{x},{y}->{out}"
        a, b = array(x, dtype), array(y, dtype)
        got = w.jit(lambda a, b, formula=formula: wnp.einsum(formula, a, b))(a, b)
        want = np.einsum(formula, a, b)
        assert got.dtype == dtype and got.flags.c_contiguous
        np.testing.assert_allclose(got, want, rtol=1e-4 if dtype == "float32" else 1e-12, atol=1e-5, err_msg=formula)


def test_a_product_that_is_used_as_it_is_too_is_not_turned():
    x, y = RNG.normal(size=(20, 5, 12)), RNG.normal(size=(5, 12, 16))

    def f(x, y):
        z = wnp.einsum("nki,kij->knj", x, y)
        return z, wnp.transpose(z, (1, 0, 2))

    z = np.einsum("nki,kij->knj", x, y)
    for got, want in zip(w.jit(f)(x, y), (z, z.transpose(1, 0, 2)), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("rows", [1000, 997, 70])
def test_blocks_of_rows(monkeypatch, rows):
    """Batches that lie between one another's rows are computed block by block, with the same result on threads."""
    monkeypatch.setattr(multiply, "CACHE", 1 << 12)
    monkeypatch.setattr(multiply, "BLOCK", 1 << 14)
    x, y = RNG.normal(size=(rows, 6, 10)), RNG.normal(size=(6, 10, 10))
    f = lambda x, y: wnp.einsum("nkj,kij->nki", x, y)
    with w.config.override(disk_cache=False):
        alone = w.jit(f)(x, y)
        np.testing.assert_allclose(alone, np.einsum("nkj,kij->nki", x, y), rtol=1e-12, atol=1e-12)
        monkeypatch.setattr(multiply, "SHARED", 0)
        for threads in (1, 2, 5):
            with w.config.override(threads=threads):
                assert (w.jit(lambda x, y: f(x, y))(x, y) == alone).all()


def test_large_products_through_blas():
    x, y = RNG.normal(size=(170, 3, 200)), RNG.normal(size=(3, 180, 200))
    f = lambda x, y: wnp.einsum("nkj,kij->nki", x, y)
    assert any(isinstance(s, Product) and s.library for s in steps(f, x, y))
    np.testing.assert_allclose(w.jit(f)(x, y), np.einsum("nkj,kij->nki", x, y), rtol=1e-10, atol=1e-10)


def test_no_copies_are_left():
    x, y = RNG.normal(size=(40, 5, 12)), RNG.normal(size=(5, 12, 16))
    alone = steps(lambda x, y: wnp.einsum("nki,kij->nkj", x, y), x, y)
    assert [type(s) for s in alone] == [Product]
    product = alone[0]
    assert product.x_steps == (12, 60, 1) and product.y_steps == (192, 16, 1) and product.steps == (16, 80, 1)
    assert [type(s) for s in steps(lambda x: wnp.einsum("nki,nkj->kij", x, x), x)] == [Product]


@pytest.mark.parametrize("turned", [(x, y, z) for x in (0, 1) for y in (0, 1) for z in (0, 1)])
def test_every_shape_and_layout(turned):
    """Rows, columns and sums of one, too, whose step in memory says nothing, for loop nests, tiles and BLAS."""
    turn_x, turn_y, turn = turned
    rng = np.random.default_rng(3)
    for m, k, n in itertools.product((1, 2, 3, 40, 600), (1, 2, 40), (1, 2, 3, 40, 600)):
        x, y = rng.normal(size=(k, m) if turn_x else (m, k)), rng.normal(size=(n, k) if turn_y else (k, n))

        def f(x, y):
            z = wnp.matmul(x.T if turn_x else x, y.T if turn_y else y)
            return z.T if turn else z

        np.testing.assert_allclose(w.jit(f)(x, y), f(x, y), rtol=1e-10, atol=1e-12)
