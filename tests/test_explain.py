"""`explain`: the numbers of the chain rule against differences, the table, the picture, what it refuses."""

import xml.etree.ElementTree as ET

import numpy as np
import pytest

import wengert
from wengert import errors, explain


def product(x, y):
    a = np.sin(x)
    b = a * y
    return b + x**2


def network(p, x):
    hidden = np.tanh(p["w"] @ x + p["b"])
    return np.sum(hidden**2)


P = {"w": np.array([[0.1, 0.2], [0.3, 0.4]]), "b": np.array([0.5, 0.6])}
X = np.array([1.0, 2.0])


def carried(e):
    return {s.name: s.cotangent if e.mode == "reverse" else s.tangent for s in e.steps}


def test_reverse_mode_has_the_gradients_at_the_inputs():
    e = explain(wengert.grad(product, argnums=(0, 1)), 2.0, 3.0)
    assert [s.operation for s in e.steps] == ["", "", "sin", "multiply", "power", "add"]
    gx, gy = wengert.grad(product, argnums=(0, 1))(2.0, 3.0)
    found = carried(e)
    np.testing.assert_allclose([found["x"], found["y"]], [gx, gy], rtol=1e-15)
    assert (found["v1"], found["v2"], found["v4"]) == (3.0, 1.0, 1.0)
    np.testing.assert_allclose(e.steps[2].partials[0], np.cos(2.0))
    np.testing.assert_allclose(e.steps[3].partials, [3.0, np.sin(2.0)])
    assert e.value == product(2.0, 3.0)


def test_trees_arrays_and_matrices():
    e = explain(wengert.value_and_grad(network), P, X)
    g = wengert.grad(network)(P, X)
    found = carried(e)
    np.testing.assert_allclose(found["p['w']"], g["w"], rtol=1e-14)
    np.testing.assert_allclose(found["p['b']"], g["b"], rtol=1e-14)
    product_step = next(s for s in e.steps if s.operation == "dot_general")
    np.testing.assert_allclose(product_step.partials[0][0, 0], X)


def test_forward_mode():
    e = explain(product, 2.0, 3.0, tangents=(1.0, None))
    assert carried(e)["y"] is None
    np.testing.assert_allclose(e.steps[-1].tangent, wengert.jvp(product, (2.0, 3.0), (1.0, 0.0))[1])
    arrays = explain(lambda x: np.cumsum(x) * x, X, tangents=(np.ones(2),))
    np.testing.assert_allclose(
        arrays.steps[-1].tangent, wengert.jvp(lambda x: np.cumsum(x) * x, (X,), (np.ones(2),))[1]
    )


def test_every_partial_is_that_of_its_operation():
    """A step's cotangent is the sum, over the steps that use it, of theirs times the partial derivatives."""
    e = explain(wengert.grad(lambda x: np.log(x * x + 1) / (x - np.exp(-x)) + np.maximum(x, 0.5) ** x), 1.3)
    for k, step in enumerate(e.steps[:-1]):
        total = sum(
            s.cotangent * p
            for s in e.steps
            for source, p in zip(s.sources, s.partials, strict=False)
            if source == k and p is not None and s.cotangent is not None
        )
        np.testing.assert_allclose(step.cotangent if step.cotangent is not None else 0.0, total, rtol=1e-13)


def test_calls_branches_and_gradients_inside():
    f = lambda x: wengert.jit(np.sin)(x) * (x if x > 0 else -x) + wengert.grad(lambda v: v**3)(x)  # noqa: E731
    e = explain(wengert.grad(f), 0.7)
    assert "sin" in [s.operation for s in e.steps]
    np.testing.assert_allclose(carried(e)["x"], wengert.grad(f)(0.7), rtol=1e-14)
    g = wengert.grad(wengert.grad(lambda x: np.sin(x) * x))
    np.testing.assert_allclose(carried(explain(g, 0.7))["x"], g(0.7), rtol=1e-14)


def test_the_table_names_lines_and_numbers():
    text = repr(explain(wengert.grad(product), 2.0, 3.0))
    for part in ("grad of product", "b = a * y", "multiply(v1, 3.)", "by x: -0.416147", "2.751559", "test_explain.py"):
        assert part in text
    assert "/" not in text.split("test_explain.py")[0].splitlines()[-1]


def test_the_picture_is_a_graph():
    e = explain(wengert.grad(product, argnums=(0, 1)), 2.0, 3.0)
    svg = ET.fromstring(e.svg())
    names = {"{http://www.w3.org/2000/svg}" + n: n for n in ("rect", "path", "text")}
    found = [names.get(node.tag) for node in svg.iter()]
    assert found.count("rect") == 6
    assert found.count("path") == 6 + 1  # six arrows, and the head of one
    assert "2.751559" in e.svg()
    assert "<table>" in e._repr_html_()


def test_names_are_escaped():
    e = explain(lambda p: p["<script>"] * 2.0, {"<script>": 1.0})
    assert "<script>" not in e._repr_html_()
    ET.fromstring(e.svg())


def test_what_it_refuses():
    with pytest.raises(errors.ArgumentError, match="100 steps"):
        explain(lambda x: sum(np.sin(x * k) for k in range(80)), 1.0)
    with pytest.raises(errors.NonScalarOutputError, match="tangents"):
        explain(lambda x: x * 2, X)
    with pytest.raises(errors.ArgumentError, match="jacrev"):
        explain(wengert.jacrev(lambda x: x * 2), X)
    with pytest.raises(errors.ArgumentError, match="backwards"):
        explain(wengert.grad(product), 2.0, 3.0, tangents=(1.0, 1.0))
