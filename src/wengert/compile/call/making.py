"""How a call makes its results, and runs the compiled program."""

from __future__ import annotations

from ..layout import Layout
from .words import LOST, MAKE, SLOT, SMALL_WORKSPACE, WIDTH, element, field, instruction, loop, require

_OTHER = f"""{element("%other.data", "%addresses", "%other.i")}
{element("%other.size", "%sizes", "%other.i", "i64")}
  %other.end = getelementptr i8, ptr %other.data, i64 %other.size
  %before.end = icmp ult ptr %other.data, %held.end
  %after.start = icmp ult ptr %held.data, %other.end
  %other.is = icmp ne i64 %other.i, %r.c
  %overlap = and i1 %before.end, %after.start
  %shared = and i1 %overlap, %other.is
  br i1 %shared, label %held.shared, label %other.next"""


def results(layout: Layout) -> str:
    """From ``%matched`` to ``%run``: memory for each result."""
    return f"""
matched:
  %make.start = getelementptr i64, ptr %table, i64 %h.make
  br label %make.next
make.next:
  %r = phi ptr [ %make.start, %matched ], [ %r.n, %make.step ]
  %made = phi i64 [ 0, %matched ], [ %made.n, %make.step ]
{instruction("r")}
  %place = add i64 %h.arguments, %made
  %place.a = getelementptr ptr, ptr %addresses, i64 %place
  %result.a = getelementptr ptr, ptr %made.objects, i64 %made
  switch i64 %r.op, label %run [
    i64 {MAKE["array"]}, label %make.array i64 {MAKE["slot"]}, label %make.slot i64 {MAKE["large"]}, label %make.large
    i64 {MAKE["held"]}, label %make.held
  ]
make.held:
  ; An argument, if no other one has a part of its memory.
{element("%held", "%argument.objects", "%r.c")}
{element("%held.data", "%addresses", "%r.c")}
  %sizes = getelementptr i64, ptr %table, i64 %r.d
{element("%held.size", "%sizes", "%r.c", "i64")}
  %held.end = getelementptr i8, ptr %held.data, i64 %held.size
{loop("other", "%r.e", "make.held", "held.alone", _OTHER)}
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
{require("make.data", "%memory", "no_memory")}
{field("%new.data", "%new", layout.data, "ptr")}
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


def _guard(layout: Layout) -> str:
    return f"""{element("%guard.object", "%argument.objects", "%guard.i")}
{field("%guard.type", "%guard.object", layout.type, "ptr")}
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


def run(layout: Layout) -> str:
    """From ``%run`` to ``%good.run`` or ``%bad.run``: workspace, references that keep arguments as they are, `main`."""
    return f"""
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
{loop("guard", "%h.arguments", "guard", "guarded", _guard(layout))}
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
  ; What a loop of another package's has raised, as SciPy's do where `scipy.special.seterr` asks for it.
  %reports = icmp ne i64 %h.reports, 0
  br i1 %reports, label %reported, label %judged
reported:
  %report = call ptr @PyErr_Occurred()
  %unreported = icmp eq ptr %report, null
  br i1 %unreported, label %judged, label %no_memory
judged:
  %good.status = icmp eq i32 %status, 0
  br i1 %good.status, label %good.run, label %bad.run
"""


__all__ = ["results", "run"]
