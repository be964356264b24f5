"""Sums of products by subscripts, `einsum`: pairs of operands in the order of the cheapest path, each pair a `dot_general`."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from ..core import Value, as_array, aval_of, dtype_of, ndim_of, shape_of
from ..errors import ArgumentError, DtypeError, ShapeError
from .contraction import Axes, _product, _total
from .elementwise import convert
from .promotion import result_dtype
from .shape import moveaxis, reshape, transpose
from .slices import slice_p


def einsum(
    subscripts: Any, *operands: Any, optimize: Any = "auto", dtype: Any = None, precision: Any = None,
    casting: str = "safe", order: str = "K",
) -> Value:  # fmt: skip
    """Einstein summation, NumPy's notation, in the dtype of the operands: of truth values it is "and" and "or".

    Operands are multiplied pairwise in the order opt_einsum finds, or in that of a path of NumPy's,
    ``optimize=["einsum_path", (0, 1), (0, 1)]``.

    Raises:
        ShapeError: an index stands for axes of different lengths.

    Example:
        >>> import numpy as np
        >>> einsum("ij,ji->", np.eye(3), np.ones((3, 3)))
        np.float64(3.0)
    """
    return contracted(subscripts, operands, optimize, dtype, casting, strict=True)


def contracted(
    subscripts: Any,
    operands: Any,
    optimize: Any = "auto",
    dtype: Any = None,
    casting: str = "safe",
    strict: bool = False,
) -> Value:
    """`einsum`; axes of an ellipsis that a given result leaves out are an error where it is `strict`, and summed else."""
    from opt_einsum.parser import parse_einsum_input

    if isinstance(subscripts, str):
        arrays = [as_array(a) for a in operands]
        spec: Any = (subscripts, *[shape_of(a) for a in arrays])
    else:  # einsum(a, [0, 1], b, [1, 2], [0, 2])
        flat = [subscripts, *operands]
        out = [flat.pop()] if len(flat) % 2 else []
        arrays = [as_array(a) for a in flat[::2]]
        spec = tuple(v for a, s in zip(arrays, flat[1::2], strict=True) for v in (shape_of(a), s)) + tuple(out)
    try:
        terms, result, _ = parse_einsum_input(spec, shapes=True)
        inputs = terms.split(",")
        if strict:
            _check_ellipsis(subscripts, spec, inputs)
        steps = _path(terms + "->" + result, tuple(shape_of(a) for a in arrays), optimize)
    except (ValueError, IndexError) as error:
        raise ShapeError(f"einsum {subscripts!r} of shapes {[shape_of(a) for a in arrays]}: {error}") from None
    for a, term in zip(arrays, inputs, strict=True):
        if len(term) != ndim_of(a):
            raise ShapeError(f"einsum: {len(term)} indices {term!r} for an array of shape {shape_of(a)}")
    common = result_dtype(*map(aval_of, arrays)) if dtype is None else dtype
    if casting not in ("no", "equiv", "safe", "same_kind", "unsafe"):
        raise ArgumentError(f"einsum: casting is 'no', 'equiv', 'safe', 'same_kind' or 'unsafe', got {casting!r}")
    if np.dtype(common).kind != "c" and any(dtype_of(a).kind == "c" for a in arrays):
        raise DtypeError(f"einsum: complex operands do not become {np.dtype(common)}; take their real parts")
    items = [_diagonals(convert(a, common), term) for a, term in zip(arrays, inputs, strict=True)]
    for step in (*steps, None):
        step = range(len(items)) if step is None else [i % len(items) for i in step]  # what a path leaves, at the end
        chosen = [items[i] for i in step]
        items = [item for i, item in enumerate(items) if i not in step]
        wanted = set(result).union(*[term for _, term in items])
        while len(chosen) > 1:
            (a, ta), (b, tb) = chosen[0], chosen[1]
            keep = wanted.union(*[term for _, term in chosen[2:]])
            chosen = [_pair(a, ta, b, tb, keep), *chosen[2:]]
        items.append(chosen[0])
    ((x, term),) = items
    x, term = _sum_away(x, term, set(result))
    return transpose(x, [term.index(c) for c in result])


def _check_ellipsis(subscripts: Any, spec: Any, inputs: list[str]) -> None:
    """An error where a result that is given leaves out axes of an ellipsis.

    Raises:
        ValueError: as NumPy's.
    """
    terms: Any
    result: Any
    if isinstance(subscripts, str):
        before, arrow, result = subscripts.partition("->")
        terms = before.replace(" ", "").split(",")
    else:
        arrow, terms = len(spec) % 2, spec[1::2]
        result = spec[-1] if arrow else ()
    dots: Any = "..." if isinstance(subscripts, str) else Ellipsis
    if not arrow or dots in result:
        return
    for term, full in zip(terms, inputs, strict=True):
        named = len(term) - (3 if isinstance(subscripts, str) else 1)
        if dots in term and len(full) > named:
            raise ValueError(
                "output has more dimensions than subscripts given in einstein sum, but no '...' ellipsis provided to "
                "broadcast the extra dimensions over"
            )


def _path(terms: str, shapes: tuple[Axes, ...], optimize: Any) -> tuple[tuple[int, ...], ...]:
    """The order of the products: `optimize` is NumPy's, a name, a path, or a name and a limit of memory."""
    if not isinstance(optimize, (list, tuple)):
        return _found_path(terms, shapes, optimize)
    if len(optimize) == 2 and isinstance(optimize[0], str) and isinstance(optimize[1], (int, float)):
        return _found_path(terms, shapes, optimize[0])
    steps = tuple(
        [tuple(step) for step in (optimize[1:] if optimize[:1] in (["einsum_path"], ("einsum_path",)) else optimize)]
    )
    left = len(shapes)
    for step in steps:
        if (
            not step
            or len(set(step)) != len(step)
            or not all(isinstance(i, (int, np.integer)) and -left <= i < left for i in step)
        ):
            raise ValueError(f"the path {list(optimize)} does not fit {len(shapes)} operands")
        left -= len(step) - 1
    return steps


@lru_cache(maxsize=1024)
def _found_path(terms: str, shapes: tuple[Axes, ...], optimize: Any) -> tuple[tuple[int, ...], ...]:
    import opt_einsum

    path, _ = opt_einsum.contract_path(terms, *shapes, shapes=True, optimize="auto" if optimize is True else optimize)
    return tuple(tuple(step) for step in path)


def _sum_away(x: Value, term: str, keep: set[str]) -> tuple[Value, str]:
    axes = tuple(i for i, c in enumerate(term) if c not in keep)
    return (_total(x, axes), "".join(c for c in term if c in keep)) if axes else (x, term)


def _diagonals(x: Value, term: str) -> tuple[Value, str]:
    """`x` with each repeated index of its term replaced by its diagonal."""
    for c in dict.fromkeys(term):
        while term.count(c) > 1:
            i = term.index(c)
            j = term.index(c, i + 1)
            x = moveaxis(x, (i, j), (-2, -1))
            term = term[:i] + term[i + 1 : j] + term[j + 1 :]
            *lead, n, m = shape_of(x)
            if n != m:
                raise ShapeError(f"einsum: index {c!r} stands for axes of lengths {n} and {m}")
            x = reshape(x, (*lead, n * n))
            k = len(lead)
            x = slice_p.bind(x, starts=(0,) * (k + 1), stops=(*lead, n * n), steps=(1,) * k + (n + 1,))
            term += c
    return x, term


def _pair(x: Value, tx: str, y: Value, ty: str, keep: set[str]) -> tuple[Value, str]:
    x, tx = _sum_away(x, tx, keep | set(ty))
    y, ty = _sum_away(y, ty, keep | set(tx))
    x, tx = _drop_ones(x, tx, y, ty)
    y, ty = _drop_ones(y, ty, x, tx)
    shared = [c for c in tx if c in ty]
    contracted, batch = [c for c in shared if c not in keep], [c for c in shared if c in keep]
    dims = (
        (tuple(tx.index(c) for c in contracted), tuple(ty.index(c) for c in contracted)),
        (tuple(tx.index(c) for c in batch), tuple(ty.index(c) for c in batch)),
    )
    rest = [c for c in tx if c not in shared] + [c for c in ty if c not in shared]
    return _product(x, y, dims), "".join(batch + rest)


def _drop_ones(x: Value, tx: str, y: Value, ty: str) -> tuple[Value, str]:
    """Axes of length 1 that broadcast against longer ones of the other factor are dropped."""
    ones = tuple(i for i, c in enumerate(tx) if c in ty and shape_of(x)[i] == 1 and shape_of(y)[ty.index(c)] != 1)
    return (_total(x, ones), "".join(c for i, c in enumerate(tx) if i not in ones)) if ones else (x, tx)
