"""`jax.example_libraries.stax`: layers of networks as pairs of functions, ``init(key, shape)`` and ``apply(params, x)``.

``init`` gives the shape of the result, whose batch axis may be -1, and the parameters; `serial` and `parallel` put layers
together.
"""

from __future__ import annotations

import functools
import itertools
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from .kit import names

jnp, lax, nn, random, initializers = map(names, ("jax.numpy", "jax.lax", "jax.nn", "jax.random", "jax.nn.initializers"))
Layer = tuple[Callable[..., Any], Callable[..., Any]]


def Dense(out_dim: int, W_init: Any = None, b_init: Any = None) -> Layer:  # noqa: N802, N803
    """A linear map and a bias.

    Example:
        >>> from wengert.interop.jax_modules.stax import Dense
        >>> import wengert
        >>> with wengert.as_jax():
        ...     import jax
        ...     init, apply = Dense(3)
        ...     shape, (W, b) = init(jax.random.key(0), (-1, 2))
        >>> shape, W.shape, b.shape
        ((-1, 3), (2, 3), (3,))
    """
    W_init, b_init = W_init or initializers.glorot_normal(), b_init or initializers.normal()  # noqa: N806

    def init_fun(rng: Any, input_shape: Any) -> Any:
        k1, k2 = random.split(rng)
        return (*input_shape[:-1], out_dim), (W_init(k1, (input_shape[-1], out_dim)), b_init(k2, (out_dim,)))

    def apply_fun(params: Any, inputs: Any, **kwargs: Any) -> Any:
        W, b = params  # noqa: N806
        return jnp.dot(inputs, W) + b

    return init_fun, apply_fun


def GeneralConv(  # noqa: N802
    dimension_numbers: Any, out_chan: int, filter_shape: Any, strides: Any = None, padding: Any = "VALID", W_init: Any = None,  # noqa: N803
    b_init: Any = None,
) -> Layer:  # fmt: skip
    """A convolution and a bias; `dimension_numbers` are the names of the axes of operand, kernel and result."""
    lhs, rhs, out = dimension_numbers
    strides = strides or (1,) * len(filter_shape)
    W_init = W_init or initializers.glorot_normal(rhs.index("I"), rhs.index("O"))  # noqa: N806
    b_init = b_init or initializers.normal(1e-6)

    def init_fun(rng: Any, input_shape: Any) -> Any:
        sizes = iter(filter_shape)
        kernel = [out_chan if c == "O" else input_shape[lhs.index("C")] if c == "I" else next(sizes) for c in rhs]
        shape = _convolved(input_shape, kernel, strides, padding, dimension_numbers)
        bias = [out_chan if c == "C" else 1 for c in out]
        k1, k2 = random.split(rng)
        return shape, (W_init(k1, tuple(kernel)), b_init(k2, tuple(bias)))

    def apply_fun(params: Any, inputs: Any, **kwargs: Any) -> Any:
        W, b = params  # noqa: N806
        return lax.conv_general_dilated(inputs, W, strides, padding, dimension_numbers=dimension_numbers) + b

    return init_fun, apply_fun


def _window(n: int, size: int, stride: int, pads: Any) -> int:
    """How many places a window has along an axis."""
    if pads == "SAME":
        return -(-n // stride)
    low, high = (0, 0) if pads == "VALID" else pads
    return (n + low + high - size) // stride + 1


def _convolved(shape: Any, kernel: Any, strides: Any, padding: Any, dimension_numbers: Any) -> tuple[int, ...]:
    lhs, rhs, out = dimension_numbers
    spatial = [c for c in rhs if c not in "IO"]
    pads = [padding] * len(spatial) if isinstance(padding, str) else list(padding)
    sizes = {
        c: _window(shape[lhs.index(c)], kernel[rhs.index(c)], s, p)
        for c, s, p in zip(spatial, strides, pads, strict=True)
    }
    return tuple(shape[lhs.index("N")] if c == "N" else kernel[rhs.index("O")] if c == "C" else sizes[c] for c in out)


Conv = functools.partial(GeneralConv, ("NHWC", "HWIO", "NHWC"))


def BatchNorm(  # noqa: N802
    axis: Any = (0, 1, 2), epsilon: float = 1e-5, center: bool = True, scale: bool = True, beta_init: Any = None, gamma_init: Any = None,
) -> Layer:  # fmt: skip
    """Elements normalised over `axis` by the batch's own mean and variance, scaled and moved."""
    axis = (axis,) if isinstance(axis, int) else tuple(axis)
    beta_init, gamma_init = beta_init or initializers.zeros, gamma_init or initializers.ones

    def init_fun(rng: Any, input_shape: Any) -> Any:
        shape = tuple(d for i, d in enumerate(input_shape) if i not in axis)
        k1, k2 = random.split(rng)
        return input_shape, (beta_init(k1, shape) if center else (), gamma_init(k2, shape) if scale else ())

    def apply_fun(params: Any, x: Any, **kwargs: Any) -> Any:
        index = tuple(None if i in axis else slice(None) for i in range(jnp.ndim(x)))
        z = nn.standardize(x, axis, epsilon=epsilon)
        z = params[1][index] * z if scale else z
        return z + params[0][index] if center else z

    return init_fun, apply_fun


def elementwise(fun: Callable[..., Any], **fun_kwargs: Any) -> Layer:
    """A layer without parameters that applies a function."""
    return lambda rng, input_shape: (input_shape, ()), lambda params, inputs, **kwargs: fun(inputs, **fun_kwargs)


Tanh, Exp = elementwise(lambda x: jnp.tanh(x)), elementwise(lambda x: jnp.exp(x))
Relu, Sigmoid = elementwise(lambda x: nn.relu(x)), elementwise(lambda x: nn.sigmoid(x))
LogSoftmax, Softmax = elementwise(lambda x: nn.log_softmax(x, axis=-1)), elementwise(lambda x: nn.softmax(x, axis=-1))
Softplus, Elu = elementwise(lambda x: nn.softplus(x)), elementwise(lambda x: nn.elu(x))
LeakyRelu, Selu = elementwise(lambda x: nn.leaky_relu(x)), elementwise(lambda x: nn.selu(x))
Gelu = elementwise(lambda x: nn.gelu(x))


def _pooling(name: str, initial: float, combine: str, mean: bool = False) -> Callable[..., Layer]:
    def PoolingLayer(window_shape: Any, strides: Any = None, padding: str = "VALID", spec: str | None = None) -> Layer:  # noqa: N802
        strides = strides or (1,) * len(window_shape)
        axes = spec or "N" + "HWD"[: len(window_shape)] + "C"
        places = [i for i, c in enumerate(axes) if c not in "NC"]

        def whole(values: Any) -> tuple[int, ...]:
            of = dict(zip(places, values, strict=True))
            return tuple(of.get(i, 1) for i in range(len(axes)))

        dims, steps = whole(window_shape), whole(strides)

        def init_fun(rng: Any, input_shape: Any) -> Any:
            out = [
                n if d == s == 1 else _window(n, d, s, padding)
                for n, d, s in zip(input_shape, dims, steps, strict=True)
            ]
            return tuple(out), ()

        def apply_fun(params: Any, inputs: Any, **kwargs: Any) -> Any:
            out = lax.reduce_window(inputs, initial, getattr(lax, combine), dims, steps, padding)
            if not mean:
                return out
            ones = jnp.ones(inputs.shape, inputs.dtype)
            return out / lax.reduce_window(ones, 0.0, lax.add, dims, steps, padding)

        return init_fun, apply_fun

    PoolingLayer.__name__ = PoolingLayer.__qualname__ = name
    PoolingLayer.__doc__ = "A layer of windows of `window_shape`; `spec` names the axes, NHWC by default."
    return PoolingLayer


MaxPool, SumPool = _pooling("MaxPool", -np.inf, "max"), _pooling("SumPool", 0.0, "add")
AvgPool = _pooling("AvgPool", 0.0, "add", True)

Flatten: Layer = (
    lambda rng, input_shape: ((input_shape[0], functools.reduce(operator.mul, input_shape[1:], 1)), ()),
    lambda params, inputs, **kwargs: jnp.reshape(inputs, (inputs.shape[0], -1)),
)
Identity: Layer = (lambda rng, input_shape: (input_shape, ()), lambda params, inputs, **kwargs: inputs)


def FanOut(num: int) -> Layer:  # noqa: N802
    """The input `num` times, for `parallel`."""
    return lambda rng, input_shape: ([input_shape] * num, ()), lambda params, inputs, **kwargs: [inputs] * num


FanInSum: Layer = (
    lambda rng, input_shape: (input_shape[0], ()),
    lambda params, inputs, **kwargs: functools.reduce(operator.add, inputs),
)


def FanInConcat(axis: int = -1) -> Layer:  # noqa: N802
    """Inputs joined along an axis."""

    def init_fun(rng: Any, input_shape: Any) -> Any:
        at = axis % len(input_shape[0])
        size = sum(shape[at] for shape in input_shape)
        return (*input_shape[0][:at], size, *input_shape[0][at + 1 :]), ()

    return init_fun, lambda params, inputs, **kwargs: jnp.concatenate(inputs, axis)


def Dropout(rate: float, mode: str = "train") -> Layer:  # noqa: N802
    """Elements kept with probability `rate` and scaled by its inverse; applied to a key as ``rng=``.

    Raises:
        ValueError: when applied in training without a key.
    """

    def apply_fun(params: Any, inputs: Any, **kwargs: Any) -> Any:
        if mode != "train":
            return inputs
        if kwargs.get("rng") is None:
            raise ValueError(
                "Dropout layer requires apply_fun to be called with a PRNG key argument: apply_fun(params, inputs, rng)"
            )
        keep = random.bernoulli(kwargs["rng"], rate, inputs.shape)
        return jnp.where(keep, inputs / rate, 0)

    return lambda rng, input_shape: (input_shape, ()), apply_fun


def serial(*layers: Layer) -> Layer:
    """Layers one after another."""
    inits, applies = zip(*layers, strict=True)

    def init_fun(rng: Any, input_shape: Any) -> Any:
        params = []
        for init in inits:
            rng, key = random.split(rng)
            input_shape, param = init(key, input_shape)
            params.append(param)
        return input_shape, params

    def apply_fun(params: Any, inputs: Any, **kwargs: Any) -> Any:
        rng = kwargs.pop("rng", None)
        keys = random.split(rng, len(layers)) if rng is not None else itertools.repeat(None, len(layers))
        for apply, param, key in zip(applies, params, keys, strict=True):
            inputs = apply(param, inputs, rng=key, **kwargs)
        return inputs

    return init_fun, apply_fun


def parallel(*layers: Layer) -> Layer:
    """Layers side by side: each has an input, and gives a result, of its own."""
    inits, applies = zip(*layers, strict=True)

    def init_fun(rng: Any, input_shape: Any) -> Any:
        keys = random.split(rng, len(layers))
        made = [init(key, shape) for init, key, shape in zip(inits, keys, input_shape, strict=True)]
        return [shape for shape, _ in made], [param for _, param in made]

    def apply_fun(params: Any, inputs: Any, **kwargs: Any) -> Any:
        rng = kwargs.pop("rng", None)
        keys = random.split(rng, len(layers)) if rng is not None else (None,) * len(layers)
        return [f(p, x, rng=k, **kwargs) for f, p, x, k in zip(applies, params, inputs, keys, strict=True)]

    return init_fun, apply_fun


def shape_dependent(make_layer: Callable[[Any], Layer]) -> Layer:
    """A layer that is made when the shape of its input is known."""
    return (
        lambda rng, input_shape: make_layer(input_shape)[0](rng, input_shape),
        lambda params, inputs, **kwargs: make_layer(inputs.shape)[1](params, inputs, **kwargs),
    )


__all__ = [
    "AvgPool", "BatchNorm", "Conv", "Dense", "Dropout", "Elu", "Exp", "FanInConcat", "FanInSum", "FanOut", "Flatten", "Gelu",
    "GeneralConv", "Identity", "LeakyRelu", "LogSoftmax", "MaxPool", "Relu", "Selu", "Sigmoid", "Softmax", "Softplus", "SumPool",
    "Tanh", "elementwise", "parallel", "serial", "shape_dependent",
]  # fmt: skip
