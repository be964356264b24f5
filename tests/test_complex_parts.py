"""Writing into the real and imaginary parts of traced complex arrays, and `np.broadcast` of traced arrays."""

import numpy as np
import pytest

import wengert as w

X = np.array([0.3, 0.7, -0.2, 1.1])


def autocorrelation(x):
    a = np.fft.ifft(np.abs(np.fft.fft(x)) ** 2).real
    a /= a[0]
    return np.sum(a**2)


def parts_of_one(x):
    z = x + 1j * x**2
    r = z.real
    r[1:3] *= x[0]
    z.imag[0] = x[1]
    r += 1
    return np.sum(np.abs(z) ** 2 * np.arange(1, 5)) + np.sum(r)


def views_of_parts(x):
    z = np.exp(1j * x).reshape(2, 2)
    v = z.T.real
    v[0] = x[:2]
    v.flat[3] = x[2]
    i = np.imag(z)[:, ::-1]
    i[0] += x[3]
    np.add.at(z.real, ([0, 0], [0, 0]), x[1])
    return np.sum(np.angle(z + 2)) + np.sum(z.real**3)


def of_real_numbers(x):
    y = x.copy()
    y.real[0] = x[1] ** 2
    r = np.real(y)
    r *= 2
    return np.sum(y * np.arange(4))


def with_out(x):
    z = np.fft.rfft(x)
    p = z.real
    p -= p.mean()
    np.multiply(p, 2, out=p)
    return np.sum(np.abs(z) ** 2)


def broadcasting(x):
    b = np.broadcast(x, np.array([[1.0], [2.0]]))
    out = np.empty(b.shape)
    for i, (u, v) in enumerate(b):
        out[i // b.shape[1], i % b.shape[1]] = u + v * u * u
    return np.sum(out) * b.nd + b.size + b.numiter


@pytest.mark.parametrize("f", [autocorrelation, parts_of_one, views_of_parts, of_real_numbers, with_out, broadcasting])
def test_against_differences(f):
    slope = [(f(X + 1e-6 * e) - f(X - 1e-6 * e)) / 2e-6 for e in np.eye(4)]
    value, compiled = w.jit(w.value_and_grad(f))(X)
    np.testing.assert_allclose(value, f(X), rtol=1e-12)
    for got in (w.grad(f)(X), w.jacfwd(f)(X), compiled, w.vmap(w.grad(f))(np.stack([X, X + 0.1]))[0]):
        np.testing.assert_allclose(got, slope, atol=1e-6)


def test_imaginary_parts_of_real_numbers_are_read_only():
    def f(x):
        i = (2 * x).imag
        i[0] = x[1]
        return np.sum(i)

    with pytest.raises(ValueError, match="read-only"):
        w.grad(f)(X)


def test_plain_arrays_are_broadcast_by_numpy():
    w.grad(np.sum)(X)
    assert type(np.broadcast(X, X)) is np.broadcast
