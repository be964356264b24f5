"""Numbers that the bodies of eager loops close over: after the second value they are arguments of one compiled Program."""

import numpy as np
import pytest

import wengert as w
import wengert.numpy as wnp
from wengert import lax
from wengert.compile import executable
from wengert.transforms import changing

XS = np.linspace(0.0, 1.0, 7)


@pytest.fixture
def compiled(monkeypatch):
    """How many Programs were compiled."""
    made = []
    begin = executable.Executable.__init__

    def counted(self, *args, **kwargs):
        made.append(args)
        begin(self, *args, **kwargs)

    monkeypatch.setattr(executable.Executable, "__init__", counted)
    changing._forms.clear()
    return made


def scanned(a, b=1.0):
    return lax.scan(lambda c, x: (c * a + x * b, c - a), 0.5, XS)


def by_hand(a, b=1.0):
    c, ys = 0.5, []
    for x in XS:
        ys.append(c - a)
        c = c * a + x * b
    return c, np.array(ys)


def agrees(got, want):
    for g, v in zip(got, want, strict=True):
        np.testing.assert_allclose(g, v, rtol=1e-14)


def test_a_scan_is_compiled_twice(compiled):
    for k, a in enumerate((0.3, 0.4, 0.5, -2.0, 0.3, np.pi)):
        agrees(scanned(a), by_hand(a))
        assert len(compiled) <= min(k + 1, 2)


def test_another_number_that_begins_to_change(compiled):
    for a, b in ((0.3, 1.0), (0.4, 1.0), (0.5, 1.0), (0.5, 2.0), (0.6, 3.0), (0.7, 4.0)):
        agrees(scanned(a, b), by_hand(a, b))
    assert len(compiled) <= 3


def test_numbers_of_other_types_are_other_programs(compiled):
    for a in (2, 3, 4):
        carry, ys = lax.scan(lambda c, x: (c * a, c), np.int64(1), None, 5)  # noqa: B023
        assert int(carry) == a**5
        assert ys.dtype == np.int64
    for a in (2.0, 3.0, 4.0):
        assert float(lax.scan(lambda c, x: (c * a, c), 1.0, None, 5)[0]) == a**5  # noqa: B023
    for a in (np.float32(2), np.float32(3), np.float32(4)):
        got = lax.scan(lambda c, x: (c * a, c), np.float32(1), None, 5)[0]  # noqa: B023
        assert got == a**5
        assert got.dtype == np.float32
    for a in (1j, 2j, 3j):
        assert lax.scan(lambda c, x: (c * a, c), 1.0 + 0j, None, 3)[0] == a**3  # noqa: B023
    assert len(compiled) <= 8


def test_while_and_fori(compiled):
    for a in (1.5, 1.6, 1.7, 1.8):
        c = 1.0
        while c < 50 * a:
            c = c * a
        found = lax.while_loop(lambda c: c < 50 * a, lambda c: c * a, 1.0)  # noqa: B023
        np.testing.assert_allclose(found, c, rtol=1e-14)
        np.testing.assert_allclose(lax.fori_loop(0, 6, lambda i, c: c * a + i, 1.0), by_steps(a), rtol=1e-14)  # noqa: B023
    assert len(compiled) <= 4


def by_steps(a):
    c = 1.0
    for i in range(6):
        c = c * a + i
    return c


def test_derivatives():
    """In both modes, of second order and in batches, where the number is not differentiated."""

    def f(p, a):
        return lax.scan(lambda c, x: (wnp.sin(c * p) * a + x ** int(a + 2), None), 0.5, XS)[0]

    def same(p, a):
        c = 0.5
        for x in XS:
            c = np.sin(c * p) * a + x ** int(a + 2)
        return c

    for a in (0.3, 0.4, 1.5, 0.5):
        h = 1e-6
        slope = (same(0.7 + h, a) - same(0.7 - h, a)) / (2 * h)
        np.testing.assert_allclose(w.grad(f)(0.7, a), slope, rtol=1e-8)
        np.testing.assert_allclose(w.jvp(lambda p: f(p, a), (0.7,), (1.0,))[1], slope, rtol=1e-8)  # noqa: B023
        np.testing.assert_allclose(
            w.grad(w.grad(f))(0.7, a), w.grad(lambda p: w.jvp(lambda q: f(q, a), (p,), (1.0,))[1])(0.7), rtol=1e-12
        )  # noqa: B023, E501
        ps = np.array([0.1, 0.7, 1.3])
        np.testing.assert_allclose(w.vmap(lambda p: f(p, a))(ps), [same(p, a) for p in ps], rtol=1e-13)  # noqa: B023


def test_under_jit_numbers_are_constants():
    program = w.make_program(lambda c: lax.scan(lambda c, x: (c * 0.25 + x, None), c, XS)[0])(1.0)
    (eqn,) = [e for e in program.equations if e.primitive.name == "scan"]
    assert eqn.params["operands"].consts == 0


def test_what_is_remembered_is_bounded(monkeypatch):
    monkeypatch.setattr(changing, "MOST", 3)
    changing._forms.clear()
    for n in range(2, 9):
        lax.scan(lambda c, x: (c * 0.5, None), np.ones(n), None, 2)
    assert len(changing._forms) == 3
