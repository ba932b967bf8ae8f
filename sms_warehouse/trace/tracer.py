"""Reads the events of a message or recipient and says what the facts made of each."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sms_warehouse import sql
from sms_warehouse.apply_events import changed_ranges, run
from sms_warehouse.landing.ledger import SUPERSEDED, insert_rows
from sms_warehouse.ranges import IdRange
from sms_warehouse.resources.redshift import Session
from sms_warehouse.trace import reasons
from sms_warehouse.trace.lines import Line, base64_parts
from sms_warehouse.trace.model import (
    MESSAGE,
    RECIPIENT,
    RECIPIENT_KEY,
    Event,
    Message,
    Quarantined,
    Row,
    Trace,
)

KEY = re.compile(r"(?P<recipient_id>.+)#[0-9]+")


@dataclass(frozen=True)
class _Source:
    """Where the events of one type are read: files of ``sql/trace`` and the table of facts."""

    event_type: str
    name: str
    table: str
    is_by_message: bool
    derived: frozenset[str] = frozenset()


_SOURCES = (
    _Source("message_submitted", "submissions", "fact_submission", True),
    _Source(
        "delivery_receipt",
        "receipts",
        "fact_delivery_event",
        True,
        frozenset({"state", "state_rank"}),
    ),
    _Source(
        "link_click",
        "clicks",
        "fact_click",
        True,
        frozenset(
            {
                "ua_key",
                "slot_number",
                "is_ip_sweep",
                "is_over_rate",
                "click_class",
                "is_human",
                "bot_reason",
                "bot_ruleset_version",
                "is_repeat_fire",
            }
        ),
    ),
    _Source(
        "subscription_changed",
        "subscriptions",
        "fact_subscription_event",
        False,
        frozenset({"attributed_message_id", "attribution_window_hours", "is_attribution_due"}),
    ),
    _Source("inbound_message", "inbound", "fact_inbound_message", False),
)
_PROVENANCE = frozenset(
    {
        "event_id",
        "occurred_at",
        "received_at",
        "event_date",
        "content_hash",
        "object_id",
        "line_number",
        "arrival_date",
        "loaded_at",
        "load_id",
    }
)


class Tracer:
    """Reads within one transaction; what is traced stands in the temp table traced_message."""

    def __init__(self, session: Session, kind: str, name: str) -> None:
        self._session = session
        self._kind = kind
        self._name = name
        match = KEY.fullmatch(name) if kind == RECIPIENT_KEY else None
        self._recipient_id = match["recipient_id"] if match else name
        self._ranges: list[IdRange] = []

    def trace(self) -> Trace:
        file = {
            MESSAGE: "by_message",
            RECIPIENT: "by_recipient",
            RECIPIENT_KEY: "by_recipient_key",
        }
        run(
            self._session,
            f"trace/{file[self._kind]}",
            message_id=self._name,
            recipient_id=self._name,
            recipient_key=self._name,
        )
        self._ranges = changed_ranges(self._session, "traced_message")
        found = Trace(self._kind, self._name)
        facts = {source.event_type: self._facts(source) for source in _SOURCES}
        rows = sorted(self._by_range("messages"), key=lambda row: (_time(row), row["message_id"]))
        found.consent = self._consent(rows)
        self._leave_out_others(facts, found.consent)
        found.messages = [_message(row) for row in rows]
        found.events = self._events(facts, found)
        found.sent_after_optout = self._sent_after_optout(rows)
        found.quarantined = self._quarantined()
        self._place(found.lines)
        for event in found.events:
            if event.counts and event.line.object_status == SUPERSEDED:
                event.fate = "counts until the new content of its object is applied"
        return found

    def _records(self, name: str, **values: object) -> list[Row]:
        (statement,) = sql.statements(f"trace/{name}")
        wanted = {key: values[key] for key in statement.parameters}
        return self._session.records(statement.text, **wanted)

    def _by_range(self, name: str, **values: object) -> list[Row]:
        return [
            row
            for first_id, end_id in self._ranges
            for row in self._records(name, first_id=first_id, end_id=end_id, **values)
        ]

    @property
    def _whole_recipient(self) -> str | None:
        """The recipient all of whose events are wanted, those that name no message included."""
        return None if self._kind == MESSAGE else self._recipient_id

    def _facts(self, source: _Source) -> list[Row]:
        if source.is_by_message:
            rows = self._by_range(source.name)
            if source.event_type == "message_submitted" and self._kind == MESSAGE:
                rows += self._by_range("reminders")
            return rows
        return self._records(source.name, recipient_id=self._whole_recipient)

    def _consent(self, messages: Sequence[Row]) -> list[Row]:
        """Changes of consent: all of a line, or those of the persons who are traced."""
        recipients, keys = {self._recipient_id}, {self._name}
        if self._kind == MESSAGE:
            recipients = {row["recipient_id"] for row in messages} - {None}
            keys = {row["recipient_key"] for row in messages}
        return [
            row
            for recipient_id in sorted(recipients)
            for row in self._records("consent", recipient_id=recipient_id)
            if self._kind == RECIPIENT or row["recipient_key"] in keys
        ]

    def _leave_out_others(self, facts: dict[str, list[Row]], consent: Sequence[Row]) -> None:
        """Others who had the line: what names no message of a recipient_key may be theirs."""
        if self._kind != RECIPIENT_KEY:
            return
        theirs = {row["event_id"] for row in consent}
        facts["subscription_changed"] = [
            row for row in facts["subscription_changed"] if row["event_id"] in theirs
        ]
        messages = {row["message_id"] for row in facts["message_submitted"]}
        facts["inbound_message"] = [
            row for row in facts["inbound_message"] if row["in_reply_to_message_id"] in messages
        ]

    def _events(self, facts: dict[str, list[Row]], found: Trace) -> list[Event]:
        messages = {m.row["message_id"]: m.row for m in found.messages}
        events = []
        for source in _SOURCES:
            rows = facts[source.event_type]
            made_of_it = self._reasons(source, rows, facts, messages)
            events += [
                _event(source, row, "counts", made_of_it.get(row["event_id"], []), is_counted=True)
                for row in rows
            ]
            events += self._set_aside(source, rows)
        return sorted(events, key=lambda e: (e.occurred_at, e.logged_at, e.event_id))

    def _reasons(
        self,
        source: _Source,
        rows: Sequence[Row],
        facts: dict[str, list[Row]],
        messages: dict[str, Row],
    ) -> reasons.Reasons:
        if source.event_type == "link_click":
            return {row["event_id"]: reasons.of_click(row) for row in rows}
        if source.event_type == "subscription_changed":
            return {row["event_id"]: reasons.of_subscription(row) for row in rows}
        if source.event_type == "inbound_message":
            return {row["event_id"]: reasons.of_inbound(row) for row in rows}
        found: reasons.Reasons = {}
        for message_id in {row["message_id"] for row in rows}:
            own = [row for row in rows if row["message_id"] == message_id]
            if source.event_type == "delivery_receipt":
                accepted = {
                    row["attempt_no"]
                    for row in facts["message_submitted"]
                    if row["message_id"] == message_id and row["submit_status"] == "ACCEPTED"
                }
                found |= reasons.of_receipts(own, messages.get(message_id), accepted)
            elif self._kind == MESSAGE and message_id != self._name:
                found |= {row["event_id"]: ["an attempt to remind: another message"] for row in own}
            else:
                found |= reasons.of_submissions(own)
        return found

    def _set_aside(self, source: _Source, counted: Sequence[Row]) -> list[Event]:
        """Landed copies that are not in the facts."""
        stored = {(row["object_id"], row["line_number"]) for row in counted}
        winners = {(row["event_id"], row["event_date"]): row for row in counted}
        recipient = {} if source.is_by_message else {"recipient_id": self._whole_recipient}
        events = []
        for row in self._records(f"landed_{source.name}", **recipient):
            if (row["object_id"], row["line_number"]) in stored:
                continue
            winner = winners.get((row["event_id"], row["event_date"]))
            if winner is None and self._kind == RECIPIENT_KEY and not source.is_by_message:
                continue
            events.append(
                _event(source, row, self._fate(source, row, winner), [], is_counted=False)
            )
        return events

    def _fate(self, source: _Source, row: Row, winner: Row | None) -> str:
        is_applied = self._session.value(
            sql.statements("trace/applied")[0].text,
            load_id=row["load_id"],
            table_name=source.table,
        )
        if not is_applied:
            return "landed, not applied yet"
        if winner is None:
            return "set aside: a copy of the event says something else and counts instead"
        of = f"of line {winner['line_number']} of object {winner['object_id']}"
        if winner["content_hash"] == row["content_hash"]:
            return f"set aside: the same as the copy {of}"
        if winner["received_at"] == row["received_at"]:
            return f"set aside for the copy {of}: logged at once, and the smaller content counts"
        return f"set aside for the copy {of}, which was logged first"

    def _sent_after_optout(self, messages: Sequence[Row]) -> list[Row]:
        recipients = {row["recipient_id"] for row in messages} - {None}
        rows = [
            row
            for recipient_id in sorted(recipients)
            for row in self._by_range("sent_after_optout", recipient_id=recipient_id)
        ]
        return sorted(rows, key=lambda row: (row["sent_at"], row["message_id"]))

    def _quarantined(self) -> list[Quarantined]:
        texts = {
            message_id
            for (message_id,) in self._session.rows("select message_id from traced_message")
        }
        if self._kind == RECIPIENT:
            texts.add(f'"{self._name}"')
        searched = [
            {"searched": part, "is_base64": is_base64}
            for text in sorted(texts)
            for part, is_base64 in [(text, False), *((p, True) for p in base64_parts(text))]
        ]
        self._session.execute("delete from searched_text")
        insert_rows(self._session, "searched_text", searched)
        return [
            Quarantined(
                row["event_type"],
                row["reason"],
                row["field"],
                row["quarantined_at"],
                row["resolved_at"],
                Line(row["object_id"], row["line_number"]),
            )
            for row in self._records("quarantined")
        ]

    def _place(self, lines: Iterable[Line]) -> None:
        """Finds out which keys the lines' objects have, and what other content these had."""
        waiting = list(lines)
        ids = sorted({line.object_id for line in waiting})
        self._session.execute("delete from traced_object")
        insert_rows(self._session, "traced_object", [{"object_id": each} for each in ids])
        known = {row["object_id"]: row for row in self._records("objects")}
        for line in waiting:
            row = known.get(line.object_id)
            if row is None:
                continue
            line.bucket, line.object_key = row["bucket"], row["object_key"]
            line.object_status = row["status"]
            line.replaced = [
                other
                for other in known.values()
                if (other["bucket"], other["object_key"]) == (line.bucket, line.object_key)
                and other["object_id"] != line.object_id
                and other["status"] == SUPERSEDED
            ]


def _time(row: Row) -> datetime:
    """When a message began, for sorting."""
    return row["first_submitted_at"] or row["first_receipt_at"] or datetime.min


def _message(row: Row) -> Message:
    hidden = ("mapped_category", "mapped_description")
    return Message(
        {name: value for name, value in row.items() if name not in hidden},
        reasons.of_message(row),
    )


def _event(
    source: _Source, row: Row, fate: str, made_of_it: list[str], *, is_counted: bool
) -> Event:
    hidden = _PROVENANCE | source.derived
    return Event(
        row["occurred_at"],
        row["received_at"],
        source.event_type,
        row["event_id"],
        {k: v for k, v in row.items() if k not in hidden and v is not None},
        Line(row["object_id"], row["line_number"]),
        is_counted,
        fate,
        made_of_it,
    )
