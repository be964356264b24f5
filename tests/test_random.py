"""Random keys: published vectors of the generator, JAX's numbers, and the transformations."""

import numpy as np
import pytest

import wengert as w
import wengert.numpy as wnp
from wengert import random
from wengert.ops.random import threefry2x32

VECTORS = [  # Random123's known answers for threefry2x32, 20 rounds
    ((0, 0), (0, 0), (0x6B200159, 0x99BA4EFE)),
    ((0xFFFFFFFF, 0xFFFFFFFF), (0xFFFFFFFF, 0xFFFFFFFF), (0x1CB996FC, 0xBB002BE7)),
    ((0x13198A2E, 0x03707344), (0x243F6A88, 0x85A308D3), (0xC4923A9C, 0x483DF7A0)),
]


@pytest.mark.parametrize("key, counter, expected", VECTORS)
def test_known_answers(key, counter, expected):
    words = [np.array([v], np.uint32) for v in (*key, *counter)]
    assert [int(x[0]) for x in threefry2x32(*words)] == list(expected)


@pytest.fixture(params=[False, True], ids=["x32", "x64"])
def both(request):
    jax = pytest.importorskip("jax")
    with w.config.override(enable_x64=request.param), jax.enable_x64(request.param):
        yield jax, request.param


DRAWS = {
    "bits": lambda r, k: r.bits(k, (5,)),
    "bits8": lambda r, k: r.bits(k, (5,), np.uint8),
    "bits16": lambda r, k: r.bits(k, (2, 3), np.uint16),
    "uniform": lambda r, k: r.uniform(k, (3, 4)),
    "uniform range": lambda r, k: r.uniform(k, (3,), minval=-2.0, maxval=5.0),
    "normal": lambda r, k: r.normal(k, (100,)),
    "scalar normal": lambda r, k: r.normal(k),
    "truncated": lambda r, k: r.truncated_normal(k, -1.0, 2.0, (20,)),
    "randint": lambda r, k: r.randint(k, (50,), -3, 1000),
    "bernoulli": lambda r, k: r.bernoulli(k, 0.3, (20,)),
    "rademacher": lambda r, k: r.rademacher(k, (9,)),
    "exponential": lambda r, k: r.exponential(k, (9,)),
    "gumbel": lambda r, k: r.gumbel(k, (9,)),
    "laplace": lambda r, k: r.laplace(k, (9,)),
    "logistic": lambda r, k: r.logistic(k, (9,)),
    "cauchy": lambda r, k: r.cauchy(k, (9,)),
    "categorical": lambda r, k: r.categorical(k, np.log(np.array([[0.2, 0.3, 0.5]], np.float32)), shape=(30, 1)),
    "permutation": lambda r, k: r.permutation(k, 20),
    "choice": lambda r, k: r.choice(k, 10, (7,)),
    "choice without": lambda r, k: r.choice(k, 10, (7,), replace=False),
    "choice p": lambda r, k: r.choice(k, 3, (7,), p=np.array([0.2, 0.3, 0.5], np.float32)),
}


@pytest.mark.parametrize("name", DRAWS)
def test_jax_numbers(both, name):
    jax, _ = both
    for seed in (0, 42, 2**31 - 1):
        got = np.asarray(DRAWS[name](random, random.key(seed)))
        expected = np.asarray(DRAWS[name](jax.random, jax.random.key(seed)))
        assert got.dtype == expected.dtype and got.shape == expected.shape
        if got.dtype.kind == "f":
            np.testing.assert_allclose(got, expected, rtol=3e-6 if got.dtype == np.float32 else 1e-10, atol=1e-7)
        else:
            np.testing.assert_array_equal(got, expected)


def test_jax_keys(both):
    jax, x64 = both
    for seed in (0, 7, -5, 2**31 - 1) + ((2**40, -(2**40)) if x64 else ()):
        k, j = random.key(seed), jax.random.key(seed)
        np.testing.assert_array_equal(random.key_data(k), jax.random.key_data(j))
        np.testing.assert_array_equal(random.key_data(random.split(k, 3)), jax.random.key_data(jax.random.split(j, 3)))
        np.testing.assert_array_equal(
            random.key_data(random.fold_in(k, 9)), jax.random.key_data(jax.random.fold_in(j, 9))
        )
        np.testing.assert_array_equal(random.split(random.PRNGKey(seed)), jax.random.split(jax.random.PRNGKey(seed)))


def test_keys_are_values():
    k = random.key(3)
    a, b = random.split(k)
    keys = random.split(k, 4)
    assert keys.shape == (4,) and random.normal(a) != random.normal(b)
    loop = np.stack([random.normal(x, (2,)) for x in keys])
    np.testing.assert_array_equal(w.vmap(lambda k: random.normal(k, (2,)))(keys), loop)
    # The same bits of the generator; erfinv, compiled, is another program than SciPy's.
    np.testing.assert_allclose(w.jit(w.vmap(lambda k: random.normal(k, (2,))))(keys), loop, rtol=2e-15)
    np.testing.assert_allclose(
        w.jit(lambda k: random.normal(random.split(k)[1], (2,)))(k), random.normal(b, (2,)), rtol=2e-15
    )
    np.testing.assert_array_equal(
        random.key_data(w.vmap(random.fold_in, (None, 0))(k, np.arange(3))),
        np.stack([random.key_data(random.fold_in(k, i)) for i in range(3)]),
    )
    np.testing.assert_array_equal(random.normal(random.PRNGKey(3), (2,)), random.normal(k, (2,)))


def test_reparameterised_derivatives():
    k = random.key(1)
    f = lambda m, s: wnp.mean(m + s * random.normal(k, (1000,)))
    assert w.grad(f)(1.0, 2.0) == pytest.approx(1.0)
    np.testing.assert_allclose(w.grad(f, 1)(1.0, 2.0), np.mean(random.normal(k, (1000,))))
    np.testing.assert_allclose(w.grad(lambda b: random.uniform(k, (), maxval=b))(3.0), random.uniform(k))


@pytest.mark.parametrize("misuse, message", [
    (lambda: random.key(1.5), "integer"),
    (lambda: random.normal(3), "random.key"),
    (lambda: random.normal(random.split(random.key(0))), "vmap"),
    (lambda: random.normal(random.key(0), (-1,)), "negative"),
    (lambda: random.normal(random.key(0), (2,), int), "floating"),
    (lambda: random.uniform(random.key(0), (2,), minval=np.zeros(3)), "broadcast"),
    (lambda: random.choice(random.key(0), 3, (5,), replace=False), "without replacement"),
])  # fmt: skip
def test_misuse(misuse, message):
    with pytest.raises(w.errors.WengertError, match=message):
        misuse()
