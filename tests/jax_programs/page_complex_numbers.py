"""Complex numbers and their derivatives."""

import jax
import jax.numpy as jnp
from showing import show

z = jnp.array([1.0 + 2j, -0.5j, 3.0])
show("types", lambda: [z, z.real, z.imag, jnp.abs(z), jnp.angle(z), z.conj(), z * 2, z + jnp.arange(3)])
show("of numbers", lambda: [jnp.sqrt(-1 + 0j), jnp.sqrt(-1.0), jnp.exp(1j), jnp.array(1j) * 2, jnp.complex64(1)])
show("grad of modulus", jax.grad(jnp.abs), 3.0 + 4j)
show("modulus at zero", jax.grad(jnp.abs), 0j)
show("squared", jax.grad(lambda z: jnp.real(z * jnp.conj(z))), 1.0 + 2j)
show("sum of squares", jax.grad(lambda z: jnp.sum(jnp.abs(z) ** 2)), z)
show("angle", jax.grad(lambda z: jnp.angle(z)), 1.0 + 1j)
show("value and grad", jax.value_and_grad(lambda z: jnp.imag(jnp.exp(z))), 0.5 + 1j)
show("vjp real cotangent", lambda: jax.vjp(lambda z: z * (2 + 1j), 1.0 + 1j)[1](1.0))
show("jvp", lambda: jax.jvp(lambda z: z**2 + jnp.conj(z), (1.0 + 1j,), (0.0 + 1j,)))
show("from real", jax.grad(lambda x: jnp.real(jnp.exp(1j * x))), 0.3)
show("from real to complex", jax.grad(lambda x: jnp.exp(1j * x)), 0.3)
show("jacfwd", jax.jacfwd(lambda x: jnp.exp(1j * x)), jnp.array([0.3, 0.7]))
show("jacrev", jax.jacrev(lambda x: jnp.exp(1j * x)), jnp.array([0.3, 0.7]))
show("jacrev of complex", jax.jacrev(lambda z: z**2), z)
show("jacrev holomorphic", jax.jacrev(lambda z: z**2, holomorphic=True), z)
show("hessian holomorphic", jax.hessian(lambda z: jnp.sum(z**3), holomorphic=True), z)
show("hessian of a vector", jax.hessian(lambda z: z**3, holomorphic=True), 1.0 + 1j)


def holomorphic_by_hand(f, z):
    _, along_x = jax.jvp(f, (z,), (1.0 + 0j,))
    _, along_y = jax.jvp(f, (z,), (1j,))
    return jnp.abs(along_y - 1j * along_x) < 1e-5, along_x, jax.grad(f, holomorphic=True)(z)


show("cauchy riemann", lambda: holomorphic_by_hand(lambda z: jnp.exp(z) * z, 0.3 + 0.2j))
show("conj not", lambda: holomorphic_by_hand(jnp.conj, 0.3 + 0.2j))
show("fft", jax.grad(lambda x: jnp.sum(jnp.abs(jnp.fft.fft(x)) ** 2)), jnp.arange(4.0))
show(
    "solve",
    jax.grad(lambda a: jnp.real(jnp.linalg.solve(a, jnp.ones(2) + 0j).sum())),
    jnp.array([[2.0, 1j], [-1j, 3.0]]),
)
show("eig", lambda: jnp.linalg.eigvals(jnp.array([[0.0, 1.0], [-1.0, 0.0]])))
show("power", jax.grad(lambda z: jnp.real(z**1.5)), 1.0 + 1j)
show("where", jax.grad(lambda z: jnp.real(jnp.where(jnp.real(z) > 0, z**2, z))), 1.0 + 1j)
show("compare", lambda: jnp.maximum(1j, 2j))
show("less", lambda: jnp.array(1j) < 2)
show("sort", jnp.sort, z)
show("to real", lambda: z.astype(jnp.float32))
show("float of", lambda: float(z[0]))
show("lax complex", jax.lax.complex, 1.0, 2.0)
