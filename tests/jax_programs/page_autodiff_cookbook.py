"""Jacobians by products: jvp, vjp, vmap of both, Hessian-vector products, complex functions, random directions."""

import jax
import jax.numpy as jnp
from jax import grad, hessian, jacfwd, jacrev, jit, jvp, vjp, vmap
from showing import show

key = jax.random.key(0)


def sigmoid(x):
    return 0.5 * (jnp.tanh(x / 2) + 1)


inputs = jnp.array([[0.5, 1.1, 0.7], [0.9, -1.1, 0.2], [0.5, 0.1, -1.3]])
key, W_key, b_key = jax.random.split(key, 3)
W, b = jax.random.normal(W_key, (3,)), jax.random.normal(b_key, ())
f = lambda W: sigmoid(jnp.dot(inputs, W) + b)
key, subkey = jax.random.split(key)
v = jax.random.normal(subkey, W.shape)
show("jvp", lambda: jvp(f, (W,), (v,)))
y, pull = vjp(f, W)
u = jax.random.normal(jax.random.split(key)[0], y.shape)
show("vjp", lambda: (y, pull(u)))


def vgrad(f, x):
    y, pull = vjp(f, x)
    return pull(jnp.ones(y.shape))[0]


show("vgrad", vgrad, lambda x: 3 * x**2, jnp.ones((2, 2)))


def hvp_forward_over_reverse(f, primals, tangents):
    return jvp(grad(f), primals, tangents)[1]


def hvp_reverse_over_forward(f, primals, tangents):
    return grad(lambda p: jvp(f, p, tangents)[1])(primals)


def hvp_reverse_over_reverse(f, primals, tangents):
    return grad(lambda p: jnp.vdot(grad(f)(*p), tangents[0]))(primals)


g = lambda X: jnp.sum(jnp.tanh(X) ** 2)
X = jnp.arange(4.0).reshape(2, 2) / 4
for h in (hvp_forward_over_reverse, hvp_reverse_over_forward, hvp_reverse_over_reverse):
    show(h.__name__, h, g, (X,), (jnp.ones((2, 2)),))
show("hessian", lambda: jnp.tensordot(hessian(g)(X), jnp.ones((2, 2)), 2))


def vmap_mjp(f, x, M):
    _, pull = vjp(f, x)
    return vmap(pull)(M)[0]


def vmap_jmp(f, W, M):
    push = lambda s: jvp(f, (W,), (s,))[1]
    return vmap(push)(M)


U = jax.random.normal(key, (4, 3))
show("mjp", vmap_mjp, f, W, U)
show("jmp", vmap_jmp, f, W, U)


def our_jacrev(f):
    def jac(x):
        y, pull = vjp(f, x)
        return vmap(pull, in_axes=0)(jnp.eye(len(y)))[0]

    return jac


def our_jacfwd(f):
    def jac(x):
        return vmap(lambda s: jvp(f, (x,), (s,))[1], out_axes=1)(jnp.eye(len(x)))

    return jac


show("jacobians", lambda: [our_jacrev(f)(W), jacrev(f)(W), our_jacfwd(f)(W), jacfwd(f)(W)])


def c(z):
    x, y = jnp.real(z), jnp.imag(z)
    return (x**2 - y**2) + (2 * x * y + 0.5) * 1j


show("complex jvp", lambda: jvp(c, (1.0 + 2j,), (1j,)))
show("complex vjp", lambda: vjp(c, 1.0 + 2j)[1](1.0 + 0j))
show("grad of real", grad(lambda z: jnp.real(z) ** 2 + 3 * jnp.imag(z)), 3.0 + 4j)
show("holomorphic", grad(lambda z: jnp.sin(z), holomorphic=True), 3.0 + 4j)
show("conjugate", grad(lambda z: jnp.conjugate(z), holomorphic=True), 3.0 + 4j)
show("complex without holomorphic", grad(jnp.sin), 3.0 + 4j)
show("holomorphic of real", grad(jnp.sin, holomorphic=True), 3.0)
show("holomorphic real result", grad(lambda z: jnp.abs(z), holomorphic=True), 3.0 + 1j)
A = jnp.array([[5.0, 2.0 + 3j, 5j], [2.0 - 3j, 7.0, 1.0 + 7j], [-5j, 1.0 - 7j, 12.0]])


def through_cholesky(X):
    L = jnp.linalg.cholesky(X - X * 0 + 30 * jnp.eye(3))
    return jnp.sum((L - jnp.sin(L)) ** 2)


show("cholesky", grad(through_cholesky, holomorphic=True), A)
show("jacfwd holomorphic", jacfwd(lambda z: z**2, holomorphic=True), jnp.array([1.0 + 1j, 2.0]))
show("jacfwd complex", jacfwd(lambda z: z**2), jnp.array([1.0 + 1j, 2.0]))
show("jit of vjp's function", lambda: jit(pull)(u))
show("pull as a tree", lambda: len(jax.tree.leaves(jax.tree_util.Partial(pull))) > 0)
