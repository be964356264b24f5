"""Jraph: graphs of its quick start, graph networks, batching and padding, models trained on a small graph."""

import haiku as hk
import jax
import jax.numpy as jnp
import jraph
import numpy as np
import optax

TOLERANCE = {"": 5e-5}


def flat(tree):
    return np.concatenate([np.ravel(np.asarray(x, np.float64)) for x in jax.tree.leaves(tree)]).tolist()


def data(shape, seed=0):
    return jnp.array(np.random.default_rng(seed).normal(size=shape).astype(np.float32))


def graph(nodes=5, edges=9, features=3, seed=0):
    rng = np.random.default_rng(seed)
    return jraph.GraphsTuple(
        n_node=jnp.array([nodes]), n_edge=jnp.array([edges]), nodes=data((nodes, features), seed), edges=data((edges, 2), seed + 1),
        globals=data((1, 2), seed + 2), senders=jnp.array(rng.integers(0, nodes, edges)), receivers=jnp.array(rng.integers(0, nodes, edges)),
    )  # fmt: skip


def quick_start():
    """The README's: a graph, and a graph network of plain functions."""
    node_features = jnp.array([[0.0], [1.0], [2.0]])
    senders, receivers = jnp.array([0, 1, 2]), jnp.array([1, 2, 0])
    edges = jnp.array([[5.0], [6.0], [7.0]])
    one = jraph.GraphsTuple(
        nodes=node_features,
        senders=senders,
        receivers=receivers,
        edges=edges,
        n_node=jnp.array([3]),
        n_edge=jnp.array([3]),
        globals=jnp.array([[1.0]]),
    )
    two = jraph.batch([one, one])

    def update_edge_fn(edge, sender, receiver, globals_):
        return edge + sender * receiver

    def update_node_fn(node, sent, received, globals_):
        return jnp.tanh(node + 0.1 * received - 0.1 * sent)

    net = jraph.GraphNetwork(
        update_edge_fn=update_edge_fn,
        update_node_fn=update_node_fn,
        update_global_fn=lambda n, e, g: g + n.sum(-1, keepdims=True),
    )
    out = net(two)
    slope = jax.grad(lambda x: jnp.sum(jax.jit(net)(two._replace(nodes=x)).nodes ** 2))(two.nodes)
    return {"quick_start": flat((out, slope)), "unbatched": flat(jraph.unbatch(out))}


def tools():
    g = jraph.batch([graph(), graph(4, 6, 3, 5)])
    padded = jraph.pad_with_graphs(g, n_node=12, n_edge=20, n_graph=4)
    masks = (
        jraph.get_node_padding_mask(padded),
        jraph.get_edge_padding_mask(padded),
        jraph.get_graph_padding_mask(padded),
    )
    x, ids = data((9, 2)), jnp.array([0, 0, 1, 1, 1, 2, 2, 4, 4])
    segments = [
        f(x, ids, 5)
        for f in (
            jraph.segment_sum,
            jraph.segment_mean,
            jraph.segment_variance,
            jraph.segment_softmax,
            jraph.segment_normalize,
            jraph.segment_max_or_constant,
            jraph.segment_min_or_constant,
        )
    ]
    slopes = jax.jit(
        jax.grad(lambda x: jnp.sum(jraph.segment_softmax(x, ids, 5) ** 3) + jnp.sum(jraph.segment_variance(x, ids, 5)))
    )(x)
    batches = list(jraph.dynamically_batch(iter([graph(seed=i) for i in range(6)]), n_node=16, n_edge=30, n_graph=4))
    return {
        "padded": flat(padded), "masks": flat(masks), "segments": flat(segments), "slopes": flat(slopes),
        "unpadded": flat(jraph.unpad_with_graphs(padded)), "dynamic": flat([b.n_node for b in batches]), "softmax": flat(jraph.partition_softmax(x[:, 0], jnp.array([4, 5]))),
    }  # fmt: skip


def trained(name, f, steps=50):
    g = jraph.batch([graph(seed=i) for i in range(4)])
    target = jnp.sin(jnp.arange(4.0))
    model = hk.without_apply_rng(hk.transform(f))
    params = model.init(jax.random.PRNGKey(0), g)
    tx = optax.adam(1e-2)
    state = tx.init(params)

    @jax.jit
    def step(params, state):
        loss, grads = jax.value_and_grad(lambda p: jnp.mean((model.apply(p, g)[:, 0] - target) ** 2))(params)
        updates, state = tx.update(grads, state)
        return optax.apply_updates(params, updates), state, loss

    losses = []
    for _ in range(steps):
        params, state, loss = step(params, state)
        losses.append(float(loss))
    return {f"loss {name}": losses}


def mlp(x):
    return hk.nets.MLP([8, 4], activation=jnp.tanh)(x)


def models():
    """Graph networks, interaction networks, convolutions, attention, deep sets, relation networks."""
    concat = jraph.concatenated_args

    def network(g):
        net = jraph.GraphNetwork(update_node_fn=concat(mlp), update_edge_fn=concat(mlp), update_global_fn=concat(mlp))
        return hk.Linear(1)(net(net(g)).globals)

    def interaction(g):
        net = jraph.InteractionNetwork(update_edge_fn=concat(mlp), update_node_fn=concat(mlp))
        return hk.Linear(1)(jraph.segment_sum(net(g).nodes, jnp.repeat(jnp.arange(4), 5), 4))

    def convolution(g):
        for _ in range(2):
            g = jraph.GraphConvolution(update_node_fn=lambda n: jnp.tanh(hk.Linear(6)(n)), add_self_edges=True)(g)
        return hk.Linear(1)(jraph.segment_mean(g.nodes, jnp.repeat(jnp.arange(4), 5), 4))

    def attention(g):
        logit = lambda sent, received, edges: jax.nn.leaky_relu(hk.Linear(1)(jnp.concatenate((sent, received), axis=1)))
        g = jraph.GAT(attention_query_fn=hk.Linear(6), attention_logit_fn=logit, node_update_fn=jnp.tanh)(g)
        return hk.Linear(1)(jraph.segment_mean(g.nodes, jnp.repeat(jnp.arange(4), 5), 4))

    def sets(g):
        return hk.Linear(1)(jraph.DeepSets(update_node_fn=concat(mlp), update_global_fn=concat(mlp))(g).globals)

    def relation(g):
        return hk.Linear(1)(jraph.RelationNetwork(update_edge_fn=concat(mlp), update_global_fn=concat(mlp))(g).globals)

    made = {
        "network": network,
        "interaction": interaction,
        "convolution": convolution,
        "attention": attention,
        "sets": sets,
        "relation": relation,
    }
    return {k: v for name, f in made.items() for k, v in trained(name, f).items()}


def club():
    """Nodes of two communities told apart by two convolutions, as in the example of the karate club."""
    rng = np.random.default_rng(3)
    pairs = [
        (i, j) for i in range(12) for j in range(12) if i != j and rng.random() < (0.5 if (i < 6) == (j < 6) else 0.1)
    ]
    g = jraph.GraphsTuple(
        n_node=jnp.array([12]), n_edge=jnp.array([len(pairs)]), nodes=jnp.eye(12), edges=None, globals=None,
        senders=jnp.array([p[0] for p in pairs]), receivers=jnp.array([p[1] for p in pairs]),
    )  # fmt: skip

    def f(g):
        g = jraph.GraphConvolution(lambda n: jax.nn.relu(hk.Linear(5)(n)), add_self_edges=True)(g)
        return jraph.GraphConvolution(hk.Linear(2))(g).nodes

    net = hk.without_apply_rng(hk.transform(f))
    params = net.init(jax.random.PRNGKey(42), g)
    tx = optax.adam(1e-2)
    state = tx.init(params)

    @jax.jit
    def step(params, state):
        def loss_of(params):
            logits = jax.nn.log_softmax(net.apply(params, g))
            return -(logits[0, 0] + logits[11, 1])

        loss, grads = jax.value_and_grad(loss_of)(params)
        updates, state = tx.update(grads, state)
        return optax.apply_updates(params, updates), state, loss

    losses = []
    for _ in range(50):
        params, state, loss = step(params, state)
        losses.append(float(loss))
    return {"club": losses, "decided": flat(jnp.argmax(net.apply(params, g), axis=1))}


EXAMPLES = (quick_start, tools, models, club)


def main():
    return {k: v for example in EXAMPLES for k, v in example().items()}


def step():
    g = jraph.batch([graph(seed=i) for i in range(8)])
    target = jnp.sin(jnp.arange(8.0))

    def f(g):
        concat = jraph.concatenated_args
        net = jraph.GraphNetwork(update_node_fn=concat(mlp), update_edge_fn=concat(mlp), update_global_fn=concat(mlp))
        return hk.Linear(1)(net(g).globals)

    model = hk.without_apply_rng(hk.transform(f))
    kept = [model.init(jax.random.PRNGKey(0), g)]

    @jax.jit
    def update(params):
        loss, grads = jax.value_and_grad(lambda p: jnp.mean((model.apply(p, g)[:, 0] - target) ** 2))(params)
        return jax.tree.map(lambda p, d: p - 0.01 * d, params, grads), loss

    def once():
        kept[0], loss = update(kept[0])
        return loss.block_until_ready()

    return once
