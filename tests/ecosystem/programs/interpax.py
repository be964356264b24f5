"""Interpax: splines in one, two and three dimensions, their derivatives, Fourier and radial interpolation, Akima, Hermite, PPoly."""

import interpax
import jax
import jax.numpy as jnp
import numpy as np

X64 = True
TOLERANCE = {"": 1e-9, "training": 1e-7}


def flat(tree):
    return np.concatenate(
        [np.ravel(np.asarray(x, np.float64)) for x in jax.tree.leaves(tree)] or [np.zeros(0)]
    ).tolist()


X = jnp.linspace(0, 2 * jnp.pi, 20)
Y = jnp.linspace(0, 1, 12)
Z = jnp.linspace(-1, 1, 9)
Q = jnp.array([0.1, 0.77, 2.3, 5.9])


def one():
    f = jnp.sin(X)
    out = {}
    for method in (
        "nearest",
        "linear",
        "cubic",
        "cubic2",
        "catmull-rom",
        "cardinal",
        "monotonic",
        "monotonic-0",
        "akima",
    ):
        found = flat(interpax.interp1d(Q, X, f, method=method))
        if method != "nearest":
            found += flat(interpax.interp1d(Q, X, f, method=method, derivative=1)) + flat(
                jax.grad(lambda f, m=method: jnp.sum(interpax.interp1d(Q, X, f, method=m)))(f)
            )
            found += flat(jax.jit(jax.vmap(lambda q, m=method: interpax.interp1d(q, X, f, method=m)))(Q))
        out[f"interp1d_{method}"] = found
    out["extrapolate"] = flat(interpax.interp1d(jnp.array([-1.0, 8.0]), X, f, extrap=True)) + flat(
        interpax.interp1d(jnp.array([-1.0, 7.0]), X, f, method="cubic2", period=2 * jnp.pi)
    )
    spline = interpax.Interpolator1D(X, f, method="cubic2")
    out["interpolator"] = flat(spline(Q)) + flat(spline(Q, dx=1)) + flat(jax.jit(lambda s, q: s(q))(spline, Q))
    return out


def more():
    g = jnp.sin(X)[:, None] * jnp.cos(3 * Y)[None]
    h = g[:, :, None] * Z**2
    qy, qz = jnp.array([0.05, 0.3, 0.6, 0.9]), jnp.array([-0.5, 0.1, 0.3, 0.8])
    out = {}
    for method in ("linear", "cubic", "cubic2"):
        out[f"interp2d_{method}"] = flat(interpax.interp2d(Q, qy, X, Y, g, method=method)) + flat(
            interpax.interp2d(Q, qy, X, Y, g, method=method, derivative=(1, 0))
        )
        out[f"interp3d_{method}"] = flat(interpax.interp3d(Q, qy, qz, X, Y, Z, h, method=method))
    out["interp2d_gradient"] = flat(jax.grad(lambda q: jnp.sum(interpax.interp2d(q, qy, X, Y, g, method="cubic2")))(Q))
    two = interpax.Interpolator2D(X, Y, g, method="cubic")
    three = interpax.Interpolator3D(X, Y, Z, h, method="linear")
    out["interpolators"] = flat(two(Q, qy)) + flat(three(Q, qy, qz)) + flat(two(Q, qy, dx=1))
    return out


def fourier():
    x = jnp.linspace(0, 2 * jnp.pi, 16, endpoint=False)
    f = jnp.sin(x) + 0.3 * jnp.cos(2 * x)
    out = flat(interpax.fft_interp1d(f, 40)) + flat(interpax.fft_interp1d(f, 24, sx=jnp.array([0.1]), dx=x[1] - x[0]))
    g = f[:, None] * f[None]
    return {"fourier": out + flat(interpax.fft_interp2d(g, 20, 24))}


def pieces():
    f = jnp.sin(X)
    out = []
    for p in (
        interpax.CubicSpline(X, f),
        interpax.CubicSpline(X, f, bc_type="natural"),
        interpax.Akima1DInterpolator(X, f),
        interpax.PchipInterpolator(X, f),
        interpax.CubicHermiteSpline(X, f, jnp.cos(X)),
    ):
        out += (
            flat(p(Q))
            + flat(p(Q, 1))
            + [float(p.integrate(0.5, 3.0))]
            + flat(p.derivative()(Q))
            + flat(p.antiderivative()(Q))
        )
    ppoly = interpax.PPoly(jnp.array([[1.0, 2.0], [0.5, -1.0], [3.0, 0.1]]), jnp.array([0.0, 1.0, 2.0]))
    return {
        "pieces": out
        + flat(ppoly(jnp.array([0.5, 1.5])))
        + flat(jax.jit(lambda p, q: p(q))(ppoly, jnp.array([0.5, 1.5])))
    }


def training():
    """Values at knots fitted by gradient descent, 50 steps."""
    target = jnp.cos(Q)

    @jax.jit
    def step(f):
        value, grad = jax.value_and_grad(
            lambda f: jnp.sum((interpax.interp1d(Q, X, f, method="cubic2") - target) ** 2)
        )(f)
        return f - 0.1 * grad, value

    f, out = jnp.sin(X), []
    for _ in range(50):
        f, value = step(f)
        out.append(float(value))
    return {"training": out}


def main():
    out = {}
    for f in (one, more, fourier, pieces, training):
        out |= f()
    return out


def step():
    x = jnp.linspace(0, 1, 200)
    q = jnp.linspace(0, 1, 1000)
    run = jax.jit(jax.value_and_grad(lambda f: jnp.sum(interpax.interp1d(q, x, f, method="cubic2") ** 2)))
    f = jnp.sin(x)
    return lambda: jax.block_until_ready(run(f))
