"""What somebody wishes who studies automatic differentiation with a notebook written for JAX: the second list; see run.py."""

import json

import numpy as np
from helpers import HERE, command, executed, listed, message, notebook

import wengert
from wengert import grad, hessian, jacfwd, jacrev, jit, jvp, lax, vjp, vmap

WISHES, wish = listed()


@wish
def E01():
    """JAX's first notebook as it is: jit, %timeit, block_until_ready, and the type of an array."""
    text, _ = executed(
        "import jax, jax.numpy as jnp\nfrom jax import jit, grad, random",
        "def selu(x, alpha=1.67, lmbda=1.05):\n    return lmbda * jnp.where(x > 0, x, alpha * jnp.exp(x) - alpha)\n"
        "x = random.normal(random.key(1), (1_000,))",
        "selu_jit = jit(selu)\n_ = selu_jit(x)\n%timeit -n 2 -r 2 selu_jit(x).block_until_ready()",
        "print(type(x), isinstance(x, jax.Array), x.dtype, x.device)",
        name="first",
        arguments=("--as-jax",),
    )
    assert "per loop" in text and "True float32" in text, text


@wish
def E02():
    """jax.make_jaxpr prints a jaxpr as the course shows it."""
    text, _ = executed(
        "import jax, jax.numpy as jnp",
        "print(jax.make_jaxpr(lambda x: jnp.sin(x) * 2.0)(1.0))",
        name="jaxpr",
        arguments=("--as-jax",),
    )
    assert "lambda" in text and "sin" in text and "mul" in text and "f32[]" in text, text


@wish
def E03():
    """The Jacobian of a softmax beside diag(s) - s s', in both modes."""
    soft = lambda z: np.exp(z - np.max(z)) / np.sum(np.exp(z - np.max(z)))
    z = np.array([0.3, -1.0, 2.0])
    s = soft(z)
    assert np.allclose(jacfwd(soft)(z), np.diag(s) - np.outer(s, s)) and np.allclose(jacrev(soft)(z), jacfwd(soft)(z))


@wish
def E04():
    """All four ways of nesting modes give one Hessian."""
    f = lambda x: np.sum(np.tanh(x) ** 2) * np.prod(x)
    x = np.array([0.3, 0.5, -1.2])
    ways = [a(b(f))(x) for a in (jacfwd, jacrev) for b in (jacfwd, jacrev)]
    assert all(np.allclose(w, hessian(f)(x)) for w in ways)


@wish
def E05():
    """In a notebook the last line `explain(grad(f), x)` shows a table and a picture."""
    _, page = executed(
        "import numpy as np, wengert\nf = lambda x: np.sin(x) * np.exp(x)\nwengert.explain(wengert.grad(f), 2.0)",
        name="explained",
    )
    assert "<table" in page and "<svg" in page and "exp" in page


@wish
def E06():
    """explain of a network of some forty steps, and the picture in a file for my report."""

    def net(x):
        for _ in range(13):
            x = np.tanh(x * 1.1) + 0.1
        return x

    e = wengert.explain(grad(net), 0.3)
    (HERE / "net.svg").write_text(e.svg())
    assert str(e).count("tanh") >= 13 and (HERE / "net.svg").stat().st_size > 1000


@wish
def E07():
    """No confusion of perturbations: d/dx of x * d/dy (x + y) is 1."""
    assert grad(lambda x: x * grad(lambda y: x + y)(2.0))(1.0) == 1
    assert jvp(lambda x: x * jvp(lambda y: x * y, (2.0,), (1.0,))[1], (3.0,), (1.0,))[1] == 6


@wish
def E08():
    """What is taken at kinks: abs, maximum and relu at zero; ties of max."""
    assert grad(np.abs)(0.0) == 0 and grad(lambda x: np.maximum(x, 0.0))(0.0) in (0, 0.5)
    assert np.isclose(grad(np.max)(np.ones(4)).sum(), 1)


@wish
def E09():
    """How many operations a gradient costs beside its function: flops of the compiled code."""
    f = lambda x: np.sum(np.sin(x) ** 2)
    x = np.ones(1000)
    a, b = (wengert.explain(jit(g), x) for g in (f, grad(f)))
    assert "flops" in str(a) and "flops" in str(b)


@wish
def E10():
    """vjp of a function with two results and has_aux."""
    y, back, aux = vjp(lambda x: ((np.sin(x), x**2), "note"), 0.5, has_aux=True)
    assert aux == "note" and np.isclose(back((1.0, 2.0))[0], np.cos(0.5) + 2.0) and len(y) == 2


@wish
def E11():
    """vmap over dicts with in_axes and out_axes, and psum over a named axis."""
    p = {"w": np.arange(6.0).reshape(3, 2), "b": 1.0}
    y = vmap(lambda p, x: p["w"] @ x + p["b"], in_axes=({"w": None, "b": None}, 1), out_axes=1)(p, np.ones((2, 5)))
    assert y.shape == (3, 5)
    assert np.allclose(vmap(lambda v: v / lax.psum(v, "i"), axis_name="i")(np.arange(1.0, 4)), np.arange(1, 4) / 6)


@wish
def E12():
    """jax.tree_util and jax.tree in the notebook: map, leaves, structure printed."""
    text, _ = executed(
        "import jax, jax.numpy as jnp\ng = jax.grad(lambda p: p['a'] * p['b'][0])({'a': 2.0, 'b': [3.0]})\n"
        "print(jax.tree.leaves(g), jax.tree_util.tree_structure(g))\nprint(jax.tree_util.tree_map(lambda v: v.shape, g))",
        name="trees",
        arguments=("--as-jax",),
    )
    assert "PyTreeDef({'a': *, 'b': [*]})" in text, text


@wish
def E13():
    """jit with static_argnums for the length of a loop, as decorator with partial."""
    from functools import partial

    @partial(jit, static_argnums=1)
    def power(x, n):
        for _ in range(n - 1):
            x = x * x
        return x

    assert power(2.0, 3) == 16 and power(np.float64(2), 2) == 4


@wish
def E14():
    """custom_jvp with nondiff_argnums, as JAX's page on custom rules has it."""
    from functools import partial

    @partial(wengert.custom_jvp, nondiff_argnums=(0,))
    def app(f, x):
        return f(x)

    @app.defjvp
    def app_jvp(f, primals, tangents):
        (x,), (t,) = primals, tangents
        return f(x), 2.0 * t

    assert grad(lambda x: app(lambda v: v**3, x))(3.0) == 2


@wish
def E15():
    """jax.experimental.ode.odeint in the notebook, with gradient."""
    text, _ = executed(
        "import jax, jax.numpy as jnp\nfrom jax.experimental.ode import odeint\n"
        "f = lambda k: odeint(lambda y, t: -k * y, 1.0, jnp.linspace(0.0, 1.0, 5))[-1]\nprint(float(jax.grad(f)(1.3)))",
        name="ode",
        arguments=("--as-jax",),
    )
    assert abs(float(text) + np.exp(-1.3)) < 1e-4, text


@wish
def E16():
    """A plot of a function and its derivative stands in the page."""
    _, page = executed(
        "%matplotlib inline\nimport matplotlib.pyplot as plt, numpy as np\nfrom wengert import grad, vmap",
        "x = np.linspace(-3, 3, 50)\nplt.plot(x, np.tanh(x)); plt.plot(x, vmap(grad(np.tanh))(x)); plt.title('tanh')",
        name="plot",
    )
    assert "data:image/png" in page or "<svg" in page


@wish
def E17():
    """Magics and shell lines of a course's notebook: %%time, %%capture, !echo, %run."""
    (HERE / "side.py").write_text("answer = 42\n")
    text, _ = executed(
        "%%time\nsum(range(10))",
        "%%capture out\nprint('hidden')",
        "!echo from the shell",
        "%run side.py\nprint(answer, out.stdout)",
        name="magics",
    )
    assert "from the shell" in text and "42 hidden" in text, text


@wish
def E18():
    """jax.jit of a Python `if` on values: JAX's own error, with what to write instead."""
    with wengert.as_jax():
        import jax

        message(lambda: jax.jit(lambda x: x if x > 0 else -x)(1.0), "cond", "static_argnums")


@wish
def E19():
    """Complex derivatives: holomorphic=True, and the error without it."""
    assert np.isclose(grad(lambda z: z**3, holomorphic=True)(1 + 2j), 3 * (1 + 2j) ** 2)
    message(lambda: grad(lambda z: z**3)(1 + 2j), "holomorphic")


@wish
def E20():
    """linear_transpose of a linear function equals its matrix, transposed."""
    A = np.arange(6.0).reshape(2, 3)
    t = wengert.linear_transpose(lambda x: A @ x, np.zeros(3))
    assert np.allclose(t(np.array([1.0, 2.0]))[0], A.T @ [1, 2])


@wish
def E21():
    """jax.debug.print inside jit, in order."""
    text, _ = executed(
        "import jax, jax.numpy as jnp\n@jax.jit\ndef f(x):\n    jax.debug.print('x is {}', x)\n    return x + 1\n_ = f(2.0)",
        name="printing",
        arguments=("--as-jax",),
    )
    assert "x is 2.0" in text


@wish
def E22():
    """Taylor coefficients of exp(sin(x)) at 0, to fifth order."""
    coefficients = wengert.taylor(lambda x: np.exp(np.sin(x)), 0.0, 5)
    assert np.allclose(coefficients, [1, 1, 1 / 2, 0, -1 / 8, -1 / 15])


@wish
def E23():
    """Implicit differentiation of a fixed point: lax.custom_root."""

    def root(a):
        f = lambda x: x - np.cos(a * x)

        def solve(f, x):
            for _ in range(60):
                x = x - f(x) / (1 + a * np.sin(a * x))
            return x

        return lax.custom_root(f, 0.5, solve, lambda g, y: y / g(1.0))

    x = root(1.0)
    assert np.isclose(grad(root)(1.0), -x * np.sin(x) / (1 + np.sin(x)))


@wish
def E24():
    """A wrong custom rule is found by check_grads, and the message says which mode."""
    from wengert.testing import check_grads

    @wengert.custom_vjp
    def f(x):
        return x**2

    f.defvjp(lambda x: (x**2, x), lambda x, g: (3.0 * x * g,))
    message(lambda: check_grads(f, (2.0,), order=1, modes=["rev"]), "2")


@wish
def E25():
    """Which cell failed, for a script that grades notebooks: --json, --keep-going."""
    done = command(
        "run",
        notebook("x = 1", "assert x == 2, 'wrong'", "x", name="graded"),
        "--json",
        "--keep-going",
        "--output",
        "graded",
    )
    said = json.loads(done.stdout)
    bad = [o for o in said["outcomes"] if o["failure"]]
    assert (
        done.returncode == 1 and len(bad) == 1 and "wrong" in bad[0]["failure"]["message"] and bad[0]["id"] == "c1"
    ), said
