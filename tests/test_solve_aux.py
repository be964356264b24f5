"""custom_linear_solve whose solvers return something else too, differentiated twice, in all orders of the modes."""

import numpy as np
import pytest

import wengert as w
import wengert.numpy as wnp
from wengert import lax

A = np.array([[3.0, 1.0], [1.0, 2.0]])


def _solution(a, turned):
    b, has_transpose = np.ones(2), turned
    solve = lambda _, c: (wnp.linalg.solve(a, c), 0.5)  # noqa: E731
    back = (lambda _, c: (wnp.linalg.solve(a.T, c), 0.5)) if has_transpose else None
    x, aux = lax.custom_linear_solve(lambda v: a @ v, b, solve, back, symmetric=not has_transpose, has_aux=True)
    return wnp.sum(x * x) + 0 * aux


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("outer", [w.jacfwd, w.jacrev])
@pytest.mark.parametrize("inner", [w.jacfwd, w.jacrev])
def test_hessian(inner, outer, turned):
    # Of symmetric matrices, as `symmetric=True` promises: along directions that keep them so.
    along = lambda t: A + t[0] * np.array([[1.0, 0], [0, 0]]) + t[1] * np.array([[0, 1.0], [1, 0]])  # noqa: E731
    got = outer(inner(lambda t: _solution(along(t), turned)))(np.zeros(2))
    plain = w.hessian(lambda t: wnp.sum(wnp.linalg.solve(along(t), np.ones(2)) ** 2))(np.zeros(2))
    np.testing.assert_allclose(got, plain, rtol=1e-10)
