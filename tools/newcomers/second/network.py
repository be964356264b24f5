"""What somebody wishes who trains a network: the second list; see run.py."""

import io
import contextlib

import numpy as np
from helpers import HERE, differences, executed, listed

import wengert
import wengert.numpy as wnp
from wengert import grad, jit, lax, nn, random, tree, value_and_grad, vmap

WISHES, wish = listed()
KEY = random.key(0)
RNG = np.random.default_rng(2)
X = RNG.normal(size=(64, 5)).astype(np.float32)
Y = (X[:, :1] ** 2 - X[:, 1:2]).astype(np.float32)


def layers(*sizes, key=KEY):
    return [
        {"w": random.normal(k, (a, b), np.float32) / np.float32(np.sqrt(a)), "b": np.zeros(b, np.float32)}
        for k, a, b in zip(random.split(key, len(sizes) - 1), sizes[:-1], sizes[1:], strict=True)
    ]


def net(p, x):
    for layer in p[:-1]:
        x = nn.gelu(x @ layer["w"] + layer["b"])
    return x @ p[-1]["w"] + p[-1]["b"]


def loss(p, x, y):
    return wnp.mean((net(p, x) - y) ** 2)


def sgd(p, g, lr=0.05):
    return tree.map(lambda a, b: a - lr * b, p, g)


@wish
def H01():
    """A small convolutional network learns: two convolutions, pooling, a dense layer."""
    x = RNG.normal(size=(32, 8, 8, 1)).astype(np.float32)
    y = (x[:, :4].mean((1, 2, 3)) > x[:, 4:].mean((1, 2, 3))).astype(int)
    p = {
        "a": random.normal(KEY, (3, 3, 1, 4), np.float32) * 0.3,
        "b": random.normal(random.key(1), (3, 3, 4, 4), np.float32) * 0.2,
        "d": random.normal(random.key(2), (16, 2), np.float32) * 0.2,
    }

    def cost(p):
        conv = lambda x, k: lax.conv_general_dilated(x, k, (1, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"))
        h = nn.max_pool(nn.relu(conv(x, p["a"])), (2, 2), strides=(2, 2))
        h = nn.max_pool(nn.relu(conv(h, p["b"])), (2, 2), strides=(2, 2)).reshape(32, -1)
        return -wnp.mean(nn.log_softmax(h @ p["d"])[np.arange(32), y])

    step = jit(lambda p: sgd(p, grad(cost)(p), 0.3))
    before = cost(p)
    for _ in range(60):
        p = step(p)
    assert cost(p) < 0.8 * before


@wish
def H02():
    """An LSTM by scan over a batch of sequences, compiled."""
    p = {"w": random.normal(KEY, (3 + 4, 16)) * 0.3, "b": np.zeros(16), "o": np.ones(4)}

    def cell(p, state, x):
        h, c = state
        i, f, g, o = wnp.split(wnp.concatenate([x, h]) @ p["w"] + p["b"], 4)
        c = nn.sigmoid(f + 1) * c + nn.sigmoid(i) * wnp.tanh(g)
        h = nn.sigmoid(o) * wnp.tanh(c)
        return (h, c), h

    run = lambda p, xs: lax.scan(lambda s, x: cell(p, s, x), (np.zeros(4), np.zeros(4)), xs)[1][-1] @ p["o"]
    cost = lambda p, xs: wnp.mean(vmap(run, (None, 0))(p, xs) ** 2)
    g = jit(grad(cost))(p, RNG.normal(size=(6, 15, 3)))
    assert all(np.isfinite(v).all() and v.any() for v in tree.leaves(g))


@wish
def H03():
    """Adam of one's own in ten lines, state in a dict, whole step compiled."""

    @jit
    def step(p, s):
        g = grad(loss)(p, X, Y)
        t = s["t"] + 1
        m = tree.map(lambda m, g: 0.9 * m + 0.1 * g, s["m"], g)
        v = tree.map(lambda v, g: 0.999 * v + 0.001 * g**2, s["v"], g)
        new = tree.map(lambda p, m, v: p - 0.02 * (m / (1 - 0.9**t)) / (wnp.sqrt(v / (1 - 0.999**t)) + 1e-8), p, m, v)
        return new, {"m": m, "v": v, "t": t}

    p = layers(5, 16, 1)
    z = tree.map(np.zeros_like, p)
    s = {"m": z, "v": z, "t": 0}
    first = loss(p, X, Y)
    for _ in range(80):
        p, s = step(p, s)
    assert loss(p, X, Y) < 0.3 * first and s["t"] == 80


@wish
def H04():
    """optax: clipping, AdamW and a schedule chained, the whole step in jax.jit."""
    with wengert.as_jax():
        import jax
        import optax

        schedule = optax.warmup_cosine_decay_schedule(0.0, 0.05, 5, 50)
        o = optax.chain(optax.clip_by_global_norm(1.0), optax.adamw(schedule, weight_decay=1e-4))
        p = layers(5, 16, 1)
        s = o.init(p)

        @jax.jit
        def step(p, s):
            v, g = jax.value_and_grad(loss)(p, X, Y)
            u, s = o.update(g, s, p)
            return optax.apply_updates(p, u), s, v

        seen = []
        for _ in range(50):
            p, s, v = step(p, s)
            seen.append(float(v))
    assert seen[-1] < 0.5 * seen[0]


@wish
def H05():
    """equinox: filter_jit, filter_value_and_grad and optax in a training step."""
    with wengert.as_jax():
        import equinox as eqx
        import jax
        import optax

        m = eqx.nn.MLP(5, 1, 16, 2, key=jax.random.PRNGKey(0))
        o = optax.adam(1e-2)
        s = o.init(eqx.filter(m, eqx.is_array))

        @eqx.filter_jit
        def step(m, s):
            v, g = eqx.filter_value_and_grad(lambda m: jax.numpy.mean((jax.vmap(m)(X) - Y) ** 2))(m)
            u, s = o.update(g, s)
            return eqx.apply_updates(m, u), s, v

        seen = []
        for _ in range(40):
            m, s, v = step(m, s)
            seen.append(float(v))
    assert seen[-1] < 0.7 * seen[0]


@wish
def H06():
    """Gradients accumulated over microbatches in a scan equal those of the batch."""
    p = layers(5, 8, 1)
    xs, ys = X.reshape(4, 16, 5), Y.reshape(4, 16, 1)
    add = lambda total, b: (tree.map(lambda a, g: a + g / 4, total, grad(loss)(p, *b)), None)
    got, _ = jit(lambda: lax.scan(add, tree.map(np.zeros_like, p), (xs, ys)))()
    assert all(
        np.allclose(a, b, atol=1e-5) for a, b in zip(tree.leaves(got), tree.leaves(grad(loss)(p, X, Y)), strict=True)
    )


@wish
def H07():
    """bfloat16 inside, float32 parameters, a scaled loss: gradients come back as float32."""

    def scaled(p):
        q = tree.map(lambda a: a.astype(wnp.bfloat16), p)
        return loss(q, X.astype(wnp.bfloat16), Y.astype(wnp.bfloat16)).astype(np.float32) * 128.0

    g = jit(grad(scaled))(layers(5, 8, 1))
    want = grad(loss)(layers(5, 8, 1), X, Y)
    assert g[0]["w"].dtype == np.float32 and np.allclose(g[0]["w"] / 128, want[0]["w"], atol=0.1)


@wish
def H08():
    """Weight decay on matrices alone: tree.map_with_path."""
    p = layers(5, 8, 1)
    q = tree.map_with_path(lambda path, a: a * 0.9 if "w" in str(path[-1]) else a, p)
    assert np.allclose(q[0]["w"], 0.9 * p[0]["w"]) and np.array_equal(q[0]["b"], p[0]["b"])


@wish
def H09():
    """A running mean of parameters in the compiled step; arguments are given away (donate_argnums)."""
    step = jit(
        lambda p, mean: (sgd(p, grad(loss)(p, X, Y)), tree.map(lambda m, a: 0.99 * m + 0.01 * a, mean, p)),
        donate_argnums=(1,),
    )
    p = layers(5, 8, 1)
    mean = tree.map(np.copy, p)
    for _ in range(3):
        p, mean = step(p, mean)
    assert np.isfinite(mean[0]["w"]).all()


@wish
def H10():
    """Layer norm with gain and bias, and its gradient by differences."""
    f = lambda v: np.sum(np.sin(v[:4] * (v[8:] - np.mean(v[8:])) / np.sqrt(np.var(v[8:]) + 1e-5) + v[4:8]))
    v = RNG.normal(size=12)
    assert np.allclose(jit(grad(f))(v), differences(f, v), atol=1e-5)


@wish
def H11():
    """A transformer block, causal, learns to copy the token before."""
    n, d, vocabulary = 8, 16, 5
    tokens = RNG.integers(0, vocabulary, (16, n))
    ks = random.split(KEY, 6)
    shapes = {"e": (vocabulary, d), "pos": (n, d), "qkv": (d, 3 * d), "o": (d, d), "f": (d, 32), "g": (32, d)}
    p = {name: random.normal(k, s) * 0.2 for k, (name, s) in zip(ks, shapes.items(), strict=True)}

    def logits(p, t):
        x = p["e"][t] + p["pos"]
        q, k, v = wnp.split(nn.standardize(x, axis=-1) @ p["qkv"], 3, axis=-1)
        heads = lambda a: a.reshape(a.shape[0], n, 2, d // 2)
        x = x + nn.dot_product_attention(heads(q), heads(k), heads(v), is_causal=True).reshape(x.shape) @ p["o"]
        x = x + nn.gelu(nn.standardize(x, axis=-1) @ p["f"]) @ p["g"]
        return x @ p["e"].T

    def cost(p):
        ls = nn.log_softmax(logits(p, tokens)[:, 1:])
        return -wnp.mean(wnp.take_along_axis(ls, tokens[:, :-1, None], axis=-1))

    step = jit(lambda p: sgd(p, grad(cost)(p), 0.5))
    before = cost(p)
    for _ in range(60):
        p = step(p)
    assert cost(p) < 0.7 * before


@wish
def H12():
    """Label smoothing, and cross entropy from integer labels by optax."""
    with wengert.as_jax():
        import jax
        import optax

        z, y = RNG.normal(size=(6, 3)).astype(np.float32), np.array([0, 1, 2, 0, 1, 2])
        a = optax.softmax_cross_entropy_with_integer_labels(z, y).mean()
        b = optax.softmax_cross_entropy(z, optax.smooth_labels(jax.nn.one_hot(y, 3), 0.0)).mean()
    assert np.allclose(a, b, rtol=1e-5)


@wish
def H13():
    """Minibatches from a file larger than I want in memory: np.memmap slices into a compiled step."""
    X.tofile(HERE / "big.bin")
    data = np.memmap(HERE / "big.bin", dtype=np.float32, mode="r", shape=X.shape)
    step = jit(lambda p, x, y: sgd(p, grad(loss)(p, x, y)))
    p = layers(5, 8, 1)
    for i in range(0, 64, 16):
        p = step(p, data[i : i + 16], Y[i : i + 16])
    assert np.isfinite(p[0]["w"]).all()


@wish
def H14():
    """Stopping and going on gives the same parameters as not stopping, random numbers included."""

    @jit
    def step(p, key, i):
        k = random.fold_in(key, i)
        noisy = X + 0.1 * random.normal(k, X.shape, np.float32)
        return sgd(p, grad(loss)(p, noisy, Y))

    p = q = layers(5, 8, 1)
    for i in range(6):
        p = step(p, KEY, i)
        q = step(q, KEY, i)
        if i == 2:
            wengert.states.save(HERE / "resume", {"p": q}, i)
            q = wengert.states.restore(HERE / "resume", {"p": q})["p"]
    assert all(np.array_equal(a, b) for a, b in zip(tree.leaves(p), tree.leaves(q), strict=True))


@wish
def H15():
    """The loss printed from inside a compiled loop, every tenth step."""

    def body(i, p):
        v, g = value_and_grad(loss)(p, X, Y)
        lax.cond(i % 10 == 0, lambda: wengert.debug.print("step {} loss {}", i, v), lambda: None)
        return sgd(p, g)

    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        jit(lambda p: lax.fori_loop(0, 30, body, p))(layers(5, 8, 1))
    assert out.getvalue().count("step") == 3, out.getvalue()


@wish
def H16():
    """An ensemble: vmap over keys for the start, over stacked parameters for the step."""
    ps = vmap(lambda k: layers(5, 8, 1, key=k))(random.split(KEY, 7))
    step = jit(vmap(lambda p: sgd(p, grad(loss)(p, X, Y))))
    qs = step(ps)
    one = sgd(tree.map(lambda a: a[3], ps), grad(loss)(tree.map(lambda a: a[3], ps), X, Y))
    assert np.allclose(qs[0]["w"][3], one[0]["w"], atol=1e-6)


@wish
def H17():
    """The gradient of ten training steps by the learning rate."""
    p = layers(5, 8, 1)

    def after(lr):
        q = p
        for _ in range(10):
            q = sgd(q, grad(loss)(q, X, Y), lr)
        return loss(q, X, Y)

    g = grad(after)(0.02)
    d = (after(0.021) - after(0.019)) / 0.002
    assert np.isclose(g, d, rtol=0.05)


@wish
def H18():
    """Frozen layers: gradients by a part of the parameters only."""
    p = layers(5, 8, 8, 1)
    head = lambda last: loss([*p[:-1], last], X, Y)
    a = jit(grad(head))(p[-1])
    b = grad(lambda q: loss(wengert.stop_gradient(q[:-1]) + [q[-1]], X, Y))(p)
    assert np.allclose(a["w"], b[-1]["w"], atol=1e-6) and not b[0]["w"].any()


@wish
def H19():
    """A variational autoencoder's loss: noise inside jit, KL, gradient."""
    p = {"e": layers(5, 8, 4), "d": layers(2, 8, 5)}

    def elbo(p, key):
        h = net(p["e"], X)
        m, s = h[:, :2], h[:, 2:]
        z = m + wnp.exp(0.5 * s) * random.normal(key, m.shape, np.float32)
        return wnp.mean(wnp.sum((net(p["d"], z) - X) ** 2, 1) - 0.5 * wnp.sum(1 + s - m**2 - wnp.exp(s), 1))

    a, b = jit(grad(elbo))(p, KEY), grad(elbo)(p, KEY)
    assert np.allclose(a["e"][0]["w"], b["e"][0]["w"], atol=1e-4)


@wish
def H20():
    """Dropout with a rate, different on every call and each the same for the same key."""
    drop = lambda k, x: wnp.where(random.bernoulli(k, 0.8, x.shape), x / 0.8, 0)
    a, b = random.split(KEY)
    assert np.array_equal(drop(a, X), drop(a, X)) and not np.array_equal(drop(a, X), drop(b, X))


@wish
def H21():
    """How many parameters, and how many bytes."""
    p = layers(5, 8, 1)
    assert sum(a.size for a in tree.leaves(p)) == 5 * 8 + 8 + 8 + 1
    assert tree.reduce(lambda n, a: n + a.nbytes, p, 0) == 4 * 57


@wish
def H22():
    """The neural tangent kernel by jvp and vjp equals J J'."""
    from wengert.flatten_util import ravel_pytree

    v, back = ravel_pytree(layers(5, 4, 1))
    f = lambda v: net(back(v), X[:6])[:, 0]
    J = wengert.jacrev(f)(v)
    _, pull = wengert.vjp(f, v)
    K = vmap(lambda c: wengert.jvp(f, (v,), (pull(c)[0],))[1])(np.eye(6, dtype=np.float32))
    assert np.allclose(K, J @ J.T, atol=1e-3)


@wish
def H23():
    """Batch norm with running statistics as state that the step returns (has_aux)."""

    def cost(p, state):
        h = X @ p["w"]
        m, v = wnp.mean(h, 0), wnp.var(h, 0)
        out = (h - m) / wnp.sqrt(v + 1e-5) * p["g"]
        return wnp.mean((out - Y) ** 2), {"m": 0.9 * state["m"] + 0.1 * m, "v": 0.9 * state["v"] + 0.1 * v}

    p = {"w": RNG.normal(size=(5, 3)).astype(np.float32), "g": np.ones(3, np.float32)}
    state = {"m": np.zeros(3, np.float32), "v": np.ones(3, np.float32)}
    (_, new), g = jit(value_and_grad(cost, has_aux=True))(p, state)
    assert np.allclose(new["m"], 0.1 * (X @ p["w"]).mean(0), atol=1e-5) and g["g"].shape == (3,)


@wish
def H24():
    """What a step keeps in memory for its reverse pass, and less of it with checkpoint."""
    deep = lambda f: lambda x: np.sum(f(f(f(x))))
    block = lambda x: np.tanh(np.sin(x) * np.exp(-(x**2)))
    a = str(wengert.explain(jit(grad(deep(block))), np.ones(1000)))
    b = str(wengert.explain(jit(grad(deep(wengert.checkpoint(block)))), np.ones(1000)))
    assert "saved" in a and "saved" in b


@wish
def H25():
    """A training notebook with a curve of the loss, run from the command line."""
    text, page = executed(
        "import numpy as np, wengert\nimport matplotlib.pyplot as plt\nfrom wengert import jit, value_and_grad",
        "x = np.linspace(-1, 1, 50)\nf = jit(value_and_grad(lambda p: np.mean((p[0] + p[1] * x - 2 * x) ** 2)))\n"
        "p, losses = np.zeros(2), []\nfor i in range(50):\n    v, g = f(p)\n    losses.append(v)\n    p = p - 0.5 * g\n"
        "print('last', losses[-1])",
        "plt.semilogy(losses);",
        name="training",
    )
    assert "last" in text and ("data:image/png" in page or "<svg" in page)
