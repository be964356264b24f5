"""Jaxley: a cell and a small network simulated, gradients by channel parameters, 50 steps of training a conductance."""

import jax
import jax.numpy as jnp
import jaxley as jx
import numpy as np
from jaxley.channels import HH, Leak
from jaxley.connect import connect
from jaxley.synapses import IonotropicSynapse

X64 = True
TOLERANCE = {"": 1e-6}


def flat(tree):
    return np.concatenate(
        [np.ravel(np.asarray(x, np.float64)) for x in jax.tree.leaves(tree)] or [np.zeros(0)]
    ).tolist()


def cell():
    comp = jx.Compartment()
    branch = jx.Branch(comp, ncomp=2)
    cell = jx.Cell(branch, parents=[-1, 0, 0])
    cell.insert(HH())
    return cell


def simulation():
    c = cell()
    current = jx.step_current(i_delay=1.0, i_dur=1.0, i_amp=0.1, delta_t=0.025, t_max=5.0)
    c.branch(0).loc(0.0).stimulate(current)
    c.branch(1).loc(0.0).record("v")
    c.branch(0).loc(0.0).record("v")
    out = {}
    for solver in ("jaxley.dhs", "jaxley.stone", "jaxley.thomas"):
        try:
            v = jx.integrate(c, delta_t=0.025, voltage_solver=solver)
        except Exception:
            continue
        out[f"voltage_{solver}"] = flat(v[:, ::10])
    out["voltage"] = flat(jx.integrate(c, delta_t=0.025)[:, ::10])
    return out


def training():
    c = cell()
    c.branch(0).loc(0.0).stimulate(jx.step_current(i_delay=0.5, i_dur=1.0, i_amp=0.2, delta_t=0.05, t_max=2.0))
    c.branch(2).loc(0.0).record("v")
    c.make_trainable("HH_gNa")
    c.make_trainable("radius")
    params = c.get_parameters()

    def simulate(params):
        return jx.integrate(c, params=params, delta_t=0.05)

    @jax.jit
    def step(params):
        value, grad = jax.value_and_grad(lambda p: jnp.mean((simulate(p)[0] + 40.0) ** 2) / 100)(params)
        return jax.tree.map(lambda p, g: p - 1e-4 * g / (1e-3 + jnp.abs(g)), params, grad), value

    out = []
    for _ in range(50):
        params, value = step(params)
        out.append(float(value))
    return {"training": out}


def network():
    comp = jx.Compartment()
    one = jx.Cell(jx.Branch(comp, ncomp=1), parents=[-1])
    net = jx.Network([one for _ in range(3)])
    net.insert(HH())
    net.insert(Leak())
    connect(net.cell(0).branch(0).loc(0.5), net.cell(1).branch(0).loc(0.5), IonotropicSynapse())
    connect(net.cell(1).branch(0).loc(0.5), net.cell(2).branch(0).loc(0.5), IonotropicSynapse())
    net.set("IonotropicSynapse_gS", 1e-3)
    net.cell(0).branch(0).loc(0.5).stimulate(
        jx.step_current(i_delay=0.5, i_dur=1.0, i_amp=0.2, delta_t=0.05, t_max=3.0)
    )
    net.cell([0, 1, 2]).branch(0).loc(0.5).record("v")
    return {"network": flat(jx.integrate(net, delta_t=0.05)[:, ::10])}


def main():
    out = {}
    for f in (simulation, training, network):
        out |= f()
    return out


def step():
    c = cell()
    c.branch(0).loc(0.0).stimulate(jx.step_current(i_delay=0.5, i_dur=1.0, i_amp=0.2, delta_t=0.05, t_max=2.0))
    c.branch(2).loc(0.0).record("v")
    c.make_trainable("HH_gNa")
    params = c.get_parameters()
    run = jax.jit(jax.value_and_grad(lambda p: jnp.mean(jx.integrate(c, params=p, delta_t=0.05) ** 2)))
    return lambda: jax.block_until_ready(run(params))
