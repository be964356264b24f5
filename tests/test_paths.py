"""Python's control flow under vmap: one run of the function for each path, equal to a loop over the examples."""

import numpy as np
import pytest
from watching import Counted, agree, looped

import wengert as w
import wengert.numpy as wnp
from wengert import grad, hessian, jacfwd, jacrev, jit, jvp, lax, value_and_grad, vmap
from wengert.errors import ConcretizationError, LeakedTracerError, ShapeError, TooManyPathsError, TreeError

X = np.linspace(-2.0, 2.0, 9)


def three_ways(x):
    if x > 0.5:
        return np.sin(x) * x
    elif x > -0.5:
        return x * x * x
    return np.exp(x)


@pytest.mark.parametrize(
    "transformed",
    [lambda f: f, grad, lambda f: grad(grad(f)), hessian, lambda f: jacfwd(jacrev(f)), lambda f: lambda x: jvp(f, (x,), (1.0,))[1]],
    ids=["value", "grad", "grad-grad", "hessian", "jacfwd-jacrev", "jvp"],
)  # fmt: skip
def test_one_run_for_each_path(transformed):
    f = Counted(three_ways)
    got = vmap(transformed(f))(X)
    assert f.calls == 3
    agree(got, looped(transformed(three_ways), X))


def test_derivatives_of_the_batch():
    def total(xs):
        return wnp.sum(vmap(f)(xs) ** 2)

    f = Counted(three_ways)
    squares = lambda x: three_ways(x) ** 2  # noqa: E731
    agree(grad(total)(X), looped(grad(squares), X))
    assert f.calls == 3
    agree(np.diag(hessian(total)(X)), looped(hessian(squares), X))
    agree(jvp(vmap(f), (X,), (np.ones(9),))[1], looped(grad(three_ways), X))
    push = w.linearize(vmap(f), X)[1]
    agree(push(X), X * looped(grad(three_ways), X))
    agree(w.vjp(vmap(f), X)[1](X)[0], X * looped(grad(three_ways), X))


def newton(a):
    x, steps = a, 0
    while abs(x * x - a) > 1e-12 * a:
        x, steps = 0.5 * (x + a / x), steps + 1
    return x, steps


def test_loops_whose_number_of_steps_depends_on_the_example():
    f = Counted(newton)
    a = np.exp(np.linspace(-3.0, 5.0, 200))
    roots, steps = vmap(f)(a)
    assert f.calls == len(set(steps.tolist())) > 4 and steps.tolist() == [newton(x)[1] for x in a]
    np.testing.assert_allclose(roots, np.sqrt(a), rtol=1e-12)
    agree(vmap(grad(lambda a: newton(a)[0]))(a), looped(grad(lambda a: newton(a)[0]), a))


def test_examples_begin_again_at_most_log_n_times():
    elements = []

    def count(n):
        k = 0
        while k < n:
            elements.append(wnp.sum(lax.stop_gradient(n)))  # the number of examples of this run, by its batch
            k += 1
        return k * 1.0

    sizes = []
    original = w.transforms.batching.BatchTrace.process

    def process(self, primitive, args, params):
        sizes.append(self.size)
        return original(self, primitive, args, params)

    n = np.arange(1, 65)
    try:
        w.transforms.batching.BatchTrace.process = process
        assert vmap(count)(n).tolist() == n.tolist()
    finally:
        w.transforms.batching.BatchTrace.process = original
    each = int(np.sum(n + 1)) * 3  # comparisons and sums of a loop over the examples, and the conversions
    assert sum(sizes) < each * 2


@pytest.mark.parametrize("n", [1, 2, 33])
def test_integers_make_paths_by_value(n):
    table = [1.0, 2.0, 3.0, 4.0]
    i = np.arange(n) % 4
    x = np.linspace(0.5, 1.5, n)

    def f(i, x):
        y = x
        for k in range(i):
            y = y * x + k
        return y * table[i] + {0: 1.0, 1: 2.0, 2: 0.5, 3: 0.0}[i] + [x, y][int(x)]

    counted = Counted(f)
    agree(vmap(counted)(i, x), looped(f, i, x))
    assert counted.calls == len({(a, int(b)) for a, b in zip(i.tolist(), x, strict=True)})
    agree(vmap(grad(f, 1))(i, x), looped(grad(f, 1), i, x))


def between(x):
    return -1.0 < x < 1.0 and not (x == 0.0 or x > 0.75)


def matched(i):
    match i:
        case 0:
            return 10.0
        case 1 | 2:
            return 20.0
    return -1.0


def generated(x):
    def steps():
        y = x
        while y < 3.0:
            y = y * y + 0.5
            yield y

    return sum(steps(), x)


def recursive(n):
    return 1 if n < 2 else recursive(n - 1) + recursive(n - 2)


def tried(x):
    try:
        if x < 0:
            raise ValueError("negative")
        return np.sqrt(x)
    except ValueError:
        return -x
    finally:
        x = x + 1.0


def broken(x):
    k = 0
    while k < 4:
        if x * k > 2.0:
            break
        k += 1
    else:
        return x
    return x * k


CONSTRUCTS = {
    "and, or, not, chained": (lambda x: x * x if between(x) else x, X),
    "max and min": (lambda x: max(x, 0.1) * min(x, -x, 0.5), X),
    "sorted": (lambda x: sorted([x, 0.3, -x * x])[1], X),
    "in": (lambda x: x * 2.0 if x in (0.0, 1.0, -1.5) else x, X),
    "any and all": (lambda x: any([x > 1, x < -1]) * x + all([x > -1, x < 1]), X),
    "any of an array": (lambda x: x.sum() if (x > 0.2).any() else (x * x).sum(), X.reshape(3, 3)),
    "all of an array": (lambda x: x.sum() if np.all(x > -1) else (x * x).sum(), X.reshape(3, 3)),
    "bool": (lambda x: x * bool(x > 0) + bool(x), X),
    "round and int": (lambda x: x * round(x) + int(x), X),
    "divmod": (lambda n: [n, 2 * n, 3 * n][divmod(n, 3)[1]], np.arange(7)),
    "match": (matched, np.arange(4)),
    "generator": (generated, X),
    "recursion": (recursive, np.arange(9)),
    "try": (tried, X),
    "assert": (lambda x: (exec("assert ok", {"ok": x > -3.0}), x)[1], X),
    "next": (lambda x: next((k * x for k in range(5) if k > x), x), X),
    "comprehension": (lambda x: sum([k * x for k in range(4) if k > x]), X),
    "enumerate": (lambda x: sum(k * v for k, v in enumerate(x) if v > 0) + x[0], X.reshape(3, 3)),
    "np.where beside if": (lambda x: np.where(x > 1, x, 0.0) if x > 0 else np.where(x < -1, x, 1.0), X),
    "nan": (lambda x: 1.0 if x > 0 else 2.0 if x <= 0 else 3.0, np.array([np.nan, 1.0, -1.0, np.nan])),
    "while with break and else": (lambda x: broken(x), X),
    "ternary in an index": (lambda x: np.array([1.0, 2.0, 3.0])[1 if x > 0 else 2] * x, X),
    "slices": (lambda n: np.arange(5.0)[:n].sum() + len(range(n)), np.arange(5)),
    "lists of traced numbers": (
        lambda n: sum([n * 1.0] * 3, 0.0) if n % 2 else [n * 1.0, n * 2.0][n // 4],
        np.arange(6),
    ),
    "writing": (lambda x: written(x).sum() * x, X),
    "strings": (lambda x: {"up": x, "down": -x}["up" if x > 0 else "down"], X),
}


def written(x):
    out = np.zeros(3)
    if x > 0:
        out[0] = x
    else:
        out[1:] = x * x
    for i in range(int(abs(x))):
        out[i] += np.sin(x)
    return np.asarray(out)


@pytest.mark.parametrize("name", CONSTRUCTS)
def test_constructs(name):
    f, batch = CONSTRUCTS[name]
    agree(vmap(f)(batch), looped(f, batch))
    if batch.dtype == float and batch.ndim == 1:
        h = lambda x: f(x) * 1.0  # noqa: E731
        agree(vmap(grad(h))(batch), looped(grad(h), batch))


def test_trees_and_axes():
    def f(p, scale):
        low, high = p["ends"]
        if low.sum() > high:
            return {"r": low * scale, "n": None, "k": 1}
        return {"r": high * low, "n": None, "k": 2.5}

    low, high = np.arange(12.0).reshape(3, 4), np.array([20.0, 10.0, 12.0, 30.0])
    out = vmap(f, in_axes=({"ends": (1, 0)}, None), out_axes={"r": 1, "n": None, "k": 0})({"ends": (low, high)}, 3.0)
    loop = [f({"ends": (low[:, i], high[i])}, 3.0) for i in range(4)]
    agree(out["r"], np.stack([o["r"] for o in loop], 1))
    assert out["n"] is None and out["k"].tolist() == [o["k"] for o in loop]
    keyword = vmap(lambda x, *, y: x if x > y else y)(X, y=X[::-1].copy())
    agree(keyword, np.maximum(X, X[::-1]))


def test_out_axes_none():
    assert vmap(lambda x: (x if x > 0 else -x, 3.0), out_axes=(0, None))(X)[1] == 3.0
    with pytest.raises(w.errors.ArgumentError, match="out_axes is None"):
        vmap(lambda x: 3.0 if x > 0 else 4.0, out_axes=None)(X)


def test_dtypes_of_results_are_put_together():
    for dtype in (np.float32, np.float64, np.int16):
        x = X.astype(dtype)
        assert vmap(lambda v: 1 if v > 0 else v)(x).dtype == dtype  # a Python number is weak
    assert vmap(lambda v: 1 if v > 0 else 0)(X).dtype == np.int64
    assert vmap(lambda v: True if v > 0 else 0.5)(X).dtype == np.float64
    assert vmap(lambda v: v if v > 0 else np.float64(1))(X.astype(np.float32)).dtype == np.float64
    with w.config.override(enable_x64=False):
        assert vmap(lambda v: v if v > 0 else 1.0)(X).dtype == np.float32


@pytest.mark.parametrize(
    "route", ["vmap", "vmap of grad", "grad of vmap", "vmap of hessian", "jvp of vmap", "grad of grad of vmap"]
)
@pytest.mark.parametrize("kind", ["custom_jvp", "custom_vjp", "checkpoint", "jit", "stop_gradient", "scan"])
def test_functions_with_rules(kind, route):
    if kind == "custom_vjp":
        inner = w.custom_vjp(lambda x: np.sin(x) if x > 0 else x * x)
        inner.defvjp(lambda x: (inner(x), x), lambda x, g: (g * np.cos(x) if x > 0 else g * 2 * x,))
    elif kind == "custom_jvp":
        inner = w.custom_jvp(lambda x: np.sin(x) if x > 0 else x * x)
        inner.defjvp(lambda p, t: (inner(p[0]), t[0] * (np.cos(p[0]) if p[0] > 0 else 2 * p[0])))
    elif kind == "checkpoint":
        inner = w.checkpoint(lambda x: np.sin(x) if x > 0 else x * x)
    elif kind == "jit":
        inner = w.jit(lambda x: np.sin(x) if x > 0 else x * x)
    elif kind == "stop_gradient":
        inner = lambda x: w.stop_gradient(x) * x if w.stop_gradient(x) > 0.3 else x**3  # noqa: E731
    else:
        inner = lambda x: lax.fori_loop(0, 3, lambda i, c: c * x, 1.0) if x > 0 else x  # noqa: E731
    f = lambda x: inner(x) * x  # noqa: E731
    first, second = looped(grad(f), X), looped(grad(grad(f)), X)
    got, wanted = {
        "vmap": lambda: (vmap(f)(X), looped(f, X)),
        "vmap of grad": lambda: (vmap(grad(f))(X), first),
        "grad of vmap": lambda: (grad(lambda x: wnp.sum(vmap(f)(x)))(X), first),
        "vmap of hessian": lambda: (vmap(hessian(f))(X), second),
        "jvp of vmap": lambda: (jvp(vmap(f), (X,), (np.ones(9),))[1], first),
        "grad of grad of vmap": lambda: (
            grad(lambda y: wnp.sum(grad(lambda x: wnp.sum(vmap(f)(x)))(y)))(X), second),
    }[route]()  # fmt: skip
    agree(got, wanted)


def test_nested():
    calls = Counted(lambda x, y: x * y if x > y else y - x)
    both = vmap(vmap(calls, (None, 0)), (0, None))
    wanted = [[calls.f(x, y) for y in X[::2]] for x in X]
    agree(both(X, X[::2]), wanted)

    def total(a):
        return wnp.sum(vmap(lambda x: a * a * x if x > a else x - a)(X))

    agree(vmap(grad(total))(X[:4]), looped(grad(total), X[:4]))
    agree(vmap(hessian(total))(X[:4]), looped(hessian(total), X[:4]))
    of_three = lambda a: vmap(lambda x: vmap(lambda y: x * y * a if x > y * a else y)(X))(X)  # noqa: E731
    agree(jvp(of_three, (1.5,), (1.0,))[1], [[x * y if x > 1.5 * y else 0 for y in X] for x in X])


# --- what examples do not share ----------------------------------------------------------------------------------------


def test_side_effects_happen_once_for_each_run():
    seen = []

    def f(x):
        seen.append("begun")
        if x > 0:
            seen.append("positive")
            return x
        return -x

    agree(vmap(f)(X), np.abs(X))
    assert seen == ["begun", "begun", "positive"]  # most examples first


def test_values_kept_from_another_run():
    kept = []

    def f(x):
        if x >= 0:
            kept.append(x + 1)
            return x
        return kept[0] + x

    with pytest.raises(LeakedTracerError, match="another path"):
        vmap(f)(X)
    del kept[:]

    def before(x):  # computed before examples part, for all
        kept.append(x + 1)
        return x if x >= 0 else kept[0]

    agree(vmap(before)(X), np.where(X >= 0, X, X + 1))


def test_arguments_that_are_written_into():
    def f(x):
        x[0] = x[1] * 2
        if x.sum() > 0:
            x += 1.0
        return x

    given = np.arange(12.0).reshape(4, 3) - 6
    kept = given.copy()
    agree(vmap(f)(given), looped(f, kept.copy()))
    np.testing.assert_array_equal(given, kept)


def test_errors_of_some_examples():
    def f(x):
        if x > 1:
            raise OverflowError("too large")
        return x

    with pytest.raises(OverflowError) as info:
        vmap(f)(X)
    assert "2 examples (7, 8)" in info.value.__notes__[0] and "if x > 1" in info.value.__notes__[0]
    with pytest.raises(AssertionError) as info:
        vmap(lambda x: exec("assert ok", {"ok": x < 1.9}))(X)
    assert "1 example (8)" in info.value.__notes__[0]
    with pytest.raises(ValueError, match="NaN") as info:
        vmap(lambda x: sum(range(int(x))))(np.array([1.0, np.nan, 1.0]))
    assert "1 example (1)" in info.value.__notes__[0]
    with pytest.raises(IndexError) as info:
        vmap(lambda i: [1.0, 2.0][i])(np.array([0, 1, 2]))
    assert "1 example (2)" in info.value.__notes__[0]
    assert vmap(lambda x: x if x > 0 else -x)(X).sum() > 0  # nothing is left behind


def test_results_that_do_not_fit():
    with pytest.raises(ShapeError, match=r"(?s)\(3,\) and \(2,\).*5 examples.*if x > 0.*False.*4 examples.*True"):
        vmap(lambda x: np.ones(2) if x > 0 else np.ones(3) * x)(X)
    with pytest.raises(TreeError, match=r"(?s)4 examples.*if x > 0.*True.*5 examples.*False.*tuple of length 1"):
        vmap(lambda x: (x,) if x > 0 else x)(X)


def test_floats_are_refused():
    for f in (lambda x: x * float(x), lambda x: complex(x), lambda x: f"{x:.3f}"):
        with pytest.raises(ConcretizationError, match="one value, but under vmap there are 9"):
            vmap(f)(X)
    with pytest.raises(ConcretizationError, match="no examples"):
        vmap(lambda x: x if x > 0 else -x)(np.zeros(0))


def test_limit():
    with w.config.override(max_vmap_paths=5):
        agree(vmap(lambda n: sum(range(n)))(np.arange(5)), [0, 0, 1, 3, 6])
        with pytest.raises(TooManyPathsError) as info:
            vmap(lambda n: sum(range(n)))(np.repeat(np.arange(6), [1, 1, 1, 9, 1, 1]))
    message = str(info.value)
    assert "the 14 examples take more than 5 ways" in message and "9 examples (3, 4, 5, 6, 7, 8, ...)" in message
    assert "range is 3" in message and "sum(range(n))" in message
    for name in ("wengert.numpy.where", "lax.cond", "lax.while_loop", "max_vmap_paths"):
        assert name in message


# --- operations over the axis ------------------------------------------------------------------------------------------


def test_operations_over_the_axis():
    def f(x):
        m, n = lax.pmean(x, "i"), lax.psum(1, "i")
        if x > m + 0.3:
            return x * m * n + lax.axis_index("i")
        return x - m + lax.axis_size("i")

    x = X + 0.2
    m = x.mean()
    wanted = np.where(x > m + 0.3, x * m * 9 + np.arange(9), x - m + 9)
    agree(vmap(f, axis_name="i")(x), wanted)

    def reference(x):
        m = np.mean(x)
        return np.sum(np.where(x > m + 0.3, x * m * 9, x - m))

    agree(grad(lambda x: wnp.sum(vmap(f, axis_name="i")(x)))(x), grad(reference)(x))
    for late in (lambda x: lax.psum(x, "i") if x > 0 else x, lambda x: lax.psum(2.0 if x > 0 else 1.0, "i")):
        with pytest.raises(
            ConcretizationError, match=r"(?s)psum over the axis 'i' needs all 9 examples.*before the choice.*where"
        ):
            vmap(late, axis_name="i")(X)


def test_value_and_grad():
    value, slope = vmap(value_and_grad(three_ways))(X)
    agree(value, looped(three_ways, X))
    agree(slope, looped(grad(three_ways), X))


# --- vmap in vmap ------------------------------------------------------------------------------------------------------

XS, YS = np.linspace(-2.0, 2.0, 9), np.linspace(-1.5, 2.5, 5)


def of_two(x, y):
    if x > y:
        return x * y
    if x + y > 0:
        return np.sin(x) * y
    return x - y


def table(f):
    return [[f(x, y) for y in YS] for x in XS]


@pytest.mark.parametrize("transformed", [lambda f: f, grad, lambda f: hessian(f, 1)], ids=["value", "grad", "hessian"])
def test_pairs_take_paths(transformed):
    f = Counted(of_two)
    agree(vmap(vmap(transformed(f), (None, 0)), (0, None))(XS, YS), table(transformed(of_two)))
    agree(vmap(vmap(transformed(f), (0, None)), (None, 0), 1)(XS, YS), table(transformed(of_two)))
    agree(vmap(lambda x: vmap(lambda y: transformed(f)(x, y))(YS))(XS), table(transformed(of_two)))
    assert f.calls == 3 * 3


def test_derivatives_of_pairs():
    f = Counted(of_two)
    total = grad(lambda x: wnp.sum(vmap(vmap(f, (None, 0)), (0, None))(x, YS) ** 2))(XS)
    square = grad(lambda x, y: of_two(x, y) ** 2)
    agree(total, [sum(square(x, y) for y in YS) for x in XS])
    assert f.calls == 3


def test_three_deep():
    def f(x, y, z):
        if y > z:
            return x * y * z if x > z else x
        return z - x if x > 0 else y * z

    counted = Counted(f)
    got = vmap(lambda x: vmap(lambda y: vmap(lambda z: counted(x, y, z))(XS))(YS))(XS)
    agree(got, [[[f(x, y, z) for z in XS] for y in YS] for x in XS])
    assert counted.calls == 4


def test_choices_of_all_levels():
    def outer(x):
        def inner(y):
            if y > 0.5:
                return of_two(x, y) + y if x > 0 else y * x
            return of_two(x, y) * 2

        z = vmap(inner)(YS)
        return z * x if z.sum() > 0 else z - vmap(lambda y: x if y > x else 3.0)(YS)

    for transformed in (lambda f: f, jacfwd, jacrev):
        agree(vmap(transformed(outer))(XS), np.stack([transformed(outer)(x) for x in XS]))

    def through_a_derivative(b):
        total = lambda a: wnp.sum(vmap(lambda x: (of_two(a, x) if x > b else of_two(x, b)) * a)(YS))  # noqa: E731
        return grad(total)(b * 2.0)

    agree(vmap(through_a_derivative)(XS), np.stack([through_a_derivative(x) for x in XS]))


def test_rules_of_pairs():
    rule = w.custom_vjp(lambda x, y: np.sin(x) if x > y else x * y)
    rule.defvjp(
        lambda x, y: (rule(x, y), (x, y)),
        lambda r, g: (g * np.cos(r[0]) if r[0] > r[1] else g * r[1], 0.0 * g if r[0] > r[1] else g * r[0]),
    )
    agree(vmap(vmap(grad(rule), (None, 0)), (0, None))(XS, YS), table(grad(rule)))
    total = grad(lambda x: wnp.sum(vmap(vmap(rule, (None, 0)), (0, None))(x, YS)))(XS)
    agree(total, [sum(grad(rule)(x, y) for y in YS) for x in XS])


def test_axes_of_pairs():
    def numbered(x):
        inner = lambda y: x * lax.axis_index("o") if y > x else y * lax.axis_index("i") + lax.psum(x, "o")  # noqa: E731
        return vmap(inner, axis_name="i")(YS)

    wanted = [[x * i if y > x else y * j + XS.sum() for j, y in enumerate(YS)] for i, x in enumerate(XS)]
    agree(vmap(numbered, axis_name="o")(XS), wanted)
    with pytest.raises(ConcretizationError, match=r"(?s)psum over the axis 'o'.*parted by values of both"):
        vmap(lambda x: vmap(lambda y: lax.psum(y, "o") if y > x else y)(YS), axis_name="o")(XS)


def test_errors_name_pairs():
    with pytest.raises(ZeroDivisionError) as info:
        vmap(lambda x: vmap(lambda y: 1 / 0 if y > x + 3 else y)(YS))(XS)
    assert "4 examples ((0, 3), (0, 4), (1, 4), (2, 4))" in info.value.__notes__[0]


class Buffered:
    """A function with an array of its own that it writes into."""

    def __init__(self):
        self.buffer = np.array([1.0, 2.0])

    def __call__(self, x):
        self.buffer[0] = x
        if x > 0:
            self.buffer *= x
        return self.buffer.sum() * x


@pytest.mark.parametrize(
    "route", [lambda f: vmap(f), lambda f: w.jit(vmap(f)), lambda f: vmap(grad(f)), lambda f: w.jit(vmap(grad(f)))]
)
def test_arrays_of_its_own_hold_the_same_in_each_run(route):
    first = np.array([Buffered()(x) for x in X])
    slopes = np.array([grad(Buffered())(x) for x in X])
    got = route(Buffered())(X)
    agree(got, first if route(abs)(X).min() >= 0 else slopes)


def test_a_buffer_that_another_call_has_left():
    buffer = np.zeros(2)

    def f(x):
        buffer[0] = x
        buffer[1] = 2 * x if x > 0 else x
        return buffer.sum()

    for g in (vmap(f), w.jit(vmap(f)), w.jit(vmap(grad(f))), vmap(grad(f)), w.jit(grad(lambda x: wnp.sum(vmap(f)(x))))):
        assert np.isfinite(g(X)).all()
    agree(w.jit(vmap(grad(f)))(X), np.where(X > 0, 3.0, 2.0))


def test_without_questions_nothing_is_divided():
    seen = []

    def f(x):
        y = np.sin(x) * x + np.where(x > 0, x, 1.0)
        seen.append(type(y._trace))
        return y

    vmap(f)(X)
    vmap(lambda x: f(x) if (x > -9) and x < 9 else x)(X)  # all examples answer alike
    assert seen == [w.transforms.batching.BatchTrace] * 2


@pytest.mark.parametrize("compiled", [False, True])
def test_an_array_from_outside_that_one_path_writes_into_has_no_numbers_afterwards(compiled):
    def filled(x):
        found = np.zeros(len(x))

        def f(x, i):
            if x > 0:
                found[i] = x
            return x

        vmap(f)(x, np.arange(len(x)))
        return found + 0.0

    for x in (np.array([-1.0, 2.0, 3.0]), np.array([-1.0, -2.0, 3.0, 5.0, -1.0])):
        with pytest.raises(LeakedTracerError):
            (jit(filled) if compiled else filled)(x)


def test_an_array_that_is_written_into_before_and_within_paths():
    def f(x):
        sums = np.zeros(2)
        sums[0] = x[0]
        y = vmap(lambda v: v * sums[0] if v > 0 else v)(x)
        return y.sum() + sums.sum()

    x = np.array([2.0, -1.0, 3.0])
    for g in (grad(f), jit(grad(f))):
        np.testing.assert_allclose(g(x), [2 * x[0] + x[2] + 1, 1.0, x[0]])


def test_a_traced_argument_of_all_examples_that_is_written_into_is_new_in_each_run():
    def f(x, buffer):
        buffer += 1
        if x > 0:
            buffer[0] = x * buffer[1]
        elif x > -1.5:
            buffer *= 3
        return buffer.sum() * x

    def mapped(x, buffer):
        return vmap(f, in_axes=(0, None))(x, buffer)

    x, buffer = np.array([-2.0, -1.0, 0.5, 1.0, 3.0]), np.array([0.5, 2.0])
    wanted = [f(v, buffer.copy()) for v in x]
    slope = sum(grad(f, argnums=1)(v, buffer.copy()) for v in x)
    np.testing.assert_allclose(jit(mapped)(x, buffer), wanted)
    np.testing.assert_allclose(jit(vmap(f, in_axes=(0, None)))(x, buffer), wanted)
    for g in (grad(lambda b: mapped(x, b).sum()), jit(grad(lambda b: mapped(x, b).sum()))):
        np.testing.assert_allclose(g(buffer), slope)

    def written(m, b):
        c = b.copy()
        c[0] = 2 * c[0]
        return m(c)

    loss = lambda m: lambda b: written(m, b)  # noqa: E731
    slope = grad(loss(lambda c: sum(f(v, c.copy()) for v in x)))(buffer)
    for g in (grad(loss(lambda c: mapped(x, c).sum())), jit(grad(loss(lambda c: mapped(x, c).sum())))):
        np.testing.assert_allclose(g(buffer), slope)

    pairs = np.stack([buffer, 2 * buffer])
    wanted = [[f(v, b.copy()) for v in x] for b in pairs]
    np.testing.assert_allclose(vmap(lambda b: mapped(x, b))(pairs), wanted)
    np.testing.assert_allclose(jit(vmap(lambda b: mapped(x, b)))(pairs), wanted)
