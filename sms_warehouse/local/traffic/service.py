"""What the six services have in common: a name, a rhythm, and events that turn into lines.

A service knows the rows it logs in any stretch of time and how to write them. Which files the lines
go to, and what goes wrong on the way, is no business of a service.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import lru_cache

import numpy as np

from sms_warehouse.local.traffic.draws import Floats, Ids, Ints, bits, unit
from sms_warehouse.local.traffic.lines import DAY_MS, Texts, hexes, iso_times
from sms_warehouse.local.traffic.rows import Rows, concat, no_rows
from sms_warehouse.local.traffic.world import World

LOGGED_AFTER_MAX_MS = 30_000
"""A service writes its line at most this long after the event, outages aside."""

BLOCK = 65_536
"""Messages computed at a time: columns of this length stay in the processor's cache."""


class Service(ABC):
    """One of the services of the platform; one event type each."""

    event_type: str
    source: str
    is_busy = False  # whether it runs several instances once there is enough to do

    def __init__(self, world: World) -> None:
        self.world = world

    @property
    def instances(self) -> int:
        if not self.is_busy or self.world.messages < 50_000:
            return 1
        return 2 if self.world.messages < 500_000 else 4

    @abstractmethod
    def rows(self, from_ms: int, to_ms: int) -> Rows:
        """All events logged in [from_ms, to_ms), each once, in no particular order."""

    @abstractmethod
    def lines(self, rows: Rows) -> list[bytes]:
        """One line of JSON, without its end of line, for each row."""

    def events(self, ids: Ids) -> Ids:
        """Numbers of events from numbers that differ within this service."""
        return bits(self.world.key(f"{self.event_type} event"), ids)

    def logged(self, occurred: Ints, events: Ids) -> Ints:
        """When the line was written: soon after the event; rarely before, as clocks differ."""
        chance = unit(self.world.key("logged how"), events)
        far = unit(self.world.key("logged after"), events)
        delay = 3 + 60 * far**2
        delay = np.where(chance < 0.02, 1000 + far * (LOGGED_AFTER_MAX_MS - 1000), delay)
        delay = np.where(chance > 0.999, -150 * far, delay)
        return occurred + delay.astype(np.int64)

    def envelope(self, rows: Rows) -> tuple[list[bytes], list[bytes], list[bytes], list[bytes]]:
        """event_id, occurred_at, logged_at and trace_id of each row."""
        trace = hexes(bits(self.world.key("trace"), rows.event))
        return (
            rows.event_ids().tolist(),
            iso_times(rows.occurred).tolist(),
            iso_times(rows.logged).tolist(),
            trace.tolist(),
        )

    def head(self) -> bytes:
        """The template of the fields that ``envelope`` fills, up to and without the last comma."""
        return (
            b'{"event_id":"%%b","event_type":"%b","schema_version":1,"source":"%b",'
            b'"occurred_at":"%%b","logged_at":"%%b","trace_id":"%%b"'
        ) % (self.event_type.encode(), self.source.encode())


class DailyService(Service):
    """A service whose rows are computed a day at a time and kept while its hours are asked for."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._day = lru_cache(maxsize=4)(self.day_rows)

    @abstractmethod
    def day_rows(self, day: int) -> Rows:
        """All events logged on that day (counted from 1970)."""

    def rows(self, from_ms: int, to_ms: int) -> Rows:
        days = range(from_ms // DAY_MS, (to_ms - 1) // DAY_MS + 1)
        found = [
            self._day(day).within(from_ms, to_ms) for day in days if day >= self.world.first_day
        ]
        return concat(found) if found else no_rows()


def nullable(values: Texts, is_there: np.ndarray) -> list[bytes]:
    """JSON strings where there is a value, null elsewhere. The values need no escaping."""
    return [
        b'"%b"' % v if there else b"null"
        for v, there in zip(values.tolist(), is_there.tolist(), strict=True)
    ]


def log_uniform(share: Floats, low: float, high: float) -> Floats:
    """Numbers between ``low`` and ``high``, evenly spread over their logarithms."""
    return low * np.exp(share * np.log(high / low))
