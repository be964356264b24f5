"""Questions that are asked often: recompilation, benchmarks, methods, NaN gradients, donated buffers, leaks."""

from functools import partial

import jax
import jax.numpy as jnp
import jax.tree_util
import numpy as np
from showing import show


class CustomClass:
    def __init__(self, x, mul):
        self.x, self.mul = x, mul

    @jax.jit
    def calc(self, y):
        return self.x * y if self.mul else y


class Static:
    def __init__(self, x, mul):
        self.x, self.mul = x, mul

    @partial(jax.jit, static_argnums=0)
    def calc(self, y):
        return self.x * y if self.mul else y


c = Static(2, True)
print(c.calc(3))


class Hashed(Static):
    def __hash__(self):
        return hash((self.x, self.mul))

    def __eq__(self, other):
        return isinstance(other, Hashed) and (self.x, self.mul) == (other.x, other.mul)


h = Hashed(2, True)
print(h.calc(3))


@jax.tree_util.register_pytree_node_class
class Tree(Static):
    calc = None

    def tree_flatten(self):
        return (self.x,), {"mul": self.mul}

    @classmethod
    def tree_unflatten(cls, aux, children):
        return cls(*children, **aux)


@jax.jit
def tree_calc(t, y):
    return t.x * y if t.mul else y


print(tree_calc(Tree(2, True), 3), tree_calc(Tree(2, False), 3), tree_calc(Tree(2.5, True), 3))
counts = []


def counted(x, n=1):
    counts.append(x)
    return x * n


j = jax.jit(counted)
for args in ((1.0,), (2.0,), (1,), (jnp.float32(1),), (jnp.ones(2),), (np.float32(1),), (np.float64(1),), (True,)):
    j(*args)
    print(len(counts), end=" ")
print()
s = jax.jit(counted, static_argnames="n")
counts.clear()
for n in (1, 1, 2, 2.0, "a"[:0] or 3):
    s(1.0, n=n)
print(len(counts))
counts.clear()
jax.clear_caches()
j(1.0)
print(len(counts))
show("reused lambda", lambda: [jax.jit(lambda x: x + 1)(i) for i in range(2)])


@jax.jit
def f(x):
    return x + 1


print(f(1).block_until_ready(), jax.block_until_ready({"a": f(2)}), f.__name__, jax.jit(partial(counted, n=2))(3))


def my_log(x):
    return jnp.where(x > 0.0, jnp.log(x), 0.0)


def safe_log(x):
    return jnp.log(jnp.where(x > 0.0, x, 1.0))


def my_log_or_y(x, y):
    return jnp.where(x > 0.0, jnp.log(x), y)


show("values", lambda: [my_log(0.0), safe_log(0.0)])
show("grad inside", lambda: [jax.grad(my_log)(1.0), jax.grad(safe_log)(0.0), jax.grad(safe_log)(2.0)])
show(
    "double where", jax.grad(lambda x, y: jnp.where(x > 0.0, jnp.log(jnp.where(x > 0.0, x, 1.0)), y), (0, 1)), -1.0, 3.0
)
show("kink of norm", jax.grad(jnp.linalg.norm), jnp.array([3.0, 4.0]))
show("sqrt of a sum", jax.grad(lambda x: jnp.sqrt(jnp.sum(x**2))), jnp.array([3.0, 4.0]))
show("sort grads", jax.grad(lambda x: jnp.sort(x)[0]), jnp.array([3.0, 1.0, 2.0]))
show("max ties", jax.grad(jnp.max), jnp.array([1.0, 1.0, 0.0]))
show("discrete", jax.grad(lambda x: jnp.argmax(x) * 1.0), jnp.array([3.0, 1.0]))
show(
    "rounded",
    lambda: [jax.grad(g)(1.3) for g in (jnp.round, jnp.floor, jnp.sign, lambda x: x.astype(int).astype(float))],
)
show(
    "power",
    lambda: [
        jax.grad(lambda x: x**2)(0.0),
        jax.grad(lambda x: 0.0**x)(1.0),
        jax.grad(lambda x: x ** jnp.float32(2))(0.0),
        jax.grad(lambda x: x**0)(0.0),
    ],
)
show("exp order", lambda: jax.jit(lambda x: jnp.exp(x) / jnp.exp(x))(50.0))
show("weird sum", lambda: jnp.sum(jnp.float32(0.1) * jnp.ones(10)))
print(
    repr(jax.device_put(1)),
    jax.devices(),
    jax.device_count(),
    jax.local_device_count(),
    jax.process_index(),
    jax.default_backend(),
)
show("device_put", lambda: jax.device_put({"a": np.ones(2), "b": 1}, jax.devices()[0]))
show("device_get", lambda: [type(v).__name__ for v in jax.tree.leaves(jax.device_get({"a": jnp.ones(2), "b": 1}))])
print(jnp.ones(2).device, jnp.ones(2).sharding, jnp.ones(2).committed)
donate = jax.jit(lambda x, y: x + y, donate_argnums=(0,))
a = jnp.ones(3)
donate(a, 1.0)
show("donated", lambda: a + 1)
show("donated np", lambda: np.asarray(a))
leaks = []
jax.jit(lambda x: leaks.append(x) or x)(1.0)
show("leak", lambda: leaks[0] + 1)
show("leak grad", lambda: (jax.grad(lambda x: leaks.append(x) or x)(1.0), leaks[-1] * 2)[1])
show("leak vmap", lambda: (jax.vmap(lambda x: leaks.append(x) or x)(jnp.ones(2)), leaks[-1] * 2)[1])
show("leak np", lambda: np.asarray(leaks[0]))
show(
    "print",
    lambda: (
        str(jnp.float32(1e-10))
        + repr(jnp.array([1e10, 1.0]))
        + repr(jnp.zeros((0, 3)))
        + repr(jnp.arange(2000)).split("\n")[0][:60]
    ),
)
