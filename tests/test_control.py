"""Loops and branches against the same thing unrolled by Python, in every mode, order, batch and staging."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import wengert
import wengert.numpy as wnp
from wengert import grad, jit, jvp, lax, vmap
from wengert.errors import ArgumentError, ShapeError, TreeError

X = np.array([0.4, -0.7, 0.2])
W = np.array([1.1, 0.6, -0.9])
XS = np.array([[0.3, -0.2, 0.5], [0.1, 0.8, -0.4], [-0.6, 0.2, 0.9], [0.7, -0.1, 0.3]])


def body(c, w, x):
    return wnp.sin(c * w) + 0.5 * c[::-1] * x + wnp.where(c > 0.1, c * c, 0.2 * c)


def total(c, ys=()):
    return wnp.sum(c * c) + sum((wnp.sum(wnp.cos(y)) for y in ys), start=0.0)


# --- the constructs, each with what it means ---------------------------------------------------------------------


def scan_loop(c, w, xs):
    out, ys = lax.scan(lambda c, x: (body(c, w, x), c * x), c, xs)
    return total(out, [ys])


def scan_unrolled(c, w, xs):
    ys = []
    for i in range(len(XS)):
        ys.append(c * xs[i])
        c = body(c, w, xs[i])
    return total(c, ys)


def backwards_loop(c, w, xs):
    out, ys = lax.scan(lambda c, x: ((body(c[0], w, x), c[1] + 1), wnp.tanh(c[0])), (c, 0), xs, reverse=True)
    return total(out[0] * out[1], [ys[1:] * w])


def backwards_unrolled(c, w, xs):
    ys = []
    for i in reversed(range(len(XS))):
        ys.insert(0, wnp.tanh(c))
        c = body(c, w, xs[i])
    return total(c * len(XS), [y * w for y in ys[1:]])


def fori_loop(c, w, xs):
    return total(lax.fori_loop(1, 4, lambda i, c: body(c, w, wnp.take(xs, i, axis=0)) * (1 + 0.1 * i), c))


def fori_unrolled(c, w, xs):
    for i in range(1, 4):
        c = body(c, w, xs[i]) * (1 + 0.1 * i)
    return total(c)


def while_loop(c, w, xs):
    def going(s):
        return (s[0] < 8) & (wnp.sum(s[1] * s[1]) < 6.0)

    return total(lax.while_loop(going, lambda s: (s[0] + 1, body(s[1], w, xs[1]) * 1.2), (0, c))[1])


def while_unrolled(c, w, xs):
    i = 0
    while i < 8 and float(value_of(wnp.sum(c * c))) < 6.0:
        c, i = body(c, w, xs[1]) * 1.2, i + 1
    return total(c)


def branch(c, w, xs):
    out = c
    for i in range(3):
        out = lax.cond(
            wnp.sum(out * w) > 0.1 * i, lambda c: wnp.sin(c * w) * xs[0], lambda c: c * c * w + wnp.exp(0.1 * c), out
        )
    return total(out)


def branch_unrolled(c, w, xs):
    for i in range(3):
        c = wnp.sin(c * w) * xs[0] if value_of(wnp.sum(c * w)) > 0.1 * i else c * c * w + wnp.exp(0.1 * c)
    return total(c)


def switching(c, w, xs):
    def step(c, x):
        index = wnp.asarray(wnp.floor(3 * wnp.abs(c[0])), dtype=int)
        return lax.switch(index, [lambda c: c * w, lambda c: wnp.sin(c) + x, lambda c: c * x], c), c[1]

    out, ys = lax.scan(step, c, xs)
    return total(out, [ys])


def switching_unrolled(c, w, xs):
    ys = []
    for i in range(len(XS)):
        ys.append(c[1])
        k = min(int(3 * abs(value_of(c[0]))), 2)
        c = [lambda c: c * w, lambda c: wnp.sin(c) + xs[i], lambda c: c * xs[i]][k](c)  # noqa: B023
    return total(c, ys)


def mapped(c, w, xs):
    return total(c, [lax.map(lambda x: body(c, w, x) * x, xs, batch_size=3)])


def mapped_unrolled(c, w, xs):
    return total(c, [body(c, w, xs[i]) * xs[i] for i in range(len(XS))])


def nested(c, w, xs):
    def outer(c, x):
        inner, _ = lax.scan(lambda d, y: (body(d, w, x) + 0.1 * y, None), c, xs[:2])
        return lax.while_loop(lambda d: wnp.sum(d * d) > 2.0, lambda d: 0.6 * d * wnp.cos(w), inner), inner

    out, ys = lax.scan(outer, c, xs)
    return total(out, [ys])


def nested_unrolled(c, w, xs):
    ys = []
    for i in range(len(XS)):
        for j in range(2):
            c = body(c, w, xs[i]) + 0.1 * xs[j]
        ys.append(c)
        while value_of(wnp.sum(c * c)) > 2.0:
            c = 0.6 * c * wnp.cos(w)
    return total(c, ys)


def value_of(x):
    """The number under any tracers of derivatives."""
    while hasattr(x, "primal"):
        x = x.primal
    return x


CONSTRUCTS = {
    "scan": (scan_loop, scan_unrolled),
    "scan backwards": (backwards_loop, backwards_unrolled),
    "fori_loop": (fori_loop, fori_unrolled),
    "while_loop": (while_loop, while_unrolled),
    "cond": (branch, branch_unrolled),
    "switch": (switching, switching_unrolled),
    "map": (mapped, mapped_unrolled),
    "nested": (nested, nested_unrolled),
}
DIRECTIONS = (np.array([0.3, -0.5, 0.8]), np.array([-0.2, 0.4, 0.6]), np.cos(np.arange(12.0)).reshape(4, 3))


def dot(a, b):
    return sum(wnp.sum(x * y) for x, y in zip(a, b, strict=True))


def forward(f):
    return lambda *a: jvp(f, a, DIRECTIONS)[1]


def reverse(f):
    return grad(f, (0, 1, 2))


MODES = {
    "value": lambda f: f,
    "forward": forward,
    "reverse": reverse,
    "forward over reverse": lambda f: forward(reverse(f)),
    "reverse over forward": lambda f: reverse(forward(f)),
    "reverse over reverse": lambda f: reverse(lambda *a: dot(reverse(f)(*a), DIRECTIONS)),
}


def assert_same(got, expected):
    got, expected = wengert.tree.leaves(got), wengert.tree.leaves(expected)
    for g, e in zip(got, expected, strict=True):
        assert np.shape(g) == np.shape(e)
        np.testing.assert_allclose(g, e, rtol=1e-8, atol=1e-10)


def stacked(xs):
    return [np.stack([x, 0.5 * x, 1.7 * x]) for x in xs]


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("construct", CONSTRUCTS)
def test_against_unrolled(construct, mode):
    loop, unrolled = CONSTRUCTS[construct]
    args = (X, W, XS)
    transformed = MODES[mode](loop)
    expected = MODES[mode](unrolled)(*args)
    assert_same(transformed(*args), expected)
    assert_same(jit(transformed)(*args), expected)


@pytest.mark.parametrize("batched", [(0,), (1,), (2,), (0, 1, 2)], ids=["carry", "closed over", "xs", "all"])
@pytest.mark.parametrize("mode", ["reverse", "forward over reverse", "reverse over reverse"])
@pytest.mark.parametrize("construct", CONSTRUCTS)
def test_batched(construct, mode, batched):
    loop, unrolled = CONSTRUCTS[construct]
    axes = tuple(0 if i in batched else None for i in range(3))
    args = [s if i in batched else a for i, (a, s) in enumerate(zip((X, W, XS), stacked((X, W, XS)), strict=True))]
    rows = [MODES[mode](unrolled)(*[a[k] if i in batched else a for i, a in enumerate(args)]) for k in range(3)]
    expected = wengert.tree.map(lambda *r: np.stack(r), *rows)
    mapped = vmap(MODES[mode](loop), axes)
    if len(batched) == 1:
        assert_same(mapped(*args), expected)
    else:
        assert_same(jit(mapped)(*args), expected)


STEPS = {
    "sin": lambda c, w, x: wnp.sin(c + x),
    "product": lambda c, w, x: c * w,
    "turn": lambda c, w, x: c[::-1] + 0.1 * x,
    "matrix": lambda c, w, x: wnp.outer(w, x) @ c,
    "choice": lambda c, w, x: wnp.where(c > x, c * x, w),
    "branch": lambda c, w, x: lax.cond(c[0] > 0, lambda c: c * w, lambda c: wnp.tanh(c) * x, c),
    "element": lambda c, w, x: wnp.at(c)[1].multiply(x[0]),
    "softmax": lambda c, w, x: wengert.nn.softmax(c * w) * x,
    "norm": lambda c, w, x: c / (1.0 + wnp.sqrt(wnp.sum(c * c))),
    "inner loop": lambda c, w, x: lax.fori_loop(0, 2, lambda i, d: 0.5 * d * w + x, c),
}


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    steps=st.lists(st.sampled_from(sorted(STEPS)), min_size=1, max_size=4),
    mode=st.sampled_from(sorted(MODES)),
    compiled=st.booleans(),
    kind=st.sampled_from(["scan", "while"]),
)
def test_random_bodies(steps, mode, compiled, kind):
    def step(c, w, x):
        for name in steps:
            c = STEPS[name](c, w, x)
        return c

    def loop(c, w, xs):
        if kind == "scan":
            return total(*lax.scan(lambda c, x: (step(c, w, x), c + x), c, xs))
        return total(
            lax.while_loop(lambda s: s[0] < 3, lambda s: (s[0] + 1, step(s[1], w, wnp.take(xs, s[0], axis=0))), (0, c))[
                1
            ]
        )

    def unrolled(c, w, xs):
        ys = []
        for i in range(len(XS) if kind == "scan" else 3):
            ys.append(c + xs[i])
            c = step(c, w, xs[i])
        return total(c, [wnp.stack(ys)] if kind == "scan" else [])

    args = (X, W, XS)
    transformed = MODES[mode](loop)
    assert_same((jit(transformed) if compiled else transformed)(*args), MODES[mode](unrolled)(*args))


# --- what else there is to say -----------------------------------------------------------------------------------


def test_a_finished_lane_is_left_alone():
    def growth(x):
        return lax.while_loop(lambda s: s[0] < 700.0, lambda s: (wnp.exp(s[0]), s[1] * s[0]), (x, 1.0))

    x = np.array([0.5, 800.0, 2.0])
    _, products = vmap(growth)(x)
    assert np.all(np.isfinite(products)) and products[1] == 1.0
    slopes = vmap(grad(lambda x: growth(x)[1]))(x)
    assert np.all(np.isfinite(slopes)) and slopes[1] == 0.0


def test_the_branch_that_is_not_taken_gives_no_nan():
    f = lambda x: lax.cond(x > 0, lambda x: wnp.sqrt(x), lambda x: 0.0 * x, x)  # noqa: E731
    assert_same(vmap(grad(f))(np.array([4.0, -1.0, 0.0])), np.array([0.25, 0.0, 0.0]))
    assert_same(jit(vmap(grad(f)))(np.array([4.0, -1.0, 0.0])), np.array([0.25, 0.0, 0.0]))


def test_dynamic_bounds():
    power = lambda x, n: lax.fori_loop(0, n, lambda i, v: v * x, 1.0)  # noqa: E731
    assert float(jit(power)(2.0, 10)) == 1024.0
    assert float(jit(grad(power))(2.0, 10)) == 5120.0
    assert_same(vmap(grad(power))(np.array([2.0, 3.0]), np.array([3, 2])), np.array([12.0, 6.0]))


def test_zero_steps():
    out, ys = lax.scan(lambda c, x: (c * x, c), 2.0, np.zeros(0))
    assert float(out) == 2.0 and ys.shape == (0,)
    assert float(grad(lambda c: lax.scan(lambda c, x: (c * x, c), c, np.zeros(0))[0])(2.0)) == 1.0
    assert float(grad(lambda x: lax.while_loop(lambda s: s > 5.0, lambda s: s * s, x))(2.0)) == 1.0


def test_python_numbers_get_the_type_that_they_come_back_with():
    out, _ = lax.scan(lambda c, x: (c + x, None), 0, np.ones(3, np.float32))
    assert out.dtype == np.float32 and out == 3.0
    assert lax.fori_loop(0, 3, lambda i, c: c + i, 0).dtype == np.dtype(int)


def test_trees_and_lengths():
    step = lambda c, _: ({"a": c["a"] + 1, "b": c["b"] * 2}, c)  # noqa: E731
    out, ys = lax.scan(step, {"a": 0, "b": np.ones(2)}, length=3)
    assert out["a"] == 3 and ys["b"].shape == (3, 2)


def test_a_closed_over_array_that_changes_is_seen():
    w = np.zeros(40)
    step = lambda c, _: (c + w, None)  # noqa: E731
    first, _ = lax.scan(step, np.zeros(40), length=2)
    w[...] = 1.0
    second, _ = lax.scan(step, np.zeros(40), length=2)
    assert not first.any() and np.all(second == 2.0)


def test_a_known_predicate_calls_the_function():
    seen = []
    note = lambda x: (seen.append(x), x)[1]  # noqa: E731
    for _ in range(2):  # the first time the other one is traced, to compare their results
        assert lax.cond(True, note, lambda x: x + 1, 1.0) == 1.0
        assert seen[-1] == 1.0 and type(seen[-1]) is float
        assert lax.switch(7, [lambda x: x + 1, note], 2.0) == 2.0
        assert seen[-1] == 2.0 and type(seen[-1]) is float


def test_associative_scan():
    a, b = np.linspace(0.5, 1.5, 8), np.linspace(-1, 1, 8)
    op = lambda l, r: (r[0] * l[0], r[0] * l[1] + r[1])  # noqa: E731
    _, got = lax.associative_scan(op, (a, b))
    y, expected = 0.0, []
    for s, t in zip(a, b, strict=True):
        y = s * y + t
        expected.append(y)
    assert_same(got, np.array(expected))
    m = np.random.default_rng(0).normal(size=(2, 5, 3, 3))
    running = lax.associative_scan(lambda l, r: l @ r, m, axis=1, reverse=True)
    want = [m[1, 4], m[1, 4] @ m[1, 3], m[1, 4] @ m[1, 3] @ m[1, 2]]
    assert_same(running[1, 2], want[2])
    assert_same(grad(lambda a: lax.associative_scan(wnp.multiply, a)[-1])(a), np.prod(a) / a)


def test_custom_root():
    def newton(f, x):
        return lax.while_loop(lambda x: abs(f(x)) > 1e-13, lambda x: x - f(x) / grad(f)(x), x)

    root = lambda a: lax.custom_root(lambda x: x * x - a, 1.0, newton, lambda g, y: y / g(1.0))  # noqa: E731
    a = np.array([2.0, 4.0])
    assert_same(vmap(root)(a), np.sqrt(a))
    assert_same(vmap(grad(root))(a), 0.5 / np.sqrt(a))
    assert_same(jit(vmap(grad(grad(root))))(a), -0.25 * a**-1.5)
    assert_same(jvp(root, (4.0,), (1.0,))[1], 0.25)
    near = lambda a: lax.custom_root(lambda x: x * x - a, a + 1, newton, lambda g, y: y / g(1.0))  # noqa: E731
    for f in (
        wengert.jacfwd(vmap(near)),
        wengert.jacrev(vmap(near)),
        jit(wengert.jacrev(vmap(near))),
    ):  # a guess that is traced
        assert_same(f(a), np.diag(0.5 / np.sqrt(a)))


def conjugate_gradients(matvec, b):
    def step(s):
        x, r, p, n = s
        q = matvec(p)
        a = (r @ r) / (p @ q)
        new = r - a * q
        return x + a * p, new, new + (new @ new) / (r @ r) * p, n + 1

    return lax.while_loop(lambda s: (s[1] @ s[1] > 1e-26) & (s[3] < 50), step, (0 * b, b, b, 0))[0]


def test_custom_linear_solve():
    rng = np.random.default_rng(1)
    m, b = rng.normal(size=(4, 4)), rng.normal(size=4)
    a = m @ m.T + np.eye(4)
    f = lambda a, b: wnp.sum(wnp.sin(lax.custom_linear_solve(lambda x: a @ x, b, conjugate_gradients, symmetric=True)))  # noqa: E731
    g = lambda a, b: wnp.sum(wnp.sin(wnp.linalg.solve((a + a.T) / 2, b)))  # noqa: E731
    assert_same(f(a, b), g(a, b))
    assert_same(jit(grad(f, 1))(a, b), grad(g, 1)(a, b))
    assert_same(jvp(f, (a, b), (a, b))[1], jvp(g, (a, b), (a, b))[1])
    assert_same(wengert.jacrev(grad(f, 1), 1)(a, b), wengert.jacfwd(grad(g, 1), 1)(a, b))
    mapped = vmap(grad(f, 1), (None, 0))(a, np.stack([b, -b]))
    assert_same(mapped, np.stack([grad(g, 1)(a, b), grad(g, 1)(a, -b)]))
    one_way = lambda b: lax.custom_linear_solve(lambda x: a @ x, b, conjugate_gradients)  # noqa: E731
    with pytest.raises(wengert.errors.NotDifferentiableError, match="transpose_solve"):
        grad(lambda b: wnp.sum(one_way(b)))(b)


# --- errors ------------------------------------------------------------------------------------------------------


def test_errors():
    with pytest.raises(ShapeError, match=r"at \['a'\] it is float64\[\] before and float64\[3\] after") as error:
        lax.scan(lambda c, _: ({"a": c["a"] * np.ones(3)}, None), {"a": 0.0}, length=2)
    assert "test_control.py" in str(error.value)
    with pytest.raises(ShapeError, match="it is int64.* before and float64.* after"):
        lax.while_loop(lambda c: c < 3, lambda c: c + 0.5, np.int64(0))
    with pytest.raises(TreeError, match="gives for the next step has a tuple of length 2, where a leaf was expected"):
        lax.fori_loop(0, 3, lambda i, c: (c, c), 1.0)
    with pytest.raises(ArgumentError, match="must return a pair"):
        lax.scan(lambda c, x: c, 0.0, np.ones(3))
    with pytest.raises(ShapeError, match="numbers of steps differ: 3 .* 4"):
        lax.scan(lambda c, x: (c, None), 0.0, {"a": np.ones(3), "b": np.ones(4)})
    with pytest.raises(ArgumentError, match="give the number of steps as length"):
        lax.scan(lambda c, x: (c, None), 0.0)
    with pytest.raises(ArgumentError, match="must give one boolean, got float64"):
        lax.while_loop(lambda c: c, lambda c: c, 1.0)
    with pytest.raises(ArgumentError, match="bounds are integers"):
        lax.fori_loop(0, 2.5, lambda i, c: c, 1.0)
    with pytest.raises(ShapeError, match=r"return different types: float64\[2\] and float64\[\]"):
        jit(lambda p: lax.cond(p, lambda: 1.0, lambda: np.ones(2)))(True)
    with pytest.raises(TreeError, match="has a leaf, where a tuple of length 2 was expected"):
        jit(lambda p: lax.cond(p, lambda: 1.0, lambda: (1.0, 2.0)))(True)
    with pytest.raises(ShapeError, match="convert it with astype"):
        jit(lambda p: lax.switch(p, [lambda: np.float64(1), lambda: np.float32(1)]))(0)
    with pytest.raises(ArgumentError, match="one integer"):
        lax.switch(0.5, [lambda: 1.0])
    assert float(lax.scan(lambda c, x: (c + x, None), 0.0, np.ones(3))[0]) == 3.0


GRADIENTS = {
    "slices": lambda x: wnp.sum(lax.scan(lambda c, t: (wnp.sin(c) * t, c * c), x[0], x)[1]),
    "the last carry": lambda x: lax.scan(lambda c, t: (wnp.sin(c) * t, None), x[0], x)[0],
    "constants": lambda x: wnp.sum(lax.scan(lambda h, t: (wnp.tanh(x * h + t), h), x, wnp.outer(x, x))[1]),
    "choices": lambda x: wnp.sum(lax.scan(lambda c, t: (wnp.where(c > 0.5, c * t, c), c), x[0], x)[1]),
    "places": lambda x: wnp.sum(lax.scan(lambda c, t: (c * x[t], c), 1.0, np.arange(4))[1]),
}


@pytest.mark.parametrize("name", GRADIENTS)
def test_an_eager_gradient_of_a_scan_builds_few_programs(name, monkeypatch):
    """Programs that a pass leaves as they are, and empty ones, are not made; nothing is made for the second call."""
    made, begin = [], wengert.program.Program.__init__
    f, x = GRADIENTS[name], np.linspace(0.1, 1.0, 6)

    def noted(self, *args, **kwargs):
        made.append(1)
        begin(self, *args, **kwargs)

    monkeypatch.setattr(wengert.program.Program, "__init__", noted)
    with wengert.config.override(disk_cache=False):
        got = wengert.grad(lambda x: f(x) * 0.75)(x)
        assert len(made) < 20
    eps = 1e-6
    differences = [(f(x + eps * e) - f(x - eps * e)) / (2 * eps) for e in np.eye(6)]
    np.testing.assert_allclose(got, 0.75 * np.array(differences), rtol=1e-6, atol=1e-8)
