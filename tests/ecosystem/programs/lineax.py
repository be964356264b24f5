"""Lineax: every solver and kind of operator, least squares, gradients by matrix and right side, batches, tags, structure of trees."""

import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import lineax as lx
import numpy as np

X64 = True
TOLERANCE = {"": 1e-8, "gmres": 1e-5, "bicgstab": 1e-5, "cg": 1e-5, "lsmr": 1e-5, "training": 1e-6}


def flat(tree):
    return np.concatenate(
        [np.ravel(np.asarray(x, np.float64)) for x in jax.tree.leaves(tree)] or [np.zeros(0)]
    ).tolist()


def data(shape, seed=0):
    return jnp.array(np.random.default_rng(seed).normal(size=shape))


A = data((5, 5)) + 4 * jnp.eye(5)
S = A @ A.T / 10 + jnp.eye(5)
B = data((5,), 1)


def quick_start():
    matrix_key, vector_key = jr.split(jr.PRNGKey(0))
    matrix = jr.normal(matrix_key, (10, 8))
    vector = jr.normal(vector_key, (10,))
    operator = lx.MatrixLinearOperator(matrix)
    solution = lx.linear_solve(operator, vector, solver=lx.QR())
    out = flat(solution.value)

    def f(y, args):
        y1, y2 = y
        return {"a": y2 * 3.0 + y1, "b": y1.sum() + y2.sum() * 2}

    y = (jnp.array(1.0), jnp.array(2.0))
    op = lx.JacobianLinearOperator(lambda y, args: (y[0] ** 2 + y[1], y[0] * y[1] + 3 * y[1]), y)
    out += flat(lx.linear_solve(op, y, lx.LU()).value)
    op = lx.FunctionLinearOperator(
        lambda v: (2 * v[0] + v[1], v[0] + 5 * v[1]), jax.eval_shape(lambda: y), lx.symmetric_tag
    )
    out += flat(lx.linear_solve(op, y).value)
    return {"quick_start": out}


def solvers():
    general = lx.MatrixLinearOperator(A)
    positive = lx.MatrixLinearOperator(S, lx.positive_semidefinite_tag)
    lower = lx.MatrixLinearOperator(jnp.tril(A), lx.lower_triangular_tag)
    upper = lx.MatrixLinearOperator(jnp.triu(A), lx.upper_triangular_tag)
    tridiagonal = lx.TridiagonalLinearOperator(jnp.diag(A), jnp.diag(A, -1), jnp.diag(A, 1))
    diagonal = lx.DiagonalLinearOperator(jnp.diag(A))
    cases = {
        "lu": (general, lx.LU()), "qr": (general, lx.QR()), "svd": (general, lx.SVD()), "auto": (general, lx.AutoLinearSolver(well_posed=True)),
        "cholesky": (positive, lx.Cholesky()), "cg": (positive, lx.CG(rtol=1e-10, atol=1e-10)), "normal_cg": (general, lx.NormalCG(rtol=1e-12, atol=1e-12)),
        "normal": (general, lx.Normal(lx.Cholesky())), "triangular": (lower, lx.Triangular()), "upper": (upper, lx.Triangular()),
        "tridiagonal": (tridiagonal, lx.Tridiagonal()), "diagonal": (diagonal, lx.Diagonal()), "gmres": (general, lx.GMRES(rtol=1e-10, atol=1e-10)),
        "bicgstab": (general, lx.BiCGStab(rtol=1e-10, atol=1e-10)), "identity": (lx.IdentityLinearOperator(jax.eval_shape(lambda: B)), lx.AutoLinearSolver(well_posed=True)),
        "auto_positive": (positive, lx.AutoLinearSolver(well_posed=True)), "auto_tridiagonal": (tridiagonal, lx.AutoLinearSolver(well_posed=True)),
        "ill_posed": (general, lx.AutoLinearSolver(well_posed=None)), "lsmr": (general, lx.LSMR(rtol=1e-10, atol=1e-10)),
    }  # fmt: skip
    out = {}
    for name, (operator, solver) in cases.items():

        def value(operator, b, solver=solver):
            return lx.linear_solve(operator, b, solver).value

        dynamic, static = eqx.partition(operator, eqx.is_inexact_array)

        def of(d, b, static=static, value=value):
            return value(eqx.combine(d, static), b)

        found = flat(value(operator, B))
        found += flat(jax.jit(jax.grad(lambda d, b: jnp.sum(jnp.sin(of(d, b))), argnums=(0, 1)))(dynamic, B))
        found += flat(
            jax.jit(jax.vmap(lambda b: jax.jvp(lambda b: of(dynamic, b), (b,), (jnp.ones(5),))))(jnp.stack([B, 2 * B]))
        )
        out[name] = found
    return out


def least_squares():
    tall, wide = data((7, 4)), data((3, 6))
    out = []
    for matrix, solver in (
        (tall, lx.QR()),
        (tall, lx.SVD()),
        (wide, lx.QR()),
        (wide, lx.SVD()),
        (tall, lx.AutoLinearSolver(well_posed=None)),
        (tall, lx.Normal(lx.Cholesky())),
    ):
        b = data((matrix.shape[0],), 2)

        def solve(m, b, solver=solver):
            return lx.linear_solve(lx.MatrixLinearOperator(m), b, solver).value

        out += (
            flat(solve(matrix, b))
            + flat(jax.grad(lambda m: jnp.sum(solve(m, b) ** 2))(matrix))
            + flat(jax.jacfwd(solve, argnums=1)(matrix, b))
        )
    deficient = jnp.outer(data((4,)), data((4,), 1))
    out += flat(lx.linear_solve(lx.MatrixLinearOperator(deficient), data((4,), 3), lx.SVD()).value)
    return {"least_squares": out}


def operators():
    m, d = lx.MatrixLinearOperator(A), lx.DiagonalLinearOperator(jnp.arange(1.0, 6.0))
    t = lx.TridiagonalLinearOperator(jnp.ones(5), jnp.ones(4), 2 * jnp.ones(4))
    pytree = lx.PyTreeLinearOperator(
        [[jnp.ones((2, 3)), jnp.ones((2,))], [jnp.ones((3,)), jnp.array(2.0)]],
        [jax.ShapeDtypeStruct((2,), jnp.float64), jax.ShapeDtypeStruct((), jnp.float64)],
    )
    out = []
    for op in (m + d, m @ t, -m, 2 * d, m / 3, m.T, (m @ d).T, m - t):
        out += flat(op.mv(B)) + flat(op.as_matrix())
    out += (
        flat(pytree.mv([jnp.ones(3), jnp.array(0.5)]))
        + flat(pytree.as_matrix())
        + [float(pytree.in_size()), float(pytree.out_size())]
    )
    out += flat(lx.diagonal(m)) + flat(
        lx.materialise(lx.JacobianLinearOperator(lambda y, _: jnp.sin(y) * y.sum(), B)).as_matrix()
    )
    out += flat(lx.linearise(lx.JacobianLinearOperator(lambda y, _: jnp.sin(y), B)).mv(B))
    out += [
        float(f(op))
        for op in (m, d, t)
        for f in (
            lx.is_symmetric,
            lx.is_diagonal,
            lx.is_tridiagonal,
            lx.is_lower_triangular,
            lx.is_upper_triangular,
            lx.is_positive_semidefinite,
            lx.has_unit_diagonal,
        )
    ]
    out += (
        flat(lx.TaggedLinearOperator(m, lx.diagonal_tag).as_matrix())
        + flat(lx.conj(m).as_matrix())
        + flat(lx.tridiagonal(t))
    )
    return {"operators": out}


def results():
    """Failures: singular matrices, iterations that end early, with and without `throw`."""
    singular = lx.MatrixLinearOperator(jnp.zeros((3, 3)))
    found = []
    for op, solver in (
        (singular, lx.LU()),
        (lx.MatrixLinearOperator(A), lx.GMRES(rtol=1e-12, atol=1e-12, max_steps=1)),
        (lx.MatrixLinearOperator(S, lx.positive_semidefinite_tag), lx.CG(rtol=1e-14, atol=1e-14, max_steps=1)),
    ):
        b = jnp.ones(op.in_size())
        sol = lx.linear_solve(op, b, solver, throw=False)
        found += [
            float(sol.result == lx.RESULTS.successful),
            float(sol.result == lx.RESULTS.singular),
            float(sol.result == lx.RESULTS.max_steps_reached),
        ]
        try:
            lx.linear_solve(op, b, solver)
            found.append(0.0)
        except Exception:
            found.append(1.0)
        try:
            jax.block_until_ready(
                eqx.filter_jit(lambda b, op=op, solver=solver: lx.linear_solve(op, b, solver).value)(b)
            )
            found.append(0.0)
        except Exception:
            found.append(1.0)
    sol = lx.linear_solve(lx.MatrixLinearOperator(S, lx.positive_semidefinite_tag), B, lx.CG(rtol=1e-8, atol=1e-8))
    return {"results": [*found, float(sol.stats["num_steps"])]}


def complex_numbers():
    c = A + 1j * data((5, 5), 4)
    b = B + 1j * data((5,), 5)
    out = []
    for solver in (lx.LU(), lx.QR(), lx.SVD()):
        x = lx.linear_solve(lx.MatrixLinearOperator(c), b, solver).value
        g = jax.grad(
            lambda m, solver=solver: jnp.sum(jnp.abs(lx.linear_solve(lx.MatrixLinearOperator(m), b, solver).value) ** 2)
        )(c)
        out += flat((x.real, x.imag, g.real, g.imag))
    return {"complex": out}


def training():
    """A matrix learned through its solution, 50 steps, the state of a solver reused."""
    target = data((5,), 7)

    @eqx.filter_jit
    def step(matrix):
        def loss(m):
            op = lx.MatrixLinearOperator(m)
            solver = lx.LU()
            state = solver.init(op, {})
            return jnp.mean((lx.linear_solve(op, B, solver, state=state).value - target) ** 2) + jnp.mean(
                lx.linear_solve(op, target, solver, state=state).value ** 2
            )

        value, grad = jax.value_and_grad(loss)(matrix)
        return matrix - 0.05 * grad, value

    matrix, out = A, []
    for _ in range(50):
        matrix, value = step(matrix)
        out.append(float(value))
    return {"training": out}


def main():
    out = {}
    for f in (quick_start, solvers, least_squares, operators, results, complex_numbers, training):
        out |= f()
    return out


def step():
    b = data((32,), 1)
    matrix = data((32, 32)) + 10 * jnp.eye(32)
    run = eqx.filter_jit(
        jax.value_and_grad(lambda m: jnp.sum(lx.linear_solve(lx.MatrixLinearOperator(m), b, lx.LU()).value ** 2))
    )
    return lambda: jax.block_until_ready(run(matrix))
