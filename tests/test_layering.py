"""The house: imports point downwards. What points upwards stands inside a function, and here with its reason."""

import ast
from pathlib import Path

import pytest

import wengert

ROOT = Path(wengert.__file__).parent

# From the ground up; rooms on one floor may use each other, as long as that makes no circle.
FLOORS = [
    ["locks", "environment", "backends"],
    ["config", "errors"],
    ["lowering"],
    ["core", "trees"],
    ["program", "costs"],
    ["ops"],
    ["compile", "interpreter"],
    ["transforms"],
    ["sparse", "jacobians"],
    [
        "numpy",
        "lax",
        "random",
        "nn",
        "scipy",
        "tree",
        "tree_util",
        "debug",
        "flatten_util",
        "initializers",
        "image",
        "implicit",
    ],
    ["plain"],
    ["testing", "explanation", "watch"],
    ["__init__"],
    ["interop", "notebooks", "cli"],
    ["__main__"],
]
FLOOR = {room: height for height, rooms in enumerate(FLOORS) for room in rooms}

# Imports inside functions that point upwards: (room, what it imports) and why it cannot be otherwise.
UPWARD = {
    ("core", "ops.shape"): "a list that holds tracers is stacked by an operation",
    ("core", "ops.memory"): "what an array of objects stands for",
    ("core", "ops.elementwise"): "a weak tracer is made strong by an operation",
    ("core", "ops"): "a primitive that is unpickled may stand in a file that was not imported yet",
    ("__init__", "interop.jax_names"): "the alias for JAX is a name of the package and an extension of IPython",
    ("lowering", "ops.call"): "the Program of an operation that is written in terms of others is staged",
    ("lowering", "compile.vectormath"): "a function of many instructions is imported when it is written",
    ("compile", ""): "the version of the library is part of the key of compiled code on disk",
    ("ops", "transforms.batching"): "the batching rule of a call batches the program or rule that it holds",
    ("ops", "transforms.forward"): "the tangent rule of a call differentiates the program that it holds",
    ("ops", "transforms.linearizing"): "so does its linearize rule",
    ("ops", "transforms.transposing"): "and its transpose",
    ("ops", "transforms.staging"): "what a transformation makes of a program is staged to a program again",
    ("ops", "transforms.series"): "a loop, branch or call carries power series by its Programs",
    ("ops", "transforms.tape"): "a call that meets a tape is written into it",
    ("ops", "transforms.basis"): "a custom backward function runs on cotangents that know what they leave out",
    ("ops", "transforms.branching"): "a product is computed once more where its result is not finite",
    ("transforms", "numpy"): "the derivative of a solution is the solution of equations, written with the namespace",
    ("transforms", "scipy.sparse.linalg"): "which iterative solvers of the namespace solve where they are asked for",
    ("transforms", "random"): "an estimate of a Laplacian draws its directions from a key",
    ("ops", "numpy"): "methods of tracers that are composites are the functions of the namespace",
    ("ops", "numpy.reductions"): "and so are methods of ufuncs, such as np.add.reduce",
    ("ops", "transforms.control"): "a function applied as often as an index repeats is a loop",
    ("ops", "scipy"): "the error of a function of SciPy that takes no tracers names ours",
    ("ops", "scipy.special"): "SciPy's ufuncs on tracers are the functions of that namespace",
    ("ops", "numpy.protocols"): "NumPy's functions on tracers are those of the namespace",
}


def room_of(module: str) -> str:
    """The room of a module, which is named from the package on: ``ops.shape`` stands in ``ops``."""
    return module.split(".")[0] or "__init__"


def modules() -> dict[str, Path]:
    found = {}
    for path in sorted(ROOT.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = modules()


def imports(module: str) -> list[tuple[str, bool]]:
    """What a module of the library imports of it, and whether it does so when it is imported itself."""
    path = MODULES[module]
    package = module.split(".") if path.name == "__init__.py" else module.split(".")[:-1]
    package = [part for part in package if part]
    found = []

    def target(base: list[str], name: str) -> str:
        whole = ".".join([*base, name])
        return whole if whole in MODULES else ".".join(base)

    def visit(node: ast.AST, at_import: bool) -> None:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            return
        if isinstance(node, ast.ImportFrom):
            base = (node.module or "").split(".") if node.module else []
            if node.level:
                base = package[: len(package) - node.level + 1] + base
            elif base[:1] == ["wengert"]:
                base = base[1:]
            else:
                return
            found.extend((target(base, alias.name), at_import) for alias in node.names)
        elif isinstance(node, ast.Import):
            names = [alias.name.split(".") for alias in node.names]
            found.extend((".".join(name[1:]), at_import) for name in names if name[0] == "wengert")
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
            name = node.args[0]
            if isinstance(name, ast.Constant) and name.value.startswith("wengert."):
                found.append((name.value.removeprefix("wengert."), at_import))
        inside = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
        for child in ast.iter_child_nodes(node):
            visit(child, at_import and not inside)

    visit(ast.parse(path.read_text()), True)
    return [(name, at_import) for name, at_import in found if name != module]


def upward(module: str, name: str) -> bool:
    return FLOOR[room_of(name)] > FLOOR[room_of(module)]


def test_the_reader_of_imports():
    assert {("core", True), ("program", True), ("transforms.staging", False)} <= set(imports("ops.call"))
    assert ("transforms.staging", True) not in imports("ops.call")
    assert ("trees", True) in imports("tree_util")  # written `from wengert import trees`
    assert "numpy.linalg" not in dict(imports("numpy"))  # for type checkers only


def test_every_room_has_its_floor():
    assert {room_of(module) for module in MODULES} <= set(FLOOR)


@pytest.mark.parametrize("module", MODULES, ids=lambda m: m or "wengert")
def test_imports_point_downwards(module):
    assert [name for name, at_import in imports(module) if at_import and upward(module, name)] == []


def test_upward_imports_inside_functions_have_a_reason():
    found = {(room_of(m), name) for m in MODULES for name, at_import in imports(m) if not at_import and upward(m, name)}
    assert found == set(UPWARD)


def test_only_the_front_of_the_compiler_knows_it():
    """None above it: `jit` and calls ask a backend of the list; operations have `native` slots, objects of `lowering`."""
    knowing = {m for m in MODULES for name, _ in imports(m) if room_of(name) == "compile" != room_of(m)}
    loops = {"sparse.greedy", "sparse.substitution"}  # of integers, which no backend has
    assert knowing - loops - {"plain.assemble"} == {  # which writes machine code
        "cli",
        "lowering",
    }  # the command that clears the cache, and functions of many instructions


def test_no_circles():
    """Among what modules import when they are imported."""
    graph = {m: {n for n, at_import in imports(m) if at_import and MODULES[n].name != "__init__.py"} for m in MODULES}
    done: set[str] = set()

    def visit(module: str, path: tuple[str, ...]) -> None:
        assert module not in path, " -> ".join([*path, module])
        if module not in done:
            for name in graph[module]:
                visit(name, (*path, module))
            done.add(module)

    for module in graph:
        visit(module, ())
