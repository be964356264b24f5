"""Python's control flow and the structured one."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax import grad, jit, lax, vmap
from showing import show


def f(x):
    if x < 3:
        return 3.0 * x**2
    return -4 * x


show("grad", lambda: [grad(f)(2.0), grad(f)(4.0)])
show("jit of branch", jit(f), 2)
show("static", jit(f, static_argnames="x"), 2.0)
show("static array", jit(f, static_argnames="x"), jnp.ones(2))


@partial(jit, static_argnames="n")
def loop(x, n):
    y = 0.0
    for i in range(n):
        y = y + x[i]
    return y


show("loop", loop, jnp.array([2.0, 3.0, 4.0]), n=2)
show("dynamic range", jit(lambda x, n: sum(x[i] for i in range(n))), jnp.ones(3), 2)
show("length", jit(lambda length, val: jnp.ones((length,)) * val), 5, 4)
show("static length", jit(lambda length, val: jnp.ones((length,)) * val, static_argnames="length"), 5, 4)
show("while", jit(lambda x: [x := x * 2 for _ in range(3)][-1]), 1.0)
show("and", jit(lambda x: x > 0 and x < 3), 1.0)
show("not", jit(lambda x: not x), 1.0)
show("int of", jit(lambda x: int(x)), 1.0)
show("float of", jit(lambda x: float(x)), 1)
show("np of", jit(lambda x: np.sin(x)), 1.0)
show("assert", jit(lambda x: [1][x]), 0)
show("cond", lambda: [lax.cond(p, lambda x: x + 1, lambda x: x - 1, jnp.array([0.0])) for p in (True, False)])
show("cond trees", lambda: lax.cond(1, lambda a, b: {"s": a + b["k"]}, lambda a, b: {"s": a - b["k"]}, 1.0, {"k": 2.0}))
show("cond dtypes", lambda: lax.cond(True, lambda x: x, lambda x: x.astype(int), jnp.ones(2)))
show("cond shapes", lambda: lax.cond(True, lambda x: x, lambda x: x[:1], jnp.ones(2)))
show("cond structures", lambda: lax.cond(True, lambda x: (x, x), lambda x: x, jnp.ones(2)))
show("cond vector predicate", lambda: lax.cond(jnp.array([True, False]), lambda x: x, lambda x: x, 1.0))
show("cond string", lambda: lax.cond("a", lambda x: x, lambda x: x, 1.0))
show("cond weak", lambda: lax.cond(True, lambda x: x * 2, lambda x: 1.0, 3.0))
show("cond no operand", lambda: lax.cond(False, lambda: 1, lambda: 2))
show("cond not callable", lambda: lax.cond(True, 1.0, 2.0, 3.0))
show(
    "switch", lambda: [lax.switch(i, [lambda x: x + 1, lambda x: x * 10, lambda x: -x], 2.0) for i in (-3, 0, 1, 2, 9)]
)
show("switch float", lambda: lax.switch(1.0, [lambda x: x, lambda x: -x], 2.0))
show("switch none", lambda: lax.switch(1, [], 2.0))
show("switch vector", lambda: lax.switch(jnp.arange(2), [lambda x: x, lambda x: -x], 2.0))
show(
    "select",
    lambda: [lax.select(True, 1.0, 2.0), jnp.where(jnp.arange(3) > 1, jnp.ones(3), 0), lax.select_n(2, 1.0, 2.0, 3.0)],
)
show("while_loop", lambda: lax.while_loop(lambda x: x < 10, lambda x: x + 1, 0))
show("while_loop tree", lambda: lax.while_loop(lambda c: c[0] < 4, lambda c: (c[0] + 1, c[1] * 2.0), (0, 1.0)))
show("while_loop dtype", lambda: lax.while_loop(lambda x: x < 10, lambda x: x + 0.5, 0))
show("while_loop shape", lambda: lax.while_loop(lambda x: x.sum() < 10, lambda x: x[:1], jnp.ones(2)))
show("while_loop structure", lambda: lax.while_loop(lambda x: True, lambda x: (x, x), 1.0))
show("while_loop cond", lambda: lax.while_loop(lambda x: x, lambda x: x, 1.0))
show("while_loop cond vector", lambda: lax.while_loop(lambda x: x > 0, lambda x: x, jnp.ones(2)))
show("fori_loop", lambda: lax.fori_loop(0, 10, lambda i, x: x + i, 0))
show("fori_loop weak", lambda: lax.fori_loop(0, 3, lambda i, x: x * 2, 1.0))
show("fori_loop float bound", lambda: lax.fori_loop(0.0, 3, lambda i, x: x, 0))
show("fori_loop dtype", lambda: lax.fori_loop(0, 3, lambda i, x: x + i * 0.5, 0))
show("fori_loop empty", lambda: lax.fori_loop(5, 2, lambda i, x: x + 1, 7))
show("fori_loop grad", grad(lambda x: lax.fori_loop(0, 4, lambda i, c: c * x, 1.0)), 2.0)
show(
    "fori_loop forward",
    lambda: jax.jvp(
        lambda x, n: lax.fori_loop(0, n, lambda i, c: c * x, x), (2.0, 3), (1.0, np.zeros((), jax.dtypes.float0))
    ),
)
show("scan", lambda: lax.scan(lambda c, x: (c + x, c * x), 0.0, jnp.arange(4.0)))
show("scan reverse", lambda: lax.scan(lambda c, x: (c * 0.5 + x, c), 0.0, jnp.arange(4.0), reverse=True))
show("scan length", lambda: lax.scan(lambda c, _: (c * 2, c), 1, None, length=4))
show("scan unroll", lambda: lax.scan(lambda c, x: (c + x, None), 0.0, jnp.arange(5.0), unroll=2))
show("scan lengths", lambda: lax.scan(lambda c, x: (c, x), 0.0, (jnp.ones(2), jnp.ones(3))))
show("scan wrong length", lambda: lax.scan(lambda c, x: (c, x), 0.0, jnp.ones(2), length=3))
show("scan carry dtype", lambda: lax.scan(lambda c, x: (c + x, x), 0, jnp.ones(2)))
show("scan carry shape", lambda: lax.scan(lambda c, x: (jnp.ones(2), x), 0.0, jnp.ones(2)))
show("scan carry tree", lambda: lax.scan(lambda c, x: ((c, c), x), 0.0, jnp.ones(2)))
show("scan no pair", lambda: lax.scan(lambda c, x: c, 0.0, jnp.ones(2)))
show("scan no length", lambda: lax.scan(lambda c, x: (c, x), 0.0, None))
show("scan grad", grad(lambda w: lax.scan(lambda c, x: (c * w + x, None), 0.0, jnp.arange(4.0))[0]), 0.5)
show("associative_scan", lambda: lax.associative_scan(jnp.multiply, jnp.arange(1.0, 6.0), reverse=True))
show("map", lambda: lax.map(lambda x: x**2, jnp.arange(5.0), batch_size=2))
show("batched cond", lambda: vmap(lambda x: lax.cond(x > 1, lambda y: y * 2, lambda y: -y, x))(jnp.arange(3.0)))
show("batched while", lambda: vmap(lambda n: lax.while_loop(lambda x: x < n, lambda x: x + 2, 0))(jnp.arange(4)))
print(jax.make_jaxpr(lambda x: lax.cond(x > 0, lambda: x, lambda: -x))(1.0))
print(jax.make_jaxpr(lambda x: lax.while_loop(lambda c: c < 10.0, lambda c: c * x, x))(1.0))
