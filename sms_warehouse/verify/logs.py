"""The logs of the golden world: a campaign, a few messages, and what can befall the lines that services write.

What is right to make of them, ``golden`` says.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from ulid import ULID

from sms_warehouse.landing import keys
from sms_warehouse.landing.events import EVENTS

Line = dict[str, Any]
Logs = dict[str, list[Line]]
"""Lines by event type."""

NOON = datetime(2026, 3, 10, 12)
DAY, NEXT_DAY, THIRD_DAY = date(2026, 3, 10), date(2026, 3, 11), date(2026, 3, 12)
MEETING_DAY = date(2026, 3, 5)

REPORT_TZ = "America/New_York"
CARRIER = "310260"
ERROR_CODE = "012"

_PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.5 Mobile/15E148 Safari/604.1"
)
_DEFAULTS: dict[str, Line] = {
    "message_submitted": {
        "attempt_no": 1,
        "submit_status": "ACCEPTED",
        "campaign_id": "cmp_1",
        "sender_id": "27368",
        "message_category": "MARKETING",
        "encoding": "GSM7",
        "segment_count": 2,
        "provider": "smsc-east",
        "mcc_mnc": CARRIER,
        "recipient_tz": "America/Chicago",
    },
    "delivery_receipt": {
        "attempt_no": 1,
        "provider": "smsc-east",
        "status_raw": "x",
    },
    "link_click": {
        "method": "GET",
        "http_status": 302,
        "client_ip": "203.0.113.7",
        "ip_token": "ip_1",
        "user_agent": _PHONE,
        "visitor_token": "visitor_1",
    },
    "subscription_changed": {"program_id": "ALL", "method": "MO_KEYWORD"},
    "inbound_message": {"sender_id": "27368", "intent": "REPLY"},
    "campaign_upserted": {
        "campaign_id": "cmp_1",
        "campaign_name": "Spring – früh",
        "campaign_type": "BLAST",
        "variants": [
            {"variant_id": "A", "name": "short", "allocation_pct": 50, "is_control": True},
            {"variant_id": "B", "name": "long", "allocation_pct": 50, "is_control": False},
        ],
    },
}


def after_noon(**delta: float) -> datetime:
    """So long after the campaign was sent."""
    return NOON + timedelta(**delta)


def _text(moment: datetime) -> str:
    return f"{moment.isoformat()}Z"


def _line(event_type: str, event_id: str, occurred_at: datetime, **fields: Any) -> Line:
    return {
        "event_id": event_id,
        "event_type": event_type,
        "schema_version": 1,
        "source": EVENTS[event_type].source,
        "occurred_at": _text(occurred_at),
        "logged_at": _text(occurred_at + timedelta(milliseconds=20)),
        **_DEFAULTS[event_type],
        **fields,
    }


def message_id(number: int) -> str:
    """The id of a message: a ULID of noon."""
    return f"{str(ULID.from_timestamp(NOON.timestamp()))[:10]}{number:016}"


def recipient(number: int) -> str:
    """The line of a recipient."""
    return f"sub_{number}"


def token(recipient_id: str) -> str:
    """What stands for the phone number of a line."""
    return f"{recipient_id.encode().hex():0>64}"


def _submitted(number: int, to: int | None = None, sent_at: datetime = NOON, **fields: Any) -> Line:
    recipient_id = recipient(number if to is None else to)
    return _line(
        "message_submitted",
        f"submission-{number}",
        sent_at,
        message_id=message_id(number),
        recipient_id=recipient_id,
        msisdn_token=token(recipient_id),
        link_token=f"aZ3kP9x{number}",
        provider_message_id=f"1d305b4{number}",
        **fields,
    )


def _receipt(number: int, status: str, **fields: Any) -> Line:
    return _line(
        "delivery_receipt",
        f"receipt-{number}",
        after_noon(seconds=9),
        message_id=message_id(number),
        provider_message_id=f"1d305b4{number}",
        status=status,
        **fields,
    )


def _click(name: str, number: int | None, occurred_at: datetime, **fields: Any) -> Line:
    link: Line = {"link_token": "guessed"}
    if number is not None:
        link = {
            "link_token": f"aZ3kP9x{number}",
            "message_id": message_id(number),
            "recipient_id": recipient(number),
        }
    return _line("link_click", f"click-{name}", occurred_at, **link, **fields)


def _change(name: str, number: int, occurred_at: datetime, new_status: str = "OPTED_OUT") -> Line:
    return _line(
        "subscription_changed",
        f"change-{name}",
        occurred_at,
        recipient_id=recipient(number),
        msisdn_token=token(recipient(number)),
        new_status=new_status,
        effective_at=_text(occurred_at),
    )


def inbound(name: str, number: int, day: date = DAY, **fields: Any) -> Line:
    """A message that a recipient sent at noon."""
    return _line(
        "inbound_message",
        f"inbound-{name}",
        datetime.combine(day, NOON.time()),
        inbound_id=f"in_{name}",
        recipient_id=recipient(number),
        msisdn_token=token(recipient(number)),
        **fields,
    )


# Delivered and clicked; delivered, and opted out after; failed; accepted by the carrier; suppressed; refused.
FIRST: Logs = {
    "campaign_upserted": [_line("campaign_upserted", "campaign-1", NOON, version=1)],
    "message_submitted": [
        *(_submitted(n, variant_id="AABB"[n]) for n in range(4)),
        _submitted(4, submit_status="SUPPRESSED", suppress_reason="FREQ_CAP"),
        _submitted(5, submit_status="REJECTED", submit_error_code="429"),
    ],
    "delivery_receipt": [
        _receipt(0, "DELIVERED"),
        _receipt(1, "DELIVERED"),
        _receipt(2, "UNDELIVERED", error_code=ERROR_CODE),
        _receipt(3, "CARRIER_ACCEPTED"),
    ],
    "link_click": [
        _click("first", 0, after_noon(minutes=10)),
        _click("again", 0, after_noon(hours=9)),
        _click("machine", 0, after_noon(hours=9), method="HEAD"),
        _click("fast", 6, after_noon(seconds=1.5)),
        _click("guess", None, after_noon(minutes=20)),
    ],
    "subscription_changed": [_change("1", 1, after_noon(hours=1))],
    "inbound_message": [inbound("1", 0, in_reply_to_message_id=message_id(0))],
}
# What stands among them and is no record, though it names somebody.
BROKEN = b'{"recipient_id": "sub_0", this is not JSON\n'
# What the objects hold for a while instead, before their first content comes back.
OTHER: Logs = {
    "campaign_upserted": [_line("campaign_upserted", "campaign-x", NOON, version=7)],
    "message_submitted": [_submitted(9)],
    "delivery_receipt": [_receipt(9, "DELIVERED")],
    "link_click": [_click("other", 9, after_noon(minutes=3))],
    "subscription_changed": [_change("x", 9, after_noon(hours=2))],
    "inbound_message": [inbound("x", 9)],
}
# Late news: a campaign's settings, a message whose click came before it and was too fast, a reminder that should not
# have been sent, one more click, and a line that is no longer anybody's.
LATE: Logs = {
    "campaign_upserted": [
        _line(
            "campaign_upserted",
            "campaign-2",
            after_noon(hours=20),
            version=2,
            click_window_days=7,
            report_tz=REPORT_TZ,
        )
    ],
    "message_submitted": [
        _submitted(6),
        _submitted(7, to=1, sent_at=after_noon(hours=20), follow_up_of_message_id=message_id(1)),
    ],
    "link_click": [_click("late", 3, after_noon(hours=20), visitor_token="visitor_3")],
    "subscription_changed": [_change("2", 2, after_noon(hours=20), "DEACTIVATED")],
}
# Somebody who was followed up opts out, and asks to be erased.
LEFT: Logs = {"subscription_changed": [_change("3", 0, after_noon(hours=54))]}
# What is logged of them after that: something old once more, something new, and what only their number or the name
# that a provider gave to their message leads to.
OF_ERASED: Logs = {
    "message_submitted": [FIRST["message_submitted"][0]],
    "delivery_receipt": [
        _line(
            "delivery_receipt",
            "receipt-after",
            after_noon(hours=56),
            provider_message_id=FIRST["message_submitted"][0]["provider_message_id"],
            status="DELIVERED",
        )
    ],
    "link_click": [_click("after", 0, after_noon(hours=56))],
    "inbound_message": [
        _line(
            "inbound_message",
            "inbound-after",
            after_noon(hours=56),
            inbound_id="in_after",
            msisdn_token=token(recipient(0)),
        )
    ],
}


def copies(logs: Logs) -> Logs:
    """The first event of each type, as a service that tried again logged it."""
    return {event_type: [_logged_again(lines[0])] for event_type, lines in logs.items()}


def _logged_again(line: Line) -> Line:
    logged_at = datetime.fromisoformat(line["logged_at"][:-1]) + timedelta(seconds=1)
    return line | {"logged_at": _text(logged_at)}


def key(event_type: str, day: date, name: str) -> str:
    """The key of a log, as the services lay it out."""
    return f"{keys.day_prefix(event_type, day)}hh=12/{name}.json.gz"


def packed(lines: Sequence[Line], more: bytes = b"") -> bytes:
    """The content of an object with these lines, and more that is none."""
    text = b"".join(json.dumps(line, ensure_ascii=False).encode() + b"\n" for line in lines)
    return gzip.compress(text + more, mtime=0)
