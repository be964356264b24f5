"""wengert.scipy.integrate: integrals against SciPy's, differential equations against closed forms and SciPy's solver."""

import numpy as np
import pytest
import scipy.integrate

import wengert as w
import wengert.numpy as wnp
from wengert.errors import ArgumentError, ShapeError
from wengert.scipy import integrate
from wengert.testing import check_grads

RNG = np.random.default_rng(3)


@pytest.mark.parametrize("n", [1, 2, 3, 4, 7, 8])
@pytest.mark.parametrize("axis", [0, -1])
def test_samples(n, axis):
    y = RNG.normal(size=(n, 2) if axis == 0 else (2, n))
    x = np.cumsum(RNG.uniform(0.5, 1.5, n))
    for name in ("trapezoid", "simpson", "cumulative_trapezoid"):
        ours, theirs = getattr(integrate, name), getattr(scipy.integrate, name)
        np.testing.assert_allclose(ours(y, x, axis=axis), theirs(y, x, axis=axis), rtol=1e-12)
        np.testing.assert_allclose(ours(y, dx=0.3, axis=axis), theirs(y, dx=0.3, axis=axis), rtol=1e-12)
        check_grads(lambda y, x: ours(y, x, axis=axis), (y, x), rtol=1e-5)  # noqa: B023
    ours = integrate.cumulative_trapezoid(y, x, axis=axis, initial=0)
    np.testing.assert_allclose(ours, scipy.integrate.cumulative_trapezoid(y, x, axis=axis, initial=0), rtol=1e-12)
    with pytest.raises(ArgumentError, match="initial"):
        integrate.cumulative_trapezoid(y, initial=1)
    with pytest.raises(ShapeError, match="points"):
        integrate.simpson(y, np.ones(n + 1), axis=axis)


TIMES = np.array([0.0, 0.4, 0.4, 1.5])


def pendulum(y, t, g):
    return {"angle": y["speed"], "speed": -g * wnp.sin(y["angle"]) + 0.1 * wnp.cos(t)}


def swing(g, angle, t=TIMES):
    return integrate.odeint(pendulum, {"angle": angle, "speed": 0.3}, t, g)


def test_a_pendulum():
    ours = swing(9.8, 1.0)
    theirs = scipy.integrate.solve_ivp(
        lambda t, y: [y[1], -9.8 * np.sin(y[0]) + 0.1 * np.cos(t)], (0, 1.5), [1.0, 0.3], "DOP853", np.unique(TIMES), rtol=1e-12,
        atol=1e-12,
    ).y[:, [0, 1, 1, 2]]  # fmt: skip
    np.testing.assert_allclose([ours["angle"], ours["speed"]], theirs, atol=1e-6)
    np.testing.assert_allclose(w.jit(swing)(9.8, 1.0)["angle"], ours["angle"], atol=1e-9)
    back = integrate.odeint(lambda y, t: -y, np.array([1.0]), np.array([2.0, 1.0, 0.0]))
    np.testing.assert_allclose(back[:, 0], np.exp([0.0, 1.0, 2.0]), rtol=1e-7)
    single = integrate.odeint(lambda y, t: 1j * y, np.complex64(1), np.array([0, 1]), rtol=1e-5, atol=1e-5)
    assert single.dtype == np.complex64
    np.testing.assert_allclose(single, np.exp([0, 1j]), atol=1e-4)
    many = w.vmap(lambda g: swing(g, 1.0)["angle"])(np.array([5.0, 9.8]))
    np.testing.assert_allclose(many, [swing(g, 1.0)["angle"] for g in (5.0, 9.8)], atol=1e-7)


def test_derivatives_of_solutions():
    check_grads(lambda g, a: swing(g, a)["angle"], (9.8, 1.0), order=1, rtol=1e-4, atol=1e-4)
    # y' = -r y: closed forms in the rate, the start and the times
    solve = lambda r, y, t: integrate.odeint(lambda y, t: -r * y, y, t)[-1]  # noqa: E731
    t = np.array([0.5, 1.0, 2.0])
    value = 3 * np.exp(-0.7 * 1.5)
    for transform in (w.grad(solve, (0, 1, 2)), w.jit(w.grad(solve, (0, 1, 2))), w.jacfwd(solve, (0, 1, 2))):
        rate, start, times = transform(0.7, 3.0, t)
        np.testing.assert_allclose([rate, start], [-1.5 * value, value / 3], rtol=1e-6)
        np.testing.assert_allclose(times, [0.7 * value, 0, -0.7 * value], rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(w.grad(w.grad(solve))(0.7, 3.0, t), 1.5**2 * value, rtol=1e-5)


def test_where_a_solution_ends():
    out = integrate.odeint(lambda y, t: y * y, 1.0, np.array([0.0, 0.5, 2.0]))  # a pole at 1
    np.testing.assert_allclose(out[1], 2, rtol=1e-7)
    assert np.isnan(out[2])
    assert np.isnan(integrate.odeint(lambda y, t: -y, 1.0, np.array([0.0, 9.0]), mxstep=2)[1])
    with pytest.raises(ShapeError, match="vector of times"):
        integrate.odeint(lambda y, t: -y, 1.0, 2.0)
    with pytest.raises(ShapeError, match="func gives"):
        integrate.odeint(lambda y, t: wnp.stack([y, y]), 1.0, TIMES)


@pytest.mark.parametrize("slope", [lambda y, t: np.array([y[1], -y[0]]), lambda y, t: [y[1], -y[0]]])
def test_slopes_as_scipy_takes_them(slope):
    t = np.array([0.0, np.pi])
    for run in (lambda y: integrate.odeint(slope, y, t), w.jit(lambda y: integrate.odeint(slope, y, t))):
        np.testing.assert_allclose(run(np.array([1.0, 0.0]))[-1], [-1, 0], atol=1e-6)
    np.testing.assert_allclose(w.jacrev(lambda y: integrate.odeint(slope, y, t)[-1])(np.array([1.0, 0.0])), -np.eye(2), atol=1e-5)  # fmt: skip


def test_arguments_as_scipy_takes_them():
    t = np.array([0.0, 1.0])
    for rest, f in (
        ({"args": (2.0, 0.5)}, lambda y, t, a, b: -a * y + b),
        ({"args": (2.0, 0.5), "tfirst": True, "hmax": 0.0, "mxstep": 0, "Dfun": None}, lambda t, y, a, b: -a * y + b),
    ):
        got = integrate.odeint(f, np.array([1.0]), t, **rest)
        np.testing.assert_allclose(got[-1], 0.25 + 0.75 * np.exp(-2), rtol=1e-6)
    with pytest.raises(w.errors.ArgumentError, match="full_output"):
        integrate.odeint(f, np.array([1.0]), t, args=(1.0, 1.0), full_output=True)


def test_32_bits_past_a_jump():
    t = np.array([0.0, 5.0], np.float32)
    with w.config.override(enable_x64=False):
        for f, end in ((lambda y, t: -w.numpy.sign(y), 0.0), (lambda y, t: w.numpy.where(t < 1, 1.0, -2.0), -6.0)):
            got = integrate.odeint(f, np.float32(1.0), t)
            assert got.dtype == np.float32
            np.testing.assert_allclose(got[-1], end, atol=3e-3)
