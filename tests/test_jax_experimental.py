"""JAX's experimental modules through the alias, references, rules for batches, meshes: against NumPy and closed forms."""

import math

import numpy as np
import pytest

from wengert import config
from wengert.interop import jax_names

DENSE = np.array([[0.0, 2.0, 0.0], [3.0, 0.0, 4.0]])
V3, V2 = np.array([1.0, 2.0, 3.0]), np.array([1.0, -2.0])


@pytest.fixture
def jax():
    with jax_names.as_jax(), config.override(enable_x64=True):
        import jax

        yield jax


PRODUCTS = {
    "matrix times vector": (lambda s: s @ V3, DENSE @ V3),
    "vector times matrix": (lambda s: s.__rmatmul__(V2), V2 @ DENSE),
    "matrix times matrix": (lambda s: s @ DENSE.T, DENSE @ DENSE.T),
    "both sparse": (lambda s: (s @ s.T).todense(), DENSE @ DENSE.T),
    "transposed": (lambda s: s.T @ V2, DENSE.T @ V2),
    "sum along an axis": (lambda s: s.sum(0).todense(), DENSE.sum(0)),
    "sum of all": (lambda s: s.sum(), DENSE.sum()),
    "sum of two": (lambda s: (s + s).todense(), 2 * DENSE),
    "difference": (lambda s: (s - s).todense(), 0 * DENSE),
    "duplicates": (lambda s: (s + s).sum_duplicates().data, [4.0, 6.0, 8.0]),
    "product with dense": (lambda s: (s * DENSE).todense(), DENSE**2),
    "scaled": (lambda s: (s * 3.0).todense(), 3 * DENSE),
    "over": (lambda s: (s / 2.0).todense(), DENSE / 2),
    "reshaped": (lambda s: s.reshape(3, 2).todense(), DENSE.reshape(3, 2)),
    "sorted": (lambda s: (s.T).sort_indices().indices, [[0, 1], [1, 0], [2, 1]]),
    "absolute": (lambda s: abs(-s).todense(), DENSE),
    "a row": (lambda s: s[1].todense(), DENSE[1]),
}


@pytest.mark.parametrize("name", PRODUCTS)
def test_sparse(jax, name):
    from jax.experimental import sparse

    f, expected = PRODUCTS[name]
    m = sparse.BCOO.fromdense(jax.numpy.array(DENSE))
    np.testing.assert_allclose(np.asarray(f(m)), expected)


def test_sparse_transformed(jax):
    from jax.experimental import sparse

    jnp = jax.numpy
    m = sparse.BCOO.fromdense(jnp.array(DENSE), nse=4)
    assert m.nse == 4 and repr(m) == "BCOO(float64[2, 3], nse=4)"
    np.testing.assert_allclose(jax.jit(lambda s, x: s @ x)(m, V3), DENSE @ V3)
    np.testing.assert_allclose(jax.grad(lambda x: (m @ x).sum())(jnp.array(V3)), DENSE.sum(0))
    by_data = sparse.grad(lambda s: (s @ V3 * V2).sum())(m)
    np.testing.assert_allclose(by_data.data[:3], [V2[0] * 2, V2[1] * 1, V2[1] * 3])
    np.testing.assert_allclose(jax.vmap(lambda x: m @ x)(jnp.array([V3, 2 * V3])), [DENSE @ V3, 2 * DENSE @ V3])
    np.testing.assert_allclose(sparse.eye(3, k=1).todense(), np.eye(3, k=1))
    r = sparse.random_bcoo(jax.random.key(0), (4, 5), nse=6)
    assert r.nse == 6 and (np.asarray(r.todense()) != 0).sum() == 6


TAYLOR = {
    "sin": (lambda n, x: n.sin(x), lambda x: [math.cos(x), -math.sin(x), -math.cos(x)]),
    "exp": (lambda n, x: n.exp(x), lambda x: [math.exp(x)] * 3),
    "cube": (lambda n, x: x**3, lambda x: [3 * x**2, 6 * x, 6.0]),
    "log": (lambda n, x: n.log(x), lambda x: [1 / x, -1 / x**2, 2 / x**3]),
}


@pytest.mark.parametrize("name", TAYLOR)
def test_jet(jax, name):
    from jax.experimental.jet import jet

    f, derivatives = TAYLOR[name]
    value, terms = jet(lambda x: f(jax.numpy, x), (1.5,), ([1.0, 0.0, 0.0],))
    np.testing.assert_allclose(value, f(np, 1.5))
    np.testing.assert_allclose(np.asarray(terms), derivatives(1.5))
    scaled = jet(lambda x: f(jax.numpy, x), (1.5,), ([1.0, 0.0, 0.0],), factorial_scaled=False)[1]
    np.testing.assert_allclose(np.asarray(scaled), np.array(derivatives(1.5)) / [1, 2, 6])


def test_checkify(jax):
    from jax.experimental import checkify

    jnp = jax.numpy
    f = checkify.checkify(lambda x: (checkify.check(jnp.all(x > 0), "not positive"), x * 2)[1])
    for call in (f, jax.jit(f)):
        good, out = call(jnp.array([1.0, 2.0]))
        bad, _ = call(jnp.array([1.0, -2.0]))
        assert good.get() is None and bad.get() == "not positive (`check` failed)" and out.tolist() == [2.0, 4.0]
        good.throw()
        with pytest.raises(checkify.JaxRuntimeError, match="not positive"):
            bad.throw()
    assert "nan" in checkify.checkify(jnp.log, checkify.nan_checks)(jnp.array(-1.0))[0].get()
    assert checkify.checkify(jnp.log, checkify.nan_checks)(jnp.array(1.0))[0].get() is None
    divided = checkify.checkify(lambda x: 1.0 / x, checkify.div_checks)
    assert divided(jnp.array(0.0))[0].get() == "division by zero" and divided(jnp.array(2.0))[0].get() is None
    read = checkify.checkify(lambda x, i: x[i], checkify.index_checks)
    assert "out-of-bounds" in read(jnp.arange(3), 7)[0].get() and read(jnp.arange(3), 2)[0].get() is None


@pytest.mark.parametrize("how", ["jit", "disable_jit", "cond", "switch", "fori_loop", "while_loop", "scan", "map"])
def test_effects_beside_references_that_are_closed_over(jax, how):
    """What runs comes as often as the program says: the trace that finds the references ends before anything is run."""
    jnp, lax, ran = jax.numpy, jax.lax, []
    ref, limit = jax.new_ref(jnp.zeros(())), jax.new_ref(jnp.asarray(2.0))

    def adds(x):
        jax.debug.callback(ran.append, 1)
        jax.experimental.io_callback(lambda: ran.append(2), None, ordered=True)
        ref[...] += 1.0
        return x

    for times in (1, 2):
        ran.clear()
        ref[...] = 0.0
        match how:
            case "jit":
                function = jax.jit(adds)
                function(3.0), function(3.0)
            case "disable_jit":
                with jax.disable_jit():
                    function = jax.jit(adds)
                    function(3.0), function(3.0)
            case "cond" | "switch":
                branches = (lambda x: x, adds)
                for _ in range(2):
                    lax.cond(True, *branches[::-1], 3.0) if how == "cond" else lax.switch(1, branches, 3.0)
            case "fori_loop":
                assert lax.fori_loop(0, 2, lambda _, c: adds(c), 3.0) == 3.0
            case "while_loop":  # what the condition reads, the body writes
                assert lax.while_loop(lambda c: ref[...] < limit[...], lambda c: adds(c) + 1.0, 3.0) == 5.0
            case "scan":
                lax.scan(lambda c, x: (adds(c), x), 3.0, jnp.arange(2))
            case "map":
                assert lax.map(adds, jnp.arange(2)).tolist() == [0, 1]
        jax.effects_barrier()
        assert ran == [1, 2] * 2 and ref[...] == limit[...] == 2.0, times


def test_references(jax):
    jnp = jax.numpy
    ref = jax.new_ref(jnp.zeros(3))
    ref[1] = 2.0
    ref[...] += 1.0
    assert jax.freeze(ref).tolist() == [1.0, 3.0, 1.0] and isinstance(ref, jax.Ref)

    @jax.jit
    def step(ref, x):
        ref[0] = x
        return ref[...].sum()

    assert step(ref, 5.0) == 9.0 and step(ref, 6.0) == 10.0 and ref[0] == 6.0

    def cube(x):
        ref = jax.new_ref(x)
        for _ in range(2):
            ref[...] = ref[...] * x
        return ref[...]

    assert jax.grad(cube)(2.0) == 12.0 and jax.jit(jax.grad(cube))(2.0) == 12.0
    assert jax.ref.swap(ref, 0, 1.0) == 6.0 and ref[0] == 1.0


def test_rules_for_batches(jax):
    jnp = jax.numpy

    @jax.custom_batching.custom_vmap
    def f(x, y):
        return x * y

    seen = []

    @f.def_vmap
    def rule(axis_size, in_batched, x, y):
        seen.append((axis_size, in_batched))
        return x + y, True

    x = jnp.array([1.0, 2.0])
    assert f(3.0, 4.0) == 12.0 and jax.vmap(f)(x, x).tolist() == [2.0, 4.0]
    assert jax.jit(jax.vmap(f, (0, None)))(x, 10.0).tolist() == [11.0, 12.0]
    assert seen == [(2, [True, True]), (2, [True, False])]
    assert jax.grad(f)(3.0, 4.0) == 4.0
    g = jax.custom_batching.sequential_vmap(lambda a: a**2)
    assert jax.vmap(g)(x).tolist() == [1.0, 4.0] and jax.vmap(jax.vmap(g))(x[None]).tolist() == [[1.0, 4.0]]


def test_meshes(jax):
    jnp, P = jax.numpy, jax.P
    mesh = jax.make_mesh((1,), ("i",))
    x = jnp.arange(3.0)
    summed = jax.shard_map(lambda a: jax.lax.psum(a, "i"), mesh=mesh, in_specs=P(), out_specs=P())
    assert summed(x).tolist() == [0.0, 1.0, 2.0] and jax.jit(summed)(x).tolist() == [0.0, 1.0, 2.0]
    assert jax.grad(lambda v: jax.shard_map(lambda a: a**2, mesh=mesh, in_specs=P(), out_specs=P())(v).sum())(
        x
    ).tolist() == [0, 2, 4]
    assert jax.pmap(lambda a: jax.lax.psum(a, "d"), axis_name="d")(x[None]).tolist() == [[0.0, 1.0, 2.0]]
    with pytest.raises(ValueError, match="no axis"):
        jax.shard_map(lambda a: a, mesh=mesh, in_specs=P("j"), out_specs=P())
    with pytest.raises(ValueError, match="mesh"):
        jax.make_mesh((2,), ("i",))
    with jax.set_mesh(mesh):
        assert jax.sharding.get_mesh() is mesh


def test_contexts(jax):
    jnp = jax.numpy
    i, x = jnp.arange(3), jnp.ones(3)
    with jax.numpy_dtype_promotion("strict"):
        assert (x + 1).dtype == jnp.float64
        with pytest.raises(ValueError, match="implicit dtype promotion"):
            x + i
    with jax.numpy_rank_promotion("raise"), pytest.raises(ValueError, match="rank promotion"):
        jnp.ones((2, 3)) + x
    assert (x + i).dtype == jnp.float64 and (jnp.ones((2, 3)) + x).shape == (2, 3)
    with jax.disable_jit():
        seen = []
        jax.jit(lambda v: seen.append(float(v)) or v)(2.0)
        assert seen == [2.0]


def test_weak_types_go_through(jax):
    """What is weak stays so through linearize, auxiliary results, compiled functions and their constants."""
    jnp = jax.numpy
    w = jnp.asarray(2.0)
    value, tangent = jax.linearize(jnp.sin, w)
    assert value.weak_type and tangent(w).weak_type and tangent(1.0).weak_type
    assert jax.grad(lambda x: (x**2, x), has_aux=True)(w)[1].weak_type
    assert jax.vjp(lambda x: (x**2, x), w, has_aux=True)[2].weak_type
    assert jax.jit(lambda x: 1)(w).weak_type and jax.vmap(lambda x: 2.0)(jnp.ones(2)).weak_type
    assert not jax.linearize(jnp.sin, jnp.ones(2))[0].weak_type


def test_keywords_have_jax_names(jax):
    """Arguments by JAX's names, and keywords that change nothing on one device."""
    jnp, special = jax.numpy, jax.scipy.special
    x = jnp.array([1.0, 2.0])
    assert jnp.inner(a=x, b=x) == 5 and jnp.vdot(x, b=x) == 5 and jnp.matmul(a=x, b=x) == 5
    assert jnp.packbits(a=jnp.array([1, 0, 1])).tolist() == [160]
    assert special.zeta(x=2.0, q=1.0) == special.zeta(2.0, 1.0) and special.hyp1f1(a=1.0, b=2.0, x=0.5) > 1
    assert special.kl_div(p=1.0, q=1.0) == 0 and jax.tree_util.keystr(keys=(jax.tree_util.DictKey("a"),)) == "['a']"
    sharding = jax.NamedSharding(jax.make_mesh((1,), ("i",)), jax.P("i"))
    assert jnp.zeros(2, out_sharding=sharding).shape == (2,) and jax.random.normal(jax.random.key(0), out_sharding=None)
    with pytest.raises(TypeError, match="out_sharding"):
        jnp.zeros(2, out_sharding="everywhere")
    with pytest.raises(ValueError, match="precision"):
        jnp.dot(x, x, precision="best")


def test_checks_of_rules(jax):
    from jax.test_util import check_jvp, check_vjp

    f, x = jax.numpy.sin, jax.numpy.array([0.3, 0.7])
    check_jvp(f, lambda p, t: jax.jvp(f, p, t), (x,))
    check_vjp(f, lambda *a: jax.vjp(f, *a), (x,))
    with pytest.raises(AssertionError, match="tangent"):
        check_jvp(f, lambda p, t: (f(p[0]), 2 * t[0]), (x,))
    with pytest.raises(AssertionError, match="cotangent"):
        check_vjp(f, lambda a: (f(a), lambda g: (2 * g,)), (x,))


def test_resizing_is_what_its_kernel_says(jax):
    """Images of linear functions are linear away from edges; area means of blocks; derivatives are the transpose."""
    jnp, image = jax.numpy, jax.image
    ramp = jnp.arange(8.0)
    for method in ("linear", "cubic"):
        out = np.asarray(image.resize(ramp, (16,), method))
        np.testing.assert_allclose(out[4:-4], (np.arange(16) + 0.5)[4:-4] / 2 - 0.5, atol=1e-12)
    np.testing.assert_allclose(image.resize(ramp, (4,), image.ResizeMethod.AREA), np.arange(8.0).reshape(4, 2).mean(1))
    assert image.resize(ramp, (4,), "nearest").tolist() == [1.0, 3.0, 5.0, 7.0]
    for method in ("lanczos3", "cubic", "linear"):
        grad = jax.grad(lambda x, m=method: image.resize(x, (5,), m).sum())(ramp)
        np.testing.assert_allclose((grad * ramp).sum(), image.resize(ramp, (5,), method).sum())


def test_draws_of_counts(jax):
    """Binomial numbers have the binomial's moments in both ways of drawing them; multinomial ones add up."""
    random = jax.random
    for n, p in ((10, 0.3), (200, 0.4), (50, 0.9)):
        x = np.asarray(random.binomial(random.key(1), n, p, (4000,)))
        assert abs(x.mean() - n * p) < 5 * (n * p * (1 - p) / 4000) ** 0.5
        assert abs(x.var() / (n * p * (1 - p)) - 1) < 0.15 and x.min() >= 0 and x.max() <= n
    counts = random.multinomial(random.key(2), 30, jax.numpy.array([0.2, 0.3, 0.5]), shape=(500, 3))
    assert (counts.sum(-1) == 30).all() and abs(np.asarray(counts).mean(0) / 30 - [0.2, 0.3, 0.5]).max() < 0.02


def test_grad_allows_integers_in_trees(jax):
    """Their derivative has JAX's dtype of nothing, whatever stands beside them."""
    found, none = jax.grad(lambda p: (p[0] ** 2).sum() * p[1][0], allow_int=True)((np.ones(2), np.arange(1, 3)))
    np.testing.assert_allclose(found, [2.0, 2.0])
    assert none.dtype == jax.dtypes.float0 and none.shape == (2,)
