"""What loops and branches leave out of a Jacobian's basis, where their values are known and where they are not.

Functions of slopes that are infinite at an element stand in every kind of loop and branch, and what follows leaves that
element out, or adds it up with others. The oracle is the same function run as the Python that it is (`disable_jit`), where
every step is looked at alone.
"""

import numpy as np
import pytest

import wengert.numpy as wnp
from wengert import config, debug, grad, hessian, jacfwd, jacrev, jit, lax, make_program, vmap
from wengert.ops.steep import steep

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")
V = np.array([1.0, 0.25, 0.0])


def repeated(step, v, n=1):
    """`step` `n` times, in a loop of which the number of steps is not known before."""
    return lax.while_loop(lambda c: c[0] < n, lambda c: (c[0] + 1, step(c[1])), (0, v))[1]


INNER = {
    "cond": lambda v: lax.cond(v[0] > 0, wnp.sqrt, lambda x: x, v),
    "fori": lambda v: lax.fori_loop(0, 1, lambda i, c: wnp.sqrt(c), v),
    "while": lambda v: repeated(wnp.sqrt, v),
    "carry": lambda v: lax.scan(lambda c, _: (wnp.sqrt(c), None), v, None, length=1)[0],
    "ys": lambda v: lax.scan(lambda c, x: (c, x**1.5), 0.0, v)[1],
    "constant": lambda v: lax.scan(lambda c, _: (c + wnp.sqrt(v), None), 0 * V, None, length=1)[0],
    "reverse": lambda v: lax.scan(lambda c, x: (c + wnp.sqrt(x), c + wnp.sqrt(x)), 0.0, v, reverse=True)[1],
    "linear, then the root": lambda v: wnp.sqrt(lax.scan(lambda c, x: (c, 2 * x), 0.0, v)[1]),
    "linear while, then the root": lambda v: wnp.sqrt(repeated(lambda x: 2 * x, v)),
    "two steps": lambda v: lax.scan(lambda c, x: (c + x[::-1] ** 1.5, c), v, wnp.stack([v, v]))[1][1],
    "nested": lambda v: lax.scan(lambda c, x: (c, repeated(wnp.sqrt, x)), 0.0, v)[1],
    "branch in a loop": lambda v: lax.map(lambda x: lax.cond(x > 0.5, wnp.arcsin, wnp.sqrt, x), v),
}
OUTER = {
    "running sums": wnp.cumsum,
    "sums in a scan": lambda u: lax.scan(lambda c, x: (c + x, c + x), 0.0, u)[1],
    "an index in a scan": lambda u: lax.scan(lambda c, i: (c, u[i]), 0.0, np.arange(2))[1],
    "a slice": lambda u: u[:2] * u[1],
}


def alike(f, derivatives, order):
    forms = {"jit": lambda f, d: jit(d(f)), "eager": lambda f, d: d(f)}
    with config.override(disable_jit=True):
        want = derivatives[0](f)(V)
    assert not np.isnan(want).all()
    for d in derivatives:
        for name, form in forms.items():
            message = f"{name}, {order}"
            np.testing.assert_allclose(form(f, d)(V), want, rtol=1e-11, atol=1e-14, err_msg=message)


@pytest.mark.parametrize("inner", INNER)
def test_jacobians_of_loops_are_those_of_their_steps(inner):
    for outer in [*OUTER.values()][:: 1 if inner in ("reverse", "carry") else 2]:
        alike(lambda v: outer(INNER[inner](v)), [jacfwd], "forward")  # noqa: B023


ORDERS = [lambda f, a=a, b=b: a(b(f)) for a in (jacfwd, jacrev) for b in (jacfwd, jacrev)]


@pytest.mark.parametrize("inner", [k for k in INNER if k not in ("fori", "cond", "constant", "branch in a loop")])
def test_second_derivatives_of_loops_are_those_of_their_steps(inner):
    alike(lambda v: OUTER["running sums"](INNER[inner](v)), ORDERS, "second")


# what the branch that is not taken takes, or a loop that takes no step, of roots one of which has a pole
NOT_TAKEN = {
    "a branch": lambda v, n: lax.cond(n > 0, wnp.sum, lambda y: 0.0, wnp.sqrt(v)),
    "an operand": lambda v, n: lax.switch(n, [lambda y, z: wnp.sum(z), lambda y, z: wnp.sum(y)], wnp.sqrt(v), v),
    "closed over": lambda v, n: (lambda y: lax.cond(n > 0, lambda: wnp.sum(y), lambda: 0.0))(wnp.sqrt(v)),
    "no step": lambda v, n: (lambda y: wnp.sum(lax.fori_loop(0, n, lambda i, c: c * y, np.ones(3))))(wnp.sqrt(v)),
    "no slice": lambda v, n: (lambda y: wnp.sum(lax.scan(lambda c, x: (c + y, x), 0 * V, np.ones(0))[0]))(wnp.sqrt(v)),
}


@pytest.mark.parametrize("name", NOT_TAKEN)
def test_what_is_not_taken_does_not_count(name):
    f = NOT_TAKEN[name]
    with config.override(disable_jit=True):
        want = jacfwd(f)(V, 0)
    assert np.isfinite(want).all()
    for d in (grad, jacfwd, lambda f: lambda v, n: jit(grad(f))(v, n), lambda f: lambda v, n: grad(jit(f))(v, n)):
        np.testing.assert_array_equal(d(f)(V, 0), want)
    for d in ORDERS:
        np.testing.assert_array_equal(jit(d(f))(V, 0), np.zeros((3, 3)))


def test_reverse_over_reverse_of_a_branch_in_a_loop():
    """Residuals of its branches share places: one of values with one of tangents, which are vectors of the outer basis."""

    def f(v):
        step = lambda i, x: lax.cond(i > 0, lambda x: (x * V) ** 2, lambda x: x[::-1] * x, x)  # noqa: E731
        return lax.while_loop(lambda c: c[0] < 2, lambda c: (c[0] + 1, step(*c)), (0, v + 1))[1]

    alike(f, ORDERS, "second")


def test_reverse_over_reverse_of_a_scan_with_an_unused_end():
    f = lambda x: wnp.sum(lax.scan(lambda c, _: (wnp.sqrt(c - 1), c), x, None, length=2)[1])  # noqa: E731
    for second in (grad(grad(f)), jit(grad(grad(f))), grad(jit(grad(f)))):
        np.testing.assert_allclose(second(2.0), -0.25)  # of sqrt(x - 1); the next root has a pole


def test_what_a_loop_does_beside_happens_once():
    seen = []

    def body(c, x):
        debug.callback(lambda x: seen.append(float(x)), x)
        return c, wnp.sqrt(x)

    f = lambda v: wnp.cumsum(lax.scan(body, 0.0, v)[1])  # noqa: E731
    for derivative in (jacfwd(f), jit(jacfwd(f))):
        seen.clear()
        np.testing.assert_allclose(derivative(V), [[0.5, 0, 0], [0.5, 1, 0], [0.5, 1, np.inf]])
        assert sorted(seen) == sorted(V)


def test_masks_are_carried_where_a_derivative_may_be_infinite_alone():
    def masks(body):
        f = lambda v: wnp.sum(wnp.sin(lax.scan(lambda c, x: (body(c, x), None), v, np.ones((3, 3)))[0]) ** 2)  # noqa: E731
        program = make_program(hessian(f))(V + 1)
        scans = [e.params["body"] for e in program.equations if "body" in e.params]
        return [any(a.dtype == bool for a in b.in_avals) for b in scans], [steep(b) for b in scans]

    for flat in (
        lambda c, x: wnp.tanh(np.eye(3) @ c + x),
        lambda c, x: c * x - 0.1 * c**3,
        lambda c, x: wnp.exp(-(c**2)),
    ):
        carried, found = masks(flat)
        assert not any(carried) and not any(found)
    carried, found = masks(lambda c, x: wnp.log(c + x))
    assert any(carried) and any(found)


def test_batches_of_jacobians_of_loops():
    f = lambda v: wnp.cumsum(INNER["carry"](v))  # noqa: E731
    got = jit(vmap(jacfwd(f)))(np.stack([V, V + 1]))
    np.testing.assert_allclose(got[0], [[0.5, 0, 0], [0.5, 1, 0], [0.5, 1, np.inf]])
    np.testing.assert_allclose(got[1], np.tril(np.ones((3, 3))) * 0.5 / np.sqrt(V + 1), rtol=1e-13)
    steps = jit(vmap(jacfwd(lambda v: wnp.cumsum(repeated(wnp.sqrt, v, n=v[0])))))(np.stack([V, V + 1]))
    np.testing.assert_allclose(steps[0], got[0])
    np.testing.assert_allclose(steps[1], np.tril(np.ones((3, 3))) * 0.25 * (V + 1) ** -0.75, rtol=1e-13)


INFINITE = {
    "a product in a branch": (
        lambda v: v[2] - lax.cond(v[0] > 0, lambda: v[0] * v[2], lambda: v[2]),
        [np.inf, 0.5, 0.0],
    ),
    "a root before": (
        lambda v: (lambda y: lax.cond(v[1] > 0, lambda: v[1] * y, lambda: y))(1 / wnp.sqrt(v[0])),
        [0.0, 0.5, 1.0],
    ),
}


@pytest.mark.parametrize("name", INFINITE)
def test_branches_that_are_given_infinite_numbers(name):
    """Their own derivatives are finite; compiled Jacobians are the eager ones."""
    f, at = INFINITE[name]
    for d in (jacfwd, grad):
        want = d(f)(np.array(at))
        np.testing.assert_array_equal(jit(d(f))(np.array(at)), want)
        assert not np.isnan(want).all()
