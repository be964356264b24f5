"""Executable: a compiled Program that is called with arrays."""

from __future__ import annotations

import ctypes
import json
import math
import threading
import time
import weakref
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from .. import trees
from ..backends import OtherPath
from ..config import config
from ..core import Value
from ..program import Equation, Literal, Program
from . import cache, engine, interrupts, perfmap, rewrites, sidebyside, timing, ufuncs
from . import runtime as _runtime  # noqa: F401 - engine finds its functions by their symbols
from .callback import FAILED
from .entry import Entry, callable_natively, followed, known_dtype, plain
from .fingerprint import fingerprint
from .fusion import Plan
from .module import FORGET, NO_MEMORY, OTHER_PATH, Module
from .pipeline import lowered, optimized
from .recipe import Recipe, call_numbers, literal_numbers, literal_values
from .refusals import failure

_MAIN = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)


class Executable:
    """Native code for one Program.

    Attributes:
        program: as it was given.
        donated: the numbers of arguments in whose memory results may be put.
        keep: whether what is only needed to write code is kept, to be looked at; else it is made again when it is asked for.
        native: the native call, a function of ``(args, kwargs)``; None where their tree has other containers than
            tuples, lists and dicts. It gives `NotImplemented` for arguments of another kind, and `Ellipsis` after an
            error, which `raise_error` then raises.
    """

    native: Any = None

    def __init__(
        self, program: Program, verify: bool = False, donated: tuple[int, ...] = (), keep: bool = True
    ) -> None:
        self.program = program
        self.donated = donated
        self._optimized: Program | None = None
        self._module: Module | None = None
        self._found = False  # whether the code was on disk
        self.clock: timing.Clock | None = None  # how long its steps took, where that is noted
        self.spent = {"passes": 0.0, "LLVM": 0.0, "linking": 0.0}  # seconds
        recipe = self._recipe(verify)
        results = program.out_avals
        try:
            self._link(recipe, results)
        except (RuntimeError, LookupError, ValueError, TypeError, AttributeError, AssertionError, OSError):
            if not self._found:
                raise
            cache.stats.add("damaged")  # an entry that is whole, and is not what its name says
            recipe = self._recipe(verify, anew=True)
            self._link(recipe, results)
        self._main = _MAIN(self.code.main)
        given = program.in_avals
        self._in_dtypes = [a.dtype for a in given]
        self._in_shapes = [a.shape for a in given]
        self._release = recipe.release
        self._results = [(a.shape, a.dtype) for a in results]
        self._workspace = recipe.workspace
        self._held = dict(recipe.held)
        self._errors: dict[int, BaseException] = {}
        self._callback: Any = None
        if recipe.calls or recipe.failures or recipe.tapes:
            calls = [_prepare(e) for e in self._called(recipe)]
            self._callback = _callback(calls, recipe.failures, self._errors)
        self._callback_address = None if self._callback is None else id(self._callback)
        pair = _trees(program, given, results)
        whole = not [k for k, i in self._held.items() if not given[i].shape == results[k].shape != ()]
        if pair is not None and whole:
            self.native = Entry(
                pair, given, self._literals, results, self.code.main, self._callback_address or 0,
                recipe.workspace, recipe.release, self._held, (self.code, self._callback, self.clock),
                any(s.startswith(ufuncs.PREFIX) for s in recipe.symbols),
            ).function  # fmt: skip
        if not keep:
            self._module = self._optimized = None

    @property
    def optimized(self) -> Program:
        """The Program after the passes on Programs."""
        if self._optimized is None:
            self._optimized = optimized(self.program)
        return self._optimized

    @property
    def module(self) -> Module:
        """Its loop nests and LLVM text; made when it is compiled or looked at, not where the cache has its code."""
        if self._module is None:
            width, start = engine.vector_bytes(), time.perf_counter()
            self._module = Module(lowered(self.optimized, width, self.donated), width)
            self.spent["passes"] += time.perf_counter() - start
        return self._module

    @property
    def plan(self) -> Plan:
        return self.module.plan

    def _link(self, recipe: Recipe, results: Sequence[Any]) -> None:
        self._literals = literal_values(recipe, self.optimized if recipe.needs_program() else None, results)
        self._called(recipe)
        start = time.perf_counter()
        places = {} if self.clock is None else self.clock.places
        self.code = engine.load(recipe.objects, recipe.symbols, places)
        if self._mapped:
            perfmap.write(recipe.objects[0], self.code.main, self._function_name)
        self.spent["linking"] += time.perf_counter() - start

    @property
    def from_disk(self) -> bool:
        """Whether the code was compiled before, by this process or another."""
        return self._found

    def _function_name(self, name: str) -> str:
        """What a function of the code is called in a profile: the user's function, and the lines of the step."""
        from .attribution import title_of

        step = self.module.named.get(name)
        return f"wengert:{self.program.name}:" + (name if step is None else title_of(self.module.plan, step))

    def _recipe(self, verify: bool, anew: bool = False) -> Recipe:
        """The compiled Program: from the cache, unless it is to be made `anew`, or compiled and stored there."""
        self._mapped = perfmap.wanted()
        whole = config.compiling[-1] or self._mapped  # in one part, and not to be kept on disk
        key = None if verify or whole else cache_key(self.program, self.donated)
        found = None if anew else cache.fetch(key, Recipe.is_one)
        self._found = found is not None
        if found is not None:
            return Recipe.from_bytes(found)
        module = self.module
        parts = [(module.text, False)] if whole else module.parts(sidebyside.most())
        if module.clock is not None:
            self.clock = timing.Clock(module)
        arguments = module.memory.arguments
        recipe = Recipe(
            sorted(module.symbols),
            literal_numbers(self.optimized, arguments),
            call_numbers(self.optimized, [c.eqn for c in module.calls]),
            [*module.failures, *(["memory"] if module.tapes else [])],  # the last stands for NO_MEMORY
            module.memory.size,
            module.release,
            module.tapes,
            held=list(module.plan.held.items()),
        )
        if not recipe.portable():
            key = None
        if key is None and not verify and not whole:  # the Program has no fingerprint, so its code is known by its text
            key = cache.key_of("\0".join(text for text, _ in parts).encode())
            found = None if anew else cache.fetch(key, Recipe.is_one)
            self._found = found is not None
            if found is not None:
                recipe.objects = Recipe.from_bytes(found).objects
                return recipe
        start = time.perf_counter()
        recipe.objects = engine.emit_all(parts, verify or config.verify)
        self.spent["LLVM"] += time.perf_counter() - start
        if key is not None:
            cache.store(key, recipe.to_bytes())
        return recipe

    def _called(self, recipe: Recipe) -> list[Equation]:
        """The equations that go through NumPy."""
        if recipe.portable():
            return [self.optimized.equations[i] for i in recipe.calls]
        return [c.eqn for c in self.module.calls]

    def __call__(self, args: Sequence[Value]) -> list[Value]:
        given = [np.ascontiguousarray(a, d) for a, d in zip(args, self._in_dtypes, strict=True)]
        for a, s in zip(given, self._in_shapes, strict=True):  # NumPy gives a number one axis
            if a.size != math.prod(s):
                raise RuntimeError(f"an array changed its size while {self.program.name} was called with it")
        guards = [weakref.ref(a) for a in given]  # which keep NumPy from resizing them
        arrays = given + self._literals
        results = [
            _shaped(arrays[self._held[k]], s) if k in self._held else np.empty(s, d)
            for k, (s, d) in enumerate(self._results)
        ]
        table = (ctypes.c_void_p * (len(arrays) + len(results)))(*[a.ctypes.data for a in (*arrays, *results)])
        workspace = np.empty(self._workspace + 64, np.uint8)
        start = -(-workspace.ctypes.data // 64) * 64
        try:
            status = self._main(table, start, self._callback_address)
        except SystemError as error:  # so ctypes says that a loop of another package's has raised
            if error.__cause__ is None:
                raise
            raise error.__cause__ from None
        del guards
        if status:
            if status == OTHER_PATH:
                raise OtherPath
            if status == interrupts.STOPPED:
                interrupts.raise_taken()
            self.raise_error()
        return [a[()] if a.ndim == 0 else a for a in results]

    def raise_error(self) -> None:
        """Raise what went wrong in the last call of this thread: an error of NumPy's, or a bad index."""
        interrupts.raise_taken()
        error = self._errors.pop(threading.get_ident(), None)
        if error is not None:
            _forget_locals(error.__traceback__)
            raise error
        raise IndexError(
            f"an index is out of range for the axis it indexes, in the compiled {self.program.name}; run it without "
            f"jit to see where, or clip the index with wengert.numpy.clip"
        )


def cache_key(program: Program, donated: tuple[int, ...] = ()) -> bytes | None:
    """What the code of a Program on disk is known by; None where no code is kept there or the Program has no fingerprint."""
    known = fingerprint(program) if config.disk_cache else None
    if known is None or config.dump is not None:
        return None
    given = json.dumps(donated).encode() if donated else b""
    choices = repr((rewrites.changed(), config.without_passes, ufuncs.reporting())).encode()
    return cache.key_of(known + bytes([engine.vector_bytes()]) + given + choices)


def _shaped(a: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    return a if a.shape == shape else a.reshape(shape)


def _trees(program: Program, inputs: Sequence[Any], results: Sequence[Any]) -> Any:
    """The trees of arguments and results, if the native call can follow them."""
    if program.in_tree is None or program.out_tree is None or not callable_natively():
        return None
    if not all(map(followed, inputs)) or not all(map(known_dtype, [a.dtype for a in results])):
        return None
    given = trees.unflatten(program.in_tree, list(range(len(inputs))))
    made = trees.unflatten(program.out_tree, list(range(len(results) - len(program.guards))))
    return (given, made) if plain(given) and plain(made) else None


def _callback(calls: list[Any], failures: list[str], errors: dict[int, BaseException]) -> Any:
    """The function through which native code runs equations with NumPy, or says that a factorisation failed (by numbers
    -1, -2 ...), with the errors that are kept for each thread.
    """

    def run(number: int, addresses: int) -> int:
        try:
            if number == FORGET:
                errors.pop(threading.get_ident(), None)
                return 0
            if number == NO_MEMORY:
                raise MemoryError(
                    'no memory for what the steps of a loop need in reverse; give while_loop or scan checkpoint="auto"'
                )
            if number < 0:
                raise failure(failures[-1 - number])
            calls[number](addresses)
            return 0
        except BaseException as error:  # noqa: BLE001 (`raise_error` raises it)
            _forget_locals(error.__traceback__)
            errors[threading.get_ident()] = error
            return FAILED

    return run, errors


def _forget_locals(traceback: Any) -> None:
    """Clear the frames of an error that may hold views of the workspace: those of user's functions hold arrays of their
    own.
    """
    while traceback is not None:
        frame = traceback.tb_frame
        if str(frame.f_globals.get("__name__", "")).split(".")[0] in ("wengert", "numpy", "scipy"):
            with suppress(RuntimeError):  # it still runs
                frame.clear()
        traceback = traceback.tb_next


def _prepare(eqn: Equation) -> Any:
    """A function of the addresses of an equation's arrays that runs it through NumPy."""
    ins: list[tuple[Any, Any]] = [
        (a.value if isinstance(a, Literal) and a.aval.shape == () else None, a.aval) for a in eqn.inputs
    ]
    outs = [v.aval for v in eqn.outputs]
    table = ctypes.c_void_p * (sum(value is None for value, _ in ins) + len(outs))

    def view(address: int, aval: Any) -> np.ndarray:
        size = aval.size * aval.dtype.itemsize
        if not size:
            return np.empty(aval.shape, aval.dtype)
        return np.frombuffer((ctypes.c_char * size).from_address(address), aval.dtype).reshape(aval.shape)

    def run(addresses: int) -> None:
        pointers = table.from_address(addresses)
        args, i = [], 0
        for value, aval in ins:
            if value is None:
                a = view(pointers[i], aval)
                value = a[()] if aval.shape == () else a
                if aval.weak:
                    value = value.item()
                i += 1
            args.append(value)
        results = eqn.primitive.interpret(*args, **eqn.params)
        if not eqn.primitive.multiple_results:
            results = [results]
        for r, aval in zip(results, outs, strict=True):
            view(pointers[i], aval)[...] = r
            i += 1

    return run
