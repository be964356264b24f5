"""jit, make_program, eval_shape, closure_convert: users of staging.

What runs a staged Program is `ops.call.call_p`; the compiler takes its place there.
"""

from __future__ import annotations

import inspect
import operator
import reprlib
import time
import weakref
from collections.abc import Callable, Sequence
from typing import Any, overload

import numpy as np

from .. import backends, trees
from ..backends import Lowered, OtherPath
from ..config import Here, config
from ..core import Aval, Tracer, Value, aval_of, check_numbers, is_inexact
from ..errors import ArgumentError, DtypeError, NotSupportedError, TooManyPathsError
from ..ops.call import call_p, compiled_already
from ..ops.operators import lost_derivative
from ..ops.shape import as_length
from ..program import Program
from ..provided import provide
from . import nans, native_calls
from .batching import axis_env
from .forward import check_output, strong
from .function import Transformed, argument_name, check_callable, given, located, name_of, shown, values_of
from .native_calls import NONE, Fixed, Natives, exact
from .ownership import own_results
from .recompiled import say_why
from .signatures import Compiled, P, R
from .staging import signature, stage

NUMBERS = frozenset({"float()", "complex()", ".item()", ".tolist()"})  # what makes a constant, which is no choice

_programs: weakref.WeakKeyDictionary[Any, dict[Any, Any]] = weakref.WeakKeyDictionary()


def _cache_of(f: Any, backend: str | None) -> dict[Any, Any]:
    try:
        return _programs.setdefault(f, {}).setdefault(backend, {})
    except Exception:  # cannot be referred to weakly, has no hash, or is not compared by a truth value
        return {}


def _remember(cache: dict[Any, Any], key: Any, entries: Any) -> None:
    """Note a kind of arguments as the last that was used; where there are too many, the first is forgotten."""
    cache.pop(key, None)
    cache[key] = entries
    if len(cache) > native_calls.KINDS + 1:  # one is the list of native calls
        for old in list(cache):
            if old != "native":
                cache.pop(old, None)
                break


def flat_function(f: Any, tree: Any, rebuild: Callable[..., Any], seen: list[Any]) -> Callable[..., list[Value]]:
    def run(*values: Value) -> list[Value]:
        args, kwargs = rebuild(trees.unflatten(tree, values))
        leaves, out_tree = trees.flatten(f(*args, **kwargs))
        seen.append(out_tree)
        return [check_output(x, f) for x in leaves]

    return run


def _as_tuple(x: Any, kind: type, what: str) -> tuple[Any, ...]:
    if x is None:
        return ()
    if isinstance(x, kind):
        return (x,)
    try:
        return tuple(operator.index(i) for i in x) if kind is int else tuple(str(i) for i in x)
    except TypeError:
        raise ArgumentError(f"{what} must be {kind.__name__} or a sequence of them, got {x!r}") from None


def named_arguments(f: Any, nums: Any, names: Any, what: str) -> tuple[tuple[int, ...], tuple[str, ...]]:
    """Static or donated arguments by position and by name; each is found from the other where the signature allows."""
    given_nums, given_names = nums is not None, names is not None
    nums = _as_tuple(nums, int, f"jit: {what}_argnums")
    names = _as_tuple(names, str, f"jit: {what}_argnames")
    try:
        parameters = list(inspect.signature(f).parameters.values())
    except (TypeError, ValueError):
        return nums, names
    positional = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    known = {p.name for p in parameters}
    if not any(p.kind is p.VAR_KEYWORD for p in parameters):
        for name in names:
            if name not in known:
                raise ArgumentError(f"jit of {name_of(f)}: {what}_argnames has {name!r}, which is no argument of it")
    if not any(p.kind is p.VAR_POSITIONAL for p in parameters):
        for i in nums:
            if not -len(positional) <= i < len(positional):
                raise ArgumentError(
                    f"jit of {name_of(f)}: {what}_argnums has {i}, but it takes {len(positional)} positional arguments"
                )
        nums = tuple(i % len(positional) for i in nums)
    if given_names and not given_nums:
        nums = tuple(positional.index(n) for n in names if n in positional)
    if given_nums and not given_names:
        names = tuple(positional[i] for i in nums if -len(positional) <= i < len(positional))
    return nums, names


def run_guarded(program: Program, values: Sequence[Value]) -> list[Value] | None:
    """The results of a Program; None if a guard says that it is the wrong one for these values."""
    guards = program.guards
    try:
        outs = call_p.bind(*values, program=program)
        n = len(outs) - len(guards)
        for guard, out in zip(guards, outs[n:], strict=True):
            if isinstance(out, Tracer):
                if guard.what in NUMBERS and out.differentiated and is_inexact(out):
                    raise lost_derivative(out, guard.what, guard.line)
                out = out.concrete(f"{guard.what} inside jit of {program.name}")
            if not guard.holds(out):
                return None
    except OtherPath:
        return None
    return outs[:n]


def _known_paths(entries: Sequence[Any]) -> dict[Any, Any] | None:
    """The paths of functions under `vmap` that the Programs of a function have."""
    found: dict[Any, Any] = {}
    for program, _ in entries:
        for f, ways in (program.paths or {}).items():
            found.setdefault(f, {}).update(ways)
    return found or None


def _without_covered(entries: Sequence[Any], program: Program) -> tuple[Any, ...]:
    """Programs of a function without those that a later one stands for, as it has their paths and their other guards."""

    def others(p: Program) -> set[str]:
        return {repr(g) for g in p.guards if not g.decides}

    return tuple(
        entry
        for entry in entries
        if not entry[0].paths
        or others(entry[0]) != others(program)
        or any(ways.keys() - program.paths.get(f, {}).keys() for f, ways in entry[0].paths.items())
    )


@provide
def vmap_of_paths(*args: Any) -> Any:
    """The result of a `vmap` of a function with Python control flow, under `jit`."""
    from .path_programs import vmap_of_paths

    return vmap_of_paths(*args)


def run_owned(program: Program, values: Sequence[Value]) -> list[Value] | None:
    """The same, none of them one of the values."""
    outs = run_guarded(program, values)
    return None if outs is None else own_results(outs, values)


def _too_many_paths(f: Any, programs: Sequence[Program]) -> TooManyPathsError:
    lines = {repr(g): None for p in programs[-3:] for g in p.guards}
    shown_lines = "\n".join(f"    {line}" for line in list(lines)[:12])
    return TooManyPathsError(
        f"jit of {name_of(f)} was compiled for {len(programs)} ways through its Python control flow, which is the limit "
        f"(wengert.config.max_paths). Use wengert.numpy.where or lax.cond for the choice and lax.while_loop for the "
        f"loop, or raise the limit. What Python asked for, in the last ones:\n{shown_lines}"
    )


def _unhashable(f: Any, static: tuple[Any, ...]) -> ArgumentError:
    """The error of a static argument that cannot be a key: the first that has no hash."""
    places = [(argument_name(f, i), v) for i, _, v in static[1]] + [(f"argument {k}", v) for k, _, v in static[2]]
    for place, value in places:  # noqa: B007 (used after the loop)
        try:
            hash(value)
        except TypeError:
            break
    else:
        place, value = "an argument", static
    kind = type(value).__name__
    remedy = {
        "list": "pass a tuple",
        "dict": "pass tuple(sorted(d.items())) and make the dict of it in the function",
        "set": "pass a frozenset",
        "ndarray": "an array is no static argument: leave it out of static_argnums and static_argnames, or close over it",
    }.get(kind, "give its class __eq__ and __hash__ (a dataclass with frozen=True has them), or close over it")
    return ArgumentError(
        f"jit of {name_of(f)}: {place} is static and must be hashable, as compiled code is found again by it, got "
        f"{reprlib.repr(value)} of type {kind}: {remedy}"
    )


class Jit(Transformed):
    """A function that is compiled once for each kind of arguments and each way through its Python control flow."""

    transformation = "jit"

    def __init__(self, f: Any, static_argnums: Any, static_argnames: Any, backend: str | None = None) -> None:
        super().__init__(f)
        self.backend = backend
        self.static_argnums, self.static_argnames = named_arguments(f, static_argnums, static_argnames, "static")
        self._cache = _cache_of(f, backend)
        self._native: Natives = self._cache.setdefault("native", Natives())
        self._fixed: dict[Any, Fixed] | None = {} if self.static_argnums or self.static_argnames else None

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        __tracebackhide__ = True
        given = (args, kwargs)
        try:
            mode = config._x64
            if mode is not True and mode is not False and type(mode) is Here:  # that differs between contexts
                mode = config.mode()
            natives = self._native
            if self._fixed is not None:
                form = self._fixed.get((len(args), *kwargs) if kwargs else len(args)) or self._form(args, kwargs)
                key, given = form.apart(args, kwargs)
                try:
                    natives = form.known.get(key, NONE)
                except TypeError:
                    raise _unhashable(self._f, self.split(args, kwargs)[2]) from None
            for call, executable, x64 in natives:  # guarded by benchmarks `call.*`
                if x64 is mode:
                    out = call(given)
                    if out is not NotImplemented:
                        if out is not Ellipsis:
                            return out
                        executable.raise_error()
            if len(natives) >= native_calls.TRIED:
                for call, executable, x64 in natives.known(given):
                    if x64 is mode:
                        out = call(given)
                        if out is not NotImplemented:
                            if out is not Ellipsis:
                                return out
                            executable.raise_error()
            return self._call(args, kwargs)
        except Exception as error:
            raise shown(error)

    def _form(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Fixed:
        """How calls of this form come apart in static arguments and others."""
        key = (self.static_argnums, self.static_argnames, len(args), *kwargs)
        fixed = self._native.forms.get(key)
        if fixed is None:
            made = Fixed(self.static_argnums, self.static_argnames, len(args), tuple(kwargs))
            fixed = self._native.forms.setdefault(key, made)
        self._fixed[(len(args), *kwargs) if kwargs else len(args)] = fixed  # type: ignore[index]
        return fixed

    def _call(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if config.debugging:
            if nans.is_locating() or config.disable_jit:
                out = self._f(*args, **kwargs)
                return trees.map(lambda x: strong(check_output(x, self._f)), out) if config.disable_jit else out
            if nans.is_idle():
                return nans.checked(self, *args, **kwargs)
        leaves, tree, static, rebuild = self.split(args, kwargs)
        values = values_of(leaves, tree, "jit", self._f, without=[i for i, _, _ in static[1]] if static else ())
        axes = tuple((k, t.size) for k, t in axis_env.get().items())
        key = (tree, signature(values), static, config.enable_x64, config.compiling, axes, config.debug_zeros)
        try:
            entries = self._cache.get(key, ())
        except TypeError:
            raise _unhashable(self._f, static) from None
        run = self._runner(args, kwargs, leaves)
        for program, out_tree in entries:
            outs = run(program, values)
            if outs is not None:
                self._prefer(program, args, kwargs)
                if len(self._cache) > native_calls.KINDS // 2:
                    _remember(self._cache, key, entries)
                return trees.unflatten(out_tree, self._given_back(program, outs))
        if len(entries) >= config.max_paths:
            raise _too_many_paths(self._f, [program for program, _ in entries])
        seen: list[Any] = []
        start = time.perf_counter()
        avals, name = [aval_of(v) for v in values], name_of(self._f)
        known = _known_paths(entries)
        program, hoisted = stage(flat_function(self._f, tree, rebuild, seen), avals, name, examples=values, paths=known)
        if known and program.paths:
            entries = _without_covered(entries, program)
        out_tree, program.backend = seen[-1], self.backend
        if not axes:
            program.in_tree, program.out_tree = tree, out_tree
        say_why(self._f, self._cache, key, entries, program, start)
        outs = run(program, [*hoisted, *values])
        if outs is None:  # at the edge of a guard, where native code rounds otherwise
            outs = program.evaluate([*hoisted, *values])
            guards = outs[len(program.outputs) - len(program.guards) :]
            if program.paths and not all(g.holds(o) for g, o in zip(program.guards, guards, strict=True) if g.decides):
                out = self._f(*args, **kwargs)  # at the edge of a choice of an example under `vmap`
                return trees.map(lambda x: strong(check_output(x, self._f)), out)
            outs = own_results(outs[: len(outs) - len(guards)], values)
        elif not hoisted:  # closed over no traced value, so another call may use it
            _remember(self._cache, key, (*entries, (program, out_tree)))
            self._prefer(program, args, kwargs)
        return trees.unflatten(out_tree, self._given_back(program, outs))

    def _runner(self, args: Any, kwargs: Any, leaves: Any) -> Callable[[Program, Sequence[Value]], list[Value] | None]:
        """What runs a Program for these arguments; its results are new arrays."""
        return run_owned

    def _prefer(self, program: Program, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Put a Program's native call first among those tried."""
        if config.debugging:
            return
        executable = self._compiled(program)
        if executable is None or executable.native is None:
            return
        natives, given = self._native, (args, kwargs)
        if self._fixed is not None:
            form = self._form(args, kwargs)
            key, given = form.apart(args, kwargs)
            natives = form.natives(key)
        natives.prefer(given, (executable.native, executable, config.mode()))

    def _given_back(self, program: Program, outs: Sequence[Value]) -> list[Any]:
        """Results as the user gets them: arrays of the backend, where it has some of its own."""
        place = getattr(self._compiled(program), "place", None)
        return [strong(o) for o in outs] if place is None else [place(strong(o)) for o in outs]

    def _compiled(self, program: Program) -> Any:
        return compiled_already(program)

    def split(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        nums = set(self.static_argnums)
        nums |= {i + len(args) for i in nums if i < 0}
        names = self.static_argnames
        if not nums and not names:
            leaves, tree = trees.flatten((args, kwargs))
            return leaves, tree, (), lambda t: t
        fixed = {i: a for i, a in enumerate(args) if i in nums}
        fixed_kw = {k: v for k, v in kwargs.items() if k in names}
        n = len(args)

        def rebuild(both: Any) -> Any:
            rest = iter(both[0])
            return [fixed[i] if i in fixed else next(rest) for i in range(n)], {**both[1], **fixed_kw}

        dynamic = (
            tuple(a for i, a in enumerate(args) if i not in nums),
            {k: v for k, v in kwargs.items() if k not in fixed_kw},
        )
        leaves, tree = trees.flatten(dynamic)
        typed = [(i, type(v), v) for i, v in fixed.items()], [(k, type(v), v) for k, v in sorted(fixed_kw.items())]
        marks = tuple([exact(v) for _, _, v in typed[0] + typed[1]])
        return leaves, tree, (n, tuple(typed[0]), tuple(typed[1]), marks), rebuild

    def program(self, *args: Any, **kwargs: Any) -> Program:
        """The Program for these arguments, as it is traced."""
        leaves, tree, _, rebuild = self.split(args, kwargs)
        return _program(self._f, leaves, tree, rebuild)

    def lower(self, *args: Any, **kwargs: Any) -> Lowered:
        """The compiled code for these arguments, to look at: Programs, loop nests, LLVM's text, assembly, costs.

        Args:
            args, kwargs: arrays, or `ShapeDtypeStruct` in their place.
        """
        leaves, tree, static, rebuild = self.split(args, kwargs)
        if all(not isinstance(x, ShapeDtypeStruct) for x in leaves):
            seen: list[Any] = []
            values = values_of(leaves, tree, "jit", self._f)
            avals = [aval_of(v) for v in values]
            name = name_of(self._f)
            program, _ = stage(flat_function(self._f, tree, rebuild, seen), avals, name, examples=values)
            program.in_tree, program.out_tree = tree, seen[-1]
        else:
            program = _program(self._f, leaves, tree, rebuild)
        self._place(program, args, program.out_tree, static)
        return backends.named(self.backend or config.backend).lower(program)

    def _place(self, program: Program, args: tuple[Any, ...], out_tree: Any, static: Any) -> None:
        """Note where arguments and results lie, on a backend that has several places (`placing`)."""

    def __reduce__(self) -> Any:
        """A copy in another process compiles for itself, or finds the code on disk."""
        return (Jit, (self._f, self.static_argnums or None, self.static_argnames or None, self.backend))

    def clear_cache(self) -> None:
        """Forget every Program."""
        self._cache.clear()
        self._native.clear()


def _program(f: Any, leaves: Sequence[Any], tree: Any, rebuild: Callable[..., Any]) -> Program:
    seen: list[Any] = []
    avals, name = abstracts(leaves, tree, "make_program", f), name_of(f)
    program, _ = stage(flat_function(f, tree, rebuild, seen), avals, name, "make_program")
    program.in_tree, program.out_tree = tree, seen[-1]
    return program


def abstract(x: Any) -> Aval:
    """The Aval of an array, a number, or a `ShapeDtypeStruct`."""
    if isinstance(x, ShapeDtypeStruct):
        check_numbers(x)
        return Aval(x.shape, x.dtype)
    return aval_of(given(x))


def abstracts(leaves: Sequence[Any], tree: Any, what: str, f: Any) -> list[Aval]:
    """The Avals of all leaves of ``(args, kwargs)``."""
    try:
        return [abstract(x) for x in leaves]
    except DtypeError as error:
        raise located(error, leaves, tree, what, f, check=abstract) from None


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
    f: Callable[..., Any] | None = None,
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


def make_program(f: Callable[..., Any], static_argnums: Any = (), return_shape: bool = False) -> Callable[..., Any]:
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


class ShapeDtypeStruct:
    """The shape and dtype of an array that need not exist.

    Example:
        >>> import wengert, wengert.numpy as wnp
        >>> x = wengert.ShapeDtypeStruct((3, 4), "float32")
        >>> x.ndim, x.size, wengert.eval_shape(wnp.transpose, x)
        (2, 12, ShapeDtypeStruct(shape=(4, 3), dtype=float32))
    """

    __slots__ = ("dtype", "shape")

    def __init__(self, shape: Sequence[int], dtype: Any) -> None:
        self.shape = tuple(as_length(n, "ShapeDtypeStruct") for n in shape)
        self.dtype = np.dtype(dtype)

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return int(np.prod(self.shape, dtype=int))

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of a 0-d ShapeDtypeStruct")
        return self.shape[0]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ShapeDtypeStruct) and (self.shape, self.dtype) == (other.shape, other.dtype)

    def __hash__(self) -> int:
        return hash((self.shape, self.dtype))

    def __repr__(self) -> str:
        return f"ShapeDtypeStruct(shape={self.shape}, dtype={self.dtype.name})"


def eval_shape(f: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
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
        program = _program(f, leaves, tree, lambda t: t)
    except Exception as error:
        raise shown(error)
    return _result_shapes(program)


def closure_convert(f: Callable[..., Any], *example_args: Any) -> tuple[Callable[..., Any], list[Any]]:
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
