"""Gamma numbers in vector lanes: each lane draws from its own keys until it accepts, and waits for its neighbours."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from ...ops.random import KEY
from .. import vectormath
from ..emitter import V
from .random import _words, threefry, unit
from .step import Phase, Serial, pieces_of
from .writer import Writer

NUMBER = 100.0  # nanoseconds of a number, about
Key = tuple[V, V]


def gammas(step: Serial) -> list[Phase] | None:
    """The numbers of `ops.random_rejection`, draw by draw: Marsaglia and Tsang's, with a power below 1."""
    key, a = (x.aval for x in step.eqn.inputs)
    if a.dtype not in (np.float32, np.float64) or key.dtype != KEY:
        return None
    keys, each = math.prod(key.shape), math.prod(a.shape[len(key.shape) :])
    if not keys * each or each >= 2**32:
        return None
    step.work = int(keys * each * NUMBER * 2)
    log_space = step.eqn.params["log_space"]
    blocks = max(each // 16, 1)
    pieces = pieces_of(keys * each * NUMBER, keys * blocks)

    def body(w: Writer) -> None:
        given, parameters = w.inputs
        (target,) = w.outputs
        lanes = w.lanes(a.dtype)
        while lanes > each:
            lanes //= 2
        vectors = -(-each // lanes)
        with w.shared(keys * vectors) as number:
            which, vector = w.decoded(number, (keys, vectors))
            first = w.scaled(vector, lanes)
            if each % lanes:  # the last vector overlaps the one before
                first = w.intrinsic("smin", first, w.int(each - lanes))
            counter = w.splat(w.cast("trunc", first, "i32"), lanes)
            if lanes > 1:
                counter = w.iadd(counter, w.lanes_constant(range(lanes), "i32"))
            first_word, second_word = _words(w, given.load(which))
            k0, k1 = w.splat(first_word, lanes), w.splat(second_word, lanes)
            own = threefry(w, k0, k1, w.const(0, counter), counter)
            at = w.iadd(w.scaled(which, each), first)
            w.takes(NUMBER * lanes)
            target.store(at, _Lanes(w, a.dtype, lanes).gamma(own, parameters.load(at, lanes), log_space))

    return [Phase(body, pieces)]


class _Lanes(NamedTuple):
    """What a vector of numbers is drawn with."""

    w: Writer
    dtype: np.dtype
    lanes: int

    def drawn(self, key: Key, counter: int) -> Key:
        """The key, or the words, of a counter."""
        zero = self.w.const(0, key[0])
        return threefry(self.w, *key, zero, self.w.const(counter, key[0]))

    def uniform(self, key: Key) -> V:
        return unit(self.w, self.dtype, *self.drawn(key, 0))

    def normal(self, key: Key) -> V:
        w, t = self.w, self.dtype.type
        u = self.uniform(key)
        low = np.nextafter(t(-1), t(0))
        u = w.fadd(w.fmul(u, w.const(float(t(1) - low), u)), w.const(float(low), u))
        u = w.select(w.fcmp("ogt", u, w.const(float(low), u)), u, w.const(float(low), u))
        return w.fmul(vectormath.erfinv(w, u), w.const(float(t(math.sqrt(2))), u))

    def any(self, mask: V) -> V:
        w = self.w
        if self.lanes == 1:
            return mask
        bits = w.define(f"bitcast {mask!r} to i{self.lanes}", f"i{self.lanes}", 1, 0)
        return w.icmp("ne", bits, w.const(0, bits))

    def chosen(self, mask: V, new: Key, old: Key) -> Key:
        return self.w.select(mask, new[0], old[0]), self.w.select(mask, new[1], old[1])

    def gamma(self, key: Key, a: V, log_space: bool) -> V:
        w, t = self.w, self.dtype.type
        one, zero = w.const(1.0, a), w.const(0.0, a)
        boosted = w.fcmp("oge", a, one)
        third = w.const(float(t(1.0 / 3.0)), a)
        d = w.fsub(w.select(boosted, a, w.fadd(a, one)), third)
        c = w.fdiv(third, w.sqrt(d))
        last = self.drawn(key, 1)
        v = self._accepted(self.drawn(key, 0), d, c)
        u = self.uniform(last)
        if log_space:
            power = vectormath.log1p(w, w.fneg(u))
            plain = w.or_(boosted, w.fcmp("oeq", power, zero))
            more = w.select(plain, zero, w.fmul(power, w.fdiv(one, a)))
            return w.fadd(w.fadd(vectormath.log(w, d), vectormath.log(w, v)), more)
        more = vectormath.power(w, w.fsub(one, u), w.fdiv(one, a))
        return w.fmul(w.fmul(d, v), w.select(boosted, one, more))

    def _accepted(self, key: Key, d: V, c: V) -> V:
        w = self.w
        one = w.const(1.0, d)
        all_ = w.constant(True, "i1", self.lanes)
        with w.repeat(*key, one, all_) as loop:
            v, active = loop.carried[2:]
            w.leave_unless(loop, self.any(active))
            key = loop.carried[0], loop.carried[1]
            x, cube = self._cubes(self.drawn(key, 1), c)
            u = self.uniform(self.drawn(key, 2))
            squared = w.fmul(x, x)
            squeeze = w.fsub(one, w.fmul(w.const(float(self.dtype.type(0.0331)), d), w.fmul(squared, squared)))
            rest = w.fadd(w.fsub(one, cube), vectormath.log(w, cube))
            bound = w.fadd(w.fmul(squared, w.const(0.5, d)), w.fmul(d, rest))
            rejected = w.and_(w.fcmp("oge", u, squeeze), w.fcmp("oge", vectormath.log(w, u), bound))
            again = self.chosen(active, self.drawn(key, 0), key)
            loop.next = [*again, w.select(active, cube, v), w.and_(active, rejected)]
        return loop.carried[2]

    def _cubes(self, key: Key, c: V) -> tuple[V, V]:
        """The first normal number x of each lane with ``1 + c x > 0``, and the cube of that."""
        w = self.w
        one, zero = w.const(1.0, c), w.const(0.0, c)
        with w.repeat(*key, zero, zero, w.constant(True, "i1", self.lanes)) as loop:
            x, v, active = loop.carried[2:]
            w.leave_unless(loop, self.any(active))
            key = loop.carried[0], loop.carried[1]
            number = self.normal(self.drawn(key, 1))
            x = w.select(active, number, x)
            v = w.select(active, w.fadd(one, w.fmul(number, c)), v)
            again = self.chosen(active, self.drawn(key, 0), key)
            loop.next = [*again, x, v, w.and_(active, w.fcmp("ole", v, zero))]
        _, _, x, v, _ = loop.carried
        return x, w.fmul(w.fmul(v, v), v)


__all__ = ["gammas"]
