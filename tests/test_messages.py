"""What messages say beside the class of the error: the place, the argument by its name, one line of the user's, names
that are near, cells of notebooks; nothing of the library's own types."""

import importlib
import linecache
import pkgutil
import re

import numpy as np
import pytest

import wengert as w
from wengert import errors, grad, jit, lax, vmap

PUBLIC = ["wengert", "wengert.errors", "wengert.debug", "wengert.lax", "wengert.nn", "wengert.random", "wengert.tree",
          "wengert.tree_util", "wengert.testing", "wengert.initializers", "wengert.flatten_util", "wengert.numpy",
          "wengert.numpy.linalg", "wengert.numpy.fft", "wengert.scipy"]  # fmt: skip
PUBLIC += [f"wengert.scipy.{name}" for name in w.scipy.__all__]


@pytest.mark.parametrize("module", PUBLIC)
def test_every_namespace_names_what_is_near(module):
    namespace = importlib.import_module(module)
    longest = max((n for n in namespace.__all__ if not n.startswith("_")), key=len)
    with pytest.raises(AttributeError, match=rf"{module}'.*nearest .*\b{longest}\b"):
        getattr(namespace, longest + "q")
    assert not hasattr(namespace, "__no_such_name__")


def test_every_public_module_is_among_these():
    scipy = {f"wengert.scipy.{m.name}" for m in pkgutil.iter_modules(w.scipy.__path__)} & set(PUBLIC)
    assert len(scipy) == len(w.scipy.__all__)


def test_what_only_scipy_has():
    import scipy.special

    assert scipy.special.pro_ang1
    with pytest.raises(AttributeError, match=r"scipy.special.pro_ang1 has no counterpart.*pure_callback"):
        w.scipy.special.pro_ang1  # noqa: B018


def test_settings():
    with pytest.raises(AttributeError, match="'debug_nan'; the nearest is debug_nans"):
        w.config.debug_nan = True


def message(f):
    with pytest.raises(errors.WengertError) as caught:
        f()
    text = str(caught.value)
    assert text.count("\n  at ") == 1  # one line, that of the user
    for internal in ("Aval", "Tracer", "treedef", "PyTreeSpec"):
        assert internal not in text
    return text


X = np.ones(3)
NAMED = {
    "a list as static argument": (
        lambda: jit(lambda x, n: x * len(n), static_argnums=1)(1.0, [1, 2]), r"argument 1 \(n\) is static.*pass a tuple"),
    "a dict by its name": (
        lambda: jit(lambda x, n: x, static_argnames="n")(1.0, n={"a": 1}), r"argument n is static.*sorted"),
    "an array as static argument": (
        lambda: jit(lambda x, n: x, static_argnums=1)(1.0, X), r"argument 1 \(n\) is static.*leave it out of"),
    "an object as static argument": (
        lambda: jit(lambda x, n: x, static_argnums=1)(1.0, (bytearray(2),)), r"bytearray.*of type tuple"),
    "a text": (lambda: jit(lambda x, mode: x)(1.0, "fast"), r"argument 1 \(mode\).*'fast'.*static_argnames"),
    "a text behind a static argument": (
        lambda: jit(lambda n, x: x, static_argnums=0)(3, "fast"), r"argument 1 \(x\).*'fast'.*static_argnames"),
    "a text in a tree": (lambda: jit(lambda p: p)({"act": "relu", "w": X}), r"argument 0 \(p\)\['act'\].*static\(\)"),
    "a text under grad": (lambda: grad(lambda p: p)({"act": "relu"}), r"argument 0 \(p\) at \['act'\].*'relu'"),
    "a text under vmap": (lambda: vmap(lambda x, s: x)(X, "fast"), r"argument 1 \(s\).*close over it"),
    "a carry of text": (lambda: lax.scan(lambda c, x: (c, x), "s", X), r"init.*'s'.*close over it"),
    "scan of one array": (lambda: lax.scan(lambda c, x: c + x, 0.0, X), r"pair \(carry, y\), got an array or a number"),
    "scan of None": (lambda: lax.scan(lambda c, x: None, 0.0, X), r"pair \(carry, y\), got None"),
    "objects": (lambda: grad(np.sum)(np.array([1.0, None], object)), r"argument 0 \(a\).*astype\(float\)"),
    "a callback of another shape": (
        lambda: jit(lambda x: w.pure_callback(lambda x: np.ones(4), X, x))(1.0), r"<lambda> returned .*\(4,\).*\(3,\)"),
    "a callback of another dtype": (
        lambda: w.pure_callback(lambda x: 1.5, w.ShapeDtypeStruct((), int), 1.0), "dtype float64.*says int64"),
    "a callback of another tree": (
        lambda: w.pure_callback(lambda x: {"a": x}, {"a": X[0], "b": X[0]}, 1.0), "<lambda> returned has.*'a'"),
    "a callback of no types": (lambda: w.pure_callback(abs, 1.0, 1.0), r"ShapeDtypeStruct\(\(\), float\).*got 1.0"),
    "hvp of arrays": (lambda: w.hvp(lambda x: np.sum(x**2), X, X), r"hvp takes .*hvp\(f, \(x,\), \(v,\)\)"),
    "a tangent of linearize": (lambda: w.linearize(lambda x: x, X)[1](np.ones(2)), r"linearize: the tangent 0"),
    "a vector to minimize": (lambda: w.scipy.optimize.minimize(named, X), r"named returned an array of shape \(3,\)"),
    "a mode of check_grads": (lambda: w.testing.check_grads(np.sin, (1.0,), order=1, modes=["reverse"]), "fwd.*rev"),
    "a file": (lambda: grad(lambda x: np.savetxt("never", x) or np.sum(x))(X), "savetxt.*debug.callback"),
}  # fmt: skip


def named(x):
    return x * 2


def test_attributes_of_at():
    with pytest.raises(AttributeError, match=r"at\(x\)\[index\].set"):
        w.numpy.at(X).set(1.0)
    with pytest.raises(AttributeError, match="wengert.random"):
        w.scipy.stats.norm.rvs(1.0)


def test_the_users_line_behind_an_installed_package():
    cbook = pytest.importorskip("matplotlib.cbook")
    with pytest.raises(errors.ConcretizationError) as caught:
        grad(lambda x: cbook._to_unmasked_float_array([*np.zeros(70).tolist(), x[0]])[0])(X)
    assert "test_messages.py:" in str(caught.value) and "packages" not in str(caught.value)


@pytest.mark.parametrize("name", NAMED)
def test_the_argument_and_what_to_write(name):
    import re

    run, pattern = NAMED[name]
    text = message(run)
    assert re.search(pattern, text, re.DOTALL), text


def test_second_derivatives_that_do_not_fit():
    with pytest.raises(MemoryError) as caught:
        w.hessian(lambda x: np.sum(x**4))(np.ones(10**7))
    assert str(caught.value).count("Jacobian") == 1 and type(caught.value).__name__ == "MemoryError"


@pytest.fixture(scope="module")
def shell():
    shells = pytest.importorskip("IPython.core.interactiveshell")
    shell = shells.InteractiveShell.instance()
    shell.run_cell("import numpy as np\nimport wengert as w", store_history=True)
    yield shell
    shells.InteractiveShell.clear_instance()


def test_lines_of_cells(shell, capsys):
    number = shell.execution_count
    error = shell.run_cell("f = lambda x: x @ np.ones(4)\nw.grad(f)(np.ones(3))", store_history=True).error_in_exec
    assert str(error).endswith(f"\n  at Cell In[{number}], line 1: f = lambda x: x @ np.ones(4)")
    with w.config.override(debug_nans=True), np.errstate(invalid="ignore"):
        error = shell.run_cell("w.grad(lambda x: np.sqrt(x) * 1.0)(-1.0)", store_history=True).error_in_exec
    assert f"Cell In[{number + 1}], line 1" in str(error) and "ipython-input" not in str(error)
    error = shell.run_cell("w.lax.scan(lambda c, x: c, 0.0, np.ones(3))", store_history=True).error_in_exec
    assert f"<lambda> (Cell In[{number + 2}], line 1)" in str(error)
    assert "test_messages.py:" in message(lambda: grad(lambda x: x)(X))


def test_lines_of_files_that_are_none(shell):
    source = "import numpy as np, wengert\nwengert.grad(lambda x: x)(np.ones(3))\n"
    linecache.cache["<typed>"] = (len(source), None, source.splitlines(True), "<typed>")
    text = message(lambda: exec(compile(source, "<typed>", "exec"), {}))
    assert text.endswith("at <typed>:2: wengert.grad(lambda x: x)(np.ones(3))")


def test_a_function_of_scipy_that_is_called_by_its_own_name():
    from wengert.scipy import integrate

    with pytest.raises(AttributeError, match=r"scipy.integrate.quad itself takes .*call it by that name"):
        integrate.quad  # noqa: B018


@pytest.mark.parametrize(
    "call, said",
    [
        (lambda: lax.scan(lambda c: c, 0.0, np.ones(2)), r"scan calls .*with \(carry, x\)"),
        (lambda: lax.fori_loop(0, 2, lambda c: c, 0.0), r"fori_loop calls .*with \(i, carry\)"),
        (lambda: jit(lambda p: lax.cond(p, lambda: 1.0, lambda x: x, 2.0))(True), "cond calls .*with the 1 operands"),
    ],
)
def test_a_body_that_takes_other_arguments(call, said):
    with pytest.raises(TypeError) as error:
        call()
    assert re.search(said, "\n".join(error.value.__notes__))


@pytest.mark.parametrize("what", [w.hessian, w.jacfwd, w.jacrev])
def test_jacobians_name_the_argument(what):
    with pytest.raises(TypeError, match=r"argument 0 \(x\)"):
        what(lambda x: x * 2)("text")
    with pytest.raises(TypeError, match=r"argument 0 \(x\) at \['a'\] has dtype int64"):
        what(lambda x: x["a"] * 2)({"a": np.arange(2)})


OPERATORS = {
    "x + None": lambda x: x + None,
    "None * x": lambda x: None * x,
    "x ** {}": lambda x: x ** {},
    "x < 'a'": lambda x: x < "a",
    "x(1)": lambda x: x(1),
    "max": lambda x: max(x[0], None),
    "divmod": lambda x: divmod(x, None),
}
WAYS = [
    grad,
    jit,
    vmap,
    w.jacfwd,
    w.hessian,
    w.laplacian,
    lambda f: jit(grad(f)),
    lambda f: lambda x: w.linearize(f, x),
]


@pytest.mark.parametrize("name", OPERATORS)
def test_pythons_words_of_operators_name_none_of_the_librarys_classes(name):
    x = np.ones((2, 2))
    for way in WAYS:
        with pytest.raises(TypeError) as caught:
            way(OPERATORS[name])(x)
        assert "Tracer" not in str(caught.value), way
        assert "array" in str(caught.value)


def test_linearize_goes_by_its_name():
    with pytest.raises(TypeError, match=r"^linearize of .*primals\[0\]"):
        w.linearize(lambda x: x, "a")


def test_text_that_shows_a_tracer_is_not_repeated():
    with pytest.raises(TypeError, match="returned text of type str") as error:
        w.grad(lambda x: str(x))(1.0)
    assert "Tracer" not in str(error.value)


@pytest.mark.parametrize("way", [w.grad, w.jit, w.vmap, lambda f: lambda x: w.jvp(f, (x,), (x,)), w.hessian])
@pytest.mark.parametrize("wrong", [
    lambda x: x + None, lambda x: None * x, lambda x: x @ "text", lambda x: x(), lambda x: {**x}, lambda x: x.nothing,
    lambda x: x + {}, lambda x: (lambda: None)(*x, *x, *x, *x), lambda x: [][x], lambda x: w.grad(x)(x), lambda x: w.lax.map(x, x),
    lambda x: w.vmap(None)(x), lambda x: w.lax.scan(x, x, x), lambda x: w.lax.cond(x, x, x), lambda x: w.hessian_operator(x, x),
])  # fmt: skip
def test_no_message_names_a_class_of_the_library(way, wrong):
    with pytest.raises(Exception) as caught:
        way(lambda x: (wrong(x), x.sum())[1])(np.array([1.0, 2.0]))
    assert not re.search(r"Linearize|JVPT|BatchT|Staging|Tracer\\b|PrimalT|ValueT|_p\\b", str(caught.value)), (
        caught.value
    )


@pytest.mark.parametrize("call", [
    lambda x: w.lax.dot_general(x, x, 3), lambda x: w.lax.dynamic_slice(x, None, (1,)), lambda x: w.lax.dynamic_slice(x, x[0], (1,)),
    lambda x: w.lax.convert_element_type("text", float), lambda x: w.lax.broadcast_in_dim(x, (2, 3), ()), lambda x: w.explain(None),
    lambda x: w.fisher_operator("text", x), lambda x: w.gauss_newton_operator(None, x), lambda x: w.lax.map("text", x),
])  # fmt: skip
def test_wrong_arguments_are_told_in_words_of_the_library(call):
    with pytest.raises(w.errors.WengertError, match=__file__.rpartition("/")[2]):
        call(np.array([1.0, 2.0]))
