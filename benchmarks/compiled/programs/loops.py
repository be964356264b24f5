"""Loops: integrators, filters, recurrences and searches, of a length that is known or not, with small and large steps."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..row import Row

# --- integrators --------------------------------------------------------------------------------------------------


def pendulum(lib: Any) -> Any:
    """The angle of a pendulum by the symplectic Euler method, from what it begins with, after a step for each of `clock`."""

    def end(angle: Any, speed: Any, clock: Any) -> Any:
        def step(state: Any, _: Any) -> Any:
            angle, speed = state
            speed = speed - 0.01 * 9.81 * lib.np_.sin(angle)
            return (angle + 0.01 * speed, speed), None

        return lib.lax.scan(step, (angle, speed), None, length=clock.shape[0])[0][0]

    return end


def pendulum_kept(lib: Any) -> Any:
    """The mean square of the states, arrays of two, that Euler's method gives a pendulum for each of `clock`."""
    np_ = lib.np_

    def loss(angle: Any, speed: Any, clock: Any) -> Any:
        def step(state: Any, _: Any) -> Any:
            state = state + 0.01 * np_.array([state[1], -9.81 * np_.sin(state[0])])
            return state, state

        start = np_.array([angle, speed])
        return np_.mean(lib.lax.scan(step, start, None, length=clock.shape[0])[1] ** 2)

    return loss


def lotka_volterra(lib: Any) -> Any:
    """How many hunters there are in the end, by the classical method of Runge and Kutta (1901)."""

    def slope(rates: Any, prey: Any, hunters: Any) -> Any:
        return prey * (rates[0] - rates[1] * hunters), hunters * (rates[2] * prey - rates[3])

    def end(rates: Any, start: Any, clock: Any) -> Any:
        h = 1e-3

        def step(state: Any, _: Any) -> Any:
            x, y = state
            a, b = slope(rates, x, y)
            c, d = slope(rates, x + h / 2 * a, y + h / 2 * b)
            e, f = slope(rates, x + h / 2 * c, y + h / 2 * d)
            g, i = slope(rates, x + h * e, y + h * f)
            return (x + h / 6 * (a + 2 * c + 2 * e + g), y + h / 6 * (b + 2 * d + 2 * f + i)), None

        return lib.lax.scan(step, (start[0], start[1]), None, length=clock.shape[0])[0][1]

    return end


# --- recurrences --------------------------------------------------------------------------------------------------


def recurrent(lib: Any) -> Any:
    """The mean square of the states of a recurrent network that reads a sequence."""
    np_ = lib.np_

    def loss(weights: Any, inputs: Any, bias: Any, sequence: Any) -> Any:
        def step(state: Any, x: Any) -> Any:
            state = np_.tanh(np_.dot(weights, state) + np_.dot(inputs, x) + bias)
            return state, np_.mean(state * state)

        _, each = lib.lax.scan(step, 0.0 * bias, sequence)
        return np_.mean(each)

    return loss


def network(width: int, length: int) -> Any:
    def inputs(rng: Any) -> Any:
        return (
            rng.normal(size=(width, width)) / width**0.5, rng.normal(size=(width, width)) / width**0.5,
            rng.normal(size=width), rng.normal(size=(length, width)),
        )  # fmt: skip

    return inputs


def kalman(lib: Any) -> Any:
    """The log likelihood of measurements in a linear system with noise (R. E. Kalman, 1960), without its constant."""
    np_ = lib.np_

    def loss(motion: Any, look: Any, noise: Any, blur: Any, seen: Any) -> Any:
        q, r = np_.diag(np_.exp(noise)), np_.diag(np_.exp(blur))

        def step(state: Any, z: Any) -> Any:
            x, p = state
            x = motion @ x
            p = motion @ p @ motion.T + q
            s = look @ p @ look.T + r
            gap = z - look @ x
            d = s[0, 0] * s[1, 1] - s[0, 1] * s[1, 0]
            inverse = np_.array([[s[1, 1], -s[0, 1]], [-s[1, 0], s[0, 0]]]) / d
            gain = p @ look.T @ inverse
            x = x + gain @ gap
            p = p - gain @ look @ p
            return (x, p), np_.log(d) + gap @ inverse @ gap

        n = motion.shape[0]
        _, each = lib.lax.scan(step, (0.0 * motion[0], np_.eye(n)), seen)
        return -0.5 * np_.sum(each)

    return loss


def measurements(length: int) -> Any:
    def inputs(rng: Any) -> Any:
        motion = np.eye(4) + 0.1 * np.eye(4, k=2) + 0.01 * rng.normal(size=(4, 4))
        return 0.95 * motion, np.eye(2, 4), rng.normal(size=4) - 2, rng.normal(size=2) - 1, rng.normal(size=(length, 2))

    return inputs


def tridiagonal(lib: Any) -> Any:
    """The solution of a tridiagonal system by elimination (L. H. Thomas, 1949): a scan forward and one back."""

    def solution(lower: Any, middle: Any, upper: Any, right: Any) -> Any:
        def down(state: Any, row: Any) -> Any:
            ratio, value = state
            a, b, c, d = row
            pivot = 1.0 / (b - a * ratio)
            state = (c * pivot, (d - a * value) * pivot)
            return state, state

        def up(x: Any, row: Any) -> Any:
            x = row[1] - row[0] * x
            return x, x

        zero = 0.0 * middle[0]
        _, rows = lib.lax.scan(down, (zero, zero), (lower, middle, upper, right))
        return lib.lax.scan(up, zero, rows, reverse=True)[1]

    return solution


def bands(n: int) -> Any:
    return lambda rng: (rng.normal(size=n), 4 + rng.uniform(size=n), rng.normal(size=n), rng.normal(size=n))


# --- searches -----------------------------------------------------------------------------------------------------


def kepler(lib: Any) -> Any:
    """The eccentric anomaly of an orbit by Newton's method: ``E - e sin(E) = M``."""
    np_ = lib.np_

    def anomaly(mean: Any, eccentricity: Any) -> Any:
        def far(state: Any) -> Any:
            return np_.abs(state[1]) > 1e-12

        def closer(state: Any) -> Any:
            x, _ = state
            change = (x - eccentricity * np_.sin(x) - mean) / (1 - eccentricity * np_.cos(x))
            return x - change, change

        return lib.lax.while_loop(far, closer, (mean, 1.0 + 0.0 * mean))[0]

    return anomaly


def mandelbrot(lib: Any) -> Any:
    """For each point how many steps ``z**2 + c`` takes to leave a circle, 200 at most: each point its own loop."""

    def steps(x: Any, y: Any) -> Any:
        def inside(state: Any) -> Any:
            n, a, b = state
            return lib.np_.logical_and(n < 200, a * a + b * b < 4.0)

        def further(state: Any) -> Any:
            n, a, b = state
            return n + 1, a * a - b * b + x, 2 * a * b + y

        return lib.lax.while_loop(inside, further, (0, 0.0 * x, 0.0 * y))[0]

    return lib.vmap(steps)


def plane(n: int) -> Any:
    def inputs(rng: Any) -> Any:
        x, y = np.meshgrid(np.linspace(-2.0, 0.6, n), np.linspace(-1.2, 1.2, n))
        return x.reshape(-1), y.reshape(-1)

    return inputs


def levenshtein(lib: Any) -> Any:
    """The distance of two words (V. I. Levenshtein, 1965): a row of the table, updated in place, number by number."""
    np_, lax = lib.np_, lib.lax

    def letter(word: Any, i: Any) -> Any:
        return lax.dynamic_index_in_dim(word, i, 0, False)

    def distance(first: Any, second: Any) -> Any:
        n, m = first.shape[0], second.shape[0]

        def row(i: Any, table: Any) -> Any:
            def number(j: Any, state: Any) -> Any:
                table, corner = state
                above = table[j + 1]
                change = corner + np_.where(letter(first, i) == letter(second, j), 0, 1)
                best = np_.minimum(np_.minimum(above, table[j]) + 1, change)
                return lax.dynamic_update_slice(table, best[None], (j + 1,)), above

            corner = table[0]
            table = lax.dynamic_update_slice(table, (corner + 1)[None], (0,))
            return lax.fori_loop(0, m, number, (table, corner))[0]

        return lax.fori_loop(0, n, row, np_.arange(m + 1))[m]

    return distance


def words(n: int) -> Any:
    return lambda rng: (rng.integers(0, 4, n), rng.integers(0, 4, n))


def affine(lib: Any) -> Any:
    """The values of ``x[i] = a[i] x[i-1] + b[i]``, all maps composed with those before by halves."""

    def values(a: Any, b: Any) -> Any:
        def after(first: Any, second: Any) -> Any:
            return first[0] * second[0], first[1] * second[0] + second[1]

        return lib.lax.associative_scan(after, (a, b))[1]

    return values


def maps(n: int) -> Any:
    return lambda rng: (rng.uniform(-1, 1, n), rng.normal(size=n))


def swing(steps: int) -> Any:
    return lambda rng: (rng.uniform(0.5, 1.0), rng.uniform(-0.1, 0.1), 0.0 * rng.normal(size=steps))


def populations(steps: int) -> Any:
    def inputs(rng: Any) -> Any:
        rates = rng.uniform(0.9, 1.1, 4)
        return rates * [1.5, 1.0, 3.0, 1.0], rng.uniform(0.9, 1.1, 2), 0.0 * rng.normal(size=steps)

    return inputs


def orbit(rng: Any) -> Any:
    return rng.uniform(0.5, 2.5), rng.uniform(0.3, 0.6)


LAX = ("lax",)
LONG = (("float64", 1e-8),)
ROWS = [
    Row("pendulum-scan", "pendulum by scan, 10000 steps", pendulum, swing(10000), swing(20), rtol=LONG, needs=LAX),
    Row("pendulum-scan-gradient", "pendulum by scan, 10000 steps, value and gradient",
        lambda lib: lib.value_and_grad(pendulum(lib), (0, 1)), swing(10000), swing(20), primal=pendulum, rtol=LONG,
        needs=LAX),
    Row("pendulum-kept", "pendulum by scan, 10000 steps, an array kept for each", pendulum_kept, swing(10000), swing(20),
        rtol=LONG, needs=LAX),
    Row("pendulum-kept-gradient", "pendulum by scan, 10000 steps, an array kept for each, value and gradient",
        lambda lib: lib.value_and_grad(pendulum_kept(lib), (0, 1)), swing(10000), swing(20), primal=pendulum_kept,
        rtol=LONG, needs=LAX),
    Row("rnn-scan", "recurrent network, 500 steps, 128 wide", recurrent, network(128, 500), network(3, 4), needs=LAX),
    Row("rnn-scan-gradient", "recurrent network, 500 steps, 128 wide, value and gradient",
        lambda lib: lib.value_and_grad(recurrent(lib), (0, 1, 2)), network(128, 500), network(3, 4),
        primal=recurrent, needs=LAX),
    Row("lotka-volterra", "Lotka-Volterra by Runge-Kutta, 100000 steps, gradient by 4 rates",
        lambda lib: lib.grad(lotka_volterra(lib)), populations(100000), populations(20), primal=lotka_volterra,
        rtol=LONG, needs=LAX),
    Row("kalman", "Kalman filter, 4 states, 2000 steps, gradient",
        lambda lib: lib.grad(kalman(lib), (0, 1, 2, 3)), measurements(2000), measurements(5), primal=kalman,
        rtol=LONG, needs=LAX),
    Row("tridiagonal-scan", "tridiagonal system by scan, 10000 unknowns", tridiagonal, bands(10000), bands(5),
        needs=LAX),
    Row("newton-while", "Kepler's equation by Newton's method in a while loop", kepler, orbit, orbit, overhead=True,
        needs=LAX),
    Row("newton-while-jvp", "Kepler's equation by Newton's method in a while loop, jvp",
        lambda lib: lambda m, e: lib.jvp(kepler(lib), (m, e), (m, e)), orbit, orbit, primal=kepler, overhead=True,
        needs=LAX),
    Row("newton-while-gradient", "Kepler's equation by Newton's method in a while loop, gradient",
        lambda lib: lib.grad(kepler(lib), (0, 1)), orbit, orbit, primal=kepler, overhead=True, needs=LAX),
    Row("mandelbrot", "Mandelbrot set, 65536 points, a while loop each", mandelbrot, plane(256), plane(4), needs=LAX),
    Row("levenshtein", "Levenshtein distance of two words of 1000 letters, in place", levenshtein, words(1000), words(6),
        needs=LAX),
    Row("affine-maps", "1000000 affine maps composed by associative_scan", affine, maps(1000000), maps(7), needs=LAX),
]  # fmt: skip
