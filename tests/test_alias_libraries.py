"""What libraries written for JAX ask of its names, found with their own tests: shapes, keys, axes in trees, cotangents, settings."""

from __future__ import annotations

import numpy as np
import pytest

import wengert


@pytest.fixture
def jax():
    with wengert.as_jax():
        import jax

        yield jax


class _Shape:
    """A sequence of lengths that is no tuple."""

    def __init__(self, *lengths):
        self.lengths = lengths

    def __len__(self):
        return len(self.lengths)

    def __iter__(self):
        return iter(self.lengths)

    def __getitem__(self, i):
        return self.lengths[i]


@pytest.mark.parametrize("kind", [_Shape, lambda *n: np.array(n), lambda *n: list(n)])
def test_shapes_are_sequences_of_any_type(jax, kind):
    jnp, shape = jax.numpy, kind(2, 3)
    key = jax.random.key(0)
    found = [
        jnp.zeros(shape), jnp.full(shape, 1.0), jnp.broadcast_to(1.0, shape), jnp.arange(6).reshape(shape), jnp.reshape(jnp.arange(6), shape),
        jax.random.normal(key, shape), jax.random.gamma(key, 2.0, shape), jax.random.bernoulli(key, 0.5, shape),
        jax.jit(lambda x: jnp.broadcast_to(x, shape).reshape(shape, order="F"))(1.0),
    ]  # fmt: skip
    assert {x.shape for x in found} == {(2, 3)}
    assert [int(i) for i in jnp.unravel_index(4, shape)] == [1, 1]
    assert np.arange(6.0).reshape(2, 3).tolist() == wengert.numpy.reshape(np.arange(6.0), kind(2, 3)).tolist()
    with pytest.raises(TypeError):
        jnp.zeros(6).reshape(2.5)


def test_keys_are_compared(jax):
    jnp = jax.numpy
    keys = jax.random.split(jax.random.key(0), 3)
    turned = [False, True, False]
    assert (keys == keys[::-1]).tolist() == jnp.equal(keys, keys[::-1]).tolist() == turned
    assert jax.jit(lambda a, b: a == b)(keys, keys[::-1]).tolist() == turned
    assert jax.jit(jnp.not_equal)(keys, keys[::-1]).tolist() == (keys != keys[::-1]).tolist() == [True, False, True]
    assert jnp.array_equal(keys, keys) and not jax.jit(jnp.array_equal)(keys, keys[::-1]) and jnp.allclose(keys, keys)
    assert jax.vmap(lambda k: k == keys[0])(keys).tolist() == [True, False, False]


def test_axes_and_cotangents_in_registered_classes(jax):
    jnp, tree_util = jax.numpy, jax.tree_util

    @tree_util.register_pytree_with_keys_class
    class State:
        def __init__(self, x, y):
            self.x, self.y = x, y

        def tree_flatten_with_keys(self):
            return ((tree_util.GetAttrKey("x"), self.x), (tree_util.GetAttrKey("y"), self.y)), None

        @classmethod
        def tree_unflatten(cls, _, children):
            return cls(*children)

    weak = jnp.asarray(2.0)
    for y in (weak, jnp.array(2.0, "float32")):
        mapped = jax.vmap(lambda s: State(s.x * s.y, s.y), in_axes=(State(0, None),), out_axes=State(0, None))
        out = mapped(State(jnp.arange(3.0), y))
        assert out.x.tolist() == [0.0, 2.0, 4.0] and out.y == 2.0
        nested = jax.vmap(lambda d, z: d["s"].x + z, in_axes=({"s": State(0, None)}, None))
        assert nested({"s": State(jnp.arange(3.0), y)}, 1.0).tolist() == [1.0, 2.0, 3.0]

    @jax.custom_vjp
    def f(s):
        return jnp.sin(s.x[0]) * s.y

    f.defvjp(lambda s: (f(s), s), lambda s, g: (State(jnp.cos(s.x[0]) * s.y * g, jnp.sin(s.x[0]) * g),))
    grads = jax.grad(f)(State((jnp.array(1.0),), jnp.array(3.0)))  # a leaf stands for the tuple of one
    assert float(grads.x[0]) == pytest.approx(3 * np.cos(1.0)) and float(grads.y) == pytest.approx(
        np.sin(1.0), rel=1e-6
    )


def test_what_every_branch_hands_on_stays_whole(jax):
    jnp = jax.numpy

    def f(p, kept, x):
        return jax.lax.cond(p, lambda k, x: (k, x + 1), lambda k, x: (k, x), kept, x)

    kept, x = jax.vmap(f, in_axes=(0, None, 0), out_axes=(None, 0))(
        jnp.array([True, False]), jnp.arange(3.0), jnp.zeros(2)
    )
    assert kept.tolist() == [0.0, 1.0, 2.0] and x.tolist() == [1.0, 0.0]


def test_settings_and_meshes(jax):
    jax.config.parse_flags_with_absl()
    jax.config.update("jax_optimization_level", "O1")
    with pytest.raises(wengert.errors.NotSupportedError, match="jax_num_cpu_devices"):
        jax.config.update("jax_num_cpu_devices", 8)
    kind = jax.sharding.AxisType
    mesh = jax.make_mesh((1, 1), ("a", "b"), axis_types=(kind.Auto, kind.Explicit))
    assert mesh.auto_axes == ("a",) and mesh.explicit_axes == ("b",) and not mesh.are_all_axes_auto
    assert jax.sharding.AbstractMesh((1,), ("a",)).are_all_axes_auto and jax.lax.dtype(np.dtype("int8")) == np.int8
    with pytest.raises(RuntimeError, match="Unknown backend"):
        jax.devices("gpu")


def test_distributions_take_their_arguments_by_keyword(jax):
    stats, jnp = jax.scipy.stats, jax.numpy
    for name in "pdf logpdf cdf logcdf sf logsf".split():
        f = getattr(stats.norm, name)
        expected = float(f(0.4, 1.0, 2.0))
        for found in (
            f(x=0.4, loc=1.0, scale=2.0),
            f(0.4, loc=1, scale=2),
            jax.jit(f)(x=jnp.float32(0.4), loc=1.0, scale=2.0),
        ):
            assert found.dtype == jnp.float32 and float(found) == pytest.approx(expected, rel=1e-6)
    assert float(stats.poisson.logpmf(k=1, mu=2.0)) == pytest.approx(np.log(2) - 2) and stats.norm.ppf(q=0.5) == 0.0
    assert float(stats.gamma.logpdf(x=1, a=2, scale=1)) == pytest.approx(-1.0)


def test_jaxprs_show_what_jax_composes(jax):
    jnp = jax.numpy
    shown = lambda f, *xs: {e.primitive.name for e in jax.make_jaxpr(f)(*xs).eqns}  # noqa: E731
    x = jnp.arange(6.0).reshape(2, 3)
    assert {"reduce_max", "exp", "div"} <= shown(jax.nn.softmax, x) and "softmax" not in shown(jax.nn.softmax, x)
    assert {"reduce_sum", "sqrt"} <= shown(jnp.linalg.norm, x)
    closed = jax.make_jaxpr(jax.nn.softmax)(x)
    again = jax.core.eval_jaxpr(closed.jaxpr.replace(), closed.consts, x)[0]  # by its equations
    np.testing.assert_allclose(again, jax.nn.softmax(x), rtol=1e-6)
    assert (jnp.shape(None), jnp.ndim(None), jnp.size(None)) == ((), 0, 1)
    assert jax.core.no_effects == frozenset() and jnp.iscomplexobj(jnp.complex64) and not jnp.iscomplexobj(jnp.float32)


def test_jacobian_is_in_reverse_mode(jax):
    @jax.custom_vjp
    def f(x):
        return x * jax.numpy.arange(3.0)

    f.defvjp(lambda x: (f(x), None), lambda _, g: (g @ jax.numpy.arange(3.0),))
    assert jax.jacobian(f)(2.0).tolist() == [0.0, 1.0, 2.0]
