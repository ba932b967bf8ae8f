"""Small worlds, made once: their files as they arrive, and their events as read by the plain
policy.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any

import pytest

from sms_warehouse.local.traffic import Faults, LogFile, day_files
from sms_warehouse_tests.traffic import policy

FAULTY = 600
"""Messages a day of the worlds in which everything is read by the plain policy, line by line."""
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

    def events(self, *, all_good: bool = False) -> dict[str, list[Event]]:
        """The good events by type, with all their doubles, in order of arrival.

        Of a world known to be ``all_good``, lines need not be judged.
        """
        found = defaultdict(list)
        for file in self.surviving:
            text = policy.content(file.body)
            for line in policy.lines(text) if text is not None else ():
                event = None
                if all_good:
                    event = json.loads(line)
                elif not policy.is_blank(line):
                    event = policy.read(line, file.event_type, file.written_at.date())
                if event is not None:
                    found[file.event_type].append(event)
        return found


@cache
def one_day(faults: Faults, day: int, messages: int) -> list[LogFile]:
    """What arrives on the ``day``-th day of a world, counted from 0."""
    return list(
        day_files(
            FIRST_DAY + timedelta(day),
            messages=messages,
            seed=SEED,
            world_start=FIRST_DAY,
            faults=faults,
        )
    )


def days(faults: Faults, first: int, last: int, messages: int) -> Days:
    """The days from the ``first``-th to the ``last``-th, both included."""
    return Days([f for day in range(first, last + 1) for f in one_day(faults, day, messages)])


@cache
def events(faults: Faults, first: int, last: int, messages: int) -> dict[str, list[Event]]:
    return days(faults, first, last, messages).events(all_good=faults == "none")


@pytest.fixture(scope="session")
def world() -> dict[str, list[Event]]:
    """Events of the first twelve days of a faultless world of 2,000 messages a day."""
    return events("none", 0, 11, 2_000)


@pytest.fixture(scope="session")
def busy_day() -> dict[str, list[Event]]:
    """Events of the twelfth day of a faultless world of 20,000 messages a day."""
    return events("none", 11, 11, 20_000)
