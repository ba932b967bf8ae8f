"""followup_audience: what to do about each recipient's latest marketing message of a campaign."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sms_warehouse_tests.reference.cohorts import World
from sms_warehouse_tests.reference.engagement import consent_of, line_changes
from sms_warehouse_tests.reference.given import Row, earliest, latest, local
from sms_warehouse_tests.reference.measures import measure
from sms_warehouse_tests.reference.members import settings_of
from sms_warehouse_tests.reference.messages import by

_DAYS = 14
_CLOSED = timedelta(hours=72)


def followup_audience(world: World) -> list[Row]:
    """Nothing was exported before."""
    consent, hands, capped = consent_of(world), line_changes(world), _capped(world)
    since = world.as_of - timedelta(days=_DAYS)
    recent = [
        m
        for m in world.measured
        if not m["suppressed"] and m["message_category"] == "MARKETING" and m["cohort_at"] > since
    ]
    found = []
    for messages in by(recent, "campaign_id", "recipient_key").values():
        message = max(messages, key=lambda m: (m["cohort_at"], m["message_id"]))
        status = consent.get(message["recipient_key"])
        fact = _facts(message, status)
        rule = next(r for r in world.given.follow_up_rules if _fits(r, message, fact, world.as_of))
        found.append(_row(world, message, fact, rule, status, hands, capped))
    return found


def _facts(message: Row, status: str | None) -> Row:
    """What rules ask of a message."""
    if not message["sent"]:
        outcome = "NOT_SENT"
    elif message["delivered"]:
        outcome = "DELIVERED"
    elif message["failed"]:
        outcome = "FAILED"
    else:
        outcome = "PENDING" if message["pending"] else "UNKNOWN"
    clicked = message["human_clicks"] > 0
    return {
        "opted_out": message["opted_out_at"] is not None or status == "OPTED_OUT",
        "outcome": outcome,
        "engaged": clicked or message["replied_at"] is not None,
        "clicked": clicked,
        "failure_permanent": bool(message["failure_permanent"]),
        "failure_category": message["failure_category"],
        "followed_up": message["followed_up_at"] is not None,
        "is_follow_up": message["follow_up_of_message_id"] is not None,
        "has_link": message["link_token"] is not None,
    }


def _fits(rule: Row, message: Row, fact: Row, as_of: datetime) -> bool:
    age = as_of - message["cohort_at"]
    return (
        all(rule[name] is None or rule[name] == value for name, value in fact.items())
        and (rule["max_attempts"] is None or message["attempts"] <= rule["max_attempts"])
        and (rule["min_age_hours"] is None or age >= timedelta(hours=rule["min_age_hours"]))
        and (rule["max_age_hours"] is None or age < timedelta(hours=rule["max_age_hours"]))
    )


def _hours_after(at: datetime | None, hours: int | None) -> datetime | None:
    return None if at is None or hours is None else at + timedelta(hours=hours)


def _fits_since(rule: Row, message: Row) -> Any:
    if rule["clicked"] or rule["engaged"]:
        came = latest(message["last_click_at"], message["replied_at"])
    elif rule["outcome"] == "DELIVERED":
        came = message["delivered_at"]
    elif rule["outcome"] == "FAILED":
        came = message["failed_at"]
    elif rule["outcome"] == "UNKNOWN":
        is_told = message["delivery_state"] == "UNKNOWN"
        came = message["last_receipt_at"] if is_told else message["sent_at"] + _CLOSED
    else:
        came = message["cohort_at"]
    return latest(_hours_after(message["cohort_at"], rule["min_age_hours"]), came)


def _row(
    world: World,
    message: Row,
    fact: Row,
    rule: Row,
    status: str | None,
    hands: Counter[str],
    capped: set[str],
) -> Row:
    fits_since = _fits_since(rule, message)
    not_before = latest(fits_since, world.as_of)
    until = earliest(
        _hours_after(fits_since, rule["valid_hours"]),
        _hours_after(message["cohort_at"], rule["max_age_hours"]),
    )
    does_something = rule["effect"] != "NOTHING"
    eligible_from = None
    reason = None
    if rule["effect"] == "INTERNAL":
        eligible_from = not_before
        reason = "EXPIRED" if until and until <= eligible_from else None
    elif rule["effect"] == "CONTACT":
        eligible_from = _out_of_quiet_hours(world, message, not_before)
        recipient_id, _, seq = message["recipient_key"].rpartition("#")
        reasons = {
            "LINE_ENDED": hands[recipient_id] > int(seq) or status == "DEACTIVATED",
            "OPTED_OUT": status == "OPTED_OUT",
            "NO_CONSENT": status in ("PENDING_CONFIRM", "REASSIGNED"),
            "FOLLOWED_UP": fact["followed_up"],
            "FREQUENCY_CAP": message["recipient_key"] in capped,
            "EXPIRED": until is not None and until <= eligible_from,
            "QUIET_HOURS": eligible_from > world.as_of,
        }
        reason = next((name for name, applies in reasons.items() if applies), None)
    setting = world.given.follow_up_setting
    return {
        "campaign_id": message["campaign_id"],
        "recipient_key": message["recipient_key"],
        "message_id": message["message_id"],
        "action": rule["action"],
        "reason": rule["reason"],
        "rule_order": rule["rule_order"],
        "eligible_from": eligible_from,
        "eligible_until": until if does_something else None,
        "priority": rule["priority"],
        "is_eligible_now": does_something and reason is None,
        "suppression_reason": reason,
        "computed_at": world.as_of,
        "fresh_until": world.as_of + timedelta(minutes=setting["fresh_minutes"]),
    }


def _out_of_quiet_hours(world: World, message: Row, at: datetime) -> datetime:
    settings = settings_of(world.images, world.given)
    zone = world.given.zones.get(message["recipient_tz"] or "") or settings.get(
        message["campaign_id"], {}
    ).get("report_tz", "UTC")
    setting = world.given.follow_up_setting
    there = local(at, zone)
    if setting["first_hour"] <= there.hour < setting["end_hour"]:
        return at
    day = there.date() + timedelta(days=int(there.hour >= setting["end_hour"]))
    opens = datetime(day.year, day.month, day.day, setting["first_hour"], tzinfo=ZoneInfo(zone))
    return opens.astimezone(UTC).replace(tzinfo=None)


def message_status(world: World, asked_at: datetime) -> list[Row]:
    """How each message stands when it is asked for, by itself: consent given elsewhere is not looked at."""
    found = []
    for message in [m for m in world.messages if not m["is_stub"]]:
        fact = _facts(measure(message, asked_at), None)
        rule = next(r for r in world.given.follow_up_rules if _fits(r, message, fact, asked_at))
        found.append(
            message
            | {
                "delivery_outcome": fact["outcome"],
                "delivered_at": message["delivered_at"] if fact["outcome"] == "DELIVERED" else None,
                "bot_only": message["bot_clicks"] > 0 and not message["human_clicks"],
                "engaged": fact["engaged"],
                "follow_up_action": (
                    rule["action"] if message["message_category"] == "MARKETING" else None
                ),
            }
        )
    return found


def _capped(world: World) -> set[str]:
    setting = world.given.follow_up_setting
    since = world.as_of - timedelta(days=setting["cap_days"])
    had = Counter(
        m["recipient_key"]
        for m in world.measured
        if m["sent"] and since < m["sent_at"] <= world.as_of and m["message_category"] != "SERVICE"
    )
    return {key for key, messages in had.items() if messages >= setting["cap_messages"]}
