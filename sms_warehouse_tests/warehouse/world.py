"""A small world of events for these tests: events by their fields, landed as objects and loads, and applied.

Landing itself is tested elsewhere. Here its result is written straight into staging and the ledger, in one
transaction, as landing would leave it.
"""

from __future__ import annotations

import hashlib
import itertools
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from ulid import ULID

from sms_warehouse import apply
from sms_warehouse.landing.events import EVENTS
from sms_warehouse.landing.ledger import insert_rows
from sms_warehouse.reports import REPORTS, refresh
from sms_warehouse.resources.redshift import Redshift, Session

NOON = datetime(2026, 3, 10, 12)
DAY = NOON.date()
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.5 Mobile/15E148 Safari/604.1"
)
PREVIEW = "facebookexternalhit/1.1 Facebot Twitterbot/1.0"

_WHEN_WE_WORKED = ("loaded_at", "updated_at")
_COMPARED = (
    *(f"warehouse.{table}" for table in apply.STEPS if table != "dim_user_agent"),
    # What is counted by file and hour of arrival is not the same however events are divided into files.
    *(f"reports.{report}" for report in REPORTS if report != "pipeline_quality_hourly"),
)

# Of this process alone: a test may begin with what another process made.
_numbers = itertools.count(os.getpid() * 1_000_000)

_DEFAULTS: dict[str, dict[str, Any]] = {
    "message_submitted": {
        "attempt_no": 1,
        "submit_status": "ACCEPTED",
        "campaign_id": "cmp_1",
        "recipient_id": "sub_1",
        "msisdn_token": "f" * 64,
        "sender_id": "27368",
        "message_category": "MARKETING",
        "encoding": "GSM7",
        "segment_count": 1,
        "provider": "smsc-east",
    },
    "delivery_receipt": {
        "attempt_no": 1,
        "segment_seq": 1,
        "provider": "smsc-east",
        "provider_message_id": "1d305b4c",
        "status_raw": "x",
    },
    "link_click": {
        "link_token": "aZ3kP9xQ",
        "method": "GET",
        "http_status": 302,
        "client_ip": "203.0.113.7",
        "ip_token": "ip_1",
        "user_agent": IPHONE,
        "visitor_token": "visitor_1",
    },
    "subscription_changed": {
        "recipient_id": "sub_1",
        "msisdn_token": "f" * 64,
        "program_id": "ALL",
        "new_status": "OPTED_OUT",
        "method": "MO_KEYWORD",
    },
    "inbound_message": {
        "inbound_id": "in_1",
        "msisdn_token": "f" * 64,
        "recipient_id": "sub_1",
        "sender_id": "27368",
        "intent": "REPLY",
    },
    "campaign_upserted": {"campaign_id": "cmp_1", "version": 1, "campaign_name": "Spring"},
}


def at(**after: float) -> datetime:
    """A time after NOON."""
    return NOON + timedelta(**after)


def message_id(number: int = 1, made_at: datetime = NOON) -> str:
    """The id of a message: a ULID of this time."""
    tail = hashlib.sha256(str(number).encode()).digest()[:10]
    return str(
        ULID(
            (int((made_at - datetime(1970, 1, 1)).total_seconds() * 1000)).to_bytes(6, "big") + tail
        )
    )


@dataclass(frozen=True)
class Event:
    """One event as its service logged it."""

    event_type: str
    fields: Mapping[str, Any]


def event(event_type: str, occurred_at: datetime = NOON, **fields: Any) -> Event:
    """An event with what its type requires, unless told otherwise."""
    values = {
        "event_id": f"event-{next(_numbers)}",
        "event_type": event_type,
        "schema_version": 1,
        "source": EVENTS[event_type].source,
        "occurred_at": occurred_at,
        "logged_at": occurred_at + timedelta(milliseconds=20),
        **_DEFAULTS[event_type],
    }
    if event_type == "subscription_changed":
        values["effective_at"] = occurred_at
    return Event(event_type, values | fields)


def submitted(message: str, occurred_at: datetime = NOON, **fields: Any) -> Event:
    return event("message_submitted", occurred_at, message_id=message, **fields)


def receipt(message: str | None, status: str, occurred_at: datetime, **fields: Any) -> Event:
    return event("delivery_receipt", occurred_at, message_id=message, status=status, **fields)


def click(message: str | None, occurred_at: datetime, **fields: Any) -> Event:
    return event("link_click", occurred_at, message_id=message, **fields)


def opt_out(recipient: str, occurred_at: datetime, **fields: Any) -> Event:
    return event("subscription_changed", occurred_at, recipient_id=recipient, **fields)


def campaign(
    campaign_id: str = "cmp_1", version: int = 1, occurred_at: datetime = NOON, **fields: Any
) -> Event:
    return event(
        "campaign_upserted", occurred_at, campaign_id=campaign_id, version=version, **fields
    )


@dataclass(frozen=True)
class Content:
    """What an object of one event type holds at one time."""

    key: str
    events: tuple[Event, ...]
    day: date = DAY

    @property
    def event_type(self) -> str:
        return self.events[0].event_type

    @property
    def object_id(self) -> str:
        text = repr((self.key, [sorted(e.fields.items()) for e in self.events]))
        return hashlib.sha256(text.encode()).hexdigest()


def objects(*events: Event, day: date = DAY, hour: int = 12) -> list[Content]:
    """One new object of an hour for each type among the events."""
    by_type: dict[str, list[Event]] = {}
    for e in events:
        by_type.setdefault(e.event_type, []).append(e)
    return [
        Content(
            f"raw/{event_type}/v=1/dt={day}/hh={hour:02}/{next(_numbers)}.json.gz", tuple(es), day
        )
        for event_type, es in by_type.items()
    ]


def land(redshift: Redshift, contents: Iterable[Content]) -> None:
    """Lands contents, one load for each, in this order; new content of a key takes the place of the old."""
    waiting = list(contents)

    def work(session: Session) -> None:
        session.execute("lock control.landing_mutex")
        for content in waiting:
            _land_one(session, content)

    redshift.transaction("tests", work)


def _land_one(session: Session, content: Content) -> None:
    event_type = content.event_type
    now = datetime.now().replace(microsecond=0)
    load_id = str(ULID())
    if session.rows(
        "select 1 as landed from control.landed_object where object_id = :object_id and status = 'landed'",
        object_id=content.object_id,
    ):
        return
    for (old,) in session.rows(
        "select object_id from control.landed_object"
        " where object_key = :key and status = 'landed' and object_id <> :object_id",
        key=content.key,
        object_id=content.object_id,
    ):
        session.execute(f"delete from staging.{event_type} where object_id = :old", old=old)
        session.execute(
            "update control.landed_object set status = 'superseded' where object_id = :old", old=old
        )
    session.execute(
        "delete from control.landed_object where object_id = :object_id",
        object_id=content.object_id,
    )
    names = [f.name for f in EVENTS[event_type].staged_fields]
    insert_rows(
        session,
        f"staging.{event_type}",
        [
            dict.fromkeys(names)
            | dict(e.fields)
            | {
                "object_id": content.object_id,
                "line_number": number,
                "arrival_date": content.day,
                "load_id": load_id,
            }
            for number, e in enumerate(content.events, start=1)
        ],
    )
    size = len(content.events)
    insert_rows(
        session,
        "control.landed_object",
        [
            {
                "object_id": content.object_id,
                "event_type": event_type,
                "arrival_date": content.day,
                "bucket": "bucket",
                "object_key": content.key,
                "etag": content.object_id[:32],
                "size_bytes": 1,
                "lines": size,
                "rows_landed": size,
                "lines_quarantined": 0,
                "lines_blank": 0,
                "status": "landed",
                "reason": None,
                "load_id": load_id,
                "landed_at": now,
            }
        ],
    )
    insert_rows(
        session,
        "control.load",
        [
            {
                "load_id": load_id,
                "event_type": event_type,
                "arrival_date": content.day,
                "objects": 1,
                "rows_landed": size,
                "lines_quarantined": 0,
                "started_at": now,
                "committed_at": now,
                "run_id": None,
                "newest_event_at": max(e.fields["logged_at"] for e in content.events),
            }
        ],
    )


def apply_all(redshift: Redshift, event_types: Iterable[str] = EVENTS) -> None:
    """Applies what landed to every table that takes in one of the event types."""
    for table, step in apply.STEPS.items():
        if set(step.event_types) & set(event_types):
            apply.apply_step(redshift, table)


def refresh_all(redshift: Redshift, as_of: datetime, report_tz: str = "UTC") -> None:
    for report in REPORTS:
        refresh(redshift, report, as_of=as_of, report_tz=report_tz)


def load(redshift: Redshift, *events: Event, day: date = DAY) -> None:
    """Lands events, in one object for each type, and applies them."""
    contents = objects(*events, day=day)
    land(redshift, contents)
    apply_all(redshift, {content.event_type for content in contents})


@dataclass(frozen=True)
class Facts:
    """Reads what the warehouse says."""

    redshift: Redshift

    def message(self, message: str) -> dict[str, Any]:
        (row,) = self.rows("fact_message", "message_id", message)
        return row

    def rows(self, table: str, column: str, value: object) -> list[dict[str, Any]]:
        with self.redshift.session("tests") as session:
            return session.records(
                f"select * from warehouse.{table} where {column} = :value", value=value
            )

    def everything(self) -> dict[str, list[tuple[Any, ...]]]:
        """All rows of facts, dimensions and reports, but for the columns that tell when we worked.

        User agents nobody uses any more stay in their dimension, so that is left out.
        """
        found = {}
        with self.redshift.session("tests") as session:
            for table in _COMPARED:
                found[table] = sorted(
                    (
                        tuple((k, v) for k, v in record.items() if k not in _WHEN_WE_WORKED)
                        for record in session.records(f"select * from {table}")
                    ),
                    key=repr,
                )
        return found
