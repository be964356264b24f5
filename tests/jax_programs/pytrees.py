"""Trees of parameters: named tuples, registered classes, dataclasses, paths, flattening, transposing."""

from collections import namedtuple
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jax import grad, jit, tree_util, vmap
from jax.flatten_util import ravel_pytree
from jax.tree_util import register_dataclass, register_pytree_node, register_pytree_node_class


class Layer(NamedTuple):
    weight: jax.Array
    bias: jax.Array


Point = namedtuple("Point", ["x", "y"])


@register_pytree_node_class
class Quadratic:
    def __init__(self, a, b, label):
        self.a, self.b, self.label = a, b, label

    def __call__(self, x):
        return self.a * x**2 + self.b * x

    def tree_flatten(self):
        return (self.a, self.b), self.label

    @classmethod
    def tree_unflatten(cls, label, children):
        return cls(*children, label)


@partial(register_dataclass, data_fields=["position", "velocity"], meta_fields=["name"])
@dataclass
class State:
    position: Any
    velocity: Any
    name: str


class Pair:
    def __init__(self, first, second):
        self.first, self.second = first, second


register_pytree_node(Pair, lambda p: ((p.first, p.second), None), lambda _, children: Pair(*children))

layer = Layer(jnp.ones((2, 2)), jnp.zeros(2))
g = grad(lambda layer: jnp.sum(layer.weight @ jnp.ones(2) + layer.bias))(layer)
assert isinstance(g, Layer) and g.bias.tolist() == [1, 1]
q = Quadratic(jnp.float32(2.0), jnp.float32(3.0), "label")
dq = jit(grad(lambda q: q(4.0)))(q)
assert (float(dq.a), float(dq.b), dq.label) == (16.0, 4.0, "label")


@jit
def advance(state, dt):
    return State(state.position + dt * state.velocity, state.velocity, state.name)


s = advance(State(jnp.zeros(2), jnp.ones(2), "ball"), 0.5)
assert s.name == "ball" and s.position.tolist() == [0.5, 0.5]
assert jax.tree.map(lambda v: v * 2, Pair(1, 2)).second == 4
points = vmap(lambda t: Point(t, {"square": t**2}))(jnp.arange(3.0))
assert isinstance(points, Point) and points.y["square"].tolist() == [0, 1, 4]

tree = {"b": (1.0, None), "a": [2.0, 3.0]}
leaves, treedef = jax.tree.flatten(tree)
assert leaves == [2.0, 3.0, 1.0] and jax.tree.unflatten(treedef, leaves) == tree
assert jax.tree.structure(tree) == treedef and treedef.num_leaves == 3
assert jax.tree.leaves([None, 1]) == [1] and jax.tree.reduce(lambda a, b: a + b, tree) == 6.0
paths = [tree_util.keystr(path) for path, _ in tree_util.tree_flatten_with_path(tree)[0]]
assert paths == ["['a'][0]", "['a'][1]", "['b'][0]"]
assert jax.tree.all(jax.tree.map(lambda a, b: a == b, tree, tree))
outer, inner = jax.tree.structure([0, 0]), jax.tree.structure({"x": 0})
assert jax.tree.transpose(outer, inner, [{"x": 1}, {"x": 2}]) == {"x": [1, 2]}
vector, unravel = ravel_pytree({"w": jnp.ones((2, 2)), "b": jnp.zeros(3)})
assert vector.shape == (7,) and unravel(vector * 2)["w"].tolist() == [[2, 2], [2, 2]]
add = tree_util.Partial(lambda a, b: a + b, jnp.ones(2))
assert jit(lambda f, x: f(x))(add, 2.0).tolist() == [3, 3]
stacked = jax.tree.map(lambda *xs: jnp.stack(xs), {"w": 1.0}, {"w": 2.0})
assert stacked["w"].tolist() == [1, 2]
try:
    jax.tree.map(lambda a, b: a + b, {"a": 1}, {"c": 1})
except (ValueError, KeyError):
    pass
else:
    raise AssertionError("trees of different structure were mapped together")
print("leaves", leaves, "paths", paths)
print("points", points.x, points.y["square"])
