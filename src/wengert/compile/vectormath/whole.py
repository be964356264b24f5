"""Powers and greatest common divisors of integers: loops over all lanes of a vector, until the last has ended.

Powers are repeated squares, as many as the largest exponent has bits. Divisors are found by halves and differences (J. Stein,
"Computational problems associated with Racah algebra", 1967).
"""

from __future__ import annotations

from ..emitter import Emitter, V


def _any(e: Emitter, x: V, name: str) -> list[str]:
    """Whether a value that has a name in the function being written differs from 0 in some lane: ``%more``."""
    if x.lanes == 1:
        return [f"  %more = icmp ne {x.type} %{name}, 0"]
    reduce = f"llvm.vector.reduce.or.v{x.lanes}{x.type}"
    e.declarations.setdefault(reduce, f"declare {x.type} @{reduce}({x.llvm})")
    return [f"  %any = call {x.type} @{reduce}({x.llvm} %{name})", f"  %more = icmp ne {x.type} %any, 0"]


def _called(e: Emitter, function: str, x: V, y: V) -> V:
    return e.define(f"call {x.llvm} @{function}({x!r}, {y!r})", x.type, x.lanes, max(x.depth, y.depth))


def whole_power(e: Emitter, x: V, y: V) -> V:
    """``x**y`` modulo what the type holds; `y` is not negative, or unsigned."""
    function = f"whole_power_{x.type}_{x.lanes}"
    if function not in e.functions:
        t, one = x.llvm, e.const(1, x).name
        zero = e.const(0, x).name
        e.functions[function] = "\n".join([
            f"define internal {t} @{function}({t} %x, {t} %y) #0 {{",
            "start:",
            "  br label %bit",
            "bit:",
            f"  %power = phi {t} [ %x, %start ], [ %square, %bit ]",
            f"  %exponent = phi {t} [ %y, %start ], [ %rest, %bit ]",
            f"  %out = phi {t} [ {one}, %start ], [ %next, %bit ]",
            f"  %low = and {t} %exponent, {one}",
            f"  %set = icmp ne {t} %low, {zero}",
            f"  %more.power = mul {t} %out, %power",
            f"  %next = select {'i1' if x.lanes == 1 else f'<{x.lanes} x i1>'} %set, {t} %more.power, {t} %out",
            f"  %square = mul {t} %power, %power",
            f"  %rest = lshr {t} %exponent, {one}",
            *_any(e, x, "rest"),
            "  br i1 %more, label %bit, label %end",
            "end:",
            f"  ret {t} %next",
            "}",
        ])  # fmt: skip
    return _called(e, function, x, y)


def greatest_divisor(e: Emitter, x: V, y: V) -> V:
    """The greatest common divisor of unsigned numbers; of 0 and another number the other one."""
    function, lanes = f"greatest_divisor_{x.type}_{x.lanes}", "" if x.lanes == 1 else f"v{x.lanes}"
    if function not in e.functions:
        t, zero, one = x.llvm, e.const(0, x).name, e.const(1, x).name
        truth = "i1" if x.lanes == 1 else f"<{x.lanes} x i1>"
        names = {name: f"llvm.{name}.{lanes}{x.type}" for name in ("cttz", "umin", "umax")}
        e.declarations.setdefault(names["cttz"], f"declare {t} @{names['cttz']}({t}, i1)")
        for name in ("umin", "umax"):
            e.declarations.setdefault(names[name], f"declare {t} @{names[name]}({t}, {t})")
        e.functions[function] = "\n".join([
            f"define internal {t} @{function}({t} %x, {t} %y) #0 {{",
            "start:",
            f"  %x.none = icmp eq {t} %x, {zero}",
            f"  %a.given = select {truth} %x.none, {t} %y, {t} %x",  # 0 only where both are
            f"  %both = or {t} %x, %y",
            f"  %both.none = icmp eq {t} %both, {zero}",
            f"  %both.some = select {truth} %both.none, {t} {one}, {t} %both",
            f"  %twos = call {t} @{names['cttz']}({t} %both.some, i1 true)",
            f"  %a.some = select {truth} %both.none, {t} {one}, {t} %a.given",
            f"  %a.twos = call {t} @{names['cttz']}({t} %a.some, i1 true)",
            f"  %a.odd = lshr {t} %a.some, %a.twos",
            "  br label %step",
            "step:",
            f"  %a = phi {t} [ %a.odd, %start ], [ %least, %step ]",
            f"  %b = phi {t} [ %y, %start ], [ %rest, %step ]",
            f"  %b.none = icmp eq {t} %b, {zero}",
            f"  %b.some = select {truth} %b.none, {t} %a, {t} %b",
            f"  %b.twos = call {t} @{names['cttz']}({t} %b.some, i1 true)",
            f"  %b.odd = lshr {t} %b.some, %b.twos",
            f"  %least = call {t} @{names['umin']}({t} %a, {t} %b.odd)",
            f"  %most = call {t} @{names['umax']}({t} %a, {t} %b.odd)",
            f"  %rest = sub {t} %most, %least",
            *_any(e, x, "rest"),
            "  br i1 %more, label %step, label %end",
            "end:",
            f"  %found = shl {t} %least, %twos",
            f"  %out = select {truth} %both.none, {t} {zero}, {t} %found",
            f"  ret {t} %out",
            "}",
        ])  # fmt: skip
    return _called(e, function, x, y)


__all__ = ["greatest_divisor", "whole_power"]
