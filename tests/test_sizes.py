"""Shapes at the edges: negative lengths, more axes than most of NumPy takes, no elements, and large arrays traced."""

import tracemalloc

import numpy as np
import pytest

import wengert as w
import wengert.numpy as wnp
from wengert import lax, nn, random

KEY = random.key(0)
INDICES = np.array([0, 1, 1])
NEGATIVE = {
    "scan": lambda x: lax.scan(lambda c, _: (c + x[0], c), 1.0, None, length=-1),
    "scan, carry alone": lambda x: lax.scan(lambda c, _: (c, None), x, None, length=-3),
    "vmap": lambda x: w.vmap(lambda: x, axis_size=-1)(),
    "vmap of nothing mapped": lambda x: w.vmap(lambda y: y, in_axes=None, axis_size=-2)(x),
    "repeat": lambda x: wnp.repeat(x, -1),
    "repeat each": lambda x: wnp.repeat(x, np.array([1, -1, 2])),
    "repeat in all": lambda x: wnp.repeat(x, 2, total_repeat_length=-1),
    "NumPy's repeat": lambda x: np.repeat(x, -1),
    "tile": lambda x: wnp.tile(x, (2, -1)),
    "NumPy's tile": lambda x: np.tile(x, -2),
    "broadcast_to": lambda x: wnp.broadcast_to(x, (-2, 3)),
    "broadcast_to of a number": lambda x: wnp.broadcast_to(x[0], (-2,)),
    "broadcast_in_dim": lambda x: lax.broadcast_in_dim(x, (-2, 3), (1,)),
    "zeros": lambda x: wnp.zeros((2, -1)) + x[0],
    "ones": lambda x: wnp.ones(-1) * x[0],
    "full": lambda x: wnp.full((3, -1), x[0]),
    "lax.full": lambda x: lax.full((-1,), x[0]),
    "full_like": lambda x: wnp.full_like(x, x[0], shape=(-1,)),
    "zeros_like": lambda x: wnp.zeros_like(x, shape=(-1,)),
    "eye": lambda x: wnp.eye(2, -1) * x[0],
    "identity": lambda x: wnp.identity(-1) * x[0],
    "linspace": lambda x: wnp.linspace(x[0], 1.0, -2),
    "logspace": lambda x: wnp.logspace(x[0], 1.0, -2),
    "geomspace": lambda x: wnp.geomspace(x[1], 3.0, -2),
    "reshape": lambda x: wnp.reshape(x, (-3, -1)),
    "resize": lambda x: wnp.resize(x, (2, -3)),
    "pad": lambda x: wnp.pad(x, -1),
    "pad by the edge": lambda x: wnp.pad(x, ((1, -2),), mode="edge"),
    "one_hot": lambda x: nn.one_hot(INDICES, -2) * x[0],
    "iota": lambda x: lax.iota(np.int32, -1) * x[0],
    "broadcasted_iota": lambda x: lax.broadcasted_iota(np.int32, (2, -1), 0) * x[0],
    "fft": lambda x: wnp.fft.fft(x, -1),
    "rfft": lambda x: wnp.fft.rfft(x, -2),
    "irfft": lambda x: wnp.fft.irfft(x, -3),
    "fftn": lambda x: wnp.fft.fftn(x, (-2,)),
    "fftfreq": lambda x: wnp.fft.fftfreq(-3) * x[0],
    "bincount": lambda x: wnp.bincount(INDICES, x, minlength=-1),
    "bincount of a length": lambda x: wnp.bincount(INDICES, x, length=-1),
    "nonzero": lambda x: wnp.nonzero(x, size=-1),
    "argwhere": lambda x: wnp.argwhere(x, size=-1),
    "unique": lambda x: wnp.unique(x, size=-1),
    "vander": lambda x: wnp.vander(x, -1),
    "split": lambda x: wnp.array_split(x, -1),
    "indices": lambda x: wnp.indices((-1, 2)) * x[0],
    "histogram": lambda x: wnp.histogram(x, bins=-1)[0] * x[0],
    "diff": lambda x: wnp.diff(x, n=-1),
    "top_k": lambda x: lax.top_k(x, -1),
    "dynamic_slice": lambda x: lax.dynamic_slice(x, (0,), (-1,)),
    "ShapeDtypeStruct": lambda x: w.eval_shape(lambda y: y + 1, w.ShapeDtypeStruct((-1,), float)),
    "random.normal": lambda x: random.normal(KEY, (2, -1)) * x[0],
    "random.randint": lambda x: random.randint(KEY, (-1,), 0, 5) * x[0],
    "random.choice": lambda x: random.choice(KEY, 4, (-1,)) * x[0],
    "random.split": lambda x: random.uniform(random.split(KEY, -2)[0]) * x[0],
    "initializers": lambda x: w.initializers.normal()(KEY, (2, -1)) + x[0],
}
total = lambda f: lambda x: sum(wnp.sum(wnp.real(y)) for y in w.tree_util.tree_leaves(f(x)))
WAYS = {
    "eager": lambda f, x: f(x),
    "compiled": lambda f, x: w.jit(f)(x),
    "differentiated": lambda f, x: w.grad(total(f))(x),
    "mapped": lambda f, x: w.vmap(f)(np.stack([x, x])),
}


@pytest.mark.parametrize("name", NEGATIVE)
def test_negative_sizes(name):
    for way, run in WAYS.items():
        with pytest.raises(ValueError):
            run(NEGATIVE[name], np.array([1.0, 2.0, 0.5]))
            pytest.fail(way)


constant = lambda x, *shape: wnp.broadcast_to(x[0], shape)
TOO_LARGE = {
    "a sum over 2**66 numbers": lambda x: wnp.sum(constant(x, 2**33, 2**33)),
    "2**63 bytes": lambda x: constant(x, 2**60)[0],
    "a product of matrices": lambda x: (constant(x, 2**32, 2) @ constant(x, 2, 2**32))[0, 0],
    "outer": lambda x: wnp.outer(constant(x, 2**33), constant(x, 2**33))[0, 0],
    "tile": lambda x: wnp.sum(wnp.tile(x, 2**62)),
    "a scan's results": lambda x: lax.scan(lambda c, _: (c, constant(x, 2**30)), 0.0, None, length=2**31)[0],
    "temporaries": lambda x: wnp.sum(
        wnp.cumsum(wnp.cumsum(constant(x, 2**59))[::-1]) * wnp.cumsum(constant(x, 2**59) * 2)
    ),
    "a result": lambda x: wnp.cumsum(constant(x, 2**45)),
}


@pytest.mark.parametrize("name", TOO_LARGE)
def test_sizes_that_no_memory_has(name):
    f = w.jit(TOO_LARGE[name])
    for _ in range(2):
        with pytest.raises((ValueError, MemoryError)):
            f(np.ones(3))


def test_every_primitive_refuses_to_stage_a_negative_shape():
    from wengert.core import Aval, Primitive

    class Shrinks(Primitive):
        def __init__(self):
            self.name, self.samples, self.reasons = "shrinks", None, {}

        def abstract(self, x):
            return Aval((x.shape[0] - 5,), x.dtype)

    with pytest.raises(ValueError, match="shrinks: negative dimensions are not allowed"):
        w.jit(lambda x: Shrinks().bind(x))(np.ones(3))


# --- many axes ----------------------------------------------------------------------------------------------------

MANY = {
    "33": np.full((1,) * 33, 2.0),
    "40": np.arange(8.0).reshape((2,) * 3 + (1,) * 37),
    "62": np.ones((1,) * 62),
    "35, empty": np.zeros((0,) + (1,) * 34),
}
OF_MANY = {
    "arithmetic": lambda x: x * 2 + wnp.sin(x) * wnp.sum(x, 0),
    "sums": lambda x: (wnp.sum(x * 2), wnp.sum(x, 1), wnp.sum(x, (0, 5), keepdims=True), wnp.cumsum(x, 0)),
    "axes": lambda x: (wnp.transpose(x), wnp.moveaxis(x, 0, -1), wnp.flip(x), wnp.squeeze(x), wnp.roll(x, 1, 0)),
    "shapes": lambda x: (
        x.reshape(-1),
        wnp.concatenate([x, x]),
        wnp.stack([x, x]),
        wnp.repeat(x, 2, 1),
        wnp.tile(x, 2),
    ),
    "indices": lambda x: (x[..., 0], x[:, 0], wnp.take(x, np.array([0, 0]), axis=1), x[:, np.array([0, 0])]),
    "choices": lambda x: (wnp.where(x > 1, x, -x), wnp.max(x, 1), wnp.clip(x, 0, 1)),
    "products": lambda x: (wnp.matmul(x, x), wnp.einsum("...i->...", x), wnp.prod(x, 0), wnp.var(x, 1)),
    "loops": lambda x: lax.fori_loop(0, 2, lambda i, c: c * x + i, x),
    "slices": lambda x: lax.dynamic_slice(x, (0,) * x.ndim, x.shape),
}


@pytest.mark.parametrize("axis", [20, -1])
def test_sorts_of_many_axes(axis):
    """NumPy's own take 32."""
    flat = np.random.default_rng(0).normal(size=(3, 4))
    x = flat.reshape((1,) * 20 + (3,) + (1,) * 12 + (4,))
    expected = np.sort(flat, min(axis, 0))
    ways = {
        "jit": w.jit,
        "vmap": lambda f: lambda x: w.vmap(f)(x[None]),
        "jvp": lambda f: lambda x: w.jvp(f, (x,), (x,))[1],
    }
    for way in ways.values():
        np.testing.assert_array_equal(way(lambda x: wnp.sort(x, axis))(x).reshape(3, 4), expected)
    places = w.vmap(lambda x: wnp.argsort(x, axis))(x[None])
    np.testing.assert_array_equal(places.reshape(3, 4), np.argsort(flat, min(axis, 0)))


@pytest.mark.filterwarnings("ignore:Mean of empty slice", "ignore:invalid value", "ignore:Degrees of freedom")
@pytest.mark.parametrize("axes", MANY)
@pytest.mark.parametrize("name", OF_MANY)
def test_many_axes(name, axes):
    f, x = OF_MANY[name], MANY[axes]
    expected = w.tree_util.tree_leaves(f(x))
    compiled = w.jit(f)
    for _ in range(2):
        for a, b in zip(w.tree_util.tree_leaves(compiled(x)), expected, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-14)
    gradient = w.grad(total(f))(x)
    t = np.cos(np.arange(x.size)).reshape(x.shape)
    directed = w.jvp(total(f), (x,), (t,))[1]
    np.testing.assert_allclose(np.sum(gradient * t), directed, rtol=1e-12)


@pytest.mark.parametrize("add", ["add", "set", "multiply", "max"])
def test_writing_into_many_axes(add):
    x = np.arange(8.0).reshape((2,) * 3 + (1,) * 37)
    index = (np.array([0, 1, 0]), slice(None), np.array([1, 1, 1]))
    small = getattr(wnp.at(x.reshape(2, 2, 2))[index], add)(3.0).reshape(x.shape)
    write = lambda x: getattr(wnp.at(x)[index], add)(3.0)
    np.testing.assert_array_equal(write(x), small)
    np.testing.assert_array_equal(w.jit(write)(x), small)


# --- memory while tracing -----------------------------------------------------------------------------------------


def set_rows(x, i):
    y = x * 1.0
    y[i] = 2.0
    return y


def set_part(x, i):
    y = x * 1.0
    y[i, 3:5] += 1.0
    y.T[2] = 0.0
    return y


WRITING = {
    "at, known": (lambda x, i: wnp.at(x)[np.array([3, 5])].add(1.0), 1.1),
    "at, traced": (lambda x, i: wnp.at(x)[i].add(1.0), 2.1),
    "at, two axes": (lambda x, i: wnp.at(x)[1:4, 2].set(1.0), 1.1),
    "at, dropped": (lambda x, i: wnp.at(x)[i].set(1.0, mode="drop"), 2.1),
    "rows": (set_rows, 2.1),
    "parts": (set_part, 2.1),
}


@pytest.mark.parametrize("name", WRITING)
def test_tracing_a_write_into_a_large_array_takes_little_memory(name):
    f, most = WRITING[name]
    x, i = np.zeros((1000, 500)), np.array([1, 5])
    tracemalloc.start()
    try:
        w.make_program(f)(x, i)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < most * x.nbytes, peak / x.nbytes


def test_no_different_elements_of_nothing():
    for shape in ((0,), (0, 3), (3, 0)):
        values, index, inverse, counts = w.jit(lambda x: wnp.unique(x, True, True, True, size=0))(np.zeros(shape))
        assert values.shape == index.shape == counts.shape == (0,) and inverse.shape == shape
    assert w.jit(lambda x: wnp.unique(x, axis=0, size=0))(np.zeros((0, 3))).shape == (0, 3)


@pytest.mark.parametrize("shape", [(0,), (3, 0), (0, 3), (2, 0, 3)])
def test_softmax_of_nothing(shape):
    x = np.zeros(shape)
    for f in (nn.softmax, nn.log_softmax):
        assert f(x).shape == w.jit(f)(x).shape == w.grad(lambda x: wnp.sum(f(x)))(x).shape == shape  # noqa: B023
    assert np.all(w.jit(w.scipy.special.logsumexp)(x) == -np.inf)
