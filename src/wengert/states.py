"""Training states on disk: trees of arrays, those of many devices and processes too, in files of safetensors.

A state is a folder ``step-00000012`` with a file for each process and ``index.json``. Each process writes the parts of arrays that
lie with it, once: of copies the first is written. A folder gets its name when all is written, so that what has a name is whole.
A state is read by any number of processes and onto any mesh: each device's part is put together from the parts in the files.
"""

from __future__ import annotations

__import__("wengert")  # waits where another thread is importing the library: Python locks its files one by one

import contextlib
import importlib
import json
import os
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from . import trees
from .errors import ArgumentError, StateError
from .nearest import nearest_names
from .ops.random import KEY
from .prefixes import broadcast_prefix

_FOLDER = re.compile(r"step-(\d{8,})")
Index = tuple[tuple[int, int], ...]  # for each axis from where to where


def save(folder: str | os.PathLike[str], state: Any, step: int, keep: int | None = None) -> Path:
    """Save a state. With several processes each calls this, and all see the folder (a file system that they share).

    Args:
        folder: where states are; it is made if need be.
        state: a pytree of arrays (of NumPy's or JAX's, random keys too) and numbers, which become arrays.
        step: its number; one that is there already is replaced.
        keep: how many states to keep, the newest by their numbers; None for all.

    Returns:
        The folder of the state.

    Raises:
        ImportError: safetensors is not installed.
        ArgumentError: a leaf is no array.

    Example:
        >>> import tempfile, wengert
        >>> folder = tempfile.mkdtemp()
        >>> path = wengert.states.save(folder, {"w": np.ones(3), "rate": 0.1}, step=7)  # doctest: +SKIP
        >>> path.name, wengert.states.latest(folder)  # doctest: +SKIP
        ('step-00000007', 7)
    """
    save_file = _safetensors().numpy.save_file
    root, number, count = Path(folder), *_process()
    root.mkdir(parents=True, exist_ok=True)
    target = root / f"step-{step:08d}"
    draft = root / f".writing-{target.name}"
    if number == 0:
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir()
    _together(f"state {step} begins")
    tensors: dict[str, np.ndarray] = {}
    index: dict[str, Any] = {}
    for path, leaf in trees.flatten_with_paths(state)[0]:
        dtype, shape = _type_of(leaf, path)
        index[path] = {"dtype": dtype, "shape": list(shape)}
        for where, part in _parts(leaf):
            tensors[f"{path}@{_written(where)}"] = _plain(part)
    save_file(tensors, draft / f"part-{number:05d}-of-{count:05d}.safetensors")
    _together(f"state {step} is written")
    if number == 0:
        (draft / "index.json").write_text(json.dumps({"step": step, "processes": count, "arrays": index}, indent=1))
        old = root / f".old-{target.name}"
        if target.exists():
            target.rename(old)
        draft.rename(target)
        shutil.rmtree(old, ignore_errors=True)
        for stale in () if keep is None else steps(root)[: -max(keep, 1)]:
            shutil.rmtree(root / f"step-{stale:08d}", ignore_errors=True)
    _together(f"state {step} has its name")
    return target


def steps(folder: str | os.PathLike[str]) -> list[int]:
    """The numbers of the states that are whole, ascending.

    Example:
        >>> import wengert
        >>> wengert.states.steps("no such folder")
        []
    """
    with contextlib.suppress(FileNotFoundError):
        found = [_FOLDER.fullmatch(p.name) for p in Path(folder).iterdir() if (p / "index.json").is_file()]
        return sorted(int(m[1]) for m in found if m)
    return []


def latest(folder: str | os.PathLike[str]) -> int | None:
    """The number of the newest state; None where there is none.

    Example:
        >>> import wengert
        >>> wengert.states.latest("no such folder") is None
        True
    """
    found = steps(folder)
    return found[-1] if found else None


def restore(folder: str | os.PathLike[str], like: Any, step: int | None = None, shardings: Any = None) -> Any:
    """A saved state, with the structure of `like`.

    Args:
        folder: that which `save` was given.
        like: a pytree of the structure that was saved, of arrays or `ShapeDtypeStruct`s. An array of JAX's is restored where
            that one lies; others become NumPy's.
        step: which one; None for the newest.
        shardings: where arrays are to lie instead: shardings of JAX's, or a pytree prefix of them.

    Raises:
        StateError: there is none, it has other arrays, or a file is damaged.

    Example:
        >>> import tempfile, wengert
        >>> folder = tempfile.mkdtemp()
        >>> path = wengert.states.save(folder, {"w": np.arange(3.0)}, step=0)  # doctest: +SKIP
        >>> wengert.states.restore(folder, {"w": np.zeros(3)})  # doctest: +SKIP
        {'w': array([0., 1., 2.])}
    """
    step = latest(folder) if step is None else step
    root = Path(folder) / f"step-{step:08d}" if step is not None else Path(folder)
    if step is None or not (root / "index.json").is_file():
        known = ", ".join(map(str, steps(folder))) or "none"
        raise StateError(f"there is no state {'' if step is None else f'{step} '}in {folder} (there are: {known})")
    index = json.loads((root / "index.json").read_text())["arrays"]
    found, tree = trees.flatten_with_paths(like)
    names = {path for path, _ in found}
    if names != set(index):
        lacking, more = sorted(names - set(index)), sorted(set(index) - names)
        raise StateError(
            f"the state in {root} has another structure: "
            + "; ".join(
                f"{what} {', '.join(map(repr, paths[:4]))}{' and more' if len(paths) > 4 else ''}"
                for what, paths in (("it lacks", lacking), ("it also has", more))
                if paths
            )
        )
    places = [None] * len(found)
    if shardings is not None:
        boxes = trees.map(lambda s: [s], shardings, is_leaf=lambda s: s is None)
        kept = broadcast_prefix(boxes, tree, what="restore: shardings", root="like", is_leaf=lambda s: type(s) is list)
        places = [box[0] for box in kept]
    with _Files(root) as files:
        out = []
        for (path, leaf), place in zip(found, places, strict=True):
            dtype, shape = index[path]["dtype"], tuple(index[path]["shape"])
            have = _type_of(leaf, path)
            if have != (dtype, shape):
                raise StateError(f"{path} in {root} is {dtype}{list(shape)}, asked for is {have[0]}{list(have[1])}")
            out.append(_restored(files, path, dtype, shape, leaf, place))
    return trees.unflatten(tree, out)


# --- parts -----------------------------------------------------------------------------------------------------------


def _type_of(leaf: Any, path: str) -> tuple[str, tuple[int, ...]]:
    if isinstance(leaf, bool | int | float | complex):
        leaf = np.asarray(leaf)
    if not hasattr(leaf, "dtype") or not hasattr(leaf, "shape"):
        raise ArgumentError(f"a state is a tree of arrays, at {path} stands a {type(leaf).__name__}")
    dtype = np.dtype(leaf.dtype)
    return "key" if dtype == KEY else dtype.name, tuple(leaf.shape)


def _plain(x: np.ndarray) -> np.ndarray:
    """As safetensors has it: complex numbers are pairs, keys are words."""
    if x.dtype == KEY:
        return np.ascontiguousarray(x).reshape(-1).view(np.uint32).reshape(*x.shape, 2)
    if x.dtype.kind == "c":
        return np.ascontiguousarray(x).reshape(-1).view(f"f{x.dtype.itemsize // 2}").reshape(*x.shape, 2)
    return np.asarray(x, order="C")


def _meant(x: np.ndarray, dtype: str) -> np.ndarray:
    kind = KEY if dtype == "key" else np.dtype(dtype)
    return np.ascontiguousarray(x).view(kind)[..., 0] if kind.kind in "cV" else x


def _parts(leaf: Any) -> Iterator[tuple[Index, np.ndarray]]:
    """The parts of an array that this process writes."""
    shards = getattr(leaf, "addressable_shards", None)
    if shards is None or leaf.is_fully_replicated:
        if _process()[0] == 0:
            x = np.asarray(leaf)
            yield tuple((0, n) for n in x.shape), x
        return
    for shard in shards:
        if shard.replica_id == 0:
            yield tuple(s.indices(n)[:2] for s, n in zip(shard.index, leaf.shape, strict=True)), np.asarray(shard.data)


def _written(where: Index) -> str:
    return ",".join(f"{a}:{b}" for a, b in where)


class _Files:
    """The files of a state, open: where the parts of each array are."""

    def __init__(self, root: Path) -> None:
        safe_open = _safetensors().safe_open
        self.root = root
        self.stack = contextlib.ExitStack()
        self.parts: dict[str, list[tuple[Index, Any, str]]] = {}
        for path in sorted(root.glob("*.safetensors")):
            try:
                file = self.stack.enter_context(safe_open(path, framework="np"))
            except Exception as error:  # noqa: BLE001 (of a library, whose class is none of Python's)
                raise StateError(f"the file {path} of a state is damaged: {error}") from None
            for key in file.keys():  # noqa: SIM118 (no dict)
                name, _, text = key.rpartition("@")
                where = tuple((int(a), int(b)) for a, b in (p.split(":") for p in text.split(",") if p))
                self.parts.setdefault(name, []).append((where, file, key))

    def __enter__(self) -> _Files:
        return self

    def __exit__(self, *_: object) -> None:
        self.stack.close()

    def read(self, name: str, dtype: str, wanted: Index) -> np.ndarray:
        """A part of an array, put together from those that there are."""
        shape = tuple(b - a for a, b in wanted)
        out = np.empty(shape, KEY if dtype == "key" else np.dtype(dtype))
        missing = out.size
        for where, file, key in self.parts.get(name, ()):
            both = [(max(a, c), min(b, d)) for (a, b), (c, d) in zip(where, wanted, strict=True)]
            if any(a >= b for a, b in both):
                continue
            if not where:
                part = file.get_tensor(key)
            else:
                inner = tuple(slice(a - o, b - o) for (a, b), (o, _) in zip(both, where, strict=True))
                part = file.get_slice(key)[inner]
            part = _meant(np.asarray(part), dtype)
            out[tuple(slice(a - o, b - o) for (a, b), (o, _) in zip(both, wanted, strict=True))] = part
            missing -= part.size
        if missing:
            raise StateError(f"{missing} of {out.size} numbers of {name} are missing in {self.root}")
        return out


def _restored(files: _Files, path: str, dtype: str, shape: tuple[int, ...], leaf: Any, place: Any) -> Any:
    whole = tuple((0, n) for n in shape)
    if place is None:
        place = leaf.sharding if hasattr(leaf, "addressable_shards") else None
    if place is None:
        return files.read(path, dtype, whole)
    from .xla.meshes import as_sharding
    from .xla.real import jax, wide

    def part(index: Any) -> np.ndarray:
        return files.read(path, dtype, tuple(s.indices(n)[:2] for s, n in zip(index, shape, strict=True)))

    with wide():
        return jax.make_array_from_callback(shape, as_sharding(place), part)


# --- processes -------------------------------------------------------------------------------------------------------


def _process() -> tuple[int, int]:
    """The number of this process, and how many there are."""
    jax = sys.modules.get("jax")
    if jax is None or not hasattr(jax, "_src"):  # not loaded, or this library's alias
        return 0, 1
    return jax.process_index(), jax.process_count()


def _together(what: str) -> None:
    """Wait for all processes."""
    if _process()[1] > 1:
        importlib.import_module("jax.experimental.multihost_utils").sync_global_devices(what)


def _safetensors() -> Any:
    try:
        importlib.import_module("safetensors.numpy")
        return importlib.import_module("safetensors")
    except ImportError as error:
        text = (
            "states are kept in files of safetensors, which is not installed: pip install 'wengert[xla]' or safetensors"
        )
        raise ImportError(text, name="safetensors") from error


__all__ = ["latest", "restore", "save", "steps"]

__getattr__ = nearest_names(__name__, __all__)
__dir__ = __all__.copy
