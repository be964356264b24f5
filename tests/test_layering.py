"""The house: imports point downwards, those inside functions too, and no files import each other in a circle."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

import wengert

ROOT = Path(wengert.__file__).parent

# From the ground up; rooms on one floor may use each other, as long as that makes no circle.
FLOORS = [
    [
        "locks",
        "environment",
        "backends",
        "launching",
        "version",
        "vocabulary",
        "compilations",
        "documented",
        "frames",
        "nearest",
    ],
    ["config", "errors", "tracebacks", "places"],
    ["lowering", "posing"],
    ["core", "tracers", "trees", "tree_keys", "prefixes"],
    ["equations", "packed", "program", "costs"],
    ["ops"],
    ["engine"],
    ["programs"],
    ["compile", "interpreter", "xla"],
    ["transforms"],
    ["sparse", "jacobians"],
    [
        "numpy",
        "lax",
        "random",
        "nn",
        "scipy",
        "sharding",
        "states",
        "tree",
        "tree_util",
        "debug",
        "flatten_util",
        "initializers",
        "image",
        "implicit",
        "solutions",  # files of transforms that use the namespaces
    ],
    ["plain"],
    ["testing", "explanation", "watch"],
    ["interop"],
    ["__init__"],
    ["notebooks", "reference", "cli"],
    ["__main__"],
]
FLOOR = {room: height for height, rooms in enumerate(FLOORS) for room in rooms}
# Files that stand on another floor than their folder.
ENGINE = frozenset(
    f"transforms.{name}"
    for name in "forward reverse linearizing tape transposing batching staging basis zeros ownership function nans "
    "refusals closures signatures series beside kinks paths joining guards vmap pairs jvp".split()
)  # what runs a function and its derivative; below the Programs, whose rules are derived by it
PROGRAMS = frozenset(
    f"ops.{name}"
    for name in "call derived log_sums rules custom closed_rules collectives shards varying outside divided_differences transposed_rules supported exponentials".split()
)  # operations that hold Programs or functions, and all of `ops.control`
ON_TOP = frozenset(f"transforms.{name}" for name in "approximating curvature laplacians solutions stationary".split())


def floor_of(module: str) -> int:
    return FLOOR[box_of(module)]


def box_of(module: str) -> str:
    """Where a module stands in the picture of the house: its room, or one that files of a room have on a floor of their own."""
    if module in ENGINE:
        return "engine"
    if module in PROGRAMS or module.startswith("ops.control"):
        return "programs"
    return "solutions" if module in ON_TOP else room_of(module)


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


@cache
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
    return floor_of(name) > floor_of(module)


def test_the_reader_of_imports():
    assert {("core", True), ("program", True), ("transforms.staging", False)} <= set(imports("ops.call"))
    assert ("transforms.staging", True) not in imports("ops.call")
    assert ("trees", True) in imports("tree_util")  # written `from wengert import trees`
    assert "numpy.linalg" not in dict(imports("numpy"))  # for type checkers only


def test_every_room_has_its_floor():
    assert {room_of(module) for module in MODULES} <= set(FLOOR)


@pytest.mark.parametrize("module", MODULES, ids=lambda m: m or "wengert")
def test_imports_point_downwards(module):
    """Imports inside functions as well."""
    assert [name for name, _ in imports(module) if upward(module, name)] == []


def test_only_the_front_of_the_compiler_knows_it():
    """None above it: `jit` and calls ask a backend of the list; operations have `native` slots, objects of `lowering`."""
    knowing = {m for m in MODULES for name, _ in imports(m) if room_of(name) == "compile" != room_of(m)}
    loops = {"sparse.greedy", "sparse.substitution"}  # of integers, which no backend has
    assert knowing - loops - {"plain.assemble"} == {  # which writes machine code
        "cli",
        "explanation.compiled",
        "explanation.profile",
        "reference.observed",
    }  # the command that clears the cache, what measures its code, and what says whether an operation is in it


def circles() -> list[list[str]]:
    """Strongly connected groups of files, packages' fronts included, the largest first (R. Tarjan, SIAM Journal on Computing 1, 1972)."""
    graph = {m: [n for n, _ in imports(m)] for m in MODULES}
    number: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(module: str) -> None:
        number[module] = low[module] = len(number)
        stack.append(module)
        for name in graph[module]:
            if name not in number:
                visit(name)
                low[module] = min(low[module], low[name])
            elif name in stack:
                low[module] = min(low[module], number[name])
        if low[module] == number[module]:
            group = stack[stack.index(module) :]
            del stack[-len(group) :]
            found.append(group)

    for module in graph:
        if module not in number:
            visit(module)
    return sorted((g for g in found if len(g) > 1), key=len, reverse=True)


def test_no_circles():
    assert circles() == []


def packages_of(module: str) -> list[str]:
    parts = module.split(".")
    return [".".join(parts[:i]) for i in range(1, len(parts))]


@cache
def brings(module: str) -> frozenset[str]:
    """What is imported while a module is, the packages that hold it and what these import aside."""
    found: set[str] = set()
    left = [module]
    while left:
        for name in [n for n, at_import in imports(left.pop()) if at_import]:
            new = {name, *packages_of(name)} - found
            found |= new
            left.extend(new)
    return frozenset(found)


def asked_past_a_package(module: str, path: Path) -> list[str]:
    """Imports ``from package.file import name`` of a file that the package itself imports too, from outside of the package."""
    package = module.split(".") if path.name == "__init__.py" else module.split(".")[:-1]
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.level and node.module:
            name = ".".join([*package[: len(package) - node.level + 1], node.module]).lstrip(".")
            around = {*packages_of(module), module}
            found += [name for p in packages_of(name) if p not in around and name in brings(p)]
    return found


def test_threads_do_not_wait_for_each_others_imports():
    """Python locks a file first and its package then. Where the package imports the file, a thread that imports the package and
    one that imports the file each wait for what the other has, and one gets a _DeadlockError or half a file. So the package is
    asked, or it imports nothing."""
    assert {m: found for m, path in MODULES.items() if (found := asked_past_a_package(m, path))} == {}


def test_namespaces_wait_for_the_package():
    """A namespace that one thread imports first, while another is at `import wengert`, waits before it locks a file of both."""
    scipy = [f"scipy.{name}" for name in wengert.scipy.__all__]
    below = ["scipy.sparse.linalg", "scipy.spatial.distance", "scipy.spatial.transform", "scipy.cluster.vq"]
    for module in (*wengert._NAMESPACES, "numpy.fft", "numpy.linalg", *scipy, *below):
        source = re.sub(r"from __future__ .*", "", MODULES[module].read_text())
        (_, first, *_) = ast.parse(source).body
        assert ast.unparse(first) == "__import__('wengert')", module


def waits_for_the_package(module: str) -> bool:
    """Whether a file that is imported says ``from . import file`` of the package itself, or brings one that does."""
    for m in (module, *brings(module)):
        depth = m.count(".") + (MODULES[m].name != "__init__.py") if m else 0
        for node in ast.parse(MODULES[m].read_text()).body:
            if isinstance(node, ast.ImportFrom) and node.module is None and node.level == depth and m:
                return True
    return False


def test_public_files_that_the_package_imports_do_not_wait_for_it():
    """``import wengert.errors`` first in one thread, beside ``import wengert`` in another: the one that has the file's lock would
    wait for the package, which waits for the file (docs/soundness.md has Python's own case of it)."""
    for module in ("errors", "config", "version", "environment", "backends", "core", "program", "trees"):
        assert module in brings("") and not waits_for_the_package(module), module
    assert waits_for_the_package("transforms.jitted")  # which nobody is told to import


def test_the_reader_of_what_is_asked_past_a_package(tmp_path):
    (tmp_path / "lax.py").write_text(
        "from .numpy.ordering import argsort\nfrom .numpy import sort\nfrom .core import bind\n"
    )
    assert asked_past_a_package("lax", tmp_path / "lax.py") == ["numpy.ordering"]


def test_the_picture_is_drawn_of_this_code(monkeypatch):
    """And no arrow of it leads up: `tools/rooms.py` draws it of the imports."""
    monkeypatch.syspath_prepend(str(Path(__file__).parent.parent / "tools"))
    import rooms

    drawn = [(a, b) for a, b in rooms.reduced(rooms.arrows()) if FLOOR[a] <= FLOOR[b]]
    assert drawn == []
    lines = re.findall(r'<line x1="\d+" y1="(\d+)" x2="\d+" y2="(\d+)"', rooms.PICTURE.read_text())
    assert lines and all(int(high) < int(low) for high, low in lines)
    assert rooms.PICTURE.read_text() == rooms.svg(), "python tools/rooms.py --write"


# Where a lower file calls what an upper one gave it: the test of imports does not see it. Each is named in docs/architecture.md.
ABOVE = {
    "above.control_flow": "ops.control.backwards ops.gathering ops.matrix_exponential ops.random_rejection ops.special.hurwitz "
    "ops.supported_products ops.triangular_factors ops.updates",
    "above.namespace": "ops.counterparts ops.operators ops.ufunc_methods",
    "alias.transformation": "interop.extend.custom interop.extend.overriding interop.extend.primitive interop.jax_modules.linear_maps interop.lax.holding "
    "interop.lax.primitives",
}


def test_what_is_asked_of_upper_rooms():
    found: dict[str, list[str]] = {asked: [] for asked in ABOVE}
    for m, path in MODULES.items():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom):
                for name in (f"{(node.module or '').split('.')[-1]}.{alias.name}" for alias in node.names):
                    if name in found:
                        found[name].append(m)
    assert {name: " ".join(sorted(files)) for name, files in found.items()} == ABOVE


def test_no_file_is_longer_than_a_room():
    """Five hundred lines at most: a longer file has two purposes."""
    lengths = {m: len(path.read_text().splitlines()) for m, path in MODULES.items()}
    assert {m: n for m, n in lengths.items() if n > 500} == {}


# Of 100 signatures of a room, how many have `Any`, and of those that another room uses; rounded up, with two to spare. Aliases of the vocabulary do not
# count, nor does an `Any` that stands beside a type (``np.ndarray | Any``: what is not an array still has an array's attributes).
# To be made less.
WITH_ANY = {
    "__init__": (0, 0),
    "__main__": (0, 0),
    "backends": (14, 42),
    "cli": (44, 0),
    "compilations": (36, 0),
    "compile": (18, 21),
    "config": (42, 27),
    "core": (54, 54),
    "costs": (0, 0),
    "debug": (84, 100),
    "documented": (0, 0),
    "engine": (45, 41),
    "environment": (52, 27),
    "equations": (31, 31),
    "errors": (86, 82),
    "explanation": (25, 0),
    "flatten_util": (100, 100),
    "frames": (0, 0),
    "image": (0, 0),
    "implicit": (100, 100),
    "initializers": (80, 0),
    "interop": (82, 0),
    "interpreter": (26, 0),
    "jacobians": (77, 100),
    "launching": (11, 0),
    "lax": (63, 0),
    "locks": (45, 100),
    "lowering": (29, 51),
    "nearest": (86, 69),
    "nn": (100, 100),
    "notebooks": (39, 52),
    "numpy": (61, 62),
    "ops": (37, 42),
    "packed": (45, 0),
    "places": (36, 45),
    "plain": (70, 0),
    "posing": (36, 0),
    "prefixes": (86, 100),
    "program": (22, 24),
    "programs": (36, 41),
    "random": (28, 0),
    "reference": (68, 0),
    "scipy": (80, 52),
    "sharding": (0, 0),
    "solutions": (85, 74),
    "sparse": (48, 37),
    "states": (41, 0),
    "testing": (79, 0),
    "tracebacks": (0, 0),
    "tracers": (22, 23),
    "transforms": (65, 67),
    "tree": (0, 0),
    "tree_keys": (47, 0),
    "tree_util": (63, 100),
    "trees": (52, 27),
    "version": (0, 0),
    "vocabulary": (11, 11),
    "watch": (60, 0),
    "xla": (88, 100),
}


@cache
def tree_of(module: str) -> ast.Module:
    return ast.parse(MODULES[module].read_text())


@cache
def used_elsewhere() -> frozenset[tuple[str, str]]:
    """Names that a room imports of another one's file, with the file's."""
    found = set()
    for m, path in MODULES.items():
        package = m.split(".") if path.name == "__init__.py" else m.split(".")[:-1]
        package = [part for part in package if part]
        for node in ast.walk(tree_of(m)):
            if isinstance(node, ast.ImportFrom) and node.level:
                base = [*package[: len(package) - node.level + 1], *(node.module or "").split(".")]
                name = ".".join(part for part in base if part)
                found |= {(name, a.name) for a in node.names if name in MODULES and box_of(name) != box_of(m)}
    return frozenset(found)


def has_any(f: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    given = [*f.args.posonlyargs, *f.args.args, *f.args.kwonlyargs, f.args.vararg, f.args.kwarg]
    annotations = [f.returns, *[a.annotation for a in given if a is not None]]
    return any(isinstance(n, ast.Name) and n.id == "Any" for a in annotations if a is not None for n in ast.walk(a))


def signatures(module: str) -> list[tuple[bool, bool]]:
    """Of each function of a file, whether `Any` is in its signature, and whether another room uses it or its class."""
    found = []

    def visit(node: ast.AST, outer: str | None, depth: int) -> None:
        for child in ast.iter_child_nodes(node):
            inside = isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
            name = outer or (child.name if inside else None)
            if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
                found.append((has_any(child), depth < 2 and (module, name) in used_elsewhere()))
            visit(child, name, depth + (2 if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)) else inside))

    visit(tree_of(module), None, 0)
    return found


@cache
def shares_with_any() -> dict[str, tuple[int, int]]:
    """For each room, per cent of its signatures, and of those that others use, rounded up."""
    found: dict[str, list[tuple[bool, bool]]] = {}
    for m in MODULES:
        found.setdefault(box_of(m), []).extend(signatures(m))

    def share(flags: list[bool]) -> int:
        return -(-100 * sum(flags) // len(flags)) if flags else 0

    return {box: (share([a for a, _ in all_]), share([a for a, used in all_ if used])) for box, all_ in found.items()}


def test_signatures_with_any_do_not_become_more():
    """Name a type, a protocol or a word of `vocabulary.py` in place of Any."""
    found = shares_with_any()
    assert set(found) == set(WITH_ANY)
    assert {
        box: share for box, share in found.items() if share[0] > WITH_ANY[box][0] or share[1] > WITH_ANY[box][1]
    } == {}


def test_the_reader_of_signatures():
    f, g, h = ast.parse(
        "def f(x: Value, **params: Any): ...\ndef g(x: Value) -> list[Any]: ...\ndef h(x: Tree): ..."
    ).body
    assert has_any(f) and has_any(g) and not has_any(h)
    assert ("core", "Primitive") in used_elsewhere() and ("ops.shape", "reshape") in used_elsewhere()
