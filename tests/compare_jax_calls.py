"""Random calls of `jax.numpy`, `jax.nn`, `jax.lax`, `jax.image` and kin, for a comparison of the alias with JAX.

    python tests/compare_jax_calls.py --seed 1 --count 500 CALLS.json
    python tests/jax_surface/run.py JAX.json --calls CALLS.json             where JAX is installed
    python tests/jax_surface/run.py OURS.json --alias --calls CALLS.json
    python tests/compare_jax_calls.py --differences JAX.json OURS.json

A call is a function with arguments drawn for what it takes: arrays of all dtypes and ranks, axes in range and out of it, keepdims,
where, initial, dtype, mode, size, fill_value. Value, dtype, weakness, shape and class of error are compared. docs/campaigns/jax-calls.md has
what was found.
"""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path

ARRAYS = "f p g h bf i j k8 u u32 b c c64 w n m mi t e nan 2 2.5 True 1j".split()
REAL = "f p g h bf i j u m t nan w n 2 2.5".split()
SQUARE = ["m", "m+jnp.eye(3)", "jnp.stack([m,m*2])", "m.astype(jnp.float32)", "m*1j"]
AXES = ["0", "1", "-1", "2", "-3", "None", "(0,1)", "(0,0)", "()", "(0,-1)", "1.0"]
DTYPES = ["jnp.float32", "jnp.int32", "jnp.complex64", "bool", "jnp.bfloat16", "float", "'int8'"]
REDUCTIONS = (
    "sum prod mean max min amax amin any all std var argmax argmin nansum nanprod nanmean nanmax nanmin nanstd nanvar median nanmedian "
    "count_nonzero cumsum cumprod ptp logsumexp softmax"
).split()
UNARY = (
    "abs sin exp log sqrt square sign floor ceil rint round trunc real imag conj angle isnan isfinite reciprocal negative positive cbrt exp2 "
    "log1p expm1 tanh arcsin sinc i0 nan_to_num signbit logical_not invert flip ravel squeeze transpose atleast_2d zeros_like ones_like sort "
    "argsort unique nonzero flatnonzero diff trace diagonal tril triu cumsum fliplr flipud rot90 spacing deg2rad heaviside bitwise_count"
).split()
BINARY = (
    "add subtract multiply divide floor_divide mod power maximum minimum fmax fmin arctan2 hypot logaddexp equal less greater_equal logical_and "
    "bitwise_or left_shift gcd lcm copysign nextafter ldexp fmod remainder dot matmul inner outer kron cross tensordot vdot convolve append "
    "isclose allclose array_equal searchsorted digitize union1d intersect1d setdiff1d isin polyval polyadd take where heaviside divmod float_power"
).split()
NN = "relu relu6 sigmoid softplus soft_sign silu gelu elu selu celu leaky_relu hard_tanh hard_sigmoid log_sigmoid log_softmax standardize mish squareplus".split()
LINALG = "inv det slogdet eigvalsh cholesky norm matrix_rank pinv qr svd solve matrix_power cond multi_dot expm".split()
SPECIAL = "gammaln digamma erf erfc erfinv expit logit ndtr log_ndtr i0e i1 entr bessel_jn gamma factorial sici zeta xlogy xlog1py betaln".split()


def keywords(draw: random.Random, choices: dict[str, list[str]]) -> str:
    """Some of the keywords, each with a value."""
    some = [k for k in choices if draw.random() < 0.4]
    return "".join([f",{k}={draw.choice(choices[k])}" for k in some])


def reduction(draw: random.Random) -> str:
    name, x = draw.choice(REDUCTIONS), draw.choice(ARRAYS)
    where = f"({x})==({x})"
    options = {"axis": AXES, "keepdims": ["True", "False"]}
    if name not in ("argmax", "argmin", "median", "nanmedian", "ptp", "count_nonzero", "logsumexp", "softmax"):
        options |= {"where": [where, "True", "None"], "initial": ["0", "1.5", "None", "2"]}
    if name in ("sum", "prod", "mean", "std", "var", "cumsum", "cumprod", "nansum", "nanmean"):
        options["dtype"] = DTYPES
    if name in ("std", "var", "nanvar", "nanstd"):
        options["ddof"] = ["0", "1", "2.5"]
    if name in ("cumsum", "cumprod"):
        options = {k: options[k] for k in ("axis", "dtype")}
    module = "nn" if name in ("logsumexp", "softmax") else "jnp"
    return f"{module}.{name}({x}{keywords(draw, options)})"


def unary(draw: random.Random) -> str:
    name = draw.choice(UNARY)
    options = {"axis": AXES} if name in ("flip", "squeeze", "sort", "argsort", "diff", "cumsum") else {}
    if name in ("unique", "nonzero", "flatnonzero"):
        options = {"size": ["2", "5", "0"], "fill_value": ["7", "-1.5", "None"]}
    if name in ("zeros_like", "ones_like"):
        options = {"dtype": DTYPES, "shape": ["(2,)", "3", "()"]}
    second = f",{draw.choice(ARRAYS)}" if name == "heaviside" else ""
    return f"jnp.{name}({draw.choice(ARRAYS)}{second}{keywords(draw, options)})"


def binary(draw: random.Random) -> str:
    name = draw.choice(BINARY)
    options = {}
    if name == "take":
        options = {"mode": ["'clip'", "'fill'", "'wrap'", "'other'"], "axis": AXES, "fill_value": ["-1", "2.5"]}
    if name == "convolve":
        options = {"mode": ["'full'", "'same'", "'valid'", "'x'"]}
    if name in ("union1d", "intersect1d", "setdiff1d"):
        options = {"size": ["4", "1"]}
    third = f",{draw.choice(ARRAYS)}" if name == "where" else ""
    return f"jnp.{name}({draw.choice(ARRAYS)},{draw.choice(ARRAYS)}{third}{keywords(draw, options)})"


def shaping(draw: random.Random) -> str:
    x, y = draw.choice(ARRAYS), draw.choice(ARRAYS)
    axis = draw.choice(AXES)
    return draw.choice(
        [
            f"jnp.reshape({x},{draw.choice(['-1', '(3,1)', '(2,-1)', '(4,6)', '(-1,-1)', '5', '()'])})",
            f"jnp.expand_dims({x},{axis})", f"jnp.concatenate([{x},{y}],{axis})", f"jnp.stack([{x},{y}],{axis})",
            f"jnp.hstack([{x},{y}])", f"jnp.vstack([{x},{y}])", f"jnp.broadcast_to({x},{draw.choice(['(3,)', '(2,3)', '(2,3,4)'])})",
            f"jnp.moveaxis({x},0,{draw.choice(['0', '1', '-1', '3'])})", f"jnp.swapaxes({x},0,{draw.choice(['0', '1', '-1', '3'])})",
            f"jnp.roll({x},{draw.choice(['1', '-2', '(1,2)', '7'])}{keywords(draw, {'axis': AXES})})",
            f"jnp.repeat({x},{draw.choice(['2', '0', 'j%2+1'])}{keywords(draw, {'axis': AXES, 'total_repeat_length': ['3', '5']})})",
            f"jnp.tile({x},{draw.choice(['2', '(2,1)', '(1,2,1,1)'])})", f"jnp.pad({x},{draw.choice(['1', '(1,2)', '((0,1),)'])}{keywords(draw, {'mode': [repr(s) for s in ('edge', 'reflect', 'wrap', 'mean', 'constant')]})})",
            f"jnp.split({x},{draw.choice(['1', '3', '[1]', '[1,2]'])}{keywords(draw, {'axis': AXES[:5]})})",
            f"jnp.full({draw.choice(['2', '(2,3)', '()'])},{x}{keywords(draw, {'dtype': DTYPES})})",
            f"jnp.asarray({x}{keywords(draw, {'dtype': DTYPES})})", f"jnp.clip({x},{draw.choice(['0', '0.5', 'None', y])},{draw.choice(['2', '1.5', 'None'])})",
            f"jnp.arange({draw.choice(['3', '3.0', '0,5,2', '5,0,-2', '0,1,0.3', '2.5'])}{keywords(draw, {'dtype': DTYPES})})",
            f"jnp.linspace(0,{draw.choice(['1', '2.5', '10'])},{draw.choice(['3', '1', '0'])}{keywords(draw, {'endpoint': ['False'], 'dtype': DTYPES, 'retstep': ['True']})})",
            f"({x}).astype({draw.choice(DTYPES)})", f"jnp.quantile({x},{draw.choice(['0.3', '0.5', '1.5', 'p'])}{keywords(draw, {'axis': AXES, 'keepdims': ['True'], 'method': [repr(s) for s in ('nearest', 'lower', 'midpoint')]})})",
        ]
    )  # fmt: skip


def others(draw: random.Random) -> str:
    kind = draw.random()
    if kind < 0.3:
        return f"nn.{draw.choice(NN)}({draw.choice(ARRAYS)})"
    if kind < 0.6:
        name = draw.choice(LINALG)
        if name == "expm":
            return f"jsp.linalg.expm({draw.choice(SQUARE)})"
        more = {"solve": ",jnp.ones(3)", "matrix_power": f",{draw.choice(['2', '-1', '0'])}"}.get(name, "")
        given = f"[{draw.choice(SQUARE)},m]" if name == "multi_dot" else draw.choice([*SQUARE, "f", "mi"])
        return f"jnp.linalg.{name}({given}{more})"
    if kind < 0.8:
        name = draw.choice(SPECIAL)
        more = f",{draw.choice(REAL)}" if name in ("zeta", "xlogy", "xlog1py", "betaln") else ""
        return f"jsp.special.{name}({draw.choice(REAL)}{more})"
    if kind < 0.9:
        name = draw.choice("fft ifft rfft irfft fftshift hfft fft2 rfft2 fftn".split())
        return f"jnp.fft.{name}({draw.choice(ARRAYS)}{keywords(draw, {'axes' if name[-1] in '2nt' and name != 'fft' else 'axis': AXES[:5], 'norm': [repr('ortho'), repr('forward'), repr('x')]} if 'shift' not in name and name[-1] not in '2n' else {})})"
    x, y = draw.choice(ARRAYS), draw.choice(ARRAYS)
    name = draw.choice("add sub mul div max min pow rem atan2 eq lt and_ shift_left nextafter complex".split())
    name = {"and_": "bitwise_and"}.get(name, name)
    return f"lax.{name}({x},{y})"


def drawn(seed: int, count: int) -> list[str]:
    """Different calls."""
    draw, found = random.Random(seed), {}
    while len(found) < count:
        found[draw.choice([reduction, unary, binary, shaping, others])(draw)] = None
    return list(found)


def main(options: list[str]) -> int:
    if options[0] == "--differences":
        from jax_surface.run import agree

        theirs, ours = (json.loads(Path(p).read_text()) for p in options[1:3])
        differing = [c for c in theirs if not agree(ours[c], theirs[c])]
        for c in differing:
            print(c, f"    here {str(ours[c])[:150]}", f"    JAX  {str(theirs[c])[:150]}", sep="\n")
        print(len(theirs), "calls,", len(differing), "differ")
        return 0
    seed, count = (int(options[options.index(name) + 1]) for name in ("--seed", "--count"))
    Path(options[-1]).write_text(json.dumps(drawn(seed, count)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
