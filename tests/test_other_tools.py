"""Other people's tools with ours: what they give us, what we give them, and what they call.

Each is looked at from the side of a user of both. Oracles: the same computation on plain arrays, closed forms.
"""

import copy
import dataclasses
import multiprocessing
import pickle
import types

import numpy as np
import pytest
import scipy.integrate
import scipy.optimize
import scipy.sparse
import scipy.sparse.linalg

import wengert as w
import wengert.numpy as wnp
from wengert import random
from wengert.errors import ConcretizationError, DtypeError

X = np.array([0.5, 1.5, 2.0])


def square_sum(x):
    return np.sum(x**2)


def rosenbrock(x):
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


# --- pandas ------------------------------------------------------------------------------------------------------


@pytest.fixture
def pd():
    return pytest.importorskip("pandas")


def test_series_and_frames_as_arguments(pd):
    s, df = pd.Series(X, index=list("abc")), pd.DataFrame({"p": X, "q": 2 * X})
    for g in (w.grad(square_sum), w.jit(w.grad(square_sum)), w.grad(lambda v: (v**2).sum())):
        assert type(g(s)) is np.ndarray
        np.testing.assert_allclose(g(s), 2 * X)
        np.testing.assert_allclose(g(df), 2 * df.to_numpy())
    np.testing.assert_allclose(w.vmap(lambda r: r.sum())(df), 3 * X)
    np.testing.assert_allclose(w.jvp(np.square, (s,), (s,))[1], 2 * X**2)
    np.testing.assert_allclose(w.vjp(np.square, X)[1](s)[0], 2 * X**2)
    np.testing.assert_allclose(w.hvp(square_sum, (s,), (s,)), 2 * X)
    np.testing.assert_allclose(w.grad(lambda d: np.sum(d["x"] * d["y"]))({"x": s, "y": s})["x"], X)
    np.testing.assert_allclose(w.grad(square_sum)(pd.Series([1.0, 2.0], dtype="Float64")), [2.0, 4.0])
    assert w.grad(lambda a: a**2)(s["b"]) == 3.0
    pd.testing.assert_series_equal(pd.Series(w.grad(square_sum)(s), s.index), 2 * s)
    np.testing.assert_allclose(wnp.mean(df, axis=0), df.mean(axis=0))


def test_series_and_frames_that_are_closed_over(pd):
    """On either side of an operator; what comes out is an array."""
    s, df = pd.Series(X, index=list("abc")), pd.DataFrame({"p": X, "q": 2 * X})
    for f in (
        lambda v: np.sum(s * v),
        lambda v: np.sum(v * s),
        lambda v: np.sum((s - v) ** 2),
        lambda v: np.sum(df["p"] * v + df["q"].to_numpy() / v),
        lambda v: np.sum(df * v[:, None]),
        lambda v: np.sum((v @ df) ** 2),
        lambda v: np.sum(np.where(s > 1, v, 0.0)),
        lambda v: np.sum(np.exp(s) * v),
        lambda v: s.apply(lambda u: u * v[0]).sum(),
    ):
        steps = [(f(X + 1e-6 * e) - f(X - 1e-6 * e)) / 2e-6 for e in np.eye(3)]
        np.testing.assert_allclose(w.grad(f)(X), steps, rtol=1e-7, atol=1e-8)
        np.testing.assert_allclose(w.jit(f)(X), f(X), rtol=1e-13)


def test_what_pandas_cannot_hold(pd):
    df = pd.DataFrame({"p": X, "q": X})
    for f in (lambda v: pd.Series(v).sum(), lambda v: pd.DataFrame({"a": v}).sum().sum(), lambda v: (df @ v[:2]).sum()):
        with pytest.raises(ConcretizationError, match=r"pandas asked for the values.*to_numpy[^!]*test_other_tools"):
            w.grad(f)(X)
    with pytest.raises(DtypeError, match="int64.*astype"):
        w.grad(square_sum)(pd.Series([1, 2]))
    with pytest.raises(DtypeError, match="expected numbers"):
        w.grad(square_sum)(pd.Series(["a", "b"]))
    with pytest.raises(DtypeError, match="datetime64"):
        w.jit(lambda v: v)(pd.Series(pd.date_range("2020", periods=2)))


# --- xarray ------------------------------------------------------------------------------------------------------


def test_xarray():
    xr = pytest.importorskip("xarray")
    da = xr.DataArray(X, dims="i", coords={"i": [1, 2, 3]})
    np.testing.assert_allclose(w.grad(square_sum)(da), 2 * X)
    np.testing.assert_allclose(w.jit(lambda v: v * 2)(da), 2 * X)
    for f in (
        lambda v: np.sum(v * da),
        lambda v: np.sum(da * v),  # an array of xarray's that holds a traced one
        lambda v: (xr.DataArray(v, dims="i") * da).mean("i"),
        lambda v: (xr.DataArray(v, dims="i") * da).mean("i").data,
        lambda v: (xr.DataArray(v, dims="i", coords={"i": [1, 2, 3]}).sel(i=2) ** 2).data,
        lambda v: np.sin(xr.DataArray(v, dims="i")).sum(),
        lambda v: wnp.sum(xr.DataArray(v, dims="i") ** 2),
    ):
        steps = [(float(f(X + 1e-6 * e)) - float(f(X - 1e-6 * e))) / 2e-6 for e in np.eye(3)]
        for g in (w.grad(f), w.jacfwd(f), w.jit(w.grad(f)), w.jacrev(f), lambda x: w.vjp(f, x)[1](1.0)[0]):  # noqa: B023
            np.testing.assert_allclose(g(X), steps, rtol=1e-7, atol=1e-9)
        np.testing.assert_allclose(w.vmap(f)(np.stack([X, X])), [f(X), f(X)])
    g = xr.apply_ufunc(w.grad(square_sum), da, input_core_dims=[["i"]], output_core_dims=[["i"]])
    xr.testing.assert_allclose(g, 2 * da)
    xr.testing.assert_allclose(xr.apply_ufunc(w.grad(lambda v: v**3), da, vectorize=True), 3 * da**2)


# --- memory of others --------------------------------------------------------------------------------------------


class Exporter:
    """An array of another library that has nothing but DLPack."""

    def __init__(self, a):
        self.a = a

    def __dlpack__(self, **options):
        return self.a.__dlpack__(**options)

    def __dlpack_device__(self):
        return self.a.__dlpack_device__()


def test_dlpack():
    np.testing.assert_allclose(w.grad(square_sum)(Exporter(X)), 2 * X)
    np.testing.assert_allclose(w.jit(np.square)(Exporter(X)), X**2)
    np.testing.assert_array_equal(wnp.asarray(Exporter(X)), X)
    np.testing.assert_array_equal(np.from_dlpack(w.grad(square_sum)(X)), 2 * X)
    np.testing.assert_array_equal(np.from_dlpack(w.jit(np.square)(X)), X**2)
    memory = memoryview(w.grad(square_sum)(X))
    assert memory.format == "d" and memory.tolist() == [1.0, 3.0, 4.0]


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
def test_arrays_with_other_rules():
    np.testing.assert_allclose(w.grad(square_sum)(X.view(np.recarray)), 2 * X)
    masked = np.ma.array(X, mask=[False, True, False])
    for f in (lambda v: np.sum(v * masked), lambda v: np.sum(masked * v)):
        with pytest.raises(DtypeError, match=r"masked arrays.*filled"):
            w.grad(f)(X)
    with pytest.raises(DtypeError, match=r"masked arrays.*where"):
        w.grad(square_sum)(masked)
    with pytest.raises(DtypeError, match=r"np.matrix.*asarray.*@"):
        w.grad(lambda v: np.sum(v * np.asmatrix(np.eye(3))))(X)


# --- sparse matrices ---------------------------------------------------------------------------------------------

DENSE = np.array([[1.0, 0.0, 2.0], [0.0, 0.0, 3.0]])
KINDS = ["csr_array", "csc_array", "coo_array", "csr_matrix", "dia_array"]


@pytest.mark.parametrize("kind", KINDS)
def test_products_with_sparse_matrices(kind):
    a = getattr(scipy.sparse, kind)(DENSE)
    for f, g in (
        (lambda v: np.sum((a @ v) ** 2), lambda v: np.sum((DENSE @ v) ** 2)),
        (lambda v: np.sum(np.sin(v[:2] @ a)), lambda v: np.sum(np.sin(v[:2] @ DENSE))),
        (lambda v: np.sum((a.T.T @ v)[0] * v), lambda v: np.sum((DENSE @ v)[0] * v)),
        (lambda v: np.sum(np.exp(a.T @ (a @ v))), lambda v: np.sum(np.exp(DENSE.T @ (DENSE @ v)))),
        (lambda v: np.sum((a @ np.outer(v, v)) ** 2), lambda v: np.sum((DENSE @ np.outer(v, v)) ** 2)),
    ):
        for transform in (w.grad, w.hessian, w.jacfwd, lambda f: w.jit(w.grad(f)), w.jit):
            np.testing.assert_allclose(transform(f)(X), transform(g)(X), rtol=1e-12, atol=1e-14)
        many = np.stack([X, -X])
        np.testing.assert_allclose(w.vmap(w.grad(f))(many), w.vmap(w.grad(g))(many), rtol=1e-12)


def test_compiled_products_know_their_matrix():
    x = np.arange(3.0)
    for factor in (1.0, 2.0, 1.0):
        a = scipy.sparse.csr_array(DENSE * factor)
        f = w.jit(lambda v: np.sin(a @ v * 1.5))  # noqa: B023
        np.testing.assert_allclose(f(x), np.sin(DENSE * factor @ x * 1.5), rtol=1e-13)


def test_sparse_matrices_of_other_dtypes():
    a = scipy.sparse.csr_array(DENSE.astype(np.float32))
    assert w.jit(lambda v: a @ v)(X.astype(np.float32)).dtype == np.float32
    assert w.jvp(lambda v: a @ v, (X,), (X,))[1].dtype == np.float64
    c = scipy.sparse.csr_array(DENSE * (1 + 2j))
    f, g = (lambda v: np.sum(np.abs(c @ v) ** 2)), (lambda v: np.sum(np.abs(DENSE * (1 + 2j) @ v) ** 2))
    np.testing.assert_allclose(w.grad(f)(X), w.grad(g)(X), rtol=1e-13)


def test_what_sparse_matrices_cannot_do():
    a = scipy.sparse.csr_array(DENSE)
    with pytest.raises(w.errors.ShapeError, match=r"\(2, 3\).*\(2,\)"):
        w.grad(lambda v: np.sum(a @ v[:2]))(X)
    with pytest.raises(DtypeError, match=r"sparse.*toarray"):
        w.grad(lambda v: wnp.sum(wnp.multiply(v, a)))(X)
    kept = a.copy()

    def changes(v):
        out = a @ v
        a.data[:] = 0
        return np.sum(out)

    np.testing.assert_allclose(w.grad(changes)(X), DENSE.sum(0))
    np.testing.assert_allclose(kept.toarray(), DENSE)


# --- Python functions made into ufuncs ---------------------------------------------------------------------------


def test_vectorize():
    np.testing.assert_allclose(np.vectorize(w.grad(lambda v: v**3))(X), 3 * X**2)
    for f in (
        lambda v: np.vectorize(lambda a, b: a**2 * b)(v, X).sum(),
        lambda v: (np.vectorize(lambda a: np.sin(a))(v) * v).sum(),
        lambda v: np.vectorize(lambda r: (r**2).sum(), signature="(n)->()")(v).sum(),
        lambda v: np.vectorize(lambda r: (r**2).sum(), signature="(n)->()")(np.stack([v, 2 * v])).sum(),
        lambda v: np.sum(np.frompyfunc(lambda a, b: a * b**2, 2, 1)(v, X)),
        lambda v: np.sum(np.frompyfunc(lambda a: (a, a**2), 1, 2)(v)[1]),
        lambda v: np.apply_along_axis(lambda u: u**2, 0, v).sum(),
    ):
        steps = [(f(X + 1e-6 * e) - f(X - 1e-6 * e)) / 2e-6 for e in np.eye(3)]
        np.testing.assert_allclose(w.grad(f)(X), steps, rtol=1e-7)
        np.testing.assert_allclose(w.jit(f)(X), f(X), rtol=1e-13)


# --- classes as trees --------------------------------------------------------------------------------------------


@dataclasses.dataclass
class Model:
    weights: np.ndarray
    bias: float


@dataclasses.dataclass(frozen=True)
class Fixed:
    a: np.ndarray
    power: int = dataclasses.field(default=3, metadata={"static": True})


class Unknown:
    def __init__(self):
        self.a = 1.0


def test_classes():
    g = w.grad(lambda m: np.sum(m.weights**2) + m.bias**2)(Model(X, 3.0))
    assert type(g) is Model and g.bias == 6.0
    np.testing.assert_allclose(g.weights, 2 * X)
    out = w.jit(lambda v: Model(v, v[0]))(X)
    assert type(out) is Model and out.bias == 0.5
    np.testing.assert_allclose(w.grad(lambda m: np.sum(m.a**m.power))(Fixed(X)).a, 3 * X**2)
    for thing in (Unknown(), types.SimpleNamespace(a=1.0)):
        with pytest.raises(DtypeError, match="expected an array.*dataclass.*register_pytree_node"):
            w.grad(lambda m: m.a**2)(thing)


# --- pickle ------------------------------------------------------------------------------------------------------


@w.jit
def decorated(x):
    return np.sum(x**3)


@w.custom_jvp
def doubled(x):
    return 2 * x


doubled.defjvp(lambda primals, tangents: (doubled(*primals), 5 * tangents[0]))


def again(x):
    return pickle.loads(pickle.dumps(x))


@pytest.mark.parametrize("copied", [again, copy.deepcopy])
def test_copies_of_functions(copied):
    for f in (
        w.grad(square_sum), w.value_and_grad(square_sum), w.jit(square_sum), w.jit(w.grad(square_sum)), w.vmap(np.sin),
        w.jacfwd(np.sin), w.hessian(square_sum), w.checkpoint(square_sum), decorated, w.grad(decorated), w.grad(doubled),
    ):  # fmt: skip
        x = 1.5 if f.__wrapped__ is doubled else X
        g = copied(f)
        for a, b in zip(w.trees.leaves(g(x)), w.trees.leaves(f(x)), strict=True):
            np.testing.assert_array_equal(a, b)
    assert copied(decorated) is decorated and copied(doubled) is doubled
    assert copied(w.grad(doubled))(1.0) == 5.0


@pytest.mark.parametrize("copied", [again, copy.deepcopy])
def test_copies_of_other_objects(copied):
    program = w.make_program(lambda x: np.sum(np.sin(x) * 2.0))(X)
    assert str(copied(program)) == str(program)
    np.testing.assert_allclose(copied(program).evaluate([X])[0], 2 * np.sin(X).sum())
    key = random.key(3)
    np.testing.assert_array_equal(random.normal(copied(key), (2,)), random.normal(key, (2,)))
    shape = w.ShapeDtypeStruct((2, 3), "float32")
    assert copied(shape) == shape
    tree = w.tree.structure({"a": 1, "b": (2, None)})
    assert copied(tree) == tree
    with pytest.raises(w.errors.NonScalarOutputError) as info:
        w.grad(lambda x: x)(X)
    error = copied(info.value)
    assert type(error) is type(info.value) and error.message.startswith("grad needs a function")


def test_pullbacks_are_not_pickled():
    _, pull = w.vjp(np.sin, X)
    _, push = w.linearize(np.sin, X)
    for linear, name in ((pull, "pullback"), (push, "pushforward")):
        with pytest.raises(TypeError, match=f"{name} cannot be pickled.*pickle sin and the point"):
            pickle.dumps(linear)
        assert copy.deepcopy(linear) is linear


def evaluated(program, x):
    return program.evaluate([x])[0]


def test_another_process():
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        results = pool.map(w.grad(decorated), [X, 2 * X])
        value = pool.apply(evaluated, (w.make_program(wnp.sin)(1.0), 0.5))
    np.testing.assert_allclose(results, [3 * X**2, 12 * X**2])
    assert value == np.sin(0.5)


# --- SciPy's solvers with our derivatives -------------------------------------------------------------------------

START = np.array([1.3, 0.7, 0.8])
GRADIENT, HESSIAN = w.grad(rosenbrock), w.hessian(rosenbrock)
PRODUCT = {"hessp": lambda x, p: w.hvp(rosenbrock, (x,), (p,))}
METHODS = [
    *[(m, {"jac": GRADIENT}) for m in ("BFGS", "L-BFGS-B", "CG", "TNC", "SLSQP")],
    *[
        (m, {"jac": w.jit(GRADIENT), "hess": HESSIAN})
        for m in ("Newton-CG", "trust-ncg", "trust-exact", "trust-constr")
    ],
    *[(m, {"jac": GRADIENT, **PRODUCT}) for m in ("Newton-CG", "trust-krylov", "trust-constr")],
]


@pytest.mark.parametrize("method, options", METHODS, ids=lambda v: v if isinstance(v, str) else "-".join(v))
def test_minimize(method, options):
    found = scipy.optimize.minimize(rosenbrock, START, method=method, **options)
    np.testing.assert_allclose(found.x, 1.0, atol=2e-3)
    if method in ("BFGS", "L-BFGS-B"):
        both = w.jit(w.value_and_grad(rosenbrock))
        np.testing.assert_allclose(scipy.optimize.minimize(both, START, jac=True, method=method).x, 1.0, atol=1e-3)


def test_constraints():
    circle = lambda x: np.sum(x**2)  # noqa: E731
    within = scipy.optimize.NonlinearConstraint(
        circle, 0, 2, jac=w.grad(circle), hess=lambda x, v: v[0] * w.hessian(circle)(x)
    )
    found = scipy.optimize.minimize(
        rosenbrock, START, jac=GRADIENT, hess=HESSIAN, method="trust-constr", constraints=within
    )
    equal = {"type": "eq", "fun": lambda x: circle(x) - 2, "jac": w.grad(circle)}
    other = scipy.optimize.minimize(rosenbrock, START, jac=GRADIENT, method="SLSQP", constraints=equal)
    np.testing.assert_allclose(found.x, other.x, atol=1e-3)


def test_least_squares_and_roots():
    t, data = np.arange(4.0), 2.0 * np.exp(-0.5 * np.arange(4.0))
    residuals = lambda p: p[0] * np.exp(-p[1] * t) - data  # noqa: E731
    for method, jac in (
        ("trf", w.jacfwd(residuals)),
        ("lm", w.jit(w.jacrev(residuals))),
        ("dogbox", w.jacrev(residuals)),
    ):
        found = scipy.optimize.least_squares(residuals, [1.0, 1.0], jac=jac, method=method)
        np.testing.assert_allclose(found.x, [2.0, 0.5], rtol=1e-6)
    curve = lambda t, a, b: a * np.exp(-b * t)  # noqa: E731
    jac = lambda t, a, b: np.stack(w.jacfwd(lambda a, b: curve(t, a, b), (0, 1))(a, b), 1)  # noqa: E731
    np.testing.assert_allclose(
        scipy.optimize.curve_fit(curve, t, data, p0=[1.0, 1.0], jac=jac)[0], [2.0, 0.5], rtol=1e-6
    )
    system = lambda z: np.stack([z[0] ** 2 + z[1] - 3, z[0] - z[1] ** 2 + 1])  # noqa: E731
    for method in ("hybr", "lm"):
        root = scipy.optimize.root(system, [1.0, 1.0], jac=w.jacfwd(system), method=method).x
        np.testing.assert_allclose(system(root), 0.0, atol=1e-10)
    cubic = lambda z: z**3 - 2  # noqa: E731
    slope, curvature = w.grad(cubic), w.grad(w.grad(cubic))
    np.testing.assert_allclose(scipy.optimize.newton(cubic, 1.0, fprime=slope, fprime2=curvature), np.cbrt(2))
    np.testing.assert_allclose(scipy.optimize.newton(cubic, np.ones(2), fprime=w.vmap(slope)), np.cbrt(2))
    np.testing.assert_allclose(scipy.optimize.root_scalar(cubic, x0=1.0, fprime=w.jit(slope)).root, np.cbrt(2))
    assert scipy.optimize.check_grad(rosenbrock, GRADIENT, START) < 1e-4


@pytest.mark.parametrize("method", ["Radau", "BDF", "LSODA"])
def test_stiff_equations(method):
    stiffness = 10.0

    def oscillator(t, y):
        return np.stack([y[1], stiffness * (1 - y[0] ** 2) * y[1] - y[0]])

    for f, jac in ((oscillator, w.jacfwd(oscillator, 1)), (w.jit(oscillator), w.jit(w.jacrev(oscillator, 1)))):
        found = scipy.integrate.solve_ivp(f, (0, 2), [2.0, 0.0], jac=jac, method=method, rtol=1e-8, atol=1e-10)
        assert found.success
        np.testing.assert_allclose(found.y[:, -1], [1.8610687, -0.0753216], rtol=1e-5)


def test_integrals_and_operators():
    np.testing.assert_allclose(scipy.integrate.quad(w.grad(np.sin), 0, 1)[0], np.sin(1.0))
    f = lambda z: np.sum(z**2) + z[0] * z[1]  # noqa: E731
    operator = scipy.sparse.linalg.LinearOperator((3, 3), matvec=lambda v: w.hvp(f, (X,), (v,)), dtype=float)
    solution, status = scipy.sparse.linalg.cg(operator, X)
    assert status == 0
    np.testing.assert_allclose(solution, np.linalg.solve(w.hessian(f)(X), X), rtol=1e-5)


# --- matplotlib --------------------------------------------------------------------------------------------------


def test_plots():
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    t = np.linspace(0, 1, 20)
    figure, axes = plt.subplots()
    (line,) = axes.plot(t, w.vmap(w.grad(np.sin))(t))
    np.testing.assert_allclose(line.get_ydata(), np.cos(t))
    axes.plot(*w.jvp(np.sin, (t,), (np.ones(20),)))
    axes.scatter(w.jit(np.sin)(t), t, c=w.grad(square_sum)(t))
    axes.imshow(w.hessian(square_sum)(t))
    axes.axhline(w.grad(lambda v: v**2)(1.0))
    axes.bar(["a", "b", "c"], w.grad(square_sum)(X))
    axes.set_title(f"{w.grad(square_sum)(X)} {float(w.jit(square_sum)(X)):.3f}")
    figure.canvas.draw()
    plt.close(figure)


# --- einops -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["grad", "jit", "vmap", "hessian"])
def test_einops(way):
    """Its functions for arrays of the array API standard."""
    einops = pytest.importorskip("einops.array_api")

    def f(x):
        rows = einops.rearrange(wnp.sin(x), "a b c -> (a c) b")
        return wnp.sum(rows[0] ** 2) + wnp.sum(einops.reduce(x, "a b c -> a", "mean") ** 2)

    def plain(x):
        return wnp.sum(wnp.sin(x[0, :, 0]) ** 2) + wnp.sum(wnp.mean(x, axis=(1, 2)) ** 2)

    x = np.random.default_rng(0).normal(size=(2, 3, 4))
    of = {"grad": w.grad, "jit": lambda f: w.jit(w.grad(f)), "vmap": lambda f: lambda x: w.vmap(w.grad(f))(x[None]),
          "hessian": w.hessian}[way]  # fmt: skip
    np.testing.assert_allclose(of(f)(x), of(plain)(x), rtol=1e-12, atol=1e-14)
