"""Each story told to the whole platform: objects in S3, landing, facts, reports.

Every part of a story arrives out of order and doubled: all of its events, the latest first, and the later half once
more in files of its own. Files that arrive like this must leave what files in order would.
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
    _compare(platform.redshift, story)
    _compare_reference(story, written)


@cache
def _given() -> Given:
    """The reference data, which is the same for all stories."""
    return Given.read(Redshift())


def _compare_reference(story: Story, written: list[LogObject]) -> None:
    """The plain reference tells the same story; it does not know how often a report was refreshed."""
    clock = story.parts[-1][1] or Refresh(AS_OF, "UTC")
    found = tables.expected(written, _given(), clock.as_of, clock.report_tz)
    for expected in story.expected:
        if expected.full_name not in found or expected.depends_on_history:
            continue
        rows = [row for row in found[expected.full_name] if expected.is_meant(row)]
        told = sorted([story.shown(row[column]) for column in expected.columns] for row in rows)
        assert told == sorted(expected.rows), f"the reference's {expected.table}"


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


def _compare(redshift: Redshift, story: Story) -> None:
    for expected in story.expected:
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
    _compare(platform.redshift, story)
