"""Classes of libraries whose constructors look at their fields: they are given `jax.Array`s by every transformation.

The oracle is the same function of a class whose constructor takes anything.
"""

import inspect
from functools import partial

import numpy as np
import pytest

from wengert import trees
from wengert.interop import jax_names


@pytest.fixture
def jax():
    with jax_names.as_jax():
        import jax

        yield jax


@pytest.fixture
def strict(jax):
    """A function that makes a node of two fields that are arrays, specifications, axes, or nodes."""

    class Strict:
        def __init__(self, a, b):
            for x in (a, b):
                known = isinstance(x, (jax.Array, jax.ShapeDtypeStruct, Strict, int, float, type(None)))
                if not known and type(x) is not object:
                    raise TypeError(f"a field is no array but {type(x)}")
            self.a, self.b = a, b

    jax.tree_util.register_pytree_node(Strict, lambda s: ((s.a, s.b), None), lambda _, c: Strict(*c))
    return Strict


class Plain:
    """The same with a constructor that takes anything."""


def both(jax, strict, program):
    """The leaves that a program gives for nodes of the class, and of one that takes anything."""
    if Plain not in trees._registered:
        jax.tree_util.register_pytree_node(Plain, lambda p: ((p.a, p.b), None), lambda _, c: plain(*c))
    return [jax.tree.leaves(program(make)) for make in (strict, plain)]


def plain(a, b):
    made = Plain()
    made.__dict__.update(a=a, b=b)
    return made


def f(s):
    return (s.a * s.b).sum() + 3 * s.b


def programs(jax):
    jnp, lax = jax.numpy, jax.lax

    def start(make):
        return make(jnp.arange(3.0), jnp.asarray(2.0))

    def weak(make):
        return make(jnp.arange(3.0), 2.0)

    def step(make, c, t):
        return make(c.a * t.a, c.b + 1), make(c.a.sum(), None)

    def rule(make):
        @jax.custom_vjp
        def g(s, x):
            return s.a * s.b * x

        g.defvjp(lambda s, x: (g(s, x), (s, x)), lambda r, ct: (make(7 * ct * r[0].b * r[1], None), None))
        return jax.grad(lambda s: g(s, 2.0).sum())(start(make))

    def rate(make):
        @jax.custom_jvp
        def g(s):
            return s.a * s.b

        g.defjvp(lambda p, t: (g(*p), 7 * t[0].a * p[0].b + p[0].a * t[0].b))
        return jax.grad(lambda s: g(s).sum())(start(make))

    def xs(make):
        return make(jnp.arange(1.0, 5.0), None)

    ones = partial(jax.tree.map, jnp.ones_like)
    return {
        "jit": lambda make: jax.jit(lambda s: make(s.a * 2, s.b))(weak(make)),
        "grad": lambda make: jax.grad(f)(weak(make)),
        "grad of jit": lambda make: jax.grad(jax.jit(f))(start(make)),
        "jit of grad": lambda make: jax.jit(jax.grad(f))(weak(make)),
        "has_aux": lambda make: jax.value_and_grad(lambda s: (f(s), s), has_aux=True)(start(make)),
        "jvp": lambda make: jax.jvp(lambda s: make(f(s), s.b), (start(make),), (ones(start(make)),)),
        "vjp": lambda make: jax.vjp(lambda s: make(f(s), s.b), start(make))[1](make(jnp.asarray(1.0), jnp.asarray(2.0))),
        "linearize": lambda make: jax.linearize(f, weak(make))[1](ones(start(make))),
        "hessian": lambda make: jax.hessian(lambda x: f(make(x, x.sum())))(jnp.arange(3.0)),
        "transpose": lambda make: jax.linear_transpose(lambda s: s.a + s.b, start(make))(jnp.ones(3)),
        "checkpoint": lambda make: jax.grad(jax.checkpoint(f))(start(make)),
        "vmap": lambda make: jax.vmap(lambda s: make(s.a + s.b, s.b))(make(jnp.ones((4, 3)), jnp.arange(4.0))),
        "in_axes": lambda make: jax.vmap(f, in_axes=(make(1, None),))(make(jnp.ones((3, 4)), 2.0)),
        "out_axes": lambda make: jax.vmap(lambda x: make(x * jnp.ones(2), 1.0), out_axes=make(1, None))(jnp.arange(3.0)),
        "scan": lambda make: lax.scan(partial(step, make), start(make), xs(make)),
        "scan, weak": lambda make: jax.grad(lambda s: lax.scan(partial(step, make), s, xs(make))[0].a.sum())(weak(make)),
        "while_loop": lambda make: lax.while_loop(lambda s: s.b < 9, lambda s: make(s.a, s.b * 2), weak(make)),
        "fori_loop": lambda make: lax.fori_loop(0, 3, lambda i, s: make(s.a * i, s.b + 1), start(make)),
        "cond": lambda make: jax.jit(lambda s: lax.cond(s.b > 0, lambda s: make(s.a * 3, s.b), lambda s: s, s))(start(make)),
        "custom_vjp": rule,
        "custom_jvp": rate,
        "callback": lambda make: jax.pure_callback(
            lambda s: make(s.a * 2, s.b), jax.eval_shape(lambda: start(make)), start(make)
        ),
        "eval_shape": lambda make: jax.eval_shape(lambda s: make(s.a[1:], s.b), start(make)).a.shape,
    }  # fmt: skip


def names():
    with jax_names.as_jax():
        import jax

        return sorted(programs(jax))


@pytest.mark.parametrize("name", names())
def test_constructors_see_arrays(jax, strict, name):
    got, expected = both(jax, strict, programs(jax)[name])
    assert len(got) == len(expected) > 0
    for x, y in zip(got, expected, strict=True):
        np.testing.assert_array_equal(x, y)


def test_structures_that_differ_are_described_by_the_users_class(jax, strict):
    with pytest.raises(TypeError, match=r"a Strict with 2 children"):
        jax.lax.scan(lambda c, _: ((c,), None), strict(jax.numpy.ones(2), 1.0), None, length=2)


def test_functions_under_jit_have_the_signature_of_the_function(jax):
    f = jax.jit(lambda x, y=2: x)
    assert str(inspect.signature(f, follow_wrapped=False)) == "(x, y=2)"
    assert str(inspect.signature(jax.vmap(lambda x, z=3: x), follow_wrapped=False)) == "(x, z=3)"
    assert "PjitFunction" in str(type(f)) and "PjitFunction" in str(type(jax.jit(lambda x: x, donate_argnums=0)))
