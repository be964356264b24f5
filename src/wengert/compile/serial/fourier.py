"""Fourier transforms: as many lines at once as a vector has lanes.

Lines along the last axis are transposed into lanes and back; along another axis neighbours stand in lanes as they are. A long
line, or one of few, is a matrix (W. M. Gentleman, G. Sande, "Fast Fourier transforms for fun and profit", 1966): its columns are
transformed, multiplied by roots of unity, then its rows. A length with large prime factors is a convolution with a chirp
(L. I. Bluestein, "A linear filtering approach to the computation of discrete Fourier transform", 1970). Threads share blocks of lines; each of them works in a room that it
takes and gives back, so that the memory of a few rooms stays in the caches.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from ..emitter import V
from ..scalars import REGISTERS
from . import butterflies as f
from .butterflies import ROOM, factors, smooth
from .step import Phase, Serial, pieces_of
from .writer import Writer

NEAR = 1 << 19  # bytes of a buffer, from which a line is taken for a matrix
FEW = 4  # lines in lanes, fewer of which are matrices each
SHORT = 64  # numbers of a line that is a matrix, at least
MOST = 1 << 11  # rows and columns of such a matrix, at most
ROOMS = 16  # pieces that work at a time, at most
POINT = 0.12  # nanoseconds of a number and a doubling of a line's length, about


def phases(step: Serial, t: Any) -> list[Phase] | None:
    """The phases of one axis's transform, or None for some lines that are long or lie apart.

    Args:
        t: the `transforms.Lines`.
    """
    real = t.made if t.given.kind == "c" and t.made.kind == "f" else np.dtype(t.types[1])
    whole = t.given.kind == t.made.kind
    n = t.length if t.given.kind == "f" else t.result
    length = n if whole or n % 2 else n // 2
    if n < 2 or (t.after > 1 and (not whole or t.after < FEW)):
        return None
    room = length if factors(length) is not None else smooth(2 * length - 1)
    lanes_bytes = 64 if real.itemsize == 8 else 128  # of a complex number in all lanes, at most
    lines = t.before * t.after
    long = lanes_bytes * room > NEAR or (t.after == 1 and lines < FEW and length >= SHORT)
    if not long:
        return _blocks(step, t, real, n, length, room)
    if whole and t.after == 1:
        return _matrix(step, t, real, length)
    return None


class _Block:
    """What the functions of some lines are called with.

    Attributes:
        here, there: the buffers, of which `here` has the numbers.
    """

    def __init__(self, w: Writer, real: np.dtype, here: str, there: str) -> None:
        self.w, self.type = w, REGISTERS[real]
        self.dtype = real
        self.here, self.there = here, there

    def call(self, function: Any, *arguments: Any, told: tuple[Any, ...] = ()) -> None:
        name = function(self.w, self.type, *told)
        given = [f"ptr {a}" if isinstance(a, str) else repr(a) for a in arguments]
        self.w.raw(f"  call void @{name}({', '.join(given)})")

    def pass_(self, function: Any, *arguments: Any, told: tuple[Any, ...] = ()) -> None:
        """From one buffer to the other."""
        self.call(function, self.here, self.there, *arguments, told=told)
        self.here, self.there = self.there, self.here

    def number(self, x: float) -> V:
        return self.w.constant(x, self.type)

    def transform(self, length: int) -> None:
        if factors(length) is None:
            self._convolved(length)
            return
        left, s = length, 1
        table, place = _passes_table(self.w, self.dtype, length), 0
        for r in factors(length) or []:
            m = left // r
            here = _moved(self.w, table, place * 2 * self.dtype.itemsize) if m > 1 else "null"
            self.pass_(f.step, here, self.w.int(m), self.w.int(s), told=(r, m == 1))
            place += m * (r - 1)
            left, s = m, s * r

    def _convolved(self, length: int) -> None:
        room, n = smooth(2 * length - 1), self.w.int(length)
        chirp, spectrum = _chirp_tables(self.w, self.dtype, length, room)
        self.pass_(f.chirped, chirp, n, self.w.int(room))
        self.transform(room)
        self.pass_(f.weighted, spectrum, self.w.int(room), told=(False, True))
        self.transform(room)
        self.pass_(f.weighted, chirp, n, told=(True, False))


def _moved(w: Writer, base: str, offset: int | V) -> str:
    if isinstance(offset, int):
        offset = w.int(offset)
    if offset.const == 0:
        return base
    return w.define(f"getelementptr i8, ptr {base}, {offset!r}", "ptr", 1, 0).name


def _lanes(w: Writer, real: np.dtype) -> int:
    return w.vector_bytes // real.itemsize


# --- rooms ----------------------------------------------------------------------------------------------------------


class _Rooms:
    """Memory for as many pieces as work at a time; `size` bytes of each are asked for when the step is made."""

    def __init__(self, step: Serial, size: int, pieces: int | None) -> None:
        self.size, self.pieces = -(-size // 4096) * 4096, pieces
        self.count = 1 if pieces is None else min(pieces, ROOMS)
        self.number = len(step.scratch)
        step.scratch_array(np.uint8, self.count * self.size + 64)

    def cell(self, w: Writer) -> str:
        return _moved(w, w.scratch[self.number].pointer, self.count * self.size)

    def first(self) -> Phase:
        """All rooms are free."""
        return Phase(lambda w: w.raw(f"  store i32 0, ptr {self.cell(w)}, align 4"))

    @contextmanager
    def one(self, w: Writer) -> Iterator[str]:
        """The address of a room that is free, the first of them."""
        base = w.scratch[self.number].pointer
        if self.pieces is None:
            yield base
            return
        cell = self.cell(w)
        lines = [
            "  br label %rooms", "rooms:",
            f"  %taken = load atomic i32, ptr {cell} monotonic, align 4",
            "  %free = xor i32 %taken, -1",
            "  %room = call i32 @llvm.cttz.i32(i32 %free, i1 false)",
            "  %mine = shl i32 1, %room", "  %after = or i32 %taken, %mine",
            f"  %swap = cmpxchg ptr {cell}, i32 %taken, i32 %after acq_rel monotonic",
            "  %got = extractvalue { i32, i1 } %swap, 1",
            "  br i1 %got, label %roomy, label %rooms", "roomy:",
            "  %room.wide = zext i32 %room to i64",
        ]  # fmt: skip
        for line in lines:
            w.raw(line)
        w.declarations.setdefault("llvm.cttz.i32", "declare i32 @llvm.cttz.i32(i32, i1)")
        yield _moved(w, base, w.scaled(V("%room.wide", "i64", 1, 0), self.size))
        w.raw("  %rest = xor i32 %mine, -1")
        w.raw(f"  %given = atomicrmw and ptr {cell}, i32 %rest release, align 4")


def _pieces(time: float, units: int) -> int | None:
    pieces = pieces_of(time, units)
    return None if pieces is None else min(pieces, ROOMS)  # each finds a room


# --- lines in lanes -------------------------------------------------------------------------------------------------


def _blocks(step: Serial, t: Any, real: np.dtype, n: int, length: int, room: int) -> list[Phase]:
    widest = 64 // real.itemsize  # lanes
    lines = t.before * t.after
    units = max(-(-lines // widest) if t.after == 1 else t.before * -(-t.after // widest), 1)
    time = lines * room * POINT * (64 / 8 / widest) * max(length.bit_length(), 4) * (1 if room == length else 2)
    pieces = _pieces(time, units)
    buffer = (2 * (max(n, room) + 2) + 2 * ROOM) * 64
    rooms = _Rooms(step, 2 * buffer + 2 * (n + 2) * real.itemsize + 128, pieces)

    def body(w: Writer) -> None:
        lanes = _lanes(w, real)
        blocks = -(-t.after // lanes)
        count = -(-lines // lanes) if t.after == 1 else t.before * blocks
        source = w.inputs[0].pointer if t.first else w.outputs[0].pointer
        target = w.outputs[0].pointer
        rows = w.define(f"alloca [{lanes} x ptr], align 64", "ptr", 1, 0).name
        with rooms.one(w) as here:
            spare, unused = _moved(w, here, buffer), _moved(w, here, 2 * buffer)
            with w.shared(count) as unit:
                w.takes(time / max(count, 1))
                block = _Block(w, real, here, spare)
                if t.after == 1:
                    _of_rows(w, t, block, unit, lanes, lines, source, target, rows, unused, n, length)
                else:
                    outer, number = w.decoded(unit, (t.before, blocks))
                    first = w.scaled(number, lanes)
                    there = w.intrinsic("smin", w.int(lanes), w.isub(w.int(t.after), first))
                    at = w.scaled(w.iadd(w.scaled(outer, n * t.after), first), 2 * real.itemsize)
                    apart = w.int(2 * t.after)
                    swapped = (t.inverse,)
                    block.call(f.read_columns, _moved(w, source, at), block.here, w.int(n), apart, there, told=swapped)
                    block.transform(n)
                    given = (block.here, _moved(w, target, at), w.int(n), apart, there, block.number(t.factor))
                    block.call(f.write_columns, *given, told=swapped)

    # A piece is of at least one block of the narrowest vectors too.
    return [*([rooms.first()] if pieces is not None else []), Phase(body, pieces)]


def _of_rows(  # noqa: PLR0917 (what a block of lines is)
    w: Writer, t: Any, block: _Block, unit: V, lanes: int, lines: int, source: str, target: str, rows: str,
    unused: str, n: int, length: int,
) -> None:  # fmt: skip
    """Lines along the last axis, complex ones or those of real signals."""
    size = block.dtype.itemsize
    first = w.scaled(unit, lanes)

    def table(base: str, numbers: int, writes: bool) -> None:
        """The addresses of the lines; in the place of those that are not there the last one is read, and nothing written."""
        for r in range(lanes):
            line = w.iadd(first, w.int(r))
            inside = w.intrinsic("smin", line, w.int(lines - 1))
            place = _moved(w, base, w.scaled(inside, numbers * size))
            if writes and lines % lanes:
                good = w.icmp("slt", line, w.int(lines))
                place = w.select(good, V(place, "ptr", 1, 0), V(unused, "ptr", 1, 0)).name
            slot = w.define(f"getelementptr ptr, ptr {rows}, i64 {r}", "ptr", 1, 0)
            w.raw(f"  store ptr {place}, ptr {slot.name}")

    parts = 2 if t.given.kind == "c" else 1
    numbers, made = t.length * parts, t.result * (2 if t.made.kind == "c" else 1)
    table(source, numbers, False)
    whole = t.given.kind == t.made.kind
    swapped = whole and t.inverse
    block.call(f.read, rows, block.here, w.int(numbers), told=(swapped,))
    factor = t.factor
    if not whole:
        if t.made.kind == "c" and n % 2:
            block.pass_(f.widened, w.int(n))
        elif t.made.kind == "f":
            if n % 2:
                block.pass_(f.mirrored, w.int(t.length))
            else:
                block.pass_(f.joined, _halves_table(w, block.dtype, n), w.int(length))
    block.transform(length)
    if not whole:
        if t.made.kind == "c" and not n % 2:
            block.pass_(f.split, _halves_table(w, block.dtype, n), w.int(length))
            factor *= 0.5
        elif t.made.kind == "f" and n % 2:
            block.pass_(f.narrowed, w.int(n))
        swapped = t.made.kind == "f" and not n % 2
    table(target, made, True)
    block.call(f.write, rows, block.here, w.int(made), block.number(factor), told=(swapped,))


# --- a line as a matrix ---------------------------------------------------------------------------------------------


def sides(length: int) -> tuple[int, int] | None:
    """Rows and columns of the matrix that a line is: as near to a square as its factors allow.

    Example:
        >>> sides(1024), sides(3000)
        ((32, 32), (60, 50))
    """
    root = math.isqrt(length)
    for a in range(root, 1, -1):
        if length % a == 0 and factors(a) is not None and factors(length // a) is not None:
            return (length // a, a) if length // a <= MOST and a >= root // 4 else None
    return None


def _matrix(step: Serial, t: Any, real: np.dtype, length: int) -> list[Phase] | None:
    found = sides(length)
    if found is None:
        return None
    rows, columns = found
    most = max(rows, columns)
    buffer = (2 * (most + 2) + 2 * 16 * 16 + 2 * ROOM) * 64
    # Rows and columns are counted up to whole vectors of the widest registers.
    up = lambda n: -(-n // 16) * 16
    kept = len(step.scratch)
    step.scratch_array(np.uint8, t.before * 2 * up(rows) * up(columns) * real.itemsize + 64)
    time = t.before * length * POINT * max(length.bit_length(), 4)
    parts = [_pieces(time / 2, t.before * -(-n // (64 // real.itemsize))) for n in (columns, rows)]
    rooms = [_Rooms(step, 2 * buffer, p) for p in parts]
    item = real.itemsize

    def of_line(w: Writer, outer: V) -> str:
        return _moved(w, w.scratch[kept].pointer, w.scaled(outer, 2 * up(rows) * up(columns) * item))

    def of_columns(w: Writer) -> None:
        lanes = _lanes(w, real)
        blocks = -(-columns // lanes)
        source = w.inputs[0].pointer if t.first else w.outputs[0].pointer
        tables = _twist_tables(w, real, length, rows, lanes)
        with rooms[0].one(w) as room, w.shared(t.before * blocks) as unit:
            w.takes(time / 2 / (t.before * blocks))
            outer, number = w.decoded(unit, (t.before, blocks))
            first = w.scaled(number, lanes)
            there = w.intrinsic("smin", w.int(lanes), w.isub(w.int(columns), first))
            block = _Block(w, real, room, _moved(w, room, buffer))
            at = _moved(w, source, w.scaled(w.iadd(w.scaled(outer, length), first), 2 * item))
            block.call(f.read_columns, at, block.here, w.int(rows), w.int(2 * columns), there, told=(t.inverse,))
            block.transform(rows)
            block.call(f.twisted, block.here, of_line(w, outer), w.int(rows), number, w.int(blocks), *tables)

    def of_rows(w: Writer) -> None:
        lanes = _lanes(w, real)
        blocks, across = -(-rows // lanes), -(-columns // lanes)
        with rooms[1].one(w) as room, w.shared(t.before * blocks) as unit:
            w.takes(time / 2 / (t.before * blocks))
            outer, number = w.decoded(unit, (t.before, blocks))
            first = w.scaled(number, lanes)
            there = w.intrinsic("smin", w.int(lanes), w.isub(w.int(rows), first))
            block = _Block(w, real, room, _moved(w, room, buffer))
            at = _moved(w, of_line(w, outer), w.scaled(first, across * 2 * lanes * item))
            block.call(f.gathered, at, block.here, w.int(across))
            block.transform(columns)
            to = _moved(w, w.outputs[0].pointer, w.scaled(w.iadd(w.scaled(outer, length), first), 2 * item))
            given = (block.here, to, w.int(columns), w.int(2 * rows), there, block.number(t.factor))
            block.call(f.write_columns, *given, told=(t.inverse,))

    found_phases = []
    for r, body, p in zip(rooms, (of_columns, of_rows), parts, strict=True):
        found_phases += [*([r.first()] if p is not None else []), Phase(body, p)]
    return found_phases


# --- tables ---------------------------------------------------------------------------------------------------------


def roots(numerators: Any, n: int) -> np.ndarray:
    """``exp(-2 pi i k / n)`` of some whole k, to the last place of float64."""
    k = np.asarray(numerators, np.int64) % n
    k = np.where(2 * k > n, k - n, k)
    angle = np.longdouble(k) * (-2 * np.longdouble("3.14159265358979323846264338327950288") / n)
    return (np.cos(angle) + 1j * np.sin(angle).astype(np.clongdouble)).astype(np.complex128)


def _table(w: Writer, name: str, values: np.ndarray, real: np.dtype) -> str:
    data = values.astype(np.complex64 if real.itemsize == 4 else np.complex128).tobytes()
    text = "".join(f"\\{b:02X}" for b in data)
    w.globals[name] = f'{name} = private constant [{len(data)} x i8] c"{text}", align 64'
    return name


def _passes_table(w: Writer, real: np.dtype, length: int) -> str:
    """The roots of unity of all passes but the last."""
    name = f"@roots.{length}.{real.itemsize}"
    if name not in w.globals:
        parts, left = [np.zeros(0)], length
        for r in factors(length) or []:
            m = left // r
            if m > 1:
                parts.append(roots(np.outer(np.arange(m), np.arange(1, r)), left).reshape(-1))
            left = m
        _table(w, name, np.concatenate(parts), real)
    return name


def _chirp_tables(w: Writer, real: np.dtype, length: int, room: int) -> list[str]:
    """``exp(-pi i j**2 / n)``, and the transform of its conjugate, which lies on both sides of 0, by the length of that."""
    names = [f"@chirp.{length}.{real.itemsize}", f"@chirped.{length}.{real.itemsize}"]
    if names[0] not in w.globals:
        j = np.arange(length)
        chirp = roots(j * j % (2 * length), 2 * length)
        kernel = np.zeros(room, complex)
        kernel[:length] = chirp.conj()
        kernel[room - length + 1 :] = chirp[:0:-1].conj()
        _table(w, names[0], chirp, real)
        _table(w, names[1], np.fft.fft(kernel) / room, real)
    return names


def _halves_table(w: Writer, real: np.dtype, n: int) -> str:
    name = f"@halves.{n}.{real.itemsize}"
    return name if name in w.globals else _table(w, name, roots(np.arange(n // 4 + 1), n), real)


def _twist_tables(w: Writer, real: np.dtype, length: int, rows: int, lanes: int) -> list[str]:
    """For each row the roots of the lanes, parts apart; then those of 64 blocks at a time, and of up to 63 more."""
    names = [f"@twist.{which}.{length}.{real.itemsize}.{lanes}" for which in ("lane", "high", "low")]
    lane = roots(np.outer(np.arange(rows), np.arange(lanes)), length)
    apart = np.stack([np.real(lane), np.imag(lane)], 1).reshape(-1)
    _table(w, names[0], apart[::2] + 1j * apart[1::2], real)
    most = length // lanes // 64 + 2
    _table(w, names[1], roots(np.arange(most) * 64 * lanes, length), real)
    _table(w, names[2], roots(np.arange(64) * lanes, length), real)
    return names


__all__ = ["phases", "sides"]
