"""Calls of what stands beside NumPy's namespace (scipy, nn, lax, random, initializers, transformations) for `narrow_sweep.py`.

`CALLS` maps a name to a function of one vector of three numbers, whose results may not have 64 bits in 32-bit mode.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import wengert as w
import wengert.numpy as wnp
from wengert import initializers, lax, nn, random

Call = Callable[[Any], Any]
I, F = np.arange(1, 4), np.array([0.5, 0.25, 1.5])  # 64 bits, from outside


def _named(module: Any, names: str, *more: Any) -> dict[str, Call]:
    return {f"{module.__name__.split('.')[-1]}.{n}": lambda x, f=getattr(module, n): f(x, *more) for n in names.split()}


UNARY_LAX = (
    "abs acos acosh asin asinh atan atanh cbrt ceil conj cos cosh digamma erf erf_inv erfc exp exp2 expm1 floor imag "
    "is_finite lgamma log log1p logistic neg real reciprocal rsqrt sign sin sinh sqrt square stop_gradient tan tanh"
)
BINARY_LAX = "add atan2 div eq ge gt le lt max min mul ne nextafter pow rem sub"
KEY = random.key(0)
SHAPED = "normal uniform exponential gumbel laplace logistic cauchy maxwell"

CALLS: dict[str, Call] = {
    **_named(
        nn,
        "celu elu gelu hard_sigmoid hard_silu hard_swish hard_tanh identity leaky_relu log_sigmoid log_softmax logmeanexp "
        "logsumexp mish relu relu6 selu sigmoid silu soft_sign softmax softplus sparse_plus sparse_sigmoid squareplus "
        "standardize swish log1mexp",
    ),
    "nn.glu": lambda x: nn.glu(wnp.concatenate([x, F[:1]])),
    "nn.one_hot": lambda x: nn.one_hot(I, 5),
    "nn.one_hot of traced": lambda x: nn.one_hot(x, 5),
    "nn.attention": lambda x: nn.dot_product_attention(*[wnp.ones((1, 3, 2, 4)) * x[0]] * 3),
    "nn.logsumexp(b=)": lambda x: nn.logsumexp(x, b=F),
    **_named(lax, UNARY_LAX),
    **{f"lax.{n}": lambda x, f=getattr(lax, n): f(x, x) for n in BINARY_LAX.split()},
    **{f"lax.{n}, 64 bits": lambda x, f=getattr(lax, n): f(x * 1.0, F) for n in BINARY_LAX.split()},
    "lax.clamp": lambda x: lax.clamp(0.0, x * 1.0, 1.0),
    "lax.iota": lambda x: lax.iota(int, 3),
    "lax.iota of float": lambda x: lax.iota(float, 3),
    "lax.broadcasted_iota": lambda x: lax.broadcasted_iota(int, (2, 3), 0),
    "lax.full": lambda x: lax.full((3,), 2.5),
    "lax.convert_element_type": lambda x: lax.convert_element_type(x, np.float64),
    "lax.convert_element_type, int": lambda x: lax.convert_element_type(x, np.int64),
    "lax.integer_pow": lambda x: lax.integer_pow(x * 1.0, 3),
    "lax.dot": lambda x: lax.dot(x, F),
    "lax.dynamic_slice": lambda x: lax.dynamic_slice(x, (np.int64(1),), (2,)),
    "lax.dynamic_update_slice": lambda x: lax.dynamic_update_slice(x * 1.0, F[:1], (np.int64(1),)),
    "lax.top_k": lambda x: lax.top_k(x, 2),
    "lax.sort_key_val": lambda x: lax.sort_key_val(x, I),
    "lax.scan": lambda x: lax.scan(lambda c, v: (c + v, c * 2.0), 0.5, x * 1.0),
    "lax.scan of 64 bits": lambda x: lax.scan(lambda c, v: (c + v[0] + v[1], v[1]), np.float64(0.5), (x * 1.0, F)),
    "lax.fori_loop": lambda x: lax.fori_loop(0, 3, lambda i, c: c + i * F, x * 1.0),
    "lax.while_loop": lambda x: lax.while_loop(lambda c: c[1] < 3, lambda c: (c[0] * F, c[1] + 1), (x * 1.0, 0)),
    "lax.cond": lambda x: lax.cond(x[0] > 0, lambda v: wnp.multiply(v, F), lambda v: wnp.add(v, F), x * 1.0),
    "lax.switch": lambda x: lax.switch(1, [lambda v: wnp.multiply(v, F), lambda v: wnp.add(v, F)], x * 1.0),
    "lax.map": lambda x: lax.map(lambda v: v * F, x * 1.0),
    "lax.associative_scan": lambda x: lax.associative_scan(lambda a, b: a + b, x * F),
    "lax.reduce_sum": lambda x: lax.reduce_sum(x, (0,)),
    "lax.custom_root": lambda x: lax.custom_root(
        lambda v: v * v - wnp.sum(x * x) - 1.0, 1.0, lambda f, v: v + 0.5, lambda g, y: y / g(1.0)
    ),
    **{f"random.{n}": lambda x, f=getattr(random, n): f(KEY, shape=(3,)) for n in SHAPED.split()},
    "random.double_sided_maxwell": lambda x: random.double_sided_maxwell(KEY, 0.0, F, (3,)),
    "random.rayleigh": lambda x: random.rayleigh(KEY, F),
    "random.ball": lambda x: random.ball(KEY, 2),
    "random.bernoulli": lambda x: random.bernoulli(KEY, 0.3, (3,)),
    "random.beta": lambda x: random.beta(KEY, F, F),
    "random.gamma": lambda x: random.gamma(KEY, F),
    "random.loggamma": lambda x: random.loggamma(KEY, F),
    "random.chisquare": lambda x: random.chisquare(KEY, F),
    "random.f": lambda x: random.f(KEY, F, F),
    "random.t": lambda x: random.t(KEY, F),
    "random.dirichlet": lambda x: random.dirichlet(KEY, F),
    "random.poisson": lambda x: random.poisson(KEY, F),
    "random.geometric": lambda x: random.geometric(KEY, F / 2),
    "random.categorical": lambda x: random.categorical(KEY, F),
    "random.choice": lambda x: random.choice(KEY, F),
    "random.choice of a number": lambda x: random.choice(KEY, 5, (2,)),
    "random.permutation": lambda x: random.permutation(KEY, F),
    "random.permutation of a number": lambda x: random.permutation(KEY, 5),
    "random.randint": lambda x: random.randint(KEY, (3,), 0, 5),
    "random.rademacher": lambda x: random.rademacher(KEY, (3,)),
    "random.pareto": lambda x: random.pareto(KEY, F),
    "random.lognormal": lambda x: random.lognormal(KEY, F),
    "random.wald": lambda x: random.wald(KEY, F),
    "random.weibull_min": lambda x: random.weibull_min(KEY, F, F),
    "random.generalized_normal": lambda x: random.generalized_normal(KEY, 1.5, (3,)),
    "random.triangular": lambda x: random.triangular(KEY, 0.0, 0.5, 1.0, (3,)),
    "random.truncated_normal": lambda x: random.truncated_normal(KEY, -F, F),
    "random.multivariate_normal": lambda x: random.multivariate_normal(KEY, F, np.eye(3)),
    "random.orthogonal": lambda x: random.orthogonal(KEY, 3),
    "random.bits": lambda x: random.bits(KEY, (3,)),
    "initializers.glorot_normal": lambda x: initializers.glorot_normal()(KEY, (3, 3)),
    "initializers.orthogonal": lambda x: initializers.orthogonal()(KEY, (3, 3)),
    "initializers.constant": lambda x: initializers.constant(F)(KEY, (3,)),
    "initializers.zeros": lambda x: initializers.zeros(KEY, (3,)),
    # transformations narrow what they are given
    "jvp": lambda x: w.jvp(lambda v: v * 1.0, (F,), (F,)),
    "jvp of x": lambda x: w.jvp(lambda v: v * x, (F,), (F,)),
    "vjp": lambda x: w.vjp(lambda v: v * x, F)[1](F),
    "vjp, value": lambda x: w.vjp(lambda v: v * 1.0, F)[0],
    "linearize": lambda x: w.linearize(lambda v: v * x, F)[1](F),
    "linearize, value": lambda x: w.linearize(lambda v: v * 1.0, F)[0],
    "linear_transpose": lambda x: w.linear_transpose(lambda v: v * 2.0, F)(F),
    "grad": lambda x: w.grad(lambda v: wnp.sum(v * x))(F),
    "value_and_grad": lambda x: w.value_and_grad(lambda v: wnp.sum(v * x))(F),
    "jacfwd": lambda x: w.jacfwd(lambda v: v * x)(F),
    "jacrev": lambda x: w.jacrev(lambda v: v * x)(F),
    "hessian": lambda x: w.hessian(lambda v: wnp.sum(v * v * x))(F),
    "hvp": lambda x: w.hvp(lambda v: wnp.sum(v * v * x), (F,), (F,)),
    "vmap": lambda x: w.vmap(lambda v: v * 1.0)(F),
    "jit": lambda x: w.jit(lambda v: (v, v * 1.0))(F),
    "jit, integers": lambda x: w.jit(lambda v: (v, v + 1))(I),
    "checkpoint": lambda x: w.checkpoint(lambda v: v * 1.0)(F),
    "grad of a number": lambda x: w.grad(lambda v: v * v)(2.0),
    "grad of float64": lambda x: w.grad(lambda v: v * v)(np.float64(2.0)),
    "custom_jvp": lambda x: _ruled()(F),
    "pure_callback": lambda x: w.pure_callback(lambda v: v * 2.0, w.ShapeDtypeStruct((3,), np.float64), F),
    "make_program": lambda x: w.make_program(lambda v: v * F)(F).evaluate([F]),
}


def _ruled() -> Any:
    f = w.custom_jvp(lambda v: v * 2.0)
    f.defjvp(lambda primals, tangents: (f(*primals), tangents[0] * 2.0))
    return f
