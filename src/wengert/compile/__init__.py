"""Everything behind `jit`: passes over Programs, fusion into loop nests, LLVM code, the native call, the cache."""
