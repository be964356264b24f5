"""`jax.lax` here and in JAX: the same values, dtypes, weakness, shapes and kinds of errors, for every public name."""

import importlib
import inspect
import re

import numpy as np
import pytest
from jax_lax_cases import agrees, cases, recorded, run, space

from wengert.interop import jax_names

CASES, RECORDED = cases(), recorded()
NAMES = RECORDED["names"]
# Parameters that are JAX's own, and of objects whose calls take any.
OWN = {"lax.after_all", "lax.broadcast_shapes", "lax.platform_dependent", "lax.random_gamma_grad"}


# Functions that are tested below: JAX gives NumPy's integers, tokens of its own, or fails.
BELOW = {
    f"lax.{n}" for n in "after_all ragged_all_to_all conv_shape_tuple conv_general_shape_tuple conv_transpose_shape_tuple pbroadcast "
    "precv psend".split()
}  # fmt: skip


@pytest.fixture
def jax():
    with jax_names.as_jax():
        import jax
        import jax.lax.linalg

        jax.config.update("jax_enable_x64", True)
        yield jax


@pytest.mark.parametrize("title", CASES)
def test_as_jax_has_it(jax, title):
    want, got = RECORDED["results"][title], run(CASES[title], space(jax))
    assert list(want) == list(got)
    wrong = [f"{code}\n  JAX  {want[code]}\n  here {got[code]}" for code in want if not agrees(want[code], got[code])]
    assert not wrong, "\n".join(wrong[:20])


def _found(full):
    module, _, name = full.rpartition(".")
    return getattr(importlib.import_module(f"jax.{module}"), name)


def test_no_name_is_missing(jax):
    assert [
        n for n in NAMES if not hasattr(importlib.import_module(f"jax.{n.rpartition('.')[0]}"), n.split(".")[-1])
    ] == []


def test_primitives_have_the_names_of_jax(jax):
    primitives = {n: _found(n) for n in NAMES if n.endswith("_p") and NAMES[n]}
    assert len(primitives) > 150
    assert {n: p.name for n, p in primitives.items()} == {n: NAMES[n] for n in primitives}


def test_no_parameter_is_missing(jax):
    missing = {}
    for full, want in NAMES.items():
        if isinstance(want, list) and full not in OWN:
            have = inspect.signature(_found(full)).parameters
            lacks = [p for p in want if p not in have]
            if lacks:
                missing[full] = lacks
    assert missing == {}


def test_every_function_is_called():
    text = "\n".join(line for lines in CASES.values() for line in lines)
    called = {f"lax.{n}" for n in re.findall(r"\blax\.(\w+)\b", text)} | {
        f"lax.linalg.{n}" for n in re.findall(r"\bla\.(\w+)", text)
    }
    never = {n for n in NAMES if not n.endswith("_p")} - called
    assert never == BELOW


@pytest.mark.parametrize("name", ["reduce_p", "linear_solve_p"])
def test_primitives_that_hold_programs_say_what_to_call(jax, name):
    with pytest.raises(NotImplementedError, match="call the function of jax.lax"):
        getattr(jax.lax, name).bind(jax.numpy.ones(2), body=None)


def test_shapes_of_convolutions(jax):
    lax, jnp = jax.lax, jax.numpy
    numbers = ("NHC", "HIO", "NHC")
    assert lax.conv_shape_tuple((2, 3, 8), (4, 3, 3), (2,), "SAME") == (2, 4, 4)
    assert lax.conv_shape_tuple((2, 3, 8), (4, 3, 3), (2,), [(1, 1)]) == (2, 4, 4)
    assert lax.conv_general_shape_tuple((2, 8, 3), (3, 3, 4), (2,), "SAME", numbers) == (2, 4, 4)
    for padding in ("SAME", "VALID"):
        made = lax.conv_transpose(jnp.ones((2, 8, 3)), jnp.ones((3, 3, 4)), (2,), padding)
        assert lax.conv_transpose_shape_tuple((2, 8, 3), (3, 3, 4), (2,), padding, numbers) == made.shape


def test_tokens_and_devices(jax):
    lax, jnp = jax.lax, jax.numpy
    token = lax.after_all(lax.create_token(), lax.create_token())
    assert type(token) is type(lax.create_token())
    with pytest.raises(TypeError):
        lax.after_all(1.0)
    for send in (lambda x: lax.psend(x, "i", [(0, 1)]), lambda x: lax.precv(None, x, "i", [(0, 1)])):
        with pytest.raises(NotImplementedError, match="ppermute"):
            jax.vmap(send, axis_name="i")(jnp.ones(2))
    assert jax.vmap(lambda x: lax.pbroadcast(x, "i", 1), axis_name="i")(jnp.arange(3.0)).tolist() == [1, 1, 1]
    assert jax.vmap(lambda x: lax.ppermute(x, "i", [(0, 1)]), axis_name="i")(jnp.arange(2.0) + 5).tolist() == [0, 5]


def test_rows_that_are_sent_to_others(jax):
    lax, jnp = jax.lax, jax.numpy

    def exchange(x, out, first, many, place):
        return lax.ragged_all_to_all(x, out, first, many, place, many, axis_name="i")

    x = jnp.arange(8.0).reshape(2, 4)  # example i sends one row to 0 and two to 1
    first, many = jnp.array([[0, 1], [0, 1]]), jnp.array([[1, 2], [1, 2]])
    place = jnp.array([[0, 0], [1, 2]])
    got = jax.vmap(exchange, axis_name="i")(x, jnp.full((2, 5), -1.0), first, many, place)
    assert got.tolist() == [[0, 4, -1, -1, -1], [1, 2, 5, 6, -1]]


def test_arguments_that_are_not_differentiated_are_told(jax):
    f, seen = jax.custom_vjp(lambda x, y: x * y), []

    def forward(x, y):
        seen.append((x.perturbed, y.perturbed))
        return x.value * y.value, (x.value, y.value)

    f.defvjp(forward, lambda r, g: (g * r[1], g * r[0]), symbolic_zeros=True)
    assert (jax.grad(f)(2.0, 3.0), jax.grad(f, (0, 1))(2.0, 3.0)) == (3, (3, 2))
    assert seen == [(True, False), (True, True)]
    from jax.custom_derivatives import SymbolicZero

    g = jax.custom_jvp(lambda x, y: x * y)

    def rule(primals, tangents):
        kinds.append([isinstance(t, SymbolicZero) for t in tangents])
        x, y = primals
        return x * y, sum(t * o for t, o in zip(tangents, (y, x), strict=True) if not isinstance(t, SymbolicZero))

    kinds = []
    g.defjvp(rule, symbolic_zeros=True)
    assert (jax.grad(g)(2.0, 3.0), jax.grad(g, 1)(2.0, 3.0)) == (3, 2)
    assert kinds == [[False, True], [True, False]]


ONE = (
    "neg sign floor ceil exp exp2 log expm1 log1p tanh logistic tan sin cos asin acos atan sinh cosh asinh atanh abs sqrt rsqrt "
    "cbrt square lgamma digamma erf erfc erf_inv bessel_i0e bessel_i1e reciprocal acosh round is_finite"
).split()
TWO = (
    "add sub mul div rem max min atan2 pow igamma igammac igamma_grad_a zeta eq lt nextafter random_gamma_grad complex"
).split()


@pytest.mark.parametrize("name", ONE + TWO)
def test_elementwise_functions_under_transformations(jax, name):
    jnp, f = jax.numpy, getattr(jax.lax, name)
    x = jnp.array([0.31, 0.52, 0.77]) + (1.0 if name in ("acosh", "zeta") else 0.0)
    args = (x,) if name in ONE else (x, jnp.array([0.9, 1.2, 0.4]))
    plain = f(*args)
    for g in (jax.jit(f), jax.vmap(f)):
        out = g(*args)
        assert (out.dtype, out.shape) == (plain.dtype, plain.shape)
        np.testing.assert_allclose(out, plain, rtol=1e-12)
    if plain.dtype != np.float64 or name in ("nextafter", "igamma_grad_a", "random_gamma_grad"):
        return
    for i in range(len(args)):
        moved = [tuple(a + s * 1e-6 if k == i else a for k, a in enumerate(args)) for s in (1, -1)]
        slope = (np.asarray(f(*moved[0])) - np.asarray(f(*moved[1]))) / 2e-6
        tangents = tuple(jnp.ones(3) if k == i else jnp.zeros(3) for k in range(len(args)))
        np.testing.assert_allclose(jax.jvp(f, args, tangents)[1], slope, rtol=1e-5, atol=1e-7)
        np.testing.assert_allclose(jax.grad(lambda *a: f(*a).sum(), i)(*args), slope, rtol=1e-5, atol=1e-7)


# Functions of arrays, each with arguments for it: derivatives against differences, jit and vmap against loops.
A = np.array([0.3, -1.1, 0.8, 2.0])
SQUARE = np.random.default_rng(9).normal(size=(3, 3)) + 3 * np.eye(3)
WHOLE = {
    "broadcast": lambda lax, x: lax.broadcast(x, (2,)), "tile": lambda lax, x: lax.tile(x, (2,) * x.ndim),
    "collapse": lambda lax, x: lax.collapse(x, 0), "rev": lambda lax, x: lax.rev(x, (0,)),
    "concatenate": lambda lax, x: lax.concatenate([x, x * x], 0), "stack": lambda lax, x: lax.stack([x, x * x], 0),
    "split": lambda lax, x: lax.split(x, (1, x.shape[0] - 1))[1], "unstack": lambda lax, x: lax.unstack(x)[1] ** 2,
    "pad": lambda lax, x: lax.pad(x, x.sum(), ((1, -1, 2),) * x.ndim), "sort": lambda lax, x: lax.sort(x, 0),
    "slice": lambda lax, x: lax.slice_in_dim(x, 1, 3), "reduce_prod": lambda lax, x: lax.reduce_prod(x, (0,)),
    "reduce_max": lambda lax, x: lax.reduce_max(x, (0,)), "reduce": lambda lax, x: lax.reduce(x, 1.0, lax.mul, (0,)),
    "fold": lambda lax, x: lax.reduce(x, 0.0, lambda a, b: a + b + a * b, (0,)), "top_k": lambda lax, x: lax.top_k(x, 2)[0],
    "cumlogsumexp": lambda lax, x: lax.cumlogsumexp(x, 0, True), "cumprod": lambda lax, x: lax.cumprod(x, 0, True),
    "select": lambda lax, x: lax.select(x > 0, x * x, x), "clamp": lambda lax, x: lax.clamp(-0.9, x, 0.9),
    "dynamic_slice": lambda lax, x: lax.dynamic_slice_in_dim(x, 2, 2), "square": lambda lax, x: lax.integer_pow(x, 3),
    "dynamic_update": lambda lax, x: lax.dynamic_update_slice_in_dim(x, x[:1] ** 2, 2, 0),
    "dot_general": lambda lax, x: lax.dot_general(x, x, (((0,), (0,)), ((), ()))),
    "fft": lambda lax, x: lax.real(lax.fft(lax.complex(x, x * x), "fft", x.shape[-1:])),
    "rfft": lambda lax, x: lax.imag(lax.fft(x, "rfft", x.shape[-1:])),
    "scan": lambda lax, x: lax.scan(lambda c, v: (c * 0.5 + v, c * v), x[0], x)[1],
    "map": lambda lax, x: lax.map(lambda v: v * v, x, batch_size=2), "cond": lambda lax, x: lax.cond(x.sum() > 0, lax.sin, lax.cos, x),
    "associative_scan": lambda lax, x: lax.associative_scan(lax.mul, x, reverse=True),
    "reduce_window": lambda lax, x: lax.reduce_window(x, -np.inf, lax.max, (2,) * x.ndim, (1,) * x.ndim, "SAME"),
}  # fmt: skip
MATRICES = {
    "cholesky": lambda la, x: la.cholesky(x @ x.T), "cholesky_update": lambda la, x: la.cholesky_update(x, x[0] * x[1]),
    "eigh": lambda la, x: la.eigh(x @ x.T)[1], "lu": lambda la, x: la.lu(x)[0], "qr": lambda la, x: la.qr(x)[1] ** 2,
    "svd": lambda la, x: la.svd(x, compute_uv=False), "triangular_solve": lambda la, x: la.triangular_solve(x, x.T),
    "householder_product": lambda la, x: la.householder_product(x, x[0]), "ormqr": lambda la, x: la.ormqr(x, x[0], x, left=False),
    "symmetric_product": lambda la, x: la.symmetric_product(x, x @ x.T, alpha=2.0, beta=0.5), "qdwh": lambda la, x: la.qdwh(x)[0],
    "tridiagonal_solve": lambda la, x: la.tridiagonal_solve(x[0], x[1] + 9.0, x[2], x), "eig": lambda la, x: abs(la.eig(x, compute_left_eigenvectors=False)[0]) ** 2,
}  # fmt: skip


@pytest.mark.parametrize("name", [*WHOLE, *MATRICES])
def test_functions_of_arrays_under_transformations(jax, name):
    import jax.lax.linalg
    from jax.test_util import check_grads

    if name in WHOLE:
        f, x = (lambda v: WHOLE[name](jax.lax, v)), A
    else:
        f, x = (lambda v: MATRICES[name](jax.lax.linalg, v)), SQUARE
    x = jax.numpy.asarray(x)
    plain = np.asarray(f(x))
    np.testing.assert_allclose(jax.jit(f)(x), plain, rtol=1e-9, atol=1e-12)
    rows = jax.vmap(f)(jax.numpy.stack([x, x * 0.9]))
    np.testing.assert_allclose(rows, [plain, np.asarray(f(x * 0.9))], rtol=1e-9, atol=1e-12)
    check_grads(f, (x,), order=2, atol=1e-4, rtol=1e-4)
