"""The programs of the benchmark, at a size where numeric differences can be taken: these, eager and compiled agree.

The oracle is one more library that runs the same code: NumPy, with derivatives by differences of fourth order.
"""

import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import scipy.special

import wengert
from wengert import tree_util

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.compiled import libraries  # noqa: E402
from benchmarks.compiled.programs import ROWS  # noqa: E402
from benchmarks.compiled.row import Library  # noqa: E402

STEP = 1e-3
leaves, tree_map = tree_util.tree_leaves, tree_util.tree_map


def difference(f, x):
    """The derivative at 0 of a function of one number that returns a pytree, with steps in proportion to `x`."""
    h = STEP * max(1.0, float(np.max(np.abs(x))))
    return tree_map(
        lambda a, b, c, d: (8 * (np.asarray(b) - c) - (np.asarray(a) - d)) / (12 * h), f(2 * h), f(h), f(-h), f(-2 * h)
    )


def jvp(f, primals, tangents):
    def along(h):
        return f(*[tree_map(lambda x, v: x + h * v, x, v) for x, v in zip(primals, tangents, strict=True)])

    return f(*primals), difference(along, max(np.max(np.abs(x)) for x in leaves(primals)))


def derivatives(f, x):
    """For each leaf of x a list: the derivative of f's result by each entry of the leaf."""
    flat, tree = tree_util.tree_flatten(x)
    out = []
    for i, leaf in enumerate(map(np.asarray, flat)):
        columns = []
        for j in range(np.size(leaf)):

            def moved(h, i=i, j=j, leaf=leaf):
                new = np.array(leaf, float)
                new.reshape(-1)[j] += h
                return f(tree_util.tree_unflatten(tree, [*flat[:i], new, *flat[i + 1 :]]))

            columns.append(difference(moved, leaf.flat[j]))
        out.append(columns)
    return flat, tree, out


def by_argument(f, argnums, args):
    chosen = args[argnums] if isinstance(argnums, int) else tuple(args[i] for i in argnums)

    def g(x):
        full = list(args)
        for i, v in zip([argnums] if isinstance(argnums, int) else argnums, [x] if isinstance(argnums, int) else x):
            full[i] = v
        return f(*full)

    return derivatives(g, chosen)


def jacrev(f, argnums=0):
    def run(*args):
        flat, tree, columns = by_argument(f, argnums, args)
        blocks = [np.stack(c, -1).reshape(np.shape(c[0]) + np.shape(x)) for c, x in zip(columns, flat, strict=True)]
        return tree_util.tree_unflatten(tree, blocks)

    return run


def value_and_grad(f, argnums=0):
    return lambda *args: (f(*args), jacrev(f, argnums)(*args))


def vjp(f, *primals):
    def pullback(cotangent):
        flat, tree, columns = derivatives(lambda x: f(*x), primals)
        return tree_util.tree_unflatten(
            tree,
            [
                np.array([np.sum(d * cotangent) for d in c]).reshape(np.shape(x))
                for c, x in zip(columns, flat, strict=True)
            ],
        )

    return f(*primals), pullback


def vmap(f):
    def run(*args):
        outs = [f(*[a[i] for a in args]) for i in range(len(args[0]))]
        return tree_map(lambda *xs: np.stack(xs), *outs)

    return run


def scan(f, state, xs, length=None, reverse=False):
    n = len(leaves(xs)[0]) if length is None else length
    outs = [None] * n
    for i in range(n)[:: -1 if reverse else 1]:
        state, outs[i] = f(state, tree_map(lambda x, i=i: x[i], xs))
    return state, tree_map(lambda *ys: np.stack(ys), *outs)


def while_loop(going, step, state):
    while going(state):
        state = step(state)
    return state


def fori_loop(first, end, step, state):
    for i in range(first, end):
        state = step(i, state)
    return state


def dynamic_update_slice(x, update, start):
    x = np.array(x)
    x[tuple(slice(s, s + n) for s, n in zip(start, np.shape(update), strict=True))] = update
    return x


def associative_scan(combine, xs):
    """One after another."""
    rows = [tree_map(lambda x, i=i: x[i], xs) for i in range(len(leaves(xs)[0]))]
    for i in range(1, len(rows)):
        rows[i] = combine(rows[i - 1], rows[i])
    return tree_map(lambda *ys: np.stack(ys), *rows)


LAX = SimpleNamespace(
    scan=scan, while_loop=while_loop, fori_loop=fori_loop, dynamic_update_slice=dynamic_update_slice,
    associative_scan=associative_scan, dynamic_index_in_dim=lambda x, i, axis, keep: x[i],
)  # fmt: skip
NUMERIC = Library(
    "numeric", np, jacrev, value_and_grad, jvp, vjp, vmap, jacrev, lambda f: jacrev(jacrev(f)), scipy.special.erf, scan, LAX
)  # fmt: skip
WENGERT = libraries.wengert().library


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_eager_and_compiled_agree_with_differences(row):
    missing = [n for n in row.needs if getattr(WENGERT, n) is None]
    if missing:
        pytest.skip(f"wengert has no {', '.join(missing)}")
    args = tree_map(np.asarray, row.tiny(np.random.default_rng(0)))
    expected = leaves(row.build(NUMERIC)(*args))
    eager = row.build(WENGERT)(*args)
    compiled = wengert.jit(row.build(WENGERT))(*args)
    assert tree_util.tree_structure(eager) == tree_util.tree_structure(compiled)
    assert len(expected) == len(leaves(eager)) > 0
    for want, a, b in zip(expected, leaves(eager), leaves(compiled), strict=True):
        scale = max(1e-3, float(np.max(np.abs(want))))
        np.testing.assert_allclose(a, want, rtol=0, atol=1e-6 * scale)
        np.testing.assert_allclose(b, a, rtol=0, atol=1e-12 * scale)
        assert np.shape(a) == np.shape(b) == np.shape(want) and a.dtype == b.dtype == np.asarray(want).dtype


@pytest.mark.parametrize("row", [r for r in ROWS if r.primal], ids=lambda row: row.name)
def test_primals_are_what_is_differentiated(row):
    if any(getattr(WENGERT, n) is None for n in row.needs):
        pytest.skip(f"wengert lacks one of {row.needs}")
    args = tree_map(np.asarray, row.tiny(np.random.default_rng(0)))
    want, got = row.primal(NUMERIC)(*args), wengert.jit(row.primal(WENGERT))(*args)
    for a, b in zip(leaves(want), leaves(got), strict=True):
        np.testing.assert_allclose(b, a, rtol=1e-12)


def test_names_are_unique_and_inputs_can_be_repeated():
    assert len({row.name for row in ROWS}) == len({row.title for row in ROWS}) == len(ROWS)
    for row in ROWS:
        first, again = (leaves(row.tiny(np.random.default_rng(1))) for _ in range(2))
        assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))


def test_lstm_by_scan_is_the_unrolled_one():
    rows = {row.name: row for row in ROWS}
    args = rows["lstm-scan"].tiny(np.random.default_rng(0))
    unrolled, scanned = (rows[n].primal(NUMERIC)(*args) for n in ("lstm", "lstm-scan"))
    np.testing.assert_allclose(scanned, unrolled, rtol=1e-14)


@pytest.mark.parametrize("name", ["gmm-d10-n1000", "gmm-d32-n1000"])
def test_sizes_of_the_table_compile(name):
    """Blocks of rows, parts for threads and looks for interrupts occur at full size alone."""
    from benchmarks.compiled.measure import arguments

    row = next(r for r in ROWS if r.name == name)
    runtime = libraries.MAKERS["wengert"]()
    args = arguments(row, "float64")
    for x in tree_util.tree_leaves(runtime.library.jit(row.build(runtime.library))(*args)):
        assert np.isfinite(x).all()
