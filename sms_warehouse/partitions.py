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


def today() -> date:
    """The arrival day of an object written now."""
    return datetime.now(UTC).date()
