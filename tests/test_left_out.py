"""What an index, a slice, a mask or a choice leaves out does not poison what stays: no 0 times infinity, in any mode.

Each function has a pole in an element that does not count; its derivative there is 0, and that of the others is known.
A factor that happens to be 0 leaves nothing out: what is NaN for that reason stays NaN.
"""

import gc
import warnings
import weakref

import numpy as np
import pytest

import wengert.numpy as wnp
from wengert import (
    checkpoint,
    custom_jvp,
    custom_vjp,
    grad,
    jacfwd,
    jacrev,
    jit,
    jvp,
    lax,
    linear_transpose,
    linearize,
    make_program,
    nn,
    vjp,
    vmap,
)
from wengert.core import Primitive
from wengert.errors import NotDifferentiableError
from wengert.ops.families import Elementwise
from wengert.ops.steep import steep
from wengert.scipy import special
from wengert.transforms import tape

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")
V = np.array([1.0, 0.25, 0.0])
M = np.array([[1.0, 0.0], [0.0, 0.25]])

# name: (function, point, gradient)
LEFT_OUT = {
    "slice": (lambda t: wnp.sum(wnp.log(t * np.array([1.0, 2.0, 0.0]))[:2]), np.array(0.5), 4.0),
    "slice with a step": (lambda v: wnp.sum(wnp.sqrt(v[::-1])[2::-2]), np.array([1.0, 0.0, 0.25]), [0.5, 0, 1.0]),
    "index": (lambda v: wnp.sqrt(v)[0], V, [0.5, 0, 0]),
    "mask": (lambda p: -wnp.sum((p * wnp.log(p))[V > 0]), V, [-1, -(np.log(0.25) + 1), 0]),
    "take": (lambda v: wnp.take(wnp.sqrt(v), [0, 0, 1]).sum(), V, [1, 1, 0]),
    "take_along_axis": (lambda v: wnp.take_along_axis(wnp.sqrt(v), np.array([1, 1]), 0).sum(), V, [0, 2, 0]),
    "compress": (lambda v: wnp.compress([True, False, False], wnp.sqrt(v)).sum(), V, [0.5, 0, 0]),
    "split": (lambda v: wnp.split(wnp.sqrt(v), 3)[0].sum(), V, [0.5, 0, 0]),
    "sort": (lambda v: wnp.sort(wnp.sqrt(v))[1:].sum(), V, [0.5, 1, 0]),
    "max": (lambda v: wnp.max(wnp.sqrt(v)), V, [0.5, 0, 0]),
    "min": (lambda v: wnp.min(-wnp.sqrt(v)), V, [-0.5, 0, 0]),
    "cummax": (lambda v: np.maximum.accumulate(wnp.sqrt(v)).sum(), V, [1.5, 0, 0]),
    "median": (lambda v: wnp.median(wnp.sqrt(v)), V, [0, 1, 0]),
    "where": (lambda v: wnp.sum(wnp.where(v > 0, wnp.sqrt(v), 0.0)), V, [0.5, 1, 0]),
    "where=": (lambda v: wnp.sum(wnp.sqrt(v), where=V > 0), V, [0.5, 1, 0]),
    "maximum": (lambda v: wnp.sum(wnp.maximum(wnp.log(v), -5.0)), V, [1, 4, 0]),
    "clip": (lambda v: wnp.sum(wnp.clip(wnp.log(v), -5.0, 5.0)), V, [1, 4, 0]),
    "tril": (lambda a: wnp.sum(wnp.tril(wnp.sqrt(a + np.tri(2, k=-1)))), M, [[0.5, 0], [0.5, 1]]),
    "diagonal": (lambda a: wnp.sum(wnp.diagonal(wnp.sqrt(a))), M, [[0.5, 0], [0, 1]]),
    "trace": (lambda a: wnp.trace(wnp.sqrt(a)), M, [[0.5, 0], [0, 1]]),
    "a row of a product": (lambda a: (wnp.sqrt(a.T + np.eye(2, k=1)) @ np.ones((2, 2)))[0].sum(), M, [[1, 0], [1, 0]]),
    "overwritten": (lambda v: wnp.sum(wnp.at(wnp.sqrt(v))[2].set(3.0)), V, [0.5, 1, 0]),
    "dynamic slice": (lambda v: lax.dynamic_slice(wnp.sqrt(v), (0,), (2,)).sum(), V, [0.5, 1, 0]),
    "an infinite factor": (lambda v: wnp.sum((v * np.array([1.0, 3.0, np.inf]))[:2]), V, [1, 3, 0]),
    "through a sum": (lambda v: (wnp.sqrt(v) + wnp.sin(v))[0] + v[2], V, [0.5 + np.cos(1), 0, 1]),
    "a factor of 0 leaves nothing out": (lambda v: wnp.sum((wnp.sqrt(v) ** 2)[1:]), V, [0, 1, np.nan]),
}

MODES = {
    "grad": grad,
    "jacrev": jacrev,
    "jacfwd": jacfwd,
    "compiled": lambda f: jit(grad(f)),
    "of compiled": lambda f: grad(jit(f)),
    "batched": lambda f: lambda x: vmap(grad(f))(np.stack([x, x]))[1],
    "in a scan": lambda f: grad(lambda x: lax.scan(lambda c, _: (c + f(x), None), 0.0, None, length=1)[0]),
    "in a branch": lambda f: grad(lambda x: lax.cond(wnp.sum(x) > -1, f, lambda x: 0.0, x)),
}


@pytest.mark.parametrize("name", LEFT_OUT)
def test_what_is_left_out_does_not_poison_what_stays(name):
    f, at, gradient = LEFT_OUT[name]
    for mode, derivative in MODES.items():
        np.testing.assert_allclose(derivative(f)(at), gradient, rtol=1e-13, err_msg=mode)


@pytest.mark.parametrize("name", ["index", "mask", "where", "max", "sort", "diagonal", "maximum"])
def test_second_derivatives_too(name):
    f, at, _ = LEFT_OUT[name]
    found = {f"{a.__name__} of {b.__name__}": a(b(f))(at) for a in (jacfwd, jacrev) for b in (jacfwd, jacrev)}
    found["compiled"] = jit(jacfwd(grad(f)))(at)
    inside = at > 0
    both = np.multiply.outer(inside, inside)
    beside = jacfwd(grad(f))(np.where(inside, at, 1e-3))
    for mode, hessian in found.items():
        np.testing.assert_allclose(hessian, np.where(both, beside, 0), rtol=1e-12, atol=1e-13, err_msg=mode)


# Choices of numbers, of which one is 0: a function and the numbers that it gives, by their places.
CHOICES = {
    "where": (lambda v: wnp.where(np.array([True, False, True]), v, 0.0), [0.0, 1.0, 4.0], [0, None, 2]),
    "relu": (nn.relu, [-1.0, 2.0, -3.0], [None, 1, None]),
    "clip": (lambda v: wnp.clip(v, 0.0, 3.0), [-1.0, 2.0, 5.0], [None, 1, None]),
    "a bound": (lambda v: wnp.clip(v[1], -1.0, v[0]), [0.0, 1.0, 4.0], [0]),
    "minimum": (lambda v: wnp.minimum(v, v[::-1]), [0.0, 1.5, 4.0], [0, 1, 0]),
    "minimum of numbers": (lambda v: wnp.minimum(v[0], v[1]), [0.0, 1.0, 4.0], [0]),
    "fmin": (lambda v: wnp.fmin(v, v[::-1] + 1), [0.0, 1.0, 4.0], [0, 1, (0, 1.0)]),
    "min": (wnp.min, [1.0, 0.0, 4.0], [1]),
    "min along an axis": (lambda v: wnp.min(wnp.stack([v, v[::-1]]), 0), [0.0, 1.5, 4.0], [0, 1, 0]),
    "nanmin": (wnp.nanmin, [np.nan, 0.0, 4.0], [1]),
    "at": (lambda v: wnp.at(np.full(2, 9.0))[np.array([0, 0, 1])].min(v), [0.0, 1.0, 4.0], [0, 2]),
    "nan_to_num": (lambda v: wnp.nan_to_num(wnp.where(v < 3, v, np.nan)), [0.0, 1.0, 4.0], [0, 1, None]),
    "a scan": (lambda v: lax.scan(lambda c, t: (wnp.minimum(c, t), None), 9.0, v)[0], [2.0, 0.0, 4.0], [1]),
    "a choice of choices": (lambda v: wnp.maximum(wnp.minimum(v, 3.0), 0.0), [-1.0, 2.0, 5.0], [None, 1, None]),
}  # fmt: skip
SLOPES = {"sqrt": (wnp.sqrt, lambda x: 0.5 / np.sqrt(x)), "log": (wnp.log, lambda x: 1 / x), "by infinity": (lambda x: x * np.inf, lambda x: np.inf)}  # fmt: skip


@pytest.mark.parametrize("slope", SLOPES)
@pytest.mark.parametrize("name", CHOICES)
def test_an_infinite_slope_behind_a_choice_meets_what_is_chosen_alone(name, slope):
    choose, at, places = CHOICES[name]
    outer, derivative = SLOPES[slope]
    f, want = lambda v: wnp.sum(outer(choose(v))), np.zeros(3)
    with np.errstate(all="ignore"):
        for place in places:
            k, more = place if type(place) is tuple else (place, 0.0)
            if k is not None:
                want[k] += derivative(np.float64(at[k] + more))
        ways = {"forward": jacfwd, "reverse": grad}
        if slope == "sqrt":
            ways |= {"compiled forward": lambda f: jit(jacfwd(f)), "compiled reverse": lambda f: jit(grad(f))}
        for mode, d in ways.items():
            np.testing.assert_allclose(d(f)(np.array(at)), want, err_msg=mode)
        if slope == "sqrt" and not np.isinf(want).any():
            second = [a(b(f))(np.array(at)) for a in (jacfwd, jacrev) for b in (jacfwd, jacrev)]
            for found in second:
                np.testing.assert_allclose(
                    found, np.diag([-0.25 * x**-1.5 if g else 0.0 for x, g in zip(at, want, strict=True)])
                )


def test_a_long_chain_of_steps_that_leave_something_out():
    def f(v):
        w = wnp.sqrt(v)
        for _ in range(1500):
            w = wnp.concatenate([w[1:], w[:1]]) * 1.0
        return w[0]

    np.testing.assert_allclose(grad(f)(np.array([1.0, 0.0, 0.0])), [0.5, 0, 0])


def test_rows_of_a_jacobian_do_not_mix():
    at = np.array([1.0, 0.0])
    f = lambda v: wnp.cumsum(wnp.sqrt(v))  # noqa: E731
    expected = [[0.5, 0], [0.5, np.inf]]
    for jacobian in (jacfwd(f), jacrev(f), jit(jacfwd(f)), jit(jacrev(f))):
        np.testing.assert_array_equal(jacobian(at), expected)


# Functions with poles at the point: the two modes agree there, infinities and NaN included.
AT_POLES = {
    "entr": (lambda p: wnp.sum(special.entr(p)), [0.5, 0.5, 0.0]),
    "a root of a slice": (lambda v: wnp.sqrt(v[:2]), [0.0, 1.0, 2.0]),
    "a root of products": (lambda v: wnp.sqrt(v[1:] * v[:-1]), [1.0, 4.0, 0.0]),
    "a root beside constants": (lambda v: wnp.sum(wnp.sqrt(wnp.concatenate([v, np.zeros(2)]))), [1.0, 4.0]),
    "a root of a stack": (lambda v: wnp.sqrt(wnp.stack([v[0], v[1], 0 * v[0] + 1])), [0.0, 4.0]),
    "running logarithms": (lambda v: wnp.cumsum(wnp.log(v[::-1])), [0.0, 4.0]),
    "a root of a product of matrices": (lambda v: wnp.sqrt(np.diag([1.0, 2.0]) @ v), [0.0, 4.0]),
    "a root of squares": (lambda v: wnp.sqrt(v[0] ** 2 + v[1] ** 2), [0.0, 0.0]),
    "a choice": (lambda v: wnp.where(v > 0, wnp.log(v), 0.0), [0.0, 1.0]),
    "written": (lambda v: wnp.sqrt(wnp.at(np.zeros(3))[0].set(v[0])), [1.0, 0.0]),
    "an outer product": (lambda v: wnp.sqrt(wnp.outer(v, v)), [1.0, 0.0]),
    "gathered": (lambda v: wnp.log(wnp.take(v, [1, 1, 0])), [1.0, 0.0]),
    "sorted": (lambda v: wnp.log(wnp.sort(v)), [1.0, 0.0]),
    "repeated": (lambda v: wnp.log(wnp.repeat(v, 2)), [1.0, 0.0]),
    "padded": (lambda v: wnp.sqrt(wnp.pad(v, 1)), [1.0, 0.0]),
    "of a number": (lambda v: wnp.sqrt(wnp.sum(v[:1] * np.ones((2, 3)) + v[1], axis=1)), [0.0, 0.0]),
    "softmax": (lambda v: nn.softmax(wnp.sqrt(v)), [1.0, 0.0, 4.0]),
    "softmax, a weight above 1/2": (lambda v: nn.softmax(wnp.sqrt(v) + np.array([3.0, 0, 0])), [0.0, 1.0, 4.0]),
    "log_softmax": (lambda v: nn.log_softmax(3 - wnp.sqrt(v)), [0.0, 1.0]),
    "an infinite slope behind softmax": (lambda v: wnp.sqrt(nn.softmax(v) - 0.5)[:1], [1.0, 1.0]),
    "transposed": (lambda v: wnp.log(wnp.reshape(v, (2, 2)).T)[0], [1.0, 0.0, 0.0, 2.0]),
}


FACTORS_OF_0 = ("a root of squares", "an outer product", "a root of products", "a root of a product of matrices")


@pytest.mark.parametrize("name", AT_POLES)
def test_the_modes_agree_at_poles(name):
    f, at = AT_POLES[name]
    at = np.array(at)
    rows = jacrev(f)(at)
    for mode, jacobian in {"forward": jacfwd, "forward compiled": lambda f: jit(jacfwd(f))}.items():
        np.testing.assert_allclose(jacobian(f)(at), rows, rtol=1e-13, err_msg=mode)
    np.testing.assert_allclose(jit(jacrev(f))(at), rows, rtol=1e-13)
    assert np.isnan(rows).any() == (name in FACTORS_OF_0)


def _registry():
    """Elementwise primitives of one or two real arguments, at points among which some have poles."""
    for name, p in sorted(Primitive.registry.items()):
        if isinstance(p, Elementwise) and p.partials is not None and len(p.partials) in (1, 2) and p.samples:
            if all(callable(q) or q in (1, -1) for q in p.partials if q is not None):
                yield name


@pytest.mark.parametrize("name", list(_registry()))
def test_the_modes_agree_over_the_registry(name):
    """Every elementwise operation of slices, at 0, 1, -1 and infinity beside an ordinary number, its result summed up."""
    p = Primitive.registry[name]
    n = len(p.partials)
    for x in (0.0, 1.0, -1.0, np.inf):
        f = lambda v: wnp.cumsum(p.bind(*[v[i : i + 2] for i in range(n)]))  # noqa: B023, E731
        at = np.array([0.5, x, 0.5][: n + 1])
        try:
            rows = jacrev(f)(at)
        except (NotDifferentiableError, TypeError):
            return  # in one of the arguments it has none, or it is for integers there
        np.testing.assert_allclose(jacfwd(f)(at), rows, rtol=1e-12, err_msg=f"at {x}")


def test_supports_are_noted_where_something_is_not_finite_alone(monkeypatch):
    walks, walk = [], tape._walk_with_supports
    monkeypatch.setattr(tape, "_walk_with_supports", lambda *args: walks.append(args) or walk(*args))
    for name in ("index", "max", "sort", "take", "where", "through a sum"):
        f, at, gradient = LEFT_OUT[name]
        for derivative in (grad, jacrev, lambda f: lambda x: jvp(grad(f), (x,), (np.ones_like(x),))[1]):
            assert np.isfinite(derivative(f)(at + 0.5)).all() and not walks, name
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # of the first walk, which was for nothing
            np.testing.assert_allclose(grad(f)(at), gradient, rtol=1e-13, err_msg=name)
        assert walks, name
        walks.clear()


def test_first_derivatives_finite_and_second_ones_infinite_where_elements_are_left_out():
    for f in (lambda v: (v**1.5)[0] * v[1], lambda v: wnp.sum(wnp.where(v > 0, v**1.5 * v[1], 0.0)[:1])):
        wanted = np.zeros((3, 3))
        wanted[0, 0], wanted[0, 1], wanted[1, 0] = 0.75 * 0.25, 1.5, 1.5
        for outer in (jacfwd, jacrev):
            for inner in (jacfwd, jacrev):
                np.testing.assert_allclose(outer(inner(f))(V), wanted, rtol=1e-13, atol=1e-15)
        rows = [grad(lambda x, k=k: grad(f)(x)[k])(V) for k in range(3)]
        np.testing.assert_allclose(rows, wanted, rtol=1e-13, atol=1e-15)
        push = linearize(grad(f), V)[1]
        np.testing.assert_allclose(push(np.array([1.0, 2.0, 0.0])), wanted @ [1.0, 2.0, 0.0], rtol=1e-13, atol=1e-15)
        third = [grad(lambda x, k=k: grad(lambda y: grad(f)(y)[k])(x)[0])(V) for k in range(2)]
        np.testing.assert_allclose(third, [[-0.375 * 0.25, 0.75, 0], [0.75, 0, 0]], rtol=1e-13, atol=1e-15)


def _label_loss(x, labels, rows=None):
    """Of rows of scores; the largest of a row is part of the function, so that its derivative passes two sums of a row."""
    z = x - wnp.max(x, axis=-1, keepdims=True)
    logp = z - wnp.log(wnp.sum(wnp.exp(z), axis=-1, keepdims=True))
    return -wnp.mean(wnp.take_along_axis(logp, labels[:, None], 1) if rows is None else logp[rows, labels])


def test_a_sum_over_rows_that_each_have_a_label_needs_no_mask():
    rng = np.random.default_rng(3)
    x, labels = rng.normal(size=(5, 7)), rng.integers(-7, 7, 5)
    rows = np.arange(5)[::-1] - 5
    p = np.exp(x - x.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    for r in (None, rows):
        at = np.arange(5) if r is None else r
        want = p / 5
        np.subtract.at(want, (at, labels), 1 / 5)
        compiled = jit(grad(lambda x, labels, r=r: _label_loss(x, labels, r)))
        np.testing.assert_allclose(compiled(x, labels), want, rtol=1e-12, atol=1e-15)
        text = str(compiled.lower(x, labels).program)
        assert "not_equal" not in text
        by_example = jit(vmap(grad(lambda x, k, r=r: _label_loss(x[None], k[None])), in_axes=(0, 0)))
        other = np.zeros(5, int)
        np.put(other, at, labels)
        np.testing.assert_allclose(by_example(x, other), want * 5, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("mode", ["eager", "compiled"])
def test_rows_without_a_label_are_left_out(mode):
    x = np.array([[1.0, 2.0], [0.0, 0.0], [3.0, 1.0]])  # the logarithm of the second row's sum has a pole

    def f(x, labels):
        logs = x - wnp.log(wnp.sum(x, axis=1, keepdims=True))
        return wnp.sum(logs[np.array([0, 2, 0]), labels])

    g = grad(f) if mode == "eager" else jit(grad(f))
    want = np.array([[1 - 2 / 3, 1 - 2 / 3], [0, 0], [-1 / 4, 1 - 1 / 4]])
    np.testing.assert_allclose(g(x, np.array([0, 1, 1])), want, rtol=1e-14)


def test_masks_of_a_basis_are_comparisons_in_compiled_code():
    x, v = np.linspace(-1, 1, 12).reshape(3, 4), np.ones((3, 4))
    f = jit(lambda x, v: np.tensordot(jacfwd(grad(lambda x: np.sum(np.tanh(x) ** 2)))(x), v, 2))
    t = np.tanh(x)
    np.testing.assert_allclose(f(x, v), (1 - t**2) * (2 - 6 * t**2), rtol=1e-13)
    assert "bool[12,1,3,4]>" not in str(f.lower(x, v).optimized)
    g = jit(jacfwd(lambda x: wnp.sqrt(x)[1:] * wnp.sin(x)[:-1]))
    y = np.array([0.0, 0.25, 1.0])  # the root has a pole at what is left out
    want = [[np.cos(0) * 0.5, np.sin(0) / 1.0, 0], [0, np.cos(0.25), np.sin(0.25) / 2]]
    np.testing.assert_allclose(g(y), want, rtol=1e-14)


def test_steps_of_a_basis_do_not_keep_earlier_ones():
    """Supports name what they are found from; elementwise steps share theirs."""
    seen = []

    def f(x):
        y = x[1:]
        for _ in range(5):
            factor = np.full(3, 1.01)
            seen.append(weakref.ref(factor))
            y = y * factor
            del factor
        gc.collect()
        kept.append(sum(r() is not None for r in seen))
        return y

    kept = []
    np.testing.assert_allclose(jacfwd(f)(np.arange(4.0)), np.eye(4)[1:] * 1.01**5, rtol=1e-14)
    assert kept[0] <= 2


# --- at the border of calls, branches and loops -------------------------------------------------------------------

_ruled = custom_jvp(lambda x: wnp.sqrt(x))
_ruled.defjvp(lambda p, t: (_ruled(p[0]), 0.5 / wnp.sqrt(p[0]) * t[0]))
_pulled = custom_vjp(lambda x: wnp.sqrt(x))
_pulled.defvjp(lambda x: (_pulled(x), x), lambda x, g: (g / (2 * wnp.sqrt(x)),))
_first = custom_vjp(lambda u: u[:2])
_first.defvjp(lambda u: (u[:2], None), lambda _, g: (wnp.concatenate([g, np.zeros(1)]),))

# the root of each element, inside of what may leave something out
ROOTS = {
    "plain": wnp.sqrt,
    "jit": jit(wnp.sqrt),
    "checkpoint": checkpoint(wnp.sqrt),
    "custom_jvp": _ruled,
    "custom_vjp": _pulled,
    "vmap": vmap(wnp.sqrt),
    "cond": lambda v: lax.cond(v[0] > 0, wnp.sqrt, lambda x: x, v),
    "switch": lambda v: lax.switch(v[0].astype(int), [lambda x: x, wnp.sqrt], v),
    "fori": lambda v: lax.fori_loop(0, 1, lambda i, c: wnp.sqrt(c), v),
    "while": lambda v: lax.while_loop(lambda s: s[0] < 1, lambda s: (s[0] + 1, wnp.sqrt(s[1])), (0, v))[1],
    "scan carry": lambda v: lax.scan(lambda c, _: (wnp.sqrt(c), None), v, None, length=1)[0],
    "scan ys": lambda v: lax.scan(lambda c, x: (c, wnp.sqrt(x)), 0.0, v)[1],
    "scan constant": lambda v: lax.scan(lambda c, _: (c + wnp.sqrt(v), None), 0 * V, None, length=1)[0],
}
BORDERS = {
    "slice": lambda u: u[:2],
    "call": jit(lambda u: u[:2]),
    "checkpoint": checkpoint(lambda u: u[:2]),
    "branch": lambda u: lax.cond(u[0] > 0, lambda u: u[:2], lambda u: u[1:], u),
    "constant of a loop": lambda u: lax.scan(lambda c, i: (c, u[i]), 0.0, np.arange(2))[1],
    "rows of a scan": lambda u: lax.scan(lambda c, x: (c, x), 0.0, u)[1][:2],
    "carried": lambda u: lax.scan(lambda c, _: (c, c[:2]), u, None, length=1)[1][0],
    "while": lambda u: lax.while_loop(lambda s: s[0] < 1, lambda s: (1, s[1], s[1][:2]), (0, u, np.zeros(2)))[2],
    "fori": lambda u: lax.fori_loop(0, 2, lambda i, c: wnp.at(c)[i].add(u[i]), np.zeros(2)),
    "rule": _first,
}
BORDER_MODES = {
    "reverse": jacrev,
    "forward": jacfwd,
    "compiled": lambda f: jit(jacrev(f)),
    "of compiled": lambda f: jacrev(jit(f)),
    "cotangents": lambda f: lambda v: np.stack([vjp(f, v)[1](row)[0] for row in np.eye(2)]),
    "tangents": lambda f: lambda v: np.stack([jvp(f, (v,), (e,))[1] for e in np.eye(3)], 1),
    "linearized": lambda f: lambda v: np.stack([linearize(f, v)[1](e) for e in np.eye(3)], 1),
}


@pytest.mark.parametrize("border", BORDERS)
@pytest.mark.parametrize("root", ["plain", "jit", "custom_vjp", "scan ys"])
def test_what_a_call_a_branch_or_a_loop_leaves_out(root, border):
    f = lambda v: BORDERS[border](ROOTS[root](v))  # noqa: E731
    for mode, jacobian in BORDER_MODES.items():
        np.testing.assert_allclose(jacobian(f)(V), [[0.5, 0, 0], [0, 1, 0]], rtol=1e-13, err_msg=mode)


@pytest.mark.parametrize("root", ROOTS)
def test_zeros_of_seeds_are_no_dependence(root):
    """Sums of roots, one of them at its pole, along directions in which that one does not move, and from other rows."""
    f = lambda v: wnp.cumsum(ROOTS[root](v))  # noqa: E731
    wanted = [[0.5, 0, 0], [0.5, 1, 0], [0.5, 1, np.inf]]
    for mode in ("reverse", "forward", "compiled", "of compiled", "tangents", "linearized"):
        np.testing.assert_allclose(BORDER_MODES[mode](f)(V), wanted, rtol=1e-13, err_msg=mode)
    pull = vjp(ROOTS[root], V)[1]
    np.testing.assert_allclose([pull(row)[0] for row in np.eye(3)], np.diag([0.5, 1, np.inf]))
    batch = vmap(lambda e: jvp(f, (V,), (e,))[1])(np.eye(3))
    np.testing.assert_allclose(batch.T, wanted, rtol=1e-13)


def test_a_factor_of_0_is_not_taken_for_an_element_left_out_at_a_border():
    for square in (jit(lambda u: u**2), lambda u: lax.cond(True, lambda u: wnp.where(u < 5, u**2, u), lambda u: u, u),
                   lambda u: lax.scan(lambda c, _: (wnp.where(c < 5, c**2, c), None), u, None, length=1)[0]):  # fmt: skip
        for derivative in (grad, lambda f: jit(grad(f))):
            g = derivative(lambda v: wnp.sum(square(wnp.sqrt(v))[1:]))(V)  # noqa: B023
            np.testing.assert_array_equal(g, [0, 1, np.nan])


INFINITE = np.array([[1.0, 2.0, 3.0], [np.inf, 1.0, 0.0], [0.5, np.nan, -np.inf]])


@pytest.mark.parametrize("mode", BORDER_MODES)
def test_infinite_elements_of_a_product_of_matrices_that_are_left_out(mode):
    v = np.array([1.0, 0.25, 0.5])
    for f, wanted in {
        lambda v: (INFINITE @ v)[:1] * np.ones(2): [[1, 2, 3]] * 2,
        lambda v: wnp.stack([(v @ INFINITE)[1:2][0], (v @ INFINITE)[1]]): [[2, 1, np.nan]] * 2,
        lambda v: ((INFINITE * (1 + 0 * v[:1])) @ v)[:1] * np.ones(2): [[1, 2, 3]] * 2,
        lambda v: (INFINITE @ wnp.outer(v, np.ones(2)))[0]: [[1, 2, 3]] * 2,
        lambda v: wnp.einsum("ij,j->i", INFINITE, v)[:2]: [[1, 2, 3], [np.inf, 1, 0]],
    }.items():
        np.testing.assert_allclose(BORDER_MODES[mode](f)(v), wanted, err_msg=mode)


# Scans of which nobody uses what the last step carries: name: (function, gradient). The last carry has a pole.
ENDS = {
    "a number": (lambda x: lax.scan(lambda c, _: (wnp.sqrt(c - 1), c), x, None, length=2)[1].sum(), 2.0, 1.5),
    "one step": (lambda x: lax.scan(lambda c, _: (wnp.sqrt(c), c), x, None, length=1)[1].sum(), 0.0, 1.0),
    "rows": (lambda v: lax.scan(lambda c, x: (c + wnp.sqrt(x), c), 0.0, v)[1].sum(), V, [1, 1, 0]),
    "backwards": (lambda v: lax.scan(lambda c, x: (c / x, c), 1.0, v, reverse=True)[1][1:].sum(), V[::-1], [0, 0, -1]),
    "one of two": (
        lambda v: lax.scan(lambda c, _: ((wnp.sqrt(c[0]), c[1] * 2), c[0] + c[1]), (v[2], v[0]), None, length=1)[1][0],
        V,
        [1, 0, 1],
    ),
}


@pytest.mark.parametrize("name", ENDS)
def test_what_the_last_step_of_a_scan_carries_is_left_out(name):
    f, at, gradient = ENDS[name]
    for mode, derivative in MODES.items():
        np.testing.assert_allclose(derivative(f)(np.asarray(at)), gradient, rtol=1e-13, err_msg=mode)


def test_infinite_tangents_of_both_signs_are_nan_forward():
    """As docs/edges.md says; what they are of is infinite in reverse."""
    f = lambda v: (lambda y: y - wnp.mean(y))(wnp.sqrt(v))  # noqa: E731
    forward, reverse = jacfwd(f)(V), jacrev(f)(V)
    assert np.isnan(forward[2, 2]) and reverse[2, 2] == np.inf
    np.testing.assert_allclose(forward[:, :2], reverse[:, :2])


def test_bodies_whose_derivatives_are_finite_pay_nothing():
    def steep_body(body):
        program = make_program(lambda x: lax.scan(lambda c, _: (body(c), c), x, None, length=3)[1])(np.ones(3))
        return [steep(e.params["body"]) for e in program.equations if "body" in e.params]

    assert steep_body(lambda c: wnp.tanh(np.eye(3) @ c) * wnp.exp(-(c**2)) / 2 + wnp.maximum(c, 0)[::-1]) == [False]
    for body in (wnp.sqrt, wnp.log, lambda c: c**0.5, lambda c: 1 / c, jit(wnp.arcsin)):
        assert steep_body(body) == [True]


def repeated(step, n, v):
    """`step` `n` times, in a loop of which the number of steps is not known before."""
    return lax.while_loop(lambda c: c[0] < n, lambda c: (c[0] + 1, step(c[1])), (0, v))[1]


ZEROS = np.array([0.0, 1.0, 1.0])
# name: (function, gradient at V); a factor that is 0 meets the infinite slope of the root: NaN, and no silent 0
WHILE_LOOPS = {
    "a factor of 0 behind": (lambda v: wnp.sum(repeated(lambda u: wnp.sqrt(u[::-1]), 1, v) * ZEROS), [0.5, 1, np.nan]),
    "a factor of 0 before": (
        lambda v: wnp.sum(repeated(lambda u: wnp.roll(u, 1) ** 2, 1, wnp.sqrt(v))),
        [1, 1, np.nan],
    ),
    "a factor of 0 and a slice": (
        lambda v: wnp.sum((repeated(wnp.sqrt, 1, v) ** 2)[1:]),
        [0, 1, np.nan],
    ),
    "a choice within": (
        lambda v: wnp.sum(repeated(lambda u: wnp.where(u > -1, u**2, u), 1, wnp.sqrt(v))),
        [1, 1, np.nan],
    ),
    "a slice behind": (lambda v: repeated(lambda u: wnp.sin(u) * u, 1, wnp.sqrt(v))[1], [0, 0.9182168, 0]),
    "a choice that leaves out": (
        lambda v: wnp.sum(repeated(lambda u: wnp.where(u > 0, wnp.sqrt(u), 0), 1, v)),
        [0.5, 1, 0],
    ),
    "a constant": (lambda v: wnp.sum(repeated(lambda u: u * wnp.sqrt(v), 2, np.ones(3))[:2]), [1, 1, 0]),
    "a constant times 0": (
        lambda v: wnp.sum(repeated(lambda u: u[:3] * wnp.sqrt(v), 2, np.ones(3)) * ZEROS[::-1]),
        [1, 1, np.nan],
    ),
    "moved from step to step": (
        lambda v: repeated(lambda u: wnp.concatenate([u[1:], u[:1]]), 4, wnp.sqrt(v))[0],
        [0, 1, 0],
    ),
    "two that change places": (
        lambda v: lax.while_loop(lambda c: c[0] < 2, lambda c: (c[0] + 1, wnp.sqrt(c[2]), c[1]), (0, v, v * v))[1][1],
        [0, 1.0, 0],
    ),
    "linear": (
        lambda v: wnp.sum(
            linear_transpose(lambda w: repeated(lambda u: wnp.where(ZEROS > 0, u * 2, 0.0), 2, w), v)(wnp.sqrt(v[::-1]))
        ),
        [2.0, 4.0, 0],
    ),
}


@pytest.mark.parametrize("name", WHILE_LOOPS)
def test_while_loops_tell_by_structure_what_they_leave_out(name):
    f, gradient = WHILE_LOOPS[name]
    for mode, d in {
        "grad": grad,
        "compiled": lambda f: jit(grad(f)),
        "of compiled": lambda f: grad(jit(f)),
        "batched": lambda f: lambda x: jit(vmap(grad(f)))(np.stack([x, x + 1]))[0],
        "rows": lambda f: lambda x: jit(jacrev(lambda v: wnp.stack([f(v), f(v)])))(x)[1],
    }.items():
        np.testing.assert_allclose(d(f)(V), gradient, rtol=1e-7, err_msg=mode)
    at = V + 0.3
    hessian = jacfwd(grad(f))(at)
    for d in (jit(jacrev(grad(f))), jit(jacrev(jacfwd(f))), jacrev(jit(grad(f)))):
        np.testing.assert_allclose(d(at), hessian, rtol=1e-9, atol=1e-12)
