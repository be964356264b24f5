"""How a call answers: results are put into their tree, and what is left over is given back.

What is made is owned by ``made.objects`` or a register of ``built``, and moves on into its container; a place whose
object has moved holds null. So wherever a call ends, what is left in these places is what has to be given back.
"""

from __future__ import annotations

from ..layout import Layout
from .words import BUILD, WIDTH, element, field, instruction, loop, require

_PART = f"""{element("%part", "%parts", "%part.i")}
  store ptr null, ptr %part.a
  %part.to = getelementptr ptr, ptr %places, i64 %part.i
  store ptr %part, ptr %part.to"""
_PAIR = f"""{element("%pair", "%parts", "%pair.i")}
{element("%pair.name", "%names", "%pair.i")}
  store ptr null, ptr %pair.a
  %pair.done = call i32 @set.item(ptr %p.allow, ptr %dict.new, ptr %pair.name, ptr %pair)
  call void @Py_DecRef(ptr %pair)
  %pair.set = icmp eq i32 %pair.done, 0
  br i1 %pair.set, label %pair.next, label %lost.dict"""
_REST = f"""{element("%rest.object", "%built.objects", "%rest.i")}
  %rest.some = icmp ne ptr %rest.object, null
  br i1 %rest.some, label %rest.one, label %rest.next
rest.one:
  call void @Py_DecRef(ptr %rest.object)"""


def tree(layout: Layout) -> str:
    """From ``%good.run`` to ``%leave``: the results in their tree."""
    return f"""
good.run:
  %build.start = getelementptr i64, ptr %table, i64 %h.build
  br label %build.next
build.next:
  %b = phi ptr [ %build.start, %good.run ], [ %b.n, %build.step ]
{instruction("b")}
  %parts = getelementptr ptr, ptr %built.objects, i64 %b.d
  switch i64 %b.op, label %return [
    {" ".join(f"i64 {i}, label %build.{name}" for name, i in BUILD.items() if name != "end")}
  ]
return:
{element("%whole", "%built.objects", "0")}
  br label %leave
build.step:
  %built = phi ptr [ %one, %build.array ], [ %number.object, %build.scalar ], [ %p.none, %build.none ],
    [ %sequence.new, %part.head ], [ %dict.new, %pair.head ]
  %built.a = getelementptr ptr, ptr %built.objects, i64 %b.a
  store ptr %built, ptr %built.a
  %b.n = getelementptr i64, ptr %b, i64 {WIDTH}
  br label %build.next
build.array:
{element("%one", "%made.objects", "%b.b")}
  store ptr null, ptr %one.a
  br label %build.step
build.scalar:
  %scalar.place = add i64 %h.arguments, %b.b
{element("%scalar.at", "%addresses", "%scalar.place")}
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
{require("tuple.fill", "%tuple.made", "lost")}
  %tuple.room = getelementptr i8, ptr %tuple.new, i64 {layout.tuple_items}
  br label %fill
build.list:
  %list.new = call ptr @new.list(ptr %p.allow, i64 %b.c)
  %list.made = icmp ne ptr %list.new, null
{require("list.fill", "%list.made", "lost")}
{field("%list.room", "%list.new", layout.list_items, "ptr")}
  br label %fill
fill:
  %sequence.new = phi ptr [ %tuple.new, %tuple.fill ], [ %list.new, %list.fill ]
  %places = phi ptr [ %tuple.room, %tuple.fill ], [ %list.room, %list.fill ]
{loop("part", "%b.c", "fill", "build.step", _PART)}
build.dict:
  %dict.new = call ptr @new.dict(ptr %p.allow)
  %dict.made = icmp ne ptr %dict.new, null
{require("dict.fill", "%dict.made", "lost")}
  %names = getelementptr i64, ptr %table, i64 %b.e
{loop("pair", "%b.c", "dict.fill", "build.step", _PAIR)}
lost.dict:
  call void @Py_DecRef(ptr %dict.new)
  br label %lost
lost:
{loop("rest", "%h.registers", "lost", "drop", _REST)}
"""


_DROP = f"""{element("%drop.object", "%made.objects", "%drop.i")}
  %drop.some = icmp ne ptr %drop.object, null
  br i1 %drop.some, label %drop.one, label %drop.next
drop.one:
  call void @Py_DecRef(ptr %drop.object)"""
_OWNED = f"""{element("%owned.object", "%owned.objects", "%owned.i")}
  call void @Py_DecRef(ptr %owned.object)"""
OTHERWISE = f"""
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
{loop("drop", "%h.results", "drop", "dropped", _DROP)}
dropped:
  br label %leave
leave:
  %out = phi ptr [ %whole, %return ], [ %p.missed, %miss ], [ %returned, %dropped ]
  %owned.count = load i64, ptr %owned.count.at
{loop("owned", "%owned.count", "leave", "left", _OWNED)}
left:
  br i1 %frame.large, label %left.frame, label %end
left.frame:
  call void @free(ptr %frame)
  br label %end
end:
  ret ptr %out
}}
"""


__all__ = ["OTHERWISE", "tree"]
