"""Calling the host: pure_callback, io_callback, debug.callback."""

import jax
import jax.numpy as jnp
import numpy as np
from jax.experimental import io_callback
from showing import show


@jax.jit
def printed(x):
    y = jnp.sin(x)
    jax.debug.callback(lambda v: print("log:", v), y)
    return y


print(printed(1.0))


def f_host(x):
    return np.sin(np.asarray(x)).astype(x.dtype)


def f(x, **kw):
    return jax.pure_callback(f_host, jax.ShapeDtypeStruct(jnp.shape(x), jnp.result_type(x)), x, **kw)


x = jnp.arange(5.0)
show("pure", f, x)
show("pure jit", jax.jit(f), x)
show("vmap default", jax.vmap(f), x)
for method in ("sequential", "expand_dims", "broadcast_all", "legacy_vectorized"):
    show(method, jax.vmap(lambda v, method=method: f(v, vmap_method=method)), x)
show("unknown", jax.vmap(lambda v: f(v, vmap_method="other")), x)
show("scan", lambda: jax.lax.scan(lambda _, v: (None, f(v)), None, x)[1])
show("cond", lambda: jax.lax.cond(True, f, lambda v: v, x))
show(
    "wrong dtype",
    jax.jit(lambda v: jax.pure_callback(lambda v: np.ones(3), jax.ShapeDtypeStruct((3,), jnp.float32), v)),
    x,
)
show("grad", jax.grad(lambda v: f(v).sum()), x)


@jax.custom_jvp
def g(x):
    return f(x)


@g.defjvp
def g_jvp(primals, tangents):
    (x,), (x_dot,) = primals, tangents
    return g(x), jax.pure_callback(
        lambda v: np.cos(np.asarray(v)).astype(v.dtype), x, x, vmap_method="expand_dims"
    ) * x_dot


show("custom grad", jax.jit(jax.grad(lambda v: jnp.sum(g(v) ** 2))), x)
global_rng = np.random.default_rng(0)


def host_side_random_like(v):
    return global_rng.uniform(size=v.shape).astype(v.dtype)


@jax.jit
def numpy_random_like(v):
    return io_callback(host_side_random_like, v, v)


show("io", numpy_random_like, jnp.zeros(2))
show("io again", numpy_random_like, jnp.zeros(2))
show("io vmap", jax.vmap(numpy_random_like), jnp.zeros((2, 1)))


@jax.jit
def ordered(xs):
    for i in range(3):
        io_callback(lambda v: print("ordered", v), None, xs[i], ordered=True)


ordered(x)
show("io ordered vmap", jax.vmap(lambda v: io_callback(lambda w: None, None, v, ordered=True)), x)


@jax.jit
def log_value(x):
    jax.debug.callback(lambda v: print("value", v), x)
    return x


print(jax.grad(lambda x: log_value(x) ** 2)(3.0))
jax.vmap(lambda v: jax.debug.callback(lambda w: print("each", w), v))(x[:2])
jax.lax.scan(lambda c, v: (jax.debug.callback(lambda w: print("step", w), v), (None, v))[1], None, x[:3])
show("raises", lambda: raising())


def raising():
    def fail(v):
        raise ValueError("from the host")

    return jax.jit(lambda v: jax.pure_callback(fail, v, v))(1.0).block_until_ready()


print(jax.make_jaxpr(f)(x).jaxpr.eqns[0].primitive)
show("kwargs", jax.jit(lambda v: jax.pure_callback(lambda a, b: a + b, v, v, b=v)), x)
show(
    "tree",
    jax.jit(
        lambda v: jax.pure_callback(
            lambda d: {"s": d["a"].sum(), "t": d["a"]}, {"s": jax.ShapeDtypeStruct((), jnp.float32), "t": v}, {"a": v}
        )
    ),
    x,
)
show("types", lambda: jax.pure_callback(lambda v: (print(isinstance(v, jax.Array)), v)[1], x, x))
