"""JAXopt: its solvers, proximal and constrained ones, and derivatives of their solutions, in 64 bits."""

import jax
import jax.numpy as jnp
import jaxopt
import numpy as np

X64 = True
TOLERANCE = {
    "": 1e-6,
    "projection transport": 2e-3,
    "root": 2e-5,
    "steps armijo": 1e-5,
    "steps linesearch": 1e-5,
}  # iterations end there

RNG = np.random.default_rng(0)
X = jnp.array(RNG.normal(size=(40, 6)))
Y = jnp.array(X @ RNG.normal(size=6) + 0.1 * RNG.normal(size=40))
LABELS = (Y > 0).astype(int)


def flat(tree):
    return np.concatenate([np.ravel(np.asarray(x, np.float64)) for x in jax.tree.leaves(tree)]).tolist()


def ridge(w, l2reg=0.1, data=(X, Y)):
    return jnp.mean((data[0] @ w - data[1]) ** 2) + 0.5 * l2reg * jnp.sum(w**2)


def rosenbrock(x):
    return jnp.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def quick_start():
    """Gradient descent on ridge regression: the solution, and its derivative with respect to the regularization."""

    def solution(l2reg):
        solver = jaxopt.GradientDescent(fun=ridge, maxiter=500, tol=1e-10)
        return solver.run(jnp.zeros(6), l2reg=l2reg).params

    return {"ridge": flat((solution(0.1), jax.jacobian(solution)(0.1), jax.jit(jax.jacrev(solution))(0.1)))}


def steps():
    """50 steps of solvers, each by `update` under jit."""
    made = {
        "gradient": jaxopt.GradientDescent(ridge, stepsize=0.1), "linesearch": jaxopt.GradientDescent(ridge), "lbfgs": jaxopt.LBFGS(rosenbrock),
        "bfgs": jaxopt.BFGS(rosenbrock), "cg": jaxopt.NonlinearCG(rosenbrock), "polyak": jaxopt.PolyakSGD(ridge, max_stepsize=0.1),
        "armijo": jaxopt.ArmijoSGD(ridge), "gauss": jaxopt.GaussNewton(lambda w: jnp.tanh(X @ w) - Y), "lm": jaxopt.LevenbergMarquardt(lambda w: jnp.tanh(X @ w) - Y),
        "zoom": jaxopt.LBFGS(rosenbrock, linesearch="zoom"), "hagerzhang": jaxopt.LBFGS(rosenbrock, linesearch="hager-zhang"),
    }  # fmt: skip
    out = {}
    for name, solver in made.items():
        x = jnp.zeros(6) + 0.1
        state, update, found = solver.init_state(x), jax.jit(solver.update), []
        for _ in range(15 if name in ("bfgs", "lbfgs", "zoom", "cg", "hagerzhang", "gauss", "lm") else 50):
            x, state = update(x, state)
            found += [float(jnp.sum(x)), float(state.error)]
        out[f"steps {name}"] = found
    return out


def solvers():
    import optax

    made = {
        "lbfgs": jaxopt.LBFGS(rosenbrock, maxiter=200, tol=1e-8).run(jnp.zeros(4)), "bfgs": jaxopt.BFGS(rosenbrock, tol=1e-8).run(jnp.zeros(4)),
        "scipy": jaxopt.ScipyMinimize(fun=rosenbrock, method="BFGS", tol=1e-10).run(jnp.zeros(4)), "lbfgsb": jaxopt.LBFGSB(rosenbrock, tol=1e-8).run(jnp.zeros(4), bounds=(-jnp.ones(4), 0.8 * jnp.ones(4))),
        "bounded": jaxopt.ScipyBoundedMinimize(fun=rosenbrock, method="l-bfgs-b", tol=1e-10).run(jnp.zeros(4), bounds=(-jnp.ones(4), 0.8 * jnp.ones(4))),
        "optax": jaxopt.OptaxSolver(ridge, optax.adam(0.1), maxiter=100).run(jnp.zeros(6)), "bisection": jaxopt.Bisection(lambda x: x**3 - x - 1, 1.0, 2.0).run(),
        "anderson": jaxopt.AndersonAcceleration(lambda x: jnp.cos(x), history_size=3, tol=1e-10).run(jnp.array([0.5, 1.0])),
        "fixed": jaxopt.FixedPointIteration(lambda x: jnp.cos(x), tol=1e-10, maxiter=200).run(jnp.array([0.5, 1.0])),
        "broyden": jaxopt.Broyden(lambda x: x**3 - jnp.array([1.0, 2.0]), tol=1e-8).run(jnp.array([1.5, 1.5])),
        "root": jaxopt.ScipyRootFinding(optimality_fun=lambda x: x**3 - jnp.array([1.0, 2.0]), method="hybr").run(jnp.array([1.5, 1.5])),
    }  # fmt: skip
    return {f"solver {name}": flat(found.params) for name, found in made.items()}


def constrained():
    """Projections, proximal operators, quadratic programs, and derivatives through them."""
    pg = jaxopt.ProjectedGradient(
        fun=ridge, projection=jaxopt.projection.projection_non_negative, tol=1e-8, maxiter=500
    )
    lasso = jaxopt.ProximalGradient(
        fun=lambda w, data: 0.5 * jnp.mean((data[0] @ w - data[1]) ** 2), prox=jaxopt.prox.prox_lasso, tol=1e-8
    )
    block = jaxopt.BlockCoordinateDescent(
        fun=jaxopt.objective.least_squares, block_prox=jaxopt.prox.prox_lasso, tol=1e-8
    )
    q, c = jnp.array([[2.0, 0.5], [0.5, 1.0]]), jnp.array([1.0, 1.0])
    a, b, g, h = jnp.array([[1.0, 1.0]]), jnp.array([1.0]), jnp.array([[-1.0, 0.0], [0.0, -1.0]]), jnp.array([0.0, 0.0])
    osqp = jaxopt.OSQP(tol=1e-6)
    equal = jaxopt.EqualityConstrainedQP()
    by_c = jax.jacrev(lambda c: equal.run(params_obj=(q, c), params_eq=(a, b)).params.primal)(c)
    by_lam = jax.jacrev(lambda lam: lasso.run(jnp.zeros(6), hyperparams_prox=lam, data=(X, Y)).params)(0.05)
    x = jnp.array([0.5, -2.0, 3.0, 0.1])
    projections = {
        "simplex": lambda x: jaxopt.projection.projection_simplex(x), "l1": lambda x: jaxopt.projection.projection_l1_ball(x, 1.0),
        "l2": lambda x: jaxopt.projection.projection_l2_ball(x, 1.0), "box": lambda x: jaxopt.projection.projection_box(x, (0.0, 1.0)),
        "hyper": lambda x: jaxopt.projection.projection_hyperplane(x, (jnp.ones(4), 1.0)), "half": lambda x: jaxopt.projection.projection_halfspace(x, (jnp.ones(4), 1.0)),
        "elastic": lambda x: jaxopt.prox.prox_elastic_net(x, (0.3, 0.5)), "ridge": lambda x: jaxopt.prox.prox_ridge(x, 0.3), "group": lambda x: jaxopt.prox.prox_group_lasso(x, 0.3),
        "transport": lambda x: jaxopt.projection.projection_transport(x.reshape(2, 2), (jnp.array([0.5, 0.5]), jnp.array([0.3, 0.7]))),
        "birkhoff": lambda x: jaxopt.projection.projection_birkhoff(x.reshape(2, 2)), "isotonic": lambda x: jaxopt.isotonic.isotonic_l2_pav(x),
    }  # fmt: skip
    out = {
        f"projection {n}": flat((f(x), jax.jacrev(f)(x)))
        for n, f in projections.items()
        if n not in ("transport", "birkhoff", "isotonic")
    }
    out |= {f"projection {n}": flat(projections[n](x)) for n in ("transport", "birkhoff", "isotonic")}
    return out | {
        "pg": flat(pg.run(jnp.ones(6)).params), "lasso": flat(lasso.run(jnp.zeros(6), hyperparams_prox=0.05, data=(X, Y)).params),
        "block": flat(block.run(jnp.zeros(6), hyperparams_prox=0.5, data=(X, Y)).params), "qp": flat((equal.run(params_obj=(q, c), params_eq=(a, b)).params.primal, by_c)),
        "osqp": np.round(flat(osqp.run(params_obj=(q, c), params_eq=(a, b), params_ineq=(g, h)).params.primal), 4).tolist(), "by_lam": flat(by_lam),
        "boxcd": flat(jaxopt.BoxCDQP(tol=1e-8).run(jnp.zeros(2), params_obj=(q, -c), params_ineq=(jnp.zeros(2), 0.5 * jnp.ones(2))).params),
    }  # fmt: skip


def implicit():
    """`custom_root` and `custom_fixed_point` of the documentation, and bilevel optimization over 30 steps."""

    @jaxopt.implicit_diff.custom_root(jax.grad(ridge, argnums=0))
    def solver(init, theta):
        del init
        return jnp.linalg.solve(X.T @ X * 2 / 40 + theta * jnp.eye(6), X.T @ Y * 2 / 40)

    out = {"root": flat((solver(None, 0.5), jax.jacobian(solver, argnums=1)(None, 0.5)))}
    train, valid = (X[:30], Y[:30]), (X[30:], Y[30:])
    inner = jaxopt.LBFGS(lambda w, lam, data: ridge(w, jnp.exp(lam), data), maxiter=100, tol=1e-8)

    def outer(lam):
        w = inner.run(jnp.zeros(6), lam, train).params
        return jnp.mean((valid[0] @ w - valid[1]) ** 2)

    lam, found, step = jnp.array(0.0), [], jax.jit(jax.value_and_grad(outer))
    for _ in range(30):
        loss, slope = step(lam)
        lam = lam - 0.5 * slope
        found.append(float(loss))
    return out | {"bilevel": found}


def losses():
    z, labels = X[:8, :4], LABELS[:8]
    made = {
        "logistic": lambda z: jax.vmap(jaxopt.loss.binary_logistic_loss)(labels, z[:, 0]), "multiclass": lambda z: jax.vmap(jaxopt.loss.multiclass_logistic_loss)(labels, z),
        "sparsemax": lambda z: jax.vmap(jaxopt.loss.multiclass_sparsemax_loss)(labels, z), "huber": lambda z: jax.vmap(jaxopt.loss.huber_loss)(Y[:8], z[:, 0]),
        "hinge": lambda z: jax.vmap(jaxopt.loss.binary_hinge_loss)(labels, z[:, 0]), "objective": lambda z: jaxopt.objective.binary_logreg(z[0], (X[:8, :4], labels)),
    }  # fmt: skip
    return {f"loss {n}": flat((f(z), jax.jit(jax.grad(lambda z: jnp.sum(f(z))))(z))) for n, f in made.items()}  # noqa: B023


EXAMPLES = (quick_start, steps, solvers, constrained, implicit, losses)


def main():
    return {k: v for example in EXAMPLES for k, v in example().items()}


def step():
    solver = jaxopt.LBFGS(lambda w, x, y: jnp.mean(jnp.logaddexp(0.0, -y * (x @ w))) + 0.01 * jnp.sum(w**2))
    x, y = X, 2.0 * LABELS - 1
    w = jnp.zeros(6)
    state, update = solver.init_state(w, x, y), jax.jit(solver.update)

    def once():
        return update(w, state, x, y).params.block_until_ready()

    return once
