"""Numbers scattered onto zeros, one to each row: compiled without the array, with the same values and the same errors."""

import numpy as np
import pytest

import wengert as w
import wengert.numpy as wnp
from wengert.compile.pipeline import optimize

N, M = 40, 37
RNG = np.random.default_rng(5)
X = RNG.normal(size=(N, M)).astype(np.float32)
LABELS = RNG.integers(-M, M, N)
CUBE, MARKS = RNG.normal(size=(3, 5, 7)), RNG.integers(0, 7, (3, 5))


def entropy(x, labels):
    top = wnp.max(x, 1, keepdims=True)
    return wnp.mean(top[:, 0] + wnp.log(wnp.sum(wnp.exp(x - top), 1)) - x[wnp.arange(N), labels])


def of_words(x, labels):
    lse = wnp.log(wnp.sum(wnp.exp(x), -1))
    return wnp.sum(lse - wnp.take_along_axis(x, labels[..., None], -1)[..., 0])


CASES = {
    "cross-entropy": (entropy, X, LABELS),
    "small labels": (entropy, X, (LABELS % M).astype(np.uint8)),
    "words": (of_words, CUBE, MARKS),
    "columns": (lambda x, i: wnp.sum(x[i, wnp.arange(M)] ** 2 * wnp.arange(M)), X, RNG.integers(0, N, M)),
    "in the middle": (
        lambda x, i: wnp.sum(x[wnp.arange(3)[:, None], i, wnp.arange(7)] ** 3), CUBE, RNG.integers(-5, 5, (3, 7)),
    ),
}  # fmt: skip


def scatters(program):
    return [e.primitive.name for e in program.equations if e.primitive.name.startswith("scatter")]


@pytest.mark.parametrize("name", CASES)
def test_gradients(name):
    f, x, i = CASES[name]
    g = w.value_and_grad(f)
    jitted = w.jit(g)
    assert not scatters(jitted.lower(x, i).optimized)
    for _ in range(2):
        for got, want in zip(jitted(x, i), g(x, i), strict=True):
            assert got.dtype == want.dtype
            np.testing.assert_allclose(got, want, rtol=2e-6, atol=1e-7)
    high = i.astype(np.int64) + 1000
    with pytest.raises(IndexError):
        jitted(x, high)
    assert jitted(x, i)[0] == pytest.approx(g(x, i)[0], rel=1e-5)


def test_hessians_and_batches():
    v = RNG.normal(size=X.shape)
    product = lambda x, v, i: w.jvp(lambda x: w.grad(entropy)(x, i), (x,), (v,))[1]  # noqa: E731
    np.testing.assert_allclose(
        w.jit(product)(X.astype(float), v, LABELS), product(X.astype(float), v, LABELS), rtol=1e-9, atol=1e-12
    )
    one = lambda x, i: wnp.log(wnp.sum(wnp.exp(x))) - x[i]  # noqa: E731
    rows = w.vmap(w.grad(one))
    np.testing.assert_allclose(w.jit(rows)(X, LABELS), rows(X, LABELS), rtol=1e-5, atol=1e-7)


def test_scatters_that_stay():
    """Where several may meet, or what is there is no zero."""
    at = lambda x, i, v: w.lax._at(x)[wnp.arange(N), i].add(v)  # noqa: E731
    for f in (
        lambda i, v: at(wnp.ones((N, M)), i, v) + v[:, None] * X[wnp.arange(N), i][:, None],
        lambda i, v: w.lax._at(wnp.zeros((N, M)))[wnp.arange(N) // 2, i].add(v) + X[wnp.arange(N), i][:, None],
    ):
        v = RNG.normal(size=N)
        assert scatters(optimize(w.make_program(f)(LABELS, v)))
        np.testing.assert_allclose(w.jit(f)(LABELS, v), f(LABELS, v), rtol=1e-6)
    alone = lambda i, v: at(wnp.zeros((N, M)), i, v)  # noqa: E731 - the index is checked by itself
    np.testing.assert_array_equal(w.jit(alone)(LABELS, v), alone(LABELS, v))
    with pytest.raises(IndexError):
        w.jit(alone)(LABELS + 1000, np.ones(N))


def test_sums_that_follow_from_others():
    """Of multiples of what was summed; not of differences, whose terms may cancel where their totals do not."""
    x, y = RNG.normal(size=(N, M)), RNG.normal(size=(N, M)) * 1e-8

    def f(x):
        e = wnp.exp(x - wnp.max(x, 1, keepdims=True))
        return wnp.sum(e, 1) + wnp.sum(-e * x[:, :1] / x[:, 1:2], 1) + wnp.sum(2.0 * e, 1)

    text = [e.primitive.name for e in optimize(w.make_program(f)(x)).equations]
    assert text.count("reduce_sum") == 1
    unbounded = lambda x: (wnp.sum(x, 1), wnp.sum(x * 1e-300, 1))  # noqa: E731 - the first sum may overflow
    assert [e.primitive.name for e in optimize(w.make_program(unbounded)(x)).equations].count("reduce_sum") == 2
    np.testing.assert_allclose(w.jit(unbounded)(np.full((N, M), 1e308))[1], np.full(N, 1e8 * M), rtol=1e-12)
    np.testing.assert_allclose(w.jit(f)(x), f(x), rtol=1e-10)
    both = lambda x, y: wnp.sum(x, 1) + wnp.sum(y, 1) + 1e8 * wnp.sum(x - y, 1)  # noqa: E731
    text = [e.primitive.name for e in optimize(w.make_program(both)(x, x + y)).equations]
    assert text.count("reduce_sum") == 3
    np.testing.assert_allclose(w.jit(both)(x, x + y), both(x, x + y), rtol=1e-6)
    again = lambda x: (wnp.sum(x, 1), wnp.sum(x * 1.0, 1), wnp.sum(x, (0, 1)), wnp.sum(x * x[0, 0]))  # noqa: E731
    for got, want in zip(w.jit(again)(x), again(x), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-12)
