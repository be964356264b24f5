"""Powers of integers, by repeated squares: as many steps as the largest exponent of a vector has bits."""

from __future__ import annotations

from ..emitter import Emitter, V


def whole_power(e: Emitter, x: V, y: V) -> V:
    """``x**y`` modulo what the type holds; `y` is not negative, or unsigned."""
    function = f"whole_power_{x.type}_{x.lanes}"
    if function not in e.functions:
        t, one = x.llvm, e.const(1, x).name
        zero = e.const(0, x).name
        if x.lanes == 1:
            left = [f"  %more = icmp ne {t} %rest, 0"]
        else:
            name = f"llvm.vector.reduce.or.v{x.lanes}{x.type}"
            e.declarations.setdefault(name, f"declare {x.type} @{name}({t})")
            left = [f"  %any = call {x.type} @{name}({t} %rest)", f"  %more = icmp ne {x.type} %any, 0"]
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
            *left,
            "  br i1 %more, label %bit, label %end",
            "end:",
            f"  ret {t} %next",
            "}",
        ])  # fmt: skip
    call = f"call {x.llvm} @{function}({x!r}, {y!r})"
    return e.define(call, x.type, x.lanes, max(x.depth, y.depth))


__all__ = ["whole_power"]
