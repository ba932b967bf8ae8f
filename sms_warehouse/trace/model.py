"""What a trace tells: events, messages, changes of consent and lines in quarantine, each with where it stands."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sms_warehouse.trace.lines import Line

Row = dict[str, Any]

MESSAGE = "message"
RECIPIENT = "recipient"
RECIPIENT_KEY = "recipient key"


class TraceFailed(Exception):
    """What was asked for is unknown, or may not be shown; the message says which."""


@dataclass
class Event:
    """One event: what it said, where that stands, whether it counts, and what the facts made of it."""

    occurred_at: datetime
    logged_at: datetime
    event_type: str
    event_id: str
    said: Row
    line: Line
    counts: bool
    fate: str
    made_of_it: list[str]


@dataclass
class Message:
    """The row of a message and why it says what it says."""

    row: Row
    because: list[str]


@dataclass
class Quarantined:
    """A line that did not keep its contract and speaks of what is traced."""

    event_type: str
    reason: str
    field: str | None
    quarantined_at: datetime
    resolved_at: datetime | None
    line: Line


@dataclass
class Trace:
    """All that is known of a message or recipient; events in the order in which they happened."""

    kind: str
    name: str
    events: list[Event] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    consent: list[Row] = field(default_factory=list)
    sent_after_optout: list[Row] = field(default_factory=list)
    quarantined: list[Quarantined] = field(default_factory=list)

    @property
    def is_empty(self) -> bool:
        return not (self.events or self.messages or self.consent or self.quarantined)

    @property
    def lines(self) -> list[Line]:
        return [e.line for e in self.events] + [q.line for q in self.quarantined]
