"""The share of one message in each measure, and sums of them: what all reports by day of sending count."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from sms_warehouse_tests.reference.given import Row

_OPEN = ("QUEUED", "SENT", "CARRIER_ACCEPTED")
_FAILURES = ("UNDELIVERED", "EXPIRED", "REJECTED", "DELETED", "FAILED")
_HOURS = {"24h": 24, "72h": 72, "7d": 7 * 24}
STILL_PENDING = timedelta(hours=72)

COUNTS = (
    "attempted",
    "suppressed",
    "submit_failed",
    "sent",
    "delivered",
    "failed",
    "pending",
    "unknown",
    "carrier_accepted_only",
    "clicked",
    "clicked_delivered",
    "clicked_without_receipt",
    "clicked_24h_delivered",
    "clicked_72h_delivered",
    "clicked_7d_delivered",
    "clicked_in_window",
    "total_clicks",
    "bot_clicks",
    "opt_outs",
    "replies",
    "segments_sent",
)


def measure(message: Row, as_of: datetime) -> Row:
    """A message with its measures; one that is a stub has none."""
    sent = message["sent_at"] is not None
    suppressed = not sent and message["submit_status"] == "SUPPRESSED"
    state = message["delivery_state"]
    delivered = sent and state == "DELIVERED"
    is_open = sent and state in _OPEN
    is_young = sent and message["sent_at"] > as_of - STILL_PENDING
    clicked = not suppressed and message["human_clicks"] > 0
    seconds = message["sec_to_first_click"]

    def within(hours: int) -> bool:
        return clicked and seconds is not None and seconds <= hours * 3600

    found: Row = {
        "attempted": not suppressed,
        "suppressed": suppressed,
        "submit_failed": not suppressed and not sent,
        "sent": sent,
        "delivered": delivered,
        "failed": sent and state in _FAILURES,
        "pending": is_open and is_young,
        "unknown": sent and (state == "UNKNOWN" or (is_open and not is_young)),
        "carrier_accepted_only": sent and state == "CARRIER_ACCEPTED",
        "clicked": clicked,
        "clicked_delivered": clicked and delivered,
        "clicked_without_receipt": clicked and not delivered,
        "clicked_in_window": within(message["click_window_days"] * 24),
        "total_clicks": 0 if suppressed else message["human_clicks"],
        "bot_clicks": 0 if suppressed else message["bot_clicks"],
        "opt_outs": not suppressed and message["opted_out_at"] is not None,
        "replies": not suppressed and message["replied_at"] is not None,
        "segments_sent": message["segment_count"] if sent else 0,
    }
    for name, hours in _HOURS.items():
        found[f"clicked_{name}"] = within(hours)
        found[f"clicked_{name}_delivered"] = delivered and within(hours)
    return message | {name: int(value) for name, value in found.items()} | _keys(message)


def _keys(message: Row) -> Row:
    return {
        "variant_id": message["variant_id"] or "-",
        "carrier": message["mcc_mnc"] or "-",
        "provider": message["provider"] or "-",
    }


def total(measured: Iterable[Row]) -> Row:
    """Sums of all counts."""
    rows = list(measured)
    return {name: sum(row[name] for row in rows) for name in COUNTS}
