"""vmap: axes, trees, nesting, names of axes."""

import jax
import jax.numpy as jnp
from showing import show

x = jnp.arange(5.0)
w = jnp.array([2.0, 3.0, 4.0])


def convolve(x, w):
    return jnp.array([jnp.dot(x[i - 1 : i + 2], w) for i in range(1, len(x) - 1)])


xs, ws = jnp.stack([x, x]), jnp.stack([w, w])
show("one", convolve, x, w)
show("both", jax.vmap(convolve), xs, ws)
show("out axis", jax.vmap(convolve, in_axes=1, out_axes=1), xs.T, ws.T)
show("single", jax.vmap(convolve, in_axes=[0, None]), xs, w)
show("jit", jax.jit(jax.vmap(convolve)), xs, ws)
show("negative axes", jax.vmap(lambda a: a, in_axes=-1, out_axes=-1), jnp.arange(6.0).reshape(2, 3))
show("keyword", lambda: jax.vmap(lambda a, b: a + b)(x, b=x))
show("keyword scalar", lambda: jax.vmap(lambda a, b: a + b)(x, b=1.0))
show("nested", lambda: jax.vmap(jax.vmap(lambda a, b: a * b, (None, 0)), (0, None))(w, x))
show("names", lambda: jax.vmap(lambda a: a / jax.lax.psum(a, "i"), axis_name="i")(w))
show("index", lambda: jax.vmap(lambda a: a * jax.lax.axis_index("i"), axis_name="i")(w))
show(
    "pmean",
    lambda: jax.vmap(
        lambda a: (jax.lax.pmean(a, "i"), jax.lax.pmax(a, "i"), jax.lax.all_gather(a, "i")),
        axis_name="i",
        out_axes=(None, None, None),
    )(w),
)
show("axis size", lambda: jax.vmap(lambda: jnp.arange(2), axis_size=3)())
show("none mapped", lambda: jax.vmap(lambda a: a, in_axes=None)(w))
show("out none", lambda: jax.vmap(lambda a: a, out_axes=None)(w))
show("out tree", lambda: jax.vmap(lambda a: {"a": a, "b": a[None]}, out_axes={"a": 0, "b": 1})(w))
show("out mismatch", lambda: jax.vmap(lambda a: (a, a), out_axes=(0, 0, 0))(w))
show("in length", lambda: jax.vmap(lambda a: a, in_axes=(0, 0))(w))
show("in kind", lambda: jax.vmap(lambda a: a, in_axes="0")(w))
show("rank", lambda: jax.vmap(lambda a: a, in_axes=2)(w))
show("sizes", lambda: jax.vmap(lambda a, b: a)(w, x))
show("sizes tree", lambda: jax.vmap(lambda a: a["k"])({"k": w, "l": x}))
show("weak", lambda: jax.vmap(lambda a: 2.0)(w))
show("branch", lambda: jax.vmap(lambda a: a if a > 3 else -a)(w))
show("cond", lambda: jax.vmap(lambda a: jax.lax.cond(a > 3, jnp.sin, jnp.cos, a))(w))
show("scan", lambda: jax.vmap(lambda a: jax.lax.scan(lambda c, v: (c + v * a, c), 0.0, x))(w))
show("dynamic slice", lambda: jax.vmap(lambda i: jax.lax.dynamic_slice(x, (i,), (2,)))(jnp.array([0, 2, 9])))
show("gather", lambda: jax.vmap(lambda i: x[i])(jnp.array([0, -1, 7])))
show(
    "vectorize",
    lambda: jnp.vectorize(lambda a, b: a @ b, signature="(n,m),(m)->(n)")(jnp.ones((2, 2, 3)), jnp.arange(3.0)),
)
show("vectorize excluded", lambda: jnp.vectorize(lambda a, n: a**n, excluded=(1,))(x, 2))
show(
    "vectorize shape",
    lambda: jnp.vectorize(lambda a, b: a @ b, signature="(n,m),(m)->(n)")(jnp.ones((2, 3)), jnp.arange(2.0)),
)
show("grads", lambda: jax.vmap(jax.value_and_grad(lambda a, b: a * b), in_axes=(0, None))(w, 2.0))
print(jax.make_jaxpr(jax.vmap(jnp.dot))(xs, xs))
print(jax.make_jaxpr(jax.vmap(lambda a: jnp.sin(a) * 2))(w))
jax.vmap(lambda a: print(a))(w)
jax.vmap(lambda a: print(a, a.shape, a.dtype, a.ndim))(xs)
