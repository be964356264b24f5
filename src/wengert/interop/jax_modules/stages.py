"""`jax.stages`: a function under `jit` on its way: traced, lowered, compiled, for arguments of given types."""

from __future__ import annotations

from typing import Any

from ... import trees
from ...config import canonical_dtype, default_dtype
from ...core import PYTHON_SCALARS, Tracer
from ..array import Array, Device, kind_of
from ..avals import ShapedArray
from ..border import Outer, lower
from .treedefs import PyTreeDef

CompilerOptions = dict[str, Any]


class ArgInfo:
    """The shape and dtype of an argument, and whether its memory is given up."""

    def __init__(self, _aval: Any, donated: bool) -> None:
        self._aval, self.donated = _aval, donated

    shape = property(lambda self: self._aval.shape)
    dtype = property(lambda self: self._aval.dtype)

    def __repr__(self) -> str:
        return f"ArgInfo(_aval={self._aval!r}, donated={self.donated})"


class MemoryStats:
    """How many bytes a compiled function takes."""

    def __init__(self, arguments: int, cost: Any) -> None:
        self.argument_size_in_bytes, self.output_size_in_bytes = arguments, cost.results
        self.temp_size_in_bytes, self.alias_size_in_bytes, self.generated_code_size_in_bytes = cost.workspace, 0, 0
        self.peak_memory_in_bytes = arguments + cost.results + cost.workspace


class _Types(type):
    def __instancecheck__(cls, x: Any) -> bool:
        return isinstance(x, Outer) and type(x.inner).__name__.endswith("Jit")


class Wrapped(metaclass=_Types):
    """The type of functions under `jit`."""


class _Stage:
    """What the stages share: the function, and the arguments for which it is staged."""

    def __init__(self, function: Any, args: Any, kwargs: Any) -> None:
        self._function, self._args, self._kwargs = function, args, kwargs
        static = getattr(function.inner, "static_argnums", ()) or ()
        static = static if isinstance(static, (tuple, list)) else (static,)
        names = getattr(function.inner, "static_argnames", ()) or ()
        names = (names,) if isinstance(names, str) else names
        self._static = tuple(n % len(args) for n in static) if args else ()
        dynamic = tuple(a for i, a in enumerate(args) if i not in self._static)
        named = {k: v for k, v in kwargs.items() if k not in names}
        self._names = tuple(names)
        self.in_tree = PyTreeDef(trees.structure((dynamic, named)))
        donated = getattr(function.inner, "donate_argnums", ()) or ()
        donated = donated if isinstance(donated, (tuple, list)) else (donated,)
        self.args_info = (
            tuple(
                trees.map(lambda x, d=i in donated: ArgInfo(_aval(x), d), a)
                for i, a in enumerate(args)
                if i not in self._static
            ),
            {k: trees.map(lambda x: ArgInfo(_aval(x), False), v) for k, v in named.items()},
        )
        self.in_avals = trees.map(_aval, (dynamic, named))

    @property
    def out_info(self) -> Any:
        """The shapes and dtypes of the result."""
        from .transformations import eval_shape

        f = self._function.__wrapped__
        static = {i: self._args[i] for i in self._static}
        named = {k: v for k, v in self._kwargs.items() if k in self._names}

        def of_dynamic(dynamic: Any, kwargs: Any) -> Any:
            rest = iter(dynamic)
            return f(*[static[i] if i in static else next(rest) for i in range(len(self._args))], **kwargs, **named)

        dynamic = tuple(a for i, a in enumerate(self._args) if i not in static)
        return eval_shape(of_dynamic, dynamic, {k: v for k, v in self._kwargs.items() if k not in named})

    @property
    def out_tree(self) -> Any:
        """The structure of the result."""
        return PyTreeDef(trees.structure(self.out_info))

    @property
    def donate_argnums(self) -> tuple[int, ...]:
        return tuple(i for i, info in enumerate(trees.leaves(self.args_info)) if info.donated)


def _aval(x: Any) -> Any:
    if hasattr(x, "shape") and hasattr(x, "dtype") and type(x) is not Array:
        return ShapedArray(tuple(x.shape), canonical_dtype(x.dtype))
    dtype, weak = kind_of(x)
    return ShapedArray(x.shape if type(x) is Array else (), dtype, weak)


class Traced(_Stage):
    """A function that was traced: ``jax.jit(f).trace(*args)``."""

    @property
    def jaxpr(self) -> Any:
        """Its equations."""
        from .transformations import make_jaxpr

        return make_jaxpr(self._function.__wrapped__, self._static)(*self._args, **self._kwargs)

    @property
    def fun_name(self) -> str:
        return self._function.__name__

    def lower(self, *, lowering_platforms: Any = None, _private_parameters: Any = None) -> Lowered:
        """The function lowered for this processor."""
        return Lowered(self._function, self._args, self._kwargs)


class Lowered(_Stage):
    """A function as the compiler sees it: ``jax.jit(f).lower(*args)``."""

    @property
    def _lowered(self) -> Any:
        if "_kept" not in self.__dict__:
            self._kept = self._function.inner.lower(*lower(self._args), **lower(self._kwargs))
        return self._kept

    def compile(self, compiler_options: Any = None) -> Compiled:
        """The compiled function."""
        return Compiled(self._function, self._args, self._kwargs)

    def as_text(self, dialect: Any = None, *, debug_info: bool = False) -> str:
        """The Program."""
        return str(self._lowered)

    def cost_analysis(self) -> dict[str, float]:
        """What a call costs: operations and bytes."""
        cost = self._lowered.cost()
        return {"flops": float(cost.flops), "bytes accessed": float(cost.bytes)}

    def compiler_ir(self, dialect: Any = None) -> Any:
        """The Program."""
        return self._lowered.program

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._lowered, name)


class Compiled(_Stage):
    """A compiled function, for arguments of the types for which it was made."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        given = trees.leaves((args, kwargs))
        if any(isinstance(x._value if type(x) is Array else x, Tracer) for x in given):
            raise TypeError(
                "Cannot apply JAX transformations to a function lowered and compiled for a particular signature: call the function under jit instead"
            )
        full = list(args)
        for i in self._static:
            full.insert(i, self._args[i])
        if self.in_tree != trees.structure((args, kwargs)):
            raise TypeError(
                f"Function compiled with input pytree does not match the input pytree it was called with: it was compiled for "
                f"{self.in_tree}, and called with {PyTreeDef(trees.structure((args, kwargs)))}"
            )
        for x, info in zip(given, trees.leaves(self.in_avals), strict=True):
            if tuple(getattr(x, "shape", ())) != info.shape or _dtype(x) != info.dtype:
                raise TypeError(
                    f"Argument types differ from the types for which this computation was compiled: expected {info}, got "
                    f"{_aval(x)}"
                )
        named = {k: v for k, v in self._kwargs.items() if k in self._names}
        return self._function(*full, **kwargs, **named)

    @property
    def _lowered(self) -> Any:
        return Lowered._lowered.fget(self)  # type: ignore[attr-defined]

    def as_text(self) -> str:
        """The Program."""
        return str(self._lowered)

    cost_analysis = Lowered.cost_analysis

    def memory_analysis(self) -> MemoryStats:
        """How many bytes a call takes."""
        arguments = sum(i.dtype.itemsize * _size(i.shape) for i in trees.leaves(self.in_avals))
        return MemoryStats(arguments, self._lowered.cost())

    def runtime_executable(self) -> Any:
        """The compiled code."""
        return self._lowered

    @property
    def input_shardings(self) -> Any:
        from .sharding import SingleDeviceSharding

        dynamic, named = self.in_avals
        return trees.map(lambda _: SingleDeviceSharding(Device(0)), (dynamic, named))

    @property
    def output_shardings(self) -> Any:
        from .sharding import SingleDeviceSharding

        return trees.map(lambda _: SingleDeviceSharding(Device(0)), self.out_info)


def _size(shape: tuple[int, ...]) -> int:
    n = 1
    for m in shape:
        n *= m
    return n


def _dtype(x: Any) -> Any:
    return default_dtype(type(x)) if type(x) in PYTHON_SCALARS else canonical_dtype(x.dtype)


__all__ = ["ArgInfo", "Compiled", "CompilerOptions", "Lowered", "Traced", "Wrapped"]
