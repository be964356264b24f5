"""The timed cells of a study notebook on automatic differentiation: four products with a Hessian, three with a Jacobian.

The sizes and the code are those of JAX's autodiff cookbook, whose exercises the notebook works through.
"""

from __future__ import annotations

from typing import Any

from ..row import Row


def total(lib: Any) -> Any:
    np_ = lib.np_
    return lambda x: np_.sum(np_.tanh(x) ** 2)


def forward_over_reverse(lib: Any) -> Any:
    f = total(lib)
    return lambda x, v: lib.jvp(lib.grad(f), (x,), (v,))[1]


def reverse_over_forward(lib: Any) -> Any:
    f = total(lib)
    return lambda x, v: lib.grad(lambda x: lib.jvp(f, (x,), (v,))[1])(x)


def reverse_over_reverse(lib: Any) -> Any:
    f = total(lib)
    return lambda x, v: lib.grad(lambda x: lib.np_.vdot(lib.grad(f)(x), v))(x)


def whole_hessian(lib: Any) -> Any:
    f = total(lib)
    return lambda x, v: lib.np_.tensordot(lib.hessian(f)(x), v, 2)


def predictions(lib: Any, bias: Any, inputs: Any) -> Any:
    np_ = lib.np_
    return lambda weights: 0.5 * (np_.tanh((np_.dot(inputs, weights) + bias) / 2) + 1)


def jacobian_loop(lib: Any) -> Any:
    def run(weights: Any, bias: Any, inputs: Any, covectors: Any) -> Any:
        _, pullback = lib.vjp(predictions(lib, bias, inputs), weights)
        return lib.np_.vstack([pullback(u)[0] for u in covectors])

    return run


def jacobian_reverse(lib: Any) -> Any:
    def run(weights: Any, bias: Any, inputs: Any, covectors: Any) -> Any:
        _, pullback = lib.vjp(predictions(lib, bias, inputs), weights)
        return lib.vmap(pullback)(covectors)[0]

    return run


def jacobian_forward(lib: Any) -> Any:
    def run(weights: Any, bias: Any, inputs: Any, vectors: Any) -> Any:
        f = predictions(lib, bias, inputs)
        return lib.vmap(lambda v: lib.jvp(f, (weights,), (v,))[1])(vectors)

    return run


def matrices(rows: int, columns: int) -> Any:
    return lambda rng: (rng.normal(size=(rows, columns)), rng.normal(size=(rows, columns)))


def predictor(vectors: int, length: int) -> Any:
    return lambda rng: (
        rng.normal(size=3), rng.normal(), rng.normal(size=(4, 3)), rng.normal(size=(vectors, length)),
    )  # fmt: skip


ROWS = [
    *(
        Row(f"notebook-{name}", f"notebook: {title}, 30×40", build, matrices(30, 40), matrices(2, 3), ("float32",))
        for name, title, build in (
            ("hvp-forward-reverse", "Hessian × vector, forward over reverse", forward_over_reverse),
            ("hvp-reverse-forward", "Hessian × vector, reverse over forward", reverse_over_forward),
            ("hvp-reverse-reverse", "Hessian × vector, reverse over reverse", reverse_over_reverse),
            ("hvp-whole-hessian", "Hessian × vector, whole Hessian", whole_hessian),
        )
    ),
    *(
        Row(f"notebook-{name}", f"notebook: {title}", build, predictor(128, n), predictor(3, n), ("float32",))
        for name, title, build, n in (
            ("mjp-loop", "128 covectors × Jacobian, loop", jacobian_loop, 4),
            ("mjp-vmap", "128 covectors × Jacobian, vmap", jacobian_reverse, 4),
            ("jmp-vmap", "Jacobian × 128 vectors, vmap", jacobian_forward, 3),
        )
    ),
]
