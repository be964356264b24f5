"""Train the transformer over all devices, of one process or of several; go on from the last saved state.

    wengert launch -n 4 examples/scaling/train.py -- --model 2 --folder /tmp/states
    wengert launch -n 4 examples/scaling/train.py -- --pipeline --folder /tmp/states

Run again with more ``--steps`` it goes on where it was, and gives the numbers that it had given without a stop, on as many processes as
it likes.
"""

import argparse
import os
import signal

import jax
import transformer

import wengert
from wengert import sharding, states
from wengert.sharding import P

options = argparse.ArgumentParser()
options.add_argument("--steps", type=int, default=20)
options.add_argument(
    "--model", type=int, default=1, help="places along which layers are cut"
)
options.add_argument(
    "--pipeline", action="store_true", help="cut the layers along stages instead"
)
options.add_argument("--layers", type=int, default=transformer.LAYERS)
options.add_argument("--folder", default=None, help="where states are saved")
options.add_argument("--every", type=int, default=5, help="steps between states")
options.add_argument(
    "--die",
    default=None,
    help="for tests: process:step, at which a process kills itself, once",
)
options = options.parse_args()

places, second = jax.device_count(), "stage" if options.pipeline else "model"
mesh = jax.make_mesh((places // options.model, options.model), ("data", second))
if options.pipeline:
    loss = transformer.pipelined_loss(mesh, parts=2)
    cuts = {**{name: P() for name in transformer.SPECS}, "layers": P("stage")}
else:
    loss, cuts = transformer.parallel_loss(mesh), transformer.SPECS


def on_mesh(spec):
    return jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec(*spec))


of_params = wengert.tree.map(on_mesh, cuts)
lies = {"params": of_params, "moments": (of_params, of_params), "number": on_mesh(P())}
step = wengert.jit(
    transformer.train_step(loss, transformer.adam()), backend="xla", in_shardings=(lies, on_mesh(P("data"))),
    out_shardings=(lies, on_mesh(P())), donate_argnums=0,
)  # fmt: skip

state = sharding.place(
    transformer.begin(transformer.parameters(layers=options.layers)), lies
)
saved = states.latest(options.folder) if options.folder else None
if saved is not None:
    state = states.restore(options.folder, state)
    print(f"goes on from step {saved}")
for number in range(int(state["number"]), options.steps):
    if saved is None and options.die == f"{jax.process_index()}:{number}":
        os.kill(os.getpid(), signal.SIGKILL)
    tokens = transformer.batch(number)
    state, value = step(state, sharding.place(tokens, on_mesh(P("data"))))
    print(f"step {number}: loss {float(value):.15g}")
    if options.folder and (number + 1) % options.every == 0:
        states.save(options.folder, state, number + 1, keep=2)
