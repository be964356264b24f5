"""Gamma and Poisson numbers in compiled code: the draws of eager code, without Python, and the moments of the distributions."""

from __future__ import annotations

import numpy as np
import pytest
from watching import calls_of

from wengert import config, grad, jit, random, vmap
from wengert.compile import choices

KEY = random.key(3)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("sampler", [random.gamma, random.loggamma])
def test_gamma(dtype, sampler):
    tolerance = {"rtol": 3e-5, "atol": 1e-6} if dtype == np.float32 else {"rtol": 1e-11, "atol": 1e-12}
    for shape in ((), (1,), (7,), (2, 500)):
        f = jit(lambda k, a, s=shape: sampler(k, a, s, dtype))
        for a in (0.3, 1.0, 30.0):
            got, expected = f(KEY, a), sampler(KEY, a, shape, dtype)
            assert np.asarray(got).dtype == np.asarray(expected).dtype
            np.testing.assert_allclose(got, expected, **tolerance)
    assert calls_of(f, KEY, 0.3) == ["__call__"]


def test_gamma_of_several_keys_and_parameters():
    keys, a = random.split(KEY, 3), np.array([0.5, 2.0, 9.0])
    f = vmap(lambda k, a: random.gamma(k, a, (20,)))
    np.testing.assert_allclose(jit(f)(keys, a), f(keys, a), rtol=1e-12)
    for width in (16, 64):
        with (
            choices.chosen(serial__step__LEAST=0.0, serial__step__PIECE=1.0, vector_bytes=width),
            config.override(threads=3),
        ):
            np.testing.assert_allclose(jit(lambda k, a: f(k, a))(keys, a), f(keys, a), rtol=1e-12)


def test_moments_of_many():
    x = jit(lambda k: random.gamma(k, 2.5, (40_000,)))(KEY)
    assert abs(x.mean() - 2.5) < 0.04 and abs(x.var() - 2.5) < 0.1
    n = jit(lambda k: random.poisson(k, 20.5, (40_000,)))(KEY)
    assert abs(n.mean() - 20.5) < 0.1 and abs(n.var() - 20.5) < 0.7


def test_derivative_of_gamma_numbers():
    f = grad(lambda a: random.gamma(KEY, a, (50,)).sum())
    for a in (0.3, 2.0, 30.0):
        np.testing.assert_allclose(jit(f)(a), f(a), rtol=1e-12)
    g = jit(f)
    g(2.0)
    assert calls_of(g, 2.0) == ["__call__"]


def test_poisson():
    for shape in ((), (0,), (3, 0), (1,), (7,), (800,)):
        f = jit(lambda k, rate, s=shape: random.poisson(k, rate, s))
        for rate in (0.0, 0.5, 9.9, 20.5, 1e4, np.nan):
            got, expected = f(KEY, rate), random.poisson(KEY, rate, shape)
            assert np.asarray(got).dtype == np.asarray(expected).dtype
            np.testing.assert_array_equal(got, expected)
    assert calls_of(f, KEY, 20.5) == ["__call__"]
    keys, rates = random.split(KEY, 4), np.array([0.5, 3.0, 30.0, 12.0])
    h = vmap(lambda k, rate: random.poisson(k, rate, (50,)))
    np.testing.assert_array_equal(jit(h)(keys, rates), h(keys, rates))
