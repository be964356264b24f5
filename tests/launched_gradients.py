"""What each of the processes of `test_xla_processes.py` runs: gradients over all of them against native ones of its own."""

import jax
import numpy as np
from scaling_examples import mixture, stencil, transformer

import wengert as w
from wengert import sharding

mesh = jax.make_mesh((2, 2), ("data", "model"))
rows = jax.make_mesh((4,), ("rows",))


def cut(mesh, *spec):
    return jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec(*spec))


def agree(name, got, want):
    for a, b in zip(w.tree_util.tree_leaves(sharding.whole(got)), w.tree_util.tree_leaves(want), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-11, atol=1e-13, err_msg=name)
    print(name, "agrees", flush=True)


params, tokens = transformer.parameters(layers=2), transformer.batch(0)
f = w.jit(w.value_and_grad(transformer.parallel_loss(mesh)), backend="xla")
places = w.tree.map(lambda s: cut(mesh, *s), transformer.SPECS)
agree(
    "transformer",
    f(sharding.place(params, places), sharding.place(tokens, cut(mesh, "data"))),
    w.jit(w.value_and_grad(transformer.loss))(params, tokens),
)

u, conductivity, measured = fields = stencil.fields(rows=16, columns=8)
f = w.jit(w.grad(stencil.misfit(stencil.parallel_simulate(rows, 5)), (0, 1)), backend="xla")
mine = slice(4 * jax.process_index(), 4 * jax.process_index() + 4)  # what this process holds
parts = [sharding.from_parts(x[mine], cut(rows, "rows")) for x in (conductivity, u, measured)]
whole = w.grad(stencil.misfit(lambda u, c: stencil.simulate(u, c, 5)), (0, 1))
agree("stencil", f(*parts), whole(conductivity, u, measured))

params, x = mixture.problem()
f = w.jit(w.value_and_grad(mixture.negative_likelihood), backend="xla", in_shardings=(cut(rows), cut(rows, "rows")))
agree("mixture", f(params, x), w.value_and_grad(mixture.negative_likelihood)(params, x))
