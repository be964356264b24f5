"""Arrays changed by .at: in loops, under jit, grad and vmap, with every operation it has."""

import contextlib

import jax
import jax.numpy as jnp
import numpy as np
from jax import grad, jit, vmap

x = jnp.zeros((3, 4))
y = x.at[1, :].set(1.0).at[:, 2].add(5.0).at[0, 0].set(7)
assert isinstance(y, jax.Array) and y.dtype == x.dtype and not jnp.any(x)
assert y.tolist() == [[7, 0, 5, 0], [1, 1, 6, 1], [0, 0, 5, 0]]

fibonacci = jnp.zeros(12, dtype=int).at[1].set(1)
for i in range(2, 12):
    fibonacci = fibonacci.at[i].set(fibonacci[i - 1] + fibonacci[i - 2])
assert int(fibonacci[-1]) == 89 and fibonacci.dtype == jnp.int32

v = jnp.arange(1.0, 6.0)
assert v.at[0].multiply(10.0)[0] == 10 and v.at[1].divide(4.0)[1] == 0.5 and v.at[2].power(2)[2] == 9
assert v.at[1:3].min(2.5).tolist() == [1, 2, 2.5, 4, 5] and v.at[1:3].max(2.5).tolist() == [1, 2.5, 3, 4, 5]
assert v.at[-1].subtract(1.0)[-1] == 4 and v.at[::2].apply(jnp.negative).tolist() == [-1, 2, -3, 4, -5]
assert v.at[1].get() == 2 and v.at[jnp.array([0, 0, 1])].add(1.0).tolist() == [3, 3, 3, 4, 5]
assert v.at[v > 3].set(0.0).tolist() == [1, 2, 3, 0, 0]
assert v.at[10].get(mode="fill", fill_value=-1.0) == -1 and v.at[10].set(1.0, mode="drop").tolist() == v.tolist()
assert v.at[...].add(1).tolist() == [2, 3, 4, 5, 6]


@jit
def scatter(values, indices):
    return jnp.zeros(4).at[indices].add(values)


assert scatter(jnp.ones(5), jnp.array([0, 1, 1, 3, 3])).tolist() == [1, 2, 0, 2]
weights = grad(lambda w: jnp.sum(jnp.zeros(3).at[jnp.array([0, 2])].set(w) * jnp.array([1.0, 2.0, 3.0])))
assert weights(jnp.ones(2)).tolist() == [1, 3]
blocked = grad(lambda x: jnp.sum(x.at[1].set(0.0) ** 2))(v)
assert blocked.tolist() == [2, 0, 6, 8, 10]
rows = vmap(lambda row, i: row.at[i].set(-1.0))(jnp.ones((3, 4)), jnp.arange(3))
assert rows[2].tolist() == [1, 1, -1, 1]

total = jnp.sum(v)
assert total.block_until_ready() == 15 and total.at[()].add(1) == 16
assert jax.block_until_ready({"a": v})["a"] is not None
assert np.asarray(v).sum() == 15 and v.devices() == {jax.devices()[0]}
with contextlib.suppress(TypeError):
    v[0] = 1.0
print("rows", rows[0], "fibonacci", fibonacci)
