"""Each story told to the whole platform, together with the others, and to the plain reference.

Files that arrive out of order and doubled must leave what the same lines once and in order would: the last test tells
one story like that.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from sms_warehouse.local.stack import LocalStack
from sms_warehouse.reports import refresh
from sms_warehouse_tests.conftest import Platform, forget_clients, platforms
from sms_warehouse_tests.reference.logs import LogObject, load
from sms_warehouse_tests.reference.worlds import AS_OF
from sms_warehouse_tests.scenarios import stories
from sms_warehouse_tests.scenarios.stories import Story
from sms_warehouse_tests.scenarios.telling import Told, in_order, tell
from sms_warehouse_tests.warehouse.world import at, event, message_id

STORIES = stories.read_all()


World = Callable[[Story], Told]


@pytest.fixture(scope="module")
def world(stack: LocalStack, migrated: Path) -> World:
    """What became of the world of a story; each is made once, also if that fails."""
    made: dict[str, Told | Exception] = {}

    def of(story: Story) -> Told:
        together = [s for s in STORIES if not s.is_alone]
        name = story.name if story.is_alone else ""
        if name not in made:
            made[name] = _make([story] if story.is_alone else together, stack, migrated)
        told = made[name]
        if isinstance(told, Exception):
            raise told
        return told

    return of


def _make(told: Sequence[Story], stack: LocalStack, migrated: Path) -> Told | Exception:
    with pytest.MonkeyPatch.context() as patch, platforms(stack, migrated, patch) as fresh:
        try:
            return tell(fresh(), told)
        except Exception as error:
            return error
        finally:
            forget_clients()


@pytest.mark.parametrize("story", STORIES, ids=[story.test_id for story in STORIES])
def test_story(story: Story, world: World) -> None:
    told = world(story)
    for expected in story.expected:
        moment = expected.after, story.parts[expected.after - 1][1]
        found = story.rows(expected, told.warehouse[moment][expected.full_name])
        assert found == sorted(expected.rows), expected.table
        # The reference has no view of a view, and does not know how often a report was refreshed.
        reference = told.reference[moment].get(expected.full_name)
        if reference is not None and not expected.depends_on_history:
            found = story.rows(expected, reference)
            assert found == sorted(expected.rows), f"the reference's {expected.table}"


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


def test_a_story_told_once_is_the_same(platform: Platform) -> None:
    """The way in which the other tests tell stories is no condition for their rows."""
    told = tell(platform, STORIES[:1], in_order)
    test_story(STORIES[0], lambda _: told)
