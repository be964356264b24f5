"""Singular matrices through the alias: infinities and NaN where the library raises, as JAX 0.10.2 gives them."""

import numpy as np
import pytest

import wengert
from wengert import config
from wengert.interop import jax_names

SINGULAR = np.array([[1.0, 2.0], [2.0, 4.0]])
INVERSE = [[-np.inf, np.inf], [np.inf, -np.inf]]


@pytest.fixture
def jax():
    with jax_names.as_jax(), config.override(enable_x64=True):
        import jax
        import jax.scipy.linalg

        yield jax


def test_inverses_and_solutions_are_infinite(jax):
    jnp = jax.numpy
    m = jnp.asarray(SINGULAR)
    for f in (jnp.linalg.inv, jax.scipy.linalg.inv, jax.jit(jnp.linalg.inv), lambda m: jnp.linalg.matrix_power(m, -1)):
        np.testing.assert_array_equal(f(m), INVERSE)
    for f in (jnp.linalg.solve, jax.scipy.linalg.solve, jax.jit(jnp.linalg.solve)):
        np.testing.assert_array_equal(f(m, jnp.ones(2)), [-np.inf, np.inf])
    np.testing.assert_array_equal(jnp.linalg.inv(jnp.zeros((2, 2))), [[np.nan, np.nan], [np.nan, np.inf]])


def test_the_regular_ones_of_a_batch_are_right(jax):
    jnp = jax.numpy
    batch = jnp.stack([jnp.asarray(SINGULAR), 2 * jnp.eye(2)])
    for f in (jnp.linalg.inv, jax.vmap(jnp.linalg.inv), jax.jit(jax.vmap(jnp.linalg.inv))):
        np.testing.assert_array_equal(f(batch), [INVERSE, [[0.5, 0.0], [0.0, 0.5]]])


def test_compiled_programs_around_them_give_the_rest(jax):
    jnp = jax.numpy
    f = jax.jit(lambda m, x: (jnp.linalg.inv(m)[0, 0], jnp.sin(x)))
    first, second = f(jnp.asarray(SINGULAR), 1.0)
    assert float(first) == -np.inf and float(second) == pytest.approx(np.sin(1.0))
    assert np.isfinite(f(jnp.eye(2), 1.0)[0])


def test_the_library_still_raises(jax):
    with pytest.raises(np.linalg.LinAlgError):
        wengert.numpy.linalg.inv(SINGULAR)
    with pytest.raises(np.linalg.LinAlgError):
        wengert.jit(wengert.numpy.linalg.inv)(SINGULAR)
