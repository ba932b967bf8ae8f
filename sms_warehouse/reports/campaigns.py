"""Reports on campaigns: how their messages did."""

from __future__ import annotations

from datetime import date, timedelta
from typing import cast

from sms_warehouse import sql
from sms_warehouse.ranges import date_ranges
from sms_warehouse.reports.report import CLICKS_FINAL_DAYS, Anchor, Clock, Report, Values
from sms_warehouse.resources.redshift import Session

_CAMPAIGN_DAYS = 400
_WINDOW_DAYS = 30
_DUE_DAYS = 35
_AB_DAYS = 90


def _campaigns(clock: Clock) -> Values:
    return {"first_campaign_date": clock.as_of.date() - timedelta(days=_CAMPAIGN_DAYS)}


def _rolling(clock: Clock) -> Values:
    report_date = clock.today - timedelta(days=1)
    window_start = report_date - timedelta(days=_WINDOW_DAYS - 1)
    window_start_at = clock.midnight(window_start)
    window_end_at = clock.midnight(clock.today)
    previous_start_at = clock.midnight(window_start - timedelta(days=_WINDOW_DAYS))
    return {
        "report_date": report_date,
        "window_start": window_start,
        "window_start_at": window_start_at,
        "window_end_at": window_end_at,
        "window_first_date": window_start_at.date(),
        "window_last_date": window_end_at.date(),
        "previous_start_at": previous_start_at,
        "previous_first_date": previous_start_at.date(),
    }


def _daily(clock: Clock) -> Values:
    return {
        "first_due_date": clock.today - timedelta(days=_DUE_DAYS),
        "last_due_date": clock.today + timedelta(days=1),
        "final_before": clock.today - timedelta(days=CLICKS_FINAL_DAYS),
    }


def _fill_daily(session: Session, name: str, values: Values) -> None:
    """The last days, and of older ones, range by range, those that messages were worked out again of."""
    bound = dict(values)
    first, last = cast(date, bound["first_due_date"]), cast(date, bound["last_due_date"])
    sql.run(session, f"reports/{name}/due", **bound)
    older = session.rows("select distinct cohort_date_report from due_cohort")
    for first_date, last_date in [*date_ranges(day for (day,) in older), (first, last)]:
        sql.run(
            session,
            f"reports/{name}/count",
            first_date=first_date,
            last_date=min(last_date, first - timedelta(days=1)) if first_date < first else last,
            # A day of any time zone begins and ends, in UTC, at most one day apart.
            first_cohort_date=first_date - timedelta(days=1),
            last_cohort_date=last_date + timedelta(days=1),
            **bound,
        )
    sql.run(session, f"reports/{name}/publish", **bound)


def _variants(clock: Clock) -> Values:
    return {"first_cohort_date": clock.as_of.date() - timedelta(days=_AB_DAYS)}


REPORTS = {
    "campaign_performance": Report(
        "One row per campaign and variant ('*' for the campaign): delivery, clicks, opt-outs and rates of its "
        "messages of the last 400 days.",
        Anchor.COHORT,
        ("fact_message", "dim_campaign"),
        "sent desc, campaign_id, variant_id",
        _CAMPAIGN_DAYS,
        _campaigns,
        final_days=CLICKS_FINAL_DAYS,
    ),
    "rolling_30d": Report(
        "One row per scope (all, campaign, carrier, category): messages sent in the thirty calendar days up to "
        "yesterday, and the same of the thirty days before.",
        Anchor.COHORT,
        ("fact_message", "fact_submission"),
        "scope_type, sent desc, scope_id",
        _WINDOW_DAYS,
        _rolling,
        ends_yesterday=True,
        final_days=CLICKS_FINAL_DAYS,
    ),
    "campaign_daily": Report(
        "One row per day of sending, campaign and variant: counts that can be summed, and whether they are final.",
        Anchor.COHORT,
        ("fact_message",),
        "sent_date_report desc, sent desc, campaign_id, variant_id",
        _DUE_DAYS + 1,
        _daily,
        final_days=CLICKS_FINAL_DAYS,
        fill=_fill_daily,
    ),
    "ab_variant": Report(
        "One row per variant of a campaign that has several: its click-through rate within 72 hours, against the "
        "control's, of messages of the last 90 days.",
        Anchor.COHORT,
        ("fact_message", "dim_variant"),
        "campaign_id, variant_id",
        _AB_DAYS + 1,
        _variants,
    ),
}
