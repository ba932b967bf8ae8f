"""Ranges of days and of message ids: how a scattered set becomes a few stretches of a sort key.

A statement that names a stretch in its predicate reads only the blocks in it. A set is cut where it has gaps,
so that one straggler from last year costs one more statement instead of a year of blocks.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from itertools import pairwise

PREFIX_LENGTH = 6
"""Leading characters of a ULID that tell its time to 1,048,576 ms, about 17.5 minutes."""

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_UNIT_MS = 32 ** (10 - PREFIX_LENGTH)
_DAY_GAP = 3
_RANGES_MAX = 16
_BOUNDED_STRETCHES_MAX = 3

IdRange = tuple[str, str]
"""The first message id of a range and the first after it."""


def units(time: timedelta) -> int:
    """How many steps of a prefix a time takes, rounded up."""
    return -(-int(time.total_seconds() * 1000) // _UNIT_MS)


def prefix_number(prefix: str) -> int:
    """The place of a ULID's prefix among all prefixes. Raises ValueError for what no ULID begins with."""
    number = 0
    for character in prefix:
        number = number * 32 + _ALPHABET.index(character)
    return number


def prefix(number: int) -> str:
    """The prefix at a place."""
    characters = []
    for _ in range(PREFIX_LENGTH):
        number, digit = divmod(number, 32)
        characters.append(_ALPHABET[digit])
    return "".join(reversed(characters))


def stretches(numbers: Iterable[int], gap: int, most: int = _RANGES_MAX) -> list[tuple[int, int]]:
    """First and last numbers of the stretches of a set that are more than ``gap`` apart.

    Where there would be more than ``most``, the gap grows until there are not.
    """
    ordered = sorted(set(numbers))
    if not ordered:
        return []
    while True:
        cuts = [(a, b) for a, b in pairwise(ordered) if b - a > gap]
        if len(cuts) < most:
            break
        gap *= 2
    begins = [ordered[0], *(b for _, b in cuts)]
    ends = [*(a for a, _ in cuts), ordered[-1]]
    return list(zip(begins, ends, strict=True))


def date_ranges(days: Iterable[date]) -> list[tuple[date, date]]:
    """The first and the last day of each stretch of a set of days."""
    return [
        (date.fromordinal(first), date.fromordinal(last))
        for first, last in stretches((day.toordinal() for day in days), _DAY_GAP)
    ]


def id_ranges(prefixes: Iterable[str]) -> list[IdRange]:
    """Ranges of message ids that cover all ids beginning with one of the prefixes."""
    numbers = (prefix_number(p) for p in prefixes)
    gap = units(timedelta(days=_DAY_GAP))
    return [(prefix(first), prefix(last + 1)) for first, last in stretches(numbers, gap)]


def bounded_id_ranges(
    counted: Sequence[tuple[str, int]], *, most: int, few: int, span: timedelta, gap: timedelta
) -> list[IdRange]:
    """Ranges of message ids, each of at most ``most`` ids, but at least one prefix.

    ``counted`` is each prefix, in order, with the number of ids that begin with it. Every range costs a round of
    statements, however few ids are in it: a range of more than ``few`` ids goes no further than ``span``, and ids
    made more than ``gap`` apart go into different ranges, but at the widest gaps only where there are many.
    """
    found: list[IdRange] = []
    numbered = [(prefix_number(text), count) for text, count in counted]
    cuts = {
        first
        for first, _ in stretches((n for n, _ in numbered), units(gap), _BOUNDED_STRETCHES_MAX)
    }
    begin = last = total = 0
    span_units = units(span)
    for number, count in numbered:
        is_full = total + count > most or (total + count > few and number - begin >= span_units)
        if total and (is_full or number in cuts):
            found.append((prefix(begin), prefix(last + 1)))
            total = 0
        if not total:
            begin = number
        total += count
        last = number
    if total:
        found.append((prefix(begin), prefix(last + 1)))
    return found
