"""The pipeline: passes are functions from form to form, can be left out, are checked and shown; the verifier of loops."""

import contextlib
import gc
import re
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from compare_programs import differences, numbered

import wengert as w
import wengert.numpy as wnp
from wengert import config, lax
from wengert.compile import engine, fusion, pipeline
from wengert.compile.memory import Memory
from wengert.compile.module import Module
from wengert.compile.nest import Node
from wengert.compile.pipeline import NAMES, PASSES, lowered, optimized
from wengert.compile.printer import text_of
from wengert.compile.verify import _NODES, verify
from wengert.errors import ProgramError
from wengert.lowering.index_maps import Affine
from wengert.program import Program

ROOT = Path(__file__).resolve().parents[1]
X = np.linspace(0.1, 0.9, 24).reshape(4, 6)


def loss(x):
    e = wnp.exp(x @ x.T - wnp.max(x))
    return wnp.sum(wnp.log(wnp.sum(e, 1))[:3] * x[:3, 0]) / wnp.sum(x[[0, 2, 1], 1])


def plan_of(f, *args, donated=()):
    return lowered(optimized(w.make_program(f)(*args)), engine.vector_bytes(), donated)


# --- passes ------------------------------------------------------------------------------------------------------


def test_passes_are_checked_in_tests():
    assert config.verify


@pytest.mark.parametrize("name", [p.name for p in PASSES if not p.needed])
def test_each_pass_can_be_left_out(name):
    """Programs mean the same without it, for each that is not needed."""
    with config.override(without_passes=name, disk_cache=False):
        for f in (loss, w.grad(lambda x: loss(x) + wnp.sum(lax.scan(lambda c, r: (c + r, c * r), x[0], x)[1]))):
            got = w.jit(lambda x, f=f: f(x))(X)
            np.testing.assert_allclose(got, f(X), rtol=1e-10, atol=1e-12)
        donating = w.jit(lambda x: x.at[1].set(2.0), donate_argnums=0)
        np.testing.assert_array_equal(donating(np.zeros(20_000))[:3], [0, 2, 0])
        for seed in range(3_000, 3_012):
            program, _ = numbered(seed)
            with np.errstate(all="ignore"):
                got, expected = w.jit(program)(*program.inputs), w.jit(program, backend="interpreter")(*program.inputs)
            assert differences(expected, got, 1e-4) == "", (name, seed)


def test_left_out_passes_are_in_the_keys(monkeypatch):
    """Code that was made with a pass is not used where it is left out, in the process and from disk."""
    ran = []
    (arrange,) = [p for p in PASSES if p.name == "arrange"]
    noting = arrange._replace(run=lambda p: [ran.append(1), p][1])
    monkeypatch.setattr(pipeline, "PASSES", tuple(noting if p is arrange else p for p in PASSES))

    def f(x):
        return x * 3.25

    g = w.jit(f)
    with config.override(without_passes=["arrange"]):
        g(X)
    assert not ran
    g(X)
    assert ran
    with config.override(without_passes=("arrange",)):
        n = len(ran)
        g(X), w.jit(lambda x: x * 3.25)(X)
    assert len(ran) == n
    program = w.make_program(f)(X)
    keys = {config.compiling: w.backends.named("native").cache_key(program)}
    with config.override(without_passes="arrange"):
        keys[config.compiling] = w.backends.named("native").cache_key(program)
    assert len(set(keys.values())) == 2


def test_passes_that_there_are_not():
    with (
        config.override(without_passes="rowz"),
        pytest.raises(ValueError, match="'rowz'; these can be left out: parts, sums"),
    ):
        w.jit(lambda x: x + 1.5)(X)
    with config.override(without_passes="fuse"), pytest.raises(ValueError, match="'fuse'"):
        w.jit(lambda x: x + 2.5)(X)
    with config.override(dump="fusion"), pytest.raises(ValueError, match="a pass or 'all', got 'fusion'"):
        w.jit(lambda x: x + 3.5)(X)


def test_dump(capsys):
    with config.override(dump="fuse"):
        w.jit(lambda x: wnp.sum(x * 2.5))(X)
    err = capsys.readouterr().err
    assert re.match(r"--- <lambda> after fuse\nkernel 0: c = sum over \[4, 6\]", err), err
    assert "simplify" not in err
    with config.override(dump="all"):
        w.jit(lambda x: wnp.sum(x * 2.5))(X)  # though there is code on disk
    err = capsys.readouterr().err
    assert [name for name in re.findall(r"after (\w+)", err) if name in NAMES] == [n for n in NAMES if n != "rows"]


def test_lowered_shows_passes():
    low = w.jit(loss).lower(X)
    shown = low.passes()
    assert list(shown) == [n for n in NAMES if n != "rows"]
    assert shown["ranges"] == str(low.optimized)
    assert "max over" in shown["fuse"] and "reduce i" in shown["fuse"]
    assert shown["donate"] == text_of(plan_of(loss, X))


def test_the_page_lists_the_passes():
    text = (ROOT / "docs/compiler.md").read_text()
    table = re.findall(r"^\| `(\w+)` \| (\w+) \| (.*) \|$", text, re.MULTILINE)
    assert [row for row in table if row[0] in NAMES] == [(p.name, p.form, p.what) for p in PASSES]


def test_a_pass_that_breaks_a_program_is_told(monkeypatch):
    (arrange,) = [p for p in PASSES if p.name == "arrange"]

    def broken(program):
        return Program(program.inputs, program.equations[1:], program.outputs, program.name)

    monkeypatch.setattr(pipeline, "PASSES", tuple(p._replace(run=broken) if p is arrange else p for p in PASSES))
    with pytest.raises(ProgramError, match="before its definition"):
        w.jit(lambda x: wnp.sin(x) * wnp.cos(x))(X)


def test_planned_programs_are_checked_and_mean_the_same():
    """The Program of a plan is one: products that step over memory are operations too."""
    y = np.linspace(-1.0, 1.0, 12**3).reshape(12, 12, 12)
    for dims in ("bij,bjk->ibk", "bij,bkj->kbi", "ibj,bjk->ibk"):
        f = lambda y, dims=dims: wnp.einsum(dims, y, y)  # noqa: E731
        plan = plan_of(f, y)
        assert any("arranged" in e.params for e in plan.program.equations)
        plan.program.check()
        np.testing.assert_allclose(plan.program.evaluate([y])[0], f(y), rtol=1e-12)


def test_llvm_verifies_under_test(monkeypatch):
    """What LLVM's verifier refuses is an error, with one module and with several side by side."""
    bad = "define i32 @main() {\nentry:\n  %x = add i32 %y, 1\n  %y = add i32 1, 1\n  ret i32 %x\n}\n"
    for parts in ([(bad, False)], [(bad, False), (bad.replace("main", "other"), False)]):
        with config.override(threads=2), pytest.raises(RuntimeError, match="dominate"):
            engine.emit_all(parts, True)


# --- the verifier of loops ---------------------------------------------------------------------------------------


def kernel_of(plan):
    return next(s for s in plan.steps if isinstance(s, fusion.Kernel))


@contextlib.contextmanager
def told(message):
    with pytest.raises(ProgramError, match=message):
        yield


def scaled(x):
    return wnp.sum(wnp.sin(x) * 2.0, 1)


def a_plan():
    return plan_of(scaled, X)


def change_node(kind, **changes):
    def change(plan):
        nodes = kernel_of(plan).nest.nodes
        i = next(i for i, n in enumerate(nodes) if n.kind == kind)
        given = {"args": nodes[i].args, "data": nodes[i].data, "dtype": nodes[i].dtype, **changes}
        if "data" in changes:
            given["data"] = changes["data"](nodes[i].data)
        nodes[i] = Node(kind, given["args"], given["data"], given["dtype"])

    return change


def change_root(**changes):
    def change(plan):
        for name, value in changes.items():
            setattr(kernel_of(plan).roots[0], name, value)

    return change


BROKEN = {
    "argument that comes later": (change_node("op", args=(9,)), "not computed before it"),
    "dtype of a load": (change_node("load", dtype=np.dtype(np.float32)), "node 0 .load.: float32 of float64"),
    "dtype of an operation": (change_node("op", dtype=np.dtype(np.float32)), "its types are"),
    "index map that leaves the array": (
        change_node("load", data=lambda d: (d[0], d[1] + Affine((), 1), d[2])),
        "reads from 1 to 24 of 24",
    ),
    "index map below the array": (
        change_node("load", data=lambda d: (d[0], d[1] + Affine((), -2), d[2])),
        "reads from -2 to 21 of 24",
    ),
    "axis that there is not": (change_node("load", data=lambda d: (d[0], Affine(((5, 1),)), d[2])), "domain of 2 axes"),
    "mask that is missing": (change_node("load", data=lambda d: (d[0], d[1], True)), "mask holds|list index"),
    "number with arguments": (change_node("number", args=(0,)), "has arguments"),
    "result of another node": (change_root(node=40), "a result is node 40"),
    "result beside its array": (change_root(offset=Affine(((0, 2),))), "writes 2.i0, from 0 to 6, of 4"),
    "result along a reduced axis": (change_root(offset=Affine(((1, 1),))), "is put at i1"),
    "reduction that is none": (change_root(combine=None), "the same place for several points"),
    "reduced axis that there is not": (lambda p: setattr(kernel_of(p), "reduced", (7,)), "reduces axes"),
    "nothing written": (lambda p: kernel_of(p).roots.clear(), "writes nothing"),
    "kind that there is not": (lambda p: setattr(kernel_of(p).nest.nodes[0], "kind", "loaf"), "no such kind"),
    "a step missing": (lambda p: p.steps.clear(), "before it is written"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_nests_are_told(name):
    change, message = BROKEN[name]
    plan = a_plan()
    verify(plan)
    change(plan)
    with pytest.raises((ProgramError, IndexError), match=message):
        verify(plan)


def chain(x):
    y = wnp.cumsum(wnp.sin(x))
    z = wnp.cumsum(wnp.cos(y))
    return wnp.cumsum(z * y)


def test_order_of_steps():
    plan = plan_of(chain, np.ones(40))
    verify(plan, Memory(plan))
    plan.steps.reverse()
    with told("before it is written"):
        verify(plan)


def test_steps_that_write_twice():
    plan = a_plan()
    plan.steps.append(plan.steps[0])
    with told("more than once"):
        verify(plan)


def test_arrays_written_in_part():
    plan = plan_of(lambda x: wnp.cumsum(wnp.concatenate([wnp.sin(x), wnp.cos(x)])), np.ones(9))
    kernels = [s for s in plan.steps if isinstance(s, fusion.Kernel)]
    roots = [r for k in kernels for r in k.roots]
    if len(roots) > 1:
        next(k for k in kernels if roots[0] in k.roots).roots.remove(roots[0])
        with pytest.raises(ProgramError, match="of which 9 elements are written|writes nothing"):
            verify(plan)


def test_values_that_overlap_in_the_workspace():
    plan = plan_of(chain, np.ones(40))
    memory = Memory(plan)
    assert len(memory.offsets) > 1
    verify(plan, memory)
    memory.offsets = dict.fromkeys(memory.offsets, 0)
    with told("written over|bytes that it writes|before it is written"):
        verify(plan, memory)
    memory = Memory(plan)
    memory.size -= 64
    with told("is not in a workspace"):
        verify(plan, memory)


def update(x, v):
    return x.at[3].set(v[0]), wnp.sum(v)


def test_in_place_results():
    x, v = np.zeros(50_000), np.ones(50_000)
    plan = plan_of(update, x, v, donated=(0,))
    assert plan.held == {0: 0}
    verify(plan, Memory(plan))
    plan.in_place.clear()
    with told("in the memory that it writes|reads"):
        verify(plan)
    plan = plan_of(update, x, v, donated=(0,))
    plan.held = {}
    with told("input 0, which is not to change,: reads"):
        verify(plan)
    plan = plan_of(update, x, v, donated=(0,))
    plan.held = {0: 1}
    with told("said to lie in the memory of input 1"):
        verify(plan)


def test_reading_after_an_update_in_place():
    """An array that is read after another value was put in its place."""
    plan = plan_of(lambda x: (x * 2.0 + 1.0, wnp.sum(x)), np.ones(50_000), donated=(0,))
    if not plan.held:  # the sum is in the nest that writes over it
        plan = plan_of(lambda x: x * 2.0 + 1.0, np.ones(50_000), donated=(0,))
        assert plan.held == {0: 0}
        plan.steps.append(plan_of(lambda x: wnp.sum(x), np.ones(50_000)).steps[0])
        out, x = kernel_of(plan).roots[0].target, plan.program.inputs[0]
        extra = plan.steps[-1]
        extra.nest.nodes[0].data = (x, *extra.nest.nodes[0].data[1:])
        target = extra.roots[0].target
        plan.memory[target] = plan.roots[target] = target
        assert plan.memory[out] is x
        with told("after it is written over"):
            verify(plan)


def test_nests_in_place_read_where_they_write():
    plan = plan_of(lambda x: x * 2.0 + 1.0, np.ones(50_000), donated=(0,))
    load = next(n for n in kernel_of(plan).nest.nodes if n.kind == "load")
    load.data = (load.data[0], load.data[1].scaled(-1, 49_999), load.data[2])
    with told("writes in place at"):
        verify(plan)


def test_products_stay_in_their_arrays():
    plan = plan_of(lambda x: wnp.sin(x) @ x.T, np.ones((16, 16)))
    (product,) = [s for s in plan.steps if isinstance(s, fusion.Product)]
    product.x_steps = product.x_steps._replace(row=17)
    with told("are not in"):
        verify(plan)


def test_the_bodies_of_loops_are_looked_at():
    def f(x):
        return lax.fori_loop(0, 3, lambda i, c: wnp.sin(c) @ c / 50.0, x)

    plan = plan_of(f, np.ones((20, 20)))
    (loop,) = [s for s in plan.steps if hasattr(s, "bodies")]
    assert not loop.registers
    next(iter(loop.bodies.values())).plan.steps.clear()
    with told("before it is written"):
        verify(plan)


def test_the_module_looks_at_its_memory(monkeypatch):
    lay_out = Memory._lay_out

    def together(self):
        size = lay_out(self)
        self.offsets = dict.fromkeys(self.offsets, 0)
        return size

    monkeypatch.setattr(Memory, "_lay_out", together)
    with told("written over|bytes that it writes|before it is written"):
        Module(plan_of(chain, np.ones(40)), engine.vector_bytes())


# --- the printer -------------------------------------------------------------------------------------------------


def test_loops_are_printed():
    shown = text_of(plan_of(lambda x: wnp.sum(x * 2.0 + 1.0), np.ones(1000)))
    assert shown == (
        "kernel 0: d = sum over [1000]\n  reduce i0 < 1000\n    load a[i0]\n    multiply 0, 2.0\n    add 1, 1.0\n    d += 2"
    )
    assert re.search("loop .* of 3 steps", text_of(plan_of(lambda x: lax.fori_loop(0, 3, lambda i, c: c * x, x), X)))


def test_the_page_specifies_every_node_and_step():
    text = (ROOT / "docs/loops.md").read_text()
    nodes = set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE))
    assert set(_NODES) <= nodes
    assert {t.__name__ for t in fusion.Step.__args__} <= set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE))


# --- what is kept ------------------------------------------------------------------------------------------------


def test_what_only_writing_code_needs_is_not_kept():
    """Of a compiled function of 999 equations its Program and its code: 0.44 MB, where 1.66 MB were kept."""

    def f(x):
        for _ in range(333):
            x = wnp.sin(x) * 1.0001 + 0.1
        return x

    w.jit(f)(np.ones(3))
    g = w.jit(lambda x: f(x))
    gc.collect()
    tracemalloc.start()
    try:
        g(np.ones(4))
        gc.collect()
        kept = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert kept < 0.6e6, kept
    low = g.lower(np.ones(4))
    assert low.loops() and low.cost().flops > 999  # made again to be looked at
