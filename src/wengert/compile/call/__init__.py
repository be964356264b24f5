"""The text of the native call, in the order in which a call goes: `words` (the table's format, and how text is written),
`allocating`, `matching`, `making` (results, and the run), `answering`. `caller` puts it together.
"""
