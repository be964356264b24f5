"""compile.sums: sums that follow from smaller ones, in programs of many kinds, with what they save; against eager results."""

import numpy as np
import pytest

import wengert as w
import wengert.numpy as wnp
from wengert.compile.fusion import Fill, Kernel, Product
from wengert.compile.pipeline import optimize, planned
from wengert.compile.rewrites import switched

RNG = np.random.default_rng(3)
N, M, K = 60, 50, 8
X, C, V, U = RNG.normal(size=(N, M)), RNG.normal(size=(M, K)), RNG.normal(size=N), RNG.normal(size=M)
CUBE = RNG.normal(size=(4, M, 15))
LABELS, WORDS = RNG.integers(0, M, N), RNG.integers(-M, M, (4, 15))


def work(f, *args):
    """Steps of the compiled program: of its nests at their points, of products, zeros that are written; others are one."""
    total = 0
    for s in planned(optimize(w.make_program(f)(*args)), 32).steps:
        if isinstance(s, Fill):
            total += s.target.aval.size
        elif isinstance(s, Kernel):
            total += s.size * len(s.nest.nodes)
        else:
            total += s.batch * s.m * s.n * s.k if isinstance(s, Product) else 1
    return total


def hinge(x, i):
    own = x[wnp.arange(N), i]
    return wnp.sum(wnp.maximum(0.0, 1.0 + x - own[:, None])) - wnp.sum(own)


def focal(x, i):
    """Of the middle axis, and of probabilities."""
    e = wnp.exp(x - wnp.max(x, 1, keepdims=True))
    p = e / wnp.sum(e, 1, keepdims=True)
    own = wnp.take_along_axis(p, i[:, None], 1)
    return -wnp.sum((1 - own) ** 2 * wnp.log(own))


def weighted(i, v):
    """Numbers sent to columns, and what each row and all of them have in total."""
    sent = w.lax._at(wnp.zeros((N, M)))[wnp.arange(N), i].add(v)
    return wnp.sum(sent, 1) * 2, wnp.sum(sent)


def expected(x):
    """Means of positions under weights that fall off with a distance, normalised twice."""
    e = wnp.exp(-(x**2))
    p = e / wnp.sum(e, 1, keepdims=True)
    return wnp.sum(p / wnp.sum(p, 1, keepdims=True) * U, 1)


def sinkhorn(x):
    """Marginals of a scaled kernel."""
    k = wnp.exp(-0.5 * wnp.abs(x))
    return wnp.sum(k, 1), wnp.sum(k.T * wnp.exp(V), 0), wnp.sum(k / V[:, None], 1)


# Each with its arguments and the share of the work that is left, at most.
PICKED = {
    "focal": (w.grad(focal), (CUBE, WORDS), 0.9),
    "sent to columns": (weighted, (LABELS, V), 0.1),
    "a diagonal": (lambda v: (wnp.sum(wnp.diag(v)), wnp.diag(v).sum(0) + wnp.diag(v).sum(1)), (V,), 0.1),
}
KNOWN = {
    "rows and all": (lambda x: (wnp.sum(wnp.sin(x), 1), wnp.mean(wnp.sin(x))), (X,), 0.75),
    "normalised twice": (expected, (X,), 0.95),
    "marginals": (sinkhorn, (X,), 0.6),
    "a choice by row": (lambda x: wnp.sum(x, 1) + wnp.sum(wnp.where(V[:, None] > 0, x, 2.0), 1), (X,), 0.6),
}
SMALLER = {
    "outer": (lambda u, v: (wnp.sum(u[:, None] * v, 1), wnp.sum(u[:, None] * (v * v))), (V, U), 0.1),
    "spread": (lambda v: wnp.sum(wnp.broadcast_to(wnp.exp(v)[:, None], (N, M)), (0, 1)), (V,), 0.1),
    "a choice of products": (lambda x, c: wnp.sum(wnp.where(V[:, None] > 0, x @ c, 0.0), 1), (X, C), 0.45),
    "a shifted product": (lambda x, c, v: wnp.sum(x @ c - v[:, None], 1), (X, C, V), 0.45),
}
OFF = {"factors_summed": False, "bounded_totals": False, "uniform_sums": False}


@pytest.mark.parametrize("name", [*PICKED, *KNOWN, *SMALLER])
def test_less_is_summed(name):
    f, args, share = {**PICKED, **KNOWN, **SMALLER}[name]
    got, want = w.jit(f)(*args), f(*args)
    for g, e in zip(*[a if isinstance(a, tuple) else (a,) for a in (got, want)], strict=True):
        np.testing.assert_allclose(g, e, rtol=1e-11, atol=1e-12)
    with switched(**OFF):
        before = work(f, *args)
    assert work(f, *args) <= share * before


@pytest.mark.parametrize("loss, args", [(hinge, (X, LABELS)), (focal, (CUBE, WORDS))])
def test_a_gradient_does_no_more_without_the_value(loss, args):
    assert work(w.grad(loss), *args) <= work(w.value_and_grad(loss), *args)


def test_small_factors_of_large_sums():
    """Partial sums stay in range where the sum does, and terms that cancel place by place are not summed apart."""
    u, v = np.full(3, 1e-300), np.full(1000, 1e308)
    outer = lambda u, v: wnp.sum(u[:, None] * v, 1)  # noqa: E731
    np.testing.assert_allclose(w.jit(outer)(u, v), outer(u, v), rtol=1e-12)
    spread = lambda u, x: wnp.sum(u[:, None] * wnp.broadcast_to(x, (3, 5)), 1)  # noqa: E731
    np.testing.assert_allclose(w.jit(spread)(u, np.float64(1.5e308)), spread(u, 1.5e308), rtol=1e-12)
    near = lambda x, b: wnp.sum(x - b[:, None], 1)  # noqa: E731
    b = np.full(N, 1e15)
    np.testing.assert_array_equal(w.jit(near)(X.round() + b[:, None], b), near(X.round() + b[:, None], b))


def test_masks_that_may_hold_nowhere():
    """An index that nothing checks is not taken for one in range."""
    f = lambda i, v: wnp.sum(wnp.where(i[:, None] == wnp.arange(M), v[:, None], 0.0), 1)  # noqa: E731
    far = LABELS + 20
    np.testing.assert_array_equal(w.jit(f)(far, V), np.where(far < M, V, 0.0))
