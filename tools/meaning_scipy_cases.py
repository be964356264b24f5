"""Calls of the functions of wengert.scipy that `meaning_scipy.py` compares with SciPy's functions of the same names.

`CASES[module]` maps a label to ``(call, arrays)``: `call(m, *arrays)` calls a function of the module `m`, SciPy's or the
library's, and the arrays are those that the sweep gives other dtypes, layouts and shapes. `DISTRIBUTIONS` has parameters
inside of their domain, at its ends and outside. No comparing lives here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Case = tuple[Callable[..., Any], tuple[Any, ...]]


def _floats(*shape: int, low: float = 0.2, high: float = 0.9, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(low, high, size=shape)


V, W = _floats(8), _floats(8, low=1.1, high=1.9, seed=1)
M, N = _floats(3, 4, seed=2), _floats(4, 3, seed=3)
S = _floats(3, 3, seed=4) + np.diag([3.0, 2.0, 1.0])
P = S @ S.T + np.eye(3)  # positive definite
LOW, UP = np.tril(P) + np.triu(S, 1), np.triu(P) + np.tril(S, -1)  # that in one triangle, something else in the other
Z = S + 1j * _floats(3, 3, seed=5)
H = Z @ Z.conj().T + np.eye(3)
HUP = np.triu(H) + np.tril(Z, -1)
B1, B2 = _floats(3, seed=6), _floats(3, 2, seed=7)
T = _floats(2, 3, 4, seed=8)
GAP = np.array([[0.5, np.nan, 0.2, 0.7], [0.1, 0.4, np.nan, 0.3], [0.6, 0.6, 0.9, 0.6]])
TIES = np.array([[3.0, 1.0, 3.0, 2.0], [2.0, 2.0, 1.0, 1.0], [0.0, 5.0, 0.0, 4.0]])
LONG = np.sin(np.arange(40.0)) + 0.1 * _floats(40, seed=9)
LONG2 = np.stack([LONG, np.cos(np.arange(40.0))])
IMAGE = _floats(4, 5, seed=10)
PLACES = np.array([[-1.3, 0.0, 0.5, 1.0, 2.7, 3.0, 3.4, 7.2], [0.2, 4.0, -0.5, 2.5, 1.1, 4.6, 0.0, -6.0]])
KNOTS = np.array([0.0, 0.5, 1.5, 2.0, 3.0])
HEIGHTS = np.array([1.0, -0.5, 0.7, 0.2, 1.1])
ASK = np.array([-0.7, 0.0, 0.2, 0.5, 1.7, 3.0, 3.6])


def plain(name: str, *args: Any, **kwargs: Any) -> Callable[..., Any]:
    """The call of the function of that name with the arrays first, then these."""
    return lambda m, *arrays: getattr(m, name)(*arrays, *args, **kwargs)


def each(names: str, *arrays: Any) -> dict[str, Case]:
    return {name: (plain(name), arrays) for name in names.split()}


def options(name: str, arrays: tuple[Any, ...], *choices: dict[str, Any]) -> dict[str, Case]:
    """The call with each choice of keywords, under a label that names them."""
    return {f"{name}({', '.join(f'{k}={v!r}' for k, v in c.items())})": (plain(name, **c), arrays) for c in choices}


AXES = [{}, {"axis": 0}, {"axis": -1}, {"axis": None}]
KEEP = [*AXES, {"keepdims": True}, {"axis": None, "keepdims": True}]
NANS = [{"nan_policy": p} for p in ("propagate", "omit", "raise")]

SPECIAL: dict[str, Case] = {
    **each(
        "cbrt dawsn digamma ellipe ellipk ellipkm1 entr erf erfc erfcinv erfcx erfi erfinv exp1 exp2 expi expit expm1 "
        "exprel gamma gammaln gammasgn i0 i0e i1 i1e j0 j1 k0 k0e k1 k1e log1p log_expit log_ndtr loggamma logit ndtr "
        "ndtri psi rgamma spence wofz y0 y1 zeta fresnel sici shichi airy factorial lambertw",
        V,
    ),
    **each(
        "beta betaln binom boxcox boxcox1p comb ellipeinc ellipkinc gammainc gammaincc gammaincinv gammainccinv hankel1 "
        "hankel2 huber hyp0f1 inv_boxcox inv_boxcox1p iv ive jv kl_div kv kve modstruve owens_t poch pseudo_huber "
        "rel_entr stdtr stdtrit struve xlog1py xlogy yv elliprc",
        V,
        W,
    ),
    **each("betainc betaincc betaincinv hyp1f1 elliprd elliprf elliprg", V, W, V),
    **each("elliprj hyp2f1", V, W, W + 1, V),
    "multigammaln": (plain("multigammaln", 2), (W,)),
    "polygamma": (lambda m, x: m.polygamma(2, x), (V,)),
    "expn": (lambda m, x: m.expn(2, x), (V,)),
    **{
        f"spherical_{k}(derivative={d})": (
            lambda m, x, k=k, d=d: getattr(m, f"spherical_{k}")(1, x, derivative=d),
            (V,),
        )
        for k in ("jn", "yn", "in", "kn")
        for d in (False, True)
    },
    "bernoulli": (lambda m: m.bernoulli(5), ()),
    "comb(exact=True)": (lambda m: m.comb(7, 3, exact=True), ()),
    "comb(repetition=True)": (plain("comb", repetition=True), (W, V)),
    "factorial(exact=True)": (lambda m: m.factorial(20, exact=True), ()),
    "factorial of numbers": (lambda m: m.factorial(np.array([0, 3, 5, -2])), ()),
    **options("softmax", (M,), *AXES, {"axis": (0, 1)}),
    **options("log_softmax", (M,), *AXES),
    **options("logsumexp", (M,), *KEEP, {"axis": (0, 1)}, {"return_sign": True}),
    "logsumexp(b=)": (lambda m, a, b: m.logsumexp(a, b=b), (M, M - 0.4)),
    "logsumexp(b=, return_sign)": (lambda m, a, b: m.logsumexp(a, axis=1, b=b, return_sign=True), (M, M - 0.6)),
    "logsumexp of infinities": (lambda m: m.logsumexp(np.array([[-np.inf] * 2, [np.inf, 1], [np.nan, 1]]), axis=1), ()),
    "logsumexp of nothing": (lambda m: (m.logsumexp(np.zeros(0)), m.logsumexp(np.zeros((0, 2)), axis=0)), ()),
    "logsumexp of nothing, sign": (lambda m: m.logsumexp(np.zeros(0), return_sign=True), ()),
    "logsumexp of a number": (lambda m: m.logsumexp(2.0), ()),
    "softmax of a number": (lambda m: m.softmax(2.0), ()),
}
SPECIAL_ENDS = np.array(
    [
        -np.inf,
        -1e300,
        -3.0,
        -2.5,
        -2.0,
        -1.0,
        -0.5,
        -0.0,
        0.0,
        0.25,
        0.5,
        1.0,
        1.5,
        2.0,
        5.0,
        30.0,
        1e300,
        np.inf,
        np.nan,
    ]
)

LINALG: dict[str, Case] = {
    **each("det inv expm logm sqrtm cosm sinm coshm sinhm tanhm svdvals eigvals pinv bandwidth issymmetric", S),
    **each("lu_factor hessenberg circulant fiedler", S),
    **each("fiedler companion fiedler_companion toeplitz hankel circulant", B1),
    **options("cholesky", (LOW,), {"lower": True}),
    **options("cholesky", (UP,), {}, {"lower": False}),
    "cholesky of a complex upper triangle": (plain("cholesky"), (HUP,)),
    "cho_factor": (lambda m, a: [x if isinstance(x, bool) else x * np.tri(3).T for x in m.cho_factor(a)], (UP,)),
    "cho_solve": (lambda m, a, b: m.cho_solve(m.cho_factor(a), b), (UP, B1)),
    "cho_solve, lower": (lambda m, a, b: m.cho_solve(m.cho_factor(a, lower=True), b), (LOW, B2)),
    "cho_solve, complex": (lambda m, a, b: m.cho_solve(m.cho_factor(a), b), (HUP, B2)),
    **options(
        "solve_triangular",
        (S, B1),
        {},
        {"lower": True},
        {"trans": 1},
        {"trans": "T", "lower": True},
        {"unit_diagonal": True},
        {"unit_diagonal": True, "trans": 2, "lower": True},
    ),
    **{
        f"complex {k}": v
        for k, v in options("solve_triangular", (Z, B2), {"trans": 2}, {"trans": "C", "lower": True}).items()
    },
    **options(
        "solve",
        (S, B1),
        {},
        {"transposed": True},
        {"assume_a": "gen"},
        {"assume_a": "upper triangular"},
        {"assume_a": "lower triangular"},
        {"assume_a": "diagonal"},
        {"assume_a": "general"},
        {"assume_a": "upper triangular", "transposed": True},
    ),
    **options(
        "solve",
        (UP, B2),
        {"assume_a": "pos"},
        {"assume_a": "sym"},
        {"assume_a": "her"},
        {"assume_a": "positive definite"},
    ),
    **{
        f"lower {k}": v
        for k, v in options(
            "solve",
            (LOW, B1),
            {"assume_a": "pos", "lower": True},
            {"assume_a": "sym", "lower": True},
            {"assume_a": "her", "lower": True},
        ).items()
    },
    **{
        f"complex {k}": v
        for k, v in options("solve", (HUP, B1), {"assume_a": "pos"}, {"assume_a": "sym"}, {"assume_a": "her"}).items()
    },
    "solve tridiagonal": (plain("solve", assume_a="tridiagonal"), (np.triu(np.tril(S, 1), -1), B1)),
    "solve banded": (plain("solve", assume_a="banded"), (np.triu(np.tril(S, 1), -1), B1)),
    "solve of a singular matrix": (plain("solve"), (np.ones((2, 2)), np.ones(2))),
    "inv of a singular matrix": (plain("inv"), (np.zeros((2, 2)),)),
    "inv(assume_a='pos')": (plain("inv", assume_a="pos"), (UP,)),
    "inv(assume_a='pos', lower)": (plain("inv", assume_a="pos", lower=True), (LOW,)),
    "inv(assume_a='upper triangular')": (plain("inv", assume_a="upper triangular"), (S,)),
    **options("eigvalsh", (LOW,), {}, {"lower": True}, {"subset_by_index": [0, 1]}),
    **{f"upper {k}": v for k, v in options("eigvalsh", (UP,), {"lower": False}).items()},
    "eigh, values": (lambda m, a: m.eigh(a)[0], (LOW,)),
    "eigh, upper, values": (lambda m, a: m.eigh(a, lower=False, eigvals_only=True), (UP,)),
    "eigh, general": (lambda m, a, b: m.eigh(a, b, eigvals_only=True), (LOW, LOW + np.eye(3))),
    "eigh, general, upper": (lambda m, a, b: m.eigh(a, b, lower=False, eigvals_only=True), (UP, UP + np.eye(3))),
    "eigh, general, type 2": (lambda m, a, b: m.eigh(a, b, eigvals_only=True, type=2), (LOW, LOW + np.eye(3))),
    "eigh, general, type 3": (lambda m, a, b: m.eigh(a, b, eigvals_only=True, type=3), (LOW, LOW + np.eye(3))),
    "eigh, some by index": (lambda m, a: m.eigh(a, subset_by_index=[1, 2])[0], (LOW,)),
    "eigvalsh, complex": (plain("eigvalsh", lower=False), (HUP,)),
    "eigh_tridiagonal": (plain("eigh_tridiagonal", eigvals_only=True), (B1, B1[:2])),
    "eigh_tridiagonal, some": (
        plain("eigh_tridiagonal", eigvals_only=True, select="i", select_range=(1, 2)),
        (B1, B1[:2]),
    ),
    "eig, values": (
        lambda m, a: (
            np.sort_complex(np.asarray(m.eig(a)[0])) if m.__name__ == "scipy.linalg" else m.eig(a)[0][_order(m, a)]
        ),
        (S,),
    ),
    **options(
        "qr",
        (N,),
        {"mode": "r"},
        {"mode": "economic"},
        {"mode": "full"},
        {"mode": "r", "pivoting": True},
        {"pivoting": True},
    ),
    "qr(mode='r') of a wide matrix": (plain("qr", mode="r"), (M,)),
    "lu": (plain("lu"), (S,)),
    "lu, indices": (plain("lu", p_indices=True), (N,)),
    "lu, permuted": (plain("lu", permute_l=True), (M,)),
    **{
        f"lu_solve(trans={t})": (lambda m, a, b, t=t: m.lu_solve(m.lu_factor(a), b, trans=t), (S, B1))
        for t in (0, 1, 2)
    },
    **options("svd", (M,), {"compute_uv": False}),
    "svd, shapes": (lambda m, a: [x.shape for x in m.svd(a)], (M,)),
    "polar": (plain("polar"), (S,)),
    "polar(side='left')": (plain("polar", side="left"), (M,)),
    "orth, projection": (lambda m, a: (lambda q: q @ q.T)(m.orth(a)), (N,)),
    "null_space, projection": (lambda m, a: (lambda q: q @ q.T)(m.null_space(a)), (M,)),
    "lstsq": (plain("lstsq"), (N, _floats(4, seed=11))),
    "lstsq of matrices": (plain("lstsq"), (N, _floats(4, 2, seed=11))),
    "lstsq, wide": (plain("lstsq"), (M, B1)),
    "lstsq(cond=)": (plain("lstsq", cond=0.3), (N, _floats(4, seed=11))),
    "pinv(return_rank)": (plain("pinv", return_rank=True), (N,)),
    "pinv(rtol)": (plain("pinv", rtol=0.3), (N,)),
    "pinv(atol)": (plain("pinv", atol=0.3), (N,)),
    **options(
        "norm",
        (M,),
        {},
        {"ord": "fro"},
        {"ord": 1},
        {"ord": np.inf},
        {"ord": 2},
        {"ord": "nuc"},
        {"axis": 0},
        {"axis": 1, "ord": 1},
        {"axis": (0, 1), "ord": 1},
        {"keepdims": True},
    ),
    **{
        f"vector {k}": v
        for k, v in options("norm", (V,), {}, {"ord": 1}, {"ord": 0}, {"ord": -np.inf}, {"ord": 3}).items()
    },
    "schur": (plain("schur"), (P,)),
    "schur complex, values": (
        lambda m, a: (
            np.sort(np.abs(np.diagonal(np.asarray(m.schur(a, output="complex")[0]))))
            if m.__name__ == "scipy.linalg"
            else _wsort(m, a)
        ),
        (P,),
    ),
    "solve_sylvester": (plain("solve_sylvester"), (S, P, B2 @ B2.T)),
    "solve_continuous_lyapunov": (plain("solve_continuous_lyapunov"), (S, P)),
    "solve_discrete_lyapunov": (plain("solve_discrete_lyapunov"), (S / 9, P)),
    "solve_toeplitz": (plain("solve_toeplitz"), (np.array([3.0, 1.0, 0.5]), B1)),
    "solve_toeplitz of a pair": (
        lambda m, c, r, b: m.solve_toeplitz((c, r), b),
        (np.array([3.0, 1.0, 0.5]), np.array([3.0, 2.0, 0.1]), B2),
    ),
    "solve_circulant": (plain("solve_circulant"), (np.array([3.0, 1.0, 0.5]), B1)),
    "solve_circulant of matrices": (plain("solve_circulant"), (np.array([3.0, 1.0, 0.5]), B2)),
    "solve_circulant, singular": (plain("solve_circulant"), (np.ones(3), B1)),
    "fractional_matrix_power": (plain("fractional_matrix_power", 0.5), (P,)),
    "fractional_matrix_power, whole": (plain("fractional_matrix_power", 3), (P,)),
    "expm_frechet": (plain("expm_frechet"), (S, P)),
    "signm": (plain("signm"), (P,)),
    "funm": (lambda m, a: m.funm(a, lambda x: x * x + 1), (P,)),
    "block_diag": (plain("block_diag"), (M, B1)),
    "leslie": (plain("leslie"), (B1, B1[:2])),
    **options("convolution_matrix", (B1,), {"n": 4}, {"n": 4, "mode": "same"}, {"n": 2, "mode": "valid"}),
    "toeplitz of two": (plain("toeplitz"), (B1, V)),
    "hankel of two": (plain("hankel"), (B1, V)),
    "toeplitz of complex": (plain("toeplitz"), (Z[0],)),
    "dft": (lambda m: (m.dft(3), m.dft(3, scale="n"), m.dft(3, "sqrtn")), ()),
    "hadamard": (lambda m: (m.hadamard(4), m.hadamard(2, dtype=float)), ()),
    "fixed matrices": (
        lambda m: (
            m.helmert(3),
            m.helmert(3, full=True),
            m.hilbert(3),
            m.invhilbert(3),
            m.invhilbert(3, exact=True),
            m.pascal(3),
            m.pascal(3, "lower"),
            m.invpascal(3),
        ),
        (),
    ),
    "qr_multiply": (plain("qr_multiply"), (N, _floats(2, 4, seed=12))),
    "ishermitian": (plain("ishermitian"), (H,)),
    "issymmetric(atol)": (plain("issymmetric", atol=10.0), (S,)),
}


def _order(m: Any, a: Any) -> Any:
    import wengert.numpy as wnp

    values = m.eig(a)[0]
    return wnp.argsort(values.real)


def _wsort(m: Any, a: Any) -> Any:
    import wengert.numpy as wnp

    return wnp.sort(wnp.abs(wnp.diagonal(m.schur(a, output="complex")[0])))


STATS: dict[str, Case] = {
    **options(
        "rankdata",
        (TIES,),
        {},
        {"axis": 0},
        {"axis": 1},
        *({"method": k} for k in ("min", "max", "dense", "ordinal")),
        *({"method": k, "axis": 1} for k in ("min", "max", "dense", "ordinal")),
    ),
    **{
        f"gaps {k}": v
        for k, v in options(
            "rankdata",
            (GAP,),
            {},
            {"axis": 1},
            {"method": "min"},
            {"method": "dense", "axis": 0},
            *NANS,
            *({**n, "axis": 1} for n in NANS),
        ).items()
    },
    **options("mode", (TIES,), *KEEP),
    **{
        f"gaps {k}": v
        for k, v in options("mode", (GAP,), {}, *({**n, "axis": a} for n in NANS for a in (0, 1, None))).items()
    },
    **options("sem", (M,), *KEEP, {"ddof": 0}),
    **{
        f"gaps {k}": v
        for k, v in options("sem", (GAP,), *({**n, "axis": a} for n in NANS for a in (0, 1, None))).items()
    },
    **options("skew", (M,), *KEEP, {"bias": False}),
    **{
        f"gaps {k}": v
        for k, v in options("skew", (GAP,), *({**n, "axis": a} for n in NANS for a in (0, 1, None))).items()
    },
    **options("kurtosis", (M.T,), *KEEP, {"bias": False}, {"fisher": False}),
    **{
        f"gaps {k}": v
        for k, v in options("kurtosis", (GAP,), *({**n, "axis": a} for n in NANS for a in (0, 1, None))).items()
    },
    **options("zscore", (M,), *AXES, {"ddof": 1}),
    **{
        f"gaps {k}": v
        for k, v in options("zscore", (GAP,), *({**n, "axis": a} for n in NANS for a in (0, 1, None))).items()
    },
    **options("gmean", (M,), *KEEP),
    **{
        f"gaps {k}": v
        for k, v in options("gmean", (GAP,), *({**n, "axis": a} for n in NANS for a in (0, 1, None))).items()
    },
    **options("hmean", (M,), *KEEP),
    **{
        f"gaps {k}": v
        for k, v in options("hmean", (GAP,), *({**n, "axis": a} for n in NANS for a in (0, 1, None))).items()
    },
    "gmean(weights)": (lambda m, a, w: m.gmean(a, weights=w), (M, M + 1)),
    "hmean(weights)": (lambda m, a, w: m.hmean(a, axis=1, weights=w), (M, M + 1)),
    "hmean of negative numbers": (plain("hmean"), (M - 0.5,)),
    "gmean of 0": (plain("gmean"), (np.array([0.0, 1.0]),)),
    **options("entropy", (M,), *AXES, {"base": 2}, {"keepdims": True}),
    **{f"gaps {k}": v for k, v in options("entropy", (GAP,), *NANS).items()},
    "entropy of two": (plain("entropy"), (M, M[::-1] + 0.1)),
    "entropy of two, broadcast": (lambda m, p, q: m.entropy(p, q[:, None]), (M, B1)),
    "constant skew": (plain("skew"), (np.ones((4, 2)),)),
    "constant kurtosis": (plain("kurtosis"), (np.ones((4, 2)),)),
    "constant zscore": (plain("zscore"), (np.ones((4, 2)),)),
    "one number": (lambda m: (m.skew([1.0]), m.kurtosis([1.0])), ()),
    **{
        f"multivariate_normal.{k} {label}": (lambda m, x, k=k, a=a: getattr(m.multivariate_normal, k)(x, *a), (x,))
        for k in ("pdf", "logpdf")
        for label, x, a in (
            ("of numbers", np.array([1.0, 2.0]), ()),
            ("of scalar mean and covariance", np.array([1.0, 2.0]), (0.0, 1.0)),
            ("at a number", np.array(0.5), (0.5, 2.0)),
            ("of a vector mean", B1, (B1 + 0.1, 1.0)),
            ("of a vector mean and matrix", B1, (B1 + 0.1, P)),
            ("of points", _floats(5, 3, seed=13), (B1, P)),
            ("of a stack of points", _floats(2, 5, 3, seed=13), (B1, P)),
            ("of variances", _floats(5, 3, seed=13), (B1, B1)),
            ("of variances alone", _floats(5, 3, seed=13), (None, B1)),
            ("of a matrix alone", B1, (None, P)),
            ("of a 1x1 matrix", np.array([0.1, 0.2, 0.4]), (0.0, [[2.0]])),
            ("of one mean and a number", np.array([0.1, 0.2, 0.4]), ([0.3], 2.0)),
            ("of a lower triangle", B1, (B1 + 0.1, LOW)),
            ("singular, allowed", B1, (None, np.diag([1.0, 2.0, 0.0]), True)),
            ("singular", B1, (None, np.diag([1.0, 2.0, 0.0]))),
            ("indefinite", B1, (None, np.diag([1.0, 2.0, -1.0]))),
            ("of wrong dimensions", B1, (np.zeros(2), np.eye(3))),
        )
    },
    "multivariate_normal.entropy": (
        lambda m, c: (
            m.multivariate_normal.entropy(None, c),
            m.multivariate_normal.entropy(0, 2.0),
            m.multivariate_normal.entropy(cov=c),
        ),
        (P,),
    ),
    "multivariate_normal, frozen": (
        lambda m, x, c: (
            m.multivariate_normal(None, c).logpdf(x),
            m.multivariate_normal(cov=c).pdf(x),
            m.multivariate_normal(cov=c).entropy(),
        ),
        (B1, P),
    ),
    **{
        f"dirichlet.{k} {label}": (lambda m, x, k=k, a=a: getattr(m.dirichlet, k)(x, a), (np.array(x),))
        for k in ("pdf", "logpdf")
        for label, x, a in (
            ("inside", [0.2, 0.3, 0.5], [1.5, 2.0, 0.7]),
            ("without the last", [0.2, 0.3], [1.5, 2.0, 0.7]),
            ("of points", [[0.2, 0.6], [0.3, 0.1], [0.5, 0.3]], [1.5, 2.0, 0.7]),
            ("not a sum of 1", [0.2, 0.3, 0.6], [1.5, 2.0, 0.7]),
            ("outside", [-0.2, 0.7, 0.5], [1.5, 2.0, 0.7]),
            ("at 0", [0.0, 0.5, 0.5], [1.5, 2.0, 0.7]),
            ("at 0 with alpha below 1", [0.0, 0.5, 0.5], [0.5, 2.0, 0.7]),
            ("of wrong parameters", [0.2, 0.3, 0.5], [1.5, -2.0, 0.7]),
            ("of wrong length", [0.2, 0.8], [1.5, 2.0, 0.7, 1.0]),
        )
    },
    "dirichlet moments": (
        lambda m, a: (m.dirichlet.mean(a), m.dirichlet.var(a), m.dirichlet.entropy(a)),
        (np.array([1.5, 2.0, 0.7]),),
    ),
    **{
        f"multinomial.{k} {label}": (lambda m, x, k=k, n=n, p=p: getattr(m.multinomial, k)(x, n, p), (np.array(x),))
        for k in ("pmf", "logpmf")
        for label, x, n, p in (
            ("inside", [1, 2, 2], 5, [0.2, 0.3, 0.5]),
            ("wrong sum", [1, 2, 1], 5, [0.2, 0.3, 0.5]),
            ("negative", [-1, 4, 2], 5, [0.2, 0.3, 0.5]),
            ("fractions", [1.5, 1.5, 2], 5, [0.2, 0.3, 0.5]),
            ("of rows", [[1, 2, 2], [5, 0, 0]], 5, [0.2, 0.3, 0.5]),
            ("probabilities of another sum", [1, 2, 2], 5, [0.2, 0.3, 0.1]),
            ("probabilities above 1", [1, 2, 2], 5, [1.2, 0.3, 0.1]),
            ("a probability of 0", [0, 3, 2], 5, [0.0, 0.5, 0.5]),
            ("negative n", [0, 0, 0], -1, [0.2, 0.3, 0.5]),
            ("no draws", [0, 0, 0], 0, [0.2, 0.3, 0.5]),
        )
    },
    "multinomial moments": (lambda m: m.multinomial.cov(3, [0.2, 0.8]), ()),
    **{
        f"gaussian_kde {label}": (
            lambda m, x, p, a=a: (
                lambda k: (k(p), k.pdf(p), k.logpdf(p), k.factor, k.covariance, k.inv_cov, k.n, k.d, k.neff)
            )(m.gaussian_kde(x, *a)),
            (x, p),
        )
        for label, x, p, a in (
            ("in one dimension", V, np.array([0.1, 0.5]), ()),
            ("silverman", V, np.array([0.1, 0.5]), ("silverman",)),
            ("a number", V, np.array([0.1, 0.5]), (0.3,)),
            ("in two dimensions", _floats(2, 9, seed=14), _floats(2, 3, seed=15), ()),
            ("at one point", _floats(2, 9, seed=14), np.array([0.3, 0.4]), ()),
            ("at a number", V, np.array(0.4), ()),
            ("weighted", V, np.array([0.1, 0.5]), (None, W)),
        )
    },
    "gaussian_kde integrals": (
        lambda m, x: (
            lambda k: (
                k.integrate_box_1d(0, 0.5),
                k.integrate_gaussian([0.3], [[0.2]]),
                k.integrate_gaussian(0.3, 0.2),
                k.integrate_kde(k),
            )
        )(m.gaussian_kde(x)),
        (V,),
    ),
}

SIGNAL: dict[str, Case] = {
    **{
        f"{f}({mode!r})": (plain(f, mode), (M, M[:2, :2]))
        for f in ("convolve", "correlate", "fftconvolve", "convolve2d", "correlate2d")
        for mode in ("full", "same", "valid")
    },
    **{
        f"{f}({mode!r}), vectors": (plain(f, mode), (V, W[:3]))
        for f in ("convolve", "correlate", "fftconvolve")
        for mode in ("full", "same", "valid")
    },
    **{
        f"{f}({mode!r}), the second larger": (plain(f, mode), (V[:3], W))
        for f in ("convolve", "correlate", "fftconvolve")
        for mode in ("full", "same", "valid")
    },
    **{
        f"{f}({mode!r}, method={method!r})": (plain(f, mode, method), (V, W[:3]))
        for f in ("convolve", "correlate")
        for mode in ("full", "same", "valid")
        for method in ("direct", "fft")
    },
    **{
        f"{f}, {mode}, {boundary}": (plain(f, mode, boundary, fillvalue=0.5), (M, M[:2, :3]))
        for f in ("convolve2d", "correlate2d")
        for mode in ("full", "same", "valid")
        for boundary in ("fill", "wrap", "symm")
    },
    "fftconvolve(axes=0)": (plain("fftconvolve", axes=0), (M, M[:2])),
    "fftconvolve of complex": (plain("fftconvolve"), (Z, S)),
    "correlate of complex": (plain("correlate"), (Z, Z[:2, :2])),
    "lfilter": (plain("lfilter"), (np.array([1.0, 0.5]), np.array([2.0, -0.3, 0.1]), LONG)),
    "lfilter(axis=0)": (plain("lfilter", axis=0), (np.array([1.0, 0.5]), np.array([2.0, -0.3, 0.1]), LONG2)),
    "lfilter(zi)": (
        lambda m, b, a, x, z: m.lfilter(b, a, x, zi=z),
        (np.array([1.0, 0.5]), np.array([2.0, -0.3, 0.1]), LONG, np.array([0.3, 0.1])),
    ),
    "lfilter without recursion": (plain("lfilter"), (np.array([1.0, 0.5, 0.2]), np.array([2.0]), LONG)),
    "sosfilt": (plain("sosfilt"), (np.array([[1.0, 0.5, 0.1, 1.0, -0.3, 0.1], [1.0, 0.0, 0.0, 1.0, 0.2, 0.0]]), LONG)),
    "sosfilt(zi)": (
        lambda m, s, x, z: m.sosfilt(s, x, zi=z),
        (
            np.array([[1.0, 0.5, 0.1, 1.0, -0.3, 0.1], [1.0, 0.0, 0.0, 1.0, 0.2, 0.0]]),
            LONG,
            np.array([[0.1, 0.2], [0.3, 0.4]]),
        ),
    ),
    **options(
        "detrend",
        (LONG2,),
        {},
        {"axis": 0},
        {"type": "constant"},
        {"type": "c"},
        {"type": "l", "bp": [10, 30]},
        {"bp": 15},
    ),
    **options("hilbert", (LONG2,), {}, {"axis": 0}, {"N": 30}, {"N": 50}, {"N": 33}),
    **options(
        "welch",
        (LONG,),
        {"nperseg": 16},
        {"nperseg": 15, "scaling": "spectrum"},
        {"nperseg": 16, "window": "hamming", "detrend": "linear"},
        {"nperseg": 16, "return_onesided": False},
        {"nperseg": 16, "average": "median"},
        {"nperseg": 16, "detrend": False, "fs": 2.0, "nfft": 32},
        {},
        {"window": ("kaiser", 4.0), "nperseg": 8, "noverlap": 2},
    ),
    **{
        f"rows {k}": v
        for k, v in options("welch", (LONG2,), {"nperseg": 16}, {"nperseg": 2, "axis": 0, "detrend": False}).items()
    },
    **options(
        "periodogram",
        (LONG2,),
        {},
        {"scaling": "spectrum"},
        {"window": "hann"},
        {"nfft": 64},
        {"nfft": 30},
        {"detrend": False, "fs": 3.0},
        {"axis": 0, "detrend": False},
    ),
    **options("csd", (LONG, LONG2[1]), {"nperseg": 16}, {"nperseg": 16, "average": "median"}, {}),
    **options("coherence", (LONG, LONG2[1]), {"nperseg": 16}),
    **options(
        "spectrogram",
        (LONG,),
        {"nperseg": 16},
        {"nperseg": 16, "mode": "magnitude"},
        {"nperseg": 16, "mode": "complex"},
        {"nperseg": 16, "mode": "angle"},
        {"nperseg": 16, "mode": "phase"},
        {"nperseg": 16, "scaling": "spectrum"},
    ),
    **options(
        "stft",
        (LONG,),
        {"nperseg": 16},
        {"nperseg": 16, "boundary": None},
        {"nperseg": 16, "boundary": "even", "padded": False},
        {"nperseg": 16, "boundary": "odd"},
        {"nperseg": 16, "boundary": "constant", "scaling": "psd"},
        {"nperseg": 15, "noverlap": 10, "window": "boxcar"},
        {"nperseg": 16, "detrend": "linear"},
    ),
    "istft": (lambda m, x: m.istft(m.stft(x, nperseg=16)[2], nperseg=16), (LONG,)),
    "istft(scaling='psd')": (
        lambda m, x: m.istft(m.stft(x, nperseg=16, scaling="psd")[2], nperseg=16, scaling="psd"),
        (LONG,),
    ),
    "stft of rows along 0": (plain("stft", nperseg=8, axis=0), (LONG2.T.copy(),)),
}

FFT: dict[str, Case] = {
    **each("fft ifft rfft ihfft fft2 ifft2 rfft2 fftn ifftn rfftn irfft hfft irfft2 irfftn fftshift ifftshift", M),
    **{
        f"{f}, {norm}": (plain(f, norm=norm), (M,))
        for f in ("fft", "ifft", "rfft", "irfft", "hfft", "ihfft", "fftn", "irfftn")
        for norm in ("backward", "ortho", "forward")
    },
    **{f"{f}, n={n}": (plain(f, n), (M,)) for f in ("fft", "ifft", "rfft", "irfft", "hfft", "ihfft") for n in (3, 6)},
    **{f"{f}, axis 0": (plain(f, axis=0), (M,)) for f in ("fft", "ifft", "rfft", "irfft", "hfft", "ihfft")},
    **{
        f"{f}, type {t}, {norm}": (plain(f, t, norm=norm), (M,))
        for f in ("dct", "idct", "dst", "idst", "dctn", "idctn", "dstn", "idstn")
        for t in (1, 2, 3, 4)
        for norm in (None, "ortho", "forward")
    },
    **{f"{f}, n=6": (plain(f, n=6), (M,)) for f in ("dct", "idct", "dst", "idst")},
    **{
        f"{f}, s and axes": (plain(f, s=(2, 5), axes=(1, 0)), (M,))
        for f in ("dctn", "idctn", "dstn", "idstn", "fftn", "ifftn", "rfftn", "irfftn", "fft2", "rfft2")
    },
    **{
        f"{f}, not orthogonal": (plain(f, 2, norm="ortho", orthogonalize=False), (M,))
        for f in ("dct", "idct", "dst", "idst")
    },
    "frequencies": (
        lambda m: (m.fftfreq(5), m.fftfreq(4, 0.5), m.rfftfreq(5), m.rfftfreq(4, 0.5), m.next_fast_len(97)),
        (),
    ),
    "fftn, overwrite": (plain("fft", None, -1, None, True), (M,)),
}

INTEGRATE: dict[str, Case] = {
    **options("trapezoid", (M,), {}, {"axis": 0}, {"dx": 0.5}),
    **options("simpson", (M,), {}, {"axis": 0}, {"dx": 0.5}),
    **options("cumulative_trapezoid", (M,), {}, {"axis": 0}, {"dx": 0.5}, {"initial": 0}, {"initial": 1}),
    **{
        f"{f} with x, {n}": (lambda m, y, x, f=f: getattr(m, f)(y, x=x), (V[:n], np.cumsum(W)[:n]))
        for f in ("trapezoid", "simpson", "cumulative_trapezoid")
        for n in (2, 3, 4, 5, 8)
    },
    **{
        f"{f} with falling x": (lambda m, y, x, f=f: getattr(m, f)(y, x), (V, -np.cumsum(W)))
        for f in ("trapezoid", "cumulative_trapezoid")
    },
    **{
        f"{f} of rows with x": (lambda m, y, x, f=f: getattr(m, f)(y, x=x, axis=0), (N, np.cumsum(W)[:4]))
        for f in ("trapezoid", "simpson", "cumulative_trapezoid")
    },
    "simpson of one": (plain("simpson"), (V[:1],)),
    "simpson with equal x": (lambda m: m.simpson(np.array([1.0, 2.0, 3.0]), x=np.array([0.0, 1.0, 1.0])), ()),
    "simpson with wrong x": (lambda m: m.simpson(np.ones(4), x=np.ones(3)), ()),
    "odeint": (
        lambda m: m.odeint(lambda y, t: [y[1], -y[0]], [1.0, 0.0], np.array([0.0, 1.0, 2.0]), rtol=1e-10, atol=1e-10),
        (),
    ),
    "odeint, args": (
        lambda m: m.odeint(
            lambda y, t, a, b: -a * y + b, 1.0, np.array([0.0, 1.0, 2.0]), args=(2.0, 0.1), rtol=1e-10, atol=1e-10
        ),
        (),
    ),
    "odeint, args by place": (
        lambda m: m.odeint(
            lambda y, t, a, b: -a * y + b, [1.0], np.array([0.0, 1.0, 2.0]), (2.0, 0.1), rtol=1e-10, atol=1e-10
        ),
        (),
    ),
    "odeint, tfirst": (
        lambda m: m.odeint(
            lambda t, y: -t * y, [1.0, 2.0], np.array([0.0, 1.0, 2.0]), tfirst=True, rtol=1e-10, atol=1e-10
        ),
        (),
    ),
    "odeint, np.array": (
        lambda m: m.odeint(
            lambda y, t: np.array([y[1], -y[0]]),
            np.array([1.0, 0.0]),
            np.array([0.0, 1.0]),
            hmax=0.0,
            mxstep=0,
            rtol=1e-10,
            atol=1e-10,
        ),
        (),
    ),
}

INTERPOLATE: dict[str, Case] = {
    **{
        f"interp1d({c})": (lambda m, x, y, p, c=c: m.interp1d(x, y, **c)(p), (KNOTS, HEIGHTS, ASK))
        for c in (
            {"fill_value": "extrapolate"},
            {"bounds_error": False},
            {"bounds_error": False, "fill_value": 0.0},
            {"bounds_error": False, "fill_value": (1.0, 2.0)},
            {},
            {"kind": "nearest", "bounds_error": False},
            {"kind": "nearest-up", "bounds_error": False},
            {"kind": "previous", "bounds_error": False},
            {"kind": "next", "bounds_error": False},
            {"kind": "zero", "bounds_error": False},
            {"kind": "cubic", "bounds_error": False},
            {"kind": "nearest", "fill_value": "extrapolate"},
        )
    },
    "interp1d, unsorted": (lambda m, p: m.interp1d([1.0, 0.0, 3.0], [2.0, 1.0, 5.0], bounds_error=False)(p), (ASK,)),
    "interp1d, axis 0": (lambda m, y, p: m.interp1d(KNOTS, y, axis=0)(p), (_floats(5, 2, seed=16), ASK[1:6])),
    **{
        f"CubicSpline({c})": (lambda m, x, y, p, c=c: m.CubicSpline(x, y, **c)(p), (KNOTS, HEIGHTS, ASK))
        for c in (
            {},
            {"bc_type": "natural"},
            {"bc_type": "clamped"},
            {"bc_type": ((1, 0.5), (2, 0.1))},
            {"extrapolate": False},
            {"extrapolate": "periodic"},
        )
    },
    "CubicSpline, derivatives": (
        lambda m, x, y, p: (
            m.CubicSpline(x, y)(p, 1),
            m.CubicSpline(x, y)(p, nu=2),
            m.CubicSpline(x, y)(p, 3),
            m.CubicSpline(x, y)(p, extrapolate=False),
        ),
        (KNOTS, HEIGHTS, ASK),
    ),
    "CubicSpline, periodic": (
        lambda m, x, p: m.CubicSpline(x, np.array([1.0, -0.5, 0.7, 0.2, 1.0]), bc_type="periodic")(p),
        (KNOTS, ASK),
    ),
    "CubicSpline, integral": (
        lambda m, x, y: (m.CubicSpline(x, y).integrate(0.2, 2.5), m.CubicSpline(x, y).integrate(-1, 4)),
        (KNOTS, HEIGHTS),
    ),
    **{
        f"{f}": (lambda m, x, y, p, f=f: getattr(m, f)(x, y)(p), (KNOTS, HEIGHTS, ASK))
        for f in ("PchipInterpolator", "Akima1DInterpolator")
    },
    "Pchip without extrapolation": (
        lambda m, x, y, p: m.PchipInterpolator(x, y, extrapolate=False)(p),
        (KNOTS, HEIGHTS, ASK),
    ),
    "Akima with": (lambda m, x, y, p: m.Akima1DInterpolator(x, y, extrapolate=True)(p), (KNOTS, HEIGHTS, ASK)),
    "CubicHermiteSpline": (lambda m, x, y, d, p: m.CubicHermiteSpline(x, y, d)(p), (KNOTS, HEIGHTS, HEIGHTS / 2, ASK)),
    "PPoly": (
        lambda m, c, p: (
            m.PPoly(c, np.array([0.0, 1.0, 2.0]))(p),
            m.PPoly(c, np.array([0.0, 1.0, 2.0]), extrapolate=False)(p),
            m.PPoly(c, np.array([0.0, 1.0, 2.0])).derivative()(p),
            m.PPoly(c, np.array([0.0, 1.0, 2.0])).antiderivative()(p),
        ),
        (_floats(3, 2, seed=17), ASK),
    ),
    **{
        f"RegularGridInterpolator({c})": (
            lambda m, v, p, c=c: m.RegularGridInterpolator((np.arange(4.0), np.arange(5.0)), v, **c)(p),
            (IMAGE, p),
        )
        for c, p in (
            ({}, PLACES.T[1:2] * 0 + 1.3),
            ({}, PLACES.T),
            ({"bounds_error": False}, PLACES.T),
            ({"bounds_error": False, "fill_value": None}, PLACES.T),
            ({"bounds_error": False, "fill_value": 0.0}, PLACES.T),
            ({"method": "nearest", "bounds_error": False}, PLACES.T),
            ({"method": "nearest", "bounds_error": False, "fill_value": None}, PLACES.T),
        )
    },
    "interpn": (
        lambda m, v, p: m.interpn((np.arange(4.0), np.arange(5.0)), v, p),
        (IMAGE, np.array([[0.5, 1.5], [2.2, 3.3]])),
    ),
    "interpn, outside": (lambda m, v, p: m.interpn((np.arange(4.0), np.arange(5.0)), v, p), (IMAGE, PLACES.T)),
    "interpn, filled": (
        lambda m, v, p: m.interpn((np.arange(4.0), np.arange(5.0)), v, p, "nearest", False, 7.0),
        (IMAGE, PLACES.T),
    ),
}

MODES = ("reflect", "grid-mirror", "constant", "grid-constant", "nearest", "mirror", "grid-wrap", "wrap")
NDIMAGE: dict[str, Case] = {
    **{
        f"map_coordinates, order {k}, {mode}": (plain("map_coordinates", order=k, mode=mode, cval=0.3), (IMAGE, PLACES))
        for k in range(6)
        for mode in MODES
    },
    "map_coordinates": (plain("map_coordinates"), (IMAGE, PLACES)),
    "map_coordinates, output": (plain("map_coordinates", np.float32, 1), (IMAGE, PLACES)),
    "map_coordinates without prefilter": (plain("map_coordinates", prefilter=False), (IMAGE, PLACES)),
    **{
        f"spline_filter, order {k}, {mode}": (plain("spline_filter", k, mode=mode), (IMAGE,))
        for k in (2, 3, 5)
        for mode in ("mirror", "reflect", "grid-wrap")
    },
    "spline_filter1d": (plain("spline_filter1d", 3, 0), (IMAGE,)),
    "spline_filter1d, output": (plain("spline_filter1d", 3, 0, np.float32), (IMAGE,)),
}

VQ: dict[str, Case] = {
    "vq": (plain("vq"), (_floats(6, 2, seed=18), _floats(3, 2, seed=19))),
    "vq of numbers": (plain("vq"), (V, W[:3])),
}

_Q = _floats(4, seed=20) - 0.5
ROTATION: dict[str, Case] = {
    **{
        label: (lambda m, q, f=f: f(m.Rotation, q), (_Q,))
        for label, f in {
            "from_quat": lambda R, q: R.from_quat(q).as_matrix(),
            "from_quat(scalar_first)": lambda R, q: R.from_quat(q, scalar_first=True).as_matrix(),
            "Rotation(quat)": lambda R, q: R(q, scalar_first=True).as_quat(),
            "as_quat": lambda R, q: R.from_quat(q).as_quat(),
            "as_quat(canonical)": lambda R, q: R.from_quat(-q).as_quat(canonical=True),
            "as_quat(scalar_first)": lambda R, q: R.from_quat(q).as_quat(scalar_first=True),
            "as_rotvec": lambda R, q: R.from_quat(q).as_rotvec(),
            "as_rotvec(degrees)": lambda R, q: R.from_quat(q).as_rotvec(degrees=True),
            "from_rotvec(degrees)": lambda R, q: R.from_rotvec(90 * q[:3], degrees=True).as_quat(),
            "as_mrp": lambda R, q: R.from_quat(q).as_mrp(),
            "from_mrp": lambda R, q: R.from_mrp(q[:3]).as_quat(),
            "magnitude": lambda R, q: R.from_quat(q).magnitude(),
            "inv": lambda R, q: R.from_quat(q).inv().as_quat(),
            "power": lambda R, q: (R.from_quat(q) ** 2.5).as_matrix(),
            "product": lambda R, q: (R.from_quat(q) * R.from_rotvec(q[1:])).as_quat(),
            "apply": lambda R, q: R.from_quat(q).apply(q[:3]),
            "apply(inverse)": lambda R, q: R.from_quat(q).apply(np.ones((2, 3)), inverse=True),
            "approx_equal": lambda R, q: R.from_quat(q).approx_equal(R.from_quat(-q)),
            "identity": lambda R, q: (R.identity().as_quat(), R.identity(2).as_quat()),
            **{
                f"as_euler({seq!r})": lambda R, q, seq=seq: R.from_quat(q).as_euler(seq)
                for seq in ("xyz", "zyx", "zxz", "XYZ", "ZYZ")
            },
            **{
                f"from_euler({seq!r})": lambda R, q, seq=seq: R.from_euler(
                    seq, 90 * q[: len(seq)], degrees=True
                ).as_quat()
                for seq in ("xyz", "ZYX", "zx", "YX")
            },
            "from_euler of a number": lambda R, q: R.from_euler("z", 90, degrees=True).as_quat(),
            "from_euler of rows": lambda R, q: R.from_euler("z", [[90], [30]], degrees=True).as_quat(),
            "mean": lambda R, q: R.from_rotvec([[0.1, 0.2, 0.3], [0.2, 0.0, 0.4]]).mean().as_matrix(),
            "from_matrix": lambda R, q: R.from_matrix(R.from_quat(q).as_matrix()).as_matrix(),
        }.items()
    },
    "a zero quaternion": (lambda m: m.Rotation.from_quat([0.0, 0, 0, 0]), ()),
    "Slerp": (
        lambda m: m.Slerp([0.0, 1.0, 3.0], m.Rotation.from_euler("z", [[0], [90], [30]], degrees=True))(
            [0.5, 2.0]
        ).as_quat(),
        (),
    ),
}

CASES: dict[str, dict[str, Case]] = {
    "special": SPECIAL, "linalg": LINALG, "stats": STATS, "signal": SIGNAL, "fft": FFT, "integrate": INTEGRATE,
    "interpolate": INTERPOLATE, "ndimage": NDIMAGE, "cluster.vq": VQ, "spatial.transform": ROTATION,
}  # fmt: skip

_NAN, _INF = np.nan, np.inf
_P = [0.3, 0.0, 1.0, -0.1, 1.5, _NAN]
_POSITIVE = [1.5, 1.0, 2.0, 3.5, 0.5, 0.0, -1.0, _NAN]
# The values of each shape parameter.
DISTRIBUTIONS: dict[str, list[list[float]]] = {
    **dict.fromkeys("norm cauchy laplace logistic gumbel_r gumbel_l expon halfnorm uniform".split(), []),  # noqa: RUF024 (read only)
    "t": [[2.5, 1.0, 2.0, 1e3, 0.0, -1.0, _NAN, _INF]], "gennorm": [_POSITIVE], "vonmises": [[1.5, 0.0, -1.0, 30.0, _NAN]],
    "gamma": [_POSITIVE], "chi2": [_POSITIVE], "invgamma": [_POSITIVE], "lognorm": [_POSITIVE], "weibull_min": [_POSITIVE],
    "pareto": [_POSITIVE], "beta": [[2.5, 1.0, 0.5, 0.0, -1.1, _NAN], [1.5, 1.0, 0.5, 0.0, -1.1]],
    "truncnorm": [[-1.0, 0.5, -_INF, 2.0, _NAN], [1.5, _INF, -1.0, 2.0]], "wrapcauchy": [_P],
    "bernoulli": [_P], "binom": [[5.0, 0.0, 2.5, -1.0, _NAN], _P], "betabinom": [[5.0, 0.0, 2.5, -1.0], [1.5, 0.0, -1.0, _NAN], [0.7, -1.0]],
    "geom": [_P], "nbinom": [[3.5, 0.0, 1.0, -1.0, _NAN], _P], "poisson": [[2.5, 0.0, -1.0, 1e3, _NAN]],
}  # fmt: skip
PLACES_AND_SCALES = [(0.0, 1.0), (0.5, 2.0), (1.0, 0.0), (1.0, -1.0), (_NAN, 1.0), (0.0, _NAN), (1.0, 2.0)]
POINTS = np.array([-_INF, -3, -1, -0.5, 0, 0.25, 0.5, 1, 1.7, 2, 3, 5, 6, 40, _INF, _NAN])
PROBABILITIES = np.array([-0.1, 0, 1e-3, 0.25, 0.5, 0.9, 1, 1.1, _NAN])

# What differs on purpose: patterns of lines that `meaning_scipy.py` prints, and why. The page in docs/ has them as a table.
DEVIATIONS: tuple[tuple[str, str], ...] = (
    (
        r"^special\.comb \[float\d+ points\] value: nan; SciPy: 0.0 .*nan",
        "NaN gives NaN; SciPy counts it as out of range",
    ),
    (
        r"^linalg\.[^[]*\[bool \w+\] dtype: (float|complex)(64|128); SciPy: (float|complex|bool)",
        "truth values become float64; SciPy's linear algebra makes float32 of them",
    ),
    (
        r"^linalg\.(logm|signm|eigvals|polar\(side='left'\)|schur|qr\(.*|qr\b.*|fractional_matrix_power.*|eig, values) \[bool \w+\] value",
        "of a singular matrix of ones rounding decides, in float64 otherwise than in float32",
    ),
    (
        r"^linalg\.(signm|funm) \[bool \w+\] refused: LinAlgError",
        "a singular matrix has no sign; rounding in float32 hides it",
    ),
    (
        r"^linalg\.solve_circulant, singular \[\w+ (traced|compiled)\] allowed",
        "checks of values are left out where these are traced",
    ),
    (
        r"^linalg\.solve_circulant.*\[bool \w+\] allowed",
        "checks of values are left out where these are traced; SciPy's finds near singular in float32",
    ),
    (
        r"^linalg\.(logm|sqrtm|fractional_matrix_power|signm|funm)\b.*dtype: complex",
        "always complex: whether the result is real depends on values, which may be traced",
    ),
    (
        r"^(spatial\.transform|ndimage|interpolate|integrate|stats|linalg|signal|special)\.[^[]*\[float32 \w+\] dtype: (float32|complex64); SciPy: (float64|complex128)",
        "float32 stays float32, where SciPy sums or solves in float64",
    ),
    (
        r"^special\.[^[]*\[(bool|u?int\d+|float16|float32|complex64) mixed\] dtype: (float32|complex64); SciPy: (float64|complex128).*(float32|np.int64|[0-9]\)? in place|int8)",
        "float32 stays float32, where SciPy has a loop of float64 first",
    ),
    (r"^special\.eval_hermite(norm)? \[\w+ mixed\] allowed", "a degree that is a whole number may be a floating one"),
    (r"^special\.loggamma \[complex64 mixed\] refused", "real only here; the message names the branch that there is"),
    (
        r"^special\.\w+\([^)]*nan[^)]*\) \[float64 domain\] value: nan",
        "NaN gives NaN, whatever the other arguments are",
    ),
    (r"^special\.kn\(nan, 0\) \[float64 domain\]", "the pole at 0 is that of every order"),
    (
        r"^special\.poch\(.*\) \[float64 domain\] value: (nan|-inf); SciPy: inf",
        "at a pole NaN, or infinite with the sign of a side",
    ),
    (r"^special\.gdtrix\(0, 0, 1\) \[float64 domain\]", "no rate and no shape: SciPy has NaN for infinity there"),
    (
        r"^special\..*\[complex64 mixed\] allowed",
        "the formula holds for complex numbers, for which SciPy has no compiled code",
    ),
    (
        r"\[number \w+\] error: (ShapeError|AxisError|MatrixError): .*SciPy: (IndexError|ZeroDivisionError|RuntimeError|LinAlgError|ValueError|TypeError)",
        "a number in the place of an array: an error that names the shape, where SciPy's is of what it runs into",
    ),
    (
        r"^linalg\.(lu_factor|qr_multiply|fiedler_companion|sqrtm|solve.*|inv.*|solve_\w+) \[number \w+\] refused: (ShapeError|MatrixError)",
        "a number is no matrix; SciPy gives an array without axes, or expm for sqrtm",
    ),
    (
        r"^stats\.multivariate_normal\.[^[]*\[number \w+\] refused: ShapeError",
        "one coordinate is no point of three dimensions; SciPy repeats it",
    ),
    (
        r"^cluster\.vq\.vq\b.* \[(number|empty) \w+\] refused: ShapeError",
        "observations and codes are rows, and there is a code",
    ),
    (
        r"^linalg\.(hankel|convolution_matrix)\b[^[]*\[number \w+\] allowed",
        "a number counts as a vector of one element, as for toeplitz",
    ),
    (r"^fft\.i?fftshift \[number \w+\] allowed", "a number is where it is"),
    (r"\[empty \w+\] error: (ShapeError|MatrixError): ", "arrays without elements: an error that names the shape"),
    (
        r"^signal\.(convolve|correlate)(2d)?\b.*\[empty \w+\] refused: ShapeError",
        "signals without elements are refused by SciPy too, but where shapes happen to fit",
    ),
    (r"^signal\.(sosfilt|detrend\(.*) \[empty \w+\] allowed", "nothing filtered is nothing; SciPy fails inside"),
    (r"^fft\.i?d[cs]tn[^[]*\[empty \w+\] allowed", "the transform of nothing along axes that are not transformed"),
    (r"^linalg\.fiedler \[empty \w+\] shape", "a stack of no vectors, where SciPy takes a vector"),
    (r"^linalg\.fiedler_companion \[empty \w+\] refused", "a polynomial has coefficients"),
    (
        r"^linalg\.(lu_solve\(.*\)|solve_sylvester) \[empty \w+\] refused: (ShapeError|MatrixError)",
        "the shapes do not fit together; SciPy looks at the sizes first",
    ),
    (r"^special\.(log_)?softmax[^[]*\[empty \w+\] allowed", "rows of nothing; SciPy's maximum fails"),
    (r"^special\.logsumexp[^[]*\[empty \w+\] allowed", "the sum of nothing; SciPy's index fails"),
    (r"^stats\.gaussian_kde[^[]*\[empty \w+\] allowed", "points without dimensions; SciPy counts elements"),
    (r"^stats\.(gaps )?mode\([^[]*\[empty \w+\] dtype: int64", "counts are whole numbers, of nothing too"),
    (r"^interpolate\.[^[]*\[empty \w+\] error: NotSupportedError", "is refused; the message names 'previous'"),
    (
        r"^(integrate\.(trapezoid|simpson)|signal\.(convolve|correlate|lfilter|sosfilt)|linalg\.(coshm|sinhm|tanhm|companion)|special\.(log_)?softmax|special\.factorial|stats\.(gaps )?mode)[^[]*\[bool \w+\] allowed: SciPy: ",
        "truth values count as numbers; SciPy's subtraction or compiled code has none for them",
    ),
    (
        r"^(cluster\.vq\.vq|linalg\.(solve\(.*transposed=True.*\)|eigh_tridiagonal)|special\.(entr|exp2|exprel|huber|inv_boxcox1?p?|pseudo_huber|factorial)|stats\.(gaps )?(entropy|rankdata)|stats\.gaussian_kde)[^[]*\[complex128 \w+\] allowed",
        "the formula holds for complex numbers, for which SciPy has no compiled code",
    ),
    (
        r"^(stats\.dirichlet|interpolate\.interp1d|interpolate\.(Pchip|Akima|Cubic)|signal\.sosfilt)[^[]*\[\w+ (traced|compiled)\] allowed: SciPy: (ValueError|TypeError)",
        "checks of values are left out where these are traced",
    ),
    (
        r"^interpolate\.[^[]*\[complex128 \w+\] refused: ArgumentError: .*must be real",
        "places are real numbers; SciPy drops imaginary parts, or compares the real ones",
    ),
    (r"^fft\.i?d[cs]t, not orthogonal \[complex128", "SciPy forgets orthogonalize for complex numbers"),
    (r"^stats\.(gaps )?gmean[^[]*\[bool \w+\] dtype: float64; SciPy: float16", "truth values become float64"),
    (
        r"^stats\.multivariate_normal\.entropy \[bool (traced|compiled)\]",
        "whether a covariance is singular depends on values",
    ),
    (
        r"^stats\.vonmises\.log(cdf|sf) .*: -[\d.]+; SciPy: -(inf|[\d.]+) at",
        "exact in tails, where SciPy has the logarithm of a difference",
    ),
    (
        r"^linalg\.eigvalsh\(subset_by_index=\[0, 1\]\) \[bool \w+\] dtype: float64",
        "truth values become float64; SciPy's linear algebra makes float32 of them",
    ),
    (r"^stats\.dirichlet moments \[empty \w+\] allowed", "moments of no parameters are empty"),
    (
        r"^stats\.(binom|betabinom)\.entropy .*allowed: .*SciPy: (ValueError: arange|RuntimeError: updating)",
        "NaN where a parameter is none; SciPy's sum over counts fails",
    ),
    (r"^stats\.nbinom\.entropy", "SciPy's sum over counts ends too early"),
    (
        r"^stats\.truncnorm\.(entropy|mean|var|std) .*SciPy: (nan|-?inf|[-\d.e]+)",
        "exact in tails and with infinite ends, where SciPy's differences cancel",
    ),
    (
        r"^linalg\.(orth|null_space|bandwidth|pinv\(atol\)).*refused: ConcretizationError",
        "the shape of the result, or what it is compared with, depends on values",
    ),
    (
        r"^linalg\.lstsq.*(traced|compiled)\] shape",
        "whether the residuals are left out depends on the rank, which is not known of traced values",
    ),
    (r"^linalg\.fractional_matrix_power, whole \[int64", "powers are those of floating numbers"),
    (r"^linalg\.issymmetric\(atol\) \[int64", "the tolerance counts for whole numbers too"),
    (r"^linalg\.solve_toeplitz of a pair \[empty", "no equations for two right sides are a solution of shape (0, 2)"),
    (r"^linalg.*\[complex128 .*eigh_tridiagonal", "complex diagonals are refused by SciPy alone"),
    (r"^stats\.\w+\.(log)?p[dm]f .*(x = -?inf|\d\]: ).*(0\.0|-inf); SciPy: nan", "the density at infinity is 0"),
    (r"^stats\.\w+\.logcdf .*nan; SciPy: 0\.0", "SciPy forgets that a parameter lies outside, beyond the support"),
    (
        r"^stats\.gaps mode\(nan_policy='omit'.*dtype: int64",
        "counts are whole numbers; SciPy's are floating beside NaN",
    ),
    (r"^special\.zeta .*nan", "zeta(x) below 1 has no formula here"),
    (
        r"^special\.lambertw .*dtype: float",
        "real for real arguments; NaN below -1/e; write z + 0j for the complex branch",
    ),
    (r"^special\.logsumexp\(.*keepdims.*\[number .*shape", "a number has no axis to keep"),
    (r"^special\.logsumexp of nothing, sign .*SciPy: -1", "the sign of an empty sum is 0"),
    (r"^signal\.(lfilter|sosfilt).*\[int64 .*allowed", "signals of whole numbers are filtered as floating ones"),
    (r"^integrate\.odeint, args \[.*shape: \(3,\)", "the state keeps the structure of y0: a number stays one"),
    (
        r"^ndimage\..*reflect|^ndimage\..*grid-mirror",
        "coefficients are exact solutions; SciPy's recursion starts with a truncated sum",
    ),
    (r"^spatial.transform\.as_mrp \[int64", "of half a turn both signs are right"),
    (r"^spatial.transform\.approx_equal", "a single rotation gives a single answer"),
    (r"^special\.hankel[12] \[.*points", "complex on the negative axis: write z + 0j"),
    (
        r"^special\.(inv_boxcox|inv_boxcox1p|poch) \[.*points",
        "at numbers of 300 digits and infinities SciPy's formulas have other limits",
    ),
    (r"^interpolate\.interp1d\(\{'kind': 'zero'", "is refused; the message names 'previous'"),
    (
        r"signature: .*(out|xp|disp|tol|seed)$",
        "arguments that write into arrays, choose libraries, or that SciPy is removing",
    ),
    (r"^special\.(zeta|lambertw) .*signature", "positional arguments, without tol and out"),
    (
        r"^stats\.(dirichlet|multinomial|multivariate_normal) .*signature",
        "objects whose parameters are those of SciPy's, without seed",
    ),
    (r"^signal\..* signature: window=", "'hann' is 'hann_periodic', the name that newer versions of SciPy have for it"),
    (r"^(linalg\.(logm|sqrtm)) .*signature", "disp and blocksize, which SciPy is removing"),
    (r"^integrate\.odeint .*signature", "SciPy's options of how to solve are taken by name"),
    (r"^ndimage\.spline_filter.* signature: output=None", "the dtype of the image, not always float64"),
    (r"^optimize\.RootResults .*signature", "what root gives; SciPy's class of that name belongs to root_scalar"),
    (r"^optimize\..* signature: .*jit", "jit= is ours"),
    (r"^sparse\.linalg\.gmres .*signature", "restart is 20 by default, as SciPy's None"),
    (r"refused: NotDifferentiableError", "there is no derivative in that argument; the message says so"),
    (r"^special\..*\[bool .*dtype: float64; SciPy: float32", "truth values become float64"),
    (
        r"^stats\.(gaps )?(rankdata|sem|skew|kurtosis|mode|zscore|gmean|hmean|entropy)[^[]*\[complex128 ",
        "complex samples have no order, and SciPy's moments of them lose parts; only values of real ones count",
    ),
    (
        r"^stats\.(multivariate_normal|dirichlet|multinomial|gaussian_kde)[^[]*\[complex128 \w+\] (refused|error|value|dtype)",
        "points are real numbers; SciPy drops imaginary parts with a warning",
    ),
    (r"^special\.(elliprg|comb\(repetition=True\)) \[bool", "arithmetic of truth values"),
    (r"^special\.(digamma|psi) \[complex128 traced", "the derivative at complex numbers is not here"),
    (r"^special\.loggamma \[complex128", "complex arguments are refused"),
    (r"^special\.kl_div \[.*inf; SciPy: nan", "the limit, where SciPy subtracts infinities"),
    (r"^special\.lambertw \[.*points\] value: nan", "real for real arguments; NaN below -1/e"),
    (r"^signal.*\[bool .*dtype: (complex128|float64)", "truth values become float64"),
    (
        r"^spatial.transform\..*\[complex128 .*refused: DtypeError",
        "rotations are made of real numbers; SciPy drops imaginary parts with a warning",
    ),
    (r"^spatial.transform\..*\[complex128 .*error", "rotations are made of real numbers"),
    (r"^ndimage\..*\[bool .*refused: DtypeError", "images of truth values are refused; the message says what to write"),
    (r"^special\.pseudo_huber \[.*points", "linear far out, where SciPy's square overflows; the limit at delta = inf"),
    (
        r"^integrate\.trapezoid.*\[bool (traced|compiled)",
        "that of wengert.numpy, whose sum of truth values is theirs as numbers",
    ),
    (r"^stats\.halfnorm\.logsf", "exact far out, where SciPy's is -inf"),
    (
        r"^stats\.(gennorm|weibull_min|pareto)\.entropy .*(allowed|ZeroDivision)",
        "NaN where a parameter is 0, as for other functions; SciPy divides by it",
    ),
    (r"^stats\.geom\.entropy .*0\.0; SciPy: nan", "the limit at p = 1"),
)
