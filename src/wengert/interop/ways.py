"""Which functions of `jax.numpy`, `jax.nn`, `jax.scipy` follow which of JAX's rules of dtypes, by their names; `rules.py` has the rules."""

from __future__ import annotations

from typing import Any

# Of the first one, two or three arguments: results are floating, and as weak as the arguments.
_FLOATING = {
    1: "sin cos tan sinh cosh tanh arcsin arccos arctan arcsinh arccosh arctanh asin acos atan asinh acosh atanh exp exp2 "
    "expm1 log log1p sqrt cbrt sinc deg2rad rad2deg degrees radians i0 reciprocal modf",
    2: "divide true_divide arctan2 atan2 logaddexp copysign nextafter",
    3: "interp",
}
# The same, weak where all arguments are.
_FLOATING_ALL = {2: "hypot heaviside"}
_FLOATING_WIDE = {2: "logaddexp2"}  # the same in 64-bit mode alone
# The same, strong.
_FLOATING_STRONG = {
    1: "spacing log2 log10 mean var std nanmean nanvar nanstd median nanmedian average cov corrcoef gradient trapezoid "
    "frexp histogram_bin_edges histogramdd",
    2: "quantile nanquantile percentile nanpercentile convolve correlate histogram2d",
}
# The same, with the dtype in which the arguments meet.
_MEETING = {
    1: "negative sign floor ceil trunc fix real imag invert bitwise_not bitwise_invert",
    2: "add subtract multiply maximum minimum fmax fmin bitwise_and bitwise_or bitwise_xor "
    "gcd lcm dot matmul inner outer vdot vecdot tensordot "
    "kron cross polyadd polysub polymul matvec vecmat",
    3: "clip",
}
# The same, where truth values are 32-bit integers.
_NUMERIC = {
    1: "square",
    2: "mod remainder fmod floor_divide left_shift right_shift bitwise_left_shift bitwise_right_shift",
}
# The arguments meet in one dtype; the result is a truth value, and weak where they meet in a weak dtype.
_COMPARING = {1: "isnan logical_not iscomplex isreal", 2: "equal not_equal less less_equal greater greater_equal"}
_COMPARING_ALL = {2: "logical_and logical_or logical_xor"}  # the same, weak where both are
# The arguments meet in one dtype, and the result is strong.
_STRONG = {
    1: "isinf isposinf isneginf",
    2: "isclose allclose array_equal array_equiv polyval setdiff1d union1d intersect1d setxor1d",
}
# The first argument is a sequence of arrays that meet.
_SEQUENCES = "concatenate concat stack hstack vstack dstack column_stack row_stack block"
# Results are as weak as the first argument.
_KEEPING = (
    "reshape ravel squeeze expand_dims transpose permute_dims matrix_transpose swapaxes moveaxis rollaxis broadcast_to flip "
    "fliplr flipud rot90 roll tile repeat sort diagonal diag atleast_1d atleast_2d atleast_3d copy triu "
    "tril take take_along_axis pad split array_split hsplit vsplit dsplit ediff1d diff round around trim_zeros "
    "unique_values unstack"
)
# Functions of `jax.scipy.special` whose results are strong, or whose arguments do not all meet.
SPECIAL_STRONG = frozenset(
    "gamma exp1 expi erfcx ndtr ndtri log_ndtr dawsn gammasgn spence fresnel sici wofz beta poch owens_t expn".split()
)
SPECIAL_APART = frozenset(
    "softmax log_softmax logsumexp bernoulli bessel_jn sph_harm_y multigammaln factorial lpmn lpmn_values".split()
)
SPECIAL_FLOATS = frozenset("ndtr ndtri log_ndtr spence".split())  # of which JAX has no integers and no narrow floats
_NN_KEEPING = (
    "celu elu glu hard_sigmoid hard_silu hard_swish hard_tanh leaky_relu log_sigmoid mish relu relu6 selu log1mexp identity "
    "sigmoid silu soft_sign softplus sparse_plus sparse_sigmoid squareplus swish tanh"
)
NN_STRONG = frozenset({"gelu", "softmax", "log_softmax", "logsumexp", "logmeanexp"})
NN_FLOATS = frozenset("celu elu leaky_relu selu sparse_plus sparse_sigmoid".split())  # of integers: weak default floats
NN_NO_INTEGERS = frozenset({"sigmoid", "silu", "swish", "glu"})
NN_NO_TRUTH = {"log_sigmoid": "neg", "softmax": "sub", "log_softmax": "sub"}  # and the primitive that refuses it
NN_INTEGERS = frozenset({"relu", "hard_tanh", "identity"})  # which keep integers, and make default ones of truth values
NN_TRUTH_WEAK = frozenset({"softplus", "soft_sign", "mish"})  # of truth values: weak default floats
NN_ARRAYS = frozenset({"softmax", "log_softmax"})  # no numbers


def _by_name(table: dict[int, str]) -> dict[str, int]:
    return {name: n for n, names in table.items() for name in names.split()}


# For each name: how many arguments meet, and how: whether they become floating, what is weak, and whether truth values
# become integers.
WAYS: dict[str, tuple[int, dict[str, Any]]] = {
    name: (n, options)
    for table, options in (
        (_FLOATING, {"inexact": True}),
        (_FLOATING_ALL, {"inexact": True, "weak": "all"}),
        (_FLOATING_WIDE, {"inexact": True, "weak": "wide"}),
        (_FLOATING_STRONG, {"inexact": True, "weak": "never"}),
        (_MEETING, {}),
        (_NUMERIC, {"numeric": True}),
        (_COMPARING, {}),
        (_COMPARING_ALL, {"weak": "all"}),
        (_STRONG, {"weak": "never"}),
    )
    for name, n in _by_name(table).items()
}
SEQUENCES, KEEPING = frozenset(_SEQUENCES.split()), frozenset(_KEEPING.split())
NN_KEEPING = frozenset(_NN_KEEPING.split())

# Functions that take integers for the default floats in the library, for float32 in JAX where they have at most 32 bits:
# how many of the first arguments.
_NUMBERED = {
    "jax.numpy.fft": {
        1: "fft ifft rfft irfft hfft ihfft fft2 ifft2 rfft2 irfft2 fftn ifftn rfftn irfftn",
    },
    "jax.scipy.fft": {1: "dct idct dctn idctn"},
    "jax.scipy.signal": {1: "detrend stft istft welch", 2: "convolve correlate convolve2d correlate2d fftconvolve csd"},
    "jax.numpy.linalg": {
        1: "cholesky cond det eig eigh eigvals eigvalsh inv norm pinv qr slogdet svd svdvals matrix_norm vector_norm tensorinv",
        2: "solve lstsq tensorsolve",
    },
    "jax.scipy.linalg": {
        1: "cholesky cho_factor det expm inv lu lu_factor qr svd sqrtm schur hessenberg polar eigh funm",
        2: "solve solve_triangular expm_frechet eigh_tridiagonal qr_multiply",
    },
}
NUMBERED = {
    (module, name): n for module, table in _NUMBERED.items() for n, names in table.items() for name in names.split()
}
HALVES = frozenset("fft ifft irfft hfft".split())  # of which half precision is computed, and given, in single

__all__ = [
    "HALVES",
    "KEEPING",
    "NN_ARRAYS",
    "NN_FLOATS",
    "NN_INTEGERS",
    "NN_KEEPING",
    "NN_NO_INTEGERS",
    "NN_NO_TRUTH",
    "NN_STRONG",
    "NN_TRUTH_WEAK",
    "NUMBERED",
    "SEQUENCES",
    "SPECIAL_APART",
    "SPECIAL_FLOATS",
    "SPECIAL_STRONG",
    "WAYS",
]
