"""What `jacobian` and `hessian` choose where the ways differ much: running sums, arrows, narrow waists, few entries in a row."""

import numpy as np
import pytest

import wengert as w
import wengert.numpy as wnp

rng = np.random.default_rng(4)
OUT, IN = rng.normal(size=(300, 5)), rng.normal(size=(5, 300))
CASES = {
    "running sum": (lambda x: wnp.cumsum(wnp.sin(x)), 50, "reverse"),
    "first differences": (lambda x: x[1:] * x[1:] - x[:-1], 50, "sparse"),
    "arrow": (lambda x: wnp.concatenate([wnp.sum(x**2)[None], x[1:] * x[0]]), 300, "sparse"),
    "waist": (lambda x: wnp.tanh(OUT @ wnp.tanh(IN @ x)), 300, "waist"),
    "dense": (lambda x: wnp.tanh(OUT[:, :4] @ wnp.tanh(IN[:4, :40] @ x)), 40, "forward"),
}


@pytest.mark.parametrize("name", CASES)
def test_chosen_under_jit(name):
    f, n, mode = CASES[name]
    x = rng.uniform(0.5, 1.5, n)
    seen = []

    def jacobian(t):
        matrix, choice = w.jacobian(f, explain=True)(t)
        seen.append(choice)
        return matrix

    found = w.jit(jacobian)(x)
    assert seen[0].mode == mode, seen[0]
    np.testing.assert_allclose(found, w.jacfwd(f)(x), rtol=1e-11, atol=1e-13)
    np.testing.assert_allclose(w.jit(w.jacobian(f))(x), w.jacfwd(f)(x), rtol=1e-11, atol=1e-13)
    np.testing.assert_allclose(w.jacobian(f)(x), w.jacfwd(f)(x), rtol=1e-11, atol=1e-13)


def test_hessian_of_a_separable_function_is_one_pass():
    f = lambda x: wnp.sum(wnp.sin(x) * x)
    x = rng.normal(size=300)
    loops = w.jit(w.hessian(f)).lower(x).loops()
    assert loops.count("[300, 300]") <= 1, loops
    np.testing.assert_allclose(w.hessian(f)(x), np.diag(2 * np.cos(x) - x * np.sin(x)), atol=1e-13)


def test_rows_within_memory_are_written_into_the_result():
    f = lambda x: wnp.cumsum(wnp.sin(x)) * x
    x = rng.normal(size=240)
    for derivative, expected in ((w.jacobian, w.jacfwd(f)(x)), (w.jacobian, w.jacrev(f)(x))):
        np.testing.assert_allclose(derivative(f, memory=50_000)(x), expected, rtol=1e-12, atol=1e-14)
