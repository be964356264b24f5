"""Classes and dataclasses."""

import math
from dataclasses import dataclass, field

import numpy as np

from . import arrays


@dataclass
class Circle:
    radius: float
    centre: np.ndarray = field(default_factory=lambda: np.zeros(2))

    @property
    def area(self):
        return math.pi * self.radius**2

    def moved(self, step):
        return Circle(self.radius, self.centre + step)


@dataclass
class Polygon:
    corners: np.ndarray

    def area(self):
        x, y = self.corners[:, 0], self.corners[:, 1]
        return 0.5 * abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1)))

    def rotated(self, angle):
        c, s = math.cos(angle), math.sin(angle)
        return Polygon(self.corners @ np.array([[c, -s], [s, c]]).T)


def circles(x):
    c = Circle(x[0]).moved(np.array([x[1], 2.0]))
    return c.area + c.centre.sum()


def polygon(x):
    return Polygon(np.array([[0.0, 0.0], [x[0], 0.1], [1.0, x[1]], [0.2, x[2]]])).rotated(x[3]).area()


class Pendulum:
    """State in attributes; a buffer that is made once and written in each step."""

    def __init__(self, n):
        self.history = np.zeros((n, 2))

    def run(self, state, dt=0.05):
        angle, speed = state[0], state[1]
        for i in range(len(self.history)):
            speed = speed - dt * math.sin(angle)
            angle = angle + dt * speed
            self.history[i] = angle, speed
        return self.history.copy()


def pendulum(x):
    return Pendulum(4).run(x)


class Mesh:
    def __init__(self, n):
        self.n = n
        self.matrix = np.zeros((n, n))
        self.right = np.zeros(n)

    def element(self, k):
        return k * np.array([[1.0, -1.0], [-1.0, 1.0]])

    def assemble(self, stiffness):
        for e in range(self.n - 1):
            nodes = np.array([e, e + 1])
            self.matrix[np.ix_(nodes, nodes)] += self.element(stiffness[e])
            self.right[nodes] += 0.5
        self.matrix[0, :] = 0
        self.matrix[0, 0] = 1
        self.right[0] = 0
        return self

    def solve(self):
        return np.linalg.solve(self.matrix, self.right)


def bar(x):
    return Mesh(len(x) + 1).assemble(x).solve()


class Kalman:
    def __init__(self, q, r):
        self.x, self.P = np.zeros((2, 1)), np.eye(2)
        self.F, self.H = np.array([[1.0, 1.0], [0.0, 1.0]]), np.array([[1.0, 0.0]])
        self.Q, self.R = q * np.eye(2), np.array([[r]])

    def update(self, z):
        self.x, self.P = self.F @ self.x, self.F @ self.P @ self.F.T + self.Q
        S = self.H @ self.P @ self.H.T + self.R
        K = self.P @ self.H.T @ np.linalg.inv(S)
        y = z - self.H @ self.x
        self.x = self.x + K @ y
        self.P = (np.eye(2) - K @ self.H) @ self.P
        return float(S.shape[0]) * np.log(np.linalg.det(S)) + (y.T @ np.linalg.inv(S) @ y).item()


def kalman(x):
    k = Kalman(x[0], x[1])
    return sum(k.update(z) for z in (0.3, 0.5, 0.2))


class Layer:
    def __init__(self, weights):
        self.weights = weights
        self.out = np.empty(weights.shape[0])

    def __call__(self, x):
        np.matmul(self.weights, x, out=self.out)
        np.tanh(self.out, out=self.out)
        return self.out * 1.0


class Stack:
    def __init__(self, *layers):
        self.layers = list(layers)

    def __call__(self, x):
        for layer in self.layers:
            x = layer(x)
        return x


def stack(x):
    w = np.arange(16.0).reshape(4, 4) / 10
    return Stack(Layer(w), Layer(w.T))(x)


class Table:
    __slots__ = ("values",)

    def __init__(self, n):
        self.values = np.zeros(n)

    def __setitem__(self, i, v):
        self.values[i] = v

    def __iter__(self):
        return iter(self.values)


def slots(x):
    t = Table(3)
    t[0] = x[0]
    t[1:] = x[1:3] ** 2
    return sum(t) * arrays.normalised(x)


class Counter:
    total = 0.0

    @classmethod
    def fresh(cls):
        return type("One", (cls,), {"total": 0.0})()

    @staticmethod
    def weight(i):
        return 1 / (i + 1)

    def add(self, values):
        for i, v in enumerate(values):
            self.total = self.total + v * self.weight(i)
        return self.total


def counter(x):
    return Counter.fresh().add(x)
