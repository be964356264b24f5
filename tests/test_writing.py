"""Writing into traced arrays: NumPy's meaning, aliasing included, under every transformation.

The oracle is NumPy itself: the same function run on plain arrays, complex steps for its derivative.
"""

import copy

import numpy as np
import pytest

import wengert as w
import wengert.numpy as wnp

X = np.array([0.7, -1.3, 0.4, 1.9])


def elements(x):
    y = np.zeros_like(x)
    y[0] = x[0] * 2
    for i in range(1, len(x)):
        y[i] = y[i - 1] * x[i] + i
    y[-1] += x[1]
    return y


def slices(x):
    y = x.copy()
    y[1:] = x[:-1] * 3
    y[::2] *= 2
    y[...] += 1
    y[:] = y[::-1]
    return y


def through_a_view(x):
    y = x * 1
    v = y[1:3]
    v[0] = x[3] ** 2
    v *= 2
    y[2] = x[0]
    return np.concatenate([y, v])


def views_made_before(x):
    y = x * 2
    left, right = y[:-1], y[1:]
    y[1] = x[0] * x[3]
    return left * right


def view_of_a_view(x):
    y = x * x
    a = y.reshape(2, 2).T
    b = a[1]
    b[0] = x[0] * 5
    a[0, 0] += 1
    return np.concatenate([y, a.ravel(), b])


def other_names(x):
    y = x * 3
    z = y
    z += x
    y[0] = 0
    return y * z


def scalars_are_no_arrays(x):
    s = x[0] * 2
    t = s
    s += x[1]
    return np.stack([s, t])


def masks(x):
    y = x * 1
    keep = x > 0
    y[keep] = 5
    y[~keep] *= x[0]
    y[keep] += x[2]
    y[x > 1] = np.nan_to_num(x[3])
    return y


def masked_values(x):
    y = np.zeros_like(x)
    m = x > 0
    y[m] = np.sqrt(x[m]) + 2 * x[m]
    return y


def index_arrays(x):
    y = x + 1
    y[[0, 2]] = x[[1, 3]] ** 2
    y[np.array([1, 1])] += 1
    return y


def at_methods(x):
    y = np.zeros_like(x)
    np.add.at(y, [0, 0, 3], x[:3])
    np.subtract.at(y, np.array([1, 0]), x[2:])
    np.multiply.at(y, [0, 0], x[:2])
    np.maximum.at(y, [2], x[3] * 2)
    np.divide.at(y, [3], x[1])
    np.negative.at(y, [0, 1])
    return y


def out_arguments(x):
    y = np.empty_like(x)
    np.sin(x, out=y)
    np.add(y, x, out=y)
    z = y[1:]
    np.multiply(z, 2, out=z)
    np.cumsum(y, out=y)
    np.divide(x, x - 0.4, out=y, where=abs(np.real(x) - 0.4) > 0.01)
    return np.concatenate([y, z])


def functions_that_write(x):
    y = np.zeros_like(x)
    np.copyto(y, x * 2)
    np.copyto(y, x[0], where=np.array([True, False, False, False]))
    np.put(y, [1, 2], [x[3], 7.0])
    np.putmask(y, np.array([False, False, False, True]), x * x)
    a = np.outer(x, x)
    np.fill_diagonal(a, x[0])
    np.put_along_axis(a, np.array([[0], [1], [2], [3]]), x[:, None], 1)
    np.place(y, np.array([True, True, False, False]), [x[1], x[2]])
    return np.concatenate([y, a.ravel()])


def methods_that_write(x):
    y = x * x
    y.sort()
    z = np.empty_like(y)
    z.fill(x[0])
    z.put([1], x[2])
    z.flat[2] = x[3]
    z.flat[3:] = [x[1]]
    return np.concatenate([y, z, np.array(list(z.flat), like=x) if hasattr(x, "at") else z])


def rows(x):
    path = np.zeros((5, 2), like=x) if not isinstance(x, np.ndarray) else np.zeros((5, 2), x.dtype)
    path[0] = x[:2]
    for k in range(4):
        q, p = path[k]
        path[k + 1, 0] = q + 0.1 * p
        path[k + 1, 1] = p - 0.1 * np.sin(q)
    path[:, 1] *= x[2]
    return path


def splits(x):
    y = x * 2
    a, b = np.split(y, 2)
    a[0] = x[3]
    b += a
    r = np.roll(y, 0)
    r[0] = 0
    c = np.atleast_2d(y)
    c[0, 3] = x[0]
    d = y.flatten()
    d[0] = 100
    return np.concatenate([y, r, a, b, d])


def matrix(x):
    a = np.outer(x, x) + np.eye(4)
    for k in range(4):
        a[k] /= a[k, k]
        for i in range(4):
            if i != k:
                a[i] -= a[i, k] * a[k]
        a[k, k] += x[k]
    return a


def copies(x):
    y = x * 2
    z, u, v = y.copy(), copy.copy(y), copy.deepcopy(y)
    s = y.astype(y.dtype)
    t = np.array(y, like=y) if not isinstance(y, np.ndarray) else np.array(y)
    y[0] = 0
    z[1] = x[0]
    return np.concatenate([y, z, u, v, s, t])


def plain_accumulator(x):
    total = np.zeros(len(x))
    total = total.astype(x.dtype) if isinstance(x, np.ndarray) else total
    for k in range(3):
        total += x**k
    total *= 2
    return total


def neighbours(x):
    u = x * 1
    for _ in range(3):
        u[1:-1] += 0.1 * (u[2:] - 2 * u[1:-1] + u[:-2])
        u[0] = u[1]
        u[-1] = 0.5
    return u


def flipped_views(x):
    y = x * 1
    np.flip(y)[0] = x[0]
    y[::-1][1:3] = x[:2] * 2
    np.swapaxes(y.reshape(2, 2), 0, 1)[0] += x[3]
    np.expand_dims(y, 0)[0, 2] *= 3
    return y


def power_and_matmul_in_place(x):
    a = np.outer(x, x) / 4
    a **= 2
    b = a.T
    a @= np.eye(4) * 2 + 0.1
    a //= 1000
    return a + b + x


PROGRAMS = [v for v in list(globals().values()) if getattr(v, "__module__", "") == __name__ and callable(v)]


def scalar(f):
    def total(x):
        y = f(x)
        return (y * np.cos(np.arange(y.size).reshape(y.shape) + 1.0)).sum()

    return total


def complex_step(f, x):
    out = []
    for i in range(len(x)):
        z = x.astype(complex)
        z[i] += 1e-30j
        out.append(f(z).imag / 1e-30)
    return np.array(out)


ORDERED = (masks, masked_values, functions_that_write)  # compare complex numbers


@pytest.mark.parametrize("f", PROGRAMS, ids=lambda f: f.__name__)
def test_as_numpy_has_it(f):
    want = f(X.copy())
    total = scalar(f)
    value, _ = w.jvp(f, (X,), (X,))
    np.testing.assert_allclose(value, want, rtol=1e-13)
    g = w.grad(total)(X)
    if f in (masks, masked_values, at_methods, methods_that_write, power_and_matmul_in_place):  # order complex numbers
        steps = [(total(X + 1e-6 * e) - total(X - 1e-6 * e)) / 2e-6 for e in np.eye(4)]
        np.testing.assert_allclose(g, steps, rtol=1e-6, atol=1e-6)
    else:
        np.testing.assert_allclose(g, complex_step(total, X), rtol=1e-11, atol=1e-13)
    np.testing.assert_allclose(w.jacfwd(total)(X), g, rtol=1e-11, atol=1e-13)
    np.testing.assert_allclose(w.jit(f)(X), want, rtol=1e-12)
    np.testing.assert_allclose(w.jit(w.grad(total))(X), g, rtol=1e-11, atol=1e-13)
    many = np.stack([X, X[::-1], X])
    np.testing.assert_allclose(w.vmap(f)(many), [f(row.copy()) for row in many], rtol=1e-12)
    np.testing.assert_allclose(
        w.vmap(w.grad(total))(many), [w.grad(total)(row) for row in many], rtol=1e-11, atol=1e-13
    )
    h = w.hessian(total)(X)
    steps = [(w.grad(total)(X + 1e-5 * e) - w.grad(total)(X - 1e-5 * e)) / 2e-5 for e in np.eye(4)]
    np.testing.assert_allclose(h, steps, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(w.jit(w.jacrev(w.jacrev(total)))(X), h, rtol=1e-10, atol=1e-12)
    np.testing.assert_array_equal(X, [0.7, -1.3, 0.4, 1.9])  # nothing is written into the argument


# --- random programs --------------------------------------------------------------------------------------------


def random_program(seed):
    """A list of steps on a pool of arrays; what they do is fixed by the seed and the shapes."""
    rng = np.random.default_rng(seed)

    def program(x):
        r = np.random.default_rng(seed)
        pool = [x * 1, (x * x).reshape(2, 3), np.zeros_like(x)]
        for _ in range(12):
            a = pool[r.integers(len(pool))]
            b = pool[r.integers(len(pool))]
            kind = r.integers(12)
            key = [slice(1, None), slice(None, None, -1), 0, slice(None, 2), Ellipsis, -1][r.integers(6)]
            c = float(r.normal())
            if kind == 0:
                pool.append(a * c + 1)
            elif kind == 1 and a.ndim:
                pool.append(a[key])
            elif kind == 2 and a.ndim:
                a[key] = c * x[r.integers(6)]
            elif kind == 3 and a.ndim:
                a[key] += c
            elif kind == 4:
                pool.append(a.T)
            elif kind == 5:
                pool.append(a.reshape(-1))
            elif kind == 6 and a.shape == b.shape and a.ndim:
                a += b * c
                pool[-1] = pool[-1]
            elif kind == 7 and a.shape == b.shape and a.ndim:
                a[:] = b
            elif kind == 8 and a.ndim:
                np.add.at(a, [0, -1, 0], c * x[0])
            elif kind == 9 and a.ndim:
                mask = (np.arange(a.size) % 2 == 0).reshape(a.shape)
                a[mask] *= c
            elif kind == 10:
                pool.append(a.copy())
            elif kind == 11 and a.ndim == 2:
                a[0, 1] = a[1, 0] * c
        return sum((k + 1) * (p * p).sum() for k, p in enumerate(pool))

    _ = rng
    return program


@pytest.mark.parametrize("seed", range(60))
def test_random_programs(seed):
    f = random_program(seed)
    x = np.random.default_rng(seed + 1000).normal(size=6)
    want = complex_step(f, x)
    value, gradient = w.value_and_grad(f)(x)
    np.testing.assert_allclose(value, f(x.copy()), rtol=1e-11)
    np.testing.assert_allclose(gradient, want, rtol=1e-9, atol=1e-10)
    np.testing.assert_allclose(w.jvp(f, (x,), (np.ones(6),))[1], want.sum(), rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(w.vmap(w.grad(f))(np.stack([x, -x])), [want, complex_step(f, -x)], rtol=1e-9, atol=1e-10)
    if seed % 6 == 0:
        np.testing.assert_allclose(w.jit(w.grad(f))(x), want, rtol=1e-9, atol=1e-10)


# --- what transformations hold ----------------------------------------------------------------------------------


def test_a_pullback_keeps_what_it_saved():
    """A traced array that a pullback has saved, and that is written into afterwards."""

    def f(x):
        y = x * 2
        _, pull = w.vjp(lambda u: u * y, x)
        z, push = w.linearize(lambda u: np.exp(u), y)
        y[0] = 100.0
        z[1] = 50.0
        return np.sum(pull(x)[0]) + np.sum(push(x)) + np.sum(y) + np.sum(z)

    def g(x):
        y = x * 2
        saved, z = y.copy(), np.exp(y)
        kept = z.copy()
        y[0] = 100.0
        z[1] = 50.0
        return np.sum(saved * x) + np.sum(kept * x) + np.sum(y) + np.sum(z)

    np.testing.assert_allclose(w.grad(f)(X), complex_step(g, X), rtol=1e-12)
    np.testing.assert_allclose(w.jit(w.grad(f))(X), complex_step(g, X), rtol=1e-12)


def test_written_inside_of_an_inner_transformation():
    def f(x):
        y = x * 2

        def inner(t):
            s = np.sum(y) * t
            y[0] = t * t
            return s + y[0] * y[1]

        return w.grad(inner)(x[0])

    def by_hand(x):  # d/dt (sum(2 x) t + t^2 2 x1) at x0
        return np.sum(2 * x) + 4 * x[0] * x[1]

    np.testing.assert_allclose(w.grad(f)(X), complex_step(by_hand, X), rtol=1e-12)


def test_a_value_that_leaks_through_an_array_is_told():
    kept = []

    def f(x):
        y = np.zeros_like(x)
        w.grad(lambda t: y.__setitem__(0, t) or t * 2.0)(x[0])
        kept.append(y)
        return np.sum(y)

    with pytest.raises(w.errors.LeakedTracerError):
        w.grad(f)(X)


def test_results_are_plain():
    y, t = w.jvp(lambda x: [np.zeros_like(x), elements(x)], (X,), (X,))
    assert all(type(v) is np.ndarray for v in (*y, *t))
    (value, extra), g = w.value_and_grad(lambda x: (np.sum(x), np.ones_like(x)), has_aux=True)(X)
    assert type(extra) is np.ndarray and type(g) is np.ndarray
    assert type(w.vmap(np.zeros_like)(X)) is np.ndarray
    assert type(w.jit(np.zeros_like)(X)) is np.ndarray
    assert type(w.grad(lambda x: [y := np.zeros_like(x), y.__setitem__(Ellipsis, x), y][-1])(1.5)) is np.float64


def test_plain_arrays_stay_plain():
    assert type(wnp.zeros_like(X)) is np.ndarray
    assert wnp.reshape(X, (2, 2)).base is X


def raises(error, message, f):
    with pytest.raises(error, match=message):
        w.grad(lambda x: [f(x), np.sum(x)][-1])(X)


def test_what_cannot_be_written():
    def mapped(x):
        np.frombuffer(bytearray(32))[:2] = x[:2]

    def fixed(x):
        outside = np.zeros(4)
        outside.flags.writeable = False
        outside[0] = x[0]

    raises(w.errors.NotSupportedError, r"of type memoryview has as well.*x\.copy\(\)[^!]*test_writing", mapped)
    raises(ValueError, "read-only", fixed)
    raises(TypeError, "cannot be written into", lambda x: x[0].__setitem__((), 1.0))
    raises(ValueError, "read-only", lambda x: np.broadcast_to(x[0], (3,)).__setitem__(0, 1.0))
    raises(ValueError, "read-only", lambda x: np.diagonal(np.outer(x, x)).__setitem__(0, 1.0))
    raises(
        w.errors.ShapeError,
        r"values of shape \(3,\) to a place of shape \(2,\)",
        lambda x: x[:2].__setitem__(..., x[:3]),
    )
    raises(IndexError, "out of range", lambda x: x.__setitem__(7, 1.0))
    raises(w.errors.DtypeError, "dtype float64 cannot be written", lambda x: np.zeros_like(x, int).__iadd__(x))
    raises(w.errors.ShapeError, "does not fit", lambda x: (x * 1).__iadd__(np.ones((2, 4))))
    raises(w.errors.NotSupportedError, "undefined", lambda x: np.sin(x, where=np.array([True, False, True, True])))


def test_unknown_masks():
    body = lambda c, x: (c + np.median(x[x > 0]), None)  # noqa: E731
    with pytest.raises(w.errors.ConcretizationError, match="which scan does not know"):
        w.lax.scan(body, 0.0, np.stack([X, X]))

    def written_twice(x):
        y = x * 1
        y[x > 0] = np.sin(x[x > 0])
        return y

    def two_masks(x):
        y = x * 1
        y[x > 0] = np.sin(x[x > 0.0 * x])
        return y

    np.testing.assert_allclose(w.jit(written_twice)(X), written_twice(X))
    np.testing.assert_allclose(w.vmap(written_twice)(np.stack([X, -X]))[1], written_twice(-X))
    np.testing.assert_allclose(w.jit(two_masks)(X), two_masks(X))
    np.testing.assert_allclose(w.jacfwd(lambda x: np.sum(two_masks(x)))(X), np.where(X > 0, np.cos(X), 1))


def test_traced_indices():
    f = lambda x, i: elements_at(x, i)
    i = np.array([2, 0])
    want = elements_at(X.copy(), i)
    np.testing.assert_allclose(w.jit(f)(X, i), want)
    np.testing.assert_allclose(w.vmap(f)(np.stack([X, X]), np.stack([i, i])), [want, want])
    np.testing.assert_allclose(w.jit(lambda x, i: set_one(x, i))(X, 3), set_one(X.copy(), 3))


def elements_at(x, i):
    y = x * 1
    y[i] = x[:2] * 5
    np.add.at(y, i, 1.0)
    return y


def set_one(x, i):
    y = x * 1
    y[i] += 2.0
    return y


def test_a_mask_of_one_element_keeps_its_axis_under_jit():
    def bounded(x):
        for k in (2, 1):
            x = 0.5 * x[:k]
            most = x * x
            better = most > x
            x[better] = most[better]
        return x[0]

    x = np.array([12.0, 9.0])
    np.testing.assert_allclose(w.grad(bounded)(x), [108.0, 0.0])
    np.testing.assert_allclose(w.jit(w.grad(bounded))(x), [108.0, 0.0])


def test_a_compiled_function_that_writes_into_its_argument():
    """It has a copy; what is returned is what is written, under every transformation."""

    def f(x, v):
        x[1:3] = v * x[0]
        x[4] += v
        return x

    x = np.arange(1.0, 7.0)
    want = np.array([1.0, 2.0, 2.0, 4.0, 7.0, 6.0])
    np.testing.assert_array_equal(w.jit(f)(x, 2.0), want)
    np.testing.assert_array_equal(w.jit(f)(x, 2.0), want)
    np.testing.assert_array_equal(x, np.arange(1.0, 7.0))
    gradient = lambda g: w.grad(lambda x: wnp.sum(g(x, 2.0) ** 2))(x)
    np.testing.assert_array_equal(gradient(w.jit(f)), gradient(f))
    np.testing.assert_array_equal(w.vmap(w.jit(f), (0, None))(np.stack([x, x]), 2.0)[1], want)
    looped = w.lax.scan(lambda c, v: (f(c, v), None), x, np.array([2.0, 2.0]))[0]
    np.testing.assert_array_equal(looped, [1.0, 2.0, 2.0, 4.0, 9.0, 6.0])
    assert w.make_program(f)(x, 2.0).inputs
