"""Functions that are linear in a tangent or cotangent, differentiated and transposed at zeros that are known."""

import numpy as np
import pytest

import wengert as w
import wengert.numpy as wnp
from wengert.config import config

P = np.array([1.0, 2.0, 0.5])
FUNCTIONS = {
    "product": lambda p: wnp.sin(p) * p[0],
    "index": lambda p: p[::-1] * wnp.exp(p),
    "choice": lambda p: wnp.where(p > 0.7, p * p, wnp.sqrt(p)) * p[1],
    "matrix": lambda p: wnp.outer(p, p) @ wnp.tanh(p),
}
WAYS = {
    "jvp": lambda f, p, v: w.jvp(f, (p,), (v,))[1],
    "vjp": lambda f, p, v: w.vjp(f, p)[1](v)[0],
    "both": lambda f, p, v: w.vjp(f, p)[1](w.jvp(f, (p,), (v,))[1])[0],
}


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("way", WAYS)
def test_matrices_of_linear_functions_at_known_zeros(name, way):
    """A zero that carries a derivative is reached: its column of the matrix is none of zeros."""
    f, push = FUNCTIONS[name], WAYS[way]
    eye, jacobian = np.eye(3), w.jacfwd(f)(P)
    matrix = {"jvp": jacobian, "vjp": jacobian.T, "both": jacobian.T @ jacobian}[way]
    for differentiate in (w.jacfwd, w.jacrev):
        of = lambda p, z, differentiate=differentiate: differentiate(lambda v: push(f, p, v))(z)  # noqa: E731
        for found in (of(P, np.zeros(3)), w.jit(lambda p, of=of: of(p, wnp.zeros(3)))(P), w.jit(of)(P, np.zeros(3))):
            np.testing.assert_allclose(found, matrix, rtol=1e-12, atol=1e-14)
    along = w.jit(lambda p: w.jvp(lambda v: push(f, p, v), (wnp.zeros(3),), (eye[1],))[1])
    np.testing.assert_allclose(along(P), matrix[:, 1], rtol=1e-12, atol=1e-14)


def test_a_pullback_with_a_choice_is_transposed():
    """What a mask leaves out is told apart from what meets an infinity without a choice by the cotangent's value."""
    a = np.random.default_rng(0).normal(size=(4, 3))

    def f(p, scale):
        x = wnp.where(wnp.abs(p) > 0.7, a @ p @ a, 0.0)
        return wnp.where(x > 0, x * scale, 0.0)

    def back(p):
        pull = w.vjp(lambda p: f(p, 1.5), p)[1]
        return w.jacrev(lambda p: f(p, 1.5))(p), lambda u: pull(u)[0]

    a = a.T @ a
    f_matrix, pullback = back(P)
    (given,) = w.linear_transpose(pullback, P)(P)
    np.testing.assert_allclose(given, f_matrix @ P, rtol=1e-12)
    compiled = w.jit(lambda p, v: w.linear_transpose(back(p)[1], p)(v)[0])
    np.testing.assert_allclose(compiled(P, P), f_matrix @ P, rtol=1e-12)


def test_rules_written_for_jax_that_are_affine():
    """A rule that passes a tangent on unchanged and adds a function of a zero tangent, second derivatives included."""
    with w.as_jax(), config.override(enable_x64=True):
        import jax
        import jax.numpy as jnp

        @jax.custom_jvp
        def transform(box, r):
            return r @ box

        @transform.defjvp
        def rule(primals, tangents):
            (box, r), (dbox, dr) = primals, tangents
            return transform(box, r), dr + transform(dbox, r)

        r = jnp.array([[1.0, 2.0], [3.0, 4.0]])
        energy = lambda r: jnp.sum(transform(2 * jnp.eye(2), r) ** 3)  # noqa: E731
        product = lambda r, v: jax.jvp(jax.grad(energy), (r,), (v,))[1]  # noqa: E731
        given = [[12.0, 48.0], [108.0, 192.0]]  # the gradient, and what JAX 0.10.2 gives for the product along r
        np.testing.assert_allclose(jax.grad(energy)(r), given)
        for f in (product, jax.jit(product)):
            np.testing.assert_allclose(f(r, r), given)
        many = jax.jit(jax.vmap(product, (None, 0)))(r, jnp.stack([r, 2 * r]))
        np.testing.assert_allclose(many, [given, 2 * np.array(given)])


def test_lists_beside_other_indices():
    """JAX refuses a list as an index, not one that stands in a tuple."""
    with w.as_jax():
        import jax
        import jax.numpy as jnp

        x = jnp.arange(6.0).reshape(3, 2)
        np.testing.assert_array_equal(x[..., [1, 0]], np.arange(6.0).reshape(3, 2)[:, ::-1])
        np.testing.assert_array_equal(jax.jit(lambda x: x[[2, 0], :])(x), [[4, 5], [0, 1]])
        np.testing.assert_array_equal(x[:, [True, False]], [[0], [2], [4]])
        np.testing.assert_array_equal(jax.vmap(lambda r: r[..., [1]])(x), [[1], [3], [5]])
        with pytest.raises(TypeError, match="non-tuple sequence"):
            x[[0, 1]]


def test_jaxprs_of_weak_numbers_convert_nothing():
    with w.as_jax():
        import jax
        import jax.numpy as jnp

        for f in (lambda x: 3 * x + 1, jnp.square, jax.nn.sigmoid):
            assert "convert_element_type" not in str(jax.make_jaxpr(f)(0.5))
        import jax.extend.core

        assert float(jax.extend.core.jaxpr_as_fun(jax.make_jaxpr(lambda x: 3 * x + 1)(0.5))(2.0)[0]) == 7.0
        assert "convert_element_type" in str(jax.make_jaxpr(lambda x: x.astype(jnp.float32))(jnp.int32(1)))


def test_keywords_behind_arguments_that_are_left_out():
    """A rule gets every argument in its place, also where one before a keyword has its default."""

    def power(x, n=2, shift=0.0, twice=False):
        return (x + shift) ** n * (2 if twice else 1)

    f = w.custom_jvp(power, nondiff_argnums=(1, 3))

    @f.defjvp
    def rule(n, twice, primals, tangents):
        (x, shift), (dx, dshift) = primals, tangents
        return power(x, n, shift, twice), n * (x + shift) ** (n - 1) * (dx + dshift) * (2 if twice else 1)

    assert w.grad(lambda x: f(x, twice=True))(3.0) == 12.0
    assert w.jit(w.grad(lambda x: f(x, n=3, twice=False)))(2.0) == 12.0
    assert w.grad(lambda x: f(x, shift=x))(1.0) == 8.0
