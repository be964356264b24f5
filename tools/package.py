"""Builds the source distribution and the wheel, and installs the wheel where nothing else is: `make package`.

The wheel is built from the unpacked source distribution, so that a file which is missing there is missed here. Leaves both
in dist/. Environments are temporary; beside the registry nothing is asked.

    python tools/package.py            # with the newest dependencies that the registry has
    python tools/package.py --lowest   # with the lowest that pyproject.toml declares, and its fast tests
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import venv
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DIST = ROOT / "dist"
# What must be in the wheel, beside the modules.
FILES = [
    "py.typed",
    "notebooks/page.css",
    "notebooks/page.html.j2",
    "__main__.py",
    "reference/parameters.toml",
    "reference/formulas.toml",
]
# What runs in the new environment, warnings as errors: eager, compiled, SciPy's namespaces, dtypes of ml_dtypes.
TRIAL = """
import importlib.metadata as m, numpy as np, wengert as w, wengert.numpy as wnp
from wengert.scipy import special, stats, linalg
assert m.version("wengert") == w.__version__, (m.version("wengert"), w.__version__)
x = np.linspace(0.1, 1.0, 50)
f = lambda x: wnp.sum(special.gammaln(x) * wnp.sin(x))
np.testing.assert_allclose(w.jit(w.grad(f))(x), w.grad(f)(x), rtol=1e-10)
np.testing.assert_allclose(w.grad(lambda t: stats.norm.logpdf(t))(0.5), -0.5)
np.testing.assert_allclose(w.vmap(w.grad(lambda x: x @ np.eye(2) @ x))(np.ones((3, 2))), 2.0)
np.testing.assert_allclose(w.grad(lambda a: linalg.det(a))(np.eye(3)), np.eye(3))
assert wnp.ones(1, wnp.bfloat16).dtype.name == "bfloat16"
assert "1 / cosh(x)**2" in str(w.describe(np.tanh))
print("wengert", w.__version__, "numpy", np.__version__)
"""
# The fast tests that run on the lowest versions, and what differs there, with why.
FAST = "transforms import jit linalg compile nn random numpy_programs numpy_namespace".split()
OLDER = {
    "test_value[matvec]": "np.matvec came with NumPy 2.2",
    "test_value[vecmat]": "np.vecmat came with NumPy 2.2",
    "test_batched[matvec]": "np.matvec came with NumPy 2.2",
    "test_batched[vecmat]": "np.vecmat came with NumPy 2.2",
    "test_grid[cov]": "np.cov of one row with rowvar=False was mended after NumPy 2.1",
    "test_rewriting[power(x, 0.5)]": "np.power takes the square root for the exponent 0.5 in later versions, and compiled code follows the one that runs",
}


def run(*command: object, **options: object) -> str:
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, **options)  # type: ignore[call-overload]
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))[:200]}\n{done.stdout[-4000:]}{done.stderr[-4000:]}")
    return done.stdout


def environment(folder: Path) -> Path:
    """A new environment; its Python."""
    venv.create(folder, with_pip=True)
    return folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def install(python: Path, *what: object) -> None:
    run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *what)


def build(folder: Path) -> tuple[Path, Path]:
    """The source distribution and the wheel that is made of it."""
    python = environment(folder / "build")
    install(python, *tomllib.loads((ROOT / "pyproject.toml").read_text())["build-system"]["requires"])
    shutil.rmtree(DIST, ignore_errors=True)
    run(python, "-m", "hatchling", "build", "-t", "sdist", "-d", DIST, cwd=ROOT)
    (sdist,) = DIST.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    run(python, "-m", "hatchling", "build", "-t", "wheel", "-d", DIST, cwd=folder / sdist.name.removesuffix(".tar.gz"))
    (wheel,) = DIST.glob("*.whl")
    return sdist, wheel


def check_contents(sdist: Path, wheel: Path) -> None:
    """The modules of this tree and FILES are in both, and nothing that git ignores."""
    modules = {str(p.relative_to(ROOT / "src")) for p in (ROOT / "src").rglob("*.py")}
    wanted = modules | {f"wengert/{name}" for name in FILES}
    held = set(zipfile.ZipFile(wheel).namelist())
    assert wanted <= held, f"the wheel lacks {sorted(wanted - held)}"
    more = {n for n in held - wanted if ".dist-info/" not in n}
    assert not more, f"the wheel has more: {sorted(more)}"
    assert any(n.endswith("licenses/LICENSE") for n in held), "the wheel lacks the license"
    with tarfile.open(sdist) as archive:
        names = {n.partition("/")[2] for n in archive.getnames()}
    wanted = {f"src/{name}" for name in wanted} | {
        "README.md",
        "CHANGELOG.md",
        "LICENSE",
        "CITATION.cff",
        "tests/test_jit.py",
    }
    assert wanted <= names, f"the source distribution lacks {sorted(wanted - names)}"
    assert not [n for n in names if "__pycache__" in n or n.startswith((".venv", "out/", "dist/"))]


def lowest() -> list[str]:
    """The dependencies, each at the lowest version that is declared."""
    found = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    return [re.sub(r">=(\d+\.\d+)$", r"==\1.0", d) for d in found]


def main() -> None:
    low = "--lowest" in sys.argv[1:]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sdist, wheel = build(folder)
        check_contents(sdist, wheel)
        python = environment(folder / "fresh")
        install(python, *(lowest() if low else []), wheel)
        print(run(python, "-m", "pip", "check", "--disable-pip-version-check").strip())
        print(run(python, "-W", "error", "-c", TRIAL, cwd=folder).strip())
        for arguments in (["--version"], ["config"], ["cache"]):
            run(python.with_name("wengert"), *arguments, cwd=folder)
        if low:
            install(python, "pytest", "hypothesis", "mpmath")
            tests = [f"tests/test_{name}.py" for name in FAST]
            command = [str(python), "-m", "pytest", "-q", "-rf", *tests]
            for test in OLDER:
                command += ["--deselect", next(t for t in collected(python, tests) if t.endswith("::" + test))]
            print(run(*command, cwd=ROOT).splitlines()[-1])
    print(f"built {sdist.name} and {wheel.name}, {wheel.stat().st_size // 1024} KiB, and installed the wheel alone")


def collected(python: Path, tests: list[str]) -> list[str]:
    return run(python, "-m", "pytest", "-q", "--collect-only", *tests, cwd=ROOT).splitlines()


if __name__ == "__main__":
    main()
