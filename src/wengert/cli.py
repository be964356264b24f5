"""The command ``wengert``: what may be asked of it, and that every error of its own is one line and a status."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any, NoReturn

from . import __version__
from .errors import WengertError

EPILOG = """\
exit status: 0 if everything ran, 1 if a cell or the script failed, 2 if there was nothing to run or no place for the
results, 130 and 143 if it was interrupted or told to end (SIGTERM); what a notebook had done by then is written

examples:
  wengert run examples/tour.ipynb --output out
  wengert run study.ipynb --as-jax --keep-going --timeout 60
  wengert run study.ipynb --json > result.json
  wengert run train.py --as-jax -- --epochs 3
  wengert launch -n 4 train.py -- --epochs 3
"""


class _Parser(argparse.ArgumentParser):
    """Errors are one line, as the command's other errors are."""

    def error(self, message: str) -> NoReturn:
        print(f"{self.prog}: {message}; {self.prog} --help lists what it takes", file=sys.stderr)
        raise SystemExit(2)


def _positive(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text} is not a whole number of seconds above 0")
    return int(text)


def _count(text: str) -> int:
    if _whole(text) == 0:
        raise argparse.ArgumentTypeError(f"{text} is not a whole number above 0")
    return int(text)


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise argparse.ArgumentTypeError(f"{text} is not a whole number")
    return int(text)


def parser() -> argparse.ArgumentParser:
    """The command's options."""
    top = _Parser(prog="wengert", description="Composable differentiation of NumPy code.")
    top.add_argument("--version", action="version", version=f"wengert {__version__}")
    commands = top.add_subparsers(dest="command", required=True)
    run = commands.add_parser(
        "run",
        help="run a notebook or a script",
        usage="wengert run [options] path [-- argument ...]",
        description="Run a notebook cell by cell and leave it executed, with an HTML page of it; or run a script.\n"
        "What cells print is shown while they run. What follows -- is for the script.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    run.prog = "wengert run"
    run.add_argument("path", type=Path, help="a .ipynb or .py file")
    run.add_argument("--as-jax", action="store_true", help="let `import jax` mean wengert, in 32-bit mode")
    run.add_argument("--output", type=Path, default=Path("out"), help="folder for the executed notebook and its page")
    run.add_argument("--timeout", type=_positive, default=None, help="seconds that one cell may take (notebooks)")
    run.add_argument("--keep-going", action="store_true", help="go on after a cell that failed (notebooks)")
    run.add_argument(
        "--json", action="store_true", help="write what happened to standard output as JSON, all else to standard error"
    )
    launch = commands.add_parser(
        "launch",
        help="run a script in several processes that share arrays",
        usage="wengert launch [options] path [-- argument ...]",
        description="Run a script in several processes of this machine, joined by JAX's distributed runtime. Each line that\n"
        "they print is shown with the number of its process. When one dies the others are ended, and the last line\n"
        "says which died and why. What follows -- is for the script.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    launch.prog = "wengert launch"
    launch.add_argument("path", type=Path, help="a .py file")
    launch.add_argument("-n", "--processes", type=_count, default=2, help="how many processes (2)")
    launch.add_argument("--devices", type=_count, default=None, help="devices of each process, on a processor")
    launch.add_argument("--restarts", type=_whole, default=0, help="how often to start again after a process died (0)")
    cache = commands.add_parser(
        "cache", help="show or clear the cache of compiled code", description="Show the cache of compiled code."
    )
    cache.add_argument("action", nargs="?", choices=["clear"], help="clear: remove what it holds")
    described = commands.add_parser(
        "help",
        help="what the reference says of a name",
        description="Print what the reference says of a public name: arguments, formula, shapes, dtypes, derivatives.",
    )
    described.add_argument("name", help="such as grad, numpy.linalg.solve or scipy.special.erf")
    settings = commands.add_parser(
        "config",
        help="list the settings",
        description="List the settings: name, value here, and where the value comes from; variables of the environment.",
    )
    settings.add_argument("--json", action="store_true", help="as JSON")
    return top


def main(argv: list[str] | None = None) -> int:
    """Run the command; the exit status is 0 only if everything ran."""
    given = sys.argv[1:] if argv is None else argv
    cut = given.index("--") if "--" in given else len(given)
    options, arguments = parser().parse_args(given[:cut]), given[cut + 1 :]
    as_json: bool = getattr(options, "json", False)
    try:
        status, report = _asked(options, arguments)
        if as_json:
            print(json.dumps(report, indent=1), flush=True)
        sys.stdout.flush()
        return status
    except BrokenPipeError:  # the reader of our output has gone, as in `wengert config | head -1`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except WengertError as error:
        message = error.message  # without a line, which would be that of the installed script
    except KeyboardInterrupt:
        print(f"wengert {options.command}: interrupted", file=sys.stderr)
        return 130
    except Exception as error:
        if os.environ.get("WENGERT_FULL_TRACEBACK"):
            raise
        message = f"{type(error).__name__}: {error} (WENGERT_FULL_TRACEBACK=1 shows where)"
    message = " ".join(message.split())
    if as_json:
        print(json.dumps({"status": "error", "exit_status": 2, "message": message}, indent=1), flush=True)
    print(f"wengert {options.command}: {message}", file=sys.stderr)
    return 2


def _asked(options: Any, arguments: list[str]) -> tuple[int, Any]:
    """Do what is asked; the exit status, and what ``--json`` says of it."""
    if options.command == "run":
        return _run(options, arguments)
    if options.command == "launch":
        return _launch(options, arguments), None
    if arguments:
        raise WengertError(f"it takes no arguments after --, got {' '.join(arguments)}")
    if options.command == "help":
        from .reference import describe

        print(describe(options.name))
        return 0, None
    if options.command == "cache":
        return _cache(options.action == "clear"), None
    rows = _settings()
    if not options.json:
        print("\n".join(_table(rows)))
    return 0, rows


def _run(options: Any, arguments: list[str]) -> tuple[int, Any]:
    path: Path = options.path
    if not path.is_file():
        raise WengertError(f"there is no file {path}")
    if path.suffix not in (".py", ".ipynb"):
        raise WengertError(f"{path} is neither a notebook (.ipynb) nor a script (.py)")
    if path.suffix == ".ipynb" and arguments:
        raise WengertError(f"a notebook takes no arguments, got {' '.join(arguments)}")
    with _Aside(options.json):
        if path.suffix == ".py":
            from .notebooks.script import run_script

            return run_script(path, arguments, options.as_jax)
        from .notebooks.run import run_notebook

        run = run_notebook(path, options.output, options.as_jax, options.timeout, options.keep_going)
    if run.ended_by is not None:
        print(f"wengert run: {'interrupted' if run.status == 130 else 'told to end'}", file=sys.stderr)
    return run.status, run.summary()


def _launch(options: Any, arguments: list[str]) -> int:
    from importlib.util import find_spec

    from .launching import launch

    path: Path = options.path
    if not path.is_file() or path.suffix != ".py":
        raise WengertError(f"there is no script {path}: a .py file is launched")
    if os.name != "posix":
        raise WengertError("processes are launched on Linux and macOS alone; elsewhere start them with JAX's own means")
    if find_spec("jax") is None:
        raise WengertError("processes are joined by JAX, which is not installed: pip install 'wengert[xla]'")
    return launch(options.processes, path, arguments, options.devices, options.restarts)


class _Aside:
    """While JSON is asked for, whatever is printed, by other processes and native code too, goes to standard error."""

    def __init__(self, on: bool) -> None:
        self.on, self.kept = on, -1

    def __enter__(self) -> None:
        if self.on:
            sys.stdout.flush()
            self.kept = os.dup(1)
            os.dup2(2, 1)

    def __exit__(self, *_: Any) -> None:
        if self.on:
            sys.stdout.flush()
            os.dup2(self.kept, 1)
            os.close(self.kept)


def _cache(clear: bool) -> int:
    from .compile import cache

    if clear:
        n = cache.clear()
        print(f"{n} {'entry' if n == 1 else 'entries'} removed from {cache.folder() or 'no folder'}")
    else:
        print(cache.info())
    return 0


def _settings() -> list[dict[str, Any]]:
    """A row for each setting, and for each other variable of the environment that the library reads."""
    from .config import config
    from .environment import OTHERS, VARIABLES

    rows = [
        {"setting": name, "value": getattr(config, name), "source": config.source(name), "variable": variable}
        for name, variable in VARIABLES.items()
    ]
    for variable, about in OTHERS.items():
        value = os.environ.get(variable) or None
        source = f"environment, {variable}" if value else "default"
        rows.append({"setting": None, "value": value, "source": source, "variable": variable, "about": about})
    return rows


def _table(rows: list[dict[str, Any]]) -> list[str]:
    table = [("setting", "value", "source", "variable")]
    table += [(r["setting"] or "", _value_of(r), r["source"].split(",")[0], r["variable"]) for r in rows]
    widths = [max(len(row[i]) for row in table) for i in range(4)]
    return ["  ".join(f"{text:{width}}" for text, width in zip(row, widths, strict=True)).rstrip() for row in table]


def _value_of(row: dict[str, Any]) -> str:
    """The value of a setting as people write it."""
    from .environment import SIZES

    value = row["value"]
    if value is None or value == ():
        return "-"
    if isinstance(value, tuple):
        return ",".join(value)
    if row["setting"] in SIZES:
        return _shown(value)
    return ("on" if value else "off") if isinstance(value, bool) else str(value)


def _shown(size: int) -> str:
    """A number of bytes in the largest unit of which it is a whole number."""
    for power, unit in ((4, "TiB"), (3, "GiB"), (2, "MiB"), (1, "KiB")):
        if size and size % 1024**power == 0:
            return f"{size // 1024**power}{unit}"
    return f"{size}B"


if __name__ == "__main__":
    sys.exit(main())
