"""Optimistix: roots, least squares, minimisation and fixed points by every solver, gradients of solutions, batches, failures."""

import equinox as eqx
import jax
import jax.numpy as jnp
import lineax as lx
import numpy as np
import optax
import optimistix as optx

X64 = True
TOLERANCE = {"": 1e-6, "steps": 1e-12, "training": 1e-8, "min_cg": 2e-3}  # its path depends on rounding


def flat(tree):
    return np.concatenate(
        [np.ravel(np.asarray(x, np.float64)) for x in jax.tree.leaves(tree)] or [np.zeros(0)]
    ).tolist()


def data(shape, seed=0):
    return jnp.array(np.random.default_rng(seed).normal(size=shape))


def quick_start():
    """Backward Euler by a root find."""

    def fn(y, args):
        a, b = y
        c = jnp.tanh(jnp.sum(b)) - a
        d = a**2 - jnp.sinh(b + 1)
        return c, d

    sol = optx.root_find(fn, optx.Newton(rtol=1e-8, atol=1e-8), (jnp.array(0.0), jnp.zeros((2, 2))))

    y0, dt = jnp.array(1.0), jnp.array(0.1)

    def euler(y1, args):
        return y0 + jnp.tanh(y1) * dt - y1

    root = optx.root_find(euler, optx.Newton(rtol=1e-5, atol=1e-5), y0)
    grad = jax.grad(
        lambda a: optx.root_find(lambda y, a: y**2 - a, optx.Newton(rtol=1e-10, atol=1e-10), jnp.array(1.0), a).value
    )(jnp.array(2.0))
    return {"quick_start": flat((sol.value, root.value, grad))}


def roots():
    def fn(y, args):
        return jnp.array([y[0] ** 2 + y[1] ** 2 - args, y[0] - y[1] + 0.1])

    y0, args = jnp.array([1.0, 0.5]), jnp.array(2.0)
    out, steps = {}, []
    for name, solver in {
        "newton": optx.Newton(1e-10, 1e-10), "chord": optx.Chord(1e-10, 1e-10), "dogleg": optx.Dogleg(1e-10, 1e-10),
        "lm": optx.LevenbergMarquardt(1e-10, 1e-10), "bfgs": optx.BFGS(1e-10, 1e-10), "gauss_newton": optx.GaussNewton(1e-10, 1e-10),
    }.items():  # fmt: skip

        def solve(a, solver=solver):
            return optx.root_find(fn, solver, y0, a, max_steps=500)

        sol = solve(args)
        steps.append(float(sol.stats["num_steps"]))
        out[f"root_{name}"] = (
            flat(sol.value)
            + flat(jax.jacrev(lambda a: solve(a).value)(args))
            + flat(jax.jit(jax.vmap(lambda a: solve(a).value))(jnp.array([1.9, 2.1])))
        )
    bisect = optx.root_find(
        lambda y, a: y**3 - a,
        optx.Bisection(1e-10, 1e-10),
        jnp.array(1.0),
        jnp.array(3.0),
        options={"lower": 0.0, "upper": 3.0},
    )
    out["bisection"] = flat(bisect.value)
    out["steps"] = [*steps, float(bisect.stats["num_steps"])]
    return out


def least_squares():
    t = jnp.linspace(0, 2, 20)
    target = 2.0 * jnp.exp(-1.3 * t) + 0.1 * data((20,))

    def residual(y, args):
        return y["a"] * jnp.exp(-y["b"] * t) - target * args

    y0 = {"a": jnp.array(1.0), "b": jnp.array(1.0)}
    out = {}
    for name, solver in {
        "lm": optx.LevenbergMarquardt(1e-9, 1e-9), "gn": optx.GaussNewton(1e-9, 1e-9), "ilm": optx.IndirectLevenbergMarquardt(1e-9, 1e-9),
        "dogleg": optx.Dogleg(1e-9, 1e-9), "bfgs": optx.BFGS(1e-9, 1e-9), "lm_qr": optx.LevenbergMarquardt(1e-9, 1e-9, linear_solver=lx.QR()),
    }.items():  # fmt: skip

        def solve(a, solver=solver):
            return optx.least_squares(residual, solver, y0, a, max_steps=1000).value

        one = jnp.array(1.0)
        out[f"ls_{name}"] = flat(solve(one)) + flat(jax.jit(jax.grad(lambda a: solve(a)["b"] + solve(a)["a"]))(one))
    return out


def minimise():
    def rosenbrock(y, args):
        return jnp.sum(100.0 * (y[1:] - y[:-1] ** 2) ** 2 + (args - y[:-1]) ** 2)

    y0, one = jnp.array([0.5, 0.3, 0.6]), jnp.array(1.0)
    out = {}
    for name, solver in {
        "bfgs": optx.BFGS(1e-9, 1e-9), "lbfgs": optx.LBFGS(1e-9, 1e-9), "dfp": optx.DFP(1e-9, 1e-9), "nelder_mead": optx.NelderMead(1e-7, 1e-7),
        "cg": optx.NonlinearCG(1e-8, 1e-8), "best": optx.BestSoFarMinimiser(optx.BFGS(1e-9, 1e-9)),
    }.items():  # fmt: skip
        sol = optx.minimise(rosenbrock, solver, y0, one, max_steps=5000)
        out[f"min_{name}"] = flat(sol.value)
    bowl = lambda y, a: jnp.sum((y - a) ** 2) + 0.1 * jnp.sum(y**4)  # noqa: E731
    adam = optx.OptaxMinimiser(optax.adam(1e-1), 1e-8, 1e-8)
    out["min_adam"] = flat(optx.minimise(bowl, adam, y0, one, max_steps=2000).value)
    out["min_gradient"] = flat(jax.grad(lambda a: optx.minimise(bowl, optx.BFGS(1e-9, 1e-9), y0, a).value.sum())(one))
    out["min_descent"] = flat(
        optx.minimise(bowl, optx.GradientDescent(0.05, 1e-8, 1e-8), y0, one, max_steps=2000).value
    )
    return out


def fixed_points():
    def fn(y, args):
        return jnp.tanh(args * y + 0.3)

    out = {}
    y0 = jnp.array([0.1, 0.2])
    for name, solver in {
        "iteration": optx.FixedPointIteration(1e-10, 1e-10),
        "newton": optx.Newton(1e-10, 1e-10),
        "lm": optx.LevenbergMarquardt(1e-10, 1e-10),
    }.items():

        def solve(a, solver=solver):
            return optx.fixed_point(fn, solver, y0, a, max_steps=1000).value

        out[f"fixed_{name}"] = flat(solve(0.5)) + flat(jax.grad(lambda a: solve(a).sum())(0.5))
    return out


def adjoints():
    def fn(y, a):
        return y - jnp.cos(a * y)

    out = []
    for adjoint in (optx.ImplicitAdjoint(), optx.RecursiveCheckpointAdjoint()):
        solve = lambda a, adjoint=adjoint: (
            optx.root_find(fn, optx.Newton(1e-12, 1e-12), jnp.array(0.5), a, adjoint=adjoint, max_steps=16).value
        )  # noqa: E731
        out += [float(jax.grad(solve)(1.2)), float(jax.jit(jax.grad(solve))(1.2))]
    out.append(
        float(
            jax.jvp(
                lambda a: (
                    optx.root_find(
                        fn,
                        optx.Newton(1e-12, 1e-12),
                        jnp.array(0.5),
                        a,
                        adjoint=optx.ForwardAdjoint() if hasattr(optx, "ForwardAdjoint") else optx.ImplicitAdjoint(),
                    ).value
                ),
                (1.2,),
                (1.0,),
            )[1]
        )
    )
    return {"adjoints": out}


def failures():
    out = []
    for throw in (True, False):
        try:
            sol = optx.root_find(
                lambda y, _: y**2 + 1, optx.Newton(1e-8, 1e-8), jnp.array(1.0), max_steps=5, throw=throw
            )
            out += [
                0.0,
                float(sol.result == optx.RESULTS.successful),
                float(sol.result == optx.RESULTS.nonlinear_max_steps_reached),
            ]
        except Exception:
            out.append(1.0)
    aux = optx.minimise(
        lambda y, _: (jnp.sum(y**2), {"norm": jnp.sum(jnp.abs(y))}), optx.BFGS(1e-8, 1e-8), jnp.ones(2), has_aux=True
    )
    out += flat(aux.aux)
    return {"failures": out}


def interactive():
    """A solver stepped by hand, as the documentation does it: 50 steps."""

    def fn(y, args):
        return jnp.sum((y - jnp.arange(3.0)) ** 2 * jnp.array([1.0, 10.0, 3.0])) + jnp.sum(y**4), None

    solver = optx.NonlinearCG(rtol=1e-9, atol=1e-9)
    y, options = jnp.ones(3), {}
    f_struct, aux_struct = jax.eval_shape(lambda: fn(y, None))[0], None
    init = eqx.Partial(
        solver.init, fn=fn, args=None, options=options, f_struct=f_struct, aux_struct=aux_struct, tags=frozenset()
    )
    step = eqx.filter_jit(eqx.Partial(solver.step, fn=fn, args=None, options=options, tags=frozenset()))
    terminate = eqx.filter_jit(eqx.Partial(solver.terminate, fn=fn, args=None, options=options, tags=frozenset()))
    state, out = init(y=y), []
    for _ in range(50):
        y, state, _ = step(y=y, state=state)
        out += flat(y)
    return {"training": [*out, float(terminate(y=y, state=state)[0])]}


def main():
    out = {}
    for f in (quick_start, roots, least_squares, minimise, fixed_points, adjoints, failures, interactive):
        out |= f()
    return out


def step():
    t = jnp.linspace(0, 2, 50)
    target = 2.0 * jnp.exp(-1.3 * t)

    @jax.jit
    def fit(y0):
        return optx.least_squares(
            lambda y, _: y[0] * jnp.exp(-y[1] * t) - target, optx.LevenbergMarquardt(1e-8, 1e-8), y0
        ).value

    y0 = jnp.array([1.0, 1.0])
    return lambda: jax.block_until_ready(fit(y0))
