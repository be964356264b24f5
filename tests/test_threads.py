"""Eight threads that differentiate different nested functions give the serial answers."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np

import wengert as w
import wengert.numpy as wnp

X = np.random.default_rng(5).normal(size=(4, 3))


def job(k):
    f = lambda x: wnp.sum(wnp.sin(x * (k + 1.0)) ** 2)
    g = [
        w.grad(f),
        w.hessian(f),
        lambda x: w.hvp(f, (x,), (x,)),
        w.vmap(w.grad(f)),
        w.jit(w.grad(f)),
        w.grad(w.jit(lambda x: w.grad(f)(x).sum())),
        lambda x: w.vmap(lambda r: w.lax.psum(w.grad(f)(r), "i"), axis_name="i")(x),
        w.jacfwd(w.jacrev(w.checkpoint(f))),
    ][k]
    return [g(X + i) for i in range(20)]


def test_threads_agree_with_serial():
    serial = [job(k) for k in range(8)]
    with ThreadPoolExecutor(8) as pool:
        for got, expected in zip(pool.map(job, range(8)), serial, strict=True):
            for a, b in zip(got, expected, strict=True):
                np.testing.assert_array_equal(a, b)
