"""Plain arrays that a function changes in place after it used them with traced ones."""

import threading

import numpy as np
import pytest

import wengert as w
import wengert.numpy as wnp
from wengert import lax
from wengert.errors import NotSupportedError
from wengert.ops.keeping import COPIED, explained
from wengert.transforms.tape import Tape

X = np.array([1.0, 2.0, 3.0])
LARGE = COPIED // 8 + 8


def halved(x):
    k, total = np.ones(3), 0.0
    for _ in range(3):
        total = total + np.sum(x * k)
        k *= 0.5
    return total


def sorted_in_place(x):
    k = np.array([3.0, 1.0, 2.0])
    total = wnp.vdot(k, x)
    k.sort()
    return total + wnp.vdot(x, k) * x[0]


def rows(x):
    table = np.arange(9.0).reshape(3, 3)
    row = table[1]
    total = wnp.sum(row * x)
    table *= 0.0
    return total + wnp.sum(np.broadcast_to(row, (2, 3)) * x)


def looked_up(x):
    at = np.array([0, 1, 1])
    total = wnp.sum(x[at])
    at[...] = 2
    return total + wnp.sum(x[at] ** 2)


def chosen(x):
    mask = np.array([True, False, True])
    out = wnp.where(mask, x * x, 0.0)
    mask[...] = False
    return wnp.sum(out)


@w.custom_vjp
def scaled(x, k):
    return wnp.sum(x * k)


scaled.defvjp(lambda x, k: (wnp.sum(x * k), (k,)), lambda res, ct: (ct * res[0], None))


@w.custom_jvp
def tripled(x):
    return 3.0 * x


FACTOR = np.ones(3)
tripled.defjvp(lambda primals, tangents: (3.0 * primals[0], 3.0 * FACTOR * tangents[0]))


def with_a_custom_vjp(x):
    k = np.ones(3)
    total = scaled(x, k)
    k *= 0.0
    return total


def with_a_custom_jvp(x):
    FACTOR[...] = 1.0
    total = wnp.sum(tripled(x))
    FACTOR[...] = 0.0
    return total


FUNCTIONS = {
    "scaled": (halved, [1.75, 1.75, 1.75]),
    "sorted": (sorted_in_place, [3.0 + (1.0 + 4.0 + 9.0) + 1.0, 1.0 + 2.0, 2.0 + 3.0]),
    "rows": (rows, [3.0, 4.0, 5.0]),
    "indices": (looked_up, [1.0, 2.0, 18.0]),
    "a mask": (chosen, [2.0, 0.0, 6.0]),
    "custom_vjp": (with_a_custom_vjp, [1.0, 1.0, 1.0]),
    "custom_jvp": (with_a_custom_jvp, [3.0, 3.0, 3.0]),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_gradient_is_of_what_was_computed(name):
    f, expected = FUNCTIONS[name]
    np.testing.assert_allclose(w.grad(f)(X), expected)
    np.testing.assert_allclose(w.vjp(f, X)[1](1.0)[0], expected)
    np.testing.assert_allclose([w.linearize(f, X)[1](e) for e in np.eye(3)], expected)
    np.testing.assert_allclose(w.jacrev(f)(X), expected)
    if name != "custom_vjp":
        np.testing.assert_allclose(w.jacfwd(f)(X), expected)
    np.testing.assert_allclose(w.jit(w.grad(f))(X), expected)
    if name == "custom_jvp":
        return  # its rule is run when the Program is differentiated, and reads what the global is then
    np.testing.assert_allclose(w.grad(w.jit(f))(X), expected)
    np.testing.assert_allclose(w.jacrev(w.grad(f))(X), w.jacfwd(w.jacfwd(f))(X) if name != "custom_vjp" else 0.0)


def test_linear_transpose():
    def f(t):
        k = np.ones(3)
        out = t * k
        k *= 5.0
        return out

    np.testing.assert_array_equal(w.linear_transpose(f, X)(X)[0], X)


def test_the_body_of_a_loop():
    def step(c, x):
        k = np.linspace(0.0, 1.0, 40)
        c = c + x * wnp.sum(k)
        k *= 0.0
        return c + wnp.sum(k * x), None

    assert float(lax.scan(step, 0.0, X)[0]) == pytest.approx(6.0 * 20.0)


def test_a_large_array_cannot_be_changed_meanwhile():
    k = np.ones(LARGE)

    def f(x):
        total = wnp.sum(x * k)
        k[0] = 7.0
        return total

    for g in (w.grad(f), lambda x: w.vjp(f, x), w.jacrev(f), w.jit(w.grad(f))):
        with pytest.raises(NotSupportedError, match=r"write k = k \* 0.5 instead"):
            g(np.ones(LARGE))
        assert k.flags.writeable and k[0] == 1.0
    assert w.grad(w.jit(f))(np.ones(LARGE))[0] == 1.0 and k[0] == 7.0  # constants of a program are copied
    np.testing.assert_array_equal(w.grad(lambda x: wnp.sum(x * k))(np.ones(LARGE)), k)
    assert k.flags.writeable


def test_views_of_large_arrays():
    table = np.ones((LARGE, 2))

    def transposed(x):
        total = wnp.sum(table.T @ x)
        table[...] = 0.0
        return total

    with pytest.raises(NotSupportedError):
        w.grad(transposed)(np.ones(LARGE))
    assert table.flags.writeable and table[0, 0] == 1.0

    def part(x):
        total = wnp.sum(table[:, 0] * x)
        table[...] = 0.0
        return total

    np.testing.assert_array_equal(w.grad(part)(np.ones(LARGE)), np.ones(LARGE))
    few = np.ones(3)

    def spread(x):
        total = wnp.sum(np.broadcast_to(few, (LARGE, 3)) * x)
        few[...] = 0.0
        return total

    np.testing.assert_array_equal(w.grad(spread)(X), np.full(3, float(LARGE)))


def test_arrays_are_released_whatever_is_raised():
    k = np.ones(LARGE)

    def f(x):
        wnp.sum(x * k)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        w.grad(f)(np.ones(LARGE))
    assert k.flags.writeable
    inner = lambda x: w.grad(lambda y: wnp.sum(y * k * x))(x)[0] * x[0]  # noqa: E731
    w.grad(inner)(np.ones(LARGE))
    assert k.flags.writeable
    k.flags.writeable = False
    w.grad(lambda x: wnp.sum(x * k))(np.ones(LARGE))
    assert not k.flags.writeable


def test_several_threads_hold_one_array():
    k, x = np.ones(LARGE), np.ones(LARGE)
    seen = []

    def work():
        for _ in range(50):
            seen.append(float(w.grad(lambda x: wnp.sum(x * k))(x)[0]))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert seen == [1.0] * 200 and k.flags.writeable


def test_other_errors_are_left_as_they_are():
    with pytest.raises(ValueError, match="mine"):
        w.grad(lambda x: (_ for _ in ()).throw(ValueError("mine: read-only")))(1.0)
    assert type(explained(ValueError("assignment destination is read-only"), Tape())) is ValueError
