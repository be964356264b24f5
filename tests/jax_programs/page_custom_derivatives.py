"""Derivative rules defined by hand, as a page on custom_jvp and custom_vjp teaches them."""

from functools import partial

import jax
import jax.numpy as jnp
from jax import custom_jvp, custom_vjp, grad, jit, jvp, vmap
from showing import show


@custom_jvp
def f(x, y):
    return jnp.sin(x) * y


@f.defjvp
def f_jvp(primals, tangents):
    x, y = primals
    x_dot, y_dot = tangents
    return f(x, y), jnp.cos(x) * x_dot * y + jnp.sin(x) * y_dot


show("value", f, 2.0, 3.0)
show("grad", grad(f, (0, 1)), 2.0, 3.0)
show("second", grad(grad(f)), 2.0, 3.0)
show("int argument", f, 2, 3)


@custom_vjp
def g(x, y):
    return jnp.sin(x) * y


def g_fwd(x, y):
    return g(x, y), (jnp.cos(x), jnp.sin(x), y)


def g_bwd(res, ct):
    cos_x, sin_x, y = res
    return (cos_x * ct * y, sin_x * ct)


g.defvjp(g_fwd, g_bwd)
show("vjp grad", grad(g), 2.0, 3.0)
show("vjp jit vmap", jit(vmap(grad(g), (0, None))), jnp.arange(3.0), 3.0)
show("forward mode", lambda: jvp(g, (2.0, 3.0), (1.0, 1.0)))
show("jacfwd", jax.jacfwd(g), 2.0, 3.0)


def log1pexp(x):
    return jnp.log(1.0 + jnp.exp(x))


show("unstable", grad(log1pexp), 100.0)
show("jit value", jit(log1pexp), 3.0)
show("vmap value", vmap(jit(log1pexp)), jnp.arange(3.0))
stable = custom_jvp(log1pexp)
stable.defjvps(lambda t, ans, x: (1 - 1 / (1 + jnp.exp(x))) * t)
show("stable", grad(stable), 100.0)
show("stable vmap", vmap(grad(grad(stable))), jnp.array([0.0, 1.0, 100.0]))


@custom_jvp
def kink(x):
    return x / (1 + jnp.sqrt(x))


@kink.defjvp
def kink_jvp(primals, tangents):
    (x,), (x_dot,) = primals, tangents
    ans = kink(x)
    return ans, ((jnp.sqrt(x) + 2) / (2 * (jnp.sqrt(x) + 1) ** 2)) * x_dot


show("kink", grad(kink), 0.0)
show("without rule", grad(lambda x: x / (1 + jnp.sqrt(x))), 0.0)


@partial(custom_jvp, nondiff_argnums=(0,))
def app(fun, x):
    return fun(x)


@app.defjvp
def app_jvp(fun, primals, tangents):
    (x,), (x_dot,) = primals, tangents
    return fun(x), 2.0 * x_dot


show("nondiff", lambda: (app(lambda x: x**3, 3.0), grad(app, argnums=1)(lambda x: x**3, 3.0)))


@partial(custom_jvp, nondiff_argnums=(0, 2))
def app2(fun, x, gun):
    return fun(gun(x))


@app2.defjvp
def app2_jvp(fun, gun, primals, tangents):
    (x,), (x_dot,) = primals, tangents
    return fun(gun(x)), 3.0 * x_dot


show("two nondiff", grad(app2, argnums=1), lambda x: x**3, 3.0, lambda y: 5 * y)


@partial(custom_vjp, nondiff_argnums=(0,))
def app3(fun, x):
    return fun(x)


app3.defvjp(lambda fun, x: (fun(x), x), lambda fun, x, ct: (5 * ct,))
show("vjp nondiff", grad(app3, argnums=1), lambda x: x**2, 4.0)


@custom_jvp
def trees(a):
    return {"c": a["x"] ** 2 + a["y"]}


@trees.defjvp
def trees_jvp(primals, tangents):
    (a,), (a_dot,) = primals, tangents
    return trees(a), {"c": 2 * a["x"] * a_dot["x"] + 10 * a_dot["y"]}


show("trees grad", grad(lambda a: trees(a)["c"]), {"x": 2.0, "y": 3.0})
show("kwargs", lambda: grad(lambda x: g(x, y=3.0))(2.0))
show("no rule", grad(custom_jvp(jnp.sin)), 1.0)
show("no vjp rule", grad(custom_vjp(jnp.sin)), 1.0)


def rule(out):
    h = custom_vjp(lambda x, y: x * y)
    h.defvjp(lambda x, y: (x * y, (x, y)), lambda r, ct: out(r, ct))
    return h


show("not a tuple", grad(rule(lambda r, ct: ct)), 2.0, 3.0)
show("too few", grad(rule(lambda r, ct: (ct,))), 2.0, 3.0)
show("none", grad(rule(lambda r, ct: (None, ct)), (0, 1)), 2.0, 3.0)
show("wrong shape", grad(rule(lambda r, ct: (jnp.ones(2), ct))), 2.0, 3.0)
show("wrong structure", grad(rule(lambda r, ct: ((ct, ct), ct))), 2.0, 3.0)
bad = custom_vjp(lambda x: x)
bad.defvjp(lambda x: x, lambda r, ct: (ct,))
odd = custom_jvp(lambda x: x)
odd.defjvp(lambda p, t: p[0])
odd2 = custom_jvp(lambda x: x)
odd2.defjvp(lambda p, t: (p[0], jnp.ones(2)))
show("jvp wrong tangent", grad(odd2), 2.0)
odd3 = custom_jvp(lambda x: x)
odd3.defjvp(lambda p, t: ((p[0], p[0]), t[0]))
clip = custom_vjp(lambda lo, hi, x: x)
clip.defvjp(lambda lo, hi, x: (x, (lo, hi)), lambda r, ct: (None, None, jnp.clip(ct, *r)))
show("clipped", vmap(grad(lambda x: jnp.sin(clip(-0.75, 0.75, x)))), jnp.linspace(0, 3, 5))


@custom_vjp
def debug(x):
    return x


debug.defvjp(lambda x: (x, None), lambda _, ct: (print("cotangent", float(ct)) or ct,))
show("debugged", grad(lambda x: debug(x**2) * 3), 3.0)
show("symbolic", lambda: sym_grad())


def sym_grad():
    h = custom_jvp(lambda x, y: x * y)
    kinds = []

    def h_jvp(p, t):
        kinds.extend(type(v).__name__ for v in t)
        out = p[0] * p[1]
        return out, sum(v if not isinstance(v, jax.custom_derivatives.SymbolicZero) else 0.0 for v in t)

    h.defjvp(h_jvp, symbolic_zeros=True)
    out = grad(lambda x: h(x, 2.0))(3.0)
    print(kinds[1])
    return out


show("symbolic", sym_grad)
show(
    "custom_gradient",
    lambda: grad(jax.custom_gradient(lambda x, y: (x * y, lambda ct: (ct, 7.0 * ct))), (0, 1))(2.0, 3.0),
)
show(
    "linear_call",
    lambda: grad(lambda x: jax.custom_derivatives.linear_call(lambda r, x: x / r, lambda r, ct: ct / r, 2.0, x))(3.0),
)
conv = lambda x: jax.closure_convert(lambda y: x * y, 1.0)
show("closure_convert", grad(lambda x: conv(x)[0](2.0, *conv(x)[1])), 3.0)
