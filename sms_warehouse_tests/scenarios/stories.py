"""Reads stories, ``*.txt`` of this folder: what happened, and the rows that must come of it.

A story begins with its name after ``==``. Then come events, one a line: time, kind, whom it is about, and fields that
differ from the usual ones. Whom it is about is a message of the story by a letter for ``submitted``, ``receipt`` and
``click`` (``-`` for none), a recipient for ``consent`` and ``inbound``, a campaign for ``campaign``. ``logged=+20m``
says how much later the service logged it, ``id=`` names an event that another line copies. ``refreshed`` computes the
reports for that time; events below it arrive afterwards. Then come tables: a name, perhaps with ``where`` and
conditions, a line of columns and a line for each row expected, no more and no fewer. Events may follow tables: these
are expected before those arrive. ``yesterday`` stands for the UTC day before the one on which the story is told.

Stories are told together, as one world, so each has messages, campaigns, recipients, links, addresses and visitors of
its own: the ids it names are marked with its number, which it does not see. A row that bears the mark of another story
is not shown to it. A row that bears none, as those of days, hours or the whole warehouse, is shown to every story: who
expects rows of such a table lets its events happen in hours, days or years that no other story touches, and says which
in the condition. A line ``alone`` below the name gives a story a world of its own, for rows that say what earlier
refreshes showed: together, reports are refreshed for the clocks of all stories.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from sms_warehouse_tests.reference.logs import variants
from sms_warehouse_tests.warehouse.world import IPHONE, PREVIEW, Event, event, message_id

_KINDS = {
    "submitted": ("message_submitted", "message_id"),
    "receipt": ("delivery_receipt", "message_id"),
    "click": ("link_click", "message_id"),
    "consent": ("subscription_changed", "recipient_id"),
    "inbound": ("inbound_message", "recipient_id"),
    "campaign": ("campaign_upserted", "campaign_id"),
}
_AGENTS = {
    "iphone": IPHONE,
    "preview": PREVIEW,
    "curl": "curl/8.4.0",
    "android": "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/125.0.0.0 Mobile Safari/537.36",
}
_NUMBERS = {
    "attempt_no",
    "segment_count",
    "segment_seq",
    "segment_total",
    "provider_sequence",
    "version",
    "asn",
    "click_window_days",
    "optout_window_hours",
    "http_status",
}
_OWN_IDS = {
    "campaign_id",
    "recipient_id",
    "link_token",
    "ip_token",
    "visitor_token",
    "inbound_id",
}
_MARK = re.compile(r"s\d+\.")
_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d(\.\d+)?)?")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_FIRST = datetime(2024, 1, 1)


@dataclass(frozen=True)
class Refresh:
    """When the reports are computed, and in whose days."""

    as_of: datetime
    report_tz: str


@dataclass
class Expected:
    """Rows of one table, by the texts of some of its columns, after so many parts of the story."""

    table: str
    condition: str
    columns: list[str]
    after: int
    rows: list[list[str]] = field(default_factory=list)

    @property
    def full_name(self) -> str:
        is_warehouse = self.table.startswith(("fact_", "dim_", "every_", "named_"))
        return f"{'warehouse' if is_warehouse else 'reports'}.{self.table}"

    @property
    def depends_on_history(self) -> bool:
        """Whether the rows also say when reports were refreshed, or which of several equal lines was kept."""
        return self.table == "pipeline_quality_hourly" or "restated_count" in self.columns

    def is_meant(self, row: dict[str, str]) -> bool:
        """Whether a row fits the conditions, each of which compares one column with a text."""
        return all(_holds(part, row) for part in self.condition.split(" and ") if part)


def _holds(condition: str, row: dict[str, str]) -> bool:
    found = re.fullmatch(r"(\w+) (=|<>|like) '([^']*)'", condition)
    assert found, condition
    text = row[found[1]]
    if found[2] == "like":
        return text.startswith(found[3].removesuffix("%"))
    return (text == found[3]) == (found[2] == "=")


@dataclass
class Story:
    """One story: events in parts, each with the refresh after it, and the rows expected."""

    name: str
    number: int
    owners: dict[str, int]
    """Which story each message is of; all stories share it."""
    is_alone: bool = False
    parts: list[tuple[list[Event], Refresh | None]] = field(default_factory=list)
    expected: list[Expected] = field(default_factory=list)
    letters: dict[str, str] = field(default_factory=dict)
    copied: dict[str, Event] = field(default_factory=dict)

    @property
    def test_id(self) -> str:
        return self.name.replace(" ", "_")

    @property
    def tells_of_arrival(self) -> bool:
        """Whether rows expected say in which hour lines arrived."""
        return any(expected.table == "pipeline_quality_hourly" for expected in self.expected)

    def after(self, parts: int) -> list[Expected]:
        """What is expected after so many parts."""
        return [expected for expected in self.expected if expected.after == parts]

    @property
    def mark(self) -> str:
        """What its ids begin with, and no other story's."""
        return f"s{self.number}."

    def rows(self, expected: Expected, rows: list[dict[str, Any]]) -> list[list[str]]:
        """Rows of a table as the story writes them: those that are meant and are not another story's."""
        shown = [
            {column: self.shown(value) for column, value in row.items()}
            for row in rows
            if not any(map(self._is_anothers, row.values()))
        ]
        return sorted(
            [row[column] for column in expected.columns] for row in shown if expected.is_meant(row)
        )

    def _is_anothers(self, value: Any) -> bool:
        if not isinstance(value, str):
            return False
        if _MARK.match(value):
            return not value.startswith(self.mark)
        return self.owners.get(value, self.number) != self.number

    def shown(self, value: Any) -> str:
        """A value as a story writes it."""
        if value is None:
            return "none"
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, datetime):
            text = f"{value:%Y-%m-%d %H:%M:%S.%f}"
            return text.rstrip("0").rstrip(".")
        if isinstance(value, Decimal | float):
            text = f"{value:.6f}"
            return text.rstrip("0").rstrip(".")
        if isinstance(value, date):
            return value.isoformat()
        text = str(value).removeprefix(self.mark)
        return next((letter for letter, m in self.letters.items() if m == text), text)


def read_all() -> list[Story]:
    """The stories of every file, in order."""
    found: list[Story] = []
    owners: dict[str, int] = {}
    yesterday = (datetime.now(UTC) - timedelta(days=1)).date().isoformat()
    for file in sorted(Path(__file__).parent.glob("*.txt")):
        told = re.sub(r"^yesterday ", f"{yesterday} ", file.read_text(), flags=re.MULTILINE)
        for text in re.split(r"^== ", told, flags=re.MULTILINE)[1:]:
            found.append(_story(text, Story("", len(found), owners)))
    return found


def _story(text: str, story: Story) -> Story:
    name, _, body = text.partition("\n")
    story.name = name.strip()
    waiting: list[Event] = []
    for block in re.split(r"\n\s*\n", body.strip()):
        lines = [line.strip() for line in block.splitlines() if not line.startswith("#")]
        if not lines:
            continue
        if lines == ["alone"]:
            story.is_alone = True
        elif _TIME.match(lines[0]) or lines[0].startswith("refreshed"):
            for line in lines:
                if line.startswith("refreshed"):
                    story.parts.append((waiting, _refresh(line)))
                    waiting = []
                else:
                    waiting.extend(_events(story, line))
        else:
            if waiting:
                story.parts.append((waiting, None))
                waiting = []
            story.expected.append(_expected(lines, len(story.parts)))
    if waiting:
        story.parts.append((waiting, None))
    return story


def _refresh(line: str) -> Refresh:
    """refreshed 2026-03-20 12:00 [in America/New_York]"""
    found = _TIME.search(line)
    assert found, line
    zone = line.partition(" in ")[2].strip() or "UTC"
    return Refresh(datetime.fromisoformat(found[0]), zone)


def _expected(lines: list[str], after: int) -> Expected:
    table, _, condition = lines[0].partition(" where ")
    columns = [name.strip() for name in lines[1].split("|")]
    rows = [[value.strip() for value in line.split("|")] for line in lines[2:]]
    assert all(len(row) == len(columns) for row in rows), lines
    return Expected(table.strip(), condition, columns, after, rows)


def _events(story: Story, line: str) -> list[Event]:
    found = _TIME.match(line)
    assert found, f"{story.name}: {line}"
    occurred_at = datetime.fromisoformat(found[0])
    kind, subject, *words = shlex.split(line[found.end() :])
    event_type, about = _KINDS[kind]
    given = dict(word.split("=", 1) for word in words)
    copy_of = story.copied.get(given.pop("copy_of", ""))
    name, times = given.pop("id", ""), int(given.pop("times", 1))
    logged_at = occurred_at + _after(given.pop("logged", "+0s"))
    fields: dict[str, Any] = {key: _value(story, key, value) for key, value in given.items()}
    fields[about] = _message(story, subject) if about == "message_id" else subject
    fields["logged_at"] = logged_at
    if copy_of:
        fields["event_id"] = copy_of.fields["event_id"]
    made = [
        _own(story, event(event_type, occurred_at, **_numbered(fields, number)))
        for number in range(times)
    ]
    if name:
        story.copied[name] = made[0]
    return made


def _numbered(fields: dict[str, Any], number: int) -> dict[str, Any]:
    """The fields of one of several events of a line: ``{n}`` counts them."""
    return {
        key: value.replace("{n}", str(number)) if isinstance(value, str) else value
        for key, value in fields.items()
    }


def _own(story: Story, usual: Event) -> Event:
    """The event with ids that no other story has."""
    marked = {
        name: f"{story.mark}{value}" if name in _OWN_IDS and value is not None else value
        for name, value in usual.fields.items()
    }
    return Event(usual.event_type, marked)


def _after(text: str) -> timedelta:
    sign = -1 if text.startswith("-") else 1
    return sign * timedelta(**{_UNITS[text[-1]]: float(text[1:-1])})


def _message(story: Story, letter: str) -> str | None:
    """The id of a message of the story: a letter, or a letter and a number."""
    if letter == "-":
        return None
    if letter not in story.letters:
        made_at = _FIRST + timedelta(days=story.number, minutes=len(story.letters))
        story.letters[letter] = message_id(len(story.letters), made_at)
        story.owners[story.letters[letter]] = story.number
    return story.letters[letter]


def _value(story: Story, name: str, value: str) -> Any:
    if value == "none":
        return None
    if name.endswith("message_id") and name != "provider_message_id":
        return _message(story, value)
    if name in _NUMBERS:
        return int(value)
    if name == "user_agent":
        return _AGENTS[value]
    if name.endswith("_at"):
        return datetime.fromisoformat(value)
    if name == "variants":
        return variants(*map(_variant, value.split(",")))
    return {"yes": True, "no": False}.get(value, value)


def _variant(text: str) -> dict[str, Any]:
    """a:50:control says that variant a is to get half and is the control."""
    variant_id, allocation_pct, *control = text.split(":")
    return {
        "variant_id": variant_id,
        "allocation_pct": float(allocation_pct),
        "is_control": bool(control),
    }
