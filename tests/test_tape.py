"""The walk back over the tape: cotangents that stand for their broadcast, and who owns what comes out."""

import numpy as np
import pytest

import wengert as w
import wengert.numpy as wnp
from wengert.testing import check_grads

RNG = np.random.default_rng(9)
X = RNG.uniform(0.4, 1.4, size=(3, 4))
A = RNG.normal(size=(4, 3))

# In each the cotangent of a sum, which is smaller than what was summed, meets another kind of step.
AFTER_A_SUM = {
    "the input": lambda x: wnp.sum(x),
    "a number": lambda x: wnp.sum(-3.0 * x),
    "an array": lambda x: wnp.sum(x * A.T),
    "a smaller array": lambda x: wnp.sum(x * A[:, 0]),
    "broadcasting": lambda x: wnp.sum(x[0] + x[:, :1] * x),
    "broadcasting from nothing": lambda x: wnp.sum(x[0, 0] * np.ones((2, 5)) + x[1, 1]),
    "reshape": lambda x: wnp.sum(wnp.reshape(wnp.sin(x), (6, 2))),
    "transposition": lambda x: wnp.sum(wnp.exp(x).T),
    "a product": lambda x: wnp.sum(wnp.tanh(x) @ A),
    "indexing": lambda x: wnp.sum(x[[0, 2, 0]] ** 2),
    "concatenation": lambda x: wnp.sum(wnp.concatenate([x, x * x])),
    "one of several results": lambda x: wnp.sum(wnp.linalg.svd(x @ A + 3 * np.eye(3))[1]),
    "conversion": lambda x: wnp.sum((x * 2).astype(np.float32)) * 1.0,
    "another sum": lambda x: wnp.sum(wnp.sum(x**3, axis=1) * A[0]),
    "a choice": lambda x: wnp.sum(wnp.where(x > 1, wnp.log(x), x)),
    "sums over rows and over columns": lambda x: wnp.sum(wnp.sum(x * x, 0) ** 2) + wnp.sum(wnp.sum(x * x, 1) ** 2),
    "a mean that keeps its axis": lambda x: wnp.sum((x - wnp.mean(x, axis=1, keepdims=True)) ** 2 * A.T),
    "itself": lambda x: (lambda s: s * s)(wnp.sum(x)),
}


@pytest.mark.parametrize("step", AFTER_A_SUM)
def test_cotangents_of_sums(step):
    f = AFTER_A_SUM[step]
    coarse = {"order": 1, "eps": 1e-2, "rtol": 1e-3}  # differences of float32
    check_grads(f, (X,), modes=("rev",), **(coarse if step == "conversion" else {}))
    gradient = w.grad(f)(X)
    assert gradient.shape == X.shape and gradient.dtype == X.dtype
    np.testing.assert_allclose(w.vjp(f, X)[1](1.0)[0], gradient, rtol=1e-6)
    np.testing.assert_allclose(w.jit(w.grad(f))(X), gradient, rtol=1e-6)
    np.testing.assert_allclose(w.vmap(w.grad(f))(np.stack([X, X]))[1], gradient, rtol=1e-6)


@pytest.mark.parametrize("size", [3, 200])  # small arrays are filled, large ones would be views of one number
def test_a_spread_cotangent_is_an_array_of_its_own(size):
    x = np.ones((size, size))
    f = lambda a, b: wnp.sum(a) + wnp.sum(b)
    one, two = w.grad(f, (0, 1))(x, x)
    one[0, 0] = 5.0
    assert two[0, 0] == 1.0 and one.sum() == x.size + 4.0 and x[0, 0] == 1.0


@pytest.mark.parametrize(
    "f",
    [
        lambda x, y: wnp.sum(x * y),
        lambda x, y: wnp.vdot(x, y),
        lambda x, y: wnp.sum(x + y),
        lambda x, y: wnp.sum(x * 1.0),
    ],
)
def test_a_gradient_is_not_an_array_of_the_user(f):
    x, y = X.copy(), X + 1
    before = x.copy(), y.copy()
    w.grad(lambda x: f(x, y))(x)[...] = -1.0
    np.testing.assert_array_equal(x, before[0])
    np.testing.assert_array_equal(y, before[1])
