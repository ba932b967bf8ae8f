"""Reports on how we work: whether opt-outs were heeded, and what arrived in what state."""

from __future__ import annotations

from datetime import timedelta

from sms_warehouse import sql
from sms_warehouse.landing.events import EVENTS
from sms_warehouse.landing.ledger import insert_rows
from sms_warehouse.ranges import date_ranges, id_ranges
from sms_warehouse.reports.report import Anchor, Clock, Report, Values
from sms_warehouse.resources.redshift import Session

_COMPLIANCE_DAYS = 400
_DELIVERY_DAYS = 30
_QUALITY_DAYS = 8

_KEPT_IN = {
    "message_submitted": "fact_submission",
    "delivery_receipt": "fact_delivery_event",
    "link_click": "fact_click",
    "subscription_changed": "fact_subscription_event",
    "inbound_message": "fact_inbound_message",
    "campaign_upserted": "dim_campaign",
}
"""Event type -> the table that keeps its events."""


def _compliance(clock: Clock) -> Values:
    first_at = clock.midnight(clock.today - timedelta(days=_COMPLIANCE_DAYS - 1))
    return {
        "first_effective_at": first_at,
        "first_sent_date": first_at.date(),
        "last_sent_date": clock.as_of.date(),
        "first_delivered_cohort_date": first_at.date() - timedelta(days=_DELIVERY_DAYS),
    }


def _quality(clock: Clock) -> Values:
    last = clock.as_of.date()
    return {"first_due_date": last - timedelta(days=_QUALITY_DAYS - 1), "last_due_date": last}


def _fill_quality(session: Session, name: str, values: Values) -> None:
    """Counts the days that are due, range by range, and then what their rows say of messages."""
    bound = dict(values)
    sql.run(session, f"reports/{name}/due", **bound)
    services = [
        {"event_type": event_type, "source": EVENTS[event_type].source, "table_name": table}
        for event_type, table in _KEPT_IN.items()
    ]
    insert_rows(session, "service", services)
    days = [day for (day,) in session.rows("select distinct arrival_date from due_day")]
    for first_date, last_date in date_ranges(days):
        sql.run(
            session,
            f"reports/{name}/objects",
            first_date=first_date,
            last_date=last_date,
            **bound,
        )
        sql.run(
            session, f"reports/{name}/count", first_date=first_date, last_date=last_date, **bound
        )
    prefixes = session.rows("select distinct id_prefix from named_prefix")
    for first_id, end_id in id_ranges(prefix for (prefix,) in prefixes):
        sql.run(
            session,
            f"reports/{name}/messages",
            first_id=first_id,
            end_id=end_id,
            first_date=min(days),
            last_date=max(days),
        )
    sql.run(session, f"reports/{name}/publish", **bound)


REPORTS = {
    "optout_compliance_daily": Report(
        Anchor.ACTIVITY,
        ("fact_subscription_event", "fact_message"),
        "effective_date desc, program_id",
        _COMPLIANCE_DAYS,
        _compliance,
        every=timedelta(days=1),
        zone="SMS_WAREHOUSE_REPORT_TIMEZONE.",
        kept="each refresh makes all anew; days of before the window have none.",
        final="no row: what is sent while an opt-out holds counts under the day of the opt-out, however late.",
        verified=(
            "exact rows by hand: sends around the five minutes, the next consent, a change of the line and the "
            "tenth business day across a holiday (warehouse/test_compliance.py)."
        ),
    ),
    "pipeline_quality_hourly": Report(
        Anchor.ARRIVAL,
        (
            *_KEPT_IN.values(),
            "fact_message",
            "dim_variant",
        ),
        "arrival_hour desc, event_type, source",
        _QUALITY_DAYS,
        _quality,
        every=timedelta(hours=1),
        in_utc=True,
        zone="UTC, as in the objects' keys.",
        kept=(
            "those of the window are made anew by each refresh, those of an older day and event type when a load of "
            "it was taken in since and staging still holds it; other rows are kept for good as they were at their "
            "as_of. How complete logs are is recorded from the window's first day on alone."
        ),
        final="by no day: a row before the window changes when an object of its day and event type lands.",
        verified=(
            "for each kind of odd event a world with one of it: its count, and no other row of the warehouse changed "
            "(warehouse/test_quality.py)."
        ),
        fill=_fill_quality,
    ),
}
