"""Dimensions made of events: campaigns and their variants, recipients and their consent, what events name."""

from __future__ import annotations

import json
from collections.abc import Iterable

from sms_warehouse import click_rules
from sms_warehouse_tests.reference.given import Given, Row, earliest, first, latest
from sms_warehouse_tests.reference.kept import Events, counted_at
from sms_warehouse_tests.reference.logs import LogObject
from sms_warehouse_tests.reference.messages import by, in_order

_LINE_CHANGES = ("DEACTIVATED", "REASSIGNED")


def date_images(events: Events) -> dict[str, list[Row]]:
    """Images of each campaign from the lowest version to the highest, with the time each holds."""
    found = by(events.images, "campaign_id")
    for images in found.values():
        images.sort(key=lambda i: (i["version"], i["occurred_at"], i["event_id"]))
        for place, image in enumerate(images):
            higher = [later["occurred_at"] for later in images[place + 1 :]]
            image["valid_to"] = min(higher, default=None)
            image["is_current"] = not higher
    return found


def settings_of(images: dict[str, list[Row]], given: Given) -> dict[str, Row]:
    """What the current image of each campaign says about reading its results."""
    return {
        campaign_id: {
            "report_tz": found[-1]["report_tz"] if found[-1]["report_tz"] in given.zones else "UTC",
            "click_window_days": first(found[-1]["click_window_days"], 30),
            "optout_window_hours": first(found[-1]["optout_window_hours"], 24),
        }
        for campaign_id, found in images.items()
    }


def variants_of(images: dict[str, list[Row]]) -> list[Row]:
    """Variants as the newest image that names them describes them."""
    found: dict[tuple[str, str], Row] = {}
    for campaign_id, ordered in images.items():
        for image in reversed(ordered):
            for variant in json.loads(image["variants"] or "[]"):
                found.setdefault(
                    (campaign_id, variant["variant_id"]),
                    {
                        "campaign_id": campaign_id,
                        "variant_id": variant["variant_id"],
                        "variant_name": variant.get("name"),
                        "allocation_pct": variant.get("allocation_pct"),
                        "is_control": variant.get("is_control"),
                        "is_current": image["is_current"],
                    },
                )
    return list(found.values())


def agents_of(events: Events, given: Given) -> list[Row]:
    """User agents ever seen."""
    return [
        {
            "ua_key": clicks[0]["ua_key"],
            "user_agent": clicks[0]["user_agent"] or "",
            "ruleset_version": given.ruleset_version,
            **click_rules.describe(clicks[0]["user_agent"] or "")._asdict(),
        }
        for clicks in by(events.clicks, "ua_key").values()
    ]


def date_changes(events: Events) -> list[Row]:
    """dim_subscription: each change of consent or line, whose it is and how long it held."""
    rows = []
    for recipient_id, changes in by(events.changes, "recipient_id").items():
        changes.sort(key=lambda c: (c["effective_at"], c["occurred_at"], c["event_id"]))
        hands = 0
        for place, change in enumerate(changes):
            hands += change["new_status"] in _LINE_CHANGES
            ends = [
                later["effective_at"]
                for later in changes[place + 1 :]
                if later["program_id"] == change["program_id"]
                or later["new_status"] in _LINE_CHANGES
            ]
            rows.append(
                {
                    "recipient_key": f"{recipient_id}#{hands}",
                    "recipient_id": recipient_id,
                    "program_id": change["program_id"],
                    "valid_from": change["effective_at"],
                    "valid_to": min(ends, default=None),
                    "status": change["new_status"],
                    "method": change["method"],
                    "is_current": not ends,
                    "event_id": change["event_id"],
                    "event_date": change["event_date"],
                }
            )
    return rows


def recipients_of(events: Events, messages: dict[str, Row], given: Given) -> list[Row]:
    """dim_recipient: everyone known from a message or a change, and '-'."""
    submissions = by(events.submissions, "message_id")
    held = by(date_changes(events), "recipient_key")
    tokens = {change["event_id"]: change["msisdn_token"] for change in events.changes}
    received = by([m for m in messages.values() if not m["is_stub"]], "recipient_key")
    rows: list[Row] = []
    for key in {*held, *received}:
        recipient_id, _, assignment_seq = key.rpartition("#")
        sent = sorted(
            received.get(key, []), key=lambda m: (m["first_submitted_at"], m["message_id"])
        )
        changes = held.get(key, [])
        times = [change["valid_from"] for change in changes]
        first_message: Row = sent[0] if sent else {}
        last_message: Row = sent[-1] if sent else {}
        token = None
        if sent:
            theirs = [
                submission
                for submission in submissions[last_message["message_id"]]
                if submission["recipient_id"] == recipient_id
            ]
            token = min(theirs, key=lambda s: (-s["attempt_no"], *in_order(s)))["msisdn_token"]
        elif changes:
            token = tokens[changes[-1]["event_id"]]
        carrier = given.carriers.get(last_message.get("mcc_mnc") or "", {})
        rows.append(
            {
                "recipient_key": key,
                "recipient_id": recipient_id,
                "assignment_seq": int(assignment_seq),
                "msisdn_token": token,
                "country": carrier.get("country"),
                "tz": last_message.get("recipient_tz"),
                "home_carrier": last_message.get("mcc_mnc"),
                "first_seen_at": earliest(first_message.get("first_submitted_at"), *times),
                "last_seen_at": latest(last_message.get("first_submitted_at"), *times),
                "first_message_at": first_message.get("first_submitted_at"),
                "first_message_id": first_message.get("message_id"),
                "last_message_at": last_message.get("first_submitted_at"),
                "last_message_id": last_message.get("message_id"),
                "erased_at": None,
            }
        )
    return rows


def named_members(objects: Iterable[LogObject]) -> list[Row]:
    """What landed events name, by event type and arrival day, all copies counted."""
    found: dict[tuple[object, ...], Row] = {}
    for written in objects:
        for event in written.events:
            seen_at = counted_at(dict(event.fields))
            for member in _named(event.event_type, dict(event.fields)):
                row = found.setdefault(
                    (written.event_type, written.day, *member),
                    {
                        "event_type": written.event_type,
                        "arrival_date": written.day,
                        "kind": member[0],
                        "member_id": member[1],
                        "member_part": member[2],
                        "first_seen_at": seen_at,
                        "last_seen_at": seen_at,
                    },
                )
                row["first_seen_at"] = min(row["first_seen_at"], seen_at)
                row["last_seen_at"] = max(row["last_seen_at"], seen_at)
    return list(found.values())


def _named(event_type: str, values: Row) -> list[tuple[str, str, str]]:
    named: dict[str, list[tuple[str, str | None, str | None]]] = {
        "message_submitted": [
            ("CAMPAIGN", values.get("campaign_id"), ""),
            ("VARIANT", values.get("campaign_id"), values.get("variant_id")),
            ("CARRIER", values.get("mcc_mnc"), ""),
            ("SENDER", values.get("sender_id"), ""),
            ("LINK", values.get("link_url_id"), ""),
            ("ERROR", values.get("provider"), values.get("submit_error_code")),
        ],
        "delivery_receipt": [
            ("CARRIER", values.get("mcc_mnc"), ""),
            ("ERROR", values.get("provider"), values.get("error_code")),
        ],
        "link_click": [("LINK", values.get("link_url_id"), "")],
        "inbound_message": [("SENDER", values.get("sender_id"), "")],
    }
    return [
        (kind, member, part)
        for kind, member, part in named.get(event_type, [])
        if member is not None and part is not None
    ]
