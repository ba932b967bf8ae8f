"""Tests that share a warehouse and load in step: a load costs the same for one event as for a thousand.

A test marked ``in_step`` is written as if the warehouse were its own. It yields what is to be loaded or refreshed and
goes on when that is done: what all tests of the module yield at that point is loaded at once, and a report that several
ask for at one clock is refreshed once. A report is read before anything else is asked for.

Each test has a ``Part`` of the warehouse: messages, recipients, campaigns and tokens that it names are named apart from
those of the others, and it reads only its own, by the names it gave them.

Counts that no id tells apart (of all campaigns, of a day's opt-outs) need days or a warehouse of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import pytest

from sms_warehouse.reports import REPORTS, refresh
from sms_warehouse.resources.redshift import Redshift
from sms_warehouse_tests.warehouse.world import (
    DAY,
    Content,
    Event,
    apply_all,
    land,
    objects,
)

_NAMES = {
    "campaign_id",
    "event_id",
    "ip_token",
    "link_token",
    "link_url_id",
    "recipient_id",
    "recipient_key",
    "visitor_token",
}
_SHARED = {"-", "*"}
_MESSAGES = {"message_id", "follow_up_of_message_id", "in_reply_to_message_id"}
_TIME_LENGTH = 10
_BASE32 = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


@dataclass(frozen=True)
class Load:
    """Events that land, in objects of their own or of any, and are applied."""

    events: tuple[Event, ...] = ()
    contents: tuple[Content, ...] = ()
    day: date = DAY


@dataclass(frozen=True)
class Refresh:
    """A report at a clock."""

    report: str
    as_of: datetime
    report_tz: str


Steps = Generator[Load | Refresh, None, None]


@dataclass
class Part:
    """What one test sees of the shared warehouse."""

    redshift: Redshift
    number: int
    _given: dict[str, str] = field(default_factory=dict)

    def load(self, *events: Event, day: date = DAY) -> Load:
        """To be yielded: lands and applies events."""
        return Load(events=tuple(map(self._named_apart, events)), day=day)

    def put(self, key: str, *events: Event) -> Load:
        """To be yielded: lands and applies an object; its events take the place of what the key held."""
        return self.put_all(Content(key, events))

    def put_all(self, *contents: Content) -> Load:
        return Load(
            contents=tuple(
                Content(f"{c.key}{self._mark}", tuple(map(self._named_apart, c.events)), c.day)
                for c in contents
            )
        )

    def refresh(self, report: str, as_of: datetime, report_tz: str = "UTC") -> Refresh:
        """To be yielded: computes a report."""
        return Refresh(report, as_of, report_tz)

    def message(self, message: str) -> dict[str, Any]:
        (row,) = self.rows("fact_message", "message_id", message)
        return row

    def of_event(self, table: str, event: Event) -> dict[str, Any]:
        """The row of a fact that is this event."""
        (row,) = self.rows(table, "event_id", event.fields["event_id"])
        return row

    def rows(self, table: str, column: str, value: str) -> list[dict[str, Any]]:
        """Rows by a name of this part, or by a value that all parts share, such as a sender."""
        found = self._read(
            f"select * from warehouse.{table} where {column} = :value",
            value=self.named(column, value),
        )
        return list(map(self._as_given, found))

    def report(self, name: str, **where: str) -> list[dict[str, Any]]:
        """Rows that name something of this part, in the order of the preview."""
        conditions = " and ".join(f"{column} = :{column}" for column in where) or "1 = 1"
        order = REPORTS[name].preview_order if name in REPORTS else "message_id"
        found = self._read(
            f"select * from reports.{name} where {conditions} order by {order}",
            **{column: self.named(column, value) for column, value in where.items()},
        )
        return [self._as_given(row) for row in found if any(map(self._is_own, row.values()))]

    def _read(self, statement: str, **values: object) -> list[dict[str, Any]]:
        with self.redshift.session("tests") as session:
            return session.records(statement, **values)

    @property
    def _mark(self) -> str:
        return f"~{self.number}~"

    def _named_apart(self, event: Event) -> Event:
        return Event(
            event.event_type,
            {name: self.named(name, value) for name, value in event.fields.items()},
        )

    def named(self, name: str, value: Any) -> Any:
        """The value of a field as it is in the warehouse."""
        if value is None or value in _SHARED:
            return value
        if name in _NAMES:
            recipient, hash_sign, use = value.partition("#")
            return f"{recipient}{self._mark}{hash_sign}{use}"
        if name in _MESSAGES:
            own = _BASE32[self.number // 32] + _BASE32[self.number % 32]
            apart = value[:_TIME_LENGTH] + own + value[_TIME_LENGTH + len(own) :]
            self._given[apart] = value
            return apart
        return value

    def _is_own(self, value: Any) -> bool:
        return isinstance(value, str) and (self._mark in value or value in self._given)

    def _as_given(self, row: dict[str, Any]) -> dict[str, Any]:
        return {
            name: self._given.get(value, value.replace(self._mark, ""))
            if isinstance(value, str)
            else value
            for name, value in row.items()
        }


# ---------- tests

Test = Callable[..., Steps]
Outcomes = Mapping[str, Exception | None]


def in_step(test: Test | None = None, *, cases: Mapping[str, tuple[Any, ...]] | None = None) -> Any:
    """Makes a test of a function of a part, and of the values of each of its cases."""
    if test is None:
        return lambda named: in_step(named, cases=cases)

    def passes(outcomes: Outcomes) -> None:
        _raise(outcomes[test.__name__])

    def passes_case(outcomes: Outcomes, case: str) -> None:
        _raise(outcomes[f"{test.__name__}[{case}]"])

    made: Any = (
        passes if cases is None else pytest.mark.parametrize("case", list(cases))(passes_case)
    )
    made.__name__, made.__doc__, made.__module__ = test.__name__, test.__doc__, test.__module__
    made.in_step = {
        f"{test.__name__}[{case}]": (test, values) for case, values in (cases or {}).items()
    } or {test.__name__: (test, ())}
    return made


def _raise(error: Exception | None) -> None:
    if error is not None:
        raise error


def outcomes_of(module: object, redshift: Redshift) -> Outcomes:
    """Runs the tests of a module that are marked; returns what each died of, None where it passed."""
    tests: dict[str, tuple[Test, tuple[Any, ...]]] = {}
    for value in vars(module).values():
        tests |= getattr(value, "in_step", {})
    running = {
        name: test(Part(redshift, number), *values)
        for number, (name, (test, values)) in enumerate(tests.items(), start=1)
    }
    found: dict[str, Exception | None] = dict.fromkeys(running)
    asked: dict[str, Load | Refresh] = {}

    def go_on(names: list[str]) -> None:
        for name in names:
            try:
                asked[name] = next(running[name])
            except StopIteration:
                asked.pop(name, None)
            except Exception as error:
                asked.pop(name, None)
                found[name] = error

    go_on(list(running))
    while asked:
        # Loads are what costs: they wait until nobody asks for anything else.
        for name in [name for name, request in asked.items() if isinstance(request, Refresh)]:
            request = asked.get(name)
            if isinstance(request, Refresh):
                refresh(redshift, request.report, as_of=request.as_of, report_tz=request.report_tz)
                go_on([other for other, its in asked.items() if its == request])
        loads = {name: request for name, request in asked.items() if isinstance(request, Load)}
        if len(loads) == len(asked):
            _load(redshift, list(loads.values()))
            go_on(list(loads))
    return found


def _load(redshift: Redshift, loads: list[Load]) -> None:
    of_days: dict[date, list[Event]] = {}
    for request in loads:
        of_days.setdefault(request.day, []).extend(request.events)
    contents = [c for request in loads for c in request.contents]
    for day, events in of_days.items():
        contents += objects(*events, day=day)
    land(redshift, contents)
    apply_all(redshift, {content.event_type for content in contents})
