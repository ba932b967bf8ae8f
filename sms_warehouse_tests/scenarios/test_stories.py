"""Each story told to the whole platform: objects in S3, landing, facts, reports.

The parts of a story arrive one after the other, each landed and applied at once, out of order and doubled: the lines
of its later half in files of their own, one for each event type and hour, and beside them all of its lines, the last
first, in others. So every event of the later half is there twice, and its days land before those of the first half; the
order is the same at each run. Files that arrive like this must leave what the same lines once and in order would: the
last test tells one story like that.
"""

from __future__ import annotations

from functools import cache

import pytest

from sms_warehouse.reports import REPORTS, refresh
from sms_warehouse.resources.lake import Lake
from sms_warehouse.resources.redshift import Redshift
from sms_warehouse_tests.conftest import Platform
from sms_warehouse_tests.reference import tables
from sms_warehouse_tests.reference.given import Given
from sms_warehouse_tests.reference.logs import LogObject, by_hour, load
from sms_warehouse_tests.reference.worlds import AS_OF
from sms_warehouse_tests.scenarios import stories
from sms_warehouse_tests.scenarios.stories import Refresh, Story
from sms_warehouse_tests.warehouse.world import at, event, message_id

STORIES = stories.read_all()


@pytest.mark.parametrize("story", STORIES, ids=[story.test_id for story in STORIES])
def test_story(story: Story, platform: Platform) -> None:
    written: list[LogObject] = []
    for number, (events, refreshed) in enumerate(story.parts):
        late_half = by_hour(events[len(events) // 2 :], f"{number}-late")
        everything = by_hour(reversed(events), f"{number}-all")
        load(platform.redshift, platform.lake, [*late_half, *everything])
        written += [*late_half, *everything]
        if refreshed:
            _refresh(platform.redshift, story, refreshed)
        _compare(platform.redshift, story, number + 1)
        _compare_reference(story, written, number + 1)


@cache
def _given() -> Given:
    """The reference data, which is the same for all stories."""
    return Given.read(Redshift())


def _compare_reference(story: Story, written: list[LogObject], parts: int) -> None:
    """The plain reference tells the same story; it does not know how often a report was refreshed."""
    wanted = [expected for expected in story.expected if expected.after == parts]
    if not wanted:
        return
    clock = story.parts[parts - 1][1] or Refresh(AS_OF, "UTC")
    found = tables.expected(written, _given(), clock.as_of, clock.report_tz)
    for expected in wanted:
        if expected.full_name not in found or expected.depends_on_history:
            continue
        rows = [row for row in found[expected.full_name] if expected.is_meant(row)]
        told = sorted([story.shown(row[column]) for column in expected.columns] for row in rows)
        assert told == sorted(expected.rows), f"the reference's {expected.table}"


def test_lines_in_two_files_of_which_one_comes_twice_count_once(platform: Platform) -> None:
    lines = tuple(
        event("message_submitted", at(seconds=n), message_id=message_id(n, at(seconds=n)))
        for n in range(1000)
    )
    first, second = (
        LogObject(f"raw/message_submitted/v=1/dt=2026-03-10/hh=12/{name}.json.gz", lines)
        for name in ("first", "second")
    )
    load(platform.redshift, platform.lake, [first, second])
    load(platform.redshift, platform.lake, [first])
    refresh(platform.redshift, "pipeline_quality_hourly", as_of=AS_OF, report_tz="UTC")
    with platform.redshift.session("stories") as session:
        for fact in ("fact_submission", "fact_message"):
            assert session.value(f"select count(*) as found from warehouse.{fact}") == 1000
        assert session.rows(
            "select files, rows_in, rows_loaded, duplicates from reports.pipeline_quality_hourly"
        ) == [(2, 2000, 1000, 1000)]


def test_every_story_has_a_name_of_its_own() -> None:
    names = [story.name for story in STORIES]
    assert len(set(names)) == len(names) >= 40


def _refresh(redshift: Redshift, story: Story, refreshed: Refresh) -> None:
    wanted = {expected.table for expected in story.expected}
    if "send_time_heatmap" in wanted:
        wanted.add("recipient_engagement")
    for name in REPORTS:
        if name in wanted:
            refresh(redshift, name, as_of=refreshed.as_of, report_tz=refreshed.report_tz)


def _compare(redshift: Redshift, story: Story, parts: int) -> None:
    for expected in story.expected:
        if expected.after != parts:
            continue
        condition = f" where {expected.condition}" if expected.condition else ""
        with redshift.session("stories") as session:
            rows = session.rows(
                f"select {', '.join(expected.columns)} from {expected.full_name}{condition}"
            )
        found = sorted([story.shown(value) for value in row] for row in rows)
        assert found == sorted(expected.rows), expected.table


def test_a_story_told_once_is_the_same(platform: Platform) -> None:
    """The way in which the other tests tell stories is no condition for their rows."""
    story = STORIES[0]
    for number, (events, refreshed) in enumerate(story.parts):
        load(platform.redshift, Lake(), by_hour(events, str(number)))
        if refreshed:
            _refresh(platform.redshift, story, refreshed)
        _compare(platform.redshift, story, number + 1)
