"""Plain arrays that a function changes in place after it used them with traced ones."""

import threading

import numpy as np
import pytest

import wengert as w
import wengert.numpy as wnp
from wengert import lax
from wengert.ops.keeping import COPIED

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


def test_a_large_array_may_be_changed_meanwhile():
    def f(x, k):
        total = wnp.sum(x * k)
        k[0] = 7.0
        again = wnp.sum(x * k)
        k[...] = 0.0
        return total + again

    expected = np.full(LARGE, 2.0)
    expected[0] = 8.0
    x = np.ones(LARGE)
    for g in (
        w.grad(f), lambda x, k: w.vjp(lambda x: f(x, k), x)[1](1.0)[0], lambda x, k: w.jacrev(lambda x: f(x, k))(x),
        w.grad(lambda x, k: w.jit(lambda x: f(x, k))(x)), lambda x, k: w.jit(w.grad(lambda x: f(x, k)))(x),
    ):  # fmt: skip
        k = np.ones(LARGE)
        np.testing.assert_array_equal(g(x, k), expected)
        assert k.flags.writeable and not k.any()


def test_the_argument_may_be_changed_meanwhile():
    for n in (3, LARGE):
        x = np.full(n, 3.0)

        def f(y, x=x):
            total = wnp.sum(y * y)
            x[...] = 0.0
            return total

        np.testing.assert_array_equal(w.grad(f)(x), np.full(n, 6.0))
        x[...] = 3.0
        np.testing.assert_array_equal(w.grad(lambda p: f(p["a"]))({"a": x})["a"], np.full(n, 6.0))


def test_copies_are_used_again_only_where_nothing_changed():
    def f(x, k):
        total = 0.0
        for step in range(6):
            total = total + wnp.sum(x * k)
            if step == 2:
                k[5] = -0.0  # equal to what was there, and not the same
            if step == 3:
                k[6] = np.nan
                k[6] = 1.0
        return total

    for k in (np.zeros(LARGE), np.zeros((LARGE // 2, 2)), np.zeros((2, LARGE // 2)).T, np.zeros(2 * LARGE)[::2]):
        k = k if k.ndim == 1 else k.reshape(-1)
        np.testing.assert_array_equal(w.grad(f)(np.ones(k.size), k)[:8], [0, 0, 0, 0, 0, 0, 2, 0])


def test_memory_that_is_used_again_is_nobodys():
    """Results that lie in a copy are not overwritten by those of later calls."""
    rng = np.random.default_rng(0)
    kept = []
    for _ in range(20):
        k = rng.normal(size=LARGE)
        kept.append((k, w.grad(lambda x, k=k: wnp.sum(x * k))(np.ones(LARGE))))
        w.grad(lambda x, k=k: wnp.sum(wnp.sin(x) * k))(np.ones(LARGE))
        saved, pull = w.vjp(lambda x, k=k: wnp.sum(x * k), np.ones(LARGE))
        kept.append((k, pull(1.0)[0]))
        del saved, pull
    for k, got in kept:
        np.testing.assert_array_equal(got, k)
        assert got.flags.writeable


def test_views_of_large_arrays():
    table = np.ones((LARGE, 2))

    def transposed(x):
        total = wnp.sum(table.T @ x)
        table[...] = 0.0
        return total

    np.testing.assert_array_equal(w.grad(transposed)(np.ones(LARGE)), np.full(LARGE, 2.0))
    table[...] = 1.0

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


def test_nothing_is_done_to_the_arrays_of_others():
    """Neither while a gradient is taken nor after an error: other threads write to them all the time."""
    k, x = np.ones(LARGE), np.ones(LARGE)
    stop, refused = [], []

    def write():
        while not stop:
            try:
                k[0] = 1.0
                assert k.flags.writeable
            except (ValueError, AssertionError) as error:
                refused.append(error)
                return

    def fails(x):
        wnp.sum(x * k)
        raise ZeroDivisionError

    writer = threading.Thread(target=write)
    writer.start()
    for _ in range(30):
        assert float(w.grad(lambda x: wnp.sum(x * k))(x)[0]) == 1.0
        with pytest.raises(ZeroDivisionError):
            w.grad(fails)(x)
        w.vjp(lambda x: wnp.sum(x * k), x)[1](1.0)
        lax.scan(lambda c, t: (c + wnp.sum(k) * t, None), 0.0, np.ones(2))
    stop.append(1)
    writer.join()
    assert not refused
    k.flags.writeable = False
    w.grad(lambda x: wnp.sum(x * k))(x)
    assert not k.flags.writeable


def test_errors_are_left_as_they_are():
    with pytest.raises(ValueError, match="mine"):
        w.grad(lambda x: (_ for _ in ()).throw(ValueError("mine: read-only")))(1.0)


@pytest.mark.parametrize("count", [5, 5000])
def test_arrays_that_were_read_only_for_a_while(count):
    """Whoever has an array can make it writable again, so a Program has a copy, whose memory nobody can write to."""

    def constant():
        k = np.arange(float(count))
        k.flags.writeable = False
        return k

    def cleared(k):
        k.flags.writeable = True
        k[:] = 0

    x, right = np.ones(count), np.arange(float(count))
    k = constant()
    f, program = w.jit(lambda x: x * k), w.make_program(lambda x: x * k)(x)
    f(x)
    cleared(k)
    assert (f(x) == right).all() and (program.evaluate([x])[0] == right).all()
    for wrap in (w.checkpoint, w.jit, lambda f: f):
        k = constant()

        def g(x, wrap=wrap, k=k):
            y = wrap(lambda x: wnp.sum(x * x * k))(x)
            cleared(k)
            return y

        assert (w.grad(g)(x) == 2 * right).all()
    arrays = [a.value for e in program.equations for a in e.inputs if isinstance(getattr(a, "value", None), np.ndarray)]
    assert len(arrays) == 1
    with pytest.raises(ValueError, match="WRITEABLE"):
        arrays[0].flags.writeable = True
