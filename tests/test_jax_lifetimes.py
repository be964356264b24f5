"""Arrays of the alias that were given up, and those that outlive their transformation."""

import numpy as np
import pytest

from wengert.interop import jax_names


@pytest.fixture
def jax():
    with jax_names.as_jax():
        import jax

        yield jax


def test_deleted_arrays_raise_when_they_are_used(jax):
    jnp = jax.numpy
    x = jnp.arange(3.0) + 1
    assert not x.is_deleted()
    x.delete()
    assert x.is_deleted() and x.shape == (3,) and x.ndim == 1 and x.size == 3
    for use in (
        lambda: x + 1,
        lambda: jnp.sin(x),
        lambda: np.asarray(x),
        lambda: x[0],
        lambda: jax.jit(jnp.sin)(x),
        lambda: repr(x),
    ):
        with pytest.raises(RuntimeError, match=r"Array has been deleted with shape=float32\[3\]"):
            use()


def test_donated_arrays_are_deleted_where_a_result_can_have_their_memory(jax):
    jnp = jax.numpy
    x, y = jnp.arange(3.0) + 1, jnp.arange(3)
    f = jax.jit(lambda x, y: x * 2 + y.sum(), donate_argnums=(0, 1))
    np.testing.assert_array_equal(f(x, y), [5.0, 7.0, 9.0])
    assert x.is_deleted() and not y.is_deleted()
    with pytest.raises(RuntimeError, match="deleted"):
        f(x, y)
    by_name = jax.jit(lambda tree: {"a": tree["a"] + 1}, donate_argnames="tree")
    tree = {"a": jnp.ones(2)}
    by_name(tree=tree)
    assert tree["a"].is_deleted()
    twice = jnp.ones(2)
    with pytest.raises(jax.errors.JaxRuntimeError, match="previously donated in the same call"):
        jax.jit(lambda a, b: a + b, donate_argnums=0)(twice, twice)


def test_donation_inside_of_another_transformation_deletes_nothing(jax):
    jnp = jax.numpy
    f = jax.jit(lambda x: x * x, donate_argnums=0)
    x = jnp.ones(3)
    np.testing.assert_array_equal(jax.grad(lambda x: f(x).sum())(x), [2.0, 2.0, 2.0])
    assert not x.is_deleted()


@pytest.mark.parametrize("name", ["jit", "vmap", "grad"])
def test_leaks_are_found_when_they_are_looked_for(jax, name):
    kept = []
    transform = getattr(jax, name)
    x = jax.numpy.ones(2) if name == "vmap" else 1.0
    with jax.checking_leaks():
        assert transform(lambda v: v * 2)(x) is not None
        with pytest.raises(Exception, match="Leaked trace"):
            transform(lambda v: (kept.append(v * 3), v * 2)[1])(x)
        kept.clear()
    transform(lambda v: (kept.append(v * 3), v * 2)[1])(x)
    jax.config.update("jax_check_tracer_leaks", True)
    try:
        with pytest.raises(Exception, match="Leaked trace"):
            transform(lambda v: v * 4)(x)
    finally:
        jax.config.update("jax_check_tracer_leaks", False)
        kept.clear()


def test_callbacks_under_vmap_say_how(jax):
    jnp = jax.numpy
    struct = jax.ShapeDtypeStruct((), jnp.float32)
    with pytest.raises(NotImplementedError, match="vmap is only supported for the pure_callback"):
        jax.vmap(lambda x: jax.pure_callback(np.sin, struct, x))(jnp.ones(2))
    with pytest.raises(ValueError, match="Cannot `vmap` ordered IO callback"):
        jax.vmap(lambda x: jax.experimental.io_callback(np.sin, struct, x, ordered=True))(jnp.ones(2))
    np.testing.assert_allclose(
        jax.vmap(lambda x: jax.pure_callback(np.sin, struct, x, vmap_method="sequential"))(jnp.ones(2)),
        np.sin([1, 1]),
        rtol=1e-6,
    )
