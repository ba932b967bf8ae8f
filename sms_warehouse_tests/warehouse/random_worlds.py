"""Worlds of random events, in objects that arrive in a random order and are written again."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

from sms_warehouse.resources.redshift import Redshift
from sms_warehouse_tests.warehouse.world import (
    IPHONE,
    NOON,
    PREVIEW,
    Content,
    Event,
    at,
    campaign,
    click,
    event,
    load,
    message_id,
    opt_out,
    receipt,
    submitted,
)


def random_world(seed: int) -> list[Event]:
    """Events that meet in as many rules as a few can: shared addresses, slots, recipients, parts and attempts."""
    chance = random.Random(seed)
    recipients = ["sub_1", "sub_2"]
    messages = [message_id(n, at(hours=8 * n)) for n in range(6)]
    events = []
    for number, message in enumerate(messages):
        sent = at(hours=8 * number)
        for attempt in range(1, chance.randint(1, 2) + 1):
            for _ in range(chance.choice([1, 1, 1, 2])):
                events.append(
                    submitted(
                        message,
                        sent + timedelta(minutes=chance.randint(0, 3) * attempt),
                        attempt_no=attempt,
                        submit_status=chance.choice(
                            ["ACCEPTED", "ACCEPTED", "ACCEPTED", "REJECTED", "SUPPRESSED"]
                        ),
                        campaign_id=chance.choice(["cmp_1", "cmp_2"]),
                        recipient_id=recipients[number % 2],
                        segment_count=chance.randint(1, 2),
                        link_token=f"token-{number}",
                        recipient_tz=chance.choice([None, "America/Chicago", "Nowhere"]),
                        follow_up_of_message_id=chance.choice([None, *messages]),
                        variant_id=chance.choice([None, "A", "B"]),
                    )
                )
        for _ in range(chance.randint(0, 5)):
            status = chance.choice(
                ["QUEUED", "SENT", "CARRIER_ACCEPTED", "UNKNOWN", "EXPIRED", "FAILED"]
                + ["DELIVERED"] * 5
            )
            events.append(
                receipt(
                    message,
                    status,
                    sent + timedelta(minutes=chance.randint(1, 4)),
                    attempt_no=chance.choice([None, 1, 2]),
                    segment_seq=chance.choice([None, 1, 2]),
                    delivery_level=chance.choice([None, "CARRIER", "HANDSET"]),
                    error_code=chance.choice([None, "012", "9F3"]),
                    error_permanent=chance.choice([None, True, False]),
                )
            )
        for _ in range(chance.randint(0, 6)):
            events.append(
                click(
                    chance.choice([message] * 9 + [None]),
                    chance.choice([sent, at(hours=40)])
                    + timedelta(seconds=chance.choice([0, 1, 2, 3, 5, 700])),
                    link_token=f"token-{number}",
                    ip_token=chance.choice(["ip_1", "ip_2", None]),
                    visitor_token=chance.choice(["v1", "v2", None]),
                    user_agent=chance.choice([IPHONE] * 5 + [PREVIEW, None]),
                    asn=chance.choice([None, None, 21928, 16509]),
                )
            )
        if chance.random() < 0.3:
            events.append(
                event("inbound_message", sent + timedelta(hours=1), in_reply_to_message_id=message)
            )
    for _ in range(6):
        events.append(
            opt_out(
                chance.choice(recipients),
                at(hours=chance.randint(0, 60)),
                new_status=chance.choice(
                    ["OPTED_OUT"] * 4 + ["DEACTIVATED", "REASSIGNED", "OPTED_IN"]
                ),
                in_reply_to_message_id=chance.choice([None, None, *messages]),
            )
        )
    for version in (1, 2, 2):
        events.append(
            campaign(
                chance.choice(["cmp_1", "cmp_2"]),
                version,
                at(hours=chance.randint(-9, 9)),
                report_tz=chance.choice([None, "America/New_York", "Asia/Tokyo", "Nowhere"]),
                optout_window_hours=chance.choice([None, 4, 48]),
                variants=chance.choice(
                    [None, '[{"variant_id": "A", "is_control": true}, 7, {"variant_id": "B"}]']
                ),
            )
        )
    # Copies that disagree, and copies that do not.
    for e in chance.sample(events, 8):
        later = e.fields["logged_at"] + timedelta(seconds=chance.choice([0, 1]))
        changed: dict[str, Any] = {"trace_id": chance.choice([None, "a", "b"]), "logged_at": later}
        if e.event_type == "delivery_receipt":
            changed["status"] = chance.choice(["DELIVERED", "FAILED"])
        events.append(Event(e.event_type, dict(e.fields) | changed))
    return events


def anything(redshift: Redshift) -> None:
    """A random world, applied: for what must hold of any events."""
    load(redshift, *random_world(31))


def in_objects(events: list[Event], chance: random.Random) -> list[Content]:
    """The events spread over objects of two arrival days."""
    contents: dict[tuple[str, int], list[Event]] = {}
    for e in events:
        contents.setdefault((e.event_type, chance.randint(0, 1)), []).append(e)
    return [
        Content(f"raw/{event_type}/{place}", tuple(held), NOON.date() + timedelta(days=place))
        for (event_type, place), held in contents.items()
    ]


def with_history(contents: list[Content], chance: random.Random) -> list[Content]:
    """The same contents at last, in any order, some after other content of their key, some after their own."""
    history: list[Content] = []
    for content in contents:
        if chance.random() < 0.5:
            other = chance.choice(
                [c for c in contents if c.event_type == content.event_type]
            ).events
            some = tuple(chance.sample(other, chance.randint(1, len(other))))
            if chance.random() < 0.3:
                history.append(content)
            history.append(Content(content.key, some, content.day))
    chance.shuffle(history)
    last = list(contents)
    chance.shuffle(last)
    # What came before may come at any time before the last content of its key.
    for early in reversed(history):
        latest = next(n for n, c in enumerate(last) if c.key == early.key)
        last.insert(chance.randint(0, latest), early)
    return last


def lower_thresholds(redshift: Redshift) -> None:
    with redshift.session("tests") as session:
        session.execute(
            "update warehouse.dim_bot_rule set threshold = 3 where click_class in ('IP_SWEEP', 'RATE')"
        )
