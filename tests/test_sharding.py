"""shard_map without devices: the places of a mesh are a batch. Oracles: the same function of the whole arrays, differences."""

import numpy as np
import pytest

import wengert as w
import wengert.numpy as wnp
from wengert import lax
from wengert.errors import ArgumentError, NotSupportedError, ShapeError
from wengert.sharding import P, shard_map, with_sharding_constraint
from wengert.testing import check_grads

RNG = np.random.default_rng(0)
X, W, V = RNG.normal(size=(8, 6)), RNG.normal(size=(6, 4)), RNG.normal(size=(4, 6))
U = np.linspace(-1, 1, 12)


def layer_in_parts(x, first, second):
    """Data along "d", the hidden units along "m"."""
    y = wnp.tanh(lax.psum(wnp.tanh(x @ first) @ second, "m") + x)
    return lax.pmean(wnp.sum(y * y), "d"), y


def layer(x, first, second):
    y = wnp.tanh(wnp.tanh(x @ first) @ second + x)
    return wnp.sum(y * y) / 2, y


sharded_layer = shard_map(
    layer_in_parts, mesh={"d": 2, "m": 2}, in_specs=(P("d"), P(None, "m"), P("m")), out_specs=(P(), P("d"))
)


def heat_in_parts(u):
    """Five steps of a nonlinear heat equation; each place asks its neighbours for the cells next to its own."""
    n = lax.axis_size("d")

    def step(_, u):
        left = lax.ppermute(u[-1:], "d", [(k, k + 1) for k in range(n - 1)])
        right = lax.ppermute(u[:1], "d", [(k + 1, k) for k in range(n - 1)])
        e = wnp.concatenate([left, u, right])
        return u + 0.1 * (e[2:] - 2 * u + e[:-2]) * wnp.sin(u)

    return lax.fori_loop(0, 5, step, u)


def heat(u):
    def step(_, u):
        e = wnp.concatenate([[0.0], u, [0.0]])
        return u + 0.1 * (e[2:] - 2 * u + e[:-2]) * wnp.sin(u)

    return lax.fori_loop(0, 5, step, u)


sharded_heat = shard_map(heat_in_parts, mesh={"d": 3}, in_specs=P("d"), out_specs=P("d"))
CASES = {
    "layer": (sharded_layer, layer, (X, W, V)),
    "heat": (sharded_heat, heat, (U,)),
    "sum by scatter": (
        shard_map(lambda x: lax.psum_scatter(x, "d", tiled=True) ** 2, mesh={"d": 2}, in_specs=P(None, "d"), out_specs=P("d")),
        lambda x: (x[:, :3] + x[:, 3:]) ** 2,
        (X,),
    ),
    "transpose by exchange": (
        shard_map(
            lambda x: lax.all_to_all(x, "d", 1, 0, tiled=True) * wnp.arange(8.0)[:, None], mesh={"d": 2},
            in_specs=P("d"), out_specs=P(None, "d"),
        ),
        lambda x: x * wnp.arange(8.0)[:, None],
        (X,),
    ),
    "gather and place": (
        shard_map(
            lambda x: wnp.sum(lax.all_gather(x, "d") ** 2) * x * (1 + lax.axis_index("d")), mesh={"d": 3}, in_specs=P("d"),
            out_specs=P("d"),
        ),
        lambda x: wnp.sum(x**2) * x * wnp.repeat(wnp.arange(1.0, 4.0), 4),
        (U,),
    ),
    "two axes on one": (
        shard_map(lambda x: x - lax.pmean(x, ("d", "m")), mesh={"d": 2, "m": 3}, in_specs=P(("m", "d")), out_specs=P(("m", "d"))),
        lambda x: x - wnp.tile(wnp.mean(x.reshape(6, 2), 0), 6),
        (U,),
    ),
}  # fmt: skip


def loss(f):
    return lambda *args: sum(wnp.sum(wnp.sin(y)) for y in w.tree_util.tree_leaves(f(*args)))


@pytest.mark.parametrize("name", CASES)
def test_values_and_derivatives(name):
    f, whole, args = CASES[name]
    for run in (f, w.jit(f)):
        for got, want in zip(w.tree_util.tree_leaves(run(*args)), w.tree_util.tree_leaves(whole(*args)), strict=True):
            np.testing.assert_allclose(got, want, rtol=1e-12, atol=1e-13)
    numbers = tuple(range(len(args)))
    want = w.grad(loss(whole), numbers)(*args)
    for gradient in (w.grad(loss(f), numbers), w.jit(w.grad(loss(f), numbers))):
        for got, exact in zip(gradient(*args), want, strict=True):
            np.testing.assert_allclose(got, exact, rtol=1e-11, atol=1e-12)
    check_grads(loss(f), args, order=2)


def test_second_derivatives_and_batches():
    hessian = w.jit(w.hessian(loss(sharded_heat)))(U)
    np.testing.assert_allclose(hessian, w.hessian(loss(heat))(U), rtol=1e-9, atol=1e-12)
    scale = np.arange(3.0)
    got = w.vmap(lambda s: w.grad(loss(sharded_layer))(X * s, W, V))(scale)
    want = w.vmap(lambda s: w.grad(loss(layer))(X * s, W, V))(scale)
    np.testing.assert_allclose(got, want, rtol=1e-11, atol=1e-12)
    np.testing.assert_allclose(w.jacfwd(sharded_heat)(U), w.jacfwd(heat)(U), rtol=1e-11, atol=1e-13)


def test_a_gradient_within_each_place():
    """The step of data-parallel training: local gradients, then their mean."""

    def step(weights, x):
        value, g = w.value_and_grad(lambda q: wnp.mean((x @ q) ** 2))(weights)
        return lax.pmean(value, "d"), lax.pmean(g, "d")

    f = shard_map(step, mesh={"d": 4}, in_specs=(P(), P("d")), out_specs=P())
    want = w.value_and_grad(lambda q: wnp.mean((X @ q) ** 2))(W[:, 0])
    for got in (f(W[:, 0], X), w.jit(f)(W[:, 0], X)):
        for a, b in zip(got, want, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-12)


def test_values_that_a_function_closes_over():
    def f(s):
        return wnp.sum(shard_map(lambda x: x * s, mesh={"d": 2}, in_specs=P("d"), out_specs=P("d"))(U))

    assert w.grad(f)(2.0) == pytest.approx(U.sum(), abs=1e-12)
    assert w.jit(w.grad(lambda s: f(s) ** 2))(2.0) == pytest.approx(4.0 * U.sum() ** 2, abs=1e-12)


def test_constraints_mean_nothing_here():
    np.testing.assert_array_equal(with_sharding_constraint(U, None), U)
    assert w.grad(lambda x: wnp.sum(with_sharding_constraint({"x": x}, None)["x"] ** 2))(3.0) == 6.0


MISUSES = {
    "cannot be cut into 5 equal parts": lambda: shard_map(lambda x: x, mesh={"d": 5}, in_specs=P("d"), out_specs=P("d"))(U),
    "those of the mesh are 'd'": lambda: shard_map(lambda x: x, mesh={"d": 2}, in_specs=P("e"), out_specs=P("d"))(U),
    "may differ along 'd'": lambda: shard_map(lambda x: x, mesh={"d": 2}, in_specs=P("d"), out_specs=P())(U),
    "spec of 2 axes": lambda: shard_map(lambda x: x, mesh={"d": 2}, in_specs=P("d"), out_specs=P("d", None))(U),
    "names an axis of the mesh twice": lambda: shard_map(lambda x: x, mesh={"d": 2}, in_specs=P("d", "d"), out_specs=P())(X),
    "a spec is a PartitionSpec": lambda: shard_map(lambda x: x, mesh={"d": 2}, in_specs="d", out_specs=P())(X),
    "a mesh is one of JAX's": lambda: shard_map(lambda x: x, mesh=3, in_specs=P("d"), out_specs=P()),
    "axes of one place or more": lambda: shard_map(lambda x: x, mesh={}, in_specs=P("d"), out_specs=P()),
}  # fmt: skip


@pytest.mark.parametrize("message", MISUSES)
def test_misuses(message):
    with pytest.raises((ArgumentError, ShapeError), match=message):
        MISUSES[message]()


def test_a_collective_that_not_all_places_reach():
    def f(x):
        return lax.while_loop(lambda c: wnp.sum(c) < 1.0, lambda c: c + lax.psum(c, "d"), x)

    with pytest.raises(NotSupportedError, match="wait for ever"):
        shard_map(f, mesh={"d": 2}, in_specs=P("d"), out_specs=P("d"))(U)
    together = shard_map(
        lambda x: lax.while_loop(lambda c: lax.psum(wnp.sum(c), "d") < 9.0, lambda c: c + lax.pmax(wnp.max(c), "d"), x),
        mesh={"d": 2}, in_specs=P("d"), out_specs=P("d"),
    )  # fmt: skip
    want = U
    while want.sum() < 9.0:
        want = want + want.max()
    np.testing.assert_allclose(together(U), want)


def test_places_of_devices_are_for_backends_that_have_some():
    for options in ({"device": 1}, {"in_shardings": (None,)}, {"out_shardings": 3}):
        with pytest.raises(NotSupportedError, match='backend="xla"'):
            w.jit(lambda x: x, **options)
