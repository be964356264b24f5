"""Control flow as native code: loops and branches as steps of a plan.

Passes: `bodies` (what they do with the Programs that loops hold), `tidy` (what is dropped), `motion` (what is moved out
of loops); `walk` is the pullback of a while loop as one operation, `machine` that within a budget of memory. Plans:
`step` (a loop or branch as a step), `prepare` (its Programs as plans of their own, and what is updated in place). Text:
`write` (bodies that work on arrays in memory), `registers` (bodies whose values are in registers, which `fit` tells).

The package itself imports none of its files: a thread that imports one and a thread that imports the package would wait for
each other.
"""
