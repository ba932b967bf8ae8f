"""Finds out what a name stands for, and tells its trace."""

from __future__ import annotations

import re
from datetime import date

from sms_warehouse.apply_events import run
from sms_warehouse.landing.ledger import insert_rows
from sms_warehouse.privacy.treatment import ALIAS_PREFIX, MARK
from sms_warehouse.resources.redshift import Redshift, Session
from sms_warehouse.trace.lines import fetch_raw
from sms_warehouse.trace.model import (
    MESSAGE,
    RECIPIENT,
    RECIPIENT_KEY,
    Event,
    Trace,
    TraceFailed,
)
from sms_warehouse.trace.tracer import KEY, Tracer

_NAME_BYTES = 96
_ULID = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")


def trace(
    redshift: Redshift,
    name: str,
    *,
    first_date: date | None = None,
    last_date: date | None = None,
    raw: bool = False,
) -> Trace:
    """What is known of a message id, recipient_id or recipient_key.

    With days (UTC, both included), only events that occurred on them and, of a recipient, messages with such an
    event are told; what the facts made of an event is told as all events together decided it, and consent is told
    whole. ``raw`` fetches each line from S3, but for those of people who were erased; it reads schema ``pii``. Raises
    TraceFailed when nothing is known of ``name``, and for ``raw`` lines of what stands for an erased person.
    """

    def work(session: Session) -> Trace:
        run(session, "trace/begin")
        for kind, given in _readings(session, name):
            session.execute("delete from traced_message")
            found = Tracer(session, kind, given).trace()
            if not found.is_empty:
                if raw:
                    _withhold_erased(session, found)
                return found
        raise unknown

    unknown = TraceFailed(
        f"nothing is known of {name!r}: no event, no row and no line in quarantine"
    )
    if len(name.encode()) > _NAME_BYTES:
        raise unknown
    found = redshift.transaction("trace", work)
    _keep_days(found, first_date or date.min, last_date or date.max)
    if raw:
        fetch_raw(found.lines)
    return found


def _readings(session: Session, name: str) -> list[tuple[str, str]]:
    """What a name may be, the likeliest first."""
    readings = []
    if _ULID.fullmatch(name.upper()):
        readings.append((MESSAGE, name.upper()))
    key = KEY.fullmatch(name)
    if key and session.rows(
        "select 1 as known from warehouse.dim_recipient"
        " where recipient_id = :recipient_id and recipient_key = :recipient_key",
        recipient_id=key["recipient_id"],
        recipient_key=name,
    ):
        readings.append((RECIPIENT_KEY, name))
    return [*readings, (RECIPIENT, name)]


def _withhold_erased(session: Session, found: Trace) -> None:
    """Marks the lines that say something of an erased person. Raises TraceFailed if such a one is traced.

    Also of one who is still being erased: facts follow the registry a little later.
    """
    key = KEY.fullmatch(found.name) if found.kind == RECIPIENT_KEY else None
    traced = {found.name, key["recipient_id"] if key else found.name}
    asked = traced.union(*map(_names, found.events))
    session.execute("delete from searched_text")
    insert_rows(session, "searched_text", [{"searched": n, "is_base64": False} for n in asked])
    erased = {
        name
        for (name,) in session.rows(
            "select person.message_alias as name from pii.erased_message as person"
            " join searched_text on searched_text.searched = person.message_alias"
            " union select person.identifier as name from pii.identifier as person"
            " join searched_text on searched_text.searched = person.identifier"
        )
    }
    erased |= {name for name in asked if name == MARK or name.startswith(ALIAS_PREFIX)}
    if traced & erased:
        raise TraceFailed(
            f"{found.name!r} stands for a person who was erased: what S3 still has of them is not shown;"
            " without --raw the warehouse's part is"
        )
    for event in found.events:
        event.line.is_erased = not erased.isdisjoint(_names(event))


def _names(event: Event) -> set[str]:
    """What an event says that may name a person or message. A phone number may have come to someone else since."""
    return {
        value
        for column, value in event.said.items()
        if isinstance(value, str)
        and len(value.encode()) <= _NAME_BYTES
        and column != "msisdn_token"
    }


def _keep_days(found: Trace, first: date, last: date) -> None:
    if (first, last) == (date.min, date.max):
        return
    found.events = [e for e in found.events if first <= e.occurred_at.date() <= last]
    if found.kind != MESSAGE:
        kept = {e.said.get("message_id") for e in found.events}
        found.messages = [m for m in found.messages if m.row["message_id"] in kept]
    found.sent_after_optout = [
        row for row in found.sent_after_optout if first <= row["sent_at"].date() <= last
    ]
