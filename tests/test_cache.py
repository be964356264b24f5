"""The disk cache of compiled code: damage, sharing, limits, permissions; and that nothing of dropped programs stays."""

import ctypes
import gc
import json
import os
import random
import shutil
import socket
import stat
import statistics
import subprocess
import sys
import time
import weakref
from dataclasses import replace
from pathlib import Path

import cache_programs
import numpy as np
import pytest

import wengert as w
import wengert.numpy as wnp
from wengert.cli import main
from wengert.compile import allocation, cache, callback, caller, engine, entry, interrupts, pool, recycle
from wengert.compile.executable import Executable
from wengert.compile.recipe import Recipe

X = np.linspace(0.1, 1.0, 6)
TEXT = "define i32 @main() {\n  ret i32 %d\n}\n"
POSIX = os.name == "posix"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """A cache of the test's own."""
    if cache._source() is None:  # somebody has edited the library since the tests began
        monkeypatch.setattr(cache, "LOADED", float("inf"))
        cache._source.cache_clear()
    cache.stats.reset()
    with w.config.override(cache_dir=tmp_path / "cache", disk_cache=True):
        yield tmp_path / "cache"


def load_anew():
    """Forget the pieces that are loaded once in a process, and have entries too."""
    for piece in (caller, allocation, callback, interrupts, pool, recycle):
        getattr(piece, {recycle: "handler", callback: "_functions"}.get(piece, "address")).cache_clear()
    entry._interface.cache_clear()


def entries(folder):
    return sorted(folder.glob("*.object"))


def run(folder, *arguments, seed="0", wait=True, **environment):
    """A process that runs all functions of `cache_programs`."""
    known = os.environ | {"WENGERT_CACHE_DIR": str(folder), "PYTHONHASHSEED": seed} | environment
    command = [sys.executable, cache_programs.__file__, *arguments]
    process = subprocess.Popen(command, env=known, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    return finish(process) if wait else process


def finish(process):
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    return json.loads(out)


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """A folder with the code of all functions, and what the process that compiled them printed."""
    path = tmp_path_factory.mktemp("filled") / "cache"
    return path, run(path)


def test_another_process_generates_no_code(filled):
    path, first = filled
    assert first["misses"] == len(entries(path)) >= len(cache_programs.FUNCTIONS) and first["hits"] == 0
    again = run(path, "only-cached", seed="12345")  # the text of a module depends on no order of sets
    assert again == {"hits": first["misses"], "misses": 0, "sha": first["sha"]}


def test_processes_at_once(folder, filled):
    _, expected = filled
    found = [finish(p) for p in [run(folder, wait=False) for _ in range(4)]]
    assert {f["sha"] for f in found} == {expected["sha"]}
    assert len(entries(folder)) == expected["misses"] and not list(folder.glob("*.part"))
    assert run(folder, "only-cached")["hits"] == expected["misses"]


def test_damaged_entries(folder):
    """200 entries cut, extended, or changed at random bytes: each is a miss, and is written again."""
    rng = random.Random(7)
    texts = [TEXT % i for i in range(200)]
    objects = [cache.object_of(t) for t in texts]
    cut = 0
    for text, made in zip(texts, objects, strict=True):
        path = folder / f"{cache.key_of(text.encode()).hex()}.object"
        data = bytearray(path.read_bytes())
        kind = rng.randrange(4)
        if kind == 0:
            del data[rng.randrange(len(data)) :]
            cut += 1
        elif kind == 1:
            data += rng.randbytes(rng.randrange(1, 100))
        else:
            for _ in range(rng.randrange(1, 5)):
                data[rng.randrange(len(data))] ^= rng.randrange(1, 256)
        assert kind == 0 or made not in data or bytes(data) != path.read_bytes()
        path.write_bytes(data)
    assert cut > 20
    cache.stats.reset()
    assert [cache.object_of(t) for t in texts] == objects
    assert (cache.stats.hits, cache.stats.misses, cache.stats.damaged) == (0, 200, 200)
    assert [cache.object_of(t) for t in texts] == objects
    assert cache.stats.hits == 200


def test_damaged_entries_of_functions(folder, filled):
    """The same with whole functions: right answers from every damaged file."""
    load_anew()
    expected = cache_programs.digest(cache_programs.results())
    assert expected == filled[1]["sha"]
    rng = random.Random(8)
    for _ in range(3):
        for path in entries(folder):
            data = bytearray(path.read_bytes())
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
            path.write_bytes(data[: rng.choice([len(data), rng.randrange(len(data))])])
        cache.stats.reset()
        load_anew()
        assert cache_programs.digest(cache_programs.results()) == expected
        assert cache.stats.hits == 0 and cache.stats.damaged == len(entries(folder))


def test_a_file_under_another_name(folder):
    one, two = (TEXT % i for i in (1, 2))
    first, second = cache.object_of(one), cache.object_of(two)
    paths = [folder / f"{cache.key_of(t.encode()).hex()}.object" for t in (one, two)]
    os.replace(paths[0], paths[1])
    assert cache.object_of(two) == second != first and cache.stats.damaged == 1


@pytest.mark.parametrize("what", ["folder", "empty", "link to nowhere"])
def test_something_else_in_an_entrys_place(folder, what):
    made = cache.object_of(TEXT % 1)
    (path,) = entries(folder)
    path.unlink()
    if what == "folder":
        path.mkdir()
    elif what == "empty":
        path.touch()
    else:
        path.symlink_to(folder / "nowhere")
    assert cache.object_of(TEXT % 1) == made
    cache.clear()


def as_entry(key, content):
    """A file's bytes with the right checksum."""
    return cache._HEADER.pack(cache._MAGIC, cache._FORMAT, len(content), cache._checksum(key, content)) + content


def put(path, what, folder):
    """Something in the place of an entry."""
    key, data = bytes.fromhex(path.stem), path.read_bytes()
    made = data[cache._HEADER.size :]
    path.unlink()
    if what == "pipe":
        os.mkfifo(path)
    elif what == "socket":
        with socket.socket(socket.AF_UNIX) as s:
            here = os.getcwd()
            os.chdir(path.parent)  # names of sockets are short
            try:
                s.bind(path.name)
            finally:
                os.chdir(here)
    elif what == "device":
        path.symlink_to("/dev/zero")
    elif what == "link to another":
        (folder / "real").write_bytes(data)
        path.symlink_to(folder / "real")
    elif what == "huge":
        path.write_bytes(data)
        os.truncate(path, 1 << 40)
    elif what == "huge by its word":
        path.write_bytes(cache._HEADER.pack(cache._MAGIC, cache._FORMAT, 1 << 40, b"0" * 32))
        os.truncate(path, (1 << 40) + cache._HEADER.size)
    elif what == "unreadable":
        path.write_bytes(data)
        path.chmod(0)
    elif what == "another version":
        path.write_bytes(
            cache._HEADER.pack(cache._MAGIC, cache._FORMAT + 1, len(made), cache._checksum(key, made)) + made
        )
    elif what == "garbage":
        path.write_bytes(as_entry(key, random.Random(1).randbytes(len(made))))
    elif what == "nothing":
        path.write_bytes(as_entry(key, b""))
    elif what == "half":
        path.write_bytes(as_entry(key, made[: len(made) // 2]))
    elif what == "zeros":
        path.write_bytes(as_entry(key, made[:64] + bytes(len(made) - 64)))
    elif what == "another's":
        path.write_bytes(as_entry(key, engine.emit("define i32 @other() { ret i32 1 }")))
    path.exists() and not path.is_symlink() and what != "unreadable" and path.chmod(0o600)


INHABITANTS = ["pipe", "socket", "device", "link to another", "huge", "huge by its word", "unreadable", "another version",
               "garbage", "nothing", "half", "zeros", "another's"]  # fmt: skip


@pytest.mark.skipif(not POSIX, reason="POSIX files")
@pytest.mark.parametrize("what", INHABITANTS)
def test_whatever_lies_there_is_a_miss(folder, what):
    """For the pieces that every process has, and for the code of a function."""
    f = lambda x: wnp.sum(wnp.sin(x) * 3.0)  # noqa: E731
    expected = w.jit(f)(X)
    paths = entries(folder)
    assert paths
    for path in paths:
        put(path, what, folder)
    load_anew()
    try:
        cache.stats.reset()
        begun = time.monotonic()
        assert w.jit(lambda x: wnp.sum(wnp.sin(x) * 3.0))(X) == expected
        if what != "unreadable" or os.geteuid():
            assert cache.stats.misses >= 1 and (what == "another's" or cache.stats.hits == 0)
        assert time.monotonic() - begun < 30.0
        assert not list(folder.glob("*.part"))
        cache.info(), cache.evict(str(folder), 0), cache.clear()
    finally:
        load_anew()


def test_recipes_that_are_none(folder):
    """Right checksums, right JSON, objects that are objects: names and numbers that are wrong."""
    f = lambda x: wnp.linalg.svd(wnp.outer(x, x))[1] + wnp.arange(6.0)  # noqa: E731
    expected = w.jit(f)(X)
    right = {p: p.read_bytes()[cache._HEADER.size :] for p in entries(folder)}
    recipes = {p: Recipe.from_bytes(made) for p, made in right.items() if Recipe.is_one(made)}
    assert recipes
    for change in (
        {"symbols": ["no_such_function"]}, {"symbols": [1]}, {"calls": [999]}, {"literals": [(999, None)]},
        {"literals": [(0, "zz")]}, {"workspace": -1}, {"held": [(0,)]}, {"objects": []}, {"objects": [b"x"]},
    ):  # fmt: skip
        for path, recipe in recipes.items():
            path.write_bytes(as_entry(bytes.fromhex(path.stem), replace(recipe, **change).to_bytes()))
        np.testing.assert_allclose(w.jit(lambda x: f(x))(X), expected)
    for data in (b"", b"\xff" * 8, b"\x02" + bytes(7) + b"{}", b"\x02" + bytes(7) + b"[]"):
        assert not Recipe.is_one(data)


def test_a_folder_that_vanishes(folder):
    made = cache.object_of(TEXT % 1)
    shutil.rmtree(folder)
    assert cache.object_of(TEXT % 1) == made and cache.info().unused is None
    shutil.rmtree(folder)
    (folder.parent / "elsewhere").mkdir(mode=0o700)
    folder.symlink_to(folder.parent / "elsewhere")
    assert cache.object_of(TEXT % 1) == made == cache.object_of(TEXT % 1)


def test_an_interrupted_write_leaves_nothing(folder, monkeypatch):
    cache.object_of(TEXT % 1)

    def interrupted(*args):
        raise KeyboardInterrupt

    for function in ("write", "replace"):
        with monkeypatch.context() as m, pytest.raises(KeyboardInterrupt):
            m.setattr(os, function, interrupted)
            cache.object_of(TEXT % 2)
        assert len(list(folder.iterdir())) == 1
    assert cache.object_of(TEXT % 2) == engine.emit(TEXT % 2)


SOURCE = """
import sys, time
sys.path.insert(0, sys.argv[1])
import wengert
assert wengert.__file__.startswith(sys.argv[1]), wengert.__file__
if len(sys.argv) > 2:  # the sources change after they are loaded
    time.sleep(0.05)
    open(sys.argv[2], "a").write("# more")
from wengert.compile import cache
print(cache.key_of(b"x").hex() if cache.key_of(b"x") else None)
"""


def test_the_key_is_of_the_contents_of_the_sources(tmp_path):
    """Not of sizes, times or the place; in an archive too."""
    home = Path(w.__file__).parent

    def copy(name):
        shutil.copytree(home, tmp_path / name / "wengert", ignore=shutil.ignore_patterns("__pycache__"))
        return tmp_path / name

    def key(*arguments):
        command = [sys.executable, "-B", "-c", SOURCE, *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    one = copy("one")
    file = one / "wengert" / "compile" / "access.py"
    first = key(one)
    os.utime(file, (1e9, 1e9))
    assert key(one) == first
    text = file.read_text()
    assert "AHEAD = 2048" in text
    file.write_text(text.replace("AHEAD = 2048", "AHEAD = 1024"))  # of the same length
    os.utime(file, (1e9, 1e9))
    assert len({first, key(one)}) == 2
    file.write_text(text)
    os.utime(file, (1e9, 1e9))
    assert key(one) == first
    archived = key(shutil.make_archive(str(tmp_path / "packed"), "zip", one))
    assert archived == key(tmp_path / "packed.zip") != "None"
    assert key(one, file) == "None"


def test_the_key_knows_the_surroundings(monkeypatch):
    keys = {cache.key_of((TEXT % 1).encode()), cache.key_of((TEXT % 2).encode())}
    for name, value in (("opt", 0), ("codemodel", "small")):
        monkeypatch.setitem(engine.OPTIONS, name, value)
        cache._surroundings.cache_clear()
        keys.add(cache.key_of((TEXT % 1).encode()))
    monkeypatch.setattr(engine, "features", lambda: "+none")
    cache._surroundings.cache_clear()
    keys.add(cache.key_of((TEXT % 1).encode()))
    monkeypatch.undo()
    cache._surroundings.cache_clear()
    assert len(keys) == 5 and cache.key_of((TEXT % 1).encode()) in keys


def test_verifying_compiles(folder):
    program = w.make_program(lambda x: wnp.sin(x))(X)
    Executable(program, verify=True)
    assert not folder.exists() and cache.stats.misses == 0


# --- the limit ----------------------------------------------------------------------------------------------------------


def aged(folder, numbers):
    """Objects stored, the first the oldest; the size of one."""
    paths = []
    for age, i in enumerate(reversed(numbers)):
        cache.object_of(TEXT % i)
        paths.append(folder / f"{cache.key_of((TEXT % i).encode()).hex()}.object")
        os.utime(paths[-1], (time.time() - 1000 * (age + 1),) * 2)
    return paths[::-1], paths[0].stat().st_size


def test_the_oldest_go_first(folder):
    paths, size = aged(folder, range(10))
    assert cache.evict(str(folder), 10 * size) == 0
    cache.object_of(TEXT % 0)  # used, so no longer the oldest
    assert cache.evict(str(folder), 10 * size - 1) == 2  # to nine tenths, so that the next write need not remove again
    assert [p.exists() for p in paths] == [True] + [False] * 2 + [True] * 7
    assert cache.evict(str(folder), 5 * size) == 4
    assert [p.exists() for p in paths] == [True] + [False] * 6 + [True] * 3
    assert cache.info().bytes <= 5 * size


def test_writing_keeps_the_limit(folder):
    with w.config.override(cache_bytes=8000):
        for i in range(100):
            cache.object_of(TEXT % i)
        assert 0 < cache.info().bytes <= 8000
    assert cache.stats.writes == 100


def test_unfinished_files(folder):
    cache.object_of(TEXT % 1)
    old, new = (folder / f"{c * 32}.part" for c in "ab")
    other = folder / "notes.txt"
    for p in (old, new, other):
        p.touch()
    os.utime(old, (0, 0))
    cache.evict(str(folder), 0)
    assert not old.exists() and new.exists() and other.exists() and not entries(folder)


# --- folders that cannot be used ----------------------------------------------------------------------------------------


def unused():
    """Whether compiling works and leaves the cache alone."""
    made = cache.object_of(TEXT % 3)
    again = cache.object_of(TEXT % 3)
    return made == again == engine.emit(TEXT % 3) and cache.stats.hits == cache.stats.writes == 0


def test_switched_off(folder):
    with w.config.override(disk_cache=False):
        assert w.jit(lambda x: x * 2.0)(X)[0] == 0.2 and unused()
        assert "switched off" in str(cache.info())
    assert not folder.exists()
    assert run(folder, WENGERT_CACHE="0")["misses"] == 0 and not folder.exists()


@pytest.mark.skipif(not POSIX, reason="POSIX permissions")
@pytest.mark.parametrize("mode", [0o777, 0o770, 0o702])
def test_a_folder_that_others_can_write_to(folder, mode):
    folder.mkdir()
    folder.chmod(mode)
    assert unused() and not entries(folder)
    assert "other users" in str(cache.info())
    folder.chmod(0o755)
    cache.object_of(TEXT % 3)
    assert entries(folder) and cache.info().unused is None


@pytest.mark.skipif(not POSIX, reason="POSIX permissions")
def test_another_users_folder(folder, monkeypatch):
    cache.object_of(TEXT % 1)
    cache.stats.reset()
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    assert unused() and "other users" in str(cache.info())


@pytest.mark.skipif(not POSIX, reason="POSIX permissions")
def test_files_are_private(folder):
    old = os.umask(0)
    try:
        cache.object_of(TEXT % 1)
    finally:
        os.umask(old)
    (path,) = entries(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700 and stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o606)
    cache.object_of(TEXT % 1)
    assert cache.stats.hits == 0


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").touch()
    for path in (tmp_path / "file", tmp_path / "file" / "below", "\0", tmp_path / ("x" * 300)):
        with w.config.override(cache_dir=path):
            assert unused()
            assert cache.clear() == 0 and cache.info().entries == 0


@pytest.mark.parametrize("function", ["open", "write", "replace"])
def test_a_disk_that_is_full_or_read_only(folder, monkeypatch, function):
    folder.mkdir(mode=0o700)
    real = getattr(os, function)

    def fail(*args, **kwargs):
        if function == "open" and not args[1] & os.O_CREAT:
            return real(*args, **kwargs)
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, function, fail)
    assert unused()
    assert not list(folder.iterdir())


@pytest.mark.skipif(sys.platform != "linux", reason="where Linux keeps caches")
def test_where_it_lies(monkeypatch):
    with w.config.override(cache_dir=None):
        monkeypatch.setenv("XDG_CACHE_HOME", "/caches")
        assert cache.folder() == "/caches/wengert"
        monkeypatch.setenv("XDG_CACHE_HOME", "relative")
        monkeypatch.setenv("HOME", "/home/x")
        assert cache.folder() == "/home/x/.cache/wengert"
        monkeypatch.setattr(os.path, "expanduser", lambda p: p)  # as where there is no home
        assert cache.folder() is None and unused() and "no home" in str(cache.info())


# --- settings and the command -------------------------------------------------------------------------------------------


def test_settings(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with w.config.override(cache_dir="here", cache_bytes=7, disk_cache=False):
        assert w.config.cache_dir == str(tmp_path / "here") and "cache_bytes=7" in repr(w.config)
        w.config.update("jax_compilation_cache_dir", Path("/there"))
        w.config.update("jax_enable_compilation_cache", True)
        assert w.config.cache_dir == "/there" and w.config.disk_cache
        with pytest.raises(ValueError, match="number of bytes"):
            w.config.update("cache_bytes", "many")
    assert w.config.cache_bytes == 512 << 20
    with pytest.raises(AttributeError, match="disk_cache"), w.config.override(disk_cache=False, colour=1):
        pass
    assert w.config.disk_cache


def test_the_command(folder, capsys):
    assert main(["cache"]) == 0
    assert f"folder   {folder}\nentries  0\n" in capsys.readouterr().out
    cache.object_of(TEXT % 1)
    main(["cache"])
    assert "entries  1\n" in capsys.readouterr().out
    (folder / "notes.txt").touch()
    assert main(["cache", "clear"]) == 0
    assert capsys.readouterr().out == f"1 entry removed from {folder}\n"
    assert [p.name for p in folder.iterdir()] == ["notes.txt"]


# --- memory -------------------------------------------------------------------------------------------------------------

FULL = os.environ.get("WENGERT_TEST_FULL") == "1"  # the recorded campaign: 1e6 calls and 2,000 compiles


def resident() -> int:
    """The memory this process holds, in KiB."""
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * (os.sysconf("SC_PAGESIZE") // 1024)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_calls_leave_nothing_in_memory():
    f = w.jit(lambda x, d: {"a": wnp.sin(x) * d["b"], "c": wnp.sum(x), "d": wnp.linalg.det(wnp.outer(x, x))})
    d = {"b": X}
    fast = w.jit(lambda x, d: (x * d["b"], x[0]))
    for count in (2000, 1_000_000 if FULL else 100_000):
        before = resident()
        for _ in range(count):
            fast(X, d)
        for _ in range(count // 100):
            f(X, d)
    assert resident() - before < 1024


def compile_one(i):
    c = i + 0.5
    w.jit(lambda x: wnp.sum(x * c + i))(X)
    with pytest.raises(IndexError):
        w.jit(lambda x, j: x[j] * c)(X, 9)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_dropped_programs_leave_nothing_in_memory():
    """By default most come from the disk; the campaign generates code for each of 2,000."""
    distinct, count = (10**6, 250) if FULL else (50, 75)
    grown, i = [], 0
    with w.config.override(disk_cache=not FULL):
        for _ in range(5):
            before = resident()
            for i in range(i, i + count):  # noqa: B020 (goes on where it was)
                compile_one(i % distinct)
            grown.append(resident() - before)
    # What is kept of every program shows in every round; the allocator's growth to its working size in the first ones.
    # LLVM's books are 10 KiB for each of two programs.
    assert statistics.median(grown[1:]) < 4 * count, grown


def test_the_books_of_dropped_code_are_freed(monkeypatch):
    """A JIT compiler goes with the last of its libraries."""
    made = []
    real = engine.llvm.create_lljit_compiler

    def create(*args, **options):
        made.append(weakref.ref(jit := real(*args, **options)))
        return jit

    monkeypatch.setattr(engine.llvm, "create_lljit_compiler", create)
    obj = engine.emit(TEXT % 7)
    kept = engine.load([obj])
    for _ in range(4 * engine.LIBRARIES):
        engine.load([obj])
    gc.collect()
    assert len(made) >= 4 and sum(m() is not None for m in made) == 1
    assert ctypes.CFUNCTYPE(ctypes.c_int)(kept.main)() == 7
