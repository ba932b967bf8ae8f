"""What makes a line good, blank or bad: the one definition, applied to a single line.

The vectorised way of ``inspect`` may only agree with what is written here, and asks here whenever it is not
sure. Types are strict, because what one engine bends another refuses; nothing is ever converted or cut.
"""

from __future__ import annotations

import json
import re
from datetime import date, datetime, time, timedelta
from itertools import chain
from math import isfinite
from typing import Any, NamedTuple, NoReturn

from sms_warehouse.landing.events import (
    INTEGER_RANGES,
    JSON_BYTES,
    JSON_KINDS,
    LINE_BYTES,
    TEXT_KINDS,
    Event,
    Field,
    Kind,
)

BLANKS = b" \t\r"
"""What may stand around a line's object; a newline ends the line."""
EDGE_BLANKS = " \t\n\r\v\f"
"""What a key field must neither begin nor end with."""
MAX_DEPTH = 100
"""Levels of objects and lists within each other, the line's own object included."""
FIRST_YEAR = 2000
YEARS_AHEAD = 5

_SKIP = re.compile(r"[ \t\r]*")
_COLON = re.compile(r"[ \t\r]*:[ \t\r]*")
_COMMA_OR_BRACE = re.compile(r"[ \t\r]*([,}])[ \t\r]*")
# Possessive, and content with an open end: a line must not make the search go back and forth.
_BRACKETS = re.compile(r'"(?:[^"\\]++|\\.)*+"?|[\[\]{}]')
_ESCAPED_NUL_OR_SURROGATE = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")
_TOKEN = re.compile(r"[0-9a-f]{64}")
_ULID = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")
_TIMESTAMP = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,6}))?"
    r"(?:[Zz]|([+-])([01][0-9]|2[0-3]):([0-5][0-9]))"
)
_LONGEST_INTEGER = len(str(-(2**63)))

Value = str | int | float | bool | datetime | None


class Good(NamedTuple):
    """A line to store: a value for each field of the event, and the unknown fields as JSON text."""

    values: dict[str, Value]
    extra: str | None


class Blank(NamedTuple):
    """A line with nothing on it."""


class Bad(NamedTuple):
    """A line to quarantine: a short code, and the field of the event it concerns, if it is one's fault."""

    reason: str
    field: str | None = None


class _Member(NamedTuple):
    """A field of a line: the texts of key and value as they stand there, and the value decoded."""

    key_text: str
    text: str
    value: Any


class _Integer(str):
    """A JSON number without fraction and exponent, as written."""


class _Fraction(str):
    """A JSON number with a fraction or an exponent, as written."""


class _Refused(Exception):
    def __init__(self, reason: str, field: str | None = None) -> None:
        super().__init__(reason)
        self.bad = Bad(reason, field)


def inspect_line(raw: bytes | memoryview, event: Event, arrival_date: date) -> Good | Blank | Bad:
    """Decides one line of an object that arrived on a day; ``raw`` is the line without its newline."""
    return Policy(event, arrival_date).inspect(raw)


def is_blank(raw: bytes | memoryview) -> bool:
    """Whether nothing but blanks is on a line of any length; looks at a little of it at a time."""
    step = LINE_BYTES
    return not any(bytes(raw[at : at + step]).strip(BLANKS) for at in range(0, len(raw), step))


def time_range(arrival_date: date) -> tuple[datetime, datetime]:
    """The UTC times an object of that day may speak of: from the first, until before the second."""
    year = arrival_date.year + YEARS_AHEAD
    is_leap_day = (arrival_date.month, arrival_date.day) == (2, 29)
    until = date(year, 3, 1) if is_leap_day else arrival_date.replace(year=year)
    return datetime(FIRST_YEAR, 1, 1), datetime.combine(until, time.min)


def check_json(text: str) -> str | None:
    """Why a value's text cannot be kept within a line, or None: the rules that hold at every depth.

    ``text`` lies one level deep in its line.
    """
    try:
        if _depth(text) > MAX_DEPTH - 1:
            return "too_deep"
        value, end = _decode(text, 0)
        if end != len(text):
            return "not_json"
        if _ESCAPED_NUL_OR_SURROGATE.search(text):
            return _unstorable(value)
    except _Refused as refused:
        return refused.bad.reason
    return None


class Policy:
    """The rules for the lines of one event type and arrival day; safe to share by threads."""

    def __init__(self, event: Event, arrival_date: date) -> None:
        self._event = event
        self._known = {field.name for field in event.fields}
        self._json_names = [field.name for field in event.fields if field.kind in JSON_KINDS]
        self._expected = {"event_type": event.name, "schema_version": event.schema_version}
        # A line of another service is best told by that, not by the fields it lacks.
        self._fields = sorted(event.fields, key=lambda field: field.name not in self._expected)
        self._earliest, self._until = time_range(arrival_date)

    def inspect(self, raw: bytes | memoryview) -> Good | Blank | Bad:
        """Decides one line, without its newline. The first rule found broken gives the reason."""
        if len(raw) > LINE_BYTES:
            return Blank() if is_blank(raw) else Bad("line_too_long")
        line = bytes(raw).strip(BLANKS)
        if not line:
            return Blank()
        try:
            members = self._members(line)
            values = {field.name: self._value(field, members) for field in self._fields}
            return Good(values, self._extra(members))
        except _Refused as refused:
            return refused.bad

    def _members(self, line: bytes) -> dict[str, _Member]:
        """The fields of a line, which is one JSON object with no key twice at any depth."""
        try:
            text = line.decode()
        except UnicodeDecodeError:
            raise _Refused("not_utf8") from None
        if "\0" in text:
            raise _Refused("nul")
        if _depth(text) > MAX_DEPTH:
            raise _Refused("too_deep")
        if text[0] != "{":
            _refuse_other_than_object(text)
        members = self._read_in_one_go(text) or self._read_one_by_one(text)
        if _ESCAPED_NUL_OR_SURROGATE.search(text):
            for key, member in members.items():
                if reason := _unstorable(key) or _unstorable(member.value):
                    raise _Refused(reason, self._field(key))
        return members

    def _read_in_one_go(self, text: str) -> dict[str, _Member] | None:
        """The fields of a line that is sound and of which no part is kept as text; for speed alone."""
        try:
            values, end = _DECODER.raw_decode(text)
        except (json.JSONDecodeError, _Refused):
            return None
        if end < len(text) or type(values) is not dict or not values.keys() <= self._known:
            return None
        if any(values.get(name) is not None for name in self._json_names):
            return None
        return {key: _Member("", "", value) for key, value in values.items()}

    def _read_one_by_one(self, text: str) -> dict[str, _Member]:
        members: dict[str, _Member] = {}
        field: str | None = None
        try:
            at = _skip(text, 1)
            is_open = not text.startswith("}", at)
            if not is_open:
                at += 1
            while is_open:
                if not text.startswith('"', at):
                    raise _Refused("not_json")
                key, key_end = _DECODER.raw_decode(text, at)
                colon = _COLON.match(text, key_end)
                if colon is None:
                    raise _Refused("not_json")
                field = self._field(key)
                value, end = _DECODER.raw_decode(text, colon.end())
                if key in members:
                    raise _Refused("duplicate_key", field)
                members[key] = _Member(text[at:key_end], text[colon.end() : end], value)
                field = None
                comma = _COMMA_OR_BRACE.match(text, end)
                if comma is None:
                    raise _Refused("not_json")
                at = comma.end()
                is_open = comma[1] == ","
        except json.JSONDecodeError as error:
            raise _Refused(_reason(error), field) from None
        except _Refused as refused:
            raise _Refused(refused.bad.reason, field) from None
        if at < len(text):
            _refuse_rest(text, at)
        return members

    def _field(self, key: str) -> str | None:
        return key if key in self._known else None

    def _value(self, field: Field, members: dict[str, _Member]) -> Value:
        name, kind = field.name, field.kind
        member = members.get(name)
        if member is None or member.value is None:
            if field.is_required:
                raise _Refused("missing" if member is None else "null", name)
            return None
        value = member.value
        if kind in TEXT_KINDS:
            if type(value) is not str:
                raise _Refused("wrong_type", name)
            self._check_text(field, value)
            return value
        if kind is Kind.TIMESTAMP:
            if type(value) is not str:
                raise _Refused("wrong_type", name)
            return self._timestamp(name, value)
        if kind in INTEGER_RANGES:
            return self._integer(field, value)
        if kind is Kind.FLOAT:
            if type(value) not in (_Integer, _Fraction):
                raise _Refused("wrong_type", name)
            if not isfinite(number := float(value)):
                raise _Refused("out_of_range", name)
            return number
        if kind is Kind.BOOLEAN:
            if type(value) is not bool:
                raise _Refused("wrong_type", name)
            return value
        if type(value) is not (dict if kind is Kind.JSON_OBJECT else list):
            raise _Refused("wrong_type", name)
        if len(member.text.encode()) > JSON_BYTES:
            raise _Refused("too_long", name)
        return member.text

    def _check_text(self, field: Field, value: str) -> None:
        if field.kind is Kind.ULID:
            if not _ULID.fullmatch(value):
                raise _Refused("not_a_ulid", field.name)
            return
        if field.kind is Kind.TOKEN:
            if not _TOKEN.fullmatch(value):
                raise _Refused("not_a_token", field.name)
            return
        length = len(value) if value.isascii() else len(value.encode())
        if field.max_bytes is not None and length > field.max_bytes:
            raise _Refused("too_long", field.name)
        if (
            field.kind is Kind.KEY
            and value
            and (value[0] in EDGE_BLANKS or value[-1] in EDGE_BLANKS)
        ):
            raise _Refused("blank_at_edge", field.name)
        if self._expected.get(field.name, value) != value:
            raise _Refused("wrong_event_type", field.name)
        if field.choices and value not in field.choices:
            raise _Refused("not_in_list", field.name)

    def _integer(self, field: Field, value: object) -> int:
        if type(value) is not _Integer:
            raise _Refused("wrong_type", field.name)
        least, most = INTEGER_RANGES[field.kind]
        if len(value) > _LONGEST_INTEGER or not least <= int(value) <= most:
            raise _Refused("out_of_range", field.name)
        number = int(value)
        if self._expected.get(field.name, number) != number:
            raise _Refused("wrong_schema_version", field.name)
        return number

    def _timestamp(self, name: str, value: str) -> datetime:
        parts = _TIMESTAMP.fullmatch(value)
        if not parts:
            raise _Refused("bad_timestamp", name)
        year, month, day, hour, minute, second, fraction, sign, hours, minutes = parts.groups()
        micros = int(fraction.ljust(6, "0")) if fraction else 0
        try:
            at = datetime(
                int(year), int(month), int(day), int(hour), int(minute), int(second), micros
            )
            if sign:
                offset = timedelta(hours=int(hours), minutes=int(minutes))
                at = at - offset if sign == "+" else at + offset
        except ValueError:
            raise _Refused("bad_timestamp", name) from None
        except OverflowError:
            raise _Refused("out_of_range", name) from None
        if not self._earliest <= at < self._until:
            raise _Refused("out_of_range", name)
        return at

    def _extra(self, members: dict[str, _Member]) -> str | None:
        unknown = [
            f"{member.key_text}:{member.text}"
            for key, member in members.items()
            if key not in self._known
        ]
        if not unknown:
            return None
        extra = "{" + ",".join(unknown) + "}"
        if len(extra.encode()) > JSON_BYTES:
            raise _Refused("extra_too_long")
        return extra


def _skip(text: str, at: int) -> int:
    found = _SKIP.match(text, at)
    return found.end() if found else at


def _depth(text: str) -> int:
    """Levels of brackets within each other, never too few."""
    at_most = text.count("{") + text.count("[")
    if at_most <= MAX_DEPTH - 1:
        return at_most
    level = deepest = 0
    for bracket in _BRACKETS.findall(text):
        if bracket in ("{", "["):
            level += 1
            deepest = max(deepest, level)
        elif bracket in ("}", "]"):
            level -= 1
    return deepest


def _no_key_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Refused("duplicate_key")
    return found


def _no_constant(_: str) -> NoReturn:
    raise _Refused("not_json")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_no_key_twice,
    parse_constant=_no_constant,
    parse_int=_Integer,
    parse_float=_Fraction,
)


def _decode(text: str, at: int) -> tuple[Any, int]:
    try:
        return _DECODER.raw_decode(text, at)
    except json.JSONDecodeError as error:
        raise _Refused(_reason(error)) from None


def _reason(error: json.JSONDecodeError) -> str:
    is_control = error.msg.startswith("Invalid control character")
    return "control_character" if is_control else "not_json"


def _refuse_other_than_object(text: str) -> NoReturn:
    _, end = _decode(text, 0)
    if end < len(text):
        _refuse_rest(text, end)
    raise _Refused("not_an_object")


def _refuse_rest(text: str, at: int) -> NoReturn:
    _decode(text, _skip(text, at))
    raise _Refused("more_than_one_value")


def _unstorable(value: Any) -> str | None:
    """The reason why text somewhere within a value cannot be stored."""
    if isinstance(value, str):
        if "\0" in value:
            return "nul"
        return None if value.isascii() or _has_no_surrogate(value) else "lone_surrogate"
    if isinstance(value, dict):
        value = chain(value, value.values())
    elif not isinstance(value, list):
        return None
    return next(filter(None, map(_unstorable, value)), None)


def _has_no_surrogate(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
