"""`wengert.explain`: the chain rule as it was used, step by step, as a table and as a picture of the graph."""

from .steps import Explanation, Step, explain

__all__ = ["Explanation", "Step", "explain"]
