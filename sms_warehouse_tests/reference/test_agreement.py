"""The warehouse and the reference say the same of random worlds, in every column of every table."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from sms_warehouse.reports import REPORTS, refresh
from sms_warehouse_tests.conftest import Platform
from sms_warehouse_tests.reference import tables, worlds
from sms_warehouse_tests.reference.given import Given
from sms_warehouse_tests.reference.logs import load

DAYS = [date(2026, 3, 19), date(2026, 3, 20)]


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize(
    ("seed", "messages", "report_tz"),
    [(1, 2000, "America/New_York"), (2, 300, "Pacific/Auckland")],
)
def test_a_random_world(platform: Platform, seed: int, messages: int, report_tz: str) -> None:
    """Its objects arrive in three batches, so facts are made and made again."""
    objects = worlds.in_objects(worlds.make(seed, messages), seed, 6, DAYS)
    for batch in range(3):
        load(platform.redshift, platform.lake, objects[batch::3])
    for name in REPORTS:
        refresh(platform.redshift, name, as_of=worlds.AS_OF, report_tz=report_tz)
    given = Given.read(platform.redshift)
    reference = tables.expected(objects, given, worlds.AS_OF, report_tz)
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
