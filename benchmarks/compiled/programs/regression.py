"""The Hessian of a logistic regression's loss, for Newton's method or a Laplace approximation."""

from __future__ import annotations

from typing import Any

from ..row import Row


def build(lib: Any) -> Any:
    np_ = lib.np_

    def loss(weights: Any, x: Any, y: Any) -> Any:
        return np_.mean(np_.log1p(np_.exp(-y * np_.dot(x, weights)))) + 0.05 * np_.sum(weights**2)

    return lib.hessian(loss)


def data(count: int, features: int) -> Any:
    def inputs(rng: Any) -> Any:
        weights, x = rng.normal(size=features), rng.normal(size=(count, features))
        return weights, x, rng.choice([-1.0, 1.0], count)

    return inputs


ROWS = [Row("logistic", "logistic regression Hessian, 1000×50", build, data(1000, 50), data(5, 3))]
