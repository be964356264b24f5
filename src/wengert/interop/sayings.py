"""What JAX says where the library refuses: patterns of the library's messages, and JAX's sentences.

In the places of a sentence stand the groups of its pattern, and what `wording` derives of them.
"""

from __future__ import annotations

_GRAD = r"(?P<t>grad|value_and_grad|hessian|jacrev|jacfwd|jacobian)"
_F = r"(?P<f>\S+)"


SAYINGS = (
    # derivatives
    (
        rf"{_GRAD} needs a function that returns one real number, {_F} returned an array of shape (?P<shape>\(.*?\))",
        "Gradient only defined for scalar-output functions. Output had shape: {shape}.",
    ),
    (
        rf"{_GRAD} needs a function that returns one real number, {_F} returned (?P<what>[^;\n]*)",
        "Gradient only defined for scalar-output functions. Output was {what}.",
    ),
    (
        rf"{_GRAD} needs (a )?real results?, {_F} returned (?P<d>\w+)",
        "{t} requires real-valued outputs (output dtype that is a sub-dtype of np.floating), but got {d}. For holomorphic "
        "differentiation, pass holomorphic=True. For differentiation of non-holomorphic functions involving complex "
        "outputs, use jax.vjp directly.",
    ),
    (
        rf"{_GRAD} needs (a )?floating point results?, {_F} returned (?P<d>\w+)",
        "{t} requires real-valued outputs (output dtype that is a sub-dtype of np.floating), but got {d}. For "
        "differentiation of functions with integer outputs, use jax.vjp directly.",
    ),
    (
        rf"{_GRAD} with holomorphic=True needs complex inputs, .* has dtype (?P<d>\w+)",
        "{t} with holomorphic=True requires inputs with complex dtype, but got {d}.",
    ),
    (
        rf"{_GRAD} with holomorphic=True needs a complex result, {_F} returned (?P<d>\w+)",
        "{t} with holomorphic=True requires outputs with complex dtype, but got {d}.",
    ),
    (
        r"jacfwd of \S+ was given complex inputs",
        "jacfwd requires real-valued inputs (input dtype that is a sub-dtype of np.floating), but got complex128. For "
        "holomorphic differentiation, pass holomorphic=True. For differentiation of non-holomorphic functions involving "
        "complex inputs or integer inputs, use jax.jvp directly.",
    ),
    (
        rf"{_GRAD} of {_F} with argnums=(?P<n>.*?) was called with (?P<given>\d+) positional arguments?",
        "differentiating with respect to argnums={n} requires at least {needed} positional arguments to be passed by the "
        "caller, but got only {given} positional arguments.",
    ),
    (
        r"with has_aux=True, \S+ must return a pair \(output, extra results\), got (?P<what>.*)",
        "expected function with aux output to return a two-element tuple, but got type {what}",
    ),
    (
        r"jvp: (?P<n>\d+) primals but (?P<m>\d+) tangents|jvp: tangent \S+ has (?P<got>.*?), where (?P<want>.*?) was expected",
        "primal and tangent arguments to jax.jvp must have the same tree structure; the tangents differ from the primals.",
    ),
    (
        r"jvp: the tangent of primal \S+ has shape (?P<t>\(.*?\)), its primal has shape (?P<p>\(.*?\))",
        "jvp called with different primal and tangent shapes;Got primal shape {p} and tangent shape as {t}",
    ),
    (
        r"the pullback of (?P<f>\S+) takes one cotangent, shaped as the result of the function, got (?P<n>\d+)",
        "\nThe function returned by `jax.vjp` applied to {f} was called with {n} arguments,\nbut functions returned by "
        "`jax.vjp` must be called with a single argument\ncorresponding to the single value returned by the function "
        "being differentiated\n(even if that returned value is a tuple or other container).",
    ),
    (
        r"vjp: the cotangent has (?P<got>a \S+|None)( .*?)?, where (?P<want>.*?) was expected",
        "unexpected tree structure.\n\nThe argument to a VJP function returned by `jax.vjp` must match the pytree\n"
        "structure of the differentiated function.\n\nBut the tree structures differ:",
    ),
    (r"linear_transpose: the cotangent has", "cotangent tree does not match function output, expected its structure."),
    (
        r"(?P<op>\w+) is not linear, so it cannot be applied to a tangent",
        "Transpose rule (for reverse-mode differentiation) for '{op}' not implemented",
    ),
    # maps over axes
    (
        r"vmap of \S+: in_axes=(?P<axes>.*?) has (?P<n>\d+) entr(y|ies) for (?P<m>\d+) positional arguments?",
        "vmap in_axes must be an int, None, or a tuple of entries corresponding to the positional arguments passed to the "
        "function, but got len(in_axes)={n}, len(args)={m}",
    ),
    (
        r"vmap: in_axes must be an integer, None, or a tuple with an entry per argument, got (?P<axes>[^\n]*)",
        "vmap in_axes must be an int, None, or a tuple of entries corresponding to the positional arguments passed to the "
        "function, but got {axes}.",
    ),
    (
        r"vmap: (?P<what>in_axes|out_axes) has",
        "vmap {what} specification must be a tree prefix of the corresponding value",
    ),
    (
        r"vmap of \S+ has nothing to map over",
        "vmap must have at least one non-None value in in_axes or axis_size must be specified",
    ),
    (
        r"vmap of \S+: the mapped axes differ in length: (?P<n>\d+) \(argument \d+ \((?P<a>\w+)\)( at (?P<ap>\S+))?, axis "
        r"(?P<i>-?\d+)\) and (?P<m>\d+) \(argument \d+ \((?P<b>\w+)\)( at (?P<bp>\S+))?, axis (?P<j>-?\d+)\)",
        "vmap got inconsistent sizes for array axes to be mapped:\n  * one axis had size {n}: axis {i} of argument {a}{ap};\n"
        "  * one axis had size {m}: axis {j} of argument {b}{bp}",
    ),
    (
        r"vmap of \S+: the mapped axes differ in length: (?P<n>\d+) \(axis_size\) and (?P<m>\d+) \((?P<b>.*?)\)",
        "vmap got inconsistent sizes for array axes to be mapped:\n  * the `axis_size` argument was {n};\n  * one axis had "
        "size {m}: {b}",
    ),
    (
        r"vmap of \S+: the mapped axes differ in length: (?P<rest>.*)",
        "vmap got inconsistent sizes for array axes to be mapped:\n  * {rest}",
    ),
    (
        r"vmap of \S+: a keyword argument has shape (?P<shape>\(.*?\)), which has no axis (?P<axis>-?\d+)",
        "vmap was requested to map its argument along axis {axis}, which implies that its rank should be at least {rank}, "
        "but is only {ndim} (its shape is {shape})",
    ),
    (
        r"vmap of \S+: argument .*? has shape (?P<shape>\(.*?\)), which has no axis (?P<axis>-?\d+)",
        "vmap was requested to map its argument along axis {axis}, which implies that its rank should be at least {rank}, "
        "but is only {ndim} (its shape is {shape})",
    ),
    (
        r"vmap of \S+: out_axes=(?P<a>-?\d+) is out of range for a result of shape (?P<s>\(.*?\))",
        "axis {a} is out of bounds for array of dimension {ndim_below_batch}",
    ),
    (
        r"vmap of \S+: out_axes is None for a result that differs between examples",
        "at vmap out_axes, got axis spec None but output was batched on axis 0",
    ),
    # jit
    (
        r"jit of \S+: (?P<what>\w+) has (?P<n>-?\d+), but it takes (?P<m>\d+) positional arguments",
        "Jitted function has {what}=({n},), but only accepts {m} positional arguments.",
    ),
    (
        r"jit of \S+: (?P<what>\w+) has '(?P<n>\w+)', which is no argument of it",
        "Jitted function has invalid argnames {{'{n}'}} in {what}. Function does not take these args.",
    ),
    (
        r"jit of \S+: an argument is static or donated, not both",
        "static_argnums and donate_argnums cannot intersect.",
    ),
    (
        r"jit of \S+: argument .*? is static and must be hashable, .*?, got (?P<x>.*?) of type (?P<t>\w+): ",
        "Non-hashable static arguments are not supported. An error occurred while trying to hash an object of type <class "
        "'{t}'>, {x}. The error was:\nTypeError: unhashable type: '{t}'",
    ),
    (
        r"(jit|make_program|make_jaxpr)( of \S+)?: argument \d+ \((?P<path>\w+)\)(?P<rest>\S*): expected (an array or a "
        r"number|numbers), got (.* of type (?P<t>\w+))?",
        "Error interpreting argument to a function as an abstract array. The problematic value is of type <class '{t}'> and "
        "was passed to the function at path {path}{rest}.\nThis typically means that a jit-wrapped function was called with "
        "a non-array argument, and this argument was not marked as static using the static_argnums or static_argnames "
        "parameters of jax.jit.",
    ),
    (
        r"(?P<f>\S+) returned (?P<x>.*) of type (?P<t>\w+); a transformed function must return",
        "function {f} traced for jit returned a value of type <class '{t}'>, which is not a valid JAX type",
    ),
    (
        r".*expected an array or a number, got (?P<x>.*) of type (?P<t>\w+)",
        "Argument {x} of type <class '{t}'> is not a valid JAX type",
    ),
    # rules of the user's
    (
        r"the jvp rule of (?P<f>\S+) must return a pair \(primal_out, tangent_out\), it returned (?P<x>[^\n]*)",
        "Custom JVP rule for function {f} must produce a pair (list or tuple of length two) representing primal and tangent "
        "outputs, but got {x}.",
    ),
    (
        r"the jvp rule of \S+: tangent_out has (?P<kind>shape|dtype) (?P<got>.*?), expected (?P<want>.*?), the",
        "Custom JVP rule must produce primal and tangent outputs with corresponding shapes and dtypes. Expected {want} but "
        "got {got}.",
    ),
    (
        r"the jvp rule of (?P<f>\S+): tangent_out has (?P<got>.*?), where (?P<want>.*?) was expected",
        "Custom JVP rule for function {f} must produce primal and tangent outputs with equal container (pytree) structures, "
        "but got {want} and {got} respectively.",
    ),
    (
        r"the jvp rule of (?P<f>\S+): primal_out has (?P<got>.*?), (where|expected)",
        "Custom JVP rule for function {f} must produce a pair (list or tuple of length two) where the first element "
        "represents the primal output (equal in value to the output of the custom_jvp-decorated function {f}, and in "
        "particular of the same container/pytree structure), but got {got}",
    ),
    (
        r"the backward function of \S+ must return a tuple|the backward function of \S+: cotangent \S+ has (?P<got>.*?), where",
        "Custom VJP bwd rule must produce an output with the same container (pytree) structure as the args tuple of the "
        "primal function, and in particular must produce a tuple of length equal to the number of arguments to the primal "
        "function, but got bwd output structure that differs.",
    ),
    (
        r"the backward function of \S+: cotangent (?P<i>\S+) has shape (?P<got>\(.*?\)), expected (?P<want>\(.*?\))",
        "Custom VJP bwd rule must produce an output with the same type as the args tuple of the primal function, but at "
        "output[{i}] the bwd rule produced an output of shape {got} corresponding to an input of shape {want}, so the shapes "
        "do not match",
    ),
    (
        r"the forward function of (?P<f>\S+) must return a pair",
        "Custom VJP fwd rule for function {f} must produce a pair (list or tuple of length two) where the first element "
        "represents the primal output (equal to those of the custom_vjp-decorated function {f}) and the second element "
        "represents residuals (i.e. values stored from the forward pass for use on the backward pass).",
    ),
    (
        r"the forward function of (?P<f>\S+): output has (?P<got>.*?), (where|expected)",
        "Custom VJP fwd rule for function {f} must produce a pair (list or tuple of length two) where the first element "
        "represents the primal output (equal to the output of the custom_vjp-decorated function {f}), but it has {got}.",
    ),
    # keys of random numbers
    (
        r"expected a key, got (?P<d>\w+) of shape (?P<s>\(.*?\))",
        "JAX encountered invalid PRNG key data: expected key_data to have uint32 words, got dtype={d} and shape={s}",
    ),
    (
        r"expected one key, got an array of keys of shape (?P<s>\(.*?\))",
        "{function} accepts a single key, but was given a key array of shape {s} != (). Use jax.vmap for batching.",
    ),
    (r"random.key takes an integer seed, got (?P<x>.*) of dtype", "PRNG key seed must be an integer; got {x}"),
    (
        r"expected a shape \(a tuple of integers\), got (?P<x>.*)",
        "Shapes must be 1D sequences of concrete values of integer type, got {x}.",
    ),
    (
        r"expected a floating point dtype, got (?P<d>\w+)",
        "dtype argument to `{function}` must be a float dtype, got {d}",
    ),
    (r"random.(?P<f>\w+) gives integers, not (?P<d>\w+)", "{f} only accepts integer dtypes, got {d}"),
    (
        r"(choice|categorical): (?P<n>\d+) \w+ without replacement out of (?P<m>\d+)",
        "Cannot take a larger sample (size {n}) than population (size {m}) when 'replace=False'",
    ),
    (
        r"choice: p has shape",
        "p must be None or a 1D vector with the same size as a.shape[axis].",
    ),
    # callbacks
    (
        r"host_call has no derivative",
        "Pure callbacks do not support JVP. Please use `jax.custom_jvp` to use callbacks while taking gradients.",
    ),
    # loops and branches
    (
        r"while_loop: the condition .*? must give one boolean, got a tree of values",
        "cond_fun must return a boolean scalar, but got pytree.",
    ),
    (
        r"while_loop: the condition .*? must give one boolean, got (?P<t>\S+)",
        "cond_fun must return a boolean scalar, but got output type(s) [ShapedArray({t})].",
    ),
    (
        r"(?P<w>while_loop|fori_loop|scan): what .*? gives for the next step has (?P<got>.*?), where (?P<want>.*?) was expected",
        "{w} body function carry input and carry output must have the same pytree structure, but they differ:\n\nThe input "
        "carry is {want} but the corresponding component of the carry output is {got}",
    ),
    (
        r"(?P<w>while_loop|fori_loop|scan): the types of what is carried must stay the same in .*?: (at (?P<at>\S+) )?it is "
        r"(?P<p>\w+)\[(?P<ps>.*?)\] before and (?P<q>\w+)\[(?P<qs>.*?)\] after",
        "{w} body function carry input and carry output must have equal types, but they differ:\n\nThe input carry "
        "{component} has type {p}[{ps}] but the corresponding output carry component has type {q}[{qs}], so the {differ} do "
        "not match.\n\nRevise the function so that all output types match the corresponding input types.",
    ),
    (
        r"scan: xs has no arrays, so give the number of steps as length",
        "scan got no values to scan over and `length` not provided.",
    ),
    (
        r"scan: the numbers of steps differ: (?P<n>\d+) \((?P<a>.*?)\), (?P<m>\d+) \(length\)",
        "scan got `length` argument of {m} which disagrees with leading axis sizes [{n}].",
    ),
    (
        r"scan: the numbers of steps differ: (?P<n>\d+) \((?P<a>.*?)\), (?P<m>\d+) \((?P<b>.*?)\)",
        "scan got values with different leading axis sizes: {n}, {m}.",
    ),
    (r"(scan|map): (?P<a>\S+) is a single number", "scan got value with no leading axis to scan over: {a}."),
    (
        r"associative_scan: the numbers of steps differ: (?P<n>\d+) \(.*?\), (?P<m>\d+) \(.*?\)",
        "Array inputs to associative_scan must have the same first dimension. (saw: [({n},), ({m},)])",
    ),
    (
        r"reverse mode through custom_linear_solve solves with the transposed matrix",
        "transpose_solve required for backwards mode automatic differentiation of custom_linear_solve",
    ),
    (
        r"custom_linear_solve: (?P<f>\w+) must return the structure of b",
        "{f}() output shapes must match b",
    ),
    # trees
    (
        r"tree_map: tree \d+ has (?P<got>.*?), where the first tree has (?P<want>.*)|the prefix has (?P<p>.*?) at (?P<at>.*?), "
        r"but what stands there is (?P<q>.*)",
        "pytree structure error: different {kind} at key path\n    {at}",
    ),
    (
        r"Too (?P<few>few|many) leaves for PyTreeSpec[;,] expected:? (?P<n>\d+)(?P<got>, got)?:?(?P<m> \d+)?",
        "Too {few} leaves for PyTreeDef; expected {n}{got}{m}",
    ),
    # arrays
    (r"operations do not accept dtypes (?P<dtypes>.*)", "{ufunc} does not accept dtypes {dtypes}"),
    (
        r"Operands could not be broadcast together for an operation on (?P<more>.*)",
        "Operands could not be broadcast together for {ufunc} on {more}",
    ),
    (
        r"(convolve|correlate): mode must be 'full'|mode must be one of 'valid', 'same', or 'full'",
        "mode must be one of ['full', 'same', 'valid']",
    ),
    (
        r"(convolve|correlate) needs two vectors with elements|object too deep for desired array",
        "{function}() only support 1-dimensional inputs.",
    ),
    (
        r"vectorize: core dimension (?P<d>'\w+') has lengths (?P<n>\d+) and (?P<m>\d+)",
        "inconsistent size for core dimension {d}: {m} vs {n} on vectorized function",
    ),
    (
        r"too many indices: (?P<n>\d+) for an array of shape (?P<s>\(.*?\))",
        "Too many indices: array is {ndim_of_s}-dimensional, but {n} were indexed",
    ),
    (
        r"a mask of shape (?P<s>\(.*?\)) does not fit the axes of lengths (?P<l>\(.*?\))",
        "boolean index did not match shape of indexed array in index 0: got {s}, expected {l}",
    ),
    (r"invalid value encountered in (?P<op>.*)", "invalid value (nan) encountered in {op}"),
    (r"divide by zero encountered in (divide|scalar divide)", "invalid value (inf) encountered in div"),
    (r"divide by zero encountered in (?P<op>.*)", "invalid value (inf) encountered in {op}"),
    (
        r"axis (?P<a>-?\d+) is out of range for an array of (?P<n>\d+) dimensions?",
        "axis {a} is out of bounds for array of dimension {n}",
    ),
    (r"a scalar has no axis to sort along", "axis -1 is out of bounds for array of dimension 0"),
    (
        r"(matmul: |dot: |product of )shapes .*: axis \d+ of the first has length (?P<n>\d+), axis \d+ of the second (?P<m>\d+)",
        "dot_general requires contracting dimensions to have the same shape, got ({n},) and ({m},).",
    ),
    (
        r"shapes \(.*?\) and \(.*?\) not aligned: (?P<n>\d+) \(dim \d+\) != (?P<m>\d+) \(dim \d+\)",
        "dot_general requires contracting dimensions to have the same shape, got ({n},) and ({m},).",
    ),
    (
        r"matmul: Input operand 1 has a mismatch in its core dimension 0, .*\(size (?P<m>\d+) is different from (?P<n>\d+)\)",
        "dot_general requires contracting dimensions to have the same shape, got ({n},) and ({m},).",
    ),
    (r"matmul of a scalar: use \* instead", "matmul input operand 1 must have ndim at least 1, but it has ndim 0"),
    (
        r"tensordot over (?P<n>\d+) axes of arrays of (?P<a>\d+) and (?P<b>\d+) dimensions",
        "Number of tensordot axes (axes {n}) exceeds input ranks",
    ),
    (
        r"matrix_transpose needs at least two axes, got shape (?P<s>\(.*?\))",
        "x must be at least two-dimensional for matrix_transpose; got ndim={ndim_of_s}",
    ),
    (
        r"nonzero of a number",
        "Calling nonzero on 0d arrays is not allowed. Use jnp.atleast_1d(scalar).nonzero() instead.",
    ),
    (
        r"nonzero and where with one argument give as many indices",
        "The size argument of jnp.nonzero must be statically specified to use jnp.nonzero within JAX transformations.",
    ),
    (
        r"unique has as many elements as there are different ones",
        "The error arose for the first argument of jnp.unique(). To make jnp.unique() compatible with JIT and other "
        "transforms, you can specify a concrete value for the size argument.",
    ),
    (
        r"repeat: how long the result is",
        "When jit-compiling jnp.repeat, the total number of repeats must be static. To fix this, either specify a static value "
        "for `repeats`, or pass a static value to `total_repeat_length`.",
    ),
    (
        r"bincount: the length of the result",
        "The error occurred because of argument 'x' of jnp.bincount. To avoid this error, pass a static `length` argument.",
    ),
    (r"diag needs a vector or a matrix|Input must be 1- or 2-d", "diag input must be 1d or 2d"),
    (r"diag requires an array of at least two dimensions", "diagonal requires an array of at least two dimensions."),
    (
        r"cannot reshape array of size (?P<n>\d+) into shape (?P<s>\(.*?\))",
        "cannot reshape array of (size {n}) into shape {s}",
    ),
    (
        r"can only specify one unknown dimension",
        "can only specify one unknown axis size with a `-1` value",
    ),
    (
        r"expected a sequence of integers or a single integer, got '(?P<x>.*)'",
        "Shapes must be 1D sequences of concrete values of integer type, got {x}.",
    ),
    (
        r"axes don't match array|repeated axis in transpose",
        "transpose permutation isn't a permutation of operand dimensions",
    ),
    (
        r"`source` and `destination` arguments must have the same number of elements",
        "Inconsistent number of elements",
    ),
    (
        r"operands could not be broadcast together with remapped shapes .*: (?P<a>\(.*?\)) *and requested shape (?P<b>\(.*?\))",
        "Incompatible types for broadcasting: input shape={a} and requested shape={b}",
    ),
    (r"(?P<operation>\w+): shapes (?P<shapes>.*) do not broadcast together", "{broadcasting}"),
    (r"operands could not be broadcast together with shapes (?P<shapes>.*)", "{broadcasting}"),
    (
        r"(all the input arrays must have same number of dimensions|all input arrays must have the same shape)",
        "Cannot {function} arrays with different numbers of dimensions",
    ),
    (
        r"all the input array dimensions except for the concatenation axis must match",
        "Cannot concatenate arrays with shapes that differ in dimensions other than the one being concatenated",
    ),
    (r"zero-dimensional arrays cannot be concatenated", "Zero-dimensional arrays cannot be concatenated."),
    (
        r"split: an axis of length (?P<n>\d+) has no (?P<k>\d+) equal sections",
        "array split does not result in an equal division: rest is {rest_of_n}",
    ),
    (
        r"repeat: repeats may not contain negative values",
        "broadcast_in_dim shape must have every element be nonnegative",
    ),
    (
        r"zero-size array to reduction operation (maximum|minimum|fmax|fmin) which has no identity",
        "zero-size array to reduction operation {function} which has no identity",
    ),
    (
        r"'\w+' is not a valid method. Use one of",
        "method can only be 'linear', 'lower', 'higher', 'midpoint', 'nearest' or 'inverted_cdf'",
    ),
    (
        r"Only method 'inverted_cdf' supports weights. Got: (?P<m>\w+)",
        "{m} doesn't support weights. Only method 'inverted_cdf' supports weights.",
    ),
)

__all__ = ["SAYINGS"]
