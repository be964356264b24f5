"""Programs with Python control flow, each for one example, as people write them; `BATCHES` makes examples for each."""

from __future__ import annotations

import math

import numpy as np

PROGRAMS = {}


def program(**ranges):
    """Note a program, with the range of each argument; a pair of integers stands for integers."""

    def noted(f):
        PROGRAMS[f.__name__] = (f, ranges)
        return f

    return noted


def batches(name, n, seed=0):
    """Arguments for `n` examples."""
    rng = np.random.default_rng([seed, *map(ord, name)])
    return [
        rng.integers(a, b, n, endpoint=True) if isinstance(a, int) else rng.uniform(a, b, n)
        for a, b in PROGRAMS[name][1].values()
    ]


# --- roots and minima --------------------------------------------------------------------------------------------------


@program(a=(0.1, 200.0))
def newton_square_root(a):
    x = a
    while abs(x * x - a) > 1e-10 * a:
        x = 0.5 * (x + a / x)
    return x


@program(m=(0.1, 3.0), e=(0.0, 0.8))
def kepler(m, e):
    """The eccentric anomaly, by Newton's method with its own stopping and a starting value by cases."""
    x = m if e < 0.5 else np.pi * np.ones_like(m)
    for _ in range(50):
        step = (x - e * np.sin(x) - m) / (1.0 - e * np.cos(x))
        x = x - step
        if abs(step) < 1e-12:
            break
    return x


@program(c=(0.0, 4.0))
def bisection(c):
    """The cube root, to a few digits, then two steps of Newton's method."""
    low, high = 0.0, 2.0
    while high - low > 0.25:
        middle = 0.5 * (low + high)
        if middle**3 > c:
            high = middle
        else:
            low = middle
    x = 0.5 * (low + high)
    for _ in range(6):
        x = x - (x**3 - c) / (3.0 * x * x)
    return x


@program(shift=(0.5, 40.0))
def bracketed_root(shift):
    """A root of x + exp(x) = shift: the bracket grows until it has it, then secants."""
    f = lambda x: x + np.exp(0.1 * x) - shift  # noqa: E731
    low, high = 0.0, 1.0
    while f(high) < 0:
        low, high = high, 2.0 * high
    for _ in range(60):
        x = high - f(high) * (high - low) / (f(high) - f(low))
        if abs(x - high) < 1e-13 * abs(x):
            return x
        low, high = high, x
    return x


@program(x=(-3.0, 3.0), y=(-3.0, 3.0))
def gradient_descent(x, y):
    """Steps that are halved until the function falls."""
    f = lambda x, y: (1.0 - x) ** 2 + 2.0 * (y - 0.3 * x * x) ** 2  # noqa: E731
    for _ in range(3):
        gx = -2.0 * (1.0 - x) - 2.4 * x * (y - 0.3 * x * x)
        gy = 4.0 * (y - 0.3 * x * x)
        step = 0.5
        while f(x - step * gx, y - step * gy) > f(x, y) - 0.25 * step * (gx * gx + gy * gy) and step > 0.05:
            step *= 0.5
        x, y = x - step * gx, y - step * gy
    return f(x, y)


@program(a=(-2.0, 2.0), b=(-2.0, 2.0), c=(-2.0, 2.0))
def quadratic(a, b, c):
    """The largest real root of a quadratic equation, by cases, without cancellation."""
    if abs(a) < 0.05:
        return -c / b if abs(b) > 0.05 else c
    d = b * b - 4.0 * a * c
    if d < 0:
        return -b / (2.0 * a)
    q = -0.5 * (b + np.sqrt(d)) if b > 0 else -0.5 * (b - np.sqrt(d))
    return max(q / a, c / q) if abs(q) > 1e-8 else 0.0 * a


# --- pieces ------------------------------------------------------------------------------------------------------------


@program(income=(0.0, 120.0))
def income_tax(income):
    brackets = [(10.0, 0.0), (40.0, 0.2), (80.0, 0.4)]
    due, below = 0.0, 0.0
    for top, rate in brackets:
        if income <= top:
            return due + rate * (income - below)
        due, below = due + rate * (top - below), top
    return due + 0.45 * (income - below)


@program(spot=(50.0, 150.0), strike=(80.0, 120.0))
def option_payoff(spot, strike):
    """A call with a knock-out barrier, a cap and a rebate."""
    if spot >= 140.0:
        return 5.0
    if strike < spot:
        gain = spot - strike
        return gain if gain < 30.0 else 30.0 + 0.1 * (gain - 30.0)
    return 0.0 * spot


@program(x=(-6.0, 6.0))
def huber_with_tails(x):
    if -1.0 < x < 1.0:
        return 0.5 * x * x
    elif abs(x) < 4.0:
        return abs(x) - 0.5
    return 3.5 + np.log(abs(x) - 3.0)


@program(weight=(0.1, 30.0), distance=(1.0, 3000.0), express=(0, 1))
def shipping(weight, distance, express):
    price = 4.0 if weight <= 2 else 4.0 + 0.8 * (weight - 2.0)
    if distance > 1000.0 or (express and distance > 500.0):
        price = price + 0.01 * distance
    if express:
        price = price * (1.5 if weight < 10 else 2.0)
    return min(price, 100.0)


@program(x=(-1.5, 6.5))
def spline_by_search(x):
    """A cubic through points, the interval found by halving."""
    knots = [0.0, 1.0, 2.5, 3.0, 4.5, 5.0]
    values = [0.0, 2.0, -1.0, 0.5, 3.0, 1.0]
    if x <= knots[0]:
        return values[0] + 0.0 * x
    if x >= knots[-1]:
        return values[-1] + 0.1 * (x - knots[-1])
    low, high = 0, len(knots) - 1
    while high - low > 1:
        middle = (low + high) // 2
        if x < knots[middle]:
            high = middle
        else:
            low = middle
    t = (x - knots[low]) / (knots[high] - knots[low])
    return values[low] + (values[high] - values[low]) * (3 * t**2 - 2 * t**3)


@program(a=(-3.0, 3.0), b=(-3.0, 3.0), c=(-3.0, 3.0))
def decision_tree(a, b, c):
    if a < 0.0:
        if b < -1.0:
            return a * b
        return b * c if c > 0.5 else a - c
    if c > b:
        return np.sin(a) * c
    return np.exp(-a) if b > 1.0 and a > 1.0 else b * b


@program(x=(-2.0, 2.0), kind=(0, 4))
def activation(x, kind):
    match kind:
        case 0:
            return np.tanh(x)
        case 1:
            return max(x, 0.0)
        case 2:
            return x if x > 0 else np.expm1(x)
        case _:
            return x / (1.0 + np.exp(-x))


@program(t=(0.0, 200.0))
def drag(t):
    """The drag of a sphere by the Reynolds number, in four regimes."""
    re = 0.01 + t * t
    if re < 0.1:
        return 24.0 / re
    if re < 2.0:
        return 24.0 / re * (1.0 + 3.0 / 16.0 * re)
    if re < 1000.0:
        return 24.0 / re * (1.0 + 0.15 * re**0.687)
    return 0.44 + 1e-6 * re


# --- loops of integers -------------------------------------------------------------------------------------------------


@program(n=(1, 18), x=(0.5, 1.5))
def collatz(n, x):
    total = x
    while n != 1:
        if n % 2 == 0:
            n = n // 2
            total = total * 0.9
        else:
            n = 3 * n + 1
            total = total + np.sin(x)
    return total


@program(a=(1, 12), b=(1, 12), x=(0.5, 1.5))
def greatest_common_divisor(a, b, x):
    while b:
        a, b = b, a % b
    return a * x * x


@program(n=(0, 9), x=(0.5, 1.2))
def power_by_squaring(n, x):
    result = np.ones_like(x)
    while n > 0:
        if n & 1:
            result = result * x
        x = x * x
        n >>= 1
    return result


@program(n=(0, 7), x=(-1.0, 1.0))
def legendre(n, x):
    if n == 0:
        return 1.0 + 0.0 * x
    before, now = 1.0, x
    for k in range(1, int(n)):
        before, now = now, ((2 * k + 1) * x * now - k * before) / (k + 1)
    return now


@program(n=(0, 5), x=(0.0, 1.0))
def recursive_bernstein(n, x):
    def de_casteljau(points, t):
        if len(points) == 1:
            return points[0]
        return de_casteljau([(1 - t) * a + t * b for a, b in zip(points, points[1:])], t)  # noqa: B905, RUF007

    return de_casteljau([float(k * k) for k in range(n + 1)], x)


@program(key=(0, 20), x=(0.5, 1.5))
def binary_search(key, x):
    numbers = [1, 4, 5, 9, 12, 15, 18]
    low, high = 0, len(numbers)
    while low < high:
        middle = (low + high) // 2
        if numbers[middle] < key:
            low = middle + 1
        else:
            high = middle
    return x * low if low < len(numbers) and numbers[low] == key else -x


# --- time steps --------------------------------------------------------------------------------------------------------


@program(height=(0.5, 4.0), speed=(-2.0, 2.0))
def bouncing_ball(height, speed):
    """Bounces until the time is over; the times of impact are solved for."""
    left, g = 2.0, 9.81
    for _ in range(20):
        impact = (speed + np.sqrt(speed * speed + 2.0 * g * height)) / g
        if impact > left:
            break
        speed = 0.6 * np.sqrt(speed * speed + 2.0 * g * height)
        height, left = 0.0, left - impact
    return height + speed * left - 0.5 * g * left * left


@program(x=(-1.0, 1.0), v=(-2.0, 2.0))
def collisions(x, v):
    """Between two walls, at given steps."""
    for _ in range(12):
        x = x + 0.1 * v
        if x > 1.0:
            x, v = 2.0 - x, -0.9 * v
        elif x < -1.0:
            x, v = -2.0 - x, -0.9 * v
    return x * x + v * v


@program(k=(0.5, 40.0))
def adaptive_steps(k):
    """Euler and Heun side by side, the step chosen by their difference."""
    t, y, h = 0.0, 1.0, 0.2
    while t < 1.0:
        if t + h > 1.0:
            h = 1.0 - t
        a = -k * y
        b = -k * (y + h * a)
        error = abs(0.5 * h * (b - a))
        if error < 0.02:
            t, y = t + h, y + 0.5 * h * (a + b)
            if error < 0.004:
                h = h * 2.0
        else:
            h = h * 0.5
    return y


@program(v=(2.0, 9.0), angle=(0.2, 1.3))
def range_of_a_throw(v, angle):
    """The event that ends the flight is found by interpolation."""
    x, y, vx, vy, h = 0.0, 1.0, v * np.cos(angle), v * np.sin(angle), 0.1
    while True:
        before = (x, y)
        x, y = x + h * vx, y + h * vy
        vx, vy = vx * 0.99, vy * 0.99 - h * 9.81
        if y < 0.0:
            part = before[1] / (before[1] - y)
            return before[0] + part * (x - before[0])


@program(rate=(0.5, 4.0))
def predator_threshold(rate):
    """Counts how often a map passes a threshold, and what is left at the end."""
    x, passed = 0.3, 0
    for _ in range(15):
        x = rate * x * (1.0 - x)
        if x > 0.8:
            passed += 1
            x = 0.5 * x
    return x + passed


@program(s=(0.0, 1.0), e=(0.0, 1.0))
def thermostat(s, e):
    """A machine of states with hysteresis."""
    state, temperature, used = "off", 15.0 + 10.0 * s, 0.0
    for hour in range(10):
        if state == "off" and temperature < 18.0:
            state = "on"
        elif state == "on" and temperature > 22.0:
            state = "off"
        if state == "on":
            temperature, used = temperature + 2.0, used + 1.0 + e
        temperature = temperature - 0.1 * (temperature - 10.0 - e * math.sin(hour))
    return temperature + used


# --- integrals, sorting, sequences -----------------------------------------------------------------------------------------


@program(a=(0.5, 12.0))
def adaptive_quadrature(a):
    """Simpson's rule, halved where it is not good enough."""
    f = lambda x: np.sin(a * x * x)  # noqa: E731

    def simpson(left, right, depth):
        middle = 0.5 * (left + right)
        h = right - left
        whole = h / 6 * (f(left) + 4 * f(middle) + f(right))
        q, r = 0.5 * (left + middle), 0.5 * (middle + right)
        halves = h / 12 * (f(left) + 4 * f(q) + 2 * f(middle) + 4 * f(r) + f(right))
        if depth == 0 or abs(halves - whole) < 1e-3:
            return halves
        return simpson(left, middle, depth - 1) + simpson(middle, right, depth - 1)

    return simpson(0.0, 1.0, 4)


@program(x=(0.1, 3.0))
def series_until_small(x):
    """The exponential integral, by its series while that is good, by a fraction elsewhere."""
    if x < 1.5:
        total, term, k = -0.5772156649015329 - np.log(x), -1.0, 0
        while abs(term) > 1e-9:
            k += 1
            term = term * (-x) / k
            total = total + term / k
        return total
    fraction = 0.0
    for k in range(20, 0, -1):
        fraction = k / (1.0 + k / (x + fraction))
    return np.exp(-x) / (x + fraction)


@program(a=(-1.0, 1.0), b=(-1.0, 1.0), c=(-1.0, 1.0))
def insertion_sort(a, b, c):
    items = [a, b, c]
    for i in range(1, len(items)):
        k = i
        while k > 0 and items[k - 1] > items[k]:
            items[k - 1], items[k] = items[k], items[k - 1]
            k -= 1
    return items[0] * 4.0 + items[1] * items[2]


@program(a=(0.0, 6.0), b=(0.0, 6.0))
def convex_hull_turn(a, b):
    points = [(0.0, 0.0), (np.cos(a), np.sin(a)), (2 * np.cos(b), np.sin(b)), (1.0, 1.0)]
    hull = []
    for p in points:
        while len(hull) > 1:
            (x0, y0), (x1, y1) = hull[-2:]
            if (x1 - x0) * (p[1] - y0) - (y1 - y0) * (p[0] - x0) > 0:
                break
            hull.pop()
        hull.append(p)
    return sum(x * y1 - y * x1 for (x, y), (x1, y1) in zip(hull, hull[1:]))  # noqa: B905, RUF007


@program(x=(-2.0, 2.0), y=(-2.0, 2.0))
def first_of_candidates(x, y):
    candidates = (c for c in (x + y, x - y, x * y, x, y) if c > 1.0)
    best = next(candidates, None)
    return x * x if best is None else best * best


@program(x=(-2.0, 2.0), n=(1, 4))
def try_and_fall_back(x, n):
    def checked(v):
        if v < 0:
            raise ValueError("negative")
        return np.sqrt(v)

    try:
        return checked(x) * n
    except ValueError:
        return sum(x**k for k in range(n))


@program(x=(0.05, 0.95), y=(0.05, 0.95))
def alignment(x, y):
    """A table filled by cases, as of a distance between texts, with prices that are traced."""
    first, second = [x, 0.5, y], [0.5, x, 0.3]
    table = np.zeros((4, 4))
    for i in range(1, 4):
        for k in range(1, 4):
            gap = min(table[i - 1, k], table[i, k - 1]) + 0.4
            match = table[i - 1, k - 1] + abs(first[i - 1] - second[k - 1])
            table[i, k] = match if match < gap else gap
    return table[3, 3]
