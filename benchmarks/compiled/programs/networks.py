"""Neural networks: softmax cross-entropy, a perceptron of three layers, an attention block, an Adam step."""

from __future__ import annotations

import math
from typing import Any

from ..row import PEERS, Row


def cross_entropy(lib: Any) -> Any:
    np_ = lib.np_

    def loss(logits: Any, labels: Any) -> Any:
        shifted = logits - np_.max(logits, axis=1, keepdims=True)
        logs = shifted - np_.log(np_.sum(np_.exp(shifted), axis=1, keepdims=True))
        return -np_.mean(logs[np_.arange(labels.shape[0]), labels])

    return lib.value_and_grad(loss)


def classes(batch: int, count: int) -> Any:
    return lambda rng: (rng.normal(size=(batch, count)), rng.integers(0, count, batch))


def perceptron(lib: Any) -> Any:
    np_ = lib.np_

    def loss(params: Any, x: Any, y: Any) -> Any:
        for a, b in params[:-1]:
            x = np_.tanh(np_.dot(x, a) + b)
        a, b = params[-1]
        return np_.mean((np_.dot(x, a) + b - y) ** 2)

    return lib.grad(loss)


def layers(batch: int, *sizes: int) -> Any:
    def inputs(rng: Any) -> Any:
        params = [
            (rng.normal(size=(m, n)) / math.sqrt(m), rng.normal(size=n) * 0.1)
            for m, n in zip(sizes, sizes[1:], strict=False)
        ]
        return params, rng.normal(size=(batch, sizes[0])), rng.normal(size=(batch, sizes[-1]))

    return inputs


def attention(lib: Any, heads: int) -> Any:
    """Self-attention with layer normalisation before it and a residual connection around it."""
    np_ = lib.np_

    def normalised(x: Any, scale: Any, shift: Any) -> Any:
        centered = x - np_.mean(x, axis=-1, keepdims=True)
        variance = np_.mean(centered**2, axis=-1, keepdims=True)
        return centered / np_.sqrt(variance + 1e-5) * scale + shift

    def softmax(x: Any) -> Any:
        e = np_.exp(x - np_.max(x, axis=-1, keepdims=True))
        return e / np_.sum(e, axis=-1, keepdims=True)

    def block(p: Any, x: Any) -> Any:
        batch, length, width = x.shape
        split = lambda y: np_.transpose(np_.reshape(y, (batch, length, heads, width // heads)), (0, 2, 1, 3))
        y = normalised(x, p["scale"], p["shift"])
        q, k, v = (split(np_.matmul(y, p[name])) for name in ("query", "key", "value"))
        scores = np_.matmul(q, np_.transpose(k, (0, 1, 3, 2))) / math.sqrt(width // heads)
        mixed = np_.transpose(np_.matmul(softmax(scores), v), (0, 2, 1, 3))
        return x + np_.matmul(np_.reshape(mixed, (batch, length, width)), p["out"])

    return lib.grad(lambda p, x, y: np_.mean((block(p, x) - y) ** 2), argnums=(0, 1))


def tokens(batch: int, length: int, width: int) -> Any:
    def inputs(rng: Any) -> Any:
        names = ("query", "key", "value", "out")
        params = {name: rng.normal(size=(width, width)) / math.sqrt(width) for name in names}
        params |= {"scale": 1 + 0.1 * rng.normal(size=width), "shift": 0.1 * rng.normal(size=width)}
        return params, rng.normal(size=(batch, length, width)), rng.normal(size=(batch, length, width))

    return inputs


def adam(lib: Any) -> Any:
    """Kingma and Ba, "Adam: a method for stochastic optimization", 2015, algorithm 1."""
    np_ = lib.np_

    def step(params: Any, grads: Any, means: Any, squares: Any, count: Any) -> Any:
        rate = 1e-3 * np_.sqrt(1 - 0.999**count) / (1 - 0.9**count)
        means = {k: 0.9 * means[k] + 0.1 * g for k, g in grads.items()}
        squares = {k: 0.999 * squares[k] + 0.001 * g * g for k, g in grads.items()}
        new = {k: p - rate * means[k] / (np_.sqrt(squares[k]) + 1e-8) for k, p in params.items()}
        return new, means, squares

    return step


def weights(count: int, *shape: int) -> Any:
    """`count` arrays, in turn a matrix of `shape` and a vector of its last axis."""

    def inputs(rng: Any) -> Any:
        shapes = [shape if i % 2 == 0 else shape[1:] for i in range(count)]
        tree = lambda: {f"w{i:02}": rng.normal(size=s) for i, s in enumerate(shapes)}
        squares = {k: v * v for k, v in tree().items()}
        return tree(), tree(), tree(), squares, rng.uniform(5, 10)

    return inputs


ROWS = [
    Row("softmax", "softmax cross-entropy with gradient, 1024×1000", cross_entropy, classes(1024, 1000),
        classes(3, 4), ("float32",), others=PEERS),
    Row("mlp-small", "network gradient, 64-128-128-10, batch 128", perceptron, layers(128, 64, 128, 128, 10),
        layers(3, 2, 4, 3, 2), ("float32",), others=PEERS),
    Row("mlp-wide", "network gradient, 1024-1024-1024-1024, batch 256", perceptron,
        layers(256, 1024, 1024, 1024, 1024), layers(2, 3, 3, 3, 3), ("float32",), others=PEERS),
    Row("attention", "attention block gradient, 4×128×256, 8 heads", lambda lib: attention(lib, 8),
        tokens(4, 128, 256), tokens(1, 2, 8), ("float32",)),
    Row("adam", "Adam step, 50 arrays", adam, weights(50, 128, 64), weights(4, 2, 3), ("float32",)),
]  # fmt: skip
