"""Options of NumPy's universal functions, each function with each: ``dtype=``, ``casting=``, ``signature=``, ``out=``, ``axes=``, methods.

Plain, traced by `jvp`, batched and (a part) compiled; values, dtypes, shapes and classes of errors are NumPy's.
"""

import sys
from pathlib import Path

import numpy as np
import pytest

import wengert as w
import wengert.numpy as wnp

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tools"))
import meaning_numpy as meaning

UFUNCS = {n: getattr(np, n) for n in dir(wnp) if isinstance(getattr(np, n, None), np.ufunc)}
X = np.array([[0.25, 0.5, 0.75], [0.125, 1.0, 0.625]])
ARRAYS = [X, X.astype(np.float32), np.array([[1, 2, 3], [4, 5, 6]]), X > 0.5, X + 1j * X]
OPTIONS = {
    "float32": lambda f, *a: f(*a, dtype=np.float32),
    "float32, whatever it was": lambda f, *a: f(*a, dtype="f4", casting="unsafe"),
    "float32, if safe": lambda f, *a: f(*a, dtype=np.float32, casting="safe"),
    "complex": lambda f, *a: f(*a, dtype=complex),
    "bool": lambda f, *a: f(*a, dtype=bool),
    "no casts": lambda f, *a: f(*a[:-1], 2.5, casting="no"),
    "a loop of float32": lambda f, *a: f(*a, signature="f" * f.nin + "->" + "f" * f.nout, casting="same_kind"),
    "an order": lambda f, *a: f(*a, order="F", subok=False),
    "no order": lambda f, *a: f(*a, order="Q"),
    "no such option": lambda f, *a: f(*a, wheer=True),
    "an axis": lambda f, *a: f(*a, axis=0),
}
GENERALISED = {
    "matmul": [{"axes": [(-2, -1), (-1, -2), (-1, -2)]}, {"axes": [(0, 1), (1, 0), (1, 0)]}, {"axes": [(0, 1)]}, {"axes": 3}, {"axis": 0}],
    "vecdot": [{"axis": 0}, {"axis": 0, "keepdims": True}, {"keepdims": True}, {"axes": [0, 0, ()]}, {"axes": [0, 1]}],
    "matvec": [{"axes": [(0, 1), 0, 0]}, {"axes": [(1, 0), (1,), (-1,)]}, {"keepdims": True}],
    "vecmat": [{"axes": [0, (0, 1), 0]}, {"axes": [1, (1, 0), 0]}, {"axis": 1}],
}  # fmt: skip


def differences(call, theirs, ours, arrays, compiled=False):
    """What differs from NumPy, one text for each mode."""
    want = meaning.outcome(call, theirs, *arrays)
    case = meaning.Case("numpy", theirs.__name__, 0, arrays, "", call)
    for mode in ("plain", "jvp", "vmap", *(["jit"] if compiled else [])):
        got = meaning._mode(mode, ours, case)
        if got is not None and not isinstance(got, w.errors.ConcretizationError):
            text = meaning._differs(got, want, mode)
            if text:
                yield f"{mode}: {text}"


def arguments(f, x):
    second = x.swapaxes(-1, -2) if f.signature in ("(n?,k),(k,m?)->(n?,m?)",) else x
    vector = x[0]
    return {"matvec": (x, vector), "vecmat": (x[:, 0], x)}.get(f.__name__, (x, second)[: f.nin])


@pytest.mark.parametrize("option", OPTIONS)
def test_each_function_with_an_option(option):
    call = OPTIONS[option]
    found = []
    for i, (name, f) in enumerate(UFUNCS.items()):
        # An attribute that a call asks for is NumPy's; ours are functions.
        asked = lambda g, *a, f=f: call(_Named(g, f), *a)  # noqa: E731
        for k, x in enumerate(ARRAYS):
            compiled = (i + k) % 40 == 0
            found += [
                f"{name} of {x.dtype}, {t}"
                for t in differences(asked, f, getattr(wnp, name), arguments(f, x), compiled)
            ]
    assert not found, "\n".join(found)


class _Named:
    """A function with the numbers of arguments and results of a universal function."""

    def __init__(self, call, ufunc):
        self.call, self.nin, self.nout = call, ufunc.nin, ufunc.nout

    def __call__(self, *args, **options):
        return self.call(*args, **options)


@pytest.mark.parametrize("name", GENERALISED)
def test_core_axes(name):
    f = UFUNCS[name]
    for options in GENERALISED[name]:
        for x in (X[:, :2], X[:, :2] > 0.5, np.stack([X[:, :2]] * 3)):
            a = (x, x[..., 0]) if name == "matvec" else (x[..., 0], x) if name == "vecmat" else (x, x)
            found = list(differences(lambda g, *a: g(*a, **options), f, getattr(wnp, name), a, True))  # noqa: B023
            assert not found, (options, found)


@pytest.mark.parametrize("method", ["reduce", "accumulate", "outer", "reduceat"])
def test_methods(method):
    """Of functions of two arguments, as attributes of ours too."""
    found = []
    for i, (name, f) in enumerate(UFUNCS.items()):
        if f.nin != 2 or f.nout != 1 or f.signature or name == "ldexp":  # whose second argument is an exponent
            continue
        for x in ARRAYS:
            a = (x, x[0]) if method == "outer" else (x, [0, 1]) if method == "reduceat" else (x,)
            ours, theirs = getattr(getattr(wnp, name), method), getattr(f, method)
            case = lambda g, x: g(x, *a[1:])  # noqa: B023, E731
            found += [f"{name}.{method} of {x.dtype}, {t}" for t in differences(case, theirs, ours, a[:1], i % 20 == 0)]
    assert not found, "\n".join(found)


def test_results_written_into_traced_arrays():
    def f(x):
        out = np.zeros_like(x)
        returned = wnp.multiply(x, 2, out=out)
        wnp.add(x, 1, out=out, where=x > 0.3)
        low, high = np.zeros_like(x), np.zeros_like(x)
        wnp.divmod(x, 0.5, low, high)
        return returned, out, low, high

    want = meaning.outcome(lambda: f(X))
    for got in (w.jit(f)(X), w.jvp(f, (X,), (X,))[0], [o[0] for o in w.vmap(f)(X[None])]):
        for a, b in zip(got, want, strict=True):
            np.testing.assert_array_equal(a, b)
    slopes = w.jvp(f, (X,), (np.ones_like(X),))[1]
    np.testing.assert_array_equal(slopes[1], np.where(X > 0.3, 1.0, 2.0))


def test_results_written_into_plain_arrays():
    """Which stand for traced ones from then on (`ops.written`), for universal functions and others."""

    def f(x):
        a, b, c = np.zeros((2, 3)), np.zeros(3), np.zeros((2, 2))
        wnp.add(x, x, out=a)
        wnp.mean(x, axis=0, out=b)
        wnp.dot(x, x.T, out=c)
        return wnp.sum(a) + wnp.sum(b * b) + wnp.sum(c)

    x = wnp.array(X)
    slopes = 2 + X.mean(0) + 2 * X.sum(0)
    np.testing.assert_allclose(w.grad(f)(x), np.stack([slopes] * 2), rtol=1e-12)
    np.testing.assert_allclose(w.jit(f)(x), f(X), rtol=1e-12)


def test_32_bits_with_options():
    with w.config.override(enable_x64=False):
        x = np.ones((2, 2), np.float32)
        for y in (wnp.add(x, 1, dtype=float), wnp.sin(x, signature="d->d"), wnp.matmul(x, x, dtype=float),
                  wnp.add.reduce(np.arange(3, dtype=np.int32)), wnp.multiply.outer(x, 2.0)):  # fmt: skip
            assert y.dtype.itemsize == 4


X3 = np.array([[3, 1, 7, 2, 6], [0, 5, 4, 8, 1]])
DTYPES = ["float16", "float32", ">f8", "int8", "int64", "bool"]
MORE = {
    "quantile, one of the elements": lambda m, x: m.quantile(x, [0.25, 0.5], method="nearest"),
    "quantile, a narrow share": lambda m, x: m.quantile(x, np.float32(0.3), method="higher"),
    "nanquantile of no rows": lambda m, x: m.nanquantile(x[:, :0], 0.5, axis=0),
    "gradient at places": lambda m, x: m.gradient(x, [0.0, 1.0, 2.0, 4.0, 8.0], axis=1),
    "unwrap, a whole period": lambda m, x: m.unwrap(x, period=4),
    "unwrap, an odd one": lambda m, x: m.unwrap(x, period=5),
    "unwrap": lambda m, x: m.unwrap(x),
}


@pytest.mark.parametrize("name", MORE)
def test_dtypes_of_results(name):
    """Byte orders are not told apart: where NumPy keeps that of an argument depends on the function."""

    def native(f):
        out = meaning.outcome(f)
        return (
            out if isinstance(out, Exception) else [v.astype(v.dtype.newbyteorder("=")) for v in map(np.asarray, out)]
        )

    for dtype in DTYPES:
        x = X3.astype(dtype)
        want = native(lambda: MORE[name](np, x))  # noqa: B023
        for mode, call in {
            "plain": lambda: MORE[name](wnp, x),
            "jit": lambda: w.jit(lambda v: MORE[name](wnp, v))(x),
        }.items():  # noqa: B023, E501
            assert not (text := meaning._differs(native(call), want, mode)), f"{dtype}, {mode}: {text}"


def test_arrays_of_the_other_byte_order_compile():
    """A number in a Program has the machine's order; this did not end."""
    x = np.arange(5.0).astype(">f8")
    np.testing.assert_allclose(w.jit(lambda v: np.quantile(v, 0.3))(x), np.quantile(x, 0.3))


def test_powers_of_no_elements():
    """NumPy refuses negative exponents of integers only where a power is taken."""
    x, y = np.zeros((2, 0), np.uint32), np.array([-1], np.int32)
    assert w.jit(np.power)(x, y).dtype == np.power(x, y).dtype
    with pytest.raises(ValueError, match="negative integer powers"):
        w.jit(np.power)(x[:, :0].reshape(0) if x.size else np.ones(1, int), np.array([-1]))
