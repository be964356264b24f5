"""Pool: the threads that run the pieces of large loop nests, in native code.

``void parallel(ptr function, ptr context, i64 count)`` calls ``function(context, i)`` for each `i` below `count` and
returns when all calls have. The calling thread takes part; helpers are made when they are first wanted, sleep when
there is nothing to do, and never touch Python. A call that finds the pool busy runs everything by itself, so that
Python threads in compiled code side by side do not wait for one another. Which thread runs a piece is left to chance;
what a piece computes is not.

The pool is compiled when the first program with a large nest is loaded. Where there are no POSIX threads `parallel` is
a loop.
"""

from __future__ import annotations

import ctypes
import os
import platform
import sys
from functools import lru_cache

from ..config import config
from . import cache, callback

NAME = "wengert.parallel"
DECLARATION = f"declare void @{NAME}(ptr, ptr, i64)"
SPIN = 300  # looks at a shared variable before sleeping: some microseconds
# Sizes in bytes that hold pthread_mutex_t, pthread_cond_t and sigset_t on every system we know.
_ROOM = 128

_POSIX = (
    "declare i32 @pthread_mutex_init(ptr, ptr)",
    "declare i32 @pthread_mutex_lock(ptr)",
    "declare i32 @pthread_mutex_unlock(ptr)",
    "declare i32 @pthread_cond_init(ptr, ptr)",
    "declare i32 @pthread_cond_wait(ptr, ptr)",
    "declare i32 @pthread_cond_signal(ptr)",
    "declare i32 @pthread_create(ptr, ptr, ptr, ptr)",
    "declare i32 @pthread_detach(i64)",
    "declare i32 @pthread_sigmask(i32, ptr, ptr)",
    "declare i32 @sigfillset(ptr)",
)

_ALONE = """
define internal void @alone(ptr %function, ptr %context, i64 %count) {
entry:
  br label %loop
loop:
  %i = phi i64 [ 0, %entry ], [ %i.n, %loop ]
  call void %function(ptr %context, i64 %i)
  %i.n = add i64 %i, 1
  %more = icmp slt i64 %i.n, %count
  br i1 %more, label %loop, label %end
end:
  ret void
}
"""

_SERIAL = """
define ptr @main(ptr %setting) {
  ret ptr @alone
}
"""

# `wanted`: how many helpers may still join the job at hand. `working`: how many have joined and are not ready. Both
# change under the mutex only; they are read without it by threads that spin. `asleep`: how many helpers wait and have not
# been signalled, so that on a busy machine, where a helper that was woken may take long to get a processor, the jobs
# that come meanwhile do not pay for waking it again. A helper that wakes without a signal counts twice: a signal too many.
_POOL = """
@setting = internal global ptr null
@busy = internal global i32 0
@helpers = internal global i64 0
@wanted = internal global i64 0
@working = internal global i64 0
@asleep = internal global i64 0
@next = internal global i64 0
@function = internal global ptr null
@context = internal global ptr null
@count = internal global i64 0
@mutex = internal global [ROOM x i8] zeroinitializer, align 64
@wake = internal global [ROOM x i8] zeroinitializer, align 64
@ready = internal global [ROOM x i8] zeroinitializer, align 64
declare i64 @llvm.smin.i64(i64, i64)

; The pool without helpers: at first, and in the child of a fork, which has none of its parent's threads.
define ptr @main(ptr %setting) {
  store ptr %setting, ptr @setting
  store i64 0, ptr @helpers
  store i64 0, ptr @wanted
  store i64 0, ptr @working
  store i64 0, ptr @asleep
  call i32 @pthread_mutex_init(ptr @mutex, ptr null)
  call i32 @pthread_cond_init(ptr @wake, ptr null)
  call i32 @pthread_cond_init(ptr @ready, ptr null)
  store atomic i32 0, ptr @busy release, align 4
  ret ptr @parallel
}

define internal void @take(ptr %function, ptr %context, i64 %count) {
entry:
  br label %loop
loop:
  %i = atomicrmw add ptr @next, i64 1 monotonic
  %more = icmp slt i64 %i, %count
  br i1 %more, label %run, label %end
run:
  call void %function(ptr %context, i64 %i)
  br label %loop
end:
  ret void
}

; Whether a helper is to be signalled, if it is wished; it is counted as awake. With the mutex only.
define internal i1 @wakes(i1 %wished) {
  %asleep = load i64, ptr @asleep
  %some = icmp sgt i64 %asleep, 0
  %yes = and i1 %some, %wished
  %one = zext i1 %yes to i64
  %rest = sub i64 %asleep, %one
  store i64 %rest, ptr @asleep
  ret i1 %yes
}

define internal ptr @help(ptr %unused) {
entry:
  br label %spin
spin:
  %looks = phi i64 [ 0, %entry ], [ 0, %leave ], [ %looks.n, %again ]
  %seen = load atomic i64, ptr @wanted monotonic, align 8
  %work = icmp sgt i64 %seen, 0
  %looks.n = add i64 %looks, 1
  %patient = icmp slt i64 %looks.n, SPIN
  br i1 %work, label %join, label %idle
idle:
  br i1 %patient, label %again, label %join
again:
  PAUSE
  br label %spin
join:
  call i32 @pthread_mutex_lock(ptr @mutex)
  br label %check
check:
  %wanted = load atomic i64, ptr @wanted monotonic, align 8
  %open = icmp sgt i64 %wanted, 0
  br i1 %open, label %start, label %sleep
sleep:
  %asleep = load i64, ptr @asleep
  %asleep.n = add i64 %asleep, 1
  store i64 %asleep.n, ptr @asleep
  call i32 @pthread_cond_wait(ptr @wake, ptr @mutex)
  br label %check
start:
  %left = sub i64 %wanted, 1
  store atomic i64 %left, ptr @wanted monotonic, align 8
  %working = load atomic i64, ptr @working monotonic, align 8
  %working.n = add i64 %working, 1
  store atomic i64 %working.n, ptr @working monotonic, align 8
  %function = load ptr, ptr @function
  %context = load ptr, ptr @context
  %count = load i64, ptr @count
  %others = icmp sgt i64 %left, 0
  %rouses = call i1 @wakes(i1 %others)
  call i32 @pthread_mutex_unlock(ptr @mutex)
  br i1 %rouses, label %rouse, label %run
rouse:
  call i32 @pthread_cond_signal(ptr @wake)
  br label %run
run:
  call void @take(ptr %function, ptr %context, i64 %count)
  call i32 @pthread_mutex_lock(ptr @mutex)
  %busy = load atomic i64, ptr @working monotonic, align 8
  %busy.n = sub i64 %busy, 1
  store atomic i64 %busy.n, ptr @working release, align 8
  %last = icmp eq i64 %busy.n, 0
  br i1 %last, label %tell, label %leave
tell:
  call i32 @pthread_cond_signal(ptr @ready)
  br label %leave
leave:
  call i32 @pthread_mutex_unlock(ptr @mutex)
  br label %spin
}

; Make helpers, until there are so many or the system has no more. Signals are left to Python's threads.
define internal void @recruit(i64 %enough) {
entry:
  %all = alloca [ROOM x i8], align 64
  %old = alloca [ROOM x i8], align 64
  %thread = alloca i64
  %have = load i64, ptr @helpers
  %few = icmp slt i64 %have, %enough
  br i1 %few, label %mask, label %end
mask:
  call i32 @sigfillset(ptr %all)
  call i32 @pthread_sigmask(i32 SETMASK, ptr %all, ptr %old)
  br label %make
make:
  %n = phi i64 [ %have, %mask ], [ %n.n, %made ]
  %failed = call i32 @pthread_create(ptr %thread, ptr null, ptr @help, ptr null)
  %good = icmp eq i32 %failed, 0
  br i1 %good, label %made, label %unmask
made:
  %id = load i64, ptr %thread
  call i32 @pthread_detach(i64 %id)
  %n.n = add i64 %n, 1
  store i64 %n.n, ptr @helpers
  %more = icmp slt i64 %n.n, %enough
  br i1 %more, label %make, label %unmask
unmask:
  call i32 @pthread_sigmask(i32 SETMASK, ptr %old, ptr null)
  br label %end
end:
  ret void
}

define internal void @parallel(ptr %function, ptr %context, i64 %count) {
entry:
  %cell = load ptr, ptr @setting
  %set = load atomic i64, ptr %cell monotonic, align 8
  %known = icmp sgt i64 %set, 0
  br i1 %known, label %share, label %ask
ask:
  ; Threads of Python have numbers of their own.
  %asks.a = getelementptr i64, ptr %cell, i64 1
  %asks = load ptr, ptr %asks.a
  %found = call i64 %asks()
  br label %share
share:
  %threads = phi i64 [ %set, %entry ], [ %found, %ask ]
  %most = call i64 @llvm.smin.i64(i64 %threads, i64 %count)
  %helpers = sub i64 %most, 1
  %several = icmp sgt i64 %helpers, 0
  br i1 %several, label %try, label %serial
try:
  %taken = cmpxchg ptr @busy, i32 0, i32 1 acq_rel monotonic
  %free = extractvalue { i32, i1 } %taken, 1
  br i1 %free, label %together, label %serial
serial:
  call void @alone(ptr %function, ptr %context, i64 %count)
  ret void
together:
  call void @recruit(i64 %helpers)
  call i32 @pthread_mutex_lock(ptr @mutex)
  store ptr %function, ptr @function
  store ptr %context, ptr @context
  store i64 %count, ptr @count
  store atomic i64 0, ptr @next monotonic, align 8
  store atomic i64 %helpers, ptr @wanted monotonic, align 8
  %rouses = call i1 @wakes(i1 true)
  call i32 @pthread_mutex_unlock(ptr @mutex)
  br i1 %rouses, label %rouse, label %run
rouse:
  call i32 @pthread_cond_signal(ptr @wake)
  br label %run
run:
  call void @take(ptr %function, ptr %context, i64 %count)
  call i32 @pthread_mutex_lock(ptr @mutex)
  store atomic i64 0, ptr @wanted monotonic, align 8
  call i32 @pthread_mutex_unlock(ptr @mutex)
  br label %spin
spin:
  %looks = phi i64 [ 0, %run ], [ %looks.n, %again ]
  %working = load atomic i64, ptr @working acquire, align 8
  %looks.n = add i64 %looks, 1
  %patient = icmp slt i64 %looks.n, SPIN
  %over = icmp eq i64 %working, 0
  br i1 %over, label %end, label %unready
unready:
  br i1 %patient, label %again, label %rest
again:
  PAUSE
  br label %spin
rest:
  call i32 @pthread_mutex_lock(ptr @mutex)
  br label %check
check:
  %still = load atomic i64, ptr @working acquire, align 8
  %done = icmp eq i64 %still, 0
  br i1 %done, label %awake, label %sleep
sleep:
  call i32 @pthread_cond_wait(ptr @ready, ptr @mutex)
  br label %check
awake:
  call i32 @pthread_mutex_unlock(ptr @mutex)
  br label %end
end:
  store atomic i32 0, ptr @busy release, align 4
  ret void
}
"""


def text() -> str:
    """The pool's module. Its `main` takes the address of the number of threads, and of what gives it where it is not positive, and gives that of `parallel`."""
    if sys.platform == "win32":
        return _ALONE + _SERIAL
    import signal

    machine = platform.machine().lower()
    pause, declaration = "", ""
    if machine in ("x86_64", "amd64"):
        pause, declaration = "call void @llvm.x86.sse2.pause()", "declare void @llvm.x86.sse2.pause()"
    elif machine in ("aarch64", "arm64"):
        pause, declaration = "call void @llvm.aarch64.hint(i32 1)", "declare void @llvm.aarch64.hint(i32)"
    body = _POOL.replace("PAUSE", pause).replace("SPIN", str(SPIN)).replace("ROOM", str(_ROOM))
    body = body.replace("SETMASK", str(int(signal.SIG_SETMASK)))
    return "\n".join([*_POSIX, declaration, _ALONE, body])


@lru_cache(maxsize=1)
def address() -> int:
    """The address of `parallel`; the pool is compiled when it is first asked for."""
    module = text()
    symbols = [line.split("@")[1].split("(")[0] for line in module.splitlines() if line.startswith("declare")]
    code = cache.code_of(module, [s for s in symbols if not s.startswith("llvm.")])
    cache.keep(code)  # helpers sleep in it
    begin = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p)(code.main)
    config.thread_cell[1] = callback.threads_address()
    setting = config.thread_cell.ctypes.data
    found = begin(setting)
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=lambda: begin(setting))
    return found
