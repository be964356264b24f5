"""Programs of kinks, choices, norms, sorts, loops and branches drawn at random: derivatives at special points (`special_programs`)."""

import numpy as np
import pytest
import special_programs

import wengert.numpy as wnp
from wengert import grad, jacfwd, jacrev, jit, lax


@pytest.mark.parametrize("first", range(2000, 2040, 10))
def test_derivatives_of_drawn_programs(first):
    with np.errstate(all="ignore"):
        for number in range(first, first + 10):
            e, x = special_programs.drawn(number)
            assert not special_programs.findings(e, x, compiled=False), (number, e, x)


@pytest.mark.parametrize("number", [678, 1017, 1130])
def test_compiled_derivatives_of_drawn_programs(number):
    e, x = special_programs.drawn(number)
    assert not special_programs.findings(e, x), (e, x)


def test_a_choice_by_value_is_found(monkeypatch):
    wrong = (lambda x: wnp.where(x == 0, 0.0, x * x), lambda x: x * x)
    monkeypatch.setitem(special_programs.UNARY, "square", wrong)
    assert special_programs.findings(("unary", "square", 0), [0.0], compiled=False)


def test_what_is_left_out_is_found_once_for_all_bodies_that_ask():
    """A loop's body is traced more than once; the mask of what it closes over is no part of the first trace."""

    def f(v):
        y = wnp.sort(wnp.stack([v[1], v[0], v[0]]))[0]
        return lax.while_loop(lambda c: c[0] < 2, lambda c: (c[0] + 1, c[1] * v[1] + wnp.sin(y)), (0, y * 1.0))[1]

    def g(v):
        y = wnp.sqrt(v)[wnp.argsort(v)]
        return lax.cond(v[0] > 0, lambda: y[0] * y[1], lambda: y[1]) + y[1] * lax.cond(
            v[0] > 0, lambda: y[1], lambda: 0.0
        )

    x = np.array([1.0, 2.0])
    for h in (f, g):
        for d in (jacfwd, grad, lambda h: jacrev(jacfwd(h)), lambda h: jacfwd(jacfwd(h))):
            np.testing.assert_allclose(jit(d(h))(x), d(h)(x))
