"""Plain arrays indexed by traced values, wherever they were made: in the function, outside, in objects and containers."""

import numpy as np
import pytest
import scipy.linalg
from scipy.linalg import hilbert

import wengert.numpy as wnp
from wengert import grad, jit, lax, vmap

X = np.arange(6.0).reshape(2, 3)
I = np.array([1, 0])  # noqa: E741


class Model:
    def __init__(self):
        self.table = X
        self.calls = 0

    def look(self, i):
        return self.table[i]

    def __call__(self, i):
        return self.table[i]


class Counting(Model):
    def __call__(self, i):
        self.calls += 1
        return self.table[i]


MODEL, BY_NAME, LISTED = Model(), {"a": X}, [X, 2 * X]
TABLES = {
    "eye": lambda i: np.eye(3)[i],
    "integers": lambda i: (np.arange(4) * 2)[i],
    "linspace": lambda i: np.linspace(0, 1, 5)[i],
    "array": lambda i: np.array([3, 1, 2])[i],
    "asarray": lambda i: np.asarray([3.0, 1.0])[i],
    "cumsum": lambda i: np.cumsum([1.0, 2.0, 3.0])[i],
    "meshgrid": lambda i: np.meshgrid([1.0, 2.0], [3.0, 4.0])[0][i],
    "namespace": lambda i: wnp.eye(3)[i],
    "random": lambda i: np.random.default_rng(0).normal(size=3)[i],
    "a submodule": lambda i: np.polynomial.legendre.leggauss(3)[0][i],
    "SciPy": lambda i: scipy.linalg.hilbert(3)[i],
    "SciPy, by name": lambda i: hilbert(3)[i],
    "a method of a table": lambda i: np.linspace(0, 1, 5).cumsum()[i],
    "global": lambda i: X[i],
    "derived": lambda i: np.sqrt(X)[i],
    "transposed": lambda i: X.T[i],
    "sliced": lambda i: X[:, ::2][i],
    "converted": lambda i: X.astype(np.float32)[i],
    "two indices": lambda i: X[i, 0],
    "take": lambda i: np.take(X, i, axis=0),
    "attribute": lambda i: MODEL.table[i],
    "method": MODEL.look,
    "callable": MODEL,
    "dict": lambda i: BY_NAME["a"][i],
    "list": lambda i: LISTED[1][i],
}
WAYS = {
    "vmap": lambda f: vmap(f)(I),
    "vmap of jit": lambda f: vmap(jit(f))(I),
    "jit of vmap": lambda f: jit(vmap(f))(I),
    "scan": lambda f: lax.scan(lambda c, i: (c, f(i)), 0, I)[1],
    "map": lambda f: lax.map(f, I),
    "jit of scan": lambda f: jit(lambda at: lax.scan(lambda c, i: (c, f(i)), 0, at)[1])(I),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", TABLES)
def test_tables(name, way):
    f = TABLES[name]
    np.testing.assert_array_equal(WAYS[way](f), np.stack([f(int(i)) for i in I]))


def test_tables_that_are_given():
    np.testing.assert_array_equal(vmap(lambda i, t: t[i], (0, None))(I, X), X[I])
    np.testing.assert_array_equal(vmap(lambda i, t: t["a"][0][i], (0, None))(I, {"a": [X]}), X[I])
    np.testing.assert_array_equal(vmap(lambda i, m: m.table[i], (0, None))(I, MODEL), X[I])
    slopes = vmap(grad(lambda w, i: w * np.sum(np.eye(3)[i])), (None, 0))(2.0, I)
    np.testing.assert_array_equal(slopes, [1.0, 1.0])
    assert grad(lambda w: lax.scan(lambda c, i: (c + w * np.arange(3.0)[i], None), 0.0, I)[0])(2.0) == 1.0


def test_what_an_object_notes_is_not_lost():
    model = Counting()
    np.testing.assert_array_equal(vmap(model)(I), X[I])
    assert model.calls == 1 and model.table is X and MODEL.table is X and BY_NAME["a"] is X


def test_lists_are_indexed_example_by_example():
    np.testing.assert_array_equal(vmap(lambda i: [1.0, 2.0, 4.0][i])(I), np.array([1.0, 2.0, 4.0])[I])
