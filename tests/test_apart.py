"""Arrays of many short rows: programs taken apart into columns, results written row by row, shared inverses."""

import importlib

import compare_programs
import numpy as np
import pytest

import wengert as w
import wengert.numpy as wnp
from wengert.compile import pipeline
from wengert.compile.apart import apart, row_rank
from wengert.compile.fusion import Plan
from wengert.compile.pipeline import optimize, planned
from wengert.compile.quotients import inverses_shared

N = 1100  # no multiple of any number of lanes
RNG = np.random.default_rng(7)
X, Y, M = RNG.normal(size=(N, 3)), RNG.normal(size=(N, 3)), RNG.normal(size=(N, 2, 3))
FACES = RNG.integers(0, N, (N, 3))

PROGRAMS = {
    "cross": lambda: (lambda x, y: wnp.cross(x, y), (X, Y)),
    "norm": lambda: (lambda x: x / wnp.sqrt(wnp.sum(x * x, 1, keepdims=True)), (X,)),
    "extremes": lambda: (lambda x: (wnp.max(x, 1), wnp.min(x * 2, 1), wnp.prod(x, 1), wnp.any(x > 1, 1)), (X,)),
    "all axes": lambda: (lambda x: (wnp.sum(x[:, ::-1] * 2), wnp.sum(x + 1, 0), wnp.max(x * x)), (X,)),
    "counts": lambda: (lambda x: wnp.sum(x > 0, 1), (X,)),
    "slices": lambda: (lambda x: wnp.concatenate([x[:, 1:], x[:, :1] * 2, x[:, ::2]], 1)[:, 1:4], (X,)),
    "new axes": lambda: (lambda x, m: x[:, None, :] * m + m[:, :, ::-1] * x[..., None, :], (X, M)),
    "transposed": lambda: (lambda m: (m * 2).transpose(0, 2, 1) + 1, (M,)),
    "moved": lambda: (lambda m: wnp.sin(m).transpose(2, 0, 1), (M,)),
    "reshaped": lambda: (lambda m: wnp.reshape(m * m, (N, 6))[:, 1::2], (M,)),
    "flattened": lambda: (lambda m: wnp.reshape(m[:, 0] + 1, (-1,)) * 2, (M,)),
    "spread": lambda: (lambda x: wnp.broadcast_to(x[:, :1], (N, 4)) + wnp.arange(4.0), (X,)),
    "some rows": lambda: (lambda x: x[5:1090, :2] * x[:1085, 1:], (X,)),
    "one row": lambda: (lambda x: (x * 2)[3] + 1, (X,)),
    "matrices": lambda: (lambda m, x: wnp.einsum("nij,nj->ni", m, wnp.cos(x)) @ np.ones((2, 2)), (M, X)),
    "products": lambda: (lambda m: wnp.einsum("nij,nkj->nik", m + 1, m), (M,)),
    "looked up": lambda: (lambda x, i: wnp.cross(x[i[:, 1]] - x[i[:, 0]], x[i[:, 2]] - x[i[:, 0]]), (X, FACES)),
    "corners": lambda: (lambda x, i: wnp.sum(x[i] ** 2, 1), (X, FACES)),
    "table": lambda: (lambda t, i: wnp.sum(t[i] * 3, 2), (RNG.normal(size=(5, 4)), FACES % 5)),
    "jacobian": lambda: (w.vmap(w.jacrev(lambda x: wnp.stack([x[0] * x[1], wnp.sin(x[2]) / x[0]]))), (X,)),
    "hessian": lambda: (w.vmap(w.hessian(lambda x: wnp.prod(x) + wnp.sum(x) ** 3)), (X,)),
    "gradient": lambda: (w.grad(lambda x, y: wnp.sum(wnp.cross(x, y) ** 2 / (1 + x * x))), (X, Y)),
    "padded": lambda: (lambda x: wnp.pad(x[:, :2], ((0, 0), (1, 2))) + 1, (X,)),
    "float32": lambda: (lambda x: wnp.cross(x, x[:, ::-1]), (X.astype(np.float32),)),
    "integers": lambda: (lambda i: (i[:, :2] * 2 + i[:, 1:])[:, ::-1], (FACES,)),
    "two long axes": lambda: (lambda x: wnp.sum((x[:80, None] - x[None, :90]) ** 2, -1), (X,)),
    "sorted": lambda: (lambda x: wnp.sort(x * 2, 1)[:, ::-1] - x[:, :1], (X,)),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_taken_apart(name):
    """The Program that is taken apart, run by NumPy and compiled, against the one that is not."""
    f, args = PROGRAMS[name]()
    program = optimize(w.make_program(f)(*args))
    other = apart(program)
    assert other is not None
    compiled = w.jit(f)(*args)
    flat = compiled if isinstance(compiled, tuple) else (compiled,)
    for got, native, want in zip(other.evaluate(args), flat, program.evaluate(args), strict=True):
        assert got.dtype == native.dtype == want.dtype
        single = want.dtype == np.float32
        np.testing.assert_allclose(got, want, rtol=1e-5 if single else 1e-12, atol=1e-6 if single else 1e-13)
        np.testing.assert_allclose(native, want, rtol=1e-5 if single else 1e-12, atol=1e-6 if single else 1e-13)


def test_index_maps_say_how():
    """Operations from outside, and steps between long axes and those of a row, are taken apart by their index maps alone."""
    pairs = w.primitive(
        "neighbours",
        shape=lambda shape: (shape[0] - 1, shape[1] - 1),
        index_map=lambda point: (point[0] + 1, 1 - point[1]),
    )
    stretched = lambda x: wnp.sum(pairs(x * 2) ** 2, 1)  # noqa: E731
    sliced = lambda x: wnp.sum((x * 2)[1:, 1::-1] ** 2, 1)  # noqa: E731
    columns = lambda x: wnp.sum(x.T**2 * x.T[:, ::-1], 1)  # noqa: E731
    for f, x in ((stretched, X), (columns, np.ascontiguousarray(X.T))):
        program = optimize(w.make_program(f)(x))
        other = apart(program)
        assert other is not None
        np.testing.assert_allclose(other.evaluate([x])[0], f(x), rtol=1e-12)
        np.testing.assert_allclose(w.jit(f)(x), f(x), rtol=1e-12)
    steps = [Plan(apart(optimize(w.make_program(f)(X)))).steps for f in (stretched, sliced)]
    assert [len(s) for s in steps] == [1, 1]
    kinds = [sorted(n.kind for n in s[0].nest.nodes) for s in steps]
    assert kinds[0] == kinds[1] and not steps[0][0].reduced


def test_random_programs_taken_apart(monkeypatch):
    """All arrays count as long ones, and nothing is estimated."""
    module = importlib.import_module("wengert.compile.apart")
    taken = []

    def always(program, vector_bytes):
        other = apart(program)
        taken.append(other is not None)
        return Plan(program if other is None else other)

    monkeypatch.setattr(pipeline, "planned", always)
    monkeypatch.setattr(module, "LONG", 3)
    monkeypatch.setattr(module, "ALONE", 3)
    with w.config.override(disk_cache=False):
        for seed in range(7_000, 7_150):
            compare_programs.compare(*compare_programs.numbered(seed))
    assert sum(taken) > 20


def test_what_stays_together():
    assert row_rank((N, 3)) == 1 and row_rank((N, 2, 3)) == 2 and row_rank((N,)) == 0
    assert (
        row_rank((3, N)) == 0
        and row_rank((N, 40)) is None
        and row_rank((15, 3)) is None
        and row_rank((20, 3)) == 1
        and row_rank((9, 20, 3)) is None
    )
    flat = lambda x: wnp.sin(x) * 2 + x  # noqa: E731 - rows do not matter to it
    assert apart(optimize(w.make_program(flat)(X))) is None
    scaled = optimize(w.make_program(lambda x: wnp.sum(x * x, 1, keepdims=True) * x)(X))
    (step,) = planned(scaled, 64).steps  # three columns, one nest
    assert not step.reduced


@pytest.mark.parametrize("width", range(1, 24))
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int16, bool])
def test_rows_written(width, dtype):
    """Each column goes to its place, whatever the number of columns and the length of the vectors."""
    x = RNG.integers(-9, 9, N).astype(dtype)
    f = lambda x: wnp.stack([x == k if dtype is bool else x + dtype(k) for k in range(width)], 1)[:, ::-1]  # noqa: E731
    np.testing.assert_array_equal(w.jit(f)(x), f(x))
    part = lambda x: wnp.pad(f(x), ((0, 0), (2, 3)))  # noqa: E731 - rows that are longer than what is written
    np.testing.assert_array_equal(w.jit(part)(x), part(x))


def test_inverses_are_shared():
    f = w.vmap(lambda x, y: ((x / y) / y, (2 * x / y) / y, -(wnp.sin(x) / y) / y))
    x, y = np.array([3.0, -2.0, 0.0, 5e-320, np.inf, 1.0]), np.array([7.0, 1e-310, 1e-310, 3e-310, 2.0, np.inf])
    program = optimize(w.make_program(f)(x, y))
    divisions = [sum(e.primitive.name == "divide" for e in p.equations) for p in (program, inverses_shared(program))]
    assert divisions == [6, 4]  # the first of each, and one inverse
    with np.errstate(all="ignore"):
        for got, want in zip(w.jit(f)(x, y), f(x, y), strict=True):
            np.testing.assert_allclose(got, want, rtol=1e-14)
    same = RNG.normal(size=1000)
    assert (w.jit(lambda x: x / x)(same) == 1).all()
    third = np.full(1000, 3.0, np.float32)
    np.testing.assert_array_equal(w.jit(w.vmap(w.grad(lambda x, y: x / y)))(third, third), 1 / third)
