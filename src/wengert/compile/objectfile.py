"""Object files, as far as can be said before LLVM's linker has them: the linker trusts what it is given.

ELF is looked into, which Linux has: that tables lie within the file, and that symbols and relocations are about what is
there. Of the formats of other systems only the beginning is looked at.
"""

from __future__ import annotations

import struct
import sys

import numpy as np

_HEADER = struct.Struct("<16sHHIQQQIHHHHHH")
_SECTION = struct.Struct("<IIQQQQIIQQ")
_SYMBOL = np.dtype(
    [("name", "<u4"), ("info", "u1"), ("other", "u1"), ("section", "<u2"), ("at", "<u8"), ("size", "<u8")]
)
_RELOCATION = np.dtype([("offset", "<u8"), ("type", "<u4"), ("symbol", "<u4"), ("addend", "<i8")])
_SYMBOLS, _WITH_ADDENDS, _EMPTY, _RESERVED = 2, 4, 8, 0xFF00
_FUNCTION = 2  # the kind of a symbol


def is_object(data: bytes) -> bool:
    """Whether bytes have the structure of an object file of this system.

    Example:
        >>> from wengert.compile.engine import emit
        >>> made = emit("define i32 @main() { ret i32 1 }")
        >>> is_object(made), is_object(made[:-100]), is_object(b"no object")
        (True, False, False)
    """
    if sys.platform == "win32":
        return data[:2] in (b"\x64\x86", b"\x64\xaa", b"\0\0")
    if sys.platform == "darwin":
        return data[:4] == b"\xcf\xfa\xed\xfe"
    try:
        return _is_elf(data)
    except (struct.error, ValueError, IndexError):
        return False


def _is_elf(data: bytes) -> bool:
    head = _HEADER.unpack_from(data)
    kind, start, size, count, names = head[1], head[6], head[11], head[12], head[13]
    if head[0][:6] != b"\x7fELF\x02\x01" or kind != 1 or size != _SECTION.size or not 0 <= names < count:
        return False
    sections = [_SECTION.unpack_from(data, start + i * size) for i in range(count)]
    if any(s[6] >= count or (s[1] != _EMPTY and s[4] + s[5] > len(data)) for s in sections):
        return False
    tables = {}
    for i, s in enumerate(sections):
        if s[1] == _SYMBOLS:
            text = sections[s[6]]
            symbols = tables[i] = np.frombuffer(data, _SYMBOL, s[5] // _SYMBOL.itemsize, s[4])
            there = (symbols["section"] < count) | (symbols["section"] >= _RESERVED)
            if s[9] != _SYMBOL.itemsize or text[5] == 0 or data[text[4] + text[5] - 1]:
                return False
            if not there.all() or not (symbols["name"] < text[5]).all():
                return False
    for s in sections:
        if s[1] == _WITH_ADDENDS:
            if s[9] != _RELOCATION.itemsize or s[7] >= count or s[6] not in tables:
                return False
            found = np.frombuffer(data, _RELOCATION, s[5] // _RELOCATION.itemsize, s[4])
            if not (found["offset"] < sections[s[7]][5]).all() or not (found["symbol"] < len(tables[s[6]])).all():
                return False
    return bool(tables)


def functions(data: bytes) -> list[tuple[str, int, int, int]]:
    """The functions of an ELF object file: name, number of the section, offset in it, size in bytes.

    Example:
        >>> from wengert.compile.engine import emit
        >>> [name for name, *_ in functions(emit("define i32 @main() { ret i32 1 }"))]
        ['main']
    """
    head = _HEADER.unpack_from(data)
    start, count = head[6], head[12]
    sections = [_SECTION.unpack_from(data, start + i * _SECTION.size) for i in range(count)]
    found: list[tuple[str, int, int, int]] = []
    for s in sections:
        if s[1] == _SYMBOLS:
            names = sections[s[6]][4]
            for row in np.frombuffer(data, _SYMBOL, s[5] // _SYMBOL.itemsize, s[4]):
                if int(row["info"]) & 15 == _FUNCTION:
                    at = names + int(row["name"])
                    name = data[at : data.index(b"\0", at)].decode()
                    found.append((name, int(row["section"]), int(row["at"]), int(row["size"])))
    return found


__all__ = ["functions", "is_object"]
