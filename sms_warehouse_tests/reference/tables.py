"""All tables at once, as the reference has them and as the warehouse has them, and what differs."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from sms_warehouse.resources.redshift import Redshift
from sms_warehouse_tests.reference import (
    activities,
    cohorts,
    engagement,
    follow_up,
    members,
    quality,
    views,
)
from sms_warehouse_tests.reference.cohorts import World
from sms_warehouse_tests.reference.given import Given, Row
from sms_warehouse_tests.reference.kept import keep
from sms_warehouse_tests.reference.logs import LogObject
from sms_warehouse_tests.reference.messages import make_messages

KEYS: dict[str, tuple[str, ...]] = {
    "warehouse.fact_submission": ("event_id", "event_date"),
    "warehouse.fact_delivery_event": ("event_id", "event_date"),
    "warehouse.fact_click": ("event_id", "event_date"),
    "warehouse.fact_subscription_event": ("event_id", "event_date"),
    "warehouse.fact_inbound_message": ("event_id", "event_date"),
    "warehouse.fact_message": ("message_id",),
    "warehouse.dim_campaign": ("event_id", "event_date"),
    "warehouse.dim_variant": ("campaign_id", "variant_id"),
    "warehouse.dim_user_agent": ("ua_key",),
    "warehouse.dim_recipient": ("recipient_key",),
    "warehouse.dim_subscription": ("event_id", "event_date"),
    "warehouse.named_member": ("event_type", "arrival_date", "kind", "member_id", "member_part"),
    "warehouse.campaign_setting": ("campaign_id",),
    "warehouse.dim_sender": ("sender_id",),
    "warehouse.dim_link_url": ("link_url_id",),
    "warehouse.every_campaign": ("campaign_id",),
    "warehouse.every_variant": ("campaign_id", "variant_id"),
    "warehouse.every_carrier": ("mcc_mnc",),
    "warehouse.every_delivery_error": ("provider", "error_code"),
    "reports.message_status": ("message_id",),
    "reports.refusal": ("event_id",),
    "reports.campaign_performance": ("campaign_id", "variant_id"),
    "reports.campaign_daily": ("sent_date_report", "campaign_id", "variant_id"),
    "reports.rolling_30d": ("scope_type", "scope_id"),
    "reports.delivery_failure_daily": (
        "sent_date_report",
        "carrier",
        "provider",
        "failure_category",
        "error_code",
    ),
    "reports.ab_variant": ("campaign_id", "variant_id"),
    "reports.send_time_heatmap": ("dow_local", "hour_local", "segment"),
    "reports.click_activity_hourly": ("click_hour_utc", "campaign_id"),
    "reports.optout_compliance_daily": ("effective_date", "program_id"),
    "reports.recipient_engagement": ("recipient_key",),
    "reports.followup_audience": ("campaign_id", "recipient_key"),
    "reports.pipeline_quality_hourly": ("arrival_hour", "event_type", "source"),
}
"""What a row is known by."""

_PASSED_OVER = {"loaded_at", "updated_at", "object_id", "line_number"}
# Copies that are the same in everything: any of them may be the one that stays, so these follow from the choice.
_COPY_COLUMNS = {"arrival_date"}
_COPY_COUNTS = {"rows_loaded", "duplicates", *quality.ODD}

Tables = dict[str, list[Row]]


def expected(
    objects: Iterable[LogObject], given: Given, as_of: datetime, report_tz: str = "UTC"
) -> Tables:
    """Every table as the reference works it out."""
    written = list(objects)
    events = keep(written)
    images = members.date_images(events)
    settings = members.settings_of(images, given)
    named = members.named_members(written)
    messages = make_messages(events, settings, given)
    subscriptions = members.date_changes(events)
    variants = members.variants_of(images)
    world = World(
        list(messages.values()),
        events.clicks,
        events.changes,
        events.submissions,
        images,
        variants,
        subscriptions,
        given,
        as_of,
        report_tz,
    )
    engaged = engagement.recipient_engagement(world)
    segments = {row["recipient_key"]: row["segment"] for row in engaged}
    return {
        "warehouse.fact_submission": events.submissions,
        "warehouse.fact_delivery_event": events.receipts,
        "warehouse.fact_click": events.clicks,
        "warehouse.fact_subscription_event": events.changes,
        "warehouse.fact_inbound_message": events.inbound,
        "warehouse.fact_message": list(messages.values()),
        "warehouse.dim_campaign": events.images,
        "warehouse.dim_variant": variants,
        "warehouse.dim_user_agent": members.agents_of(events, given),
        "warehouse.dim_recipient": members.recipients_of(events, messages, given),
        "warehouse.dim_subscription": subscriptions,
        "warehouse.named_member": named,
        "warehouse.campaign_setting": views.campaign_setting(settings, given),
        "warehouse.dim_sender": views.dim_sender(named),
        "warehouse.dim_link_url": views.dim_link_url(named),
        "warehouse.every_campaign": views.every_campaign(images, named),
        "warehouse.every_variant": views.every_variant(variants, images, named),
        "warehouse.every_carrier": views.every_carrier(named, given),
        "warehouse.every_delivery_error": views.every_delivery_error(named, given),
        "reports.message_status": follow_up.message_status(world, datetime.now()),
        "reports.refusal": activities.refusals(world),
        "reports.campaign_performance": cohorts.campaign_performance(world),
        "reports.campaign_daily": cohorts.campaign_daily(world),
        "reports.rolling_30d": cohorts.rolling_30d(world),
        "reports.delivery_failure_daily": cohorts.delivery_failure_daily(world),
        "reports.ab_variant": cohorts.ab_variant(world),
        "reports.send_time_heatmap": cohorts.send_time_heatmap(world, segments),
        "reports.click_activity_hourly": activities.click_activity_hourly(world),
        "reports.optout_compliance_daily": activities.optout_compliance_daily(world),
        "reports.recipient_engagement": engaged,
        "reports.followup_audience": follow_up.followup_audience(world),
        "reports.pipeline_quality_hourly": quality.pipeline_quality_hourly(
            written, events, messages, variants, given, as_of
        ),
    }


def stored(redshift: Redshift) -> Tables:
    """Every table as the warehouse has it; '-' stands for no recipient and is no row here."""
    with redshift.session("reference") as session:
        found = {table: session.records(f"select * from {table}") for table in KEYS}
    found["warehouse.dim_recipient"] = [
        row for row in found["warehouse.dim_recipient"] if row["recipient_id"] != "-"
    ]
    return found


def differences(reference: Tables, warehouse: Tables) -> list[str]:
    """What the two say differently, a line for each row or value; every column of the warehouse is compared."""
    found = []
    for table, key in KEYS.items():
        one = {tuple(row[c] for c in key): row for row in reference[table]}
        other = {tuple(row[c] for c in key): row for row in warehouse[table]}
        assert len(other) == len(warehouse[table]), f"{table}: two rows of one key"
        assert len(one) == len(reference[table]), f"{table}: two rows of one key in the reference"
        found += [f"{table} {k}: only the reference has it" for k in one.keys() - other.keys()]
        found += [f"{table} {k}: only the warehouse has it" for k in other.keys() - one.keys()]
        for k in sorted(one.keys() & other.keys(), key=repr):
            for column, value in other[k].items():
                if not _is_free(table, column) and not _same(one[k][column], value):
                    found.append(f"{table} {k} {column}: {one[k][column]!r} but {value!r}")
        found += _copies(table, one, other)
    return found


def _is_free(table: str, column: str) -> bool:
    if table == "warehouse.named_member":
        return column == "loaded_at"
    if table == "reports.pipeline_quality_hourly":
        return column in _COPY_COUNTS
    if table == "reports.message_status":
        return column == "as_of"
    return column in _PASSED_OVER | _COPY_COLUMNS


def _copies(table: str, one: dict[Any, Row], other: dict[Any, Row]) -> list[str]:
    """Columns that depend on which of several equal copies stayed: it has to be one of them."""
    if table == "reports.pipeline_quality_hourly":
        names = sorted(_COPY_COUNTS - {"stubs_open"})
        types = sorted({k[1] for k in one} | {k[1] for k in other})
        return [
            f"{table} {name} of all {event_type}: {sums[0]} but {sums[1]}"
            for name in names
            for event_type in types
            if len(
                set(
                    sums := [
                        sum(int(r[name]) for k, r in rows.items() if k[1] == event_type)
                        for rows in (one, other)
                    ]
                )
            )
            > 1
        ]
    return [
        f"{table} {k} arrival_date: {row['arrival_date']} was not the day of a copy"
        for k, row in other.items()
        if "arrival_date" in row
        and "arrival_dates" in one.get(k, {})
        and row["arrival_date"] not in one[k]["arrival_dates"]
    ]


def _same(one: Any, other: Any) -> bool:
    if one is None or other is None:
        return one is other
    if isinstance(other, bool) or isinstance(one, bool):
        return bool(one) == bool(other)
    if isinstance(other, Decimal | float) or isinstance(one, Decimal | float):
        # The last of six digits may be rounded either way: sums of fractions depend on their order.
        return abs(float(one) - float(other)) <= 1.000001e-6 * max(1.0, abs(float(one)))
    return bool(one == other)
