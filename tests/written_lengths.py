"""Statements of written programs about what a compiler chooses by: lengths beside thresholds, narrow and mixed types, loops
in loops with carries of several types, rules and writing in loops, tables that are closed over, batches, derivatives inside.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from written_programs import Writer

EDGES = (1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 63, 65, 1023, 1024, 1025)
MORE: list[Callable[[Writer, str], Any]] = []


def often(n: int) -> Callable[[Any], Any]:
    def add(f: Any) -> Any:
        MORE.extend([f] * n)
        return f

    return add


def _row(name: str, n: int) -> str:
    """The text of a vector of n numbers made of a value that has some."""
    return (
        f"np.resize(np.tanh({name}.real.ravel()[:{n}]), {n})"
        if n <= 9
        else (f"np.concatenate([np.tanh({name}.real.ravel()[:9])] * {n})[:{n}]")
    )


@often(5)
def _edge(w: Writer, out: str) -> list[str]:
    """Vectors of a length beside a threshold: sums, products, sorts, running operations, tables."""
    x = w.value("fciu", least=1)
    if not x.value.size:
        raise LookupError
    n = int(w.pick(EDGES))
    use = w.pick((
        "np.sum({r} * LONG[:{n}])", "np.exp({r}) * SHORT[0] + np.exp(2 * {r}) + np.exp(-{r}) + np.exp(0.5 * {r}) + np.exp(0.1 * {r})",
        "{r} / np.linalg.norm({r} + 0.1)", "np.sort({r} * LONG[3:{n} + 3])", "np.cumsum({r})[::-1]", "np.logaddexp.accumulate({r})",
        "np.convolve({r}[:40], LONG[:7])", "np.mean({r}) - {r}", "np.max({r}) * np.argmin({r} + LONG[:{n}])", "np.dot({r}, LONG[:{n}])",
        "np.outer({r}[:33], {r}[-17:]) @ LONG[:17][-{r}[-17:].shape[0]:]", "np.exp({r} - np.max({r})) / np.sum(np.exp({r} - np.max({r})))",
        "np.var({r} + LONG[:{n}])", "np.diff({r}, prepend=0.0)", "np.interp({r}, SHORT - 1.0, SHORT ** 2)", "{r}[np.arange({n}) // 2]",
        "np.partition({r} + LONG[:{n}], {n} // 2)[{n} // 2]", "np.searchsorted(np.sort({r}), 0.1) * {r}", "np.quantile({r} + LONG[:{n}], 0.4)",
        "np.fft.rfft({r}).imag", "np.prod(1.0 + {r} / {n})", "np.trapezoid({r}, dx=0.5)", "np.where({r} > 0, {r}, LONG[:{n}])",
        "TABLE[:{n}].T @ {r}", "np.einsum('i,ij->j', {r}, TABLE[:{n}])", "np.repeat({r}[:33], COUNTS[:min({n}, 33)])",
    ))  # fmt: skip
    return [f"{out}r = {_row(x.name, n)}", f"{out} = " + use.format(r=f"{out}r", n=n)]


@often(3)
def _matrix(w: Writer, out: str) -> list[str]:
    """Matrices whose axes are beside thresholds."""
    x = w.value("fc", least=1)
    if not x.value.size:
        raise LookupError
    n, m = int(w.pick(EDGES[:13])), int(w.pick(EDGES[:13]))
    use = w.pick((
        "{a} @ {a}.T / {m}", "{a}.T @ {a}", "np.sum({a}, axis=0) * np.max({a}, axis=0)", "{a} - {a}.mean(axis=1, keepdims=True)",
        "np.sum({a} ** 2, axis=1) ** 0.5 + np.sum({a})", "np.sort({a}, axis=0)", "np.cumsum({a}, axis=1)[:, ::-1]", "{a}[:, ::-1].T.copy()",
        "np.exp({a}) / np.sum(np.exp({a}), axis=0)", "np.einsum('ij,ik->jk', {a}, np.sin({a}))", "np.linalg.norm({a} + 0.2, axis=0)",
        "{a}[{i}]", "{a}[{i}, :1] + {a}[-1]", "np.matmul({a}[None], {a}.T[None])[0]", "np.max({a}, axis=1) + np.argmax({a}, axis=1)",
        "np.roll({a}, (1, -2), (0, 1))", "np.where({a} > {a}[:1], {a}, 0.0)", "np.concatenate([{a}, {a}[:1] * 2], axis=0).sum(0)",
    ))  # fmt: skip
    rows = w.integers(-n, n, 5)
    a = f"{out}a = np.reshape(np.concatenate([np.tanh({x.name}.real.ravel()[:40])] * {n * m})[:{n * m}] + LONG[:{n * m}], ({n}, {m}))"
    return [a, f"{out} = " + use.format(a=f"{out}a", i=rows, n=n, m=m)]


@often(3)
def _narrow_types(w: Writer, out: str) -> list[str]:
    """Arithmetic in types of 16 bits and complex64, and mixed with wider ones."""
    x = w.value("fc", most=5000)
    dtype = w.pick(("np.float16", "bfloat16", "np.complex64", "np.float32", "np.complex64", "np.complex128"))
    use = w.pick((
        "{h} + {h}", "{h} * {h} - {h}", "np.maximum({h}.real, 0)", "np.sum({h}, axis=-1)", "{h}.astype(np.float32) * 3", "{h} * 2 + 1",
        "np.where({h}.real > 0, {h}, -{h})", "{h}[..., ::-1]", "np.mean({h})", "{h} @ {h}.T", "np.abs({h})", "np.sqrt(np.abs({h}))",
        "np.conj({h}) * {h}", "{h} / 3", "-{h}", "np.exp({h} / 4)", "{h} + SINGLE[0]", "{h}.real * TURN[3]", "np.cumsum({h})", "np.tanh({h})",
    ))  # fmt: skip
    lines = [f"{out}h = np.tanh({x.name}).astype({dtype})", f"{out} = " + use.format(h=f"{out}h")]
    if "complex" not in dtype and w.chance(0.5):
        lines[1] = f"{out} = ({lines[1].partition(' = ')[2]}).real.astype(np.float64)"
    return lines


@often(3)
def _integer_types(w: Writer, out: str) -> list[str]:
    """Integers of every width, in ranges that hold the results; mixed widths and signs."""
    x = w.value("f", least=1, most=5000)
    kinds = ("np.int8", "np.uint8", "np.int16", "np.uint16", "np.int32", "np.uint32", "np.int64", "np.uint64")
    a, b = w.pick(kinds), w.pick(kinds)
    use = w.pick((
        "{i} + {j}", "{i} * {j}", "np.maximum({i}, {j})", "{i} // ({j} + 1)", "{i} % ({j} + 1)", "{i} & {j}", "{i} | {j}", "{i} ^ {j}",
        "np.where({i} > {j}, {i}, {j})", "np.sum({i}) + {j}", "np.cumsum({i}, axis=-1)", "np.left_shift({i}, 2)", "{i} >> 1", "{i} ** 2",
        "np.minimum({i}, 3) * {j}", "np.sort({i}, axis=-1)", "np.argmax({i}) + {j}", "{i} == {j}", "{i} < 2", "np.prod({i}[..., :2] + 1)",
        "np.abs({i})", "np.clip({i}, 1, 3)", "np.mean({i}, axis=-1)", "np.sqrt({i})",
        "{i} / ({j} + 1)", "np.dot({i}.ravel(), {j}.ravel())", "np.divmod({i}, 3)[1]", "np.diff({i}, axis=-1)", "np.invert({i})", "np.gcd({i}, {j})",
        "np.take(SHORT, {i})", "np.take(TABLE, {i}, axis=0)", "np.take(SHORT, {i}) * {j}", "np.left_shift({i}, {j})", "np.power({i}, {j} % 3)", "np.lcm({i}, {j} + 1)",
    ))  # fmt: skip
    return [
        f"{out}i = (np.abs(np.floor({x.name} * 3.0)) % 5).astype({a})",
        f"{out}j = (np.abs(np.floor({x.name} * 7.0)) % 5).astype({b})",
        f"{out}k = {use.format(i=out + 'i', j=out + 'j')}",
        f"{out} = np.sum({x.name}) * {out}k",
    ]


LOOPS = (
    # carries of several types
    "{o} = lax.scan(lambda c, t: ((c[0] * 0.5 + np.sin(t), c[1] + 1, (c[2] * np.float32(0.5)).astype(np.float32)), c[0] * c[1]), ({x}[0] * 1.0, 0, np.float32(1.0)), {x})[{w}]",
    "{o} = lax.while_loop(lambda s: (s[0] < {k}) & (np.sum(np.abs(s[1])) < 1e3), lambda s: (s[0] + 1, np.cos(s[1]) + 0.1 * {x}, s[2] + np.sum(s[1])), (0, {x} * 1.0, 0.0))[{w2}]",
    "{o} = lax.fori_loop(0, {k}, lambda i, c: (c[1] * 0.5, np.tanh(c[0]) + {x}[i % {n}], c[2] ^ 1), ({x}[0] * 1.0, {x}[-1] * 1.0, 3))[{w2}]",
    # nested
    "{o} = lax.scan(lambda c, t: (lax.scan(lambda d, i: (np.tanh(d + i * t), d), c, SHORT[:3])[0], lax.fori_loop(0, 2, lambda i, d: d * 0.5 + t, c)), {x}[0] * 1.0, {x})[{w}]",
    "{o} = lax.fori_loop(0, 3, lambda i, c: lax.while_loop(lambda s: s[0] < i, lambda s: (s[0] + 1, np.sin(s[1]) * 0.9), (0, c))[1] + 0.1 * {x}, {x} * 1.0)",
    "{o} = lax.scan(lambda c, t: (lax.cond(np.sum(t) > 0.1, lambda a: lax.fori_loop(0, 2, lambda i, d: np.cos(d) * t, a), lambda a: a - t, c), c * t), {x}[0] * 0.5, {x})[{w}]",
    "{o} = lax.scan(lambda c, i: (lax.switch(i % 3, [lambda a: np.sin(a), lambda a: a * 0.5, lambda a: a + {x}[0]], c), c), {x}[-1] * 1.0, np.arange({k}))[{w}]",
    # custom rules, derivatives and batches inside
    "{o} = lax.scan(lambda c, t: (lax.ruled(c) * 0.5 + t, lax.pulled(c, t)), {x}[0] * 1.0, {x})[{w}]",
    "{o} = lax.fori_loop(0, {k}, lambda i, c: 0.5 * lax.slope(c) - lax.ruled({x}) * 0.1, {x} * 1.0)",
    "{o} = lax.scan(lambda c, t: (np.tanh(lax.{bend}(c, t)), c), {x}[0] * 1.0, {x})[{w}]",
    "{o} = lax.batched(lambda r: lax.scan(lambda c, i: (np.sin(c) + r * i, np.sum(c)), r * 1.0, SHORT[:{k}])[{w}], {x})",
    "{o} = lax.batched(lambda r, s: lax.cond(np.sum(r) > 0.0, lambda a: np.sin(a), lambda a: a * s, r), {x}, {x}[::-1])",
    "{o} = lax.batched(lambda r: lax.while_loop(lambda c: np.sum(np.abs(c)) > 0.5, lambda c: c * 0.5, r), {x})",
    "{o} = lax.batched(lambda r: np.sort(np.ravel(r))[::-1] @ LONG[:np.size(r)] + lax.ruled(r), {x})",
    # indices, tables and writing
    "{o} = lax.fori_loop(0, {n}, lambda i, c: c + {x}[i] * {x}[-1 - i] * TABLE[i, 0], {x}[0] * 0.0)",
    "{o} = lax.scan(lambda c, i: (c + {x}[np.array([0, -1, 0])[i % 3]], LONG[i * 7] * c), {x}[0] * 0.0, np.arange({k}))[{w}]",
    "{o} = lax.scan(lambda c, i: (c * 0.5 + {x}[COUNTS[i] % {n}], c), {x}[0] * 0.0, np.arange({k}))[{w}]",
    "def {o}w(c, i):\n    d = np.copy(c)\n    d[i] = d[i - 1] * 0.5 + {x}[i]\n    d[-1] += 0.1\n    return d, np.sum(d)\n{o} = lax.scan({o}w, {x} * 1.0, np.arange({n}))[{w}]",
    "def {o}w(i, c):\n    c = c * 1.0\n    c[[0, -1]] += np.tanh(c[i])\n    c[::2] *= 0.9\n    return c\n{o} = lax.fori_loop(0, {n}, {o}w, {x} * 1.0)",
    # calls
    "{o} = lax.called(lambda a: np.exp(-np.abs(a)) * LONG[:1], {x})", "{o} = lax.donated(lambda a: a * 2.0 + np.sum(a), {x})",
    "{o} = lax.kept(lambda a: np.sin(np.sin(a) * a), {x})", "{o} = lax.donated(lambda a, b: (a + b)[::-1], {x}, {x})",
    "{o} = lax.{bend}({x}, np.cos({x}))", "{o} = lax.slope({x}) * LONG[{n}]", "{o} = lax.scan(lambda c, t: (lax.called(lambda a, b: np.tanh(a) + b, c, t), c), {x}[0] * 1.0, {x})[{w}]",
)  # fmt: skip


@often(10)
def _loops(w: Writer, out: str) -> str:
    x = w.value("fc", least=1, most=2100)
    if not x.value.size or x.value.dtype.itemsize < 4:
        raise LookupError
    n, k = min(x.shape[0], 6), int(w.pick((1, 2, 3, 4, 5, 8)))
    bend = w.pick(("bend", "bend_back"))
    loop = w.pick(LOOPS)
    if x.kind == "c" and ("{bend}" in loop or "slope" in loop):
        raise LookupError
    return loop.format(o=out, x=x.name, n=n, k=k, w=w.pick((0, 1)), w2=w.pick((1, 2)), bend=bend)


__all__ = ["EDGES", "MORE"]
