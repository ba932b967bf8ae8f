"""Reports on clicks: when they come, and when messages are worth sending."""

from __future__ import annotations

from datetime import timedelta

from sms_warehouse.reports.report import Anchor, Clock, Report, Values

_HOURLY_DAYS = 35
_HEATMAP_DAYS = 90
_HEATMAP_AGE = timedelta(hours=24)


def _hourly(clock: Clock) -> Values:
    first = clock.as_of.date() - timedelta(days=_HOURLY_DAYS)
    return {"first_click_date": first}


def _heatmap(clock: Clock) -> Values:
    # Of the newest day whose every message has had its 24 hours.
    window_end = clock.today - timedelta(days=2)
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
        "One row per hour (UTC) and campaign: requests for its links in that hour, of the last 35 days.",
        Anchor.ACTIVITY,
        ("fact_click", "fact_message", "dim_user_agent"),
        "click_hour_utc desc, human_clicks desc, campaign_id",
        _HOURLY_DAYS + 1,
        _hourly,
    ),
    "send_time_heatmap": Report(
        "One row per weekday and hour of sending in the recipient's time zone, and segment of recipients: how many "
        "delivered messages were clicked within 24 hours, of ninety days.",
        Anchor.COHORT,
        ("fact_message", "reports/recipient_engagement"),
        "segment, dow_local, hour_local",
        _HEATMAP_DAYS + 2,
        _heatmap,
    ),
}
