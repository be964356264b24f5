"""What a first page teaches: arrays, jit, grad, vmap, and where NumPy's habits end."""

import jax
import jax.numpy as jnp
import numpy as np
from showing import show


def selu(x, alpha=1.67, lmbda=1.05):
    return lmbda * jnp.where(x > 0, x, alpha * jnp.exp(x) - alpha)


x = jnp.arange(5.0)
print(x, repr(x), x.dtype, x.shape, x.devices())
print(repr(jnp.linspace(0, 1, 4)), repr(jnp.ones((2, 2), jnp.int32)), repr(jnp.array(3)), repr(jnp.float32(2)))
show("selu", selu, x)
show("selu of a number", selu, 1)
show("selu jit", jax.jit(selu), x)
show("jit of int", jax.jit(lambda x: x + 1), 2)
show("jit of float", jax.jit(lambda x: x * 2), 2.0)
show("grad", jax.grad(lambda x: jnp.sum(1.0 / (1.0 + jnp.exp(-x)))), jnp.arange(3.0))
show("third derivative", jax.grad(jax.jit(jax.grad(jax.jit(jax.grad(lambda x: jnp.sum(jnp.tanh(x))))))), 1.0)
show("hessian", lambda: jax.jit(jax.jacfwd(jax.jacrev(lambda v: jnp.sum(v**3))))(jnp.arange(3.0)))
show("jacobian of exp", jax.jacobian(jnp.exp), jnp.arange(3.0))

key1, key2 = jax.random.split(jax.random.key(1701))
mat = jax.random.normal(key1, (4, 6))
batch = jax.random.normal(key2, (3, 6))
show("mat", lambda: mat)


def apply_matrix(v):
    return jnp.dot(mat, v)


show("apply", apply_matrix, batch[0])
show("naive", lambda: jnp.stack([apply_matrix(v) for v in batch]))
show("vmap", lambda: jax.jit(jax.vmap(apply_matrix))(batch))
show("by hand", lambda: jnp.dot(batch, mat.T))
show("wrong shape", apply_matrix, batch)


def set_item():
    x[0] = 10.0


show("set item", set_item)
show("at set", lambda: x.at[0].set(10.0))
show("at add", lambda: x.at[jnp.array([0, 0, 1])].add(1))
show("mixed", lambda: jnp.arange(3) + np.arange(3.0))
show("int and float", lambda: jnp.arange(3) * 1.5)
show("add lists", lambda: jnp.sum([1, 2, 3]))
show("np of jax", lambda: np.sin(x))
show("lax add", jax.lax.add, 1, 1.0)
show("jnp add", jnp.add, 1, 1.0)
show("lax conv", jax.lax.conv_general_dilated, jnp.arange(10.0).reshape(1, 1, 10), jnp.ones((1, 1, 3)), (1,), [(0, 0)])
show("convolve", jnp.convolve, jnp.array([1, 2, 1]), jnp.ones(10))


def norm(X):
    X = X - X.mean(0)
    return X / X.std(0)


show("norm", jax.jit(norm), jnp.arange(6.0).reshape(3, 2))
show("nonconcrete", jax.jit(lambda x: x[x < 0]), x)
show("branch", jax.jit(lambda x: 1 if x > 0 else 2), 3.0)


@jax.jit
def prints(x, y):
    print("x =", x)
    print("y =", y)
    return jnp.dot(x + 1, y + 1)


prints(mat, batch[0])
prints(2 * mat, batch[1])
