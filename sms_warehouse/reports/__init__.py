"""The reports: aggregates over the facts, each rebuilt in one transaction for one clock (``as_of``).

What a report shows depends on the events and on its clock alone. With its rows a refresh leaves, in
``control.report_refresh``, what the report covers and how complete that is.

Loads go on while a report is computed: it sees the facts as they were when it began, and writes no table that applying
loads reads or writes. That is also what keeps a serial order of the two at Redshift's SERIALIZABLE level, which goes by
tables: a refresh comes before every load that it did not see. What a refresh takes from applying, it takes beforehand,
in a short transaction of its own that keeps loads out.
"""

from __future__ import annotations

from datetime import UTC, datetime

from sms_warehouse import settings, sql
from sms_warehouse.reports import campaigns, clicks, delivery, operations, recipients
from sms_warehouse.reports.report import Anchor, Clock, Report, files
from sms_warehouse.resources.redshift import Redshift, Session

__all__ = ["REPORTS", "Anchor", "Clock", "Report", "files", "is_slow", "refresh"]

# The order of a refresh: the heatmap reads the segments.
REPORTS: dict[str, Report] = {
    **campaigns.REPORTS,
    **delivery.REPORTS,
    **recipients.REPORTS,
    **clicks.REPORTS,
    **operations.REPORTS,
}
"""The report tables; reports.message_status is a view and needs no refresh."""


def is_slow(name: str) -> bool:
    """Whether a report has a rhythm of its own; none has when there is to be no time between refreshes."""
    return REPORTS[name].every is not None and settings.report_minutes() > 0


def refresh(
    redshift: Redshift, name: str, *, as_of: datetime, report_tz: str, run_id: str | None = None
) -> int:
    """Rebuilds one report for the clock ``as_of`` (naive UTC) and days of ``report_tz``; returns its rows."""
    report = REPORTS[name]
    clock = Clock(as_of, report_tz)
    window_start, window_end = report.window(clock)
    values = {**clock.values(), **report.values(clock)}

    def take(session: Session) -> None:
        # A load that carries a time before as_of may not be committed yet; who has this lock knows that it is.
        session.execute("lock control.report_mutex, control.warehouse_mutex")
        for path in report.takes:
            sql.run(session, path)

    def work(session: Session) -> int:
        session.execute("lock control.report_mutex")
        report.fill(session, name, values)
        sql.run(
            session,
            "reports/record_refresh",
            report_name=name,
            anchor=report.anchor.value,
            as_of=as_of,
            report_tz="UTC" if report.in_utc else report_tz,
            window_start=window_start,
            window_end=window_end,
            final_before=report.final_before(clock),
            refreshed_at=datetime.now(UTC).replace(tzinfo=None),
            run_id=run_id,
        )
        return int(session.value(f"select count(*) as report_rows from reports.{name}"))

    redshift.transaction(f"refresh_{name}", take)
    return redshift.transaction(f"refresh_{name}", work)
