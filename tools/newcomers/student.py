"""What somebody wishes who studies automatic differentiation with a notebook written for JAX, written down before looking at what exists; see run.py."""

import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
from helpers import listed, message

import wengert
from wengert import grad, hessian, jacfwd, jacrev, jit, jvp, linearize, vjp, vmap

WISHES, wish = listed()
tmp = pathlib.Path(tempfile.mkdtemp())


def run(nb, *a, **k):
    return subprocess.run(
        [sys.executable, "-m", "wengert", "run", str(nb), "--output", str(tmp / "out"), *a],
        capture_output=True,
        text=True,
        timeout=200,
        **k,
    )


def notebook(cells):
    nb = {
        "cells": [
            {"cell_type": "code", "metadata": {}, "source": c, "outputs": [], "execution_count": None, "id": f"c{i}"}
            for i, c in enumerate(cells)
        ],
        "metadata": {"kernelspec": {"name": "python3", "display_name": "p", "language": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    p = tmp / f"nb{len(list(tmp.iterdir()))}.ipynb"
    p.write_text(json.dumps(nb))
    return p


@wish
def A01():
    """gradient of a polynomial by hand vs grad at a point."""
    assert np.isclose(grad(lambda x: 3 * x**2 + 2 * x)(2.0), 14)


@wish
def A02():
    """print a jaxpr-like program of my function (make_program / jax.make_jaxpr)."""
    s = str(wengert.make_program(lambda x: np.sin(x) * 2)(1.0))
    assert "sin" in s and "multiply" in s
    str(wengert.make_jaxpr(lambda x: np.sin(x))(1.0))


@wish
def A03():
    """explain(grad(f), x): table with partials and cotangents."""
    e = wengert.explain(grad(lambda x: np.sin(x) * x), 2.0)
    s = str(e)
    assert "sin" in s and "cotangent" in s.lower(), s


@wish
def A04():
    """explain forward mode: tangents=(1.0,)."""
    e = wengert.explain(lambda x: np.sin(x) * x, 2.0, tangents=(1.0,))
    assert "tangent" in str(e).lower()


@wish
def A05():
    """the same picture as an SVG file I can put in my report."""
    e = wengert.explain(grad(lambda x: np.sin(x) * x), 2.0)
    s = e.svg()
    assert s.startswith("<svg")


@wish
def A06():
    """run my JAX notebook unchanged: `wengert run nb.ipynb --as-jax`."""
    p = notebook(
        [
            "import jax, jax.numpy as jnp\nfrom jax import grad, vmap, random",
            "k=random.PRNGKey(0)\nx=random.normal(k,(5,))\nprint(grad(lambda x: jnp.sum(jnp.tanh(x)**2))(x))",
            "x = x.at[0].set(3.0); print(x.dtype)",
        ]
    )
    r = run(p, "--as-jax")
    assert r.returncode == 0, r.stdout + r.stderr


@wish
def A07():
    """the notebook's prints and errors appear in the output page; an error's cell is named."""
    p = notebook(["print('hello there')", "1/0"])
    r = run(p)
    assert r.returncode != 0
    html = list((tmp / "out").glob("*.html"))
    assert any("hello there" in h.read_text() and "ZeroDivisionError" in h.read_text() for h in html)
    assert "cell 2" in r.stdout + r.stderr or "ZeroDivision" in r.stdout + r.stderr


@wish
def A08():
    """jvp and vjp by hand give the same number."""
    f = lambda x: np.sin(x) * np.exp(x)
    y, t = jvp(f, (0.3,), (1.0,))
    y2, b = vjp(f, 0.3)
    assert np.isclose(t, b(1.0)[0])


@wish
def A09():
    """linearize and then apply the linear map twice."""
    y, lin = linearize(lambda x: np.sin(x) * x, np.ones(3))
    a = lin(np.ones(3))
    b = lin(2 * np.ones(3))
    assert np.allclose(b, 2 * a)


@wish
def A10():
    """jacfwd vs jacrev of the same function agree."""
    f = lambda x: np.stack([x[0] * x[1], x[1] ** 2, np.sin(x[0])])
    x = np.array([1.0, 2.0])
    assert np.allclose(jacfwd(f)(x), jacrev(f)(x))


@wish
def A11():
    """hessian of Rosenbrock at a point."""
    import scipy.optimize as so

    f = lambda x: np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)
    x = np.array([0.5, 1, 1.5])
    assert np.allclose(hessian(f)(x), so.rosen_hess(x))


@wish
def A12():
    """third derivative by grad(grad(grad)) and by derivative(f, 3)."""
    assert np.isclose(grad(grad(grad(np.tanh)))(0.3), wengert.derivative(np.tanh, 3)(0.3))


@wish
def A13():
    """custom_jvp for log1pexp."""

    @wengert.custom_jvp
    def f(x):
        return np.log1p(np.exp(x))

    f.defjvps(lambda t, ans, x: t / (1 + np.exp(-x)))
    assert np.isclose(grad(f)(100.0), 1.0)


@wish
def A14():
    """custom_vjp for gradient clipping."""

    @wengert.custom_vjp
    def clip(x):
        return x

    clip.defvjp(lambda x: (x, None), lambda r, g: (np.clip(g, -1, 1),))
    assert grad(lambda x: 5 * clip(x))(1.0) == 1


@wish
def A15():
    """vmap over a pairwise distance."""
    d = vmap(vmap(lambda a, b: np.sqrt(np.sum((a - b) ** 2)), (None, 0)), (0, None))
    x = np.random.default_rng(0).normal(size=(4, 3))
    y = x + 1
    assert d(x, y).shape == (4, 4)


@wish
def A16():
    """random: split keys, normal; same numbers as JAX."""
    p = notebook(
        [
            "import jax\nk1,k2=jax.random.split(jax.random.PRNGKey(42))\nv=jax.random.normal(k1,(3,))\nimport numpy as np\nprint(np.asarray(v))"
        ]
    )
    r = run(p, "--as-jax")
    assert r.returncode == 0
    h = "".join(x.read_text() for x in (tmp / "out").glob("*.html"))
    assert "normal" in h
    with wengert.as_jax():
        import jax

        v = np.asarray(jax.random.normal(jax.random.split(jax.random.PRNGKey(42))[0], (3,)))
    assert np.allclose(v, [0.07592554, -0.48634264, 1.2903206], rtol=1e-5), v


@wish
def A17():
    """tell me why: grad of vector output -> message says what to write."""
    message(lambda: grad(lambda x: x**2)(np.ones(2)), "scalar", "jacrev")


@wish
def A18():
    """tell me why: in-place mutation under trace."""

    def f(x):
        x[0] = 3.0
        return np.sum(x**2)

    assert np.allclose(grad(f)(np.ones(3)), [0, 2, 2])


@wish
def A19():
    """tell me why: float(x) in jit."""
    message(
        lambda: jit(lambda x: [float(v) for v in x] and int(np.sum(x) * 0) + np.zeros(x.shape)[x])(np.ones(3)), "index"
    )


@wish
def A20():
    """grad of an if on values."""
    assert grad(lambda x: x**2 if x > 0 else -x)(-1.0) == -1


@wish
def A21():
    """lax.scan RNN and grad."""
    from wengert import lax

    def rnn(w, xs):
        h, _ = lax.scan(lambda h, x: (np.tanh(w @ h + x), h), np.zeros(3), xs)
        return np.sum(h)

    assert grad(rnn)(np.eye(3) * 0.5, np.ones((5, 3))).shape == (3, 3)


@wish
def A22():
    """while_loop newton, gradient in reverse."""
    from wengert import lax

    def root(a):
        return lax.while_loop(lambda x: np.abs(x * x - a) > 1e-12, lambda x: 0.5 * (x + a / x), 1.0)

    assert np.isclose(grad(root)(4.0), 0.25)


@wish
def A23():
    """check_grads on my rule."""
    from wengert.testing import check_grads

    check_grads(lambda x: np.sin(x) * x, (1.0,), order=2)


@wish
def A24():
    """stop_gradient."""
    assert grad(lambda x: x * wengert.stop_gradient(x))(3.0) == 3


@wish
def A25():
    """find docs of a name from the REPL: help(wengert.grad) shows args and example."""
    import pydoc

    s = pydoc.plain(pydoc.render_doc(wengert.grad))
    assert "argnums" in s and ">>>" in s
