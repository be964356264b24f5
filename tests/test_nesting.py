"""Random compositions of transformations over random programs, against differences in 60-digit arithmetic."""

import mpmath
import numpy as np
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


def run(program, t):
    vectors = [t * C, wnp.cos(t) + C]
    for kind, i, j in program:
        a, b = vectors[i % len(vectors)], vectors[j % len(vectors)]
        if kind in UNARY:
            vectors.append(UNARY[kind][0](a))
        elif kind in BINARY:
            vectors.append(BINARY[kind](a, b))
        elif kind == "matmul":
            vectors.append(M @ a)
        elif kind == "reverse":
            vectors.append(a[::-1] * wnp.stack([b[0], b[2], t]))
        elif kind == "where":
            vectors.append(wnp.where(C > 0, a, b * b))
        else:
            vectors.append(wnp.sum(a) * b)
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
        elif kind == "matmul":
            out = [sum(mpmath.mpf(float(m)) * v for m, v in zip(row, a, strict=True)) for row in M]
        elif kind == "reverse":
            out = [x * y for x, y in zip(a[::-1], [b[0], b[2], t], strict=True)]
        elif kind == "where":
            out = [x if k > 0 else y * y for k, x, y in zip(C, a, b, strict=True)]
        else:
            out = [sum(a) * v for v in b]
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
    "vmap of jit of grad": lambda f: lambda t: w.vmap(w.jit(w.grad(f)))(wnp.stack([t, t]))[1],
}
steps = st.tuples(
    st.sampled_from([*UNARY, *BINARY, "matmul", "reverse", "where", "sum"]), st.integers(0, 9), st.integers(0, 9)
)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(steps, min_size=1, max_size=6),
    st.lists(st.sampled_from(sorted(OPERATORS)), min_size=1, max_size=4),
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


def test_fourth_order_by_every_operator():
    program = [("tanh", 0, 0), ("multiply", 1, 2), ("matmul", 3, 0), ("where", 4, 2), ("divide", 5, 1)]
    with mpmath.workdps(60):
        expected = float(mpmath.diff(lambda s: exact(program, s), mpmath.mpf(0.4), 4))
    for name, operator in OPERATORS.items():
        f = lambda s: run(program, s)
        for _ in range(4):
            f = operator(f)
        np.testing.assert_allclose(f(0.4), expected, rtol=1e-9, err_msg=name)
