"""Functions of Python, NumPy and the C library that a call uses, and those of its own that allocate.

Each of the latter asks `refused` first, so that tests can let every allocation fail in turn.
"""

from __future__ import annotations

from ..allocation import REFUSED

DECLARATIONS = """
declare void @Py_IncRef(ptr)
declare void @Py_DecRef(ptr)
declare ptr @PyDict_GetItemWithError(ptr, ptr)
declare i64 @PyDict_Size(ptr)
declare void @PyErr_Clear()
declare ptr @PyErr_Occurred()
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
FUNCTIONS = REFUSED + "".join(
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

__all__ = ["DECLARATIONS", "FUNCTIONS"]
