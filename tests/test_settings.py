"""Settings belong to a context: a thread, an asyncio task."""

import asyncio
import contextvars
import gc
import sys
import threading

import numpy as np
import pytest

import wengert as w
import wengert.numpy as wnp
from wengert import config

X = np.linspace(0.1, 1.0, 5)


def dtypes():
    """What the mode decides, eager and compiled, in a fresh function and in one that was compiled before."""
    f = w.jit(lambda x: wnp.sin(x) * 2.0)
    return {
        str(np.asarray(v).dtype)
        for v in (wnp.sin(1.0), w.grad(lambda x: wnp.sum(wnp.sin(x) * 2))(1.0), f(1.0), f(1.0), KNOWN(1.0), wnp.ones(2))
    }


KNOWN = w.jit(lambda x: wnp.cos(x) + 1.0)


def elsewhere(f):
    found = []
    thread = threading.Thread(target=lambda: found.append(f()))
    thread.start()
    thread.join()
    return found[0]


def test_an_override_is_its_threads_own():
    for _ in range(3):
        with config.override(enable_x64=False):
            assert dtypes() == {"float32"} and not config.enable_x64
            assert elsewhere(dtypes) == {"float64"}
            with config.override(enable_x64=True):
                assert dtypes() == {"float64"}
            assert dtypes() == {"float32"}
        assert dtypes() == {"float64"}
    assert config._x64 is True  # so that reads are plain again


def test_threads_that_override_side_by_side():
    wrong, go = [], threading.Barrier(4)

    def work(number):
        go.wait()
        for _ in range(20):
            with config.override(enable_x64=number % 2 == 0, max_paths=number + 1):
                if dtypes() != {"float64" if number % 2 == 0 else "float32"} or config.max_paths != number + 1:
                    wrong.append(number)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    gc.collect()
    assert not wrong and config._x64 is True and dtypes() == {"float64"}


def test_blocks_may_end_in_any_order():
    a, b, c = config.override(enable_x64=False), config.override(max_paths=3), config.override(enable_x64=True)
    for o in (a, b, c):
        o.__enter__()
    a.__exit__(None, None, None)
    assert config.enable_x64 and config.max_paths == 3
    c.__exit__(None, None, None)
    assert config.enable_x64 and config.max_paths == 3
    b.__exit__(None, None, None)
    assert config.max_paths == 64 and dtypes() == {"float64"}


def test_tasks():
    async def child(wait):
        await wait.wait()
        return dtypes(), config.max_paths

    async def overrides(on, wait):
        with config.override(enable_x64=on):
            await asyncio.sleep(0)
            await wait.wait()
            return dtypes()

    async def main():
        wait = asyncio.Event()
        tasks = [asyncio.create_task(overrides(k % 2 == 0, wait)) for k in range(4)]
        with config.override(enable_x64=False, max_paths=7):
            late = asyncio.create_task(child(wait))  # has what was in force where it was made
        await asyncio.sleep(0)
        assert dtypes() == {"float64"}
        wait.set()
        assert await late == ({"float32"}, 7)
        assert [await t for t in tasks] == [{"float64"}, {"float32"}] * 2

    asyncio.run(main())
    gc.collect()
    assert config._x64 is True


def in_32_bits():
    with config.override(enable_x64=False):
        while True:
            yield dtypes()


def test_blocks_of_generators_that_others_close():
    """A block is over everywhere once it has ended, in whichever thread or task that was."""
    g = in_32_bits()
    assert next(g) == {"float32"} == dtypes()
    elsewhere(g.close)
    assert dtypes() == {"float64"} and config.enable_x64

    async def numbers():
        with config.override(enable_x64=False):
            yield 1
            yield 2

    async def main():
        async for _ in numbers():
            break  # the event loop closes it, in a task of its own
        await asyncio.sleep(0.01)
        assert dtypes() == {"float64"}
        with config.override(max_paths=3):
            assert dtypes() == {"float64"} and config.max_paths == 3
        assert await asyncio.to_thread(dtypes) == {"float64"}

    asyncio.run(main())
    gc.collect()
    assert dtypes() == {"float64"} and config._x64 is True  # and reads are plain again
    assert sys.modules["wengert.config"]._Token.strays == 0


def test_assignment():
    """For the process; where an override is in force, there."""
    with config.override(max_paths=5):
        config.max_paths = 6
        assert config.max_paths == 6 and elsewhere(lambda: config.max_paths) == 64
        config.checkpoint_bytes, old = 123, config.checkpoint_bytes  # not overridden
        assert elsewhere(lambda: config.checkpoint_bytes) == 123
        config.checkpoint_bytes = old
    assert config.max_paths == 64
    config.enable_x64 = False
    try:
        assert dtypes() == {"float32"} == elsewhere(dtypes)
        with config.override(enable_x64=True):
            assert dtypes() == {"float64"} and elsewhere(dtypes) == {"float32"}
        assert contextvars.Context().run(dtypes) == {"float32"}
    finally:
        config.enable_x64 = True


def test_errors_change_nothing():
    with pytest.raises(AttributeError, match="no setting 'colour'"), config.override(max_paths=1, colour=2):
        pass
    with pytest.raises(ValueError, match="whole number"), config.override(max_paths=1, threads=0):
        pass
    with pytest.raises(AttributeError, match="it has"):
        config.colour  # noqa: B018
    with pytest.raises(ZeroDivisionError), config.override(max_paths=1):
        raise ZeroDivisionError
    assert config.max_paths == 64


def test_looking_for_nans_is_a_contexts_own():
    f = w.grad(lambda x: wnp.sqrt(x) * 0.0)
    with np.errstate(all="ignore"), config.override(debug_nans=True):
        with pytest.raises(w.errors.NonFiniteError):
            f(-1.0)
        assert np.isnan(elsewhere(lambda: quiet(f)))
    with np.errstate(all="ignore"):
        assert np.isnan(f(-1.0))


def quiet(f):
    with np.errstate(all="ignore"):
        return float(f(-1.0))


def test_the_number_of_threads_is_a_contexts_own():
    f, x = w.jit(lambda x: wnp.sum(wnp.sin(x) * wnp.exp(x))), np.linspace(0.0, 1.0, 400_000)
    expected = f(x)
    with config.override(threads=1):
        assert config.thread_count() == 1 and elsewhere(config.thread_count) != -1
        assert f(x) == expected == elsewhere(lambda: f(x))
        with config.override(threads=3):
            assert f(x) == expected
    assert config.thread_cell[0] == config.thread_count()
