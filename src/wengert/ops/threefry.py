"""Threefry with two words of 32 bits and 20 rounds, the cipher that the counters of random streams go through.

J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, "Parallel random numbers: as easy as 1, 2, 3", 2011.
"""

from __future__ import annotations

import numpy as np

ndarray = np.ndarray
_ROTATIONS = ((13, 15, 26, 6), (17, 29, 16, 24))
_PARITY = np.uint32(0x1BD11BDA)


def threefry2x32(k0: ndarray, k1: ndarray, x0: ndarray, x1: ndarray) -> tuple[ndarray, ndarray]:
    """20 rounds of threefry over arrays of uint32 words that broadcast together.

    Example:
        >>> import numpy as np
        >>> zero = np.zeros(1, np.uint32)
        >>> [hex(int(w[0])) for w in threefry2x32(zero, zero, zero, zero)]
        ['0x6b200159', '0x99ba4efe']
    """
    words = (k0, k1, k0 ^ k1 ^ _PARITY)
    x0, x1 = x0 + words[0], x1 + words[1]
    for group in range(5):
        for r in _ROTATIONS[group % 2]:
            x0 = x0 + x1
            x1 = (x1 << np.uint32(r)) | (x1 >> np.uint32(32 - r))
            x1 ^= x0
        x0 = x0 + words[(group + 1) % 3]
        x1 = x1 + words[(group + 2) % 3] + np.uint32(group + 1)
    return x0, x1


__all__ = ["threefry2x32"]
