"""Types: promotion among dtypes, weak types, strict promotion, 64 bits."""

import jax
import jax.numpy as jnp
import numpy as np
from showing import show

names = "bool uint8 uint16 uint32 int8 int16 int32 bfloat16 float16 float32 complex64".split()
scalars = {"i*": 1, "f*": 1.0, "c*": 1j}


def value(name):
    return scalars[name] if name in scalars else jnp.ones((), name)


def told(x):
    return x.dtype.name + ("*" if x.weak_type else "")


everything = [*names, *scalars]
for a in everything:
    print(a, [told(jnp.add(value(a), value(b))) for b in everything])
for a in everything:
    print(
        a,
        [told(jnp.asarray(value(a)) * value(b)) for b in scalars],
        told(jnp.asarray(value(a))),
        told(jnp.asarray(value(a)) / 2),
    )
for op in (
    jnp.true_divide,
    jnp.floor_divide,
    jnp.arctan2,
    jnp.maximum,
    jnp.mod,
    jnp.left_shift,
    jnp.bitwise_and,
    jnp.logaddexp,
    jnp.logaddexp2,
):
    row = []
    for a in names:
        for b in ("int8", "float32", "i*", "f*"):
            try:
                row.append(told(op(value(a), value(b))))
            except Exception as e:
                row.append(next(c.__name__ for c in type(e).__mro__ if c.__name__ in ("TypeError", "ValueError")))
    print(row)
for f in (
    jnp.sin,
    jnp.sum,
    jnp.mean,
    jnp.prod,
    jnp.cumsum,
    jnp.abs,
    jnp.sqrt,
    jnp.square,
    jnp.negative,
    jnp.argmax,
    jnp.var,
    jnp.round,
    jnp.floor,
    jnp.sign,
    jnp.exp2,
    jnp.real,
    jnp.median,
):
    row = []
    for a in everything:
        try:
            row.append(told(f(value(a))))
        except Exception as e:
            row.append(
                next((c.__name__ for c in type(e).__mro__ if c.__name__ in ("TypeError", "ValueError")), "other")
            )
    print(f.__name__, row)
print(
    jnp.promote_types("int8", "uint8"),
    jnp.promote_types("float16", "bfloat16"),
    jnp.promote_types(int, "int8"),
    jnp.result_type(1, jnp.int8(1)),
    jnp.result_type(1.0, jnp.bfloat16(1)),
    jnp.result_type("int8", float),
)
print(
    jnp.int8(1) + 1,
    repr(jnp.asarray(2)),
    repr(jnp.asarray(2.5) * 1),
    jnp.zeros(2, dtype="int8") + np.float32(1),
    (jnp.int8(1) + np.int32(1)).dtype,
    (np.float64(1) * jnp.float32(1)).dtype,
)
print(
    jax.dtypes.canonicalize_dtype("float64"),
    jax.dtypes.result_type(1.0),
    jnp.asarray(1.0).dtype,
    jnp.asarray(np.float64(1)).dtype,
    jnp.asarray(True).weak_type,
    jnp.array(1).weak_type,
    jnp.asarray([1, 2]).weak_type,
)
show(
    "full",
    lambda: [
        jnp.full(2, 1),
        jnp.full_like(jnp.ones(2), 1),
        jnp.zeros_like(1.0),
        jnp.ones_like(jnp.asarray(1)),
        jnp.arange(3),
        jnp.arange(3.0),
        jnp.linspace(0, 1, 2),
        jnp.eye(2, dtype=int),
    ],
)
show(
    "where",
    lambda: [
        jnp.where(True, 1, 2.0),
        jnp.where(True, jnp.int8(1), 2),
        jnp.where(True, jnp.float16(1), 2.0),
        jnp.where(True, jnp.float32(1), jnp.int32(2)),
    ],
)
show(
    "stack",
    lambda: [
        jnp.stack([1, 2.0]),
        jnp.concatenate([jnp.ones(1, jnp.int8), jnp.ones(1, jnp.float16)]),
        jnp.array([1, 2.5]),
        jnp.array([jnp.int8(1), 2]),
    ],
)
show("set", lambda: [jnp.zeros(2, jnp.int8).at[0].set(3), jnp.zeros(2, jnp.float16).at[0].add(jnp.float32(1))])
show("dot", lambda: [jnp.dot(jnp.ones(2, jnp.int8), jnp.ones(2, jnp.float16)), jnp.ones(2) @ jnp.ones(2, jnp.bfloat16)])
show("lax strict", lambda: jax.lax.add(jnp.float32(1), jnp.int32(1)))
show("lax weak", lambda: [jax.lax.add(jnp.float16(1), 1.0), jax.lax.mul(2, jnp.int8(3))])
show("clip", lambda: [jnp.clip(jnp.arange(3), 0.5, 1.5), jnp.clip(jnp.int8(3), 0, 2), jnp.clip(2.5, 0, 1)])
show("astype", lambda: [jnp.float32(1.5).astype(int), jnp.asarray(1).astype("float32"), jnp.asarray(2.0).astype(float)])
show("bad dtype", lambda: jnp.ones(2, dtype="float33"))
show("string", lambda: jnp.array("a"))
show("overflow", lambda: jnp.int8(1) + 1000)
show("bool minus", lambda: jnp.array(True) - jnp.array(False))
show("neg bool", lambda: -jnp.array(True))
show("invert float", lambda: ~jnp.array(1.0))
show("shift float", lambda: jnp.array(1.0) << 1)
show("and float", lambda: jnp.array(1.0) & 1)
with jax.numpy_dtype_promotion("strict"):
    for a, b in (("int8", "int16"), ("int8", "i*"), ("float16", "f*")):
        show(f"strict {a} {b}", lambda a=a, b=b: told(value(a) + value(b)))
with jax.enable_x64(True):
    for a in ("i*", "f*", "c*"):
        print(
            a,
            [
                told(jnp.asarray(value(a)) + jnp.ones((), d))
                for d in ("int64", "uint64", "float64", "complex128", "int8", "float16")
            ],
            told(jnp.asarray(value(a))),
        )
    print(
        jnp.promote_types("uint64", "int64"),
        jnp.arange(3).dtype,
        jnp.ones(2).dtype,
        jnp.asarray(2.0).dtype,
        (jnp.int32(1) + jnp.uint32(1)).dtype,
    )
print(
    jnp.finfo(jnp.float32).eps,
    jnp.finfo("bfloat16").max,
    jnp.iinfo(jnp.int8).max,
    jnp.issubdtype(jnp.bfloat16, jnp.floating),
    jnp.isdtype(jnp.ones(1).dtype, "real floating"),
)
