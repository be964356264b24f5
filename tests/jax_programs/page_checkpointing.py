"""Gradient checkpointing: policies, names, what is saved."""

import jax
import jax.numpy as jnp
from jax.ad_checkpoint import checkpoint_name
from showing import show


def g(W, x):
    y = jnp.dot(W, x)
    return jnp.sin(y)


def f(W1, W2, W3, x):
    x = g(W1, x)
    x = g(W2, x)
    x = g(W3, x)
    return x


W1, W2, W3 = jnp.ones((5, 4)) / 4, jnp.ones((6, 5)) / 3, jnp.eye(7, 6)
x = jnp.linspace(0, 1, 4)
loss = lambda *a: jnp.sum(f(*a))
show("value", f, W1, W2, W3, x)
show("grad", jax.grad(loss), W1, W2, W3, x)


def f2(W1, W2, W3, x):
    for W in (W1, W2, W3):
        x = jax.checkpoint(g)(W, x)
    return x


show("remat", jax.grad(lambda *a: jnp.sum(f2(*a))), W1, W2, W3, x)
for name in (
    "everything_saveable",
    "nothing_saveable",
    "dots_saveable",
    "checkpoint_dots",
    "dots_with_no_batch_dims_saveable",
    "checkpoint_dots_with_no_batch_dims",
):
    f3 = jax.checkpoint(f, policy=getattr(jax.checkpoint_policies, name))
    show(name, jax.jit(jax.grad(lambda *a, f3=f3: jnp.sum(f3(*a)))), W1, W2, W3, x)


def f4(W1, W2, W3, x):
    x = checkpoint_name(g(W1, x), name="a")
    x = checkpoint_name(g(W2, x), name="b")
    return checkpoint_name(g(W3, x), name="c")


for policy in (
    jax.checkpoint_policies.save_only_these_names("a"),
    jax.checkpoint_policies.save_any_names_but_these("a"),
    jax.checkpoint_policies.save_anything_except_these_names("b"),
    jax.checkpoint_policies.save_from_both_policies(
        jax.checkpoint_policies.dots_saveable, jax.checkpoint_policies.save_only_these_names("a")
    ),
    jax.checkpoint_policies.save_and_offload_only_these_names(
        names_which_can_be_saved=["a"],
        names_which_can_be_offloaded=["b"],
        offload_src="device",
        offload_dst="pinned_host",
    ),
):
    show("names", jax.grad(lambda *a, p=policy: jnp.sum(jax.checkpoint(f4, policy=p)(*a))), W1, W2, W3, x)
show("hessian", jax.hessian(jax.checkpoint(lambda v: jnp.sum(jnp.sin(jnp.sin(v)) ** 2))), x)
show(
    "static",
    lambda: jax.grad(lambda v: jax.checkpoint(lambda v, flag: v**2 if flag else v, static_argnums=(1,))(v, True))(3.0),
)
show("vmap", lambda: jax.vmap(jax.grad(jax.checkpoint(lambda v: jnp.sin(jnp.sin(v)))))(x))
show("scan", jax.grad(lambda v: jax.lax.scan(jax.checkpoint(lambda c, w: (jnp.sin(c * w), None)), v, x + 1)[0]), 0.5)
show("aux", jax.value_and_grad(jax.checkpoint(lambda v: (jnp.sum(v**2), {"n": v})), has_aux=True), x)


def chained(n):
    def apply(fs, v):
        if len(fs) == 1:
            return fs[0](v)
        return jax.checkpoint(lambda w: apply(fs[len(fs) // 2 :], w))(apply(fs[: len(fs) // 2], v))

    return jax.grad(lambda v: apply([jnp.sin] * n, v))(0.7)


show("recursive", chained, 8)
print([str(e.primitive) for e in jax.make_jaxpr(jax.checkpoint(jnp.sin))(1.0).eqns])
