"""A user's file, which type checkers read (`test_types.py`); it is not run.

`assert_type` says what is known of a transformed function; a line that ends in ``# wrong`` must be refused.
"""

from typing import Any, assert_type

import numpy as np

import wengert as w
import wengert.numpy as wnp

Params = dict[str, np.ndarray]


def loss(params: Params, x: np.ndarray, *, scale: float = 1.0) -> float:
    return float(np.sum(params["w"] * x)) * scale


params: Params = {"w": np.ones(3)}
x = np.ones(3)

fast = w.jit(loss)
assert_type(fast(params, x, scale=2.0), float)
fast(params)  # wrong
fast(params, x, skale=2.0)  # wrong
fast("params", x)  # wrong
fast.clear_cache()
fast.lower(params, x)
fast.compile(params, x)  # wrong


@w.jit
def decorated(n: int, name: str = "") -> list[int]:
    return [n]


@w.jit(static_argnames="n")
def with_options(x: np.ndarray, n: int) -> np.ndarray:
    return x * n


assert_type(decorated(3, name="a"), list[int])
decorated(3, nam="a")  # wrong
assert_type(with_options(x, n=2), np.ndarray)
with_options(x, "2")  # wrong
w.jit(loss, statik_argnums=1)  # wrong


class Model:
    @w.jit
    def predict(self, x: np.ndarray) -> np.ndarray:
        return x


model = Model()
assert_type(model.predict(x), np.ndarray)
model.predict(x, x)  # wrong

slope = w.grad(loss)
slope(params, x, scale=2.0)
slope(params)  # wrong
slope(params, x, skale=1.0)  # wrong
w.grad(3.0)  # wrong
both = w.value_and_grad(loss)
assert_type(both(params, x), tuple[float, Any])
value, gradient = both(params, x)
assert_type(value, float)
both(x)  # wrong

batched = w.vmap(loss, in_axes=(None, 0))
assert_type(batched(params, x), float)
batched(params, y=x)  # wrong
curvature = w.hessian(loss)
curvature(params, x)
curvature(1)  # wrong
w.jacfwd(loss)(params, x, scale=1.0)
w.jacrev(loss)(params, x, 1.0)  # wrong
assert_type(w.checkpoint(loss)(params, x), float)
w.checkpoint(loss)(params)  # wrong
chained = w.jit(w.value_and_grad(loss))
assert_type(chained(params, x), tuple[float, Any])
chained(x=x)  # wrong
w.jit(w.vmap(w.grad(lambda a: a * a)))(x)


# Operations: what comes out has an array's attributes, and axes, shapes and dtypes are what NumPy has.
total = wnp.sum(x, axis=(0, -1), keepdims=True)
print(total.shape)
print(total.shpae)  # wrong
wnp.sum(x, axis="rows")  # wrong
wnp.argmax(x, axis=0).astype(float)
wnp.argmax(x, axis=(0, 1))  # wrong
wnp.zeros((2, 3), dtype="float32").T @ x
wnp.zeros((2, 3), dtype=3.5)  # wrong
w.scipy.special.gammaln(x).reshape(-1)
w.scipy.special.gammaln(x).reshaped(-1)  # wrong
print(w.lax.cumsum(x, axis=0).ndim)
print(w.lax.cumsum(x, axis=0).dims)  # wrong
key = w.random.key(0)
w.random.normal(key, (3,), dtype=np.float32).mean()
w.random.normal(key, (3,)).meen()  # wrong


def checked(a: np.ndarray) -> np.ndarray:
    return wnp.exp(a) * wnp.sum(a)


assert_type(w.jit(checked)(x), np.ndarray)
