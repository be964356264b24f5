"""Python's control flow under vmap under jit: recorded paths run compiled, an unseen one is traced when it first occurs."""

import numpy as np
import pytest
from watching import Counted, agree, looped

import wengert as w
import wengert.numpy as wnp
from wengert import grad, hessian, jit, jvp, lax, value_and_grad, vmap
from wengert.errors import ConcretizationError, ShapeError, TooManyPathsError, TreeError
from wengert.transforms import path_programs

X = np.random.default_rng(0).uniform(0.0, 100.0, 40)


def tax(x):
    if x < 10:
        return 0.0 * x
    elif x < 40:
        return 0.2 * (x - 10)
    return 6.0 + 0.4 * (x - 40) + np.sin(x)


def model(t, x):
    if x * t > 60:
        return np.sin(t * x)
    y = x
    while y > 5.0:
        y = y * 0.5 * t if y > 13 else y * 0.5
    return y * t


ROUTES = {
    "vmap": (lambda f: jit(vmap(f)), lambda f: f),
    "vmap of grad": (lambda f: jit(vmap(grad(f))), grad),
    "vmap of hessian": (lambda f: jit(vmap(hessian(f))), hessian),
    "grad of vmap": (lambda f: jit(grad(lambda x: wnp.sum(vmap(f)(x)))), grad),
    "grad of jit of vmap": (lambda f: grad(lambda x: wnp.sum(jit(vmap(f))(x))), grad),
    "grad of vmap of jit": (lambda f: grad(lambda x: wnp.sum(vmap(jit(f))(x))), grad),
    "jvp of vmap": (lambda f: jit(lambda x: jvp(vmap(f), (x,), (np.ones(len(x)),))[1]), grad),
    "value and grad": (lambda f: lambda x: jit(vmap(value_and_grad(f)))(x)[1], grad),
    "jit in vmap in jit": (lambda f: jit(vmap(jit(f))), lambda f: f),
}


def written(x):
    out = np.zeros(3)
    if x > 50:
        out[0] = x
    else:
        out[1:] = x * x
    for i in range(int(x / 30)):
        out[i % 3] += np.sin(x)
    return np.asarray(out).sum() * x


FUNCTIONS = {
    "brackets": tax,
    "loop": lambda x: model(1.1, x),
    "written": written,
    "indices": lambda x: x * [1.0, 2.0, 5.0, 7.0][int(x / 25)] + {True: 1.0, False: 2.0}[bool(x > 30)],
    "checkpoint": w.checkpoint(lambda x: np.sin(x) if x > 50 else x * x),
}


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_routes(name, route):
    made, wanted = ROUTES[route]
    agree(made(FUNCTIONS[name])(X), looped(wanted(FUNCTIONS[name]), X))


def test_an_unseen_path_is_traced_once_more_and_the_others_stay():
    f = Counted(tax)
    compiled = jit(vmap(f))
    low = np.full(10, 5.0)
    compiled(low)
    first = f.calls
    middle = low.copy()
    middle[3] = 20.0
    agree(compiled(middle), looped(tax, middle))
    high = low.copy()
    high[4] = 50.0
    agree(compiled(high), looped(tax, high))  # the second and the third path have not been in one call yet
    f.calls = 0
    both = np.linspace(0.0, 90.0, 10)
    agree(compiled(both), looped(tax, both))
    for x in (low, middle, high, both[::-1]):
        agree(compiled(x), looped(tax, x))
    assert f.calls == 0 and first == 2
    entries = next(v for k, v in compiled._cache.items() if k != "native")
    assert len(entries) == 1  # the Program with all paths stands for those with fewer


def test_runs_of_the_trace():
    f = Counted(tax)
    compiled = jit(vmap(f))
    compiled(X)
    assert f.calls == 3 + 1  # one until Python first asks
    compiled(X[::-1].copy())
    assert f.calls == 3 + 1


def test_values_that_are_closed_over():
    total = lambda t: wnp.sum(vmap(lambda x: model(t, x))(X))  # noqa: E731
    for t in (1.1, 0.9, 1.4):
        agree(jit(vmap(model, (None, 0)))(t, X), looped(lambda x: model(t, x), X))  # noqa: B023
        agree(jit(grad(total))(t), sum(grad(model)(t, x) for x in X))
        agree(jit(hessian(total))(t), sum(hessian(model)(t, x) for x in X))


def test_nested():
    ts = np.array([1.0, 1.2, 0.8])
    wanted = [[model(t, x) for x in X] for t in ts]
    agree(jit(lambda ts: vmap(lambda t: vmap(lambda x: model(t, x))(X))(ts))(ts), wanted)
    agree(vmap(lambda t: jit(vmap(lambda x: model(t, x)))(X))(ts), wanted)
    slopes = jit(vmap(grad(lambda t: wnp.sum(vmap(lambda x: model(t, x))(X)))))
    agree(slopes(ts), [sum(grad(model)(t, x) for x in X) for t in ts])
    other = np.array([0.5, 0.7, 1.4])
    agree(slopes(other), [sum(grad(model)(t, x) for x in X) for t in other])


def test_trees_axes_and_dtypes():
    def f(p, scale):
        if p["low"].sum() > p["high"]:
            return {"r": p["low"] * scale, "n": None, "k": 1, "c": 3.0}
        return {"r": p["high"] * p["low"], "n": None, "k": 2.5, "c": 3.0}

    low, high = np.arange(12.0).reshape(3, 4), np.array([20.0, 10.0, 12.0, 30.0])
    axes = ({"low": 1, "high": 0}, None)
    given = ({"low": low, "high": high}, 3.0)
    mapped = vmap(f, in_axes=axes, out_axes={"r": 1, "n": None, "k": 0, "c": None})
    eager, compiled = mapped(*given), jit(mapped)(*given)
    for k in ("r", "k", "c"):
        np.testing.assert_array_equal(eager[k], compiled[k])
        assert np.asarray(eager[k]).dtype == np.asarray(compiled[k]).dtype
    assert compiled["n"] is None
    with pytest.raises(w.errors.ArgumentError, match="out_axes is None"):
        jit(vmap(lambda x: 3.0 if x > 50 else 4.0, out_axes=None))(X)
    assert jit(vmap(lambda v: 1 if v > 50 else v))(X.astype(np.float32)).dtype == np.float32


def test_indices_of_other_paths_are_not_read():
    table = np.arange(4.0) + 1

    def f(n):
        k, total = 0, 0.0
        while k < n:
            total = total + table[n - 1 - k] * (2.0 if table[k] > 2 else 1.0)
            k += 1
        return total

    n = np.array([0, 4, 2, 1, 3, 2])
    compiled = jit(vmap(f))
    agree(compiled(n), looped(f, n))
    agree(compiled(n[::-1].copy()), looped(f, n[::-1]))


def test_questions_of_a_path_that_an_example_has_left_are_not_asked():
    """What a path asks next may fail for an example that answered the question before otherwise, on a path not seen yet."""
    table = np.arange(4.0) + 1

    def f(x, i):
        return x * 2 if x > 0 and table[i] > 0 else x

    x, i = np.array([1.0, 2.0, 3.0]), np.array([0, 3, 1])
    for backend in ("interpreter", "native"):
        compiled = jit(vmap(f), backend=backend)
        agree(compiled(x, i), 2 * x)
        agree(compiled(np.array([1.0, -2.0, 3.0]), np.array([0, 99, 1])), np.array([2.0, -2.0, 6.0]))


def test_backends():
    for name in ("interpreter", "native"):
        agree(jit(vmap(tax), backend=name)(X), looped(tax, X))


def test_errors():
    with pytest.raises(ShapeError, match=r"(?s)\(2,\) and \(3,\).*x > 50"):
        jit(vmap(lambda x: np.ones(2) if x > 50 else np.ones(3) * x))(X)
    with pytest.raises(TreeError, match=r"(?s)x > 50.*tuple of length 1"):
        jit(vmap(lambda x: (x,) if x > 50 else x))(X)
    with pytest.raises(ZeroDivisionError) as info:
        jit(vmap(lambda x: 1 / 0 if x > 50 else x))(X)
    assert "x > 50" in info.value.__notes__[0] and "examples (" in info.value.__notes__[0]
    with pytest.raises(ConcretizationError, match="float"):
        jit(vmap(lambda x: x * float(x)))(X)
    with pytest.raises(ConcretizationError, match=r"(?s)psum over the axis 'i' needs all"):
        jit(vmap(lambda x: lax.psum(x, "i") if x > 50 else x, axis_name="i"))(X)
    with pytest.raises(ConcretizationError, match="make_program"):
        w.make_program(vmap(tax))(X)
    with pytest.raises(TooManyPathsError, match=r"(?s)jit of vmap.*max_paths.*lax\.cond.*lax\.while_loop.*int\(\) is"):
        jit(vmap(lambda x: sum(range(int(x * 10)))))(np.linspace(0.0, 90.0, 80))
    rule = w.custom_vjp(lambda x: x * x)
    rule.defvjp(lambda x: (x * x, x), lambda x, g: (g * 2 * x if x > 50 else g,))
    with pytest.raises(ConcretizationError, match="not known"):
        jit(grad(lambda x: wnp.sum(vmap(lambda x: rule(x) if x > 20 else x)(x))))(X)


def test_a_choice_that_compiled_code_rounds_otherwise(monkeypatch):
    """Where no recorded path fits in the end, the function runs as it is."""
    found = path_programs.discovered
    monkeypatch.setattr(path_programs, "discovered", lambda *args: found(*args)[:-1])
    agree(jit(vmap(tax))(X), looped(tax, X))


def test_batches_of_one_example():
    for x in (np.array([-1.5]), np.array([2.0])):
        agree(jit(vmap(lambda x: x * x if x > 0 else -x))(x), looped(lambda x: x * x if x > 0 else -x, x))
        agree(jit(vmap(grad(tax)))(x), looped(grad(tax), x))
        agree(jit(vmap(vmap(tax)))(x[:, None]), [[tax(x[0])]])
        agree(jit(vmap(vmap(tax)))(np.stack([x, 9 * x], 1)), [[tax(x[0]), tax(9 * x[0])]])
        agree(vmap(jit(vmap(tax)))(np.stack([x, 9 * x])), [[tax(x[0])], [tax(9 * x[0])]])
    agree(jit(vmap(lambda k: [1.0, 2.0][k]))(np.array([1])), [2.0])
    agree(jit(lambda x: vmap(tax)(x[None])[0])(12.0), tax(12.0))  # of a Python number


def test_a_function_that_does_more_when_it_first_runs():
    def first(x):
        if x[0] > 4:
            return x[::-1][0] ** 2 * x[0]
        if x[1] < -1:
            return np.dot(x, x) * x[1]
        return x[0] ** 3 * x[2]

    def fresh():  # `hessian` and `jacobian` note for a function what is cheapest
        return lambda x: first(x)

    batch = np.array([[5.0, 0.0, 1.0], [0.5, -2.0, 3.0], [1.0, -3.0, 0.2], [0.7, 0.1, 2.0]])
    agree(jit(vmap(hessian(fresh())))(batch), looped(hessian(first), batch))
    agree(
        jit(vmap(w.jacobian(lambda x: first(x) * x[:2])))(batch), looped(w.jacobian(lambda x: first(x) * x[:2]), batch)
    )
    rows = np.stack([batch, batch[::-1]])
    agree(jit(vmap(vmap(hessian(fresh()))))(rows), [looped(hessian(first), r) for r in rows])

    weights = {}

    def lazy(x):
        if "w" not in weights:
            weights["w"] = float(np.sum(np.sin(np.arange(3.0)))) if x[0] + x[1] > 3 else 0.5
        return x[0] * 2 if x[0] > x[1] else x[1] * 3

    agree(jit(vmap(lazy))(batch), looped(lazy, batch))


def test_paths_that_cannot_be_alike_are_refused():
    runs = []

    def changing(x):
        runs.append(1)
        y = x
        for _ in runs:
            y = np.sin(y)
        return y if y > 0 else -x

    with pytest.raises(ConcretizationError, match="did not do the same"):
        jit(vmap(changing))(np.linspace(-3.0, 3.0, 9))


def test_functions_that_catch_everything():
    def bare(x):
        try:
            if x > 50:
                return x * 2
            return x * 3
        except:  # noqa: E722
            return 0 * x

    def finally_returns(x):
        y = 0 * x
        try:
            y = x * 2 if x > 50 else x * 3
        finally:
            return y  # noqa: B012

    def both(x, y):
        try:
            return x * y if x > y else x - y
        except BaseException:
            return 0 * x

    for f in (bare, finally_returns):
        agree(jit(vmap(f))(X), looped(f, X))
        agree(jit(vmap(grad(f)))(X), looped(grad(f), X))
        agree(jit(vmap(vmap(f)))(X.reshape(8, 5)), looped(f, X).reshape(8, 5))
    wanted = [[both(x, y) for y in X[:5]] for x in X[5:9]]
    for g in (
        lambda: vmap(lambda x: vmap(lambda y: both(x, y))(X[:5])),
        lambda: jit(vmap(lambda x: vmap(lambda y: both(x, y))(X[:5]))),
    ):
        agree(g()(X[5:9]), wanted)
    slopes = [grad(lambda z: sum(both(z, y) for y in X[:5]))(x) for x in X[5:9]]
    agree(vmap(grad(lambda z: vmap(lambda y: both(z, y))(X[:5]).sum()))(X[5:9]), slopes)


def test_too_many_paths_are_an_error_for_functions_that_catch_it():
    def f(x):
        try:
            return x * sum(range(int(x)))
        except Exception:
            return -x

    for g, limit in ((vmap(f), "max_vmap_paths"), (jit(vmap(f)), "max_paths")):
        with w.config.override(**{limit: 3}):
            with pytest.raises(TooManyPathsError):
                g(X)
            agree(g(X[:1]), looped(f, X[:1]))  # nothing is left of it
