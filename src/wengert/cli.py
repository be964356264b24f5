"""The command ``wengert``."""

from __future__ import annotations

import argparse
import runpy
import sys
from pathlib import Path

from . import __version__
from .errors import WengertError


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="wengert", description="Composable differentiation of NumPy code.")
    top.add_argument("--version", action="version", version=f"wengert {__version__}")
    commands = top.add_subparsers(dest="command", required=True)
    run = commands.add_parser(
        "run", help="run a notebook or a script", description="Run a notebook cell by cell, or a script."
    )
    run.add_argument("path", type=Path, help="a .ipynb or .py file")
    run.add_argument("--as-jax", action="store_true", help="let `import jax` mean wengert, in 32-bit mode")
    run.add_argument("--output", type=Path, default=Path("out"), help="folder for the executed notebook and its page")
    run.add_argument("--timeout", type=int, default=None, help="seconds that one cell may take")
    run.add_argument("--keep-going", action="store_true", help="go on after a cell that raised")
    return top


def main(argv: list[str] | None = None) -> int:
    """Run the command; the exit status is 0 only if everything ran."""
    options = parser().parse_args(argv)
    path: Path = options.path
    if not path.is_file():
        print(f"wengert run: there is no file {path}", file=sys.stderr)
        return 2
    if path.suffix == ".py":
        if options.as_jax:
            from .interop.jax_names import install

            install()
        sys.argv = [str(path)]
        runpy.run_path(str(path), run_name="__main__")
        return 0
    if path.suffix != ".ipynb":
        print(f"wengert run: {path} is neither a notebook (.ipynb) nor a script (.py)", file=sys.stderr)
        return 2
    from .notebooks import run_notebook

    try:
        failed = run_notebook(path, options.output, options.as_jax, options.timeout, options.keep_going)
    except WengertError as error:
        print(f"wengert run: {error}", file=sys.stderr)
        return 2
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
