"""What is traced means what it means eagerly: branches, effects, integers, constants, shapes."""

import ml_dtypes
import numpy as np
import pytest

import wengert as w
import wengert.numpy as wnp
from wengert import debug, grad, jit, lax, vmap

at = lax._at
X = np.arange(1.0, 4.0)


def same(f, *args):
    """The result compiled is the eager one: values, dtypes, or the class of the error."""

    def outcome(g):
        try:
            with np.errstate(all="ignore"):
                return [np.asarray(x) for x in w.tree.leaves(g(*args))]
        except Exception as error:
            return type(error)

    eager, compiled = outcome(f), outcome(jit(f))
    if isinstance(eager, type):
        assert compiled is eager
        return
    assert not isinstance(compiled, type), compiled
    for a, b in zip(compiled, eager, strict=True):
        assert a.dtype == b.dtype and a.shape == b.shape
        if b.dtype.kind in "fc":
            np.testing.assert_allclose(a, b, rtol=1e-6)
        else:
            np.testing.assert_array_equal(a, b)


# --- what a branch closes over ------------------------------------------------------------------------------------

BRANCHES = {
    "an index": lambda x, i: lax.cond(i < 3, lambda: x[i], lambda: 0.0),
    "its gradient": lambda x, i: grad(lambda x: lax.cond(i < 3, lambda: x[i] * x[0], lambda: 0.0))(x),
    "its derivative": lambda x, i: w.jvp(lambda x: lax.cond(i < 3, lambda: x[i] * x[0], lambda: 0.0), (x,), (x,)),
    "curvature": lambda x, i: w.hessian(lambda x: lax.cond(i < 3, lambda: x[i] ** 3, lambda: x[0] ** 2))(x),
    "switch": lambda x, i: lax.switch(i - 6, [lambda: x[i], lambda: x[0] * 2.0, lambda: x[i + 9]]),
    "a branch in a branch": lambda x, i: lax.cond(
        i < 3, lambda: x[i], lambda: lax.cond(i < 5, lambda: x[i - 2], lambda: 7.0)
    ),
    "operands": lambda x, i: lax.cond(i < 3, lambda x: x[i] + x[0], lambda x: x[0], x),
    "a write": lambda x, i: lax.cond(i < 3, lambda: at(x)[i].add(1.0), lambda: x),
    "a loop in a branch": lambda x, i: lax.cond(
        i < 3, lambda: lax.fori_loop(0, 2, lambda k, c: c + x[i + k], 0.0), lambda: 0.0
    ),
    "a branch in a step": lambda x, i: lax.scan(
        lambda c, k: (c + lax.cond(i + k < 3, lambda: x[i + k], lambda: 1.0), None), 0.0, np.arange(4)
    )[0],
    "jit in a branch": lambda x, i: lax.cond(i < 3, lambda: jit(lambda k: x[k])(i), lambda: 0.0),
    "grad in a branch": lambda x, i: lax.cond(i < 3, lambda: grad(lambda t: t * x[i])(2.0), lambda: 0.0),
    "Python in a branch": lambda x, i: lax.cond(i < 3, lambda: 1.0, lambda: 2.0 if x[0] > 0 else 3.0),
    "Python in a branch, computed": lambda x, i: lax.cond(i < 3, lambda: 1.0, lambda: 2.0 if x[0] * 2 > x[1] else 3.0),
}


@pytest.mark.parametrize("i", [7, 1])
@pytest.mark.parametrize("name", BRANCHES)
def test_what_a_branch_closes_over_is_done_where_it_is_taken(name, i):
    same(BRANCHES[name], X, i)


def test_what_a_loop_closes_over_is_done_where_it_runs():
    """Outside `jit` such an index is known, and refused while the body is traced."""
    never = jit(lambda x, i: lax.fori_loop(i, 7, lambda k, c: c + x[i], 0.0))
    assert never(X, 7) == 0.0
    assert jit(lambda x, i: lax.while_loop(lambda c: c + i < 3, lambda c: c + x[i], 0.0))(X, 7) == 0.0
    with pytest.raises(IndexError):
        never(X, 6)


def test_gradients_reach_what_a_branch_closes_over():
    f = lambda x, y, p: lax.cond(p, lambda: wnp.sum(wnp.sin(x) * y), lambda: wnp.sum(x))  # noqa: E731
    for p in (True, False):
        want = (np.cos(X) * 2 * X, np.sin(X)) if p else (np.ones(3), np.zeros(3))
        for g in (jit(grad(f, (0, 1))), grad(jit(f), (0, 1))):
            for a, b in zip(g(X, 2 * X, p), want, strict=True):
                np.testing.assert_allclose(a, b, rtol=1e-12)


# --- effects --------------------------------------------------------------------------------------------------------


EFFECTS = {
    "without arguments": lambda note, x: debug.callback(note),
    "with a constant": lambda note, x: debug.callback(note, 3.0),
    "in order": lambda note, x: [
        debug.callback(note, wnp.sum(wnp.sin(wnp.outer(x, x)) @ x)), debug.callback(note), debug.callback(note, x[0]),
        debug.callback(note, 1.0), debug.callback(note, x[1] * 2),
    ],
    "in a loop": lambda note, x: lax.fori_loop(0, 3, lambda i, c: (debug.callback(note, i), debug.callback(note), c)[2], 0.0),
    "of a value outside, in a loop": lambda note, x: lax.fori_loop(0, 3, lambda i, c: (debug.callback(note, x[0]), c)[1], 0.0),
    "in a scan": lambda note, x: lax.scan(lambda c, t: ((debug.callback(note), c)[1], None), 0.0, x),
    "in a branch": lambda note, x: lax.cond(x[0] > 0, lambda: (debug.callback(note), 1.0)[1], lambda: 2.0),
    "in the other branch": lambda note, x: lax.cond(x[0] < 0, lambda: (debug.callback(note), 1.0)[1], lambda: 2.0),
    "of a value outside, in the other branch": lambda note, x: lax.cond(
        x[0] < 0, lambda: (debug.callback(note, x[0]), 1.0)[1], lambda: 2.0
    ),
    "under grad": lambda note, x: grad(lambda x: (debug.callback(note), debug.callback(note, x[0]), wnp.sum(x))[2])(x),
    "before and after a loop": lambda note, x: [
        debug.callback(note, 0.0), lax.fori_loop(0, 2, lambda i, c: (debug.callback(note, i + 1.0), c + x)[1], x),
        debug.callback(note, 9.0),
    ],
    "in a function compiled for itself": lambda note, x: [jit(lambda y: (debug.callback(note), y)[1])(1.0), debug.callback(note, x[0])],
}  # fmt: skip


@pytest.mark.parametrize("name", EFFECTS)
def test_effects_come_in_each_run_in_order(name):
    f = EFFECTS[name]
    runs = []
    log = []
    note = lambda *xs: log.append(tuple(map(float, xs)))  # noqa: E731
    compiled = jit(lambda x: (f(note, x), x)[1])
    for g in (lambda x: f(note, x), compiled, compiled):
        log.clear()
        g(X)
        runs.append(list(log))
    assert runs[1] == runs[2]
    assert len(runs[0]) == len(runs[1])
    for a, b in zip(runs[0], runs[1], strict=True):
        np.testing.assert_allclose(a, b)


# --- integers that do not fit ---------------------------------------------------------------------------------------

BYTES = np.array([1, 2, 255], np.uint8)
INTEGERS = {
    "x + 1000": lambda x: x + 1000,
    "1000 + x": lambda x: 1000 + x,
    "x + -1": lambda x: x + -1,
    "x * 256": lambda x: x * 256,
    "x > 1000": lambda x: x > 1000,
    "x == -1": lambda x: x == -1,
    "x & 1000": lambda x: x & 1000,
    "x << 300": lambda x: x << 300,
    "x % 1000": lambda x: x % 1000,
    "x ** 300": lambda x: x**300,
    "maximum": lambda x: wnp.maximum(x, 1000),
    "clip": lambda x: wnp.clip(x, 0, 1000),
    "clip from below": lambda x: wnp.clip(x, -1, 100),
    "where": lambda x: wnp.where(x > 1, x, 1000),
    "set": lambda x: at(x)[0].set(1000),
    "add at": lambda x: at(x)[np.array([0, 1])].add(-1),
    "x + 200": lambda x: x + 200,
    "x / 1000": lambda x: x / 1000,
    "x * 1000.5": lambda x: x * 1000.5,
    "int32 + 2**40": lambda x: x.astype(np.int32) + 2**40,
    "uint64 + -1": lambda x: x.astype(np.uint64) + -1,
    "int64 + 2**64": lambda x: x.astype(np.int64) + 2**64,
    "in a loop": lambda x: lax.fori_loop(0, 2, lambda i, c: c + 1000, x),
    "in a branch": lambda x: lax.cond(x[0] > 0, lambda: x + 1000, lambda: x),
    "a scalar": lambda x: x[0] + 1000,
}


@pytest.mark.parametrize("name", INTEGERS)
def test_integers_that_do_not_fit_a_dtype(name):
    same(INTEGERS[name], BYTES)


# --- constants and shapes ---------------------------------------------------------------------------------------------

DTYPES = [*"?bBhHiIqQefdgFD", *[getattr(ml_dtypes, n) for n in ("bfloat16", "float8_e4m3fn", "float8_e5m2")]]


@pytest.mark.parametrize("dtype", DTYPES, ids=lambda d: np.dtype(d).name)
def test_constants_of_every_dtype(dtype):
    a = (np.arange(6) % 2).astype(dtype)
    for c in (a, a[:1], a[0], a[:0], a.reshape(2, 3), a[::-2], np.zeros(6, dtype), np.ones((70, 6), dtype)):
        same(lambda x, c=c: (c, x * c if c.size % 6 in (0, 1) and c.shape[-1:] != (3,) and c.size else x, c[:1] if c.ndim else c), a)  # fmt: skip
    same(lambda x: (wnp.zeros(6, dtype) + x, wnp.full((2,), 1, dtype), x[np.array([0, 0, 5])], x[1:1], wnp.zeros((0, 3), dtype)), a)  # fmt: skip


@pytest.mark.parametrize("dtype", [ml_dtypes.bfloat16, "e", "f", "d", "F", "D"], ids=lambda d: np.dtype(d).name)
def test_gradients_with_constants_of_every_dtype(dtype):
    c = np.array([1, 2, 3], dtype)
    f = lambda x: wnp.sum((x * c)[np.array([0, 0, 2])].real.astype("f") + wnp.real(x[0]).astype("f"))  # noqa: E731
    np.testing.assert_array_equal(jit(grad(f))(c), grad(f)(c))
    np.testing.assert_array_equal(np.asarray(grad(f)(c), complex).real, [5, 0, 3])


@pytest.mark.parametrize("shape", [(0,), (3, 0), (0, 3), (1,) * 5, (1, 0, 2)])
def test_loops_over_arrays_of_size_0_and_odd_shapes(shape):
    x = np.ones(shape)
    same(lambda x: lax.fori_loop(0, 3, lambda i, c: wnp.sin(c) * i, x), x)
    same(lambda x: lax.fori_loop(0, 3, lambda i, c: wnp.sin(c) * wnp.cos(c), x), x)
    same(grad(lambda x: wnp.sum(lax.fori_loop(0, 2, lambda i, c: wnp.sin(c) * i, x))), x)
    same(lambda x: lax.scan(lambda c, t: (c * t, c + t), x, np.arange(3.0)), x)
    same(lambda x: lax.scan(lambda c, t: (c + wnp.sum(t), t * c), 0.0, x), x)
    same(lambda x: lax.while_loop(lambda s: s[0] < 3, lambda s: (s[0] + 1, s[1] * 2), (0, x)), x)
    same(lambda x: lax.cond(wnp.sum(x) > 0, lambda x: x + 1, lambda x: x * 2, x), x)
    same(lambda x: vmap(lambda t: lax.cond(wnp.sum(t) > 0, lambda: t + 1, lambda: t))(x), x)
    same(
        lambda x: (x @ wnp.zeros((x.shape[-1], 2)), wnp.sum(x, 0), wnp.cumsum(x), wnp.sort(x), wnp.concatenate([x, x])),
        x,
    )


MANY = {
    "nothing": lambda x, y: (),
    "an argument": lambda x, y: x,
    "arguments": lambda x, y: (y, x, y),
    "one result twice": lambda x, y: (z := x + y, z, z),
    "a constant": lambda x, y: (X, 2.0, np.float32(3), X[::-1]),
    "a broadcast": lambda x, y: (wnp.broadcast_to(x, (4, 3)), wnp.broadcast_to(2.0, (2,))),
    "views": lambda x, y: (x[::-1], x[1:], wnp.reshape(x, (3, 1)), x[None], wnp.transpose(wnp.outer(x, y))),
    "an argument and its double": lambda x, y: (x, x * 2, x),
    "equal constants": lambda x, y: (X, X, X + 0.0),
    "unused arguments": lambda x, y: wnp.ones(3),
}


@pytest.mark.parametrize("name", MANY)
def test_results_that_are_arguments_constants_or_each_other(name):
    f = MANY[name]
    same(f, X, 2 * X)
    outs = w.tree.leaves(jit(f)(X, 2 * X))
    for out in outs:  # none is an argument, or another result
        if isinstance(out, np.ndarray) and out.flags.writeable:
            out[...] = -1
    same(f, X, 2 * X)
    assert (X == [1, 2, 3]).all()


def test_arguments_as_they_lie_in_memory():
    base = np.arange(48.0)
    packed = np.zeros(49, np.uint8)
    odd = packed[1:].view("f8")
    odd[:] = np.arange(6)
    cases = [
        base[::-1], base[::2], base[1::3], base.reshape(6, 8).T, base.reshape(6, 8)[::-1, ::-2], base[:0],
        np.broadcast_to(base[:3], (4, 3)), base.astype(">f8"), base.astype(">i4"), base.astype(">c16"),
        np.lib.stride_tricks.as_strided(base, (5, 4), (8, 8)), odd, base.reshape(2, 3, 8).transpose(2, 0, 1),
        base.astype(">u2")[::-3], np.asfortranarray(base.reshape(6, 8)),
    ]  # fmt: skip
    f = jit(lambda x: (x * 2, x[::-1], wnp.sum(x, 0), x))
    for x in cases:
        x = np.nan_to_num(x) if x.dtype.kind == "f" else x
        for a, b in zip(f(x), (x * 2, x[::-1], np.sum(x, 0), x), strict=True):
            np.testing.assert_allclose(a, b)
    both = jit(lambda x, y: (x + y, x * y))
    for x, y in ((base[1:], base[:-1]), (base[::-1], base), (base[::2], base[1::2])):
        for a, b in zip(both(x, y), (x + y, x * y), strict=True):
            np.testing.assert_array_equal(a, b)


def test_one_body_for_results_of_different_size():
    """Large nests are cut into pieces for threads, and each its own way."""
    n = 400_000
    f = jit(lambda x, y, z: (x * 2.0, y * 2.0, z * 2.0, wnp.sum(x), wnp.sum(y), wnp.sum(z)))
    x, y, z = np.ones(n), np.ones(2 * n), np.ones(3 * n + 1)
    outs = f(x, y, z)
    for out, a in zip(outs, (x, y, z), strict=False):
        np.testing.assert_array_equal(out, a * 2)
    assert [float(s) for s in outs[3:]] == [n, 2 * n, 3 * n + 1]
    weights = [np.ones((600, 700)), np.ones((700, 900)), np.ones((900, 3))]
    step = lambda ws: [
        a - 0.1 * g for a, g in zip(ws, grad(lambda ws: sum(wnp.sum(a * a) for a in ws))(ws), strict=True)
    ]  # noqa: E731
    for a in jit(step)(weights):
        np.testing.assert_allclose(a, 0.8)


FACTORED = {
    "cholesky": lambda a: wnp.linalg.cholesky(-a @ a.T - 1.0),
    "solve": lambda a: wnp.linalg.solve(a * 0.0, a),
    "inv": lambda a: wnp.linalg.inv(a * 0.0),
}


@pytest.mark.parametrize("name", FACTORED)
def test_factorisations_fail_where_they_are_used(name):
    """What is not used is not factored when compiled, which docs/compiler.md says; used in part, it fails in both."""
    f, a = FACTORED[name], np.eye(3) + 0.5
    for used in (f, lambda a: wnp.sum(f(a)[0, 0]) + a, lambda a: w.grad(lambda a: wnp.sum(f(a)))(a)):
        for call in (used, jit(used)):
            with pytest.raises(np.linalg.LinAlgError):
                call(a)
    np.testing.assert_array_equal(jit(lambda a: (f(a), a * 2.0)[1])(a), a * 2.0)


def test_loops_of_no_steps_refuse_known_indices_in_both():
    x = np.arange(3.0)
    computed = lambda x, i: lax.fori_loop(0, 0, lambda k, c: c + x[i + k], 1.0)  # noqa: E731
    for call in (computed, jit(computed)):
        assert call(x, np.array(50)) == 1.0
    known = lambda x: lax.fori_loop(0, 0, lambda k, c: c + x[50], 1.0)  # noqa: E731
    for call in (known, jit(known)):
        with pytest.raises(IndexError, match="50"):
            call(x)


# --- where C, NumPy's loops and formulas differ --------------------------------------------------------------------

ENDS = np.array(
    [-1.5, -0.3, 300.7, -1e10, 1e10, 3e9, -3e9, 2.0**63, 1e19, 2.0**64, 1e30, -1e30, np.inf, -np.inf, np.nan]
)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("target", "int8 uint8 int16 uint16 int32 uint32 int64 uint64 bool".split())
@pytest.mark.parametrize("source", ["float64", "float32", "float16", ml_dtypes.bfloat16, "complex64"])
def test_floats_that_integers_cannot_hold(source, target):
    """One meaning for numbers and arrays, eager, batched and compiled: C's on x86-64, by a signed integer of at least 32 bits."""
    x = ENDS.astype(source)
    f = lambda v: v.astype(target)  # noqa: E731
    wanted = wnp.astype(x, target)
    for found in (jit(f)(x), vmap(f)(x), [wnp.astype(v, target) for v in x], [jit(f)(v) for v in x]):
        np.testing.assert_array_equal(found, wanted)
    real = np.asarray(x.real, float)
    inside = np.abs(real) < 2.0 ** (62 if np.dtype(target).itemsize > 2 and target != "int32" else 30)
    if target != "bool":
        with np.errstate(invalid="ignore"):
            np.testing.assert_array_equal(wanted[inside], real[inside].astype("int64").astype(target))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(
    "x, target, wanted", [(-1.5, "uint16", 65535), (1e10, "uint32", 1410065408), (1e30, "uint64", 0)]
)
def test_floats_of_the_page(x, target, wanted):
    """The examples of docs/compiler.md."""
    for f in (lambda v: wnp.astype(v, target), jit(lambda v: v.astype(target)), vmap(lambda v: v.astype(target))):
        assert f(np.array([x])) == wanted


PARTS = [0.0, -0.0, 1.0, -2.5, np.inf, -np.inf, np.nan]
NUMBERS = np.array([complex(a, b) for a in PARTS for b in PARTS])


@pytest.mark.parametrize("exponent", [0, 1, 2, 3, 4, -1, -3, 0.5, -2.5, 1j, 2 + 1j, np.inf, complex(np.inf, 1), -1j])
def test_complex_powers_at_zeros_and_infinities(exponent):
    with np.errstate(all="ignore"):
        wanted = np.power(NUMBERS, complex(exponent))
        known, traced = jit(lambda z: np.power(z, exponent))(NUMBERS), jit(np.power)(NUMBERS, np.complex128(exponent))
    for found in (known, traced):
        np.testing.assert_allclose(found.real, wanted.real, rtol=1e-13, atol=1e-15)
        np.testing.assert_allclose(found.imag, wanted.imag, rtol=1e-13, atol=1e-15)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_values_in_particular_dtypes():
    half, bhalf = np.array([6e4, 3e4, -6e4], np.float16), np.ones(3, ml_dtypes.bfloat16)
    x = np.array([-0.0, -np.inf, 4.0])
    mask = np.array([True, False, True])
    rng = np.random.default_rng(3)
    z = (rng.normal(size=(3, 8)) + 1j * rng.normal(size=(3, 8))).astype(np.complex64)
    for f, args, wanted in (
        (wnp.std, (half,), np.std(half)),  # the variance overflows
        (wnp.nanstd, (half,), np.nanstd(half)),
        (lambda v: wnp.float_power(v, 0.5), (x,), np.float_power(x, 0.5)),
        (wnp.where, (mask, half, bhalf), np.where(mask, half.astype("f4"), bhalf.astype("f4"))),
        (wnp.clip, (mask, bhalf * 0, bhalf), bhalf * np.array([1, 0, 1], bhalf.dtype)),  # as float16 in its place
        (lambda z: wnp.histogram(z, 5)[0], (z,), np.histogram(z, 5)[0]),
    ):
        for way in (f, jit(f), lambda *a, f=f: vmap(f)(*[np.stack([v, v]) for v in a])[1]):
            found = way(*args)
            assert found.dtype == wanted.dtype
            np.testing.assert_array_equal(found, wanted)
            np.testing.assert_array_equal(np.signbit(found), np.signbit(wanted))


def test_branches_that_give_the_other_byte_order():
    other = np.ones(2).astype(np.dtype(float).newbyteorder())
    for choice in (True, False):
        for cond in (lax.cond, jit(lambda p, f, g, x: lax.cond(p, f, g, x), static_argnums=(1, 2))):
            out = cond(choice, lambda x: x, lambda x: x.astype(other.dtype) * 2, np.ones(2))
            np.testing.assert_array_equal(out, [1, 1] if choice else [2, 2])


def test_callbacks_without_traced_arguments_run_in_each_run():
    calls = []

    def count():
        calls.append(len(calls))
        return np.float64(len(calls))

    number = w.ShapeDtypeStruct((), float)
    f = jit(
        lambda x: (
            x * w.pure_callback(count, number) + lax.cond(x > 0, lambda: 0.0, lambda: w.pure_callback(count, number))
        )
    )
    assert [float(f(x)) for x in (1.0, 2.0, -1.0)] == [1.0, 4.0, -3.0 + 4.0]
    assert calls == [0, 1, 2, 3]
    batch = jit(vmap(lambda x: x * w.pure_callback(count, number)))
    assert batch(X).tolist() == (5 * X).tolist() and batch(X).tolist() == (6 * X).tolist()


SWAPPED = {
    "steps": lambda x: wnp.sum(wnp.sin(x) * x),
    "an element": lambda x: x[1] * x[0],
    "a branch": lambda x: lax.cond(x[0] > 0, lambda x: wnp.sum(x * x), lambda x: wnp.sum(x), x),
    "a branch that leaves out": lambda x: lax.cond(x[0] < 0, lambda: wnp.sum(x * x), lambda: wnp.sum(x[:0])),
    "a scan": lambda x: lax.scan(lambda c, t: (c * t, c + t), 1.0, x)[0],
    "a loop": lambda x: wnp.sum(lax.while_loop(lambda c: wnp.sum(c) < 100, lambda c: c * x, x)),
    "a call": lambda x: wnp.sum(jit(lambda x: x[::-1] * x)(x)),
    "a checkpoint": w.checkpoint(lambda x: wnp.sum(x**3)),
}


@pytest.mark.parametrize("dtype", ["f8", "f2"])
@pytest.mark.parametrize("name", SWAPPED)
def test_derivatives_at_arrays_in_the_other_byte_order(name, dtype):
    """They are those at the same numbers, in this machine's order."""
    f = SWAPPED[name]
    x = X.astype(dtype)
    other = x.astype(x.dtype.newbyteorder())
    derivatives = [grad(f), w.jacfwd(f)]
    if dtype == "f8":
        derivatives += [w.value_and_grad(f), w.jacfwd(grad(f)), grad(lambda x: wnp.sum(w.jacfwd(f)(x) ** 2))]
        derivatives += [lambda x: w.jvp(f, (x,), (x,)), lambda x: w.vjp(jit(lambda x: x[::-1] * x), x)[1](x)]
    for d in derivatives:
        want = w.tree.leaves(d(x))
        for g in (d, jit(d)):
            for a, b in zip(w.tree.leaves(g(other)), want, strict=True):
                assert a.dtype == b.dtype
                np.testing.assert_allclose(a, b, rtol=1e-3 if dtype == "f2" else 1e-6)
