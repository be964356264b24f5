"""``wengert launch``: processes on this machine that are one program of JAX's, watched: when one dies the others are ended.

Children run `xla.launched`; what they print is passed on, each line with the number of its process. Nothing here imports JAX.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

ADDRESS, COUNT, NUMBER, LIFELINE = (
    f"WENGERT_LAUNCH_{what}" for what in ("ADDRESS", "PROCESSES", "PROCESS", "LIFELINE")
)
CHILD = ("-m", "wengert.xla.launched")  # what each process runs: the script follows
TAIL = 30  # lines of each process' errors that are kept to say why it died
GRACE = 5.0  # seconds from SIGTERM to SIGKILL
PAUSE = 0.05  # seconds between looks at the processes
SETTLE = 0.2  # seconds in which it is found which of several ended first


class Child:
    """One of the processes.

    Attributes:
        errors: the last lines that it wrote to standard error.
        ended: when it ended; infinite as long as it runs.
    """

    def __init__(self, number: int, command: Sequence[str], environment: dict[str, str], lifeline: int) -> None:
        self.number = number
        self.errors: deque[str] = deque(maxlen=TAIL)
        self.process = subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            pass_fds=(lifeline,), start_new_session=True, text=True, errors="replace",
        )  # fmt: skip
        self.readers = [
            threading.Thread(target=self._pass_on, args=(stream, target), daemon=True)
            for stream, target in ((self.process.stdout, sys.stdout), (self.process.stderr, sys.stderr))
        ]
        self.ended = float("inf")
        for thread in (*self.readers, threading.Thread(target=self._wait, daemon=True)):
            thread.start()

    def _wait(self) -> None:
        self.process.wait()
        self.ended = time.monotonic()

    def _pass_on(self, stream: IO[str] | None, target: IO[str]) -> None:
        assert stream is not None
        with stream:
            for line in stream:
                if target is sys.stderr:
                    self.errors.append(line.rstrip())
                with contextlib.suppress(OSError, ValueError):
                    target.write(f"[{self.number}] {line.rstrip()}\n")
                    target.flush()

    def why(self) -> str:
        """What ended it, in words: a signal, or its status and the last line of its errors."""
        code = self.process.returncode
        for reader in self.readers:
            reader.join(1.0)
        if code < 0:
            try:
                name = signal.Signals(-code).name
            except ValueError:
                name = f"signal {-code}"
            more = ", as the system does to processes when memory is short" if name == "SIGKILL" else ""
            return f"was ended by {name}{more}"
        said = next((line for line in reversed(self.errors) if line.strip() and not line.startswith((" ", "\t"))), "")
        return f"ended with status {code}" + (f": {said}" if said else "")

    def send(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def environment_of(number: int, count: int, address: str, lifeline: int, devices: int | None) -> dict[str, str]:
    """The environment of a process."""
    found = dict(os.environ)
    found.update({ADDRESS: address, COUNT: str(count), NUMBER: str(number), LIFELINE: str(lifeline)})
    found.setdefault("JAX_CPU_COLLECTIVES_IMPLEMENTATION", "gloo")
    found.setdefault("PYTHONUNBUFFERED", "1")
    if devices is not None:
        flags = [f for f in found.get("XLA_FLAGS", "").split() if "host_platform_device_count" not in f]
        found["XLA_FLAGS"] = " ".join([*flags, f"--xla_force_host_platform_device_count={devices}"])
    return found


def end_all(children: Sequence[Child]) -> None:
    """End processes that still run: asked first, then not."""
    for child in children:
        child.send(signal.SIGTERM)
    deadline = time.monotonic() + GRACE
    for child in children:
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.process.wait(max(0.0, deadline - time.monotonic()))
    for child in children:
        child.send(signal.SIGKILL)  # what the process left behind in its session, too
    for child in children:
        child.process.wait()
        for reader in child.readers:
            reader.join(1.0)


def run_once(count: int, script: Path, arguments: Sequence[str], devices: int | None) -> tuple[int, str]:
    """Run the processes to their end.

    Returns:
        The exit status, and what went wrong, "" if nothing did.
    """
    address = f"127.0.0.1:{free_port()}"
    lifeline, held = os.pipe()  # open as long as this process lives: children end when it is closed
    os.set_inheritable(held, False)
    command = [sys.executable, *CHILD, str(script), *arguments]
    children: list[Child] = []
    try:
        for k in range(count):  # one by one: those that are started are ended if the next cannot be
            children.append(Child(k, command, environment_of(k, count, address, lifeline, devices), lifeline))  # noqa: PERF401
        while True:
            codes = [child.process.poll() for child in children]
            if any(codes):
                time.sleep(SETTLE)
                return _failed(children)
            if all(code == 0 for code in codes):
                for child in children:
                    for reader in child.readers:
                        reader.join(5.0)
                return 0, ""
            time.sleep(PAUSE)
    finally:
        end_all(children)
        os.close(lifeline)
        os.close(held)


def _failed(children: Sequence[Child]) -> tuple[int, str]:
    """Who died first, and why: the others may have died of its absence."""
    first = min((child for child in children if child.process.poll()), key=lambda child: child.ended)
    others = [str(child.number) for child in children if child.process.poll() is None]
    ended = f"; the others ({', '.join(others)}) are ended" if others else ""
    code = first.process.returncode
    return code if code > 0 else 128 - code, f"process {first.number} of {len(children)} {first.why()}{ended}"


class _Told(Exception):
    """SIGTERM came."""


def launch(count: int, script: Path, arguments: Sequence[str], devices: int | None = None, restarts: int = 0) -> int:
    """Run a script in several processes; the exit status.

    Args:
        count: how many processes.
        script: a Python file, which each of them runs.
        arguments: what ``sys.argv`` has after the script.
        devices: how many devices each process has on a processor; None for what JAX finds.
        restarts: how often all processes are started again after one failed.
    """

    def told(*_: Any) -> None:
        raise _Told

    main = threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGTERM, told) if main else None
    try:
        while True:
            status, wrong = run_once(count, script, arguments, devices)
            if not wrong:
                return 0
            print(f"wengert launch: {wrong}", file=sys.stderr, flush=True)
            if not restarts:
                return status
            restarts -= 1
            print(f"wengert launch: starting {count} processes again", file=sys.stderr, flush=True)
    except _Told:
        print("wengert launch: told to end", file=sys.stderr)
        return 143
    finally:
        if main:
            signal.signal(signal.SIGTERM, before)


__all__ = ["ADDRESS", "COUNT", "LIFELINE", "NUMBER", "launch"]
