"""What NumPy's functions give traced and not: one dtype for bfloat16, the bits of linspace, bins of integers, truth values."""

import numpy as np
import pytest

import wengert as w
import wengert.numpy as wnp

RNG = np.random.default_rng(0)


@pytest.mark.parametrize(
    "name, call",
    {
        "clip": lambda x: wnp.clip(x, 1, 2),
        "round": lambda x: wnp.round(x, 1),
        "quantile": lambda x: wnp.quantile(x, 0.3),
        "percentile": lambda x: wnp.percentile(x, 30),
        "norm": lambda x: wnp.linalg.norm(x),
        "norm of order 1": lambda x: wnp.linalg.norm(x, 1),
        "vector_norm": lambda x: wnp.linalg.vector_norm(x),
        "matmul": lambda x: wnp.matmul(x, x),
        "fft": lambda x: wnp.fft.fft(x),
        "sum": lambda x: wnp.sum(x),
        "table": lambda x: w.lax.fori_loop(0, 3, lambda i, c: c + x[i % x.shape[0]], x * 1),
    }.items(),
)
def test_bfloat16_is_one_dtype_traced_or_not(name, call):
    x = (np.arange(9) / 4 - 1).astype(wnp.bfloat16)
    eager, compiled = call(x), w.jit(call)(x)
    assert np.asarray(eager).dtype == np.asarray(compiled).dtype, name
    np.testing.assert_allclose(
        np.asarray(eager).astype(complex), np.asarray(compiled).astype(complex), rtol=0.02, atol=0.02
    )


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16, np.int64, np.complex128])
@pytest.mark.parametrize("endpoint", [True, False])
def test_points_of_linspace_have_numpys_bits(dtype, endpoint):
    a, b = (RNG.normal(size=(2, 3)) * 5 + [[0.0], [20.0]]).astype(dtype)
    for n in (0, 1, 2, 7, 16):
        points = w.jit(lambda a, b: wnp.linspace(a, b, n, endpoint))  # noqa: B023
        np.testing.assert_array_equal(points(a, b), np.linspace(a, b, n, endpoint))
        np.testing.assert_array_equal(points(a[0], b[0]), np.linspace(a[0], b[0], n, endpoint))
    slopes = w.jacrev(lambda v: wnp.linspace(v[0], v[1], 4))(np.array([1.0, 1.0]))
    np.testing.assert_allclose(slopes, [[1, 0], [2 / 3, 1 / 3], [1 / 3, 2 / 3], [0, 1]], rtol=1e-15)


@pytest.mark.parametrize("dtype", [np.int8, np.uint8, np.int32, np.int64, np.float32])
def test_histograms_of_numbers_on_edges(dtype):
    for bins in (3, 5, 10):
        x = np.abs(RNG.normal(size=60) * 4).astype(dtype)
        for got, want in zip(w.jit(lambda x: wnp.histogram(x, bins))(x), np.histogram(x, bins), strict=True):  # noqa: B023
            np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize(
    "call", [lambda x: np.quantile(x, 0.3), lambda x: np.round(x, 1), lambda x: np.percentile(x, 5)]
)
def test_truth_values_are_refused_where_numpy_refuses_them(call):
    x = np.array([True, False])
    for f in (call, w.jit(call)):
        with pytest.raises(TypeError):
            f(x)
