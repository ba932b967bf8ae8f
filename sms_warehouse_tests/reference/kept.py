"""Event facts: of all copies of an event the one that stays, with what one event says by itself."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from sms_warehouse.landing.events import EVENTS, JSON_KINDS, Kind
from sms_warehouse_tests.reference.given import Row, md5
from sms_warehouse_tests.reference.logs import LogObject

_AHEAD = timedelta(minutes=5)
_RANKS = {"QUEUED": 10, "SENT": 20, "CARRIER_ACCEPTED": 30, "UNKNOWN": 40, "DELIVERED": 60}
FAILED = 50
DELIVERED = 60
_ENVELOPE = {"event_type", "schema_version", "logged_at", "trace_id", "attributes"}


@dataclass
class Events:
    """Events as the warehouse keeps them, by type, each once."""

    submissions: list[Row] = field(default_factory=list)
    receipts: list[Row] = field(default_factory=list)
    clicks: list[Row] = field(default_factory=list)
    changes: list[Row] = field(default_factory=list)
    inbound: list[Row] = field(default_factory=list)
    images: list[Row] = field(default_factory=list)


def rank(state: str) -> int:
    return _RANKS.get(state, FAILED)


def keep(objects: Iterable[LogObject]) -> Events:
    """Of several copies of an event the one logged first stays, then the one with the smallest hash.

    Copies of an event are of one day: they say the same of when it happened.
    """
    copies: dict[tuple[str, str, date], list[Row]] = defaultdict(list)
    for written in objects:
        for number, event in enumerate(written.events, start=1):
            row = _row(event.event_type, dict(event.fields))
            row["place"] = (written.key, number, written.day)
            copies[event.event_type, row["event_id"], row["event_date"]].append(row)
    kept = Events()
    shelf = {
        "message_submitted": kept.submissions,
        "delivery_receipt": kept.receipts,
        "link_click": kept.clicks,
        "subscription_changed": kept.changes,
        "inbound_message": kept.inbound,
        "campaign_upserted": kept.images,
    }
    for (event_type, *_), rows in copies.items():
        stays = min(rows, key=lambda row: (row["received_at"], row["content_hash"]))
        # Of copies that are the same in everything, any may stay.
        stays["arrival_dates"] = {
            row["place"][2]
            for row in rows
            if (row["received_at"], row["content_hash"])
            == (stays["received_at"], stays["content_hash"])
        }
        shelf[event_type].append(stays)
    return kept


def counted_at(values: Row) -> datetime:
    """When an event counts as having happened: a clock far ahead is not believed."""
    occurred_at, logged_at = values["occurred_at"], values["logged_at"]
    return logged_at if occurred_at > logged_at + _AHEAD else occurred_at


def _row(event_type: str, values: Row) -> Row:
    row: Row = {f.name: values.get(f.name) for f in EVENTS[event_type].fields}
    row = {name: value for name, value in row.items() if name not in _ENVELOPE}
    row["occurred_at"] = counted_at(values)
    row["received_at"] = values["logged_at"]
    row["event_date"] = row["occurred_at"].date()
    row["content_hash"] = _content_hash(event_type, values)
    return row | _DERIVED.get(event_type, dict)(row)


def _content_hash(event_type: str, values: Row) -> str:
    texts = []
    for contract in EVENTS[event_type].fields:
        if contract.kind is not Kind.FLOAT:
            texts.append(_text(values.get(contract.name), contract.kind))
    return md5("|".join([*texts, ""]))


def _text(value: Any, kind: Kind) -> str:
    if value is None:
        return ""
    if kind in JSON_KINDS:
        return md5(value)
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, datetime):
        text = f"{value:%Y-%m-%d %H:%M:%S.%f}"
        return text.rstrip("0").rstrip(".")
    return str(value)


def _receipt(row: Row) -> Row:
    state = row["status"]
    counts = re.search(r"sub:(\d+).*dlvrd:(\d+)", row["receipt_text"] or "")
    is_whole = row["segment_seq"] is None
    if state == "DELIVERED" and is_whole and counts and int(counts[2]) < int(counts[1]):
        state = "SENT"
    return {"attempt_no": row["attempt_no"] or 1, "state": state, "state_rank": rank(state)}


def _click(row: Row) -> Row:
    since_1970 = row["occurred_at"] - datetime(1970, 1, 1)
    return {
        "ua_key": md5(row["user_agent"] or ""),
        "ip_prefix": _ip_prefix(row["client_ip"]),
        "referer_host": urlsplit(row["referer"]).netloc[:253].lower() if row["referer"] else None,
        "slot_number": math.floor(since_1970 / timedelta(seconds=600)),
    }


def _ip_prefix(address: str | None) -> str | None:
    if address is None:
        return None
    if ":" in address:
        one, two, three = (address.split(":") + ["", ""])[:3]
        return f"{one}:{two}:{three or '0'}::/48"
    return ".".join(address.split(".")[:3]) + ".0/24"


def _image(row: Row) -> Row:
    return {"is_deleted": row["deleted"], "valid_from": row["occurred_at"]}


_DERIVED: dict[str, Any] = {
    "delivery_receipt": _receipt,
    "link_click": _click,
    "campaign_upserted": _image,
}
