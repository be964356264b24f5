"""Entries of sparse Jacobians carried through a function, against dense Jacobians: kinds of operations, rows, ends, refusals."""

import numpy as np
import pytest
import scipy.sparse as sp
from sparse_programs import local_program

import wengert as w
import wengert.numpy as wnp
from wengert import lax

rng = np.random.default_rng(8)
X = rng.uniform(0.5, 1.5, 24)
CORNERS = rng.integers(0, 24, (30, 3))
MATRIX = sp.random_array((20, 24), density=0.1, rng=rng, format="csr")
SMALL = rng.normal(size=(3, 2))


def ends(x):
    return np.concatenate([x[:1], x[2:] - 2 * x[1:-1] * x[:-2] + np.sin(x[1:-1]), x[-1:]])


def band(x):
    y = np.pad(x, 3)
    return sum((k + 1.0) * y[k : k + 24] for k in range(7)) * np.cos(x)


def grid(x):
    a, b = x.reshape(2, 3, 4)
    return np.stack([a * a * b + np.roll(a, 1, 0) + np.roll(a, -1, 1), 3 * a - a * b + np.roll(b, 1, 1)]).reshape(-1)


def elements(x):
    local = x[CORNERS]
    forces = (local - np.mean(local, 1, keepdims=True)) ** 3
    return (0 * x).at[CORNERS.reshape(-1)].add(forces.reshape(-1))


def elements_and_more(x):
    return np.sin(elements(x)) * x


def overwritten(x):
    return x.at[np.array([1, 5, 7])].set(x[:3] * x[3:6])


def by_values(x):
    return np.where(x > 1, np.sin(x), np.roll(x, 1) ** 2)


def by_matrix(x):
    return np.sin(MATRIX @ x**2)


def element_matrices(x):
    local = x.reshape(8, 3)
    return np.einsum("ni,nij->nj", local, np.cos(local)[:, :, None] * SMALL) + local @ SMALL


def double(x):
    """Both operands of the sum have entries of the same column, in another order."""
    return np.concatenate([x[:12] * 3 + x[::-2], x[1::2] - x[12:]]) + 2 * np.roll(x, 1)


def constant(x):
    return x[2:] - 2 * x[1:-1] + x[:-2]


FEW = [
    ends,
    band,
    grid,
    elements,
    elements_and_more,
    overwritten,
    by_values,
    by_matrix,
    element_matrices,
    double,
    constant,
]


@pytest.mark.parametrize("f", FEW, ids=lambda f: f.__name__)
def test_bands_are_the_jacobian(f):
    J = w.jacobian(f, sparse=True)
    assert J.prepared(X).banded is not None
    for x in (X, 2 - X):  # what was given before does not change
        expected = w.jacfwd(f)(x).reshape(-1, 24)
        np.testing.assert_allclose(J(x).toarray(), expected, rtol=1e-12, atol=1e-13)
        np.testing.assert_allclose(J(x).toarray(), expected, rtol=1e-12, atol=1e-13)
    by_columns = w.jacobian(f, sparse=True, colouring="column")
    assert by_columns.prepared(X).banded is None
    np.testing.assert_allclose(by_columns(X).toarray(), J(X).toarray(), rtol=1e-12, atol=1e-13)
    assert J(X).has_sorted_indices


@pytest.mark.parametrize(
    "outer", [np.cbrt, np.reciprocal, lambda p: np.sqrt(np.abs(p)), lambda p: (p[:, None] ** -1)[:, 0]]
)
def test_an_infinite_derivative_where_there_is_no_entry_is_no_nan_in_other_entries(outer):
    """The first element is a constant, at which `outer` has no finite derivative."""
    f = lambda x: outer(wnp.pad(x[1:] * x[:-1], (1, 0))) + 3 * x
    with np.errstate(divide="ignore"):
        expected = w.jacrev(f)(X)
        J = w.jacobian(f, sparse=True)
        assert J.prepared(X).banded is not None and np.isfinite(expected).all()
        np.testing.assert_allclose(J(X).toarray(), expected, rtol=1e-12)
        np.testing.assert_allclose(w.jit(w.jacobian(f))(X), expected, rtol=1e-12)


GUARDED = [
    lambda x: np.sqrt(np.where(x > 1, x, 0)) + 3 * np.roll(x, 1),
    lambda x: 1 / np.where(x > 1, 0, -x) + 3 * np.roll(x, 1),
    lambda x: np.cbrt(np.where(x > 1, x, np.where(x > 0.7, 0, np.roll(x, 1)))[2:]) * x[:-2],
    lambda x: np.sqrt(-2 * np.where(x[1:] > x[:-1], -x[1:], 0.0))[::-1] + x[1:],
]


@pytest.mark.parametrize("f", GUARDED)
def test_a_choice_by_value_leaves_infinite_derivatives_out(f):
    """As in reverse mode: what `where` does not take is no dependence, and meets no infinite derivative."""
    with np.errstate(divide="ignore"):
        expected = w.jacrev(f)(X)
        J = w.jacobian(f, sparse=True)
        assert J.prepared(X).banded is not None and np.isfinite(expected).all()
        np.testing.assert_allclose(J(X).toarray(), expected, rtol=1e-12)


def test_a_factor_that_happens_to_be_zero_leaves_nothing_out():
    f = lambda x: np.sqrt(np.where(x > 0.5, x, 0) ** 2 * np.where(x == x[3], 0, 1)) + np.roll(x, 1)
    J = w.jacobian(f, sparse=True)
    assert J.prepared(X).banded is not None
    with np.errstate(divide="ignore", invalid="ignore"):
        np.testing.assert_array_equal(np.isnan(J(X).toarray()), np.isnan(w.jacrev(f)(X)))
        assert np.isnan(J(X).toarray()[3, 3])


@pytest.mark.parametrize("f", [ends, grid, elements], ids=lambda f: f.__name__)
def test_entries_go_through_transformations(f):
    entries = w.jacobian(f, sparse=True, output="data")
    got = w.jit(w.grad(lambda x: wnp.sum(entries(x) ** 2)))(X)
    expected = w.grad(lambda x: wnp.sum(w.jacfwd(f)(x) ** 2))(X)
    np.testing.assert_allclose(got, expected, rtol=1e-10, atol=1e-12)
    dense = w.vmap(w.jacobian(f, sparse=True, output="dense"))(np.stack([X, 2 - X]))
    np.testing.assert_allclose(dense[1], w.jacfwd(f)(2 - X), rtol=1e-12, atol=1e-13)


def test_rows_that_are_alike_are_written_side_by_side():
    x = rng.uniform(0.5, 1.5, 400)
    J = w.jacobian(ends, sparse=True)
    assert J.prepared(x).banded.trimmed is not None
    first = J(x)
    kept = first.toarray()
    first.data[:] = 7.0  # of the caller's own
    np.testing.assert_array_equal(J(x).toarray(), kept)
    np.testing.assert_allclose(kept, w.jacfwd(ends)(x), rtol=1e-13)


def test_hessian_and_value():
    f = lambda x: np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)
    H = w.value_and_hessian(f, sparse=True)
    value, found = H(X)
    np.testing.assert_allclose(value, f(X), rtol=1e-14)
    np.testing.assert_allclose(found.toarray(), w.jacfwd(w.grad(f))(X), rtol=1e-11, atol=1e-11)
    assert H.prepared(X).banded is not None


def test_trees_and_narrow_dtypes():
    f = lambda t: {"a": t[0] * t[1], "b": np.sin(t[1][1:]) - t[0][:-1]}
    t = (X[:10].astype(np.float32), X[10:20].astype(np.float32))
    J = w.jacobian(f, sparse=True)
    found, expected = J(t), w.jacfwd(f)(t)
    assert J.prepared(t).banded is not None
    for k in "ab":
        for i in range(2):
            assert found[k][i].dtype == np.float32
            np.testing.assert_allclose(found[k][i].toarray(), expected[k][i], rtol=1e-6)


@pytest.mark.parametrize(
    "f",
    [
        lambda x: wnp.cumsum(x),
        lambda x: x * wnp.sum(x),
        lambda x: lax.fori_loop(0, 3, lambda i, v: wnp.roll(v, 1) * x, x),
        lambda x: wnp.concatenate([wnp.sort(x[:4]), x[4:]]),
    ],
)
def test_what_has_no_few_bands_is_coloured(f):
    x = np.linspace(0.5, 1.5, 60)
    J = w.jacobian(f, sparse=True)
    assert J.prepared(x).banded is None
    np.testing.assert_allclose(J(x).toarray(), w.jacfwd(f)(x), rtol=1e-12)


@pytest.mark.parametrize("seed", range(12))
def test_random_local_programs(seed):
    f, x, _ = local_program(seed)
    got = w.jacobian(f, sparse=True)(x)
    expected = w.jacfwd(f)(x).reshape(got.shape)
    np.testing.assert_allclose(got.toarray(), expected, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("n", [2, 3, 5, 8, 11])
def test_stacks_are_written_by_one_nest(n):
    x = rng.normal(size=(7, 40))
    parts = lambda x: [x * (k + 1.0) + np.sin(x) ** k for k in range(n)]
    f = lambda x: np.stack(parts(x), -1)
    loops = w.jit(f).lower(x).loops()
    assert loops.count("kernel") == 1, loops
    np.testing.assert_allclose(w.jit(f)(x), np.stack([np.asarray(p) for p in parts(x)], -1), rtol=1e-14)


@pytest.mark.parametrize("n", [2, 3, 5])
def test_constants_in_stacks_are_the_constants(n):
    """Each part of its own: a constant that a pass makes anew would not be among those that the code is given."""
    x, constants, places = rng.normal(size=200), rng.normal(size=(n, 200)), rng.integers(0, 200 * n, 50)
    f = lambda x: np.stack([*constants[:-1], x * constants[-1]], -1).reshape(-1)[places]
    for _ in range(2):  # compiled, and from the disk
        np.testing.assert_array_equal(w.jit(lambda x: f(x))(x), f(x))
