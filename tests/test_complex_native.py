"""Complex numbers in compiled code: without NumPy, with the values that the eager functions have."""

import mpmath
import numpy as np
import pytest

import wengert as w
import wengert.numpy as wnp
import wengert.scipy.linalg
from wengert import jit, lax
from wengert.core import Primitive
from wengert.testing import cases, primitives

RNG = np.random.default_rng(7)
EDGES = [0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -2.0, 0.7, 30.0, -30.0, 1e-20, 1e160, -1e300, 700.0, -710.0, 720.0]
FINITE = np.array([complex(a, b) for a in EDGES for b in EDGES])
INFINITE = np.array([complex(a, b) for a in [*EDGES, np.inf, -np.inf] for b in (np.inf, -np.inf)])
INFINITE = np.concatenate([INFINITE, INFINITE.imag + 1j * np.where(np.isfinite(INFINITE.real), INFINITE.real, 3.0)])
# NumPy's own sums of products are fused or not by their place in the array, and its functions cancel where ours need not.
DIFFER = {
    "square": "infinite less infinite",
    "expm1": "NumPy's is NaN where it overflows",
    "log1p": "NumPy's has lost small numbers",
    "power": "by logarithms: tested beside mpmath",
    "sign": "NumPy's overflows",
}
UNARY = (
    "negative positive absolute sign square reciprocal sqrt rsqrt exp exp2 expm1 log log2 log10 log1p sin cos tan arcsin "
    "arccos arctan sinh cosh tanh arcsinh arccosh arctanh sech2 rint isnan isinf isfinite real imag conj logical_not"
).split()
BINARY = (
    "equal not_equal less less_equal greater greater_equal maximum minimum fmax fmin logical_and logical_or".split()
)


def complex_numbers(*shape, dtype=np.complex128):
    return (RNG.normal(size=shape) + 1j * RNG.normal(size=shape)).astype(dtype)


def calls(f, *args):
    return jit(f).lower(*args).cost().calls


def same(found, wanted, tolerance=1e-13):
    found, wanted = w.tree_util.tree_leaves(found), w.tree_util.tree_leaves(wanted)
    assert len(found) == len(wanted)
    for x, y in zip(found, wanted, strict=True):
        assert (np.shape(x), np.asarray(x).dtype) == (np.shape(y), np.asarray(y).dtype)
        if np.asarray(y).dtype in (np.complex64, np.float32):
            tolerance = max(tolerance, 2e-5)
        np.testing.assert_allclose(x, y, rtol=tolerance, atol=tolerance)


def parts_agree(x, y):
    """Elements whose parts agree to rounding of the number's size, signs of zeros included."""
    if x.dtype.kind != "c":
        x, y = x.astype(complex), y.astype(complex)
    size = np.where(np.isfinite(x), np.abs(x), 0)
    good = np.ones(x.shape, bool)
    for a, b in ((x.real, y.real), (x.imag, y.imag)):
        near = np.abs(a - b) <= 1e-14 * np.maximum(size, np.abs(a)) + 1e-320
        zeros = (a == 0) & (b == 0) & (np.signbit(a) != np.signbit(b))
        good &= ((a == b) | near | (np.isnan(a) & np.isnan(b))) & ~zeros
    return good


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", UNARY)
def test_special_points(name):
    p = Primitive.registry[name]
    compiled = jit(p.bind)
    with np.errstate(all="ignore"):
        wanted, found = p.bind(FINITE), compiled(FINITE)
        assert found.dtype == wanted.dtype and not calls(p.bind, FINITE)
        if name not in DIFFER:
            bad = ~parts_agree(wanted, found)
            assert not bad.any(), (FINITE[bad][:3], wanted[bad][:3], found[bad][:3])
        # Infinite parts: what is a number there is the same number, and NaN where the eager function has one.
        wanted, found = p.bind(INFINITE), compiled(INFINITE)
    if name not in DIFFER and wanted.dtype.kind == "c":
        known = ~np.isnan(wanted)
        bad = known & ~np.isnan(found) & ~parts_agree(wanted * 1.0, found * 1.0)
        bad = known & ~((wanted == found) | (np.abs(wanted - found) < 1e-14))
        bad &= ~(np.isinf(wanted) & np.isinf(found))
        assert not bad.any(), (INFINITE[bad][:3], wanted[bad][:3], found[bad][:3])


EXACT = {
    "exp": mpmath.exp, "log": mpmath.log, "sqrt": mpmath.sqrt, "sin": mpmath.sin, "cos": mpmath.cos, "tan": mpmath.tan,
    "sinh": mpmath.sinh, "cosh": mpmath.cosh, "tanh": mpmath.tanh, "arcsin": mpmath.asin, "arccos": mpmath.acos,
    "arctan": mpmath.atan, "arcsinh": mpmath.asinh, "arccosh": mpmath.acosh, "arctanh": mpmath.atanh,
    "expm1": mpmath.expm1, "log1p": mpmath.log1p, "log10": mpmath.log10, "reciprocal": lambda z: 1 / z,
    "absolute": abs, "sign": mpmath.sign, "rsqrt": lambda z: 1 / mpmath.sqrt(z),
}  # fmt: skip


@pytest.mark.parametrize("name", EXACT)
def test_accuracy(name):
    turns = np.exp(1j * RNG.uniform(-np.pi, np.pi, 60))
    z = np.concatenate([complex_numbers(60), turns * (1 + 1e-3 * RNG.normal(size=60)), 1e-9 * turns, 50 * turns])
    with mpmath.workprec(160):
        exact = [EXACT[name](mpmath.mpc(x)) for x in z]
        found = jit(Primitive.registry[name].bind)(z)
        errors = [float(abs(mpmath.mpc(a) - b) / abs(b)) for a, b in zip(found, exact, strict=True)]
    assert max(errors) < 3 * np.finfo(float).eps


@pytest.mark.parametrize("name", BINARY)
def test_special_pairs(name):
    p = Primitive.registry[name]
    numbers = np.concatenate([FINITE[::7], [complex(np.nan, 1), complex(1, np.nan), complex(np.inf, 0)]])
    x, y = (a.reshape(-1) for a in np.meshgrid(numbers, numbers))
    with np.errstate(all="ignore"):
        wanted, found = p.bind(x, y), jit(p.bind)(x, y)
    np.testing.assert_array_equal(found, wanted)
    assert not calls(p.bind, x, y)


def test_products_and_quotients_by_the_exact_ones():
    x, y = complex_numbers(200), complex_numbers(200)
    for f in (lambda x, y: x * y, lambda x, y: x / y, lambda x, y: x + y, lambda x, y: x - y, lambda x, y: 1 / y):
        found = jit(f)(x, y)
        exact = np.array([complex(f(mpmath.mpc(a), mpmath.mpc(b))) for a, b in zip(x, y, strict=True)])
        assert (np.abs(found - exact) <= 1e-15 * np.abs(exact)).all()
    far = np.array([1e200 + 1e200j, 1e-200 + 1e-200j])
    np.testing.assert_allclose(jit(lambda x: (1 + 1j) * x / x)(far), 1 + 1j, rtol=1e-15)


@pytest.mark.parametrize("exponent", [0, 1, 2, 3, 5, 17, -1, -4, 0.5, -0.25, 1.5 + 2j, 100])
def test_powers(exponent):
    x = complex_numbers(50)
    found = jit(lambda x: x**exponent)(x)
    exact = np.array([complex(mpmath.mpc(a) ** exponent) for a in x])
    bound = np.finfo(float).eps * (8 + 5 * abs(exponent))  # of the logarithm's, times the exponent
    assert (np.abs(found - exact) <= bound * np.abs(exact)).all()
    found = jit(lambda x, n: x**n)(x, np.full(50, exponent + 0j))
    assert (np.abs(found - exact) <= bound * np.abs(exact)).all()


def test_powers_of_zero():
    x, y = np.zeros(5, complex), np.array([0, 1, 2.5, 0.5 + 1j, 2])
    np.testing.assert_array_equal(jit(lambda x, y: x**y)(x, y), [1, 0, 0, 0, 0])


# What NumPy computes for compiled code, of complex numbers.
THROUGH_NUMPY = ("scatter_multiply", "scatter_max", "scatter_min")


def _swept():
    kinds = ("Formula", "View", "Reshape", "Gather", "Joined", "Padding", "IndexEmbedding", "Contraction", "Scatter")
    for p in primitives():
        if type(p.native).__name__ in kinds and p.name not in THROUGH_NUMPY:
            for label, args, params in cases(p):
                if "complex" in label and all(np.size(a) for a in args):
                    yield pytest.param(p, args, params, id=f"{p.name}-{label}")


@pytest.mark.parametrize("primitive, args, params", list(_swept()))
def test_what_has_native_code_for_real_numbers_has_it_for_complex_ones(primitive, args, params):
    bind = lambda *a: primitive.bind(*a, **params)  # noqa: E731
    if primitive.native.__class__.__name__ == "Formula" and primitive.native.parts is None:
        pytest.skip("a function of special values, which NumPy or SciPy has for complex numbers")
    assert not calls(bind, *args)
    same(jit(bind)(*args), bind(*args), 1e-12)


# --- shapes ------------------------------------------------------------------------------------------------------------


def chain(z, v):
    return z * v + wnp.exp(1j * z.real) / (2 + v) - wnp.conj(z) * 0.5


@pytest.mark.parametrize("dtype", [np.complex64, np.complex128])
@pytest.mark.parametrize("n", [0, 1, 2, 3, 7, 16, 33, 1001, 70_001])
def test_sizes(n, dtype):
    z, v = complex_numbers(n, dtype=dtype), complex_numbers(n, dtype=dtype)
    with np.errstate(all="ignore"):
        same(jit(chain)(z, v), chain(z, v), 1e-11)
    assert not calls(chain, z, v)


def test_strides_and_scalars():
    z = complex_numbers(6, 8)
    for x in (z[::2, ::-1], z.T, z[:, 3], z[2], np.asfortranarray(z), z[1, 1], np.broadcast_to(z[0], (3, 8))):
        same(jit(lambda x: x * 2j + x.conj())(x), x * 2j + x.conj())
    same(jit(lambda a, b: a * b)(2 + 1j, 1.5), (2 + 1j) * 1.5)
    same(jit(lambda a: a * np.float32(2))(np.complex64(1 + 2j)), np.complex64(2 + 4j))


def test_mixed_dtypes():
    z, x, k = complex_numbers(5), RNG.normal(size=5), np.arange(5)
    narrow = z.astype(np.complex64)
    for f in (
        lambda z, x, k: z * x + k, lambda z, x, k: narrow * x, lambda z, x, k: wnp.where(k > 2, z, x),
        lambda z, x, k: z.astype(np.complex64) * 2, lambda z, x, k: (z != 0) & (x > 0), lambda z, x, k: x + 1j * k,
        lambda z, x, k: wnp.concatenate([z, z * x]), lambda z, x, k: narrow.real * z,
    ):  # fmt: skip
        same(jit(f)(z, x, k), f(z, x, k))


def test_mixed_operands_of_a_solve():
    """Beside a complex matrix a real one has no imaginary part."""
    a, b = complex_numbers(4, 4), np.arange(8.0).reshape(4, 2) + 1
    same(jit(lambda a, b: wnp.linalg.solve(a, b))(a, b), np.linalg.solve(a, b))


MOVES = {
    "slices": lambda z: (z[::2], z[1:, ::-1], z[2], z[..., None, 1]),
    "reshape": lambda z: (z.reshape(2, 2, 6), (z * 2).reshape(-1), z.T.reshape(3, 8)),
    "transpose": lambda z: wnp.conj(z.T) * 2,
    "concatenate": lambda z: (wnp.concatenate([z, z * 1j]), wnp.stack([z, z]), wnp.pad(z, 1)),
    "gather": lambda z: (z[np.array([2, 0, -1])], wnp.take_along_axis(z, np.array([[1], [0], [3], [2]]), 1)),
    "roll": lambda z: wnp.roll(z, 2, axis=1) - 2 * z + wnp.roll(z, -2, axis=1),
    "sums": lambda z: (z.sum(), z.sum(0), z.mean(1), wnp.cumsum(z, 1), wnp.cumsum(z, 0), wnp.var(z)),
    "products": lambda z: (
        wnp.prod(z),
        wnp.prod(z, 0),
        wnp.prod(z, 1),
        wnp.prod(z.reshape(-1)[:23]),
        wnp.prod(z[0, :5]),
    ),
    "running products": lambda z: (wnp.cumprod(z, 1), wnp.cumprod(z, 0)),
    "truth": lambda z: (wnp.any(z), wnp.all(z, 0), wnp.count_nonzero(z)),
    "truth of imaginary numbers": lambda z: (
        wnp.any(z.imag * 1j),
        wnp.all(z.imag * 1j, 0),
        wnp.count_nonzero(z.imag * 1j),
        wnp.any(z * 0),
        wnp.any(z.real + 0j, 1),
    ),
    "norms": lambda z: (wnp.abs(z), wnp.angle(z), wnp.linalg.norm(z)),
    "einsum": lambda z: (wnp.einsum("ij,kj->ik", z, wnp.conj(z)), wnp.einsum("ij,ij->i", z, z), wnp.vdot(z, z)),
    "constants": lambda z: z * np.full((4, 6), 2 - 1j) + np.arange(6) * 1j,
}


@pytest.mark.parametrize("name", MOVES)
@pytest.mark.parametrize("dtype", [np.complex64, np.complex128])
def test_moves_and_sums(name, dtype):
    z, f = complex_numbers(4, 6, dtype=dtype), MOVES[name]
    same(jit(f)(z), f(z))
    assert not calls(f, z)


@pytest.mark.parametrize(
    "m, k, n", [(1, 1, 1), (2, 2, 2), (3, 5, 1), (1, 7, 3), (4, 8, 16), (17, 33, 9), (64, 64, 64), (130, 70, 50)]
)
def test_matrix_products(m, k, n):
    a, b = complex_numbers(m, k), complex_numbers(k, n)
    for f, x, y in (
        (lambda a, b: a @ b, a, b),
        (lambda a, b: a.T @ b, a.T.copy(), b),
        (lambda a, b: wnp.conj(a) @ b.T, a, b.T.copy()),
        (lambda a, b: (a * 2) @ (b + 1j), a, b),
        (lambda a, b: a.real @ b, a, b),
        (lambda a, b: a @ b.imag, a, b),
        (lambda a, b: wnp.einsum("bij,bjk->bik", a, b), np.stack([a, a * 1j, -a]), np.stack([b, b, b * 2])),
        (lambda a, v: a @ v, a, b[:, 0].copy()),
    ):
        same(jit(f)(x, y), f(x, y), 1e-12)
        assert not calls(f, x, y)


# --- loops -------------------------------------------------------------------------------------------------------------


def recurrence(c, xs):
    return lax.scan(lambda c, x: (c * x + 0.1, (c * c, wnp.abs(c))), c, xs)


@pytest.mark.parametrize("shape", [(), (3,), (40,), (2, 5)])
@pytest.mark.parametrize("dtype", [np.complex64, np.complex128])
def test_scan(shape, dtype):
    c, xs = complex_numbers(*shape, dtype=dtype), 0.7 * complex_numbers(21, *shape, dtype=dtype)
    xs = xs.astype(dtype)
    state, ys, sizes = c, [], []
    for x in xs:
        ys.append(state * state)
        sizes.append(np.abs(state))
        state = state * x + dtype(0.1)
    same(jit(recurrence)(c[()], xs), (state[()], (np.stack(ys), np.stack(sizes))), 1e-11)
    assert not calls(recurrence, c[()], xs)


def test_while_and_branches():
    c = complex_numbers(6) * 0.6
    escape = lambda c: lax.while_loop(
        lambda s: wnp.max(wnp.abs(s[0])) < 2, lambda s: (s[0] ** 2 + c, s[1] + 1), (c * 0, 0)
    )  # noqa: E731
    z, n = c * 0, 0
    while np.abs(z).max() < 2:
        z, n = z * z + c, n + 1
    same(jit(escape)(c + 1), jit(escape)(c + 1))
    found = jit(escape)(c)
    same(found[0], z, 1e-9)
    assert int(found[1]) == n and not calls(escape, c)
    turn = lambda k, z: lax.cond(k > 0, lambda z: z * 1j, lambda z: wnp.conj(z), z)  # noqa: E731
    same([jit(turn)(1, c), jit(turn)(-1, c)], [c * 1j, c.conj()])
    switch = lambda k, z: lax.switch(k, [lambda z: z, lambda z: z @ z * z, lambda z: wnp.fft.fft(z)], z)  # noqa: E731
    for k, wanted in enumerate([c, c @ c * c, np.fft.fft(c)]):
        same(jit(switch)(k, c), wanted)


def test_a_loop_around_what_numpy_computes():
    z, k = complex_numbers(32), np.fft.fftfreq(32)

    def step(z, _):
        z = wnp.fft.ifft(wnp.exp(-1j * k**2) * wnp.fft.fft(z * np.exp(0.1j)))
        return z, z[3]

    state, kept = z, []
    for _ in range(5):
        state = np.fft.ifft(np.exp(-1j * k**2) * np.fft.fft(state * np.exp(0.1j)))
        kept.append(state[3])
    same(jit(lambda z: lax.scan(step, z, None, length=5))(z), (state, np.array(kept)), 1e-12)


def test_a_carried_array_is_changed_in_place():
    z = complex_numbers(50)

    def step(i, z):
        return z.at[i].set(z[i - 1] * 2j) if hasattr(z, "at") else z

    wanted = z.copy()
    for i in range(1, 20):
        wanted[i] = wanted[i - 1] * 2j
    same(jit(lambda z: lax.fori_loop(1, 20, step, z))(z), wanted)


# --- derivatives ---------------------------------------------------------------------------------------------------------


LOSSES = {
    "chain": lambda z: wnp.sum(wnp.abs(wnp.exp(1j * z) * z + z**2) ** 2),
    "product": lambda z: wnp.sum(wnp.abs(z.reshape(2, 3) @ wnp.conj(z.reshape(2, 3)).T) ** 2),
    "scan": lambda z: wnp.sum(wnp.abs(recurrence(z, 0.3 * wnp.stack([z, z, wnp.conj(z)]))[0]) ** 2),
    "angle": lambda z: wnp.sum(wnp.angle(z) * z.real),
    "while": lambda z: wnp.sum(
        wnp.abs(lax.while_loop(lambda s: s[1] < 3, lambda s: (s[0] * z + 1, s[1] + 1), (z, 0))[0]) ** 2
    ),
}


@pytest.mark.parametrize("name", LOSSES)
def test_derivatives_by_differences(name):
    z, f = complex_numbers(6) * 0.6, LOSSES[name]
    found = jit(w.grad(f))(z)
    h = 1e-6
    slopes = [(np.array([f(z + h * d * e) - f(z - h * d * e) for e in np.eye(6)]) / (2 * h)) for d in (1, 1j)]
    wanted = slopes[0] - 1j * slopes[1]
    np.testing.assert_allclose(found, wanted, rtol=2e-6, atol=2e-6)
    same(found, w.grad(f)(z), 1e-11)
    direction = complex_numbers(6)
    pushed = jit(lambda z, t: w.jvp(f, (z,), (t,))[1])(z, direction)
    np.testing.assert_allclose(pushed, np.sum((found * direction).real), rtol=1e-9)
    several = np.stack([z, z * 0.5, -z])
    same(jit(w.vmap(w.grad(f)))(several), np.stack([w.grad(f)(v) for v in several]), 1e-10)


def test_hessian_vector_product():
    z, t, f = complex_numbers(6) * 0.6, complex_numbers(6), LOSSES["chain"]
    product = lambda z, t: w.jvp(w.grad(f), (z,), (t,))[1]  # noqa: E731
    h = 1e-6
    wanted = (w.grad(f)(z + h * t) - w.grad(f)(z - h * t)) / (2 * h)
    np.testing.assert_allclose(jit(product)(z, t), wanted, rtol=1e-6, atol=1e-6)


def test_real_programs_are_left_alone():
    f = lambda x: wnp.sum(wnp.sin(x) * 2)  # noqa: E731
    program = w.make_program(f)(np.ones(3))
    from wengert.compile.parting import in_parts

    assert in_parts(program) is program


def test_other_complex_dtypes_go_through_numpy():
    z = complex_numbers(5)
    for x in (z.astype(">c16"), z.astype(np.clongdouble)):
        found = jit(lambda x, z: (x * 2 + z, wnp.abs(x)))(x, z)
        same(
            [np.asarray(f, np.result_type(complex if f.dtype.kind == "c" else float)) for f in found],
            [x.astype(complex) * 2 + z, np.abs(z)],
        )


# --- linear algebra ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.complex64, np.complex128])
@pytest.mark.parametrize("shape", [(1, 1), (3, 3), (2, 5, 5), (24, 24)])
def test_linear_algebra(shape, dtype):
    a, b = complex_numbers(*shape, dtype=dtype), complex_numbers(*shape[:-1], 4, dtype=dtype)
    turned = np.conj(np.swapaxes(a, -1, -2))
    h, tolerance = a @ turned + np.eye(shape[-1], dtype=dtype), 1e-10 if dtype is np.complex128 else 3e-3
    linalg = wnp.linalg
    for f, args in (
        (linalg.solve, (a, b)), (linalg.solve, (a, b.real)), (linalg.solve, (a.real, b)), (linalg.inv, (a,)),
        (linalg.det, (a,)), (lambda a: tuple(linalg.slogdet(a)), (a,)), (linalg.cholesky, (h,)),
        (linalg.eigvalsh, (h,)), (lambda a: linalg.svd(a, compute_uv=False), (b,)),
    ):  # fmt: skip
        same(jit(f)(*args), f(*args), tolerance)
        assert not calls(f, *args)
    values, vectors = jit(lambda h: tuple(linalg.eigh(h)))(h)
    np.testing.assert_allclose(
        (vectors * values[..., None, :]) @ np.conj(np.swapaxes(vectors, -1, -2)), h, atol=tolerance
    )
    for x in (a, b, np.swapaxes(b, -1, -2)):
        u, s, vh = jit(lambda x: tuple(linalg.svd(x, full_matrices=False)))(x)
        np.testing.assert_allclose((u * s[..., None, :]) @ vh, x, atol=tolerance)
        q, r = jit(lambda x: tuple(linalg.qr(x)))(x)
        np.testing.assert_allclose(q @ r, x, atol=tolerance)
        np.testing.assert_allclose(
            np.conj(np.swapaxes(q, -1, -2)) @ q,
            np.broadcast_to(np.eye(q.shape[-1]), (*q.shape[:-2], q.shape[-1], q.shape[-1])),
            atol=tolerance,
        )
        assert not calls(lambda x: tuple(linalg.svd(x)), x) and not calls(lambda x: tuple(linalg.qr(x)), x)
    f = lambda a: wnp.sum(wnp.abs(linalg.solve(a, a @ a)) ** 2) + wnp.sum(linalg.slogdet(a)[1])  # noqa: E731
    same(jit(w.grad(f))(a), w.grad(f)(a), 100 * tolerance)


@pytest.mark.parametrize("lower", [True, False])
@pytest.mark.parametrize("trans", [0, 1, 2])
def test_triangular_solves(lower, trans):
    a, b = complex_numbers(5, 5) + 3 * np.eye(5), complex_numbers(5, 2)
    f = lambda a, b: w.scipy.linalg.solve_triangular(a, b, lower=lower, trans=trans)  # noqa: E731
    for y in (b, b[:, 0].copy()):
        found = jit(f)(a, y)
        t = np.tril(a) if lower else np.triu(a)
        np.testing.assert_allclose((t, t.T, t.conj().T)[trans] @ found, y, atol=1e-13)
        assert not calls(f, a, y)


def test_singular_matrices_and_arrays_that_are_not_aligned():
    zero = np.zeros((3, 3), complex)
    for f in (wnp.linalg.inv, lambda a: wnp.linalg.solve(a, a), wnp.linalg.cholesky):
        with pytest.raises(np.linalg.LinAlgError):
            jit(f)(zero)
    assert jit(wnp.linalg.det)(zero) == 0
    askew = np.frombuffer(bytearray(16 * 9 + 8), np.uint8)[8:].view(np.complex128).reshape(3, 3)
    askew[...] = complex_numbers(3, 3)
    same(jit(lambda a: (wnp.linalg.inv(a), a @ a, a * 2j))(askew), (np.linalg.inv(askew), askew @ askew, askew * 2j))


def test_the_pullback_of_a_loop_is_native():
    f = LOSSES["while"]
    z = complex_numbers(3) * 0.5
    for g in (w.grad(f), lambda z: w.jvp(w.grad(f), (z,), (z,))[1]):
        assert not calls(g, z)


def test_the_parts_keep_the_signs_of_zeros():
    """The real part was formed by adding 0, which takes -0.0 to 0.0, and the angle of a negative number with it."""
    z = np.array([complex(-0.0, 1.0), complex(-0.0, 0.0), complex(0.0, -0.0)])
    for f in (wnp.real, wnp.imag, wnp.angle, lambda z: z.real, lambda z: z.imag):
        want = {wnp.real: np.real, wnp.imag: np.imag, wnp.angle: np.angle}.get(f, f)(z)
        for got in (f(z), jit(f)(z), w.vmap(f)(z), f(z[0]), jit(f)(z[0])):
            expected = want if np.ndim(got) else want[0]
            np.testing.assert_allclose(got, expected, rtol=1e-15)
            np.testing.assert_array_equal(np.signbit(got), np.signbit(expected))


def test_rounding_keeps_the_signs_of_zeros():
    """It was written as a sum of both parts, in which -0.0 + 0.0 is 0.0."""
    z = np.array([0.2 - 0.3j, -0.2 + 0.3j, -0.4 - 0.4j, 1.5 + 2.5j, complex(np.inf, -0.2)])
    for f in (wnp.round, jit(wnp.round), lambda z: w.vmap(wnp.round)(z)):
        np.testing.assert_array_equal(f(z), np.round(z))
        np.testing.assert_array_equal(np.signbit(f(z).real), np.signbit(np.round(z).real))
        np.testing.assert_array_equal(np.signbit(f(z).imag), np.signbit(np.round(z).imag))
