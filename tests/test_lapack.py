"""Factorisations in compiled programs: lanes for small matrices, LAPACK for others, against NumPy."""

import re
import threading
from functools import partial

import numpy as np
import pytest

import wengert as w
import wengert.numpy as wnp
from wengert import config
from wengert.compile import blas, lapack
from wengert.compile.executable import Executable
from wengert.compile.fusion import Call
from wengert.ops import decompositions as dec
from wengert.ops import linalg as ops
from wengert.scipy import linalg as wsl

SIZES = [1, 2, 3, 4, 6, 8, 9, 20]
STACKS = {np.float64: [(), (7,), (70,)], np.float32: [(2, 3), (75,)]}
DTYPES = [np.float64, np.float32]
TOLERANCE = {np.float64: 1e-11, np.float32: 2e-3}
every_size = pytest.mark.parametrize("n", SIZES)
every_dtype = pytest.mark.parametrize("dtype", DTYPES)


def matrices(*shape, dtype=np.float64, seed=3):
    """Matrices that are far from singular."""
    a = np.random.default_rng(seed).uniform(-1, 1, size=shape)
    return (a + 2 * np.sqrt(shape[-1]) * np.eye(*shape[-2:])).astype(dtype)


def numbers(*shape, dtype=np.float64, seed=5):
    return np.random.default_rng(seed).normal(size=shape).astype(dtype)


def definite(*shape, dtype=np.float64):
    a = numbers(*shape).astype(dtype)
    return (a @ np.swapaxes(a, -1, -2) + shape[-1] * np.eye(shape[-1])).astype(dtype)


def compiled(f, *args):
    """The result of `f` compiled; its factorisations must be compiled too."""
    f = w.jit(f)
    result = f(*args)
    ((program, _),) = next(entries for key, entries in f._cache.items() if key != "native")
    steps = Executable(program).plan.steps
    assert any(isinstance(s, lapack.Factorisation) for s in steps)
    assert not any(isinstance(s, Call) for s in steps)
    return result


def close(got, want, dtype):
    got, want = np.asarray(got), np.asarray(want)
    assert got.dtype == want.dtype == dtype and got.shape == want.shape
    np.testing.assert_allclose(got, want, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype] * max(1, np.abs(want).max()))


@every_dtype
@every_size
def test_against_numpy(n, dtype):
    for stack in STACKS[dtype]:
        a, spd = matrices(*stack, n, n, dtype=dtype), definite(*stack, n, n, dtype=dtype)
        for f, x in [
            (wnp.linalg.inv, a),
            (wnp.linalg.cholesky, spd),
            (wnp.linalg.eigvalsh, spd),
            (dec.svdvals_p.bind, numbers(*stack, n, n + 2, dtype=dtype)),
            (dec.svdvals_p.bind, numbers(*stack, n + 3, n, dtype=dtype)),
        ]:
            close(compiled(f, x), f(x), dtype)
        close(compiled(wnp.linalg.det, a), np.linalg.det(a), dtype)
        for got, want in zip(compiled(wnp.linalg.slogdet, -a), np.linalg.slogdet(-a), strict=True):
            close(got, want, dtype)


@every_dtype
@every_size
def test_solve(n, dtype):
    for stack, m, transpose in [
        ((), 1, False),
        ((), 11, True),
        ((2, 3), 2, False),
        ((70,), 1, True),
        ((75,), 3, False),
    ]:
        a, b = matrices(*stack, n, n, dtype=dtype), numbers(*stack, n, m, dtype=dtype)
        f = lambda a, b, t=transpose: ops.solve_p.bind(a, b, transpose=t)  # noqa: E731
        close(compiled(f, a, b), f(a, b), dtype)


@pytest.mark.parametrize("unit", [False, True])
@pytest.mark.parametrize("transpose", [False, True])
@pytest.mark.parametrize("lower", [False, True])
def test_triangular_solve(lower, transpose, unit):
    def f(a, b):
        return ops.triangular_solve_p.bind(a, b, lower=lower, transpose=transpose, unit=unit)

    for n, dtype in ((3, np.float64), (6, np.float32), (9, np.float64), (20, np.float32)):
        for stack, m in (((), 1), ((), 11), ((2, 3), 2), ((70,), 1)):
            a, b = matrices(*stack, n, n, dtype=dtype) / (3 * n), numbers(*stack, n, m, dtype=dtype)
            a += np.eye(n, dtype=dtype)  # the unused triangle must not be read
            close(compiled(f, a, b), f(a, b), dtype)


@every_dtype
@pytest.mark.parametrize("n", [1, 2, 5, 20])
def test_decompositions(n, dtype):
    """Signs of vectors are LAPACK's choice, by rounding: what is theirs by definition is tested."""

    def product(*factors):
        out = factors[0]
        for x in factors[1:]:
            out = out @ x
        return out

    def turned(x):
        return np.swapaxes(x, -1, -2)

    for stack in ((), (2, 3)):
        x = numbers(*stack, n, n, dtype=dtype)
        x = (x + turned(x)) / 2
        values, v = compiled(wnp.linalg.eigh, x)
        close(values, np.linalg.eigvalsh((x + turned(x)) / 2), dtype)
        close(product(v * values[..., None, :], turned(v)), (x + turned(x)) / 2, dtype)
        close(turned(v) @ v, np.broadcast_to(np.eye(n, dtype=dtype), x.shape), dtype)
        for rows, columns in ((n, n), (n + 3, n), (n, n + 2)):
            x = numbers(*stack, rows, columns, dtype=dtype)
            k = min(rows, columns)
            q, r = compiled(dec.qr_p.bind, x)
            close(q @ r, x, dtype)
            close(r, np.triu(r), dtype)
            close(turned(q) @ q, np.broadcast_to(np.eye(k, dtype=dtype), (*stack, k, k)), dtype)
            for full in (False, True):
                u, s, vh = compiled(lambda x, full=full: dec.svd_p.bind(x, full_matrices=full), x)
                want = np.linalg.svd(x, full_matrices=full)
                assert (u.shape, vh.shape) == (want[0].shape, want[2].shape)
                close(s, want[1], dtype)
                close(product(u[..., :k] * s[..., None, :], vh[..., :k, :]), x, dtype)
                for vectors in (turned(u), vh):
                    eye = np.eye(vectors.shape[-2], dtype=dtype)
                    close(vectors @ turned(vectors), np.broadcast_to(eye, (*stack, *eye.shape)), dtype)


def test_vectors_have_the_signs_of_eager_ones():
    x = numbers(12, 9)
    for got, want in zip(w.jit(wnp.linalg.svd)(x), wnp.linalg.svd(x), strict=True):
        close(got, want, np.float64)
    for got, want in zip(w.jit(wnp.linalg.qr)(x), wnp.linalg.qr(x), strict=True):
        close(got, want, np.float64)
    for got, want in zip(w.jit(wnp.linalg.eigh)(x[:9]), wnp.linalg.eigh(x[:9]), strict=True):
        close(got, want, np.float64)


@pytest.mark.parametrize("f", [wnp.linalg.det, wnp.linalg.inv, wnp.linalg.cholesky, wnp.linalg.eigvalsh])
def test_empty_matrices(f):
    for x in (np.ones((0, 0)), np.ones((3, 0, 0)), np.ones((0, 4, 4))):
        got, want = w.jit(f)(x), f(x)
        assert got.shape == want.shape and np.array_equal(got, want)


@pytest.mark.parametrize("n", [2, 4, 7, 30])
def test_a_long_stack(n):
    a, b = matrices(1003, n, n), numbers(1003, n, 1)
    close(compiled(wnp.linalg.solve, a, b), np.linalg.solve(a, b), np.float64)
    close(compiled(wnp.linalg.cholesky, definite(1003, n, n)), np.linalg.cholesky(definite(1003, n, n)), np.float64)


@every_dtype
@pytest.mark.parametrize("n", [2, 4, 8, 20])
def test_rows_change_places(n, dtype):
    """Every order of rows, so every pivot."""
    rng = np.random.default_rng(8)
    a = np.stack([np.eye(n)[rng.permutation(n)] * 3 + 0.1 * rng.normal(size=(n, n)) for _ in range(100)]).astype(dtype)
    b = numbers(100, n, 2, dtype=dtype)
    close(compiled(wnp.linalg.solve, a, b), np.linalg.solve(a, b), dtype)
    close(compiled(wnp.linalg.inv, a), np.linalg.inv(a), dtype)
    for got, want in zip(compiled(wnp.linalg.slogdet, a), np.linalg.slogdet(a), strict=True):
        close(got, want, dtype)


@pytest.mark.parametrize("width", [16, 32, 64])
@every_dtype
def test_every_width_of_vectors(width, dtype, monkeypatch):
    monkeypatch.setattr("wengert.compile.engine.vector_bytes", lambda: width)
    a, b = matrices(70, 3, 3, dtype=dtype), numbers(70, 3, 2, dtype=dtype)
    close(compiled(lambda a, b: wnp.linalg.solve(a, b), a, b), np.linalg.solve(a, b), dtype)
    for got, want in zip(compiled(lambda a: wnp.linalg.slogdet(a), -a), np.linalg.slogdet(-a), strict=True):
        close(got, want, dtype)


# --- errors ---------------------------------------------------------------------------------------------------------


def outcome(f, *args):
    try:
        return f(*args)
    except Exception as error:
        return type(error), str(error)


def singular(n, stack, where):
    a = matrices(*stack, n, n).reshape(-1, n, n)
    a[where % len(a), :, n // 2] = 0
    return a.reshape(*stack, n, n)


@pytest.mark.parametrize("n", [1, 3, 4, 7, 12])
@pytest.mark.parametrize("stack", [(), (3, 25)])
def test_singular(n, stack):
    b = numbers(*stack, n, 2)
    solve, inv = w.jit(wnp.linalg.solve), w.jit(wnp.linalg.inv)
    for where in (0, 3, 69):
        a = singular(n, stack, where)
        eager = outcome(wnp.linalg.solve, a, b)
        assert eager == (np.linalg.LinAlgError, "Singular matrix")
        assert outcome(solve, a, b) == eager and outcome(inv, a) == outcome(wnp.linalg.inv, a) == eager
        good = matrices(*stack, n, n)  # the same programs go on
        close(solve(good, b), np.linalg.solve(good, b), np.float64)
        close(inv(good), np.linalg.inv(good), np.float64)


@pytest.mark.parametrize("n", [1, 3, 12])
@pytest.mark.parametrize("stack", [(), (5,), (70,)])
def test_indefinite(n, stack):
    f = w.jit(wnp.linalg.cholesky)
    a = definite(*stack, n, n)
    bad = a.copy().reshape(-1, n, n)
    bad[-1, n // 2, n // 2] = -1
    bad = bad.reshape(a.shape)
    eager = outcome(wnp.linalg.cholesky, bad)
    assert eager == (np.linalg.LinAlgError, "Matrix is not positive definite") == outcome(f, bad)
    close(f(a), np.linalg.cholesky(a), np.float64)


@pytest.mark.parametrize("f", [dec.svd_p.bind, dec.svdvals_p.bind])
def test_no_convergence(f):
    x = numbers(6, 4)
    x[2, 2] = np.nan
    g = (lambda x: f(x, full_matrices=False)) if f == dec.svd_p.bind else f
    eager = outcome(g, x)
    assert eager == (np.linalg.LinAlgError, "SVD did not converge") == outcome(w.jit(g), x)


def test_the_same_small_matrices_are_singular_as_in_numpy():
    """Whether rounding leaves a zero pivot depends on the order of operations, which is NumPy's."""
    rng = np.random.default_rng(4)
    f = w.jit(wnp.linalg.inv)
    found = 0
    for _ in range(300):
        a = rng.integers(-9, 10, size=(2, 2)).astype(float)
        a[1] = a[0] * rng.integers(-3, 4) / 3
        eager = outcome(np.linalg.inv, a)
        assert type(eager) is type(outcome(f, a))
        found += isinstance(eager, tuple)
    assert found > 100


@every_dtype
def test_determinants_of_singular_matrices(dtype):
    for n in (1, 3, 5, 20):
        a = matrices(6, n, n, dtype=dtype)
        a[2, 0] = 0
        a[4] = np.nan
        sign, log = compiled(wnp.linalg.slogdet, a)
        assert sign[2] == 0 and log[2] == -np.inf and np.isnan(log[4])
        det = compiled(wnp.linalg.det, a)
        assert det[2] == 0 and np.isnan(det[4])


@pytest.mark.parametrize("n", [4, 8, 20])
def test_determinants_that_overflow_on_the_way(n):
    scale = np.where(np.arange(n) % 2, 1e-200, 1e200)
    a = np.stack([matrices(n, n) * np.sort(scale)[:, None], matrices(n, n) * -np.sort(scale)[::-1, None]])
    np.testing.assert_allclose(compiled(wnp.linalg.det, a), np.linalg.det(a), rtol=1e-10)
    huge = np.diag([1e-310, *[2.0] * (n - 1)])  # with a number that is subnormal
    np.testing.assert_allclose(compiled(wnp.linalg.det, huge), np.linalg.det(huge), rtol=1e-10)
    np.testing.assert_allclose(compiled(wnp.linalg.slogdet, huge), np.linalg.slogdet(huge), rtol=1e-10)
    with np.errstate(over="ignore"):
        want = np.linalg.det(matrices(n, n) * 1e120)
    assert want == np.inf == compiled(wnp.linalg.det, matrices(n, n) * 1e120)


def test_subnormal_pivots():
    a = np.array([[3e-310, 0.0], [1e-310, 2e-309]])
    np.testing.assert_allclose(w.jit(wnp.linalg.solve)(a, a @ np.ones(2)), np.ones(2), rtol=1e-10)


def test_a_guard_comes_before_an_error():
    """On the path that another call took a matrix may be singular that this call does not divide by."""

    @w.jit
    def f(a, flag):
        if flag > 0:
            return wnp.linalg.inv(a)
        return a * 2

    a = np.zeros((3, 3))
    close(f(matrices(3, 3), 1.0), np.linalg.inv(matrices(3, 3)), np.float64)
    close(f(a, -1.0), a * 2, np.float64)
    with pytest.raises(np.linalg.LinAlgError, match="Singular"):
        f(a, 1.0)


def test_which_factorisation_failed():
    f = w.jit(lambda a, b: wnp.linalg.inv(a) + wnp.linalg.cholesky(b))
    good = definite(3, 3)
    with pytest.raises(np.linalg.LinAlgError, match="Singular"):
        f(0 * good, good)
    with pytest.raises(np.linalg.LinAlgError, match="positive definite"):
        f(good, -good)
    close(f(good, good), np.linalg.inv(good) + np.linalg.cholesky(good), np.float64)


def test_errors_belong_to_their_threads():
    a = np.stack([matrices(3, 3)] * 400)
    bad = a.copy()
    bad[7] = 0
    f = w.jit(wnp.linalg.inv)
    f(a)
    wrong = []

    def run(x, fails):
        wrong.extend(fails for _ in range(50) if isinstance(outcome(f, x), tuple) != fails)

    threads = [threading.Thread(target=run, args=x) for x in ((a, False), (bad, True)) * 2]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not wrong


# --- in programs ------------------------------------------------------------------------------------------------------


LOSSES = {
    "solve": lambda a: wnp.sum(wnp.linalg.solve(a, a[..., :1] * 2 + 1) ** 2),
    "inv": lambda a: wnp.sum(wnp.tanh(wnp.linalg.inv(a))),
    "det": lambda a: wnp.sum(wnp.linalg.det(a)),
    "slogdet": lambda a: wnp.sum(wnp.linalg.slogdet(a)[1] ** 2),
    "cholesky": lambda a: wnp.sum(wnp.sin(wnp.linalg.cholesky(wnp.matmul(a, wnp.swapaxes(a, -1, -2))))),
    "eigh": lambda a: wnp.sum(wnp.linalg.eigh(a)[0] ** 3) + wnp.sum(wnp.linalg.eigh(a)[1] ** 4),
    "svd": lambda a: wnp.sum(wnp.linalg.svd(a, full_matrices=False)[0] ** 4),
    "svdvals": lambda a: wnp.sum(wnp.linalg.svdvals(a) ** 3),
    "qr": lambda a: wnp.sum(wnp.linalg.qr(a)[0] ** 4) + wnp.sum(wnp.linalg.qr(a)[1] ** 4),
}


@pytest.mark.parametrize("shape", [(3, 3), (5, 4, 4), (2, 9, 9)])
@pytest.mark.parametrize("name", LOSSES)
def test_gradients(name, shape):
    f, a = LOSSES[name], matrices(*shape) + np.diag(np.arange(shape[-1]))
    for transform in (w.grad, lambda g: lambda x: w.hvp(g, (x,), (x,))):
        got, want = w.jit(transform(f))(a), transform(f)(a)
        np.testing.assert_allclose(got, want, rtol=1e-8, atol=1e-8 * np.abs(want).max())


def test_vmap_over_right_sides_solves_with_columns_in_the_lanes():
    a, b = matrices(3, 3), numbers(1001, 3)
    got = compiled(w.vmap(lambda b: wnp.linalg.solve(a, b)), b)
    np.testing.assert_allclose(got, np.linalg.solve(a, b.T).T, rtol=1e-12, atol=1e-12)


def test_operands_that_are_computed_and_scratch_space_that_is_used_again():
    def f(x):
        a = wnp.matmul(x, wnp.swapaxes(x, -1, -2)) + 30 * wnp.eye(30)
        factor = wnp.linalg.cholesky(a)
        y = wnp.linalg.solve(a + factor, factor)
        return wnp.linalg.svdvals(y) * wnp.linalg.det(a / 60)[:, None] + wnp.linalg.eigvalsh(y)

    x = numbers(2, 30, 30)
    np.testing.assert_allclose(compiled(f, x), f(x), rtol=1e-9)


@pytest.mark.parametrize("stack", [(), (3,)])
@pytest.mark.parametrize("n", [9, 40])
def test_factors_are_shared(n, stack):
    """One factorisation for a matrix that is solved with, inverted, and whose determinant is taken."""

    def f(first, a, b):
        x = ops.solve_p.bind(a, b, transpose=first)
        y = ops.solve_p.bind(a, x + 1, transpose=not first)
        sign, log = wnp.linalg.slogdet(a)
        return x, y, wnp.linalg.inv(a) * 2, sign, log, wnp.linalg.det(a / 1) * 1, wnp.linalg.solve(a + 1, b)

    a, b = matrices(*stack, n, n), numbers(*stack, n, 2)
    for first in (False, True):
        g = partial(f, first)
        for got, want in zip(compiled(g, a, b), g(a, b), strict=True):
            close(got, want, np.float64)
    g = lambda a: wnp.sum(wnp.linalg.slogdet(a)[1]) + wnp.sum(wnp.linalg.solve(a, b) ** 2)  # noqa: E731
    steps = Executable(w.make_program(w.grad(g))(a)).plan.steps
    made = [s.makes for s in steps if isinstance(s, lapack.Factorisation)]
    assert len(made) > 2 and sum(made) == 1
    np.testing.assert_allclose(w.jit(w.grad(g))(a), w.grad(g)(a), rtol=1e-9, atol=1e-12)
    with pytest.raises(np.linalg.LinAlgError, match="Singular"):
        w.jit(w.grad(g))(0 * a)


def test_complex_matrices_go_through_numpy():
    a = matrices(3, 3) + 1j * numbers(3, 3)
    np.testing.assert_allclose(w.jit(wnp.linalg.inv)(a), np.linalg.inv(a), rtol=1e-12)


@pytest.mark.parametrize(("n", "m"), [(20, 75), (33, 5), (9, 4)])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_many_right_sides_are_solved_in_vectors(n, m, dtype):
    rng = np.random.default_rng(n)
    a = (rng.normal(size=(n, n)) + 3 * np.eye(n)).astype(dtype)
    b = rng.normal(size=(n, m)).astype(dtype)
    exact = a.astype(float)
    close = {"rtol": 1e-10, "atol": 1e-10} if dtype is np.float64 else {"rtol": 1e-2, "atol": 1e-2}

    def solves(a, b):
        return wnp.linalg.solve(a, b), wnp.linalg.solve(a.T, b)

    f = w.jit(solves)
    assert "getrs" not in f.lower(a, b).llvm()
    for found, wanted in zip(f(a, b), (np.linalg.solve(exact, b), np.linalg.solve(exact.T, b)), strict=True):
        assert found.dtype == dtype
        np.testing.assert_allclose(found, wanted, **close)
    for lower in (True, False):
        triangle = np.where(np.tri(n, dtype=bool) if lower else np.tri(n, dtype=bool).T, exact, 0)
        np.fill_diagonal(triangle, n)
        for flipped in (0, 1):
            solve = lambda t, b, low=lower, way=flipped: wsl.solve_triangular(t, b, lower=low, trans=way)  # noqa: E731
            wanted = np.linalg.solve(triangle.T if flipped else triangle, b)
            np.testing.assert_allclose(w.jit(solve)(triangle.astype(dtype), b), wanted, **close)


def _all_routines(a, b, h):
    """Every routine that compiled code calls."""
    return (
        wnp.linalg.solve(a, b), wnp.linalg.inv(a + b), wnp.linalg.slogdet(a @ b), wsl.lu_factor(a),
        wsl.solve_triangular(a, b, lower=True), wsl.solve_triangular(a, b[:, 0]), wnp.linalg.cholesky(h),
        wnp.linalg.eigh(h), wnp.linalg.eigvalsh(h), wnp.linalg.svd(a), wnp.linalg.svd(b, compute_uv=False), wnp.linalg.qr(a),
        wsl.solve_banded((1, 1), a[:3] + 9.0, b),
    )  # fmt: skip


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.complex128])
def test_one_library_is_called(dtype, monkeypatch):
    """NumPy's OpenBLAS and SciPy's have threads that slow down each other's; where NumPy's is not found, SciPy's does all."""
    n, found = 170, blas.numpy_blas()
    a, b = (numbers(n, n, dtype=np.float64, seed=s).astype(dtype) for s in (1, 2))
    a = a + dtype(n) * np.eye(n, dtype=dtype)
    h = (a + a.conj().T) / 2
    f = _all_routines if dtype is not np.complex128 else lambda *args: _all_routines(*args)[:5]
    wanted = w.jit(f)(a, b, h)
    text = w.jit(f).lower(a, b, h).llvm()
    routines = set(re.findall(r"@(wengert\.[sdcz][a-z]{4}\w*)\(", text))
    assert len(routines) >= 5 and all(r.endswith(blas.WIDE) == (found is not None) for r in routines)
    monkeypatch.setattr(blas, "numpy_blas", lambda: None)
    with config.override(disk_cache=False):
        other = w.jit(lambda *args: f(*args))
        text = w.jit(f).lower(a, b, h).llvm()
        for x, y in zip(w.tree.leaves(other(a, b, h)), w.tree.leaves(wanted), strict=True):
            scale = np.max(np.abs(y))
            np.testing.assert_allclose(
                np.abs(x), np.abs(y), rtol=0, atol=1e-3 * scale if dtype is np.float32 else 1e-10 * scale
            )
    assert not re.search(rf"@wengert\.[sdcz]\w+{blas.WIDE}", text)


def test_code_from_the_disk_for_a_library_that_is_gone_is_made_anew(tmp_path, monkeypatch):
    if blas.numpy_blas() is None:
        pytest.skip("NumPy has no OpenBLAS of its own here")
    a = matrices(30)
    with config.override(cache_dir=str(tmp_path)):
        want = w.jit(lambda a: wnp.linalg.inv(a))(a)
        monkeypatch.setattr(blas, "numpy_blas", lambda: None)
        blas.blas_address.cache_clear()
        np.testing.assert_allclose(w.jit(lambda a: wnp.linalg.inv(a))(a), want, rtol=1e-10)
    blas.blas_address.cache_clear()


@pytest.mark.parametrize("dtype", [np.float64, np.complex128])
@pytest.mark.parametrize("name", ["qr_packed", "hessenberg_packed", "tridiagonal"])
def test_packed_reductions_in_compiled_programs(name, dtype):
    from wengert.ops import reflectors

    primitive, params = getattr(reflectors, name + "_p"), {"lower": True} if name == "tridiagonal" else {}
    for shape in [(1, 1), (5, 5), (3, 6, 6), (40, 40), *([(4, 7), (2, 7, 3)] if name == "qr_packed" else [])]:
        x = numbers(*shape).astype(dtype)
        x = x + (1j * numbers(*shape, seed=6) if dtype is np.complex128 else 0)
        f = w.jit(lambda x: primitive.bind(x, **params))
        for got, expected in zip(f(x), primitive.bind(x, **params), strict=True):
            np.testing.assert_allclose(got, expected, atol=1e-12)
        if min(shape[-2:]) > 1:
            assert lapack.factorisation_of(f.program(x).equations[0]) is not None
