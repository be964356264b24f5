"""Looking inside: prints, breakpoints' kin, checks, NaNs."""

import jax
import jax.numpy as jnp
from jax.experimental import checkify
from showing import show


@jax.jit
def f(x):
    jax.debug.print("x = {x}", x=x)
    y = jnp.sin(x)
    jax.debug.print("y = {} {z:.3f} {{literal}}", y, z=y)
    return y


f(2.0)
jax.debug.print("eager {}", jnp.arange(3))
show("format missing", lambda: jax.debug.print("{} {}", 1))
show("format unused", lambda: jax.debug.print("nothing", 1))
show("format keyword", lambda: jax.debug.print("{x}", y=1))
jax.vmap(lambda x: jax.debug.print("v {}", x))(jnp.arange(3.0))
jax.lax.map(lambda x: jax.debug.print("m {}", x), jnp.arange(2.0))
jax.lax.fori_loop(0, 2, lambda i, c: (jax.debug.print("i {} {}", i, c), c * 2)[1], 1.0)
jax.lax.cond(True, lambda: jax.debug.print("true"), lambda: jax.debug.print("false"))
jax.jit(lambda x: jax.debug.print("array {}", x))(jnp.eye(2))
jax.jit(lambda x: jax.debug.print("tree {}", x))({"a": jnp.arange(2)})
jax.grad(lambda x: (jax.debug.print("primal {}", x), x**2)[1])(3.0)
jax.jit(jax.grad(lambda x: (jax.debug.print("jit primal {}", x), x**2)[1]))(3.0)
jax.jit(lambda: [jax.debug.print("ordered {}", i, ordered=True) for i in range(3)])()


@jax.jit
def noted(x):
    print("tracing", x)
    return x


noted(1.0)
noted(2.0)
noted(jnp.ones(2))


def checked(x, i):
    checkify.check(i >= 0, "index needs to be non-negative, got {i}", i=i)
    y = x[i]
    z = jnp.sin(y)
    return z


jittable = checkify.checkify(checked)
err, z = jax.jit(jittable)(jnp.ones((5,)), jnp.array(-2))
print(err.get())
show("throw", err.throw)
err, z = jax.jit(jittable)(jnp.ones((5,)), 2)
print(err.get(), err)
show("no error", err.throw)
errors = checkify.user_checks | checkify.index_checks | checkify.float_checks
for args in ((jnp.ones((5,)), -1), (jnp.ones((5,)), 6), (jnp.array([1.0, jnp.inf]), 1)):
    err, z = checkify.checkify(checked, errors=errors)(args[0], jnp.array(args[1]))
    print((err.get() or "none").split("\n")[0][:50])
for sets in (checkify.nan_checks, checkify.div_checks, checkify.float_checks, checkify.all_checks):
    err, _ = jax.jit(checkify.checkify(lambda x, y: jnp.log(x / y), errors=sets))(1.0, 0.0)
    print((err.get() or "none").split(".")[0][:50])
show("check outside", lambda: jax.jit(lambda x: checkify.check(x > 0, "positive"))(1.0))
show("check eager", lambda: checkify.check(jnp.array(False), "must be {}", jnp.array(3)))
show("debug_check", lambda: checkify.debug_check(jnp.array(False), "must be"))
err, out = jax.vmap(checkify.checkify(lambda x: (checkify.check(x > 0, "non positive {}", x), x * 2)[1]))(
    jnp.array([1.0, -1.0])
)
print(err.get(), out)
err, _ = checkify.checkify(
    lambda: jax.lax.scan(lambda c, x: (checkify.check(x < 3, "too large {}", x), (c, x))[1], 0, jnp.arange(5))
)()
print(err.get())
err, _ = checkify.checkify(
    lambda n: jax.lax.while_loop(lambda i: i < n, lambda i: (checkify.check(i != 2, "two"), i + 1)[1], 0)
)(4)
print(err.get())
err, _ = checkify.checkify(jax.grad(lambda x: (checkify.check(x > 2, "small {x}", x=x), x**2)[1]))(1.0)
print(err.get())


def nans(how):
    with jax.debug_nans(True):
        return how()


show("nan eager", nans, lambda: jnp.log(-1.0))
show("nan fine", nans, lambda: jnp.log(1.0))
with jax.debug_infs(True):
    show("infs", lambda: jnp.divide(1.0, 0.0))
with jax.disable_jit():
    show("disabled", jax.jit(lambda x: float(x) * 2), 3.0)
    show("disabled loops", lambda: jax.lax.fori_loop(0, 3, lambda i, c: c + int(i), 0))
    show("disabled scan", lambda: jax.lax.scan(lambda c, x: (c + float(x), x), 0.0, jnp.arange(3.0)))
with jax.log_compiles(False):
    pass
print(jax.debug.inspect_array_sharding(jnp.arange(2), callback=lambda s: print(type(s).__name__)))
