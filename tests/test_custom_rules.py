"""custom_jvp and custom_vjp: every feature of their interface, in every transformation."""

import functools
from collections import namedtuple

import numpy as np
import pytest

import wengert as w
import wengert.numpy as wnp

X = np.array([0.3, -0.7, 1.2])
Point = namedtuple("Point", "x y")


@w.custom_jvp
def sine(x):
    return wnp.sin(x)


@sine.defjvp
def _(primals, tangents):
    (x,), (t,) = primals, tangents
    return sine(x), cosine(x) * t


@w.custom_jvp
def cosine(x):
    return wnp.cos(x)


cosine.defjvps(lambda t, ans, x: -sine(x) * t)


@w.custom_vjp
def vsine(x):
    return wnp.sin(x)


vsine.defvjp(lambda x: (vsine(x), x), lambda x, g: (wnp.cos(x) * g,))
TRANSFORMATIONS = {
    "grad": lambda f: lambda x: w.grad(lambda x: f(x).sum())(x),
    "jvp": lambda f: lambda x: w.jvp(f, (x,), (x,))[1],
    "jacfwd": w.jacfwd,
    "jacrev": w.jacrev,
    "vmap": w.vmap,
    "vmap of grad": lambda f: w.vmap(w.grad(f)),
    "grad of vmap": lambda f: w.grad(lambda x: w.vmap(f)(x).sum()),
    "hessian": lambda f: w.hessian(lambda x: f(x).sum()),
    "reverse over reverse": lambda f: w.jacrev(w.grad(lambda x: f(x).sum())),
    "third": lambda f: lambda x: w.vmap(w.grad(w.grad(w.grad(f))))(x),
    "linearize": lambda f: lambda x: w.linearize(f, x)[1](x),
    "vmap of jvp": lambda f: lambda x: w.vmap(lambda x, t: w.jvp(f, (x,), (t,))[1])(x, x),
    "jvp of vmap": lambda f: lambda x: w.jvp(w.vmap(f), (x,), (x,))[1],
}


@pytest.mark.parametrize("staged", ["eager", "inside", "outside", "both"])
@pytest.mark.parametrize("name", TRANSFORMATIONS)
@pytest.mark.parametrize("f", [sine, vsine], ids=["jvp", "vjp"])
def test_every_transformation(f, name, staged):
    transform = TRANSFORMATIONS[name]
    g = transform(w.jit(lambda x: f(x)) if staged in ("inside", "both") else f)
    g = w.jit(g) if staged in ("outside", "both") else g
    np.testing.assert_allclose(g(X), transform(wnp.sin)(X), rtol=1e-12, atol=1e-14)


def test_the_rule_is_used():
    @w.custom_jvp
    def f(x):
        return x

    f.defjvp(lambda p, t: (f(*p), 10.0 * t[0]))
    assert w.grad(f)(1.0) == 10.0 and w.jvp(f, (1.0,), (2.0,))[1] == 20.0 and f(3.0) == 3.0
    assert w.grad(w.jit(f))(1.0) == 10.0 and w.jit(w.grad(f))(1.0) == 10.0
    np.testing.assert_allclose(w.vmap(w.grad(f))(X), 10.0)


def test_pytrees_defaults_and_keywords():
    @w.custom_vjp
    def f(p, scale=2.0):
        return {"a": p.x * scale, "b": (p.y,)}

    f.defvjp(
        lambda p, scale: (f(p, scale), (p, scale)),
        lambda res, g: (Point(g["a"] * res[1], g["b"][0]), None),
    )
    loss = lambda p, **kw: f(p, **kw)["a"] * 3 + f(p, **kw)["b"][0]
    g = w.grad(loss)(Point(1.0, 2.0), scale=5.0)
    assert isinstance(g, Point) and g == (15.0, 1.0)
    assert w.grad(loss)(Point(1.0, 2.0)).x == 6.0
    assert w.jvp(lambda p: f(p)["a"], (Point(1.0, 2.0),), (Point(1.0, 0.0),))[1] == 2.0


@pytest.mark.parametrize("kind", ["jvp", "vjp"])
def test_nondiff_argnums_anywhere(kind):
    decorate = w.custom_jvp if kind == "jvp" else w.custom_vjp

    @functools.partial(decorate, nondiff_argnums=(0, 2))
    def app(f, x, n):
        return f(x) * n

    if kind == "jvp":
        app.defjvp(lambda f, n, primals, tangents: (app(f, primals[0], n), n * 100.0 * tangents[0]))
    else:
        app.defvjp(lambda f, x, n: (app(f, x, n), x), lambda f, n, x, g: (n * 100.0 * g,))
    for wrap in (lambda g: g, w.jit):
        assert w.grad(wrap(lambda x: app(wnp.sin, x, 3)))(0.5) == 300.0
        assert wrap(w.grad(lambda x: app(wnp.sin, x, n=3)))(0.5) == 300.0
    with pytest.raises(w.errors.CustomRuleError, match="nondiff_argnums"):
        w.grad(lambda n: app(wnp.sin, 1.0, n * np.ones(())))(2.0)


def test_python_control_flow_and_integers():
    @w.custom_jvp
    def f(x, n):
        return x**n if x > 0 else x * 0.0

    @f.defjvp
    def rule(primals, tangents):
        (x, n), (t, tn) = primals, tangents
        return f(x, n), (n * x ** (n - 1) * t if x > 0 else 0.0 * t) + 0.0 * tn

    assert w.grad(f)(2.0, 3) == 12.0 and w.grad(f)(-2.0, 3) == 0.0


def test_batched_shared_argument():
    @w.custom_vjp
    def scale(x, c):
        return x * c

    scale.defvjp(lambda x, c: (x * c, (x, c)), lambda r, g: (g * r[1], g * r[0]))
    f = lambda x, c: w.vmap(scale, in_axes=(0, None))(x, c).sum()
    np.testing.assert_allclose(w.grad(f, (0, 1))(X, 2.0)[1], X.sum())
    np.testing.assert_allclose(w.grad(w.jit(f), (0, 1))(X, 2.0)[0], 2.0)


def test_forward_mode_needs_linearity():
    @w.custom_vjp
    def clipped(x):
        return x

    clipped.defvjp(lambda x: (x, None), lambda _, g: (wnp.clip(g, -1.0, 1.0),))
    assert w.grad(lambda x: 5 * clipped(x))(1.0) == 1.0
    assert w.grad(w.jit(lambda x: 5 * clipped(x)))(1.0) == 1.0
    np.testing.assert_allclose(w.vmap(w.grad(lambda x: 5 * clipped(x)))(X), 1.0)
    with pytest.raises(w.errors.CustomRuleError, match="clipped.*not\\s+linear"):
        w.jvp(clipped, (1.0,), (1.0,))


WRONG = {
    "no rule": (None, "without a rule"),
    "not a pair": (lambda p, t: p[0], "pair"),
    "shape": (lambda p, t: (p[0], t[0][:2]), r"shape \(2,\).*expected \(3,\)"),
    "dtype": (lambda p, t: (p[0], t[0].astype(np.float32)), "float32, expected float64"),
    "structure": (lambda p, t: (p[0], (t[0],)), "tangent_out has a tuple of length 1, where a leaf was expected"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_jvp_rules(name):
    rule, message = WRONG[name]
    f = w.custom_jvp(lambda x: x)
    if rule is not None:
        f.defjvp(rule)
    with pytest.raises(w.errors.CustomRuleError, match=message):
        w.jvp(f, (X,), (X,))


WRONG_BWD = {
    "not a tuple": (lambda r, g: g, "tuple of 1"),
    "too many": (lambda r, g: (g, g), "2 of them"),
    "shape": (lambda r, g: (g[:2],), r"shape \(2,\), expected \(3,\)"),
    "dtype": (lambda r, g: (g.astype(np.float32),), "float32, expected float64"),
    "structure": (lambda r, g: ({"a": g},), "cotangent 0 has a dict.*where a leaf was expected"),
}


@pytest.mark.parametrize("name", WRONG_BWD)
def test_wrong_backward_functions(name):
    bwd, message = WRONG_BWD[name]
    f = w.custom_vjp(lambda x: x)
    f.defvjp(lambda x: (x, None), bwd)
    with pytest.raises(w.errors.CustomRuleError, match=message):
        w.grad(lambda x: f(x).sum())(X)


WRONG_RESULTS = {
    "shape": (lambda x: wnp.sum(x), r"output has shape \(\), expected \(3,\)"),
    "dtype": (lambda x: x.astype(np.float32), "output has dtype float32, expected float64"),
    "structure": (lambda x: (x, x), "output has a tuple of length 2, where a leaf was expected"),
}


@pytest.mark.parametrize("name", WRONG_RESULTS)
def test_rules_return_what_the_function_returns(name):
    result, message = WRONG_RESULTS[name]
    f = w.custom_jvp(lambda x: x * 2.0)
    f.defjvp(lambda p, t: (result(p[0]), result(t[0])))
    g = w.custom_vjp(lambda x: x * 2.0)
    g.defvjp(lambda x: (result(x), None), lambda _, ct: (ct,))
    with pytest.raises(w.errors.CustomRuleError, match=message.replace("output", "primal_out")):
        w.jvp(f, (X,), (X,))
    with pytest.raises(w.errors.CustomRuleError, match=message):
        w.vjp(g, X)
    h = w.custom_vjp(lambda x: {"a": x, "b": (x, None)})
    h.defvjp(lambda x: ({"a": x, "b": (x[:2], None)}, None), lambda _, ct: (ct["a"],))
    with pytest.raises(w.errors.CustomRuleError, match=r"output\['b'\]\[0\] has shape \(2,\), expected \(3,\)"):
        w.vjp(h, X)


def test_a_function_with_control_flow_is_taken_at_its_word():
    @w.custom_vjp
    def f(x):
        return x if x > 0 else 0.0 * x

    f.defvjp(lambda x: (f(x), x), lambda x, g: (g if x > 0 else 0.5 * g,))
    assert w.grad(f)(-2.0) == 0.5 and w.grad(f)(2.0) == 1.0


ZERO_TANGENTS = {
    "defjvps": lambda x, y: _two_rules(x, y),
    "a rule that calls jvp": lambda x, y: _calls_jvp(x, y),
}


@w.custom_jvp
def _two_rules(x, y):
    return wnp.sin(x) * y


_two_rules.defjvps(lambda t, ans, x, y: t * wnp.cos(x) * y, lambda t, ans, x, y: t * wnp.sin(x))


@w.custom_jvp
def _calls_jvp(x, y):
    return wnp.sin(x) * y


_calls_jvp.defjvp(lambda primals, tangents: w.jvp(lambda x, y: wnp.sin(x) * y, primals, tangents))


@pytest.mark.parametrize("name", ZERO_TANGENTS)
def test_zero_tangents_times_traced_values_are_linear(name):
    f = ZERO_TANGENTS[name]
    second = (
        w.hessian,
        lambda f: w.grad(w.grad(f)),
        lambda f: w.jit(w.grad(w.jit(w.grad(f)))),
        lambda f: w.jacrev(w.jacfwd(f)),
    )
    for transform in second:
        np.testing.assert_allclose(transform(f)(0.3, 2.0), -2 * np.sin(0.3))
        np.testing.assert_allclose(w.vmap(transform(f), in_axes=(0, None))(X, 2.0), -2 * np.sin(X))
    np.testing.assert_allclose(w.jit(w.grad(f))(0.3, 2.0), 2 * np.cos(0.3))


def test_pullback_as_residual():
    @w.custom_vjp
    def f(x):
        return wnp.sin(x)

    f.defvjp(lambda x: w.vjp(wnp.sin, x), lambda back, g: (2 * back(g)[0],))
    total = lambda x: wnp.sum(f(x))
    for g in (
        w.grad(total),
        w.jit(w.grad(total)),
        w.grad(w.jit(total)),
        w.vmap(w.grad(f)),
        w.grad(lambda x: w.vmap(f)(x).sum()),
    ):
        np.testing.assert_allclose(g(X), 2 * np.cos(X))
    np.testing.assert_allclose(w.jvp(f, (X,), (X,))[1], 2 * X * np.cos(X))
    np.testing.assert_allclose(w.grad(lambda x: w.grad(total)(x).sum())(X), -2 * np.sin(X))


@pytest.mark.parametrize("order", [(2, 0), (0, 2), (-1, 0)])
def test_nondiff_arguments_come_in_the_order_of_the_signature(order):
    seen = []
    f = w.custom_jvp(lambda a, x, b: x, nondiff_argnums=order)
    f.defjvp(lambda a, b, p, t: (seen.append((a, b)), (p[0], t[0]))[1])
    g = w.custom_vjp(lambda a, x, b: x, nondiff_argnums=order)
    g.defvjp(lambda a, x, b: (x, None), lambda a, b, _, ct: (seen.append((a, b)), (ct,))[1])
    for h in (f, g):
        w.grad(h, 1)("first", 1.0, "last")
    assert set(seen) == {("first", "last")}


def test_none_in_results_and_arguments():
    f = w.custom_jvp(lambda d: {"y": d["x"], "n": None})
    f.defjvp(lambda p, t: (f(*p), {"y": 2 * t[0]["x"], "n": None}))
    g = w.custom_vjp(lambda d: {"y": d["x"], "n": None})
    g.defvjp(lambda d: (g(d), None), lambda _, ct: ({"x": 2 * ct["y"], "n": None},))
    for h in (f, g):
        np.testing.assert_allclose(w.grad(lambda x: h({"x": x, "n": None})["y"].sum())(X), 2.0)


def test_names_and_docs_are_the_functions():
    @w.custom_vjp
    def f(x):
        """What it says."""
        return x

    assert f.__name__ == "f" and f.__doc__ == "What it says." and f.__module__ == __name__
