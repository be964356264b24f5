"""Sparse Jacobians and Hessians against dense ones, and in SciPy's solvers."""

import numpy as np
import pytest
import scipy.sparse as sp
from sparse_programs import program

import wengert as w
import wengert.numpy as wnp
from wengert import lax
from wengert.sparse import Pattern, colouring

X = np.random.default_rng(3).uniform(0.5, 1.5, 12)


def chain(x):
    return np.concatenate([x[:1] ** 2, x[2:] - 2 * x[1:-1] * x[:-2] + np.sin(x[1:-1]), x[-1:]])


def rosenbrock(x):
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def arrow(x):
    return wnp.concatenate([wnp.sum(x**2)[None], x[1:] * x[0]])


@pytest.mark.parametrize("output", ["csr", "csc", "coo", "dense"])
@pytest.mark.parametrize("f", [chain, arrow])
def test_formats(f, output):
    got = w.jacobian(f, sparse=True, output=output)(X)
    if output != "dense":
        assert sp.issparse(got) and got.format == output
        got = got.toarray()
    np.testing.assert_allclose(got, w.jacfwd(f)(X), rtol=1e-13)


@pytest.mark.parametrize("how", ["column", "row", "bidirectional", "smallest_last", "auto"])
def test_kinds_of_colourings(how):
    for f in (chain, arrow):
        got = w.jacobian(f, sparse=True, colouring=how)(X)
        np.testing.assert_allclose(got.toarray(), w.jacfwd(f)(X), rtol=1e-13)


@pytest.mark.parametrize("how", ["star", "acyclic", "column", "incidence_degree", "auto"])
def test_hessians(how):
    for f in (rosenbrock, lambda x: wnp.sum(x[0] * x**2) + wnp.sum(wnp.sin(x[::3]) * x[::3])):
        got = w.hessian(f, sparse=True, colouring=how)(X)
        np.testing.assert_allclose(got.toarray(), w.hessian(f)(X), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("chunk", [{"chunk": 1}, {"chunk": 2}, {"memory": 1000}, {"memory": 10**9}])
def test_sweeps_in_pieces(chunk):
    np.testing.assert_allclose(w.jacobian(chain, sparse=True, **chunk)(X).toarray(), w.jacfwd(chain)(X), rtol=1e-13)


def test_memory_bounds_the_sweeps():
    f = w.jacobian(lambda x: wnp.sin(x) * wnp.roll(x, 1) + wnp.roll(x, 2), sparse=True, memory=4 * 8 * 24)
    assert f.prepared(X).chunk == 2


def test_values_and_extra_results():
    def f(x, a):
        return chain(x) * a, {"sum": np.sum(x)}

    (value, aux), J = w.value_and_jacobian(f, has_aux=True, sparse=True)(X, 2.0)
    np.testing.assert_allclose(value, 2 * chain(X))
    np.testing.assert_allclose(aux["sum"], X.sum())
    np.testing.assert_allclose(J.toarray(), 2 * w.jacfwd(chain)(X))
    J, aux = w.jacobian(f, has_aux=True, sparse=True)(X, 2.0)
    assert set(aux) == {"sum"} and J.nnz == 3 * 10 + 2
    value, H = w.value_and_hessian(rosenbrock, sparse=True)(X)
    np.testing.assert_allclose(value, rosenbrock(X))
    np.testing.assert_allclose(H.toarray(), w.hessian(rosenbrock)(X), atol=1e-9)
    H, aux = w.hessian(lambda x: (rosenbrock(x), x[0]), has_aux=True, sparse=True)(X)
    assert aux == X[0] and H.shape == (12, 12)
    (value, aux), H = w.value_and_hessian(lambda x: (rosenbrock(x), x[0]), has_aux=True)(X)
    assert aux == X[0] and H.shape == (12, 12) and value == rosenbrock(X)
    value, J = w.value_and_jacobian(chain)(X)
    np.testing.assert_allclose(J, w.jacfwd(chain)(X))


def test_trees_and_argnums():
    def f(a, b):
        return {"u": a["x"] * b[:3], "v": a["y"] ** 2}

    a, b = {"x": np.ones((3,)), "y": np.full((2, 2), 3.0)}, np.arange(4.0)
    got, expected = w.jacobian(f, (0, 1), sparse=True)(a, b), w.jacfwd(f, (0, 1))(a, b)
    for k in ("u", "v"):
        for i, names in enumerate((("x", "y"), (None,))):
            for name in names:
                block = got[k][i] if name is None else got[k][i][name]
                dense = expected[k][i] if name is None else expected[k][i][name]
                assert sp.issparse(block)
                np.testing.assert_allclose(block.toarray(), np.asarray(dense).reshape(block.shape))
    dense = w.jacobian(f, (0, 1), sparse=True, output="dense")(a, b)
    np.testing.assert_allclose(dense["v"][0]["y"], expected["v"][0]["y"])
    assert dense["v"][0]["y"].shape == (2, 2, 2, 2)


def test_random_programs():
    for seed in range(36):
        f, x, _ = program(seed)
        expected = np.asarray(w.jacfwd(f)(x))
        got = w.jacobian(f, sparse=True)(x).toarray()
        np.testing.assert_allclose(
            got, expected.reshape(got.shape), rtol=1e-10, atol=1e-12, err_msg=f"{seed} {f.__name__}"
        )


@pytest.mark.parametrize("how", ["star", "acyclic"])
def test_random_hessians(how):
    for seed in range(10):
        f, x, _ = program(seed, most=30)

        def g(v, f=f):
            return wnp.sum(wnp.sin(f(v)))

        expected = np.asarray(w.hessian(g)(x)).reshape(x.size, x.size)
        got = w.hessian(g, sparse=True, colouring=how)(x).toarray()
        np.testing.assert_allclose(got, expected, rtol=1e-8, atol=1e-8, err_msg=f"{seed} {f.__name__}")


def test_another_way_through_python():
    def f(x):
        return x**2 if x[0] > 0 else x[::-1] * x

    J = w.jacobian(f, sparse=True)
    for x in (X, -X, X, -X):
        np.testing.assert_allclose(J(x).toarray(), w.jacfwd(f)(x))
    ready = w.jacobian(f, sparse=True).prepare(X)
    np.testing.assert_allclose(ready(2 * X).toarray(), w.jacfwd(f)(2 * X))
    with pytest.raises(w.errors.SparsityError, match="another way"):
        ready(-X)
    with pytest.raises(w.errors.SparsityError, match="other shapes"):
        ready(X[:4])


def test_patterns_that_are_given():
    p = w.sparsity(chain, X)
    np.testing.assert_allclose(w.jacobian(chain, sparse=True, pattern=p)(X).toarray(), w.jacfwd(chain)(X))
    mine = sp.diags_array([np.ones(11), np.ones(12), np.ones(11)], offsets=[-1, 0, 1])
    got = w.jacobian(chain, sparse=True, pattern=mine)(X)
    assert got.nnz == 34
    np.testing.assert_allclose(got.toarray(), w.jacfwd(chain)(X))
    by = colouring(Pattern(mine), "row")
    np.testing.assert_allclose(w.jacobian(chain, sparse=True, colouring=by)(X).toarray(), w.jacfwd(chain)(X))
    with pytest.raises(w.errors.ShapeError, match="12, 12"):
        w.jacobian(chain, sparse=True, pattern=np.eye(3))(X)


def test_inside_of_other_transformations():
    J = w.jacobian(chain, sparse=True, output="data")
    pattern = w.sparsity(chain, X)

    def dense(x):
        return w.jacfwd(chain)(x)[pattern.rows, pattern.cols]

    np.testing.assert_allclose(w.jit(J)(X), dense(X))
    np.testing.assert_allclose(w.jacfwd(J)(X), w.jacfwd(dense)(X), atol=1e-12)
    np.testing.assert_allclose(w.vmap(J)(np.stack([X, 2 * X])), np.stack([dense(X), dense(2 * X)]))
    np.testing.assert_allclose(w.jit(w.jacobian(chain, sparse=True, output="dense"))(X), w.jacfwd(chain)(X))
    with pytest.raises(w.errors.ArgumentError, match="output='data'"):
        w.jit(lambda x: w.jacobian(chain, sparse=True)(x).data)(X)


def test_dtypes():
    x = X.astype(np.float32)
    J = w.jacobian(chain, sparse=True)(x)
    assert J.dtype == np.float32
    z = X + 1j
    np.testing.assert_allclose(
        w.jacobian(lambda z: z[1:] * z[:-1], holomorphic=True, sparse=True)(z).toarray(),
        w.jacfwd(lambda z: z[1:] * z[:-1], holomorphic=True)(z),
    )
    waves = w.jacobian(lambda x: x * 1j + wnp.roll(x, 1), sparse=True)(X)
    np.testing.assert_allclose(waves.toarray(), w.jacfwd(lambda x: x * 1j + wnp.roll(x, 1))(X))


def test_errors():
    with pytest.raises(w.errors.DtypeError, match="int64"):
        w.jacobian(chain, sparse=True)(np.arange(5))
    with pytest.raises(w.errors.NonScalarOutputError, match="one number"):
        w.hessian(chain, sparse=True)(X)
    with pytest.raises(w.errors.ArgumentError, match="output"):
        w.jacobian(chain, sparse=True, output="csx")
    with pytest.raises(w.errors.ArgumentError, match="colouring"):
        w.hessian(rosenbrock, sparse=True, colouring="row")
    with pytest.raises(w.errors.ArgumentError, match="chunk"):
        w.jacobian(chain, sparse=True, chunk=0)
    with pytest.raises(w.errors.ArgumentError, match="sparse=True"):
        w.jacobian(chain, colouring="row")
    with pytest.raises(w.errors.DtypeError, match="holomorphic"):
        w.jacobian(chain, sparse=True)(X + 0j)


# --- SciPy -----------------------------------------------------------------------------------------------------------


def test_stiff_equations():
    from scipy.integrate import solve_ivp

    n = 40

    def heat(t, u):
        left, right = np.concatenate([u[:1], u[:-1]]), np.concatenate([u[1:], u[-1:]])
        return 1000 * (left - 2 * u + right) + u * (1 - u)

    u0 = np.random.default_rng(0).random(n)
    jac = w.jacobian(heat, 1, sparse=True, output="csc")
    ours = solve_ivp(heat, (0, 1), u0, method="BDF", jac=jac, rtol=1e-6)
    reference = solve_ivp(heat, (0, 1), u0, method="BDF", rtol=1e-6)
    assert ours.success
    np.testing.assert_allclose(ours.y[:, -1], reference.y[:, -1], rtol=1e-4)


def test_least_squares():
    from scipy.optimize import least_squares

    def residuals(x):
        return np.concatenate([10 * (x[1:] - x[:-1] ** 2), 1 - x[:-1]])

    found = least_squares(
        residuals, np.zeros(30), jac=w.jacobian(residuals, sparse=True), method="trf", tr_solver="lsmr"
    )
    np.testing.assert_allclose(found.x, 1, atol=1e-5)


def test_trust_constr():
    from scipy.optimize import NonlinearConstraint, minimize

    def inside(x):
        return x[1:] * x[:-1] - 0.5

    def lagrangian(x, v):
        return np.sum(v * inside(x))

    constraint = NonlinearConstraint(
        inside, 0, np.inf, jac=w.jacobian(inside, sparse=True), hess=w.hessian(lagrangian, sparse=True)
    )
    found = minimize(
        rosenbrock, np.full(10, 1.5), jac=w.grad(rosenbrock), hess=w.hessian(rosenbrock, sparse=True),
        constraints=[constraint], method="trust-constr",
    )  # fmt: skip
    np.testing.assert_allclose(found.x, 1, atol=1e-4)


def test_newton():
    from scipy.sparse.linalg import spsolve

    both = w.value_and_jacobian(lambda x: x**3 + np.concatenate([x[1:], x[:1]]) - 1, sparse=True, output="csc")
    x = np.ones(1000)
    for _ in range(12):
        value, J = both(x)
        x = x - spsolve(J, value)
    assert np.abs(both(x)[0]).max() < 1e-12


def test_a_large_one_is_quick_to_prepare():
    import time

    x = np.ones(100_000)
    J = w.jacobian(chain, sparse=True)
    J(np.ones(8))
    start = time.perf_counter()
    got = J(x)
    assert time.perf_counter() - start < 10 and got.nnz == 3 * (len(x) - 2) + 2


def test_a_scan():
    def f(x):
        return lax.scan(lambda c, v: (v, v * c), x[0], x)[1]

    np.testing.assert_allclose(w.jacobian(f, sparse=True)(X).toarray(), w.jacfwd(f)(X))


@pytest.mark.parametrize("given", ["csc", "xyz", np.eye(3), sp.eye_array(3), None, 1], ids=repr)
@pytest.mark.parametrize("make", ["jacobian", "hessian", "value_and_jacobian", "value_and_hessian"])
def test_sparse_is_true_or_false(make, given):
    with pytest.raises(w.errors.ArgumentError, match="sparse is True or False"):
        getattr(w, make)(np.sin, sparse=given)
