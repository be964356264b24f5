"""Questions about the class of a value are answered in a traced function as in a plain run of it."""

import copy
import functools
import numbers
import random
from collections.abc import Sequence
from typing import Any

import ml_dtypes
import numpy as np
import pytest

import wengert as w
from wengert import lax
from wengert.core import Tracer

CLASSES: Any = (
    np.ndarray, np.generic, np.number, np.floating, np.integer, np.bool_, np.complexfloating, np.float64, np.float32, float, int,
    bool, complex, numbers.Number, numbers.Real, numbers.Integral, Sequence, list, tuple, str, dict, (list, np.ndarray), (int, float),
)  # fmt: skip
FLOATS = [
    2.0,
    np.float64(2.0),
    np.float32(2.0),
    np.arange(3.0),
    np.ones((2, 0)),
    np.float16(1.0),
    np.ones(2, ml_dtypes.bfloat16),
]
OTHERS = [3, True, np.int32(3), np.bool_(True), np.arange(3), 1j, np.complex64(1j), np.ones(2, bool)]


def answers(x):
    return [isinstance(x, c) for c in CLASSES] + [np.isscalar(x), x.__class__]


def seen_by(transform, x):
    seen = []
    transform(lambda v: (seen.append(answers(v)), v)[1], x)
    return seen


MODES = {
    "jit": lambda f, x: w.jit(f)(x),
    "jvp": lambda f, x: w.jvp(f, (x,), (x,)),
    "vjp": lambda f, x: w.vjp(f, x),
    "linearize": lambda f, x: w.linearize(f, x),
    "jit of grad": lambda f, x: w.jit(w.grad(lambda v: np.sum(f(v)).real))(x),
    "grad of grad": lambda f, x: w.grad(lambda v: np.sum(w.grad(lambda u: np.sum(f(u) * 2.0))(v)))(x),
    "checkpoint": lambda f, x: w.vjp(w.checkpoint(f), x),
    "make_program": lambda f, x: w.make_program(f)(x),
}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("x", FLOATS, ids=repr)
def test_as_in_a_plain_run(mode, x):
    seen = seen_by(MODES[mode], x)
    assert seen and all(s == answers(x) for s in seen)


@pytest.mark.parametrize("x", OTHERS, ids=repr)
def test_other_numbers_under_jit(x):
    assert seen_by(MODES["jit"], x) == [answers(x)]


def test_an_example_of_a_batch():
    batch = np.arange(6.0).reshape(2, 3)
    assert seen_by(lambda f, x: w.vmap(f)(x), batch) == [answers(batch[0])]
    assert seen_by(lambda f, x: w.vmap(f)(x), batch[0]) == [answers(batch[0, 0])]


def test_what_is_computed():
    """Elements, sums, views, arrays that were made and written into, what a loop carries."""

    def f(x):
        made = np.zeros((2, 2))
        made[0] = x[:2]
        values = [
            x[0],
            x.sum(),
            x[1:],
            x.T,
            made,
            made[0],
            made[0, 0],
            np.asarray(x),
            np.array([x[0], 1.0]),
            x > 0,
            x[0] > 0,
        ]
        seen.append([answers(v)[:-1] for v in values])  # of a subclass, where it was written into
        return x.sum()

    seen = []
    x = np.arange(3.0)
    f(x)
    w.grad(f)(x)
    w.jit(f)(x)
    assert seen[1] == seen[0] and seen[2] == seen[0]
    seen = []
    lax.scan(lambda c, t: (seen.append((answers(c), answers(t))), (c + t, t))[1], np.float64(0.0), x)
    assert all(s == (answers(x[0]), answers(x[0])) for s in seen)


def test_functions_that_are_chosen_by_class():
    @functools.singledispatch
    def f(x):
        raise TypeError(type(x))

    f.register(np.ndarray, lambda x: np.sum(x**2))
    f.register(float, lambda x: 3.0 * x)
    np.testing.assert_array_equal(w.grad(f)(np.ones(2)), 2 * np.ones(2))
    assert w.grad(f)(1.0) == 3.0 and w.jit(f)(2.0) == 6.0

    def by_match(x):
        match x:
            case float():
                return x * x
            case np.ndarray():
                return x.sum()

    assert w.grad(by_match)(3.0) == 6.0
    np.testing.assert_array_equal(w.grad(by_match)(np.ones(2)), np.ones(2))


def test_the_library_and_type_know_the_truth():
    def f(x):
        assert issubclass(type(x), Tracer) and type(x) is not np.ndarray
        assert copy.copy(x) is not None and np.isscalar(x[0])
        return x[0]

    w.grad(f)(np.ones(2))


def test_programs_that_check_their_arguments():
    """Drawn nests of transformations of functions that refuse what a plain run would not be given."""

    def checked(x, k):
        if not isinstance(x, np.ndarray) or not isinstance(x[0], np.float64):
            raise TypeError("an array is needed")
        if isinstance(k, bool) or not isinstance(k, (int, float)):
            raise TypeError("a number is needed")
        return np.sum(np.sin(x) * k)

    rng = random.Random(0)
    x = np.linspace(0.1, 1.0, 4)
    for _ in range(20):
        f = lambda v: checked(v, 2.5)
        for _ in range(rng.randint(1, 3)):
            wrap = rng.choice([w.jit, w.checkpoint, lambda g: lambda v: w.vmap(g)(np.stack([v, v]))[0]])
            f = wrap(f)
        np.testing.assert_allclose(w.grad(f)(x), 2.5 * np.cos(x), rtol=1e-14)
