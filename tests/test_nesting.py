"""Random compositions of transformations over random programs, against differences in 60-digit arithmetic."""

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import wengert as w
import wengert.numpy as wnp

C = np.array([0.7, -0.4, 1.1])
M = np.array([[0.2, -0.5, 0.3], [0.1, 0.4, -0.2], [-0.3, 0.2, 0.5]])

# A program is a list of steps on a stack of vectors; each reads earlier vectors and appends one. The same steps run
# on arrays under transformation and on lists of mpmath numbers.
UNARY = {
    "sin": (wnp.sin, mpmath.sin),
    "tanh": (wnp.tanh, mpmath.tanh),
    "exp": (lambda v: wnp.exp(v * 0.3), lambda v: mpmath.exp(v * mpmath.mpf(0.3))),
    "log": (lambda v: wnp.log(2.0 + v * v), lambda v: mpmath.log(2 + v * v)),
    "square": (lambda v: v**2, lambda v: v**2),
    "root": (lambda v: wnp.sqrt(1.5 + v * v), lambda v: mpmath.sqrt(1.5 + v * v)),
}
BINARY = {
    "add": lambda a, b: a + b,
    "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / (2.0 + b * b),
    "subtract": lambda a, b: a - 0.5 * b,
}


@w.custom_jvp
def twisted(v):
    return v * wnp.cos(v)


@twisted.defjvp
def _twisted_rule(primals, tangents):
    (v,), (dv,) = primals, tangents
    return twisted(v), dv * wnp.cos(v) - v * wnp.sin(v) * dv


@w.custom_vjp
def product(a, b):
    return a * wnp.tanh(b)


product.defvjp(
    lambda a, b: (product(a, b), (a, wnp.tanh(b))),
    lambda saved, g: (g * saved[1], g * saved[0] * (1.0 - saved[1] ** 2)),
)

# Steps that mix the elements of vectors: for arrays, and for lists of mpmath numbers.
MIXING = {
    "matmul": (lambda a, b, t: M @ a, lambda a, b, t: [sum(mpmath.mpf(float(m)) * v for m, v in zip(row, a)) for row in M]),
    "outer": (lambda a, b, t: wnp.outer(a, b) @ b, lambda a, b, t: [x * sum(v * v for v in b) for x in a]),
    "reverse": (
        lambda a, b, t: a[::-1] * wnp.stack([b[0], b[2], t]), lambda a, b, t: [a[2] * b[0], a[1] * b[2], a[0] * t]),
    "gather": (lambda a, b, t: a[np.array([2, 0, 2])] + b[1:2], lambda a, b, t: [a[2] + b[1], a[0] + b[1], a[2] + b[1]]),
    "scatter": (
        lambda a, b, t: wnp.at(a)[np.array([0, 0])].add(b[:2]), lambda a, b, t: [a[0] + b[0] + b[1], a[1], a[2]]),
    "set": (lambda a, b, t: wnp.at(a)[1].set(wnp.sin(b[0])), lambda a, b, t: [a[0], mpmath.sin(b[0]), a[2]]),
    "where": (
        lambda a, b, t: wnp.where(C > 0, a, b * b), lambda a, b, t: [x if k > 0 else y * y for k, x, y in zip(C, a, b)]),
    "guarded": (  # the side that is not chosen has an infinite derivative
        lambda a, b, t: wnp.where(C > 0, a, wnp.sqrt(wnp.where(C > 0, 0.0, 1.0 + b * b))),
        lambda a, b, t: [x if k > 0 else mpmath.sqrt(1 + y * y) for k, x, y in zip(C, a, b)]),
    "sum": (lambda a, b, t: wnp.sum(a) * b, lambda a, b, t: [sum(a) * v for v in b]),
    "mean": (lambda a, b, t: (a - wnp.mean(a)) * b, lambda a, b, t: [(x - sum(a) / 3) * y for x, y in zip(a, b)]),
    "prod": (lambda a, b, t: wnp.prod(a) + b, lambda a, b, t: [a[0] * a[1] * a[2] + v for v in b]),
    "norm": (
        lambda a, b, t: a / wnp.sqrt(1.0 + wnp.vdot(b, b)),
        lambda a, b, t: [x / mpmath.sqrt(1 + sum(v * v for v in b)) for x in a]),
    "cumsum": (lambda a, b, t: wnp.cumsum(a) * b, lambda a, b, t: [a[0] * b[0], (a[0] + a[1]) * b[1], sum(a) * b[2]]),
    "einsum": (
        lambda a, b, t: wnp.einsum("i,j,ij->j", a, b, M),
        lambda a, b, t: [b[j] * sum(a[i] * mpmath.mpf(float(M[i, j])) for i in range(3)) for j in range(3)]),
    "solve": (lambda a, b, t: wnp.linalg.solve(4 * np.eye(3) + M, a), lambda a, b, t: list(INVERSE * mpmath.matrix(a))),
    "custom_jvp": (lambda a, b, t: twisted(a), lambda a, b, t: [v * mpmath.cos(v) for v in a]),
    "custom_vjp": (lambda a, b, t: product(a, b), lambda a, b, t: [x * mpmath.tanh(y) for x, y in zip(a, b)]),
    "vmapped": (
        lambda a, b, t: w.vmap(lambda x, y: wnp.sin(x) * y + t)(a, b),
        lambda a, b, t: [mpmath.sin(x) * y + t for x, y in zip(a, b)]),
    "derivative": (  # a derivative inside the function that is differentiated
        lambda a, b, t: w.vmap(w.grad(lambda x: wnp.sin(x) * x))(a) * b,
        lambda a, b, t: [(mpmath.cos(x) * x + mpmath.sin(x)) * y for x, y in zip(a, b)]),
}  # fmt: skip
with mpmath.workdps(80):
    INVERSE = (4 * mpmath.eye(3) + mpmath.matrix([[mpmath.mpf(float(m)) for m in row] for row in M])) ** -1


def run(program, t):
    vectors = [t * C, wnp.cos(t) + C]
    for kind, i, j in program:
        a, b = vectors[i % len(vectors)], vectors[j % len(vectors)]
        if kind in UNARY:
            vectors.append(UNARY[kind][0](a))
        elif kind in BINARY:
            vectors.append(BINARY[kind](a, b))
        else:
            vectors.append(MIXING[kind][0](a, b, t))
    return wnp.sum(wnp.sin(vectors[-1]))


def exact(program, t):
    c = [mpmath.mpf(float(v)) for v in C]
    vectors = [[t * v for v in c], [mpmath.cos(t) + v for v in c]]
    for kind, i, j in program:
        a, b = vectors[i % len(vectors)], vectors[j % len(vectors)]
        if kind in UNARY:
            out = [UNARY[kind][1](v) for v in a]
        elif kind in BINARY:
            out = [BINARY[kind](x, y) for x, y in zip(a, b, strict=True)]
        else:
            out = MIXING[kind][1](a, b, t)
        vectors.append(out)
    return sum(mpmath.sin(v) for v in vectors[-1])


OPERATORS = {
    "grad": w.grad,
    "jvp": lambda f: lambda t: w.jvp(f, (t,), (1.0,))[1],
    "vjp": lambda f: lambda t: w.vjp(f, t)[1](1.0)[0],
    "jacfwd": w.jacfwd,
    "jacrev": w.jacrev,
    "linearize": lambda f: lambda t: w.linearize(f, t)[1](1.0),
    "vmap of grad": lambda f: lambda t: w.vmap(w.grad(f))(wnp.stack([t, t + 0.25]))[0],
    "grad of vmap": lambda f: (
        lambda t: w.grad(lambda s: w.vmap(f)(wnp.stack([s, s * s])).sum())(t) - 2 * t * w.grad(f)(t * t)
    ),
    "jvp of vmap": lambda f: lambda t: w.jvp(w.vmap(f), (wnp.stack([t, t]),), (np.array([1.0, 0.0]),))[1][0],
    "value_and_grad": lambda f: lambda t: w.value_and_grad(f)(t)[1],
    "checkpoint": lambda f: w.grad(w.checkpoint(f)),
    "jit of grad": lambda f: w.jit(w.grad(f)),
    "grad of jit": lambda f: w.grad(w.jit(f)),
    "hvp's way": lambda f: lambda t: w.vjp(lambda s: w.jvp(f, (s,), (1.0,))[0], t)[1](1.0)[0],
    "transposed": lambda f: lambda t: w.linear_transpose(lambda d: w.jvp(f, (t,), (d,))[1], 1.0)(1.0)[0],
    "jit of jvp": lambda f: w.jit(lambda t: w.jvp(f, (t,), (1.0,))[1]),
    "jvp of jit": lambda f: lambda t: w.jvp(w.jit(f), (t,), (1.0,))[1],
    "vmap of vmap of jvp": lambda f: (
        lambda t: w.vmap(w.vmap(lambda s: w.jvp(f, (s,), (1.0,))[1]))(wnp.stack([t, t]).reshape(2, 1))[1, 0]
    ),
    "psum": lambda f: lambda t: w.vmap(lambda s: w.lax.pmean(w.grad(f)(s), "i"), axis_name="i")(wnp.stack([t, t]))[0],
    "vmap of jit of grad": lambda f: lambda t: w.vmap(w.jit(w.grad(f)))(wnp.stack([t, t]))[1],
}
steps = st.tuples(st.sampled_from([*UNARY, *BINARY, *MIXING]), st.integers(0, 9), st.integers(0, 9))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # 0 * inf in the tangent of a side that is not chosen
@settings(max_examples=60, deadline=None)
@given(
    st.lists(steps, min_size=1, max_size=6),
    st.integers(1, 4).flatmap(lambda n: st.lists(st.sampled_from(sorted(OPERATORS)), min_size=n, max_size=n)),
    st.floats(-0.9, 0.9).filter(lambda t: abs(t) > 0.05),
)
def test_random_compositions(program, names, t):
    f = lambda s: run(program, s)
    for name in names:
        f = OPERATORS[name](f)
    with mpmath.workdps(60):
        expected = float(mpmath.diff(lambda s: exact(program, s), mpmath.mpf(t), len(names)))
        size = max(1.0, abs(expected), abs(float(exact(program, mpmath.mpf(t)))))
    assert abs(float(f(t)) - expected) <= 1e-8 * size


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # 0 * inf in the tangent of a side that is not chosen
def test_fourth_order_by_every_operator():
    program = [("tanh", 0, 0), ("multiply", 1, 2), ("matmul", 3, 0), ("where", 4, 2), ("divide", 5, 1)]
    with mpmath.workdps(60):
        expected = float(mpmath.diff(lambda s: exact(program, s), mpmath.mpf(0.4), 4))
    for name, operator in OPERATORS.items():
        f = lambda s: run(program, s)
        for _ in range(4):
            f = operator(f)
        np.testing.assert_allclose(f(0.4), expected, rtol=1e-9, err_msg=name)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # 0 * inf in the tangent of a side that is not chosen
def test_every_step_to_fourth_order():
    for kind in [*UNARY, *BINARY, *MIXING]:
        program = [("tanh", 0, 0), (kind, 2, 1), ("multiply", 3, 0)]
        with mpmath.workdps(60):
            expected = float(mpmath.diff(lambda s: exact(program, s), mpmath.mpf(0.4), 4))  # noqa: B023
        f = lambda t: run(program, t)  # noqa: B023
        for operators in (
            ["grad"] * 4,
            ["jvp"] * 4,
            ["grad", "jvp", "vjp", "jit of grad"],
            ["vmap of grad", "jacfwd"] * 2,
        ):
            g = f
            for name in operators:
                g = OPERATORS[name](g)
            np.testing.assert_allclose(g(0.4), expected, rtol=1e-8, err_msg=f"{kind} {operators}")
