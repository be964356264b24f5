"""Black boxes: `approximate`, and rules around functions that know plain arrays alone, under every transformation."""

import math
import subprocess
import sys

import numpy as np
import pytest
import scipy.special

import wengert
from wengert import approximate, grad, hessian, jacfwd, jacrev, jit, vmap

X = np.array([1.5, 2.5])


def gammas(x):
    return np.array([math.gamma(v) for v in np.asarray(x, float).reshape(-1)]).reshape(np.shape(x))


SLOPE = scipy.special.gamma(X) * scipy.special.digamma(X)
CURVE = SLOPE * scipy.special.digamma(X) + scipy.special.gamma(X) * scipy.special.polygamma(1, X)


def forward():
    @wengert.custom_jvp
    def f(x):
        return gammas(x)

    @f.defjvp
    def rule(primals, tangents):
        (x,), (t,) = primals, tangents
        y = f(x)
        return y, y * scipy.special.digamma(x) * t

    return f


def backward():
    f = forward()
    g = wengert.custom_vjp(lambda x: gammas(x))
    g.defvjp(lambda x: (g(x), (x, g(x))), lambda r, c: (c * r[1] * scipy.special.digamma(r[0]),))
    return g if f else None


def called():
    def f(x):
        return wengert.pure_callback(gammas, wengert.ShapeDtypeStruct(np.shape(x), float), x)

    rule = wengert.custom_jvp(f)
    rule.defjvp(lambda p, t: (rule(*p), rule(*p) * scipy.special.digamma(p[0]) * t[0]))
    return rule


@pytest.mark.parametrize("make", [forward, backward, called, lambda: approximate(gammas)])
def test_under_every_transformation(make):
    f = make()
    near = {"rtol": 1e-8, "atol": 1e-10}
    total = lambda x: f(x).sum()
    np.testing.assert_allclose(f(X), gammas(X))
    np.testing.assert_allclose(jit(f)(X), gammas(X))
    np.testing.assert_allclose(vmap(f)(X), gammas(X))
    np.testing.assert_allclose(jit(vmap(f))(X), gammas(X))
    np.testing.assert_allclose(grad(total)(X), SLOPE, **near)
    np.testing.assert_allclose(jit(grad(total))(X), SLOPE, **near)
    np.testing.assert_allclose(grad(jit(total))(X), SLOPE, **near)
    np.testing.assert_allclose(vmap(grad(f))(X), SLOPE, **near)
    np.testing.assert_allclose(grad(lambda x: vmap(f)(x).sum())(X), SLOPE, **near)
    np.testing.assert_allclose(jit(vmap(grad(f)))(X), SLOPE, **near)
    np.testing.assert_allclose(vmap(lambda a: vmap(lambda b: f(a + b))(X))(X), gammas(X[:, None] + X), **near)
    scanned = lambda x: wengert.lax.scan(lambda c, a: (c + f(a), a), 0.0, x)[0]
    np.testing.assert_allclose(grad(scanned)(X), SLOPE, **near)
    np.testing.assert_allclose(jit(grad(scanned))(X), SLOPE, **near)


@pytest.mark.parametrize("make", [forward, lambda: approximate(gammas)])
def test_second_derivatives(make):
    f = make()
    np.testing.assert_allclose(hessian(lambda x: f(x).sum())(X), np.diag(CURVE), rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(vmap(grad(grad(f)))(X), CURVE, rtol=1e-5)
    np.testing.assert_allclose(jit(vmap(grad(grad(f))))(X), CURVE, rtol=1e-5)


def test_trees_and_several_arguments():
    f = approximate(lambda x, y: {"a": np.sin(x) * y, "b": np.exp(y).sum()})
    x, y = np.array([0.3, 0.4]), np.array([1.0, 2.0])
    np.testing.assert_allclose(jacrev(lambda x: f(x, y)["a"])(x), np.diag(np.cos(x) * y), rtol=1e-12)
    np.testing.assert_allclose(jacfwd(lambda y: f(x, y)["b"])(y), np.exp(y), rtol=1e-12)


def test_the_complex_step_is_exact_and_differences_are_near():
    f = lambda x: np.exp(x) / np.sqrt(np.sin(x) ** 3 + np.cos(x) ** 3)  # Squire and Trapp's
    exact = float(grad(f)(1.5))
    assert abs(float(grad(approximate(f, method="complex"))(1.5)) - exact) < 1e-14 * abs(exact)
    assert abs(float(grad(approximate(f, method="differences"))(1.5)) - exact) < 1e-9 * abs(exact)


def test_what_is_not_analytic_is_differenced():
    f = approximate(lambda z: abs(z) * z.real if isinstance(z, complex) else np.abs(z) * np.real(z))
    assert abs(float(grad(f)(-2.0)) - 4.0) < 1e-8


def test_another_program():
    def simulate(x):
        code = f"print({float(x)!r} ** 3 + 1)"
        return float(subprocess.run([sys.executable, "-S", "-c", code], capture_output=True, check=True).stdout)

    f = approximate(simulate)
    assert abs(float(grad(f)(2.0)) - 12.0) < 1e-6


@pytest.mark.parametrize("f", [lambda x: round(x, 3), lambda x: abs(x), lambda x: 1.0 if x > 0 else 0.0])
@pytest.mark.parametrize("at", [0.0, 0.1235])
def test_the_error_is_said(f, at):
    box = approximate(f, method="differences")
    if (f(0.1) == 0.1 or f(0.1) == 1.0) and at and f(0.12345) != 0.123:
        assert abs(float(grad(box)(at)) - (f(at) != 1.0)) < 1e-6  # smooth there
        return
    with pytest.raises(wengert.errors.ApproximationError, match=r"an error of about [0-9.e+-]+, more than"):
        grad(box)(at)


def test_noise():
    noise = np.random.default_rng(0)
    f = lambda x: np.sin(x) + 1e-7 * noise.standard_normal()
    with pytest.raises(wengert.errors.ApproximationError):
        grad(approximate(f, method="differences"))(1.0)
    rough = approximate(f, method="differences", rtol=1e-3, step=0.2)
    assert abs(float(grad(rough)(1.0)) - math.cos(1.0)) < 1e-4


def test_errors():
    with pytest.raises(wengert.errors.ArgumentError, match="method is one of"):
        approximate(math.sin, method="newton")
    with pytest.raises(wengert.errors.ArgumentError, match="result="):
        wengert.make_program(approximate(lambda x: math.acosh(x[0] / 2)))(wengert.ShapeDtypeStruct((2,), float))
