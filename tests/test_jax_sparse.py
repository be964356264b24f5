"""`jax.experimental.sparse` through the alias: what real JAX was recorded to give, and layouts against dense arrays."""

import jax_sparse_cases as cases
import numpy as np
import pytest

from wengert import config
from wengert.interop import jax_names


@pytest.fixture(scope="module")
def jax():
    with jax_names.as_jax(), config.override(enable_x64=True):
        import jax

        yield jax


def test_results_are_those_of_jax(jax):
    got, want = cases.run(jax), cases.recorded()["results"]
    assert list(want) == cases.expressions()
    assert [code for code in want if not cases.agrees(want[code], got[code])] == []


@pytest.mark.parametrize("n_batch, n_dense", [(b, d) for b in range(4) for d in range(4 - b)])
def test_layouts(jax, n_batch, n_dense):
    """Operations on arrays of every layout, with repeated places and places beyond the shape."""
    from jax.experimental import sparse

    jnp, rng = jax.numpy, np.random.default_rng(5)
    shape = (3, 4, 5)
    places = shape[n_batch : 3 - n_dense]
    indices = (
        np.stack([rng.integers(0, n + 1, (*shape[:n_batch], 6)) for n in places], -1)
        if places
        else np.zeros((*shape[:n_batch], 6, 0), int)
    )
    data = rng.normal(size=(*shape[:n_batch], 6, *shape[3 - n_dense :]))
    m = sparse.BCOO((data, indices), shape=shape)
    dense = np.zeros(shape)
    for at in np.ndindex(*shape[:n_batch], 6):
        place = indices[at]
        if all(k < n for k, n in zip(place, places)):
            dense[(*at[:-1], *place)] += data[at]
    close = lambda got, want: np.testing.assert_allclose(np.asarray(got), want, atol=1e-12)  # noqa: E731
    close(m.todense(), dense)
    close(m.sum_duplicates().todense(), dense)
    close(m.sort_indices().todense(), dense)
    for axes in ((0,), (1,), (2,), (0, 2), (0, 1, 2)):
        close(sparse.bcoo_reduce_sum(m, axes=axes).todense(), dense.sum(axes))
    for b in range(4):
        for d in range(4 - b):
            close(m.update_layout(n_batch=b, n_dense=d, on_inefficient=None).todense(), dense)
    for dims in (((2,), (0,)), ((0,), (1,)), ((), ())):
        other = rng.normal(size=(5, 3))
        want = np.tensordot(dense, other, dims)
        close(sparse.bcoo_dot_general(m, jnp.array(other), dimension_numbers=(dims, ((), ()))), want)
    batched = rng.normal(size=(3, 5, 2))
    close(
        sparse.bcoo_dot_general(m, jnp.array(batched), dimension_numbers=(((2,), (1,)), ((0,), (0,)))),
        np.einsum("ijk,ikl->ijl", dense, batched),
    )
    close((2 * m + m).todense(), 3 * dense)
    close((m * dense).todense(), dense * dense) if n_batch == 3 or not indices.size else None
    close(m[1:, ::2].todense(), dense[1:, ::2])
    close(m[1].todense(), dense[1])
    close(m[..., -1].todense(), dense[..., -1])
    close(sparse.bcoo_rev(m, (0, 2)).todense(), dense[::-1, :, ::-1])
    for axis in range(3):
        close(sparse.bcoo_concatenate([m, m], dimension=axis).todense(), np.concatenate([dense, dense], axis))
    close(sparse.bcoo_dynamic_slice(m, (1, 2, 3), (2, 2, 2)).todense(), dense[1:3, 2:4, 3:5])
    close(jax.jit(lambda m: m.todense() * 2)(m), 2 * dense)
    back = jax.grad(lambda d: (sparse.BCOO((d, indices), shape=shape).todense() * dense).sum())(m.data)
    close((back * data).sum(), (dense * dense).sum())


def test_sparsify_goes_through_what_is_not_zero_at_zero(jax):
    from jax.experimental import sparse

    m = sparse.BCOO.fromdense(jax.numpy.array(cases.DENSE))
    f = sparse.sparsify(lambda a: jax.numpy.cos(a) - 1)
    np.testing.assert_allclose(f(m).todense(), np.cos(cases.DENSE) - 1)
    with pytest.raises(NotImplementedError, match="dense output"):
        sparse.sparsify(lambda a: jax.numpy.cos(a).T)(m)


INDICES = [
    np.s_[0], np.s_[None, 0], np.s_[0, None], np.s_[:, None, 1], np.s_[..., None], np.s_[::-1, 1:, ::2], np.s_[5:], np.s_[-1, ..., None, 2],
    np.s_[np.array([1, 0, 1])], np.s_[np.array([[1, 0], [0, 1]]), 1], np.s_[np.array([[1, 0]]), None, 2], np.s_[1, 2, 3], np.s_[3:0:-1],
]  # fmt: skip


@pytest.mark.parametrize("index", INDICES, ids=str)
def test_indices(jax, index):
    from jax.experimental import sparse

    dense = np.arange(24.0).reshape(2, 3, 4) * (np.arange(24).reshape(2, 3, 4) % 3 > 0)
    m = sparse.BCOO.fromdense(dense)
    np.testing.assert_array_equal(np.asarray(m[index].todense()), dense[index])
    np.testing.assert_array_equal(jax.jit(lambda m, k: m[k, 1].todense())(m, 1), dense[1, 1])
