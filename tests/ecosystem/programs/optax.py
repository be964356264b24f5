"""Optax: its quick start, every common optimizer, schedules, losses and wrappers, each for 50 steps."""

import jax
import jax.numpy as jnp
import numpy as np
import optax

TOLERANCE = {"": 5e-5, "polyak": 2e-3, "grad ctc": 1e-3}


def problem():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(64, 8)).astype(np.float32)
    return jnp.array(x), jnp.array(np.tanh(x @ rng.normal(size=(8, 1)).astype(np.float32)))


def start(width=16):
    rng = np.random.default_rng(1)
    draw = lambda *shape: jnp.array(rng.normal(size=shape).astype(np.float32) / np.sqrt(shape[0]))
    return {"first": {"w": draw(8, width), "b": jnp.zeros(width)}, "second": {"w": draw(width, 1), "b": jnp.zeros(1)}}


def loss_of(params, x, y):
    hidden = jax.nn.relu(x @ params["first"]["w"] + params["first"]["b"])
    return jnp.mean(optax.l2_loss(hidden @ params["second"]["w"] + params["second"]["b"], y))


def trained(optimizer, steps=50, extra=False):
    """The losses of steps of an optimizer."""
    x, y = problem()
    params = start()
    state = optimizer.init(params)

    @jax.jit
    def step(params, state):
        loss, grads = jax.value_and_grad(loss_of)(params, x, y)
        more = {"value": loss, "grad": grads, "value_fn": lambda p: loss_of(p, x, y)} if extra else {}
        updates, state = optimizer.update(grads, state, params, **more)
        return optax.apply_updates(params, updates), state, loss

    losses = []
    for _ in range(steps):
        params, state, loss = step(params, state)
        losses.append(float(loss))
    return losses


def quick_start():
    """The README's: fit a line with Adam, at first without jit."""
    optimizer = optax.adam(0.1)
    params = {"w": jnp.ones((2,))}
    state = optimizer.init(params)
    data, target = jnp.array([1.0, 2.0]), jnp.array(0.5)
    loss = lambda params: optax.l2_loss(params["w"].dot(data), target)
    out = []
    for _ in range(20):
        grads = jax.grad(loss)(params)
        updates, state = optimizer.update(grads, state)
        params = optax.apply_updates(params, updates)
        out += [float(v) for v in params["w"]]
    return {"quick_start": out}


def optimizers():
    made = {
        "sgd": optax.sgd(0.1, momentum=0.9, nesterov=True), "adam": optax.adam(1e-2), "adamw": optax.adamw(1e-2),
        "lamb": optax.lamb(1e-2), "lion": optax.lion(1e-3), "rmsprop": optax.rmsprop(1e-2, momentum=0.9),
        "adagrad": optax.adagrad(0.1), "adafactor": optax.adafactor(1e-2), "adabelief": optax.adabelief(1e-2),
        "yogi": optax.yogi(1e-2), "radam": optax.radam(1e-2), "nadam": optax.nadam(1e-2), "amsgrad": optax.amsgrad(1e-2),
        "lars": optax.lars(0.1), "novograd": optax.novograd(1e-2), "sm3": optax.sm3(0.1), "adadelta": optax.adadelta(1.0),
        "adamax": optax.adamax(1e-2), "fromage": optax.fromage(1e-2), "noisy_sgd": optax.noisy_sgd(1e-2, key=0),
        "rprop": optax.rprop(1e-3), "adan": optax.adan(1e-2), "optimistic": optax.optimistic_gradient_descent(0.05),
        "muon": optax.contrib.muon(1e-2), "prodigy": optax.contrib.prodigy(1.0), "dadapt": optax.contrib.dadapt_adamw(1.0),
        "schedule_free": optax.contrib.schedule_free_adamw(1e-2), "dog": optax.contrib.dog(1.0),
    }  # fmt: skip
    return {f"optimizer {name}": trained(o) for name, o in made.items()}


def with_values():
    """Optimizers that look at the loss: line searches, Polyak's step, reductions on plateaus."""
    plateau = optax.chain(
        optax.adam(1e-2), optax.contrib.reduce_on_plateau(patience=2, factor=0.5, accumulation_size=1)
    )
    return {
        "lbfgs": trained(optax.lbfgs(), 15, True),
        "backtracking": trained(optax.chain(optax.sgd(1.0), optax.scale_by_backtracking_linesearch(15)), 15, True),
        "polyak": trained(optax.polyak_sgd(1.0), 12, True),
        "plateau": trained(plateau, 50, True),
    }


def wrappers():
    masked = optax.masked(optax.add_decayed_weights(1e-2), {"first": {"w": True, "b": False}, "second": False})
    label = {"first": "fast", "second": "slow"}
    parts = optax.partition({"fast": optax.adam(1e-1), "slow": optax.sgd(1e-2)}, label)
    injected = optax.inject_hyperparams(optax.adam)(learning_rate=optax.linear_schedule(1e-2, 0.0, 40))
    return {
        "chain": trained(
            optax.chain(optax.clip_by_global_norm(0.1), masked, optax.scale_by_adam(), optax.scale(-1e-2))
        ),
        "partition": trained(parts),
        "injected": trained(injected),
        "multi_steps": trained(optax.MultiSteps(optax.adam(1e-2), every_k_schedule=4)),
        "lookahead_free": trained(optax.apply_if_finite(optax.adam(1e-2), 3)),
        "adaptive_clip": trained(optax.chain(optax.adaptive_grad_clip(0.05), optax.sgd(0.1))),
        "ema": trained(optax.chain(optax.sgd(0.1), optax.ema(0.9))),
        "frozen": trained(optax.chain(optax.sgd(0.1), optax.transforms.freeze({"first": True, "second": False}))),
    }


def schedules():
    made = {
        "cosine": optax.cosine_decay_schedule(0.1, 40, alpha=0.01), "exponential": optax.exponential_decay(0.1, 10, 0.5),
        "warmup": optax.warmup_cosine_decay_schedule(0.0, 0.1, 10, 50), "polynomial": optax.polynomial_schedule(1.0, 0.1, 2, 30),
        "piecewise": optax.piecewise_constant_schedule(1.0, {10: 0.5, 30: 0.1}), "onecycle": optax.cosine_onecycle_schedule(50, 1.0),
        "joined": optax.join_schedules([optax.linear_schedule(0.0, 1.0, 10), optax.constant_schedule(1.0)], [10]),
        "sgdr": optax.sgdr_schedule([{"init_value": 0.0, "peak_value": 1.0, "decay_steps": 20, "warmup_steps": 5}] * 2),
    }  # fmt: skip
    return {f"schedule {n}": [float(jax.jit(s)(i)) for i in range(50)] for n, s in made.items()}


def losses():
    rng = np.random.default_rng(2)
    logits, other = (jnp.array(rng.normal(size=(6, 5)).astype(np.float32)) for _ in range(2))
    labels = jnp.array(rng.integers(0, 5, 6))
    hot = jax.nn.one_hot(labels, 5)
    probabilities = jax.nn.softmax(other)
    made = {
        "softmax": lambda z: optax.softmax_cross_entropy(z, hot), "integer": lambda z: optax.softmax_cross_entropy_with_integer_labels(z, labels),
        "sigmoid": lambda z: optax.sigmoid_binary_cross_entropy(z, hot), "huber": lambda z: optax.huber_loss(z, other),
        "cosine": lambda z: optax.cosine_distance(z, other, epsilon=1e-6), "log_cosh": lambda z: optax.log_cosh(z, other),
        "hinge": lambda z: optax.hinge_loss(z, 2 * hot - 1), "kl": lambda z: optax.kl_divergence(jax.nn.log_softmax(z), probabilities),
        "focal": lambda z: optax.sigmoid_focal_loss(z, hot, alpha=0.25), "poly": lambda z: optax.losses.poly_loss_cross_entropy(z, hot),
        "smooth": lambda z: optax.softmax_cross_entropy(z, optax.smooth_labels(hot, 0.1)),
        "ctc": lambda z: optax.ctc_loss(jnp.stack([z, z]), jnp.zeros((2, 6)), jnp.array([[1, 2, 0], [3, 3, 1]]), jnp.array([[0, 0, 1], [0, 0, 0]])),
        "triplet": lambda z: optax.losses.triplet_margin_loss(z, other, other[::-1]), "squared": lambda z: optax.squared_error(z, other),
    }  # fmt: skip
    out = {}
    for name, f in made.items():
        out[f"loss {name}"] = np.ravel(f(logits)).tolist()
        out[f"grad {name}"] = np.ravel(jax.jit(jax.grad(lambda z: jnp.sum(f(z))))(logits)).tolist()  # noqa: B023
    return out


def projections():
    x = {"a": jnp.array([0.5, -2.0, 3.0]), "b": jnp.array([[1.0, 4.0], [-1.0, 0.2]])}
    flat = lambda tree: np.concatenate([np.ravel(v) for v in jax.tree.leaves(tree)]).tolist()
    found = {
        "simplex": optax.projections.projection_simplex(x, 1.0), "l1": optax.projections.projection_l1_ball(x, 2.0),
        "l2": optax.projections.projection_l2_ball(x, 2.0), "box": optax.projections.projection_box(x, jax.tree.map(lambda v: v - 0.5, x), jax.tree.map(jnp.ones_like, x)),
        "nonnegative": optax.projections.projection_non_negative(x), "linf": optax.projections.projection_linf_ball(x, 0.7),
    }  # fmt: skip
    out = {f"projection {n}": flat(v) for n, v in found.items()}
    out["tree"] = [float(optax.tree.norm(x)), float(optax.tree.vdot(x, x)), float(optax.global_norm(x))]
    out["tree"] += flat(optax.tree.add_scale(x, 0.5, x)) + flat(optax.tree.random_like(jax.random.key(0), x))
    return out


def perturbed():
    """Derivatives of a perturbed argmax, from the documentation."""
    argmax = lambda x: jax.nn.one_hot(jnp.argmax(x), x.shape[0])
    soft = optax.perturbations.make_perturbed_fun(argmax, num_samples=200, sigma=0.5)
    x = jnp.array([0.6, 0.5, 0.1])
    gradient = jax.grad(lambda x: jnp.sum(soft(jax.random.key(0), x) * jnp.arange(3.0)))(x)
    return {"perturbed": [*map(float, soft(jax.random.key(0), x)), *map(float, gradient)]}


def second_order():
    x, y = problem()
    params = {"w": jnp.ones((8, 1))}
    loss = lambda p, x, y: jnp.mean((x @ p["w"] - y) ** 2)
    v = jnp.arange(8.0)
    out = optax.second_order.hvp(loss, v, params, x, y), optax.second_order.hessian_diag(loss, params, x, y)
    return {"second_order": np.concatenate([np.ravel(o) for o in jax.tree.leaves(out)]).tolist()}


EXAMPLES = (
    quick_start, optimizers, with_values, wrappers, schedules, losses, projections, perturbed, second_order,
)  # fmt: skip


def main():
    return {k: v for example in EXAMPLES for k, v in example().items()}


def step():
    x, y = problem()
    optimizer = optax.chain(optax.clip_by_global_norm(1.0), optax.adamw(1e-3))
    kept = {"params": start(), "state": optimizer.init(start())}

    @jax.jit
    def update(params, state):
        loss, grads = jax.value_and_grad(loss_of)(params, x, y)
        updates, state = optimizer.update(grads, state, params)
        return optax.apply_updates(params, updates), state, loss

    def once():
        kept["params"], kept["state"], loss = update(kept["params"], kept["state"])
        return loss.block_until_ready()

    return once
