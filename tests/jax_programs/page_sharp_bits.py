"""Where habits from NumPy end: purity, updates, bounds, keys, control flow, NaNs, precision."""

import jax
import jax.numpy as jnp
from showing import show


def impure(x):
    print("executing")
    return x


print(jax.jit(impure)(4.0), jax.jit(impure)(5.0))
print(jax.jit(impure)(jnp.array([5.0])))
g = 0.0


def uses_global(x):
    return x + g


jitted = jax.jit(uses_global)
print(jitted(4.0))
g = 10.0
print(jitted(5.0), jitted(jnp.array([4.0])))


def saves_global(x):
    global g
    g = x
    return x


print(jax.jit(saves_global)(4.0))
show("leaked", lambda: g + 1)
iterator = iter(range(10))
print(jax.lax.fori_loop(0, 10, lambda i, x: x + next(iterator), 0))
array = jnp.zeros((3, 3), dtype=jnp.float32)


def assign(index, value):
    array[index] = value


show("assign", assign, (1, slice(None)), 1.0)
show("at", lambda: array.at[1, :].set(1.0))
show("at add", lambda: jnp.ones((4, 4)).at[::2, 3:].add(7.0))
show(
    "methods",
    lambda: (
        [getattr(jnp.arange(4.0).at[1], m)(3.0) for m in ("multiply", "divide", "power", "min", "max", "subtract")]
        + [
            jnp.arange(4.0).at[1].apply(jnp.exp),
            jnp.arange(4.0).at[9].get(),
            jnp.arange(4.0).at[9].get(mode="fill", fill_value=-1),
            jnp.arange(4.0).at[9].set(5.0),
        ]
    ),
)
show(
    "bounds",
    lambda: [jnp.arange(10)[11], jnp.arange(10)[-11], jnp.arange(10.0).at[11].get(mode="fill", fill_value=jnp.nan)],
)
show(
    "bounds update",
    lambda: [jnp.arange(10).at[11].add(1), jnp.arange(10).at[11].set(1, mode="clip"), jnp.arange(10).at[-1].set(0)],
)
show("promise", lambda: jnp.arange(10.0).at[jnp.array([1, 2])].get(mode="promise_in_bounds"))
show("bounds mode", lambda: jnp.arange(10).at[11].get(mode="raise"))
show(
    "take",
    lambda: [
        jnp.take(jnp.arange(4.0), jnp.array([5, -5])),
        jnp.take(jnp.arange(4), 9),
        jnp.take(jnp.arange(4), 9, mode="clip"),
        jnp.take(jnp.arange(4), 9, mode="wrap"),
    ],
)
show("list", lambda: jnp.sum([1, 2]))
show("tuple", lambda: jnp.exp((1.0, 2.0)))
show("list index", lambda: jnp.arange(5)[[0, 2]])
show("tuple index", lambda: jnp.arange(6).reshape(2, 3)[(0, 2)])
show("float index", lambda: jnp.arange(5)[1.0])
show("float array index", lambda: jnp.arange(5)[jnp.array([1.0])])
show("too many", lambda: jnp.arange(5)[0, 0])
show("mask shape", lambda: jnp.arange(5)[jnp.array([True, False])])
show("string index", lambda: jnp.arange(5)["a"])
show("slice array", lambda: jax.jit(lambda x, n: x[:n])(jnp.arange(5), 2))
show("dynamic", lambda: jax.jit(lambda x, n: jax.lax.dynamic_slice_in_dim(x, n, 2))(jnp.arange(5), 2))
show("mask", lambda: jax.jit(lambda x: x[x > 2])(jnp.arange(5)))
show("where", lambda: jax.jit(lambda x: jnp.where(x > 2, x, 0))(jnp.arange(5)))
show("nonzero", lambda: jax.jit(jnp.nonzero)(jnp.arange(3)))
show("nonzero size", lambda: jax.jit(lambda x: jnp.nonzero(x, size=2, fill_value=7))(jnp.arange(2)))
show("where one", lambda: jax.jit(lambda x: jnp.where(x))(jnp.arange(3)))
show("unique", lambda: jax.jit(jnp.unique)(jnp.array([1, 1, 2])))
show("reshape traced", lambda: jax.jit(lambda x: jnp.ones(6).reshape(x))(2))
show("arange traced", lambda: jax.jit(lambda n: jnp.arange(n))(2))
show("repeat", lambda: jax.jit(lambda x, n: jnp.repeat(x, n))(jnp.arange(2), jnp.array([1, 2])))
show(
    "repeat total",
    lambda: jax.jit(lambda x, n: jnp.repeat(x, n, total_repeat_length=3))(jnp.arange(2), jnp.array([1, 2])),
)
show("split traced", lambda: jax.jit(lambda n: jnp.split(jnp.arange(4), n))(2))
show("set of ints", lambda: jnp.arange(3).at[0].set(2.7))
show("uint", lambda: [jnp.uint8(200) + jnp.uint8(100), jnp.int8(100) * 2, -jnp.uint32(1)])
show("overflow", lambda: jnp.arange(3, dtype=jnp.int8) + 300)
show("casts", lambda: [jnp.array([300.0, -1.0, jnp.nan, jnp.inf]).astype(t) for t in (jnp.uint8, jnp.int32, bool)])
show("double", lambda: jnp.zeros(2, jnp.float64))
show("int64", lambda: [jnp.arange(3, dtype="int64"), jnp.array(2**31 - 1), jnp.float32(1) / 3])
show(
    "divide", lambda: [jnp.array(1.0) / 0, jnp.array(0.0) / 0, jnp.array(7) % 0, jnp.array(-7) // 2, jnp.array(-7) % 3]
)
show("inplace sort", lambda: jnp.array([2, 1]).sort())
show("out", lambda: jnp.add(jnp.ones(2), 1, out=jnp.zeros(2)))
show("out sum", lambda: jnp.sum(jnp.ones(2), out=jnp.zeros(2)))
show("where kw", lambda: jnp.sum(jnp.arange(4), where=jnp.array([True, False, True, False])))
show("truth", lambda: bool(jnp.arange(2)))
show("iadd", lambda: exec("x = y = jnp.zeros(2)\nx += 1\nprint(x, y)", {"jnp": jnp}))


show(
    "disable jit",
    lambda: exec("with jax.disable_jit(): print(jax.jit(lambda x: 1 if x > 0 else 2)(3.0))", {"jax": jax}),
)
