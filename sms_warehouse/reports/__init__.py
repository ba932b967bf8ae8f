"""The reports: aggregates over the facts, each rebuilt in one transaction for one clock (``as_of``).

What a report shows depends on the events and on its clock alone. With its rows a refresh leaves, in
``control.report_refresh``, what the report covers and how complete that is.
"""

from __future__ import annotations

from datetime import UTC, datetime

from sms_warehouse import sql
from sms_warehouse.reports import campaigns, clicks, delivery
from sms_warehouse.reports.report import Anchor, Clock, Report, files
from sms_warehouse.resources.redshift import Redshift, Session

__all__ = ["REPORTS", "Anchor", "Clock", "Report", "files", "refresh"]

REPORTS: dict[str, Report] = {**campaigns.REPORTS, **delivery.REPORTS, **clicks.REPORTS}
"""The report tables; reports.message_status is a view and needs no refresh."""


def refresh(
    redshift: Redshift, name: str, *, as_of: datetime, report_tz: str, run_id: str | None = None
) -> int:
    """Rebuilds one report for the clock ``as_of`` (naive UTC) and days of ``report_tz``; returns its rows."""
    report = REPORTS[name]
    clock = Clock(as_of, report_tz)
    window_start, window_end = report.window(clock)
    values = {**clock.values(), **report.values(clock)}

    def work(session: Session) -> int:
        session.execute("lock control.warehouse_mutex")
        report.fill(session, name, values)
        sql.run(
            session,
            "reports/record_refresh",
            report_name=name,
            anchor=report.anchor.value,
            as_of=as_of,
            report_tz=report_tz,
            window_start=window_start,
            window_end=window_end,
            final_before=report.final_before(clock),
            refreshed_at=datetime.now(UTC).replace(tzinfo=None),
            run_id=run_id,
        )
        return int(session.value(f"select count(*) as report_rows from reports.{name}"))

    return redshift.transaction(f"refresh_{name}", work)
