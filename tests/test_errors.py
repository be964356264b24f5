"""Misuses: each raises its class, names the cause and the remedy, and leaves the library usable."""

import numpy as np
import pytest

import wengert as w
import wengert.numpy as wnp
from wengert import errors, lax

X = np.array([0.5, 1.0, 2.0])
stored = []


def leak(x):
    stored.append(x)
    return wnp.sum(x)


def leaked(transform):
    def misuse():
        stored.clear()
        transform(leak)(X)
        return wnp.sin(stored[0])

    return misuse


def no_rule():
    f = w.custom_vjp(lambda x: x)
    return w.grad(f)(1.0)


def bad_rule():
    f = w.custom_jvp(lambda x: x)
    f.defjvp(lambda p, t: (p[0], wnp.ones(4)))
    return w.jvp(f, (X,), (X,))


def nonlinear_rule():
    f = w.custom_jvp(lambda x: x)
    f.defjvp(lambda p, t: (p[0], t[0] * t[0]))
    return w.grad(f)(1.0)


def affine_rule():
    f = w.custom_jvp(lambda x: x)
    f.defjvp(lambda p, t: (p[0], t[0] + 1.0))
    return w.grad(f)(1.0)


def keyword_only():
    f = w.custom_jvp(lambda x, *, k: x)
    f.defjvp(lambda p, t: (p, t))
    return w.grad(lambda x: f(x, k=2.0))(1.0)


def nondiff_out_of_range():
    f = w.custom_jvp(lambda x: x, nondiff_argnums=3)
    f.defjvp(lambda n, p, t: (p, t))
    return w.grad(f)(1.0)


def wrong_primal():
    f = w.custom_jvp(lambda x: x)
    f.defjvp(lambda p, t: (wnp.sum(p[0]), wnp.sum(t[0])))
    return w.jvp(f, (X,), (X,))


def clipped():
    @w.custom_vjp
    def clip(x):
        return x

    clip.defvjp(lambda x: (x, None), lambda _, g: (wnp.clip(g, -1.0, 1.0),))
    return w.jvp(clip, (X,), (X,))


BUFFER = np.zeros(3)


def assign(x):
    y = np.frombuffer(bytearray(24))
    y[0] = x[0]
    return y


def out_elsewhere(x):
    y = np.frombuffer(bytearray(24))
    return np.add(x, x, out=y).sum()


E_, A, D, S, T = (
    errors.ConcretizationError, errors.ArgumentError, errors.DtypeError, errors.ShapeError, errors.TreeError,
)  # fmt: skip
MISUSES = {
    "grad of a vector": (lambda: w.grad(lambda x: x)(X), errors.NonScalarOutputError, r"shape \(3,\).*jacrev"),
    "grad of a tuple": (lambda: w.grad(lambda x: (x, x))(1.0), errors.NonScalarOutputError, "has_aux"),
    "grad of None": (lambda: w.grad(lambda x: None)(1.0), errors.NonScalarOutputError, "returned"),
    "grad of an int array": (lambda: w.grad(wnp.sum)(np.arange(3)), D, r"astype\(float\)"),
    "grad of a bool": (lambda: w.grad(lambda x: x * 1.0)(np.array(True)), D, "bool"),
    "grad of a string": (lambda: w.grad(lambda x: x)("text"), D, "text"),
    "grad with an int result": (lambda: w.grad(lambda x: wnp.sum(x > 0))(X), D, "floating point"),
    "grad with a complex result": (lambda: w.grad(lambda x: x * 1j)(1.0), D, "holomorphic"),
    "holomorphic of real": (lambda: w.grad(lambda x: x, holomorphic=True)(np.ones(())), D, "complex inputs"),
    "argnums out of range": (lambda: w.grad(lambda x: x, argnums=1)(1.0), A, "argnums=1"),
    "argnums twice": (lambda: w.grad(lambda x, y: x, argnums=(0, 0))(1.0, 2.0), A, "twice"),
    "argnums a string": (lambda: w.grad(lambda x: x, argnums="x"), A, "integer"),
    "differentiated by keyword": (lambda: w.grad(lambda x: x)(x=1.0), A, "by position"),
    "grad of a number": (lambda: w.grad(3.0), A, "transforms a function"),
    "vmap of a number": (lambda: w.vmap(3.0), A, "transforms a function"),
    "has_aux without a pair": (lambda: w.grad(lambda x: x, has_aux=True)(1.0), A, "pair"),
    "jvp with lists of nothing": (lambda: w.jvp(wnp.sin, 1.0, 1.0), A, r"jvp\(f, \(x,\)"),
    "jvp with too few tangents": (lambda: w.jvp(wnp.add, (1.0, 2.0), (1.0,)), T, "2 primals but 1"),
    "jvp with a wrong shape": (lambda: w.jvp(wnp.sin, (X,), (np.ones(2),)), S, r"\(2,\).*\(3,\)"),
    "jvp of an integer": (lambda: w.jvp(wnp.sin, (np.arange(3),), (np.ones(3),)), D, "no tangents"),
    "jvp with a complex tangent": (lambda: w.jvp(wnp.sin, (X,), (X * 1j,)), D, "complex"),
    "jvp with another tree": (lambda: w.jvp(lambda d: d["a"], ({"a": X},), ({"b": X},)), T, "tangent 0"),
    "cotangent of a wrong shape": (lambda: w.vjp(wnp.sin, X)[1](np.ones(2)), S, r"\(2,\).*\(3,\)"),
    "cotangent of another tree": (lambda: w.vjp(lambda x: (x, x), X)[1](X), T, "cotangent"),
    "complex cotangent": (lambda: w.vjp(wnp.sin, X)[1](X * 1j), D, "complex"),
    "linearize: wrong tangent": (lambda: w.linearize(wnp.sin, X)[1](np.ones(2)), S, r"\(2,\)"),
    "linearize: two tangents": (lambda: w.linearize(wnp.sin, X)[1](X, X), T, "tangents"),
    "linear_transpose of a nonlinear": (
        lambda: w.linear_transpose(wnp.sin, X)(X), errors.NotLinearError, "sin is not linear"),
    "linear_transpose of an affine": (
        lambda: w.linear_transpose(lambda x: x + 1.0, X)(X), errors.NotLinearError, "affine"),
    "linear_transpose of integers": (lambda: w.linear_transpose(lambda x: x, np.arange(3)), D, "float or complex"),
    "vmap over a scalar": (lambda: w.vmap(wnp.sin)(1.0), A, "no axis 0"),
    "vmap over lengths that differ": (lambda: w.vmap(wnp.add)(X, np.ones(2)), S, "3 .*2"),
    "vmap over nothing": (lambda: w.vmap(wnp.sin, in_axes=None)(X), A, "axis_size"),
    "in_axes of a wrong length": (lambda: w.vmap(wnp.add, in_axes=(0,))(X, X), A, "1 entries for 2"),
    "in_axes out of range": (lambda: w.vmap(wnp.sin, in_axes=3)(X), A, "no axis 3"),
    "in_axes a string": (lambda: w.vmap(wnp.sin, in_axes="0"), A, "in_axes must be"),
    "out_axes None of a batch": (lambda: w.vmap(wnp.sin, out_axes=None)(X), A, "psum"),
    "out_axes out of range": (lambda: w.vmap(wnp.sin, out_axes=4)(X), A, "out_axes=4"),
    "float under vmap": (lambda: w.vmap(lambda x: x * float(x))(X), E_, "where"),
    "if in make_program": (lambda: w.make_program(lambda x: x if x > 0 else -x)(1.0), E_, "static_argnums"),
    "range in make_program": (lambda: w.make_program(lambda n: [0 for _ in range(n)])(3), E_, "static_argnums"),
    "float in make_program": (lambda: w.make_program(lambda x: float(x))(3.0), E_, r"float\(\)"),
    "text of an array under grad": (lambda: w.grad(lambda x: np.asarray(x, dtype="S3"))(X), E_, "wengert.numpy"),
    "jit on a device": (lambda: w.jit(wnp.sin, backend="gpu"), errors.NotSupportedError, "leave backend"),
    "unhashable static": (lambda: w.jit(lambda x, n: x, static_argnums=1)(1.0, []), A, "hashable"),
    "static argument that is not there": (lambda: w.jit(lambda x: x, static_argnames="n"), A, "no argument"),
    "leak out of grad": (leaked(w.grad), errors.LeakedTracerError, "has_aux"),
    "leak out of jit": (leaked(w.jit), errors.LeakedTracerError, "return it"),
    "leak out of vmap": (leaked(w.vmap), errors.LeakedTracerError, "return it"),
    "custom_vjp without a rule": (no_rule, errors.CustomRuleError, "defvjp"),
    "a rule of a wrong shape": (bad_rule, errors.CustomRuleError, r"\(4,\).*\(3,\)"),
    "a nonlinear rule": (nonlinear_rule, errors.NotLinearError, "linear"),
    "an affine rule": (affine_rule, errors.NotLinearError, "affine|not linear"),
    "assignment under grad": (lambda: w.grad(assign)(X), errors.NotSupportedError, r"x.copy\(\)"),
    "out= under grad": (
        lambda: w.grad(out_elsewhere)(X), errors.NotSupportedError, "memory that"),
    "shapes that do not broadcast": (lambda: w.jit(lambda x: x + np.ones(2))(X), S, r"\(3,\).*\(2,\)"),
    "index out of range": (lambda: w.grad(lambda x: x[5])(X), IndexError, "5"),
    "unknown axis name": (lambda: lax.psum(1.0, "rows"), A, "axis_name='rows'"),
    "pmax differentiated": (
        lambda: w.vmap(w.grad(lambda r: lax.pmax(r, "i")), axis_name="i")(X),
        errors.NotDifferentiableError, "pmax.*custom_jvp"),
    # shapes, under each transformation, in the user's terms: those of one example under vmap
    "matmul under grad": (lambda: w.grad(lambda x: x @ np.ones(4))(X), S, r"\(3,\) and \(4,\).*errors.py"),
    "broadcast under grad": (lambda: w.grad(lambda x: wnp.sum(x + np.ones(2)))(X), S, r"add: shapes \(3,\) and \(2,\)"),
    "broadcast under jvp": (lambda: w.jvp(lambda x: x * np.ones(2), (X,), (X,)), S, r"multiply: shapes \(3,\) and \(2,\)"),
    "broadcast under vmap": (lambda: w.vmap(lambda x: x + np.ones(2))(np.ones((2, 3))), S, r"\(3,\) and \(2,\)"),
    "reshape": (lambda: w.grad(lambda x: wnp.sum(x.reshape(2, 2)))(X), S, r"\(3,\) \(3 elements\) to \(2, 2\)"),
    "concatenate": (lambda: w.jit(lambda x: wnp.concatenate([x, np.ones((2, 2))]))(X), S, r"\(3,\), \(2, 2\)"),
    "stack": (lambda: w.jit(lambda x: wnp.stack([x, np.ones(2)]))(X), S, r"\(3,\), \(2,\)"),
    "axis out of range": (lambda: w.grad(lambda x: wnp.sum(x, axis=3))(X), S, "axis 3 .*1 dimension"),
    "einsum": (lambda: w.jit(lambda x: wnp.einsum("i,i", x, np.ones(2)))(X), S, "label 'i'"),
    "inverse of a vector": (lambda: w.jit(wnp.linalg.inv)(X), S, r"matrices.*\(3,\)"),
    "solve": (lambda: w.jit(lambda x: wnp.linalg.solve(np.eye(2), x))(X), S, r"\(2, 2\)"),
    # indices and values that are not known
    "index out of range under jit": (lambda: w.jit(lambda x: x[7])(X), IndexError, "7.*length 3"),
    "traced index out of range": (lambda: w.jit(lambda x, i: x[i])(X, 7), IndexError, "out of range.*clip"),
    "too many indices": (lambda: w.jit(lambda x: x[0, 0])(X), IndexError, "too many indices: 2"),
    "float index": (lambda: w.jit(lambda x: x[1.5])(X), D, "integer"),
    "mask in a loop": (lambda: w.lax.map(lambda x: x[x > 0], X[None]), E_, r"where\(mask, x, 0\)"),
    "unique in a loop": (lambda: w.lax.map(wnp.unique, X[None]), E_, "unique"),
    "nonzero in a loop": (lambda: w.lax.map(wnp.nonzero, X[None]), E_, "size="),
    "shape from a traced value": (lambda: w.make_program(lambda n: wnp.zeros(n))(3), E_, "static_argnums"),
    "shape with a traced value": (lambda: w.make_program(lambda n: wnp.ones((2, n)))(3), E_, "static_argnums"),
    "list at a traced index": (lambda: w.make_program(lambda i: [1, 2, 3][i])(1), E_, "static_argnums"),
    "float under grad": (lambda: w.grad(lambda x: float(x))(1.0), E_, "derivative would be lost.*wengert.numpy"),
    "complex under grad": (lambda: w.grad(lambda x: complex(x).real * x)(1.0), E_, "stop_gradient"),
    # trees and axes
    "vmap: lengths deep in trees": (
        lambda: w.vmap(lambda p, x: x)({"a": {"b": np.ones(2)}}, X), S, r"2 \(argument 0 \(p\) at \['a'\]\['b'\]"),
    "in_axes of another tree": (lambda: w.vmap(lambda p: p, in_axes=({"b": 0},))({"a": X}), T, r"\['b'\] at args\[0\]"),
    "out_axes of another tree": (lambda: w.vmap(lambda x: {"a": x}, out_axes={"b": 0})(X), T, r"\['b'\].*\['a'\]"),
    "in_axes a float": (lambda: w.vmap(wnp.sin, in_axes=(0.5,))(X), A, "integers and None"),
    "axis_size of another length": (lambda: w.vmap(wnp.sin, axis_size=4)(X), S, "4 .axis_size. and 3"),
    "a keyword scalar under vmap": (lambda: w.vmap(lambda x, k: x)(X, k=1.0), A, "keyword argument"),
    "tree_map of two trees": (lambda: w.tree_util.tree_map(max, {"a": 1}, {"b": 1}), T, r"\['b'\].*\['a'\]"),
    "two cotangents": (lambda: w.vjp(wnp.sin, X)[1](X, X), A, "one cotangent.*tuple"),
    "linear_transpose: a wrong cotangent": (
        lambda: w.linear_transpose(lambda x: 2 * x, X)(np.ones(2)), S, r"linear_transpose.*\(2,\).*\(3,\)"),
    # arguments of transformations
    "hvp without tuples": (lambda: w.hvp(lambda x: x @ x, X, X), A, r"\(x,\)"),
    "hvp of a vector": (lambda: w.hvp(wnp.sin, (X,), (X,)), errors.NonScalarOutputError, r"\(3,\)"),
    "hvp with a wrong shape": (lambda: w.hvp(lambda x: x @ x, (X,), (np.ones(2),)), S, r"\(2,\).*\(3,\)"),
    "argnums a float": (lambda: w.grad(wnp.sin, argnums=0.5), A, "integer"),
    "argnums too negative": (lambda: w.grad(wnp.sin, argnums=-2)(1.0), A, "argnums=-2"),
    "jacfwd of integers": (lambda: w.jacfwd(wnp.sin)(np.arange(3)), D, "astype"),
    "jacfwd of complex": (lambda: w.jacfwd(wnp.abs)(X * 1j), D, "holomorphic"),
    "jacrev to integers": (lambda: w.jacrev(wnp.argmax)(X), D, "has_aux"),
    "checkpoint of a number": (lambda: w.checkpoint(3), A, "transforms a function"),
    "closure_convert of a number": (lambda: w.closure_convert(3, X), A, "transforms a function"),
    "jit of a string": (lambda: w.jit(lambda x: x)("text"), D, "text"),
    "jit that returns a string": (lambda: w.jit(lambda x: "text")(X), D, "returned 'text'"),
    "static array": (lambda: w.jit(lambda x, n: x, static_argnums=1)(X, X), A, "hashable"),
    "static argument out of range": (lambda: w.jit(lambda x: x, static_argnums=4), A, "4.*1 positional"),
    "a key that is none": (lambda: w.random.normal(3.5), D, "random.key"),
    "an axis name of another vmap": (
        lambda: w.vmap(lambda x: lax.psum(x, "k"), axis_name="i")(X), A, "defined: 'i'"),
    # rules
    "keyword-only argument of a rule": (keyword_only, A, "make them positional"),
    "nondiff_argnums out of range": (nondiff_out_of_range, A, r"nondiff_argnums=\(3,\)"),
    "defjvp of a number": (lambda: w.custom_jvp(lambda x: x).defjvp(3), errors.CustomRuleError, "takes a function"),
    "primal_out of a wrong shape": (wrong_primal, errors.CustomRuleError, r"primal_out has shape \(\), expected \(3,\)"),
    "forward mode through a clipped gradient": (
        clipped, errors.CustomRuleError, "forward mode through clip .*not linear.*reverse mode.*custom_jvp"),
    "unknown name of wengert.numpy": (lambda: wnp.arctanhh, AttributeError, "nearest are arctanh"),
    "unknown option of at": (lambda: wnp.at(X)[0].set(1.0, moed="drop"), A, "moed"),
    "unknown setting": (lambda: w.config.update("jax_nothing", True), AttributeError, "enable_x64"),
}  # fmt: skip


@pytest.mark.parametrize("name", MISUSES)
def test_misuse(name):
    misuse, error, message = MISUSES[name]
    with pytest.raises(error, match=f"(?s){message}") as info:
        misuse()
    if isinstance(info.value, errors.WengertError):  # it ends with the line of the user's code
        assert "test_errors.py:" in str(info.value).splitlines()[-1]
    np.testing.assert_allclose(w.grad(lambda x: wnp.sum(w.jit(w.vmap(wnp.sin))(x)))(X), np.cos(X))


def test_there_are_forty():
    assert len(MISUSES) >= 40


def test_the_message_names_the_users_line():
    with pytest.raises(errors.NonScalarOutputError, match=r"test_errors.py:\d+: w.grad\(lambda x: x\)\(X\)"):
        w.grad(lambda x: x)(X)


def test_tracebacks_without_library_frames():
    with pytest.raises(ZeroDivisionError) as info:
        w.grad(lambda x: x * (1 / 0))(1.0)
    library = [entry for entry in info.traceback if "wengert" in str(entry.path) and "tests" not in str(entry.path)]
    assert len(library) == 1  # the call that the user wrote


# What went wrong, and then what to write instead: in this order, in one message.
CAUSE_THEN_REMEDY = {
    "grad of a vector": r"array of shape \(3,\).*reduce it.*jacrev or jacfwd",
    "grad of a tuple": r"tuple of length 2.*pass has_aux=True",
    "grad of an int array": r"dtype int64.*convert it with \.astype\(float\).*allow_int=True",
    "grad of a bool": r"dtype bool.*\.astype\(float\).*argnums",
    "grad with an int result": r"returned int64.*convert it with astype",
    "grad with a complex result": r"returned complex128.*real part.*holomorphic=True",
    "argnums out of range": r"called with 1 positional argument.*pass what is differentiated by position",
    "differentiated by keyword": r"0 positional arguments.*pass what is differentiated by position",
    "argnums a string": r"must be an integer or a sequence of integers, got 'x'",
    "has_aux without a pair": r"must return a pair \(output, extra results\)",
    "jvp with lists of nothing": r"got float and float.*write jvp\(f, \(x,\), \(t,\)\)",
    "jvp with a wrong shape": r"\(2,\).*\(3,\).*must be equal",
    "jvp of an integer": r"dtype int64.*convert it to float",
    "linearize: wrong tangent": r"\(2,\).*\(3,\).*must be equal",
    "vmap over a scalar": r"shape \(\).*no axis 0.*pass None in in_axes",
    "vmap over nothing": r"nothing to map over.*pass axis_size",
    "in_axes a string": r"must be an integer, None, or a tuple.*got '0'",
    "out_axes None of a batch": r"differs between examples.*give it an axis.*lax\.psum",
    "float under vmap": r"there are 3.*use wengert\.numpy\.where.*Python loop",
    "if in make_program": r"not known while.*wengert\.numpy\.where or lax\.cond.*static_argnums",
    "range in make_program": r"not known while.*lax\.fori_loop.*static_argnums",
    "float in make_program": r"float\(\) needs the value.*static_argnums",
    "text of an array under grad": r"stands under grad.*use the function of wengert\.numpy.*outside",
    "jit on a device": r"this machine's processor.*leave backend and device out",
    "leak out of grad": r"used after grad had ended.*return it from the function",
    "leak out of vmap": r"used after vmap had ended.*return it from the function",
    "custom_vjp without a rule": r"without a rule.*call its defvjp",
    "assignment under grad": r"memory that an object of type memoryview has.*write into a copy",
    "out= under grad": r"cannot be written into memory.*write into a copy",
    "unknown axis name": r"no axis named 'rows'.*call this inside vmap",
    "pmax differentiated": r"no derivative.*stop_gradient.*custom_jvp",
    "traced index out of range": r"out of range.*run it without jit.*clip",
    "float index": r"must be an integer, a slice, None, Ellipsis or a mask, got float64",
    "mask in a loop": r"which map does not know.*use where\(mask, x, 0\)",
    "nonzero in a loop": r"not known here.*pass size=",
    "shape from a traced value": r"not known.*static_argnums",
    "float under grad": r"derivative would be lost.*use NumPy's functions",
    "complex under grad": r"derivative would be lost.*stop_gradient",
    "a keyword scalar under vmap": r"no axis 0.*pass None in in_axes",
    "two cotangents": r"got 2.*pass a tuple",
    "hvp without tuples": r"got ndarray and ndarray.*write hvp",
    "hvp of a vector": r"array of shape \(3,\).*reduce it",
    "jacfwd of integers": r"int64.*convert it with \.astype\(float\)",
    "jacfwd of complex": r"complex inputs.*pass holomorphic=True.*jacrev",
    "jacrev to integers": r"returned int64.*astype.*has_aux=True",
    "a key that is none": r"expected a key, got float64.*make one with wengert\.random\.key",
    "an axis name of another vmap": r"no axis named 'k'.*call this inside vmap",
    "keyword-only argument of a rule": r"cannot be passed.*make them positional",
    "forward mode through a clipped gradient": r"not linear in the cotangent.*reverse mode.*custom_jvp",
    "unknown name of wengert.numpy": r"no attribute 'arctanhh'.*nearest are",
    "unknown setting": r"no setting 'jax_nothing'.*it has: enable_x64",
}


@pytest.mark.parametrize("name", CAUSE_THEN_REMEDY)
def test_cause_then_remedy(name):
    f, error, _ = MISUSES[name]
    with pytest.raises(error, match="(?s)" + CAUSE_THEN_REMEDY[name]):
        f()
    np.testing.assert_array_equal(w.grad(lambda x: wnp.sum(x * x))(X), 2 * X)  # the library goes on working


@pytest.mark.parametrize(
    ("module", "name", "near"),
    [("wengert", "gard", "grad"), ("wengert.lax", "scann", "scan"), ("wengert.nn", "reluu", "relu"),
     ("wengert.random", "nromal", "normal"), ("wengert.numpy", "sinn", "sin"), ("wengert.numpy.linalg", "invv", "inv"),
     ("wengert.numpy.fft", "fftt", "fft"), ("wengert.scipy", "optimise", "optimize"), ("wengert.scipy.stats", "nrom", "norm"),
     ("wengert.scipy.optimize", "minimise", "minimize"), ("wengert.scipy.special", "logsumexpp", "logsumexp"),
     ("wengert.tree_util", "tree_mapp", "tree_map"), ("wengert.errors", "ShapesError", "ShapeError")],
)  # fmt: skip
def test_nearest_names(module, name, near):
    import importlib

    with pytest.raises(AttributeError, match=rf"nearest .*\b{near}\b"):
        getattr(importlib.import_module(module), name)


def test_a_jacobian_that_does_not_fit():
    with pytest.raises(MemoryError, match="jvp"):
        w.jacfwd(lambda x: np.sum(x) * x)(np.ones(10**7))
