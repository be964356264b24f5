"""Emitter: writes LLVM IR as text, one instruction a method, on scalars and on vectors.

Text because LLVM's own parser is much faster than building instruction objects in Python. Three things happen here so
that hardly any LLVM pass is needed afterwards: constants are folded into operands, an instruction that was written
before is not written again, and each instruction is placed in the outermost loop in which its operands are known.

No operation, loop nest or buffer is known here.
"""

from __future__ import annotations

import operator
import struct
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from .rewrites import on

FLOATS = ("float", "double")
QUICK = "#1 {"  # how the head of a function ends that runs rarely: compiled without optimisation
BITS = {"half": 16, "i1": 1, "i8": 8, "i16": 16, "i32": 32, "i64": 64, "float": 32, "double": 64}
PAIRS = {"float": "<2 x float>", "double": "<2 x double>"}  # complex numbers as they are copied, in one piece
_SUFFIXES = {"float": "f32", "double": "f64"}  # of overloaded names
_TEXT, _TYPE = operator.attrgetter("text"), operator.attrgetter("llvm")
BITS.update({pair: 2 * BITS[real] for real, pair in PAIRS.items()})
# NumPy's dtypes that live in registers, and what they are there; booleans are i1 there and i8 in memory.
REGISTER_TYPES = {
    "bool": "i1",
    "int8": "i8",
    "int16": "i16",
    "int32": "i32",
    "int64": "i64",
    "uint8": "i8",
    "uint16": "i16",
    "uint32": "i32",
    "uint64": "i64",
    "float16": "float",  # see `narrow`
    "float32": "float",
    "float64": "double",
}


class V:
    """A value in a register: its text, scalar type, number of lanes (1: a scalar) and the loop depth it is known at.

    `llvm` is its type, with lanes, as LLVM writes it, `text` type and name. `late` is its form as ``a * b + c``, of which `b`
    is known last, where that is of use: see `control.late`.
    """

    __slots__ = ("const", "depth", "lanes", "late", "llvm", "name", "text", "type")

    def __init__(self, name: str, type: str, lanes: int, depth: int, const: Any = None) -> None:
        self.name = name
        self.type = type
        self.lanes = lanes
        self.depth = depth
        self.const = const  # the Python number, if it is a constant
        self.late: Any = None
        self.llvm = type if lanes == 1 else f"<{lanes} x {type}>"
        self.text = f"{self.llvm} {name}"

    def __repr__(self) -> str:
        return self.text


def literal_text(type: str, value: Any) -> str:
    """A number as LLVM writes it."""
    if type == "float":
        value = float(np.float32(value))
    if type in FLOATS:
        return "0x" + struct.pack(">d", value).hex().upper()
    if type == "i1":
        return "true" if value else "false"
    return str(int(value))


# The methods that write an instruction of two operands of one type and as many lanes.
INSTRUCTIONS = "fadd fsub fmul fdiv isub imul and_ or_ xor shl lshr ashr iadd".split()


def _instruction(op: str, what: str | None = None) -> Callable[[Emitter, V, V], V]:
    """The method that writes an instruction of two operands of one type."""

    def write(e: Emitter, a: V, b: V) -> V:
        return e.define(f"{op} {a.llvm} {a.name}, {b.name}", a.type, a.lanes, max(a.depth, b.depth))

    write.__doc__ = what
    return write


@lru_cache(maxsize=512)
def _lanes_text(values: tuple[int, ...], type: str) -> str:
    """Integers as a vector constant has them."""
    return ", ".join([f"{type} {literal_text(type, v)}" for v in values])


class Region:
    """The instructions of one loop depth, in the order in which they run, with those already written.

    `block` is the label of the basic block that the lines end in, None while it is the one they began in: what a phi
    that is reached from their end has to name.
    """

    __slots__ = ("block", "lines", "seen")

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.seen: dict[str, V] = {}
        self.block: str | None = None


class Emitter:
    """One LLVM function being written, with the declarations and constants it needs.

    Example:
        >>> e = Emitter()
        >>> x = V("%x", "double", 4, 0)
        >>> e.fmul(x, e.const(2.0, x))
        <4 x double> %v1
    """

    latency = False  # whether short chains of instructions matter more than few of them

    def __init__(self) -> None:
        self.regions = [Region()]
        self.declarations: dict[str, str] = {}
        self.functions: dict[str, str] = {}  # definitions of internal functions, by name
        self.results: dict[str, str] = {}  # the types that they return
        self._count = 0
        self._contracts, self._fuses = on("contraction"), on("product_sums")

    # --- writing -------------------------------------------------------------------------------------------------

    def fresh(self, prefix: str = "v") -> str:
        self._count += 1
        return f"%{prefix}{self._count}"

    def raw(self, line: str) -> None:
        """A line at the innermost depth."""
        self.regions[-1].lines.append(line)

    def define(self, right: str, type: str, lanes: int, depth: int) -> V:
        """The value of an instruction without side effects; written once for each loop it belongs to."""
        region = self.regions[depth]
        known = region.seen.get(right)
        if known is not None:
            return known
        self._count += 1
        v = V(f"%v{self._count}", type, lanes, depth)
        region.lines.append(f"  {v.name} = {right}")
        region.seen[right] = v
        return v

    # --- constants -----------------------------------------------------------------------------------------------

    def constant(self, value: Any, type: str, lanes: int = 1) -> V:
        """A constant of a type, the same in every lane."""
        if type == "double":
            text = "0x" + struct.pack(">d", value).hex().upper()
        else:
            text = (
                str(value) if value.__class__ is int and type != "float" and type != "i1" else literal_text(type, value)
            )
        return V(text if lanes == 1 else f"splat ({type} {text})", type, lanes, 0, value)

    def const(self, value: Any, like: V) -> V:
        """A constant of the type and lanes of another value."""
        if like.type != "double":
            return self.constant(value, like.type, like.lanes)
        text = "0x" + struct.pack(">d", value).hex().upper()
        return V(text if like.lanes == 1 else f"splat (double {text})", "double", like.lanes, 0, value)

    def lanes_constant(self, values: Sequence[Any], type: str) -> V:
        """A vector constant with its own value in each lane."""
        if type in FLOATS:
            text = ", ".join([f"{type} {literal_text(type, v)}" for v in values])
        else:
            text = _lanes_text(tuple(values), type)
        return V(f"<{text}>", type, len(values), 0)

    # --- instructions --------------------------------------------------------------------------------------------

    fadd = _instruction("fadd", "``a + b`` rounded once, never contracted (for error-free transformations).")
    fsub, fmul, fdiv = map(_instruction, ("fsub", "fmul", "fdiv"))
    isub, imul = map(_instruction, ("sub", "mul"))
    and_, or_, xor, shl, lshr, ashr = map(_instruction, ("and", "or", "xor", "shl", "lshr", "ashr"))

    def binary(self, op: str, a: V, b: V) -> V:
        """Any other instruction of two operands of one type (``sdiv``, ``urem`` …)."""
        return self.define(f"{op} {a.llvm} {a.name}, {b.name}", a.type, a.lanes, max(a.depth, b.depth))

    def sum(self, op: str, a: V, b: V, of_products: bool = False) -> V:
        """A sum or difference of the user's, or one of what the compiler adds up, of products perhaps.

        LLVM fuses a product and a sum where both are marked. Products always are, sums where a rewrite is on.
        """
        return self.binary(f"{op} contract" if self._contracts or (of_products and self._fuses) else op, a, b)

    def fma(self, a: V, b: V, c: V) -> V:
        """``a * b + c``, rounded once."""
        kind = _SUFFIXES[a.type] if a.lanes == 1 else f"v{a.lanes}{_SUFFIXES[a.type]}"
        name, t = f"llvm.fma.{kind}", a.llvm
        self.declarations.setdefault(name, f"declare {t} @{name}({t}, {t}, {t})")
        right = f"call {t} @{name}({a.text}, {b.text}, {c.text})"
        return self.define(right, a.type, a.lanes, max(a.depth, b.depth, c.depth))

    def late_sum(self, a: V, b: V, c: V) -> V:
        """``a * b + c``, rounded once, of which `b` is known last."""
        return self.fma(a, b, c)

    def fneg(self, a: V) -> V:
        return self.define(f"fneg {a.llvm} {a.name}", a.type, a.lanes, a.depth)

    def iadd(self, a: V, b: V) -> V:
        if b.const == 0 and b.const is not None:
            return a
        if a.const == 0 and a.const is not None:
            return b
        return self.define(f"add {a.llvm} {a.name}, {b.name}", a.type, a.lanes, max(a.depth, b.depth))

    def fcmp(self, predicate: str, a: V, b: V) -> V:
        """An i1; predicates are LLVM's: ``oeq olt ole ogt oge one ord uno ueq ult …``."""
        right = f"fcmp {predicate} {a.llvm} {a.name}, {b.name}"
        return self.define(right, "i1", a.lanes, max(a.depth, b.depth))

    def icmp(self, predicate: str, a: V, b: V) -> V:
        """An i1; predicates are LLVM's: ``eq ne slt sle sgt sge ult …``."""
        right = f"icmp {predicate} {a.llvm} {a.name}, {b.name}"
        return self.define(right, "i1", a.lanes, max(a.depth, b.depth))

    def select(self, c: V, a: V, b: V) -> V:
        """`a` in lanes where `c` holds, `b` elsewhere; neither side can trap."""
        if a.name == b.name:
            return a
        right = f"select {c.llvm} {c.name}, {a.llvm} {a.name}, {b.llvm} {b.name}"
        return self.define(right, a.type, a.lanes, max(a.depth, b.depth, c.depth))

    def cast(self, op: str, a: V, type: str) -> V:
        """A conversion by one instruction: ``sitofp uitofp fptosi fptrunc fpext sext zext trunc bitcast``."""
        target = type if a.lanes == 1 else f"<{a.lanes} x {type}>"
        return self.define(f"{op} {a.llvm} {a.name} to {target}", type, a.lanes, a.depth)

    def freeze(self, a: V) -> V:
        """Some number where an instruction had no defined result."""
        return self.define(f"freeze {a.text}", a.type, a.lanes, a.depth)

    def intrinsic(self, name: str, *args: V, result: str | None = None, lanes: int | None = None) -> V:
        """A call of ``llvm.NAME`` overloaded on the type of its first argument (``fma sqrt fabs rint floor …``)."""
        first = args[0]
        suffix = _SUFFIXES.get(first.type, first.type)
        full = f"llvm.{name}.{suffix if first.lanes == 1 else f'v{first.lanes}{suffix}'}"
        out, lanes = result or first.type, lanes or first.lanes
        out_llvm = out if lanes == 1 else f"<{lanes} x {out}>"
        if full not in self.declarations:
            self.declarations[full] = f"declare {out_llvm} @{full}({', '.join(map(_TYPE, args))})"
        depth = 0
        for a in args:  # (no generator: functions of many instructions come here for each of them)
            depth = max(depth, a.depth)
        right = f"call {out_llvm} @{full}({', '.join(map(_TEXT, args))})"
        return self.define(right, out, lanes, depth)

    def masked_load(self, where: V, type: str, lanes: int, mask: V) -> V:
        """The numbers from an address on, or those at an address for each lane, where the mask holds; 0 elsewhere."""
        kind, vector = f"v{lanes}{_SUFFIXES.get(type, type)}", f"<{lanes} x {type}>"
        name = f"llvm.masked.load.{kind}.p0" if where.lanes == 1 else f"llvm.masked.gather.{kind}.v{lanes}p0"
        self.declarations.setdefault(name, f"declare {vector} @{name}({where.llvm}, i32, <{lanes} x i1>, {vector})")
        call = f"call {vector} @{name}({where.text}, i32 {BITS[type] // 8}, {mask.text}, {vector} zeroinitializer)"
        return self.define(call, type, lanes, max(where.depth, mask.depth))

    def masked_store(self, value: V, where: V, mask: V) -> None:
        """Write the lanes of a vector where the mask holds: from an address on, or to an address for each."""
        kind = f"v{value.lanes}{_SUFFIXES.get(value.type, value.type)}"
        name = f"llvm.masked.store.{kind}.p0" if where.lanes == 1 else f"llvm.masked.scatter.{kind}.v{value.lanes}p0"
        self.declarations.setdefault(name, f"declare void @{name}({value.llvm}, {where.llvm}, i32, {mask.llvm})")
        self.raw(f"  call void @{name}({value.text}, {where.text}, i32 {BITS[value.type] // 8}, {mask.text})")

    def patch(self, condition: V, value: V, name: str, *args: V) -> V:
        """`value`, but NAME of `args` by the C library in lanes where `condition` holds.

        For arguments so rare that no vector code is worth its time: a test and a branch, then an internal function that
        goes over the lanes. It begins new basic blocks: see `Region.block`.
        """
        depth = max([a.depth for a in (condition, value, *args)])
        function = self._patch_function(name, value, len(args))
        key = f"{function} {condition.name} {value.name} {' '.join([a.name for a in args])}"
        region = self.regions[depth]
        if key in region.seen:
            return region.seen[key]
        any_ = condition if condition.lanes == 1 else self.intrinsic("vector.reduce.or", condition, lanes=1)
        self._count += 1
        n, v = self._count, V(f"%v{self._count}", value.type, value.lanes, depth)
        operands = ", ".join(map(_TEXT, (condition, value, *args)))
        region.lines += [
            f"  br label %test{n}",
            f"test{n}:",
            f"  br i1 {any_.name}, label %rare{n}, label %join{n}",
            f"rare{n}:",
            f"  %patched{n} = call {v.llvm} @{function}({operands})",
            f"  br label %join{n}",
            f"join{n}:",
            f"  {v.name} = phi {v.llvm} [ {value.name}, %test{n} ], [ %patched{n}, %rare{n} ]",
        ]
        region.block = f"join{n}"
        region.seen[key] = v
        return v

    def either(self, condition: V, first: Callable[[], Sequence[V]], second: Callable[[], Sequence[V]]) -> list[V]:
        """The first values where `condition`, a scalar that a processor will guess, holds, else the second ones."""
        self._count += 1
        n, region = self._count, self.regions[condition.depth]
        region.lines.append(f"  br i1 {condition.name}, label %first{n}, label %second{n}")
        sources = []
        for k, (label, f) in enumerate((("first", first), ("second", second))):
            region.lines.append(f"{label}{n}:")
            sources.append(f())
            region.lines += [f"  br label %after{n}.{k}", f"after{n}.{k}:", f"  br label %either{n}"]
        region.lines.append(f"either{n}:")
        region.block = f"either{n}"
        return [
            self.define(f"phi {x.llvm} [ {x.name}, %after{n}.0 ], [ {y.name}, %after{n}.1 ]", x.type, 1, x.depth)
            for x, y in zip(*sources, strict=True)
        ]

    def outside(self, name: str, *args: V) -> V:
        """NAME of scalars by the C library, for arguments so rare that the call may cost more than it must.

        It leaves the registers of scalars as they are (but not those of vectors), so that none of them goes through memory
        for its sake; its result comes as bits in a register that is free.
        """
        t = args[0].type
        bits, symbol = f"i{BITS[t]}", name + ("f" if t == "float" else "")
        function = f"outside_{symbol}"
        if function not in self.functions:
            self.declarations.setdefault(symbol, f"declare {t} @{symbol}({', '.join([t] * len(args))})")
            names = ", ".join(f"{t} %x{i}" for i in range(len(args)))
            self.functions[function] = "\n".join([
                f"define internal preserve_allcc {bits} @{function}({names}) {QUICK}",
                f"  %y = call {t} @{symbol}({names})",
                f"  %bits = bitcast {t} %y to {bits}",
                f"  ret {bits} %bits",
                "}",
            ])  # fmt: skip
        right = f"call preserve_allcc {bits} @{function}({', '.join(map(_TEXT, args))})"
        return self.cast("bitcast", self.define(right, bits, 1, 0), t)

    def _patch_function(self, name: str, value: V, arity: int) -> str:
        symbol = name + ("f" if value.type == "float" else "")
        function = f"patch_{symbol}_{value.lanes}"
        if function in self.functions:
            return function
        t, vector = value.type, value.llvm
        self.declarations.setdefault(symbol, f"declare {t} @{symbol}({', '.join([t] * arity)})")
        args = [f"%x{i}" for i in range(arity)]
        scalars = [f"%s{i}" for i in range(arity)]
        signature = ", ".join([f"{'i1' if value.lanes == 1 else f'<{value.lanes} x i1>'} %c", f"{vector} %y"])
        call = f"call {t} @{symbol}({', '.join([f'{t} {s}' for s in scalars])})"
        head = f"define internal {vector} @{function}({signature}, {', '.join([f'{vector} {a}' for a in args])})"
        lines = [f"{head} {QUICK}"]
        if value.lanes == 1:
            lines += [f"  %r = {call.replace('%s', '%x')}", f"  ret {t} %r"]
        else:
            lines += [
                "start:",
                f"  %mask = zext <{value.lanes} x i1> %c to <{value.lanes} x i8>",
                "  br label %lane",
                "lane:",
                "  %i = phi i32 [ 0, %start ], [ %next, %done ]",
                f"  %out = phi {vector} [ %y, %start ], [ %new, %done ]",
                f"  %m = extractelement <{value.lanes} x i8> %mask, i32 %i",
                "  %set = icmp ne i8 %m, 0",
                "  br i1 %set, label %compute, label %done",
                "compute:",
                *[f"  {s} = extractelement {vector} {a}, i32 %i" for s, a in zip(scalars, args, strict=True)],
                f"  %r = {call}",
                f"  %put = insertelement {vector} %out, {t} %r, i32 %i",
                "  br label %done",
                "done:",
                f"  %new = phi {vector} [ %out, %lane ], [ %put, %compute ]",
                "  %next = add i32 %i, 1",
                f"  %more = icmp ult i32 %next, {value.lanes}",
                "  br i1 %more, label %lane, label %end",
                "end:",
                f"  ret {vector} %new",
            ]
        self.functions[function] = "\n".join([*lines, "}"])
        return function

    def sqrt(self, a: V) -> V:
        return self.intrinsic("sqrt", a)

    def fabs(self, a: V) -> V:
        return self.intrinsic("fabs", a)

    def copysign(self, magnitude: V, sign: V) -> V:
        return self.intrinsic("copysign", magnitude, sign)

    def rint(self, a: V) -> V:
        """Nearest integer, ties to even."""
        return self.intrinsic("roundeven", a)

    def floor(self, a: V) -> V:
        return self.intrinsic("floor", a)

    # --- vectors -------------------------------------------------------------------------------------------------

    def splat(self, a: V, lanes: int) -> V:
        """A scalar in every lane of a vector."""
        if a.lanes == lanes or lanes == 1:
            return a
        if a.const is not None:
            return self.constant(a.const, a.type, lanes)
        vector = f"<{lanes} x {a.type}>"
        one = self.define(f"insertelement {vector} poison, {a.text}, i32 0", a.type, lanes, a.depth)
        right = f"shufflevector {vector} {one.name}, {vector} poison, <{lanes} x i32> zeroinitializer"
        return self.define(right, a.type, lanes, a.depth)

    def extract(self, a: V, lane: int) -> V:
        return self.define(f"extractelement {a.text}, i32 {lane}", a.type, 1, a.depth)

    def shuffle(self, a: V, order: Sequence[int], b: V | None = None) -> V:
        """Lanes of `a`, and those of `b` numbered on from them."""
        mask = _lanes_text(tuple(order), "i32")
        other, depth = (f"{a.llvm} poison", a.depth) if b is None else (repr(b), max(a.depth, b.depth))
        return self.define(f"shufflevector {a.text}, {other}, <{len(order)} x i32> <{mask}>", a.type, len(order), depth)

    def fold(self, a: V, combine: Callable[[V, V], V]) -> V:
        """All lanes combined by halves: a fixed order, so the same bits every run."""
        while a.lanes > 1:
            half = a.lanes // 2
            low, high = self.shuffle(a, range(half)), self.shuffle(a, range(half, 2 * half))
            if half == 1:
                low, high = self.extract(a, 0), self.extract(a, 1)
            a = combine(low, high)
        return a
