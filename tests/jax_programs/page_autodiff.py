"""Derivatives, from the first gradient to trees, Jacobians and checks."""

import jax
import jax.numpy as jnp
from showing import show

grad_tanh = jax.grad(jnp.tanh)
show("tanh", grad_tanh, 2.0)
show("of an int", grad_tanh, 2)
show("of a vector", grad_tanh, jnp.arange(2.0))
show("of complex", grad_tanh, 1j)
show("orders", lambda: [jax.grad(jax.grad(jnp.tanh))(2.0), jax.grad(jax.grad(jax.grad(jnp.tanh)))(2.0)])


def sigmoid(x):
    return 0.5 * (jnp.tanh(x / 2) + 1)


def predict(W, b, inputs):
    return sigmoid(jnp.dot(inputs, W) + b)


inputs = jnp.array([[0.52, 1.12, 0.77], [0.88, -1.08, 0.15], [0.52, 0.06, -1.30], [0.74, -2.49, 1.39]])
targets = jnp.array([True, True, False, True])


def loss(W, b):
    preds = predict(W, b, inputs)
    label_probs = preds * targets + (1 - preds) * (1 - targets)
    return -jnp.sum(jnp.log(label_probs))


key, W_key, b_key = jax.random.split(jax.random.key(0), 3)
W = jax.random.normal(W_key, (3,))
b = jax.random.normal(b_key, ())
show("W b", lambda: (W, b))
show("loss", loss, W, b)
show("grad W", jax.grad(loss, argnums=0), W, b)
show("grad W default", jax.grad(loss), W, b)
show("grad both", jax.grad(loss, (0, 1)), W, b)
show("argnums list", jax.grad(loss, [0, 1]), W, b)
show("negative", jax.grad(loss, -1), W, b)
show("too large", jax.grad(loss, 2), W, b)
show("keyword only", lambda: jax.grad(loss)(W=W, b=b))


def loss2(params):
    return loss(params["W"], params["b"])


show("dict", jax.grad(loss2), {"W": W, "b": b})
show("value and grad", jax.value_and_grad(loss2), {"W": W, "b": b})
show("aux", jax.grad(lambda p: (loss2(p), {"n": p["W"].size, "p": p["b"]}), has_aux=True), {"W": W, "b": b})
show("aux missing", jax.grad(loss2, has_aux=True), {"W": W, "b": b})
show("aux three", jax.value_and_grad(lambda p: (p, p, p), has_aux=True), 1.0)
show("not scalar", jax.grad(lambda w: w * 2), W)
show("int result", jax.grad(lambda w: 3), 1.0)
show("int array result", jax.grad(lambda w: jnp.arange(3)[1]), 1.0)

eps = 1e-2
step = jnp.array([0.3, -0.5, 0.1])
directional = (loss(W + eps * step, b) - loss(W - eps * step, b)) / (2 * eps)
print(bool(abs(directional - jnp.vdot(jax.grad(loss)(W, b), step)) < 1e-2))
from jax.test_util import check_grads

check_grads(loss, (W, b), order=2)


def wrong():
    f = jax.custom_jvp(jnp.sin)
    f.defjvp(lambda p, t: (f(*p), 2 * t[0]))
    check_grads(f, (1.0,), order=1)


try:
    wrong()
except AssertionError:
    print("check_grads found the wrong rule")


def hvp(f, x, v):
    return jax.grad(lambda x: jnp.vdot(jax.grad(f)(x), v))(x)


show("hvp", hvp, lambda w: loss(w, b), W, step)
show("hessian", jax.hessian(loss, (0, 1)), W, b)
show("jacfwd", jax.jacfwd(lambda w: predict(w, b, inputs)), W)
show("jacrev", jax.jacrev(lambda w: predict(w, b, inputs)), W)
show("jac of dict", jax.jacrev(lambda d: {"s": d["W"] * 2, "t": d["b"]}), {"W": W, "b": b})
show("jacfwd of int", jax.jacfwd(lambda x: x * 1.0), 3)
show("jacrev of int", jax.jacrev(lambda x: x * 1.0), 3)
show("allow int", jax.grad(lambda x, n: x * n, (0, 1), allow_int=True), 2.0, 3)
show("stop", jax.grad(lambda x: x**2 + jax.lax.stop_gradient(x) * x), 3.0)
show("vmap grad", jax.vmap(jax.grad(lambda x: x**3)), jnp.arange(3.0))
show(
    "kinks",
    lambda: [jax.grad(f)(0.0) for f in (jnp.abs, jax.nn.relu, jnp.sign, lambda x: jnp.maximum(x, 0.0), jnp.sqrt)],
)
show("where double", jax.grad(lambda x: jnp.where(x > 0, jnp.log(jnp.where(x > 0, x, 1.0)), 0.0)), 0.0)
