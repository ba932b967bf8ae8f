"""Columns of text, made a whole column at a time: ids, tokens and times as fixed-width bytes.

A line of JSON is a template filled with one value from each column; what costs time is turning
numbers into text, so that is done here with table look-ups on whole arrays. What the fields mean is
the business of the services.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

import numpy as np
from numpy.typing import NDArray

from sms_warehouse.local.traffic.draws import Ids, Ints

Texts = NDArray[np.bytes_]

DAY_MS = 86_400_000
DAY_S = 86_400
EPOCH_ORDINAL = date(1970, 1, 1).toordinal()

_CROCKFORD = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_BASE62 = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


def _pairs(alphabet: bytes) -> NDArray[np.uint16]:
    return np.array([bytes((a, b)) for a in alphabet for b in alphabet], dtype="S2").view(np.uint16)


_CROCKFORD_PAIRS = _pairs(_CROCKFORD)
_HEX_PAIRS = _pairs(b"0123456789abcdef")
_BASE62_PAIRS = _pairs(_BASE62)
_SECONDS = (
    np.array(
        [b"%02d:%02d:%02d" % (s // 3600, s // 60 % 60, s % 60) for s in range(DAY_S)], dtype="S8"
    )
    .view(np.uint8)
    .reshape(-1, 8)
)
_MILLISECONDS = (
    np.array([b".%03dZ" % ms for ms in range(1000)], dtype="S5").view(np.uint8).reshape(-1, 5)
)

TOKEN_BITS = 53
"""Tokens of messages count from 0 to 2**53; nine characters of base 62 reach half as far again."""
TOKEN_VALUES = 62**9


def ulids(times_ms: Ints, high: Ids, low: Ids) -> Texts:
    """ULIDs of these times (milliseconds since 1970); chance: 16 bits of ``high``, all of ``low``."""
    upper = (times_ms.astype(np.uint64) << np.uint64(16)) | (high & np.uint64(0xFFFF))
    ten = np.uint64(0x3FF)
    out = np.empty((len(times_ms), 13), np.uint16)
    for pair in range(6):
        out[:, 12 - pair] = _CROCKFORD_PAIRS[(low >> np.uint64(10 * pair)) & ten]
    out[:, 6] = _CROCKFORD_PAIRS[
        (low >> np.uint64(60)) | ((upper & np.uint64(0x3F)) << np.uint64(4))
    ]
    for pair in range(7, 13):
        out[:, 12 - pair] = _CROCKFORD_PAIRS[(upper >> np.uint64(10 * (pair - 7) + 6)) & ten]
    return out.view("S26").ravel()


def tokens(values: Ids) -> Texts:
    """Nine characters of base 62 for each value below ``TOKEN_VALUES``, one to one."""
    out = np.empty((len(values), 10), np.uint8)
    pairs = out.view(np.uint16)
    rest = values
    for place in range(4, 0, -1):
        rest, pair = np.divmod(rest, np.uint64(3844))
        pairs[:, place] = _BASE62_PAIRS[pair]
    out[:, 1] = np.frombuffer(_BASE62, np.uint8)[rest]
    return np.ascontiguousarray(out[:, 1:]).view("S9").ravel()


def hexes(*words: Ids) -> Texts:
    """16 lower-case hexadecimal digits for each word, the words of a row one after the other."""
    columns = np.empty((len(words[0]), len(words)), ">u8")
    for place, word in enumerate(words):
        columns[:, place] = word
    digits = _HEX_PAIRS[columns.view(np.uint8)]
    return digits.view(f"S{16 * len(words)}").ravel()


def iso_times(times_ms: Ints) -> Texts:
    """``2025-06-01T13:05:02.117Z`` for each time in milliseconds since 1970."""
    days, ms = np.divmod(times_ms, DAY_MS)
    first = int(days.min()) if len(days) else 0
    last = int(days.max()) if len(days) else 0
    dates = (
        np.array([f"{iso_day(day)}T".encode() for day in range(first, last + 1)], dtype="S11")
        .view(np.uint8)
        .reshape(-1, 11)
    )
    seconds, ms = np.divmod(ms, 1000)
    out = np.empty((len(times_ms), 24), np.uint8)
    out[:, :11] = dates[days - first]
    out[:, 11:19] = _SECONDS[seconds]
    out[:, 19:] = _MILLISECONDS[ms]
    return out.view("S24").ravel()


def done_dates(times_ms: Ints) -> Texts:
    """``YYMMDDhhmm``, as SMPP receipts write their dates: to the minute, without a zone."""
    digits = iso_times(times_ms).view(np.uint8).reshape(-1, 24)
    return np.ascontiguousarray(digits[:, [2, 3, 5, 6, 8, 9, 11, 12, 14, 15]]).view("S10").ravel()


def iso_day(day: int) -> str:
    """``2025-06-01`` for a day counted from 1970."""
    return date.fromordinal(day + EPOCH_ORDINAL).isoformat()


def quoted(values: Texts) -> Texts:
    """The values in double quotes."""
    width = values.dtype.itemsize
    out = np.zeros((len(values), width + 2), np.uint8)
    out[:, 0] = 0x22
    out[:, 1 : width + 1] = values.view(np.uint8).reshape(-1, width)
    out[np.arange(len(values)), np.char.str_len(values) + 1] = 0x22
    return out.view(f"S{width + 2}").ravel()


def choice(fragments: Sequence[bytes], which: Ints) -> list[bytes]:
    """The fragment each row has chosen."""
    return np.array(fragments, dtype=object)[which].tolist()


def fill(template: bytes, columns: Iterable[Sequence[object]]) -> list[bytes]:
    """One line for each row: the template with the row's values, by ``%``."""
    return list(map(template.__mod__, zip(*columns, strict=True)))
