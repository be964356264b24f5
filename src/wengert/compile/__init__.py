"""The native compiler: passes over Programs, fusion into loop nests, LLVM code, the native call, the cache.

`backend` is its front, an object of the protocol in `wengert.backends`.
"""
