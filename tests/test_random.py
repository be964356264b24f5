"""Random keys: published vectors of the generator, JAX's numbers, and the transformations."""

import json

import jax_random_cases as cases
import numpy as np
import pytest

import wengert as w
import wengert.numpy as wnp
from wengert import random
from wengert.ops.random import threefry2x32
from wengert.ops.random_rejection import gamma_slope_p

VECTORS = [  # Random123's known answers for threefry2x32, 20 rounds
    ((0, 0), (0, 0), (0x6B200159, 0x99BA4EFE)),
    ((0xFFFFFFFF, 0xFFFFFFFF), (0xFFFFFFFF, 0xFFFFFFFF), (0x1CB996FC, 0xBB002BE7)),
    ((0x13198A2E, 0x03707344), (0x243F6A88, 0x85A308D3), (0xC4923A9C, 0x483DF7A0)),
]


@pytest.mark.parametrize("key, counter, expected", VECTORS)
def test_known_answers(key, counter, expected):
    words = [np.array([v], np.uint32) for v in (*key, *counter)]
    assert [int(x[0]) for x in threefry2x32(*words)] == list(expected)


REFERENCE_DRAWS = json.loads(cases.REFERENCE.read_text())
MODES = {mode: (lambda on=on: w.config.override(enable_x64=on)) for mode, on in (("x32", False), ("x64", True))}
TOLERANCE = {"float16": 2e-3, "float32": 3e-6, "complex64": 3e-6, "float64": 1e-10}
# XLA's float32 erf differs from SciPy's in the last place, which the quantile of a tail amplifies.
LOOSE = {"truncated_normal tail": 2e-4}


def same_draw(name, got, expected):
    assert (got.dtype, got.shape) == (expected.dtype, expected.shape)
    if got.dtype.kind in "fc":
        tolerance = LOOSE.get(name, TOLERANCE[got.dtype.name])
        np.testing.assert_allclose(got, expected, rtol=tolerance, atol=tolerance / 10)
    else:
        np.testing.assert_array_equal(got, expected)


@pytest.mark.filterwarnings("ignore:.*float16:RuntimeWarning")
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", cases.CASES)
def test_jax_values(name, mode):
    """The values of JAX, recorded from it (`jax_random_cases.py` says how)."""
    for seed in cases.SEEDS:
        row = REFERENCE_DRAWS["draws"][f"{name} | {mode} | {seed}"]
        dtype = np.dtype(row["dtype"])
        parts = [np.array(v, dtype if dtype.kind != "c" else None).reshape(row["shape"]) for v in row["values"]]
        expected = parts[0] if len(parts) == 1 else (parts[0] + 1j * parts[1]).astype(dtype)
        with MODES[mode]():
            same_draw(name, np.asarray(cases.CASES[name](random, random.key(seed))), expected)


@pytest.mark.peers
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", cases.CASES)
def test_jax_itself(name, mode):
    """The values of the JAX that is installed, for more seeds."""
    jax = pytest.importorskip("jax")
    draw = cases.CASES[name]
    for seed in (0, 7, 2**31 - 1) + ((2**40, -(2**40)) if mode == "x64" else ()):
        with MODES[mode](), jax.enable_x64(mode == "x64"):
            got, expected = draw(random, random.key(seed)), draw(jax.random, jax.random.key(seed))
            same_draw(name, np.asarray(got), np.asarray(expected))


def test_every_name_is_drawn():
    drawn = {name.split()[0] for name in cases.CASES} | {"key", "clone", "key_impl", "wrap_key_data", "PRNGKey"}
    assert set(random.__all__) - drawn == set()


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


@pytest.mark.parametrize("a, x", [(0.05, 1e-9), (0.3, 0.2), (1.0, 1.0), (2.5, 9.0), (40.0, 33.0), (900.0, 1000.0)])
def test_gamma_slope(a, x):
    """Against the derivative of mpmath's incomplete gamma function."""
    mp = pytest.importorskip("mpmath")
    with mp.workdps(40):
        lower = lambda b: mp.gammainc(b, 0, x, regularized=True)
        density = mp.mpf(x) ** (a - 1) * mp.exp(-x) / mp.gamma(a)
        expected = float(-mp.diff(lower, a) / density / x)
    assert gamma_slope_p.bind(np.float64(np.log(x)), np.float64(a)) == pytest.approx(expected, rel=1e-9)


def test_gamma_derivatives():
    k = random.key(5)
    mean = lambda a: wnp.mean(random.gamma(k, a, (4000,)))
    assert w.grad(mean)(3.0) == pytest.approx(1.0, abs=0.03)  # the mean of a gamma number is its parameter
    a = np.array([0.4, 3.0])
    chain = random.gamma(k, a) * w.jvp(lambda a: random.loggamma(k, a), (a,), (np.ones(2),))[1]
    np.testing.assert_allclose(w.jvp(lambda a: random.gamma(k, a), (a,), (np.ones(2),))[1], chain, rtol=1e-9)
    keys = random.split(k, 3)
    grads = w.vmap(w.grad(lambda a, k: random.gamma(k, a)), (None, 0))(2.0, keys)
    np.testing.assert_allclose(grads, [w.grad(lambda a, k: random.gamma(k, a))(2.0, q) for q in keys])
    assert w.grad(lambda a: wnp.sum(random.gamma(k, a, (50,))))(1e-6) == 0.0  # every number is 0 there


@pytest.mark.parametrize("draw", [
    lambda k: random.gamma(k, 2.0, (3,)),
    lambda k: random.poisson(k, 4.0, (3,)),
    lambda k: random.poisson(k, 40.0, (3,)),
    lambda k: random.dirichlet(k, np.ones(3)),
    lambda k: random.permutation(k, 5),
    lambda k: random.choice(k, 5, (2,), replace=False),
    lambda k: random.randint(k, (4,), 0, 9),
    lambda k: random.orthogonal(k, 2),
])  # fmt: skip
def test_batched_and_staged_draws(draw):
    keys = random.split(random.key(11), 3)
    loop = np.stack([draw(k) for k in keys])
    for f in (w.vmap(draw), w.jit(w.vmap(draw)), w.vmap(w.jit(draw))):
        np.testing.assert_allclose(f(keys), loop, rtol=1e-12)


@pytest.mark.parametrize("misuse, message", [
    (lambda: random.key(1.5), "integer"),
    (lambda: random.normal(3), "random.key"),
    (lambda: random.normal(random.split(random.key(0))), "vmap"),
    (lambda: random.normal(random.key(0), (-1,)), "negative"),
    (lambda: random.normal(random.key(0), (2,), int), "floating"),
    (lambda: random.uniform(random.key(0), (2,), minval=np.zeros(3)), "broadcast"),
    (lambda: random.choice(random.key(0), 3, (5,), replace=False), "without replacement"),
    (lambda: random.choice(random.key(0), 0, (5,)), "nothing to choose"),
    (lambda: random.key(0, impl="philox"), "threefry2x32"),
    (lambda: random.randint(random.key(0), (2,), 0, 3, float), "integers"),
    (lambda: random.poisson(random.key(0), 3.0, dtype=float), "integers"),
    (lambda: random.bernoulli(random.key(0), 1), "floating"),
    (lambda: random.gumbel(random.key(0), mode="higher"), "'low' or 'high'"),
    (lambda: random.categorical(random.key(0), np.zeros(2), shape=(3,), replace=False), "without replacement"),
    (lambda: random.dirichlet(random.key(0), 1.0), "scalar"),
    (lambda: random.permutation(random.key(0), 1.5), "integer"),
    (lambda: random.multivariate_normal(random.key(0), np.zeros(2), np.eye(3)), "covariance"),
    (lambda: random.beta(random.key(0), np.ones(2), np.ones(3)), "together"),
    (lambda: w.grad(w.grad(lambda a: random.gamma(random.key(0), a)))(2.0), "no derivative"),
])  # fmt: skip
def test_misuse(misuse, message):
    with pytest.raises(w.errors.WengertError, match=message):
        misuse()
