"""wengert.nn and wengert.scipy.special: values against SciPy and formulas, derivatives against differences."""

import numpy as np
import pytest
import scipy.special

import wengert as w
import wengert.numpy as wnp
from wengert import nn
from wengert.scipy import special
from wengert.testing import check_grads

RNG = np.random.default_rng(5)
X = np.concatenate([RNG.normal(size=5) * 2, [8.0, -7.0]])
M = RNG.normal(size=(3, 4)) * 2
B = M > -0.5
BIG = np.array([-1e3, -50.0, 50.0, 1e3])

ACTIVATIONS = {
    "relu": lambda x: np.maximum(x, 0),
    "relu6": lambda x: np.clip(x, 0, 6),
    "sigmoid": scipy.special.expit,
    "softplus": lambda x: np.logaddexp(x, 0),
    "squareplus": lambda x: (x + np.sqrt(x * x + 4)) / 2,
    "soft_sign": lambda x: x / (1 + abs(x)),
    "silu": lambda x: x * scipy.special.expit(x),
    "mish": lambda x: x * np.tanh(np.logaddexp(x, 0)),
    "log_sigmoid": lambda x: -np.logaddexp(-x, 0),
    "elu": lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
    "celu": lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
    "selu": lambda x: 1.0507009873554805 * np.where(x > 0, x, 1.6732632423543772 * np.expm1(np.minimum(x, 0))),
    "leaky_relu": lambda x: np.where(x > 0, x, 0.01 * x),
    "gelu": lambda x: 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))),
    "hard_tanh": lambda x: np.clip(x, -1, 1),
    "hard_sigmoid": lambda x: np.clip(x + 3, 0, 6) / 6,
    "hard_silu": lambda x: x * np.clip(x + 3, 0, 6) / 6,
    "sparse_plus": lambda x: np.where(x <= -1, 0, np.where(x >= 1, x, (x + 1) ** 2 / 4)),
    "sparse_sigmoid": lambda x: np.clip(x + 1, 0, 2) / 2,
    "identity": lambda x: x,
}


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activation(name):
    f, reference = getattr(nn, name), ACTIVATIONS[name]
    np.testing.assert_allclose(f(X), reference(X), rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(w.jit(f)(X), reference(X), rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(w.vmap(f)(X), reference(X), rtol=1e-12, atol=1e-15)
    check_grads(f, (X,), order=2)
    if name != "identity":
        assert np.isfinite(f(BIG)).all() and np.isfinite(w.vmap(w.grad(f))(BIG)).all()
    assert f(X.astype("f4")).dtype == np.float32
    assert np.asarray(f(np.float64(0.5))).shape == ()


def test_kinks():
    assert w.grad(nn.relu)(0.0) == 0.0
    assert np.isnan(nn.relu(np.nan))
    np.testing.assert_allclose(nn.gelu(X, approximate=False), X * scipy.special.ndtr(X), rtol=1e-12)
    np.testing.assert_allclose(nn.glu(M), M[:, :2] * scipy.special.expit(M[:, 2:]))
    np.testing.assert_allclose(nn.log1mexp(np.array([1e-10, 3.0])), np.log(-np.expm1(-np.array([1e-10, 3.0]))))
    check_grads(nn.log1mexp, (np.array([0.1, 0.6, 0.8, 3.0]),), order=2)


SUMS = {
    "logsumexp": (nn.logsumexp, scipy.special.logsumexp, {"axis": 1, "keepdims": True}),
    "logsumexp all": (nn.logsumexp, scipy.special.logsumexp, {}),
    "logsumexp b": (nn.logsumexp, scipy.special.logsumexp, {"axis": (0, 1), "b": np.abs(M[0])}),
    "logsumexp sign": (nn.logsumexp, scipy.special.logsumexp, {"axis": 0, "b": M, "return_sign": True}),
    "softmax": (nn.softmax, scipy.special.softmax, {"axis": 0}),
    "softmax two": (nn.softmax, scipy.special.softmax, {"axis": (0, 1)}),
    "log_softmax": (nn.log_softmax, scipy.special.log_softmax, {"axis": 1}),
}


@pytest.mark.parametrize("name", SUMS)
def test_sums_of_exponentials(name):
    f, reference, options = SUMS[name]
    g = lambda x: f(x, **options)  # noqa: E731
    for x in (M, M + 1000.0, M - 1000.0):
        np.testing.assert_allclose(g(x), reference(x, **options), rtol=1e-12)
        np.testing.assert_allclose(w.jit(g)(x), reference(x, **options), rtol=1e-12)
    check_grads(lambda x: g(x)[0] if "sign" in name else g(x), (M,), order=2)


def test_masks_and_infinities():
    lowest = np.array([-np.inf, 0.0, 1.0])
    np.testing.assert_allclose(w.grad(nn.logsumexp)(lowest), scipy.special.softmax(lowest))
    assert nn.logsumexp(np.array([-np.inf, -np.inf])) == -np.inf
    assert nn.logsumexp(np.array([np.inf, 0.0])) == np.inf
    masked = np.where(B, M, -np.inf)
    np.testing.assert_allclose(nn.softmax(M, where=B), scipy.special.softmax(masked, axis=-1))
    np.testing.assert_allclose(nn.logsumexp(M, 1, where=B), scipy.special.logsumexp(masked, 1))
    g = w.grad(lambda x: wnp.sum(nn.softmax(x, where=B) ** 2))(np.where(B, M, np.nan))
    assert np.isfinite(g).all() and (g[~B] == 0).all()
    np.testing.assert_allclose(nn.logmeanexp(M, 1), np.log(np.mean(np.exp(M), 1)))
    np.testing.assert_allclose(nn.logmeanexp(M, 1, where=B), np.log(np.mean(np.exp(M), 1, where=B)))


def test_layers():
    z = nn.standardize(M, axis=0, epsilon=0.0)
    np.testing.assert_allclose([z.mean(0), z.var(0)], [np.zeros(4), np.ones(4)], atol=1e-12)
    check_grads(nn.standardize, (M,), order=2)
    np.testing.assert_array_equal(nn.one_hot([0, 2, 5], 3), [[1, 0, 0], [0, 0, 1], [0, 0, 0]])
    np.testing.assert_array_equal(nn.one_hot(np.array([[0, 1]]), 2, axis=0, dtype=int), [[[1, 0]], [[0, 1]]])
    q, k, v = RNG.normal(size=(3, 2, 5, 4, 3))
    weights = scipy.special.softmax(
        np.where(np.tri(5, dtype=bool), np.einsum("btnh,bsnh->bnts", q, k) / np.sqrt(3), -np.inf), -1
    )
    got = nn.dot_product_attention(q, k, v, is_causal=True)
    np.testing.assert_allclose(got, np.einsum("bnts,bsnh->btnh", weights, v))
    check_grads(lambda q, k: nn.dot_product_attention(q, k[:, :, :2], v[:, :, :2]), (q, k), order=1)


P = np.array([0.3, 0.7, 1.9, 4.2])
SPECIAL = {
    "expit logit ndtr": ("expit ndtr log_ndtr erf erfc erfcx i0 i1 i0e i1e j0 j1", X[:5]),
    "positive": ("gamma gammaln digamma psi entr expi exp1 factorial gammasgn loggamma spence", P),
    "unit": ("logit ndtri erfinv", P / 5),
}
ONE = [(name, x) for names, x in SPECIAL.values() for name in names.split()]


@pytest.mark.parametrize("name, x", ONE, ids=[n for n, _ in ONE])
def test_special(name, x):
    f, reference = getattr(special, name), getattr(scipy.special, name)
    np.testing.assert_allclose(f(x), reference(x), rtol=1e-12)
    np.testing.assert_allclose(w.jit(f)(x), reference(x), rtol=1e-12)
    check_grads(f, (x,), order=2, rtol=1e-5, atol=1e-5)


TWO = {
    "beta": (P, P[::-1]),
    "betaln": (P, P[::-1]),
    "poch": (P, P[::-1]),
    "xlogy": (P, P[::-1]),
    "xlog1py": (P, P[::-1]),
    "rel_entr": (P, P[::-1]),
    "kl_div": (P, P[::-1]),
}


@pytest.mark.parametrize("name", TWO)
def test_special_of_two(name):
    f, reference = getattr(special, name), getattr(scipy.special, name)
    np.testing.assert_allclose(f(*TWO[name]), reference(*TWO[name]), rtol=1e-12)
    check_grads(f, TWO[name], order=2, rtol=1e-5, atol=1e-5)


def test_parameters():
    """Functions of a parameter; one that has no derivative says so (derivatives in others: test_scipy_special)."""
    for f, reference, a in (
        (special.gammainc, scipy.special.gammainc, (1.5,)),
        (special.gammaincc, scipy.special.gammaincc, (1.5,)),
        (special.betainc, scipy.special.betainc, (1.5, 2.0)),
        (special.expn, scipy.special.expn, (3,)),
        (special.zeta, scipy.special.zeta, (2.5,)),
        (special.iv, scipy.special.iv, (1.5,)),
        (special.jv, scipy.special.jv, (1.5,)),
    ):
        x = P / 5 if f is special.betainc else P
        np.testing.assert_allclose(f(*a, x), reference(*a, x), rtol=1e-12)
        check_grads(lambda v: f(*a, v), (x,), order=2, rtol=1e-5, atol=1e-5)
        if f is special.expn:
            with pytest.raises(w.errors.NotDifferentiableError, match="stop_gradient"):
                w.grad(lambda p: f(p, *a[1:], 0.5))(2.0)
    np.testing.assert_allclose(special.multigammaln(P + 2, 3), [scipy.special.multigammaln(v, 3) for v in P + 2])
    np.testing.assert_allclose(special.polygamma(1, P), scipy.special.polygamma(1, P))
    np.testing.assert_allclose(w.grad(w.grad(w.grad(w.grad(wnp.i0))))(0.0), 3 / 8)


def test_edges():
    np.testing.assert_array_equal(special.entr(np.array([0.0, -1.0])), [0.0, -np.inf])
    np.testing.assert_array_equal(special.rel_entr(np.array([0.0, 1.0]), np.array([1.0, 0.0])), [0.0, np.inf])
    assert special.xlogy(0.0, 0.0) == 0.0
    assert special.factorial(5) == 120


def test_what_is_written_in_place_of_a_name_that_is_not_here():
    """The message's code runs as it stands, on an image with channels last (of convolutions first)."""
    import re

    import wengert
    from wengert.nearest import INSTEAD

    given = {
        "x": np.ones((2, 4, 4, 3)), "key": wengert.random.key(0), "rate": 0.5, "scale": 1.0, "shift": 0.0,
        "labels": np.ones(3) / 3, "kernel": np.ones((5, 4, 3, 3)), "strides": (1, 1), "padding": "SAME",
    }  # fmt: skip
    shapes = {"cross_entropy": (2, 4, 4), "conv": (2, 5, 4, 3)}
    for module, names in INSTEAD.items():
        for name in names:
            with pytest.raises(AttributeError, match="; write ") as caught:
                getattr(__import__(module, fromlist=["x"]), name)
            code = re.search("; write (.*)$", str(caught.value))[1]
            out = eval(code, {"wengert": wengert}, given)  # noqa: S307 - what our message says
            assert np.shape(out) == shapes.get(name, (2, 4, 4, 3)), name


@pytest.mark.parametrize("padding", ["VALID", "SAME", [(1, 0), (1, 1)]])
@pytest.mark.parametrize("strides", [None, (2, 3)])
def test_pooling_is_that_of_its_windows(padding, strides):
    """Against loops over windows, with gradient by differences, compiled too; pools without examples and of one axis."""
    import wengert
    from wengert import nn

    x = np.random.default_rng(0).normal(size=(2, 5, 7, 3))
    steps = strides or (1, 1)
    pads = [(0, 0)] * 2 if padding == "VALID" else padding
    if padding == "SAME":
        pads = []
        for n, k, s in zip((5, 7), (3, 2), steps, strict=True):
            total = max((-(-n // s) - 1) * s + k - n, 0)
            pads.append((total // 2, total - total // 2))
    wide = np.pad(x, [(0, 0), *pads, (0, 0)], constant_values=np.nan)
    rows = range(0, wide.shape[1] - 2, steps[0])
    columns = range(0, wide.shape[2] - 1, steps[1])
    windows = np.stack(
        [np.stack([wide[:, i : i + 3, j : j + 2].reshape(2, 6, 3) for j in columns], 1) for i in rows], 1
    )
    np.testing.assert_array_equal(nn.max_pool(x, (3, 2), strides, padding), np.nanmax(windows, 3))
    np.testing.assert_allclose(nn.avg_pool(x, (3, 2), strides, padding), np.nansum(windows, 3) / 6)
    mean = wengert.jit(lambda x: nn.avg_pool(x, (3, 2), strides, padding, count_include_pad=False))
    np.testing.assert_allclose(mean(x), np.nanmean(windows, 3))
    np.testing.assert_array_equal(
        nn.max_pool(x[0], (3, 2), strides, padding), nn.max_pool(x, (3, 2), strides, padding)[0]
    )
    for pool in (nn.max_pool, nn.avg_pool):
        wengert.testing.check_grads(lambda x, pool=pool: pool(x, (3, 2), strides, padding), (x,), order=1)
    with pytest.raises(wengert.errors.ShapeError, match="window_shape: 2 positive numbers"):
        nn.max_pool(x, (0, 2))
    with pytest.raises(wengert.errors.ShapeError, match="window_shape: a length for each axis of space"):
        nn.max_pool(x, 2)
    with pytest.raises(wengert.errors.ShapeError, match="padding has 3 pairs for 2 axes"):
        nn.avg_pool(x, (3, 2), padding=[(0, 0)] * 3)
    with pytest.raises(wengert.errors.ShapeError, match="padding is 'SAME', .* got 1"):
        nn.max_pool(x, (3, 2), padding=1)
    with pytest.raises(wengert.errors.ShapeError, match=r"shape \(\.\.\., n0, n1, features\)"):
        nn.avg_pool(x[0, 0], (3, 2))


def test_conv_is_conv_general_dilated():
    from wengert import lax

    x, k = np.random.default_rng(0).normal(size=(2, 3, 6, 6)), np.random.default_rng(1).normal(size=(4, 3, 3, 3))
    np.testing.assert_array_equal(lax.conv(x, k, (2, 1), "SAME"), lax.conv_general_dilated(x, k, (2, 1), "SAME"))
