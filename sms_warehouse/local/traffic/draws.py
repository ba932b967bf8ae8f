"""Chance without state: every random choice is a hash of what it is about.

A message's provider, a click's address or the day a recipient opts out is drawn from the world's
seed, the name of the choice and the number of the thing it is about. So any part of the world can
be computed alone, in any order and in any process, and always comes out the same; a stateful
generator could not do that.
"""

from __future__ import annotations

from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.uint64]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]

_STEP = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_UNIT = 2.0**-53


def key(*parts: object) -> np.uint64:
    """The 64-bit key of one choice, for example ``key(seed, "carrier")``."""
    return np.uint64(int.from_bytes(blake2b(repr(parts).encode(), digest_size=8).digest(), "big"))


def bits(choice: np.uint64, ids: Ids) -> Ids:
    """64 random bits for each id: splitmix64 (Steele, Lea and Flood 2014), started at the id."""
    x = ids * _STEP
    x += choice
    x ^= x >> np.uint64(30)
    x *= _MIX_1
    x ^= x >> np.uint64(27)
    x *= _MIX_2
    x ^= x >> np.uint64(31)
    return x


def unit(choice: np.uint64, ids: Ids) -> Floats:
    """A number in [0, 1) for each id."""
    return (bits(choice, ids) >> np.uint64(11)).astype(np.float64) * _UNIT


def below(choice: np.uint64, ids: Ids, limit: int) -> Ints:
    """A whole number in [0, limit) for each id; for limits far below 2**32 without a bias."""
    return (((bits(choice, ids) >> np.uint64(32)) * np.uint64(limit)) >> np.uint64(32)).astype(
        np.int64
    )


def pick(choice: np.uint64, ids: Ids, weights: tuple[float, ...]) -> Ints:
    """An index into ``weights`` for each id, with probability in proportion to the weight."""
    edges = np.cumsum(weights)
    return np.searchsorted(edges[:-1] / edges[-1], unit(choice, ids), side="right")


def normal(choice: np.uint64, ids: Ids) -> Floats:
    """A standard normal number for each id (Box and Muller 1958)."""
    x = bits(choice, ids)
    radius = ((x >> np.uint64(32)).astype(np.float64) + 0.5) * 2.0**-32
    angle = (x & np.uint64(0xFFFFFFFF)).astype(np.float64) * (2.0**-32 * 2 * np.pi)
    return np.asarray(np.sqrt(-2.0 * np.log(radius)) * np.cos(angle), np.float64)


def count(choice: np.uint64, number: int, expected: float) -> int:
    """A whole number that is ``expected`` on average: rounded up or down by chance."""
    whole = int(expected)
    return whole + bool(unit(choice, np.array([number], np.uint64))[0] < expected - whole)
