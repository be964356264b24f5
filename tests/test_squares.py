"""Squares of kinks: second derivatives of smooth functions of norms and moduli, in every order, eager and compiled."""

import numpy as np
import pytest

import wengert as w
import wengert.numpy as wnp
from wengert import grad, hessian, jacfwd, jacrev, jit, vmap
from wengert.core import ROOTS

norm = np.linalg.norm
S = np.array([0.5, 2.0])
ROOT_OF = {
    "norm": (lambda x: norm(x), np.eye(2)),
    "norm of rows": (lambda x: norm(np.stack([x, 3 * x]), axis=1)[1], 9 * np.eye(2)),
    "norm, axes kept": (lambda x: norm(x, keepdims=True)[0], np.eye(2)),
    "frobenius": (lambda x: norm(x.reshape(1, 2)), np.eye(2)),
    "complex norm": (lambda x: norm(x * (1 + 2j)), 5 * np.eye(2)),
    "hypot": (lambda x: np.hypot(x[0], x[1]), np.eye(2)),
    "modulus": (lambda x: np.abs(x[0] + 1j * x[1]), np.eye(2)),
    "std": (lambda x: np.std(x), np.array([[0.25, -0.25], [-0.25, 0.25]])),
    "nanstd": (lambda x: wnp.nanstd(wnp.append(x, np.nan)), np.array([[0.25, -0.25], [-0.25, 0.25]])),
    "abs": (lambda x: np.abs(x[0]), np.diag([1.0, 0.0])),
    "scaled": (lambda x: -2 * norm(x) / np.float64(4.0), np.eye(2) / 4),
    "scaled by an array": (lambda x: (S * norm(x))[1], 4 * np.eye(2)),
    "divided by a traced number": (lambda x: norm(x) / np.exp(x[0]), np.eye(2)),
    "reshaped": (lambda x: np.broadcast_to(np.reshape(norm(x), (1, 1)), (2, 2)).T[0, 1], np.eye(2)),
    "gathered": (lambda x: np.abs(x)[np.array([1, 1])][0], np.diag([0.0, 1.0])),
    "reversed": (lambda x: np.flip(np.abs(x))[0], np.diag([0.0, 1.0])),
    "masked": (lambda x: np.where(np.array([True, False]), np.abs(x), 0.0)[0], np.diag([1.0, 0.0])),
    "chosen among moduli": (lambda x: np.where(x == 0, np.abs(x), np.abs(2 * x))[1], np.diag([0.0, 1.0])),
    "masked norms": (lambda x: np.where(np.array([True, False]), norm(np.stack([x, x]), axis=1), 0.0)[0], np.eye(2)),
    "joined": (lambda x: np.concatenate([np.abs(x), np.ones(2)])[1], np.diag([0.0, 1.0])),
    "stacked": (lambda x: np.stack([np.abs(x[0]), x[1], 3.0])[0], np.diag([1.0, 0.0])),
    "in another type": (lambda x: norm(x).astype(np.float32).astype(np.float64), np.eye(2)),
}
SQUARE = {
    "**2": lambda n: n**2,
    "**2.0": lambda n: n**2.0,
    "square": np.square,
    "times itself": lambda n: n * n,
    "conj times itself": lambda n: np.conj(n) * n,
    "float_power": lambda n: np.float_power(n, 2),
    "vdot": lambda n: np.vdot(n, n),
}
ORDERS = {
    "forward of reverse": hessian,
    "forward of forward": lambda f: jacfwd(jacfwd(f)),
    "reverse of reverse": lambda f: jacrev(jacrev(f)),
    "reverse of forward": lambda f: jacrev(jacfwd(f)),
    "compiled": lambda f: jit(hessian(f)),
    "of a compiled function": lambda f: hessian(jit(f)),
    "batched": lambda f: lambda x: vmap(hessian(f))(np.stack([x, x]))[1],
}


@pytest.mark.parametrize("root", ROOT_OF)
def test_squares_of_roots_are_smooth(root):
    f, quadratic = ROOT_OF[root]
    for name, square in SQUARE.items():
        for order, second in ORDERS.items():
            if order not in ("forward of reverse", "compiled") and name != "**2":
                continue
            out = second(lambda x, square=square: square(f(x)))(np.zeros(2))
            np.testing.assert_allclose(out, 2 * quadratic, atol=1e-15, err_msg=f"{name}, {order}")


@pytest.mark.parametrize("root", ["norm", "norm of rows", "complex norm", "hypot", "modulus", "std", "scaled"])
def test_where_curvature_is_unbounded_it_is_nan(root):
    f, _ = ROOT_OF[root]
    for order, second in ORDERS.items():
        assert np.isnan(second(f)(np.zeros(2))).any(), order
    np.testing.assert_array_equal(grad(f)(np.zeros(2)), np.zeros(2))
    np.testing.assert_array_equal(jit(grad(f))(np.zeros(2)), np.zeros(2))


def test_a_kernel_of_distances():
    X = np.array([[0.0, 0.0], [0.0, 0.0], [1.0, 2.0]])

    def energy(x):
        d = x[:, None] - x[None]
        return np.sum(np.exp(-0.5 * (norm(d, axis=-1) / 0.7) ** 2))

    def smooth(x):
        d = x[:, None] - x[None]
        return np.sum(np.exp(-0.5 * np.sum(d * d, -1) / 0.7**2))

    for f in (hessian, lambda f: jit(hessian(f))):
        np.testing.assert_allclose(f(energy)(X), f(smooth)(X), rtol=1e-12, atol=1e-14)


def test_extreme_factors_keep_value_and_derivative():
    x = np.array([3e-200, 4e-200])
    g = lambda x: (np.hypot(x[0], x[1]) / 1e-200) ** 2  # noqa: E731
    value, slope = w.value_and_grad(g)(x)
    np.testing.assert_allclose(value, 25.0)
    np.testing.assert_allclose(slope, 2 * x / 1e-200 / 1e-200)


def test_away_from_zero_nothing_changes():
    x = np.array([0.6, -1.1])
    for name, (f, _) in ROOT_OF.items():
        if name == "in another type":
            continue  # differences are too rough in float32
        step = 1e-5
        exact = hessian(lambda x, f=f: f(x) ** 2)(x)
        near = np.stack([(grad(lambda x, f=f: f(x) ** 2)(x + step * e) - grad(lambda x, f=f: f(x) ** 2)(x - step * e))
                         for e in np.eye(2)]) / (2 * step)  # fmt: skip
        np.testing.assert_allclose(exact, near, rtol=1e-7, atol=1e-8)


def test_writing_into_a_root_forgets_it():
    def f(x):
        n = np.abs(x)
        n[0] = 3.0 * x[1]
        return np.sum(n * n)

    np.testing.assert_allclose(grad(f)(np.array([2.0, 1.0])), [0.0, 18.0 + 2.0])


def test_components_that_are_roots():
    x = np.array([0.0, 1.0])
    np.testing.assert_allclose(hessian(lambda x: norm(np.abs(x)))(x), np.diag([1.0, 0.0]), atol=1e-15)
    rows = lambda x: norm(norm(np.stack([x, x + np.array([0.0, 1.0])]), axis=1))  # noqa: E731
    flat = lambda x: norm(np.stack([x, x + np.array([0.0, 1.0])]))  # noqa: E731
    np.testing.assert_allclose(hessian(rows)(np.zeros(2)), hessian(flat)(np.zeros(2)), atol=1e-14)


def test_nothing_is_remembered_afterwards():
    before = set(ROOTS)  # a custom rule of another test may hold some
    grad(lambda x: norm(x) ** 2 + np.abs(x[0]) ** 2)(np.ones(2))
    assert ROOTS <= before


# Products of multiples of one modulus or norm: (of |x| or norm, the same as a smooth function of x).
PRODUCTS = {
    "minus": (lambda a: -a * a, lambda x: -x * x),
    "minus itself": (lambda a: a * -a, lambda x: -x * x),
    "twice": (lambda a: a * (2 * a), lambda x: 2 * x * x),
    "factors": (
        lambda a: (-3 * a) * (a * np.array([1.0, -2.0, 0.5])),
        lambda x: -3 * x * x * np.array([1.0, -2.0, 0.5]),
    ),
    "quotients": (lambda a: (a / 2) * (a / -4), lambda x: -x * x / 8),
    "element": (lambda a: a[2] * a[2] - 3 * a[0] * a[0], lambda x: x[2] * x[2] - 3 * x[0] * x[0]),
    "slices": (lambda a: a[1:] * a[1:], lambda x: x[1:] * x[1:]),
    "indices": (lambda a: a[np.array([2, 0])] * a[[2, 0]], lambda x: x[np.array([2, 0])] ** 2),
    "reshaped": (lambda a: a.reshape(3, 1) * (-a).reshape(3, 1), lambda x: (-x * x).reshape(3, 1)),
    "sign of a factor": (lambda a: (np.sign(a - 1) * a) * a, lambda x: np.sign(np.abs(x) - 1) * x * x),
}


@pytest.mark.parametrize("name", PRODUCTS)
def test_products_of_multiples_of_a_modulus(name):
    of_modulus, smooth = PRODUCTS[name]
    x = np.array([1.5, -2.0, 0.0])
    f, g = (lambda x: wnp.sum(of_modulus(wnp.abs(x)))), (lambda x: wnp.sum(smooth(x)))
    np.testing.assert_allclose(f(x), g(x), rtol=1e-15)
    for around in (lambda h: h, w.jit):
        np.testing.assert_allclose(around(w.value_and_grad(f))(x)[0], g(x), rtol=1e-15)
        np.testing.assert_allclose(around(w.grad(f))(x), w.grad(g)(x), rtol=1e-14)
        np.testing.assert_allclose(around(w.jacfwd(f))(x), w.grad(g)(x), rtol=1e-14)
        for outer in (w.jacfwd, w.jacrev):
            for inner in (w.jacfwd, w.jacrev):
                np.testing.assert_allclose(around(outer(inner(f)))(x), w.hessian(g)(x), rtol=1e-14, atol=1e-15)


def test_products_of_multiples_of_a_norm():
    x = np.array([1.0, -2.0, 0.5])
    f = lambda x: (lambda n: -n * n + (3 * n) * (n / -2))(np.linalg.norm(x))  # noqa: E731
    for at in (x, np.zeros(3)):
        np.testing.assert_allclose(w.value_and_grad(f)(at)[0], -2.5 * at @ at, rtol=1e-14)
        np.testing.assert_allclose(w.grad(f)(at), -5 * at, rtol=1e-14, atol=1e-15)
        np.testing.assert_allclose(w.hessian(f)(at), -5 * np.eye(3), rtol=1e-14, atol=1e-14)


def test_products_of_different_elements_are_no_squares():
    x = np.array([1.5, -2.0, 3.0])
    f = lambda x: (lambda a: a[0] * a[1] + a[1:] @ a[:2] + np.sum(a[::-1] * a))(np.abs(x))  # noqa: E731
    np.testing.assert_allclose(w.value_and_grad(f)(x)[0], f(x), rtol=1e-15)
    step = 1e-6 * np.eye(3)
    np.testing.assert_allclose(w.grad(f)(x), [(f(x + e) - f(x - e)) / 2e-6 for e in step], rtol=1e-8)


def test_indices_that_change_before_the_square_is_asked_for():
    def f(x):
        i = np.array([0, 1])
        y = np.abs(x)[i]
        i[:] = 2
        return np.sum(y * y)

    np.testing.assert_allclose(w.grad(f)(np.array([1.0, -2.0, 3.0])), [2.0, -4.0, 0.0])


# --- the values of products and squares of roots are those of the numbers ---------------------------------------------

X, Y = np.array([1.0, -2.0, 3.0]), np.array([0.5, 1.0, -1.0])
LENGTHS = {
    "hypot": lambda x: wnp.hypot(x, Y),
    "modulus": lambda x: wnp.abs(x + 1j * Y),
    "abs": wnp.abs,
    "norms": lambda x: wnp.linalg.norm(wnp.stack([x, x * Y, Y, x]), axis=0),
    "std": lambda x: wnp.std(wnp.outer(Y, x) + x, axis=0),
}
MOVED = {
    "factor of 2 rows": lambda h: (np.array([[2.0], [3.0]]) * h) * h,
    "factor of 4 rows": lambda h: h * (h / np.arange(1.0, 5.0)[:, None]),
    "both broadcast": lambda h: (np.ones((2, 1, 1)) * h) * (np.ones((4, 1)) * h),
    "joined behind and before": lambda h: wnp.concatenate([h, np.zeros(1)]) * wnp.concatenate([np.zeros(1), h]),
    "masked by 2 rows": lambda h: wnp.where(np.array([[True, False, True], [False, True, True]]), h, 0.0) * h,
    "padded": lambda h: wnp.pad(h, (0, 1)) * wnp.pad(h, (1, 0)),
    "reversed": lambda h: h[::-1] * h,
    "outer": lambda h: h[:, None] * h,
}


@pytest.mark.parametrize("length", LENGTHS)
def test_products_of_moved_and_scaled_roots(length):
    for name, product in MOVED.items():

        def f(x, product=product):
            return product(LENGTHS[length](x))

        step = 1e-6
        differences = (f(X + step) - f(X - step)) / (2 * step)
        for run in (f, jit(f)):
            value, slope = w.jvp(run, (X,), (np.ones(3),))
            np.testing.assert_allclose(value, f(X), rtol=1e-13, err_msg=name)
            np.testing.assert_allclose(slope, differences, rtol=1e-6, atol=1e-8, err_msg=name)
        np.testing.assert_allclose(jit(f)(X), f(X), rtol=1e-13, err_msg=name)


@pytest.mark.parametrize("dtype", ["bool", "int8", "uint8", "int16", "uint64", "float16", "float32"])
def test_squares_of_roots_have_the_dtype_of_the_root(dtype):
    x = np.array([100, 0, 3]).astype(dtype)
    double = np.array([100.1, 3.3, 2.0])
    functions = {
        "hypot": lambda x: wnp.square(wnp.hypot(x, x)),
        "hypot of two dtypes": lambda x: wnp.hypot(x, double) ** 2,
        "vector with itself": lambda x: (lambda a: a @ a)(wnp.abs(x)),
        "einsum": lambda x: (lambda a: wnp.einsum("i,i", a, a))(wnp.abs(x)),
        "rows with themselves": lambda x: (lambda a: wnp.vecdot(a, a))(wnp.abs(wnp.stack([x, x]))),
        "abs": lambda x: wnp.abs(x) * wnp.abs(x),
    }
    for name, f in functions.items():
        eager, compiled = np.asarray(f(wnp.asarray(x))), np.asarray(jit(f)(x))
        assert compiled.dtype == eager.dtype, name
        np.testing.assert_allclose(
            compiled, eager, rtol=4 * np.finfo(eager.dtype).eps if eager.dtype.kind == "f" else 0
        )
