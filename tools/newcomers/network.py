"""What somebody wishes who trains a network, written down before looking at what exists; see run.py."""

import pathlib
import tempfile

import numpy as np
from helpers import listed

import wengert
import wengert.numpy as wnp
from wengert import grad, initializers, jit, lax, nn, random, tree, value_and_grad, vmap

WISHES, wish = listed()
key = random.key(0)


def init(sizes, dtype=np.float32):
    ks = random.split(key, len(sizes))
    he = initializers.he_normal()
    return [{"w": he(k, (a, b), dtype), "b": np.zeros(b, dtype)} for k, a, b in zip(ks, sizes[:-1], sizes[1:])]


def mlp(p, x):
    for l in p[:-1]:
        x = nn.relu(x @ l["w"] + l["b"])
    return x @ p[-1]["w"] + p[-1]["b"]


def xent(p, x, y):
    return -wnp.mean(wnp.sum(nn.one_hot(y, 3, dtype=x.dtype) * nn.log_softmax(mlp(p, x)), axis=1))


rng = np.random.default_rng(0)
X = rng.normal(size=(60, 4)).astype(np.float32)
Y = rng.integers(0, 3, 60)


@wish
def D01():
    """MLP by hand with nn.relu, softmax cross-entropy."""
    g = grad(xent)(init([4, 16, 3]), X, Y)
    assert g[0]["w"].shape == (4, 16)


@wish
def D02():
    """initializers."""
    assert abs(np.std(initializers.glorot_normal()(key, (100, 100))) - 0.1) < 0.01


def sgd(p, g, lr=0.1):
    return tree.map(lambda a, b: a - lr * b, p, g)


@wish
def D03():
    """SGD loop under jit."""
    p = init([4, 16, 3])
    step = jit(lambda p: sgd(p, grad(xent)(p, X, Y)))
    a = xent(p, X, Y)
    for _ in range(50):
        p = step(p)
    assert xent(p, X, Y) < a


@wish
def D04():
    """Adam: is there an optimizer? (optax works?)."""
    with wengert.as_jax():
        import jax
        import optax

        p = init([4, 8, 3])
        o = optax.adam(1e-2)
        s = o.init(p)
        for _ in range(5):
            g = jax.grad(xent)(p, X, Y)
            u, s = o.update(g, s, p)
            p = optax.apply_updates(p, u)
        assert xent(p, X, Y) < xent(init([4, 8, 3]), X, Y)


@wish
def D05():
    """minibatches with random.permutation."""
    i = random.permutation(key, 60)
    assert sorted(np.asarray(i).tolist()) == list(range(60))
    b = X[np.asarray(i)[:8]]
    assert b.shape == (8, 4)


@wish
def D06():
    """convolution lax.conv / nn.conv on MNIST-like."""
    x = np.ones((2, 3, 8, 8))
    k = np.ones((4, 3, 3, 3))
    y = lax.conv_general_dilated(x, k, (1, 1), "SAME")
    assert y.shape == (2, 4, 8, 8)
    g = jit(grad(lambda k: wnp.sum(lax.conv(x, k, (1, 1), "SAME") ** 2)))(k)
    assert g.shape == k.shape


@wish
def D07():
    """max pooling, avg pooling."""
    assert nn.max_pool(np.ones((1, 4, 4, 1)), (2, 2), strides=(2, 2)).shape == (1, 2, 2, 1)


@wish
def D08():
    """dropout with key."""

    def dropout(key, x, rate):
        return np.where(random.bernoulli(key, 1 - rate, x.shape), x / (1 - rate), 0)

    assert grad(lambda x: wnp.sum(dropout(key, x, 0.5)))(np.ones(10)).shape == (10,)


@wish
def D09():
    """batch norm/ layer norm."""
    ln = lambda x: nn.standardize(x, axis=-1)
    assert abs(np.mean(ln(X))) < 1e-5


@wish
def D10():
    """embedding lookup and its gradient."""
    e = rng.normal(size=(10, 4))
    ids = np.array([1, 1, 3])
    g = grad(lambda e: wnp.sum(e[ids] ** 2))(e)
    assert np.allclose(g[1], 4 * e[1]) and not g[0].any()


@wish
def D11():
    """attention with mask."""
    q = rng.normal(size=(1, 5, 2, 4))
    y = nn.dot_product_attention(q, q, q, is_causal=True)
    assert y.shape == q.shape


@wish
def D12():
    """RNN/LSTM by scan."""
    p = {"w": np.eye(4) * 0.1, "u": np.ones((4, 4)) * 0.1}
    f = lambda p, xs: wnp.sum(lax.scan(lambda h, x: (wnp.tanh(p["w"] @ h + p["u"] @ x), None), np.zeros(4), xs)[0] ** 2)
    assert jit(grad(f))(p, rng.normal(size=(20, 4)))["w"].shape == (4, 4)


@wish
def D13():
    """float32 params stay float32."""
    g = jit(grad(xent))(init([4, 8, 3]), X, Y)
    assert all(v.dtype == np.float32 for v in tree.leaves(g))


@wish
def D14():
    """bfloat16."""
    p = tree.map(lambda a: a.astype(wnp.bfloat16), init([4, 8, 3]))
    g = grad(xent)(p, X.astype(wnp.bfloat16), Y)
    assert str(g[0]["w"].dtype) == "bfloat16"


@wish
def D15():
    """checkpoint (remat)."""
    f = wengert.checkpoint(lambda p: xent(p, X, Y))
    p = init([4, 8, 3])
    a, b = grad(f)(p), grad(xent)(p, X, Y)
    assert np.allclose(a[0]["w"], b[0]["w"])


@wish
def D16():
    """gradient clipping by global norm."""
    g = grad(xent)(init([4, 8, 3]), X, Y)
    n = np.sqrt(sum(np.sum(v**2) for v in tree.leaves(g)))
    c = tree.map(lambda v: v * min(1, 1e-3 / n), g)
    assert n > 1e-3 and np.isclose(np.sqrt(sum(np.sum(v**2) for v in tree.leaves(c))), 1e-3)


@wish
def D17():
    """per-example gradients vmap(grad)."""
    g = vmap(grad(lambda p, x, y: xent(p, x[None], y[None])), (None, 0, 0))(init([4, 8, 3]), X, Y)
    assert g[0]["w"].shape == (60, 4, 8)


@wish
def D18():
    """save/load params npz / states."""
    t = pathlib.Path(tempfile.mkdtemp())
    p = init([4, 8, 3])
    wengert.states.save(t, p, 3)
    q = wengert.states.restore(t, p)
    assert np.array_equal(q[0]["w"], p[0]["w"])


@wish
def D19():
    """flax/equinox model as-jax."""
    with wengert.as_jax():
        import equinox as eqx
        import jax

        m = eqx.nn.MLP(4, 3, 8, 2, key=jax.random.PRNGKey(0))
        g = eqx.filter_grad(lambda m: jax.numpy.sum(jax.vmap(m)(X) ** 2))(m)
        assert np.allclose(g.layers[-1].bias, 2 * jax.vmap(m)(X).sum(0), rtol=1e-4, atol=1e-5)


@wish
def D20():
    """learning-rate schedule within scan."""

    def step(p, i):
        lr = 0.1 * 0.5 * (1 + wnp.cos(np.pi * i / 20))
        return sgd(p, grad(xent)(p, X, Y), lr), xent(p, X, Y)

    p, ls = jit(lambda p: lax.scan(step, p, np.arange(20, dtype=np.float32)))(init([4, 8, 3]))
    assert ls[-1] < ls[0]


@wish
def D21():
    """early stopping in Python."""
    p = init([4, 8, 3])
    f = jit(value_and_grad(xent))
    best = np.inf
    for i in range(200):
        v, g = f(p, X, Y)
        p = sgd(p, g)
        if v > best - 1e-4:
            break
        best = float(v)
    assert i > 1


@wish
def D22():
    """NaN in loss: find it."""
    wengert.config.debug_nans = True
    try:
        jit(lambda x: wnp.log(x) * 2)(np.array([-1.0]))
    except wengert.errors.NonFiniteError as e:
        assert "log" in str(e) and "network.py" in str(e)
    else:
        raise AssertionError
    finally:
        wengert.config.debug_nans = False


@wish
def D23():
    """value_and_grad has_aux with metrics."""

    def f(p):
        o = mlp(p, X)
        return xent(p, X, Y), {"acc": wnp.mean(wnp.argmax(o, 1) == Y)}

    (v, m), g = jit(value_and_grad(f, has_aux=True))(init([4, 8, 3]))
    assert 0 <= float(m["acc"]) <= 1


@wish
def D24():
    """tree.map over dict params."""
    assert tree.map(lambda a: a.shape, {"x": np.ones(2), "y": {"z": np.ones(3)}}) == {"x": (2,), "y": {"z": (3,)}}


@wish
def D25():
    """profile a training step and see what costs."""
    p = init([4, 8, 3])
    s = str(wengert.explain(jit(lambda p: sgd(p, grad(xent)(p, X, Y))), p))
    assert "network.py" in s
    with wengert.profile() as q:
        jit(grad(xent))(p, X, Y)
    assert q.functions
