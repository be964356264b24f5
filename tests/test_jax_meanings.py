"""What JAX has otherwise than NumPy under the same names: results and refusals, as JAX 0.10.2 gives them."""

import numpy as np
import pytest

from wengert import config
from wengert.interop import jax_names

# `jnp.ufunc`s of JAX 0.10.2; other functions have no methods of NumPy's universal functions.
UFUNCS = (
    "add bitwise_and bitwise_or bitwise_xor logaddexp logaddexp2 logical_and logical_or logical_xor maximum minimum multiply negative "
    "subtract"
).split()


@pytest.fixture(scope="module")
def jax():
    with jax_names.as_jax(), config.override(enable_x64=True):
        import jax

        yield jax


def test_polynomials_of_roots_are_complex_where_roots_are(jax):
    jnp = jax.numpy
    matrix = jnp.array([[1.0, 2.0], [3.0, 4.0]])
    for given, dtype in ((matrix, "complex128"), (matrix[0], "float64"), (jnp.array([1j, -1j]), "complex128")):
        out = jnp.poly(given)
        assert out.dtype == dtype
        np.testing.assert_allclose(np.asarray(out), np.poly(np.asarray(given)), atol=1e-12)


def test_methods_of_universal_functions_are_those_of_ufuncs(jax):
    jnp = jax.numpy
    assert [n for n in sorted(dir(jnp)) if hasattr(getattr(jnp, n), "reduce") and n != "ufunc"] == UFUNCS
    assert jnp.add.reduce(jnp.ones(3)) == 3


def test_truth_values_are_images_in_single_precision(jax):
    for method in ("bicubic", "linear", "nearest"):
        assert jax.image.resize(jax.numpy.ones(3, bool), (4,), method).dtype == np.float32


def test_refused_widths_and_medians(jax):
    jnp = jax.numpy
    with pytest.raises(TypeError):
        jnp.pad(jnp.ones((2, 2)), {0: 1})
    with pytest.raises(ValueError, match="median"):
        jnp.pad(jnp.ones(3) * 1j, 1, mode="median")
