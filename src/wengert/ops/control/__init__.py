"""Structured control flow: primitives that hold Programs. `branch` cond, `scan`, `loop` while; `primitives` has them with all
their rules; what users call is in `transforms.control`. The package itself imports none of its files: a
thread that imports one of them and a thread that imports the package would wait for each other.
"""
