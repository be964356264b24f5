"""checkpoint with policies, what reverse passes keep, and loops with `checkpoint=`."""

import numpy as np
import pytest

import wengert as w
import wengert.numpy as wnp
from wengert import checkpoint_policies as policies
from wengert import lax
from wengert.errors import ArgumentError

rng = np.random.default_rng(5)
A = rng.normal(size=(5, 5)) * 0.4
X = rng.normal(size=5)
XS = rng.normal(size=(53, 5))


def network(a, x):
    hidden = w.checkpoint_name(wnp.tanh(a @ x), "hidden")
    return wnp.sum(wnp.sin(a @ hidden) ** 2)


def kept(f, *args):
    """The bytes that a reverse pass keeps beside the arguments."""
    return sum(s.bytes for s in w.saved_values(f, *args) if not s.argument)


POLICIES = {
    "nothing": (None, 0),
    "nothing_saveable": (policies.nothing_saveable, 0),
    "dots": (policies.dots_saveable, 80),
    "dots without batch": (policies.dots_with_no_batch_dims_saveable, 80),
    "these names": (policies.save_only_these_names("hidden"), 40),
    "other names": (policies.save_only_these_names("other"), 0),
    "names but these": (policies.save_any_names_but_these("other"), 40),
    "anything except": (policies.save_anything_except_these_names("hidden"), 200),
    "either": (policies.save_from_both_policies(policies.dots_saveable, policies.save_only_these_names("hidden")), 120),
    "a function": (lambda primitive, *avals, **params: primitive.name == "sin", 40),
}


def assert_same(got, expected, rtol=1e-10):
    for g, e in zip(w.tree.leaves(got), w.tree.leaves(expected), strict=True):
        np.testing.assert_allclose(g, e, rtol=rtol, atol=1e-12)


@pytest.mark.parametrize("name", POLICIES)
def test_policies(name):
    policy, expected = POLICIES[name]
    f = w.checkpoint(network, policy=policy)
    gradient = w.grad(network, (0, 1))(A, X)
    assert_same(w.grad(f, (0, 1))(A, X), gradient)
    assert_same(w.jit(w.grad(f, (0, 1)))(A, X), gradient)
    assert_same(w.hessian(f, 1)(A, X), w.hessian(network, 1)(A, X))
    assert_same(w.vmap(w.grad(f, 1), (None, 0))(A, XS[:3]), w.vmap(w.grad(network, 1), (None, 0))(A, XS[:3]))
    assert_same(w.jacrev(w.grad(f, 1), 1)(A, X), w.hessian(network, 1)(A, X))
    assert kept(f, A, X) == expected


def test_everything_is_saved():
    assert kept(w.checkpoint(network, policy=policies.everything_saveable), A, X) >= kept(network, A, X)


def test_nested():
    inner = w.checkpoint(lambda a, x: wnp.sin(wnp.sin(a @ x)))
    f = w.checkpoint(lambda a, x: wnp.sum(inner(a, inner(a, x))), policy=policies.dots_saveable)
    plain = lambda a, x: wnp.sum(wnp.sin(wnp.sin(a @ wnp.sin(wnp.sin(a @ x)))))  # noqa: E731
    assert_same(w.grad(f, (0, 1))(A, X), w.grad(plain, (0, 1))(A, X))
    assert_same(w.hessian(f, 1)(A, X), w.hessian(plain, 1)(A, X))


def test_what_is_recomputed_is_run_again():
    runs = []

    def seen(x):
        w.debug.callback(lambda v: runs.append(float(v)), x)
        return wnp.sin(x)

    w.grad(w.checkpoint(lambda x: wnp.sin(seen(x))))(0.5)
    once = len(runs)
    w.grad(lambda x: wnp.sin(seen(x)))(0.5)
    assert once == 2 and len(runs) == 3


def test_print_saved(capsys):
    w.print_saved(network, A, X)
    text = capsys.readouterr().out.splitlines()
    assert text[0] == "network keeps 6 arrays, 400 bytes, for its reverse pass"
    assert "float64[5,5]" in text[1] and "argument a" in text[1]
    assert "argument x" in text[2]
    assert "for tanh" in text[3] and "test_checkpoint.py" in text[3] and "wnp.tanh(a @ x)" in text[3]


def test_saved_values_of_trees():
    found = w.saved_values(lambda p, *, scale: p["a"] * p["b"][0] * scale, {"a": X, "b": (2 * X,)}, scale=3 * X)
    assert {s.argument for s in found} >= {"p['a']", "p['b'][0]", "scale"}


def test_policy_must_be_a_function():
    with pytest.raises(ArgumentError, match="policy is a function"):
        w.checkpoint(network, policy="dots")


# --- loops (test_binomial.py has more of them) -------------------------------------------------------------------


def scanned(a, c, xs, reverse=False, **options):
    c, ys = lax.scan(lambda c, x: (wnp.tanh(a @ c + x), wnp.sin(c)), c, xs, reverse=reverse, **options)
    return wnp.sum(c * c) + wnp.sum(ys * ys)


def looped(a, c, xs, **options):
    going = lambda s: s[0] < 23  # noqa: E731
    return wnp.sum(lax.while_loop(going, lambda s: (s[0] + 1, wnp.sin(a @ s[1]) + 0.1), (0, c), **options)[1])


def counted(a, c, xs, **options):
    return wnp.sum(lax.fori_loop(2, 21, lambda i, s: wnp.sin(a @ s) + 0.01 * i, c, **options))


OPTIONS = {
    "4 segments": {"checkpoint": 4},
    "7 segments": {"checkpoint": 7},
    "one": {"checkpoint": 1},
    "budget": {"checkpoint": "auto", "budget": 2000},
    "small budget": {"checkpoint": "auto", "budget": 1200},
    "plenty": {"checkpoint": "auto"},
}
LOOPS = {
    "scan": scanned,
    "scan backwards": lambda *a, **k: scanned(*a, reverse=True, **k),
    "while_loop": looped,
    "fori_loop": counted,
}


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("loop", LOOPS)
def test_segments(loop, options):
    plain, options = LOOPS[loop], OPTIONS[options]
    f = lambda *args: plain(*args, **options)  # noqa: E731
    args = (A, X, XS)
    gradient = w.grad(plain, (0, 1, 2))(*args)
    assert_same(f(*args), plain(*args))
    assert_same(w.grad(f, (0, 1, 2))(*args), gradient)
    assert_same(w.jit(w.grad(f, (0, 1, 2)))(*args), gradient)
    assert_same(w.jvp(w.grad(f, 1), args, args)[1], w.jvp(w.grad(plain, 1), args, args)[1], 1e-9)


@pytest.mark.parametrize("loop", LOOPS)
def test_segments_twice_in_reverse_and_batched(loop):
    plain = LOOPS[loop]
    f = lambda *args: plain(*args, checkpoint=3)  # noqa: E731
    assert_same(w.jacrev(w.grad(f, 1), 1)(A, X, XS), w.hessian(plain, 1)(A, X, XS), 1e-9)
    batch = np.stack([X, -X])
    assert_same(
        w.vmap(w.grad(f, 1), (None, 0, None))(A, batch, XS), w.vmap(w.grad(plain, 1), (None, 0, None))(A, batch, XS)
    )


def test_a_dynamic_loop_in_segments():
    power = lambda x, n: lax.fori_loop(0, n, lambda i, v: v * x, 1.0, checkpoint=3)  # noqa: E731
    assert float(w.jit(w.grad(power))(2.0, 10)) == 5120.0


def test_segments_keep_less():
    f = lambda c, **k: wnp.sum(lax.scan(lambda c, _: (wnp.tanh(A @ c), None), c, length=4000, **k)[0])  # noqa: E731
    assert kept(lambda c: f(c, checkpoint=60), X) < kept(f, X) / 30


def test_errors():
    with pytest.raises(ArgumentError, match='checkpoint is None, "auto" or a number of segments'):
        scanned(A, X, XS, checkpoint="all")
    with pytest.raises(ArgumentError, match='budget goes with checkpoint="auto"'):
        scanned(A, X, XS, checkpoint=3, budget=100)


def test_print_saved_of_numbers(capsys):
    w.print_saved(lambda x, y: wnp.sin(x) * y * 3.0, 2.0, 5.0)
    text = capsys.readouterr().out.splitlines()
    assert (
        text[0] == "<lambda> keeps 3 numbers, 24 bytes, for its reverse pass"
    )  # cos(x), sin(x), y; not the constant 3
    assert sum("argument y" in line for line in text) == 1 and sum("float64[]" in line for line in text) == 3
    w.print_saved(lambda a: wnp.sum(a * a) ** 2, A)
    assert capsys.readouterr().out.startswith(f"<lambda> keeps 1 array, {A.nbytes} bytes")
    w.print_saved(lambda x: x + 1.0, 2.0)
    assert capsys.readouterr().out == "<lambda> keeps 0 arrays, 0 bytes, for its reverse pass\n"
    assert [s.dtype for s in w.saved_values(lambda z: z * z, 1 + 2j)] == [np.complex128]
