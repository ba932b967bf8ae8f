"""Which keys are ours, and to which event type and arrival day they belong."""

from datetime import date

import pytest

from sms_warehouse.landing import keys

FIRST, TODAY = date(2026, 1, 1), date(2026, 3, 31)


def place(key: str) -> keys.Place:
    return keys.place(key, first_day=FIRST, today=TODAY)


def test_a_key_of_the_layout_names_its_event_type_and_arrival_day():
    found = place("raw/link_click/v=1/dt=2026-02-28/hh=23/link-redirector-1-x y+%=.json.gz")
    assert found == keys.Place("link_click", date(2026, 2, 28))


def test_the_first_day_and_today_are_both_inside():
    for day in (FIRST, TODAY):
        assert place(f"raw/link_click/v=1/dt={day}/hh=00/x.json.gz").day == day


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("raw/link_click/2026-02-28/x.json.gz", "does not fit"),
        ("raw/link_click/v=1/dt=2026-02-28/hh=01/deeper/x.json.gz", "does not fit"),
        ("raw/link_clack/v=1/dt=2026-02-28/hh=01/x.json.gz", "unknown event type 'link_clack'"),
        ("raw/link_click/v=2/dt=2026-02-28/hh=01/x.json.gz", "unknown version '2'"),
        ("raw/link_click/v=1/dt=2026-02-30/hh=01/x.json.gz", "not a day"),
        ("raw/link_click/v=1/dt=20260228/hh=01/x.json.gz", "not a day"),
        ("raw/link_click/v=1/dt=2026-02-28/hh=24/x.json.gz", "not an hour"),
        ("raw/link_click/v=1/dt=2025-12-31/hh=01/x.json.gz", "before the first partition"),
        ("raw/link_click/v=1/dt=2026-04-01/hh=01/x.json.gz", "has not begun"),
    ],
)
def test_a_key_that_cannot_be_placed_says_why(key, said):
    with pytest.raises(keys.UnplacedKey, match=said):
        place(key)


def test_folder_markers_and_keys_elsewhere_are_not_ours():
    assert keys.is_ours("raw/link_click/v=1/dt=2026-02-28/hh=01/x.json.gz")
    assert not keys.is_ours("raw/link_click/v=1/dt=2026-02-28/hh=01/")
    assert not keys.is_ours("landing/link_click/dt=2026-02-28/x.parquet")


def test_one_day_is_no_prefix_of_another():
    assert keys.day_prefix("link_click", date(2026, 2, 1)).endswith("dt=2026-02-01/")
