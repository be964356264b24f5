"""Tools around a computation: debug.print, named scopes, make_jaxpr, device_put, config, errors, dtypes, static args."""

import contextlib
import io
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike


def rms(x: ArrayLike, axis: int | None = None) -> jax.Array:
    if not isinstance(x, (jax.Array, np.ndarray, float)):
        raise TypeError("not an array")
    return jnp.sqrt(jnp.mean(jnp.square(x), axis=axis))


@partial(jax.jit, static_argnames="axis")
def compiled(x, axis=None):
    assert isinstance(x, jax.core.Tracer) and isinstance(x, jax.Array)
    with jax.named_scope("root mean square"):
        out = rms(x, axis)
    jax.debug.print("rms {r:.2f} of {n}", r=out.sum(), n=x.size)
    return out


printed = io.StringIO()
with contextlib.redirect_stdout(printed):
    first = compiled(jnp.arange(4.0))
    jax.effects_barrier()
    jax.block_until_ready(compiled(jnp.ones((2, 2)), axis=0))
    jax.effects_barrier()
assert printed.getvalue().split("\n")[:2] == ["rms 1.87 of 4", "rms 2.00 of 4"], printed.getvalue()

seen = []
jax.vmap(lambda x: jax.debug.callback(lambda v: seen.append(float(v)), x * 2))(jnp.arange(3.0))
jax.effects_barrier()
assert sorted(seen) == [0.0, 2.0, 4.0]

program = jax.make_jaxpr(lambda x: jnp.sin(x) * x)(1.0)
assert "sin" in str(program) and len(program.out_avals) == 1
put = jax.device_put({"a": np.arange(3.0, dtype=np.float32)}, jax.devices()[0])
assert isinstance(put["a"], jax.Array) and isinstance(jax.device_get(put)["a"], np.ndarray)
assert jax.default_backend() == jax.devices()[0].platform and jax.device_count() == len(jax.devices())
assert not jax.config.jax_enable_x64 and jnp.float32(2).dtype == jnp.float32
with jax.enable_x64(True):
    assert jnp.ones(1).dtype == jnp.float64
assert jnp.ones(1).dtype == jnp.float32 and jnp.arange(3).dtype == jnp.int32

try:
    jax.jit(lambda x: np.asarray(x))(jnp.ones(2))
except jax.errors.TracerArrayConversionError:
    pass
else:
    raise AssertionError("a traced value became a NumPy array")

cast = jax.grad(lambda x: (jnp.float32(x) * jnp.int32(3)).astype(jnp.float32))(2.0)
assert cast == 3.0 and jnp.float16(1.5).dtype == jnp.float16
assert np.dtype(jnp.float32) == np.float32 and jnp.float32 == np.float32 and jnp.zeros(2, jnp.bfloat16).itemsize == 2
assert jnp.promote_types(jnp.float32, jnp.float16) == jnp.float32
assert jnp.result_type(jnp.float32(1), 2.0) == jnp.float32 and jnp.finfo(jnp.float32).eps > 0
norms = jax.jit(jax.vmap(lambda x: jax.lax.pmean(x, "batch"), axis_name="batch"))(jnp.arange(4.0))
assert norms.tolist() == [1.5] * 4
doubled = jax.linear_transpose(lambda x: 2 * x, jnp.ones(2))(jnp.ones(2))[0]
assert doubled.tolist() == [2, 2]
print("first", first, "printed", printed.getvalue().split("\n")[0])
