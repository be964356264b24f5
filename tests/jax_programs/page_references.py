"""Mutable references: reading, writing, loops, derivatives, what is refused."""

import jax
import jax.numpy as jnp
from showing import show

x_ref = jax.new_ref(jnp.zeros(3))
print(x_ref, x_ref.shape, x_ref.dtype, x_ref.ndim, x_ref.size, type(x_ref).__name__, isinstance(x_ref, jax.Ref))


@jax.jit
def f():
    x_ref[1] += 1.0


f()
f()
print(x_ref, x_ref[...], x_ref[1], x_ref[:2])


def g(x):
    ref = jax.new_ref(jnp.float32(0))
    ref[...] = jnp.sin(x)
    return ref[...]


show("grad", jax.grad(g), 1.0)
show("jit", jax.jit(g), 1.0)
show("vmap", jax.vmap(g), jnp.arange(3.0))


@jax.jit
def sin_inplace(x_ref):
    x_ref[...] = jnp.sin(x_ref[...])


y_ref = jax.new_ref(jnp.arange(3.0))
sin_inplace(y_ref)
show("argument", lambda: y_ref[...])
jax.vmap(sin_inplace)(y_ref)
show("vmapped argument", lambda: y_ref[...])


@jax.jit
def scanned(xs):
    total = jax.new_ref(jnp.float32(0))

    def body(_, x):
        total[...] += x
        return (), total[...] * 2

    _, out = jax.lax.scan(body, (), xs)
    return total[...], out


show("scan", scanned, jnp.arange(4.0))
show("scan eager", lambda: scanned.__wrapped__(jnp.arange(4.0)))


def looped(n):
    ref = jax.new_ref(jnp.zeros(4))

    def body(i, _):
        ref[i] = i * 2.0

    jax.lax.fori_loop(0, n, body, None)
    return ref[...]


show("fori", looped, 3)
show("fori jit", jax.jit(looped), 3)
show("fori static", lambda: jax.jit(lambda: looped(4))())


def whiled(limit):
    ref = jax.new_ref(jnp.float32(1))

    def body(i):
        ref[...] = ref[...] * 2
        return i + 1

    n = jax.lax.while_loop(lambda i: i < limit, body, 0)
    return n, ref[...]


show("while", whiled, 5)
show("while jit", jax.jit(whiled), 5)


def branched(p, v):
    ref = jax.new_ref(jnp.float32(v))

    def true():
        ref[...] += 1.0
        return 1

    def false():
        ref[...] *= 3.0
        return 2

    return jax.lax.cond(p, true, false), ref[...]


show("cond", lambda: [branched(True, 2.0), branched(False, 2.0)])
show("cond jit", lambda: [jax.jit(branched)(p, 2.0) for p in (True, False)])


def differentiated(x):
    ref = jax.new_ref(x)

    def body(i, _):
        ref[...] = jnp.sin(ref[...])

    jax.lax.fori_loop(0, 3, body, None)
    return ref[...]


show("grad of loop", jax.grad(differentiated), 1.0)
show("jvp of loop", lambda: jax.jvp(differentiated, (1.0,), (1.0,)))
show("vmap of loop", jax.vmap(differentiated), jnp.arange(3.0))


def plumbed(x, grads_ref):
    @jax.custom_vjp
    def note(x, ref):
        return x

    note.defvjp(lambda x, ref: (x, ref), lambda ref, ct: (ref.__setitem__(..., ct), (ct, None))[1])
    return jnp.sin(note(x, grads_ref)) ** 2


out_ref = jax.new_ref(jnp.float32(0))
show("plumbing", jax.grad(plumbed), 1.0, out_ref)
print(out_ref)
show("freeze", lambda: jax.ref.freeze(jax.new_ref(jnp.arange(3))))


def functions():
    r = jax.new_ref(jnp.arange(5))
    jax.ref.set(r, 1, 10)
    old = jax.ref.swap(r, 3, 7)
    jax.ref.addupdate(r, slice(0, 2), 100)
    return jax.ref.get(r, slice(1, 3)), old, r[...]


show("get set swap", functions)


def frozen():
    r = jax.new_ref(1.0)
    jax.ref.freeze(r)
    return r[...]


show("frozen", frozen)
show("aliased", lambda: jax.jit(lambda a, b: a.__setitem__(..., b[...]))(x_ref, x_ref))
show("operator", lambda: x_ref + 1)
show("wrong shape", lambda: x_ref.__setitem__(..., jnp.ones(4)))
show("wrong dtype", lambda: x_ref.__setitem__(..., jnp.ones(3, jnp.int32)))
show("scalar", lambda: x_ref.__setitem__(0, 5))
