"""Programs as JAX writes them: make_jaxpr, equations, an interpreter."""

from functools import wraps

import jax
import jax.numpy as jnp
from jax import lax
from jax.extend import core
from showing import show


def func1(first, second):
    temp = first + jnp.sin(second) * 3.0
    return jnp.sum(temp)


print(jax.make_jaxpr(func1)(jnp.zeros(8), jnp.ones(8)))
print(jax.make_jaxpr(lambda a: a + 1)(2))
print(jax.make_jaxpr(lambda d: {"x": d["b"] * 2, "a": d["a"]})({"b": 1.0, "a": jnp.ones(2)}))
print(jax.make_jaxpr(lambda a: (lax.exp(a), lax.add(a, 2.0), lax.max(a, 0.0), lax.reduce_max(a, (0,))))(jnp.ones(3)))
print(jax.make_jaxpr(lambda x: lax.cond(x >= 0.0, lambda t: t + 3.0, lambda f: f - 3.0, x))(5.0))


def func12(arg):
    @jax.jit
    def inner(x):
        return x + arg * lax.full((1,), 1.0)

    return arg + inner(arg - 2.0)


print(jax.make_jaxpr(jax.jit(lambda x: jnp.sin(x)))(1.0))


@jax.jit
def named(x, y):
    return x * y


print(jax.make_jaxpr(jax.vmap(named))(jnp.ones(2), jnp.ones(2)))
print([str(e.primitive) for e in jax.make_jaxpr(lambda x: named(jnp.sin(x), x))(1.0).eqns])
eqn = jax.make_jaxpr(lambda x: named(x, x))(1.0).eqns[0]
print(eqn.primitive.name, sorted(eqn.params)[:2], eqn.params["name"], eqn.params["jaxpr"])
print(jax.make_jaxpr(jax.checkpoint(lambda x: jnp.sin(jnp.cos(x))))(1.0))
h = jax.custom_jvp(lambda x: jnp.sin(x))
h.defjvp(lambda p, t: (h(*p), t[0]))
print([e.primitive.name for e in jax.make_jaxpr(h)(1.0).eqns])
k = jax.custom_vjp(lambda x: jnp.sin(x))
k.defvjp(lambda x: (x, None), lambda r, g: (g,))
print([e.primitive.name for e in jax.make_jaxpr(k)(1.0).eqns])


def examine_jaxpr(closed_jaxpr):
    jaxpr = closed_jaxpr.jaxpr
    print([v.aval.str_short() for v in jaxpr.invars], [v.aval.str_short() for v in jaxpr.outvars], jaxpr.constvars)
    for eqn in jaxpr.eqns:
        print("equation:", [v.aval.str_short() for v in eqn.invars], eqn.primitive, eqn.params)


examine_jaxpr(jax.make_jaxpr(lambda x: x + 1)(1))
examine_jaxpr(jax.make_jaxpr(lambda w, b, x: jnp.dot(w, x) + b)(jnp.ones((5, 5)), jnp.ones(5), jnp.ones(5)))
registry = {lax.exp_p: jnp.log, lax.tanh_p: jnp.arctanh}


def inverse(fun):
    @wraps(fun)
    def wrapped(*args):
        c = jax.make_jaxpr(fun)(*args)
        env = dict(zip(c.jaxpr.outvars, args))
        read = lambda v: v.val if type(v) is core.Literal else env[v]
        for eqn in c.jaxpr.eqns[::-1]:
            env[eqn.invars[0]] = registry[eqn.primitive](read(eqn.outvars[0]))
        return env[c.jaxpr.invars[0]]

    return wrapped


g = inverse(lambda x: jnp.exp(jnp.tanh(x)))
show("inverse", g, 2.0)
print(jax.make_jaxpr(g)(1.5))
show("jit vmap grad", lambda: jax.jit(jax.vmap(jax.grad(g)))((jnp.arange(5) + 1.0) / 5))


def evaluate(jaxpr, consts, *args):
    env = dict(zip(jaxpr.constvars, consts)) | dict(zip(jaxpr.invars, args))
    read = lambda v: v.val if type(v) is core.Literal else env[v]
    for eqn in jaxpr.eqns:
        subfuns, params = eqn.primitive.get_bind_params(eqn.params)
        out = eqn.primitive.bind(*subfuns, *map(read, eqn.invars), **params)
        env.update(zip(eqn.outvars, out if eqn.primitive.multiple_results else [out]))
    return [read(v) for v in jaxpr.outvars]


def model(x):
    return jnp.sum(jnp.tanh(x) ** 2) * jnp.exp(-x[0])


c = jax.make_jaxpr(model)(jnp.arange(3.0))
show("evaluate", lambda: evaluate(c.jaxpr, c.literals, jnp.arange(3.0)))
show(
    "evaluate call",
    lambda: (lambda c: evaluate(c.jaxpr, c.literals, 2.0))(jax.make_jaxpr(lambda x: named(x, 3.0))(2.0)),
)
show("jaxpr_as_fun", lambda: core.jaxpr_as_fun(c)(jnp.arange(3.0)))
show("return_shape", lambda: str(jax.make_jaxpr(model, return_shape=True)(jnp.arange(3.0))[1]))
show("static", lambda: str(jax.make_jaxpr(lambda x, n: x**n, static_argnums=1)(2.0, 3)))
