"""Random programs in NumPy's own words, as source text: a second generator, for faults that the first cannot meet.

A program is the text of a function of a few arrays. Statements are drawn from templates and run with NumPy as they are
written, so that every program runs and stays in the range where results can be compared; what it is made of: all forms of
indices (repeated, negative, masks after an ellipsis, `np.ix_`), negative strides, sizes 0, 1 and large, every dtype, ties,
writing in place, Python's loops and branches, `lax`'s loops and branches, custom rules, linear algebra, transforms.

`compare_written` runs them and prints the text of those that disagree.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import ml_dtypes
import numpy as np

LENGTHS = (0, 1, 1, 2, 2, 3, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33)
LARGE = (300, 1023, 1024, 1025, 4097)
HUGE = 70_000
BOUND = 1e4  # of absolute values


class Plain:
    """`lax` and custom rules, for NumPy: loops and branches of Python, functions as they are."""

    @staticmethod
    def scan(f: Callable[..., Any], carry: Any, xs: Any) -> Any:
        ys = []
        for x in xs:
            carry, y = f(carry, x)
            ys.append(y)
        return carry, (np.stack(ys) if ys else np.zeros((0,)))

    @staticmethod
    def cond(p: Any, f: Callable[..., Any], g: Callable[..., Any], *args: Any) -> Any:
        return f(*args) if p else g(*args)

    @staticmethod
    def fori_loop(low: int, high: int, f: Callable[..., Any], carry: Any) -> Any:
        for i in range(low, high):
            carry = f(i, carry)
        return carry

    @staticmethod
    def while_loop(p: Callable[..., Any], f: Callable[..., Any], carry: Any) -> Any:
        while p(carry):
            carry = f(carry)
        return carry

    @staticmethod
    def ruled(x: Any) -> Any:
        return np.sin(x) * x

    @staticmethod
    def pulled(x: Any, y: Any) -> Any:
        return x * np.tanh(y)

    @staticmethod
    def slope(x: Any) -> Any:
        return np.cos(x) * x + np.sin(x)

    @staticmethod
    def bend(x: Any, v: Any) -> Any:
        return (2 * np.cos(x) - np.sin(x) * x) * v

    bend_back = bend

    @staticmethod
    def batched(f: Callable[..., Any], *xs: Any) -> Any:
        return np.stack([f(*rows) for rows in zip(*xs, strict=True)])

    @staticmethod
    def called(f: Callable[..., Any], *args: Any) -> Any:
        return f(*args)

    donated = kept = called

    @staticmethod
    def switch(i: Any, branches: Any, *args: Any) -> Any:
        return branches[min(max(int(i), 0), len(branches) - 1)](*args)


# What programs close over.
CONSTANTS = {
    "LONG": np.sin(np.arange(HUGE)), "TABLE": np.cos(np.arange(1025.0 * 3)).reshape(1025, 3), "SHORT": np.arange(9.0) / 4,
    "COUNTS": np.arange(33) % 5, "SINGLE": np.linspace(-1, 1, 17, dtype=np.float32), "TURN": np.exp(1j * np.arange(16)),
}  # fmt: skip


class Value:
    def __init__(self, name: str, value: Any) -> None:
        self.name, self.value = name, np.asarray(value)

    @property
    def shape(self) -> tuple[int, ...]:
        return self.value.shape

    @property
    def kind(self) -> str:
        return "f" if self.value.dtype == ml_dtypes.bfloat16 else self.value.dtype.kind


class Program:
    """The text of a function, its arguments, and what it was found to need."""

    def __init__(self, text: str, args: list[np.ndarray], narrow: bool, seed: int) -> None:
        self.text, self.args, self.narrow, self.seed = text, args, narrow, seed

    def function(self, lax: Any, unit: Any = None) -> Callable[..., Any]:
        """The function, its loops, branches and rules by `lax`; `unit` stands for ``1j`` in products."""
        scope = {"np": np, "lax": lax, "bfloat16": ml_dtypes.bfloat16, "unit": unit, **CONSTANTS}
        text = self.text if unit is None else self.text.replace("1j *", "unit *")
        exec(compile(text, f"<program {self.seed}>", "exec"), scope)  # noqa: S102
        return scope["f"]


class Writer:
    """Writes one program. A statement that fails, or leaves the range, is written anew."""

    def __init__(self, seed: int, statements: int = 8, more: Sequence[Any] = ()) -> None:
        self.rng = np.random.default_rng([seed, 77])
        self.more = more
        self.seed = seed
        self.lines: list[str] = []
        self.values: list[Value] = []
        self.scope: dict[str, Any] = {"np": np, "lax": Plain, "bfloat16": ml_dtypes.bfloat16, **CONSTANTS}
        self.narrow = False
        self.count = 0
        args = [self.argument() for _ in range(self.pick((1, 2, 2, 3)))]
        if self.chance(0.1):  # one array twice
            args.append(Value(f"x{len(args)}", args[0].value))
            self.values.append(args[-1])
            self.scope[args[-1].name] = args[-1].value
        if self.chance(0.1):  # one that is not used
            args.append(Value("unused", self.rng.normal(size=self.shape())))
        self.args = [v.value.copy() for v in args]
        wanted, tries = self.rng.integers(3, statements + 1), 0
        while len(self.lines) < wanted and tries < 60:
            tries += 1
            self.statement()
        self.finish([v.name for v in args])

    # --- choices

    def pick(self, options: Any) -> Any:
        return options[int(self.rng.integers(len(options)))]

    def chance(self, p: float) -> bool:
        return bool(self.rng.random() < p)

    def shape(self, ndim: int | None = None) -> tuple[int, ...]:
        ndim = self.pick((0, 1, 1, 2, 2, 2, 3)) if ndim is None else ndim
        out = [int(self.pick(LENGTHS)) for _ in range(ndim)]
        if ndim and self.chance(0.06):
            out[int(self.rng.integers(ndim))] = int(self.pick(LARGE))
        elif ndim == 1 and self.chance(0.01):
            out = [HUGE]
        return tuple(out) if np.prod(out, dtype=int) <= HUGE else tuple(min(n, 9) for n in out)

    def argument(self) -> Value:
        shape = self.pick(self.values).shape if self.values and self.chance(0.6) else self.shape()
        x = self.rng.normal(size=shape)
        if self.chance(0.15):  # ties
            x = np.round(x)
        dtype = self.pick(("float64",) * 11 + ("float32", "complex128", "complex128", "complex64", "int64", "uint8"))
        if dtype in ("int64", "uint8"):
            x = np.abs(np.floor(3 * x)) % 5
        x = (x + 1j * self.rng.normal(size=shape)).astype(dtype) if dtype[0] == "c" else x.astype(dtype)
        if self.chance(0.15) and x.ndim:
            x = x[::-1]
        if self.chance(0.1) and x.ndim == 2:
            x = x.T.copy().T
        value = Value(f"x{len(self.values)}", x)
        self.narrow |= dtype in ("float32", "complex64")
        self.values.append(value)
        self.scope[value.name] = x
        return value

    def value(self, kinds: str = "f", least: int = 0, ndim: int | None = None, most: int = HUGE) -> Value:
        found = [
            v for v in self.values
            if v.kind in kinds and v.value.ndim >= least and ndim in (None, v.value.ndim) and v.value.size <= most
        ]  # fmt: skip
        if not found:
            raise LookupError
        return found[-1 - min(int(self.rng.exponential(1.5)), len(found) - 1)]

    def integers(self, low: int, high: int, shape: Any) -> str:
        """The text of an array of integers."""
        return f"np.array({self.rng.integers(low, high, shape).tolist()}, dtype=int)"

    # --- statements

    def statement(self) -> None:
        write = self.pick(self.more if len(self.more) and self.chance(0.5) else STATEMENTS)
        state = len(self.lines), dict(self.scope)
        try:
            lines = write(self, self.name())
            lines = [lines] if isinstance(lines, str) else lines
            self.run(lines)
        except (
            LookupError,
            ValueError,
            TypeError,
            np.linalg.LinAlgError,
            ZeroDivisionError,
            OverflowError,
            AttributeError,
            Warning,
        ):
            del self.lines[state[0] :]
            self.scope = state[1]

    def name(self) -> str:
        self.count += 1
        return f"v{self.count}"

    def run(self, lines: list[str]) -> None:
        name = lines[-1].split(" = ")[0] if " = " in lines[-1] and lines[-1][0] == "v" else f"v{self.count}"
        scope = dict(self.scope)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            exec("\n".join(lines), scope)  # noqa: S102
        out = np.asarray(scope[name])
        if out.dtype == object or out.size > 4 * HUGE or out.ndim > 5:
            raise ValueError
        if out.size and not (np.isfinite(out).all() and np.abs(out).max() < BOUND):
            raise ValueError
        self.narrow |= out.dtype.name in ("float32", "float16", "bfloat16", "complex64")
        self.scope = scope
        self.lines += lines
        self.values.append(Value(name, out))

    def finish(self, names: list[str]) -> None:
        used = [v for v in self.values if v.kind in "fc" and v.name not in names] or self.values[:1]
        results = used[-1 - min(int(self.rng.exponential(0.7)), len(used) - 1) :]
        out = ", ".join(v.name for v in results)
        body = [f"    {line}" for line in "\n".join(self.lines).split("\n")] if self.lines else []
        self.text = "\n".join(
            [f"def f({', '.join(names)}):", *body, f"    return {out}{',' if len(results) == 1 else ''}"]
        )

    def program(self) -> Program:
        return Program(self.text, self.args, self.narrow, self.seed)


# --- what statements there are -------------------------------------------------------------------------------------

STATEMENTS: list[Callable[[Writer, str], Any]] = []


def often(n: int) -> Callable[[Any], Any]:
    def add(f: Any) -> Any:
        STATEMENTS.extend([f] * n)
        return f

    return add


UNARY = (
    "np.sin({0})", "np.cos({0})", "np.tanh({0})", "np.exp(-np.abs({0}))", "np.log(np.abs({0}) + 0.5)", "np.arctan({0})",
    "np.sqrt(np.abs({0}) + 0.25)", "np.square({0})", "1.0 / (1.5 + {0} * {0})", "-{0}", "np.log1p({0} ** 2)", "{0} ** 3",
    "np.expm1(0.3 * np.tanh({0}))", "np.arcsinh({0})", "np.cbrt(1.0 + {0} * {0})", "np.abs({0})", "np.clip({0}, -0.5, 0.7)",
    "np.maximum({0}, 0.1)", "np.sinc({0})", "np.exp2(np.sin({0}))", "np.logaddexp({0}, 0.0)", "np.hypot({0}, 1.0)",
    "{0} * np.float32(0.5)", "np.where({0} > 0, {0}, 0.1 * {0})", "np.sign({0}) * {0}", "np.nan_to_num({0})",
    "np.heaviside({0}, 0.5) * {0}", "np.reciprocal(2.0 + np.cos({0}))", "lax.ruled({0})", "np.degrees(np.sin({0}))",
    "np.power(np.abs({0}) + 0.5, 1.7)", "np.float_power(np.abs({0}) + 0.3, 0.5)", "np.floor({0}) + {0}", "np.mod({0}, 2.5)",
)  # fmt: skip
BINARY = (
    "{0} + {1}", "{0} - {1}", "{0} * {1}", "{0} / (1.5 + {1} * {1})", "np.maximum({0}, {1})", "np.minimum({0}, {1})",
    "np.hypot({0}, {1} + 0.1)", "np.arctan2({0}, 2.0 + np.cos({1}))", "np.where({0} > {1}, {0}, {1} * 0.5)",
    "np.logaddexp({0}, {1})", "(np.abs({0}) + 0.5) ** np.tanh({1})", "np.fmax({0}, {1})", "np.copysign({0}, {1})",
    "lax.pulled({0}, {1})", "np.fmod({0}, 1.5 + np.abs({1}))", "np.heaviside({0}, 0.5) * {1}", "{0} * {1} - {1} * {0} * 0.5",
    "np.nextafter({0}, {1}) * 0.0 + {0}", "np.add({0}, {1}, where=np.isfinite({0} + {1}))",
)  # fmt: skip
REDUCE = (
    "np.sum({0}, axis={a})", "np.mean({0}, axis={a}, keepdims=True)", "np.max({0}, axis={a})", "np.min({0}, axis={a}, keepdims=True)",
    "np.prod(np.tanh({0}) + 0.3, axis={a})", "np.std({0} + np.arange({0}.shape[{a}]).reshape({r}), axis={a})", "np.var({0}, axis={a}, ddof=0)",
    "np.cumsum({0}, axis={a})", "np.cumprod(np.cos({0}), axis={a})", "np.sort({0}, axis={a})", "np.median({0}, axis={a})",
    "np.linalg.norm({0} + 0.1, axis={a})", "np.diff({0}, axis={a})", "np.ptp({0}, axis={a})", "np.flip({0}, axis={a})",
    "np.roll({0}, 2, axis={a})", "np.log(np.sum(np.exp({0} - np.max({0}, axis={a}, keepdims=True)), axis={a}))",
    "np.average({0}, axis={a}, weights=np.arange(1.0, {0}.shape[{a}] + 1))", "np.take_along_axis({0}, np.argsort({0}, axis={a}), axis={a})",
    "np.maximum.accumulate({0}, axis={a})", "np.trapezoid({0}, axis={a})", "np.gradient({0}, axis={a})", "np.quantile({0}, 0.3, axis={a})",
    "np.count_nonzero({0} > 0, axis={a}) * 1.0 * np.sum({0}, axis={a})", "np.sum({0}, axis={a}, where={0} > 0)", "np.argmax({0}, axis={a}) * 1.0 + np.sum({0}, axis={a})",
)  # fmt: skip
SHAPED = (
    "{0}.reshape(-1)", "{0}[None]", "{0}[..., None]", "np.ravel({0}, order='F')", "{0}.T", "np.atleast_2d({0})", "np.squeeze({0})",
    "np.concatenate([{0}.ravel(), 2.0 * {0}.ravel()[::-1]])", "np.stack([{0}, -{0}])", "np.repeat({0}, 2)", "np.tile({0}, 2)",
    "np.pad({0}, 1)", "np.pad({0}, 1, mode='edge')", "np.pad({0}, 2, mode='wrap')", "np.hstack([{0}.ravel(), 1.0])", "np.array_split({0}.ravel(), 3)[1]", "np.broadcast_to({0}, (2, *{0}.shape))",
    "np.triu({0})", "np.diag({0}.ravel()[:4])", "np.outer({0}.ravel()[:5], {0}.ravel()[-3:])", "np.kron({0}.ravel()[:3], {0}.ravel()[:2])",
    "np.moveaxis({0}, 0, -1)", "np.rot90({0})", "np.append({0}, {0}.ravel()[:1])", "np.swapaxes({0}, 0, -1)", "np.expand_dims({0}, 0)",
    "np.block([[{0}.ravel()[:2], {0}.ravel()[:2]]])", "np.meshgrid({0}.ravel()[:3], {0}.ravel()[:2])[0]", "np.interp({0}, [-1.0, 0.0, 1.0], [0.0, 1.0, 4.0])",
)  # fmt: skip


@often(10)
def _unary(w: Writer, out: str) -> str:
    return f"{out} = " + w.pick(UNARY).format(w.value().name)


@often(10)
def _binary(w: Writer, out: str) -> str:
    x, y = w.value().name, w.value().name
    return f"{out} = " + w.pick(BINARY).format(x, y)


@often(9)
def _reduce(w: Writer, out: str) -> str:
    x = w.value(least=1)
    a = int(w.rng.integers(x.value.ndim))
    r = tuple(-1 if i == a else 1 for i in range(x.value.ndim))
    return f"{out} = " + w.pick(REDUCE).format(x.name, a=a, r=r)


@often(6)
def _shaped(w: Writer, out: str) -> str:
    return f"{out} = " + w.pick(SHAPED).format(w.value(most=5000).name)


def index(w: Writer, x: Value) -> str:
    """The text of an index of a value with axes."""
    shape, ndim = x.shape, x.value.ndim
    n = max(shape[0], 1)
    last = max(shape[-1], 1)
    mask = (w.rng.random(shape[-1]) > 0.4).tolist()
    options = [
        "[::-1]", "[1:]", "[:-1]", "[::2]", "[..., ::-1]", "[..., :2]", "[-1]", "[..., 0]", "[::-2]", "[...]", "[None, 1:]", "[2:1]",
        f"[{w.integers(-n, n, w.pick((0, 1, 3, 4)))}]", f"[{w.integers(-n, n, (2, 2))}]", f"[..., np.array({mask}, dtype=bool)]",
        f"[{x.name} > 0.2]" if not w.chance(0.5) else f"[np.abs({x.name}) < 9e9]", f"[..., {w.integers(-last, last, 3)}]",
    ]  # fmt: skip
    if ndim >= 2:
        m = max(shape[1], 1)
        options += [
            f"[{w.integers(-n, n, 3)}, {w.integers(-m, m, 3)}]", f"[{w.integers(-n, n, (2, 1))}, {w.integers(-m, m, 2)}]",
            f"[np.ix_({w.integers(0, n, 2)}, {w.integers(0, m, 2)})]", f"[1:, {w.integers(-m, m, 2)}]", "[:, None, 0]", "[0, ::-1]",
            f"[np.array({(w.rng.random(shape[0]) > 0.4).tolist()}, dtype=bool), 0]", f"[{w.integers(-n, n, 2)}, ..., 0]", "[:, ::-1][::-1]",
        ]  # fmt: skip
    return w.pick(options)


@often(9)
def _read(w: Writer, out: str) -> str:
    x = w.value(least=1, most=5000)
    at = index(w, x)
    if x.name in at and w.chance(0.7):
        return f"{out} = np.sum({x.name}{at})"
    return f"{out} = {x.name}{at}"


@often(8)
def _written(w: Writer, out: str) -> list[str]:
    x = w.value(least=1, most=5000)
    at = index(w, x)
    make = w.pick(("{0}.copy()", "np.zeros_like({0})", "{0} * 1.0", "np.copy({0})"))
    op = w.pick(("=", "=", "+=", "*=", "-="))
    right = w.pick(("0.5", f"{x.name}{at} * 0.3", f"np.sin({x.name}{at})", f"np.sum({x.name}) * 0.1"))
    lines = [f"{out} = {make.format(x.name)}", f"{out}{at} {op} {right}"]
    if x.name in at:
        lines[1] = f"{out}{at.replace(x.name, 'np.cos(' + x.name + ')')} {op} 0.5"
    if w.chance(0.3):
        n = max(x.shape[0], 1)
        lines.append(f"np.add.at({out}, {w.integers(-n, n, 4)}, 0.25)")
    if w.chance(0.3):
        lines.append(f"{out}[0] = {out}[-1] * 2.0")
    return lines


@often(5)
def _product(w: Writer, out: str) -> str:
    x = w.value(least=1, most=2000)
    y = w.value(least=1, most=2000)
    n = x.shape[-1]
    return f"{out} = " + w.pick((
        f"{x.name} @ {y.name}", f"np.dot({x.name}, {y.name})", f"{x.name} @ {x.name}.T", f"np.einsum('...i,...i->...', {x.name}, {x.name})",
        f"np.tensordot({x.name}, {y.name}, axes=1)", f"np.inner({x.name}, {y.name})", f"np.vdot({x.name}, {x.name})",
        f"{x.name} @ np.arange({n}.0 if {n} else 0)", f"np.einsum('ij,jk->ki', {x.name}, {y.name})", f"np.einsum('ii', {x.name})",
        f"np.convolve({x.name}.ravel()[:9], {y.name}.ravel()[:4])", f"np.correlate({x.name}.ravel()[:9], {y.name}.ravel()[:4], 'same')",
        f"np.cross({x.name}.ravel()[:3], {y.name}.ravel()[:3])", f"np.matmul({x.name}, {y.name})", f"np.trace(np.atleast_2d({x.name}))",
    ))  # fmt: skip


@often(4)
def _linear_algebra(w: Writer, out: str) -> list[str]:
    x = w.value(most=2000)
    n = w.pick((1, 2, 3, 4, 6))
    square = f"np.resize({x.name}.ravel(), ({n}, {n}))" if x.value.size else "missing"
    fill = [
        f"{out}a = np.tanh(np.reshape(np.concatenate([{x.name}.ravel()] * {n * n // max(x.value.size, 1) + 1})[:{n * n}], ({n}, {n})))"
    ]
    if square == "missing":
        raise LookupError
    a, spd = f"({out}a + {n + 1}.0 * np.eye({n}))", f"({out}a @ {out}a.T + np.diag(np.arange(1.0, {n + 1})))"
    return [*fill, f"{out} = " + w.pick((
        f"np.linalg.solve({a}, {out}a[0])", f"np.linalg.inv({a})", f"np.linalg.det({a}) / 10.0", f"np.linalg.slogdet({a})[1]",
        f"np.linalg.cholesky({spd})", f"np.linalg.eigvalsh({spd})", f"np.linalg.svd({spd}, compute_uv=False)", f"np.linalg.pinv({a})",
        f"np.abs(np.linalg.qr({a})[1])", f"np.linalg.matrix_power({out}a, 3)", f"np.linalg.eigh({spd})[1] ** 2",
        f"np.linalg.lstsq({a}, {out}a[:, 0], rcond=None)[0]", f"np.linalg.norm({a}, 2)", f"np.linalg.multi_dot([{a}, {out}a, {a}]) / 20.0",
    ))]  # fmt: skip


@often(3)
def _transform(w: Writer, out: str) -> str:
    x = w.value(least=1, most=1500)
    return f"{out} = " + w.pick((
        "np.abs(np.fft.fft({0})) ** 2 / 50.0", "np.fft.fft({0}).imag", "np.fft.rfft({0}).real", "np.fft.irfft(np.fft.rfft({0}) * 0.5)",
        "np.fft.ifft({0}).real", "np.fft.fft2(np.atleast_2d({0})).real / 5.0", "np.fft.fftshift({0})", "np.fft.hfft({0} + 0j)",
    )).format(x.name)  # fmt: skip


@often(4)
def _complex(w: Writer, out: str) -> list[str]:
    x, y = w.value(most=5000), w.value("fc", most=5000)
    z = w.pick(
        (
            f"{x.name} + 1j * {y.name}",
            f"np.exp(1j * {x.name})",
            f"({x.name} + 0.5j) * ({y.name} - 0.25j)",
            f"{y.name} / (2.0 + 1j * np.tanh({x.name}))",
        )
    )
    f = w.pick(
        (
            "np.real({0})",
            "np.imag({0} * {0})",
            "np.abs({0}) ** 2",
            "np.sum({0} * np.conj({0})).real",
            "np.angle({0} + 3.0)",
            "np.real(np.exp({0} * 0.1j))",
            "np.abs({0} + 2.5)",
            "(np.conj({0}) @ {0}.T).real",
            "np.sqrt({0} + 4.0).real",
            "{0}",
        )
    )
    return [f"{out}z = {z}", f"{out} = " + f.format(f"{out}z")]


@often(3)
def _narrow(w: Writer, out: str) -> str:
    x = w.value(most=5000)
    dtype = w.pick(("np.float32", "np.float32", "np.float16", "bfloat16"))
    return f"{out} = {x.name}.astype({dtype})" + w.pick(("", f" * {dtype}(0.5)", ".astype(np.float64)", " + 1"))


@often(3)
def _integers(w: Writer, out: str) -> list[str]:
    x = w.value(least=1, most=5000)
    dtype = w.pick(("np.int32", "np.int64", "np.uint8", "np.int8", "np.int16"))
    lines = [f"{out}i = (np.abs(np.floor({x.name} * 3.0)) % 7).astype({dtype})"]
    use = w.pick(
        (
            "{i} // 2",
            "{i} % 3",
            "{i} * {i}",
            "{i} & 3",
            "{i} << 1",
            "{i} ^ 5",
            "np.cumsum({i}, axis=0)",
            "np.bitwise_or({i}, 1)",
            "np.minimum({i}, 4)",
            "np.sort({i}, axis=-1)",
            "-{i}",
            "{i} ** 2",
            "np.argsort({i}, axis=-1, kind='stable')",
            "np.clip({i}, 1, 5)",
            "np.gcd({i}, 4)",
        )
    )
    lines += [f"{out}j = {use.format(i=out + 'i')}", f"{out} = {x.name} * {out}j"]
    if w.chance(0.3):
        lines[-1] = f"{out} = np.take({x.name}.ravel(), {out}j, mode='wrap')"
    return lines


@often(3)
def _python_loop(w: Writer, out: str) -> str:
    x = w.value(least=1, most=300)
    n = min(x.shape[0], 5)
    body = w.pick(("{o} = {o} * 0.5 + {x}[i]", "{o} = np.tanh({o} + {x}[i])", "{o} = {o} + {x}[i] * {x}[-1 - i]"))
    start = f"{out} = np.zeros({x.name}.shape[1:])"
    nested = f"\n    for k in range(2):\n        {out} = {out} + 0.1 * k * {x.name}[i]" if w.chance(0.3) else ""
    return f"{start}\nfor i in range({n}):\n    " + body.format(o=out, x=x.name) + nested + f"\n{out} = {out} * 1.0"


@often(2)
def _python_branch(w: Writer, out: str) -> str:
    x = w.value(most=5000)
    return (
        f"if np.sum({x.name}) > {float(w.rng.normal()):.2f}:\n    {out} = np.sin({x.name})\nelse:\n    {out} = {x.name} * 0.5\n"
        f"{out} = {out} + 0.0"
    )


@often(5)
def _lax(w: Writer, out: str) -> str:
    x = w.value(least=1, most=400)
    n = x.name
    body = w.pick(
        ("np.tanh(c + t)", "c * 0.5 + np.sin(t)", "np.maximum(c, t)", "c + t * np.cos(c)", "np.where(t > 0, c, t)")
    )
    return w.pick((
        f"{out} = lax.scan(lambda c, t: ({body}, c * 2.0), {n}[0] * 1.0, {n})[w0]".replace("w0", w.pick(("0", "1"))),
        f"{out} = lax.cond(np.sum({n}) > 0.0, lambda a: np.sin(a), lambda a: a * 0.5, {n})",
        f"{out} = lax.fori_loop(0, 4, lambda i, c: np.tanh(c) + 0.1 * i * {n}, {n} * 1.0)",
        f"{out} = lax.while_loop(lambda s: s[0] < 3, lambda s: (s[0] + 1, np.sin(s[1]) + 0.1 * {n}), (0, {n} * 1.0))[1]",
        f"{out} = lax.scan(lambda c, t: (lax.cond(np.sum(t) > 0.0, lambda a: np.tanh(a + t), lambda a: a * 0.5, c), np.sum(c)), {n}[0] * 1.0, {n})[1]",
        f"{out} = lax.scan(lambda c, t: (lax.fori_loop(0, 2, lambda i, d: d * 0.5 + t, c), c), {n}[0] * 1.0, {n})[0]",
        f"{out} = lax.scan(lambda c, i: (c + {n}[i], c), {n}[0] * 0.0, np.arange({min(x.shape[0], 4)}))[1]",
    ))  # fmt: skip


def written(seed: int, statements: int = 8, more: Sequence[Any] = ()) -> Program:
    """The program of a seed; half of its statements are drawn from `more`, if there are any."""
    return Writer(seed, statements, more).program()


__all__ = ["Plain", "Program", "written"]
