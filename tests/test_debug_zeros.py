"""`config.debug_zeros` names the line where a derivative was lost; `config.disable_jit` runs everything as Python."""

import numpy as np
import pytest

import wengert
import wengert.numpy as wnp
from wengert import (
    config,
    grad,
    hessian,
    jacfwd,
    jacrev,
    jit,
    jvp,
    lax,
    linearize,
    stop_gradient,
    value_and_grad,
    vjp,
    vmap,
)
from wengert.errors import ZeroDerivativeError


def rounded(x):
    return wnp.round(x) * 2  # lost


def floored(x):
    return np.floor(x) + 1  # lost


def converted(x):
    return x.astype(int).astype(float)  # lost


def chosen(x):
    return np.argmax(np.stack([x, 1.0])) * 1.0  # lost


def compared(x):
    return np.where(x > 0, 1.0, 2.0)  # lost


def branched(x):
    return 1.0 if x > 0 else 2.0  # lost


def counted(x):
    return int(x) * 2.0  # lost


def stopped(x):
    return stop_gradient(x) * 2  # lost


def signed(x):
    return np.sign(x)  # lost


def looped(x):
    return lax.fori_loop(0, 2, lambda i, c: np.round(c), x)  # lost


def divided(x):
    return x // 1.0  # lost


LOST = {
    rounded: "round", floored: "floor", converted: "astype", chosen: "argmax", compared: "greater", branched: "greater",
    counted: "int()", stopped: "stop_gradient", signed: "sign", looped: "round", divided: "floor_divide",
}  # fmt: skip
WAYS = {
    "grad": lambda f: grad(f)(1.3),
    "value_and_grad": lambda f: value_and_grad(f)(1.3),
    "jvp": lambda f: jvp(f, (1.3,), (1.0,)),
    "vjp": lambda f: vjp(f, 1.3),
    "linearize": lambda f: linearize(f, 1.3),
    "jacfwd": lambda f: jacfwd(f)(1.3),
    "jacrev": lambda f: jacrev(f)(1.3),
    "hessian": lambda f: hessian(f)(1.3),
    "jit of grad": lambda f: jit(grad(f))(1.3),
    "grad of jit": lambda f: grad(jit(f))(1.3),
    "jit of jvp": lambda f: jit(lambda x: jvp(f, (x,), (1.0,))[1])(1.3),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("f", LOST)
def test_the_operation_and_the_line_are_named(f, way):
    WAYS[way](f)  # without the setting a zero, and no error
    with config.override(debug_zeros=True), pytest.raises(ZeroDerivativeError, match=r"\(x\)") as caught:
        WAYS[way](f)
    message = str(caught.value)
    assert LOST[f] in message and "# lost" in message and f.__name__ in message and "partial" not in message


FINE = [
    lambda x: np.where(x > 0, x, 0.0),
    lambda x: x * np.round(x),
    lambda x: x * x if x > 0 else -x,
    lambda x: np.zeros_like(x) * 1.0,
    lambda x: 3.0,
    lambda x: lax.scan(lambda c, _: (c * x, None), 1.0, None, length=2)[0],
    lambda x: vmap(lambda y: y * x)(np.ones(3)).sum(),
]


@pytest.mark.parametrize("f", FINE)
@pytest.mark.parametrize("way", [w for w in WAYS if w != "hessian"])
def test_what_depends_or_never_did(f, way):
    with config.override(debug_zeros=True):
        WAYS[way](f)


def test_which_input_and_which_result():
    with config.override(debug_zeros=True):
        with pytest.raises(ZeroDerivativeError, match=r"argument 0 \(p\) at \['b'\]"):
            grad(lambda p: p["a"] * 2 + np.round(p["b"]))({"a": 1.0, "b": 2.0})
        with pytest.raises(ZeroDerivativeError, match=r"argument 1 \(b\)"):
            grad(lambda a, b: a * 2 + np.round(b), (0, 1))(1.0, 2.0)
        with pytest.raises(ZeroDerivativeError, match=r"argument 1 \(b\)"):
            jacfwd(lambda a, b: a * 2 + np.round(b), 1)(1.0, 2.0)
        with pytest.raises(ZeroDerivativeError, match=r"result at \[1\]"):
            vjp(lambda a: (a, np.round(a)), 1.0)
        assert grad(lambda a, b: a * 2 + np.round(b))(1.0, 2.0) == 2.0  # b is not differentiated
    compiled = jit(grad(rounded))
    assert compiled(1.3) == 0.0
    with config.override(debug_zeros=True), pytest.raises(ZeroDerivativeError):
        compiled(1.3)
    assert compiled(1.3) == 0.0


def test_a_batch_of_derivatives():
    with config.override(debug_zeros=True), pytest.raises(ZeroDerivativeError):
        vmap(grad(rounded))(np.array([1.3, 1.4]))


# --- disable_jit ----------------------------------------------------------------------------------------------------


def test_functions_run_as_python():
    seen = []

    @jit
    def f(x):
        seen.append(x)
        return x * 2

    assert f(1.0) == 2.0
    with config.override(disable_jit=True):
        assert f(3.0) == 6.0 and isinstance(f(3.0), np.floating)
        assert seen[-1] == 3.0 and isinstance(seen[-1], float)
        assert grad(jit(lambda x: x * x))(3.0) == 6.0
        np.testing.assert_array_equal(vmap(jit(lambda x: x * x))(np.arange(3.0)), [0.0, 1.0, 4.0])
        assert grad(wengert.checkpoint(lambda x: x * x))(3.0) == 6.0
    count = len(seen)
    assert f(4.0) == 8.0 and len(seen) == count  # the compiled one is there again


@pytest.mark.parametrize("reverse", [False, True])
def test_loops_run_step_by_step(reverse):
    seen = []

    def step(c, x):
        seen.append(c if isinstance(c, wengert.core.Tracer) else float(c))
        return c + x * c, c

    xs = np.arange(3.0)
    expected = lax.scan(step, 1.0, xs, reverse=reverse)
    seen.clear()
    with config.override(disable_jit=True):
        got = lax.scan(step, 1.0, xs, reverse=reverse)
        assert len(seen) == 3 and all(isinstance(c, float) for c in seen)
        np.testing.assert_array_equal(got[0], expected[0])
        np.testing.assert_array_equal(got[1], expected[1])
        slope = grad(lambda x: lax.scan(lambda c, _: (c * x, c), x, None, length=3)[0])(2.0)
        assert slope == 32.0
        assert lax.while_loop(lambda c: c < 5, lambda c: c + 2, 0) == 6
        assert lax.fori_loop(0, 3, lambda i, c: c + i, 0.0) == 3.0
        counts = vmap(lambda n: lax.while_loop(lambda c: c < n, lambda c: c + 1, 0))(np.array([2, 3]))
        np.testing.assert_array_equal(counts, [2, 3])
