"""What an index, a slice, a mask or a choice leaves out does not poison what stays: no 0 times infinity, in any mode.

Each function has a pole in an element that does not count; its derivative there is 0, and that of the others is known.
A factor that happens to be 0 leaves nothing out: what is NaN for that reason stays NaN.
"""

import numpy as np
import pytest

import wengert.numpy as wnp
from wengert import grad, jacfwd, jacrev, jit, lax, vmap

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")
V = np.array([1.0, 0.25, 0.0])
M = np.array([[1.0, 0.0], [0.0, 0.25]])

# name: (function, point, gradient)
LEFT_OUT = {
    "slice": (lambda t: wnp.sum(wnp.log(t * np.array([1.0, 2.0, 0.0]))[:2]), np.array(0.5), 4.0),
    "slice with a step": (lambda v: wnp.sum(wnp.sqrt(v[::-1])[2::-2]), np.array([1.0, 0.0, 0.25]), [0.5, 0, 1.0]),
    "index": (lambda v: wnp.sqrt(v)[0], V, [0.5, 0, 0]),
    "mask": (lambda p: -wnp.sum((p * wnp.log(p))[V > 0]), V, [-1, -(np.log(0.25) + 1), 0]),
    "take": (lambda v: wnp.take(wnp.sqrt(v), [0, 0, 1]).sum(), V, [1, 1, 0]),
    "take_along_axis": (lambda v: wnp.take_along_axis(wnp.sqrt(v), np.array([1, 1]), 0).sum(), V, [0, 2, 0]),
    "compress": (lambda v: wnp.compress([True, False, False], wnp.sqrt(v)).sum(), V, [0.5, 0, 0]),
    "split": (lambda v: wnp.split(wnp.sqrt(v), 3)[0].sum(), V, [0.5, 0, 0]),
    "sort": (lambda v: wnp.sort(wnp.sqrt(v))[1:].sum(), V, [0.5, 1, 0]),
    "max": (lambda v: wnp.max(wnp.sqrt(v)), V, [0.5, 0, 0]),
    "min": (lambda v: wnp.min(-wnp.sqrt(v)), V, [-0.5, 0, 0]),
    "cummax": (lambda v: np.maximum.accumulate(wnp.sqrt(v)).sum(), V, [1.5, 0, 0]),
    "median": (lambda v: wnp.median(wnp.sqrt(v)), V, [0, 1, 0]),
    "where": (lambda v: wnp.sum(wnp.where(v > 0, wnp.sqrt(v), 0.0)), V, [0.5, 1, 0]),
    "where=": (lambda v: wnp.sum(wnp.sqrt(v), where=V > 0), V, [0.5, 1, 0]),
    "maximum": (lambda v: wnp.sum(wnp.maximum(wnp.log(v), -5.0)), V, [1, 4, 0]),
    "clip": (lambda v: wnp.sum(wnp.clip(wnp.log(v), -5.0, 5.0)), V, [1, 4, 0]),
    "tril": (lambda a: wnp.sum(wnp.tril(wnp.sqrt(a + np.tri(2, k=-1)))), M, [[0.5, 0], [0.5, 1]]),
    "diagonal": (lambda a: wnp.sum(wnp.diagonal(wnp.sqrt(a))), M, [[0.5, 0], [0, 1]]),
    "trace": (lambda a: wnp.trace(wnp.sqrt(a)), M, [[0.5, 0], [0, 1]]),
    "a row of a product": (lambda a: (wnp.sqrt(a.T + np.eye(2, k=1)) @ np.ones((2, 2)))[0].sum(), M, [[1, 0], [1, 0]]),
    "overwritten": (lambda v: wnp.sum(wnp.at(wnp.sqrt(v))[2].set(3.0)), V, [0.5, 1, 0]),
    "dynamic slice": (lambda v: lax.dynamic_slice(wnp.sqrt(v), (0,), (2,)).sum(), V, [0.5, 1, 0]),
    "an infinite factor": (lambda v: wnp.sum((v * np.array([1.0, 3.0, np.inf]))[:2]), V, [1, 3, 0]),
    "through a sum": (lambda v: (wnp.sqrt(v) + wnp.sin(v))[0] + v[2], V, [0.5 + np.cos(1), 0, 1]),
    "a factor of 0 leaves nothing out": (lambda v: wnp.sum((wnp.sqrt(v) ** 2)[1:]), V, [0, 1, np.nan]),
}

MODES = {
    "grad": grad,
    "jacrev": jacrev,
    "jacfwd": jacfwd,
    "compiled": lambda f: jit(grad(f)),
    "of compiled": lambda f: grad(jit(f)),
    "batched": lambda f: lambda x: vmap(grad(f))(np.stack([x, x]))[1],
    "in a scan": lambda f: grad(lambda x: lax.scan(lambda c, _: (c + f(x), None), 0.0, None, length=1)[0]),
    "in a branch": lambda f: grad(lambda x: lax.cond(wnp.sum(x) > -1, f, lambda x: 0.0, x)),
}


@pytest.mark.parametrize("name", LEFT_OUT)
def test_what_is_left_out_does_not_poison_what_stays(name):
    f, at, gradient = LEFT_OUT[name]
    for mode, derivative in MODES.items():
        np.testing.assert_allclose(derivative(f)(at), gradient, rtol=1e-13, err_msg=mode)


@pytest.mark.parametrize("name", ["index", "mask", "where", "max", "sort", "diagonal", "maximum"])
def test_second_derivatives_too(name):
    f, at, _ = LEFT_OUT[name]
    found = {f"{a.__name__} of {b.__name__}": a(b(f))(at) for a in (jacfwd, jacrev) for b in (jacfwd, jacrev)}
    found["compiled"] = jit(jacfwd(grad(f)))(at)
    inside = at > 0
    both = np.multiply.outer(inside, inside)
    beside = jacfwd(grad(f))(np.where(inside, at, 1e-3))
    for mode, hessian in found.items():
        np.testing.assert_allclose(hessian, np.where(both, beside, 0), rtol=1e-12, atol=1e-13, err_msg=mode)


def test_rows_of_a_jacobian_do_not_mix():
    at = np.array([1.0, 0.0])
    f = lambda v: wnp.cumsum(wnp.sqrt(v))  # noqa: E731
    expected = [[0.5, 0], [0.5, np.inf]]
    for jacobian in (jacfwd(f), jacrev(f), jit(jacfwd(f)), jit(jacrev(f))):
        np.testing.assert_array_equal(jacobian(at), expected)
