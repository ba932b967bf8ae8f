"""Objects as services write them: events, their keys, and their gzip bodies in the lake.

The reference reads the same ``Line`` objects that the bucket holds, so what landing does in between is tested too.
"""

from __future__ import annotations

import gzip
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from sms_warehouse.landing.load import land_day
from sms_warehouse.resources.lake import Lake
from sms_warehouse.resources.redshift import Redshift
from sms_warehouse_tests.warehouse.world import Event, apply_all


@dataclass(frozen=True)
class LogObject:
    """One object: events of one type that one service wrote in one hour."""

    key: str
    events: tuple[Event, ...]

    @property
    def event_type(self) -> str:
        return self.key.split("/")[1]

    @property
    def day(self) -> date:
        return date.fromisoformat(self.key.split("/dt=")[1][:10])

    @property
    def body(self) -> bytes:
        return gzip.compress(b"\n".join(as_line(event.fields) for event in self.events), mtime=0)


def as_line(fields: Mapping[str, Any]) -> bytes:
    """One event as JSON; fields that are None are left out. Variants are given as JSON text."""
    values = {k: _json(k, v) for k, v in fields.items() if v is not None}
    return json.dumps(values, separators=(",", ":")).encode()


def _json(name: str, value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat(timespec="microseconds") + "Z"
    return json.loads(value) if name == "variants" else value


def variants(*described: Mapping[str, Any]) -> str:
    """The field variants of a campaign, as the text that the line holds."""
    return json.dumps(described, separators=(",", ":"))


def by_hour(events: Iterable[Event], name: str, day: date | None = None) -> list[LogObject]:
    """Objects of these events: one for each type and hour in which they were logged, or that hour of a day."""
    found: dict[tuple[str, datetime], list[Event]] = defaultdict(list)
    for event in events:
        logged_at: datetime = event.fields["logged_at"]
        hour = datetime.combine(day or logged_at.date(), time(logged_at.hour))
        found[event.event_type, hour].append(event)
    return [
        LogObject(
            f"raw/{event_type}/v=1/dt={hour:%Y-%m-%d}/hh={hour:%H}/{name}.json.gz", tuple(written)
        )
        for (event_type, hour), written in sorted(found.items(), key=lambda item: item[0])
    ]


def load(redshift: Redshift, lake: Lake, objects: Sequence[LogObject]) -> None:
    """Puts objects into the bucket, lands the days they belong to and applies what landed."""
    for written in objects:
        lake.put(written.key, written.body)
    for event_type, day in dict.fromkeys((o.event_type, o.day) for o in objects):
        land_day(redshift, lake, event_type, day)
    apply_all(redshift, {o.event_type for o in objects})
