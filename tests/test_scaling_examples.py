"""The examples of many devices give what one gives: here as batches over the places of a mesh, without devices."""

import numpy as np
import pytest
from scaling_examples import mixture, stencil, sweep, transformer

import wengert as w
from wengert.testing import check_grads

PARAMS, TOKENS = transformer.parameters(), transformer.batch(0)
FIELDS = stencil.fields(rows=8, columns=6)


def close(got, want, tolerance=1e-12):
    for a, b in zip(w.tree_util.tree_leaves(got), w.tree_util.tree_leaves(want), strict=True):
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("name", ["data and model", "pipeline"])
def test_the_transformer_in_parts(name):
    parallel = (
        transformer.parallel_loss({"data": 2, "model": 2})
        if name == "data and model"
        else transformer.pipelined_loss({"data": 1, "stage": 2}, parts=2)
    )
    want = w.jit(w.value_and_grad(transformer.loss))(PARAMS, TOKENS)
    close(w.jit(w.value_and_grad(parallel))(PARAMS, TOKENS), want)


def test_the_transformer_learns():
    step = w.jit(transformer.train_step(transformer.loss, transformer.adam(rate=1e-2)))
    state, losses = transformer.begin(PARAMS), []
    for k in range(60):
        state, value = step(state, transformer.batch(k, size=16))
        losses.append(float(value))
    assert np.mean(losses[-5:]) < 0.85 * losses[0] and int(state["number"]) == 60


def test_the_stencil_and_its_adjoint():
    u, conductivity, measured = FIELDS
    whole = lambda u, c: stencil.simulate(u, c, 4)  # noqa: E731
    parallel = stencil.parallel_simulate({"rows": 4}, 4)
    close(parallel(u, conductivity), whole(u, conductivity))
    args = conductivity, u, measured
    close(w.jit(w.grad(stencil.misfit(parallel)))(*args), w.grad(stencil.misfit(whole))(*args))
    check_grads(stencil.misfit(parallel), args, order=1)


def test_the_sweep():
    rows = sweep.parameters(3)
    values, slopes = w.jit(sweep.sensitivities)(rows)
    for row, value, slope in zip(rows, values, slopes, strict=True):
        assert value == pytest.approx(sweep.peak(row), rel=1e-12)
        for k, s in enumerate(slope):
            e = 1e-5 * np.eye(4)[k]
            assert s == pytest.approx((sweep.peak(row + e) - sweep.peak(row - e)) / 2e-5, rel=1e-5, abs=1e-7)


def test_the_mixture():
    from scipy.special import logsumexp
    from scipy.stats import multivariate_normal

    params, x = mixture.problem()
    weights = params["logits"] - logsumexp(params["logits"])
    logs = []
    for k in range(len(weights)):
        lower = np.tril(params["scales"][k], -1) + np.diag(np.exp(np.diag(params["scales"][k])))
        logs.append(weights[k] + multivariate_normal(params["means"][k], np.linalg.inv(lower.T @ lower)).logpdf(x))
    assert mixture.negative_likelihood(params, x) == pytest.approx(-np.mean(logsumexp(logs, axis=0)), rel=1e-12)
    check_grads(lambda p: mixture.negative_likelihood(p, x), (params,), order=1)
