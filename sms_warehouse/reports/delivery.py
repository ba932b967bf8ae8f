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
        Anchor.COHORT,
        ("fact_message",),
        "sent_date_report desc, messages desc, carrier, error_code",
        _FAILURE_DAYS + 1,
        _failures,
        final_days=DELIVERY_FINAL_DAYS,
        every=timedelta(hours=1),
        zone=(
            "the campaign's own (warehouse.campaign_setting.report_tz), UTC for one that names none: a row may add up "
            "days of several zones."
        ),
        kept="each refresh makes all anew; days of before the window have none.",
        final=(
            "those of days more than 4 days before the day of as_of, as 72 hours have passed since their messages were "
            "sent; receipts that come later restate them."
        ),
        verified="exact rows by hand: zones, codes, refusals, shares of the carrier's day (warehouse/test_reports.py).",
    ),
}
