"""Sparse matrices of traced entries under SciPy's names: values as SciPy's, derivatives as differences, in all modes."""

import numpy as np
import pytest
import scipy.sparse as sp
import scipy.sparse.linalg as spl
from sparse_matrix_cases import CASES, C, P, b

import wengert as w
from wengert.errors import NotSupportedError, WengertError

pytestmark = pytest.mark.filterwarnings("ignore")


def differences(f, x, h=1e-6):
    return np.array([(f(x + h * e) - f(x - h * e)) / (2 * h) for e in np.eye(x.size)])


@pytest.mark.parametrize("name", CASES)
def test_sparse_matrices_of_traced_entries(name):
    f = CASES[name]
    slope = differences(f, P)
    scale = 1 + np.abs(slope).max()
    np.testing.assert_allclose(w.grad(f)(P), slope, atol=1e-6 * scale)
    np.testing.assert_allclose(w.jacfwd(f)(P), slope, atol=1e-6 * scale)
    value, compiled = w.jit(w.value_and_grad(f))(P)
    np.testing.assert_allclose(value, f(P), rtol=1e-9)
    np.testing.assert_allclose(compiled, slope, atol=1e-6 * scale)
    np.testing.assert_allclose(w.vmap(w.grad(f))(np.stack([P, 1.1 * P]))[0], slope, atol=1e-6 * scale)
    curvature = differences(w.grad(f), P, 1e-5)
    np.testing.assert_allclose(w.hessian(f)(P), curvature, atol=1e-5 * (1 + np.abs(curvature).max()))


@pytest.mark.parametrize("kind", [f"{f}_{k}" for f in "coo csr csc lil dok dia".split() for k in ("matrix", "array")])
def test_objects_are_of_scipys_classes(kind):
    seen = []

    def f(p):
        a = getattr(sp, kind)(sp.diags(p))
        seen.append(a)
        return a.sum()

    np.testing.assert_allclose(w.grad(f)(P), 1.0)
    plain = getattr(sp, kind)(sp.diags(P))
    (a,) = seen
    assert isinstance(a, getattr(sp, kind))
    assert sp.issparse(a)
    assert (a.shape, a.nnz, a.dtype, a.format) == (plain.shape, plain.nnz, plain.dtype, plain.format)
    assert repr(a) == f"<{kind} of traced entries, 4 by 4, 4 stored, float64>"


@pytest.mark.parametrize("name", ["__eq__", "argmax", "tobsr", "maximum", "nanmin"])
def test_what_is_refused_says_what_to_write(name):
    def f(p):
        a = sp.csr_matrix(np.outer(p, p))
        return getattr(a, name)(*[C] * (name in ("__eq__", "maximum")))

    with pytest.raises(NotSupportedError, match="toarray"):
        w.grad(f)(P)


def test_places_have_to_be_plain():
    with pytest.raises(WengertError, match="plain integers"):
        w.jit(lambda p: sp.coo_matrix((p, (p, [0, 1, 2, 3])), shape=(4, 4)).sum())(P)
    with pytest.raises(ValueError, match="outside"):
        w.grad(lambda p: sp.coo_matrix((p, ([0, 1, 2, 9], [0, 1, 2, 3])), shape=(4, 4)).sum())(P)


def test_plain_matrices_stay_scipys():
    w.grad(lambda p: (sp.diags(p) @ b).sum())(P)
    a = sp.csr_matrix(C)
    assert type(a) is sp.csr_matrix
    assert type(2.0 * a) is sp.csr_matrix
    assert type(a.data) is np.ndarray
    lil = sp.lil_matrix((2, 2))
    lil[0, 0] = 1.0
    assert type(lil) is sp.lil_matrix


def test_large_patterns_stay_sparse():
    n = 20_000

    def f(t):
        a = sp.diags([-t, 2.0 + t, -t], [-1, 0, 1], shape=(n, n), format="csc")
        return spl.spsolve(a, np.ones(n))[n // 2]

    slope = w.grad(f)(1.0)
    assert abs(slope - (f(1 + 1e-6) - f(1 - 1e-6)) / 2e-6) < 1e-6
