"""Good lines of every event type, and lines that are bad in one way each."""

from __future__ import annotations

import json
from datetime import date
from typing import Any, NamedTuple

from sms_warehouse.landing.events import INTEGER_RANGES, MESSAGE_SUBMITTED, Event, Field, Kind

DAY = date(2026, 3, 10)
ULID = "01JNXYZABCDEFGHJKMNPQRSTV0"


def sample(event: Event, number: int = 0, **changes: Any) -> dict[str, Any]:
    """A value for every field of an event; ``changes`` replaces some and adds others."""
    return {f.name: _value(event, f, number) for f in event.fields} | changes


def _value(event: Event, field: Field, number: int) -> Any:
    if field.name == "event_type":
        return event.name
    if field.name == "schema_version":
        return event.schema_version
    if field.choices:
        return field.choices[number % len(field.choices)]
    if field.kind is Kind.ULID:
        return f"{ULID[:20]}{number % 1_000_000:06}"
    if field.kind is Kind.TOKEN:
        return f"{number:064x}"
    if field.kind is Kind.TIMESTAMP:
        return f"2026-03-10T{number % 24:02}:{number % 60:02}:07.{number % 1000:03}Z"
    if field.kind in INTEGER_RANGES:
        return number % 100
    if field.kind is Kind.FLOAT:
        return number / 8
    if field.kind is Kind.BOOLEAN:
        return number % 2 == 0
    if field.kind is Kind.JSON_OBJECT:
        return {}
    if field.kind is Kind.JSON_ARRAY:
        return [{"variant_id": "a", "allocation_pct": 50.0}]
    return f"{field.name[:2]}{number}"


def text(values: dict[str, Any], separators: tuple[str, str] = (",", ":")) -> bytes:
    return json.dumps(values, separators=separators, ensure_ascii=False).encode()


def good_line(number: int = 0, event: Event = MESSAGE_SUBMITTED, **changes: Any) -> bytes:
    return text(sample(event, number, **changes))


def good_lines(count: int, event: Event = MESSAGE_SUBMITTED, **changes: Any) -> list[bytes]:
    return [good_line(number, event, **changes) for number in range(count)]


def raw_value(name: str, value: str, number: int = 0) -> bytes:
    """A good line but for one field, whose value is JSON text of any kind."""
    return good_line(number, **{name: "<here>"}).replace(b'"<here>"', value.encode())


def without(name: str) -> bytes:
    values = sample(MESSAGE_SUBMITTED)
    del values[name]
    return text(values)


class BadKind(NamedTuple):
    name: str
    line: bytes
    reason: str
    field: str | None = None


def _with(name: str, value: str, reason: str, label: str | None = None) -> BadKind:
    return BadKind(f"{name} {label or value}", raw_value(name, value), reason, name)


_GOOD = good_line()
_OPEN = _GOOD[:-1]
_LATE = "2031-03-10T00:00:00Z"

BAD_KINDS: list[BadKind] = [
    # What is not one JSON object.
    BadKind("cut in half", _GOOD[: len(_GOOD) // 2], "not_json"),
    BadKind("no closing brace", _OPEN, "not_json"),
    BadKind("no opening brace", _GOOD[1:], "not_json"),
    BadKind("a comma too many", _OPEN + b",}", "not_json"),
    BadKind("a leading comma", b"{," + _GOOD[1:], "not_json"),
    BadKind("two commas", _GOOD.replace(b",", b",,", 1), "not_json"),
    BadKind("no comma", _GOOD.replace(b",", b" ", 1), "not_json"),
    BadKind("no colon", _GOOD.replace(b":", b" ", 1), "not_json"),
    BadKind("two colons", _GOOD.replace(b":", b"::", 1), "not_json", "event_id"),
    BadKind("no value", _OPEN + b',"x":}', "not_json"),
    BadKind("a brace too many", _GOOD + b"}", "not_json"),
    BadKind("two braces at the start", b"{" + _GOOD, "not_json"),
    BadKind("a comment", _OPEN + b"/* c */}", "not_json"),
    BadKind("a comment behind", _GOOD + b" // c", "not_json"),
    BadKind("words behind", _GOOD + b" ok", "not_json"),
    BadKind("a comma behind", _GOOD + b",", "not_json"),
    BadKind("a log prefix", b"INFO " + _GOOD, "not_json"),
    BadKind("plain text", b"service started", "not_json"),
    BadKind("single quotes", _GOOD.replace(b'"', b"'"), "not_json"),
    BadKind("a key without quotes", _GOOD.replace(b'"event_id"', b"event_id"), "not_json"),
    BadKind("an open string", _GOOD.replace(b'"event_id":"', b'"event_id":"a"b'), "not_json"),
    BadKind("an escape that is none", raw_value("source", r'"\x41"'), "not_json", "source"),
    BadKind("half an escape", raw_value("source", r'"\u12"'), "not_json", "source"),
    BadKind("a byte order mark within", b"\xef\xbb\xbf" + _GOOD, "not_json"),
    BadKind("a no-break space before", b"\xc2\xa0" + _GOOD, "not_json"),
    BadKind("a form feed behind", _GOOD + b"\f", "not_json"),
    BadKind("a vertical tab alone", b"\v", "not_json"),
    BadKind("two objects", _GOOD + _GOOD, "more_than_one_value"),
    BadKind("two objects and a blank", _GOOD + b" " + _GOOD, "more_than_one_value"),
    BadKind("an object and null", _GOOD + b"null", "more_than_one_value"),
    BadKind("an object, null, an object", _GOOD + b"null" + _GOOD, "more_than_one_value"),
    BadKind("null and an object", b"null" + _GOOD, "more_than_one_value"),
    BadKind("two numbers", b"1 2", "more_than_one_value"),
    BadKind("an array", b"[" + _GOOD + b"]", "not_an_object"),
    BadKind("an empty array", b"[]", "not_an_object"),
    BadKind("a number", b"17", "not_an_object"),
    BadKind("a string", b'"text"', "not_an_object"),
    BadKind("true", b"true", "not_an_object"),
    BadKind("null", b"null", "not_an_object"),
    BadKind("not UTF-8", _GOOD.replace(b'"source":"', b'"source":"\xff'), "not_utf8"),
    BadKind("Latin-1", _GOOD.replace(b'"source":"', b'"source":"caf\xe9'), "not_utf8"),
    BadKind(
        "an overlong encoding", _GOOD.replace(b'"source":"', b'"source":"\xc0\xaf'), "not_utf8"
    ),
    BadKind(
        "an encoded surrogate", _GOOD.replace(b'"source":"', b'"source":"\xed\xa0\x80'), "not_utf8"
    ),
    BadKind("not UTF-8 in an unknown field", _OPEN + b',"x":"\xff"}', "not_utf8"),
    BadKind("not UTF-8 in a key", _OPEN + b',"\xff":1}', "not_utf8"),
    BadKind("UTF-16", _GOOD.decode().encode("utf-16-le").replace(b"\n", b""), "nul"),
    BadKind("NUL", _GOOD.replace(b'"source":"', b'"source":"\0'), "nul"),
    BadKind("NUL behind", _GOOD + b"\0", "nul"),
    BadKind("NUL alone", b"\0", "nul"),
    BadKind("NUL between tokens", b"{\0" + _GOOD[1:], "nul"),
    BadKind("an escaped NUL", raw_value("source", r'"a\u0000"'), "nul", "source"),
    BadKind("an escaped NUL in an unknown field", _OPEN + rb',"x":"\u0000"}', "nul"),
    BadKind("an escaped NUL in a key", _OPEN + rb',"a\u0000b":1}', "nul"),
    BadKind(
        "an escaped NUL deep within",
        raw_value("attributes", r'{"a":[{"b":"\u0000"}]}'),
        "nul",
        "attributes",
    ),
    BadKind("a raw tab", raw_value("source", '"a\tb"'), "control_character", "source"),
    BadKind("a raw return", raw_value("source", '"a\rb"'), "control_character", "source"),
    BadKind(
        "a raw escape character", raw_value("source", '"a\x1bb"'), "control_character", "source"
    ),
    BadKind("a control character in a key", _OPEN + b',"a\x01":1}', "control_character"),
    BadKind(
        "a control character in an unknown field", _OPEN + b',"x":"a\tb"}', "control_character"
    ),
    BadKind("a lone high surrogate", raw_value("source", r'"\ud800"'), "lone_surrogate", "source"),
    BadKind("a lone low surrogate", raw_value("source", r'"\udc00"'), "lone_surrogate", "source"),
    BadKind(
        "surrogates in reverse", raw_value("source", r'"\ude00\ud83d"'), "lone_surrogate", "source"
    ),
    BadKind("a lone surrogate unknown", _OPEN + rb',"x":"\uD800"}', "lone_surrogate"),
    BadKind("a lone surrogate in a key", _OPEN + rb',"\udfff":1}', "lone_surrogate"),
    BadKind("a key twice", _OPEN + b',"source":"other"}', "duplicate_key", "source"),
    BadKind("a key twice, null", _OPEN + b',"trace_id":null}', "duplicate_key", "trace_id"),
    BadKind("a key twice, the same", _OPEN + b',"attempt_no":0}', "duplicate_key", "attempt_no"),
    BadKind("a key twice, escaped", _OPEN + rb',"\u0073ource":"x"}', "duplicate_key", "source"),
    BadKind("an unknown key twice", _OPEN + b',"x":1,"x":2}', "duplicate_key"),
    BadKind("an unknown key twice, escaped", _OPEN + rb',"x":1,"\u0078":2}', "duplicate_key"),
    BadKind("a key twice within", _OPEN + b',"x":{"a":1,"a":1}}', "duplicate_key"),
    BadKind("attributes twice", _OPEN + b',"attributes":{}}', "duplicate_key", "attributes"),
    BadKind(
        "a key twice deep within",
        raw_value("attributes", '{"a":[{"b":1,"b":2}]}'),
        "duplicate_key",
        "attributes",
    ),
    BadKind("too deep", _OPEN + b',"x":' + b"[" * 100 + b"]" * 100 + b"}", "too_deep"),
    BadKind("far too deep", b"[" * 100_000, "too_deep"),
    BadKind(
        "far too deep within",
        _OPEN + b',"x":' + b'{"a":' * 50_000 + b"1" + b"}" * 50_001,
        "too_deep",
    ),
    # A field that is not there.
    BadKind("an empty object", b"{}", "missing", "event_type"),
    BadKind("no event_id", without("event_id"), "missing", "event_id"),
    BadKind("no event_type", without("event_type"), "missing", "event_type"),
    BadKind("no schema_version", without("schema_version"), "missing", "schema_version"),
    BadKind("no occurred_at", without("occurred_at"), "missing", "occurred_at"),
    BadKind("no message_id", without("message_id"), "missing", "message_id"),
    BadKind(
        "an id in another case", _GOOD.replace(b'"event_id"', b'"Event_Id"'), "missing", "event_id"
    ),
    BadKind(
        "a blank in a key", _GOOD.replace(b'"event_id"', b'"event_id "'), "missing", "event_id"
    ),
    _with("event_id", "null", "null"),
    _with("event_type", "null", "null"),
    _with("attempt_no", "null", "null"),
    _with("logged_at", "null", "null"),
    # Another type.
    _with("event_id", "17", "wrong_type"),
    _with("event_id", "true", "wrong_type"),
    _with("event_id", '["a"]', "wrong_type"),
    _with("event_id", '{"a":1}', "wrong_type"),
    _with("event_type", "17", "wrong_type"),
    _with("trace_id", "17", "wrong_type"),
    _with("attempt_no", '"1"', "wrong_type"),
    _with("attempt_no", "true", "wrong_type"),
    _with("attempt_no", "1.0", "wrong_type"),
    _with("attempt_no", "1.5", "wrong_type"),
    _with("attempt_no", "1e0", "wrong_type"),
    _with("attempt_no", "[1]", "wrong_type"),
    _with("attempt_no", '""', "wrong_type"),
    _with("attempt_no", "NaN", "not_json"),
    _with("attempt_no", "-Infinity", "not_json"),
    BadKind("attempt_no 01", raw_value("attempt_no", "01"), "not_json"),
    _with("attempt_no", "+1", "not_json"),
    BadKind("attempt_no 0x1", raw_value("attempt_no", "0x1"), "not_json"),
    BadKind("attempt_no 1.", raw_value("attempt_no", "1."), "not_json"),
    _with("attempt_no", ".5", "not_json"),
    _with("attempt_no", "-", "not_json"),
    _with("attempt_no", "True", "not_json"),
    _with("attempt_no", "None", "not_json"),
    _with("attempt_no", "undefined", "not_json"),
    _with("schema_version", '"1"', "wrong_type"),
    _with("occurred_at", "1773100800", "wrong_type"),
    _with("occurred_at", "1773100800.5", "wrong_type"),
    _with("attributes", '"{}"', "wrong_type"),
    _with("attributes", "[]", "wrong_type"),
    _with("attributes", "1", "wrong_type"),
    _with("attributes", "true", "wrong_type"),
    BadKind(
        "attributes a string, with blanks",
        _GOOD.replace(b'"attributes":{}', b'"attributes" : "{}"'),
        "wrong_type",
        "attributes",
    ),
    BadKind(
        "attributes a string, the key escaped",
        _GOOD.replace(b'"attributes":{}', rb'"\u0061ttributes":"{}"'),
        "wrong_type",
        "attributes",
    ),
    # Out of range or too long.
    _with("attempt_no", "32768", "out_of_range"),
    _with("attempt_no", "-32769", "out_of_range"),
    _with("attempt_no", "99999999999999999999", "out_of_range"),
    _with("attempt_no", "9" * 5000, "out_of_range", "of 5000 digits"),
    _with("event_id", f'"{"x" * 37}"', "too_long", "of 37 bytes"),
    _with("source", f'"{"é" * 33}"', "too_long", "of 66 bytes"),
    _with("source", f'"{"x" * 65}"', "too_long", "of 65 bytes"),
    _with("mcc_mnc", '"3102600"', "too_long"),
    _with("encoding", f'"{"x" * 33}"', "too_long", "of 33 bytes"),
    _with("attributes", '{"a":"' + "x" * 65_528 + '"}', "too_long", "of 65536 bytes"),
    BadKind("extra too long", good_line(new="x" * 65_528), "extra_too_long"),
    BadKind("a line too long", good_line(new="x" * 2**20), "line_too_long"),
    # Ids and lists.
    _with("source", '" a"', "blank_at_edge"),
    _with("source", '"a "', "blank_at_edge"),
    _with("source", r'"a\n"', "blank_at_edge"),
    _with("source", r'"\ta"', "blank_at_edge"),
    _with("source", '" "', "blank_at_edge"),
    _with("link_token", '"a "', "blank_at_edge"),
    _with("submit_status", '"accepted"', "not_in_list"),
    _with("submit_status", '"ACCEPTED "', "blank_at_edge"),
    _with("submit_status", '""', "not_in_list"),
    _with("encoding", '"GSM8"', "not_in_list"),
    _with("event_type", '"link_click"', "wrong_event_type"),
    _with("event_type", '"Message_submitted"', "wrong_event_type"),
    _with("schema_version", "2", "wrong_schema_version"),
    _with("schema_version", "0", "wrong_schema_version"),
    _with("message_id", '""', "not_a_ulid"),
    _with("message_id", f'"{ULID.lower()}"', "not_a_ulid"),
    _with("message_id", f'"{ULID[:-1]}"', "not_a_ulid"),
    _with("message_id", f'"{ULID}0"', "not_a_ulid"),
    _with("message_id", f'"8{ULID[1:]}"', "not_a_ulid"),
    _with("message_id", f'"{ULID[:-1]}U"', "not_a_ulid"),
    _with("message_id", f'"{ULID[:-1]}I"', "not_a_ulid"),
    _with("message_id", f'"{ULID[:-2]}é"', "not_a_ulid"),
    _with("follow_up_of_message_id", '"none"', "not_a_ulid"),
    _with("msisdn_token", '"+15551234567"', "not_a_token"),
    _with("msisdn_token", '""', "not_a_token"),
    _with("msisdn_token", f'"{"a" * 63}"', "not_a_token", "of 63 digits"),
    _with("msisdn_token", f'"{"a" * 65}"', "not_a_token", "of 65 digits"),
    _with("msisdn_token", f'"{"A" * 64}"', "not_a_token", "in capitals"),
    _with("msisdn_token", f'"{"a" * 62}é"', "not_a_token", "of 64 bytes"),
    # Times.
    *(
        _with("occurred_at", f'"{value}"', "bad_timestamp", repr(value))
        for value in (
            "",
            "yesterday",
            "2026-03-10",
            "2026-03-10T08:00:00",
            "2026-03-10T08:00Z",
            "2026-03-10 08:00:00Z",
            "2026-03-10T24:00:00Z",
            "2026-03-10T23:59:60Z",
            "2026-03-10T08:60:00Z",
            "2026-02-29T08:00:00Z",
            "2026-13-01T08:00:00Z",
            "2026-00-10T08:00:00Z",
            "2026-03-00T08:00:00Z",
            "2026-04-31T08:00:00Z",
            "2026-3-10T08:00:00Z",
            "26-03-10T08:00:00Z",
            "2026-03-10T08:00:00.Z",
            "2026-03-10T08:00:00.1234567Z",
            "2026-03-10T08:00:00,123Z",
            "2026-03-10T08:00:00+00",
            "2026-03-10T08:00:00+0000",
            "2026-03-10T08:00:00+24:00",
            "2026-03-10T08:00:00+05:60",
            "2026-03-10T08:00:00 +00:00",
            "2026-03-10T08:00:00ZZ",
            "2026-03-10T08:00:00UTC",
            " 2026-03-10T08:00:00Z",
            "2026-03-10T08:00:00Z ",
            "+2026-03-10T08:00:00Z",
            "2026-W11-2T08:00:00Z",
            "20260310T080000Z",
            "２026-03-10T08:00:00Z",
            "0000-01-01T00:00:00Z",
        )
    ),
    *(
        _with("occurred_at", f'"{value}"', "out_of_range", repr(value))
        for value in (
            "1999-12-31T23:59:59.999999Z",
            "2000-01-01T00:00:00+00:01",
            "1970-01-01T00:00:00Z",
            "0001-01-01T00:00:00+01:00",
            "9999-12-31T23:59:59-01:00",
            _LATE,
            "2031-03-09T23:59:59-00:01",
        )
    ),
]
