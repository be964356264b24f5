"""Sparsity patterns against the nonzeros of dense Jacobians, which know nothing of index sets."""

import numpy as np
import pytest
import scipy.sparse as sp
from sparse_programs import program

import wengert as w
import wengert.numpy as wnp
from wengert import lax
from wengert.core import aval_of, inexact_dtype
from wengert.program import Equation, Literal, Program, Var
from wengert.sparse import Pattern, hessian_sparsity, loops, rules, sparsity, walk
from wengert.sparse.dependence import Dependence
from wengert.sparse.detect import dependences
from wengert.sparse.lattices import Lattice
from wengert.sparse.walk import Walk
from wengert.testing import cases, differentiable, missing, primitives

RNG = np.random.default_rng(5)


def dense(f, x, seeds=3):
    """Where the dense Jacobian differs from zero at one of some inputs."""
    found = None
    for seed in range(seeds):
        at = x if seed == 0 else x + 0.1 * np.random.default_rng(seed).normal(size=x.shape)
        jacobian = np.asarray(w.jacfwd(f)(at)).reshape(-1, x.size) != 0
        found = jacobian if found is None else found | jacobian
    return found


def is_float(x):
    return isinstance(x, (np.ndarray, np.generic)) and x.dtype.kind in "fc"


SAMPLES = [
    pytest.param(p, args, params, id=f"{p.name}-{label}")
    for p in primitives()
    if p.samples is not None and not missing(p) and differentiable(p)
    for label, args, params in cases(p)
]


@pytest.mark.parametrize("primitive, args, params", SAMPLES)
def test_no_primitive_loses_an_entry(primitive, args, params):
    """Each sample of the harness, differentiated by each of its floating arguments, others fixed and known or not."""
    for k, x in enumerate(args):
        if not is_float(x) or x.size == 0 or x.size > 200:
            continue

        def f(v, k=k):
            full = list(args)
            full[k] = v
            outs = primitive.bind(*full, **params)
            outs = outs if primitive.multiple_results else [outs]
            return [wnp.asarray(o) for o in outs if inexact_dtype(o.dtype)]

        with np.errstate(all="ignore"):
            try:
                columns = _columns(f, x)
            except (w.errors.NotDifferentiableError, w.errors.WengertError):
                continue
        for fixed in (True, False):
            inputs = [Var(aval_of(a)) for a in args]
            atoms = [Literal(a) if fixed and i != k else v for i, (v, a) in enumerate(zip(inputs, args, strict=True))]
            avals = primitive.abstract(*[a.aval for a in atoms], **params)
            outs = [Var(a) for a in (avals if primitive.multiple_results else [avals])]
            live = [v for v in outs if inexact_dtype(v.aval.dtype)]
            program = Program(inputs, [Equation(primitive, atoms, outs, params)], live, primitive.name)
            known = [None] * len(inputs)
            found = dependences(program, [k], known, False, len(live)).csr().toarray() != 0
            assert found.shape == columns.shape
            assert not (columns & ~found).any(), f"argument {k}"


def _columns(f, x):
    """Where outputs move with each element of an input, by the forward mode, one direction at a time."""
    columns = []
    for i in range(x.size):
        t = np.zeros(x.shape, x.dtype)
        t.reshape(-1)[i] = 1
        total = None
        for step in (1,) if x.dtype.kind != "c" else (1, 1j):
            _, moved = w.jvp(f, (x,), (np.asarray(t * step, x.dtype)[()],))
            flat = (
                np.concatenate([np.abs(np.asarray(m)).reshape(-1) > 1e-12 for m in moved])
                if moved
                else np.zeros(0, bool)
            )
            total = flat if total is None else total | flat
        columns.append(total)
    return np.stack(columns, 1)


# Operations of which every result counts as depending on every operand: by what they compute, as no Program has them
# outside of another transformation, or, of `custom_call`, where the rule is one of reverse mode alone. A `shard_map` moves
# values between places, and its pattern is not followed through them.
WHOLE = {
    "all_gather",
    "all_to_all",
    "ppermute",
    "shard_map",
    "psum",
    "psum_scatter",
    "linear_solve",
    "custom_batch",
    "custom_call",
    "funm",
    "funm_pull",
    "while_pull",
    "supported_pull",
    "reached_pull",
}


def test_every_primitive_has_a_rule(monkeypatch):
    seen = set()
    everything = rules.everything

    def noted(walk, eqn, deps, known):
        seen.add(eqn.primitive.name)
        return everything(walk, eqn, deps, known)

    monkeypatch.setattr(rules, "everything", noted)
    monkeypatch.setattr(loops, "everything", noted)
    monkeypatch.setattr(walk, "everything", noted)
    for p in primitives():
        if p.samples is None or missing(p) or not differentiable(p):
            continue
        for args, params in p.samples():
            inputs = [Var(aval_of(a)) for a in args]
            avals = p.abstract(*[v.aval for v in inputs], **params)
            outs = [Var(a) for a in (avals if p.multiple_results else [avals])]
            deps = [Dependence(int(np.prod(v.aval.shape)), 1, [Lattice(0, 0)]) for v in inputs]
            walk.propagate(Walk(1), Equation(p, inputs, outs, params), deps, [None] * len(inputs))
    assert seen <= WHOLE, seen - WHOLE


@pytest.mark.parametrize("first", range(0, 300, 50))
def test_random_programs(first):
    for seed in range(first, first + 50):
        f, x, tight = program(seed)
        found = sparsity(f, x)
        expected = dense(f, x, 2)
        got = found.todense()
        assert not (expected & ~got).any(), (seed, f.__name__)
        if tight:
            assert not (got & ~expected).any(), (seed, f.__name__)


def test_random_hessians():
    for seed in range(40):
        f, x, _ = program(seed, most=30)

        def g(v, f=f):
            return wnp.sum(wnp.sin(f(v)) ** 2)

        found = hessian_sparsity(g, x)
        expected = np.asarray(w.hessian(g)(x)).reshape(found.shape)
        assert found.symmetric and (found.csr != found.csr.T).nnz == 0
        assert not ((np.abs(expected) > 1e-10) & ~found.todense()).any(), (seed, f.__name__)


# --- large ones ------------------------------------------------------------------------------------------------------


def tridiagonal(x):
    return np.concatenate([x[:1] ** 2, x[2:] - 2 * x[1:-1] * x[:-2] + np.sin(x[1:-1]), x[-1:]])


def brusselator(u, n):
    a, b = u.reshape(2, n, n)

    def laplacian(v):
        return np.roll(v, 1, 0) + np.roll(v, -1, 0) + np.roll(v, 1, 1) + np.roll(v, -1, 1) - 4 * v

    return np.stack([1 + a * a * b - 4 * a + laplacian(a), 3 * a - a * a * b + laplacian(b)]).reshape(-1)


def test_bands_are_not_listed():
    import time

    x = np.broadcast_to(1.0, 10_000_000)
    start = time.perf_counter()
    found = sparsity(tridiagonal, w.ShapeDtypeStruct(x.shape, np.float64))
    assert time.perf_counter() - start < 1
    assert found.structured is not None and found.nnz == 3 * (len(x) - 2) + 2
    assert found._csr is None  # a count of entries, without a list of them


def test_two_species_on_a_torus():
    n = 9
    x = np.random.default_rng(1).uniform(size=2 * n * n)
    found = sparsity(lambda u: brusselator(u, n), x)
    assert found.nnz == 6 * 2 * n * n
    np.testing.assert_array_equal(found.todense(), dense(lambda u: brusselator(u, n), x, 2))


def test_hessian_of_a_chain():
    x = np.ones(1000)
    found = hessian_sparsity(lambda x: np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2), x)
    expected = sp.diags_array([np.ones(999), np.ones(1000), np.ones(999)], offsets=[-1, 0, 1])
    assert found == Pattern(expected) and found.symmetric


def test_a_scan_that_forgets_is_a_band():
    def f(x):
        return lax.scan(lambda c, v: ((v, c[0]), v * c[0] + c[1]), (0.0, 0.0), x)[1]

    found = sparsity(f, np.ones(100_000))
    assert found.structured is not None and found.nnz == 100_000 + 99_999 + 99_998


def test_a_scan_of_rows():
    def f(x):
        return lax.scan(lambda c, row: (c, np.sin(row) + np.roll(row, 1)), 0.0, x)[1]

    x = np.ones((50_000, 10))
    found = sparsity(f, x)
    assert found.structured is not None and found.nnz == 2 * x.size
    small = RNG.normal(size=(4, 5))
    np.testing.assert_array_equal(sparsity(f, small).todense(), dense(f, small))


@pytest.mark.parametrize("steps", [0, 1, 3])
def test_a_loop_of_known_length_grows_by_its_stencil(steps):
    def f(x):
        return lax.fori_loop(0, steps, lambda i, v: v + 0.1 * np.roll(v, 1) ** 2, x)

    x = RNG.normal(size=9)
    np.testing.assert_array_equal(sparsity(f, x).todense(), dense(f, x))


def test_a_while_loop_whose_length_is_not_known():
    def f(x):
        return lax.while_loop(lambda v: wnp.sum(v) > 1, lambda v: v * 0.5 * (1 + v[0] ** 2), x)

    found = sparsity(f, np.array([2.0, 3.0, 4.0]))
    assert found == Pattern(np.array([[1, 0, 0], [1, 1, 0], [1, 0, 1]]))


def test_rules_given_by_users_count():
    @w.custom_jvp
    def f(x):
        return x * 2

    @f.defjvp
    def _(primals, tangents):
        return primals[0] * 2, np.roll(tangents[0], 1)

    assert sparsity(f, np.ones(3)) == Pattern(np.roll(np.eye(3), 1, 0))

    @w.custom_vjp
    def g(x):
        return x * 2

    g.defvjp(lambda x: (x * 2, None), lambda _, c: (np.sum(c) * np.ones(3),))
    assert sparsity(g, np.ones(3)).nnz == 9  # its tangents are by a transpose of what the rule does


def test_compiled_functions_and_checkpoints():
    f = w.jit(lambda x: x[1:] * x[:-1])
    g = w.checkpoint(lambda x: f(x) + 1)
    assert sparsity(g, np.ones(5)) == sparsity(lambda x: x[1:] * x[:-1], np.ones(5))


# --- ways through Python, and patterns of one input ------------------------------------------------------------------


def test_a_pattern_is_of_one_way_through_the_function():
    def f(x):
        if x[0] > 0:
            return x**2
        return x[::-1] ** 2

    first, second = sparsity(f, np.ones(3)), sparsity(f, -np.ones(3))
    assert first == Pattern(np.eye(3)) and second == Pattern(np.eye(3)[::-1])
    assert len(first.guards) == 1 and "True" in first.guards[0] and "x[0] > 0" in first.guards[0]


LOCAL = {
    "where": lambda x: wnp.where(x > 0, x**2, x[::-1]),
    "maximum": lambda x: wnp.maximum(x, x[::-1]),
    "abs": lambda x: wnp.abs(x) * 1.0,
    "max": lambda x: wnp.max(x, keepdims=True) * 2,
    "sort": wnp.sort,
    "cond": lambda x: lax.cond(x[0] > 0, lambda v: v[::-1], lambda v: v * 2.0, x),
    "while": lambda x: lax.while_loop(lambda v: wnp.sum(v) < 3, lambda v: v * 2 + np.roll(v, 1), x),
    "scan": lambda x: lax.scan(lambda c, v: (wnp.maximum(c, v), c + v), -9.0, x)[1],
    "gather": lambda x: x[wnp.argsort(x)],
}


@pytest.mark.parametrize("name", LOCAL)
def test_local_patterns(name):
    x = np.array([0.5, -0.25, 1.5, 0.75])
    f = LOCAL[name]
    local, whole = sparsity(f, x, local=True), sparsity(f, x)
    expected = np.asarray(w.jacfwd(f)(x)) != 0
    np.testing.assert_array_equal(local.todense(), expected)
    assert whole.covers(local) and (whole.nnz > local.nnz or name == "abs")


def test_several_arguments_and_trees():
    def f(a, b, c):
        return {"u": a["x"] * c, "v": b[0] + b[1][:2]}

    a, b = {"x": np.ones(2), "y": np.ones(3)}, (np.ones(2), np.ones(3))
    found = sparsity(f, a, b, 2.0, argnums=(0, 1))
    assert found.shape == (4, 10)
    assert sorted(zip(found.rows.tolist(), found.cols.tolist(), strict=True)) == [
        (0, 0), (1, 1), (2, 5), (2, 7), (3, 6), (3, 8),
    ]  # fmt: skip
    assert sparsity(lambda x: (x * 2, x[0]), np.ones(2), has_aux=True).nnz == 2


def test_errors():
    with pytest.raises(w.errors.DtypeError, match="int64"):
        sparsity(lambda x: x, np.arange(3))
    with pytest.raises(w.errors.ArgumentError, match="order"):
        sparsity(lambda x: x, np.ones(3), order=3)
    with pytest.raises(w.errors.NonScalarOutputError, match="order=2"):
        sparsity(lambda x: x, np.ones(3), order=2)
    with pytest.raises(w.errors.ShapeError, match="symmetric"):
        Pattern(np.array([[1, 1], [0, 1]]), symmetric=True)
    with pytest.raises(w.errors.ArgumentError, match="local"):
        sparsity(lambda x: x, w.ShapeDtypeStruct((3,), np.float64), local=True)


def test_patterns_are_saved_and_shown(tmp_path):
    p = hessian_sparsity(lambda x: wnp.sum(x[1:] * x[:-1]), np.ones(6))
    p.save(tmp_path / "p.npz")
    q = Pattern.load(tmp_path / "p.npz")
    assert q == p and q.symmetric and q.guards == p.guards
    np.savez(tmp_path / "other.npz", a=np.ones(3))
    with pytest.raises(w.errors.ArgumentError, match="no pattern"):
        Pattern.load(tmp_path / "other.npz")
    assert Pattern(np.eye(4)).braille() == "⠑⢄"
    large = Pattern(sp.eye_array(1000)).braille(width=10, height=5).split("\n")
    assert len(large) == 5 and {len(line) for line in large} == {10}
