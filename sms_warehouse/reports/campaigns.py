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
_EVERY = timedelta(hours=1)
"""Of the reports that read all messages of their window anew."""


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
        "as_of_date": clock.as_of.date(),
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
    """The last days, and of older ones, range by range, those that messages were worked out again of.

    The last days reach back to those of the refresh before: between the two some were never the last.
    """
    bound = {**values, "published_before": None}
    first, last = cast(date, bound["first_due_date"]), cast(date, bound["last_due_date"])
    for as_of, final_before in session.rows(
        "select as_of, final_before from control.report_refresh where report_name = :name",
        name=name,
    ):
        first = min(first, as_of.date() - timedelta(days=_DUE_DAYS + 1))
        bound |= {"first_due_date": first, "published_before": final_before}
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
        Anchor.COHORT,
        ("fact_message", "dim_campaign"),
        "sent desc, campaign_id, variant_id",
        _CAMPAIGN_DAYS + 1,
        _campaigns,
        every=_EVERY,
        in_utc=True,
        zone="none in its rows, which are of campaigns.",
        kept="each refresh makes all anew; messages of before the window are in none.",
        final=(
            "by no day, for rows are of campaigns. When all messages of one are in the window and last_sent_at is more "
            "than 30 days before as_of, its counts stand as those of final days in campaign_daily do."
        ),
        verified=(
            "exact rows of campaigns worked out by hand, a clock just before and after 72 hours, scores against "
            "campaigns of the same and other kinds and ages (warehouse/test_reports.py)."
        ),
    ),
    "campaign_daily": Report(
        Anchor.COHORT,
        ("fact_message",),
        "sent_date_report desc, sent desc, campaign_id, variant_id",
        _DUE_DAYS + 1,
        _daily,
        final_days=CLICKS_FINAL_DAYS,
        takes=("reports/campaign_daily/take",),
        fill=_fill_daily,
        zone=(
            "the campaign's own (warehouse.campaign_setting.report_tz), UTC for one that names none: rows of one day "
            "may be of days of several zones."
        ),
        kept=(
            "those of the window, and of the day after it where a campaign's zone is ahead, are made anew by each "
            "refresh. Older ones are kept for good and stand, until a message of theirs is worked out again. How "
            "complete logs are is recorded from the window's first day on alone."
        ),
        final=(
            "those of days more than 30 days before the day of as_of (is_final); what comes later restates them and "
            "says so (restated_count)."
        ),
        verified=(
            "exact rows by hand; clicks 200 days late, a corrected time zone and clocks that jump ahead and back "
            "(warehouse/test_campaign_daily.py); days of zones east and west with 23, 24 and 25 hours, leap days and "
            "ends of years, and its sums over the window, those of rolling_30d (warehouse/test_report_days.py)."
        ),
    ),
    "rolling_30d": Report(
        Anchor.COHORT,
        ("fact_message", "fact_submission"),
        "scope_type, sent desc, scope_id",
        _WINDOW_DAYS,
        _rolling,
        ends_days_ago=1,
        after=("campaign_daily",),
        every=_EVERY,
        zone="SMS_WAREHOUSE_REPORT_TIMEZONE for the window's days, whatever zones the campaigns use.",
        kept=(
            "each refresh makes all anew, for one report_date; windows of before are not kept. The columns prev_* are "
            "of the thirty days before the window, of whose logs nothing is recorded here."
        ),
        final=(
            "no row: receipts and clicks still come for its last days, and by the time that they are final other "
            "windows have taken its place. Final days are those of campaign_daily."
        ),
        verified=(
            "messages around both midnights of a window with a clock change, recipients with several messages and "
            "scopes, two windows compared, by hand (warehouse/test_reports.py); in zones with and without a clock "
            "change each count is the sum of the window's days in campaign_daily (warehouse/test_report_days.py)."
        ),
    ),
    "ab_variant": Report(
        Anchor.COHORT,
        ("fact_message", "dim_variant"),
        "campaign_id, variant_id",
        _AB_DAYS + 1,
        _variants,
        every=_EVERY,
        in_utc=True,
        zone="none in its rows.",
        kept="each refresh makes all anew; messages of before the window are in none.",
        final=(
            "no row: logs that come late and messages that leave the window change it. decision_ready says when it "
            "can be read."
        ),
        verified=(
            "z and sample ratio of examples worked out by hand, the latter just above and below the tabled bound; "
            "with none, one and two controls (warehouse/test_ab_variant.py)."
        ),
    ),
}
