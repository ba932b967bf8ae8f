"""The reports: aggregates over fact_message, each rebuilt whole in one transaction.

What a report shows depends on the events and on its clock (``as_of``) alone. Windows are days of a named time
zone; their bounds are turned into UTC here, so that no statement applies a function to the column it selects by.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sms_warehouse import sql
from sms_warehouse.resources.redshift import Redshift, Session

REPORTS: tuple[str, ...] = ("campaign_performance", "rolling_30d", "delivery_failure_daily")
"""The report tables; reports.message_status is a view and needs no refresh."""

DESCRIPTIONS = {
    "campaign_performance": (
        "One row per campaign and variant ('*' for the campaign): delivery, clicks, opt-outs and rates of its "
        "messages of the last 400 days."
    ),
    "rolling_30d": (
        "One row per scope (all, campaign, carrier, category): messages sent in the thirty calendar days up to "
        "yesterday, and the same of the thirty days before."
    ),
    "delivery_failure_daily": (
        "One row per day of sending, carrier, provider and reason of failure, of the last 35 days."
    ),
}
SOURCES = {
    "campaign_performance": ("fact_message", "dim_campaign"),
    "rolling_30d": ("fact_message", "fact_submission"),
    "delivery_failure_daily": ("fact_message",),
}
PREVIEW_ORDER = {
    "campaign_performance": "sent desc, campaign_id, variant_id",
    "rolling_30d": "scope_type, sent desc, scope_id",
    "delivery_failure_daily": "sent_date_report desc, messages desc, carrier, error_code",
}

_WINDOW_DAYS = 30
_CAMPAIGN_DAYS = 400
_FAILURE_DAYS = 35


def refresh(
    redshift: Redshift, report: str, *, as_of: datetime, report_tz: str, run_id: str | None = None
) -> int:
    """Rebuilds one report for the clock ``as_of`` (naive UTC) and days of ``report_tz``; returns its rows."""
    values = _values(as_of, report_tz)
    path = f"reports/{report}"

    def work(session: Session) -> int:
        session.execute("lock control.warehouse_mutex")
        sql.run(session, path, **values)
        session.execute(
            "delete from control.report_refresh where report_name = :report_name",
            report_name=report,
        )
        session.execute(
            "insert into control.report_refresh (report_name, as_of, refreshed_at, run_id)"
            " values (:report_name, :as_of, :refreshed_at, :run_id)",
            report_name=report,
            as_of=as_of,
            refreshed_at=datetime.now(UTC).replace(tzinfo=None),
            run_id=run_id,
        )
        return int(session.value(f"select count(*) as report_rows from reports.{report}"))

    return redshift.transaction(f"refresh_{report}", work)


def _values(as_of: datetime, report_tz: str) -> dict[str, object]:
    zone = ZoneInfo(report_tz)
    today = as_of.replace(tzinfo=UTC).astimezone(zone).date()
    report_date = today - timedelta(days=1)
    window_start = report_date - timedelta(days=_WINDOW_DAYS - 1)
    window_start_at = _midnight(window_start, zone)
    window_end_at = _midnight(today, zone)
    previous_start_at = _midnight(window_start - timedelta(days=_WINDOW_DAYS), zone)
    first_failure_date = today - timedelta(days=_FAILURE_DAYS)
    return {
        "as_of": as_of,
        "report_tz": report_tz,
        "report_date": report_date,
        "window_start": window_start,
        "window_start_at": window_start_at,
        "window_end_at": window_end_at,
        "window_first_date": window_start_at.date(),
        "window_last_date": window_end_at.date(),
        "previous_start_at": previous_start_at,
        "previous_first_date": previous_start_at.date(),
        "first_campaign_date": as_of.date() - timedelta(days=_CAMPAIGN_DAYS),
        "first_failure_date": first_failure_date,
        # A day of any time zone has begun, in UTC, at most one day before.
        "first_failure_cohort_date": first_failure_date - timedelta(days=1),
    }


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    """When a day begins in a zone, naive UTC."""
    return datetime.combine(day, time(), zone).astimezone(UTC).replace(tzinfo=None)
