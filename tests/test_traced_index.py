"""Plain arrays that functions close over, indexed by traced values."""

import functools

import numpy as np
import pytest

import wengert as w
import wengert.numpy as wnp
from wengert import lax
from wengert.errors import ConcretizationError

TABLE = np.arange(10.0) ** 2
ROWS = np.array([[1, 2], [3, 4]])
COUNT = 0


def looked_up(i):
    return TABLE[i] + TABLE[ROWS[i % 2]].sum()


def test_globals_closures_and_helpers():
    local = np.array([5.0, 6.0, 7.0])
    assert lax.fori_loop(0, 3, lambda i, s: s + local[i] * TABLE[i], 0.0) == 5 * 0 + 6 * 1 + 7 * 4
    expected = sum(TABLE[i] + TABLE[ROWS[i % 2]].sum() for i in range(5))
    assert lax.fori_loop(0, 5, lambda i, s: s + looked_up(i), 0.0) == expected
    np.testing.assert_array_equal(w.vmap(lambda i: local[i] * 2)(np.array([2, 0])), [14.0, 10.0])
    np.testing.assert_array_equal(w.jit(lambda i: TABLE[i])(np.array([1, 3])), [1.0, 9.0])
    out, ys = lax.scan(functools.partial(lambda k, c, i: (c + k * local[i], local[i]), 2.0), 0.0, np.array([1, 2]))
    assert out == 26.0 and list(ys) == [6.0, 7.0]


def test_derivatives():
    f = lambda a: lax.fori_loop(0, 4, lambda i, s: s * a + TABLE[i], 0.0)  # noqa: E731
    assert float(w.grad(f)(1.1)) == pytest.approx(2 * 1.1 * 1 + 4)
    assert float(w.jit(w.grad(f))(1.1)) == pytest.approx(2 * 1.1 * 1 + 4)


def test_jit_compiles_once():
    runs = []

    def f(i):
        runs.append(1)
        return TABLE[i]

    g = w.jit(f)
    for k in range(3):
        out = g(np.array([k]))
        assert out.shape == (1,) and out[0] == TABLE[k]
    assert len(runs) == 1


def test_a_result_that_is_an_array_of_the_closure():
    out = w.vmap(lambda i: (TABLE[i], TABLE))(np.array([1, 2]))
    assert type(out[1]) is np.ndarray and out[1].shape == (2, 10)


def test_what_writes_to_globals_runs_once():
    def counted(i):
        global COUNT
        COUNT += 1
        return TABLE[i]

    np.testing.assert_array_equal(w.vmap(counted)(np.arange(3)), TABLE[:3])
    assert COUNT == 1


def test_other_questions():
    np.testing.assert_array_equal(w.vmap(lambda i: np.asarray(i) + TABLE[1])(np.arange(3)), np.arange(3) + TABLE[1])
    with pytest.raises(ConcretizationError, match="NumPy asked for the values"):
        w.vmap(lambda i: np.array(i, dtype="S3"))(np.arange(3.0))


def test_out_of_range():
    with pytest.raises(IndexError):
        lax.fori_loop(8, 12, lambda i, s: s + TABLE[i], 0.0)
    assert wnp.sum(TABLE) == 285.0
