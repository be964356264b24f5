"""Shapes that depend on values, ``x[mask]`` and its kin, eagerly, compiled, in batches, in all orders with `grad`."""

import numpy as np
import pytest

import wengert as w
import wengert.numpy as wnp
from wengert import trees
from wengert.ops.selection import Selection

X = np.array([1.3, -2.4, 3.1, 0.55])
ROWS = np.stack([X, -X, X[::-1] * 2])


def added(x):
    y = x[x > 0]
    y += 1
    y *= x[x > 0]
    return y.sum()


def set_first(x):
    y = x[x > 0]
    y[0] = 5 * x[1]
    return (y * y).sum()


def set_from(x):
    z = np.zeros_like(x)
    z[x > 0] = np.cumsum(x[x > 0])
    z[x < 0] = np.arange((x < 0).sum())
    return (z * z).sum()


def placed(x):
    y = x.copy()
    np.place(y, x > 1, [5.0, 6.0])
    return (y * x).sum()


FUNCTIONS = {
    "sum": lambda x: (x[x > 0] ** 2).sum(),
    "np.mean": lambda x: np.mean(x[x > 0] * 2),
    "max": lambda x: np.max(x[x > 0]),
    "std": lambda x: np.std(x[x > 0], ddof=0),
    "len": lambda x: len(x[x > 0]) * x.sum(),
    "dot": lambda x: x[x > 0] @ x[x > 0],
    "two masks": lambda x: (x[x > 0][:2] * x[x < 0].sum()).sum(),
    "concatenate": lambda x: np.concatenate([x[x > 0], x[x <= 0]]) @ np.arange(4.0),
    "nonzero": lambda x: x[np.nonzero(x > 0)].prod(),
    "where": lambda x: np.where(x > 0)[0].sum() * x.sum(),
    "argwhere": lambda x: x[np.argwhere(x > 0)[:, 0]].sum(),
    "compress": lambda x: np.compress(x > 0, x).sum(),
    "sort": lambda x: np.sort(x[x > 0])[0],
    "percentile": lambda x: np.percentile(x[x > 0], 30),
    "for": lambda x: sum(v**2 for v in x[x > 0]),
    "rows": lambda x: (np.outer(x, x)[x > 0] ** 2).sum(),
    "matrix": lambda x: np.outer(x, x)[np.outer(x, x) > 0].mean(),
    "beside": lambda x: np.outer(x, x)[1, x > 0].sum(),
    "twice": lambda x: np.outer(x, x)[x > 0][:, x > 0].sum(),
    "mean of axis 0": lambda x: (np.outer(x, x)[x > 0].mean(axis=0) ** 2).sum(),
    "mean of axis 1": lambda x: (np.outer(x, x)[x > 0].mean(axis=1) ** 2).sum(),
    "cumsum": lambda x: (x[x > 0] * np.cumsum(x[x > 0])).sum(),
    "plain array": lambda x: (np.arange(4.0)[x > 0] * x[x > 0]).sum(),
    "size": lambda x: x[x > 0].sum() / x[x > 0].size,
    "nothing": lambda x: x[x > 100].sum() + np.prod(x[x > 100]) * x.sum(),
    "first and last": lambda x: x[x > 0][0] * x[x > 0][-1],
    "interp": lambda x: np.interp(0.5, np.arange(len(x[x > 0])), x[x > 0]),
    "poles": lambda x: np.log(x[x > 0]).sum() + np.sqrt(x[x > 0]).mean() + (x[x > 0] ** 0.5).std(),
    "of a plain array": lambda x: np.arange(4.0)[x > 0].sum() + np.mean(np.arange(4.0)[x > 0]) * x[0],
    "kept axes": lambda x: x[0] * np.outer(x, x)[np.outer(x, x) > 0].sum(keepdims=True).ndim,
    "quotient and rest": lambda x: divmod(x[x > 0], 0.37)[1].sum() + divmod(7.13, x[x > 0])[1].sum(),
    "initial": lambda x: x[x > 0].sum(initial=3.0, dtype=np.float64),
    "truth": lambda x: ((x[x > -1] > 0) & (x[x > -1] < 2)).sum() * x.sum(),
    "added": added,
    "set first": set_first,
    "set from": set_from,
    "placed": placed,
    "unique": lambda x: np.unique(np.abs(x)).sum(),
    "counts": lambda x: (np.unique(x, return_counts=True)[1] ** 2).sum() * x.sum(),
    "intersect1d": lambda x: np.intersect1d(np.rint(x), [1.0, 3.0, 6.0]).sum() * x[0],
    "setdiff1d": lambda x: np.setdiff1d(np.rint(x), [1.0, 7.0]).sum() * x[0],
    "setxor1d": lambda x: np.setxor1d(np.rint(x), [1.0, 7.0]).sum() * x[0],
    "arange": lambda x: np.arange((x > 1).sum()).sum() * x.sum(),
    "arange of floats": lambda x: np.arange(x[0] / 10, 2.05, 0.3).sum(),
    "trim_zeros": lambda x: np.trim_zeros(np.maximum(x, 0)).sum(),
    "repeat": lambda x: np.repeat(x, (x > 1).astype(int) * 2).sum(),
    "delete": lambda x: np.delete(x, x > 2).sum(),
    "bincount": lambda x: np.bincount(np.abs(x).astype(int)).max() * x.sum(),
    "ix_": lambda x: np.outer(x, x)[np.ix_(x > 0, x > 0)].sum(),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_in_every_mode(name):
    f, h = FUNCTIONS[name], 1e-6
    want = np.array([f(x) for x in ROWS])
    slopes = np.array([[(f(x + h * e) - f(x - h * e)) / (2 * h) for e in np.eye(4)] for x in ROWS])
    g, compiled = w.grad(f), w.jit(w.grad(f))
    np.testing.assert_allclose([g(x) for x in ROWS], slopes, atol=1e-6, rtol=1e-6)
    exact = np.array([g(x) for x in ROWS])
    np.testing.assert_allclose([w.jit(f)(x) for x in ROWS], want, atol=1e-13)
    np.testing.assert_allclose([compiled(x) for x in ROWS], exact, atol=1e-13)  # of other counts, in turns
    np.testing.assert_allclose([compiled(x) for x in ROWS], exact, atol=1e-13)
    np.testing.assert_allclose(w.vmap(f)(ROWS), want, atol=1e-13)
    np.testing.assert_allclose(w.vmap(g)(ROWS), exact, atol=1e-13)
    np.testing.assert_allclose(w.jit(w.vmap(g))(ROWS), exact, atol=1e-13)
    np.testing.assert_allclose(w.grad(w.jit(f))(X), exact[0], atol=1e-13)


def test_sums_of_a_choice_ask_for_nothing():
    runs = []

    def f(x):
        runs.append(1)
        return np.mean(x[x > 0] ** 2) + x[x < 0].sum()

    compiled = w.jit(f)
    np.testing.assert_allclose([compiled(x) for x in ROWS], [f(x) for x in ROWS])
    assert len(runs) == 4  # compiled once
    np.testing.assert_allclose(w.vmap(f)(ROWS), [f(x) for x in ROWS])
    assert len(runs) == 8


def test_runs_of_a_function_under_vmap_are_as_many_as_there_are_counts():
    runs = []

    def f(x):
        runs.append(1)
        return np.median(x[x > 0])

    many = np.tile(ROWS, (50, 1))
    np.testing.assert_allclose(w.vmap(f)(many), [f(x) for x in many])
    counts = len({int((x > 0).sum()) for x in many})
    assert len(runs) - len(many) <= counts + 1  # and the run that finds that there are several


def test_results_whose_shape_depends_on_values():
    kept = w.jit(lambda x: x[x > 0])
    for x in ROWS:
        np.testing.assert_array_equal(kept(x), x[x > 0])
    for f in (lambda x: x[x > 0], lambda x: {"kept": (x[x > 0], x)}):
        with pytest.raises(w.errors.ShapeError, match="differ in shape"):
            w.vmap(f)(ROWS)
        np.testing.assert_array_equal(trees.flatten(w.vmap(f)(ROWS[::2]))[0][0], [x[x > 0] for x in ROWS[::2]])
        with pytest.raises(w.errors.ShapeError, match="differ in shape"):
            w.jit(w.vmap(f))(ROWS)
        np.testing.assert_array_equal(trees.flatten(w.jit(w.vmap(f))(ROWS[::2]))[0][0], [x[x > 0] for x in ROWS[::2]])


def test_what_is_left_of_a_selection_after_it_was_written_into():
    def f(x):
        y = x[x > 0]
        y[0] = 7.0
        out = np.zeros_like(x)
        out[x > 0] = y
        return out

    want = np.array([f(x) for x in ROWS])
    np.testing.assert_array_equal([w.jit(f)(x) for x in ROWS], want)
    np.testing.assert_array_equal(w.vmap(f)(ROWS), want)


def test_what_a_selection_knows_without_being_counted():
    def f(x):
        y = np.outer(x, x)[x > 0]
        assert type(y) is Selection and y.ndim == 2 and y.dtype == np.float64 and "x[mask]" in repr(y)
        assert type(-y * 2.0 + y) is Selection and y.values is None
        return y.sum()

    assert w.jit(f)(X) == np.outer(X, X)[X > 0].sum()


def test_where_lengths_may_not_be_asked_for():
    def body(c, x):
        return c + np.sum(x[x > 0]), None

    np.testing.assert_allclose(w.lax.scan(body, 0.0, ROWS)[0], sum(x[x > 0].sum() for x in ROWS))
    for f in (lambda x: np.median(x[x > 0]), lambda x: wnp.nonzero(x)[0].sum(), lambda x: np.unique(x).sum()):
        with pytest.raises(w.errors.ConcretizationError, match=r"sums and means of x\[mask\]|size="):
            w.lax.scan(lambda c, x, f=f: (c + f(x), None), 0.0, ROWS)


def test_rows_without_numbers_are_equal():
    empty = np.zeros((2, 2, 0), int)
    np.testing.assert_array_equal(w.vmap(lambda x: np.unique(x, axis=0))(empty), np.zeros((2, 1, 0)))
    np.testing.assert_array_equal(w.jit(lambda x: np.unique(x, axis=0))(empty[0]), np.unique(empty[0], axis=0))


@pytest.mark.parametrize(
    "args",
    [(2.0,), (0, 2.5), (np.float32(1), 4), (1, 4, np.float32(0.5)), (True, 3.0), (np.int8(2),), (1, np.float16(3))],
)
def test_arange_has_the_dtype_of_all_its_arguments(args):
    for i in range(len(args)):
        got = w.jit(lambda v, i=i: wnp.arange(*args[:i], v, *args[i + 1 :]))(args[i])
        np.testing.assert_array_equal(got, np.arange(*args), strict=True)


def test_place_refuses_texts_of_variable_width():
    """NumPy's own function ends the process."""
    x = np.array(["a"], np.dtypes.StringDType())
    with pytest.raises(w.errors.DtypeError, match="expected numbers"):
        wnp.place(x, x == x, x)
