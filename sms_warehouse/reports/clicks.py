"""Reports on clicks: when they come, and when messages are worth sending."""

from __future__ import annotations

from datetime import timedelta

from sms_warehouse import sql
from sms_warehouse.apply_events import changed_ranges
from sms_warehouse.reports.report import Anchor, Clock, Report, Values
from sms_warehouse.resources.redshift import Session

_HOURLY_DAYS = 35
_HEATMAP_DAYS = 90
# The newest day whose every message has had its 24 hours.
_HEATMAP_AGE_DAYS = 2


def _hourly(clock: Clock) -> Values:
    first = clock.as_of.date() - timedelta(days=_HOURLY_DAYS)
    return {"first_click_date": first}


def _fill_hourly(session: Session, name: str, values: Values) -> None:
    """Chooses the requests, looks up their messages, range by range, and counts."""
    sql.run(session, f"reports/{name}/requests", **values)
    for first_id, end_id in changed_ranges(session, "request"):
        sql.run(session, f"reports/{name}/messages", first_id=first_id, end_id=end_id)
    sql.run(session, f"reports/{name}/publish", **values)


def _heatmap(clock: Clock) -> Values:
    window_end = clock.today - timedelta(days=_HEATMAP_AGE_DAYS)
    window_start = window_end - timedelta(days=_HEATMAP_DAYS - 1)
    start_at, end_at = (
        clock.midnight(window_start),
        clock.midnight(window_end + timedelta(days=1)),
    )
    return {
        "window_end": window_end,
        "window_start_at": start_at,
        "window_end_at": end_at,
        "window_first_date": start_at.date(),
        "window_last_date": end_at.date(),
    }


REPORTS = {
    "click_activity_hourly": Report(
        Anchor.ACTIVITY,
        ("fact_click", "fact_message", "dim_user_agent"),
        "click_hour_utc desc, human_clicks desc, campaign_id",
        _HOURLY_DAYS + 1,
        _hourly,
        in_utc=True,
        zone="UTC.",
        kept="each refresh makes all anew; hours of before the window have none.",
        final="no row: logs of an hour, or of the messages it names, may come late.",
        verified=(
            "exact rows by hand; people, machines and repeats of all hours add up to the requests in "
            "fact_click (warehouse/test_click_reports.py)."
        ),
        fill=_fill_hourly,
    ),
    "send_time_heatmap": Report(
        Anchor.COHORT,
        ("fact_message", "reports/recipient_engagement"),
        "segment, dow_local, hour_local",
        _HEATMAP_DAYS,
        _heatmap,
        ends_days_ago=_HEATMAP_AGE_DAYS,
        every=timedelta(days=1),
        zone="the recipient's own for weekday and hour.",
        kept="each refresh makes all anew; windows of before are not kept.",
        final="no row: the ninety days move on each day.",
        verified=(
            "exact rows by hand for recipients east and west and at a clock change, and Wilson's interval "
            "against Newcombe's published table (warehouse/test_click_reports.py)."
        ),
    ),
}
