"""Trampolines: native functions that stand before NumPy's and Python's own, and look for traced values.

Each has the signature of the C function that it stands before, and a table. Where no argument is traced it calls that
function, which is named by the table; otherwise a handler of the library, whose answer `NotImplemented` means the
function, too. An argument is traced if its type is `Tracer` or derived from it, or `Written`; so is a list or tuple that
holds one among its first `MOST` elements, at any depth. The trampolines of objects that know traced values by NumPy's protocols
(universal functions, `np.sum` and its kin) look into lists and tuples alone.

The code is the LLVM text below. What LLVM makes of it for x86-64 is kept in `machine_code.py`, so that LLVM need not be
imported for it; for other processors it is made when it is needed. The code refers to nothing but its table, whose address
is written into it in the place of `MAGIC`.
"""

from __future__ import annotations

MAGIC = 0x57454E4745525421  # in place of the address of the table
MOST = 64
# Words of the table: what is called, the types that are looked for and those that are not, Python's functions, and where a
# tuple's items begin.
WORDS = {
    name: i
    for i, name in enumerate(
        "original handler bound tracer written float int ndarray tuple list missed subtype vectorcall call release items".split()
    )
}


def _word(name: str, register: str = "") -> str:
    register = register or name
    return f"""  %at.{register} = getelementptr i64, ptr %table, i64 {WORDS[name]}
  %{register} = load ptr, ptr %at.{register}
"""


def _number(name: str) -> str:
    return _word(name).replace("load ptr", "load i64")


def _over(name: str, asked: str = "") -> str:
    """A function that asks each of some arguments whether it is traced; `asked` comes before, and may go on with %not."""
    return f"""define internal i1 @{name}(ptr %table, ptr %args, i64 %count) {{
  %left = alloca i64
  store i64 {MOST}, ptr %left
  br label %loop
loop:
  %i = phi i64 [ 0, %0 ], [ %next, %not ]
  %more = icmp slt i64 %i, %count
  br i1 %more, label %look, label %no
look:
  %at.item = getelementptr ptr, ptr %args, i64 %i
  %item = load ptr, ptr %at.item
{asked}  %that = call i1 @traced(ptr %table, ptr %item, ptr %left)
  br i1 %that, label %yes, label %not
not:
  %next = add i64 %i, 1
  br label %loop
no:
  ret i1 false
yes:
  ret i1 true
}}
"""


_IN_LISTS = f"""  %at.type = getelementptr i8, ptr %item, i64 8
  %type = load ptr, ptr %at.type
{_word("list")}  %is.list = icmp eq ptr %type, %list
  br i1 %is.list, label %ask, label %other
other:
{_word("tuple")}  %is.tuple = icmp eq ptr %type, %tuple
  br i1 %is.tuple, label %ask, label %not
ask:
"""

SHARED = f"""
define internal i1 @traced(ptr %table, ptr %x, ptr %left) {{
  %at.type = getelementptr i8, ptr %x, i64 8
  %type = load ptr, ptr %at.type
{_word("float")}  %is.float = icmp eq ptr %type, %float
  br i1 %is.float, label %no, label %b
b:
{_word("int")}  %is.int = icmp eq ptr %type, %int
  br i1 %is.int, label %no, label %c
c:
{_word("ndarray")}  %is.array = icmp eq ptr %type, %ndarray
  br i1 %is.array, label %no, label %d
d:
{_word("tuple")}  %is.tuple = icmp eq ptr %type, %tuple
  br i1 %is.tuple, label %several, label %e
e:
{_word("list")}  %is.list = icmp eq ptr %type, %list
  br i1 %is.list, label %several, label %f
f:
{_word("written")}  %is.written = icmp eq ptr %type, %written
  br i1 %is.written, label %yes, label %g
g:
{_word("tracer")}{_word("subtype")}  %is = call i32 %subtype(ptr %type, ptr %tracer)
  %found = icmp ne i32 %is, 0
  ret i1 %found
several:
  %at.size = getelementptr i8, ptr %x, i64 16
  %size = load i64, ptr %at.size
  %is.tuple.still = icmp eq ptr %type, %tuple
  br i1 %is.tuple.still, label %tuples, label %lists
tuples:
{_number("items")}  %items.tuple = getelementptr i8, ptr %x, i64 %items
  br label %go
lists:
  %at.entries = getelementptr i8, ptr %x, i64 24
  %items.list = load ptr, ptr %at.entries
  br label %go
go:
  %first = phi ptr [ %items.tuple, %tuples ], [ %items.list, %lists ]
  br label %loop
loop:
  %i = phi i64 [ 0, %go ], [ %next, %not ]
  %more = icmp slt i64 %i, %size
  br i1 %more, label %count, label %no
count:
  %n = load i64, ptr %left
  %some = icmp sgt i64 %n, 0
  br i1 %some, label %look, label %no
look:
  %fewer = sub i64 %n, 1
  store i64 %fewer, ptr %left
  %at.item = getelementptr ptr, ptr %first, i64 %i
  %item = load ptr, ptr %at.item
  %null = icmp eq ptr %item, null
  br i1 %null, label %not, label %number
number:
  %at.item.type = getelementptr i8, ptr %item, i64 8
  %item.type = load ptr, ptr %at.item.type
  %is.number = icmp eq ptr %item.type, %float
  br i1 %is.number, label %not, label %ask
ask:
  %that = call i1 @traced(ptr %table, ptr %item, ptr %left)
  br i1 %that, label %yes, label %not
not:
  %next = add i64 %i, 1
  br label %loop
no:
  ret i1 false
yes:
  ret i1 true
}}

{_over("any")}
{_over("listed", _IN_LISTS)}
define internal ptr @handler(ptr %table, ptr %self) {{
{_word("bound")}{_word("handler")}{_word("vectorcall")}  %plain = icmp eq ptr %bound, null
  br i1 %plain, label %same, label %bind
same:
  ret ptr %handler
bind:
  %args = alloca ptr
  store ptr %self, ptr %args
  %new = call ptr %vectorcall(ptr %handler, ptr %args, i64 1, ptr null)
  ret ptr %new
}}

define internal void @drop(ptr %table, ptr %f) {{
{_word("bound")}{_word("release")}  %plain = icmp eq ptr %bound, null
  br i1 %plain, label %end, label %give
give:
  call void %release(ptr %f)
  br label %end
end:
  ret void
}}
"""


def _main(result: str, parameters: str, given: str, look: str, ask: str, *, failed: str, done: str) -> str:
    """The function itself: `look` gives %traced, `ask` gives %out of the handler %f."""
    return f"""
define {result} @main({parameters}) {{
  %table = inttoptr i64 {MAGIC} to ptr
{look}  br i1 %traced, label %ask, label %plain
plain:
{_word("original")}  %usual = tail call {result} %original({given})
  ret {result} %usual
ask:
  %f = call ptr @handler(ptr %table, ptr %p0)
  %unbound = icmp eq ptr %f, null
  br i1 %unbound, label %failed, label %go
go:
{_word("vectorcall")}{_word("call")}{ask}  call void @drop(ptr %table, ptr %f)
  %none = icmp eq ptr %out, null
  br i1 %none, label %failed, label %some
some:
{_word("missed")}{_word("release")}  %is.missed = icmp eq ptr %out, %missed
  br i1 %is.missed, label %back, label %done
back:
  call void %release(ptr %out)
  br label %plain
failed:
  ret {result} {failed}
done:
{done}}}
"""


def _place(values: str) -> str:
    """An array %args of pointers."""
    names = values.split()
    lines = [f"  %args = alloca [{len(names)} x ptr]"]
    for i, v in enumerate(names):
        lines += [f"  %slot{i} = getelementptr ptr, ptr %args, i64 {i}", f"  store ptr {v}, ptr %slot{i}"]
    return "\n".join(lines) + "\n"


_VECTORCALL = "  %out = call ptr %vectorcall(ptr %f, ptr %args, i64 {n}, ptr {names})\n"
_CALL = "  %out = call ptr %call(ptr %f, ptr %p1, ptr {named})\n"
_RETURN = "  ret ptr %out\n"
_ANY = "  %traced = call i1 @any(ptr %table, ptr {args}, i64 {n})\n"
_TUPLE = f"""  %tuple.size = getelementptr i8, ptr %p1, i64 16
  %count = load i64, ptr %tuple.size
{_number("items")}  %tuple.items = getelementptr i8, ptr %p1, i64 %items
{_ANY.format(args="%tuple.items", n="%count")}"""
_WITH_NAMES = f"""  %named = icmp ne ptr %p3, null
  br i1 %named, label %names, label %counted
names:
  %names.size = getelementptr i8, ptr %p3, i64 16
  %extra = load i64, ptr %names.size
  br label %counted
counted:
  %more = phi i64 [ 0, %0 ], [ %extra, %names ]
  %all = add i64 %p2, %more
{_ANY.format(args="%p1", n="%all")}"""
_COUNTED = "  %all = add i64 %p2, %more\n"
_LISTED = (  # an object's vectorcall: the highest bit of the number of arguments is a flag
    _WITH_NAMES.replace(
        _COUNTED, "  %positional = and i64 %p2, 9223372036854775807\n  %all = add i64 %positional, %more\n"
    )
).replace("@any(", "@listed(")
_P2, _P3 = "ptr %p0, ptr %p1", "ptr %p0, ptr %p1, ptr %p2"
_PN, _PK = "ptr %p0, ptr %p1, i64 %p2", "ptr %p0, ptr %p1, i64 %p2, ptr %p3"


def _texts() -> dict[str, str]:
    pointer = {"failed": "null", "done": _RETURN}
    removed = """  %removal = icmp eq ptr %p2, null
  br i1 %removal, label %plain, label %write
write:
"""
    return {
        # ``x[key]``; ``x[key] = value``, without a value ``del x[key]``
        "get": _main(
            "ptr", _P2, _P2, _place("%p0 %p1") + "  %key = getelementptr ptr, ptr %args, i64 1\n"
            + _ANY.format(args="%key", n="1"), _VECTORCALL.format(n=2, names="null"), **pointer,
        ),
        "set": _main(
            "i32", _P3, _P3, _place("%p0 %p1 %p2") + removed + "  %key = getelementptr ptr, ptr %args, i64 1\n"
            + _ANY.format(args="%key", n="2"), _VECTORCALL.format(n=3, names="null"), failed="-1",
            done="  call void %release(ptr %out)\n  ret i32 0\n",
        ),
        # the conventions of functions: METH_O, METH_FASTCALL, with keywords, METH_VARARGS, with keywords
        "one": _main(
            "ptr", _P2, _P2, _place("%p1") + _ANY.format(args="%args", n="1"),
            _VECTORCALL.format(n=1, names="null"), **pointer,
        ),
        "fast": _main(
            "ptr", _PN, _PN, _ANY.format(args="%p1", n="%p2"),
            _VECTORCALL.replace("%args", "%p1").format(n="%p2", names="null"), **pointer,
        ),
        "named": _main(
            "ptr", _PK, _PK, _WITH_NAMES, _VECTORCALL.replace("%args", "%p1").format(n="%p2", names="%p3"), **pointer,
        ),
        # the vectorcall of an object, where traced values by themselves are what the object itself knows
        "listed": _main(
            "ptr", _PK, _PK, _LISTED, _VECTORCALL.replace("%args", "%p1").format(n="%p2", names="%p3"), **pointer,
        ),
        "tuple": _main("ptr", _P2, _P2, _TUPLE, _CALL.format(named="null"), **pointer),
        "both": _main("ptr", _P3, _P3, _TUPLE, _CALL.format(named="%p2"), **pointer),
    }  # fmt: skip


MAIN = _texts()

__all__ = ["MAGIC", "MAIN", "MOST", "SHARED", "WORDS"]
