"""Meshes of eight devices under XLA: values and gradients are those of one process, exchanges are collectives, and as many as
they have to be.
"""

import re

import numpy as np
import pytest
from scaling_examples import mixture, stencil, transformer
from test_sharding import CASES, U, V, W, X, layer, loss, sharded_heat, sharded_layer

import wengert as w
import wengert.numpy as wnp
from wengert import lax, sharding
from wengert.errors import ArgumentError
from wengert.sharding import P, shard_map

pytestmark = pytest.mark.peers
jax = pytest.importorskip("jax")
if not hasattr(jax, "jaxlib") and not hasattr(jax, "_src"):
    pytest.skip("jax is this library's alias here", allow_module_level=True)
if len(jax.devices()) < 8:
    pytest.skip("there are fewer than eight devices", allow_module_level=True)

MESH = jax.make_mesh((4, 2), ("d", "m"))


def named(*spec):
    return jax.sharding.NamedSharding(MESH, jax.sharding.PartitionSpec(*spec))


def collectives(f, *args):
    """How often each collective stands in the optimised code."""
    text = f.lower(*args).hlo()
    found = re.findall(
        r"(?<=\s)(all-reduce|all-gather|collective-permute|all-to-all|reduce-scatter)(?:-start)?\(", text
    )
    return {name: found.count(name) for name in set(found)}


def close(got, want, tolerance=1e-11):
    for a, b in zip(w.tree_util.tree_leaves(got), w.tree_util.tree_leaves(want), strict=True):
        assert isinstance(a, jax.Array) and a.dtype == np.asarray(b).dtype
        np.testing.assert_allclose(np.asarray(a), b, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("name", CASES)
def test_values_and_gradients_of_parts(name):
    f, whole, args = CASES[name]
    close(w.jit(f, backend="xla")(*args), whole(*args))
    numbers = tuple(range(len(args)))
    close(w.jit(w.grad(loss(f), numbers), backend="xla")(*args), w.grad(loss(whole), numbers)(*args))


def test_exchanges_are_collectives():
    assert collectives(w.jit(lambda u: sharded_heat(u), backend="xla"), U) == {"collective-permute": 2}
    back = collectives(w.jit(w.grad(loss(sharded_heat)), backend="xla"), U)
    assert set(back) <= {"collective-permute"} and 2 <= back["collective-permute"] <= 4
    # Forward one sum over "m" for the layer and one over "d" for the loss; back one over "m", and over "d" for both weights
    # together: sums of what is the same everywhere are no collectives.
    both = w.jit(w.grad(lambda *a: sharded_layer(*a)[0], (1, 2)), backend="xla")
    assert collectives(both, X, W, V)["all-reduce"] <= 3
    exchanged = w.jit(CASES["transpose by exchange"][0], backend="xla")
    assert set(collectives(exchanged, X)) == {"all-to-all"}


def test_bytes_in_collectives_are_those_of_the_model():
    """Rings: a sum of B bytes over n devices sends 2 (n - 1) / n B from each, a shift B."""
    layers, width, (data, model) = 3, transformer.WIDTH, (4, 2)
    params, tokens = transformer.parameters(layers=layers), transformer.batch(0)
    mesh = jax.make_mesh((data, model), ("data", "model"))
    f = w.jit(w.value_and_grad(transformer.parallel_loss(mesh)), backend="xla")
    found = f.lower(params, tokens).traffic()
    activations = 8 * (len(tokens) // data) * transformer.LENGTH * width
    size = {k: 8 * np.asarray(v).size for k, v in params["layers"].items()}
    outside = {k: 8 * params[k].size for k in ("embedding", "position", "norm")}
    cut = sum(size[k] for k in ("qkv", "out", "up", "down")) // model
    mine = cut + size["norm1"] + size["norm2"] + sum(outside.values())  # parameters on a device
    over_model = 4 * layers * activations + size["norm1"] + size["norm2"] + outside["embedding"] + outside["position"]
    over_data = mine + 8  # and the loss
    sums = [c for c in found.collectives if c.kind == "all-reduce"]
    sent = {n: sum(c.sent for c in sums if c.devices == n) for n in (data, model)}
    assert sent == {data: 2 * (data - 1) / data * over_data, model: 2 * (model - 1) / model * over_model}
    rest = [c for c in found.collectives if c.kind != "all-reduce"]
    assert {c.kind for c in rest} == {"all-gather"} and sum(
        c.size for c in rest
    ) <= 2 * 3 * 8 * 8  # which index was bad
    assert found.open_loops == 0

    u, conductivity, measured = stencil.fields(rows=32, columns=16)
    g = w.jit(w.grad(stencil.misfit(stencil.parallel_simulate(jax.make_mesh((8,), ("rows",)), 7))), backend="xla")
    found = g.lower(conductivity, u, measured).traffic()
    assert found.sent == 7 * (2 + 2) * 16 * 8 and {c.kind for c in found.collectives} == {"collective-permute"}

    params, x = mixture.problem()
    h = w.jit(w.value_and_grad(mixture.negative_likelihood), backend="xla", in_shardings=(named(), named(("d", "m"))))
    numbers = 1 + sum(np.asarray(v).size for v in params.values())
    sums = list(h.lower(params, x).traffic().collectives)
    assert {c.kind for c in sums} == {"all-reduce"}
    assert sum(c.size for c in sums) == pytest.approx(8 * numbers, rel=0.3)  # XLA chooses where it sums


def test_what_does_not_fit_into_memory_is_compiled():
    x = w.ShapeDtypeStruct((1 << 48, 8), "float64")
    f = w.jit(lambda x: wnp.sum(x * x), backend="xla", in_shardings=named(("d", "m")))
    assert {c.kind for c in f.lower(x).traffic().collectives} == {"all-reduce"}


def test_products_are_counted():
    f = w.jit(lambda a, b: lax.fori_loop(0, 5, lambda _, c: c @ b, a), backend="xla")
    found = f.lower(np.ones((4, 8)), np.ones((8, 8))).traffic()
    assert found.flops == 5 * 2 * 4 * 8 * 8 and found.sent == 0


def test_arguments_and_results_lie_as_shardings_say():
    gradient = w.grad(lambda *a: layer(*a)[0], (0, 1, 2))
    places = (named("d"), named(None, "m"), named("m"))
    f = w.jit(gradient, backend="xla", in_shardings=places, out_shardings=(None, *places[1:]))
    found = f(X, W, V)
    close(found, gradient(X, W, V))
    assert found[1].sharding.is_equivalent_to(places[1], 2) and found[2].sharding.is_equivalent_to(places[2], 2)
    again = f(sharding.place(X, places[0]), *found[1:])
    close(again, gradient(X, np.asarray(found[1]), np.asarray(found[2])))
    assert again[1].sharding.is_equivalent_to(places[1], 2)
    # a prefix of a tree, and the library's own specs
    both = w.jit(
        lambda t: t["a"] * t["b"], backend="xla", in_shardings=jax.sharding.NamedSharding(MESH, named("d").spec)
    )
    assert both({"a": X, "b": X}).sharding.is_equivalent_to(named("d"), 2)


def test_computation_follows_data():
    x = sharding.place(X, named("d"))
    assert x.dtype == np.float64 and x.addressable_shards[0].data.shape == (2, 6)
    f = w.jit(lambda x: wnp.sin(x) * 2, backend="xla")
    assert f(X).sharding.num_devices == 1
    y = f(x)
    assert y.sharding.is_equivalent_to(named("d"), 2)
    close(y, np.sin(X) * 2)
    constrained = w.jit(lambda x: sharding.with_sharding_constraint(x + 1, named(None, "m")), backend="xla")
    assert constrained(x).sharding.is_equivalent_to(named(None, "m"), 2)
    g = w.jit(w.grad(lambda x: wnp.sum(sharding.with_sharding_constraint(x, named("d")) ** 2)), backend="xla")
    close(g(x), 2 * X)
    rows = w.jit(w.vmap(lambda r: sharding.with_sharding_constraint(r, named("m")) * 2), backend="xla")
    close(rows(X[:, :4]), X[:, :4] * 2)


def test_a_named_axis_of_vmap_over_devices():
    normalised = w.vmap(lambda r: r / lax.psum(wnp.sum(r * r), "i"), axis_name="i")
    f = w.jit(normalised, backend="xla", in_shardings=named(("d", "m")))
    close(f(X), X / (X * X).sum())
    assert collectives(f, X) == {"all-reduce": 1}
    # within each place a batch, and sums over both
    both = shard_map(
        w.vmap(lambda r: r / lax.psum(wnp.sum(r * r), ("i", "d")), axis_name="i"),
        mesh=MESH, in_specs=P("d"), out_specs=P("d"),
    )  # fmt: skip
    f = w.jit(both, backend="xla")
    close(f(X), X / (X * X).sum())
    assert collectives(f, X) == {"all-reduce": 1}


def test_a_device_and_donation():
    device = jax.devices()[3]
    f = w.jit(lambda x: x * 2, backend="xla", device=device)
    y = f(X)
    assert y.devices() == {device} and f(y).devices() == {device}
    double = w.jit(lambda x, k: x * k, backend="xla", donate_argnames="x")
    z = double(x=y, k=2.0)
    assert y.is_deleted() and z.devices() == {device}
    close(z, X * 4)
    x = X.copy()
    close(double(x, 2.0), X * 2)
    np.testing.assert_array_equal(x, X)


def test_arrays_of_other_libraries_by_dlpack():
    class Foreign:
        """An array that is known by DLPack alone."""

        def __init__(self, x):
            self.x = x

        def __dlpack__(self, **options):
            return self.x.__dlpack__(**options)

        def __dlpack_device__(self):
            return self.x.__dlpack_device__()

    f = w.jit(lambda x: x * 2, backend="xla")
    y = f(Foreign(X))
    close(y, X * 2)
    back = np.from_dlpack(y)
    np.testing.assert_array_equal(back, X * 2)
    assert back.__array_interface__["data"][0] == y.unsafe_buffer_pointer()


def test_python_control_flow_on_arrays_that_are_cut():
    f = w.jit(lambda x: x * 2 if wnp.sum(x) > 0 else -x, backend="xla", in_shardings=named("d"))
    for x in (np.abs(X), -np.abs(X)):
        close(f(x), x * 2 if x.sum() > 0 else -x)


def test_failures_at_one_place():
    f = w.jit(
        shard_map(lambda x: x[lax.axis_index("d") * 5][None], mesh=MESH, in_specs=P(), out_specs=P("d")), backend="xla"
    )
    with pytest.raises(IndexError, match="index 10 is out of bounds for an axis of length 8"):
        f(X[:, 0])


def test_misuses():
    with pytest.raises(ArgumentError, match="16 places, JAX finds 8"):
        w.jit(shard_map(lambda x: x, mesh={"d": 16}, in_specs=P("d"), out_specs=P("d")), backend="xla")(np.ones(16))
    with pytest.raises(ArgumentError, match="a sharding is one of JAX's"):
        w.jit(lambda x: x, backend="xla", in_shardings="d")(X)
    with pytest.raises(ArgumentError, match="does not fit"):
        w.jit(lambda x: x, backend="xla", in_shardings=named("d"))(np.ones(3))
    with pytest.raises(ArgumentError, match="device, or in_shardings"):
        w.jit(lambda x: x, backend="xla", in_shardings=named("d"), device=jax.devices()[0])
