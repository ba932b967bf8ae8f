"""Random worlds: everything that may happen to a message, in every order, with wrong clocks and doubled lines.

A world is a list of events made from a seed. Nothing here is likely; all of it is possible: parts, attempts and
receipts that contradict each other, times that tie, lines that change hands, campaigns that nobody declared.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from sms_warehouse_tests.reference.logs import LogObject, variants
from sms_warehouse_tests.warehouse.world import IPHONE, PREVIEW, Event, event, message_id

AS_OF = datetime(2026, 3, 20, 15, 30)
_ZONES = [
    "America/New_York",
    "America/Los_Angeles",
    "Pacific/Auckland",
    "Asia/Kolkata",
    "Europe/Berlin",
    "Mars/Olympus",
    None,
]
_CAMPAIGNS = ["spring", "summer", "autumn", "winter", "ghost"]
_VARIANTS = ["a", "b", "z", None, None]
_PROVIDERS = ["smsc-east", "smsc-west", "twilio"]
_CARRIERS = ["310410", "310260", "99999", None]
_CODES = ["001", "034", "254", "255", "30007", "30008", "21610", "ZZ9", None]
_STATES = ["QUEUED", "SENT", "CARRIER_ACCEPTED", "UNKNOWN"]
_FAILURES = ["UNDELIVERED", "EXPIRED", "REJECTED", "DELETED", "FAILED"]
_AGENTS = [
    IPHONE,
    IPHONE,
    IPHONE,
    PREVIEW,
    "curl/8.4.0",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/125.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/125.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/17.5 Mobile/15E148 Safari/604.1",
    None,
]
_NETWORKS = [16509, 21928, 7018, 7018, 7018, None]
_ADDRESSES = ["203.0.113.7", "198.51.100.23", "2001:db8::17", "2001:db8:5:6::1", None]
_PROGRAMS = ["ALL", "ALL", "news", "deals"]
_CHANGES = ["OPTED_OUT"] * 4 + ["OPTED_IN"] * 3 + ["PENDING_CONFIRM", "DEACTIVATED", "REASSIGNED"]
_METHODS = ["MO_KEYWORD", "WEB", "AGENT", "IMPORT", "CARRIER_DEACT", "ERASURE", "IVR"]


@dataclass
class Maker:
    """Makes the events of one world."""

    rng: random.Random
    events: list[Event] = field(default_factory=list)
    messages: list[tuple[str, str, datetime]] = field(default_factory=list)

    def chance(self, share: float) -> bool:
        return self.rng.random() < share

    def pick(self, values: list[Any]) -> Any:
        return self.rng.choice(values)

    def seconds(self, most: float) -> timedelta:
        """A time up to ``most`` seconds, more often short than long, now and then of whole seconds."""
        found = most ** self.rng.random() if most > 1 else self.rng.random() * most
        return timedelta(seconds=round(found) if self.chance(0.3) else round(found, 3))

    def add(self, event_type: str, at: datetime, **fields: Any) -> None:
        """An event, logged when a service logs it; sometimes its clock was wrong, sometimes its line came twice."""
        logged_at = at + self.seconds(2)
        if self.chance(0.05):
            logged_at = at + self.seconds(86400 * 5)
        if self.chance(0.03):
            logged_at = at - self.seconds(400)
        number = len(self.events)
        made = event(event_type, at, event_id=f"e{number:06}", logged_at=logged_at, **fields)
        self.events.append(made)
        if self.chance(0.05):
            self.events.append(made)
        if self.chance(0.02):
            changed = dict(made.fields) | {"logged_at": logged_at + self.seconds(3000)}
            if self.chance(0.5):
                changed["logged_at"] = logged_at
                changed["trace_id"] = f"t{self.rng.randrange(9)}"
            self.events.append(Event(event_type, changed))


def make(seed: int, messages: int) -> list[Event]:
    """The events of a world, every copy of each, in the order in which they were thought of."""
    maker = Maker(random.Random(seed))
    for campaign_id in _CAMPAIGNS[:-1]:
        _campaign(maker, campaign_id)
    for number in range(messages):
        _message(maker, number)
    for _ in range(messages // 8):
        _consent(maker)
    for _ in range(messages // 60):
        _burst(maker)
    return maker.events


def _campaign(maker: Maker, campaign_id: str) -> None:
    for version in range(1, maker.rng.randint(1, 3) + 1):
        described = [
            {"variant_id": name, "name": f"{name} {version}", "allocation_pct": 50.0}
            | ({"is_control": name == "a"} if maker.chance(0.8) else {})
            for name in maker.rng.sample(["a", "b", "c"], maker.rng.randint(1, 3))
        ]
        maker.add(
            "campaign_upserted",
            AS_OF - timedelta(days=maker.rng.randint(0, 80)),
            campaign_id=campaign_id,
            version=version,
            campaign_name=f"{campaign_id} {version}",
            objective=f"objective {version}",
            owner=f"team {version}",
            cpni_used=version % 2 == 0,
            cpni_description=f"calls {version}",
            products_offered=f"plan {version}",
            campaign_type=maker.pick(["BLAST", "JOURNEY"]),
            report_tz=maker.pick(_ZONES),
            click_window_days=maker.pick([None, 1, 7]),
            optout_window_hours=maker.pick([None, 4, 72]),
            variants=variants(*described) if maker.chance(0.9) else None,
            deleted=maker.pick([None, False, True]),
        )


def _message(maker: Maker, number: int) -> None:
    rng = maker.rng
    at = AS_OF - timedelta(seconds=rng.randint(-7200, 70 * 86400))
    if maker.chance(0.03):
        at -= timedelta(days=rng.choice([90, 200, 365]))
    message = message_id(number, at)
    recipient = f"sub_{rng.randrange(max(2, number // 5 + 2))}"
    parts = rng.choice([1, 1, 1, 2, 3])
    sent: dict[str, Any] = {
        "message_id": message,
        "campaign_id": maker.pick(_CAMPAIGNS),
        "variant_id": maker.pick(_VARIANTS),
        "recipient_id": recipient,
        "msisdn_token": f"{rng.randrange(16**8):064x}",
        "sender_id": maker.pick(["27368", "+18005550100", "Spring"]),
        "message_category": maker.pick(["MARKETING", "MARKETING", "SERVICE"]),
        "segment_count": maker.pick([parts] * 9 + [parts - 1]),
        "provider": maker.pick(_PROVIDERS),
        "mcc_mnc": maker.pick(_CARRIERS),
        "recipient_tz": maker.pick(_ZONES),
        "link_token": f"token_{number}" if number % 9 else None,
        "link_url_id": maker.pick(["lnk_1", "lnk_2", None]),
    }
    if maker.messages and maker.chance(0.1):
        sent["follow_up_of_message_id"] = maker.pick(maker.messages[-30:])[0]
    attempts = rng.choice([1, 1, 1, 1, 2, 3])
    if not maker.chance(0.04):
        tried_at = at
        for attempt in range(1, attempts + 1):
            _attempt(maker, sent, attempt, tried_at)
            tried_at += maker.seconds(7200)
    _receipts(maker, message, attempts, parts, at)
    _clicks(maker, message, f"token_{number}", recipient, at)
    if maker.chance(0.06):
        maker.add(
            "inbound_message",
            at + maker.seconds(86400),
            inbound_id=f"in_{number}",
            recipient_id=recipient,
            intent=maker.pick(["STOP", "HELP", "REPLY", None]),
            in_reply_to_message_id=maker.pick([message, None]),
        )
    maker.messages.append((message, recipient, at))


def _attempt(maker: Maker, sent: dict[str, Any], attempt: int, at: datetime) -> None:
    status = maker.pick(["ACCEPTED"] * 8 + ["REJECTED", "SUPPRESSED"])
    fields = sent | {"attempt_no": attempt, "submit_status": status}
    if status == "REJECTED":
        fields["submit_error_code"] = maker.pick(_CODES)
    if status == "SUPPRESSED":
        fields["suppress_reason"] = maker.pick(["OPTED_OUT", "FREQ_CAP", "HOLDOUT"])
    maker.add("message_submitted", at, **fields)
    if maker.chance(0.02):
        other = {
            "recipient_id": "sub_other",
            "campaign_id": maker.pick(_CAMPAIGNS),
            "attempt_no": attempt + maker.pick([0, 1]),
        }
        maker.add("message_submitted", at + maker.seconds(600), **(fields | other))


def _receipts(maker: Maker, message: str, attempts: int, parts: int, at: datetime) -> None:
    for attempt in range(1, attempts + 1):
        if maker.chance(0.1):
            continue
        is_whole = parts == 1 or maker.chance(0.3)
        for part in [None] if is_whole else list(range(1, parts + 1)):
            for _ in range(maker.rng.randint(0, 3)):
                _receipt(maker, message, attempt, part, parts, at)
    if maker.chance(0.02):
        _receipt(maker, None, 1, None, 1, at)


def _receipt(
    maker: Maker, message: str | None, attempt: int, part: int | None, parts: int, at: datetime
) -> None:
    status = maker.pick(["DELIVERED"] * 6 + _STATES + maker.rng.sample(_FAILURES, 2))
    failed = status in _FAILURES
    maker.add(
        "delivery_receipt",
        at + maker.seconds(4 * 86400) - timedelta(seconds=maker.pick([0, 0, 0, 90])),
        message_id=message,
        attempt_no=maker.pick([attempt, attempt, None if attempt == 1 else attempt]),
        segment_seq=part,
        segment_total=maker.pick([parts, None]),
        provider=maker.pick(_PROVIDERS),
        status=status,
        error_code=maker.pick(_CODES) if failed else None,
        error_permanent=maker.pick([True, False, None]) if failed else None,
        delivery_level=maker.pick(["CARRIER", "HANDSET", None]),
        provider_sequence=maker.pick([1, 2, None]),
        is_final_claimed=maker.pick([True, None]),
        mcc_mnc=maker.pick(_CARRIERS),
        receipt_text="id:1 sub:002 dlvrd:001 stat:DELIVRD" if maker.chance(0.05) else None,
    )


def _clicks(maker: Maker, message: str, token: str, recipient: str, at: datetime) -> None:
    if not maker.chance(0.45):
        return
    clicked_at = at + maker.seconds(20 * 86400) - timedelta(seconds=maker.pick([0, 0, 0, 3]))
    for _ in range(maker.rng.randint(1, 5)):
        _click(maker, message, token, recipient, clicked_at)
        clicked_at += maker.pick(
            [timedelta(seconds=1), timedelta(seconds=2), timedelta(minutes=30), maker.seconds(9000)]
        )


def _click(
    maker: Maker, message: str | None, token: str, recipient: str | None, at: datetime, **said: Any
) -> None:
    fields: dict[str, Any] = {
        "message_id": message,
        "link_token": token,
        "recipient_id": recipient,
        "link_url_id": maker.pick(["lnk_1", "lnk_3", None]),
        "method": maker.pick(["GET"] * 9 + ["HEAD"]),
        "user_agent": maker.pick(_AGENTS),
        "sec_purpose": "prefetch" if maker.chance(0.05) else None,
        "asn": maker.pick(_NETWORKS),
        "client_ip": maker.pick(_ADDRESSES),
        "ip_token": maker.pick([f"ip_{maker.rng.randrange(400)}", None]),
        "visitor_token": maker.pick([f"v_{token}", f"w_{token}", None]),
        "referer": "https://Example.com/path?q=1" if maker.chance(0.1) else None,
    }
    maker.add("link_click", at, **(fields | said))


def _consent(maker: Maker) -> None:
    message, recipient, at = maker.pick(maker.messages)
    status = maker.pick(_CHANGES)
    effective_at = at + maker.seconds(30 * 86400)
    maker.add(
        "subscription_changed",
        effective_at + maker.pick([timedelta(0), maker.seconds(9000)]),
        recipient_id=recipient,
        msisdn_token=f"{maker.rng.randrange(16**8):064x}",
        program_id=maker.pick(_PROGRAMS),
        new_status=status,
        method=maker.pick(_METHODS),
        effective_at=effective_at,
        in_reply_to_message_id=message if status == "OPTED_OUT" and maker.chance(0.2) else None,
    )


def _burst(maker: Maker) -> None:
    """A scanner that asks for many links from one address, or for one link very often."""
    message, recipient, _ = maker.pick(maker.messages)
    at = AS_OF - timedelta(seconds=maker.rng.randint(0, 30 * 86400))
    sweeps = maker.chance(0.5)
    address = f"sweep_{maker.rng.randrange(10**6)}"
    for number in range(maker.rng.randint(15, 40)):
        known, owner, _ = maker.pick(maker.messages) if sweeps else (message, recipient, at)
        token = f"{known}_{number if sweeps else ''}"
        said = {"user_agent": IPHONE, "ip_token": address if sweeps else None}
        is_unknown = maker.chance(0.05)
        _click(
            maker,
            None if is_unknown else known,
            token,
            None if is_unknown else owner,
            at + maker.seconds(500),
            **said,
        )


def in_objects(events: list[Event], seed: int, parts: int, days: list[date]) -> list[LogObject]:
    """The events in so many objects of each type, shuffled, over some arrival days."""
    rng = random.Random(seed)
    shuffled = list(events)
    rng.shuffle(shuffled)
    held: dict[tuple[str, int], list[Event]] = {}
    for one in shuffled:
        held.setdefault((one.event_type, rng.randrange(parts)), []).append(one)
    return [
        LogObject(
            f"raw/{event_type}/v=1/dt={days[part % len(days)]}/hh={part % 24:02}/{seed}-{part}.json.gz",
            tuple(written),
        )
        for (event_type, part), written in held.items()
    ]
