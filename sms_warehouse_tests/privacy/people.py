"""Three people and what is logged of them, written to S3 as the services would; and states that tests begin with."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sms_warehouse.landing.ledger import insert_rows
from sms_warehouse.landing.load import LandedDay, land_day
from sms_warehouse.privacy.erase import Erasure, erase
from sms_warehouse.privacy.landing import text_of
from sms_warehouse.privacy.proof import search
from sms_warehouse.reports import REPORTS
from sms_warehouse_tests.conftest import Platform
from sms_warehouse_tests.warehouse.world import (
    DAY,
    NOON,
    Event,
    apply_all,
    at,
    campaign,
    click,
    event,
    message_id,
    opt_out,
    receipt,
    refresh_all,
    submitted,
)

ANNA, BEN, CARLA = "sub_anna", "sub_ben", "sub_carla"
ANNABEL = "sub_annabel"
"""Somebody else, whose id begins as Anna's does."""
NEXT = "sub_next"
"""Who has Anna's number after her."""
TOKENS = {ANNA: "a" * 64, BEN: "b" * 64, CARLA: "c" * 64}
NETWORKS = {ANNA: "198.51.100", BEN: "203.0.113", CARLA: "192.0.2"}
REQUEST = "DSR-1"
NOW = at(days=3)
LOGGED = (
    "campaign_upserted",
    "message_submitted",
    "delivery_receipt",
    "link_click",
    "subscription_changed",
    "inbound_message",
)


def message(recipient: str, number: int = 1, made_at: datetime = NOON) -> str:
    """The id of a person's message."""
    return message_id(sum(recipient.encode()) * 10 + number, made_at)


def told(recipient: str, number: int = 1, sent_at: datetime = NOON) -> list[Event]:
    """All that is logged of one message that was sent, delivered and clicked."""
    name = message(recipient, number, sent_at)
    first_name = recipient.removeprefix("sub_").capitalize()
    link = f"link-{recipient}-{number}"
    return [
        submitted(
            name,
            sent_at,
            recipient_id=recipient,
            msisdn_token=TOKENS[recipient],
            link_token=link,
            provider_message_id=f"provider-{recipient}-{number}",
            trace_id=f"trace-{recipient}",
            attributes=json.dumps({"who": recipient}),
            mcc_mnc="310260",
            recipient_tz="America/New_York",
        ),
        receipt(
            name,
            "DELIVERED",
            sent_at + timedelta(seconds=9),
            segment_seq=None,
            provider_message_id=f"provider-{recipient}-{number}",
            receipt_text=f"id:7 sub:001 dlvrd:001 stat:DELIVRD Text:Hello {first_name}",
        ),
        *(
            click(
                name,
                sent_at + timedelta(minutes=minutes),
                link_token=link,
                recipient_id=recipient,
                visitor_token=f"visitor-{recipient}-{minutes % 2}",
                client_ip=f"{NETWORKS[recipient]}.7",
                ip_token=f"ip-{recipient}",
                geo_region=f"region-{first_name}",
                referer=f"https://{first_name}.example/home",
                accept_language=f"en, x-{first_name}",
            )
            for minutes in (5, 6, 90)
        ),
    ]


@cache
def world() -> tuple[Event, ...]:
    """Anna has three messages, answers the second and leaves after it; the third is sent all the same.

    Of her answer only the number is known, and of a receipt for Ben and of one for her only the provider's id. She also
    answers a message that was Ben's. Her number comes to somebody else.

    The same events at every call and in every process: written again under another name they are a replay.
    """
    found = (
        campaign(
            objective="to renew",
            owner="retention",
            cpni_used=True,
            cpni_description="calls to other countries",
            products_offered="roaming",
        ),
        *told(ANNA, 1),
        *told(ANNA, 2, at(hours=1)),
        *told(ANNA, 3, at(hours=5)),
        *told(BEN, 1),
        *told(CARLA, 1),
        event(
            "inbound_message",
            at(hours=2),
            recipient_id=None,
            msisdn_token=TOKENS[ANNA],
            inbound_id="inbound-anna",
            in_reply_to_message_id=message(ANNA, 2, at(hours=1)),
        ),
        *(
            receipt(
                None,
                "SENT",
                at(seconds=4),
                segment_seq=None,
                provider_message_id=f"provider-{recipient}-1",
                receipt_text=f"id:7 sub:001 dlvrd:000 stat:ENROUTE Text:Hello again {recipient[4:]}",
            )
            for recipient in (ANNA, BEN)
        ),
        opt_out(
            ANNA, at(hours=3), msisdn_token=TOKENS[ANNA], keyword_raw="stop it", program_id="deals"
        ),
        # The redirector forgot whose links these are.
        *(
            click(
                None,
                at(hours=6),
                link_token=f"link-{recipient}-1",
                client_ip=f"{NETWORKS[recipient]}.8",
                ip_token=f"ip-{recipient}",
                visitor_token=f"visitor-{recipient}",
            )
            for recipient in (ANNA, BEN)
        ),
        opt_out(BEN, at(hours=30), msisdn_token=TOKENS[BEN], program_id="deals"),
        event(
            "inbound_message",
            at(hours=4),
            recipient_id=ANNA,
            msisdn_token=TOKENS[ANNA],
            inbound_id="inbound-crossed",
            in_reply_to_message_id=message(BEN),
        ),
        submitted(message(NEXT), at(hours=9), recipient_id=NEXT, msisdn_token=TOKENS[ANNA]),
    )
    return tuple(
        Event(e.event_type, {**e.fields, "event_id": f"world-{number:02}"})
        for number, e in enumerate(found)
    )


def line(found: Event) -> str:
    """An event as the service logs it."""
    fields: dict[str, Any] = {}
    for name, value in found.fields.items():
        if isinstance(value, datetime):
            fields[name] = value.isoformat() + "Z"
        elif name in ("attributes", "variants") and value is not None:
            fields[name] = json.loads(value)
        elif value is not None:
            fields[name] = value
    return json.dumps(fields)


def put(platform: Platform, name: str, events: Iterable[Event], *more: bytes) -> list[str]:
    """Writes events, one object for each type, which are returned.

    ``more`` are lines of the submissions' object as they are.
    """
    by_type: dict[str, list[bytes]] = {}
    for found in events:
        by_type.setdefault(found.event_type, []).append(line(found).encode())
    if more:
        by_type.setdefault("message_submitted", []).extend(more)
    for event_type, lines in by_type.items():
        key = f"raw/{event_type}/v=1/dt={DAY}/hh=12/{name}.json.gz"
        platform.lake.put(key, gzip.compress(b"\n".join(lines) + b"\n"))
    return [event_type for event_type in LOGGED if event_type in by_type]


def land(platform: Platform, event_types: Iterable[str] = LOGGED) -> list[LandedDay]:
    """Lands what is in S3, without applying it."""
    return [
        land_day(platform.redshift, platform.lake, event_type, DAY) for event_type in event_types
    ]


def long_line(recipient: str) -> bytes:
    """A broken line that is too long for a column, and names a person beyond what the column holds."""
    return b'{"pad":"' + b"x" * 70_000 + b'","recipient_id":"' + recipient.encode() + b'"}'


HER_LINES = (
    b'{"recipient_id":"sub_anna", broken',
    b'{"message_id":"' + message(ANNA).encode() + b'"}',
    b'{"msisdn_token":"' + TOKENS[ANNA].encode() + b'","x":"\xff\xfe"}',
    b'{"recipient_id":"sub_\\u0061nna"}',
    long_line(ANNA),
)
"""Lines that cannot be used and name Anna, in whatever form."""
OTHER_LINES = (
    b'{"recipient_id":"sub_ben"}',
    b'{"recipient_id":"' + ANNABEL.encode() + b'"}',
    long_line(BEN),
)
"""Such lines that do not name her."""


def load(platform: Platform, name: str, events: Iterable[Event], *more: bytes) -> None:
    event_types = put(platform, name, events, *more)
    land(platform, event_types)
    apply_all(platform.redshift, event_types)


def reported(platform: Platform) -> None:
    """The world of the three, with lines that could not be used, reports and a list that was handed over."""
    load(platform, "first", world(), *HER_LINES, *OTHER_LINES)
    refresh_all(platform.redshift, NOW)
    hand_over(platform)


def gone(platform: Platform) -> None:
    """Takes Anna out of it."""
    assert erased(platform).is_proved


def secrets(recipient: str) -> set[str]:
    """What the logs say of a person that leads to them, or that they wrote; in small letters."""
    first_name = recipient.removeprefix("sub_")
    messages = (message(recipient, n, at(hours=h)) for n, h in ((1, 0), (2, 1), (3, 5)))
    return {
        recipient,
        TOKENS[recipient],
        *(name.lower() for name in messages),
        f"link-{recipient}",
        f"provider-{recipient}",
        f"trace-{recipient}",
        f"visitor-{recipient}",
        f"ip-{recipient}",
        f"{NETWORKS[recipient]}.",
        f"hello {first_name}",
        f"hello again {first_name}",
        f"region-{first_name}",
        f"{first_name}.example",
        f"x-{first_name}",
    }


def stored(platform: Platform) -> str:
    """All rows of all tables but those of schema pii, and all lists and quarantined lines, in small letters.

    Without the rows of Annabel, in whose id Anna's is, and of whoever has Anna's number now.
    """
    with platform.redshift.session("tests") as session:
        tables = session.rows(
            "select table_schema, table_name from information_schema.tables"
            " where table_type = 'BASE TABLE'"
            " and table_schema in ('control', 'staging', 'warehouse', 'reports')"
        )
        texts = [
            text
            for schema, name in tables
            for row in session.rows(f"select * from {schema}.{name}")
            if ANNABEL not in (text := repr(row)) and NEXT not in text
        ]
    for prefix in ("exports/", "quarantine/"):
        for found in platform.lake.list_prefix(prefix):
            body = platform.lake.get(found.key)
            assert body is not None
            texts.append(text_of(body))
    return "\n".join(texts).lower()


def erased(platform: Platform, recipient: str = ANNA, request: str = REQUEST) -> Erasure:
    return erase(platform.redshift, platform.lake, recipient, request, now=NOW)


def left(platform: Platform, recipient: str = ANNA, request: str = REQUEST) -> dict[str, int]:
    """Where a search finds an erased person, and in how many rows."""
    with platform.redshift.session("tests") as session:
        found = search(session, platform.lake, recipient, request)
    return {f.place: f.rows for f in found if f.rows}


def quarantined(platform: Platform) -> dict[bool, int]:
    """How many quarantined lines are empty, and how many are not."""
    return {
        is_empty: int(count)
        for is_empty, count in rows(
            platform,
            "select raw_line is null and raw_line_key is null as is_empty, count(*) as lines"
            " from control.quarantined_line where reason is not null"
            " group by raw_line is null and raw_line_key is null",
        )
    }


def rows(platform: Platform, statement: str, **values: object) -> list[tuple[Any, ...]]:
    with platform.redshift.session("tests") as session:
        return session.rows(statement, **values)


def counted(platform: Platform) -> dict[str, list[str]]:
    """Campaigns, what reports say of them, and what facts are counted by.

    Not who, nor when we worked, nor which file said so.
    """
    hidden = {"updated_at", "loaded_at", "as_of", "restated_count", "message_id", "link_token"}
    hidden |= {"recipient_id", "recipient_key", "follow_up_of_message_id", "object_id"}
    tables = ["warehouse.fact_message", "warehouse.dim_campaign"]
    tables += [f"reports.{name}" for name, report in REPORTS.items() if not report.is_personal]
    found = {}
    with platform.redshift.session("tests") as session:
        for table in tables:
            where = " where segment = '*'" if table.endswith("heatmap") else ""
            found[table] = sorted(
                repr([(k, v) for k, v in record.items() if k not in hidden])
                for record in session.records(f"select * from {table}{where}")
            )
    return found


def whole(platform: Platform) -> dict[str, set[str]]:
    """What the facts hold, row by row, the person included."""
    found = {}
    with platform.redshift.session("tests") as session:
        for name in (
            "submission",
            "delivery_event",
            "click",
            "subscription_event",
            "inbound_message",
        ):
            statement = f"select * from warehouse.fact_{name}"
            found[name] = {repr(row) for row in session.rows(statement)}
    return found


LIST = "exports/follow-up/campaign=cmp_1/list.csv.gz"


def listed(*people: str) -> str:
    """A list of people with their first messages, as it is handed over."""
    return "recipient_key,message_id\n" + "".join(f"{who}#0,{message(who)}\n" for who in people)


def handed_over(platform: Platform) -> str:
    """What the list in S3 says now."""
    body = platform.lake.get(LIST)
    assert body is not None
    return text_of(body)


def hand_over(platform: Platform) -> None:
    """Puts Anna and Ben on a list, in S3 and on record.

    On record there is also Anna with a message that nobody knows, and one of her messages under another's name.
    """
    platform.lake.put(LIST, gzip.compress(listed(ANNA, BEN).encode()))
    contacts = [
        {
            "export_id": "x",
            "campaign_id": "cmp_1",
            "recipient_key": f"{who}#0",
            "recipient_id": who,
            "message_id": what,
            "action": "REMIND_NON_CLICKER",
            "is_contact": True,
            "priority": 1,
            "eligible_from": NOW,
            "eligible_until": None,
            "exported_at": NOW,
        }
        for who, what in (
            (ANNA, message(ANNA)),
            (ANNA, message(ANNA, 7)),
            (CARLA, message(ANNA)),
            (BEN, message(BEN)),
        )
    ]
    with platform.redshift.session("tests") as session:
        insert_rows(session, "reports.follow_up_contact", contacts)
