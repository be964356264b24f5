"""What tests of compiled code and of batches share."""

import sys

import numpy as np


def calls_of(f, *args):
    """The Python functions that run during a call, the compiled function's own among them."""
    seen = []
    sys.setprofile(lambda frame, event, arg: seen.append(frame.f_code.co_name) if event == "call" else None)
    try:
        f(*args)
    finally:
        sys.setprofile(None)
    return seen


class Counted:
    """A function that counts its calls."""

    def __init__(self, f):
        self.f, self.calls = f, 0

    def __call__(self, *args):
        self.calls += 1
        return self.f(*args)


def looped(f, *batches):
    """A function of each example, one after the other."""
    return np.stack([f(*example) for example in zip(*batches, strict=True)])


def agree(got, wanted):
    np.testing.assert_allclose(got, wanted, rtol=1e-12, atol=1e-14)
