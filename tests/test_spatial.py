"""wengert.scipy.spatial.transform and scipy.cluster.vq: against SciPy, differences, loops, at the identity and at locks."""

import itertools
import warnings

import numpy as np
import pytest
import scipy.cluster.vq
from scipy.spatial.transform import Rotation as SciPyRotation
from scipy.spatial.transform import Slerp as SciPySlerp

import wengert as w
import wengert.numpy as wnp
from wengert import trees
from wengert.scipy.cluster.vq import vq
from wengert.scipy.spatial.transform import Rotation, Slerp
from wengert.testing import check_grads

RNG = np.random.default_rng(5)
QUAT = RNG.normal(size=(6, 4))
S, R = SciPyRotation.from_quat(QUAT), Rotation.from_quat(QUAT)
V = RNG.normal(size=(6, 3))
FIXED = ["".join(p) for p in itertools.product("xyz", repeat=3) if p[0] != p[1] != p[2]]
SEQUENCES = FIXED + [s.upper() for s in FIXED]


def check(got, expected, atol=1e-12):
    got = got.as_quat() if isinstance(got, Rotation) else got
    expected = expected.as_quat() if isinstance(expected, SciPyRotation) else expected
    assert np.shape(got) == np.shape(expected)
    np.testing.assert_allclose(got, expected, atol=atol)


METHODS = {
    "as_quat": lambda r, K: r.as_quat(),
    "as_quat canonical": lambda r, K: r.as_quat(canonical=True, scalar_first=True),
    "as_matrix": lambda r, K: r.as_matrix(),
    "as_rotvec": lambda r, K: r.as_rotvec(),
    "as_rotvec degrees": lambda r, K: r.as_rotvec(degrees=True),
    "as_mrp": lambda r, K: r.as_mrp(),
    "as_euler": lambda r, K: r.as_euler("zyx", degrees=True),
    "magnitude": lambda r, K: r.magnitude(),
    "apply": lambda r, K: r.apply(V),
    "apply inverse": lambda r, K: r.apply(V[0], inverse=True),
    "inv": lambda r, K: r.inv(),
    "product": lambda r, K: r * r[::-1] * r[2],
    "power": lambda r, K: r**-1.3,
    "mean": lambda r, K: r.mean().as_matrix(),
    "mean weighted": lambda r, K: r.mean(np.arange(6.0)).as_matrix(),
    "index": lambda r, K: r[1:4],
    "from_matrix": lambda r, K: K.from_matrix(r.as_matrix()),
    "from_matrix assumed": lambda r, K: K.from_matrix(r.as_matrix(), assume_valid=True),
    "from_quat": lambda r, K: K.from_quat(3 * r.as_quat(), scalar_first=True),
    "concatenate": lambda r, K: K.concatenate([r[0], r, r[2:3]]),
    "identity": lambda r, K: K.identity(3),
    "approx_equal": lambda r, K: r.approx_equal(r * K.from_rotvec([0.0, 0.0, 1e-3]), atol=0.1, degrees=True),
}


@pytest.mark.parametrize("name", METHODS)
def test_methods(name):
    check(METHODS[name](R, Rotation), METHODS[name](S, SciPyRotation))
    check(w.jit(lambda r: METHODS[name](r, Rotation))(R), METHODS[name](S, SciPyRotation))


@pytest.mark.parametrize("name", ["from_rotvec", "from_mrp"])
@pytest.mark.parametrize("scale", [1.0, 4.0, 1e-5, 0.0])
def test_from_vectors(name, scale):
    for degrees in [{}, {"degrees": True}] if name == "from_rotvec" else [{}]:
        check(getattr(Rotation, name)(scale * V, **degrees), getattr(SciPyRotation, name)(scale * V, **degrees))
    check_grads(lambda v: getattr(Rotation, name)(v).as_quat(), (scale * V,), order=2, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("sequence", SEQUENCES)
def test_euler_angles(sequence):
    angles = RNG.uniform(-3, 3, (4, 3))
    check(Rotation.from_euler(sequence, angles), SciPyRotation.from_euler(sequence, angles))
    check(R.as_euler(sequence), S.as_euler(sequence), 1e-11)
    for k in (0, 1):  # angles of numbers and of one axis
        check(
            Rotation.from_euler(sequence[: k + 1], angles[0, : k + 1]),
            SciPyRotation.from_euler(sequence[: k + 1], angles[0, : k + 1]),
        )
    check(Rotation.from_euler(sequence[0], 40, degrees=True), SciPyRotation.from_euler(sequence[0], 40, degrees=True))
    locks = np.array([[a, b, c] for a in (0.3, 2.9) for b in (0.0, np.pi / 2, -np.pi / 2, np.pi) for c in (0.5, -1.2)])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = SciPyRotation.from_euler(sequence, locks).as_euler(sequence)
    check(Rotation.from_euler(sequence, locks).as_euler(sequence), expected, 1e-7)
    check_grads(lambda q: Rotation.from_quat(q).as_euler(sequence), (QUAT,), order=2, rtol=1e-4, atol=1e-4)
    slope = w.jacrev(lambda a: Rotation.from_euler(sequence, a).as_euler(sequence).sum())(locks)
    assert np.isfinite(slope).all()


DIFFERENTIATED = {
    "as_matrix": lambda r: r.as_matrix(),
    "as_rotvec": lambda r: r.as_rotvec(),
    "as_mrp": lambda r: r.as_mrp(),
    "as_quat": lambda r: r.as_quat(canonical=True),
    "apply": lambda r: r.apply(V),
    "product": lambda r: (r * r[::-1]).as_quat(),
    "power": lambda r: (r**0.4).as_quat(),
    "from_matrix": lambda r: Rotation.from_matrix(r.as_matrix()).as_matrix(),
    "from_matrix assumed": lambda r: Rotation.from_matrix(r.as_matrix(), assume_valid=True).as_matrix(),
    "mean": lambda r: r.mean().as_matrix(),
    "inv": lambda r: r.inv().as_rotvec(),
}
POINTS = {
    "somewhere": V,
    "the identity": np.zeros((6, 3)),
    "small angles": 1e-7 * V,
    "where the series ends": V / np.linalg.norm(V, axis=-1, keepdims=True) * np.array([0.2, 0.2001, 1.0, 1.0001, 0.99, 0.1])[:, None],
}  # fmt: skip


@pytest.mark.parametrize("name", DIFFERENTIATED)
@pytest.mark.parametrize("point", POINTS)
def test_derivatives(name, point):
    def f(v):
        return DIFFERENTIATED[name](Rotation.from_rotvec(v))

    check_grads(f, (POINTS[point],), order=2, rtol=1e-4, atol=1e-4)
    got, expected = w.jit(w.jacfwd(f))(POINTS[point]), w.jacfwd(f)(POINTS[point])
    np.testing.assert_allclose(got, expected, atol=1e-10)


def test_high_orders_at_the_identity():
    """The exponential of the rotation vector's cross product, by the exponential of matrices."""
    from wengert.scipy.linalg import expm

    generators = np.zeros((3, 3, 3))
    for i, j, k in ((0, 1, 2), (1, 2, 0), (2, 0, 1)):
        generators[j, k, i], generators[k, j, i] = -1, 1

    def along(f, order):
        for _ in range(order):
            f = (lambda f: lambda t: w.jvp(f, (t,), (1.0,))[1])(f)
        return f(0.0)

    for order in range(6):
        got = along(lambda t: Rotation.from_rotvec(t * V[0]).as_matrix(), order)
        np.testing.assert_allclose(got, along(lambda t: expm(t * wnp.dot(generators, V[0])), order), atol=1e-9)
        again = along(lambda t: Rotation.from_rotvec(t * V[0]).as_rotvec(), order)
        np.testing.assert_allclose(again, V[0] if order == 1 else 0 * V[0], atol=1e-9)


def test_the_series_meet_the_formulas():
    for x in (np.array([1 - 1e-12, 1 + 1e-12]), np.array([0.1, 0.2, 0.2003, 0.3])):
        v = x[:, None] * np.array([0.6, 0.0, 0.8])
        check(Rotation.from_rotvec(v), SciPyRotation.from_rotvec(v), 2e-16)
        np.testing.assert_allclose(Rotation.from_rotvec(v).as_rotvec(), v, rtol=2e-15)
    for dtype in (np.float32, np.float64):
        out = Rotation.from_rotvec(V.astype(dtype))
        for x in (
            out.as_quat(),
            out.as_matrix(),
            out.as_rotvec(),
            out.as_euler("xyz"),
            out.magnitude(),
            out.as_mrp(),
            out.mean().quat,
        ):
            assert x.dtype == dtype


def test_half_turns():
    v = np.pi * np.eye(3)
    check(Rotation.from_rotvec(v).as_rotvec(), SciPyRotation.from_rotvec(v).as_rotvec())
    check(Rotation.from_matrix(np.diag([1.0, -1.0, -1.0])), SciPyRotation.from_matrix(np.diag([1.0, -1.0, -1.0])))
    check(Rotation.from_quat([0, 0, 0, -1.0]).as_rotvec(), np.zeros(3))
    assert w.grad(lambda q: Rotation.from_quat(q).magnitude())(np.array([0.0, 0.0, 0.0, 1.0])).tolist() == [0, 0, 0, 0]


def test_matrices_that_are_no_rotations():
    near = S.as_matrix() + 0.1 * RNG.normal(size=(6, 3, 3))
    check(Rotation.from_matrix(near).as_matrix(), SciPyRotation.from_matrix(near).as_matrix())
    check_grads(lambda m: Rotation.from_matrix(m).as_matrix(), (near,), order=2, rtol=1e-4, atol=1e-4)
    with pytest.raises(w.errors.ArgumentError, match="determinant"):
        Rotation.from_matrix(-np.eye(3))
    with pytest.raises(w.errors.ArgumentError, match="determinant"):
        w.jit(lambda m: Rotation.from_matrix(m).quat)(-np.eye(3))


def test_rotations_are_trees():
    assert [x.shape for x in trees.leaves(R)] == [(6, 4)] and len(R) == 6 and R.shape == (6,) and not R.single
    batched = w.vmap(lambda r, v: r.apply(v))(R, V)
    check(batched, np.stack([r.apply(v) for r, v in zip(R, V, strict=True)]))
    means = w.vmap(lambda r: r.mean())(Rotation.from_quat(RNG.normal(size=(3, 4, 4))))
    assert means.shape == (3,)
    gradient = w.grad(lambda r: (r.apply(V) ** 3).sum())(R)
    assert isinstance(gradient, Rotation) and gradient.quat.shape == (6, 4)
    gradient = w.vmap(w.grad(lambda v, r: (Rotation.from_rotvec(v) * r).magnitude()))(V, R)
    expected = [w.grad(lambda v, r: (Rotation.from_rotvec(v) * r).magnitude())(v, r) for v, r in zip(V, R, strict=True)]
    check(gradient, np.stack(expected))
    assert repr(R[0]).startswith("Rotation(array(") and bool(R[0]) and [r.single for r in R] == [True] * 6
    for call in (lambda: len(R[0]), lambda: R[0][0]):
        with pytest.raises(TypeError, match="single"):
            call()


def test_the_mean_of_one_and_of_weights():
    one = lambda v: Rotation.from_rotvec(v[None]).mean().as_matrix()  # noqa: E731
    check(one(V[0]), SciPyRotation.from_rotvec(V[0]).as_matrix())
    check_grads(one, (V[0],), order=2, rtol=1e-5, atol=1e-5)  # three eigenvalues are zero
    check_grads(lambda x: R.mean(x).as_matrix(), (np.arange(1.0, 7.0),), order=2, rtol=1e-5, atol=1e-5)
    g = lambda v: w.vmap(lambda v: Rotation.from_rotvec(v).mean().as_matrix())(v)  # noqa: E731
    check_grads(g, (np.stack([V, V[::-1] + 1]),), order=1, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(w.jit(w.jacrev(g))(np.stack([V, V])), w.jacfwd(g)(np.stack([V, V])), atol=1e-10)


def test_random_rotations():
    out = Rotation.random(w.random.key(1), 4000)
    assert out.shape == (4000,) and Rotation.random(w.random.key(1)).single
    np.testing.assert_allclose(out.as_matrix().mean(0), 0, atol=0.05)
    np.testing.assert_allclose(np.linalg.norm(out.quat, axis=-1), 1)


# --- the way between rotations ------------------------------------------------------------------------------------

TIMES = np.array([0.0, 0.5, 1.2, 3.0, 3.1, 6.0])


def test_slerp():
    at = np.array([0.0, 0.1, 0.5, 2.0, 5.9, 6.0])
    slerp, expected = Slerp(TIMES, R), SciPySlerp(TIMES, S)
    check(slerp(at).as_matrix(), expected(at).as_matrix())
    check(Slerp.init(TIMES, R)(0.7).as_matrix(), expected(0.7).as_matrix())
    check(w.jit(lambda s, t: s(t).as_matrix())(slerp, at), expected(at).as_matrix())
    check(w.vmap(lambda t: slerp(t).as_matrix())(at), expected(at).as_matrix())
    f = lambda t, v: Slerp(TIMES, Rotation.from_rotvec(v))(t).as_matrix()  # noqa: E731
    check_grads(f, (at[1:5] + 0.05, V), order=2, rtol=1e-4, atol=1e-4)
    still = np.zeros((6, 3))  # rotations that are equal
    check_grads(lambda v: f(at, v), (still,), order=2, rtol=1e-4, atol=1e-4)
    with pytest.raises(w.errors.ArgumentError, match="outside"):
        slerp(7.0)
    with pytest.raises(w.errors.ArgumentError, match="outside"):
        w.jit(lambda t: slerp(t).quat)(7.0)


ERRORS = [
    (lambda: Rotation.from_quat(np.zeros(4)), w.errors.ArgumentError, "length 0"),
    (lambda: Rotation.from_quat(np.ones(3)), w.errors.ShapeError, "quaternions"),
    (lambda: Rotation.from_rotvec(np.ones(4)), w.errors.ShapeError, "rotation vectors"),
    (lambda: Rotation.from_matrix(np.ones((2, 3))), w.errors.ShapeError, "3, 3"),
    (lambda: Rotation.from_euler("xyX", np.ones(3)), w.errors.ArgumentError, "fixed axes"),
    (lambda: Rotation.from_euler("xxy", np.ones(3)), w.errors.ArgumentError, "differ"),
    (lambda: Rotation.from_euler("xy", np.ones(3)), w.errors.ShapeError, "len"),
    (lambda: R.as_euler("xy"), w.errors.ArgumentError, "three axes"),
    (lambda: R.mean(np.ones(3)), w.errors.ShapeError, "weights"),
    (lambda: R.mean(-np.ones(6)), w.errors.ArgumentError, "negative"),
    (lambda: R[0].mean(), w.errors.ShapeError, "single"),
    (lambda: Rotation.concatenate([]), w.errors.ArgumentError, "no rotations"),
    (lambda: pow(R, 2, 3), w.errors.ArgumentError, "modulus"),
    (lambda: Slerp([0.0, 1.0], R), w.errors.ShapeError, "as many"),
    (lambda: Slerp(TIMES[::-1], R), w.errors.ArgumentError, "rise"),
    (lambda: Slerp(TIMES, QUAT), w.errors.ArgumentError, "Rotation"),
    (lambda: vq(V, V[:, :2]), w.errors.ShapeError, "codes"),
    (lambda: vq(V, V[:0]), w.errors.ShapeError, "no codes"),
]  # fmt: skip


@pytest.mark.parametrize("call, error, match", ERRORS)
def test_errors(call, error, match):
    with pytest.raises(error, match=match):
        call()


# --- scipy.cluster.vq ---------------------------------------------------------------------------------------------


def test_vq():
    obs, codes = RNG.normal(size=(9, 3)), V[:4]
    for a, b in ((obs, codes), (obs[:, 0], codes[:, 0])):
        expected = scipy.cluster.vq.vq(a, b)
        for got in (vq(a, b), w.jit(vq)(a, b), [x[1] for x in w.vmap(vq)(np.stack([a, a]), np.stack([b, b]))]):
            for g, e in zip(got, expected, strict=True):
                np.testing.assert_allclose(g, e, rtol=1e-12)
    check_grads(lambda *args: vq(*args)[1], (obs, codes), order=2, rtol=1e-5, atol=1e-5)
    slope = w.grad(lambda x: vq(x, codes)[1].sum())(codes[:2])
    assert (slope == 0).all()  # where an observation is a code
