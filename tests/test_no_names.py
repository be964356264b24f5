"""The compiler asks operations what they are (`wengert.lowering`, traits); it knows none by its name, object or class.

What still names one is counted here by file: the counts may only become smaller.
"""

import ast
from collections import Counter
from pathlib import Path

import pytest

import wengert
from wengert.testing import primitives

COMPILER = Path(wengert.__file__).parent / "compile"
NAMES = {p.name for p in primitives()}
# Words of LLVM's and of Python's that are the name of an operation too, where they are arguments of these methods.
INSTRUCTIONS = {"binary", "cast", "define", "fresh", "icmp", "intrinsic", "sum"}
PARAMETERS = {"p", "params", "bodies"}  # of which a key may be the name of an operation too
TYPES = {"i1"}  # a Bessel function, and a type of LLVM's

# Strings that are names of operations, and primitives that are imported.
MENTIONS: dict[str, int] = {
    "apart.py": 4,
    "borders.py": 1,  # kinds of nodes
    "columns.py": 2,
    "components.py": 1,
    "control/bodies.py": 4,
    "control/late.py": 1,
    "control/machine.py": 3,
    "control/motion.py": 1,
    "control/prepare.py": 1,
    "control/tidy.py": 2,
    "control/walk.py": 1,
    "emitter.py": 1,
    "entry.py": 1,
    "fusion.py": 2,
    "gemm.py": 1,  # the instruction
    "printer.py": 1,
    "lanes.py": 1,
    "integers.py": 1,  # the instruction
    "loops.py": 1,
    "nest.py": 1,
    "objectfile.py": 5,  # fields of ELF
    "pieces.py": 1,
    "recycle.py": 1,
    "schedule.py": 1,
    "serial/order.py": 2,
    "verify.py": 1,  # kinds of nodes
}
# Questions that are answered by what an operation is called or by its class.
QUESTIONS: dict[str, int] = {"attribution.py": 2, "inspect.py": 1, "printer.py": 3}  # all print


def _is_primitive(node: ast.AST) -> bool:
    return (isinstance(node, ast.Attribute) and node.attr == "primitive") or (
        isinstance(node, ast.Name) and node.id == "primitive"
    )


def mentions(tree: ast.AST) -> int:
    """How often a file names an operation."""
    written = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in INSTRUCTIONS:
            written.update(id(a) for a in node.args)
        if isinstance(node, ast.Subscript) and ast.unparse(node.value).split(".")[-1] in PARAMETERS:
            written.add(id(node.slice))
        if isinstance(node, ast.Attribute) and node.attr.startswith("c_"):  # ctypes'
            written.add(id(node))
    found = 0
    for node in ast.walk(tree):
        if id(node) in written:
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found += node.value in NAMES and node.value not in TYPES
        elif isinstance(node, (ast.Name, ast.Attribute)):
            found += (node.id if isinstance(node, ast.Name) else node.attr).endswith("_p")
    return found


def questions(tree: ast.AST) -> int:
    """How often a file asks for a primitive's name, or compares the primitive or its class."""
    found = 0
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr == "name":
            found += _is_primitive(node.value)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "isinstance":
            found += _is_primitive(node.args[0])
        elif isinstance(node, ast.Compare):
            found += any(map(_is_primitive, (node.left, *node.comparators)))
    return found


def counts(count) -> dict[str, int]:
    files = sorted(p for p in COMPILER.rglob("*.py") if "vectormath" not in p.parts)  # a library of functions
    found = {str(p.relative_to(COMPILER)): count(ast.parse(p.read_text())) for p in files}
    return {name: n for name, n in found.items() if n}


@pytest.mark.parametrize("count, allowed", [(mentions, MENTIONS), (questions, QUESTIONS)])
def test_the_compiler_names_no_operation(count, allowed):
    found = counts(count)
    more = {name: n for name, n in found.items() if n > allowed.get(name, 0)}
    assert not more, "the compiler is to ask a trait or a lowering of the operation instead"
    assert found == allowed, "fewer than are allowed: make the table smaller"


def test_the_reader_finds_what_it_looks_for():
    found = Counter(
        {
            "mentions": mentions(
                ast.parse('if a.primitive.name == "sin" or x in {"cos"} or p is sin_p: e.cast("trunc", x)')
            ),
            "questions": questions(
                ast.parse(
                    "a.primitive.name == n; a.primitive is b; isinstance(a.primitive, C); isinstance(a.native, C)"
                )
            ),
        }
    )
    assert found == {"mentions": 3, "questions": 3}


if __name__ == "__main__":
    print(counts(mentions), sum(counts(mentions).values()))
    print(counts(questions), sum(counts(questions).values()))
