"""scipy.linalg for arrays and values under transformation: what `wengert.numpy.linalg` has, with SciPy's arguments.

Options that say how to compute (``overwrite_a``, ``check_finite``, ``lapack_driver``) are taken and change nothing.
Functions work on stacks of matrices in the last two axes. Sources of the derivatives, besides those that
`wengert.numpy.linalg` names: De Hoog, Anderssen & Lukas (2011), "Differentiation of matrix functionals using triangular
factorization"; Higham (2008), "Functions of Matrices"; Higham & Relton (2014), "Higher order Fréchet derivatives of
matrix functions".

Names only: `triangular_factors`, `eigenvalues` (singular values and `polar` too), `orthogonal_factors`, `solving`, `banded`,
`equations`, `matrix_functions`, `patterned` (matrices that follow a pattern), `spaces`, `questions`.
"""

from __future__ import annotations

__import__("wengert")  # waits where another thread is importing the library: Python locks its files one by one

from ...nearest import nearest_names as _nearest_names
from ...numpy import kron
from ...numpy.linalg import LinAlgError
from .banded import (
    cho_solve_banded,
    cholesky_banded,
    diagsvd,
    eig_banded,
    eigvals_banded,
    khatri_rao,
    ldl,
    matmul_toeplitz,
    orthogonal_procrustes,
    pinvh,
    rq,
    solve_banded,
    solveh_banded,
    subspace_angles,
)
from .eigenvalues import eig, eigh, eigh_tridiagonal, eigvals, eigvalsh, eigvalsh_tridiagonal, polar, svd, svdvals
from .equations import solve_continuous_lyapunov, solve_discrete_lyapunov, solve_lyapunov, solve_sylvester
from .matrix_functions import (
    coshm,
    cosm,
    expm,
    expm_frechet,
    fractional_matrix_power,
    funm,
    logm,
    signm,
    sinhm,
    sinm,
    sqrtm,
    tanhm,
    tanm,
)
from .orthogonal_factors import hessenberg, qr, qr_multiply, rsf2csf, schur
from .patterned import (
    block_diag,
    circulant,
    companion,
    convolution_matrix,
    dft,
    fiedler,
    fiedler_companion,
    hadamard,
    hankel,
    helmert,
    hilbert,
    invhilbert,
    invpascal,
    leslie,
    pascal,
    toeplitz,
)
from .questions import bandwidth, ishermitian, issymmetric, norm
from .solving import (
    cho_factor,
    cho_solve,
    cholesky,
    det,
    inv,
    lstsq,
    pinv,
    solve,
    solve_circulant,
    solve_toeplitz,
    solve_triangular,
)
from .spaces import null_space, orth
from .triangular_factors import lu, lu_factor, lu_solve

__all__ = [
    "LinAlgError", "bandwidth", "block_diag", "cho_factor", "cho_solve", "cho_solve_banded", "cholesky",
    "cholesky_banded", "circulant", "companion", "convolution_matrix", "coshm", "cosm", "det", "dft", "diagsvd",
    "eig", "eig_banded", "eigh", "eigh_tridiagonal", "eigvals", "eigvals_banded", "eigvalsh",
    "eigvalsh_tridiagonal", "expm", "expm_frechet", "fiedler", "fiedler_companion", "fractional_matrix_power",
    "funm", "hadamard", "hankel", "helmert", "hessenberg", "hilbert", "inv", "invhilbert", "invpascal",
    "ishermitian", "issymmetric", "khatri_rao", "kron", "ldl", "leslie", "logm", "lstsq", "lu", "lu_factor",
    "lu_solve", "matmul_toeplitz", "norm", "null_space", "orth", "orthogonal_procrustes", "pascal", "pinv", "pinvh",
    "polar", "qr", "qr_multiply", "rq", "rsf2csf", "schur", "signm", "sinhm", "sinm", "solve", "solve_banded",
    "solve_circulant", "solve_continuous_lyapunov", "solve_discrete_lyapunov", "solve_lyapunov", "solve_sylvester",
    "solve_toeplitz", "solve_triangular", "solveh_banded", "sqrtm", "subspace_angles", "svd", "svdvals", "tanhm",
    "tanm", "toeplitz",
]  # fmt: skip

__getattr__ = _nearest_names(__name__, __all__)
__dir__ = __all__.copy
