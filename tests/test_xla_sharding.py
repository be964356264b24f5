"""Meshes of eight devices under XLA: values and gradients are those of one process, exchanges are collectives, and as many as
they have to be.
"""

import re

import numpy as np
import pytest
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
