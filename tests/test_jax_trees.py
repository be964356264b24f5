"""Trees of registered classes through the alias's transformations, and the iterative solvers and names that libraries use."""

import dataclasses

import numpy as np
import pytest

import wengert
from wengert.interop import jax_names


@pytest.fixture
def jax():
    with jax_names.as_jax():
        import jax

        yield jax


class Layer:
    """A class as libraries register them: what it holds is taken apart by a tree of its own."""

    def __init__(self, fields, name):
        self.fields, self.name = fields, name


class Box:
    """A value with a name that can become an array, as a variable of a network."""

    def __init__(self, value):
        self.value = value

    def __jax_array__(self):
        return self.value


@pytest.fixture
def layers(jax):
    def apart(layer):
        leaves, tree = jax.tree_util.tree_flatten(layer.fields)
        return leaves, (tree, layer.name)

    def together(metadata, leaves):
        return Layer(jax.tree_util.tree_unflatten(metadata[0], leaves), metadata[1])

    for cls, ways in ((Layer, (apart, together)), (Box, (lambda b: ((b.value,), None), lambda _, c: Box(*c)))):
        if cls not in wengert.trees._registered:
            jax.tree_util.register_pytree_node(cls, *ways)
    return lambda **fields: Layer(fields, "layer")


def test_jit_of_a_registered_class_with_weak_leaves_keeps_them_weak(jax, layers):
    jnp = jax.numpy
    layer = layers(w=jnp.ones(3), scale=jnp.asarray(2.0), inner=layers(b=jnp.asarray(1)))
    traces = []

    @jax.jit
    def f(layer):
        traces.append(None)
        assert layer.fields["scale"].shape == ()  # an array, and no stand-in for one
        return Layer(
            {"w": layer.fields["w"] * layer.fields["scale"], "b": layer.fields["inner"].fields["b"]}, layer.name
        )

    for _ in range(3):
        out = f(layer)
    assert len(traces) == 1
    np.testing.assert_array_equal(out.fields["w"], [2.0, 2.0, 2.0])
    assert out.fields["b"].weak_type and not out.fields["w"].weak_type
    f(layers(w=jnp.ones(3), scale=jnp.ones(()), inner=layers(b=jnp.asarray(1))))
    assert len(traces) == 2  # strong where it was weak: another function


@pytest.mark.parametrize("transform", ["vmap", "grad", "scan", "cond", "jvp"])
def test_transformations_take_weak_leaves_of_registered_classes(jax, layers, transform):
    jnp = jax.numpy
    layer = layers(w=jnp.arange(3.0), inner=layers(s=jnp.asarray(2.0)))
    f = lambda m, x: jnp.sum(m.fields["w"] * m.fields["inner"].fields["s"] * x.shape[0])
    x = jnp.ones(2)
    if transform == "vmap":
        out = jax.vmap(f, in_axes=(None, 0))(layer, jnp.ones((4, 2)))
        np.testing.assert_array_equal(out, [12.0] * 4)
    elif transform == "grad":
        out = jax.grad(f)(layer, x)
        np.testing.assert_array_equal(out.fields["w"], [4.0] * 3)
        assert float(out.fields["inner"].fields["s"]) == 6.0
    elif transform == "scan":
        _, out = jax.lax.scan(lambda c, _: (c, layer), 0.0, jnp.arange(2))
        np.testing.assert_array_equal(out.fields["w"], [[0.0, 1.0, 2.0]] * 2)
    elif transform == "cond":
        out = jax.lax.cond(jnp.sum(x) > 1, lambda m: m, lambda m: m, layer)
        np.testing.assert_array_equal(out.fields["w"], [0.0, 1.0, 2.0])
    else:
        _, out = jax.jvp(lambda m: f(m, x), (layer,), (jax.tree_util.tree_map(jnp.ones_like, layer),))
        assert float(out) == 18.0


def test_a_node_that_can_become_an_array_stays_a_node_in_trees(jax, layers):
    jnp = jax.numpy
    found = []

    @jax.jit
    def f(tree):
        found.append(type(tree["a"]))
        return jnp.sum(tree["a"]) + jnp.sin(tree["a"])[0]

    assert float(f({"a": Box(jnp.zeros(2))})) == 0.0 and found == [Box]
    grads = jax.grad(lambda tree: jnp.sum(jnp.square(tree["a"])))({"a": Box(jnp.arange(2.0))})
    assert type(grads["a"]) is Box


def test_jit_gives_results_of_each_static_argument_their_own_structure(jax, layers):
    jnp = jax.numpy
    f = jax.jit(lambda d, up: {"b": d["x"], "a": 1.0} if up else (d["x"],), static_argnums=1)
    for _ in range(2):
        assert list(f({"x": jnp.ones(2)}, True)) == ["a", "b"]
        assert type(f({"x": -jnp.ones(2)}, False)) is tuple


def test_jit_donates_leaves_of_trees_and_keeps_static_arguments_apart(jax, layers):
    jnp = jax.numpy
    f = jax.jit(lambda tree, x: {"y": tree["y"].at[0].set(x)}, donate_argnums=0)
    np.testing.assert_array_equal(f({"y": jnp.zeros(2)}, 3.0)["y"], [3.0, 0.0])
    g = jax.jit(lambda tree, n: [tree["y"] * n] * n, static_argnums=1)
    assert len(g({"y": jnp.ones(2)}, 3)) == 3 and len(g({"y": jnp.ones(2)}, 2)) == 2


def test_named_tuples_stay_what_they_are(jax):
    out = jax.numpy.linalg.eigh(jax.numpy.eye(2))
    assert out.eigenvalues.dtype == np.float32


@pytest.mark.parametrize("solver", ["cg", "bicgstab"])
def test_iterative_solvers_against_lapack(jax, solver):
    jnp, rng = jax.numpy, np.random.default_rng(0)
    a = rng.normal(size=(6, 6))
    a = np.asarray(a @ a.T + 6 * np.eye(6), np.float32)
    b = np.asarray(rng.normal(size=6), np.float32)
    solve = getattr(jax.scipy.sparse.linalg, solver)
    for x in (solve(jnp.array(a), b, tol=1e-7)[0], jax.jit(lambda a, b: solve(lambda v: a @ v, b, tol=1e-7)[0])(a, b)):
        np.testing.assert_allclose(x, np.linalg.solve(a, b), rtol=1e-4)
    slope = jax.grad(lambda b: jnp.sum(solve(jnp.array(a), b, tol=1e-7)[0]))(jnp.array(b))
    np.testing.assert_allclose(slope, np.linalg.solve(a.T, np.ones(6)), rtol=1e-4)
    tree = solve(lambda t: {"p": 2 * t["p"], "q": 4 * t["q"]}, {"p": jnp.ones(2), "q": jnp.ones(1)})[0]
    np.testing.assert_allclose([*tree["p"], *tree["q"]], [0.5, 0.5, 0.25], rtol=1e-5)


@pytest.mark.parametrize("n", [2, 3, 12, 40])
def test_factors_of_indefinite_matrices_are_nan(jax, n):
    jnp = jax.numpy
    stack = np.stack([np.eye(n, dtype=np.float32) * 4, -np.eye(n, dtype=np.float32)])
    for f in (
        jnp.linalg.cholesky,
        jax.jit(jnp.linalg.cholesky),
        jax.jit(lambda x: jax.scipy.linalg.cholesky(x, lower=True)),
    ):
        out = np.asarray(f(stack))
        np.testing.assert_array_equal(out[0], 2 * np.eye(n))
        np.testing.assert_array_equal(np.isnan(out[1]), np.tri(n, dtype=bool))


def test_repeat_by_traced_counts(jax):
    jnp, x = jax.numpy, np.arange(6.0).reshape(3, 2)
    f = jax.jit(lambda x, counts, axis: jnp.repeat(x, counts, axis, total_repeat_length=5), static_argnums=2)
    for counts in ([2, 0, 3], [0, 5, 0], [1, 1, 1], [3, 3, 3], [0, 0, 0]):
        whole = np.repeat(x, counts, 0)
        expected = np.concatenate([whole, np.repeat(x[-1:], 5, 0)])[:5]
        np.testing.assert_array_equal(f(x, np.array(counts), 0), expected)
    np.testing.assert_array_equal(f(x, np.array([2, 3]), 1), np.repeat(x, [2, 3], 1))


def test_what_a_branch_closes_over_is_part_of_what_it_gives(jax):
    jnp = jax.numpy

    def chosen(x, n):
        return jax.lax.cond(x[0] > 0, lambda x: [x] * n, lambda x: [-x] * n, x)

    for n in (2, 3, 1):
        assert len(chosen(jnp.ones(2), n)) == n


def test_eval_shape_and_likes_take_abstract_values(jax):
    jnp = jax.numpy
    struct = jax.ShapeDtypeStruct((2, 3), jnp.float32)
    assert jax.eval_shape(lambda x: x.T, struct).shape == (3, 2)
    assert jax.eval_shape(lambda x: x.T, jax.typeof(jnp.ones((2, 3)))).shape == (3, 2)
    assert jnp.zeros_like(struct).shape == (2, 3)
    assert jax.typeof(jnp.ones((2, 3))).sharding.spec == jax.sharding.PartitionSpec(None, None)


@pytest.mark.parametrize("name, options", [
    ("sgd", {}), ("momentum", {"mass": 0.9}), ("nesterov", {"mass": 0.9}), ("adagrad", {}), ("rmsprop", {}),
    ("rmsprop_momentum", {}), ("adam", {}), ("adamax", {}), ("sm3", {}),
])  # fmt: skip
def test_optimizers_of_example_libraries_descend(jax, name, options):
    from jax.example_libraries import optimizers

    made = getattr(optimizers, name)(0.05, **options)
    state = made.init_fn({"x": jax.numpy.array([1.0, -2.0])})
    loss = lambda p: jax.numpy.sum(p["x"] ** 2)
    update = jax.jit(lambda i, s: made.update_fn(i, jax.grad(loss)(made.params_fn(s)), s))
    for i in range(60):
        state = update(i, state)
    assert float(loss(made.params_fn(state))) < 2.5  # 5 at first
    again = optimizers.pack_optimizer_state(optimizers.unpack_optimizer_state(state))
    np.testing.assert_array_equal(made.params_fn(again)["x"], made.params_fn(state)["x"])


def test_networks_of_stax(jax):
    from jax.example_libraries import stax

    init, apply = stax.serial(
        stax.Conv(4, (3, 3), padding="SAME"), stax.Relu, stax.MaxPool((2, 2), (2, 2)), stax.Flatten, stax.FanOut(2),
        stax.parallel(stax.Dense(3), stax.serial(stax.Dense(3), stax.Tanh)), stax.FanInSum, stax.LogSoftmax,
    )  # fmt: skip
    shape, params = init(jax.random.key(0), (-1, 6, 6, 1))
    out = apply(params, jax.numpy.ones((5, 6, 6, 1)))
    assert shape == (-1, 3) and out.shape == (5, 3)
    np.testing.assert_allclose(np.exp(out).sum(1), 1.0, rtol=1e-6)


def test_registered_named_tuples_are_taken_apart_as_they_say(jax):
    from typing import NamedTuple

    class Pair(NamedTuple):
        a: object
        b: object

    jax.tree_util.register_pytree_node(Pair, lambda p: ((p.a,), p.b), lambda b, children: Pair(children[0], b))
    out = jax.jit(lambda p: Pair(p.a * 2, p.b))(Pair(jax.numpy.ones(2), "name"))
    assert out.b == "name" and dataclasses.is_dataclass(out) is False
    np.testing.assert_array_equal(out.a, [2.0, 2.0])


def test_a_structure_without_children_is_a_leaf(jax):
    """As JAX 0.10.2 says it: what counts is the number of nodes."""
    t = jax.tree_util
    found = {repr(x): t.treedef_is_leaf(t.tree_structure(x)) for x in (1, None, (), [], {}, (1,), {"a": ()})}
    assert found == {"1": True, "None": True, "()": True, "[]": True, "{}": True, "(1,)": False, "{'a': ()}": False}


def test_a_callback_that_raises_in_a_program_is_a_runtime_error_with_its_text(jax):
    def bad(x):
        raise ValueError("own words")

    shape = jax.ShapeDtypeStruct((), np.float64)
    f = lambda x: jax.pure_callback(bad, shape, x)  # noqa: E731
    with pytest.raises(ValueError, match="own words"):
        f(1.0)
    for program in (f, lambda x: jax.experimental.io_callback(bad, None, x), lambda x: jax.debug.callback(bad, x)):
        with pytest.raises(RuntimeError, match="ValueError: own words") as caught:
            jax.jit(program)(1.0)
        assert isinstance(caught.value, jax.errors.JaxRuntimeError)


class Keyed:
    """A class whose functions say how often they were called."""

    asked = 0

    def __init__(self, w, b):
        self.w, self.b = w, b


def test_keys_of_a_registered_class_are_asked_for_paths_alone(jax):
    tu = jax.tree_util

    def with_keys(k):
        Keyed.asked += 1
        return ((tu.GetAttrKey("w"), k.w), ("own", k.b)), None

    if Keyed not in wengert.trees._registered:
        tu.register_pytree_with_keys(Keyed, with_keys, lambda _, c: Keyed(*c), lambda k: ((k.w, k.b), None))
    tree = [Keyed(1.0, Keyed(2.0, None)), {"a": 3.0}]
    Keyed.asked = 0
    assert tu.tree_leaves(tu.tree_map(lambda x: 2 * x, tree)) == [2.0, 4.0, 6.0]
    assert jax.jit(lambda t: t)(tree)[0].w == 1.0
    assert Keyed.asked == 0
    paths = [tu.keystr(path) for path, _ in tu.tree_leaves_with_path(tree)]
    assert paths == ["[0].w", "[0]own.w", "[1]['a']"]  # JAX 0.10.2's
    with pytest.raises(ValueError, match=r"\[0\]own"):
        tu.tree_map(lambda x, y: x, tree, [Keyed(1.0, (1.0, 2.0)), {"a": 3.0}])


def test_a_class_that_refuses_other_children_has_paths(jax):
    tu = jax.tree_util

    class Strict:
        def __init__(self, x):
            if x is None:
                raise TypeError("no number")
            self.x = x

    tu.register_pytree_with_keys(
        Strict, lambda s: (((tu.GetAttrKey("x"), s.x),), None), lambda _, c: Strict(*c), lambda s: ((s.x,), None)
    )
    assert [tu.keystr(p) for p, _ in tu.tree_leaves_with_path([Strict(1.0)])] == ["[0].x"]
    assert wengert.trees.key_paths(wengert.trees.structure(Strict(1.0))) == [(tu.FlattenedIndexKey(0),)]


def test_a_dataclass_that_nobody_registered_is_a_leaf_before_and_after_the_library_met_one(jax):
    @dataclasses.dataclass
    class Plain:
        x: float

    tree = [Plain(1.0), 2.0]
    assert len(jax.tree.leaves(tree)) == 2
    wengert.trees.leaves(tree)  # the library makes it a node
    assert len(jax.tree.leaves(tree)) == 2
    assert len(jax.tree.leaves((tree, 3.0), is_leaf=lambda x: type(x) is list)) == 2


@pytest.mark.parametrize("first, second", [(0.0, -0.0), (1, 1.0), (True, 1), ((2, (3.0,)), (2, (3,)))])
def test_static_arguments_that_are_equal_and_not_the_same_are_kept_apart(jax, first, second):
    f = jax.jit(lambda x, s: [x, repr(s)][:1] + [x * 0 + len(repr(s)), x], static_argnums=1)
    x = jax.numpy.ones(2)
    for v in (first, second, first):
        assert float(f([x][0], ("s", (v, None)))[1][0]) == len(repr(("s", (v, None))))


def test_donated_leaves_of_trees_beside_static_arguments_are_deleted(jax):
    jnp = jax.numpy
    f = jax.jit(lambda n, state, x, *, other: ({k: v + x.sum() for k, v in state.items()}, other["o"] * n),
                static_argnums=0, donate_argnums=1, donate_argnames="other")  # fmt: skip
    for _ in range(2):
        state, x, other = {"a": jnp.ones(3), "b": jnp.ones((2, 2))}, [jnp.ones(3)][0], {"o": jnp.ones(5)}
        out, last = f(2, state, x, other=other)
        assert float(out["a"][0]) == 4.0 and float(last[0]) == 2.0
        assert state["a"].is_deleted() and state["b"].is_deleted() and other["o"].is_deleted() and not x.is_deleted()
    with pytest.raises(RuntimeError, match="deleted"):
        f(2, state, x, other=other)
    kept = jnp.ones(3)
    with pytest.raises(ValueError, match="donated"):
        f(2, {"a": kept, "b": jnp.ones((2, 2))}, kept, other={"o": jnp.ones(5)})
