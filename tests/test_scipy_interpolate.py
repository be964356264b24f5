"""wengert.scipy.interpolate: values against SciPy, derivatives against differences, batches against loops."""

import itertools

import numpy as np
import pytest
import scipy.interpolate as theirs

import wengert as w
import wengert.numpy as wnp
from wengert.errors import ArgumentError, ConcretizationError, NotSupportedError, ShapeError
from wengert.scipy import interpolate as ours
from wengert.testing import check_grads

RNG = np.random.default_rng(5)
LAYOUTS = [(lambda n: (n,), 0), (lambda n: (2, n, 3), 1), (lambda n: (2, n), -1)]


def knots(n, seed=0):
    return np.cumsum(np.random.default_rng(seed).uniform(0.5, 1.5, n))


def close(got, expected, tolerance=1e-10):
    np.testing.assert_allclose(got, expected, rtol=tolerance, atol=tolerance)


def same_function(a, b, x):
    """Values inside and outside, derivatives, antiderivatives and integrals of two piecewise polynomials."""
    v = np.linspace(x[0] - 2, x[-1] + 2, 22).reshape(2, 11)
    for nu in range(5):
        close(a(v, nu), b(v, nu))
    for extrapolate in (True, False, "periodic"):
        close(a(v, extrapolate=extrapolate), b(v, extrapolate=extrapolate))
        for low, high in ((x[0] + 0.1, x[-1] - 0.1), (x[-1], x[0]), (x[0] - 5, x[0] + 9.3)):
            close(a.integrate(low, high, extrapolate), b.integrate(low, high, extrapolate), 1e-9)
    close(a(np.nan), b(np.nan))
    close(a.derivative(2)(v), b.derivative(2)(v))
    close(a.derivative(4)(v), b.derivative(4)(v))
    close(a.antiderivative(2)(v), b.antiderivative(2)(v), 1e-9)
    close(a.derivative(-1)(v), b.derivative(-1)(v), 1e-9)


ENDS = ["not-a-knot", "clamped", "natural", (1, 0.3), (2, -0.7)]


@pytest.mark.parametrize("bc_type", [*ENDS[:3], *itertools.product(ENDS, ENDS)], ids=str)
def test_cubic_spline(bc_type):
    for n, (shape, axis) in itertools.product((2, 3, 4, 7), LAYOUTS):
        x, y = knots(n), RNG.normal(size=shape(n))
        rest = np.delete(y.shape, axis)
        ends = bc_type if isinstance(bc_type, str) else [e if isinstance(e, str) else (e[0], np.full(rest, e[1])) for e in bc_type]  # fmt: skip
        a, b = ours.CubicSpline(x, y, axis, ends), theirs.CubicSpline(x, y, axis, ends)
        close(a.c, b.c)
        close(a(x[0] - 0.4), b(x[0] - 0.4))


@pytest.mark.parametrize("n", [2, 3, 4, 8])
def test_periodic_spline(n):
    x, y = knots(n), RNG.normal(size=(n, 2))
    y[-1] = y[0]
    a = ours.CubicSpline(x, y, bc_type="periodic")
    assert a.extrapolate == "periodic" and a.antiderivative().extrapolate is False
    same_function(a, theirs.CubicSpline(x, y, bc_type="periodic"), x)
    with pytest.raises(ArgumentError, match="the last value"):
        ours.CubicSpline(x, np.arange(n), bc_type="periodic")


def reflected(space):
    return lambda x, y, axis: space.CubicHermiteSpline(x, y, np.flip(y, axis), axis)


KINDS = {
    "spline": lambda space: space.CubicSpline,
    "pchip": lambda space: space.PchipInterpolator,
    "akima": lambda space: space.Akima1DInterpolator,
    "makima": lambda space: lambda x, y, axis: space.Akima1DInterpolator(x, y, axis, method="makima", extrapolate=True),
    "hermite": reflected,
}


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("n", [2, 3, 6])
def test_cubic_interpolants(name, n):
    kind = KINDS[name]
    x = knots(n)
    for shape, axis in LAYOUTS:
        y = RNG.normal(size=shape(n))
        for values in (y, np.round(y), np.sort(np.round(2 * y), axis)):  # with turns, and chords that are level
            same_function(kind(ours)(x, values, axis), kind(theirs)(x, values, axis), x)


def test_piecewise_polynomials():
    c, x = RNG.normal(size=(3, 4, 2)), knots(5)
    same_function(ours.PPoly(c, x), theirs.PPoly(c, x), x)
    moved = np.moveaxis(c, (0, 1), (1, 2))
    same_function(ours.PPoly(moved, x, False, 1), theirs.PPoly(moved, x, False, 1), x)
    line = ours.PPoly([[1.0, 2.0]], [0.0, 1.0, 2.0])
    assert line.c.dtype == float and np.isnan(line(np.nan)) and line(1.0) == 2 and line(5.0, 1) == 0
    ends = np.array([[0.1, 0.2], [0.3, 0.4]])
    close(line.integrate(ends, 2 - ends), 3 - 3 * ends)
    close(line.integrate(ends, 2 - ends, "periodic"), 3 - 3 * ends)
    with pytest.raises(NotSupportedError, match="Newton"):
        line.roots()
    with pytest.raises(NotSupportedError, match="Newton"):
        line.solve(1.0)
    with pytest.raises(NotSupportedError, match="changes in place"):
        line.extend(c, x)
    with pytest.raises(ShapeError, match="one column for each interval"):
        ours.PPoly(c, x[:-1])
    with pytest.raises(ShapeError, match="an axis of powers"):
        ours.PPoly(x, x)
    with pytest.raises(ArgumentError, match="'periodic'"):
        ours.PPoly(c, x, "other")
    with pytest.raises(ArgumentError, match="antiderivative"):
        line(0.5, -1)


# --- derivatives ----------------------------------------------------------------------------------------------------

X, Y = knots(6), RNG.normal(size=(6, 2))
V = np.array([X[0] - 0.3, X[0] + 0.1, X[3] + 0.2, X[-1] + 0.4])
MAKERS = {
    "not-a-knot": ours.CubicSpline,
    "conditions": lambda x, y: ours.CubicSpline(x, y, 0, ((1, y[0]), (2, y[1] * y[2]))),
    "periodic": lambda x, y: ours.CubicSpline(x, wnp.concatenate([y[:-1], y[:1]]), 0, "periodic"),
    "pchip": ours.PchipInterpolator,
    "akima": lambda x, y: ours.Akima1DInterpolator(x, y, extrapolate=True),
    "makima": lambda x, y: ours.Akima1DInterpolator(x, y, method="makima", extrapolate=True),
    "hermite": lambda x, y: ours.CubicHermiteSpline(x, y, wnp.sin(y)),
    "linear": lambda x, y: ours.interp1d(x, y, axis=0, fill_value="extrapolate"),
    "nearest": lambda x, y: ours.interp1d(x, y, "nearest", 0, fill_value="extrapolate"),
    "previous": lambda x, y: ours.interp1d(x, y, "previous", 0, bounds_error=False, fill_value=(y[0] ** 2, 0.0)),
    "cubic": lambda x, y: ours.interp1d(x, y, "cubic", 0, fill_value="extrapolate"),
}


@pytest.mark.parametrize("name", MAKERS)
def test_derivatives_and_transformations(name):
    make = MAKERS[name]
    f = lambda v, y, x: make(x, y)(v)  # noqa: E731
    check_grads(f, (V, Y, X), atol=1e-5, rtol=1e-5)
    value = f(V, Y, X)
    close(w.jit(f)(V, Y, X), value)
    close(w.vmap(f, (0, None, None))(V, Y, X), value)
    close(w.vmap(f, (None, 0, None))(V, np.stack([Y, Y**2]), X), [value, f(V, Y**2, X)])
    close(w.vmap(f, (None, None, 0))(V, Y, np.stack([X, X**2])), [value, f(V, Y, X**2)])
    loss = lambda v, y, x: wnp.sum(wnp.sin(f(v, y, x)))  # noqa: E731
    for a, b in zip(*[w.tree.leaves(g(V, Y, X)) for g in (w.jit(w.hessian(loss, (0, 1, 2))), w.hessian(loss, (0, 1, 2)))], strict=True):  # fmt: skip
        close(a, b, 1e-8)
    # interpolators are trees: made and evaluated in batches, arguments of compiled functions, differentiated
    many = w.vmap(lambda y: make(X, y))(np.stack([Y, -Y]))
    close(w.vmap(lambda s: s(V))(many), [value, f(V, -Y, X)])
    assert type(many) is type(make(X, Y)) and len(w.tree.leaves(many)) >= 2
    close(w.jit(lambda s, v: s(v))(make(X, Y), V), value)
    close(w.tree.leaves(w.grad(lambda s: wnp.sum(s(V)))(make(X, Y)))[0].shape, w.tree.leaves(make(X, Y))[0].shape)


def test_integrals():
    for extrapolate in (True, "periodic"):
        f = lambda x, y, a, b: ours.CubicSpline(x, y).integrate(a, b, extrapolate)  # noqa: B023, E731
        check_grads(f, (X, Y, X[0] - 0.2, X[-1] + 9.1), atol=1e-5, rtol=1e-5)
    s = ours.CubicSpline(X, Y)
    close(w.jacfwd(lambda b: s.integrate(X[0], b))(2.1), s(2.1))
    close(w.jacrev(s)(2.1), s(2.1, 1))
    close(w.jacrev(w.jacrev(s))(2.1), s.derivative(2)(2.1))


def test_level_chords_do_not_poison_derivatives():
    x, y = np.arange(10.0), np.array([0.0, 0, 0, 1, 1, 1, 0, 0, 5, 5])
    v = np.linspace(0, 9, 31)
    for kind in (ours.PchipInterpolator, ours.Akima1DInterpolator, lambda x, y: ours.Akima1DInterpolator(x, y, method="makima")):  # fmt: skip
        f = lambda *args: wnp.sum(kind(args[1], args[2])(args[0]) ** 2)  # noqa: B023, E731
        for transform in (w.grad, lambda f, a: w.jit(w.grad(f, a)), w.hessian):
            for leaf in w.tree.leaves(transform(f, (0, 1, 2))(v, x, y)):
                assert np.isfinite(leaf).all()


def test_dtypes():
    x = np.arange(5, dtype=np.float32)
    for f, expected in (
        (ours.CubicSpline(x, x**2), 2.25),
        (ours.interp1d(x, x**2, "cubic"), 2.25),
        (ours.RegularGridInterpolator((x,), x**2), 2.5),
    ):
        out = f(1.5)
        assert out.dtype == np.float32
        close(out, np.full(np.shape(out), expected), 1e-6)
        assert w.jit(f)(np.float32(1.5)).dtype == np.float32
        assert f(np.float64(1.5)).dtype == np.float64
    y = x + 1j * x**2
    close(ours.CubicSpline(x, y)(0.3), theirs.CubicSpline(x, y)(0.3), 1e-6)
    close(w.jit(lambda y: ours.CubicSpline(x, y)(0.3))(y), theirs.CubicSpline(x, y)(0.3), 1e-6)
    check_grads(lambda x, y: ours.CubicSpline(x, y)(0.3), (x.astype(float), y.astype(complex)), atol=1e-5, rtol=1e-5)
    for kind in (ours.PchipInterpolator, ours.Akima1DInterpolator):
        with pytest.raises(ArgumentError, match="real and imaginary"):
            kind(x, y)
    with w.config.override(enable_x64=False):
        assert ours.CubicSpline([0, 1, 2], [0, 1, 4])(1.5).dtype == np.float32


# --- neighbours and grids -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["linear", "nearest", "nearest-up", "previous", "next", "cubic", "slinear", 1, 3])
def test_interp1d(kind):
    for n, (shape, axis) in itertools.product((4, 7), LAYOUTS):
        x = RNG.permutation(np.cumsum(RNG.integers(1, 4, n) / 2))
        y = RNG.normal(size=shape(n))
        low, high = x.min(), x.max()
        for fill in ("extrapolate", np.nan, (1.0, 2.0), RNG.normal(size=np.delete(y.shape, axis))):
            a = ours.interp1d(x, y, kind, axis, bounds_error=False, fill_value=fill)
            b = theirs.interp1d(x, y, kind, axis, bounds_error=False, fill_value=fill)
            for v in (np.arange(low - 1, high + 1, 0.25), np.linspace(low, high, 12).reshape(3, 4), low + 0.1):
                close(a(v), b(v))


def test_interp1d_complains():
    x, y = X, Y[:, 0]
    f = ours.interp1d(x, y)
    outside = np.array([x[1], 100.0])
    for g in (f, w.vmap(f), w.grad(lambda v: wnp.sum(f(v))), lambda v: w.jvp(f, (v,), (v,))):
        with pytest.raises(ArgumentError, match="fill_value='extrapolate'"):
            g(outside)
    assert np.isnan(w.jit(f)(outside)).tolist() == [False, True]  # what stands for all points raises nothing
    g = w.jit(ours.interp1d(x, y, bounds_error=True))
    close(g(x[1:2]), y[1:2])
    with pytest.raises(ArgumentError, match="outside"):
        g(outside)
    with pytest.raises(ArgumentError, match="exclude"):
        ours.interp1d(x, y, bounds_error=True, fill_value="extrapolate")
    with pytest.raises(ArgumentError, match="'extrapolate', got 'other'"):
        ours.interp1d(x, y, fill_value="other")
    with pytest.raises(ShapeError, match="fill_value of shape"):
        ours.interp1d(x, y, fill_value=np.ones(3))
    with pytest.raises(ArgumentError, match="complex fill_value"):
        ours.interp1d(x, y, fill_value=1j)
    with pytest.raises(NotSupportedError, match="take 'previous'"):
        ours.interp1d(x, y, "quadratic")
    with pytest.raises(ArgumentError, match="kind is"):
        ours.interp1d(x, y, "other")
    with pytest.raises(ArgumentError, match="at least 4"):
        ours.interp1d(x[:3], y[:3], "cubic")
    with pytest.raises(ShapeError, match="values along axis"):
        ours.interp1d(x, y[1:])
    with pytest.raises(ShapeError, match="x is a vector"):
        ours.interp1d(Y, y)
    with pytest.raises(ArgumentError, match="must not decrease"):
        ours.interp1d(x[::-1], y, "next", assume_sorted=True)
    with pytest.raises(ArgumentError, match="strictly increase"):
        ours.interp1d([0.0, 1.0, 1.0], [0.0, 1.0, 1.0])


@pytest.mark.parametrize("kind", [ours.CubicSpline, ours.PchipInterpolator, ours.Akima1DInterpolator,
                                  lambda x, y: ours.CubicHermiteSpline(x, y, y)])  # fmt: skip
def test_knots_are_checked(kind):
    y = np.arange(3.0)
    for x, match in (([0, 1, 1], "strictly increase"), ([0, 2, 1], "argsort"), ([0, 1, np.nan], "NaN"), ([0, 1, np.inf], "NaN")):  # fmt: skip
        with pytest.raises(ArgumentError, match=match):
            kind(np.array(x), y)
        with pytest.raises(ArgumentError, match=match):
            w.grad(lambda x: kind(x, y)(0.5))(np.array(x, float))
        with pytest.raises(ArgumentError, match=match):
            w.vmap(lambda x: kind(x, y)(0.5))(np.array([[0, 1, 2.0], x]))
    with pytest.raises(ArgumentError, match="at least two"):
        kind([0.0], [1.0])
    with pytest.raises(ShapeError, match="values along axis 0"):
        kind([0.0, 1.0], y)
    with pytest.raises(ShapeError, match="x is a vector"):
        kind(Y, y)
    with pytest.raises(ArgumentError, match="x must be real"):
        kind(y + 1j, y)
    with pytest.raises(ArgumentError, match="points must be real"):
        kind(y, y)(1j)


@pytest.mark.parametrize(
    "bc_type, error, match",
    [
        ("other", ArgumentError, "'natural' or"),
        (("periodic", "natural"), ArgumentError, "both ends"),
        (("natural",), ArgumentError, "a pair"),
        (((3, 0.0), "natural"), ArgumentError, r"\(1, slope\)"),
        (((1, np.ones(3)), "natural"), ShapeError, "has shape"),
    ],
)
def test_conditions_are_checked(bc_type, error, match):
    with pytest.raises(error, match=match):
        ours.CubicSpline(X, Y, bc_type=bc_type)


def test_other_arguments_are_checked():
    with pytest.raises(ArgumentError, match="'makima'"):
        ours.Akima1DInterpolator(X, Y, method="other")
    with pytest.raises(ShapeError, match="dydx"):
        ours.CubicHermiteSpline(X, Y, Y[:, :1])


GRID = [np.array([0.0, 1.0, 2.5, 4.0]), np.array([3.0, 2.0, 0.0]), np.array([-1.0, 1.0])]  # the second one falls


@pytest.mark.parametrize("method", ["linear", "nearest"])
@pytest.mark.parametrize("d", [1, 2, 3])
@pytest.mark.parametrize("rest", [(), (2,)])
def test_grids(method, d, rest):
    values = RNG.normal(size=(*[len(g) for g in GRID[:d]], *rest))
    points = RNG.uniform(-2, 5, (4, 30, d))
    points[0] = np.round(2 * points[0]) / 2
    points[1, 3, 0] = np.nan
    for fill in (np.nan, None, 3.0):
        a = ours.RegularGridInterpolator(GRID[:d], values, method, False, fill)
        b = theirs.RegularGridInterpolator(GRID[:d], values, method, False, fill)
        for p in (points, points[0], points[0, 0]):
            close(a(p), b(p))
            close(a(p, "nearest"), b(p, "nearest"))
            close(w.jit(a)(p), b(p))
        close(a(tuple(np.moveaxis(points, -1, 0))), b(points))
        close(ours.interpn(GRID[:d], values, points, method, False, fill), b(points))


def test_a_grid_of_one_point():
    a, b = (s.RegularGridInterpolator(([1.0], [0.0, 1.0]), [[2.0, 4.0]], bounds_error=False, fill_value=None) for s in (ours, theirs))  # fmt: skip
    close(a([[1.0, 0.5], [3.0, 0.2]]), b([[1.0, 0.5], [3.0, 0.2]]))


@pytest.mark.parametrize("method", ["linear", "nearest"])
@pytest.mark.parametrize("fill", [None, 3.0])
def test_derivatives_on_grids(method, fill):
    x, z, values, points = knots(5, 1), knots(4, 2), RNG.normal(size=(5, 4, 2)), RNG.uniform(0.6, 6, (7, 2))
    make = lambda values, x, z: ours.RegularGridInterpolator((x, z), values, method, False, fill)  # noqa: E731
    f = lambda p, *of: make(*of)(p)  # noqa: E731
    check_grads(f, (points, values, x, z), atol=1e-5, rtol=1e-5)
    close(w.jit(f)(points, values, x, z), f(points, values, x, z))
    close(w.vmap(f, (0, None, None, None))(points, values, x, z)[:, 0], f(points, values, x, z))
    close(w.vmap(f, (None, None, 0, None))(points, values, np.stack([x, x + 1]), z)[1], f(points, values, x + 1, z))
    gradient = w.jit(w.grad(lambda r: wnp.sum(r(points))))(make(values, x, z))
    assert type(gradient) is ours.RegularGridInterpolator
    close(gradient.values, w.grad(lambda v: wnp.sum(f(points, v, x, z)))(values))


def test_grids_complain():
    x, values = knots(4), RNG.normal(size=(4, 3))
    grid = (x, np.arange(3.0))
    f = ours.RegularGridInterpolator(grid, values, bounds_error=True)
    inside = np.array([[x[1], 0.5]])
    for g in (f, w.jit(f), w.vmap(f), w.grad(lambda p: wnp.sum(f(p))), w.jit(w.grad(lambda p: wnp.sum(f(p)))),
              lambda p: ours.interpn(grid, values, p)):  # fmt: skip
        g(inside)
        with pytest.raises(ArgumentError, match="fill_value=None"):
            g(inside + 9)
    with pytest.raises(ConcretizationError, match="bounds_error=False"):
        w.make_program(f)(inside)
    make = ours.RegularGridInterpolator
    with pytest.raises(NotSupportedError, match="map_coordinates"):
        make(grid, values, "cubic")
    with pytest.raises(ArgumentError, match="'nearest'"):
        make(grid, values, "other")
    with pytest.raises(ShapeError, match=r"points\[1\]"):
        make((x, x), values)
    with pytest.raises(ShapeError, match="vectors of points"):
        make((x, x, x), values)
    with pytest.raises(ArgumentError, match="complex"):
        make(grid, values, fill_value=1j)
    with pytest.raises(ArgumentError, match=r"points\[0\] must strictly increase"):
        make((np.array([0.0, 2.0, 1.0, 3.0]), grid[1]), values)
    with pytest.raises(ShapeError, match="3 coordinates"):
        f(np.ones((2, 3)))
    with pytest.raises(ShapeError, match="3 coordinates"):
        f((x, x, x))


# --- tridiagonal equations ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n, m", [(2, 1), (3, 2), (40, 1), (40, 3)])
def test_tridiagonal_equations(n, m):
    from wengert.ops import tridiagonal

    bands, b = RNG.normal(size=(3, n)), RNG.normal(size=(n, m))
    bands[1] += np.where(np.arange(n) == 0, 0, 4)  # the first row needs an exchange, most likely
    bands[1, 0] *= 1e-9
    a = np.diag(bands[1]) + np.diag(bands[0, 1:], -1) + np.diag(bands[2, :-1], 1)
    close(tridiagonal.tridiagonal_solve(bands, b), np.linalg.solve(a, b), 1e-8)
    program = w.jit(tridiagonal.tridiagonal_solve)
    close(program(bands, b), np.linalg.solve(a, b), 1e-8)
    assert program.lower(bands, b).cost().calls == ()
    transposed = w.jit(w.grad(lambda b: wnp.sum(tridiagonal.tridiagonal_solve(bands, b))))(b)
    close(transposed, np.linalg.solve(a.T, np.ones((n, m))), 1e-8)
    if n > 2:
        a[0, -1], a[-1, 0] = bands[0, 0], bands[2, -1]
        bands[1, 0] = a[0, 0] = 5.0
        close(tridiagonal.cyclic_tridiagonal_solve(bands, b), np.linalg.solve(a, b))
        stack = np.stack([bands, bands + 0.1])
        close(
            w.jit(w.vmap(tridiagonal.cyclic_tridiagonal_solve, (0, None)))(stack, b),
            [tridiagonal.cyclic_tridiagonal_solve(s, b) for s in stack],
        )
    for run in (tridiagonal.tridiagonal_solve, program):
        with pytest.raises(np.linalg.LinAlgError, match="Singular"):
            run(0 * bands, b)


def test_splines_compile_to_native_code():
    f = lambda v, y, x: wnp.sum(ours.CubicSpline(x, y)(v) ** 2)  # noqa: E731
    x = knots(30)
    assert w.jit(w.grad(f, (0, 1, 2))).lower(x[:-1] + 0.1, np.sin(x), x).cost().calls == ()
