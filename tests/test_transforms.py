"""Transformations against closed forms and central differences."""

import numpy as np
import pytest

import wengert as w
import wengert.numpy as wnp

X = np.random.default_rng(0).normal(size=(3, 4))


def f(x):
    return wnp.sum(wnp.tanh(x) ** 2)


def closed(x):
    return 2 * np.tanh(x) * (1 - np.tanh(x) ** 2)


def test_grad():
    np.testing.assert_allclose(w.grad(f)(X), closed(X), rtol=1e-12)
    value, g = w.value_and_grad(f)(X)
    np.testing.assert_allclose(value, np.sum(np.tanh(X) ** 2))
    np.testing.assert_allclose(g, closed(X))


def test_scalar_fourth_order():
    g = wnp.sin
    for _ in range(4):
        g = w.grad(g)
    np.testing.assert_allclose(g(0.7), np.sin(0.7))
    assert float(w.grad(lambda x: x * 3 * x)(2)) == 12.0


def test_hvp_three_ways():
    v = np.ones_like(X)
    eps = 1e-6
    expected = (closed(X + eps * v) - closed(X - eps * v)) / (2 * eps)
    for hv in (
        w.hvp(f, (X,), (v,)),
        w.grad(lambda x: w.jvp(f, (x,), (v,))[1])(X),
        w.grad(lambda x: wnp.vdot(w.grad(f)(x), v))(X),
    ):
        np.testing.assert_allclose(hv, expected, atol=1e-8)


@pytest.mark.parametrize("jacobian", [w.jacfwd, w.jacrev])
def test_jacobians(jacobian):
    a = X
    np.testing.assert_allclose(jacobian(lambda x: a @ x)(np.ones(4)), a)
    tree = jacobian(lambda p: {"y": p["a"] * p["b"]})({"a": np.array([1.0, 2.0]), "b": 3.0})
    np.testing.assert_allclose(tree["y"]["a"], 3 * np.eye(2))
    np.testing.assert_allclose(tree["y"]["b"], [1.0, 2.0])


def test_hessian():
    h = w.hessian(lambda x: wnp.sum(x**3))(np.array([1.0, 2.0]))
    np.testing.assert_allclose(h, np.diag([6.0, 12.0]))


def test_vmap():
    rows = w.vmap(w.grad(lambda p, x: wnp.tanh(wnp.dot(p, x))), in_axes=(None, 0))(np.ones(4), X)
    for row, x in zip(rows, X, strict=True):
        np.testing.assert_allclose(row, x * (1 - np.tanh(x.sum()) ** 2))
    np.testing.assert_allclose(w.vmap(lambda x: x[1:] * 2, in_axes=-1, out_axes=1)(X), X[1:] * 2)


def test_vjp_linearize_transpose():
    y, back = w.vjp(wnp.dot, X, np.ones(4))
    ga, gx = back(np.ones(3))
    np.testing.assert_allclose(gx, X.sum(0))
    np.testing.assert_allclose(ga, np.ones((3, 4)))
    _, push = w.linearize(wnp.sin, 0.3)
    np.testing.assert_allclose(push(2.0), 2 * np.cos(0.3))
    np.testing.assert_allclose(w.linear_transpose(lambda x: X @ x, np.zeros(4))(np.ones(3))[0], X.sum(0))


def test_pullback_owns_what_it_saved():
    x = np.ones(3)
    _, back = w.vjp(lambda x: wnp.sum(x * x), x)
    x[:] = 100.0
    np.testing.assert_allclose(back(1.0)[0], 2 * np.ones(3))


def test_indexing_and_where():
    i = np.array([0, 0, 2])
    np.testing.assert_allclose(w.grad(lambda x: wnp.sum(x[i] ** 2))(np.ones(3)), [4.0, 0.0, 2.0])
    np.testing.assert_allclose(w.grad(lambda x: wnp.sum(wnp.at(x)[1].set(0.0)))(np.ones(3)), [1.0, 0.0, 1.0])
    with np.errstate(divide="ignore"):
        assert w.grad(lambda x: wnp.where(x > 0, wnp.log(x), 0.0))(0.0) == 0.0


def test_stop_gradient():
    assert w.grad(lambda x: x * w.stop_gradient(x))(3.0) == 3.0


def test_errors():
    with pytest.raises(w.errors.NonScalarOutputError, match=r"shape \(3,\)"):
        w.grad(lambda x: x)(np.ones(3))
    with pytest.raises(w.errors.DtypeError, match="int64"):
        w.grad(wnp.sum)(np.arange(3))
    with pytest.raises(w.errors.ConcretizationError, match="vmap"):
        w.vmap(lambda x: x * float(x))(np.ones(3))
    assert w.grad(lambda x: x * x)(1.0) == 2.0


Z = X[0] + 1j * X[1]


@pytest.mark.parametrize(
    "transform, f, x, message",
    [
        (w.jacfwd, lambda z: wnp.abs(z), Z, "complex inputs.*holomorphic"),
        (w.hessian, lambda z: wnp.sum(wnp.abs(z)), Z, "complex inputs"),
        (w.jacrev, lambda x: x * 1j, X[0], "real results.*holomorphic"),
        (w.jacrev, lambda x: {"a": x, "b": wnp.argmax(x)}, X[0], r"floating point.*int64 at \['b'\].*has_aux"),
        (lambda f: w.jacfwd(f, holomorphic=True), lambda z: wnp.abs(z), Z, "complex results"),
        (lambda f: w.jacrev(f, holomorphic=True), lambda z: wnp.abs(z), Z, "complex results"),
        (lambda f: w.grad(f, holomorphic=True), lambda z: wnp.sum(wnp.abs(z)), Z, "complex result"),
    ],
)
def test_jacobians_refuse_dtypes_they_have_no_meaning_for(transform, f, x, message):
    with pytest.raises(w.errors.DtypeError, match=message):
        transform(f)(x)


def test_none_in_trees_of_tangents_and_cotangents():
    f = lambda p: {"y": p["x"] * 2.0, "n": None, "z": (p["x"] ** 2, None)}
    x = {"x": X[0], "n": None}
    y, back = w.vjp(f, x)
    for ct in ({"y": X[1], "n": None, "z": (X[2], None)}, {"y": X[1], "n": None, "z": None}):
        g = back(ct)[0]
        assert g["n"] is None
        np.testing.assert_allclose(g["x"], 2 * X[1] + (0 if ct["z"] is None else 2 * X[0] * X[2]))
    y, push = w.linearize(f, x)
    assert push(x)["z"][1] is None
    np.testing.assert_allclose(push({"x": None, "n": None})["y"], 0)
    np.testing.assert_allclose(w.jvp(f, (x,), (x,))[1]["y"], 2 * X[0])
    transposed = w.linear_transpose(lambda x: {"a": 3.0 * x, "n": None}, X[0])
    np.testing.assert_allclose(transposed({"a": X[0], "n": None})[0], 3 * X[0])
    with pytest.raises(w.errors.TreeError, match=r"a leaf at \['z'\], where a tuple of length 2"):
        back({"y": X[1], "n": None, "z": X[0]})


def test_pullbacks_are_trees():
    from wengert import tree_util

    def f(x):
        return wnp.sin(x) * x

    jitted = w.jit(lambda x: w.vjp(f, x))
    y, back = jitted(X)
    np.testing.assert_allclose(back(X)[0], w.vjp(f, X)[1](X)[0])
    _, push = w.jit(lambda x: w.linearize(f, x))(X)
    np.testing.assert_allclose(push(X), w.jvp(f, (X,), (X,))[1])
    doubled = tree_util.tree_map(lambda saved: 2 * saved, w.vjp(wnp.sin, X)[1])
    np.testing.assert_allclose(doubled(X)[0], 2 * X * np.cos(X))
    rows = w.vmap(lambda x, ct: w.vmap(lambda x: w.vjp(f, x)[1])(x)(ct)[0])
    with pytest.raises(w.errors.ShapeError):
        rows(X[None], X[None])  # the pullback of a row takes rows


def test_make_program_with_the_shapes_of_its_result():
    program, shapes = w.make_jaxpr(lambda x: {"a": x @ x.T, "n": None}, return_shape=True)(X)
    assert shapes == {"a": w.ShapeDtypeStruct((3, 3), float), "n": None} and len(shapes["a"]) == 3
    program.check()


def test_spmd_axis_name_is_accepted():
    np.testing.assert_allclose(w.vmap(wnp.sin, spmd_axis_name="rows")(X), np.sin(X))
