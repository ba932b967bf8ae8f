"""pipeline_quality_hourly: what the objects of each hour held, and what was odd about it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta

from sms_warehouse_tests.reference.given import Given, Row, percentile, six_digits
from sms_warehouse_tests.reference.kept import DELIVERED, FAILED, Events
from sms_warehouse_tests.reference.logs import LogObject
from sms_warehouse_tests.reference.messages import by, in_order

_KEPT = {
    "message_submitted": "submissions",
    "delivery_receipt": "receipts",
    "link_click": "clicks",
    "subscription_changed": "changes",
    "inbound_message": "inbound",
    "campaign_upserted": "images",
}
ODD = (
    "orphans",
    "stubs_open",
    "unmapped_error_codes",
    "conflicting_finals",
    "conflicting_sends",
    "unknown_campaigns",
    "undeclared_variants",
    "impossible_times",
    "unknown_tokens",
)
Group = tuple[datetime, str, str]


def pipeline_quality_hourly(
    objects: Iterable[LogObject],
    events: Events,
    messages: dict[str, Row],
    variants: list[Row],
    given: Given,
    as_of: datetime,
) -> list[Row]:
    """Everything landed is good and applied: nothing is quarantined, poison or waiting."""
    lines: dict[Group, list[Row]] = defaultdict(list)
    files: dict[Group, set[str]] = defaultdict(set)
    for written in objects:
        for event in written.events:
            group = _group(written.key, event.fields["source"])
            lines[group].append(dict(event.fields))
            files[group].add(written.key)
    kept = _kept(events)
    odd = _odd(messages, variants, events, given)
    return [
        _row(group, found, len(files[group]), kept.get(group, []), odd, as_of)
        for group, found in lines.items()
    ]


def _group(key: str, source: str) -> Group:
    _, event_type, _, day, hour = key.split("/")[:5]
    return datetime.fromisoformat(f"{day[3:]} {hour[3:]}:00"), event_type, source


def _kept(events: Events) -> dict[Group, list[Row]]:
    """Kept events by where they came from."""
    found: dict[Group, list[Row]] = defaultdict(list)
    for event_type, name in _KEPT.items():
        for row in getattr(events, name):
            found[_group(row["place"][0], row["source"])].append(row | {"event_type": event_type})
    return found


def _row(
    group: Group,
    found: list[Row],
    files: int,
    kept: list[Row],
    odd: dict[str, set[str]],
    as_of: datetime,
) -> Row:
    late = [(f["logged_at"] - f["occurred_at"]) / timedelta(seconds=1) for f in found]
    ids = {row["event_id"] for row in kept}
    orphans = [row for row in kept if row["event_id"] in odd["orphans"]]
    return {
        "arrival_hour": group[0],
        "event_type": group[1],
        "source": group[2],
        "files": files,
        "poison_files": 0,
        "rows_in": len(found),
        "rows_loaded": len(kept),
        "duplicates": len(found) - len(kept),
        "rows_waiting": 0,
        "quarantined": 0,
        "late_rows": sum(seconds > 3600 for seconds in late),
        "p50_lateness_s": _six(percentile(late, 0.5)),
        "p95_lateness_s": _six(percentile(late, 0.95)),
        "max_lateness_s": _six(max(late)),
        "clock_skew_rows": sum(seconds < -5 for seconds in late),
        **{name: len(ids & odd[name]) for name in ODD if name != "stubs_open"},
        "stubs_open": len({row["message_id"] for row in orphans} - {None}),
        "freshness_s": _six((as_of - max(f["logged_at"] for f in found)) / timedelta(seconds=1)),
        "as_of": as_of,
    }


def _six(value: float | None) -> object:
    return None if value is None else six_digits(value)


def _odd(
    messages: dict[str, Row],
    variants: list[Row],
    events: Events,
    given: Given,
) -> dict[str, set[str]]:
    """Ids of events that are odd, by how."""
    odd: dict[str, set[str]] = {name: set() for name in ODD}
    declared = {image["campaign_id"] for image in events.images}
    named = {(v["campaign_id"], v["variant_id"]) for v in variants}
    for rows in by(events.submissions, "message_id", "attempt_no").values():
        counts = min(rows, key=in_order)
        odd["conflicting_sends"] |= {r["event_id"] for r in rows if r is not counts}
    for rows in by(events.submissions, "message_id").values():
        original = min(rows, key=lambda r: (r["attempt_no"], *in_order(r)))
        odd["conflicting_sends"] |= {
            r["event_id"]
            for r in rows
            if r["recipient_id"] != original["recipient_id"]
            or r["campaign_id"] != original["campaign_id"]
        }
    parts = by(
        [r for r in events.receipts if r["message_id"]], "message_id", "attempt_no", "segment_seq"
    )
    for rows in parts.values():
        if any(r["state_rank"] == DELIVERED for r in rows):
            odd["conflicting_finals"] |= {r["event_id"] for r in rows if r["state_rank"] == FAILED}
    for row in events.submissions:
        if row["campaign_id"] not in declared:
            odd["unknown_campaigns"].add(row["event_id"])
        elif row["variant_id"] and (row["campaign_id"], row["variant_id"]) not in named:
            odd["undeclared_variants"].add(row["event_id"])
        if row["submit_status"] == "REJECTED" and _is_unmapped(row, "submit_error_code", given):
            odd["unmapped_error_codes"].add(row["event_id"])
    for row in events.receipts:
        if row["state_rank"] == FAILED and _is_unmapped(row, "error_code", given):
            odd["unmapped_error_codes"].add(row["event_id"])
    for row in [*events.receipts, *events.clicks]:
        message = messages.get(row["message_id"])
        if message is None or message["is_stub"]:
            odd["orphans"].add(row["event_id"])
        elif row["occurred_at"] < message["first_submitted_at"] - timedelta(minutes=1):
            odd["impossible_times"].add(row["event_id"])
    odd["unknown_tokens"] = {c["event_id"] for c in events.clicks if c["message_id"] is None}
    return odd


def _is_unmapped(row: Row, column: str, given: Given) -> bool:
    code = row[column]
    known = given.errors
    return code is not None and (row["provider"], code) not in known and ("*", code) not in known
