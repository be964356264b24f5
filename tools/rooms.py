"""Draws the rooms of the library as they are: floors from `tests/test_layering.py`, arrows from the imports in the code.

    python tools/rooms.py          says whether docs/rooms.svg is what the code gives
    python tools/rooms.py --write  writes it

A box is a room: a folder, a file beside the folders, or files of a folder that stand on a floor of their own. An arrow says that
files of one import files of the other, inside functions too; what follows from other arrows is left out, and so is what rooms
on one floor take of each other.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from html import escape
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

import test_layering as house  # noqa: E402

PICTURE = ROOT / "docs" / "rooms.svg"
WIDTH, HEIGHT, GAP, FLOOR = 104, 26, 12, 84
TOP = 20


def arrows() -> set[tuple[str, str]]:
    """Who imports whom, of rooms on different floors."""
    found = {(house.box_of(m), house.box_of(n)) for m in house.MODULES for n, _ in house.imports(m)}
    return {(a, b) for a, b in found if house.FLOOR[a] != house.FLOOR[b]}


def reduced(pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Without the arrows that follow from others."""
    below: dict[str, set[str]] = {}
    for a, b in pairs:
        below.setdefault(a, set()).add(b)

    def reach(a: str, skipped: str) -> set[str]:
        seen: set[str] = set()
        waiting = [b for b in below.get(a, ()) if b != skipped]
        while waiting:
            b = waiting.pop()
            if b not in seen:
                seen.add(b)
                waiting.extend(below.get(b, ()))
        return seen

    return sorted((a, b) for a in below for b in below[a] if b not in reach(a, b))


def places() -> dict[str, tuple[float, float]]:
    """The left upper corner of each box, the ground at the bottom."""
    wide = max(map(len, house.FLOORS)) * (WIDTH + GAP)
    found = {}
    for height, rooms in enumerate(reversed(house.FLOORS)):
        left = (wide - len(rooms) * (WIDTH + GAP) + GAP) / 2
        for i, name in enumerate(rooms):
            found[name] = left + i * (WIDTH + GAP), TOP + height * FLOOR
    return found


def svg() -> str:
    """The picture."""
    at = places()
    wide, high = max(map(len, house.FLOORS)) * (WIDTH + GAP) + GAP, TOP + len(house.FLOORS) * FLOOR
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" font-family="sans-serif" font-size="12">',
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="6" markerHeight="6" orient="auto">'
        '<path d="M0,0 L8,4 L0,8 z" fill="#64748b"/></marker></defs>',
        f'<rect width="{wide}" height="{high}" fill="#ffffff"/>',
    ]
    for a, b in reduced(arrows()):
        (x, y), (u, v) = at[a], at[b]
        parts.append(
            f'<line x1="{x + WIDTH / 2:.0f}" y1="{y + HEIGHT:.0f}" x2="{u + WIDTH / 2:.0f}" y2="{v:.0f}" stroke="#64748b" '
            f'stroke-width="1" marker-end="url(#tip)"><title>{escape(a)} imports {escape(b)}</title></line>'
        )
    for name, (x, y) in at.items():
        shown = "wengert" if name == "__init__" else name
        parts.append(
            f'<rect x="{x:.0f}" y="{y:.0f}" width="{WIDTH}" height="{HEIGHT}" rx="5" fill="#e0f2fe" stroke="#0369a1"/>'
            f'<text x="{x + WIDTH / 2:.0f}" y="{y + 17:.0f}" text-anchor="middle">{escape(shown)}</text>'
        )
    return "\n".join([*parts, "</svg>"]) + "\n"


if __name__ == "__main__":
    if "--write" in sys.argv:
        PICTURE.write_text(svg())
    same = PICTURE.exists() and PICTURE.read_text() == svg()
    print(f"{PICTURE.relative_to(ROOT)} is {'what the code gives' if same else 'not what the code gives'}")
    sys.exit(not same)
