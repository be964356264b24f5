"""Sparsity patterns: which entries of a matrix may differ from zero, and what is done with that knowledge."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import ArgumentError, ShapeError
from .dependence import Dependence, ones
from .lattices import Lattice

DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))  # of a braille letter, four rows of two


class Pattern:
    """The entries of a matrix that may differ from zero.

    It is what `sparsity` returns. Rows are the elements of all results, in the order of a flattened tree, columns those of
    the inputs.

    Args:
        matrix: a SciPy sparse matrix or a dense one, of which entries that are stored, or differ from zero, count; or a
            `Pattern`.
        symmetric: whether it is the pattern of a symmetric matrix, such as a Hessian.

    Attributes:
        shape: of the matrix.
        symmetric: as given.
        guards: what Python asked for while the function was traced, as text: the pattern is that of this way through it.
        local: whether it is the pattern at one input.

    Raises:
        ShapeError: the matrix has another number of axes than two, or is to be symmetric and is not.

    Example:
        >>> import numpy as np
        >>> from wengert.sparse import Pattern
        >>> p = Pattern(np.eye(3) + np.eye(3, k=1))
        >>> p
        <pattern of 3 by 3, 5 entries>
        >>> p.rows.tolist(), p.cols.tolist()
        ([0, 0, 1, 1, 2], [0, 1, 1, 2, 2])
    """

    def __init__(self, matrix: Any, symmetric: bool = False) -> None:
        self.guards: tuple[str, ...] = ()
        self.local = False
        self._lattices: tuple[Lattice, ...] | None = None
        self._csr: Any = None
        if isinstance(matrix, Dependence):
            self.shape: tuple[int, int] = (matrix.size, matrix.width)
            if matrix.rest is None:
                self._lattices = matrix.lattices
            else:
                self._csr = _canonical(matrix.csr())
        elif isinstance(matrix, Pattern):
            self.shape, self._lattices, self._csr = matrix.shape, matrix._lattices, matrix._csr
            self.guards, self.local = matrix.guards, matrix.local
        else:
            import scipy.sparse as sp

            if not sp.issparse(matrix):
                matrix = np.asarray(matrix)
                if matrix.ndim != 2:
                    raise ShapeError(f"a sparsity pattern is of a matrix, got an array of shape {matrix.shape}")
            coo: Any = sp.coo_matrix(matrix)
            self.shape = (int(coo.shape[0]), int(coo.shape[1]))
            self._csr = _canonical(ones(coo.row, coo.col, self.shape))
        self.symmetric = bool(symmetric)
        if self.symmetric and not isinstance(matrix, (Pattern, Dependence)):
            if self.shape[0] != self.shape[1] or (self._csr != self._csr.T).nnz:
                raise ShapeError(
                    f"a symmetric pattern was asked for, and the matrix of shape {self.shape} is not symmetric"
                )

    @property
    def csr(self) -> Any:
        """The pattern as a SciPy CSR array of ones, dtype int8, the columns of each row in order."""
        if self._csr is None:
            self._csr = _canonical(Dependence(*self.shape, self._lattices or ()).csr())
        return self._csr

    @property
    def structured(self) -> tuple[Lattice, ...] | None:
        """The lattices that it consists of, which may overlap; None where it is a list of entries."""
        return self._lattices

    @property
    def nnz(self) -> int:
        """The number of entries."""
        if self._csr is None and self._lattices is not None:
            found = self._lattices
            lines = {(x.axes[0][1:], x.col - x.row) for x in found if len(x.axes) == 1 and x.axes[0][1:] == (1, 1)}
            if len(found) == 1 and len(found[0].axes) <= 1 or len(lines) == len(found):  # diagonals: no two meet
                return sum(x.count for x in found)
        return int(self.csr.nnz)

    @property
    def rows(self) -> np.ndarray:
        """The row of each entry, in the order of `csr`."""
        return np.repeat(np.arange(self.shape[0]), np.diff(self.csr.indptr))

    @property
    def cols(self) -> np.ndarray:
        """The column of each entry, in the order of `csr`."""
        return self.csr.indices

    @property
    def density(self) -> float:
        """The part of the matrix's entries that is in the pattern."""
        return self.nnz / max(self.shape[0] * self.shape[1], 1)

    @property
    def T(self) -> Pattern:
        """The pattern of the transpose."""
        if self.symmetric:
            return self
        return Pattern(self.csr.T)

    def todense(self) -> np.ndarray:
        """The pattern as an array of truth values."""
        return self.csr.toarray().astype(bool)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Pattern):
            return NotImplemented
        return self.shape == other.shape and (self.csr != other.csr).nnz == 0

    __hash__ = None  # type: ignore[assignment]

    def __contains__(self, entry: Any) -> bool:
        i, j = entry
        return bool(self.csr[i, j])

    def covers(self, other: Pattern) -> bool:
        """Whether every entry of `other` is one of this pattern's."""
        return self.shape == other.shape and (other.csr > self.csr).nnz == 0

    def __repr__(self) -> str:
        kind = "symmetric pattern" if self.symmetric else "pattern"
        return f"<{kind} of {self.shape[0]} by {self.shape[1]}, {self.nnz} entries>"

    # --- kept, and shown ---------------------------------------------------------------------------------------------

    def save(self, file: Any) -> None:
        """Write the pattern to a file, a path or an open one, as NumPy's ``.npz``.

        Example:
            >>> import io, numpy as np
            >>> from wengert.sparse import Pattern
            >>> file = io.BytesIO()
            >>> Pattern(np.eye(2)).save(file)
            >>> _ = file.seek(0)
            >>> Pattern.load(file) == Pattern(np.eye(2))
            True
        """
        csr = self.csr
        np.savez_compressed(
            file,
            shape=np.array(self.shape),
            indices=csr.indices,
            indptr=csr.indptr,
            symmetric=np.array(self.symmetric),
            local=np.array(self.local),
            guards=np.array(self.guards, dtype=str),
        )

    @classmethod
    def load(cls, file: Any) -> Pattern:
        """The pattern that `save` wrote.

        Raises:
            ArgumentError: the file is no pattern.
        """
        import scipy.sparse as sp

        with np.load(file, allow_pickle=False) as data:
            try:
                shape = tuple(int(n) for n in data["shape"])
                indices, indptr = data["indices"], data["indptr"]
                csr = sp.csr_matrix((np.ones(len(indices), np.int8), indices, indptr), shape)
                csr.check_format()
                out = cls(csr)
                out.symmetric, out.local = bool(data["symmetric"]), bool(data["local"])
                out.guards = tuple(str(g) for g in data["guards"])
            except (KeyError, ValueError, IndexError) as error:
                raise ArgumentError(f"Pattern.load: the file holds no pattern: {error}") from None
        return out

    def braille(self, colours: Any = None, width: int = 80, height: int = 40) -> str:
        """The pattern as text: four rows and two columns in each letter, made smaller where it is larger than that.

        Args:
            colours: a colour for each column (or each row), of which a terminal shows the letters; see `Colouring`.
            width, height: the most letters in a line, and the most lines.

        Example:
            >>> import numpy as np
            >>> from wengert.sparse import Pattern
            >>> print(Pattern(np.eye(8)).braille())
            ⠑⢄⠀⠀
            ⠀⠀⠑⢄
        """
        m, n = self.shape
        tall, wide = min(m, 4 * height), min(n, 2 * width)
        lines, letters = -(-tall // 4), -(-wide // 2)
        if not lines or not letters:
            return ""
        i = self.rows * tall // m
        j = self.cols.astype(np.int64) * wide // n
        codes = np.zeros((lines, letters), np.int64)
        for a, row in enumerate(DOTS):
            for b, dot in enumerate(row):
                at = (i % 4 == a) & (j % 2 == b)
                dots = np.zeros((lines, letters), bool)
                dots[i[at] // 4, j[at] // 2] = True
                codes += dots * dot
        text = [[chr(0x2800 + c) for c in line] for line in codes]
        by = getattr(colours, "columns", colours)
        along_columns = by is not None
        if by is None:
            by = getattr(colours, "rows", None)
        if by is not None:
            shade = np.full((lines, letters), -1)
            shade[i // 4, j // 2] = np.asarray(by)[self.cols if along_columns else self.rows]
            text = [
                [f"\x1b[38;5;{1 + int(s) % 14}m{c}\x1b[0m" if s >= 0 else c for c, s in zip(line, shades, strict=True)]
                for line, shades in zip(text, shade, strict=True)
            ]
        return "\n".join("".join(line) for line in text)

    def plot(self, colours: Any = None, ax: Any = None, size: float | None = None) -> Any:
        """The pattern as a picture by matplotlib, which has to be installed.

        Args:
            colours: a `Colouring`, or a colour for each column.
            ax: the axes that are drawn on; new ones if left out.
            size: of a mark, in points.

        Returns:
            The axes.
        """
        try:
            from matplotlib import pyplot
        except ImportError:
            raise ArgumentError(
                "Pattern.plot needs matplotlib: pip install matplotlib, or print(pattern.braille())"
            ) from None
        if ax is None:
            ax = pyplot.figure().add_subplot()
        m, n = self.shape
        by = getattr(colours, "columns", colours)
        entries = self.cols if by is not None else self.rows
        by = by if by is not None else getattr(colours, "rows", None)
        shade = np.asarray(by)[entries] if by is not None else np.zeros(len(self.cols), int)
        mark = size if size is not None else max(0.3, min(8.0, 220.0 / max(m, n, 1)))
        ax.scatter(self.cols, self.rows, c=shade, s=mark**2, marker="s", cmap="tab20", linewidths=0)
        ax.set(xlim=(-0.5, n - 0.5), ylim=(m - 0.5, -0.5), aspect="equal")
        ax.set_title(f"{m} by {n}, {self.nnz} entries")
        return ax


def _canonical(csr: Any) -> Any:
    import scipy.sparse as sp

    csr.sort_indices()
    return sp.csr_array(csr)


def as_pattern(given: Any, shape: Sequence[int], symmetric: bool = False) -> Pattern:
    """A pattern that a user gives, of a matrix of that shape.

    Raises:
        ShapeError: it is of another one.
    """
    pattern = given if isinstance(given, Pattern) else Pattern(given, symmetric)
    if pattern.shape != tuple(shape):
        raise ShapeError(
            f"the sparsity given is of a matrix of shape {pattern.shape}, the derivative has {tuple(shape)}"
        )
    return pattern


__all__ = ["Pattern", "as_pattern"]
