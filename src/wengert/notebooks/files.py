"""A notebook read, and its results written so that nothing is lost: checked before, whole or not at all, in place."""

from __future__ import annotations

import os
import tempfile
import warnings
from pathlib import Path
from typing import Any

import nbformat

from ..errors import NotSupportedError
from .outcome import Run


def read(path: Path) -> Any:
    """The notebook, without what an earlier run left in it: a cell that is not reached must show nothing.

    Raises:
        NotSupportedError: it cannot be read, or is no notebook.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise NotSupportedError(f"{path} cannot be read: {error.strerror}") from None
    except ValueError:
        raise NotSupportedError(f"{path} is no notebook: it is no text in UTF-8") from None
    if not text.strip():
        raise NotSupportedError(f"{path} is no notebook: it is empty")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # old notebooks lack ids, which are made
            nb = nbformat.reads(text, as_version=4)
            cells = [(cell.cell_type, cell.source) for cell in nb.cells]
    except Exception as error:  # noqa: BLE001 (what the reader raises for what it cannot read)
        said = str(error).splitlines()
        raise NotSupportedError(f"{path} is no notebook: {said[0] if said else type(error).__name__}") from None
    language = nb.metadata.get("language_info", {}).get("name") or nb.metadata.get("kernelspec", {}).get("language")
    if language and language.lower() not in ("python", "ipython"):
        raise NotSupportedError(f"{path} is a notebook of {language}; notebooks of Python are run")
    nb.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    for cell, (kind, _) in zip(nb.cells, cells, strict=True):
        if kind == "code":
            cell.outputs, cell.execution_count = [], None
            cell.metadata.pop("seconds", None)
    return nb


class Results:
    """Where the executed notebook and its page go.

    Raises:
        NotSupportedError: the folder cannot be made or written to. Nothing was run yet.
    """

    def __init__(self, source: Path, folder: Path) -> None:
        self.source, self.before = source, source.read_bytes()
        self.folder = folder
        self.last = ""
        _check(folder)
        for target in (self._notebook(), self._page()):
            if target.is_dir():
                raise NotSupportedError(f"{target} is a folder; the results of {source.name} would go there")

    def _notebook(self) -> Path:
        target = self.folder / f"{self.source.stem}.ipynb"
        if target.exists() and target.samefile(self.source) and self.source.read_bytes() != self.before:
            return target.with_name(f"{self.source.stem}-executed.ipynb")  # it was edited while it ran
        return target

    def _page(self) -> Path:
        return self.folder / f"{self.source.stem}.html"

    def keep(self, nb: Any) -> None:
        """Write the notebook as it is so far, for the case that this process is killed. Failures wait for `write`."""
        text = nbformat.writes(nb)
        if text != self.last:
            try:
                _whole(self._notebook(), text)
                self.last = text
            except OSError:
                pass

    def write(self, nb: Any, run: Run) -> None:
        """Write notebook and page, somewhere else if need be; what came of it is noted in `run`."""
        from .page import page_of

        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                text = nbformat.writes(nb)
            self.folder.mkdir(parents=True, exist_ok=True)
            run.notebook = _whole(self._notebook(), text)
        except OSError as error:
            elsewhere = Path(tempfile.mkdtemp(prefix="wengert-"))
            run.trouble = f"{self.folder} cannot be written to ({error.strerror}); the results are in {elsewhere}"
            self.folder = elsewhere
            run.notebook = _whole(self._notebook(), text)
        try:
            run.page = _whole(self._page(), page_of(nb, self.source.stem, run.outcomes, run.total))
        except Exception as error:  # noqa: BLE001 (the run is not lost for its page)
            run.trouble = f"the page could not be made ({type(error).__name__}: {error}); the notebook is written"


def _check(folder: Path) -> None:
    """Make the folder, and write a file there to see that this can be done."""
    if folder.exists() and not folder.is_dir():
        raise NotSupportedError(f"the output folder {folder} is a file; name another one with --output")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as trial:
            trial.write(b" ")
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise NotSupportedError(
            f"the output folder {folder} cannot be written to: {reason}; name another one with --output"
        ) from None


def _whole(target: Path, text: str) -> Path:
    """Write a file so that it is either the old one or the new one, whatever happens meanwhile."""
    real = Path(os.path.realpath(target))
    part = real.with_name(f".{real.name}.{os.getpid()}.part")
    try:
        part.write_text(text, encoding="utf-8")
        part.replace(real)
    finally:
        part.unlink(missing_ok=True)
    return target
