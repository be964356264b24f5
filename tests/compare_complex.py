"""Random programs of complex numbers: compiled code beside the interpreter of Programs, gradients and batches too.

    python tests/compare_complex.py 0:300

Each seed makes a program of some of the steps below over arrays of one drawn size and precision. What differs by more than
rounding is printed; docs/campaigns/complex.md has what was found.
"""

import sys
import warnings

import numpy as np

import wengert as w
import wengert.numpy as wnp
from wengert import jit, lax

STEPS = {
    "product": lambda x, y, k: x * y,
    "sum": lambda x, y, k: x + y,
    "difference": lambda x, y, k: x - y * 2,
    "quotient": lambda x, y, k: x / (y + 3),
    "quotient by a size": lambda x, y, k: x / (2 + wnp.abs(y)),
    "turn": lambda x, y, k: wnp.exp(1j * wnp.real(x)),
    "conjugate": lambda x, y, k: wnp.conj(x) * 1j,
    "choice": lambda x, y, k: wnp.where(wnp.real(x) > 0, x, y),
    "reversed": lambda x, y, k: x[::-1],
    "rolled": lambda x, y, k: wnp.roll(x, 1, axis=k % 2),
    "centred": lambda x, y, k: x - wnp.sum(y, 0) / len(y),
    "means": lambda x, y, k: x + wnp.mean(y, 1)[:, None],
    "running sum": lambda x, y, k: wnp.cumsum(x, axis=k % 2) / x.size,
    "matrices": lambda x, y, k: (x @ wnp.conj(y).T) @ x / x.size,
    "einsum": lambda x, y, k: wnp.einsum("ij,kj->ik", x, y)[:, :1] + x,
    "reshaped": lambda x, y, k: x.reshape(x.shape[::-1]).T,
    "joined": lambda x, y, k: wnp.concatenate([x[1:], y[:1]]),
    "gathered": lambda x, y, k: x[np.arange(k, k + 5) % len(x)].sum(0) + y,
    "scan": lambda x, y, k: lax.scan(lambda c, t: ((c * 0.5 + t).astype(c.dtype), c * 1j), x[0], y)[1],
    "steps": lambda x, y, k: lax.fori_loop(0, k % 4 + 1, lambda i, c: c * 0.3 + (y * i).astype(c.dtype), x),
    "while": lambda x, y, k: lax.while_loop(lambda s: s[1] < 3, lambda s: (s[0] * 0.4 + y, s[1] + 1), (x, 0))[0],
    "branch": lambda x, y, k: lax.cond(wnp.real(x[0, 0]) > 0, lambda u, v: u * 1j, lambda u, v: v - u, x, y),
    "functions": lambda x, y, k: wnp.sin(x) * 0.3 + wnp.sqrt(y),
    "logarithm": lambda x, y, k: wnp.log(x + 4) + wnp.abs(y),
    "hyperbolic": lambda x, y, k: wnp.tanh(x) + wnp.angle(y),
    "fourier": lambda x, y, k: wnp.fft.fft(x, axis=1) / x.shape[1],
    "powers": lambda x, y, k: x**2 * 0.5 + y**3 * 0.1,
    "written": lambda x, y, k: lax._at(x)[np.arange(k, k + 5) % len(x)].add(y[np.arange(k, k + 5) % len(x)]) / 3,
    "stacked": lambda x, y, k: wnp.stack([x, y], -1)[..., k % 2] + x[:, ::-1],
    "solved": lambda x, y, k: wnp.linalg.solve(x @ wnp.conj(x).T + np.eye(len(x)) * 3, y),
    "padded": lambda x, y, k: wnp.pad(x, ((1, 0), (0, 1)))[: len(x), 1:] + y,
    "inner": lambda x, y, k: wnp.vdot(x, y) / x.size + x,
    "running product": lambda x, y, k: wnp.prod(x * 0.5 + 1, axis=k % 2, keepdims=True) * 0.1 + y,
}


def program(seed):
    """A function of five arrays, one of them real, and the arrays."""
    rng = np.random.default_rng(seed)
    n, m = int(rng.choice([1, 2, 3, 5, 8, 17, 40])), int(rng.choice([1, 2, 3, 4, 9, 33]))
    dtype, real = ((np.complex128, np.float64), (np.complex64, np.float32))[int(rng.integers(2))]
    arrays = [
        (rng.normal(size=s) + 1j * rng.normal(size=s)).astype(dtype)[()] * dtype(0.7)
        for s in ((n, m), (m,), (n, 1), ())
    ]
    arrays.append(rng.normal(size=(n, m)).astype(real))
    names = [list(STEPS)[i] for i in rng.integers(0, len(STEPS), size=int(rng.integers(3, 12)))]
    picks = rng.integers(0, 1000, size=(len(names), 3))

    def f(*given):
        values = list(given)
        whole = lambda k: wnp.broadcast_to(values[int(k) % len(values)], (n, m)) * dtype(1)  # noqa: E731
        for name, (a, b, k) in zip(names, picks, strict=True):
            values.append(wnp.broadcast_to(STEPS[name](whole(a), whole(b), int(k)), (n, m)).astype(dtype))
        return values[-1], wnp.sum(wnp.abs(values[-2]) ** 2)

    return f, arrays


def differ(found, wanted, tolerance):
    for x, y in zip(found, wanted, strict=True):
        x, y = np.asarray(x), np.asarray(y)
        size = max(float(np.nanmax(np.abs(y), initial=0)), 1e-3)
        if (x.dtype, x.shape) != (y.dtype, y.shape):
            return f"{x.dtype}{x.shape} for {y.dtype}{y.shape}"
        if np.isfinite(size) and not np.all((np.abs(x - y) <= tolerance * size) | (np.isnan(x) & np.isnan(y))):
            return f"differ by {np.nanmax(np.abs(x - y)) / size:.1e}"
    return None


def main(first, last):
    warnings.simplefilter("ignore")
    for seed in range(first, last):
        f, arrays = program(seed)
        slope = lambda *a: w.grad(lambda z: f(z, *a[1:])[1])(a[0])  # noqa: B023, E731
        tolerance = 1e-9 if arrays[0].dtype == np.complex128 else 3e-3
        with np.errstate(all="ignore"):
            plain = jit(f, backend="interpreter")
            found = [("values", jit(lambda *a: f(*a))(*arrays), plain(*arrays))]  # noqa: B023
            if seed % 3 == 0:
                found.append(("gradient", [jit(slope)(*arrays)], [jit(slope, backend="interpreter")(*arrays)]))
            if seed % 5 == 0:
                batch = [np.stack([x, x * x.dtype.type(0.5)]) for x in arrays]
                each = zip(*[plain(*[x[k] for x in batch]) for k in (0, 1)], strict=True)
                found.append(("batch", jit(w.vmap(f))(*batch), [np.stack(x) for x in each]))
        for what, ours, wanted in found:
            message = differ(ours, wanted, 10 * tolerance)
            if message:
                print(f"seed {seed}, {what}: {message}", flush=True)
    print(f"seeds {first} to {last - 1} done")


if __name__ == "__main__":
    main(*map(int, sys.argv[1].split(":")))
