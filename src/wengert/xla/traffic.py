"""What an optimised program of XLA exchanges and computes on each device, read from its text: collectives, their bytes, products.

Loops whose number of steps XLA knows count as often as they run; others count once, and are said to.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

_BITS = {"pred": 8, "s4": 4, "u4": 4, "s8": 8, "u8": 8, "bf16": 16, "f16": 16, "s16": 16, "u16": 16, "s32": 32, "u32": 32,
         "f32": 32, "s64": 64, "u64": 64, "f64": 64, "c64": 64, "c128": 128}  # fmt: skip
KINDS = ("all-reduce", "all-gather", "reduce-scatter", "collective-permute", "all-to-all")
_HEAD = re.compile(r"^(?:ENTRY )?%?([\w.\-]+) \(.*\{$")
_LINE = re.compile(r"^\s*(?:ROOT )?%?([\w.\-]+) = (\(.*?\)|\S+) ([\w\-]+)\((.*)$")
_TYPE = re.compile(r"(\w+)\[([\d,]*)\]")
_CALLS = re.compile(
    r"(?:calls|to_apply|body|condition|branch_computations|called_computations)=(?:\{([^}]*)\}|(%?[\w.\-]+))"
)
_STEPS = re.compile(r'"known_trip_count":\{"n":"(\d+)"')


class Collective:
    """An exchange.

    Attributes:
        kind: ``"all-reduce"``, ``"all-gather"``, ``"reduce-scatter"``, ``"collective-permute"``, ``"all-to-all"``.
        size: bytes of the array on one device: of the result, of a ``reduce-scatter`` of the argument.
        devices: how many exchange with each other.
        times: how often in a call.
        apart: how far the numbers of neighbours in a group are apart, which says whether they are close in hardware.
    """

    __slots__ = ("apart", "devices", "kind", "size", "times")

    def __init__(self, kind: str, size: int, devices: int, times: int, apart: int) -> None:
        self.kind, self.size, self.devices, self.times, self.apart = kind, size, devices, times, apart

    @property
    def sent(self) -> float:
        """Bytes that each device sends in a call, by rings (Thakur, Rabenseifner & Gropp 2005)."""
        n = self.devices
        share = {"all-reduce": 2 * (n - 1) / n, "collective-permute": 1.0}.get(self.kind, (n - 1) / n)
        return self.times * self.size * (share if n > 1 else 0.0)

    def __repr__(self) -> str:
        return f"<{self.kind} of {self.size} bytes over {self.devices}, {self.times} times>"


class Traffic:
    """What one device does in a call.

    Attributes:
        collectives: its exchanges.
        flops: operations of the products of matrices.
        open_loops: loops whose number of steps is not known, and counts as 1.
    """

    def __init__(self, text: str) -> None:
        self.collectives: list[Collective] = []
        self.flops = 0.0
        self.open_loops = 0
        self._bodies = dict(_computations(text))
        self._devices = int((re.search(r"num_partitions=(\d+)", text) or [0, 1])[1])
        entry = next((name for name, (lines, first) in self._bodies.items() if first), None)
        if entry is not None:
            self._walk(entry, 1)

    @property
    def sent(self) -> float:
        """Bytes that each device sends."""
        return sum(c.sent for c in self.collectives)

    def _walk(self, name: str, times: int) -> None:
        lines = self._bodies.get(name, ([], False))[0]
        types = {line[1]: line[2] for line in map(_LINE.match, lines) if line}
        for line in map(_LINE.match, lines):
            if line is None:
                continue
            kind, rest = line[3].removesuffix("-start"), line[4]
            if kind in KINDS and not line[3].endswith("-done"):
                self.collectives.append(self._collective(kind, line[2], rest, times))
            elif kind in ("dot", "custom-call") and "contracting_dims" in rest:
                self.flops += times * _product(line[2], rest, types)
            steps = times
            if kind == "while":
                known = _STEPS.search(rest)
                self.open_loops += known is None
                steps = times * int(known[1] if known else 1)
            if kind in KINDS or kind in ("reduce", "scatter", "sort", "map", "reduce-window", "select-and-scatter"):
                continue
            for several, one in _CALLS.findall(rest):
                for part in (several or one).split(","):
                    self._walk(part.strip().lstrip("%"), steps)

    def _collective(self, kind: str, shape: str, rest: str, times: int) -> Collective:
        sizes = [_bytes(d, s) for d, s in _TYPE.findall(shape)]
        devices, apart = _group(rest, self._devices)
        size = sum(sizes)
        if kind == "reduce-scatter":
            size *= devices
        return Collective(kind, size, devices, times, apart)


def _computations(text: str) -> Iterator[tuple[str, tuple[list[str], bool]]]:
    name, lines, entry = "", [], False
    for line in text.splitlines():
        head = _HEAD.match(line)
        if head:
            name, lines, entry = head[1], [], line.startswith("ENTRY")
        elif line.startswith("}") and name:
            yield name, (lines, entry)
            name = ""
        elif name:
            lines.append(re.sub(r"/\*.*?\*/", "", line))


def _bytes(dtype: str, shape: str) -> int:
    return math.prod(int(n) for n in shape.split(",") if n) * _BITS.get(dtype, 0) // 8


def _group(rest: str, devices: int) -> tuple[int, int]:
    """How many devices are in a group, and how far neighbours are apart."""
    pairs = re.search(r"source_target_pairs=\{(.*?)\}\}", rest)
    if pairs:
        found = [tuple(map(int, p.split(","))) for p in re.findall(r"(\d+,\d+)", pairs[1])]
        return len({d for p in found for d in p}), min((abs(a - b) for a, b in found if a != b), default=1)
    listed = re.search(r"replica_groups=\{\{([\d,]*)\}", rest)
    if listed:
        members = [int(d) for d in listed[1].split(",")]
        return len(members), members[1] - members[0] if len(members) > 1 else 1
    tiled = re.search(r"replica_groups=\[(\d+),(\d+)\]<=\[([\d,]+)\](?:T\(([\d,]+)\))?", rest)
    if tiled:
        shape = [int(n) for n in tiled[3].split(",")]
        order = [int(n) for n in tiled[4].split(",")] if tiled[4] else list(range(len(shape)))
        strides = [math.prod(shape[i + 1 :]) for i in range(len(shape))]
        inner = next((a for a in reversed(order) if shape[a] > 1), order[-1])
        return int(tiled[2]), strides[inner]
    named = re.search(r"replica_groups=mesh\[(.*?)\] \{(.*?)\}", rest)
    if named:
        axes = {a.strip(" '"): int(n) for a, n in (p.split("=") for p in named[1].split(","))}
        chosen = re.findall(r"'(\w+)'", named[2])
        names = list(axes)
        last = max((names.index(c) for c in chosen), default=0)
        return math.prod(axes[c] for c in chosen), math.prod(list(axes.values())[last + 1 :])
    return devices, 1


def _product(shape: str, rest: str, types: dict[str, str]) -> float:
    """Operations of a product: two for each element and each summand."""
    out = _TYPE.search(shape)
    left = re.match(r"\s*(?:(\w+\[[\d,]*\])\S*\s+)?%?([\w.\-]+)", rest)
    dims = re.search(r'lhs_contracting_dims(?:=\{|":\[)([\d,"\s]*)', rest)
    if out is None or left is None or dims is None:
        return 0.0
    found = _TYPE.search(left[1] or types.get(left[2], ""))
    if found is None:
        return 0.0
    lengths = [int(n) for n in found[2].split(",") if n]
    summed = math.prod(lengths[int(i)] for i in re.findall(r"\d+", dims[1]))
    scale = 8.0 if out[1] in ("c64", "c128") else 2.0
    return scale * math.prod(int(n) for n in out[2].split(",") if n) * summed


__all__ = ["Collective", "Traffic"]
