"""What the wishes share: a folder, notebooks, other processes, differences, messages."""

import json
import os
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

import numpy as np

HERE = Path(tempfile.mkdtemp(prefix="newcomers-"))


def listed():
    """A dictionary of wishes and the decorator that fills it."""
    wishes = {}

    def wish(f):
        wishes[f.__name__] = f
        return f

    return wishes, wish


def notebook(*cells, name="study"):
    nb = {
        "cells": [
            {"cell_type": "code", "metadata": {}, "source": c, "outputs": [], "execution_count": None, "id": f"c{i}"}
            for i, c in enumerate(cells)
        ],
        "metadata": {},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    path = HERE / f"{name}.ipynb"
    path.write_text(json.dumps(nb))
    return path


def command(*arguments, **environ):
    return subprocess.run(
        [sys.executable, "-m", "wengert", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=200,
        cwd=HERE,
        env={**os.environ, **environ},
    )


def executed(*cells, name="study", arguments=()):
    """Run a notebook; what its cells printed, joined, and the page."""
    done = command("run", notebook(*cells, name=name), "--output", HERE / "out", *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    nb = json.loads((HERE / "out" / f"{name}.ipynb").read_text())
    texts = [
        "".join(o.get("text", "") or o.get("data", {}).get("text/plain", "")) for c in nb["cells"] for o in c["outputs"]
    ]
    return "".join(texts), (HERE / "out" / f"{name}.html").read_text()


def python(code, *flags, environ=None, clean=False):
    """Run a program in a process of its own; what it printed."""
    env = dict(environ or {}) if clean else {**os.environ, **(environ or {})}
    path = HERE / "program.py"
    path.write_text(textwrap.dedent(code))
    done = subprocess.run(
        [sys.executable, *flags, str(path)], capture_output=True, text=True, timeout=200, env=env, cwd=HERE
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def message(f, *words):
    """`f` fails, and says these words."""
    try:
        f()
    except Exception as error:  # noqa: BLE001 (any class will do)
        assert all(w.lower() in str(error).lower() for w in words), (words, str(error))
        return
    raise AssertionError("no error")


def differences(f, x, h=1e-6):
    x = np.asarray(x, float)
    g = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        e = np.zeros_like(x)
        e[i] = h
        g[i] = (f(x + e) - f(x - e)) / (2 * h)
    return g
