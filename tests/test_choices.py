"""compile.choices: thresholds are registered, and whatever they are, compiled code agrees with eager code."""

import ast
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from compare_programs import compare, numbered

import wengert as w
import wengert.numpy as wnp
from wengert.compile import chunks, fusion
from wengert.compile.choices import CHOICES, NO_CHOICES, OUTSIDE, chosen, draw, drawn
from wengert.compile.control import elements, fit

COMPILE = Path(w.__file__).parent / "compile"


def thresholds():
    """The numbers in capitals at the top of the compiler's files."""
    for path in sorted(COMPILE.rglob("*.py")):
        name = ".".join(path.relative_to(COMPILE).with_suffix("").parts)
        if name.split(".")[0] in OUTSIDE or name.startswith("vectormath"):
            continue
        for node in ast.parse(path.read_text()).body:
            if not isinstance(node, (ast.Assign, ast.AnnAssign)):
                continue
            targets = node.targets[0] if isinstance(node, ast.Assign) else node.target
            names = targets.elts if isinstance(targets, ast.Tuple) else [targets]
            values = node.value.elts if isinstance(node.value, ast.Tuple) and len(names) > 1 else [node.value]
            for target, value in zip(names, values, strict=False):
                if not isinstance(target, ast.Name) or not target.id.isupper():
                    continue
                try:
                    number = eval(compile(ast.Expression(value), "", "eval"), {"__builtins__": {}})  # noqa: S307
                except Exception:
                    continue
                if type(number) in (int, float):
                    yield f"{name}.{target.id}"


def test_every_threshold_is_registered():
    found = set(thresholds())
    known = set(CHOICES) | NO_CHOICES | {"module.BAD_INDEX", "module.FAILED", "module.OTHER_PATH", "control.late.STEPS"}
    assert found - known == set(), "register a threshold in compile/choices.py"
    assert set(CHOICES) - found == set()


def test_copies_are_named():
    """A threshold that another file imports is changed there too, and no file's own number of the same name."""
    found = set()
    for path in COMPILE.rglob("*.py"):
        here = ".".join(path.relative_to(COMPILE).with_suffix("").parts)
        package = here.split(".")[:-1]
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.level:
                base = package[: len(package) - node.level + 1]
                source = ".".join([*base, *(node.module or "").split(".")]).strip(".")
                for alias in node.names:
                    choice = CHOICES.get(f"{source}.{alias.name}")
                    assert choice is None or here in choice.copies, f"{here} imports {source}.{alias.name}"
                    if choice is not None:
                        found.add((f"{source}.{alias.name}", here))
    assert found == {(name, where) for name, choice in CHOICES.items() for where in choice.copies}


def test_thresholds_come_back():
    before = fusion.LARGE, fit.FEW, elements.FEW, chunks.LEAST
    with chosen(fusion__LARGE=3, control__fit__FEW=2, vector_bytes=16):
        assert (fusion.LARGE, fit.FEW, elements.FEW) == (3, 2, 2)
    assert (fusion.LARGE, fit.FEW, elements.FEW, chunks.LEAST) == before
    assert draw(5) == draw(5) != draw(6)


FIRST = """
import wengert
from wengert.compile.choices import CHOICES, _modules, chosen
with chosen(control__fit__FEW=3, fusion__LARGE=2, vector_bytes=16):
    pass
for name in CHOICES:
    values = {getattr(module, constant) for module, constant in _modules(name)}
    assert len(values) == 1, (name, values)
from wengert.compile import engine, fusion
from wengert.compile.control import elements, fit
assert fit.FEW == elements.FEW == 16 and fusion.LARGE == 1 << 17, (fit.FEW, fusion.LARGE)
import sys
for name, module in list(sys.modules.items()):
    if name.startswith("wengert.compile.") and hasattr(module, "vector_bytes"):
        assert module.vector_bytes is engine.vector_bytes, name
"""


def test_thresholds_come_back_where_the_compiler_is_imported_meanwhile():
    """A file that was imported while another's number was drawn kept a copy of it: values in registers that did not fit."""
    done = subprocess.run([sys.executable, "-c", FIRST], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-1500:]


@pytest.mark.parametrize("first", range(0, 120, 20))
def test_random_programs_with_thresholds_drawn(first):
    for seed in range(first, first + 20):
        with drawn(seed):
            compare(*numbered(200_000 + seed))


RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 3))


def step(c, t):
    c = wnp.tanh(c @ np.eye(3) * 0.5 + t)
    return c, wnp.sum(c * c)


PROGRAMS = {
    "elementwise": lambda x: (wnp.sin(x) * 2 + x, x * 2.0, wnp.exp(-x * x)),
    "two results of different size": lambda x: (x * 2.0, x[:7] * 2.0, x[:, :1] * 2.0),
    "sums": lambda x: (wnp.sum(x * x), wnp.sum(x, 0), wnp.sum(x, 1), wnp.max(x, 0), wnp.mean(x[:, :2], 1)),
    "softmax": lambda x: w.nn.softmax(x.T @ x),
    "rows": lambda x: w.vmap(lambda r: wnp.outer(r, r) @ r + wnp.cross(r, r[::-1]))(x),
    "products": lambda x: x.T @ x @ x.T,
    "loop": lambda x: w.lax.scan(step, x[0], x),
    "gradient of a loop": w.grad(lambda x: wnp.sum(w.lax.scan(step, x[0], x)[1])),
    "while": w.grad(lambda x: w.lax.while_loop(lambda s: s[0] < 5, lambda s: (s[0] + 1, s[1] * wnp.sin(x[0])), (0, x[1]))[1][0]),
    "branch": lambda x: w.lax.cond(x[0, 0] > 0, lambda: x * 2, lambda: wnp.sort(x, 0)),
    "sorting": lambda x: (wnp.sort(x, 0), wnp.argsort(x, 1), wnp.cumsum(x, 0), wnp.convolve(x[:, 0], x[:, 1])),
    "matrices": lambda x: (wnp.linalg.solve(x[:3].T @ x[:3] + np.eye(3), x[0]), wnp.linalg.cholesky(x.T @ x)),
    "complex": lambda x: (wnp.exp(1j * x) * x / (2 + 1j * x[::-1]), wnp.concatenate([x + 1j, x * 1j]), wnp.sum(x + 1j * x, 0)),
    "complex loop": lambda x: w.lax.scan(lambda c, t: (c * (0.5 + 1j * t) + 1, wnp.abs(c)), x[0] * 1j, x),
    "complex products": lambda x: w.grad(lambda x: wnp.sum(wnp.abs((x.T + 1j * x.T) @ wnp.exp(1j * x)) ** 2))(x),
    "complex matrices": lambda x: wnp.linalg.solve(x[:3].T @ x[:3] + 1j * np.eye(3), x[0] + 1j),
    "reading and writing": lambda x: w.grad(lambda x: wnp.sum(w.lax._at(x)[np.arange(5), 1].add(x[3:8, 0]) ** 2))(x),
}  # fmt: skip


@pytest.mark.parametrize("name", PROGRAMS)
def test_programs_with_thresholds_drawn(name):
    f = PROGRAMS[name]
    want = w.tree.leaves(f(X))
    for seed in range(6):
        with drawn(1000 + seed):
            got = w.tree.leaves(w.jit(lambda x: f(x))(X))
        for a, b in zip(got, want, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("width", [16, 32, 64])
def test_vectors_are_passed_in_registers_of_one_width(width):
    """A function that is compiled quickly calls one that is not: both take vectors in registers of the same width."""
    x = RNG.normal(size=105)
    with chosen(loops__OUTLINED=1, module__SLIGHT=1, fusion__LARGEST=1, vector_bytes=width):
        compiled = w.jit(lambda x: wnp.exp(x - 1.0) + wnp.sin(x))
        np.testing.assert_allclose(compiled(x), np.exp(x - 1.0) + np.sin(x), rtol=1e-14)
        text = compiled.lower(x).llvm()
    heads = [line for line in text.splitlines() if line.startswith("define internal")]
    assert any("#1 {" in line for line in heads) and all(line.endswith(("#0 {", "#1 {")) for line in heads)
    assert text.count(f'"min-legal-vector-width"="{8 * width}"') == 2
