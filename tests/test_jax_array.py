"""`jax.Array` and JAX's rules in the alias. Right values are those of JAX 0.10.2 in its 32-bit mode, or follow from its
documentation of promotion and of indices out of range.
"""

import copy
import pickle

import numpy as np
import pytest

import wengert as w
import wengert.numpy as wnp
from wengert import errors as w_errors
from wengert.interop import jax_names


@pytest.fixture(scope="module")
def jax():
    with jax_names.as_jax():
        import jax

        yield jax


@pytest.fixture(scope="module")
def space(jax):
    jnp = jax.numpy
    return {
        "jax": jax, "jnp": jnp, "lax": jax.lax, "np": np, "x": jnp.arange(5), "y": jnp.arange(5.0), "w": jnp.full(3, 1.0),
    }  # fmt: skip


# An expression, its value, its dtype, and whether it is weak.
PROMOTED = [
    ("x / 2", [0, 0.5, 1, 1.5, 2], "float32", False), ("1 / y[1:]", [1, 0.5, 1 / 3, 0.25], "float32", False),
    ("x * 0.5", [0, 0.5, 1, 1.5, 2], "float32", True), ("x // 2", [0, 0, 1, 1, 2], "int32", False),
    ("x ** 2.0", [0, 1, 4, 9, 16], "float32", True), ("2 ** x", [1, 2, 4, 8, 16], "int32", False),
    ("x + np.int64(1)", [1, 2, 3, 4, 5], "int32", False), ("x + True", [1, 2, 3, 4, 5], "int32", False),
    ("x * np.float32(2)", [0, 2, 4, 6, 8], "float32", False), ("np.ones(5) * x", [0, 1, 2, 3, 4], "float32", False),
    ("np.float64(2) * y", [0, 2, 4, 6, 8], "float32", False), ("np.sqrt(4.0) - y", [2, 1, 0, -1, -2], "float32", False),
    ("jnp.uint8(200) + 100", 44, "uint8", False), ("jnp.uint8(200) + 300", 244, "uint8", False),
    ("jnp.int8(1) + 1.5", 2.5, "float32", True), ("x[:2] + 1j", [1j, 1 + 1j], "complex64", True),
    ("jnp.array(True) + 1", 2, "int32", True), ("jnp.bool_(True) + True", True, "bool", False),
    ("jnp.float32(2) * jnp.float16(1)", 2, "float32", False), ("jnp.ones(2, jnp.bfloat16) * 2.0", [2, 2], "bfloat16", False),
    ("jnp.ones(2, jnp.bfloat16) + jnp.ones(2, jnp.float16)", [2, 2], "float32", False),
    ("jnp.where(True, jnp.ones(2, jnp.bfloat16), -jnp.inf)", [1, 1], "bfloat16", False),
    ("w + w", [2, 2, 2], "float32", True), ("w[0]", 1, "float32", True), ("w.reshape(3, 1)", [[1], [1], [1]], "float32", True),
    ("jnp.sum(w)", 3, "float32", False), ("jnp.max(w)", 1, "float32", False), ("jnp.sin(w)[0]", 0.84147098, "float32", True),
    ("jnp.maximum(w, 0)", [1, 1, 1], "float32", True), ("jnp.stack([w, w])[0]", [1, 1, 1], "float32", True),
    ("w @ w", 3, "float32", True), ("jnp.exp(1)", 2.7182817, "float32", True), ("jnp.abs(-1)", 1, "int32", True),
    ("jnp.array(1)", 1, "int32", True), ("jnp.array([1, 2])", [1, 2], "int32", False), ("jnp.zeros(2)", [0, 0], "float32", False),
    ("jnp.full_like(w, 2)", [2, 2, 2], "float32", True), ("jnp.asarray(np.float64(1))", 1, "float32", False),
    ("jnp.sum(jnp.ones(3, jnp.int8))", 3, "int32", False), ("x.mean()", 2, "float32", False), ("jnp.var(x)", 2, "float32", False),
    ("jax.jit(lambda x: x)(1.0)", 1, "float32", True), ("jax.jit(lambda x: x)(w)", [1, 1, 1], "float32", True),
    ("jax.jit(lambda x: x * 2)(x)", [0, 2, 4, 6, 8], "int32", False), ("jax.grad(lambda x: x * x)(1.0)", 2, "float32", True),
    ("jax.vmap(lambda x: x)(w)", [1, 1, 1], "float32", True), ("jax.jit(lambda x: x / 2)(x)", [0, 0.5, 1, 1.5, 2], "float32", False),
    ("jnp.concatenate([x, y])[4:6]", [4, 0], "float32", False), ("jnp.dot(x, y)", 30, "float32", False),
    ("lax.fori_loop(0, 3, lambda i, x: x * 0.5, 1)", 0.125, "float32", False),
    ("lax.while_loop(lambda c: c < 3, lambda c: c + 1.5, 0)", 3, "float32", False),
    ("lax.scan(lambda c, _: (c * 0.5, c), 1, None, length=2)[1]", [1, 0.5], "float32", False),
    ("jnp.result_type(jnp.int32, jnp.float16).type(0)", 0, "float16", None),
]  # fmt: skip
OTHER_RULES = [
    ("x[7]", 4), ("x[-9]", 0), ("x[jnp.array([7, -9])]", [4, 0]), ("x[np.array([7, -1])]", [4, 4]),
    ("x.at[7].get()", 4), ("y.at[7].set(1)", [0, 1, 2, 3, 4]), ("y.at[-7].set(1)", [0, 1, 2, 3, 4]),
    ("y.at[-1].set(9)", [0, 1, 2, 3, 9]), ("y.at[jnp.array([0, 9, 0])].add(1)", [2, 1, 2, 3, 4]),
    ("y.at[9].set(7, mode='clip')", [0, 1, 2, 3, 7]), ("y.at[jnp.array([1, 9])].get(mode='fill', fill_value=-1)", [1, -1]),
    ("jnp.take(y, 9)", np.nan), ("jnp.take(x, jnp.array([9, -1, -7]))", [-(2**31), 4, -(2**31)]),
    ("jnp.take(x, 9, mode='clip')", 4), ("jnp.take(x, jnp.array([-1]), mode='clip')", [0]), ("jnp.take(x, 9, mode='wrap')", 4),
    ("jnp.take_along_axis(y, jnp.array([9, -1]), 0)", [np.nan, 4]), ("jnp.take(jnp.eye(2), jnp.array([0, 5]), axis=1)[0]", [1, np.nan]),
    ("jax.jit(lambda x, i: x[i])(x, 9)", 4), ("jax.jit(lambda x, i: x[i])(x, -9)", 0),
    ("jax.jit(lambda y, i: y.at[i].set(1.0))(y, 9)", [0, 1, 2, 3, 4]), ("jax.jit(lambda y, i: jnp.take(y, i))(y, 9)", np.nan),
    ("jax.vmap(lambda i: y[i])(jnp.array([1, 9, -9]))", [1, 4, 0]), ("jax.grad(lambda y: y[7])(y)", [0, 0, 0, 0, 1]),
    ("jax.grad(lambda y: y[jnp.array([1, 9])].sum())(y)", [0, 1, 0, 0, 0]),
    ("jax.jit(jax.grad(lambda y, i: y[i].sum()))(y, jnp.array([1, 9, -1]))", [0, 1, 0, 0, 1]),
    ("jax.grad(lambda m: m[:, jnp.array([0, 9])].sum())(jnp.ones((2, 3)))", [[1, 0, 0]] * 2),
    ("jax.jit(lambda x: x * 2).lower(1.0).compile()(3.0)", 6),
    ("jax.nn.gelu(jnp.ones(1, jnp.bfloat16)).dtype == jnp.bfloat16", True),
    ("jnp.array([jnp.inf, -jnp.inf, jnp.nan, 3e9]).astype(int)", [2**31 - 1, -(2**31), 0, 2**31 - 1]),
    ("jnp.array([300.0, -5.0]).astype(jnp.uint8)", [255, 0]), ("jnp.array([300]).astype(jnp.uint8)", [44]),
    ("jax.jit(lambda x: x.astype(jnp.int32))(jnp.array([jnp.inf, 2.9, jnp.nan]))", [2**31 - 1, 2, 0]),
    ("lax.convert_element_type(jnp.float32(1e20), jnp.int8)", 127), ("jnp.uint32(3000000000)", 3000000000),
    ("jax.grad(jnp.abs)(0.0)", 1), ("jax.grad(abs)(0.0)", 1), ("jax.jit(jax.grad(lambda x: jnp.abs(x) + abs(x)))(0.0)", 2),
    ("jax.jit(jnp.abs)(jnp.array([-0.0, -2.0])) * 0 + 1", [1, 1]), ("jnp.copysign(1, jax.jit(jnp.abs)(jnp.float32(-0.0)))", 1),
    ("[float(jax.grad(jax.nn.relu6)(v)) for v in (0.0, 1.0, 6.0)]", [0, 1, 0]), ("jax.grad(jax.nn.hard_silu)(3.0)", 1),
    ("jax.grad(jax.nn.squareplus)(0.0)", 0.5), ("jax.grad(lambda x: jnp.fmax(x, 0.0))(0.0)", 0), ("jax.grad(lambda x: jnp.copysign(x, 1.0))(0.0)", 1),
    ("jax.ops.segment_sum(y, jnp.array([0, 0, 1, 5, -1]), 2)", [1, 2]), ("jax.ops.segment_max(x, jnp.array([0, 0, 1, 1, 1]))", [1, 4]),
    ("jnp.dot(x, x, precision='highest', preferred_element_type=jnp.float32)", 30),
    ("list(jax.jit(lambda x: {'b': x, 'a': x})(1.0)).index('a')", 0), ("list(jax.tree.map(abs, {'b': 1, 'a': 2})).index('a')", 0),
]  # fmt: skip
RAISED = [
    ("y.__setitem__(0, 1)", TypeError, "immutable"), ("hash(y)", TypeError, "unhashable"), ("bool(y)", ValueError, "ambiguous"),
    ("int(y)", TypeError, "scalar"), ("y[1.5]", TypeError, "integer or boolean"), ("y['a']", TypeError, "string"),
    ("y[[1, 2]]", TypeError, "non-tuple"), ("y + [1]", TypeError, "unsupported"), ("x ** -1", TypeError, "negative powers"),
    ("jnp.array(3000000000)", OverflowError, ""), ("jnp.array([3000000000])", OverflowError, ""), ("x + 3000000000", OverflowError, ""),
    ("jnp.int32(3000000000)", OverflowError, ""), ("y.flags", AttributeError, "flags"), ("setattr(y, 'z', 1)", AttributeError, ""),
    ("np.sin(jax.grad)", TypeError, ""), ("len(jnp.float32(1))", TypeError, ""),
]  # fmt: skip


@pytest.mark.parametrize("code, value, dtype, weak", PROMOTED, ids=[c[0] for c in PROMOTED])
def test_promotion(space, code, value, dtype, weak):
    out = eval(code, space)
    np.testing.assert_allclose(np.asarray(out).astype(complex), np.asarray(value).astype(complex), rtol=1e-6)
    assert out.shape == np.shape(value) and out.dtype.name == dtype and getattr(out, "weak_type", None) == weak


@pytest.mark.parametrize("code, value", OTHER_RULES, ids=[c[0] for c in OTHER_RULES])
def test_rules(space, code, value):
    np.testing.assert_array_equal(np.asarray(eval(code, space)), value)


@pytest.mark.parametrize("code, kind, text", RAISED, ids=[c[0] for c in RAISED])
def test_raises(space, code, kind, text):
    with pytest.raises(kind, match=text or None):
        eval(code, space)


def test_arrays_do_not_change(jax):
    jnp = jax.numpy
    a = b = jnp.ones(2)
    b += 1
    assert a.tolist() == [1, 1] and b.tolist() == [2, 2]

    def residual(x):
        h = x
        h *= 2
        h -= jnp.tanh(x)
        return jnp.sum(h + x)

    expected = 3 - (1 - np.tanh(1.0) ** 2)
    for f in (jax.grad(residual), jax.jit(jax.grad(residual)), jax.jacfwd(residual)):
        np.testing.assert_allclose(f(jnp.ones(2)), [expected] * 2, rtol=1e-6)
    given = np.zeros(3)
    mine = [jnp.asarray(given), jnp.reshape(given, (3, 1)), jnp.array(given)]
    given[:] = 1
    assert all(not m.any() for m in mine)
    with pytest.raises(ValueError, match="read-only"):
        np.asarray(a)[0] = 5
    assert copy.deepcopy(a) is a and pickle.loads(pickle.dumps(b)).tolist() == [2, 2]


def test_goes_into_numpy(jax):
    x = jax.numpy.arange(3.0)
    assert (
        type(np.sin(x)) is np.ndarray
        and type(np.concatenate([x, x])) is np.ndarray
        and np.asarray(x).dtype == np.float32
    )
    y = np.zeros(3)
    np.add(y, x, out=y)
    y[1] = x[2]
    assert y.tolist() == [0, 2, 2] and [10, 20, 30][x.astype(int)[1]] == 20 and f"{x[1]:.2f}" == "1.00"
    assert (
        repr(x) == "Array([0., 1., 2.], dtype=float32)"
        and repr(jax.numpy.array(1)) == "Array(1, dtype=int32, weak_type=True)"
    )
    assert x.sharding.device_set == x.devices() == {x.device} and x.addressable_shards[0].data.shape == (3,)


def test_with_the_library_in_one_function(jax):
    """The meaning follows the class and the namespace, not the process: NumPy's rules hold for the library's arrays."""
    jnp = jax.numpy
    seen = []

    def f(x):
        y = x
        y += 1.0  # the library's, in place
        z = jnp.asarray(x)
        z += 1.0  # JAX's, a new array
        seen.append((x is y, type(z)))
        return wnp.sum(x) + jnp.sum(z * z) + wnp.sum(wnp.sin(z))

    given = np.array([0.5, 1.5], np.float32)
    expected = 1 + 2 * (given + 2) + np.cos(given + 2)
    for g in (w.grad(f), w.jit(w.grad(f)), jax.jit(lambda x: w.grad(f)(x._value))):
        out = g(given.copy())
        np.testing.assert_allclose(np.asarray(out), expected, rtol=1e-5)
    assert all(same and kind is jax.Array for same, kind in seen)
    with pytest.raises(IndexError):
        w.jit(lambda x, i: x[i])(np.arange(3.0), 7)
    assert jax.jit(lambda x, i: x[i])(np.arange(3.0), 7) == 2
    assert w.grad(wnp.abs)(0.0) == 0 and jax.grad(jnp.abs)(0.0) == 1
    assert type(w.grad(lambda x: jnp.sum(x * x))(np.ones(2))) is np.ndarray and type(wnp.sin(jnp.ones(2))) is np.ndarray


def test_callbacks_dataclasses_and_jaxprs(jax):
    import dataclasses

    jnp, seen = jax.numpy, []
    double = lambda x: jax.pure_callback(
        lambda v: (seen.append(1), np.asarray(v) * 2)[1], jax.ShapeDtypeStruct(x.shape, x.dtype), x,
        vmap_method="sequential",
    )  # fmt: skip
    f = jax.jit(double)
    assert f(jnp.ones(2)).tolist() == f(jnp.ones(2)).tolist() == [2, 2] and len(seen) == 2
    assert jax.vmap(double)(jnp.arange(3.0)).tolist() == [0, 2, 4]

    @dataclasses.dataclass
    class Box:
        a: int

    assert jax.tree.leaves([Box(1), 2]) == [Box(1), 2] and w.tree.leaves([Box(1), 2]) == [1, 2]
    inner = []
    jax.grad(lambda x: (inner.append(jax.make_jaxpr(lambda y: x * y)(2.0)), x)[1])(1.0)
    (closed,) = inner
    assert len(closed.jaxpr.invars) == 1 and len(closed.consts) == len(closed.jaxpr.constvars) == 1
    assert closed.out_avals[0].dtype == np.float32 and [e.primitive.name for e in closed.eqns][-1] == "mul"


def direct_convolution(x, w, strides, pads, between, steps, groups, batches):
    """The sum that defines it, with loops: features before space."""
    n = x.ndim - 2
    spread = np.zeros((*x.shape[:2], *[(s - 1) * d + 1 for s, d in zip(x.shape[2:], between, strict=True)]))
    spread[(..., *[slice(None, None, d) for d in between])] = x
    spread = np.pad(spread, [(0, 0), (0, 0), *[(max(a, 0), max(b, 0)) for a, b in pads]])
    spread = spread[
        (..., *[slice(max(-a, 0), s - max(-b, 0)) for (a, b), s in zip(pads, spread.shape[2:], strict=True)])
    ]
    size = [
        max((s - (k - 1) * d - 1) // t + 1, 0)
        for s, k, d, t in zip(spread.shape[2:], w.shape[2:], steps, strides, strict=True)
    ]
    examples, outputs = x.shape[0] // batches, w.shape[0]
    out = np.zeros((examples, outputs, *size))
    for e, o, *place in np.ndindex(*out.shape):
        part = o * batches // outputs
        first = o * groups // outputs * w.shape[1]
        for c, *tap in np.ndindex(*w.shape[1:]):
            at = [p * t + k * d for p, t, k, d in zip(place, strides, tap, steps, strict=True)]
            out[(e, o, *place)] += spread[(part * examples + e, first + c, *at)] * w[(o, c, *tap)]
    assert len(size) == n
    return out


@pytest.mark.parametrize("x, w, strides, pads, between, steps, groups, batches", [
    ((2, 3, 7), (4, 3, 3), (2,), [(1, 2)], (1,), (1,), 1, 1), ((2, 2, 5), (3, 2, 2), (1,), [(-1, 2)], (2,), (3,), 1, 1),
    ((1, 4, 4, 5), (6, 2, 3, 2), (1, 2), [(0, 1), (1, 0)], (1, 2), (1, 1), 2, 1), ((4, 2, 5), (4, 2, 2), (1,), [(0, 0)], (1,), (2,), 1, 2),
    ((2, 1, 3, 3, 3), (2, 1, 2, 1, 2), (1, 1, 2), [(0, 0)] * 3, (1, 1, 1), (1, 1, 1), 1, 1), ((2, 3, 2), (1, 3, 4), (1,), [(0, 0)], (1,), (1,), 1, 1),
])  # fmt: skip
def test_convolutions(jax, x, w, strides, pads, between, steps, groups, batches):
    rng = np.random.default_rng(0)
    x, w = rng.normal(size=x).astype(np.float32), rng.normal(size=w).astype(np.float32)
    options = {"feature_group_count": groups, "batch_group_count": batches}
    f = lambda x, w: jax.lax.conv_general_dilated(x, w, strides, pads, between, steps, **options)
    expected = direct_convolution(x, w, strides, pads, between, steps, groups, batches)
    np.testing.assert_allclose(f(x, w), expected, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(jax.jit(f)(x, w), expected, rtol=1e-5, atol=1e-5)
    n = x.ndim - 2
    last = (0, *range(2, n + 2), 1)
    space = "DHW"[-n:]
    numbers = (f"N{space}C", f"{space}IO", f"N{space}C")
    moved = jax.lax.conv_general_dilated(
        x.transpose(last), w.transpose(*range(2, n + 2), 1, 0), strides, pads, between, steps, numbers, **options
    )
    np.testing.assert_allclose(moved, expected.transpose(last), rtol=1e-5, atol=1e-5)
    ct = rng.normal(size=expected.shape).astype(np.float32)
    for i, other in enumerate((x, w)):  # linear in each: the pullback is the transpose
        direction = rng.normal(size=other.shape).astype(np.float32)
        moved_by = f(*[direction if j == i else a for j, a in enumerate((x, w))])
        back = jax.grad(lambda a, i=i: (f(*[a if j == i else b for j, b in enumerate((x, w))]) * ct).sum())(other)
        np.testing.assert_allclose(
            np.vdot(np.asarray(back), direction), np.vdot(np.asarray(moved_by), ct), rtol=1e-3, atol=1e-3
        )


def test_convolutions_are_transposed_and_refused(jax):
    lax, jnp = jax.lax, jax.numpy
    x, w = jnp.arange(4.0).reshape(1, 4, 1), jnp.array([1.0, 2.0, 3.0]).reshape(3, 1, 1)
    spread = np.zeros(7)
    spread[::2] = np.arange(4)
    full = np.convolve(spread, [3.0, 2.0, 1.0])  # with the kernel as it lies
    assert lax.conv_transpose(x, w, (2,), "VALID")[0, :, 0].tolist() == full.tolist()
    assert lax.conv_transpose(x, w, (2,), "SAME")[0, :, 0].tolist() == full[:8].tolist()
    assert lax.conv(jnp.ones((1, 1, 4)), jnp.ones((1, 1, 2)), (1,), "SAME").tolist() == [[[2, 2, 2, 1]]]
    for shape, options in (
        ((1, 3, 4), {}),
        ((1, 2, 4), {"feature_group_count": 3}),
        ((1, 2, 4), {"dimension_numbers": ("NC", "OI", "NC")}),
    ):
        with pytest.raises(w_errors.ShapeError):
            lax.conv_general_dilated(jnp.ones(shape), jnp.ones((2, 2, 2)), (1,), "VALID", **options)


def test_derivatives_are_checked_in_32_bits(jax):
    import jax.test_util

    jnp = jax.numpy
    jax.test_util.check_grads(lambda x: jnp.sum(jnp.tanh(x) * x), (jnp.array([0.3, 0.7]),), order=2)
    wrong = jax.custom_jvp(jnp.sin)
    wrong.defjvp(lambda primals, tangents: (jnp.sin(primals[0]), tangents[0]))
    with pytest.raises(AssertionError):
        jax.test_util.check_grads(wrong, (jnp.array([0.7]),), order=1)


@pytest.mark.parametrize(
    "name, n", [("gamma", 1), ("expit", 1), ("entr", 1), ("xlogy", 2), ("betainc", 3), ("fresnel", 1)]
)
def test_special_functions_of_half_precision_stay_in_it(jax, name, n):
    out = getattr(jax.scipy.special, name)(*[jax.numpy.full(2, 0.5, "float16")] * n)
    assert {x.dtype for x in (out if isinstance(out, tuple) else (out,))} == {np.dtype(np.float16)}
