"""Colourings: against matrices that are put together again, known optima, and the loops as Python runs them."""

import numpy as np
import pytest
import scipy.sparse as sp

import wengert as w
from wengert.sparse import Colouring, Pattern, colouring, greedy, substitution
from wengert.sparse.colourings import KINDS, ORDERS
from wengert.sparse.periodic import is_column_colouring


def put_together(c, matrix):
    """The matrix from what its sweeps would give."""
    dense = matrix.toarray()
    m, n = dense.shape
    forward, reverse = np.zeros((c.forward, m)), np.zeros((c.reverse, n))
    for j in range(n) if c.forward else ():
        if c.columns[j] >= 0:
            forward[c.columns[j]] += dense[:, j]
    for i in range(m) if c.reverse else ():
        if c.rows[i] >= 0:
            reverse[c.rows[i]] += dense[i]
    return c.decompress(forward if c.forward else None, reverse if c.reverse else None)


def random_matrices(seed):
    rng = np.random.default_rng(seed)
    m, n = rng.integers(1, 14, 2)
    a = sp.random_array((m, n), density=rng.uniform(0.05, 0.6), rng=rng, format="csr")
    s = sp.random_array((n, n), density=rng.uniform(0.05, 0.4), rng=rng, format="csr")
    return a, sp.csr_array(s + s.T)


@pytest.mark.parametrize("order", [*ORDERS, "auto"])
def test_every_entry_is_found(order):
    for seed in range(40):
        general, symmetric = random_matrices(seed)
        for kind in KINDS:
            a = symmetric if kind in ("star", "acyclic") else general
            got = put_together(colouring(a, kind, order, seed), a)
            np.testing.assert_allclose(got.toarray(), a.toarray(), rtol=1e-9, atol=1e-12, err_msg=f"{kind} {seed}")


def band(n, b):
    return sp.diags_array([np.ones(n - abs(k)) for k in range(-b, b + 1)], offsets=list(range(-b, b + 1))).tocsr()


def five_points(n):
    one, line = sp.eye_array(n), band(n, 1)
    return sp.csr_array(sp.kron(one, line) + sp.kron(line, one))


def mesh(n, seed=0):
    """The edges of a triangulation of random points."""
    from scipy.spatial import Delaunay

    points = np.random.default_rng(seed).random((n, 2))
    t = Delaunay(points).simplices
    rows = t[:, [0, 1, 2, 1, 2, 0]].ravel()
    cols = t[:, [1, 2, 0, 0, 1, 2]].ravel()
    return sp.csr_array(sp.coo_array((np.ones(len(rows)), (rows, cols)), (n, n)) + sp.eye_array(n))


@pytest.mark.parametrize("b", [1, 2, 5])
def test_bands(b):
    n = 200
    assert colouring(band(n, b)).colours == colouring(band(n, b), "row").colours == 2 * b + 1
    assert colouring(band(n, b), "star").colours <= 2 * b + 1
    assert colouring(band(n, b), "acyclic").colours == b + 1


@pytest.mark.parametrize("n", [7, 10, 16])
def test_five_points(n):
    assert colouring(five_points(n)).colours == 5
    assert colouring(five_points(n), "star").colours <= 6

    def f(x):
        u = np.pad(x.reshape(n, n), 1)
        return (u[2:, 1:-1] + u[:-2, 1:-1] + u[1:-1, 2:] + u[1:-1, :-2] - u[1:-1, 1:-1] ** 3).reshape(-1)

    found = colouring(w.sparsity(f, np.ones(n * n)))
    assert found.colours == 5 and is_column_colouring(found.pattern, found.columns)


def test_arrows():
    arrow = np.eye(60)
    arrow[0] = arrow[:, 0] = 1
    assert colouring(arrow, "star").colours == 2 and colouring(arrow, "column").colours == 60
    both = np.eye(60)
    both[0] = both[:, 0] = 1
    found = colouring(both, "auto")
    assert found.kind == "bidirectional" and found.colours <= 3


def test_a_mesh_has_few_colours():
    a = mesh(2000)
    most = int(np.diff(a.indptr).max())
    assert most <= colouring(a).colours <= most + 3
    star, acyclic = colouring(a, "star").colours, colouring(a, "acyclic").colours
    assert acyclic <= star <= colouring(a).colours


def test_loops_do_what_python_does(monkeypatch):
    """The same colourings with the loops run by Python as with their native code."""
    natives = [
        (greedy, n) for n in ("colour_partial", "count_degrees", "order_dynamically", "colour_star", "colour_acyclic")
    ]
    natives += [(substitution, "_peel"), (substitution, "_substitute")]
    cases = [(k, o, s) for k in KINDS for o in ORDERS for s in range(4)]

    def all_of():
        out = []
        for kind, order, seed in cases:
            a = random_matrices(seed)[kind in ("star", "acyclic")]
            c = colouring(a, kind, order, seed)
            out.append((c.columns, c.rows, put_together(c, a).toarray()))
        return out

    native = all_of()
    for module, name in natives:
        monkeypatch.setattr(module, name, getattr(module, name).function)
    for one, other in zip(native, all_of(), strict=True):
        for a, b in zip(one, other, strict=True):
            np.testing.assert_array_equal(a, b)


def test_native_integers():
    from wengert.compile.integers import Native

    def count(n, a, b):
        """How many elements of two are equal, up to one that is negative."""
        total = 0
        for i in range(n - 1, -1, -1):
            if a[i] < 0 or b[i] < 0:
                break
            if a[i] != b[i]:
                continue
            k = 0
            while k < a[i] and total >= 0:
                total += 1
                k += 1
        return total * 2 - 1

    rng = np.random.default_rng(0)
    for _ in range(20):
        a, b = rng.integers(-1, 3, (2, 30))
        assert Native(count)(30, a, b) == count(30, a, b)


def test_structured_bands_are_coloured_without_a_list():
    x = w.ShapeDtypeStruct((3_000_000,), np.float64)
    pattern = w.sparsity(lambda x: x[1:-1] - x[2:] * x[:-2], x)
    found = colouring(pattern)
    assert found.colours == 3 and pattern._csr is None


def test_shown_and_refused():
    p = Pattern(np.eye(6) + np.eye(6, k=1))
    c = colouring(p)
    assert repr(c) == "<column colouring of 6 by 6, 2 colours>"
    assert "\x1b[38;5;" in c.braille()
    with pytest.raises(w.errors.ArgumentError, match="symmetric"):
        colouring(p, "star")
    with pytest.raises(w.errors.ArgumentError, match="order"):
        colouring(p, order="first")
    with pytest.raises(w.errors.ArgumentError, match="kind"):
        colouring(p, "rows")
    assert isinstance(c, Colouring)


def test_pictures():
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    from matplotlib import pyplot

    ax = colouring(Pattern(np.eye(6))).plot()
    assert ax.get_title() == "6 by 6, 6 entries"
    pyplot.close("all")
