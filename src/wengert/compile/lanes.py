"""Small matrices, many at once: a stack of systems of up to `LARGEST` rows, one system in each lane of a vector.

Elimination is written out for the size at hand. Pivots differ from lane to lane: rows change places by selects, so that
there is no branch. A stack too short for vectors runs with fewer lanes or one; one matrix with many right sides has
these in the lanes instead.

The order of operations is that of LAPACK's unblocked getf2 with dot products, as NumPy's OpenBLAS has it: the matrices
that NumPy finds exactly singular are found singular here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from .emitter import BITS, Emitter, V
from .function import Function
from .vectormath import FUNCTIONS

LARGEST = 8
EACH = 100.0  # nanoseconds of a matrix, about
Matrix = list[list[V]]
LAYOUT = {"double": (52, 1023, "i64"), "float": (23, 127, "i32")}  # bits of the significand, bias, integer of that size
SMALLEST = {"double": 2.0**-1022, "float": 2.0**-126}  # that is not subnormal
LIFT = 64  # subnormal numbers times two to this are normal


class Stack:
    """Where the lanes of a function are: at some matrices of a stack, or at some columns of one matrix.

    Args:
        f: the function.
        type_: of the elements.
        lanes: how many.
        first: the number of the matrix in the first lane.
    """

    def __init__(self, f: Function, type_: str, lanes: int, first: V) -> None:
        self.f, self.type, self.lanes, self.first = f, type_, lanes, first

    def _addresses(self, base: V, size: int, element: V) -> V:
        """Of one element of each matrix; matrices have `size` elements."""
        f, e = self.f, self.f.e
        here = f.at(base, self.type, e.iadd(e.imul(self.first, f.integer(size)), element))
        if self.lanes == 1 or size == 1:
            return here
        index = e.lanes_constant([size * i for i in range(self.lanes)], "i64")
        return e.define(f"getelementptr {self.type}, {here!r}, {index!r}", "ptr", self.lanes, here.depth)

    def read(self, base: V, size: int, element: V) -> V:
        """One element of each matrix; the memory must not change."""
        e, where = self.f.e, self._addresses(base, size, element)
        t, n = self.type, self.lanes
        if where.lanes == 1:
            vector = t if n == 1 else f"<{n} x {t}>"
            return e.define(f"load {vector}, {where!r}, align {BITS[t] // 8}", t, n, where.depth)
        return e.masked_load(where, t, n, e.constant(True, "i1", n))

    def write(self, base: V, size: int, element: V, value: V) -> None:
        f, e, where = self.f, self.f.e, self._addresses(base, size, element)
        if where.lanes == 1:
            f.store(value, where)
            return
        e.masked_store(value, where, e.constant(True, "i1", self.lanes))

    def matrix(self, base: V, n: int, transpose: bool = False) -> Matrix:
        """Square matrices."""
        a = [[self.read(base, n * n, self.f.integer(i * n + j)) for j in range(n)] for i in range(n)]
        return [[a[j][i] for j in range(n)] for i in range(n)] if transpose else a


# --- factorisations in registers ----------------------------------------------------------------------------------


class LU:
    """``P A = L U``: `a` holds L below the diagonal, whose own diagonal is of ones, and U.

    Attributes:
        swaps: for each column, for each row below: whether it changed places with the column's row.
        inverses: of the pivots, each with the scale that keeps it finite.
        singular: whether a pivot was zero.
    """

    def __init__(self, e: Emitter, a: Matrix) -> None:
        n = len(a)
        self.e, self.a = e, a
        self.swaps: list[list[V]] = []
        self.inverses: list[tuple[V, V]] = []
        zero = e.const(0.0, a[0][0])
        singular: list[V] = []
        for j in range(n):
            for i in range(1, n):
                a[i][j] = minus_dot(e, a[i][j], a[i][: min(i, j)], [a[k][j] for k in range(min(i, j))])
            swap = self._largest(j)
            self.swaps.append(swap)
            for k in range(n):
                column = exchanged(e, [a[i][k] for i in range(n)], j, swap)
                for i in range(n):
                    a[i][k] = column[i]
            pivot = a[j][j]
            singular.append(e.fcmp("oeq", pivot, zero))
            self.inverses.append(self._inverse(pivot))
            for i in range(j + 1, n):
                a[i][j] = self._over(a[i][j], j)
        self.singular = singular[0]
        for s in singular[1:]:
            self.singular = e.or_(self.singular, s)

    def _largest(self, j: int) -> list[V]:
        """For each row below row j whether it has the first element of column j that is the largest."""
        e, a = self.e, self.a
        best = e.fabs(a[j][j])
        larger: list[V] = []
        for i in range(j + 1, len(a)):
            size = e.fabs(a[i][j])
            larger.append(e.fcmp("ogt", size, best))
            best = e.select(larger[-1], size, best)
        chosen: list[V] = []
        later: V | None = None
        for c in reversed(larger):
            true = e.constant(True, "i1", c.lanes)
            chosen.insert(0, c if later is None else e.and_(c, e.xor(later, true)))
            later = c if later is None else e.or_(later, c)
        return chosen

    def _inverse(self, pivot: V) -> tuple[V, V]:
        e = self.e
        subnormal = e.fcmp("olt", e.fabs(pivot), e.const(SMALLEST[pivot.type], pivot))
        scale = e.select(subnormal, e.const(2.0**LIFT, pivot), e.const(1.0, pivot))
        return e.fdiv(e.const(1.0, pivot), e.fmul(pivot, scale)), scale

    def _over(self, x: V, j: int) -> V:
        """``x`` over the pivot of column j."""
        inverse, scale = self.inverses[j]
        return self.e.fmul(self.e.fmul(x, scale), inverse)

    def solve(self, b: list[V]) -> list[V]:
        e, a, n = self.e, self.a, len(self.a)
        b = list(b)
        for j in range(n):
            b = exchanged(e, b, j, self.swaps[j])
        for i in range(n):
            b[i] = minus_dot(e, b[i], a[i][:i], b[:i])
        for i in reversed(range(n)):
            b[i] = self._over(minus_dot(e, b[i], a[i][i + 1 :], b[i + 1 :]), i)
        return b

    def splat(self, lanes: int) -> LU:
        """The same factors in every lane."""
        e, copy = self.e, object.__new__(LU)
        copy.e, copy.singular = e, self.singular
        copy.a = [[e.splat(x, lanes) for x in row] for row in self.a]
        copy.swaps = [[e.splat(x, lanes) for x in row] for row in self.swaps]
        copy.inverses = [(e.splat(r, lanes), e.splat(s, lanes)) for r, s in self.inverses]
        return copy

    def odd(self) -> V:
        """Whether the determinant has the sign -1: by the rows that changed places and the signs of the pivots."""
        e, a = self.e, self.a
        flags = [c for swap in self.swaps for c in swap]
        flags += [e.fcmp("olt", a[i][i], e.const(0.0, a[i][i])) for i in range(len(a))]
        out = flags[0]
        for c in flags[1:]:
            out = e.xor(out, c)
        return out


def exchanged(e: Emitter, x: list[V], j: int, swap: list[V]) -> list[V]:
    """`x` with element j in the place of the one that `swap` says, and that one in its place."""
    out, first = list(x), x[j]
    for i, c in enumerate(swap, j + 1):
        out[j] = e.select(c, x[i], out[j])
        out[i] = e.select(c, first, x[i])
    return out


def minus_dot(e: Emitter, x: V, left: Sequence[V], right: Sequence[V]) -> V:
    """``x - (left, right)``, the product first, as OpenBLAS does: equal rows then leave exact zeros."""
    total: V | None = None
    for a, b in zip(left, right, strict=True):
        total = e.fmul(a, b) if total is None else e.fma(a, b, total)
    return x if total is None else e.fsub(x, total)


def times(e: Emitter, total: tuple[V, V] | None, x: V) -> tuple[V, V]:
    """``total |x|``, as a number in [1, 2) and an exponent of two, so that nothing overflows.

    Not for zeros; an infinity or NaN among the factors is in the result.
    """
    m, k = parts(e, x)
    if total is None:
        return m, k
    m, carry = parts(e, e.fmul(total[0], m))
    return m, e.iadd(e.iadd(total[1], k), carry)


def centred(e: Emitter, total: V, exponent: V) -> tuple[V, V]:
    """The same product, its number in [sqrt(1/2), sqrt(2)): the logarithm of a product near 1 keeps its digits."""
    large = e.fcmp("oge", total, e.const(np.sqrt(2.0), total))
    total = e.select(large, e.fmul(total, e.const(0.5, total)), total)
    return total, e.iadd(exponent, e.cast("zext", large, exponent.type))


def parts(e: Emitter, x: V) -> tuple[V, V]:
    """``|x|`` as m 2**k, m in [1, 2); an infinity or NaN as itself."""
    bits, bias, integer = LAYOUT[x.type]
    size = e.fabs(x)
    subnormal = e.fcmp("olt", size, e.const(SMALLEST[x.type], x))
    size = e.select(subnormal, e.fmul(size, e.const(2.0**LIFT, x)), size)
    raw = e.cast("bitcast", size, integer)
    k = e.lshr(raw, e.const(bits, raw))
    finite = e.icmp("ne", k, e.const(2 * bias + 1, raw))
    mantissa = e.or_(e.and_(raw, e.const((1 << bits) - 1, raw)), e.const(bias << bits, raw))
    shift = e.select(subnormal, e.const(bias + LIFT, raw), e.const(bias, raw))
    m = e.select(finite, e.cast("bitcast", mantissa, x.type), size)
    return m, e.select(finite, e.isub(k, shift), e.const(0, raw))


def scaled(e: Emitter, m: V, k: V) -> V:
    """``m 2**k``, by three products, because one power of two may overflow where the result does not."""
    bits, bias, _integer = LAYOUT[m.type]
    limit = 3 * (bias - 1)
    k = e.intrinsic("smax", e.intrinsic("smin", k, e.const(limit, k)), e.const(-limit, k))
    rest = k
    for left in (3, 2, 1):
        part = e.binary("sdiv", rest, e.const(left, k)) if left > 1 else rest
        rest = e.isub(rest, part)
        power = e.shl(e.iadd(part, e.const(bias, k)), e.const(bits, k))
        m = e.fmul(m, e.cast("bitcast", power, m.type))
    return m


def signed(e: Emitter, odd: V, x: V) -> V:
    return e.select(odd, e.fneg(x), x)


def finished(e: Emitter, singular: V, odd: V, m: V, k: V, logarithm: bool) -> list[V]:
    """The determinant ``m 2**k``, with the sign -1 where `odd`; or its sign and the logarithm of its size."""
    zero, one = e.const(0.0, m), e.const(1.0, m)
    if not logarithm:
        value = signed(e, odd, scaled(e, m, k))
        return [e.select(singular, zero, value)]
    log = e.fma(e.cast("sitofp", k, m.type), e.const(np.log(2.0), m), FUNCTIONS["log"](e, m))
    return [
        e.select(singular, zero, signed(e, odd, one)),
        e.select(singular, e.const(-np.inf, m), log),
    ]


# --- functions ------------------------------------------------------------------------------------------------------


def widest(type_: str, vector_bytes: int, count: int) -> int:
    """Lanes for so many systems: a power of two, not more than there are."""
    lanes = 8 * vector_bytes // BITS[type_]
    while lanes > count:
        lanes //= 2
    return lanes


def over_stack(f: Function, type_: str, batch: int, vector_bytes: int, body: Callable[[Stack], None]) -> None:
    """The body for all matrices of a stack; the last vector overlaps the one before where the count asks for it."""
    lanes = widest(type_, vector_bytes, batch)
    with f.loop(f.integer(batch), step=lanes, each=EACH * lanes) as i:
        first = f.e.intrinsic("smin", i, f.integer(batch - lanes)) if batch % lanes else i
        body(Stack(f, type_, lanes, first))


Solver = Callable[[list[V]], list[V]]


def solve_columns(
    stack: Stack, n: int, m: int, vector_bytes: int, b: V | None, out: V, solver: Callable[[int], Solver]
) -> None:
    """Solve for each column of the right sides (of the identity where `b` is None).

    Args:
        solver: for so many lanes, what makes the solutions from right sides.
    """
    f, e = stack.f, stack.f.e
    across = stack.lanes == 1 and m >= 4 and b is not None  # one matrix, columns in the lanes
    lanes = widest(stack.type, vector_bytes, m) if across else stack.lanes
    solve = solver(lanes)
    with f.loop(f.integer(m), step=lanes if across else 1) as c:
        if across:
            c = e.intrinsic("smin", c, f.integer(m - lanes)) if m % lanes else c
            begin = e.imul(stack.first, f.integer(n * m))
            at, size, places = Stack(f, stack.type, lanes, c), 1, [e.iadd(begin, f.integer(i * m)) for i in range(n)]
        else:
            at, size, places = stack, n * m, [e.iadd(f.integer(i * m), c) for i in range(n)]
        if b is None:
            one, zero = e.constant(1.0, stack.type), e.constant(0.0, stack.type)
            right = [e.splat(e.select(e.icmp("eq", c, f.integer(i)), one, zero), lanes) for i in range(n)]
        else:
            right = [at.read(b, size, p) for p in places]
        for p, x in zip(places, solve(right), strict=True):
            at.write(out, size, p, x)


def inverse(type_: str, batch: int, n: int, m: int, vector_bytes: int) -> Function:
    return solve(type_, batch, n, n, vector_bytes, False, True)


def solve(
    type_: str, batch: int, n: int, m: int, vector_bytes: int, transpose: bool, inverse: bool = False
) -> Function:
    """``op(A) X = B``; the inverse where there is no B. Operands: A, B if any, X."""
    f = Function(2 if inverse else 3)
    a, out = f.pointers[0], f.pointers[-1]

    def body(stack: Stack) -> None:
        lu = LU(f.e, stack.matrix(a, n, transpose))
        f.fail_if(lu.singular)
        b = None if inverse else f.pointers[1]
        solve_columns(stack, n, m, vector_bytes, b, out, lambda lanes: lu.splat(lanes).solve)

    over_stack(f, type_, batch, vector_bytes, body)
    return f


def triangular_solve(
    type_: str, batch: int, n: int, m: int, vector_bytes: int, lower: bool, transpose: bool, unit: bool
) -> Function:
    """``op(A) X = B`` for triangular A."""
    f = Function(3)
    e = f.e

    def body(stack: Stack) -> None:
        a = stack.matrix(f.pointers[0], n, transpose)
        order = range(n) if lower != transpose else range(n - 1, -1, -1)

        def solver(lanes: int) -> Solver:
            t = [[e.splat(x, lanes) for x in row] for row in a]

            def solve(b: list[V]) -> list[V]:
                x = list(b)
                done: list[int] = []
                for i in order:
                    x[i] = minus_dot(e, x[i], [t[i][k] for k in done], [x[k] for k in done])
                    x[i] = x[i] if unit else e.fdiv(x[i], t[i][i])
                    done.append(i)
                return x

            return solve

        solve_columns(stack, n, m, vector_bytes, f.pointers[1], f.pointers[2], solver)

    over_stack(f, type_, batch, vector_bytes, body)
    return f


def determinants(type_: str, batch: int, n: int, m: int, vector_bytes: int, logarithm: bool) -> Function:
    """Determinants, or their signs and logarithms."""
    f = Function(3 if logarithm else 2)

    def body(stack: Stack) -> None:
        lu = LU(f.e, stack.matrix(f.pointers[0], n))
        total = None
        for i in range(n):
            total = times(f.e, total, lu.a[i][i])
        assert total is not None
        values = finished(f.e, lu.singular, lu.odd(), *centred(f.e, *total), logarithm)
        for out, x in zip(f.pointers[1:], values, strict=True):
            stack.write(out, 1, f.integer(0), x)

    over_stack(f, type_, batch, vector_bytes, body)
    return f


def cholesky(type_: str, batch: int, n: int, m: int, vector_bytes: int) -> Function:
    """The lower factor of the symmetric matrix of which the lower triangle is given."""
    f = Function(2)
    e = f.e

    def body(stack: Stack) -> None:
        a = stack.matrix(f.pointers[0], n)
        zero = e.const(0.0, a[0][0])
        inverses: list[V] = []
        for i in range(n):
            for j in range(i + 1):
                x = minus_dot(e, a[i][j], a[i][:j], a[j][:j])
                if j < i:
                    a[i][j] = e.fmul(x, inverses[j])
                    continue
                f.fail_if(e.fcmp("ole", x, zero))
                a[i][i] = e.sqrt(x)
                inverses.append(e.fdiv(e.const(1.0, x), a[i][i]))
        for i in range(n):
            for j in range(n):
                stack.write(f.pointers[1], n * n, f.integer(i * n + j), a[i][j] if j <= i else zero)

    over_stack(f, type_, batch, vector_bytes, body)
    return f
