"""The right values of `test_jax_array.py` are what JAX itself gives, where that is installed."""

import jax_sparse_cases
import numpy as np
import pytest
from jax_lax_cases import agrees, cases, public, recorded, run
from jax_lax_cases import space as lax_space
from test_jax_array import OTHER_RULES, PROMOTED


@pytest.fixture(scope="module")
def space():
    jax = pytest.importorskip("jax")
    if not hasattr(jax, "jaxlib") and not hasattr(jax, "_src"):
        pytest.skip("jax is this library's alias here")
    jnp = jax.numpy
    return {
        "jax": jax, "jnp": jnp, "lax": jax.lax, "np": np, "x": jnp.arange(5), "y": jnp.arange(5.0), "w": jnp.full(3, 1.0),
    }  # fmt: skip


@pytest.mark.peers
@pytest.mark.parametrize("code, value, dtype, weak", PROMOTED, ids=[c[0] for c in PROMOTED])
def test_promotion(space, code, value, dtype, weak):
    out = eval(code, space)
    np.testing.assert_allclose(np.asarray(out).astype(complex), np.asarray(value).astype(complex), rtol=1e-6)
    assert out.shape == np.shape(value) and out.dtype.name == dtype and getattr(out, "weak_type", None) == weak


@pytest.mark.peers
@pytest.mark.parametrize("code, value", OTHER_RULES, ids=[c[0] for c in OTHER_RULES])
def test_rules(space, code, value):
    np.testing.assert_array_equal(np.asarray(eval(code, space)), value)


@pytest.mark.peers
@pytest.mark.parametrize("title", cases())
def test_what_is_recorded_of_lax_is_what_jax_gives(space, title):
    jax = space["jax"]
    wide = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", True)
    some = [line for i, line in enumerate(cases()[title]) if line.startswith("!") or i % 5 == 0]  # JAX compiles each
    try:
        got, want = run(some, lax_space(jax)), recorded()["results"][title]
    finally:
        jax.config.update("jax_enable_x64", wide)
    assert [code for code in got if not agrees(want[code], got[code])] == []


@pytest.mark.peers
def test_the_names_of_lax_that_are_recorded_are_those_of_jax(space):
    assert public(space["jax"]) == recorded()["names"]


@pytest.mark.peers
def test_what_is_recorded_of_sparse_arrays_is_what_jax_gives(space):
    jax = space["jax"]
    wide = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", True)
    try:
        got, want = jax_sparse_cases.run(jax), jax_sparse_cases.recorded()["results"]
    finally:
        jax.config.update("jax_enable_x64", wide)
    assert [code for code in want if not jax_sparse_cases.agrees(want[code], got[code])] == []
