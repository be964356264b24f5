"""Caller: the one native function through which all compiled functions are called from Python.

It is a method of a table of numbers (a NumPy array; `entry` writes it), with one argument: the pair ``(args, kwargs)``.
The table holds three lists of instructions: how the arguments are matched, which results are made, and into what tree
they are put. So a new program needs a new table and no new code; this code is compiled once, and then it is in the disk
cache.

Instructions are `WIDTH` words: an operation, then five operands called a to e below. Registers hold objects; an object
in a container is matched in its own register, the children of one container in registers side by side.

Ownership. Everything that is taken out of a list or a dict is owned until the call ends, for another thread may change
the container while `main` runs without Python's lock; addresses and shapes are read once, before. What is made is owned by
`made.objects` or a register of `built`, and moves on into its container; a place whose object has moved holds null. So
wherever a call ends, what is left in these places is what has to be given back. Every allocation may fail, and tests
make each of them fail by `allow`, a counter of the allocations that are still granted (`allocation.py`).
"""

from __future__ import annotations

from functools import lru_cache

from .allocation import REFUSED
from .layout import ARRAY, ITEMS, READY, SCALAR, SIZE, TYPE, VOID, WRITEABLE

WIDTH = 6
# Words at the head of the table. The lists are given by the number of their first word.
HEAD = {
    name: i
    for i, name in enumerate(
        "main callback workspace bytes release arguments results registers match make build allow "
        "handler ndarray tuple list dict none float int bool true missed failed".split()
    )
}
NUMBERS = frozenset("bytes release arguments results registers match make build".split())
# Matching: `a` is the register of the object, `e` the number of the argument whose address is found.
MATCH = {
    name: i
    for i, name in enumerate(
        "end tuple list dict none array owned scalar key double single bool int64 int32 literal".split()
    )
}
MAKE = {"end": 0, "array": 1, "slot": 2, "large": 3, "held": 4}
BUILD = {"end": 0, "array": 1, "scalar": 2, "none": 3, "tuple": 4, "list": 5, "dict": 6}
SMALL_WORKSPACE = 16 * 1024  # on the stack
LOST = -1  # the status of a call that could not begin
SMALL_FRAME = 16 * 1024  # bytes of the places below, on the stack
SLOT = 32  # bytes of a number that is an argument or a result: a complex long double at most

_DECLARATIONS = """
declare void @Py_IncRef(ptr)
declare void @Py_DecRef(ptr)
declare ptr @PyDict_GetItemWithError(ptr, ptr)
declare i64 @PyDict_Size(ptr)
declare void @PyErr_Clear()
declare ptr @PyErr_NoMemory()
declare i64 @PyLong_AsLongLongAndOverflow(ptr, ptr)
declare ptr @PyTuple_New(i64)
declare ptr @PyList_New(i64)
declare ptr @PyDict_New()
declare ptr @PyWeakref_NewRef(ptr, ptr)
declare i32 @PyDict_SetItem(ptr, ptr, ptr)
declare ptr @PyEval_SaveThread()
declare void @PyEval_RestoreThread(ptr)
declare ptr @malloc(i64)
declare void @free(ptr)
declare ptr @PyArray_Scalar(ptr, ptr, ptr)
declare ptr @PyArray_NewFromDescr(ptr, ptr, i32, ptr, ptr, ptr, i32, ptr)
declare ptr @PyDataMem_SetHandler(ptr)
"""


def _allocating(name: str, function: str, parameters: str, otherwise: str = "") -> str:
    """``NAME(allow, ...)``: a function that makes something, unless it is refused."""
    types = parameters.split(", ")
    given = ", ".join(f"{t} %p{i}" for i, t in enumerate(types)) if parameters else ""
    return f"""
define internal ptr @{name}(ptr %allow{", " * bool(given)}{given}) {{
  %no = call i1 @refused(ptr %allow)
  br i1 %no, label %none, label %make
none:
{otherwise}  %error = call ptr @PyErr_NoMemory()
  ret ptr null
make:
  %made = call ptr @{function}({given})
  ret ptr %made
}}
"""


_ARRAY_PARAMETERS = "ptr, ptr, i32, ptr, ptr, ptr, i32, ptr"
_GET_MEMORY = """
define internal ptr @get.memory(ptr %allow, i64 %bytes) {
  %no = call i1 @refused(ptr %allow)
  br i1 %no, label %none, label %ask
ask:
  %made = call ptr @malloc(i64 %bytes)
  %failed = icmp eq ptr %made, null
  br i1 %failed, label %none, label %some
none:
  %error = call ptr @PyErr_NoMemory()
  ret ptr null
some:
  ret ptr %made
}
"""
_SET_ITEM = """
define internal i32 @set.item(ptr %allow, ptr %dict, ptr %key, ptr %value) {
  %no = call i1 @refused(ptr %allow)
  br i1 %no, label %none, label %set
none:
  %error = call ptr @PyErr_NoMemory()
  ret i32 -1
set:
  %done = call i32 @PyDict_SetItem(ptr %dict, ptr %key, ptr %value)
  ret i32 %done
}
"""
_FUNCTIONS = REFUSED + "".join(
    [
        _allocating("new.tuple", "PyTuple_New", "i64"),
        _allocating("new.list", "PyList_New", "i64"),
        _allocating("new.dict", "PyDict_New", ""),
        _allocating("new.scalar", "PyArray_Scalar", "ptr, ptr, ptr"),
        _allocating("new.array", "PyArray_NewFromDescr", _ARRAY_PARAMETERS, "  call void @Py_DecRef(ptr %p1)\n"),
        _allocating("new.reference", "PyWeakref_NewRef", "ptr, ptr"),
        _allocating("set.handler", "PyDataMem_SetHandler", "ptr"),
        _GET_MEMORY,
        _SET_ITEM,
    ]
)


def _head(*names: str) -> str:
    """Loads of words of the table's head: numbers as ``%h.NAME``, addresses as ``%p.NAME``."""
    lines = []
    for n in names:
        kind, type_ = ("h", "i64") if n in NUMBERS else ("p", "ptr")
        lines.append(f"  %at.{n} = getelementptr i64, ptr %table, i64 {HEAD[n]}")
        lines.append(f"  %{kind}.{n} = load {type_}, ptr %at.{n}")
    return "\n".join(lines)


def _field(name: str, base: str, offset: int, type_: str) -> str:
    return f"  {name}.a = getelementptr i8, ptr {base}, i64 {offset}\n  {name} = load {type_}, ptr {name}.a"


def _element(name: str, base: str, index: str, type_: str = "ptr") -> str:
    return f"  {name}.a = getelementptr {type_}, ptr {base}, i64 {index}\n  {name} = load {type_}, ptr {name}.a"


def _instruction(prefix: str) -> str:
    """The operation and the operands of the instruction at ``%PREFIX``; addresses among them as pointers too."""
    lines = [_element(f"%{prefix}.op", f"%{prefix}", "0", "i64")]
    for i, x in enumerate("abcde", 1):
        lines.append(_element(f"%{prefix}.{x}", f"%{prefix}", str(i), "i64"))
    lines.append(f"  %{prefix}.object = inttoptr i64 %{prefix}.b to ptr")
    return "\n".join(lines)


def _require(label: str, condition: str, otherwise: str = "miss") -> str:
    return f"  br i1 {condition}, label %{label}, label %{otherwise}\n{label}:"


def _loop(name: str, count: str, before: str, after: str, body: str) -> str:
    """``for NAME.i below COUNT``, from the block `before`; it ends in a jump to `after`."""
    return f"""  br label %{name}.head
{name}.head:
  %{name}.i = phi i64 [ 0, %{before} ], [ %{name}.n, %{name}.next ]
  %{name}.more = icmp slt i64 %{name}.i, {count}
  br i1 %{name}.more, label %{name}.body, label %{after}
{name}.body:
{body}
{"" if body.rstrip().endswith(f"label %{name}.next") else f"  br label %{name}.next"}
{name}.next:
  %{name}.n = add i64 %{name}.i, 1
  br label %{name}.head
"""


_ITEM = f"""{_element("%item", "%items", "%item.i")}
  %child = getelementptr ptr, ptr %children, i64 %item.i
  store ptr %item, ptr %child
  br i1 %is.fixed, label %item.next, label %item.own
item.own:
  call void @Py_IncRef(ptr %item)
  %item.count = load i64, ptr %owned.count.at
  %item.owned = getelementptr ptr, ptr %owned.objects, i64 %item.count
  store ptr %item, ptr %item.owned
  %item.count.n = add i64 %item.count, 1
  store i64 %item.count.n, ptr %owned.count.at
  br label %item.next"""
_VALUE = f"""{_element("%name", "%keys", "%value.i")}
  %value = call ptr @PyDict_GetItemWithError(ptr %x, ptr %name)
  %found = icmp ne ptr %value, null
{_require("value.found", "%found", "miss_clear")}
  %value.to = getelementptr ptr, ptr %values, i64 %value.i
  store ptr %value, ptr %value.to
  call void @Py_IncRef(ptr %value)
  %value.count = load i64, ptr %owned.count.at
  %value.owned = getelementptr ptr, ptr %owned.objects, i64 %value.count
  store ptr %value, ptr %value.owned
  %value.count.n = add i64 %value.count, 1
  store i64 %value.count.n, ptr %owned.count.at"""
_MATCH = f"""
  %match.start = getelementptr i64, ptr %table, i64 %h.match
  br label %match.next
match.next:
  %m = phi ptr [ %match.start, %begun ], [ %m.n, %match.step ]
{_instruction("m")}
{_element("%x", "%objects", "%m.a")}
{_field("%type", "%x", TYPE, "ptr")}
  switch i64 %m.op, label %matched [
    {" ".join(f"i64 {i}, label %match.{name}" for name, i in MATCH.items() if name != "end")}
  ]
match.step:
  %m.n = getelementptr i64, ptr %m, i64 {WIDTH}
  br label %match.next

match.tuple:
  %is.tuple = icmp eq ptr %type, %p.tuple
{_require("tuple.items", "%is.tuple")}
  %items.tuple = getelementptr i8, ptr %x, i64 {ITEMS}
  br label %sequence
match.list:
  %is.list = icmp eq ptr %type, %p.list
{_require("list.items", "%is.list")}
{_field("%items.list", "%x", ITEMS, "ptr")}
  br label %sequence
sequence:
  %items = phi ptr [ %items.tuple, %tuple.items ], [ %items.list, %list.items ]
  %is.fixed = phi i1 [ true, %tuple.items ], [ false, %list.items ]  ; a tuple that we own owns its items as long
{_field("%size", "%x", SIZE, "i64")}
  %same.size = icmp eq i64 %size, %m.c
{_require("unpack", "%same.size")}
  %children = getelementptr ptr, ptr %objects, i64 %m.d
{_loop("item", "%m.c", "unpack", "match.step", _ITEM)}

match.dict:
  %is.dict = icmp eq ptr %type, %p.dict
{_require("dict.size", "%is.dict")}
  %entries = call i64 @PyDict_Size(ptr %x)
  %same.entries = icmp eq i64 %entries, %m.c
{_require("dict.unpack", "%same.entries")}
  %keys = getelementptr i64, ptr %table, i64 %m.e
  %values = getelementptr ptr, ptr %objects, i64 %m.d
{_loop("value", "%m.c", "dict.unpack", "match.step", _VALUE)}
match.none:
  %is.none = icmp eq ptr %x, %p.none
  br i1 %is.none, label %match.step, label %miss

match.scalar:
  %scalar.type = inttoptr i64 %m.c to ptr
  %is.scalar = icmp eq ptr %type, %scalar.type
  %scalar.data = getelementptr i8, ptr %x, i64 {SCALAR}
  br i1 %is.scalar, label %set, label %array
match.key:
  %key.type = inttoptr i64 %m.c to ptr
  %is.key = icmp eq ptr %type, %key.type
  br i1 %is.key, label %key, label %array
key:
{_field("%key.descr", "%x", VOID["descr"], "ptr")}
  %same.key = icmp eq ptr %key.descr, %m.object
{_require("key.is", "%same.key")}
{_field("%key.data", "%x", VOID["data"], "ptr")}
  br label %set
match.array:
  br label %array
match.owned:
  br label %array
array:
  %dimensions.count = phi i64 [ %m.c, %match.array ], [ %m.c, %match.owned ], [ 0, %match.scalar ], [ 0, %match.key ]
  %must = phi i32 [ {READY}, %match.array ], [ {READY | WRITEABLE}, %match.owned ], [ {READY}, %match.scalar ],
    [ {READY}, %match.key ]
  %is.array = icmp eq ptr %type, %p.ndarray
{_require("array.is", "%is.array")}
{_field("%descr", "%x", ARRAY["descr"], "ptr")}
  %same.descr = icmp eq ptr %descr, %m.object
{_field("%nd", "%x", ARRAY["nd"], "i32")}
  %nd.wide = zext i32 %nd to i64
  %same.nd = icmp eq i64 %nd.wide, %dimensions.count
{_field("%flags", "%x", ARRAY["flags"], "i32")}
  %flags.ready = and i32 %flags, %must
  %ready = icmp eq i32 %flags.ready, %must
  %alike = and i1 %same.descr, %same.nd
  %usable = and i1 %alike, %ready
{_require("array.shape", "%usable")}
{_field("%dimensions", "%x", ARRAY["dimensions"], "ptr")}
  %wanted = getelementptr i64, ptr %table, i64 %m.d
  br label %dimension.head
dimension.head:
  %dimension.i = phi i64 [ 0, %array.shape ], [ %dimension.n, %dimension.body ]
  %dimension.more = icmp slt i64 %dimension.i, %dimensions.count
  br i1 %dimension.more, label %dimension.body, label %array.data
dimension.body:
{_element("%length", "%dimensions", "%dimension.i", "i64")}
{_element("%length.wanted", "%wanted", "%dimension.i", "i64")}
  %dimension.n = add i64 %dimension.i, 1
  %same.length = icmp eq i64 %length, %length.wanted
  br i1 %same.length, label %dimension.head, label %miss
array.data:
{_field("%data", "%x", ARRAY["data"], "ptr")}
  br label %set

match.double:
  %is.double = icmp eq ptr %type, %p.float
{_require("double.is", "%is.double")}
{_field("%double", "%x", SCALAR, "double")}
  %double.slot = getelementptr [{SLOT} x i8], ptr %slots, i64 %m.e
  store double %double, ptr %double.slot
  br label %set
match.single:
  %is.single = icmp eq ptr %type, %p.float
{_require("single.is", "%is.single")}
{_field("%single", "%x", SCALAR, "double")}
  %single.narrow = fptrunc double %single to float
  %single.slot = getelementptr [{SLOT} x i8], ptr %slots, i64 %m.e
  store float %single.narrow, ptr %single.slot
  br label %set
match.bool:
  %is.bool = icmp eq ptr %type, %p.bool
{_require("bool.is", "%is.bool")}
  %truth = icmp eq ptr %x, %p.true
  %truth.wide = zext i1 %truth to i8
  %bool.slot = getelementptr [{SLOT} x i8], ptr %slots, i64 %m.e
  store i8 %truth.wide, ptr %bool.slot
  br label %set
match.int64:
  br label %int
match.int32:
  br label %int
int:
  %is.int = icmp eq ptr %type, %p.int
{_require("int.is", "%is.int")}
  %int.slot = getelementptr [{SLOT} x i8], ptr %slots, i64 %m.e
  %over.slot = getelementptr i8, ptr %int.slot, i64 8
  %number = call i64 @PyLong_AsLongLongAndOverflow(ptr %x, ptr %over.slot)
  %over = load i32, ptr %over.slot
  %inside = icmp eq i32 %over, 0
{_require("int.inside", "%inside")}
  store i64 %number, ptr %int.slot
  %narrow = trunc i64 %number to i32
  %narrow.wide = sext i32 %narrow to i64
  %fits = icmp eq i64 %narrow.wide, %number
  %is.wide = icmp eq i64 %m.op, {MATCH["int64"]}
  %good = or i1 %fits, %is.wide
  br i1 %good, label %set, label %miss

match.literal:
  br label %set
set:
  %address = phi ptr [ %scalar.data, %match.scalar ], [ %key.data, %key.is ], [ %data, %array.data ],
    [ %double.slot, %double.is ], [ %single.slot, %single.is ], [ %bool.slot, %bool.is ], [ %int.slot, %int.inside ],
    [ %m.object, %match.literal ]
  %argument = getelementptr ptr, ptr %addresses, i64 %m.e
  store ptr %address, ptr %argument
  %argument.object = getelementptr ptr, ptr %argument.objects, i64 %m.e
  store ptr %x, ptr %argument.object
  br label %match.step
"""

_OTHER = f"""{_element("%other.data", "%addresses", "%other.i")}
{_element("%other.size", "%sizes", "%other.i", "i64")}
  %other.end = getelementptr i8, ptr %other.data, i64 %other.size
  %before.end = icmp ult ptr %other.data, %held.end
  %after.start = icmp ult ptr %held.data, %other.end
  %other.is = icmp ne i64 %other.i, %r.c
  %overlap = and i1 %before.end, %after.start
  %shared = and i1 %overlap, %other.is
  br i1 %shared, label %held.shared, label %other.next"""
_MAKE = f"""
matched:
  %make.start = getelementptr i64, ptr %table, i64 %h.make
  br label %make.next
make.next:
  %r = phi ptr [ %make.start, %matched ], [ %r.n, %make.step ]
  %made = phi i64 [ 0, %matched ], [ %made.n, %make.step ]
{_instruction("r")}
  %place = add i64 %h.arguments, %made
  %place.a = getelementptr ptr, ptr %addresses, i64 %place
  %result.a = getelementptr ptr, ptr %made.objects, i64 %made
  switch i64 %r.op, label %run [
    i64 {MAKE["array"]}, label %make.array i64 {MAKE["slot"]}, label %make.slot i64 {MAKE["large"]}, label %make.large
    i64 {MAKE["held"]}, label %make.held
  ]
make.held:
  ; An argument, if no other one has a part of its memory.
{_element("%held", "%argument.objects", "%r.c")}
{_element("%held.data", "%addresses", "%r.c")}
  %sizes = getelementptr i64, ptr %table, i64 %r.d
{_element("%held.size", "%sizes", "%r.c", "i64")}
  %held.end = getelementptr i8, ptr %held.data, i64 %held.size
{_loop("other", "%r.e", "make.held", "held.alone", _OTHER)}
held.alone:
  call void @Py_IncRef(ptr %held)
  br label %make.step
make.slot:
  %slot = getelementptr [{SLOT} x i8], ptr %slots, i64 %place
  br label %make.step
make.large:
  ; Its memory comes from an allocator of ours, for this one array.
  %usual = call ptr @set.handler(ptr %p.allow, ptr %p.handler)
  %handled = icmp ne ptr %usual, null
  br i1 %handled, label %make.array, label %no_memory
make.array:
  %before = phi ptr [ null, %make.next ], [ %usual, %make.large ]
  call void @Py_IncRef(ptr %r.object)
  %shape = getelementptr i64, ptr %table, i64 %r.d
  %rank = trunc i64 %r.c to i32
  %new = call ptr @new.array(ptr %p.allow, ptr %p.ndarray, ptr %r.object, i32 %rank, ptr %shape, ptr null, ptr null,
    i32 0, ptr null)
  %changed = icmp ne ptr %before, null
  br i1 %changed, label %make.usual, label %make.made
make.usual:
  %ours = call ptr @PyDataMem_SetHandler(ptr %before)  ; which is no new object, so it is not refused
  call void @Py_DecRef(ptr %before)
  %lost.handler = icmp eq ptr %ours, null
  br i1 %lost.handler, label %make.lost, label %make.back
make.back:
  call void @Py_DecRef(ptr %ours)
  br label %make.made
make.lost:
  call void @Py_DecRef(ptr %new)
  br label %no_memory
make.made:
  %memory = icmp ne ptr %new, null
{_require("make.data", "%memory", "no_memory")}
{_field("%new.data", "%new", ARRAY["data"], "ptr")}
  br label %make.step
make.step:
  %room = phi ptr [ %slot, %make.slot ], [ %new.data, %make.data ], [ %held.data, %held.alone ]
  %object = phi ptr [ null, %make.slot ], [ %new, %make.data ], [ %held, %held.alone ]
  store ptr %room, ptr %place.a
  store ptr %object, ptr %result.a
  %made.n = add i64 %made, 1
  %r.n = getelementptr i64, ptr %r, i64 {WIDTH}
  br label %make.next
"""

# NumPy does not resize an array that is weakly referred to, even where its owner says that nobody else has it.
_GUARD = f"""{_element("%guard.object", "%argument.objects", "%guard.i")}
{_field("%guard.type", "%guard.object", TYPE, "ptr")}
  %guard.array = icmp eq ptr %guard.type, %p.ndarray
  br i1 %guard.array, label %guard.make, label %guard.next
guard.make:
  %guard.new = call ptr @new.reference(ptr %p.allow, ptr %guard.object, ptr null)
  %guard.made = icmp ne ptr %guard.new, null
  br i1 %guard.made, label %guard.own, label %guard.lost
guard.own:
  %guard.count = load i64, ptr %owned.count.at
  %guard.owned = getelementptr ptr, ptr %owned.objects, i64 %guard.count
  store ptr %guard.new, ptr %guard.owned
  %guard.count.n = add i64 %guard.count, 1
  store i64 %guard.count.n, ptr %owned.count.at
  br label %guard.next"""
_RUN = f"""
run:
  %large = icmp ugt i64 %h.bytes, {SMALL_WORKSPACE}
  br i1 %large, label %borrow, label %small
small:
  %on.stack = alloca i8, i64 %h.bytes, align 64
  br label %start
borrow:
  ; A block kept from the last call, or a new one if another call has it.
  %kept = atomicrmw xchg ptr %at.workspace, ptr null acq_rel
  %none.kept = icmp eq ptr %kept, null
  br i1 %none.kept, label %allocate, label %borrowed
allocate:
  %bytes.more = add i64 %h.bytes, 64
  %fresh = call ptr @get.memory(ptr %p.allow, i64 %bytes.more)
  %fresh.none = icmp eq ptr %fresh, null
  br i1 %fresh.none, label %no_room, label %borrowed
borrowed:
  %block = phi ptr [ %kept, %borrow ], [ %fresh, %allocate ]
  %block.number = ptrtoint ptr %block to i64
  %block.up = add i64 %block.number, 63
  %block.aligned = and i64 %block.up, -64
  %lent = inttoptr i64 %block.aligned to ptr
  br label %start
start:
  %area = phi ptr [ %on.stack, %small ], [ %lent, %borrowed ]
  %owned = phi ptr [ null, %small ], [ %block, %borrowed ]
  %releases = icmp ne i64 %h.release, 0
  %calls = icmp ne ptr %p.callback, null  ; Python, in which other threads have their turn
  %shared.run = or i1 %releases, %calls
  br i1 %shared.run, label %guard, label %held.run
guard:
{_loop("guard", "%h.arguments", "guard", "guarded", _GUARD)}
guarded:
  br i1 %releases, label %free.run, label %held.run
free.run:
  %thread = call ptr @PyEval_SaveThread()
  %status.free = call i32 %p.main(ptr %addresses, ptr %area, ptr %p.callback)
  call void @PyEval_RestoreThread(ptr %thread)
  br label %ran
held.run:
  %status.held = call i32 %p.main(ptr %addresses, ptr %area, ptr %p.callback)
  br label %ran
guard.lost:
  br label %ran
ran:
  %status = phi i32 [ %status.free, %free.run ], [ %status.held, %held.run ], [ {LOST}, %guard.lost ]
  br i1 %large, label %return.block, label %look
return.block:
  %old = atomicrmw xchg ptr %at.workspace, ptr %owned acq_rel
  call void @free(ptr %old)
  br label %look
look:
  %is.lost = icmp eq i32 %status, {LOST}
  br i1 %is.lost, label %no_room, label %ended
ended:
  %good.status = icmp eq i32 %status, 0
  br i1 %good.status, label %good.run, label %bad.run
"""

_PART = f"""{_element("%part", "%parts", "%part.i")}
  store ptr null, ptr %part.a
  %part.to = getelementptr ptr, ptr %places, i64 %part.i
  store ptr %part, ptr %part.to"""
_PAIR = f"""{_element("%pair", "%parts", "%pair.i")}
{_element("%pair.name", "%names", "%pair.i")}
  store ptr null, ptr %pair.a
  %pair.done = call i32 @set.item(ptr %p.allow, ptr %dict.new, ptr %pair.name, ptr %pair)
  call void @Py_DecRef(ptr %pair)
  %pair.set = icmp eq i32 %pair.done, 0
  br i1 %pair.set, label %pair.next, label %lost.dict"""
_REST = f"""{_element("%rest.object", "%built.objects", "%rest.i")}
  %rest.some = icmp ne ptr %rest.object, null
  br i1 %rest.some, label %rest.one, label %rest.next
rest.one:
  call void @Py_DecRef(ptr %rest.object)"""
_BUILD = f"""
good.run:
  %build.start = getelementptr i64, ptr %table, i64 %h.build
  br label %build.next
build.next:
  %b = phi ptr [ %build.start, %good.run ], [ %b.n, %build.step ]
{_instruction("b")}
  %parts = getelementptr ptr, ptr %built.objects, i64 %b.d
  switch i64 %b.op, label %return [
    {" ".join(f"i64 {i}, label %build.{name}" for name, i in BUILD.items() if name != "end")}
  ]
return:
{_element("%whole", "%built.objects", "0")}
  br label %leave
build.step:
  %built = phi ptr [ %one, %build.array ], [ %number.object, %build.scalar ], [ %p.none, %build.none ],
    [ %sequence.new, %part.head ], [ %dict.new, %pair.head ]
  %built.a = getelementptr ptr, ptr %built.objects, i64 %b.a
  store ptr %built, ptr %built.a
  %b.n = getelementptr i64, ptr %b, i64 {WIDTH}
  br label %build.next
build.array:
{_element("%one", "%made.objects", "%b.b")}
  store ptr null, ptr %one.a
  br label %build.step
build.scalar:
  %scalar.place = add i64 %h.arguments, %b.b
{_element("%scalar.at", "%addresses", "%scalar.place")}
  %scalar.descr = inttoptr i64 %b.c to ptr
  %number.object = call ptr @new.scalar(ptr %p.allow, ptr %scalar.at, ptr %scalar.descr, ptr null)
  %scalar.made = icmp ne ptr %number.object, null
  br i1 %scalar.made, label %build.step, label %lost
build.none:
  call void @Py_IncRef(ptr %p.none)
  br label %build.step
build.tuple:
  %tuple.new = call ptr @new.tuple(ptr %p.allow, i64 %b.c)
  %tuple.made = icmp ne ptr %tuple.new, null
{_require("tuple.fill", "%tuple.made", "lost")}
  %tuple.room = getelementptr i8, ptr %tuple.new, i64 {ITEMS}
  br label %fill
build.list:
  %list.new = call ptr @new.list(ptr %p.allow, i64 %b.c)
  %list.made = icmp ne ptr %list.new, null
{_require("list.fill", "%list.made", "lost")}
{_field("%list.room", "%list.new", ITEMS, "ptr")}
  br label %fill
fill:
  %sequence.new = phi ptr [ %tuple.new, %tuple.fill ], [ %list.new, %list.fill ]
  %places = phi ptr [ %tuple.room, %tuple.fill ], [ %list.room, %list.fill ]
{_loop("part", "%b.c", "fill", "build.step", _PART)}
build.dict:
  %dict.new = call ptr @new.dict(ptr %p.allow)
  %dict.made = icmp ne ptr %dict.new, null
{_require("dict.fill", "%dict.made", "lost")}
  %names = getelementptr i64, ptr %table, i64 %b.e
{_loop("pair", "%b.c", "dict.fill", "build.step", _PAIR)}
lost.dict:
  call void @Py_DecRef(ptr %dict.new)
  br label %lost
lost:
{_loop("rest", "%h.registers", "lost", "drop", _REST)}
"""

_DROP = f"""{_element("%drop.object", "%made.objects", "%drop.i")}
  %drop.some = icmp ne ptr %drop.object, null
  br i1 %drop.some, label %drop.one, label %drop.next
drop.one:
  call void @Py_DecRef(ptr %drop.object)"""
_OWNED = f"""{_element("%owned.object", "%owned.objects", "%owned.i")}
  call void @Py_DecRef(ptr %owned.object)"""
_NULL = """  %null.a = getelementptr ptr, ptr %made.objects, i64 %null.i
  store ptr null, ptr %null.a"""
_OTHERWISE = f"""
miss_clear:
  call void @PyErr_Clear()
  br label %miss
miss:
  call void @Py_IncRef(ptr %p.missed)
  br label %leave
bad.run:
  %other.path = icmp eq i32 %status, 3
  %answer = select i1 %other.path, ptr %p.missed, ptr %p.failed
  call void @Py_IncRef(ptr %answer)
  br label %drop
held.shared:
  call void @Py_IncRef(ptr %p.missed)
  br label %drop
no_room:
  br label %no_memory
no_memory:
  br label %drop
drop:
  %returned = phi ptr [ %answer, %bad.run ], [ %p.missed, %held.shared ], [ null, %no_memory ], [ null, %rest.head ]
{_loop("drop", "%h.results", "drop", "dropped", _DROP)}
dropped:
  br label %leave
leave:
  %out = phi ptr [ %whole, %return ], [ %p.missed, %miss ], [ %returned, %dropped ]
  %owned.count = load i64, ptr %owned.count.at
{_loop("owned", "%owned.count", "leave", "left", _OWNED)}
left:
  br i1 %frame.large, label %left.frame, label %end
left.frame:
  call void @free(ptr %frame)
  br label %end
end:
  ret ptr %out
}}
"""


def text() -> str:
    """The caller's module; `main` is the function."""
    return f"""{_DECLARATIONS}
{_FUNCTIONS}
define ptr @main(ptr %self, ptr %given) {{
begin:
{_field("%table", "%self", ARRAY["data"], "ptr")}
{_head(*HEAD)}
  %all = add i64 %h.arguments, %h.results
  %owned.count.at = alloca i64
  store i64 0, ptr %owned.count.at
  ; One block of places: slots, then objects that are made and built, which begin as null, then the others.
  %frame.slots = mul i64 %all, {SLOT}
  %frame.nulls = add i64 %h.results, %h.registers
  %frame.others = add i64 %all, %h.arguments
  %frame.twice = shl i64 %h.registers, 1
  %frame.more = add i64 %frame.twice, %h.arguments
  %frame.objects = add i64 %frame.others, %frame.more
  %frame.pointers = add i64 %frame.nulls, %frame.objects
  %frame.wide = shl i64 %frame.pointers, 3
  %frame.bytes = add i64 %frame.slots, %frame.wide
  %frame.large = icmp ugt i64 %frame.bytes, {SMALL_FRAME}
  br i1 %frame.large, label %frame.heap, label %frame.stack
frame.stack:
  %frame.here = alloca i8, i64 %frame.bytes, align 16
  br label %entry
frame.heap:
  %frame.there = call ptr @get.memory(ptr %p.allow, i64 %frame.bytes)
  %frame.none = icmp eq ptr %frame.there, null
  br i1 %frame.none, label %frame.missing, label %entry
frame.missing:
  ret ptr null
entry:
  %frame = phi ptr [ %frame.here, %frame.stack ], [ %frame.there, %frame.heap ]
  %slots = getelementptr i8, ptr %frame, i64 0
  %made.objects = getelementptr i8, ptr %frame, i64 %frame.slots
{_loop("null", "%frame.nulls", "entry", "begun", _NULL)}
begun:
  %built.objects = getelementptr ptr, ptr %made.objects, i64 %h.results
  %objects = getelementptr ptr, ptr %built.objects, i64 %h.registers
  %addresses = getelementptr ptr, ptr %objects, i64 %h.registers
  %argument.objects = getelementptr ptr, ptr %addresses, i64 %all
  %owned.objects = getelementptr ptr, ptr %argument.objects, i64 %h.arguments
  store ptr %given, ptr %objects
{_MATCH}{_MAKE}{_RUN}{_BUILD}{_OTHERWISE}"""


@lru_cache(maxsize=1)
def address() -> int:
    """The address of the caller, which is compiled when it is first asked for."""
    from . import cache

    module = text()
    symbols = [line.split("@")[1].split("(")[0] for line in _DECLARATIONS.split("\n") if line]
    code = cache.code_of(module, symbols)
    _kept.append(code)
    return code.main


_kept: list[object] = []  # functions that are called at the very end of the process need its code

__all__ = ["BUILD", "HEAD", "MAKE", "MATCH", "WIDTH", "address", "text"]
