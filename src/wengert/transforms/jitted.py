"""A function under `jit`: the Programs it became for the types of arguments, their guards, its call."""

from __future__ import annotations

import inspect
import operator
import reprlib
import time
import weakref
from collections.abc import Callable, Sequence
from typing import Any

from .. import backends, trees
from ..config import Here, config
from ..core import Aval, Tracer, Value, aval_of, check_numbers
from ..errors import ArgumentError, DtypeError, TooManyPathsError
from ..ops.derived import compiled, compiled_already
from ..program import Program
from ..vocabulary import Function, Keywords, Tree
from . import nans, native_calls
from .ahead import Lowered
from .batching import axis_env
from .forward import check_output, strong
from .function import Transformed, argument_name, follows_values, given, located, name_of, shown, values_of
from .guarded import run_guarded
from .native_calls import NONE, Fixed, Natives, exact
from .ownership import own_results
from .recompiled import say_why
from .shapes import ShapeDtypeStruct
from .staging import StagingTrace, signature, stage
from .underway import CALLS, FIRST_CALLS, Making, begin

_programs: weakref.WeakKeyDictionary[Any, dict[Any, Any]] = weakref.WeakKeyDictionary()


def _cache_of(f: Any, backend: str | None) -> dict[Any, Any]:
    try:
        return _programs.setdefault(f, {}).setdefault(backend, {})
    except Exception:  # cannot be referred to weakly, has no hash, or is not compared by a truth value
        return {}


def clear_caches() -> None:
    """Forget all that was compiled, of all functions; each is compiled, or found on disk, when it is called again.

    Example:
        >>> import wengert
        >>> f = wengert.jit(lambda x: x + 1.0)
        >>> wengert.clear_caches()
        >>> float(f(1.0))
        2.0
    """
    for caches in list(_programs.values()):
        for cache in caches.values():
            natives = cache.pop("native", None)
            cache.clear()
            if natives is not None:
                natives.clear()
                cache["native"] = natives


def _remember(cache: dict[Any, Any], key: Any, entries: Any) -> None:
    """Note a kind of arguments as the last that was used; where there are too many, the first is forgotten."""
    cache.pop(key, None)
    cache[key] = entries
    if len(cache) > native_calls.KINDS + 1:  # one is the list of native calls
        for old in list(cache):
            if old != "native":
                cache.pop(old, None)
                break


def flat_function(f: Any, tree: Tree, rebuild: Function, seen: list[Any]) -> Callable[..., list[Value]]:
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


def _vmap_of_paths(*args: Any) -> Any:
    """The result of a `vmap` of a function with Python control flow, under `jit`."""
    from .path_programs import vmap_of_paths

    return vmap_of_paths(*args)


StagingTrace.vmap_of_paths = staticmethod(_vmap_of_paths)


def run_owned(program: Program, values: Sequence[Value]) -> list[Value] | None:
    """The same, none of them one of the values."""
    outs = run_guarded(program, values)
    return None if outs is None else own_results(outs, values)


def too_many_paths(f: Any, programs: Sequence[Program]) -> TooManyPathsError:
    lines = {repr(g): None for p in programs[-3:] for g in p.guards}
    shown_lines = "\n".join(f"    {line}" for line in list(lines)[:12])
    return TooManyPathsError(
        f"jit of {name_of(f)} was compiled for {len(programs)} ways through its Python control flow, which is the limit "
        f"(wengert.config.max_paths). Use wengert.numpy.where or lax.cond for the choice and lax.while_loop for the "
        f"loop, or raise the limit. What Python asked for, in the last ones:\n{shown_lines}"
    )


def unhashable(f: Any, static: tuple[Any, ...]) -> ArgumentError:
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
                form = self._fixed.get((len(args), *kwargs) if kwargs else len(args)) or self.form(args, kwargs)
                key, given = form.apart(args, kwargs)
                try:
                    natives = form.known.get(key, NONE)
                except TypeError:
                    raise unhashable(self._f, self.split(args, kwargs)[2]) from None
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

    def form(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Fixed:
        """How calls of this form come apart in static arguments and others."""
        assert self._fixed is not None
        known = self._fixed.get((len(args), *kwargs) if kwargs else len(args))
        if known is not None:
            return known
        key = (self.static_argnums, self.static_argnames, len(args), *kwargs)
        fixed = self._native.forms.get(key)
        if fixed is None:
            made = Fixed(self.static_argnums, self.static_argnames, len(args), tuple(kwargs))
            fixed = self._native.forms.setdefault(key, made)
        self._fixed[(len(args), *kwargs) if kwargs else len(args)] = fixed
        return fixed

    def _call(self, args: tuple[Any, ...], kwargs: Keywords) -> Any:
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
            raise unhashable(self._f, static) from None
        run = self._runner(args, kwargs, leaves)
        while True:
            for program, out_tree in entries:
                outs = run(program, values)
                if outs is not None:
                    self._prefer(program, args, kwargs)
                    if len(self._cache) > native_calls.KINDS // 2:
                        _remember(self._cache, key, entries)
                    return trees.unflatten(out_tree, self._given_back(program, outs))
            # A hash, as comparing keys may call the user's `__eq__`, and two of one hash only wait for each other.
            making = begin(None if [v for v in values if isinstance(v, Tracer)] else (id(self._cache), hash(key)))
            if making is not None:
                try:
                    if self._cache.get(key, ()) is entries:
                        return self._first_call(args, kwargs, leaves, values, key, making, rebuild, run)
                finally:
                    making.end()
            entries = self._cache.get(key, ())  # another thread has compiled for these arguments in the meantime

    def _first_call(
        self,
        args: tuple[Any, ...],
        kwargs: Keywords,
        leaves: Any,
        values: Any,
        key: Any,
        making: Making,
        rebuild: Any,
        run: Callable[[Program, Sequence[Value]], list[Value] | None],
    ) -> Any:
        """Trace and compile the function for these arguments and the way that they take through it, and run that."""
        tree, axes = key[0], key[5]
        entries = self._cache.get(key, ())
        if len(entries) >= config.max_paths:
            raise too_many_paths(self._f, [program for program, _ in entries])
        seen: list[Any] = []
        start = time.perf_counter()
        avals, name = [aval_of(v) for v in values], name_of(self._f)
        known = _known_paths(entries)
        flat, follows = flat_function(self._f, tree, rebuild, seen), follows_values(self._f)
        program, hoisted = stage(flat, avals, name, examples=values, paths=known, follows=follows)
        if known and program.paths:
            entries = _without_covered(entries, program)
        out_tree, program.backend = seen[-1], self.backend
        if not axes:
            program.in_tree, program.out_tree = tree, out_tree
        say_why(self._f, self._cache, key, entries, program, start)
        early = making.shared and not hoisted
        if early:  # before it is run: others may call it meanwhile
            self._make(program, args, kwargs, leaves)
            program.pack()  # as long as nobody else has it
            _remember(self._cache, key, (*entries, (program, out_tree)))
            making.end()
        outs = run(program, [*hoisted, *values])
        if outs is None:  # at the edge of a guard, where native code rounds otherwise
            if early:
                self._cache[key] = tuple(e for e in self._cache.get(key, ()) if e[0] is not program)
            outs = program.evaluate([*hoisted, *values])
            guards = outs[len(program.outputs) - len(program.guards) :]
            if program.paths and not all(g.holds(o) for g, o in zip(program.guards, guards, strict=True) if g.decides):
                out = self._f(*args, **kwargs)  # at the edge of a choice of an example under `vmap`
                return trees.map(lambda x: strong(check_output(x, self._f)), out)
            outs = own_results(outs[: len(outs) - len(guards)], values)
        elif not hoisted:  # closed over no traced value, so another call may use it
            if not early:
                _remember(self._cache, key, (*entries, (program, out_tree)))
            self._prefer(program, args, kwargs)
        return trees.unflatten(out_tree, self._given_back(program, outs))

    def _make(self, program: Program, args: Any, kwargs: Any, leaves: Any) -> None:
        """Compile a Program before it is called, as `_runner` will call it."""
        if not config.debugging:
            compiled(program)

    def _runner(self, args: Any, kwargs: Any, leaves: Any) -> Callable[[Program, Sequence[Value]], list[Value] | None]:
        """What runs a Program for these arguments; its results are new arrays."""
        return run_owned

    def _prefer(self, program: Program, args: tuple[Any, ...], kwargs: Keywords) -> None:
        """Put a Program's native call first among those tried."""
        if config.debugging:
            return
        executable = self._compiled(program)
        if executable is None or executable.native is None:
            return
        natives, given = self._native, (args, kwargs)
        if self._fixed is not None:
            form = self.form(args, kwargs)
            key, given = form.apart(args, kwargs)
            natives = form.natives(key)
        natives.prefer(given, (executable.native, executable, config.mode()))

    def _given_back(self, program: Program, outs: Sequence[Value]) -> list[Any]:
        """Results as the user gets them: arrays of the backend, where it has some of its own."""
        place = getattr(self._compiled(program), "place", None)
        return [strong(o) for o in outs] if place is None else [place(strong(o)) for o in outs]

    def _compiled(self, program: Program) -> Any:
        return compiled_already(program)

    def split(self, args: tuple[Any, ...], kwargs: Keywords) -> Any:
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
        return program_of(self._f, leaves, tree, rebuild)

    def lower(self, *args: Any, **kwargs: Any) -> Lowered:
        """The compiled code for these arguments, to look at: Programs, loop nests, LLVM's text, assembly, costs; and to call:
        ``lower(x).compile()`` is called as the function is, and never compiles.

        Args:
            args, kwargs: arrays, or `ShapeDtypeStruct` in their place.
        """
        hoisted: Any = ()
        leaves, tree, static, rebuild = self.split(args, kwargs)
        if all(not isinstance(x, ShapeDtypeStruct) for x in leaves):
            seen: list[Any] = []
            values = values_of(leaves, tree, "jit", self._f)
            avals = [aval_of(v) for v in values]
            name = name_of(self._f)
            flat, follows = flat_function(self._f, tree, rebuild, seen), follows_values(self._f)
            program, hoisted = stage(flat, avals, name, examples=values, follows=follows)
            if not hoisted:  # whose values come before the arguments
                program.in_tree = tree
            program.out_tree = seen[-1]
        else:
            program = program_of(self._f, leaves, tree, rebuild)
        self._place(program, args, program.out_tree, static)
        found = backends.named(self.backend or config.backend).lower(program)
        return Lowered(self, (args, kwargs), len(hoisted), found)

    def _place(self, program: Program, args: tuple[Any, ...], out_tree: Any, static: Any) -> None:
        """Note where arguments and results lie, on a backend that has several places (`placing`)."""

    def __reduce__(self) -> Any:
        """A copy in another process compiles for itself, or finds the code on disk."""
        return (Jit, (self._f, self.static_argnums or None, self.static_argnames or None, self.backend))

    def clear_cache(self) -> None:
        """Forget every Program."""
        self._cache.clear()
        self._native.clear()


CALLS.append(Jit._call.__code__)
FIRST_CALLS.append(Jit._first_call.__code__)


def program_of(f: Any, leaves: Sequence[Any], tree: Tree, rebuild: Function) -> Program:
    seen: list[Any] = []
    avals, name = abstracts(leaves, tree, "make_program", f), name_of(f)
    program, _ = stage(flat_function(f, tree, rebuild, seen), avals, name, "make_program")
    program.in_tree, program.out_tree = tree, seen[-1]
    return program


def abstract(x: Value) -> Aval:
    """The Aval of an array, a number, or a `ShapeDtypeStruct`."""
    if isinstance(x, ShapeDtypeStruct):
        check_numbers(x)
        return Aval(x.shape, x.dtype)
    return aval_of(given(x))


def abstracts(leaves: Sequence[Any], tree: Tree, what: str, f: Any) -> list[Aval]:
    """The Avals of all leaves of ``(args, kwargs)``."""
    try:
        return [abstract(x) for x in leaves]
    except DtypeError as error:
        raise located(error, leaves, tree, what, f, check=abstract) from None


__all__ = [
    "Jit", "ShapeDtypeStruct", "abstract", "abstracts", "clear_caches", "flat_function", "named_arguments", "program_of",
    "run_guarded", "run_owned", "too_many_paths", "unhashable",
]  # fmt: skip
