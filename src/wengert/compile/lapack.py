"""Factorisations: solves, inverses, determinants and decompositions of stacks of matrices, without Python in between.

Each is a function over the stack. Small matrices are eliminated many at once (`lanes`); larger ones go to LAPACK through
the library that multiplies matrices (`blas`), one after the other. LAPACK reads columns, so matrices are copied as their transposes, which
keeps its choices (pivots, signs of vectors) the ones that NumPy makes. Steps that need the LU factors of one matrix, as
a solve and its gradient do, share them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..core import Aval
from ..lowering import formulas, kernels
from ..program import Atom, Equation, Literal, Var
from . import blas, lanes, substitution
from .emitter import BITS, PAIRS, V
from .function import Function
from .interleaved import REAL
from .scalars import number_type

BLOCKS = 64  # LAPACK's blocks have at most so many columns, for which room is asked
LARGEST = 16_000  # rows and columns: LAPACK counts room in integers of 32 bits
ALWAYS_SMALL = 4  # rows up to which elimination is written out for short stacks too; more take long to compile


def factorisation_of(eqn: Equation) -> Factorisation | None:
    """The step of an equation, if it is one of these, with matrices that are not empty, of single or double precision."""
    if not isinstance(eqn.primitive.native, kernels.Factorisation):
        return None
    avals = [a.aval for a in (*eqn.inputs, *eqn.outputs)]
    dtype = avals[0].dtype
    real = REAL.get(dtype, dtype)  # of eigenvalues, singular values, logarithms
    known = real.char in "fd" and dtype.isnative and max(avals[0].shape[-2:]) <= LARGEST
    counts = eqn.primitive.native.counts  # results that are integers
    same = all((a.dtype in (dtype, real) or (counts and a.dtype == np.int32)) and math.prod(a.shape) for a in avals)
    same = same and all(a.aval.dtype == dtype for a in eqn.inputs)
    return Factorisation(eqn) if known and same else None


def room(size: int) -> Var:
    """Some bytes of the workspace."""
    return Var(Aval((size,), np.dtype(np.uint8)))


class Factors:
    """LU factors of a stack of matrices and their pivots, for several steps.

    Attributes:
        of_transpose: whether they are those of the transposes.
        pivots_at: where the pivots begin, in bytes.
        memory: where they are.
    """

    def __init__(self, step: Factorisation) -> None:
        self.pivots_at = step.batch * step.rows**2 * BITS[step.type] // 8
        self.memory = room(self.pivots_at + step.batch * step.rows * BITS[blas.integer()] // 8)
        self.of_transpose = False


class Factorisation:
    """One of these equations.

    Attributes:
        error: the message of the `LinAlgError` that a failure is; None where there is none.
        factors: that it shares with other steps, if it does.
        makes: whether it is the one that makes these.
        work: operations, about.
    """

    factors: Factors | None = None
    makes = True

    def __init__(self, eqn: Equation) -> None:
        self.eqn = eqn
        self.inputs = eqn.inputs
        x = eqn.inputs[0].aval
        self.native: kernels.Factorisation = eqn.primitive.native
        self.complex = x.dtype in REAL
        self.type = number_type(x.dtype)
        self.batch = math.prod(x.shape[:-2])
        self.rows, self.columns = x.shape[-2:]
        self.right = eqn.inputs[1].aval.shape[-1] if len(eqn.inputs) > 1 else 0
        self.error = self.native.error
        self.work = self.batch * self.rows * self.columns * (min(self.rows, self.columns) + self.right)
        self._function: Function | None = None
        self._scratch: list[Var] = []

    def __repr__(self) -> str:
        how = "lanes" if self.small else "LAPACK"
        return f"{self.native.routine} of {self.batch} matrices {self.rows}x{self.columns} ({how})"

    @property
    def small(self) -> bool:
        """Whether elimination is written out, in lanes."""
        n = self.rows
        return (
            bool(self.native.small)
            and not self.complex
            and n <= lanes.LARGEST
            and (n <= ALWAYS_SMALL or self.batch >= n * n)
        )

    @property
    def scratch(self) -> list[Var]:
        """What its function needs of the workspace beside operands and results."""
        if self._function is None and not self.small:
            self._function = self._whole()
            shared = [] if self.factors is None else [self.factors.memory]
            self._scratch = [*shared, *[room(n) for n in [self._function.scratch_bytes] if n]]
        return self._scratch

    @property
    def arrays(self) -> list[Atom]:
        """What is in memory: operands, results, scratch space."""
        return [*self.inputs, *self.eqn.outputs, *self.scratch]

    def function(self, vector_bytes: int) -> Function:
        """The function of the addresses of its arrays."""
        if self._function is not None:
            return self._function
        options = {**self.native.options, **self.eqn.params}
        return getattr(lanes, self.native.small)(self.type, self.batch, self.rows, self.right, vector_bytes, **options)

    def _whole(self) -> Function:
        """The function through LAPACK: a loop over the stack."""
        arrays = [a.aval for a in (*self.eqn.inputs, *self.eqn.outputs)]
        f = Function(len(arrays) + (self.factors is not None))
        routine = globals()[self.native.routine]
        prepared = Calls(f, self.type)
        with f.loop(f.integer(self.batch), each=1000.0 + self.work / self.batch) as i:
            here = [
                f.at(p, number_type(a.dtype), f.e.imul(i, f.integer(math.prod(a.shape) // self.batch)))
                for p, a in zip(f.pointers, arrays, strict=False)
            ]
            prepared.number = i
            routine(prepared, self, *here)
        return f


class Calls:
    """Calls of LAPACK in a function, and room for what they need, each piece once whatever the stack's length.

    Attributes:
        number: of the matrix in the stack.
    """

    number: V

    def __init__(self, f: Function, type_: str) -> None:
        self.f, self.type = f, type_
        self.complex = type_ in PAIRS.values()
        self.real = next((real for real, pair in PAIRS.items() if pair == type_), type_)
        self.integer = blas.integer()
        self.info = f.alloca(self.integer)

    def __call__(self, routine: str, *arguments: V | int | str | float) -> None:
        prefix = {"float": "s", "double": "d", "<2 x float>": "c", "<2 x double>": "z"}[self.type]
        self.f.call(prefix + routine, *arguments, type_=self.type)

    def room(self, count: int) -> V:
        return self.f.scratch(self.type, count)

    def reals(self, count: int) -> V:
        return self.f.scratch(self.real, count)

    def parts(self, x: V) -> tuple[V, V]:
        """The real and the imaginary part of a number."""
        make = self.f.e.define
        first, second = (make(f"extractelement {x!r}, i32 {k}", self.real, 1, x.depth) for k in (0, 1))
        return first, second

    def zero(self) -> V:
        return V("zeroinitializer", self.type, 1, 0) if self.complex else self.f.e.constant(0.0, self.type)

    def nan(self) -> V:
        """Of a complex number both parts."""
        part = self.f.e.constant(math.nan, self.real)
        return V(f"splat ({part!r})", self.type, 1, 0) if self.complex else part

    def is_zero(self, x: V) -> V:
        e = self.f.e
        tests = [e.fcmp("oeq", p, e.constant(0.0, self.real)) for p in (self.parts(x) if self.complex else (x,))]
        return tests[0] if len(tests) == 1 else e.and_(*tests)

    def integers(self, count: int) -> V:
        return self.f.scratch(self.integer, count)

    def pivot(self, pivots: V, i: V) -> V:
        """A pivot, counted from 1, as an i64."""
        found = self.f.load(self.integer, self.f.at(pivots, self.integer, i))
        return found if self.integer == "i64" else self.f.e.cast("sext", found, "i64")

    def failed(self) -> V:
        """Whether the last call gave an `info`; gesdd gives a negative one for NaN."""
        return self.f.e.icmp("ne", self.f.load(self.integer, self.info), self.f.e.constant(0, self.integer))

    def lu(self, s: Factorisation, a: V, transpose: bool = False) -> tuple[V, V, V, bool]:
        """LU factors and pivots of a matrix or its transpose, whether it is singular, and whether it is the transpose."""
        f, e, n, shared = self.f, self.f.e, s.rows, s.factors
        if shared is None:
            factors, pivots = self.room(n * n), self.integers(n)
        else:
            base = f.pointers[-1]
            factors = f.at(base, self.type, e.imul(self.number, f.integer(n * n)))
            pivots = f.at(
                f.at(base, "i8", f.integer(shared.pivots_at)), self.integer, e.imul(self.number, f.integer(n))
            )
            if s.makes:
                shared.of_transpose = transpose
            transpose = shared.of_transpose
        if s.makes:
            (f.copy if transpose else f.turn)(a, factors, self.type, *((n * n,) if transpose else (n, n)))
            self("getrf", n, n, factors, n, pivots, self.info)
        zero = f.alloca("i8")
        f.store(e.constant(0, "i8"), zero)
        with f.loop(f.integer(n)) as i:
            pivot = f.load(self.type, f.at(factors, self.type, f.place(i, n, i)))
            found = e.cast("zext", self.is_zero(pivot), "i8")
            f.store(e.or_(f.load("i8", zero), found), zero)
        return factors, pivots, e.cast("trunc", f.load("i8", zero), "i1"), transpose

    def lower(self, n: int, a: V, target: V) -> None:
        """The lower triangle, and zeros above it."""
        f, e, t, zero = self.f, self.f.e, self.type, self.zero()
        with f.elements(n, n) as (i, j):
            x = f.load(t, f.at(a, t, f.place(i, n, j)))
            f.store(e.select(e.icmp("ule", j, i), x, zero), f.at(target, t, f.place(i, n, j)))


# --- routines that declarations name: their calls, and the addresses of one matrix of each operand and result -------------


def solve(c: Calls, s: Factorisation, a: V, b: V, x: V) -> None:
    n, m = s.rows, s.right
    transpose = s.eqn.params["transpose"]
    factors, pivots, singular, turned = c.lu(s, a, transpose)
    c.f.fail_if(singular)
    if substitution.pays(c.complex, n, m):
        _substituted(c, n, m, factors, pivots, transpose != turned, b, x)
        return
    columns = x if m == 1 else c.room(n * m)
    c.f.turn(b, columns, c.type, n, m)
    c("getrs", "N" if transpose == turned else "T", n, m, factors, n, pivots, columns, n, c.info)
    if m > 1:
        c.f.turn(columns, x, c.type, m, n)


def _substituted(c: Calls, n: int, m: int, factors: V, pivots: V, flipped: bool, b: V, x: V) -> None:
    """By the factors of a matrix in columns, or, `flipped`, those of its transpose."""
    f = c.f
    f.copy(b, x, c.type, n * m)
    rows = substitution.Rows(f, c.type, x, m)

    def entry(i: V, k: V) -> V:
        return f.at(factors, c.type, f.place(i, n, k) if flipped else f.place(k, n, i))

    def pivot(i: V) -> V:
        return c.pivot(pivots, i)

    if not flipped:
        substitution.swap_rows(f, rows, n, pivot, False)
    for lower in (True, False):
        substitution.substitute(f, rows, n, entry, lower, lower != flipped)
    if flipped:
        substitution.swap_rows(f, rows, n, pivot, True)


def triangular_solve(c: Calls, s: Factorisation, a: V, b: V, x: V) -> None:
    """A matrix of rows is its transpose in columns, with the other triangle: ``X' op(A)' = B'``, nothing is turned."""
    n, m, p = s.rows, s.right, s.eqn.params
    c.f.copy(b, x, c.type, n * m)
    if substitution.pays(c.complex, n, m):
        flipped = p["transpose"]
        entry = lambda i, k: c.f.at(a, c.type, c.f.place(k, n, i) if flipped else c.f.place(i, n, k))  # noqa: E731
        rows = substitution.Rows(c.f, c.type, x, m)
        substitution.substitute(c.f, rows, n, entry, p["lower"] != flipped, p["unit"])
        return
    triangle, diagonal = "U" if p["lower"] else "L", "U" if p["unit"] else "N"
    if m == 1:
        c("trsv", triangle, "N" if p["transpose"] else "T", diagonal, n, a, n, x, 1)
    else:
        c("trsm", "R", triangle, "T" if p["transpose"] else "N", diagonal, m, n, 1.0, a, n, x, m)


def tridiagonal_solve(c: Calls, s: Factorisation, bands: V, b: V, x: V) -> None:
    """The operand is three rows of bands; LAPACK's are one shorter, and those of the transpose change places."""
    n, m, f = s.columns, s.right, c.f
    factors = c.room(3 * n)
    f.copy(bands, factors, c.type, 3 * n)
    below, middle, above = (f.at(factors, c.type, f.integer(k)) for k in (1, n, 2 * n))
    if s.eqn.params["transpose"]:
        below, above = above, below
    columns = x if m == 1 else c.room(n * m)
    f.turn(b, columns, c.type, n, m)
    c("gtsv", n, m, below, middle, above, columns, n, c.info)
    f.fail_if(c.failed())
    if m > 1:
        f.turn(columns, x, c.type, m, n)


def lu_factors(c: Calls, s: Factorisation, a: V, x: V, pivots: V, order: V) -> None:
    """Both factors in one matrix, pivots that count from 0, and the order of the rows that they lead to."""
    m, n, f, e = s.rows, s.columns, c.f, c.f.e
    matrix = c.room(m * n)
    f.turn(a, matrix, c.type, m, n)
    found = c.integers(min(m, n))
    c("getrf", m, n, matrix, m, found, c.info)  # a pivot that is zero leaves valid factors
    f.turn(matrix, x, c.type, n, m)
    with f.loop(f.integer(m)) as i:
        f.store(e.cast("trunc", i, "i32"), f.at(order, "i32", i))
    with f.loop(f.integer(min(m, n))) as i:
        pivot = e.isub(c.pivot(found, i), f.integer(1))
        f.store(e.cast("trunc", pivot, "i32"), f.at(pivots, "i32", i))
        here, there = f.at(order, "i32", i), f.at(order, "i32", pivot)
        first, second = f.load("i32", here), f.load("i32", there)
        f.store(second, here)
        f.store(first, there)


def inverse(c: Calls, s: Factorisation, a: V, x: V) -> None:
    n = s.rows
    factors, pivots, singular, transpose = c.lu(s, a)
    c.f.fail_if(singular)
    if s.factors is not None:  # others read them
        shared, factors = factors, c.room(n * n)
        c.f.copy(shared, factors, c.type, n * n)
    work = c.room(n * BLOCKS)
    c("getri", n, factors, n, pivots, work, n * BLOCKS, c.info)
    if transpose:
        c.f.copy(factors, x, c.type, n * n)
    else:
        c.f.turn(factors, x, c.type, n, n)


def determinant(c: Calls, s: Factorisation, a: V, *out: V) -> None:
    if c.complex:
        _complex_determinant(c, s, a, *out)
        return
    n, t = s.rows, c.type
    f, e = c.f, c.f.e
    factors, pivots, singular, _ = c.lu(s, a)
    integer = lanes.LAYOUT[t][2]
    product, exponent, odd = f.alloca(t), f.alloca(integer), f.alloca("i8")
    f.store(e.constant(1.0, t), product)
    f.store(e.constant(0, integer), exponent)
    f.store(e.constant(0, "i8"), odd)
    with f.loop(f.integer(n)) as i:
        pivot = f.load(t, f.at(factors, t, f.place(i, n, i)))
        m, k = lanes.times(e, (f.load(t, product), f.load(integer, exponent)), pivot)
        f.store(m, product)
        f.store(k, exponent)
        moved = e.icmp("ne", c.pivot(pivots, i), e.iadd(i, f.integer(1)))
        sign = e.xor(moved, e.fcmp("olt", pivot, e.constant(0.0, t)))
        f.store(e.xor(f.load("i8", odd), e.cast("zext", sign, "i8")), odd)
    m, k = lanes.centred(e, f.load(t, product), f.load(integer, exponent))
    is_odd = e.cast("trunc", f.load("i8", odd), "i1")
    for value, target in zip(lanes.finished(e, singular, is_odd, m, k, **s.native.options), out, strict=True):
        f.store(value, target)


def _complex_determinant(c: Calls, s: Factorisation, a: V, *out: V) -> None:
    """A product of directions and a sum of logarithms of sizes, as NumPy has it."""
    n, t, f, e = s.rows, c.real, c.f, c.f.e
    factors, pivots, singular, _ = c.lu(s, a)
    size = np.dtype(np.float64 if t == "double" else np.float32)
    re, im, logarithm = (f.alloca(t) for _ in range(3))
    for slot, start in ((re, 1.0), (im, 0.0), (logarithm, 0.0)):
        f.store(e.constant(start, t), slot)
    with f.loop(f.integer(n)) as i:
        x, y = c.parts(f.load(c.type, f.at(factors, c.type, f.place(i, n, i))))
        r = formulas.hypot(e, size, x, y)
        moved = e.icmp("ne", c.pivot(pivots, i), e.iadd(i, f.integer(1)))
        x, y = (e.fdiv(e.select(moved, e.fneg(v), v), r) for v in (x, y))
        p, q = f.load(t, re), f.load(t, im)
        f.store(e.fsub(e.fmul(p, x), e.fmul(q, y)), re)
        f.store(e.fadd(e.fmul(p, y), e.fmul(q, x)), im)
        f.store(e.fadd(f.load(t, logarithm), formulas.log(e, size, r)), logarithm)
    total = f.load(t, logarithm)
    zero, least = e.constant(0.0, t), e.constant(-math.inf, t)
    sign = [e.select(singular, zero, f.load(t, slot)) for slot in (re, im)]
    total = e.select(singular, least, total)
    if s.native.options["logarithm"]:
        f.store(total, out[1])
    else:
        scale = formulas.exp(e, size, total)
        sign = [e.fmul(v, scale) for v in sign]
    for k, v in enumerate(sign):
        f.store(v, f.at(out[0], t, f.integer(k)))


def cholesky(c: Calls, s: Factorisation, a: V, x: V) -> None:
    """The lower factor in rows is the upper one in columns: it is made where it belongs."""
    c.lower(s.rows, a, x)
    c("potrf", "U", s.rows, x, s.rows, c.info)
    c.f.fail_if(c.failed())


def cholesky_or_nan(c: Calls, s: Factorisation, a: V, x: V) -> None:
    """The same, its lower triangle NaN where there is no such factor."""
    f, e, t, n = c.f, c.f.e, c.type, s.rows
    c.lower(n, a, x)
    c("potrf", "U", n, x, n, c.info)
    failed, nan = c.failed(), c.nan()
    with f.elements(n, n) as (i, j):
        place = f.at(x, t, f.place(i, n, j))
        f.store(e.select(e.and_(failed, e.icmp("ule", j, i)), nan, f.load(t, place)), place)


def hermitian_eigen(c: Calls, s: Factorisation, a: V, values: V, vectors: V | None = None) -> None:
    n = s.rows
    matrix = c.room(n * n)
    c.f.turn(
        a, matrix, c.type, n, n
    )  # LAPACK's matrices lie by columns: transposed, so that the lower triangle stays the lower one
    size = 1 + 6 * n + 2 * n * n + n * BLOCKS if vectors else 2 * n + 1 + n * BLOCKS
    integers, more = 3 + 5 * n, 1 + 5 * n + 2 * n * n
    reals = (c.reals(more), more) if c.complex else ()
    c("heevd" if c.complex else "syevd", "V" if vectors else "N", "L" if s.eqn.params["lower"] else "U", n, matrix, n, values, c.room(size), size, *reals, c.integers(integers),
      integers, c.info)  # fmt: skip
    c.f.fail_if(c.failed())
    if vectors:
        c.f.turn(matrix, vectors, c.type, n, n)


def singular_decomposition(c: Calls, s: Factorisation, a: V, u: V, values: V, vh: V) -> None:
    m, n = s.rows, s.columns
    k, full = min(m, n), s.eqn.params["full_matrices"]
    mu, nv = (m, n) if full else (k, k)
    matrix, left, right = c.room(m * n), c.room(m * mu), c.room(nv * n)
    c.f.turn(a, matrix, c.type, m, n)
    size = 5 * k * k + 10 * k + max(m, n) + BLOCKS * (m + n)
    c("gesdd", "A" if full else "S", m, n, matrix, m, values, left, m, right, nv, c.room(size), size, *_reals(c, m, n),
      c.integers(8 * k), c.info)  # fmt: skip
    c.f.fail_if(c.failed())
    c.f.turn(left, u, c.type, mu, m)
    c.f.turn(right, vh, c.type, n, nv)


def _reals(c: Calls, m: int, n: int) -> tuple[V, ...]:
    """The real room that decompositions of complex matrices take."""
    k = min(m, n)
    return (c.reals(max(5 * k * k + 7 * k, 2 * max(m, n) * k + 2 * k * k + k)),) if c.complex else ()


def singular_values(c: Calls, s: Factorisation, a: V, values: V) -> None:
    m, n = s.rows, s.columns
    k = min(m, n)
    matrix, size = c.room(m * n), 5 * k * k + 10 * k + max(m, n) + BLOCKS * (m + n)
    c.f.turn(a, matrix, c.type, m, n)
    none = c.room(1)
    c("gesdd", "N", m, n, matrix, m, values, none, 1, none, 1, c.room(size), size, *_reals(c, m, n), c.integers(8 * k),
      c.info)  # fmt: skip
    c.f.fail_if(c.failed())


def orthogonal(c: Calls, s: Factorisation, a: V, q: V, r: V) -> None:
    m, n = s.rows, s.columns
    k, f, e, t = min(m, n), c.f, c.f.e, c.type
    matrix, scales, work, size = c.room(m * n), c.room(k), c.room(n * BLOCKS), n * BLOCKS
    f.turn(a, matrix, t, m, n)
    c("geqrf", m, n, matrix, m, scales, work, size, c.info)
    with f.elements(k, n) as (i, j):
        value = f.load(t, f.at(matrix, t, f.place(j, m, i)))
        f.store(e.select(e.icmp("ule", i, j), value, c.zero()), f.at(r, t, f.place(i, n, j)))
    c("ungqr" if c.complex else "orgqr", m, k, k, matrix, m, scales, work, size, c.info)
    f.turn(matrix, q, t, k, m)


def packed(c: Calls, s: Factorisation, a: V, x: V, *rest: V) -> None:
    """A reduction whose results LAPACK leaves in the matrix's place and beside it: `reduction` says which."""
    m, n, size, which = s.rows, s.columns, s.columns * BLOCKS, s.native.options["reduction"]
    matrix = c.room(m * n)
    c.f.turn(a, matrix, c.type, m, n)
    which = "hetrd" if which == "sytrd" and c.complex else which
    lead = {"geqrf": (m, n), "gehrd": (n, 1, n)}.get(which) or ("L" if s.eqn.params["lower"] else "U", n)
    c(which, *lead, matrix, m, *rest, c.room(size), size, c.info)
    c.f.turn(matrix, x, c.type, n, m)


def share_factors(steps: Sequence[Any], storage: Callable[[Any], Any]) -> None:
    """Let steps that factorise the same matrices use the factors that the first of them makes."""
    first: dict[Any, Factorisation] = {}
    for step in steps:
        if isinstance(step, Factorisation) and step.native.shares and not step.small:
            a = step.eqn.inputs[0]
            known = first.setdefault((id(a.value) if type(a) is Literal else storage(a), a.aval.shape), step)
            if known is not step:
                known.factors = step.factors = known.factors or Factors(known)
                step.makes = False
