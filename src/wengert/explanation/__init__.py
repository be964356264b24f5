"""`wengert.explain`: the chain rule as it was used, step by step, as a table and as a picture of the graph; of compiled
functions what they cost. `wengert.profile`: what compiled functions take while a program runs.
"""

from .compiled import CompiledExplanation
from .profile import Profile, profile
from .steps import Explanation, Step, explain

__all__ = ["CompiledExplanation", "Explanation", "Profile", "Step", "explain", "profile"]
