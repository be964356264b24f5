"""How a call's arguments are matched: containers are taken apart, leaves are checked and their addresses found.

Registers hold objects; an object in a container is matched in its own register, the children of one container in registers
side by side. What is taken out of a list or a dict is owned until the call ends.
"""

from __future__ import annotations

from ..layout import Layout
from .words import MATCH, SLOT, WIDTH, element, field, instruction, loop, require

_ITEM = f"""{element("%item", "%items", "%item.i")}
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
_VALUE = f"""{element("%name", "%keys", "%value.i")}
  %value = call ptr @PyDict_GetItemWithError(ptr %x, ptr %name)
  %found = icmp ne ptr %value, null
{require("value.found", "%found", "miss_clear")}
  %value.to = getelementptr ptr, ptr %values, i64 %value.i
  store ptr %value, ptr %value.to
  call void @Py_IncRef(ptr %value)
  %value.count = load i64, ptr %owned.count.at
  %value.owned = getelementptr ptr, ptr %owned.objects, i64 %value.count
  store ptr %value, ptr %value.owned
  %value.count.n = add i64 %value.count, 1
  store i64 %value.count.n, ptr %owned.count.at"""


def text(layout: Layout) -> str:
    """From ``%begun`` to ``%matched``: registers and addresses are filled, or there is a miss."""
    ready = layout.contiguous | layout.aligned
    return f"""
  %match.start = getelementptr i64, ptr %table, i64 %h.match
  br label %match.next
match.next:
  %m = phi ptr [ %match.start, %begun ], [ %m.n, %match.step ]
{instruction("m")}
{element("%x", "%objects", "%m.a")}
{field("%type", "%x", layout.type, "ptr")}
  switch i64 %m.op, label %matched [
    {" ".join(f"i64 {i}, label %match.{name}" for name, i in MATCH.items() if name != "end")}
  ]
match.step:
  %m.n = getelementptr i64, ptr %m, i64 {WIDTH}
  br label %match.next

match.tuple:
  %is.tuple = icmp eq ptr %type, %p.tuple
{require("tuple.items", "%is.tuple")}
  %items.tuple = getelementptr i8, ptr %x, i64 {layout.tuple_items}
  br label %sequence
match.list:
  %is.list = icmp eq ptr %type, %p.list
{require("list.items", "%is.list")}
{field("%items.list", "%x", layout.list_items, "ptr")}
  br label %sequence
sequence:
  %items = phi ptr [ %items.tuple, %tuple.items ], [ %items.list, %list.items ]
  %is.fixed = phi i1 [ true, %tuple.items ], [ false, %list.items ]  ; a tuple that we own owns its items as long
{field("%size", "%x", layout.size, "i64")}
  %same.size = icmp eq i64 %size, %m.c
{require("unpack", "%same.size")}
  %children = getelementptr ptr, ptr %objects, i64 %m.d
{loop("item", "%m.c", "unpack", "match.step", _ITEM)}

match.dict:
  %is.dict = icmp eq ptr %type, %p.dict
{require("dict.size", "%is.dict")}
  %entries = call i64 @PyDict_Size(ptr %x)
  %same.entries = icmp eq i64 %entries, %m.c
{require("dict.unpack", "%same.entries")}
  %keys = getelementptr i64, ptr %table, i64 %m.e
  %values = getelementptr ptr, ptr %objects, i64 %m.d
{loop("value", "%m.c", "dict.unpack", "match.step", _VALUE)}
match.none:
  %is.none = icmp eq ptr %x, %p.none
  br i1 %is.none, label %match.step, label %miss

match.scalar:
  %scalar.type = inttoptr i64 %m.c to ptr
  %is.scalar = icmp eq ptr %type, %scalar.type
  %scalar.data = getelementptr i8, ptr %x, i64 {layout.scalar}
  br i1 %is.scalar, label %set, label %array
match.key:
  %key.type = inttoptr i64 %m.c to ptr
  %is.key = icmp eq ptr %type, %key.type
  br i1 %is.key, label %key, label %array
key:
{field("%key.descr", "%x", layout.key_dtype, "ptr")}
  %same.key = icmp eq ptr %key.descr, %m.object
{require("key.is", "%same.key")}
{field("%key.data", "%x", layout.key_data, "ptr")}
  br label %set
match.array:
  br label %array
match.owned:
  br label %array
array:
  %dimensions.count = phi i64 [ %m.c, %match.array ], [ %m.c, %match.owned ], [ 0, %match.scalar ], [ 0, %match.key ]
  %must = phi i32 [ {ready}, %match.array ], [ {ready | layout.writeable}, %match.owned ], [ {ready}, %match.scalar ],
    [ {ready}, %match.key ]
  %is.array = icmp eq ptr %type, %p.ndarray
{require("array.is", "%is.array")}
{field("%descr", "%x", layout.dtype, "ptr")}
  %same.descr = icmp eq ptr %descr, %m.object
{field("%nd", "%x", layout.nd, "i32")}
  %nd.wide = zext i32 %nd to i64
  %same.nd = icmp eq i64 %nd.wide, %dimensions.count
{field("%flags", "%x", layout.flags, "i32")}
  %flags.ready = and i32 %flags, %must
  %ready = icmp eq i32 %flags.ready, %must
  %alike = and i1 %same.descr, %same.nd
  %usable = and i1 %alike, %ready
{require("array.shape", "%usable")}
{field("%dimensions", "%x", layout.dimensions, "ptr")}
  %wanted = getelementptr i64, ptr %table, i64 %m.d
  br label %dimension.head
dimension.head:
  %dimension.i = phi i64 [ 0, %array.shape ], [ %dimension.n, %dimension.body ]
  %dimension.more = icmp slt i64 %dimension.i, %dimensions.count
  br i1 %dimension.more, label %dimension.body, label %array.data
dimension.body:
{element("%length", "%dimensions", "%dimension.i", "i64")}
{element("%length.wanted", "%wanted", "%dimension.i", "i64")}
  %dimension.n = add i64 %dimension.i, 1
  %same.length = icmp eq i64 %length, %length.wanted
  br i1 %same.length, label %dimension.head, label %miss
array.data:
{field("%data", "%x", layout.data, "ptr")}
  br label %set

match.double:
  %is.double = icmp eq ptr %type, %p.float
{require("double.is", "%is.double")}
{field("%double", "%x", layout.float, "double")}
  %double.slot = getelementptr [{SLOT} x i8], ptr %slots, i64 %m.e
  store double %double, ptr %double.slot
  br label %set
match.single:
  %is.single = icmp eq ptr %type, %p.float
{require("single.is", "%is.single")}
{field("%single", "%x", layout.float, "double")}
  %single.narrow = fptrunc double %single to float
  %single.slot = getelementptr [{SLOT} x i8], ptr %slots, i64 %m.e
  store float %single.narrow, ptr %single.slot
  br label %set
match.bool:
  %is.bool = icmp eq ptr %type, %p.bool
{require("bool.is", "%is.bool")}
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
{require("int.is", "%is.int")}
  %int.slot = getelementptr [{SLOT} x i8], ptr %slots, i64 %m.e
  %over.slot = getelementptr i8, ptr %int.slot, i64 8
  %number = call i64 @PyLong_AsLongLongAndOverflow(ptr %x, ptr %over.slot)
  %over = load i32, ptr %over.slot
  %inside = icmp eq i32 %over, 0
{require("int.inside", "%inside")}
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


__all__ = ["text"]
