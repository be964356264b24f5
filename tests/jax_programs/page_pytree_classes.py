"""Trees of arrays and classes that are registered as nodes."""

import collections
import dataclasses
from functools import partial

import jax
import jax.flatten_util
import jax.numpy as jnp
from jax import tree_util
from showing import show

trees = [
    [1, "a", object],
    (1, (2, 3), ()),
    [1, {"k1": 2, "k2": (3, 4)}, 5],
    {"a": 2, "b": (2, 3)},
    jnp.array([1, 2, 3]),
    None,
    [None, 1],
]
for tree in trees:
    leaves = jax.tree.leaves(tree)
    print(f"{tree!r:<45} has {len(leaves)} leaves: {leaves}")
for tree in trees:
    print(jax.tree.structure(tree))
lists = [[1, 2, 3], [1, 2], [1, 2, 3, 4]]
print(jax.tree.map(lambda x: x * 2, lists), jax.tree.map(lambda x, y: x + y, lists, lists))
show("mismatch", lambda: jax.tree.map(lambda x, y: x + y, [1, 2], [1, 2, 3]))
show("mismatch dict", lambda: jax.tree.map(lambda x, y: x + y, {"a": 1}, {"b": 1}))
show("mismatch tuple", lambda: jax.tree.map(lambda x, y: x + y, (1, 2), [1, 2]))
show("mismatch deep", lambda: jax.tree.map(lambda x, y: x + y, [1, {"a": (1, 2)}], [1, {"a": [1, 2]}]))
Point = collections.namedtuple("Point", "x y")
print(jax.tree.map(lambda v: v + 1, Point(1, [2])), jax.tree.structure(Point(1, 2)), jax.tree.leaves(Point(1, None)))
print(jax.tree.structure(collections.OrderedDict(b=1, a=2)), jax.tree.structure(collections.defaultdict(int, z=1)))


class RegisteredSpecial:
    def __init__(self, x, y):
        self.x, self.y = x, y

    def __repr__(self):
        return f"RegisteredSpecial(x={self.x}, y={self.y})"


print(jax.tree.leaves([RegisteredSpecial(1, 2)]))
tree_util.register_pytree_node(RegisteredSpecial, lambda s: ([s.x], s.y), lambda aux, c: RegisteredSpecial(*c, aux))
print(jax.tree.map(lambda v: v + 1, RegisteredSpecial(1, 2)), jax.tree.structure([RegisteredSpecial(1, 2)]))
show("twice", tree_util.register_pytree_node, RegisteredSpecial, None, None)


@tree_util.register_pytree_node_class
class Other:
    def __init__(self, a, b):
        self.a, self.b = a, b

    def tree_flatten(self):
        return (self.a, self.b), None

    @classmethod
    def tree_unflatten(cls, aux, children):
        return cls(*children)


print(jax.tree.leaves(Other(1, {"k": 2})), jax.tree.structure(Other(1, 2)))


@partial(tree_util.register_dataclass, data_fields=["w", "b"], meta_fields=["name"])
@dataclasses.dataclass
class Layer:
    w: jax.Array
    b: jax.Array
    name: str = "layer"


@tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class Config:
    scale: float
    mode: str = dataclasses.field(metadata={"static": True}, default="a")


layer = Layer(jnp.ones((2, 2)), jnp.zeros(2))
print(jax.tree.structure(layer), jax.tree.structure(Config(1.0, "b")))
show("layer grad", lambda: jax.grad(lambda p: jnp.sum((p.w @ jnp.arange(2.0) + p.b) ** 2))(layer))
print(
    jax.jit(lambda c: c.scale * 2 if c.mode == "a" else c.scale)(Config(3.0)), jax.tree.map(lambda v: -v, Config(1.0))
)
for path, _leaf in tree_util.tree_leaves_with_path({"a": [1, (2,)], "p": Point(3, layer), "c": Config(1.5)}):
    print(path, tree_util.keystr(path), tree_util.keystr(path, simple=True, separator="/"))
show(
    "transpose",
    lambda: jax.tree.transpose(jax.tree.structure([0, 0]), jax.tree.structure({"a": 0}), [{"a": 1}, {"a": 2}]),
)
print(jax.tree.map(lambda *xs: list(xs), *[{"t": 1, "obs": 3}, {"t": 2, "obs": 4}]))
print(jax.tree.structure([None, 1, None]), jax.tree.leaves([None, None], is_leaf=lambda x: x is None))
a_tree = [jnp.zeros((2, 3)), jnp.zeros((3, 4))]
print(
    jax.tree.map(lambda x: x.shape, a_tree),
    jax.tree.map(
        lambda s: jnp.ones(s), jax.tree.map(lambda x: x.shape, a_tree), is_leaf=lambda s: isinstance(s, tuple)
    )[0].shape,
)
show("vmap prefix", lambda: jax.vmap(lambda d, n: d["a"] * n, in_axes=({"a": 0}, None))({"a": jnp.arange(3.0)}, 2))
show("vmap wrong prefix", lambda: jax.vmap(lambda d: d["a"], in_axes=({"b": 0},))({"a": jnp.arange(3.0)}))
show("vmap list prefix", lambda: jax.vmap(lambda a: a, in_axes=[0])(jnp.arange(3)))
show("vmap leaf None", lambda: jax.vmap(lambda t: t[0] + t[1], in_axes=((0, None),))((jnp.arange(3.0), 1.0)))
show("reduce", lambda: jax.tree.reduce(lambda a, b: a + b, {"x": 1, "y": [2, 3]}))
show("all", lambda: jax.tree.all({"x": True, "y": [1, 0]}))
flat, unravel = jax.flatten_util.ravel_pytree({"w": jnp.ones((2, 2)), "b": jnp.arange(2)})
show("ravel", lambda: (flat, unravel(flat * 2)))
show("unflatten few", lambda: jax.tree.unflatten(jax.tree.structure((1, 2)), [1]))
show("unflatten many", lambda: jax.tree.unflatten(jax.tree.structure((1, 2)), [1, 2, 3]))


class Trouble:
    def __init__(self, a):
        assert isinstance(a, jax.Array) or a is None, "arrays only"
        self.a = a


tree_util.register_pytree_node(Trouble, lambda t: ((t.a,), None), lambda _, c: Trouble(*c))
show("validating", lambda: jax.tree.map(lambda x: "text", Trouble(jnp.ones(2))))
print(
    jax.tree.leaves(tree_util.Partial(lambda a, b, c: a, 1, b=2)),
    jax.jit(lambda f: f(3))(tree_util.Partial(jnp.add, 1)),
)
print(
    tree_util.tree_structure({"a": [1, 2]}) == tree_util.tree_structure({"a": [3, 4]}),
    tree_util.tree_structure([1]).num_leaves,
)
print(jax.tree.broadcast({"a": 1, "b": 2}, {"a": [0, 0], "b": 0}))
