"""Values that NumPy's functions refuse are refused traced, batched and compiled, too: `ops.bounds.holds`.

Each function is called with arguments that it takes, then with some that it refuses, of the same shapes: a compiled one has
its code by then.
"""

import numpy as np
import pytest

import wengert.numpy as wnp
from wengert import jit, jvp, lax, vmap
from wengert.scipy import linalg, signal, special, stats
from wengert.scipy.spatial.transform import Rotation, Slerp

A = np.array
FLOATS, ONES = A([0.5, 2.5]), np.ones(2)
# name: (function, arguments that are taken, arguments that are refused)
REFUSED = {
    "digitize": (wnp.digitize, (FLOATS, A([0.0, 1, 3])), (FLOATS, A([0.0, 3, 1]))),
    "digitize, falling": (wnp.digitize, (FLOATS, A([3.0, 1, 0])), (FLOATS, A([3.0, 0, 1]))),
    "histogram": (lambda x, b: wnp.histogram(x, b)[0], (FLOATS, A([0.0, 1, 3])), (FLOATS, A([0.0, 3, 1]))),
    "average": (lambda x, w: wnp.average(x, weights=w), (FLOATS, ONES), (FLOATS, A([1.0, -1.0]))),
    "quantile": (wnp.quantile, (FLOATS, A(0.5)), (FLOATS, A(1.5))),
    "percentile": (wnp.percentile, (FLOATS, A(50.0)), (FLOATS, A(-1.0))),
    "nanquantile": (wnp.nanquantile, (FLOATS, A([0.0, 1.0])), (FLOATS, A([0.5, 1.01]))),
    "bincount": (lambda i: wnp.bincount(i, length=4), (A([1, 3]),), (A([1, -3]),)),
    "unravel_index": (lambda i: wnp.unravel_index(i, (2, 2)), (A([1, 3]),), (A([1, 4]),)),
    "ravel_multi_index": (lambda i: wnp.ravel_multi_index((i, i), (2, 2)), (A([1, 0]),), (A([1, 2]),)),
    "choose": (lambda i, x: wnp.choose(i, [x, 5]), (A([1, 0]), ONES), (A([1, 2]), ONES)),
    "repeat": (lambda n: wnp.repeat(A([1, 2]), n, total_repeat_length=3), (A([1, 2]),), (A([-1, 2]),)),
    "geomspace": (lambda a: wnp.geomspace(a, 1.0, 3), (A(4.0),), (A(0.0),)),
    "cov": (lambda w: wnp.cov(FLOATS, aweights=w), (ONES,), (A([1.0, -1.0]),)),
    "solve_circulant": (lambda c: linalg.solve_circulant(c, ONES), (A([2.0, 1.0]),), (A([1.0, 1.0]),)),
    "multigammaln": (lambda a: special.multigammaln(a, 2), (A(2.0),), (A(0.25),)),
    "sosfilt": (lambda s: signal.sosfilt(s, ONES), (A([[1.0, 0, 0, 1, 0, 0]]),), (A([[1.0, 0, 0, 2, 0, 0]]),)),
    "Rotation": (lambda q: Rotation.from_quat(q).as_matrix(), (A([0.0, 0, 0, 1]),), (np.zeros(4),)),
    "from_matrix": (lambda m: Rotation.from_matrix(m).as_quat(), (np.eye(3),), (-np.eye(3),)),
    "Slerp": (
        lambda t: Slerp(A([0.0, 1.0]), Rotation.from_quat(A([[0.0, 0, 0, 1], [0, 0, 1, 0]])))(t).as_quat(),
        (A([0.5]),),
        (A([1.5]),),
    ),
    "interval": (lambda c: stats.norm.interval(c), (A(0.9),), (A(1.5),)),
    "multivariate_normal": (lambda c: stats.multivariate_normal.logpdf(ONES, np.zeros(2), c), (ONES,), (A([1.0, -1.0]),)),
}  # fmt: skip
ERRORS = (ValueError, ZeroDivisionError, np.linalg.LinAlgError)


def _pushed(f):
    def run(*args):
        moving = [np.ones(x.shape) if x.dtype.kind == "f" else None for x in args]
        return jvp(f, args, tuple(moving))[0]

    return run


@pytest.mark.parametrize("name", REFUSED)
def test_a_value_that_is_refused_is_refused_traced_too(name):
    f, taken, refused = REFUSED[name]
    ways = {"plain": f, "traced": _pushed(f), "compiled": jit(f), "compiled, traced": jit(_pushed(f))}
    want = f(*taken)
    for way, g in ways.items():
        for a, b in zip(np.atleast_1d(np.asarray(g(*taken))), np.atleast_1d(np.asarray(want)), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-13, atol=1e-15, err_msg=way)
        with pytest.raises(ERRORS) as error:
            g(*refused)
        assert "Tracer" not in str(error.value)
        g(*taken)
    for batched in (vmap(f), jit(vmap(f))):
        batched(*[np.stack([x, x]) for x in taken])
        with pytest.raises(ERRORS):  # of one of the examples
            batched(*[np.stack([x, y]) for x, y in zip(taken, refused, strict=True)])


@pytest.mark.parametrize("name", ["choose", "unravel_index", "ravel_multi_index"])
def test_in_bodies_of_loops_places_are_read_and_refused(name):
    f, (taken, *others), (refused, *_) = REFUSED[name]
    g = jit(lambda rows: lax.scan(lambda c, i: (c, f(i, *others)), 0, rows)[1])
    np.testing.assert_array_equal(np.asarray(g(taken[None]))[..., 0, :], f(taken, *others))
    with pytest.raises(IndexError):
        g(refused[None])


def test_one_example_of_a_choice_by_path_does_not_count_for_others():
    f = vmap(lambda x: wnp.geomspace(x, 1.0, 3)[1] if x > 0 else 0.0 * x)
    np.testing.assert_allclose(f(A([4.0, 0.0, 9.0])), [2, 0, 3])
