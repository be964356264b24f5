"""jit, make_program, eval_shape, closure_convert: users of staging.

What runs a staged Program is `ops.call.call_p`; the compiler takes its place there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, overload

from .. import backends, trees
from ..config import config
from ..errors import NotSupportedError
from ..ops.call import call_p
from ..program import Program
from ..vocabulary import Function
from .function import check_callable, name_of, shown, values_of
from .jitted import Jit, ShapeDtypeStruct, abstracts, flat_function, program_of
from .signatures import Compiled, P, R
from .staging import stage


@overload
def jit(
    f: Callable[P, R],
    *,
    static_argnums: int | Sequence[int] | None = None,
    static_argnames: str | Sequence[str] | None = None,
    donate_argnums: Any = None,
    donate_argnames: Any = None,
    inline: bool = False,
    keep_unused: bool = False,
    backend: str | None = None,
    device: Any = None,
    in_shardings: Any = None,
    out_shardings: Any = None,
) -> Compiled[P, R]: ...
@overload
def jit(
    f: None = None,
    *,
    static_argnums: int | Sequence[int] | None = None,
    static_argnames: str | Sequence[str] | None = None,
    donate_argnums: Any = None,
    donate_argnames: Any = None,
    inline: bool = False,
    keep_unused: bool = False,
    backend: str | None = None,
    device: Any = None,
    in_shardings: Any = None,
    out_shardings: Any = None,
) -> Callable[[Callable[P, R]], Compiled[P, R]]: ...
def jit(
    f: Function | None = None,
    *,
    static_argnums: int | Sequence[int] | None = None,
    static_argnames: str | Sequence[str] | None = None,
    donate_argnums: Any = None,
    donate_argnames: Any = None,
    inline: bool = False,
    keep_unused: bool = False,
    backend: str | None = None,
    device: Any = None,
    in_shardings: Any = None,
    out_shardings: Any = None,
) -> Any:
    """A function compiled to native code, once for each kind of arguments.

    Python may look at traced values (``if x > 0``, ``while err > tol``, ``range(n)``): each way through the function is
    compiled when it is first taken. Under a `vmap` inside, each example runs its own.

    Args:
        f: a function of arrays and pytrees of them; left out, a decorator is returned.
        static_argnums, static_argnames: arguments that are part of the program: they may be any hashable Python
            value; another value means another compilation.
        donate_argnums, donate_argnames: arguments that are not used after the call. Results that are made from their
            arrays by changing some elements (``x.at[i].set(v)``, `lax.dynamic_update_slice`, loops that carry them on)
            are these arrays: the call costs what it changes. Results of their shape and dtype that are computed element
            by element are these arrays as well, without new memory. Otherwise they are left as they are.
        inline, keep_unused: accepted for code written for JAX; they change nothing.
        backend: on what the function runs, and what is derived from it, whatever `config.backend` says: ``"native"``, the
            compiler; ``"interpreter"``, NumPy, equation by equation; or the name of one that was registered (`backends`).
            None and ``"cpu"`` stand for `config.backend`. Called in a function under `jit`, it runs where that one does.
        device: with ``backend="xla"`` a ``jax.Device``, on which the function runs and its results lie.
        in_shardings, out_shardings: with ``backend="xla"`` how arguments and results lie on several devices: shardings of
            JAX's (``jax.sharding.NamedSharding``), a tuple with an entry per argument or a pytree prefix of them; None where
            arguments stay where they are, and where XLA may choose.

    Raises:
        TooManyPathsError: when called, after `config.max_paths` ways through Python control flow.
        ConcretizationError: when called, if Python needs the values of a whole traced array, or a `float` under `vmap`.
        IndexError: when called, if an index is out of range.
        ArgumentError: a static argument is not hashable, or there is no such argument.
        NotSupportedError: a device is asked for, or a backend that there is not.

    Example:
        >>> import wengert, wengert.numpy as wnp
        >>> @wengert.jit
        ... def f(x):
        ...     return wnp.sum(x * x)
        >>> float(f(wnp.array([1.0, 2.0])))
        5.0
    """
    backend = None if backend == "cpu" else backend
    if backend is not None and backend not in backends.names():
        raise NotSupportedError(
            f"jit: there is no backend {backend!r}; code runs on this machine's processor: leave backend and device out, "
            f"or take one of {', '.join(backends.names())}"
        )
    places = device is not None or in_shardings is not None or out_shardings is not None
    if places and (backend or config.backend) not in backends.DEVICES:
        raise NotSupportedError(
            f"jit: the backend {backend or config.backend!r} runs on this machine's processor alone: leave device, in_shardings "
            f'and out_shardings out, or pass backend="xla"'
        )
    if f is None:
        return lambda g: jit(
            g, static_argnums=static_argnums, static_argnames=static_argnames, donate_argnums=donate_argnums,
            donate_argnames=donate_argnames, backend=backend, device=device, in_shardings=in_shardings,
            out_shardings=out_shardings,
        )  # fmt: skip
    if places or backend in backends.DEVICES:
        from .placing import PlacedJit

        return PlacedJit(
            f, static_argnums, static_argnames, donate_argnums, donate_argnames, backend or config.backend,
            (device, in_shardings, out_shardings),
        )  # fmt: skip
    if donate_argnums in (None, ()) and donate_argnames in (None, ()):
        return Jit(f, static_argnums, static_argnames, backend)
    from .donation import DonatingJit

    return DonatingJit(f, static_argnums, static_argnames, donate_argnums, donate_argnames, backend)


def make_program(f: Function, static_argnums: Any = (), return_shape: bool = False) -> Function:
    """A function that returns the Program that `f` becomes for given arguments. JAX's name is `make_jaxpr`.

    Args:
        f: a function of arrays and pytrees of them.
        static_argnums: as for `jit`.
        return_shape: whether to return a pair of the Program and the shapes and dtypes of its result.

    Example:
        >>> import wengert, wengert.numpy as wnp
        >>> wengert.make_program(lambda x: wnp.sin(x) * 2.0)(1.0)
        program(a: float64[]*) {
          b: float64[] = sin a
          c: float64[] = multiply b 2.0
          return c
        }
    """
    jitted = Jit(f, static_argnums or None, None)

    def program_of(*args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        try:
            program = jitted.program(*args, **kwargs)
        except Exception as error:
            raise shown(error)
        return (program, _result_shapes(program)) if return_shape else program

    program_of.__qualname__ = f"make_program of {name_of(f)}"
    return program_of


def _result_shapes(program: Program) -> Any:
    return trees.unflatten(program.out_tree, [ShapeDtypeStruct(a.shape, a.dtype) for a in program.out_avals])


def eval_shape(f: Function, *args: Any, **kwargs: Any) -> Any:
    """The shapes and dtypes of a function's result, without computing it.

    Args:
        f: a function of arrays and pytrees of them.
        args, kwargs: arrays or `ShapeDtypeStruct`s.

    Example:
        >>> import wengert, wengert.numpy as wnp
        >>> wengert.eval_shape(wnp.outer, wnp.ones(2), wengert.ShapeDtypeStruct((3,), "float64"))
        ShapeDtypeStruct(shape=(2, 3), dtype=float64)
    """
    __tracebackhide__ = True
    check_callable(f, "eval_shape")
    leaves, tree = trees.flatten((args, kwargs))
    try:
        program = program_of(f, leaves, tree, lambda t: t)
    except Exception as error:
        raise shown(error)
    return _result_shapes(program)


def closure_convert(f: Function, *example_args: Any) -> tuple[Function, list[Any]]:
    """`f` with the traced values it closes over made into arguments.

    Args:
        f: a function of arrays and pytrees of them.
        example_args: arguments of the shapes and dtypes that `converted` will be called with.

    Returns:
        ``(converted, values)`` such that ``converted(*args, *values)`` is ``f(*args)``.

    Example:
        >>> import wengert
        >>> def gradient_of_scale(scale):
        ...     converted, values = wengert.closure_convert(lambda x: x * scale, 2.0)
        ...     return converted(2.0, *values)  # depends on scale through its arguments only
        >>> float(wengert.grad(gradient_of_scale)(3.0))
        2.0
    """
    __tracebackhide__ = True
    check_callable(f, "closure_convert")
    leaves, tree = trees.flatten((example_args, {}))
    seen: list[Any] = []
    avals = abstracts(leaves, tree, "closure_convert", f)
    try:
        program, hoisted = stage(flat_function(f, tree, lambda t: t, seen), avals, name_of(f), "closure_convert")
    except Exception as error:
        raise shown(error)
    n = len(example_args)

    def converted(*args: Any) -> Any:
        leaves, tree = trees.flatten((args[:n], {}))
        values = values_of(leaves, tree, "closure_convert", f)
        return trees.unflatten(seen[-1], call_p.bind(*args[n:], *values, program=program))

    return converted, hoisted
