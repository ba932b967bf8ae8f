"""Tells stories to the whole platform, together as one world: objects in S3, landing, facts, reports.

First the first part of each story, then the second parts, and so on. A part arrives out of order and doubled: the lines
of its later half in files of their own, one for each event type and hour, and beside them all its lines, the last
first, in others. The later halves arrive a day before the rest, so they are applied before what happened earlier;
a story of what arrives in which hour has both kinds of files in the hours its lines tell. The order is the same at
each run. When the parts are applied, the reports are refreshed for each clock that a story asks
for, the earliest first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sms_warehouse.reports import REPORTS, refresh
from sms_warehouse_tests.conftest import Platform
from sms_warehouse_tests.reference import tables
from sms_warehouse_tests.reference.given import Given
from sms_warehouse_tests.reference.logs import LogObject, by_hour, load
from sms_warehouse_tests.reference.worlds import AS_OF
from sms_warehouse_tests.scenarios.stories import Refresh, Story
from sms_warehouse_tests.warehouse.world import Event

Arriving = Callable[[Sequence[Story], int], list[LogObject]]
Tables = dict[str, list[dict[str, Any]]]


@dataclass
class Told:
    """Every table that a story asks for, after so many parts and for its clock."""

    warehouse: dict[tuple[int, Refresh | None], Tables] = field(default_factory=dict)
    reference: dict[tuple[int, Refresh | None], Tables] = field(default_factory=dict)


def doubled(stories: Sequence[Story], number: int) -> list[LogObject]:
    """The objects of one part of each story: later halves first, and again everything backwards."""
    told_by_hour = [s.parts[number][0] for s in stories if s.tells_of_arrival]
    others = [s.parts[number][0] for s in stories if not s.tells_of_arrival]
    logged_at = [event.fields["logged_at"] for part in others for event in part]
    next_day = max(logged_at, default=AS_OF).date() + timedelta(days=1)
    return [
        *by_hour(_late(others), f"{number}-late", next_day),
        *by_hour(_late(told_by_hour), f"{number}-late"),
        *by_hour(_backwards(others), f"{number}-all", next_day + timedelta(days=1)),
        *by_hour(_backwards(told_by_hour), f"{number}-all"),
    ]


def _late(parts: Iterable[Sequence[Event]]) -> list[Event]:
    return [event for part in parts for event in part[len(part) // 2 :]]


def _backwards(parts: Iterable[Sequence[Event]]) -> list[Event]:
    return [event for part in parts for event in reversed(part)]


def in_order(stories: Sequence[Story], number: int) -> list[LogObject]:
    """The objects of one part of each story with each line once and in order."""
    return by_hour([event for s in stories for event in s.parts[number][0]], f"{number}")


def tell(platform: Platform, stories: Sequence[Story], arriving: Arriving = doubled) -> Told:
    told = Told()
    given = Given.read(platform.redshift)
    written: list[LogObject] = []
    for number in range(max(len(story.parts) for story in stories)):
        heard = [story for story in stories if number < len(story.parts)]
        objects = arriving(heard, number)
        load(platform.redshift, platform.lake, objects)
        written += objects
        for clock in sorted({story.parts[number][1] for story in heard}, key=_first_to_last):
            asking = [story for story in heard if story.parts[number][1] == clock]
            if clock:
                _refresh(platform, asking, clock)
            wanted = {e.full_name for story in asking for e in story.after(number + 1)}
            if not wanted:
                continue
            at = clock or Refresh(AS_OF, "UTC")
            told.warehouse[number + 1, clock] = _read(platform, wanted)
            told.reference[number + 1, clock] = tables.expected(
                written, given, at.as_of, at.report_tz
            )
    return told


def _first_to_last(clock: Refresh | None) -> tuple[Any, ...]:
    return (clock.as_of, clock.report_tz) if clock else ()


def _refresh(platform: Platform, stories: Iterable[Story], clock: Refresh) -> None:
    wanted = {expected.table for story in stories for expected in story.expected}
    if "send_time_heatmap" in wanted:
        wanted.add("recipient_engagement")
    for name in REPORTS:
        if name in wanted:
            refresh(platform.redshift, name, as_of=clock.as_of, report_tz=clock.report_tz)


def _read(platform: Platform, wanted: Iterable[str]) -> Tables:
    with platform.redshift.session("stories") as session:
        return {name: session.records(f"select * from {name}") for name in wanted}
