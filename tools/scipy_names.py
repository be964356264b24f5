"""Write docs/scipy.md: which public names of SciPy's modules wengert.scipy has, and which are missing.

.venv/bin/python tools/scipy_names.py
"""

from __future__ import annotations

import importlib
import textwrap
import types
import warnings
from pathlib import Path
from typing import Any

PAGE = Path(__file__).resolve().parents[1] / "docs" / "scipy.md"

# The modules that there is a namespace for, and what their missing names are, where one sentence says it.
MODULES = {
    "special": "Mathieu and spheroidal functions, Kelvin functions, zeros and tables of numbers, distribution functions inverted in a parameter.",
    "linalg": "Interfaces of LAPACK and BLAS, updates of factors, pencils (`qz`, `ordqz`), Riccati equations.",
    "stats": "Tests of hypotheses, fits, resampling, quasi-random numbers, distributions without formulas; samples are drawn by `wengert.random`.",
    "signal": "The design of filters from numbers, which SciPy does outside of what is differentiated; systems as objects; peaks.",
    "fft": "Backends and workers; Hankel transforms; transforms of Hermitian symmetry in several axes.",
    "integrate": "Adaptive rules of functions and solvers as objects; `odeint` is differentiable, and `simpson` and `trapezoid` are.",
    "interpolate": "Splines with knots of their own choice, smoothing, scattered points.",
    "ndimage": "Labels and their statistics, morphology, distance transforms, filters by Python functions.",
    "optimize": "Solvers of one variable, global search, linear programs; `minimize`, `root` and `least_squares` are differentiable.",
    "sparse.linalg": "Eigenvalues of large matrices, direct solvers; SciPy's sparse matrices are taken where a matrix is.",
    "spatial": "Trees, hulls, triangulations.",
    "spatial.distance": "Distances of truth values, and checks of matrices of distances.",
    "spatial.transform": "",
    "cluster.vq": "",
}


def names(module: str) -> tuple[list[str], list[str]]:
    """The functions and classes of SciPy's module that are here, and those that are not."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs, ours = importlib.import_module(f"scipy.{module}"), importlib.import_module(f"wengert.scipy.{module}")
        public = [n for n in getattr(theirs, "__all__", dir(theirs)) if not n.startswith("_") and _wanted(theirs, n)]
    here = [n for n in public if hasattr(ours, n)]
    return here, sorted(set(public) - set(here), key=lambda n: (n.lower(), n))


def _wanted(module: Any, name: str) -> bool:
    """Whether a name is a function or a class, not a module, an error or a warning."""
    thing = getattr(module, name, None)
    if isinstance(thing, types.ModuleType) or thing is None:
        return False
    return not (isinstance(thing, type) and issubclass(thing, (Warning, Exception)))


def page() -> str:
    """The page as text."""
    lines = [
        "# SciPy's names",
        "",
        "Which functions and classes of SciPy 1.17 there are in `wengert.scipy`, by module. What is missing runs in SciPy itself where",
        "nothing in it is differentiated; its universal functions and its functions that take an array-API namespace take traced arrays",
        "([numpy.md](numpy.md)). `tools/scipy_names.py` writes this page.",
        "",
        "| module | here | missing |",
        "| --- | --- | --- |",
    ]
    found = {module: names(module) for module in MODULES}
    lines += [f"| `{m}` | {len(here)} | {len(missing)} |" for m, (here, missing) in found.items()]
    for module, (_, missing) in found.items():
        if missing:
            lines += ["", f"## {module}", ""]
            if MODULES[module]:
                lines += [MODULES[module], ""]
            lines += textwrap.wrap(", ".join(f"`{n}`" for n in missing), 130, break_on_hyphens=False)
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page())
