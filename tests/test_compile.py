"""What the compiler decides: rewritings of Programs, loop nests, memory; and how compiled functions take their arguments."""

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import wengert as w
import wengert.numpy as wnp
from wengert.compile.executable import Executable
from wengert.compile.fusion import Kernel
from wengert.compile.pipeline import optimize
from wengert.compile.rewriter import RULES
from wengert.lowering import meaning
from wengert.ops.elementwise import ratio
from wengert.ops.norms import norm_p
from wengert.ops.slices import pad_p, slice_p
from wengert.program import subprograms

X = np.array([1.5, -2.0, 0.25, 1e300, 1e-300, np.inf, -np.inf, np.nan])
Y = np.array([0.5, np.nan, -3.0, 1e10, np.inf, np.inf, 2.0, 1.0])
M = np.arange(12.0).reshape(3, 4)
I = np.array([3, -7, 0, 100])


def names(program):
    return [n for e in program.equations for n in (e.primitive.name, *[m for p in subprograms(e) for m in names(p)])]


def meanings(program):
    """What the operations of a Program mean, those of its Programs too."""
    inner = [m for e in program.equations for p in subprograms(e) for m in meanings(p)]
    return [*map(meaning, program.equations), *inner]


def equal(got, expected, rtol=1e-15):
    np.testing.assert_allclose(np.asarray(got), np.asarray(expected), rtol=rtol)
    assert np.asarray(got).dtype == np.asarray(expected).dtype and np.shape(got) == np.shape(expected)


def compiled(f, *args):
    """The results of compiled code, run through LLVM's verifier."""
    program = w.make_program(f)(*args)
    with np.errstate(all="ignore"):
        executable = Executable(program, verify=True)
        executable.optimized.check()
        return executable, executable([np.asarray(a) for a in args])


# --- passes -----------------------------------------------------------------------------------------------------

# A function, its arguments, and the primitives that are left of it.
REWRITES = {
    "x * 1": (lambda x: x * 1.0, (X,), []),
    "1 * x": (lambda x: 1 * x, (X,), []),
    "x * ones": (lambda x: x * np.ones(8), (X,), []),
    "x * -1": (lambda x: x * -1.0, (X,), ["negative"]),
    "i * -1": (lambda x: x * -1, (I,), ["multiply"]),
    "x * 0": (lambda x: x * 0.0, (X,), ["multiply"]),
    "x + 0": (lambda x: x + 0.0, (X,), ["add"]),
    "x + -0": (lambda x: x + -0.0, (X,), []),
    "0 + x": (lambda x: 0 + x, (X,), ["add"]),
    "i + 0": (lambda x: x + 0, (I,), []),
    "x - -0": (lambda x: x - -0.0, (X,), ["subtract"]),
    "i + 0.0": (lambda x: x + 0.0, (I,), ["add"]),
    "x + -y": (lambda x, y: x + -y, (X, Y), ["subtract"]),
    "-x + y": (lambda x, y: -x + y, (X, Y), ["subtract"]),
    "x - 0": (lambda x: x - 0, (X,), []),
    "0 - x": (lambda x: 0 - x, (X,), ["subtract"]),
    "x - -y": (lambda x, y: x - -y, (X, Y), ["add"]),
    "x / 1": (lambda x: x / 1, (X,), []),
    "x / 4": (lambda x: x / 4.0, (X,), ["multiply"]),
    "x / -0.5": (lambda x: x / -0.5, (X,), ["multiply"]),
    "x / 3": (lambda x: x / 3.0, (X,), ["divide"]),
    "x / 0": (lambda x: x / 0.0, (X,), ["divide"]),
    "x / inf": (lambda x: x / np.inf, (X,), ["divide"]),
    "i / 1": (lambda x: x / 1, (I,), ["divide"]),
    "--x": (lambda x: -(-x), (X,), []),  # noqa: B002 (no decrement)
    "-(x - y)": (lambda x, y: -(x - y), (X, Y), ["subtract", "negative"]),
    "-(i - j)": (lambda x, y: -(x - y), (I, I + 1), ["subtract"]),
    "x ** 1": (lambda x: x**1, (X,), []),
    "power(x, 2)": (lambda x: wnp.power(x, 2), (X,), ["multiply"]),
    "x ** 3": (lambda x: x**3, (X,), ["multiply", "multiply"]),
    "x ** 4": (lambda x: x**4, (X,), ["multiply", "multiply"]),
    "x ** -1": (lambda x: x**-1.0, (X,), ["divide"]),
    "power(x, 0.5)": (lambda x: wnp.power(x, 0.5), (X,), ["sqrt"]),
    "power(x, array of 0.5)": (lambda x: wnp.power(x, np.full(8, 0.5)), (X,), ["broadcast_to", "power"]),
    "where True": (lambda x, y: wnp.where(True, x, y), (X, Y), []),
    "where False": (lambda x, y: wnp.where(np.zeros(8, bool), x, y), (X, Y), []),
    "where of equal sides": (lambda x, y: wnp.where(x > y, x, x), (X, Y), []),
    "and with False": (lambda x: wnp.logical_and(x > 0, False), (X,), ["broadcast_to"]),
    "and with True": (lambda x: wnp.logical_and(True, x > 0), (X,), ["greater"]),
    "or with True": (lambda x: wnp.logical_or(x > 0, True), (X,), ["broadcast_to"]),
    "or with False": (lambda x: wnp.logical_or(False, x > 0), (X,), ["greater"]),
    "bits and False": (lambda x: wnp.bitwise_and(np.False_, x > 0), (X,), ["broadcast_to"]),
    "bits or False": (lambda x: wnp.bitwise_or(x > 0, np.False_), (X,), ["greater"]),
    "bits and 0": (lambda x: wnp.bitwise_and(x, 0), (I,), ["bitwise_and"]),
    "slice of everything": (lambda x: slice_p.bind(x, starts=(0, 0), stops=(3, 4), steps=(1, 1)), (M,), []),
    "norm of rows": (lambda x: norm_p.bind(x, axes=(1,)), (M,), ["square", "reduce_sum", "sqrt"]),
    "component over norm": (
        lambda x, n: ratio(x, n), (X, np.arange(8.0)), ["equal", "divide", "where"],
    ),
    "a name": (lambda x: w.checkpoint_name(x, "x"), (X,), []),
    "positive": (lambda x: wnp.positive(x), (X,), []),
    "stop_gradient": (lambda x: w.lax.stop_gradient(x), (X,), []),
    "to its own dtype": (lambda x: wnp.astype(x, float), (X,), []),
    "broadcast to its own shape": (lambda x: wnp.broadcast_to(x, (8,)), (X,), []),
    "broadcast of broadcast": (lambda x: wnp.broadcast_to(wnp.broadcast_to(x, (2, 8)), (3, 2, 8)), (X,), ["broadcast_to"]),
    "reshape to its own shape": (lambda x: wnp.reshape(x, (3, 4)), (M,), []),
    "reshape of reshape": (lambda x: wnp.reshape(wnp.reshape(x, (2, 6)), (12,)), (M,), ["reshape"]),
    "reshape there and back": (lambda x: wnp.reshape(wnp.reshape(x, (2, 6)), (3, 4)), (M,), []),
    "reshape of a spread number": (lambda x: wnp.reshape(wnp.broadcast_to(x, (2, 3)), (6,)), (np.float64(3),), ["broadcast_to"]),
    "transpose twice": (lambda x: x.T.T, (M,), []),
    "transpose of transpose": (
        lambda x: wnp.transpose(wnp.transpose(x, (1, 2, 0)), (1, 2, 0)), (M[None] * np.ones((2, 1, 1)),), ["transpose"],
    ),
    "transpose of a spread number": (lambda x: wnp.broadcast_to(x, (2, 3)).T, (np.float64(3),), ["broadcast_to"]),
    "transpose of axes of length 1": (lambda x: wnp.transpose(x, (1, 0)), (M[:1],), ["reshape"]),
    "index of everything": (lambda x: x[:, ::1], (M,), []),
    "index of one element's reverse": (lambda x: x[::-1], (M[:1],), []),
    "index of a spread number": (lambda x: wnp.broadcast_to(x, (4,))[::2], (np.float64(2),), ["broadcast_to"]),
    "index of a constant": (lambda x: x * wnp.full(4, 2.0)[::2], (np.ones(2),), ["multiply"]),
    "sum of a constant": (
        lambda x: w.jit(lambda c, x: x + wnp.sum(wnp.broadcast_to(c, (3, 4))))(0.5, x), (X,), ["add"],
    ),
    "sum of an infinite constant over nothing": (
        lambda x: w.jit(lambda c, x: x + wnp.sum(wnp.broadcast_to(c, (0,))))(np.inf, x), (X,), ["add"],
    ),
    "sum over axes of length 1": (lambda x: wnp.sum(x, axis=0), (M[:1],), ["reshape"]),
    "padding of nothing": (lambda x: pad_p.bind(x, config=((0, 0, 0), (0, 0, 0))), (M,), []),
    "diagonals of a batch": (
        lambda x: wnp.reshape(pad_p.bind(x, config=((0, 0, 0), (0, 0, 4))), (3, 2, 2, 2, 2)), (M,),
        ["reshape", "equal", "where"],
    ),
    "constants": (lambda x: x * (wnp.sin(wnp.asarray(0.5)) + 1.0), (X,), ["multiply"]),
    "what is computed twice": (lambda x: wnp.sin(x) * wnp.sin(x), (X,), ["sin", "multiply"]),
    "what nobody uses": (lambda x: (wnp.sin(x), x * 2.0)[1], (X,), ["multiply"]),
    "convert of a spread number": (
        lambda x: w.jit(lambda c, x: wnp.astype(wnp.broadcast_to(c, (8,)), "int32") * x)(2.0, x), (X,), ["multiply"],
    ),
    "products in columns": (lambda x: wnp.einsum("ki,jk->ij", x, x), (np.ones((9, 9)),), ["transpose", "dot_general"]),
    "uint8 >= 300": (lambda x: x >= 300, (np.array([1, 255], np.uint8),), ["broadcast_to"]),
    "uint8 <= -1": (lambda x: x <= -1, (np.array([1, 255], np.uint8),), ["broadcast_to"]),
    "uint8 > n": (lambda x, n: x > n, (np.array([1, 255], np.uint8), 300), ["convert", "convert", "greater"]),
    "uint8 == 300": (lambda x: x == 300, (np.array([1, 255], np.uint8),), ["broadcast_to"]),
    "uint8 != 300": (lambda x: x != 300, (np.array([1, 255], np.uint8),), ["broadcast_to"]),
    **{
        f"at positions that were looked up: {name}": (
            lambda x, i, name=name: getattr(w.lax._at(x)[i, 1], name)(2.0), (M, 2),
            [f"scatter_{name}"],
        )
        for name in ("set", "add", "multiply", "max", "min")
    },
    "calls": (lambda x: w.jit(wnp.sin)(x) + w.jit(lambda y: wnp.sin(y))(x), (X,), ["sin", "add"]),
    "uint8 < 300": (lambda x: x < 300, (np.array([1, 255], np.uint8),), ["broadcast_to"]),
    "-1 < uint8": (lambda x: -1 < x, (np.array([1, 255], np.uint8),), ["broadcast_to"]),
    "uint8 < 200": (lambda x: x < 200, (np.array([1, 255], np.uint8),), ["less"]),
}  # fmt: skip


@pytest.mark.parametrize("case", REWRITES)
def test_rewriting(case):
    f, args, left = REWRITES[case]
    with np.errstate(all="ignore"):
        program = w.make_program(f)(*args)
        program.check()
        optimized = optimize(program)
        optimized.check()
        expected = f(*args)
        assert names(optimized) == left
        equal(optimized.evaluate(list(args))[0], expected)
        equal(compiled(f, *args)[1][0], expected)


def test_every_rule_has_a_test():
    seen = {what for f, args, _ in REWRITES.values() for what in meanings(w.make_program(f)(*args))}
    assert {what for what, rule in RULES.items() if rule.__name__ != "<lambda>"} <= seen


def test_weak_numbers_stay_strong():
    """A Python number computed with is an array in double precision, whatever the rules make of it."""
    x = np.array([0.1, 0.3, 1.7], np.float32)
    for f in (
        lambda n, x: wnp.positive(n) * x,
        lambda n, x: (n * 1.0) * x,
        lambda n, x: wnp.asarray(n).astype(float) * x,
        lambda n, x: wnp.where(True, n, n) * x,
        lambda n, x: wnp.reshape(n, ()) * x,
        lambda n, x: wnp.broadcast_to(0.1, (3,)) * x + n,
        lambda n, x: n * x,
    ):
        equal(compiled(f, 0.1, x)[1][0], f(0.1, x), 1e-15)


def test_division_by_the_smallest_powers_of_two():
    for dtype in (np.float32, np.float64):
        tiny = np.finfo(dtype).smallest_subnormal
        for n in (tiny, np.finfo(dtype).tiny, dtype(0.25), dtype(2.0) ** (np.finfo(dtype).maxexp - 1)):
            x = np.array([0, tiny, 1, np.inf, np.nan], dtype)
            with np.errstate(all="ignore"):
                equal(compiled(lambda x, n=n: x / n, x)[1][0], x / n)


def test_what_checkpoint_recomputes_is_not_shared():
    f = w.checkpoint(lambda x: wnp.sin(wnp.sin(x)))
    pulled = optimize(w.make_program(w.grad(lambda x: wnp.sum(f(x))))(np.ones(3)))
    assert names(pulled).count("sin") >= 1
    shared = optimize(w.make_program(lambda x: wnp.sin(x) + w.checkpoint(wnp.sin)(x))(np.ones(3)))
    assert names(shared).count("sin") == 2


# --- dtypes -------------------------------------------------------------------------------------------------------

INTEGERS = ("int8", "int32", "int64", "uint8", "uint16", "uint64", "bool")


@pytest.mark.parametrize("op", ["add", "multiply", "less", "equal", "maximum", "floor_divide", "remainder", "left_shift",
                                "right_shift", "bitwise_xor", "logical_and", "greater_equal"])  # fmt: skip
def test_integers_of_every_two_dtypes(op):
    """Extremes, zero divisors, negative shifts, signed with unsigned: as NumPy."""
    f = getattr(wnp, op)
    pairs = []
    for a in INTEGERS:
        for b in INTEGERS:
            x = np.array([0, 1, 1, 5, 7], a)
            y = np.array([0, 1, 0, 2, 3], b)
            for v, dtype in ((x, a), (y, b)):
                if dtype != "bool":
                    v[:2] = np.iinfo(dtype).min, np.iinfo(dtype).max
            if np.dtype(b).kind == "i":
                y[2:4] = -1, -3
            pairs.append((x, y))
    ok = []
    with np.errstate(all="ignore"):
        for x, y in pairs:
            try:
                f(x, y)
            except TypeError:
                continue
            ok.append((x, y))

        def every(*args):
            return [f(x, y) for x, y in zip(args[::2], args[1::2], strict=True)]

        args = [a for pair in ok for a in pair]
        for (x, y), got, expected in zip(ok, w.jit(every)(*args), every(*args), strict=True):
            assert got.dtype == expected.dtype
            np.testing.assert_array_equal(got, expected, err_msg=f"{op} {x.dtype} {y.dtype}")


def test_casts_between_every_two_dtypes():
    types, args = (*INTEGERS, "float32", "float64"), []
    for a in types:
        args.append(np.array([0, 1, 2, 3, 100]).astype(a))
        if np.dtype(a).kind in "iu":
            args[-1][:2] = np.iinfo(a).min, np.iinfo(a).max
        elif np.dtype(a).kind == "f":
            args[-1][:2] = 0.75, 3.5
    every = lambda *xs: [wnp.astype(x, b) for x in xs for b in types]  # noqa: E731
    for got, expected in zip(compiled(every, *args)[1], [x.astype(b) for x in args for b in types], strict=True):
        equal(got, expected, 0)


def test_floats_out_of_range_of_integers():
    x = np.array([1.5, 1e300, np.nan, -np.inf, 3e9, -3e9])
    for dtype in (np.int32, np.int64):
        with np.errstate(all="ignore"):
            equal(compiled(lambda x, t=dtype: wnp.astype(x, t), x)[1][0], x.astype(dtype), 0)


def test_booleans():
    a, b = np.array([True, True, False, False] * 9), np.array([True, False] * 18)
    for f in (wnp.add, wnp.multiply, wnp.maximum, wnp.minimum, wnp.less, wnp.less_equal, wnp.equal, wnp.logical_xor):
        equal(compiled(f, a, b)[1][0], f(a, b))
    for f in (wnp.sum, wnp.prod, wnp.any, wnp.all, wnp.max, wnp.min, wnp.mean, wnp.cumsum, wnp.square, wnp.invert):
        equal(compiled(f, a)[1][0], f(a))


@pytest.mark.parametrize("n", [0, 1, 3])
def test_slices_past_the_ends(n):
    x = np.arange(float(n))
    bounds = (None, -n - 1, -1, 0, n)
    slices = [slice(a, b, s) for a in bounds for b in bounds for s in (1, -1, -2)]
    every = lambda x: [x[s] for s in slices]  # noqa: E731
    for s, got, expected in zip(slices, w.jit(every)(x), every(x), strict=True):
        np.testing.assert_array_equal(got, expected, err_msg=f"{s}")


def test_arrays_without_elements():
    none, square = np.zeros((3, 0)), np.zeros((0, 0))
    for f, args in (
        (lambda x, y: x @ y, (none, np.zeros((0, 4)))),
        (lambda x, y: y.T @ x.T, (none, np.zeros((0, 4)))),
        (lambda x: wnp.dot(x[0], x[0]), (none,)),
        (lambda x: x @ x, (square,)),
        (lambda x: wnp.sum(x, axis=1), (none,)),
        (lambda x: wnp.prod(x), (none,)),
        (lambda x: wnp.concatenate([x, x, np.ones((3, 2))], axis=1), (none,)),
        (lambda x: wnp.pad(x, ((0, 1), (2, 0))), (none,)),
        (lambda x: x + wnp.sum(x, axis=1, keepdims=True), (none,)),
        (lambda x: wnp.at(np.ones((3, 4)))[:, 2:2].add(x), (none,)),
        (w.grad(lambda x: wnp.sum(wnp.at(x)[:, 0:0].max(0.5))), (np.full((3, 2), 0.25),)),
    ):
        equal(compiled(f, *args)[1][0], f(*args))


# --- fusion -------------------------------------------------------------------------------------------------------


def steps(f, *args):
    return [type(s).__name__ for s in w.jit(f).lower(*args)._module.plan.steps]


A = np.random.default_rng(0).normal(size=(40, 30))


@pytest.mark.parametrize("f, args, expected", [
    (lambda x: wnp.tanh(x) ** 2 * wnp.exp(-x * x) + wnp.sin(x), (A,), 1),
    (w.grad(lambda x: wnp.sum(wnp.tanh(x) ** 2)), (A,), 1),
    (w.value_and_grad(lambda x: wnp.sum(wnp.tanh(x) ** 2)), (A,), 1),
    (lambda x: (wnp.sum(x), wnp.sum(x * x), wnp.max(x), x + 1.0), (A,), 1),
    (lambda x: wnp.sum((x - wnp.sum(x)) ** 2), (A,), 2),
    (lambda x: wnp.exp(x - wnp.max(x, axis=1, keepdims=True)), (A,), 2),
    (lambda x: x.T[::-1, 3:] * 2.0, (A,), 1),
    (lambda x: wnp.sum(wnp.pad(x, 1)[1:, 1:] * wnp.broadcast_to(x[0, 0], (41, 31))), (A,), 1),
    (lambda x, i: wnp.sum(x[i] * 2.0), (A, np.array([3, 5, -1])), 1),
    (lambda x, y: wnp.tanh(x @ y), (A[:3, :4], A[:4, :3]), 2),
    (lambda x: wnp.stack([x, -x]), (A,), 2),
], ids=["chain", "gradient", "value and gradient", "reductions of one domain", "variance", "shifted exponential",
        "views", "padding", "gather", "small product", "pieces"])  # fmt: skip
def test_number_of_kernels(f, args, expected):
    assert steps(f, *args) == ["Kernel"] * expected
    with np.errstate(all="ignore"):
        for got, want in zip(w.tree_util.tree_leaves(w.jit(f)(*args)), w.tree_util.tree_leaves(f(*args)), strict=True):
            np.testing.assert_allclose(got, want, rtol=1e-12)


def test_softmax_is_at_most_three_kernels():
    assert steps(w.nn.softmax, A).count("Kernel") == len(steps(w.nn.softmax, A)) <= 3


def evaluations(f, *args, of):
    """In how many kernels an operation stands."""
    plan = w.jit(f).lower(*args)._module.plan
    kernels = [s for s in plan.steps if isinstance(s, Kernel)]
    return sum(any(n.kind == "op" and n.data.primitive.name == of for n in k.nest.nodes) for k in kernels)


def test_dear_values_are_kept_and_cheap_ones_computed_again():
    def shared(value):
        def f(x):
            y = value(x)
            return y / wnp.sum(y, axis=1, keepdims=True)

        return f

    assert evaluations(shared(wnp.exp), A, of="exp") == 1
    assert evaluations(shared(lambda x: x + 1.0), A, of="add") == 2


def test_equal_kernels_are_written_once():
    def f(x):
        for _ in range(6):
            x = wnp.exp(x - wnp.max(x, axis=1, keepdims=True))
        return x

    text = w.jit(f).lower(A).llvm()
    assert text.count("call void @kernel") == 7 and text.count("define internal void @kernel") == 3


def test_memory_is_used_again():
    def f(x):
        for _ in range(20):
            x = wnp.exp(x - wnp.max(x, axis=1, keepdims=True))
        return x

    lowered = w.jit(f).lower(A)
    memory = lowered._module.memory
    temporaries = sum(v.aval.size * v.aval.dtype.itemsize for v in memory.offsets)
    assert 0 < lowered.cost().workspace < temporaries / 4


def test_live_temporaries_do_not_overlap():
    def f(x):
        parts = [wnp.cumsum(x * k, axis=0) for k in range(1, 8)]
        empty = wnp.cumsum(x[:, :0], axis=0)
        return sum(wnp.sort(p, axis=1) for p in parts) + wnp.sum(empty)

    np.testing.assert_allclose(w.jit(f)(A), f(A), rtol=1e-13)


def test_a_first_call_calls_few_python_functions():
    """From tracing to the result, in a process of its own: settings that tests have cost calls too."""
    tool = Path(__file__).parents[1] / "tools" / "first_calls.py"
    environment = {k: v for k, v in os.environ.items() if k != "WENGERT_VERIFY"}
    out = subprocess.run([sys.executable, tool], capture_output=True, text=True, check=True, env=environment).stdout
    found = {line.split(": ")[1]: int(line.split()[0]) for line in out.splitlines()}
    assert len(found) == 8 and max(found.values()) <= 1151, found
    assert np.exp(np.mean(np.log(list(found.values())))) < 1050, found


def test_compile_time_is_linear():
    def chain(n):
        def f(x, y):
            for i in range(n // 2):
                x = wnp.sin(x) * y if i % 7 else x - y
            return x

        program = w.make_program(f)(np.float64(0.5), np.float64(0.75))
        started = time.process_time()
        Executable(program)
        return time.process_time() - started

    chain(50)
    assert min(chain(2000) for _ in range(2)) / min(chain(500) for _ in range(2)) < 8


# --- the call -----------------------------------------------------------------------------------------------------


def test_results_are_new_arrays():
    x = np.arange(6.0)
    f = w.jit(lambda x: (x, x, x * 1.0, x.reshape(2, 3), wnp.zeros(6), wnp.zeros(6)))
    for _ in range(3):  # the first call stages, the others are native
        outs = f(x)
        for k, y in enumerate(outs):
            assert not np.shares_memory(x, y)
            assert all(not np.shares_memory(y, z) for z in outs[k + 1 :])
            y[...] = 7.0
        np.testing.assert_array_equal(x, np.arange(6.0))
        np.testing.assert_array_equal(f(x)[4], np.zeros(6))


def _read_only(x):
    x = x.copy()
    x.flags.writeable = False
    return x


def _unaligned(x):
    raw = np.zeros(x.nbytes + 1, np.uint8)[1:]
    out = raw.view(x.dtype).reshape(x.shape)
    out[...] = x
    return out


LAYOUTS = {
    "C": lambda x: x,
    "Fortran": np.asfortranarray,
    "transposed": lambda x: x.T.copy().T,
    "strided": lambda x: np.repeat(x, 2, axis=1)[:, ::2],
    "reversed": lambda x: x[::-1].copy()[::-1],
    "broadcast": lambda x: np.broadcast_to(x[:1], x.shape),
    "read-only": _read_only,
    "unaligned": _unaligned,
    "big-endian": lambda x: x.astype(x.dtype.newbyteorder(">")),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", [float, np.float32, int, np.uint8, bool])
def test_layouts(layout, dtype):
    f = lambda x: (x + x, wnp.sum(x, axis=0), x.T)  # noqa: E731
    compiled_f = w.jit(f)
    x = (A[:5, :7] * 4).astype(dtype)
    compiled_f(x)
    y = LAYOUTS[layout](x)
    for got, expected in zip(compiled_f(y), f(y), strict=True):
        equal(got, expected, 1e-6 if dtype is np.float32 else 1e-14)


@pytest.mark.parametrize("x", [2.5, 3, True, np.float64(2.5), np.float32(2.5), np.int8(3), np.bool_(True), np.array(2.5),
                               np.array(3, np.int32)], ids=lambda x: f"{type(x).__name__}")  # fmt: skip
def test_numbers(x):
    f = lambda x, y: (x * y, x + 1, wnp.where(y > 1, x, y))  # noqa: E731
    g = w.jit(f)
    for y in (np.array([0.5, 2.0], np.float32), np.array([0.5, 2.0]), np.float32(0.5), 2.0):
        for _ in range(2):
            for got, expected in zip(g(x, y), f(x, y), strict=True):
                assert type(got) is type(np.asarray(expected)[()])
                equal(got, expected, 1e-6)


def test_indices_out_of_range():
    f = w.jit(lambda x, i: x[i] * 2.0)
    x = np.arange(40.0)
    np.testing.assert_array_equal(f(x, np.array([39, -40])), [78.0, 0.0])
    for bad in (np.array([0, 40]), np.array([-41, 0])):
        for _ in range(2):
            with pytest.raises(IndexError, match="out of range"):
                f(x, bad)
    np.testing.assert_array_equal(f(x, np.array([1, 2])), [2.0, 4.0])


def test_errors_of_numpy_pass_through():
    f = w.jit(lambda x: wnp.linalg.cholesky(x))
    for _ in range(2):
        with pytest.raises(np.linalg.LinAlgError):
            f(-np.eye(3))
    equal(f(np.eye(3) * 4), np.eye(3) * 2)


# --- lower --------------------------------------------------------------------------------------------------------


def test_lower():
    lowered = w.jit(lambda x: wnp.sum(wnp.sin(wnp.tanh(x * 1.0) @ x.T))).lower(A)
    assert names(lowered.program) != names(lowered.optimized) and "multiply" not in names(lowered.optimized)
    assert lowered.as_text() == str(lowered.optimized)
    assert "tanh" in lowered.loops() and "product" in lowered.loops() and "40x30 by 30x40" in lowered.loops()
    assert "define i32 @main" in lowered.llvm() and "main:" in lowered.assembly()
    cost = lowered.cost()
    assert cost.flops >= 2 * 40 * 40 * 30 and cost.results == 8 and cost.bytes >= A.nbytes and not cost.calls
    assert cost.steps == len(lowered.loops().split("\n\n")) or cost.steps >= 3
    np.testing.assert_allclose(lowered.compile()(A), np.sum(np.sin(np.tanh(A) @ A.T)))
    assert w.jit(wnp.sin).lower(w.ShapeDtypeStruct((3,), float)).cost().flops == 3
    assert "equations" in repr(lowered)


def test_a_hessian_that_is_diagonal_is_never_written():
    """Reshapes that split axes are inlined, and a diagonal is a choice: the Hessian times a vector makes no matrix."""
    x, v = np.linspace(-1, 1, 120).reshape(8, 15), np.linspace(0, 1, 120).reshape(8, 15)
    product = lambda x, v: wnp.tensordot(w.hessian(lambda x: wnp.sum(wnp.tanh(x) ** 2))(x), v, 2)
    np.testing.assert_allclose(w.jit(product)(x, v), product(x, v), rtol=1e-12, atol=1e-14)
    assert w.jit(product).lower(x, v).cost().workspace < 120 * 120 * 8


def test_transposed_factors_are_taken_as_they_lie():
    x, y = np.random.default_rng(0).normal(size=(2, 64, 64))
    lowered = w.jit(lambda x, y: x.T @ y).lower(x, y)
    assert lowered.cost().steps == 1
    z = np.random.default_rng(1).normal(size=(50, 3, 8))
    f = lambda z: wnp.einsum("nki,nkj->kij", z, z)
    np.testing.assert_allclose(w.jit(f)(z), f(z), rtol=1e-12)


def test_a_derivative_is_computed_with_the_function_that_it_shares_an_exponential_with():
    def f(a, b, x):
        h = wnp.tanh(x @ a)
        return wnp.sum(wnp.sin(h @ b) ** 2)

    rng = np.random.default_rng(2)
    a, b, x = rng.normal(size=(33, 40)), rng.normal(size=(40, 35)), rng.normal(size=(64, 33))
    g = w.grad(f, (0, 1))
    nests = [k for k in w.jit(g).lower(a, b, x).loops().split("kernel") if "sech2" in k or "cos" in k]
    assert len(nests) == 2 and all(("tanh" in k and "sech2" in k) or ("sin" in k and "cos" in k) for k in nests)
    for got, want in zip(w.jit(g)(a, b, x), g(a, b, x), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-11)


def test_the_derivative_of_tanh_goes_gradually_to_0():
    x = np.array([0.0, 1.0, 20.0, 300.0, 354.0, 354.8, 360.0, 372.0, 376.0, 1000.0, np.inf])
    got = w.jit(w.vmap(w.grad(wnp.tanh)))(np.concatenate([x, -x, [np.nan]]))
    with np.errstate(under="ignore"):
        want = 4 * np.exp(-x) / (1 + np.exp(-2 * x)) ** 2 * np.exp(-x)
    for half in (got[:11], got[11:-1]):
        np.testing.assert_allclose(half, want, rtol=1e-13, atol=1e-323)
    assert np.isnan(got[-1])
