"""Reports on delivery: what did not arrive, and why."""

from __future__ import annotations

from datetime import timedelta

from sms_warehouse.reports.report import DELIVERY_FINAL_DAYS, Anchor, Clock, Report, Values

_FAILURE_DAYS = 35


def _failures(clock: Clock) -> Values:
    first = clock.today - timedelta(days=_FAILURE_DAYS)
    return {
        "first_failure_date": first,
        # A day of any time zone has begun, in UTC, at most one day before.
        "first_failure_cohort_date": first - timedelta(days=1),
    }


REPORTS = {
    "delivery_failure_daily": Report(
        "One row per day of sending, carrier, provider and reason of failure, of the last 35 days.",
        Anchor.COHORT,
        ("fact_message",),
        "sent_date_report desc, messages desc, carrier, error_code",
        _FAILURE_DAYS + 1,
        _failures,
        final_days=DELIVERY_FINAL_DAYS,
    ),
}
