"""Functions with sparse derivatives, written once for NumPy's names, of Wengert's `np` and of `jax.numpy` alike."""

import numpy


def rows(np, lax):
    """``name: (function, input, order)``."""
    rng = numpy.random.default_rng(0)

    def tridiagonal(x):
        return np.concatenate([x[:1], x[2:] - 2 * x[1:-1] + x[:-2] + np.sin(x[1:-1]), x[-1:]])

    def banded(x):
        y = np.pad(x, 3)
        n = x.shape[0]
        return sum((k + 1.0) * y[k : k + n] for k in range(7)) * np.cos(x)

    def brusselator(n):
        def f(u):
            a, b = u.reshape(2, n, n)

            def laplacian(v):
                return np.roll(v, 1, 0) + np.roll(v, -1, 0) + np.roll(v, 1, 1) + np.roll(v, -1, 1) - 4 * v

            return np.stack([1 + a * a * b - 4 * a + laplacian(a), 3 * a - a * a * b + laplacian(b)]).reshape(-1)

        return f

    def rosenbrock(x):
        return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)

    def power_flow(x):
        """Injections of a ring of buses, by angles and magnitudes."""
        angle, size = x.reshape(2, -1)
        flow_p = flow_q = 0.0
        for side in (1, -1):
            other, across = np.roll(size, side), angle - np.roll(angle, side)
            flow_p = flow_p + size * other * (0.1 * np.cos(across) + np.sin(across))
            flow_q = flow_q + size * other * (0.1 * np.sin(across) - np.cos(across))
        return np.concatenate([flow_p, flow_q + size**2])

    seen = rng.normal(size=(60, 60))

    def pde_least_squares(x):
        """Residuals of a diffusion equation and of what was seen, by the state and the conductivity."""
        u, k = x.reshape(2, 60, 60)
        flux_x = (k[1:] + k[:-1]) * (u[1:] - u[:-1])
        flux_y = (k[:, 1:] + k[:, :-1]) * (u[:, 1:] - u[:, :-1])
        inside = flux_x[1:, 1:-1] - flux_x[:-1, 1:-1] + flux_y[1:-1, 1:] - flux_y[1:-1, :-1]
        return np.concatenate([inside.reshape(-1), (u - seen).reshape(-1), 0.1 * (k - 1).reshape(-1)])

    def lagrangian(x):
        """Of a chain of points with an energy, and constraints on the lengths between them."""
        p = x.reshape(-1, 3)
        multipliers = np.cos(np.arange(p.shape[0] - 1.0))
        lengths = np.sum((p[1:] - p[:-1]) ** 2, 1)
        return np.sum(np.sin(p) ** 2) + np.sum(multipliers * (lengths - 1))

    def scanned(x):
        def step(before, row):
            return row, np.sin(row) * before + np.roll(row, 1)

        return lax.scan(step, x[0], x.reshape(-1, x.shape[-1]))[1]

    from scipy.spatial import Delaunay

    corners = Delaunay(rng.random((20_000, 2))).simplices

    def mesh(u):
        """The energy's gradient on a triangulation: each corner's from its triangles."""
        local = u[corners]
        mean = np.mean(local, 1, keepdims=True)
        forces = (local - mean) ** 3
        zeros = np.zeros(20_000)
        return (zeros + 0 * u).at[corners.reshape(-1)].add(forces.reshape(-1))

    def draw(*shape):
        return rng.uniform(0.5, 1.5, shape)

    return {
        "tridiagonal 1e5": (tridiagonal, draw(100_000), 1),
        "banded 3, 1e5": (banded, draw(100_000), 1),
        "Brusselator 32": (brusselator(32), draw(2 * 32**2), 1),
        "Brusselator 100": (brusselator(100), draw(2 * 100**2), 1),
        "Brusselator 200": (brusselator(200), draw(2 * 200**2), 1),
        "Rosenbrock's Hessian 1e5": (rosenbrock, draw(100_000), 2),
        "power flow of a ring 2e4": (power_flow, draw(20_000), 1),
        "PDE least squares 60": (pde_least_squares, draw(2 * 60**2), 1),
        "Hessian of a Lagrangian 3e4": (lagrangian, draw(30_000), 2),
        "scan 2000 by 20": (scanned, draw(2000, 20), 1),
        "mesh 2e4": (mesh, draw(20_000), 1),
    }
