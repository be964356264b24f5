"""Physics: motion, fields, heat, waves, chemistry."""

import numpy as np


def double_pendulum(state, dt=0.02, steps=5):
    """Runge and Kutta's fourth order on the equations of a double pendulum."""

    def slope(s):
        a, b, p, q = s
        d = a - b
        den = 3 - np.cos(2 * d)
        pa = (-3 * 9.81 * np.sin(a) - 9.81 * np.sin(a - 2 * b) - 2 * np.sin(d) * (q**2 + p**2 * np.cos(d))) / den
        qa = 2 * np.sin(d) * (2 * p**2 + 2 * 9.81 * np.cos(a) + q**2 * np.cos(d)) / den
        return np.stack([p, q, pa, qa])

    for _ in range(steps):
        k1 = slope(state)
        k2 = slope(state + dt / 2 * k1)
        k3 = slope(state + dt / 2 * k2)
        k4 = slope(state + dt * k3)
        state = state + dt / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    return state


def heat_equation(u, alpha=0.2, steps=8):
    """Heat in a rod whose ends are held: explicit differences, in place."""
    u = u.copy()
    for _ in range(steps):
        u[1:-1] += alpha * (u[2:] - 2 * u[1:-1] + u[:-2])
        u[0] = 0.0
        u[-1] = 1.0
    return u


def wave_equation(u, courant=0.8, steps=6):
    """A plucked string, three time levels."""
    old, now = u.copy(), u.copy()
    for _ in range(steps):
        new = np.zeros_like(u)
        new[1:-1] = 2 * now[1:-1] - old[1:-1] + courant**2 * (now[2:] - 2 * now[1:-1] + now[:-2])
        old, now = now, new
    return now


def burgers(u, nu=0.05, dt=0.01, steps=8):
    """Burgers' equation with a periodic grid."""
    dx = 2 * np.pi / len(u)
    for _ in range(steps):
        right, left = np.roll(u, -1), np.roll(u, 1)
        u = u - dt * u * (right - left) / (2 * dx) + nu * dt * (right - 2 * u + left) / dx**2
    return u


def lennard_jones(flat):
    """The energy of a cluster of atoms."""
    x = flat.reshape(-1, 2)
    energy = 0.0
    n = len(x)
    for i in range(n):
        for j in range(i + 1, n):
            r2 = np.sum((x[i] - x[j]) ** 2)
            s6 = 1.0 / r2**3
            energy += 4 * (s6 * s6 - s6)
    return energy


def n_body(flat, dt=0.02, steps=5):
    """Leapfrog for bodies that attract each other, all pairs at once."""
    position, velocity = np.split(flat.reshape(-1, 2), 2)
    mass = np.array([3.0, 1.0, 2.0])

    def acceleration(p):
        d = p[None, :, :] - p[:, None, :]
        r2 = (d**2).sum(-1) + 0.05
        return (d * (mass / r2**1.5)[:, :, None]).sum(axis=1)

    a = acceleration(position)
    for _ in range(steps):
        velocity = velocity + dt / 2 * a
        position = position + dt * velocity
        a = acceleration(position)
        velocity = velocity + dt / 2 * a
    kinetic = 0.5 * np.sum(mass[:, None] * velocity**2)
    return kinetic


def ising_mean_field(couplings, field=0.3, steps=12):
    """The magnetisation that agrees with itself, by iteration."""
    n = 3
    J = couplings.reshape(n, n)
    J = (J + J.T) / 2
    m = np.full(n, 0.1)
    for _ in range(steps):
        m = np.tanh(J @ m + field)
    return m


def van_der_pol(params, steps=15, dt=0.1):
    """An oscillator whose path is stored as it goes."""
    mu, x0, v0 = params
    path = np.zeros_like(params, shape=(steps + 1, 2))
    path[0, 0], path[0, 1] = x0, v0
    for k in range(steps):
        x, v = path[k]
        path[k + 1, 0] = x + dt * v
        path[k + 1, 1] = v + dt * (mu * (1 - x**2) * v - x)
    return path[::5]


def resistor_network(conductances):
    """Voltages in a ladder of resistors that carries a current."""
    n = len(conductances)
    laplacian = np.zeros_like(conductances, shape=(n + 1, n + 1))
    for i, g in enumerate(conductances):
        laplacian[i, i] += g
        laplacian[i + 1, i + 1] += g
        laplacian[i, i + 1] -= g
        laplacian[i + 1, i] -= g
    current = np.zeros(n + 1)
    current[-1] = 1.0
    return np.linalg.solve(laplacian[1:, 1:], current[1:])


def spring_chain(stiffness):
    """The squared frequencies of masses between springs."""
    k = stiffness
    main = np.diag(k[:-1] + k[1:])
    side = np.diag(-k[1:-1], 1)
    return np.linalg.eigvalsh(main + side + side.T)


def reaction_kinetics(rates, dt=0.05, steps=3):
    """Robertson-like reactions by implicit Euler, each step solved by Newton."""
    k1, k2, k3 = rates
    y = np.array([1.0, 0.0, 0.0])
    for _ in range(steps):
        z = y
        for _ in range(3):
            r1, r2, r3 = k1 * z[0], k2 * z[1] * z[2], k3 * z[1] ** 2
            residual = z - y - dt * np.stack([-r1 + r2, r1 - r2 - r3, r3])
            zero = 0 * k1
            jac = np.stack(
                [
                    np.stack([-k1, k2 * z[2], k2 * z[1]]),
                    np.stack([k1, -k2 * z[2] - 2 * k3 * z[1], -k2 * z[1]]),
                    np.stack([zero, 2 * k3 * z[1], zero]),
                ]
            )
            z = z - np.linalg.solve(np.eye(3) - dt * jac, residual)
        y = z
    return y


def projectile_with_drag(params, dt=0.1):
    """How far a ball flies: the loop ends when it is down, the landing is interpolated."""
    speed, angle, drag = params
    position = np.stack([0 * speed, 0 * speed])
    velocity = np.stack([speed * np.cos(angle), speed * np.sin(angle)])
    gravity = np.array([0.0, -9.81])
    while True:
        before = position
        velocity = velocity + dt * (gravity - drag * np.sqrt(np.sum(velocity**2)) * velocity)
        position = position + dt * velocity
        if position[1] < 0:
            break
    t = before[1] / (before[1] - position[1])
    return before[0] + t * (position[0] - before[0])


def poisson_jacobi(source, steps=10):
    """Jacobi's iteration on a square grid, its borders at zero."""
    f = source.reshape(3, 3)
    u = np.zeros_like(f, shape=(5, 5))
    for _ in range(steps):
        new = u.copy()
        new[1:-1, 1:-1] = 0.25 * (u[2:, 1:-1] + u[:-2, 1:-1] + u[1:-1, 2:] + u[1:-1, :-2] + f)
        u = new
    return u


def partition_function(levels, temperatures=np.array([0.5, 1.0, 2.0])):
    """Mean energy and heat capacity of a system with discrete levels."""
    beta = 1 / temperatures[:, None]
    weights = np.exp(-beta * (levels - levels.min()))
    p = weights / weights.sum(axis=1, keepdims=True)
    energy = p @ levels
    return np.concatenate([energy, (p @ levels**2 - energy**2) / temperatures**2])


PROGRAMS = [
    (double_pendulum, np.array([1.2, -0.4, 0.3, 0.1])),
    (heat_equation, np.array([0.1, 0.9, -0.4, 0.3, 1.2, 0.2])),
    (wave_equation, np.array([0.0, 0.3, 0.8, 0.4, 0.1, 0.0])),
    (burgers, np.array([0.3, 1.0, 0.5, -0.4, -0.9, -0.2])),
    (lennard_jones, np.array([0.0, 0.1, 1.2, 0.0, 0.5, 1.1])),
    (n_body, np.array([0.0, 0.0, 1.0, 0.2, -0.6, 0.9, 0.1, 0.0, 0.0, 0.5, 0.3, -0.2])),
    (ising_mean_field, np.linspace(0.1, 0.9, 9)),
    (van_der_pol, np.array([0.7, 1.0, 0.2])),
    (resistor_network, np.array([1.0, 2.0, 0.5, 1.5])),
    (spring_chain, np.array([1.0, 2.5, 0.8, 1.7])),
    (reaction_kinetics, np.array([0.9, 1.3, 0.6])),
    (projectile_with_drag, np.array([12.0, 0.7, 0.03])),
    (poisson_jacobi, np.linspace(-1.0, 1.3, 9)),
    (partition_function, np.array([0.2, 0.5, 1.1, 1.9])),
]
