"""wengert.numpy beside the Python array API standard 2024.12: names, signatures, result dtypes, published special cases.

Special cases are checked as they stand and compiled, with the signs of zeros.
"""

import inspect
import itertools
import re

import numpy as np
import pytest
from array_api_cases import COMPLEX, KNOWN, PAIRS, REAL
from array_api_signatures import CONSTANTS, DTYPES, FFT, LINALG, MAIN

import wengert as w
import wengert.numpy as wnp
from wengert import trees

# --- names and signatures -----------------------------------------------------------------------------------------

SPACES = {"": (wnp, MAIN), "linalg.": (wnp.linalg, LINALG), "fft.": (wnp.fft, FFT)}
FUNCTIONS = [
    (prefix + line[: line.index("(")], line)
    for prefix, (_, text) in SPACES.items()
    for line in text.strip().split("\n")
]


def published(line):
    scope = {}
    exec(f"def {line}: pass", scope)
    return inspect.signature(scope[line[: line.index("(")]])


@pytest.mark.parametrize("name, line", FUNCTIONS, ids=[name for name, _ in FUNCTIONS])
def test_signature(name, line):
    space, _, short = name.rpartition(".")
    function = getattr(getattr(wnp, space) if space else wnp, short)
    theirs, ours = published(line), inspect.signature(function)
    kinds = inspect.Parameter
    positional = [
        p for p in theirs.parameters.values() if p.kind in (kinds.POSITIONAL_ONLY, kinds.POSITIONAL_OR_KEYWORD)
    ]
    named = [p for p in positional if p.kind is kinds.POSITIONAL_OR_KEYWORD]
    options = [p for p in theirs.parameters.values() if p.kind is kinds.KEYWORD_ONLY]
    ours.bind(*[0] * len(positional), **{p.name: p.default for p in options})
    ours.bind(*[0] * (len(positional) - len(named)), **{p.name: 0 for p in named + options})
    ours.bind(*[0 for p in positional if p.default is kinds.empty])


def test_names():
    assert wnp.__array_api_version__ == "2024.12"
    for name in CONSTANTS:
        assert hasattr(wnp, name)
    for name in DTYPES:
        assert np.dtype(getattr(wnp, name)) == np.dtype(name)
    assert {name for name, _ in FUNCTIONS if "." not in name} <= {*wnp.__all__}


def test_inspection():
    info = wnp.__array_namespace_info__()
    assert set(info.capabilities()) == {"boolean indexing", "data-dependent shapes", "max dimensions"}
    assert info.devices() == [info.default_device()] == ["cpu"]
    assert set(info.dtypes()) == set(DTYPES)
    assert set(info.dtypes(kind=("real floating", "bool"))) == {"bool", "float32", "float64"}
    assert info.default_dtypes(device="cpu")["complex floating"] == np.complex128
    with w.config.override(enable_x64=False):
        assert "float64" not in info.dtypes() and info.default_dtypes()["integral"] == np.int32
    with pytest.raises(w.errors.ArgumentError, match="real floating"):
        info.dtypes(kind="complicated")


# --- result dtypes ------------------------------------------------------------------------------------------------

BOOL, INTS = ("bool",), ("int8", "int16", "int32", "int64")
UINTS, FLOATS, COMPLEXES = ("uint8", "uint16", "uint32", "uint64"), ("float32", "float64"), ("complex64", "complex128")
REALS, NUMBERS = INTS + UINTS + FLOATS, INTS + UINTS + FLOATS + COMPLEXES
FLOATING, ALL = FLOATS + COMPLEXES, BOOL + INTS + UINTS + FLOATS + COMPLEXES

SAME = lambda d: d  # noqa: E731
TRUTH = lambda d: "bool"  # noqa: E731
INDEX = lambda d: "int64"  # noqa: E731
REAL_OF = lambda d: {"complex64": "float32", "complex128": "float64"}.get(d, d)  # noqa: E731
COMPLEX_OF = lambda d: {"float32": "complex64", "float64": "complex128"}.get(d, d)  # noqa: E731
WIDE = lambda d: "int64" if d in INTS else "uint64" if d in UINTS else d  # noqa: E731


def of(names, dtypes, result, call=None):
    return [(n, dtypes, result, call or (lambda f, x: f(x))) for n in names.split()]


M = lambda f, x: f(x.reshape(2, 2))  # noqa: E731
D = lambda f, x: f(wnp.asarray([[2, 1], [1, 3]], dtype=x.dtype) + 0 * x.reshape(2, 2))  # noqa: E731
TABLE = [
    *of("abs", NUMBERS, REAL_OF),
    *of("acos acosh asin asinh atan atanh cos cosh exp expm1 log log1p log2 log10 reciprocal sin sinh sqrt tan tanh",
        FLOATING, SAME),
    *of("negative positive round sign square conj", NUMBERS, SAME),
    *of("ceil floor trunc clip", REALS, SAME),
    *of("isfinite isinf isnan", NUMBERS, TRUTH),
    *of("real", NUMBERS, REAL_OF), *of("imag", COMPLEXES, REAL_OF),
    *of("signbit", FLOATS, TRUTH), *of("logical_not", BOOL, TRUTH), *of("bitwise_invert", BOOL + INTS + UINTS, SAME),
    *of("all any", ALL, TRUTH), *of("argmax argmin argsort", REALS, INDEX), *of("count_nonzero", ALL, INDEX),
    *of("nonzero", ALL, INDEX), *of("max min sort", REALS, SAME),
    *of("sum prod cumulative_sum cumulative_prod", NUMBERS, WIDE),
    *of("mean", FLOATING, SAME), *of("std var", FLOATS, SAME), *of("diff", NUMBERS, SAME),
    *of("searchsorted", REALS, INDEX, lambda f, x: f(x, x)),
    *of("empty_like ones_like zeros_like flip squeeze unique_values broadcast_arrays unstack tril triu", ALL, SAME,
        lambda f, x: f(x.reshape(4, 1)) if f is not wnp.squeeze else f(x.reshape(4, 1), 1)),
    *of("unique_inverse", ALL, lambda d: (d, "int64")), *of("unique_counts", ALL, lambda d: (d, "int64")),
    *of("unique_all", ALL, lambda d: (d, "int64", "int64", "int64")),
    *of("full_like", ALL, SAME, lambda f, x: f(x, 1)), *of("concat stack", ALL, SAME, lambda f, x: f([x, x])),
    *of("expand_dims roll tile repeat", ALL, SAME, lambda f, x: f(x, axis=0) if f is wnp.expand_dims else f(x, 2)),
    *of("moveaxis", ALL, SAME, lambda f, x: f(x.reshape(2, 2), 0, 1)),
    *of("permute_dims broadcast_to reshape", ALL, SAME, lambda f, x: f(x.reshape(2, 2), (1, 0) if f is wnp.permute_dims else (2, 2))),
    *of("take take_along_axis", ALL, SAME, lambda f, x: f(x, np.array([1, 0]), axis=0)),
    *of("where", ALL, SAME, lambda f, x: f(np.array([True, False, True, False]), x, x)),
    *of("matmul vecdot", NUMBERS, SAME, lambda f, x: f(x, x)), *of("tensordot", NUMBERS, SAME, lambda f, x: f(x, x, axes=1)),
    *of("matrix_transpose", ALL, SAME, M), *of("meshgrid", ALL, SAME, lambda f, x: f(x, x)),
    *of("asarray", ALL, SAME), *of("astype", ALL, lambda d: "float32", lambda f, x: f(x, np.float32) if x.dtype.kind != "c" else wnp.ones(1, np.float32)),
    *of("linalg.cholesky linalg.inv linalg.det", FLOATING, SAME, D), *of("linalg.pinv", FLOATING, SAME, D),
    *of("linalg.solve", FLOATING, SAME, lambda f, x: D(lambda m: f(m, x[:2]), x)),
    *of("linalg.eigh", FLOATING, lambda d: (REAL_OF(d), d), D), *of("linalg.eigvalsh linalg.svdvals", FLOATING, REAL_OF, D),
    *of("linalg.qr", FLOATING, SAME, D), *of("linalg.slogdet", FLOATING, lambda d: (d, REAL_OF(d)), D),
    *of("linalg.svd", FLOATING, lambda d: (d, REAL_OF(d), d), D), *of("linalg.matrix_rank", FLOATING, INDEX, D),
    *of("linalg.matrix_norm linalg.vector_norm", FLOATING, REAL_OF, D), *of("linalg.diagonal linalg.matrix_transpose", ALL, SAME, M),
    *of("linalg.trace", NUMBERS, WIDE, M), *of("linalg.matrix_power", FLOATING, SAME, lambda f, x: f(x.reshape(2, 2), 2)),
    *of("linalg.cross", NUMBERS, SAME, lambda f, x: f(x[:3], x[1:])), *of("linalg.outer linalg.matmul linalg.vecdot", NUMBERS, SAME, lambda f, x: f(x, x)),
    *of("linalg.tensordot", NUMBERS, SAME, lambda f, x: f(x, x, axes=1)),
    *of("fft.fft fft.ifft fft.fftn fft.ifftn", FLOATING, COMPLEX_OF), *of("fft.rfft fft.ihfft fft.rfftn", FLOATS, COMPLEX_OF),
    *of("fft.irfft fft.hfft fft.irfftn", COMPLEXES, REAL_OF), *of("fft.fftshift fft.ifftshift", FLOATING, SAME),
]  # fmt: skip
PAIR_TABLE = [
    *of("add multiply subtract pow", NUMBERS, SAME), *of("floor_divide maximum minimum remainder", REALS, SAME),
    *of("divide", FLOATING, SAME), *of("atan2 copysign hypot logaddexp nextafter", FLOATS, SAME),
    *of("bitwise_and bitwise_or bitwise_xor", BOOL + INTS + UINTS, SAME), *of("bitwise_left_shift bitwise_right_shift", INTS + UINTS, SAME),
    *of("equal not_equal", ALL, TRUTH), *of("greater greater_equal less less_equal", REALS, TRUTH),
    *of("logical_and logical_or logical_xor", BOOL, TRUTH),
]  # fmt: skip
WITHOUT_ARRAYS = (
    "arange empty eye from_dlpack full linspace ones zeros can_cast finfo iinfo isdtype result_type "
    "__array_namespace_info__ fft.fftfreq fft.rfftfreq"
).split()


def resolve(name):
    space, _, short = name.rpartition(".")
    return getattr(getattr(wnp, space) if space else wnp, short)


def dtypes_of(call, f, *arrays):
    """The dtypes of the results, eager and as a Program has them."""
    run = lambda *a: call(f, *a)  # noqa: E731
    with np.errstate(all="ignore"):
        eager = [np.asarray(v).dtype.name for v in trees.leaves(run(*arrays))]
    try:
        traced = [a.dtype.name for a in w.make_program(run)(*arrays).out_avals]
    except w.errors.ConcretizationError:
        traced = eager  # the shape depends on values
    return eager, traced


def check(eager, traced, want):
    wanted = [want] * len(eager) if isinstance(want, str) else list(want)
    assert eager == wanted and traced == wanted


@pytest.mark.parametrize("name, dtypes, result, call", TABLE, ids=[t[0] for t in TABLE])
def test_dtype(name, dtypes, result, call):
    for d in dtypes:
        x = np.array([1, 0, 1, 1]).astype(d)
        check(*dtypes_of(call, resolve(name), x), result(d))


@pytest.mark.parametrize("name, dtypes, result, call", PAIR_TABLE, ids=[t[0] for t in PAIR_TABLE])
def test_dtype_of_pairs(name, dtypes, result, call):
    kinds = [BOOL, INTS + UINTS, FLOATS + COMPLEXES]
    for a, b in itertools.product(dtypes, dtypes):
        if not any(a in k and b in k for k in kinds) or {a, b} in ({"uint64", s} for s in INTS):
            continue  # the standard leaves these promotions open
        x, y = np.array([1, 0, 1, 1]).astype(a), np.array([1, 1, 1, 1]).astype(b)
        want = result(np.promote_types(a, b).name)
        run = lambda f, x, y: f(x, y)  # noqa: E731
        check(*dtypes_of(run, resolve(name), x, y), want)
    for d in dtypes:  # with a Python number, whose dtype gives way
        number = {"b": True, "i": 1, "u": 1, "f": 1.0, "c": 1.0}[np.dtype(d).kind]
        check(*dtypes_of(lambda f, x, n=number: f(x, n), resolve(name), np.array([1, 0]).astype(d)), result(d))


def test_every_function_has_a_dtype_test():
    covered = {t[0] for t in TABLE + PAIR_TABLE} | set(WITHOUT_ARRAYS)
    assert {name for name, _ in FUNCTIONS} == covered


def test_dtypes_without_arrays():
    assert wnp.arange(3).dtype == np.int64 and wnp.arange(3.0).dtype == np.float64
    assert wnp.arange(0, 3, 1, dtype=wnp.float32).dtype == np.float32
    for f in (lambda **k: wnp.empty((2,), **k), lambda **k: wnp.eye(2, **k), lambda **k: wnp.ones(2, **k),
              lambda **k: wnp.zeros((), **k), lambda **k: wnp.linspace(0, 1, num=3, **k)):  # fmt: skip
        assert f().dtype == np.float64 and f(dtype=wnp.complex64, device="cpu").dtype == np.complex64
    for value, dtype in ((True, "bool"), (1, "int64"), (1.0, "float64"), (1j, "complex128")):
        assert wnp.full((2,), value).dtype == dtype
    assert wnp.fft.fftfreq(4, d=0.5).dtype == wnp.fft.rfftfreq(4, dtype=wnp.float64).dtype == np.float64
    assert wnp.fft.fftfreq(4, dtype=wnp.float32).dtype == np.float32
    assert wnp.from_dlpack(np.ones(3, np.int8)).dtype == np.int8
    assert wnp.result_type(wnp.float32, np.ones(2, np.int8)) == np.float32
    assert wnp.can_cast(wnp.int8, wnp.int16) and not wnp.can_cast(np.zeros(2), wnp.float32)
    assert wnp.isdtype(wnp.float32, ("integral", "real floating")) and not wnp.isdtype(wnp.int8, "unsigned integer")
    info, whole = wnp.finfo(wnp.float32), wnp.iinfo(wnp.int16)
    assert (info.bits, info.eps, info.max, info.min, info.smallest_normal, info.dtype) == (
        32, 2**-23, np.finfo("f4").max, np.finfo("f4").min, 2**-126, np.float32)  # fmt: skip
    assert (whole.bits, whole.max, whole.min, whole.dtype) == (16, 32767, -32768, np.int16)


# --- special cases ------------------------------------------------------------------------------------------------

STANDS_FOR = {"F": ["1.5", "-2.5", "3"], "P": ["0.5", "2", "1e30"], "N": ["-0.5", "-2", "-1e30"]}


def number(text):
    sign = -1.0 if text.startswith("-") else 1.0
    return sign * float(
        eval(text.lstrip("-"), {"inf": np.inf, "nan": np.nan, "p": np.pi, "True": True, "False": False})
    )


def real_cases(text):
    for case in text.split():
        given, result = case.split(":")
        options = [STANDS_FOR.get(part, [part]) for part in given.split(",")]
        for chosen in itertools.product(*options):
            yield tuple(number(c) for c in chosen), [(number(r), "p" in r) for r in result.split("|")]


def same(got, expected, approximate, signed, free=False):
    if np.isnan(expected):
        return np.isnan(got)
    if free:
        got, expected = abs(got), abs(expected)
    if approximate:
        return np.isclose(got, expected, rtol=1e-6)
    return got == expected and (not signed or free or np.signbit(got) == np.signbit(expected))


def evaluations(name, arrays):
    function = resolve(name)
    with np.errstate(all="ignore"):
        yield "eager", function(*arrays)
        yield "compiled", w.jit(function)(*arrays)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name", [*REAL, *PAIRS])
def test_special_cases(name, dtype):
    cases = list(real_cases((REAL | PAIRS)[name]))
    arrays = [np.array([given[i] for given, _ in cases], dtype) for i in range(len(cases[0][0]))]
    for how, out in evaluations(name, arrays):
        for (given, allowed), got in zip(cases, np.asarray(out), strict=True):
            ok = any(same(float(got), np.dtype(dtype).type(e), near, dtype != "bool") for e, near in allowed)
            assert ok, f"{name}{given} is {got}, not {[e for e, _ in allowed]} ({how})"


@pytest.mark.parametrize("dtype", ["complex128", "complex64"])
@pytest.mark.parametrize("name", COMPLEX)
def test_complex_special_cases(name, dtype):
    cases = re.findall(r"\(([^,]+),([^)]+)\):(\(\S+?\)(?= |$)|\S+)", COMPLEX[name])
    x = np.array([complex(number(a), number(b)) for a, b, _ in cases], dtype)
    x.real, x.imag = [number(a) for a, _, _ in cases], [number(b) for _, b, _ in cases]
    for how, out in evaluations(name, [x]):
        for (a, b, result), got in zip(cases, np.asarray(out), strict=True):
            want = result.strip("()").split(",")
            ok = True
            for part, text in zip([got.real, got.imag] if len(want) == 2 else [got], want, strict=True):
                free = text.startswith("~")
                expected = x.real.dtype.type(number(text.lstrip("~"))) if got.dtype != bool else number(text)
                ok = ok and same(part, expected, "p" in text, got.dtype != bool, free)
            known = (name, f"({a},{b})") in KNOWN
            assert ok or known, f"{name}({a},{b}) is {got}, not {result} ({how})"


# --- code written for the standard ------------------------------------------------------------------------------


def standardise(x, xp):
    """A function of any namespace of the standard."""
    x = xp.astype(x, xp.float64)
    centred = x - xp.mean(x, axis=0, keepdims=True)
    covariance = xp.matrix_transpose(centred) @ centred / (x.shape[0] - 1)
    values, vectors = xp.linalg.eigh(covariance)
    scores = xp.concat(
        [centred @ vectors / xp.sqrt(values), xp.expand_dims(xp.linalg.vector_norm(x, axis=1), axis=1)], axis=1
    )
    order = xp.argsort(scores[:, 0], stable=True)
    total = xp.cumulative_sum(xp.take(scores, order, axis=0), axis=0, include_initial=True)
    return xp.sum(xp.where(total > 0, xp.log1p(xp.abs(total)), xp.zeros_like(total)) ** 2)


def test_code_for_the_standard_differentiates():
    x = np.random.default_rng(2).normal(size=(5, 3))
    np.testing.assert_allclose(standardise(x, wnp), standardise(x, np), rtol=1e-12)
    w.testing.check_grads(lambda x: standardise(x, wnp), (x,), order=1, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(w.jit(lambda x: standardise(x, wnp))(x), standardise(x, np), rtol=1e-10)
