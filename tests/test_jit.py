"""jit, make_program, eval_shape, closure_convert and checkpoint, against the same functions run eagerly."""

import functools

import numpy as np
import pytest

import wengert as w
import wengert.numpy as wnp

X = np.random.default_rng(1).normal(size=(3, 4))


def f(x, y=2.0):
    return wnp.sum(wnp.where(x > 0, wnp.tanh(x) ** 2 * y, wnp.exp(x)))


def same(a, b):
    np.testing.assert_allclose(a, b, rtol=1e-12)
    assert np.asarray(a).dtype == np.asarray(b).dtype


TRANSFORMED = {
    "value": (lambda g: g, X),
    "grad": (w.grad, X),
    "hessian": (w.hessian, X[0]),
    "jvp": (lambda g: lambda x: w.jvp(g, (x,), (x,))[1], X),
    "vmap": (w.vmap, X),
    "vmap of grad": (lambda g: w.vmap(w.grad(g)), X),
    "grad of vmap": (lambda g: w.grad(lambda x: wnp.sum(w.vmap(g)(x))), X),
    "reverse over reverse": (lambda g: w.grad(lambda x: wnp.sum(wnp.sin(w.grad(g)(x)))), X),
    "forward over reverse": (lambda g: lambda x: w.hvp(g, (x,), (x,)), X),
    "third": (lambda g: w.grad(lambda x: w.hvp(g, (x,), (x,)).sum()), X),
    "linearize": (lambda g: lambda x: w.linearize(g, x)[1](x), X),
}


@pytest.mark.parametrize("name", TRANSFORMED)
@pytest.mark.parametrize("wrap", [w.jit, w.checkpoint, lambda g: w.jit(w.checkpoint(g)), lambda g: w.jit(w.jit(g))])
def test_transformations_of_staged_functions(name, wrap):
    transform, x = TRANSFORMED[name]
    same(transform(wrap(f))(x), transform(f)(x))


@pytest.mark.parametrize("name", TRANSFORMED)
def test_staged_transformations(name):
    transform, x = TRANSFORMED[name]
    g = w.jit(transform(f))
    same(g(x), transform(f)(x))
    same(g(x + 1), transform(f)(x + 1))
    w.make_program(transform(f))(x).check()
    w.make_program(transform(w.jit(f)))(x).check()


def test_traced_once_for_each_kind():
    calls = []

    @w.jit
    def g(x):
        calls.append(x)
        return x * 2

    assert g(1.0) == 2.0 and g(3.0) == 6.0 and len(calls) == 1
    g(X), g(X)
    assert len(calls) == 2
    assert g(1).dtype == np.int64 and g(np.float32(1)).dtype == np.float32


def test_static_arguments():
    @functools.partial(w.jit, static_argnums=1, static_argnames="mode")
    def g(x, n, mode="a"):
        for _ in range(n):
            x = x * 2
        return -x if mode == "b" else x

    assert g(1.0, 3) == 8.0 and g(1.0, 3, mode="b") == -8.0
    assert w.grad(g)(1.0, 2) == 4.0
    with pytest.raises(w.errors.ArgumentError, match="hashable"):
        g(1.0, [1])
    with pytest.raises(w.errors.ArgumentError, match="no argument"):
        w.jit(lambda x: x, static_argnames="y")


def test_python_needs_a_value():
    with pytest.raises(w.errors.ConcretizationError, match="where"):
        w.make_program(lambda x: x if x > 0 else -x)(1.0)
    assert w.jit(lambda x: x)(1.0) == 1.0


def test_closed_over_tracer():
    g = w.grad(lambda y: w.jit(lambda x: x * y)(3.0))
    assert g(2.0) == 3.0
    assert w.grad(lambda y: w.checkpoint(lambda x: wnp.sin(x) * y)(y))(0.5) == pytest.approx(
        np.cos(0.5) * 0.5 + np.sin(0.5)
    )


def test_checkpoint_recomputes():
    calls = []

    def g(x):
        calls.append(1)
        return wnp.sin(wnp.sin(x))

    y, pull = w.vjp(w.checkpoint(g), X)
    np.testing.assert_allclose(pull(np.ones_like(X))[0], np.cos(np.sin(X)) * np.cos(X))
    assert w.grad(w.checkpoint(lambda x: x * 2 if x > 0 else x))(1.0) == 2.0


def test_eval_shape_and_closure_convert():
    out = w.eval_shape(lambda x, y: {"a": x @ y}, X, w.ShapeDtypeStruct((4, 2), np.float32))
    assert out == {"a": w.ShapeDtypeStruct((3, 2), np.float64)}

    def outer(y):
        converted, values = w.closure_convert(lambda x: x * y, 1.0)
        return converted(3.0, *values)

    assert w.grad(outer)(2.0) == 3.0


def test_program_prints():
    text = str(w.make_program(lambda x: wnp.sin(x) * 2.0)(np.ones(3)))
    assert text == (
        "program(a: float64[3]) {\n  b: float64[3] = sin a\n  c: float64[3] = multiply b 2.0\n  return c\n}"
    )


def squared(x, power=2):
    return wnp.sum(x**power)


def test_compiled_functions_are_pickled():
    import pickle

    f = w.jit(squared, static_argnames="power")
    assert f(X) == squared(X)
    for g in (f, w.grad(f), w.vmap(f), w.jit(w.grad(squared))):
        again = pickle.loads(pickle.dumps(g))
        np.testing.assert_allclose(again(np.stack([X, X])), g(np.stack([X, X])))
    assert pickle.loads(pickle.dumps(f))(X, power=3) == f(X, power=3)
