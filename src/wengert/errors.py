"""Every error class of the library.

Each docstring is a runnable example and its remedy. Of the library only the files are imported that find the user's line and name what
is nearest.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .frames import user_line
from .nearest import nearest_names


class WengertError(Exception):
    """The root of every error that the library raises on its own account.

    The message ends with the line of the user's code at which the error arose.

    Example:
        >>> import wengert
        >>> try:
        ...     wengert.grad(lambda x: x)(wengert.numpy.ones(3))
        ... except wengert.errors.WengertError as error:
        ...     print(type(error).__name__)
        NonScalarOutputError
    """

    def __init__(self, message: str, *args: Any) -> None:
        self.message = message  # without the line
        where = user_line()
        # By name: which `__init__` comes next beside a NumPy error differs between versions of Python.
        Exception.__init__(self, f"{message}\n  at {where}" if where else message, *args)

    def __reduce__(self) -> Any:
        """In another process, and in a copy, the line is that of the first."""
        return _again, (type(self), self.args, self.__dict__)


def _again(kind: type[WengertError], args: tuple[Any, ...], state: dict[str, Any]) -> WengertError:
    error = kind.__new__(kind, *args)
    error.args = args
    error.__dict__.update(state)
    return error


class NonScalarOutputError(WengertError, TypeError):
    """`grad` was given a function whose result is not one real number.

    Remedy: reduce the result to a scalar, or take `jacrev`/`jacfwd` for the whole Jacobian, or `vjp` with a
    cotangent.

    Example:
        >>> import wengert, wengert.numpy as wnp
        >>> wengert.grad(lambda x: wnp.sum(x ** 2))(wnp.ones(3))
        array([2., 2., 2.])
        >>> wengert.jacrev(lambda x: x ** 2)(wnp.ones(2))
        array([[2., 0.],
               [0., 2.]])
    """


class DtypeError(WengertError, TypeError):
    """A transformation was given a value of a dtype that it cannot differentiate.

    Remedy: convert integer inputs with ``astype(float)``, or leave them out of ``argnums``, or pass
    ``allow_int=True``; for complex functions pass ``holomorphic=True`` or take real and imaginary parts.

    Example:
        >>> import wengert, wengert.numpy as wnp
        >>> wengert.grad(lambda x: wnp.sum(x * x))(wnp.arange(3).astype(float))
        array([0., 2., 4.])
    """


class IndexDtypeError(DtypeError, IndexError):
    """An index is no integer, slice, None, Ellipsis, nor an array of integers or truth values.

    Remedy: convert whole floats with ``astype(int)``.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.take(wnp.arange(3.0), wnp.array([2.0, 0.0]).astype(int))
        array([2., 0.])
    """


class ObjectArrayError(DtypeError):
    """An array of objects that holds traced values, as ``np.array([t, u])`` makes one, met a function that needs numbers.

    Remedy: ``np.stack([t, u])``, or ``np.array([t, u], like=t)``.

    Example:
        >>> import numpy as np, wengert
        >>> wengert.grad(lambda t: np.sum(np.array([t, t * t], like=t)))(3.0)
        np.float64(7.0)
    """


class ShapeError(WengertError, TypeError, ValueError):
    """Shapes do not fit together; the message shows each of them.

    Example:
        >>> import wengert, wengert.numpy as wnp
        >>> y, push = wengert.linearize(wnp.sin, wnp.zeros(3))
        >>> push(wnp.ones(3))
        array([1., 1., 1.])
    """


class AxisError(ShapeError, np.exceptions.AxisError):
    """An axis is out of range, or named twice; NumPy's AxisError, and so an IndexError too.

    Example:
        >>> import numpy as np, wengert.numpy as wnp
        >>> try:
        ...     wnp.sum(wnp.ones((2, 3)), axis=2)
        ... except np.exceptions.AxisError as error:
        ...     print(type(error).__name__)
        AxisError
    """

    def __init__(self, message: str, *args: Any) -> None:
        ShapeError.__init__(self, message, *args)
        self.axis = self.ndim = None

    def __str__(self) -> str:
        return Exception.__str__(self)


class MatrixError(ShapeError, np.linalg.LinAlgError):
    """A function of matrices was given an array whose last two axes are none, or not square where they must be.

    Example:
        >>> import numpy as np, wengert.numpy as wnp
        >>> wnp.linalg.inv(np.diag([2.0, 4.0]))
        array([[0.5 , 0.  ],
               [0.  , 0.25]])
    """


class TreeError(WengertError, TypeError, ValueError):
    """Two pytrees that must have one structure do not; the message names the first path that differs.

    Example:
        >>> import wengert, wengert.numpy as wnp
        >>> f = lambda p: p["w"] * p["b"]
        >>> y, t = wengert.jvp(f, ({"w": 2.0, "b": 3.0},), ({"w": 1.0, "b": 0.0},))
        >>> float(t)
        3.0
    """


class ArgumentError(WengertError, TypeError, ValueError):
    """A transformation was called with arguments that make no sense, such as ``argnums`` out of range.

    Example:
        >>> import wengert
        >>> float(wengert.grad(lambda x, y: x * y, argnums=1)(2.0, 3.0))
        2.0
    """


class SparsityError(WengertError, ValueError):
    """A sparse derivative was prepared for one pattern, and a call may need another one.

    Example:
        >>> import numpy as np, wengert
        >>> f = lambda x: x * 2 if x[0] > 0 else x[::-1]
        >>> jacobian = wengert.jacobian(f, sparse=True).prepare(np.ones(2))
        >>> jacobian(-np.ones(2))
        Traceback (most recent call last):
        wengert.errors.SparsityError: sparse jacobian of <lambda> was prepared for another way through its Python control flow...
    """


class LeakedTracerError(WengertError, TypeError):
    """A value that stood for an input of a transformation was used after that transformation had ended.

    Remedy: return the value from the function (``has_aux=True`` gives extra results) instead of storing it in a
    global, a list or an attribute.

    Example:
        >>> import wengert, wengert.numpy as wnp
        >>> gradient, middle = wengert.grad(lambda x: (wnp.sin(x), x * x), has_aux=True)(3.0)
        >>> float(middle)
        9.0
    """


class ConcretizationError(WengertError, TypeError):
    """Python needed the value of an array that is not known yet (in a loop's body, in `make_program`), or many values (`float`
    under `vmap`).

    Remedy: `wengert.numpy.where` for a choice of values, `lax.cond` for a choice of computations,
    ``static_argnums`` for an argument that steers Python control flow.

    Example:
        >>> import wengert, wengert.numpy as wnp
        >>> program = wengert.make_program(lambda x: wnp.where(x > 0, x, 0.0))(1.0)
        >>> float(program.evaluate([-1.0])[0])
        0.0
    """


class TooManyPathsError(WengertError):
    """A function takes more ways through its Python control flow than `config.max_paths` allows under `jit`, or
    `config.max_vmap_paths` under `vmap`.

    Each way is compiled, or run, by itself. Remedy: `wengert.numpy.where` or `lax.cond` for the choice, `lax.while_loop` for the
    loop, or a larger ``wengert.config.max_paths``.

    Example:
        >>> import wengert
        >>> collatz = wengert.jit(lambda n: n // 2 if n % 2 == 0 else 3 * n + 1)
        >>> int(collatz(7)), int(collatz(22))
        (22, 11)
    """


class CustomRuleError(WengertError, TypeError):
    """A custom derivative rule is missing, or returned something that does not fit its function.

    Remedy: the message says which leaf was expected and which came.

    Example:
        >>> import wengert
        >>> @wengert.custom_vjp
        ... def half(x):
        ...     return x / 2
        >>> half.defvjp(lambda x: (half(x), None), lambda _, g: (g / 2,))
        >>> float(wengert.grad(half)(3.0))
        0.5
    """


class NotDifferentiableError(WengertError, TypeError):
    """An operation has no derivative of the kind that was asked for; the message names the operation.

    Remedy: `stop_gradient` where the derivative is to be zero, or `custom_jvp` to define it.

    Example:
        >>> import wengert
        >>> from wengert.scipy import special
        >>> try:
        ...     wengert.grad(special.struve)(1.5, 2.0)
        ... except wengert.errors.NotDifferentiableError as error:
        ...     print("the order" in str(error))
        True
    """


class ApproximationError(NotDifferentiableError):
    """A derivative by differences (`approximate`) has an estimated error above the tolerance.

    Remedy: accept more with ``rtol=``, begin with a ``step=`` over which the function is smooth, or give it a rule.

    Example:
        >>> import wengert
        >>> try:
        ...     wengert.grad(wengert.approximate(lambda x: round(x, 3), method="differences"))(0.1234)
        ... except wengert.errors.ApproximationError as error:
        ...     print("not smooth" in str(error))
        True
    """


class NotLinearError(NotDifferentiableError):
    """A function that must be linear in an argument (a tangent rule, `linear_transpose`) is not.

    Example:
        >>> import wengert
        >>> transposed = wengert.linear_transpose(lambda x: 3.0 * x, 1.0)
        >>> [float(v) for v in transposed(2.0)]
        [6.0]
    """


class NotSupportedError(WengertError, NotImplementedError):
    """The library does not do this; the message says what to write instead.

    Example:
        >>> import wengert.numpy as wnp
        >>> wnp.at(wnp.zeros(3))[1].set(5.0)
        array([0., 5., 0.])
    """


class ProgramError(WengertError):
    """A `Program` breaks a rule of the intermediate form: a defect of a primitive or a pass, not of user code.

    Example:
        >>> import wengert
        >>> program = wengert.make_program(lambda x: x * 2.0)(1.0)
        >>> program.check()
    """


class StateError(WengertError):
    """A saved training state is not there, is damaged, or has other arrays than are asked for.

    Remedy: `wengert.states.steps` lists the states that are whole; `wengert.states.restore` takes a tree of the structure, shapes
    and dtypes that were saved.

    Example:
        >>> import wengert
        >>> wengert.states.restore("no such folder", {})
        Traceback (most recent call last):
            ...
        wengert.errors.StateError: there is no state in no such folder (there are: none)...
    """


class NonFiniteError(WengertError, FloatingPointError):
    """With `config.debug_nans` (or `config.debug_infs`) set, a result is NaN (or infinite).

    The message names the operation and the line of yours that made it, and, for a NaN that came of an infinity, the
    line that made that.

    Remedy: keep the argument away from the edge (``where`` around it, or `clip`), or take a function that is stable
    there, as ``docs/edges.md`` lists them.

    Example:
        >>> import wengert, wengert.numpy as wnp
        >>> with wengert.config.override(debug_nans=True):
        ...     try:
        ...         wengert.jit(lambda x: wnp.log(x))(-1.0)
        ...     except wengert.errors.NonFiniteError as error:
        ...         print(str(error)[:18])
        NaN comes of 'log'
    """


class ZeroDerivativeError(WengertError):
    """With `config.debug_zeros` set, a derivative is zero whatever the values are, because an operation lost it.

    The message names the operation (`round`, `argmax`, a comparison, ``astype(int)``, `stop_gradient`) and its line.

    Remedy: a smooth function in its place, or, where the zero is meant, leave the argument out of what is
    differentiated.

    Example:
        >>> import wengert, wengert.numpy as wnp
        >>> with wengert.config.override(debug_zeros=True):
        ...     try:
        ...         wengert.grad(lambda x: wnp.round(x) * 2.0)(1.3)
        ...     except wengert.errors.ZeroDerivativeError as error:
        ...         print("'round'" in str(error))
        True
    """


def closed_over(what: str, x: Any = None) -> CustomRuleError:
    name = "a transformation" if x is None else x._trace.name
    return CustomRuleError(
        f"{what} closes over a value that stands under {name}, and is used where that value is not known: pass the value "
        f"as an argument of the function that has the rule"
    )


__all__ = [
    "ArgumentError",
    "AxisError",
    "ConcretizationError",
    "CustomRuleError",
    "DtypeError",
    "IndexDtypeError",
    "LeakedTracerError",
    "MatrixError",
    "NonFiniteError",
    "NonScalarOutputError",
    "NotDifferentiableError",
    "NotLinearError",
    "NotSupportedError",
    "ObjectArrayError",
    "ProgramError",
    "ShapeError",
    "SparsityError",
    "StateError",
    "TreeError",
    "WengertError",
    "ZeroDerivativeError",
]

__getattr__ = nearest_names(__name__, __all__)
__dir__ = __all__.copy
