# A tour of Wengert, as text: the source of tour.ipynb. Every `# %%` line opens a cell and names it;
# `python examples/build.py` writes the notebook anew, and a test holds the two together.

# %% [markdown] title
# # A tour of Wengert
#
# In 1964 R. E. Wengert noticed that a program which computes a number can also be asked how that number would change
# if its inputs did. A program is a long list of small steps; the derivative of each step is known; the chain rule
# joins them. That is all, and it is enough to differentiate nearly anything you can write.
#
# Wengert, the library, does this for ordinary NumPy code. You write a function of arrays. You get its gradient, its
# Jacobian, its curvature, its batched and its compiled form, in any combination.
#
# This page is a notebook that has just run. Wherever it makes a claim about numbers, the cell below the claim
# **asserts** it, mostly against a formula that you could derive with a pencil. Were one of them wrong, there would be
# no page.

# %% imports
import json
import time
from collections import namedtuple
from functools import partial
from itertools import product
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import wengert
import wengert.numpy as wnp
from numpy.testing import assert_allclose
from wengert import (
    custom_jvp,
    custom_vjp,
    grad,
    hessian,
    hvp,
    jacfwd,
    jacrev,
    jit,
    jvp,
    random,
    stop_gradient,
    vjp,
    vmap,
)

plt.rc("figure", figsize=(7.2, 3.6), dpi=110)
plt.rc("axes", grid=True)
plt.rc("axes.spines", top=False, right=False)
plt.rc("grid", alpha=0.25)
plt.rc("lines", linewidth=2)
plt.rc("legend", frameon=False)

# %% [markdown] gradients
# ## Gradients
#
# `grad` takes a function and returns a function: the derivative. It is computed, not approximated; there is no step
# size to choose and nothing is lost but the last digit of rounding.

# %% first-gradient
slope = grad(wnp.sin)

print(slope(0.5))
assert_allclose(slope(0.5), np.cos(0.5))

# %% [markdown] gradient-shape
# For a function of an array, the gradient has the array's shape: one partial derivative for each entry, which says
# how fast the result grows when that entry does. Take $f(X) = \sum_{ij} X_{ij}^2$, whose gradient is $2X$.

# %% gradient-of-an-array
X = np.array([[1.0, 2.0], [3.0, 4.0]])

print(grad(lambda X: wnp.sum(X**2))(X))
assert_allclose(grad(lambda X: wnp.sum(X**2))(X), 2 * X)

# %% [markdown] numpy-in-numpy-out
# What came out is an `np.ndarray`, as what went in was. There is no array type to convert to and from, so results go
# straight into SciPy, pandas or a plot. NumPy's own functions may be used inside, too: `np.tanh` here does the same as
# `wnp.tanh`.

# %% plain-numpy
f = lambda x: np.sum(np.tanh(x) ** 2)
x = np.array([0.1, 0.2, 0.3])

assert type(grad(f)(x)) is np.ndarray
assert_allclose(grad(f)(x), 2 * np.tanh(x) * (1 - np.tanh(x) ** 2))

# %% [markdown] arguments
# `argnums` chooses the argument, or several. `value_and_grad` returns the value as well, since it had to be computed
# anyway; `has_aux` lets the function hand out something more than the number that is differentiated.


# %% argnums
def volume(radius, height):
    return wnp.pi * radius**2 * height


d_radius, d_height = grad(volume, argnums=(0, 1))(2.0, 5.0)
assert_allclose([d_radius, d_height], [2 * np.pi * 2 * 5, np.pi * 2**2])


def loss_and_residual(x):
    residual = x - 1.0
    return wnp.sum(residual**2), residual


(loss, residual), gradient = wengert.value_and_grad(loss_and_residual, has_aux=True)(x)
assert_allclose(gradient, 2 * residual)
print(f"loss {loss:.3f}, gradient {gradient}")

# %% [markdown] python-inside
# ### Any Python in between
#
# A gradient is taken while your function runs, so whatever Python does on the way is allowed: branches, loops,
# closures, recursion, even exceptions. The derivative is that of the path which was taken.


# %% control-flow
def f(x):
    try:
        if x < 3.0:
            return 2 * x**3
        raise ValueError("too large")
    except ValueError:
        return wnp.pi * x


assert_allclose(grad(f)(-1.0), 6.0)
assert_allclose(grad(f)(4.0), np.pi)


def power(n):
    """A function that multiplies its argument n times: a closure with a loop in it."""

    def multiply(x):
        result = 1.0
        for _ in range(n):
            result = result * x
        return result

    return multiply


assert_allclose(grad(power(5))(2.0), 5 * 2.0**4)

# %% [markdown] pytrees
# ### Parameters come in trees
#
# Real models do not keep their parameters in one vector. A *pytree* is any nest of dicts, lists, tuples, named tuples
# and dataclasses with arrays at its leaves; every transformation takes and returns them. Here is logistic regression,
# which says with what probability a row of `inputs` belongs to the class "true":
#
# $$p = \sigma(\mathrm{inputs}\, W + b), \qquad \sigma(z) = \tfrac12\left(\tanh\tfrac z2 + 1\right).$$

# %% logistic-regression
inputs = np.array(
    [[0.52, 1.12, 0.77], [0.88, -1.08, 0.15], [0.52, 0.06, -1.30], [0.74, -2.49, 1.39]]
)
targets = np.array([True, True, False, True])
params = {"W": np.array([0.3, -0.2, 0.9]), "b": 0.1}


def sigmoid(z):
    return 0.5 * (wnp.tanh(z / 2) + 1)


def predict(params, inputs):
    return sigmoid(inputs @ params["W"] + params["b"])


def negative_log_likelihood(params):
    p = predict(params, inputs)
    return -wnp.sum(wnp.log(wnp.where(targets, p, 1 - p)))


gradient = grad(negative_log_likelihood)(params)
print(gradient)

# The textbook's answer: residuals, carried back through the inputs.
residual = predict(params, inputs) - targets
assert_allclose(gradient["W"], inputs.T @ residual)
assert_allclose(gradient["b"], residual.sum())

# %% [markdown] descent
# Descent on a tree is a map over its leaves.

# %% descend
losses = []
for _ in range(200):
    value, gradient = wengert.value_and_grad(negative_log_likelihood)(params)
    params = wengert.tree.map(lambda p, g: p - 0.3 * g, params, gradient)
    losses.append(value)

print(
    f"loss {losses[0]:.3f} -> {losses[-1]:.3f}; probabilities {predict(params, inputs).round(2)}"
)
assert losses[-1] < 0.1 * losses[0]
assert np.array_equal(predict(params, inputs) > 0.5, targets)

# %% [markdown] unmodified
# ## Your NumPy function, unmodified
#
# So far the functions were written with `wengert.numpy`. They need not be. Here is one that knows nothing of this
# library: it imports `numpy` alone, and writes into an array of its own at every step. It prices an American put option on a binomial tree.


# %% american-put
def american_put(parameters, strike=100.0, years=1.0, steps=40):
    spot, volatility, rate = parameters
    dt = years / steps
    up = np.exp(volatility * np.sqrt(dt))
    p = (np.exp(rate * dt) - 1 / up) / (up - 1 / up)
    prices = spot * up ** np.arange(-steps, steps + 1.0, 2.0)
    value = np.maximum(strike - prices, 0.0)
    for step in range(steps - 1, -1, -1):
        value = np.exp(-rate * dt) * (p * value[1:] + (1 - p) * value[:-1])
        exercise = strike - spot * up ** np.arange(-step, step + 1.0, 2.0)
        value[:] = np.maximum(value, exercise)
    return value[0]


market = np.array([95.0, 0.25, 0.03])
greeks = grad(american_put)(market)
print(f"price {american_put(market):.3f}; delta, vega, rho: {greeks.round(3)}")

step = 1e-5
for k, unit in enumerate(np.eye(3)):
    difference = (
        american_put(market + step * unit) - american_put(market - step * unit)
    ) / (2 * step)
    assert_allclose(greeks[k], difference, rtol=1e-5)

# %% [markdown] unmodified-everything
# The same function compiles, and one call prices it for many markets at once. Your array is never changed: the
# function is given one of its own. What is written into a view shows in the array it views, as in NumPy.

# %% american-puts
assert_allclose(wengert.jit(grad(american_put))(market), greeks, rtol=1e-9)

markets = market + np.outer(np.linspace(-10, 10, 5), [1.0, 0.0, 0.0])
assert_allclose(vmap(american_put)(markets), [american_put(m) for m in markets])


def mirrored(x):
    y = np.zeros_like(x)
    tail = y[::-1]
    tail[:] = x**2
    return y


print(wengert.jacfwd(mirrored)(np.array([1.0, 2.0, 3.0])))

# %% [markdown] unmodified-limits
# A plain array may be written into, too: after `y = np.zeros(3)` the line `y[0] = x[0]` makes it stand for a value under
# differentiation, for as long as the function runs. The page `docs/numpy.md` lists what works and what does not.


# %% unmodified-plain
def placed(x):
    y = np.zeros(3)
    y[0] = x[0]
    return y


assert_allclose(wengert.jacfwd(placed)(np.ones(2)), [[1, 0], [0, 0], [0, 0]])

# %% [markdown] stopping
# ## Stopping a gradient
#
# Sometimes the mathematics says *do not differentiate this*. In temporal-difference learning, the value $v_\theta(s)$
# of a state is moved towards a target that the same parameters helped to compute:
#
# $$\Delta\theta = \bigl(r + v_\theta(s') - v_\theta(s)\bigr)\,\nabla_\theta v_\theta(s).$$
#
# This is *not* the gradient of any function of $\theta$, because the target also depends on $\theta$ and the rule
# leaves that out. `stop_gradient` says exactly so: its argument passes through, and counts as a constant.


# %% td-learning
def value_of(theta, state):
    return wnp.dot(theta, state)


def td_loss(theta, state, reward, next_state):
    target = stop_gradient(reward + value_of(theta, next_state))
    return -0.5 * (target - value_of(theta, state)) ** 2


theta = np.array([0.1, -0.1, 0.0])
state, reward, next_state = np.array([1.0, 2.0, -1.0]), 1.0, np.array([2.0, 1.0, 0.0])

update = grad(td_loss)(theta, state, reward, next_state)
error = reward + theta @ next_state - theta @ state
assert_allclose(update, error * state)
print(update)

# %% [markdown] straight-through
# ### Straight through a step
#
# Rounding is flat nearly everywhere, so its derivative is zero and a gradient method learns nothing through it. The
# *straight-through estimator* rounds on the way forward and pretends on the way back that it had not. No new rule is
# needed: `x - stop_gradient(x)` is exactly zero in value, and has slope one.


# %% straight-through-estimator
def straight_through_round(x):
    zero = x - stop_gradient(x)
    return zero + stop_gradient(wnp.round(x))


assert straight_through_round(3.2) == 3.0
assert grad(wnp.round)(3.2) == 0.0
assert grad(straight_through_round)(3.2) == 1.0

xs = np.linspace(-2, 2, 401)
fig, (left, right) = plt.subplots(1, 2, sharex=True)
left.plot(xs, wnp.round(xs), label="round(x)")
left.plot(xs, xs, "--", color="gray", lw=1, label="what its slope pretends")
right.plot(xs, vmap(grad(wnp.round))(xs), label="slope of round")
right.plot(xs, vmap(grad(straight_through_round))(xs), label="slope, straight through")
right.set_ylim(-0.2, 1.4)
for axes in (left, right):
    axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0))
plt.show()

# %% [markdown] per-example
# ## One gradient for each example
#
# A loss over a batch is a sum, and its gradient is the sum of the examples' gradients. Often one wants them apart: to
# clip each one for privacy, to weigh examples by importance, to see which one hurts. `vmap` turns a function of one
# example into a function of a batch. It does not loop; it pushes the batch axis down into every NumPy call.
#
# `in_axes` says which axis of each argument is the batch, `None` meaning that it is shared.

# %% per-example-gradients
example_gradients = vmap(grad(td_loss), in_axes=(None, 0, 0, 0))

rng = np.random.default_rng(0)
states, rewards, next_states = (
    rng.normal(size=(500, 3)),
    rng.normal(size=500),
    rng.normal(size=(500, 3)),
)
apart = example_gradients(theta, states, rewards, next_states)
loop = [
    grad(td_loss)(theta, *example)
    for example in zip(states, rewards, next_states, strict=True)
]

print("shape:", apart.shape)
assert_allclose(apart, np.stack(loop))
assert_allclose(jit(example_gradients)(theta, states, rewards, next_states), apart)


# %% per-example-timing
def seconds(f, repeats=5):
    """The least time of several calls: the one that the rest of the machine disturbed least."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        f()
        times.append(time.perf_counter() - start)
    return min(times)


batched = seconds(lambda: example_gradients(theta, states, rewards, next_states))
looped = seconds(
    lambda: [
        grad(td_loss)(theta, *e) for e in zip(states, rewards, next_states, strict=True)
    ],
    2,
)
print(f"500 gradients: {1e3 * looped:.1f} ms in a loop, {1e3 * batched:.2f} ms by vmap")
assert batched < looped

# %% [markdown] two-modes
# ## Two ways through the chain rule
#
# Let $f : \mathbb R^n \to \mathbb R^m$ have the Jacobian $J$, an $m \times n$ matrix of partial derivatives. A program
# is a composition of steps, so $J = J_k \cdots J_2 J_1$. Nobody wants that matrix; one wants its products with vectors,
# and a product can be taken from either end.
#
# * **Forward mode**, `jvp`: from the right, $J v$. A *tangent* $v$, a small change of the input, is pushed along with
#   the computation. One pass gives the derivative of every output along one direction.
# * **Reverse mode**, `vjp`: from the left, $u^\top J$. A *cotangent* $u$, a weight on each output, is pulled back
#   through the steps in reverse order. One pass gives the derivative of one weighted output along every direction.
#   `grad` is this, with $u = 1$.

# %% jvp-and-vjp
W, b = params["W"], params["b"]
f = lambda W: predict({"W": W, "b": b}, inputs)
J = jacfwd(f)(W)

v = np.array([1.0, 0.5, -2.0])
y, Jv = jvp(f, (W,), (v,))
assert_allclose(y, f(W))
assert_allclose(Jv, J @ v)

u = np.array([1.0, 0.0, 0.0, 0.0])
y, pullback = vjp(f, W)
(uJ,) = pullback(u)
assert_allclose(uJ, u @ J)

# However the product u J v is bracketed, it is one number.
assert_allclose(u @ Jv, uJ @ v)
print("J v  =", Jv)
print("u' J =", uJ)

# %% [markdown] linearize
# `linearize` runs the function once and keeps its derivative as a linear function, to be applied to as many tangents as
# you like. Reverse mode in this library is nothing else than that linear function, transposed: there is one rule for
# each operation, not two that might disagree.

# %% linearize-and-transpose
y, pushforward = wengert.linearize(f, W)
assert_allclose(pushforward(v), Jv)

(transposed,) = wengert.linear_transpose(pushforward, W)(u)
assert_allclose(transposed, uJ)

# %% [markdown] elementwise-derivative
# ### The derivative of an elementwise function
#
# `grad` wants one number at the end. If a function acts on each element alone, its Jacobian is diagonal, and pulling
# back a vector of ones reads off the diagonal in one pass. Mapping the scalar derivative over the elements, or
# differentiating the sum, comes to the same. The first keeps any shape, and the function as you wrote it.

# %% vector-valued-gradient
f = lambda x: 3 * x**2

y, pullback = vjp(f, X)
by_pullback = pullback(np.ones_like(y))[0]
by_map = vmap(grad(f))(X.reshape(-1)).reshape(X.shape)
by_sum = grad(lambda X: wnp.sum(f(X)))(X)

for derivative in (by_pullback, by_map, by_sum):
    assert_allclose(derivative, 6 * X)

# %% [markdown] jit-pullback
# A pullback is a function like any other. It can be mapped, or staged by `jit`, even if the function it came from
# branched on its input: which branch was taken is settled by then.


# %% jit-a-pullback
def branching(x):
    return 2 * x**3 if x < 3.0 else wnp.pi * x


y, pullback = vjp(branching, -1.0)
assert_allclose(jit(pullback)(1.0), (6.0,))

# %% [markdown] jacobians
# ## Jacobians
#
# To see the whole matrix, send in the whole basis. `jacfwd` pushes the $n$ unit vectors of the input forward and gets a
# column from each: best for a tall matrix, of many outputs and few inputs. `jacrev` pulls back the $m$ unit vectors of
# the output and gets a row from each: best for a wide one.

# %% jacobian-both-ways
f = lambda W: predict({"W": W, "b": b}, inputs)
p = f(W)

print("shape:", jacfwd(f)(W).shape)
assert_allclose(jacfwd(f)(W), (p * (1 - p))[:, None] * inputs)
assert_allclose(jacrev(f)(W), jacfwd(f)(W))

# %% [markdown] jacobian-of-trees
# For a pytree there is a block for each leaf, under the leaf's name.

# %% jacobian-of-a-pytree
for jacobian in (jacfwd, jacrev):
    J = jacobian(predict)(params, inputs)
    assert_allclose(J["W"], (p * (1 - p))[:, None] * inputs)
    assert_allclose(J["b"], p * (1 - p))
print({name: block.shape for name, block in J.items()})

# %% [markdown] make-your-own
# ### Make your own
#
# There is no magic in the two of them. A Jacobian is `vmap` of a `jvp` or of a pullback over a basis, and that is four
# lines.


# %% own-jacobians
def our_jacrev(f):
    def jacobian(x):
        y, pullback = vjp(f, x)
        (rows,) = vmap(pullback)(np.eye(len(y)))
        return rows

    return jacobian


def our_jacfwd(f):
    def jacobian(x):
        push = lambda tangent: jvp(f, (x,), (tangent,))[1]
        return vmap(push, out_axes=1)(np.eye(len(x)))

    return jacobian


assert_allclose(our_jacrev(f)(W), jacrev(f)(W))
assert_allclose(our_jacfwd(f)(W), jacfwd(f)(W))

# %% [markdown] matrix-products
# The same pattern multiplies the Jacobian by any matrix $M$, all its rows at once. A loop over the rows does the same
# arithmetic as many small products, and pays Python's price for every one.

# %% matrix-jacobian-products
M = rng.normal(size=(128, 4))
y, pullback = vjp(f, W)

loop = lambda: np.vstack([pullback(row)[0] for row in M])
mapped = lambda: vmap(pullback)(M)[0]

assert_allclose(mapped(), loop())
assert_allclose(mapped(), M @ jacrev(f)(W))
print(
    f"128 rows: {1e6 * seconds(loop):.0f} us in a loop, {1e6 * seconds(mapped):.0f} us by vmap"
)

V = rng.normal(size=(128, 3))
_, forward = vmap(jvp, in_axes=(None, None, 0))(f, (W,), (V,))
assert_allclose(forward, V @ jacfwd(f)(W).T)

# %% [markdown] products
# A word on NumPy's many products, since Jacobians are multiplied by all of them. For two vectors, `dot`, `inner`,
# `vdot`, `matmul` and `@` are the same number. For matrices `dot` and `@` agree. With more axes they part: `@` takes the
# leading axes as a batch, `dot` pairs all with all, and `tensordot` sums over as many axes as you name. All of them are
# differentiable; $\langle H, V\rangle$ = `tensordot(H, V, 2)` is the one that contracts a Hessian of matrices below.

# %% products-of-arrays
a, c = np.array([1.0, 2.0, 3.0]), np.array([4.0, 5.0, 6.0])
for multiply in (wnp.dot, wnp.inner, wnp.vdot, wnp.matmul):
    assert multiply(a, c) == 32.0
    assert_allclose(grad(multiply)(a, c), c)

A, B = rng.normal(size=(2, 3, 4)), rng.normal(size=(2, 4, 5))
assert (A @ B).shape == (2, 3, 5)
assert wnp.dot(A, B).shape == (2, 3, 2, 5)
assert wnp.tensordot(A, B, axes=([0, 2], [0, 1])).shape == (3, 5)

# %% [markdown] curvature
# ## Curvature, without the matrix
#
# The Hessian $H$ of a function of $n$ numbers has $n^2$ entries. For a model of a million parameters that is a million
# million, so nobody forms it. But Newton's method, conjugate gradients and the study of a loss surface need only
# products $Hv$, and these cost about as much as two or three gradients. The reason is that
#
# $$H v = \frac{\partial}{\partial x}\left(\nabla f(x) \cdot v\right)
#       = \left.\frac{d}{dt}\right|_{t=0} \nabla f(x + t v),$$
#
# a directional derivative of a gradient. There are three ways to compute it, depending on which mode goes inside.


# %% hvp-three-ways
def forward_over_reverse(f, x, v):
    return jvp(grad(f), (x,), (v,))[1]


def reverse_over_forward(f, x, v):
    return grad(lambda x: jvp(f, (x,), (v,))[1])(x)


def reverse_over_reverse(f, x, v):
    return grad(lambda x: wnp.vdot(grad(f)(x), v))(x)


def whole_hessian(f, x, v):
    return wnp.tensordot(hessian(f)(x), v, x.ndim)


ways = [forward_over_reverse, reverse_over_forward, reverse_over_reverse, whole_hessian]

# %% [markdown] hvp-check
# For $f(X) = \sum \tanh(X)^2$ we can do it by hand. With $t = \tanh x$, the second derivative of $t^2$ is
# $2(1-t^2)(1-3t^2)$, and nothing couples different entries.

# %% hvp-closed-form
f = lambda X: wnp.sum(wnp.tanh(X) ** 2)
X, V = rng.normal(size=(6, 5)), rng.normal(size=(6, 5))
t = np.tanh(X)

for way in ways:
    assert_allclose(
        way(f, X, V), 2 * (1 - t**2) * (1 - 3 * t**2) * V, rtol=1e-10, atol=1e-14
    )
assert_allclose(hvp(f, (X,), (V,)), forward_over_reverse(f, X, V))
assert hessian(f)(X).shape == (6, 5, 6, 5)

# %% [markdown] hvp-picture
# Now watch the time as the input grows. The three products rise together with the gradient; the matrix rises with the
# square.

# %% hvp-timings
sizes = [10, 30, 100, 300, 1000, 3000, 10000]
times = {way.__name__: [] for way in ways}
gradient_times = []
for n in sizes:
    x, v = rng.normal(size=n), rng.normal(size=n)
    gradient_times.append(seconds(lambda: grad(f)(x), 10))
    for way in ways:
        if way is not whole_hessian or n <= 1000:
            times[way.__name__].append(
                seconds(lambda: way(f, x, v), 3 if way is whole_hessian else 10)
            )

for name, measured in times.items():
    plt.loglog(
        sizes[: len(measured)],
        1e6 * np.array(measured),
        "o-",
        ms=4,
        label=name.replace("_", " "),
    )
plt.loglog(
    sizes, 1e6 * np.array(gradient_times), "--", color="gray", label="gradient alone"
)
plt.xlabel("number of inputs"), plt.ylabel("microseconds")
plt.title("A Hessian times a vector")
plt.legend(loc="upper left")
plt.show()

assert times["whole_hessian"][4] > 10 * times["forward_over_reverse"][4]  # at 1000 inputs

# %% [markdown] nesting
# ## As deep as you like
#
# A derivative is a function, so it has a derivative. Each level knows only its own tangents, and any mode may go inside
# any other. Here are the first four derivatives of $\tanh$, drawn through `vmap`. Every one of them is a polynomial in
# $t = \tanh x$; the fourth is $(1 - t^2)(16t - 24t^3)$.

# %% four-derivatives
xs = np.linspace(-3, 3, 301)
derivative = wnp.tanh
for order in range(5):
    plt.plot(
        xs,
        vmap(derivative)(xs),
        label=["tanh", "first", "second", "third", "fourth"][order],
    )
    derivative = grad(derivative)
plt.legend()
plt.title("tanh and its derivatives")
plt.show()

# %% [markdown] eighty-one
# Forward mode, reverse mode and a pullback by hand give three derivatives; four levels of them give
# $3^4 = 81$ ways to differentiate four times. They had better agree.

# %% fourth-order-every-way
forward = lambda f: lambda x: jvp(f, (x,), (1.0,))[1]
pulled = lambda f: lambda x: vjp(f, x)[1](1.0)[0]

t = np.tanh(0.7)
expected = (1 - t**2) * (16 * t - 24 * t**3)
for route in product([grad, forward, pulled], repeat=4):
    f = wnp.tanh
    for derivative in route:
        f = derivative(f)
    assert_allclose(f(0.7), expected, rtol=1e-12)
print("81 routes, one number:", expected)

# %% [markdown] orders
# ## Every order in one pass
#
# Each `grad` around a `grad` doubles the work. For all derivatives along a line there is a shorter way: carry the
# coefficients of a power series instead of one tangent. `taylor` gives the coefficients, `derivative` one of the
# derivatives, `jet` those along any curve. The price grows with the square of the order, and loops, solves and your own
# rules are carried along.


# %% taylor-of-a-pendulum
def pendulum_energy(angle):
    return 1 - np.cos(angle)


coefficients = wengert.taylor(pendulum_energy, 0.0, 12)
assert_allclose(coefficients[:5], [0, 0, 1 / 2, 0, -1 / 24], atol=1e-16)
assert_allclose(wengert.derivative(np.tanh, 4)(0.7), expected, rtol=1e-12)  # the 81 routes

angles = np.linspace(-5, 5, 300)
plt.plot(angles, pendulum_energy(angles), color="black", label="the energy")
for order in (2, 4, 8, 12):
    series = np.polynomial.Polynomial(coefficients[: order + 1])
    plt.plot(angles, series(angles), lw=1, label=f"to order {order}")
plt.ylim(-1, 4)
plt.legend()
plt.title("A pendulum's energy and its Taylor polynomials")
plt.show()

# %% [markdown] laplacian-chapter
# ### A Laplacian, without the Hessian
#
# Schroedinger's equation has the sum of all second derivatives, $\Delta\psi = \sum_i \partial^2\psi/\partial x_i^2$.
# `laplacian` carries the first derivatives and only the sum of the second ones, in one pass. Below, a guess at helium's two
# electrons: each near the nucleus, and away from each other. If the guess were exact, the local energy
# $H\psi/\psi$ would be the same everywhere; how far it spreads says how good the guess is.


# %% helium
def log_psi(repulsion, r):
    apart = np.linalg.norm(r[0] - r[1])
    near = -2 * (np.linalg.norm(r[0]) + np.linalg.norm(r[1]))
    return near + repulsion * apart / (1 + 0.35 * apart)


def local_energy(repulsion, r):
    slope = grad(log_psi, argnums=1)(repulsion, r)
    curved = wengert.laplacian(log_psi, argnums=1)(repulsion, r)
    nucleus, electrons = np.linalg.norm(r, axis=1), np.linalg.norm(r[0] - r[1])
    return -(curved + np.sum(slope**2)) / 2 - np.sum(2 / nucleus) + 1 / electrons


def walked(repulsion, r, key):
    """A random walk that stands where the guess says the electrons are."""

    def step(r, key):
        move, chance = random.split(key)
        new = r + 0.4 * random.normal(move, r.shape)
        gain = 2 * (log_psi(repulsion, new) - log_psi(repulsion, r))
        return np.where(np.log(random.uniform(chance)) < gain, new, r), None

    return wengert.lax.scan(step, r, random.split(key, 200))[0]


starts, keys = rng.normal(size=(3000, 2, 3)), random.split(random.key(1), 3000)
for repulsion, label in (
    (0.0, "electrons that ignore each other"),
    (0.5, "that keep apart"),
):
    walkers = jit(vmap(walked, in_axes=(None, 0, 0)))(repulsion, starts, keys)
    energies = jit(vmap(local_energy, in_axes=(None, 0)))(repulsion, walkers)
    plt.hist(
        energies,
        np.linspace(-7, 1, 120),
        alpha=0.6,
        label=f"{label}: {energies.mean():.3f}",
    )
plt.axvline(-2.9037, color="black", lw=1, label="helium: -2.904")
plt.xlabel("local energy (hartree)"), plt.ylabel("walkers")
plt.legend()
plt.show()

whole = hessian(log_psi, argnums=1)(0.5, starts[0]).reshape(6, 6)
assert_allclose(
    wengert.laplacian(log_psi, argnums=1)(0.5, starts[0]), np.trace(whole), rtol=1e-9
)
assert abs(energies.mean() + 2.87) < 0.05 and energies.std() < 0.6

# %% [markdown] custom-rules
# ## Rules of your own
#
# Usually the chain rule knows best. Three situations call for your own opinion: the derivative is right but computed
# badly, it does not exist where you need it, or you want something other than the derivative.
#
# ### A better formula
#
# $\log(1 + e^x)$ has the slope $e^x / (1 + e^x)$, which nobody should evaluate so at $x = 1000$: the exponential
# overflows, and the answer is $\infty/\infty$. With `custom_jvp` you write the tangent rule in a form that behaves. That
# one rule serves forward *and* reverse mode, because a tangent rule is linear and can be transposed.


# %% log1pexp
def naive(x):
    return wnp.log(1.0 + wnp.exp(x))


@custom_jvp
def log1pexp(x):
    return wnp.log(1.0 + wnp.exp(x))


@log1pexp.defjvp
def log1pexp_rule(primals, tangents):
    (x,), (x_dot,) = primals, tangents
    return log1pexp(x), (1 - 1 / (1 + wnp.exp(x))) * x_dot


with np.errstate(over="ignore", invalid="ignore"):
    print("naive:", grad(naive)(1000.0), "   with a rule:", grad(log1pexp)(1000.0))
    assert np.isnan(grad(naive)(1000.0))
    assert grad(log1pexp)(1000.0) == 1.0

xs = np.linspace(-20, 20, 9)
assert_allclose(vmap(grad(log1pexp))(xs), 1 / (1 + np.exp(-xs)), atol=1e-15)
assert_allclose(vmap(jacfwd(log1pexp))(xs), vmap(grad(log1pexp))(xs))

# %% [markdown] defjvps
# If the rule is a sum over the arguments, `defjvps` takes it a piece at a time: what does each argument's tangent
# contribute?


# %% defjvps-rule
@custom_jvp
def f(x, y):
    return wnp.sin(x) * y


f.defjvps(
    lambda x_dot, ans, x, y: wnp.cos(x) * x_dot * y,
    lambda y_dot, ans, x, y: wnp.sin(x) * y_dot,
)

value, tangent = jvp(f, (2.0, 3.0), (1.0, 0.0))
assert_allclose([value, tangent], [3 * np.sin(2), 3 * np.cos(2)])
assert_allclose(grad(f, argnums=(0, 1))(2.0, 3.0), [3 * np.cos(2), np.sin(2)])

# %% [markdown] singularities
# ### A derivative where the formula has none
#
# $f(x) = x / (1 + \sqrt x)$ has slope 1 at zero, yet the slope of $\sqrt x$ there is infinite, and $0 \cdot \infty$ is
# no number. Done with a pencil first, the square roots cancel:
#
# $$f'(x) = \frac{\sqrt x + 2}{2(\sqrt x + 1)^2}.$$


# %% a-kink-removed
def naive(x):
    return x / (1 + wnp.sqrt(x))


@custom_jvp
def f(x):
    return x / (1 + wnp.sqrt(x))


f.defjvps(lambda t, ans, x: (wnp.sqrt(x) + 2) / (2 * (wnp.sqrt(x) + 1) ** 2) * t)

with np.errstate(divide="ignore", invalid="ignore"):
    print("naive:", grad(naive)(0.0), "   with a rule:", grad(f)(0.0))
assert grad(f)(0.0) == 1.0
assert_allclose(grad(f)(0.3), grad(naive)(0.3))

# %% [markdown] where-is-safe
# One famous trap needs no rule here. The slope of $\sqrt x$ at 0 does not reach through a `where` that chose the other
# side: what was not chosen has no say.

# %% safe-where
with np.errstate(divide="ignore"):
    slope_at_zero = grad(lambda x: wnp.where(x > 0, wnp.sqrt(x), 0.0))(0.0)
assert slope_at_zero == 0.0

# %% [markdown] clipping
# ### Something other than the derivative
#
# With `custom_vjp` you say what happens to the cotangent on its way back. `f_fwd` returns the value and whatever the
# backward pass will need; `f_bwd` receives it with the cotangent, and returns one cotangent for each argument, `None`
# standing for zero. The classic use is to clip a gradient: nothing happens on the way forward, and on the way back no
# more than so much gets through.


# %% clip-gradient
@custom_vjp
def clip_gradient(low, high, x):
    return x


def clip_gradient_fwd(low, high, x):
    return x, (low, high)


def clip_gradient_bwd(residuals, cotangent):
    low, high = residuals
    return None, None, wnp.clip(cotangent, low, high)


clip_gradient.defvjp(clip_gradient_fwd, clip_gradient_bwd)


def clipped_sin(x):
    return wnp.sin(clip_gradient(-0.75, 0.75, x))


t = np.linspace(0, 10, 1000)
slopes = vmap(grad(clipped_sin))(t)
plt.plot(t, clipped_sin(t), label="sin, untouched")
plt.plot(t, vmap(grad(wnp.sin))(t), "--", color="gray", lw=1, label="its slope")
plt.plot(t, slopes, label="its slope, clipped to ±0.75")
plt.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3)
plt.show()

assert_allclose(clipped_sin(t), np.sin(t))
assert_allclose(slopes, np.clip(np.cos(t), -0.75, 0.75), atol=1e-12)

# %% [markdown] forward-through-vjp
# ### Forward mode through a custom pullback
#
# You told `custom_vjp` how to go backwards. A pullback that is linear in the cotangent is some $u^\top J$, and
# transposing it gives $J v$; so forward mode works here too, as do `jacfwd` and `hessian`, which need it.


# %% forward-mode-through-custom-vjp
@custom_vjp
def f(x, y):
    return wnp.sin(x) * y


def f_fwd(x, y):
    return f(x, y), (wnp.cos(x), wnp.sin(x), y)


def f_bwd(residuals, g):
    cos_x, sin_x, y = residuals
    return cos_x * g * y, sin_x * g


f.defvjp(f_fwd, f_bwd)

assert_allclose(grad(f)(2.0, 3.0), 3 * np.cos(2))
assert_allclose(jvp(f, (2.0, 3.0), (1.0, 0.0)), (3 * np.sin(2), 3 * np.cos(2)))
assert_allclose(hessian(f)(2.0, 3.0), -3 * np.sin(2))

# %% [markdown] not-linear
# Clipping is not linear: twice the cotangent is not twice the result. There is then no matrix to transpose, and the
# library says so rather than invent one. Errors here are meant to be read.

# %% a-rule-that-is-not-linear
try:
    jvp(clipped_sin, (1.0,), (1.0,))
except wengert.errors.CustomRuleError as error:
    print(error)
else:
    raise AssertionError("forward mode through a clipped gradient must be refused")

# %% [markdown] rules-and-python
# ### Rules, control flow and trees
#
# Rules are Python functions, with all of Python in them. They may branch on the values they meet, and their arguments
# and results may be trees; the tangents then come as trees of the same form.


# %% rules-with-control-flow
@custom_jvp
def f(x):
    return wnp.sin(x) if x > 0 else wnp.cos(x)


@f.defjvp
def f_rule(primals, tangents):
    (x,), (x_dot,) = primals, tangents
    return f(x), (2 if x > 0 else 3) * x_dot


assert grad(f)(1.0) == 2.0 and grad(f)(-1.0) == 3.0

# %% rules-with-trees
Point = namedtuple("Point", ["x", "y"])


def terms(p):
    return {"a": p.x**2, "b": (wnp.sin(p.x), wnp.cos(p.y))}


by_jvp, by_vjp = custom_jvp(terms), custom_vjp(terms)


@by_jvp.defjvp
def tangent_rule(primals, tangents):
    (p,), (d,) = primals, tangents
    return by_jvp(p), {"a": 2 * p.x * d.x, "b": (wnp.cos(p.x) * d.x, -wnp.sin(p.y) * d.y)}


def backward(p, cotangent):
    a, (b0, b1) = cotangent["a"], cotangent["b"]
    return (Point(2 * p.x * a + wnp.cos(p.x) * b0, -wnp.sin(p.y) * b1),)


by_vjp.defvjp(lambda p: (by_vjp(p), p), backward)

for function in (by_jvp, by_vjp):
    gradient = grad(lambda p: function(p)["a"] + function(p)["b"][0])(Point(1.0, 2.0))
    assert_allclose(gradient, Point(2 + np.cos(1.0), 0.0))
print(gradient)

# %% [markdown] nondiff
# ### Arguments that have no derivative
#
# A function or a string cannot be differentiated. `nondiff_argnums` names such arguments. Wherever they stand in the
# signature, the rule gets them first, apart from the rest. (Arrays of integers need no such care; they may stay.)


# %% nondiff-argnums
@partial(custom_jvp, nondiff_argnums=(0, 2))
def compose(f, x, g):
    return f(g(x))


@compose.defjvp
def compose_rule(f, g, primals, tangents):
    (x,), (x_dot,) = primals, tangents
    return f(g(x)), 3.0 * x_dot  # not the chain rule, so that we can see whose rule it was


assert compose(lambda x: x**3, 3.0, lambda y: 5 * y) == 3375.0
assert grad(compose, 1)(lambda x: x**3, 3.0, lambda y: 5 * y) == 3.0


@partial(custom_vjp, nondiff_argnums=(0,))
def apply(f, x):
    return f(x)


apply.defvjp(lambda f, x: (f(x), x), lambda f, x, g: (5 * g,))

assert apply(lambda x: x**2, 4.0) == 16.0
assert grad(apply, 1)(lambda x: x**2, 4.0) == 5.0

# %% [markdown] fixed-points
# ## Fixed points
#
# Many answers are found by going round until nothing changes: $x = g(a, x)$. One could differentiate every round. But the
# answer does not remember how it was found, and the implicit function theorem gives its derivative from the
# last point alone:
#
# $$\dot x = \frac{\partial g}{\partial x}\,\dot x + \frac{\partial g}{\partial a}\,\dot a
#   \quad\Longrightarrow\quad
#   \dot x = \left(I - \frac{\partial g}{\partial x}\right)^{-1} \frac{\partial g}{\partial a}\,\dot a .$$
#
# As a custom rule, that is the formula and little else.

# %% fixed-point
rounds = []


@partial(custom_jvp, nondiff_argnums=(0,))
def fixed_point(g, a, start):
    x = start
    for k in range(1000):
        last, x = x, g(a, x)
        if np.max(np.abs(x - last)) < 1e-14:
            break
    rounds.append(k + 1)
    return x


@fixed_point.defjvp
def fixed_point_rule(g, primals, tangents):
    (a, start), (a_dot, _) = primals, tangents
    x = fixed_point(g, a, start)
    _, change = jvp(lambda a: g(a, x), (a,), (a_dot,))
    dg_dx = jacfwd(lambda x: g(a, x))(x)
    return x, wnp.linalg.solve(wnp.eye(len(x)) - dg_dx, change)


# %% [markdown] kepler
# Kepler's equation asks for one. A planet on an ellipse of eccentricity $e$ stands, at time $M$ (in radians of the
# year), at the angle $E$ for which
#
# $$E = M + e \sin E.$$
#
# Its derivatives are known: $\partial E / \partial M = 1/(1 - e\cos E)$ and
# $\partial E / \partial e = \sin E/(1 - e\cos E)$.


# %% kepler-equation
def angle(M, e):
    return fixed_point(lambda a, E: a[0] + a[1] * wnp.sin(E), (M, e), M)


M, e = np.linspace(0.0, 2 * np.pi, 25)[:-1], 0.6
E = angle(M, e)
assert_allclose(E - e * np.sin(E), M, atol=1e-13)

assert_allclose(jacfwd(angle, 1)(M, e), np.sin(E) / (1 - e * np.cos(E)), atol=1e-12)
assert_allclose(grad(lambda M: wnp.sum(angle(M, e)))(M), 1 / (1 - e * np.cos(E)))
print(f"found in {rounds[-1]} rounds; differentiated at the last")

# The rule can be differentiated in turn, so there is a second derivative as well.
curvature = hessian(lambda M: wnp.sum(angle(M, e)))(M)
assert_allclose(np.diag(curvature), -e * np.sin(E) / (1 - e * np.cos(E)) ** 3, atol=1e-10)

# %% [markdown] equal-areas
# `jvp` along time is velocity. Draw it where the planet stands at twenty-four equal steps of time: it hurries past the
# sun and dawdles far out. Kepler's second law says that it sweeps equal areas in equal times, that is,
# $x \dot y - y \dot x$ is the same everywhere. So it is, to twelve digits.


# %% orbit
def position(M):
    E = angle(M, e)
    return wnp.stack([wnp.cos(E) - e, np.sqrt(1 - e**2) * wnp.sin(E)])


(x, y), (x_dot, y_dot) = jvp(position, (M,), (np.ones_like(M),))

plt.figure(figsize=(7.2, 5))
plt.plot(0, 0, "o", color="goldenrod", ms=14)
plt.plot(x, y, "o", ms=5)
plt.quiver(
    x, y, x_dot, y_dot, angles="xy", scale_units="xy", scale=3, width=0.004, alpha=0.6
)
plt.axis("equal")
plt.title("Equal times, and the velocity at each")
plt.show()

assert_allclose(x * y_dot - y * x_dot, np.sqrt(1 - e**2), rtol=1e-12)

# %% [markdown] programs
# ## What the library sees
#
# `make_program` runs a function on stand-ins for its arguments and shows the list of steps: Wengert's list, typed. A
# gradient is such a list as well, and so one can read what was computed. It is also what `jit` works from: it simplifies
# the list and compiles it to native code, and the next call does not go through your Python again.

# %% make-program
f = lambda x: wnp.sum(wnp.tanh(x) ** 2)
x = np.array([0.1, 0.2, 0.3])

print(wengert.make_program(f)(x))
print()
program = wengert.make_program(grad(f))(x)
print(program)

program.check()
assert "tanh" in str(program)
assert_allclose(jit(grad(f))(x), grad(f)(x))
assert_allclose(grad(jit(f))(x), grad(f)(x))

# %% [markdown] random-numbers
# ## Random numbers that stay put
#
# A derivative makes sense only of a function, and a function gives the same answer twice. So the state of the generator
# is an argument: a *key*. The same key gives the same random bits on every machine and under every transformation; for
# fresh ones, `split` it. (The streams are JAX's, number for number.)

# %% random-keys
key = random.key(0)
left, right = random.split(key)

print(random.normal(left, (3,)))
print(random.normal(right, (3,)))
assert np.array_equal(random.normal(left, (3,)), random.normal(left, (3,)))
assert not np.array_equal(random.normal(left, (3,)), random.normal(right, (3,)))

keys = random.split(key, 5)
draw = lambda key: random.normal(key, (2,))
assert np.array_equal(vmap(draw)(keys), np.stack([draw(k) for k in keys]))
assert_allclose(jit(draw)(key), draw(key), rtol=1e-12)

# %% [markdown] reparametrise
# Now an expectation can be differentiated. For $x = \mu + \sigma\varepsilon$ with $\varepsilon$ standard normal,
# $\mathbb E[x^2] = \mu^2 + \sigma^2$ has the gradient $(2\mu, 2\sigma)$. Differentiating through the samples finds it, to
# the accuracy that so many samples allow.


# %% gradient-of-an-expectation
def second_moment(mu, sigma, key):
    return wnp.mean((mu + sigma * random.normal(key, (100_000,))) ** 2)


estimate = grad(second_moment, argnums=(0, 1))(1.5, 0.5, key)
print("estimate", np.round(estimate, 3), "  exact", (3.0, 1.0))
assert_allclose(estimate, (3.0, 1.0), atol=0.02)

# %% [markdown] scipy
# ## For the NumPy user: optimisation with SciPy
#
# Arrays in, arrays out means that `scipy.optimize` needs no adapter. Rosenbrock's banana valley is the old test of a
# minimiser; here it is in fifty dimensions, with its minimum at $(1, \dots, 1)$. What does a derivative buy? Without one,
# SciPy takes differences, at fifty-one evaluations for a gradient. With `jac` it is one; with `hessp`, our
# Hessian-vector product, the method may use the curvature too.

# %% scipy-minimize
from scipy.optimize import least_squares, minimize


def rosenbrock(x):
    return wnp.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


start = np.full(50, -0.5)
runs = {
    "differences (BFGS)": minimize(rosenbrock, start, method="BFGS"),
    "gradient (BFGS)": minimize(rosenbrock, start, method="BFGS", jac=grad(rosenbrock)),
    "gradient and curvature (Newton-CG)": minimize(
        rosenbrock,
        start,
        method="trust-ncg",
        jac=grad(rosenbrock),
        hessp=lambda x, v: hvp(rosenbrock, (x,), (v,)),
        options={"gtol": 1e-8},
    ),
}
for name, run in runs.items():
    print(
        f"{name:36s}{run.nfev:6d} evaluations, largest error {np.abs(run.x - 1).max():.0e}"
    )

exact = runs["gradient and curvature (Newton-CG)"]
assert exact.success
assert_allclose(exact.x, 1.0, atol=1e-8)
assert runs["gradient (BFGS)"].nfev * 10 < runs["differences (BFGS)"].nfev

# %% [markdown] least-squares
# And a fit. A bell is struck and its sound dies away; five numbers describe it, `jacfwd` differentiates the curve by all
# of them, and `least_squares` does the rest. The same Jacobian gives the error bars, since the covariance of the
# parameters is $s^2 (J^\top J)^{-1}$.


# %% fit-a-decay
def ringing(p, t):
    amplitude, decay, frequency, phase, offset = p
    return amplitude * wnp.exp(-decay * t) * wnp.cos(frequency * t + phase) + offset


truth = np.array([2.0, 0.3, 4.0, 0.5, 0.25])
t = np.linspace(0, 10, 120)
measured = ringing(truth, t) + 0.15 * rng.normal(size=t.size)

misfit = lambda p: ringing(p, t) - measured
fit = least_squares(misfit, [1.5, 0.1, 3.9, 0.0, 0.0], jac=jacfwd(misfit))
covariance = np.linalg.inv(fit.jac.T @ fit.jac) * 2 * fit.cost / (t.size - truth.size)

for name, value, error, true in zip(
    ["amplitude", "decay", "frequency", "phase", "offset"],
    fit.x,
    np.sqrt(np.diag(covariance)),
    truth,
    strict=True,
):
    print(f"{name:10s} {value:6.3f} ± {error:.3f}   (true {true})")
    assert abs(value - true) < 4 * error

fine = np.linspace(0, 10, 600)
# The spread of the fitted curve itself: its Jacobian carries the covariance over.
J = jacfwd(lambda p: ringing(p, fine))(fit.x)
spread = np.sqrt(np.sum((J @ covariance) * J, axis=1))
plt.plot(t, measured, ".", color="gray", label="measured")
plt.plot(fine, ringing(fit.x, fine), label="fitted, with two standard errors")
plt.fill_between(
    fine, ringing(fit.x, fine) - 2 * spread, ringing(fit.x, fine) + 2 * spread, alpha=0.3
)
plt.legend()
plt.show()

# %% [markdown] sparse-chapter
# ### A stiff equation, and a Jacobian that is mostly zeros
#
# Two chemicals react and spread along a ring of 200 cells. Each cell feels its neighbours only, so of the $400^2$ entries
# of the Jacobian all but 1600 are zero. `sparsity` finds which, from the steps of the function; columns that share no row
# have one colour and are computed together, and `jacobian(f, sparse=True)` is SciPy's sparse matrix, which the solver of a
# stiff equation factorises at a fraction of the cost.

# %% brusselator
from scipy.integrate import solve_ivp

cells = 200


def reaction(time, state):
    u, v = state.reshape(2, cells)
    spread = lambda w: 50 * (np.roll(w, 1) - 2 * w + np.roll(w, -1))
    return np.concatenate([1 + u**2 * v - 4 * u + spread(u), 3 * u - u**2 * v + spread(v)])


around = 2 * np.pi * np.arange(cells) / cells
start = np.concatenate([1 + np.sin(around), 3 + 0.3 * np.cos(around)])
pattern = wengert.sparsity(partial(reaction, 0.0), start)
matrix = wengert.jacobian(partial(reaction, 0.0), sparse=True)
print(pattern, "-", f"{100 * pattern.density:.1f} % of the matrix")
assert pattern.nnz == 8 * cells
assert_allclose(matrix(start).toarray(), jacfwd(partial(reaction, 0.0))(start), atol=1e-12)

solution = solve_ivp(
    reaction, (0, 12), start, method="BDF", jac=lambda t, y: matrix(y), rtol=1e-6
)
left, right = plt.subplots(1, 2, figsize=(9, 3.6))[1]
pattern.plot(ax=left)
left.set_title("what depends on what")
right.pcolormesh(np.arange(cells), solution.t, solution.y[:cells].T, shading="nearest")
right.set_xlabel("cell"), right.set_ylabel("time"), right.set_title("the first chemical")
right.grid(False)
plt.show()
assert solution.success and solution.y.min() >= 0

# %% [markdown] network
# ## All together: a small network
#
# A tree of weights, keys to draw them, `value_and_grad` for the descent, `vmap` to bound the pull of any one example.
# The network has two layers of tanh and learns to tell two spirals apart.


# %% spirals
def spirals(key, n):
    turn = random.uniform(key, (n,), minval=0.3, maxval=3.2)
    side = np.arange(n) % 2
    angle = np.pi * (turn + side)
    return np.stack([turn * np.cos(angle), turn * np.sin(angle)], 1), side


def init(key, widths):
    keys = random.split(key, len(widths))
    return [
        {"W": random.normal(k, (m, n)) * np.sqrt(1 / m), "b": np.zeros(n)}
        for k, m, n in zip(keys, widths[:-1], widths[1:], strict=False)
    ]


def logit(layers, x):
    *hidden, last = layers
    for layer in hidden:
        x = wnp.tanh(x @ layer["W"] + layer["b"])
    return (x @ last["W"] + last["b"])[..., 0]


def cross_entropy(layers, x, side):
    sign = 1 - 2 * side
    return wnp.mean(wnp.logaddexp(0.0, sign * logit(layers, x)))


# %% train
data_key, weight_key = random.split(random.key(1))
points, side = spirals(data_key, 200)
layers = init(weight_key, [2, 32, 32, 1])

zeros = wengert.tree.map(np.zeros_like, layers)
mean, square, history = zeros, zeros, []
value_and_gradient = wengert.value_and_grad(cross_entropy)
for step in range(1, 801):  # Adam (Kingma and Ba, 2014)
    value, gradient = value_and_gradient(layers, points, side)
    mean = wengert.tree.map(lambda m, g: 0.9 * m + 0.1 * g, mean, gradient)
    square = wengert.tree.map(lambda s, g: 0.999 * s + 0.001 * g**2, square, gradient)
    layers = wengert.tree.map(
        lambda p, m, s: p - 0.01 * (m / (1 - 0.9**step)) / (np.sqrt(s / (1 - 0.999**step)) + 1e-8),
        layers, mean, square,
    )  # fmt: skip
    history.append(value)

accuracy = np.mean((logit(layers, points) > 0) == side)
print(
    f"loss {history[0]:.3f} -> {history[-1]:.4f}, {100 * accuracy:.1f} % of the points on the right side"
)
assert accuracy > 0.98

# %% draw-spirals
grid = np.stack(np.meshgrid(np.linspace(-3.6, 3.6, 150), np.linspace(-3.6, 3.6, 150)), -1)
fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3.8), width_ratios=[1, 1.1])
left.semilogy(history)
left.set_xlabel("step"), left.set_title("loss")
right.contourf(
    grid[..., 0],
    grid[..., 1],
    sigmoid(logit(layers, grid)),
    levels=20,
    cmap="RdBu",
    alpha=0.7,
)
right.scatter(*points.T, c=side, cmap="RdBu", edgecolors="white", linewidths=0.5, s=22)
right.set_aspect("equal"), right.grid(False), right.set_title("what it learned")
plt.show()

# %% [markdown] which-examples
# Which points does the trained network still find hard? Those that pull on its weights the most: the norms of the
# per-example gradients, from one `vmap`.

# %% hard-examples
gradients = vmap(grad(cross_entropy), in_axes=(None, 0, 0))(layers, points, side)
norms = np.sqrt(
    sum(
        np.sum(g.reshape(len(points), -1) ** 2, axis=1)
        for g in wengert.tree.leaves(gradients)
    )
)

mean_gradient = wengert.tree.map(lambda g: g.mean(axis=0), gradients)
whole = grad(cross_entropy)(layers, points, side)
for one, other in zip(
    wengert.tree.leaves(mean_gradient), wengert.tree.leaves(whole), strict=True
):
    assert_allclose(one, other, atol=1e-12)

plt.figure(figsize=(7.2, 3))
plt.hist(np.log10(norms), bins=30)
plt.xlabel("log$_{10}$ of the norm of an example's gradient"), plt.ylabel("examples")
plt.show()

# %% [markdown] compiled
# ## Compiled
#
# `jit` traces a function once for each kind of arguments and makes one native function of it. Chains of elementwise
# operations become one loop over the data, reductions are fused with what they reduce, and what is needed twice is
# computed once. `lower` shows it: here the gradient of $\sum_i \tanh(x_i)^2 e^{-x_i^2} + \sin x_i$, a page of NumPy calls,
# is a single loop that reads each number once and writes each result once.

# %% one-loop
bumps = lambda x: wnp.sum(wnp.tanh(x) ** 2 * wnp.exp(-x * x) + wnp.sin(x))
lowered = jit(grad(bumps)).lower(np.linspace(-3, 3, 1000))
print(lowered.loops())
assert lowered.cost().steps == 1 and not lowered.cost().calls

# %% [markdown] compiled-speed
# What that is worth depends on how much there is to do. For a few numbers a call costs less than a microsecond instead of
# a chain of NumPy calls; for many, memory is walked once instead of dozens of times.

# %% draw-compiled
sizes = [10, 100, 1_000, 10_000, 100_000, 1_000_000]
compiled_gradient, eager_gradient = jit(grad(bumps)), grad(bumps)
times = {"eager": [], "compiled": []}
for size in sizes:
    x = np.linspace(-3, 3, size)
    assert_allclose(compiled_gradient(x), eager_gradient(x), rtol=1e-12, atol=1e-14)
    for name, function in (("eager", eager_gradient), ("compiled", compiled_gradient)):
        best = np.inf
        for _ in range(max(5, 20_000 // size)):
            start = time.perf_counter()
            function(x)
            best = min(best, time.perf_counter() - start)
        times[name].append(best)

plt.figure(figsize=(7.2, 3.2))
for name, values in times.items():
    plt.loglog(sizes, values, marker="o", label=name)
plt.xlabel("numbers"), plt.ylabel("seconds for the gradient"), plt.legend()
plt.show()

# %% [markdown] paths
# Python may look at values while it is traced. The answer for the call at hand is taken, and the compiled code checks
# that it is the same the next time; where it is not, the other path is compiled as well. So a loop that ends when it has
# converged is just that, and its derivative is that of the steps it took.


# %% compiled-newton
@jit
def square_root(a):
    x = a
    while abs(x * x - a) > 1e-12 * a:
        x = 0.5 * (x + a / x)
    return x


for a in (2.0, 3.0, 2.5, 100.0):
    assert_allclose(square_root(a), np.sqrt(a), rtol=1e-9)
    assert_allclose(grad(square_root)(a), 0.5 / np.sqrt(a), rtol=1e-6)

# %% [markdown] costs-by-line
# Where does the time go? `explain` of a compiled function runs it with a clock in its code: each line of yours with its
# operations, its bytes and its time, on the way forward and on the way back. A loop that holds several lines is shared among
# them by their instructions; `explain` marks them with a star.

# %% network-costs
costs = wengert.explain(jit(grad(cross_entropy)), layers, points, side)
print(costs)
assert any(line.back for line in costs.lines) and any(not line.back for line in costs.lines)
assert sum(line.seconds for line in costs.lines) <= 1.5 * costs.native and costs.saved

shown = costs.lines[:8][::-1]
plt.figure(figsize=(8, 0.5 * len(shown) + 0.8))
colours = ["C1" if line.back else "C0" for line in shown]
plt.barh(range(len(shown)), [1e6 * line.seconds for line in shown], color=colours)
plt.yticks(
    range(len(shown)),
    [line.text.partition(": ")[2][:44] + " (back)" * line.back for line in shown],
    fontsize=8,
)
plt.xlabel("microseconds of a call"), plt.grid(axis="y", visible=False)
plt.show()

# %% [markdown] profile-of-a-block
# `profile` watches a whole block: which compiled functions were called, what their lines took, what was compiled and why. It
# writes files for Chrome's trace viewer and for speedscope.

# %% profile-of-the-descent
descend_once = jit(value_and_gradient)
with wengert.profile() as profiled:
    for count in (200, 200, 100):  # another shape is another compilation
        descend_once(layers, points[:count], side[:count])
print(profiled)
assert sum(f.calls for f in profiled.functions) == 3
assert "was float64[200,2]" in profiled.compilations[-1].why

# %% [markdown] loops
# ## Loops
#
# A Python loop is traced step by step. A loop of ten thousand steps had better be one: `lax.scan` carries values from step
# to step, reads a slice of its inputs and stacks what each step gives. It compiles to a loop that keeps what it carries in
# registers, forwards and backwards. Here is a pendulum, and the strength of gravity that makes it swing as it was seen to.

# %% pendulum
from wengert import lax


def swing(gravity, steps=2000, dt=0.005):
    def step(state, _):
        angle, speed = state
        speed = speed - dt * gravity * wnp.sin(angle)
        angle = angle + dt * speed
        return (angle, speed), angle

    return lax.scan(step, (1.2, 0.0), length=steps)[1]


seen = swing(9.81)[::50] + 0.02 * np.random.default_rng(0).standard_normal(40)
misfit = jit(lambda gravity: wnp.mean((swing(gravity)[::50] - seen) ** 2))
newton_step = jit(lambda g: g - grad(misfit)(g) / grad(grad(misfit))(g))

g = 9.7
for _ in range(6):
    g = newton_step(g)
print("gravity:", round(float(g), 3))
assert abs(g - 9.81) < 0.02 and abs(grad(misfit)(g)) < 1e-8

# %% [markdown] open-ended-loops
# How often a `while_loop` runs may depend on the data, and it is differentiated in both modes all the same: the reverse pass
# runs it once more and keeps what each step needs. Under `vmap` every example runs its own number of steps.


# %% while-loop
def square_root_by_newton(a):
    return lax.while_loop(
        lambda x: abs(x * x - a) > 1e-13 * a, lambda x: (x + a / x) / 2, a
    )


a = np.array([2.0, 9.0, 1e6])
assert_allclose(vmap(square_root_by_newton)(a), np.sqrt(a))
assert_allclose(vmap(grad(square_root_by_newton))(a), 0.5 / np.sqrt(a))
assert_allclose(jit(vmap(grad(grad(square_root_by_newton))))(a), -0.25 * a**-1.5)

# %% [markdown] loop-memory
# The reverse pass of a loop keeps something of every step, and a long loop over large arrays runs out of memory. With
# `checkpoint="auto"` it keeps within a budget: some states, placed so that the least has to be computed again (binomial
# checkpointing). Each point below is a process of its own, its peak memory counted by the system: the gradient of a loop
# that carries a thousand numbers, 8 KB. To keep every step of 30,000 would take 230 MiB; a tenth of a MiB will do.

# %% measure-loops
import subprocess
import sys

program = """
import os, resource, sys, time
import numpy as np
import wengert, wengert.numpy as wnp
from wengert import lax

n, budget = int(sys.argv[1]), int(sys.argv[2])

def f(c, n, budget):
    options = {"checkpoint": "auto", "budget": budget} if budget else {}
    c, _ = lax.scan(lambda c, _: (c + 0.01 * wnp.sin(c[::-1]) - 0.001 * c, None), c, length=n, **options)
    return wnp.sum(c * c)

def peak():
    if not os.path.exists("/proc/self/status"):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10  # macOS counts bytes
    with open("/proc/self/status") as status:
        return int(next(line for line in status if line.startswith("VmHWM")).split()[1])

gradient = wengert.jit(wengert.grad(f), static_argnums=(1, 2))
x = np.linspace(0, 1, 1000)
gradient(x, 100, 30_000 if budget else 0)  # what the compiler needs is not counted
before = peak()
total = np.sum(gradient(x, n, budget))
start = time.perf_counter()
gradient(x, n, budget)
seconds = time.perf_counter() - start
print(peak() - before, seconds, repr(float(total)))
"""


def measured(steps, budget=0):
    """Peak memory in MiB, seconds, and the sum of the gradient; at the second run, when the code is on disk."""
    command = [sys.executable, "-c", program, str(steps), str(budget)]
    for _ in range(2):
        run = subprocess.run(command, capture_output=True, text=True, check=True)
    kib, seconds, total = map(float, run.stdout.split())
    return kib / 1024, seconds, total


lengths = [1_000, 3_000, 10_000, 30_000, 100_000]
everything = {n: measured(n) for n in lengths[:3]}
within = {n: measured(n, 16 << 20) for n in lengths}
for n, (_, _, total) in everything.items():
    assert_allclose(within[n][2], total, rtol=1e-12)
assert within[100_000][0] < everything[10_000][0] / 4
budgets = [2**k for k in (6, 7, 8, 10, 12)]
traded = {b: measured(30_000, b << 10) for b in budgets}
assert all(traded[b][0] < b / 1024 + 0.5 for b in budgets)

# %% draw-loops
figure, axes = plt.subplots(2, 2, figsize=(8.6, 5.4), sharex="col")
by_length = (("every step kept", everything), ("within 16 MiB", within))
for row, what in enumerate(("peak memory, MiB", "seconds for the gradient")):
    left, right = axes[row]
    for name, points in by_length:
        left.loglog(
            points.keys(), [p[row] for p in points.values()], marker="o", label=name
        )
    right.semilogx(
        budgets, [traded[b][row] for b in budgets], marker="o", color="C1", base=2
    )
    right.set_ylim(0, None)
    left.set_ylabel(what)
axes[0, 0].set_yticks([1, 2, 5, 10, 20, 50, 100], map(str, [1, 2, 5, 10, 20, 50, 100]))
axes[0, 0].minorticks_off(), axes[0, 0].set_ylim(1, 150), axes[0, 0].legend()
axes[1, 0].set_xlabel("steps"), axes[1, 1].set_xlabel("budget for 30,000 steps, KiB")
axes[1, 1].set_xticks(budgets, map(str, budgets))
figure.tight_layout()
plt.show()

# %% [markdown] peers
# The project keeps a table of such computations beside JAX's `jit` on the same machine (`make bench` takes it again). Each
# bar says how many times faster one of them runs here.

# %% draw-benchmarks
table = Path("../docs/benchmarks_compiled.json")
if table.exists():
    rows = [
        r
        for r in json.loads(table.read_text())["rows"].values()
        if {"wengert", "jax"} <= r["run"].keys()
    ]
    ratios = [r["run"]["jax"] / r["run"]["wengert"] for r in rows]
    order = np.argsort(ratios)
    plt.figure(figsize=(7.2, 0.22 * len(rows) + 1))
    plt.barh(range(len(rows)), [ratios[i] for i in order], log=True)
    plt.yticks(
        range(len(rows)),
        [f"{rows[i]['title']} ({rows[i]['dtype']})" for i in order],
        fontsize=7,
    )
    plt.axvline(1, color="black", linewidth=0.8)
    plt.xlabel("times faster than JAX's jit")
    plt.show()

# %% [markdown] many-devices
# ## Many devices
#
# `shard_map` makes a function of whole arrays from one that sees a part of them, at one place of a mesh, and exchanges with
# its neighbours. Here each of eight places has a band of a field, and asks for one row on either side in every step.
# Without devices the places are computed together, as a batch, so that this cell runs everywhere. The gradient sends
# the cotangents of those rows back, and is that of the whole field.

# %% halo-exchange
from wengert.sharding import P, shard_map


def smooth(u):
    """Ten steps of diffusion of a band, on a torus."""
    n = lax.axis_size("rows")
    down, up = [(k, (k + 1) % n) for k in range(n)], [((k + 1) % n, k) for k in range(n)]

    def step(_, u):
        above, below = lax.ppermute(u[-1:], "rows", down), lax.ppermute(u[:1], "rows", up)
        wide = wnp.concatenate([above, u, below])
        return u + 0.2 * (
            wide[2:] + wide[:-2] + wnp.roll(u, 1, 1) + wnp.roll(u, -1, 1) - 4 * u
        )

    return lax.fori_loop(0, 10, step, u)


in_parts = shard_map(smooth, mesh={"rows": 8}, in_specs=P("rows"), out_specs=P("rows"))
on_one = shard_map(smooth, mesh={"rows": 1}, in_specs=P("rows"), out_specs=P("rows"))
field = np.random.default_rng(3).uniform(size=(32, 48))


def roughness(f):
    return lambda u: wnp.sum(f(u) ** 2)


assert_allclose(in_parts(field), on_one(field), rtol=1e-12)
assert_allclose(
    grad(roughness(in_parts))(field), grad(roughness(on_one))(field), rtol=1e-11
)
assert_allclose(
    jit(grad(roughness(in_parts)))(field), grad(roughness(on_one))(field), rtol=1e-11
)

figure, axes = plt.subplots(1, 2, figsize=(7.2, 2.8))
for axis, shown, title in zip(
    axes, (field, in_parts(field)), ("before", "after ten steps")
):
    axis.imshow(shown, aspect="auto", cmap="viridis")
    axis.set_title(title), axis.grid(False)
    for k in range(8):
        axis.axhline(4 * k - 0.5, color="white", linewidth=0.8)
        axis.text(-1, 4 * k + 1.5, f"place {k}", ha="right", va="center", fontsize=7)
    axis.set_xticks([]), axis.set_yticks([])
figure.tight_layout()
plt.show()

# %% [markdown] eight-devices
# Under `jit(..., backend="xla")` every place is a device, and the exchanges are XLA's collectives. Where JAX is installed
# (`pip install wengert[xla]`), the next cell runs the same lines on eight virtual devices, in a process of their own,
# and counts the exchanges in the compiled program; elsewhere it says that it does not.

# %% on-eight-devices
import os
from importlib.util import find_spec
from inspect import getsource

ON_DEVICES = f"""
import numpy as np, wengert, wengert.numpy as wnp
from wengert import grad, jit, lax
from wengert.sharding import P, shard_map
{getsource(smooth)}
{getsource(roughness)}
in_parts = shard_map(smooth, mesh={{"rows": 8}}, in_specs=P("rows"), out_specs=P("rows"))
on_one = shard_map(smooth, mesh={{"rows": 1}}, in_specs=P("rows"), out_specs=P("rows"))
field = np.random.default_rng(3).uniform(size=(32, 48))
gradient = jit(grad(roughness(in_parts)), backend="xla")
y = gradient(field)
np.testing.assert_allclose(np.asarray(y), grad(roughness(on_one))(field), rtol=1e-11)
found = gradient.lower(field).traffic()
print("the gradient lies on", len(y.sharding.device_set), "devices and agrees with that of one;")
kinds = sorted(set(c.kind for c in found.collectives))
print("each device sends", int(found.sent), "bytes in a call:", ", ".join(kinds))
assert len(y.sharding.device_set) == 8 and found.sent == 10 * 4 * 48 * 8
"""
if find_spec("jax") is None:
    print("not run here: JAX is not installed (make peers runs such programs beside it)")
else:
    flags = "--xla_force_host_platform_device_count=8"
    environment = {**os.environ, "XLA_FLAGS": flags, "JAX_PLATFORMS": "cpu"}
    done = subprocess.run(
        [sys.executable, "-c", ON_DEVICES], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    print(done.stdout, end="")

# %% [markdown] scaling
# What a program exchanges is read from its compiled form, for devices that nobody has. `docs/scale.md` does so for 8, 64 and
# 512, and models the time on two machines. The picture is made from what is recorded there; nothing of it is measured.

# %% draw-scaling
recorded = Path("../docs/scale.json")
if recorded.exists():
    sys.path.insert(0, "../tools")
    import scale

    figure, axes = plt.subplots(1, 2, figsize=(7.2, 3), sharey=True)
    data = json.loads(recorded.read_text())
    for axis, (machine, hardware) in zip(axes, scale.HARDWARE.items()):
        for name in dict.fromkeys(r["program"] for r in data):
            rows = [r for r in data if r["program"] == name]
            times = [scale.seconds_of(r, hardware) for r in rows]
            shares = [100 * work / (work + exchange) for work, exchange in times]
            axis.semilogx([r["devices"] for r in rows], shares, "o-", base=2, label=name)
        axis.set_title(machine), axis.set_xlabel("devices"), axis.set_ylim(0, 102)
    axes[0].set_ylabel("% of the time at work"), axes[0].legend(fontsize=8)
    figure.tight_layout()
    plt.show()

# %% [markdown] checking
# ## Trust, but check
#
# When you write a rule of your own, compare it with differences, which know nothing of rules. `check_grads` does so
# along random directions, in both modes, to the order you ask.

# %% check-grads
wengert.testing.check_grads(log1pexp, (0.5,), order=3)
wengert.testing.check_grads(
    lambda p: negative_log_likelihood({"W": p[0], "b": p[1]}), ((W, 0.1),), order=2
)


@custom_jvp
def wrong(x):
    return wnp.sin(x)


wrong.defjvps(lambda t, ans, x: -wnp.cos(x) * t)  # a slip of sign

try:
    wengert.testing.check_grads(wrong, (0.5,), order=1)
except AssertionError as error:
    print(str(error).strip().splitlines()[0], "...")
else:
    raise AssertionError("check_grads must find a wrong sign")

# %% [markdown] where-next
# ## Where next
#
# * `README.md` has the two commands that set up the project and check it.
# * `docs/architecture.md` says how the parts fit together, `docs/compiler.md` what `jit` does.
# * `CONTRIBUTING.md` walks through adding an operation, which is one declaration in one place.
# * Code written for JAX runs as it stands: `wengert run notebook.ipynb --as-jax`.
