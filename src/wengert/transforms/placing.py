"""jit on a backend whose arrays stay on devices: where arguments and results lie, and which arguments are donated.

Arguments are handed on as they are, so that no array is copied to this process' memory, which for one that is spread over
several processes could not be done.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import backends, trees
from ..config import config
from ..core import Aval, Tracer, aval_of
from ..errors import ArgumentError, NotSupportedError
from ..ops.derived import compiled
from ..prefixes import broadcast_prefix
from ..program import Program
from ..vocabulary import Keywords, Tree
from .batching import axis_env
from .donation import DonatingJit
from .function import name_of, values_of
from .jitted import flat_function, too_many_paths, unhashable
from .native_calls import Natives
from .staging import stage


class PlacedJit(DonatingJit):
    """A function that is compiled for devices."""

    def __init__(
        self, f: Any, static_argnums: Any, static_argnames: Any, nums: Any, names: Any, backend: str, places: Any
    ) -> None:
        super().__init__(f, static_argnums, static_argnames, nums, names, backend)
        self._native, self._cache = Natives(), {}  # of its own: others of the same function run elsewhere
        self._places = places
        self._entries: dict[Any, tuple[Any, ...]] = {}
        device, ins, outs = places
        if device is not None and (ins is not None or outs is not None):
            raise ArgumentError(f"jit of {name_of(f)}: pass device, or in_shardings and out_shardings, not both")

    def _call(self, args: tuple[Any, ...], kwargs: Keywords) -> Any:
        leaves, tree, static, rebuild = self.split(args, kwargs)
        backend = backends.named(self.backend or config.backend)
        stays = getattr(backend, "stays", None)
        traced = any(isinstance(x, Tracer) for x in leaves) or axis_env.get()
        if stays is None or traced or config.debugging:
            return super()._call(args, kwargs)
        here = [k for k, x in enumerate(leaves) if not stays(x)]
        without = [i for i, _, _ in static[1]] if static else ()
        if len(here) == len(leaves):
            values = values_of(leaves, tree, "jit", self._f, without=without)
        else:
            values = [x if stays(x) else v for x, v in zip(leaves, values_of(
                [0.0 if stays(x) else x for x in leaves], tree, "jit", self._f, without=without), strict=True)]  # fmt: skip
        if any(isinstance(v, Tracer) for v in values):
            return super()._call(args, kwargs)
        avals = [Aval(v.shape, v.dtype) if stays(v) else aval_of(v) for v in values]
        donated = self._given_away(args, kwargs, leaves)
        types = tuple((a.shape, a.dtype, a.weak) for a in avals)
        key = (tree, types, static, config.enable_x64, config.compiling, donated)
        try:
            entries = self._entries.get(key, ())
        except TypeError:
            raise unhashable(self._f, static) from None
        for executable, out_tree in entries:
            outs = executable.on_device(list(values))
            if outs is not NotImplemented:
                self._first(executable, (args, kwargs))
                return trees.unflatten(out_tree, outs)
        if len(entries) >= config.max_paths:
            raise too_many_paths(self._f, [executable.program for executable, _ in entries])
        seen: list[Any] = []
        examples = None
        if not any(stays(v) and not v.is_fully_addressable for v in values):  # copies: what is looked at is not donated
            examples = [np.array(v) if stays(v) else v for v in values]
        program, hoisted = stage(
            flat_function(self._f, tree, rebuild, seen), avals, name_of(self._f), examples=examples
        )
        if hoisted:
            return super()._call(args, kwargs)
        program.backend = self.backend
        if not static:
            program.in_tree, program.out_tree = tree, seen[-1]
        self._place(program, args, seen[-1], static)
        executable: Any = compiled(program, donated if not program.guards else ())
        self._entries[key] = (*entries, (executable, seen[-1]))
        outs = executable.on_device(list(values))
        if outs is NotImplemented:  # at the edge of a guard, where the device rounds otherwise
            return super()._call(args, kwargs)
        self._first(executable, (args, kwargs))
        return trees.unflatten(seen[-1], outs)

    def _first(self, executable: Any, given: Any) -> None:
        """Put a Program's native call first among those tried."""
        if executable.native is not None and (not self._native or self._native[0][1] is not executable):
            self._native.prefer(given, (executable.native, executable, config.mode()))

    def _given_away(self, args: Any, kwargs: Any, leaves: Sequence[Any]) -> tuple[int, ...]:
        parts = [a for i, a in enumerate(args) if {i, i - len(args)} & {*self.donate_argnums}]
        parts += [kwargs[name] for name in self.donate_argnames if name in kwargs]
        arrays = {id(x) for x in trees.leaves(parts)}
        return tuple(i for i, x in enumerate(leaves) if id(x) in arrays) if arrays else ()

    def _place(self, program: Program, args: tuple[Any, ...], out_tree: Any, static: Any) -> None:
        """Note where a Program's arguments and results are to lie."""
        device, ins, outs = self._places
        if device is None and ins is None and outs is None:
            return
        backend: Any = backends.named(self.backend or config.backend)
        if device is not None:
            place = backend.placement(device)
            program.placement = [place] * len(program.inputs), []
            return
        fixed = {i for i, _, _ in static[1]} if static else set()
        dynamic = tuple(a for i, a in enumerate(args) if i not in fixed)
        if isinstance(ins, (tuple, list)) and fixed and len(ins) == len(args):
            ins = tuple(x for i, x in enumerate(ins) if i not in fixed)
        found = _spread(ins, trees.structure(dynamic), backend, "jit: in_shardings")
        found += [None] * (len(program.inputs) - len(found))  # arguments by keyword
        given = _spread(outs, out_tree, backend, "jit: out_shardings")
        self._check(program, found, given)
        program.placement = found, given

    def _check(self, program: Program, ins: Sequence[Any], outs: Sequence[Any]) -> None:
        for what, avals, places in (("argument", program.in_avals, ins), ("result", program.out_avals, outs)):
            for a, place in zip(avals, places, strict=False):
                if place is None:
                    continue
                try:
                    place.shard_shape(a.shape)
                except ValueError as error:
                    raise ArgumentError(
                        f"jit of {name_of(self._f)}: {place} does not fit {a!r}, the type of an {what}: {error}"
                    ) from None

    def __reduce__(self) -> Any:
        if any(p is not None for p in self._places):
            raise NotSupportedError(
                f"jit of {name_of(self._f)} names devices of this process: it cannot be pickled; apply jit in the other process"
            )
        nums, names = self.static_argnums or None, self.static_argnames or None
        donated = self.donate_argnums, self.donate_argnames
        return PlacedJit, (self._f, nums, names, *donated, self.backend, self._places)


class _Box:
    __slots__ = ("place",)

    def __init__(self, place: Any) -> None:
        self.place = place


def _spread(prefix: Any, tree: Tree, backend: Any, what: str) -> list[Any]:
    """Where each leaf lies, from a prefix of the tree."""
    prefix = tuple(prefix) if isinstance(prefix, list) else prefix
    boxed = trees.map(_Box, prefix, is_leaf=lambda x: x is None)
    return [backend.placement(b.place) for b in broadcast_prefix(boxed, tree, what=what, root="args")]


__all__ = ["PlacedJit"]
