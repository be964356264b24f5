"""Special functions in compiled code: the loops of SciPy's ufuncs, called from native code, with the values of eager code."""

from __future__ import annotations

import numpy as np
import pytest
from watching import calls_of

import wengert.numpy as wnp
import wengert.scipy.special as wsp
from wengert import ShapeDtypeStruct, config, jit, lax, pure_callback, tree
from wengert.compile import ufuncs
from wengert.core import Primitive
from wengert.lowering.kernels import Loop

LOOPS = sorted(p.name for p in Primitive.registry.values() if isinstance(p.native, Loop))


def spread(args, size):
    """Arguments like sample ones, of a vector of this size; numbers stay."""
    rng = np.random.default_rng(size)
    return [rng.choice(np.ravel(a), size) if isinstance(a, np.ndarray) else a for a in args]


@pytest.mark.parametrize("name", LOOPS)
def test_values_are_those_of_eager_code(name):
    p = Primitive.registry[name]
    args = [a for a, _ in p.samples() if all(np.ndim(v) < 2 for v in a) and any(np.ndim(v) for v in a)][0]
    f = jit(lambda *a: p.bind(*a))
    for size in (0, 1, 259, 5001):
        given = spread(args, size)
        np.testing.assert_array_equal(f(*given), p.bind(*given))
    assert calls_of(f, *given) == ["__call__"]
    if all(np.asarray(a).dtype == np.float64 for a in args if isinstance(a, np.ndarray)):
        narrow = [a.astype(np.float32) if isinstance(a, np.ndarray) else a for a in spread(args, 70)]
        got, expected = f(*narrow), p.bind(*narrow)
        assert got.dtype == expected.dtype
        np.testing.assert_allclose(got, expected, rtol=5e-7)  # spherical Bessel functions go by float64 eagerly


def test_most_special_functions_are_loops():
    assert len(LOOPS) > 70
    assert {
        "j0",
        "iv",
        "expi",
        "zeta_by_loop",
        "gammainc",
        "betaincc",
        "ellipk",
        "airy_bi",
        "spherical_jn",
        "owens_t",
    } <= set(LOOPS)


def test_operands_are_broadcast():
    v, x = np.linspace(0.5, 3.0, 5)[:, None], np.linspace(0.1, 9.0, 300)
    f = lambda v, x: wsp.jv(v, x)  # noqa: E731
    np.testing.assert_array_equal(jit(f)(v, x), f(v, x))
    np.testing.assert_array_equal(jit(f)(v[0, 0], x), f(v[0, 0], x))
    np.testing.assert_array_equal(jit(f)(v, x.astype(np.float32)), f(v, x.astype(np.float32)))


def test_integers_are_converted():
    n = np.arange(1, 40)
    for f in (wsp.expi, wsp.j0, lambda n: wsp.jv(n, 2.5), lambda n: wsp.expn(n, 1.5)):
        np.testing.assert_array_equal(jit(f)(n), f(n))


def test_any_number_of_threads_has_the_same_values():
    x = np.random.default_rng(0).uniform(0.1, 20, (7, 3001))
    f = jit(wsp.y1)
    with config.override(threads=1):
        one = f(x)
    with config.override(threads=4):
        np.testing.assert_array_equal(f(x), one)
    np.testing.assert_array_equal(one, wsp.y1(x))


def test_a_polygamma_is_written_out():
    x = np.linspace(0.5, 9.0, 500)
    for n in (0, 1, 3):
        f = jit(lambda x, n=n: wsp.polygamma(n, x))
        np.testing.assert_allclose(f(x), wsp.polygamma(n, x), rtol=1e-13, atol=1e-15)
        assert calls_of(f, x) == ["__call__"]


def test_a_ufunc_with_another_structure_is_called_through_python(monkeypatch):
    monkeypatch.setattr(ufuncs, "_fields", lambda ufunc: None)
    x = np.linspace(0.5, 3.0, 7)
    with config.override(disk_cache=False):
        f = jit(lambda x: wsp.k1(x) * 2)
        np.testing.assert_array_equal(f(x), wsp.k1(x) * 2)
    assert ufuncs.types_of("scipy.special.k1", (x.dtype,)) is None
    assert ufuncs.types_of("scipy.special.no_such", (x.dtype,)) is None


def test_zeta_in_vectors():
    rng = np.random.default_rng(1)
    s, q = rng.uniform(1.01, 40, 500), 10 ** rng.uniform(-2, 4, 500)
    f = jit(wsp.zeta)
    np.testing.assert_allclose(f(s, q), wsp.zeta(s, q), rtol=4e-15)
    assert calls_of(f, s, q) == ["__call__"]
    s, q = np.append(s, [1.0, 0.5, np.nan, np.inf, 2.0, 1e5]), np.append(q, [1.0, 1.0, 1.0, 1.0, -1.5, 3.0])
    np.testing.assert_array_equal(f(s, q), wsp.zeta(s, q))  # outside of the sum's range: the loop
    half = np.array([1.5, 3.0], np.float32)
    assert f(half, half).dtype == np.float32
    np.testing.assert_allclose(f(half, half), wsp.zeta(half, half), rtol=2e-7)


def test_errors_that_scipy_is_to_report_are_reported():
    import scipy.special

    x = np.array([1.0, np.inf])
    error = pytest.raises(scipy.special.SpecialFunctionError)
    with config.override(disk_cache=False), scipy.special.errstate(all="raise"), error:
        jit(lambda x: wsp.k1(x - 1.0))(x)


def test_code_on_disk_is_that_of_the_settings_of_errors():
    import scipy.special

    from wengert import make_program
    from wengert.compile.executable import cache_key

    program = make_program(lambda x: wsp.k1(x - x))(np.ones(3))
    silent = cache_key(program)
    with scipy.special.errstate(singular="raise"):
        assert None is not cache_key(program) != silent
    assert cache_key(program) == silent


@pytest.mark.parametrize("size", [3, 100_000])
def test_errors_that_are_asked_for_after_compiling_are_raised(size):
    """The loop raises in the middle of native code, which goes on: in a call, before a callback, before a long loop."""
    import scipy.special

    x = np.ones(size)
    functions = [
        lambda x: (wsp.k1(x - x), wnp.sum(x)),
        lambda x: wnp.where(pure_callback(np.isfinite, ShapeDtypeStruct(x.shape, bool), wsp.k1(x - x)), x, 0.0),
        lambda x: lax.fori_loop(0, 100_000, lambda i, c: c * 0.5 + 1.0, wsp.k1(x[0] - x[0])),
    ]
    for f in map(jit, functions):
        right = tree.leaves(f(x))
        with config.override(threads=1), scipy.special.errstate(all="raise"):
            for call in (lambda: f(x), lambda: f(x), lambda: f.lower(x).compile()(x)):  # noqa: B023
                with pytest.raises(scipy.special.SpecialFunctionError):
                    call()
        for a, b in zip(tree.leaves(f(x)), right, strict=True):
            np.testing.assert_array_equal(a, b)
