"""recipient_engagement: how each recipient took the messages of the last 400 days."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

from sms_warehouse_tests.reference.activities import refusals
from sms_warehouse_tests.reference.cohorts import World
from sms_warehouse_tests.reference.given import Row, local, share
from sms_warehouse_tests.reference.messages import by

_STRENGTH = ("OPTED_IN", "PENDING_CONFIRM", "DEACTIVATED", "REASSIGNED")
_LINE_CHANGES = ("DEACTIVATED", "REASSIGNED")


def consent_of(world: World) -> dict[str, str]:
    """What each recipient's consent comes to at the clock: no opt-out may stand, then the strongest word counts."""
    standing = {
        r["event_id"]
        for r in refusals(world)
        if r["new_status"] == "OPTED_OUT"
        and r["effective_at"] <= world.as_of
        and (r["ended_at"] is None or r["ended_at"] > world.as_of)
    }
    found: dict[str, str] = {}
    for recipient_key, held in by(world.subscriptions, "recipient_key").items():
        statuses = {
            h["status"]
            for h in held
            if h["valid_from"] <= world.as_of
            and (h["valid_to"] is None or h["valid_to"] > world.as_of)
        }
        if any(h["event_id"] in standing for h in held):
            found[recipient_key] = "OPTED_OUT"
        elif said := statuses - {"OPTED_OUT"}:
            found[recipient_key] = next(s for s in _STRENGTH if s in said)
    return found


def line_changes(world: World) -> Counter[str]:
    """How often each line was deactivated or reassigned up to the clock."""
    return Counter(
        c["recipient_id"]
        for c in world.changes
        if c["new_status"] in _LINE_CHANGES and c["effective_at"] <= world.as_of
    )


def recipient_engagement(world: World) -> list[Row]:
    first_day = world.as_of.date() - timedelta(days=400)
    known = by([m for m in world.measured if m["cohort_date"] >= first_day], "recipient_key")
    consent, hands = consent_of(world), line_changes(world)
    clicks = by([c for c in world.clicks if c["message_id"]], "message_id")
    return [
        _recipient(world, key, messages, clicks, consent, hands) for key, messages in known.items()
    ]


def _recipient(
    world: World,
    key: str,
    messages: list[Row],
    clicks: dict[str, list[Row]],
    consent: dict[str, str],
    hands: Counter[str],
) -> Row:
    setting = world.given.engagement
    recipient_id, _, seq = key.rpartition("#")
    sent = [m for m in messages if m["sent"]]
    d30 = [m for m in sent if m["sent_at"] > world.as_of - timedelta(days=30)]
    d90 = [m for m in sent if m["sent_at"] > world.as_of - timedelta(days=90)]
    last_click = max((m["last_click_at"] for m in sent if m["clicked"]), default=None)
    days = None if last_click is None else max(world.as_of - last_click, timedelta(0)).days
    ended = hands[recipient_id] > int(seq)
    status = "ENDED" if ended else consent.get(key, "UNKNOWN")
    delivered_at = [m["delivered_at"] for m in sent if m["delivered"]]
    clicked_90d = sum(m["clicked"] for m in d90)
    row: Row = {
        "recipient_key": key,
        "snapshot_date": world.as_of.date() - timedelta(days=world.as_of.weekday()),
        "is_current": True,
        "sent_30d": len(d30),
        "sent_90d": len(d90),
        "delivered_30d": sum(m["delivered"] for m in d30),
        "delivered_90d": sum(m["delivered"] for m in d90),
        "clicked_30d": sum(m["clicked"] for m in d30),
        "clicked_90d": clicked_90d,
        "total_clicks_90d": sum(m["human_clicks"] for m in d90),
        "ctr_90d": share(
            sum(m["clicked_delivered"] for m in d90), sum(m["delivered"] for m in d90)
        ),
        "last_sent_at": max((m["sent_at"] for m in sent), default=None),
        "last_delivered_at": max(delivered_at, default=None),
        "last_click_at": last_click,
        "days_since_click": days,
        "consecutive_no_click": sum(m["delivered"] for m in _after(sent, "clicked")),
        "consecutive_failures": sum(m["failed"] for m in _after(sent, "delivered")),
        "permanent_failure": _failed_for_good(sent),
        "preferred_hour_local": _preferred_hour(world, d90, clicks),
        "r_score": _r_score(days, setting),
        "f_score": next(
            (n for n in (5, 4, 3, 2) if clicked_90d >= setting[f"f{n}_clicked"]),
            1,
        ),
        "subscription_status": status,
        "as_of": world.as_of,
    }
    row["segment"] = _segment(world, row, min(delivered_at, default=None))
    return row


def _after(sent: list[Row], what: str) -> list[Row]:
    """Messages that were sent after the last one that was clicked, or delivered."""
    last = max((m["sent_at"] for m in sent if m[what]), default=None)
    return [m for m in sent if last is None or m["sent_at"] > last]


def _failed_for_good(sent: list[Row]) -> bool:
    """Of several messages sent last at one time one delivery is enough, and one failure for good is."""
    settled = [m for m in sent if m["delivered"] or m["failed"]]
    last = max((m["sent_at"] for m in settled), default=None)
    latest = [m for m in settled if m["sent_at"] == last]
    return not any(m["delivered"] for m in latest) and any(m["failure_permanent"] for m in latest)


def _preferred_hour(world: World, sent: list[Row], clicks: dict[str, list[Row]]) -> int | None:
    hours: Counter[int] = Counter()
    for message in sent:
        zone = world.given.zones.get(message["recipient_tz"] or "")
        for click in clicks.get(message["message_id"], []) if zone else []:
            is_click = click["is_human"] and not click["is_repeat_fire"]
            if is_click and click["occurred_at"] <= world.as_of and zone:
                hours[local(click["occurred_at"], zone).hour] += 1
    if hours.total() < world.given.engagement["preferred_hour_clicks"]:
        return None
    return min(hours, key=lambda hour: (-hours[hour], hour))


def _r_score(days: int | None, setting: Row) -> int:
    if days is None:
        return 1
    return next((n for n in (5, 4, 3, 2) if days <= setting[f"r{n}_days"]), 1)


def _segment(world: World, row: Row, first_delivered_at: datetime | None) -> str:
    setting, days = world.given.engagement, row["days_since_click"]
    new_since = world.as_of - timedelta(days=setting["new_days"])
    enough = row["delivered_90d"] >= setting["enough_delivered"]
    if row["subscription_status"] == "OPTED_OUT":
        return "OPTED_OUT"
    if (
        row["permanent_failure"]
        or row["consecutive_failures"] >= setting["unreachable_failures"]
        or row["subscription_status"] == "ENDED"
    ):
        return "UNREACHABLE"
    if days is not None and days <= setting["engaged_days"]:
        return "ENGAGED"
    if first_delivered_at and first_delivered_at > new_since:
        return "NEW"
    if days is not None and days <= setting["at_risk_days"]:
        return "AT_RISK"
    if days is not None and enough:
        return "LAPSED"
    return "NEVER_ENGAGED" if days is None and enough else "LOW_DATA"
