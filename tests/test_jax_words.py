"""Errors of code written for JAX: the classes that it catches, and the phrases that it looks for in messages.

Each row is a call, the class of `jax.errors` or of Python's, and a regular expression; the peers' test looks whether JAX
itself says so.
"""

import re

import pytest

from wengert import config
from wengert.interop import jax_names, wording

SETUP = """
import numpy as np, jax, jax.numpy as jnp
from jax import jit, grad, vmap, jvp, vjp, lax
a = jnp.arange(3.0)
m = jnp.ones((2, 3))
b = jnp.array([True, False, True])
def custom(rule, *args):
    f = jax.custom_jvp(lambda *x: x[0])
    f.defjvp(rule)
    return jvp(f, args, args)
def backward(fwd, bwd, *args):
    f = jax.custom_vjp(lambda *x: x[0])
    f.defvjp(fwd, bwd)
    return grad(f)(*args)
def watched(f):
    with jax.debug_nans(True), jax.debug_infs(True):
        return f()
def kept(transform):
    out = []
    transform(lambda x: (out.append(x), x)[1])
    return out[0] + 1
"""
ABSTRACT = "Abstract tracer value encountered where concrete value is expected"
CASES = [
    # values that transformations do not know
    ("jit(lambda x: 1 if x > 0 else 2)(1)", "TracerBoolConversionError", r"Attempted boolean conversion of traced array with shape bool\[\]"),
    ("vmap(lambda x: 1 if x > 0 else 2)(a)", "TracerBoolConversionError", "Attempted boolean conversion"),
    ("jit(lambda x: x and 1)(1)", "ConcretizationTypeError", "Attempted boolean conversion"),
    ("lax.scan(lambda c, x: (c if x > 0 else c, x), 0., a)", "TracerBoolConversionError", "Attempted boolean conversion"),
    ("lax.cond(True, lambda x: x if x > 0 else -x, lambda x: x, 1.)", "TracerBoolConversionError", "boolean conversion"),
    ("jit(lambda x: int(x))(1)", "ConcretizationTypeError", f"{ABSTRACT}: traced array with shape int.*\\[\\]\nThe problem arose with the `int`"),
    ("jit(lambda x: float(x))(1.)", "ConcretizationTypeError", "The problem arose with the `float` function"),
    ("jit(lambda x: complex(x))(1.)", "ConcretizationTypeError", "The problem arose with the `complex` function"),
    ("jit(lambda x: x.item())(1.)", "ConcretizationTypeError", r"This occurred in the item\(\) method of jax.Array"),
    ("jit(lambda x: x.tolist())(a)", "ConcretizationTypeError", ABSTRACT),
    ("jit(lambda x: [1, 2][x])(1)", "TracerIntegerConversionError", r"The __index__\(\) method was called on traced array"),
    ("jit(lambda x: range(x))(1)", "TracerIntegerConversionError", r"The __index__\(\) method was called on traced array"),
    ("jit(lambda x: np.asarray(x))(a)", "TracerArrayConversionError", r"The numpy.ndarray conversion method __array__\(\) was called"),
    ("jit(lambda x: np.sin(x))(a)", "TracerArrayConversionError", r"conversion method __array__\(\) was called on traced array"),
    ("jit(lambda x: x[x > 0])(a)", "NonConcreteBooleanIndexError", r"Array boolean indices must be concrete; got bool\[3\]"),
    ("jit(lambda x, n: x[:n])(a, 2)", "IndexError", "must be static integers|static start/stop"),
    ("jit(lambda x: jnp.nonzero(x))(a)", "ConcretizationTypeError", "The size argument of jnp.nonzero must be statically specified"),
    ("jit(lambda x: jnp.unique(x))(a)", "ConcretizationTypeError", r"The error arose for the first argument of jnp.unique\(\)"),
    ("jit(lambda x: jnp.repeat(a, x))(jnp.array([1, 2, 3]))", "ConcretizationTypeError", "the total number of repeats must be static"),
    ("jit(lambda x: jnp.bincount(x))(jnp.array([1, 2]))", "ConcretizationTypeError", "pass a static `length` argument"),
    ("vmap(lambda a, b: a + b)(a, b=1.0)", "ValueError", "vmap was requested to map its argument along axis 0, which implies"),
    ("a[0, 0]", "IndexError", "Too many indices: array is 1-dimensional, but 2 were indexed"),
    ("a[jnp.array([True, False])]", "IndexError", "boolean index did not match shape of indexed array in index 0"),
    ("jax.random.normal(42)", "TypeError", "JAX encountered invalid PRNG key data"),
    ("jax.random.normal(jax.random.split(jax.random.key(0)))", "ValueError", r"normal accepts a single key, but was given a key array of shape \(2,\)"),
    ("jax.random.key(1.5)", "TypeError", "PRNG key seed must be an integer"),
    ("jax.random.normal(jax.random.key(0), (2, 'a'))", "TypeError", "Shapes must be 1D sequences of concrete values of integer type"),
    ("jax.random.normal(jax.random.key(0), (2,), int)", "ValueError", "dtype argument to `normal` must be a float"),
    ("jax.random.randint(jax.random.key(0), (2,), 0, 1, jnp.float32)", "TypeError", "randint only accepts integer dtypes, got float32"),
    ("jax.random.choice(jax.random.key(0), 3, (5,), False)", "ValueError", r"Cannot take a larger sample \(size 5\) than population \(size 3\)"),
    ("jax.random.choice(jax.random.key(0), 3, (5,), True, jnp.ones(2))", "ValueError", "p must be None or a 1D vector with the same size as"),
    ("jnp.convolve(a, a, mode='other')", "ValueError", r"mode must be one of \['full', 'same', 'valid'\]"),
    ("jnp.correlate(m, m)", "ValueError", r"correlate\(\) only support 1-dimensional inputs"),
    ("jnp.vectorize(lambda a, b: a @ b, signature='(n,m),(m)->(n)')(m, jnp.arange(2.0))", "ValueError", "inconsistent size for core dimension 'm': 2 vs 3 on vectorized"),
    ("lax.cond(b, lambda x: x, lambda x: x, 1.0)", "TypeError", "Pred must be a scalar, got .* of shape"),
    ("jit(lambda x: x, static_argnums=0)(a)", "ValueError", "Non-hashable static arguments are not supported"),
    ("jit(lambda n: jnp.zeros(n))(3)", "TypeError", "Shapes must be 1D sequences of concrete values of integer type"),
    ("jit(lambda n: jnp.arange(n))(3)", "ConcretizationTypeError", ABSTRACT),
    ("kept(lambda f: jit(f)(1.))", "UnexpectedTracerError", "Encountered an unexpected tracer"),
    ("kept(lambda f: vmap(f)(a))", "UnexpectedTracerError", "Encountered an unexpected tracer"),
    # jit
    ("jit(3)", "TypeError", "Expected a callable value, got 3"),
    ("vmap(3)", "TypeError", "Expected a callable value, got 3"),
    ("jit(lambda x: x, static_argnums=1)", "ValueError", r"static_argnums=\(1,\), but only accepts 1 positional"),
    ("jit(lambda x: x, static_argnames='z')", "ValueError", "invalid argnames {'z'} in static_argnames"),
    ("jit(lambda x, y: x, static_argnums=1)(1., [1])", "ValueError", "Non-hashable static arguments are not supported"),
    ("jit(lambda x: x)({'a': [1, 'foo']})", "TypeError", r"(?s)Error interpreting argument to .* as an abstract array.*<class 'str'>.*path x\['a'\]\[1\]"),
    ("jit(lambda x: object())(1)", "TypeError", "value of type <class 'object'>.*, which is not a valid JAX type"),
    ("jit(lambda x: x, static_argnums=0, donate_argnums=0)", "ValueError", "static_arg.* and donate_arg.* cannot intersect"),
    # derivatives
    ("grad(lambda x: x)(a)", "TypeError", r"Gradient only defined for scalar-output functions. Output had shape: \(3,\)."),
    ("grad(lambda x: (x, x))(1.)", "TypeError", "Gradient only defined for scalar-output functions. Output was"),
    ("grad(lambda x: x * 1j)(1.)", "TypeError", "grad requires real-valued outputs .*but got complex.* For holomorphic"),
    ("grad(lambda x: (2 * x).astype(int))(1.)", "TypeError", "grad requires real-valued outputs .*with integer outputs, use jax.vjp"),
    ("grad(lambda x: x)(3)", "TypeError", "grad requires real- or complex-valued inputs .*but got int"),
    ("grad(lambda x: x, argnums=1)(1.)", "TypeError", "argnums=1 requires at least 2 positional arguments to be passed by the caller, but got only 1"),
    ("grad(lambda x: x, holomorphic=True)(1.)", "TypeError", "grad with holomorphic=True requires inputs with complex dtype"),
    ("grad(lambda x: jnp.real(x), holomorphic=True)(1j)", "TypeError", "holomorphic=True requires outputs with complex dtype"),
    ("grad(lambda x: x, has_aux=True)(1.)", "TypeError", "expected function with aux output to return a two-element tuple"),
    ("jax.jacfwd(lambda x: x * 2)(1j)", "TypeError", "jacfwd requires real-valued inputs .* use jax.jvp directly"),
    ("jvp(lambda x: x, (1.,), (1., 2.))", "TypeError", "must have the same tree structure"),
    ("jvp(lambda x: x, 1., 1.)", "TypeError", "primal and tangent arguments to jax.jvp must be tuples or lists"),
    ("jvp(lambda x: x, (a,), (jnp.ones(2),))", "ValueError", "jvp called with different primal and tangent shapes"),
    ("jvp(lambda x: x, (a,), (a.astype('int8'),))", "TypeError", "dtypes must be equal"),
    ("vjp(lambda x: x, 1.)[1](1., 2.)", "TypeError", "applied to <lambda> was called with 2 arguments"),
    ("vjp(lambda x: (x, x), 1.)[1]([1., 2.])", "ValueError", "(?s)unexpected tree structure.*must match the pytree"),
    ("vjp(lambda x: x, a)[1](jnp.ones(2))", "ValueError", "unexpected JAX type .*for argument to VJP function"),
    ("jax.linear_transpose(jnp.sin, 1.)(1.)", "Exception", "Transpose rule .*for 'sin' not implemented"),
    ("grad(lambda x: jax.pure_callback(np.sin, x, x))(1.)", "ValueError", "Pure callbacks do not support JVP"),
    ("vjp(lambda x: {'k': x}, a)[1]({'k': a + 1j})", "ValueError", r"argument to VJP function: got complex128\[3\], but expected float64\[3\]"),
    ("vjp(lambda x: x.astype(int), a)[1](np.zeros(2, jax.dtypes.float0))", "ValueError", r"got float0\[2\], but expected float0\[3\]"),
    ("jax.linearize(jnp.sin, a)[1](jnp.ones(2))", "ValueError", r"(?s)tangent values inconsistent.*float64\[2\] for primal aval float64\[3\]"),
    ("jax.linearize(lambda x: x * 1., jnp.array([1, 2]))[1](np.zeros(3, jax.dtypes.float0))", "ValueError", "tangent values inconsistent"),
    ("jax.linear_transpose(lambda x: 2 * x, a)(jnp.ones(2))", "TypeError", r"cotangent type does not match function output, expected \(ShapedArray\(float64\[3\]\),\)"),
    ("jax.linear_transpose(lambda x: 2 * x, jnp.array([3]))(jnp.array([1, 2]))", "TypeError", "cotangent type does not match function output"),
    ("jax.linear_transpose(lambda x: (x, x), a)(a)", "TypeError", "cotangent tree does not match function output"),
    ("grad(lambda x: x)('a')", "TypeError", "Argument 'a' of type <class 'str'> is not a valid JAX type"),
    # vmap
    ("vmap(lambda x, y: x)(a, jnp.ones(2))", "ValueError", "(?s)vmap got inconsistent sizes for array axes to be mapped:.*size 3: axis 0 of argument x.*size 2: axis 0 of argument y"),
    ("vmap(lambda x, y: x)(a, y=jnp.ones(2))", "ValueError", "(?s)vmap got inconsistent sizes for array axes to be mapped:.*3.*2"),
    ("vmap(lambda x: x, out_axes=2)(a)", "ValueError", "axis 2 is out of bounds for array of dimension 1"),
    ("vmap(lambda x: x, axis_size=4)(a)", "ValueError", "(?s)inconsistent sizes.*the `axis_size` argument was 4"),
    ("vmap(lambda x: x, in_axes=1)(a)", "ValueError", r"map its argument along axis 1, which implies that its rank should be at least 2, but is only 1 \(its shape is \(3,\)\)"),
    ("vmap(lambda x: x, in_axes=(0, 0))(a)", "ValueError", r"got len\(in_axes\)=2, len\(args\)=1"),
    ("vmap(lambda x: x, in_axes='a')(a)", "TypeError", "vmap in_axes must be an int, None, or a tuple of entries"),
    ("vmap(lambda d: d['a'], in_axes=({'b': 0},))({'a': a})", "ValueError", "vmap in_axes specification must be a tree prefix of the corresponding value"),
    ("vmap(lambda x: x, in_axes=None)(a)", "ValueError", "at least one non-None value in in_axes"),
    ("vmap(lambda x: x, out_axes=None)(a)", "ValueError", "at vmap out_axes, got axis spec None but output was batched on axis 0"),
    ("vmap(lambda x: (x, x), out_axes=(0,))(a)", "ValueError", "vmap out_axes specification must be a tree prefix"),
    # rules
    ("custom(lambda p, t: p[0], 1.)", "TypeError", r"must produce a pair \(list or tuple of length two\) representing primal and tangent"),
    ("custom(lambda p, t: (p[0], jnp.ones(3)), 1.)", "TypeError", "must produce primal and tangent outputs with corresponding shapes and dtypes"),
    ("custom(lambda p, t: (p[0], (t[0],)), 1.)", "TypeError", r"primal and tangent outputs with equal container \(pytree\) structures"),
    ("backward(lambda x: (x, x), lambda r, g: g, 1.)", "TypeError", r"Custom VJP bwd rule must produce an output with the same container \(pytree\) structure"),
    ("backward(lambda x: (x, x), lambda r, g: (g, g), 1.)", "TypeError", "tuple of length equal to the number of arguments to the primal function"),
    ("backward(lambda x: (x, x), lambda r, g: (jnp.ones(3),), 1.)", "ValueError", "so the shapes do not match"),
    ("backward(lambda x: x, lambda r, g: (g,), 1.)", "TypeError", "Custom VJP fwd rule .*must produce a pair"),
    ("custom(lambda p, t: ((p[0], 1.), t[0]), 1.)", "TypeError", "Custom JVP rule .*for function <lambda> must produce"),
    ("backward(lambda x: ((x, x), x), lambda r, g: (g,), 1.)", "TypeError", "Custom VJP fwd rule .*but it has|Gradient only defined for scalar-output"),
    # loops and branches
    ("lax.while_loop(lambda c: (c < 5, True), lambda c: c + 1, 0)", "TypeError", "cond_fun must return a boolean scalar, but got pytree"),
    ("lax.while_loop(lambda c: c, lambda c: c - 1, 3)", "TypeError", r"cond_fun must return a boolean scalar, but got output type\(s\)"),
    ("lax.while_loop(lambda c: c < 5, lambda c: (c, c), 0)", "TypeError", "while_loop body function carry input and carry output must have the same pytree structure, but they differ"),
    ("lax.while_loop(lambda c: c < 5, lambda c: c + 1., jnp.int32(0))", "TypeError", r"(?s)must have equal types, but they differ.*type int32\[\] but the corresponding output carry component has type float.*so the dtypes do not match"),
    ("lax.scan(lambda c, x: (jnp.ones(4), x), a, a)", "TypeError", "(?s)scan body function carry input and carry output must have equal types.*so the shapes do not match"),
    ("lax.scan(lambda c, x: c, 0., a)", "TypeError", "scan body output must be a pair, got"),
    ("lax.scan(lambda c, x: (c, x), 0., a, length=4)", "ValueError", r"scan got `length` argument of 4 which disagrees with leading axis sizes \[3\]"),
    ("lax.scan(lambda c, x: (c, x), 0., (a, jnp.ones(4)))", "ValueError", "scan got values with different leading axis sizes: 3, 4"),
    ("lax.scan(lambda c, x: (c, x), 0., 3.)", "ValueError", "scan got value with no leading axis to scan over"),
    ("lax.scan(lambda c, _: (c, c), 0, None)", "ValueError", "scan got no values to scan over and `length` not provided"),
    ("lax.scan(lambda c, x: (c, x), 0., a, unroll=-1)", "ValueError", "`unroll` must be a `bool` or a non-negative `int`"),
    ("lax.while_loop(1, lambda c: c, 0)", "TypeError", "body_fun and cond_fun arguments should be callable"),
    ("lax.fori_loop(0, 3, 1, 0)", "TypeError", "lax.fori_loop: body_fun argument should be callable"),
    ("jit(lambda n: lax.fori_loop(0, n, lambda i, c: c + i, 0, unroll=2))(5)", "ValueError", "if the loop bounds are statically known"),
    ("lax.cond(None, lambda x: x, lambda x: x, 1.)", "TypeError", "cond predicate is None"),
    ("lax.switch(1., [jnp.sin, jnp.cos], 3.)", "TypeError", "Index type must be an integer, got 1.0 as float"),
    ("lax.switch(jnp.array([0, 1]), [jnp.sin, jnp.cos], 3.)", "TypeError", "Branch index must be scalar, got"),
    ("lax.custom_root(lambda x: x, 1., lambda f, x0: (x0, x0), lambda g, y: y)", "TypeError", r"solve\(\) output pytree structure must match initial_guess"),
    ("lax.cond(a > 0, lambda x: x, lambda x: x, 1.)", "TypeError", "Pred must be a scalar, got"),
    ("lax.cond(True, lambda x: jnp.ones(2), lambda x: jnp.ones(3), 1.)", "TypeError", "cond branches must have equal output types but they differ"),
    ("lax.cond(True, lambda x: (x, x), lambda x: x, 1.)", "TypeError", "cond branch outputs must have the same pytree structure"),
    ("lax.associative_scan(lambda x, y: (x[0] + y[0], x[1] + y[1]), (a, jnp.ones(4)))", "ValueError", r"must have the same first dimension. \(saw: \[\(3,\), \(4,\)\]\)"),
    ("grad(lambda c: lax.custom_linear_solve(lambda v: 2 * v, c, lambda mv, c: c / 2).sum())(a)", "TypeError", "transpose_solve required for backwards mode"),
    ("lax.custom_linear_solve(lambda v: v, a, lambda mv, c: (c, c))", "ValueError", r"solve\(\) output shapes must match b"),
    # trees
    ("jax.tree.map(lambda x, y: x, [1, 2], [1, 2, 3])", "ValueError", "pytree structure error: different lengths of list at key path"),
    ("jax.tree.map(lambda x, y: x, {'a': 1}, {'b': 2})", "ValueError", "pytree structure error: different pytree metadata at key path"),
    ("jax.tree_util.tree_broadcast([1, 2], [1, 2, 3])", "ValueError", "pytree structure error: different lengths of list"),
    ("jax.tree.unflatten(jax.tree.structure([1, 2]), [1])", "ValueError", "Too few leaves for PyTreeDef; expected 2, got 1"),
    ("jax.tree.unflatten(jax.tree.structure([1, 2]), [1, 2, 3])", "ValueError", "Too many leaves for PyTreeDef; expected 2"),
    # arrays
    ("jnp.sum(a, axis=3)", "ValueError", "axis 3 is out of bounds for array of dimension 1"),
    ("jnp.expand_dims(a, 4)", "ValueError", "axis 4 is out of bounds for array of dimension 2"),
    ("m @ m", "TypeError", r"dot_general requires contracting dimensions to have the same shape, got \(3,\) and \(2,\)"),
    ("jnp.matmul(1.0, a)", "ValueError", "matmul input operand . must have ndim at least 1"),
    ("a & 1", "TypeError", "and does not accept dtype float.* at position 0. Accepted dtypes at position 0 are subtypes of integer, bool"),
    ("~a", "TypeError", "not does not accept dtype float.*. Accepted dtypes are subtypes of integer, bool"),
    ("-b", "TypeError", "neg does not accept dtype bool. Accepted dtypes are subtypes of"),
    ("b - b", "TypeError", "sub does not accept dtype bool at position 0"),
    ("jnp.split(a, 2)", "ValueError", "array split does not result in an equal division: rest is 1"),
    ("jnp.reshape(a, (2, 2))", "TypeError", r"cannot reshape array of .*\(size 3\) into shape \(2, ?2\)"),
    ("jnp.transpose(m, (0, 0))", "Exception", "transpose permutation isn't a permutation of operand dimensions"),
    ("jnp.broadcast_to(a, (2, 2))", "ValueError", "Incompatible types for broadcasting|Incompatible shapes for broadcasting"),
    ("jnp.max(jnp.zeros(0))", "ValueError", "zero-size array to reduction operation max which has no identity"),
    ("jnp.array('text')", "TypeError", "not a valid JAX"),
    ("watched(lambda: jnp.sqrt(-1. - a))", "FloatingPointError", r"invalid value \(nan\) encountered in sqrt"),
    ("watched(lambda: jnp.log(a))", "FloatingPointError", r"invalid value \(inf\) encountered in log"),
    ("watched(lambda: jnp.ones(3) / 0)", "FloatingPointError", r"invalid value \(inf\) encountered in div"),
    ("jnp.sort(jnp.array(3.))", "ValueError", "axis -1 is out of bounds for array of dimension 0"),
    ("jnp.dot(m, m)", "TypeError", r"contracting dimensions to have the same shape, got \(3,\) and \(2,\)"),
    ("jit(jnp.dot)(m, m)", "TypeError", r"contracting dimensions to have the same shape, got \(3,\) and \(2,\)"),
    ("jit(jnp.matmul)(m, m)", "TypeError", r"contracting dimensions to have the same shape, got \(3,\) and \(2,\)"),
    ("jnp.tensordot(m, m, axes=1)", "TypeError", r"contracting dimensions to have the same shape, got \(3,\) and \(2,\)"),
    ("jnp.inner(a, jnp.ones(2))", "TypeError", r"contracting dimensions to have the same shape, got \(3,\) and \(2,\)"),
    ("jnp.tensordot(a, a, axes=3)", "TypeError", r"Number of tensordot axes \(axes 3\) exceeds input ranks"),
    ("a + jnp.ones(4)", "TypeError", r"add got incompatible shapes for broadcasting: \(3,\), \(4,\)\."),
    ("jnp.add(a, jnp.ones(4))", "TypeError", r"add got incompatible shapes for broadcasting: \(3,\), \(4,\)\."),
    ("jit(jnp.multiply)(m, jnp.ones((4, 5)))", "TypeError", r"mul got incompatible shapes for broadcasting: \(2, 3\), \(4, 5\)\."),
    ("jnp.multiply(m, jnp.ones((4, 5)))", "TypeError", r"mul got incompatible shapes for broadcasting: \(2, 3\), \(4, 5\)\."),
    ("a ** jnp.ones(2)", "TypeError", r"pow got incompatible shapes for broadcasting: \(3,\), \(2,\)\."),
    ("a % jnp.ones(2)", "TypeError", r"rem got incompatible shapes for broadcasting: \(3,\), \(2,\)\."),
    ("jnp.where(a > 0, a, jnp.ones(2))", "ValueError", r"Incompatible shapes for broadcasting: shapes=\[\(3,\), \(3,\), \(2,\)\]"),
    ("jit(jnp.where)(a > 0, a, jnp.ones(2))", "ValueError", r"Incompatible shapes for broadcasting: shapes=\[\(3,\), \(3,\), \(2,\)\]"),
    ("jnp.broadcast_arrays(a, jnp.ones(2))", "ValueError", r"Incompatible shapes for broadcasting: shapes=\[\(3,\), \(2,\)\]"),
    ("jnp.matrix_transpose(a)", "ValueError", "x must be at least two-dimensional for matrix_transpose; got ndim=1"),
    ("jnp.nonzero(1.)", "ValueError", "Calling nonzero on 0d arrays is not allowed"),
    ("jnp.diag(jnp.ones((2, 2, 2)))", "ValueError", "diag input must be 1d or 2d"),
    ("jnp.diag(1.)", "ValueError", "diag input must be 1d or 2d"),
    ("jnp.diagonal(a)", "ValueError", "diagonal requires an array of at least two dimensions"),
    ("jnp.reshape(a, (-1, -1))", "TypeError", "can only specify one unknown axis size with a `-1` value"),
    ("jnp.zeros(1.5)", "TypeError", "Shapes must be 1D sequences of concrete values of integer type, got"),
    ("jnp.moveaxis(m, (0, 1), (0,))", "ValueError", "Inconsistent number of elements"),
    ("jnp.concatenate([a, m])", "TypeError", "Cannot concatenate arrays with different numbers of dimensions"),
    ("jnp.stack([a, m])", "ValueError", "Cannot stack arrays with different numbers of dimensions"),
    ("jnp.concatenate([m, jnp.ones((2, 2))], axis=0)", "TypeError", "shapes that differ in dimensions other than the one being concatenated"),
    ("jnp.concatenate([1., 2.])", "ValueError", "Zero-dimensional arrays cannot be concatenated"),
    ("jnp.repeat(a, -1)", "TypeError", "broadcast_in_dim shape must have every element be nonnegative"),
    ("jnp.quantile(a, 0.5, method='other')", "ValueError", "method can only be 'linear', 'lower', 'higher', 'midpoint', 'nearest' or 'inverted_cdf'"),
    ("jnp.quantile(a, 0.5, method='linear', weights=a)", "Exception", "linear doesn't support weights. Only method 'inverted_cdf' supports weights"),
    ("jnp.median(a * 1j)", "ValueError", "quantile does not support complex input, as the operation is poorly defined"),
    ("jnp.nanargmin(a * 1j)", "TypeError", "lt does not accept dtype complex128 at position 0. Accepted dtypes at position 0 are subtypes of integer, floating, bool"),
    ("jax.random.key(0) + 1", "TypeError", r"^add does not accept dtypes key<fry>, int64"),
    ("jax.random.key(0) / 2", "TypeError", r"^true_divide does not accept dtypes key<fry>, int64"),
    ("jnp.maximum(jax.random.key(0), 2.0)", "TypeError", r"^maximum does not accept dtypes key<fry>, float64"),
    ("jax.numpy_rank_promotion('raise')(lambda: jnp.ones((2, 3)) * jnp.ones(3))()", "ValueError", "^Operands could not be broadcast together for multiply on shapes"),
    ("jax.numpy_rank_promotion('raise')(lambda: jnp.add(jnp.ones((2, 3)), jnp.ones(3)))()", "ValueError", "^Operands could not be broadcast together for add on shapes"),
    ("(a * 1j).argmax()", "TypeError", "gt does not accept dtype complex128 at position 0"),
]  # fmt: skip


def _classes(jax, name):
    return getattr(jax.errors, name, None) or {"IndexError": IndexError, "TypeError": TypeError, "ValueError": ValueError}.get(
        name, Exception
    )  # fmt: skip


@pytest.fixture(scope="module")
def names():
    with jax_names.as_jax(), config.override(enable_x64=True):
        out = {}
        exec(SETUP, out)
        yield out


@pytest.mark.parametrize("code, kind, phrase", CASES, ids=[c[0] for c in CASES])
def test_errors_have_jax_classes_and_words(names, code, kind, phrase):
    with jax_names.as_jax(), config.override(enable_x64=True), pytest.raises(_classes(names["jax"], kind)) as caught:
        eval(code, names)
    assert re.search(phrase, str(caught.value)), str(caught.value)


class _Noting:
    """A pattern that notes which messages it was found in."""

    def __init__(self, pattern):
        self.pattern, self.found = pattern, 0

    def match(self, text):
        out = self.pattern.match(text)
        self.found += out is not None
        return out


def test_each_saying_is_met(names, monkeypatch):
    """A pattern that no case meets is one whose message has changed, or has gone."""
    patterns = [(_Noting(pattern), sentence) for pattern, sentence in wording._patterns()]
    monkeypatch.setattr(wording, "_patterns", lambda: patterns)
    with jax_names.as_jax(), config.override(enable_x64=True):
        for code, _, _ in CASES:
            with pytest.raises(Exception):  # noqa: B017, PT011 (`test_errors_have_jax_classes_and_words` says which)
                eval(code, names)
    assert [p.pattern.pattern for p, _ in patterns if not p.found] == []


@pytest.mark.peers
@pytest.mark.parametrize("code, kind, phrase", CASES, ids=[c[0] for c in CASES])
def test_jax_says_so(code, kind, phrase):
    jax = pytest.importorskip("jax")
    if not hasattr(jax, "jaxlib"):
        pytest.skip("jax is this library's alias here")
    out = {}
    exec(SETUP, out)
    with pytest.raises(_classes(jax, kind)) as caught:
        eval(code, out)
    assert re.search(phrase, str(caught.value)), str(caught.value)


def test_errors_of_jax_are_those_of_the_library(names):
    import wengert

    errors = names["jax"].errors
    assert issubclass(errors.TracerBoolConversionError, wengert.errors.ConcretizationError)
    assert issubclass(errors.TracerBoolConversionError, errors.ConcretizationTypeError)
    assert issubclass(errors.TracerArrayConversionError, errors.JAXTypeError)
    assert issubclass(errors.NonConcreteBooleanIndexError, IndexError)
    assert issubclass(errors.UnexpectedTracerError, wengert.errors.LeakedTracerError)


def test_the_library_follows_values_of_functions_of_jax(names):
    """`wengert.jit` follows Python's branches whatever the function calls; `jax.jit` never does."""
    import wengert

    jax, jnp = names["jax"], names["jnp"]

    def f(x):
        return jnp.log1p(x) if x > 0 else -x

    assert float(wengert.jit(f)(1.0)) == pytest.approx(float(jnp.log1p(1.0))) and float(wengert.jit(f)(-2.0)) == 2.0
    with pytest.raises(jax.errors.TracerBoolConversionError):
        jax.jit(f)(1.0)
