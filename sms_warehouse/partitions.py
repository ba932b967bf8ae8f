"""The one partitioning of the platform: the UTC day on which an object arrived (``dt=`` of its key)."""

from __future__ import annotations

from datetime import UTC, date, datetime

import dagster as dg

from sms_warehouse import settings

ARRIVAL_DAYS = dg.DailyPartitionsDefinition(
    start_date=settings.first_day().isoformat(),
    timezone="UTC",
    # Today is a partition too: its files are loaded as they come.
    end_offset=1,
)


_AUTOMATIC_RUN_TAGS = frozenset({"dagster/sensor_name", "dagster/schedule_name"})


def day_of(context: dg.AssetExecutionContext) -> date:
    """The arrival day a run is about."""
    return ARRIVAL_DAYS.time_window_for_partition_key(context.partition_key).start.date()


def is_asked_by_a_person(context: dg.AssetExecutionContext) -> bool:
    """Whether a run came from the UI, a backfill or a shell, and so is about the whole day.

    A sensor or a schedule asks again and again, and is served with what is new, so that the cost follows
    what arrived and not the size of the day.
    """
    return not _AUTOMATIC_RUN_TAGS & set(context.run.tags)


def today() -> date:
    """The arrival day of an object written now."""
    return datetime.now(UTC).date()
