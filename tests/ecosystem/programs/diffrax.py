"""Diffrax: ODEs by every kind of solver, step size control, events, SDEs, adjoints, dense output, controlled equations."""

import diffrax
import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import numpy as np
import optax
from diffrax import (
    ControlTerm,
    Dopri5,
    Euler,
    MultiTerm,
    ODETerm,
    PIDController,
    SaveAt,
    Tsit5,
    VirtualBrownianTree,
    diffeqsolve,
)

X64 = True
TOLERANCE = {"": 1e-8, "implicit": 1e-6, "event": 1e-6, "training": 1e-5}


def flat(tree):
    return np.concatenate(
        [np.ravel(np.asarray(x, np.float64)) for x in jax.tree.leaves(tree)] or [np.zeros(0)]
    ).tolist()


def quick_start():
    def f(t, y, args):
        return -y

    sol = diffeqsolve(ODETerm(f), Dopri5(), t0=0, t1=1, dt0=0.1, y0=jnp.array([2.0, 3.0]))
    out = flat((sol.ts, sol.ys))
    saveat = SaveAt(ts=[0.0, 1.0, 2.0, 3.0])
    sol = diffeqsolve(
        ODETerm(f),
        Dopri5(),
        t0=0,
        t1=3,
        dt0=0.1,
        y0=1,
        saveat=saveat,
        stepsize_controller=PIDController(rtol=1e-5, atol=1e-5),
    )
    return {"quick_start": out + flat((sol.ts, sol.ys)) + [float(sol.stats["num_steps"])]}


def lotka(t, y, args):
    prey, predator = y
    a, b, c, d = args
    return a * prey - b * prey * predator, -c * predator + d * prey * predator


def solvers():
    args, y0 = (0.1, 0.02, 0.4, 0.02), (10.0, 10.0)
    out = {}
    for name in ("Euler", "Heun", "Midpoint", "Ralston", "Bosh3", "Tsit5", "Dopri5", "Dopri8"):

        def solve(y0, args, name=name):
            control = diffrax.ConstantStepSize() if name == "Euler" else PIDController(rtol=1e-6, atol=1e-8)
            sol = diffeqsolve(
                ODETerm(lotka),
                getattr(diffrax, name)(),
                0.0,
                10.0,
                0.1,
                y0,
                args,
                saveat=SaveAt(ts=jnp.linspace(0, 10, 5)),
                stepsize_controller=control,
            )
            return sol.ys, sol.stats["num_steps"]

        ys, steps = solve(y0, args)
        out[f"ode_{name}"] = flat(ys) + [float(steps)]
    jitted = jax.jit(
        jax.grad(
            lambda y0, args: sum(
                jnp.sum(y)
                for y in diffeqsolve(
                    ODETerm(lotka),
                    Tsit5(),
                    0.0,
                    10.0,
                    0.1,
                    y0,
                    args,
                    stepsize_controller=PIDController(rtol=1e-6, atol=1e-8),
                ).ys
            ),
            argnums=(0, 1),
        )
    )
    out["gradient"] = flat(jitted(y0, args))
    many = jax.vmap(
        lambda a: (
            diffeqsolve(
                ODETerm(lotka),
                Tsit5(),
                0.0,
                5.0,
                0.1,
                y0,
                (a, 0.02, 0.4, 0.02),
                stepsize_controller=PIDController(rtol=1e-6, atol=1e-8),
            ).ys
        )
    )(jnp.array([0.1, 0.2]))
    out["batch"] = flat(many)
    return out


def implicit():
    def robertson(t, y, args):
        k1, k2, k3 = args
        f0 = -k1 * y[0] + k3 * y[1] * y[2]
        f1 = k1 * y[0] - k2 * y[1] ** 2 - k3 * y[1] * y[2]
        f2 = k2 * y[1] ** 2
        return jnp.stack([f0, f1, f2])

    out = []
    for solver in (
        diffrax.Kvaerno5(),
        diffrax.Kvaerno3(),
        diffrax.ImplicitEuler() if hasattr(diffrax, "ImplicitEuler") else diffrax.Kvaerno4(),
    ):
        sol = diffeqsolve(
            ODETerm(robertson),
            solver,
            0.0,
            10.0,
            0.0002,
            jnp.array([1.0, 0.0, 0.0]),
            (0.04, 3e7, 1e4),
            saveat=SaveAt(ts=jnp.array([0.0, 1.0, 10.0])),
            stepsize_controller=PIDController(rtol=1e-6, atol=1e-9),
            max_steps=None,
        )
        out += flat(sol.ys)
    return {"implicit": out}


def saving():
    term = ODETerm(lambda t, y, args: -y + jnp.sin(t))
    y0 = jnp.array(1.0)
    dense = diffeqsolve(
        term,
        Tsit5(),
        0.0,
        3.0,
        0.1,
        y0,
        saveat=SaveAt(dense=True),
        stepsize_controller=PIDController(rtol=1e-6, atol=1e-6),
    )
    out = flat(jax.vmap(dense.evaluate)(jnp.linspace(0, 3, 7))) + flat(dense.derivative(1.5))
    steps = diffeqsolve(term, Tsit5(), 0.0, 1.0, 0.25, y0, saveat=SaveAt(steps=True), max_steps=16)
    ys = np.asarray(steps.ys)
    out += ys[np.isfinite(ys)].tolist()
    sub = diffeqsolve(
        term,
        Dopri5(),
        0.0,
        1.0,
        0.1,
        y0,
        saveat=SaveAt(
            subs=[diffrax.SubSaveAt(t1=True), diffrax.SubSaveAt(ts=jnp.array([0.2, 0.4]), fn=lambda t, y, args: y**2)]
        ),
    )
    out += flat(sub.ys)
    event = diffrax.Event(lambda t, y, args, **kwargs: y[0], diffrax_root())
    ball = ODETerm(lambda t, y, args: jnp.array([y[1], -9.8]))
    sol = diffeqsolve(ball, Tsit5(), 0.0, jnp.inf, 0.1, jnp.array([10.0, 0.0]), event=event)
    stop = diffrax.Event(lambda t, y, args, **kwargs: y < 0.5)
    sol2 = diffeqsolve(ODETerm(lambda t, y, args: -y), Tsit5(), 0.0, 10.0, 0.1, y0, event=stop)
    return {"saving": out, "event": flat((sol.ts, sol.ys, sol2.ts, sol2.ys))}


def diffrax_root():
    import optimistix as optx

    return optx.Newton(1e-5, 1e-5, optx.rms_norm)


def adjoints():
    term = ODETerm(lambda t, y, args: -args * y)
    out = []
    for adjoint in (
        diffrax.RecursiveCheckpointAdjoint(),
        diffrax.DirectAdjoint(),
        diffrax.BacksolveAdjoint(),
        diffrax.ForwardMode(),
    ):

        def loss(a, adjoint=adjoint):
            return diffeqsolve(
                term,
                Tsit5(),
                0.0,
                1.0,
                0.1,
                jnp.array([1.0, 2.0]),
                a,
                adjoint=adjoint,
                stepsize_controller=PIDController(rtol=1e-8, atol=1e-8),
                max_steps=64,
            ).ys.sum()

        a = jnp.array(0.7)
        out.append(
            float(jax.jvp(loss, (a,), (1.0,))[1] if isinstance(adjoint, diffrax.ForwardMode) else jax.grad(loss)(a))
        )
    return {"adjoints": out}


def stochastic():
    t0, t1 = 0.0, 1.0
    drift, diffusion = lambda t, y, args: -y, lambda t, y, args: 0.1 * t + 0.05 * y
    out = []
    brownian = VirtualBrownianTree(t0, t1, tol=1e-3, shape=(), key=jr.PRNGKey(0))
    terms = MultiTerm(ODETerm(drift), ControlTerm(diffusion, brownian))
    for solver in (Euler(), diffrax.ItoMilstein(), diffrax.StratonovichMilstein(), diffrax.Heun()):
        sol = diffeqsolve(terms, solver, t0, t1, dt0=0.05, y0=1.0, saveat=SaveAt(ts=jnp.array([0.5, 1.0])))
        out += flat(sol.ys)
    out += flat(brownian.evaluate(0.2, 0.7))
    path = diffrax.UnsafeBrownianPath(shape=(2,), key=jr.PRNGKey(1))
    out += flat(path.evaluate(0.0, 0.3))
    keys = jr.split(jr.PRNGKey(3), 3)

    def one(key):
        bm = VirtualBrownianTree(t0, t1, tol=1e-3, shape=(2,), key=key)
        return diffeqsolve(
            MultiTerm(ODETerm(lambda t, y, a: -y), ControlTerm(lambda t, y, a: jnp.diag(0.1 * y), bm)),
            Euler(),
            t0,
            t1,
            0.1,
            jnp.ones(2),
        ).ys

    return {"sde": out + flat(jax.jit(jax.vmap(one))(keys))}


def controlled():
    ts = jnp.linspace(0, 1, 6)
    xs = jnp.stack([ts, jnp.sin(3 * ts)], axis=-1)
    out = []
    coeffs = diffrax.backward_hermite_coefficients(ts, xs)
    cubic, linear = diffrax.CubicInterpolation(ts, coeffs), diffrax.LinearInterpolation(ts, xs)
    for control in (cubic, linear):
        out += flat(control.evaluate(0.35)) + flat(control.derivative(0.35))
        term = ControlTerm(lambda t, y, args: jnp.outer(jnp.tanh(y), jnp.array([1.0, 0.5])), control).to_ode()
        out += flat(diffeqsolve(term, Tsit5(), 0.0, 1.0, 0.05, jnp.array([0.1, 0.2])).ys)
    return {"controlled": out}


def neural_ode():
    """A neural ODE trained with Optax, 30 steps."""

    class Func(eqx.Module):
        mlp: eqx.nn.MLP

        def __call__(self, t, y, args):
            return self.mlp(y)

    model = Func(eqx.nn.MLP(2, 2, 8, 2, activation=jnp.tanh, key=jr.PRNGKey(5)))
    ts = jnp.linspace(0, 1, 10)
    y0 = jnp.array([[1.0, 0.0], [0.5, -0.5], [-0.3, 0.8]])
    target = jnp.stack([y0[:, :1] * jnp.cos(3 * ts), y0[:, :1] * jnp.sin(3 * ts)], -1)
    optim = optax.adabelief(3e-3)
    state = optim.init(eqx.filter(model, eqx.is_inexact_array))

    def loss(model):
        def solve(y):
            return diffeqsolve(
                ODETerm(model),
                Tsit5(),
                0.0,
                1.0,
                0.1,
                y,
                stepsize_controller=PIDController(rtol=1e-3, atol=1e-6),
                saveat=SaveAt(ts=ts),
            ).ys

        return jnp.mean((jax.vmap(solve)(y0) - target) ** 2)

    @eqx.filter_jit
    def step(model, state):
        value, grads = eqx.filter_value_and_grad(loss)(model)
        updates, state = optim.update(grads, state)
        return eqx.apply_updates(model, updates), state, value

    out = []
    for _ in range(50):
        model, state, value = step(model, state)
        out.append(float(value))
    return {"training": out}


def main():
    out = {}
    for f in (quick_start, solvers, implicit, saving, adjoints, stochastic, controlled, neural_ode):
        out |= f()
    return out


def step():
    run = jax.jit(
        lambda y0, args: (
            diffeqsolve(
                ODETerm(lotka),
                Tsit5(),
                0.0,
                10.0,
                0.1,
                y0,
                args,
                stepsize_controller=PIDController(rtol=1e-6, atol=1e-8),
                saveat=SaveAt(ts=jnp.linspace(0, 10, 20)),
            ).ys
        )
    )
    return lambda: jax.block_until_ready(run((10.0, 10.0), (0.1, 0.02, 0.4, 0.02)))
