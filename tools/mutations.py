"""Mistakes put into the compiler's safety analyses and into its newer lowerings, one at a time, to see that tests notice each.

    python tools/mutations.py                  # makes each mutation in a process of its own, runs the narrow tests
    python tools/mutations.py --page           # writes docs/campaigns/mutations.md
    python tools/mutations.py --only donated   # those whose file has this in its name

The tests: those of the analysis in `tests/test_safety.py`, of a lowering in a file of its own, with the verifier of loops on.
A mutation is caught where a test fails. It is a change of the source's text, compiled, whose functions take the place of the library's in a fork.
"""

from __future__ import annotations

import argparse
import importlib
import os
import signal
import sys
import tempfile
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT / "tests")]
os.environ["WENGERT_VERIFY"] = "1"

import numpy as np  # noqa: E402, F401

from wengert import config  # noqa: E402

NARROW = {  # the tests of each, and those of them that are run
    "liveness": ("safety", "temporaries or workspace"),
    "in place": ("safety", "loops or carried or in_place"),
    "donation": ("safety", "donated or given_twice or overwrite"),
    "aliasing": ("safety", "nobody or pullbacks or given_twice"),
    "fingerprints": ("safety", "fingerprint or keys"),
    "guards": ("safety", "guards"),
    "checks": ("safety", "indices"),
    "parts": (
        "complex_native",
        "moves_and_sums or mixed or matrix_products or linear_algebra or while_and_branches or has_native_code or differences",
    ),
    "16 bits": ("narrow", "conversions or each_operation"),
    "convolutions": ("convolutions", "forms or vectors"),
    "ufunc loops": ("ufunc_loops", "airy or broadcast or converted or structure"),
    "path programs": ("paths_jit", "unseen or indices or refused or questions"),
}


class Mutation(NamedTuple):
    """A change of one place: in a file of `src/wengert`, `old` (which stands there once) becomes `new`."""

    analysis: str
    file: str
    what: str
    old: str
    new: str


P, M, D, F, O, G = (
    "compile/control/prepare.py", "compile/memory.py", "compile/donated.py", "compile/fingerprint.py",
    "transforms/ownership.py", "compile/module.py",
)  # fmt: skip
C, N, V, U, W = (
    "compile/parting.py", "compile/narrow.py", "compile/serial/convolution.py", "compile/serial/ufuncs.py",
    "transforms/path_programs.py",
)  # fmt: skip
MUTATIONS = (
    # liveness
    Mutation("liveness", M, "a temporary ends with its first use", "                    last[root] = number\n", "                    last.setdefault(root, number)\n"),
    Mutation("liveness", M, "the gap that is taken may be smaller", "if start - at >= need:", "if start - at >= need // 2:"),
    Mutation("liveness", M, "the search goes on from the last end, not the largest", "at = max(at, end)", "at = end - need if end > need else end"),
    Mutation("liveness", M, "ends count before begins", "            for v in begins.get(number, ()):\n", "            for v in ends.get(number, ()):\n                used = [u for u in used if u[0] != self.offsets.get(v)]\n            for v in begins.get(number, ()):\n"),
    Mutation("liveness", M, "space is never used again", "if size_of(v.aval):  # an empty", "if not size_of(v.aval):  # an empty"),
    Mutation("liveness", M, "sizes count elements, not bytes", "need = -(-size_of(v.aval) * v.aval.dtype.itemsize // ALIGNMENT)", "need = -(-size_of(v.aval) // ALIGNMENT)"),
    Mutation("liveness", M, "the workspace is too small", "size = max(size, at + need)", "size = max(size, need)"),
    Mutation("liveness", M, "operands of nests are not counted", "return [*read, *[r.target for r in step.roots]]", "return [*[r.target for r in step.roots]]"),
    Mutation("liveness", M, "a result that stands twice is not copied", "            if _key(root) in places:\n                self.copies.append((i, root))\n", "            if _key(root) in places:\n                pass\n"),
    # in place
    Mutation("in place", P, "later readers of the old value are not looked for", "for other in steps[place[id(s)] + 1 :]):", "for other in steps[place[id(s)] + 2 :]):"),
    Mutation("in place", P, "readers are never looked for", "    if any(operand in reads(plan, other)", "    if False and any(operand in reads(plan, other)"),
    Mutation("in place", P, "the step is not put after readers", "steps = _late(plan, steps, step)", "steps = list(steps)"),
    Mutation("in place", P, "steps that need the late one are not moved with it", "if reads(plan, other) & needs or wrote & needs:", "if wrote & needs:"),
    Mutation("in place", P, "values that are results themselves are overwritten", "if operand is None or operand in shown:", "if operand is None:"),
    Mutation("in place", P, "an operand that is read twice is overwritten", "return plan.roots[a] if operands.count(plan.roots[a]) == 1 else None", "return plan.roots[a]"),
    Mutation("in place", P, "a result may lie in another input", "if found is not None and found[0] is body.plan.program.inputs[source] and hold(body.plan, found):", "if found is not None and hold(body.plan, found):"),
    Mutation("in place", P, "views of what is made are not moved with it", "        if root in made:\n            plan.memory[v] = x\n", "        if root in made and v is root:\n            plan.memory[v] = x\n"),
    Mutation("in place", P, "the first of two updates in a row is forgotten", "rules = [*plan.in_place, *[(s, operand) for s, operand, _ in path]]", "rules = [(s, operand) for s, operand, _ in path[:1]]"),
    Mutation("in place", P, "branches need not start from one operand", "if j is None or any(s != j for s in sources):", "if j is None:"),
    # donation
    Mutation("donation", D, "arguments that are not donated are taken", "if i in donated and i not in found.values() and hold(plan, origin):", "if i not in found.values() and hold(plan, origin):"),
    Mutation("donation", D, "two results take one argument", "if i not in found.values() and overwrites(", "if overwrites("),
    Mutation("donation", D, "places need not be the same", "if node.args or node.data[1] != roots[0].offset:", "if node.args:"),
    Mutation("donation", D, "computed places count as the same", "if node.args or node.data[1] != roots[0].offset:", "if node.data[1] != roots[0].offset and not node.args:"),
    Mutation("donation", D, "arguments that are results are taken", "if any(plan.roots[o] is x for o in plan.program.outputs if type(o) is Var):", "if False:"),
    Mutation("donation", D, "dtypes need not agree", "x.aval.shape != y.aval.shape or x.aval.dtype != y.aval.dtype or", "x.aval.shape != y.aval.shape or"),
    Mutation("donation", "transforms/donation.py", "arguments that overlap are not copied", "or any(np.may_share_memory(x, y) for y in others)", ""),
    Mutation("donation", "transforms/donation.py", "read-only arguments are written to", "if not (x.flags.writeable and x.flags.c_contiguous) or", "if not x.flags.c_contiguous or"),
    # aliasing
    Mutation("aliasing", O, "views of arguments are handed out", "if id(g) in seen or not g.flags.writeable or (base is not None and id(base) in seen):", "if id(g) in seen or not g.flags.writeable:"),
    Mutation("aliasing", O, "read-only results are handed out", "if id(g) in seen or not g.flags.writeable or", "if id(g) in seen or"),
    Mutation("aliasing", O, "a result may stand twice", "            seen.add(id(g))\n", ""),
    Mutation("aliasing", O, "two views of one array are handed out", "            if base is not None:\n                seen.add(id(base))\n", ""),
    Mutation("aliasing", O, "saved arrays are not copied", "if id(array) not in copies:", "if False:"),
    # fingerprints
    Mutation("fingerprints", F, "operations are not in it", "        return p.name\n", '        return "p"\n'),
    Mutation("fingerprints", F, "parameters are not in it", "head = self.primitive(eqn) if not eqn.params else", "head = self.primitive(eqn) if True else"),
    Mutation("fingerprints", F, "types of inputs are not in it", 'self.lines.append(f"{name} {aval(v.aval)}")', 'self.lines.append(f"{name}")'),
    Mutation("fingerprints", F, "weak types are not in it", "{'*' if a.weak else ''}", ""),
    Mutation("fingerprints", F, "results are not in it", 'self.lines.append("return " + " ".join(map(atom, program.outputs)))', 'self.lines.append("return")'),
    Mutation("fingerprints", F, "guards are not in it", 'self.lines.append(f"guard {guard.value.dtype.str} {guard.value.tobytes().hex()}")', "pass"),
    Mutation("fingerprints", F, "dtypes of guards are not in it", "guard {guard.value.dtype.str} {guard.value.tobytes().hex()}", "guard {float(guard.value)}"),
    Mutation("fingerprints", F, "numbers are not in it", 'return f"({self.value(a.value)} {self.aval(a.aval)})"', 'return f"({self.aval(a.aval)})"'),
    Mutation("fingerprints", F, "contents of arrays are not in it", "    for array in writer.arrays:\n", "    for array in []:\n"),
    Mutation("fingerprints", F, "Programs in parameters are not in it", "            self.program(program)\n            self.lines.append", "            self.lines.append"),
    Mutation("fingerprints", F, "operands are not in it", 'self.lines.append(f"{head} {inputs}")', "self.lines.append(head)"),
    Mutation("fingerprints", F, "what is unknown has one", "        raise _Unknown\n\n\ndef _dtype", "        return repr(type(x))\n\n\ndef _dtype"),
    Mutation("fingerprints", "compile/executable.py", "donated arguments are not in the key", 'given = json.dumps(donated).encode() if donated else b""', 'given = b""'),
    Mutation("fingerprints", "compile/executable.py", "settings are not in the key", "choices = repr((rewrites.changed(), config.without_passes, ufuncs.reporting())).encode()", 'choices = b""'),
    # guards
    Mutation("guards", G, "integers are compared wrongly", 'f"  {x}.same = icmp eq {type_} {x}, {int(number)}"', 'f"  {x}.same = icmp sge {type_} {x}, {int(number)}"'),
    Mutation("guards", G, "numbers may be larger", 'f"  {x}.high = fcmp ole {type_} {x}, {high}"', 'f"  {x}.high = fcmp oge {type_} {x}, {x}"'),
    Mutation("guards", G, "numbers may be smaller", 'f"  {x}.low = fcmp oge {type_} {x}, {low}"', 'f"  {x}.low = fcmp oge {type_} {x}, {x}"'),
    Mutation("guards", G, "numbers must be the same bits", "slack = 8 * np.finfo(root.aval.dtype).eps * abs(number)", "slack = 0.0 * abs(number)"),
    Mutation("guards", G, "rounding of negative numbers is on the wrong side", "* abs(number) if np.isfinite", "* number if np.isfinite"),
    Mutation("guards", G, "a NaN is any number", "fcmp uno {type_} {x}, {x}", "fcmp ueq {type_} {x}, {x}"),
    Mutation("guards", G, "indices are checked before guards", "if not self._unchecked or self._untested:", "if not self._unchecked:"),
    Mutation("guards", G, "factorisations are checked before guards", "        if self._untested:\n            return\n        for number, status", "        for number, status"),
    Mutation("guards", G, "the last guard is not tested", "return [(root, g.value) for root, g in zip(roots, program.guards, strict=True) if type(root) is Var]", "return [(root, g.value) for root, g in zip(roots, program.guards, strict=True) if type(root) is Var][:-1]"),
    Mutation("guards", "transforms/guards.py", "the tolerance is a thousand times larger", "slack = 8 * np.finfo(mine.dtype).eps", "slack = 8000 * np.finfo(mine.dtype).eps"),
    Mutation("guards", "transforms/guards.py", "NaN is not NaN", "atol=0, equal_nan=True", "atol=0, equal_nan=False"),
    # checks of indices
    Mutation("checks", "compile/checks.py", "unused reads are not checked", "        elif may_fail(eqn):\n            kept = [_check(pair) for pair in pairs(eqn)]\n            checks = True\n", "        elif may_fail(eqn):\n            continue\n"),
    Mutation("checks", "compile/checks.py", "what is used in part is not checked whole", "missing = [p for p in parts if p not in whole]", "missing = []"),
    Mutation("checks", "compile/checks.py", "an index is checked along any axis", "mine = [p for p in pairs(eqn) if p not in done]", "mine = [p for p in pairs(eqn) if p[0] not in {q[0] for q in done}]"),
    # complex numbers in parts
    Mutation("parts", C, "a real operand is its own imaginary part", "return self.cast(x, real), Literal(real.type(0))", "return self.cast(x, real), self.cast(x, real)"),
    Mutation("parts", C, "a number that becomes complex has an imaginary part", "(x, Literal(REAL[aval.dtype].type(0)))", "(x, Literal(REAL[aval.dtype].type(1)))"),
    Mutation("parts", C, "the odd factor of a product is left out", "total = rest if total is None else times(total, rest)", "total = rest if total is None else total"),
    Mutation("parts", C, "a number is true where its real part is", "return truth((r.real(a), r.real(b))).atom", "return truth((r.real(a), r.real(a))).atom"),
    Mutation("parts", C, "what moves both parts moves the first twice", "self._made(eqn, [g[k] for g in given], real)", "self._made(eqn, [g[0] for g in given], real)"),
    Mutation("parts", "compile/complex_products.py", "real parts of products are added", "r.one(f.subtract, of(a, c), of(b, d))", "r.one(f.add, of(a, c), of(b, d))"),
    Mutation("parts", "compile/complex_products.py", "the second factor's imaginary part counts where it is real", "return Parted(r, out, (of(a, c), of(b, c)))", "return Parted(r, out, (of(a, c), of(b, d)))"),
    Mutation("parts", "compile/interleaved.py", "parts lie the other way round", "placed += [(a, offset), (b, offset + Affine((), 1))]", "placed += [(b, offset), (a, offset + Affine((), 1))]"),
    Mutation("parts", "compile/complex_control.py", "running products begin with i", "for k in (1, 0)]", "for k in (0, 1)]"),
    Mutation("parts", "compile/complex_control.py", "an interleaved value counts as two", "return sum(2 if form is PAIR else 1 for form in forms)", "return sum(1 if form is None else 2 for form in forms)"),
    # floating point of 16 bits
    Mutation("16 bits", N, "ties are rounded up", "return e.iadd(e.iadd(bits, e.const((1 << (places - 1)) - 1, bits)), odd)", "return e.iadd(bits, e.const(1 << (places - 1), bits))"),
    Mutation("16 bits", N, "a float64 is rounded twice", "e.select(inexact, e.or_(bits, e.const(1, bits)), bits)", "bits"),
    Mutation("16 bits", N, "a NaN of which no part is left is infinite", "quiet = e.or_(high, e.const(0x40, bits))", "quiet = high"),
    Mutation("16 bits", N, "what is beyond float16 stays", 'e.select(e.fcmp("oge", normal, e.const(BEYOND, x)), e.const(np.inf, x), normal)', "normal"),
    Mutation("16 bits", N, "what is below the normal range is not rounded", "small = e.fsub(e.fadd(e.fabs(x), half), half)", "small = e.fabs(x)"),
    Mutation("16 bits", "compile/scalars.py", "operations are not rounded", "        found = rounded(e, found, result)\n", "        pass\n"),
    # convolutions
    Mutation("convolutions", V, "one row too many is inside", 'good = w.icmp("ult", at, w.int(size))', 'good = w.icmp("ule", at, w.int(size))'),
    Mutation("convolutions", V, "there is one zero too many before the result", "before = dilation * (taps - 1) - low", "before = dilation * taps - low"),
    Mutation("convolutions", V, "the kernel is not turned round", "w.scaled(w.isub(w.int(taps - 1), tap),", "w.scaled(tap,"),
    Mutation("convolutions", V, "a remainder has too few taps", "-(-(taps - r) // stride), 0)", "(taps - r) // stride, 0)"),
    # loops of ufuncs
    Mutation("ufunc loops", U, "the last block is whole", 'count = w.intrinsic("smin", count, w.isub(w.int(length), first))', "pass"),
    Mutation("ufunc loops", U, "operands that are broadcast are read on", 'self._slot(self.steps, k, f"i64 {stride * size}")', 'self._slot(self.steps, k, f"i64 {size}")'),
    Mutation("ufunc loops", "compile/ufuncs.py", "the first loop is called, whatever the types", "(fields.functions[k], fields.data", "(fields.functions[0], fields.data"),
    # paths of functions under vmap
    Mutation("path programs", W, "paths need not be alike", "    if pair:\n        raise ConcretizationError", "    if False:\n        raise ConcretizationError"),
    Mutation("path programs", W, "what may fail is computed for other paths", "            if eqn.primitive.effect or eqn.primitive.indices_from is not None or any(True for _ in subprograms(eqn)):\n                return False\n", ""),
    Mutation("path programs", W, "an unseen path is no guard", "_guard(all_of(numbers >= 0), root)", "_guard(all_of(numbers >= UNSEEN), root)"),
    Mutation("path programs", W, "the answers change places", "return cond(is_(value, answer), left, right)", "return cond(is_(value, answer), right, left)"),
    Mutation("path programs", W, "paths are forgotten", "    history.update(dict.fromkeys(p.answers for p in found))\n", ""),
)  # fmt: skip


def functions_of(module: Any) -> Iterator[Any]:
    """The functions and methods that a module defines."""
    for x in vars(module).values():
        members = vars(x).values() if isinstance(x, type) and x.__module__ == module.__name__ else [x]
        for f in members:
            f = f.fget if isinstance(f, property) else getattr(f, "__func__", f)
            f = getattr(f, "__wrapped__", f)  # of what is kept
            if isinstance(f, types.FunctionType) and f.__module__ == module.__name__:
                yield f


def codes_of(code: types.CodeType) -> Iterator[types.CodeType]:
    for c in code.co_consts:
        if isinstance(c, types.CodeType):
            yield c
            yield from codes_of(c)


def mutate(mutation: Mutation) -> None:
    """Put the functions of the changed source in the place of those of this process."""
    path = ROOT / "src/wengert" / mutation.file
    text = path.read_text()
    if text.count(mutation.old) != 1:
        raise SystemExit(f"{mutation.file}: {mutation.what}: the place stands there {text.count(mutation.old)} times")
    changed = compile(text.replace(mutation.old, mutation.new), str(path), "exec")
    codes = {(c.co_qualname, c.co_argcount): c for c in codes_of(changed)}
    module = importlib.import_module("wengert." + mutation.file.removesuffix(".py").replace("/", "."))
    found = 0
    for f in functions_of(module):
        new = codes.get((f.__code__.co_qualname, f.__code__.co_argcount))
        if new is not None and new != f.__code__:
            f.__code__, found = new, found + 1
    assert found, f"{mutation.file}: {mutation.what}: no function is another one"


def run(analysis: str, mutation: Mutation | None) -> tuple[bool, str]:
    """Whether the tests of an analysis fail with a mutation, in a child of this process, and which one first."""
    with tempfile.TemporaryFile("w+") as out:
        sys.stdout.flush()
        pid = os.fork()
        if pid == 0:
            status = 99
            try:
                os.dup2(out.fileno(), 1)
                os.dup2(out.fileno(), 2)
                signal.alarm(600)  # a loop that does not end
                config.disk_cache = False  # what a mistake makes is nobody else's
                if mutation is not None:
                    mutate(mutation)
                file, chosen = NARROW[analysis]
                tests = str(ROOT / f"tests/test_{file}.py")
                status = int(pytest.main(["-x", "-q", "-p", "no:cacheprovider", "--no-header", tests, "-k", chosen]))
            finally:
                sys.stdout.flush()
                os._exit(status)
        _, status = os.waitpid(pid, 0)
        out.seek(0)
        text = out.read()
    code = os.waitstatus_to_exitcode(status)
    if code in (2, 3, 4, 5, 99):
        raise SystemExit(f"{mutation}: the tests did not run:\n{text[-2000:]}")
    lines = [line for line in text.splitlines() if line.startswith(("FAILED", "ERROR"))]
    first = lines[0].split("::", 1)[-1].split(" - ")[0] if lines else f"exit status {code}"
    return code != 0, first


def page(rows: list[tuple[Mutation, bool, str]]) -> str:
    caught = sum(found for _, found, _ in rows)
    lines = [
        "# Mutations of the safety analyses", "",
        "Mistakes put into the analyses on which it depends that compiled code reads what it should and nobody's memory is",
        "overwritten, and into its newer lowerings, one at a time, each in a process of its own (`python tools/mutations.py --page`).",
        "The tests are those of the analysis in `tests/test_safety.py`, or of the lowering in the file of its tests, with the verifier",
        "of loops on ([loops.md](../loops.md)).", "",
        f"Of {len(rows)} mutations {caught} are caught.", "",
        "| analysis | file | mistake | caught by |", "| --- | --- | --- | --- |",
        *[f"| {m.analysis} | `{m.file}` | {m.what} | {f'`{first}`' if found else '**not caught**'} |" for m, found, first in rows],
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--only", default="")
    parser.add_argument("--page", action="store_true")
    options = parser.parse_args()
    chosen = [m for m in MUTATIONS if options.only in m.file]
    for analysis in dict.fromkeys(m.analysis for m in chosen):
        failed, first = run(analysis, None)
        if failed:
            raise SystemExit(f"the tests of {analysis} fail without a mutation: {first}")
    rows = []
    for mutation in MUTATIONS:
        if options.only in mutation.file:
            found, first = run(mutation.analysis, mutation)
            rows.append((mutation, found, first))
            print(f"{'caught' if found else 'MISSED':7} {mutation.file}: {mutation.what}: {first}", flush=True)
    print(f"{sum(found for _, found, _ in rows)} of {len(rows)} caught")
    if options.page:
        (ROOT / "docs/campaigns/mutations.md").write_text(page(rows))
    return int(not all(found for _, found, _ in rows))


if __name__ == "__main__":
    raise SystemExit(main())
