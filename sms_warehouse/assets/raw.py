"""What the services write to S3. Nothing here is executed: the platform only observes these."""

from __future__ import annotations

from datetime import date

import dagster as dg

from sms_warehouse.landing.events import EVENTS
from sms_warehouse.partitions import ARRIVAL_DAYS

GROUP = "raw"


def key(event_type: str) -> dg.AssetKey:
    return dg.AssetKey([GROUP, event_type])


def observed(event_type: str, day: date, **numbers: int) -> dg.AssetObservation:
    """An observation of an event type's objects of one arrival day."""
    return dg.AssetObservation(key(event_type), partition=day.isoformat(), metadata=dict(numbers))


raw_assets = [
    dg.AssetSpec(
        key(event.name),
        group_name=GROUP,
        partitions_def=ARRIVAL_DAYS,
        kinds={"s3", "json"},
        description=(
            f"Objects of {event.source}: {event.meaning}. "
            f"`raw/{event.name}/v={event.schema_version}/dt=<arrival day>/hh=<hour>/<name>.json.gz`"
        ),
        metadata={"fields": len(event.fields), "service": event.source},
    )
    for event in EVENTS.values()
]
