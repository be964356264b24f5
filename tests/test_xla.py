"""The backend of XLA: Programs on JAX's compiler agree with the native ones, and with the interpreter, an oracle of NumPy's."""

import subprocess
import sys

import numpy as np
import pytest
from compare_programs import differences

import wengert as w
import wengert.numpy as wnp
from wengert import lax
from wengert.core import aval_of
from wengert.errors import NotSupportedError
from wengert.ops.updates import at
from wengert.program import Equation, Program, Var
from wengert.testing import cases, primitives

pytestmark = pytest.mark.peers
jax = pytest.importorskip("jax")
if not hasattr(jax, "jaxlib") and not hasattr(jax, "_src"):
    pytest.skip("jax is this library's alias here", allow_module_level=True)

X = np.linspace(0.3, 1.7, 5)


def agree(f, *args, tolerance=1e-9):
    want = w.tree_util.tree_leaves(w.jit(f)(*args))
    got = [np.asarray(a) for a in w.tree_util.tree_leaves(w.jit(f, backend="xla")(*args))]
    assert [(a.shape, a.dtype) for a in got] == [(np.shape(a), a.dtype) for a in want]
    assert differences(got, want, tolerance) == ""


def test_infinities_stay_in_the_terms_of_a_convolution():
    x, y = np.array([1.0, np.inf, 2.0, 3.0]), np.array([1.0, -2.0])
    for a, b in [(x, y), (y, x), (x.astype(np.float32), y.astype(np.float32))]:
        got = np.asarray(w.jit(wnp.convolve, backend="xla")(a, b))
        np.testing.assert_array_equal(got, np.convolve(a, b))
    rows = np.asarray(w.jit(w.vmap(wnp.convolve), backend="xla")(np.stack([x, x[::-1]]), np.stack([y, y])))
    np.testing.assert_array_equal(rows, [np.convolve(x, y), np.convolve(x[::-1], y)])


# --- values -----------------------------------------------------------------------------------------------------


def newton(x):
    def going(c):
        return wnp.sum(wnp.abs(c[1] * c[1] - x)) > 1e-12

    return lax.while_loop(going, lambda c: (c[0] + 1, 0.5 * (c[1] + x / c[1])), (0, wnp.ones_like(x)))[1]


def count_to(n):
    return lambda x: lax.while_loop(lambda c: c[0] < n, lambda c: (c[0] + 1, wnp.sin(c[1]) + 0.1 * c[1]), (0, x))[1]


LOOPS = {
    "scan": lambda x: lax.scan(lambda c, a: (c * a + 1.0, (c, 2.0 * a)), 0.5, x),
    "while": newton,
    "branch": lambda x: lax.cond(wnp.sum(x) > 1.0, wnp.sin, wnp.cos, x),
    "nested": lambda x: lax.fori_loop(0, 3, lambda i, c: c + newton(x) * i, x),
    "more than one block": count_to(2500),
    "no step": count_to(0),
}


@pytest.mark.parametrize("name", LOOPS)
def test_loops_and_their_derivatives(name):
    f = LOOPS[name]
    agree(f, X)

    def total(x):
        return sum(wnp.sum(y) for y in w.tree_util.tree_leaves(f(x)))

    agree(w.grad(total), X, tolerance=1e-7)
    agree(lambda x: w.jvp(f, (x,), (wnp.ones_like(x),))[1], X, tolerance=1e-7)


def test_truths():
    some = np.array([True, False, True, False])
    agree(lambda m: at(wnp.zeros(3, bool))[np.array([0, 0, 2, 1])].add(m), some)
    agree(lambda m: at(wnp.ones(3, bool))[np.array([0, 0, 2, 1])].multiply(m), some)
    agree(lambda m: (lax.cummax(m), lax.cummin(m)), some)


def test_random_bits_are_the_same():
    def draw(key):
        a, b = w.random.split(key)
        return w.random.bits(a, (3,)), w.random.normal(b, (2, 2)), w.random.fold_in(b, 3)

    key = w.random.key(7)
    want, got = w.jit(draw)(key), w.jit(draw, backend="xla")(key)
    assert np.array_equal(want[0], got[0]) and want[2] == got[2]
    assert np.allclose(want[1], got[1], rtol=1e-12)


# --- what goes wrong ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("inside", [False, True], ids=["alone", "in a loop"])
def test_an_index_out_of_range(inside):
    def f(x, i):
        return lax.fori_loop(0, 3, lambda k, c: c + x[i], 0.0) if inside else x[i]

    run = w.jit(f, backend="xla")
    assert float(run(X, np.int64(-1))) == pytest.approx((3 if inside else 1) * X[-1])
    with pytest.raises(IndexError, match=r"index 9 is out of bounds"):
        run(X, np.int64(9))


def test_matrices_without_an_inverse_or_a_factor():
    with pytest.raises(np.linalg.LinAlgError, match="Singular"):
        w.jit(wnp.linalg.inv, backend="xla")(np.zeros((2, 2)))
    with pytest.raises(np.linalg.LinAlgError, match="positive definite"):
        w.jit(wnp.linalg.cholesky, backend="xla")(-np.eye(2))


def test_an_operation_without_a_rule_is_named():
    with pytest.raises(NotSupportedError, match=r"no rule for the operation ldl"):
        w.jit(lambda x: w.scipy.linalg.ldl(x)[0], backend="xla")(np.eye(3))


def test_python_control_flow():
    def f(x):
        return x * 2 if wnp.sum(x) > 0 else -x

    run = w.jit(f, backend="xla")
    for x in (X, -X, X, -X):
        assert np.array_equal(run(x), f(x))


# --- arrays -----------------------------------------------------------------------------------------------------


def test_results_are_arrays_on_the_device_and_arguments_again():
    f = w.jit(lambda x: x * 2.0, backend="xla")
    once = f(X)
    twice = f(once)
    assert isinstance(once, jax.Array) and isinstance(twice, jax.Array)
    assert np.array_equal(twice, 4 * X)
    assert np.allclose(wnp.sin(twice), np.sin(4 * X))
    assert np.allclose(f(jax.numpy.ones(3, "float32")), 2.0)


def test_64_bits_whatever_the_process_has_set():
    f = w.jit(lambda x: x + 1, backend="xla")
    assert not jax.config.jax_enable_x64
    assert f(X).dtype == np.float64 and f(np.arange(3)).dtype == np.int64 and f(np.float32(1)).dtype == np.float32
    assert not jax.config.jax_enable_x64 and jax.numpy.ones(3).dtype == np.float32


def test_no_python_in_what_is_compiled():
    def f(x):
        return w.grad(lambda x: wnp.sum(newton(x)) + wnp.linalg.slogdet(wnp.outer(x, x) + wnp.eye(5))[1])(x)

    text = w.jit(f, backend="xla").lower(X).as_text()
    assert "while" in text and "callback" not in text


CONSTANTS = {
    "one number": np.full((64, 100), 2.5),
    "a row": np.arange(5, 6405, dtype="i4").reshape(64, 100) * -3,
    "an identity": np.eye(80),
    "an identity in pieces": np.eye(80, dtype=bool).reshape(80, 8, 10),
    "none of these": np.random.default_rng(0).normal(size=(80, 80)),
    "two marks": np.where(np.arange(6400) % 79 == 3, np.arange(6400), 0),
    "marks": np.where(np.arange(6400) % 80 == 3, 1.0, 0.0),
    "an identity of other numbers": np.where(np.eye(80), -0.0, 7.0).astype("f4"),
    "signed zeros": np.where(np.arange(6400) % 2, -0.0, 0.0),
    "not numbers": np.full(6400, np.nan),
}


@pytest.mark.parametrize("name", CONSTANTS)
def test_large_constants_are_computed_where_they_are_regular(name):
    x = CONSTANTS[name]
    f = w.jit(lambda s: wnp.where(s > 0, x, wnp.zeros((), x.dtype)), backend="xla")
    got = np.asarray(f(1.0))
    assert got.dtype == x.dtype and got.tobytes() == x.tobytes()
    read = 'dense<"0x' in f.lower(1.0).as_text()
    assert read == (name in ("none of these", "two marks", "marks", "signed zeros"))


ALIAS = """
import sys
import numpy as np
import wengert as w, wengert.numpy as wnp
if sys.argv[1] == "JAX first":
    import jax
    jax.numpy.ones(3)
with w.as_jax():
    import jax.numpy as jnp
    f = w.jit(lambda x: wnp.sum(x * x), backend="xla")
    out = f(np.arange(3.0, dtype="f4"))
    assert float(out) == 5 and type(out).__module__.startswith("jaxlib"), type(out)
    assert not type(jnp.ones(3)).__module__.startswith("jaxlib"), type(jnp.ones(3))
    assert np.from_dlpack(out) == 5 and "float32" in repr(out)
import jax
assert hasattr(jax, "_src") and float(f(jax.numpy.arange(3.0, dtype="f4"))) == 5
"""


@pytest.mark.parametrize("order", ["JAX first", "alias first"])
def test_under_the_alias_for_jax(order):
    out = subprocess.run([sys.executable, "-c", ALIAS, order], capture_output=True, text=True, timeout=100)
    assert out.returncode == 0, out.stderr


# --- all operations ----------------------------------------------------------------------------------------------

# What JAX does not compute, by why; whole operations, or complex numbers of some that it knows for real ones.
LACKING = {
    "an indefinite factorisation with pivots": "ldl",
    "a function of matrices that is given as Python, at complex eigenvalues": "funm funm_pull",
}
LACKS = {name for names in LACKING.values() for name in names.split()}


def first_sample(primitive):
    """The first sample of a primitive as a Program."""
    _, args, params = cases(primitive)[0]
    ins = [Var(aval_of(a)) for a in args]
    found = primitive.abstract(*[v.aval for v in ins], **params)
    outs = [Var(a) for a in (found if primitive.multiple_results else [found])]
    return Program(ins, [Equation(primitive, ins, outs, params)], outs, primitive.name)


def test_forward_over_reverse_of_a_loop_whose_body_is_steep():
    """Masks of what each vector reaches go through the walk back (`walk_back`)."""
    f = lambda x: wnp.sum(lax.while_loop(lambda c: c[0] < 3, lambda c: (c[0] + 1, wnp.sqrt(c[1]) * x), (0, x))[1])  # noqa: E731
    x = np.array([0.5, 2.0, 3.0])
    h = w.jacfwd(w.grad(f))
    np.testing.assert_allclose(w.jit(h, backend="xla")(x), w.jit(h)(x), rtol=1e-12)


@pytest.mark.parametrize("n", (2, 5))
def test_sums_of_exponentials_of_means(n):
    """XLA contracts ``v / n - max(v / n)``, so that the difference of the largest from itself is not 0."""
    from wengert.scipy import special

    x = np.random.default_rng(n).normal(size=(n, 31))
    for f in (special.logsumexp, special.log_softmax, special.softmax):
        g = lambda x, f=f: f(wnp.sum(wnp.exp(x) * wnp.sin(x), 1) / 31)  # noqa: E731
        np.testing.assert_allclose(w.jit(g, backend="xla")(x), g(x), rtol=1e-13)
    rows = lambda x: special.logsumexp(wnp.mean(lax.cumlogsumexp(x, 0), 0, keepdims=True), 1)  # noqa: E731
    np.testing.assert_allclose(w.jit(rows, backend="xla")(x.T), rows(x.T), rtol=1e-13)


def test_every_operation_is_written_or_listed():
    from wengert.xla.loops import may_fail
    from wengert.xla.real import wide

    lacking = set()
    for primitive in primitives():
        if primitive.samples is None or primitive.foreign or primitive.name == "weighted_sum" or not cases(primitive):
            continue
        try:
            program = first_sample(primitive)
        except (AssertionError, NotImplementedError):  # lives on tapes alone
            continue
        try:
            with wide():
                may_fail(program)  # traces its rule
        except NotSupportedError:
            lacking.add(primitive.name)
    assert lacking == LACKS
