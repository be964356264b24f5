"""Three libraries: a neural ODE of Diffrax and Equinox, trained with Optax for 100 steps, as in Diffrax's documentation."""

import diffrax
import equinox as eqx
import jax
import jax.numpy as jnp
import jax.random as jr
import optax

X64 = True
TOLERANCE = 1e-5


class Func(eqx.Module):
    out_scale: jax.Array
    mlp: eqx.nn.MLP

    def __init__(self, data_size, width_size, depth, *, key):
        self.out_scale = jnp.array(1.0)
        self.mlp = eqx.nn.MLP(
            data_size, data_size, width_size, depth, activation=jax.nn.softplus, final_activation=jnp.tanh, key=key
        )

    def __call__(self, t, y, args):
        return self.out_scale * self.mlp(y)


class NeuralODE(eqx.Module):
    func: Func

    def __call__(self, ts, y0):
        solution = diffrax.diffeqsolve(
            diffrax.ODETerm(self.func), diffrax.Tsit5(), t0=ts[0], t1=ts[-1], dt0=ts[1] - ts[0], y0=y0,
            stepsize_controller=diffrax.PIDController(rtol=1e-3, atol=1e-6), saveat=diffrax.SaveAt(ts=ts),
        )  # fmt: skip
        return solution.ys


def get_data(ts, key, size):
    def one(key):
        y0 = jr.uniform(key, (2,), minval=-0.6, maxval=1)

        def f(t, y, args):
            x = y / (1 + y)
            return jnp.stack([x[1], -x[0]], axis=-1)

        return diffrax.diffeqsolve(
            diffrax.ODETerm(f), diffrax.Tsit5(), ts[0], ts[-1], 0.1, y0, saveat=diffrax.SaveAt(ts=ts)
        ).ys

    return jax.vmap(one)(jr.split(key, size))


def made():
    data_key, model_key = jr.split(jr.PRNGKey(5678))
    ts = jnp.linspace(0, 5, 20)
    ys = get_data(ts, data_key, 16)
    model = NeuralODE(Func(2, 16, 2, key=model_key))
    optim = optax.adabelief(3e-3)

    @eqx.filter_value_and_grad
    def grad_loss(model, ti, yi):
        return jnp.mean((yi - jax.vmap(model, in_axes=(None, 0))(ti, yi[:, 0])) ** 2)

    @eqx.filter_jit
    def make_step(ti, yi, model, state):
        loss, grads = grad_loss(model, ti, yi)
        updates, state = optim.update(grads, state)
        return loss, eqx.apply_updates(model, updates), state

    return make_step, ts, ys, model, optim.init(eqx.filter(model, eqx.is_inexact_array))


def main():
    make_step, ts, ys, model, state = made()
    out = []
    for k in range(100):
        length = 8 if k < 50 else 20
        loss, model, state = make_step(ts[:length], ys[:, :length], model, state)
        out.append(float(loss))
    return {"training": out}


def step():
    make_step, ts, ys, model, state = made()
    held = [model, state]

    def run():
        loss, *held[:] = make_step(ts, ys, *held)
        return loss.block_until_ready()

    return run
