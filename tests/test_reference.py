"""What the documentation's reference says beside docstrings: parameters, formulas, and what functions were seen to do."""

import math
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import scipy.optimize
import scipy.special
import scipy.stats
from test_docstrings import NAMESPACES, members

import wengert
from wengert.reference import descriptions, formulas, observed, spaces


def public():
    """Each public object once, with all its paths."""
    found = {}
    for space in NAMESPACES:
        for name, value in members(space):
            found.setdefault(id(value), (value, []))[1].append(f"{space}.{name}")
    return list(found.values())


PUBLIC = public()
PATHS = {path: value for value, paths in PUBLIC for path in paths}
DESCRIBED = [(value, paths, descriptions.describe(paths, value)) for value, paths in PUBLIC]


def test_every_parameter_of_a_public_name_is_described():
    missing = [
        f"{paths[0]}: {name}"
        for value, paths, words in DESCRIBED
        for name in descriptions.parameters(value)
        if not words.get(name, "").strip()
    ]
    assert missing == [], (
        "say it in the docstring's Args, or in src/wengert/reference/parameters.toml where functions share it"
    )


def test_no_description_is_without_a_parameter():
    used = {text for _, _, words in DESCRIBED for text in words.values()}
    dead = [
        (section, key)
        for section, table in descriptions.SHARED.items()
        for key, text in table.items()
        if text not in used
    ]
    assert dead == []


def test_the_site_has_all_namespaces():
    import importlib.util

    spec = importlib.util.spec_from_file_location("site_of_docs", Path(__file__).resolve().parents[1] / "tools/site.py")
    site = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(site)
    assert set(site.NAMESPACES) == set(NAMESPACES)
    assert (
        site.docstring(["wengert.numpy.hypot"], wengert.numpy.hypot)[2]
        == "The result is ``sqrt(x**2 + y**2)``, without overflow."
    )
    text = site.page(site.Entry("wengert.lax", "tan", wengert.lax.tan), observed.Seen(batch="✓"), False)
    assert "batch: ✓" in text and "by `x`: ``1 + result**2``" in text and "DLMF 4.20" in text


def test_a_docstrings_own_words_come_first():
    text = (
        "One.\n\nArgs:\n    a: first. b, c: two of\n        them; more.\n    *rest: others.\n\nExample:\n    >>> d: 1"
    )
    names = ["a", "b", "c", "rest", "d"]
    assert descriptions.own(text, names) == {
        "a": "first.",
        "b": "two of them; more.",
        "c": "two of them; more.",
        "rest": "others.",
    }
    own = descriptions.describe(["wengert.numpy.quantile"], wengert.numpy.quantile)
    assert own["method"].startswith('"linear" (the default)')


def test_arguments_that_are_those_of_another_function():
    taken = descriptions.describe(["wengert.hessian"], wengert.hessian)
    assert taken["argnums"] == descriptions.describe(["wengert.jacobian"], wengert.jacobian)["argnums"]


def test_parameters_that_are_described_together_stand_together():
    lines = descriptions.completed(["Interpolate."], ["wengert.numpy.interp"], wengert.numpy.interp)
    assert (
        "    left, right: the value before the first and behind the last point (``fp[0]`` and ``fp[-1]`` by default)."
        in lines
    )
    assert any(
        line.startswith("    \\*args: ") for line in descriptions.completed([], ["wengert.explain"], wengert.explain)
    )


def test_an_unknown_parameter_is_missing():
    def f(x, nobody_has_said_what_this_is):
        """A function."""

    assert list(descriptions.describe(["wengert.numpy.f"], f)) == ["x"]


# --- formulas: each is computed as it is written, and compared with differences -----------------------------------------

WORDS = {n: getattr(scipy.special, n) for n in dir(scipy.special) if not n.startswith("_")}
WORDS |= {
    n: getattr(np, n) for n in ("abs", "cos", "cosh", "exp", "exp2", "expm1", "log", "log1p", "sign", "sin", "sinh")
}
WORDS |= {n: getattr(np, n) for n in ("sqrt", "trunc", "floor_divide", "where", "isnan", "logical_or", "greater")}
WORDS |= {"pi": math.pi, "nan": math.nan, "erfinv": scipy.special.erfinv}
POINTS = {1: [(0.4,), (1.7,)], 2: [(3.0, 0.4), (2.0, 0.6)]}


def with_formulas():
    for value, paths in PUBLIC:
        for i, (name, text) in enumerate(formulas.derivatives(value)):
            yield pytest.param(value, name, text, id=f"{paths[0]}-{name}-{i}")


@pytest.mark.parametrize(("f", "name", "text"), list(with_formulas()))
def test_a_formula_is_the_derivative(f, name, text):
    primitive = formulas.primitive_of(f)
    names = [n for n in descriptions.parameters(f) if n != "options"]
    checked = 0
    for point in POINTS[len(names)]:
        place, step = names.index(name), 1e-6
        ends = [list(point) for _ in range(2)]
        for end, sign in zip(ends, (1, -1), strict=True):
            end[place] += sign * step
        if f.__name__ == "ldexp":  # whose exponent is an integer
            point, ends = (point[0], 1), [[end[0], 1] for end in ends]
        with np.errstate(all="ignore"):
            values = [float(np.real(primitive.function(*end))) for end in ends]
            result = primitive.function(*point)
        if not np.all(np.isfinite(values)) or not np.isreal(result):
            continue
        known = dict(zip(names, point, strict=True))
        got = eval(text, WORDS | known | {"result": result})  # noqa: S307 - a formula of ours
        assert np.isclose(float(got), (values[0] - values[1]) / (2 * step), rtol=1e-6, atol=1e-8), text
        checked += 1
    assert checked


def test_how_many_functions_have_a_formula_and_a_source():
    assert sum(bool(formulas.derivatives(value)) for value, _ in PUBLIC) > 75
    assert formulas.source_of(wengert.scipy.special.erfcx) == "DLMF chapter 7"
    assert formulas.source_of(wengert.jet) is None  # its docstring has one
    bare = [
        paths[0]
        for value, paths in PUBLIC
        if (value.__doc__ or "").startswith("Elementwise ``") and not formulas.is_what(value)
    ]
    assert bare == []


# --- what is seen -------------------------------------------------------------------------------------------------------


def seen(path):
    return observed.observe(PATHS[path], NAMESPACES)


def test_what_is_seen_of_an_elementwise_function():
    hypot = seen("wengert.numpy.hypot")
    assert hypot.calls == [("3.0, 4.0", "float64[]")]
    assert hypot.derivatives == {"x": ("✓", "✓"), "y": ("✓", "✓")} and (hypot.batch, hypot.native) == ("✓", "✓")
    assert hypot.dtypes["float32"] == "float32" and hypot.dtypes["complex128"] == "refused"


def test_what_has_no_derivative_is_seen():
    assert seen("wengert.scipy.special.struve").derivatives == {"x": ("no", "no"), "y": ("✓", "✓")}
    assert seen("wengert.numpy.rint").derivatives == {"x": ("0", "0")}
    assert seen("wengert.numpy.argmax").derivatives == {}


def test_calls_of_other_functions_and_of_objects_are_seen():
    scan = seen("wengert.lax.scan")
    assert scan.calls[0][0].startswith("function, ") and scan.derivatives["xs"] == ("✓", "✓")
    assert seen("wengert.scipy.stats.norm").calls[0][0].startswith(("cdf(", "logpdf("))
    assert wengert.numpy.hypot is PATHS["wengert.numpy.hypot"]  # what was put in its place is gone


def test_a_loop_without_an_end_is_left(monkeypatch):
    """In other dtypes an example's loop may go on for ever; what was seen before that stays."""
    monkeypatch.setattr(observed, "SECONDS", 1)
    loop = seen("wengert.lax.while_loop")
    assert loop.calls and loop.derivatives


# --- what shared words say is tried on every function that they describe --------------------------------------------------

SAID = {  # the beginning of a description, a value for the parameter, and what is to happen: an error, or the same result
    'None or "cpu": arrays lie': ("gpu", wengert.errors.ArgumentError),
    "has to be None: there are no plans": (1, wengert.errors.ArgumentError),
    "has to be None: steps may run": (print, wengert.errors.WengertError),
    "has to be False": (True, wengert.errors.WengertError),
    "what NaN mean": ("ignore", wengert.errors.ArgumentError),
    "accepted as SciPy accepts it; nothing is overwritten": (True, None),
    "accepted as SciPy accepts it; it changes nothing": (False, None),
    "accepted as NumPy accepts it; nothing is overwritten": (True, None),
    "accepted for code written for JAX; it changes nothing": (None, None),
    "accepted as NumPy accepts it; every sort here": (None, None),
    "accepted as SciPy accepts it; nothing is printed": (True, None),
}


CALLS = {}


def calls_of(f):
    """The calls of functions themselves in the example of one."""
    if id(f) not in CALLS:
        CALLS[id(f)] = [c for c in observed.calls_of(f, NAMESPACES) if not c.method]
    return CALLS[id(f)]


def described_so(words):
    for value, paths, described in DESCRIBED:
        for name, text in described.items():
            if text.startswith(words):
                yield value, paths[0], name


def same(one, other):
    pairs = list(zip(wengert.tree.leaves(one), wengert.tree.leaves(other), strict=True))
    return all(
        np.array_equal(np.asarray(a), np.asarray(b), equal_nan=np.asarray(a).dtype.kind in "fc") for a, b in pairs
    )


@pytest.mark.parametrize("words", SAID)
def test_shared_words_are_true_of_each_function(words, capsys):
    given, error = SAID[words]
    wrong, count = [], 0
    for f, path, name in described_so(words):
        calls = [c for c in calls_of(f) if name not in c.kwargs]
        calls = [c for c in calls if descriptions.parameters(f).index(name) >= len(c.args)]
        if not calls:
            continue
        count += 1
        try:
            with np.errstate(all="ignore"):
                result = f(*calls[-1].args, **calls[-1].kwargs, **{name: given})
        except Exception as raised:
            if error is None or not isinstance(raised, error):
                wrong.append((path, name, repr(raised)))
            continue
        if error is not None or not same(result, calls[-1].result):
            wrong.append((path, name, "no error" if error else result))
    assert wrong == [] and count


def test_out_is_written_into_or_refused():
    """Of arrays and of lists: an `out` that is taken and left alone is a wrong result in the user's array."""
    wrong, count = [], 0
    for f, paths in PUBLIC:
        names = descriptions.parameters(f)
        calls = [c for c in calls_of(f) if "out" not in c.kwargs] if "out" in names else []
        for call in [c for c in calls if names.index("out") >= len(c.args) > 0][-1:]:
            first = call.args[0]
            for args in (call.args, (first.tolist() if isinstance(first, np.ndarray) else first, *call.args[1:])):
                out = np.full_like(np.asarray(call.result), 7)
                count += 1
                try:
                    result = f(*args, **call.kwargs, out=out)
                except wengert.errors.NotSupportedError:
                    continue
                if result is not out or not same(out, call.result):
                    wrong.append((paths[0], args))
    assert wrong == [] and count > 100


@pytest.mark.parametrize(
    "what, path",
    [
        (np.sin, "wengert.numpy.sin"), (np.linalg.solve, "wengert.numpy.linalg.solve"), ("grad", "wengert.grad"),
        (scipy.special.gammaln, "wengert.scipy.special.gammaln"), (scipy.stats.norm, "wengert.scipy.stats.norm"),
        (wengert.nn.relu, "wengert.nn.relu"), ("np.fft.fft", "wengert.numpy.fft.fft"), ("lax.scan", "wengert.lax.scan"), (scipy.stats.norm.logpdf, "wengert.scipy.stats.norm"),
        ("scipy.special.erf()", "wengert.scipy.special.erf"), (wengert.errors.ShapeError, "wengert.errors.ShapeError"),
       
    ],
)  # fmt: skip
def test_names_and_functions_are_found(what, path):
    found, value = spaces.located(what)
    assert found == path and value is PATHS[path]


@pytest.mark.parametrize(
    "what, words",
    [
        ("np.linalg.solvee", "near are wengert.numpy.linalg.solve"), (len, "builtins.len"), ("", "no public name"),
        (scipy.optimize.brentq, "by its own name"), (3, "no public name"), ("_prepare", "no public name"),
    ],
)  # fmt: skip
def test_what_is_no_public_name(what, words):
    import wengert.scipy.optimize  # noqa: F401 - which says what is answered by its own name

    with pytest.raises(wengert.errors.ArgumentError, match=words):
        spaces.located(what)


def test_a_description_says_what_the_site_says():
    """Parameters that the docstring leaves to shared words, formula, source, and what was seen; in the command too."""
    about = wengert.describe(np.tanh)
    text = str(about)
    for words in ("wengert.numpy.tanh(x, /, **options)", "    x: an array", "Derivative by x: 1 / cosh(x)**2", "DLMF",
                  "(float64[2]) -> float64[2]", "float32    -> float32", "by x: forward ✓, reverse ✓", "native code: ✓"):  # fmt: skip
        assert words in text, words
    assert text in about._repr_html_().replace("&gt;", ">").replace("&#x27;", "'")
    done = subprocess.run([sys.executable, "-m", "wengert", "help", "np.tanh"], capture_output=True, encoding="utf-8")
    assert done.stdout == text + "\n", done.stderr
    done = subprocess.run([sys.executable, "-m", "wengert", "help", "gard"], capture_output=True, text=True)
    assert done.returncode == 2 and done.stdout == "" and done.stderr.count("\n") == 1 and "wengert.grad" in done.stderr


@pytest.mark.parametrize("what", ["nn", "wengert.nn", wengert.nn])
def test_a_namespace_is_its_names(what):
    text = str(wengert.describe(what))
    assert text.startswith("wengert.nn\n") and "    relu " in text and "``max(x, 0)``" in text


def test_a_constant_is_its_value():
    """And not what its class says: of float, how a text is converted."""
    assert str(wengert.describe("np.pi")) == "wengert.numpy.pi\n\n3.141592653589793\n"
    assert str(wengert.describe("np.newaxis")) == "wengert.numpy.newaxis\n\nNone\n"
    assert re.search(r"\n    pi +3\.141592653589793\n", str(wengert.describe("np")))


def test_lists_that_are_axes_and_arguments_without_a_number_of_their_own():
    """Of tensordot the lists in the example are axes, of einsum all operands are one parameter."""
    a = observed.observe(wengert.numpy.tensordot, ["wengert.numpy"])
    assert a.derivatives == {"a": ("✓", "✓"), "b": ("✓", "✓")} and (a.batch, a.native) == ("✓", "✓") and a.dtypes
    b = observed.observe(wengert.numpy.einsum, ["wengert.numpy"])
    assert set(b.derivatives) == {"operands[0]", "operands[1]"}
