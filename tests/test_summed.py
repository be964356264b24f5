"""compile.summed: products of matrices that are only summed, against eager results."""

import numpy as np
import pytest

import wengert as w
import wengert.lax as lax
import wengert.numpy as wnp

RNG = np.random.default_rng(0)
H, C, V, B = RNG.normal(size=(7, 5)), RNG.normal(size=(5, 11)), RNG.normal(size=7), RNG.normal(size=(3, 7, 5))


def products(f, *args):
    """The numbers of multiplications of the products of matrices of the optimised Program."""
    return [
        e.outputs[0].aval.size * np.prod([e.inputs[0].aval.shape[i] for i in e.params["dims"][0][0]], dtype=int)
        for e in w.jit(f).lower(*args).optimized.equations
        if e.primitive.name == "dot_general"
    ]


SUMMED = {
    "columns": (lambda h, c: wnp.sum(h @ c, axis=1), (H, C), 35),
    "rows": (lambda h, c: wnp.sum(h @ c, axis=0), (H, C), 55),
    "both": (lambda h, c: wnp.sum(h @ c), (H, C), 5),
    "turned": (lambda h, c: wnp.sum((h @ c).T, axis=0), (H, C), 35),
    "negated": (lambda h, c: wnp.sum(-(h @ c), axis=1), (H, C), 35),
    "scaled": (lambda h, c, v: wnp.sum(v[:, None] * (h @ c) * 3.0, axis=1), (H, C, V), 35),
    "with others": (lambda h, c, v: wnp.sum(h @ c - wnp.sin(v[:, None] * v[:5] @ c), axis=0), (H, C, V), 440),
    "two": (lambda h, c: wnp.sum(h @ c + 2.0 * (wnp.exp(h) @ wnp.sin(c)), axis=1), (H, C), 70),
    "a batch": (lambda b: wnp.sum(wnp.einsum("bij,bkj->bik", b, b + 1), axis=0), (B,), 7 * 7 * 15),
    "a batch and rows": (lambda b: wnp.sum(wnp.einsum("bij,bkj->bik", b, b + 1), axis=(0, 1)), (B,), 105),
    "an axis between": (lambda b: wnp.sum(wnp.einsum("bij,bkj->kbi", b, b + 1), axis=1), (B,), 7 * 7 * 15),
    "kept dimensions": (lambda h, c: wnp.sum(h @ c, axis=1, keepdims=True) * c[0], (H, C), 35),
}
# Complex products are four real ones; a factor of complex numbers mixes them, and they are not summed through it.
MIXED = {"scaled": 7 * 5 * 11, "two": 7 * 5 * 11 + 35}
LEFT = {
    "used twice": (lambda h, c: (wnp.sum(h @ c, axis=1), h @ c), (H, C)),
    "not linear": (lambda h, c: wnp.sum(wnp.exp(h @ c), axis=1), (H, C)),
    "squared": (lambda h, c: wnp.sum((h @ c) ** 2, axis=1), (H, C)),
    "a factor that varies": (lambda h, c: wnp.sum((h @ c) * c[:1], axis=1), (H, C)),
}


@pytest.mark.parametrize("dtype", ["float32", "float64", "complex128"])
@pytest.mark.parametrize("name", SUMMED)
def test_factors_are_summed(name, dtype):
    f, args, multiplications = SUMMED[name]
    args = [(a * (1 + 0.5j) if dtype == "complex128" else a).astype(dtype) for a in args]
    got, want = w.jit(f)(*args), f(*args)
    assert got.dtype == want.dtype
    np.testing.assert_allclose(got, want, rtol=1e-4 if dtype == "float32" else 1e-12, atol=1e-5)
    if dtype == "complex128":
        multiplications = 4 * MIXED.get(name, multiplications)
    assert sum(products(f, *args)) == multiplications


@pytest.mark.parametrize("name", LEFT)
def test_products_that_are_needed_are_left(name):
    f, args = LEFT[name]
    assert products(f, *args) == [7 * 5 * 11]
    for got, want in zip(w.jit(f)(*args), f(*args), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-12)


def test_integers_and_halves_are_left():
    """Sums of integers are of another type than their terms; halves are rounded where NumPy rounds them."""
    x = RNG.integers(-3, 3, size=(4, 4)).astype(np.int32)
    for a in (x, x.astype(np.float16)):
        np.testing.assert_array_equal(w.jit(lambda a: wnp.sum(a @ a, axis=1))(a), np.sum(a @ a, axis=1))


def test_the_gradient_of_a_shift_needs_no_product():
    """A shift shared by all rows: its gradient sums a product over the rows."""
    loss = lambda b, x, c: wnp.sum(wnp.tanh((x - b) @ c))
    x, b = RNG.normal(size=(200, 5)), RNG.normal(size=5)
    gradient = w.grad(loss)
    np.testing.assert_allclose(w.jit(gradient)(b, x, C), gradient(b, x, C), rtol=1e-12)
    assert products(gradient, b, x, C) == [200 * 5 * 11, 5 * 11]


def test_in_a_loop():
    def f(h, c):
        return lax.scan(lambda s, r: (s + wnp.sum((h * r) @ c, axis=1), s), wnp.zeros(7), wnp.arange(4.0))

    for got, want in zip(w.jit(f)(H, C), f(H, C), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-12)


def test_a_product_far_from_its_sum():
    """It is found through some sums; thousands away it is left, and the stack does not grow with the distance."""

    def f(h, c, n):
        y, z = h @ c, wnp.exp(h[:, :1] * c[:1])
        for i in range(n):
            y = y + wnp.sin(z * i)
        return wnp.sum(y, axis=1)

    for n, multiplications in ((30, 35), (3000, 385)):
        g = lambda h, c, n=n: f(h, c, n)
        np.testing.assert_allclose(w.jit(g)(H, C), g(H, C), rtol=1e-10)
        assert products(g, H, C) == [multiplications]
