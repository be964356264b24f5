"""The exponential and the pseudo-inverse of matrices in compiled code, written out, against SciPy, NumPy and closed forms."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.linalg
from watching import calls_of

import wengert.numpy as wnp
from wengert import grad, jit
from wengert.scipy.linalg import expm


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.complex128])
def test_exponential(dtype):
    rng = np.random.default_rng(0)
    f = jit(expm)
    for shape, size in (((1, 1), 2.0), ((3, 3), 0.1), ((2, 2), 1e-9), ((12, 12), 3.0), ((4, 3, 3), 5.0), ((5, 5), 0.0)):
        a = (rng.normal(size=shape) * size).astype(dtype)
        got, expected = f(a), np.stack([scipy.linalg.expm(m) for m in a.reshape(-1, *shape[-2:])]).reshape(shape)
        assert got.dtype == dtype
        scale = np.abs(expected).max() * max(np.abs(a).sum(-1).max(), 1)
        np.testing.assert_allclose(got, expected, rtol=0, atol=scale * (1e-6 if dtype == np.float32 else 1e-14))
    assert calls_of(f, a) == ["__call__"]
    decay = -np.abs(rng.normal(size=(3, 3))).astype(dtype) * 100 - 300 * np.eye(3, dtype=dtype)  # many squarings
    np.testing.assert_allclose(f(decay), scipy.linalg.expm(decay), atol=1e-30)


def test_exponential_of_a_rotation_and_of_a_jordan_block():
    t = 7.0
    got = jit(expm)(np.array([[0.0, -t], [t, 0.0]]))
    np.testing.assert_allclose(got, [[np.cos(t), -np.sin(t)], [np.sin(t), np.cos(t)]], atol=1e-14)
    np.testing.assert_allclose(
        jit(expm)(np.array([[1.0, 1.0], [0.0, 1.0]])), np.e * np.array([[1, 1], [0, 1]]), rtol=1e-14
    )


def test_exponential_of_what_is_not_finite_and_of_nothing():
    assert np.isnan(jit(expm)(np.array([[np.nan, 1.0], [0.0, 1.0]]))).all()
    assert jit(expm)(np.zeros((0, 0))).shape == (0, 0)
    assert jit(expm)(np.zeros((2, 0, 0))).shape == (2, 0, 0)


def test_derivatives_of_the_exponential():
    rng = np.random.default_rng(1)
    a, v = rng.normal(size=(2, 4, 4))
    f = lambda a: wnp.sum(expm(a) ** 2)  # noqa: E731
    slope = jit(grad(f))(a)
    np.testing.assert_allclose(slope, grad(f)(a), rtol=1e-10)
    h = 1e-5
    np.testing.assert_allclose(np.vdot(slope, v), (f(a + h * v) - f(a - h * v)) / (2 * h), rtol=1e-6)
    curve = jit(grad(lambda a: wnp.vdot(grad(f)(a), v)))(a)
    expected = (grad(f)(a + h * v) - grad(f)(a - h * v)) / (2 * h)
    np.testing.assert_allclose(curve, expected, rtol=1e-4, atol=1e-4 * np.abs(expected).max())


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.complex128])
def test_pseudo_inverse(dtype):
    rng = np.random.default_rng(2)
    for shape in ((5, 3), (3, 5), (4, 3, 3), (1, 1)):
        a = (rng.normal(size=shape) + (1j * rng.normal(size=shape) if dtype == np.complex128 else 0)).astype(dtype)
        a[..., -1] = a[..., 0]  # not of full rank
        for options in ({}, {"rtol": 1e-3}):
            f = jit(lambda a, o=options: wnp.linalg.pinv(a, **o))
            got = f(a)
            tolerance = 1e-4 if dtype == np.float32 else 1e-11
            np.testing.assert_allclose(
                got, np.linalg.pinv(a, rtol=options.get("rtol", None)), rtol=tolerance, atol=tolerance
            )
            assert got.dtype == dtype
    f(a)
    assert calls_of(f, a) == ["__call__"]
    assert jit(wnp.linalg.pinv)(np.zeros((0, 3))).shape == (3, 0)
