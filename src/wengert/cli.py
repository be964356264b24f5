"""The command ``wengert``."""

from __future__ import annotations

import argparse
import runpy
import sys
import traceback
from pathlib import Path

from . import __version__
from .errors import WengertError

EPILOG = """\
exit status: 0 if everything ran, 1 if a cell or the script failed, 2 if there was nothing to run, 130 if interrupted

examples:
  wengert run examples/tour.ipynb --output out
  wengert run study.ipynb --as-jax --keep-going --timeout 60
  wengert run train.py --as-jax -- --epochs 3
"""


def _positive(text: str) -> int:
    if not text.isdigit() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text} is not a whole number of seconds above 0")
    return int(text)


def parser() -> argparse.ArgumentParser:
    """The command's options."""
    top = argparse.ArgumentParser(prog="wengert", description="Composable differentiation of NumPy code.")
    top.add_argument("--version", action="version", version=f"wengert {__version__}")
    commands = top.add_subparsers(dest="command", required=True)
    run = commands.add_parser(
        "run",
        help="run a notebook or a script",
        usage="wengert run [options] path [-- argument ...]",
        description="Run a notebook cell by cell and leave it executed, with an HTML page of it; or run a script.\n"
        "What follows -- is for the script.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    run.add_argument("path", type=Path, help="a .ipynb or .py file")
    run.add_argument("--as-jax", action="store_true", help="let `import jax` mean wengert, in 32-bit mode")
    run.add_argument("--output", type=Path, default=Path("out"), help="folder for the executed notebook and its page")
    run.add_argument("--timeout", type=_positive, default=None, help="seconds that one cell may take (notebooks)")
    run.add_argument("--keep-going", action="store_true", help="go on after a cell that failed (notebooks)")
    cache = commands.add_parser(
        "cache", help="show or clear the cache of compiled code", description="Show the cache of compiled code."
    )
    cache.add_argument("action", nargs="?", choices=["clear"], help="clear: remove what it holds")
    return top


def run_script(path: Path, arguments: list[str], as_jax: bool) -> int:
    """Run a script as ``python path`` would; 1 if it raised, with the traceback from the script on."""
    if as_jax:
        from .interop.jax_names import install

        install()
    sys.argv = [str(path), *arguments]
    sys.path.insert(0, str(path.resolve().parent))
    try:
        runpy.run_path(str(path), run_name="__main__")
    except Exception as error:
        tb = error.__traceback__
        while tb is not None and tb.tb_frame.f_code.co_filename != str(path):
            tb = tb.tb_next  # this file's and runpy's frames say nothing about the script
        traceback.print_exception(type(error), error, tb)
        return 1
    return 0


def main(argv: list[str] | None = None) -> int:
    """Run the command; the exit status is 0 only if everything ran."""
    given = sys.argv[1:] if argv is None else argv
    cut = given.index("--") if "--" in given else len(given)
    options, arguments = parser().parse_args(given[:cut]), given[cut + 1 :]
    if options.command == "cache":
        return _cache(options.action == "clear")
    path: Path = options.path
    if not path.is_file():
        print(f"wengert run: there is no file {path}", file=sys.stderr)
        return 2
    if path.suffix not in (".py", ".ipynb"):
        print(f"wengert run: {path} is neither a notebook (.ipynb) nor a script (.py)", file=sys.stderr)
        return 2
    if path.suffix == ".py":
        return run_script(path, arguments, options.as_jax)
    if arguments:
        print(f"wengert run: a notebook takes no arguments, got {' '.join(arguments)}", file=sys.stderr)
        return 2
    try:
        from .notebooks.run import run_notebook

        failed = run_notebook(path, options.output, options.as_jax, options.timeout, options.keep_going)
    except WengertError as error:
        print(f"wengert run: {error.args[0]}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("wengert run: interrupted", file=sys.stderr)
        return 130
    return 1 if failed else 0


def _cache(clear: bool) -> int:
    from .compile import cache

    if clear:
        n = cache.clear()
        print(f"{n} {'entry' if n == 1 else 'entries'} removed from {cache.folder() or 'no folder'}")
    else:
        print(cache.info())
    return 0


if __name__ == "__main__":
    sys.exit(main())
