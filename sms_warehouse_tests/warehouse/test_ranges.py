"""How scattered days and message ids become a few ranges."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sms_warehouse.ranges import (
    bounded_id_ranges,
    date_ranges,
    id_ranges,
    prefix,
    prefix_number,
    stretches,
)
from sms_warehouse_tests.warehouse.world import message_id

PREFIXES = 8 * 32**5


@given(st.integers(0, PREFIXES - 1))
def test_a_prefix_and_its_place_are_one(number: int) -> None:
    assert prefix_number(prefix(number)) == number


def test_prefixes_are_in_the_order_of_time() -> None:
    times = [datetime(2026, 1, 1) + timedelta(minutes=18 * n) for n in range(50)]
    prefixes = [message_id(1, t)[:6] for t in times]
    assert prefixes == sorted(set(prefixes))


def test_what_no_ulid_begins_with_is_refused() -> None:
    with pytest.raises(ValueError, match="substring not found"):
        prefix_number("01J8U?")


@given(st.lists(st.integers(0, 10**6), max_size=60), st.integers(1, 1000), st.integers(1, 9))
def test_stretches_cover_a_set_and_are_few(numbers: list[int], gap: int, most: int) -> None:
    found = stretches(numbers, gap, most)
    assert len(found) <= most
    assert all(sum(a <= n <= b for a, b in found) == 1 for n in numbers)
    assert all(a in numbers and b in numbers for a, b in found)


def test_a_straggler_does_not_widen_the_range_of_the_rest() -> None:
    days = [date(2026, 3, 9), date(2026, 3, 10), date(2001, 1, 1)]
    assert date_ranges(days) == [
        (date(2001, 1, 1), date(2001, 1, 1)),
        (date(2026, 3, 9), date(2026, 3, 10)),
    ]


@given(
    st.lists(st.tuples(st.integers(0, PREFIXES - 1), st.integers(1, 900)), min_size=1, max_size=50)
)
def test_bounded_ranges_cover_every_id_once_and_stay_small(groups: list[tuple[int, int]]) -> None:
    counted = sorted({prefix(n): count for n, count in groups}.items())
    span = timedelta(days=7)
    found = bounded_id_ranges(counted, most=1000, few=300, span=span, gap=timedelta(hours=12))
    for text, _ in counted:
        assert sum(a <= text + "Z" * 20 < b for a, b in found) == 1
    for a, b in found:
        held = [count for text, count in counted if a <= text < b]
        assert sum(held) <= 1000 or len(held) == 1


def test_few_ids_of_many_days_are_one_range_and_many_lie_apart() -> None:
    """Each range costs a round of statements over all facts: late clicks of 200 days are not 200 rounds."""

    def made(days_ago: float) -> str:
        return message_id(1, datetime(2026, 3, 10) - timedelta(days=days_ago))[:6]

    def ranges(counted: list[tuple[str, int]]) -> list[tuple[str, str]]:
        return bounded_id_ranges(
            counted, most=1000, few=500, span=timedelta(days=7), gap=timedelta(days=3)
        )

    late = [(made(days), 1) for days in range(200, 0, -1)]
    ((first, end),) = ranges(late)
    assert (first, end > late[-1][0]) == (late[0][0], True)
    # Where there are many, they are not read together with what is far from them.
    today = [(made(hours / 24), 300) for hours in range(4, 0, -1)]
    assert [first for first, _ in ranges([*late, *today])] == [late[0][0], today[1][0]]
    # Sparse as they are, they leave out the widest gaps, not each.
    scattered = [(made(days), 1) for days in (900, 700, 600, 590, 580, 30, 20, 10)]
    assert [first for first, _ in ranges(scattered)] == [made(900), made(700), made(30)]


def test_the_last_id_there_can_be_is_in_a_range() -> None:
    ((first, end),) = id_ranges(["7ZZZZZ"])
    assert first <= "7" + "Z" * 25 < end
