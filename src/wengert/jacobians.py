"""`jacobian` and `hessian`, and both with the value: dense ones at once, sparse ones by what the room `sparse` prepares.

Imported with the package, so SciPy is not imported here.
"""

from __future__ import annotations

import copy
import math
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np

from .core import Tracer, Value, as_value, dtype_of, inexact_dtype, shape_of
from .errors import ArgumentError, DtypeError
from .ops.shape import reshape
from .transforms.batching import too_large
from .transforms.derivatives import JacobianForward, JacobianReverse, rows_of
from .transforms.function import Made, name_of
from .transforms.reverse import vjp
from .transforms.signatures import P, R
from .transforms.staging import StagingTracer, signature
from .vocabulary import Argnums, Function, Keywords

LARGE = 50_000  # entries of a Jacobian for which a function is traced to see what structure it has
TRACED = 500  # where it is traced anyway, by `jit`
FEW = 16  # numbers that go in or come out, for which it is not
_HELD = 6  # arrays of the size of a row or column that one sweep holds, about
_modes: weakref.WeakKeyDictionary[Any, dict[Any, str]] = weakref.WeakKeyDictionary()  # that were chosen for functions

_SPARSE = {"pattern": None, "colouring": "auto", "output": "csr", "chunk": None, "memory": None}


class Jacobian(JacobianReverse):
    """A dense Jacobian whose way is chosen when it is called: see `sparse.choosing`.

    Without a structure it is one sweep for each number that goes in, or for each that comes out: whichever are fewer.
    """

    transformation = "jacobian"
    second = False  # whether it is the derivative of a derivative, of which a reverse sweep costs more than it spares

    def __init__(
        self,
        f: Any,
        argnums: Argnums,
        has_aux: bool,
        holomorphic: bool,
        allow_int: bool = False,
        memory: int | None = None,
        explain: bool = False,
    ) -> None:
        super().__init__(f, argnums, has_aux, holomorphic, allow_int)
        if memory is not None and (isinstance(memory, bool) or not isinstance(memory, int) or memory < 1):
            raise ArgumentError(f"{self.transformation}: memory is a positive number of bytes, got {memory!r}")
        self.memory, self.explain, self.choice = memory, explain, None
        self._own: dict[Any, str] = {}  # modes of a function that cannot be referred to weakly

    def check_result(self, x: Value, path: str) -> None:
        if self.holomorphic:
            super().check_result(x, path)
        elif not inexact_dtype(dtype_of(x)):
            raise DtypeError(
                f"{self.transformation} needs floating point results, {name_of(self._f)} returned {dtype_of(x)}"
                f"{' at ' * bool(path)}{path}: convert it with astype, or return it as an extra result with has_aux=True"
            )

    def _evaluate(self, args: tuple[Any, ...], kwargs: Keywords) -> Any:
        if not self.explain:
            return super()._evaluate(args, kwargs)
        own = copy.copy(self)  # the choice of this call
        found = super(Jacobian, own)._evaluate(args, kwargs)
        return found, own.choice

    def blocks(self, f: Function, leaves: list[Value]) -> Any:
        if self.allow_int or (not self.holomorphic and any(dtype_of(as_value(x)).kind == "c" for x in leaves)):

            def checked(*values: Value) -> Any:
                flat, extra = f(*values)
                for o in flat:
                    JacobianReverse.check_result(self, as_value(o), "")
                return flat, extra

            return self._plain("reverse", checked, leaves)
        n = sum(math.prod(shape_of(x)) for x in leaves)
        plain = not any(isinstance(x, Tracer) for x in leaves)
        key = (signature([as_value(x) for x in leaves]), self.transformation, plain)
        try:
            modes = _modes.setdefault(self._f, {})
        except TypeError:  # cannot be referred to weakly
            modes = self._own
        known, asked = modes.get(key), self.explain or self.memory is not None
        if not asked and (n == 1 or known in ("forward", "reverse")):
            return self._plain(known or "forward", f, leaves)
        whole = not self.has_aux and all(not isinstance(x, Tracer) or type(x) is StagingTracer for x in leaves)
        if known == "structure" and whole and not asked:
            found = self._structured(f, leaves, modes, key)
            if found is not None:  # by its structure still
                return found
        out, pullback, extra = vjp(f, *leaves, has_aux=True)
        out = [as_value(o) for o in out]
        m = sum(math.prod(shape_of(o)) for o in out)
        same = len({dtype_of(as_value(x)) for x in (*leaves, *out)}) == 1
        looked = None  # the cheaper mode, forward or reverse, where the Program was looked at
        if same and whole and (asked or (n * m >= (LARGE if plain else TRACED) and min(n, m) > FEW)):
            found = self._structured(f, leaves, modes, key)
            if found is not None:
                return found
            looked = modes[key]
        complex_results = not self.holomorphic and any(dtype_of(o).kind == "c" for o in out)
        mode = "forward" if complex_results or self.second else looked or ("forward" if n <= m else "reverse")
        modes[key] = mode
        if self.explain:
            from .sparse.choosing import Choice, plain_costs

            self.choice = Choice(mode, plain_costs(n, m), n, m, None, None)
        if mode == "forward":
            return self._plain(mode, f, leaves)
        return *extra, rows_of(pullback, out)

    def _plain(self, mode: str, f: Function, leaves: list[Value]) -> Any:
        way: Any = JacobianForward if mode == "forward" else JacobianReverse
        return way.blocks(self, f, leaves)

    def _structured(self, f: Function, leaves: list[Value], modes: dict[Any, str], key: Any) -> Any:
        """The blocks by what a look at the Program chooses; None where that is a plain way and nothing else was asked."""
        from .sparse.choosing import Ways

        trees_of: list[Any] = []

        def flat(*values: Value) -> list[Value]:
            out, (tree, _) = f(*values)
            trees_of.append(tree)
            return [as_value(o) for o in out]

        ways = Ways(flat, leaves, self.second)
        modes[key] = "structure" if ways.mode in ("sparse", "waist") else ways.mode
        self.choice = ways.choice()
        if ways.mode in ("forward", "reverse") and self.memory is None:
            if not self.explain:
                return None
            return self._plain(ways.mode, f, leaves)
        chunk = None if self.memory is None else max(1, self.memory // (8 * _HELD * max(ways.n, ways.m, 1)))
        try:
            matrix = ways.matrix(chunk)
        except MemoryError as error:
            raise too_large(ways.n, error) from None
        if ways.mode == "waist" and isinstance(matrix, np.ndarray) and not np.isfinite(matrix).all():
            return self._plain("forward" if ways.n <= ways.m else "reverse", f, leaves)  # a zero met what is infinite
        blocks, row = [], 0
        for a in ways.out_avals:
            lines = matrix[row : row + math.prod(a.shape)]
            row += math.prod(a.shape)
            line, column = [], 0
            for x in leaves:
                shape = shape_of(x)
                line.append(reshape(lines[:, column : column + math.prod(shape)], (*a.shape, *shape)))
                column += math.prod(shape)
            blocks.append(line)
        return trees_of[-1], None, blocks


class ChosenHessian(Jacobian):
    """A dense Hessian: the Jacobian of what `jacrev` gives, forward unless a structure makes it cheaper."""

    transformation = "hessian"
    second = True

    def check_inputs(self, leaves: list[Any]) -> None:
        JacobianForward.check_inputs(self, leaves)  # type: ignore[arg-type]

    def check_result(self, x: Value, path: str) -> None:
        pass  # `jacrev` has said what is wrong

    def __repr__(self) -> str:
        inner = self._f
        return f"<hessian of {inner.shown()}>" if isinstance(inner, JacobianReverse) else super().__repr__()


def _sparse(f: Any, order: int, argnums: Argnums, has_aux: bool, holomorphic: bool, value: bool, options: Any) -> Any:
    from .sparse.derivatives import SparseDerivative

    return SparseDerivative(f, order, argnums, has_aux, holomorphic, value, **options)


def _whether(what: str, sparse: Any) -> bool:
    """Whether the result is sparse; a pattern or a format in its place would be taken for True."""
    if not isinstance(sparse, (bool, np.bool_)):
        raise ArgumentError(
            f"{what}: sparse is True or False, got {type(sparse).__name__}; write sparse=True with pattern= for a known "
            f'pattern, and output="csc" for a format'
        )
    return bool(sparse)


def _check_dense(what: str, options: Keywords) -> None:
    for name, value in options.items():
        if name != "memory" and not (value is None or value == _SPARSE[name]):
            raise ArgumentError(f"{what}: {name} is for sparse=True")


def jacobian(
    f: Callable[P, Any],
    argnums: Argnums = 0,
    has_aux: bool = False,
    holomorphic: bool = False,
    allow_int: bool = False,
    *,
    sparse: bool = False,
    pattern: Any = None,
    colouring: Any = "auto",
    output: str = "csr",
    chunk: int | None = None,
    memory: int | None = None,
    explain: bool = False,
) -> Callable[P, Any]:
    """The Jacobian of a function.

    Args:
        f: a function of arrays and pytrees of them.
        argnums: the arguments it is differentiated by: an index, or several.
        has_aux: whether `f` returns a pair whose second part is not differentiated.
        holomorphic: whether `f` is complex differentiable, its inputs and results complex.
        allow_int: whether arguments of integers pass, with Jacobians of dtype float0 (dense ones alone).
        sparse: whether the result is a sparse matrix, computed by as few sweeps as its pattern allows. The pattern is found
            and coloured, and the sweeps are compiled, when the function is first called with arguments of these shapes.
        pattern: the pattern, a `wengert.sparse.Pattern` or a matrix, if it is not to be found.
        colouring: "column", "row", "bidirectional", an order such as "smallest_last", or a `wengert.sparse.Colouring`;
            "auto" takes the one that costs least.
        output: "csr", "csc" or "coo", arrays of `scipy.sparse`; "dense"; or "data", the entries in the order of CSR, which
            goes through other transformations.
        chunk: how many sweeps are alive at once, of a sparse one. memory: about how many bytes they may take.
        explain: whether the result is a pair of the dense Jacobian and how it was computed (a `wengert.sparse.Choice`).

    Returns:
        A function with the arguments of `f`. Dense, blocks as `jacfwd` has them, computed by a column or a row at a time
        (`jacfwd` and `jacrev` do one of them always), by a colouring, or as a product over a narrow waist, whichever costs
        less by shapes and, for large ones, the Program of `f`. Sparse, a matrix whose rows are the
        elements of the result and whose columns are those of the input; for pytrees a tree of such blocks. It has a method
        ``prepare(*args)`` that does all preparation; with `has_aux` it returns a pair.

    Raises:
        DtypeError: an argument of a dtype that has no derivative of the kind asked for.
        ArgumentError: `argnums` do not fit the arguments, or options do not fit each other.
        ShapeError: `pattern` is not of this Jacobian.
        SparsityError: it was prepared for another pattern.

    Example:
        >>> import numpy as np, wengert
        >>> f = lambda x: x[1:] * x[:-1]
        >>> J = wengert.jacobian(f, sparse=True)
        >>> J(np.array([1.0, 2.0, 3.0])).toarray()
        array([[2., 1., 0.],
               [0., 3., 2.]])
        >>> wengert.jacobian(f)(np.array([1.0, 2.0, 3.0]))
        array([[2., 1., 0.],
               [0., 3., 2.]])
    """
    options = {"pattern": pattern, "colouring": colouring, "output": output, "chunk": chunk, "memory": memory}
    if _whether("jacobian", sparse):
        if explain:
            raise ArgumentError("jacobian: explain is for dense Jacobians; a sparse one has prepared(*args).colouring")
        if allow_int:
            raise ArgumentError("jacobian: allow_int is for dense Jacobians")
        return _sparse(f, 1, argnums, has_aux, holomorphic, False, options)
    _check_dense("jacobian", options)
    return Jacobian(f, argnums, has_aux, holomorphic, allow_int, memory, explain)


def hessian(
    f: Callable[P, Any],
    argnums: Argnums = 0,
    has_aux: bool = False,
    holomorphic: bool = False,
    *,
    sparse: bool = False,
    pattern: Any = None,
    colouring: Any = "auto",
    output: str = "csr",
    chunk: int | None = None,
    memory: int | None = None,
    explain: bool = False,
) -> Callable[P, Any]:
    """The matrix of second derivatives of a function.

    Args and errors are those of `jacobian`. `colouring` is "star", of which entries are read, "acyclic", of fewer colours,
    of which they are found by subtraction, or "column".

    Returns:
        A function with the arguments of `f`. Dense, for a scalar result and an argument of shape ``s`` it gives an array of
        shape ``(*s, *s)``; for pytrees, trees of such blocks, as `jacfwd` of `jacrev` nests them. Sparse, a symmetric matrix
        whose rows and columns are the elements of the input; `f` must give one number then.

    Example:
        >>> import numpy as np, wengert
        >>> f = lambda x: np.sum(x[1:] ** 2 * x[:-1])
        >>> wengert.hessian(f)(np.array([1.0, 2.0, 3.0]))
        array([[0., 4., 0.],
               [4., 2., 6.],
               [0., 6., 4.]])
        >>> wengert.hessian(f, sparse=True)(np.array([1.0, 2.0, 3.0])).nnz
        6
    """
    options = {"pattern": pattern, "colouring": colouring, "output": output, "chunk": chunk, "memory": memory}
    if _whether("hessian", sparse):
        if explain:
            raise ArgumentError("hessian: explain is for dense Hessians; a sparse one has prepared(*args).colouring")
        return _sparse(f, 2, argnums, has_aux, holomorphic, False, options)
    _check_dense("hessian", options)
    inner = JacobianReverse(f, argnums, has_aux, holomorphic)
    return ChosenHessian(inner, argnums, has_aux, holomorphic, False, memory, explain)


def value_and_jacobian(
    f: Callable[P, R], argnums: Argnums = 0, has_aux: bool = False, **options: Any
) -> Callable[P, tuple[R, Any]]:
    """A function that gives the value of `f` and its Jacobian, computed together.

    Args and errors are those of `jacobian`; with `has_aux` the result is ``((value, aux), jacobian)``.

    Example:
        >>> import numpy as np, wengert
        >>> value, J = wengert.value_and_jacobian(np.sin, sparse=True)(np.zeros(3))
        >>> value, J.diagonal()
        (array([0., 0., 0.]), array([1., 1., 1.]))
    """
    return _with_value(f, 1, argnums, has_aux, options)


def value_and_hessian(
    f: Callable[P, R], argnums: Argnums = 0, has_aux: bool = False, **options: Any
) -> Callable[P, tuple[R, Any]]:
    """A function that gives the value of `f` and its Hessian, computed together.

    Args and errors are those of `hessian`; with `has_aux` the result is ``((value, aux), hessian)``.

    Example:
        >>> import numpy as np, wengert
        >>> value, H = wengert.value_and_hessian(lambda x: np.sum(x**3))(np.array([1.0, 2.0]))
        >>> float(value), H.diagonal()
        (9.0, array([ 6., 12.]))
    """
    return _with_value(f, 2, argnums, has_aux, options)


def _with_value(f: Any, order: int, argnums: Argnums, has_aux: bool, options: Keywords) -> Any:
    what = "value_and_jacobian" if order == 1 else "value_and_hessian"
    unknown = set(options) - {"sparse", "holomorphic", "explain", *_SPARSE}
    if unknown:
        raise ArgumentError(f"{what} has no argument {min(unknown)!r}")
    options = dict(options)
    holomorphic = options.pop("holomorphic", False)
    if _whether(what, options.pop("sparse", False)):
        return _sparse(f, order, argnums, has_aux, holomorphic, True, options)
    _check_dense(what, options)

    def both(*args: Any, **kwargs: Any) -> Any:
        out = f(*args, **kwargs)
        return (out[0], out) if has_aux else (out, out)

    if options.get("explain"):
        raise ArgumentError(f"{what}: explain is for jacobian and hessian")
    made = (jacobian if order == 1 else hessian)(both, argnums, True, holomorphic, memory=options.get("memory"))

    def call(*args: Any, **kwargs: Any) -> Any:
        derivative, value = made(*args, **kwargs)
        return (tuple(value) if has_aux else value), derivative

    return Made(f, what, call, f"argnums={argnums}")


__all__ = ["hessian", "jacobian", "value_and_hessian", "value_and_jacobian"]
