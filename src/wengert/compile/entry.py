"""Entry: the call of a compiled function in native code, from Python objects to Python objects.

Here the table is written by which the caller (`caller.py`) follows the tree of containers that the Program was traced
for, checks each leaf's type, dtype and shape, makes the results, runs `main`, and puts the results into their tree.
Anything else than what the Program was traced for gives `NotImplemented`, and then the general way is taken; an error
inside gives `Ellipsis`.
"""

from __future__ import annotations

import ctypes
from collections.abc import Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import numpy as np

from ..core import Aval
from ..lowering import narrow
from ..ops.random import KEY
from ..vocabulary import Tree
from . import allocation, cache, caller, layout, recycle
from .call.words import BUILD, HEAD, MAKE, MATCH, WIDTH

_NUMBERS = {("b", 1): "bool", ("f", 8): "double", ("f", 4): "single", ("i", 8): "int64", ("i", 4): "int32"}


def plain(tree: Tree) -> bool:
    """Whether a tree is of tuples, lists, dicts, None and leaves (integers here) alone."""
    t = type(tree)
    if t is tuple or t is list:
        return all(map(plain, tree))
    if t is dict:
        return all(map(plain, tree.values()))
    return t is int or tree is None


def known_dtype(dtype: np.dtype) -> bool:
    """Whether arrays of this kind have one dtype object most often, by which the caller knows them."""
    return dtype is KEY or ((dtype.kind in "biufc" or narrow(dtype)) and dtype == np.dtype(dtype.type))


def _one(dtype: np.dtype) -> np.dtype:
    """That object: NumPy makes others that are equal, as `newbyteorder` and pickles do."""
    return dtype if dtype is KEY else np.dtype(dtype.type)


def followed(aval: Aval) -> bool:
    """Whether the caller takes arguments of this type."""
    return known_dtype(aval.dtype) and (not aval.weak or (aval.dtype.kind, aval.dtype.itemsize) in _NUMBERS)


class Table(np.ndarray):
    """The words that the caller reads. The function refers to its table, and the table to all that the words refer to:
    so whoever holds the function, if nobody else does, can call it.
    """

    owned: tuple[Any, ...] = ()

    def __del__(self) -> None:
        if not self.owned:  # a view
            return
        block, self[HEAD["workspace"]] = int(self[HEAD["workspace"]]), 0
        if block and _free is not None:
            _free(block)


class Entry:
    """A compiled function as a Python function, with all that must live as long as it.

    Args:
        trees: the tree of ``(args, kwargs)`` and that of the results, with the numbers of their leaves as leaves.
        inputs: the types of the arguments.
        literals: arrays that are further arguments of `main`.
        results: the types of its results; those without a leaf in the tree are guards.
        main: its address. callback: that of its callback, or 0. workspace: its bytes.
        release: whether other Python threads may run meanwhile. reports: whether it has loops of other packages, which may
            raise.
        held: results, by number, that are arguments, with their numbers.
        owned: what `main` and the callback need, such as the code itself.

    Attributes:
        function: takes the pair ``(args, kwargs)``.
    """

    def __init__(
        self,
        trees: tuple[Any, Any],
        inputs: Sequence[Aval],
        literals: Sequence[np.ndarray],
        results: Sequence[Aval],
        main: int,
        callback: int,
        workspace: int,
        release: bool,
        held: Mapping[int, int] = MappingProxyType({}),
        owned: tuple[Any, ...] = (),
        reports: bool = False,
    ) -> None:
        given, made = trees
        self._owned = frozenset(held.values())
        self._inputs, self._results = inputs, results
        self._words: list[int] = [0] * len(HEAD)
        self._objects: list[Any] = [*literals]
        self._blocks: dict[tuple[int, ...], int] = {}
        self._registers = 1
        kept = _leaves(made)

        matching: list[tuple[int, ...]] = []
        self._match(given, 0, matching)
        n = len(inputs)
        matching += [(MATCH["literal"], 0, a.ctypes.data, 0, 0, n + i) for i, a in enumerate(literals)]
        sizes = self._block([a.size * a.dtype.itemsize for a in inputs]) if held else 0
        making = [
            (MAKE["held"], 0, 0, held[i], sizes, n) if i in held else self._made(a, i < kept)
            for i, a in enumerate(results)
        ]
        building: list[tuple[int, ...]] = []
        room, self._registers = self._registers, 1
        self._build(made, 0, building)

        head = {
            "main": main, "callback": callback, "bytes": workspace, "release": int(release), "reports": int(reports),
            "arguments": n + len(literals), "results": len(results), "registers": max(room, self._registers),
            "match": self._list(matching), "make": self._list(making), "build": self._list(building),
            "allow": allocation.counter(),
            "handler": recycle.handler() if any(m[0] == MAKE["large"] for m in making) else 0, **_constants(),
        }  # fmt: skip
        for name, value in head.items():
            self._words[HEAD[name]] = value
        table = np.array(self._words, np.uint64).view(Table)
        table.owned = (*owned, self._objects)
        make, definition = _interface()
        self.function = make(definition, table, None)

    # --- the table -------------------------------------------------------------------------------------------------

    def _object(self, x: Any) -> int:
        self._objects.append(x)
        return id(x)

    def _block(self, numbers: Sequence[int]) -> int:
        """Numbers in the table: the number of their first word. Equal ones stand there once."""
        key = tuple(numbers)
        found = self._blocks.get(key)
        if found is None:
            found = self._blocks[key] = len(self._words)
            self._words += key
        return found

    def _list(self, instructions: list[tuple[int, ...]]) -> int:
        start = len(self._words)
        for instruction in [*instructions, (0,)]:
            self._words += instruction + (0,) * (WIDTH - len(instruction))
        return start

    def _side_by_side(self, count: int) -> int:
        first = self._registers
        self._registers += count
        return first

    def _match(self, tree: Tree, register: int, out: list[tuple[int, ...]]) -> None:
        if type(tree) is int:
            out.append(self._leaf(tree, register))
        elif tree is None:
            out.append((MATCH["none"], register))
        else:
            children = list(tree.values()) if type(tree) is dict else tree
            first, keys = self._side_by_side(len(children)), 0
            if type(tree) is dict:
                keys = self._block([self._object(k) for k in tree])
            out.append((MATCH[type(tree).__name__], register, 0, len(children), first, keys))
            for i, child in enumerate(children):
                self._match(child, first + i, out)

    def _leaf(self, number: int, register: int) -> tuple[int, ...]:
        aval = self._inputs[number]
        dtype, shape = _one(aval.dtype), aval.shape
        if aval.weak:
            return (MATCH[_NUMBERS[dtype.kind, dtype.itemsize]], register, 0, 0, 0, number)
        if shape == ():
            kind = MATCH["key" if dtype == KEY else "scalar"]
            return (kind, register, self._object(dtype), self._object(dtype.type), 0, number)
        return (
            MATCH["owned" if number in self._owned else "array"],
            register,
            self._object(dtype),
            len(shape),
            self._block(shape),
            number,
        )

    def _made(self, aval: Aval, kept: bool) -> tuple[int, ...]:
        if aval.shape == () or not kept:
            return (MAKE["slot"],)
        large = aval.size * aval.dtype.itemsize >= recycle.LEAST and recycle.handler()
        kind = MAKE["large" if large else "array"]
        return (kind, 0, self._object(_one(aval.dtype)), len(aval.shape), self._block(aval.shape))

    def _build(self, tree: Tree, register: int, out: list[tuple[int, ...]]) -> None:
        if type(tree) is int:
            aval = self._results[tree]
            if aval.shape == ():
                out.append((BUILD["scalar"], register, tree, self._object(_one(aval.dtype))))
            else:
                out.append((BUILD["array"], register, tree))
        elif tree is None:
            out.append((BUILD["none"], register))
        else:
            children = list(tree.values()) if type(tree) is dict else tree
            first, keys = self._side_by_side(len(children)), 0
            for i, child in enumerate(children):
                self._build(child, first + i, out)
            if type(tree) is dict:
                keys = self._block([self._object(k) for k in tree])
            out.append((BUILD[type(tree).__name__], register, 0, len(children), first, keys))


_MAIN = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)


@lru_cache(maxsize=1)
def callable_natively() -> bool:
    """Whether compiled functions can be called natively here: structures are found, and a trial call is right."""
    return layout.found() is not None and tried()


def tried() -> bool:
    """Whether a native call that copies its arguments gives them back, and refuses what it was not made for."""
    of = lambda shape, kind, weak=False: Aval(shape, np.dtype(kind), weak)
    inputs = [of((2, 3), "f8"), of((), "f8", True), of((), "i8", True), of((4,), "i4"), of((), "c16"), of((), "f4")]
    results = [of(a.shape, a.dtype) for a in inputs]
    sizes = [a.size * a.dtype.itemsize for a in inputs]

    def copy(addresses: int, area: int, callback: Any) -> int:
        pointers = (ctypes.c_void_p * (2 * len(sizes))).from_address(addresses)
        for i, n in enumerate(sizes):
            ctypes.memmove(pointers[len(sizes) + i], pointers[i], n)
        return 0

    main = _MAIN(copy)
    address = ctypes.cast(main, ctypes.c_void_p).value or 0
    given = (0, [1, {"two": 2, "three": 3}], None)
    trees = ((given, {"four": 4, "five": 5}), {"whole": given, "rest": [4, (5, None)]})
    a, d, c = np.arange(6.0).reshape(2, 3), np.arange(4, dtype=np.int32), np.complex128(1 - 2j)
    args, kwargs = (a, [0.75, {"two": -7, "three": d}], None), {"four": c, "five": np.float32(0.5)}
    try:
        call = Entry(trees, inputs, [], results, address, 0, 64, False, owned=(main,)).function
        if (
            call((args, {**kwargs, "five": 0.5})) is not NotImplemented
            or call(((a, d, 1), kwargs)) is not NotImplemented
        ):
            return False
        for _ in range(3):
            made = call((args, kwargs))
            one, (two, inner), three = made["whole"]
            four, (five, six) = made["rest"]
            found = (one, two, inner["two"], inner["three"], four, five)
            wanted = (a, np.float64(0.75), np.int64(-7), d, c, np.float32(0.5))
            if three is not None or six is not None or not all(map(_same, found, wanted)):
                return False
    except Exception:  # noqa: BLE001 of any kind: whatever a trial does that it should not, calls take the other way
        return False
    return True


def _same(found: Any, wanted: Any) -> bool:
    return type(found) is type(wanted) and found.dtype is wanted.dtype and bool(np.array_equal(found, wanted))


class _MethodDef(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_char_p),
        ("function", ctypes.c_void_p),
        ("flags", ctypes.c_int),
        ("doc", ctypes.c_char_p),
    )


@lru_cache(maxsize=1)
def _interface() -> tuple[Any, int]:
    """Python's function that makes functions, and the address of the definition that all of ours have, which is never
    freed, as any of them may live to the end.
    """
    make = ctypes.pythonapi.PyCFunction_NewEx
    make.restype, make.argtypes = ctypes.py_object, [ctypes.c_void_p, ctypes.py_object, ctypes.c_void_p]
    definition = _MethodDef(b"compiled", caller.address(), 8, b"A compiled function.")  # 8: METH_O
    cache.keep(definition)
    return make, ctypes.addressof(definition)


# The C library's function that frees memory.
_free: Any = getattr(ctypes.pythonapi, "free", None)
if _free is not None:
    _free.argtypes, _free.restype = [ctypes.c_void_p], None


@lru_cache(maxsize=1)
def _constants() -> dict[str, int]:
    """Objects that live as long as Python."""
    named = {
        "ndarray": np.ndarray, "tuple": tuple, "list": list, "dict": dict, "none": None, "float": float, "int": int,
        "bool": bool, "true": True, "missed": NotImplemented, "failed": Ellipsis,
    }  # fmt: skip
    return {name: id(x) for name, x in named.items()}


def _leaves(tree: Tree) -> int:
    if type(tree) is int:
        return 1
    if tree is None:
        return 0
    return sum(map(_leaves, tree.values() if type(tree) is dict else tree))
