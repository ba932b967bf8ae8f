"""The warehouse and the reference say the same of random worlds, in every column of every table."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from sms_warehouse.reports import REPORTS, refresh
from sms_warehouse_tests.conftest import Platform
from sms_warehouse_tests.reference import tables, worlds
from sms_warehouse_tests.reference.given import Given
from sms_warehouse_tests.reference.logs import LogObject, load

FIRST_DAY, LAST_DAY = date(2026, 3, 19), date(2026, 3, 20)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_a_random_world_whose_last_day_arrives_first(platform: Platform) -> None:
    objects = worlds.in_objects(worlds.make(1, 2000), 1, 6, [FIRST_DAY, LAST_DAY])
    late, early = ([o for o in objects if o.day == day] for day in (LAST_DAY, FIRST_DAY))
    _agree(platform, [late, early], "America/New_York")


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_a_random_world_of_whose_day_more_arrives_later(platform: Platform) -> None:
    objects = worlds.in_objects(worlds.make(2, 300), 2, 4, [LAST_DAY])
    _agree(platform, [objects[::2], objects[1::2]], "Pacific/Auckland")


def _agree(platform: Platform, batches: list[list[LogObject]], report_tz: str) -> None:
    """Objects arrive in batches, so facts are made and made again."""
    for batch in batches:
        load(platform.redshift, platform.lake, batch)
    for name in REPORTS:
        refresh(platform.redshift, name, as_of=worlds.AS_OF, report_tz=report_tz)
    given = Given.read(platform.redshift)
    reference = tables.expected(
        [written for batch in batches for written in batch], given, worlds.AS_OF, report_tz
    )
    empty = [table for table, rows in reference.items() if not rows]
    assert not empty
    found = tables.differences(reference, tables.stored(platform.redshift))
    assert not found, "\n".join([f"{len(found)} differences", *found[:40]])


def test_a_world_depends_on_its_seed_alone() -> None:
    assert worlds.make(5, 30) == worlds.make(5, 30)
    assert worlds.make(5, 30) != worlds.make(6, 30)


def test_worlds_hold_late_lines_wrong_clocks_and_doubles() -> None:
    events = worlds.make(1, 300)
    late = [e.fields["logged_at"] - e.fields["occurred_at"] for e in events]
    assert max(late) > timedelta(hours=24)
    assert min(late) < -timedelta(minutes=5)
    assert len({e.fields["event_id"] for e in events}) < len(events)
