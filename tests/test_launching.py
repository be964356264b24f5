"""The launcher watches its processes: who died first and why, the others ended, started again, and none left behind.

Here processes run scripts without JAX; beside JAX four of them train (`test_xla_processes.py`).
"""

import os
import signal
import subprocess
import sys
import time

import pytest

from wengert import launching

RUN = """
import os, runpy, sys, threading
lifeline = int(os.environ["WENGERT_LAUNCH_LIFELINE"])
threading.Thread(target=lambda: (os.read(lifeline, 1), os._exit(1)), daemon=True).start()
runpy.run_path(sys.argv[1], run_name="__main__")
"""
BEGIN = "import os, sys, time, signal\nk = int(os.environ['WENGERT_LAUNCH_PROCESS'])\n"


@pytest.fixture
def run(tmp_path, monkeypatch, capfd):
    def launch(text, count=3, **options):
        monkeypatch.setattr(launching, "CHILD", ("-c", RUN))
        script = tmp_path / "script.py"
        script.write_text(BEGIN + text)
        start = time.monotonic()
        status = launching.launch(count, script, [], **options)
        out, err = capfd.readouterr()
        return status, out, err, time.monotonic() - start

    return launch


def test_all_goes_well(run):
    status, out, err, _ = run("print('here', k)\nprint('there', file=sys.stderr)")
    assert status == 0 and sorted(out.split("\n"))[1:] == [f"[{k}] here {k}" for k in range(3)]
    assert sorted(err.split("\n"))[1:] == [f"[{k}] there" for k in range(3)]


FALLS = {
    "raise ValueError('bad luck')": ("process 1 of 3 ended with status 1: ValueError: bad luck", 1),
    "sys.exit('no data')": ("process 1 of 3 ended with status 1: no data", 1),
    "sys.exit(7)": ("process 1 of 3 ended with status 7", 7),
    "os.kill(os.getpid(), signal.SIGKILL)": ("process 1 of 3 was ended by SIGKILL", 137),
    "os.abort()": ("process 1 of 3 was ended by SIGABRT", 134),
}


@pytest.mark.parametrize("fall", FALLS)
def test_one_dies_and_the_others_are_ended(run, fall):
    message, expected = FALLS[fall]
    # The others notice a little later and fail too, or wait for ever.
    status, _, err, seconds = run(
        f"if k == 1: time.sleep(0.2); {fall}\nif k == 0: time.sleep(0.35); raise OSError('the peer has gone')\ntime.sleep(100)"
    )
    said = [line for line in err.splitlines() if line.startswith("wengert launch:")]
    assert len(said) == 1 and message in said[0] and status == expected
    assert "2" in said[0].split("the others")[1] and seconds < 10


def test_processes_that_do_not_heed_sigterm(run, monkeypatch):
    monkeypatch.setattr(launching, "GRACE", 0.3)
    status, _, _, seconds = run(
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\nif k == 1: time.sleep(0.3); sys.exit(3)\ntime.sleep(100)"
    )
    assert status == 3 and seconds < 8


def test_started_again(run, tmp_path):
    mark = tmp_path / "mark"
    text = f"import pathlib\nm = pathlib.Path({str(mark)!r})\nif k == 1 and not m.exists(): m.write_text('x'); sys.exit(4)\n"
    status, out, err, _ = run(text + "time.sleep(0.5); print('done')", restarts=1)
    assert status == 0 and out.count("done") == 3
    assert "status 4" in err and "starting 3 processes again" in err
    status, _, err, _ = run("sys.exit(5)", count=1, restarts=2)
    assert status == 5 and err.count("again") == 2


CALLER = f"""
import sys, pathlib
from wengert import launching
launching.CHILD = ("-c", {RUN!r})
sys.exit(launching.launch(2, pathlib.Path(sys.argv[1]), []))
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_none_outlives_the_launcher(tmp_path, number):
    script = tmp_path / "script.py"
    script.write_text(BEGIN + "print('pid', os.getpid(), flush=True)\ntime.sleep(100)")
    with subprocess.Popen([sys.executable, "-c", CALLER, script], stdout=subprocess.PIPE, text=True) as launcher:
        pids = [int(launcher.stdout.readline().split()[-1]) for _ in range(2)]
        launcher.send_signal(number)
        launcher.stdout.read()
        assert launcher.wait(20) == (143 if number == signal.SIGTERM else -9)
    deadline = time.monotonic() + 10
    while any(map(alive, pids)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(alive, pids))


def alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    with open(f"/proc/{pid}/stat") as f:  # not one that nobody has waited for
        return f.read().rpartition(")")[2].split()[0] != "Z"


def test_devices_of_each_process(run):
    _, out, _, _ = run("print(os.environ['XLA_FLAGS'])", count=1, devices=2)
    assert "--xla_force_host_platform_device_count=2" in out and out.count("device_count") == 1
