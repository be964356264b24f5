"""The likelihood of a mixture of Gaussians: nothing in it knows of devices. XLA sums over those that rows of data lie on."""

from __future__ import annotations

import numpy as np

import wengert.numpy as wnp


def negative_likelihood(params, x):
    """The negative mean log-likelihood of rows of data.

    Args:
        params: ``logits`` of shape ``(k,)``, ``means`` ``(k, d)`` and ``scales`` ``(k, d, d)``, lower triangles with the logarithm of
            their diagonals.
        x: of shape ``(n, d)``.
    """
    lower = wnp.tril(params["scales"], -1)
    logs = wnp.diagonal(params["scales"], axis1=-2, axis2=-1)
    precision = lower + wnp.exp(logs)[..., None] * np.eye(x.shape[-1])
    away = x[:, None] - params["means"]
    scaled = wnp.einsum("kij,nkj->nki", precision, away)
    each = (
        wnp.sum(logs, -1)
        - 0.5 * wnp.sum(scaled**2, -1)
        - 0.5 * x.shape[-1] * np.log(2 * np.pi)
    )
    weights = params["logits"] - wnp.logsumexp(params["logits"])
    return -wnp.mean(wnp.logsumexp(weights + each, axis=-1))


def problem(n=64, k=3, d=2, seed=0):
    """Parameters and data at random."""
    rng = np.random.default_rng(seed)
    params = {
        "logits": rng.normal(size=k),
        "means": rng.normal(size=(k, d)),
        "scales": 0.3 * rng.normal(size=(k, d, d)),
    }
    return params, rng.normal(size=(n, d))
