"""jax.experimental.ode.odeint: the steps and the adjoint equation of JAX's, so its numbers to rounding."""

import numpy as np
import pytest
import scipy.integrate

import wengert as w
from wengert.config import config

RATES, START = np.array([1.0, 0.05, 1.0, 0.05]), np.array([13.0, 7.0])
TIMES = np.arange(8.0)


@pytest.fixture(autouse=True)
def alias():
    with w.as_jax(), config.override(enable_x64=True):
        yield


def prey(z, t, rates):
    u, v = z[0], z[1]
    a, b, c, d = (rates[..., i] for i in range(4))
    return w.numpy.stack([(a - b * v) * u, (-c + d * u) * v])


def test_values_and_gradients_of_jax():
    """A tolerance of 1e-3 tells steps apart: other choices of steps differ in the third digit."""
    import jax
    import jax.numpy as jnp
    from jax.experimental.ode import odeint

    times, start, rates = jnp.asarray(TIMES), jnp.asarray(START), jnp.asarray(RATES)
    solve = lambda rates, start: odeint(prey, start, times, rates, rtol=1e-3, atol=1e-5, mxstep=1000)  # noqa: E731
    np.testing.assert_allclose(solve(rates, start)[1], [25.646359916636506, 6.5155722692320515], rtol=1e-12)
    found = jax.jit(jax.grad(lambda r, s: solve(r, s).sum()))(rates, start)
    # What JAX 0.10.2 gives.
    given = [103.65077816456943, -2931.233713114345, 92.54334688384213, -2820.0797473636176]
    np.testing.assert_allclose(found, given, rtol=1e-10)
    batch = jax.vmap(lambda r: solve(r, start))(jnp.stack([rates, 2 * rates]))
    np.testing.assert_allclose(batch[0], solve(rates, start), rtol=1e-9)
    np.testing.assert_allclose(batch[1], solve(2 * rates, start), rtol=1e-9)


def test_derivatives_in_all_that_it_depends_on():
    """Of the start, the times, arguments in trees and closed-over values, against differences; twice, too."""
    import jax
    import jax.numpy as jnp
    from jax.experimental.ode import odeint

    def end(rate, start, last, scale):
        def slope(y, t, args):
            return {"a": -args["rate"] * y["a"] * args["count"] * scale, "b": jnp.cos(t) * y["b"]}

        out = odeint(
            slope, {"a": start, "b": start}, jnp.stack([jnp.zeros_like(last), last]), {"rate": rate, "count": 2}
        )
        return (out["a"] + out["b"])[-1]

    def known(rate, start, last, scale):
        return start * np.exp(-2 * rate * scale * last) + start * np.exp(np.sin(last))

    at = (0.3, 1.2, 0.9, 1.1)
    np.testing.assert_allclose(end(*map(jnp.asarray, at)), known(*at), rtol=1e-7)
    found = jax.grad(end, argnums=(0, 1, 2, 3))(*map(jnp.asarray, at))
    for i, g in enumerate(found):
        up, down = (known(*(v + s * 1e-6 * (i == j) for j, v in enumerate(at))) for s in (1, -1))
        np.testing.assert_allclose(g, (up - down) / 2e-6, rtol=1e-6)
    twice = jax.grad(jax.grad(end))(*map(jnp.asarray, at))
    np.testing.assert_allclose(twice, 1.2 * (2 * 1.1 * 0.9) ** 2 * np.exp(-2 * 0.3 * 1.1 * 0.9), rtol=1e-6)


def test_bounds_and_refusals():
    import jax.numpy as jnp
    from jax.experimental.ode import odeint

    with pytest.raises(TypeError, match="array of floats"):
        odeint(lambda y, t: -y, jnp.ones(1), jnp.arange(3))
    short = odeint(lambda y, t: -y, jnp.ones(2), jnp.array([0.0, 1.0]), hmax=0.01)
    np.testing.assert_allclose(short[-1], np.exp(-1.0), rtol=1e-9)
    few = odeint(lambda y, t: -y, jnp.ones(2), jnp.array([0.0, 100.0]), mxstep=2)
    assert not np.allclose(few[-1], np.exp(-100.0))
    wave = odeint(lambda y, t: 1j * y, jnp.array([1.0 + 0j]), jnp.array([0.0, 2.0]))
    np.testing.assert_allclose(wave[-1], np.exp(2j), rtol=1e-6)
    ours = odeint(prey, jnp.asarray(START), jnp.asarray(TIMES), jnp.asarray(RATES), rtol=1e-9, atol=1e-9)
    theirs = scipy.integrate.odeint(lambda z, t: np.array(prey(z, t, RATES)), START, TIMES, rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(ours, theirs, rtol=1e-6)


def test_draws_of_a_density_estimate_are_those_of_jax():
    import jax
    from jax.scipy.stats import gaussian_kde

    data = np.random.default_rng(0).normal(size=(3, 8))
    drawn = gaussian_kde(data, bw_method=0.4).resample(jax.random.PRNGKey(0), (4,))
    given = [
        [-0.20768698, 0.409312, 0.84555156, 0.39705713],
        [-0.44465572, -0.13068882, -0.19988198, -0.7995274],
        [-0.09239171, 1.52374673, 0.360364, -0.63631561],
    ]  # JAX 0.10.2
    np.testing.assert_allclose(drawn, given, atol=1e-8)
