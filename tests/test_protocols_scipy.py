"""SciPy's universal functions on traced arrays, and the options and methods of all universal functions.

The oracles are SciPy and NumPy themselves on plain arrays, and differences of them.
"""

import subprocess
import sys

import numpy as np
import pytest
import scipy
import scipy.fft
import scipy.integrate
import scipy.linalg
import scipy.optimize
import scipy.signal
import scipy.special
import scipy.stats

import wengert
import wengert as w
import wengert.scipy as ws
from wengert.errors import ConcretizationError, NotSupportedError
from wengert.ops import counterparts

X = np.array([0.3, 0.45, 0.6, 0.8])
UFUNCS = [n for n in dir(scipy.special) if isinstance(getattr(scipy.special, n), np.ufunc)]
OURS = [n for n in UFUNCS if callable(getattr(ws.special, n, None))]
# What stands before the last argument, where 1.5 is not in the domain.
BEFORE = {
    "betaincinv": (1.5, 2.5), "ellipeinc": (1.5,), "elliprj": (1.5, 2.5, 3.5), "expn": (2,), "hyp2f1": (0.5, 1.5, 2.5),
    "jn": (2,), "kn": (2,), "yn": (2,), "lpmv": (1, 2.5), "log_softmax": (), "sph_harm": (1, 2, 0.4), "zeta": (2.5,),
    "binom": (3.5,), "kl_div": (1.5,), "bdtr": (2.0, 5), "bdtrc": (2.0, 5), "nbdtr": (2, 5), "nbdtrc": (2, 5),
    **{f"eval_{n}": (3,) for n in ("chebyt", "chebyu", "hermite", "hermitenorm", "laguerre", "legendre")},
    "eval_gegenbauer": (3, 1.5), "eval_genlaguerre": (3, 1.5), "eval_jacobi": (3, 1.5, 2.5),
}  # fmt: skip


def arguments(name):
    u = getattr(scipy.special, name)
    before = BEFORE.get(name, (1.5, 2.5, 3.5)[: u.nin - 1])
    return before


def differences(f, x, h=1e-3):
    """The derivative of an elementwise function, to the fourth order in the step."""
    d = [np.asarray(f(x + k * h)) for k in (-2, -1, 1, 2)]
    return (d[0] - 8 * d[1] + 8 * d[2] - d[3]) / (12 * h)


@pytest.mark.parametrize("name", OURS)
def test_ufuncs_of_scipy(name):
    u, before = getattr(scipy.special, name), arguments(name)
    for k in range(u.nout):

        def f(x, k=k):
            out = u(*before, x)
            return np.real(out[k] if u.nout > 1 else out)

        value, slope = w.jvp(f, (X,), (np.ones_like(X),))
        np.testing.assert_allclose(value, f(X), rtol=1e-13)
        np.testing.assert_allclose(slope, differences(f, X), rtol=2e-8, atol=2e-8)
        np.testing.assert_allclose(w.grad(lambda x: np.sum(f(x)))(X), slope, rtol=1e-13)
    np.testing.assert_allclose(w.jit(f)(X), f(X), rtol=1e-12, atol=1e-14)


def test_functions_of_scipy_that_are_made_of_ufuncs():
    for f in (lambda x: scipy.special.lambertw(x).real, scipy.special.zeta, lambda x: scipy.special.zeta(x + 2, 3.0)):
        x = X + 1.5
        np.testing.assert_allclose(w.jvp(f, (x,), (np.ones(4),))[1], differences(f, x), rtol=1e-7)


# Arguments, by the names in what an error says to write instead.
NAMED = {
    "bdtr": {"k": 2.0, "n": 5, "p": X}, "bdtrc": {"k": 2.0, "n": 5, "p": X}, "betainccinv": {"a": 1.5, "b": 2.5, "y": X},
    "chdtr": {"v": 3.0, "x": X}, "chdtrc": {"v": 3.0, "x": X},
    "fdtr": {"dfn": 2.0, "dfd": 3.0, "x": X}, "fdtrc": {"dfn": 2.0, "dfd": 3.0, "x": X},
    "gdtr": {"a": 1.5, "b": 2.5, "x": X}, "gdtrc": {"a": 1.5, "b": 2.5, "x": X},
    "jve": {"v": 1.5, "x": X}, "yve": {"v": 1.5, "x": X}, "nbdtr": {"k": 2, "n": 5, "p": X}, "nbdtrc": {"k": 2, "n": 5, "p": X},
    "pdtr": {"k": 2.0, "m": X}, "pdtrc": {"k": 2.0, "m": X}, "powm1": {"x": X, "y": 1.7}, "zetac": {"x": X + 2},
}  # fmt: skip


@pytest.mark.parametrize("name", [n for n in UFUNCS if n not in OURS])
def test_ufuncs_without_a_counterpart(name):
    u = getattr(scipy.special, name)
    with pytest.raises(NotSupportedError, match=rf"scipy\.special\.{name} has no derivative rule.*(write|custom_jvp)"):
        w.grad(lambda x: np.sum(u(*[x] * u.nin)))(X)
    instead = counterparts._INSTEAD.get(name)
    if instead is not None:  # what it says to write is the same function
        given = NAMED.get(name, {"x": X})
        text = instead.removesuffix(" for real x")
        space = {"wengert": wengert, "np": np, "scipy": scipy, **given}
        np.testing.assert_allclose(eval(text, space), u(*given.values()), rtol=1e-12)
        traced = [k for k, v in given.items() if v is X or name == "zetac"][0]
        w.grad(lambda t: np.sum(eval(text, {**space, traced: t})))(given[traced])


def test_a_ufunc_of_somebody_else_is_not_taken_for_one_of_the_same_name():
    add = np.frompyfunc(lambda a, b: a * b, 2, 1)
    add_too = np.frompyfunc(lambda a, b: 0.0, 2, 1)
    assert w.grad(lambda x: add(x, x) + add_too(x, x))(3.0) == 6.0

    class Foreign:  # as numba.vectorize makes them
        __name__, nin, nout, types = "add", 2, 1, ["dd->d"]

    with pytest.raises(NotSupportedError, match="^add has no derivative rule here; call the Python function"):
        counterparts.operation(Foreign())


def test_what_only_numpy_needs_imports_no_scipy():
    code = (
        "import sys, numpy as np, wengert\n"
        "wengert.grad(lambda x: np.hypot.reduce(np.arctan2(np.exp2(x), 1.0)))(np.ones(3))\n"
        "assert not [m for m in sys.modules if m.startswith('scipy')]"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


SCIPY_CALLS = {
    "special.softmax": lambda x: np.sum(scipy.special.softmax(x) ** 2),
    "special.logsumexp": scipy.special.logsumexp,
    "special.spherical_jn": lambda x: np.sum(scipy.special.spherical_jn(1, x)),
    "special.sph_harm_y": lambda x: np.sum(scipy.special.sph_harm_y(1, 1, x, 0.3).real),
    "stats.norm.logpdf": lambda x: np.sum(scipy.stats.norm.logpdf(x)),
    "stats.norm.cdf": lambda x: scipy.stats.norm(loc=x[0]).cdf(1.0),
    "linalg.cholesky": lambda x: np.sum(scipy.linalg.cholesky(np.outer(x, x) + np.eye(4))),
    "linalg.expm": lambda x: np.sum(scipy.linalg.expm(np.outer(x, x))),
    "signal.convolve": lambda x: np.sum(scipy.signal.convolve(x, x)),
    "fft.fft": lambda x: np.sum(np.abs(scipy.fft.fft(x))),
    "integrate.simpson": scipy.integrate.simpson,
    "optimize.minimize": lambda x: scipy.optimize.minimize(lambda z: np.sum((z - x) ** 2), np.zeros(4)).x.sum(),
    "integrate.solve_ivp": lambda x: scipy.integrate.solve_ivp(lambda t, y: -y * x[0], (0, 1), [1.0]).y[0, -1],
    "optimize.brentq": lambda x: scipy.optimize.brentq(lambda t: t - x[0], -10, 10),
    "integrate.quad": lambda x: scipy.integrate.quad(lambda t: t * x[0], 0, 1)[0],
}


@pytest.mark.parametrize("name", SCIPY_CALLS)
def test_functions_of_scipy_by_their_own_names(name):
    """Python functions of SciPy that ask for values answer traced ones; the derivative is that of differences."""
    f = SCIPY_CALLS[name]
    e = 1e-4 * np.eye(4)
    expected = [(8 * (f(X + d) - f(X - d)) - f(X + 2 * d) + f(X - 2 * d)) / 12e-4 for d in e]
    np.testing.assert_allclose(w.grad(f)(X), expected, rtol=1e-4, atol=1e-5)


STILL_ASKING = {
    "signal.medfilt": lambda x: np.sum(scipy.signal.medfilt(x)),
    "interpolate.griddata": lambda x: np.sum(scipy.interpolate.griddata(np.eye(4)[:, :2], x, np.zeros((1, 2)))),
}


@pytest.mark.parametrize("name", STILL_ASKING)
def test_functions_of_scipy_that_ask_for_values(name):
    """The error names the call and a remedy, and the line is the user's, not one of SciPy's."""
    with pytest.raises(
        ConcretizationError, match=r"scipy\.[a-z_.0-9]+ asked for the values.*custom_jvp[^!]*test_protocols"
    ):
        w.grad(STILL_ASKING[name])(X)


# --- options and methods ----------------------------------------------------------------------------------------

A = np.array([[0.5, 1.5, 2.0], [1.2, 0.7, 0.9]])
B = np.array([1.1, 0.4, 2.3])
MASK = np.array([True, False, True])
BINARY = [np.add, np.subtract, np.logaddexp, np.logaddexp2, np.hypot, np.float_power, np.fmax, scipy.special.xlogy,
          scipy.special.beta, np.minimum, np.copysign]  # fmt: skip
REORDERED = [np.add, np.multiply, np.logaddexp, np.logaddexp2, np.hypot, np.fmax, np.maximum]


def ids(u):
    return u.__name__


def agrees(f, x=A):
    """A function as NumPy computes it on plain arrays, its derivative as differences have it, compiled and batched."""
    want = f(x.copy())
    t = np.cos(np.arange(x.size)).reshape(x.shape)
    value, slope = w.jvp(f, (x,), (t,))
    assert value.dtype == want.dtype and value.shape == np.shape(want)
    rough = want.dtype == np.float32
    np.testing.assert_allclose(value, want, rtol=1e-5 if rough else 1e-13)
    np.testing.assert_allclose(w.jit(f)(x), want, rtol=1e-5 if rough else 1e-12)
    np.testing.assert_allclose(w.vmap(f)(np.stack([x, x]))[1], want, rtol=1e-5 if rough else 1e-12)
    if not rough:
        h = 1e-6
        np.testing.assert_allclose(slope, (f(x + h * t) - f(x - h * t)) / (2 * h), rtol=1e-6, atol=1e-8)
        g = w.grad(lambda x: np.sum(f(x) * 1.0))(x)
        np.testing.assert_allclose(np.sum(g * t), np.sum(slope), rtol=1e-10, atol=1e-12)


def written(x):
    """An array that f may write into, plain or traced as x is."""
    return np.zeros_like(x)


@pytest.mark.parametrize("u", BINARY, ids=ids)
def test_options(u):
    agrees(lambda x: u(x, B, out=np.ones_like(x)))
    if u in (scipy.special.beta, scipy.special.xlogy):  # whose plain ones leave chosen elements unwritten
        got = w.jvp(lambda x: u(x, B, where=MASK, out=np.full_like(x, 3.0)), (A,), (A,))[0]
        np.testing.assert_allclose(got, np.where(MASK, u(A, B), 3.0), rtol=1e-13)
    else:
        agrees(lambda x: u(x, B, where=MASK, out=np.full_like(x, 3.0)))
        agrees(lambda x: u(x, B, where=MASK, out=x * 2.0))
    agrees(lambda x: u(B, x, casting="unsafe"))
    if u is not np.float_power:  # which has no loop for it
        agrees(lambda x: u(x, B, dtype=np.float32))
        agrees(lambda x: u(x, B, signature="ff->f"))
    agrees(lambda x: u(x, B, out=np.zeros_like(x, np.float32), casting="same_kind"))

    def in_place(x):
        y = x * 1.0
        u(y, B, out=y)
        return y

    agrees(in_place)


def test_options_as_numpy_refuses_them():
    for f in (
        lambda x: np.hypot(x, B, dtype=np.float32, casting="safe"),
        lambda x: scipy.special.xlogy(x, B, dtype=int),
        lambda x: np.add(x, B, dtype=int),
        lambda x: np.float_power(x, B, dtype=np.float32),
    ):
        with pytest.raises(TypeError) as numpys:
            f(A)
        with pytest.raises(TypeError) as ours:
            w.grad(lambda x: np.sum(f(x)))(A)
        assert type(ours.value) is type(numpys.value)
    with pytest.raises(NotSupportedError, match=r"scipy\.special\.erf\(\.\.\., where=mask\) leaves"):
        w.grad(lambda x: np.sum(scipy.special.erf(x, where=MASK)))(A)
    with pytest.raises(w.errors.DtypeError, match="dtype float64 cannot be written"):
        w.grad(lambda x: np.sum(np.hypot(x, B, out=np.zeros_like(x, int))))(A)


def test_several_results():
    agrees(lambda x: np.stack(np.divmod(x, B)))
    agrees(lambda x: np.divmod(x, B, out=(np.zeros_like(x), np.zeros_like(x)))[1])
    agrees(lambda x: np.divmod(x, B, out=(np.ones_like(x), np.ones_like(x)), where=MASK)[1])
    agrees(lambda x: np.stack(np.modf(x + 0.15, where=MASK, out=(np.ones_like(x), np.ones_like(x)))))
    agrees(lambda x: np.stack(scipy.special.fresnel(x)))
    agrees(lambda x: np.stack(scipy.special.sici(x, out=(np.ones_like(x), np.ones_like(x)))))


@pytest.mark.parametrize("u", BINARY, ids=ids)
def test_methods(u):
    agrees(lambda x: u.reduce(x))
    agrees(lambda x: u.reduce(x, axis=-1, keepdims=True))
    agrees(lambda x: u.reduce(x, axis=1, initial=0.4))
    if u not in (scipy.special.beta, scipy.special.xlogy):  # of which NumPy makes random numbers
        agrees(lambda x: u.reduce(x, axis=1, initial=0.4, where=MASK))
    agrees(lambda x: u.reduce(x, axis=1, out=x[:, 0] * 1.0))
    agrees(lambda x: u.accumulate(x))
    agrees(lambda x: u.accumulate(x, axis=1))
    agrees(lambda x: u.outer(x, B))
    agrees(lambda x: u.outer(B, x))
    agrees(lambda x: u.reduceat(x, [0, 2, 1], axis=1))

    def at(x):
        y = x * 1.0
        u.at(y, (0, [0, 2, 0]), B)
        u.at(y, (1, [2, 1]), x[0, :2])
        return y

    agrees(at)


@pytest.mark.parametrize("u", REORDERED, ids=ids)
def test_reductions_over_several_axes(u):
    x = np.stack([A, A[::-1] * 1.3, A + 0.21])
    agrees(lambda x: u.reduce(x, axis=None), x)
    agrees(lambda x: u.reduce(x, axis=(0, 2)), x)
    agrees(lambda x: u.reduce(x, axis=(2, 0), keepdims=True, initial=0.1, where=MASK), x)
    if u.identity is not None:
        agrees(lambda x: u.reduce(x, axis=(0, 1), where=np.isfinite(x)), x)
        np.testing.assert_array_equal(w.jit(lambda x: u.reduce(x))(np.zeros((0, 2))), u.reduce(np.zeros((0, 2))))


def test_methods_as_numpy_refuses_them():
    for f in (
        lambda x: np.float_power.reduce(x, axis=None),
        lambda x: scipy.special.beta.reduce(x, axis=None),
        lambda x: np.fmax.reduce(x, axis=0, where=np.ones((2, 3), bool)),
        lambda x: np.fmax.reduce(x[:0], axis=0),
        lambda x: scipy.special.erf.reduce(x),
        lambda x: np.divmod.accumulate(x, axis=0),
        lambda x: np.hypot.reduceat(x, [0, 3], axis=1),
    ):
        with pytest.raises((ValueError, IndexError)) as numpys:
            f(A)
        with pytest.raises(type(numpys.value)):
            w.jvp(f, (A,), (A,))


def test_methods_of_functions_of_one_argument():
    def at(x):
        y = x * 1.0
        scipy.special.expit.at(y, (0, [1, 2]))
        np.negative.at(y, (1, [0, 0]))
        return y

    agrees(at)


def test_long_reductions_stay_short_programs():
    """Halves of halves: as many calls as the length has digits."""
    program = w.make_program(lambda x: np.hypot.reduce(x))(np.ones(1000))
    assert len(program.equations) < 60
