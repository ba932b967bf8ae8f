"""Small worlds, made once: their files as they arrive, and their events as read by the plain policy."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any

import pytest

from sms_warehouse.local.traffic import Faults, LogFile, day_files
from sms_warehouse_tests.traffic import policy

FIRST_DAY = date(2025, 6, 1)
SEED = 7

Event = dict[str, Any]


@dataclass(frozen=True)
class Days:
    """Some days of a world."""

    files: list[LogFile]

    @property
    def surviving(self) -> list[LogFile]:
        """What is in the bucket in the end: of two files with one key the later one."""
        return list({file.key: file for file in self.files if file.event_type}.values())

    def events(self) -> dict[str, list[Event]]:
        """The good events by type, with all their doubles, in order of arrival."""
        found = defaultdict(list)
        for file in self.surviving:
            text = policy.content(file.body)
            for line in policy.lines(text) if text is not None else ():
                event = None
                if not policy.is_blank(line):
                    event = policy.read(line, file.event_type, file.written_at.date())
                if event is not None:
                    found[file.event_type].append(event)
        return found


@cache
def days(faults: Faults, first: int, last: int, messages: int, seed: int = SEED) -> Days:
    """The days from the ``first``-th to the ``last``-th of a world, counted from 0, both included."""
    return Days(
        [
            file
            for day in range(first, last + 1)
            for file in day_files(
                FIRST_DAY + timedelta(day),
                messages=messages,
                seed=seed,
                world_start=FIRST_DAY,
                faults=faults,
            )
        ]
    )


@cache
def events(faults: Faults, first: int, last: int, messages: int) -> dict[str, list[Event]]:
    return days(faults, first, last, messages).events()


@pytest.fixture(scope="session")
def make_days() -> Callable[..., Days]:
    return days


@pytest.fixture(scope="session")
def world() -> dict[str, list[Event]]:
    """Events of the first twelve days of a faultless world of 2,000 messages a day."""
    return events("none", 0, 11, 2_000)


@pytest.fixture(scope="session")
def busy_day() -> dict[str, list[Event]]:
    """Events of the twelfth day of a faultless world of 20,000 messages a day."""
    return events("none", 11, 11, 20_000)
