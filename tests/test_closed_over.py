"""Rules and solvers that close over values under transformation: the right derivative, or an error; never a tracer."""

import threading

import numpy as np
import pytest

import wengert
import wengert.numpy as wnp
from wengert import custom_jvp, custom_vjp, grad, hessian, jacfwd, jit, jvp, lax, linearize, vjp, vmap
from wengert.errors import CustomRuleError, LeakedTracerError

X = 0.7
VALUE, FIRST, SECOND = X * np.sin(X), np.sin(X) + X * np.cos(X), 2 * np.cos(X) - X * np.sin(X)  # of x sin(x)
BATCH = np.array([X, 1.0])


def by_vjp(x):
    k = custom_vjp(lambda y: x * wnp.sin(y))
    k.defvjp(lambda y: (x * wnp.sin(y), y), lambda y, c: (x * wnp.cos(y) * c,))
    return k(x)


def by_residual(x):
    k = custom_vjp(lambda y: x * wnp.sin(y))
    k.defvjp(lambda y: (x * wnp.sin(y), (x, y)), lambda r, c: (r[0] * wnp.cos(r[1]) * c,))
    return k(x)


def by_jvp(x):
    k = custom_jvp(lambda y: x * wnp.sin(y))
    k.defjvp(lambda p, t: (x * wnp.sin(p[0]), x * wnp.cos(p[0]) * t[0]))
    return k(x)


def by_itself(x):
    k = custom_jvp(lambda y: x * wnp.sin(y))
    k.defjvp(lambda p, t: (k(p[0]), x * wnp.cos(p[0]) * t[0]))
    return k(x)


def by_partials(x):
    k = custom_jvp(lambda y: x * wnp.sin(y))
    k.defjvps(lambda t, ans, y: x * wnp.cos(y) * t)
    return k(x)


RULES = [by_vjp, by_residual, by_jvp, by_itself, by_partials]
FIRSTS = {
    "grad": lambda f: grad(f)(X),
    "jvp": lambda f: jvp(f, (X,), (1.0,))[1],
    "vjp": lambda f: vjp(f, X)[1](1.0)[0],
    "linearize": lambda f: linearize(f, X)[1](1.0),
    "jacfwd": lambda f: jacfwd(f)(X),
    "jit of grad": lambda f: jit(grad(f))(X),
    "grad of jit": lambda f: grad(jit(f))(X),
    "vmap of grad": lambda f: vmap(grad(f))(BATCH)[0],
    "grad of vmap": lambda f: grad(lambda z: wnp.sum(vmap(f)(z)))(BATCH)[0],
    "jvp of vmap": lambda f: jvp(vmap(f), (BATCH,), (np.ones(2),))[1][0],
    "jit of a pullback": lambda f: jit(vjp(f, X)[1])(1.0)[0],
    "vmap of a pullback": lambda f: vmap(vjp(f, X)[1])(np.ones(2))[0][0],
    "jit of a pullback of vmap": lambda f: jit(vjp(vmap(f), BATCH)[1])(np.ones(2))[0][0],
    "jit of grad of vmap": lambda f: jit(grad(lambda z: wnp.sum(vmap(f)(z))))(BATCH)[0],
    "scan": lambda f: grad(lambda x: lax.scan(lambda c, _: (f(c), None), x, None, length=1)[0])(X),
    "scan, closed over": lambda f: grad(lambda x: lax.scan(lambda c, _: (c * f(x), None), 1.0, None, length=1)[0])(X),
    "cond": lambda f: grad(lambda x: lax.cond(x > 0, f, lambda x: x, x))(X),
    "checkpoint": lambda f: grad(wengert.checkpoint(f))(X),
}
SECONDS = {
    "grad of grad": lambda f: grad(grad(f))(X),
    "forward over reverse": lambda f: jacfwd(grad(f))(X),
    "forward over forward": lambda f: jvp(lambda x: jvp(f, (x,), (1.0,))[1], (X,), (1.0,))[1],
    "reverse over forward": lambda f: grad(lambda x: jvp(f, (x,), (1.0,))[1])(X),
    "vmap of grad of grad": lambda f: vmap(grad(grad(f)))(BATCH)[0],
}


def right(run, expected, must):
    try:
        got = run()
    except CustomRuleError as error:
        assert not must and "argument" in str(error)
        return
    assert isinstance(got, (float, np.floating, np.ndarray))
    np.testing.assert_allclose(got, expected, rtol=1e-12)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("way", FIRSTS)
def test_first_derivative(rule, way):
    right(lambda: FIRSTS[way](rule), FIRST, way != "jit of grad of vmap" or rule not in (by_itself, by_partials))


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("way", SECONDS)
def test_second_derivative(rule, way):
    right(lambda: SECONDS[way](rule), SECOND, rule not in (by_itself, by_partials))


@pytest.mark.parametrize("rule", RULES)
def test_value(rule):
    for value in (jvp(rule, (X,), (1.0,))[0], jit(rule)(X), vmap(rule)(BATCH)[0], vjp(rule, X)[0]):
        assert isinstance(value, (np.floating, np.ndarray))
        np.testing.assert_allclose(value, VALUE, rtol=1e-12)


@pytest.mark.parametrize("rule", RULES)
def test_values_of_a_newer_transformation(rule):
    """The argument stands under an older transformation than what the rule closes over."""

    def slope(x):
        def product(z):
            k = custom_jvp(lambda y: z * wnp.sin(y))
            k.defjvp(lambda p, t: (z * wnp.sin(p[0]), z * wnp.cos(p[0]) * t[0]))
            return k(x)

        return grad(product)(2.0)

    np.testing.assert_allclose(slope(X), np.sin(X))
    right(lambda: grad(slope)(X), np.cos(X), False)
    right(lambda: jvp(slope, (X,), (1.0,))[1], np.cos(X), False)
    right(lambda: vmap(slope)(BATCH), np.sin(BATCH), False)


def test_pullbacks_in_several_threads():
    pullback = vjp(vmap(by_vjp), BATCH)[1]
    expected = pullback(np.ones(2))[0]
    wrong = []

    def work():
        wrong.extend(1 for _ in range(30) if not np.array_equal(pullback(np.ones(2))[0], expected))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not wrong


def root(c):
    return lax.custom_root(lambda v: c * v - 2.0, 0.0, lambda f, x0: 2.0 / c, lambda g, y: y / g(1.0))


def root_closed(c):
    return lax.custom_root(lambda v: c * v - 2.0, 0.0, lambda f, x0: 2.0 / c, lambda g, y: y / c)


def root_aux(c):
    return lax.custom_root(lambda v: c * v - 2.0, 0.0, lambda f, x: (2.0 / c, c), lambda g, y: y / g(1.0), True)[0]


def linear(c):
    return lax.custom_linear_solve(lambda v: c * v, 2.0, lambda mv, b: b / c, lambda mv, b: b / c)


SOLVED = np.array([1.0, 2.0])
SOLVES = {
    "jvp": (lambda f: jvp(f, (2.0,), (1.0,))[1], -0.5),
    "grad": (lambda f: grad(f)(2.0), -0.5),
    "jit of grad": (lambda f: jit(grad(f))(2.0), -0.5),
    "hessian": (lambda f: hessian(f)(2.0), 0.5),
    "vmap": (lambda f: vmap(f)(SOLVED), [2.0, 1.0]),
    "vmap of grad": (lambda f: vmap(grad(f))(SOLVED), [-2.0, -0.5]),
    "grad of vmap": (lambda f: grad(lambda c: wnp.sum(vmap(f)(c)))(SOLVED), [-2.0, -0.5]),
    "jvp of vmap": (lambda f: jvp(vmap(f), (SOLVED,), (np.ones(2),))[1], [-2.0, -0.5]),
    "grad of jit": (lambda f: grad(jit(f))(2.0), -0.5),
    "jit of vmap": (lambda f: jit(vmap(f))(SOLVED), [2.0, 1.0]),
}


@pytest.mark.parametrize("solver", [root, root_closed, root_aux, linear])
@pytest.mark.parametrize("way", SOLVES)
def test_solvers(solver, way):
    run, expected = SOLVES[way]
    right(lambda: run(solver), expected, solver is not root_closed)


def test_the_solver_of_a_root_is_not_differentiated():
    assert (
        grad(lambda c: lax.custom_root(lambda v: v - 2.0, 0.0, lambda f, x: 2.0 * c / c, lambda g, y: y / g(1.0)))(3.0)
        == 0
    )


LEAKED = {
    "a product": lambda x: x * 2,
    "in grad": lambda x: grad(lambda y: y * x)(1.0),
    "returned from grad": lambda x: grad(lambda y: x)(1.0),
    "beside what grad returns": lambda x: grad(lambda y: (y, x), has_aux=True)(1.0),
    "in jvp": lambda x: jvp(lambda y: y * x, (1.0,), (1.0,)),
    "returned from jvp": lambda x: jvp(lambda y: (y, x), (1.0,), (1.0,)),
    "returned from vjp": lambda x: vjp(lambda y: (y, x), 1.0),
    "in vmap": lambda x: vmap(lambda y: y * x)(np.ones(3)),
    "returned from vmap": lambda x: vmap(lambda y: x)(np.ones(3)),
    "in jit": lambda x: jit(lambda y: y * x)(1.0),
    "returned from jit": lambda x: jit(lambda y: x)(1.0),
    "into jit": lambda x: jit(lambda y: y + 1)(x),
    "into grad": lambda x: grad(lambda y: y * y)(x),
    "in NumPy": lambda x: np.sin(x),
}
MAKERS = {
    "grad": lambda f: grad(f)(2.0),
    "jvp": lambda f: jvp(f, (2.0,), (1.0,)),
    "vmap": lambda f: vmap(f)(np.ones(2)),
    "jit": lambda f: jit(f)(2.0),
}


@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize("use", LEAKED)
def test_a_value_that_was_stored(maker, use):
    stored = []
    MAKERS[maker](lambda x: (stored.append(x), x * x)[1])
    with pytest.raises(LeakedTracerError, match="was used after"):
        LEAKED[use](stored[0])


STAGED = {
    "jit": jit,
    "jit of jit": lambda f: jit(jit(f)),
    "jit of vmap": lambda f: lambda x: jit(vmap(f))(wnp.stack([x]))[0],
    "vmap of jit": lambda f: lambda x: vmap(jit(f))(wnp.stack([x]))[0],
    "checkpoint": wengert.checkpoint,
    "of a carry": lambda f: lambda x: lax.scan(lambda c, _: (c, f(c)), x, None, length=2)[1][0],
    "of xs": lambda f: lambda x: lax.scan(lambda c, y: (c + f(y), None), 0.0, wnp.stack([x]))[0],
    "fori_loop": lambda f: lambda x: lax.fori_loop(0, 1, lambda i, c: f(c), x),
    "while_loop": lambda f: lambda x: lax.while_loop(lambda s: s[0] < 1, lambda s: (s[0] + 1, f(s[1])), (0, x))[1],
    "cond": lambda f: lambda x: lax.cond(x > 0, f, f, x),
}


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("where", STAGED)
def test_rules_in_programs(rule, where):
    """What a rule closes over in a Program becomes arguments, and is there when the Program is differentiated."""
    f = STAGED[where](rule)
    for way in ("grad", "jvp"):
        right(lambda way=way: FIRSTS[way](f), FIRST, True)
    must = where != "cond" or rule not in (by_itself, by_partials)
    for way in ("grad of grad", "forward over forward"):
        right(lambda way=way: SECONDS[way](f), SECOND, must)


def test_the_rule_is_used_in_programs():
    """A rule that is not the function's derivative: the slope by the argument is the rule's, that by x is the function's."""

    def through(x, how):
        if how == "jvp":
            k = custom_jvp(lambda y: x * wnp.round(y))
            k.defjvp(lambda p, t: (x * wnp.round(p[0]), x * t[0]))
        else:
            k = custom_vjp(lambda y: x * wnp.round(y))
            k.defvjp(lambda y: (x * wnp.round(y), None), lambda r, c: (x * c,))
        return k(x)

    for how in ("jvp", "vjp"):
        for where in ("jit", "checkpoint", "of a carry", "cond"):
            f = STAGED[where](lambda x, how=how: through(x, how))
            np.testing.assert_allclose(grad(f)(2.7), 2.7 + 3.0)
            np.testing.assert_allclose(jvp(f, (2.7,), (1.0,))[1], 2.7 + 3.0)


def linear_in_t(how):
    """t sin(y), whose rule says 7 t for the derivative by y."""
    if how == "jvp":
        k = custom_jvp(lambda t, y: t * wnp.sin(y))
        k.defjvp(lambda p, d: (p[0] * wnp.sin(p[1]), d[0] * wnp.sin(p[1]) + 7.0 * p[0] * d[1]))
    else:
        k = custom_vjp(lambda t, y: t * wnp.sin(y))
        k.defvjp(lambda t, y: (t * wnp.sin(y), (t, y)), lambda r, c: (c * wnp.sin(r[1]), 7.0 * r[0] * c))
    return lambda y: wengert.linear_transpose(lambda t: k(t, y), 1.0)(2.0)[0]


@pytest.mark.parametrize("how", ["jvp", "vjp"])
def test_a_rule_inside_a_linear_function(how):
    """The function is linear in one argument, on a tape, and differentiated by another, of an older transformation."""
    f = linear_in_t(how)
    for value in (f(X), jit(f)(X), vmap(f)(BATCH)[0], jvp(lambda x: f(wengert.stop_gradient(x)), (X,), (1.0,))[0]):
        np.testing.assert_allclose(value, 2 * np.sin(X))
    ways = [
        lambda: grad(f)(X), lambda: jvp(f, (X,), (1.0,))[1], lambda: grad(jit(f))(X), lambda: jit(grad(f))(X),
        lambda: vmap(grad(f))(BATCH)[0],
    ]  # fmt: skip
    for way in ways:
        if how == "jvp":
            np.testing.assert_allclose(way(), 14.0)
        else:
            with pytest.raises(CustomRuleError, match="custom_jvp rule"):
                way()
