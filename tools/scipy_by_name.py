"""Write docs/scipy-by-name.md: how SciPy's functions, by their own names, are answered where they meet traced values.

.venv/bin/python tools/scipy_by_name.py

Read from the declarations in wengert.scipy.names; what distributions have derivatives in is tried.
"""

from __future__ import annotations

import importlib
import re
import textwrap
import warnings
from pathlib import Path
from typing import Any

PAGE = Path(__file__).resolve().parents[1] / "docs" / "scipy-by-name.md"
HEAD = """# SciPy by its own names

What `scipy.optimize.brentq(f, a, b)` and its kin do in a function that is differentiated, batched or compiled, where an argument is
traced or a function among the arguments closes over a traced value. With plain arguments SciPy's function runs as it is.
`tools/scipy_by_name.py` writes this page; a test compares it with the declarations. How to use it: [a fit](how-to/gradient-of-a-fit.md).

Functions that are in no list here run SciPy's own code on the traced values, which answer NumPy's protocols; where that code asks for
values, the error says what to write.
"""
# By the function that makes an answer, or the answer itself: what it does.
HOW = {
    "root_like": "SciPy's solver on plain values; the root is differentiated implicitly. Under `vmap` and `jit` it is called from the program.",
    "minimum_like": "SciPy's solver on plain values; the minimum is differentiated by its KKT conditions: bounds and constraints that are active, and their multipliers.",
    "squares": "SciPy's solver on plain values; the parameters (and `curve_fit`'s covariance) are differentiated as a minimum.",
    "refused": "Refused with a clear error: the solution jumps, or there is none to differentiate.",
    "quadrature": "QUADPACK's value; the derivative is that of rules on its intervals. Under `vmap` and `jit` those rules alone, NaN where two differ.",
    "solve_ivp": "SciPy's steps, taken again with traced values; Radau, BDF and LSODA by Radau IIA on their mesh. Under `vmap` and `jit`, with `t_eval`, `wengert.scipy.integrate.odeint`.",
    "made_by": "The object keeps what stands for it, of our class; its methods ask that.",
    "asked": "Our method, of the coefficients of SciPy's object.",
    "fitted": "Affine in the values: SciPy fits unit vectors; knots, points and weights are constants.",
    "along": "Linear along an axis: the product with the matrix that SciPy makes of unit vectors.",
    "fft": "Our transform of `scipy.fft`.",
    "solution": "SciPy's sparse solver, with the matrix and its transpose; differentiated in the right-hand side and in entries of the matrix.",
    "factors": "In a function under transformation, an object that solves for traced right-hand sides and with matrices of traced entries; factors made outside take plain ones.",
    "matrices": "Sparse matrices of traced entries: where the entries are is plain, what they are is one traced vector. Objects are of SciPy's classes, in all formats but `bsr`; conversions, indices, blocks, sums, products with vectors, arrays and other matrices, writing into them; `data`, `indices`, `indptr`, `row`, `col`.",
    "operators": "The operator's function on traced vectors, and operators whose functions close over traced values.",
    "eigenpairs": "SciPy's pairs, differentiated implicitly, each by a sparse system with one more unknown; eigenvalues have to be simple.",
    "riccati": "SciPy's solution, differentiated implicitly.",
    "formula": "A formula of ours.",
}
KINDS = {
    "least_squares": "squares", "leastsq": "squares", "curve_fit": "squares", "nnls": "squares", "lsq_linear": "squares", "quad": "quadrature",
    "quad_vec": "quadrature", "solve_ivp": "solve_ivp", "odeint": "solve_ivp", "spsolve": "solution", "splu": "factors", "factorized": "factors", "spsolve_triangular": "solution",
    "expm_multiply": "along", "splev": "asked", "univariate": "asked", "univariate_integral": "asked", "splint": "asked",
    "bivariate": "asked", "along_line": "asked", "bisplev": "asked", "made_univariate": "fitted", "made_rectangle": "fitted", "pchip_interpolate": "asked",
    "pearsonr": "formula", "linregress": "formula", "inverse": "solution", "construct": "matrices", "moving": "matrices", "diags": "matrices",
    "spdiags": "matrices", "kron": "matrices", "kronsum": "matrices", "marked": "operators", "on_vector": "operators", "on_matrix": "operators",
    "dot": "operators", "lowpass": "formula", "highpass": "formula", "bandpass": "formula", "bandstop": "formula", "polynomials": "formula", "notch": "formula",
    "chirp": "formula", "_eigen": "eigenpairs", "lobpcg": "eigenpairs", "svds": "eigenpairs",
}  # fmt: skip
SLOW = {"levy_stable", "studentized_range", "poisson_binom"}


def answers() -> tuple[dict[str, list[str]], list[str]]:
    """The names by how they are answered, and those with a function of ours of the same name."""
    from wengert.scipy.names.declared import FILES, answer_of
    from wengert.watch import ROOMS

    found: dict[str, list[str]] = {}
    ours: list[str] = []
    for file in sorted({f for files in FILES.values() for f in files}):
        for name, answer in importlib.import_module(f"wengert.scipy.names.{file}").ANSWERS.items():
            maker = answer.__qualname__.split(".")[0]
            kind = KINDS.get(maker, maker)
            if (
                re.match(r"sparse\.(linalg\.)?(_\w+|IndexMixin|Matrix\w+)\.|sparse\.linalg\.LinearOperator\._", name)
                or name.startswith("stats.rv_")
                or name.startswith("stats.multivariate")
                or kind in ("of_vectors", "answer")
            ):
                continue
            found.setdefault(kind, []).append(
                name.replace(".__init__", "")
                .replace(".__call__", "(...)")
                .replace("_Interpolator1D", "interp1d")
                .replace("_PPolyBase", "PPoly")
                .replace("_BivariateSplineBase", "BivariateSpline")
            )
    found["matrices"] += [f"sparse.{f}_{k}" for f in "coo csc csr dia dok lil".split() for k in ("array", "matrix")]
    for room in sorted(ROOMS):
        module, short = importlib.import_module(room), room.partition(".")[2]
        for name in sorted(getattr(module, "__all__", ())):
            if callable(getattr(module, name, None)) and not isinstance(getattr(module, name), type):
                answer = answer_of(f"{short}.{name}")
                if answer is not None and answer.__qualname__.startswith("same_meaning"):
                    ours.append(f"{short}.{name}")
    return found, ours


def without_derivatives() -> dict[str, dict[str, list[str]]]:
    """For each distribution the methods and arguments without a derivative, tried at its example parameters."""
    import scipy.stats
    from scipy.stats._distr_params import distcont, distdiscrete

    import wengert

    out: dict[str, dict[str, list[str]]] = {}
    for name, shapes in [*reversed(distcont), *reversed(distdiscrete)]:
        if not isinstance(name, str) or name in out or name in SLOW:
            continue
        dist: Any = getattr(scipy.stats, name)
        counts = hasattr(dist, "pmf")
        rest = [*shapes, 1] if counts else [*shapes, 0.1, 1.3]
        names = ["x", *([s.strip() for s in dist.shapes.split(",")] if dist.shapes else []), "loc", "scale"]
        x = float(dist.ppf(0.37, *rest))
        out[name] = {}
        for method in ("pmf" if counts else "pdf", "cdf", "ppf"):
            args = [0.37 if method == "ppf" else x, *rest]
            for k, argument in enumerate(names[: len(args)]):
                if counts and argument in ("x", "loc"):
                    continue
                try:
                    wengert.grad(lambda v, k=k, m=method, a=args, d=dist: getattr(d, m)(*a[:k], v, *a[k + 1 :]))(
                        float(args[k])
                    )
                except wengert.errors.NotDifferentiableError:
                    out[name].setdefault(method, []).append(argument)
    return out


def _listed(names: list[str]) -> str:
    return textwrap.fill(", ".join(f"`{n}`" for n in names), 130, break_on_hyphens=False, break_long_words=False)


def page() -> str:
    """The page as text."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found, ours = answers()
        tried = without_derivatives()
    lines = [HEAD]
    for kind, text in HOW.items():
        names = sorted(set(found.pop(kind, [])))
        lines += [f"**{text}**", "", _listed(names), ""]
    assert not found, found
    lines += ["**Our function of the same name in `wengert.scipy`.**", ""]
    for room in sorted({n.rpartition(".")[0] for n in ours}):
        lines += [
            f"`{room}`: " + ", ".join(f"`{n.rpartition('.')[2]}`" for n in ours if n.rpartition(".")[0] == room),
            "",
        ]
    lines = [
        textwrap.fill(line, 130, break_on_hyphens=False, break_long_words=False)
        if len(line) > 130 and "\n" not in line
        else line
        for line in lines
    ]
    whole = sorted(n for n, missing in tried.items() if not missing)
    lines += [
        "## Distributions",
        "",
        "`pdf` or `pmf`, `logpdf`, `cdf`, `sf`, `ppf`, their logarithms and `isf` of `scipy.stats`, and frozen ones, have derivatives in all",
        "arguments (counts and `loc` of discrete ones have none) of these:",
        "",
        _listed(whole),
        "",
        "and in all but these of the others, at the parameters that SciPy's tests use:",
        "",
        "| distribution | density | distribution function | quantile |",
        "| --- | --- | --- | --- |",
    ]
    for name, missing in sorted(tried.items()):
        if missing:
            density, below, quantile = (
                ", ".join(missing.get(m, [])) for m in ("pdf" if "pdf" in missing else "pmf", "cdf", "ppf")
            )
            lines.append(f"| `{name}` | {density} | {below} | {quantile} |")
    lines += [
        "",
        f"{', '.join(f'`{n}`' for n in sorted(SLOW))} are integrals or lists in SciPy and were not tried. `multivariate_normal`, `dirichlet`, `multinomial` and",
        "`gaussian_kde` are ours. Values are SciPy's; of distributions that `wengert.scipy.stats` has, ours.",
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    PAGE.write_text(page())
