"""How each of SciPy's functions is answered where it meets traced values: the one table, read by `meeting.py`.

An answer stands in a file of this room, under the function's name; otherwise the function of `wengert.scipy` of that name is
meant; otherwise SciPy's own code runs on the traced values, which do what NumPy's protocols ask of them.
"""

from __future__ import annotations

import importlib

from ...vocabulary import Function
from .same import same_meaning

# Functions whose arguments are functions, which may close over traced values.
SOLVERS = frozenset(
    {
        f"optimize.{n}"
        for n in (
            "anderson basinhopping bisect brent brenth brentq broyden1 broyden2 brute curve_fit differential_evolution direct "
            "dual_annealing fixed_point fmin fmin_bfgs fmin_cg fmin_l_bfgs_b fmin_ncg fmin_powell fminbound fsolve golden "
            "least_squares leastsq minimize minimize_scalar newton newton_krylov ridder root root_scalar shgo toms748"
        ).split()
    }
    | {f"integrate.{n}" for n in "odeint quad quad_vec solve_ivp".split()}
    | {"sparse.linalg._CustomLinearOperator.__init__"}
)
# Functions that make objects of C, which take no traced values: in a transformation they give objects that do.
OBJECTS_OF_C = frozenset({"sparse.linalg.factorized", "sparse.linalg.splu"})
# The functions of scipy.sparse that are met; the others ask what kind a matrix is, many times in each of SciPy's operations.
MAKERS = "block_array block_diag bmat diags diags_array find hstack kron kronsum spdiags tril triu vstack".split()
# Methods of public classes, by room and class.
METHODS: dict[str, dict[str, str]] = {
    "interpolate": {
        "CubicSpline": "__init__",
        "PchipInterpolator": "__init__",
        "Akima1DInterpolator": "__init__",
        "CubicHermiteSpline": "__init__",
        "_interpolate._PPolyBase": "__init__ __call__",
        "PPoly": "derivative antiderivative integrate",
        "BSpline": "__init__ __call__ derivative antiderivative integrate",
        "interp1d": "__init__",
        "_interpolate._Interpolator1D": "__call__",
        "RegularGridInterpolator": "__init__ __call__",
        "RBFInterpolator": "__init__ __call__",
        "UnivariateSpline": "__init__ __call__ integral",
        "InterpolatedUnivariateSpline": "__init__",
        "RectBivariateSpline": "__init__",
        "BivariateSpline": "ev",
        "_fitpack2._BivariateSplineBase": "__call__",
    },
    "sparse": {
        "_base._spbase": "__add__ __sub__ __rsub__ multiply _matmul_dispatch _rmatmul_dispatch _divide dot setdiag",
        "_coo._coo_base": "__init__ _matmul_dispatch _rmatmul_dispatch dot __setitem__",
        "_dia._dia_base": "__init__ multiply",
        "_compressed._cs_matrix": "__init__",
        "_bsr._bsr_base": "__init__",
        "_lil._lil_base": "__init__ __setitem__ __truediv__",
        "_dok._dok_base": "__init__ __add__ __radd__ __truediv__",
        "_index.IndexMixin": "__setitem__",
    },
    "sparse.linalg": {
        "LinearOperator": "matvec rmatvec matmat rmatmat dot _rdot _init_dtype",
        "_interface.MatrixLinearOperator": "__init__ _matmat",
        "_interface._CustomLinearOperator": "__init__",
        **{
            f"_interface.{kind}": "__init__"
            for kind in (
                "_AdjointLinearOperator _TransposedLinearOperator _SumLinearOperator _ProductLinearOperator "
                "_ScaledLinearOperator _PowerLinearOperator _AdjointMatrixOperator"
            ).split()
        },
    },
    "special": {"_multiufuncs.MultiUFunc": "__call__"},
    "fft": {
        "_basic_backend": "fft ifft rfft irfft hfft ihfft fftn ifftn fft2 ifft2 rfftn rfft2 irfftn irfft2 hfftn hfft2 ihfftn ihfft2",
        "_realtransforms_backend": "dctn idctn dstn idstn dct idct dst idst",
    },
    "stats": {
        "rv_continuous": "pdf logpdf cdf logcdf sf logsf ppf isf",
        "rv_discrete": "pmf logpmf cdf logcdf sf logsf ppf isf",
        "_distn_infrastructure.rv_generic": "mean var std median interval entropy moment stats support",
        "_multivariate.multivariate_normal_gen": "pdf logpdf __call__",
        "_multivariate.dirichlet_gen": "pdf logpdf __call__",
        "_multivariate.multinomial_gen": "pmf logpmf __call__",
        "gaussian_kde": "__init__ evaluate __call__ pdf logpdf",
    },
}
# The files that hold answers, by room.
FILES = {
    "optimize": ["optimizing", "fitting"],
    "integrate": ["integrals", "initial_values", "linear_maps"],
    "stats": ["distributions"],
    "interpolate": ["interpolating", "fitpack"],
    "special": ["several"],
    "signal": ["linear_maps", "filters"],
    "fftpack": ["linear_maps"],
    "sparse": ["sparse_matrices", "sparse_operators"],
    "sparse.linalg": ["sparse_solutions", "sparse_eigen"],
    "linalg": ["linear_maps"],
}


def answer_of(name: str) -> Function | None:
    """The answer of a function by its name in SciPy, without ``scipy.``; None where SciPy's own code runs."""
    room, _, own = name.rpartition(".")
    for file in FILES.get(room.split(".")[0] if room not in FILES else room, ()):
        found = importlib.import_module(f"{__package__}.{file}").ANSWERS.get(name)
        if found is not None:
            return found
    try:
        ours = importlib.import_module(f"wengert.scipy.{room}")
    except ImportError:
        return None
    return same_meaning(name) if own in getattr(ours, "__all__", ()) else None


__all__ = ["FILES", "MAKERS", "METHODS", "OBJECTS_OF_C", "SOLVERS", "answer_of"]
