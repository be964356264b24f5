"""Programs written for JAX and what they print there, recorded in `data/jax_programs.json`.

Run this file where JAX is installed to record again: ``python tests/jax_program_runs.py [NAMES]``. Programs named ``page_*`` were
written from what a page of JAX's documentation teaches; of what they print the words are compared too. The alias is asked by
``python tests/jax_program_runs.py --alias [NAMES]``, which shows the lines that differ.
"""

import contextlib
import io
import json
import re
import runpy
import sys
from pathlib import Path

ROOM = Path(__file__).parent / "jax_programs"
PROGRAMS = sorted(path for path in ROOM.glob("*.py") if path.stem != "showing")
REFERENCE = Path(__file__).parent / "data" / "jax_programs.json"
NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|nan|inf")


_ASIDE = "Invalid nan value encountered in the output of a jax.jit function."  # JAX says so before it raises


def run(path):
    """Run a program as a script, which may import what stands beside it; returns what it printed."""
    out = io.StringIO()
    sys.path.insert(0, str(ROOM))
    try:
        with contextlib.redirect_stdout(out):
            runpy.run_path(str(path), run_name="__main__")
    finally:
        sys.path.remove(str(ROOM))
        sys.modules.pop("showing", None)  # it holds the jax of this run
    return "".join(line for line in out.getvalue().splitlines(True) if not line.startswith(_ASIDE))


def numbers(text):
    return [float(n) for n in NUMBER.findall(text)]


_ALONE = re.compile(r"(?<![\w.])[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?=j?(?!\w))")  # numbers, not those in names
_REFUSAL = re.compile(r" raises (\S+) \|(.*)")


def same_line(ours, theirs):
    """Whether two lines say the same: words, and numbers up to rounding; of errors the classes, and how the message begins.

    An error may belong to more classes than JAX's, and its message go on where JAX's has ended.
    """
    a, b = _REFUSAL.search(ours), _REFUSAL.search(theirs)
    if a and b:
        begins = a[2].strip().startswith(b[2].strip().rstrip("."))
        return ours[: a.start()] == theirs[: b.start()] and set(b[1].split("/")) <= set(a[1].split("/")) and begins
    words = [" ".join(_ALONE.sub("#", line).split()) for line in (ours, theirs)]
    values = [[float(n) for n in _ALONE.findall(line)] for line in (ours, theirs)]
    near = zip(*values, strict=False)
    return words[0] == words[1] and all(abs(x - y) <= 2e-5 * max(1.0, abs(y)) for x, y in near)


def differences(ours, theirs):
    """The lines of two texts that do not say the same, or how many there are."""
    if len(ours) != len(theirs):
        return [f"{len(ours)} lines, JAX prints {len(theirs)}"]
    return [f"here {a}\nJAX  {b}" for a, b in zip(ours, theirs, strict=True) if not same_line(a, b)]


def main(names, alias=False) -> int:
    if alias:
        from wengert.interop import jax_names

        recorded = json.loads(REFERENCE.read_text())["printed"]
        for path in PROGRAMS:
            if path.name in names or not names:
                with jax_names.as_jax():
                    found = differences(run(path).splitlines(), recorded[path.name])
                print(
                    path.name,
                    len(recorded[path.name]),
                    "lines,",
                    len(found),
                    "differ",
                    *found,
                    sep="\n" if found else " ",
                )
        return 0
    import jax

    printed = json.loads(REFERENCE.read_text())["printed"] if names else {}
    for path in PROGRAMS:
        if names and path.name not in names:
            continue
        jax.config.update("jax_enable_x64", False)
        printed[path.name] = run(path).splitlines()
    REFERENCE.write_text(json.dumps({"jax": jax.__version__, "printed": printed}, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main([a for a in sys.argv[1:] if a != "--alias"], "--alias" in sys.argv))
