"""Reports on campaigns: how their messages did."""

from __future__ import annotations

from datetime import timedelta

from sms_warehouse.reports.report import CLICKS_FINAL_DAYS, Anchor, Clock, Report, Values

_CAMPAIGN_DAYS = 400
_WINDOW_DAYS = 30


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
}
