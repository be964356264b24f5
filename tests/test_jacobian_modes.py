"""`jacobian` and `hessian` choose their way: the same numbers as `jacfwd` and `jacrev`, and the way that is said."""

import numpy as np
import pytest

import wengert as w
import wengert.numpy as wnp
from wengert.program import Var
from wengert.sparse import waists

RNG = np.random.default_rng(11)


def narrow(n, k, m):
    a, b = RNG.normal(size=(k, n)), RNG.normal(size=(m, k))
    return lambda x: wnp.tanh(b @ wnp.sin(a @ wnp.tanh(x)) + 1)


def chain(x):
    return np.concatenate([x[:1] ** 2, x[2:] - 2 * x[1:-1] * x[:-2] + np.sin(x[1:-1]), x[-1:]])


def rosenbrock(x):
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def dense(n, m):
    a = RNG.normal(size=(m, n)) / n
    return lambda x: wnp.tanh(a @ x)


WAYS = {
    "waist": (narrow(1000, 3, 1000), 1000, "waist"),
    "sparse": (chain, 1000, "sparse"),
    "tall": (dense(20, 300), 20, "forward"),
    "wide": (dense(300, 20), 300, "reverse"),
    "number": (lambda x: wnp.sum(x**2, keepdims=True), 500, "reverse"),
    "elementwise": (lambda x: wnp.sin(x) * x, 60, "forward"),
}


@pytest.mark.parametrize("name", WAYS)
def test_the_way_that_is_chosen(name):
    f, n, mode = WAYS[name]
    x = RNG.normal(size=n)
    expected = w.jacrev(f)(x)
    got, choice = w.jacobian(f, explain=True)(x)
    assert choice.mode == mode and choice.inputs == n and mode in repr(choice)
    assert choice.costs[mode] == min(choice.costs.values()) or mode in ("forward", "reverse")
    np.testing.assert_allclose(got, expected, rtol=1e-9, atol=1e-13)
    jacobian = w.jacobian(f)
    for _ in range(2):  # chosen, and chosen before
        np.testing.assert_allclose(jacobian(x), expected, rtol=1e-9, atol=1e-13)
    np.testing.assert_allclose(w.jit(jacobian)(x), expected, rtol=1e-9, atol=1e-13)


def test_the_narrowest_waist():
    f = narrow(50, 4, 60)
    program = w.make_program(f)(np.ones(50))
    cut = waists.waist(program, program.inputs, 1)
    assert sum(v.aval.shape[0] for v in cut) == 4
    first, second = waists.parted(program, cut, 1)
    x = RNG.normal(size=50)
    middle = first.evaluate([x])
    np.testing.assert_allclose(second.evaluate([*middle, x])[0], f(x))
    for p in (first, second):
        p.check()


def test_a_waist_of_several_variables_and_constants_of_the_input():
    a, b = RNG.normal(size=(2, 2000)), RNG.normal(size=(2000, 2))

    def f(x):
        u, v = wnp.sum(x * a[0]), a[1] @ wnp.cos(x)
        turned = wnp.argmax(x)  # depends on the input, and carries no derivative
        return wnp.sin(b @ wnp.stack([u, v])) * (1.0 + turned)

    x = RNG.normal(size=2000)
    got, choice = w.jacobian(f, explain=True)(x)
    assert choice.mode == "waist" and choice.waist == 2
    np.testing.assert_allclose(got, w.jacrev(f)(x), rtol=1e-9, atol=1e-12)


def test_no_waist_where_nothing_passes():
    program = w.make_program(lambda x: wnp.floor(x) * 0 + wnp.ones(3))(np.ones(3))
    cut = waists.waist(program, program.inputs, 1)
    assert cut is None or all(isinstance(v, Var) for v in cut)


def test_what_is_infinite_is_no_number_times_zero():
    def f(x):
        s = wnp.sqrt(wnp.sum(x[:2]))[None] * np.array([1.0, 0.0])  # an infinite derivative at 0
        return wnp.concatenate([wnp.where(np.arange(700) < 350, s[1], s[0]), x[:20]])

    x = np.zeros(800)
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(w.jacobian(f)(x), w.jacrev(f)(x))


@pytest.mark.parametrize("memory", [10_000, 10**8])
def test_within_memory(memory):
    for f, n in ((dense(30, 40), 30), (dense(40, 30), 40), (chain, 40)):
        x = RNG.normal(size=n)
        np.testing.assert_allclose(w.jacobian(f, memory=memory)(x), w.jacrev(f)(x), rtol=1e-10, atol=1e-13)
    np.testing.assert_allclose(w.hessian(rosenbrock, memory=memory)(x), w.jacfwd(w.jacrev(rosenbrock))(x), atol=1e-9)


def test_hessians():
    x = RNG.normal(size=600)
    got, choice = w.hessian(rosenbrock, explain=True)(x)
    assert choice.mode == "sparse" and "reverse" not in choice.costs
    expected = w.jacfwd(w.jacrev(rosenbrock))(x)
    np.testing.assert_allclose(got, expected, atol=1e-9)
    np.testing.assert_allclose(w.jit(w.hessian(rosenbrock))(x), expected, atol=1e-9)


def test_trees_extra_results_and_nesting():
    def f(a, b):
        return {"u": a[:40] * b["x"], "v": wnp.sum(a)[None]}

    a, b = RNG.normal(size=500), {"x": RNG.normal(size=40)}
    for argnums in (0, (0, 1)):
        got, expected = w.jacobian(f, argnums)(a, b), w.jacfwd(f, argnums)(a, b)
        for one, other in zip(w.tree_util.tree_leaves(got), w.tree_util.tree_leaves(expected), strict=True):
            np.testing.assert_allclose(one, other)
    J, aux = w.jacobian(lambda x: (chain(x), x[0]), has_aux=True)(a)
    assert aux == a[0] and J.shape == (500, 500)
    third = w.jacobian(w.jacobian(lambda x: x**3))(np.ones(3))
    assert third.shape == (3, 3, 3) and third[1, 1, 1] == 6
    batched = w.vmap(w.jacobian(chain))(RNG.normal(size=(2, 100)))
    assert batched.shape == (2, 100, 100)


def test_branches_of_python():
    def f(x):
        return chain(x) if x[0] > 0 else chain(x)[::-1] * 2

    jacobian = w.jacobian(f)
    for x in (np.ones(600), -np.ones(600), np.ones(600)):
        np.testing.assert_allclose(jacobian(x), w.jacrev(f)(x))


def test_complex_numbers():
    z = RNG.normal(size=3) + 1j
    with pytest.raises(w.errors.DtypeError, match="real results"):
        w.jacobian(lambda z: z * z)(z)
    np.testing.assert_allclose(w.jacobian(lambda z: z * z, holomorphic=True)(z), np.diag(2 * z))
    np.testing.assert_allclose(w.jacobian(lambda x: x * 1j)(np.ones(2)), 1j * np.eye(2))
    np.testing.assert_allclose(w.jacobian(lambda z: wnp.real(z * z))(z), w.jacrev(lambda z: wnp.real(z * z))(z))
    with pytest.raises(w.errors.DtypeError, match="floating point"):
        w.jacobian(lambda x: wnp.argsort(x))(np.ones(3))
